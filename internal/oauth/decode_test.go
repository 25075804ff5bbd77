package oauth

import (
	"encoding/base64"
	"strings"
	"testing"
)

// An access token is decoded when it is a JWT, and otherwise it is opaque.
func TestDecode(t *testing.T) {
	b64 := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	object := b64(`{"a":1}`)
	for _, row := range []struct {
		name, token string
		opaque      bool
		profile     bool
	}{
		{"a JWT", object + "." + object + ".sig", false, false},
		{"of RFC 9068", b64(`{"typ":"at+jwt"}`) + "." + object + ".sig", false, true},
		{"of RFC 9068, in full", b64(`{"typ":"application/AT+JWT"}`) + "." + object + ".sig", false, true},
		{"of another type", b64(`{"typ":"jwt"}`) + "." + object + ".sig", false, false},
		{"text", "opaque", true, false},
		{"two parts", object + "." + object, true, false},
		{"five parts", strings.Repeat(object+".", 4) + object, true, false},
		{"a header that is no base64", "%%." + object + ".sig", true, false},
		{"claims that are no base64", object + ".%%.sig", true, false},
		{"a header that is no JSON", b64("x") + "." + object + ".sig", true, false},
		{"claims that are no JSON", object + "." + b64("x") + ".sig", true, false},
	} {
		d := Decode(row.token)
		if d == nil || d.Opaque != row.opaque || d.Profile != row.profile {
			t.Errorf("%s: %+v", row.name, d)
		}
		if !row.opaque && (d.Claims != "{\n  \"a\": 1\n}" || !strings.HasPrefix(d.Header, "{\n  \"")) {
			t.Errorf("%s: %+v", row.name, d)
		}
	}
	if d := Decode(""); d != nil {
		t.Errorf("no token is decoded as %+v", d)
	}
}
