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
	"sync/atomic"
	"testing"
	"time"

	"oauth-test-client/internal/testserver"
)

// The load benchmarks measure logins as a user has them: 16 browsers, the app and the authorization server are separate
// processes, and speak HTTP. Only the app's CPU time counts, compared with that of the baseline.

func BenchmarkLoad(b *testing.B)         { benchmarkLoad(b, "app") }
func BenchmarkLoadBaseline(b *testing.B) { benchmarkLoad(b, "baseline") }

func init() {
	processes["app"] = func() error { return serveMeasured(serveApp) }
	processes["baseline"] = func() error { return serveMeasured(serveBaseline) }
}

// browsers is the number of logins that run at once.
const browsers = 16

func benchmarkLoad(b *testing.B, kind string) {
	issuer := startStub(b)
	base := "http://localhost:" + freePort(b)
	app := startMeasured(b, kind, issuer, base)
	warm := newLoadBrowser(b)
	for deadline := time.Now().Add(testserver.Patience); warm.login(issuer, base) != nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.Fatal(warm.login(issuer, base))
		}
	}
	var left atomic.Int64
	left.Store(int64(b.N))
	var all sync.WaitGroup
	b.ResetTimer()
	before := app.cpuTime(b)
	for range browsers {
		browser := newLoadBrowser(b)
		all.Go(func() {
			for left.Add(-1) >= 0 {
				if err := browser.login(issuer, base); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.StopTimer()
	b.ReportMetric(float64((app.cpuTime(b)-before)/time.Microsecond)/float64(b.N), "app-cpu-µs/op")
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
	ask     io.Writer
	answers *bufio.Reader
}

// startMeasured starts this test binary again, as the given kind of process.
func startMeasured(b *testing.B, kind, issuer, base string) *measuredProcess {
	b.Helper()
	command := exec.Command(os.Args[0])
	command.Dir = b.TempDir() // without a .env
	_, port, _ := strings.Cut(strings.TrimPrefix(base, "http://"), ":")
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
	return &measuredProcess{ask, bufio.NewReader(answers)}
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
