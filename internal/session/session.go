// Package session stores what belongs to a browser: started logins, in its cookies, and finished logins, in this process or
// in Redis.
package session

import (
	"cmp"
	"context"
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

// ErrTooLong is the error of a request that does not fit into a cookie.
var ErrTooLong = errors.New("this login has more data than fits into a cookie")

// ErrUsed is the error of a state that was used before.
var ErrUsed = errors.New("the state was used before")

// ErrUnavailable is the error of a store that can't be read or written. That happens only with Redis.
var ErrUnavailable = errors.New("the session store")

// Store stores the logins of browsers. Its methods may be called concurrently.
type Store struct {
	now        func() time.Time
	cookies    aead // of pending requests
	waits      aead // of logins that wait between two steps
	store      sessions.Store
	options    sessions.Options // of the session cookie
	changing   [256]sync.Mutex  // one is held from reading a session to saving it; see lock
	used       *ttlMap[struct{}]
	finishing  oauth.Singleflight[*result] // by the query of the authorization response
	receiving  oauth.Singleflight[*Login]  // by the same
	attempts   *ttlMap[[]*wire.Exchange]   // by the attack and the state; see Attempt
	begun      *ttlMap[[]*wire.Exchange]   // by the state; see before
	arrivals   *ttlMap[[]*wire.Exchange]   // by the state: what was asked when the response of a login step by step came
	finished   *ttlMap[finished]           // by the state; see together
	replacedBy *ttlMap[string]             // the cookie of the session that replaced another, by the cookie of the other
	secure     bool

	// The names of our cookies contain the port as the browser sees it, as cookies ignore ports (RFC 6265 section 8.5). Over
	// https, they have a prefix with which no other host can set them (RFC 6265bis section 4.1.3.2).
	sessionName, markName, logoutName, shownName, pendingPrefix, waitingPrefix string
}

// New returns a store whose keys come from the session secret, or from a random one.
func New(cfg config.Config, roots *x509.CertPool, now func() time.Time) (*Store, error) {
	keys := newKeys(cmp.Or(cfg.SessionSecret, rand.Text()+rand.Text()))
	cookies, err := newAEAD(keys.pending)
	if err != nil {
		return nil, err
	}
	waits, err := newAEAD(keys.waiting)
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
		waits:         waits,
		used:          newTTLMap[struct{}](now, pendingAge+time.Minute, maxUsed),
		begun:         newRecordings(now),
		arrivals:      newRecordings(now),
		attempts:      newRecordings(now),
		finished:      newTTLMap[finished](now, finishedAge, maxFinished),
		replacedBy:    newTTLMap[string](now, finishedAge, maxFinished),
		secure:        secure,
		sessionName:   prefix + "oauth_test_client_" + port,
		markName:      prefix + "browser_" + port,
		logoutName:    prefix + "logout_" + port,
		shownName:     prefix + "shown_" + port,
		pendingPrefix: prefix + "login_" + port + "_",
		waitingPrefix: prefix + "step_" + port + "_",
	}
	// gorilla's defaults are Secure and SameSite=None, which a plain http://localhost cannot use.
	s.options = sessions.Options{Path: "/", MaxAge: int(sessionAge.Seconds()), HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode}
	if cfg.SessionStore == "" {
		s.store = newMemoryStore(now, s.options)
		return s, nil
	}
	values, err := newAEAD(keys.values)
	if err != nil {
		return nil, err
	}
	s.store, err = newRedisStore(cfg.SessionStore, roots, s.options, keys.cookie, values)
	return s, err
}

// portOf returns the port of a URL, explicit or by default.
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

// underWay returns the session for a request that is about to change it: the request's own or, if a login in another tab
// has replaced that since, the newest. It reports whether it was replaced.
func (s *Store) underWay(r *http.Request) (session *sessions.Session, replaced bool, err error) {
	cookie := only(r, s.sessionName)
	for range maxLogins { // a longer chain within a minute is not normal work
		next, ok := s.replacedBy.get(cookie)
		if !ok {
			break
		}
		cookie, replaced = next, true
	}
	session, err = s.open(cookie)
	return session, replaced && session != nil, err
}

// open returns the session of a cookie, or nil. It returns nil for a cookie that we did not make, and for a session that is
// gone, too old or can't be decrypted. The error is an ErrUnavailable.
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

// loginsOf returns the logins of a session, newest first, that are not too old: using a session does not extend its logins
// beyond sessionAge.
func (s *Store) loginsOf(session *sessions.Session) []*Login {
	if session == nil {
		return nil
	}
	logins, _ := session.Values[loginsKey].([]*Login)
	return slices.DeleteFunc(slices.Clone(logins), func(l *Login) bool { return s.left(l) <= 0 })
}

// left returns how long a login will still be stored.
func (s *Store) left(l *Login) time.Duration { return l.Arrived.Add(sessionAge).Sub(s.now()) }

// Logins returns the stored logins of this browser, newest first.
func (s *Store) Logins(w http.ResponseWriter, r *http.Request) ([]*Login, error) {
	if s.Ambiguous(r) && r.URL.Path != "/" { // the browser forgets the cookie of this path only, which is not ours
		http.SetCookie(w, &http.Cookie{Name: s.sessionName, Path: r.URL.Path, MaxAge: -1, Secure: s.secure})
	}
	session, err := s.session(r)
	return s.loginsOf(session), err
}

// Ambiguous reports whether a request has more than one session cookie. None is trusted.
func (s *Store) Ambiguous(r *http.Request) bool { return len(r.CookiesNamed(s.sessionName)) > 1 }

// maxAge returns how long a session is kept, in seconds: as long as its newest login.
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

// Change replaces a login of this browser by the result of f. Concurrent requests of one browser don't overwrite each
// other. A login that has been removed meanwhile stays removed.
func (s *Store) Change(w http.ResponseWriter, r *http.Request, state string, f func(Login) Login) error {
	lock := s.lock(r)
	lock.Lock()
	defer lock.Unlock()
	session, replaced, err := s.underWay(r)
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

// Forget ends the session of this browser. It waits for a running change, which would otherwise restore the session.
func (s *Store) Forget(w http.ResponseWriter, r *http.Request) error {
	lock := s.lock(r)
	lock.Lock()
	defer lock.Unlock()
	session, _, err := s.underWay(r)
	if session == nil {
		return err
	}
	return s.delete(w, r, session)
}

// keep stores a login whose response came at a time. The session gets a new ID, so that an attacker who knows the ID from
// before the login gains nothing. Only logins of one browser that come back together end in one session; see together.
func (s *Store) keep(w http.ResponseWriter, r *http.Request, l *Login, came time.Time) error {
	lock := s.lock(r)
	lock.Lock()
	defer lock.Unlock()
	begun := s.begunBy(r, l.Request.State)
	cookie := s.together(l.Request.State, begun, came)
	session, err := s.open(cookie)
	if err != nil {
		return err
	}
	if session != nil {
		defer s.finished.set(l.Request.State, finished{cookie, s.now(), begun})
		return s.save(w, r, session, newest(l, s.loginsOf(session)))
	}
	old, err := s.session(r)
	if err != nil {
		return err
	}
	session = sessions.NewSession(s.store, s.sessionName)
	options := s.options
	session.Options = &options
	var cookies answer
	if err := s.save(&cookies, r, session, newest(l, s.loginsOf(old))); err != nil {
		return err
	}
	cookies.copyTo(w)
	cookie = cookies.value(s.sessionName)
	s.finished.set(l.Request.State, finished{cookie, s.now(), begun})
	if old == nil {
		return nil
	}
	s.replacedBy.set(only(r, s.sessionName), cookie)
	return s.delete(NoCookies{}, r, old) // only now: a process that dies in between loses nothing
}

// newest returns the logins of a session and a new one, limited in number.
func newest(l *Login, logins []*Login) []*Login {
	return append([]*Login{l}, logins[:min(len(logins), maxLogins-1)]...)
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

// Login is a login that has come back: its request, and its result. A step-by-step login still has its code, and waits in
// the browser's cookie, as JSON. A finished login never changes: a later change of its tokens makes a new Login with the
// same state.
type Login struct {
	Request  *oauth.Request       `json:"q"`
	Callback string               `json:"c"` // path and query of the authorization response; the whole address where that was pasted
	Arrived  time.Time            `json:"w"` // when that came
	Code     string               `json:"-"` // that it brought, until it is exchanged
	Response *oauth.TokenResponse `json:"-"` // of the code exchange, as shown at the callback; nil until then
	IDToken  *oauth.IDToken       `json:"-"` // nil for a plain OAuth login
	Held     oauth.Tokens         `json:"-"` // what is held now
	Steps    []*wire.Exchange     `json:"-"` // what servers were asked, and what they answered
	Misuse   []byte               `json:"-"` // what /misuse found, as JSON; nil when it was not asked
}

// Granted returns the scopes that the server named, or the requested ones if it named none (RFC 6749 section 5.1).
func (l *Login) Granted() []string {
	if l.Held.Scope == "" {
		return l.Request.Scopes
	}
	return strings.Fields(l.Held.Scope)
}

// Who returns the name of the user who signed in, or "" without an ID token.
func (l *Login) Who() string {
	if l.IDToken == nil {
		return ""
	}
	return wire.Clip(l.IDToken.Name, 100)
}

// Missing lists the scopes that were requested and not granted.
func (l *Login) Missing() []string {
	if !l.Response.ScopeSent {
		return nil // as asked for (RFC 6749 section 5.1)
	}
	granted := strings.Fields(l.Response.Scope)
	return slices.DeleteFunc(slices.Clone(l.Request.Scopes), func(scope string) bool { return slices.Contains(granted, scope) })
}

// Added lists the scopes that were granted and not requested.
func (l *Login) Added() []string {
	granted := strings.Fields(l.Response.Scope)
	return slices.DeleteFunc(granted, func(scope string) bool { return slices.Contains(l.Request.Scopes, scope) })
}

// Warnings lists what other clients may refuse in the token response and in the ID token, as sentences.
func (l *Login) Warnings() []string {
	if l.IDToken == nil {
		return l.Response.Warnings
	}
	return slices.Concat(l.Response.Warnings, l.IDToken.Warnings)
}

// Subject returns the user's identifier, or "" without an ID token.
func (l *Login) Subject() string {
	if l.IDToken == nil {
		return ""
	}
	return l.IDToken.Subject
}

// The limits for a login's recorded requests: those of the login itself, of the uses of its tokens, and of a run of
// /misuse.
const (
	maxSteps     = 64
	maxStepsSize = 4 << 20 // bytes
)

// Record adds exchanges. Beyond the limits, it drops the oldest attempts of /misuse first, as the flow is about what the
// user did.
func (l *Login) Record(more []*wire.Exchange) {
	steps, size := slices.Concat(l.Steps, more), 0
	for _, e := range steps {
		size += e.Size()
	}
	for len(steps) > maxSteps || size > maxStepsSize {
		oldest := max(0, slices.IndexFunc(steps, func(e *wire.Exchange) bool { return e.Try != "" }))
		size -= steps[oldest].Size()
		steps = slices.Delete(steps, oldest, oldest+1)
	}
	l.Steps = steps
}

// size estimates the memory that a login needs, in bytes.
func (l *Login) size() int {
	n := 2048 + len(l.Callback)
	if !slices.ContainsFunc(l.Steps, func(e *wire.Exchange) bool { return e.ResponseBody == l.Response.JSON }) {
		n += len(l.Response.JSON) // which the tokens are parts of
	}
	for _, steps := range [...][]*wire.Exchange{l.Steps, l.Request.Before} {
		for _, e := range steps {
			n += e.Size()
		}
	}
	return n
}

// result holds a stored login, for every request that waited for it.
type result struct {
	login   *Login
	cookies answer // of the session that it was kept in
}

// Finish runs the work that turns a request into a login, once for its state (RFC 6749 section 10.12), and stores the
// login. If the user reloads while the code is being exchanged, the browser only reads the second response. So a repeated
// request waits for the result of the first. The error is ErrUsed, an ErrUnavailable, or that of the work.
func (s *Store) Finish(w http.ResponseWriter, r *http.Request, request *oauth.Request, work func(context.Context) (*Login, error)) (*Login, error) {
	http.SetCookie(w, s.pendingCookie(s.pendingName(request.State), "", -1))
	return s.singleflight(w, r, r.URL.RawQuery, request.State, work)
}

// singleflight runs the work for a key once, however many requests wait for it, and stores the resulting login. The error
// is ErrUsed if the mark was used before.
func (s *Store) singleflight(w http.ResponseWriter, r *http.Request, key, mark string, work func(context.Context) (*Login, error)) (*Login, error) {
	came := s.now()
	key += " " + only(r, s.sessionName) // a browser with another session doesn't get the new cookie: the login may have been planted there
	done, err := s.finishing.DoHere(r.Context(), key, func(ctx context.Context) (*result, error) {
		if !s.used.add(mark, struct{}{}) {
			return nil, ErrUsed
		}
		login, err := work(ctx)
		if err != nil {
			return nil, err
		}
		done := &result{login: login}
		return done, s.keep(&done.cookies, r, login, came)
	})
	if err != nil {
		return nil, err
	}
	done.cookies.copyTo(w)
	return done.login, nil
}

// MarkUsed marks the state of a request that doesn't become a login as used, and deletes its cookie. It returns false if
// the state was used before.
func (s *Store) MarkUsed(w http.ResponseWriter, request *oauth.Request) bool {
	http.SetCookie(w, s.pendingCookie(s.pendingName(request.State), "", -1))
	return s.used.add(request.State, struct{}{})
}

// The tabs of one browser share its session, and their requests overlap. To keep them from losing each other's changes,
// /login gives the browser a mark: a random cookie without content. Requests with the same mark change the session one
// after the other. If the session was replaced during a change, the change applies to the new one. This works only for
// changes: with the old cookie alone, nothing is shown.
const (
	finishedAge = time.Minute     // as long as a callback may take
	onTheWay    = 5 * time.Second // from our answer to the browser, and from there back to us
	maxFinished = 20_000
)

// finished holds the session of a login that came back a moment ago.
type finished struct {
	cookie string // of its session
	since  time.Time
	begun  []string // see begunBy
}

// begunBy returns the states of the logins whose sealed cookies a request brings. The cookie of its own was opened before.
func (s *Store) begunBy(r *http.Request, own string) []string {
	var states []string
	for _, cookie := range r.Cookies() {
		if state, ok := strings.CutPrefix(cookie.Name, s.pendingPrefix); ok {
			if state == own {
				states = append(states, state)
			} else if _, _, young := s.beganAt(cookie.Name, cookie.Value); young {
				states = append(states, state)
			}
		} else if strings.HasPrefix(cookie.Name, s.waitingPrefix) {
			if p := s.openWaiting(cookie.Name, cookie.Value); p != nil {
				states = append(states, p.Request.State)
			}
		}
	}
	return states[:min(len(states), 2*maxPending)]
}

// together returns the cookie of the session that a login shares with one that came back at the same moment, or "" if there
// is none. Both requests must bring the sealed cookie of the other's login, which shows that they are from one browser. If
// only one of them did, an attacker on this host name may have planted the cookie there.
func (s *Store) together(state string, begun []string, came time.Time) string {
	for _, other := range begun {
		f, ok := s.finished.get(other)
		if ok && slices.Contains(f.begun, state) && !f.since.Before(came.Add(-onTheWay)) {
			return f.cookie
		}
	}
	return ""
}

// markBrowser gives the browser a mark, or extends the life of the one that it has.
func (s *Store) markBrowser(w http.ResponseWriter, r *http.Request) {
	mark := s.mark(r)
	if mark == "" {
		mark = rand.Text()
	}
	http.SetCookie(w, &http.Cookie{Name: s.markName, Value: mark, MaxAge: int((sessionAge + pendingAge).Seconds()), Path: "/",
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode})
}

// markLength is the length of a mark, as rand.Text makes it.
const markLength = 26

// mark returns the browser's mark, or "" if it has no valid one.
func (s *Store) mark(r *http.Request) string {
	if value := only(r, s.markName); len(value) == markLength {
		return value
	}
	return ""
}

// only returns the value of a cookie, or "" if there is none or more than one. Of two, an attacker on this host name has
// planted one, and nothing shows which (RFC 6265 section 8.6).
func only(r *http.Request, name string) string {
	if cookies := r.CookiesNamed(name); len(cookies) == 1 {
		return cookies[0].Value
	}
	return ""
}

// lock returns the lock of this browser or, without a mark, of its session. Several browsers may share a lock. A browser
// with neither gets a lock of its own. Other processes don't see the lock.
func (s *Store) lock(r *http.Request) *sync.Mutex {
	key := s.mark(r)
	if key == "" {
		key = only(r, s.sessionName)
	}
	if key == "" {
		return new(sync.Mutex)
	}
	sum := sha256.Sum256([]byte(key))
	return &s.changing[int(sum[0])%len(s.changing)]
}

// BeginLogout returns the state of a sign-out on the server (OpenID Connect RP-Initiated Logout section 2), and stores it
// in a cookie until the browser is back.
func (s *Store) BeginLogout(w http.ResponseWriter) string {
	state := rand.Text()
	http.SetCookie(w, s.pendingCookie(s.logoutName, state, int(pendingAge.Seconds())))
	return state
}

// EndLogout compares the state that the server returned (section 3). A state is known if this browser has started a
// sign-out, and right if it is that of the sign-out. A reload gives the same result.
func (s *Store) EndLogout(r *http.Request, state string) (known, right bool) {
	ours := only(r, s.logoutName)
	return ours != "", ours != "" && ours == state
}
