package testserver

import (
	"cmp"
	"crypto/x509"
	"encoding/json"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"oauth-test-client/internal/config"
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

// NewBrowser returns a browser for an app.
func NewBrowser(t *testing.T, a *App) *Browser {
	t.Helper()
	return &Browser{T: t, App: a, Accept: "text/html", Client: newClient(t, a.Roots)}
}

// NewBrowserAt returns a browser for an app with a different name than 127.0.0.1.
func NewBrowserAt(t *testing.T, a *App, base string) *Browser {
	t.Helper()
	b := NewBrowser(t, a)
	b.Base = base
	return b
}

// newClient returns a client that stores cookies and follows no redirects. A nil roots means the system's.
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
	return &http.Client{Jar: jar, Transport: transport, Timeout: Patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Reply is a response, read completely.
type Reply struct {
	*http.Response
	Body string
}

// Do sends a request, and checks the rules for every response of ours.
func (b *Browser) Do(req *http.Request) Reply {
	b.T.Helper()
	if req.Header.Get("Accept") == "" && b.Accept != "" {
		req.Header.Set("Accept", b.Accept)
	}
	if _, set := req.Header["Sec-Fetch-Site"]; !set && req.URL.Path == "/login" && req.Header.Get("Accept") == "text/html" {
		req.Header.Set("Sec-Fetch-Site", "none") // typed
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

// checkInvariants checks the rules for every response.
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

// Get opens an address. If the redirect URI does not lead to the app, the browser stops there, and the user pastes the
// address.
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

// GetJSON sends a request as curl does.
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

// Post sends a form of one of our pages.
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

// Location returns the target of a redirect, and records the secrets in it.
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

// Begin requests /login and returns the address of the authorization request.
func (b *Browser) Begin(query string) string {
	b.T.Helper()
	return b.Leaves(b.Get("/login" + query))
}

// Authorize plays the user on the pages of the demo server, or of one like it: it chooses a user if asked, decides if
// asked, and returns the address that the browser is sent back to.
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

// Login runs a whole login and returns the response of the callback.
func (b *Browser) Login() Reply {
	b.T.Helper()
	r := b.Get(b.Authorize(b.Begin(""), "user_alice", "allow"))
	b.App.NoteTokens(r.Body)
	return r
}

// WantError checks an error response in JSON.
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

// Cause returns the name of the cause in a JSON response, or "" for a login that works.
func (r Reply) Cause(t *testing.T) string {
	t.Helper()
	var e struct{ Error, Name string }
	if err := json.Unmarshal([]byte(r.Body), &e); err != nil {
		t.Fatalf("answered %d %s: %v", r.StatusCode, r.Body, err)
	}
	if (e.Error == "") != (r.StatusCode == http.StatusOK) {
		t.Errorf("answered %d with the error %q", r.StatusCode, e.Error)
	}
	return e.Name
}

// SignIn starts a login on a fake server, and goes as far as it can.
func (b *Browser) SignIn(l *FakeServer) Reply {
	b.T.Helper()
	begun := b.GetJSON("/login")
	if begun.StatusCode != http.StatusFound {
		return begun
	}
	return b.GetJSON(l.Approve(b.T, b.Location(begun)))
}

var failedStep = regexp.MustCompile(`failed: .*`)

// WantNothingFailed checks that a login that works is reported as one, with every attempt on the way.
func (b *Browser) WantNothingFailed() {
	b.T.Helper()
	if report := b.Get("/flow.md").Body; !strings.HasPrefix(report, "# The login works\n") {
		b.T.Errorf("the report begins with %s:\n%s", failedStep.FindString(report), report)
	}
}

// TokenRoutes maps the addresses that need a token to their method.
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

// Ask sends a request as curl does, or as a browser if html is set.
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

// SessionCookie returns the cookie that opens a session, or nil.
func SessionCookie(cookies []*http.Cookie) *http.Cookie {
	for _, c := range cookies {
		if strings.HasPrefix(strings.TrimPrefix(c.Name, "__Host-"), "oauth_test_client_") && c.MaxAge >= 0 {
			return c
		}
	}
	return nil
}

// WantNothingKept checks that no login of the browser is stored.
func (b *Browser) WantNothingKept() {
	b.T.Helper()
	if home := b.Get("/"); strings.Contains(home.Body, "Last signed in") {
		b.T.Error("the home page says that somebody signed in")
	}
	u, err := url.Parse(b.App.Address)
	if err != nil {
		b.T.Fatal(err)
	}
	if cookie := SessionCookie(b.Client.Jar.Cookies(u)); cookie != nil {
		b.T.Errorf("the browser has the session %s", cookie.Name)
	}
}

// Entrances returns the two ways in which an authorization response reaches the app, each as an environment with everything
// in env: the browser brings it, or the user pastes the address at which the browser stopped.
func Entrances(env map[string]string) map[string]map[string]string {
	pasted := map[string]string{"REDIRECT_URI": "https://app.example.com/callback"}
	maps.Copy(pasted, env)
	return map[string]map[string]string{"": env, ", pasted": pasted}
}

// stopsAt reports whether an address has no server: it is a redirect URI that does not lead to the app.
func (b *Browser) stopsAt(address string) bool {
	return b.App.Cfg.CallbackIsPasted() && strings.HasPrefix(address, b.App.Cfg.RedirectURI())
}

// Bring returns the request that brings an authorization response to the app, whether or not the browser arrives there.
func (b *Browser) Bring(address string) *http.Request {
	b.T.Helper()
	method, body := http.MethodGet, ""
	pasted := b.stopsAt(address)
	if pasted {
		method, body, address = http.MethodPost, url.Values{"address": {address}}.Encode(), config.CallbackPath
	}
	req, err := http.NewRequest(method, b.abs(address), strings.NewReader(body))
	if err != nil {
		b.T.Fatal(err)
	}
	if pasted {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	return req
}

// arrive brings a response to the app, and follows the answer as a browser does.
func (b *Browser) arrive(address, accept string) Reply {
	b.T.Helper()
	req := b.Bring(address)
	req.Header.Set("Accept", accept)
	r := b.Do(req)
	if r.StatusCode == http.StatusSeeOther {
		return b.Get(b.Location(r))
	}
	return r
}

// opensTab matches the link to the server on a page with the form for the way back.
var opensTab = regexp.MustCompile(`<a class="button" href="([^"]*)" target="_blank" rel="noopener"`)

// Leaves returns where a response sends the browser for the login: by a redirect, or by the link of the page that stays
// open for the way back.
func (b *Browser) Leaves(r Reply) string {
	b.T.Helper()
	if link := opensTab.FindStringSubmatch(r.Body); r.StatusCode == http.StatusOK && b.App.Cfg.CallbackIsPasted() && link != nil {
		r.Header.Set("Location", html.UnescapeString(link[1]))
		r.StatusCode = http.StatusFound
	}
	return b.Location(r)
}

// BeginInSteps starts a step-by-step login, and returns the address of the authorization request.
func (b *Browser) BeginInSteps(query string) string {
	b.T.Helper()
	r := b.GetJSON("/login?step=1" + query)
	var first struct {
		Number int    `json:"step"`
		To     string `json:"authorization_uri"`
	}
	if err := json.Unmarshal([]byte(r.Body), &first); err != nil || first.Number != 1 {
		b.T.Fatalf("/login?step=1 answered %d %s", r.StatusCode, r.Body)
	}
	to, err := url.Parse(first.To)
	if err != nil {
		b.T.Fatal(err)
	}
	for _, name := range []string{"state", "nonce", "code_challenge"} {
		b.App.Log.Secret(to.Query().Get(name))
	}
	return first.To
}

// TakeStep presses the button on a step's page, and follows the answer.
func (b *Browser) TakeStep(page Reply) Reply {
	b.T.Helper()
	form := page.StepForm()
	if form == nil {
		b.T.Fatalf("the page has no button for a next step:\n%s", page.Body)
	}
	return b.Get(b.Location(b.Post("/step", form)))
}

var stepFields = regexp.MustCompile(`name="login" value="([A-Z2-7]{8})"><button class="button" name="do" value="(\w+)"`)

// StepForm returns the form that the button on a step's page sends, or nil if there is none.
func (r Reply) StepForm() url.Values {
	found := stepFields.FindStringSubmatch(r.Body)
	if found == nil {
		return nil
	}
	return url.Values{"login": {found[1]}, "do": {found[2]}}
}
