package session

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

const (
	pendingAge = 10 * time.Minute // from /login to the callback
	maxSpent   = 200_000          // states remembered as used
)

// What the cookies of unfinished logins may take, all together: a proxy in front of us may refuse a
// request whose cookies are longer than a few kilobytes, and then no login could be finished any more.
const (
	maxPending     = 5
	maxPendingSize = 3 << 10 // bytes of names and values
	maxParameters  = 1 << 10 // bytes of what one login asks for
)

// pending is a request as its cookie holds it. It is encrypted, and one cookie each: two tabs never
// overwrite each other, and nothing is stored for people who never come back.
type pending struct {
	Nonce    string            `json:"n,omitempty"`
	Verifier string            `json:"v"`
	Scopes   []string          `json:"s"`
	Extra    map[string]string `json:"x,omitempty"`
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
	if sizeOfParameters(begun) > maxParameters {
		return ErrTooLong
	}
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

func sizeOfParameters(r *oauth.Request) int {
	n := max(0, len(r.Scopes)-1) // the spaces
	for _, scope := range r.Scopes {
		n += len(scope)
	}
	for name, value := range r.Extra {
		n += len(name) + len(value)
	}
	return n
}

// Begun returns the request that this browser began with the state, or nil: for a state that is not this
// browser's, and for a login that was begun too long ago.
func (s *Store) Begun(r *http.Request, state string) *oauth.Request {
	name := s.pendingName(state)
	for _, cookie := range r.CookiesNamed(name) { // one is ours; others were planted, and do not open
		p, ok := s.openPending(name, cookie.Value)
		if ok {
			return &oauth.Request{State: state, Nonce: p.Nonce, Verifier: p.Verifier, Scopes: p.Scopes, Extra: p.Extra, Try: p.Try, Run: p.Run, Own: p.Own,
				Binding: p.Binding, Began: time.UnixMilli(p.Began), Steps: p.Steps, Pushed: p.Pushed, StepUp: p.StepUp, Before: s.before(state)}
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

// Unfinished returns when the logins were begun that this browser has not come back from, newest first.
func (s *Store) Unfinished(r *http.Request) []time.Time {
	var began []time.Time
	for _, login := range s.unfinished(r) {
		if login.began != 0 {
			began = append(began, time.UnixMilli(login.began))
		}
	}
	return began
}

func (s *Store) closePending(name string, r *oauth.Request) (string, error) {
	var plain bytes.Buffer
	e := json.NewEncoder(&plain)
	e.SetEscapeHTML(false) // which would make six bytes of one
	if err := e.Encode(pending{r.Nonce, r.Verifier, r.Scopes, r.Extra, r.Try, r.Run, r.Own, r.Binding, r.Began.UnixMilli(), r.Steps, r.Pushed, r.StepUp}); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(s.cookies.close(plain.Bytes(), name)), nil
}

// openPending reads a cookie that closePending wrote, under its own name and not too long ago.
func (s *Store) openPending(name, value string) (p pending, ok bool) {
	closed, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		return pending{}, false
	}
	plain, err := s.cookies.open(closed, name)
	if err != nil || json.Unmarshal(plain, &p) != nil {
		return pending{}, false
	}
	age := s.now().Sub(time.UnixMilli(p.Began))
	return p, age <= pendingAge
}

func (s *Store) pendingName(state string) string { return s.pendingPrefix + state }

func (s *Store) pendingCookie(name, value string, maxAge int) *http.Cookie {
	return &http.Cookie{Name: name, Value: value, MaxAge: maxAge, Path: "/", HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode}
}

// A login that is shown step by step waits between the response and the exchange of its code. What waits
// is held in this process, for as long as a login may take, and only so much of it: it is a few kilobytes,
// as a URL is all that it can come from. The browser has the key in a cookie of the login's own.
const maxPauses = 1000

// Pause is a login whose response has come and was believed, and whose code waits to be exchanged.
type Pause struct {
	Request  *oauth.Request
	Code     string
	Callback string // path and query of the authorization response
	Arrived  time.Time
	Steps    []*wire.Exchange // what servers were asked for it

	key string
}

// Handle names a login in an address of ours. It is no secret: the cookie is what opens.
func Handle(state string) string {
	sum := sha256.Sum256([]byte(state))
	return base32.StdEncoding.EncodeToString(sum[:5])
}

// BeginSteps is Begin for a login that is shown step by step.
func (s *Store) BeginSteps(w http.ResponseWriter, r *http.Request, begun *oauth.Request) error {
	begun.Steps = true
	if err := s.Begin(w, r, begun); err != nil {
		return err
	}
	others := 0
	for _, cookie := range r.Cookies() {
		if !strings.HasPrefix(cookie.Name, s.pausePrefix) {
			continue
		}
		if others++; others >= maxPending {
			http.SetCookie(w, s.pauseCookie(cookie.Name, "", -1))
		}
	}
	http.SetCookie(w, s.pauseCookie(s.pausePrefix+Handle(begun.State), "begun", int(pendingAge.Seconds())))
	return nil
}

// AnySteps reports that a login of this browser is shown step by step. Where none is, that costs nothing.
func (s *Store) AnySteps(r *http.Request) bool {
	return slices.ContainsFunc(r.Header["Cookie"], func(header string) bool { return strings.Contains(header, s.pausePrefix) })
}

// InSteps reports that the login with the state is one.
func (s *Store) InSteps(r *http.Request, state string) bool {
	return only(r, s.pausePrefix+Handle(state)) != ""
}

// Pause keeps what the work makes of the response to a request, once for its state: from here on the
// state is spent, as at Finish. The error is ErrSpent, or that of the work.
func (s *Store) Pause(w http.ResponseWriter, r *http.Request, request *oauth.Request, work func(context.Context) (*Pause, error)) (*Pause, error) {
	http.SetCookie(w, s.pendingCookie(s.pendingName(request.State), "", -1))
	p, err := s.pausing.DoHere(r.Context(), r.URL.RawQuery, func(ctx context.Context) (*Pause, error) {
		if !s.spent.add(request.State, struct{}{}) {
			return nil, ErrSpent
		}
		p, err := work(ctx)
		if err != nil {
			return nil, err
		}
		p.key = rand.Text()
		s.pauses.set(p.key, p)
		return p, nil
	})
	if err != nil {
		return nil, err
	}
	http.SetCookie(w, s.pauseCookie(s.pausePrefix+Handle(request.State), p.key, int(pendingAge.Seconds())))
	return p, nil
}

// Paused returns the login of this browser that waits under a handle, or nil.
func (s *Store) Paused(r *http.Request, handle string) *Pause {
	key := only(r, s.pausePrefix+handle)
	p, ok := s.pauses.get(key)
	if !ok || Handle(p.Request.State) != handle {
		return nil
	}
	if _, resumed := s.spent.get(markOf(p)); resumed {
		return nil
	}
	return p
}

// Resume finishes a login that waits, once, as Finish does.
func (s *Store) Resume(w http.ResponseWriter, r *http.Request, p *Pause, work func(context.Context) (*Login, error)) (*Login, error) {
	return s.once(w, r, markOf(p), markOf(p), work)
}

// markOf says of a pause that it is over.
func markOf(p *Pause) string { return "pause " + p.key }

func (s *Store) pauseCookie(name, value string, maxAge int) *http.Cookie {
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
