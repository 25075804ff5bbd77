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
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
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

// tokenCheck is one check before it is put into words, which costs more than the check itself and is
// needed on a page only.
type tokenCheck struct {
	name, section string
	ok            bool
	words         func() (expected, found string)
}

func inWords(checks []tokenCheck) []verdict {
	list := make([]verdict, len(checks))
	for i, c := range checks {
		expected, found := c.words()
		list[i] = verdict{c.name, expected, found, c.ok, c.section}
	}
	return list
}

// idToken is a verified ID token.
type idToken struct {
	Raw     string
	Subject string
	Name    string   // the best of name, preferred_username and email to call the user by
	KeyID   string   // of the key that signed it
	Checked expected // what its claims were compared with
}

// Verdicts are the checks that the token passed, for a page. Nothing that they look at has changed, so
// they come out as they did.
func (t *idToken) Verdicts() []verdict {
	header, claims, err := parseIDToken(t.Raw)
	if err != nil {
		return nil // it was read before
	}
	signature := &signatureCheck{key: &jose.JSONWebKey{KeyID: t.KeyID}}
	return inWords(allChecks(signature, header, &claims, t.Checked))
}

// allChecks are the check of the signature and those of the claims.
func allChecks(signature *signatureCheck, header idTokenHeader, claims *idTokenClaims, want expected) []tokenCheck {
	return append([]tokenCheck{signature.check(header)}, claims.checks(header.Algorithm, want)...)
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
//
// go-oidc verifies signature, issuer, audience and expiry. It does not look at azp, nonce, iat, sub
// and at_hash, takes line breaks inside the token and Google's issuer without its scheme: those are
// ours, and so are the words, so the claims it checks are checked here once more.
func (p *provider) verifyIDToken(ctx context.Context, md *metadata, raw string, want expected) (*idToken, error) {
	if want.Issuer == "" {
		return nil, badIDToken("cannot be verified, as no issuer is configured", "Set ISSUER to the server's issuer (and JWKS_URI if it publishes no metadata), or remove openid from SCOPES.")
	}
	header, claims, err := parseIDToken(raw)
	if err != nil {
		return nil, badIDToken(err.Error(), "")
	}
	signature := &signatureCheck{keys: p.keys, jwks: md.JWKS}
	verifier := oidc.NewVerifier(want.Issuer, signature, &oidc.Config{
		ClientID:             want.ClientID,
		SupportedSigningAlgs: signingAlgs,
		Now:                  func() time.Time { return want.Now.Add(-leeway) },
	})
	_, err = verifier.Verify(ctx, raw)

	checks := allChecks(signature, header, &claims, want)
	if failed := slices.IndexFunc(checks, func(c tokenCheck) bool { return !c.ok }); failed >= 0 {
		verdicts := inWords(checks)
		v := verdicts[failed]
		f := badIDToken(fmt.Sprintf("fails the check of %s: expected %s, found %s (%s)", v.Check, v.Expected, v.Found, v.Section), idTokenHint(v.Check))
		f.Verdicts = verdicts
		return nil, f
	}
	if err != nil { // go-oidc saw something that we did not
		return nil, badIDToken("does not verify: "+clip(strings.TrimPrefix(err.Error(), "oidc: "), 300), "")
	}
	return &idToken{Raw: raw, Subject: *claims.Subject, KeyID: signature.key.KeyID, Checked: want,
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

// signatureCheck is the key set that go-oidc asks, and remembers what came of it.
type signatureCheck struct {
	keys *keySet
	jwks string
	key  *jose.JSONWebKey
	err  error
}

// VerifySignature implements oidc.KeySet. The algorithm has been checked by the caller.
func (s *signatureCheck) VerifySignature(ctx context.Context, raw string) (payload []byte, err error) {
	jws, err := jose.ParseSignedCompact(raw, joseAlgs)
	if err != nil {
		return nil, err
	}
	payload, s.key, s.err = s.keys.verify(ctx, s.jwks, jws)
	return payload, s.err
}

func (s *signatureCheck) check(h idTokenHeader) tokenCheck {
	accepted := slices.Contains(signingAlgs, h.Algorithm)
	return tokenCheck{"signature", "Core 3.1.3.7 (6), (7)", accepted && s.err == nil && s.key != nil, func() (string, string) {
		const expected = "one of the server's keys"
		switch {
		case !accepted:
			return "a signature that only the server can make, such as RS256", fmt.Sprintf("the algorithm %q", clip(h.Algorithm, 20))
		case s.err != nil:
			return expected, "that " + s.err.Error()
		case s.key == nil:
			return expected, "a token that cannot be read"
		}
		return expected, fmt.Sprintf("%s by the key %q", h.Algorithm, clip(s.key.KeyID, 80))
	}}
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
	if err := unmarshalObject(decoded[0], &header); err != nil {
		return header, claims, fmt.Errorf("has a header that cannot be read: %w", err)
	}
	if header.Critical != nil {
		return header, claims, errors.New("has critical header parameters that this client does not know (RFC 7515 section 4.1.11)")
	}
	if err := unmarshalObject(decoded[1], &claims); err != nil {
		return header, claims, fmt.Errorf("has claims that cannot be read: %w", err)
	}
	return header, claims, nil
}

// checks looks at each claim, in the order of OpenID Connect Core section 3.1.3.7. A value that is
// secret to this login is compared, not shown.
func (c *idTokenClaims) checks(alg string, want expected) []tokenCheck {
	list := make([]tokenCheck, 0, 10)
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

func (c *idTokenClaims) checkIssuer(want expected) tokenCheck {
	return tokenCheck{"iss", "Core 3.1.3.7 (2)", c.Issuer != nil && *c.Issuer == want.Issuer, func() (string, string) {
		return want.Issuer, quoted(c.Issuer)
	}}
}

func (c *idTokenClaims) checkAudience(want expected) tokenCheck {
	audience := c.audience()
	return tokenCheck{"aud", "Core 3.1.3.7 (3)", slices.Contains(audience, want.ClientID), func() (string, string) {
		if len(audience) == 0 {
			return want.ClientID, "nothing"
		}
		return want.ClientID, clip(strings.Join(audience, ", "), 200)
	}}
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
func (c *idTokenClaims) checkAZP(want expected) tokenCheck {
	optional := c.AZP == nil && len(c.audience()) <= 1
	return tokenCheck{"azp", "Core 3.1.3.7 (4), (5)", optional || c.AZP != nil && *c.AZP == want.ClientID, func() (string, string) {
		if optional {
			return "nothing, or " + want.ClientID, "nothing"
		}
		return want.ClientID, quoted(c.AZP)
	}}
}

func (c *idTokenClaims) checkExpiry(want expected) tokenCheck {
	return tokenCheck{"exp", "Core 3.1.3.7 (9)", c.Expires != nil && want.Now.Before(numericDate(*c.Expires).Add(leeway)), func() (string, string) {
		return "later than " + showTime(want.Now), quotedTime(c.Expires)
	}}
}

func (c *idTokenClaims) checkIssuedAt(want expected) tokenCheck {
	return tokenCheck{"iat", "Core 3.1.3.7 (10)", c.IssuedAt != nil && !numericDate(*c.IssuedAt).After(want.Now.Add(leeway)), func() (string, string) {
		return "not later than " + showTime(want.Now), quotedTime(c.IssuedAt)
	}}
}

func (c *idTokenClaims) checkNotBefore(want expected) tokenCheck {
	return tokenCheck{"nbf", "RFC 7519 section 4.1.5", !numericDate(*c.NotBefore).After(want.Now.Add(leeway)), func() (string, string) {
		return "not later than " + showTime(want.Now), quotedTime(c.NotBefore)
	}}
}

func (c *idTokenClaims) checkSubject(want expected) tokenCheck {
	fits := c.Subject != nil && *c.Subject != "" && len(*c.Subject) <= 255
	if want.Subject == "" {
		return tokenCheck{"sub", "Core 2", fits, func() (string, string) {
			return "an identifier of at most 255 characters", quoted(c.Subject)
		}}
	}
	return tokenCheck{"sub", "Core 12.2", fits && *c.Subject == want.Subject, func() (string, string) {
		return want.Subject, quoted(c.Subject)
	}}
}

func (c *idTokenClaims) checkNonce(want expected) tokenCheck {
	ok := want.Nonce != "" && c.Nonce != nil && subtle.ConstantTimeCompare([]byte(*c.Nonce), []byte(want.Nonce)) == 1
	return tokenCheck{"nonce", "Core 3.1.3.7 (11)", ok, func() (string, string) {
		switch {
		case want.Nonce == "":
			return "none, as none was sent", "one"
		case c.Nonce == nil:
			return "the one of this login", "nothing"
		case !ok:
			return "the one of this login", "another"
		}
		return "the one of this login", "the same"
	}}
}

func (c *idTokenClaims) checkAuthTime(want expected) tokenCheck {
	oldest := want.Now.Add(-want.MaxAge)
	ok := c.AuthTime != nil && !numericDate(*c.AuthTime).Before(oldest.Add(-leeway)) && !numericDate(*c.AuthTime).After(want.Now.Add(leeway))
	return tokenCheck{"auth_time", "Core 3.1.3.7 (13)", ok, func() (string, string) {
		return "not before " + showTime(oldest), quotedTime(c.AuthTime)
	}}
}

// checkAtHash binds the access token to the ID token, when the server does.
func (c *idTokenClaims) checkAtHash(alg string, want expected) tokenCheck {
	return tokenCheck{"at_hash", "Core 3.1.3.8", c.AtHash == nil || *c.AtHash == atHash(alg, want.AccessToken), func() (string, string) {
		return "the hash of the access token, or nothing", quoted(c.AtHash)
	}}
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

// numericDate is a time as a JWT writes it: seconds since 1970, with a fraction perhaps.
func numericDate(seconds float64) time.Time {
	const year9999 = 253402300799 // beyond it, or before its negative, the arithmetic would overflow
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
	return clip(*s, 200)
}
