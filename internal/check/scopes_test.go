package check

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// With SCOPES= no check sends a scope, and a server that has no default is told apart.
func TestRun_WithoutScopes(t *testing.T) {
	for _, row := range []struct {
		name       string
		hasDefault bool
		check      string
		result     causes.Result
		words      string
	}{
		{"the server has a default", true, "scopes", causes.Skip, "SCOPES is empty"},
		{"the server has none", false, "authorization", causes.Fail, "asks for no scope"},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := testserver.StartFakeServer(t)
			l.Honest()
			honest := l.Page
			var sent atomic.Int32
			l.Page = func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Has("scope") {
					sent.Add(1)
				} else if !row.hasDefault && r.URL.Query().Get("redirect_uri") == testserver.CheckedURI &&
					r.URL.Query().Get("client_id") == testserver.FakeClientID {
					http.Redirect(w, r, testserver.CheckedURI+"?error=invalid_scope&iss="+l.Issuer+"&state="+r.URL.Query().Get("state"), http.StatusFound)
					return
				}
				honest(w, r)
			}
			env := l.Env()
			env["PORT"] = "3999"
			cfg := testserver.ConfigOf(t, env)
			cfg.Scopes = nil
			w := wire.New(nil, time.Now)
			t.Cleanup(w.CloseIdleConnections)
			report := Run(t.Context(), cfg, w, time.Now, func(string) {}, func(causes.Finding) {})
			line := report.Line(row.check)
			if line.Result != row.result || !strings.Contains(line.String(), row.words) || sent.Load() > 0 {
				t.Errorf("%s (a scope was sent %d times); want %s and %q:\n%s", line, sent.Load(), row.result, row.words, report)
			}
		})
	}
}

// A server that signs the user in before it looks at scopes is asked with prompt=none only about scopes that its metadata does
// not list: of the others nothing is in doubt, and a sound server gets no request more.
func TestScopes_PromptNone(t *testing.T) {
	t.Parallel()
	for scopes, want := range map[string]bool{"openid email": false, "openid reports": true, "reports": false} {
		var asked atomic.Bool
		l := testserver.StartFakeServer(t)
		l.Honest()
		l.Document = func(document map[string]any) { document["scopes_supported"] = []string{"openid", "email"} }
		l.Page = func(w http.ResponseWriter, r *http.Request) {
			asked.Store(asked.Load() || r.FormValue("prompt") == "none")
			testserver.SendBody(http.StatusOK, "text/html", "<form><input type=password></form>")(w, r)
		}
		env := l.Env()
		env["SCOPES"] = scopes
		if f := checksOf(t, env).Line("scopes"); f.Result != causes.Warn || asked.Load() != want {
			t.Errorf("%s: asked with prompt=none: %t; %s", scopes, asked.Load(), f)
		}
	}
}
