package session

import (
	"context"
	"net/http"

	"oauth-test-client/internal/oauth"
)

// kept is a login that was kept, for every request that waited for it.
type kept struct {
	login   *Login
	cookies answer // of the session that it was kept in
}

// Finish does what turns a request into a login, once for its state (RFC 6749 section 10.12), and keeps the
// login. An impatient reload asks a second time while the code is being exchanged, and the browser reads
// its answer only: whoever asks for the same meanwhile waits for what comes of the first. The error is
// ErrSpent, an ErrUnavailable, or that of the work.
func (s *Store) Finish(w http.ResponseWriter, r *http.Request, request *oauth.Request, work func(context.Context) (*Login, error)) (*Login, error) {
	http.SetCookie(w, s.pendingCookie(s.pendingName(request.State), "", -1))
	return s.once(w, r, r.URL.RawQuery, request.State, work)
}

// once does the work of a key, and keeps the login that comes of it, unless the mark is spent already.
func (s *Store) once(w http.ResponseWriter, r *http.Request, key, mark string, work func(context.Context) (*Login, error)) (*Login, error) {
	result, err := s.finishing.DoHere(r.Context(), key, func(ctx context.Context) (*kept, error) {
		if !s.spent.add(mark, struct{}{}) {
			return nil, ErrSpent
		}
		login, err := work(ctx)
		if err != nil {
			return nil, err
		}
		result := &kept{login: login}
		return result, s.keep(&result.cookies, r, login)
	})
	if err != nil {
		return nil, err
	}
	result.cookies.copyTo(w)
	return result.login, nil
}

// Spend takes a request back that ends in no login. It reports false when that was done already.
func (s *Store) Spend(w http.ResponseWriter, request *oauth.Request) bool {
	http.SetCookie(w, s.pendingCookie(s.pendingName(request.State), "", -1))
	return s.spent.add(request.State, struct{}{})
}
