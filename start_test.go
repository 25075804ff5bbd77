package main

import (
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
)

// A second start says where the first one runs, whatever its name, and in which mode. The other program's words are data.
func TestAlreadyRunning_SaysWhere(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		host, what string
		set        map[string]string
	}{
		{"localhost", ", in demo mode", nil},
		{"127.0.0.1", ", with the client ID a-client at http://127.0.0.1:1", map[string]string{"ISSUER": "http://127.0.0.1:1", "CLIENT_ID": "a-client"}},
	} {
		host, port := row.host, testserver.FreePort(t)
		env := map[string]string{"PORT": port, "BASE_URL": "http://" + host + ":" + port}
		maps.Copy(env, row.set)
		next, _ := strconv.Atoi(port)
		want := fmt.Sprintf("already running at http://%s:%s%s; for a second one, set PORT=%d\n", host, port, row.what, next+1)
		first := startRun(t, env)
		first.WaitFor(t, "redirect URI")
		second := startRun(t, env)
		if code := second.Wait(t); code != 1 || second.Err.String() != want {
			t.Errorf("exit code %d: %s", code, second.Err)
		}
	}
}

// The program on the port may lie about what it is: it gets one line, which no terminal obeys.
func TestAlreadyRunning_ForeignText(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"login_uri":"http://a\n::b/login","redirect_uri":"c","server_found":true,"client_id":"\n::error::d\u001b[31m","issuer":"e\n::f`+strings.Repeat("g", 300)+`"}`)
	}))
	defer other.Close()
	_, port, _ := net.SplitHostPort(other.Listener.Addr().String())
	p := startRun(t, map[string]string{"PORT": port})
	if code, said := p.Wait(t), p.Err.String(); code != 1 || !strings.HasPrefix(said, "already running at ") || strings.Count(said, "\n") != 1 ||
		strings.ContainsAny(said, "\x1b") || strings.Contains(said, "::") || len(said) > 700 {
		t.Errorf("exit code %d: %q", code, said)
	}
}

// Another program on the port is not taken for this one, whatever it answers.
func TestAlreadyRunning_OtherProgram(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"<h1>hello</h1>", `{}`, `{"login_uri":"https://a.example/login","redirect_uri":"https://b.example/oauth_callback"}`} {
		other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, answer) }))
		_, port, _ := net.SplitHostPort(other.Listener.Addr().String())
		p := startRun(t, map[string]string{"PORT": port})
		if code := p.Wait(t); code != 1 || !strings.Contains(p.Err.String(), "PORT: "+port+" is in use by another program") {
			t.Errorf("%s: exit code %d: %s", answer, code, p.Err)
		}
		other.Close()
	}
}

// The log has a line for each request to the client, with a duration that says something, and none for
// the demo server and static files.
func TestLog_ClientRequestsOnly(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	b := newBrowser(t, a)
	callback := b.Authorize(b.Begin(""), "user_alice", "allow")
	b.GetJSON(callback)
	resp, err := http.Get(a.Address + "/static/style.css")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	lines := a.Log.String()
	for _, want := range []string{"GET /login 302 ", "GET /oauth_callback 200 "} {
		if !strings.Contains(lines, want) {
			t.Errorf("the log lacks %q:\n%s", want, lines)
		}
	}
	for _, absent := range []string{"/demo/", "/static/", "/.well-known/", " 0s"} {
		if strings.Contains(lines, absent) {
			t.Errorf("the log holds %q:\n%s", absent, lines)
		}
	}
}

// With -listen the program is announced where it listens, unless BASE_URL says how it is reached.
func TestStart_ListenElsewhere(t *testing.T) {
	t.Parallel()
	port := testserver.FreePort(t)
	p := startRun(t, map[string]string{"PORT": "1"}, "-listen", "127.0.0.1:"+port)
	p.WaitFor(t, "redirect URI  http://localhost:"+port+"/oauth_callback")
	other := testserver.FreePort(t)
	p = startRun(t, map[string]string{"BASE_URL": "http://localhost:1234"}, "-listen", "127.0.0.1:"+other)
	p.WaitFor(t, "redirect URI  http://localhost:1234/oauth_callback")
}

// The start says in one line what a login would fail on. It sends no secret to find out, and calls nothing right that it
// doesn't know.
func TestCheckAtStart_SendsNoSecret(t *testing.T) {
	t.Parallel()
	honest := testserver.StartFakeServer(t)
	honest.Honest()
	strict := testserver.StartFakeServer(t)
	strict.Honest()
	vague := testserver.StartFakeServer(t)
	vague.Page = func(http.ResponseWriter, *http.Request) {}
	for _, row := range []struct {
		name string
		env  map[string]string
		want string
	}{
		{"all right", map[string]string{"ISSUER": honest.Issuer, "BASE_URL": "http://localhost:3999"}, "checks done, nothing is wrong so far; run all of them at http://localhost:3999/check"},
		{"another redirect URI", map[string]string{"ISSUER": strict.Issuer}, "the client ID or the redirect URI is wrong. Details: http://localhost:"},
		{"any redirect URI", map[string]string{"ISSUER": vague.Issuer}, "checks done, nothing is wrong so far; run all of them at http://localhost:"},
		{"nobody there", map[string]string{"ISSUER": "http://127.0.0.1:1"}, "127.0.0.1:1 refused the connection: nothing listens there. Details: http://localhost:"},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.env["PORT"], row.env["CLIENT_ID"], row.env["CLIENT_SECRET"] = testserver.FreePort(t), testserver.FakeClientID, testserver.FakeClientSecret
			p := startRun(t, row.env)
			p.WaitFor(t, "checked  ")
			if !strings.Contains(p.Out.String(), row.want) {
				t.Errorf("want %q:\n%s", row.want, p.Out)
			}
		})
	}
	for name, l := range map[string]*testserver.FakeServer{"all right": honest, "another redirect URI": strict, "any redirect URI": vague} {
		if l.Asked("GET /authorize") == 0 || l.Asked("POST /token") > 1 {
			t.Errorf("%s: asked %d times for /authorize, %d times for /token; want some, and one at most", name, l.Asked("GET /authorize"), l.Asked("POST /token"))
		}
	}
}

// Without a browser the first lines say where to go: to the page that explains the demo, or to the login.
func TestStart_PrintsWhereToGo(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/", "/login"} {
		port := testserver.FreePort(t)
		env := map[string]string{"PORT": port}
		if path == "/login" {
			maps.Copy(env, testserver.StartFakeServer(t).Env())
		}
		p := startRun(t, env)
		p.WaitFor(t, "\nopen: http://localhost:"+port+path+"\n")
		p.Interrupt()
		p.Wait(t)
	}
}
