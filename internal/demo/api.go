package demo

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/go-jose/go-jose/v4/jwt"
)

// handleMe is the API's first route: it greets whoever the access token stands for.
func (s *Server) handleMe(w http.ResponseWriter, r *http.Request) {
	a, ok := s.openAPI(w, r, "/api/me", "profile")
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
	a, ok := s.openAPI(w, r, "/api/notes", "notes")
	if !ok {
		return
	}
	s.writeJSON(w, http.StatusOK, struct {
		Subject string   `json:"sub"`
		Notes   []string `json:"notes"`
	}{a.grant.user, userByID(a.grant.user).Notes})
}

// openAPI opens one of the API's routes to an access token, or has answered when ok is false.
func (s *Server) openAPI(w http.ResponseWriter, r *http.Request, path, scope string) (a *accessToken, ok bool) {
	d := s.apiDoor(path, scope)
	if a, done := s.brokenAPI(w, r, &d); done {
		return a, a != nil
	}
	return s.bearer(w, r, d)
}

// apiDoor is what a route of the API expects: a token from this server, for the route or the whole API,
// with the scope. Its challenge says where a client learns which server that is (RFC 9728 section 5.1).
func (s *Server) apiDoor(path, scope string) door {
	d := door{expects: s.expect(RevokedAtAPI), scope: scope}
	d.expects.AnyAudience = jwt.Audience{s.root() + path, s.root() + "/api"}
	d.challenge = fmt.Sprintf(`realm="demo", resource_metadata=%q`, s.resourceMetadataURL(path))
	return d
}
