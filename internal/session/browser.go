package session

import (
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"sync"
	"time"
)

// The tabs of one browser share its session, and their requests overlap. So that none of them loses what
// another one saves, /login gives the browser a mark: a random cookie that holds nothing. Requests with
// one mark change the session one after the other, and what a request saves that was under way when the
// session was replaced goes to the one that took its place. Nothing is read that way: whoever has the old
// cookie only sees nothing.
const (
	successorAge  = time.Minute     // as long as a callback may take
	onTheWay      = 5 * time.Second // from our answer to the browser, and from there back to us
	maxSuccessors = 20_000
)

// successor is what took the place of a session.
type successor struct {
	cookie string
	since  time.Time
}

// markBrowser gives the browser a mark, or lengthens the life of the one it has.
func (s *Store) markBrowser(w http.ResponseWriter, r *http.Request) {
	mark := s.mark(r)
	if mark == "" {
		mark = rand.Text()
	}
	http.SetCookie(w, &http.Cookie{Name: s.markName, Value: mark, MaxAge: int((sessionAge + pendingAge).Seconds()), Path: "/",
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode})
}

// markLength is how long a mark is, as rand.Text makes it.
const markLength = 26

// mark returns the browser's mark, or "" when it has none that could be ours.
func (s *Store) mark(r *http.Request) string {
	if value := only(r, s.markName); len(value) == markLength {
		return value
	}
	return ""
}

// only returns the value of a cookie, or "" when there is none or more than one: of two, one was planted
// by somebody else on this host name, and nothing says which (RFC 6265 section 8.6).
func only(r *http.Request, name string) string {
	if cookies := r.CookiesNamed(name); len(cookies) == 1 {
		return cookies[0].Value
	}
	return ""
}

// lock returns the lock of this browser, or, without a mark, of its session. A few browsers share one; a
// browser that has neither shares nothing, and the lock of another process does not count.
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

// replaced remembers that the session of this request gave way to that of the cookies. The old one may be
// none.
func (s *Store) replaced(r *http.Request, with *answer) {
	if mark := s.mark(r); mark != "" {
		s.successors.set(mark+" "+only(r, s.sessionName), successor{with.value(s.sessionName), s.now()})
	}
}

// successor returns the cookie of the session that took the place of the request's own one, not before
// the given time, or "" when none did.
func (s *Store) successor(r *http.Request, notBefore time.Time) string {
	mark := s.mark(r)
	if mark == "" {
		return ""
	}
	value, last := only(r, s.sessionName), ""
	for range maxLogins { // a longer chain within a minute is nobody's normal work
		next, ok := s.successors.get(mark + " " + value)
		if !ok || next.since.Before(notBefore) {
			break
		}
		value, last = next.cookie, next.cookie
	}
	return last
}
