package demo

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// refreshToken is used once: each refresh brings a new one, and the use of an old one revokes the
// family (RFC 9700 section 4.14.2).
type refreshToken struct {
	grant *grant
	used  bool
}

// accessToken is an access token that can be revoked before it expires.
type accessToken struct {
	id              string
	grant           *grant
	scopes          []string
	issued, expires time.Time
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

// authenticate reads the form and finds out which client sent it (RFC 6749 section 2.3). It has
// answered when ok is false.
func (s *Server) authenticate(w http.ResponseWriter, r *http.Request) (client *Client, form url.Values, ok bool) {
	if err := r.ParseForm(); err != nil || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		s.writeError(w, http.StatusBadRequest, "invalid_request", "the body must be application/x-www-form-urlencoded")
		return nil, nil, false
	}
	form = r.PostForm
	if repeated := repeatedName(form); repeated != "" {
		s.writeError(w, http.StatusBadRequest, "invalid_request", "a parameter is there more than once")
		return nil, nil, false
	}
	omitEmpty(form)
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if user, password, basic := r.BasicAuth(); basic {
		if form.Has("client_secret") {
			s.writeError(w, http.StatusBadRequest, "invalid_request", "the client must not use more than one authentication method")
			return nil, nil, false
		}
		var errID, errSecret error // form-encoded before base64
		id, errID = url.QueryUnescape(user)
		secret, errSecret = url.QueryUnescape(password)
		if errID != nil || errSecret != nil || form.Has("client_id") && form.Get("client_id") != id {
			s.refuseClient(w)
			return nil, nil, false
		}
	}
	s.mu.Lock()
	client, known := s.clients.get(s.now(), id)
	s.mu.Unlock()
	if !known || subtle.ConstantTimeCompare([]byte(secret), []byte(client.Secret)) != 1 {
		s.refuseClient(w)
		return nil, nil, false
	}
	return client, form, true
}

// refuseClient never says whether it is the ID or the secret.
func (s *Server) refuseClient(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", `Basic realm="demo"`)
	s.writeError(w, http.StatusUnauthorized, "invalid_client", "client authentication failed: unknown client, or wrong secret")
}

// redeemCode is RFC 6749 section 4.1.3 with RFC 7636 section 4.6.
func (s *Server) redeemCode(w http.ResponseWriter, client *Client, form url.Values) {
	c, description := s.takeCode(client, form)
	if description != "" {
		s.writeError(w, http.StatusBadRequest, "invalid_grant", description)
		return
	}
	s.issue(w, c.grant, c.grant.scopes, c.nonce)
}

// takeCode finds a code and spends it in one step. A code that comes a second time was stolen by
// one of the two: everything that came of it is revoked (RFC 6749 section 4.1.2).
func (s *Server) takeCode(client *Client, form url.Values) (*code, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	c, ok := s.codes.get(now, form.Get("code"))
	switch {
	case !ok || c.grant.client != client.ID:
		return nil, "the code is not known"
	case c.used:
		c.grant.revoked = true
		return nil, "the code has been used already"
	}
	c.used = true
	switch {
	case now.Sub(c.issued) > codeLife:
		return nil, "the code has expired"
	case form.Get("redirect_uri") != c.redirectURI:
		return nil, "the redirect_uri is not the one of the authorization request"
	case !verifierFits(form.Get("code_verifier"), c.challenge):
		return nil, "the code_verifier does not fit the code_challenge"
	}
	return c, ""
}

// verifierFits compares as RFC 7636 section 4.6 says, after the lengths of section 4.1.
func verifierFits(verifier, challenge string) bool {
	if len(verifier) < 43 || len(verifier) > 128 || strings.ContainsFunc(verifier, notUnreserved) {
		return false
	}
	hash := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(hash[:])), []byte(challenge)) == 1
}

// redeemRefreshToken is RFC 6749 section 6.
func (s *Server) redeemRefreshToken(w http.ResponseWriter, client *Client, form url.Values) {
	g, scopes, refused := s.takeRefreshToken(client, form)
	if refused != nil {
		s.writeError(w, http.StatusBadRequest, refused.Code, refused.Description)
		return
	}
	s.issue(w, g, scopes, "")
}

// takeRefreshToken finds a refresh token and spends it in one step, once nothing else is wrong with
// the request. A token that comes a second time was stolen by one of the two.
func (s *Server) takeRefreshToken(client *Client, form url.Values) (*grant, []string, *oauthError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, ok := s.refresh.get(s.now(), form.Get("refresh_token"))
	switch {
	case !ok || token.grant.client != client.ID:
		return nil, nil, &oauthError{"invalid_grant", "the refresh token is not known"}
	case token.used:
		token.grant.revoked = true
		return nil, nil, &oauthError{"invalid_grant", "the refresh token has been used already"}
	case token.grant.revoked:
		return nil, nil, &oauthError{"invalid_grant", "the refresh token has been revoked"}
	}
	scopes := token.grant.scopes
	if form.Has("scope") {
		scopes = strings.Fields(form.Get("scope"))
	}
	if slices.ContainsFunc(scopes, func(scope string) bool { return !has(token.grant.scopes, scope) }) {
		return nil, nil, &oauthError{"invalid_scope", "a refresh cannot add scopes"}
	}
	token.used = true
	return token.grant, scopes, nil
}

// issue answers with new tokens of a grant.
func (s *Server) issue(w http.ResponseWriter, g *grant, scopes []string, nonce string) {
	now := s.now()
	access, err := s.signAccessToken(g, scopes, now)
	if err != nil {
		s.writeError(w, http.StatusInternalServerError, "server_error", "the token could not be signed")
		return
	}
	response := tokenResponse{AccessToken: access, ExpiresIn: int(accessLife.Seconds()), RefreshToken: rand.Text() + rand.Text(),
		Scope: strings.Join(scopes, " "), TokenType: "bearer"}
	if has(scopes, "openid") {
		if response.IDToken, err = s.signIDToken(g, scopes, nonce, access, now); err != nil {
			s.writeError(w, http.StatusInternalServerError, "server_error", "the ID token could not be signed")
			return
		}
	}
	s.mu.Lock()
	s.refresh.put(now, response.RefreshToken, &refreshToken{grant: g})
	s.mu.Unlock()
	w.Header().Set("Pragma", "no-cache") // RFC 6749 section 5.1
	s.writeJSON(w, http.StatusOK, response)
}
