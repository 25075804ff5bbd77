package demo

import "net/http"

// handleUserinfo is OpenID Connect Core section 5.3.
func (s *Server) handleUserinfo(w http.ResponseWriter, r *http.Request) {
	a, ok := s.bearer(w, r, door{expects: s.expect(RevokedAtUserinfo), scope: "openid", challenge: `realm="demo"`})
	if !ok {
		return
	}
	s.writeJSON(w, http.StatusOK, struct {
		Subject string `json:"sub"`
		profileClaims
	}{a.grant.user, s.profileOf(userByID(a.grant.user), a.scopes)})
}
