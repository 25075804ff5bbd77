package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/testserver"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
)

// Servers that fail at another moment than they were asked first.
func TestServerThatDies(t *testing.T) {
	t.Run("keys gone at the callback", func(t *testing.T) {
		l := testserver.StartLiar(t)
		a := startApp(t, l.Env())
		b := newBrowser(t, a)
		callback := l.Approve(t, b.Begin(""))
		l.JWKS = http.NotFound
		b.GetJSON(callback).WantError(t, 502, "invalid_id_token", "404 Not Found")
		wantNothingKept(t, b)
		wantHonest(t, l, a)
	})
	t.Run("dead at the callback, and back again", func(t *testing.T) {
		l := testserver.StartLiar(t)
		a := startApp(t, l.Env())
		b := newBrowser(t, a)
		callback := l.Approve(t, b.Begin(""))
		address, handler := l.Listener.Addr().String(), l.Config.Handler
		l.CloseClientConnections()
		l.Close()
		b.GetJSON(callback).WantError(t, 502, "server_unreachable", "the connection")
		wantNothingKept(t, b)
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Skipf("the port was taken meanwhile: %v", err)
		}
		again := &httptest.Server{Listener: listener, Config: &http.Server{Handler: handler}}
		again.Start()
		t.Cleanup(again.Close)
		wantHonest(t, l, a)
	})
	t.Run("dead at the start", func(t *testing.T) {
		l := testserver.StartLiar(t)
		l.Metadata = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
		a := startApp(t, l.Env())
		newBrowser(t, a).GetJSON("/login").WantError(t, 502, "server_not_found", "")
		wantHonest(t, l, a)
	})
}

// Methods and shapes that a callback must not have.
func TestCallbackMethods(t *testing.T) {
	l := testserver.StartLiar(t)
	a := startApp(t, l.Env())
	b := newBrowser(t, a)
	b.Accept = "*/*"
	callback := l.Approve(t, b.Begin(""))
	b.Post(callback, url.Values{}).WantError(t, 405, "method_not_allowed", "GET only")
	for _, method := range []string{"PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"} {
		req, _ := http.NewRequest(method, callback, nil)
		if r := b.Do(req); r.StatusCode != 405 {
			t.Errorf("%s answered %d", method, r.StatusCode)
		}
	}
	if r := b.GetJSON(callback); r.StatusCode != 200 {
		t.Errorf("after all that the login was spent: %d %s", r.StatusCode, r.Body)
	}
}

// Cookies that another program on localhost planted, and a callback that somebody else began.
func TestPlantedCookies(t *testing.T) {
	l := testserver.StartLiar(t)
	a := startApp(t, l.Env())
	attacker, victim := newBrowser(t, a), newBrowser(t, a)
	u, _ := url.Parse(a.URL)

	// The attacker's own login, finished in the victim's browser, would sign the victim in as the attacker.
	callback := l.Approve(t, attacker.Begin(""))
	victim.GetJSON(callback).WantError(t, 400, "invalid_state", "")

	// The attacker's session, planted in the victim's browser, is left behind at the victim's own login.
	attacker.GetJSON(callback)
	planted := attacker.Client.Jar.Cookies(u)
	victim.Client.Jar.SetCookies(u, planted)
	victim.GetJSON(l.Approve(t, victim.Begin("")))
	if own := victim.Client.Jar.Cookies(u); len(own) != 1 || own[0].Value == planted[0].Value {
		t.Errorf("after the victim's login the session is still %v", own)
	}

	// Cookies of the same name that were made up, or far too long.
	for _, value := range []string{"x", strings.Repeat("A", 4000), "..%2f", "\x7f"} {
		b := newBrowser(t, a)
		b.Client.Jar.SetCookies(u, []*http.Cookie{{Name: planted[0].Name, Value: value}})
		if home := b.Get("/"); home.StatusCode != 200 || strings.Contains(home.Body, "Signed in") {
			t.Errorf("the cookie %.20q gives %d", value, home.StatusCode)
		}
		b.Ask("/session", false).WantError(t, 401, "no_token", "")
	}
}

// No parameter of ours sends the browser anywhere but to the authorization server and to BASE_URL.
func TestOpenRedirect(t *testing.T) {
	l := testserver.StartLiar(t)
	a := startApp(t, l.Env())
	b := newBrowser(t, a)
	for _, query := range []string{"?redirect_uri=https://evil.example", "?next=//evil.example", "?return_to=https://evil.example", "?client_id=x&issuer=https://evil.example"} {
		to, _ := url.Parse(b.Begin(query))
		if "http://"+to.Host != l.Issuer || to.Query().Get("redirect_uri") != a.Cfg.RedirectURI() {
			t.Errorf("/login%s goes to %s", query, to)
		}
	}
	for _, path := range []string{"//evil.example/", "//evil.example/login", "/\\evil.example", "/%2f%2fevil.example"} {
		req, _ := http.NewRequest(http.MethodGet, a.URL+"/", nil)
		req.URL.Opaque = "//" + strings.TrimPrefix(a.URL, "http://") + path
		if r := b.Do(req); strings.Contains(r.Header.Get("Location"), "evil") && !strings.HasPrefix(r.Header.Get("Location"), "/") {
			t.Errorf("%s redirects to %s", path, r.Header.Get("Location"))
		}
	}
}

// Requests that two parsers could read differently get one answer, and end the connection.
func TestSmuggling(t *testing.T) {
	a := startApp(t, nil)
	host := "Host: 127.0.0.1:" + a.Cfg.Port + "\r\n"
	for name, request := range map[string]string{
		"two lengths":                "POST /revoke HTTP/1.1\r\n" + host + "Content-Length: 0\r\nContent-Length: 5\r\n\r\nhello",
		"length and chunks":          "POST /revoke HTTP/1.1\r\n" + host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /session HTTP/1.1\r\n" + host + "\r\n",
		"an unknown coding":          "POST /revoke HTTP/1.1\r\n" + host + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
		"a space before the colon":   "GET / HTTP/1.1\r\n" + host + "X-A : b\r\n\r\n",
		"two hosts":                  "GET / HTTP/1.1\r\n" + host + "Host: evil.example\r\n\r\n",
		"no host":                    "GET / HTTP/1.1\r\n\r\n",
		"a line break in the target": "GET /\x0bfoo HTTP/1.1\r\n" + host + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", "127.0.0.1:"+a.Cfg.Port)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			io.WriteString(conn, request)
			conn.SetReadDeadline(time.Now().Add(2 * time.Second))
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				return // hung up: fine
			}
			defer resp.Body.Close()
			if resp.StatusCode < 400 {
				t.Errorf("it was answered %d", resp.StatusCode)
			}
		})
	}
}

// A header that never ends is cut off by the program's own deadline.
func TestSlowHeaders(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	p := startProcess(t, map[string]string{"PORT": port})
	p.waitFor(t, "(found)")
	conn, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost:"+port+"\r\n")
	began := time.Now()
	conn.SetReadDeadline(began.Add(15 * time.Second))
	if _, err := io.ReadAll(conn); err != nil || time.Since(began) > 10*time.Second {
		t.Errorf("after %v the connection is still open (%v)", time.Since(began), err)
	}
}

// A hundred thousand logins that nobody finishes cost nothing but their answers.
func TestAbandonedLogins(t *testing.T) {
	l := testserver.StartLiar(t)
	a := startApp(t, l.Env())
	a.server.log = log.New(io.Discard, "", 0)
	newBrowser(t, a).Begin("") // finds the server
	login := func(n int) {
		for range n {
			r := httptest.NewRequest(http.MethodGet, "/login", nil)
			r.Host = strings.TrimPrefix(a.Cfg.BaseURL, "http://")
			w := httptest.NewRecorder()
			a.Config.Handler.ServeHTTP(w, r)
			if w.Code != http.StatusFound {
				t.Fatalf("/login answered %d", w.Code)
			}
		}
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	login(1000)
	before := heap()
	login(100_000)
	if after := heap(); after > before+2<<20 {
		t.Errorf("the heap grew from %d to %d bytes", before, after)
	}
}

// Whatever comes as a query, a callback that nobody began is refused, and nothing of it is shown.
func FuzzCallback(f *testing.F) {
	for _, q := range []string{"", "state=x&code=y", "error=<script>&state=a", "state=%", "state=a&state=b", "iss=https://a&state=", "error_description=%ff%00&state=x", strings.Repeat("a=b&", 100)} {
		f.Add(q)
	}
	cfg, err := config.Load(func(string) string { return "" }, "does-not-exist.env", false)
	if err != nil {
		f.Fatal(err)
	}
	s, handler, err := assemble(cfg, nil, log.New(io.Discard, "", 0), time.Now)
	if err != nil {
		f.Fatal(err)
	}
	_ = s
	f.Fuzz(func(t *testing.T, query string) {
		for _, accept := range []string{"text/html", "application/json"} {
			r := httptest.NewRequest(http.MethodGet, "/oauth_callback", nil)
			r.URL.RawQuery, r.Host = query, "localhost:3000"
			r.Header.Set("Accept", accept)
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code != http.StatusBadRequest {
				t.Errorf("%q was answered %d", query, w.Code)
			}
			harmless := json.Valid(w.Body.Bytes()) && w.Header().Get("Content-Type") == "application/json" && w.Header().Get("X-Content-Type-Options") == "nosniff"
			if accept == "text/html" {
				harmless = !bytes.Contains(w.Body.Bytes(), []byte("<script>"))
			}
			if w.Body.Len() > 20_000 || !harmless {
				t.Errorf("%q was answered with\n%.2000s", query, w.Body)
			}
		}
	})
}

// SECURITY.md names a test for each promise, and the tests are there.
func TestSecurityPromises(t *testing.T) {
	promises, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	var sources []byte
	err = filepath.WalkDir(".", func(file string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(file, "_test.go") {
			return err
		}
		data, err := os.ReadFile(file)
		sources = append(sources, data...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z]+)`").FindAllSubmatch(promises, -1)
	if len(names) < 20 {
		t.Errorf("SECURITY.md names %d tests", len(names))
	}
	for _, name := range names {
		if !bytes.Contains(sources, append([]byte("func "), append(name[1], '(')...)) {
			t.Errorf("SECURITY.md names %s, which is not there", name[1])
		}
	}
}
