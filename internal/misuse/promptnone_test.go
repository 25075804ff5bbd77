package misuse

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// The possible answers of an authorization endpoint to prompt=none without a signed-in user. Only a page that it shows
// anyway, and a code, count against it.
func TestMisuse_PromptNone(t *testing.T) {
	page := func(words string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprintf(w, `<title>%s</title><form method="post"><input name="user"></form>`, words)
		}
	}
	back := func(response string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Query().Get("redirect_uri")+"?"+response+"&state="+url.QueryEscape(r.URL.Query().Get("state")), http.StatusFound)
		}
	}
	away := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://login.example/start", http.StatusFound)
	}
	broken := func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "out of order", http.StatusInternalServerError)
	}
	for _, row := range []struct {
		name          string
		without, with func(http.ResponseWriter, *http.Request)
		want          causes.Result
		undecided     bool
	}{
		{"login_required", page("Sign in"), back("error=login_required"), causes.OK, false},
		{"interaction_required", page("Sign in"), back("error=interaction_required"), causes.OK, false},
		{"login_required from a server that signs in elsewhere", away, back("error=login_required"), causes.OK, false},
		{"the same page", page("Sign in"), page("Sign in"), causes.Warn, false},
		{"a code", page("Sign in"), back("code=a-code"), causes.Fail, false},
		{"a code for everybody", back("code=a-code"), back("code=a-code"), causes.Warn, true},
		{"another page, which may go back by a script", page("Sign in"), page("One moment"), causes.Warn, true},
		{"another host, which may refuse", away, away, causes.Warn, true},
		{"another error", page("Sign in"), back("error=access_denied"), causes.Warn, true},
		{"out of order", page("Sign in"), broken, causes.Warn, true},
		{"a login that does not begin", broken, back("error=login_required"), causes.Warn, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Get("prompt") == "none" {
					row.with(w, r)
					return
				}
				row.without(w, r)
			}))
			t.Cleanup(srv.Close)
			cfg := testserver.ConfigOf(t, map[string]string{"AUTHORIZATION_ENDPOINT": srv.URL + "/authorize", "TOKEN_ENDPOINT": srv.URL + "/token",
				"CLIENT_ID": "a-client", "PORT": "3999"})
			cfg.Scopes = []string{"openid"} // a server without metadata that knows OpenID Connect all the same
			w := wire.New(nil, time.Now)
			m := New(cfg, w, oauth.New(cfg, w, time.Now), time.Now, nil)
			if got := m.promptNone(t.Context()); got.Result != row.want || got.Undecided != row.undecided {
				t.Errorf("got %s: %s (undecided: %v)", got.Result, got.Found, got.Undecided)
			}
		})
	}
}
