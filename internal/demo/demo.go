// Package demo is a small OAuth 2.0 authorization server with OpenID Connect, and an API that its
// tokens open. It stands in for a real server when none is configured: it speaks the protocol over
// HTTP and knows nothing of the client, holds everything in memory, bounded, and asks for no
// password. It is for trying things out on one's own machine, not for keeping anything safe.
package demo

import (
	"bytes"
	"crypto/rand"
	"embed"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Config is what a Server is made from.
type Config struct {
	Issuer  string // where the server is mounted, without a slash at the end: http://localhost:3000/demo
	Clients []Client
	Now     func() time.Time // time.Now if nil
	Faults  []Fault          // what it gets wrong on purpose

	// OnSetUp is told which set-up the demo's page has turned on, before the page says so, and the issuer
	// that clients need from then on. It may be nil.
	OnSetUp func(current SetUp, issuer string)
}

// Client is an OAuth application (RFC 7591 section 2).
type Client struct {
	ID                     string
	Secret                 string // empty for a public client
	Name                   string
	RedirectURIs           []string // compared exactly
	PostLogoutRedirectURIs []string
	AuthMethod             string   // the one that it may use at the token endpoint; empty for any
	Scopes                 []string // those that are enabled for it; nil for all
}

// scopes are those that the client may ask for.
func (c *Client) scopes() []string {
	if c.Scopes == nil {
		return scopesSupported
	}
	return c.Scopes
}

// Server is the authorization server and the API. It is an http.Handler for its issuer's paths and
// for the metadata below /.well-known/.
type Server struct {
	mount     string // where the server is mounted: Config.Issuer
	base      string // its path: /demo
	local     bool   // a client's redirect URI is on this machine, which has another name
	home      string // the first client's own page, to which the pages lead back; may be empty
	now       func() time.Time
	onSetUp   func(SetUp, string)
	keys      func() (*signingKeys, error) // made once, beside the start
	otherKeys func() (*signingKeys, error) // of the same name, and published nowhere
	pages     *template.Template
	mux       *http.ServeMux

	faults   atomic.Pointer[map[Fault]bool]
	setUp    atomic.Pointer[SetUp]
	choosing sync.Mutex // held while another set-up is turned on

	mu       sync.Mutex // guards the fields below and the grants they lead to
	clients  *expiring[*Client]
	sessions *expiring[session]
	consents *expiring[[]string]       // by user and client: the scopes allowed
	pushed   *expiring[*pushedRequest] // by request_uri
	codes    *expiring[*code]
	refresh  *expiring[*refreshToken]
	access   *expiring[*accessToken] // by jti
}

// How long things last, and how many of each are held.
const (
	codeLife    = 10 * time.Minute // the most that RFC 6749 section 4.1.2 recommends: people talk while a code waits
	accessLife  = 7200 * time.Second
	refreshLife = 30 * 24 * time.Hour
	sessionLife = 12 * time.Hour
	consentLife = 30 * 24 * time.Hour
	clientLife  = 24 * time.Hour // of a registered one
	most        = 10_000
	mostClients = 1_000
	mostPushed  = 1_000
)

// New returns a server. Its signing key is generated beside the start; the first token waits for it.
func New(cfg Config) (*Server, error) {
	issuer, err := url.Parse(cfg.Issuer)
	if err != nil {
		return nil, err
	}
	pages, err := template.ParseFS(templates, "templates/*.html")
	if err != nil {
		return nil, err
	}
	s := &Server{mount: cfg.Issuer, base: issuer.Path, now: cfg.Now, onSetUp: cfg.OnSetUp, pages: pages}
	if s.now == nil {
		s.now = time.Now
	}
	s.keys = sync.OnceValues(func() (*signingKeys, error) { return newSigningKeys("demo-"+rand.Text()[:8], ownKey) })
	s.otherKeys = sync.OnceValues(func() (*signingKeys, error) {
		published, err := s.keys()
		if err != nil {
			return nil, err
		}
		return newSigningKeys(published.public.Keys[0].KeyID, otherKey)
	})
	s.SetFaults(cfg.Faults...)
	s.setUp.Store(&SetUp{})
	s.clients = newExpiring[*Client](clientLife, mostClients)
	for _, c := range cfg.Clients {
		s.clients.putForever(c.ID, &c)
		s.local = s.local || slices.ContainsFunc(c.RedirectURIs, func(uri string) bool { return otherLoopback(uri) != uri })
	}
	if len(cfg.Clients) > 0 && len(cfg.Clients[0].PostLogoutRedirectURIs) > 0 {
		s.home = cfg.Clients[0].PostLogoutRedirectURIs[0]
	}
	s.forget()
	s.routes()
	go s.keys()
	return s, nil
}

// forget leaves nothing of what users have done here. The clients stay registered.
func (s *Server) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions = newExpiring[session](sessionLife, most)
	s.consents = newExpiring[[]string](consentLife, most)
	s.pushed = newExpiring[*pushedRequest](codeLife, mostPushed)
	s.codes = newExpiring[*code](10*codeLife, most) // a used code is kept to notice its reuse
	s.refresh = newExpiring[*refreshToken](refreshLife, most)
	s.access = newExpiring[*accessToken](10*accessLife, most) // one that has expired is still told from one that never was
}

// routes lists every address, in the order in which a login meets them.
func (s *Server) routes() {
	s.mux = http.NewServeMux()
	s.mux.HandleFunc("GET "+s.base+"/.well-known/openid-configuration", s.handleMetadata)
	s.mux.HandleFunc("GET "+s.base+"/.well-known/oauth-authorization-server", s.handleMetadata)
	if s.base != "" { // RFC 8414 section 3.1 inserts before the path
		s.mux.HandleFunc("GET /.well-known/oauth-authorization-server"+s.base, s.handleMetadata)
		s.mux.HandleFunc("GET /.well-known/openid-configuration"+s.base, s.handleMetadata)
	}
	s.mux.HandleFunc("GET "+wellKnownResource+s.base+"/api", s.handleResourceMetadata)
	s.mux.HandleFunc("GET "+wellKnownResource+s.base+"/api/{route}", s.handleResourceMetadata)
	s.mux.HandleFunc("GET "+s.base+"/.well-known/jwks.json", s.handleKeys)
	s.mux.HandleFunc("POST "+s.base+"/par", s.handlePush)
	s.mux.HandleFunc("GET "+s.base+"/authorize", s.handleAuthorize)
	s.mux.HandleFunc("POST "+s.base+"/authorize", s.handleDecision)
	s.mux.HandleFunc("POST "+s.base+"/token", s.handleToken)
	s.mux.HandleFunc("GET "+s.base+"/userinfo", s.handleUserinfo)
	s.mux.HandleFunc("POST "+s.base+"/userinfo", s.handleUserinfo)
	s.mux.HandleFunc("POST "+s.base+"/introspect", s.handleIntrospect)
	s.mux.HandleFunc("POST "+s.base+"/revoke", s.handleRevoke)
	s.mux.HandleFunc("POST "+s.base+"/register", s.handleRegister)
	s.mux.HandleFunc("GET "+s.base+"/logout", s.handleLogout)
	s.mux.HandleFunc("POST "+s.base+"/logout", s.handleLogout)
	s.mux.HandleFunc("GET "+s.base+"/api/me", s.handleMe)
	s.mux.HandleFunc("GET "+s.base+"/api/notes", s.handleNotes)
	s.mux.HandleFunc("GET "+s.base+"/{$}", s.handleHome)
	s.mux.HandleFunc("POST "+s.base+"/setup", s.handleSetUp)
	s.mux.HandleFunc("POST "+s.base+"/reset", s.handleReset)
	s.mux.HandleFunc("GET "+s.base+"/style.css", s.handleFile)
	s.mux.HandleFunc("GET "+s.base+"/icon.svg", s.handleFile)
	s.mux.HandleFunc("GET "+s.base+"/faces/{file}", s.handleFile)
}

// ServeHTTP implements http.Handler. Pages of other sites may send a person here by a link, and
// nothing else: a form or a fetch of theirs is refused.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin") // under no-referrer a form's Origin would be null
	h.Set("Content-Security-Policy", s.contentSecurityPolicy())
	if crossSite(r) {
		s.writeError(w, http.StatusForbidden, "access_denied", "this request was sent by another site")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	s.mux.ServeHTTP(w, r)
}

// contentSecurityPolicy has no form-action: that would also forbid the redirect to the client that
// follows the consent form.
func (s *Server) contentSecurityPolicy() string {
	policy := "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'"
	if s.breaks(ConsentNoWayBack) {
		policy += "; form-action 'self'"
	}
	return policy
}

// crossSite reports a request that another site's page made the browser send, other than a link.
func crossSite(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return http.NewCrossOriginProtection().Check(r) != nil
	}
	return r.Method != http.MethodGet || r.Header.Get("Sec-Fetch-Mode") != "navigate" || r.Header.Get("Sec-Fetch-Dest") != "document"
}

// homePage is the data of home.html.
type homePage struct {
	page
	Home      string // the client's own page
	User      *user  // who is signed in; may be nil
	Users     []*user
	Addresses []address
	SetUps    []setUpChoice
	Groups    []Group
	On        *Group // that of what is on; nil for a riddle
	Reset     bool   // it has just been done
}

// address is one line of the table of addresses.
type address struct{ What, URL string }

// setUpChoice is a set-up as the page offers it: by number, as its name would give it away.
type setUpChoice struct {
	SetUp
	Number int
	On     bool
}

// handleHome shows what this server is, who is signed in, and what can be tried here.
func (s *Server) handleHome(w http.ResponseWriter, r *http.Request) {
	data := homePage{page: s.page("What this is"), Home: s.home, Users: users, Reset: r.URL.Query().Get("done") == "reset"}
	data.Wide = true
	if here, signedIn := s.session(r); signedIn {
		data.User = userByID(here.user)
	}
	md := s.metadata()
	data.Addresses = []address{
		{"Issuer", md.Issuer},
		{"Metadata", s.root() + "/.well-known/openid-configuration"},
		{"Authorization", md.AuthorizationEndpoint},
		{"Pushed requests", md.PAREndpoint},
		{"Token", md.TokenEndpoint},
		{"Keys", md.JWKSURI},
		{"Userinfo", md.UserinfoEndpoint},
		{"Introspection", md.IntrospectionEndpoint},
		{"Revocation", md.RevocationEndpoint},
		{"Registration", md.RegistrationEndpoint},
		{"Sign-out", md.EndSessionEndpoint},
		{"API, scope profile", s.root() + "/api/me"},
		{"API, scope notes", s.root() + "/api/notes"},
	}
	current := s.SetUp()
	for i, o := range s.offered() {
		data.SetUps = append(data.SetUps, setUpChoice{o, i + 1, o == current})
	}
	data.Groups = s.Groups()
	if i := slices.IndexFunc(data.Groups, func(g Group) bool { return slices.Contains(g.SetUps, current) }); i >= 0 {
		data.On = &data.Groups[i]
	}
	s.render(w, http.StatusOK, "home.html", data)
}

// handleReset forgets sign-ins, consents, codes and tokens, of every browser, and mends what is broken on purpose.
func (s *Server) handleReset(w http.ResponseWriter, r *http.Request) {
	s.Break("") // which mends, and never fails
	http.Redirect(w, r, s.base+"/?done=reset", http.StatusSeeOther)
}

//go:embed templates
var templates embed.FS

// page is what every page has.
type page struct {
	Base, Title string
	Wide        bool
	SetUp       SetUp // that is on
}

func (s *Server) page(title string) page {
	return page{Base: s.base, Title: title, SetUp: s.SetUp()}
}

// person is the data of the template "person".
type person struct {
	Base string
	User *user
}

// Person is for the templates: whoever is shown with face, name and address.
func (p page) Person(u *user) person { return person{p.Base, u} }

// render answers with a page, once it is whole.
func (s *Server) render(w http.ResponseWriter, status int, name string, data any) {
	var out bytes.Buffer
	if err := s.pages.ExecuteTemplate(&out, name, data); err != nil {
		s.writeError(w, http.StatusInternalServerError, "server_error", "the page could not be made")
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(out.Bytes())
}

// messagePage is the data of message.html.
type messagePage struct {
	page
	Code, Text string
}

// showError tells the person, or the program, that the request cannot go on here. It is for errors
// that must not be sent to the redirect URI (RFC 6749 section 4.1.2.1).
func (s *Server) showError(w http.ResponseWriter, r *http.Request, code, description string) {
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		s.writeError(w, http.StatusBadRequest, code, description)
		return
	}
	s.render(w, http.StatusBadRequest, "message.html", messagePage{s.page("This request cannot go on"), code, description})
}

// handleFile serves what the pages load.
func (s *Server) handleFile(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeFileFS(w, r, templates, "templates"+strings.TrimPrefix(path.Clean(r.URL.Path), s.base))
}

// oauthError is an error as RFC 6749 section 5.2 writes it.
type oauthError struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

// writeJSON answers with a JSON document.
func (s *Server) writeJSON(w http.ResponseWriter, status int, document any) {
	body, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"server_error"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(body)
}

func (s *Server) writeError(w http.ResponseWriter, status int, code, description string) {
	s.writeJSON(w, status, oauthError{code, description})
}

// user is somebody who can sign in. The names are the protocol literature's.
type user struct {
	Subject, Name, GivenName, Username, Email string
	Notes                                     []string
}

var users = []*user{
	{"user_alice", "Alice Example", "Alice", "alice", "alice@example.com", []string{"Send Bob the key.", "Ask Carol who is listening."}},
	{"user_bob", "Bob Example", "Bob", "bob", "bob@example.com", []string{"Wait for Alice's key.", "Write back."}},
	{"user_carol", "Carol Example", "Carol", "carol", "carol@example.com", []string{"Nobody ever writes to me."}},
}

// userByID returns the user with a subject, or nil.
func userByID(subject string) *user {
	for _, u := range users {
		if u.Subject == subject {
			return u
		}
	}
	return nil
}

// profileClaims are what the scopes profile and email open (OpenID Connect Core section 5.4).
type profileClaims struct {
	Name          string `json:"name,omitempty"`
	GivenName     string `json:"given_name,omitempty"`
	Username      string `json:"preferred_username,omitempty"`
	Picture       string `json:"picture,omitempty"`
	Email         string `json:"email,omitempty"`
	EmailVerified bool   `json:"email_verified,omitempty"`
}

func (s *Server) profileOf(u *user, scopes []string) profileClaims {
	var p profileClaims
	if slices.Contains(scopes, "profile") {
		p.Name, p.GivenName, p.Username, p.Picture = u.Name, u.GivenName, u.Username, s.root()+"/faces/"+u.Username+".svg"
	}
	if slices.Contains(scopes, "email") {
		p.Email, p.EmailVerified = u.Email, true
	}
	return p
}

// The scopes that can be asked for, and what the consent page says of each.
var scopeWords = map[string]string{
	"openid":         "Know that it is you, by an identifier",
	"profile":        "Your name and your picture",
	"email":          "Your email address",
	"notes":          "Read your notes",
	"offline_access": "Stay connected while you are away",
}

var scopesSupported = []string{"openid", "profile", "email", "notes", "offline_access"}

// defaultScope is what a request without a scope asks for (RFC 6749 section 3.3).
const defaultScope = "profile"

// parseScope reads a scope parameter (RFC 6749 section 3.3), each name once.
func parseScope(value string) []string {
	var scopes []string
	for _, scope := range strings.Fields(value) {
		if !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	return scopes
}

// containsAll reports whether nothing of part is missing in all.
func containsAll(all, part []string) bool {
	return !slices.ContainsFunc(part, func(s string) bool { return !slices.Contains(all, s) })
}

// session is somebody who has signed in with this browser.
type session struct {
	user     string
	authTime time.Time
}

// session returns who is signed in with this browser.
func (s *Server) session(r *http.Request) (session, bool) {
	cookie, err := r.Cookie(s.cookieName())
	if err != nil {
		return session{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions.get(s.now(), cookie.Value)
}

func (s *Server) signIn(w http.ResponseWriter, u *user) {
	id := rand.Text()
	s.mu.Lock()
	s.sessions.put(s.now(), id, session{u.Subject, s.now()})
	s.mu.Unlock()
	s.setCookie(w, id, 0)
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(s.cookieName()); err == nil {
		s.mu.Lock()
		s.sessions.remove(cookie.Value)
		s.mu.Unlock()
	}
	s.setCookie(w, "", -1)
}

// cookieName has the issuer's port in it, as cookies of localhost go to every port.
func (s *Server) cookieName() string {
	u, err := url.Parse(s.mount)
	if err != nil || u.Port() == "" {
		return "demo_session"
	}
	return "demo_session_" + u.Port()
}

func (s *Server) setCookie(w http.ResponseWriter, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{Name: s.cookieName(), Value: value, Path: s.base + "/", MaxAge: maxAge,
		HttpOnly: true, Secure: strings.HasPrefix(s.mount, "https://"), SameSite: http.SameSiteLaxMode})
}

// expiring is a map whose entries all live equally long, with a limit on their number: the oldest
// go first. It has no lock of its own.
type expiring[V any] struct {
	life    time.Duration
	most    int
	entries map[string]entry[V]
	queue   []queued // oldest first; may name entries that are gone or were replaced
}

type entry[V any] struct {
	value V
	until time.Time // zero for ever
}

type queued struct {
	key   string
	until time.Time
}

func newExpiring[V any](life time.Duration, most int) *expiring[V] {
	return &expiring[V]{life: life, most: most, entries: map[string]entry[V]{}}
}

// put stores a value, in place of an older one under the same key.
func (e *expiring[V]) put(now time.Time, key string, value V) {
	for len(e.queue) > 0 && (len(e.queue) >= e.most || now.After(e.queue[0].until)) {
		if old, ok := e.entries[e.queue[0].key]; ok && old.until.Equal(e.queue[0].until) {
			delete(e.entries, e.queue[0].key)
		}
		e.queue = e.queue[1:]
	}
	until := now.Add(e.life)
	e.entries[key] = entry[V]{value, until}
	e.queue = append(e.queue, queued{key, until})
}

// putForever stores a value that neither ages nor counts.
func (e *expiring[V]) putForever(key string, value V) {
	e.entries[key] = entry[V]{value: value}
}

// get returns the value under a key, and whether it is there and has not expired.
func (e *expiring[V]) get(now time.Time, key string) (V, bool) {
	found, ok := e.entries[key]
	if !ok || !found.until.IsZero() && now.After(found.until) {
		var none V
		return none, false
	}
	return found.value, true
}

// remove forgets a key.
func (e *expiring[V]) remove(key string) { delete(e.entries, key) }
