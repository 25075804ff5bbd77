package redact

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// ReplaceClient marks a client secret: alone, and with the client ID as HTTP Basic sends them (RFC 6749
// section 2.3.1), with the form-encoding that belongs there and without.
func (t *Text) ReplaceClient(id, secret, standIn string) {
	if secret == "" {
		return
	}
	t.Replace(secret, standIn)
	if len(t.source) < base64.RawStdEncoding.EncodedLen(len(id)+1+len(secret)) {
		return // no escape is shorter than what it stands for
	}
	for _, pair := range []string{id + ":" + secret, url.QueryEscape(id) + ":" + url.QueryEscape(secret)} {
		encoded := base64.StdEncoding.EncodeToString([]byte(pair))
		t.Replace(encoded, standIn)
		t.Replace(strings.TrimRight(encoded, "="), standIn) // as some write it, or escape what ends it
	}
}
