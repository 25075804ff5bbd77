package demo

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// faultTest asks a server whether it breaks one rule, as any client would find out.
type faultTest struct {
	fault  Fault
	broken func(h *harness) bool
	shows  []Fault // what else it cannot but break
}

func (h *harness) redeemed(spoil func(form url.Values)) answer {
	h.t.Helper()
	form := redeem(h.code(authorizeQuery()))
	spoil(form)
	return h.do("POST", "/token", form, basic("web", "s3cret"))
}

func (h *harness) refreshed(token any) answer {
	h.t.Helper()
	return h.do("POST", "/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token.(string)}}, basic("web", "s3cret"))
}

// revoked returns an access token that has been revoked.
func (h *harness) revoked() any {
	h.t.Helper()
	token := h.tokens(authorizeQuery())["access_token"]
	if a := h.do("POST", "/revoke", url.Values{"token": {token.(string)}}, basic("web", "s3cret")); a.StatusCode != 200 {
		h.t.Fatalf("the revocation answered %d", a.StatusCode)
	}
	return token
}

// opens reports whether the API opens to a token, or to none.
func (h *harness) opens(token any) bool {
	h.t.Helper()
	header := map[string]string{}
	if token != nil {
		header = bearer(token)
	}
	a := h.do("GET", "/api/me", nil, header)
	return a.StatusCode == 200 && a.json["sub"] != nil
}

// called returns the answer of the API to a right token.
func (h *harness) called() answer {
	h.t.Helper()
	return h.do("GET", "/api/me", nil, bearer(h.tokens(authorizeQuery())["access_token"]))
}

func (h *harness) refuses(description string) bool {
	h.t.Helper()
	a := h.called()
	return a.StatusCode == 401 && a.json["error_description"] == description
}

// altered is a JWT that says something else than what was signed.
func altered(raw string) string {
	parts := strings.Split(raw, ".")
	payload, _ := base64.RawURLEncoding.DecodeString(parts[1])
	parts[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(payload), "user_alice", "user_carol", 1)))
	return strings.Join(parts, ".")
}

// promptNone is the response to prompt=none when no user is signed in.
func (h *harness) promptNone() answer {
	h.t.Helper()
	h.server.forget()
	q := authorizeQuery()
	q.Set("prompt", "none")
	return h.do("GET", "/authorize?"+q.Encode(), nil, nil)
}

// asksToSignIn reports whether a client may send the browser back to a redirect URI.
func (h *harness) asksToSignIn(client, redirectURI string) bool {
	h.t.Helper()
	q := authorizeQuery()
	q.Set("client_id", client)
	q.Set("redirect_uri", redirectURI)
	return h.do("GET", "/authorize?"+q.Encode(), nil, nil).StatusCode == http.StatusOK
}

var faultTests = []faultTest{
	{CodeUsedTwice, func(h *harness) bool {
		form := redeem(h.code(authorizeQuery()))
		h.do("POST", "/token", form, basic("web", "s3cret"))
		return h.do("POST", "/token", form, basic("web", "s3cret")).StatusCode == 200
	}, nil},
	{CodeReuseTokensLive, func(h *harness) bool {
		form := redeem(h.code(authorizeQuery()))
		first := h.do("POST", "/token", form, basic("web", "s3cret"))
		refused := h.do("POST", "/token", form, basic("web", "s3cret")).StatusCode == 400
		return refused && h.refreshed(first.json["refresh_token"]).StatusCode == 200
	}, nil},
	{WrongVerifier, func(h *harness) bool {
		return h.redeemed(func(form url.Values) { form.Set("code_verifier", strings.Repeat("x", 43)) }).StatusCode == 200
	}, nil},
	{MissingVerifier, func(h *harness) bool {
		return h.redeemed(func(form url.Values) { form.Del("code_verifier") }).StatusCode == 200
	}, nil},
	{OtherRedirectURI, func(h *harness) bool {
		return h.redeemed(func(form url.Values) { form.Set("redirect_uri", redirectURI+"/") }).StatusCode == 200
	}, nil},
	{OtherClientsCode, func(h *harness) bool {
		return h.do("POST", "/token", redeem(h.code(authorizeQuery())), basic("other", "other")).StatusCode == 200
	}, nil},
	{OldRefreshToken, func(h *harness) bool {
		old := h.tokens(authorizeQuery())["refresh_token"]
		next := h.refreshed(old).json["refresh_token"]
		return next != old && h.refreshed(old).StatusCode == 200
	}, nil},
	{RefreshReuseFamilyLives, func(h *harness) bool {
		old := h.tokens(authorizeQuery())["refresh_token"]
		next := h.refreshed(old).json["refresh_token"]
		return h.refreshed(old).StatusCode == 400 && h.refreshed(next).StatusCode == 200
	}, nil},
	{RefreshNotRotated, func(h *harness) bool {
		old := h.tokens(authorizeQuery())["refresh_token"]
		return h.refreshed(old).json["refresh_token"] == old && h.refreshed(old).StatusCode == 200
	}, nil},
	{RevokedAtUserinfo, func(h *harness) bool { return h.do("GET", "/userinfo", nil, bearer(h.revoked())).StatusCode == 200 }, nil},
	{RevokedAtIntrospection, func(h *harness) bool {
		return h.do("POST", "/introspect", url.Values{"token": {h.revoked().(string)}}, basic("web", "s3cret")).json["active"] == true
	}, nil},
	{RevokedAtAPI, func(h *harness) bool { return h.opens(h.revoked()) }, nil},
	{NoPKCE, func(h *harness) bool {
		q := authorizeQuery()
		q.Del("code_challenge")
		q.Del("code_challenge_method")
		if h.do("GET", "/authorize?"+q.Encode(), nil, nil).StatusCode != 200 {
			return false
		}
		form := redeem(h.code(q))
		form.Del("code_verifier")
		return h.do("POST", "/token", form, basic("web", "s3cret")).StatusCode == 200
	}, nil},
	{PromptNonePage, func(h *harness) bool { return h.promptNone().StatusCode == 200 }, nil},
	{PromptNoneCode, func(h *harness) bool {
		to, err := h.promptNone().Location()
		return err == nil && to.Query().Has("code")
	}, nil},

	{LoopbackPortFixed, func(h *harness) bool { return !h.asksToSignIn("web", "http://127.0.0.1:2/callback") }, nil},
	{LocalhostAnyPort, func(h *harness) bool { return h.asksToSignIn("local", "http://localhost:2/callback") }, nil},

	{APIOtherAudience, func(h *harness) bool { return h.refuses("the access token is for a different API") }, nil},
	{APIOtherIssuer, func(h *harness) bool { return h.refuses("the access token is from a different issuer") }, nil},
	{APITokenExpired, func(h *harness) bool { return h.refuses("the access token has expired") }, nil},
	{APIOtherScope, func(h *harness) bool {
		a := h.called()
		return a.StatusCode == 403 && strings.Contains(a.Header.Get("WWW-Authenticate"), `scope="admin"`)
	}, nil},
	{APIWantsIDToken, func(h *harness) bool {
		return h.refuses("the token is not an ID token") && h.opens(h.tokens(authorizeQuery())["id_token"])
	},
		[]Fault{APIOpenToIDToken}},
	{APIWantsOpaque, func(h *harness) bool { return h.refuses("the access token is not known") }, nil},
	{APIRedirectsToSignIn, func(h *harness) bool {
		a := h.called()
		to, err := a.Location()
		return a.StatusCode == http.StatusFound && err == nil && strings.HasPrefix(h.do("GET", to.String(), nil, nil).Header.Get("Content-Type"), "text/html")
	}, nil},
	{APISignInPage, func(h *harness) bool {
		a := h.called()
		return a.StatusCode == 200 && strings.Contains(a.body, "type=password")
	}, nil},
	{APIFirewall, func(h *harness) bool {
		a := h.called()
		return a.StatusCode == 403 && strings.Contains(a.body, "<h1>") && a.Header.Get("WWW-Authenticate") == ""
	}, nil},
	{APIOtherScheme, func(h *harness) bool {
		a := h.called()
		return a.StatusCode == 401 && strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Basic")
	}, nil},
	{APINoChallenge, func(h *harness) bool {
		a := h.do("GET", "/api/me", nil, nil)
		return a.StatusCode == 401 && a.Header.Get("WWW-Authenticate") == ""
	}, nil},
	{APIMethod, func(h *harness) bool {
		a := h.called()
		return a.StatusCode == 405 && a.Header.Get("Allow") == "POST"
	}, nil},
	{APIOpen, func(h *harness) bool { return h.opens(nil) }, []Fault{RevokedAtAPI, APIOpenToAltered, APIOpenToIDToken, APIIgnoresExpiry}},
	{APIOpenToAltered, func(h *harness) bool { return h.opens(altered(h.tokens(authorizeQuery())["access_token"].(string))) }, nil},
	{APIOpenToIDToken, func(h *harness) bool { return h.opens(h.tokens(authorizeQuery())["id_token"]) }, nil},
	{APIIgnoresExpiry, func(h *harness) bool {
		token := h.tokens(authorizeQuery())["access_token"]
		h.now = h.now.Add(accessLife + time.Minute)
		return h.opens(token)
	}, nil},

	{ResourceMetadataLies, func(h *harness) bool {
		md := h.resourceMetadata()
		return md.StatusCode == 200 && md.json["resource"] != h.issuer+"/api/me"
	}, nil},
	{ResourceMetadataLoops, func(h *harness) bool {
		a := h.resourceMetadata()
		for range 30 {
			to, err := a.Location()
			if err != nil {
				return false
			}
			a = h.do("GET", to.String(), nil, nil)
		}
		return true
	}, nil},
	{ResourceFiftyServers, func(h *harness) bool { return len(h.servers()) == 50 && h.servers()[49] == h.issuer }, nil},
	{ResourcePlainHTTP, func(h *harness) bool {
		return len(h.servers()) == 1 && h.servers()[0] == "http://authorization.example"
	}, nil},
	{RegisteredOtherURI, func(h *harness) bool {
		uris, _ := h.register(`{"redirect_uris":["`+redirectURI+`"]}`, nil).json["redirect_uris"].([]any)
		return len(uris) != 1 || uris[0] != redirectURI
	}, nil},
	{RegisteredWithoutClientID, func(h *harness) bool {
		a := h.register(`{"redirect_uris":["`+redirectURI+`"]}`, nil)
		return a.StatusCode == 201 && a.json["client_id"] == nil
	}, nil},
}

// resourceMetadata is that of the API's first route.
func (h *harness) resourceMetadata() answer {
	h.t.Helper()
	return h.do("GET", strings.TrimSuffix(h.issuer, "/demo")+"/.well-known/oauth-protected-resource/demo/api/me", nil, nil)
}

func (h *harness) servers() []any {
	h.t.Helper()
	servers, _ := h.resourceMetadata().json["authorization_servers"].([]any)
	return servers
}

// Each fault breaks its own rule and no other, and the sound server breaks none.
func TestFaults_BreakOneRuleEach(t *testing.T) {
	h := start(t)
	if h.server.breaks("") {
		t.Error("the sound server breaks a rule without a name")
	}
	for _, on := range append([]faultTest{{}}, faultTests...) {
		h.server.SetFaults()
		if on.fault != "" {
			h.server.SetFaults(on.fault)
		}
		for _, row := range faultTests {
			want := row.fault == on.fault || slices.Contains(on.shows, row.fault)
			h.server.forget()
			if got := row.broken(h); got != want {
				t.Errorf("with the fault %q, %q is found: %t; want %t", on.fault, row.fault, got, want)
			}
		}
	}
}

// Faults can be had from the start.
func TestNew_Faults(t *testing.T) {
	for _, faults := range [][]Fault{nil, {NoPKCE, PromptNonePage}} {
		s, err := New(Config{Issuer: "http://localhost:3000/demo", Faults: faults})
		if err != nil {
			t.Fatal(err)
		}
		if s.breaks(NoPKCE) != (faults != nil) || s.breaks(PromptNonePage) != (faults != nil) || s.breaks(PromptNoneCode) {
			t.Errorf("with the faults %q the server breaks other ones", faults)
		}
	}
}

// A refresh token that was revoked is inactive, but where introspection is deaf to that.
func TestIntrospect_RevokedRefreshToken(t *testing.T) {
	for _, deaf := range []bool{false, true} {
		h := start(t)
		if deaf {
			h.server.SetFaults(RevokedAtIntrospection)
		}
		token := url.Values{"token": {h.tokens(authorizeQuery())["refresh_token"].(string)}}
		h.do("POST", "/revoke", token, basic("web", "s3cret"))
		if a := h.do("POST", "/introspect", token, basic("web", "s3cret")); a.json["active"] != deaf {
			t.Errorf("deaf: %t; introspection answers %s", deaf, a.body)
		}
	}
}

// What the API opens to at every sound server, whatever form its tokens and its challenges have.
func TestAPI_SoundVariants(t *testing.T) {
	for _, row := range []struct {
		faults     []Fault
		challenges []string // to a request without a token
	}{
		{nil, []string{`Bearer realm="demo", resource_metadata="http`}},
		{[]Fault{APIPlainChallenge}, []string{`Bearer realm="demo"`}},
		{[]Fault{APIOffersDPoP}, []string{`DPoP algs="ES256"`, `Bearer realm="demo", resource_metadata="http`}},
		{[]Fault{OpaqueAccessTokens}, []string{`Bearer realm="demo", resource_metadata="http`}},
	} {
		h := start(t)
		h.server.SetFaults(row.faults...)
		tokens := h.tokens(authorizeQuery())
		token := tokens["access_token"].(string)
		if opaque := !strings.Contains(token, "."); opaque != slices.Contains(row.faults, OpaqueAccessTokens) {
			t.Errorf("%q: the access token is opaque: %t", row.faults, opaque)
		}
		if !h.opens(token) || h.opens(nil) || h.opens(token+"x") || h.opens(tokens["id_token"]) || h.opens(h.revoked()) {
			t.Errorf("%q: the API opens to a wrong token, or not to the right one", row.faults)
		}
		if a := h.do("POST", "/introspect", url.Values{"token": {token}}, basic("web", "s3cret")); a.json["active"] != true ||
			a.json["aud"] != h.issuer+"/api" {
			t.Errorf("%q: introspection answers %s", row.faults, a.body)
		}
		if a := h.do("GET", "/userinfo", nil, bearer(token)); a.json["sub"] != "user_alice" {
			t.Errorf("%q: userinfo answers %d %s", row.faults, a.StatusCode, a.body)
		}
		got := h.do("GET", "/api/me", nil, nil).Header.Values("WWW-Authenticate")
		if len(got) != len(row.challenges) {
			t.Fatalf("%q: the challenges are %q", row.faults, got)
		}
		for i, want := range row.challenges {
			if !strings.HasPrefix(got[i], want) {
				t.Errorf("%q: the challenge is %q; want %q", row.faults, got[i], want)
			}
		}
		h.now = h.now.Add(accessLife + time.Minute)
		if h.opens(token) {
			t.Errorf("%q: the API opens to a token that has expired", row.faults)
		}
	}
}

// An API that wants JWTs refuses an opaque token, and nothing is wrong with it where tokens are JWTs.
func TestAPI_WantsJWT(t *testing.T) {
	for _, opaque := range []bool{false, true} {
		h := start(t)
		h.server.SetFaults(APIWantsJWT)
		if opaque {
			h.server.SetFaults(APIWantsJWT, OpaqueAccessTokens)
		}
		a := h.called()
		if opaque != (a.StatusCode == 401 && a.json["error_description"] == "the access token must be a JWT") {
			t.Errorf("opaque: %t; the API answered %d %s", opaque, a.StatusCode, a.body)
		}
	}
}

// Where PKCE may be left out, a verifier without a challenge still shows that the challenge was stripped
// on the way (RFC 9700 section 4.8.2).
func TestRedeemCode_StrippedChallenge(t *testing.T) {
	for verifierSent, status := range map[string]int{"": 200, verifier: 400} {
		h := start(t)
		h.server.SetFaults(NoPKCE)
		q := authorizeQuery()
		q.Del("code_challenge")
		q.Del("code_challenge_method")
		form := redeem(h.code(q))
		form.Set("code_verifier", verifierSent)
		if a := h.do("POST", "/token", form, basic("web", "s3cret")); a.StatusCode != status {
			t.Errorf("the verifier %q was answered %d %s", verifierSent, a.StatusCode, a.body)
		}
	}
}

// An API that opens to ID tokens still wants one that has not expired.
func TestAPI_ExpiredIDToken(t *testing.T) {
	for waited, opens := range map[time.Duration]bool{0: true, accessLife + time.Minute: false} {
		h := start(t)
		h.server.SetFaults(APIOpenToIDToken)
		token := h.tokens(authorizeQuery())["id_token"]
		h.now = h.now.Add(waited)
		if h.opens(token) != opens {
			t.Errorf("after %s the API opens: %t", waited, !opens)
		}
	}
}

// The jti of a JWT is no access token.
func TestAPI_RefusesJTI(t *testing.T) {
	h := start(t)
	_, claims := decode(t, h.tokens(authorizeQuery())["access_token"].(string))
	h.do("GET", "/api/me", nil, bearer(claims["jti"])).want(t, 401, "invalid_token")
}
