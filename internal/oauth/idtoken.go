package oauth

import (
	"cmp"
	"context"
	"crypto"
	_ "crypto/sha512"
	"crypto/subtle"
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

// Leeway is the allowed difference between two clocks.
const Leeway = time.Minute

// SigningAlgorithms lists the algorithms that we accept with a key of the server, whatever its metadata lists: never
// "none", and never a MAC.
var SigningAlgorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

// HS256 is the one MAC that we accept, keyed with the client secret (OpenID Connect Core section 3.1.3.7 (8)).
const HS256 = "HS256"

// MinHS256Secret is the minimum length in bytes of a client secret that is used as a key for HS256 (RFC 7518 section 3.2).
const MinHS256Secret = 32

// Accepts reports whether an ID token with this signature algorithm can be verified. HS256 is accepted if the metadata
// lists it and the client secret is long enough: a short secret can be guessed, as any token confirms the guess.
func (c *Client) Accepts(md *Metadata, alg string) bool {
	if alg == HS256 {
		return slices.Contains(md.IDTokenAlgs, HS256) && len(c.cfg.ClientSecret) >= MinHS256Secret
	}
	return slices.Contains(SigningAlgorithms, alg)
}

// IDToken is a verified ID token.
type IDToken struct {
	Raw      string
	Subject  string
	Name     string // the best of name, preferred_username and email to call the user by
	Issuer   string
	Verdicts []Verdict // one for each check, all passed
	Warnings []string  // what other clients may refuse, in sentences
}

// expected holds the values that an ID token must have to belong to a login.
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

	client *Client // sanitizes the claims that are shown
}

// VerifyIDToken verifies the ID token of a token response, which must be there if openid was granted. It returns nil for a
// plain OAuth login. The error is an *Error.
func (c *Client) VerifyIDToken(ctx context.Context, r *Request, t *TokenResponse) (*IDToken, error) {
	if t.ID == "" {
		if t.granted("openid", r.Scopes) && slices.Contains(r.Scopes, "openid") {
			return nil, badIDToken(IDTokenAbsent, "presence", "is missing, though the scope openid was granted")
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
		return nil, badIDToken(IDTokenUnverifiable, "issuer", "cannot be verified, as no issuer is configured")
	}
	want.Issuer, want.ClientID, want.Now, want.client = md.Issuer, c.cfg.ClientID, c.now(), c
	header, claims, err := parseIDToken(raw)
	if err != nil {
		return nil, c.unreadableIDToken(raw, err)
	}
	if claims.AZP == nil && claims.isForOthers(want.ClientID) {
		claims.warnings = append(claims.warnings, fmt.Sprintf("The ID token is for others, too (aud is %s), and lacks the azp that it should have (OpenID Connect "+
			"Core section 3.1.3.7). Other clients may refuse it.", strings.Join(claims.Audience, ", ")))
	}
	signature, warning, keyFault := c.checkSignature(ctx, md, raw, header.Algorithm)
	if warning != "" {
		claims.warnings = append(claims.warnings, warning)
	}
	verdicts := claims.checks(header.Algorithm, want, signature)
	for _, v := range verdicts {
		if !v.OK {
			failed := badIDToken(IDTokenClaim, v.Check, fmt.Sprintf("fails the check of %s: expected %s, found %s (%s)", v.Check, v.Expected, v.Found, v.Section))
			failed.Verdicts = verdicts
			if keyFault != nil { // the signature is looked at first
				failed.Kind, failed.Claim, failed.Answer, failed.Cause = keyFault.kind, keyFault.claim, keyFault.answer, keyFault.cause
				if keyFault.text != "" {
					failed.Description = "The ID token can't be verified: " + keyFault.text + " (" + v.Section + ")."
				}
			} else {
				failed.Claim = &ClaimFault{Name: v.Check, State: claims.state(v.Check, want), Expected: v.Expected, Found: v.Found}
			}
			return nil, failed
		}
	}
	return &IDToken{Raw: raw, Subject: *claims.Subject, Issuer: want.Issuer, Verdicts: verdicts,
		Name: cmp.Or(claims.Name, *claims.Subject), Warnings: c.sanitizedEach(claims.warnings)}, nil
}

// badIDToken returns the error of an ID token that fails a check.
func badIDToken(kind Kind, check, what string) *Error {
	return &Error{Step: wire.IDTokenCheck, Kind: kind, Code: CodeInvalidIDToken, Check: check, Description: "The ID token " + what + "."}
}

// unreadableIDToken returns the error of an ID token that can't be parsed.
func (c *Client) unreadableIDToken(raw string, err error) *Error {
	if strings.Count(raw, ".") == 4 { // a JWE has five parts (RFC 7516 section 3.1)
		return badIDToken(IDTokenEncrypted, "encryption", c.Sanitized(err.Error(), 300))
	}
	failed := badIDToken(IDTokenMalformed, "", c.Sanitized(err.Error(), 300))
	if wrong, ok := errors.AsType[*wire.MemberError](err); ok {
		failed.Member = c.Sanitized(wrong.Name, 80)
	}
	return failed
}

// checkSignature requires an accepted algorithm, and verifies the signature with a key of the server or, for HS256, with
// the client secret. It never uses a key of the server for a MAC. The warning is about the key.
func (c *Client) checkSignature(ctx context.Context, md *Metadata, raw, alg string) (v Verdict, warning string, fault *keyFault) {
	if !c.Accepts(md, alg) {
		v, fault = c.refusedAlgorithm(md, alg)
		return v, "", fault
	}
	if alg == HS256 {
		v, fault = c.checkMAC(raw)
		return v, "", fault
	}
	const check, expected, section = "signature", "one of the server's keys", "Core 3.1.3.7 (6), (7)"
	jws, err := jose.ParseSignedCompact(raw, joseAlgs)
	if err != nil {
		return Verdict{check, expected, "a token that cannot be read", false, section}, "", &keyFault{kind: IDTokenMalformed}
	}
	_, key, fault := c.keys.verify(ctx, md.JWKS, jws)
	if fault != nil {
		return Verdict{check, expected, fault.text, false, section}, "", fault
	}
	return Verdict{check, expected, alg + " by the key " + strconv.Quote(c.Sanitized(key.KeyID, 80)), true, section}, warnSize(key), nil
}

// checkMAC verifies HS256 with the client secret (OpenID Connect Core section 3.1.3.7 (8)).
func (c *Client) checkMAC(raw string) (Verdict, *keyFault) {
	const check, expected, section = "signature", "HS256 with the client secret, as the metadata lists HS256", "Core 3.1.3.7 (8)"
	jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.HS256})
	if err != nil {
		return Verdict{check, expected, "a token that cannot be read", false, section}, &keyFault{kind: IDTokenMalformed}
	}
	if _, err := jws.Verify([]byte(c.cfg.ClientSecret)); err != nil {
		return Verdict{check, expected, "HS256 with a different secret", false, section}, &keyFault{kind: IDTokenSecret}
	}
	return Verdict{check, expected, "HS256 with the client secret", true, section}, nil
}

// refusedAlgorithm returns the fault of an algorithm that is not accepted, compared with the list in the metadata, or with
// RS256 if there is none (OpenID Connect Core section 3.1.3.7 (7)).
func (c *Client) refusedAlgorithm(md *Metadata, alg string) (Verdict, *keyFault) {
	const check, section = "signature", "Core 3.1.3.7 (6), (7), (8)"
	fault := &ClaimFault{Name: "alg", State: ClaimDiffers, Expected: cmp.Or(c.Sanitized(strings.Join(md.IDTokenAlgs, ", "), 200), "RS256"), Found: c.Sanitized(alg, 20)}
	expected := "a signature that only the server can make, such as RS256"
	switch {
	case alg == "":
		fault.State = ClaimAbsent
	case alg == HS256 && slices.Contains(md.IDTokenAlgs, HS256):
		fault.State = ClaimSecretShort
		expected = fmt.Sprintf("a client secret of at least %d bytes for HS256 (RFC 7518 section 3.2)", MinHS256Secret)
	case alg == HS256:
		expected = "an algorithm that the metadata lists (" + fault.Expected + ")"
	}
	return Verdict{check, expected, fmt.Sprintf("the algorithm %q", fault.Found), false, section}, &keyFault{kind: IDTokenAlgorithm, claim: fault}
}

// idTokenHeader holds the parameters of a JWS header that are checked (RFC 7515 section 4.1).
type idTokenHeader struct {
	Algorithm string          `json:"alg"`
	Critical  json.RawMessage `json:"crit"`
}

// parseIDToken parses an ID token, more strictly than go-jose: one signature in the compact form, canonical base64url
// without line breaks, no critical extensions, no duplicate names. It verifies nothing. The error completes "the ID token
// …".
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
	if claims, err = readClaims(string(decoded[1])); err != nil {
		return header, claims, fmt.Errorf("has claims that cannot be read: %w", err)
	}
	return header, claims, nil
}

// LoadKeySet fetches the server's keys, whether or not they are known already. The error is an *Error.
func (c *Client) LoadKeySet(ctx context.Context) (*KeySet, error) {
	md, err := c.Metadata(ctx)
	if err != nil {
		return nil, err
	}
	set, err := c.keys.load(ctx, md.JWKS)
	if fault, ok := errors.AsType[*keyFault](err); ok {
		return nil, &Error{Step: wire.IDTokenCheck, Kind: fault.kind, Answer: fault.answer, Cause: fault.cause, Code: CodeInvalidIDToken, Check: "signature", Description: fault.text}
	}
	return set, err
}

// idTokenClaims holds the claims that are checked (OpenID Connect Core section 2), and the user's name. A nil pointer is a
// missing claim.
type idTokenClaims struct {
	Issuer, Subject    *string
	Audience           []string // one element if aud is a string; nil if it is missing or has another type
	hasAudience        bool
	AZP, Nonce, AtHash *string
	Expires, IssuedAt  *float64
	NotBefore          *float64
	AuthTime           *float64
	authTimeUnreadable bool // it is present, but not a number

	Name     string   // the best of name, preferred_username and email; empty where there is none
	warnings []string // what other clients may refuse; not sanitized yet
}

// readClaims reads the claims of an ID token. A claim that is checked must have the right type. A claim that is only shown
// need not.
func readClaims(document string) (idTokenClaims, error) {
	o, err := wire.ParseObject(document)
	if err != nil {
		return idTokenClaims{}, err
	}
	r := &Reader{Object: o}
	c := idTokenClaims{Issuer: r.claim("iss"), Subject: r.claim("sub"), Audience: r.audience(), hasAudience: o.Has("aud"), AZP: r.claim("azp"), Nonce: r.claim("nonce"),
		AtHash: r.claim("at_hash"), Expires: o.Number("exp"), IssuedAt: o.Number("iat"), NotBefore: o.Number("nbf")}
	if kind := o.Kind("auth_time"); kind == "number" {
		c.AuthTime = o.Number("auth_time")
	} else if kind != "" { // which matters only where max_age was sent, or at a refresh
		c.authTimeUnreadable = true
		r.warn("auth_time in the ID token is %s, and should be a number (OpenID Connect Core section 2).", kindWords(kind))
	}
	for _, claim := range shownClaims {
		if is := o.Kind(claim.name); is != "" && is != claim.kind {
			r.warn("%s in the ID token is %s, and should be %s (OpenID Connect Core section 5.1). This app only shows it.", claim.name, kindWords(is), kindWords(claim.kind))
		}
	}
	c.Name = cmp.Or(r.shownClaim("name"), r.shownClaim("preferred_username"), r.shownClaim("email"))
	c.warnings = r.Warnings
	return c, o.Err()
}

// claim returns a string claim, or nil if it is missing.
func (r *Reader) claim(name string) *string {
	if !r.Has(name) {
		return nil
	}
	text := r.Text(name)
	return &text
}

// shownClaim returns a claim that is only shown: a string or, of a list, the first string.
func (r *Reader) shownClaim(name string) string {
	switch r.Kind(name) {
	case "string":
		return r.Text(name)
	case "array":
		if list, _ := stringsIn(r.Raw(name)); len(list) > 0 {
			return list[0]
		}
	}
	return ""
}

// shownClaims lists the standard claims about the user, with the kind of JSON value of each (OpenID Connect Core section
// 5.1). None of them decides anything.
var shownClaims = []struct{ name, kind string }{
	{"name", "string"}, {"given_name", "string"}, {"family_name", "string"}, {"middle_name", "string"}, {"nickname", "string"},
	{"preferred_username", "string"}, {"profile", "string"}, {"picture", "string"}, {"website", "string"}, {"email", "string"},
	{"email_verified", "bool"}, {"gender", "string"}, {"birthdate", "string"}, {"zoneinfo", "string"}, {"locale", "string"},
	{"phone_number", "string"}, {"phone_number_verified", "bool"}, {"updated_at", "number"},
}

// state returns how a claim fails its check.
func (c *idTokenClaims) state(check string, want expected) ClaimState {
	text := func(claim *string) ClaimState {
		switch {
		case claim == nil:
			return ClaimAbsent
		case *claim == "":
			return ClaimUnreadable
		}
		return ClaimDiffers
	}
	instant := func(claim *float64) ClaimState {
		switch {
		case claim == nil:
			return ClaimAbsent
		case isMilliseconds(*claim, want.Now):
			return ClaimMilliseconds
		case numericDate(*claim).After(want.Now):
			return ClaimFuture
		}
		return ClaimPast
	}
	switch check {
	case "iss":
		return text(c.Issuer)
	case "aud":
		switch {
		case !c.hasAudience:
			return ClaimAbsent
		case len(c.Audience) == 0:
			return ClaimUnreadable
		}
	case "azp":
		return text(c.AZP)
	case "sub":
		return text(c.Subject)
	case "nonce":
		if want.Nonce == "" {
			return ClaimUnexpected
		}
		return text(c.Nonce)
	case "at_hash":
		return text(c.AtHash)
	case "exp":
		return instant(c.Expires)
	case "iat":
		return instant(c.IssuedAt)
	case "nbf":
		return instant(c.NotBefore)
	case "auth_time":
		if c.authTimeUnreadable {
			return ClaimUnreadable
		}
		return instant(c.AuthTime)
	}
	return ClaimDiffers
}

// isMilliseconds reports whether a time is within 50 years of now if read as milliseconds. Read as seconds, such a time
// is thousands of years away.
func isMilliseconds(claim float64, now time.Time) bool {
	const years = 50 * 365 * 24 * time.Hour
	return numericDate(claim/1000).Sub(now).Abs() < years
}

// checks returns the verdict on the signature and one on each claim, in the order of OpenID Connect Core section 3.1.3.7.
// It compares a value that is secret to this login without showing it.
func (c *idTokenClaims) checks(alg string, want expected, signature Verdict) []Verdict {
	list := make([]Verdict, 0, 12)
	list = append(list, signature, c.checkIssuer(want), c.checkAudience(want), c.checkAZP(want), c.checkExpiry(want), c.checkIssuedAt(want))
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
	if want.AuthTime != nil && (c.AuthTime != nil || c.authTimeUnreadable) {
		ok := c.AuthTime != nil && *c.AuthTime == *want.AuthTime
		list = append(list, Verdict{"auth_time", quotedTime(want.AuthTime), c.shownAuthTime(), ok, "Core 12.2"})
	}
	return append(list, c.checkAtHash(alg, want))
}

func (c *idTokenClaims) checkIssuer(want expected) Verdict {
	return Verdict{"iss", want.Issuer, want.quoted(c.Issuer), c.Issuer != nil && *c.Issuer == want.Issuer, "Core 3.1.3.7 (2)"}
}

func (c *idTokenClaims) checkAudience(want expected) Verdict {
	found := cmp.Or(want.client.Sanitized(strings.Join(c.Audience, ", "), 200), "nothing")
	return Verdict{"aud", want.ClientID, found, slices.Contains(c.Audience, want.ClientID), "Core 3.1.3.7 (3)"}
}

// audience returns aud, which is a string or a list of strings. It returns nil for anything else.
func (r *Reader) audience() []string {
	switch r.Kind("aud") {
	case "string":
		if one := r.Text("aud"); one != "" {
			return []string{one}
		}
	case "array":
		if list, all := stringsIn(r.Raw("aud")); all {
			return list
		}
	}
	return nil
}

// checkAZP requires our client ID in the authorized party, if there is one. A token with other audiences should have one.
func (c *idTokenClaims) checkAZP(want expected) Verdict {
	const section = "Core 3.1.3.7 (4), (5)"
	switch {
	case c.AZP != nil:
		return Verdict{"azp", want.ClientID, want.quoted(c.AZP), *c.AZP == want.ClientID, section}
	case c.isForOthers(want.ClientID):
		return Verdict{"azp", want.ClientID + ", or nothing", "nothing, though the token is for others, too", true, section}
	}
	return Verdict{"azp", "nothing, or " + want.ClientID, "nothing", true, section}
}

// isForOthers reports whether the audience has other members.
func (c *idTokenClaims) isForOthers(clientID string) bool {
	return slices.ContainsFunc(c.Audience, func(one string) bool { return one != clientID })
}

func (c *idTokenClaims) checkExpiry(want expected) Verdict {
	return Verdict{"exp", "later than " + showTime(want.Now), quotedTime(c.Expires),
		c.Expires != nil && *c.Expires < year9999 && want.Now.Before(numericDate(*c.Expires).Add(Leeway)), "Core 3.1.3.7 (9)"}
}

func (c *idTokenClaims) checkIssuedAt(want expected) Verdict {
	return Verdict{"iat", "not later than " + showTime(want.Now), quotedTime(c.IssuedAt),
		c.IssuedAt != nil && !numericDate(*c.IssuedAt).After(want.Now.Add(Leeway)), "Core 3.1.3.7 (10)"}
}

func (c *idTokenClaims) checkNotBefore(want expected) Verdict {
	return Verdict{"nbf", "not later than " + showTime(want.Now), quotedTime(c.NotBefore),
		!numericDate(*c.NotBefore).After(want.Now.Add(Leeway)), "RFC 7519 section 4.1.5"}
}

func (c *idTokenClaims) checkSubject(want expected) Verdict {
	fits := c.Subject != nil && *c.Subject != "" && len(*c.Subject) <= 255
	if want.Subject == "" {
		return Verdict{"sub", "an identifier of at most 255 characters", want.quoted(c.Subject), fits, "Core 2"}
	}
	return Verdict{"sub", want.Subject, want.quoted(c.Subject), fits && *c.Subject == want.Subject, "Core 12.2"}
}

func (c *idTokenClaims) checkNonce(want expected) Verdict {
	const ours, section = "the nonce that this login sent", "Core 3.1.3.7 (11)"
	switch {
	case want.Nonce == "":
		return Verdict{"nonce", "none, as none was sent", "one", false, section}
	case c.Nonce == nil:
		return Verdict{"nonce", ours, "nothing", false, section}
	case subtle.ConstantTimeCompare([]byte(*c.Nonce), []byte(want.Nonce)) != 1:
		return Verdict{"nonce", ours, "a different one", false, section}
	}
	return Verdict{"nonce", ours, "the same", true, section}
}

func (c *idTokenClaims) checkAuthTime(want expected) Verdict {
	oldest := want.Now.Add(-want.MaxAge)
	ok := c.AuthTime != nil && !numericDate(*c.AuthTime).Before(oldest.Add(-Leeway)) && !numericDate(*c.AuthTime).After(want.Now.Add(Leeway))
	return Verdict{"auth_time", "not before " + showTime(oldest), c.shownAuthTime(), ok, "Core 3.1.3.7 (13)"}
}

// shownAuthTime returns auth_time as a verdict shows it.
func (c *idTokenClaims) shownAuthTime() string {
	if c.authTimeUnreadable {
		return "not a number"
	}
	return quotedTime(c.AuthTime)
}

// checkAtHash verifies the access token against the ID token, if the server sends at_hash.
func (c *idTokenClaims) checkAtHash(alg string, want expected) Verdict {
	return Verdict{"at_hash", "the hash of the access token, or nothing", want.quoted(c.AtHash),
		c.AtHash == nil || *c.AtHash == atHash(alg, want.AccessToken), "Core 3.1.3.8"}
}

// atHash returns the left half of the access token's hash, with the hash function of the signature algorithm (OpenID
// Connect Core section 3.1.3.6). EdDSA with Ed25519 uses SHA-512.
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

func showTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func quotedTime(seconds *float64) string {
	if seconds == nil {
		return "nothing"
	}
	return showTime(numericDate(*seconds)) + " (" + strconv.FormatFloat(*seconds, 'f', -1, 64) + ")"
}

// quoted returns a claim as a verdict shows it.
func (want expected) quoted(claim *string) string {
	if claim == nil {
		return "nothing"
	}
	return want.client.Sanitized(*claim, 200)
}

// ExpiryOf returns the exp of an ID token, without verifying it, or the zero time if there is none.
func ExpiryOf(idToken string) time.Time {
	_, claims, err := parseIDToken(idToken)
	if err != nil || claims.Expires == nil {
		return time.Time{}
	}
	return numericDate(*claims.Expires)
}
