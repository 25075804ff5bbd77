package demo

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// metadata combines RFC 8414 section 2 and OpenID Connect Discovery section 3.
type metadata struct {
	Issuer                string   `json:"issuer"`
	AuthorizationEndpoint string   `json:"authorization_endpoint"`
	TokenEndpoint         string   `json:"token_endpoint"`
	UserinfoEndpoint      string   `json:"userinfo_endpoint"`
	IntrospectionEndpoint string   `json:"introspection_endpoint"`
	RevocationEndpoint    string   `json:"revocation_endpoint"`
	RegistrationEndpoint  string   `json:"registration_endpoint"`
	PAREndpoint           string   `json:"pushed_authorization_request_endpoint"`
	RequirePAR            bool     `json:"require_pushed_authorization_requests"`
	EndSessionEndpoint    string   `json:"end_session_endpoint"`
	JWKSURI               string   `json:"jwks_uri"`
	ScopesSupported       []string `json:"scopes_supported"`
	ResponseTypes         []string `json:"response_types_supported"`
	ResponseModes         []string `json:"response_modes_supported"`
	GrantTypes            []string `json:"grant_types_supported"`
	SubjectTypes          []string `json:"subject_types_supported"`
	IDTokenAlgs           []string `json:"id_token_signing_alg_values_supported"`
	TokenAuthMethods      []string `json:"token_endpoint_auth_methods_supported"`
	IntrospectAuthMethods []string `json:"introspection_endpoint_auth_methods_supported"`
	RevocationAuthMethods []string `json:"revocation_endpoint_auth_methods_supported"`
	CodeChallengeMethods  []string `json:"code_challenge_methods_supported"`
	PromptValues          []string `json:"prompt_values_supported"`
	Claims                []string `json:"claims_supported"`
	ResponseIss           bool     `json:"authorization_response_iss_parameter_supported"`
	ClaimsParameter       bool     `json:"claims_parameter_supported"`
	RequestParameter      bool     `json:"request_parameter_supported"`
	RequestURIParameter   bool     `json:"request_uri_parameter_supported"`
}

// root returns where the server is mounted, as its clients have to write it.
func (s *Server) root() string {
	if s.breaks(ConsentNoWayBack) {
		return otherLoopback(s.mount)
	}
	return s.mount
}

// issuer returns the server's issuer identifier (RFC 8414 section 2).
func (s *Server) issuer() string {
	if s.breaks(IssuerSlash) {
		return s.root() + "/"
	}
	return s.root()
}

func (s *Server) handleMetadata(w http.ResponseWriter, _ *http.Request) {
	s.writeJSON(w, http.StatusOK, s.metadata())
}

func (s *Server) metadata() metadata {
	methods := []string{"client_secret_basic", "client_secret_post", "none"}
	return metadata{
		Issuer:                s.issuer(),
		AuthorizationEndpoint: s.root() + "/authorize",
		TokenEndpoint:         s.root() + "/token",
		UserinfoEndpoint:      s.root() + "/userinfo",
		IntrospectionEndpoint: s.root() + "/introspect",
		RevocationEndpoint:    s.root() + "/revoke",
		RegistrationEndpoint:  s.root() + "/register",
		PAREndpoint:           s.root() + "/par",
		RequirePAR:            s.breaks(RequirePAR),
		EndSessionEndpoint:    s.root() + "/logout",
		JWKSURI:               s.root() + "/.well-known/jwks.json",
		ScopesSupported:       scopesSupported,
		ResponseTypes:         []string{"code"},
		ResponseModes:         []string{"query"},
		GrantTypes:            []string{"authorization_code", "refresh_token"},
		SubjectTypes:          []string{"public"},
		IDTokenAlgs:           []string{"RS256"},
		TokenAuthMethods:      methods,
		IntrospectAuthMethods: methods[:2],
		RevocationAuthMethods: methods,
		CodeChallengeMethods:  []string{"S256"},
		PromptValues:          []string{"none", "login", "consent", "select_account"},
		Claims: []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash",
			"name", "given_name", "preferred_username", "picture", "email", "email_verified"},
		ResponseIss: true,
	}
}

func (s *Server) handleKeys(w http.ResponseWriter, _ *http.Request) {
	keys, err := s.keys()
	if err != nil {
		s.writeError(w, http.StatusInternalServerError, "server_error", "the signing key can't be generated")
		return
	}
	s.writeJSON(w, http.StatusOK, keys.public)
}

// signingKeys is the server's one RSA key, as signers and as the public key set.
type signingKeys struct {
	idToken     jose.Signer
	accessToken jose.Signer
	public      jose.JSONWebKeySet
}

// ownKey signs what the demo issues; otherKey has its name and is published nowhere. A process makes each once, for
// all its servers: an RSA key costs more than a hundred logins.
var ownKey, otherKey = sync.OnceValues(newKey), sync.OnceValues(newKey)

func newKey() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) }

func newSigningKeys(name string, made func() (*rsa.PrivateKey, error)) (*signingKeys, error) {
	private, err := made()
	if err != nil {
		return nil, err
	}
	key := jose.JSONWebKey{Key: private, KeyID: name, Algorithm: string(jose.RS256), Use: "sig"}
	signing := jose.SigningKey{Algorithm: jose.RS256, Key: key}
	idToken, err := jose.NewSigner(signing, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, err
	}
	accessToken, err := jose.NewSigner(signing, (&jose.SignerOptions{}).WithType("at+jwt")) // RFC 9068 section 2.1
	if err != nil {
		return nil, err
	}
	return &signingKeys{idToken, accessToken, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key.Public()}}}, nil
}

// accessClaims holds the claims of an access token (RFC 9068 section 2.2).
type accessClaims struct {
	jwt.Claims
	ClientID string `json:"client_id"`
	Scope    string `json:"scope"`
	AuthTime int64  `json:"auth_time"`
}

// idClaims holds the claims of an ID token (OpenID Connect Core section 2), with the profile's.
type idClaims struct {
	jwt.Claims
	AuthTime int64  `json:"auth_time"`
	Nonce    string `json:"nonce,omitempty"`
	AtHash   string `json:"at_hash"`
	profileClaims
}

// signAccessToken issues an access token for the API and stores it, so that it can be revoked.
func (s *Server) signAccessToken(t tokenSet, now time.Time) (string, error) {
	a := &accessToken{id: rand.Text(), grant: t.grant, scopes: t.scopes, audience: t.audience, issued: now, expires: now.Add(accessLife),
		opaque: s.breaks(OpaqueAccessTokens)}
	raw := a.id
	if !a.opaque {
		keys, err := s.keys()
		if err != nil {
			return "", err
		}
		if raw, err = jwt.Signed(keys.accessToken).Claims(s.claimsOf(a)).Serialize(); err != nil {
			return "", err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.access.put(now, a.id, a)
	return raw, nil
}

// claimsOf returns the claims of an access token (RFC 9068 section 2.2).
func (s *Server) claimsOf(a *accessToken) accessClaims {
	return accessClaims{
		Claims: jwt.Claims{Issuer: s.issuer(), Subject: a.grant.user, Audience: a.audience, ID: a.id,
			IssuedAt: jwt.NewNumericDate(a.issued), Expiry: jwt.NewNumericDate(a.expires)},
		ClientID: a.grant.client,
		Scope:    strings.Join(a.scopes, " "),
		AuthTime: a.grant.authTime.Unix(),
	}
}

// signIDToken issues an ID token that at_hash binds to the access token.
func (s *Server) signIDToken(t tokenSet, access string, now time.Time) (string, error) {
	keys, err := s.keys()
	if s.breaks(IDTokenSignature) {
		keys, err = s.otherKeys()
	}
	if err != nil {
		return "", err
	}
	hash := sha256.Sum256([]byte(access))
	return jwt.Signed(keys.idToken).Claims(idClaims{
		Claims: jwt.Claims{Issuer: s.issuer(), Subject: t.grant.user, Audience: jwt.Audience{t.grant.client},
			IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(accessLife))},
		AuthTime:      t.grant.authTime.Unix(),
		Nonce:         t.nonce,
		AtHash:        base64.RawURLEncoding.EncodeToString(hash[:16]),
		profileClaims: s.profileOf(userByID(t.grant.user), t.scopes),
	}).Serialize()
}

// expectation holds the requirements of an endpoint for an access token (RFC 9068 section 4).
type expectation struct {
	jwt.Expected      // issuer and time; the audience, where it matters
	signed       bool // by this server
	expires      bool
	live         bool // not revoked by itself; a revoked grant never passes
}

// expect returns what every endpoint expects. With the fault on, the endpoint ignores that a token was revoked.
func (s *Server) expect(ignores Fault) expectation {
	return expectation{Expected: jwt.Expected{Issuer: s.issuer(), Time: s.now()}, signed: true, expires: true, live: !s.breaks(ignores)}
}

// verifyAccessToken returns the access token that the caller presents, if it meets the expectation.
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
		return nil, errors.New("the access token is from a different issuer")
	case errors.Is(err, jwt.ErrInvalidAudience):
		return nil, errors.New("the access token is for a different API")
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

// readAccessToken returns the claims of an access token from this server.
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
		return accessClaims{}, errors.New("the access token is not a JWT from this server")
	}
	var claims accessClaims
	if signed {
		err = token.Claims(keys.public.Keys[0], &claims)
	} else {
		err = token.UnsafeClaimsWithoutVerification(&claims) // only with the fault on
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
		return accessClaims{}, errors.New("the access token is not known")
	}
	return s.claimsOf(a), nil
}

// readIDToken returns the claims of an ID token from this server, expired or not.
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
