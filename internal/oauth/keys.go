package oauth

import (
	"cmp"
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"oauth-test-client/internal/wire"

	"github.com/go-jose/go-jose/v4"
)

// joseAlgs is SigningAlgorithms, for go-jose.
var joseAlgs = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA}

// maxKeys is the maximum number of keys in a key set.
const maxKeys = 100

// keyFault says why a signature could not be verified.
type keyFault struct {
	kind   Kind
	text   string
	claim  *ClaimFault // the algorithm, when that is at fault
	answer Answer      // of the address of the keys, if that is at fault
	cause  error       // why no answer came
}

func (f *keyFault) Error() string { return f.text }

// keySet caches the signing keys of the authorization server (RFC 7517 section 5), for a while or until a token names a key
// that is not among them.
type keySet struct {
	wire      *wire.Client
	sanitized func(text string, n int) string // makes a server's text safe to show
	shown     func(e *wire.Exchange) Answer   // makes an answer safe to show
	fetch     Singleflight[*KeySet]

	now func() time.Time

	mu     sync.Mutex // guards the fields below
	keys   *KeySet    // nil until they are fetched
	from   string     // where they were fetched
	loaded time.Time  // and when
}

// cached returns the keys of an address, unless they are too old.
func (k *keySet) cached(address string) *KeySet {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.from != address || k.now().Sub(k.loaded) >= freshFor {
		return nil
	}
	return k.keys
}

// verify checks a signature and returns the payload and the key. It fetches the keys if none matches, and once more if the
// signature fails: keys rotate, sometimes with the same key ID (OpenID Connect Core section 10.1.1).
func (k *keySet) verify(ctx context.Context, address string, jws *jose.JSONWebSignature) ([]byte, *jose.JSONWebKey, *keyFault) {
	if address == "" {
		return nil, nil, &keyFault{kind: IDTokenKeys, text: "the server names no jwks_uri, so no signature can be checked; set JWKS_URI"}
	}
	if payload, key := verifyWith(k.cached(address), jws); key != nil {
		return payload, key, nil
	}
	keys, err := k.fetch.Do(wire.For(ctx, wire.Keys), address, func(ctx context.Context) (*KeySet, error) {
		return k.load(ctx, address)
	})
	if err != nil {
		fault, ok := errors.AsType[*keyFault](err)
		if !ok { // the caller's context ended first
			fault = &keyFault{kind: IDTokenKeys, text: err.Error(), cause: err}
		}
		return nil, nil, fault
	}
	if payload, key := verifyWith(keys, jws); key != nil {
		return payload, key, nil
	}
	header := jws.Signatures[0].Header
	fitting := keys.fitting(header)
	if len(fitting) == 0 {
		return nil, nil, &keyFault{kind: IDTokenKeyNotFound, text: fmt.Sprintf("no signing key for %s with the ID %q is among the server's keys (%s)",
			header.Algorithm, k.sanitized(header.KeyID, 80), keys.describe(k.sanitized))}
	}
	return nil, nil, &keyFault{kind: IDTokenSignature, text: fmt.Sprintf("the signature was not made by the server's key %q", k.sanitized(fitting[0].KeyID, 80))}
}

// known reports whether the server's keys have been fetched.
func (k *keySet) known() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.keys != nil && len(k.keys.Keys) > 0
}

// verifyWith tries the keys that match. The returned key is nil if none of them made the signature.
func verifyWith(keys *KeySet, jws *jose.JSONWebSignature) ([]byte, *jose.JSONWebKey) {
	for _, key := range keys.fitting(jws.Signatures[0].Header) {
		if payload, err := jws.Verify(&key); err == nil {
			return payload, &key
		}
	}
	return nil, nil
}

// KeySet holds the keys that a server publishes at its jwks_uri (RFC 7517 section 5).
type KeySet struct {
	Keys       []jose.JSONWebKey
	Unreadable []UnreadableKey // which no signature can be verified with
}

// UnreadableKey is a key that can't be read. Its texts are safe to show.
type UnreadableKey struct {
	ID  string // empty for none
	Why string // completes "the key …"
}

// fitting returns the keys that may have signed a token with this header: the same key ID, if the header has one, not for
// encryption, and not for a different algorithm (RFC 7517 sections 4.2 to 4.5). It returns none for a nil set.
func (s *KeySet) fitting(header jose.Header) []jose.JSONWebKey {
	if s == nil {
		return nil
	}
	var fitting []jose.JSONWebKey
	for _, key := range s.Keys {
		if (header.KeyID == "" || key.KeyID == header.KeyID) &&
			(key.Use == "" || key.Use == "sig") &&
			(key.Algorithm == "" || key.Algorithm == header.Algorithm) {
			fitting = append(fitting, key)
		}
	}
	return fitting
}

// load fetches the key set and keeps it.
func (k *keySet) load(ctx context.Context, address string) (*KeySet, error) {
	e, err := k.wire.Get(ctx, address)
	if err != nil {
		return nil, &keyFault{kind: IDTokenKeys, cause: err, answer: Answer{URL: wire.WithoutQuery(address)},
			text: fmt.Sprintf("the server's keys could not be fetched: %s %s", address, k.sanitized(err.Error(), 500))}
	}
	if e.Status != http.StatusOK {
		return nil, &keyFault{kind: IDTokenKeys, answer: k.shown(e),
			text: fmt.Sprintf("the server's keys could not be fetched: %s returned %s", address, k.sanitized(e.StatusLine(), 300))}
	}
	keys, err := parseKeys([]byte(e.ResponseBody), k.sanitized)
	if err != nil {
		fault := &keyFault{kind: IDTokenKeys, answer: k.shown(e), text: fmt.Sprintf("the server's keys cannot be used: %s: %s", address, k.sanitized(err.Error(), 300))}
		if errors.Is(err, errPrivateKey) {
			fault.kind = IDTokenKeyPrivate
		}
		return nil, fault
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys, k.from, k.loaded = keys, address, k.now()
	return keys, nil
}

var errPrivateKey = errors.New("it publishes a private key, so anyone can sign; the server's keys must be replaced")

// parseKeys reads a key set. It skips a key that it can't understand (RFC 7517 section 5). A private key makes the whole
// set useless, as every reader of the set could sign with it.
func parseKeys(body []byte, sanitized func(text string, n int) string) (*KeySet, error) {
	var document struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := wire.UnmarshalObject(body, &document); err != nil {
		return nil, err
	}
	if len(document.Keys) > maxKeys {
		return nil, fmt.Errorf("it lists %d keys, more than %d", len(document.Keys), maxKeys)
	}
	set := new(KeySet)
	for _, raw := range document.Keys {
		var key jose.JSONWebKey
		if err := key.UnmarshalJSON(raw); err != nil {
			set.Unreadable = append(set.Unreadable, unreadableKey(raw, err, sanitized))
			continue
		}
		if _, symmetric := key.Key.([]byte); symmetric || !key.IsPublic() {
			return nil, errPrivateKey
		}
		if !signs(raw) {
			key.Use = "key_ops"
		}
		set.Keys = append(set.Keys, key)
	}
	return set, nil
}

// signs reports whether the key_ops of a key, if any, are for signatures (RFC 7517 section 4.3).
func signs(raw json.RawMessage) bool {
	var key struct {
		Ops []string `json:"key_ops"`
	}
	json.Unmarshal(raw, &key) // a key_ops that is not a list counts as absent
	return key.Ops == nil || slices.Contains(key.Ops, "verify") || slices.Contains(key.Ops, "sign")
}

// minRSABits is the minimum key length for RS256 and other RSA algorithms (RFC 7518 section 3.3).
const minRSABits = 2048

// warnSize returns the warning that a key is too short, or "". The token is accepted anyway, as a short key is the server's
// fault and no sign of an attack.
func warnSize(key *jose.JSONWebKey) string {
	public, ok := key.Key.(*rsa.PublicKey)
	if !ok || public.N.BitLen() >= minRSABits {
		return ""
	}
	return fmt.Sprintf("The key %q that signed the ID token has %d bits, and needs %d at least (RFC 7518 section 3.3). Other clients may refuse it.",
		key.KeyID, public.N.BitLen(), minRSABits)
}

// unreadableKey says why a key can't be read. The types and curves are those of RFC 7518 section 6 and RFC 8037.
func unreadableKey(raw []byte, err error, sanitized func(text string, n int) string) UnreadableKey {
	o, notObject := wire.ParseObject(string(raw))
	if notObject != nil {
		return UnreadableKey{Why: "cannot be read: " + sanitized(notObject.Error(), 100)}
	}
	key := UnreadableKey{ID: sanitized(o.Text("kid"), 80), Why: sanitized(strings.TrimPrefix(err.Error(), "go-jose/go-jose: "), 100)}
	switch kty, crv := o.Text("kty"), o.Text("crv"); {
	case !o.Has("kty"):
		key.Why = "has no type (kty)"
	case !slices.Contains([]string{"RSA", "EC", "OKP"}, kty):
		key.Why = fmt.Sprintf("has the unknown type (kty) %q", sanitized(kty, 40))
	case kty == "EC" && !slices.Contains([]string{"P-256", "P-384", "P-521"}, crv), kty == "OKP" && crv != "Ed25519":
		key.Why = fmt.Sprintf("has the unknown curve (crv) %q", sanitized(crv, 40))
	default:
		key.Why = "cannot be read: " + key.Why
	}
	return key
}

// describe lists the keys for an error message, and the number of unreadable ones.
func (s *KeySet) describe(sanitized func(text string, n int) string) string {
	const most = 5
	var list []string
	for _, key := range s.Keys[:min(len(s.Keys), most)] {
		name := fmt.Sprintf("%q", sanitized(key.KeyID, 80))
		for _, detail := range []string{key.Algorithm, key.Use} {
			if detail != "" {
				name += " " + sanitized(detail, 20)
			}
		}
		list = append(list, name)
	}
	if len(s.Keys) > most {
		list = append(list, "…")
	}
	if unreadable := s.DescribeUnreadable(); unreadable != "" {
		list = append(list, unreadable)
	}
	return cmp.Or(strings.Join(list, ", "), "it has none")
}

// DescribeUnreadable returns the number of unreadable keys and the reason, as in "1 key, unreadable: it has no type (kty)",
// or "" if there are none.
func (s *KeySet) DescribeUnreadable() string {
	const most = 3
	if len(s.Unreadable) == 0 {
		return ""
	}
	count := "1 key"
	if len(s.Unreadable) > 1 {
		count = fmt.Sprintf("%d keys", len(s.Unreadable))
	}
	var list []string
	for _, key := range s.Unreadable[:min(len(s.Unreadable), most)] {
		name := "it"
		if key.ID != "" {
			name = strconv.Quote(key.ID)
		}
		list = append(list, name+" "+key.Why)
	}
	if len(s.Unreadable) > most {
		list = append(list, "…")
	}
	return count + ", unreadable: " + strings.Join(list, "; ")
}
