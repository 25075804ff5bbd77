package acceptance

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/testserver"
)

// chromium is a real browser with an empty profile.
type chromium struct {
	t   *testing.T
	ctx context.Context // of the first tab
}

func startChromium(t *testing.T) *chromium {
	t.Helper()
	var path string
	var err error
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err = exec.LookPath(name); err == nil {
			break
		}
	}
	testserver.Needs(t, os.Getenv, "Chromium", err)
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))...)
	t.Cleanup(cancel)
	return (&chromium{t, ctx}).tab()
}

// tab opens another tab of the same browser.
func (c *chromium) tab() *chromium {
	c.t.Helper()
	ctx, cancel := chromedp.NewContext(c.ctx)
	c.t.Cleanup(func() { chromedp.Cancel(ctx); cancel() })
	if err := chromedp.Do(ctx); err != nil {
		c.t.Fatalf("Chromium: %v", err)
	}
	return &chromium{c.t, ctx}
}

// perform runs an action and returns its value. The test ends when it fails or takes half a minute.
func perform[T any](c *chromium, action chromedp.Action[T]) T {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.ctx, 30*time.Second)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		c.t.Fatalf("Chromium: %v\non the page:\n%s", err, c.text())
	}
	return value
}

// text is what a person reads on the page.
func (c *chromium) text() string {
	ctx, cancel := context.WithTimeout(c.ctx, 5*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
	if err != nil {
		return err.Error()
	}
	return text
}

func (c *chromium) open(address string) {
	c.t.Helper()
	perform(c, chromedp.Navigate(address))
}

// press clicks the link or button and waits for the page that follows to have the words.
func (c *chromium) press(selector, words string) {
	c.t.Helper()
	perform(c, chromedp.Click(chromedp.CSS(selector)))
	c.waitFor(words)
}

// key presses a key and waits for the words.
func (c *chromium) key(key, words string) {
	c.t.Helper()
	perform(c, chromedp.KeyEvent(key))
	c.waitFor(words)
}

// waitFor waits until the page is loaded and has the words. While a page gives way to the next one
// there is nothing to ask, so an error means: not yet.
func (c *chromium) waitFor(words string) {
	c.t.Helper()
	quoted, _ := json.Marshal(words)
	there := chromedp.Evaluate[bool](`document.readyState === "complete" && document.body.innerText.includes(` + strings.TrimSpace(string(quoted)) + `)`)
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(c.ctx, 5*time.Second)
		found, err := chromedp.Run(ctx, there)
		cancel()
		if err == nil && found {
			return
		}
	}
	c.t.Fatalf("the page does not have %q:\n%s", words, c.text())
}

// call sends a command of the DevTools protocol.
func call[P, R any](c *chromium, command cdp.Command[P, R], params P) {
	c.t.Helper()
	perform(c, chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, command, params)
		return err
	}))
}

func (c *chromium) resize(width int64) {
	c.t.Helper()
	call(c, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: 800, DeviceScaleFactor: 1, Mobile: width < 500})
}

// shoot takes pictures of the page, light and dark, wide and narrow, into the folder of the
// variable SCREENSHOTS, or one that the system cleans up. A page must not scroll sideways.
func (c *chromium) shoot(name string) {
	c.t.Helper()
	folder := os.Getenv("SCREENSHOTS")
	if folder == "" {
		folder = filepath.Join(os.TempDir(), "oauth-test-client-screenshots")
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		c.t.Fatal(err)
	}
	for kind, width := range map[string]int64{"wide": 1200, "narrow": 360} {
		c.resize(width)
		for _, scheme := range []string{"light", "dark"} {
			call(c, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
			})
			if overflow := perform(c, chromedp.Evaluate[int](`document.documentElement.scrollWidth - document.documentElement.clientWidth`)); overflow > 0 {
				c.t.Errorf("%s is %d pixels wider than a screen of %d", name, overflow, width)
			}
			picture := perform(c, chromedp.FullScreenshot(100))
			if err := os.WriteFile(filepath.Join(folder, name+"-"+kind+"-"+scheme+".png"), picture, 0o644); err != nil {
				c.t.Fatal(err)
			}
		}
	}
	c.resize(1200)
}

// audit runs axe-core on the page: no rule of it may find anything, in light or in dark.
func (c *chromium) audit(name string) {
	c.t.Helper()
	axe, err := os.ReadFile(interop + "/node_modules/axe-core/axe.min.js")
	testserver.Needs(c.t, os.Getenv, "the npm packages (npm ci in internal/acceptance/testdata/interop)", err)
	for _, scheme := range []string{"light", "dark"} {
		call(c, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		perform(c, chromedp.Evaluate[any](string(axe)+"; null"))
		found := perform(c, chromedp.Evaluate[string](`axe.run(document, {resultTypes: ["violations"]}).then(r =>
			r.violations.map(v => v.id + ": " + v.help + "\n" + v.nodes.map(n => "  " + n.html + " " + n.failureSummary).join("\n")).join("\n"))`,
			func(p *runtime.EvaluateParams) { p.AwaitPromise = new(true) }))
		if found != "" {
			c.t.Errorf("axe finds on %s (%s):\n%s", name, scheme, found)
		}
	}
}

// shot takes the pictures of a page and audits it.
func (c *chromium) shot(name string) {
	c.t.Helper()
	c.audit(name)
	c.shoot(name)
}

func (c *chromium) wantPath(want string) {
	c.t.Helper()
	address := perform(c, chromedp.Location())
	if u, err := url.Parse(address); err != nil || u.Path != want {
		c.t.Errorf("the browser is at %s; want %s", address, want)
	}
}

// The whole demo in a real browser: home, sign-in, consent, token JSON; Deny; another tab.
func TestChromium(t *testing.T) {
	c := startChromium(t)
	a := startApp(t, map[string]string{"BASE_URL": "http://localhost:PORT"})

	c.open("http://127.0.0.1:" + a.Cfg.Port + "/") // goes to BASE_URL, where the cookie must be
	c.waitFor("Does your OAuth application work?")
	c.shot("home")
	c.press(`a[href="/check"]`, "The client secret has not been tried yet") // the start sends no wrong secret
	c.press(`form[action="/check"] button`, "17 checks passed")
	c.shot("check")
	c.open(a.Cfg.BaseURL + "/")
	c.waitFor("Does your OAuth application work?")
	c.press(`main a.button`, "Choose any user")
	c.wantPath("/demo/authorize")
	c.shot("signin")
	c.press(`button[value="user_alice"]`, "wants to access your account")
	c.shot("consent")
	c.press(`button[value="allow"]`, "Signed in as Alice Example")
	c.wantPath(config.CallbackPath)
	if text := c.text(); !strings.Contains(text, `"token_type": "bearer"`) || !strings.Contains(text, `"expires_in": 7200`) {
		t.Errorf("the page does not show the token response:\n%s", text)
	}
	c.shot("callback")
	callback := perform(c, chromedp.Location())
	perform(c, chromedp.Reload())
	c.waitFor("Signed in as Alice Example")

	c.press(`a[href="/session"]`, "Tokens held")
	c.waitFor("expires in 1 h 59 min")
	c.shot("session")
	c.press(`a[href="/userinfo"]`, "alice@example.com")
	c.shot("userinfo")
	c.open(a.Cfg.BaseURL + "/api")
	c.waitFor("The API accepted the access token")
	c.open(a.Cfg.BaseURL + "/tokeninfo")
	c.waitFor(`"active": true`)
	c.open(a.Cfg.BaseURL + "/refresh")
	c.waitFor("Refresh the tokens?")
	c.press(`main button`, "Old beside new")
	c.shot("refresh")
	c.press(`a[href="/flow"]`, "Every step of this session")
	c.shot("flow")
	c.press(`.diagram a[href$="#step-5"]`, "the secret behind the challenge")
	c.shot("flow-step")

	other := c.tab()
	other.open(a.Cfg.BaseURL + "/login?prompt=select_account")
	other.waitFor("Choose any user")
	other.press(`button[value="user_bob"]`, "wants to access your account")
	other.press(`button[value="allow"]`, "Signed in as Bob Example")
	c.open(callback) // another login in between has not taken this one's result away
	c.waitFor("Signed in as Alice Example")

	c.open(a.Cfg.BaseURL + "/login?prompt=consent")
	c.waitFor("wants to access your account")
	c.press(`button[value="deny"]`, "Access was denied")
	c.shot("denied")
	c.press(`main a.button`, "wants to access your account") // try again: the demo asks every time
	c.press(`button[value="allow"]`, "Signed in as Bob Example")

	c.open(a.Cfg.BaseURL + "/oauth_callback?state=unknown&code=x")
	c.waitFor("This login cannot be finished")
	c.shot("unknown-state")
	c.open(a.Cfg.BaseURL + "/demo/authorize?client_id=nobody")
	c.waitFor("This request isn't valid")
	c.shot("demo-error")
}

// A server that cannot be found, and one that refuses the client, on the pages of a real browser.
func TestChromiumFailures(t *testing.T) {
	c := startChromium(t)
	a := startApp(t, map[string]string{"ISSUER": "http://127.0.0.1:1/realms/test", "CLIENT_ID": "some-client", "CLIENT_SECRET": "some-secret-5b0e"})
	c.open(a.Address + "/login")
	c.waitFor("The authorization server does not answer")
	c.shot("not-found")
	c.open(a.Address + "/")
	c.waitFor("The authorization server does not answer")
	c.waitFor("ISSUER=http://127.0.0.1:1/realms/test")
	c.shot("home-not-found")

	l := testserver.StartLiar(t)
	l.Token = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		w.Write([]byte(`{"error":"invalid_client","error_description":"Client authentication failed (e.g., unknown client, ` +
			`no client authentication included, or unsupported authentication method)."}`))
	}
	b := startApp(t, l.Env())
	l.Page = func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, l.Approve(t, r.URL.String()), http.StatusFound)
	}
	c.open(b.Address + "/login")
	c.waitFor("Client authentication failed")
	c.shot("invalid-client")

	l.Token = nil
	l.Claims = func(claims map[string]any) { claims["nonce"] = "other" }
	c.open(b.Address + "/login")
	c.waitFor("fails the check of nonce")
	c.waitFor("The ID token, check by check")
	c.shot("bad-id-token")
}

// Without JavaScript everything can be done, and with it the pages do no more than open, copy and
// count.
func TestChromiumWithoutScript(t *testing.T) {
	c := startChromium(t)
	a := startApp(t, map[string]string{"BASE_URL": "http://localhost:PORT"})
	call(c, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	c.open(a.Cfg.BaseURL + "/")
	c.waitFor("Does your OAuth application work?")
	c.press("a.button", "Choose any user")
	c.press(`button[value="user_alice"]`, "wants to access your account")
	c.press(`button[value="allow"]`, "Signed in as Alice Example")
	c.press(`a[href="/session"]`, "Tokens held")
	if text := c.text(); !strings.Contains(text, "UTC") {
		t.Errorf("without a script the page does not say when the token expires:\n%s", text)
	}
	if shown := perform(c, chromedp.Evaluate[int](`document.querySelectorAll("button[data-copy]:not([hidden])").length`)); shown != 0 {
		t.Errorf("%d buttons are shown that need a script", shown)
	}
	c.press(`a[href="/flow"]`, "Every step of this session")
	c.resize(1200)
	c.press(`.diagram a[href*="step-2"]`, "The client sends the browser to the authorization server")
	c.open(a.Cfg.BaseURL + "/session")
	c.waitFor("Tokens held")
	c.press(`form[action="/revoke"] button`, "no longer holds")
	c.open(a.Cfg.BaseURL + "/session")
	c.waitFor("no token is held")
	c.press(`form[action="/logout"] button`, "You are signed out")
	c.press(`main a.button`, "Does your OAuth application work?")
	c.open(a.Cfg.BaseURL + "/login")
	c.waitFor("Choose any user") // signed out at the server too
}

// The script copies, and turns the steps of a flow with the arrow keys.
func TestChromiumScript(t *testing.T) {
	c := startChromium(t)
	a := startApp(t, map[string]string{"BASE_URL": "http://localhost:PORT"})
	c.open(a.Cfg.BaseURL + "/login")
	c.waitFor("Choose any user")
	c.press(`button[value="user_alice"]`, "wants to access your account")
	c.press(`button[value="allow"]`, "Signed in as Alice Example")
	c.press(`button[data-copy="token-response"]`, "Copied")
	c.press(`a[href="/flow"]`, "Every step of this session")
	c.resize(1200)
	c.press(`.diagram a[href*="step-6"]`, "The client fetches the keys")
	c.key(kb.ArrowRight, "The client checks the ID token")
	c.key(kb.ArrowLeft, "The client fetches the keys")
	shown := perform(c, chromedp.Evaluate[int](`[...document.querySelectorAll("article")].filter(a => a.checkVisibility()).length`))
	if shown != 1 {
		t.Errorf("%d steps are shown; want the one that was chosen", shown)
	}
}

// The first page weighs little, and nothing on any page comes from anywhere else.
func TestPageWeight(t *testing.T) {
	a := startApp(t, nil)
	b := newBrowser(t, a)
	total := 0
	for _, path := range []string{"/", "/static/style.css", "/static/page.js", "/static/icon.svg"} {
		total += len(b.Get(path).Body)
	}
	if total > 40_000 {
		t.Errorf("the first page weighs %d bytes; want at most 40000", total)
	}
	result := b.Login()
	foreign := regexp.MustCompile(`(?:src|href)="(?:https?:)?//[^"]*"`)
	for _, page := range []string{b.Get("/").Body, result.Body, b.Ask("/session", true).Body, b.Ask("/flow", true).Body, b.Get("/nothing").Body} {
		if found := foreign.FindAllString(page, -1); found != nil {
			t.Errorf("a page refers to %v", found)
		}
		var zipped bytes.Buffer
		w := gzip.NewWriter(&zipped)
		w.Write([]byte(page))
		w.Close()
		if zipped.Len() > 8<<10 {
			t.Errorf("a page has %d bytes when gzipped; want at most 8192", zipped.Len())
		}
	}
}

// Chromium's network panel reads the HAR file of a session, with the code that imports one there.
func TestChromiumOpensHAR(t *testing.T) {
	a := startApp(t, nil)
	b := newBrowser(t, a)
	b.Login()
	quoted, err := json.Marshal(b.Ask("/flow.har", false).Body)
	if err != nil {
		t.Fatal(err)
	}
	c := startChromium(t)
	c.open("devtools://devtools/bundled/inspector.html")
	got := perform(c, chromedp.Evaluate[string](`(async () => {
		const har = await import("devtools://devtools/bundled/models/har/har.js");
		const root = new har.HARFormat.HARRoot(JSON.parse(`+string(quoted)+`));
		return har.Importer.Importer.requestsFromHARLog(root.log).map(r => r.requestMethod + " " + new URL(r.url()).pathname + " " + r.statusCode).join("\n");
	})()`, func(p *runtime.EvaluateParams) { p.AwaitPromise = new(true) }))
	want := "GET /demo/authorize 0\nGET /oauth_callback 0\nPOST /demo/token 200\nGET /demo/.well-known/jwks.json 200"
	if got != want {
		t.Errorf("the network panel lists\n%s\nwant\n%s", got, want)
	}
}
