package session

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"net/http"
	"slices"
	"strings"
	"time"

	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

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
