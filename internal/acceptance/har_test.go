//go:build interop

package acceptance

import (
	"os/exec"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
)

// The HAR of a real session satisfies the schema.
func TestHAR_Schema(t *testing.T) {
	t.Parallel()
	needsNode(t, "har-validator")
	port := testserver.FreePort(t)
	a := startAppAt(t, port, testserver.StartClerk(t, "127.0.0.1:"+port).Env())
	b := newBrowser(t, a)
	b.Login()
	for _, path := range []string{"/userinfo", "/tokeninfo", "/refresh", "/revoke"} {
		if r := b.Ask(path, false); r.StatusCode != 200 {
			t.Fatalf("%s answered %d %s", path, r.StatusCode, r.Body)
		}
	}
	r := b.Ask("/flow.har", false)
	if strings.Count(r.Body, `"comment"`) < 9 {
		t.Errorf("the file has too few entries:\n%s", r.Body)
	}

	needsNode(t, "har-validator")
	node := exec.CommandContext(t.Context(), "node", "validate-har.cjs")
	node.Dir, node.Stdin = interop, strings.NewReader(r.Body)
	if out, err := node.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "ok" {
		t.Errorf("the HAR schema: %v\n%s", err, out)
	}
}
