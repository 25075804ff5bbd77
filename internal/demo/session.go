package demo

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// session is somebody who has signed in with this browser.
type session struct {
	user     string
	authTime time.Time
}

// session returns who is signed in with this browser.
func (s *Server) session(r *http.Request) (session, bool) {
	cookie, err := r.Cookie(s.cookieName())
	if err != nil {
		return session{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions.get(s.now(), cookie.Value)
}

func (s *Server) signIn(w http.ResponseWriter, u *user) {
	id := rand.Text()
	s.mu.Lock()
	s.sessions.put(s.now(), id, session{u.Subject, s.now()})
	s.mu.Unlock()
	s.setCookie(w, id, 0)
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(s.cookieName()); err == nil {
		s.mu.Lock()
		s.sessions.remove(cookie.Value)
		s.mu.Unlock()
	}
	s.setCookie(w, "", -1)
}

// cookieName has the issuer's port in it, as cookies of localhost go to every port.
func (s *Server) cookieName() string {
	u, err := url.Parse(s.mount)
	if err != nil || u.Port() == "" {
		return "demo_session"
	}
	return "demo_session_" + u.Port()
}

func (s *Server) setCookie(w http.ResponseWriter, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{Name: s.cookieName(), Value: value, Path: s.base + "/", MaxAge: maxAge,
		HttpOnly: true, Secure: strings.HasPrefix(s.mount, "https://"), SameSite: http.SameSiteLaxMode})
}
