package testserver

import (
	"net/http/httptest"
	"testing"

	"oauth-test-client/internal/demo"
)

// StartDemo starts the demo server on its own, as any other authorization server, where the redirect URI
// that is checked is registered, and any others.
func StartDemo(t *testing.T, redirectURIs ...string) string {
	t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	issuer := "http://" + srv.Listener.Addr().String() + "/demo"
	handler, err := demo.New(demo.Config{
		Issuer:  issuer,
		Clients: []demo.Client{{ID: "a-client", Secret: "check-secret-1c9d", Name: "Checked", RedirectURIs: append(redirectURIs, CheckedURI)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	srv.Config.Handler = handler
	srv.Start()
	t.Cleanup(srv.Close)
	return issuer
}
