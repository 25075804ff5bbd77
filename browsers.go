package main

import (
	"container/list"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
)

const (
	pendingAge  = 10 * time.Minute // from /login to the callback
	sessionAge  = 12 * time.Hour
	maxSessions = 20_000
	maxBytes    = 96 << 20 // of tokens and recorded exchanges, over all sessions; see limitMemory
	maxLogins   = 5        // results of one browser that a reload can show again
	maxSpent    = 200_000  // states remembered as used
	loginsKey   = "logins" // where a gorilla session keeps its []*login
)

// pendingLogin is a login that a browser has begun and not yet finished. It travels in an encrypted
// cookie of its own, so that two tabs never overwrite each other and nothing is stored for people
// who never come back.
type pendingLogin struct {
	State    string            `json:"-"` // in the cookie's name
	Nonce    string            `json:"n,omitempty"`
	Verifier string            `json:"v"`
	Scopes   []string          `json:"s"`
	Extra    map[string]string `json:"x,omitempty"` // loginParameters that were given
	Began    int64             `json:"b"`           // unix milliseconds
}

// login is a login that succeeded: what it asked for, and what it got. It is never changed: what
// happens to its tokens later makes a new one, under the same state.
type login struct {
	Begun    *pendingLogin
	Callback string         // path and query of the authorization response
	Arrived  time.Time      // when that came
	Response *tokenResponse // of the code exchange, as shown at the callback
	IDToken  *idToken       // nil for a plain OAuth login
	Held     tokens         // what is held now
	Steps    []*exchange    // what servers were asked, and what they answered
}

// tokens are the tokens that a login holds. Each is empty when it is not, or no longer, held.
type tokens struct {
	Access, Refresh, ID string
	Expires             time.Time // of the access token; zero when not known
	Scope               string
}

// bytes is about what a login costs in memory.
func (l *login) bytes() int {
	n := 2048 + len(l.Callback)
	for _, e := range l.Steps { // the first of which holds what the response and the tokens refer to
		n += 1024 + len(e.URL) + len(e.RequestBody) + len(e.ResponseBody)
	}
	return n
}

// browsers is what is remembered about the browsers that talk to us.
type browsers struct {
	pending     *securecookie.SecureCookie
	changing    sync.Mutex // held from reading a session to saving it
	store       sessions.Store
	spent       *spentStates
	cookiePort  string // cookies do not know ports (RFC 6265 section 8.5), so their names do
	secure      bool
	sessionName string
}

// newBrowsers derives the cookie keys from the session secret, or makes random ones without it.
func newBrowsers(cfg config, now func() time.Time) (*browsers, error) {
	secret := []byte(cfg.SessionSecret)
	if len(secret) == 0 {
		secret = []byte(rand.Text() + rand.Text())
	}
	hashKey, err := hkdf.Key(sha256.New, secret, nil, "pending login: authentication", 32)
	if err != nil {
		return nil, err
	}
	blockKey, err := hkdf.Key(sha256.New, secret, nil, "pending login: encryption", 32)
	if err != nil {
		return nil, err
	}
	b := &browsers{
		// gob, securecookie's default, would cost more than all the cryptography of a flow.
		pending:     securecookie.New(hashKey, blockKey).SetSerializer(securecookie.NopEncoder{}).MaxAge(int(pendingAge.Seconds())),
		spent:       &spentStates{now: now, seen: map[string]bool{}},
		cookiePort:  cfg.Port,
		secure:      strings.HasPrefix(cfg.BaseURL, "https://"),
		sessionName: "oauth_test_client_" + cfg.Port,
	}
	if b.secure {
		b.sessionName = "__Host-" + b.sessionName // no other host or port can plant it
	}
	b.store = newMemoryStore(now, b.cookieOptions())
	return b, nil
}

// cookieOptions are those of the session cookie. gorilla's defaults are Secure and SameSite=None,
// which a plain http://localhost cannot use.
func (b *browsers) cookieOptions() sessions.Options {
	return sessions.Options{Path: "/", HttpOnly: true, Secure: b.secure, SameSite: http.SameSiteLaxMode}
}

func (b *browsers) pendingName(state string) string {
	return "login_" + b.cookiePort + "_" + state
}

// begin puts a pending login into its cookie.
func (b *browsers) begin(w http.ResponseWriter, l *pendingLogin) error {
	plain, err := json.Marshal(l)
	if err != nil {
		return err
	}
	name := b.pendingName(l.State)
	sealed, err := b.pending.Encode(name, plain)
	if err != nil {
		return err
	}
	http.SetCookie(w, b.pendingCookie(name, sealed, int(pendingAge.Seconds())))
	return nil
}

// take returns the login that this browser began with the state, once: from here on the state is
// spent, whatever comes of it. It returns nil for a state that is not this browser's.
func (b *browsers) take(w http.ResponseWriter, r *http.Request, state string) *pendingLogin {
	if state == "" {
		return nil
	}
	name := b.pendingName(state)
	cookie, err := r.Cookie(name)
	if err != nil {
		return nil
	}
	http.SetCookie(w, b.pendingCookie(name, "", -1))
	var plain []byte
	if err := b.pending.Decode(name, cookie.Value, &plain); err != nil {
		return nil
	}
	l := &pendingLogin{State: state}
	if json.Unmarshal(plain, l) != nil || !b.spent.add(state) {
		return nil
	}
	return l
}

func (b *browsers) pendingCookie(name, value string, maxAge int) *http.Cookie {
	return &http.Cookie{Name: name, Value: value, MaxAge: maxAge, Path: callbackPath,
		HttpOnly: true, Secure: b.secure, SameSite: http.SameSiteLaxMode}
}

// logins returns the logins of this browser that are still remembered, newest first.
func (b *browsers) logins(r *http.Request) []*login {
	session, err := b.store.New(r, b.sessionName)
	if err != nil || session.IsNew {
		return nil
	}
	logins, _ := session.Values[loginsKey].([]*login)
	return logins
}

// change replaces a login of this browser by what f makes of it. Requests of one browser that end
// at the same time do not overwrite each other. A login that is gone by now stays gone.
func (b *browsers) change(w http.ResponseWriter, r *http.Request, state string, f func(login) login) error {
	b.changing.Lock()
	defer b.changing.Unlock()
	session, err := b.store.New(r, b.sessionName)
	if err != nil || session.IsNew {
		return err
	}
	logins, _ := session.Values[loginsKey].([]*login)
	changed := slices.Clone(logins)
	for i, l := range changed {
		if l.Begun.State == state {
			next := f(*l)
			changed[i] = &next
		}
	}
	session.Values[loginsKey] = changed
	return b.store.Save(r, w, session)
}

// forget ends the session of this browser. It waits for a change under way, which would otherwise
// bring the session back.
func (b *browsers) forget(w http.ResponseWriter, r *http.Request) error {
	b.changing.Lock()
	defer b.changing.Unlock()
	session, err := b.store.New(r, b.sessionName)
	if err != nil || session.IsNew {
		return err
	}
	session.Options.MaxAge = -1
	return b.store.Save(r, w, session)
}

// keep remembers a login. The session gets a new ID, so that an ID known to somebody from before
// the login is worth nothing after it.
func (b *browsers) keep(w http.ResponseWriter, r *http.Request, l *login) error {
	b.changing.Lock()
	defer b.changing.Unlock()
	old, _ := b.store.New(r, b.sessionName) // an unreadable cookie is no session
	logins, _ := old.Values[loginsKey].([]*login)
	fresh := sessions.NewSession(b.store, b.sessionName)
	options := b.cookieOptions()
	fresh.Options = &options
	fresh.Values[loginsKey] = append([]*login{l}, logins[:min(len(logins), maxLogins-1)]...)
	if !old.IsNew {
		old.Options.MaxAge = -1
		if err := b.store.Save(r, discardedCookies{}, old); err != nil {
			return err
		}
	}
	return b.store.Save(r, w, fresh)
}

// discardedCookies takes the deletion of a cookie that is about to be set anew.
type discardedCookies struct{ http.ResponseWriter }

func (discardedCookies) Header() http.Header { return http.Header{} }

// spentStates remembers which states have been used, for as long as their cookies could be sent
// again. Beyond maxSpent the oldest are forgotten, and only the server's single-use code is left.
type spentStates struct {
	now   func() time.Time
	mu    sync.Mutex // guards the fields below
	seen  map[string]bool
	queue []spentState // oldest first
}

type spentState struct {
	state string
	until time.Time
}

// add marks a state as spent. It returns false if it was already.
func (s *spentStates) add(state string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for len(s.queue) > 0 && (len(s.queue) >= maxSpent || now.After(s.queue[0].until)) {
		delete(s.seen, s.queue[0].state)
		s.queue = s.queue[1:]
	}
	if s.seen[state] {
		return false
	}
	s.seen[state] = true
	s.queue = append(s.queue, spentState{state, now.Add(pendingAge + time.Minute)})
	return true
}

// memoryStore is a sessions.Store that keeps the logins of sessions in this process, bounded in
// number, age and bytes. A cookie store would not do: real token responses outgrow the 4096 bytes of a cookie.
type memoryStore struct {
	now     func() time.Time
	options sessions.Options

	mu    sync.Mutex // guards the fields below
	byID  map[string]*list.Element
	order *list.List // of *storedSession, oldest first
	bytes int
}

type storedSession struct {
	id     string
	logins []*login
	until  time.Time
	bytes  int
}

func newMemoryStore(now func() time.Time, options sessions.Options) *memoryStore {
	return &memoryStore{now: now, options: options, byID: map[string]*list.Element{}, order: list.New()}
}

// Get implements sessions.Store.
func (m *memoryStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(m, name)
}

// New implements sessions.Store: it returns the session of the request's cookie, or a new one.
func (m *memoryStore) New(r *http.Request, name string) (*sessions.Session, error) {
	session := sessions.NewSession(m, name)
	options := m.options
	session.Options = &options
	session.IsNew = true
	cookie, err := r.Cookie(name)
	if err != nil {
		return session, nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	element, ok := m.byID[cookie.Value]
	if !ok || m.now().After(element.Value.(*storedSession).until) {
		return session, nil
	}
	stored := element.Value.(*storedSession)
	session.ID, session.IsNew = stored.id, false
	session.Values[loginsKey] = stored.logins
	return session, nil
}

// Save implements sessions.Store. A negative MaxAge deletes the session.
func (m *memoryStore) Save(_ *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.remove(m.byID[session.ID])
	if session.Options.MaxAge < 0 {
		http.SetCookie(w, sessions.NewCookie(session.Name(), "", session.Options))
		return nil
	}
	if session.ID == "" {
		session.ID = rand.Text() + rand.Text() // 260 bits
	}
	stored := &storedSession{id: session.ID, until: m.now().Add(sessionAge)}
	stored.logins, _ = session.Values[loginsKey].([]*login)
	for _, l := range stored.logins {
		stored.bytes += l.bytes()
	}
	m.byID[stored.id] = m.order.PushBack(stored)
	m.bytes += stored.bytes
	for m.order.Len() > 1 && (m.order.Len() > maxSessions || m.bytes > maxBytes || m.now().After(m.order.Front().Value.(*storedSession).until)) {
		m.remove(m.order.Front())
	}
	http.SetCookie(w, sessions.NewCookie(session.Name(), session.ID, session.Options))
	return nil
}

// remove forgets a session; a nil element is none. The caller holds the lock.
func (m *memoryStore) remove(element *list.Element) {
	if element == nil {
		return
	}
	stored := m.order.Remove(element).(*storedSession)
	delete(m.byID, stored.id)
	m.bytes -= stored.bytes
}
