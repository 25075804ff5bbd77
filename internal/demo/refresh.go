package demo

import (
	"crypto/rand"
	"net/http"
	"net/url"
)

// refreshToken is used once: each refresh brings a new one, and the use of an old one revokes the
// family (RFC 9700 section 4.14.2).
type refreshToken struct {
	grant *grant
	used  bool
}

// redeemRefreshToken is RFC 6749 section 6.
func (s *Server) redeemRefreshToken(w http.ResponseWriter, client *Client, form url.Values) {
	next, refused := s.takeRefreshToken(client, form)
	if refused != nil {
		s.writeError(w, http.StatusBadRequest, refused.Code, refused.Description)
		return
	}
	next.refresh = rand.Text() + rand.Text()
	if s.breaks(RefreshNotRotated) {
		next.refresh = form.Get("refresh_token")
	}
	s.issue(w, next)
}

// takeRefreshToken finds a refresh token and spends it in one step, once nothing else is wrong with
// the request. A token that comes a second time was stolen by one of the two.
func (s *Server) takeRefreshToken(client *Client, form url.Values) (tokenSet, *oauthError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, ok := s.refresh.get(s.now(), form.Get("refresh_token"))
	switch {
	case !ok || token.grant.client != client.ID:
		return tokenSet{}, &oauthError{"invalid_grant", "the refresh token is not known"}
	case token.used && !s.breaks(OldRefreshToken):
		token.grant.revoked = !s.breaks(RefreshReuseFamilyLives)
		return tokenSet{}, &oauthError{"invalid_grant", "the refresh token has been used already"}
	case token.grant.revoked:
		return tokenSet{}, &oauthError{"invalid_grant", "the refresh token has been revoked"}
	}
	scopes := token.grant.scopes
	if form.Has("scope") {
		scopes = parseScope(form.Get("scope"))
	}
	if !containsAll(token.grant.scopes, scopes) {
		return tokenSet{}, &oauthError{"invalid_scope", "a refresh cannot add scopes"}
	}
	audience, refused := s.audience(token.grant, form["resource"])
	if refused != nil {
		return tokenSet{}, refused
	}
	token.used = true
	return tokenSet{grant: token.grant, scopes: scopes, audience: audience}, nil
}
