//go:build linux

package acceptance

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"oauth-test-client/internal/testserver"
)

// An answer of 138 KB that is nested a thousand deep costs the program about what it weighs, wherever a
// server sends it: it is shown, and indented nowhere.
func TestPages_NestedAnswer(t *testing.T) {
	t.Parallel()
	nested := strings.Repeat("[", 1000) + strings.Repeat("0,", 68_000) + "0" + strings.Repeat("]", 1000)
	l := testserver.StartFakeServer(t)
	l.Document = func(d map[string]any) { d["introspection_endpoint"] = l.Issuer + "/introspect" }
	l.Other = testserver.SendBody(http.StatusOK, "application/json", `{"sub":"user-1","active":true,"deep":`+nested+`}`)
	l.Response = func(response map[string]any) {
		encode := base64.RawURLEncoding.EncodeToString
		response["access_token"] = encode([]byte(`{"typ":"at+jwt"}`)) + "." + encode([]byte(`{"deep":`+nested+`}`)) + ".c2ln"
		response["deep"] = json.RawMessage(nested)
		delete(response, "id_token")
	}
	env := l.Env()
	env["RESOURCE_URL"], env["SCOPES"] = l.Issuer+"/api", "profile"
	a := startApp(t, env)
	b := newBrowser(t, a)
	if r := b.Get(l.Approve(t, b.Begin(""))); r.StatusCode != http.StatusOK || !strings.Contains(r.Body, "It works") {
		t.Fatalf("the login ended with %d:\n%.2000s", r.StatusCode, r.Body)
	}
	for _, path := range []string{"/", "/session", "/userinfo", "/api", "/tokeninfo", "/flow", "/flow?tokens=full", "/flow.har", "/flow.md"} {
		for _, r := range []testserver.Reply{b.Get(path), b.GetJSON(path)} {
			if r.StatusCode != http.StatusOK || len(r.Body) > 4<<20 {
				t.Errorf("%s answered %d with %d bytes", path, r.StatusCode, len(r.Body))
			}
		}
	}
	a.process.command.Process.Signal(os.Interrupt)
	a.process.Wait(t)
	const most = 400 << 10 // KB; it takes 130 MB, and more where the garbage collector has to wait for a core
	peak := a.process.command.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
	t.Logf("peak %d KB", peak)
	if peak > most {
		t.Errorf("the program took %d KB at its peak; want %d at most", peak, most)
	}
}
