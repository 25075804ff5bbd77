package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/testserver"
)

// rereading is the program with its settings in a file that a test changes.
type rereading struct {
	*testserver.Browser
	t     *testing.T
	p     *testserver.Process
	file  string
	port  string
	lines int
}

func startRereading(t *testing.T, settings string, args ...string) *rereading {
	t.Helper()
	r := &rereading{t: t, file: filepath.Join(t.TempDir(), "test.env"), port: testserver.FreePort(t)}
	r.write(settings)
	r.p = startRun(t, nil, append(args, "-env", r.file)...)
	r.p.WaitForPort(t, r.port)
	base := "http://localhost:" + r.port
	r.Browser = testserver.NewBrowser(t, &testserver.App{Address: base, Cfg: config.Config{BaseURL: base}, Log: r.p.Err})
	return r
}

// write changes the file. Each state of it has another size, as two may be written within one tick of
// the file system's clock.
func (r *rereading) write(settings string) {
	r.t.Helper()
	r.lines++
	text := "PORT=" + r.port + "\n" + settings + strings.Repeat("\n", r.lines)
	if err := os.WriteFile(r.file, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// signIn signs in and returns what the callback answered.
func (r *rereading) signIn() testserver.Reply {
	r.t.Helper()
	return r.GetJSON(r.Authorize(r.Begin(""), "user_alice", "allow"))
}

// If the user fixes the line while the program runs, the next login works, in the same session.
func TestReread_MendsLogin(t *testing.T) {
	t.Parallel()
	r := startRereading(t, "")
	issuer := testserver.StartDemo(t, r.App.Cfg.RedirectURI())
	if got := r.signIn(); got.StatusCode != 200 {
		t.Fatalf("the demo's login was answered %d %s", got.StatusCode, got.Body)
	}
	r.write("ISSUER=http://127.0.0.1:1\nCLIENT_ID=a-client")
	if got := r.GetJSON("/login"); got.StatusCode != 502 || !strings.Contains(got.Body, "refused the connection") {
		t.Errorf("at a server that is not there the login was answered %d %s", got.StatusCode, got.Body)
	}
	server := "ISSUER=" + issuer + "\nCLIENT_ID=a-client\nSCOPES=openid\nCLIENT_SECRET="
	r.write(server + "wrong-secret")
	if got := r.signIn(); got.StatusCode != 502 || !strings.Contains(got.Body, "invalid_client") {
		t.Errorf("with a wrong secret the callback answered %d %s", got.StatusCode, got.Body)
	}
	r.write(server + "check-secret-1c9d")
	if got := r.signIn(); got.StatusCode != 200 {
		t.Errorf("with the secret mended the callback answered %d %s", got.StatusCode, got.Body)
	}
	if got := r.GetJSON("/session"); got.StatusCode != 200 || strings.Count(got.Body, `"user_alice"`) == 0 {
		t.Errorf("/session answered %d %s", got.StatusCode, got.Body)
	}
}

// A misspelled name of an optional setting is shown on the pages and in the terminal, also if the file got it while the
// program runs, until it is corrected. Without that, the setting would be ignored in silence.
func TestReread_TellsMisspelledName(t *testing.T) {
	t.Parallel()
	const server, says = "ISSUER=http://127.0.0.1:1\nCLIENT_ID=a-client\n", "SCOPE is not a setting of this app; write SCOPES"
	r := startRereading(t, server)
	for i, row := range []struct {
		line string
		told bool
	}{{"", false}, {"SCOPE=openid", true}, {"SCOPE=openid email", true}, {"SCOPES=openid", false}, {"GITHUB_CLIENT_SECRET=x", false}} {
		r.write(server + row.line)
		if page := r.Get("/").Body; strings.Contains(page, says) != row.told || strings.Contains(page, "is not a setting") != row.told {
			t.Errorf("%d: with %q, the page says so: %t\n%s", i, row.line, !row.told, page)
		}
		if said := strings.Count(r.p.Err.String(), says); said > 1 || i > 0 && said == 0 {
			t.Errorf("%d: the terminal says it %d times:\n%s", i, said, r.p.Err)
		}
	}
}

// A request that is refused reads nothing again.
func TestReread_OnlyForAcceptedRequests(t *testing.T) {
	t.Parallel()
	r := startRereading(t, "SCOPES=openid")
	r.write("SCOPES='openid email'")
	for name, headers := range map[string]map[string]string{
		"a foreign host": {"Host": "evil.example"},
		"another site":   {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
	} {
		req, err := http.NewRequest(http.MethodGet, r.App.Address+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		for header, value := range headers {
			req.Header.Set(header, value)
		}
		r.Host = headers["Host"]
		if got := r.Do(req); got.StatusCode < 400 || strings.Contains(r.p.Err.String(), "has changed") {
			t.Errorf("%s is answered %d, and the terminal says\n%s", name, got.StatusCode, r.p.Err)
		}
	}
	r.Host = ""
	if r.Get("/"); !strings.Contains(r.p.Err.String(), "has changed") {
		t.Errorf("a request of the user reads nothing again:\n%s", r.p.Err)
	}
}

// Settings that change while the command login waits are those of the login that it waits for.
func TestReread_WhileLoginCommandWaits(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	settings := ""
	for name, value := range l.Env() {
		settings += name + "='" + value + "'\n"
	}
	r := startRereading(t, settings+"SCOPES=openid", "login", "-timeout", "2m")
	r.write(settings + "SCOPES='openid email'")
	address := r.Begin(r.p.LoginQuery(t))
	if !strings.Contains(address, url.Values{"scope": {"openid email"}}.Encode()) {
		t.Errorf("the login asks for %s", address)
	}
	r.GetJSON(l.Approve(t, address))
	if code := r.p.Wait(t); code != 0 || !strings.Contains(r.p.Out.String(), "The login works.") {
		t.Errorf("it ended with %d and said\n%s\n%s", code, r.p.Out, r.p.Err)
	}
}

// Every page shows the settings that were saved before it was opened. What belongs to a login that has started does not wait
// for them.
func TestReread_EveryPage(t *testing.T) {
	t.Parallel()
	r := startRereading(t, "SCOPES=openid")
	callback := r.Authorize(r.Begin(""), "user_alice", "allow")
	for i, path := range []string{"/session", "/api", "/check", "/flow", "/problems", "/nothing", "/step", callback} {
		r.write(fmt.Sprintf("SCOPES='openid s%d", i)) // a quote is missing
		page := r.Get(path).Body
		if shown, want := strings.Contains(page, "has changed, and something in it is wrong"), i < 6; shown != want {
			t.Errorf("%s shows the mistake: %t\n%s", path, shown, page)
		}
		r.write(fmt.Sprintf("SCOPES='openid s%d'", i))
		r.Get("/")
	}
}

// The demo's users stay signed in when a setting beside it changes, and its client keeps its secret.
func TestReread_DemoSurvives(t *testing.T) {
	t.Parallel()
	r := startRereading(t, "SCOPES=openid")
	if got := r.signIn(); got.StatusCode != 200 {
		t.Fatalf("the first login was answered %d %s", got.StatusCode, got.Body)
	}
	r.write("SCOPES='openid email'")
	address := r.Begin("")
	if !strings.Contains(address, url.Values{"scope": {"openid email"}}.Encode()) {
		t.Errorf("the next login asks for %s", address)
	}
	if page := r.Get(address); strings.Contains(page.Body, `name="user"`) {
		t.Errorf("the demo asks again who signs in:\n%s", page.Body)
	}
	if got := r.signIn(); got.StatusCode != 200 {
		t.Errorf("the second login was answered %d %s", got.StatusCode, got.Body)
	}
}

// A mistake is shown on the page and in the terminal, the program goes on with what it had, and the
// remark goes when the line is mended.
func TestReread_ShowsMistake(t *testing.T) {
	t.Parallel()
	r := startRereading(t, "SCOPES=openid")
	r.write("SCOPES=openid\nISSUER=auth.example.com\nCLIENT_SECRET='secret-value-7'")
	want := `ISSUER (` + r.file + `:3): "auth.example.com" is not the address of a server; write one such as https://auth.example.com`
	home := r.GetJSON("/")
	if !strings.Contains(home.Body, strings.ReplaceAll(want, `"`, `\"`)) || !strings.Contains(home.Body, "CLIENT_ID is missing") {
		t.Errorf("/ does not say %s:\n%s", want, home.Body)
	}
	if page := r.Get("/"); !strings.Contains(page.Body, "is not the address of a server") ||
		!strings.Contains(page.Body, "has changed, and something in it is wrong") {
		t.Errorf("the page does not show the mistake:\n%s", page.Body)
	}
	if log := r.p.Err.String(); strings.Count(log, want) != 1 || strings.Contains(log, "secret-value-7") {
		t.Errorf("the terminal says\n%s", log)
	}
	if got := r.signIn(); got.StatusCode != 200 {
		t.Errorf("with the settings from before the callback answered %d %s", got.StatusCode, got.Body)
	}
	r.write("SCOPES=openid")
	if home := r.GetJSON("/"); strings.Contains(home.Body, "notice") {
		t.Errorf("after the mistake is mended / says\n%s", home.Body)
	}
}

// The program says which changes need a restart, and applies the others.
func TestReread_SaysRestart(t *testing.T) {
	t.Parallel()
	r := startRereading(t, "")
	other := testserver.FreePort(t)
	r.write("PORT=" + other + "\nSESSION_SECRET=0123456789abcdef\nSCOPES=email")
	home := r.GetJSON("/")
	for _, want := range []string{
		"PORT, SESSION_SECRET changed in ", "Restart this app to use the change.", `"email"`,
		`"http://localhost:` + r.port + `/oauth_callback"`,
	} {
		if !strings.Contains(home.Body, want) {
			t.Errorf("/ lacks %q:\n%s", want, home.Body)
		}
	}
	if got := r.signIn(); got.StatusCode != 200 {
		t.Errorf("the demo's login was answered %d %s", got.StatusCode, got.Body)
	}
}

// A login that is being finished while the settings change ends with the settings that it started with.
func TestReread_LoginKeepsSettings(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	arrived, release := make(chan bool), make(chan bool)
	var once sync.Once
	var settings string
	for name, value := range l.Env() {
		settings += name + "='" + value + "'\n"
	}
	r := startRereading(t, settings)
	r.p.WaitFor(t, "checked  ") // from here on only the login asks
	l.Response = func(map[string]any) {
		once.Do(func() { close(arrived) })
		<-release
	}
	callback := l.Approve(t, r.Begin(""))
	done := make(chan testserver.Reply, 1)
	go func() { done <- r.GetJSON(callback) }()
	<-arrived
	r.write("SCOPES=email")
	if home := testserver.NewBrowser(t, r.App).GetJSON("/"); !strings.Contains(home.Body, `"demo": true`) {
		t.Errorf("the new settings are not in use:\n%s", home.Body)
	}
	close(release)
	select {
	case got := <-done:
		if got.StatusCode != 200 {
			t.Errorf("the callback answered %d %s", got.StatusCode, got.Body)
		}
	case <-time.After(testserver.Patience):
		t.Error("the callback did not answer")
	}
}

// After a change, nothing is checked without a request: a file that was saved halfway would send the old secret to the new
// server. The page says that nothing was checked since, and one button checks everything.
func TestReread_ChecksNothing(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	l.Honest()
	r := startRereading(t, "")
	r.p.WaitFor(t, "checked  ")
	r.write("ISSUER=" + l.Issuer + "\nCLIENT_ID=" + testserver.FakeClientID + "\nCLIENT_SECRET=a-wrong-secret-1\nSCOPES=openid")
	for _, path := range []string{"/", "/check"} {
		if page := r.Get(path); !strings.Contains(page.Body, "The settings have changed</h1>") || !strings.Contains(page.Body, "Run all checks") || strings.Contains(page.Body, "verdict good") {
			t.Errorf("%s says\n%s", path, page.Body)
		}
	}
	if n := l.Asked("POST /token"); n != 0 {
		t.Errorf("the token endpoint was asked %d times", n)
	}
	r.Post("/check", nil)
	r.GetJSON("/check") // waits for the end
	if page := r.Get("/"); !strings.Contains(page.Body, "verdict bad") || l.Asked("POST /token") == 0 {
		t.Errorf("the checks have ended, and the page says\n%s", page.Body)
	}
}

// A secret that .env no longer holds stays hidden in what was recorded with it: that of the client, and that of the
// second client, which this flow never sent.
func TestReread_OldSecretsStayHidden(t *testing.T) {
	const otherSecret = "other-secret-5b1f"
	l := testserver.StartFakeServer(t)
	l.Other = testserver.SendBody(200, "application/json", `{"sub":"user-1","echo":"`+testserver.FakeClientSecret+` and `+otherSecret+`","kept":"word"}`)
	settings := "ISSUER=" + l.Issuer + "\nCLIENT_ID=" + testserver.FakeClientID + "\nCLIENT_SECRET="
	r := startRereading(t, settings+testserver.FakeClientSecret+"\nOTHER_CLIENT_ID=other\nOTHER_CLIENT_SECRET="+otherSecret)
	r.GetJSON(l.Approve(t, r.Begin("")))
	if got := r.Ask("/userinfo", false); got.StatusCode != 200 {
		t.Fatalf("/userinfo answered %d %s", got.StatusCode, got.Body)
	}
	for _, state := range []string{"before", "after"} {
		if state == "after" {
			r.write(settings + "a-new-secret-0001")
			r.GetJSON("/") // reads the file
		}
		for _, path := range []string{"/flow", "/flow?tokens=full", "/flow.har", "/flow.md", "/userinfo"} {
			got := r.Ask(path, !strings.Contains(path, "."))
			if got.StatusCode != 200 || strings.HasPrefix(path, "/flow?") && !strings.Contains(got.Body, "word") {
				t.Errorf("%s the change, %s answered %d %s", state, path, got.StatusCode, got.Body)
			}
			for _, secret := range []string{testserver.FakeClientSecret, otherSecret} {
				if strings.Contains(got.Body, secret) {
					t.Errorf("%s the change, %s holds %s", state, path, secret)
				}
			}
		}
	}
}

// The settings may come through a named pipe, as a password manager offers them: it is opened once, by the server and by
// the checks, also where those read the settings a second time for the demo.
func TestSource_PipeReadOnce(t *testing.T) {
	l := testserver.StartFakeServer(t)
	port, file := testserver.FreePort(t), filepath.Join(t.TempDir(), ".env")
	_, err := exec.LookPath("mkfifo")
	testserver.Needs(t, os.Getenv, "mkfifo", err)
	if err := exec.Command("mkfifo", file).Run(); err != nil {
		t.Fatal(err)
	}
	fill := func(content string) {
		go func() { // it waits until the pipe is opened
			if pipe, err := os.OpenFile(file, os.O_WRONLY, 0); err == nil {
				pipe.WriteString(content)
				pipe.Close()
			}
		}()
	}
	fill("PORT=" + port + "\nISSUER=" + l.Issuer + "\nCLIENT_ID=" + testserver.FakeClientID + "\nCLIENT_SECRET=" + testserver.FakeClientSecret + "\n")
	p := startRun(t, nil, "-env", file)
	p.WaitForPort(t, port)
	base := "http://localhost:" + port
	b := testserver.NewBrowser(t, &testserver.App{Address: base, Cfg: config.Config{BaseURL: base}, Log: p.Err})
	for range 2 {
		if err := os.Chtimes(file, time.Now(), time.Now()); err != nil {
			t.Fatal(err)
		}
		if got := b.GetJSON(l.Approve(t, b.Begin(""))); got.StatusCode != 200 {
			t.Errorf("the login was answered %d %s", got.StatusCode, got.Body)
		}
	}
	p.End()
	fill("# no settings\n")
	checks := startRun(t, nil, "check", "-env", file)
	if code := checks.Wait(t); code != 0 || !strings.Contains(checks.Out.String(), "Demo server") {
		t.Errorf("the checks ended with %d and said\n%s\n%s", code, checks.Out, checks.Err)
	}
}

// While the file has a mistake the page of a failed login shows no line of it: the settings in use are not those in it.
func TestReread_MistakeHidesLines(t *testing.T) {
	t.Parallel()
	r := startRereading(t, "")
	wrong := "ISSUER=" + testserver.StartDemo(t, r.App.Cfg.RedirectURI()) + "/\nCLIENT_ID=a-client\nCLIENT_SECRET=" + testserver.CheckSecret + "\n"
	for _, row := range []struct {
		file     string
		mistaken bool
	}{{wrong, false}, {wrong + "PAR=perhaps\n", true}, {wrong + "PAR=off\n", false}} {
		r.write(row.file)
		page := r.Get("/login").Body
		if strings.Contains(page, "First fix the mistake in") != row.mistaken || strings.Contains(page, `class="diff"`) == row.mistaken {
			t.Errorf("mistaken: %t; the page says\n%s", row.mistaken, page)
		}
		if answer := r.GetJSON("/login").Body; strings.Contains(answer, "First fix the mistake in") != row.mistaken || strings.Contains(answer, `"line"`) == row.mistaken {
			t.Errorf("mistaken: %t; a program is told\n%s", row.mistaken, answer)
		}
	}
}
