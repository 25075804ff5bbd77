package oauth

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// TestKind_EachHasRow has a row for every kind of error: what a server does, and what is said of it. At the end no kind may be left
// without one.
func TestKind_EachHasRow(t *testing.T) {
	body := testserver.SendBody
	jsonBody := func(text string) func(http.ResponseWriter, *http.Request) { return body(200, "application/json", text) }
	redirect := func(to string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusTemporaryRedirect) }
	}
	// A login at a server that is spoilt.
	login := func(params url.Values, spoil func(l *testserver.FakeServer)) func(t *testing.T) error {
		return func(t *testing.T) error {
			l := testserver.StartFakeServer(t)
			spoil(l)
			_, _, err := signIn(t, clientAt(t, l.Env()), l, params)
			return err
		}
	}
	tokens := func(answer func(http.ResponseWriter, *http.Request)) func(t *testing.T) error {
		return login(nil, func(l *testserver.FakeServer) { l.Token = answer })
	}
	member := func(name string, value any) func(t *testing.T) error {
		return login(nil, func(l *testserver.FakeServer) {
			l.Document = func(d map[string]any) {
				if d[name] = value; value == nil {
					delete(d, name)
				}
			}
		})
	}
	metadata := func(answer func(http.ResponseWriter, *http.Request)) func(t *testing.T) error {
		return login(nil, func(l *testserver.FakeServer) { l.Metadata = answer })
	}
	claims := func(change func(c map[string]any)) func(t *testing.T) error {
		return login(nil, func(l *testserver.FakeServer) { l.Claims = change })
	}
	claim := func(name string, value any) func(t *testing.T) error {
		return claims(func(c map[string]any) {
			if c[name] = value; value == nil {
				delete(c, name)
			}
		})
	}
	keys := func(answer func(http.ResponseWriter, *http.Request)) func(t *testing.T) error {
		return login(nil, func(l *testserver.FakeServer) { l.JWKS = answer })
	}
	userinfo := func(mediaType, text string) func(t *testing.T) error {
		return func(t *testing.T) error {
			l, c, _, _, id := loginAt(t)
			l.Lock()
			l.Other = body(200, mediaType, text)
			l.Unlock()
			_, err := c.Userinfo(t.Context(), "a-token", id)
			return err
		}
	}
	// A response to a login, which the browser brings.
	response := func(change func(q url.Values)) func(t *testing.T) error {
		return func(t *testing.T) error {
			l := testserver.StartFakeServer(t)
			c := clientAt(t, l.Env())
			request, err := c.NewRequest(nil)
			if err != nil {
				return err
			}
			if _, err := c.AuthorizationURL(t.Context(), request); err != nil {
				return err
			}
			q := url.Values{"iss": {l.Issuer}, "code": {"a-code"}, "state": {request.State}}
			change(q)
			_, err = c.CheckResponse(t.Context(), request, q)
			return err
		}
	}
	pushing := func(demands bool, env string, spoil func(l *testserver.FakeServer)) func(t *testing.T) error {
		return func(t *testing.T) error {
			l := pushingServer(t, demands)
			spoil(l)
			all := l.Env()
			all["PAR"] = env
			_, _, err := signIn(t, clientAt(t, all), l, nil)
			return err
		}
	}
	milliseconds := float64(time.Now().UnixMilli())
	const good = `"access_token":"a","token_type":"bearer"`
	rows := []struct {
		name string
		do   func(t *testing.T) error
		want Error // its step, kind, member, found, inside and issuer; of its answer what is no zero value; of its claim name and state
	}{
		{"nothing comes", tokens(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
			Error{Step: wire.TokenRequest, Kind: NoAnswer, Answer: Answer{URL: "/token"}}},
		{"a 503 of a proxy", tokens(body(503, "text/html", "<h1>Busy</h1><p>Come back.")),
			Error{Step: wire.TokenRequest, Kind: ServerFailed, Answer: Answer{URL: "/token", Status: 503, MediaType: "text/html", AuthMethod: config.MethodBasic,
				Refusal: wire.Refusal{Format: wire.FormatPage, Words: "Busy: Come back."}}}},
		{"a redirect", tokens(redirect("/token/?secret=x")),
			Error{Step: wire.TokenRequest, Kind: Redirected, Answer: Answer{Status: 307, Location: "/token/"}}},
		{"a refusal", tokens(body(400, "application/json", `{"error":"invalid_grant","error_description":"d","error_hint":"h"}`)),
			Error{Step: wire.TokenRequest, Kind: Refused, Answer: Answer{URL: "/token", Status: 400, MediaType: "application/json",
				AuthMethod: config.MethodBasic, Refusal: wire.Refusal{Format: wire.FormatJSON, Code: "invalid_grant", Words: "d", Hint: "h"}}}},
		{"a refusal by the status alone", tokens(body(401, "text/html", "<title>401 Unauthorized</title>")),
			Error{Step: wire.TokenRequest, Kind: Refused, Answer: Answer{Status: 401, Refusal: wire.Refusal{Format: wire.FormatPage, Words: "401 Unauthorized"}}}},
		{"a refusal with 200", tokens(jsonBody(`{"ok":false,"error":"bad_client_secret"}`)),
			Error{Step: wire.TokenRequest, Kind: Refused, Answer: Answer{Status: 200, Refusal: wire.Refusal{Code: "bad_client_secret"}}}},
		{"a refused response", response(func(q url.Values) {
			q.Del("code")
			q.Set("error", "invalid_scope")
			q.Set("error_description", "d")
			q.Set("error_hint", "h")
		}), Error{Step: wire.Response, Kind: Refused, Answer: Answer{Refusal: wire.Refusal{Code: "invalid_scope", Words: "d", Hint: "h"}}}},
		{"no such endpoint", func(t *testing.T) error {
			_, c, _, _, _ := loginAt(t)
			c.mu.Lock()
			c.found.Revocation = ""
			c.mu.Unlock()
			_, err := c.Revoke(t.Context(), "access_token", "a")
			return err
		}, Error{Step: wire.Revocation, Kind: NotSupported}},
		{"no API", func(t *testing.T) error {
			_, err := clientAt(t, testserver.StartFakeServer(t).Env()).CallAPI(t.Context(), "a")
			return err
		}, Error{Step: wire.API, Kind: NotSupported}},
		{"a parameter", login(url.Values{"max_age": {"soon"}}, func(*testserver.FakeServer) {}),
			Error{Step: wire.AuthorizationRequest, Kind: BadParameter, Member: "max_age"}},

		{"no metadata", metadata(http.NotFound), Error{Step: wire.Metadata, Kind: MetadataNotFound, Answer: Answer{Status: 404}}},
		{"metadata behind a firewall", metadata(body(403, "text/html", "<h1>Blocked</h1>")),
			Error{Step: wire.Metadata, Kind: Refused, Answer: Answer{Status: 403, Refusal: wire.Refusal{Words: "Blocked"}}}},
		{"metadata that fails", metadata(body(502, "", "")), Error{Step: wire.Metadata, Kind: ServerFailed}},
		{"metadata elsewhere", metadata(redirect("https://elsewhere.example/a?b")),
			Error{Step: wire.Metadata, Kind: Redirected, Answer: Answer{Location: "https://elsewhere.example/a"}}},
		{"a page for metadata", metadata(body(200, "text/html", "<h1>Hi</h1>")),
			Error{Step: wire.Metadata, Kind: MetadataUnusable, Answer: Answer{Refusal: wire.Refusal{Format: wire.FormatPage}}}},
		{"nothing for metadata", metadata(body(204, "", "")), Error{Step: wire.Metadata, Kind: MetadataUnusable}},
		{"a number for an endpoint", member("token_endpoint", 7), Error{Step: wire.Metadata, Kind: MetadataUnusable, Member: "token_endpoint"}},
		{"a server that does not run", func(t *testing.T) error {
			_, err := clientAt(t, map[string]string{"ISSUER": "http://127.0.0.1:1", "CLIENT_ID": "a"}).Metadata(t.Context())
			return err
		}, Error{Step: wire.Metadata, Kind: NoAnswer, Answer: Answer{URL: "http://127.0.0.1:1/.well-known/openid-configuration"}}},
		{"no server yet", func(t *testing.T) error {
			_, err := clientAt(t, map[string]string{"RESOURCE_URL": "http://127.0.0.1:1/"}).Metadata(t.Context())
			return err
		}, Error{Step: wire.ResourceMetadata, Kind: ServerNotNamed}},
		{"no issuer", member("issuer", nil), Error{Step: wire.Metadata, Kind: IssuerAbsent, Member: "issuer"}},
		{"a different issuer", member("issuer", "https://b.example"), Error{Step: wire.Metadata, Kind: IssuerDiffers, Member: "issuer", Issuer: "https://b.example"}},
		{"no token endpoint", member("token_endpoint", nil), Error{Step: wire.Metadata, Kind: EndpointMissing, Member: "token_endpoint"}},
		{"an endpoint on http", member("userinfo_endpoint", "http://b.example/"), Error{Step: wire.Metadata, Kind: EndpointNotHTTPS, Member: "userinfo_endpoint"}},
		{"an endpoint with a password", member("jwks_uri", "https://a:b@c.example/"), Error{Step: wire.Metadata, Kind: EndpointAddress, Member: "jwks_uri"}},
		{"an endpoint here", func(t *testing.T) error {
			l := testserver.StartFakeServer(t)
			address := l.Listener.Addr().String()
			l.Issuer = "https://auth.example"
			l.Document = func(d map[string]any) { d["token_endpoint"] = "http://localhost:1/" }
			c := clientAt(t, map[string]string{"ISSUER": l.Issuer, "CLIENT_ID": "a"})
			c.wire.SetTransport(&http.Transport{DialTLSContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, address)
			}})
			_, err := c.Metadata(t.Context())
			return err
		}, Error{Step: wire.Metadata, Kind: EndpointOnLocal, Member: "token_endpoint"}},
		{"PAR is not offered", pushing(false, "on", func(l *testserver.FakeServer) { l.Document = nil }), Error{Step: wire.Metadata, Kind: PARNotOffered}},
		{"PAR is demanded nowhere", pushing(true, "", func(l *testserver.FakeServer) {
			l.Document = func(d map[string]any) { d["require_pushed_authorization_requests"] = true }
		}), Error{Step: wire.Metadata, Kind: PARNowhere}},
		{"PAR without a request_uri", pushing(true, "", func(l *testserver.FakeServer) { l.Other = body(201, "application/json", `{}`) }),
			Error{Step: wire.PushedRequest, Kind: PARUnusable, Answer: Answer{Status: 201, AuthMethod: config.MethodBasic}}},
		{"PAR is refused", pushing(true, "", func(l *testserver.FakeServer) { l.Other = body(429, "application/json", `{"message":"Slow down"}`) }),
			Error{Step: wire.PushedRequest, Kind: Refused, Answer: Answer{Status: 429, Refusal: wire.Refusal{Words: "Slow down"}}}},

		{"a response of another issuer", response(func(q url.Values) { q.Set("iss", "https://b.example") }),
			Error{Step: wire.Response, Kind: ResponseIssuerDiffers, Issuer: "https://b.example"}},
		{"a response without an issuer", response(func(q url.Values) { q.Del("iss") }), Error{Step: wire.Response, Kind: ResponseIssuerAbsent}},
		{"a response without a code", response(func(q url.Values) { q.Del("code") }), Error{Step: wire.Response, Kind: ResponseWithoutCode}},
		{"a pasted address", func(t *testing.T) error {
			_, err := clientAt(t, testserver.StartFakeServer(t).Env()).ReadPasted("https://b.example/")
			return err
		}, Error{Step: wire.Response, Kind: PastedAddress}},
		{"a pasted address with a fragment", func(t *testing.T) error {
			c := clientAt(t, map[string]string{"ISSUER": "https://a.example", "CLIENT_ID": "c", "REDIRECT_URI": "https://b.example/"})
			_, err := c.ReadPasted("https://b.example/#code=a")
			return err
		}, Error{Step: wire.Response, Kind: PastedFragment}},
		{"other settings", func(t *testing.T) error {
			l := testserver.StartFakeServer(t)
			return clientAt(t, l.Env()).CheckServer(t.Context(), &Request{Binding: "another"})
		}, Error{Step: wire.Response, Kind: OtherServer}},

		{"a page for tokens", tokens(jsonBody("<h1>Hello</h1>")), Error{Step: wire.TokenRequest, Kind: TokenResponsePage}},
		{"a page for tokens, that says so", tokens(body(200, "text/html", "<h1>Hello</h1>")),
			Error{Step: wire.TokenRequest, Kind: TokenResponsePage, Answer: Answer{MediaType: "text/html", Refusal: wire.Refusal{Words: "Hello"}}}},
		{"text for tokens", tokens(body(200, "text/plain", "access_token=a")), Error{Step: wire.TokenRequest, Kind: TokenResponseText}},
		{"nothing for tokens", tokens(jsonBody("")), Error{Step: wire.TokenRequest, Kind: TokenResponseText}},
		{"JSON that is called a page", tokens(body(200, "text/html", "{"+good+"}")), Error{Step: wire.TokenRequest, Kind: TokenResponseMediaType}},
		{"tokens in a form", tokens(body(200, "application/x-www-form-urlencoded", "access_token=a&token_type=bearer")),
			Error{Step: wire.TokenRequest, Kind: TokenResponseMediaType}},
		{"half of the tokens", tokens(jsonBody(`{"access_token":"a","tok`)), Error{Step: wire.TokenRequest, Kind: TokenResponseMalformed}},
		{"a token twice", tokens(jsonBody(`{"access_token":"b",` + good + `}`)), Error{Step: wire.TokenRequest, Kind: TokenResponseMalformed}},
		{"a number for a token", tokens(jsonBody(`{"access_token":1,"token_type":"bearer"}`)),
			Error{Step: wire.TokenRequest, Kind: TokenResponseMember, Member: "access_token"}},
		{"a number for a token type", tokens(jsonBody(`{"access_token":"a","token_type":1}`)),
			Error{Step: wire.TokenRequest, Kind: TokenResponseMember, Member: "token_type"}},
		{"no access token", tokens(jsonBody(`{"id_token":"a","token_type":"bearer"}`)),
			Error{Step: wire.TokenRequest, Kind: AccessTokenAbsent, Member: "access_token"}},
		{"no token", tokens(jsonBody(`{"active":false}`)), Error{Step: wire.TokenRequest, Kind: TokensAbsent, Member: "access_token"}},
		{"an access token inside", tokens(jsonBody(`{"ok":true,"team":{"id":"T"},"authed_user":{"id":"U","access_token":"xoxp","token_type":"user"}}`)),
			Error{Step: wire.TokenRequest, Kind: AccessTokenNested, Member: "access_token", Inside: "authed_user"}},
		{"an access token inside, beside what may be a code", tokens(jsonBody(`{"code":"fine","data":{"access_token":"a"}}`)),
			Error{Step: wire.TokenRequest, Kind: AccessTokenNested, Member: "access_token", Inside: "data"}},
		{"a refusal that repeats a token inside", tokens(jsonBody(`{"error":"invalid_grant","data":{"access_token":"a"}}`)),
			Error{Step: wire.TokenRequest, Kind: Refused, Answer: Answer{Refusal: wire.Refusal{Code: "invalid_grant"}}}},
		{"a refusal without a code, with 200", tokens(jsonBody(`{"success":false,"message":"m"}`)),
			Error{Step: wire.TokenRequest, Kind: Refused, Answer: Answer{Status: 200, Refusal: wire.Refusal{Words: "m"}}}},
		{"an access token in capitals", tokens(jsonBody(`{"Access_Token":"a","token_type":"bearer"}`)),
			Error{Step: wire.TokenRequest, Kind: AccessTokenMisspelled, Member: "Access_Token"}},
		{"a token of two lines", tokens(jsonBody(`{` + good + `,"refresh_token":"a\nb"}`)),
			Error{Step: wire.TokenRequest, Kind: TokenCharacters, Member: "refresh_token"}},
		{"another token_type", tokens(jsonBody(`{"access_token":"a","token_type":"DPoP"}`)),
			Error{Step: wire.TokenRequest, Kind: TokenTypeOther, Member: "token_type", Found: "DPoP"}},
		{"an error in capitals", tokens(body(400, "application/json", `{"Error":"invalid_grant"}`)),
			Error{Step: wire.TokenRequest, Kind: ErrorMisspelled, Member: "Error"}},

		{"no ID token", tokens(jsonBody("{" + good + "}")), Error{Step: wire.IDTokenCheck, Kind: IDTokenAbsent}},
		{"an ID token without an issuer", func(t *testing.T) error {
			l := testserver.StartFakeServer(t)
			_, _, err := signIn(t, clientAt(t, map[string]string{"AUTHORIZATION_ENDPOINT": l.Issuer + "/authorize", "TOKEN_ENDPOINT": l.Issuer + "/token",
				"CLIENT_ID": testserver.FakeClientID, "CLIENT_SECRET": testserver.FakeClientSecret, "SCOPES": "openid"}), l, nil)
			return err
		}, Error{Step: wire.IDTokenCheck, Kind: IDTokenUnverifiable}},
		{"an encrypted ID token", login(nil, func(l *testserver.FakeServer) { l.Sign = func(map[string]any) string { return "a.b.c.d.e" } }),
			Error{Step: wire.IDTokenCheck, Kind: IDTokenEncrypted}},
		{"no JWT", login(nil, func(l *testserver.FakeServer) { l.Sign = func(map[string]any) string { return "a" } }), Error{Step: wire.IDTokenCheck, Kind: IDTokenMalformed}},
		{"a number for a subject", claim("sub", 1), Error{Step: wire.IDTokenCheck, Kind: IDTokenMalformed, Member: "sub"}},
		{"HS256", login(nil, func(l *testserver.FakeServer) {
			l.Sign = func(claims map[string]any) string { return testserver.SignClaims(jose.HS256, make([]byte, 32), claims) }
		}), Error{Step: wire.IDTokenCheck, Kind: IDTokenAlgorithm, Claim: &ClaimFault{Name: "alg", State: ClaimDiffers}}},
		{"HS256 of another secret", func(t *testing.T) error {
			l := testserver.StartFakeServer(t)
			l.Document = func(d map[string]any) { d["id_token_signing_alg_values_supported"] = []string{"HS256"} }
			l.Sign = func(claims map[string]any) string { return testserver.SignClaims(jose.HS256, make([]byte, 32), claims) }
			env := l.Env()
			env["CLIENT_SECRET"] = "0123456789abcdef0123456789abcdef"
			_, _, err := signIn(t, clientAt(t, env), l, nil)
			return err
		}, Error{Step: wire.IDTokenCheck, Kind: IDTokenSecret}},
		{"no keys", keys(body(404, "text/plain", "no")),
			Error{Step: wire.IDTokenCheck, Kind: IDTokenKeys, Answer: Answer{URL: "/jwks", Status: 404, Refusal: wire.Refusal{Words: "no"}}}},
		{"keys that do not come", keys(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
			Error{Step: wire.IDTokenCheck, Kind: IDTokenKeys, Answer: Answer{URL: "/jwks"}}},
		{"a page for keys", keys(body(200, "text/html", "<h1>Hi</h1>")),
			Error{Step: wire.IDTokenCheck, Kind: IDTokenKeys, Answer: Answer{Status: 200, Refusal: wire.Refusal{Format: wire.FormatPage}}}},
		{"a private key", keys(func(w http.ResponseWriter, _ *http.Request) {
			testserver.SendJSON(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: testserver.NewKey(t), KeyID: "k1"}}})
		}), Error{Step: wire.IDTokenCheck, Kind: IDTokenKeyPrivate}},
		{"another key", keys(func(w http.ResponseWriter, _ *http.Request) {
			testserver.SendJSON(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: testserver.NewKey(t).Public(), KeyID: "k2"}}})
		}), Error{Step: wire.IDTokenCheck, Kind: IDTokenKeyNotFound}},
		{"another key of that name", keys(func(w http.ResponseWriter, _ *http.Request) {
			testserver.SendJSON(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: testserver.NewKey(t).Public(), KeyID: "k1"}}})
		}), Error{Step: wire.IDTokenCheck, Kind: IDTokenSignature}},
		{"iss differs", claim("iss", "https://b.example"), wrongClaim("iss", ClaimDiffers)},
		{"iss is missing", claim("iss", nil), wrongClaim("iss", ClaimAbsent)},
		{"aud differs", claim("aud", "b"), wrongClaim("aud", ClaimDiffers)},
		{"aud is missing", claim("aud", nil), wrongClaim("aud", ClaimAbsent)},
		{"aud is null", claims(func(c map[string]any) { c["aud"] = nil }), wrongClaim("aud", ClaimAbsent)},
		{"aud is a number", claim("aud", 1), wrongClaim("aud", ClaimUnreadable)},
		{"azp differs", claim("azp", "b"), wrongClaim("azp", ClaimDiffers)},
		{"sub is missing", claim("sub", nil), wrongClaim("sub", ClaimAbsent)},
		{"sub is empty", claim("sub", ""), wrongClaim("sub", ClaimUnreadable)},
		{"exp is missing", claim("exp", nil), wrongClaim("exp", ClaimAbsent)},
		{"exp is in milliseconds", claim("exp", milliseconds), wrongClaim("exp", ClaimMilliseconds)},
		{"everything is in milliseconds", claims(func(c map[string]any) { c["exp"], c["iat"], c["nbf"] = milliseconds, milliseconds, milliseconds }),
			wrongClaim("exp", ClaimMilliseconds)},
		{"exp is past", claim("exp", time.Now().Add(-time.Hour).Unix()), wrongClaim("exp", ClaimPast)},
		{"exp beyond reason", claim("exp", 1e300), wrongClaim("exp", ClaimFuture)},
		{"iat is missing", claim("iat", nil), wrongClaim("iat", ClaimAbsent)},
		{"iat is in the future", claim("iat", time.Now().Add(time.Hour).Unix()), wrongClaim("iat", ClaimFuture)},
		{"iat is in milliseconds", claim("iat", milliseconds), wrongClaim("iat", ClaimMilliseconds)},
		{"iat is in microseconds", claim("iat", milliseconds*1000), wrongClaim("iat", ClaimFuture)},
		{"nbf is in the future", claim("nbf", time.Now().Add(time.Hour).Unix()), wrongClaim("nbf", ClaimFuture)},
		{"nbf is in milliseconds", claim("nbf", milliseconds), wrongClaim("nbf", ClaimMilliseconds)},
		{"nonce is missing", claim("nonce", nil), wrongClaim("nonce", ClaimAbsent)},
		{"nonce is empty", claim("nonce", ""), wrongClaim("nonce", ClaimUnreadable)},
		{"nonce differs", claim("nonce", "b"), wrongClaim("nonce", ClaimDiffers)},
		{"at_hash differs", claim("at_hash", "b"), wrongClaim("at_hash", ClaimDiffers)},
		{"auth_time is missing", login(url.Values{"max_age": {"1"}}, func(l *testserver.FakeServer) {
			l.Claims = func(c map[string]any) { delete(c, "auth_time") }
		}), wrongClaim("auth_time", ClaimAbsent)},
		{"auth_time is past", login(url.Values{"max_age": {"1"}}, func(l *testserver.FakeServer) {
			l.Claims = func(c map[string]any) { c["auth_time"] = time.Now().Add(-time.Hour).Unix() }
		}), wrongClaim("auth_time", ClaimPast)},
		{"auth_time is in milliseconds", login(url.Values{"max_age": {"1"}}, func(l *testserver.FakeServer) {
			l.Claims = func(c map[string]any) { c["auth_time"] = milliseconds }
		}), wrongClaim("auth_time", ClaimMilliseconds)},
		{"auth_time is a string", login(url.Values{"max_age": {"1"}}, func(l *testserver.FakeServer) {
			l.Claims = func(c map[string]any) { c["auth_time"] = "1795563719" }
		}), wrongClaim("auth_time", ClaimUnreadable)},
		{"a nonce that was not sent", login(url.Values{"scope": {"email"}}, func(l *testserver.FakeServer) {
			l.Claims = func(c map[string]any) { c["nonce"] = "b" }
		}), wrongClaim("nonce", ClaimUnexpected)},

		{"userinfo is a list", userinfo("application/json", `[]`), Error{Step: wire.Userinfo, Kind: UserinfoMalformed, Answer: Answer{Status: 200}}},
		{"userinfo has a number", userinfo("application/json", `{"sub":1}`), Error{Step: wire.Userinfo, Kind: UserinfoMalformed, Member: "sub"}},
		{"userinfo is signed by nobody", userinfo("application/jwt", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1c2VyLTEifQ."),
			Error{Step: wire.Userinfo, Kind: UserinfoUnverifiable}},
		{"userinfo is about nobody", userinfo("application/json", `{}`), Error{Step: wire.Userinfo, Kind: SubjectAbsent}},
		{"userinfo is about another", userinfo("application/json", `{"sub":"b"}`), Error{Step: wire.Userinfo, Kind: SubjectDiffers}},
	}
	seen := map[Kind]bool{}
	for _, row := range rows {
		seen[row.want.Kind] = true
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			err := row.do(t)
			e, ok := errors.AsType[*Error](err)
			if !ok {
				t.Fatalf("the error is %v", err)
			}
			want := row.want
			if e.Step != want.Step || e.Kind != want.Kind || e.Member != want.Member || e.Inside != want.Inside || e.Found != want.Found || want.Issuer != "" && e.Issuer != want.Issuer {
				t.Errorf("%q at %q of %q (%q) in %q, issuer %q; want %q at %q of %q (%q) in %q, %q", e.Kind, e.Step, e.Member, e.Found, e.Inside, e.Issuer,
					want.Kind, want.Step, want.Member, want.Found, want.Inside, want.Issuer)
			}
			if differs := answerDiffers(e.Answer, want.Answer); differs != "" {
				t.Errorf("the answer is %+v: %s", e.Answer, differs)
			}
			switch {
			case (e.Claim == nil) != (want.Claim == nil):
				t.Errorf("the claim is %+v; want %+v", e.Claim, want.Claim)
			case e.Claim != nil && (e.Claim.Name != want.Claim.Name || e.Claim.State != want.Claim.State || e.Claim.Expected == ""):
				t.Errorf("the claim is %+v; want %+v", e.Claim, want.Claim)
			}
		})
	}
	files := testserver.Sources(t, "*.go")
	kinds, used := testserver.ConstantsOf(t, files, "Kind"), testserver.UsedIn(files)
	if len(kinds) < 40 {
		t.Errorf("%d kinds are found: this test looks at nothing", len(kinds))
	}
	for kind, name := range kinds { // those of package resource have their rows there
		if !seen[Kind(kind)] && used[name] {
			t.Errorf("%s has no row", name)
		}
	}
}

func wrongClaim(name string, state ClaimState) Error {
	return Error{Step: wire.IDTokenCheck, Kind: IDTokenClaim, Claim: &ClaimFault{Name: name, State: state}}
}

// answerDiffers compares what is wanted of an answer; zero values are anything. An address may be a path.
func answerDiffers(got, want Answer) string {
	for _, pair := range []struct{ name, got, want string }{
		{"URL", got.URL, want.URL}, {"media type", got.MediaType, want.MediaType}, {"location", got.Location, want.Location},
		{"method", got.AuthMethod, want.AuthMethod}, {"format", string(got.Refusal.Format), string(want.Refusal.Format)},
		{"code", got.Refusal.Code, want.Refusal.Code}, {"words", got.Refusal.Words, want.Refusal.Words},
		{"hint", got.Refusal.Hint, want.Refusal.Hint}, {"field", got.Refusal.Field, want.Refusal.Field},
	} {
		path := strings.HasPrefix(pair.want, "/") && strings.HasSuffix(pair.got, pair.want)
		if pair.want != "" && pair.got != pair.want && !path {
			return fmt.Sprintf("the %s is %q; want %q", pair.name, pair.got, pair.want)
		}
	}
	if want.Status != 0 && got.Status != want.Status {
		return fmt.Sprintf("the status is %d; want %d", got.Status, want.Status)
	}
	return ""
}

// No error is made without a kind.
func TestKind_OfEveryError(t *testing.T) {
	t.Parallel()
	testserver.WantErrorKinds(t, testserver.Sources(t, "*.go"), 20)
}

// Nothing secret is in an answer, wherever the server repeats it, and no text of it is long.
func TestError_AnswerIsSanitized(t *testing.T) {
	t.Parallel()
	const secret = testserver.FakeClientSecret
	long := strings.Repeat("long ", 4000)
	for name, answer := range map[string]func(http.ResponseWriter, *http.Request){
		"JSON": testserver.SendBody(400, "application/json", `{"error":"`+secret+`","error_description":"d `+secret+`","hint":"h `+secret+`","field":"`+secret+
			`","error_uri":"https://a.example/`+secret+`","message":"m `+secret+`","title":"`+long+`"}`),
		"a page":                   testserver.SendBody(400, "text/"+secret, "<title>"+secret+"</title><h1>a "+secret+"</h1><p>"+secret+long),
		"a page without an error":  testserver.SendBody(200, "text/html", "<h1>a "+secret+"</h1>"),
		"a redirect":               testserver.SendBody(307, "text/plain", "Go to "+secret),
		"a token that is repeated": testserver.SendBody(400, "application/json", `{"access_token":"`+secret+`","error":"c","message":"`+secret+`"}`),
	} {
		l := testserver.StartFakeServer(t)
		l.Token = func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "/"+secret+"?"+secret+"#"+secret)
			answer(w, r)
		}
		_, _, err := signIn(t, clientAt(t, l.Env()), l, nil)
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Answer.Status == 0 {
			t.Fatalf("%s: %v", name, err)
		}
		if said := fmt.Sprintf("%+v", *e); strings.Contains(said, secret) || len(said) > 20_000 {
			t.Errorf("%s: %d bytes: %s", name, len(said), said)
		}
	}
}

// The method is read from what was sent.
func TestError_AuthMethod(t *testing.T) {
	t.Parallel()
	for _, method := range []string{config.MethodBasic, config.MethodPost, config.MethodNone} {
		l := testserver.StartFakeServer(t)
		l.Token = testserver.SendBody(400, "application/json", `{"error":"invalid_client"}`)
		env := l.Env()
		env["TOKEN_ENDPOINT_AUTH_METHOD"] = method
		if method == config.MethodNone {
			delete(env, "CLIENT_SECRET")
		}
		_, _, err := signIn(t, clientAt(t, env), l, nil)
		if e, ok := errors.AsType[*Error](err); !ok || e.Answer.AuthMethod != method {
			t.Errorf("%s: %+v", method, err)
		}
	}
	_, c, _, _, id := loginAt(t)
	c.mu.Lock()
	c.found.Userinfo += "?a"
	c.mu.Unlock()
	_, err := c.Userinfo(t.Context(), "a-token", id)
	if e, ok := errors.AsType[*Error](err); ok && (e.Answer.AuthMethod != "" || strings.Contains(e.Answer.URL, "?")) {
		t.Errorf("userinfo is asked as a client: %+v", e.Answer)
	}
}
