package resource

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// A world is an API with its authorization server, each under a public name: https://api.example/v1/notes and
// https://auth.example. Everything in it can be replaced by what a row of a test wants.
type world struct {
	*Discovery
	cfg  config.Effective
	wire *wire.Client

	testserver.Routes // by method and address: "GET https://api.example/v1/notes"

	mu     sync.Mutex // guards the field below
	posted []string   // the bodies
}

const (
	theAPIMetadata    = "https://api.example/.well-known/oauth-protected-resource/v1/notes"
	theServerMetadata = "https://auth.example/.well-known/openid-configuration"
)

func newWorld(t *testing.T, env map[string]string) *world {
	t.Helper()
	w := &world{}
	server := httptest.NewServer(http.HandlerFunc(w.serve))
	t.Cleanup(server.Close)
	w.at("GET https://api.example/v1/notes", 401, "", "WWW-Authenticate", `Bearer resource_metadata="`+theAPIMetadata+`"`)
	w.document("GET "+theAPIMetadata, apiDocument(nil))
	w.document("GET "+theServerMetadata, serverDocument(nil))
	w.At("POST https://auth.example/register", func(rw http.ResponseWriter, r *http.Request) {
		rw.WriteHeader(http.StatusCreated)
		json.NewEncoder(rw).Encode(registrationAnswer(nil))
	})
	full := map[string]string{"RESOURCE_URL": "https://api.example/v1/notes"}
	for name, value := range env {
		full[name] = value
	}
	cfg, err := config.Load(func(name string) string { return full[name] }, "does-not-exist.env", false)
	if err != nil {
		t.Fatal(err)
	}
	w.cfg, w.wire, w.Discovery = cfg.Effective(), wire.New(nil, time.Now), NewDiscovery(cfg.Effective())
	t.Cleanup(w.wire.CloseIdleConnections)
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String()) // every name leads here, without TLS
	}
	w.wire.SetTransport(&http.Transport{DialContext: dial, DialTLSContext: dial, DisableKeepAlives: true})
	return w
}

func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	name := r.Method + " https://" + r.Host + r.URL.RequestURI()
	body := new(strings.Builder)
	for buffer := make([]byte, 4096); ; {
		n, err := r.Body.Read(buffer)
		body.Write(buffer[:n])
		if err != nil {
			break
		}
	}
	w.mu.Lock()
	w.posted = append(w.posted, body.String())
	handler := w.Answer(name) // in the order of posted
	w.mu.Unlock()
	if handler == nil {
		http.NotFound(rw, r)
		return
	}
	handler(rw, r)
}

// at answers with a status, a body and header fields.
func (w *world) at(name string, status int, body string, header ...string) {
	w.At(name, func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		for i := 0; i < len(header); i += 2 {
			rw.Header().Add(header[i], header[i+1])
		}
		rw.WriteHeader(status)
		rw.Write([]byte(body))
	})
}

func (w *world) document(name string, document map[string]any) {
	body, _ := json.Marshal(document)
	w.at(name, 200, string(body))
}

// spoilt is a document with other values; nil takes a member away.
func spoilt(document, other map[string]any) map[string]any {
	for name, value := range other {
		if document[name] = value; value == nil {
			delete(document, name)
		}
	}
	return document
}

func apiDocument(other map[string]any) map[string]any {
	return spoilt(map[string]any{
		"resource":              "https://api.example/v1/notes",
		"authorization_servers": []string{"https://auth.example"},
		"scopes_supported":      []string{"notes", "profile"},
	}, other)
}

func serverDocument(other map[string]any) map[string]any {
	return spoilt(map[string]any{
		"issuer":                 "https://auth.example",
		"authorization_endpoint": "https://auth.example/authorize",
		"token_endpoint":         "https://auth.example/token",
		"registration_endpoint":  "https://auth.example/register",
	}, other)
}

func registrationAnswer(other map[string]any) map[string]any {
	return spoilt(map[string]any{"client_id": "client-1", "client_secret": "a-secret-of-the-client-1", "client_secret_expires_at": 0,
		"token_endpoint_auth_method": "client_secret_basic", "redirect_uris": []string{"http://localhost:3000/oauth_callback"}}, other)
}

// begin is the start of a login.
func (w *world) begin(t *testing.T) (*oauth.Client, error) {
	t.Helper()
	return w.Client(t.Context(), w.cfg, w.wire, time.Now, true)
}

// wantError checks an error's code, and words of what happened.
func wantError(t *testing.T, err error, code, words string) {
	t.Helper()
	e, ok := errors.AsType[*oauth.Error](err)
	if !ok {
		t.Fatalf("the error is %v; want %s", err, code)
	}
	if e.Code != code || !strings.Contains(e.Description, words) {
		t.Errorf("the error is %q at %q: %q; want %q and %q", e.Code, e.Step, e.Description, code, words)
	}
}
