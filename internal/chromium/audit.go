//go:build interop

package chromium

import (
	"os"
	"path/filepath"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"oauth-test-client/internal/testserver"
)

// Audit runs axe-core on the page, in light and in dark: none of its rules may find a fault.
func (c *Tab) Audit(name string) {
	c.T.Helper()
	axe, err := os.ReadFile(filepath.Join(testserver.Top(c.T), "internal/acceptance/testdata/interop/node_modules/axe-core/axe.min.js"))
	testserver.Needs(c.T, os.Getenv, "the npm packages (npm ci in internal/acceptance/testdata/interop)", err)
	Evaluate[any](c, string(axe)+"; null")
	for _, scheme := range []string{"light", "dark"} {
		c.Scheme(scheme)
		found := Perform(c, chromedp.Evaluate[string](`axe.run(document, {resultTypes: ["violations"]}).then(r =>
			r.violations.map(v => v.id + ": " + v.help + "\n" + v.nodes.map(n => "  " + n.html + " " + n.failureSummary).join("\n")).join("\n"))`,
			func(p *runtime.EvaluateParams) { p.AwaitPromise = new(true) }))
		if found != "" {
			c.T.Errorf("axe finds on %s (%s):\n%s", name, scheme, found)
		}
	}
}
