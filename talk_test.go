package main

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"oauth-test-client/internal/chromium"
	"oauth-test-client/internal/testserver"
)

// The talk of docs/demo.md, played with the keyboard alone: on a projector without scripts at the demo
// server, and on a laptop, enlarged by half and by a quarter, at a server of another origin, where a form that leads
// there would be stopped (Chromium applies form-action to the redirect that follows a form).
func TestTalk_InChromium(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name          string
		width, height int64 // in CSS pixels
		least         float64
		script, other bool
	}{
		{"projector", 1920, 1080, 24, false, false},
		{"laptop-150", 853, 480, 16, true, true},
		{"laptop-125", 1024, 576, 16, true, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := chromium.Open(t)
			a := startTalk(t, row.other)
			if !row.script {
				c.NoScript()
			}
			talk := &talk{other: row.other, Tab: c, row: row.name, width: row.width, height: row.height, least: row.least, audits: row.script}
			talk.Resize(talk.width, talk.height)
			if !row.other {
				c.Go(a.Cfg.BaseURL + "/demo/")
				talk.press(`form[action$="/reset"] button`, "The demo is reset. All sign-ins")
			}
			c.Go(a.Cfg.BaseURL + "/")
			if row.other {
				talk.press(".menu summary", "Step by step")
			}
			talk.press(`a[href^="/login?step=1"]`, "1. Before the redirect")
			talk.atHeading()
			talk.press(`.presenting button`, "Exit")
			talk.look("1-request")
			talk.edit(row.script)
			talk.next("Choose any user")
			if !row.other { // a server on a different host is not told of the room
				talk.atHeading()
			}
			talk.lookAtServer("2-sign-in")
			talk.press(`button[value="user_alice"]`, "wants to access your account")
			talk.lookAtServer("2-consent")
			if !row.other {
				talk.tabTo(`input[value="email"]`)
				chromium.Perform(c, chromedp.KeyEvent(" "))
			}
			if row.script && !row.other { // Enter in a box presses the first button
				chromium.Perform(c, chromedp.KeyEvent(kb.Enter))
				c.WaitFor("3. The browser is back")
			} else {
				talk.press(`button[value="allow"]`, "3. The browser is back")
			}
			talk.look("3-back")
			if row.other {
				talk.press(`summary.thief`, "Many servers then reject the code")
			}
			talk.press(`button[value="steal"]`, "The thief gets nothing")
			talk.look("3-thief")
			talk.press(`button[value="forge"]`, "The forged response is refused")
			talk.look("3-forged")
			talk.press(`a[href$="show=1"]`, "Return to step 3")
			talk.look("3-request-again")
			talk.next("The browser is back")
			talk.press(`nav a[href="/flow"]`, "What went over the wire so far")
			c.Go(a.Cfg.BaseURL + "/session")
			talk.press(`.resume a`, "3. The browser is back")
			talk.next("4. The token response")
			if !row.other {
				talk.WaitFor("Asked for and not granted: email")
			}
			talk.look("4-tokens")
			talk.press(`.raw summary`, "The ID token, check by check")
			chromium.Perform(c, chromedp.Reload()) // a reload changes nothing
			talk.WaitFor("4. The token response")
			talk.next("5. The API accepts only the token")
			talk.look("5-api")
			talk.next("What went over the wire")
			talk.lookAtFlow("flow")
			talk.press(`.turn a[rel="next"]`, "The client sends the browser to the authorization server")
			if row.script {
				talk.Key(kb.ArrowRight, "The client sees nothing of it")
				talk.Key(kb.ArrowLeft, "The client sends the browser to the authorization server")
			}
			talk.lookAtFlow("flow-2")
			if !row.other {
				talk.goesWrong(a.Cfg.BaseURL)
				c.Go(a.Cfg.BaseURL + "/flow")
			}
			talk.press(`.presenting button`, "Present")
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
	least         float64 // the smallest text, in CSS pixels
	audits        bool
	other         bool // the demo server has a host of its own
}

// goesWrong plays the end of the talk: a mistake that ends a login on the server, one that ends it at the last moment, and
// a server that does not enforce PKCE.
func (k *talk) goesWrong(base string) {
	k.T.Helper()
	k.turnOn(base, "redirect-uri-slash")
	k.begin(base)
	k.next("This request isn't valid")
	k.Go(base + "/check")
	k.press(`form[action="/check"] button`, "The redirect URI is not registered")
	k.Becomes(`document.querySelector("[aria-busy]") === null`, testserver.Patience) // until then the page reloads itself
	k.Go(base + "/demo/")
	k.press(`[aria-labelledby="broken"] summary`, "The registered redirect URI has a trailing slash.")
	k.press(`.banner button`, "Mistake 1")
	if !k.Becomes(`document.querySelector(".banner") === null`, testserver.Patience) {
		k.T.Errorf("the mistake is still on:\n%s", k.Text())
	}
	k.allow(base)
	k.next("4. The token response")

	k.turnOn(base, "client-secret-wrong")
	k.allow(base)
	k.next("The client secret is wrong")

	k.Go(base + "/demo/")
	k.press(`.banner button`, "Turn on one mistake")
	k.Becomes(`document.querySelector(".banner") === null`, testserver.Patience)
	k.press(`details:has(.named) > summary`, "It accepts a wrong code verifier.")
	k.press(`button[value="wrong-verifier"]`, "Broken on purpose. One thing")
	k.allow(base)
	k.press(`button[value="steal"]`, "The server does not enforce PKCE")
	k.look("3-thief-has-tokens")
	k.press(`.broken button`, "Turn on one mistake")
}

// turnOn turns a mistake of the demo server on.
func (k *talk) turnOn(base, fault string) {
	k.T.Helper()
	k.Go(base + "/demo/")
	k.press(`button[value="`+fault+`"]`, "Broken on purpose. One thing")
}

// begin begins a login step by step.
func (k *talk) begin(base string) {
	k.T.Helper()
	k.Go(base + "/")
	k.press(`a[href^="/login?step=1"]`, "1. Before the redirect")
}

// allow goes through a step-by-step login up to step 3.
func (k *talk) allow(base string) {
	k.T.Helper()
	k.begin(base)
	k.next("Choose any user")
	k.press(`button[value="user_alice"]`, "wants to access your account")
	k.press(`button[value="allow"]`, "3. The browser is back")
}

// next goes to the button that follows the heading, which has the focus on every new step, and presses it.
func (k *talk) next(words string) {
	k.T.Helper()
	k.atHeading()
	chromium.Perform(k.Tab, chromedp.KeyEvent(kb.Tab))
	k.enter(words)
}

// atHeading waits until the heading has the focus.
func (k *talk) atHeading() {
	k.T.Helper()
	if !k.Becomes(`document.activeElement.matches("main h1")`, testserver.Patience) {
		k.T.Fatalf("the heading does not have the focus:\n%s", k.Text())
	}
}

// edit changes the request, and checks what changed in its address: at once with a script.
func (k *talk) edit(script bool) {
	k.T.Helper()
	k.atHeading()
	k.tabTo(`.change summary`)
	chromium.Perform(k.Tab, chromedp.KeyEvent(kb.Enter))
	k.tabTo(`input[name="prompt"]`)
	chromium.Perform(k.Tab, chromedp.KeyEvent("login"))
	const touched = `document.querySelector('.address [data-param="prompt"].touched')?.textContent === "&prompt=login"`
	if script && !k.Becomes(touched, testserver.Patience) {
		k.T.Errorf("the address does not change as it is typed:\n%s", k.Text())
	}
	if script { // the free field has whole parameters
		k.tabTo(`input[name="params"]`)
		chromium.Perform(k.Tab, chromedp.KeyEvent("foo=bar&baz=1"))
		if !k.Becomes(`document.querySelector('.address [data-param="params"].touched')?.textContent === "&foo=bar&baz=1"`, testserver.Patience) {
			k.T.Errorf("the address does not have what is typed into the free field:\n%s", k.Text())
		}
	}
	if script && !k.Becomes(`!document.querySelector("[data-leave]").checkVisibility()`, testserver.Patience) {
		k.T.Error("the request from before can still be sent")
	}
	state := `document.querySelector('.address [data-param="state"]').textContent`
	before := chromium.Evaluate[string](k.Tab, state)
	chromium.Perform(k.Tab, chromedp.KeyEvent(kb.Enter))
	k.Becomes(`document.querySelector(".edits i") !== null`, testserver.Patience) // as the server says it
	if !k.Becomes(touched, testserver.Patience) || chromium.Evaluate[string](k.Tab, state) != before {
		k.T.Errorf("the request is not changed, or is another login's:\n%s", k.Text())
	}
	k.look("1-edited")
}

// enter presses Enter on the focused control.
func (k *talk) enter(words string) {
	k.T.Helper()
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

// look takes a picture of a step, light and dark, and checks that it can be read from the last row: the important parts are
// large enough, and all of them are visible.
func (k *talk) look(name string) {
	k.T.Helper()
	if !k.Becomes(`document.activeElement !== document.body`, testserver.Patience) {
		k.T.Errorf("%s of the %s leaves the focus behind", name, k.row)
	}
	const parts = `document.querySelectorAll(".stage-head, .past, .strip, .trio")`
	k.see(name, parts, parts)
	if chromium.Evaluate[int](k.Tab, `document.querySelectorAll(".strip .now, .strip text").length`) == 0 {
		k.T.Errorf("%s of the %s has no active arrow", name, k.row)
	}
}

// lookAtServer does so with a page of the demo server, also where a laptop is enlarged by half: what there is to decide, and
// the buttons, are in sight. On another host it is not presented.
func (k *talk) lookAtServer(name string) {
	k.T.Helper()
	if k.other {
		return
	}
	parts := `document.querySelectorAll("h1, .scopes li, main button")`
	k.see(name, `[document.querySelector("main")]`, parts)
	least := k.least
	k.least = 16
	k.Resize(853, 480)
	k.see(name+"-at-150", `[document.querySelector("main")]`, parts)
	k.least = least
	k.Resize(k.width, k.height)
}

// lookAtFlow does the same with the flow, whose picture may scroll.
func (k *talk) lookAtFlow(name string) {
	k.T.Helper()
	k.see(name, `document.querySelectorAll(".verdict h1, .strip, .picture")`, "")
	if !chromium.Evaluate[bool](k.Tab, `[...document.querySelectorAll(".diagram .now")].some(a => a.checkVisibility() && a.getBoundingClientRect().top > 0 && a.getBoundingClientRect().bottom < innerHeight)`) {
		k.T.Errorf("%s of the %s does not have the step in sight", name, k.row)
	}
}

// tooSmall lists the text below a size, and outOfSight that which is not in the window, in parts of a page.
const tooSmall = `((parts, least) => {
	const found = new Set()
	for (const part of parts) {
		const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT)
		for (let node; node = walker.nextNode();) {
			const size = parseFloat(getComputedStyle(node.parentElement).fontSize)
			if (node.data.trim() && node.parentElement.checkVisibility() && size < least - .05) found.add(size.toFixed(1) + " " + node.data.trim())
		}
	}
	return [...found].join("\n")
})`

const outOfSight = `((parts) => [...parts].filter(p => p.checkVisibility()).flatMap(p => [p, ...p.querySelectorAll("text, .card, .button")]).filter(p => {
	const r = p.getBoundingClientRect()
	return r.width && (r.top < -1 || r.left < -1 || r.bottom > innerHeight + 1 || r.right > innerWidth + 1)
}).map(p => p.className + " " + p.textContent.trim().slice(0, 60) + " to " + Math.round(p.getBoundingClientRect().bottom)).join("\n"))`

// see checks that the given parts of a page can be read, and that others are visible, if any must be.
func (k *talk) see(name, parts, inSight string) {
	k.T.Helper()
	for _, scheme := range []string{"light", "dark"} {
		k.Scheme(scheme)
		k.Picture(k.row+"-"+name+"-"+scheme, chromedp.CaptureScreenshot())
	}
	if chromium.Evaluate[bool](k.Tab, `document.documentElement.scrollWidth > document.documentElement.clientWidth`) {
		k.T.Errorf("%s of the %s goes over the side", name, k.row)
	}
	if small := chromium.Evaluate[string](k.Tab, fmt.Sprintf("%s(%s, %g)", tooSmall, parts, k.least)); small != "" {
		k.T.Errorf("%s of the %s has text below %g pixels:\n%s", name, k.row, k.least, small)
	}
	if inSight != "" {
		if hidden := chromium.Evaluate[string](k.Tab, outOfSight+"("+inSight+")"); hidden != "" {
			k.T.Errorf("%s of the %s has out of sight:\n%s", name, k.row, hidden)
		}
	}
	if k.audits {
		k.Audit(k.row + " " + name)
		k.Resize(k.width, k.height)
	}
}
