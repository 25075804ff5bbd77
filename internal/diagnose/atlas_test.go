package diagnose

import (
	"errors"
	"maps"
	"net/http"
	"testing"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/demo"
	"oauth-test-client/internal/testserver"
)

// named is the cause that a person reads first: that of the settings, of the first line that fails, or of
// the first warning that has one.
func named(t *testing.T, values map[string]string) Name {
	t.Helper()
	_, err := config.Load(func(name string) string { return values[name] }, "does-not-exist.env", false)
	if problems, ok := errors.AsType[config.Problems](err); ok {
		return Name(problems[0].Cause)
	}
	r := checksOf(t, values)
	if f := r.firstFailing(); f.Check != "" {
		return f.Name
	}
	for _, f := range r.Checks {
		if f.Result == Warn && f.Name != "" {
			return f.Name
		}
	}
	return ""
}

// with is a copy of settings with one changed, and without it where the value is empty.
func with(values map[string]string, name, value string) map[string]string {
	changed := maps.Clone(values)
	if changed[name] = value; value == "" {
		delete(changed, name)
	}
	return changed
}

// Each row changes one setting, or one thing at the demo server's client. The same set-up unchanged names
// nothing.
func TestAtlasOfTheDemo(t *testing.T) {
	sound := demoEnv(startDemo(t, demoClient()))
	delete(sound, "RESOURCE_URL")
	if got := named(t, sound); got != "" {
		t.Fatalf("the sound set-up is called %s", got)
	}
	for _, row := range []struct{ name, setting, value string }{
		{"client-secret-is-a-hash", "CLIENT_SECRET", "$2a$10$abc"},
		{"client-secret-wrong", "CLIENT_SECRET", "another-secret"},
		{"client-secret-missing", "CLIENT_SECRET", ""},
		{"client-id-unknown", "CLIENT_ID", "a-clietn"},
		{"scope-not-enabled", "SCOPES", "openid profile admin"},
		{"issuer-differs", "ISSUER", sound["ISSUER"] + "/"},
		{"server-not-found", "ISSUER", sound["ISSUER"] + "/realms/none"},
		{"server-unreachable", "ISSUER", "http://127.0.0.1:1"},
		{"redirect-uri-not-registered", "PORT", "3998"},
		{"api-wants-another-issuer", "RESOURCE_URL", startDemo(t, demoClient()) + "/api/me"},
		{"api-unreachable", "RESOURCE_URL", "http://127.0.0.1:1/api"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := named(t, with(sound, row.setting, row.value)); got != Name(row.name) {
				t.Errorf("the first line is called %q", got)
			}
		})
	}
	public := demoClient()
	public.Secret = ""
	post := demoClient()
	post.AuthMethod = "client_secret_post"
	for name, client := range map[Name]demo.Client{"client-is-public": public, "auth-method-wrong": post} {
		t.Run(string(name), func(t *testing.T) {
			if got := named(t, with(demoEnv(startDemo(t, client)), "RESOURCE_URL", "")); got != name {
				t.Errorf("the first line is called %q", got)
			}
		})
	}
}

// Each row spoils one answer of an honest server, which had no name before.
func TestAtlasOfTheLiar(t *testing.T) {
	document := func(name string, value any) func(*testserver.Liar) {
		return func(l *testserver.Liar) { l.Document = func(d map[string]any) { d[name] = value } }
	}
	for _, row := range []struct {
		name           Name
		spoil          func(*testserver.Liar)
		setting, value string // that go with it
	}{
		{"two-host-names", document("issuer", "http://keycloak:8080/realms/a"), "", ""},
		{"endpoints-not-https", document("token_endpoint", "http://a.example/token"), "", ""},
		{"jwks-unusable", document("jwks_uri", nil), "", ""},
		{"id-token-signature", document("id_token_signing_alg_values_supported", []string{"HS256"}), "", ""},
		{"par-required", document("require_pushed_authorization_requests", true), "", ""},
		{"clock-differs", func(l *testserver.Liar) {
			l.Metadata = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Date", time.Now().Add(5*time.Minute).UTC().Format(http.TimeFormat))
				testserver.SendJSON(w, map[string]any{"issuer": l.Issuer, "authorization_endpoint": l.Issuer + "/authorize",
					"token_endpoint": l.Issuer + "/token", "jwks_uri": l.Issuer + "/jwks"})
			}
		}, "", ""},
		{"client-secret-not-decoded", func(l *testserver.Liar) {
			l.Token = func(w http.ResponseWriter, r *http.Request) {
				if _, raw, _ := r.BasicAuth(); raw != "a/secret+" && r.PostForm.Get("client_secret") != "a/secret+" {
					testserver.SendBody(401, "application/json", `{"error":"invalid_client"}`)(w, r)
					return
				}
				testserver.SendBody(400, "application/json", `{"error":"invalid_grant"}`)(w, r)
			}
		}, "CLIENT_SECRET", "a/secret+"},
	} {
		t.Run(string(row.name), func(t *testing.T) {
			l := testserver.StartLiar(t)
			l.Honest()
			env := with(l.Env(), "PORT", "3999")
			if got := named(t, env); got != "" {
				t.Fatalf("the sound set-up is called %s", got)
			}
			row.spoil(l)
			if got := named(t, with(env, row.setting, row.value)); got != row.name {
				t.Errorf("the first line is called %q", got)
			}
		})
	}
}

// Each row spoils the demo's API between two requests with the same token. The first one opens it.
func TestAtlasOfTheAPI(t *testing.T) {
	c := startAPI(t, "/api/me")
	for fault, name := range map[demo.Fault]Name{
		demo.APIOtherAudience:     "api-wants-another-audience",
		demo.APIOtherIssuer:       "api-wants-another-issuer",
		demo.APITokenExpired:      "api-token-expired",
		demo.APIOtherScope:        "api-scope-missing",
		demo.APIWantsOpaque:       "api-wants-an-opaque-token",
		demo.APIRedirectsToSignIn: "api-behind-a-sign-in-page",
		demo.APIOtherScheme:       "api-wants-another-scheme",
		demo.APIMethod:            "api-unreachable",
	} {
		t.Run(string(fault), func(t *testing.T) {
			c.demo.SetFaults()
			if got := c.ask(c.tokens.Access); got.Name != "" {
				t.Fatalf("the sound API is called %s", got.Name)
			}
			c.demo.SetFaults(fault)
			if got := c.ask(c.tokens.Access); got.Name != name {
				t.Errorf("the answer is called %q", got.Name)
			}
		})
	}
}
