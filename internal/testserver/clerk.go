package testserver

import (
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/demo"
)

// Clerk is a server of Clerk's shape over TLS: its paths, and its metadata, which lists neither
// userinfo nor introspection nor revocation. Behind the paths the demo server answers.
type Clerk struct {
	*httptest.Server
	layers
	Authority *Authority
	Issuer    string
	Key       string // the publishable key
}

// The credentials of its one client.
const (
	ClerkClientID     = "clerk-client"
	ClerkClientSecret = "a secret/with+special:characters %&="
)

// StartClerk starts a Clerk-shaped server. Its one client may redirect to callbackPath on the given
// listener's address, which is the app's.
func StartClerk(t *testing.T, appAddress string) *Clerk {
	t.Helper()
	redirectURI := "http://" + appAddress + config.CallbackPath
	c := &Clerk{Server: httptest.NewUnstartedServer(nil), Authority: NewAuthority(t)}
	_, port, _ := net.SplitHostPort(c.Listener.Addr().String())
	c.Issuer = "https://localhost:" + port
	c.Key = "pk_test_" + strings.TrimRight(base64.StdEncoding.EncodeToString([]byte("localhost:"+port+"$")), "=")
	behind, err := demo.New(demo.Config{Issuer: c.Issuer, Clients: []demo.Client{{ID: ClerkClientID, Secret: ClerkClientSecret,
		Name: "An application at Clerk", RedirectURIs: []string{redirectURI}}}})
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
	c.TLS = &tls.Config{Certificates: []tls.Certificate{c.Authority.Issue(t, time.Now().Add(time.Hour))}}
	c.StartTLS()
	t.Cleanup(c.Close)
	return c
}

// Env is the environment that the Clerk guide asks for, and the private authority.
func (c *Clerk) Env() map[string]string {
	return map[string]string{"CLERK_PUBLISHABLE_KEY": c.Key, "CLIENT_ID": ClerkClientID, "CLIENT_SECRET": ClerkClientSecret, "SSL_CERT_FILE": c.Authority.File}
}
