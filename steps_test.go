package main

import (
	"html"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"oauth-test-client/internal/demo"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/testserver"
)

// The five steps of a login at the demo server, and the text of each page.
func TestSteps_AllFive(t *testing.T) {
	t.Parallel()
	a := startTalk(t, true)
	b := newBrowserAt(t, a, a.Cfg.BaseURL)
	want := func(page testserver.Reply, words ...string) {
		t.Helper()
		for _, w := range words {
			if !strings.Contains(page.Body, w) {
				t.Errorf("the page lacks %q:\n%s", w, page.Body)
			}
		}
	}
	first := b.Get(b.Location(b.Get("/login?step=1&prompt=consent")))
	want(first, "1. Before the redirect", "Continue at", "code_challenge_method", `name="prompt" value="consent"`)
	to := regexp.MustCompile(`class="button" href="([^"]+)"`).FindStringSubmatch(first.Body)
	if to == nil {
		t.Fatalf("there is no link to the server:\n%s", first.Body)
	}
	third := b.Get(b.Authorize(b.Location(b.Get(html.UnescapeString(to[1]))), "user_alice", "allow"))
	want(third, "3. The browser is back", "✓ same as sent", "✓ as configured", "code_verifier", "Basic [redacted]")
	fourth := b.TakeStep(third)
	want(fourth, "4. The token response", "The code has been used", "The ID token, check by check", "at_hash")
	fifth := b.TakeStep(fourth)
	want(fifth, "5. The API accepts only the token", "With the token: 200", "Without the token: 401", "changed: 401")
	held := accessToken(t, b)
	for _, page := range []testserver.Reply{third, fourth, fifth} {
		if strings.Contains(page.Body, held) || strings.Contains(page.Body, a.Cfg.ClientSecret) {
			t.Error("a page for a projector holds the access token or the secret")
		}
	}
}

// A response that is too long for a cookie finishes the login without the pause before the exchange.
func TestSteps_LongResponse(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	b := newBrowser(t, startApp(t, l.Env()))
	back := l.Approve(t, b.BeginInSteps(""))
	if r := b.Get(back + "&session_state=" + strings.Repeat("a", 5000)); r.StatusCode != http.StatusOK || !strings.Contains(r.Body, "It works") {
		t.Errorf("the login was answered %d:\n%s", r.StatusCode, r.Body)
	}
	if r := b.Get(back); r.StatusCode != http.StatusOK || !strings.Contains(r.Body, "The browser is back") {
		t.Errorf("a reload was answered %d:\n%s", r.StatusCode, r.Body)
	}
}

// Every login step by step asks for sign-in and consent at the demo server, also at the name that one of its mistakes
// moves it to. The request is that of any other login, and a login without steps asks for nothing again.
func TestSteps_AskEachTime(t *testing.T) {
	for _, fault := range []demo.Fault{"", demo.ConsentNoWayBack, demo.RequirePAR} {
		a := startTalk(t, false)
		b := newBrowserAt(t, a, a.Cfg.BaseURL)
		b.Post("/demo/setup", url.Values{"setup": {string(fault)}})
		b.Get(b.Authorize(b.Begin(""), "user_alice", "allow"))
		if to := b.Location(b.Get(b.Begin(""))); !strings.Contains(to, "code=") {
			t.Errorf("%q: a second login without steps is sent to %s", fault, to)
		}
		for range 2 {
			to := b.BeginInSteps("")
			if u, err := url.Parse(to); err != nil || u.Query().Has("prompt") || u.Query().Has("max_age") {
				t.Errorf("%q: the request is %s", fault, to)
			}
			if page := b.Get(to); !strings.Contains(page.Body, `name="user"`) {
				t.Fatalf("%q: step by step, the sign-in is not asked for: %d %s", fault, page.StatusCode, page.Header.Get("Location"))
			}
			page := b.Get(b.Location(b.Post(to, url.Values{"user": {"user_alice"}})))
			if !strings.Contains(page.Body, `value="allow"`) {
				t.Fatalf("%q: step by step, the consent is not asked for: %d %s", fault, page.StatusCode, page.Header.Get("Location"))
			}
			if third := b.Get(b.Authorize(to, "user_alice", "allow")); !strings.Contains(third.Body, "3. The browser is back") {
				t.Errorf("%q: the login does not go on:\n%s", fault, third.Body)
			}
		}
	}
}

// The requests are the same as without steps, except for random values.
func TestSteps_SendSameBytes(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	var mu sync.Mutex
	var sent []string
	l.Around(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			dump, _ := httputil.DumpRequest(r, true)
			mu.Lock()
			sent = append(sent, string(dump))
			mu.Unlock()
			next.ServeHTTP(w, r)
		})
	})
	random := regexp.MustCompile(`(code|code_verifier|state|nonce|code_challenge)=[^&\s]+`)
	run := func(login func(b *testserver.Browser) string) string {
		a := startApp(t, l.Env())
		mu.Lock()
		sent = nil
		mu.Unlock()
		b := newBrowser(t, a)
		asked := login(b)
		if r := b.Ask("/session", false); r.StatusCode != http.StatusOK {
			t.Errorf("no login is kept: /session answered %d %s", r.StatusCode, r.Body)
		}
		mu.Lock()
		defer mu.Unlock()
		all := random.ReplaceAllString(asked+"\n"+strings.Join(sent, "\n"), "$1=random")
		return strings.ReplaceAll(all, strings.TrimPrefix(a.Address, "http://"), "app")
	}
	plain := run(func(b *testserver.Browser) string {
		asked := b.Begin("?prompt=consent&resource=https://api.example/")
		b.Get(l.Approve(t, asked))
		return asked
	})
	inSteps := run(func(b *testserver.Browser) string {
		asked := b.BeginInSteps("&prompt=consent&resource=https://api.example/")
		b.TakeStep(b.Get(l.Approve(t, asked)))
		return asked
	})
	plain, inSteps = strings.ReplaceAll(plain, url.QueryEscape("app"), "app"), strings.ReplaceAll(inSteps, url.QueryEscape("app"), "app")
	escaped := regexp.MustCompile(`127\.0\.0\.1%3A\d+%2Foauth_callback`)
	plain, inSteps = escaped.ReplaceAllString(plain, "app"), escaped.ReplaceAllString(inSteps, "app")
	if plain != inSteps || !strings.Contains(plain, "POST /token") || !strings.Contains(plain, "GET /jwks") {
		t.Errorf("without steps went\n%s\n\nstep by step went\n%s", plain, inSteps)
	}
}

// The page that shows the token request shows the one that is sent.
func TestSteps_ShowWhatIsSent(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"client_secret_basic", "client_secret_post", "none"} {
		l := testserver.StartFakeServer(t)
		env := l.Env()
		env["TOKEN_ENDPOINT_AUTH_METHOD"] = method
		if method == "none" {
			delete(env, "CLIENT_SECRET")
		}
		b := newBrowser(t, startApp(t, env))
		back := b.Get(l.Approve(t, b.BeginInSteps("&resource=https://api.example/")))
		b.TakeStep(back)
		sent := l.LastForm()
		for name, values := range sent.PostForm {
			value := values[0]
			if name == "client_secret" {
				value = "$CLIENT_SECRET"
			}
			shown := regexp.MustCompile(`(?s)<dt>` + name + `</dt><dd><span class="value[^"]*">` + regexp.QuoteMeta(value) + `</span>`)
			if !shown.MatchString(back.Body) {
				t.Errorf("%s: %s=%s was sent and not shown:\n%s", method, name, value, back.Body)
			}
		}
		if got, want := strings.Contains(back.Body, "Authorization: Basic [redacted]"), method == "client_secret_basic"; got != want {
			t.Errorf("%s: HTTP Basic is shown: %t", method, got)
		}
	}
}

// A waiting login belongs to this browser alone, even if another knows the addresses of the callback and of the step.
func TestSteps_OtherBrowser(t *testing.T) {
	t.Parallel()
	for entrance := range testserver.Entrances(nil) {
		t.Run(entrance, func(t *testing.T) { testStepsOfAnotherBrowser(t, entrance) })
	}
}

func testStepsOfAnotherBrowser(t *testing.T, entrance string) {
	l := testserver.StartFakeServer(t)
	a := startApp(t, testserver.Entrances(l.Env())[entrance])
	b, other := newBrowser(t, a), newBrowser(t, a)
	other.Get("/login?step=1")
	callback := l.Approve(t, b.BeginInSteps(""))
	other.GetJSON(callback).WantError(t, 400, "invalid_state", "")
	back := b.Get(callback)
	form := back.StepForm()
	other.GetJSON(callback).WantError(t, 400, "invalid_state", "")
	other.GetJSON("/step?login="+form.Get("login")).WantError(t, 404, "step_gone", "a different browser")
	u, _ := url.Parse(a.Address)
	for _, c := range b.Client.Jar.Cookies(u) { // with its cookie, but for one character
		if strings.HasPrefix(c.Name, "step_") {
			other.Client.Jar.SetCookies(u, []*http.Cookie{
				{Name: c.Name, Value: oauth.Altered(c.Value)},
				{Name: "step_" + a.Cfg.Port + "_AAAAAAAA", Value: c.Value},
			})
		}
	}
	for _, handle := range []string{form.Get("login"), "AAAAAAAA", "", "begun"} {
		if handle == "begun" { // with what its own cookie would be before the response
			handle = form.Get("login")
			other.Client.Jar.SetCookies(u, []*http.Cookie{{Name: "step_" + a.Cfg.Port + "_" + handle, Value: "begun"}})
		}
		other.Post("/step", url.Values{"login": {handle}, "do": {"exchange"}})
		other.GetJSON("/step?login="+handle).WantError(t, 404, "step_gone", "")
	}
	if n := l.Asked("POST /token"); n != 0 {
		t.Errorf("another browser had the code exchanged")
	}
	cross, _ := http.NewRequest(http.MethodPost, a.Address+"/step", strings.NewReader(form.Encode()))
	cross.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	cross.Header.Set("Sec-Fetch-Site", "cross-site")
	if r := b.Do(cross); r.StatusCode != http.StatusForbidden {
		t.Errorf("another site's form answered %d", r.StatusCode)
	}
	if page := b.TakeStep(back); !strings.Contains(page.Body, "4. The token response") { // the honest twin
		t.Errorf("this browser's own step answered %d:\n%s", page.StatusCode, page.Body)
	}
}

// A failed step is reported like any failed login, and the login is over.
func TestSteps_FailedStepEndsLogin(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	l.Token = testserver.SendBody(400, "application/json", `{"error":"invalid_grant","error_description":"Too late."}`)
	a := startApp(t, l.Env())
	b := newBrowser(t, a)
	back := b.Get(l.Approve(t, b.BeginInSteps("")))
	form := back.StepForm()
	if failed := b.Post("/step", form); failed.StatusCode != http.StatusBadGateway || !strings.Contains(failed.Body, "Too late.") ||
		!strings.Contains(failed.Body, "<strong>token request:</strong>") {
		t.Errorf("the failed exchange answered %d:\n%s", failed.StatusCode, failed.Body)
	}
	if again := b.Get(b.Location(b.Post("/step", form))); again.StatusCode != http.StatusNotFound || l.Asked("POST /token") != 1 {
		t.Errorf("a second press answered %d, and the token endpoint was asked %d times", again.StatusCode, l.Asked("POST /token"))
	}
	b.WantNothingKept()
}

// The last step tells an API that does what it should from one that does not.
func TestSteps_JudgeAPI(t *testing.T) {
	t.Parallel()
	const right = "Bearer fake-access-token"
	for name, row := range map[string]struct {
		opens func(authorization string) bool
		want  string
	}{
		"sound":                {func(a string) bool { return a == right }, "The API accepts only the token"},
		"open to everybody":    {func(string) bool { return true }, "Some answers are wrong"},
		"open to altered ones": {func(a string) bool { return strings.HasPrefix(a, "Bearer ") }, "Some answers are wrong"},
		"closed":               {func(string) bool { return false }, "The API rejected the token"},
	} {
		t.Run(name, func(t *testing.T) {
			l := testserver.StartFakeServer(t)
			l.Other = func(w http.ResponseWriter, r *http.Request) {
				if !row.opens(r.Header.Get("Authorization")) {
					w.WriteHeader(http.StatusUnauthorized)
				}
				io.WriteString(w, `{}`)
			}
			env := l.Env()
			env["RESOURCE_URL"] = l.Issuer + "/api"
			b := newBrowser(t, startApp(t, env))
			tokens := b.TakeStep(b.Get(l.Approve(t, b.BeginInSteps(""))))
			if page := b.TakeStep(tokens); !strings.Contains(page.Body, row.want) || strings.Contains(page.Body, `href="/api">See why<`) != (name == "closed") {
				t.Errorf("the page lacks %q, or offers the wrong button:\n%s", row.want, page.Body)
			}
		})
	}
}

// The thread of a login step by step: every page leads to the step at which it stands, what is past is read only, and
// nothing is said to be missing before the browser has left.
func TestSteps_PastIsReadOnly(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	b := newBrowser(t, startApp(t, l.Env()))
	has := func(address string, words ...string) testserver.Reply {
		t.Helper()
		page := b.Get(address)
		for _, w := range words {
			if not, ok := strings.CutPrefix(w, "!"); ok == strings.Contains(page.Body, not) {
				t.Errorf("%s: %q is there: %t:\n%s", address, not, ok, page.Body)
			}
		}
		return page
	}
	const unfinished = `id="unfinished"`
	first := b.Location(b.Get("/login?step=1"))
	if again := b.Get(first).Body; again != b.Get(first).Body {
		t.Error("a reload of the first step shows another request")
	}
	step := strings.TrimSuffix(first, "&show=1")
	has("/", "Resume at step 1", "!"+unfinished)
	has("/flow", "What went over the wire so far", "Resume at step 1")
	has(step+"&show=4", "1. Before the redirect") // which is not there yet
	to := b.Location(b.Get(step + "&do=leave"))
	has("/", "Resume at step 1", unfinished)
	callback := l.Approve(t, to)
	third := b.Get(callback).Body
	has("/", "Resume at step 3", "!"+unfinished)
	has("/check", "Resume at step 3")
	has("/nothing", "Resume at step 3")
	if to := b.Location(b.Get("/step")); to != step+"&show=3" {
		t.Errorf("/step leads to %q; want %s", to, step+"&show=3")
	}
	has("/flow", "What went over the wire so far", "code_verifier")
	for number, words := range map[string]string{"1": "Before the redirect", "2": "This app saw nothing"} {
		if page := has(step+"&show="+number, words, "Return to step 3", "Nothing on this page changes the login"); page.StepForm() != nil {
			t.Errorf("step %s can be taken again:\n%s", number, page.Body)
		}
	}
	b.Get(step + "&do=leave")                                                                        // Back, twice, and Continue: the login has come back already
	b.Post("/step", url.Values{"login": {step[len(step)-8:]}, "do": {"edit"}, "scope": {"profile"}}) // and is not changed
	code := regexp.MustCompile(`follow-code">[^<]+`).FindString(third)
	for _, address := range []string{callback, step, step + "&show=3"} {
		if page := has(address, "3. The browser is back", code); code == "" || page.StepForm() == nil {
			t.Errorf("%s is not the third step with its code:\n%s", address, page.Body)
		}
	}
	fourth := b.TakeStep(b.Get(callback))
	if !strings.Contains(fourth.Body, "4. The token response") {
		t.Errorf("the login does not go on:\n%s", fourth.Body)
	}
	has("/", "!Resume at")
	has("/flow", "!so far", "token request")
	if page := has(step+"&show=3", "Return to step 4", code); page.StepForm() != nil {
		t.Errorf("the code can be exchanged again:\n%s", page.Body)
	}
}

// A login that is begun from another site's link has its first step at once: a redirect would bring that site along.
func TestSteps_LinkFromElsewhere(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	for site, want := range map[string]int{"": 303, "none": 303, "same-origin": 303, "cross-site": 200} {
		req, _ := http.NewRequest(http.MethodGet, a.Address+"/login?step=1", nil)
		req.Header.Set("Sec-Fetch-Site", site)
		req.Header.Set("Sec-Fetch-Mode", "navigate")
		req.Header.Set("Sec-Fetch-Dest", "document")
		if r := newBrowser(t, a).Do(req); r.StatusCode != want {
			t.Errorf("from %q it answered %d; want %d", site, r.StatusCode, want)
		}
	}
}
