package demo

import (
	"net/url"
	"testing"
)

func TestRefresh_RotatesAndDetectsReuse(t *testing.T) {
	h := start(t)
	tokens := h.tokens(authorizeQuery())
	refresh := func(token any) answer {
		return h.do("POST", "/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token.(string)}}, basic("web", "s3cret"))
	}
	second := refresh(tokens["refresh_token"])
	if second.StatusCode != 200 || second.json["refresh_token"] == tokens["refresh_token"] || second.json["id_token"] == nil {
		t.Fatalf("the refresh answered %d %s", second.StatusCode, second.body)
	}
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {second.json["refresh_token"].(string)}, "scope": {"email"}}
	narrow := h.do("POST", "/token", form, basic("web", "s3cret"))
	if narrow.StatusCode != 200 || narrow.json["scope"] != "email" || narrow.json["id_token"] != nil {
		t.Errorf("a narrower scope answered %d %s", narrow.StatusCode, narrow.body)
	}
	h.do("GET", "/api/me", nil, bearer(narrow.json["access_token"])).want(t, 403, "insufficient_scope")
	refresh(tokens["refresh_token"]).want(t, 400, "invalid_grant") // an old one: the family ends
	refresh(narrow.json["refresh_token"]).want(t, 400, "invalid_grant")
	h.do("GET", "/userinfo", nil, bearer(second.json["access_token"])).want(t, 401, "invalid_token")
}

// Each row is a refresh by the token's own client, or by another.
func TestRefresh_OwnClientOnly(t *testing.T) {
	for _, row := range []struct {
		id, secret string
		good       bool
	}{{"web", "s3cret", true}, {"other", "other", false}} {
		h := start(t)
		token := h.tokens(authorizeQuery())["refresh_token"].(string)
		form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
		a := h.do("POST", "/token", form, basic(row.id, row.secret))
		if row.good != (a.StatusCode == 200) {
			t.Errorf("to %s the refresh answered %d %s", row.id, a.StatusCode, a.body)
		}
		if row.good {
			continue
		}
		a.want(t, 400, "invalid_grant")
		if a := h.do("POST", "/token", form, basic("web", "s3cret")); a.StatusCode != 200 {
			t.Errorf("another client's try has spent the token: %d %s", a.StatusCode, a.body)
		}
	}
}

// A refused scope costs no refresh token, and a granted one can only be a part of what was allowed.
func TestRefresh_Scope(t *testing.T) {
	for _, row := range []struct {
		scope, granted string
		status         int
	}{
		{"openid email", "openid email", 200},
		{"openid profile email", "openid profile email", 200},
		{"openid profile email offline_access", "", 400},
		{"admin", "", 400},
	} {
		h := start(t)
		form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {h.tokens(authorizeQuery())["refresh_token"].(string)}, "scope": {row.scope}}
		a := h.do("POST", "/token", form, basic("web", "s3cret"))
		if granted, _ := a.json["scope"].(string); a.StatusCode != row.status || granted != row.granted {
			t.Errorf("a refresh to %q answered %d with the scope %q", row.scope, a.StatusCode, granted)
		}
		if row.status == 200 {
			continue
		}
		a.want(t, 400, "invalid_scope")
		form.Del("scope")
		if a := h.do("POST", "/token", form, basic("web", "s3cret")); a.StatusCode != 200 || a.json["scope"] != "openid profile email" {
			t.Errorf("after the refused scope %q the refresh token is answered %d %s", row.scope, a.StatusCode, a.body)
		}
	}
}
