package main

import (
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"oauth-test-client/internal/chromium"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/demo"
	"oauth-test-client/internal/testserver"
)

// glance is what a reader sees in the first two seconds: the color, the heading, and the forms of the fixes, each with the
// marked parts of the old value and the new one.
type glance struct{ Color, Heading, Fixes string }

// glanceAt takes a glance at the page, and checks that all of it is on the first screen of a laptop.
func glanceAt(c *chromium.Tab) glance {
	c.T.Helper()
	g := chromium.Evaluate[glance](c, `(() => {
		const verdict = document.querySelector(".verdict"), color = ["good", "warn", "bad"].find(name => verdict?.classList.contains(name))
		return {Color: color || "", Heading: document.querySelector("h1").textContent.trim(),
			Fixes: [...document.querySelectorAll(".card.fix")].map(fix => [["change", "add", "look"].find(kind => fix.classList.contains(kind)),
				...[...fix.querySelectorAll("mark")].map(mark => mark.textContent)].join(" ")).join(", ")}
	})()`)
	if bottom := chromium.Evaluate[float64](c, `Math.max(...["h1", ".card.fix"].map(s => document.querySelector(s)?.getBoundingClientRect().bottom || 0)) + scrollY`); bottom > 900 {
		c.T.Errorf("%q and its fix end at %v; want within the first 900 pixels", g.Heading, bottom)
	}
	return g
}

// checkAll presses the button that runs every check, and waits for the result.
func checkAll(c *chromium.Tab, base string) glance {
	c.T.Helper()
	c.Go(base + "/check")
	chromium.Evaluate[bool](c, `window.before = true`)
	chromium.Perform(c, chromedp.Click(chromedp.CSS(`form[action="/check"] button`)))
	if !c.Becomes(`!window.before && document.querySelector("h1") !== null && !document.querySelector("[aria-busy]")`, testserver.Patience) {
		c.T.Fatalf("the checks do not end:\n%s", c.Text())
	}
	return glanceAt(c)
}

// signInAtDemo goes through a login at the demo server as far as it can, and takes a glance at the end. A page of the
// server has no color of ours. If the way back is blocked, the browser stays on the server's page: it is stuck.
func signInAtDemo(c *chromium.Tab, base string, stuck bool) glance {
	c.T.Helper()
	wait := testserver.Patience
	if stuck { // no page follows
		wait = time.Second
	}
	c.Go(base + "/login?prompt=consent")
	for _, button := range []string{`button[value="user_alice"]`, `button[value="allow"]`} {
		if chromium.Evaluate[bool](c, `document.querySelector('`+button+`') !== null`) {
			chromium.Perform(c, chromedp.Click(chromedp.CSS(button)))
			c.Becomes(`document.querySelector('`+button+`') === null`, wait)
		}
	}
	return glanceAt(c)
}

// The first color is never wrong: on home at the start, on home and /check after all checks, and on the page of a login,
// for each mistake that users make in their settings. The first row has no mistake.
func TestFirstColor_EachMistake(t *testing.T) {
	t.Parallel()
	port := testserver.FreePort(t)
	issuer := testserver.StartDemo(t, "http://127.0.0.1:"+port+config.CallbackPath)
	_, closed, _ := net.SplitHostPort(listenLoopback(t).Addr().String())
	right := map[string]string{"ISSUER": issuer, "CLIENT_ID": "a-client", "CLIENT_SECRET": testserver.CheckSecret, "PORT": port, "BASE_URL": "http://127.0.0.1:" + port}
	c := chromium.Open(t)
	c.Resize(1280, 900)
	for _, row := range []struct {
		name                string
		set                 map[string]string
		start, check, login glance
	}{
		{name: "right", start: glance{"", "7 of 17 checks done", ""},
			check: glance{"good", "Ready to sign in", ""}, login: glance{"good", "It works", ""}},
		{name: "wrong secret", set: map[string]string{"CLIENT_SECRET": "a-wrong-secret-1"}, start: glance{"bad", "The server refused the client's credentials", "look"},
			check: glance{"bad", "The client secret is wrong", "look"}, login: glance{"bad", "The client secret is wrong", "look"}},
		{name: "wrong ID", set: map[string]string{"CLIENT_ID": "b-client"}, start: glance{"bad", "The server doesn't recognize the client ID", "look"},
			check: glance{"bad", "The server doesn't recognize the client ID", "look"}, login: glance{"", "This request isn't valid", ""}},
		{name: "wrong port", set: map[string]string{"BASE_URL": "http://localhost:" + port}, start: glance{"bad", "The redirect URI is not registered", "change localhost 127.0.0.1"},
			check: glance{"bad", "The redirect URI is not registered", "change localhost 127.0.0.1"}, login: glance{"", "This request isn't valid", ""}},
		{name: "typo in a scope", set: map[string]string{"SCOPES": "openid profil"}, start: glance{"bad", "A scope is not enabled", "change e"},
			check: glance{"bad", "A scope is not enabled", "change e"}, login: glance{"bad", "A scope is not enabled", "change e"}},
		{name: "issuer with a slash", set: map[string]string{"ISSUER": issuer + "/"}, start: glance{"bad", "The server has a different issuer", "change /"},
			check: glance{"bad", "The server has a different issuer", "change /"}, login: glance{"bad", "The server has a different issuer", "change /"}},
		{name: "issuer of another host", set: map[string]string{"ISSUER": strings.Replace(issuer, "127.0.0.1", "localhost", 1)}, start: glance{"bad", "The server has a different issuer", "change localhost 127.0.0.1"},
			check: glance{"bad", "The server has a different issuer", "change localhost 127.0.0.1"}, login: glance{"bad", "The server has a different issuer", "change localhost 127.0.0.1"}},
		{name: "server down", set: map[string]string{"ISSUER": "http://127.0.0.1:" + closed}, start: glance{"bad", "The authorization server doesn't answer", "look"},
			check: glance{"bad", "The authorization server doesn't answer", "look"}, login: glance{"bad", "The authorization server doesn't answer", "look"}},
		{name: "no secret", set: map[string]string{"CLIENT_SECRET": ""}, start: glance{"bad", "The client secret is missing", "look"},
			check: glance{"bad", "The client secret is missing", "look"}, login: glance{"bad", "The client secret is missing", "look"}},
		{name: "RESOURCE_URL alone", set: map[string]string{"ISSUER": "", "CLIENT_ID": "", "CLIENT_SECRET": "", "RESOURCE_URL": issuer + "/api/me"}, start: glance{"", "4 of 8 checks done", ""},
			check: glance{"good", "Ready to sign in", ""}, login: glance{"good", "It works", ""}},
	} {
		env := maps.Clone(right)
		maps.Copy(env, row.set)
		p := startRun(t, env)
		p.WaitForPort(t, port)
		p.WaitFor(t, "checked  ")
		base := env["BASE_URL"]
		c.Go(base + "/")
		start := glanceAt(c)
		check := checkAll(c, base)
		c.Go(base + "/")
		if home := glanceAt(c); home.Color != check.Color || home.Heading != check.Heading {
			t.Errorf("%s: home is %+v, where /check is %+v", row.name, home, check)
		}
		login := signInAtDemo(c, base, false)
		if start != row.start || check != row.check || login != row.login {
			t.Errorf("%s:\nstart: glance{%q, %q, %q},\ncheck: glance{%q, %q, %q},\nlogin: glance{%q, %q, %q}},", row.name, start.Color, start.Heading, start.Fixes,
				check.Color, check.Heading, check.Fixes, login.Color, login.Heading, login.Fixes)
		}
		p.Interrupt()
		p.Wait(t)
	}
}

// A mistake in .env that is saved while the program runs stands on top of every page, and nothing below it is green.
func TestFirstColor_SavedMistake(t *testing.T) {
	t.Parallel()
	port := testserver.FreePort(t)
	base := "http://localhost:" + port
	issuer := testserver.StartDemo(t, base+config.CallbackPath)
	file, size := filepath.Join(t.TempDir(), ".env"), 0
	save := func(lines ...string) { // each state has a size of its own, as two may be saved within a tick of the file system's clock
		size++
		text := "PORT=" + port + "\n" + strings.Join(lines, "\n") + strings.Repeat("\n", size)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	right := []string{"ISSUER=" + issuer, "CLIENT_ID=a-client", "CLIENT_SECRET=" + testserver.CheckSecret}
	save(right...)
	p := startRun(t, nil, "-env", file)
	p.WaitForPort(t, port)
	p.WaitFor(t, "checked  ")
	c := chromium.Open(t)
	c.Resize(1280, 900)
	if got := checkAll(c, base); got.Color != "good" {
		t.Fatalf("/check is %+v", got)
	}
	for _, row := range []struct {
		name, says string
		lines      []string
	}{
		{"garbage", file + ":5: this line cannot be read; write NAME=value", append(slices.Clip(right), "%% <no> setting")},
		{"discovery URL as issuer", "write ISSUER=" + issuer, append([]string{"ISSUER=" + issuer + "/.well-known/openid-configuration"}, right[1:]...)},
		{"placeholder left", "CLIENT_SECRET (" + file + ":4) holds a placeholder", append(slices.Clip(right[:2]), "CLIENT_SECRET=your-client-secret")},
	} {
		save(row.lines...)
		for _, page := range []struct {
			path, heading string
			look          func() glance
		}{
			{"/", "Ready to sign in, with the previous settings", func() glance { c.Go(base + "/"); return glanceAt(c) }},
			{"/check", "Ready to sign in, with the previous settings", func() glance { return checkAll(c, base) }},
			{"/login", "It works with the previous settings", func() glance { return signInAtDemo(c, base, false) }},
		} {
			if got := page.look(); got != (glance{"", page.heading, ""}) {
				t.Errorf("%s: %s is %+v; want %q without a color", row.name, page.path, got, page.heading)
			}
			note := chromium.Evaluate[string](c, `document.querySelector("body > header ~ .note.bad")?.innerText || ""`)
			if !strings.Contains(note, "has changed, and something in it is wrong") || !strings.Contains(note, row.says) {
				t.Errorf("%s: %s says %q on top; want %s", row.name, page.path, note, row.says)
			}
		}
		save(right...)
		c.Go(base + "/")
		if note := chromium.Evaluate[bool](c, `document.querySelector(".note.bad") !== null`); note {
			t.Errorf("%s: it is mended, and the page says\n%s", row.name, c.Text())
		}
	}
}

// The same for the ten mistakes of the demo server.
func TestFirstColor_Demo(t *testing.T) {
	t.Parallel()
	a := startApp(t, map[string]string{"BASE_URL": "http://localhost:PORT"})
	c := chromium.Open(t)
	c.Resize(1280, 900)
	rows := map[demo.Fault]struct{ check, login glance }{
		demo.RedirectURISlash:    {glance{"bad", "The redirect URI is not registered", "add /"}, glance{"", "This request isn't valid", ""}},
		demo.RedirectURIHost:     {glance{"bad", "The redirect URI is not registered", "change 127.0.0.1"}, glance{"", "This request isn't valid", ""}},
		demo.SecretWrong:         {glance{"bad", "The client secret is wrong", "look"}, glance{"bad", "The client secret is wrong", "look"}},
		demo.AuthMethodWrong:     {glance{"bad", "The client authentication method is wrong", "change"}, glance{"bad", "The client authentication method is wrong", "change"}},
		demo.ClientUnknown:       {glance{"bad", "The server doesn't recognize the client ID", "look"}, glance{"", "This request isn't valid", ""}},
		demo.ScopeNotEnabled:     {glance{"bad", "A scope is not enabled", "change"}, glance{"bad", "A scope is not enabled", "change"}},
		demo.IssuerSlash:         {glance{"bad", "The server has a different issuer", "change"}, glance{"bad", "The server has a different issuer", "change"}},
		demo.IDTokenSignature:    {glance{"good", "Ready to sign in", ""}, glance{"bad", "The ID token's signature cannot be verified", "look"}},
		demo.AccessTokenAudience: {glance{"good", "Ready to sign in", ""}, glance{"good", "It works", ""}},
		demo.ConsentNoWayBack:    {glance{"warn", "Sign in to test the rest", ""}, glance{"", "OAuth Test Client wants to access your account", ""}},
	}
	for _, setUp := range demo.SetUps() {
		r, err := http.PostForm(a.Cfg.BaseURL+"/demo/setup", url.Values{"setup": {string(setUp.Fault)}})
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		row, known := rows[setUp.Fault]
		if !known {
			t.Errorf("%q has no row", setUp.Fault)
			continue
		}
		check := checkAll(c, a.Cfg.BaseURL)
		c.Audit(string(setUp.Fault)) // with the bar that says that something is broken
		login := signInAtDemo(c, a.Cfg.BaseURL, setUp.Fault == demo.ConsentNoWayBack)
		c.Audit(string(setUp.Fault) + ", after the login")
		if check != row.check || login != row.login {
			t.Errorf("%q: {\ncheck: glance{%q, %q, %q},\nlogin: glance{%q, %q, %q}},", setUp.Fault, check.Color, check.Heading, check.Fixes, login.Color, login.Heading, login.Fixes)
		}
	}
}
