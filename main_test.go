package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"oauth-test-client/internal/cli"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// slowToken holds every token request back until the test releases it, and opens a connection for each.
type slowToken struct {
	next             http.RoundTripper
	arrived, release chan bool
}

func (s *slowToken) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.HasSuffix(req.URL.Path, "/token") {
		close(s.arrived)
		<-s.release
	}
	return s.next.RoundTrip(req)
}

// In demo mode a callback in flight still needs the listener, behind which its server is.
func TestServe_StopLetsDemoCallbackFinish(t *testing.T) {
	t.Parallel()
	listener := listenLoopback(t)
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	cfg, err := config.Load(env(map[string]string{"PORT": port, "BASE_URL": "http://127.0.0.1:" + port}), "does-not-exist.env", false)
	if err != nil {
		t.Fatal(err)
	}
	logger := log.New(io.Discard, "", 0)
	s, handler, err := assemble(cfg, nil, logger, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	slow := &slowToken{next: &http.Transport{DisableKeepAlives: true}, arrived: make(chan bool), release: make(chan bool)}
	s.wire.SetTransport(slow)
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- serve(ctx, s, handler, []net.Listener{listener}, logger) }()

	b := testserver.NewBrowser(t, &testserver.App{Address: cfg.BaseURL, Cfg: cfg, Log: new(testserver.Logbook)})
	b.Accept = "*/*"
	callback := b.Authorize(b.Begin(""), "user_alice", "allow")
	status := make(chan int, 1)
	go func() { status <- b.GetJSON(callback).StatusCode }()
	<-slow.arrived
	stop()
	testserver.Until(t, "it stops", s.traffic.Stopping.Load)
	close(slow.release)
	if got := <-status; got != http.StatusOK {
		t.Errorf("the callback in flight was answered %d", got)
	}
	b.Client.CloseIdleConnections()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// pipes is a listener whose connections are pipes, for a test with a clock of its own.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	conn, open := <-p
	if !open {
		return nil, net.ErrClosed
	}
	return conn, nil
}
func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// dial opens a connection, on which the client sends a text, or nothing.
func (p pipes) dial(text string) {
	here, there := net.Pipe()
	p <- there
	if text != "" {
		io.WriteString(here, text)
	}
}

// A stop waits a second at most for connections on which no request came.
func TestServe_StopWaitsForNoConnection(t *testing.T) {
	t.Parallel()
	for name, texts := range map[string][]string{"none": nil, "one never used": {""}, "a header that never ends": {"GET / HTTP/1.1\r\n"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { testStopWithConnections(t, texts) })
		})
	}
}

func testStopWithConnections(t *testing.T, texts []string) {
	listener := make(pipes)
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() {
		stopped <- serve(ctx, &server{traffic: new(cli.Traffic)}, http.NotFoundHandler(), []net.Listener{listener}, log.New(io.Discard, "", 0))
	}()
	for _, text := range texts {
		listener.dial(text)
	}
	synctest.Wait()
	began := time.Now()
	stop()
	if err := <-stopped; err != nil || time.Since(began) > time.Second {
		t.Errorf("it stopped after %v: %v", time.Since(began), err)
	}
}

// Every part of a request and of its answer has its time limit: a slow sender is cut off, and so is a client that doesn't
// read. TestHTTPServer_SlowHeaders sees it happen; the other limits are longer than a test should wait.
func TestHTTPServer_Times(t *testing.T) {
	t.Parallel()
	srv := httpServer(http.NotFoundHandler(), nil)
	for name, row := range map[string]struct{ got, most time.Duration }{
		"header":  {srv.ReadHeaderTimeout, 5 * time.Second},
		"request": {srv.ReadTimeout, 10 * time.Second},
		"answer":  {srv.WriteTimeout, time.Minute},
		"idle":    {srv.IdleTimeout, 2 * time.Minute},
	} {
		if row.got <= 0 || row.got > row.most {
			t.Errorf("the time for the %s is %v; want some, and %v at most", name, row.got, row.most)
		}
	}
	if srv.WriteTimeout < 3*wire.Timeout {
		t.Errorf("an answer has %v, less than a login may wait for a server", srv.WriteTimeout)
	}
}

// Only the demo server takes a body of unknown length: no client of ours sends one, and two parsers may
// disagree about its end.
func TestGuard_LengthRequired(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	for _, row := range []struct {
		path    string
		coding  []string
		refused bool
	}{{"/", nil, false}, {"/", []string{"chunked"}, true}, {"/demo/token", []string{"chunked"}, false}} {
		let := false
		handler := a.server.guard(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { let = true }))
		r, w := httptest.NewRequest(http.MethodPost, a.URL+row.path, nil), httptest.NewRecorder()
		r.TransferEncoding = row.coding
		handler.ServeHTTP(w, r)
		if let == row.refused || row.refused && (w.Code != http.StatusLengthRequired || w.Header().Get("Connection") != "close") {
			t.Errorf("%s with the coding %q was answered %d, let in: %t", row.path, row.coding, w.Code, let)
		}
	}
}

// Only requests to the client have a line in the log, and each line has a limited length.
func TestLog_Bounded(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	b := newBrowser(t, a)
	for _, path := range []string{"/static/style.css", "/demo/authorize", "/.well-known/openid-configuration/demo"} {
		if b.Get(path); a.Log.String() != "" {
			t.Errorf("after %s the log is\n%s", path, a.Log)
		}
	}
	req, _ := http.NewRequest(strings.Repeat("M", 500), a.URL+"/"+strings.Repeat("p", 500), nil)
	b.Do(req)
	if line := a.Log.String(); len(line) > 250 || !strings.Contains(line, strings.Repeat("M", 16)+"… /ppp") {
		t.Errorf("the line of a long request is\n%s", line)
	}
}

// SECURITY.md names a test for each promise, and the tests are there.
func TestSecurityDocument_TestsExist(t *testing.T) {
	t.Parallel()
	promises, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	var sources []byte
	err = filepath.WalkDir(".", func(file string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(file, "_test.go") {
			return err
		}
		data, err := os.ReadFile(file)
		sources = append(sources, data...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile("`((?:Test|Fuzz)\\w+)`").FindAllSubmatch(promises, -1)
	if len(names) < 20 {
		t.Errorf("SECURITY.md names %d tests", len(names))
	}
	rows := regexp.MustCompile(`(?m)^\| [A-Z].*\|$`).FindAll(promises, -1)
	for _, row := range rows {
		if !bytes.Contains(row, []byte("`Test")) && !bytes.HasSuffix(row, []byte("| a check of every answer in all tests |")) {
			t.Errorf("no test is named for %s", row)
		}
	}
	if len(rows) < 30 {
		t.Errorf("SECURITY.md has %d promises", len(rows))
	}
	for _, name := range names {
		if !bytes.Contains(sources, append([]byte("func "), append(name[1], '(')...)) {
			t.Errorf("SECURITY.md names %s, which is not there", name[1])
		}
	}
}

// The age of a result is the time since its run. Without a run there is none, and none after the settings have changed.
func TestCheckPage_Age(t *testing.T) {
	t.Parallel()
	var passed atomic.Int64
	clock := func() time.Time { return time.Unix(1_800_000_000, 0).Add(time.Duration(passed.Load())) }
	a := startAppOn(t, listenLoopback(t), nil, clock)
	b := newBrowser(t, a)
	if page := b.Get("/check"); page.StatusCode != http.StatusOK || !strings.Contains(page.Body, "<h1>Not checked yet</h1>") {
		t.Errorf("before any run /check answered %d:\n%s", page.StatusCode, page.Body)
	}
	<-a.server.checks.Start()
	passed.Store(int64(3 * time.Minute))
	if page := b.Get("/check"); !strings.Contains(page.Body, " Checked 3 minutes ago.") {
		t.Errorf("three minutes after a run /check says:\n%s", page.Body)
	}
	next := *a.server
	if next.configure(a.Cfg.Effective(), nil); !next.checks.State().Ended.IsZero() || a.server.checks.State().Ended.IsZero() {
		t.Error("what was found with other settings is shown")
	}
}

// / mentions a login that was started and has not come back, with its usual causes in order; for ten minutes, in this
// browser only, and not when a later one has come back.
func TestHome_LoginNotBack(t *testing.T) {
	t.Parallel()
	const words = "The browser hasn’t come back from sign-in"
	l := testserver.StartFakeServer(t)
	clock := time.Now()
	a := startAppOn(t, listenLoopback(t), l.Env(), func() time.Time { return clock })
	b := newBrowser(t, a)
	says := func(who *testserver.Browser, want bool, when string) {
		t.Helper()
		page, document := who.Get("/").Body, who.GetJSON("/").Body
		if strings.Contains(page, words) != want || strings.Contains(document, `"unfinished"`) != want {
			t.Errorf("%s / says so: want %v\n%s\n%s", when, want, page, document)
		}
	}
	says(b, false, "before any login")
	first := b.Begin("")
	clock = clock.Add(30 * time.Second)
	says(b, true, "after a login was begun")
	says(newBrowser(t, a), false, "in another browser")
	page := b.Get("/").Body
	last := 0
	for _, cause := range []string{"30 seconds ago", "redirect URI is not registered", "blocks the way back", "a different host name", "closed the tab"} {
		at := strings.Index(page, cause)
		if at < last {
			t.Errorf("%q stands at %d, before what comes first:\n%s", cause, at, page)
		}
		last = at
	}
	var document struct {
		Unfinished struct{ Causes []struct{ Name string } }
	}
	if err := json.Unmarshal([]byte(b.GetJSON("/").Body), &document); err != nil || len(document.Unfinished.Causes) != 4 ||
		document.Unfinished.Causes[0].Name != "redirect-uri-not-registered" {
		t.Errorf("the document has %+v, %v", document, err)
	}
	if r := b.GetJSON(l.Approve(t, first)); r.StatusCode != 200 {
		t.Fatalf("the login was answered %d", r.StatusCode)
	}
	says(b, false, "after it came back")

	b.Begin("")
	clock = clock.Add(time.Second)
	second := b.Begin("")
	says(b, true, "after two more were begun")
	clock = clock.Add(time.Second)
	b.GetJSON(l.Approve(t, second))
	says(b, false, "after the newer one came back")
	b.Begin("")
	clock = clock.Add(11 * time.Minute)
	says(b, false, "after eleven minutes")
}

// A reload while the code is being exchanged shows the login, and costs the server one code.
func TestCallback_ReloadDuringExchange(t *testing.T) {
	t.Parallel()
	for entrance := range testserver.Entrances(nil) {
		t.Run(entrance, func(t *testing.T) { testReloadDuringExchange(t, entrance) })
	}
}

func testReloadDuringExchange(t *testing.T, entrance string) {
	l := testserver.StartFakeServer(t)
	env := testserver.Entrances(l.Env())[entrance]
	env["SCOPES"] = "email"
	a := startApp(t, env)
	b := newBrowser(t, a)
	callback := l.Approve(t, b.Begin(""))
	arrived, release := make(chan bool, 2), make(chan bool)
	l.Lock()
	l.Token = func(w http.ResponseWriter, r *http.Request) {
		arrived <- true
		<-release
		testserver.SendBody(200, "application/json", `{"access_token":"a","token_type":"bearer","scope":"email"}`)(w, r)
	}
	l.Unlock()
	statuses := make(chan int, 2)
	for range 2 {
		go func() { statuses <- b.GetJSON(callback).StatusCode }()
	}
	<-arrived
	for a.server.traffic.Ours.Load() < 2 {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(20 * time.Millisecond) // for the second to join the first
	close(release)
	first, second := <-statuses, <-statuses
	if first != 200 || second != 200 || l.Asked("POST /token") != 1 {
		t.Errorf("the two were answered %d and %d, with %d token requests", first, second, l.Asked("POST /token"))
	}
}

// The demo server knows our clients by the secrets that it began with, whatever the settings are that were read since.
func TestAtDemo_FirstSecrets(t *testing.T) {
	known := config.Config{Issuer: "http://localhost:3000/demo", ClientSecret: "first-1", OtherClientSecret: "first-2"}
	fresh := config.Config{Issuer: known.Issuer, ClientSecret: "second-1", OtherClientSecret: "second-2", ResourceURL: known.Issuer + "/api/me"}
	got := atDemo(fresh, "http://demo.localhost:3000/demo", known)
	if got.Client().Secret != "first-1" || got.OtherClient().Secret != "first-2" || got.ResourceURL != got.Issuer+"/api/me" {
		t.Errorf("the settings are %+v", got)
	}
}
