// Package testserver has the servers that the tests talk to: a fake one, one like Clerk, and the authority for their
// certificates.
package testserver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
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
	"os"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
)

// FakeServer is an authorization server. A test can replace each of its answers. By default it is honest: it grants every
// request at once, and signs ID tokens with ES256.
type FakeServer struct {
	*httptest.Server
	layers
	Issuer string
	Key    *ecdsa.PrivateKey

	// Each replaces one answer; nil means the honest one.
	Metadata func(w http.ResponseWriter, r *http.Request)
	Token    func(w http.ResponseWriter, r *http.Request)
	JWKS     func(w http.ResponseWriter, r *http.Request)
	RFC8414  func(w http.ResponseWriter, r *http.Request) // the metadata of RFC 8414; nil for none
	Other    func(w http.ResponseWriter, r *http.Request) // userinfo, introspection, revocation, the API, pushed requests
	Page     func(w http.ResponseWriter, r *http.Request) // the authorization endpoint, for a real browser
	Claims   func(claims map[string]any)                  // spoils the ID token's claims
	Sign     func(claims map[string]any) string           // signs the claims in a different way
	Response func(response map[string]any)                // spoils the token response
	Document func(document map[string]any)                // spoils the metadata
	Callback func(query map[string]string)                // spoils the authorization response
	Now      func() time.Time                             // the time that its ID tokens tell; nil for the time of day

	mu       sync.Mutex // guards the fields below
	origin   string     // the Origin headers of all requests, joined
	requests []string   // every request: method and path
	forms    []http.Request
	nonces   map[string]string // by code
	signedIn time.Time         // when its user signed in: once, as a refreshed ID token says the same (Core section 12.2)
}

// The credentials of the server's only client.
const (
	FakeClientID     = "fake-client"
	FakeClientSecret = "fake-secret-7d2c9a"
)

// pick reads a field that a test may set while a request is running.
func pick[T any](s *FakeServer, field *T) T {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *field
}

// StartFakeServer starts a fake server on a free port of 127.0.0.1.
func StartFakeServer(t *testing.T) *FakeServer {
	t.Helper()
	s := &FakeServer{Key: NewKey(t), nonces: map[string]string{}, signedIn: time.Now()}
	answers := s.answers()
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r.Method+" "+r.URL.Path)
		s.origin += r.Header.Get("Origin")
		s.mu.Unlock()
		answers.ServeHTTP(w, r)
	})
	s.Server = httptest.NewUnstartedServer(&s.layers)
	s.Issuer = "http://" + s.Listener.Addr().String()
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// answers returns the handler with all answers of the fake server.
func (s *FakeServer) answers() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", s.unless(&s.Metadata, s.metadata))
	mux.HandleFunc("/.well-known/oauth-authorization-server", s.unless(&s.RFC8414, http.NotFound))
	mux.HandleFunc("/jwks", s.unless(&s.JWKS, s.keys))
	mux.HandleFunc("/authorize", s.unless(&s.Page, nothing)) // the app checks at its start whether anything answers
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		s.mu.Lock()
		s.forms = append(s.forms, *r)
		s.mu.Unlock()
		s.unless(&s.Token, s.tokens)(w, r)
	})
	for _, path := range []string{"/userinfo", "/introspect", "/revoke", "/api", "/par"} {
		mux.HandleFunc(path, s.unless(&s.Other, http.NotFound))
	}
	return mux
}

// unless returns a handler that calls the one in the field, if the test has set it, else the honest one.
func (s *FakeServer) unless(field *func(http.ResponseWriter, *http.Request), honest http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if f := pick(s, field); f != nil {
			f(w, r)
			return
		}
		honest(w, r)
	}
}

func nothing(http.ResponseWriter, *http.Request) {}

func (s *FakeServer) metadata(w http.ResponseWriter, _ *http.Request) {
	document := map[string]any{"issuer": s.Issuer, "authorization_endpoint": s.Issuer + "/authorize", "token_endpoint": s.Issuer + "/token",
		"jwks_uri": s.Issuer + "/jwks", "userinfo_endpoint": s.Issuer + "/userinfo", "authorization_response_iss_parameter_supported": true}
	if f := pick(s, &s.Document); f != nil {
		f(document)
	}
	SendJSON(w, document)
}

func (s *FakeServer) keys(w http.ResponseWriter, _ *http.Request) {
	SendJSON(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: s.Key.Public(), KeyID: "k1", Use: "sig", Algorithm: "ES256"}}})
}

func (s *FakeServer) tokens(w http.ResponseWriter, r *http.Request) {
	response := map[string]any{
		"access_token":  "fake-access-token",
		"token_type":    "Bearer",
		"expires_in":    3600,
		"refresh_token": "fake-refresh-token",
		"id_token":      s.idToken(r.PostForm.Get("code")),
	}
	if f := pick(s, &s.Response); f != nil {
		f(response)
	}
	SendJSON(w, response)
}

// Lock guards the fields against requests that are still running.
func (s *FakeServer) Lock() { s.mu.Lock() }

// Unlock releases the lock.
func (s *FakeServer) Unlock() { s.mu.Unlock() }

// Reset removes the replacements, except RFC8414, Other, Page and Now.
func (s *FakeServer) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Metadata, s.Token, s.JWKS, s.Claims, s.Sign, s.Response, s.Document, s.Callback = nil, nil, nil, nil, nil, nil, nil, nil
}

// SentOrigin returns the Origin headers of all requests, joined.
func (s *FakeServer) SentOrigin() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.origin
}

// Honest makes the fake server answer the questions of a check as a correct server would.
func (s *FakeServer) Honest() {
	s.Page = func(w http.ResponseWriter, r *http.Request) {
		if q := r.URL.Query(); q.Get("redirect_uri") != CheckedURI || q.Get("client_id") != FakeClientID {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, "no %s %s", q.Get("redirect_uri"), q.Get("client_id"))
		}
	}
	s.Token = func(w http.ResponseWriter, r *http.Request) {
		if id, secret, _ := r.BasicAuth(); id != FakeClientID || secret != FakeClientSecret {
			SendBody(401, "application/json", `{"error":"invalid_client"}`)(w, r)
			return
		}
		SendBody(400, "application/json", `{"error":"invalid_grant"}`)(w, r)
	}
	s.Other = SendBody(401, "application/json", `{}`)
}

// SendJSON answers with a JSON document.
func SendJSON(w http.ResponseWriter, document any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(document)
}

// idToken signs the ID token for a code.
func (s *FakeServer) idToken(code string) string {
	s.mu.Lock()
	nonce := s.nonces[code]
	s.mu.Unlock()
	now, signedIn := time.Now(), s.signedIn
	if clock := pick(s, &s.Now); clock != nil {
		now = clock()
		signedIn = now
	}
	claims := map[string]any{"iss": s.Issuer, "sub": "user-1", "aud": FakeClientID, "exp": now.Add(time.Hour).Unix(), "iat": now.Unix(), "nonce": nonce,
		"auth_time": signedIn.Unix(), "at_hash": HalfHash("fake-access-token"), "name": "Fake User"}
	if f := pick(s, &s.Claims); f != nil {
		f(claims)
	}
	if f := pick(s, &s.Sign); f != nil {
		return f(claims)
	}
	return SignClaims(jose.ES256, jose.JSONWebKey{Key: s.Key, KeyID: "k1"}, claims)
}

// SignClaims returns a signed JWT.
func SignClaims(alg jose.SignatureAlgorithm, key any, claims any) string {
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	return Sign(alg, key, payload, nil)
}

// Sign returns a JWS of any payload. It panics on failure, as it runs in a server's goroutine.
func Sign(alg jose.SignatureAlgorithm, key any, payload []byte, header map[jose.HeaderKey]any) string {
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

// Env returns the settings of the server's client.
func (s *FakeServer) Env() map[string]string {
	return map[string]string{"ISSUER": s.Issuer, "CLIENT_ID": FakeClientID, "CLIENT_SECRET": FakeClientSecret}
}

// Asked counts the requests with a method and a path, such as "POST /token".
func (s *FakeServer) Asked(request string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, r := range s.requests {
		if r == request {
			n++
		}
	}
	return n
}

// LastForm returns the newest token request.
func (s *FakeServer) LastForm() *http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.forms) == 0 {
		return nil
	}
	return &s.forms[len(s.forms)-1]
}

// Approve answers an authorization request as a user who allows it, and returns the address of the
// authorization response.
func (s *FakeServer) Approve(t *testing.T, authorize string) string {
	t.Helper()
	request, err := url.Parse(authorize)
	if err != nil {
		t.Fatal(err)
	}
	query := request.Query()
	response := map[string]string{"code": "code-" + rand.Text(), "state": query.Get("state"), "iss": s.Issuer}
	s.mu.Lock()
	s.nonces[response["code"]] = query.Get("nonce")
	s.mu.Unlock()
	if s.Callback != nil {
		s.Callback(response)
	}
	values := url.Values{}
	for name, value := range response {
		values.Set(name, value)
	}
	return query.Get("redirect_uri") + "?" + values.Encode()
}

// HalfHash returns at_hash for ES256 (OpenID Connect Core section 3.1.3.6).
func HalfHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// SendBody returns a handler that answers with a body, unchanged.
func SendBody(status int, contentType, body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		w.Write([]byte(body))
	}
}

// CheckedURI is the redirect URI that the honest fake server accepts in a check.
const CheckedURI = "http://localhost:3999/oauth_callback"

// Authority is a private certificate authority.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	File string // its certificate, in PEM, for SSL_CERT_FILE
}

// NewAuthority returns a certificate authority for a test.
func NewAuthority(t *testing.T) *Authority {
	t.Helper()
	key := NewKey(t)
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
	return &Authority{cert, key, writeFile(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))}
}

// Issue returns a server certificate for localhost and the public name that is valid until notAfter.
func (a *Authority) Issue(t *testing.T, notAfter time.Time) tls.Certificate {
	t.Helper()
	key := NewKey(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost", PublicName},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: notAfter}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// PEMFiles writes a certificate and its key to a file each, for third-party servers.
func PEMFiles(t *testing.T, cert tls.Certificate) (certificate, key string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}))),
		writeFile(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
}

// NewKey returns a key for ES256.
func NewKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// writeFile writes a file that is removed at the end of the test.
func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	file := t.TempDir() + "/" + name
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// layers is a handler that a test may wrap in others while it serves.
type layers struct {
	mu      sync.Mutex // guards the field below
	handler http.Handler
}

// Around puts a handler in front of the existing ones.
func (l *layers) Around(wrap func(next http.Handler) http.Handler) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.handler = wrap(l.handler)
}

// ServeHTTP calls the first handler.
func (l *layers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	first := l.handler
	l.mu.Unlock()
	first.ServeHTTP(w, r)
}

// Needs skips a test whose tool is missing, that is, if err is not nil. In CI, where .ci/run installs the tool, it fails
// the test instead.
func Needs(t testing.TB, getenv func(string) string, what string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if getenv("CI") == "true" {
		t.Fatalf("%s is missing, and in CI it must be there: %v", what, err)
	}
	t.Skipf("%s is missing: %v", what, err)
}
