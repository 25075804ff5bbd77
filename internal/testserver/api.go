package testserver

import (
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/demo"
)

// API is the demo server, for a client that knows only the address of its API. A test can replace its answers.
type API struct {
	*demo.Server
	Routes
	Issuer string
	URL    string // of the API
}

// StartAPI starts the demo server without any registered client.
func StartAPI(t testing.TB) *API {
	t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	a := &API{Issuer: "http://" + srv.Listener.Addr().String() + "/demo"}
	a.URL = a.Issuer + "/api/me"
	server, err := demo.New(demo.Config{Issuer: a.Issuer})
	if err != nil {
		t.Fatal(err)
	}
	a.Server = server
	srv.Config.Handler = http.HandlerFunc(a.serve)
	srv.Start()
	t.Cleanup(srv.Close)
	return a
}

func (a *API) serve(w http.ResponseWriter, r *http.Request) {
	handler := a.Answer(r.Method + " " + r.URL.Path)
	if handler == nil {
		handler = a.Server.ServeHTTP
	}
	handler(w, r)
}

// The addresses of the demo server that a client asks when it starts at the API.
const (
	APIRoute              = "GET /demo/api/me"
	ResourceMetadataRoute = "GET /.well-known/oauth-protected-resource/demo/api/me"
	MetadataRoute         = "GET /demo/.well-known/openid-configuration"
	RegisterRoute         = "POST /demo/register"
)

// Clerk is a TLS server with Clerk's paths and metadata, which lists neither userinfo nor introspection nor revocation. The
// demo server answers behind these paths.
type Clerk struct {
	*httptest.Server
	layers
	Authority *Authority
	Issuer    string
	Key       string                     // the publishable key
	presents  atomic.Pointer[tls.Config] // with its certificate
}

// The credentials of its one client.
const (
	ClerkClientID     = "clerk-client"
	ClerkClientSecret = "a secret/with+special:characters %&="
)

// StartClerk starts a server like Clerk. Its one client may redirect to callbackPath on the given listener's address, which
// is the app's.
func StartClerk(t *testing.T, appAddress string) *Clerk {
	t.Helper()
	redirectURI := "http://" + appAddress + config.CallbackPath
	c := &Clerk{Server: httptest.NewUnstartedServer(nil), Authority: NewAuthority(t)}
	_, port, _ := net.SplitHostPort(c.Listener.Addr().String())
	c.Issuer = "https://localhost:" + port
	c.Key = "pk_test_" + strings.TrimRight(base64.StdEncoding.EncodeToString([]byte("localhost:"+port+"$")), "=")
	// Clerk compares redirect URIs exactly.
	behind, err := demo.New(demo.Config{Issuer: c.Issuer, Clients: []demo.Client{{ID: ClerkClientID, Secret: ClerkClientSecret,
		Name: "An application at Clerk", RedirectURIs: []string{redirectURI}}}, Faults: []demo.Fault{demo.LoopbackPortFixed}})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", behind)
	for path, inner := range map[string]string{"/oauth/authorize": "/authorize", "/oauth/token": "/token", "/oauth/userinfo": "/userinfo",
		"/oauth/token_info": "/introspect", "/oauth/token/revoke": "/revoke"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			r.URL.Path = inner
			behind.ServeHTTP(w, r)
		})
	}
	mux.HandleFunc("/.well-known/", func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/jwks.json") {
			behind.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"issuer":%[1]q,"authorization_endpoint":"%[2]s/oauth/authorize","token_endpoint":"%[2]s/oauth/token",
			"jwks_uri":"%[2]s/.well-known/jwks.json","scopes_supported":["openid","profile","email","public_metadata","private_metadata","offline_access"],
			"response_types_supported":["code"],"grant_types_supported":["authorization_code","refresh_token"],
			"token_endpoint_auth_methods_supported":["client_secret_basic","none","client_secret_post"],
			"id_token_signing_alg_values_supported":["RS256"],"code_challenge_methods_supported":["S256"]}`, c.Issuer, c.Issuer)
	})
	c.handler = mux
	c.Config.Handler = &c.layers
	c.Renew(t, time.Now().Add(time.Hour))
	c.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return c.presents.Load(), nil }}
	c.StartTLS()
	t.Cleanup(c.Close)
	return c
}

// Renew gives the server a certificate that is valid until notAfter. A handshake may be under way.
func (c *Clerk) Renew(t *testing.T, notAfter time.Time) {
	t.Helper()
	c.presents.Store(&tls.Config{Certificates: []tls.Certificate{c.Authority.Issue(t, notAfter)}})
}

// Env returns the environment that the Clerk guide asks for, with the private certificate authority.
func (c *Clerk) Env() map[string]string {
	return map[string]string{"CLERK_PUBLISHABLE_KEY": c.Key, "CLIENT_ID": ClerkClientID, "CLIENT_SECRET": ClerkClientSecret, "SSL_CERT_FILE": c.Authority.File}
}

// StartDemo starts the demo server on its own, as an ordinary authorization server. It registers the redirect URI of a
// check, and any others given.
func StartDemo(t *testing.T, redirectURIs ...string) string {
	t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	issuer := "http://" + srv.Listener.Addr().String() + "/demo"
	handler, err := demo.New(demo.Config{
		Issuer:  issuer,
		Clients: []demo.Client{{ID: "a-client", Secret: "check-secret-1c9d", Name: "Checked", RedirectURIs: append(redirectURIs, CheckedURI)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	srv.Config.Handler = handler
	srv.Start()
	t.Cleanup(srv.Close)
	return issuer
}

// PublicName is a host name that doesn't look like this machine.
const PublicName = "auth.example"

// StartPublic serves at https://auth.example, and returns the environment in which a program can reach it: a proxy that
// leads every host to this server, and the authority of its certificate.
func StartPublic(t *testing.T, handler http.Handler) map[string]string {
	t.Helper()
	authority := NewAuthority(t)
	server := httptest.NewUnstartedServer(handler)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{authority.Issue(t, time.Now().Add(time.Hour))}}
	server.StartTLS()
	t.Cleanup(server.Close)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		there, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil || r.Method != http.MethodConnect {
			http.Error(w, "this proxy only connects", http.StatusBadGateway)
			return
		}
		defer there.Close()
		w.WriteHeader(http.StatusOK)
		here, read, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer here.Close()
		go io.Copy(there, read) // the reader may have buffered the first bytes
		io.Copy(here, there)
	}))
	t.Cleanup(proxy.Close)
	return map[string]string{"HTTPS_PROXY": proxy.URL, "SSL_CERT_FILE": authority.File}
}
