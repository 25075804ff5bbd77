package main

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/demo"
	"oauth-test-client/internal/testserver"
)

// The table of causes that only the whole program can find: each row is a set-up with one mistake, and the name of its
// cause. Without the mistake, no cause is named. internal/check has the causes that the settings and the checks find.

// refused is an error that the browser brings back, in the server's words.
func refused(code, words string) func(*testserver.FakeServer) {
	return func(l *testserver.FakeServer) {
		l.Callback = func(response map[string]string) {
			delete(response, "code")
			response["error"], response["error_description"] = code, words
		}
	}
}

// tokenSays replaces the token endpoint.
func tokenSays(status int, contentType, body string) func(*testserver.FakeServer) {
	return func(l *testserver.FakeServer) { l.Token = testserver.SendBody(status, contentType, body) }
}

// tokenRefuses is an error of the token endpoint, in its words.
func tokenRefuses(code, words string) func(*testserver.FakeServer) {
	body, _ := json.Marshal(map[string]string{"error": code, "error_description": words})
	return tokenSays(http.StatusBadRequest, "application/json", string(body))
}

// without removes a member from the token response.
func without(name string) func(*testserver.FakeServer) {
	return func(l *testserver.FakeServer) { l.Response = func(response map[string]any) { delete(response, name) } }
}

// spoilClaim spoils a claim of the ID token.
func spoilClaim(name string, value any) func(*testserver.FakeServer) {
	return func(l *testserver.FakeServer) { l.Claims = func(claims map[string]any) { claims[name] = value } }
}

// encrypted wraps the ID token in a JWE of five parts.
func encrypted(l *testserver.FakeServer) {
	l.Sign = func(claims map[string]any) string {
		signed := testserver.SignClaims(jose.ES256, jose.JSONWebKey{Key: l.Key, KeyID: "k1"}, claims)
		e, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.ECDH_ES, Key: l.Key.Public()}, nil)
		if err != nil {
			panic(err)
		}
		jwe, err := e.Encrypt([]byte(signed))
		if err != nil {
			panic(err)
		}
		raw, err := jwe.CompactSerialize()
		if err != nil {
			panic(err)
		}
		return raw
	}
}

// symmetric signs the ID token with the client secret.
func symmetric(l *testserver.FakeServer) {
	l.Sign = func(claims map[string]any) string {
		return testserver.SignClaims(jose.HS256, []byte(strings.Repeat(testserver.FakeClientSecret, 3)), claims)
	}
}

// The page of a login names the cause: each row spoils one answer of the same server, in the words of real servers if these
// are known.
func TestCauses_LoginTellsAnswer(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	b := newBrowser(t, startApp(t, l.Env()))
	for _, row := range []struct {
		name  string
		spoil func(*testserver.FakeServer)
	}{
		{"access-denied", refused("access_denied", "The user has denied your application access.")},
		{"user-not-allowed", refused("access_denied", "Policy evaluation failed for this request, please check the policy configurations.")},
		{"user-not-allowed", refused("access_denied", "AADSTS50105: The signed in user 'a' is not assigned to a role for the application 'b'.")},
		{"resource-unknown", refused("access_denied", "Service not found: https://api.example")},
		{"resource-unknown", refused("invalid_target", "")},
		{"resource-unknown", tokenRefuses("invalid_target", "")},
		{"resource-unknown", tokenRefuses("invalid_request",
			"AADSTS9010010: The resource parameter provided in the request doesn't match with the requested scopes.")},
		{"redirect-uri-not-registered", refused("redirect_uri_mismatch",
			"The redirect_uri MUST match the registered callback URL for this application.")},
		{"client-id-unknown", refused("unauthorized_client", "Unknown client or client not enabled")},
		{"client-id-unknown", refused("unauthorized_client",
			"AADSTS700016: Application with identifier 'a' was not found in the directory 'b'.")},
		{"grant-not-enabled", refused("unauthorized_client",
			"Client is not allowed to initiate browser login with given response_type. Standard flow is disabled for the client.")},
		{"grant-not-enabled", tokenRefuses("unauthorized_client", "Grant type 'authorization_code' not allowed for the client.")},
		{"pkce-required", refused("invalid_request", "code_challenge is missing")},
		{"pkce-refused", refused("invalid_request", "code_challenge_method S256 is not supported")},
		{"par-required", refused("invalid_request", "Pushed Authorization Request is only allowed.")},
		{"scope-not-enabled", refused("invalid_scope", "The OAuth 2.0 Client is not allowed to request scope 'openid'.")},
		{"scope-not-enabled", refused("invalid_client",
			"AADSTS650053: The application 'a' asked for scope 'b' that doesn't exist on the resource 'c'.")},
		{"response-issuer-differs", func(l *testserver.FakeServer) {
			l.Callback = func(response map[string]string) { response["iss"] = l.Issuer + "/" }
		}},
		{"server-failed", refused("temporarily_unavailable", "")},
		{"server-failed", tokenSays(502, "text/html", "<h1>Bad Gateway</h1>")},
		{"rate-limited", tokenSays(429, "application/json", `{"error":"slow_down"}`)},
		{"rate-limited", tokenSays(429, "text/plain", "Too many requests")},
		{"rate-limited", tokenSays(400, "application/json", `{"error":"too_many_requests"}`)},
		{"client-secret-wrong", tokenRefuses("unauthorized_client", "Invalid client or Invalid client credentials")},
		{"client-secret-wrong", tokenSays(200, "application/json",
			`{"error":"incorrect_client_credentials","error_description":"The client_id and/or client_secret passed are incorrect."}`)},
		{"client-is-public", tokenRefuses("invalid_client",
			"AADSTS700025: Client is public so neither 'client_assertion' nor 'client_secret' should be presented.")},
		{"client-type-wrong", tokenRefuses("invalid_request",
			"AADSTS9002327: Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests.")},
		{"client-type-wrong", tokenRefuses("invalid_request",
			"Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests.")},
		{"auth-method-wrong", tokenRefuses("invalid_client",
			"The request was determined to be using 'token_endpoint_auth_method' method 'client_secret_post', "+
				"however the OAuth 2.0 client registration does not allow this method.")},
		{"code-expired-or-used", tokenRefuses("invalid_grant", "Code not valid")},
		{"code-expired-or-used", tokenSays(200, "application/json",
			`{"error":"bad_verification_code","error_description":"The code passed is incorrect or expired."}`)},
		{"token-response-unusable", tokenSays(200, "text/plain", "access_token=a&token_type=bearer")},
		{"openid-missing", without("id_token")},
		{"id-token-algorithm", symmetric},
		{"id-token-encrypted", encrypted},
		{"clock-differs", spoilClaim("iat", time.Now().Add(5*time.Minute).Unix())},
		{"clock-differs", spoilClaim("exp", time.Now().Add(-5*time.Minute).Unix())},
		{"id-token-issuer-differs", spoilClaim("iss", "http://localhost:8180/realms/a")},
		{"", refused("weird", "What?")}, // what is not known gets no name
		{"", tokenRefuses("weird", "What?")},
	} {
		t.Run(row.name, func(t *testing.T) {
			l.Reset()
			if r := b.SignIn(l); r.Cause(t) != "" || r.StatusCode != http.StatusOK {
				t.Fatalf("the sound login was answered %d %s", r.StatusCode, r.Body)
			}
			row.spoil(l)
			if r := b.SignIn(l); r.Cause(t) != row.name || r.StatusCode == http.StatusOK {
				t.Errorf("the failure is called %q: %d %s", r.Cause(t), r.StatusCode, r.Body)
			}
		})
	}
}

// The page of a login names the cause, even if the login can't start: each row is an app with its own settings.
func TestCauses_LoginTellsServer(t *testing.T) {
	t.Parallel()
	document := func(name string, value any) func(*testserver.FakeServer) {
		return func(l *testserver.FakeServer) { l.Document = func(d map[string]any) { d[name] = value } }
	}
	for _, row := range []struct {
		name           string
		spoil          func(*testserver.FakeServer)
		setting, value string // ISSUER in a value stands for the fake server's
	}{
		{"server-unreachable", nil, "ISSUER", "http://127.0.0.1:1"},
		{"server-not-found", nil, "ISSUER", "ISSUER/realms/none"},
		{"issuer-differs", nil, "ISSUER", "ISSUER/"},
		{"two-host-names", document("issuer", "http://keycloak:8080/realms/a"), "", ""},
		{"endpoints-not-https", document("token_endpoint", "http://a.example/token"), "", ""},
		{"par-endpoint-missing", document("require_pushed_authorization_requests", true), "", ""},
		{"client-secret-missing", tokenRefuses("unauthorized_client", "Client secret not provided in request"), "CLIENT_SECRET", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := testserver.StartFakeServer(t)
			env := l.Env()
			sound := startApp(t, env)
			if r := newBrowser(t, sound).SignIn(l); r.StatusCode != http.StatusOK {
				t.Fatalf("the sound login was answered %d %s", r.StatusCode, r.Body)
			}
			if row.spoil != nil {
				row.spoil(l)
			}
			if row.setting != "" {
				env[row.setting] = strings.Replace(row.value, "ISSUER", l.Issuer, 1)
			}
			if r := newBrowser(t, startApp(t, env)).SignIn(l); r.Cause(t) != row.name {
				t.Errorf("the failure is called %q: %s", r.Cause(t), r.Body)
			}
		})
	}
}

// The page of a login names the cause: the certificate is from an unknown authority.
func TestCauses_LoginTellsCertificate(t *testing.T) {
	t.Parallel()
	port := testserver.FreePort(t)
	c := testserver.StartClerk(t, "127.0.0.1:"+port)
	env := c.Env()
	if r := newBrowser(t, startAppAt(t, port, env)).GetJSON("/login"); r.StatusCode != http.StatusFound {
		t.Fatalf("with the authority the login was answered %d %s", r.StatusCode, r.Body)
	}
	delete(env, "SSL_CERT_FILE")
	if r := newBrowser(t, startApp(t, env)).GetJSON("/login"); r.Cause(t) != "certificate-not-trusted" {
		t.Errorf("without it the failure is called %q: %s", r.Cause(t), r.Body)
	}
}

// The page of a login names the cause if the login came back to a different host, or to a browser that did not start it.
func TestCauses_LoginTellsWayBack(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	env := l.Env()
	env["BASE_URL"] = "http://localhost:PORT"
	a := startApp(t, env)
	b := newBrowserAt(t, a, a.Cfg.BaseURL)
	back := l.Approve(t, b.Begin(""))
	if r := b.GetJSON(strings.Replace(back, "localhost", "127.0.0.1", 1)); r.Cause(t) != "host-changed-on-the-way-back" {
		t.Errorf("on another host the failure is called %q: %s", r.Cause(t), r.Body)
	}
	if r := newBrowserAt(t, a, a.Cfg.BaseURL).GetJSON(back); r.Cause(t) != "login-not-known" {
		t.Errorf("in another browser the failure is called %q: %s", r.Cause(t), r.Body)
	}
	if r := b.GetJSON(back); r.Cause(t) != "" || r.StatusCode != http.StatusOK {
		t.Errorf("in this browser and at this host it was answered %d %s", r.StatusCode, r.Body)
	}
	if r := b.Post(config.CallbackPath, url.Values{"address": {strings.Replace(back, "?", "#", 1)}}); !strings.Contains(r.Body, "/problems/response-in-fragment") {
		t.Errorf("behind a # the failure is not named:\n%s", r.Body)
	}
	env["BASE_URL"] = "https://test.example.com" // behind a proxy that sends one of our names, and not its own
	proxied := newBrowser(t, startApp(t, env))
	if r := proxied.GetJSON("/oauth_callback?state=a&code=b"); r.Cause(t) != "login-not-known" {
		t.Errorf("behind a proxy the failure is called %q: %s", r.Cause(t), r.Body)
	}
}

// The page before a sign-out names the cause: the server doesn't know the address.
func TestCauses_LogoutTells(t *testing.T) {
	t.Parallel()
	for name, isRegistered := range map[string]bool{"logout-uri-not-registered": false, "": true} {
		l := testserver.StartFakeServer(t)
		a := startApp(t, l.Env())
		l.Document = func(d map[string]any) { d["end_session_endpoint"] = l.Issuer + "/bye" }
		l.Around(func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				address := r.URL.Query().Get("post_logout_redirect_uri")
				switch {
				case r.URL.Path != "/bye":
					next.ServeHTTP(w, r)
				case address == "" || address == a.Cfg.AfterLogout() && isRegistered:
					w.Write([]byte("<form>Sign out?</form>"))
				default:
					testserver.SendBody(http.StatusBadRequest, "text/html", "<p>Invalid redirect uri</p>")(w, r)
				}
			})
		})
		b := newBrowser(t, a)
		b.GetJSON(l.Approve(t, b.Begin("")))
		var page struct {
			Asked struct{ Result, Name string } `json:"after_sign_out"`
		}
		r := b.Ask("/logout", false)
		if err := json.Unmarshal([]byte(r.Body), &page); err != nil || page.Asked.Name != name || (page.Asked.Result == "ok") != isRegistered {
			t.Errorf("it is called %q: %s (%v)", page.Asked.Name, r.Body, err)
		}
	}
}

// The start names the cause: another program listens on the port.
func TestCauses_StartTells(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	_, taken, _ := net.SplitHostPort(other.Listener.Addr().String())
	p := startRun(t, map[string]string{"PORT": taken})
	if code := p.Wait(t); code != 1 || !strings.Contains(p.Err.String(), "[port-in-use]") {
		t.Errorf("it ended with %d and said %q", code, p.Err)
	}
	sound := startRun(t, map[string]string{"PORT": testserver.FreePort(t)})
	if sound.WaitFor(t, "redirect URI"); strings.Contains(sound.Err.String()+sound.Out.String(), "port-in-use") {
		t.Errorf("on a free port it said\n%s%s", sound.Out, sound.Err)
	}
}

// The start page lists the usual causes of a login that was started and has not come back.
func TestCauses_HomeTells(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	b := newBrowser(t, startApp(t, l.Env()))
	names := func() string {
		var home struct {
			Unfinished struct{ Causes []struct{ Name string } }
		}
		if err := json.Unmarshal([]byte(b.GetJSON("/").Body), &home); err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, cause := range home.Unfinished.Causes {
			list = append(list, cause.Name)
		}
		return strings.Join(list, " ")
	}
	if got := names(); got != "" {
		t.Errorf("before a login it names %s", got)
	}
	begun := b.Begin("")
	for _, name := range []string{"login-never-came-back", "form-action-blocks-return"} {
		if !strings.Contains(names(), name) {
			t.Errorf("of a login that is under way it names %s, and not %s", names(), name)
		}
	}
	b.GetJSON(l.Approve(t, begun))
	if got := names(); got != "" {
		t.Errorf("of a login that came back it names %s", got)
	}
}

// startAtDemo is a browser at an app whose server, of another origin, is a demo server that can be spoiled.
func startAtDemo(t *testing.T, pairs ...string) (*demo.Server, *testserver.Browser) {
	t.Helper()
	port := testserver.FreePort(t)
	srv := httptest.NewUnstartedServer(nil)
	issuer := "http://" + srv.Listener.Addr().String() + "/demo"
	env := map[string]string{"ISSUER": issuer, "CLIENT_ID": "a-client", "CLIENT_SECRET": "cause-secret-5e1b", "RESOURCE_URL": issuer + "/api/me"}
	for i := 0; i < len(pairs); i += 2 {
		env[pairs[i]] = pairs[i+1]
	}
	server, err := demo.New(demo.Config{Issuer: issuer, Clients: []demo.Client{{ID: "a-client", Secret: "cause-secret-5e1b", Name: "Causes",
		RedirectURIs: []string{"http://127.0.0.1:" + port + "/oauth_callback"}}}})
	if err != nil {
		t.Fatal(err)
	}
	srv.Config.Handler = server
	srv.Start()
	t.Cleanup(srv.Close)
	return server, newBrowser(t, startAppAt(t, port, env))
}

// seen returns the problems that the session page names for the access token, the refresh token and the ID token.
func seen(t *testing.T, b *testserver.Browser) string {
	t.Helper()
	var session struct{ Tokens []struct{ See string } }
	if err := json.Unmarshal([]byte(b.GetJSON("/session").Body), &session); err != nil || len(session.Tokens) != 3 {
		t.Fatalf("the session is %+v: %v", session, err)
	}
	return session.Tokens[0].See + "/" + session.Tokens[1].See + "/" + session.Tokens[2].See
}

// The session names what it lacks. That is no fault by itself.
func TestCauses_SessionTells(t *testing.T) {
	t.Parallel()
	server, b := startAtDemo(t)
	for _, row := range []struct {
		want   string
		query  string
		faults []demo.Fault
	}{
		{"//", "", nil},
		{"access-token-opaque//", "", []demo.Fault{demo.OpaqueAccessTokens}},
		{"//openid-missing", "?scope=profile", nil},
	} {
		server.SetFaults(row.faults...)
		b.App.NoteTokens(b.Get(b.Authorize(b.Begin(row.query), "user_alice", "allow")).Body)
		if got := seen(t, b); got != row.want {
			t.Errorf("with %q and %v it refers to %q", row.query, row.faults, got)
		}
	}
	l := testserver.StartFakeServer(t) // the demo always issues a refresh token
	b = newBrowser(t, startApp(t, l.Env()))
	for _, row := range []struct {
		want  string
		spoil func(*testserver.FakeServer)
	}{{"access-token-opaque//", func(*testserver.FakeServer) {}}, {"access-token-opaque/no-refresh-token/", without("refresh_token")}} {
		row.spoil(l)
		b.SignIn(l)
		if got := seen(t, b); got != row.want {
			t.Errorf("it refers to %q; want %q", got, row.want)
		}
	}
}

// reasons are the names in an answer of /api or /userinfo: of one call, or of several by their kind.
func reasons(t *testing.T, r testserver.Reply) map[string]string {
	t.Helper()
	type why struct{ Result, Name string }
	var one struct {
		Status int
		Why    why
	}
	if err := json.Unmarshal([]byte(r.Body), &one); err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("answered %d %s", r.StatusCode, r.Body)
	}
	if one.Status != 0 {
		return map[string]string{"": one.Why.Name}
	}
	var several map[string]struct{ Why why }
	json.Unmarshal([]byte(r.Body), &several)
	names := map[string]string{}
	for kind, answer := range several {
		names[kind] = answer.Why.Name
	}
	return names
}

// The page of userinfo names the cause.
func TestCauses_UserinfoTells(t *testing.T) {
	t.Parallel()
	for scopes, name := range map[string]string{"profile": "openid-missing", "openid profile": ""} {
		_, b := startAtDemo(t, "SCOPES", scopes)
		b.Login()
		if got := reasons(t, b.GetJSON("/userinfo"))[""]; got != name {
			t.Errorf("with the scopes %s it says %q", scopes, got)
		}
	}
	l := testserver.StartFakeServer(t) // a refusal for another reason, as a plain OAuth server may give it
	env := l.Env()
	env["SCOPES"] = "profile"
	b := newBrowser(t, startApp(t, env))
	without("id_token")(l)
	b.SignIn(l)
	l.Other = testserver.SendBody(http.StatusForbidden, "application/json", `{"message":"API rate limit exceeded"}`)
	if got := reasons(t, b.GetJSON("/userinfo"))[""]; got != "" {
		t.Errorf("a refusal that is not about openid is called %q", got)
	}
}

// The page of the API names the cause: each row spoils the demo's API between two calls with the same token.
func TestCauses_APITells(t *testing.T) {
	t.Parallel()
	server, b := startAtDemo(t)
	b.Login()
	opaqueServer, opaque := startAtDemo(t)
	opaqueServer.SetFaults(demo.OpaqueAccessTokens)
	opaque.Login()
	for _, row := range []struct {
		name   string
		faults []demo.Fault
	}{
		{"api-wants-another-audience", []demo.Fault{demo.APIOtherAudience}},
		{"api-wants-another-issuer", []demo.Fault{demo.APIOtherIssuer}},
		{"clock-differs", []demo.Fault{demo.APITokenExpired}},
		{"api-scope-missing", []demo.Fault{demo.APIOtherScope}},
		{"api-accepts-id-token", []demo.Fault{demo.APIWantsIDToken}},
		{"api-wants-an-opaque-token", []demo.Fault{demo.APIWantsOpaque}},
		{"api-wants-a-jwt", []demo.Fault{demo.OpaqueAccessTokens, demo.APIWantsJWT}},
		{"api-behind-a-sign-in-page", []demo.Fault{demo.APIRedirectsToSignIn}},
		{"api-behind-a-sign-in-page", []demo.Fault{demo.APISignInPage}},
		{"api-behind-a-sign-in-page", []demo.Fault{demo.APIFirewall}},
		{"api-wants-another-scheme", []demo.Fault{demo.APIOtherScheme}},
		{"api-unreachable", []demo.Fault{demo.APIMethod}},
	} {
		t.Run(row.name, func(t *testing.T) {
			at, from := server, b
			sound := []demo.Fault{}
			if row.faults[0] == demo.OpaqueAccessTokens {
				at, from, sound = opaqueServer, opaque, row.faults[:1]
			}
			at.SetFaults(sound...)
			if got := reasons(t, from.GetJSON("/api"))[""]; got != "" {
				t.Fatalf("the sound API is called %s", got)
			}
			at.SetFaults(row.faults...)
			if got := reasons(t, from.GetJSON("/api"))[""]; got != row.name {
				t.Errorf("the refusal is called %q", got)
			}
		})
	}
}

// The page of the wrong tokens names the cause, each in its own row. The API accepts the right token in every row.
func TestCauses_APITellsWrongTokens(t *testing.T) {
	t.Parallel()
	server, b := startAtDemo(t)
	b.Login()
	for _, row := range []struct {
		name, kind string
		fault      demo.Fault
	}{
		{"api-open", "no_token", demo.APIOpen},
		{"api-ignores-signature", "altered_token", demo.APIOpenToAltered},
		{"api-accepts-id-token", "id_token", demo.APIOpenToIDToken},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, faults := range [][]demo.Fault{nil, {row.fault}} {
				server.SetFaults(faults...)
				req, _ := http.NewRequest(http.MethodPost, b.App.Address+"/api", nil)
				req.Header.Set("Accept", "*/*")
				got, want := reasons(t, b.Do(req)), ""
				if faults != nil {
					want = row.name
				}
				if len(got) != 4 || got["access_token"] != "" || got[row.kind] != want {
					t.Errorf("with %v it says %v", faults, got)
				}
			}
		})
	}
}

// Causes that no demo token can show: a token that only its own API can verify, and a refusal without words.
func TestCauses_ForeignAPITells(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	env := l.Env()
	env["RESOURCE_URL"] = l.Issuer + "/api"
	b := newBrowser(t, startApp(t, env))
	key := testserver.NewKey(t)
	graph := func(l *testserver.FakeServer) {
		l.Claims = func(claims map[string]any) { delete(claims, "at_hash") }
		l.Response = func(response map[string]any) {
			response["access_token"] = testserver.Sign(jose.ES256, jose.JSONWebKey{Key: key, KeyID: "k1"},
				[]byte(`{"aud":"00000003-0000-0000-c000-000000000000","iss":"https://sts.windows.net/t/","scp":"User.Read"}`),
				map[jose.HeaderKey]any{"nonce": "a"})
		}
	}
	for _, row := range []struct {
		name, challenge string
		tokens          func(*testserver.FakeServer)
	}{
		{"api-token-not-verifiable", `Bearer error="invalid_token"`, graph},
		{"api-challenge-missing", "", nil},
		{"api-token-expired", `Bearer error="invalid_token", error_description="The access token expired"`, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			l.Reset()
			if row.tokens != nil {
				row.tokens(l)
			}
			if r := b.SignIn(l); r.StatusCode != http.StatusOK {
				t.Fatalf("the login was answered %d %s", r.StatusCode, r.Body)
			}
			l.Other = testserver.SendBody(200, "application/json", "{}")
			if got := reasons(t, b.GetJSON("/api"))[""]; got != "" {
				t.Errorf("the sound API is called %s", got)
			}
			l.Other = func(w http.ResponseWriter, r *http.Request) {
				if row.challenge != "" {
					w.Header().Set("WWW-Authenticate", row.challenge)
				}
				testserver.SendBody(401, "application/json", "{}")(w, r)
			}
			if got := reasons(t, b.GetJSON("/api"))[""]; got != row.name {
				t.Errorf("the refusal is called %q", got)
			}
		})
	}
	l.Other = testserver.SendBody(503, "text/html", "<h1>Maintenance</h1>")
	if r := b.GetJSON("/api"); r.Cause(t) != "api-failed" {
		t.Errorf("an API that fails is called %q: %s", r.Cause(t), r.Body)
	}
	l.Close()
	if r := b.GetJSON("/api"); r.Cause(t) != "api-unreachable" {
		t.Errorf("an API that is gone is called %q: %s", r.Cause(t), r.Body)
	}
}
