package main

import (
	"cmp"
	"context"
	"crypto"
	_ "crypto/sha512" // at_hash of the 384 and 512 bit algorithms
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"oauth-test-client/internal/wire"
	"slices"
	"strconv"
	"strings"
	"time"

	jose "github.com/go-jose/go-jose/v4"
)

// leeway is how far two clocks may be apart.
const leeway = time.Minute

// signingAlgs are the signatures we accept, whatever the server lists: never none, and never a MAC
// keyed with the client secret.
var signingAlgs = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

// joseAlgs are the same, for go-jose.
var joseAlgs = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA}

// verdict is one check of an ID token, as it can be shown.
type verdict struct {
	Check    string `json:"check"`
	Expected string `json:"expected"`
	Found    string `json:"found"`
	OK       bool   `json:"ok"`
	Section  string `json:"section"` // where the rule comes from
}

// idToken is a verified ID token.
type idToken struct {
	Raw      string
	Subject  string
	Name     string // the best of name, preferred_username and email to call the user by
	Issuer   string
	Verdicts []verdict // one for each check, all passed
}

// expected is what an ID token must say to belong to a login.
type expected struct {
	Issuer      string
	ClientID    string
	Nonce       string        // empty when none was sent
	Subject     string        // empty when any user will do
	Refresh     bool          // the token came with a refresh: it may lack the nonce
	MaxAge      time.Duration // negative when not asked
	AccessToken string        // what at_hash is a hash of
	Now         time.Time
}

// idTokenClaims are the claims that are checked (OpenID Connect Core section 2). A nil pointer is
// a claim that is missing.
type idTokenClaims struct {
	Issuer    *string         `json:"iss"`
	Subject   *string         `json:"sub"`
	Audience  json.RawMessage `json:"aud"`
	AZP       *string         `json:"azp"`
	Expires   *float64        `json:"exp"`
	IssuedAt  *float64        `json:"iat"`
	NotBefore *float64        `json:"nbf"`
	Nonce     *string         `json:"nonce"`
	AtHash    *string         `json:"at_hash"`
	AuthTime  *float64        `json:"auth_time"`

	Name              string `json:"name"`
	PreferredUsername string `json:"preferred_username"`
	Email             string `json:"email"`
}

// verifyIDToken runs every check of OpenID Connect Core section 3.1.3.7 and returns the token only
// if all of them hold. The error is a *failure that names the first check that failed, and has the
// verdicts of all.
func (p *provider) verifyIDToken(ctx context.Context, md *metadata, raw string, want expected) (*idToken, error) {
	if want.Issuer == "" {
		return nil, badIDToken("cannot be verified, as no issuer is configured", "Set ISSUER to the server's issuer (and JWKS_URI if it publishes no metadata), or remove openid from SCOPES.")
	}
	header, claims, err := parseIDToken(raw)
	if err != nil {
		return nil, badIDToken(err.Error(), "")
	}
	verdicts := append([]verdict{p.checkSignature(ctx, md, raw, header.Algorithm)}, claims.checks(header.Algorithm, want)...)
	for _, v := range verdicts {
		if !v.OK {
			f := badIDToken(fmt.Sprintf("fails the check of %s: expected %s, found %s (%s)", v.Check, v.Expected, v.Found, v.Section), idTokenHint(v.Check))
			f.Verdicts = verdicts
			return nil, f
		}
	}
	return &idToken{Raw: raw, Subject: *claims.Subject, Issuer: want.Issuer, Verdicts: verdicts,
		Name: cmp.Or(claims.Name, claims.PreferredUsername, claims.Email, *claims.Subject)}, nil
}

// badIDToken is the failure of an ID token: it is the server's doing, so a 502.
func badIDToken(what, hint string) *failure {
	return &failure{Status: http.StatusBadGateway, Code: "invalid_id_token", Description: "The ID token " + what + ".", Hint: hint, Retry: true}
}

// idTokenHint names the setting that most often makes a check fail.
func idTokenHint(check string) string {
	switch check {
	case "signature":
		return "In the OAuth application's settings the ID token's signature must be an asymmetric one, RS256 for preference; a JWKS_URI that is set must be this issuer's."
	case "iss":
		return "The server calls itself by another name in its tokens than in its metadata: look for the server's own setting of its public address."
	case "aud", "azp":
		return "The token is for another client: compare CLIENT_ID with the OAuth application."
	case "exp", "iat", "nbf":
		return "Compare the clocks of this machine and of the server; a minute apart is allowed."
	case "auth_time":
		return "max_age was asked for, and the server did not make the user sign in again, or does not say when they did."
	}
	return "This is the authorization server's own mistake: what it sent does not belong to this login."
}

// checkSignature asks for an algorithm that only the server can use, and for a key of the server.
func (p *provider) checkSignature(ctx context.Context, md *metadata, raw, alg string) verdict {
	const check, section = "signature", "Core 3.1.3.7 (6), (7)"
	if !slices.Contains(signingAlgs, alg) {
		return verdict{check, "a signature that only the server can make, such as RS256", fmt.Sprintf("the algorithm %q", wire.Clip(alg, 20)), false, section}
	}
	const expected = "one of the server's keys"
	jws, err := jose.ParseSignedCompact(raw, joseAlgs)
	if err != nil {
		return verdict{check, expected, "a token that cannot be read", false, section}
	}
	_, key, err := p.keys.verify(ctx, md.JWKS, jws)
	if err != nil {
		return verdict{check, expected, "that " + err.Error(), false, section}
	}
	return verdict{check, expected, fmt.Sprintf("%s by the key %q", alg, wire.Clip(key.KeyID, 80)), true, section}
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
		return header, claims, fmt.Errorf("is no JWT: it has %d parts instead of 3 (RFC 7515 section 7.1)", len(parts))
	}
	decoded := make([][]byte, 3)
	for i, part := range parts {
		if decoded[i], err = base64.RawURLEncoding.Strict().DecodeString(part); err != nil || strings.ContainsAny(part, "\r\n") {
			return header, claims, errors.New("is no JWT: it is not base64url (RFC 7515 section 2)")
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

// checks looks at each claim, in the order of OpenID Connect Core section 3.1.3.7. A value that is
// secret to this login is compared, not shown.
func (c *idTokenClaims) checks(alg string, want expected) []verdict {
	list := make([]verdict, 0, 10)
	list = append(list, c.checkIssuer(want), c.checkAudience(want), c.checkAZP(want), c.checkExpiry(want), c.checkIssuedAt(want))
	if c.NotBefore != nil {
		list = append(list, c.checkNotBefore(want))
	}
	list = append(list, c.checkSubject(want))
	if (want.Nonce != "" && !want.Refresh) || c.Nonce != nil {
		list = append(list, c.checkNonce(want))
	}
	if want.MaxAge >= 0 {
		list = append(list, c.checkAuthTime(want))
	}
	return append(list, c.checkAtHash(alg, want))
}

func (c *idTokenClaims) checkIssuer(want expected) verdict {
	return verdict{"iss", want.Issuer, quoted(c.Issuer), c.Issuer != nil && *c.Issuer == want.Issuer, "Core 3.1.3.7 (2)"}
}

func (c *idTokenClaims) checkAudience(want expected) verdict {
	audience := c.audience()
	found := cmp.Or(wire.Clip(strings.Join(audience, ", "), 200), "nothing")
	return verdict{"aud", want.ClientID, found, slices.Contains(audience, want.ClientID), "Core 3.1.3.7 (3)"}
}

// audience reads aud, which is a string or a list of strings. It returns nil for anything else.
func (c *idTokenClaims) audience() []string {
	var one string
	if json.Unmarshal(c.Audience, &one) == nil && one != "" {
		return []string{one}
	}
	var many []string
	if json.Unmarshal(c.Audience, &many) != nil {
		return nil
	}
	return many
}

// checkAZP asks for the authorized party when the token is for several, and for ourselves in it
// whenever it is there.
func (c *idTokenClaims) checkAZP(want expected) verdict {
	if c.AZP == nil && len(c.audience()) <= 1 {
		return verdict{"azp", "nothing, or " + want.ClientID, "nothing", true, "Core 3.1.3.7 (4), (5)"}
	}
	return verdict{"azp", want.ClientID, quoted(c.AZP), c.AZP != nil && *c.AZP == want.ClientID, "Core 3.1.3.7 (4), (5)"}
}

func (c *idTokenClaims) checkExpiry(want expected) verdict {
	return verdict{"exp", "later than " + showTime(want.Now), quotedTime(c.Expires),
		c.Expires != nil && *c.Expires < year9999 && want.Now.Before(numericDate(*c.Expires).Add(leeway)), "Core 3.1.3.7 (9)"}
}

func (c *idTokenClaims) checkIssuedAt(want expected) verdict {
	return verdict{"iat", "not later than " + showTime(want.Now), quotedTime(c.IssuedAt), c.IssuedAt != nil && !numericDate(*c.IssuedAt).After(want.Now.Add(leeway)), "Core 3.1.3.7 (10)"}
}

func (c *idTokenClaims) checkNotBefore(want expected) verdict {
	return verdict{"nbf", "not later than " + showTime(want.Now), quotedTime(c.NotBefore), !numericDate(*c.NotBefore).After(want.Now.Add(leeway)), "RFC 7519 section 4.1.5"}
}

func (c *idTokenClaims) checkSubject(want expected) verdict {
	fits := c.Subject != nil && *c.Subject != "" && len(*c.Subject) <= 255
	if want.Subject == "" {
		return verdict{"sub", "an identifier of at most 255 characters", quoted(c.Subject), fits, "Core 2"}
	}
	return verdict{"sub", want.Subject, quoted(c.Subject), fits && *c.Subject == want.Subject, "Core 12.2"}
}

func (c *idTokenClaims) checkNonce(want expected) verdict {
	const ours, section = "the one of this login", "Core 3.1.3.7 (11)"
	switch {
	case want.Nonce == "":
		return verdict{"nonce", "none, as none was sent", "one", false, section}
	case c.Nonce == nil:
		return verdict{"nonce", ours, "nothing", false, section}
	case subtle.ConstantTimeCompare([]byte(*c.Nonce), []byte(want.Nonce)) != 1:
		return verdict{"nonce", ours, "another", false, section}
	}
	return verdict{"nonce", ours, "the same", true, section}
}

func (c *idTokenClaims) checkAuthTime(want expected) verdict {
	oldest := want.Now.Add(-want.MaxAge)
	ok := c.AuthTime != nil && !numericDate(*c.AuthTime).Before(oldest.Add(-leeway)) && !numericDate(*c.AuthTime).After(want.Now.Add(leeway))
	return verdict{"auth_time", "not before " + showTime(oldest), quotedTime(c.AuthTime), ok, "Core 3.1.3.7 (13)"}
}

// checkAtHash binds the access token to the ID token, when the server does.
func (c *idTokenClaims) checkAtHash(alg string, want expected) verdict {
	return verdict{"at_hash", "the hash of the access token, or nothing", quoted(c.AtHash), c.AtHash == nil || *c.AtHash == atHash(alg, want.AccessToken), "Core 3.1.3.8"}
}

// atHash is the left half of the access token's hash, by the hash of the signature's algorithm
// (OpenID Connect Core section 3.1.3.6). EdDSA with Ed25519 has SHA-512 inside.
func atHash(alg, accessToken string) string {
	hash := crypto.SHA512
	switch {
	case strings.HasSuffix(alg, "256"):
		hash = crypto.SHA256
	case strings.HasSuffix(alg, "384"):
		hash = crypto.SHA384
	}
	h := hash.New()
	h.Write([]byte(accessToken))
	sum := h.Sum(nil)
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}

// Beyond the end of the year 9999, or before its negative, the arithmetic would overflow.
const year9999 = 253402300799

// numericDate is a time as a JWT writes it: seconds since 1970, with a fraction perhaps.
func numericDate(seconds float64) time.Time {
	seconds = max(min(seconds, year9999), -year9999)
	return time.Unix(int64(seconds), 0)
}

func showTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func quotedTime(seconds *float64) string {
	if seconds == nil {
		return "nothing"
	}
	return showTime(numericDate(*seconds)) + " (" + strconv.FormatFloat(*seconds, 'f', -1, 64) + ")"
}

func quoted(s *string) string {
	if s == nil {
		return "nothing"
	}
	return wire.Clip(*s, 200)
}
