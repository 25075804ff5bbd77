//go:build unix

package acceptance

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"oauth-test-client/internal/testserver"
)

// heldBack returns a server whose token endpoint answers when released, or when the test ends.
func heldBack(t *testing.T) (l *testserver.FakeServer, arrived chan bool, release func()) {
	l = testserver.StartFakeServer(t)
	arrived = make(chan bool, 10)
	held := make(chan bool)
	release = sync.OnceFunc(func() { close(held) })
	t.Cleanup(release)
	l.Token = func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.PostForm.Get("code"), "code-") { // a question of the checks
			testserver.SendBody(400, "application/json", `{"error":"invalid_grant"}`)(w, r)
			return
		}
		arrived <- true
		<-held
		testserver.SendBody(200, "application/json", `{"access_token":"a","token_type":"bearer","scope":"email"}`)(w, r)
	}
	return l, arrived, release
}

// After the signal, no new request is accepted, and those in flight finish: a login that has come so far is not lost.
func TestServe_StopUnderTraffic(t *testing.T) {
	t.Parallel()
	l, arrived, release := heldBack(t)
	env := l.Env()
	env["SCOPES"] = "email"
	a := startApp(t, env)
	b := newBrowser(t, a)
	callback := l.Approve(t, b.Begin(""))
	status := make(chan int, 1)
	go func() { status <- b.GetJSON(callback).StatusCode }()
	<-arrived

	var clients sync.WaitGroup
	var answered, refused atomic.Int64
	defer clients.Wait()
	done := make(chan bool)
	defer close(done)
	for range 4 {
		clients.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			for {
				select {
				case <-done:
					return
				default:
				}
				resp, err := client.Get(a.Address + "/static/style.css")
				if err != nil {
					continue // it has stopped
				}
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				switch resp.StatusCode {
				case http.StatusOK:
					answered.Add(1)
				case http.StatusServiceUnavailable:
					refused.Add(1)
				}
			}
		})
	}
	testserver.Until(t, "requests are answered", func() bool { return answered.Load() > 10 })
	a.process.command.Process.Signal(syscall.SIGTERM)
	testserver.Until(t, "requests are refused", func() bool { return refused.Load() > 10 })
	before := answered.Load()
	testserver.Until(t, "many requests are refused", func() bool { return refused.Load() > 100 })
	if after := answered.Load(); after > before+4 {
		t.Errorf("%d requests were answered after others had been refused", after-before)
	}
	release()
	if got := <-status; got != http.StatusOK {
		t.Errorf("the callback in flight was answered %d", got)
	}
	if code := a.process.Wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// A second Ctrl-C ends the program at once, whatever is in flight. The first one does not.
func TestServe_SecondInterrupt(t *testing.T) {
	t.Parallel()
	l, arrived, _ := heldBack(t)
	env := l.Env()
	env["SCOPES"] = "email"
	a := startApp(t, env)
	b := newBrowser(t, a)
	callback := l.Approve(t, b.Begin(""))
	go b.Client.Get(callback)
	<-arrived
	a.process.Interrupt()
	testserver.Until(t, "requests are refused after the first Ctrl-C", func() bool {
		resp, err := http.Get(a.Address + "/static/style.css")
		if errors.Is(err, syscall.ECONNREFUSED) {
			t.Fatalf("after the first Ctrl-C: %v", err)
		}
		if err != nil { // the connection was closed as it came
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusServiceUnavailable
	})
	a.process.Interrupt()
	if code := a.process.Wait(t); code == 0 {
		t.Error("the program went on after the second Ctrl-C")
	}
}

// The program says where it is and stops on request, with exit code 0, also with connections that were opened and
// never used. TestServe_StopWaitsForNoConnection has the time that this takes.
func TestServe_AnnouncesAndStops(t *testing.T) {
	t.Parallel()
	port := testserver.FreePort(t)
	p := startProcess(t, map[string]string{"PORT": port})
	p.WaitFor(t, "checked  ")
	for _, want := range []string{"demo mode", "http://localhost:" + port + "\n", "redirect URI  http://localhost:" + port + "/oauth_callback"} {
		if !strings.Contains(p.Out.String(), want) {
			t.Errorf("the terminal lacks %q:\n%s", want, p.Out)
		}
	}
	if lines := strings.Count(p.Out.String(), "\n"); lines < 4 || lines > 5 {
		t.Errorf("%d lines; want four or five:\n%s", lines, p.Out)
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
	p.Interrupt()
	if code := p.Wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}
