package main

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// app is the whole program behind a real listener on a free port of 127.0.0.1.
type app struct {
	*httptest.Server
	cfg    config.Config
	server *server
	roots  *x509.CertPool // besides the system's
	log    *logbook
}

// logbook is a log that can be read while it is written. At the end of the test it must hold none
// of the secrets that the test came across.
type logbook struct {
	mu      sync.Mutex // guards the fields below
	text    bytes.Buffer
	secrets []string
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// secret notes values that must never be logged.
func (l *logbook) secret(values ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, v := range values {
		if v != "" {
			l.secrets = append(l.secrets, v)
		}
	}
}

func (l *logbook) check(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, secret := range l.secrets {
		if strings.Contains(l.text.String(), secret) {
			t.Errorf("the log holds the secret %q:\n%s", secret, l.text.String())
		}
	}
}

// startApp runs the program with an environment, as main would, on a port of its own. BASE_URL is
// http://127.0.0.1:PORT unless env says otherwise ("PORT" in a value stands for the port).
func startApp(t *testing.T, env map[string]string) *app {
	t.Helper()
	return startAppOn(t, listenLoopback(t), env, time.Now)
}

func listenLoopback(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func startAppOn(t *testing.T, listener net.Listener, env map[string]string, now func() time.Time) *app {
	t.Helper()
	a := &app{Server: &httptest.Server{Listener: listener, Config: new(http.Server)}, log: new(logbook)}
	_, port, _ := net.SplitHostPort(a.Listener.Addr().String())
	full := map[string]string{"PORT": port, "BASE_URL": "http://127.0.0.1:" + port}
	for name, value := range env {
		full[name] = strings.ReplaceAll(value, "PORT", port)
	}
	cfg, err := config.Load(func(name string) string { return full[name] }, "does-not-exist.env", false)
	if err != nil {
		t.Fatalf("configuration: %v", err)
	}
	if a.roots, err = config.TrustedRoots(env["SSL_CERT_FILE"]); err != nil {
		t.Fatal(err)
	}
	var handler http.Handler
	if a.server, handler, err = assemble(cfg, a.roots, log.New(a.log, "", 0), now); err != nil {
		t.Fatal(err)
	}
	a.cfg, a.Config.Handler = cfg, handler
	a.Config.ErrorLog = log.New(a.log, "", 0)
	a.log.secret(cfg.ClientSecret, cfg.SessionSecret, "liar-access-token", "liar-refresh-token")
	a.Start()
	t.Cleanup(func() { a.Close(); a.log.check(t) })
	return a
}

// setTimeout makes the app's own requests give up earlier than they would.
func (a *app) setTimeout(d time.Duration) {
	a.server.wire = wire.NewWithTimeout(a.roots, a.server.now, d)
	a.server.oauth = oauth.New(a.cfg, a.server.wire, a.server.now)
}

// browser is a client with a cookie jar that does not follow redirects.
type browser struct {
	t      *testing.T
	app    *app
	client *http.Client
	accept string
	base   string // another address of the app than its URL; may be empty
}

func newBrowser(t *testing.T, a *app) *browser {
	t.Helper()
	return &browser{t: t, app: a, accept: "text/html", client: newClient(t, a.roots)}
}

// newClient keeps cookies and follows no redirect. The roots are nil for the system's.
func newClient(t *testing.T, roots *x509.CertPool) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if roots != nil {
		transport.TLSClientConfig.RootCAs = roots
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Jar: jar, Transport: transport, Timeout: 20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// reply is an answer, read whole.
type reply struct {
	*http.Response
	body string
}

// do sends a request and checks what every answer of ours must have.
func (b *browser) do(req *http.Request) reply {
	b.t.Helper()
	if req.Header.Get("Accept") == "" && b.accept != "" {
		req.Header.Set("Accept", b.accept)
	}
	resp, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	r := reply{resp, string(body)}
	if strings.HasPrefix(req.URL.String(), b.app.URL) && !strings.HasPrefix(req.URL.Path, "/static/") {
		r.checkInvariants(b, req)
	}
	return r
}

var badEscape = regexp.MustCompile(`&amp;(?:lt|gt|amp|#34|#39);|<no value>|ZgotmplZ|%!`)

// checkInvariants holds every answer to the promises made for all of them.
func (r reply) checkInvariants(b *browser, req *http.Request) {
	t := b.t
	t.Helper()
	for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s %s: %s is %q; want %q", req.Method, req.URL.Path, name, got, want)
		}
	}
	if got := r.Header.Get("Referrer-Policy"); got != "no-referrer" && !strings.HasPrefix(req.URL.Path, "/demo/") && !strings.HasPrefix(req.URL.Path, "/.well-known/") {
		t.Errorf("%s %s: Referrer-Policy is %q", req.Method, req.URL.Path, got)
	}
	csp := r.Header.Get("Content-Security-Policy")
	if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("%s %s: Content-Security-Policy is %q", req.Method, req.URL.Path, csp)
	}
	if bad := badEscape.FindString(r.body); bad != "" && strings.Contains(r.Header.Get("Content-Type"), "html") {
		t.Errorf("%s %s: the page holds %q", req.Method, req.URL.Path, bad)
	}
	if secret := b.app.cfg.ClientSecret; len(secret) > 8 && strings.Contains(r.body, secret) {
		t.Errorf("%s %s: the answer holds the client secret", req.Method, req.URL.Path)
	}
	isJSON := r.Header.Get("Content-Type") == "application/json"
	if r.StatusCode >= 400 && isJSON && req.Method != http.MethodHead {
		var e map[string]any
		if err := json.Unmarshal([]byte(r.body), &e); err != nil || e["error"] == nil || e["error_description"] == nil || e["error"] == "" || e["error_description"] == "" {
			t.Errorf("%s %s: the error lacks error or error_description: %s", req.Method, req.URL.Path, r.body)
		}
	}
}

func (b *browser) get(address string) reply {
	b.t.Helper()
	req, err := http.NewRequest(http.MethodGet, b.abs(address), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(req)
}

// getJSON asks as curl does.
func (b *browser) getJSON(address string) reply {
	b.t.Helper()
	req, err := http.NewRequest(http.MethodGet, b.abs(address), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Accept", "*/*")
	return b.do(req)
}

func (b *browser) post(address string, form url.Values) reply {
	b.t.Helper()
	req, err := http.NewRequest(http.MethodPost, b.abs(address), strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(req)
}

func (b *browser) abs(address string) string {
	if strings.HasPrefix(address, "/") {
		return cmp.Or(b.base, b.app.URL) + address
	}
	return address
}

// location returns where a redirect goes, and notes the secrets in it.
func (b *browser) location(r reply) string {
	b.t.Helper()
	if r.StatusCode/100 != 3 {
		b.t.Fatalf("%s answered %d, not a redirect:\n%s", r.Request.URL, r.StatusCode, r.body)
	}
	to, err := r.Location()
	if err != nil {
		b.t.Fatal(err)
	}
	for _, name := range []string{"state", "code", "nonce", "code_challenge"} {
		b.app.log.secret(to.Query().Get(name))
	}
	return to.String()
}

// begin asks for /login and returns the authorization request's address.
func (b *browser) begin(query string) string {
	b.t.Helper()
	return b.location(b.get("/login" + query))
}

// authorize plays the person at the demo server's pages, or at one of its shape: chooses a user when
// asked, decides when asked, and returns the address that the browser is sent back to.
func (b *browser) authorize(address, user, decision string) string {
	b.t.Helper()
	for range 6 {
		r := b.get(address)
		if r.StatusCode/100 == 3 {
			to := b.location(r)
			if strings.HasPrefix(to, b.app.cfg.RedirectURI()) {
				return to
			}
			address = to
			continue
		}
		form := url.Values{"user": {user}}
		if !strings.Contains(r.body, `name="user"`) {
			form = url.Values{"decision": {decision}}
		}
		if !strings.Contains(r.body, "<form") {
			b.t.Fatalf("%s answered %d without a form:\n%s", address, r.StatusCode, r.body)
		}
		to := b.location(b.post(address, form))
		if strings.HasPrefix(to, b.app.cfg.RedirectURI()) {
			return to
		}
		address = to
	}
	b.t.Fatal("the authorization server never came back")
	return ""
}

// login runs a whole login and returns the callback's answer.
func (b *browser) login() reply {
	b.t.Helper()
	r := b.get(b.authorize(b.begin(""), "user_alice", "allow"))
	b.app.noteTokens(r.body)
	return r
}

// noteTokens notes the tokens of a JSON document as secrets.
func (a *app) noteTokens(body string) {
	var tokens map[string]any
	if json.Unmarshal([]byte(body), &tokens) != nil {
		return
	}
	for _, name := range []string{"access_token", "refresh_token", "id_token"} {
		if token, ok := tokens[name].(string); ok {
			a.log.secret(token)
		}
	}
}

// wantError checks an error answer in JSON.
func (r reply) wantError(t *testing.T, status int, code, words string) {
	t.Helper()
	var e errorPage
	if err := json.Unmarshal([]byte(r.body), &e); err != nil {
		t.Fatalf("answered %d, not with JSON: %v\n%s", r.StatusCode, err, r.body)
	}
	if r.StatusCode != status || e.Code != code || !strings.Contains(e.Description+" "+e.Hint, words) {
		t.Errorf("answered %d %q %q (hint %q); want %d %q and %q", r.StatusCode, e.Code, e.Description, e.Hint, status, code, words)
	}
}

// writeFile writes a file that the test's end removes.
func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	file := t.TempDir() + "/" + name
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// needs skips a test whose tool is missing, but never in CI, where .ci/run installs it.
func needs(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing, and in CI it must be there: %v", what, err)
	}
	t.Skipf("%s is missing: %v", what, err)
}

// wantHonest is the control of a case: with nothing spoiled, the same app and the same server finish
// a login.
func wantHonest(t *testing.T, l *testserver.Liar, a *app) {
	t.Helper()
	l.Reset()
	b := newBrowser(t, a)
	if r := b.getJSON(l.Approve(t, b.begin(""))); r.StatusCode != http.StatusOK {
		t.Errorf("the honest control was answered %d %s", r.StatusCode, r.body)
	}
}

// env looks variables up in a map.
func env(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}
