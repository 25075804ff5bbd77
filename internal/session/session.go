// Package session is what is remembered of the browsers that talk to us: requests that were begun, in
// their cookies, and logins that are finished, in this process or in a Redis.
package session

import (
	"cmp"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
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
var ErrTooLong = fmt.Errorf("the parameters of /login are too long: together they may have %d bytes, as they are remembered in a cookie", maxParameters)

// ErrSpent is a state that was used before.
var ErrSpent = errors.New("the state was used before")

// ErrUnavailable is a store that cannot be read or written; only Redis can be.
var ErrUnavailable = errors.New("the session store")

// Store remembers. Its methods may be called at the same time.
type Store struct {
	now        func() time.Time
	cookies    seal // of pending requests
	store      sessions.Store
	options    sessions.Options // of the session cookie
	changing   [256]sync.Mutex  // one is held from reading a session to saving it; see lock
	spent      *expiring[struct{}]
	finishing  oauth.Shared[*kept]         // by the query of the authorization response
	pausing    oauth.Shared[*Pause]        // by the same
	pauses     *expiring[*Pause]           // by the key in their cookie
	begun      *expiring[[]*wire.Exchange] // by the state; see before
	successors *expiring[successor]        // by the mark and the cookie before; see successor
	secure     bool

	// The names of our cookies have the port as the browser sees it, as cookies do not know ports (RFC
	// 6265 section 8.5). Over https they begin so that no other host can plant them (RFC 6265bis section
	// 4.1.3.2).
	sessionName, markName, logoutName, pendingPrefix, pausePrefix string
}

// New makes a store whose keys come from the session secret, or from a random one.
func New(cfg config.Config, roots *x509.CertPool, now func() time.Time) (*Store, error) {
	keys := newKeys(cmp.Or(cfg.SessionSecret, rand.Text()+rand.Text()))
	cookies, err := newSeal(keys.pending)
	if err != nil {
		return nil, err
	}
	port, prefix := portOf(cfg.BaseURL), ""
	secure := strings.HasPrefix(cfg.BaseURL, "https://")
	if secure {
		prefix = "__Host-"
	}
	s := &Store{
		now:           now,
		cookies:       cookies,
		spent:         newExpiring[struct{}](now, pendingAge+time.Minute, maxSpent),
		pauses:        newExpiring[*Pause](now, pendingAge, maxPauses),
		begun:         newExpiring[[]*wire.Exchange](now, pendingAge, maxBefore),
		successors:    newExpiring[successor](now, successorAge, maxSuccessors),
		secure:        secure,
		sessionName:   prefix + "oauth_test_client_" + port,
		markName:      prefix + "browser_" + port,
		logoutName:    prefix + "logout_" + port,
		pendingPrefix: prefix + "login_" + port + "_",
		pausePrefix:   prefix + "step_" + port + "_",
	}
	// gorilla's defaults are Secure and SameSite=None, which a plain http://localhost cannot use.
	s.options = sessions.Options{Path: "/", MaxAge: int(sessionAge.Seconds()), HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode}
	if cfg.SessionStore == "" {
		s.store = newMemoryStore(now, s.options)
		return s, nil
	}
	values, err := newSeal(keys.values)
	if err != nil {
		return nil, err
	}
	s.store, err = newRedisStore(cfg.SessionStore, roots, s.options, keys.cookie, values)
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

// session returns the session of this browser, or nil when it has none. The error is an ErrUnavailable.
func (s *Store) session(r *http.Request) (*sessions.Session, error) {
	return s.open(only(r, s.sessionName))
}

// underWay returns the session of a request that is about to save something: its own one, or what took
// its place since the request came. It says whether it is the latter.
func (s *Store) underWay(r *http.Request, came time.Time) (session *sessions.Session, replaced bool, err error) {
	cookie := s.successor(r, came.Add(-onTheWay))
	if cookie == "" {
		session, err = s.session(r)
		return session, false, err
	}
	session, err = s.open(cookie)
	return session, session != nil, err
}

// open returns the session of a cookie, or nil. A cookie that we did not make is none, and so is one
// whose session is gone, too old or cannot be decrypted. The error is an ErrUnavailable.
func (s *Store) open(cookie string) (*sessions.Session, error) {
	if cookie == "" {
		return nil, nil
	}
	lookup := &http.Request{Header: http.Header{"Cookie": {s.sessionName + "=" + cookie}}}
	session, err := s.store.New(lookup, s.sessionName)
	if forged, ok := errors.AsType[securecookie.Error](err); ok && forged.IsDecode() || errors.Is(err, errUnreadable) {
		return nil, nil
	}
	if err != nil {
		return nil, unavailable(err)
	}
	if len(s.loginsOf(session)) == 0 {
		return nil, nil
	}
	return session, nil
}

// loginsOf returns the logins of a session, newest first, that are not too old: however often a session
// is used, no login outlives sessionAge.
func (s *Store) loginsOf(session *sessions.Session) []*Login {
	if session == nil {
		return nil
	}
	logins, _ := session.Values[loginsKey].([]*Login)
	return slices.DeleteFunc(slices.Clone(logins), func(l *Login) bool { return s.left(l) <= 0 })
}

// left is how long a login will still be remembered.
func (s *Store) left(l *Login) time.Duration { return l.Arrived.Add(sessionAge).Sub(s.now()) }

// Logins returns the logins of this browser that are still remembered, newest first.
func (s *Store) Logins(w http.ResponseWriter, r *http.Request) ([]*Login, error) {
	if s.Ambiguous(r) && r.URL.Path != "/" { // the browser forgets the cookie of this path only, which is not ours
		http.SetCookie(w, &http.Cookie{Name: s.sessionName, Path: r.URL.Path, MaxAge: -1, Secure: s.secure})
	}
	session, err := s.session(r)
	return s.loginsOf(session), err
}

// Ambiguous reports that a request has two session cookies, neither of which is believed.
func (s *Store) Ambiguous(r *http.Request) bool { return len(r.CookiesNamed(s.sessionName)) > 1 }

// maxAge is how long a session is kept, in seconds: as long as its newest login.
func (s *Store) maxAge(logins []*Login) int {
	return int((s.left(logins[0]) + time.Second - 1) / time.Second)
}

// Login returns the login of this browser that has the state, or nil.
func (s *Store) Login(w http.ResponseWriter, r *http.Request, state string) (*Login, error) {
	logins, err := s.Logins(w, r)
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
	session, replaced, err := s.underWay(r, time.Time{})
	if session == nil {
		return err
	}
	if replaced { // by a login in another tab, whose answer has the new cookie
		w = NoCookies{}
	}
	changed := s.loginsOf(session)
	for i, l := range changed {
		if l.Request.State == state {
			next := f(*l)
			changed[i] = &next
		}
	}
	return s.save(w, r, session, changed)
}

// Forget ends the session of this browser. It waits for a change under way, which would otherwise
// bring the session back.
func (s *Store) Forget(w http.ResponseWriter, r *http.Request) error {
	lock := s.lock(r)
	lock.Lock()
	defer lock.Unlock()
	session, _, err := s.underWay(r, time.Time{})
	if session == nil {
		return err
	}
	return s.delete(w, r, session)
}

// keep remembers a login. The session gets a new ID, so that an ID known to somebody from before the
// login is worth nothing after it. Where the login of another tab has just done that, both have the same
// one: their answers may reach the browser in any order.
func (s *Store) keep(w http.ResponseWriter, r *http.Request, l *Login) error {
	lock := s.lock(r)
	lock.Lock()
	defer lock.Unlock()
	old, replaced, err := s.underWay(r, l.Arrived)
	if err != nil {
		return err
	}
	logins := s.loginsOf(old)
	logins = append([]*Login{l}, logins[:min(len(logins), maxLogins-1)]...)
	if replaced {
		return s.save(w, r, old, logins)
	}
	fresh := sessions.NewSession(s.store, s.sessionName)
	options := s.options
	fresh.Options = &options
	var cookies answer
	if err := s.save(&cookies, r, fresh, logins); err != nil {
		return err
	}
	cookies.copyTo(w)
	s.replaced(r, &cookies)
	if old == nil {
		return nil
	}
	return s.delete(NoCookies{}, r, old) // only now: a process that dies in between loses nothing
}

// save saves a session with its logins. The error is an ErrUnavailable.
func (s *Store) save(w http.ResponseWriter, r *http.Request, session *sessions.Session, logins []*Login) error {
	session.Values[loginsKey] = logins
	session.Options.MaxAge = s.maxAge(logins)
	if err := s.store.Save(r, w, session); err != nil {
		return unavailable(err)
	}
	return nil
}

// delete deletes a session. The error is an ErrUnavailable.
func (s *Store) delete(w http.ResponseWriter, r *http.Request, session *sessions.Session) error {
	session.Options.MaxAge = -1
	if err := s.store.Save(r, w, session); err != nil {
		return unavailable(err)
	}
	return nil
}
