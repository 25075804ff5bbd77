package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"oauth-test-client/internal/demo"
)

// configOf reads an environment as the program would, without a file.
func configOf(t *testing.T, values map[string]string) config.Config {
	t.Helper()
	cfg, err := config.Load(env(values), "does-not-exist.env", false)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// checksOf makes every check with an environment.
func checksOf(t *testing.T, values map[string]string) report {
	t.Helper()
	roots, err := trustedRoots(values["SSL_CERT_FILE"])
	if err != nil {
		t.Fatal(err)
	}
	w := wire.New(roots, time.Now)
	t.Cleanup(w.Client.CloseIdleConnections)
	return checkAll(t.Context(), newChecker(configOf(t, values), w, time.Now), 30*time.Second, func(string) {}, func(finding) {})
}

func (r report) line(check string) finding {
	for _, f := range r.Checks {
		if f.Check == check {
			return f
		}
	}
	return finding{}
}

// firstFailing is the line that a person reads first.
func (r report) firstFailing() finding {
	for _, f := range r.Checks {
		if f.Result == isFail {
			return f
		}
	}
	return finding{}
}

func (r report) String() string {
	var lines []string
	for _, f := range r.Checks {
		lines = append(lines, f.String())
	}
	return strings.Join(lines, "\n")
}

// startDemo starts the demo server on its own, as any other authorization server, with one client.
func startDemo(t *testing.T, client demo.Client) string {
	t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	issuer := "http://" + srv.Listener.Addr().String() + "/demo"
	handler, err := demo.New(demo.Config{Issuer: issuer, Clients: []demo.Client{client}})
	if err != nil {
		t.Fatal(err)
	}
	srv.Config.Handler = handler
	srv.Start()
	t.Cleanup(srv.Close)
	return issuer
}

const (
	checkSecret = "check-secret-1c9d"
	checkedURI  = "http://localhost:3999/oauth_callback"
)

func demoEnv(issuer string) map[string]string {
	return map[string]string{"ISSUER": issuer, "CLIENT_ID": "a-client", "CLIENT_SECRET": checkSecret, "PORT": "3999", "RESOURCE_URL": issuer + "/api/me"}
}

func demoClient() demo.Client {
	return demo.Client{ID: "a-client", Secret: checkSecret, Name: "Checked", RedirectURIs: []string{checkedURI}}
}

// Against a server in order every line is ok.
func TestCheckPasses(t *testing.T) {
	r := checksOf(t, demoEnv(startDemo(t, demoClient())))
	if r.Result != isOK || len(r.Checks) != 17 {
		t.Errorf("the result is %s with %d lines:\n%s", r.Result, len(r.Checks), r)
	}
	for _, f := range r.Checks {
		if f.Result != isOK {
			t.Errorf("%s", f)
		}
		if strings.Contains(f.String(), checkSecret) {
			t.Errorf("the line shows the secret: %s", f)
		}
	}
}

// Each row breaks one thing at a real server, and exactly that line fails and names the setting.
func TestCheckFails(t *testing.T) {
	for _, row := range []struct {
		name    string
		client  func(c *demo.Client)
		env     func(e map[string]string)
		check   string
		setting string
		words   string
		also    string // a line that fails for the same reason
	}{
		{"wrong secret", nil, func(e map[string]string) { e["CLIENT_SECRET"] = "another-secret" }, "client", "CLIENT_SECRET", "copy the secret again", ""},
		{"secret with special characters, wrong", nil, func(e map[string]string) { e["CLIENT_SECRET"] = "another/secret+" }, "client", "CLIENT_SECRET", "copy the secret again", ""},
		{"unknown client ID", nil, func(e map[string]string) { e["CLIENT_ID"] = "a-clietn" }, "redirect_uri", "CLIENT_ID", "does not know a-clietn", ""},
		{"a secret for a public client", func(c *demo.Client) { c.Secret = "" }, nil, "client", "CLIENT_SECRET", "remove CLIENT_SECRET", ""},
		{"no secret for a confidential client", nil, func(e map[string]string) { delete(e, "CLIENT_SECRET") }, "client", "CLIENT_SECRET", "set CLIENT_SECRET", ""},
		{"redirect URI not registered", func(c *demo.Client) { c.RedirectURIs = []string{"https://other.example/callback"} }, nil, "redirect_uri", "BASE_URL", "register " + checkedURI, ""},
		{"registered with a slash", func(c *demo.Client) { c.RedirectURIs = []string{checkedURI + "/"} }, nil, "redirect_uri", "BASE_URL", "the server takes " + checkedURI + "/", ""},
		{"registered as 127.0.0.1", func(c *demo.Client) { c.RedirectURIs = []string{"http://127.0.0.1:3999/oauth_callback"} }, nil, "redirect_uri", "BASE_URL", "write BASE_URL=http://127.0.0.1:3999", ""},
		{"registered as https", func(c *demo.Client) { c.RedirectURIs = []string{"https://localhost:3999/oauth_callback"} }, nil, "redirect_uri", "BASE_URL", "write BASE_URL=https://localhost:3999", ""},
		{"scope not enabled", nil, func(e map[string]string) { e["SCOPES"] = "openid profile admin" }, "authorization", "SCOPES", "admin", "scopes"},
		{"issuer with a slash too many", nil, func(e map[string]string) { e["ISSUER"] += "/"; delete(e, "RESOURCE_URL") }, "metadata", "ISSUER", "write ISSUER=", ""},
		{"issuer without its path", nil, func(e map[string]string) {
			e["ISSUER"] = strings.TrimSuffix(e["ISSUER"], "/demo")
			delete(e, "RESOURCE_URL")
		}, "metadata", "ISSUER", "404", ""},
		{"nothing listens", nil, func(e map[string]string) { e["ISSUER"] = "http://127.0.0.1:1"; delete(e, "RESOURCE_URL") }, "connection", "ISSUER", "refused the connection", ""},
		{"the API is another server's", nil, func(e map[string]string) {
			e["RESOURCE_URL"] = startDemo(t, demoClient()) + "/api/me"
		}, "api", "RESOURCE_URL", "the API trusts", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			client := demoClient()
			if row.client != nil {
				row.client(&client)
			}
			values := demoEnv(startDemo(t, client))
			if row.env != nil {
				row.env(values)
			}
			r := checksOf(t, values)
			wantFails(t, r, row.check, row.also, row.setting, row.words)
		})
	}
}

// wantFails checks that one line fails, and no other but also.
func wantFails(t *testing.T, r report, check, also, setting, words string) {
	t.Helper()
	f := r.firstFailing()
	if f.Check != check || f.Setting != setting || !strings.Contains(f.String(), words) {
		t.Errorf("the first failing line is\n%s\nwant %s to name %s and %q; all:\n%s", f, check, setting, words, r)
	}
	for _, f := range r.Checks {
		if f.Result == isFail && f.Check != check && f.Check != also {
			t.Errorf("this line fails too: %s", f)
		}
	}
	if r.Result != isFail {
		t.Errorf("the result is %s", r.Result)
	}
}

// Certificates, over TLS with a private authority.
func TestCheckTLS(t *testing.T) {
	c := startClerk(t, "127.0.0.1:3999")
	values := c.env()
	values["BASE_URL"] = "http://127.0.0.1:3999"
	r := checksOf(t, values)
	if f := r.line("connection"); f.Result != isWarn || !strings.Contains(f.Found, "valid for 0 more days") {
		t.Errorf("a certificate of one hour gives %s", f)
	}
	if r.Result == isFail {
		t.Errorf("a Clerk-shaped server in order fails:\n%s", r)
	}
	for _, check := range []string{"userinfo", "introspection", "revocation"} { // endpoints that its metadata does not list
		if f := r.line(check); f.Result != isOK {
			t.Errorf("%s", f)
		}
	}
	c.TLS.Certificates[0] = c.authority.issue(t, time.Now().Add(60*24*time.Hour))
	if f := checksOf(t, values).line("connection"); f.Result != isOK || !strings.Contains(f.Found, "valid for 59 more days") {
		t.Errorf("a certificate of sixty days gives %s", f)
	}
	c.TLS.Certificates[0] = c.authority.issue(t, time.Now().Add(-time.Hour))
	wantFails(t, checksOf(t, values), "connection", "", "CLERK_PUBLISHABLE_KEY", "certificate that is valid from")
	c.TLS.Certificates[0] = c.authority.issue(t, time.Now().Add(time.Hour))
	delete(values, "SSL_CERT_FILE")
	wantFails(t, checksOf(t, values), "connection", "", "CLERK_PUBLISHABLE_KEY", "SSL_CERT_FILE")
}

// Each row makes the liar behave in one way; the line says what can be known, and no more.
func TestCheckJudges(t *testing.T) {
	document := func(change func(d map[string]any)) func(*liar) {
		return func(l *liar) { l.document = change }
	}
	token := func(answer func(id, secret string, raw bool) (int, string)) func(*liar) {
		return func(l *liar) {
			l.token = func(w http.ResponseWriter, r *http.Request) {
				id, secret, basic := r.BasicAuth()
				plainID, _ := url.QueryUnescape(id)
				plainSecret, _ := url.QueryUnescape(secret)
				if !basic {
					plainID, plainSecret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
				}
				status, code := answer(plainID, plainSecret, basic)
				sendBody(status, "application/json", fmt.Sprintf(`{"error":%q}`, code))(w, nil)
			}
		}
	}
	authorize := func(answer func(w http.ResponseWriter, r *http.Request, good bool)) func(*liar) {
		return func(l *liar) {
			l.page = func(w http.ResponseWriter, r *http.Request) {
				q := r.URL.Query()
				answer(w, r, q.Get("redirect_uri") == checkedURI && q.Get("client_id") == liarClientID)
			}
		}
	}
	back := func(w http.ResponseWriter, r *http.Request, code string) {
		http.Redirect(w, r, r.URL.Query().Get("redirect_uri")+"?error="+code+"&state="+r.URL.Query().Get("state"), http.StatusFound)
	}
	other := func(status int, header, body string) func(*liar) {
		return func(l *liar) {
			l.other = func(w http.ResponseWriter, r *http.Request) {
				if header != "" {
					w.Header().Set("WWW-Authenticate", header)
				}
				sendBody(status, "application/json", body)(w, r)
			}
		}
	}
	for _, row := range []struct {
		name   string
		spoil  func(*liar)
		check  string
		result verdictWord
		words  string
	}{
		{"S256 is not listed", document(func(d map[string]any) {}), "advertised", isWarn, "S256"},
		{"everything is listed", document(func(d map[string]any) { d["code_challenge_methods_supported"] = []string{"S256"} }), "advertised", isOK, "everything"},
		{"a scope is not listed", document(func(d map[string]any) {
			d["code_challenge_methods_supported"], d["scopes_supported"] = []string{"S256"}, []string{"openid"}
		}), "advertised", isWarn, "profile in scopes_supported"},
		{"iss is not promised", document(func(d map[string]any) { delete(d, "authorization_response_iss_parameter_supported") }), "response_issuer", isWarn, "RFC 9207"},
		{"iss is promised", document(func(map[string]any) {}), "response_issuer", isOK, ""},
		{"pushed authorization is demanded", document(func(d map[string]any) { d["require_pushed_authorization_requests"] = true }), "pushed_authorization", isFail, "RFC 9126"},
		{"pushed authorization, and what hangs on it", document(func(d map[string]any) { d["require_pushed_authorization_requests"] = true }), "redirect_uri", isSkip, "while pushed_authorization is not in order"},
		{"the issuer is another host", document(func(d map[string]any) { d["issuer"] = "http://keycloak:8080/realms/a" }), "metadata", isFail, "write ISSUER=http://keycloak:8080/realms/a"},
		{"an endpoint without TLS", document(func(d map[string]any) { d["token_endpoint"] = "http://a.example/token" }), "metadata", isFail, "is not https"},
		{"the two documents disagree", func(l *liar) {
			l.rfc8414 = func(w http.ResponseWriter, _ *http.Request) {
				sendJSON(w, map[string]any{"issuer": l.issuer, "authorization_endpoint": l.issuer + "/authorize", "token_endpoint": l.issuer + "/other"})
			}
		}, "metadata_flavours", isWarn, "different endpoints"},
		{"one document", func(*liar) {}, "metadata_flavours", isOK, "one document"},
		{"the clock is five minutes off", func(l *liar) {
			l.metadata = func(w http.ResponseWriter, _ *http.Request) { // whatever it answers has a date
				w.Header().Set("Date", time.Now().Add(5*time.Minute).UTC().Format(http.TimeFormat))
			}
		}, "connection", isWarn, "but its clock and this machine's are"},
		{"an old date from a cache", func(l *liar) {
			l.metadata = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
				w.Header().Set("Age", "3600")
			}
		}, "connection", isOK, "answers"},
		{"no keys", func(l *liar) { l.jwks = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) } }, "keys", isFail, "answered 500"},
		{"keys for encryption only", func(l *liar) {
			l.jwks = func(w http.ResponseWriter, _ *http.Request) {
				sendJSON(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: l.key.Public(), KeyID: "e", Use: "enc"}}})
			}
		}, "keys", isFail, "none of the 1 keys"},
		{"HS256 is all that is listed", document(func(d map[string]any) { d["id_token_signing_alg_values_supported"] = []string{"HS256"} }), "keys", isWarn, "HS256"},
		{"no jwks_uri", document(func(d map[string]any) { delete(d, "jwks_uri") }), "keys", isFail, "no jwks_uri"},

		{"the secret is right", token(func(id, secret string, _ bool) (int, string) {
			if id != liarClientID || secret != liarClientSecret {
				return 401, "invalid_client"
			}
			return 400, "invalid_grant"
		}), "client", isOK, "a made-up code"},
		{"a 200 with an error, as GitHub", token(func(_, secret string, _ bool) (int, string) {
			if secret != liarClientSecret {
				return 200, "incorrect_client_credentials"
			}
			return 200, "bad_verification_code"
		}), "client", isOK, "a made-up code"},
		{"the code comes first", token(func(string, string, bool) (int, string) { return 400, "invalid_grant" }), "client", isWarn, "nothing was learnt"},
		{"the code comes first, the refresh token tells", func(l *liar) {
			l.token = func(w http.ResponseWriter, r *http.Request) {
				_, secret, _ := r.BasicAuth()
				if r.PostForm.Get("grant_type") == "refresh_token" && secret != liarClientSecret {
					sendBody(403, "application/json", `{"error":"invalid_client"}`)(w, r)
					return
				}
				sendBody(400, "application/json", `{"error":"invalid_grant"}`)(w, r)
			}
		}, "client", isOK, "a made-up refresh token"},
		{"overloaded for the control alone", token(func(_, secret string, _ bool) (int, string) {
			if secret != liarClientSecret {
				return 429, "slow_down"
			}
			return 400, "invalid_grant"
		}), "client", isWarn, "nothing was learnt"},
		{"out of order for the control alone", token(func(_, secret string, _ bool) (int, string) {
			if secret != liarClientSecret {
				return 500, "server_error"
			}
			return 400, "invalid_grant"
		}), "client", isWarn, "nothing was learnt"},
		{"out of order", token(func(string, string, bool) (int, string) { return 503, "temporarily_unavailable" }), "client", isWarn, "nothing was learnt"},
		{"everybody is refused", token(func(string, string, bool) (int, string) { return 401, "invalid_client" }), "client", isFail, "copy the secret again"},
		{"everybody is refused with 400", token(func(string, string, bool) (int, string) { return 400, "invalid_client" }), "client", isFail, "copy the secret again"},
		{"refused as Keycloak does", token(func(string, string, bool) (int, string) { return 401, "unauthorized_client" }), "client", isFail, "copy the secret again"},
		{"the grant is off", token(func(_, secret string, _ bool) (int, string) {
			if secret != liarClientSecret {
				return 401, "invalid_client"
			}
			return 400, "unauthorized_client"
		}), "client", isFail, "enable the authorization code grant"},
		{"the refresh grant is off", func(l *liar) {
			l.token = func(w http.ResponseWriter, r *http.Request) {
				_, secret, _ := r.BasicAuth()
				switch {
				case secret != liarClientSecret:
					sendBody(401, "application/json", `{"error":"invalid_client"}`)(w, r)
				case r.PostForm.Get("grant_type") == "refresh_token":
					sendBody(400, "application/json", `{"error":"unauthorized_client"}`)(w, r)
				default:
					sendBody(400, "application/json", `{"error":"invalid_grant"}`)(w, r)
				}
			}
		}, "client", isOK, "a made-up code"},
		{"the code comes first, and the refresh grant is off", func(l *liar) {
			l.token = func(w http.ResponseWriter, r *http.Request) {
				_, secret, _ := r.BasicAuth()
				switch {
				case r.PostForm.Get("grant_type") == "authorization_code":
					sendBody(400, "application/json", `{"error":"invalid_grant"}`)(w, r)
				case secret != liarClientSecret:
					sendBody(401, "application/json", `{"error":"invalid_client"}`)(w, r)
				default:
					sendBody(400, "application/json", `{"error":"unauthorized_client"}`)(w, r)
				}
			}
		}, "client", isOK, "a made-up refresh token"},
		{"the other method is right", token(func(_, secret string, basic bool) (int, string) {
			if basic || secret != liarClientSecret {
				return 401, "invalid_client"
			}
			return 400, "invalid_grant"
		}), "client", isFail, "write TOKEN_ENDPOINT_AUTH_METHOD=client_secret_post"},

		{"a sign-in page, and a refusal in JSON", authorize(func(w http.ResponseWriter, r *http.Request, good bool) {
			if !good {
				sendBody(400, "application/json", `{"error":"invalid_request","error_description":"redirect_uri"}`)(w, r)
			}
		}), "redirect_uri", isOK, "is taken"},
		{"login_required at the callback", authorize(func(w http.ResponseWriter, r *http.Request, good bool) {
			if good {
				back(w, r, "login_required")
				return
			}
			w.WriteHeader(400)
		}), "authorization", isOK, "login_required"},
		{"sign-in at another host, an error page there", authorize(func(w http.ResponseWriter, r *http.Request, good bool) {
			if good {
				http.Redirect(w, r, "https://login.example/start", http.StatusFound)
				return
			}
			http.Redirect(w, r, "https://login.example/error?error=redirect_uri_mismatch", http.StatusFound)
		}), "redirect_uri", isOK, "is taken"},
		{"a page for everybody", authorize(func(http.ResponseWriter, *http.Request, bool) {}), "redirect_uri", isWarn, "nothing was learnt"},
		{"anything goes", authorize(func(w http.ResponseWriter, r *http.Request, _ bool) { back(w, r, "login_required") }), "redirect_uri", isWarn, "any redirect URI"},
		{"out of order", authorize(func(w http.ResponseWriter, _ *http.Request, _ bool) { w.WriteHeader(503) }), "redirect_uri", isWarn, "did not answer"},
		{"out of order, so nobody knows", authorize(func(w http.ResponseWriter, _ *http.Request, _ bool) { w.WriteHeader(503) }), "authorization", isWarn, "is not known"},
		{"the grant is off, at the callback", authorize(func(w http.ResponseWriter, r *http.Request, good bool) {
			if good {
				back(w, r, "unauthorized_client")
				return
			}
			w.WriteHeader(400)
		}), "authorization", isFail, "enable it"},
		{"PKCE is not refused", authorize(func(w http.ResponseWriter, _ *http.Request, good bool) {
			if !good {
				w.WriteHeader(400)
			}
		}), "pkce", isWarn, "not refused at this point"},
		{"PKCE is enforced", authorize(func(w http.ResponseWriter, r *http.Request, good bool) {
			switch {
			case !good:
				w.WriteHeader(400)
			case r.URL.Query().Get("code_challenge") == "":
				back(w, r, "invalid_request")
			}
		}), "pkce", isOK, "refused"},
		{"scopes are decided later", authorize(func(w http.ResponseWriter, _ *http.Request, good bool) {
			if !good {
				w.WriteHeader(400)
			}
		}), "scopes", isWarn, "does not say at this point"},
		{"one scope is off", authorize(func(w http.ResponseWriter, r *http.Request, good bool) {
			scope := r.URL.Query().Get("scope")
			switch {
			case !good:
				w.WriteHeader(400)
			case strings.Contains(scope, "made-up") || scope == "openid email":
				back(w, r, "invalid_scope")
			}
		}), "scopes", isFail, "not enabled: email"},

		{"userinfo refuses", other(401, `Bearer realm="x"`, `{}`), "userinfo", isOK, ""},
		{"userinfo refuses without a word", other(401, "", `{}`), "userinfo", isWarn, "without WWW-Authenticate"},
		{"userinfo opens", other(200, "", `{"sub":"x"}`), "userinfo", isWarn, "200"},
		{"introspection says no", other(200, "", `{"active":false}`), "introspection", isOK, ""},
		{"introspection says yes", other(200, "", `{"active":true}`), "introspection", isWarn, "is active"},
		{"introspection is odd", other(404, "", `{"error":"nothing here"}`), "introspection", isWarn, "404"},
		{"revocation says yes", other(200, "", ``), "revocation", isOK, ""},
		{"revocation is odd", other(400, "", `{"error":"invalid_token"}`), "revocation", isWarn, "400"},
		{"the API refuses", other(401, `Bearer realm="x"`, `{}`), "api", isOK, ""},
		{"the API is open", other(200, "", `{"sub":"x"}`), "api", isFail, "opens without a token"},
		{"the API refuses with 403", other(403, "", `{}`), "api", isWarn, "403"},
		{"the API refuses without a word", other(401, "", `{}`), "api", isWarn, "WWW-Authenticate"},
	} {
		t.Run(row.check+": "+row.name, func(t *testing.T) {
			l := startLiar(t)
			l.honest()
			row.spoil(l)
			values := l.env()
			values["PORT"], values["RESOURCE_URL"] = "3999", l.issuer+"/api"
			if l.document == nil {
				l.document = func(map[string]any) {}
			}
			change := l.document
			l.document = func(d map[string]any) {
				d["introspection_endpoint"], d["revocation_endpoint"] = l.issuer+"/introspect", l.issuer+"/revoke"
				if row.check == "client" { // the token endpoint alone
					delete(d, "introspection_endpoint")
					delete(d, "revocation_endpoint")
				}
				change(d)
			}
			r := checksOf(t, values)
			if f := r.line(row.check); f.Result != row.result || !strings.Contains(f.String(), row.words) {
				t.Errorf("got\n%s\nwant %s and %q; all:\n%s", f, row.result, row.words, r)
			}
			if l.origin != "" {
				t.Errorf("a request carried the Origin %q", l.origin)
			}
		})
	}
}

// A secret that the server takes as it is, without decoding, is found out.
func TestCheckRawSecret(t *testing.T) {
	const secret = "a/secret+with%special"
	l := startLiar(t)
	l.honest()
	l.token = func(w http.ResponseWriter, r *http.Request) {
		if _, raw, _ := r.BasicAuth(); raw != secret && r.PostForm.Get("client_secret") != secret {
			sendBody(401, "application/json", `{"error":"invalid_client"}`)(w, r)
			return
		}
		sendBody(400, "application/json", `{"error":"invalid_grant"}`)(w, r)
	}
	values := l.env()
	values["CLIENT_SECRET"], values["PORT"] = secret, "3999"
	wantFails(t, checksOf(t, values), "client", "", "CLIENT_SECRET", "does not decode the secret's special characters")
}

// Keycloak's old path, and a server without metadata.
func TestCheckOtherServers(t *testing.T) {
	l := startLiar(t)
	l.honest()
	l.issuer += "/auth/realms/a"
	values := l.env()
	inner := l.Config.Handler
	l.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, ok := strings.CutPrefix(r.URL.Path, "/auth/realms/a")
		if !ok {
			http.NotFound(w, r)
			return
		}
		r.URL.Path = path
		inner.ServeHTTP(w, r)
	})
	values["ISSUER"] = strings.Replace(l.issuer, "/auth", "", 1)
	wantFails(t, checksOf(t, values), "metadata", "", "ISSUER", "write ISSUER="+l.issuer)

	plain := startLiar(t)
	plain.honest()
	r := checksOf(t, map[string]string{"AUTHORIZATION_ENDPOINT": plain.issuer + "/authorize", "TOKEN_ENDPOINT": plain.issuer + "/token",
		"CLIENT_ID": liarClientID, "CLIENT_SECRET": liarClientSecret, "SCOPES": "read", "PORT": "3999"})
	if r.Result == isFail || r.line("metadata_flavours").Result != isSkip || r.line("client").Result != isOK {
		t.Errorf("a server without metadata gives\n%s", r)
	}
}

// A redirect URI that some servers refuse is pointed out, and stops nothing.
func TestCheckConfiguration(t *testing.T) {
	for base, want := range map[string]struct {
		result verdictWord
		words  string
	}{
		"http://localhost:3999":    {isOK, "a confidential client"},
		"http://127.0.0.1:3999":    {isWarn, "localhost only; if yours refuses it, write BASE_URL=http://localhost:3999"},
		"http://test.example.com":  {isWarn, "http on a public host"},
		"https://test.example.com": {isOK, "https://test.example.com/oauth_callback"},
	} {
		cfg := configOf(t, map[string]string{"ISSUER": "http://127.0.0.1:1", "CLIENT_ID": "a", "CLIENT_SECRET": "b", "PORT": "3999", "BASE_URL": base})
		f := newChecker(cfg, wire.New(nil, time.Now), time.Now).checkConfiguration(t.Context())
		if f.Result != want.result || !strings.Contains(f.String(), want.words) {
			t.Errorf("%s gives %s; want %s and %q", base, f, want.result, want.words)
		}
	}
}

// The command: exit codes, one line per check, JSON with stable names, a bounded time.
func TestCheckCommand(t *testing.T) {
	issuer := startDemo(t, demoClient())
	values := demoEnv(issuer)
	for _, row := range []struct {
		name string
		env  func(map[string]string)
		args []string
		code int
	}{
		{"everything in order", func(map[string]string) {}, []string{"check"}, 0},
		{"flags before the word", func(map[string]string) {}, []string{"-timeout", "20s", "check", "-json"}, 0},
		{"a wrong secret", func(e map[string]string) { e["CLIENT_SECRET"] = "wrong-secret" }, []string{"check"}, 1},
		{"a wrong setting", func(e map[string]string) { e["PORT"] = "x" }, []string{"check"}, 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			full := map[string]string{}
			for name, value := range values {
				full[name] = value
			}
			row.env(full)
			p := startProcess(t, full, row.args...)
			if code := p.wait(t, 30*time.Second); code != row.code {
				t.Errorf("exit code %d; want %d\n%s%s", code, row.code, p.out, p.err)
			}
			if row.code == 2 {
				return
			}
			if out := p.out.String(); row.args[len(row.args)-1] == "-json" {
				var r report
				if err := json.Unmarshal([]byte(out), &r); err != nil || r.Result != isOK || r.Checks[0].Check != "configuration" {
					t.Errorf("the JSON is %v\n%s", err, out)
				}
			} else if lines := strings.Split(strings.TrimSpace(out), "\n"); len(lines) != 18 || !strings.Contains(lines[0], "Nothing that is asked here changes anything") {
				t.Errorf("%d lines:\n%s", len(lines), out)
			} else {
				for _, line := range lines[1:] {
					if word := line[strings.LastIndex(line, " ")+1:]; !strings.Contains("ok warn fail skip", word) {
						t.Errorf("this line does not end in its result: %s", line)
					}
				}
			}
		})
	}

	hung := startLiar(t)
	release := make(chan bool)
	t.Cleanup(func() { close(release) })
	hung.metadata = func(http.ResponseWriter, *http.Request) { <-release }
	full := hung.env()
	began := time.Now()
	p := startProcess(t, full, "check", "-timeout", "300ms")
	if code := p.wait(t, 10*time.Second); code != 1 || time.Since(began) > 5*time.Second || !strings.Contains(p.out.String(), "connection: ") {
		t.Errorf("a server that never answers: exit code %d after %v\n%s", code, time.Since(began), p.out)
	}
}

// With nothing configured the demo server is started to be checked.
func TestCheckDemo(t *testing.T) {
	p := startProcess(t, map[string]string{"PORT": freePort(t)}, "check")
	if code := p.wait(t, 30*time.Second); code != 0 || strings.Count(p.out.String(), "… ok\n") != 17 {
		t.Errorf("exit code %d\n%s%s", code, p.out, p.err)
	}
}

// The home page offers the same checks.
func TestCheckPage(t *testing.T) {
	a := startApp(t, nil)
	b := newBrowser(t, a)
	if !strings.Contains(b.get("/").body, `href="/check"`) {
		t.Error("the home page does not offer the checks")
	}
	page := b.get("/check")
	if page.StatusCode != 200 || !strings.Contains(page.body, "redirect_uri") || !strings.Contains(page.body, "Nothing is wrong") {
		t.Errorf("/check answered %d:\n%s", page.StatusCode, page.body)
	}
	var r report
	if err := json.Unmarshal([]byte(b.getJSON("/check").body), &r); err != nil || len(r.Checks) != 17 {
		t.Errorf("/check answered %v", err)
	}
}

// What is wrong is named at a server that we did not write.
func TestCheckAtOIDCProvider(t *testing.T) {
	needsNode(t, "oidc-provider")
	f := startOIDCProvider(t, "basic-only", checkedURI)
	f.env["PORT"] = "3998"
	wantFails(t, checksOf(t, f.env), "redirect_uri", "", "BASE_URL", "http://localhost:3998/oauth_callback")
	f.env["PORT"], f.env["CLIENT_SECRET"] = "3999", "wrong secret/"
	wantFails(t, checksOf(t, f.env), "client", "", "CLIENT_SECRET", "copy the secret again")
}

// The same at a server whose words are Clerk's.
func TestCheckAtFosite(t *testing.T) {
	values := startGo(t, "fosite", checkedURI)
	values["PORT"], values["SCOPES"] = "3999", "openid profile"
	if r := checksOf(t, values); r.Result == isFail {
		t.Errorf("in order it fails:\n%s", r)
	}
	broken := func(name, value string) map[string]string {
		full := map[string]string{}
		for k, v := range values {
			full[k] = v
		}
		full[name] = value
		return full
	}
	wantFails(t, checksOf(t, broken("TOKEN_ENDPOINT_AUTH_METHOD", "client_secret_post")), "client", "", "TOKEN_ENDPOINT_AUTH_METHOD", "write TOKEN_ENDPOINT_AUTH_METHOD=client_secret_basic")
	wantFails(t, checksOf(t, broken("CLIENT_SECRET", "wrong")), "client", "", "CLIENT_SECRET", "Client authentication failed")
	wantFails(t, checksOf(t, broken("PORT", "3998")), "redirect_uri", "", "BASE_URL", "does not match any of the OAuth 2.0 Client's pre-registered redirect urls")
	wantFails(t, checksOf(t, broken("SCOPES", "openid admin")), "authorization", "scopes", "SCOPES", "is not allowed to request scope 'admin'")
	wantFails(t, checksOf(t, broken("CLIENT_ID", "nobody")), "redirect_uri", "", "CLIENT_ID", "does not know nobody")
}
