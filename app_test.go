package main

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/testserver"
)

// app is the whole program behind a real listener on a free port of 127.0.0.1.
type app struct {
	*httptest.Server
	testserver.App
	server *server
}

// startApp runs the program with an environment, as main would, on a port of its own. BASE_URL is
// http://127.0.0.1:PORT unless env says otherwise ("PORT" in a value stands for the port).
func startApp(t *testing.T, env map[string]string) *app {
	t.Helper()
	return startAppOn(t, listenLoopback(t), env, time.Now)
}

func listenLoopback(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func startAppOn(t *testing.T, listener net.Listener, env map[string]string, now func() time.Time) *app {
	t.Helper()
	a := &app{Server: &httptest.Server{Listener: listener, Config: new(http.Server)}, App: testserver.App{Log: new(testserver.Logbook)}}
	_, port, _ := net.SplitHostPort(a.Listener.Addr().String())
	full := map[string]string{"PORT": port, "BASE_URL": "http://127.0.0.1:" + port}
	for name, value := range env {
		full[name] = strings.ReplaceAll(value, "PORT", port)
	}
	cfg, err := config.Load(func(name string) string { return full[name] }, "does-not-exist.env", false)
	if err != nil {
		t.Fatalf("configuration: %v", err)
	}
	if a.Roots, err = config.TrustedRoots(env["SSL_CERT_FILE"]); err != nil {
		t.Fatal(err)
	}
	var handler http.Handler
	if a.server, handler, err = assemble(cfg, a.Roots, log.New(a.Log, "", 0), now); err != nil {
		t.Fatal(err)
	}
	a.Cfg, a.Config.Handler = cfg, handler
	a.Config.ErrorLog = log.New(a.Log, "", 0)
	a.Log.Secret(cfg.ClientSecret, cfg.SessionSecret, "liar-access-token", "liar-refresh-token")
	a.Start()
	a.App.Address = a.URL
	t.Cleanup(func() { a.Close(); a.Log.Check(t) })
	return a
}

// newBrowser is a browser for the app.
func newBrowser(t *testing.T, a *app) *testserver.Browser { return testserver.NewBrowser(t, &a.App) }

// wantHonest is the control of a case: with nothing spoiled, the same app and the same server finish
// a login.
func wantHonest(t *testing.T, l *testserver.Liar, a *app) {
	t.Helper()
	l.Reset()
	b := newBrowser(t, a)
	if r := b.GetJSON(l.Approve(t, b.Begin(""))); r.StatusCode != http.StatusOK {
		t.Errorf("the honest control was answered %d %s", r.StatusCode, r.Body)
	}
}

// env looks variables up in a map.
func env(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func pkceChallenge(verifier string) string {
	hash := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(hash[:])
}

// assemble makes the client and, in demo mode, the server that it talks to.
func assemble(cfg config.Config, roots *x509.CertPool, log *log.Logger, now func() time.Time) (*server, http.Handler, error) {
	l := &live{log: log, now: now, routes: (*server).handler}
	if err := l.begin(cfg, roots); err != nil {
		return nil, nil, err
	}
	follow := func(w http.ResponseWriter, r *http.Request) { l.current.Load().ServeHTTP(w, r) } // but not the file with the settings
	return l.current.Load().server, http.HandlerFunc(follow), nil
}
