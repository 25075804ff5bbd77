package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"oauth-test-client/internal/testserver"
)

// heard records the secrets that a server was sent, in forms and in headers.
type heard struct {
	mu     sync.Mutex // guards the field below
	values []string
}

// listen notes what comes, before next answers it.
func (h *heard) listen(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		h.mu.Lock()
		for _, name := range []string{"code_verifier", "refresh_token", "token", "code", "client_secret"} {
			h.values = append(h.values, r.PostForm[name]...)
		}
		if _, credentials, found := strings.Cut(r.Header.Get("Authorization"), " "); found {
			h.values = append(h.values, credentials)
		}
		h.mu.Unlock()
		next.ServeHTTP(w, r)
	})
}

// all returns the values so far.
func (h *heard) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.values)
}

// The HAR of a real session is valid, and contains no secret.
func TestHAR_ValidWithoutSecrets(t *testing.T) {
	t.Parallel()
	port := testserver.FreePort(t)
	c := testserver.StartClerk(t, "127.0.0.1:"+port)
	var sent heard
	c.Around(sent.listen)
	a := startAppAt(t, port, c.Env())
	b := newBrowser(t, a)
	callback := b.Authorize(b.Begin(""), "user_alice", "allow")
	tokens := b.GetJSON(callback)
	a.NoteTokens(tokens.Body)
	for _, path := range []string{"/userinfo", "/tokeninfo", "/refresh", "/revoke"} {
		if r := b.Ask(path, false); r.StatusCode != 200 {
			t.Fatalf("%s answered %d %s", path, r.StatusCode, r.Body)
		}
	}
	r := b.Ask("/flow.har", false)
	if r.StatusCode != 200 || !strings.Contains(r.Header.Get("Content-Disposition"), "oauth-flow.har") {
		t.Fatalf("/flow.har answered %d %v", r.StatusCode, r.Header)
	}
	form, _ := url.Parse(callback)
	used := sent.all()
	if len(used) < 8 { // code, verifier and token, and the credentials with each request
		t.Errorf("the server was sent %d secrets; is it asked at all?", len(used))
	}
	secrets := append(a.Log.Secrets(), testserver.ClerkClientSecret, url.QueryEscape(testserver.ClerkClientSecret), form.Query().Get("code"))
	for _, secret := range append(secrets, used...) {
		if secret != "" && !isChallenge(secret, r.Body) && strings.Contains(r.Body, secret) {
			t.Errorf("the file holds %q", secret)
		}
	}
	if strings.Count(r.Body, `"comment"`) < 9 {
		t.Errorf("the file has too few entries:\n%s", r.Body)
	}
}

// isChallenge reports whether a value is the code challenge, which is recorded with the secrets of a login request, but
// is public.
func isChallenge(value, har string) bool {
	return strings.Contains(har, `"code_challenge",`+"\n"+`              "value": "`+value+`"`) || strings.Contains(har, "code_challenge="+value)
}

// Programs get the flow as HAR.
func TestFlow_HARForPrograms(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	b := newBrowser(t, a)
	b.Login()
	var file struct {
		Log struct {
			Version string
			Entries []any
		}
	}
	r := b.Ask("/flow", false)
	if err := json.Unmarshal([]byte(r.Body), &file); err != nil || file.Log.Version != "1.2" || len(file.Log.Entries) < 4 {
		t.Errorf("/flow answered %v %s", err, r.Body)
	}
}
