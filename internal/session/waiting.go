package session

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"oauth-test-client/internal/oauth"
)

// A step-by-step login waits between the response and the exchange of its code. What it needs to continue is encrypted in
// the browser's own cookie, so that other visitors' logins can't displace it. Its recorded requests are in this process,
// only for the diagram and only while there is room.

// maxWaitingSize is the maximum size in bytes of the cookies of waiting logins, including their names: a browser stores no
// longer cookie.
const maxWaitingSize = 4000

// notWaiting is the cookie value of a step-by-step login that has not come back, or is finished.
const notWaiting = "begun"

// sealedLogin is a waiting login in the form that its cookie contains. The code is in the callback.
type sealedLogin struct {
	*Login
	State string `json:"s"`
}

// Handle returns a name for a login that can appear in our URLs. It is not a secret: only the cookie gives access.
func Handle(state string) string {
	sum := sha256.Sum256([]byte(state))
	return base32.StdEncoding.EncodeToString(sum[:5])
}

// BeginSteps calls Begin for a step-by-step login.
func (s *Store) BeginSteps(w http.ResponseWriter, r *http.Request, begun *oauth.Request) error {
	begun.Steps = true
	if err := s.Begin(w, r, begun); err != nil {
		return err
	}
	name := s.waitingName(begun.State)
	s.makeRoom(w, r, name, notWaiting)
	http.SetCookie(w, s.waitingCookie(name, notWaiting, int(pendingAge.Seconds())))
	return nil
}

// makeRoom drops the cookies of other step-by-step logins that do not fit beside a new one.
func (s *Store) makeRoom(w http.ResponseWriter, r *http.Request, name, value string) {
	room, others := maxWaitingSize-len(name)-len(value), 0
	for _, cookie := range slices.Backward(r.Cookies()) { // the newest first (RFC 6265 section 5.4)
		if !strings.HasPrefix(cookie.Name, s.waitingPrefix) || cookie.Name == name {
			continue
		}
		others++
		if room -= len(cookie.Name) + len(cookie.Value); room < 0 || others >= maxPending {
			http.SetCookie(w, s.waitingCookie(cookie.Name, "", -1))
		}
	}
}

// AnySteps reports whether this browser has a step-by-step login. If it has none, this costs nothing.
func (s *Store) AnySteps(r *http.Request) bool {
	return slices.ContainsFunc(r.Header["Cookie"], func(header string) bool { return strings.Contains(header, s.waitingPrefix) })
}

// InSteps reports whether the login with the state is a step-by-step login.
func (s *Store) InSteps(r *http.Request, state string) bool {
	return only(r, s.waitingName(state)) != ""
}

// KeepWaiting runs the work on the response to a request, once for its state, and stores the result in the browser. The
// state is then used, as in Finish. The error is ErrUsed, ErrTooLong if the response does not fit into a cookie, or
// that of the work. A response that is too long does not use up the state.
func (s *Store) KeepWaiting(w http.ResponseWriter, r *http.Request, request *oauth.Request, work func(context.Context) (*Login, error)) (*Login, error) {
	name := s.waitingName(request.State)
	close := func(p *Login) (string, error) { return s.waits.closeJSON(name, sealedLogin{p, request.State}) }
	if value, err := close(&Login{Request: request, Callback: r.URL.String(), Arrived: s.now()}); err != nil || len(name)+len(value) > maxWaitingSize {
		return nil, cmp.Or(err, ErrTooLong)
	}
	http.SetCookie(w, s.pendingCookie(s.pendingName(request.State), "", -1))
	p, err := s.receiving.DoHere(r.Context(), r.URL.RawQuery, func(ctx context.Context) (*Login, error) {
		if !s.used.add(request.State, struct{}{}) {
			return nil, ErrUsed
		}
		p, err := work(ctx)
		if err != nil {
			return nil, err
		}
		s.arrivals.set(request.State, bounded(p.Steps))
		return p, nil
	})
	if err != nil {
		return nil, err
	}
	value, err := close(p)
	if err != nil {
		return nil, err
	}
	s.makeRoom(w, r, name, value)
	http.SetCookie(w, s.waitingCookie(name, value, int(pendingAge.Seconds())))
	return p, nil
}

// Waiting returns the login of this browser that waits with a handle, or nil.
func (s *Store) Waiting(r *http.Request, handle string) *Login {
	name := s.waitingPrefix + handle
	p := s.openWaiting(name, only(r, name))
	if p == nil {
		return nil
	}
	if _, over := s.used.get(markOf(p)); over {
		return nil
	}
	return p
}

// openWaiting decrypts the cookie of a waiting login. It returns nil unless the cookie was written for this name and is
// recent enough.
func (s *Store) openWaiting(name, cookie string) *Login {
	var held sealedLogin
	if cookie == notWaiting || !s.waits.openJSON(name, cookie, &held) {
		return nil
	}
	p := held.Login
	if p == nil || p.Request == nil || !s.isYoung(p.Arrived) {
		return nil
	}
	if _, query, found := strings.Cut(p.Callback, "?"); found {
		response, _ := url.ParseQuery(query) // it was read before it was sealed
		p.Code = response.Get("code")
	}
	p.Request.State, p.Request.Before = held.State, s.before(held.State)
	p.Steps, _ = s.arrivals.get(held.State)
	return p
}

// Exchange finishes a login that waits for the exchange of its code, once, as Finish does.
func (s *Store) Exchange(w http.ResponseWriter, r *http.Request, p *Login, work func(context.Context) (*Login, error)) (*Login, error) {
	http.SetCookie(w, s.waitingCookie(s.waitingName(p.Request.State), notWaiting, int(pendingAge.Seconds()))) // the code is used
	return s.singleflight(w, r, markOf(p), markOf(p), work)
}

// markOf returns the mark under which a waiting login is recorded as used.
func markOf(p *Login) string { return "exchange " + p.Request.State }

func (s *Store) waitingName(state string) string { return s.waitingPrefix + Handle(state) }

func (s *Store) waitingCookie(name, value string, maxAge int) *http.Cookie {
	return &http.Cookie{Name: name, Value: value, MaxAge: maxAge, Path: "/", HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode}
}
