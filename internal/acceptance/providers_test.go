package acceptance

import (
	"cmp"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/testserver"
)

// provider plays a public authorization server at its own host names, with the one client of its section in
// docs/providers.md. Its refusals are the provider's words, as the sources of that page and the threads of
// docs/problems.md have them.
type provider struct {
	issuer       string            // "" for a server without metadata
	endpoints    map[string]string // by their names in the metadata: a path below the issuer, or a whole address
	metadata     map[string]any    // further members
	redirectURI  string            // that is registered; the default one where it is empty
	secret       string            // of the client; the right one where it is empty
	method       string            // the only way to authenticate; each is accepted where it is empty
	scopes       []string          // that are enabled; nil for every one
	symmetric    bool              // no key is published
	signsInFirst bool              // the authorization endpoint shows the sign-in page whatever it is asked

	wrongRedirectURI, wrongClientID, wrongScope answer // of the authorization endpoint
	wrongSecret, wrongMethod, wrongCode         answer // of the token endpoint
}

// answer is a server's answer: an OAuth error, a page, JSON, or a redirect.
type answer struct {
	status   int
	location string
	body     string
}

func (a answer) send(w http.ResponseWriter) {
	contentType := "text/plain; charset=utf-8"
	switch {
	case strings.HasPrefix(a.body, "{"):
		contentType = "application/json"
	case strings.HasPrefix(a.body, "<"):
		contentType = "text/html; charset=utf-8"
	}
	w.Header().Set("Content-Type", contentType)
	if a.location != "" {
		w.Header().Set("Location", a.location)
	}
	w.WriteHeader(a.status)
	io.WriteString(w, a.body)
}

// oauthError is an error as RFC 6749 section 5.2 has it.
func oauthError(status int, code, words string) answer {
	body, _ := json.Marshal(map[string]string{"error": code, "error_description": words})
	return answer{status: status, body: string(body)}
}

// fosite adds the answers of servers on Ory's library.
func fosite(p provider) provider {
	const failed = "Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method)."
	p.wrongRedirectURI = oauthError(400, "invalid_request", "The 'redirect_uri' parameter does not match any of the OAuth 2.0 Client's pre-registered redirect urls.")
	p.wrongClientID = oauthError(401, "invalid_client", failed+" The requested OAuth 2.0 Client does not exist.")
	p.wrongScope = oauthError(303, "invalid_scope", "The requested scope is invalid, unknown, or malformed. The OAuth 2.0 Client is not allowed to request scope 'SCOPE'.")
	p.wrongSecret = oauthError(401, "invalid_client", failed)
	p.wrongMethod = oauthError(401, "invalid_client", failed+" The OAuth 2.0 Client supports client authentication method 'client_secret_post', but method "+
		"'client_secret_basic' was requested. You must configure the OAuth 2.0 client's 'token_endpoint_auth_method' value to accept 'client_secret_basic'.")
	p.wrongCode = oauthError(400, "invalid_grant", "The provided authorization grant is invalid, expired or revoked.")
	return p
}

const (
	providedClientID = "4mQ7xk2p"
	providedSecret   = "the-right-secret"
	cognitoDomain    = "https://shop.auth.eu-west-1.amazoncognito.com"
)

// providers are the sections of docs/providers.md that have an example: the server as it should be, and the mistake
// that the example is about.
var providers = map[string]struct {
	provider
	mistake func(*provider)
}{
	"Clerk": {fosite(provider{
		issuer: "https://clerk.example.com",
		endpoints: map[string]string{"authorization_endpoint": "/oauth/authorize", "token_endpoint": "/oauth/token", "userinfo_endpoint": "/oauth/userinfo",
			"introspection_endpoint": "/oauth/token_info", "revocation_endpoint": "/oauth/token/revoke", "jwks_uri": "/.well-known/jwks.json"},
	}), func(p *provider) { p.scopes = []string{"profile", "email"} }},
	"Amazon Cognito": {provider{
		issuer: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf",
		endpoints: map[string]string{"authorization_endpoint": cognitoDomain + "/oauth2/authorize", "token_endpoint": cognitoDomain + "/oauth2/token",
			"userinfo_endpoint": cognitoDomain + "/oauth2/userInfo", "jwks_uri": "/.well-known/jwks.json"},
		metadata: map[string]any{"scopes_supported": []string{"openid", "email", "phone", "profile"}, "code_challenge_methods_supported": nil,
			"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"}},
		wrongRedirectURI: answer{302, cognitoDomain + "/error?error=redirect_mismatch&client_id=" + providedClientID, ""},
		wrongClientID:    answer{302, cognitoDomain + "/error?error=invalid_request", ""},
		wrongSecret:      answer{400, "", `{"error":"invalid_client"}`},
		wrongCode:        answer{400, "", `{"error":"invalid_grant"}`},
	}, func(p *provider) { p.redirectURI = "http://localhost:8080/callback" }},
	"GitLab": {provider{
		issuer: "https://gitlab.com",
		endpoints: map[string]string{"authorization_endpoint": "/oauth/authorize", "token_endpoint": "/oauth/token", "userinfo_endpoint": "/oauth/userinfo",
			"introspection_endpoint": "/oauth/introspect", "revocation_endpoint": "/oauth/revoke", "jwks_uri": "/oauth/discovery/keys"},
		signsInFirst: true,
		wrongSecret: oauthError(401, "invalid_client",
			"Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method."),
		wrongCode: oauthError(400, "invalid_grant", "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in "+
			"the authorization request, or was issued to another client."),
	}, func(p *provider) { p.secret = "another-secret" }},
	"Kinde": {provider{
		issuer: "https://shop.kinde.com",
		endpoints: map[string]string{"authorization_endpoint": "/oauth2/auth", "token_endpoint": "/oauth2/token",
			"userinfo_endpoint": "/oauth2/v2/user_profile", "jwks_uri": "/.well-known/jwks"},
		wrongRedirectURI: answer{400, "", "<html><body>Invalid callback URL</body></html>"},
		wrongClientID:    answer{400, "", "<html><body>Invalid client</body></html>"},
		wrongSecret:      answer{401, "", `{"error":"invalid_client"}`},
		wrongCode:        answer{400, "", `{"error":"invalid_grant"}`},
	}, func(p *provider) { p.secret = "another-secret" }},
	"Ory": {fosite(provider{
		issuer: "https://shop.projects.oryapis.com",
		endpoints: map[string]string{"authorization_endpoint": "/oauth2/auth", "token_endpoint": "/oauth2/token", "userinfo_endpoint": "/userinfo",
			"revocation_endpoint": "/oauth2/revoke", "jwks_uri": "/.well-known/jwks.json"},
		metadata: map[string]any{"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post", "private_key_jwt", "none"}},
	}), func(p *provider) { p.method = "client_secret_post" }},
	"Spotify": {provider{
		endpoints: map[string]string{"authorization_endpoint": "https://accounts.spotify.com/authorize", "token_endpoint": "https://accounts.spotify.com/api/token",
			"": "https://api.spotify.com/v1/me"},
		redirectURI:      "http://127.0.0.1:3000/oauth_callback",
		wrongRedirectURI: answer{400, "", "INVALID_CLIENT: Invalid redirect URI"},
		wrongClientID:    answer{400, "", "INVALID_CLIENT: Invalid client"},
		wrongSecret:      oauthError(400, "invalid_client", "Invalid client secret"),
		wrongCode:        oauthError(400, "invalid_grant", "Invalid authorization code"),
	}, func(p *provider) { p.redirectURI = "http://127.0.0.1:8888/callback" }},
	"Supabase": {provider{
		issuer: "https://abcdefghijklmnopqrst.supabase.co/auth/v1",
		endpoints: map[string]string{"authorization_endpoint": "/oauth/authorize", "token_endpoint": "/oauth/token", "userinfo_endpoint": "/oauth/userinfo",
			"jwks_uri": "/.well-known/jwks.json"},
		wrongRedirectURI: answer{400, "", `{"code":400,"error_code":"validation_failed","msg":"invalid redirect_uri"}`},
		wrongClientID:    answer{400, "", `{"code":400,"error_code":"oauth_client_not_found","msg":"invalid client_id"}`},
		wrongSecret:      answer{400, "", `{"code":400,"error_code":"invalid_credentials","msg":"invalid client credentials"}`},
		wrongCode:        oauthError(400, "invalid_grant", "Invalid authorization code"),
	}, func(p *provider) { p.symmetric = true }},
}

// filledIn replaces the placeholders of a block, so that it is a .env that can be read.
var filledIn = strings.NewReplacer(
	"pk_test_…", "pk_test_Y2xlcmsuZXhhbXBsZS5jb20k", "CLIENT_ID=…", "CLIENT_ID="+providedClientID, "CLIENT_SECRET=…", "CLIENT_SECRET="+providedSecret,
	"GOCSPX-…", "GOCSPX-abcdef", "<number>-<name>", "1234-shop", "<tenant ID>", "7f2c1b9e-0000-4000-8000-000000000000",
	"<region>", "eu-west-1", "<user pool ID>", "eu-west-1_AbCdEf", "<project ref>", "abcdefghijklmnopqrst",
	"<slug>", "shop", "<subdomain>", "shop", "<tenant>", "shop", "<host>", "id.example.com", "<realm>", "shop", "<your Okta domain>", "shop.okta.com",
)

var (
	shellBlock = regexp.MustCompile("(?s)\n```sh\n(.*?)```\n")
	example    = regexp.MustCompile("(?s)\n```\n\\$ go run \\. check\n(.*?)```\n")
	isSetting  = regexp.MustCompile(`^[A-Z_]+=`)
)

// blocks are the blocks of a document that are the lines of a .env, filled in.
func blocks(document string) []string {
	var found []string
	for _, m := range shellBlock.FindAllStringSubmatch(document, -1) {
		if isSetting.MatchString(m[1]) {
			found = append(found, filledIn.Replace(m[1]))
		}
	}
	return found
}

// Each block of settings in the README and in docs/providers.md is a whole .env: nothing has to be added.
func TestDocuments_BlocksOfSettingsAreWhole(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"README.md", "docs/providers.md"} {
		document, err := os.ReadFile(root + "/" + file)
		if err != nil {
			t.Fatal(err)
		}
		found := blocks(string(document))
		if len(found) < 4 {
			t.Errorf("%s has %d blocks: this test looks at nothing", file, len(found))
		}
		for _, block := range found {
			name := filepath.Join(t.TempDir(), ".env")
			if err := os.WriteFile(name, []byte(block), 0o600); err != nil {
				t.Fatal(err)
			}
			cfg, err := config.Load(func(string) string { return "" }, name, true)
			if err != nil || cfg.Demo || len(cfg.Notes) > 0 || strings.ContainsAny(block, "…<>") {
				t.Errorf("%s has the block\n%sof which the program says %v %q", file, block, err, cfg.Notes)
			}
		}
	}
}

// The example in each section of docs/providers.md is the output of check for the provider with one mistake. Without the
// mistake, nothing fails. With UPDATE=1, the examples are written anew.
func TestProviders_ExamplesAreOutput(t *testing.T) {
	t.Parallel()
	const file = root + "/docs/providers.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	document := string(text)
	for _, name := range slices.Sorted(maps.Keys(providers)) {
		before, section, found := strings.Cut(document, "\n## "+name+"\n")
		section, after, _ := strings.Cut(section, "\n## ")
		settings := blocks(section)
		at := example.FindStringSubmatchIndex(section)
		if !found || len(settings) != 1 || at == nil {
			t.Errorf("%s has %d blocks of settings, and an example: %v", name, len(settings), at != nil)
			continue
		}
		if out, code := providers[name].provider.check(t, settings[0]); code != 0 {
			t.Errorf("%s without a mistake:\n%s", name, out)
		}
		wrong := providers[name].provider
		providers[name].mistake(&wrong)
		out, code := wrong.check(t, settings[0])
		if got := failures(out); code != 1 || got != section[at[2]:at[3]] {
			if !testserver.Update() {
				t.Errorf("the example of %s (UPDATE=1 writes it anew) is\n%swhere check ends with %d and says\n%s", name, section[at[2]:at[3]], code, got)
			}
			document = before + "\n## " + name + "\n" + section[:at[2]] + got + section[at[3]:] + "\n## " + after
		}
	}
	if testserver.Update() {
		if err := os.WriteFile(file, []byte(document), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// failures returns the first line of check's output, each line that failed with its details, and the count.
func failures(out string) string {
	var kept []string
	failing := false
	for i, line := range strings.Split(strings.TrimSpace(out), "\n") {
		switch {
		case strings.HasPrefix(line, "  FAIL"):
			failing = true
		case !strings.HasPrefix(line, "          "):
			failing = false
		}
		if i == 0 || failing || strings.Contains(line, " problem: ") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n") + "\n"
}

// check runs the program's check at the provider, with the settings in a .env, as the document has them.
func (p provider) check(t *testing.T, settings string) (out string, code int) {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, ".env"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	process := startIn(t, folder, new(testserver.Logbook), p.start(t), "check")
	code = process.Wait(t)
	return process.Out.String(), code
}

// start starts the server and returns the environment in which a program can reach it: a proxy that leads every host to it,
// and its certificate.
func (p provider) start(t *testing.T) map[string]string {
	t.Helper()
	hosts := []string{hostOf(t, p.issuer)}
	for _, address := range p.endpoints {
		hosts = append(hosts, hostOf(t, address))
	}
	hosts = slices.DeleteFunc(hosts, func(host string) bool { return host == "" })
	key := testserver.NewKey(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a provider"}, DNSNames: hosts, IsCA: true,
		BasicConstraintsValid: true, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(61*24*time.Hour + time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(p.handler(t))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of connections that the program no longer needs
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
		go io.Copy(there, read) // which may have the first byte already
		io.Copy(here, there)
	}))
	t.Cleanup(proxy.Close)
	certificate := filepath.Join(t.TempDir(), "certificate.pem")
	if err := os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return map[string]string{"HTTPS_PROXY": proxy.URL, "SSL_CERT_FILE": certificate}
}

func hostOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

const signInPage = `<html><body><form method="post"><input name="user"><input name="password" type="password"></form></body></html>`

// handler answers for every host of the provider: the paths differ.
func (p provider) handler(t *testing.T) http.Handler {
	t.Helper()
	key := testserver.NewKey(t)
	document := map[string]any{"issuer": p.issuer, "response_types_supported": []string{"code"}, "code_challenge_methods_supported": []string{"S256"}}
	maps.Copy(document, p.metadata)
	answers := map[string]http.HandlerFunc{
		"authorization_endpoint": p.authorize,
		"token_endpoint":         p.token,
		"introspection_endpoint": p.lookUp,
		"revocation_endpoint":    p.lookUp,
		"jwks_uri": func(w http.ResponseWriter, _ *http.Request) {
			set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
			if !p.symmetric {
				set.Keys = append(set.Keys, jose.JSONWebKey{Key: key.Public(), KeyID: "k1", Use: "sig", Algorithm: "ES256"})
			}
			testserver.SendJSON(w, set)
		},
	}
	mux := http.NewServeMux()
	for name, address := range p.endpoints {
		if strings.HasPrefix(address, "/") {
			address = p.issuer + address
		}
		document[name] = address
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		honest, known := answers[name]
		if !known {
			honest = refuseToken // userinfo, or the API
		}
		mux.HandleFunc(u.Path, honest)
	}
	if base, err := url.Parse(p.issuer); err == nil && p.issuer != "" {
		mux.HandleFunc(base.Path+"/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) { testserver.SendJSON(w, document) })
	}
	mux.HandleFunc("/error", func(w http.ResponseWriter, _ *http.Request) {
		answer{400, "", "<html><body>An error was encountered with the requested page.</body></html>"}.send(w)
	})
	return mux
}

// refuseToken is the handler of an endpoint that needs a token, for a request without one.
func refuseToken(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	w.WriteHeader(http.StatusUnauthorized)
}

func (p provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	switch {
	case p.signsInFirst:
	case q.Get("client_id") != providedClientID:
		p.wrongClientID.send(w)
		return
	case q.Get("redirect_uri") != cmp.Or(p.redirectURI, "http://localhost:3000/oauth_callback"):
		p.wrongRedirectURI.send(w)
		return
	}
	for scope := range strings.FieldsSeq(q.Get("scope")) {
		if p.scopes != nil && !slices.Contains(p.scopes, scope) {
			var e map[string]string
			json.Unmarshal([]byte(strings.ReplaceAll(p.wrongScope.body, "SCOPE", scope)), &e)
			back := url.Values{"error": {e["error"]}, "error_description": {e["error_description"]}, "state": {q.Get("state")}}
			answer{p.wrongScope.status, q.Get("redirect_uri") + "?" + back.Encode(), ""}.send(w)
			return
		}
	}
	answer{200, "", signInPage}.send(w)
}

// refuses refuses a wrong client, and reports whether it did.
func (p provider) refuses(w http.ResponseWriter, r *http.Request) bool {
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	switch {
	case basic && p.method == "client_secret_post":
		p.wrongMethod.send(w)
	case id != providedClientID || secret != cmp.Or(p.secret, providedSecret):
		p.wrongSecret.send(w)
	default:
		return false
	}
	return true
}

func (p provider) token(w http.ResponseWriter, r *http.Request) {
	if !p.refuses(w, r) {
		p.wrongCode.send(w)
	}
}

// lookUp handles introspection and revocation of an unknown token.
func (p provider) lookUp(w http.ResponseWriter, r *http.Request) {
	if !p.refuses(w, r) {
		answer{200, "", `{"active":false}`}.send(w)
	}
}
