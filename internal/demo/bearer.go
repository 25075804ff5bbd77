package demo

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// bearer checks the access token of a request and its scope, and answers with the errors of RFC
// 6750 section 3.1 when ok is false. A request without a token learns only how to bring one.
func (s *Server) bearer(w http.ResponseWriter, r *http.Request, scope string) (a *accessToken, ok bool) {
	challenge := fmt.Sprintf(`Bearer realm="demo", resource_metadata=%q`, strings.TrimSuffix(s.issuer, s.base)+"/.well-known/oauth-protected-resource"+s.base+"/api")
	kind, raw, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "Bearer") || raw == "" {
		w.Header().Set("WWW-Authenticate", challenge)
		s.writeError(w, http.StatusUnauthorized, "invalid_request", "the request has no access token: send it as Authorization: Bearer")
		return nil, false
	}
	a, err := s.verifyAccessToken(strings.TrimSpace(raw))
	if err != nil {
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`%s, error="invalid_token", error_description=%q`, challenge, err.Error()))
		s.writeError(w, http.StatusUnauthorized, "invalid_token", err.Error())
		return nil, false
	}
	if !slices.Contains(a.scopes, scope) {
		description := "the access token lacks the scope " + scope
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`%s, error="insufficient_scope", error_description=%q, scope=%q`, challenge, description, scope))
		s.writeError(w, http.StatusForbidden, "insufficient_scope", description)
		return nil, false
	}
	return a, true
}
