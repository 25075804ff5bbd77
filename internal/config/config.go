// Package config is what the user told us: the environment, then .env, then the default. Every mistake
// is reported at once.
package config

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"oauth-test-client/internal/redact"
)

// Config is what the user told us, checked. It never changes; when .env has, another one is made.
type Config struct {
	Demo          bool      // nothing was configured: this process is all three actors
	Clerk         bool      // the authorization server is a Clerk instance
	Issuer        string    // exactly as its metadata must name it; empty for a server without metadata
	ClientID      string    // of the OAuth application
	ClientSecret  string    // empty for a public client
	AuthMethod    string    // token_endpoint_auth_method; empty lets the metadata decide
	Endpoints     Endpoints // the ones that override the metadata
	Scopes        []string  // asked for when a login names none; may be empty
	PAR           bool      // requests are pushed, whether or not the server demands it (RFC 9126)
	Port          string    // to listen on
	BaseURL       string    // scheme and host, no slash at the end
	Elsewhere     string    // the redirect URI where it does not lead to this program; see IsPasted
	SessionSecret string    // empty means random per process
	SessionStore  string    // the URL of a Redis; empty keeps sessions in this process
	ResourceURL   string    // the API that the access token opens; may be empty

	AtAPI      bool     // a login begins at the API, which names its authorization server (RFC 9728)
	AnyScopes  bool     // then: SCOPES is unset, and the API says which scopes it wants
	Resource   string   // found there: what the API calls itself (RFC 8707); empty when nothing was found yet
	ByPost     bool     // found there: the API answers POST alone, as one that speaks MCP does
	Registered bool     // found there: this process has registered the client (RFC 7591)
	Issued     []string // what came with the registration and is as secret as the client secret; never on disk

	OtherClientID, OtherClientSecret string   // a second client, for /misuse; may be empty
	CertFile                         string   // certificates of authorities to trust besides the system's; may be empty
	Notes                            []string // what was put right on the way in, to be said in the terminal
}

// Endpoints are the addresses of an authorization server, named as in RFC 8414 section 2.
type Endpoints struct {
	Authorization string `json:"authorization_endpoint"`
	Token         string `json:"token_endpoint"`
	Userinfo      string `json:"userinfo_endpoint"`
	Introspection string `json:"introspection_endpoint"`
	Revocation    string `json:"revocation_endpoint"`
	EndSession    string `json:"end_session_endpoint"`
	PAR           string `json:"pushed_authorization_request_endpoint"` // RFC 9126 section 5
	JWKS          string `json:"jwks_uri"`
}

// The client authentication methods that we speak (RFC 7591 section 2).
const (
	MethodBasic = "client_secret_basic"
	MethodPost  = "client_secret_post"
	MethodNone  = "none"
)

// Load reads every variable through getenv first and the file second: a variable that is
// set but empty counts as unset. A missing file is fine unless the user named it (required).
// The error lists every mistake, one line each, and never quotes a secret.
func Load(getenv func(string) string, file string, required bool) (Config, error) {
	raw, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) && !required {
		raw, err = nil, nil
	}
	if err != nil {
		return Config{}, Problems{{Where: file, What: fmt.Sprintf("cannot be read (%v)", errors.Unwrap(err)),
			Fix: "name another file with -env, or make this one: cp .env.sample .env"}}
	}
	values, bad := parseDotenv(string(raw))
	if bad > 0 {
		return Config{}, Problems{{Where: fmt.Sprintf("%s:%d", file, bad), What: "this line cannot be read",
			Fix: "write NAME=value, in single quotes when the value holds a space, #, $ or a quote"}}
	}
	s := &settings{getenv: getenv, file: file, raw: string(raw), values: values}
	s.dropComments()
	cfg := s.config()
	if len(s.problems) > 0 {
		return Config{}, s.problems
	}
	return cfg, nil
}

// settings collects values and what is wrong with them.
type settings struct {
	getenv   func(string) string
	file     string
	raw      string
	values   map[string]string
	problems Problems
	notes    []string
}

// config checks every setting, so that all mistakes are reported at once.
func (s *settings) config() Config {
	var c Config
	key := s.get("CLERK_PUBLISHABLE_KEY")
	issuer := s.get("ISSUER")
	c.ClientID = s.get("CLIENT_ID")
	c.ClientSecret = s.get("CLIENT_SECRET")
	c.AuthMethod = s.get("TOKEN_ENDPOINT_AUTH_METHOD")
	c.Endpoints = Endpoints{
		Authorization: s.endpoint("AUTHORIZATION_ENDPOINT"),
		Token:         s.endpoint("TOKEN_ENDPOINT"),
		Userinfo:      s.endpoint("USERINFO_ENDPOINT"),
		Introspection: s.endpoint("INTROSPECTION_ENDPOINT"),
		Revocation:    s.endpoint("REVOCATION_ENDPOINT"),
		JWKS:          s.endpoint("JWKS_URI"),
	}
	c.PAR = s.yes("PAR")
	c.BaseURL, c.Port = s.address()
	c.Elsewhere = s.redirectURI(c.BaseURL)
	c.SessionSecret = s.sessionSecret()
	c.SessionStore = s.sessionStore(c.SessionSecret)
	c.ResourceURL = s.endpoint("RESOURCE_URL")
	c.OtherClientID, c.OtherClientSecret = s.get("OTHER_CLIENT_ID"), s.get("OTHER_CLIENT_SECRET")
	c.CertFile = s.certFile()

	c.AtAPI = c.atAPI(key, issuer)
	c.Scopes = s.scopes(c.AtAPI)
	c.AnyScopes = c.AtAPI && c.Scopes == nil
	c.Demo = !c.AtAPI && key == "" && issuer == "" && c.ClientID == "" && c.ClientSecret == "" && c.AuthMethod == "" && c.Endpoints == Endpoints{}
	switch {
	case c.Demo:
		s.demo(&c)
	case c.AtAPI:
		s.clientAtAPI(c)
	default:
		c.Issuer, c.Clerk = s.issuer(key, issuer, c.Endpoints)
		s.client(c)
	}
	s.pointOut(c.Demo || c.AtAPI)
	c.Notes = s.notes
	return c
}

// demo points the client at the authorization server that this process runs itself.
func (s *settings) demo(c *Config) {
	if u, err := url.Parse(c.BaseURL); err == nil && u.Scheme == "http" && !IsLoopback(u.Hostname()) {
		s.wrong("BASE_URL", "the demo server needs https, or http on localhost; configure a server of your own or change BASE_URL")
	}
	c.Issuer = c.BaseURL + "/demo"
	c.ClientID = "demo-client"
	c.ClientSecret = rand.Text()
	c.ResourceURL = cmp.Or(c.ResourceURL, c.Issuer+"/api/me")
	c.OtherClientID, c.OtherClientSecret = "demo-other-client", rand.Text()
}

// issuer decides which authorization server is meant, and whether it is Clerk's.
func (s *settings) issuer(key, issuer string, set Endpoints) (string, bool) {
	if issuer != "" {
		s.checkIssuer(issuer)
	}
	if key == "" {
		u, err := url.Parse(issuer)
		if issuer == "" && (set.Authorization == "" || set.Token == "") {
			s.wrong("CLERK_PUBLISHABLE_KEY", "is missing, and so is ISSUER, so no authorization server is known; set one of the two (or "+
				"remove every setting for demo mode)")
		}
		return issuer, err == nil && isClerkHost(u.Hostname())
	}
	fromKey, err := issuerFromKey(key)
	if err != nil {
		s.wrongBecause("clerk-key-wrong", "CLERK_PUBLISHABLE_KEY", "%v", err)
	} else if issuer != "" && issuer != fromKey {
		s.wrong("ISSUER", "says %s, but CLERK_PUBLISHABLE_KEY says %s; remove one of the two", issuer, fromKey)
	}
	return fromKey, true
}

func (s *settings) checkIssuer(issuer string) {
	for _, suffix := range []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"} {
		if before, after, found := strings.Cut(issuer, suffix); found {
			s.wrong("ISSUER", "is the address of the discovery document, not the issuer; write ISSUER=%s", before+after)
			return
		}
	}
	if isPlaceholder(issuer) {
		s.wrong("ISSUER", "holds a placeholder; write the address of your authorization server, such as https://auth.example.com")
		return
	}
	u, err := url.Parse(issuer)
	switch {
	case err != nil || u.Host == "" || u.User != nil:
		s.wrong("ISSUER", "%q is not the address of a server; write one such as https://auth.example.com", issuer)
	case u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(issuer, "?#"):
		s.wrong("ISSUER", "%q has a query or a fragment, which an issuer never has (RFC 8414 section 2); remove it", issuer)
	case !IsSecure(u):
		s.wrong("ISSUER", "%q is not https; http is allowed on localhost only", issuer)
	}
}

// client checks the OAuth application's own values against each other.
func (s *settings) client(c Config) {
	switch {
	case c.ClientID == "":
		s.wrong("CLIENT_ID", "is missing; copy it from the OAuth application's page in the dashboard")
	case isPlaceholder(c.ClientID):
		s.wrong("CLIENT_ID", "holds a placeholder; copy the Client ID from the OAuth application's page in the dashboard")
	case strings.HasPrefix(c.ClientID, "pk_test_"), strings.HasPrefix(c.ClientID, "pk_live_"):
		s.wrong("CLIENT_ID", "holds a publishable key; that belongs in CLERK_PUBLISHABLE_KEY, and the OAuth application's Client ID here")
	}
	secret := c.ClientSecret
	entra := entraHost.MatchString(cmp.Or(c.Issuer, c.Endpoints.Authorization))
	switch {
	case secret == "":
	case isPlaceholder(secret):
		s.wrong("CLIENT_SECRET", "holds a placeholder; copy the Client Secret (it is shown once, when the "+
			"application is made), or remove the line for a public client")
	case c.Clerk && strings.HasPrefix(secret, "sk_"):
		s.wrong("CLIENT_SECRET", "holds Clerk's secret key for its backend API; the OAuth application has a Client Secret of its own")
	case isHash(secret):
		s.wrongBecause("client-secret-is-a-hash", "CLIENT_SECRET", "is the hash of a secret, as a server stores it; paste the secret itself, or have a new one made")
	case secret == c.ClientID:
		s.wrong("CLIENT_SECRET", "repeats the client ID; copy the Client Secret instead")
	case entra && guid.MatchString(secret):
		s.wrongBecause("client-secret-is-its-id", "CLIENT_SECRET", "is the secret's ID; copy the column named Value instead")
	}
	if secret != "" && len(secret) < redact.Shortest {
		s.notes = append(s.notes, fmt.Sprintf("CLIENT_SECRET: has fewer than %d characters, which is easy to guess and cannot be taken "+
			"out of what a server repeats; have a longer one made", redact.Shortest))
	}
	switch c.AuthMethod {
	case "", MethodBasic, MethodPost, MethodNone:
	default:
		s.wrong("TOKEN_ENDPOINT_AUTH_METHOD", "%q is not supported; write client_secret_basic, client_secret_post or none", c.AuthMethod)
		return
	}
	if c.AuthMethod == MethodNone && secret != "" {
		s.wrong("TOKEN_ENDPOINT_AUTH_METHOD", "none means a public client, which has no secret; remove this line or CLIENT_SECRET")
	}
	if (c.AuthMethod == MethodBasic || c.AuthMethod == MethodPost) && secret == "" {
		s.wrong("CLIENT_SECRET", "is missing, but TOKEN_ENDPOINT_AUTH_METHOD says %s; set the secret, or remove that line for a public client", c.AuthMethod)
	}
}

func (s *settings) sessionSecret() string {
	value := s.get("SESSION_SECRET")
	if value != "" && len(value) < 16 {
		s.wrong("SESSION_SECRET", "has fewer than 16 characters; make one with: openssl rand -base64 32")
	} else if value != "" && strings.Trim(value, value[:1]) == "" {
		s.notes = append(s.notes, "SESSION_SECRET: is one character again and again, which is easy to guess; make one with: openssl rand -base64 32")
	}
	return value
}

// sessionStore reads the address of a Redis. It may hold a password, so it is never quoted whole.
func (s *settings) sessionStore(secret string) string {
	value := s.get("SESSION_STORE")
	if value == "" {
		return ""
	}
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "redis" && u.Scheme != "rediss":
		s.wrong("SESSION_STORE", "is not the address of a Redis; write one such as redis://localhost:6379, or rediss:// for TLS")
	case !redisPath.MatchString(u.Path) || u.RawQuery != "" || u.Fragment != "":
		s.wrong("SESSION_STORE", "%s has more than host, port and the number of a database; write one such as redis://localhost:6379/0", WithoutUser(value))
	case u.Scheme == "redis" && !IsLoopback(u.Hostname()):
		s.notes = append(s.notes, "SESSION_STORE: "+WithoutUser(value)+" is on another host and goes over the network in the clear; write rediss:// for TLS")
	}
	if secret == "" {
		s.wrong("SESSION_STORE", "needs SESSION_SECRET, the same in every process, as the sessions are encrypted with it; make one with: openssl rand -base64 32")
	}
	return value
}

var (
	redisPath = regexp.MustCompile(`^(?:/[0-9]{0,4})?$`)
	hostname  = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?$`)
	guid      = regexp.MustCompile(`^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	entraHost = regexp.MustCompile(`^https://(?:[a-z0-9-]+\.)*(?:login\.microsoftonline\.(?:com|us)|ciamlogin\.com|sts\.windows\.net)(?:/|$)`)
	allX      = regexp.MustCompile(`^[xX*.…]+$`)
)

// isPlaceholder recognises what stands in .env.sample, and what people write where a value should go.
func isPlaceholder(value string) bool {
	v := strings.ToLower(value)
	return strings.HasPrefix(v, "your-") || strings.HasPrefix(v, "your_") || strings.HasPrefix(v, "pk_test_your") ||
		strings.HasPrefix(v, "<") || strings.HasSuffix(v, "...") || strings.HasSuffix(v, "…") ||
		slices.Contains([]string{"changeme", "change-me", "todo", "replace-me"}, v) || allX.MatchString(v)
}

// isHash recognises the formats in which servers store a secret.
func isHash(secret string) bool {
	return slices.ContainsFunc([]string{"pbkdf2_sha256$", "$pbkdf2", "$2a$", "$2b$", "$2y$", "$argon2", "bcrypt$", "{bcrypt}", "$scrypt", "scrypt:"},
		func(prefix string) bool { return strings.HasPrefix(secret, prefix) })
}
