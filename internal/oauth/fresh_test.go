package oauth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"encoding/base64"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"oauth-test-client/internal/testserver"
)

// clientAtTime is a client whose clock the test turns.
func clientAtTime(t *testing.T, l *testserver.FakeServer) (c *Client, turn func(time.Duration)) {
	t.Helper()
	c = clientAt(t, l.Env())
	var ahead atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	c.now, c.keys.now = now, now
	l.Claims = func(claims map[string]any) { // the fake server's clock is the same
		claims["iat"], claims["exp"], claims["auth_time"] = now().Unix(), now().Add(time.Hour).Unix(), now().Unix()
	}
	return c, func(d time.Duration) { ahead.Add(int64(d)) }
}

// publish is a key set of these keys, by their IDs.
func publish(keys map[string]*ecdsa.PrivateKey) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		var set jose.JSONWebKeySet
		for id, key := range keys {
			set.Keys = append(set.Keys, jose.JSONWebKey{Key: key.Public(), KeyID: id})
		}
		testserver.SendJSON(w, set)
	}
}

// Metadata and keys are kept for some minutes, and then asked for again.
func TestMetadata_FetchedAgain(t *testing.T) {
	l := testserver.StartFakeServer(t)
	c, turn := clientAtTime(t, l)
	const metadata, keys = "GET /.well-known/openid-configuration", "GET /jwks"
	for _, row := range []struct {
		wait          time.Duration
		metadata, jwk int
	}{{0, 1, 1}, {4 * time.Minute, 1, 1}, {2 * time.Minute, 2, 2}, {time.Minute, 2, 2}, {time.Hour, 3, 3}} {
		turn(row.wait)
		if _, _, err := signIn(t, c, l, nil); err != nil {
			t.Fatalf("after %v: %v", row.wait, err)
		}
		if m, k := l.Asked(metadata), l.Asked(keys); m != row.metadata || k != row.jwk {
			t.Errorf("after %v the metadata was asked for %d times, the keys %d times; want %d and %d", row.wait, m, k, row.metadata, row.jwk)
		}
	}
}

// If a new answer is worse than the last, the last is no longer trusted.
func TestMetadata_FetchedAgainInVain(t *testing.T) {
	l := testserver.StartFakeServer(t)
	c, turn := clientAtTime(t, l)
	if _, _, err := signIn(t, c, l, nil); err != nil {
		t.Fatal(err)
	}
	l.Lock()
	l.Document = func(d map[string]any) { d["token_endpoint"] = "http://evil.example/token" }
	l.Unlock()
	if _, _, err := signIn(t, c, l, nil); err != nil {
		t.Fatalf("before it is asked for again: %v", err)
	}
	turn(freshFor)
	_, _, err := signIn(t, c, l, nil)
	wantError(t, err, CodeNotFound, "is not https")

	l.Lock()
	l.Document, l.JWKS = nil, testserver.SendBody(503, "text/plain", "")
	l.Unlock()
	_, _, err = signIn(t, c, l, nil)
	wantError(t, err, CodeInvalidIDToken, "could not be fetched")
}

// A key that the server has revoked signs nothing any more: at once if the keys have been fetched since, else after some
// minutes.
func TestKeySet_OldKeys(t *testing.T) {
	for _, row := range []struct {
		name string
		then func(t *testing.T, l *testserver.FakeServer, c *Client, turn func(time.Duration), sign func(id string))
	}{
		{"after a token with the new key", func(t *testing.T, l *testserver.FakeServer, c *Client, _ func(time.Duration), sign func(id string)) {
			sign("new")
			if _, _, err := signIn(t, c, l, nil); err != nil {
				t.Fatalf("with the new key: %v", err)
			}
		}},
		{"after some minutes", func(_ *testing.T, _ *testserver.FakeServer, _ *Client, turn func(time.Duration), _ func(id string)) {
			turn(freshFor)
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := testserver.StartFakeServer(t)
			c, turn := clientAtTime(t, l)
			keys := map[string]*ecdsa.PrivateKey{"old": testserver.NewKey(t), "new": testserver.NewKey(t)}
			sign := func(id string) {
				l.Sign = func(claims map[string]any) string {
					return testserver.SignClaims(jose.ES256, jose.JSONWebKey{Key: keys[id], KeyID: id}, claims)
				}
			}
			l.JWKS = publish(map[string]*ecdsa.PrivateKey{"old": keys["old"]})
			sign("old")
			if _, _, err := signIn(t, c, l, nil); err != nil {
				t.Fatalf("with the old key, before the rotation: %v", err)
			}
			l.JWKS = publish(map[string]*ecdsa.PrivateKey{"new": keys["new"]})
			row.then(t, l, c, turn, sign)
			sign("old")
			_, _, err := signIn(t, c, l, nil)
			wantError(t, err, CodeInvalidIDToken, `with the ID "old" is among the server's keys`)
		})
	}
}

// Keys belong to the address that they were fetched from.
func TestKeySet_OtherAddress(t *testing.T) {
	l := testserver.StartFakeServer(t)
	c, turn := clientAtTime(t, l)
	if _, _, err := signIn(t, c, l, nil); err != nil {
		t.Fatal(err)
	}
	turn(freshFor - time.Second) // the keys are fetched later than the metadata, and stay fresh a little longer
	c.keys.loaded = c.now()
	turn(time.Minute)
	l.Document = func(d map[string]any) { d["jwks_uri"] = l.Issuer + "/api" }
	l.Other = publish(map[string]*ecdsa.PrivateKey{"other": testserver.NewKey(t)})
	_, _, err := signIn(t, c, l, nil)
	wantError(t, err, CodeInvalidIDToken, `with the ID "k1" is among the server's keys`)
}

// at_hash is by the hash of the signature's algorithm, whichever it is (OpenID Connect Core section 3.1.3.6).
func TestIDToken_AtHashByAlgorithm(t *testing.T) {
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	sum384, sum512 := sha512.Sum384([]byte("fake-access-token")), sha512.Sum512([]byte("fake-access-token"))
	right, of512 := base64.RawURLEncoding.EncodeToString(sum384[:24]), base64.RawURLEncoding.EncodeToString(sum512[:32])
	for alg, key := range map[jose.SignatureAlgorithm]any{jose.ES384: p384, jose.RS384: rsaKey, jose.PS384: rsaKey} {
		for atHash, words := range map[string]string{
			right:                                    "",
			of512:                                    "the check of at_hash",
			testserver.HalfHash("fake-access-token"): "the check of at_hash",
			right + "A":                              "the check of at_hash",
		} {
			l := testserver.StartFakeServer(t)
			public := any(&rsaKey.PublicKey)
			if alg == jose.ES384 {
				public = &p384.PublicKey
			}
			l.JWKS = func(w http.ResponseWriter, _ *http.Request) {
				testserver.SendJSON(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: public, KeyID: "k"}}})
			}
			l.Claims = func(c map[string]any) { c["at_hash"] = atHash }
			l.Sign = func(c map[string]any) string {
				return testserver.SignClaims(alg, jose.JSONWebKey{Key: key, KeyID: "k"}, c)
			}
			wantIDToken(t, l, nil, words)
		}
	}
}

// A login without openid sends no nonce, so a token with a nonce belongs to a different login.
func TestIDToken_UnaskedNonce(t *testing.T) {
	l := testserver.StartFakeServer(t)
	for nonce, words := range map[string]string{"": "", "somebody's": "the check of nonce: expected none, as none was sent"} {
		l.Claims = func(c map[string]any) {
			if c["nonce"] = nonce; nonce == "" {
				delete(c, "nonce")
			}
		}
		wantIDToken(t, l, url.Values{"scope": {"email"}}, words)
	}
}

// State, nonce and verifier are three secrets. The state is in URLs and the nonce in tokens: an attacker who reads one of
// them must not have another.
func TestNewRequest_SecretsDiffer(t *testing.T) {
	l := testserver.StartFakeServer(t)
	c := clientAt(t, l.Env())
	seen := map[string]bool{}
	for range 10 {
		r, err := c.NewRequest(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{r.State, r.Nonce, r.Verifier} {
			if len(secret) < 26 || seen[secret] {
				t.Errorf("%q is short, or was there before", secret)
			}
			seen[secret] = true
		}
		if len(r.Verifier) < 43 {
			t.Errorf("the verifier has %d characters; want 43 at least (RFC 7636 section 4.1)", len(r.Verifier))
		}
	}
	var state atomic.Value
	l.Callback = func(query map[string]string) { state.Store(query["state"]) }
	l.Claims = func(claims map[string]any) { claims["nonce"] = state.Load() }
	_, _, err := signIn(t, c, l, nil)
	wantError(t, err, CodeInvalidIDToken, "the check of nonce")
}

// A refreshed ID token tells of the same moment of signing in, or of none (OpenID Connect Core section 12.2).
func TestRefresh_AuthTime(t *testing.T) {
	signedIn := time.Now().Add(-10 * time.Minute).Unix()
	for _, row := range []struct {
		name          string
		first, second any
		words         string
	}{
		{"the same", signedIn, signedIn, ""},
		{"left out", signedIn, nil, ""},
		{"never there", nil, nil, ""},
		{"only now there", nil, signedIn, ""},
		{"another", signedIn, signedIn + 1, "the check of auth_time"},
		{"the time of the refresh", signedIn, time.Now().Unix(), "the check of auth_time"},
		{"in words", signedIn, "soon", "the check of auth_time"},
		{"in words from the first", "soon", "soon", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := testserver.StartFakeServer(t)
			c := clientAt(t, l.Env())
			authTime := row.first
			l.Claims = func(claims map[string]any) {
				if claims["auth_time"] = authTime; authTime == nil {
					delete(claims, "auth_time")
				}
				if claims["nonce"] == "" {
					delete(claims, "nonce") // the refreshed one's
				}
			}
			request, err := c.NewRequest(nil)
			if err != nil {
				t.Fatal(err)
			}
			to, err := c.AuthorizationURL(t.Context(), request)
			if err != nil {
				t.Fatal(err)
			}
			back, _ := url.Parse(l.Approve(t, to))
			response, err := c.Exchange(t.Context(), request, back.Query().Get("code"))
			if err != nil {
				t.Fatal(err)
			}
			id, err := c.VerifyIDToken(t.Context(), request, response)
			if err != nil {
				t.Fatal(err)
			}
			authTime = row.second
			_, refreshed, err := c.Refresh(t.Context(), response.Tokens, request, id)
			if row.words == "" {
				if err != nil || refreshed == nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			wantError(t, err, CodeInvalidIDToken, row.words)
		})
	}
}

// A refreshed ID token is about the same user, of the same server and for the same client; its nonce may be left
// out, and not be another (OpenID Connect Core section 12.2).
func TestRefresh_IDToken(t *testing.T) {
	for _, row := range []struct {
		name, claim string
		value       any
		words       string
	}{
		{"as it is", "name", "Somebody", ""},
		{"the same user", "sub", "user-1", ""},
		{"a different user", "sub", "user-2", "the check of sub"},
		{"another server", "iss", "https://evil.example", "the check of iss"},
		{"another client", "aud", "other", "the check of aud"},
		{"this login's nonce", "nonce", "ours", ""},
		{"another login's nonce", "nonce", "other", "the check of nonce"},
		{"another token's hash", "at_hash", testserver.HalfHash("other"), "the check of at_hash"},
		{"expired", "exp", time.Now().Add(-time.Hour).Unix(), "the check of exp"},
	} {
		t.Run(row.name, func(t *testing.T) {
			l, c, r, response, id := loginAt(t)
			l.Lock()
			l.Claims = func(claims map[string]any) {
				delete(claims, "nonce")
				if claims[row.claim] = row.value; row.value == "ours" {
					claims[row.claim] = r.Nonce
				}
			}
			l.Unlock()
			_, refreshed, err := c.Refresh(t.Context(), response.Tokens, r, id)
			if row.words != "" {
				wantError(t, err, CodeInvalidIDToken, row.words)
			} else if err != nil || refreshed == nil || refreshed.ID == "" {
				t.Errorf("refused: %v", err)
			}
		})
	}
}
