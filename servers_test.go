package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"oauth-test-client/internal/config"
	"strings"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"oauth-test-client/internal/demo"
)

// authority is a private certificate authority.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string // its certificate, in PEM, for SSL_CERT_FILE
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key := newECKey(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test Authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{cert, key, writeFile(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))}
}

// issue makes a server certificate for localhost that is valid until notAfter.
func (a *authority) issue(t *testing.T, notAfter time.Time) tls.Certificate {
	t.Helper()
	key := newECKey(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: notAfter}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// pemFiles writes a certificate and its key to a file each, for servers that are not ours.
func pemFiles(t *testing.T, cert tls.Certificate) (certificate, key string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}))),
		writeFile(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
}

func newECKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// clerk is a server of Clerk's shape over TLS: its paths, and its metadata, which lists neither
// userinfo nor introspection nor revocation. Behind the paths the demo server answers.
type clerk struct {
	*httptest.Server
	authority *authority
	issuer    string
	key       string // the publishable key
}

const (
	clerkClientID     = "clerk-client"
	clerkClientSecret = "a secret/with+special:characters %&="
)

// startClerk starts a Clerk-shaped server. Its one client may redirect to callbackPath on the given
// listener's address, which is the app's.
func startClerk(t *testing.T, appAddress string) *clerk {
	t.Helper()
	redirectURI := "http://" + appAddress + config.CallbackPath
	c := &clerk{Server: httptest.NewUnstartedServer(nil), authority: newAuthority(t)}
	_, port, _ := net.SplitHostPort(c.Listener.Addr().String())
	c.issuer = "https://localhost:" + port
	c.key = "pk_test_" + strings.TrimRight(base64.StdEncoding.EncodeToString([]byte("localhost:"+port+"$")), "=")
	behind, err := demo.New(demo.Config{Issuer: c.issuer, Clients: []demo.Client{{ID: clerkClientID, Secret: clerkClientSecret,
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
			"id_token_signing_alg_values_supported":["RS256"],"code_challenge_methods_supported":["S256"]}`, c.issuer, c.issuer)
	})
	c.Config.Handler = mux
	c.TLS = &tls.Config{Certificates: []tls.Certificate{c.authority.issue(t, time.Now().Add(time.Hour))}}
	c.StartTLS()
	t.Cleanup(c.Close)
	return c
}

// env is the environment that the Clerk guide asks for, and the private authority.
func (c *clerk) env() map[string]string {
	return map[string]string{"CLERK_PUBLISHABLE_KEY": c.key, "CLIENT_ID": clerkClientID, "CLIENT_SECRET": clerkClientSecret, "SSL_CERT_FILE": c.authority.file}
}

// liar is an authorization server whose every answer a test can spoil. Left alone it is honest: it
// grants whatever it is asked, at once, and signs ID tokens with ES256.
type liar struct {
	*httptest.Server
	issuer string
	key    *ecdsa.PrivateKey

	// Each replaces one answer; nil means the honest one.
	metadata func(w http.ResponseWriter, r *http.Request)
	token    func(w http.ResponseWriter, r *http.Request)
	jwks     func(w http.ResponseWriter, r *http.Request)
	rfc8414  func(w http.ResponseWriter, r *http.Request) // the metadata of RFC 8414; nil for none
	other    func(w http.ResponseWriter, r *http.Request) // userinfo, introspection, revocation, the API
	page     func(w http.ResponseWriter, r *http.Request) // the authorization endpoint, for a real browser
	claims   func(claims map[string]any)                  // spoils the ID token's claims
	sign     func(claims map[string]any) string           // signs in another way
	response func(response map[string]any)                // spoils the token response
	document func(document map[string]any)                // spoils the metadata
	callback func(query map[string]string)                // spoils the authorization response

	mu       sync.Mutex // guards the fields below
	origin   string     // an Origin header that came with a request
	requests []string   // every request: method and path
	forms    []http.Request
	nonces   map[string]string // by code
}

const (
	liarClientID     = "liar-client"
	liarClientSecret = "liar-secret-7d2c9a"
)

// pick reads one of the fields that a test may set while an answer is still on its way out.
func pick[T any](l *liar, field *T) T {
	l.mu.Lock()
	defer l.mu.Unlock()
	return *field
}

func startLiar(t *testing.T) *liar {
	t.Helper()
	l := &liar{key: newECKey(t), nonces: map[string]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		if f := pick(l, &l.metadata); f != nil {
			f(w, r)
			return
		}
		document := map[string]any{"issuer": l.issuer, "authorization_endpoint": l.issuer + "/authorize", "token_endpoint": l.issuer + "/token",
			"jwks_uri": l.issuer + "/jwks", "userinfo_endpoint": l.issuer + "/userinfo", "authorization_response_iss_parameter_supported": true}
		if f := pick(l, &l.document); f != nil {
			f(document)
		}
		sendJSON(w, document)
	})
	mux.HandleFunc("/jwks", func(w http.ResponseWriter, r *http.Request) {
		if f := pick(l, &l.jwks); f != nil {
			f(w, r)
			return
		}
		sendJSON(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: l.key.Public(), KeyID: "k1", Use: "sig", Algorithm: "ES256"}}})
	})
	mux.HandleFunc("/.well-known/oauth-authorization-server", func(w http.ResponseWriter, r *http.Request) {
		if f := pick(l, &l.rfc8414); f != nil {
			f(w, r)
			return
		}
		http.NotFound(w, r)
	})
	for _, path := range []string{"/userinfo", "/introspect", "/revoke", "/api"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { pick(l, &l.other)(w, r) })
	}
	mux.HandleFunc("/authorize", func(w http.ResponseWriter, r *http.Request) { pick(l, &l.page)(w, r) })
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		l.mu.Lock()
		l.forms = append(l.forms, *r)
		l.mu.Unlock()
		if f := pick(l, &l.token); f != nil {
			f(w, r)
			return
		}
		response := map[string]any{"access_token": "liar-access-token", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "liar-refresh-token", "id_token": l.idToken(r.PostForm.Get("code"))}
		if f := pick(l, &l.response); f != nil {
			f(response)
		}
		sendJSON(w, response)
	})
	l.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		l.requests = append(l.requests, r.Method+" "+r.URL.Path)
		l.origin += r.Header.Get("Origin")
		l.mu.Unlock()
		mux.ServeHTTP(w, r)
	}))
	l.issuer = "http://" + l.Listener.Addr().String()
	l.Start()
	t.Cleanup(l.Close)
	return l
}

// wantHonest is the control of a case: with nothing spoiled, the same app and the same server finish
// a login.
func (l *liar) wantHonest(t *testing.T, a *app) {
	t.Helper()
	l.mu.Lock()
	l.metadata, l.token, l.jwks, l.claims, l.sign, l.response, l.document, l.callback = nil, nil, nil, nil, nil, nil, nil, nil
	l.mu.Unlock()
	b := newBrowser(t, a)
	if r := b.getJSON(l.approve(t, b.begin(""))); r.StatusCode != http.StatusOK {
		t.Errorf("the honest control was answered %d %s", r.StatusCode, r.body)
	}
}

// honest lets the liar answer the questions of a check as a server in order would.
func (l *liar) honest() {
	l.page = func(w http.ResponseWriter, r *http.Request) {
		if q := r.URL.Query(); q.Get("redirect_uri") != checkedURI || q.Get("client_id") != liarClientID {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, "no %s %s", q.Get("redirect_uri"), q.Get("client_id"))
		}
	}
	l.token = func(w http.ResponseWriter, r *http.Request) {
		if id, secret, _ := r.BasicAuth(); id != liarClientID || secret != liarClientSecret {
			sendBody(401, "application/json", `{"error":"invalid_client"}`)(w, r)
			return
		}
		sendBody(400, "application/json", `{"error":"invalid_grant"}`)(w, r)
	}
	l.other = sendBody(401, "application/json", `{}`)
}

func sendJSON(w http.ResponseWriter, document any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(document)
}

// idToken signs the ID token for a code.
func (l *liar) idToken(code string) string {
	l.mu.Lock()
	nonce := l.nonces[code]
	l.mu.Unlock()
	now := time.Now()
	claims := map[string]any{"iss": l.issuer, "sub": "user-1", "aud": liarClientID, "exp": now.Add(time.Hour).Unix(), "iat": now.Unix(), "nonce": nonce,
		"auth_time": now.Unix(), "at_hash": atHash("ES256", "liar-access-token"), "name": "Liar's User"}
	if f := pick(l, &l.claims); f != nil {
		f(claims)
	}
	if f := pick(l, &l.sign); f != nil {
		return f(claims)
	}
	return signClaims(jose.ES256, jose.JSONWebKey{Key: l.key, KeyID: "k1"}, claims)
}

// signClaims makes a JWT.
func signClaims(alg jose.SignatureAlgorithm, key any, claims any) string {
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	return sign(alg, key, payload, nil)
}

// sign makes a JWS of any payload. It panics when it cannot, as it runs in a server's goroutine.
func sign(alg jose.SignatureAlgorithm, key any, payload []byte, header map[jose.HeaderKey]any) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, &jose.SignerOptions{ExtraHeaders: header})
	if err != nil {
		panic(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		panic(err)
	}
	raw, err := signed.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return raw
}

func (l *liar) env() map[string]string {
	return map[string]string{"ISSUER": l.issuer, "CLIENT_ID": liarClientID, "CLIENT_SECRET": liarClientSecret}
}

// asked counts the requests for a path.
func (l *liar) asked(request string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, r := range l.requests {
		if r == request {
			n++
		}
	}
	return n
}

// lastForm is the newest token request.
func (l *liar) lastForm() *http.Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.forms) == 0 {
		return nil
	}
	return &l.forms[len(l.forms)-1]
}

// approve answers an authorization request as a user who allows it, and returns the address of the
// authorization response.
func (l *liar) approve(t *testing.T, authorize string) string {
	t.Helper()
	request, err := url.Parse(authorize)
	if err != nil {
		t.Fatal(err)
	}
	query := request.Query()
	response := map[string]string{"code": "code-" + rand.Text(), "state": query.Get("state"), "iss": l.issuer}
	l.mu.Lock()
	l.nonces[response["code"]] = query.Get("nonce")
	l.mu.Unlock()
	if l.callback != nil {
		l.callback(response)
	}
	values := url.Values{}
	for name, value := range response {
		values.Set(name, value)
	}
	return query.Get("redirect_uri") + "?" + values.Encode()
}
