package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/testserver"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestForeignHost(t *testing.T) {
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
func TestCanonicalHost(t *testing.T) {
	a := startApp(t, map[string]string{"BASE_URL": "http://localhost:PORT"})
	b := newBrowser(t, a)
	for _, path := range []string{"/", "/login?prompt=consent"} {
		r := b.Get(path) // at 127.0.0.1
		if to := r.Header.Get("Location"); r.StatusCode != http.StatusFound || to != a.Cfg.BaseURL+path || len(r.Cookies()) > 0 {
			t.Errorf("%s answered %d to %q with the cookies %v; want %s", path, r.StatusCode, to, r.Cookies(), a.Cfg.BaseURL+path)
		}
	}
	b.GetJSON(config.CallbackPath+"?state=abc&code=d").WantError(t, 400, "invalid_state", "began on localhost:"+a.Cfg.Port+" and came back on 127.0.0.1:"+a.Cfg.Port)
}

// A proxy that does not pass the Host header on is not sent in circles.
func TestBehindProxy(t *testing.T) {
	l := testserver.StartLiar(t)
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

// A navigation from elsewhere may reach three addresses, and nothing else may come from elsewhere.
func TestCrossSite(t *testing.T) {
	a := startApp(t, nil)
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
		{"typed", "GET", headers{"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, "/ /login /oauth_callback /static/style.css", true},
		{"our own page", "GET", headers{"Sec-Fetch-Site": "same-origin"}, "/ /login /oauth_callback /static/style.css", true},
		{"a link elsewhere", "GET", link, "/ /login /oauth_callback /demo/authorize", true},
		{"a link elsewhere to the rest", "GET", link, "/static/style.css /session /userinfo /api /tokeninfo /refresh /revoke /logout /flow /flow.har /check /nothing", false},
		{"another port of localhost", "GET", headers{"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}, "/ /login /oauth_callback /demo/authorize", false},
		{"a fetch", "GET", headers{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}, "/ /login /oauth_callback /session /userinfo /api /tokeninfo /refresh /flow /flow.har /check /demo/authorize /demo/userinfo", false},
		{"an image", "GET", headers{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}, "/ /login /oauth_callback /demo/authorize", false},
		{"a frame", "GET", headers{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, "/ /login /oauth_callback /demo/authorize", false},
		{"a form", "POST", link, "/ /login /oauth_callback /demo/authorize /demo/token /demo/register", false},
		{"a fetch of an old browser", "GET", headers{"Origin": "https://evil.example"}, "/ /login /oauth_callback /refresh /userinfo /flow.har", false},
		{"a form of an old browser", "POST", headers{"Origin": "https://evil.example"}, "/ /login /refresh /revoke /logout /demo/authorize /demo/token", false},
		{"a sandboxed frame of an old browser", "POST", headers{"Origin": "null"}, "/ /login /demo/authorize", false},
		{"our own form", "POST", headers{"Origin": a.URL, "Sec-Fetch-Site": "same-origin"}, "/ /login /refresh /revoke /logout /demo/authorize", true},
		{"a frame of nobody's origin", "POST", headers{"Origin": "null", "Sec-Fetch-Site": "same-origin"}, "/ /login /refresh /revoke /logout", false},
		{"our own host over another scheme", "POST", headers{"Origin": "https" + strings.TrimPrefix(a.URL, "http")}, "/ /refresh /revoke /logout", false},
		{"our own host over a scheme of somebody's", "POST", headers{"Origin": "app" + strings.TrimPrefix(a.URL, "http")}, "/ /refresh /revoke /logout", false},
		{"a path that only looks like the demo's", "GET", headers{"Sec-Fetch-Site": "cross-site"}, "/session/demo/ /x/demo/authorize /demonstration", false},
		{"our own form of an old browser", "POST", headers{"Origin": a.URL}, "/ /login /demo/authorize", true},
		{"our own form at another of our names", "POST", headers{"Origin": strings.Replace(a.URL, "127.0.0.1", "localhost", 1)}, "/ /login /revoke", true},
		{"a form at another port of our names", "POST", headers{"Origin": "http://localhost:1"}, "/ /login /revoke", false},
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

// Opening an address changes nothing: what spends or ends a token is done by a POST of our own page. A
// foreign page may open any address, and so do a reload and a restored tab.
func TestStateChangesByPost(t *testing.T) {
	l := testserver.StartLiar(t)
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
		r.WantError(t, http.StatusMethodNotAllowed, "method_not_allowed", "POST only")
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

// Beyond this machine browsers send no Sec-Fetch headers over plain http, and an Origin with a POST only.
// Our own form works there, and a foreign page's does not.
func TestFormsOverPlainHTTP(t *testing.T) {
	l := testserver.StartLiar(t)
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

func TestUnknown(t *testing.T) {
	a := startApp(t, nil)
	b := newBrowser(t, a)
	b.GetJSON("/nothing").WantError(t, 404, "not_found", "")
	if r := b.Get("/nothing"); r.StatusCode != 404 || !strings.Contains(r.Body, "There is no page here") {
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
func TestLog(t *testing.T) {
	a := startApp(t, nil)
	b := newBrowser(t, a)
	b.Get("/?x=secret-value")
	b.Get(config.CallbackPath + "?state=secret-value&code=secret-value&error=secret-value")
	b.Get("/a%0Ab%1Bc")
	got := a.Log.String()
	if strings.Contains(got, "secret-value") || strings.Count(got, "\n") != 3 || strings.Contains(got, "\x1b") {
		t.Errorf("the log is\n%s", got)
	}
	if !strings.Contains(got, "GET /oauth_callback 400 ") || !strings.Contains(got, "invalid_state") {
		t.Errorf("the log lacks the failure:\n%s", got)
	}
}

// Servers that fail at another moment than they were asked first.
func TestServerThatDies(t *testing.T) {
	t.Run("keys gone at the callback", func(t *testing.T) {
		l := testserver.StartLiar(t)
		a := startApp(t, l.Env())
		b := newBrowser(t, a)
		callback := l.Approve(t, b.Begin(""))
		l.JWKS = http.NotFound
		b.GetJSON(callback).WantError(t, 502, "invalid_id_token", "404 Not Found")
		wantNothingKept(t, b)
		wantHonest(t, l, a)
	})
	t.Run("dead at the callback, and back again", func(t *testing.T) {
		l := testserver.StartLiar(t)
		a := startApp(t, l.Env())
		b := newBrowser(t, a)
		callback := l.Approve(t, b.Begin(""))
		address, handler := l.Listener.Addr().String(), l.Config.Handler
		l.CloseClientConnections()
		l.Close()
		b.GetJSON(callback).WantError(t, 502, "server_unreachable", "the connection")
		wantNothingKept(t, b)
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Skipf("the port was taken meanwhile: %v", err)
		}
		again := &httptest.Server{Listener: listener, Config: &http.Server{Handler: handler}}
		again.Start()
		t.Cleanup(again.Close)
		wantHonest(t, l, a)
	})
	t.Run("dead at the start", func(t *testing.T) {
		l := testserver.StartLiar(t)
		l.Metadata = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
		a := startApp(t, l.Env())
		newBrowser(t, a).GetJSON("/login").WantError(t, 502, "server_not_found", "")
		wantHonest(t, l, a)
	})
}

// Methods and shapes that a callback must not have.
func TestCallbackMethods(t *testing.T) {
	l := testserver.StartLiar(t)
	a := startApp(t, l.Env())
	b := newBrowser(t, a)
	b.Accept = "*/*"
	callback := l.Approve(t, b.Begin(""))
	b.Post(callback, url.Values{}).WantError(t, 405, "method_not_allowed", "GET only")
	for _, method := range []string{"PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"} {
		req, _ := http.NewRequest(method, callback, nil)
		if r := b.Do(req); r.StatusCode != 405 {
			t.Errorf("%s answered %d", method, r.StatusCode)
		}
	}
	if r := b.GetJSON(callback); r.StatusCode != 200 {
		t.Errorf("after all that the login was spent: %d %s", r.StatusCode, r.Body)
	}
}

// Cookies that another program on localhost planted, and a callback that somebody else began.
func TestPlantedCookies(t *testing.T) {
	l := testserver.StartLiar(t)
	a := startApp(t, l.Env())
	attacker, victim := newBrowser(t, a), newBrowser(t, a)
	u, _ := url.Parse(a.URL)

	// The attacker's own login, finished in the victim's browser, would sign the victim in as the attacker.
	callback := l.Approve(t, attacker.Begin(""))
	victim.GetJSON(callback).WantError(t, 400, "invalid_state", "")

	// The attacker's session, planted in the victim's browser, is left behind at the victim's own login.
	attacker.GetJSON(callback)
	planted := attacker.Client.Jar.Cookies(u)
	victim.Client.Jar.SetCookies(u, planted)
	victim.GetJSON(l.Approve(t, victim.Begin("")))
	if own := sessionCookie(victim.Client.Jar.Cookies(u)); own == nil || own.Value == sessionCookie(planted).Value {
		t.Errorf("after the victim's login the session is still %v", own)
	}

	// Cookies of the same name that were made up, or far too long.
	for _, value := range []string{"x", strings.Repeat("A", 4000), "..%2f", "\x7f"} {
		b := newBrowser(t, a)
		b.Client.Jar.SetCookies(u, []*http.Cookie{{Name: sessionCookie(planted).Name, Value: value}})
		if home := b.Get("/"); home.StatusCode != 200 || strings.Contains(home.Body, "Signed in") {
			t.Errorf("the cookie %.20q gives %d", value, home.StatusCode)
		}
		b.Ask("/session", false).WantError(t, 401, "no_token", "")
	}
}

// No parameter of ours sends the browser anywhere but to the authorization server and to BASE_URL.
func TestOpenRedirect(t *testing.T) {
	l := testserver.StartLiar(t)
	env := l.Env()
	env["BASE_URL"] = "http://localhost:PORT" // and the requests go to 127.0.0.1
	a := startApp(t, env)
	b := newBrowser(t, a)
	own := strings.TrimPrefix(a.Cfg.BaseURL, "http://")
	b.Host = own
	for _, query := range []string{"", "?redirect_uri=https://evil.example", "?next=//evil.example", "?return_to=https://evil.example", "?client_id=x&issuer=https://evil.example"} {
		to, _ := url.Parse(b.Begin(query))
		if "http://"+to.Host != l.Issuer || to.Query().Get("redirect_uri") != a.Cfg.RedirectURI() {
			t.Errorf("/login%s goes to %s", query, to)
		}
	}
	b.Host = ""
	redirects := 0
	for _, path := range []string{"/", "/login?prompt=consent", "//evil.example/", "//evil.example/login", "/\\evil.example", "/%2f%2fevil.example", "/.evil.example", "/@evil.example/"} {
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

// Requests that two parsers could read differently are refused, and end the connection. Each has a twin
// that is well-formed and is answered.
func TestSmuggling(t *testing.T) {
	a := startApp(t, nil)
	host := "Host: 127.0.0.1:" + a.Cfg.Port + "\r\n"
	ask := func(request string) (status int, ends bool) {
		conn, err := net.Dial("tcp", "127.0.0.1:"+a.Cfg.Port)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		io.WriteString(conn, request)
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("no answer: %v", err)
		}
		defer resp.Body.Close()
		return resp.StatusCode, resp.Close
	}
	for _, row := range []struct{ name, twin, request string }{
		{"two lengths", "GET / HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\nhello",
			"GET / HTTP/1.1\r\n" + host + "Content-Length: 0\r\nContent-Length: 5\r\n\r\nhello"},
		{"length and chunks", "GET / HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\n0\r\n\r\n",
			"GET / HTTP/1.1\r\n" + host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		{"an unknown coding", "GET / HTTP/1.1\r\n" + host + "\r\n", "GET / HTTP/1.1\r\n" + host + "Transfer-Encoding: xchunked\r\n\r\n"},
		{"a space before the colon", "GET / HTTP/1.1\r\n" + host + "X-A: b\r\n\r\n", "GET / HTTP/1.1\r\n" + host + "X-A : b\r\n\r\n"},
		{"two hosts", "GET / HTTP/1.1\r\n" + host + "\r\n", "GET / HTTP/1.1\r\n" + host + host + "\r\n"},
		{"no host", "GET / HTTP/1.1\r\n" + host + "\r\n", "GET / HTTP/1.1\r\n\r\n"},
		{"a line break in the target", "GET /?a HTTP/1.1\r\n" + host + "\r\n", "GET /?a\x0bb HTTP/1.1\r\n" + host + "\r\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if status, _ := ask(row.twin); status != http.StatusOK {
				t.Errorf("the well-formed twin was answered %d", status)
			}
			if status, ends := ask(row.request); status < 400 || !ends {
				t.Errorf("it was answered %d; the connection ends: %t", status, ends)
			}
		})
	}
}

// A hundred thousand logins that nobody finishes cost nothing but their answers.
func TestAbandonedLogins(t *testing.T) {
	l := testserver.StartLiar(t)
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

// Whatever comes as a query, a callback that nobody began is refused, and nothing of it is shown.
func FuzzCallback(f *testing.F) {
	for _, q := range []string{"", "state=x&code=y", "error=<script>&state=a", "state=%", "state=a&state=b", "iss=https://a&state=", "error_description=%ff%00&state=x", strings.Repeat("a=b&", 100)} {
		f.Add(q)
	}
	cfg, err := config.Load(func(string) string { return "" }, "does-not-exist.env", false)
	if err != nil {
		f.Fatal(err)
	}
	s, handler, err := assemble(cfg, nil, log.New(io.Discard, "", 0), time.Now)
	if err != nil {
		f.Fatal(err)
	}
	_ = s
	f.Fuzz(func(t *testing.T, query string) {
		for _, accept := range []string{"text/html", "application/json"} {
			r := httptest.NewRequest(http.MethodGet, "/oauth_callback", nil)
			r.URL.RawQuery, r.Host = query, "localhost:3000"
			r.Header.Set("Accept", accept)
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code != http.StatusBadRequest {
				t.Errorf("%q was answered %d", query, w.Code)
			}
			harmless := json.Valid(w.Body.Bytes()) && w.Header().Get("Content-Type") == "application/json" && w.Header().Get("X-Content-Type-Options") == "nosniff"
			if accept == "text/html" {
				harmless = !bytes.Contains(w.Body.Bytes(), []byte("<script>"))
			}
			if w.Body.Len() > 20_000 || !harmless {
				t.Errorf("%q was answered with\n%.2000s", query, w.Body)
			}
		}
	})
}

// The session has another ID after each login, and the old one is worth nothing.
func TestSessionIDChanges(t *testing.T) {
	a := startApp(t, nil)
	b := newBrowser(t, a)
	u, _ := url.Parse(a.URL)
	b.Login()
	before := b.Client.Jar.Cookies(u)
	same := newBrowser(t, a)
	same.Client.Jar.SetCookies(u, before)
	if !strings.Contains(same.Get("/").Body, "Alice") {
		t.Error("the session ID does not open the session before the next login")
	}
	b.Login()
	if after := b.Client.Jar.Cookies(u); sessionCookie(after).Value == sessionCookie(before).Value {
		t.Errorf("the session cookie was %v and is %v", before, after)
	}
	old := newBrowser(t, a)
	old.Client.Jar.SetCookies(u, before)
	if strings.Contains(old.Get("/").Body, "Alice") {
		t.Error("the old session ID still opens the session")
	}
}

// The attributes stand in the header itself: Go's cookie jar would hide a Secure cookie on http.
func TestCookieAttributes(t *testing.T) {
	for _, row := range []struct {
		name, base string
		secure     bool
	}{
		{"http", "http://127.0.0.1:PORT", false},
		{"https behind a proxy", "https://test.example.com", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := testserver.StartLiar(t)
			env := l.Env()
			env["BASE_URL"] = row.base
			a := startApp(t, env)
			b := newBrowser(t, a)
			host := strings.TrimPrefix(strings.TrimPrefix(a.Cfg.BaseURL, "https://"), "http://")
			ask := func(address string, cookies []*http.Cookie) testserver.Reply {
				u, _ := url.Parse(address)
				req, _ := http.NewRequest(http.MethodGet, a.URL+u.RequestURI(), nil)
				req.Host = host
				for _, c := range cookies {
					req.AddCookie(c)
				}
				return b.Do(req)
			}
			begun := ask("/login", nil)
			pending := begun.Cookies()
			if len(pending) != 2 || !strings.Contains(pending[0].Name, "login_") || !strings.Contains(pending[1].Name, "browser_") {
				t.Fatalf("/login sets the cookies %v", pending)
			}
			wantCookie(t, pending[0], 600, row.secure)
			wantCookie(t, pending[1], 12*60*60+600, row.secure)
			done := ask(l.Approve(t, b.Location(begun)), pending)
			if done.StatusCode != http.StatusOK {
				t.Fatalf("the callback answered %d %s", done.StatusCode, done.Body)
			}
			if len(done.Cookies()) != 2 {
				t.Fatalf("the callback sets the cookies %v", done.Cookies())
			}
			wantCookie(t, sessionCookie(done.Cookies()), 12*60*60, row.secure)
			for _, c := range done.Cookies() {
				if c.Name == pending[0].Name && c.MaxAge >= 0 {
					t.Errorf("the login's cookie stays: %s", c)
				}
			}
		})
	}
}

func wantCookie(t *testing.T, c *http.Cookie, maxAge int, secure bool) {
	t.Helper()
	if c == nil || c.Path != "/" || c.MaxAge > maxAge || c.MaxAge < maxAge-2 || c.Secure != secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Domain != "" {
		t.Fatalf("the cookie is %s; want Path=/, Max-Age %d, Secure %t, HttpOnly, SameSite=Lax, no Domain", c, maxAge, secure)
	}
	if secure != strings.HasPrefix(c.Name, "__Host-") {
		t.Errorf("the cookie is named %s", c.Name)
	}
}

// A prefetch and a HEAD leave the login as it is.
func TestNothingSpent(t *testing.T) {
	a := startApp(t, nil)
	b := newBrowser(t, a)
	callback := b.Authorize(b.Begin(""), "user_alice", "allow")
	for _, spoil := range []func(*http.Request){
		func(r *http.Request) { r.Header.Set("Sec-Purpose", "prefetch;prerender") },
		func(r *http.Request) { r.Method = http.MethodHead },
	} {
		req, _ := http.NewRequest(http.MethodGet, callback, nil)
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
}

// A login that was begun and has not come back is said at /, with its usual causes in order; for ten
// minutes, in this browser only, and not when a later one has come back.
func TestLoginThatNeverCameBack(t *testing.T) {
	const words = "A login was begun and has not come back"
	l := testserver.StartLiar(t)
	clock := time.Now()
	a := startAppOn(t, listenLoopback(t), l.Env(), func() time.Time { return clock })
	b := newBrowser(t, a)
	says := func(who *testserver.Browser, want bool, when string) {
		t.Helper()
		page, document := who.Get("/").Body, who.GetJSON("/").Body
		if strings.Contains(page, words) != want || strings.Contains(document, `"unfinished"`) != want {
			t.Errorf("%s / says so: want %v\n%s\n%s", when, want, page, document)
		}
	}
	says(b, false, "before any login")
	first := b.Begin("")
	clock = clock.Add(30 * time.Second)
	says(b, true, "after a login was begun")
	says(newBrowser(t, a), false, "in another browser")
	page := b.Get("/").Body
	last := 0
	for _, cause := range []string{"30 seconds ago", "redirect URI is not registered", "blocks the way back", "another host name", "closed the tab"} {
		at := strings.Index(page, cause)
		if at < last {
			t.Errorf("%q stands at %d, before what comes first:\n%s", cause, at, page)
		}
		last = at
	}
	var document struct {
		Unfinished struct{ Causes []struct{ Name string } }
	}
	if err := json.Unmarshal([]byte(b.GetJSON("/").Body), &document); err != nil || len(document.Unfinished.Causes) != 4 || document.Unfinished.Causes[0].Name != "redirect-uri-not-registered" {
		t.Errorf("the document has %+v, %v", document, err)
	}
	if r := b.GetJSON(l.Approve(t, first)); r.StatusCode != 200 {
		t.Fatalf("the login was answered %d", r.StatusCode)
	}
	says(b, false, "after it came back")

	b.Begin("")
	clock = clock.Add(time.Second)
	second := b.Begin("")
	says(b, true, "after two more were begun")
	clock = clock.Add(time.Second)
	b.GetJSON(l.Approve(t, second))
	says(b, false, "after the newer one came back")
	b.Begin("")
	clock = clock.Add(11 * time.Minute)
	says(b, false, "after eleven minutes")
}

// A program that is stopping says so, on a connection that it will not use again, whoever asks.
func TestStopping(t *testing.T) {
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
