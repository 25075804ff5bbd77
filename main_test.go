package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/url"
	"oauth-test-client/internal/command"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/diagnose"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// process is run() in a goroutine, as main would call it.
type process struct {
	stop func()
	code chan int
	out  *testserver.Logbook // stdout
	err  *testserver.Logbook // stderr
}

func startProcess(t *testing.T, env map[string]string, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	p := &process{stop: cancel, code: make(chan int, 1), out: new(testserver.Logbook), err: new(testserver.Logbook)}
	go func() {
		p.code <- run(ctx, args, func(name string) string { return env[name] }, p.out, p.err)
	}()
	t.Cleanup(cancel)
	return p
}

// wait returns the exit code, which must come soon.
func (p *process) wait(t *testing.T, within time.Duration) int {
	t.Helper()
	select {
	case code := <-p.code:
		return code
	case <-time.After(within):
		t.Fatalf("the program did not stop within %v\nstdout:\n%s\nstderr:\n%s", within, p.out, p.err)
		return -1
	}
}

// waitFor waits until the program has printed the words.
func (p *process) waitFor(t *testing.T, words string) {
	t.Helper()
	for range 500 {
		if strings.Contains(p.out.String(), words) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("the program did not print %q\nstdout:\n%s\nstderr:\n%s", words, p.out, p.err)
}

func freePort(t *testing.T) string {
	t.Helper()
	l := listenLoopback(t)
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

func TestExitCodes(t *testing.T) {
	taken := listenLoopback(t)
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	noCerts := writeFile(t, "empty.pem", "nothing")
	for _, row := range []struct {
		name string
		env  map[string]string
		args []string
		code int
		want string
	}{
		{"a setting is wrong", map[string]string{"PORT": "x"}, nil, 2, `PORT (environment): "x" is not a port`},
		{"the file is missing", nil, []string{"-env", "no-such.env"}, 2, "no-such.env: cannot be read"},
		{"an unknown flag", nil, []string{"-x"}, 2, "flag provided but not defined: -x"},
		{"an unknown argument", nil, []string{"serve"}, 2, `unknown argument "serve"` + "\n"},
		{"a mistyped word", nil, []string{"chekc"}, 2, `unknown argument "chekc"; did you mean check?`},
		{"a mistyped flag", nil, []string{"check", "-jsn"}, 2, "flag provided but not defined: -jsn; did you mean -json?"},
		{"two formats", nil, []string{"check", "-json", "-md"}, 2, "-json and -md exclude each other"},
		{"help", nil, []string{"-h"}, 0, "go run . check -env other.env"},
		{"the port is taken", map[string]string{"PORT": port}, nil, 1, "PORT: " + port + " is in use by another program"},
		{"the address is taken", map[string]string{"PORT": port}, []string{"-listen", "127.0.0.1:" + port}, 1, "-listen: cannot listen on 127.0.0.1:" + port},
		{"no certificate in the file", map[string]string{"SSL_CERT_FILE": noCerts}, nil, 2, "SSL_CERT_FILE (environment): " + noCerts + " holds no certificate"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := startProcess(t, row.env, row.args...)
			if code := p.wait(t, 10*time.Second); code != row.code || !strings.Contains(p.out.String()+p.err.String(), row.want) {
				t.Errorf("exit code %d and\n%s%s\nwant %d and %q", code, p.out, p.err, row.code, row.want)
			}
			if strings.HasPrefix(row.name, "the port") && strings.Count(p.err.String(), "\n") != 1 {
				t.Errorf("want one line, got\n%s", p.err)
			}
		})
	}
}

// The program says where it is and stops on request, with exit code 0 and without waiting for
// connections that were opened and never used.
func TestServeAndStop(t *testing.T) {
	port := freePort(t)
	p := startProcess(t, map[string]string{"PORT": port})
	p.waitFor(t, "checked  ")
	for _, want := range []string{"demo mode", "http://localhost:" + port + "\n", "redirect URI  http://localhost:" + port + "/oauth_callback"} {
		if !strings.Contains(p.out.String(), want) {
			t.Errorf("the terminal lacks %q:\n%s", want, p.out)
		}
	}
	if lines := strings.Count(p.out.String(), "\n"); lines < 4 || lines > 5 {
		t.Errorf("%d lines; want four or five:\n%s", lines, p.out)
	}
	for _, host := range []string{"127.0.0.1", "[::1]"} {
		conn, err := net.Dial("tcp", host+":"+port)
		if err != nil && host != "127.0.0.1" {
			continue // a machine without IPv6
		} else if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	time.Sleep(50 * time.Millisecond) // for the server to accept them
	p.stop()
	if code := p.wait(t, 4*time.Second); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// Somebody else's listener on either loopback address would get the code of a browser that tries that one.
func TestListensOnBothOrNeither(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1"} {
		taken, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			t.Skipf("no %s here: %v", host, err)
		}
		_, port, _ := net.SplitHostPort(taken.Addr().String())
		if listeners, err := command.Listen("", port); err == nil || !strings.Contains(err.Error(), "in use by another program") {
			t.Errorf("beside a listener on %s there are %d of ours (%v)", host, len(listeners), err)
		}
		taken.Close()
		listeners, err := command.Listen("", port)
		if err != nil {
			t.Errorf("with nobody else there: %v", err)
		}
		for _, l := range listeners {
			l.Close()
		}
	}
}

// With -listen the program is announced where it listens, unless BASE_URL says how it is reached.
func TestListenElsewhere(t *testing.T) {
	port := freePort(t)
	p := startProcess(t, map[string]string{"PORT": "1"}, "-listen", "127.0.0.1:"+port)
	p.waitFor(t, "redirect URI  http://localhost:"+port+"/oauth_callback")
	p.stop()
	p.wait(t, 10*time.Second)
	other := freePort(t)
	p = startProcess(t, map[string]string{"BASE_URL": "http://localhost:1234"}, "-listen", "127.0.0.1:"+other)
	p.waitFor(t, "redirect URI  http://localhost:1234/oauth_callback")
}

// A callback in flight finishes while the program stops, though its server is this same program.
func TestStopLetsCallbackFinish(t *testing.T) {
	l := testserver.StartLiar(t)
	var once sync.Once
	arrived, release := make(chan bool), make(chan bool)
	l.Token = func(w http.ResponseWriter, r *http.Request) {
		once.Do(func() { close(arrived) })
		<-release
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(`{"access_token":"a","token_type":"bearer","scope":"email"}`))
	}
	port := freePort(t)
	env := l.Env()
	env["PORT"] = port
	p := startProcess(t, env)
	p.waitFor(t, "checked  ")
	client := &http.Client{Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	begun, err := client.Get("http://localhost:" + port + "/login")
	if err != nil {
		t.Fatal(err)
	}
	begun.Body.Close()
	req, _ := http.NewRequest(http.MethodGet, l.Approve(t, begun.Header.Get("Location")), nil)
	req.AddCookie(begun.Cookies()[0])
	status := make(chan int, 1)
	go func() {
		resp, err := client.Do(req)
		if err != nil {
			t.Error(err)
			status <- 0
			return
		}
		defer resp.Body.Close()
		io.Copy(io.Discard, resp.Body)
		status <- resp.StatusCode
	}()
	<-arrived
	p.stop()
	time.Sleep(100 * time.Millisecond)
	close(release)
	if got := <-status; got != 200 {
		t.Errorf("the callback in flight answered %d", got)
	}
	if code := p.wait(t, 5*time.Second); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// slowToken holds every token request back until it is told to go on, and opens a connection for each.
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
func TestStopLetsDemoCallbackFinish(t *testing.T) {
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
	time.Sleep(100 * time.Millisecond)
	close(slow.release)
	if got := <-status; got != http.StatusOK {
		t.Errorf("the callback in flight was answered %d", got)
	}
	b.Client.CloseIdleConnections()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// Slow and oversized requests are cut off.
func TestRequestLimits(t *testing.T) {
	port := freePort(t)
	p := startProcess(t, map[string]string{"PORT": port})
	p.waitFor(t, "checked  ")
	for name, header := range map[string]string{"a header without end": "X: " + strings.Repeat("x", 300<<10), "a query without end": ""} {
		path := "/"
		if header == "" {
			path += "?" + strings.Repeat("x", 300<<10)
		}
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: localhost:"+port+"\r\n"+header+"\r\n\r\n") // the server may hang up midway
		conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		line, _ := bufio.NewReader(conn).ReadString('\n')
		conn.Close()
		if !strings.Contains(line, "431") && line != "" {
			t.Errorf("%s was answered %q", name, line)
		}
	}
}

// The start says in one line what a login would trip over, sends no secret to find it out, and praises
// nothing that it does not know.
func TestCheckedAtStart(t *testing.T) {
	honest := testserver.StartLiar(t)
	honest.Honest()
	strict := testserver.StartLiar(t)
	strict.Honest()
	vague := testserver.StartLiar(t)
	vague.Page = func(http.ResponseWriter, *http.Request) {}
	for _, row := range []struct {
		name string
		env  map[string]string
		want string
	}{
		{"all right", map[string]string{"ISSUER": honest.Issuer, "BASE_URL": "http://localhost:3999"}, "the server and the redirect URI are fine"},
		{"another redirect URI", map[string]string{"ISSUER": strict.Issuer}, "the redirect URI is not registered: see http://localhost:"},
		{"any redirect URI", map[string]string{"ISSUER": vague.Issuer}, "the server is fine; whether the redirect URI is registered, only a login can tell"},
		{"nobody there", map[string]string{"ISSUER": "http://127.0.0.1:1"}, "127.0.0.1:1 refused the connection: nothing listens there: see http://localhost:"},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.env["PORT"], row.env["CLIENT_ID"], row.env["CLIENT_SECRET"] = freePort(t), testserver.LiarClientID, testserver.LiarClientSecret
			p := startProcess(t, row.env)
			p.waitFor(t, "checked  ")
			if !strings.Contains(p.out.String(), row.want+"\n") && !strings.Contains(p.out.String(), row.want+row.env["PORT"]+"\n") {
				t.Errorf("want %q:\n%s", row.want, p.out)
			}
		})
	}
	for name, l := range map[string]*testserver.Liar{"all right": honest, "another redirect URI": strict, "any redirect URI": vague} {
		if l.Asked("GET /authorize") == 0 || l.Asked("POST /token") > 0 {
			t.Errorf("%s: asked %d times for /authorize, %d times for /token; want some and none", name, l.Asked("GET /authorize"), l.Asked("POST /token"))
		}
	}
}

// A cookie that another key sealed, or that belongs to another state, begins nothing.
func TestForgedCookies(t *testing.T) {
	l := testserver.StartLiar(t)
	env := l.Env()
	env["SESSION_SECRET"] = "0123456789abcdef"
	a := startApp(t, env)
	env["SESSION_SECRET"] = "fedcba9876543210"
	stranger := startApp(t, env)
	first, second := newBrowser(t, a), newBrowser(t, stranger)
	callback := l.Approve(t, first.Begin(""))
	u, _ := url.Parse(callback)
	own := first.Client.Jar.Cookies(u)[0]
	second.Begin("")
	foreign := second.Client.Jar.Cookies(&url.URL{Scheme: "http", Host: strings.TrimPrefix(stranger.URL, "http://"), Path: config.CallbackPath})[0]
	for name, value := range map[string]string{"empty": "", "cut": own.Value[:len(own.Value)/2], "of another secret": foreign.Value, "changed": oauth.Altered(own.Value), "plain JSON": `{"v":"x"}`} {
		b := newBrowser(t, a)
		b.Client.Jar.SetCookies(u, []*http.Cookie{{Name: own.Name, Value: value, Path: config.CallbackPath}})
		r := b.GetJSON(callback)
		if r.StatusCode != 400 || !strings.Contains(r.Body, "invalid_state") {
			t.Errorf("a cookie that is %s was answered %d %s", name, r.StatusCode, r.Body)
		}
	}
	swapped := newBrowser(t, a)
	swapped.Begin("")
	other := swapped.Client.Jar.Cookies(u)[0]
	other.Name = own.Name
	swapped.Client.Jar.SetCookies(u, []*http.Cookie{{Name: own.Name, Value: other.Value, Path: config.CallbackPath}})
	swapped.GetJSON(callback).WantError(t, 400, "invalid_state", "")
	if r := first.GetJSON(callback); r.StatusCode != 200 {
		t.Errorf("after all that the honest browser was answered %d %s", r.StatusCode, r.Body)
	}
}

// A header that never ends is cut off by the program's own deadline.
func TestSlowHeaders(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	p := startProcess(t, map[string]string{"PORT": port})
	p.waitFor(t, "checked  ")
	conn, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost:"+port+"\r\n")
	began := time.Now()
	conn.SetReadDeadline(began.Add(15 * time.Second))
	if _, err := io.ReadAll(conn); err != nil || time.Since(began) > 10*time.Second {
		t.Errorf("after %v the connection is still open (%v)", time.Since(began), err)
	}
}

// Every part of a request and of its answer has its time: what comes slowly is cut off, and who does not
// read either. TestSlowHeaders sees it happen; the others are longer than a test should wait.
func TestServerTimes(t *testing.T) {
	srv := httpServer(http.NotFoundHandler(), nil)
	for name, row := range map[string]struct{ got, most time.Duration }{"header": {srv.ReadHeaderTimeout, 5 * time.Second}, "request": {srv.ReadTimeout, 10 * time.Second},
		"answer": {srv.WriteTimeout, time.Minute}, "idle": {srv.IdleTimeout, 2 * time.Minute}} {
		if row.got <= 0 || row.got > row.most {
			t.Errorf("the time for the %s is %v; want some, and %v at most", name, row.got, row.most)
		}
	}
	if srv.WriteTimeout < 3*wire.Timeout {
		t.Errorf("an answer has %v, less than a login may wait for a server", srv.WriteTimeout)
	}
}

// SECURITY.md names a test for each promise, and the tests are there.
func TestSecurityPromises(t *testing.T) {
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
	names := regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z]+)`").FindAllSubmatch(promises, -1)
	if len(names) < 20 {
		t.Errorf("SECURITY.md names %d tests", len(names))
	}
	for _, name := range names {
		if !bytes.Contains(sources, append([]byte("func "), append(name[1], '(')...)) {
			t.Errorf("SECURITY.md names %s, which is not there", name[1])
		}
	}
}

// The command: exit codes, one line per check, JSON with stable names, a bounded time.
func TestCheckCommand(t *testing.T) {
	issuer := testserver.StartDemo(t)
	values := map[string]string{"ISSUER": issuer, "CLIENT_ID": "a-client", "CLIENT_SECRET": "check-secret-1c9d", "PORT": "3999", "RESOURCE_URL": issuer + "/api/me"}
	for _, row := range []struct {
		name string
		env  func(map[string]string)
		args []string
		code int
	}{
		{"everything in order", func(map[string]string) {}, []string{"check"}, 0},
		{"flags before the word", func(map[string]string) {}, []string{"-timeout", "20s", "check", "-json"}, 0},
		{"a wrong secret", func(e map[string]string) { e["CLIENT_SECRET"] = "wrong-secret" }, []string{"check"}, 1},
		{"a wrong setting", func(e map[string]string) { e["PORT"] = "x" }, []string{"check"}, 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			full := map[string]string{}
			for name, value := range values {
				full[name] = value
			}
			row.env(full)
			p := startProcess(t, full, row.args...)
			if code := p.wait(t, 30*time.Second); code != row.code {
				t.Errorf("exit code %d; want %d\n%s%s", code, row.code, p.out, p.err)
			}
			if row.code == 2 {
				return
			}
			out := p.out.String()
			if row.args[len(row.args)-1] == "-json" {
				var r diagnose.Report
				if err := json.Unmarshal([]byte(out), &r); err != nil || r.Result != diagnose.OK || r.Checks[0].Check != "configuration" {
					t.Errorf("the JSON is %v\n%s", err, out)
				}
				return
			}
			verdict, next := "No problem found.", "Sign in: go run ."
			if row.code == 1 {
				verdict, next = "1 problem: client.", "Fix it and run again: go run . check"
			}
			if lines := strings.Split(strings.TrimSpace(out), "\n"); !strings.HasPrefix(lines[len(lines)-2], verdict) || !strings.HasPrefix(lines[len(lines)-1], next) {
				t.Errorf("the report is\n%s", out)
			}
		})
	}

	hung := testserver.StartLiar(t)
	release := make(chan bool)
	t.Cleanup(func() { close(release) })
	hung.Metadata = func(http.ResponseWriter, *http.Request) { <-release }
	full := hung.Env()
	began := time.Now()
	p := startProcess(t, full, "check", "-timeout", "300ms")
	if code := p.wait(t, 10*time.Second); code != 1 || time.Since(began) > 5*time.Second || !strings.Contains(p.out.String(), "FAIL  connection ") {
		t.Errorf("a server that never answers: exit code %d after %v\n%s", code, time.Since(began), p.out)
	}
}

// With nothing configured a demo server is played on a free port, beside whatever runs on PORT.
func TestCheckDemo(t *testing.T) {
	other := listenLoopback(t)
	defer other.Close()
	_, port, _ := net.SplitHostPort(other.Addr().String())
	p := startProcess(t, map[string]string{"PORT": port, "BASE_URL": "http://demo.localhost:" + port}, "check")
	if code := p.wait(t, 30*time.Second); code != 0 || !strings.Contains(p.out.String(), "No problem found. 12 ok.") {
		t.Errorf("exit code %d\n%s%s", code, p.out, p.err)
	}
}

// A setting that cannot be read is a document for programs, and an annotation in GitHub Actions.
func TestCheckUnreadable(t *testing.T) {
	p := startProcess(t, map[string]string{"PORT": "x", "GITHUB_ACTIONS": "true"}, "check", "-json")
	code := p.wait(t, 10*time.Second)
	var r diagnose.Report
	if err := json.Unmarshal([]byte(p.out.String()), &r); err != nil || code != 2 || r.Result != diagnose.Fail || r.Checks[0].Setting != "PORT" {
		t.Errorf("exit code %d, %v:\n%s", code, err, p.out)
	}
	if !strings.HasPrefix(p.err.String(), "::error title=settings::PORT (environment)") {
		t.Errorf("the annotation is %q", p.err)
	}
}
