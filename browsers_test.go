package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/testserver"
)

// Every answer carries what keeps other pages away from ours, word for word.
func TestSecurityHeaders(t *testing.T) {
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
		for _, rule := range []string{"default-src 'none'", "style-src 'self'", "script-src 'self'", "img-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains("; "+r.Header.Get("Content-Security-Policy")+";", "; "+rule+";") {
				t.Errorf("%s: the policy lacks %s: %s", path, rule, r.Header.Get("Content-Security-Policy"))
			}
		}
	}
}

// A browser that knows us by https comes back by https only; no promise is made for other hosts, nor for
// names that are every program's on this machine.
func TestStrictTransport(t *testing.T) {
	for base, want := range map[string]string{
		"https://test.example.com": "max-age=2592000",
		"https://localhost:PORT":   "",
		"https://127.0.0.1:PORT":   "",
		"https://app.localhost":    "",
		"http://localhost:PORT":    "",
	} {
		l := testserver.StartLiar(t)
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
func TestRequestBodyLimit(t *testing.T) {
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

// Over https another host cannot put a login of its own into the browser, as it can set no cookie that
// begins with __Host-: under any other name it is not seen. On plain http it could.
func TestPlantedLogin(t *testing.T) {
	l := testserver.StartLiar(t)
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
		req, _ := http.NewRequest(http.MethodGet, a.URL+callback.RequestURI(), nil)
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

// The page of a session with two cookies says why nothing is shown, and mends it.
func TestTwoSessionCookies(t *testing.T) {
	l := testserver.StartLiar(t)
	a := startApp(t, l.Env())
	b := newBrowser(t, a)
	b.GetJSON(l.Approve(t, b.Begin("")))
	u, _ := url.Parse(a.URL + "/session")
	own := sessionCookie(b.Client.Jar.Cookies(u))
	b.Client.Jar.SetCookies(u, []*http.Cookie{{Name: own.Name, Value: "planted", Path: "/session"}})
	b.Ask("/session", false).WantError(t, 401, "no_token", "two session cookies")
	if r := b.Ask("/session", false); r.StatusCode != 200 {
		t.Errorf("after that /session answered %d %s", r.StatusCode, r.Body)
	}
}

// A reload while the code is being exchanged shows the login, and costs the server one code.
func TestReloadDuringExchange(t *testing.T) {
	l := testserver.StartLiar(t)
	env := l.Env()
	env["SCOPES"] = "email"
	a := startApp(t, env)
	b := newBrowser(t, a)
	callback := l.Approve(t, b.Begin(""))
	arrived, release := make(chan bool, 2), make(chan bool)
	l.Lock()
	l.Token = func(w http.ResponseWriter, r *http.Request) {
		arrived <- true
		<-release
		testserver.SendBody(200, "application/json", `{"access_token":"a","token_type":"bearer","scope":"email"}`)(w, r)
	}
	l.Unlock()
	statuses := make(chan int, 2)
	for range 2 {
		go func() { statuses <- b.GetJSON(callback).StatusCode }()
	}
	<-arrived
	for a.server.traffic.Ours.Load() < 2 {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(20 * time.Millisecond) // for the second to join the first
	close(release)
	first, second := <-statuses, <-statuses
	if first != 200 || second != 200 || l.Asked("POST /token") != 1 {
		t.Errorf("the two were answered %d and %d, with %d token requests", first, second, l.Asked("POST /token"))
	}
}

// A name below localhost is an address like any other: the redirect URI, the cookies and the demo have it.
func TestNameBelowLocalhost(t *testing.T) {
	a := startApp(t, map[string]string{"BASE_URL": "http://demo.localhost:PORT"})
	b := newBrowser(t, a)
	b.Base = a.Cfg.BaseURL
	b.Client.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, a.Listener.Addr().String())
	}
	if r := b.Login(); r.StatusCode != 200 || !strings.Contains(r.Body, "Alice") {
		t.Errorf("the login answered %d:\n%s", r.StatusCode, r.Body)
	}
	if r := b.Ask("/userinfo", false); r.StatusCode != 200 {
		t.Errorf("/userinfo answered %d %s", r.StatusCode, r.Body)
	}
}
