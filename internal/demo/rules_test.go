package demo

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// max_age=0 asks for a sign-in of now (OpenID Connect Core section 3.1.2.1): once, and then it goes on.
func TestMaxAge(t *testing.T) {
	for _, row := range []struct {
		name, maxAge string
		later        time.Duration
		asks         bool
	}{
		{"zero", "0", time.Second, true},
		{"too long ago", "60", 2 * time.Minute, true},
		{"lately", "60", 30 * time.Second, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := start(t)
			h.code(authorizeQuery()) // signed in, and allowed
			h.now = h.now.Add(row.later)
			q := authorizeQuery()
			q.Set("max_age", row.maxAge)
			a := h.do("GET", "/authorize?"+q.Encode(), nil, nil)
			if asks := strings.Contains(a.body, "Choose anybody"); asks != row.asks {
				t.Fatalf("asks for a sign-in: %t; want %t", asks, row.asks)
			}
			if row.asks {
				a = h.signIn(q, "user_alice")
			}
			if h.response(a).Get("code") == "" {
				t.Errorf("there is no code after the sign-in: %d %s", a.StatusCode, a.body)
			}
		})
	}
}

// A parameter without a value counts as omitted (RFC 6749 section 3.1): each row is answered as the
// request without the parameter is.
func TestEmptyParameters(t *testing.T) {
	for _, name := range []string{"scope", "prompt", "max_age", "response_mode", "request", "request_uri", "login_hint"} {
		h := start(t)
		q := authorizeQuery()
		q.Del(name)
		h.code(q)
		q.Set(name, "")
		if r := h.response(h.do("GET", "/authorize?"+q.Encode(), nil, nil)); r.Get("code") == "" {
			t.Errorf("an authorization request with an empty %s gives %v", name, r)
		}
	}
	h := start(t)
	form := redeem(h.code(authorizeQuery()))
	form.Set("client_secret", "")
	first := h.do("POST", "/token", form, basic("web", "s3cret"))
	if first.StatusCode != 200 {
		t.Errorf("an empty client_secret beside Basic answered %d %s", first.StatusCode, first.body)
	}
	form = url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first.json["refresh_token"].(string)}, "scope": {""}}
	if a := h.do("POST", "/token", form, basic("web", "s3cret")); a.StatusCode != 200 || a.json["scope"] != "openid profile email" {
		t.Errorf("a refresh with an empty scope answered %d %s", a.StatusCode, a.body)
	}
}

// Whoever guesses at the verifier has one try: the code is spent by a wrong one.
func TestWrongVerifierSpendsTheCode(t *testing.T) {
	for _, verifiers := range [][]string{{verifier}, {strings.Repeat("x", 43), verifier}} {
		h := start(t)
		form := redeem(h.code(authorizeQuery()))
		var last answer
		for _, v := range verifiers {
			form.Set("code_verifier", v)
			last = h.do("POST", "/token", form, basic("web", "s3cret"))
		}
		if honest := len(verifiers) == 1; honest != (last.StatusCode == 200) {
			t.Errorf("after %d requests the right verifier is answered %d %s", len(verifiers), last.StatusCode, last.body)
		}
	}
}

// Each row is a refresh by the token's own client, or by another.
func TestRefreshBelongsToItsClient(t *testing.T) {
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

// Each row revokes a token of the client web, and says whether it is good afterwards.
func TestRevokeBelongsToItsClient(t *testing.T) {
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

// A refused scope costs no refresh token, and a granted one can only be a part of what was allowed.
func TestRefreshScope(t *testing.T) {
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

// Each row is a token that this server signed for an audience.
func TestAudience(t *testing.T) {
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
func TestTokenTypes(t *testing.T) {
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

// The session cookie is out of reach for scripts, for other sites and for other paths, and over
// https for plain http.
func TestSessionCookie(t *testing.T) {
	for _, row := range []struct {
		issuer, name string
		secure       bool
	}{
		{"http://localhost:3000/demo", "demo_session_3000", false},
		{"https://demo.example/demo", "demo_session", true},
	} {
		s, err := New(Config{Issuer: row.issuer, keys: testKeys, Clients: []Client{{ID: "web", RedirectURIs: []string{redirectURI}}}})
		if err != nil {
			t.Fatal(err)
		}
		req := httptest.NewRequest("POST", row.issuer+"/authorize?"+authorizeQuery().Encode(), strings.NewReader("user=user_alice"))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, req)
		cookies := w.Result().Cookies()
		if len(cookies) != 1 {
			t.Fatalf("the sign-in answered %d with the cookies %v", w.Code, cookies)
		}
		c := cookies[0]
		if c.Name != row.name || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/demo/" || c.Domain != "" || c.Secure != row.secure || len(c.Value) < 26 {
			t.Errorf("at %s the cookie is %v", row.issuer, c)
		}
	}
}
