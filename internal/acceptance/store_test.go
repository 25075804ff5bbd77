package acceptance

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"

	"oauth-test-client/internal/testserver"
)

// redisServer is a real Redis on a port of its own, with a password.
type redisServer struct {
	port, url string
	stop      func()
}

const redisPassword = "redis-password-4f1b"

// startRedis starts it with more options than the test's own, if any: a name, then its value.
func startRedis(t *testing.T, port string, options ...string) *redisServer {
	t.Helper()
	_, err := exec.LookPath("redis-server")
	testserver.Needs(t, os.Getenv, "redis-server", err)
	program := exec.Command("redis-server", append([]string{"--bind", "127.0.0.1", "--port", port, "--requirepass", redisPassword,
		"--save", "", "--appendonly", "no", "--dir", t.TempDir()}, options...)...)
	return &redisServer{port, "redis://:" + redisPassword + "@127.0.0.1:" + port + "/3", launch(t, program, port)}
}

// do asks Redis directly.
func (s *redisServer) do(t *testing.T, command string, args ...any) any {
	t.Helper()
	c, err := redis.DialURL(s.url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	answer, err := c.Do(command, args...)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func (s *redisServer) keys(t *testing.T) []string {
	t.Helper()
	keys, err := redis.Strings(s.do(t, "KEYS", "*"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func (s *redisServer) value(t *testing.T, key string) []byte {
	t.Helper()
	value, err := redis.Bytes(s.do(t, "GET", key), nil)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// onRedis adds to an environment what keeps the sessions in Redis.
func (s *redisServer) onRedis(env map[string]string) map[string]string {
	env["SESSION_STORE"], env["SESSION_SECRET"] = s.url, "a-session-secret-of-32-characters"
	return env
}

// What is kept in Redis is unreadable without SESSION_SECRET, belongs to one browser, expires, and goes
// with the logout.
func TestSessionsInRedis(t *testing.T) {
	server := startRedis(t, freePort(t))
	l := testserver.StartLiar(t)
	a := startApp(t, server.onRedis(l.Env()))
	a.Log.Secret(redisPassword)
	b := newBrowser(t, a)
	r := b.GetJSON(l.Approve(t, b.Begin("")))
	if r.StatusCode != 200 {
		t.Fatalf("the callback answered %d %s", r.StatusCode, r.Body)
	}
	keys := server.keys(t)
	if len(keys) != 1 {
		t.Fatalf("Redis holds %q; want one session", keys)
	}
	value := server.value(t, keys[0])
	for _, word := range []string{"liar-access-token", "liar-refresh-token", "access_token", "user-1", testserver.LiarClientID, l.Issuer, "Steps"} {
		if bytes.Contains(value, []byte(word)) {
			t.Errorf("the value in Redis holds %q", word)
		}
	}
	wantTwelveHours := func() {
		t.Helper()
		if left, _ := redis.Int(server.do(t, "TTL", keys[0]), nil); left < 12*60*60-60 || left > 12*60*60 {
			t.Errorf("the session in Redis expires in %d s; want 12 h", left)
		}
	}
	wantTwelveHours()

	t.Run("all of it is there", func(t *testing.T) {
		if again := b.GetJSON(r.Request.URL.String()); again.Body != r.Body {
			t.Errorf("a reload answered %s", again.Body)
		}
		page := b.Get(r.Request.URL.String()).Body
		for _, words := range []string{"at_hash", "by the key &#34;k1&#34;", "Liar&#39;s User"} {
			if !strings.Contains(page, words) {
				t.Errorf("the result page lacks %q", words)
			}
		}
		l.Response = func(response map[string]any) { delete(response, "id_token") } // the liar's has a nonce only at a login
		defer func() { l.Response = nil }()
		for path, words := range map[string]string{
			"/session":  `"held": true`,
			"/refresh":  `"status": 200`,
			"/flow":     "authorization response",
			"/flow.har": "code_challenge",
		} {
			if got := b.Ask(path, false); got.StatusCode != 200 || !strings.Contains(got.Body, words) {
				t.Errorf("%s answered %d %s", path, got.StatusCode, got.Body)
			}
		}
		wantTwelveHours()
	})
	t.Run("a login gives the session a new ID", func(t *testing.T) {
		second := b.GetJSON(l.Approve(t, b.Begin("")))
		if second.StatusCode != 200 {
			t.Fatalf("the callback answered %d %s", second.StatusCode, second.Body)
		}
		if now := server.keys(t); len(now) != 1 || now[0] == keys[0] {
			t.Errorf("Redis holds %q after another login; want one session with a new ID, not %q", now, keys)
		}
		for _, login := range []testserver.Reply{r, second} {
			if again := b.GetJSON(login.Request.URL.String()); again.StatusCode != 200 || again.Body != login.Body {
				t.Errorf("a login of two is answered %d %s", again.StatusCode, again.Body)
			}
		}
	})
	t.Run("a value that was changed, or is another browser's, is no session", func(t *testing.T) {
		key := server.keys(t)[0]
		good := server.value(t, key)
		other := newBrowser(t, a)
		other.GetJSON(l.Approve(t, other.Begin("")))
		theirs := server.value(t, slices.DeleteFunc(server.keys(t), func(k string) bool { return k == key })[0])
		changed := bytes.Clone(good)
		changed[len(changed)/2] ^= 1
		for name, bad := range map[string][]byte{"changed": changed, "another's": theirs, "cut": good[:20], "empty": {}, "plain": []byte("plain")} {
			server.do(t, "SET", key, bad)
			b.Ask("/session", false).WantError(t, 401, "no_token", "")
			if t.Failed() {
				t.Fatalf("with the value %s", name)
			}
		}
		server.do(t, "SET", key, good)
		if r := b.Ask("/session", false); r.StatusCode != 200 {
			t.Errorf("with the right value /session answered %d %s", r.StatusCode, r.Body)
		}
		server.do(t, "SET", key, changed)
		if r := b.GetJSON(l.Approve(t, b.Begin(""))); r.StatusCode != 200 {
			t.Errorf("over a value that was changed a login was answered %d %s", r.StatusCode, r.Body)
		}
	})
	another := func(t *testing.T, secret string) *app {
		env := server.onRedis(l.Env())
		env["SESSION_SECRET"], env["BASE_URL"], env["PORT"] = secret, a.Cfg.BaseURL, freePort(t)
		return startApp(t, env)
	}
	ask := func(t *testing.T, second *app, path string) testserver.Reply {
		other := newBrowser(t, second)
		other.Client.Jar = b.Client.Jar // cookies know no ports
		req, _ := http.NewRequest(http.MethodGet, second.Address+path, nil)
		req.Host = strings.TrimPrefix(a.Cfg.BaseURL, "http://")
		return other.Do(req)
	}
	t.Run("another process knows the session by the same secret", func(t *testing.T) {
		second := another(t, "a-session-secret-of-32-characters")
		if r := ask(t, second, "/flow.har"); r.StatusCode != 200 || !strings.Contains(r.Body, "code_challenge") {
			t.Errorf("/flow.har answered %d %s", r.StatusCode, r.Body)
		}
	})
	t.Run("with another secret it does not know the cookie", func(t *testing.T) {
		second := another(t, "another-secret-of-32-characters--")
		if r := ask(t, second, "/session"); r.StatusCode != 401 {
			t.Errorf("/session answered %d", r.StatusCode)
		}
	})
	t.Run("another process that cannot find the server shows what is held", func(t *testing.T) {
		set := func(metadata http.HandlerFunc) {
			l.Lock()
			defer l.Unlock()
			l.Metadata = metadata
		}
		set(http.NotFound)
		defer set(nil)
		second := another(t, "a-session-secret-of-32-characters")
		if r := ask(t, second, "/session"); r.StatusCode != 200 || !strings.Contains(r.Body, "the server cannot be found") ||
			!strings.Contains(r.Body, "user-1") {
			t.Errorf("/session answered %d %s", r.StatusCode, r.Body)
		}
	})
	t.Run("a logout deletes it", func(t *testing.T) {
		before := len(server.keys(t))
		if r := b.Ask("/logout", false); r.StatusCode != 200 {
			t.Errorf("/logout answered %d %s", r.StatusCode, r.Body)
		}
		if after := len(server.keys(t)); after != before-1 {
			t.Errorf("%d sessions before the logout, %d after", before, after)
		}
	})
}

// A store that is down is said to be; nothing is spent meanwhile, and all goes on when it is back.
func TestSessionStoreDown(t *testing.T) {
	port := freePort(t)
	server := startRedis(t, port)
	l := testserver.StartLiar(t)
	a := startApp(t, server.onRedis(l.Env()))
	b := newBrowser(t, a)
	b.GetJSON(l.Approve(t, b.Begin("")))
	server.stop()
	for _, path := range []string{"/session", "/userinfo", "/flow", "/"} {
		b.GetJSON(path).WantError(t, 503, "session_store_failed", "SESSION_STORE")
	}
	b.GetJSON("/session").WantError(t, 503, "session_store_failed", "The session store refused the connection: nothing listens there.")
	if page := b.Get("/session").Body; !strings.Contains(page, "The session store cannot be used") {
		t.Errorf("the page does not say what is wrong:\n%s", page)
	}
	callback := l.Approve(t, b.Begin(""))
	b.GetJSON(callback).WantError(t, 503, "session_store_failed", "")
	if n := l.Asked("POST /token"); n != 1 {
		t.Errorf("%d codes were redeemed; want 1, as the second could not be kept", n)
	}
	again := startRedis(t, port)
	if r := b.GetJSON(callback); r.StatusCode != 200 {
		t.Errorf("when the store is back the callback is answered %d %s", r.StatusCode, r.Body)
	}
	if r := b.Ask("/session", false); r.StatusCode != 200 {
		t.Errorf("when the store is back /session answers %d %s", r.StatusCode, r.Body)
	}

	again.stop() // and starts anew while nobody asks: the connections kept are dead
	startRedis(t, port)
	time.Sleep(1100 * time.Millisecond)
	b.Ask("/session", false).WantError(t, 401, "no_token", "")
}

// A store that takes no more says so, and a login that it cannot keep costs none of those it has.
func TestSessionStoreFull(t *testing.T) {
	server := startRedis(t, freePort(t))
	l := testserver.StartLiar(t)
	a := startApp(t, server.onRedis(l.Env()))
	b := newBrowser(t, a)
	first := b.GetJSON(l.Approve(t, b.Begin("")))
	server.do(t, "CONFIG", "SET", "maxmemory", "1")
	b.GetJSON(l.Approve(t, b.Begin(""))).WantError(t, 503, "session_store_failed", `The session store says "OOM command not allowed`)
	b.Ask("/refresh", false).WantError(t, 503, "session_store_failed", `The session store says "OOM command not allowed`)
	server.do(t, "CONFIG", "SET", "maxmemory", "0")
	if again := b.GetJSON(first.Request.URL.String()); again.StatusCode != 200 || again.Body != first.Body {
		t.Errorf("the login before is answered %d %s", again.StatusCode, again.Body)
	}
}

// With rediss:// the sessions go over TLS, to a Redis whose certificate verifies and to no other.
func TestSessionStoreOverTLS(t *testing.T) {
	ca := testserver.NewAuthority(t)
	cert, key := testserver.PEMFiles(t, ca.Issue(t, time.Now().Add(time.Hour)))
	port := freePort(t)
	server := startRedis(t, port, "--port", "0", "--tls-port", port, "--tls-auth-clients", "no", "--tls-ca-cert-file", ca.File,
		"--tls-cert-file", cert, "--tls-key-file", key)
	plain := server.url
	server.url = strings.Replace(plain, "redis://", "rediss://", 1)
	l := testserver.StartLiar(t)
	env := server.onRedis(l.Env())
	env["SSL_CERT_FILE"] = ca.File
	b := newBrowser(t, startApp(t, env))
	b.GetJSON(l.Approve(t, b.Begin("")))
	if r := b.Ask("/session", false); r.StatusCode != 200 {
		t.Errorf("/session answered %d %s", r.StatusCode, r.Body)
	}
	for url, want := range map[string]string{
		server.url: `has a certificate from an authority that this machine does not know (issued by "Test Authority"); name a file`,
		plain:      "closed the connection before its answer was complete; see that Redis runs there, with TLS for rediss:// and without for redis://",
	} {
		p := startProcess(t, map[string]string{"PORT": freePort(t), "SESSION_STORE": url, "SESSION_SECRET": env["SESSION_SECRET"]})
		if code := p.wait(t, 20*time.Second); code != 1 || !strings.Contains(p.err.String(), want) {
			t.Errorf("exit code %d and\n%s\nwant 1 and %q", code, p.err, want)
		}
	}
}

// A store that cannot be used is a mistake to be told at the start, in one line without its password.
func TestSessionStoreAtStart(t *testing.T) {
	server := startRedis(t, freePort(t))
	unused := freePort(t)
	for _, row := range []struct{ name, url, want string }{
		{
			"nothing there",
			"redis://:" + redisPassword + "@127.0.0.1:" + unused,
			"SESSION_STORE: redis://127.0.0.1:" + unused + " refused the connection: nothing listens there; see that Redis runs there",
		},
		{"another password", "redis://:wrong-password@127.0.0.1:" + server.port, `SESSION_STORE: redis://127.0.0.1:` + server.port + ` says "WRONGPASS`},
		{"no password", "redis://127.0.0.1:" + server.port, `says "NOAUTH`},
		{"no such host", "rediss://no-such-host.invalid", "does not resolve"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := startProcess(t, map[string]string{"PORT": freePort(t), "SESSION_STORE": row.url, "SESSION_SECRET": "a-session-secret-of-32-characters"})
			if code := p.wait(t, 20*time.Second); code != 1 || !strings.Contains(p.err.String(), row.want) || strings.Count(p.err.String(), "\n") != 1 {
				t.Errorf("exit code %d and\n%s\nwant 1 and %q in one line", code, p.err, row.want)
			}
			if strings.Contains(p.err.String(), "password-") || strings.Contains(p.err.String(), "wrong-password") {
				t.Errorf("the message holds the password: %s", p.err)
			}
		})
	}
}
