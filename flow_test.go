package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"oauth-test-client/internal/testserver"
	"slices"
	"strings"
	"testing"
	"time"
)

// The whole flow, against the demo server and against a server of Clerk's shape over TLS.
func TestFlow(t *testing.T) {
	for _, server := range []struct {
		name  string
		start func(t *testing.T) *app
	}{
		{"demo", func(t *testing.T) *app { return startApp(t, nil) }},
		{"Clerk over TLS", startAppAtClerk},
	} {
		t.Run(server.name, func(t *testing.T) {
			t.Run("token JSON for a program", func(t *testing.T) { testTokenJSON(t, server.start(t)) })
			t.Run("page for a browser", func(t *testing.T) { testResultPage(t, server.start(t)) })
			t.Run("Deny", func(t *testing.T) { testDeny(t, server.start(t)) })
			t.Run("two tabs", func(t *testing.T) { testTwoTabs(t, server.start(t)) })
			t.Run("two browsers", func(t *testing.T) { testTwoBrowsers(t, server.start(t)) })
			t.Run("a code is redeemed once", func(t *testing.T) { testReplay(t, server.start(t)) })
		})
	}
}

// startAppAtClerk starts the client with the three values of the Clerk guide. Each of the two has to
// know the other's address, so the client's listener is made first.
func startAppAtClerk(t *testing.T) *app {
	t.Helper()
	listener := listenLoopback(t)
	c := testserver.StartClerk(t, listener.Addr().String())
	return startAppOn(t, listener, c.Env(), time.Now)
}

func testTokenJSON(t *testing.T, a *app) {
	b := newBrowser(t, a)
	callback := b.Authorize(b.Begin(""), "user_alice", "allow")
	r := b.GetJSON(callback)
	a.NoteTokens(r.Body)
	if r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("the callback answered %d %s: %s", r.StatusCode, r.Header.Get("Content-Type"), r.Body)
	}
	var names []string
	d := json.NewDecoder(strings.NewReader(r.Body))
	d.Token()
	for d.More() {
		name, _ := d.Token()
		names = append(names, name.(string))
		d.Token()
	}
	want := []string{"access_token", "expires_in", "id_token", "refresh_token", "scope", "token_type"}
	if !slices.Equal(names, want) {
		t.Errorf("the token response has %v; want %v", names, want)
	}
	if !strings.Contains(r.Body, `"expires_in": 7200`) || !strings.Contains(r.Body, `"token_type": "bearer"`) || !strings.Contains(r.Body, `"scope": "openid profile email"`) {
		t.Errorf("the token response is not as the server wrote it: %s", r.Body)
	}
	again := b.GetJSON(callback)
	if again.StatusCode != http.StatusOK || again.Body != r.Body {
		t.Errorf("a reload answered %d %s; want the same result", again.StatusCode, again.Body)
	}
}

func testResultPage(t *testing.T, a *app) {
	b := newBrowser(t, a)
	r := b.Login()
	if r.StatusCode != http.StatusOK || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") {
		t.Fatalf("the callback answered %d %s", r.StatusCode, r.Header.Get("Content-Type"))
	}
	for _, want := range []string{"Signed in as Alice Example", "&#34;token_type&#34;: &#34;bearer&#34;", "passed every check", "at_hash"} {
		if !strings.Contains(r.Body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if home := b.Get("/"); !strings.Contains(home.Body, "Alice Example") {
		t.Error("the home page does not say who signed in")
	}
}

func testDeny(t *testing.T, a *app) {
	b := newBrowser(t, a)
	callback := b.Authorize(b.Begin(""), "user_bob", "deny")
	b.GetJSON(callback).WantError(t, http.StatusBadRequest, "access_denied", "nothing is wrong with the setup")
	b.GetJSON(callback).WantError(t, http.StatusBadRequest, "invalid_state", "")
	page := b.Get(b.Authorize(b.Begin(""), "user_bob", "deny"))
	if page.StatusCode != http.StatusBadRequest || !strings.Contains(page.Body, "the user denied access") || !strings.Contains(page.Body, "Try again") || strings.Contains(page.Body, "failed") || strings.Contains(page.Body, "look here") {
		t.Errorf("the page of a denied login answered %d:\n%s", page.StatusCode, page.Body)
	}
	if home := b.Get("/"); strings.Contains(home.Body, "Signed in last") {
		t.Error("somebody is signed in after Deny")
	}
}

func testTwoTabs(t *testing.T, a *app) {
	b := newBrowser(t, a)
	first, second := b.Begin(""), b.Begin("?prompt=login")
	secondCallback := b.Authorize(second, "user_bob", "allow")
	firstCallback := b.Authorize(first, "user_alice", "allow")
	for _, callback := range []string{secondCallback, firstCallback} {
		if r := b.GetJSON(callback); r.StatusCode != http.StatusOK {
			t.Errorf("a tab's callback answered %d %s", r.StatusCode, r.Body)
		}
	}
	for _, callback := range []string{firstCallback, secondCallback} {
		if r := b.GetJSON(callback); r.StatusCode != http.StatusOK {
			t.Errorf("a tab's reload answered %d %s", r.StatusCode, r.Body)
		}
	}
}

func testTwoBrowsers(t *testing.T, a *app) {
	alice, mallory := newBrowser(t, a), newBrowser(t, a)
	callback := alice.Authorize(alice.Begin(""), "user_alice", "allow")
	mallory.GetJSON(callback).WantError(t, http.StatusBadRequest, "invalid_state", "")
	r := alice.GetJSON(callback)
	if r.StatusCode != http.StatusOK {
		t.Fatalf("the callback answered %d after another browser had tried it: %s", r.StatusCode, r.Body)
	}
	stolen := mallory.GetJSON(callback)
	stolen.WantError(t, http.StatusBadRequest, "invalid_state", "")
	if strings.Contains(mallory.Get("/").Body, "Alice") {
		t.Error("another browser sees who signed in")
	}
}

// A browser that kept the pending cookie, and the session it got, cannot redeem the code again.
func testReplay(t *testing.T, a *app) {
	b := newBrowser(t, a)
	callback := b.Authorize(b.Begin(""), "user_alice", "allow")
	u, _ := url.Parse(callback)
	kept := b.Client.Jar.Cookies(u)
	if r := b.GetJSON(callback); r.StatusCode != http.StatusOK {
		t.Fatalf("the callback answered %d %s", r.StatusCode, r.Body)
	}
	thief := newBrowser(t, a)
	thief.Client.Jar.SetCookies(u, kept)
	thief.GetJSON(callback).WantError(t, http.StatusBadRequest, "invalid_state", "finished already")
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

// The session has another ID after each login, and the old one is worth nothing.
func TestSessionIDChanges(t *testing.T) {
	a := startApp(t, nil)
	b := newBrowser(t, a)
	u, _ := url.Parse(a.URL)
	b.Login()
	before := b.Client.Jar.Cookies(u)
	b.Login()
	if after := b.Client.Jar.Cookies(u); len(before) != 1 || len(after) != 1 || before[0].Value == after[0].Value {
		t.Errorf("the session cookie was %v and is %v", before, after)
	}
	old := newBrowser(t, a)
	old.Client.Jar.SetCookies(u, before)
	if strings.Contains(old.Get("/").Body, "Alice") {
		t.Error("the old session ID still opens the session")
	}
}

// The authorization request has what OAuth, PKCE and OpenID Connect ask for, and of the query's
// parameters those that are known.
func TestLoginRequest(t *testing.T) {
	a := startApp(t, nil)
	b := newBrowser(t, a)
	query := func(path string) url.Values {
		u, _ := url.Parse(b.Begin(path))
		return u.Query()
	}
	q := query("")
	for name, want := range map[string]string{"response_type": "code", "client_id": "demo-client", "redirect_uri": a.Cfg.RedirectURI(),
		"scope": "openid profile email", "code_challenge_method": "S256"} {
		if q.Get(name) != want {
			t.Errorf("%s is %q; want %q", name, q.Get(name), want)
		}
	}
	for _, name := range []string{"state", "nonce", "code_challenge"} {
		if other := query(""); len(q.Get(name)) < 26 || q.Get(name) == other.Get(name) {
			t.Errorf("%s is %q, and then %q; want 26 characters or more, fresh each time", name, q.Get(name), other.Get(name))
		}
	}
	if len(q) != 8 {
		t.Errorf("the request has %d parameters; want 8: %v", len(q), q)
	}
	q = query("?scope=email&prompt=consent&login_hint=bob&max_age=60&acr_values=a&resource=r&audience=d&ui_locales=de&redirect_uri=https://evil.example&foo=bar")
	for name, want := range map[string]string{"scope": "email", "prompt": "consent", "login_hint": "bob", "max_age": "60", "acr_values": "a", "resource": "r",
		"audience": "d", "ui_locales": "de", "redirect_uri": a.Cfg.RedirectURI(), "foo": "", "nonce": ""} {
		if q.Get(name) != want {
			t.Errorf("%s is %q; want %q", name, q.Get(name), want)
		}
	}
	for path, words := range map[string]string{"/login?scope=a&scope=b": "more than once", "/login?max_age=soon": "no number", "/login?scope=%22": "no scope may have"} {
		b.GetJSON(path).WantError(t, http.StatusBadRequest, "invalid_request", words)
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
			wantCookie(t, pending, "/oauth_callback", 600, row.secure)
			done := ask(l.Approve(t, b.Location(begun)), pending)
			if done.StatusCode != http.StatusOK {
				t.Fatalf("the callback answered %d %s", done.StatusCode, done.Body)
			}
			session := slices.DeleteFunc(done.Cookies(), func(c *http.Cookie) bool { return c.MaxAge < 0 })
			wantCookie(t, session, "/", 12*60*60, row.secure)
			if row.secure != strings.HasPrefix(session[0].Name, "__Host-") {
				t.Errorf("the session cookie is named %s", session[0].Name)
			}
		})
	}
}

func wantCookie(t *testing.T, cookies []*http.Cookie, path string, maxAge int, secure bool) {
	t.Helper()
	if len(cookies) != 1 {
		t.Fatalf("got the cookies %v; want one", cookies)
	}
	c := cookies[0]
	if c.Path != path || c.MaxAge != maxAge || c.Secure != secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Domain != "" {
		t.Errorf("the cookie is %s; want Path=%s, Max-Age %d, Secure %t, HttpOnly, SameSite=Lax, no Domain", c, path, maxAge, secure)
	}
}

// A hundred logins discover once and fetch the keys once.
func TestDiscoveredOnce(t *testing.T) {
	l := testserver.StartLiar(t)
	a := startApp(t, l.Env())
	for range 100 {
		b := newBrowser(t, a)
		if r := b.Get(l.Approve(t, b.Begin(""))); r.StatusCode != http.StatusOK {
			t.Fatalf("the callback answered %d %s", r.StatusCode, r.Body)
		}
	}
	if n, keys := l.Asked("GET /.well-known/openid-configuration"), l.Asked("GET /jwks"); n != 1 || keys != 1 {
		t.Errorf("%d requests for metadata and %d for keys; want 1 and 1", n, keys)
	}
}
