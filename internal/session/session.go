// Package session is what is remembered of the browsers that talk to us: requests that were begun, in
// their cookies, and logins that are finished, in this process or in a Redis.
package session

import (
	"cmp"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

const (
	sessionAge = 12 * time.Hour
	maxLogins  = 5        // results of one browser that a reload can show again
	loginsKey  = "logins" // where a gorilla session keeps its []*Login
)

// ErrTooLong is a request that does not fit into a cookie.
var ErrTooLong = errors.New("the parameters of /login are too long to be remembered in a cookie")

// ErrUnavailable is a store that cannot be read or written; only Redis can be.
var ErrUnavailable = errors.New("the session store")

// Login is a login that succeeded: what it asked for, and what it got. It is never changed: what
// happens to its tokens later makes a new one, under the same state.
type Login struct {
	Request  *oauth.Request
	Callback string               // path and query of the authorization response
	Arrived  time.Time            // when that came
	Response *oauth.TokenResponse // of the code exchange, as shown at the callback
	IDToken  *oauth.IDToken       // nil for a plain OAuth login
	Held     oauth.Tokens         // what is held now
	Steps    []*wire.Exchange     // what servers were asked, and what they answered
}

// Who is the name of the user who signed in, or "" when no ID token said it.
func (l *Login) Who() string {
	if l.IDToken == nil {
		return ""
	}
	return wire.Clip(l.IDToken.Name, 100)
}

// Subject is the user's identifier, or "" when no ID token said it.
func (l *Login) Subject() string {
	if l.IDToken == nil {
		return ""
	}
	return l.IDToken.Subject
}

// The most that a login remembers of what went over the wire; the oldest exchanges go first.
const (
	maxSteps     = 40
	maxStepsSize = 4 << 20 // bytes
)

// Record adds what went over the wire, and drops the oldest beyond the bounds.
func (l *Login) Record(more []*wire.Exchange) {
	steps := slices.Concat(l.Steps, more)
	size := 0
	for i, e := range slices.Backward(steps) {
		if size += e.Size(); size > maxStepsSize || len(steps)-i > maxSteps {
			steps = steps[i+1:]
			break
		}
	}
	l.Steps = steps
}

// size is about what a login costs in memory, in bytes.
func (l *Login) size() int {
	n := 2048 + len(l.Callback)
	if !slices.ContainsFunc(l.Steps, func(e *wire.Exchange) bool { return e.ResponseBody == l.Response.JSON }) {
		n += len(l.Response.JSON) // which the tokens are parts of
	}
	for _, e := range l.Steps {
		n += e.Size()
	}
	return n
}

// Store remembers. Its methods may be called at the same time.
type Store struct {
	cookies     *securecookie.SecureCookie
	store       sessions.Store
	options     sessions.Options // of the session cookie
	changing    [64]sync.Mutex   // one is held from reading a session to saving it; see lock
	spent       *spentStates
	cookiePort  string // as the browser sees it: cookies do not know ports (RFC 6265 section 8.5), so their names do
	secure      bool
	sessionName string
}

// New derives the keys of cookies and store from the session secret, or from a random one.
func New(cfg config.Config, roots *x509.CertPool, now func() time.Time) (*Store, error) {
	secret := []byte(cmp.Or(cfg.SessionSecret, rand.Text()+rand.Text()))
	key := func(use string) []byte {
		derived, _ := hkdf.Key(sha256.New, secret, nil, use, 32) // fails for far longer keys only
		return derived
	}
	s := &Store{
		// gob, securecookie's default, would cost more than all the cryptography of a flow.
		cookies:    securecookie.New(key("pending login: authentication"), key("pending login: encryption")).SetSerializer(securecookie.NopEncoder{}).MaxAge(int(pendingAge.Seconds())),
		spent:      &spentStates{now: now, seen: map[string]bool{}},
		cookiePort: portOf(cfg.BaseURL),
		secure:     strings.HasPrefix(cfg.BaseURL, "https://"),
	}
	s.sessionName = "oauth_test_client_" + s.cookiePort
	if s.secure {
		s.sessionName = "__Host-" + s.sessionName // no other host or port can plant it
	}
	// gorilla's defaults are Secure and SameSite=None, which a plain http://localhost cannot use.
	s.options = sessions.Options{Path: "/", MaxAge: int(sessionAge.Seconds()), HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode}
	if cfg.SessionStore == "" {
		s.store = newMemoryStore(now, s.options)
		return s, nil
	}
	store, err := newRedisStore(cfg.SessionStore, roots, s.options, key("session cookie: authentication"), key("session store: encryption"))
	s.store = store
	return s, err
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

// session returns the session of this browser, or nil when it has none. A cookie that we did not make
// is none, and so is a session that cannot be decrypted. The error is an ErrUnavailable.
func (s *Store) session(r *http.Request) (*sessions.Session, error) {
	if _, err := r.Cookie(s.sessionName); err != nil {
		return nil, nil
	}
	session, err := s.store.New(r, s.sessionName)
	if forged, ok := errors.AsType[securecookie.Error](err); ok && forged.IsDecode() || errors.Is(err, errUnreadable) {
		return nil, nil
	}
	if err != nil {
		return nil, unavailable(err)
	}
	if session.IsNew {
		return nil, nil
	}
	return session, nil
}

// lock returns the lock of this browser's session. A few sessions share one; the lock of another
// process does not count.
func (s *Store) lock(r *http.Request) *sync.Mutex {
	cookie, err := r.Cookie(s.sessionName)
	if err != nil {
		return &s.changing[0]
	}
	sum := sha256.Sum256([]byte(cookie.Value))
	return &s.changing[int(sum[0])%len(s.changing)]
}

// loginsOf returns the logins of a session, newest first.
func loginsOf(session *sessions.Session) []*Login {
	if session == nil {
		return nil
	}
	logins, _ := session.Values[loginsKey].([]*Login)
	return logins
}

// Logins returns the logins of this browser that are still remembered, newest first.
func (s *Store) Logins(r *http.Request) ([]*Login, error) {
	session, err := s.session(r)
	return loginsOf(session), err
}

// Login returns the login of this browser that has the state, or nil.
func (s *Store) Login(r *http.Request, state string) (*Login, error) {
	logins, err := s.Logins(r)
	for _, l := range logins {
		if l.Request.State == state {
			return l, nil
		}
	}
	return nil, err
}

// Change replaces a login of this browser by what f makes of it. Requests of one browser that end
// at the same time do not overwrite each other. A login that is gone by now stays gone.
func (s *Store) Change(w http.ResponseWriter, r *http.Request, state string, f func(Login) Login) error {
	lock := s.lock(r)
	lock.Lock()
	defer lock.Unlock()
	session, err := s.session(r)
	if session == nil {
		return err
	}
	changed := slices.Clone(loginsOf(session))
	for i, l := range changed {
		if l.Request.State == state {
			next := f(*l)
			changed[i] = &next
		}
	}
	session.Values[loginsKey] = changed
	return s.save(w, r, session)
}

// Forget ends the session of this browser. It waits for a change under way, which would otherwise
// bring the session back.
func (s *Store) Forget(w http.ResponseWriter, r *http.Request) error {
	lock := s.lock(r)
	lock.Lock()
	defer lock.Unlock()
	session, err := s.session(r)
	if session == nil {
		return err
	}
	session.Options.MaxAge = -1
	return s.save(w, r, session)
}

// Keep remembers a login. The session gets a new ID, so that an ID known to somebody from before
// the login is worth nothing after it.
func (s *Store) Keep(w http.ResponseWriter, r *http.Request, l *Login) error {
	lock := s.lock(r)
	lock.Lock()
	defer lock.Unlock()
	old, err := s.session(r)
	if err != nil {
		return err
	}
	logins := loginsOf(old)
	fresh := sessions.NewSession(s.store, s.sessionName)
	options := s.options
	fresh.Options = &options
	fresh.Values[loginsKey] = append([]*Login{l}, logins[:min(len(logins), maxLogins-1)]...)
	if err := s.save(w, r, fresh); err != nil || old == nil {
		return err
	}
	old.Options.MaxAge = -1 // only now: a process that dies in between loses nothing
	return s.save(NoCookies{}, r, old)
}

// save saves a session, or deletes it when its MaxAge is negative. The error is an ErrUnavailable.
func (s *Store) save(w http.ResponseWriter, r *http.Request, session *sessions.Session) error {
	if err := s.store.Save(r, w, session); err != nil {
		return unavailable(err)
	}
	return nil
}

// NoCookies takes the place of an answer where a session is saved and the browser must not be told.
type NoCookies struct{ http.ResponseWriter }

func (NoCookies) Header() http.Header { return http.Header{} }
