package demo

import "net/http"

// handleRevoke is RFC 7009: a refresh token takes its family with it, an access token goes alone,
// and a token that is not known is as good as revoked.
func (s *Server) handleRevoke(w http.ResponseWriter, r *http.Request) {
	client, form, ok := s.authenticate(w, r)
	if !ok {
		return
	}
	raw := form.Get("token")
	if raw == "" {
		s.writeError(w, http.StatusBadRequest, "invalid_request", "token is missing")
		return
	}
	a, err := s.verifyAccessToken(raw, s.expect(""))
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && a.grant.client == client.ID {
		a.revoked = true
	}
	if token, known := s.refresh.get(s.now(), raw); known && token.grant.client == client.ID {
		token.grant.revoked = true
	}
	w.WriteHeader(http.StatusOK)
}
