package main

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"testing"
	"time"

	"oauth-test-client/internal/chromium"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/testserver"
)

// processVariable makes this test binary one of the processes that the benchmarks need.
const processVariable = "OAUTH_TEST_CLIENT_PROCESS"

var processes = map[string]func() error{
	"stub":                  func() error { return testserver.ServeStub(1024) },
	"stub with long tokens": func() error { return testserver.ServeStub(4096) },
}

func TestMain(m *testing.M) {
	kind := os.Getenv(processVariable)
	if kind == "" {
		os.Exit(chromium.Main(m))
	}
	if err := processes[kind](); err != nil {
		log.Fatal(err)
	}
}

// app is the program behind a real listener on a free port of 127.0.0.1: its handler alone, or all of it.
type app struct {
	testserver.App
	*httptest.Server                     // of the handler alone
	server           *server             // of the handler alone
	process          *testserver.Process // of all of it
}

// startApp serves the program's handler with an environment, on a port of its own (see testserver.NewApp). It sends no
// request to the authorization server yet, and reads no file again.
func startApp(t *testing.T, env map[string]string) *app {
	t.Helper()
	return startAppOn(t, listenLoopback(t), env, time.Now)
}

// startAppAt serves on a port that a server already knows.
func startAppAt(t *testing.T, port string, env map[string]string) *app {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	return startAppOn(t, l, env, time.Now)
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
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	own, _ := testserver.NewApp(t, port, env)
	a := &app{App: own, Server: &httptest.Server{Listener: listener, Config: &http.Server{ErrorLog: log.New(own.Log, "", 0)}}}
	var err error
	if a.server, a.Config.Handler, err = assemble(a.Cfg, a.Roots, log.New(a.Log, "", 0), now); err != nil {
		t.Fatal(err)
	}
	a.Start()
	t.Cleanup(a.Close)
	return a
}

// startProgram runs the whole program with an environment: it also checks the server by itself.
func startProgram(t *testing.T, env map[string]string) *app {
	t.Helper()
	own, full := testserver.NewApp(t, testserver.FreePort(t), env)
	a := &app{App: own, process: start(t, own.Log, full)}
	a.process.WaitForPort(t, full["PORT"])
	return a
}

// startRun runs the program with only the given environment. If no argument names a settings file, there is none.
func startRun(t *testing.T, env map[string]string, args ...string) *testserver.Process {
	t.Helper()
	return start(t, new(testserver.Logbook), env, args...)
}

func start(t *testing.T, stderr *testserver.Logbook, values map[string]string, args ...string) *testserver.Process {
	t.Helper()
	if !slices.Contains(args, "-env") {
		args = append([]string{"-env", os.DevNull}, args...)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context())) // which would end before what it talks to
	p := &testserver.Process{Out: new(testserver.Logbook), Err: stderr, Interrupt: stop, Kill: stop}
	p.Start(t, func() int { return run(ctx, args, env(values), p.Out, p.Err) })
	return p
}

// newBrowser returns a browser for the app.
func newBrowser(t *testing.T, a *app) *testserver.Browser { return testserver.NewBrowser(t, &a.App) }

func newBrowserAt(t *testing.T, a *app, base string) *testserver.Browser {
	return testserver.NewBrowserAt(t, &a.App, base)
}

// wantHonest is the control of a case: with no fault, the same app and the same server finish a login.
func wantHonest(t *testing.T, l *testserver.FakeServer, a *app) {
	t.Helper()
	l.Reset()
	b := newBrowser(t, a)
	if r := b.GetJSON(l.Approve(t, b.Begin(""))); r.StatusCode != http.StatusOK {
		t.Errorf("the honest control was answered %d %s", r.StatusCode, r.Body)
	}
}

// env returns a getenv over a map.
func env(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func pkceChallenge(verifier string) string {
	hash := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(hash[:])
}

// assemble returns the client and, in demo mode, the server that it talks to.
func assemble(cfg config.Config, roots *x509.CertPool, log *log.Logger, now func() time.Time) (*server, http.Handler, error) {
	l := &live{log: log, now: now, routes: (*server).handler}
	if err := l.begin(cfg, roots); err != nil {
		return nil, nil, err
	}
	follow := func(w http.ResponseWriter, r *http.Request) { l.current.Load().ServeHTTP(w, r) } // but not the file with the settings
	return l.current.Load().server, http.HandlerFunc(follow), nil
}
