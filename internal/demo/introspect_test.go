package demo

import (
	"net/url"
	"testing"
)

func TestIntrospect_BeforeAndAfterRevocation(t *testing.T) {
	h := start(t)
	tokens := h.tokens(authorizeQuery())
	introspect := func(token any, header map[string]string) answer {
		return h.do("POST", "/introspect", url.Values{"token": {token.(string)}}, header)
	}
	for _, name := range []string{"access_token", "refresh_token"} {
		if a := introspect(tokens[name], basic("web", "s3cret")); a.json["active"] != true || a.json["sub"] != "user_alice" {
			t.Errorf("the %s is %s", name, a.body)
		}
		if a := introspect(tokens[name], basic("other", "other")); a.StatusCode != 200 || a.json["active"] != false || len(a.json) != 1 {
			t.Errorf("to another client the %s is %s", name, a.body)
		}
	}
	introspect(tokens["access_token"], nil).want(t, 401, "invalid_client")
	h.do("POST", "/introspect", url.Values{"token": {"x"}, "client_id": {"native"}}, nil).want(t, 401, "invalid_client")
	h.do("POST", "/introspect", url.Values{}, basic("web", "s3cret")).want(t, 400, "invalid_request")

	revoke := func(token any, header map[string]string) answer {
		return h.do("POST", "/revoke", url.Values{"token": {token.(string)}}, header)
	}
	revoke("x", nil).want(t, 401, "invalid_client")
	for _, row := range []struct {
		token  any
		header map[string]string
		active bool
	}{
		{"invented", basic("web", "s3cret"), true},
		{tokens["access_token"], basic("other", "other"), true},
		{tokens["access_token"], basic("web", "s3cret"), false},
	} {
		if a := revoke(row.token, row.header); a.StatusCode != 200 {
			t.Errorf("the revocation answered %d %s", a.StatusCode, a.body)
		}
		if a := introspect(tokens["access_token"], basic("web", "s3cret")); a.json["active"] != row.active {
			t.Errorf("afterwards the access token is %s", a.body)
		}
	}
	if a := introspect(tokens["refresh_token"], basic("web", "s3cret")); a.json["active"] != true {
		t.Errorf("the refresh token went with the access token: %s", a.body)
	}
	again := h.tokens(authorizeQuery())
	revoke(again["refresh_token"], basic("web", "s3cret"))
	h.do("GET", "/userinfo", nil, bearer(again["access_token"])).want(t, 401, "invalid_token")
}

// Each row revokes a token of the client web, and says whether it is good afterwards.
func TestRevoke_OwnClientOnly(t *testing.T) {
	for _, row := range []struct {
		id, secret, token string
		good              bool
	}{
		{"web", "s3cret", "refresh_token", false}, {"other", "other", "refresh_token", true},
		{"web", "s3cret", "access_token", false}, {"other", "other", "access_token", true},
	} {
		h := start(t)
		tokens := h.tokens(authorizeQuery())
		h.do("POST", "/revoke", url.Values{"token": {tokens[row.token].(string)}}, basic(row.id, row.secret))
		if a := h.do("GET", "/userinfo", nil, bearer(tokens["access_token"])); row.good != (a.StatusCode == 200) {
			t.Errorf("after %s revoked the %s, userinfo answers %d", row.id, row.token, a.StatusCode)
		}
		form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens["refresh_token"].(string)}}
		if a := h.do("POST", "/token", form, basic("web", "s3cret")); row.token == "refresh_token" && row.good != (a.StatusCode == 200) {
			t.Errorf("after %s revoked the refresh token, a refresh answers %d", row.id, a.StatusCode)
		}
	}
}
