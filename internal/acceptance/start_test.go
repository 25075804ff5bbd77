package acceptance

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
)

func TestRun_ExitCodes(t *testing.T) {
	t.Parallel()
	port := testserver.TakenPort(t)
	noCerts := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(noCerts, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name string
		env  map[string]string
		args []string
		code int
		want string
	}{
		{"a setting is wrong", map[string]string{"PORT": "x"}, nil, 2, `PORT (environment): "x" is not a port`},
		{"the file is missing", nil, []string{"-env", "no-such.env"}, 2, "no-such.env: cannot be read"},
		{"an unknown flag", nil, []string{"-x"}, 2, "flag provided but not defined: -x"},
		{"an unknown argument", nil, []string{"serve"}, 2, `unknown argument "serve"` + "\n"},
		{"a mistyped word", nil, []string{"chekc"}, 2, `unknown argument "chekc"; did you mean check?`},
		{"a mistyped flag", nil, []string{"check", "-jsn"}, 2, "flag provided but not defined: -jsn; did you mean -json?"},
		{"no time", nil, []string{"login", "-timeout", "0s"}, 2, "-timeout 0s is too short"},
		{"two formats", nil, []string{"check", "-json", "-md"}, 2, "use either -json or -md"},
		{"help, for a built program", nil, []string{"-h"}, 0, filepath.Join(folder, "oauth-test-client") + " check -env other.env   check the settings"},
		{"the port is taken", map[string]string{"PORT": port}, nil, 1, "PORT: " + port + " is in use by another program"},
		{"the address is taken", map[string]string{"PORT": port}, []string{"-listen", "127.0.0.1:" + port}, 1, "-listen: cannot listen on 127.0.0.1:" + port},
		{
			"no certificate in the file",
			map[string]string{"SSL_CERT_FILE": noCerts},
			nil,
			2,
			"SSL_CERT_FILE (environment): " + noCerts + " holds no certificate",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := startProcess(t, row.env, row.args...)
			if code := p.Wait(t); code != row.code || !strings.Contains(p.Out.String()+p.Err.String(), row.want) {
				t.Errorf("exit code %d and\n%s%s\nwant %d and %q", code, p.Out, p.Err, row.code, row.want)
			}
			if strings.HasPrefix(row.name, "the port") && strings.Count(p.Err.String(), "\n") != 1 {
				t.Errorf("want one line, got\n%s", p.Err)
			}
		})
	}
}

// Two processes with one SESSION_SECRET: a login begun at one is finished at the other.
func TestReplicas_ShareLogin(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	env := l.Env()
	env["SESSION_SECRET"] = "0123456789abcdef"
	one := startApp(t, env)
	env["BASE_URL"] = one.Cfg.BaseURL // and a port of its own
	two := startApp(t, env)
	b := newBrowser(t, one)
	callback, _ := url.Parse(l.Approve(t, b.Begin("")))
	cookie := b.Client.Jar.Cookies(callback)[0]
	req, _ := http.NewRequest(http.MethodGet, two.Address+callback.RequestURI(), nil)
	req.Host = strings.TrimPrefix(one.Cfg.BaseURL, "http://")
	req.AddCookie(cookie)
	if r := b.Do(req); r.StatusCode != 200 {
		t.Errorf("the other process answered %d %s", r.StatusCode, r.Body)
	}
}
