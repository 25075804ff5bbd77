package oauth

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	jose "github.com/go-jose/go-jose/v4"

	"oauth-test-client/internal/testserver"
)

// A login continues only with the server and the client that it started with.
func TestBinding_OneServerAndClient(t *testing.T) {
	l, other := testserver.StartFakeServer(t), testserver.StartFakeServer(t)
	for _, server := range []*testserver.FakeServer{l, other} {
		server.Document = func(d map[string]any) { d["end_session_endpoint"] = server.Issuer + "/end" }
	}
	begin := func() *Request {
		c := clientAt(t, l.Env())
		r, err := c.NewRequest(nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.AuthorizationURL(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	for name, row := range map[string]struct {
		change map[string]string
		same   bool
	}{
		"nothing":              {nil, true},
		"the secret":           {map[string]string{"CLIENT_SECRET": "another-one"}, true},
		"the scopes":           {map[string]string{"SCOPES": "openid"}, true},
		"the token endpoint":   {map[string]string{"TOKEN_ENDPOINT": l.Issuer + "/other"}, false},
		"the client":           {map[string]string{"CLIENT_ID": "other"}, false},
		"the redirect URI":     {map[string]string{"BASE_URL": "http://localhost:4567"}, false},
		"the issuer":           {map[string]string{"ISSUER": other.Issuer, "TOKEN_ENDPOINT": l.Issuer + "/token"}, false},
		"the issuer (as well)": {map[string]string{"ISSUER": other.Issuer}, false},
	} {
		env := l.Env()
		env["RESOURCE_URL"] = l.Issuer + "/api"
		for variable, value := range row.change {
			env[variable] = value
		}
		c := clientAt(t, env)
		r := begin()
		if r.Binding == "" {
			t.Fatal("a login has no binding")
		}
		err := c.CheckServer(t.Context(), r)
		if (err == nil) != row.same {
			t.Errorf("%s changed: %v", name, err)
		}
		if _, _, err := c.Refresh(t.Context(), Tokens{Refresh: "r"}, r, nil); !row.same && (err == nil || !strings.HasPrefix(err.Error(), CodeOtherServer)) {
			t.Errorf("%s changed, and the refresh token was sent: %v", name, err)
		}
		if _, err := c.CheckResponse(t.Context(), r, url.Values{"code": {"c"}, "iss": {l.Issuer}}); (err == nil) != row.same {
			t.Errorf("%s changed, and the response: %v", name, err)
		}
		if _, err := c.Exchange(t.Context(), r, "code"); !row.same && (err == nil || !strings.HasPrefix(err.Error(), CodeOtherServer)) {
			t.Errorf("%s changed, and the code was sent: %v", name, err)
		}
		before := l.Asked("GET /api")
		if err := c.TryResource(t.Context(), r, "token"); (err == nil) != row.same || (l.Asked("GET /api")-before == 3) != row.same {
			t.Errorf("%s changed, and the token was tried %d times: %v", name, l.Asked("GET /api")-before, err)
		}
		if _, err := c.TokenRequest(t.Context(), r, "code"); (err == nil) != row.same {
			t.Errorf("%s changed, and the token request: %v", name, err)
		}
		if to := c.EndSessionURL(t.Context(), r, "hint", "state"); (to != "") != row.same {
			t.Errorf("%s changed, and the ID token goes to %q", name, to)
		}
		if to := c.KnownAuthorizationURL(r); (to != "") != row.same {
			t.Errorf("%s changed, and the flow shows %q", name, to)
		}
	}
	if err := clientAt(t, l.Env()).CheckServer(t.Context(), new(Request)); err == nil {
		t.Error("a login that was begun with nobody goes on")
	}
	r := begin()
	l.Close()
	gone := clientAt(t, l.Env())
	wantError(t, gone.CheckServer(t.Context(), r), CodeNotFound, "refused the connection")
	_, err := gone.Exchange(t.Context(), r, "code")
	wantError(t, err, CodeNotFound, "")
	api := testserver.StartFakeServer(t)
	gone.cfg.ResourceURL = api.Issuer + "/api"
	wantError(t, gone.TryResource(t.Context(), r, "token"), CodeNotFound, "")
	if n := api.Asked("GET /api"); n > 0 {
		t.Errorf("while the server cannot be found the token was tried %d times", n)
	}
}

// A server counts as a different one only if that is known.
func TestIsOtherServer(t *testing.T) {
	for _, row := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{errors.New("something else"), false},
		{&Error{Kind: MetadataNotFound}, false},
		{&Error{Kind: OtherServer}, true},
		{fmt.Errorf("wrapped: %w", &Error{Kind: OtherServer}), true},
	} {
		if got := IsOtherServer(row.err); got != row.want {
			t.Errorf("%v: %t", row.err, got)
		}
	}
}

// Without an ID token a login is a plain OAuth one, if openid was not granted, or not asked for.
func TestTokenResponse_IDTokenPresence(t *testing.T) {
	for _, row := range []struct {
		name, asked, granted string // granted is "-" when the server says nothing of it
		missed               bool
	}{
		{"asked and granted", "openid", "openid", true},
		{"asked, and nothing said", "openid", "-", true},
		{"asked and not granted", "openid email", "email", false},
		{"not asked, and granted", "email", "openid email", false},
		{"neither", "email", "email", false},
	} {
		l := testserver.StartFakeServer(t)
		l.Response = func(response map[string]any) {
			delete(response, "id_token")
			if response["scope"] = row.granted; row.granted == "-" {
				delete(response, "scope")
			}
		}
		_, id, err := signIn(t, clientAt(t, l.Env()), l, url.Values{"scope": {row.asked}})
		if row.missed {
			wantError(t, err, CodeInvalidIDToken, "is missing, though the scope openid was granted")
		} else if err != nil || id != nil {
			t.Errorf("%s: %v, %v", row.name, id, err)
		}
	}
}

// A verdict shows what was found. For a secret value, it only says that it differs.
func TestVerdicts_HideSecretValues(t *testing.T) {
	l := testserver.StartFakeServer(t)
	l.Claims = func(claims map[string]any) {
		claims["aud"], claims["azp"] = []string{"other", "more"}, "party"
		claims["at_hash"], claims["nonce"] = "hash", "nonce-value"
		claims["iss"], claims["sub"] = "https://iss.example", ""
	}
	_, _, err := signIn(t, clientAt(t, l.Env()), l, nil)
	failed, ok := err.(*Error)
	if !ok {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, v := range failed.Verdicts {
		if v.OK != (v.Check == "signature" || v.Check == "exp" || v.Check == "iat") {
			t.Errorf("%s: %+v", v.Check, v)
		}
		found[v.Check] = v.Found
	}
	for check, want := range map[string]string{
		"aud":       "other, more",
		"azp":       "party",
		"at_hash":   "hash",
		"nonce":     "a different one",
		"iss":       "https://iss.example",
		"sub":       "",
		"signature": `ES256 by the key "k1"`,
	} {
		if found[check] != want {
			t.Errorf("%s: found is %q; want %q", check, found[check], want)
		}
	}
	if failed.Check != "iss" || failed.Step == "" {
		t.Errorf("the error names the check %q of the step %q; want the first that failed", failed.Check, failed.Step)
	}
}

// The error of a parameter names it.
func TestNewRequest_NamesBadParameter(t *testing.T) {
	c := clientAt(t, testserver.StartFakeServer(t).Env())
	for name, value := range map[string]string{"scope": `a"b`, "max_age": "soon", "state": "mine", "redirect_uri": "https://evil.example/", "step_up": "3"} {
		_, err := c.NewRequest(url.Values{name: {value}})
		wantError(t, err, CodeInvalidRequest, "The parameter "+name+" ")
	}
	r, err := c.NewRequest(url.Values{"scope": {"a b"}, "max_age": {"60"}, "login_hint": {"x"}})
	if err != nil || strings.Join(r.Scopes, ",") != "a,b" || r.Extra()["max_age"] != "60" ||
		r.Extra()["login_hint"] != "x" || len(r.Extra()) != 2 || r.Nonce != "" {
		t.Errorf("%+v, %v", r, err)
	}
}

// The error of an unknown key lists some of those that there are.
func TestKeySet_Describe(t *testing.T) {
	for n, want := range map[int]string{0: "(it has none)", 1: `("k0" ES256)`, 5: `"k4" ES256)`, 6: `"k4" ES256, …)`} {
		l := testserver.StartFakeServer(t)
		l.JWKS = func(w http.ResponseWriter, _ *http.Request) {
			set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
			for i := range n {
				set.Keys = append(set.Keys, jose.JSONWebKey{Key: l.Key.Public(), KeyID: fmt.Sprintf("k%d", i), Algorithm: "ES256"})
			}
			testserver.SendJSON(w, set)
		}
		l.Sign = func(claims map[string]any) string {
			return testserver.SignClaims(jose.ES256, jose.JSONWebKey{Key: l.Key, KeyID: "other"}, claims)
		}
		_, _, err := signIn(t, clientAt(t, l.Env()), l, nil)
		wantError(t, err, CodeInvalidIDToken, want)
	}
}
