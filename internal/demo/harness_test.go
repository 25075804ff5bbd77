package demo

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

const (
	redirectURI = "http://127.0.0.1:1/callback"
	verifier    = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7636 appendix B
)

// harness is a demo server behind a real listener, and a browser with a cookie jar.
type harness struct {
	t      *testing.T
	issuer string
	server *Server
	client *http.Client
	now    time.Time
}

func start(t *testing.T) *harness {
	t.Helper()
	h := &harness{t: t, now: time.Now()}
	srv := httptest.NewUnstartedServer(nil)
	h.issuer = "http://" + srv.Listener.Addr().String() + "/demo"
	server, err := New(Config{Issuer: h.issuer, Now: func() time.Time { return h.now }, Clients: []Client{
		{ID: "web", Secret: "s3cret", Name: "A web application", RedirectURIs: []string{redirectURI}, PostLogoutRedirectURIs: []string{"http://127.0.0.1:1/"}},
		{ID: "other", Secret: "other", Name: "Another", RedirectURIs: []string{redirectURI}},
		{ID: "native", Name: "A public client", RedirectURIs: []string{redirectURI}},
		{ID: "local", Name: "A client on localhost", RedirectURIs: []string{"http://localhost:1/callback"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	h.server, srv.Config.Handler = server, server
	srv.Start()
	t.Cleanup(srv.Close)
	jar, _ := cookiejar.New(nil)
	h.client = &http.Client{Jar: jar, Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return h
}

type answer struct {
	*http.Response
	body string
	json map[string]any
}

func (h *harness) do(method, path string, form url.Values, header map[string]string) answer {
	h.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	if strings.HasPrefix(path, "/") {
		path = h.issuer + path
	}
	req, err := http.NewRequest(method, path, body)
	if err != nil {
		h.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	resp, err := h.client.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	a := answer{Response: resp, body: string(data)}
	json.Unmarshal(data, &a.json)
	return a
}

// authorizeQuery is an honest authorization request.
func authorizeQuery() url.Values {
	hash := sha256.Sum256([]byte(verifier))
	return url.Values{
		"response_type":         {"code"},
		"client_id":             {"web"},
		"redirect_uri":          {redirectURI},
		"scope":                 {"openid profile email"},
		"state":                 {"some-state"},
		"nonce":                 {"some-nonce"},
		"code_challenge":        {base64.RawURLEncoding.EncodeToString(hash[:])},
		"code_challenge_method": {"S256"},
	}
}

// response returns the parameters of the authorization response that a redirect carries.
func (h *harness) response(a answer) url.Values {
	h.t.Helper()
	to, err := a.Location()
	if err != nil || !strings.HasPrefix(to.String(), redirectURI) {
		h.t.Fatalf("answered %d to %v, not back to the client:\n%s", a.StatusCode, to, a.body)
	}
	return to.Query()
}

// signIn signs in and follows to the page after it.
func (h *harness) signIn(query url.Values, user string) answer {
	h.t.Helper()
	a := h.do("POST", "/authorize?"+query.Encode(), url.Values{"user": {user}}, nil)
	to, err := a.Location()
	if a.StatusCode != http.StatusSeeOther || err != nil {
		h.t.Fatalf("the sign-in answered %d:\n%s", a.StatusCode, a.body)
	}
	h.now = h.now.Add(time.Second) // no user is quicker
	return h.do("GET", to.String(), nil, nil)
}

// code runs the pages and returns a code.
func (h *harness) code(query url.Values) string {
	h.t.Helper()
	return h.response(h.signInAndAllow(query)).Get("code")
}

// signInAndAllow runs the pages and returns the redirect to the client.
func (h *harness) signInAndAllow(query url.Values) answer {
	h.t.Helper()
	a := h.signIn(query, "user_alice")
	if a.StatusCode == http.StatusOK {
		a = h.do("POST", "/authorize?"+query.Encode(), url.Values{"decision": {"allow"}}, nil)
	}
	return a
}

func basic(id, secret string) map[string]string {
	return map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))}
}

func redeem(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI}, "code_verifier": {verifier}}
}

// tokens runs a login and returns the token response.
func (h *harness) tokens(query url.Values) map[string]any {
	h.t.Helper()
	a := h.do("POST", "/token", redeem(h.code(query)), basic("web", "s3cret"))
	if a.StatusCode != http.StatusOK {
		h.t.Fatalf("the token endpoint answered %d %s", a.StatusCode, a.body)
	}
	return a.json
}

func bearer(token any) map[string]string {
	return map[string]string{"Authorization": "Bearer " + token.(string)}
}

func (a answer) want(t *testing.T, status int, code string) {
	t.Helper()
	if got, _ := a.json["error"].(string); a.StatusCode != status || got != code {
		t.Errorf("answered %d %s; want %d %s", a.StatusCode, a.body, status, code)
	}
}

func decode(t *testing.T, raw string) (header, claims map[string]any) {
	t.Helper()
	parts := strings.Split(raw, ".")
	for i, into := range []*map[string]any{&header, &claims} {
		data, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(data, into) != nil {
			t.Fatalf("no JWT: %s", raw)
		}
	}
	return header, claims
}
