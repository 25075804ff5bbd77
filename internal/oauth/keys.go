package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"oauth-test-client/internal/wire"
)

// The most keys that a key set may have.
const maxKeys = 100

// keySet is the authorization server's signing keys (RFC 7517 section 5), kept for a while, or until a
// token names one that is not among them.
type keySet struct {
	wire  *wire.Client
	said  func(text string, n int) string // a text of the server's as it may be shown
	fetch Shared[[]jose.JSONWebKey]

	now func() time.Time

	mu     sync.Mutex // guards the fields below
	keys   []jose.JSONWebKey
	from   string    // where they were fetched
	loaded time.Time // and when
}

// cached are the keys of an address, unless they have to be asked for again.
func (k *keySet) cached(address string) []jose.JSONWebKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.from != address || k.now().Sub(k.loaded) >= freshFor {
		return nil
	}
	return k.keys
}

// verify checks a signature and returns the payload and the key that made it. Keys are fetched
// when none fits, and once more when the signature does not: keys rotate, sometimes under the same
// key ID (OpenID Connect Core section 10.1.1).
func (k *keySet) verify(ctx context.Context, address string, jws *jose.JSONWebSignature) ([]byte, *jose.JSONWebKey, error) {
	if address == "" {
		return nil, nil, errors.New("the server names no jwks_uri, so no signature can be checked; set JWKS_URI")
	}
	if payload, key := verifyWith(k.cached(address), jws); key != nil {
		return payload, key, nil
	}
	keys, err := k.fetch.Do(wire.For(ctx, wire.Keys), address, func(ctx context.Context) ([]jose.JSONWebKey, error) {
		return k.load(ctx, address)
	})
	if err != nil {
		return nil, nil, err
	}
	if payload, key := verifyWith(keys, jws); key != nil {
		return payload, key, nil
	}
	header := jws.Signatures[0].Header
	fitting := fittingKeys(keys, header)
	if len(fitting) == 0 {
		return nil, nil, fmt.Errorf("no signing key for %s with the ID %q is among the server's keys (%s)",
			header.Algorithm, k.said(header.KeyID, 80), k.describe(keys))
	}
	return nil, nil, fmt.Errorf("the signature was not made by the server's key %q", k.said(fitting[0].KeyID, 80))
}

// known reports whether the server's keys have been fetched.
func (k *keySet) known() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.keys) > 0
}

// verifyWith tries the keys that fit. The key it returns is nil when none of them made the signature.
func verifyWith(keys []jose.JSONWebKey, jws *jose.JSONWebSignature) ([]byte, *jose.JSONWebKey) {
	for _, key := range fittingKeys(keys, jws.Signatures[0].Header) {
		if payload, err := jws.Verify(&key); err == nil {
			return payload, &key
		}
	}
	return nil, nil
}

// fittingKeys are those that may have signed a token with this header: the same key ID, when it
// names one, not for encryption, and not for another algorithm (RFC 7517 sections 4.2 to 4.5).
func fittingKeys(keys []jose.JSONWebKey, header jose.Header) []jose.JSONWebKey {
	var fitting []jose.JSONWebKey
	for _, key := range keys {
		if (header.KeyID == "" || key.KeyID == header.KeyID) &&
			(key.Use == "" || key.Use == "sig") &&
			(key.Algorithm == "" || key.Algorithm == header.Algorithm) {
			fitting = append(fitting, key)
		}
	}
	return fitting
}

// LoadKeys fetches the server's keys, whether or not they are known already.
func (c *Client) LoadKeys(ctx context.Context) ([]jose.JSONWebKey, error) {
	md, err := c.Metadata(ctx)
	if err != nil {
		return nil, err
	}
	return c.keys.load(ctx, md.JWKS)
}

// load fetches the key set and keeps it.
func (k *keySet) load(ctx context.Context, address string) ([]jose.JSONWebKey, error) {
	e, err := k.wire.Get(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("the server's keys could not be fetched: %s %s", address, k.said(err.Error(), 500))
	}
	if e.Status != http.StatusOK {
		return nil, fmt.Errorf("the server's keys could not be fetched: %s answered %s", address, k.said(e.StatusLine(), 300))
	}
	keys, err := parseKeys([]byte(e.ResponseBody))
	if err != nil {
		return nil, fmt.Errorf("the server's keys cannot be used: %s: %s", address, k.said(err.Error(), 300))
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys, k.from, k.loaded = keys, address, k.now()
	return keys, nil
}

// parseKeys reads a key set. A key that cannot be understood is passed over (RFC 7517 section 5);
// a private one makes the whole set worthless, as anybody can sign with it.
func parseKeys(body []byte) ([]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := wire.UnmarshalObject(body, &set); err != nil {
		return nil, err
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("it lists %d keys, more than %d", len(set.Keys), maxKeys)
	}
	var keys []jose.JSONWebKey
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if key.UnmarshalJSON(raw) != nil {
			continue
		}
		if _, symmetric := key.Key.([]byte); symmetric || !key.IsPublic() {
			return nil, errors.New("it publishes a private key, so anybody can sign; the server's keys must be replaced")
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// describe lists keys in an error message.
func (k *keySet) describe(keys []jose.JSONWebKey) string {
	if len(keys) == 0 {
		return "it has none"
	}
	var list []string
	for _, key := range keys[:min(len(keys), 5)] {
		name := fmt.Sprintf("%q", k.said(key.KeyID, 80))
		for _, detail := range []string{key.Algorithm, key.Use} {
			if detail != "" {
				name += " " + k.said(detail, 20)
			}
		}
		list = append(list, name)
	}
	if len(keys) > 5 {
		list = append(list, "…")
	}
	return strings.Join(slices.Clip(list), ", ")
}
