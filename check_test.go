package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"oauth-test-client/internal/demo"
	"oauth-test-client/internal/diagnose"
	"oauth-test-client/internal/testserver"
	"strings"
	"testing"
	"time"
)

// startDemo starts the demo server on its own, as any other authorization server, where the redirect URI
// that is checked is registered, and any others.
func startDemo(t *testing.T, redirectURIs ...string) string {
	t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	issuer := "http://" + srv.Listener.Addr().String() + "/demo"
	handler, err := demo.New(demo.Config{Issuer: issuer, Clients: []demo.Client{{ID: "a-client", Secret: "check-secret-1c9d", Name: "Checked", RedirectURIs: append(redirectURIs, testserver.CheckedURI)}}})
	if err != nil {
		t.Fatal(err)
	}
	srv.Config.Handler = handler
	srv.Start()
	t.Cleanup(srv.Close)
	return issuer
}

// The command: exit codes, one line per check, JSON with stable names, a bounded time.
func TestCheckCommand(t *testing.T) {
	issuer := startDemo(t)
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
			if out := p.out.String(); row.args[len(row.args)-1] == "-json" {
				var r diagnose.Report
				if err := json.Unmarshal([]byte(out), &r); err != nil || r.Result != diagnose.OK || r.Checks[0].Check != "configuration" {
					t.Errorf("the JSON is %v\n%s", err, out)
				}
			} else if lines := strings.Split(strings.TrimSpace(out), "\n"); len(lines) != 18 || !strings.Contains(lines[0], "Nothing that is asked here changes anything") {
				t.Errorf("%d lines:\n%s", len(lines), out)
			} else {
				for _, line := range lines[1:] {
					if word := line[strings.LastIndex(line, " ")+1:]; !strings.Contains("ok warn fail skip", word) {
						t.Errorf("this line does not end in its result: %s", line)
					}
				}
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
	if code := p.wait(t, 10*time.Second); code != 1 || time.Since(began) > 5*time.Second || !strings.Contains(p.out.String(), "connection: ") {
		t.Errorf("a server that never answers: exit code %d after %v\n%s", code, time.Since(began), p.out)
	}
}

// With nothing configured the demo server is started to be checked.
func TestCheckDemo(t *testing.T) {
	p := startProcess(t, map[string]string{"PORT": freePort(t)}, "check")
	if code := p.wait(t, 30*time.Second); code != 0 || strings.Count(p.out.String(), "… ok\n") != 17 {
		t.Errorf("exit code %d\n%s%s", code, p.out, p.err)
	}
}

// The home page offers the same checks.
func TestCheckPage(t *testing.T) {
	a := startApp(t, nil)
	b := newBrowser(t, a)
	if !strings.Contains(b.Get("/").Body, `href="/check"`) {
		t.Error("the home page does not offer the checks")
	}
	page := b.Get("/check")
	if page.StatusCode != 200 || !strings.Contains(page.Body, "redirect_uri") || !strings.Contains(page.Body, "Nothing is wrong") {
		t.Errorf("/check answered %d:\n%s", page.StatusCode, page.Body)
	}
	var r diagnose.Report
	if err := json.Unmarshal([]byte(b.GetJSON("/check").Body), &r); err != nil || len(r.Checks) != 17 {
		t.Errorf("/check answered %v", err)
	}
}
