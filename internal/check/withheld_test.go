package check

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/resource"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// heard is an API that names one of two authorization servers below itself, and all that it was sent.
type heard struct {
	*httptest.Server
	mu   sync.Mutex // guards the fields below
	sent strings.Builder
	name string // the server that the API names
	par  bool   // the servers want requests to be pushed
	shut bool   // they refuse every authorization request
}

func startHeard(t *testing.T) *heard {
	t.Helper()
	h := &heard{name: "/first"}
	h.Server = httptest.NewServer(h)
	t.Cleanup(h.Close)
	return h
}

func (h *heard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	h.mu.Lock()
	fmt.Fprintln(&h.sent, r.Method, r.URL, r.Header, string(body))
	issuer, par, shut := h.URL+h.name, h.par, h.shut
	h.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	switch path := r.URL.Path; {
	case path == "/api":
		w.Header().Set("WWW-Authenticate", `Bearer resource_metadata="`+h.URL+`/about"`)
		w.WriteHeader(http.StatusUnauthorized)
	case path == "/about":
		json.NewEncoder(w).Encode(map[string]any{"resource": h.URL + "/api", "authorization_servers": []string{issuer}})
	case strings.HasSuffix(path, "/.well-known/openid-configuration"):
		at := h.URL + strings.TrimSuffix(path, "/.well-known/openid-configuration")
		json.NewEncoder(w).Encode(map[string]any{"issuer": at, "authorization_endpoint": at + "/authorize", "token_endpoint": at + "/token",
			"introspection_endpoint": at + "/introspect", "revocation_endpoint": at + "/revoke", "pushed_authorization_request_endpoint": at + "/par",
			"require_pushed_authorization_requests": par})
	case strings.HasSuffix(path, "/par") && !strings.Contains(string(body), ".invalid"):
		w.WriteHeader(http.StatusCreated)
		io.WriteString(w, `{"request_uri":"urn:example:1","expires_in":60}`)
	case strings.HasSuffix(path, "/authorize") && !shut && !strings.Contains(r.URL.RawQuery, ".invalid"):
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<form>Sign in</form>")
	case strings.HasSuffix(path, "/token") && r.Header.Get("Authorization") != "Basic "+base64.StdEncoding.EncodeToString([]byte("mine:a-secret-of-mine")):
		w.WriteHeader(http.StatusUnauthorized)
		io.WriteString(w, `{"error":"invalid_client"}`)
	default:
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"error":"invalid_grant"}`)
	}
}

// move makes the API name another server.
func (h *heard) move(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.name = name
}

// has reports whether the secret has arrived since the last call: as it is, in HTTP Basic or in hex.
func (h *heard) has(id, secret string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	sent := h.sent.String()
	h.sent.Reset()
	for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte(id + ":" + secret)), hex.EncodeToString([]byte(secret))} {
		if strings.Contains(sent, form) {
			return true
		}
	}
	return false
}

// tokenRequests counts the requests that only a client may send.
func (h *heard) tokenRequests() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Count(h.sent.String(), "POST "+h.name)
}

// A process that knows only what the API says sends no client secret to the server that it names. It says so, with the
// line that would allow it; with that line the secret is sent.
func TestRun_SecretWithoutOwner(t *testing.T) {
	for _, row := range []struct{ par, shut bool }{{false, false}, {true, false}, {false, true}} {
		h, par := startHeard(t), row.par
		h.par, h.shut = par, row.shut
		env := map[string]string{"PORT": "3999", "RESOURCE_URL": h.URL + "/api", "CLIENT_ID": "mine", "CLIENT_SECRET": "a-secret-of-mine"}
		r := checksOf(t, env)
		if n := h.tokenRequests(); h.has("mine", "a-secret-of-mine") || n > 0 {
			t.Errorf("pushed %v: the secret was sent, or one of %d token requests without it", par, n)
		}
		checks := []string{"client", "introspection", "revocation"}
		if par {
			checks = append(checks, "pushed_authorization", "redirect_uri", "authorization")
		}
		for _, check := range checks {
			if f := r.Line(check); f.Result != causes.Skip || !strings.Contains(f.Found, "ISSUER="+h.URL+"/first") {
				t.Errorf("pushed %v: %s", par, f)
			}
		}
		if f := r.Line("start"); f.Result != causes.OK {
			t.Errorf("%s", f)
		}
		if f := r.Line("advertised"); strings.Contains(f.Found, "none") {
			t.Errorf("the client is taken for a public one: %s", f)
		}
		if f := r.Line("api"); f.Result != causes.OK {
			t.Errorf("%s", f)
		}
		env["ISSUER"] = h.URL + "/first"
		if r := checksOf(t, env); !h.has("mine", "a-secret-of-mine") || !row.shut && r.Line("client").Result == causes.Skip {
			t.Errorf("pushed %v: with ISSUER the secret is not sent:\n%s", par, r)
		}
	}
}

// The checks of a running program use what its logins found out: the secret goes to the server of the first login, and
// nowhere after the API names another one.
func TestRunner_SecretOfAnotherServer(t *testing.T) {
	h := startHeard(t)
	cfg := testserver.ConfigOf(t, map[string]string{"PORT": "3999", "RESOURCE_URL": h.URL + "/api", "CLIENT_ID": "mine", "CLIENT_SECRET": "a-secret-of-mine"})
	w := wire.New(nil, time.Now)
	t.Cleanup(w.CloseIdleConnections)
	discovery := resource.NewDiscovery(cfg)
	check := func(start func(*Runner) <-chan struct{}) Report {
		r := NewRunner(cfg, discovery, w, time.Now)
		<-start(r)
		return r.State().Report
	}
	if check((*Runner).StartFew); h.has("mine", "a-secret-of-mine") {
		t.Error("the secret was sent before any login")
	}
	if _, err := discovery.Client(t.Context(), cfg, w, time.Now, true); err != nil { // a login
		t.Fatal(err)
	}
	if r := check((*Runner).Start); !h.has("mine", "a-secret-of-mine") || r.Line("client").Result == causes.Skip {
		t.Errorf("after a login the client is not asked about:\n%s", r)
	}
	h.move("/second")
	for _, start := range []func(*Runner) <-chan struct{}{(*Runner).Start, (*Runner).StartFew} {
		r := check(start)
		if h.has("mine", "a-secret-of-mine") {
			t.Error("the secret was sent to another server")
		}
		if f := r.Line("start"); f.Result != causes.Fail || !strings.Contains(f.Found, h.URL+"/first") {
			t.Errorf("%s", f)
		}
	}
}

// The line for .env is given where it can be copied as it is.
func TestNotSent_Line(t *testing.T) {
	for issuer, want := range map[string]string{"https://auth.example/a": "ISSUER=https://auth.example/a", "https://auth.example/$HOME": "", "https://auth.example/a b": ""} {
		cfg := testserver.ConfigOf(t, map[string]string{"RESOURCE_URL": "https://api.example", "CLIENT_ID": "a", "CLIENT_SECRET": "bcdefgh"})
		f := notSent(cfg.With(config.Found{Issuer: issuer}))
		if f.Line != want || strings.Contains(f.Found, "ISSUER=") != (want != "") {
			t.Errorf("%s", f)
		}
	}
}
