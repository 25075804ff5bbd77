package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"oauth-test-client/internal/chromium"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/testserver"
)

// The address of the result has no code, a reload sends nothing, and the address that was pasted is in no log.
func TestPasted_CodeStaysOut(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	a := startApp(t, testserver.Entrances(l.Env())[", pasted"])
	b := newBrowser(t, a)
	address := l.Approve(t, b.Begin(""))
	u, _ := url.Parse(address)
	a.Log.Secret(u.Query().Get("code"), u.Query().Get("state"))
	r := b.Do(b.Bring(address))
	to := b.Location(r)
	if r.StatusCode != http.StatusSeeOther || strings.Contains(to, u.Query().Get("code")) || strings.Contains(r.Body, u.Query().Get("code")) {
		t.Fatalf("the form was answered %d, and leads to %s", r.StatusCode, to)
	}
	for name, page := range map[string]testserver.Reply{"the result": b.Get(to), "a reload": b.Get(to), "the form sent again": b.Get(address)} {
		if page.StatusCode != http.StatusOK || !strings.Contains(page.Body, "<h1>It works</h1>") {
			t.Errorf("%s answered %d:\n%s", name, page.StatusCode, page.Body)
		}
	}
	if n := l.Asked("POST /token"); n != 1 {
		t.Errorf("the token endpoint was asked %d times", n)
	}
	if r := b.Do(b.Bring(l.Approve(t, b.BeginInSteps("")))); !strings.HasPrefix(b.Location(r), a.Address+"/step?login=") {
		t.Errorf("step by step the form leads to %s", b.Location(r))
	}
	if flow := b.Get("/flow"); !strings.Contains(flow.Body, "GET https://app.example.com/callback") || !strings.Contains(flow.Body, "its URL, pasted") {
		t.Errorf("the flow does not show where the browser was sent:\n%s", flow.Body)
	}
	har := b.GetJSON("/flow.har").Body
	if strings.Contains(har, u.Query().Get("code")) || !strings.Contains(har, "https://app.example.com/callback?code=[redacted]") {
		t.Errorf("the file has the code, or lacks the response:\n%s", har)
	}
}

// A wrong pasted address is refused without repeating it, with the form to try again, and the login still waits.
func TestPasted_WrongAddress(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	a := startApp(t, testserver.Entrances(l.Env())[", pasted"])
	b, other := newBrowser(t, a), newBrowser(t, a)
	address := l.Approve(t, b.Begin(""))
	u, _ := url.Parse(address)
	code := u.Query().Get("code")
	_, query, _ := strings.Cut(address, "?")
	for pasted, words := range map[string]string{
		"":   "No address was pasted",
		code: "This URL is incomplete",
		"https://elsewhere.example/callback?" + query:                       "a different host or port",
		"http://app.example.com/callback?" + query:                          "a different scheme",
		"https://app.example.com/callback/" + code + "?" + query:            "a different path",
		"https://app.example.com/callback#" + query:                         "after a #",
		"https://app.example.com/callback":                                  "form_post",
		strings.Replace(address, "?", "?x="+strings.Repeat("x", 9<<10), 1):  "more than 8 KB",
		strings.Replace(address, "?", "?x="+strings.Repeat("x", 70<<10), 1): "at most 64 KB",
	} {
		page := b.Post(config.CallbackPath, url.Values{"address": {pasted}})
		if page.StatusCode != 400 || !strings.Contains(page.Body, words) || strings.Contains(page.Body, code) {
			t.Errorf("%.80s answered %d without %q, or with the code:\n%s", pasted, page.StatusCode, words, page.Body)
		}
		if words != "at most 64 KB" && !strings.Contains(page.Body, `<form class="paste"`) {
			t.Errorf("%.80s: there is no form to try again:\n%s", pasted, page.Body)
		}
	}
	twice := b.Post(config.CallbackPath, url.Values{"address": {address, address}})
	if twice.StatusCode != 400 || !strings.Contains(twice.Body, "must have one field") {
		t.Errorf("two addresses were answered %d", twice.StatusCode)
	}
	for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example", "Sec-Purpose": "prefetch"} {
		req := b.Bring(address)
		if name == "Origin" { // of a browser that sends no Sec-Fetch-Site
			req.Header.Del("Sec-Fetch-Site")
		}
		req.Header.Set(name, value)
		if r := b.Do(req); r.StatusCode < 400 {
			t.Errorf("with %s: %s the form was answered %d", name, value, r.StatusCode)
		}
	}
	other.GetJSON(address).WantError(t, 400, "invalid_state", "not started in this browser")
	if n := l.Asked("POST /token"); n != 0 {
		t.Errorf("the token endpoint was asked %d times", n)
	}
	if home := b.Get("/"); !strings.Contains(home.Body, "A login waits for its URL") || !strings.Contains(home.Body, `<form class="paste"`) ||
		strings.Contains(home.Body, "hasn’t come back") {
		t.Errorf("the start page has no form for the login that waits:\n%s", home.Body)
	}
	if r := b.Post(config.CallbackPath, url.Values{"address": {" \n" + address + "\r\n"}}); r.StatusCode != http.StatusSeeOther {
		t.Errorf("after all that the right address was answered %d:\n%s", r.StatusCode, r.Body)
	}
}

// A server that sends the browser to https on this machine: home takes the address, in the same browser, once.
func TestPastedTwin_OnceInSameBrowser(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	a := startApp(t, l.Env())
	b, other := newBrowser(t, a), newBrowser(t, a)
	const form = `<form class="paste" method="post" action="/oauth_callback">`
	if home := b.Get("/"); strings.Contains(home.Body, form) {
		t.Error("the start page has the form while no login waits")
	}
	callback := l.Approve(t, b.Begin(""))
	u, _ := url.Parse(callback)
	code := u.Query().Get("code")
	a.Log.Secret(code)
	twin := strings.Replace(callback, "http://", "https://", 1)
	if home := b.Get("/"); !strings.Contains(home.Body, form) || !strings.Contains(home.Body, a.Cfg.HTTPSTwin()) {
		t.Errorf("the start page has no form for the login that waits:\n%s", home.Body)
	}
	page := b.Post(config.CallbackPath, url.Values{"address": {"https://evil.example/oauth_callback?" + u.RawQuery}})
	if page.StatusCode != 400 || !strings.Contains(page.Body, "a different host or port") || !strings.Contains(page.Body, form) || strings.Contains(page.Body, code) {
		t.Errorf("another host was answered %d:\n%s", page.StatusCode, page.Body)
	}
	if r := other.Post(config.CallbackPath, url.Values{"address": {twin}}); r.StatusCode != 400 || l.Asked("POST /token") != 0 {
		t.Errorf("another browser was answered %d", r.StatusCode)
	}
	for name, want := range map[string]int{"cross-site": 403, "same-site": 403} {
		req, _ := http.NewRequest(http.MethodPost, a.URL+config.CallbackPath, strings.NewReader(url.Values{"address": {twin}}.Encode()))
		req.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {name}, "Sec-Fetch-Mode": {"cors"}}
		if r := b.Do(req); r.StatusCode != want {
			t.Errorf("from %s it was answered %d", name, r.StatusCode)
		}
	}
	for range 2 { // the second time it is the result of the first
		r := b.Post(config.CallbackPath, url.Values{"address": {twin}})
		if to := b.Location(r); r.StatusCode != http.StatusSeeOther || strings.Contains(to, code) {
			t.Fatalf("the right address was answered %d, and leads to %s:\n%s", r.StatusCode, to, r.Body)
		}
	}
	if n := l.Asked("POST /token"); n != 1 {
		t.Errorf("the token endpoint was asked %d times", n)
	}
}

// The flow of a login says whether its response was pasted, and shows the address at which the browser stopped.
func TestPastedTwin_Flow(t *testing.T) {
	t.Parallel()
	const note, step = "The browser did not come back by itself. You pasted the URL at which it stopped.", "The browser did not come back by itself, and you pasted the URL."
	l := testserver.StartFakeServer(t)
	a := startApp(t, l.Env())
	for name, row := range map[string]struct {
		paste  func(callback string) string // "" where the browser brings it
		at     string                       // where the flow says that it arrived
		pasted bool
	}{
		"the browser":         {func(string) string { return "" }, a.Cfg.RedirectURI(), false},
		"https":               {func(c string) string { return strings.Replace(c, "http://", "https://", 1) }, a.Cfg.HTTPSTwin(), true},
		"HTTPS, as it may be": {func(c string) string { return " " + strings.Replace(c, "http://", "HTTPS://", 1) }, a.Cfg.HTTPSTwin(), true},
		"the redirect URI":    {func(c string) string { return c }, a.Cfg.RedirectURI(), true},
	} {
		b := newBrowser(t, a)
		bring := func(callback string) testserver.Reply {
			t.Helper()
			if address := row.paste(callback); address != "" {
				return b.Get(b.Location(b.Post(config.CallbackPath, url.Values{"address": {address}})))
			}
			return b.Get(callback)
		}
		if page := bring(l.Approve(t, b.BeginInSteps(""))); strings.Contains(page.Body, step) != row.pasted || !strings.Contains(page.Body, "It carries:") && row.pasted {
			t.Errorf("%s, step by step: %t is wrong in\n%s", name, row.pasted, page.Body)
		}
		bring(l.Approve(t, b.Begin("")))
		flow := b.Get("/flow")
		if strings.Contains(flow.Body, note) != row.pasted || !strings.Contains(flow.Body, "<code>GET "+row.at+"</code>") {
			t.Errorf("%s: the flow should say that it was pasted: %t, at %s\n%s", name, row.pasted, row.at, flow.Body)
		}
		if har := b.GetJSON("/flow.har").Body; !strings.Contains(har, row.at+"?code=[redacted]") {
			t.Errorf("%s: the file has another address:\n%s", name, har)
		}
	}
}

// After a restart with a different redirect URI, a pasted address is sent nowhere.
func TestPasted_AfterRestart(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	env := l.Env()
	env["SESSION_SECRET"], env["REDIRECT_URI"] = "0123456789abcdef", "https://app.example.com/callback"
	one := startApp(t, env)
	b := newBrowser(t, one)
	address := l.Approve(t, b.Begin(""))
	one.Close()
	for _, row := range []struct {
		uri  string
		code string
	}{{"https://other.example.com/callback", "other_server"}, {"https://app.example.com/callback", ""}} {
		env["REDIRECT_URI"] = row.uri
		two := startAppAt(t, testserver.FreePort(t), map[string]string{"BASE_URL": one.Cfg.BaseURL, "ISSUER": env["ISSUER"], "CLIENT_ID": env["CLIENT_ID"],
			"CLIENT_SECRET": env["CLIENT_SECRET"], "SESSION_SECRET": env["SESSION_SECRET"], "REDIRECT_URI": row.uri})
		again := newBrowser(t, two)
		here, _ := url.Parse(one.Address)
		again.Client.Jar.SetCookies(here, b.Client.Jar.Cookies(here))
		again.Host = here.Host
		r := again.GetJSON(strings.Replace(address, "https://app.example.com/callback", row.uri, 1))
		if row.code != "" {
			r.WantError(t, 400, row.code, "You started this login with different settings")
			if n := l.Asked("POST /token"); n != 0 {
				t.Errorf("the code was sent %d times", n)
			}
		} else if r.StatusCode != 200 {
			t.Errorf("with the same redirect URI it was answered %d %s", r.StatusCode, r.Body)
		}
	}
}

// The page that begins the login stays open beside the server's, and a program is redirected as ever.
func TestLogin_LeavesPageOpen(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	for entrance, env := range testserver.Entrances(l.Env()) {
		b := newBrowser(t, startApp(t, env))
		page, program := b.Get("/login"), b.GetJSON("/login")
		opens := strings.Contains(page.Body, `target="_blank" rel="noopener"`) &&
			strings.Contains(page.Body, `<form class="paste" method="post" action="/oauth_callback">`)
		if pasted := entrance != ""; opens != pasted || (page.StatusCode == http.StatusOK) != pasted {
			t.Errorf("/login%s answered %d:\n%s", entrance, page.StatusCode, page.Body)
		}
		if to := program.Header.Get("Location"); program.StatusCode != http.StatusFound || !strings.HasPrefix(to, l.Issuer+"/authorize?") {
			t.Errorf("a program is sent%s to %q by a %d", entrance, to, program.StatusCode)
		}
	}
}

// The tries of /misuse go through the form like every login, and find the same.
func TestMisusePage_Pasted(t *testing.T) {
	t.Parallel()
	b := newBrowser(t, startApp(t, testserver.Entrances(nil)[", pasted"]))
	b.Login()
	logins := 0
	for r := b.Post("/misuse", nil); strings.Contains(r.Body, `target="_blank"`) && logins < 12; logins++ {
		if r.Header.Get("Refresh") != "" {
			t.Fatal("the page leaves before the address can be pasted")
		}
		r = b.Get(b.Authorize(b.Leaves(r), "user_alice", "allow"))
	}
	if run := b.ReadMisuse(); logins != 7 || run.Result != "ok" || run.Tried != 9 {
		t.Errorf("after %d logins it says %+v", logins, run)
	}
}

// An application that answers at the redirect URI may use the code first: the error says so.
func TestPasted_CodeUsedByApplication(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	l.Token = testserver.SendBody(400, "application/json", `{"error":"invalid_grant"}`)
	b := newBrowser(t, startApp(t, testserver.Entrances(l.Env())[", pasted"]))
	if page := b.Get(l.Approve(t, b.Begin(""))); !strings.Contains(page.Body, "GET https://app.example.com/callback") {
		t.Errorf("the flow of the error does not show where the browser was sent:\n%s", page.Body)
	}
	const words = "The application at https://app.example.com/callback may have used the code first"
	b.GetJSON(l.Approve(t, b.Begin(""))).WantError(t, 502, "invalid_grant", words)
}

// The command login waits for the address like for any other way back, also past a wrong one.
func TestLoginCommand_Pasted(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	env := testserver.Entrances(l.Env())[", pasted"]
	p, base := startLogin(t, env)
	b := testserver.NewBrowser(t, &testserver.App{Address: base, Log: p.Err, Cfg: config.Config{BaseURL: base, RedirectOverride: env["REDIRECT_URI"]}})
	address := l.Approve(t, b.Begin(p.LoginQuery(t)))
	b.Post(config.CallbackPath, url.Values{"address": {"https://elsewhere.example/?code=a&state=b"}})
	b.GetJSON(address)
	if code := p.Wait(t); code != 0 || !strings.Contains(p.Out.String(), "The login works.") {
		t.Errorf("it ended with %d and said\n%s", code, p.Out)
	}
}

// A real browser: the link opens a tab, the tab stops at another program's page, and its address finishes the
// login on the page that stayed. No script is needed.
func TestPasted_InChromium(t *testing.T) {
	t.Parallel()
	application := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("an application")) }))
	defer application.Close()
	a := startApp(t, map[string]string{"REDIRECT_URI": application.URL + "/callback"})
	page := chromium.Open(t)
	page.Go(a.Address + "/login?prompt=consent")
	page.WaitFor("Sign in, then paste the URL")
	page.Shot("paste")
	page.NoScript()
	tab := page.Tab()
	tab.Go(chromium.Perform(page, chromedp.AttributeValue(chromedp.CSS(`a[target="_blank"]`), "href")).Value)
	tab.WaitFor("Choose any user")
	tab.Press(`button[value="user_alice"]`, "wants to access your account")
	tab.Press(`button[value="allow"]`, "an application")
	address := chromium.Perform(tab, chromedp.Location())
	paste(page, "http://127.0.0.1:1/callback?code=a&state=b", "The pasted URL can't finish the login")
	paste(page, address, "It works")
	if at := chromium.Perform(page, chromedp.Location()); strings.Contains(at, "code=") {
		t.Errorf("the code is in the browser's history: %s", at)
	}
}

// paste sends the form with an address, and waits for the words.
func paste(c *chromium.Tab, address, words string) {
	c.T.Helper()
	chromium.Perform(c, chromedp.SendKeys(chromedp.CSS("#address"), address))
	c.Press("form.paste button", words)
}
