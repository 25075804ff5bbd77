//go:build interop

package acceptance

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
)

// The example of docs/ci.md: the command login, with Chromium that Playwright drives at the demo server. The log contains
// no user's name and no token.
func TestLoginCommand_InChromium(t *testing.T) {
	t.Parallel()
	needsNode(t, "playwright-core")
	chromium, err := exec.LookPath("chromium")
	testserver.Needs(t, os.Getenv, "chromium", err)
	port := testserver.FreePort(t)
	p := startProcess(t, map[string]string{"PORT": port}, "login", "-timeout", "10m")
	p.WaitForPort(t, port)
	page, err := os.ReadFile(root + "/docs/ci.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, found := strings.Cut(string(page), "```js\n")
	example, _, ended := strings.Cut(example, "```")
	if !found || !ended {
		t.Fatal("docs/ci.md has no example")
	}
	node := exec.Command("node", "--input-type=module", "-", "http://localhost:"+port+"/login"+p.LoginQuery(t))
	node.Dir, node.Env, node.Stdin = interop, append(os.Environ(), "CHROMIUM="+chromium), strings.NewReader(example)
	if out, err := node.CombinedOutput(); err != nil {
		t.Errorf("playwright: %v\n%s", err, out)
	}
	code, said := p.Wait(t), p.Out.String()
	if code != 0 || !strings.Contains(said, "The login works.") || !strings.Contains(said, "openid profile email") {
		t.Errorf("it ended with %d and said\n%s", code, said)
	}
	for _, secret := range []string{"Carol", "eyJ", "access_token"} {
		if strings.Contains(said+p.Err.String(), secret) {
			t.Errorf("%q is in the log:\n%s\n%s", secret, said, p.Err)
		}
	}
}
