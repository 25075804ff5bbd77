package causes

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
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

// An API with one fault each: the page names the fault. Sound APIs are never blamed.
func TestExplainAPI_OneFaultEach(t *testing.T) {
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
		{"a token for another API", me, []demo.Fault{demo.AccessTokenAudience}, APIWantsAnotherAudience, "and the API wants a different audience"},
		{"another issuer", me, []demo.Fault{demo.APIOtherIssuer}, APIWantsAnotherIssuer, "trusts a different issuer"},
		{"a clock that is wrong", me, []demo.Fault{demo.APITokenExpired}, ClockDiffers, "the clocks differ"},
		{"a scope that was not asked for", notes, nil, APIScopeMissing, "lacks the scope notes"},
		{"a scope that no token has", me, []demo.Fault{demo.APIOtherScope}, APIScopeMissing, "lacks the scope"},
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

// An API that refuses without words is reported as such, and one that gives a reason is not.
func TestExplainAPI_WithoutChallenge(t *testing.T) {
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

// A token that names the API is not called a token for a different API, and the page suggests no login that would return
// the same token.
func TestExplainAPI_AudienceIsThisAPI(t *testing.T) {
	c := startAPI(t, "/api/me", demo.APIOtherAudience)
	c.Cfg.ResourceURL = c.Cfg.Issuer + "/api" // which is what the demo's tokens name
	got := c.ask(c.Tokens.Access)
	if got.Name != APIWantsAnotherAudience || strings.Contains(got.Found, "not for this API") || strings.Contains(got.Fix, "resource=") || got.Setting != "" {
		t.Errorf("it says %q; %q", got.Found, got.Fix)
	}
}

// A token that no key of the server made is reported first, whatever the API says: the API is right.
func TestExplainAPI_BadSignatureFirst(t *testing.T) {
	c := startAPI(t, "/api/me")
	for _, faults := range [][]demo.Fault{nil, {demo.APINoChallenge}} {
		c.Demo.SetFaults(faults...)
		got := c.ask(oauth.Altered(c.Tokens.Access))
		if got.Name != "" || !strings.Contains(got.Found, "no key of this server made") ||
			slices.Contains(got.RuledOut, "a key of the server signed it") {
			t.Errorf("with %v it says %+v", faults, got)
		}
	}
	c.Demo.SetFaults(demo.APIOtherAudience)
	if got := c.ask(c.Tokens.Access); got.Server != "invalid_token: the access token is for a different API" {
		t.Errorf("it repeats what the API says twice: %q", got.Server)
	}
	if got := c.ask(c.Tokens.Access); !slices.Contains(got.RuledOut, "a key of the server signed it") || len(got.Untold) != 0 {
		t.Errorf("of a token in order it says %+v", got)
	}
}

// If the API gives no reason, an expired token is recognized by its exp.
func TestExplainAPI_ExpiredByExp(t *testing.T) {
	token := &oauth.AccessToken{JWT: true, Expires: time.Now().Add(-time.Minute), Signature: oauth.SignatureGood}
	e := &wire.Exchange{Status: 401}
	got := ExplainAPI(config.Config{ResourceURL: "https://api.example"}.Effective(), e, token, nil, time.Now())
	if got.Name != APITokenExpired || !slices.Contains(got.RuledOut, "a key of the server signed it") {
		t.Errorf("got %+v", got)
	}
	token.Expires = time.Now().Add(time.Minute)
	if got := ExplainAPI(config.Config{ResourceURL: "https://api.example"}.Effective(), e, token, nil, time.Now()); got.Name != APIChallengeMissing {
		t.Errorf("a token that has not expired gives %+v", got)
	}
}

// Real answers of APIs, as their servers word them.
func TestExplainAPI_RealAnswers(t *testing.T) {
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
				t.Errorf("an opaque token shows no expiry: %s", got.Found)
			}
		})
	}
}

// Three wrong tokens: a sound API accepts none of them, and each that is accepted is reported.
func TestJudgeWrongToken_DemoFaults(t *testing.T) {
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

// Something in front of an API, or in place of one, neither clears nor accuses the API: the token never reached it.
func TestJudgeWrongToken_InFrontOfAPI(t *testing.T) {
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
func TestExplainAPI_Moved(t *testing.T) {
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

// atAPI is an answer of an API, or of userinfo.
func atAPI(status int, header http.Header, body string) *wire.Exchange {
	return &wire.Exchange{Purpose: wire.API, Method: http.MethodGet, Status: status, ResponseHeader: wire.NewHeader(header), ResponseBody: body}
}

// What was checked is listed if it is in order, except for the cause itself.
func TestExplainAPI_RuledOut(t *testing.T) {
	t.Parallel()
	now := time.Now()
	cfg := config.Config{Issuer: "https://auth.example", ResourceURL: "https://api.example/v1"}.Effective()
	good := oauth.AccessToken{JWT: true, Issuer: cfg.Issuer, Audience: []string{"account", "https://api.example"}, Signature: oauth.SignatureGood, Expires: now.Add(time.Second)}
	const signature, expiry, issuer, audience, access = "a key of the server signed it", "it has not expired", "iss is the server's", "aud is this API's",
		"it is an access token, not an ID token"
	all := []string{signature, expiry, issuer, audience, access}
	for _, row := range []struct {
		name    string
		change  func(*oauth.AccessToken)
		without []string
	}{
		{"in order", func(*oauth.AccessToken) {}, nil},
		{"not verified", func(a *oauth.AccessToken) { a.Signature = oauth.SignatureUnknown }, []string{signature}},
		{"without exp", func(a *oauth.AccessToken) { a.Expires = time.Time{} }, []string{expiry}},
		{"of another issuer", func(a *oauth.AccessToken) { a.Issuer = "https://b.example" }, []string{issuer}},
		{"for no API", func(a *oauth.AccessToken) { a.Audience = []string{""} }, []string{audience}},
		{"opaque", func(a *oauth.AccessToken) { a.JWT = false }, []string{issuer, audience, access}},
	} {
		token := good
		row.change(&token)
		got := ExplainAPI(cfg, atAPI(401, http.Header{"Www-Authenticate": {"Bearer"}}, ""), &token, nil, now)
		want := slices.DeleteFunc(slices.Clone(all), func(s string) bool { return slices.Contains(row.without, s) })
		if !slices.Equal(got.RuledOut, want) {
			t.Errorf("%s: ruled out is %q; want %q", row.name, got.RuledOut, want)
		}
	}
	idToken := good
	idToken.IDToken = true
	if got := ExplainAPI(cfg, atAPI(401, nil, ""), &idToken, nil, now); slices.Contains(got.RuledOut, access) || got.Name != APIWantsAnotherAudience ||
		slices.Contains(got.RuledOut, audience) {
		t.Errorf("of an ID token it says %+v", got)
	}
	if got := ExplainAPI(cfg, atAPI(200, nil, "{}"), &good, nil, now); got.RuledOut != nil || got.Untold != nil || got.Result != OK {
		t.Errorf("of an API that opens it says %+v", got)
	}
	expired := good
	expired.Expires = now
	if got := ExplainAPI(cfg, atAPI(401, nil, ""), &expired, nil, now); got.Name == APITokenExpired {
		t.Errorf("at the second at which a token expires it says %+v", got)
	}
	for name, signature := range map[string]oauth.Signature{"unknown": oauth.SignatureUnknown, "good": oauth.SignatureGood} {
		token := good
		token.Signature, token.Why = signature, "its keys are unknown"
		got := ExplainAPI(cfg, atAPI(401, nil, ""), &token, nil, now).Untold
		if (len(got) == 1 && strings.HasSuffix(got[0], ": its keys are unknown")) != (name == "unknown") {
			t.Errorf("with a signature that is %s, not known is %q", name, got)
		}
	}
}

// The steps that explain a refusal: each status and each word has its own cause, and an answer that says nothing about the
// token is not a failure.
func TestExplainAPI_Statuses(t *testing.T) {
	t.Parallel()
	cfg := config.Config{Issuer: "https://auth.example", ResourceURL: "https://api.example/v1"}.Effective()
	token := oauth.AccessToken{JWT: true, Issuer: cfg.Issuer, Audience: []string{"https://api.example/"}, Signature: oauth.SignatureGood}
	html := http.Header{"Content-Type": {"Text/HTML"}}
	page := http.Header{"Content-Type": {"text/html"}, "Www-Authenticate": {"Bearer"}}
	post := atAPI(400, nil, "")
	post.Method = http.MethodPost
	postChallenged := atAPI(400, http.Header{"Www-Authenticate": {"Bearer"}}, "")
	postChallenged.Method = http.MethodPost
	for _, row := range []struct {
		name   string
		e      *wire.Exchange
		result Result
		cause  Name
		found  string
	}{
		{"429", atAPI(429, nil, ""), Warn, RateLimited, "(429)"},
		{"a page with 429", atAPI(429, html, ""), Warn, RateLimited, "(429)"},
		{"a bad redirect", atAPI(302, http.Header{"Location": {"http://["}}, ""), Fail, APIBehindASignInPage, "a redirect answers"},
		{"300", atAPI(300, nil, ""), Fail, APIBehindASignInPage, "a redirect answers"},
		{"a page", atAPI(200, html, ""), Fail, APIBehindASignInPage, "a page answers, not an API"},
		{"a page with 401", atAPI(401, html, ""), Fail, APIBehindASignInPage, "page (401)"},
		{"a page with 403", atAPI(403, html, ""), Fail, APIBehindASignInPage, "page (403)"},
		{"a page with 401 and a challenge", atAPI(401, page, ""), Fail, "", "refuses the token (401"},
		{"a page with 500", atAPI(500, html, ""), Fail, "", "refuses the token (500"},
		{"an error inside", atAPI(200, nil, `{"error":"x"}`), Warn, "", "returns 200 with an error of its own"},
		{"204", atAPI(204, nil, ""), OK, "", "accepted"},
		{"404", atAPI(404, nil, ""), Fail, APIUnreachable, "no API at this path (404)"},
		{"410", atAPI(410, nil, ""), Fail, APIUnreachable, "no API at this path (410)"},
		{"405", atAPI(405, nil, ""), Fail, APIUnreachable, "(405)"},
		{"400 to a POST", post, Warn, "", "understand the call (400)"},
		{"400 to a POST, with a challenge", postChallenged, Fail, "", "refuses the token (400"},
		{"400 to a GET", atAPI(400, nil, ""), Fail, "", "refuses the token (400"},
		{"Basic alone", atAPI(401, http.Header{"Www-Authenticate": {"Basic"}}, ""), Fail, APIWantsAnotherScheme, "wants Basic"},
		{"Basic and bearer", atAPI(401, http.Header{"Www-Authenticate": {"Basic", "bEARER"}}, ""), Fail, "", "refuses the token (401"},
		{"silent", atAPI(401, nil, ""), Fail, APIChallengeMissing, "does not say why"},
		{"silent, 403", atAPI(403, nil, ""), Fail, "", "refuses the token (403"},
	} {
		got := ExplainAPI(cfg, row.e, &token, nil, time.Now())
		if got.Result != row.result || got.Name != row.cause || !strings.Contains(got.Found, row.found) || got.Check != "api" || (got.Fix == "") != (row.result == OK) {
			t.Errorf("%s: %+v", row.name, got.Finding)
		}
	}
}

// The fix for a missing scope depends on what was asked for, and on who chooses the scopes.
func TestExplainAPI_Scope(t *testing.T) {
	t.Parallel()
	cfg := config.Config{ResourceURL: "https://api.example", Scopes: []string{"openid"}}.Effective()
	challenged := atAPI(403, http.Header{"Www-Authenticate": {`Bearer error="insufficient_scope", scope="a openid b"`}}, "")
	f := ExplainAPI(cfg, challenged, &oauth.AccessToken{}, []string{"openid"}, time.Now())
	if f.Name != APIScopeMissing || f.Setting != "SCOPES" || f.Line != "SCOPES='openid a b'" || !strings.Contains(f.Found, "the scope a b") || !strings.Contains(f.Fix, "add a b to SCOPES") {
		t.Errorf("it says %+v", f.Finding)
	}
	named := ExplainAPI(cfg, challenged, &oauth.AccessToken{}, []string{"openid", "a", "b"}, time.Now())
	if named.Line != "" || named.Found != "the access token lacks a scope" {
		t.Errorf("of scopes that were granted it says %+v", named.Finding)
	}
	cfg.Scopes = []string{"openid", "b"}
	if f = ExplainAPI(cfg, challenged, &oauth.AccessToken{}, []string{"openid"}, time.Now()); f.Line != "SCOPES='openid b a'" || !strings.Contains(f.Fix, "add a to SCOPES") {
		t.Errorf("if one of two was asked for, it says %+v", f.Finding)
	}
	cfg.Scopes = []string{"openid", "b", "a"}
	if f = ExplainAPI(cfg, challenged, &oauth.AccessToken{}, []string{"openid"}, time.Now()); f.Line != "" || !strings.Contains(f.Fix, "Sign in again and allow a b, which SCOPES has already") {
		t.Errorf("if both were asked for, it says %+v", f.Finding)
	}
	cfg.AtAPI = true
	if f = ExplainAPI(cfg, challenged, &oauth.AccessToken{}, nil, time.Now()); f.Line != "" || !strings.Contains(f.Fix, "if this page offers the scope") {
		t.Errorf("where the API names its server it says %+v", f.Finding)
	}
	for words, want := range map[string]Name{"insufficient rights": APIChallengeMissing, "the scope": APIChallengeMissing, "Insufficient Scope": APIScopeMissing} {
		if f := ExplainAPI(cfg, atAPI(401, http.Header{"Content-Type": {"application/json"}}, `{"message":"`+words+`"}`), &oauth.AccessToken{}, nil, time.Now()); f.Name != want {
			t.Errorf("after %s it says %+v", words, f.Finding)
		}
	}
}

// Userinfo refuses for its own reasons: a scope, something in front of it, or none that it names.
func TestExplainUserinfo_Reasons(t *testing.T) {
	t.Parallel()
	const wanted, insufficient, other = `{"error":"invalid_token","error_description":"OpenID is required"}`, `{"error":"insufficient_scope"}`, `{"error":"invalid_token"}`
	inJSON, inHTML := http.Header{"Content-Type": {"application/json"}}, http.Header{"Content-Type": {"text/html"}}
	challenged := http.Header{"Content-Type": {"text/html"}, "Www-Authenticate": {"Bearer"}}
	plain := settingsForFixes()
	asked := with(func(c *config.Effective) { c.Scopes = []string{"openid", "email"} })
	begun := with(func(c *config.Effective) { c.Found.Resource = "https://api.example" })
	resource := with(func(c *config.Effective) { c.Parameters = config.Parameters{"resource": "https://api.example"} })
	audience := with(func(c *config.Effective) { c.Parameters = config.Parameters{"audience": "a"} })
	set := with(func(c *config.Effective) { c.Endpoints.Userinfo = "https://id.example.com/userinfo" })
	for _, row := range []struct {
		name    string
		cfg     config.Effective
		status  int
		header  http.Header
		body    string
		granted string
		result  Result // none for no explanation
		cause   Name
		fix     string
	}{
		{"401", plain, 401, inJSON, wanted, "", Fail, OpenIDMissing, "add openid to SCOPES"},
		{"403", plain, 403, inJSON, wanted, "email", Fail, OpenIDMissing, "add openid to SCOPES"},
		{"400", plain, 400, inJSON, wanted, "", "", "", ""},
		{"an answer", plain, 200, inJSON, `{"sub":"openid"}`, "", "", "", ""},
		{"an error inside", plain, 200, inJSON, other, "", Warn, "", "read userinfo's message"},
		{"a scope", plain, 403, inJSON, insufficient, "email", Fail, OpenIDMissing, "add openid to SCOPES"},
		{"asked for, not granted", asked, 403, inJSON, wanted, "email", Fail, OpenIDMissing, "Sign in again and allow openid, which SCOPES has already."},
		{"a scope, with openid asked for", asked, 403, inJSON, insufficient, "email", Fail, OpenIDMissing, "Sign in again and allow openid"},
		{"another scope", plain, 403, inJSON, insufficient, "openid", Fail, APIScopeMissing, "Add the scope that userinfo wants"},
		{"openid, granted", plain, 403, inJSON, wanted, "openid", Fail, "", "Look at the server's log"},
		{"other words", plain, 401, inJSON, other, "", Fail, "", "Look at the server's log"},
		{"a revoked token", plain, 401, inJSON, `{"error":"invalid_token","error_description":"the token has been revoked"}`, "openid", Fail, "", "Sign in again"},
		{"not there", plain, 404, inHTML, "<p>Not found</p>", "openid", Fail, UserinfoUnusable, "Fix this on the server: its metadata"},
		{"not there, and set", set, 405, inJSON, `{}`, "openid", Fail, UserinfoUnusable, "Check USERINFO_ENDPOINT"},
		{"a page", plain, 403, inHTML, "<p>Blocked</p>", "openid", Fail, "", "Look at the server's log"},
		{"a page with a challenge", audience, 401, challenged, "<p>No</p>", "openid", Fail, "", "Sign in without resource and audience"},
		{"an endpoint that was set", set, 401, inJSON, other, "openid", Fail, "", "Check USERINFO_ENDPOINT"},
		{"a login at an API", begun, 401, inJSON, other, "openid", Fail, "", "Sign in without resource and audience"},
		{"a resource", resource, 401, inJSON, other, "openid", Fail, "", "Sign in without resource and audience"},
		{"a page, and a resource", resource, 403, inHTML, "<p>Blocked</p>", "openid", Fail, "", "Look at the server's log"},
	} {
		e := atAPI(row.status, row.header, row.body)
		e.Purpose = wire.Userinfo
		got := ExplainUserinfo(row.cfg, e, strings.Fields(row.granted))
		if (got == nil) != (row.result == "") || got != nil && (got.Result != row.result || got.Name != row.cause || got.Check != "userinfo" || got.Server == "" || !strings.HasPrefix(got.Fix, row.fix)) {
			t.Errorf("%s: %+v", row.name, got)
		}
	}
}

// A wrong token is made of those that are there, and its call is recorded as what it is.
func TestWrongToken_Of(t *testing.T) {
	t.Parallel()
	held := oauth.Tokens{Access: "an-access-token", ID: "an-id-token"}
	if NoTokenAtAll.Of(held) != "" || TheIDToken.Of(held) != held.ID || AlteredToken.Of(held) != oauth.Altered(held.Access) || AlteredToken.Of(held) == held.Access {
		t.Errorf("they are %q, %q, %q", NoTokenAtAll.Of(held), TheIDToken.Of(held), AlteredToken.Of(held))
	}
	if NoTokenAtAll.Purpose() != wire.APIWithout || TheIDToken.Purpose() != wire.APIWithIDToken || AlteredToken.Purpose() != wire.APIAltered {
		t.Error("a call is recorded as another one")
	}
	if got := []WrongToken{"no_token", "altered_token", "id_token"}; !slices.Equal(WrongTokens, got) {
		t.Errorf("they are called %q", WrongTokens)
	}
}

// Only the API's own refusal clears it, and only its own success accuses it.
func TestJudgeWrongToken_OnlyAPIsOwnAnswer(t *testing.T) {
	t.Parallel()
	html := http.Header{"Content-Type": {"text/html"}}
	page := http.Header{"Content-Type": {"text/html"}, "Www-Authenticate": {"Bearer"}}
	for _, row := range []struct {
		name   string
		e      *wire.Exchange
		opened bool
		want   Result
	}{
		{"400", atAPI(400, nil, ""), true, OK}, {"401", atAPI(401, nil, ""), true, OK}, {"403", atAPI(403, nil, ""), true, OK},
		{"404", atAPI(404, nil, ""), true, Warn}, {"500", atAPI(500, nil, ""), true, Warn}, {"302", atAPI(302, nil, ""), true, Warn},
		{"a page", atAPI(401, html, ""), true, Warn}, {"a page with a challenge", atAPI(401, page, ""), true, OK}, {"a page with 200", atAPI(200, html, ""), true, Warn},
		{"an error inside", atAPI(200, nil, `{"error":"x"}`), true, OK}, {"an error inside, as ever", atAPI(200, nil, `{"error":"x"}`), false, Warn},
		{"200", atAPI(200, nil, "{}"), true, Fail}, {"204", atAPI(204, nil, ""), false, Fail},
	} {
		for _, which := range WrongTokens {
			got := JudgeWrongToken(which, row.e, row.opened)
			if got.Result != row.want || (got.Fix == "") != (row.want == OK) || (got.Setting == "") != (row.want == OK) || (got.Name == "") != (row.want != Fail) ||
				row.want != Fail && !strings.Contains(got.Found, "("+strconv.Itoa(row.e.Status)) && !strings.Contains(got.Found, " "+strconv.Itoa(row.e.Status)+" ") {
				t.Errorf("%s with %s: %+v", row.name, which, got)
			}
		}
	}
}

// A refused refresh is about the refresh token, unless the server names something else.
func TestExplainRefresh_TokenOrNamedCause(t *testing.T) {
	t.Parallel()
	header := http.Header{"Content-Type": {"application/json"}}
	for _, row := range []struct {
		status int
		body   string
		want   Name
	}{
		{400, `{"error":"invalid_grant","error_description":"a-secret-of-ours-51 is spent"}`, RefreshTokenRefused},
		{400, `{"error":"weird"}`, RefreshTokenRefused},
		{401, `{"error":"invalid_client","error_description":"wrong client secret"}`, ClientSecretWrong},
		{500, `{}`, ServerFailed},
		{400, `{"error":"unauthorized_client"}`, RefreshNotEnabled},
		{400, `{"error":"invalid_request","error_description":"the authorization code grant is off"}`, ""},
	} {
		got := ExplainRefresh(settingsForFixes(), config.MethodBasic, atAPI(row.status, header, row.body))
		if got == nil || got.Name != row.want || got.Check != "refresh" || got.Result != Fail || strings.Contains(got.Server, "a-secret-of-ours") {
			t.Errorf("%d %s: %+v", row.status, row.body, got)
		}
	}
	if got := ExplainRefresh(settingsForFixes(), config.MethodBasic, atAPI(200, header, `{"access_token":"a"}`)); got != nil {
		t.Errorf("a refresh that worked: %+v", got)
	}
}

// Introspection is right, wrong about this token, or not for this client; else its own words tell.
func TestExplainIntrospection_EachAnswer(t *testing.T) {
	t.Parallel()
	header := http.Header{"Content-Type": {"application/json"}}
	html := http.Header{"Content-Type": {"text/html"}}
	for _, row := range []struct {
		name   string
		e      *wire.Exchange
		result Result
		cause  Name
		found  string
	}{
		{"active", atAPI(200, header, `{"active":true}`), "", "", ""},
		{"not active", atAPI(200, header, `{"active":false}`), Fail, TokenNotActive, ""},
		{"silent", atAPI(200, header, `{}`), "", "", ""},
		{"not active, with 201", atAPI(201, header, `{"active":false}`), "", "", ""},
		{"the older Clerk", atAPI(422, header, `{"error":"x","error_description":"Legacy OAuth applications"}`), Warn, "", "older OAuth provider"},
		{"a page", atAPI(200, html, "<p>Sign in</p>"), Warn, "", "no introspection endpoint answers there (200)"},
		{"404", atAPI(404, header, ""), Warn, "", "no introspection endpoint answers there (404)"},
		{"405", atAPI(405, header, ""), Warn, "", "no introspection endpoint answers there (405)"},
		{"401", atAPI(401, header, ""), Warn, "", "doesn't let this client introspect tokens (401)"},
		{"403", atAPI(403, header, ""), Warn, "", "doesn't let this client introspect tokens (403)"},
		{"the client", atAPI(400, header, `{"error":"invalid_client"}`), Warn, "", "doesn't let this client introspect tokens (400)"},
		{"something else", atAPI(400, header, `{"error":"weird"}`), "", "", ""},
	} {
		row.e.Purpose = wire.Introspection
		got := ExplainIntrospection(settingsForFixes(), row.e)
		if (got == nil) != (row.result == "") {
			t.Errorf("%s: %+v", row.name, got)
		} else if got != nil && (got.Result != row.result || got.Name != row.cause || !strings.Contains(got.Found, row.found) || got.Check != "introspection" || got.Fix == "") {
			t.Errorf("%s: %+v", row.name, got)
		}
	}
	if got := introspectionPlace(with(func(c *config.Effective) { c.Endpoints.Introspection = "https://a/i" })); !strings.Contains(got, "INTROSPECTION_ENDPOINT") {
		t.Errorf("of an endpoint of .env it says %s", got)
	}
	if got := introspectionPlace(settingsForFixes()); strings.Contains(got, "INTROSPECTION_ENDPOINT") {
		t.Errorf("of the metadata's endpoint it says %s", got)
	}
}

// A redirect leads to the API itself where nothing but the scheme, the host or a slash at the end differs.
func TestAPIAt(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ from, to, want string }{
		{"http://api.example/v1", "https://api.example/v1", "https://api.example/v1"},
		{"https://api.example/v1", "/v1/", "https://api.example/v1/"},
		{"https://api.example/v1/", "/v1", "https://api.example/v1"},
		{"https://api.example/v1", "https://b.example/v1?a=b", "https://b.example/v1"},
		{"https://api.example/", "https://api.example", "https://api.example"},
		{"http://api.example", "https://api.example/", "https://api.example/"},
		{"https://api.example/", "https://b.example/", ""},
		{"https://api.example/v1", "/v2", ""},
		{"https://api.example/v1?a=b", "/v1?c=d", ""},
		{"https://api.example/v1", "", ""},
		{"https://api.example/v1", "http://[", ""},
		{"http://[", "https://api.example/v1", ""},
	} {
		for _, status := range []int{200, 301, 308, 401} {
			if got := APIAt(row.from, atAPI(status, http.Header{"Location": {row.to}}, "")); got != row.want && status/100 == 3 || got != "" && status/100 != 3 {
				t.Errorf("%d from %s to %q leads to %q; want %q", status, row.from, row.to, got, row.want)
			}
		}
	}
	long := APIAt("http://api.example/"+strings.Repeat("x", 500), atAPI(301, http.Header{"Location": {"https://api.example/" + strings.Repeat("x", 500)}}, ""))
	if len(long) < 200 || len(long) > 210 {
		t.Errorf("a long address has %d bytes", len(long))
	}
}

// Each word of an API decides by itself, where it can be true of the token.
func TestExplainAPI_EveryWord(t *testing.T) {
	t.Parallel()
	cfg := config.Config{Issuer: "https://auth.example", ResourceURL: "https://api.example/v1"}.Effective()
	jwt := oauth.AccessToken{JWT: true, Issuer: cfg.Issuer, Audience: []string{cfg.ResourceURL}, Signature: oauth.SignatureGood, Expires: time.Now().Add(time.Hour)}
	for _, row := range []struct {
		want  Name
		token oauth.AccessToken
		words string
	}{
		{APIWantsAnotherAudience, jwt, `audience|aud claim|for another api|'aud'|"aud"|idx10214`},
		{APIWantsAnotherIssuer, jwt, `issuer|iss claim|'iss'|"iss"|idx10205`},
		{ClockDiffers, jwt, "expired|idx10223|exp claim"},
		{APITokenExpired, oauth.AccessToken{}, "expired|idx10223|exp claim"},
		{APIAcceptsIDToken, jwt, "id token|id_token"},
		{APIWantsAJWT, oauth.AccessToken{}, "invalid compact jws|not a jwt|malformed|number of segments|idx12741|is no jwt|must be a jwt|wants a jwt|jwt is expected"},
		{APIWantsAnOpaqueToken, jwt, "not active|inactive|introspect|unknown token|not known|opaque"},
	} {
		for word := range strings.SplitSeq(row.words, "|") {
			body, err := json.Marshal(map[string]string{"message": "It says " + word + " x"})
			if err != nil {
				t.Fatal(err)
			}
			header := http.Header{"Content-Type": {"application/json"}, "Www-Authenticate": {"Bearer"}}
			if got := ExplainAPI(cfg, atAPI(401, header, string(body)), &row.token, nil, time.Now()); got.Name != row.want {
				t.Errorf("%s is %q: %s; want %q", word, got.Name, got.Found, row.want)
			}
		}
	}
}

// An audience is another one where it is an address that the API's does not begin with; a name may mean anything.
func TestExplainAPI_Audience(t *testing.T) {
	t.Parallel()
	cfg := config.Config{Issuer: "https://auth.example", ResourceURL: "https://api.example/v1"}.Effective()
	for audience, want := range map[string]Name{"https://b.example": APIWantsAnotherAudience, "https://api.example/v2": APIWantsAnotherAudience, "https://api.example": "", "account": "", "http://[": ""} {
		token := oauth.AccessToken{JWT: true, Issuer: cfg.Issuer, Audience: []string{audience}, Signature: oauth.SignatureGood}
		if got := ExplainAPI(cfg, atAPI(401, http.Header{"Www-Authenticate": {"Bearer"}}, ""), &token, nil, time.Now()); got.Name != want {
			t.Errorf("for %s it is %q; want %q", audience, got.Name, want)
		}
	}
}

// An introspection endpoint's repetition of what we sent does not count as its own words.
func TestExplainIntrospection_Repeats(t *testing.T) {
	t.Parallel()
	for clientID, told := range map[string]bool{"invalid client id of ours": false, "c": true} {
		cfg := with(func(c *config.Effective) { c.ClientID = clientID })
		e := atAPI(400, http.Header{"Content-Type": {"application/json"}}, `{"error":"weird","error_description":"about invalid client id of ours"}`)
		if got := ExplainIntrospection(cfg, e); (got != nil) != told {
			t.Errorf("as %s: %+v", clientID, got)
		}
	}
}

// A token endpoint's repetition of what we sent names no cause of a refused refresh.
func TestExplainRefresh_Repeats(t *testing.T) {
	t.Parallel()
	for clientID, want := range map[string]Name{"wrong client secret of ours": RefreshTokenRefused, "c": ClientSecretWrong} {
		cfg := with(func(c *config.Effective) { c.ClientID = clientID })
		e := atAPI(400, http.Header{"Content-Type": {"application/json"}}, `{"error":"weird","error_description":"about wrong client secret of ours"}`)
		if got := ExplainRefresh(cfg, config.MethodBasic, e); got == nil || got.Name != want {
			t.Errorf("as %s: %+v; want %q", clientID, got, want)
		}
	}
}

// The note on a token that was not revoked says that it is still valid, and whose fault that is. The client that got it has
// the right secret.
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

// A token that was revoked is not the API's fault, nor the server's.
func TestExplainAPI_Revoked(t *testing.T) {
	for words, want := range map[string]string{"the access token has been revoked": "Sign in again to get a new token.", "revocation is not checked": ""} {
		e := atAPI(401, http.Header{"Www-Authenticate": {`Bearer error="invalid_token", error_description="` + words + `"`}}, "")
		got := ExplainAPI(config.Config{Issuer: "https://a.example", ResourceURL: "https://api.example"}.Effective(), e, new(oauth.AccessToken), []string{"openid"}, time.Now())
		if (got.Fix == want) != (want != "") {
			t.Errorf("%s: the fix is %q", words, got.Fix)
		}
	}
}
