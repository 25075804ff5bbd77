package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
)

// startLogin starts the command login on a free port, and returns its BASE_URL.
func startLogin(t *testing.T, env map[string]string, args ...string) (*testserver.Process, string) {
	t.Helper()
	port := testserver.FreePort(t)
	full := map[string]string{"PORT": port}
	for name, value := range env {
		full[name] = value
	}
	p := startRun(t, full, append([]string{"login"}, args...)...)
	p.WaitForPort(t, port)
	return p, "http://localhost:" + port
}

// What the command says and how it ends, for a login that works, one that does not, and none.
func TestLoginCommand_OutcomeAndExitCode(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		args  []string
		spoil func(*testserver.FakeServer)
		stays bool // the browser never comes back
		code  int
		out   []string // in stdout
		never []string // nowhere in stdout
	}{
		{
			"works",
			nil,
			nil,
			false,
			0,
			[]string{"open: http://localhost:", "/login?run=", "\nSign in there.", "The login works.", "ID token       verified, ", "refresh token  issued"},
			[]string{"fake-access-token", "Fake User", "user-1"},
		},
		{"a scope that repeats the secret", nil, func(l *testserver.FakeServer) {
			l.Response = func(response map[string]any) { response["scope"] = "openid " + testserver.FakeClientSecret }
		}, false, 0, []string{"scopes         openid [redacted]"}, []string{testserver.FakeClientSecret}},
		{"works, for programs", []string{"-json"}, nil, false, 0, []string{`"access_token":"fake-access-token"`}, []string{"open: ", "works"}},
		{"an ID token of somebody else", nil, func(l *testserver.FakeServer) { l.Claims = func(c map[string]any) { c["aud"] = "other" } }, false, 1,
			[]string{"FAIL", "id-token-for-another", "the check of aud"}, []string{"fake-access-token", "works"}},
		{"a refusal, for programs", []string{"-json"}, func(l *testserver.FakeServer) {
			l.Token = testserver.SendBody(401, "application/json", `{"error":"invalid_client","error_description":"no `+testserver.FakeClientSecret+`"}`)
		}, false, 1, []string{`"error":"invalid_client"`, `"name":"client-secret-wrong"`}, []string{testserver.FakeClientSecret, "open: "}},
		{"a refusal that would command GitHub's runner", nil, func(l *testserver.FakeServer) {
			l.Token = testserver.SendBody(400, "application/json", `{"error":"invalid_grant","error_description":"a\n::error::b"}`)
		}, false, 1, []string{"FAIL", "invalid_grant"}, []string{"\n::error"}},
		{
			"the server cannot be found",
			nil,
			func(l *testserver.FakeServer) { l.Metadata = testserver.SendBody(404, "text/plain", "") },
			false,
			1,
			[]string{"FAIL", "server-not-found", "Check the host and the path of ISSUER"},
			[]string{"server_not_found"}, // a second name for the same
		},
		{
			"nobody comes",
			[]string{"-timeout", "1s"},
			nil,
			true,
			1,
			[]string{"FAIL", "No login came back within 1s", "login-never-came-back"},
			[]string{"works"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := testserver.StartFakeServer(t)
			if row.spoil != nil {
				row.spoil(l)
			}
			p, base := startLogin(t, l.Env(), row.args...)
			if !row.stays {
				b := testserver.NewBrowser(t, &testserver.App{Address: base, Log: p.Err})
				b.GetJSON("/oauth_callback?code=a&state=of-nobody") // is no login of this program
				if r := b.Get("/login" + p.LoginQuery(t)); r.StatusCode == 302 {
					b.GetJSON(l.Approve(t, b.Location(r)))
				}
			}
			code, said := p.Wait(t), p.Out.String()
			if code != row.code {
				t.Errorf("it ended with %d; want %d\nstdout:\n%s\nstderr:\n%s", code, row.code, said, p.Err)
			}
			for _, words := range row.out {
				if !strings.Contains(said, words) {
					t.Errorf("it did not say %q:\n%s", words, said)
				}
			}
			for _, words := range row.never {
				if strings.Contains(said, words) {
					t.Errorf("it said %q:\n%s", words, said)
				}
			}
		})
	}
}

// The command suggests an issuer that was tried, as the page and check do, with steps and without.
func TestLoginCommand_TriesTheIssuer(t *testing.T) {
	t.Parallel()
	for _, steps := range []string{"", "&step=1"} {
		l := testserver.StartFakeServer(t)
		env := l.Env()
		env["ISSUER"] += "/"
		p, base := startLogin(t, env)
		b := testserver.NewBrowser(t, &testserver.App{Address: base, Log: p.Err})
		b.Get("/login" + p.LoginQuery(t) + steps)
		code, said := p.Wait(t), p.Out.String()
		for _, words := range []string{"[issuer-differs]", "ISSUER=" + l.Env()["ISSUER"] + "\n"} {
			if code != 1 || !strings.Contains(said, words) {
				t.Errorf("it ended with %d and did not say %q:\n%s", code, words, said)
			}
		}
	}
}

// Only the login of the address that the command prints counts: another site cannot end it, with a login that fails or
// with one that works, and neither can anyone who guesses.
func TestLoginCommand_OnlyItsOwnLogin(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	p, base := startLogin(t, l.Env())
	run := p.LoginQuery(t)
	other := testserver.NewBrowser(t, &testserver.App{Address: base, Log: p.Err})
	for _, query := range []string{"", "?run=", "?run=AAAAAAAAAAAAAAAAAAAAAAAAAA"} {
		req, _ := http.NewRequest(http.MethodGet, base+"/login"+query, nil)
		for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"} {
			req.Header.Set(name, value)
		}
		to := other.Location(other.Do(req))
		u, err := url.Parse(to)
		if err != nil {
			t.Fatal(err)
		}
		other.GetJSON("/oauth_callback?error=login_required&iss=" + url.QueryEscape(l.Issuer) + "&state=" + u.Query().Get("state"))
		other.GetJSON(l.Approve(t, other.Begin(query)))
	}
	b := testserver.NewBrowser(t, &testserver.App{Address: base, Log: p.Err})
	b.GetJSON(l.Approve(t, b.Begin(run)))
	if code, said := p.Wait(t), p.Out.String(); code != 0 || strings.Contains(said, "login_required") {
		t.Errorf("it ended with %d and said\n%s", code, said)
	}
}

// The page before a step-by-step login keeps the run, where its parameters are changed, too.
func TestLoginCommand_KeepsTheRunInSteps(t *testing.T) {
	t.Parallel()
	p, base := startLogin(t, testserver.StartFakeServer(t).Env())
	b := testserver.NewBrowser(t, &testserver.App{Address: base, Log: p.Err})
	query := p.LoginQuery(t)
	at := b.Location(b.Get("/login" + query + "&step=1"))
	run := strings.TrimPrefix(query, "?run=")
	keeps := regexp.MustCompile(`href="/login\?[^"]*run=` + run)
	page := b.Get(at)
	if !keeps.MatchString(page.Body) {
		t.Errorf("the page loses the run:\n%s", page.Body)
	}
	handle := regexp.MustCompile(`name="login" value="(\w+)"`).FindStringSubmatch(page.Body)
	edited := b.Get(b.Location(b.Post("/step", url.Values{"login": {handle[1]}, "do": {"edit"}, "prompt": {"login"}})))
	if !keeps.MatchString(edited.Body) || !strings.Contains(edited.Body, "prompt=login") {
		t.Errorf("the changed request loses the run:\n%s", edited.Body)
	}
	b.Get("/step?do=leave&login=" + handle[1])
	if again := b.Get(at).Body; !strings.Contains(again, `name="run" value="`+run+`"`) {
		t.Errorf("once the browser has left, the form loses the run:\n%s", again)
	}
	if page := b.Get(b.Location(b.Get("/login?run=guessed&step=1"))).Body; strings.Contains(page, "guessed") || strings.Contains(page, run) {
		t.Errorf("another login becomes the run's:\n%s", page)
	}
	p.Interrupt()
	p.Wait(t)
}

// A user who stops the command does not see a message about a timeout.
func TestLoginCommand_Interrupted(t *testing.T) {
	t.Parallel()
	p, _ := startLogin(t, testserver.StartFakeServer(t).Env())
	p.Interrupt()
	if code := p.Wait(t); code != 1 || !strings.Contains(p.Out.String(), "Stopped before a login came back") {
		t.Errorf("it ended with %d and said:\n%s", code, p.Out)
	}
}

// A step-by-step login is reported like any other: that it works, or at which step it failed.
func TestLoginCommand_InSteps(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		spoil func(*testserver.FakeServer)
		code  int
		words string
	}{
		"works": {nil, 0, "The login works."},
		"the server refuses": {func(l *testserver.FakeServer) {
			l.Callback = func(response map[string]string) { delete(response, "code"); response["error"] = "access_denied" }
		}, 1, "access_denied"},
		"the code is refused": {func(l *testserver.FakeServer) {
			l.Token = testserver.SendBody(400, "application/json", `{"error":"invalid_grant"}`)
		}, 1, "invalid_grant"},
	} {
		t.Run(name, func(t *testing.T) {
			l := testserver.StartFakeServer(t)
			if row.spoil != nil {
				row.spoil(l)
			}
			p, base := startLogin(t, l.Env())
			b := testserver.NewBrowser(t, &testserver.App{Address: base, Log: p.Err})
			if back := b.Get(l.Approve(t, b.BeginInSteps("&"+strings.TrimPrefix(p.LoginQuery(t), "?")))); back.StatusCode == http.StatusOK {
				b.Post("/step", back.StepForm())
			}
			if code, said := p.Wait(t), p.Out.String(); code != row.code || !strings.Contains(said, row.words) {
				t.Errorf("it ended with %d and said\n%s", code, said)
			}
		})
	}
}

// The parameters of -param are sent with the login, before those of the settings and after those of its address. What
// cannot be sent ends the command before anyone signs in.
func TestLoginCommand_Param(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	env := l.Env()
	env["AUTHORIZATION_PARAMS"] = "prompt=consent&hd=example.com&display=page"
	p, base := startLogin(t, env, "-param", "hd=example.org", "-param", `claims={"a b":"c&d=e"}`, "-param", "display=popup", "-param", "scope=openid a")
	b := testserver.NewBrowser(t, &testserver.App{Address: base, Log: p.Err})
	to, err := url.Parse(b.Begin(p.LoginQuery(t) + "&display=touch"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"prompt": "consent", "hd": "example.org", "claims": `{"a b":"c&d=e"}`, "display": "touch", "scope": "openid a"} {
		if got := to.Query()[name]; len(got) != 1 || got[0] != want {
			t.Errorf("%s is %q; want %q", name, got, want)
		}
	}
	b.GetJSON(l.Approve(t, to.String()))
	if code := p.Wait(t); code != 0 {
		t.Errorf("it ended with %d: %s", code, p.Out)
	}
	for _, row := range []struct {
		args  []string
		words string
	}{
		{[]string{"login", "-param", "state=x"}, "-param: state can't be set in a login: it ties the response to this browser"},
		{[]string{"login", "-param", "step=1"}, "-param: step is a parameter of this app's own address"},
		{[]string{"login", "-param", "id_token_hint=session"}, "-param: id_token_hint can have the value session only after a sign-in"},
		{[]string{"login", "-param", "hd=a", "-param", "hd=b"}, "-param: hd appears more than once"},
		{[]string{"login", "-param", "hd"}, "write -param name=value"},
		{[]string{"login", "-param", "=x"}, "-param: its parameters include one without a name"},
		{[]string{"login", "-param", "a=" + strings.Repeat("x", 1015)}, "-param: its parameters have more than 1 KB together"},
		{[]string{"-param", "hd=a"}, "-param works only with login"},
		{[]string{"check", "-param", "hd=a"}, "-param works only with login"},
	} {
		p := startRun(t, env, row.args...)
		if code := p.Wait(t); code != 2 || !strings.Contains(p.Err.String(), row.words) {
			t.Errorf("%.60q ended with %d: %s; want %s", row.args, code, p.Err, row.words)
		}
	}
}
