package check

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/demo"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// distant is a server that is a while away, and what it saw.
type distant struct {
	handler http.Handler
	away    time.Duration

	mu       sync.Mutex // guards the fields below
	now      int
	most     int // requests under way together
	requests []string
}

func (d *distant) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	d.now++
	d.most = max(d.most, d.now)
	d.requests = append(d.requests, r.Method+" "+r.URL.Path)
	d.mu.Unlock()
	time.Sleep(d.away)
	d.handler.ServeHTTP(w, r)
	d.mu.Lock()
	d.now--
	d.mu.Unlock()
}

// RoundTrip asks the server without a network, so that a test's own clock can run.
func (d *distant) RoundTrip(r *http.Request) (*http.Response, error) {
	answer := httptest.NewRecorder()
	if r.Body == nil {
		r.Body = http.NoBody
	}
	d.ServeHTTP(answer, r)
	response := answer.Result()
	response.Request = r
	return response, nil
}

func demoHandler(t testing.TB, issuer string) http.Handler {
	t.Helper()
	handler, err := demo.New(demo.Config{Issuer: issuer, Clients: []demo.Client{testserver.DemoClient()}})
	if err != nil {
		t.Fatal(err)
	}
	return handler
}

// Against a server that is 100 ms away, with everything right, a check asks no more than it did at its first release, is at most
// four round trips deep, and never more than six questions are under way.
func TestRun_RoundTrips(t *testing.T) {
	const issuer = "http://localhost:3000/demo"
	synctest.Test(t, func(t *testing.T) {
		d := &distant{handler: demoHandler(t, issuer), away: 100 * time.Millisecond}
		w := wire.New(nil, time.Now)
		w.SetTransport(d)
		began := time.Now()
		r := Run(t.Context(), testserver.ConfigOf(t, testserver.DemoEnv(issuer)), w, time.Now, func(string) {}, func(causes.Finding) {})
		depth := int(time.Since(began) / d.away)
		if r.Result != causes.OK {
			t.Errorf("not everything is right:\n%s", r)
		}
		if depth > 4 || depth < len(d.requests)/atOnce {
			t.Errorf("the check is %d round trips deep, with %d requests:\n%s", depth, len(d.requests), strings.Join(d.requests, "\n"))
		}
		if len(d.requests) > 17 {
			t.Errorf("the check asks %d times:\n%s", len(d.requests), strings.Join(d.requests, "\n"))
		}
		if d.most > atOnce {
			t.Errorf("%d requests were under way together", d.most)
		}
		t.Logf("%d round trips deep, %d requests, %d at once", depth, len(d.requests), d.most)
	})
}

// What is printed stays in order, whatever is answered first, and each line says first what it waits for.
func TestRun_PrintsInOrder(t *testing.T) {
	issuer := testserver.ServeDemo(t, testserver.DemoClient())
	var told []string
	r := Run(t.Context(), testserver.ConfigOf(t, testserver.DemoEnv(issuer)), wire.New(nil, time.Now), time.Now,
		func(name string) { told = append(told, name) }, func(f causes.Finding) { told = append(told, f.Check) })
	steps := newChecker(config.Config{}.Effective(), nil, wire.New(nil, time.Now), time.Now).steps()
	for i, s := range steps {
		if len(told) != 2*len(steps) || told[2*i] != s.name || told[2*i+1] != s.name || r.Checks[i].Check != s.name {
			t.Fatalf("%s is not at its place: %v", s.name, told)
		}
	}
}

// A 429 stops the rest, with its words once, and nothing fails because of it.
func TestRun_RateLimited(t *testing.T) {
	const words = "Too many requests, slow down"
	for _, after := range []int{1, 3, 6} {
		t.Run(fmt.Sprint("after ", after), func(t *testing.T) {
			l := testserver.StartFakeServer(t)
			l.Honest()
			var mu sync.Mutex
			n, refused := 0, 0
			inner := l.Config.Handler
			l.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				n++
				limited := n > after
				if limited {
					refused++
				}
				mu.Unlock()
				if limited {
					testserver.SendBody(429, "application/json", `{"error":"slow_down","error_description":"`+words+`"}`)(w, r)
					return
				}
				inner.ServeHTTP(w, r)
			})
			values := l.Env()
			values["PORT"] = "3999"
			r := checksOf(t, values)
			said, named := 0, 0
			for _, f := range r.Checks {
				if f.Server == words {
					said++
				}
				if f.Name == causes.RateLimited {
					named++
				}
				if f.Result == causes.Fail {
					t.Errorf("this fails: %s", f)
				}
			}
			if said != 1 || named != 1 {
				t.Errorf("the words are said %d times, the cause is named %d times:\n%s", said, named, r)
			}
			if refused > atOnce {
				t.Errorf("%d requests were sent to a server that had enough", refused)
			}
		})
	}
}

// BenchmarkCheck counts how many round trips deep a check is, at a real server that is 100 ms away.
func BenchmarkCheck(b *testing.B) {
	srv := httptest.NewUnstartedServer(nil)
	issuer := "http://" + srv.Listener.Addr().String() + "/demo"
	d := &distant{handler: demoHandler(b, issuer), away: 100 * time.Millisecond}
	srv.Config.Handler = d
	srv.Start()
	b.Cleanup(srv.Close)
	cfg, err := config.Load(func(name string) string { return testserver.DemoEnv(issuer)[name] }, "does-not-exist.env", false)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if r := Run(b.Context(), cfg.Effective(), wire.New(nil, time.Now), time.Now, func(string) {}, func(causes.Finding) {}); r.Result != causes.OK {
			b.Fatalf("not everything is right:\n%s", r)
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(d.away), "deep")
	b.ReportMetric(float64(len(d.requests))/float64(b.N), "requests")
}
