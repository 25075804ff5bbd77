//go:build unix

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"oauth-test-client/internal/testserver"
)

// BenchmarkLoad measures logins as a user has them: 16 browsers, the app and the authorization server are separate
// processes, and speak HTTP. Only the app's CPU time counts. It is compared with that of the baseline, which serves every
// second round of logins, so that what else the machine does slows down both.
func BenchmarkLoad(b *testing.B) {
	issuer := startStub(b)
	app, baseline := startMeasured(b, "app", issuer), startMeasured(b, "baseline", issuer)
	for b.Loop() {
		app.serve(b, issuer)
		baseline.serve(b, issuer)
	}
	b.ReportMetric(app.perLogin(b), "app-cpu-µs/login")
	b.ReportMetric(baseline.perLogin(b), "baseline-cpu-µs/login")
	b.ReportMetric(app.perLogin(b)/baseline.perLogin(b), "times-baseline")
	b.ReportMetric(0, "ns/op") // a round's time says nothing
}

func init() {
	processes["app"] = func() error { return serveMeasured(serveApp) }
	processes["baseline"] = func() error { return serveMeasured(serveBaseline) }
}

// browsers is the number of logins that run at once, and each browser's number in a round.
const browsers, loginsEach = 16, 32

// serve has the process serve a round of logins.
func (p *measuredProcess) serve(b *testing.B, issuer string) {
	var all sync.WaitGroup
	for _, browser := range p.browsers {
		all.Go(func() {
			for range loginsEach {
				if err := browser.login(issuer, p.base); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	p.logins += browsers * loginsEach
}

// perLogin returns the CPU time of a login so far, in microseconds, without that of the start.
func (p *measuredProcess) perLogin(b *testing.B) float64 {
	return float64((p.cpuTime(b)-p.before)/time.Microsecond) / float64(p.logins)
}

// loadBrowser keeps its cookies and its connection, and shows no page.
type loadBrowser struct{ http.Client }

func newLoadBrowser(b *testing.B) *loadBrowser {
	b.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.Fatal(err)
	}
	transport := &http.Transport{}
	b.Cleanup(transport.CloseIdleConnections)
	return &loadBrowser{http.Client{Jar: jar, Transport: transport, Timeout: testserver.Patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// login runs a whole login. The stub accepts the nonce as the code, so its pages are not needed.
func (l *loadBrowser) login(issuer, base string) error {
	to, err := l.get(base+"/login", http.StatusFound)
	if err != nil {
		return err
	}
	q := to.Query()
	back := url.Values{"code": {q.Get("nonce")}, "state": {q.Get("state")}, "iss": {issuer}}
	_, err = l.get(base+"/oauth_callback?"+back.Encode(), http.StatusOK)
	return err
}

// get reads an answer, and returns the target of its redirect.
func (l *loadBrowser) get(address string, want int) (*url.URL, error) {
	resp, err := l.Get(address)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != want {
		return nil, fmt.Errorf("%s answered %d: %s %v", address, resp.StatusCode, body, err)
	}
	if want == http.StatusOK {
		return nil, nil
	}
	return resp.Location()
}

// freePort returns a port on which nothing listens.
func freePort(b *testing.B) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// measuredProcess is a process that says how much CPU time it has used.
type measuredProcess struct {
	ask      io.Writer
	answers  *bufio.Reader
	base     string
	browsers [browsers]*loadBrowser
	before   time.Duration // used when it was ready
	logins   int
}

// startMeasured starts this test binary again, as the given kind of process, and waits until a login works.
func startMeasured(b *testing.B, kind, issuer string) *measuredProcess {
	b.Helper()
	port := freePort(b)
	command := exec.Command(os.Args[0])
	command.Dir = b.TempDir() // without a .env
	command.Env = []string{processVariable + "=" + kind, "ISSUER=" + issuer, "CLIENT_ID=load", "CLIENT_SECRET=load-secret", "PORT=" + port}
	ask, err := command.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	answers, err := command.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { ask.Close(); command.Wait() })
	p := &measuredProcess{ask: ask, answers: bufio.NewReader(answers), base: "http://localhost:" + port}
	for i := range p.browsers {
		p.browsers[i] = newLoadBrowser(b)
	}
	for deadline := time.Now().Add(testserver.Patience); p.browsers[0].login(issuer, p.base) != nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.Fatal(p.browsers[0].login(issuer, p.base))
		}
	}
	p.before = p.cpuTime(b)
	return p
}

// cpuTime returns what the process has used so far.
func (p *measuredProcess) cpuTime(b *testing.B) time.Duration {
	b.Helper()
	fmt.Fprintln(p.ask)
	line, err := p.answers.ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	used, err := time.ParseDuration(strings.TrimSpace(line))
	if err != nil {
		b.Fatal(err)
	}
	return used
}

// serveMeasured runs such a process: it serves until its standard input ends, and answers each line with the CPU time that
// it has used.
func serveMeasured(serve func(ctx context.Context) error) error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	failed := make(chan error, 1)
	go func() { failed <- serve(ctx) }()
	for asked := bufio.NewScanner(os.Stdin); asked.Scan(); {
		used, err := processTime()
		if err != nil {
			return err
		}
		fmt.Println(used)
	}
	stop()
	return <-failed
}

// serveApp runs the program, as main starts it.
func serveApp(ctx context.Context) error {
	limitMemory()
	if code := run(ctx, []string{"-open=false"}, os.Getenv, io.Discard, os.Stderr); code != 0 {
		return fmt.Errorf("the program ended with %d", code)
	}
	return nil
}

// serveBaseline runs the baseline with its own HTTP server.
func serveBaseline(ctx context.Context) error {
	port := os.Getenv("PORT")
	handler, err := testserver.Baseline(os.Getenv("ISSUER"), "http://localhost:"+port)
	if err != nil {
		return err
	}
	server := &http.Server{Addr: "127.0.0.1:" + port, Handler: handler}
	context.AfterFunc(ctx, func() { server.Close() })
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		return err
	}
	return nil
}
