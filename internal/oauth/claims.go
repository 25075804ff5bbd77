package oauth

import (
	"cmp"
	"crypto"
	_ "crypto/sha512" // at_hash of the 384 and 512 bit algorithms
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

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

// checks adds to the verdict about the signature those about each claim, in the order of OpenID Connect Core
// section 3.1.3.7. A value that is secret to this login is compared, not shown.
func (c *idTokenClaims) checks(alg string, want expected, signature Verdict) []Verdict {
	list := make([]Verdict, 0, 12)
	audience := c.audience()
	list = append(list, signature, c.checkIssuer(want), checkAudience(audience, want), c.checkAZP(audience, want), c.checkExpiry(want), c.checkIssuedAt(want))
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
	if want.AuthTime != nil && c.AuthTime != nil {
		list = append(list, Verdict{"auth_time", quotedTime(want.AuthTime), quotedTime(c.AuthTime), *c.AuthTime == *want.AuthTime, "Core 12.2"})
	}
	return append(list, c.checkAtHash(alg, want))
}

func (c *idTokenClaims) checkIssuer(want expected) Verdict {
	return Verdict{"iss", want.Issuer, want.quoted(c.Issuer), c.Issuer != nil && *c.Issuer == want.Issuer, "Core 3.1.3.7 (2)"}
}

func checkAudience(audience []string, want expected) Verdict {
	found := cmp.Or(want.client.said(strings.Join(audience, ", "), 200), "nothing")
	return Verdict{"aud", want.ClientID, found, slices.Contains(audience, want.ClientID), "Core 3.1.3.7 (3)"}
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
func (c *idTokenClaims) checkAZP(audience []string, want expected) Verdict {
	if c.AZP == nil && len(audience) <= 1 {
		return Verdict{"azp", "nothing, or " + want.ClientID, "nothing", true, "Core 3.1.3.7 (4), (5)"}
	}
	return Verdict{"azp", want.ClientID, want.quoted(c.AZP), c.AZP != nil && *c.AZP == want.ClientID, "Core 3.1.3.7 (4), (5)"}
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
	const ours, section = "the one of this login", "Core 3.1.3.7 (11)"
	switch {
	case want.Nonce == "":
		return Verdict{"nonce", "none, as none was sent", "one", false, section}
	case c.Nonce == nil:
		return Verdict{"nonce", ours, "nothing", false, section}
	case subtle.ConstantTimeCompare([]byte(*c.Nonce), []byte(want.Nonce)) != 1:
		return Verdict{"nonce", ours, "another", false, section}
	}
	return Verdict{"nonce", ours, "the same", true, section}
}

func (c *idTokenClaims) checkAuthTime(want expected) Verdict {
	oldest := want.Now.Add(-want.MaxAge)
	ok := c.AuthTime != nil && !numericDate(*c.AuthTime).Before(oldest.Add(-Leeway)) && !numericDate(*c.AuthTime).After(want.Now.Add(Leeway))
	return Verdict{"auth_time", "not before " + showTime(oldest), quotedTime(c.AuthTime), ok, "Core 3.1.3.7 (13)"}
}

// checkAtHash binds the access token to the ID token, when the server does.
func (c *idTokenClaims) checkAtHash(alg string, want expected) Verdict {
	return Verdict{"at_hash", "the hash of the access token, or nothing", want.quoted(c.AtHash),
		c.AtHash == nil || *c.AtHash == atHash(alg, want.AccessToken), "Core 3.1.3.8"}
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

// quoted is a claim as a verdict shows it.
func (want expected) quoted(claim *string) string {
	if claim == nil {
		return "nothing"
	}
	return want.client.said(*claim, 200)
}

// ExpiryOf is the exp of an ID token, which is not verified for it; zero when there is none.
func ExpiryOf(idToken string) time.Time {
	_, claims, err := parseIDToken(idToken)
	if err != nil || claims.Expires == nil {
		return time.Time{}
	}
	return numericDate(*claims.Expires)
}
