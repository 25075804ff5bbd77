package demo

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// What the user leaves out on the consent page is not granted, and the client is told so.
func TestScopeLeftOut(t *testing.T) {
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

// A request without a scope asks for the default one (RFC 6749 section 3.3).
func TestDefaultScope(t *testing.T) {
	h := start(t)
	q := authorizeQuery()
	q.Del("scope")
	tokens := h.tokens(q)
	if tokens["scope"] != "profile" || tokens["id_token"] != nil {
		t.Errorf("the token response is %v", tokens)
	}
}

// Switch asks who it is, and comes back to the same request.
func TestSwitch(t *testing.T) {
	h := start(t)
	q := authorizeQuery()
	h.signIn(q, "user_alice")
	a := h.do("POST", "/authorize?"+q.Encode(), url.Values{"decision": {"switch"}}, nil)
	to, err := a.Location()
	if a.StatusCode != http.StatusSeeOther || err != nil {
		t.Fatalf("Switch answered %d", a.StatusCode)
	}
	if page := h.do("GET", to.String(), nil, nil); !strings.Contains(page.body, "Choose anybody") {
		t.Errorf("Switch leads to\n%s", page.body)
	}
	if page := h.signIn(to.Query(), "user_bob"); !strings.Contains(page.body, "Bob Example") || !strings.Contains(page.body, "wants to access") {
		t.Errorf("after it comes\n%s", page.body)
	}
}
