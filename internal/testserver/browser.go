package testserver

import (
	"cmp"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Browser is a client with a cookie jar that does not follow redirects.
type Browser struct {
	T      *testing.T
	App    *App
	Client *http.Client
	Accept string
	Base   string // another address of the app than its URL; may be empty
	Host   string // another Host header than the address's; may be empty
}

// NewBrowser is a browser for an app.
func NewBrowser(t *testing.T, a *App) *Browser {
	t.Helper()
	return &Browser{T: t, App: a, Accept: "text/html", Client: newClient(t, a.Roots)}
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

// Reply is an answer, read whole.
type Reply struct {
	*http.Response
	Body string
}

// Do sends a request and checks what every answer of ours must have.
func (b *Browser) Do(req *http.Request) Reply {
	b.T.Helper()
	if req.Header.Get("Accept") == "" && b.Accept != "" {
		req.Header.Set("Accept", b.Accept)
	}
	req.Host = cmp.Or(b.Host, req.Host)
	resp, err := b.Client.Do(req)
	if err != nil {
		b.T.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.T.Fatal(err)
	}
	r := Reply{resp, string(body)}
	if strings.HasPrefix(req.URL.String(), b.App.Address) && !strings.HasPrefix(req.URL.Path, "/static/") {
		r.checkInvariants(b, req)
	}
	return r
}

var badEscape = regexp.MustCompile(`&amp;(?:lt|gt|amp|#34|#39);|<no value>|ZgotmplZ|%!`)

// checkInvariants holds every answer to the promises made for all of them.
func (r Reply) checkInvariants(b *Browser, req *http.Request) {
	t := b.T
	t.Helper()
	for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s %s: %s is %q; want %q", req.Method, req.URL.Path, name, got, want)
		}
	}
	if got := r.Header.Get("Referrer-Policy"); got != "same-origin" && !strings.HasPrefix(req.URL.Path, "/demo/") &&
		!strings.HasPrefix(req.URL.Path, "/.well-known/") {
		t.Errorf("%s %s: Referrer-Policy is %q", req.Method, req.URL.Path, got)
	}
	csp := r.Header.Get("Content-Security-Policy")
	if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("%s %s: Content-Security-Policy is %q", req.Method, req.URL.Path, csp)
	}
	if bad := badEscape.FindString(r.Body); bad != "" && strings.Contains(r.Header.Get("Content-Type"), "html") {
		t.Errorf("%s %s: the page holds %q", req.Method, req.URL.Path, bad)
	}
	if secret := b.App.Cfg.ClientSecret; len(secret) > 8 && strings.Contains(r.Body, secret) {
		t.Errorf("%s %s: the answer holds the client secret", req.Method, req.URL.Path)
	}
	isJSON := r.Header.Get("Content-Type") == "application/json"
	if r.StatusCode >= 400 && isJSON && req.Method != http.MethodHead {
		var e map[string]any
		if err := json.Unmarshal([]byte(r.Body), &e); err != nil || e["error"] == nil || e["error_description"] == nil ||
			e["error"] == "" || e["error_description"] == "" {
			t.Errorf("%s %s: the error lacks error or error_description: %s", req.Method, req.URL.Path, r.Body)
		}
	}
}

// Get opens an address. Where the redirect URI does not lead to the app, the browser stops there, and the person
// pastes the address.
func (b *Browser) Get(address string) Reply {
	b.T.Helper()
	if b.stopsAt(address) {
		return b.arrive(address, b.Accept)
	}
	req, err := http.NewRequest(http.MethodGet, b.abs(address), nil)
	if err != nil {
		b.T.Fatal(err)
	}
	return b.Do(req)
}

// GetJSON asks as curl does.
func (b *Browser) GetJSON(address string) Reply {
	b.T.Helper()
	if b.stopsAt(address) {
		return b.arrive(address, "*/*")
	}
	req, err := http.NewRequest(http.MethodGet, b.abs(address), nil)
	if err != nil {
		b.T.Fatal(err)
	}
	req.Header.Set("Accept", "*/*")
	return b.Do(req)
}

// Post sends a form of a page of ours.
func (b *Browser) Post(address string, form url.Values) Reply {
	b.T.Helper()
	req, err := http.NewRequest(http.MethodPost, b.abs(address), strings.NewReader(form.Encode()))
	if err != nil {
		b.T.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.Do(req)
}

func (b *Browser) abs(address string) string {
	if strings.HasPrefix(address, "/") {
		return cmp.Or(b.Base, b.App.Address) + address
	}
	return address
}

// Location returns where a redirect goes, and notes the secrets in it.
func (b *Browser) Location(r Reply) string {
	b.T.Helper()
	if r.StatusCode/100 != 3 {
		b.T.Fatalf("%s answered %d, not a redirect:\n%s", r.Request.URL, r.StatusCode, r.Body)
	}
	to, err := r.Location()
	if err != nil {
		b.T.Fatal(err)
	}
	for _, name := range []string{"state", "code", "nonce", "code_challenge"} {
		b.App.Log.Secret(to.Query().Get(name))
	}
	return to.String()
}

// Begin asks for /login and returns the authorization request's address.
func (b *Browser) Begin(query string) string {
	b.T.Helper()
	return b.Leaves(b.Get("/login" + query))
}

// Authorize plays the person at the demo server's pages, or at one of its shape: chooses a user when
// asked, decides when asked, and returns the address that the browser is sent back to.
func (b *Browser) Authorize(address, user, decision string) string {
	b.T.Helper()
	for range 6 {
		r := b.Get(address)
		if r.StatusCode/100 == 3 {
			to := b.Location(r)
			if strings.HasPrefix(to, b.App.Cfg.RedirectURI()) {
				return to
			}
			address = to
			continue
		}
		form := url.Values{"user": {user}}
		if !strings.Contains(r.Body, `name="user"`) {
			form = url.Values{"decision": {decision}}
		}
		if !strings.Contains(r.Body, "<form") {
			b.T.Fatalf("%s answered %d without a form:\n%s", address, r.StatusCode, r.Body)
		}
		to := b.Location(b.Post(address, form))
		if strings.HasPrefix(to, b.App.Cfg.RedirectURI()) {
			return to
		}
		address = to
	}
	b.T.Fatal("the authorization server never came back")
	return ""
}

// Login runs a whole login and returns the callback's answer.
func (b *Browser) Login() Reply {
	b.T.Helper()
	r := b.Get(b.Authorize(b.Begin(""), "user_alice", "allow"))
	b.App.NoteTokens(r.Body)
	return r
}

// WantError checks an error answer in JSON.
func (r Reply) WantError(t *testing.T, status int, code, words string) {
	t.Helper()
	var e struct {
		Code        string `json:"error"`
		Description string `json:"error_description"`
		Hint        string `json:"hint"`
	}
	if err := json.Unmarshal([]byte(r.Body), &e); err != nil {
		t.Fatalf("answered %d, not with JSON: %v\n%s", r.StatusCode, err, r.Body)
	}
	if r.StatusCode != status || e.Code != code || !strings.Contains(e.Description+" "+e.Hint, words) {
		t.Errorf("answered %d %q %q (hint %q); want %d %q and %q", r.StatusCode, e.Code, e.Description, e.Hint, status, code, words)
	}
}

// TokenRoutes are the addresses that need a token, with their method.
var TokenRoutes = map[string]string{
	"/session":   "GET",
	"/userinfo":  "GET",
	"/api":       "GET",
	"/tokeninfo": "GET",
	"/refresh":   "POST",
	"/revoke":    "POST",
	"/logout":    "POST",
	"/flow":      "GET",
	"/flow.har":  "GET",
}

// Ask sends a request as curl does, or as a browser when html is set.
func (b *Browser) Ask(path string, html bool) Reply {
	b.T.Helper()
	req, _ := http.NewRequest(TokenRoutes[path], b.abs(path), nil)
	req.Header.Set("Accept", "*/*")
	if html {
		req.Header.Set("Accept", "text/html")
	}
	r := b.Do(req)
	b.App.NoteTokens(r.Body)
	return r
}
