package check

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
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

// The table of causes: each row is a set-up with one mistake in it, and the name of its cause. Without the mistake, no
// cause is named. The root has the causes that a login, a session or an API shows, and internal/acceptance the test that
// every cause of docs/problems.md has a row.

// changed is a copy of settings with some of them changed: names and values, in turns. An empty value takes
// the setting away.
func changed(values map[string]string, pairs ...string) map[string]string {
	next := maps.Clone(values)
	for i := 0; i < len(pairs); i += 2 {
		if next[pairs[i]] = pairs[i+1]; pairs[i+1] == "" {
			delete(next, pairs[i])
		}
	}
	return next
}

// The settings tell it, before anything is asked.
func TestCauses_SettingsTell(t *testing.T) {
	told := func(file string) causes.Name {
		path := filepath.Join(t.TempDir(), "test.env")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := config.Load(func(string) string { return "" }, path, true)
		if problems, ok := errors.AsType[config.Problems](err); ok && len(problems) == 1 {
			return causes.Name(problems[0].Cause)
		} else if err != nil {
			t.Fatal(err)
		}
		return ""
	}
	const plain, clerk = "CLIENT_ID=a\nISSUER=https://a.example\n", "CLIENT_ID=a\nCLERK_PUBLISHABLE_KEY="
	const entra = "CLIENT_ID=a\nISSUER=https://login.microsoftonline.com/t/v2.0\n"
	const otherEntra = "CLIENT_ID=a\nISSUER=https://t.ciamlogin.com/t/v2.0\n"
	const secretID = "CLIENT_SECRET=0b2bb2d4-5b8e-4d4d-9d1f-0a1b2c3d4e5f\n"
	for _, row := range []struct {
		name          causes.Name
		sound, broken string
	}{
		{"clerk-key-wrong", clerk + "pk_test_Y2xlcmsuZXhhbXBsZS5jb20k\n", clerk + "sk_test_Y2xlcmsuZXhhbXBsZS5jb20k\n"},
		{"client-secret-mangled", plain + "CLIENT_SECRET='abcdefgh #cd$EF'\n", plain + "CLIENT_SECRET=abcdefgh #cd\n"},
		{"client-secret-mangled", plain + "CLIENT_SECRET='abcdefgh$EF'\n", plain + "CLIENT_SECRET=abcdefgh$EF\n"},
		{"client-secret-is-a-hash", plain + "CLIENT_SECRET='pbkdf2-is-my-hobby'\n", plain + "CLIENT_SECRET='pbkdf2_sha256$320000$abc'\n"},
		{"client-secret-is-its-id", entra + "CLIENT_SECRET=abc8Q~0b2bb2d45b8e4d4d9d1f0a1b2c3d4e5f\n", entra + secretID},
		{"client-secret-is-its-id", plain + secretID, otherEntra + secretID},
	} {
		t.Run(string(row.name), func(t *testing.T) {
			if got := told(row.sound); got != "" {
				t.Errorf("the sound settings are called %s", got)
			}
			if got := told(row.broken); got != row.name {
				t.Errorf("the mistake is called %q", got)
			}
		})
	}
}

// told returns what the checks name: the first line that fails, and the first warning with a name.
func told(t *testing.T, env map[string]string) (failing, warning causes.Name) {
	t.Helper()
	r := checksOf(t, env)
	for _, f := range r.Checks {
		if f.Result == causes.Warn && f.Name != "" && warning == "" {
			warning = f.Name
		}
	}
	if f := r.firstFailing(); f.Check != "" && f.Name == "" {
		t.Errorf("a failure without a name: %s", f)
	}
	return r.firstFailing().Name, warning
}

// wantSound checks the other half of every row: without the mistake nothing is named.
func wantSound(t *testing.T, env map[string]string) {
	t.Helper()
	if failing, warning := told(t, env); failing != "" || warning != "" {
		t.Fatalf("the sound set-up is called %q %q", failing, warning)
	}
}

// wantTold checks that the checks fail, and by which name first.
func wantTold(t *testing.T, env map[string]string, name causes.Name) {
	t.Helper()
	if failing, _ := told(t, env); failing != name {
		t.Errorf("the first failing line is called %q", failing)
	}
}

// The checks name the cause: each row changes one setting, or one thing on the demo server's client.
func TestCauses_CheckTellsDemo(t *testing.T) {
	sound := changed(testserver.DemoEnv(testserver.ServeDemo(t, testserver.DemoClient())), "RESOURCE_URL", "")
	wantSound(t, sound)
	for _, row := range []struct {
		name           causes.Name
		setting, value string
		client         func(*demo.Client)
	}{
		{"client-secret-wrong", "CLIENT_SECRET", "another-secret", nil},
		{"client-secret-missing", "CLIENT_SECRET", "", nil},
		{"client-id-unknown", "CLIENT_ID", "a-clietn", nil},
		{"client-is-public", "", "", func(c *demo.Client) { c.Secret = "" }},
		{"auth-method-wrong", "", "", func(c *demo.Client) { c.AuthMethod = "client_secret_post" }},
		{"scope-not-enabled", "SCOPES", "openid profile admin", nil},
		{"issuer-differs", "ISSUER", sound["ISSUER"] + "/", nil},
		{"server-not-found", "ISSUER", sound["ISSUER"] + "/realms/none", nil},
		{"server-unreachable", "ISSUER", "http://127.0.0.1:1", nil},
		{"redirect-uri-not-registered", "PORT", "3998", nil},
		{"api-wants-another-issuer", "RESOURCE_URL", testserver.ServeDemo(t, testserver.DemoClient()) + "/api/me", nil},
		{"api-unreachable", "RESOURCE_URL", "http://127.0.0.1:1/api", nil},
		{"api-unreachable", "RESOURCE_URL", sound["ISSUER"] + "/api/nothing", nil},
	} {
		t.Run(string(row.name), func(t *testing.T) {
			env := sound
			if row.client != nil {
				client := testserver.DemoClient()
				row.client(&client)
				env = changed(testserver.DemoEnv(testserver.ServeDemo(t, client)), "RESOURCE_URL", "")
			}
			wantTold(t, changed(env, row.setting, row.value), row.name)
		})
	}
}

// document spoils one member of the fake server's metadata; nil takes it away.
func document(name string, value any) func(*testserver.FakeServer) {
	return func(l *testserver.FakeServer) {
		l.Document = func(d map[string]any) {
			if d[name] = value; value == nil {
				delete(d, name)
			}
		}
	}
}

// backWith sends every honest login back to the redirect URI with an error, unless the request is spared.
func backWith(code, words string, spares func(url.Values) bool) func(*testserver.FakeServer) {
	return func(l *testserver.FakeServer) {
		honest := l.Page
		l.Page = func(w http.ResponseWriter, r *http.Request) {
			q := r.URL.Query()
			if q.Get("redirect_uri") != testserver.CheckedURI || q.Get("client_id") != testserver.FakeClientID || spares != nil && spares(q) {
				honest(w, r)
				return
			}
			back := url.Values{"error": {code}, "error_description": {words}, "state": {q.Get("state")}}
			http.Redirect(w, r, testserver.CheckedURI+"?"+back.Encode(), http.StatusFound)
		}
	}
}

// looksAtItFirst refuses every login of our client, before it looks at the redirect URI.
func looksAtItFirst(code, words string) func(*testserver.FakeServer) {
	return func(l *testserver.FakeServer) {
		honest := l.Page
		l.Page = func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("client_id") != testserver.FakeClientID {
				honest(w, r)
				return
			}
			testserver.SendBody(400, "application/json", fmt.Sprintf(`{"error":%q,"error_description":%q}`, code, words))(w, r)
		}
	}
}

// registered accepts one redirect URI, and refuses every other with words.
func registered(uri, words string) func(*testserver.FakeServer) {
	return func(l *testserver.FakeServer) {
		l.Page = func(w http.ResponseWriter, r *http.Request) {
			if q := r.URL.Query(); q.Get("redirect_uri") != uri || q.Get("client_id") != testserver.FakeClientID {
				testserver.SendBody(400, "text/plain", strings.ReplaceAll(words, "URI", q.Get("redirect_uri")))(w, r)
			}
		}
	}
}

// answers takes the place of the token endpoint: what it says to the right secret, and to every other.
func answers(right, wrong string) func(*testserver.FakeServer) {
	return func(l *testserver.FakeServer) {
		l.Token = func(w http.ResponseWriter, r *http.Request) {
			body, status := wrong, 401
			if _, secret, _ := r.BasicAuth(); secret == testserver.FakeClientSecret {
				body, status = right, 400
			}
			testserver.SendBody(status, "application/json", body)(w, r)
		}
	}
}

// apiSays is the answer of the fake server's API.
func apiSays(status int, contentType, header, value string) func(*testserver.FakeServer) {
	return func(l *testserver.FakeServer) {
		l.Other = func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set(header, value)
			testserver.SendBody(status, contentType, "{}")(w, r)
		}
	}
}

// notDecoding compares the secret as it came (RFC 6749 section 2.3.1 encodes it).
func notDecoding(l *testserver.FakeServer) {
	l.Token = func(w http.ResponseWriter, r *http.Request) {
		if _, raw, _ := r.BasicAuth(); raw != "a/secret+" && r.PostForm.Get("client_secret") != "a/secret+" {
			testserver.SendBody(401, "application/json", `{"error":"invalid_client"}`)(w, r)
			return
		}
		testserver.SendBody(400, "application/json", `{"error":"invalid_grant"}`)(w, r)
	}
}

// startHonest is a fake server that has nothing to hide, and the settings that fit it.
func startHonest(t *testing.T) (*testserver.FakeServer, map[string]string) {
	l := testserver.StartFakeServer(t)
	l.Honest()
	apiSays(401, "application/json", "WWW-Authenticate", "Bearer")(l)
	return l, changed(l.Env(), "PORT", "3999", "RESOURCE_URL", l.Issuer+"/api")
}

// The checks name the cause: each row spoils one answer of an honest server.
func TestCauses_CheckTellsFakeServer(t *testing.T) {
	withChallenge := func(q url.Values) bool { return !q.Has("code_challenge") }
	for _, row := range []struct {
		name  causes.Name
		spoil func(*testserver.FakeServer)
		env   []string // settings that go with it
	}{
		{"two-host-names", document("issuer", "http://keycloak:8080/realms/a"), nil},
		{"endpoints-not-https", document("token_endpoint", "http://a.example/token"), nil},
		{"jwks-unusable", document("jwks_uri", nil), nil},
		{"jwks-unusable", func(l *testserver.FakeServer) {
			l.JWKS = func(w http.ResponseWriter, _ *http.Request) { testserver.SendJSON(w, jose.JSONWebKeySet{}) }
		}, nil},
		{"id-token-algorithm", func(l *testserver.FakeServer) {
			document("id_token_signing_alg_values_supported", []string{"HS256"})(l)
			l.JWKS = func(w http.ResponseWriter, _ *http.Request) { testserver.SendJSON(w, jose.JSONWebKeySet{}) }
		}, nil},
		{"par-endpoint-missing", document("require_pushed_authorization_requests", true), nil},
		{"par-required", backWith("invalid_request", "Pushed Authorization Request is only allowed.", nil), nil},
		{"grant-not-enabled", backWith("unauthorized_client",
			"Client is not allowed to initiate browser login with given response_type. Standard flow is disabled for the client.", nil), nil},
		{"grant-not-enabled", answers(
			`{"error":"unauthorized_client","error_description":"Grant type 'authorization_code' not allowed for the client."}`,
			`{"error":"invalid_client"}`), nil},
		{"pkce-required", backWith("invalid_request", "Missing parameter: code_challenge_method", nil), nil},
		{"pkce-required", looksAtItFirst("invalid_request", "code_challenge is missing"), nil},
		{"par-required", looksAtItFirst("invalid_request", "Pushed Authorization Request is only allowed."), nil},
		{"pkce-refused", backWith("invalid_request", "", withChallenge), nil},
		{"scope-not-enabled", backWith("invalid_scope", "Invalid scopes: openid email profile groups",
			func(q url.Values) bool { return !strings.Contains(q.Get("scope"), "email") }), nil},
		{"redirect-uri-not-registered", registered("https://b.example/callback", "Invalid parameter: redirect_uri"), nil},
		{"redirect-uri-not-https", registered("https://localhost:3999/oauth_callback", "URI is no https redirect URI"), nil},
		{"redirect-uri-ip-address", registered(testserver.CheckedURI, "URI has an IP address"), []string{"BASE_URL", "http://127.0.0.1:3999"}},
		{"server-failed", func(l *testserver.FakeServer) {
			l.Token = testserver.SendBody(503, "text/html", "<h1>Maintenance</h1>")
		}, nil},
		{"token-endpoint-unusable", func(l *testserver.FakeServer) { l.Token = testserver.SendBody(404, "text/html", "<h1>Not Found</h1>") }, nil},
		{"token-endpoint-unusable", func(l *testserver.FakeServer) { l.Token = testserver.SendBody(415, "application/json", "{}") }, nil},
		{"token-endpoint-unusable", func(l *testserver.FakeServer) { l.Token = testserver.SendBody(403, "text/html", "<h1>Blocked</h1>") }, nil},
		{"client-secret-not-decoded", notDecoding, []string{"CLIENT_SECRET", "a/secret+"}},
		{"client-secret-wrong", answers(`{"error":"invalid_client"}`, `{"error":"invalid_client"}`), nil},
		{"api-unreachable", apiSays(307, "application/json", "Location", "/api/"), nil},
		{"api-open", apiSays(200, "application/json", "X", ""), nil},
		{"api-behind-a-sign-in-page", apiSays(200, "text/html", "X", ""), nil},
	} {
		t.Run(string(row.name), func(t *testing.T) {
			l, env := startHonest(t)
			wantSound(t, env)
			row.spoil(l)
			wantTold(t, changed(env, row.env...), row.name)
		})
	}
}

// The checks warn with the name of the cause, and nothing fails: a login may still succeed.
func TestCauses_CheckWarns(t *testing.T) {
	anyPage := func(l *testserver.FakeServer) { l.Page = func(http.ResponseWriter, *http.Request) {} }
	for _, row := range []struct {
		name  causes.Name
		spoil func(*testserver.FakeServer)
		env   []string
	}{
		{"clock-differs", func(l *testserver.FakeServer) {
			l.Metadata = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Date", time.Now().Add(5*time.Minute).UTC().Format(http.TimeFormat))
				testserver.SendJSON(w, map[string]any{"issuer": l.Issuer, "authorization_endpoint": l.Issuer + "/authorize",
					"token_endpoint": l.Issuer + "/token", "jwks_uri": l.Issuer + "/jwks"})
			}
		}, nil},
		{"id-token-algorithm", document("id_token_signing_alg_values_supported", []string{"HS256"}), nil},
		{"form-post-required", document("response_modes_supported", []string{"form_post"}), nil},
		{"response-in-fragment", document("response_modes_supported", []string{"fragment"}), nil},
		{"redirect-uri-not-https", anyPage, []string{"BASE_URL", "http://devbox.example", "ALLOW_PLAIN_HTTP", "on"}},
		{"redirect-uri-ip-address", anyPage, []string{"BASE_URL", "http://127.0.0.1:3999"}},
		{"client-is-public", func(l *testserver.FakeServer) {
			l.Token = func(w http.ResponseWriter, r *http.Request) {
				code := "invalid_grant"
				if id, _, _ := r.BasicAuth(); id != testserver.FakeClientID {
					code = "invalid_client"
				}
				testserver.SendBody(400, "application/json", fmt.Sprintf(`{"error":%q}`, code))(w, r)
			}
		}, nil},
		{"form-action-blocks-return", func(l *testserver.FakeServer) {
			honest := l.Page
			l.Page = func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Security-Policy", "form-action 'self'")
				honest(w, r)
			}
		}, nil},
		{"server-failed", func(l *testserver.FakeServer) { l.Page = testserver.SendBody(502, "text/html", "<h1>Bad Gateway</h1>") }, nil},
		{"rate-limited", func(l *testserver.FakeServer) {
			l.Token = testserver.SendBody(429, "application/json", `{"error":"slow_down"}`)
		}, nil},
		{"api-behind-a-sign-in-page", apiSays(302, "text/html", "Location", "https://sso.example/login"), nil},
		{"api-failed", apiSays(503, "text/html", "X", ""), nil},
		{"api-challenge-missing", apiSays(401, "application/json", "X", ""), nil},
		{"api-wants-another-scheme", apiSays(401, "application/json", "WWW-Authenticate", `Basic realm="a"`), nil},
	} {
		t.Run(string(row.name), func(t *testing.T) {
			l, env := startHonest(t)
			wantSound(t, env)
			row.spoil(l)
			if failing, warning := told(t, changed(env, row.env...)); failing != "" || warning != row.name {
				t.Errorf("the failure is called %q, the warning %q", failing, warning)
			}
		})
	}
}

// startWithCertificate is a server with a certificate of a private authority that we were told of, for so
// long.
func startWithCertificate(t *testing.T, left time.Duration) map[string]string {
	c := testserver.StartClerk(t, "localhost:3999")
	c.Renew(t, time.Now().Add(left))
	return changed(c.Env(), "PORT", "3999")
}

// The checks name a certificate from an unknown authority.
func TestCauses_CheckTellsCertificate(t *testing.T) {
	sound := startWithCertificate(t, 60*24*time.Hour)
	wantSound(t, sound)
	wantTold(t, changed(sound, "SSL_CERT_FILE", ""), "certificate-not-trusted")
}

// atPublicName makes every check of a fake server at https://auth.example, whose API is at https://api.example.
func atPublicName(t *testing.T, spoil func(*testserver.FakeServer)) Report {
	t.Helper()
	l, env := startHonest(t)
	address := l.Listener.Addr().String()
	l.Issuer = "https://" + testserver.PublicName
	env["ISSUER"], env["RESOURCE_URL"] = l.Issuer, "https://api.example/api"
	spoil(l)
	w := wire.New(nil, time.Now)
	w.SetTransport(&http.Transport{DisableKeepAlives: true, DialTLSContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address) // every public name leads to the fake server, without TLS
	}})
	return Run(t.Context(), testserver.ConfigOf(t, env), w, time.Now, func(string) {}, func(causes.Finding) {})
}

// The checks name the cause for a public server that names an endpoint on this machine. For an API that does so, the
// endpoint is not asked.
func TestCauses_CheckTellsPublicServer(t *testing.T) {
	if r := atPublicName(t, func(*testserver.FakeServer) {}); r.Result == causes.Fail {
		t.Errorf("the sound server:\n%s", r)
	}
	for _, address := range []string{"https://localhost/token", "http://127.0.0.1:1/token", "https://127.1/token"} {
		r := atPublicName(t, document("token_endpoint", address))
		f := r.firstFailing()
		if f.Name != "endpoints-on-this-machine" || !strings.Contains(f.Found, "is on this machine, and the issuer is not") ||
			!strings.Contains(f.Fix, "TOKEN_ENDPOINT") || f.Remedy.Line != "" {
			t.Errorf("the token endpoint %s: %+v", address, f)
		}
	}
	asked := testserver.StartFakeServer(t)
	r := atPublicName(t, apiSays(401, "application/json", "WWW-Authenticate", `Bearer resource_metadata="`+asked.Issuer+`/metadata"`))
	if f := r.Line("api"); f.Result != causes.Warn || !strings.Contains(f.Found, "is on this machine, and the API is not") || asked.Asked("GET /metadata") > 0 {
		t.Errorf("%s, and this machine was asked %d times", f, asked.Asked("GET /metadata"))
	}
}

// The checks warn of a certificate that ends within a week.
func TestCauses_CheckWarnsOfLastDays(t *testing.T) {
	if failing, warning := told(t, startWithCertificate(t, time.Hour)); failing != "" || warning != "certificate-not-trusted" {
		t.Errorf("the failure is called %q, the warning %q", failing, warning)
	}
}
