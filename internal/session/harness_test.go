package session

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gorilla/sessions"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
)

// clock is a time that a test sets.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newStore(t *testing.T, baseURL string, now func() time.Time) *Store {
	t.Helper()
	s, err := New(config.Config{BaseURL: baseURL, SessionSecret: "0123456789abcdef"}, nil, now)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// jar is the cookies of a browser, by name.
type jar map[string]string

// ask is a request with the cookies.
func (j jar) ask(path string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for name, value := range j {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	return r
}

// take takes over the cookies of an answer.
func (j jar) take(w *httptest.ResponseRecorder) {
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(j, c.Name)
			continue
		}
		j[c.Name] = c.Value
	}
}

// size returns the length of the cookies in a request.
func (j jar) size() int {
	n := 0
	for name, value := range j {
		n += len(name) + len("=; ") + len(value)
	}
	return n
}

// begin begins a login, and returns the error of that.
func (j jar) begin(s *Store, r *oauth.Request) error {
	w := httptest.NewRecorder()
	err := s.Begin(w, j.ask("/login"), r)
	j.take(w)
	return err
}

// receive brings the response to a login step by step.
func (j jar) receive(s *Store, r *oauth.Request) error {
	w := httptest.NewRecorder()
	_, err := s.KeepWaiting(w, j.ask("/oauth_callback?code=a"), r, func(context.Context) (*Login, error) {
		return &Login{Request: r, Callback: "/oauth_callback?code=a", Arrived: s.now()}, nil
	})
	j.take(w)
	return err
}

// finish keeps a login, as a request that is sent now.
func (j jar) finish(t *testing.T, s *Store, l *Login) {
	t.Helper()
	w := httptest.NewRecorder()
	if err := s.keep(w, j.ask("/oauth_callback"), l, s.now()); err != nil {
		t.Error(err)
	}
	j.take(w)
}

// states are those of the logins that a browser has, newest first.
func (j jar) states(t *testing.T, s *Store) []string {
	t.Helper()
	logins, err := s.Logins(NoCookies{}, j.ask("/session"))
	if err != nil {
		t.Fatal(err)
	}
	var states []string
	for _, l := range logins {
		states = append(states, l.Request.State)
	}
	return states
}

func newRequest(state string, began time.Time) *oauth.Request {
	return &oauth.Request{State: state, Nonce: "AAAAAAAAAAAAAAAAAAAAAAAAAA", Verifier: oauthVerifier, Scopes: []string{"openid", "profile", "email"},
		Binding: "BBBBBBBBBBBBBBBBBBBBBB", Began: began}
}

const oauthVerifier = "0123456789012345678901234567890123456789012"

func newLogin(state string, arrived time.Time) *Login {
	return &Login{
		Request:  newRequest(state, arrived),
		Arrived:  arrived,
		Response: new(oauth.TokenResponse),
		Held:     oauth.Tokens{Access: "access", Refresh: "refresh"},
	}
}

// slowStore is a store in which something happens between reading a session and saving it.
type slowStore struct {
	sessions.Store
	read func() // after each session that is read
	save func() // before each session that is saved
}

func (s slowStore) New(r *http.Request, name string) (*sessions.Session, error) {
	session, err := s.Store.New(r, name)
	if s.read != nil {
		s.read()
	}
	return session, err
}

func (s slowStore) Save(r *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	if s.save != nil {
		s.save()
	}
	return s.Store.Save(r, w, session)
}
