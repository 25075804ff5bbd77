package oauth

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"
)

// unsigned returns a JWT of a header and claims, with a signature that is never checked.
func unsigned(header, claims string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(header)) + "." + encode([]byte(claims)) + ".c2ln"
}

// A JWT is read member by member, in its order, with nothing lost: numbers stay as they were sent.
func TestDecode(t *testing.T) {
	d := Decode(unsigned(`{"alg":"RS256","typ":"at+jwt"}`,
		`{"sub":"u\u0031","exp":1795563719,"big":12345678901234567890,"email_verified":true,"aud":["a","b"],"nothing":null,"exp_like":5,"deep":{"a":[1]}}`))
	want := []Claim{
		{Name: "sub", Value: "u1"},
		{Name: "exp", Value: "1795563719", Time: time.Unix(1795563719, 0)},
		{Name: "big", Value: "12345678901234567890"},
		{Name: "email_verified", Value: "true"},
		{Name: "aud", Value: `["a","b"]`},
		{Name: "nothing", Value: "null"},
		{Name: "exp_like", Value: "5"},
		{Name: "deep", Value: `{"a":[1]}`},
	}
	if len(d.Claims) != len(want) || d.Opaque || !d.Profile || len(d.Header) != 2 || d.Header[0] != (Claim{Name: "alg", Value: "RS256"}) {
		t.Fatalf("decoded %+v", d)
	}
	for i, c := range d.Claims {
		if c != want[i] {
			t.Errorf("claim %d is %+v; want %+v", i, c, want[i])
		}
	}
	if !Decode(unsigned(`{"typ":"application/AT+JWT"}`, `{}`)).Profile {
		t.Error("RFC 9068 is not told by its type in full")
	}
	if Decode(unsigned(`{"typ":"JWT"}`, `{}`)).Profile {
		t.Error("a token of another type is taken for one of RFC 9068")
	}
}

// What is not a JWT is opaque, and no token is nothing.
func TestDecode_Opaque(t *testing.T) {
	if Decode("") != nil {
		t.Error("no token was decoded")
	}
	for _, token := range []string{
		"abc", "a.b", "a.b.c.d.e", unsigned(`{"alg":"RS256"}`, `[1]`), unsigned(`null`, `{}`),
		unsigned(`{}`, `{"a":`), "!!.e30.e30",
	} {
		if d := Decode(token); !d.Opaque || len(d.Claims) > 0 {
			t.Errorf("%q was decoded: %+v", token, d)
		}
	}
	if Decode(unsigned(`{}`, `{"sub":"u"}`)).Opaque {
		t.Error("the honest twin is opaque")
	}
}

// A token that is made to fill a page does not: members and values are bounded.
func TestDecode_Bounded(t *testing.T) {
	many := `{"a":1` + strings.Repeat(`,"b":2`, 5000) + `}`
	deep := `{"a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`
	if n := len(Decode(unsigned(`{}`, many)).Claims); n != maxShownClaims {
		t.Errorf("%d members are shown; want %d", n, maxShownClaims)
	}
	if n := len(Decode(unsigned(`{}`, deep)).Claims[0].Value); n > maxShownValue+10 {
		t.Errorf("a value of %d bytes is shown", n)
	}
}

// Each claim that is a NumericDate is shown as a time, and no other number is.
func TestDecode_Times(t *testing.T) {
	t.Parallel()
	claims := base64.RawURLEncoding.EncodeToString([]byte(`{"exp":1795563719,"iat":1795563719,"nbf":1795563719,"auth_time":1795563719,"updated_at":1795563719,"other":1795563719,"sub":"a"}`))
	for _, claim := range Decode("e30." + claims + ".c2ln").Claims {
		if got := !claim.Time.IsZero(); got != (claim.Name != "other" && claim.Name != "sub") || got && claim.Time.Unix() != 1795563719 {
			t.Errorf("%s is the time %v", claim.Name, claim.Time)
		}
	}
}
