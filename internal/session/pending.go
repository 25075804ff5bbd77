package session

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

const (
	pendingAge = 10 * time.Minute // from /login to the callback
	maxUsed    = 200_000          // states remembered as used
)

// What the cookies of unfinished logins may take, all together: a proxy in front of us may refuse a
// request whose cookies are longer than a few kilobytes, and then no login could be finished any more.
const (
	maxPending     = 5
	maxPendingSize = 3 << 10 // bytes of names and values
)

// pending is a request as its cookie holds it. It is encrypted, and one cookie each: two tabs never
// overwrite each other, and nothing is stored for people who never come back.
type pending struct {
	Nonce    string            `json:"n,omitempty"`
	Verifier string            `json:"v"`
	Scopes   []string          `json:"s"`
	Extra    config.Parameters `json:"x,omitempty"` // given for this login
	Settings config.Parameters `json:"y,omitempty"` // and those of the settings
	Scoped   bool              `json:"z,omitempty"` // the scopes were given, too
	Hint     string            `json:"h,omitempty"`
	Try      string            `json:"t,omitempty"`
	Run      string            `json:"r,omitempty"`
	Own      bool              `json:"o,omitempty"`
	Binding  string            `json:"a"`
	Began    int64             `json:"b"` // unix milliseconds
	Steps    bool              `json:"p,omitempty"`
	Pushed   string            `json:"u,omitempty"`
	StepUp   int               `json:"g,omitempty"`
}

// Begin puts a request into a cookie of its own, until the browser comes back with its state. Of the
// logins that the browser began before, only the newest that fit beside it are kept.
func (s *Store) Begin(w http.ResponseWriter, r *http.Request, begun *oauth.Request) error {
	name := s.pendingName(begun.State)
	value, err := s.closePending(name, begun)
	if err != nil {
		return err
	}
	room := maxPendingSize - len(name) - len(value)
	if room < 0 {
		return ErrTooLong
	}
	http.SetCookie(w, s.pendingCookie(name, value, int(pendingAge.Seconds())))
	for i, older := range s.unfinished(r) {
		if room -= older.size; room < 0 || i+1 >= maxPending {
			http.SetCookie(w, s.pendingCookie(older.name, "", -1))
		}
	}
	s.markBrowser(w, r)
	begun.Before = s.keepBefore(begun.State, wire.Recorded(r.Context()))
	return nil
}

// Begun returns the request that this browser began with the state, or nil: for a state that is not this
// browser's, and for a login that was begun too long ago.
func (s *Store) Begun(r *http.Request, state string) *oauth.Request {
	name := s.pendingName(state)
	for _, cookie := range r.CookiesNamed(name) { // one is ours; others were planted, and do not open
		p, ok := s.openPending(name, cookie.Value)
		if ok {
			request := p.request(state)
			request.Before = s.before(state)
			return request
		}
	}
	return nil
}

// unfinishedLogin is a cookie of a login that has not come back.
type unfinishedLogin struct {
	name  string
	size  int
	began int64 // 0 when it cannot be opened
}

// unfinished lists the logins that this browser has begun, newest first.
func (s *Store) unfinished(r *http.Request) []unfinishedLogin {
	if len(r.Header["Cookie"]) == 0 {
		return nil
	}
	var all []unfinishedLogin
	for _, cookie := range r.Cookies() {
		if strings.HasPrefix(cookie.Name, s.pendingPrefix) {
			p, _ := s.openPending(cookie.Name, cookie.Value)
			all = append(all, unfinishedLogin{cookie.Name, len(cookie.Name) + len(cookie.Value), p.Began})
		}
	}
	slices.SortStableFunc(all, func(a, b unfinishedLogin) int { return int(b.began - a.began) })
	return all
}

// Unfinished returns when the logins were begun that this browser was sent away for and has not come back from, newest
// first.
func (s *Store) Unfinished(r *http.Request) []time.Time {
	var began []time.Time
	for _, login := range s.unfinished(r) {
		if login.began != 0 && !s.stays(r, login.name) {
			began = append(began, time.UnixMilli(login.began))
		}
	}
	return began
}

// sealedForm is a request as a cookie holds it.
func sealedForm(r *oauth.Request) pending {
	p := pending{Nonce: r.Nonce, Verifier: r.Verifier, Scopes: r.Scopes, Hint: r.Hint, Try: r.Try, Run: r.Run, Own: r.Own, Binding: r.Binding,
		Began: r.Began.UnixMilli(), Steps: r.Steps, Pushed: r.Pushed, StepUp: r.StepUp}
	p.setParameters(r)
	return p
}

// request is what a cookie held, as it was.
func (p pending) request(state string) *oauth.Request {
	r := &oauth.Request{State: state, Nonce: p.Nonce, Verifier: p.Verifier, Scopes: p.Scopes, Hint: p.Hint, Try: p.Try, Run: p.Run, Own: p.Own,
		Binding: p.Binding, Began: time.UnixMilli(p.Began), Steps: p.Steps, Pushed: p.Pushed, StepUp: p.StepUp}
	r.Extra, r.Given = p.parameters()
	return r
}

func (s *Store) closePending(name string, r *oauth.Request) (string, error) {
	return s.cookies.closeJSON(name, sealedForm(r))
}

// setParameters tells what was given for a login from what the settings added, without naming anything twice.
func (p *pending) setParameters(r *oauth.Request) {
	p.Extra, p.Settings, p.Scoped = config.Parameters{}, config.Parameters{}, slices.Contains(r.Given, "scope")
	for name, value := range r.Extra {
		if slices.Contains(r.Given, name) {
			p.Extra[name] = value
		} else {
			p.Settings[name] = value
		}
	}
}

// parameters returns what setParameters was given.
func (p pending) parameters() (all config.Parameters, given []string) {
	given = slices.Collect(maps.Keys(p.Extra))
	if p.Scoped {
		given = append(given, "scope")
	}
	slices.Sort(given)
	return p.Settings.With(p.Extra), given
}

// openPending reads a cookie that closePending wrote, under its own name and not too long ago.
func (s *Store) openPending(name, value string) (p pending, ok bool) {
	if !s.cookies.openJSON(name, value, &p) {
		return pending{}, false
	}
	return p, s.isYoung(p.Began)
}

// isPending reports what openPending would open, and reads no more of it than its age.
func (s *Store) isPending(name, value string) bool {
	var p struct {
		Began int64 `json:"b"`
	}
	return s.cookies.openJSON(name, value, &p) && s.isYoung(p.Began)
}

// isYoung reports a login that began, in unix milliseconds, no longer ago than one may take.
func (s *Store) isYoung(began int64) bool { return s.now().Sub(time.UnixMilli(began)) <= pendingAge }

// closeJSON seals a value for the cookie of a name.
func (s aead) closeJSON(name string, value any) (string, error) {
	var plain bytes.Buffer
	e := json.NewEncoder(&plain)
	e.SetEscapeHTML(false) // which would make six bytes of one
	if err := e.Encode(value); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(s.close(plain.Bytes(), name)), nil
}

// openJSON reads a cookie that closeJSON wrote for its name, and reports whether it is one.
func (s aead) openJSON(name, cookie string, value any) bool {
	closed, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil {
		return false
	}
	plain, err := s.open(closed, name)
	return err == nil && json.Unmarshal(plain, value) == nil
}

func (s *Store) pendingName(state string) string { return s.pendingPrefix + state }

func (s *Store) pendingCookie(name, value string, maxAge int) *http.Cookie {
	return &http.Cookie{Name: name, Value: value, MaxAge: maxAge, Path: "/", HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode}
}

// NoCookies takes the place of an answer where a session is saved and the browser must not be told.
type NoCookies struct{ http.ResponseWriter }

// Header returns headers that nobody reads.
func (NoCookies) Header() http.Header { return http.Header{} }

// answer takes the place of an answer until it is known to which ones its cookies go.
type answer struct {
	http.ResponseWriter
	header http.Header
}

// Header returns the headers so far.
func (c *answer) Header() http.Header {
	if c.header == nil {
		c.header = http.Header{}
	}
	return c.header
}

// copyTo sets the cookies in an answer, or in several one after the other.
func (c *answer) copyTo(w http.ResponseWriter) {
	for _, cookie := range c.header["Set-Cookie"] {
		w.Header().Add("Set-Cookie", cookie)
	}
}

// value is the value of the cookie that was set by a name.
func (c *answer) value(name string) string {
	for _, cookie := range c.header["Set-Cookie"] {
		pair, _, _ := strings.Cut(cookie, ";")
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	return ""
}
