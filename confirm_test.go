package main

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
)

// from sends a request for /login as a browser that follows a link, or as a program; headers may be nil.
func from(b *testserver.Browser, path string, headers map[string]string) testserver.Reply {
	req, err := http.NewRequest(http.MethodGet, b.App.Address+path, nil)
	if err != nil {
		b.T.Fatal(err)
	}
	req.Header["Sec-Fetch-Site"] = nil
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	return b.Do(req)
}

// The parameters of a login that a link may have written are shown before anything is sent, at each entrance of /login.
// What this app's pages, the address bar and programs ask for is sent.
func TestConfirmLink_AsksBeforeSending(t *testing.T) {
	t.Parallel()
	link := func(site string) map[string]string {
		return map[string]string{"Accept": "text/html", "Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
	}
	silent := map[string]string{"Accept": "text/html"}
	const asks = "/login?organization=org_1&prompt=none"
	for _, row := range []struct {
		name, path string
		headers    map[string]string
		shown      bool
	}{
		{"another site", asks, link("cross-site"), true},
		{"another port of this host", asks, link("same-site"), true},
		{"a browser that does not say", asks, silent, true},
		{"another site, step by step", asks + "&step=1", link("cross-site"), true},
		{"another site, in the field for others", "/login?params=organization%3Dorg_1%26prompt%3Dnone", link("cross-site"), true},
		{"another site, one that was known before", "/login?organization=org_1&prompt=none", link("cross-site"), true},
		{"another site that makes up a ticket", asks + "&shown=ABCDEF", link("cross-site"), true},
		{"another site, with an unknown value", asks, link("new-kind"), true},

		{"a page of this app", asks, link("same-origin"), false},
		{"the address bar", asks, link("none"), false},
		{"a program", asks, map[string]string{"Accept": "application/json"}, false},
		{"curl", asks, map[string]string{"Accept": "*/*"}, false},
		{"another site without parameters", "/login", link("cross-site"), false},
		{"another site with empty parameters", "/login?prompt=", link("cross-site"), false},
		{"a browser that does not say, without parameters", "/login", silent, false},
	} {
		l := testserver.StartFakeServer(t)
		a := startApp(t, map[string]string{"ISSUER": l.Issuer, "CLIENT_ID": testserver.FakeClientID, "CLIENT_SECRET": testserver.FakeClientSecret, "PAR": "on"})
		b := newBrowser(t, a)
		b.Accept = ""
		r := from(b, row.path, row.headers)
		shown := strings.Contains(r.Body, "Nothing has been sent yet")
		if row.name == "another site, with an unknown value" {
			shown = r.StatusCode == http.StatusForbidden || shown
		}
		if shown != row.shown {
			t.Errorf("%s: shown is %t; it answered %d", row.name, shown, r.StatusCode)
		}
		if !row.shown {
			continue
		}
		if n := l.Asked("POST "); n != 0 || strings.Contains(strings.Join(r.Header.Values("Set-Cookie"), " "), "login_") {
			t.Errorf("%s: %d requests were sent, cookies %v", row.name, n, r.Header.Values("Set-Cookie"))
		}
		if r.StatusCode == http.StatusOK && (!strings.Contains(r.Body, "org_1") || !strings.Contains(r.Body, "organization")) {
			t.Errorf("%s: the page lacks the parameters:\n%s", row.name, r.Body)
		}
	}
}

// The button of the page starts the login that was shown, even in a browser that doesn't say where it comes from. It proves
// nothing for other parameters, and nothing in another browser.
func TestConfirmLink_Button(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	a := startApp(t, l.Env())
	b := newBrowser(t, a)
	silent := map[string]string{"Accept": "text/html"}
	page := from(b, "/login?organization=%22org%26%3Cb%3E&max_age=60&step=1", silent)
	button := regexp.MustCompile(`class="button" href="([^"]+)"`).FindStringSubmatch(page.Body)
	if button == nil || strings.Contains(page.Body, "<b>") {
		t.Fatalf("the page has no button, or the value is not escaped:\n%s", page.Body)
	}
	confirmed := html.UnescapeString(button[1])
	step := strings.TrimPrefix(b.Location(from(b, confirmed, silent)), a.Cfg.BaseURL)
	if r := from(b, step, silent); !strings.Contains(r.Body, "1. Before the redirect") || !strings.Contains(r.Body, html.EscapeString(`"org&<b>`)) {
		t.Errorf("the button %s does not begin the login:\n%s", confirmed, r.Body)
	}
	for name, r := range map[string]testserver.Reply{
		"one more parameter": from(b, confirmed+"&acr_values=x", silent),
		"another value":      from(b, strings.Replace(confirmed, "max_age=60", "max_age=61", 1), silent),
		"another browser":    from(newBrowser(t, a), confirmed, silent),
		"another site's link with a ticket of its own": from(b, strings.Replace(confirmed, "shown=", "shown=A", 1), silent),
	} {
		if !strings.Contains(r.Body, "Nothing has been sent yet") {
			t.Errorf("%s: the login begins: %d", name, r.StatusCode)
		}
	}
}

// For programs, the page is JSON with the address that starts the login.
func TestConfirmLink_JSON(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	b := newBrowser(t, startApp(t, l.Env()))
	b.Accept = ""
	r := from(b, "/login?hd=example.com", map[string]string{"Accept": "*/*",
		"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"})
	var page struct {
		Parameters url.Values `json:"parameters"`
		Login      string     `json:"login_uri"`
	}
	if err := json.Unmarshal([]byte(r.Body), &page); err != nil || page.Parameters.Get("hd") != "example.com" || !strings.HasPrefix(page.Login, "/login?hd=example.com&shown=") {
		t.Errorf("%d %s: %v", r.StatusCode, r.Body, err)
	}
}

// A token in a link is not shown whole.
func TestConfirmLink_Token(t *testing.T) {
	t.Parallel()
	const token = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1c2VyXzEyMzQ1Njc4OTAifQ.c2lnbmF0dXJlLXNpZ25hdHVyZS1zaWduYXR1cmU"
	b := newBrowser(t, startApp(t, testserver.StartFakeServer(t).Env()))
	r := from(b, "/login?id_token_hint="+token+"&other=x"+token, map[string]string{"Accept": "text/html"})
	shown := regexp.MustCompile(`(?s)<dl class="params">.*</dl>`).FindString(r.Body)
	if shown == "" || strings.Contains(shown, token) || !strings.Contains(shown, "eyJhbGci…") {
		t.Errorf("the page shows %s", shown)
	}
}
