package acceptance

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/check"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// The command: exit codes, one line per check, JSON with stable names, a bounded time.
func TestCheckCommand_ExitCodeAndOutput(t *testing.T) {
	t.Parallel()
	issuer := testserver.StartDemo(t)
	values := map[string]string{
		"ISSUER":        issuer,
		"CLIENT_ID":     "a-client",
		"CLIENT_SECRET": "check-secret-1c9d",
		"PORT":          "3999",
		"RESOURCE_URL":  issuer + "/api/me",
	}
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
			if code := p.Wait(t); code != row.code {
				t.Errorf("exit code %d; want %d\n%s%s", code, row.code, p.Out, p.Err)
			}
			if row.code == 2 {
				return
			}
			out := p.Out.String()
			if row.args[len(row.args)-1] == "-json" {
				var r check.Report
				if err := json.Unmarshal([]byte(out), &r); err != nil || r.Result != causes.OK || r.Checks[0].Check != "configuration" {
					t.Errorf("the JSON is %v\n%s", err, out)
				}
				return
			}
			verdict, next := "No problem found.", "Sign in: "+p.command.Path
			if row.code == 1 {
				verdict, next = "1 problem: client.", "Fix it and run again: "+p.command.Path+" check"
			}
			end := out[strings.LastIndex(out, "\n\n"):]
			if !strings.HasPrefix(end, "\n\n"+verdict) || !strings.Contains(end, "\n"+next) {
				t.Errorf("the report is\n%s", out)
			}
		})
	}

	hung := testserver.StartFakeServer(t)
	release := make(chan bool)
	t.Cleanup(func() { close(release) })
	hung.Metadata = func(http.ResponseWriter, *http.Request) { <-release }
	full := hung.Env()
	began := time.Now()
	p := startProcess(t, full, "check", "-timeout", "300ms")
	if code := p.Wait(t); code != 1 || time.Since(began) > wire.Timeout || !strings.Contains(p.Out.String(), "FAIL  connection ") {
		t.Errorf("a server that never answers: exit code %d after %v\n%s", code, time.Since(began), p.Out)
	}
}

// Without settings, a demo server runs on a free port, whatever else runs on PORT.
func TestCheckCommand_DemoOnFreePort(t *testing.T) {
	t.Parallel()
	port := testserver.TakenPort(t)
	p := startProcess(t, map[string]string{"PORT": port, "BASE_URL": "http://demo.localhost:" + port}, "check")
	if code := p.Wait(t); code != 0 || !strings.Contains(p.Out.String(), "No problem found. 17 checks passed.") {
		t.Errorf("exit code %d\n%s%s", code, p.Out, p.Err)
	}
}

// A mistake in the settings is a JSON document for programs, and an annotation in GitHub Actions.
func TestCheckCommand_UnreadableSetting(t *testing.T) {
	t.Parallel()
	p := startProcess(t, map[string]string{"PORT": "x", "GITHUB_ACTIONS": "true"}, "check", "-json")
	code := p.Wait(t)
	var r check.Report
	if err := json.Unmarshal([]byte(p.Out.String()), &r); err != nil || code != 2 || r.Result != causes.Fail || r.Checks[0].Setting != "PORT" {
		t.Errorf("exit code %d, %v:\n%s", code, err, p.Out)
	}
	if !strings.HasPrefix(p.Err.String(), "::error title=configuration::PORT (environment)") {
		t.Errorf("the annotation is %q", p.Err)
	}
}
