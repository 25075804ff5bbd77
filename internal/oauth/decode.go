package oauth

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"oauth-test-client/internal/wire"
)

// Decoded is an access token as far as anybody can read it. What it says is between the two servers
// (RFC 6749 section 1.4): a client shows it and draws nothing from it.
type Decoded struct {
	Opaque  bool
	Header  string // JSON, indented
	Claims  string
	Profile bool // it says that it follows RFC 9068
}

// Decode reads a JWT access token without verifying it, which only the API can and must. It returns
// nil for no token.
func Decode(accessToken string) *Decoded {
	if accessToken == "" {
		return nil
	}
	parts := strings.Split(accessToken, ".")
	if len(parts) != 3 {
		return &Decoded{Opaque: true}
	}
	header, errHeader := base64.RawURLEncoding.DecodeString(parts[0])
	claims, errClaims := base64.RawURLEncoding.DecodeString(parts[1])
	if errHeader != nil || errClaims != nil || !json.Valid(header) || !json.Valid(claims) {
		return &Decoded{Opaque: true}
	}
	var h struct {
		Type string `json:"typ"`
	}
	json.Unmarshal(header, &h) // without a typ it is no RFC 9068 token
	kind := strings.TrimPrefix(strings.ToLower(h.Type), "application/")
	return &Decoded{Header: wire.Pretty(string(header)), Claims: wire.Pretty(string(claims)), Profile: kind == "at+jwt"}
}
