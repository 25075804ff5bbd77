package demo

import (
	"errors"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// verifyAccessToken returns the access token that a bearer presents (RFC 9068 section 4), if it is
// ours, has not expired and has not been revoked.
func (s *Server) verifyAccessToken(raw string) (*accessToken, error) {
	keys, err := s.keys()
	if err != nil {
		return nil, err
	}
	token, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return nil, errors.New("the access token is not a JWT of this server")
	}
	var claims accessClaims
	if err := token.Claims(keys.public.Keys[0], &claims); err != nil {
		return nil, errors.New("the access token was not signed by this server")
	}
	if typ, _ := token.Headers[0].ExtraHeaders[jose.HeaderType].(string); typ != "at+jwt" {
		return nil, errors.New("the token is not an access token")
	}
	now := s.now()
	if claims.ValidateWithLeeway(jwt.Expected{Issuer: s.issuer, AnyAudience: jwt.Audience{s.issuer + "/api"}, Time: now}, 0) != nil {
		return nil, errors.New("the access token has expired")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.access.get(now, claims.ID)
	if !ok || a.revoked || a.grant.revoked {
		return nil, errors.New("the access token has been revoked")
	}
	return a, nil
}

// idTokenHint reads an ID token of ours, expired or not (RP-Initiated Logout section 2).
func (s *Server) idTokenHint(raw string) (subject, client string, ok bool) {
	keys, err := s.keys()
	if err != nil {
		return "", "", false
	}
	token, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return "", "", false
	}
	var claims jwt.Claims
	if token.Claims(keys.public.Keys[0], &claims) != nil || claims.Issuer != s.issuer || len(claims.Audience) != 1 {
		return "", "", false
	}
	return claims.Subject, claims.Audience[0], true
}
