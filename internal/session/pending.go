package session

import (
	"bytes"
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
	maxUsed    = 200_000          // states remembered as used
)

// The maximum total size of the cookies of unfinished logins. A proxy in front of us may refuse requests whose cookies are
// longer than a few kilobytes, and then no login could finish.
const (
	maxPending     = 5
	maxPendingSize = 3 << 10 // bytes of names and values
)

// Begin puts a request into a cookie of its own, until the browser comes back with its state. So two tabs never overwrite
// each other, and nothing is stored for users who never come back. The cookie is encrypted. Of the browser's earlier
// logins, only the newest that fit beside it are kept.
func (s *Store) Begin(w http.ResponseWriter, r *http.Request, begun *oauth.Request) error {
	name := s.pendingName(begun.State)
	value, err := s.cookies.closeJSON(name, begun)
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

// Begun returns the request that this browser started with the state. It returns nil if the state is not this browser's, or
// if the login started too long ago.
func (s *Store) Begun(r *http.Request, state string) *oauth.Request {
	name := s.pendingName(state)
	for _, cookie := range r.CookiesNamed(name) { // one is ours; others were planted, and do not open
		request := new(oauth.Request)
		if s.cookies.openJSON(name, cookie.Value, request) && s.isYoung(request.Began) {
			request.State, request.Before = state, s.before(state)
			return request
		}
	}
	return nil
}

// unfinishedLogin is a cookie of a login that has not come back.
type unfinishedLogin struct {
	name  string
	size  int
	began time.Time // zero when it cannot be opened
	try   string    // set for a login of an attack: it has a page of its own
}

// unfinished lists the logins that this browser has started, newest first.
func (s *Store) unfinished(r *http.Request) []unfinishedLogin {
	if len(r.Header["Cookie"]) == 0 {
		return nil
	}
	var all []unfinishedLogin
	for _, cookie := range r.Cookies() {
		if strings.HasPrefix(cookie.Name, s.pendingPrefix) {
			began, try, _ := s.beganAt(cookie.Name, cookie.Value)
			all = append(all, unfinishedLogin{cookie.Name, len(cookie.Name) + len(cookie.Value), began, try})
		}
	}
	slices.SortStableFunc(all, func(a, b unfinishedLogin) int { return b.began.Compare(a.began) })
	return all
}

// Unfinished returns the start times of the logins that this browser left for and has not come back from, newest first.
func (s *Store) Unfinished(r *http.Request) []time.Time {
	var began []time.Time
	for _, login := range s.unfinished(r) {
		if !login.began.IsZero() && login.try == "" && !s.stays(r, login.name) {
			began = append(began, login.began)
		}
	}
	return began
}

// beganAt returns when the login of a cookie started, and the attack that it is for, without reading the rest. It returns
// false for a cookie that can't be decrypted, or if the login started too long ago.
func (s *Store) beganAt(name, value string) (began time.Time, try string, young bool) {
	var p struct {
		Began time.Time `json:"b"`
		Try   string    `json:"t"`
	}
	if !s.cookies.openJSON(name, value, &p) || !s.isYoung(p.Began) {
		return time.Time{}, "", false
	}
	return p.Began, p.Try, true
}

// isYoung reports whether a login that began then may still come back.
func (s *Store) isYoung(began time.Time) bool { return s.now().Sub(began) <= pendingAge }

// closeJSON encrypts a value for the cookie with a name.
func (s aead) closeJSON(name string, value any) (string, error) {
	var plain bytes.Buffer
	e := json.NewEncoder(&plain)
	e.SetEscapeHTML(false) // escaping makes six bytes of one
	if err := e.Encode(value); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(s.close(plain.Bytes(), name)), nil
}

// openJSON decrypts a cookie that closeJSON wrote for its name, and reports whether that succeeded.
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

// NoCookies is a ResponseWriter that drops Set-Cookie, for saving a session without telling the browser.
type NoCookies struct{ http.ResponseWriter }

// Header returns headers that are never sent.
func (NoCookies) Header() http.Header { return http.Header{} }

// answer is a ResponseWriter that collects cookies until it is known which responses get them.
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

// copyTo sets the cookies in a response. It may be called for several.
func (c *answer) copyTo(w http.ResponseWriter) {
	for _, cookie := range c.header["Set-Cookie"] {
		w.Header().Add("Set-Cookie", cookie)
	}
}

// value returns the value of the cookie with a name.
func (c *answer) value(name string) string {
	for _, cookie := range c.header["Set-Cookie"] {
		pair, _, _ := strings.Cut(cookie, ";")
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value
		}
	}
	return ""
}
