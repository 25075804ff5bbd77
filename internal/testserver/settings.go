package testserver

import (
	"net/http/httptest"
	"testing"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/demo"
)

// CheckSecret is the client secret of DemoClient.
const CheckSecret = "check-secret-1c9d"

// ConfigOf reads an environment as the program does, but no file.
func ConfigOf(t testing.TB, values map[string]string) config.Effective {
	t.Helper()
	cfg, err := config.Load(func(name string) string { return values[name] }, "does-not-exist.env", false)
	if err != nil {
		t.Fatal(err)
	}
	return cfg.Effective()
}

// ServeDemo starts the demo server on its own, as an ordinary authorization server, with one client. It returns the issuer.
func ServeDemo(t testing.TB, client demo.Client) string {
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

// DemoEnv returns the settings for DemoClient at an issuer.
func DemoEnv(issuer string) map[string]string {
	return map[string]string{"ISSUER": issuer, "CLIENT_ID": "a-client", "CLIENT_SECRET": CheckSecret, "PORT": "3999", "RESOURCE_URL": issuer + "/api/me"}
}

// DemoClient is a confidential client whose redirect URI is that of DemoEnv.
func DemoClient() demo.Client {
	return demo.Client{ID: "a-client", Secret: CheckSecret, Name: "Checked", RedirectURIs: []string{CheckedURI}}
}
