package oauth

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"hash"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// Each row spoils one claim of an ID token that is otherwise right, and says which check refuses it.
func TestIDToken_Claims(t *testing.T) {
	now := time.Now()
	set := func(name string, value any) func(map[string]any) {
		return func(c map[string]any) { c[name] = value }
	}
	remove := func(name string) func(map[string]any) { return func(c map[string]any) { delete(c, name) } }
	for _, row := range []struct {
		name  string
		spoil func(map[string]any)
		words string // empty when the token is right all the same
	}{
		{"honest", func(map[string]any) {}, ""},
		{"iss of another server", set("iss", "https://evil.example"), "the check of iss"},
		{"iss is the client secret, which no answer may show", set("iss", testserver.FakeClientSecret), "the check of iss"},
		{"iss missing", remove("iss"), "the check of iss"},
		{"iss with a slash", func(c map[string]any) { c["iss"] = c["iss"].(string) + "/" }, "the check of iss"},
		{"aud of another client", set("aud", "other"), "the check of aud"},
		{"aud missing", remove("aud"), "the check of aud"},
		{"aud empty", set("aud", []string{}), "the check of aud"},
		{"aud a number", set("aud", 1), "the check of aud"},
		{"aud a list of one", set("aud", []string{testserver.FakeClientID}), ""},
		{"aud with others and no azp", set("aud", []string{testserver.FakeClientID, "other"}), ""},
		{"aud of others alone", set("aud", []string{"other", "another"}), "the check of aud"},
		{"aud with others and the azp of another", func(c map[string]any) {
			c["aud"], c["azp"] = []string{"other", testserver.FakeClientID}, "other"
		}, "the check of azp"},
		{"aud with others and our azp", func(c map[string]any) {
			c["aud"], c["azp"] = []string{"other", testserver.FakeClientID}, testserver.FakeClientID
		}, ""},
		{"azp of another client", set("azp", "other"), "the check of azp"},
		{"azp ours", set("azp", testserver.FakeClientID), ""},
		{"sub missing", remove("sub"), "the check of sub"},
		{"sub empty", set("sub", ""), "the check of sub"},
		{"sub too long", set("sub", strings.Repeat("x", 256)), "the check of sub"},
		{"sub a number", set("sub", 1), `"sub" in its JSON is a number`},
		{"exp missing", remove("exp"), "the check of exp"},
		{"exp long past", set("exp", now.Add(-time.Hour).Unix()), "the check of exp"},
		{"exp past by more than the leeway", set("exp", now.Add(-62*time.Second).Unix()), "the check of exp"},
		{"exp past within the leeway", set("exp", now.Add(-50*time.Second).Unix()), ""},
		{"exp a string", set("exp", "tomorrow"), `"exp" in its JSON is a string`},
		{"exp a fraction", set("exp", float64(now.Add(time.Hour).Unix())+0.5), ""},
		{"exp beyond reason", set("exp", 1e300), "fails the check of exp"},
		{"iat missing", remove("iat"), "the check of iat"},
		{"iat in the future", set("iat", now.Add(2*time.Minute).Unix()), "the check of iat"},
		{"iat in the future within the leeway", set("iat", now.Add(50*time.Second).Unix()), ""},
		{"nbf in the future", set("nbf", now.Add(2*time.Minute).Unix()), "the check of nbf"},
		{"nbf in the past", set("nbf", now.Add(-10*time.Second).Unix()), ""},
		{"nonce missing", remove("nonce"), "the check of nonce"},
		{"nonce of another login", set("nonce", "other"), "the check of nonce"},
		{"nonce empty", set("nonce", ""), "the check of nonce"},
		{"at_hash of another token", set("at_hash", testserver.HalfHash("other")), "the check of at_hash"},
		{"at_hash empty", set("at_hash", ""), "the check of at_hash"},
		{"at_hash missing", remove("at_hash"), ""},
		{"at_hash a number", set("at_hash", 1), `"at_hash" in its JSON is a number`},
		{"nonce a list", set("nonce", []string{"a"}), `"nonce" in its JSON is an array`},
		{"iat a string", set("iat", "1795563719"), `"iat" in its JSON is a string`},
		{"email a list", set("email", []string{"a@a.example", "b@a.example"}), ""},
		{"auth_time a string that nobody asked for", set("auth_time", "1795563719"), ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := testserver.StartFakeServer(t)
			l.Claims = row.spoil
			wantIDToken(t, l, nil, row.words)
		})
	}
}

// What is only shown of an ID token may be of any type, and what other clients may refuse is a warning.
func TestIDToken_Warnings(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, claim string
		value       any
		user        string // what the user is called by
		want        []string
	}{
		{"nothing", "email", "a@a.example", "Fake User", nil},
		{"booleans and times of their type", "email_verified", true, "Fake User", nil},
		{"two addresses", "email", []string{"a@a.example", "b@a.example"}, "Fake User", []string{"email in the ID token is a list, and should be a string"}},
		{"a list of names", "name", []string{"A", "B"}, "A", []string{"name in the ID token is a list"}},
		{"a list of no names", "name", []string{}, "user-1", []string{"name in the ID token is a list"}},
		{"a number for a name", "name", 7, "user-1", []string{"name in the ID token is a number"}},
		{"true in words", "email_verified", "true", "Fake User", []string{"email_verified in the ID token is a string, and should be a boolean"}},
		{"a time in words", "updated_at", "2026-01-01", "Fake User", []string{"updated_at in the ID token is a string, and should be a number"}},
		{"auth_time in words", "auth_time", "1795563719", "Fake User", []string{"auth_time in the ID token is a string"}},
		{"a claim of no standard", "groups", 7, "Fake User", nil},
		{"others in aud", "aud", []string{testserver.FakeClientID, "other"}, "Fake User", []string{"is for others, too (aud is fake-client, other), and lacks the azp"}},
		{"others in aud, and our azp", "aud", []string{testserver.FakeClientID, "other"}, "Fake User", nil},
		{"itself twice in aud", "aud", []string{testserver.FakeClientID, testserver.FakeClientID}, "Fake User", nil},
		{"the secret in aud", "aud", []string{testserver.FakeClientID, testserver.FakeClientSecret}, "Fake User", []string{"aud is fake-client, [redacted]"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			l := testserver.StartFakeServer(t)
			l.Claims = func(c map[string]any) {
				if c[row.claim] = row.value; row.name == "others in aud, and our azp" {
					c["azp"] = testserver.FakeClientID
				}
			}
			_, id, err := signIn(t, clientAt(t, l.Env()), l, nil)
			if err != nil {
				t.Fatal(err)
			}
			if id.Name != row.user || len(id.Warnings) != len(row.want) {
				t.Fatalf("%q with the warnings %q; want %q, %q", id.Name, id.Warnings, row.user, row.want)
			}
			for i, words := range row.want {
				if !strings.Contains(id.Warnings[i], words) {
					t.Errorf("warning %q; want %q", id.Warnings[i], words)
				}
			}
		})
	}
}

// HS256 is verified with the client secret where the metadata lists it and the secret is long enough for a key, and in no
// other case. The server's keys have nothing to do with it.
func TestIDToken_HS256(t *testing.T) {
	t.Parallel()
	const secret = "a-client-secret-of-32-bytes-0000" // just long enough
	hs := func(alg string, sum func() hash.Hash, key string) func(claims map[string]any) string {
		return func(claims map[string]any) string {
			payload, _ := json.Marshal(claims)
			signed := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"`+alg+`","kid":"k1"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload)
			mac := hmac.New(sum, []byte(key))
			mac.Write([]byte(signed))
			return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
		}
	}
	hs256 := func(key string) func(map[string]any) string { return hs("HS256", sha256.New, key) }
	algorithm := func(state ClaimState, found, expected string) Error {
		return Error{Kind: IDTokenAlgorithm, Claim: &ClaimFault{Name: "alg", State: state, Found: found, Expected: expected}}
	}
	for _, row := range []struct {
		name   string
		lists  any // nil for nothing
		secret string
		sign   func(map[string]any) string
		want   Error // its kind, and its claim if it has one; no kind when the token is right
	}{
		{"listed", []string{"HS256"}, secret, hs256(secret), Error{}},
		{"listed beside others", []string{"RS256", "HS256"}, secret, hs256(secret), Error{}},
		{"the secret is longer than a block", []string{"HS256"}, secret + secret + secret, hs256(secret + secret + secret), Error{}},
		{"one byte is missing", []string{"RS256", "HS256"}, secret[:31], hs256(secret[:31]), algorithm(ClaimSecretShort, "HS256", "RS256, HS256")},
		{"there is no secret", []string{"HS256"}, "", hs256(""), algorithm(ClaimSecretShort, "HS256", "HS256")},
		{"there is no secret, and another one made it", []string{"HS256"}, "", hs256(secret), algorithm(ClaimSecretShort, "HS256", "HS256")},
		{"not listed", []string{"ES256"}, secret, hs256(secret), algorithm(ClaimDiffers, "HS256", "ES256")},
		{"not listed, and the secret is short", []string{"RS256", "ES256"}, "short-secret", hs256("short-secret"), algorithm(ClaimDiffers, "HS256", "RS256, ES256")},
		{"nothing is listed", nil, secret, hs256(secret), algorithm(ClaimDiffers, "HS256", "RS256")},
		{"listed in a string", "HS256", secret, hs256(secret), algorithm(ClaimDiffers, "HS256", "RS256")},
		{"listed in another case", []string{"hs256"}, secret, hs256(secret), algorithm(ClaimDiffers, "HS256", "hs256")},
		{"HS384", []string{"HS256", "HS384"}, secret + secret, hs("HS384", sha512.New384, secret+secret), algorithm(ClaimDiffers, "HS384", "HS256, HS384")},
		{"HS512", []string{"HS256", "HS512"}, secret + secret, hs("HS512", sha512.New, secret+secret), algorithm(ClaimDiffers, "HS512", "HS256, HS512")},
		{"none", []string{"HS256", "none"}, secret, func(claims map[string]any) string {
			signed := hs("none", sha256.New, secret)(claims)
			return signed[:strings.LastIndex(signed, ".")+1]
		}, algorithm(ClaimDiffers, "none", "HS256, none")},
		{"hs256 in another case", []string{"HS256"}, secret, hs("hs256", sha256.New, secret), algorithm(ClaimDiffers, "hs256", "HS256")},
		{"another secret", []string{"HS256"}, secret, hs256("another-secret-of-32-bytes-00000"), Error{Kind: IDTokenSecret}},
		{"no secret made it", []string{"HS256"}, secret, hs256(""), Error{Kind: IDTokenSecret}},
		{"a key of the server made it", []string{"HS256"}, secret, hs256("a-key-of-the-server-of-32-bytes-"), Error{Kind: IDTokenSecret}},
		{"a different payload", []string{"HS256"}, secret, func(claims map[string]any) string {
			p := strings.Split(hs256(secret)(claims), ".")
			claims["sub"] = "user-2"
			return p[0] + "." + strings.Split(hs256(secret)(claims), ".")[1] + "." + p[2]
		}, Error{Kind: IDTokenSecret}},
		{"no signature", []string{"HS256"}, secret, func(claims map[string]any) string {
			signed := hs256(secret)(claims)
			return signed[:strings.LastIndex(signed, ".")+1]
		}, Error{Kind: IDTokenSecret}},
		{"the right secret, for another client", []string{"HS256"}, secret, func(claims map[string]any) string {
			claims["aud"] = "other"
			return hs256(secret)(claims)
		}, Error{Kind: IDTokenClaim, Claim: &ClaimFault{Name: "aud", State: ClaimDiffers, Found: "other", Expected: testserver.FakeClientID}}},
		{"the right secret, for another access token", []string{"HS256"}, secret, func(claims map[string]any) string {
			claims["at_hash"] = "other"
			return hs256(secret)(claims)
		}, Error{Kind: IDTokenClaim, Claim: &ClaimFault{Name: "at_hash", State: ClaimDiffers, Found: "other", Expected: "the hash of the access token, or nothing"}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			l := testserver.StartFakeServer(t)
			l.Sign = row.sign
			l.Document = func(d map[string]any) {
				if d["id_token_signing_alg_values_supported"] = row.lists; row.lists == nil {
					delete(d, "id_token_signing_alg_values_supported")
				}
			}
			l.JWKS = func(w http.ResponseWriter, _ *http.Request) {
				testserver.SendJSON(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: []byte("a-key-of-the-server-of-32-bytes-"), KeyID: "k1", Algorithm: "HS256"}}})
			}
			env := l.Env()
			env["CLIENT_SECRET"] = row.secret
			_, id, err := signIn(t, clientAt(t, env), l, nil)
			if n := l.Asked("GET /jwks"); n > 0 {
				t.Errorf("the keys were fetched %d times", n)
			}
			if row.want.Kind == "" {
				if err != nil || id.Verdicts[0].Found != "HS256 with the client secret" || id.Verdicts[0].Section != "Core 3.1.3.7 (8)" || !id.Verdicts[0].OK {
					t.Fatalf("%+v, %v", id, err)
				}
				return
			}
			e, ok := errors.AsType[*Error](err)
			if !ok || id != nil || e.Kind != row.want.Kind || !reflect.DeepEqual(e.Claim, row.want.Claim) {
				t.Fatalf("%+v with %+v; want %q with %+v", err, e, row.want.Kind, row.want.Claim)
			}
		})
	}
}

// What a server's keys sign is believed whatever the metadata lists, and HS256 is not.
func TestClient_Accepts(t *testing.T) {
	t.Parallel()
	long, short := clientAt(t, map[string]string{"ISSUER": "https://a.example", "CLIENT_ID": "a", "CLIENT_SECRET": strings.Repeat("é", 16)}),
		clientAt(t, map[string]string{"ISSUER": "https://a.example", "CLIENT_ID": "a", "CLIENT_SECRET": "0123456789abcdef0123456789abcde"})
	md, none := &Metadata{IDTokenAlgs: []string{"HS256", "HS384", "none"}}, &Metadata{}
	if !long.Accepts(md, "HS256") || short.Accepts(md, "HS256") || long.Accepts(none, "HS256") {
		t.Error("HS256 is accepted in another case than with a long secret where it is listed")
	}
	if !short.Accepts(none, "RS256") || !short.Accepts(md, "EdDSA") {
		t.Error("a signature of the server is not accepted")
	}
	for _, alg := range []string{"HS384", "HS512", "none", "", "hs256"} {
		if long.Accepts(md, alg) {
			t.Errorf("%q is accepted", alg)
		}
	}
}

// What cannot be read of a key set is counted, each key with the reason.
func TestParseKeys_Unreadable(t *testing.T) {
	t.Parallel()
	good, err := json.Marshal(jose.JSONWebKey{Key: testserver.NewKey(t).Public(), KeyID: "good"})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name, keys string
		usable     int
		want       string
	}{
		{"none", ``, 0, ""},
		{"a good one", string(good), 1, ""},
		{"an unknown type", `{"kty":"NEW","kid":"a"}`, 0, `1 key, unreadable: "a" has the unknown type (kty) "NEW"`},
		{"beside a good one", string(good) + `,{"kty":"NEW"}`, 1, `1 key, unreadable: it has the unknown type (kty) "NEW"`},
		{"no type", `{"kid":"a"}`, 0, `1 key, unreadable: "a" has no type (kty)`},
		{"an unknown curve", `{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA","kid":"a"}`, 0, `1 key, unreadable: "a" has the unknown curve (crv) "secp256k1"`},
		{"a curve that signs nothing", `{"kty":"OKP","crv":"X25519","x":"AA"}`, 0, `1 key, unreadable: it has the unknown curve (crv) "X25519"`},
		{"no point", `{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}`, 0, `1 key, unreadable: it cannot be read: `},
		{"a certificate that is none", `{"kty":"RSA","n":"0vx7","e":"AQAB","x5c":["AAAA"]}`, 0, `1 key, unreadable: it cannot be read: failed to unmarshal x5c`},
		{"no object", `7`, 0, "1 key, unreadable: it cannot be read: it sent a single value instead of a JSON object"},
		{"a name twice", `{"kty":"NEW","kty":"RSA"}`, 0, `1 key, unreadable: it cannot be read: its JSON names "kty" twice`},
		{"five", `{"kty":"A"},{"kty":"B"},{"kty":"C"},{"kty":"D"},{"kty":"E"}`, 0, `5 keys, unreadable: it has the unknown type (kty) "A"; it has the unknown ` +
			`type (kty) "B"; it has the unknown type (kty) "C"; …`},
		{"the secret", `{"kty":"a-secret","kid":"a-secret"}`, 0, `1 key, unreadable: "[redacted]" has the unknown type (kty) "[redacted]"`},
	} {
		hide := func(text string, n int) string {
			return wire.Clip(strings.ReplaceAll(text, "a-secret", "[redacted]"), n)
		}
		set, err := parseKeys([]byte(`{"keys":[`+row.keys+`]}`), hide)
		if err != nil || len(set.Keys) != row.usable || !strings.HasPrefix(set.DescribeUnreadable(), row.want) || (row.want == "") != (set.DescribeUnreadable() == "") {
			t.Errorf("%s: %+v, %v; want %d and %q", row.name, set, err, row.usable, row.want)
		}
	}
	l := testserver.StartFakeServer(t)
	l.JWKS = testserver.SendBody(200, "application/json", `{"keys":[`+string(good)+`,{"kty":"NEW"}]}`)
	c := clientAt(t, l.Env())
	set, err := c.LoadKeySet(t.Context())
	if err != nil || len(set.Keys) != 1 || set.Keys[0].KeyID != "good" || len(set.Unreadable) != 1 {
		t.Errorf("of a server they are %+v, %v", set, err)
	}
}

// wantIDToken runs a login and checks that it is refused with the words, or works when there are none.
func wantIDToken(t *testing.T, l *testserver.FakeServer, params url.Values, words string) {
	t.Helper()
	c := clientAt(t, l.Env())
	_, id, err := signIn(t, c, l, params)
	if words == "" {
		if err != nil || id == nil {
			t.Errorf("a good ID token was refused: %v", err)
		}
		return
	}
	if words == "TOO LONG" {
		wantError(t, err, CodeUnreachable, "more than 1 MB")
	} else {
		wantError(t, err, CodeInvalidIDToken, words)
	}
	if id != nil {
		t.Error("a token that was refused is returned")
	}
	wantHonest(t, l, c)
}

// Signatures that an attacker could have made, or that are not for signing.
func TestIDToken_Signature(t *testing.T) {
	half512 := sha512.Sum512([]byte("fake-access-token"))
	other := testserver.NewKey(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	unsigned := func(alg string) func(claims map[string]any) string {
		return func(claims map[string]any) string {
			payload, _ := json.Marshal(claims)
			return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"`+alg+`"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload) + "."
		}
	}
	hs256 := func(secret string) func(claims map[string]any) string {
		return func(claims map[string]any) string {
			return testserver.SignClaims(jose.HS256, []byte(secret+strings.Repeat("\x00", max(0, 32-len(secret)))), claims)
		}
	}
	es256 := func(change func(raw string) string) func(l *testserver.FakeServer) func(map[string]any) string {
		return func(l *testserver.FakeServer) func(map[string]any) string {
			return func(claims map[string]any) string {
				return change(testserver.SignClaims(jose.ES256, jose.JSONWebKey{Key: l.Key, KeyID: "k1"}, claims))
			}
		}
	}
	keys := func(keys ...jose.JSONWebKey) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) { testserver.SendJSON(w, jose.JSONWebKeySet{Keys: keys}) }
	}
	for _, row := range []struct {
		name  string
		spoil func(l *testserver.FakeServer)
		words string
	}{
		{"alg none", func(l *testserver.FakeServer) { l.Sign = unsigned("none") }, `the algorithm "none"`},
		{"alg NONE", func(l *testserver.FakeServer) { l.Sign = unsigned("NONE") }, `the algorithm "NONE"`},
		{"alg empty", func(l *testserver.FakeServer) { l.Sign = unsigned("") }, `the algorithm ""`},
		{"HS256 with the client secret", func(l *testserver.FakeServer) { l.Sign = hs256(testserver.FakeClientSecret) }, `the algorithm "HS256"`},
		{"alg nOnE", func(l *testserver.FakeServer) { l.Sign = unsigned("nOnE") }, `the algorithm "nOnE"`},
		{"no alg", func(l *testserver.FakeServer) {
			l.Sign = func(claims map[string]any) string {
				payload, _ := json.Marshal(claims)
				return base64.RawURLEncoding.EncodeToString([]byte(`{}`)) + "." + base64.RawURLEncoding.EncodeToString(payload) + "."
			}
		}, `the algorithm ""`},
		{"HS256 with the public key", func(l *testserver.FakeServer) {
			der, err := x509.MarshalPKIXPublicKey(l.Key.Public())
			if err != nil {
				t.Fatal(err)
			}
			l.Sign = hs256(string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
		}, `the algorithm "HS256"`},
		{"HS256 with a key in the set", func(l *testserver.FakeServer) {
			l.JWKS = keys(jose.JSONWebKey{Key: l.Key.Public(), KeyID: "k1"})
			l.Sign = hs256("k1")
		}, `the algorithm "HS256"`},
		{"two signatures", func(l *testserver.FakeServer) {
			l.Sign = es256(func(raw string) string {
				p := strings.Split(raw, ".")
				one := `{"protected":"` + p[0] + `","signature":"` + p[2] + `"}`
				return `{"payload":"` + p[1] + `","signatures":[` + one + `,` + one + `]}`
			})(l)
		}, "is not a JWT"},
		{"as long as an answer may be", func(l *testserver.FakeServer) {
			l.Claims = func(c map[string]any) { c["padding"] = strings.Repeat("x", 700<<10) }
		}, ""},
		{"longer than an answer may be", func(l *testserver.FakeServer) {
			l.Claims = func(c map[string]any) { c["padding"] = strings.Repeat("x", 1<<20) }
		}, "TOO LONG"},
		{"header of no JSON", func(l *testserver.FakeServer) {
			l.Sign = es256(func(raw string) string { return "bm9uZQ" + raw[strings.Index(raw, "."):] })(l)
		}, "a header that cannot be read"},
		{"claims of no JSON", func(l *testserver.FakeServer) {
			l.Sign = func(map[string]any) string { return signRaw(l.Key, []byte("nothing"), nil) }
		}, "claims that cannot be read"},
		{"a key ID that is not there", func(l *testserver.FakeServer) {
			l.Sign = func(c map[string]any) string {
				return testserver.SignClaims(jose.ES256, jose.JSONWebKey{Key: l.Key, KeyID: "k2"}, c)
			}
		}, `no signing key for ES256 with the ID "k2"`},
		{"another key under the same ID", func(l *testserver.FakeServer) {
			l.Sign = func(c map[string]any) string {
				return testserver.SignClaims(jose.ES256, jose.JSONWebKey{Key: other, KeyID: "k1"}, c)
			}
		}, `not made by the server's key "k1"`},
		{"no key ID", func(l *testserver.FakeServer) {
			l.Sign = func(c map[string]any) string {
				return testserver.SignClaims(jose.ES256, jose.JSONWebKey{Key: l.Key}, c)
			}
		}, ""},
		{"a key for encryption", func(l *testserver.FakeServer) {
			l.JWKS = keys(jose.JSONWebKey{Key: l.Key.Public(), KeyID: "k1", Use: "enc"})
		}, `no signing key for ES256`},
		{"a key for encryption by key_ops", func(l *testserver.FakeServer) { l.JWKS = keyWith(t, l, "key_ops", []string{"encrypt"}) }, `no signing key for ES256`},
		{"a key for encryption by key_ops, whatever its use", func(l *testserver.FakeServer) {
			l.JWKS = keyWith(t, l, "use", "sig", "key_ops", []string{"encrypt"})
		}, `no signing key for ES256`},
		{"a key for signatures by key_ops", func(l *testserver.FakeServer) { l.JWKS = keyWith(t, l, "key_ops", []string{"verify"}) }, ""},
		{"key_ops that are no list", func(l *testserver.FakeServer) { l.JWKS = keyWith(t, l, "key_ops", "encrypt") }, ""},
		{"a key for another algorithm", func(l *testserver.FakeServer) {
			l.JWKS = keys(jose.JSONWebKey{Key: l.Key.Public(), KeyID: "k1", Use: "sig", Algorithm: "ES384"})
		}, `no signing key for ES256`},
		{"a key of another type", func(l *testserver.FakeServer) { l.JWKS = keys(jose.JSONWebKey{Key: rsaKey.Public(), KeyID: "k1"}) }, "not made by"},
		{"a private key in the set", func(l *testserver.FakeServer) { l.JWKS = keys(jose.JSONWebKey{Key: l.Key, KeyID: "k1"}) }, "publishes a private key"},
		{"a secret key in the set", func(l *testserver.FakeServer) {
			l.JWKS = keys(jose.JSONWebKey{Key: []byte("secret"), KeyID: "s"}, jose.JSONWebKey{Key: l.Key.Public(), KeyID: "k1"})
		}, "publishes a private key"},
		{"no keys", func(l *testserver.FakeServer) { l.JWKS = keys() }, "it has none"},
		{"a key that nobody knows alone", func(l *testserver.FakeServer) {
			l.JWKS = testserver.SendBody(200, "application/json", `{"keys":[{"kty":"NEW","kid":"k1"}]}`)
		}, `among the server's keys (1 key, unreadable: "k1" has the unknown type (kty) "NEW")`},
		{"a key that nobody knows beside a good one", func(l *testserver.FakeServer) {
			l.JWKS = func(w http.ResponseWriter, _ *http.Request) {
				good, _ := json.Marshal(jose.JSONWebKey{Key: l.Key.Public(), KeyID: "k1"})
				testserver.SendJSON(w, map[string]any{"keys": []any{map[string]any{"kty": "NEW", "x": "y"}, json.RawMessage(good)}})
			}
		}, ""},
		{"keys that answer 500", func(l *testserver.FakeServer) {
			l.JWKS = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }
		}, "returned 500"},
		{"keys that are a page", func(l *testserver.FakeServer) {
			l.JWKS = func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>")) }
		}, "an HTML page"},
		{"a thousand keys", func(l *testserver.FakeServer) {
			l.JWKS = func(w http.ResponseWriter, _ *http.Request) {
				testserver.SendJSON(w, map[string]any{"keys": make([]map[string]any, 1000)})
			}
		}, "1000 keys"},
		{"RS256", func(l *testserver.FakeServer) {
			l.JWKS = keys(jose.JSONWebKey{Key: rsaKey.Public(), KeyID: "r", Use: "sig"})
			l.Sign = func(c map[string]any) string {
				c["at_hash"] = testserver.HalfHash("fake-access-token")
				return testserver.SignClaims(jose.RS256, jose.JSONWebKey{Key: rsaKey, KeyID: "r"}, c)
			}
		}, ""},
		{"PS512", func(l *testserver.FakeServer) {
			l.JWKS = keys(jose.JSONWebKey{Key: rsaKey.Public(), KeyID: "r", Use: "sig"})
			l.Sign = func(c map[string]any) string {
				c["at_hash"] = base64.RawURLEncoding.EncodeToString(half512[:32])
				return testserver.SignClaims(jose.PS512, jose.JSONWebKey{Key: rsaKey, KeyID: "r"}, c)
			}
		}, ""},
		{"a changed payload", func(l *testserver.FakeServer) {
			l.Sign = es256(func(raw string) string {
				parts := strings.Split(raw, ".")
				payload, _ := base64.RawURLEncoding.DecodeString(parts[1])
				parts[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(payload), "user-1", "user-2", 1)))
				return strings.Join(parts, ".")
			})(l)
		}, "not made by"},
		{"ES256 with a signature that does not fit", func(l *testserver.FakeServer) { l.Sign = es256(spoiledSignature)(l) }, `not made by the server's key "k1"`},
		{"RS256 with a signature that does not fit", func(l *testserver.FakeServer) {
			l.JWKS = keys(jose.JSONWebKey{Key: rsaKey.Public(), KeyID: "r", Use: "sig"})
			l.Sign = func(c map[string]any) string {
				return spoiledSignature(testserver.SignClaims(jose.RS256, jose.JSONWebKey{Key: rsaKey, KeyID: "r"}, c))
			}
		}, `not made by the server's key "r"`},
		{"ES256 with a signature of nothing", func(l *testserver.FakeServer) {
			l.Sign = es256(func(raw string) string { // r and s are 0, which once passed for any message (CVE-2022-21449)
				return raw[:strings.LastIndex(raw, ".")+1] + base64.RawURLEncoding.EncodeToString(make([]byte, 64))
			})(l)
		}, `not made by the server's key "k1"`},
		{"a line break", func(l *testserver.FakeServer) {
			l.Sign = es256(func(raw string) string { return strings.Replace(raw, ".", ".\n", 1) })(l)
		}, "it is not base64url"},
		{"padding", func(l *testserver.FakeServer) { l.Sign = es256(func(raw string) string { return raw + "=" })(l) }, "it is not base64url"},
		{"a non-canonical last character", func(l *testserver.FakeServer) { l.Sign = es256(nonCanonical)(l) }, "it is not base64url"},
		{"two parts", func(l *testserver.FakeServer) {
			l.Sign = es256(func(raw string) string { return raw[:strings.LastIndex(raw, ".")] })(l)
		}, "2 parts instead of 3"},
		{"encrypted", func(l *testserver.FakeServer) { l.Sign = func(map[string]any) string { return "a.b.c.d.e" } }, "is encrypted (JWE)"},
		{"the JSON form", func(l *testserver.FakeServer) {
			l.Sign = es256(func(raw string) string {
				p := strings.Split(raw, ".")
				return `{"payload":"` + p[1] + `","protected":"` + p[0] + `","signature":"` + p[2] + `"}`
			})(l)
		}, "is not a JWT"},
		{"a claim twice", func(l *testserver.FakeServer) {
			l.Sign = func(c map[string]any) string {
				payload, _ := json.Marshal(c)
				return signRaw(l.Key, append(payload[:len(payload)-1], `,"sub":"user-2"}`...), nil)
			}
		}, `"sub" twice`},
		{"a critical extension", func(l *testserver.FakeServer) {
			l.Sign = func(c map[string]any) string {
				payload, _ := json.Marshal(c)
				return signRaw(l.Key, payload, map[jose.HeaderKey]any{"crit": []string{"b64"}, "b64": true})
			}
		}, "critical header parameters"},
		{
			"its own key in the header",
			func(l *testserver.FakeServer) {
				l.Sign = func(c map[string]any) string {
					payload, _ := json.Marshal(c)
					return signRaw(other, payload, map[jose.HeaderKey]any{
						"jwk": jose.JSONWebKey{Key: other.Public()},
						"jku": l.Issuer + "/own-keys",
						"x5u": l.Issuer + "/own-cert",
					})
				}
			},
			"not made by",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := testserver.StartFakeServer(t)
			row.spoil(l)
			wantIDToken(t, l, nil, row.words)
			for _, path := range []string{"/own-keys", "/own-cert"} {
				if l.Asked("GET "+path) > 0 {
					t.Errorf("%s was fetched, because a token said so", path)
				}
			}
		})
	}
}

// signRaw signs a payload as it is with ES256, with extra header parameters.
func signRaw(key any, payload []byte, header map[jose.HeaderKey]any) string {
	return testserver.Sign(jose.ES256, jose.JSONWebKey{Key: key, KeyID: "k1"}, payload, header)
}

// spoiledSignature changes one byte of a signature.
func spoiledSignature(raw string) string {
	at := strings.LastIndex(raw, ".") + 1
	signature, err := base64.RawURLEncoding.DecodeString(raw[at:])
	if err != nil {
		panic(err)
	}
	signature[len(signature)/2] ^= 1
	return raw[:at] + base64.RawURLEncoding.EncodeToString(signature)
}

// nonCanonical sets bits in the last character of a signature that stand for nothing.
func nonCanonical(raw string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, raw[len(raw)-1])
	return raw[:len(raw)-1] + string(alphabet[last|1])
}

// auth_time is checked when max_age was asked, and only then.
func TestIDToken_AuthTime(t *testing.T) {
	now := time.Now()
	for _, row := range []struct {
		name, maxAge string
		authTime     any
		words        string
	}{
		{"recent", "300", now.Unix(), ""},
		{"within the leeway", "300", now.Add(-350 * time.Second).Unix(), ""},
		{"too old", "300", now.Add(-400 * time.Second).Unix(), "the check of auth_time"},
		{"missing", "300", nil, "the check of auth_time"},
		{"in the future", "300", now.Add(time.Hour).Unix(), "the check of auth_time"},
		{"old, and nobody asked", "", now.Add(-400 * time.Hour).Unix(), ""},
		{"max_age of none", "0", now.Add(-120 * time.Second).Unix(), "the check of auth_time"},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := testserver.StartFakeServer(t)
			l.Claims = func(c map[string]any) {
				if c["auth_time"] = row.authTime; row.authTime == nil {
					delete(c, "auth_time")
				}
			}
			wantIDToken(t, l, url.Values{"max_age": {row.maxAge}}, row.words)
		})
	}
}

// Keys that changed since they were fetched are fetched again, under a new ID or the same one.
func TestKeySet_Rotate(t *testing.T) {
	for _, id := range []string{"k1", "k2"} {
		t.Run(id, func(t *testing.T) {
			l := testserver.StartFakeServer(t)
			c := clientAt(t, l.Env())
			if _, _, err := signIn(t, c, l, nil); err != nil {
				t.Fatalf("the first login: %v", err)
			}
			l.Key = testserver.NewKey(t)
			l.JWKS = func(w http.ResponseWriter, _ *http.Request) {
				testserver.SendJSON(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: l.Key.Public(), KeyID: id}}})
			}
			l.Sign = func(c map[string]any) string {
				return testserver.SignClaims(jose.ES256, jose.JSONWebKey{Key: l.Key, KeyID: id}, c)
			}
			if _, _, err := signIn(t, c, l, nil); err != nil {
				t.Errorf("after the rotation: %v", err)
			}
			if n := l.Asked("GET /jwks"); n != 2 {
				t.Errorf("the keys were fetched %d times; want 2", n)
			}
		})
	}
}

// An ID token that the login did not ask for is verified anyway, and refused if it has no issuer.
func TestIDToken_Unasked(t *testing.T) {
	l := testserver.StartFakeServer(t)
	l.Claims = func(c map[string]any) { delete(c, "nonce") }
	wantIDToken(t, l, url.Values{"scope": {"email"}}, "")
	l.Claims = func(c map[string]any) { delete(c, "nonce"); c["aud"] = "other" }
	wantIDToken(t, l, url.Values{"scope": {"email"}}, "the check of aud")

	c := clientAt(t, map[string]string{
		"AUTHORIZATION_ENDPOINT": l.Issuer + "/authorize",
		"TOKEN_ENDPOINT":         l.Issuer + "/token",
		"CLIENT_ID":              testserver.FakeClientID,
	})
	_, _, err := signIn(t, c, l, nil)
	wantError(t, err, CodeInvalidIDToken, "no issuer is configured")
}

// What a verdict says was expected and found, of a token that has nothing and of one that has all.
func TestVerdicts_Words(t *testing.T) {
	t.Parallel()
	c := clientAt(t, testserver.StartFakeServer(t).Env())
	now := time.Unix(1_800_000_000, 0)
	want := expected{client: c, Issuer: "i", ClientID: "a", Nonce: "n", AccessToken: "t", Now: now, MaxAge: time.Minute}
	at := func(seconds float64) *float64 { return &seconds }
	text := func(text string) *string { return &text }
	none := idTokenClaims{}
	full := idTokenClaims{Issuer: text("i"), Subject: text("s"), Audience: []string{"a", "b"}, hasAudience: true, AZP: text("a"), Nonce: text("n"),
		AtHash: text(atHash("RS256", "t")), Expires: at(1_800_000_000), IssuedAt: at(1_800_000_000.5), NotBefore: at(1_800_000_000), AuthTime: at(1_799_999_940)}
	const instant, minute = "2027-01-15T08:00:00Z", "2027-01-15T07:59:00Z"
	for name, row := range map[string]struct {
		claims *idTokenClaims
		want   []string
	}{
		"none": {&none, []string{"iss: i, nothing", "aud: a, nothing", "azp: nothing, or a, nothing +", "exp: later than " + instant + ", nothing",
			"iat: not later than " + instant + ", nothing", "sub: an identifier of at most 255 characters, nothing", "nonce: the nonce that this login sent, nothing",
			"auth_time: not before " + minute + ", nothing", "at_hash: the hash of the access token, or nothing, nothing +"}},
		"full": {&full, []string{"iss: i, i +", "aud: a, a, b +", "azp: a, a +", "exp: later than " + instant + ", " + instant + " (1800000000) +",
			"iat: not later than " + instant + ", " + instant + " (1800000000.5) +", "nbf: not later than " + instant + ", " + instant + " (1800000000) +",
			"sub: an identifier of at most 255 characters, s +", "nonce: the nonce that this login sent, the same +",
			"auth_time: not before " + minute + ", " + minute + " (1799999940) +", "at_hash: the hash of the access token, or nothing, " + *full.AtHash + " +"}},
	} {
		var got []string
		for _, v := range row.claims.checks("RS256", want, Verdict{})[1:] {
			line := v.Check + ": " + v.Expected + ", " + v.Found
			if v.OK {
				line += " +"
			}
			got = append(got, line)
			if v.Section == "" {
				t.Errorf("%s is of no section", v.Check)
			}
		}
		if !slices.Equal(got, row.want) {
			t.Errorf("%s: they are\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(row.want, "\n"))
		}
	}
	want.Nonce = ""
	if v := full.checkNonce(want); v.OK || v.Expected != "none, as none was sent" {
		t.Errorf("of a nonce that was not sent: %+v", v)
	}
}

// How a claim is wrong: it is not there, of another type, too early or late, in milliseconds, or another one.
func TestIDToken_ClaimState(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	const past, future, milliseconds = 1_799_000_000, 1_801_000_000, 1_800_000_000_000
	empty, other := "", "b"
	at := func(seconds float64) *float64 { return &seconds }
	for _, row := range []struct {
		check  string
		claims idTokenClaims
		want   ClaimState
	}{
		{"iss", idTokenClaims{}, ClaimAbsent}, {"iss", idTokenClaims{Issuer: &empty}, ClaimUnreadable}, {"iss", idTokenClaims{Issuer: &other}, ClaimDiffers},
		{"aud", idTokenClaims{}, ClaimAbsent}, {"aud", idTokenClaims{hasAudience: true}, ClaimUnreadable},
		{"aud", idTokenClaims{hasAudience: true, Audience: []string{"b"}}, ClaimDiffers},
		{"azp", idTokenClaims{AZP: &other}, ClaimDiffers}, {"azp", idTokenClaims{AZP: &empty}, ClaimUnreadable},
		{"sub", idTokenClaims{}, ClaimAbsent}, {"sub", idTokenClaims{Subject: &other}, ClaimDiffers},
		{"nonce", idTokenClaims{}, ClaimAbsent}, {"nonce", idTokenClaims{Nonce: &other}, ClaimDiffers},
		{"at_hash", idTokenClaims{AtHash: &other}, ClaimDiffers}, {"at_hash", idTokenClaims{AtHash: &empty}, ClaimUnreadable},
		{"exp", idTokenClaims{}, ClaimAbsent}, {"exp", idTokenClaims{Expires: at(past)}, ClaimPast}, {"exp", idTokenClaims{Expires: at(milliseconds)}, ClaimMilliseconds},
		{"iat", idTokenClaims{}, ClaimAbsent}, {"iat", idTokenClaims{IssuedAt: at(future)}, ClaimFuture}, {"iat", idTokenClaims{IssuedAt: at(milliseconds)}, ClaimMilliseconds},
		{"nbf", idTokenClaims{NotBefore: at(future)}, ClaimFuture}, {"nbf", idTokenClaims{}, ClaimAbsent},
		{"auth_time", idTokenClaims{}, ClaimAbsent}, {"auth_time", idTokenClaims{AuthTime: at(past)}, ClaimPast},
		{"auth_time", idTokenClaims{authTimeUnreadable: true}, ClaimUnreadable}, {"acr", idTokenClaims{}, ClaimDiffers},
	} {
		if got := row.claims.state(row.check, expected{Nonce: "n", Now: now}); got != row.want {
			t.Errorf("%s of %+v is %s; want %s", row.check, row.claims, got, row.want)
		}
	}
	if got := (&idTokenClaims{Nonce: &other}).state("nonce", expected{Now: now}); got != ClaimUnexpected {
		t.Errorf("a nonce that was not sent is %s", got)
	}
}

// Every standard claim about the user that is of another type is named in a warning, and of its own type in none.
func TestReadClaims_Shown(t *testing.T) {
	t.Parallel()
	for name, right := range map[string]string{"name": `"a"`, "given_name": `"a"`, "family_name": `"a"`, "middle_name": `"a"`, "nickname": `"a"`, "preferred_username": `"a"`,
		"profile": `"a"`, "picture": `"a"`, "website": `"a"`, "email": `"a"`, "email_verified": `true`, "gender": `"a"`, "birthdate": `"a"`, "zoneinfo": `"a"`, "locale": `"a"`,
		"phone_number": `"a"`, "phone_number_verified": `false`, "updated_at": `1`} {
		if c, err := readClaims(`{"` + name + `":` + right + `}`); err != nil || c.warnings != nil {
			t.Errorf("%s that is %s: %q, %v", name, right, c.warnings, err)
		}
		if c, err := readClaims(`{"` + name + `":{}}`); err != nil || len(c.warnings) != 1 || !strings.HasPrefix(c.warnings[0], name+" in the ID token is an object, and should be ") {
			t.Errorf("%s that is an object: %q, %v", name, c.warnings, err)
		}
	}
	for document, want := range map[string]string{`{"name":["a","b"],"email":"c"}`: "a", `{"name":[],"preferred_username":"b","email":"c"}`: "b", `{"name":1,"email":"c"}`: "c", `{}`: ""} {
		if c, err := readClaims(document); err != nil || c.Name != want {
			t.Errorf("the name in %s is %q, %v", document, c.Name, err)
		}
	}
}

// keyWith publishes the server's key with more members: a name and a value each.
func keyWith(t *testing.T, l *testserver.FakeServer, members ...any) func(http.ResponseWriter, *http.Request) {
	t.Helper()
	good, err := json.Marshal(jose.JSONWebKey{Key: l.Key.Public(), KeyID: "k1"})
	var key map[string]any
	if err = cmp.Or(err, json.Unmarshal(good, &key)); err != nil {
		t.Fatal(err)
	}
	for pair := range slices.Chunk(members, 2) {
		key[pair[0].(string)] = pair[1]
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		testserver.SendJSON(w, map[string]any{"keys": []any{key}})
	}
}

// A token that a short key signed is believed, and other clients refuse it.
func TestIDToken_ShortKey(t *testing.T) {
	t.Parallel()
	for bits, want := range map[int]string{1024: `The key "short" that signed the ID token has 1024 bits`, 2048: ""} {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		l := testserver.StartFakeServer(t)
		l.JWKS = func(w http.ResponseWriter, _ *http.Request) {
			testserver.SendJSON(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "short"}}})
		}
		l.Sign = func(c map[string]any) string {
			return testserver.SignClaims(jose.RS256, jose.JSONWebKey{Key: key, KeyID: "short"}, c)
		}
		_, id, err := signIn(t, clientAt(t, l.Env()), l, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(id.Warnings, " "); !strings.HasPrefix(got, want) || (got == "") != (want == "") {
			t.Errorf("%d bits: the warnings are %q", bits, got)
		}
	}
}

// A token whose header has a nonce is for its API where the server's keys say nothing of it, and where they do it is any token.
func TestInspect_ForItsAPI(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	c := clientAt(t, l.Env())
	another, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		key   any
		nonce bool
		want  Signature
		own   bool
	}{{l.Key, false, SignatureGood, false}, {l.Key, true, SignatureGood, false}, {another, true, SignatureUnknown, true}, {another, false, SignatureWrong, false}} {
		header := map[jose.HeaderKey]any{}
		if row.nonce {
			header["nonce"] = "n"
		}
		if got := c.Inspect(t.Context(), signRaw(row.key, []byte(`{"iss":"a"}`), header)); got.Signature != row.want || got.ForItsAPI != row.own || !got.JWT {
			t.Errorf("with a nonce: %t: %+v; want %s, %t", row.nonce, got, row.want, row.own)
		}
	}
}
