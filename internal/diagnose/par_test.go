package diagnose

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/demo"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// startPushing starts a demo server that demands pushed requests, with one client.
func startPushing(t *testing.T) string {
	t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	issuer := "http://" + srv.Listener.Addr().String() + "/demo"
	d, err := demo.New(demo.Config{Issuer: issuer, Clients: []demo.Client{demoClient()}})
	if err != nil {
		t.Fatal(err)
	}
	d.SetFaults(demo.RequirePAR)
	srv.Config.Handler = d
	srv.Start()
	t.Cleanup(srv.Close)
	return issuer
}

// At a server that demands pushed requests each mistake is told as anywhere else, once.
func TestCheckPushed(t *testing.T) {
	for _, row := range []struct {
		name, variable, value string
		check, setting        string // empty when nothing fails
	}{
		{"in order", "", "", "", ""},
		{"in order, by client_secret_post", "TOKEN_ENDPOINT_AUTH_METHOD", "client_secret_post", "", ""},
		{"another redirect URI", "PORT", "3998", "redirect_uri", "BASE_URL"},
		{"a wrong secret", "CLIENT_SECRET", "a-wrong-secret", "client", "CLIENT_ID"}, // one or the other: this server does not say which
		{"an unknown client", "CLIENT_ID", "nobody", "client", "CLIENT_ID"},
		{"a scope that nobody has", "SCOPES", "openid admin", "authorization", "SCOPES"},
	} {
		t.Run(row.name, func(t *testing.T) {
			env := demoEnv(startPushing(t))
			if row.variable != "" {
				env[row.variable] = row.value
			}
			r := checksOf(t, env)
			failed := 0
			for _, f := range r.Checks {
				if f.Result == Fail {
					failed++
				}
			}
			first := r.firstFailing()
			if first.Check != row.check || first.Setting != row.setting || failed > 1 {
				t.Errorf("%d checks fail, the first is %q (%s); want %q (%s):\n%s", failed, first.Check, first.Setting, row.check, row.setting, r)
			}
			if row.check == "" && (r.line("pushed_authorization").Found != "the server accepts a pushed authorization request" ||
				r.line("redirect_uri").Result != OK || r.line("pkce").Result != OK) {
				t.Errorf("in order it says:\n%s", r)
			}
		})
	}
}

// When the program starts, no wrong secret is sent; that ours is refused is still told.
func TestCheckPushedAtStart(t *testing.T) {
	env := demoEnv(startPushing(t))
	for secret, want := range map[string]Name{checkSecret: "", "a-wrong-secret": ClientSecretWrong} {
		env["CLIENT_SECRET"] = secret
		w := wire.New(nil, time.Now)
		t.Cleanup(w.CloseIdleConnections)
		r := RunAtStart(t.Context(), configOf(t, env), w, time.Now)
		if got := r.firstFailing().Name; got != want {
			t.Errorf("with the secret %s the first failure is %q; want %q:\n%s", secret, got, want, r)
		}
	}
}

// /misuse asks the same of a server that demands pushed requests, and a sound one is accused of nothing.
func TestMisusePushed(t *testing.T) {
	c := startAPI(t, "/api/me", demo.RequirePAR)
	for _, f := range c.misuse() {
		if f.Result != OK {
			t.Errorf("the sound server: %s %s: %s", f.Result, f.Check, f.Found)
		}
	}
	c = startAPI(t, "/api/me", demo.RequirePAR, demo.NoPKCE)
	if found := c.misuse(); !slices.ContainsFunc(found, func(f MisuseFinding) bool { return f.Check == string(WithoutPKCE) && f.Result == Warn }) {
		t.Errorf("a login without PKCE that the server accepts is not found: %+v", found)
	}
}

// A refusal of a pushed request is explained as one at the authorization endpoint is, and one of the client
// as at the token endpoint.
func TestAdvicePushed(t *testing.T) {
	cfg := configOf(t, map[string]string{"ISSUER": "https://auth.example", "CLIENT_ID": "a", "CLIENT_SECRET": "a-secret"})
	for _, row := range []struct {
		step              wire.Purpose
		code, description string
		name              Name
		line              string
	}{
		{wire.PushedRequest, "invalid_scope", "", ScopeNotEnabled, "SCOPES='openid profile email'"},
		{wire.PushedRequest, "invalid_request", "redirect_uri is not registered", RedirectURINotRegistered, "http://localhost:3000/oauth_callback"},
		{wire.PushedRequest, "invalid_client", "", ClientSecretWrong, "CLIENT_SECRET="},
		{wire.Response, "invalid_request", "Pushed Authorization Request is only allowed.", PARRequired, "PAR=on"}, // Keycloak's
	} {
		a := Advise(cfg, config.MethodBasic, cfg.Scopes, &oauth.Error{Step: row.step, Theirs: true, Code: row.code, Description: row.description})
		if a.Name != row.name || a.Remedy.Line != row.line || a.Heading != "The authorization server refused the login" || a.Hint == "" || len(a.Sent) == 0 {
			t.Errorf("%s %s: %+v", row.code, row.description, a)
		}
	}
}

// A server that demands pushed requests and does not say where contradicts itself: no line of .env mends that, and
// PAR=on does not make it the user's mistake.
func TestCheckPARNowhere(t *testing.T) {
	for _, par := range []string{"", "on"} {
		l, env := startHonest(t)
		document("require_pushed_authorization_requests", true)(l)
		f := checksOf(t, changed(env, "PAR", par)).firstFailing()
		if f.Check != "pushed_authorization" || !strings.Contains(f.Found, "metadata contradicts itself") || f.Remedy != (Remedy{}) || f.Setting != "" {
			t.Errorf("with PAR=%s the first failure is %+v", par, f)
		}
	}
}

// PAR where the server does not offer it is the setting at fault.
func TestCheckPARNotOffered(t *testing.T) {
	l := testserver.StartLiar(t)
	l.Honest()
	env := l.Env()
	env["PORT"], env["PAR"] = "3999", "on"
	if f := checksOf(t, env).firstFailing(); f.Check != "pushed_authorization" || f.Setting != "PAR" || !strings.Contains(f.Fix, "remove PAR") {
		t.Errorf("the first failure is %s", f)
	}
}
