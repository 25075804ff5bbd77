package demo

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	jose "github.com/go-jose/go-jose/v4"
)

// firstMistake plays a client that is configured rightly, up to the first thing that does not fit, and
// says what that is: nothing, at a sound server.
func firstMistake(h *harness) string {
	h.t.Helper()
	issuer := h.server.Issuer()
	md := h.do("GET", issuer+"/.well-known/openid-configuration", nil, nil)
	if md.json["issuer"] != issuer {
		return "the issuer of the metadata"
	}
	q := authorizeQuery()
	a := h.do("GET", md.json["authorization_endpoint"].(string)+"?"+q.Encode(), nil, nil)
	switch back, _ := a.Location(); {
	case a.StatusCode == http.StatusBadRequest:
		return "the authorization endpoint: " + a.json["error_description"].(string)
	case back != nil:
		return "the response: " + back.Query().Get("error")
	}
	page := h.signIn(q, "user_alice")
	if strings.Contains(page.Header.Get("Content-Security-Policy"), "form-action") {
		return "the consent page: form-action"
	}
	code := h.response(h.do("POST", "/authorize?"+q.Encode(), url.Values{"decision": {"allow"}}, nil)).Get("code")
	tokens := h.do("POST", "/token", redeem(code), basic("web", "s3cret"))
	if tokens.StatusCode != 200 {
		return "the token endpoint: " + tokens.json["error"].(string)
	}
	if !signedByPublishedKey(h, tokens.json["id_token"].(string)) {
		return "the signature of the ID token"
	}
	if api := h.do("GET", "/api/me", nil, bearer(tokens.json["access_token"])); api.StatusCode != 200 {
		return "the API: " + api.json["error_description"].(string)
	}
	return ""
}

func signedByPublishedKey(h *harness, raw string) bool {
	h.t.Helper()
	token, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		h.t.Fatal(err)
	}
	var published jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(h.do("GET", "/.well-known/jwks.json", nil, nil).body), &published); err != nil {
		h.t.Fatal(err)
	}
	keys := published.Key(token.Signatures[0].Header.KeyID)
	if len(keys) != 1 {
		h.t.Fatalf("%d published keys have the name of the ID token's", len(keys))
	}
	_, err = token.Verify(keys[0])
	return err == nil
}

// Each set-up has its one mistake, the correct server has none, and the client's side is told of both.
func TestSetUps_OneMistakeEach(t *testing.T) {
	mistakes := map[Fault]string{
		RedirectURISlash:    "the authorization endpoint: the redirect_uri does not match any that is registered for this client",
		RedirectURIHost:     "the authorization endpoint: the redirect_uri does not match any that is registered for this client",
		SecretWrong:         "the token endpoint: invalid_client",
		AuthMethodWrong:     "the token endpoint: invalid_client",
		ClientUnknown:       "the authorization endpoint: there is no client with this client_id",
		ScopeNotEnabled:     "the response: invalid_scope",
		IssuerSlash:         "the issuer of the metadata",
		IDTokenSignature:    "the signature of the ID token",
		AccessTokenAudience: "the API: the access token is for a different API",
		ConsentNoWayBack:    "the consent page: form-action",
	}
	if len(SetUps()) != 10 || len(mistakes) != 10 {
		t.Fatalf("there are %d set-ups and %d rows; want ten of each", len(SetUps()), len(mistakes))
	}
	for _, setUp := range SetUps() {
		t.Run(string(setUp.Fault), func(t *testing.T) {
			h := start(t)
			var told []string
			h.server.onSetUp = func(s SetUp, issuer string) { told = append(told, string(s.Fault)+" "+issuer) }
			if found := firstMistake(h); found != "" {
				t.Fatalf("the sound server has a mistake: %s", found)
			}
			h.choose(setUp.Fault)
			if found := firstMistake(h); found != mistakes[setUp.Fault] {
				t.Errorf("the mistake is %q; want %q", found, mistakes[setUp.Fault])
			}
			moved := h.issuer
			if setUp.Fault == ConsentNoWayBack {
				moved = strings.Replace(h.issuer, "127.0.0.1", "localhost", 1)
			}
			h.choose("")
			if found := firstMistake(h); found != "" {
				t.Errorf("with the correct server again there is still a mistake: %s", found)
			}
			if len(told) != 2 || told[0] != string(setUp.Fault)+" "+moved || told[1] != " "+h.issuer {
				t.Errorf("the client's side was told %q", told)
			}
		})
	}
}

// The fix that the page names is one: with the change, the client passes.
func TestSetUps_Fixes(t *testing.T) {
	h := start(t)
	h.choose(AuthMethodWrong)
	form := redeem(h.code(authorizeQuery()))
	form.Set("client_id", "web")
	form.Set("client_secret", "s3cret")
	if a := h.do("POST", "/token", form, nil); a.StatusCode != 200 {
		t.Errorf("the other method was answered %d %s", a.StatusCode, a.body)
	}
	h.choose(ScopeNotEnabled)
	q := authorizeQuery()
	q.Set("scope", "openid profile")
	h.tokens(q)
	h.choose(RedirectURISlash)
	q.Set("redirect_uri", redirectURI+"/")
	if a := h.do("GET", "/authorize?"+q.Encode(), nil, nil); a.StatusCode != 200 {
		t.Errorf("the redirect URI with a slash was answered %d", a.StatusCode)
	}
	h.choose(RedirectURIHost)
	q.Set("redirect_uri", otherLoopback(redirectURI))
	if a := h.do("GET", "/authorize?"+q.Encode(), nil, nil); a.StatusCode != 200 {
		t.Errorf("the redirect URI with the other host was answered %d", a.StatusCode)
	}
	h.choose(IssuerSlash)
	if r := h.response(h.signInAndAllow(authorizeQuery())); r.Get("iss") != h.issuer+"/" {
		t.Errorf("the response is from %q, and not from the issuer of the metadata", r.Get("iss"))
	}
}

// Only the demo's own page can choose a set-up. A choice resets the demo.
func TestSetUp_Guarded(t *testing.T) {
	h := start(t)
	tokens := h.tokens(authorizeQuery())
	form := url.Values{"setup": {string(SecretWrong)}}
	h.do("POST", "/setup", form, map[string]string{"Sec-Fetch-Site": "cross-site"}).want(t, 403, "access_denied")
	h.do("POST", "/setup", form, map[string]string{"Origin": "http://localhost:1"}).want(t, 403, "access_denied")
	h.do("POST", "/setup", url.Values{"setup": {"nonsense"}}, nil).want(t, 400, "invalid_request")
	if a := h.do("GET", "/setup?setup="+string(SecretWrong), nil, nil); a.StatusCode != 405 {
		t.Errorf("GET was answered %d", a.StatusCode)
	}
	if on := h.server.SetUp(); on != (SetUp{}) {
		t.Errorf("the set-up %q is on", on.Fault)
	}
	if a := h.do("GET", "/api/me", nil, bearer(tokens["access_token"])); a.StatusCode != 200 {
		t.Errorf("the API answered %d before anything was chosen", a.StatusCode)
	}
	h.choose(SecretWrong)
	if on := h.server.SetUp(); on.Fault != SecretWrong {
		t.Errorf("the set-up %q is on", on.Fault)
	}
	h.do("GET", "/api/me", nil, bearer(tokens["access_token"])).want(t, 401, "invalid_token")
}

// On every page a banner says that the server is broken, and not what. The demo's page says it on demand.
func TestBanner_SaysBrokenNotWhat(t *testing.T) {
	h := start(t)
	pages := func() map[string]string {
		h.server.forget()
		html := map[string]string{"Accept": "text/html"}
		all := map[string]string{
			"home":    h.do("GET", "/", nil, nil).body,
			"sign-in": h.do("GET", "/authorize?"+authorizeQuery().Encode(), nil, nil).body,
			"consent": h.signIn(authorizeQuery(), "user_bob").body,
			"logout":  h.do("GET", "/logout", nil, nil).body,
			"error":   h.do("GET", "/authorize?client_id=nobody", nil, html).body,
		}
		all["message"] = h.do("POST", "/logout", url.Values{"confirm": {"yes"}}, nil).body
		return all
	}
	for name, body := range pages() {
		if strings.Contains(body, "Fix it") || !strings.Contains(body, "</html>") {
			t.Errorf("the sound server's page %s is\n%s", name, body)
		}
	}
	h.choose(SecretWrong)
	for name, body := range pages() {
		if !strings.Contains(body, "Broken on purpose.") || !strings.Contains(body, "Fix it") {
			t.Errorf("the broken server's page %s has no banner", name)
		}
		if i := strings.Index(body, SetUps()[2].Mistake); name != "home" && i >= 0 {
			t.Errorf("the page %s says what is broken", name)
		} else if name == "home" && (i < 0 || strings.LastIndex(body[:i], "<details>") < strings.LastIndex(body[:i], "</details>")) {
			t.Errorf("the page %s says what is broken outside of a closed details element, or not at all", name)
		}
	}
}

// Where there is no second name for the server, or for the redirect URI, the set-ups that need one are not offered.
func TestOffered_NeedsSecondName(t *testing.T) {
	for _, row := range []struct {
		origin, redirectURI string
		want                int
		moves               bool // the server can be moved to another name
	}{
		{"http://localhost:3000", "http://localhost:3000/oauth_callback", 10, true},
		{"http://[::1]:3000", "http://[::1]:3000/oauth_callback", 10, true},
		{"http://127.0.0.1", "http://127.0.0.1/oauth_callback", 10, true},
		{"https://demo.example", "https://demo.example/oauth_callback", 8, false},
		{"http://localhost:3000", "https://app.example.com/callback", 9, true},
		{"http://localhost:3000", "com.example.app:/callback", 9, true},
		{"https://demo.example", "http://localhost:8080/callback", 9, false},
	} {
		s, err := New(Config{Issuer: row.origin + "/demo", Clients: []Client{{ID: "web", RedirectURIs: []string{row.redirectURI}}}})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(s.offered()); n != row.want {
			t.Errorf("%+v: there are %d set-ups", row, n)
		}
		if err := s.Break(ConsentNoWayBack); (err == nil) != row.moves {
			t.Errorf("%+v: the last set-up gives the error %v", row, err)
		}
	}
}

func TestOtherMethod(t *testing.T) {
	if a, b := otherMethod("client_secret_basic"), otherMethod("client_secret_post"); a != "client_secret_post" || b != "client_secret_basic" {
		t.Errorf("the other methods are %s and %s", a, b)
	}
}

func TestOtherLoopback(t *testing.T) {
	for address, want := range map[string]string{
		"http://localhost:3000/demo":     "http://127.0.0.1:3000/demo",
		"http://127.0.0.1:3000/callback": "http://localhost:3000/callback",
		"http://[::1]:3000/":             "http://localhost:3000/",
		"http://localhost/":              "http://127.0.0.1/",
		"https://app.example/callback":   "https://app.example/callback",
		"com.example.app:/callback":      "com.example.app:/callback",
	} {
		if got := otherLoopback(address); got != want {
			t.Errorf("otherLoopback(%q) is %q; want %q", address, got, want)
		}
	}
}

// choose presses a button on the demo's page.
func (h *harness) choose(f Fault) {
	h.t.Helper()
	if a := h.do("POST", "/setup", url.Values{"setup": {string(f)}}, map[string]string{"Sec-Fetch-Site": "same-origin"}); a.StatusCode != http.StatusSeeOther {
		h.t.Fatalf("the set-up %q was answered %d %s", f, a.StatusCode, a.body)
	}
}
