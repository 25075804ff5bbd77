package main

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"oauth-test-client/internal/chromium"
	"oauth-test-client/internal/testserver"
)

func TestLogout_HereAndAtServer(t *testing.T) {
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

// Before the browser goes to the server, the page says whether the server sends it back or, if not, what to register. On
// the demo server, a client either has the address or has none.
func TestLogout_Address(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	ours := a.Cfg.AfterLogout()
	b := newBrowser(t, a)
	b.Login()
	if page := b.Ask("/logout", true); !strings.Contains(page.Body, "the browser returns to <code>"+ours+"</code>, which is registered") ||
		strings.Contains(page.Body, "logout-uri-not-registered") {
		t.Errorf("where it is registered the page says\n%s", page.Body)
	}

	other := startRegistered(t, a)
	c := newBrowser(t, other)
	c.GetJSON(c.Authorize(c.Begin(""), "user_alice", "allow"))
	page := c.Ask("/logout", true)
	for _, words := range []string{"The address after sign-out is not registered", "<strong>post-logout redirect URIs of the client</strong>",
		"The server refuses " + other.Cfg.AfterLogout() + " as the address after sign-out.", `href="/problems/logout-uri-not-registered"`, "does not match any that is registered", "Sign out of the server too"} {
		if !strings.Contains(page.Body, words) {
			t.Errorf("where it is not registered the page lacks %q:\n%s", words, page.Body)
		}
	}
	c.GetJSON(c.Authorize(c.Begin(""), "user_alice", "allow"))
	if r := c.Ask("/logout", false); r.StatusCode != 200 || !strings.Contains(r.Body, `"name": "logout-uri-not-registered"`) ||
		!strings.Contains(r.Body, `"post_logout_redirect_uri": "`+other.Cfg.AfterLogout()+`"`) {
		t.Errorf("a program gets %d %s", r.StatusCode, r.Body)
	}

	l := testserver.StartFakeServer(t) // it knows no such address: its answers don't tell
	l.Document = func(d map[string]any) { d["end_session_endpoint"] = l.Issuer + "/authorize" }
	d := newBrowser(t, startApp(t, l.Env()))
	d.GetJSON(l.Approve(t, d.Begin("")))
	if page := d.Ask("/logout", true); !strings.Contains(page.Body, "the browser returns here only if <code>"+d.App.Cfg.AfterLogout()+"</code> is registered") {
		t.Errorf("where it is not known the page says\n%s", page.Body)
	}
}

// A refusal without a known cause is shown with the server's words, if the browser would get the same: without an ID token.
func TestLogout_Refused(t *testing.T) {
	t.Parallel()
	for scopes, told := range map[string]bool{"profile": true, "openid profile": false} {
		l := testserver.StartFakeServer(t)
		l.Document = func(d map[string]any) { d["end_session_endpoint"] = l.Issuer + "/bye" }
		l.Response = func(response map[string]any) {
			if scopes == "profile" {
				delete(response, "id_token")
			}
		}
		l.Around(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/bye" {
					testserver.SendBody(400, "application/json", `{"error":"invalid_request","error_description":"id_token_hint is <b>required</b>"}`)(w, r)
					return
				}
				next.ServeHTTP(w, r)
			})
		})
		env := l.Env()
		env["SCOPES"] = scopes
		b := newBrowser(t, startApp(t, env))
		if r := b.GetJSON(l.Approve(t, b.Begin(""))); r.StatusCode != 200 {
			t.Fatalf("the login answered %d %s", r.StatusCode, r.Body)
		}
		page := b.Ask("/logout", true)
		for _, words := range []string{"<h2>The server refuses this sign-out</h2>", "<blockquote>id_token_hint is &lt;b&gt;required"} {
			if strings.Contains(page.Body, words) != told {
				t.Errorf("with the scopes %q the page has %q: %t\n%s", scopes, words, !told, page.Body)
			}
		}
	}
}

// The page can be read and used in a real browser, where the address is not registered.
func TestLogout_InChromium(t *testing.T) {
	t.Parallel()
	other := startRegistered(t, startApp(t, nil))
	page := chromium.Open(t)
	page.Go(other.URL + "/login")
	page.Press(`button[value="user_alice"]`, "wants to access your account")
	page.Press(`button[value="allow"]`, "Signed in as Alice Example")
	page.Go(other.URL + "/session")
	page.Press(`form[action="/logout"] button`, "The address after sign-out is not registered")
	page.Shot("logout")
	page.Press(`a[href*="/demo/logout"]`, "does not match any that is registered") // as it was said
}

// startRegistered starts an app with a client that is registered at the demo server of another, with a redirect URI alone.
func startRegistered(t *testing.T, demo *app) *app {
	t.Helper()
	port := testserver.FreePort(t)
	base := "http://127.0.0.1:" + port
	r, err := http.Post(demo.URL+"/demo/register", "application/json", strings.NewReader(`{"redirect_uris":["`+base+`/oauth_callback"]}`))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	var client struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	if err := json.NewDecoder(r.Body).Decode(&client); err != nil || client.ID == "" {
		t.Fatalf("the demo server answered %d: %v", r.StatusCode, err)
	}
	return startAppAt(t, port, map[string]string{"ISSUER": demo.Cfg.Issuer, "CLIENT_ID": client.ID, "CLIENT_SECRET": client.Secret, "BASE_URL": base})
}

// endSessionLink returns the link to the server on the page after a logout, or "".
func endSessionLink(page string) string {
	found := regexp.MustCompile(`href="([^"]*)">Sign out of the server too`).FindStringSubmatch(page)
	if found == nil {
		return ""
	}
	return html.UnescapeString(found[1])
}
