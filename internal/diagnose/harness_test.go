package diagnose

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/demo"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

const checkSecret = "check-secret-1c9d"

// configOf reads an environment as the program would, without a file.
func configOf(t *testing.T, values map[string]string) config.Config {
	t.Helper()
	cfg, err := config.Load(func(name string) string { return values[name] }, "does-not-exist.env", false)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// checksOf makes every check with an environment.
func checksOf(t *testing.T, values map[string]string) Report {
	t.Helper()
	roots, err := config.TrustedRoots(values["SSL_CERT_FILE"])
	if err != nil {
		t.Fatal(err)
	}
	w := wire.New(roots, time.Now)
	t.Cleanup(w.CloseIdleConnections)
	return Run(t.Context(), configOf(t, values), w, time.Now, func(string) {}, func(Finding) {})
}

func (r Report) line(check string) Finding {
	for _, f := range r.Checks {
		if f.Check == check {
			return f
		}
	}
	return Finding{}
}

// firstFailing is the line that a person reads first.
func (r Report) firstFailing() Finding {
	for _, f := range r.Checks {
		if f.Result == Fail {
			return f
		}
	}
	return Finding{}
}

func (r Report) String() string {
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

func demoEnv(issuer string) map[string]string {
	return map[string]string{"ISSUER": issuer, "CLIENT_ID": "a-client", "CLIENT_SECRET": checkSecret, "PORT": "3999", "RESOURCE_URL": issuer + "/api/me"}
}

func demoClient() demo.Client {
	return demo.Client{ID: "a-client", Secret: checkSecret, Name: "Checked", RedirectURIs: []string{testserver.CheckedURI}}
}
