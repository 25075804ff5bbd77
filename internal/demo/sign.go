package demo

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// signingKeys is the server's one RSA key, as signers and as the public key set.
type signingKeys struct {
	idToken     jose.Signer
	accessToken jose.Signer
	public      jose.JSONWebKeySet
}

func newSigningKeys(name string) (*signingKeys, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
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

// accessClaims are those of an access token (RFC 9068 section 2.2).
type accessClaims struct {
	jwt.Claims
	ClientID string `json:"client_id"`
	Scope    string `json:"scope"`
	AuthTime int64  `json:"auth_time"`
}

// idClaims are those of an ID token (OpenID Connect Core section 2), with the profile's.
type idClaims struct {
	jwt.Claims
	AuthTime int64  `json:"auth_time"`
	Nonce    string `json:"nonce,omitempty"`
	AtHash   string `json:"at_hash"`
	profileClaims
}

// signAccessToken makes an access token for the API and remembers it, so that it can be revoked.
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

// claimsOf is what an access token says (RFC 9068 section 2.2).
func (s *Server) claimsOf(a *accessToken) accessClaims {
	return accessClaims{
		Claims: jwt.Claims{Issuer: s.issuer(), Subject: a.grant.user, Audience: a.audience, ID: a.id,
			IssuedAt: jwt.NewNumericDate(a.issued), Expiry: jwt.NewNumericDate(a.expires)},
		ClientID: a.grant.client,
		Scope:    strings.Join(a.scopes, " "),
		AuthTime: a.grant.authTime.Unix(),
	}
}

// signIDToken makes an ID token that is bound to the access token by at_hash.
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
