package main

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"oauth-test-client/internal/chromium"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/testserver"
)

// A form from a different site at the callback is explained and not read, and the login waits. Any other form is refused as
// before.
func TestFormPosted_LoginWaits(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	a, elsewhere := startApp(t, l.Env()), startApp(t, testserver.Entrances(l.Env())[", pasted"])
	b := newBrowser(t, a)
	callback := l.Approve(t, b.Begin(""))
	u, _ := url.Parse(callback)
	code, state := u.Query().Get("code"), u.Query().Get("state")
	a.Log.Secret(code, state)
	const form, old = "application/x-www-form-urlencoded", "no Sec-Fetch"
	for _, row := range []struct {
		name, site, mode, dest, origin, path, kind string
		pasted, explained                          bool
	}{
		{name: "another site", explained: true},
		{name: "another port of this host", site: "same-site", explained: true},
		{name: "a server with no-referrer", origin: "null", explained: true},
		{name: "a charset", kind: form + "; charset=UTF-8", explained: true},
		{name: "an old browser", site: old, explained: true},
		{name: "an old browser, with no-referrer", site: old, origin: "null", explained: true},
		{name: "a fetch", mode: "cors", dest: "empty"},
		{name: "a frame", dest: "iframe"},
		{name: "a frame with an opaque origin", site: "same-origin", origin: "null"},
		{name: "another type", kind: "text/plain"},
		{name: "two types", kind: form + ", " + form},
		{name: "a different path", path: "/logout"},
		{name: "a path below", path: config.CallbackPath + "/"},
		{name: "a redirect URI elsewhere", pasted: true},
	} {
		for _, accept := range []string{"text/html", "*/*"} {
			to := a
			if row.pasted {
				to = elsewhere
			}
			req, _ := http.NewRequest(http.MethodPost, to.URL+cmp.Or(row.path, config.CallbackPath), strings.NewReader(u.RawQuery))
			req.Header = http.Header{"Accept": {accept}, "Content-Type": {cmp.Or(row.kind, form)}, "Origin": {cmp.Or(row.origin, "https://as.example")}}
			if row.site != old {
				req.Header.Set("Sec-Fetch-Site", cmp.Or(row.site, "cross-site"))
				req.Header.Set("Sec-Fetch-Mode", cmp.Or(row.mode, "navigate"))
				req.Header.Set("Sec-Fetch-Dest", cmp.Or(row.dest, "document"))
			}
			r := b.Do(req)
			status, words := http.StatusForbidden, "another site"
			if row.explained {
				status, words = http.StatusBadRequest, "set the response mode of this client to query"
			}
			if r.StatusCode != status || !strings.Contains(r.Body, words) || strings.Contains(r.Body, "form-post-required") != row.explained {
				t.Errorf("%s (%s) was answered %d; want %d with %q:\n%s", row.name, accept, r.StatusCode, status, words, r.Body)
			}
			if strings.Contains(r.Body, code) || strings.Contains(r.Body, state) || len(r.Header["Set-Cookie"]) > 0 {
				t.Errorf("%s: something of the form is used: %v\n%s", row.name, r.Header, r.Body)
			}
		}
	}
	if n := l.Asked("POST /token"); n != 0 {
		t.Errorf("the token endpoint was asked %d times", n)
	}
	if r := b.GetJSON(callback); r.StatusCode != http.StatusOK {
		t.Errorf("the login does not wait any more: %d %s", r.StatusCode, r.Body)
	}
}

// In a real browser, the server's form ends on that page, whatever the referrer policy of the server's page.
func TestFormPosted_InChromium(t *testing.T) {
	t.Parallel()
	a := startApp(t, map[string]string{"BASE_URL": "http://localhost:PORT"})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Referrer-Policy", r.URL.Query().Get("policy"))
		fmt.Fprintf(w, `<form method="post" action="%s/oauth_callback"><input name="code" value="the-code"><button>Continue</button></form>`, a.Cfg.BaseURL)
	}))
	defer server.Close()
	page := chromium.Open(t)
	for _, policy := range []string{"unsafe-url", "no-referrer"} {
		page.Go(server.URL + "?policy=" + policy)
		page.Press("button", "The server answers by form_post")
		if text := page.Text(); !strings.Contains(text, "read nothing of the form") || strings.Contains(text, "the-code") {
			t.Errorf("the page says\n%s", text)
		}
	}
}
