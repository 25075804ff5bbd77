package oauth

import (
	"net/url"
	"testing"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// Without scopes the request has no scope parameter at all, so that the server's defaults apply (RFC 6749
// section 3.3); its twin has one.
func TestAuthorizationURL_NoScope(t *testing.T) {
	l := testserver.StartFakeServer(t)
	cfg, err := config.Load(func(name string) string { return l.Env()[name] }, "does-not-exist.env", false)
	if err != nil {
		t.Fatal(err)
	}
	for _, scopes := range [][]string{nil, {"openid"}} {
		cfg.Scopes = scopes
		c := New(cfg.Effective(), wire.New(nil, time.Now), time.Now)
		r, err := c.NewRequest(nil)
		if err != nil {
			t.Fatal(err)
		}
		to, err := c.AuthorizationURL(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		u, _ := url.Parse(to)
		if u.Query().Has("scope") != (scopes != nil) || u.Query().Has("nonce") != (scopes != nil) {
			t.Errorf("with the scopes %q the request is %s", scopes, to)
		}
	}
}
