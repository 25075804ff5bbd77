// Package chromium drives a real browser, for tests. One process serves all tests of a package, and each test has a
// profile of its own.
package chromium

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"oauth-test-client/internal/testserver"
)

// shared is the process. The first test that needs it starts it.
var shared struct {
	mu  sync.Mutex // guards the fields below
	ctx context.Context
	end func()
}

// Main runs the tests of a package that has some with a browser, and returns the exit code: for TestMain.
func Main(m *testing.M) int {
	code := m.Run()
	if shared.end != nil {
		shared.end()
	}
	return code
}

// process returns the context of the process, in which tabs are opened.
func process(t *testing.T) context.Context {
	t.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.ctx != nil {
		return shared.ctx
	}
	path, err := find()
	testserver.Needs(t, os.Getenv, "Chromium", err)
	allocator, end := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))...)
	ctx, _ := chromedp.NewContext(allocator) // which ends with the allocator's
	if err := chromedp.Do(ctx); err != nil {
		end()
		t.Fatalf("Chromium: %v", err)
	}
	shared.ctx, shared.end = ctx, end
	return ctx
}

// find returns the path of the browser, whatever its name is here.
func find() (path string, err error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err = exec.LookPath(name); err == nil {
			break
		}
	}
	return path, err
}

// Tab is a tab of the browser.
type Tab struct {
	T   *testing.T
	ctx context.Context
}

// Open opens a tab with an empty profile.
func Open(t *testing.T) *Tab {
	t.Helper()
	return open(t, process(t), chromedp.WithNewBrowserContext())
}

// Tab opens another tab with the same profile.
func (c *Tab) Tab() *Tab {
	c.T.Helper()
	return open(c.T, c.ctx)
}

func open(t *testing.T, parent context.Context, options ...chromedp.ContextOption) *Tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent, options...)
	t.Cleanup(func() { chromedp.Cancel(ctx); cancel() })
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("Chromium: %v", err)
	}
	c := &Tab{t, ctx}
	Call(c, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}) // other tests have tabs, too
	return c
}

// Perform runs an action and returns its value. If it fails, the test ends.
func Perform[T any](c *Tab, action chromedp.Action[T]) T {
	c.T.Helper()
	ctx, cancel := context.WithTimeout(c.ctx, testserver.Patience)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		c.T.Fatalf("Chromium: %v\non the page:\n%s", err, c.Text())
	}
	return value
}

// Evaluate returns the value of an expression on the page.
func Evaluate[T any](c *Tab, script string) T {
	c.T.Helper()
	return Perform(c, chromedp.Evaluate[T](script))
}

// Call sends a command of the DevTools protocol.
func Call[P, R any](c *Tab, command cdp.Command[P, R], params P) {
	c.T.Helper()
	Perform(c, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, command, params)
		return err
	}))
}

// Text returns the text that the page shows.
func (c *Tab) Text() string {
	ctx, cancel := context.WithTimeout(c.ctx, testserver.Patience)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
	if err != nil {
		return err.Error()
	}
	return text
}

// Go opens an address.
func (c *Tab) Go(address string) {
	c.T.Helper()
	Perform(c, chromedp.Navigate(address))
}

// Press clicks a link or button and waits until the page that follows has the words.
func (c *Tab) Press(selector, words string) {
	c.T.Helper()
	Perform(c, chromedp.Click(chromedp.CSS(selector)))
	c.WaitFor(words)
}

// Key presses a key and waits for the words.
func (c *Tab) Key(key, words string) {
	c.T.Helper()
	Perform(c, chromedp.KeyEvent(key))
	c.WaitFor(words)
}

// WaitFor waits until the page is loaded and has the words.
func (c *Tab) WaitFor(words string) {
	c.T.Helper()
	quoted, _ := json.Marshal(words)
	if !c.Becomes(`document.body.innerText.includes(`+strings.TrimSpace(string(quoted))+`)`, testserver.Patience) {
		c.T.Fatalf("the page does not have %q:\n%s", words, c.Text())
	}
}

// Becomes waits until the page is loaded and an expression is true there, and reports whether that happened in time. An
// error means "not yet", as there is nothing to ask while the next page loads.
func (c *Tab) Becomes(expression string, within time.Duration) bool {
	there := chromedp.Evaluate[bool](`document.readyState === "complete" && (` + expression + `)`)
	for deadline := time.Now().Add(within); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(c.ctx, testserver.Patience)
		found, err := chromedp.Run(ctx, there)
		cancel()
		if err == nil && found {
			return true
		}
	}
	return false
}

// Resize sets the size of the window. A narrow one is that of a phone.
func (c *Tab) Resize(width, height int64) {
	c.T.Helper()
	Call(c, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: 1, Mobile: width < 500})
}

// NoScript switches the scripts of pages off.
func (c *Tab) NoScript() {
	c.T.Helper()
	Call(c, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
}

// Scheme makes the browser prefer light or dark colors.
func (c *Tab) Scheme(name string) {
	c.T.Helper()
	Call(c, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
	})
}

// Shot audits a page and takes a picture of it.
func (c *Tab) Shot(name string) {
	c.T.Helper()
	c.Audit(name)
	c.Shoot(name)
}

// Shoot checks that a page does not scroll sideways, light or dark, wide or narrow. It takes pictures of it into the
// folder that the variable SCREENSHOTS names, if any.
func (c *Tab) Shoot(name string) {
	c.T.Helper()
	for kind, width := range map[string]int64{"wide": 1200, "narrow": 360} {
		c.Resize(width, 800)
		for _, scheme := range []string{"light", "dark"} {
			c.Scheme(scheme)
			if overflow := Evaluate[int](c, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); overflow > 0 {
				c.T.Errorf("%s is %d pixels wider than a screen of %d", name, overflow, width)
			}
			c.Picture(fmt.Sprintf("%s-%s-%s", name, kind, scheme), chromedp.FullScreenshot(100))
		}
	}
	c.Resize(1200, 800)
}

// Picture takes a picture into the folder that the variable SCREENSHOTS names, if any.
func (c *Tab) Picture(name string, of chromedp.Action[[]byte]) {
	c.T.Helper()
	folder := os.Getenv("SCREENSHOTS")
	if folder == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(folder, name+".png"), Perform(c, of), 0o644); err != nil {
		c.T.Fatal(err)
	}
}

// WantPath waits for a page with the path, as a page may lead there by itself.
func (c *Tab) WantPath(want string) {
	c.T.Helper()
	if !c.Becomes(fmt.Sprintf(`location.pathname === %q`, want), testserver.Patience) {
		c.T.Errorf("the browser is at %s; want %s", Perform(c, chromedp.Location()), want)
	}
}
