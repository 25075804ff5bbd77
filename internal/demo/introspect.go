package demo

import (
	"net/http"
	"strings"

	"github.com/go-jose/go-jose/v4/jwt"
)

// introspection is RFC 7662 section 2.2.
type introspection struct {
	Active    bool         `json:"active"`
	Scope     string       `json:"scope,omitempty"`
	ClientID  string       `json:"client_id,omitempty"`
	Username  string       `json:"username,omitempty"`
	TokenType string       `json:"token_type,omitempty"`
	Expires   int64        `json:"exp,omitempty"`
	IssuedAt  int64        `json:"iat,omitempty"`
	Subject   string       `json:"sub,omitempty"`
	Audience  jwt.Audience `json:"aud,omitempty"`
	Issuer    string       `json:"iss,omitempty"`
	ID        string       `json:"jti,omitempty"`
}

// handleIntrospect tells a client about its own tokens; all others are inactive to it.
func (s *Server) handleIntrospect(w http.ResponseWriter, r *http.Request) {
	client, form, ok := s.authenticate(w, r)
	if !ok {
		return
	}
	if client.Secret == "" {
		s.refuseClient(w) // RFC 7662 section 2.1: the endpoint must not be open to anybody
		return
	}
	raw := form.Get("token")
	if raw == "" {
		s.writeError(w, http.StatusBadRequest, "invalid_request", "token is missing")
		return
	}
	if a, err := s.verifyAccessToken(raw, s.expect(RevokedAtIntrospection)); err == nil && a.grant.client == client.ID {
		s.writeJSON(w, http.StatusOK, introspection{Active: true, Scope: strings.Join(a.scopes, " "), ClientID: client.ID,
			Username: userByID(a.grant.user).Username, TokenType: "bearer", Expires: a.expires.Unix(), IssuedAt: a.issued.Unix(),
			Subject: a.grant.user, Audience: jwt.Audience(a.audience), Issuer: s.issuer(), ID: a.id})
		return
	}
	s.mu.Lock()
	token, known := s.refresh.get(s.now(), raw)
	active := known && token.grant.client == client.ID && !token.used && (!token.grant.revoked || s.breaks(RevokedAtIntrospection))
	s.mu.Unlock()
	if !active {
		s.writeJSON(w, http.StatusOK, introspection{})
		return
	}
	s.writeJSON(w, http.StatusOK, introspection{Active: true, Scope: strings.Join(token.grant.scopes, " "), ClientID: client.ID,
		Username: userByID(token.grant.user).Username, Subject: token.grant.user, Issuer: s.issuer()})
}
