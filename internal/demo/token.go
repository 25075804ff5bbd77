package demo

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// accessToken is an access token that can be revoked before it expires.
type accessToken struct {
	id              string
	grant           *grant
	scopes          []string
	audience        []string
	issued, expires time.Time
	opaque          bool // its id is the whole token
	revoked         bool
}

// tokenResponse is RFC 6749 section 5.1, in the order of Clerk's guide.
type tokenResponse struct {
	AccessToken  string `json:"access_token"`
	ExpiresIn    int    `json:"expires_in"`
	IDToken      string `json:"id_token,omitempty"`
	RefreshToken string `json:"refresh_token"`
	Scope        string `json:"scope"`
	TokenType    string `json:"token_type"`
}

// handleToken is the token endpoint (RFC 6749 section 3.2).
func (s *Server) handleToken(w http.ResponseWriter, r *http.Request) {
	client, form, ok := s.authenticate(w, r)
	if !ok {
		return
	}
	switch form.Get("grant_type") {
	case "authorization_code":
		s.redeemCode(w, client, form)
	case "refresh_token":
		s.redeemRefreshToken(w, client, form)
	case "":
		s.writeError(w, http.StatusBadRequest, "invalid_request", "grant_type is missing")
	default:
		s.writeError(w, http.StatusBadRequest, "unsupported_grant_type", "authorization_code and refresh_token are supported")
	}
}

// tokenSet is what new tokens say.
type tokenSet struct {
	grant    *grant
	scopes   []string
	audience []string // of the access token
	nonce    string   // of the ID token; none at a refresh (OpenID Connect Core section 12.2)
	refresh  string   // the refresh token
}

// issue answers with new tokens of a grant.
func (s *Server) issue(w http.ResponseWriter, t tokenSet) {
	now := s.now()
	access, err := s.signAccessToken(t, now)
	if err != nil {
		s.writeError(w, http.StatusInternalServerError, "server_error", "the token could not be signed")
		return
	}
	response := tokenResponse{AccessToken: access, ExpiresIn: int(accessLife.Seconds()), RefreshToken: t.refresh,
		Scope: strings.Join(t.scopes, " "), TokenType: "bearer"}
	if slices.Contains(t.scopes, "openid") {
		if response.IDToken, err = s.signIDToken(t, access, now); err != nil {
			s.writeError(w, http.StatusInternalServerError, "server_error", "the ID token could not be signed")
			return
		}
	}
	s.mu.Lock()
	s.refresh.put(now, t.refresh, &refreshToken{grant: t.grant})
	s.mu.Unlock()
	w.Header().Set("Pragma", "no-cache") // RFC 6749 section 5.1
	s.writeJSON(w, http.StatusOK, response)
}
