package main

import (
	"context"
	"encoding/json"
	"html"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
)

// The whole flow, against the demo server and against a server of Clerk's shape over TLS.
func TestLogin_DemoAndClerk(t *testing.T) {
	t.Parallel()
	for _, server := range []struct {
		name  string
		start func(t *testing.T) *app
	}{
		{"demo", func(t *testing.T) *app { return startApp(t, nil) }},
		{"demo, pasted", func(t *testing.T) *app { return startApp(t, testserver.Entrances(nil)[", pasted"]) }},
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

var tags = regexp.MustCompile(`<[^>]*>`)

// accessToken returns the newest access token of the browser, as the flow shows it on request.
func accessToken(t *testing.T, b *testserver.Browser) string {
	t.Helper()
	page := html.UnescapeString(tags.ReplaceAllString(b.Get("/flow?tokens=full").Body, ""))
	found := regexp.MustCompile(`"access_token": "([^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(found) == 0 {
		t.Fatalf("the flow shows no access token:\n%s", page)
	}
	return found[len(found)-1][1]
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
	if !strings.Contains(r.Body, `"expires_in": 7200`) || !strings.Contains(r.Body, `"token_type": "bearer"`) ||
		!strings.Contains(r.Body, `"scope": "openid profile email"`) {
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
	b.GetJSON(callback).WantError(t, http.StatusBadRequest, "access_denied", "nothing is wrong: sign in again")
	b.GetJSON(callback).WantError(t, http.StatusBadRequest, "invalid_state", "")
	page := b.Get(b.Authorize(b.Begin(""), "user_bob", "deny"))
	if page.StatusCode != http.StatusBadRequest || !strings.Contains(page.Body, "the user denied access") || !strings.Contains(page.Body, "Try again") ||
		strings.Contains(page.Body, "failed") || strings.Contains(page.Body, "look here") {
		t.Errorf("the page of a denied login answered %d:\n%s", page.StatusCode, page.Body)
	}
	if home := b.Get("/"); strings.Contains(home.Body, "Last signed in") {
		t.Error("a user is signed in after Deny")
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
	u, _ := url.Parse(a.Address)
	kept := b.Client.Jar.Cookies(u)
	if r := b.GetJSON(callback); r.StatusCode != http.StatusOK {
		t.Fatalf("the callback answered %d %s", r.StatusCode, r.Body)
	}
	thief := newBrowser(t, a)
	thief.Client.Jar.SetCookies(u, kept)
	thief.GetJSON(callback).WantError(t, http.StatusBadRequest, "invalid_state", "finished already")
}

// A name below localhost is an address like any other: the redirect URI, the cookies and the demo have it.
func TestBaseURL_BelowLocalhost(t *testing.T) {
	t.Parallel()
	a := startApp(t, map[string]string{"BASE_URL": "http://demo.localhost:PORT"})
	b := newBrowser(t, a)
	b.Base = a.Cfg.BaseURL
	b.Client.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(a.Address, "http://"))
	}
	if r := b.Login(); r.StatusCode != 200 || !strings.Contains(r.Body, "Alice") {
		t.Errorf("the login answered %d:\n%s", r.StatusCode, r.Body)
	}
	if r := b.Ask("/userinfo", false); r.StatusCode != 200 {
		t.Errorf("/userinfo answered %d %s", r.StatusCode, r.Body)
	}
}
