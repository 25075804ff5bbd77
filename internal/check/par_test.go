package check

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/demo"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// startPushing starts a demo server that demands pushed requests, with one client.
func startPushing(t *testing.T) string {
	t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	issuer := "http://" + srv.Listener.Addr().String() + "/demo"
	d, err := demo.New(demo.Config{Issuer: issuer, Clients: []demo.Client{testserver.DemoClient()}})
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
func TestRun_Pushed(t *testing.T) {
	for _, row := range []struct {
		name, variable, value string
		check, setting        string // empty when nothing fails
	}{
		{"in order", "", "", "", ""},
		{"in order, by client_secret_post", "TOKEN_ENDPOINT_AUTH_METHOD", "client_secret_post", "", ""},
		{"another redirect URI", "PORT", "3998", "redirect_uri", "BASE_URL"},
		{"a wrong secret", "CLIENT_SECRET", "a-wrong-secret", "client", "CLIENT_ID"}, // one or the other: this server does not say which
		{"an unknown client", "CLIENT_ID", "nobody", "client", "CLIENT_ID"},
		{"an unknown scope", "SCOPES", "openid admin", "authorization", "SCOPES"},
	} {
		t.Run(row.name, func(t *testing.T) {
			env := testserver.DemoEnv(startPushing(t))
			if row.variable != "" {
				env[row.variable] = row.value
			}
			r := checksOf(t, env)
			failed := 0
			for _, f := range r.Checks {
				if f.Result == causes.Fail {
					failed++
				}
			}
			first := r.firstFailing()
			if first.Check != row.check || first.Setting != row.setting || failed > 1 {
				t.Errorf("%d checks fail, the first is %q (%s); want %q (%s):\n%s", failed, first.Check, first.Setting, row.check, row.setting, r)
			}
			if row.check == "" && (r.Line("pushed_authorization").Found != "the server accepts a pushed authorization request" ||
				r.Line("redirect_uri").Result != causes.OK || r.Line("pkce").Result != causes.OK) {
				t.Errorf("in order it says:\n%s", r)
			}
		})
	}
}

// When the program starts, no wrong secret is sent; that ours is refused is still told.
func TestRunAtStart_Pushed(t *testing.T) {
	env := testserver.DemoEnv(startPushing(t))
	for secret, want := range map[string]causes.Name{testserver.CheckSecret: "", "a-wrong-secret": causes.ClientRefused} {
		env["CLIENT_SECRET"] = secret
		w := wire.New(nil, time.Now)
		t.Cleanup(w.CloseIdleConnections)
		r := RunAtStart(t.Context(), testserver.ConfigOf(t, env), w, time.Now)
		if got := r.firstFailing().Name; got != want {
			t.Errorf("with the secret %s the first failure is %q; want %q:\n%s", secret, got, want, r)
		}
	}
}

// A server that demands pushed requests and does not say where contradicts itself: no line of .env mends that, and
// PAR=on does not make it the user's mistake.
func TestCheckPAR_NowhereToPush(t *testing.T) {
	for _, par := range []string{"", "on"} {
		l, env := startHonest(t)
		document("require_pushed_authorization_requests", true)(l)
		f := checksOf(t, changed(env, "PAR", par)).firstFailing()
		if f.Check != "pushed_authorization" || !strings.Contains(f.Found, "metadata contradicts itself") || f.Remedy.Line != "" || f.Setting != "" {
			t.Errorf("with PAR=%s the first failure is %+v", par, f)
		}
	}
}

// PAR where the server does not offer it is the setting at fault.
func TestCheckPAR_NotOffered(t *testing.T) {
	l := testserver.StartFakeServer(t)
	l.Honest()
	env := l.Env()
	env["PORT"], env["PAR"] = "3999", "on"
	if f := checksOf(t, env).firstFailing(); f.Check != "pushed_authorization" || f.Setting != "PAR" || !strings.Contains(f.Fix, "Remove PAR") {
		t.Errorf("the first failure is %s", f)
	}
}
