//go:build linux

package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"oauth-test-client/internal/testserver"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// An answer of 138 KB that is nested a thousand deep costs the program about what it weighs, wherever a
// server sends it: it is shown, and indented nowhere.
func TestNestedAnswer(t *testing.T) {
	nested := strings.Repeat("[", 1000) + strings.Repeat("0,", 68_000) + "0" + strings.Repeat("]", 1000)
	l := testserver.StartLiar(t)
	l.Document = func(d map[string]any) { d["introspection_endpoint"] = l.Issuer + "/introspect" }
	l.Other = testserver.SendBody(http.StatusOK, "application/json", `{"sub":"user-1","active":true,"deep":`+nested+`}`)
	l.Response = func(response map[string]any) {
		encode := base64.RawURLEncoding.EncodeToString
		response["access_token"] = encode([]byte(`{"typ":"at+jwt"}`)) + "." + encode([]byte(`{"deep":`+nested+`}`)) + ".c2ln"
		response["deep"] = json.RawMessage(nested)
		delete(response, "id_token")
	}
	port := freePort(t)
	env := append(os.Environ(), "PORT="+port, "RESOURCE_URL="+l.Issuer+"/api", "SCOPES=profile")
	for name, value := range l.Env() {
		env = append(env, name+"="+value)
	}
	program, base := startBinary(t, env, port)

	b := testserver.NewBrowser(t, &testserver.App{Address: base, Log: new(testserver.Logbook)})
	if r := b.Get(l.Approve(t, b.Begin(""))); r.StatusCode != http.StatusOK || !strings.Contains(r.Body, "The token is here") {
		t.Fatalf("the login ended with %d:\n%.2000s", r.StatusCode, r.Body)
	}
	for _, path := range []string{"/", "/session", "/userinfo", "/api", "/tokeninfo", "/flow", "/flow?tokens=full", "/flow.har"} {
		for _, r := range []testserver.Reply{b.Get(path), b.GetJSON(path)} {
			if r.StatusCode != http.StatusOK || len(r.Body) > 4<<20 {
				t.Errorf("%s answered %d with %d bytes", path, r.StatusCode, len(r.Body))
			}
		}
	}
	program.Process.Signal(os.Interrupt)
	program.Wait()
	const most = 200 << 10 // KB
	if peak := program.ProcessState.SysUsage().(*syscall.Rusage).Maxrss; peak > most {
		t.Errorf("the program took %d KB at its peak; want %d at most", peak, most)
	}
}

// startBinary builds the program, starts it, and returns it with its address once it answers.
func startBinary(t *testing.T, env []string, port string) (*exec.Cmd, string) {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "oauth-test-client")
	if out, err := exec.Command("go", "build", "-o", binary, "oauth-test-client").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	program := exec.Command(binary, "-open=false")
	program.Dir, program.Env = t.TempDir(), env
	stdout, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Process.Kill(); program.Wait() })
	bufio.NewReader(stdout).ReadString('\n') // it says where it listens once it does
	return program, "http://localhost:" + port
}
