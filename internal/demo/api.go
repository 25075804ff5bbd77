package demo

import (
	"net/http"
	"strings"
)

// handleMe is the API's first route: it greets whoever the access token stands for.
func (s *Server) handleMe(w http.ResponseWriter, r *http.Request) {
	a, ok := s.bearer(w, r, "profile")
	if !ok {
		return
	}
	u := userByID(a.grant.user)
	s.writeJSON(w, http.StatusOK, struct {
		Message  string `json:"message"`
		Subject  string `json:"sub"`
		Username string `json:"username"`
		Client   string `json:"client_id"`
		Scope    string `json:"scope"`
	}{"Hello, " + u.GivenName + ". The access token opened this API.", u.Subject, u.Username, a.grant.client, strings.Join(a.scopes, " ")})
}

// handleNotes is the API's second route, which wants a scope of its own.
func (s *Server) handleNotes(w http.ResponseWriter, r *http.Request) {
	a, ok := s.bearer(w, r, "notes")
	if !ok {
		return
	}
	s.writeJSON(w, http.StatusOK, struct {
		Subject string   `json:"sub"`
		Notes   []string `json:"notes"`
	}{a.grant.user, userByID(a.grant.user).Notes})
}
