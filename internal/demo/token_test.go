package demo

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
	"time"
)

// Each row spoils one thing of a token request that is otherwise right.
func TestToken_Refuses(t *testing.T) {
	for _, row := range []struct {
		name   string
		spoil  func(h *harness, form url.Values, header map[string]string)
		status int
		code   string
	}{
		{"nothing", func(*harness, url.Values, map[string]string) {}, 200, ""},
		{"wrong secret", func(_ *harness, _ url.Values, header map[string]string) {
			header["Authorization"] = basic("web", "x")["Authorization"]
		}, 401, "invalid_client"},
		{"no secret", func(_ *harness, form url.Values, header map[string]string) {
			delete(header, "Authorization")
			form.Set("client_id", "web")
		}, 401, "invalid_client"},
		{"nobody", func(_ *harness, _ url.Values, header map[string]string) { delete(header, "Authorization") }, 401, "invalid_client"},
		{"a secret for a public client", func(_ *harness, _ url.Values, header map[string]string) {
			header["Authorization"] = basic("native", "x")["Authorization"]
		}, 401, "invalid_client"},
		{"two methods", func(_ *harness, form url.Values, _ map[string]string) { form.Set("client_secret", "s3cret") }, 400, "invalid_request"},
		{"two clients", func(_ *harness, form url.Values, _ map[string]string) { form.Set("client_id", "other") }, 401, "invalid_client"},
		{"another client's code", func(_ *harness, _ url.Values, header map[string]string) {
			header["Authorization"] = basic("other", "other")["Authorization"]
		}, 400, "invalid_grant"},
		{"no grant type", func(_ *harness, form url.Values, _ map[string]string) { form.Del("grant_type") }, 400, "invalid_request"},
		{"another grant type", func(_ *harness, form url.Values, _ map[string]string) { form.Set("grant_type", "password") }, 400, "unsupported_grant_type"},
		{"a parameter twice", func(_ *harness, form url.Values, _ map[string]string) { form.Add("code", "x") }, 400, "invalid_request"},
		{"JSON", func(_ *harness, _ url.Values, header map[string]string) { header["Content-Type"] = "application/json" }, 400, "invalid_request"},
		{"no code", func(_ *harness, form url.Values, _ map[string]string) { form.Del("code") }, 400, "invalid_grant"},
		{"another redirect URI", func(_ *harness, form url.Values, _ map[string]string) { form.Set("redirect_uri", redirectURI+"/") }, 400, "invalid_grant"},
		{"no redirect URI", func(_ *harness, form url.Values, _ map[string]string) { form.Del("redirect_uri") }, 400, "invalid_grant"},
		{"no verifier", func(_ *harness, form url.Values, _ map[string]string) { form.Del("code_verifier") }, 400, "invalid_grant"},
		{"another verifier", func(_ *harness, form url.Values, _ map[string]string) {
			form.Set("code_verifier", strings.Repeat("x", 43))
		}, 400, "invalid_grant"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := start(t)
			form, header := redeem(h.code(authorizeQuery())), basic("web", "s3cret")
			row.spoil(h, form, header)
			a := h.do("POST", "/token", form, header)
			if row.code != "" {
				a.want(t, row.status, row.code)
			} else if a.StatusCode != row.status {
				t.Errorf("the request as it is was answered %d %s", a.StatusCode, a.body)
			}
			if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Content-Type") != "application/json" {
				t.Errorf("the headers are %v", a.Header)
			}
			if row.status == 401 && !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Basic") {
				t.Error("a 401 without WWW-Authenticate")
			}
		})
	}
}

// A code lives ten minutes.
func TestRedeemCode_Life(t *testing.T) {
	for waited, status := range map[time.Duration]int{10*time.Minute - 5*time.Second: 200, 10*time.Minute + 5*time.Second: 400} {
		h := start(t)
		form := redeem(h.code(authorizeQuery()))
		h.now = h.now.Add(waited)
		if a := h.do("POST", "/token", form, basic("web", "s3cret")); a.StatusCode != status {
			t.Errorf("after %s the code is answered %d %s", waited, a.StatusCode, a.body)
		}
	}
}

func TestToken_SecretInBodyAndPublicClient(t *testing.T) {
	h := start(t)
	form := redeem(h.code(authorizeQuery()))
	form.Set("client_id", "web")
	form.Set("client_secret", "s3cret")
	if a := h.do("POST", "/token", form, nil); a.StatusCode != 200 {
		t.Errorf("client_secret_post answered %d %s", a.StatusCode, a.body)
	}
	q := authorizeQuery()
	q.Set("client_id", "native")
	form = redeem(h.code(q))
	form.Set("client_id", "native")
	if a := h.do("POST", "/token", form, nil); a.StatusCode != 200 {
		t.Errorf("a public client was answered %d %s", a.StatusCode, a.body)
	}
}

// A code that is used twice takes everything with it that came of it.
func TestRedeemCode_ReuseEndsTokens(t *testing.T) {
	h := start(t)
	form := redeem(h.code(authorizeQuery()))
	first := h.do("POST", "/token", form, basic("web", "s3cret"))
	if a := h.do("GET", "/userinfo", nil, bearer(first.json["access_token"])); a.StatusCode != 200 {
		t.Fatalf("userinfo answered %d %s", a.StatusCode, a.body)
	}
	h.do("POST", "/token", form, basic("web", "s3cret")).want(t, 400, "invalid_grant")
	h.do("GET", "/userinfo", nil, bearer(first.json["access_token"])).want(t, 401, "invalid_token")
	refresh := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first.json["refresh_token"].(string)}}
	h.do("POST", "/token", refresh, basic("web", "s3cret")).want(t, 400, "invalid_grant")
}

func TestToken_ResponseShape(t *testing.T) {
	h := start(t)
	tokens := h.tokens(authorizeQuery())
	if tokens["expires_in"] != 7200.0 || tokens["token_type"] != "bearer" || tokens["scope"] != "openid profile email" {
		t.Errorf("the token response is %v", tokens)
	}
	header, claims := decode(t, tokens["access_token"].(string))
	for name, want := range map[string]any{
		"iss":       h.issuer,
		"sub":       "user_alice",
		"client_id": "web",
		"aud":       h.issuer + "/api",
		"scope":     "openid profile email",
	} {
		if claims[name] != want {
			t.Errorf("the access token's %s is %v; want %v", name, claims[name], want)
		}
	}
	if header["typ"] != "at+jwt" || claims["jti"] == nil || claims["exp"].(float64)-claims["iat"].(float64) != 7200 {
		t.Errorf("the access token is %v %v", header, claims)
	}
	_, claims = decode(t, tokens["id_token"].(string))
	hash := sha256.Sum256([]byte(tokens["access_token"].(string)))
	for name, want := range map[string]any{"iss": h.issuer, "sub": "user_alice", "aud": "web", "nonce": "some-nonce", "email": "alice@example.com",
		"at_hash": base64.RawURLEncoding.EncodeToString(hash[:16])} {
		if claims[name] != want {
			t.Errorf("the ID token's %s is %v; want %v", name, claims[name], want)
		}
	}
}

// A wrong verifier leaves the code good: a thief's attempt does not end the user's login. Any other mistake spends it.
func TestRedeemCode_WrongVerifierKeepsCode(t *testing.T) {
	other := strings.Repeat("x", 43)
	for _, row := range []struct {
		name, parameter, wrong string
		good                   bool
	}{
		{"no mistake", "", "", true},
		{"a wrong verifier", "code_verifier", other, true},
		{"a wrong redirect URI", "redirect_uri", "http://localhost:3000/other", false},
	} {
		h := start(t)
		form := redeem(h.code(authorizeQuery()))
		if honest := form.Get(row.parameter); row.parameter != "" {
			form.Set(row.parameter, row.wrong)
			if refused := h.do("POST", "/token", form, basic("web", "s3cret")); refused.StatusCode != 400 || !strings.Contains(refused.body, "invalid_grant") {
				t.Errorf("%s is answered %d %s", row.name, refused.StatusCode, refused.body)
			}
			form.Set(row.parameter, honest)
		}
		if last := h.do("POST", "/token", form, basic("web", "s3cret")); row.good != (last.StatusCode == 200) {
			t.Errorf("after %s the right request is answered %d %s", row.name, last.StatusCode, last.body)
		}
	}
}
