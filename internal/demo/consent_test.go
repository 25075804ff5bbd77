package demo

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// What the user leaves out on the consent page is not granted, and the client is told so.
func TestConsent_ScopeLeftOut(t *testing.T) {
	const asked = "openid profile email"
	for _, row := range []struct {
		name    string
		form    url.Values
		granted string
	}{
		{"everything", url.Values{"choice": {"yes"}, "scope": {"profile", "email"}}, asked},
		{"no boxes", url.Values{}, asked},
		{"without the address", url.Values{"choice": {"yes"}, "scope": {"profile"}}, "openid profile"},
		{"openid stays", url.Values{"choice": {"yes"}}, "openid"},
		{"more than was asked for", url.Values{"choice": {"yes"}, "scope": {"profile", "notes", "admin"}}, "openid profile"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := start(t)
			q := authorizeQuery()
			h.signIn(q, "user_alice")
			row.form.Set("decision", "allow")
			code := h.response(h.do("POST", "/authorize?"+q.Encode(), row.form, nil)).Get("code")
			tokens := h.do("POST", "/token", redeem(code), basic("web", "s3cret"))
			if tokens.json["scope"] != row.granted {
				t.Fatalf("the token response names %v; want %q", tokens.json["scope"], row.granted)
			}
			email := h.do("GET", "/userinfo", nil, bearer(tokens.json["access_token"])).json["email"]
			if given := strings.Contains(row.granted, "email"); given != (email != nil) {
				t.Errorf("userinfo tells the address %v", email)
			}
			again := h.do("GET", "/authorize?"+q.Encode(), nil, nil)
			if asks := strings.Contains(again.body, "wants to access"); asks != (row.granted != asked) {
				t.Errorf("the next request for the same scopes is answered %d", again.StatusCode)
			}
		})
	}
	h := start(t)
	q := authorizeQuery()
	q.Set("scope", "profile email")
	h.signIn(q, "user_alice")
	r := h.response(h.do("POST", "/authorize?"+q.Encode(), url.Values{"decision": {"allow"}, "choice": {"yes"}}, nil))
	if r.Get("error") != "access_denied" || r.Has("code") {
		t.Errorf("with everything left out the response is %v", r)
	}
}

// What asks is told from what only says so: a client of the configuration is verified, one that registered itself
// isn't, whatever its name.
func TestConsent_WhoAsks(t *testing.T) {
	t.Parallel()
	h := start(t)
	registered := h.register(`{"client_name":"A web application","redirect_uris":["https://evil.example/back"]}`, nil).json["client_id"].(string)
	h.now = h.now.Add(5 * time.Minute)
	for _, row := range []struct{ client, redirectURI, has, lacks string }{
		{"web", redirectURI, "<strong>127.0.0.1:1</strong> <span class=\"vouch\">", "Not verified"},
		{registered, "https://evil.example/back", "<strong>evil.example</strong> <span class=\"vouch not\">", "Verified by"},
		{registered, "https://evil.example/back", "It was registered 5 minutes ago", "Verified by"},
	} {
		q := authorizeQuery()
		q.Set("client_id", row.client)
		q.Set("redirect_uri", row.redirectURI)
		page := h.signIn(q, "user_alice").body
		if !strings.Contains(page, "A web application</strong> wants to access") || !strings.Contains(page, row.has) || strings.Contains(page, row.lacks) {
			t.Errorf("the consent page of %s lacks %q, or has %q:\n%s", row.client, row.has, row.lacks, page)
		}
	}
}

// Each scope is explained, with what it opens for this user. A new scope needs words.
func TestPermissions_ExplainEachScope(t *testing.T) {
	t.Parallel()
	for _, u := range users {
		list := permissions(scopesSupported, u)
		if len(list) != len(scopesSupported) {
			t.Fatalf("%d scopes are explained; want %d", len(list), len(scopesSupported))
		}
		for i, p := range list {
			if p.Name != scopesSupported[i] || p.Words == "" || p.Value == "" || p.Required != (p.Name == "openid") {
				t.Errorf("%s: %+v", p.Name, p)
			}
		}
	}
}

func TestAgo(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second: "just now", 0: "just now", 59 * time.Second: "just now", time.Minute: "1 minute ago", 119 * time.Second: "1 minute ago",
		59 * time.Minute: "59 minutes ago", time.Hour: "1 hour ago", 23 * time.Hour: "23 hours ago", 24 * time.Hour: "1 day ago", 50 * time.Hour: "2 days ago",
	} {
		if got := ago(d); got != want {
			t.Errorf("ago(%s) is %q; want %q", d, got, want)
		}
	}
}

// Revoke ends what one user has allowed one client: the tokens, a code that waits, and the consent. Nothing else ends.
func TestRevokeAccess_OneUserAndClient(t *testing.T) {
	t.Parallel()
	for _, client := range []string{"web", "other", ""} {
		h := start(t)
		bob := h.userTokens("user_bob")
		bobWaits := h.response(h.do("GET", "/authorize?"+authorizeQuery().Encode(), nil, nil)).Get("code")
		alice := h.userTokens("user_alice")
		waiting := h.response(h.do("GET", "/authorize?"+authorizeQuery().Encode(), nil, nil)).Get("code")
		page := h.do("GET", "/", nil, nil).body
		for _, want := range []string{"A web application", "See your email address", "You allowed it just now", `<button name="client" value="web"`} {
			if !strings.Contains(page, want) {
				t.Errorf("the page lacks %q:\n%s", want, page)
			}
		}
		a := h.do("POST", "/granted", url.Values{"client": {client}}, nil)
		if to, err := a.Location(); a.StatusCode != 303 || err != nil || to.Path != "/demo/" {
			t.Errorf("Revoke answered %d to %v", a.StatusCode, to)
		}
		page = h.do("GET", "/", nil, nil).body
		for what, good := range map[string]bool{
			"the row on the page": strings.Contains(page, "See your email address"),
			"the access token":    h.opens(alice["access_token"]),
			"the refresh token":   h.refreshed(alice["refresh_token"]).StatusCode == 200,
			"the code":            h.do("POST", "/token", redeem(waiting), basic("web", "s3cret")).StatusCode == 200,
			"the consent":         !strings.Contains(h.do("GET", "/authorize?"+authorizeQuery().Encode(), nil, nil).body, "wants to access"),
		} {
			if good != (client != "web") {
				t.Errorf("after %q was revoked, %s is good: %t", client, what, good)
			}
		}
		if !h.opens(bob["access_token"]) || h.refreshed(bob["refresh_token"]).StatusCode != 200 ||
			h.do("POST", "/token", redeem(bobWaits), basic("web", "s3cret")).StatusCode != 200 {
			t.Errorf("after %q was revoked, another user's code and tokens are no longer good", client)
		}
	}
}

// userTokens runs a user's login and returns the token response.
func (h *harness) userTokens(user string) map[string]any {
	h.t.Helper()
	q := authorizeQuery()
	h.signIn(q, user)
	code := h.response(h.do("POST", "/authorize?"+q.Encode(), url.Values{"decision": {"allow"}}, nil)).Get("code")
	return h.do("POST", "/token", redeem(code), basic("web", "s3cret")).json
}

// Revoke is for the user who is signed in, from this server's own page.
func TestRevokeAccess_Guarded(t *testing.T) {
	t.Parallel()
	h := start(t)
	token := h.userTokens("user_alice")["access_token"]
	form := url.Values{"client": {"web"}}
	h.do("POST", "/granted", form, map[string]string{"Sec-Fetch-Site": "cross-site"}).want(t, 403, "access_denied")
	if a := h.do("GET", "/granted?client=web", nil, nil); a.StatusCode != 405 {
		t.Errorf("GET was answered %d", a.StatusCode)
	}
	h.do("POST", "/logout", url.Values{"confirm": {"yes"}}, nil)
	h.do("POST", "/granted", form, nil)
	if !h.opens(token) {
		t.Error("the access was revoked by another site, by a link or without a sign-in")
	}
	if page := h.do("GET", "/", nil, nil).body; strings.Contains(page, `name="client"`) {
		t.Errorf("signed out, the page lists\n%s", page)
	}
}

// A later consent for less leaves earlier codes and tokens as they are, so the page lists what those can do. Each row
// ends them in its own way.
func TestGranted_EarlierGrant(t *testing.T) {
	t.Parallel()
	revoke := func(h *harness, token any) {
		h.do("POST", "/revoke", url.Values{"token": {token.(string)}}, basic("web", "s3cret"))
	}
	redeemed := func(h *harness, code string) map[string]any {
		return h.do("POST", "/token", redeem(code), basic("web", "s3cret")).json
	}
	for _, row := range []struct {
		name string
		ends func(h *harness, code string)
		open bool
	}{
		{"a code that waits", func(*harness, string) {}, true},
		{"a code that was redeemed", func(h *harness, code string) { redeemed(h, code) }, true},
		{"a refreshed token", func(h *harness, code string) { h.refreshed(redeemed(h, code)["refresh_token"]) }, true},
		{"an access token that was revoked alone", func(h *harness, code string) { revoke(h, redeemed(h, code)["access_token"]) }, true},
		{"a refresh token that was revoked", func(h *harness, code string) { revoke(h, redeemed(h, code)["refresh_token"]) }, false},
		{"a code that was refused", func(h *harness, code string) {
			form := redeem(code)
			form.Set("redirect_uri", "http://localhost:3000/other")
			h.do("POST", "/token", form, basic("web", "s3cret"))
		}, false},
		{"a code that has expired", func(h *harness, _ string) { h.now = h.now.Add(codeLife + time.Second) }, false},
	} {
		h := start(t)
		code := h.code(authorizeQuery())
		q := authorizeQuery()
		q.Set("prompt", "consent")
		h.do("POST", "/authorize?"+q.Encode(), url.Values{"decision": {"allow"}, "choice": {"yes"}}, nil)
		row.ends(h, code)
		page := h.do("GET", "/", nil, nil).body
		if open := strings.Contains(page, "See your email address"); open != row.open || !strings.Contains(page, "Confirm who you are") {
			t.Errorf("%s: the page lists the address: %t; want %t:\n%s", row.name, open, row.open, page)
		}
	}
}

// A request without a scope asks for the default one (RFC 6749 section 3.3).
func TestAuthorize_DefaultScope(t *testing.T) {
	h := start(t)
	q := authorizeQuery()
	q.Del("scope")
	tokens := h.tokens(q)
	if tokens["scope"] != "profile" || tokens["id_token"] != nil {
		t.Errorf("the token response is %v", tokens)
	}
}

// Switch asks who it is, and comes back to the same request.
func TestConsent_SwitchUser(t *testing.T) {
	h := start(t)
	q := authorizeQuery()
	h.signIn(q, "user_alice")
	a := h.do("POST", "/authorize?"+q.Encode(), url.Values{"decision": {"switch"}}, nil)
	to, err := a.Location()
	if a.StatusCode != http.StatusSeeOther || err != nil {
		t.Fatalf("Switch answered %d", a.StatusCode)
	}
	if page := h.do("GET", to.String(), nil, nil); !strings.Contains(page.body, "Choose any user") {
		t.Errorf("Switch leads to\n%s", page.body)
	}
	if page := h.signIn(to.Query(), "user_bob"); !strings.Contains(page.body, "Bob Example") || !strings.Contains(page.body, "wants to access") {
		t.Errorf("after it comes\n%s", page.body)
	}
}
