package demo

import (
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Each row is a token that this server signed for an audience.
func TestAPI_Audience(t *testing.T) {
	h := start(t)
	good := h.tokens(authorizeQuery())
	_, claims := decode(t, good["access_token"].(string))
	for _, name := range []string{"exp", "iat", "auth_time"} {
		claims[name] = int64(claims[name].(float64)) // not written as 1.7e+09
	}
	keys, err := h.server.keys()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		audience any
		opens    bool
	}{
		{h.issuer + "/api", true},
		{[]string{"https://other.example/", h.issuer + "/api"}, true},
		{"https://other.example/api", false},
		{h.issuer + "/api/", false},
		{h.issuer, false},
		{[]string{}, false},
		{nil, false},
	} {
		claims["aud"] = row.audience
		raw, err := jwt.Signed(keys.accessToken).Claims(claims).Serialize()
		if err != nil {
			t.Fatal(err)
		}
		a := h.do("GET", "/api/me", nil, bearer(raw))
		if row.opens != (a.StatusCode == 200) {
			t.Errorf("for the audience %v the API answers %d %s", row.audience, a.StatusCode, a.body)
		}
		if !row.opens {
			a.want(t, 401, "invalid_token")
		}
	}
}

// Each row is a token that this server signed, as it would be read. The access token is told from the ID
// token by its type (RFC 9068 section 2.1), and either is refused in the other's place.
func TestAPI_TokenTypes(t *testing.T) {
	h := start(t)
	good := h.tokens(authorizeQuery())
	_, claims := decode(t, good["access_token"].(string))
	id := claims["jti"].(string)
	keys, err := h.server.keys()
	if err != nil {
		t.Fatal(err)
	}
	in := jwt.NewNumericDate(h.now.Add(time.Hour))
	api := jwt.Claims{Issuer: h.issuer, Subject: "user_alice", Audience: jwt.Audience{h.issuer + "/api"}, ID: id, Expiry: in}
	login := jwt.Claims{Issuer: h.issuer, Subject: "user_alice", Audience: jwt.Audience{"web"}, Expiry: in}
	elsewhere, shared := login, login
	elsewhere.Issuer, shared.Audience = "https://other.example", jwt.Audience{"web", "other"}
	for _, row := range []struct {
		name      string
		signer    jose.Signer
		claims    jwt.Claims
		opens, is bool // opens the API, is an ID token
	}{
		{"an access token", keys.accessToken, api, true, false},
		{"the same as an ID token", keys.idToken, api, false, true},
		{"an ID token", keys.idToken, login, false, true},
		{"the same as an access token", keys.accessToken, login, false, false},
		{"another issuer's ID token", keys.idToken, elsewhere, false, false},
		{"an ID token for two", keys.idToken, shared, false, false},
	} {
		raw, err := jwt.Signed(row.signer).Claims(row.claims).Serialize()
		if err != nil {
			t.Fatal(err)
		}
		if opens := h.do("GET", "/api/me", nil, bearer(raw)).StatusCode == 200; opens != row.opens {
			t.Errorf("%s opens the API: %t", row.name, opens)
		}
		if _, is := h.server.readIDToken(raw); is != row.is {
			t.Errorf("%s is read as an ID token: %t", row.name, is)
		}
	}
}
