package session

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
)

const (
	pendingAge = 10 * time.Minute // from /login to the callback
	maxSpent   = 200_000          // states remembered as used
)

// pending is a request as its cookie holds it. It is encrypted, and one cookie each: two tabs never
// overwrite each other, and nothing is stored for people who never come back.
type pending struct {
	Nonce    string            `json:"n,omitempty"`
	Verifier string            `json:"v"`
	Scopes   []string          `json:"s"`
	Extra    map[string]string `json:"x,omitempty"`
	Binding  string            `json:"a"`
	Began    int64             `json:"b"` // unix milliseconds
}

// Begin puts a request into a cookie of its own, until the browser comes back with its state.
func (s *Store) Begin(w http.ResponseWriter, r *oauth.Request) error {
	plain, err := json.Marshal(pending{r.Nonce, r.Verifier, r.Scopes, r.Extra, r.Binding, r.Began.UnixMilli()})
	if err != nil {
		return err
	}
	name := s.pendingName(r.State)
	sealed, err := s.cookies.Encode(name, plain)
	if err != nil {
		return ErrTooLong
	}
	http.SetCookie(w, s.pendingCookie(name, sealed, int(pendingAge.Seconds())))
	return nil
}

// Take returns the request that this browser began with the state, once: from here on the state is
// spent, whatever comes of it. It returns nil for a state that is not this browser's.
func (s *Store) Take(w http.ResponseWriter, r *http.Request, state string) *oauth.Request {
	if state == "" {
		return nil
	}
	name := s.pendingName(state)
	cookie, err := r.Cookie(name)
	if err != nil {
		return nil
	}
	http.SetCookie(w, s.pendingCookie(name, "", -1))
	var plain []byte
	if err := s.cookies.Decode(name, cookie.Value, &plain); err != nil {
		return nil
	}
	var p pending
	if json.Unmarshal(plain, &p) != nil || !s.spent.add(state) {
		return nil
	}
	return &oauth.Request{State: state, Nonce: p.Nonce, Verifier: p.Verifier, Scopes: p.Scopes, Extra: p.Extra, Binding: p.Binding, Began: time.UnixMilli(p.Began)}
}

func (s *Store) pendingName(state string) string {
	return "login_" + s.cookiePort + "_" + state
}

func (s *Store) pendingCookie(name, value string, maxAge int) *http.Cookie {
	return &http.Cookie{Name: name, Value: value, MaxAge: maxAge, Path: config.CallbackPath,
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode}
}

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
