package demo

import (
	"encoding/xml"
	"net/url"
	"strings"
	"testing"
)

func TestHome_UsersAndAddresses(t *testing.T) {
	h := start(t)
	page := h.do("GET", "/", nil, nil)
	for _, want := range []string{"You aren't signed in", "Alice Example", "bob@example.com", "/demo/faces/carol.svg", h.issuer + "/token",
		h.issuer + "/api/notes", "Reset the demo", `href="http://127.0.0.1:1/"`} {
		if page.StatusCode != 200 || !strings.Contains(page.body, want) {
			t.Errorf("the page answered %d and lacks %q", page.StatusCode, want)
		}
	}
	h.signIn(authorizeQuery(), "user_bob")
	if page := h.do("GET", "/", nil, nil); strings.Contains(page.body, "You aren't signed in") || !strings.Contains(page.body, `<a href="/demo/logout">Sign out</a>`) {
		t.Errorf("after a sign-in the page is\n%s", page.body)
	}
	if a := h.do("GET", "/nothing-here", nil, nil); a.StatusCode != 404 {
		t.Errorf("an unknown path answered %d", a.StatusCode)
	}
}

// Reset forgets sign-ins, consents, codes and tokens, and turns the mistake off; clients stay registered.
func TestReset_KeepsClientsOnly(t *testing.T) {
	for _, reset := range []bool{false, true} {
		h := start(t)
		if err := h.server.Break(WrongVerifier); err != nil {
			t.Fatal(err)
		}
		tokens := h.tokens(authorizeQuery())
		waiting := h.response(h.do("GET", "/authorize?"+authorizeQuery().Encode(), nil, nil)).Get("code")
		if reset {
			a := h.do("POST", "/reset", url.Values{}, map[string]string{"Origin": strings.TrimSuffix(h.issuer, "/demo")})
			if to, err := a.Location(); a.StatusCode != 303 || err != nil ||
				!strings.Contains(h.do("GET", to.String(), nil, nil).body, "All sign-ins, consents, codes and tokens are gone") || h.server.SetUp().Broken() {
				t.Errorf("the reset answered %d to %v", a.StatusCode, to)
			}
		}
		refresh := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens["refresh_token"].(string)}}
		for what, good := range map[string]bool{
			"the access token":  h.do("GET", "/api/me", nil, bearer(tokens["access_token"])).StatusCode == 200,
			"the refresh token": h.do("POST", "/token", refresh, basic("web", "s3cret")).StatusCode == 200,
			"the code":          h.do("POST", "/token", redeem(waiting), basic("web", "s3cret")).StatusCode == 200,
			"the sign-in":       !strings.Contains(h.do("GET", "/authorize?"+authorizeQuery().Encode(), nil, nil).body, "Choose any user"),
			"the consent":       !strings.Contains(h.signIn(authorizeQuery(), "user_alice").body, "wants to access"),
		} {
			if good == reset {
				t.Errorf("after a reset (%t) %s is good: %t", reset, what, good)
			}
		}
	}
}

// Only this server's own pages may reset it; a program without a browser may too.
func TestReset_Guarded(t *testing.T) {
	for _, row := range []struct {
		name   string
		header map[string]string
		status int
	}{
		{"our page", map[string]string{"Sec-Fetch-Site": "same-origin"}, 303},
		{"no browser", nil, 303},
		{"another site", map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		{"another port", map[string]string{"Sec-Fetch-Site": "same-site"}, 403},
		{"another origin, old browser", map[string]string{"Origin": "https://evil.example"}, 403},
		{"a sandboxed frame, old browser", map[string]string{"Origin": "null"}, 403},
	} {
		h := start(t)
		h.signIn(authorizeQuery(), "user_alice")
		a := h.do("POST", "/reset", url.Values{}, row.header)
		kept := strings.Contains(h.do("GET", "/", nil, nil).body, "Sign out")
		if a.StatusCode != row.status || kept != (row.status == 403) {
			t.Errorf("%s: answered %d; still signed in: %t", row.name, a.StatusCode, kept)
		}
	}
	h := start(t)
	if a := h.do("GET", "/reset", nil, nil); a.StatusCode != 405 {
		t.Errorf("GET /reset answered %d", a.StatusCode)
	}
}

// Each user's face is a picture that the scope profile names.
func TestProfile_Picture(t *testing.T) {
	h := start(t)
	tokens := h.tokens(authorizeQuery())
	info := h.do("GET", "/userinfo", nil, bearer(tokens["access_token"]))
	_, claims := decode(t, tokens["id_token"].(string))
	if want := h.issuer + "/faces/alice.svg"; info.json["picture"] != want || claims["picture"] != want {
		t.Errorf("the picture is %v and %v; want %s", info.json["picture"], claims["picture"], want)
	}
	q := authorizeQuery()
	q.Set("scope", "openid email")
	if info := h.do("GET", "/userinfo", nil, bearer(h.tokens(q)["access_token"])); len(info.json) != 3 || info.json["email"] != "alice@example.com" {
		t.Errorf("without the scope profile userinfo tells %s", info.body)
	}
	for _, u := range users {
		a := h.do("GET", "/faces/"+u.Username+".svg", nil, nil)
		if a.StatusCode != 200 || a.Header.Get("Content-Type") != "image/svg+xml" || xml.Unmarshal([]byte(a.body), new(struct{})) != nil {
			t.Errorf("the face of %s answered %d %s", u.Name, a.StatusCode, a.Header.Get("Content-Type"))
		}
	}
	for _, path := range []string{"/faces/nobody.svg", "/faces/..%2fhome.html", "/faces/", "/home.html"} {
		if a := h.do("GET", path, nil, nil); a.StatusCode == 200 {
			t.Errorf("%s answered 200", path)
		}
	}
}
