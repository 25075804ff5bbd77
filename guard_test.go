package main

import (
	"net/http"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/testserver"
	"strings"
	"testing"
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
		{"a form of an old browser", "POST", headers{"Origin": "https://evil.example"}, "/ /login /revoke /logout /demo/authorize /demo/token", false},
		{"a sandboxed frame of an old browser", "POST", headers{"Origin": "null"}, "/ /login /demo/authorize", false},
		{"our own form without referrer", "POST", headers{"Origin": "null", "Sec-Fetch-Site": "same-origin"}, "/ /login /demo/authorize", true},
		{"our own form of an old browser", "POST", headers{"Origin": a.URL}, "/ /login /demo/authorize", true},
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

func TestUnknown(t *testing.T) {
	a := startApp(t, nil)
	b := newBrowser(t, a)
	b.GetJSON("/nothing").WantError(t, 404, "not_found", "")
	if r := b.Get("/nothing"); r.StatusCode != 404 || !strings.Contains(r.Body, "Nothing here") {
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
