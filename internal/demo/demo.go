// Package demo is a small OAuth 2.0 authorization server with OpenID Connect, and an API that accepts its tokens. It
// stands in for a real server when none is configured: it speaks the protocol over HTTP and shares nothing with the
// client. It stores everything in bounded memory and asks for no password. Use it to try things out on your own
// machine, not to protect anything.
//
// A login passes through the files in this order: authorize.go (the request, the sign-in), consent.go, token.go (the
// code becomes tokens), sign.go (what the tokens say) and api.go (the API that accepts them). register.go adds clients,
// and fault.go lists the mistakes that the server can make on purpose.
package demo

import (
	"bytes"
	"crypto/rand"
	"embed"
	"encoding/json"
	"html/template"
	"iter"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Config configures a Server.
type Config struct {
	Issuer  string // where the server is mounted, without a slash at the end: http://localhost:3000/demo
	Clients []Client
	Now     func() time.Time // time.Now if nil
	Faults  []Fault          // the mistakes that it makes on purpose

	// OnSetUp is called with the set-up that the demo's page has chosen, before the page says so, and with the issuer
	// that clients need from then on. It may be nil.
	OnSetUp func(current SetUp, issuer string)
}

// Client is an OAuth application (RFC 7591 section 2).
type Client struct {
	ID                     string
	Secret                 string // empty for a public client
	Name                   string
	RedirectURIs           []string // see Server.registered
	PostLogoutRedirectURIs []string
	AuthMethod             string   // the one method that it may use at the token endpoint; empty for any
	Scopes                 []string // enabled for it; nil for all

	registered time.Time // when it was registered; zero for a client of the configuration
}

// scopes returns the scopes that the client may ask for.
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
	local     bool   // a client's redirect URI has a loopback host, which has a second name
	callback  string // the path of the first client's redirect URI
	home      string // the first client's own page, for the link back; may be empty
	now       func() time.Time
	onSetUp   func(SetUp, string)
	keys      func() (*signingKeys, error) // generated once, while the server starts
	otherKeys func() (*signingKeys, error) // with the same key ID, and not published
	pages     *template.Template
	mux       *http.ServeMux

	faults   atomic.Pointer[map[Fault]bool]
	setUp    atomic.Pointer[SetUp]
	choosing sync.Mutex // held while a set-up is chosen

	mu       sync.Mutex // guards the fields below and the grants they lead to
	clients  *ttlMap[*Client]
	anew     *ttlMap[time.Time] // by state: AskAnew
	sessions *ttlMap[session]
	consents *ttlMap[consent]        // by user and client
	pushed   *ttlMap[*pushedRequest] // by request_uri
	codes    *ttlMap[*code]
	refresh  *ttlMap[*refreshToken]
	access   *ttlMap[*accessToken] // by jti
}

// How long things last, and how many of each are stored.
const (
	codeLife    = 10 * time.Minute // the most that RFC 6749 section 4.1.2 recommends: people talk while a code waits
	accessLife  = 7200 * time.Second
	refreshLife = 30 * 24 * time.Hour
	sessionLife = 12 * time.Hour
	consentLife = 30 * 24 * time.Hour
	clientLife  = 24 * time.Hour // of a client that was registered
	most        = 10_000
	mostClients = 1_000
	mostPushed  = 1_000
)

// New returns a server. It generates its signing key in the background; the first token waits for it.
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
	s.clients = newTTLMap[*Client](clientLife, mostClients)
	if len(cfg.Clients) > 0 && len(cfg.Clients[0].RedirectURIs) > 0 {
		if u, err := url.Parse(cfg.Clients[0].RedirectURIs[0]); err == nil {
			s.callback = u.Path
		}
	}
	for _, c := range cfg.Clients {
		s.clients.putForever(c.ID, &c)
		s.local = s.local || slices.ContainsFunc(c.RedirectURIs, func(uri string) bool { return otherLoopback(uri) != uri })
	}
	if len(cfg.Clients) > 0 && len(cfg.Clients[0].PostLogoutRedirectURIs) > 0 {
		s.home = cfg.Clients[0].PostLogoutRedirectURIs[0]
	}
	s.anew = newTTLMap[time.Time](codeLife, mostPushed)
	s.forget()
	s.routes()
	go s.keys()
	return s, nil
}

// AskAnew makes the authorization request with a state ask for sign-in and consent, even if the browser is signed in and
// the user has consented before. It is for showing a login, and changes nothing in the request.
func (s *Server) AskAnew(state string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.anew.put(s.now(), state, s.now())
}

// forget deletes what users have done here. The clients stay registered.
func (s *Server) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions = newTTLMap[session](sessionLife, most)
	s.consents = newTTLMap[consent](consentLife, most)
	s.pushed = newTTLMap[*pushedRequest](codeLife, mostPushed)
	s.codes = newTTLMap[*code](10*codeLife, most) // a used code is stored to detect its reuse
	s.refresh = newTTLMap[*refreshToken](refreshLife, most)
	s.access = newTTLMap[*accessToken](10*accessLife, most) // to tell an expired token from an unknown one
}

// routes lists every address, in the order of a login.
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
	s.mux.HandleFunc("POST "+s.base+"/granted", s.handleRevokeAccess)
	s.mux.HandleFunc("POST "+s.base+"/client", s.handleRegisterSecond)
	s.mux.HandleFunc("POST "+s.base+"/reset", s.handleReset)
	s.mux.HandleFunc("GET "+s.base+"/style.css", s.handleFile)
	s.mux.HandleFunc("GET "+s.base+"/icon.svg", s.handleFile)
	s.mux.HandleFunc("GET "+s.base+"/faces/{file}", s.handleFile)
}

// ServeHTTP implements http.Handler. Other sites may link here. It refuses their forms and fetches.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin") // under no-referrer a form's Origin would be null
	h.Set("Content-Security-Policy", s.contentSecurityPolicy())
	if crossSite(r) {
		s.writeError(w, http.StatusForbidden, "access_denied", "this request came from a different site")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	s.mux.ServeHTTP(w, r)
}

// contentSecurityPolicy returns a policy without form-action, which would also block the redirect to the client after
// the consent form.
func (s *Server) contentSecurityPolicy() string {
	policy := "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'"
	if s.breaks(ConsentNoWayBack) {
		policy += "; form-action 'self'"
	}
	return policy
}

// crossSite reports whether a page of a different site made the browser send a request, other than by a link.
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
	Granted   []access
	Users     []*user
	Addresses []address
	SetUps    []setUpChoice
	Groups    []Group
	Second    string // a redirect URI to register
	On        *Group // the group of the chosen set-up; nil for a numbered one
	Done      string // the action that has just ended: reset or revoked
}

// address is one line of the table of addresses.
type address struct{ What, URL string }

// setUpChoice is a set-up that the page offers by number, as its name would say what is wrong.
type setUpChoice struct {
	SetUp
	Number int
	On     bool
}

// handleHome shows who is signed in, which access is granted, and what there is to try.
func (s *Server) handleHome(w http.ResponseWriter, r *http.Request) {
	data := homePage{page: s.page(r, "What this is"), Home: s.home, Users: users, Done: r.URL.Query().Get("done")}
	data.Class = "wide"
	if here, signedIn := s.session(r); signedIn {
		data.User = userByID(here.user)
		data.Granted = s.granted(data.User)
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
	data.Second = s.secondRedirectURI()
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

// handleReset forgets the sign-ins, consents, codes and tokens of every browser, and chooses the correct server.
func (s *Server) handleReset(w http.ResponseWriter, r *http.Request) {
	s.Break("") // which never fails
	http.Redirect(w, r, s.base+"/?done=reset", http.StatusSeeOther)
}

//go:embed templates
var templates embed.FS

// page is the data of every page.
type page struct {
	Base, Title string
	Address     string // the issuer as people read it
	Class       string // of the body: what the page looks like
	Large       bool   // it is shown to a room
	SetUp       SetUp  // the chosen one
}

// presentCookie is the cookie with which the client shows its pages large, to a room. This server's pages on the same
// host are then large, too.
const presentCookie = "present"

func (s *Server) page(r *http.Request, title string) page {
	_, address, _ := strings.Cut(s.root(), "://")
	return page{Base: s.base, Title: title, Address: address, SetUp: s.SetUp(), Large: len(r.CookiesNamed(presentCookie)) > 0}
}

// person is a user with face, name and address.
type person struct {
	Base string
	User *user
}

// Person returns the data of the template "person": a user with face, name and address.
func (p page) Person(u *user) person { return person{p.Base, u} }

// render writes a page, once it is complete.
func (s *Server) render(w http.ResponseWriter, status int, name string, data any) {
	var out bytes.Buffer
	if err := s.pages.ExecuteTemplate(&out, name, data); err != nil {
		s.writeError(w, http.StatusInternalServerError, "server_error", "the page can't be rendered")
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

// showError writes an error that must not go to the redirect URI (RFC 6749 section 4.1.2.1), as a page or as JSON.
func (s *Server) showError(w http.ResponseWriter, r *http.Request, code, description string) {
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		s.writeError(w, http.StatusBadRequest, code, description)
		return
	}
	s.render(w, http.StatusBadRequest, "message.html", messagePage{s.page(r, "This request isn't valid"), code, description})
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

// writeJSON writes a JSON document.
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

// user can sign in. The names are those of the protocol literature.
type user struct {
	Subject, Name, GivenName, Username, Email string
	Notes                                     []string
}

var users = []*user{
	{"user_alice", "Alice Example", "Alice", "alice", "alice@example.com", []string{"Send Bob the key.", "Ask Carol who is listening."}},
	{"user_bob", "Bob Example", "Bob", "bob", "bob@example.com", []string{"Wait for Alice's key.", "Write back."}},
	{"user_carol", "Carol Example", "Carol", "carol", "carol@example.com", []string{"Ask Alice about the key."}},
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

// profileClaims holds the claims of the scopes profile and email (OpenID Connect Core section 5.4).
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

// scopesSupported lists the scopes that a client can ask for. permissions explains them.
var scopesSupported = []string{"openid", "profile", "email", "notes", "offline_access"}

// defaultScope is the scope of a request that names none (RFC 6749 section 3.3).
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

// containsAll reports whether all contains every string of part.
func containsAll(all, part []string) bool {
	return !slices.ContainsFunc(part, func(s string) bool { return !slices.Contains(all, s) })
}

// session is a browser's sign-in.
type session struct {
	user     string
	authTime time.Time
}

// session returns the browser's sign-in.
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

// cookieName returns a name with the issuer's port, as browsers send cookies of localhost to every port.
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

// ttlMap is a map whose entries live equally long. Their number is limited: the oldest entry goes first. It has no lock.
type ttlMap[V any] struct {
	life    time.Duration
	most    int
	entries map[string]entry[V]
	queue   []queued // oldest first; may name entries that were removed or replaced
}

type entry[V any] struct {
	value V
	until time.Time // zero for no end
}

type queued struct {
	key   string
	until time.Time
}

func newTTLMap[V any](life time.Duration, most int) *ttlMap[V] {
	return &ttlMap[V]{life: life, most: most, entries: map[string]entry[V]{}}
}

// put stores a value, and replaces an older one under the same key.
func (m *ttlMap[V]) put(now time.Time, key string, value V) {
	for len(m.queue) > 0 && (len(m.queue) >= m.most || now.After(m.queue[0].until)) {
		if old, ok := m.entries[m.queue[0].key]; ok && old.until.Equal(m.queue[0].until) {
			delete(m.entries, m.queue[0].key)
		}
		m.queue = m.queue[1:]
	}
	until := now.Add(m.life)
	m.entries[key] = entry[V]{value, until}
	m.queue = append(m.queue, queued{key, until})
}

// putForever stores a value without an end that doesn't count towards the limit.
func (m *ttlMap[V]) putForever(key string, value V) {
	m.entries[key] = entry[V]{value: value}
}

// get returns the value under a key, if it is there and hasn't expired.
func (m *ttlMap[V]) get(now time.Time, key string) (V, bool) {
	found, ok := m.entries[key]
	if !ok || !found.until.IsZero() && now.After(found.until) {
		var none V
		return none, false
	}
	return found.value, true
}

// all yields the entries that haven't expired, in no order.
func (m *ttlMap[V]) all(now time.Time) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for key := range m.entries {
			if value, ok := m.get(now, key); ok && !yield(key, value) {
				return
			}
		}
	}
}

// remove deletes a key.
func (m *ttlMap[V]) remove(key string) { delete(m.entries, key) }
