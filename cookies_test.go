package main

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/testserver"
)

// A cookie that was sealed with a different key, or for a different state, starts nothing.
func TestCallback_ForgedCookies(t *testing.T) {
	t.Parallel()
	for entrance := range testserver.Entrances(nil) {
		t.Run(entrance, func(t *testing.T) { testForgedCookies(t, entrance) })
	}
}

func testForgedCookies(t *testing.T, entrance string) {
	l := testserver.StartFakeServer(t)
	env := testserver.Entrances(l.Env())[entrance]
	env["SESSION_SECRET"] = "0123456789abcdef"
	a := startApp(t, env)
	env["SESSION_SECRET"] = "fedcba9876543210"
	stranger := startApp(t, env)
	first, second := newBrowser(t, a), newBrowser(t, stranger)
	callback := l.Approve(t, first.Begin(""))
	u, _ := url.Parse(a.Address + config.CallbackPath)
	own := first.Client.Jar.Cookies(u)[0]
	second.Begin("")
	foreign := second.Client.Jar.Cookies(&url.URL{Scheme: "http", Host: strings.TrimPrefix(stranger.Address, "http://"), Path: config.CallbackPath})[0]
	for name, value := range map[string]string{
		"empty":             "",
		"cut":               own.Value[:len(own.Value)/2],
		"of another secret": foreign.Value,
		"changed":           oauth.Altered(own.Value),
		"plain JSON":        `{"v":"x"}`,
	} {
		b := newBrowser(t, a)
		b.Client.Jar.SetCookies(u, []*http.Cookie{{Name: own.Name, Value: value, Path: config.CallbackPath}})
		r := b.GetJSON(callback)
		if r.StatusCode != 400 || !strings.Contains(r.Body, "invalid_state") {
			t.Errorf("a cookie that is %s was answered %d %s", name, r.StatusCode, r.Body)
		}
	}
	swapped := newBrowser(t, a)
	swapped.Begin("")
	other := swapped.Client.Jar.Cookies(u)[0]
	other.Name = own.Name
	swapped.Client.Jar.SetCookies(u, []*http.Cookie{{Name: own.Name, Value: other.Value, Path: config.CallbackPath}})
	swapped.GetJSON(callback).WantError(t, 400, "invalid_state", "")
	twin := newBrowser(t, a) // with the cookie as it is
	twin.Client.Jar.SetCookies(u, []*http.Cookie{{Name: own.Name, Value: own.Value, Path: config.CallbackPath}})
	if r := twin.GetJSON(callback); r.StatusCode != 200 {
		t.Errorf("after all that the right cookie was answered %d %s", r.StatusCode, r.Body)
	}
}

// Over https another host cannot put a login of its own into the browser, as it can set no cookie that
// begins with __Host-: under any other name it is not seen. On plain http it could.
func TestCallback_PlantedLogin(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	env := l.Env()
	env["BASE_URL"] = "https://test.example.com"
	a := startApp(t, env)
	attacker := newBrowser(t, a)
	attacker.Host = "test.example.com"
	for _, row := range []struct {
		prefix string
		status int
	}{{"", 400}, {"__Secure-", 400}, {"__Host-", 200}} {
		begun := attacker.Get("/login")
		callback, _ := url.Parse(l.Approve(t, attacker.Location(begun)))
		req, _ := http.NewRequest(http.MethodGet, a.Address+callback.RequestURI(), nil)
		for _, c := range begun.Cookies() {
			req.AddCookie(&http.Cookie{Name: row.prefix + strings.TrimPrefix(c.Name, "__Host-"), Value: c.Value})
		}
		victim := newBrowser(t, a)
		victim.Host = "test.example.com"
		if r := victim.Do(req); r.StatusCode != row.status {
			t.Errorf("a login that was planted as %slogin answered %d; want %d", row.prefix, r.StatusCode, row.status)
		}
	}
}

// The page of a session with two cookies says why it shows nothing, and fixes it.
func TestSessionPage_TwoCookies(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	a := startApp(t, l.Env())
	b := newBrowser(t, a)
	b.GetJSON(l.Approve(t, b.Begin("")))
	u, _ := url.Parse(a.Address + "/session")
	own := testserver.SessionCookie(b.Client.Jar.Cookies(u))
	b.Client.Jar.SetCookies(u, []*http.Cookie{{Name: own.Name, Value: "planted", Path: "/session"}})
	b.Ask("/session", false).WantError(t, 401, "no_token", "two session cookies")
	if r := b.Ask("/session", false); r.StatusCode != 200 {
		t.Errorf("after that /session answered %d %s", r.StatusCode, r.Body)
	}
}

// Cookies that another program on localhost planted, and a callback of a login that a different browser started.
func TestCallback_PlantedCookies(t *testing.T) {
	t.Parallel()
	for entrance := range testserver.Entrances(nil) {
		t.Run(entrance, func(t *testing.T) { testPlantedCookies(t, entrance) })
	}
}

func testPlantedCookies(t *testing.T, entrance string) {
	l := testserver.StartFakeServer(t)
	a := startApp(t, testserver.Entrances(l.Env())[entrance])
	attacker, victim := newBrowser(t, a), newBrowser(t, a)
	u, _ := url.Parse(a.Address)

	works := func(r testserver.Reply, what string) {
		t.Helper()
		if r.StatusCode != 200 {
			t.Errorf("%s answered %d %s", what, r.StatusCode, r.Body)
		}
	}

	// The attacker's own login, finished in the victim's browser, would sign the victim in as the attacker.
	callback := l.Approve(t, attacker.Begin(""))
	victim.GetJSON(callback).WantError(t, 400, "invalid_state", "")

	// The attacker's session, planted in the victim's browser, is left behind at the victim's own login.
	works(attacker.GetJSON(callback), "the attacker's own callback")
	planted := attacker.Client.Jar.Cookies(u)
	victim.Client.Jar.SetCookies(u, planted)
	works(victim.Ask("/session", false), "the planted session")
	works(victim.GetJSON(l.Approve(t, victim.Begin(""))), "the victim's callback")
	if own := testserver.SessionCookie(victim.Client.Jar.Cookies(u)); own == nil || own.Value == testserver.SessionCookie(planted).Value {
		t.Errorf("after the victim's login the session is still %v", own)
	}

	// The mark that /login gives, the session, and both, planted in a browser that has neither. The attacker signs in
	// with the same a moment before.
	for what, isPlanted := range map[string]func(name string) bool{
		"the mark":             func(name string) bool { return strings.Contains(name, "browser_") },
		"the session":          func(name string) bool { return strings.Contains(name, "oauth_test_client_") },
		"both":                 func(name string) bool { return !strings.Contains(name, "login_") },
		"the mark, no session": func(name string) bool { return strings.Contains(name, "browser_") },
	} {
		attacker, victim := newBrowser(t, a), newBrowser(t, a)
		if what != "the mark, no session" {
			works(attacker.GetJSON(l.Approve(t, attacker.Begin(""))), "the attacker's own callback")
		}
		callback := l.Approve(t, attacker.Begin(""))
		victim.Client.Jar.SetCookies(u, slices.DeleteFunc(attacker.Client.Jar.Cookies(u), func(c *http.Cookie) bool { return !isPlanted(c.Name) }))
		works(attacker.GetJSON(callback), "the attacker's callback")
		works(victim.GetJSON(l.Approve(t, victim.Begin(""))), "the victim's callback")
		theirs, own := testserver.SessionCookie(attacker.Client.Jar.Cookies(u)), testserver.SessionCookie(victim.Client.Jar.Cookies(u))
		if theirs == nil || own == nil || own.Value == theirs.Value {
			t.Errorf("with %s planted, the victim has the session %v, and the attacker %v", what, own, theirs)
		}
	}

	// Cookies of the same name with an invented or far too long value.
	for _, value := range []string{"x", strings.Repeat("A", 4000), "..%2f", "\x7f"} {
		b := newBrowser(t, a)
		b.Client.Jar.SetCookies(u, []*http.Cookie{{Name: testserver.SessionCookie(planted).Name, Value: value}})
		if home := b.Get("/"); home.StatusCode != 200 || strings.Contains(home.Body, "Signed in") {
			t.Errorf("the cookie %.20q gives %d", value, home.StatusCode)
		}
		b.Ask("/session", false).WantError(t, 401, "no_token", "")
	}
}

// The session has another ID after each login, and the old one is worth nothing.
func TestCallback_ChangesSessionID(t *testing.T) {
	t.Parallel()
	for entrance, env := range testserver.Entrances(nil) {
		t.Run(entrance, func(t *testing.T) { testSessionIDChanges(t, startApp(t, env)) })
	}
}

func testSessionIDChanges(t *testing.T, a *app) {
	b := newBrowser(t, a)
	u, _ := url.Parse(a.Address)
	b.Login()
	before := b.Client.Jar.Cookies(u)
	same := newBrowser(t, a)
	same.Client.Jar.SetCookies(u, before)
	if !strings.Contains(same.Get("/").Body, "Alice") {
		t.Error("the session ID does not open the session before the next login")
	}
	b.Login()
	if after := b.Client.Jar.Cookies(u); testserver.SessionCookie(after).Value == testserver.SessionCookie(before).Value {
		t.Errorf("the session cookie was %v and is %v", before, after)
	}
	old := newBrowser(t, a)
	old.Client.Jar.SetCookies(u, before)
	if strings.Contains(old.Get("/").Body, "Alice") {
		t.Error("the old session ID still opens the session")
	}
}

// The attributes stand in the header itself: Go's cookie jar would hide a Secure cookie on http.
func TestRoutes_CookieAttributes(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, base string
		secure     bool
	}{
		{"http", "http://127.0.0.1:PORT", false},
		{"https behind a proxy", "https://test.example.com", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := testserver.StartFakeServer(t)
			env := l.Env()
			env["BASE_URL"] = row.base
			a := startApp(t, env)
			b := newBrowser(t, a)
			host := strings.TrimPrefix(strings.TrimPrefix(a.Cfg.BaseURL, "https://"), "http://")
			ask := func(address string, cookies []*http.Cookie) testserver.Reply {
				u, _ := url.Parse(address)
				req, _ := http.NewRequest(http.MethodGet, a.Address+u.RequestURI(), nil)
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
			wantCookie(t, testserver.SessionCookie(done.Cookies()), 12*60*60, row.secure)
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
	if c == nil || c.Path != "/" || c.MaxAge > maxAge || c.MaxAge < maxAge-2 ||
		c.Secure != secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Domain != "" {
		t.Fatalf("the cookie is %s; want Path=/, Max-Age %d, Secure %t, HttpOnly, SameSite=Lax, no Domain", c, maxAge, secure)
	}
	if secure != strings.HasPrefix(c.Name, "__Host-") {
		t.Errorf("the cookie is named %s", c.Name)
	}
}
