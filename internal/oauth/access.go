package oauth

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"oauth-test-client/internal/wire"
)

// AccessToken is what anybody can find out about an access token, as the API should. A client draws
// nothing from it (RFC 6749 section 1.4); it is for saying why an API refuses the token.
type AccessToken struct {
	JWT       bool
	IDToken   bool     // it has the shape of an ID token: it speaks of a login, and of no scope
	Issuer    string   // iss
	Audience  []string // aud
	Scopes    []string // scope, or scp
	Expires   time.Time
	Signature Signature
	ForItsAPI bool   // its header says that only the API that it is for can verify it
	Why       string // what is wrong with the signature, or why it cannot be verified
}

// Signature is what came of comparing a JWT's signature with the server's keys.
type Signature string

const (
	SignatureGood    Signature = "good"
	SignatureWrong   Signature = "wrong"   // no key of the server made it
	SignatureUnknown Signature = "unknown" // it cannot be verified by others
)

// accessClaims are the claims of an access token that are compared (RFC 9068 section 2.2).
type accessClaims struct {
	Issuer   string          `json:"iss"`
	Audience json.RawMessage `json:"aud"`
	Scope    json.RawMessage `json:"scope"` // a string; a list at some servers
	SCP      json.RawMessage `json:"scp"`   // Entra's and Okta's
	Expires  float64         `json:"exp"`
	Nonce    string          `json:"nonce"`
	AtHash   string          `json:"at_hash"`
}

// Inspect reads an access token, and verifies its signature with the server's keys.
func (c *Client) Inspect(ctx context.Context, access string) *AccessToken {
	jws, err := jose.ParseSignedCompact(access, joseAlgs)
	if err != nil {
		return &AccessToken{Signature: SignatureUnknown, Why: "it is opaque, so only the server can say (RFC 7662)"}
	}
	t := &AccessToken{JWT: true}
	var claims accessClaims
	if json.Unmarshal(jws.UnsafePayloadWithoutVerification(), &claims) == nil {
		t.Issuer, t.Audience = claims.Issuer, stringsOf(claims.Audience)
		t.Scopes = append(stringsOf(claims.Scope), stringsOf(claims.SCP)...)
		t.IDToken = len(t.Scopes) == 0 && (claims.Nonce != "" || claims.AtHash != "") && slices.Contains(t.Audience, c.cfg.ClientID)
		if claims.Expires > 0 {
			t.Expires = numericDate(claims.Expires)
		}
	}
	t.Signature, t.Why = c.signatureOf(ctx, jws)
	t.ForItsAPI = t.Signature == SignatureUnknown && jws.Signatures[0].Protected.Nonce != ""
	return t
}

// signatureOf compares a signature with the server's keys. A nonce in the header says that the token is
// for its API alone (Microsoft Graph): nobody else can verify it, and nothing is wrong with that.
func (c *Client) signatureOf(ctx context.Context, jws *jose.JSONWebSignature) (Signature, string) {
	md, err := c.Metadata(ctx)
	if err != nil {
		return SignatureUnknown, "the authorization server cannot be found"
	}
	if md.JWKS == "" {
		return SignatureUnknown, "the server publishes no keys"
	}
	_, _, err = c.keys.verify(wire.For(ctx, wire.Keys), md.JWKS, jws)
	if err == nil {
		return SignatureGood, ""
	}
	if jws.Signatures[0].Protected.Nonce != "" {
		return SignatureUnknown, "its header holds a nonce, as Microsoft Graph's do, so only the API that it is for can verify it"
	}
	if !c.keys.known() {
		return SignatureUnknown, c.said(err.Error(), 300)
	}
	return SignatureWrong, c.said(err.Error(), 300)
}

// stringsOf reads a claim that is a string, of words, or a list of strings.
func stringsOf(raw json.RawMessage) []string {
	var words string
	if json.Unmarshal(raw, &words) == nil {
		return strings.Fields(words)
	}
	var list []string
	json.Unmarshal(raw, &list) // anything else is no such claim
	return list
}

// Altered is a token that nobody issued: the same but for the middle of its signature, or of an opaque
// token's text.
func Altered(token string) string {
	at := strings.LastIndexByte(token, '.') + 1
	at += (len(token) - at) / 2
	if at >= len(token) {
		return token + "x"
	}
	other := byte('A')
	if token[at] == 'A' {
		other = 'B'
	}
	return token[:at] + string(other) + token[at+1:]
}
