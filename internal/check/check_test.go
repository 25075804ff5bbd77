package check

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/demo"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"

	jose "github.com/go-jose/go-jose/v4"
)

// With a correct server, every line is ok.
func TestRun_AllOK(t *testing.T) {
	r := checksOf(t, testserver.DemoEnv(testserver.ServeDemo(t, testserver.DemoClient())))
	if r.Result != causes.OK || len(r.Checks) != 17 {
		t.Errorf("the result is %s with %d lines:\n%s", r.Result, len(r.Checks), r)
	}
	for _, f := range r.Checks {
		if f.Result != causes.OK {
			t.Errorf("%s", f)
		}
		if strings.Contains(f.String(), testserver.CheckSecret) {
			t.Errorf("the line shows the secret: %s", f)
		}
	}
}

// Each row breaks one thing at a real server, and exactly that line fails and names the setting.
func TestRun_OneLineFails(t *testing.T) {
	for _, row := range []struct {
		name    string
		client  func(c *demo.Client)
		env     func(e map[string]string)
		check   string
		setting string
		words   string
	}{
		{"wrong secret", nil, func(e map[string]string) { e["CLIENT_SECRET"] = "another-secret" }, "client", "CLIENT_SECRET", "paste CLIENT_SECRET again"},
		{
			"secret with special characters, wrong",
			nil,
			func(e map[string]string) { e["CLIENT_SECRET"] = "another/secret+" },
			"client",
			"CLIENT_SECRET",
			"paste CLIENT_SECRET again",
		},
		{
			"unknown client ID",
			nil,
			func(e map[string]string) { e["CLIENT_ID"] = "a-clietn" },
			"redirect_uri",
			"CLIENT_ID",
			"doesn't recognize client ID a-clietn",
		},
		{"a secret for a public client", func(c *demo.Client) { c.Secret = "" }, nil, "client", "CLIENT_SECRET", "remove CLIENT_SECRET"},
		{"no secret for a confidential client", nil, func(e map[string]string) { delete(e, "CLIENT_SECRET") }, "client", "CLIENT_SECRET", "paste CLIENT_SECRET from"},
		{
			"redirect URI not registered",
			func(c *demo.Client) { c.RedirectURIs = []string{"https://other.example/callback"} },
			nil,
			"redirect_uri",
			"BASE_URL",
			"Add " + testserver.CheckedURI,
		},
		{
			"registered with a slash",
			func(c *demo.Client) { c.RedirectURIs = []string{testserver.CheckedURI + "/"} },
			nil,
			"redirect_uri",
			"BASE_URL",
			"the server accepts " + testserver.CheckedURI + "/",
		},
		{
			"registered as 127.0.0.1",
			func(c *demo.Client) { c.RedirectURIs = []string{"http://127.0.0.1:3999/oauth_callback"} },
			nil,
			"redirect_uri",
			"BASE_URL",
			"Write BASE_URL=http://127.0.0.1:3999",
		},
		{
			"registered as https",
			func(c *demo.Client) { c.RedirectURIs = []string{"https://localhost:3999/oauth_callback"} },
			nil,
			"redirect_uri",
			"BASE_URL",
			"Write BASE_URL=https://localhost:3999",
		},
		{"scope not enabled", nil, func(e map[string]string) { e["SCOPES"] = "openid profile admin" }, "authorization", "SCOPES", "scopes not enabled: admin"},
		{
			"issuer with a slash too many",
			nil,
			func(e map[string]string) { e["ISSUER"] += "/"; delete(e, "RESOURCE_URL") },
			"metadata",
			"ISSUER",
			"Write ISSUER=",
		},
		{"issuer without its path", nil, func(e map[string]string) {
			e["ISSUER"] = strings.TrimSuffix(e["ISSUER"], "/demo")
			delete(e, "RESOURCE_URL")
		}, "metadata", "ISSUER", "404"},
		{
			"nothing listens",
			nil,
			func(e map[string]string) { e["ISSUER"] = "http://127.0.0.1:1"; delete(e, "RESOURCE_URL") },
			"connection",
			"ISSUER",
			"refused the connection",
		},
		{"the API is another server's", nil, func(e map[string]string) {
			e["RESOURCE_URL"] = testserver.ServeDemo(t, testserver.DemoClient()) + "/api/me"
		}, "api", "RESOURCE_URL", "the API trusts"},
	} {
		t.Run(row.name, func(t *testing.T) {
			client := testserver.DemoClient()
			if row.client != nil {
				row.client(&client)
			}
			values := testserver.DemoEnv(testserver.ServeDemo(t, client))
			if row.env != nil {
				row.env(values)
			}
			r := checksOf(t, values)
			wantFails(t, r, row.check, row.setting, row.words)
		})
	}
}

// A server answers a client without its secret as it answers a client ID that it doesn't recognize. A secret under a misspelled
// name proves nothing of the ID: it is mentioned, and is the fix only where the ID is known.
func TestCheck_MisspelledSecret(t *testing.T) {
	t.Parallel()
	env := testserver.DemoEnv(testserver.ServeDemo(t, testserver.DemoClient()))
	const (
		known   = "REDIRECT_URI=" + testserver.CheckedURI // is registered, which shows that the server knows the ID
		unknown = "PORT=3998"
		same    = "an invented client ID gets the same answer"
		orSet   = " If the client ID is right, the application isn't public: set CLIENT_SECRET."
	)
	for _, row := range []struct {
		redirect, name, fix, control string
		cause                        causes.Name
	}{
		{known, "CLIENT_SECERT", "In .env:4, write CLIENT_SECRET instead of CLIENT_SECERT.", "", causes.ClientSecretMissing},
		{unknown, "CLIENT_SECERT", " isn't public: write CLIENT_SECRET instead of CLIENT_SECERT (FILE:4).", same, causes.ClientRefused},
		{unknown, "CLIENT_SECRET_ID", orSet, same, causes.ClientRefused},
		{unknown, "GITHUB_CLIENT_SECRET", orSet, same, causes.ClientRefused},
		{unknown, "X", orSet, same, causes.ClientRefused},
		{unknown, "CLIENT_SECRET", "", "", ""},
	} {
		file := filepath.Join(t.TempDir(), "settings.env")
		text := "ISSUER=" + env["ISSUER"] + "\nCLIENT_ID=" + env["CLIENT_ID"] + "\n" + row.redirect + "\n" + row.name + "=" + testserver.CheckSecret + "\n"
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := config.Load(func(string) string { return "" }, file, true)
		if err != nil {
			t.Fatal(err)
		}
		r := Run(t.Context(), cfg.Effective(), wire.New(nil, time.Now), time.Now, func(string) {}, func(causes.Finding) {})
		f, fix := r.Line("client"), strings.ReplaceAll(row.fix, "FILE", file)
		if f.Name != row.cause || !strings.HasSuffix(f.Fix, fix) || !strings.HasSuffix(f.Remedy.Text, fix) || row.cause != "" && f.Control != row.control ||
			strings.Contains(r.String(), testserver.CheckSecret) {
			t.Errorf("%s with %s: %s %q, %q; want %s %q, %q; all:\n%s", row.name, row.redirect, f.Name, f.Fix, f.Control, row.cause, fix, row.control, r)
		}
	}
}

// wantFails checks that one line fails, and no other: one cause, one failure.
func wantFails(t *testing.T, r Report, check, setting, words string) {
	t.Helper()
	f := r.firstFailing()
	if f.Check != check || f.Setting != setting || !strings.Contains(f.String(), words) {
		t.Errorf("the first failing line is\n%s\nwant %s to name %s and %q; all:\n%s", f, check, setting, words, r)
	}
	for _, f := range r.Checks {
		if f.Result == causes.Fail && f.Check != check {
			t.Errorf("this line fails too: %s", f)
		}
	}
	if f.Name == "" {
		t.Errorf("this failure has no name: %s", f)
	}
	if r.Result != causes.Fail {
		t.Errorf("the result is %s", r.Result)
	}
}

// Certificates, over TLS with a private authority.
func TestRun_PrivateAuthority(t *testing.T) {
	c := testserver.StartClerk(t, "127.0.0.1:3999")
	values := c.Env()
	values["BASE_URL"] = "http://127.0.0.1:3999"
	r := checksOf(t, values)
	if f := r.Line("connection"); f.Result != causes.Warn || !strings.Contains(f.Found, "valid for 0 days") {
		t.Errorf("a certificate of one hour gives %s", f)
	}
	if r.Result == causes.Fail {
		t.Errorf("a Clerk-shaped server in order fails:\n%s", r)
	}
	for _, check := range []string{"userinfo", "introspection", "revocation"} { // endpoints that its metadata does not list
		if f := r.Line(check); f.Result != causes.OK {
			t.Errorf("%s", f)
		}
	}
	c.Renew(t, time.Now().Add(60*24*time.Hour))
	if f := checksOf(t, values).Line("connection"); f.Result != causes.OK || !strings.Contains(f.Found, "valid for 59 days") {
		t.Errorf("a certificate of sixty days gives %s", f)
	}
	c.Renew(t, time.Now().Add(-time.Hour))
	wantFails(t, checksOf(t, values), "connection", "CLERK_PUBLISHABLE_KEY", "certificate that is valid from")
	c.Renew(t, time.Now().Add(time.Hour))
	delete(values, "SSL_CERT_FILE")
	wantFails(t, checksOf(t, values), "connection", "CLERK_PUBLISHABLE_KEY", "SSL_CERT_FILE")
}

// Each row makes the fake server behave in one way. The line says what can be known, and no more.
func TestRun_JudgesFakeServer(t *testing.T) {
	document := func(change func(d map[string]any)) func(*testserver.FakeServer) {
		return func(l *testserver.FakeServer) { l.Document = change }
	}
	token := func(answer func(id, secret string, raw bool) (int, string)) func(*testserver.FakeServer) {
		return func(l *testserver.FakeServer) {
			l.Token = func(w http.ResponseWriter, r *http.Request) {
				id, secret, basic := r.BasicAuth()
				plainID, _ := url.QueryUnescape(id)
				plainSecret, _ := url.QueryUnescape(secret)
				if !basic {
					plainID, plainSecret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
				}
				status, code := answer(plainID, plainSecret, basic)
				testserver.SendBody(status, "application/json", fmt.Sprintf(`{"error":%q}`, code))(w, nil)
			}
		}
	}
	authorize := func(answer func(w http.ResponseWriter, r *http.Request, good bool)) func(*testserver.FakeServer) {
		return func(l *testserver.FakeServer) {
			l.Page = func(w http.ResponseWriter, r *http.Request) {
				q := r.URL.Query()
				answer(w, r, q.Get("redirect_uri") == testserver.CheckedURI && q.Get("client_id") == testserver.FakeClientID)
			}
		}
	}
	back := func(w http.ResponseWriter, r *http.Request, code string) {
		http.Redirect(w, r, r.URL.Query().Get("redirect_uri")+"?error="+code+"&state="+r.URL.Query().Get("state"), http.StatusFound)
	}
	other := func(status int, header, body string) func(*testserver.FakeServer) {
		return func(l *testserver.FakeServer) {
			l.Other = func(w http.ResponseWriter, r *http.Request) {
				if header != "" {
					w.Header().Set("WWW-Authenticate", header)
				}
				testserver.SendBody(status, "application/json", body)(w, r)
			}
		}
	}
	for _, row := range []struct {
		name   string
		spoil  func(*testserver.FakeServer)
		check  string
		result causes.Result
		words  string
	}{
		{"S256 is not listed", document(func(d map[string]any) {}), "advertised", causes.Warn, "S256"},
		{"everything is listed", document(func(d map[string]any) { d["code_challenge_methods_supported"] = []string{"S256"} }), "advertised", causes.OK, "everything"},
		{"a scope is not listed", document(func(d map[string]any) {
			d["code_challenge_methods_supported"], d["scopes_supported"] = []string{"S256"}, []string{"openid"}
		}), "advertised", causes.Warn, "profile, email in scopes_supported"},
		{
			"iss is not promised",
			document(func(d map[string]any) { delete(d, "authorization_response_iss_parameter_supported") }),
			"response_issuer",
			causes.Warn,
			"RFC 9207",
		},
		{"iss is promised", document(func(map[string]any) {}), "response_issuer", causes.OK, ""},
		{
			"pushed authorization is demanded",
			document(func(d map[string]any) { d["require_pushed_authorization_requests"] = true }),
			"pushed_authorization",
			causes.Fail,
			"the server's metadata contradicts itself",
		},
		{
			"pushed authorization, and what hangs on it",
			document(func(d map[string]any) { d["require_pushed_authorization_requests"] = true }),
			"redirect_uri",
			causes.Skip,
			"skipped: needs a pushed authorization request",
		},
		{
			"the issuer is another host",
			document(func(d map[string]any) { d["issuer"] = "http://keycloak:8080/realms/a" }),
			"metadata",
			causes.Fail,
			"the server's issuer is http://keycloak:8080/realms/a, not http://127.0.0.1",
		},
		{"an endpoint without TLS", document(func(d map[string]any) { d["token_endpoint"] = "http://a.example/token" }), "metadata", causes.Fail, "is not https"},
		{
			"the two documents disagree",
			func(l *testserver.FakeServer) {
				l.RFC8414 = func(w http.ResponseWriter, _ *http.Request) {
					testserver.SendJSON(w, map[string]any{
						"issuer":                 l.Issuer,
						"authorization_endpoint": l.Issuer + "/authorize",
						"token_endpoint":         l.Issuer + "/other",
					})
				}
			},
			"metadata_flavours",
			causes.Warn,
			"different endpoints",
		},
		{"one document", func(*testserver.FakeServer) {}, "metadata_flavours", causes.OK, "one metadata document"},
		{"the clock is five minutes off", func(l *testserver.FakeServer) {
			l.Metadata = func(w http.ResponseWriter, _ *http.Request) { // whatever it answers has a date
				w.Header().Set("Date", time.Now().Add(5*time.Minute).UTC().Format(http.TimeFormat))
			}
		}, "connection", causes.Warn, "but its clock and this machine's are"},
		{"an old date from a cache", func(l *testserver.FakeServer) {
			l.Metadata = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
				w.Header().Set("Age", "3600")
			}
		}, "connection", causes.OK, "answers"},
		{"no keys", func(l *testserver.FakeServer) {
			l.JWKS = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }
		}, "keys", causes.Fail, "returned 500"},
		{"keys for encryption only", func(l *testserver.FakeServer) {
			l.JWKS = func(w http.ResponseWriter, _ *http.Request) {
				testserver.SendJSON(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: l.Key.Public(), KeyID: "e", Use: "enc"}}})
			}
		}, "keys", causes.Fail, "the only key at"},
		{
			"HS256 is all that is listed",
			document(func(d map[string]any) { d["id_token_signing_alg_values_supported"] = []string{"HS256"} }),
			"keys",
			causes.Warn,
			"HS256",
		},
		{"no jwks_uri", document(func(d map[string]any) { delete(d, "jwks_uri") }), "keys", causes.Fail, "no jwks_uri"},

		{"the secret is right", token(func(id, secret string, _ bool) (int, string) {
			if id != testserver.FakeClientID || secret != testserver.FakeClientSecret {
				return 401, "invalid_client"
			}
			return 400, "invalid_grant"
		}), "client", causes.OK, "an invented secret gets a different answer …"},
		{"a 200 with an error, as GitHub", token(func(_, secret string, _ bool) (int, string) {
			if secret != testserver.FakeClientSecret {
				return 200, "incorrect_client_credentials"
			}
			return 200, "bad_verification_code"
		}), "client", causes.OK, "an invented secret gets a different answer …"},
		{"the code comes first", token(func(string, string, bool) (int, string) { return 400, "invalid_grant" }), "client", causes.Warn, "needs a sign-in"},
		{"the code comes first, the refresh token tells", func(l *testserver.FakeServer) {
			l.Token = func(w http.ResponseWriter, r *http.Request) {
				_, secret, _ := r.BasicAuth()
				if r.PostForm.Get("grant_type") == "refresh_token" && secret != testserver.FakeClientSecret {
					testserver.SendBody(403, "application/json", `{"error":"invalid_client"}`)(w, r)
					return
				}
				testserver.SendBody(400, "application/json", `{"error":"invalid_grant"}`)(w, r)
			}
		}, "client", causes.OK, "an invented refresh token"},
		{"overloaded for the control alone", token(func(_, secret string, _ bool) (int, string) {
			if secret != testserver.FakeClientSecret {
				return 429, "slow_down"
			}
			return 400, "invalid_grant"
		}), "client", causes.Warn, "limits requests"},
		{"out of order for the control alone", token(func(_, secret string, _ bool) (int, string) {
			if secret != testserver.FakeClientSecret {
				return 500, "server_error"
			}
			return 400, "invalid_grant"
		}), "client", causes.Warn, "no result"},
		{"out of order", token(func(string, string, bool) (int, string) { return 503, "temporarily_unavailable" }), "client", causes.Fail, "gives every request the same answer"},
		{"everybody is refused", token(func(string, string, bool) (int, string) { return 401, "invalid_client" }), "client", causes.Fail, "paste CLIENT_SECRET again"},
		{
			"everybody is refused with 400",
			token(func(string, string, bool) (int, string) { return 400, "invalid_client" }),
			"client",
			causes.Fail,
			"paste CLIENT_SECRET again",
		},
		{
			"refused as Keycloak does",
			token(func(string, string, bool) (int, string) { return 401, "unauthorized_client" }),
			"client",
			causes.Fail,
			"paste CLIENT_SECRET again",
		},
		{"the grant is off", token(func(_, secret string, _ bool) (int, string) {
			if secret != testserver.FakeClientSecret {
				return 401, "invalid_client"
			}
			return 400, "unauthorized_client"
		}), "client", causes.Fail, "Enable the authorization code grant"},
		{"the refresh grant is off", func(l *testserver.FakeServer) {
			l.Token = func(w http.ResponseWriter, r *http.Request) {
				_, secret, _ := r.BasicAuth()
				switch {
				case secret != testserver.FakeClientSecret:
					testserver.SendBody(401, "application/json", `{"error":"invalid_client"}`)(w, r)
				case r.PostForm.Get("grant_type") == "refresh_token":
					testserver.SendBody(400, "application/json", `{"error":"unauthorized_client"}`)(w, r)
				default:
					testserver.SendBody(400, "application/json", `{"error":"invalid_grant"}`)(w, r)
				}
			}
		}, "client", causes.OK, "an invented secret gets a different answer …"},
		{"the code comes first, and the refresh grant is off", func(l *testserver.FakeServer) {
			l.Token = func(w http.ResponseWriter, r *http.Request) {
				_, secret, _ := r.BasicAuth()
				switch {
				case r.PostForm.Get("grant_type") == "authorization_code":
					testserver.SendBody(400, "application/json", `{"error":"invalid_grant"}`)(w, r)
				case secret != testserver.FakeClientSecret:
					testserver.SendBody(401, "application/json", `{"error":"invalid_client"}`)(w, r)
				default:
					testserver.SendBody(400, "application/json", `{"error":"unauthorized_client"}`)(w, r)
				}
			}
		}, "client", causes.OK, "an invented refresh token"},
		{"the other method is right", token(func(_, secret string, basic bool) (int, string) {
			if basic || secret != testserver.FakeClientSecret {
				return 401, "invalid_client"
			}
			return 400, "invalid_grant"
		}), "client", causes.Fail, "Write TOKEN_ENDPOINT_AUTH_METHOD=client_secret_post"},

		{"a sign-in page, and a refusal in JSON", authorize(func(w http.ResponseWriter, r *http.Request, good bool) {
			if !good {
				testserver.SendBody(400, "application/json", `{"error":"invalid_request","error_description":"redirect_uri"}`)(w, r)
			}
		}), "redirect_uri", causes.OK, "registered"},
		{"login_required at the callback", authorize(func(w http.ResponseWriter, r *http.Request, good bool) {
			if good {
				back(w, r, "login_required")
				return
			}
			w.WriteHeader(400)
		}), "authorization", causes.OK, "login_required"},
		{"sign-in at another host, an error page there", authorize(func(w http.ResponseWriter, r *http.Request, good bool) {
			if good {
				http.Redirect(w, r, "https://login.example/start", http.StatusFound)
				return
			}
			http.Redirect(w, r, "https://login.example/error?error=redirect_uri_mismatch", http.StatusFound)
		}), "redirect_uri", causes.OK, "registered"},
		{"a page for everybody", authorize(func(http.ResponseWriter, *http.Request, bool) {}), "redirect_uri", causes.Warn, "needs a sign-in"},
		{
			"anything goes",
			authorize(func(w http.ResponseWriter, r *http.Request, _ bool) { back(w, r, "login_required") }),
			"redirect_uri",
			causes.Warn,
			"any redirect URI",
		},
		{
			"out of order",
			authorize(func(w http.ResponseWriter, _ *http.Request, _ bool) { w.WriteHeader(503) }),
			"redirect_uri",
			causes.Warn,
			"no result: the authorization endpoint returned 503",
		},
		{
			"out of order, so undecided",
			authorize(func(w http.ResponseWriter, _ *http.Request, _ bool) { w.WriteHeader(503) }),
			"authorization",
			causes.Warn,
			"no result",
		},
		{"the grant is off, at the callback", authorize(func(w http.ResponseWriter, r *http.Request, good bool) {
			if good {
				back(w, r, "unauthorized_client")
				return
			}
			w.WriteHeader(400)
		}), "authorization", causes.Fail, "Enable the authorization code grant"},
		{"PKCE is not refused", authorize(func(w http.ResponseWriter, _ *http.Request, good bool) {
			if !good {
				w.WriteHeader(400)
			}
		}), "pkce", causes.Warn, "not refused here"},
		{"PKCE is enforced", authorize(func(w http.ResponseWriter, r *http.Request, good bool) {
			switch {
			case !good:
				w.WriteHeader(400)
			case r.URL.Query().Get("code_challenge") == "":
				back(w, r, "invalid_request")
			}
		}), "pkce", causes.OK, "refused"},
		{"scopes are decided later", authorize(func(w http.ResponseWriter, _ *http.Request, good bool) {
			if !good {
				w.WriteHeader(400)
			}
		}), "scopes", causes.Warn, "needs a sign-in"},
		{"one scope is off", authorize(func(w http.ResponseWriter, r *http.Request, good bool) {
			scope := r.URL.Query().Get("scope")
			switch {
			case !good:
				w.WriteHeader(400)
			case strings.Contains(scope, "made-up") || strings.Contains(scope, "email"):
				back(w, r, "invalid_scope")
			}
		}), "authorization", causes.Fail, "scopes not enabled: email"},

		{"userinfo refuses", other(401, `Bearer realm="x"`, `{}`), "userinfo", causes.OK, ""},
		{"userinfo refuses without a word", other(401, "", `{}`), "userinfo", causes.Warn, "WWW-Authenticate is missing"},
		{"userinfo opens", other(200, "", `{"sub":"x"}`), "userinfo", causes.Warn, "200"},
		{"introspection says no", other(200, "", `{"active":false}`), "introspection", causes.OK, ""},
		{"introspection says yes", other(200, "", `{"active":true}`), "introspection", causes.Warn, "is active"},
		{"introspection is odd", other(404, "", `{"error":"nothing here"}`), "introspection", causes.Warn, "404"},
		{"revocation says yes", other(200, "", ``), "revocation", causes.OK, ""},
		{"revocation says yes and no", other(200, "", `{"error":"invalid_token"}`), "revocation", causes.Warn, "200 OK for an invented token, with an error in the body"},
		{"revocation is odd", other(400, "", `{"error":"invalid_token"}`), "revocation", causes.Warn, "400"},
		{"the API refuses", other(401, `Bearer realm="x"`, `{}`), "api", causes.OK, ""},
		{"the API is open", other(200, "", `{"sub":"x"}`), "api", causes.Fail, "accepts a call without a token"},
		{"the API refuses with 403", other(403, "", `{}`), "api", causes.Warn, "403"},
		{"the API refuses without a word", other(401, "", `{}`), "api", causes.Warn, "WWW-Authenticate"},
	} {
		t.Run(row.check+": "+row.name, func(t *testing.T) {
			l := testserver.StartFakeServer(t)
			l.Honest()
			row.spoil(l)
			values := l.Env()
			values["PORT"], values["RESOURCE_URL"] = "3999", l.Issuer+"/api"
			if l.Document == nil {
				l.Document = func(map[string]any) {}
			}
			change := l.Document
			l.Document = func(d map[string]any) {
				d["introspection_endpoint"], d["revocation_endpoint"] = l.Issuer+"/introspect", l.Issuer+"/revoke"
				if row.check == "client" { // the token endpoint alone
					delete(d, "introspection_endpoint")
					delete(d, "revocation_endpoint")
				}
				change(d)
			}
			r := checksOf(t, values)
			if f := r.Line(row.check); f.Result != row.result || !strings.Contains(f.String(), row.words) {
				t.Errorf("got\n%s\nwant %s and %q; all:\n%s", f, row.result, row.words, r)
			}
			for _, f := range r.Checks {
				if f.Result == causes.Fail && f.Name == "" {
					t.Errorf("this failure has no name: %s", f)
				}
			}
			if l.SentOrigin() != "" {
				t.Errorf("a request carried the Origin %q", l.SentOrigin())
			}
		})
	}
}

// A secret that the server takes as it is, without decoding, is found out.
func TestRun_RawSecret(t *testing.T) {
	const secret = "a/secret+with%special"
	l := testserver.StartFakeServer(t)
	l.Honest()
	l.Token = func(w http.ResponseWriter, r *http.Request) {
		if _, raw, _ := r.BasicAuth(); raw != secret && r.PostForm.Get("client_secret") != secret {
			testserver.SendBody(401, "application/json", `{"error":"invalid_client"}`)(w, r)
			return
		}
		testserver.SendBody(400, "application/json", `{"error":"invalid_grant"}`)(w, r)
	}
	values := l.Env()
	values["CLIENT_SECRET"], values["PORT"] = secret, "3999"
	wantFails(t, checksOf(t, values), "client", "TOKEN_ENDPOINT_AUTH_METHOD", "doesn't decode the special characters of the secret")
}

// Keycloak's old path, and a server without metadata.
func TestRun_KeycloakAndNoMetadata(t *testing.T) {
	l := testserver.StartFakeServer(t)
	l.Honest()
	l.Issuer += "/auth/realms/a"
	values := l.Env()
	l.Around(func(next http.Handler) http.Handler { return http.StripPrefix("/auth/realms/a", next) })
	values["ISSUER"] = strings.Replace(l.Issuer, "/auth", "", 1)
	wantFails(t, checksOf(t, values), "metadata", "ISSUER", "Write ISSUER="+l.Issuer)

	plain := testserver.StartFakeServer(t)
	plain.Honest()
	r := checksOf(t, map[string]string{"AUTHORIZATION_ENDPOINT": plain.Issuer + "/authorize", "TOKEN_ENDPOINT": plain.Issuer + "/token",
		"CLIENT_ID": testserver.FakeClientID, "CLIENT_SECRET": testserver.FakeClientSecret, "SCOPES": "read", "PORT": "3999"})
	if r.Result == causes.Fail || r.Line("metadata_flavours").Result != causes.Skip || r.Line("client").Result != causes.OK {
		t.Errorf("a server without metadata gives\n%s", r)
	}
}

// A redirect URI that some servers refuse causes a warning, and stops nothing.
func TestCheckConfiguration_RedirectURI(t *testing.T) {
	for base, want := range map[string]struct {
		result causes.Result
		words  string
	}{
		"http://localhost:3999":    {causes.OK, "a confidential client"},
		"http://127.0.0.1:3999":    {causes.Warn, "If yours does: Write BASE_URL=http://localhost:3999"},
		"http://test.example.com":  {causes.Warn, "http on a public host"},
		"https://test.example.com": {causes.OK, "https://test.example.com/oauth_callback"},
	} {
		cfg := testserver.ConfigOf(t, map[string]string{
			"ISSUER":           "http://127.0.0.1:1",
			"CLIENT_ID":        "a",
			"CLIENT_SECRET":    "b",
			"PORT":             "3999",
			"BASE_URL":         base,
			"ALLOW_PLAIN_HTTP": "true",
		})
		f := newChecker(cfg, nil, wire.New(nil, time.Now), time.Now).checkConfiguration(t.Context())
		if f.Result != want.result || !strings.Contains(f.String(), want.words) {
			t.Errorf("%s gives %s; want %s and %q", base, f, want.result, want.words)
		}
	}
}

// An IP address in the redirect URI causes a warning until the server has shown whether it accepts it.
func TestRun_RedirectWarningOnce(t *testing.T) {
	client := testserver.DemoClient()
	client.RedirectURIs = []string{"http://127.0.0.1:3999/oauth_callback"}
	registered := testserver.DemoEnv(testserver.ServeDemo(t, client))
	unregistered := testserver.DemoEnv(testserver.ServeDemo(t, testserver.DemoClient()))
	vague := testserver.StartFakeServer(t)
	for name, row := range map[string]struct {
		env  map[string]string
		want causes.Result
	}{
		"registered": {registered, causes.OK}, "not registered": {unregistered, causes.OK}, "not known": {vague.Env(), causes.Warn},
	} {
		row.env["BASE_URL"], row.env["PORT"] = "http://127.0.0.1:3999", "3999"
		if f := checksOf(t, row.env).Line("configuration"); f.Result != row.want {
			t.Errorf("%s: %s", name, f)
		}
	}
}

// A server that lists one response mode that this app does not read is named. Of two, or where ours is listed too, nothing is.
func TestChecks_ResponseModes(t *testing.T) {
	t.Parallel()
	for modes, want := range map[string]struct {
		name  causes.Name
		found string
	}{
		"form_post":                {causes.FormPostRequired, "doesn't list the response mode query"},
		"form_post form_post.jwt":  {causes.FormPostRequired, "doesn't list the response mode query"},
		"fragment":                 {causes.ResponseInFragment, "doesn't list the response mode query"},
		"form_post fragment":       {"", "doesn't list query in response_modes_supported"},
		"query.jwt":                {"", "doesn't list query in response_modes_supported"},
		"form_post fragment query": {"", "lists everything"},
		"form_post query":          {"", "lists everything"},
		"":                         {"", "lists everything"},
	} {
		l := testserver.StartFakeServer(t)
		l.Document = func(d map[string]any) {
			d["code_challenge_methods_supported"] = []string{"S256"}
			if modes != "" {
				d["response_modes_supported"] = strings.Fields(modes)
			}
		}
		f := checksOf(t, l.Env()).Line("advertised")
		result := causes.Warn
		if want.found == "lists everything" {
			result = causes.OK
		}
		if f.Name != want.name || f.Result != result || !strings.Contains(f.Found, want.found) {
			t.Errorf("%q: %s %q: %s; want %q", modes, f.Result, f.Name, f.Found, want.name)
		}
	}
}
