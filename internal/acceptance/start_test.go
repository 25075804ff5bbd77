package acceptance

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A second start says where the first one runs, by whatever name it goes.
func TestAlreadyRunning(t *testing.T) {
	for _, host := range []string{"localhost", "127.0.0.1"} {
		port := freePort(t)
		env := map[string]string{"PORT": port, "BASE_URL": "http://" + host + ":" + port}
		first := startProcess(t, env)
		first.waitFor(t, "redirect URI")
		second := startProcess(t, env)
		if code := second.wait(t, 10*time.Second); code != 1 || second.err.String() != "already running at http://"+host+":"+port+"\n" {
			t.Errorf("exit code %d: %s", code, second.err)
		}
	}
}

// Another program on the port is not taken for this one, whatever it answers.
func TestAnotherProgramOnThePort(t *testing.T) {
	for _, answer := range []string{"<h1>hello</h1>", `{}`, `{"login_uri":"https://a.example/login","redirect_uri":"https://b.example/oauth_callback"}`} {
		other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, answer) }))
		_, port, _ := net.SplitHostPort(other.Listener.Addr().String())
		p := startProcess(t, map[string]string{"PORT": port})
		if code := p.wait(t, 10*time.Second); code != 1 || !strings.Contains(p.err.String(), "PORT: "+port+" is in use by another program") {
			t.Errorf("%s: exit code %d: %s", answer, code, p.err)
		}
		other.Close()
	}
}

// The log has a line for each request to the client, with a duration that says something, and none for
// the demo server and static files.
func TestLogLines(t *testing.T) {
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
