package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"oauth-test-client/internal/chromium"
	"oauth-test-client/internal/testserver"
)

// screen is the size of a screen, with a name.
type screen struct {
	name          string
	width, height int64
}

var screens = []screen{{"a laptop", 1280, 800}, {"a projector", 1920, 1080}, {"a phone", 360, 800}}

// signedIn is a browser whose login at the demo server has just ended, and the app.
func signedIn(t *testing.T) (*chromium.Tab, *app) {
	t.Helper()
	c := chromium.Open(t)
	a := startApp(t, map[string]string{"BASE_URL": "http://localhost:PORT"})
	c.Go(a.Cfg.BaseURL + "/login")
	c.WaitFor("Choose any user")
	c.Press(`button[value="user_alice"]`, "wants to access your account")
	c.Press(`button[value="allow"]`, "Signed in as Alice Example")
	return c, a
}

// atTheTop checks that the heading and the next step are visible without scrolling, on every screen, and that nothing is
// wider than the screen or smaller than 14 pixels.
func atTheTop(c *chromium.Tab, heading, next string) {
	c.T.Helper()
	if got := chromium.Evaluate[string](c, `document.querySelector("h1").textContent`); got != heading {
		c.T.Errorf("the heading is %q; want %q", got, heading)
	}
	for _, s := range screens {
		c.Resize(s.width, s.height)
		for _, selector := range []string{"h1", next} {
			quoted, _ := json.Marshal(selector)
			bottom := chromium.Evaluate[float64](c, fmt.Sprintf(`document.querySelector(%s).getBoundingClientRect().bottom + scrollY`, quoted))
			if bottom <= 0 || bottom > 800 {
				c.T.Errorf("%q, on %s: %s ends at %v; want within the first 800 pixels", heading, s.name, selector, bottom)
			}
		}
		if over := chromium.Evaluate[int](c, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
			c.T.Errorf("%q is %d pixels wider than %s", heading, over, s.name)
		}
		small := chromium.Evaluate[string](c, `[...document.querySelectorAll("body *")].filter(e => e.checkVisibility() && !e.closest("svg") &&
			[...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && parseFloat(getComputedStyle(e).fontSize) < 14)
			.map(e => e.outerHTML.slice(0, 80)).join("\n")`)
		if small != "" {
			c.T.Errorf("%q, on %s, has text below 14 pixels:\n%s", heading, s.name, small)
		}
	}
	c.Resize(screens[0].width, screens[0].height)
}

// The result gives its answer at the top, and shows every member of the ID token.
func TestCallbackPage_AnswerAtTop(t *testing.T) {
	t.Parallel()
	c, _ := signedIn(t)
	atTheTop(c, "It works", ".verdict a.button")
	if got := chromium.Evaluate[string](c, `document.querySelector(".verdict a.button").textContent`); got != "Call the API" {
		t.Errorf("the first thing to do is %q", got)
	}
	raw := chromium.Evaluate[string](c, `document.getElementById("id-token").textContent`)
	shown := chromium.Evaluate[map[string]string](c, `Object.fromEntries(
		[...document.getElementById("id-token").closest("section").querySelectorAll("tr")].map(
			r => [r.querySelector("th").textContent, r.querySelector("td").textContent]))`)
	for i, part := range strings.Split(raw, ".")[:2] {
		document, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil {
			t.Fatal(err)
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal(document, &members); err != nil || len(members) < 3 {
			t.Fatalf("part %d of the ID token is %s", i, document)
		}
		for name, value := range members {
			if !strings.Contains(shown[name], strings.Trim(string(value), `"`)) {
				t.Errorf("the page shows %s as %q; the token has %s", name, shown[name], value)
			}
		}
	}
	if !strings.HasPrefix(shown["exp"], "in 1 h 59 min ") && !strings.HasPrefix(shown["exp"], "in 2 h 0 min ") {
		t.Errorf("the page says of exp: %q", shown["exp"])
	}
}

// Tokens are shortened on the screen, and nowhere else: what is copied and what is in the page is exact.
func TestCallbackPage_TokensAreExact(t *testing.T) {
	t.Parallel()
	c, _ := signedIn(t)
	document := chromium.Evaluate[string](c, `document.getElementById("token-response").textContent`)
	var tokens map[string]any
	if err := json.Unmarshal([]byte(document), &tokens); err != nil {
		t.Fatalf("what the page holds is no JSON: %v\n%s", err, document)
	}
	for name, id := range map[string]string{"id_token": "id-token", "access_token": "access-token", "refresh_token": "refresh-token"} {
		if whole := chromium.Evaluate[string](c, fmt.Sprintf(`document.getElementById(%q).textContent`, id)); whole != tokens[name] || whole == "" {
			t.Errorf("%s: the page holds %q; the token response has %q", name, whole, tokens[name])
		}
		c.Press(`button[data-copy="`+id+`"]`, "Copied")
	}
	height := `document.getElementById("token-response").getBoundingClientRect().height`
	short := chromium.Evaluate[float64](c, height)
	c.Press(`a[href="#token-response"]`, "It works")
	if whole := chromium.Evaluate[float64](c, height); short > 220 || whole < 2*short {
		t.Errorf("the token response is %v pixels high shortened and %v whole", short, whole)
	}
}

// Every page marks itself in the header, and none marks another.
func TestPages_MarkThemselves(t *testing.T) {
	t.Parallel()
	c, a := signedIn(t)
	for path, want := range map[string]string{"/": "Home", "/check": "Check", "/session": "Session", "/flow": "Flow", "/nothing": ""} {
		c.Go(a.Cfg.BaseURL + path)
		c.WaitFor("Home")
		if got := chromium.Evaluate[string](c, `[...document.querySelectorAll("nav [aria-current]")].map(a => a.textContent).join()`); got != want {
			t.Errorf("%s marks %q; want %q", path, got, want)
		}
		if links := chromium.Evaluate[int](c, `document.querySelectorAll("nav a").length`); links != 4 {
			t.Errorf("%s has %d links in its header", path, links)
		}
	}
}

// The checks, and the page of a failed login, show at the top what is wrong, with the line to change.
func TestPages_ProblemAtTop(t *testing.T) {
	t.Parallel()
	c := chromium.Open(t)
	l := testserver.StartFakeServer(t)
	l.Token = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		w.Write([]byte(`{"error":"invalid_client","error_description":"wrong secret"}`))
	}
	a := startApp(t, l.Env())
	l.Page = func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, l.Approve(t, r.URL.String()), http.StatusFound)
	}
	c.Go(a.Address + "/login")
	c.WaitFor("wrong secret")
	atTheTop(c, "The client secret is wrong", ".fix.look .lookat")
	if got := chromium.Evaluate[string](c, `document.querySelector(".fix h2").textContent + document.querySelector(".lookat code").textContent`); got != "Look at CLIENT_SECRETCLIENT_SECRET=" {
		t.Errorf("the line to look at is %q", got)
	}
	if buttons := chromium.Evaluate[int](c, `document.querySelectorAll(".fix [data-copy]").length`); buttons > 0 {
		t.Errorf("%d buttons copy an empty secret", buttons)
	}
	if got := chromium.Evaluate[string](c, `document.querySelector(".sent .suspect dt").textContent`); got != "Client secret, look here" {
		t.Errorf("the suspect among what was sent is %q", got)
	}
	c.Shot("secret-wrong")

	dead := startProgram(t, map[string]string{"ISSUER": "http://127.0.0.1:1/realms/test", "CLIENT_ID": "some-client", "CLIENT_SECRET": "some-secret-5b0e"})
	for _, path := range []string{"/", "/check"} {
		c.Go(dead.Address + path)
		c.WaitFor("Checked")
		atTheTop(c, "The authorization server doesn't answer", ".fix.look .lookat")
		headline(c, screens[0].name, path)
	}
	c.Shot("check-dead")
}

// The form of the sign-in's options leads to a server on another origin: by a page of ours with a plain
// link, as Chromium stops a redirect that answers a form. All of it without a script, from every screen.
func TestSignIn_OptionsInChromium(t *testing.T) {
	t.Parallel()
	c := chromium.Open(t)
	server := startApp(t, map[string]string{"BASE_URL": "http://localhost:PORT"})
	l := testserver.StartFakeServer(t)
	a := startApp(t, l.Env())
	if strings.HasPrefix(l.Issuer, a.Address) || strings.HasPrefix(server.Address, a.Address) {
		t.Fatal("the server has the app's origin")
	}
	asked := make(chan string, 10)
	l.Page = func(w http.ResponseWriter, r *http.Request) {
		if hint := r.URL.Query().Get("login_hint"); hint != "" { // and no question of the checks
			asked <- hint
		}
		http.Redirect(w, r, l.Approve(t, r.URL.String()), http.StatusFound)
	}
	c.NoScript()
	for _, s := range screens {
		c.Resize(s.width, s.height)
		c.Go(a.Address + "/")
		c.WaitFor("Options")
		c.Press(".menu summary", "Show what will be sent")
		if over := chromium.Evaluate[int](c, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
			t.Errorf("the options are %d pixels wider than %s", over, s.name)
		}
		chromium.Perform(c, chromedp.SendKeys(chromedp.CSS(`input[name="login_hint"]`), "bob@example.com"))
		c.Press(".panel form button", "bob@example.com")
		c.Press("main a.plain", "It works")
		if hint := <-asked; hint != "bob@example.com" {
			t.Errorf("on %s the server was told %s", s.name, hint)
		}
	}
}

// No page of a session weighs more than 12 KB when gzipped, beyond what the server sent.
func TestPages_GzippedSize(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	b := newBrowser(t, a)
	pages := map[string]string{"the result": b.Login().Body}
	for _, path := range []string{"/", "/check", "/session", "/flow", "/nothing", "/userinfo", "/api", "/login?step=1"} {
		pages[path] = b.Get(path).Body
	}
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		var zipped bytes.Buffer
		w := gzip.NewWriter(&zipped)
		w.Write([]byte(pages[name]))
		w.Close()
		if zipped.Len() > 12<<10 {
			t.Errorf("%s has %d bytes when gzipped; want at most 12288", name, zipped.Len())
		}
	}
}

// headline checks that the heading of a page is one line, beside at most three buttons.
func headline(c *chromium.Tab, screen, page string) {
	c.T.Helper()
	lines := chromium.Evaluate[float64](c, `(() => {
		const h = document.querySelector(".verdict h1")
		return h ? h.getBoundingClientRect().height / parseFloat(getComputedStyle(h).lineHeight) : 1
	})()`)
	buttons := chromium.Evaluate[int](c, `[...document.querySelectorAll(".verdict .button, .verdict button")].filter(b => !b.closest(".panel")).length`)
	if lines > 1.5 || buttons > 3 {
		c.T.Errorf("on %s the headline of %s has %.1f lines, beside %d buttons", screen, page, lines, buttons)
	}
}

// Every page has one width, also the widest screen's, and its headline stands in one line beside its buttons.
func TestPages_OneWidth(t *testing.T) {
	t.Parallel()
	c, a := signedIn(t)
	for _, s := range screens[:2] {
		c.Resize(s.width, s.height)
		boxes := map[string][]string{}
		for _, path := range []string{"/", "/check", "/session", "/flow", "/login?step=1", "/misuse", "/problems", "/problems/client-secret-wrong",
			"/userinfo", "/refresh", "/nothing"} {
			c.Go(a.Cfg.BaseURL + path)
			box := chromium.Evaluate[string](c, `["header > div", "main"].map(s => document.querySelector(s).getBoundingClientRect()).map(r => r.left + "+" + r.width).join(" ")`)
			boxes[box] = append(boxes[box], path)
			headline(c, s.name, path)
		}
		if len(boxes) != 1 {
			t.Errorf("on %s the pages differ in width: %v", s.name, boxes)
		}
	}
}

// On a phone the header is one row, with the mark of the demo in it.
func TestPages_HeaderOnPhone(t *testing.T) {
	t.Parallel()
	c, a := signedIn(t)
	c.Resize(360, 740)
	c.Go(a.Cfg.BaseURL + "/")
	rows := chromium.Evaluate[int](c, `new Set([...document.querySelectorAll("nav a, .tag")].map(e => { const r = e.getBoundingClientRect(); return Math.round(r.top + r.height / 2) })).size`)
	if over := chromium.Evaluate[float64](c, `document.querySelector(".tag").getBoundingClientRect().right`); rows != 1 || over > 360 {
		t.Errorf("the header has %d rows, and the mark of the demo ends at %v", rows, over)
	}
}

// A long value breaks inside its column, also one that is marked.
func TestPages_LongValues(t *testing.T) {
	t.Parallel()
	c, a := signedIn(t)
	c.Go(a.Cfg.BaseURL + "/login?step=1")
	for _, s := range screens {
		c.Resize(s.width, s.height)
		outside := chromium.Evaluate[string](c, `[...document.querySelectorAll(".params .value")].filter(v => [...v.getClientRects()].some(r =>
			r.right > v.closest("dd").getBoundingClientRect().right + .5)).map(v => v.textContent).join(", ")`)
		if values := chromium.Evaluate[int](c, `document.querySelectorAll(".params .value.follow").length`); values < 3 || outside != "" {
			t.Errorf("on %s, of %d marked values these leave their column: %s", s.name, values, outside)
		}
	}
}

// The Markdown of a flow is copied and says so, and without a script the link shows the same.
func TestFlow_CopyMarkdown(t *testing.T) {
	t.Parallel()
	c, a := signedIn(t)
	c.Go(a.Cfg.BaseURL + "/flow")
	chromium.Evaluate[any](c, `navigator.clipboard.writeText = text => { window.copied = text; return Promise.resolve() }; null`)
	c.Press(`a[data-copy="markdown"]`, "Copied")
	if said := chromium.Evaluate[string](c, `document.querySelector("[role=status]").textContent`); said != "Copied" {
		t.Errorf("a screen reader hears %q", said)
	}
	copied := chromium.Evaluate[string](c, `window.copied`)
	c.NoScript()
	c.Go(a.Cfg.BaseURL + "/flow")
	c.Press(`a[data-copy="markdown"]`, "sequenceDiagram")
	c.WantPath("/flow.md")
	if shown := c.Text(); len(copied) < 500 || strings.TrimSpace(shown) != strings.TrimSpace(copied) {
		t.Errorf("what is copied is\n%s\nand the link shows\n%s", copied, shown)
	}
}

// On paper every step of a flow is there, and no button.
func TestFlow_Print(t *testing.T) {
	t.Parallel()
	c, a := signedIn(t)
	c.Go(a.Cfg.BaseURL + "/flow")
	const steps = `[...document.querySelectorAll("article.step")].filter(e => e.checkVisibility()).length`
	const buttons = `[...document.querySelectorAll("nav, .go, button")].filter(e => e.checkVisibility()).length`
	all := chromium.Evaluate[int](c, `document.querySelectorAll("article.step").length`)
	if n := chromium.Evaluate[int](c, steps); n != 1 || all < 5 {
		t.Errorf("on the screen %d of %d steps are shown", n, all)
	}
	chromium.Call(c, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	if n, pressed := chromium.Evaluate[int](c, steps), chromium.Evaluate[int](c, buttons); n != all || pressed != 0 {
		t.Errorf("on paper there are %d of %d steps, and %d things to press", n, all, pressed)
	}
}
