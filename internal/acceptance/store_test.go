package acceptance

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
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

// The data in Redis is unreadable without SESSION_SECRET, belongs to one browser, expires, and is deleted at the logout.
func TestSessionStore_SealedInRedis(t *testing.T) {
	t.Parallel()
	server := startRedis(t, testserver.FreePort(t))
	l := testserver.StartFakeServer(t)
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
	for _, word := range []string{"fake-access-token", "fake-refresh-token", "access_token", "user-1", testserver.FakeClientID, l.Issuer, "Steps"} {
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
		for _, words := range []string{"at_hash", "by the key &#34;k1&#34;", "Fake User"} {
			if !strings.Contains(page, words) {
				t.Errorf("the result page lacks %q", words)
			}
		}
		l.Response = func(response map[string]any) { delete(response, "id_token") } // the fake server's has a nonce only at a login
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
		env["SESSION_SECRET"], env["BASE_URL"], env["PORT"] = secret, a.Cfg.BaseURL, testserver.FreePort(t)
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

// If the store is down, the page says so. Nothing is used up meanwhile, and everything works again when it is back.
func TestSessionStore_Down(t *testing.T) {
	t.Parallel()
	port := testserver.FreePort(t)
	server := startRedis(t, port)
	l := testserver.StartFakeServer(t)
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
	if _, query, _ := strings.Cut(callback, "?"); strings.Contains(query, "code="+l.LastForm().PostForm.Get("code")) {
		t.Errorf("the code was redeemed, and its tokens could not be kept")
	}
	again := startRedis(t, port)
	if r := b.GetJSON(callback); r.StatusCode != 200 {
		t.Errorf("when the store is back the callback is answered %d %s", r.StatusCode, r.Body)
	}
	if r := b.Ask("/session", false); r.StatusCode != 200 {
		t.Errorf("when the store is back /session answers %d %s", r.StatusCode, r.Body)
	}

	again.stop() // and starts anew while it gets no requests: the connections kept are dead
	startRedis(t, port)
	time.Sleep(1100 * time.Millisecond)
	b.Ask("/session", false).WantError(t, 401, "no_token", "")
}

// If the store is full, the page says so, and a login that it can't store costs none of those in it.
func TestSessionStore_Full(t *testing.T) {
	t.Parallel()
	server := startRedis(t, testserver.FreePort(t))
	l := testserver.StartFakeServer(t)
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
func TestSessionStore_OverTLS(t *testing.T) {
	t.Parallel()
	ca := testserver.NewAuthority(t)
	cert, key := testserver.PEMFiles(t, ca.Issue(t, time.Now().Add(time.Hour)))
	port := testserver.FreePort(t)
	server := startRedis(t, port, "--port", "0", "--tls-port", port, "--tls-auth-clients", "no", "--tls-ca-cert-file", ca.File,
		"--tls-cert-file", cert, "--tls-key-file", key)
	plain := server.url
	server.url = strings.Replace(plain, "redis://", "rediss://", 1)
	l := testserver.StartFakeServer(t)
	env := server.onRedis(l.Env())
	env["SSL_CERT_FILE"] = ca.File
	b := newBrowser(t, startApp(t, env))
	b.GetJSON(l.Approve(t, b.Begin("")))
	if r := b.Ask("/session", false); r.StatusCode != 200 {
		t.Errorf("/session answered %d %s", r.StatusCode, r.Body)
	}
	for url, want := range map[string]string{
		server.url: `has a certificate from an authority that this machine does not know (issued by "Test Authority"); name a file`,
		plain:      "closed the connection before its answer was complete; check that Redis runs there, with TLS for rediss:// and without for redis://",
	} {
		p := startProcess(t, map[string]string{"PORT": testserver.FreePort(t), "SESSION_STORE": url, "SESSION_SECRET": env["SESSION_SECRET"]})
		if code := p.Wait(t); code != 1 || !strings.Contains(p.Err.String(), want) {
			t.Errorf("exit code %d and\n%s\nwant 1 and %q", code, p.Err, want)
		}
	}
}

// A store that cannot be used is a mistake to be told at the start, in one line without its password.
func TestSessionStore_UnusableAtStart(t *testing.T) {
	t.Parallel()
	server := startRedis(t, testserver.FreePort(t))
	unused := testserver.FreePort(t)
	for _, row := range []struct{ name, url, want string }{
		{
			"nothing there",
			"redis://:" + redisPassword + "@127.0.0.1:" + unused,
			"SESSION_STORE: redis://127.0.0.1:" + unused + " refused the connection: nothing listens there; check that Redis runs there",
		},
		{"another password", "redis://:wrong-password@127.0.0.1:" + server.port, `SESSION_STORE: redis://127.0.0.1:` + server.port + ` says "WRONGPASS`},
		{"no password", "redis://127.0.0.1:" + server.port, `says "NOAUTH`},
		{"no such host", "rediss://no-such-host.invalid", "does not resolve"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := startProcess(t, map[string]string{"PORT": testserver.FreePort(t), "SESSION_STORE": row.url, "SESSION_SECRET": "a-session-secret-of-32-characters"})
			if code := p.Wait(t); code != 1 || !strings.Contains(p.Err.String(), row.want) || strings.Count(p.Err.String(), "\n") != 1 {
				t.Errorf("exit code %d and\n%s\nwant 1 and %q in one line", code, p.Err, row.want)
			}
			if strings.Contains(p.Err.String(), "password-") || strings.Contains(p.Err.String(), "wrong-password") {
				t.Errorf("the message holds the password: %s", p.Err)
			}
		})
	}
}

// Tokens of one server go to no other, whatever is asked for, though the session is still there: two
// processes share a Redis, and the second has other settings.
func TestTokens_StayWithTheirServer(t *testing.T) {
	t.Parallel()
	redis := startRedis(t, testserver.FreePort(t))
	first, second := testserver.StartFakeServer(t), testserver.StartFakeServer(t)
	for _, l := range []*testserver.FakeServer{first, second} {
		l.Other = testserver.SendBody(200, "application/json", `{"sub":"user-1","active":true}`)
		l.Document = func(d map[string]any) {
			d["introspection_endpoint"], d["revocation_endpoint"], d["end_session_endpoint"] = l.Issuer+"/introspect", l.Issuer+"/revoke", l.Issuer+"/logout"
		}
	}
	env := redis.onRedis(first.Env())
	env["RESOURCE_URL"] = first.Issuer + "/api"
	one := startApp(t, env)
	env["BASE_URL"], env["ISSUER"], env["RESOURCE_URL"] = one.Cfg.BaseURL, second.Issuer, second.Issuer+"/api"
	two := startApp(t, env)
	b := newBrowser(t, one)
	callback := first.Approve(t, b.Begin(""))
	if r := b.GetJSON(callback); r.StatusCode != 200 {
		t.Fatalf("the login answered %d %s", r.StatusCode, r.Body)
	}
	first.Response = func(response map[string]any) { delete(response, "id_token") } // the fake server's has a nonce only at a login
	at := func(a *app) *testserver.Browser {                                        // the same browser, after a restart
		other := newBrowser(t, a)
		u, _ := url.Parse(a.Address)
		other.Client.Jar.SetCookies(u, b.Client.Jar.Cookies(u))
		other.Host = strings.TrimPrefix(one.Cfg.BaseURL, "http://")
		return other
	}
	for _, path := range []string{"/session", "/userinfo", "/api", "/tokeninfo", "/refresh", "/flow", "/flow.har", "/revoke"} {
		at(two).Ask(path, false).WantError(t, 401, "no_token", "issued with other settings")
		if r := at(one).Ask(path, false); r.StatusCode != 200 {
			t.Errorf("%s at its own server answered %d %s", path, r.StatusCode, r.Body)
		}
	}
	reload := at(two)
	u, _ := url.Parse(callback)
	reload.GetJSON(two.Address+u.RequestURI()).WantError(t, 400, "other_server", "")
	steps := stepsAt(t, one, b, first)
	for _, address := range []string{"/step?login=" + steps, "/step?show=api&login=" + steps} {
		at(two).GetJSON(two.Address+address).WantError(t, 400, "other_server", "")
		if r := at(one).GetJSON(one.Address + address); r.StatusCode != 200 {
			t.Errorf("%s at its own server answered %d %s", address, r.StatusCode, r.Body)
		}
	}
	for a, want := range map[*app]int{one: 303, two: 400} {
		if r := at(a).Post("/step", url.Values{"login": {steps}, "do": {"api"}}); r.StatusCode != want {
			t.Errorf("the step to the API answered %d %s; want %d", r.StatusCode, r.Body, want)
		}
	}
	for _, request := range []string{"GET /userinfo", "GET /api", "POST /introspect", "POST /revoke", "POST /token"} {
		atStart := 0
		if request == "POST /token" {
			atStart = 1 // the checks at the start, with the second server's own settings
		}
		if n := second.Asked(request); n > atStart {
			t.Errorf("the second server was sent %d times %s", n, request)
		}
		if first.Asked(request) == 0 {
			t.Errorf("the first server was not asked %s", request)
		}
	}
	if r := at(two).Ask("/logout", false); r.StatusCode != 200 || strings.Contains(r.Body, "end_session_uri") {
		t.Errorf("the logout sends the ID token to another server: %d %s", r.StatusCode, r.Body)
	}
}

// While the server of the settings can't be found, it is unknown whether the tokens are its own. So they are sent nowhere,
// not even to its API, and not even if it is found in the middle of a request.
func TestTokens_StayWhileServerIsAway(t *testing.T) {
	t.Parallel()
	redis := startRedis(t, testserver.FreePort(t))
	first, second := testserver.StartFakeServer(t), testserver.StartFakeServer(t)
	for _, l := range []*testserver.FakeServer{first, second} {
		l.Other = testserver.SendBody(200, "application/json", `{"sub":"user-1"}`)
		l.Response = func(response map[string]any) { delete(response, "id_token") }
	}
	var away atomic.Int64 // so many more requests
	second.Metadata = func(w http.ResponseWriter, _ *http.Request) {
		if away.Add(-1) >= 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		testserver.SendJSON(w, map[string]any{
			"issuer":                 second.Issuer,
			"authorization_endpoint": second.Issuer + "/authorize",
			"token_endpoint":         second.Issuer + "/token",
			"userinfo_endpoint":      second.Issuer + "/userinfo",
		})
	}
	env := redis.onRedis(first.Env())
	env["RESOURCE_URL"] = first.Issuer + "/api"
	one := startApp(t, env)
	b := newBrowser(t, one)
	steps := stepsAt(t, one, b, first)
	env["BASE_URL"], env["ISSUER"], env["RESOURCE_URL"] = one.Cfg.BaseURL, second.Issuer, second.Issuer+"/api"
	for _, row := range []struct {
		name   string
		times  int64 // that it is not found
		status int
	}{{"away", 1 << 40, 502}, {"away at first", 1, 400}} {
		away.Store(1 << 40)
		two := startApp(t, env)
		two.process.WaitFor(t, "checked  ")
		other := newBrowser(t, two)
		u, _ := url.Parse(two.Address)
		other.Client.Jar.SetCookies(u, b.Client.Jar.Cookies(u))
		other.Host = strings.TrimPrefix(one.Cfg.BaseURL, "http://")
		other.Accept = "*/*"
		for name, ask := range map[string]func() testserver.Reply{
			"/api":      func() testserver.Reply { return other.Ask("/api", false) },
			"/userinfo": func() testserver.Reply { return other.Ask("/userinfo", false) },
			"/step":     func() testserver.Reply { return other.Post("/step", url.Values{"login": {steps}, "do": {"api"}}) },
		} {
			away.Store(row.times)
			if r := ask(); r.StatusCode != row.status && r.StatusCode != 401 {
				t.Errorf("the server is %s, and %s answered %d %s", row.name, name, r.StatusCode, r.Body)
			}
		}
	}
	if n := second.Asked("GET /api") + second.Asked("GET /userinfo"); n > 0 {
		t.Errorf("the first server's token went to the second one %d times", n)
	}
	if r := b.Post("/step", url.Values{"login": {steps}, "do": {"api"}}); r.StatusCode != 303 || first.Asked("GET /api") != 3 {
		t.Errorf("at its own server the step to the API answered %d %s", r.StatusCode, r.Body)
	}
}

// stepsAt finishes a login step by step, and returns what names it at /step.
func stepsAt(t *testing.T, a *app, b *testserver.Browser, l *testserver.FakeServer) string {
	t.Helper()
	var step struct {
		To    string `json:"authorization_uri"`
		Login string `json:"login"`
	}
	if r := b.GetJSON("/login?step=1&scope=email"); json.Unmarshal([]byte(r.Body), &step) != nil || step.To == "" {
		t.Fatalf("the first step answered %d %s", r.StatusCode, r.Body)
	}
	if r := b.GetJSON(l.Approve(t, step.To)); r.StatusCode != 200 {
		t.Fatalf("the third step answered %d %s", r.StatusCode, r.Body)
	}
	if r := b.Post("/step", url.Values{"login": {step.Login}, "do": {"exchange"}}); r.StatusCode != http.StatusSeeOther {
		t.Fatalf("the exchange answered %d %s", r.StatusCode, r.Body)
	}
	return step.Login
}
