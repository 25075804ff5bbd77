package demo

import (
	"errors"
	"strings"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// expectation is what a place that opens to access tokens expects of them (RFC 9068 section 4).
type expectation struct {
	jwt.Expected      // issuer and time; the audience, where it matters
	signed       bool // by this server
	expires      bool
	live         bool // not revoked by itself; that its grant is revoked is always noticed
}

// expect is what every place expects. Each may be made deaf to the revocation of
// a token, by a fault of its own.
func (s *Server) expect(deaf Fault) expectation {
	return expectation{Expected: jwt.Expected{Issuer: s.issuer(), Time: s.now()}, signed: true, expires: true, live: !s.breaks(deaf)}
}

// verifyAccessToken returns the access token that a bearer presents, if it is as expected.
func (s *Server) verifyAccessToken(raw string, want expectation) (*accessToken, error) {
	claims, err := s.readAccessToken(raw, want.signed)
	if err != nil {
		return nil, err
	}
	if !want.expires {
		claims.Expiry = nil
	}
	switch err := claims.ValidateWithLeeway(want.Expected, 0); {
	case errors.Is(err, jwt.ErrInvalidIssuer):
		return nil, errors.New("the access token is from another issuer")
	case errors.Is(err, jwt.ErrInvalidAudience):
		return nil, errors.New("the access token is for another API")
	case errors.Is(err, jwt.ErrExpired):
		return nil, errors.New("the access token has expired")
	case err != nil:
		return nil, errors.New("the access token is not valid at this time")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.access.get(s.now(), claims.ID)
	if !ok || a.grant.revoked || want.live && a.revoked {
		return nil, errors.New("the access token has been revoked")
	}
	return a, nil
}

// readAccessToken returns what an access token of ours says.
func (s *Server) readAccessToken(raw string, signed bool) (accessClaims, error) {
	if !strings.Contains(raw, ".") {
		return s.lookUpAccessToken(raw)
	}
	keys, err := s.keys()
	if err != nil {
		return accessClaims{}, err
	}
	token, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return accessClaims{}, errors.New("the access token is not a JWT of this server")
	}
	var claims accessClaims
	if signed {
		err = token.Claims(keys.public.Keys[0], &claims)
	} else {
		err = token.UnsafeClaimsWithoutVerification(&claims) // only where a fault says so
	}
	if err != nil {
		return accessClaims{}, errors.New("the access token was not signed by this server")
	}
	if typ, _ := token.Headers[0].ExtraHeaders[jose.HeaderType].(string); typ != "at+jwt" {
		return accessClaims{}, errors.New("the token is not an access token")
	}
	return claims, nil
}

// lookUpAccessToken finds an opaque access token.
func (s *Server) lookUpAccessToken(raw string) (accessClaims, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.access.get(s.now(), raw)
	if !ok || !a.opaque {
		return accessClaims{}, errors.New("the access token is not known here")
	}
	return s.claimsOf(a), nil
}

// readIDToken returns what an ID token of ours says, expired or not.
func (s *Server) readIDToken(raw string) (jwt.Claims, bool) {
	keys, err := s.keys()
	if err != nil {
		return jwt.Claims{}, false
	}
	token, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return jwt.Claims{}, false
	}
	var claims jwt.Claims
	typ, _ := token.Headers[0].ExtraHeaders[jose.HeaderType].(string)
	if token.Claims(keys.public.Keys[0], &claims) != nil || typ != "JWT" || claims.Issuer != s.issuer() || len(claims.Audience) != 1 {
		return jwt.Claims{}, false
	}
	return claims, true
}
