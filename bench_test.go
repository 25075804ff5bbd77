//go:build unix

package main

import (
	"bytes"
	"io"
	"log"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/testserver"
)

// The benchmarks measure flows without the HTTP server in front and the browser before it: the cost of the handlers,
// compared with a baseline that does only what the protocol requires. The stub authorization server is a process of its
// own, as its signatures cost more than all of ours. That process is this test binary, run again.

// startStub starts the stub server and returns its issuer.
func startStub(b *testing.B) string { return startStubOf(b, "stub") }

func startStubOf(b *testing.B, kind string) string {
	b.Helper()
	stub := exec.Command(os.Args[0])
	stub.Env = append(os.Environ(), processVariable+"="+kind)
	stdin, err := stub.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := stub.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := stub.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { stdin.Close(); stub.Wait() })
	line := make([]byte, 100)
	n, err := stdout.Read(line)
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(string(line[:n]))
}

// measured is a handler to measure.
type measured struct {
	handler      http.Handler
	issuer, host string
}

func ours(b *testing.B) *measured { return oursAt(b, startStub(b)) }

func oursAt(b *testing.B, issuer string) *measured {
	b.Helper()
	limitMemory()
	b.Cleanup(func() { debug.SetGCPercent(100); debug.SetMemoryLimit(math.MaxInt64) })
	cfg, err := config.Load(env(map[string]string{"ISSUER": issuer, "CLIENT_ID": "load", "CLIENT_SECRET": "load-secret"}), "does-not-exist.env", false)
	if err != nil {
		b.Fatal(err)
	}
	_, handler, err := assemble(cfg, nil, log.New(io.Discard, "", log.LstdFlags), time.Now)
	if err != nil {
		b.Fatal(err)
	}
	return &measured{handler, issuer, "localhost:3000"}
}

func baseline(b *testing.B) *measured {
	b.Helper()
	issuer := startStub(b)
	handler, err := testserver.Baseline(issuer, "http://localhost:3000")
	if err != nil {
		b.Fatal(err)
	}
	return &measured{handler, issuer, "localhost:3000"}
}

// login is the first half of a flow. It returns the request of the second half.
func (t *measured) login(b *testing.B) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/login", nil)
	r.Host = t.host
	w := httptest.NewRecorder()
	t.handler.ServeHTTP(w, r)
	if w.Code != http.StatusFound {
		b.Fatalf("/login answered %d %s", w.Code, w.Body)
	}
	to, err := url.Parse(w.Header().Get("Location"))
	if err != nil {
		b.Fatal(err)
	}
	q := to.Query()
	back := url.Values{"code": {q.Get("nonce")}, "state": {q.Get("state")}, "iss": {t.issuer}}
	next := httptest.NewRequest(http.MethodGet, "/oauth_callback?"+back.Encode(), nil)
	next.Host = t.host
	next.Header.Set("Cookie", cookiesOf(w))
	return next
}

func (t *measured) callback(b *testing.B, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	t.handler.ServeHTTP(w, r)
	if w.Code != http.StatusOK || !bytes.HasPrefix(w.Body.Bytes(), []byte("{")) {
		b.Fatalf("the callback answered %d %s", w.Code, w.Body)
	}
	return w
}

// cpuTime returns the CPU time that this process has used so far.
func cpuTime(b *testing.B) time.Duration {
	used, err := processTime()
	if err != nil {
		b.Fatal(err)
	}
	return used
}

func processTime() (time.Duration, error) {
	var u syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), err
}

// measure reports the processor time of each run of the work, besides the wall's and its allocations. The work gets the
// number of its run, from 0 on.
func measure(b *testing.B, work func(run int)) {
	b.Helper()
	b.ReportAllocs()
	b.ResetTimer()
	before := cpuTime(b)
	for run := range b.N {
		work(run)
	}
	reportCPU(b, before)
}

func measureParallel(b *testing.B, work func()) {
	b.Helper()
	b.ReportAllocs()
	b.SetParallelism((16 + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0)) // 16 browsers at once
	b.ResetTimer()
	before := cpuTime(b)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			work()
		}
	})
	reportCPU(b, before)
}

func reportCPU(b *testing.B, before time.Duration) {
	b.ReportMetric(float64(cpuTime(b)-before)/float64(time.Microsecond)/float64(b.N), "cpu-µs/op")
}

// flow is a whole flow. The first one finds the server and fetches the keys.
func (t *measured) flow(b *testing.B) { t.callback(b, t.login(b)) }

func benchmarkFlow(b *testing.B, t *measured) {
	t.flow(b)
	measure(b, func(int) { t.flow(b) })
}

func benchmarkFlowParallel(b *testing.B, t *measured) {
	t.flow(b)
	measureParallel(b, func() { t.flow(b) })
}

func BenchmarkFlow(b *testing.B)             { benchmarkFlow(b, ours(b)) }
func BenchmarkBaseline(b *testing.B)         { benchmarkFlow(b, baseline(b)) }
func BenchmarkFlowParallel(b *testing.B)     { benchmarkFlowParallel(b, ours(b)) }
func BenchmarkBaselineParallel(b *testing.B) { benchmarkFlowParallel(b, baseline(b)) }

func BenchmarkLogin(b *testing.B)            { benchmarkLogin(b, ours(b)) }
func BenchmarkBaselineLogin(b *testing.B)    { benchmarkLogin(b, baseline(b)) }
func BenchmarkCallback(b *testing.B)         { benchmarkCallback(b, ours(b)) }
func BenchmarkBaselineCallback(b *testing.B) { benchmarkCallback(b, baseline(b)) }

func benchmarkLogin(b *testing.B, t *measured) {
	t.flow(b)
	measure(b, func(int) { t.login(b) })
}

func benchmarkCallback(b *testing.B, t *measured) {
	t.flow(b)
	begun := make([]*http.Request, b.N)
	for i := range begun {
		begun[i] = t.login(b)
	}
	measure(b, func(run int) { t.callback(b, begun[run]) })
}

// BenchmarkSessions measures the cost of 10,000 browsers that are signed in at the same time, each with an access token of
// 4 KB: the memory of the sessions, and that of the process.
func BenchmarkSessions(b *testing.B) {
	const browsers = 10_000
	t := oursAt(b, startStubOf(b, "stub with long tokens"))
	memory := func() (m runtime.MemStats) {
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m
	}
	t.flow(b)
	before := memory()
	for b.Loop() {
		first := cookiesOf(t.callback(b, t.login(b)))
		for range browsers - 1 {
			t.flow(b)
		}
		r, w := httptest.NewRequest(http.MethodGet, "/session", nil), httptest.NewRecorder()
		r.Host = t.host
		r.Header.Set("Cookie", first)
		if t.handler.ServeHTTP(w, r); w.Code != http.StatusOK {
			b.Fatalf("the session of the first browser is gone: %d %s", w.Code, w.Body)
		}
	}
	after := memory()
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "sessions-MB")
	b.ReportMetric(float64(after.Sys-after.HeapReleased)/(1<<20), "held-MB")
	runtime.KeepAlive(t)
}

// cookiesOf returns the cookies that an answer sets, as the next request has them.
func cookiesOf(w *httptest.ResponseRecorder) string {
	var cookies []string
	for _, cookie := range w.Header()["Set-Cookie"] {
		pair, _, _ := strings.Cut(cookie, ";")
		cookies = append(cookies, pair)
	}
	return strings.Join(cookies, "; ")
}
