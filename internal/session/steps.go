package session

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// Waiting is a login of a browser that is shown step by step and has not reached its token request.
type Waiting struct {
	Request *oauth.Request
	Pause   *Pause // nil until the authorization response has come
	Left    bool   // the browser was sent to the authorization server
}

// hasLeft takes the place of notWaiting once the browser was sent to the authorization server.
const hasLeft = "left"

// Waiting returns the logins of this browser that are under way step by step, the newest first.
func (s *Store) Waiting(r *http.Request) []Waiting {
	if !s.AnySteps(r) {
		return nil
	}
	var list []Waiting
	for _, cookie := range r.Cookies() {
		if handle, ok := strings.CutPrefix(cookie.Name, s.pausePrefix); ok {
			if waiting := s.WaitingAt(r, handle); waiting != nil {
				list = append(list, *waiting)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Waiting) int { return b.Request.Began.Compare(a.Request.Began) })
	return list
}

// WaitingAt returns the login of this browser that waits under a handle, or nil.
func (s *Store) WaitingAt(r *http.Request, handle string) *Waiting {
	if p := s.Paused(r, handle); p != nil {
		return &Waiting{p.Request, p, true}
	}
	for _, cookie := range r.Cookies() {
		state, ok := strings.CutPrefix(cookie.Name, s.pendingPrefix)
		if !ok || Handle(state) != handle {
			continue
		}
		if _, spent := s.spent.get(state); spent {
			return nil
		}
		if request := s.Begun(r, state); request != nil && request.Steps {
			return &Waiting{request, nil, only(r, s.pausePrefix+handle) != notWaiting}
		}
	}
	return nil
}

// stays reports a login that is shown step by step and has not sent the browser away.
func (s *Store) stays(r *http.Request, name string) bool {
	return only(r, s.pausePrefix+Handle(strings.TrimPrefix(name, s.pendingPrefix))) == notWaiting
}

// Leave notes that the browser is sent to the authorization server for a login step by step.
func (s *Store) Leave(w http.ResponseWriter, begun *oauth.Request) {
	http.SetCookie(w, s.pauseCookie(s.pauseName(begun.State), hasLeft, int(pendingAge.Seconds())))
}

// ChangeSteps replaces a login that BeginSteps began, under the same state.
func (s *Store) ChangeSteps(w http.ResponseWriter, r *http.Request, changed *oauth.Request) error {
	others := r.Clone(r.Context())
	others.Header.Del("Cookie")
	for _, cookie := range r.Cookies() {
		if cookie.Name != s.pendingName(changed.State) && cookie.Name != s.pauseName(changed.State) {
			others.AddCookie(cookie)
		}
	}
	return s.BeginSteps(w, others, changed)
}

// Attempt makes an attack on a login that waits, once by its name, and keeps how it was answered as long as the login can
// wait and there is room. The error is ErrSpent, or that of the work.
func (s *Store) Attempt(ctx context.Context, of *oauth.Request, name string, work func(context.Context) (*wire.Exchange, error)) error {
	key := name + " " + of.State
	if !s.spent.add(key, struct{}{}) {
		return ErrSpent
	}
	answer, err := work(ctx)
	if err == nil {
		s.attempts.set(key, bounded([]*wire.Exchange{answer}))
	}
	return err
}

// Attempted returns how an attack on a login was answered, or nil. It reports whether one was made.
func (s *Store) Attempted(of *oauth.Request, name string) (answer *wire.Exchange, made bool) {
	key := name + " " + of.State
	if kept, _ := s.attempts.get(key); len(kept) > 0 {
		answer = kept[0]
	}
	_, made = s.spent.get(key)
	return answer, made
}
