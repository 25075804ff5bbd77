package demo

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestLogout_HintAndConfirmation(t *testing.T) {
	h := start(t)
	tokens := h.tokens(authorizeQuery())
	signedIn := func() bool {
		q := authorizeQuery()
		q.Set("prompt", "none")
		return h.response(h.do("GET", "/authorize?"+q.Encode(), nil, nil)).Get("error") != "login_required"
	}
	const back = "http://127.0.0.1:1/"
	page := h.do("GET", "/logout", nil, nil)
	if page.StatusCode != 200 || !strings.Contains(page.body, "Sign out?") || !signedIn() {
		t.Errorf("a logout without a hint answered %d, signed in: %t", page.StatusCode, signedIn())
	}
	h.do("GET", "/logout?post_logout_redirect_uri=https://evil.example/&client_id=web", nil, nil).want(t, 400, "invalid_request")
	h.do("GET", "/logout?post_logout_redirect_uri="+url.QueryEscape(back), nil, nil).want(t, 400, "invalid_request")
	query := url.Values{"id_token_hint": {tokens["id_token"].(string)}, "post_logout_redirect_uri": {back}, "state": {"s"}}
	a := h.do("GET", "/logout?"+query.Encode(), nil, nil)
	if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != back+"?state=s" || signedIn() {
		t.Errorf("a logout with a hint answered %d to %q, signed in: %t", a.StatusCode, a.Header.Get("Location"), signedIn())
	}
	h.signIn(authorizeQuery(), "user_bob") // a different user than that of the hint
	if page := h.do("GET", "/logout?"+query.Encode(), nil, nil); page.StatusCode != 200 || !signedIn() {
		t.Errorf("another user's hint answered %d, signed in: %t", page.StatusCode, signedIn())
	}
	a = h.do("POST", "/logout?client_id=web&post_logout_redirect_uri="+url.QueryEscape(back), url.Values{"confirm": {"yes"}}, nil)
	if a.Header.Get("Location") != back || signedIn() {
		t.Errorf("the confirmed logout answered %d to %q, signed in: %t", a.StatusCode, a.Header.Get("Location"), signedIn())
	}
}
