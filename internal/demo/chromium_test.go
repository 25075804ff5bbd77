package demo

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// browser is a real one, with scripts of pages switched off.
type browser struct {
	t   *testing.T
	ctx context.Context
}

func startBrowser(t *testing.T) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatalf("Chromium is missing, and in CI it must be there: %v", err)
	} else if err != nil {
		t.Skipf("Chromium is missing: %v", err)
	}
	ctx, stop := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true))...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(func() { chromedp.Cancel(ctx); stop() })
	ctx, stop = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(stop)
	b := &browser{t, ctx}
	command(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	return b
}

func run[T any](b *browser, action chromedp.Action[T]) T {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, action)
	if err != nil {
		b.t.Fatalf("Chromium: %v", err)
	}
	return value
}

func command[P, R any](b *browser, c cdp.Command[P, R], params P) {
	b.t.Helper()
	run(b, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	}))
}

// shows waits for a page with the words, and says whether it came.
func (b *browser) shows(words string, patience time.Duration) bool {
	b.t.Helper()
	return b.holds(fmt.Sprintf(`document.body.innerText.includes(%q)`, words), patience)
}

// holds waits for a page on which the expression is true.
func (b *browser) holds(expression string, patience time.Duration) bool {
	b.t.Helper()
	there := chromedp.Evaluate[bool](`document.readyState === "complete" && ` + expression)
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if found, err := chromedp.Run(b.ctx, there); err == nil && found {
			return true
		}
	}
	return false
}

func (b *browser) wait(words string) {
	b.t.Helper()
	if !b.shows(words, 30*time.Second) {
		b.t.Fatalf("the page does not have %q:\n%s", words, run(b, chromedp.Evaluate[string](`location + "\n" + document.body.innerText`)))
	}
}

// press goes to a control with the Tab key alone, and presses Enter there.
func (b *browser) press(selector string) {
	b.t.Helper()
	for range 90 {
		run(b, chromedp.KeyEvent("\t"))
		if run(b, chromedp.Evaluate[bool](fmt.Sprintf(`document.activeElement.matches(%q)`, selector))) {
			if width := run(b, chromedp.Evaluate[string](`getComputedStyle(document.activeElement).outlineWidth`)); width != "3px" {
				b.t.Errorf("the focus on %s has an outline of %s", selector, width)
			}
			run(b, chromedp.KeyEvent("\r"))
			return
		}
	}
	b.t.Fatalf("the Tab key does not lead to %s", selector)
}

// picture stores a picture of the whole page in the folder SCREENSHOTS, if it is set.
func (b *browser) picture(name string) {
	b.t.Helper()
	folder := os.Getenv("SCREENSHOTS")
	if folder == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(folder, name+".png"), run(b, chromedp.FullScreenshot(100)), 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// startSite serves the demo and, on the same origin, a client's redirect URI.
func startSite(t *testing.T) (s *Server, site string) {
	t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	_, port, _ := strings.Cut(srv.Listener.Addr().String(), ":")
	site = "http://localhost:" + port
	s, err := New(Config{Issuer: site + "/demo", Clients: []Client{{ID: "web", Name: "A web application", RedirectURIs: []string{site + "/callback"},
		PostLogoutRedirectURIs: []string{site + "/"}}}})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/demo/", s)
	mux.HandleFunc("/callback", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "back at the client") })
	srv.Config.Handler = mux
	srv.Start()
	t.Cleanup(srv.Close)
	return s, site
}

// A login by keyboard, without scripts: at the sound server it comes back, and at the one whose consent
// page has form-action 'self' it never does. One press fixes that.
func TestConsentNoWayBack_InChromium(t *testing.T) {
	b := startBrowser(t)
	s, site := startSite(t)
	login := func() {
		t.Helper()
		q := authorizeQuery()
		q.Set("redirect_uri", site+"/callback")
		run(b, chromedp.Navigate(s.Issuer()+"/authorize?"+q.Encode()))
		b.wait("Choose any user")
		b.press(`button[value="user_bob"]`)
		b.wait("wants to access")
		b.press(`button[value="allow"]`)
	}
	login()
	b.wait("back at the client")
	run(b, chromedp.Navigate(site+"/demo/"))
	b.wait("Bob Example")
	b.press(`button[value="` + string(ConsentNoWayBack) + `"]`)
	b.wait("Broken on purpose.")
	if u, err := url.Parse(s.Issuer()); err != nil || u.Hostname() != "127.0.0.1" {
		t.Fatalf("the issuer is %s", s.Issuer())
	}
	login()
	if b.shows("back at the client", 2*time.Second) {
		t.Error("the consent page comes back")
	}
	run(b, chromedp.Navigate(site+"/demo/"))
	b.wait("Broken on purpose.")
	b.press(`button[value=""]`)
	if !b.holds(`!document.querySelector(".banner")`, 30*time.Second) {
		t.Fatal("the server is still broken")
	}
	login()
	b.wait("back at the client")
}

// flaws names text below 14 px, text below 4.5:1 against its background, and a page that scrolls sideways.
const flaws = `(() => {
	const found = [], numbers = c => c.match(/[\d.]+/g).map(Number);
	const light = c => c.slice(0, 3).map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
	const behind = e => {
		for (; e; e = e.parentElement) { const c = numbers(getComputedStyle(e).backgroundColor); if (c[3] !== 0) return c }
		return [255, 255, 255];
	};
	for (const e of document.querySelectorAll("body *")) {
		if (!e.checkVisibility() || ![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
		const style = getComputedStyle(e), a = light(numbers(style.color)), b = light(behind(e));
		if (parseFloat(style.fontSize) < 14) found.push("small: " + e.textContent);
		if ((Math.max(a, b) + .05) / (Math.min(a, b) + .05) < 4.5) found.push("faint: " + e.textContent);
	}
	if (document.documentElement.scrollWidth > innerWidth) found.push("too wide");
	return found.join("\n");
})()`

// Every page can be read: light and dark, on a phone and on a projector.
func TestPages_InChromium(t *testing.T) {
	b := startBrowser(t)
	s, site := startSite(t)
	look := func(page string) {
		t.Helper()
		for _, width := range []int64{360, 1280, 1920} {
			command(b, emulation.SetDeviceMetricsOverride,
				emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 800, DeviceScaleFactor: 1, Mobile: width < 500})
			for _, scheme := range []string{"light", "dark"} {
				command(b, emulation.SetEmulatedMedia,
					emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
				if found := run(b, chromedp.Evaluate[string](flaws)); found != "" {
					t.Errorf("%s, %d px, %s:\n%s", page, width, scheme, found)
				}
				b.picture(fmt.Sprintf("demo-%s-%d-%s", page, width, scheme))
			}
		}
	}
	q := authorizeQuery()
	q.Set("redirect_uri", site+"/callback")
	selfRegistered := authorizeQuery()
	selfRegistered.Set("scope", "openid profile notes offline_access")
	selfRegistered.Set("client_id", "unverified")
	s.clients.putForever("unverified", &Client{ID: "unverified", Name: "OAuth Test Client", RedirectURIs: []string{redirectURI},
		registered: time.Now().Add(-5 * time.Minute)})
	for _, broken := range []Fault{"", SecretWrong, ResourceMetadataLies} {
		if err := s.Break(broken); err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct{ address, words, press string }{
			{site + "/demo/", "You aren't signed in", ""},
			{site + "/demo/authorize?" + q.Encode(), "Choose any user", `button[value="user_carol"]`},
			{"", "wants to access", `button[value="allow"]`},
			{site + "/demo/authorize?" + selfRegistered.Encode(), "Not verified", ""},
			{site + "/demo/", "Revoke", "summary"},
			{"", "What you see:", ""},
			{site + "/demo/", "Register a second client", `form[action$="/client"] button`},
			{"", "CLIENT_SECRET=", ""},
			{site + "/demo/authorize?client_id=nobody", "isn't valid", ""},
			{site + "/demo/logout", "Sign out?", `button[value="yes"]`},
			{"", "You are signed out", ""},
		} {
			if step.address != "" {
				run(b, chromedp.Navigate(step.address))
			}
			b.wait(step.words)
			look(step.words)
			if step.press != "" {
				b.press(step.press)
			}
			if strings.Contains(step.press, "allow") {
				b.wait("back at the client")
			}
		}
	}
	run(b, chromedp.Navigate("data:text/html,<p style='font-size:13px'>small<p style='color:%23888;background:%23fff'>faint<p style='width:9000px'>wide"))
	if found := run(b, chromedp.Evaluate[string](flaws)); found != "small: small\nfaint: faint\ntoo wide" {
		t.Errorf("on a page with three flaws these are found: %q", found) // the control
	}
}
