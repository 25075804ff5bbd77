// Package config reads and checks the settings: the environment first, then .env, then the default. It reports all mistakes
// at once.
package config

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"oauth-test-client/internal/redact"
)

// Config holds the user's settings, checked. It never changes: when .env changes, a new one is made. Effective adds what
// was found since.
type Config struct {
	Demo             bool       // nothing was configured: this process is all three actors
	Clerk            bool       // the authorization server is a Clerk instance
	Issuer           string     // exactly as its metadata must name it; empty for a server without metadata
	ClientID         string     // of the OAuth application
	ClientSecret     string     // empty for a public client
	AuthMethod       string     // token_endpoint_auth_method; empty lets the metadata decide
	Endpoints        Endpoints  // the ones that override the metadata
	Scopes           []string   // asked for when a login names none; may be empty
	Parameters       Parameters // sent with every login that names no others; may be nil
	PAR              bool       // requests are pushed, whether or not the server demands it (RFC 9126)
	Port             string     // to listen on
	BaseURL          string     // scheme and host, no slash at the end
	RedirectOverride string     // the redirect URI where it does not lead to this program; see CallbackIsPasted
	SessionSecret    string     // empty means random per process
	SessionStore     string     // the URL of a Redis; empty keeps sessions in this process
	ResourceURL      string     // the API to call with the access token; may be empty

	AtAPI        bool // a login begins at the API, which names its authorization server (RFC 9728)
	ScopesUnset  bool // SCOPES is not set: a login asks for the API's scopes, or for the default ones
	BaseURLUnset bool // BASE_URL is not set: it follows from PORT

	OtherClientID, OtherClientSecret string   // a second client, for /misuse; may be empty
	CertFile                         string   // certificates of authorities to trust besides the system's; may be empty
	Notes                            []string // what was corrected while reading, for the terminal
	Typos                            []Typo   // names in the file that were probably meant to be ours
}

// Endpoints are the addresses of an authorization server, named as in RFC 8414 section 2.
type Endpoints struct {
	Authorization string
	Token         string
	Userinfo      string
	Introspection string
	Revocation    string
	EndSession    string
	PAR           string // RFC 9126 section 5
	JWKS          string
}

// The client authentication methods that this app supports (RFC 7591 section 2).
const (
	MethodBasic = "client_secret_basic"
	MethodPost  = "client_secret_post"
	MethodNone  = "none"
)

// Load reads the settings from a file and the environment; see Source.
func Load(getenv func(string) string, file string, required bool) (Config, error) {
	return (&Source{Path: file, Required: required}).Load(getenv)
}

// parse reads the settings from the content of a file and the environment.
func parse(getenv func(string) string, file, raw string) (Config, error) {
	values, bad := parseDotenv(raw)
	switch {
	case bad < 0:
		return Config{}, Problems{{Where: file, What: "one line can't be read", Fix: "remove every line that isn't a setting of this app"}}
	case bad > 0:
		return Config{}, Problems{badLine(fmt.Sprintf("%s:%d", file, bad), strings.Split(raw, "\n")[bad-1])}
	}
	s := &settings{getenv: getenv, file: file, raw: raw, values: values}
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
	c.Parameters = s.authorizationParameters()
	c.PAR = s.yes("PAR")
	c.BaseURL, c.Port = s.address()
	c.BaseURLUnset = s.unset("BASE_URL")
	c.RedirectOverride = s.redirectURI(c.BaseURL)
	c.SessionSecret = s.sessionSecret()
	c.SessionStore = s.sessionStore(c.SessionSecret)
	c.ResourceURL = s.endpoint("RESOURCE_URL")
	c.OtherClientID, c.OtherClientSecret = s.get("OTHER_CLIENT_ID"), s.get("OTHER_CLIENT_SECRET")
	if c.OtherClientID != "" && c.OtherClientID == s.get("CLIENT_ID") {
		s.wrong("OTHER_CLIENT_ID", "is the same as CLIENT_ID; register a second client, and write its ID")
	}
	c.CertFile = s.certFile()

	c.AtAPI = c.atAPI(key, issuer)
	c.Scopes, c.ScopesUnset = s.scopes(c.AtAPI)
	if c.Parameters.Check(nil) == nil && c.Parameters.Check(c.Scopes) != nil {
		s.wrong("AUTHORIZATION_PARAMS", "and SCOPES have more than 1 KB together; shorten one of them")
	}
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
	c.Typos = s.typos()
	s.reportTypos(c.Typos, c.Demo || c.AtAPI)
	s.reportNoEquals()
	c.Notes = s.notes
	return c
}

// demo points the client at the authorization server in this process.
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
			s.wrong("ISSUER", "is missing; set it, or CLERK_PUBLISHABLE_KEY, or RESOURCE_URL, or both AUTHORIZATION_ENDPOINT and "+
				"TOKEN_ENDPOINT (or remove every setting for demo mode)")
		}
		return issuer, err == nil && isClerkHost(u.Hostname())
	}
	fromKey, err := issuerFromKey(key)
	others := slices.DeleteFunc([]string{"ISSUER", "AUTHORIZATION_ENDPOINT", "RESOURCE_URL"}, s.unset)
	if errors.Is(err, errPlaceholder) && len(others) > 0 {
		s.wrongBecause("clerk-key-wrong", "CLERK_PUBLISHABLE_KEY", "holds a placeholder; remove this line, as %s is set", others[0])
	} else if err != nil {
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

// client checks the values of the OAuth application against each other.
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
		s.wrongBecause("client-secret-is-a-hash", "CLIENT_SECRET", "is the hash of a secret, as a server stores it; paste the secret itself, or create a new one")
	case secret == c.ClientID:
		s.wrong("CLIENT_SECRET", "is the same as CLIENT_ID; copy the Client Secret instead")
	case entra && guid.MatchString(secret):
		s.wrongBecause("client-secret-is-its-id", "CLIENT_SECRET", "is the secret's ID; copy the column named Value instead")
	}
	if secret != "" && len(secret) < redact.Shortest {
		s.notes = append(s.notes, fmt.Sprintf("CLIENT_SECRET has fewer than %d characters, which is easy to guess, and this app can't redact it "+
			"from server responses; create a longer one", redact.Shortest))
	}
	switch c.AuthMethod {
	case "", MethodBasic, MethodPost, MethodNone:
	default:
		s.wrong("TOKEN_ENDPOINT_AUTH_METHOD", "%q is not supported; write client_secret_basic, client_secret_post or none", c.AuthMethod)
		return
	}
	if c.AuthMethod == MethodNone && secret != "" {
		s.wrong("TOKEN_ENDPOINT_AUTH_METHOD", `"none" is for a client without a secret; remove this line or CLIENT_SECRET`)
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
		s.notes = append(s.notes, "SESSION_SECRET is one character again and again, which is easy to guess; make one with: openssl rand -base64 32")
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
	case strings.Contains(u.Path+u.RawQuery+u.Fragment, "@"):
		s.wrong("SESSION_STORE", "has a password with a /, ? or # in it; write those percent-encoded: %%2F, %%3F and %%23")
	case !redisPath.MatchString(u.Path) || u.RawQuery != "" || u.Fragment != "":
		s.wrong("SESSION_STORE", "%s has more than host, port and the number of a database; write one such as redis://localhost:6379/0", WithoutUser(value))
	case u.Scheme == "redis" && !IsLoopback(u.Hostname()):
		s.notes = append(s.notes, "SESSION_STORE: "+WithoutUser(value)+" is on a different host, and the connection to it is not encrypted; write rediss:// for TLS")
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

// isPlaceholder recognizes the values in .env.sample, and what users write in place of a value.
func isPlaceholder(value string) bool {
	v := strings.ToLower(value)
	return strings.HasPrefix(v, "your-") || strings.HasPrefix(v, "your_") || strings.HasPrefix(v, "pk_test_your") ||
		strings.HasPrefix(v, "<") || strings.HasSuffix(v, "...") || strings.HasSuffix(v, "…") ||
		slices.Contains([]string{"changeme", "change-me", "todo", "replace-me"}, v) || allX.MatchString(v)
}

// isHash recognizes the formats in which servers store a secret.
func isHash(secret string) bool {
	return slices.ContainsFunc([]string{"pbkdf2_sha256$", "$pbkdf2", "$2a$", "$2b$", "$2y$", "$argon2", "bcrypt$", "{bcrypt}", "$scrypt", "scrypt:"},
		func(prefix string) bool { return strings.HasPrefix(secret, prefix) })
}

// names lists the variables that are read, in the order of the README.
var names = []string{"CLERK_PUBLISHABLE_KEY", "CLIENT_ID", "CLIENT_SECRET", "ISSUER", "AUTHORIZATION_ENDPOINT", "TOKEN_ENDPOINT", "USERINFO_ENDPOINT",
	"INTROSPECTION_ENDPOINT", "REVOCATION_ENDPOINT", "JWKS_URI", "TOKEN_ENDPOINT_AUTH_METHOD", "SCOPES", "AUTHORIZATION_PARAMS", "PAR", "PORT", "BASE_URL", "REDIRECT_URI",
	"ALLOW_PLAIN_HTTP", "SESSION_SECRET",
	"SESSION_STORE", "RESOURCE_URL", "OTHER_CLIENT_ID", "OTHER_CLIENT_SECRET", "SSL_CERT_FILE"}

// Typo is an unknown name in the file, and the variable that it most likely stands for.
type Typo struct {
	Name, Meant string
	Where       string // its line, as in ".env:3"
	Foreign     bool   // a different program may well read it, such as GITHUB_CLIENT_ID
}

// typos finds the names in the file that resemble one of our variables that is not set. Other programs may share the file,
// so a name that resembles none of ours is no mistake.
func (s *settings) typos() []Typo {
	var found []Typo
	for _, name := range slices.Sorted(maps.Keys(s.values)) {
		if slices.Contains(names, name) || strings.ContainsAny(name, " \t") {
			continue
		}
		i := slices.IndexFunc(names, func(ours string) bool { return (misspells(name, ours) || extends(name, ours)) && s.unset(ours) })
		if i >= 0 {
			found = append(found, Typo{name, names[i], s.inFile(name), !misspells(name, names[i])})
		}
	}
	return found
}

func (t Typo) problem() Problem {
	return Problem{Where: t.Where, What: t.Name + " is not a setting of this app", Fix: "write " + t.Meant}
}

// String returns what is wrong, where, and what to write.
func (t Typo) String() string { return t.problem().String() }

// IfMeant returns the rest of a sentence that starts with "if" and says what to do if the name is meant for this app.
func (t Typo) IfMeant() string {
	return t.Name + " (" + t.Where + ") is meant for this app, write " + t.Meant
}

// TypoOf returns the name in the file that most likely stands for one of the variables, or a Typo without a name. A
// misspelled name goes before one that a different program may read.
func (c Config) TypoOf(variables ...string) Typo {
	var found Typo
	for _, t := range c.Typos {
		if slices.Contains(variables, t.Meant) && (found.Name == "" || found.Foreign && !t.Foreign) {
			found = t
		}
	}
	return found
}

// unset reports whether a variable has no value. An empty SCOPES line counts as a value: it asks for no scopes.
func (s *settings) unset(name string) bool {
	return strings.TrimSpace(cmp.Or(s.getenv(name), s.values[name])) == "" && !(name == "SCOPES" && s.leftEmpty(name))
}

// aliases maps names that other programs have to ours.
var aliases = map[string]string{"CALLBACK_URL": "REDIRECT_URI", "ISSUER_URL": "ISSUER", "ISSUER_URI": "ISSUER", "ISSUER_BASE_URL": "ISSUER"}

// extends reports whether name may be our variable for a different program: NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY.
func extends(name, ours string) bool {
	if alias := aliases[strings.ToUpper(name)]; alias != "" {
		return ours == alias
	}
	return strings.HasSuffix(strings.ToUpper(name), "_"+ours) && len(ours) > len("PORT")
}

// misspells reports whether name is our variable, mistyped: CLIENTID, client_id, CLIENT_SERCET.
func misspells(name, ours string) bool {
	plain := strings.NewReplacer("_", "", "-", "").Replace
	a, b := plain(strings.ToUpper(name)), plain(ours)
	switch {
	case a == b:
		return true
	case a == b+b[len(b)-1:]: // CLIENT_IDD
		return true
	case strings.HasPrefix(a, b): // CLIENT_SECRET_2, and CLIENT_SECRET_ID of Entra, are names of their own
		return false
	case strings.HasSuffix(strings.ToUpper(name), "_"+ours): // MY_CLIENT_SECRET may be a different program's
		return false
	case len(b) < len("PORT"): // PAR is close to many a word
		return false
	case len(b) < len("ISSUER"): // PORT is close to HOST and POST, and PROT is no word
		return distance(a, b) == 1 && sameLetters(a, b)
	}
	return distance(a, b) <= 1 || len(b) > len("CLIENTID") && distance(a, b) == 2
}

func sameLetters(a, b string) bool {
	return slices.Equal(slices.Sorted(slices.Values([]byte(a))), slices.Sorted(slices.Values([]byte(b))))
}

// Nearest returns the word of the list that was most likely meant, or "".
func Nearest(word string, list ...string) string {
	for _, known := range list {
		if d := distance(word, known); d <= 2 && 2*d < len(known) {
			return known
		}
	}
	return ""
}

// distance counts the letters to change, add, delete or swap with their neighbor.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

// reportTypos reports the names that most likely stand for ours: in place of the problem that ours is missing, or in a
// note. If little else is set, such a name is a mistake: the demo would run, or a client would be registered, and all would
// seem well.
func (s *settings) reportTypos(typos []Typo, mistake bool) {
	explained := false // whether a typo explains a missing variable
	for _, typo := range typos {
		p := typo.problem()
		switch i := s.missing(typo.Meant); {
		case i >= 0 && typo.Foreign: // it may have nothing to do with that
			if s.problems[i].Setting == typo.Meant || typo.Meant == "CLERK_PUBLISHABLE_KEY" {
				s.problems[i].Fix += "; if " + typo.IfMeant()
			}
		case i >= 0:
			s.problems[i], explained = p, true
		case mistake, explained && !typo.Foreign:
			s.problems = append(s.problems, p)
		default:
			s.notes = append(s.notes, p.String())
		}
	}
}

// missing returns the index of the problem that a variable is not set, or -1. Any of several variables can name the server.
func (s *settings) missing(name string) int {
	return slices.IndexFunc(s.problems, func(p Problem) bool {
		return p.missing() && (p.Setting == name || p.Setting == "ISSUER" && slices.Contains(serverNames, name))
	})
}

// serverNames lists the variables that can name the server.
var serverNames = []string{"CLERK_PUBLISHABLE_KEY", "RESOURCE_URL", "AUTHORIZATION_ENDPOINT", "TOKEN_ENDPOINT"}

// reportNoEquals reports the lines with a name of ours and no "=". A line with a colon further on, as in an address, was
// read as a variable with a space in its name.
func (s *settings) reportNoEquals() {
	for _, key := range slices.Sorted(maps.Keys(s.values)) {
		name, _, found := strings.Cut(strings.ReplaceAll(key, "\t", " "), " ")
		if !found || !slices.Contains(names, name) || !s.unset(name) {
			continue
		}
		p := noEquals(s.inFile(key), name, true)
		if i := s.missing(name); i >= 0 {
			s.problems[i] = p
		} else {
			s.problems = append(s.problems, p)
		}
	}
}

// Problem is a mistake in the settings.
type Problem struct {
	Setting string // the variable; empty for a file that cannot be read
	Where   string // "environment", ".env:3", or "" for a variable that is set nowhere
	What    string // what is wrong
	Fix     string // what to do about it; may be empty
	Cause   string // its heading in docs/problems.md; may be empty
}

// String returns the problem as one line: where, what is wrong, a semicolon, what to do.
func (p Problem) String() string {
	line := place(p.Setting, p.Where) + ": " + p.What
	switch {
	case p.missing():
		line = p.Setting + " " + p.What
	case p.Setting != "" && verb.MatchString(p.What): // the setting is the subject
		line = place(p.Setting, p.Where) + " " + p.What
	}
	if p.Fix != "" {
		line += "; " + p.Fix
	}
	return line
}

// verb matches the words with which a sentence about a setting continues.
var verb = regexp.MustCompile(`^(?:is|has|holds|says|needs|does|decodes|cannot|can't|and) `)

// missing reports whether the problem is a variable that is not set.
func (p Problem) missing() bool { return strings.HasPrefix(p.What, "is missing") }

// Problems are all the mistakes in the settings.
type Problems []Problem

// Error has one line for each problem.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

// place returns a variable and the place of its value, in a form that an editor can open.
func place(name, where string) string {
	switch {
	case name == "":
		return where
	case where == "":
		return name
	}
	return name + " (" + where + ")"
}

// wrong records a mistake: what is wrong, a semicolon, what to do. It keeps only the first mistake of a variable, as the
// rest follows from it.
func (s *settings) wrong(name, format string, args ...any) {
	s.wrongBecause("", name, format, args...)
}

// wrongBecause records a mistake with the name of its cause.
func (s *settings) wrongBecause(cause, name, format string, args ...any) {
	if slices.ContainsFunc(s.problems, func(p Problem) bool { return p.Setting == name }) {
		return
	}
	for i, arg := range args {
		if text, ok := arg.(string); ok {
			args[i] = withoutCredentials(text)
		}
	}
	p := Problem{Setting: name, Where: s.where(name), What: fmt.Sprintf(format, args...), Cause: cause}
	if i := strings.LastIndex(p.What, "; "); i >= 0 {
		p.What, p.Fix = p.What[:i], p.What[i+2:]
	}
	s.problems = append(s.problems, p)
}

// note records what was corrected when the settings were read.
func (s *settings) note(name, text string) {
	s.notes = append(s.notes, place(name, s.where(name))+": "+text)
}

// where returns the place of a variable's value.
func (s *settings) where(name string) string {
	switch {
	case s.getenv(name) != "":
		return "environment"
	case s.values[name] != "":
		return s.inFile(name)
	}
	return ""
}

// inFile returns the file and the line that sets a variable.
func (s *settings) inFile(name string) string {
	_, line := s.rawLine(name)
	if line == 0 {
		return s.file
	}
	return fmt.Sprintf("%s:%d", s.file, line)
}

// A login starts at the API if RESOURCE_URL is the only setting that says where the server is: the API names its
// authorization server (RFC 9728), and the client is registered there unless CLIENT_ID is set (RFC 7591).

// atAPI reports whether the settings name an API, other than our demo's, and no authorization server.
func (c Config) atAPI(key, issuer string) bool {
	ownDemo := strings.HasPrefix(c.ResourceURL, c.BaseURL+"/demo/")
	return c.ResourceURL != "" && !ownDemo && key == "" && issuer == "" && c.Endpoints == Endpoints{}
}

// IsClientDocument reports whether the client ID is the URL of a client ID metadata document, from which the server
// reads the client's registration.
func (c Config) IsClientDocument() bool {
	return c.AtAPI && strings.HasPrefix(c.ClientID, "https://")
}

// clientAtAPI checks the client's values if the login starts at the API. They may be empty.
func (s *settings) clientAtAPI(c Config) {
	switch {
	case c.ClientID == "" && c.ClientSecret != "":
		s.wrong("CLIENT_ID", "is missing, but CLIENT_SECRET is set; set both, or neither (the first sign-in then registers a client)")
	case c.ClientID == "" && c.AuthMethod != "":
		s.wrong("TOKEN_ENDPOINT_AUTH_METHOD", "needs CLIENT_ID; remove this line: the server sets the method of a client that it registers")
	case c.ClientID == "" && c.SessionStore != "":
		s.wrong("CLIENT_ID", "is missing, but SESSION_STORE is set; create an OAuth application in the server's dashboard and set CLIENT_ID, as a "+
			"client that one process registers is not known to the others")
	case c.IsClientDocument() && c.ClientSecret != "":
		s.wrong("CLIENT_SECRET", "is set, but a client with a client ID metadata document is public and has no secret; remove it")
	case c.ClientID != "":
		s.client(c)
	}
}

// scopes returns what a login asks for, and whether SCOPES is not set. An empty SCOPES= line asks for no scopes, so that
// the server decides (RFC 6749 section 3.3). They are nil if the API decides.
func (s *settings) scopes(atAPI bool) (scopes []string, unset bool) {
	value := s.get("SCOPES")
	unset = value == "" && !s.leftEmpty("SCOPES")
	switch {
	case !unset:
	case atAPI:
		return nil, true
	default:
		value = "openid profile email"
	}
	if !ValidScope(value) {
		s.wrong("SCOPES", "%q has a character that no scope may have (RFC 6749 section 3.3)", value)
	}
	if strings.Contains(value, ",") {
		s.note("SCOPES", "the value contains a comma; scopes are separated by spaces")
	}
	return strings.Fields(value), unset
}

// ValidScope checks the characters of a scope (RFC 6749 section 3.3).
func ValidScope(scope string) bool {
	return !strings.ContainsFunc(scope, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' })
}
