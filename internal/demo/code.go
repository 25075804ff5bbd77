package demo

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// grant is what a user allowed a client once. Every token that comes of it belongs to the family,
// and is worthless once the grant is revoked.
type grant struct {
	user, client string
	scopes       []string
	resources    []string // what its tokens may be for; none for any
	authTime     time.Time
	revoked      bool
}

// code is an authorization code (RFC 6749 section 4.1.2). A used one is kept, to notice its reuse.
type code struct {
	grant       *grant
	redirectURI string
	challenge   string
	nonce       string
	issued      time.Time
	used        bool
}

// redeemCode is RFC 6749 section 4.1.3 with RFC 7636 section 4.6.
func (s *Server) redeemCode(w http.ResponseWriter, client *Client, form url.Values) {
	c, refused := s.takeCode(client, form)
	if refused != nil {
		s.writeError(w, http.StatusBadRequest, refused.Code, refused.Description)
		return
	}
	audience, refused := s.audience(c.grant, form["resource"])
	if refused != nil {
		s.writeError(w, http.StatusBadRequest, refused.Code, refused.Description)
		return
	}
	s.issue(w, tokenSet{c.grant, c.grant.scopes, audience, c.nonce, rand.Text() + rand.Text()})
}

// takeCode finds a code and spends it in one step. A code that comes a second time was stolen by
// one of the two: everything that came of it is revoked (RFC 6749 section 4.1.2).
func (s *Server) takeCode(client *Client, form url.Values) (*code, *oauthError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	c, ok := s.codes.get(now, form.Get("code"))
	switch {
	case !ok, c.grant.client != client.ID && !s.breaks(OtherClientsCode):
		return nil, &oauthError{"invalid_grant", "the code is not known"}
	case c.used && !s.breaks(CodeUsedTwice):
		c.grant.revoked = !s.breaks(CodeReuseTokensLive)
		return nil, &oauthError{"invalid_grant", "the code has been used already"}
	}
	c.used = true
	switch {
	case now.Sub(c.issued) > codeLife:
		return nil, &oauthError{"invalid_grant", "the code has expired"}
	case form.Get("redirect_uri") != c.redirectURI && !s.breaks(OtherRedirectURI):
		return nil, &oauthError{"invalid_grant", "the redirect_uri is not the one of the authorization request"}
	case !s.proves(form.Get("code_verifier"), c.challenge):
		return nil, &oauthError{"invalid_grant", "the code_verifier does not fit the code_challenge"}
	}
	return c, nil
}

// proves reports whether whoever has the code began the login too. A verifier without a challenge is
// refused: it would let a code pass whose challenge was stripped (RFC 9700 section 4.8.2).
func (s *Server) proves(verifier, challenge string) bool {
	switch {
	case challenge == "":
		return verifier == ""
	case verifier == "":
		return s.breaks(MissingVerifier)
	}
	return verifierFits(verifier, challenge) || s.breaks(WrongVerifier)
}

// verifierFits compares as RFC 7636 section 4.6 says, after the lengths of section 4.1.
func verifierFits(verifier, challenge string) bool {
	if len(verifier) < 43 || len(verifier) > 128 || strings.ContainsFunc(verifier, notUnreserved) {
		return false
	}
	hash := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(hash[:])), []byte(challenge)) == 1
}
