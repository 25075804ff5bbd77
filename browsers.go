package main

import (
	"cmp"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"
)

const (
	pendingAge = 10 * time.Minute // from /login to the callback
	sessionAge = 12 * time.Hour
	maxLogins  = 5        // results of one browser that a reload can show again
	maxSpent   = 200_000  // states remembered as used
	loginsKey  = "logins" // where a gorilla session keeps its []*login
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
	Callback string           // path and query of the authorization response
	Arrived  time.Time        // when that came
	Response *tokenResponse   // of the code exchange, as shown at the callback
	IDToken  *idToken         // nil for a plain OAuth login
	Held     tokens           // what is held now
	Steps    []*wire.Exchange // what servers were asked, and what they answered
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
	if !slices.ContainsFunc(l.Steps, func(e *wire.Exchange) bool { return e.ResponseBody == l.Response.JSON }) {
		n += len(l.Response.JSON) // which the tokens are parts of
	}
	for _, e := range l.Steps {
		n += e.Bytes()
	}
	return n
}

// browsers is what is remembered about the browsers that talk to us.
type browsers struct {
	pending     *securecookie.SecureCookie
	store       sessions.Store
	options     sessions.Options // of the session cookie
	changing    [64]sync.Mutex   // one is held from reading a session to saving it; see lock
	spent       *spentStates
	cookiePort  string // as the browser sees it: cookies do not know ports (RFC 6265 section 8.5), so their names do
	secure      bool
	sessionName string
}

// newBrowsers derives the keys of cookies and store from the session secret, or from a random one.
func newBrowsers(cfg config.Config, roots *x509.CertPool, now func() time.Time) (*browsers, error) {
	secret := []byte(cmp.Or(cfg.SessionSecret, rand.Text()+rand.Text()))
	key := func(use string) []byte {
		derived, _ := hkdf.Key(sha256.New, secret, nil, use, 32) // fails for far longer keys only
		return derived
	}
	b := &browsers{
		// gob, securecookie's default, would cost more than all the cryptography of a flow.
		pending:    securecookie.New(key("pending login: authentication"), key("pending login: encryption")).SetSerializer(securecookie.NopEncoder{}).MaxAge(int(pendingAge.Seconds())),
		spent:      &spentStates{now: now, seen: map[string]bool{}},
		cookiePort: portOf(cfg.BaseURL),
		secure:     strings.HasPrefix(cfg.BaseURL, "https://"),
	}
	b.sessionName = "oauth_test_client_" + b.cookiePort
	if b.secure {
		b.sessionName = "__Host-" + b.sessionName // no other host or port can plant it
	}
	// gorilla's defaults are Secure and SameSite=None, which a plain http://localhost cannot use.
	b.options = sessions.Options{Path: "/", MaxAge: int(sessionAge.Seconds()), HttpOnly: true, Secure: b.secure, SameSite: http.SameSiteLaxMode}
	if cfg.SessionStore == "" {
		b.store = newMemoryStore(now, b.options)
		return b, nil
	}
	store, err := newRedisStore(cfg.SessionStore, roots, b.options, key("session cookie: authentication"), key("session store: encryption"))
	b.store = store
	return b, err
}

// portOf is the port of a URL, whether it says so or not.
func portOf(address string) string {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return "" // the configuration has been checked
	case u.Port() == "" && u.Scheme == "https":
		return "443"
	case u.Port() == "":
		return "80"
	}
	return u.Port()
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
	return &http.Cookie{Name: name, Value: value, MaxAge: maxAge, Path: config.CallbackPath,
		HttpOnly: true, Secure: b.secure, SameSite: http.SameSiteLaxMode}
}

// session returns the session of this browser, or nil when it has none. A cookie that we did not make
// is none, and so is a session that cannot be decrypted. The error is a *failure of the store.
func (b *browsers) session(r *http.Request) (*sessions.Session, error) {
	if _, err := r.Cookie(b.sessionName); err != nil {
		return nil, nil
	}
	session, err := b.store.New(r, b.sessionName)
	if forged, ok := errors.AsType[securecookie.Error](err); ok && forged.IsDecode() || errors.Is(err, errUnreadable) {
		return nil, nil
	}
	if err != nil {
		return nil, storeFailed(err)
	}
	if session.IsNew {
		return nil, nil
	}
	return session, nil
}

// lock returns the lock of this browser's session. A few sessions share one; the lock of another
// process does not count.
func (b *browsers) lock(r *http.Request) *sync.Mutex {
	cookie, err := r.Cookie(b.sessionName)
	if err != nil {
		return &b.changing[0]
	}
	sum := sha256.Sum256([]byte(cookie.Value))
	return &b.changing[int(sum[0])%len(b.changing)]
}

// loginsOf returns the logins of a session, newest first.
func loginsOf(session *sessions.Session) []*login {
	if session == nil {
		return nil
	}
	logins, _ := session.Values[loginsKey].([]*login)
	return logins
}

// logins returns the logins of this browser that are still remembered, newest first.
func (b *browsers) logins(r *http.Request) ([]*login, error) {
	session, err := b.session(r)
	return loginsOf(session), err
}

// login returns the login of this browser that has the state, or nil.
func (b *browsers) login(r *http.Request, state string) (*login, error) {
	logins, err := b.logins(r)
	for _, l := range logins {
		if l.Begun.State == state {
			return l, nil
		}
	}
	return nil, err
}

// change replaces a login of this browser by what f makes of it. Requests of one browser that end
// at the same time do not overwrite each other. A login that is gone by now stays gone.
func (b *browsers) change(w http.ResponseWriter, r *http.Request, state string, f func(login) login) error {
	lock := b.lock(r)
	lock.Lock()
	defer lock.Unlock()
	session, err := b.session(r)
	if session == nil {
		return err
	}
	changed := slices.Clone(loginsOf(session))
	for i, l := range changed {
		if l.Begun.State == state {
			next := f(*l)
			changed[i] = &next
		}
	}
	session.Values[loginsKey] = changed
	return b.save(w, r, session)
}

// forget ends the session of this browser. It waits for a change under way, which would otherwise
// bring the session back.
func (b *browsers) forget(w http.ResponseWriter, r *http.Request) error {
	lock := b.lock(r)
	lock.Lock()
	defer lock.Unlock()
	session, err := b.session(r)
	if session == nil {
		return err
	}
	session.Options.MaxAge = -1
	return b.save(w, r, session)
}

// keep remembers a login. The session gets a new ID, so that an ID known to somebody from before
// the login is worth nothing after it.
func (b *browsers) keep(w http.ResponseWriter, r *http.Request, l *login) error {
	lock := b.lock(r)
	lock.Lock()
	defer lock.Unlock()
	old, err := b.session(r)
	if err != nil {
		return err
	}
	logins := loginsOf(old)
	fresh := sessions.NewSession(b.store, b.sessionName)
	options := b.options
	fresh.Options = &options
	fresh.Values[loginsKey] = append([]*login{l}, logins[:min(len(logins), maxLogins-1)]...)
	if err := b.save(w, r, fresh); err != nil || old == nil {
		return err
	}
	old.Options.MaxAge = -1 // only now: a process that dies in between loses nothing
	return b.save(discardedCookies{}, r, old)
}

// save saves a session, or deletes it when its MaxAge is negative. The error is a *failure.
func (b *browsers) save(w http.ResponseWriter, r *http.Request, session *sessions.Session) error {
	if err := b.store.Save(r, w, session); err != nil {
		return storeFailed(err)
	}
	return nil
}

// discardedCookies takes the deletion of a cookie that has just been set anew.
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
