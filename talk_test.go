package main

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"oauth-test-client/internal/chromium"
	"oauth-test-client/internal/testserver"
)

// The talk of docs/demo.md, played with the keyboard alone: on a projector without scripts at the demo
// server, and on a laptop at a server of another origin, where a form that leads there would be stopped
// (Chromium applies form-action to the redirect that follows a form).
func TestChromiumTalk(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name          string
		width, height int64
		script, other bool
	}{
		{"projector", 1920, 1080, false, false},
		{"laptop", 1280, 800, true, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := chromium.Open(t)
			a := startTalk(t, row.other)
			if !row.script {
				c.NoScript()
			}
			talk := &talk{Tab: c, row: row.name, width: row.width, height: row.height, audits: row.script}
			talk.Resize(talk.width, talk.height)
			c.Go(a.Cfg.BaseURL + "/")
			if row.other {
				talk.press(".menu summary", "Step by step")
			}
			talk.press(`a[href^="/login?step=1"]`, "1. Before the redirect")
			talk.look("1-request")
			talk.enter("Choose any user")
			talk.press(`button[value="user_alice"]`, "wants to access your account")
			if !row.other {
				talk.tabTo(`input[value="email"]`)
				chromium.Perform(c, chromedp.KeyEvent(" "))
			}
			talk.press(`button[value="allow"]`, "3. The browser is back")
			talk.look("3-back")
			talk.enter("4. The token response")
			if !row.other {
				talk.WaitFor("Asked for and not granted: email")
			}
			talk.look("4-tokens")
			talk.enter("5. Only the token opens the API")
			talk.look("5-api")
			if talk.pressed > 9 {
				t.Errorf("%d presses to the API's answer; want at most 9", talk.pressed)
			}
			talk.enter("What went over the wire")
			talk.look("flow")
			talk.press(`.turn a[rel="next"]`, "The client sends the browser to the authorization server")
			if row.script {
				talk.Key(kb.ArrowRight, "The client sees nothing of it")
				talk.Key(kb.ArrowLeft, "The client sends the browser to the authorization server")
			}
			talk.look("flow-2")
		})
	}
}

// startTalk starts the program in demo mode, or at a demo server of another origin.
func startTalk(t *testing.T, other bool) *app {
	t.Helper()
	if !other {
		return startApp(t, map[string]string{"BASE_URL": "http://localhost:PORT"})
	}
	port := testserver.FreePort(t)
	issuer := testserver.StartDemo(t, "http://localhost:"+port+"/oauth_callback")
	return startAppAt(t, port, map[string]string{"BASE_URL": "http://localhost:PORT", "ISSUER": issuer, "CLIENT_ID": "a-client",
		"CLIENT_SECRET": "check-secret-1c9d", "RESOURCE_URL": issuer + "/api/me"})
}

// talk is a browser on a stage.
type talk struct {
	*chromium.Tab
	row           string
	width, height int64
	audits        bool
	pressed       int
}

// enter presses what has the focus.
func (k *talk) enter(words string) {
	k.T.Helper()
	k.pressed++
	k.Key(kb.Enter, words)
}

// press goes to a link or button with the Tab key, and presses it.
func (k *talk) press(selector, words string) {
	k.T.Helper()
	k.tabTo(selector)
	k.enter(words)
}

func (k *talk) tabTo(selector string) {
	k.T.Helper()
	for range 60 {
		if chromium.Perform(k.Tab, chromedp.Evaluate[bool](`document.activeElement.matches('`+selector+`')`)) {
			return
		}
		chromium.Perform(k.Tab, chromedp.KeyEvent(kb.Tab))
	}
	k.T.Fatalf("the Tab key does not lead to %s on the page:\n%s", selector, k.Text())
}

// look takes a picture, light and dark, and sees that all of it can be read: nothing goes over the side, no
// text of the picture is below 14 pixels, and the main button is in sight.
func (k *talk) look(name string) {
	k.T.Helper()
	for _, scheme := range []string{"light", "dark"} {
		k.Scheme(scheme)
		k.Picture(k.row+"-"+name+"-"+scheme, chromedp.CaptureScreenshot())
	}
	for what, wrong := range map[string]string{
		"goes over the side": `document.documentElement.scrollWidth > document.documentElement.clientWidth`,
		"has text below 14 pixels": `(() => {
			const svg = document.querySelector(".diagram"), box = svg.viewBox.baseVal, r = svg.getBoundingClientRect()
			return 14 * Math.min(r.width / box.width, r.height / box.height) < 13.95
		})()`,
		"hides its button": `(() => { const b = document.querySelector("main .button"); return b.getBoundingClientRect().bottom > innerHeight })()`,
	} {
		if chromium.Perform(k.Tab, chromedp.Evaluate[bool](wrong)) {
			k.T.Errorf("%s of the %s %s", name, k.row, what)
		}
	}
	if k.audits {
		k.Audit(k.row + " " + name)
		k.Resize(k.width, k.height)
	}
}
