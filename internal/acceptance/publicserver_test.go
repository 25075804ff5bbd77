package acceptance

import (
	"net/http"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
)

// A login tells it, at a server elsewhere that names an endpoint on this machine.
func TestCauses_LoginTellsPublicServer(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	l.Issuer = "https://" + testserver.PublicName
	env := l.Env()
	for name, value := range testserver.StartPublic(t, l.Config.Handler) {
		env[name] = value
	}
	sound := startApp(t, env)
	if r := newBrowser(t, sound).SignIn(l); r.StatusCode != http.StatusOK {
		t.Fatalf("the sound login was answered %d %s", r.StatusCode, r.Body)
	}
	sound.process.WaitFor(t, "checked  ") // it asks nothing more
	l.Document = func(d map[string]any) { d["token_endpoint"] = "https://127.1/token" }
	b := newBrowser(t, startApp(t, env))
	if r := b.GetJSON("/login"); r.Cause(t) != "endpoints-on-this-machine" || strings.Contains(r.Body, "remedy") {
		t.Errorf("the failure is called %q: %s", r.Cause(t), r.Body)
	}
	page := b.Get("/login").Body
	if !strings.Contains(page, "<h1>The server names an endpoint on this machine</h1>") || strings.Contains(page, "not https") ||
		!strings.Contains(page, "is on this machine, and the issuer is not") {
		t.Errorf("the page says\n%s", page)
	}
}
