// Package demo is a small OAuth 2.0 authorization server with OpenID Connect, and an API that its
// tokens open. It stands in for a real server when none is configured: it speaks the protocol over
// HTTP and knows nothing of the client, holds everything in memory, bounded, and asks for no
// password. It is for trying things out on one's own machine, not for keeping anything safe.
package demo

import (
	"crypto/rand"
	"html/template"
	"net/http"
	"net/url"
	"slices"
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

	keys func() (*signingKeys, error) // of tests, which start hundreds of servers; nil for one of its own
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
	if s.keys = cfg.keys; s.keys == nil {
		s.keys = sync.OnceValues(func() (*signingKeys, error) { return newSigningKeys("demo-" + rand.Text()[:8]) })
	}
	s.otherKeys = sync.OnceValues(func() (*signingKeys, error) {
		published, err := s.keys()
		if err != nil {
			return nil, err
		}
		return newSigningKeys(published.public.Keys[0].KeyID)
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
