package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"oauth-test-client/internal/chromium"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/testserver"
)

// The whole demo in a real browser: home, sign-in, consent, token JSON; Deny; another tab.
func TestLogin_InChromium(t *testing.T) {
	t.Parallel()
	c := chromium.Open(t)
	a := startProgram(t, map[string]string{"BASE_URL": "http://localhost:PORT"})

	c.Go("http://127.0.0.1:" + a.Cfg.Port + "/") // goes to BASE_URL, where the cookie must be
	c.WaitFor("Does your OAuth application work?")
	c.Shot("home")
	c.Press(`a[href="/check"]`, "The client secret is not tested yet") // the start sends no wrong secret
	c.Press(`form[action="/check"] button`, "17 checks passed")
	c.Shot("check")
	c.Go(a.Cfg.BaseURL + "/")
	c.WaitFor("Does your OAuth application work?")
	c.Press(`main a.button`, "Choose any user")
	c.WantPath("/demo/authorize")
	c.Shot("signin")
	c.Press(`button[value="user_alice"]`, "wants to access your account")
	c.Shot("consent")
	c.Press(`button[value="allow"]`, "Signed in as Alice Example")
	c.WantPath(config.CallbackPath)
	if text := c.Text(); !strings.Contains(text, `"token_type": "bearer"`) || !strings.Contains(text, `"expires_in": 7200`) {
		t.Errorf("the page does not show the token response:\n%s", text)
	}
	c.Shot("callback")
	callback := chromium.Perform(c, chromedp.Location())
	chromium.Perform(c, chromedp.Reload())
	c.WaitFor("Signed in as Alice Example")

	c.Press(`a[href="/session"]`, "Use the tokens")
	c.WaitFor("expires in 1 h 59 min")
	c.Shot("session")
	c.Press(`a[href="/userinfo"]`, "alice@example.com")
	c.Shot("userinfo")
	c.Go(a.Cfg.BaseURL + "/api")
	c.WaitFor("The API accepted the access token")
	c.Go(a.Cfg.BaseURL + "/tokeninfo")
	c.WaitFor(`"active": true`)
	c.Go(a.Cfg.BaseURL + "/refresh")
	c.WaitFor("Refresh the tokens?")
	c.Press(`main button`, "Old and new")
	c.Shot("refresh")
	c.Press(`a[href="/flow"]`, "The steps of this session")
	c.Shot("flow")
	c.Press(`.diagram a[href$="#step-5"]`, "the secret behind the challenge")
	c.Shot("flow-step")

	other := c.Tab()
	other.Go(a.Cfg.BaseURL + "/login?prompt=select_account")
	other.WaitFor("Choose any user")
	other.Press(`button[value="user_bob"]`, "wants to access your account")
	other.Press(`button[value="allow"]`, "Signed in as Bob Example")
	c.Go(callback) // another login in between has not taken this one's result away
	c.WaitFor("Signed in as Alice Example")

	c.Go(a.Cfg.BaseURL + "/login?prompt=consent")
	c.WaitFor("wants to access your account")
	c.Press(`button[value="deny"]`, "Access was denied")
	c.Shot("denied")
	c.Press(`main a.button`, "wants to access your account") // try again: the demo asks every time
	c.Press(`button[value="allow"]`, "Signed in as Bob Example")

	c.Go(a.Cfg.BaseURL + "/oauth_callback?state=unknown&code=x")
	c.WaitFor("No sign-in in progress")
	c.Shot("unknown-state")
	c.Go(a.Cfg.BaseURL + "/demo/authorize?client_id=nobody")
	c.WaitFor("This request isn't valid")
	c.Shot("demo-error")
}

// A server that cannot be found, and one that refuses the client, on the pages of a real browser.
func TestErrorPage_InChromium(t *testing.T) {
	t.Parallel()
	c := chromium.Open(t)
	a := startProgram(t, map[string]string{"ISSUER": "http://127.0.0.1:1/realms/test", "CLIENT_ID": "some-client", "CLIENT_SECRET": "some-secret-5b0e"})
	c.Go(a.Address + "/login")
	c.WaitFor("The authorization server doesn't answer")
	c.Shot("not-found")
	c.Go(a.Address + "/")
	c.WaitFor("The authorization server doesn't answer")
	c.WaitFor("ISSUER=http://127.0.0.1:1/realms/test")
	c.Shot("home-not-found")

	l := testserver.StartFakeServer(t)
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
	c.Go(b.Address + "/login")
	c.WaitFor("Client authentication failed")
	c.Shot("invalid-client")

	l.Token = nil
	l.Claims = func(claims map[string]any) { claims["nonce"] = "other" }
	c.Go(b.Address + "/login")
	c.WaitFor("fails the check of nonce")
	c.WaitFor("The ID token, check by check")
	c.Shot("bad-id-token")
}

// Without JavaScript everything can be done, and with it the pages do no more than open, copy and
// count.
func TestPages_ChromiumWithoutScript(t *testing.T) {
	t.Parallel()
	c := chromium.Open(t)
	a := startApp(t, map[string]string{"BASE_URL": "http://localhost:PORT"})
	c.NoScript()
	c.Go(a.Cfg.BaseURL + "/")
	c.WaitFor("Does your OAuth application work?")
	c.Press("a.button", "Choose any user")
	c.Press(`button[value="user_alice"]`, "wants to access your account")
	c.Press(`button[value="allow"]`, "Signed in as Alice Example")
	c.Press(`a[href="/session"]`, "Use the tokens")
	if text := c.Text(); !strings.Contains(text, "UTC") {
		t.Errorf("without a script the page does not say when the token expires:\n%s", text)
	}
	if shown := chromium.Perform(c, chromedp.Evaluate[int](`document.querySelectorAll("button[data-copy]:not([hidden])").length`)); shown != 0 {
		t.Errorf("%d buttons are shown that need a script", shown)
	}
	c.Press(`a[href="/flow"]`, "The steps of this session")
	c.Resize(1200, 800)
	c.Press(`.diagram a[href*="step-2"]`, "The client sends the browser to the authorization server")
	c.Go(a.Cfg.BaseURL + "/session")
	c.WaitFor("Use the tokens")
	c.Press(`form[action="/revoke"] button`, "has deleted the token")
	c.Go(a.Cfg.BaseURL + "/session")
	c.WaitFor("this app has no token")
	c.Press(`form[action="/logout"] button`, "You are signed out")
	c.Press(`main a.button`, "Does your OAuth application work?")
	c.Go(a.Cfg.BaseURL + "/login")
	c.WaitFor("Choose any user") // signed out at the server too
}

// The script copies, and turns the steps of a flow with the arrow keys.
func TestPageScript_InChromium(t *testing.T) {
	t.Parallel()
	c := chromium.Open(t)
	a := startApp(t, map[string]string{"BASE_URL": "http://localhost:PORT"})
	c.Go(a.Cfg.BaseURL + "/login")
	c.WaitFor("Choose any user")
	c.Press(`button[value="user_alice"]`, "wants to access your account")
	c.Press(`button[value="allow"]`, "Signed in as Alice Example")
	c.Press(`button[data-copy="token-response"]`, "Copied")
	c.Press(`a[href="/check"]`, "Not checked yet")
	c.Press(`form[action="/check"] button`, "17 checks passed")
	c.Press(`button[data-copy="markdown"]`, "Copied")
	report := chromium.Evaluate[string](c, `document.getElementById("markdown").textContent`)
	if !strings.HasPrefix(report, "**No problem found.** 17 checks passed.\n") || !strings.Contains(report, "| ok | scopes |") {
		t.Errorf("the report to copy is\n%s", report)
	}
	c.Press(`a[href="/flow"]`, "The steps of this session")
	c.Resize(1200, 800)
	c.Press(`.diagram a[href*="step-6"]`, "The client fetches the keys")
	c.Key(kb.ArrowRight, "The client checks the ID token")
	c.Key(kb.ArrowLeft, "The client fetches the keys")
	shown := chromium.Perform(c, chromedp.Evaluate[int](`[...document.querySelectorAll("article")].filter(a => a.checkVisibility()).length`))
	if shown != 1 {
		t.Errorf("%d steps are shown; want the one that was chosen", shown)
	}
}

// The first page weighs little, and nothing on any page comes from anywhere else.
func TestPages_LoadNothingForeign(t *testing.T) {
	t.Parallel()
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
func TestHAR_OpensInChromium(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	b := newBrowser(t, a)
	b.Login()
	quoted, err := json.Marshal(b.Ask("/flow.har", false).Body)
	if err != nil {
		t.Fatal(err)
	}
	c := chromium.Open(t)
	c.Go("devtools://devtools/bundled/inspector.html")
	got := chromium.Perform(c, chromedp.Evaluate[string](`(async () => {
		const har = await import("devtools://devtools/bundled/models/har/har.js");
		const root = new har.HARFormat.HARRoot(JSON.parse(`+string(quoted)+`));
		return har.Importer.Importer.requestsFromHARLog(root.log).map(r => r.requestMethod + " " + new URL(r.url()).pathname + " " + r.statusCode).join("\n");
	})()`, func(p *runtime.EvaluateParams) { p.AwaitPromise = new(true) }))
	want := "GET /demo/authorize 0\nGET /oauth_callback 0\nPOST /demo/token 200\nGET /demo/.well-known/jwks.json 200"
	if got != want {
		t.Errorf("the network panel lists\n%s\nwant\n%s", got, want)
	}
}
