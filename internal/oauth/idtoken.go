package oauth

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"oauth-test-client/internal/wire"
)

// Leeway is how far two clocks may be apart.
const Leeway = time.Minute

// SigningAlgorithms are the signatures we accept, whatever the server lists: never none, and never a MAC
// keyed with the client secret.
var SigningAlgorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

// joseAlgs are the same, for go-jose.
var joseAlgs = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA}

// Verdict is one check of an ID token, as it can be shown.
type Verdict struct {
	Check    string `json:"check"`
	Expected string `json:"expected"`
	Found    string `json:"found"`
	OK       bool   `json:"ok"`
	Section  string `json:"section"` // where the rule comes from
}

// IDToken is a verified ID token.
type IDToken struct {
	Raw      string
	Subject  string
	Name     string // the best of name, preferred_username and email to call the user by
	Issuer   string
	Verdicts []Verdict // one for each check, all passed
}

// expected is what an ID token must say to belong to a login.
type expected struct {
	Issuer      string
	ClientID    string
	Nonce       string        // empty when none was sent
	Subject     string        // empty when any user will do
	Refresh     bool          // the token came with a refresh: it may lack the nonce
	MaxAge      time.Duration // negative when not asked
	AuthTime    *float64      // of the first ID token, when this one came with a refresh; nil when any will do
	AccessToken string        // what at_hash is a hash of
	Now         time.Time

	client *Client // knows what must not be shown of a claim
}

// VerifyIDToken verifies the ID token of a token response, which must be there when openid was
// granted. It returns nil for a plain OAuth login. The error is an *Error.
func (c *Client) VerifyIDToken(ctx context.Context, r *Request, t *TokenResponse) (*IDToken, error) {
	if t.ID == "" {
		if t.granted("openid", r.Scopes) && slices.Contains(r.Scopes, "openid") {
			return nil, badIDToken("presence", "is missing, though the scope openid was granted")
		}
		return nil, nil
	}
	return c.verifyIDToken(ctx, t.ID, expected{Nonce: r.Nonce, MaxAge: r.maxAge(), AccessToken: t.Access})
}

// verifyIDToken runs every check of OpenID Connect Core section 3.1.3.7 and returns the token only
// if all of them hold. The error is an *Error that names the first check that failed, and has the
// verdicts of all.
func (c *Client) verifyIDToken(ctx context.Context, raw string, want expected) (*IDToken, error) {
	md, err := c.Metadata(ctx)
	if err != nil {
		return nil, err
	}
	if md.Issuer == "" {
		return nil, badIDToken("issuer", "cannot be verified, as no issuer is configured")
	}
	want.Issuer, want.ClientID, want.Now, want.client = md.Issuer, c.cfg.ClientID, c.now(), c
	header, claims, err := parseIDToken(raw)
	if err != nil {
		check := ""
		if strings.Count(raw, ".") == 4 { // a JWE has five parts (RFC 7516 section 3.1)
			check = "encryption"
		}
		return nil, badIDToken(check, c.said(err.Error(), 300))
	}
	verdicts := claims.checks(header.Algorithm, want, c.checkSignature(ctx, md, raw, header.Algorithm))
	for _, v := range verdicts {
		if !v.OK {
			failed := badIDToken(v.Check, fmt.Sprintf("fails the check of %s: expected %s, found %s (%s)", v.Check, v.Expected, v.Found, v.Section))
			failed.Verdicts = verdicts
			return nil, failed
		}
	}
	return &IDToken{Raw: raw, Subject: *claims.Subject, Issuer: want.Issuer, Verdicts: verdicts,
		Name: cmp.Or(claims.Name, claims.PreferredUsername, claims.Email, *claims.Subject)}, nil
}

// badIDToken is the error of an ID token, with the check that it does not pass.
func badIDToken(check, what string) *Error {
	return &Error{Step: wire.IDTokenCheck, Code: CodeInvalidIDToken, Check: check, Description: "The ID token " + what + "."}
}

// checkSignature asks for an algorithm that only the server can use, and for a key of the server.
func (c *Client) checkSignature(ctx context.Context, md *Metadata, raw, alg string) Verdict {
	const check, section = "signature", "Core 3.1.3.7 (6), (7)"
	if !slices.Contains(SigningAlgorithms, alg) {
		return Verdict{check, "a signature that only the server can make, such as RS256", fmt.Sprintf("the algorithm %q", c.said(alg, 20)), false, section}
	}
	const expected = "one of the server's keys"
	jws, err := jose.ParseSignedCompact(raw, joseAlgs)
	if err != nil {
		return Verdict{check, expected, "a token that cannot be read", false, section}
	}
	_, key, err := c.keys.verify(ctx, md.JWKS, jws)
	if err != nil {
		return Verdict{check, expected, "that " + err.Error(), false, section}
	}
	return Verdict{check, expected, alg + " by the key " + strconv.Quote(c.said(key.KeyID, 80)), true, section}
}

// idTokenHeader is what matters of a JWS header (RFC 7515 section 4.1).
type idTokenHeader struct {
	Algorithm string          `json:"alg"`
	Critical  json.RawMessage `json:"crit"`
}

// parseIDToken takes a token apart, more strictly than go-jose: one signature in the compact form,
// canonical base64url without line breaks, no critical extensions, no name twice. Nothing that it
// returns is verified. The error completes "the ID token …".
func parseIDToken(raw string) (header idTokenHeader, claims idTokenClaims, err error) {
	parts := strings.Split(raw, ".")
	if len(parts) == 5 {
		return header, claims, errors.New("is encrypted (JWE), which this client does not support; turn ID token encryption off for this OAuth application")
	}
	if len(parts) != 3 {
		return header, claims, fmt.Errorf("is not a JWT: it has %d parts instead of 3 (RFC 7515 section 7.1)", len(parts))
	}
	var decoded [3][]byte
	for i, part := range parts {
		if decoded[i], err = base64.RawURLEncoding.Strict().DecodeString(part); err != nil || strings.ContainsAny(part, "\r\n") {
			return header, claims, errors.New("is not a JWT: it is not base64url (RFC 7515 section 2)")
		}
	}
	if err := wire.UnmarshalObject(decoded[0], &header); err != nil {
		return header, claims, fmt.Errorf("has a header that cannot be read: %w", err)
	}
	if header.Critical != nil {
		return header, claims, errors.New("has critical header parameters that this client does not know (RFC 7515 section 4.1.11)")
	}
	if err := wire.UnmarshalObject(decoded[1], &claims); err != nil {
		return header, claims, fmt.Errorf("has claims that cannot be read: %w", err)
	}
	return header, claims, nil
}
