package main

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
)

func TestLogout(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	b := newBrowser(t, a)
	b.Login()
	page := b.Ask("/logout", true)
	to := endSessionLink(page.Body)
	if page.StatusCode != 200 || !strings.Contains(page.Body, "You are signed out") || to == "" {
		t.Fatalf("/logout answered %d without saying so, or without the way to the server:\n%s", page.StatusCode, page.Body)
	}
	u, _ := url.Parse(to)
	if !strings.HasPrefix(to, a.Cfg.Issuer+"/logout?") || u.Query().Get("id_token_hint") == "" ||
		u.Query().Get("post_logout_redirect_uri") != a.Cfg.BaseURL+"/" {
		t.Errorf("the logout goes to %s", to)
	}
	state := u.Query().Get("state")
	back := b.Location(b.Get(to))
	if state == "" || back != a.Cfg.BaseURL+"/?state="+state {
		t.Errorf("the server sends the browser to %s; want our state %q", back, state)
	}
	if r := b.GetJSON(back); r.StatusCode != 200 || !strings.Contains(r.Body, `"signed_out": true`) {
		t.Errorf("with our state the browser gets %d %s", r.StatusCode, r.Body)
	}
	b.GetJSON("/?state=of-somebody-else").WantError(t, 400, "invalid_state", "")
	if r := b.GetJSON("/"); r.StatusCode != 200 || strings.Contains(r.Body, "signed_out") {
		t.Errorf("without a state the browser gets %d %s", r.StatusCode, r.Body)
	}
	if r := newBrowser(t, a).GetJSON(back); r.StatusCode != 200 || strings.Contains(r.Body, "signed_out") {
		t.Errorf("another browser gets %d %s", r.StatusCode, r.Body)
	}
	b.Ask("/session", false).WantError(t, 401, "no_token", "")
	if page := b.Get(b.Begin("")); !strings.Contains(page.Body, "Choose any user") {
		t.Error("the user is still signed in at the server")
	}
	b.Login()
	if r := b.Ask("/logout", false); r.StatusCode != 200 || !strings.Contains(r.Body, `"signed_out": true`) ||
		!strings.Contains(r.Body, `"end_session_uri": "`+a.Cfg.Issuer) {
		t.Errorf("/logout answered %d %s", r.StatusCode, r.Body)
	}

	l := testserver.StartFakeServer(t)
	other := newBrowser(t, startApp(t, l.Env()))
	other.GetJSON(l.Approve(t, other.Begin("")))
	cross, _ := http.NewRequest(http.MethodPost, other.App.Address+"/logout", nil)
	cross.Header.Set("Sec-Fetch-Site", "same-site")
	if r := other.Do(cross); r.StatusCode != http.StatusForbidden {
		t.Errorf("a logout from another port of localhost answered %d", r.StatusCode)
	}
	if page := other.Ask("/logout", true); page.StatusCode != 200 || endSessionLink(page.Body) != "" || !strings.Contains(page.Body, "offers no sign-out") {
		t.Errorf("without an endpoint the logout answers %d:\n%s", page.StatusCode, page.Body)
	}
}

// endSessionLink is the link of the page after a logout that leads to the server, or "".
func endSessionLink(page string) string {
	found := regexp.MustCompile(`href="([^"]*)">Sign out of the server too`).FindStringSubmatch(page)
	if found == nil {
		return ""
	}
	return html.UnescapeString(found[1])
}
