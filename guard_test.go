package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/testserver"
)

func TestGuard_ForeignHost(t *testing.T) {
	t.Parallel()
	a := startApp(t, map[string]string{"BASE_URL": "http://localhost:PORT"})
	b := newBrowser(t, a)
	b.Accept = "application/json"
	for host, status := range map[string]int{
		"localhost:PORT": 200, "LOCALHOST:PORT": 200, "127.0.0.1:PORT": 302, "[::1]:PORT": 302,
		"evil.example": 421, "evil.example:PORT": 421, "localhost": 421, "localhost:1": 421, "127.0.0.1.evil.example:PORT": 421,
	} {
		for _, path := range []string{"/", "/login", config.CallbackPath, "/static/style.css", "/demo/authorize", "/demo/.well-known/openid-configuration"} {
			req, _ := http.NewRequest(http.MethodGet, a.URL+path, nil)
			req.Host = strings.ReplaceAll(host, "PORT", a.Cfg.Port)
			r := b.Do(req)
			if foreign := r.StatusCode == http.StatusMisdirectedRequest; foreign != (status == 421) {
				t.Errorf("%s at the host %s answered %d", path, req.Host, r.StatusCode)
			}
			if path == "/" && r.StatusCode != status {
				t.Errorf("%s at the host %s answered %d; want %d", path, req.Host, r.StatusCode, status)
			}
		}
	}
}

// At another of our names the login first goes to BASE_URL, where its cookie is needed.
func TestCanonicalHost_GoesToBaseURL(t *testing.T) {
	t.Parallel()
	a := startApp(t, map[string]string{"BASE_URL": "http://localhost:PORT"})
	b := newBrowser(t, a)
	for _, path := range []string{"/", "/login?prompt=consent"} {
		r := b.Get(path) // at 127.0.0.1
		if to := r.Header.Get("Location"); r.StatusCode != http.StatusFound || to != a.Cfg.BaseURL+path || len(r.Cookies()) > 0 {
			t.Errorf("%s answered %d to %q with the cookies %v; want %s", path, r.StatusCode, to, r.Cookies(), a.Cfg.BaseURL+path)
		}
	}
	lost := b.GetJSON(config.CallbackPath + "?state=abc&code=d")
	lost.WantError(t, 400, "invalid_state", "started on localhost:"+a.Cfg.Port+" and came back on 127.0.0.1:"+a.Cfg.Port)
}

// A proxy that does not pass the Host header on is not sent in circles.
func TestCanonicalHost_BehindProxy(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	values := l.Env()
	values["BASE_URL"] = "https://test.example.com"
	a := startApp(t, values)
	b := newBrowser(t, a)
	if r := b.Get("/"); r.StatusCode != 200 {
		t.Errorf("/ answered %d to %q", r.StatusCode, r.Header.Get("Location"))
	}
	if to := b.Begin(""); !strings.Contains(to, "redirect_uri=https%3A%2F%2Ftest.example.com%2Foauth_callback") {
		t.Errorf("the login goes to %s", to)
	}
}

// A navigation from a different site may reach three addresses. Nothing else may come from a different site.
func TestGuard_CrossSite(t *testing.T) {
	t.Parallel()
	for entrance, env := range testserver.Entrances(nil) {
		t.Run(entrance, func(t *testing.T) { testCrossSite(t, startApp(t, env)) })
	}
}

func testCrossSite(t *testing.T, a *app) {
	b := newBrowser(t, a)
	type headers map[string]string
	link := headers{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
	for _, row := range []struct {
		name, method string
		headers      headers
		paths        string
		allowed      bool
	}{
		{"curl", "GET", headers{}, "/ /login /oauth_callback /static/style.css", true},
		{
			"typed",
			"GET",
			headers{"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
			"/ /login /oauth_callback /static/style.css",
			true,
		},
		{"our own page", "GET", headers{"Sec-Fetch-Site": "same-origin"}, "/ /login /oauth_callback /static/style.css", true},
		{"a link elsewhere", "GET", link, "/ /login /oauth_callback /demo/authorize", true},
		{
			"a link elsewhere to the rest",
			"GET",
			link,
			"/static/style.css /session /userinfo /api /tokeninfo /refresh /revoke /logout /flow /flow.har /check /nothing",
			false,
		},
		{
			"another port of localhost",
			"GET",
			headers{"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
			"/ /login /oauth_callback /demo/authorize",
			false,
		},
		{
			"a fetch",
			"GET",
			headers{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
			"/ /login /oauth_callback /session /userinfo /api /tokeninfo /refresh /flow /flow.har /check /demo/authorize /demo/userinfo",
			false,
		},
		{
			"an image",
			"GET",
			headers{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
			"/ /login /oauth_callback /demo/authorize",
			false,
		},
		{
			"a frame",
			"GET",
			headers{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
			"/ /login /oauth_callback /demo/authorize",
			false,
		},
		{"a form", "POST", link, "/ /login /oauth_callback /demo/authorize /demo/token /demo/register", false},
		{"a fetch of an old browser", "GET", headers{"Origin": "https://evil.example"}, "/ /login /oauth_callback /refresh /userinfo /flow.har", false},
		{
			"a form of an old browser",
			"POST",
			headers{"Origin": "https://evil.example"},
			"/ /login /oauth_callback /refresh /revoke /logout /demo/authorize /demo/token",
			false,
		},
		{"a sandboxed frame of an old browser", "POST", headers{"Origin": "null"}, "/ /login /oauth_callback /demo/authorize", false},
		{
			"our own form",
			"POST",
			headers{"Origin": a.URL, "Sec-Fetch-Site": "same-origin"},
			"/ /login /oauth_callback /refresh /revoke /logout /demo/authorize",
			true,
		},
		{
			"a frame with an opaque origin",
			"POST",
			headers{"Origin": "null", "Sec-Fetch-Site": "same-origin"},
			"/ /login /oauth_callback /refresh /revoke /logout",
			false,
		},
		{
			"our own host over another scheme",
			"POST",
			headers{"Origin": "https" + strings.TrimPrefix(a.URL, "http")},
			"/ /oauth_callback /refresh /revoke /logout",
			false,
		},
		{"our own host with a different scheme", "POST", headers{"Origin": "app" + strings.TrimPrefix(a.URL, "http")}, "/ /refresh /revoke /logout", false},
		{"a path that only looks like the demo's", "GET", headers{"Sec-Fetch-Site": "cross-site"}, "/session/demo/ /x/demo/authorize /demonstration", false},
		{"our own form of an old browser", "POST", headers{"Origin": a.URL}, "/ /login /demo/authorize", true},
		{"our own form at another of our names", "POST", headers{"Origin": strings.Replace(a.URL, "127.0.0.1", "localhost", 1)}, "/ /login /revoke", true},
		{"a form at another port of our names", "POST", headers{"Origin": "http://localhost:1"}, "/ /login /oauth_callback /revoke", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			for path := range strings.FieldsSeq(row.paths) {
				req, _ := http.NewRequest(row.method, a.URL+path, nil)
				req.Header.Set("Accept", "*/*")
				for name, value := range row.headers {
					req.Header.Set(name, value)
				}
				if r := b.Do(req); (r.StatusCode != http.StatusForbidden) != row.allowed {
					t.Errorf("%s %s answered %d; allowed should be %t", row.method, path, r.StatusCode, row.allowed)
				}
			}
		})
	}
}

// Every address obeys the rule: a link from a different site reaches three of them, and a form none. The test finds every
// address by itself.
func TestGuard_CrossSiteEveryRoute(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	b := newBrowser(t, a)
	for _, route := range a.server.routes() {
		path := strings.TrimSuffix(route.path, "{$}")
		linked := path == "/" || path == "/login" || path == config.CallbackPath
		for site, allowed := range map[string]bool{"cross-site": linked && route.method == "GET", "same-site": linked && route.method == "GET", "same-origin": true} {
			req, _ := http.NewRequest(route.method, a.URL+path, nil)
			for name, value := range map[string]string{"Accept": "*/*", "Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"} {
				req.Header.Set(name, value)
			}
			if r := b.Do(req); (r.StatusCode != http.StatusForbidden) != allowed {
				t.Errorf("%s %s from %s was answered %d; allowed should be %t", route.method, path, site, r.StatusCode, allowed)
			}
		}
	}
}

// Opening an address changes nothing: only a POST from our own page uses up or revokes a token. A foreign page can open any
// address, and so can a reload or a restored tab.
func TestGuard_StateChangesByPost(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	l.Document = func(d map[string]any) { d["revocation_endpoint"] = l.Issuer + "/revoke" }
	l.Other = testserver.SendBody(200, "application/json", `{}`)
	a := startApp(t, l.Env())
	b := newBrowser(t, a)
	b.GetJSON(l.Approve(t, b.Begin("")))
	l.Response = func(response map[string]any) { delete(response, "id_token") }
	before := keptLogins(t, a, b)[0].Held
	asked := l.Asked("POST /token")

	r := b.Get("/refresh")
	if r.StatusCode != 200 || strings.Count(r.Body, "<button") != 1 || !strings.Contains(r.Body, `<form method="post" action="/refresh">`) {
		t.Errorf("/refresh in the address bar answered %d, not with one button:\n%s", r.StatusCode, r.Body)
	}
	for _, path := range []string{"/refresh", "/revoke", "/logout"} {
		r := b.GetJSON(path)
		r.WantError(t, http.StatusMethodNotAllowed, "method_not_allowed", "Use the button for it on a page of this app")
		if r.Header.Get("Allow") != http.MethodPost {
			t.Errorf("GET %s: Allow is %q", path, r.Header.Get("Allow"))
		}
	}
	if n := l.Asked("POST /token"); n != asked || keptLogins(t, a, b)[0].Held != before || l.Asked("POST /revoke") > 0 {
		t.Error("a GET changed what is held")
	}
	if r := b.Post("/refresh", nil); r.StatusCode != 200 || l.Asked("POST /token") != asked+1 {
		t.Errorf("the POST answered %d and asked the server %d times: %s", r.StatusCode, l.Asked("POST /token")-asked, r.Body)
	}
}

// Beyond this machine browsers send no Sec-Fetch headers over plain http, and Origin only with a POST. Our own form works
// there, and a foreign page's does not.
func TestGuard_FormsOverPlainHTTP(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	env := l.Env()
	env["BASE_URL"], env["ALLOW_PLAIN_HTTP"] = "http://devbox:PORT", "true"
	a := startApp(t, env)
	b := newBrowser(t, a)
	b.Host = strings.TrimPrefix(a.Cfg.BaseURL, "http://")
	callback := l.Approve(t, b.Begin(""))
	if r := b.GetJSON(strings.Replace(callback, a.Cfg.BaseURL, a.URL, 1)); r.StatusCode != 200 {
		t.Fatalf("the login answered %d %s", r.StatusCode, r.Body)
	}
	for _, row := range []struct {
		origin string
		status int
	}{
		{"http://evil.example", http.StatusForbidden},
		{"null", http.StatusForbidden},
		{"https://devbox:" + a.Cfg.Port, http.StatusForbidden},
		{"http://devbox", http.StatusForbidden},
		{a.Cfg.BaseURL, http.StatusOK},
	} {
		req, _ := http.NewRequest(http.MethodPost, a.URL+"/logout", nil)
		req.Header.Set("Origin", row.origin)
		req.Header.Set("Accept", "*/*")
		if r := b.Do(req); r.StatusCode != row.status {
			t.Errorf("a form of %s answered %d %s; want %d", row.origin, r.StatusCode, r.Body, row.status)
		}
	}
}

func TestHandleUnknown_NotFound(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	b := newBrowser(t, a)
	b.GetJSON("/nothing").WantError(t, 404, "not_found", "")
	if r := b.Get("/nothing"); r.StatusCode != 404 || !strings.Contains(r.Body, "Page not found") {
		t.Errorf("a page that is not there answered %d", r.StatusCode)
	}
	b.Accept = "*/*"
	r := b.Post("/login", nil)
	r.WantError(t, 405, "method_not_allowed", "")
	if r.Header.Get("Allow") != "GET" {
		t.Errorf("Allow is %q", r.Header.Get("Allow"))
	}
	if r := b.GetJSON("/static/"); r.StatusCode == 200 && strings.Contains(r.Body, "page.js") {
		t.Error("the folder of static files can be listed")
	}
}

// The log has one line per request, and of the URL only the path.
func TestLog_PathOnly(t *testing.T) {
	t.Parallel()
	for _, env := range testserver.Entrances(nil) {
		a := startApp(t, env)
		b := newBrowser(t, a)
		b.Get("/?x=secret-value")
		b.Get(a.Cfg.ReturnedTo("?state=secret-value&code=secret-value&error=secret-value"))
		b.Get("/a%0Ab%1Bc")
		got := a.Log.String()
		if strings.Contains(got, "secret-value") || strings.Count(got, "\n") != 3 || strings.Contains(got, "\x1b") {
			t.Errorf("the log is\n%s", got)
		}
		if !strings.Contains(got, " /oauth_callback 400 ") || !strings.Contains(got, "invalid_state") {
			t.Errorf("the log lacks the failure:\n%s", got)
		}
	}
}

// Methods and shapes that a callback must not have.
func TestCallback_Methods(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	for entrance, env := range testserver.Entrances(l.Env()) {
		a := startApp(t, env)
		b := newBrowser(t, a)
		b.Accept = "*/*"
		callback := l.Approve(t, b.Begin(""))
		_, query, _ := strings.Cut(callback, "?")
		here := a.URL + config.CallbackPath + "?" + query
		if r := b.Post(here, url.Values{}); a.Cfg.CallbackIsPasted() {
			r.WantError(t, 400, "invalid_address", "No address was pasted")
		} else {
			r.WantError(t, 405, "method_not_allowed", "accepts only GET")
		}
		for _, method := range []string{"PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"} {
			req, _ := http.NewRequest(method, here, nil)
			if r := b.Do(req); r.StatusCode != 405 {
				t.Errorf("%s%s answered %d", method, entrance, r.StatusCode)
			}
		}
		if r := b.GetJSON(callback); r.StatusCode != 200 {
			t.Errorf("after all that the login%s was spent: %d %s", entrance, r.StatusCode, r.Body)
		}
	}
}

// No parameter of ours sends the browser anywhere but to the authorization server and to BASE_URL.
func TestRoutes_NoOpenRedirect(t *testing.T) {
	t.Parallel()
	for entrance := range testserver.Entrances(nil) {
		t.Run(entrance, func(t *testing.T) { testOpenRedirect(t, entrance) })
	}
}

func testOpenRedirect(t *testing.T, entrance string) {
	l := testserver.StartFakeServer(t)
	env := testserver.Entrances(l.Env())[entrance]
	env["BASE_URL"] = "http://localhost:PORT" // and the requests go to 127.0.0.1
	a := startApp(t, env)
	b := newBrowser(t, a)
	own := strings.TrimPrefix(a.Cfg.BaseURL, "http://")
	b.Host = own
	for _, query := range []string{
		"", "?next=//evil.example", "?return_to=https://evil.example", "?issuer=https://evil.example", "?redirect=https://evil.example",
	} {
		to, _ := url.Parse(b.Begin(query))
		if "http://"+to.Host != l.Issuer || to.Query().Get("redirect_uri") != a.Cfg.RedirectURI() {
			t.Errorf("/login%s goes to %s", query, to)
		}
	}
	b.Host = ""
	redirects := 0
	for _, path := range []string{
		"/", "/login?prompt=consent", "//evil.example/", "//evil.example/login", "/\\evil.example",
		"/%2f%2fevil.example", "/.evil.example", "/@evil.example/",
	} {
		req, _ := http.NewRequest(http.MethodGet, a.URL+"/", nil)
		req.URL.Opaque = "//" + strings.TrimPrefix(a.URL, "http://") + path
		r := b.Do(req)
		if r.Header.Get("Location") == "" {
			continue
		}
		redirects++
		here, _ := url.Parse(a.URL + "/")
		to, err := here.Parse(r.Header.Get("Location")) // as a browser reads it
		if err != nil || to.Host != own && to.Host != here.Host {
			t.Errorf("%s redirects to %s", path, r.Header.Get("Location"))
		}
	}
	if redirects < 4 {
		t.Errorf("%d redirects were looked at; want 4 at least", redirects)
	}
}

// A hundred thousand logins without an end cost nothing but their answers.
func TestLogin_AbandonedCostNothing(t *testing.T) {
	l := testserver.StartFakeServer(t)
	a := startApp(t, l.Env())
	a.server.log = log.New(io.Discard, "", 0)
	newBrowser(t, a).Begin("") // finds the server
	login := func(n int) {
		for range n {
			r := httptest.NewRequest(http.MethodGet, "/login", nil)
			r.Host = strings.TrimPrefix(a.Cfg.BaseURL, "http://")
			w := httptest.NewRecorder()
			a.Config.Handler.ServeHTTP(w, r)
			if w.Code != http.StatusFound {
				t.Fatalf("/login answered %d", w.Code)
			}
		}
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	login(1000)
	before := heap()
	login(100_000)
	if after := heap(); after > before+2<<20 {
		t.Errorf("the heap grew from %d to %d bytes", before, after)
	}
}

// Whatever the query is, a callback without a login is refused, and nothing of it is shown.
func FuzzCallback(f *testing.F) {
	for _, q := range []string{
		"", "state=x&code=y", "error=<script>&state=a", "state=%", "state=a&state=b", "iss=https://a&state=",
		"error_description=%ff%00&state=x", strings.Repeat("a=b&", 100),
	} {
		f.Add(q)
	}
	handlers := map[string]http.Handler{}
	for entrance, env := range testserver.Entrances(nil) {
		cfg, err := config.Load(func(name string) string { return env[name] }, "does-not-exist.env", false)
		if err != nil {
			f.Fatal(err)
		}
		if _, handlers[entrance], err = assemble(cfg, nil, log.New(io.Discard, "", 0), time.Now); err != nil {
			f.Fatal(err)
		}
	}
	f.Fuzz(func(t *testing.T, query string) {
		form := url.Values{"address": {"https://app.example.com/callback?" + query}}.Encode()
		for _, accept := range []string{"text/html", "application/json"} {
			brought := httptest.NewRequest(http.MethodGet, "/oauth_callback", nil)
			brought.URL.RawQuery = query
			pasted := httptest.NewRequest(http.MethodPost, "/oauth_callback", strings.NewReader(form))
			pasted.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			for entrance, r := range map[string]*http.Request{"": brought, ", pasted": pasted} {
				r.Host = "localhost:3000"
				r.Header.Set("Accept", accept)
				w := httptest.NewRecorder()
				handlers[entrance].ServeHTTP(w, r)
				if w.Code != http.StatusBadRequest {
					t.Errorf("%q%s was answered %d", query, entrance, w.Code)
				}
				harmless := json.Valid(w.Body.Bytes()) && w.Header().Get("Content-Type") == "application/json" &&
					w.Header().Get("X-Content-Type-Options") == "nosniff"
				if accept == "text/html" {
					harmless = !bytes.Contains(w.Body.Bytes(), []byte("<script>"))
				}
				if w.Body.Len() > 20_000 || !harmless {
					t.Errorf("%q%s was answered with\n%.2000s", query, entrance, w.Body)
				}
			}
		}
	})
}

// A prefetch and a HEAD leave the login unchanged.
func TestCallback_PrefetchSpendsNothing(t *testing.T) {
	t.Parallel()
	for entrance, env := range testserver.Entrances(nil) {
		t.Run(entrance, func(t *testing.T) { testNothingSpent(t, startApp(t, env)) })
	}
}

func testNothingSpent(t *testing.T, a *app) {
	b := newBrowser(t, a)
	callback := b.Authorize(b.Begin(""), "user_alice", "allow")
	for _, spoil := range []func(*http.Request){
		func(r *http.Request) { r.Header.Set("Sec-Purpose", "prefetch;prerender") },
		func(r *http.Request) { r.Header.Set("Purpose", "prefetch") },
		func(r *http.Request) { r.Header.Set("X-Moz", "prefetch") },
		func(r *http.Request) { r.Method = http.MethodHead },
	} {
		req := b.Bring(callback)
		spoil(req)
		if r := b.Do(req); r.StatusCode < 400 {
			t.Errorf("%s with Sec-Purpose %q answered %d; want an error that no browser keeps", req.Method, req.Header.Get("Sec-Purpose"), r.StatusCode)
		}
	}
	r := b.GetJSON(callback)
	if r.StatusCode != http.StatusOK {
		t.Errorf("afterwards the callback answered %d %s", r.StatusCode, r.Body)
	}
	a.NoteTokens(r.Body)
	held := keptLogins(t, a, b)[0].Held
	for _, path := range []string{"/refresh", "/userinfo", "/api", "/tokeninfo"} {
		req, _ := http.NewRequest(http.MethodHead, a.URL+path, nil)
		if r := b.Do(req); r.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("HEAD %s answered %d", path, r.StatusCode)
		}
		req, _ = http.NewRequest(http.MethodGet, a.URL+path, nil)
		req.Header.Set("Sec-Purpose", "prefetch")
		if r := b.Do(req); r.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("a prefetch of %s answered %d", path, r.StatusCode)
		}
	}
	if keptLogins(t, a, b)[0].Held != held {
		t.Error("a HEAD or a prefetch changed the tokens held")
	}
	for _, path := range []string{"/userinfo", "/api", "/tokeninfo", "/refresh"} { // the same, meant
		if r := b.Ask(path, false); r.StatusCode != http.StatusOK {
			t.Errorf("%s answered %d %s", path, r.StatusCode, r.Body)
		}
	}
	if keptLogins(t, a, b)[0].Held == held {
		t.Error("a refresh that is meant changed nothing")
	}
}

// A stopping program says so to every client, on a connection that it will not use again.
func TestGuard_Stopping(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	b := newBrowser(t, a)
	for _, stopping := range []bool{false, true} {
		a.server.traffic.Stopping.Store(stopping)
		for _, path := range []string{"/", "/login", "/demo/api/me"} {
			r := b.GetJSON(path)
			if (r.StatusCode == http.StatusServiceUnavailable) != stopping || r.Close != stopping || strings.Contains(r.Body, `"stopping"`) != stopping {
				t.Errorf("stopping is %v, and %s answered %d %s, closing: %v", stopping, path, r.StatusCode, r.Body, r.Close)
			}
		}
	}
	a.server.traffic.Stopping.Store(false)
}

// Every answer carries what keeps other pages away from ours, word for word.
func TestGuard_SecurityHeaders(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	b := newBrowser(t, a)
	for _, path := range []string{"/", "/session", "/nothing", "/static/style.css"} {
		r := b.Get(path)
		for name, want := range map[string]string{
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Referrer-Policy":              "same-origin",
			"X-Content-Type-Options":       "nosniff",
			"Strict-Transport-Security":    "",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q; want %q", path, name, got, want)
			}
		}
		for _, rule := range []string{
			"default-src 'none'", "style-src 'self'", "script-src 'self'", "img-src 'self'", "form-action 'self'",
			"frame-ancestors 'none'", "base-uri 'none'",
		} {
			if !strings.Contains("; "+r.Header.Get("Content-Security-Policy")+";", "; "+rule+";") {
				t.Errorf("%s: the policy lacks %s: %s", path, rule, r.Header.Get("Content-Security-Policy"))
			}
		}
	}
}

// A browser that reaches us over https comes back only over https. The promise is not made for other hosts, nor for names
// that all programs on this machine share.
func TestGuard_StrictTransport(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"https://test.example.com": "max-age=2592000",
		"https://localhost:PORT":   "",
		"https://127.0.0.1:PORT":   "",
		"https://app.localhost":    "",
		"http://localhost:PORT":    "",
	} {
		l := testserver.StartFakeServer(t)
		env := l.Env()
		env["BASE_URL"] = base
		a := startApp(t, env)
		b := newBrowser(t, a)
		_, b.Host, _ = strings.Cut(a.Cfg.BaseURL, "://")
		if got := b.Get("/").Header.Get("Strict-Transport-Security"); got != want {
			t.Errorf("%s: Strict-Transport-Security is %q; want %q", base, got, want)
		}
	}
}

// A request's body is read up to 64 KB.
func TestGuard_BodyLimit(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	for size, fits := range map[int]bool{64 << 10: true, 64<<10 + 1: false} {
		var read error
		handler := a.server.guard(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, read = io.ReadAll(r.Body) }))
		r := httptest.NewRequest(http.MethodPost, a.URL+"/", strings.NewReader(strings.Repeat("x", size)))
		handler.ServeHTTP(httptest.NewRecorder(), r)
		if (read == nil) != fits {
			t.Errorf("a body of %d bytes: %v", size, read)
		}
	}
}

// A refusal of guard says what to open instead.
func TestGuard_SaysWhatToOpen(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	b := newBrowser(t, a)
	req, _ := http.NewRequest(http.MethodGet, a.URL+"/session", nil)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	b.Do(req).WantError(t, http.StatusForbidden, "cross_site_request", "Open "+a.Cfg.BaseURL+" ")
	b.Host = "other.example"
	b.GetJSON("/session").WantError(t, http.StatusMisdirectedRequest, "misdirected_request", "Open "+a.Cfg.BaseURL+", or set BASE_URL")
}
