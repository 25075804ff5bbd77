package oauth

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"oauth-test-client/internal/wire"
)

// Decoded is a token as far as anybody can read it: nothing of it is verified here. What an access token
// says is between the two servers (RFC 6749 section 1.4): a client shows it and draws nothing from it.
type Decoded struct {
	Opaque  bool // it is not a JWT
	Header  []Claim
	Claims  []Claim
	Profile bool // it says that it follows RFC 9068
}

// Claim is one member of a JWT's header or claims, in the order in which it was sent.
type Claim struct {
	Name  string
	Value string    // a string without its quotes, anything else as JSON
	Time  time.Time // of a NumericDate (RFC 7519 section 2); zero for any other
}

// times are the claims that are a NumericDate (RFC 7519 section 4.1, OpenID Connect Core sections 2
// and 5.1).
var times = map[string]bool{"exp": true, "iat": true, "nbf": true, "auth_time": true, "updated_at": true}

// The most of a token that is shown: so many members, and so many bytes of each.
const (
	maxShownClaims = 200
	maxShownValue  = 4000
)

// Decode reads a JWT without verifying it. It returns nil for no token.
func Decode(token string) *Decoded {
	if token == "" {
		return nil
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return &Decoded{Opaque: true}
	}
	header, readableHeader := members(parts[0])
	claims, readableClaims := members(parts[1])
	if !readableHeader || !readableClaims {
		return &Decoded{Opaque: true}
	}
	d := &Decoded{Header: header, Claims: claims}
	for _, c := range header {
		if c.Name == "typ" {
			d.Profile = strings.TrimPrefix(strings.ToLower(c.Value), "application/") == "at+jwt"
		}
	}
	return d
}

// members reads one part of a JWT, a JSON object in base64url, member by member. It returns false when
// it is none.
func members(part string) ([]Claim, bool) {
	document, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil || !json.Valid(document) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(document))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, false
	}
	var list []Claim
	for d.More() && len(list) < maxShownClaims {
		name, err := d.Token()
		var value json.RawMessage
		if err != nil || d.Decode(&value) != nil {
			return nil, false
		}
		text, _ := name.(string) // the name of a member always is one
		list = append(list, newClaim(text, value))
	}
	return list, true
}

func newClaim(name string, value json.RawMessage) Claim {
	c := Claim{Name: wire.Clip(name, 200), Value: wire.Clip(string(value), maxShownValue)}
	var text string
	if json.Unmarshal(value, &text) == nil && string(value) != "null" {
		c.Value = wire.Clip(text, maxShownValue)
	}
	if seconds, err := strconv.ParseFloat(string(value), 64); err == nil && times[name] {
		c.Time = numericDate(seconds)
	}
	return c
}
