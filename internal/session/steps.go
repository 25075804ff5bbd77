package session

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// StepLogin is a step-by-step login of a browser that has not reached its token request.
type StepLogin struct {
	Request *oauth.Request
	Waits   *Login // nil until the authorization response has come
	Left    bool   // the browser was sent to the authorization server
}

// hasLeft replaces notWaiting once the browser was sent to the authorization server.
const hasLeft = "left"

// maxLooked is the maximum number of step cookies that are read. We set at most maxPending, and each is compared with all
// others.
const maxLooked = 4 * maxPending

// StepLogins returns the unfinished step-by-step logins of this browser, newest first.
func (s *Store) StepLogins(r *http.Request) []StepLogin {
	if !s.AnySteps(r) {
		return nil
	}
	var list []StepLogin
	looked := 0
	for _, cookie := range slices.Backward(r.Cookies()) { // the newest first (RFC 6265 section 5.4)
		handle, ok := strings.CutPrefix(cookie.Name, s.waitingPrefix)
		if !ok {
			continue
		}
		if looked++; looked > maxLooked {
			break
		}
		if waiting := s.StepLogin(r, handle); waiting != nil {
			list = append(list, *waiting)
		}
	}
	slices.SortStableFunc(list, func(a, b StepLogin) int { return b.Request.Began.Compare(a.Request.Began) })
	return list
}

// StepLogin returns the login of this browser that waits under a handle, or nil.
func (s *Store) StepLogin(r *http.Request, handle string) *StepLogin {
	if p := s.Waiting(r, handle); p != nil {
		return &StepLogin{p.Request, p, true}
	}
	for _, cookie := range r.Cookies() {
		state, ok := strings.CutPrefix(cookie.Name, s.pendingPrefix)
		if !ok || Handle(state) != handle {
			continue
		}
		if _, used := s.used.get(state); used {
			return nil
		}
		if request := s.Begun(r, state); request != nil && request.Steps {
			return &StepLogin{request, nil, only(r, s.waitingPrefix+handle) != notWaiting}
		}
	}
	return nil
}

// stays reports whether a step-by-step login has not sent the browser away yet.
func (s *Store) stays(r *http.Request, name string) bool {
	return only(r, s.waitingPrefix+Handle(strings.TrimPrefix(name, s.pendingPrefix))) == notWaiting
}

// Leave records that the browser is sent to the authorization server for a step-by-step login.
func (s *Store) Leave(w http.ResponseWriter, begun *oauth.Request) {
	http.SetCookie(w, s.waitingCookie(s.waitingName(begun.State), hasLeft, int(pendingAge.Seconds())))
}

// ChangeSteps replaces a login that BeginSteps started, with the same state.
func (s *Store) ChangeSteps(w http.ResponseWriter, r *http.Request, changed *oauth.Request) error {
	others := r.Clone(r.Context())
	others.Header.Del("Cookie")
	for _, cookie := range r.Cookies() {
		if cookie.Name != s.pendingName(changed.State) && cookie.Name != s.waitingName(changed.State) {
			others.AddCookie(cookie)
		}
	}
	return s.BeginSteps(w, others, changed)
}

// Attempt makes an attack on a login that waits, once for each name, and stores the answer for as long as the login can
// wait and there is room. The error is ErrUsed, or that of the work.
func (s *Store) Attempt(ctx context.Context, of *oauth.Request, name string, work func(context.Context) (*wire.Exchange, error)) error {
	key := name + " " + of.State
	if !s.used.add(key, struct{}{}) {
		return ErrUsed
	}
	answer, err := work(ctx)
	if err == nil {
		s.attempts.set(key, bounded([]*wire.Exchange{answer}))
	}
	return err
}

// Attempted returns the answer to an attack on a login, or nil. It reports whether the attack was made.
func (s *Store) Attempted(of *oauth.Request, name string) (answer *wire.Exchange, made bool) {
	key := name + " " + of.State
	if kept, _ := s.attempts.get(key); len(kept) > 0 {
		answer = kept[0]
	}
	_, made = s.used.get(key)
	return answer, made
}
