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

	"github.com/go-jose/go-jose/v4/jwt"
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

// tokenResponse is the response of RFC 6749 section 5.1, in the order of Clerk's guide.
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

// tokenSet is the content of new tokens.
type tokenSet struct {
	grant    *grant
	scopes   []string
	audience []string // of the access token
	nonce    string   // of the ID token; empty at a refresh (OpenID Connect Core section 12.2)
	refresh  string   // the refresh token
}

// issue responds with new tokens of a grant.
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

// client returns the client with an ID.
func (s *Server) client(id string) (*Client, bool) {
	s.mu.Lock()
	registered, known := s.clients.get(s.now(), id)
	s.mu.Unlock()
	if !known || s.breaks(ClientUnknown) {
		return nil, false
	}
	return s.misregister(registered), true
}

// authenticate reads the form and returns the client that sent it (RFC 6749 section 2.3). If ok is false, it has written
// the error.
func (s *Server) authenticate(w http.ResponseWriter, r *http.Request) (client *Client, form url.Values, ok bool) {
	if err := r.ParseForm(); err != nil || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		s.writeError(w, http.StatusBadRequest, "invalid_request", "the body must be application/x-www-form-urlencoded")
		return nil, nil, false
	}
	form = r.PostForm
	if repeated := repeatedName(form); repeated != "" {
		s.writeError(w, http.StatusBadRequest, "invalid_request", "a parameter is repeated")
		return nil, nil, false
	}
	omitEmpty(form)
	id, secret, method := form.Get("client_id"), form.Get("client_secret"), "client_secret_post"
	if user, password, basic := r.BasicAuth(); basic {
		if form.Has("client_secret") {
			s.writeError(w, http.StatusBadRequest, "invalid_request", "the client used more than one authentication method")
			return nil, nil, false
		}
		method = "client_secret_basic"
		var errID, errSecret error // form-encoded before base64
		id, errID = url.QueryUnescape(user)
		secret, errSecret = url.QueryUnescape(password)
		if errID != nil || errSecret != nil || form.Has("client_id") && form.Get("client_id") != id {
			s.refuseClient(w)
			return nil, nil, false
		}
	}
	if secret == "" {
		method = "none"
	}
	client, known := s.client(id)
	if !known || subtle.ConstantTimeCompare([]byte(secret), []byte(client.Secret)) != 1 ||
		client.AuthMethod != "" && method != client.AuthMethod {
		s.refuseClient(w)
		return nil, nil, false
	}
	return client, form, true
}

// refuseClient doesn't say whether the ID, the secret or the method is wrong.
func (s *Server) refuseClient(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", `Basic realm="demo"`)
	s.writeError(w, http.StatusUnauthorized, "invalid_client",
		"client authentication failed: unknown client, wrong secret, or a method that isn't enabled for this client")
}

// grant is a user's permission for a client, from one login. Every token of the login refers to it, and is invalid once the
// grant is revoked.
type grant struct {
	user, client string
	scopes       []string
	resources    []string // what its tokens may be for; empty for any
	authTime     time.Time
	revoked      bool
}

// code is an authorization code (RFC 6749 section 4.1.2). A used one is stored, to detect its reuse.
type code struct {
	grant       *grant
	redirectURI string
	challenge   string
	nonce       string
	issued      time.Time
	used        bool
}

// redeemCode implements RFC 6749 section 4.1.3 with RFC 7636 section 4.6.
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

// takeCode finds a code and marks it as used in one step, unless the verifier is wrong. If a code comes twice, one of the
// two senders stole it: all of its tokens are revoked (RFC 6749 section 4.1.2).
func (s *Server) takeCode(client *Client, form url.Values) (*code, *oauthError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	c, ok := s.codes.get(now, form.Get("code"))
	switch {
	case !ok, c.grant.client != client.ID && !s.breaks(OtherClientsCode):
		return nil, &oauthError{"invalid_grant", "the code is unknown"}
	case c.used && !s.breaks(CodeUsedTwice):
		c.grant.revoked = !s.breaks(CodeReuseTokensLive)
		return nil, &oauthError{"invalid_grant", "the code has already been used"}
	}
	c.used = true
	switch {
	case c.grant.revoked:
		return nil, &oauthError{"invalid_grant", "the user has revoked the access"}
	case now.Sub(c.issued) > codeLife:
		return nil, &oauthError{"invalid_grant", "the code has expired"}
	case form.Get("redirect_uri") != c.redirectURI && !s.breaks(OtherRedirectURI):
		return nil, &oauthError{"invalid_grant", "the redirect_uri differs from the one in the authorization request"}
	case !s.proves(form.Get("code_verifier"), c.challenge):
		c.used = false // a thief's attempt doesn't end the user's login, and 256 bits can't be guessed; at many servers it does
		return nil, &oauthError{"invalid_grant", "the code_verifier doesn't match the code_challenge"}
	}
	return c, nil
}

// proves reports whether the client that sends the code also started the login. It refuses a verifier without a
// challenge, as an attacker may have removed the challenge (RFC 9700 section 4.8.2).
func (s *Server) proves(verifier, challenge string) bool {
	switch {
	case challenge == "":
		return verifier == ""
	case verifier == "":
		return s.breaks(MissingVerifier)
	}
	return verifierMatches(verifier, challenge) || s.breaks(WrongVerifier)
}

// verifierMatches checks a verifier's length and characters (RFC 7636 section 4.1), and compares it with its challenge
// (section 4.6).
func verifierMatches(verifier, challenge string) bool {
	if len(verifier) < 43 || len(verifier) > 128 || strings.ContainsFunc(verifier, notUnreserved) {
		return false
	}
	hash := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(hash[:])), []byte(challenge)) == 1
}

// refreshToken is valid once: each refresh issues a new one, and the use of an old one revokes the grant (RFC 9700
// section 4.14.2).
type refreshToken struct {
	grant *grant
	used  bool
}

// redeemRefreshToken implements RFC 6749 section 6.
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

// takeRefreshToken finds a refresh token and marks it as used in one step, if nothing else is wrong with the request. If
// a token comes twice, one of the two senders stole it.
func (s *Server) takeRefreshToken(client *Client, form url.Values) (tokenSet, *oauthError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, ok := s.refresh.get(s.now(), form.Get("refresh_token"))
	switch {
	case !ok || token.grant.client != client.ID:
		return tokenSet{}, &oauthError{"invalid_grant", "the refresh token is unknown"}
	case token.used && !s.breaks(OldRefreshToken):
		token.grant.revoked = !s.breaks(RefreshReuseFamilyLives)
		return tokenSet{}, &oauthError{"invalid_grant", "the refresh token has already been used"}
	case token.grant.revoked:
		return tokenSet{}, &oauthError{"invalid_grant", "the refresh token has been revoked"}
	}
	scopes := token.grant.scopes
	if form.Has("scope") {
		scopes = parseScope(form.Get("scope"))
	}
	if !containsAll(token.grant.scopes, scopes) {
		return tokenSet{}, &oauthError{"invalid_scope", "a refresh can't add scopes"}
	}
	audience, refused := s.audience(token.grant, form["resource"])
	if refused != nil {
		return tokenSet{}, refused
	}
	token.used = true
	return tokenSet{grant: token.grant, scopes: scopes, audience: audience}, nil
}

// handleRevoke implements RFC 7009: a refresh token revokes its whole grant, an access token only itself. An unknown token
// counts as revoked.
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

// introspection is the response of RFC 7662 section 2.2.
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

// handleIntrospect tells a client about its own tokens. It calls any other token inactive.
func (s *Server) handleIntrospect(w http.ResponseWriter, r *http.Request) {
	client, form, ok := s.authenticate(w, r)
	if !ok {
		return
	}
	if client.Secret == "" {
		s.refuseClient(w) // RFC 7662 section 2.1: the endpoint must authenticate its callers
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
