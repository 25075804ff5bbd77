package causes

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/demo"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/testserver/signedin"
	"oauth-test-client/internal/wire"
)

// apiCase is a login at the demo server, whose API can be spoiled.
type apiCase struct{ *signedin.Case }

func startAPI(t *testing.T, api string, faults ...demo.Fault) *apiCase {
	t.Helper()
	return &apiCase{signedin.Start(t, api, faults...)}
}

// ask calls the API and explains its answer.
func (c *apiCase) ask(token string) APIAnswer {
	c.T.Helper()
	e, err := c.Client.CallAPI(c.T.Context(), token)
	if err != nil {
		c.T.Fatal(err)
	}
	return ExplainAPI(c.Cfg, e, c.Client.Inspect(c.T.Context(), token), strings.Fields(c.Tokens.Scope), time.Now())
}

// An API with one fault each: the page names it. The sound ones are never accused.
func TestWhyTheAPISaysNo(t *testing.T) {
	const me, notes = "/api/me", "/api/notes"
	for _, row := range []struct {
		name   string
		api    string
		faults []demo.Fault
		cause  Name // empty when the API opens
		words  string
	}{
		{"sound", me, nil, "", "accepted"},
		{"sound, with a plain challenge", me, []demo.Fault{demo.APIPlainChallenge}, "", "accepted"},
		{"sound, that offers DPoP too", me, []demo.Fault{demo.APIOffersDPoP}, "", "accepted"},
		{"sound, with opaque tokens", me, []demo.Fault{demo.OpaqueAccessTokens}, "", "accepted"},
		{"another audience", me, []demo.Fault{demo.APIOtherAudience}, APIWantsAnotherAudience, "/demo"},
		{"a token for another API", me, []demo.Fault{demo.AccessTokenAudience}, APIWantsAnotherAudience, "not for this API"},
		{"another issuer", me, []demo.Fault{demo.APIOtherIssuer}, APIWantsAnotherIssuer, "trusts a different issuer"},
		{"a clock that is wrong", me, []demo.Fault{demo.APITokenExpired}, ClockDiffers, "the clocks differ"},
		{"a scope that was not asked for", notes, nil, APIScopeMissing, "lacks the scope notes"},
		{"a scope that nobody has", me, []demo.Fault{demo.APIOtherScope}, APIScopeMissing, "lacks the scope"},
		{"it wants the ID token", me, []demo.Fault{demo.APIWantsIDToken}, APIAcceptsIDToken, "wants an ID token"},
		{"it wants a JWT", me, []demo.Fault{demo.APIWantsJWT, demo.OpaqueAccessTokens}, APIWantsAJWT, "is opaque"},
		{"it wants an opaque token", me, []demo.Fault{demo.APIWantsOpaque}, APIWantsAnOpaqueToken, "is a JWT"},
		{"a redirect to a sign-in", me, []demo.Fault{demo.APIRedirectsToSignIn}, APIBehindASignInPage, "redirect"},
		{"a sign-in page", me, []demo.Fault{demo.APISignInPage}, APIBehindASignInPage, "a page answers"},
		{"a firewall", me, []demo.Fault{demo.APIFirewall}, APIBehindASignInPage, "403"},
		{"a different scheme", me, []demo.Fault{demo.APIOtherScheme}, APIWantsAnotherScheme, "Basic"},
		{"another method", me, []demo.Fault{demo.APIMethod}, APIUnreachable, "405"},
		{"a different path", "/api/nothing", nil, APIUnreachable, "404"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := startAPI(t, row.api, row.faults...)
			got := c.ask(c.Tokens.Access)
			if got.Name != row.cause || !strings.Contains(got.Found, row.words) || (got.Result == OK) != (row.cause == "") {
				t.Errorf("got %s %q: %s (%q); want %q and %q", got.Result, got.Name, got.Found, got.Server, row.cause, row.words)
			}
			if row.cause == APIScopeMissing && !strings.HasPrefix(got.Line, "SCOPES='openid profile email ") {
				t.Errorf("the line to write is %q", got.Line)
			}
			if row.cause != "" && got.Fix == "" {
				t.Error("nothing is said to mend it")
			}
		})
	}
}

// An API that refuses without a word is told so, beside one that says why.
func TestSilentAPI(t *testing.T) {
	c := startAPI(t, "/api/me", demo.OpaqueAccessTokens)
	if got := c.ask(oauth.Altered(c.Tokens.Access)); got.Result != Fail || got.Name == APIChallengeMissing {
		t.Errorf("with its challenge it gives %+v", got)
	}
	c.Demo.SetFaults(demo.OpaqueAccessTokens, demo.APINoChallenge)
	got := c.ask(oauth.Altered(c.Tokens.Access))
	if got.Name != APIChallengeMissing {
		t.Errorf("without it gives %+v", got)
	}
	if len(got.Untold) != 1 || !strings.Contains(got.Untold[0], "opaque") {
		t.Errorf("of an opaque token it says %q", got.Untold)
	}
}

// A token that names the API is not said to be for somebody else, and no login is advised that would bring the same.
func TestAudienceOfThisAPI(t *testing.T) {
	c := startAPI(t, "/api/me", demo.APIOtherAudience)
	c.Cfg.ResourceURL = c.Cfg.Issuer + "/api" // which is what the demo's tokens name
	got := c.ask(c.Tokens.Access)
	if got.Name != APIWantsAnotherAudience || strings.Contains(got.Found, "not for this API") || strings.Contains(got.Fix, "resource=") || got.Setting != "" {
		t.Errorf("it says %q; %q", got.Found, got.Fix)
	}
}

// A token that no key of the server made is told first, whether the API says so or not: the API is right.
func TestSignatureAtTheAPI(t *testing.T) {
	c := startAPI(t, "/api/me")
	for _, faults := range [][]demo.Fault{nil, {demo.APINoChallenge}} {
		c.Demo.SetFaults(faults...)
		got := c.ask(oauth.Altered(c.Tokens.Access))
		if got.Name != "" || !strings.Contains(got.Found, "no key of this server made") ||
			slices.Contains(got.RuledOut, "the signature is of the server's keys") {
			t.Errorf("with %v it says %+v", faults, got)
		}
	}
	c.Demo.SetFaults(demo.APIOtherAudience)
	if got := c.ask(c.Tokens.Access); got.Server != "invalid_token: the access token is for a different API" {
		t.Errorf("it repeats what the API says twice: %q", got.Server)
	}
	if got := c.ask(c.Tokens.Access); !slices.Contains(got.RuledOut, "the signature is of the server's keys") || len(got.Untold) != 0 {
		t.Errorf("of a token in order it says %+v", got)
	}
}

// A token that has expired is known by its exp, where the API does not say why.
func TestExpiredAtTheAPI(t *testing.T) {
	token := &oauth.AccessToken{JWT: true, Expires: time.Now().Add(-time.Minute), Signature: oauth.SignatureGood}
	e := &wire.Exchange{Status: 401}
	got := ExplainAPI(config.Config{ResourceURL: "https://api.example"}.Effective(), e, token, nil, time.Now())
	if got.Name != APITokenExpired || !slices.Contains(got.RuledOut, "the signature is of the server's keys") {
		t.Errorf("got %+v", got)
	}
	token.Expires = time.Now().Add(time.Minute)
	if got := ExplainAPI(config.Config{ResourceURL: "https://api.example"}.Effective(), e, token, nil, time.Now()); got.Name != APIChallengeMissing {
		t.Errorf("a token that has not expired gives %+v", got)
	}
}

// Real answers of APIs, as their servers word them.
func TestWordsOfAPIs(t *testing.T) {
	jwt := oauth.AccessToken{JWT: true, Issuer: "https://auth.example", Audience: []string{"account"},
		Scopes: []string{"email"}, Signature: oauth.SignatureGood, Expires: time.Now().Add(time.Hour)}
	opaque := oauth.AccessToken{Signature: oauth.SignatureUnknown}
	expired, idToken := jwt, jwt
	expired.Expires, idToken.IDToken = time.Now().Add(-time.Minute), true
	graph := jwt
	graph.Audience, graph.Signature, graph.Why = []string{"00000003-0000-0000-c000-000000000000"}, oauth.SignatureUnknown, "its header holds a nonce"
	graph.ForItsAPI = true
	for _, row := range []struct {
		name, challenge, body string
		status                int
		token                 oauth.AccessToken
		want                  Name
	}{
		{"ASP.NET Core",
			`Bearer error="invalid_token", error_description="The audience 'account' is invalid"`, "", 401, jwt, APIWantsAnotherAudience},
		{
			"ASP.NET Core, issuer",
			`Bearer error="invalid_token", error_description="The issuer 'http://localhost:8080/realms/my-realm' is invalid"`,
			"",
			401,
			jwt,
			APIWantsAnotherIssuer,
		},
		{"WSO2, which is wrong about the time",
			`Bearer realm="WSO2 API Manager", error="invalid_token", error_description="The access token expired"`, "", 401, jwt, ClockDiffers},
		{"Auth0's middleware", "", `{"error":"invalid_token","message":"Invalid Compact JWS"}`, 401, opaque, APIWantsAJWT},
		{"Auth0's middleware says so of a JWT, which cannot be", "", `{"message":"Invalid Compact JWS"}`, 401, jwt, APIChallengeMissing},
		{
			"Google",
			`Bearer realm="https://accounts.google.com/", error="insufficient_scope", scope="https://www.googleapis.com/auth/drive"`,
			"",
			403,
			opaque,
			APIScopeMissing,
		},
		{
			"Google, in the body",
			"",
			`{"error":{"message":"Request had insufficient authentication scopes."},"message":"Request had insufficient authentication scopes."}`,
			403,
			opaque,
			APIScopeMissing,
		},
		{"a token of Microsoft Graph", "", `{}`, 401, graph, APITokenNotVerifiable},
		{"an expired token is not looked up", "", `{"message":"the token is inactive"}`, 401, expired, APITokenExpired},
		{"an opaque token has expired, the API says", "", `{"message":"the token has expired"}`, 401, opaque, APITokenExpired},
		{"an ID token came, and the API says so", "", `{"message":"this is an ID token"}`, 401, idToken, APIWantsAnotherAudience},
		{"nothing is said", `Bearer`, ``, 401, jwt, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := http.Header{"Content-Type": {"application/json"}}
			if row.challenge != "" {
				h.Set("WWW-Authenticate", row.challenge)
			}
			e := &wire.Exchange{Status: row.status, ResponseHeader: wire.NewHeader(h), ResponseBody: row.body}
			got := ExplainAPI(config.Config{Issuer: "https://auth.example", ResourceURL: "https://api.example/v1"}.Effective(), e, &row.token, nil, time.Now())
			if got.Name != row.want || got.Result != Fail {
				t.Errorf("got %s %q: %s", got.Result, got.Name, got.Found)
			}
			if !row.token.JWT && strings.Contains(got.Found, "clocks differ") {
				t.Errorf("nobody knows when it expires: %s", got.Found)
			}
		})
	}
}

// Three wrong tokens: a sound API opens to none of them, and each that opens is told so.
func TestWrongTokens(t *testing.T) {
	for _, row := range []struct {
		fault demo.Fault
		which WrongToken
		want  Name
	}{
		{"", "", ""},
		{demo.APIOpen, NoTokenAtAll, APIOpen},
		{demo.APIOpenToAltered, AlteredToken, APIIgnoresSignature},
		{demo.APIOpenToIDToken, TheIDToken, APIAcceptsIDToken},
	} {
		c := startAPI(t, "/api/me")
		c.Demo.SetFaults(row.fault)
		for which, token := range map[WrongToken]string{NoTokenAtAll: "", AlteredToken: oauth.Altered(c.Tokens.Access), TheIDToken: c.Tokens.ID} {
			e, err := c.Client.CallAPI(context.Background(), token)
			if err != nil {
				t.Fatal(err)
			}
			got := JudgeWrongToken(which, e, true)
			wrong := which == row.which
			if row.fault == demo.APIOpen { // it opens to everything
				wrong = true
			}
			if (got.Result == Fail) != wrong || which == row.which && got.Name != row.want {
				t.Errorf("with %q the %s gives %s %q", row.fault, which, got.Result, got.Name)
			}
		}
	}
}

// What stands in front of an API, or is none, neither clears it nor accuses it: the token never got there.
func TestWrongTokensInFront(t *testing.T) {
	c := startAPI(t, "/api/me")
	for _, row := range []struct {
		fault demo.Fault
		want  Result
	}{{"", OK}, {demo.APINoChallenge, OK}, {demo.APISignInPage, Warn}, {demo.APIRedirectsToSignIn, Warn}, {demo.APIFirewall, Warn}, {demo.APIMethod, Warn}} {
		c.Demo.SetFaults(row.fault)
		e, err := c.Client.CallAPI(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		if got := JudgeWrongToken(NoTokenAtAll, e, true); got.Result != row.want || got.Result != OK && got.Fix == "" {
			t.Errorf("%q: %s", row.fault, got)
		}
	}
}

// A redirect that leads to the API itself gives the line to write. Any other is a sign-in in front of it.
func TestMovedAPI(t *testing.T) {
	c := startAPI(t, "/api/me")
	to := ""
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusTemporaryRedirect) }))
	t.Cleanup(srv.Close)
	for _, row := range []struct{ path, to, line string }{
		{"/items", "/items/", srv.URL + "/items/"},
		{"/items", "https://api.example/items?a=b", "https://api.example/items"},
		{"/items", "https://sso.example/login?next=/items", ""},
		{"/items", "/items", ""},
		{"/", "https://sso.example/", ""},
	} {
		c.Cfg.ResourceURL, to = srv.URL+row.path, row.to
		c.Client = oauth.New(c.Cfg, wire.New(nil, time.Now), time.Now)
		got, want, name := c.ask(c.Tokens.Access), "", APIBehindASignInPage
		if row.line != "" {
			want, name = "RESOURCE_URL="+row.line, APIUnreachable
		}
		if got.Name != name || got.Line != want {
			t.Errorf("to %s: %s %q; want %s %q", row.to, got.Name, got.Line, name, want)
		}
	}
}

// A token that was not revoked is said to be good still, and whose fault that is. Whoever got it has the right secret.
func TestRevocationNote(t *testing.T) {
	t.Parallel()
	const basic, post = config.MethodBasic, config.MethodPost
	for _, row := range []struct {
		name, method, body string
		status             int
		want               string
	}{
		{"revoked", basic, "", 200, "accepted it"},
		{"revoked without a body", basic, "", 204, "accepted it"},
		{"refused with 200", basic, `{"error":"unsupported_token_type"}`, 200, "a limit of the server"},
		{"the client is refused", basic, `{"error":"invalid_client"}`, 401, "Allow this client to revoke"},
		{"the client is refused, with 400", basic, `{"error":"invalid_client"}`, 400, "Allow this client to revoke"},
		{"the client is refused by post", post, `{"error":"invalid_client"}`, 401, "TOKEN_ENDPOINT_AUTH_METHOD=client_secret_basic"},
		{"the client may not", basic, `{"error":"unauthorized_client"}`, 400, "Allow this client to revoke"},
		{"a 401 without a word", basic, "", 401, "Allow this client to revoke"},
		{"a 401 about the token", basic, `{"error":"invalid_token"}`, 401, "Its answer says why."},
		{"a page", basic, "<html><body>Blocked</body></html>", 403, "such as a firewall"},
		{"a kind that is not revoked", basic, `{"error":"unsupported_token_type"}`, 400, "a limit of the server"},
		{"out of order", basic, `{"error":"server_error"}`, 503, "stays valid until it expires. Its answer says why."},
	} {
		e := &wire.Exchange{Status: row.status, ResponseBody: row.body, ResponseHeader: "Content-Type: application/json\r\n"}
		got := RevocationNote(config.Effective{}, row.method, e)
		if !strings.Contains(got, row.want) || strings.Contains(got, "CLIENT_SECRET") {
			t.Errorf("%s: %q; want %q", row.name, got, row.want)
		}
	}
}
