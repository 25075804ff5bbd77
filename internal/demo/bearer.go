package demo

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// door is a place that opens to an access token.
type door struct {
	expects   expectation
	scope     string   // that the token must have
	challenge string   // the parameters of its Bearer challenge; empty for none at all
	schemes   []string // challenges of other schemes
}

// bearer opens a door, or answers with the errors of RFC 6750 section 3.1 when ok is false. A request
// without a token learns only how to bring one.
func (s *Server) bearer(w http.ResponseWriter, r *http.Request, d door) (a *accessToken, ok bool) {
	raw := bearerToken(r)
	if raw == "" {
		d.refuse(w, "")
		s.writeError(w, http.StatusUnauthorized, "invalid_request", "the request has no access token: send it as Authorization: Bearer")
		return nil, false
	}
	a, err := s.verifyAccessToken(raw, d.expects)
	if err != nil {
		d.refuse(w, fmt.Sprintf(`, error="invalid_token", error_description=%q`, err.Error()))
		s.writeError(w, http.StatusUnauthorized, "invalid_token", err.Error())
		return nil, false
	}
	return a, s.hasScope(w, a, d)
}

// hasScope answers with insufficient_scope when the token lacks the door's scope.
func (s *Server) hasScope(w http.ResponseWriter, a *accessToken, d door) bool {
	if slices.Contains(a.scopes, d.scope) {
		return true
	}
	description := "the access token lacks the scope " + d.scope
	d.refuse(w, fmt.Sprintf(`, error="insufficient_scope", error_description=%q, scope=%q`, description, d.scope))
	s.writeError(w, http.StatusForbidden, "insufficient_scope", description)
	return false
}

// refuse sets the challenges of a refusal (RFC 6750 section 3).
func (d door) refuse(w http.ResponseWriter, why string) {
	for _, scheme := range d.schemes {
		w.Header().Add("WWW-Authenticate", scheme)
	}
	if d.challenge != "" {
		w.Header().Add("WWW-Authenticate", "Bearer "+d.challenge+why)
	}
}

// bearerToken is the access token of a request (RFC 6750 section 2.1), or "".
func bearerToken(r *http.Request) string {
	scheme, raw, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(raw)
}
