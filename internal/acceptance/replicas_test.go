//go:build interop

package acceptance

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/testserver"
)

// replica is a process of the real binary.
type replica struct {
	port string
	kill func()
}

func startReplica(t *testing.T, port string, env map[string]string) replica {
	t.Helper()
	full := maps.Clone(env)
	full["PORT"] = port
	p := startProcess(t, full, "-open=false")
	p.WaitForPort(t, port)
	return replica{port, p.End}
}

// startNginx balances over two ports in turn and says in X-Served-By which of them answered.
func startNginx(t *testing.T, port, one, two string) {
	t.Helper()
	path, err := exec.LookPath("nginx")
	if err != nil {
		path = "/usr/sbin/nginx" // not on every user's PATH
		_, err = os.Stat(path)
	}
	testserver.Needs(t, os.Getenv, "nginx", err)
	folder := t.TempDir()
	file := filepath.Join(folder, "nginx.conf")
	temp := func(kind string) string { return kind + "_temp_path " + filepath.Join(folder, kind) + ";\n" }
	config := fmt.Sprintf(`daemon off;
master_process off;
pid %[1]s/nginx.pid;
error_log stderr warn;
events {}
http {
  access_log off;
  %[2]s
  upstream app { server 127.0.0.1:%[4]s max_fails=0; server 127.0.0.1:%[5]s max_fails=0; }
  server {
    listen 127.0.0.1:%[3]s;
    location / {
      proxy_pass http://app;
      proxy_set_header Host $http_host;
      add_header X-Served-By $upstream_addr always;
    }
  }
}
`, folder, temp("client_body")+temp("proxy")+temp("fastcgi")+temp("uwsgi")+temp("scgi"), port, one, two)
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	nginx := exec.Command(path, "-p", folder, "-c", file, "-e", "stderr")
	var said bytes.Buffer
	nginx.Stderr = &said
	t.Cleanup(func() { // after nginx has been stopped
		if t.Failed() {
			t.Logf("nginx said:\n%.4000s", said.String())
		}
	})
	launch(t, nginx, port)
}

// Two processes behind nginx, with one SESSION_SECRET and one Redis, serve one browser: a login begins
// at one and ends at the other, the first refreshes, and either can be killed at any time. The
// authorization server is oidc-provider, which takes a spent refresh token for theft.
func TestReplicas_BehindNginx(t *testing.T) {
	t.Parallel()
	needsNode(t, "oidc-provider")
	server := startRedis(t, testserver.FreePort(t))
	port := testserver.FreePort(t)
	base := "http://127.0.0.1:" + port
	f := startOIDCProvider(t, "rotation", base+config.CallbackPath)
	env := server.onRedis(f.env)
	env["BASE_URL"] = base
	one, two := startReplica(t, testserver.FreePort(t), env), startReplica(t, testserver.FreePort(t), env)
	startNginx(t, port, one.port, two.port)

	b := testserver.NewBrowser(t, &testserver.App{
		Address: base,
		Cfg:     config.Config{BaseURL: base, ClientSecret: env["CLIENT_SECRET"]},
		Log:     new(testserver.Logbook),
	})
	by := func(r testserver.Reply, want replica) testserver.Reply {
		t.Helper()
		if got := r.Header.Get("X-Served-By"); r.StatusCode >= 400 || !strings.HasSuffix(got, ":"+want.port) { // the last that was tried
			t.Fatalf("%s was served by %s with %d: %s", r.Request.URL.Path, got, r.StatusCode, r.Body)
		}
		return r
	}
	held := func(r testserver.Reply) {
		t.Helper()
		if strings.Count(r.Body, `"held": true`) != 3 {
			t.Fatalf("three tokens should be held: %s", r.Body)
		}
	}

	begun := b.Location(by(b.Get("/login"), one))
	by(b.GetJSON(f.play(b, begun, false)), two)
	by(b.Ask("/refresh", false), one)
	held(by(b.GetJSON("/session"), two))

	two.kill() // which finished the login
	held(by(b.GetJSON("/session"), one))
	if r := by(b.Ask("/refresh", false), one); !strings.Contains(r.Body, `"status": 200`) {
		t.Fatalf("the refresh token that was saved last is not the right one: %s", r.Body)
	}

	begun = b.Location(by(b.Get("/login"), one))
	callback := f.play(b, begun, false)
	two = startReplica(t, two.port, env)
	one.kill() // which began the login
	by(b.GetJSON(callback), two)
	held(by(b.GetJSON("/session"), two))
	if r := by(b.GetJSON("/flow.har"), two); strings.Count(r.Body, `"startedDateTime"`) < 3 {
		t.Errorf("the flow that the other process began is not whole: %s", r.Body)
	}
	if n := len(server.keys(t)); n != 1 {
		t.Errorf("Redis holds %d sessions; want 1", n)
	}
}
