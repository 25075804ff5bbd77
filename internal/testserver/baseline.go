package testserver

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

// ServeStub serves the stub on a free port of 127.0.0.1 until the standard input ends, and prints its issuer as the
// first line. The stub needs its own process, as its signatures cost more than all of our work.
func ServeStub(tokenSize int) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	issuer := "http://" + l.Addr().String()
	handler, err := Stub(issuer, tokenSize)
	if err != nil {
		return err
	}
	fmt.Println(issuer)
	go http.Serve(l, handler)
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func encode(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// Stub is an authorization server that answers every token request at once. The code is also the nonce of the ID token.
// Access tokens have the given number of characters.
func Stub(issuer string, tokenSize int) (http.Handler, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	access := strings.Repeat("a", tokenSize)
	send := func(w http.ResponseWriter, document any) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(document)
	}
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		send(w, map[string]any{
			"issuer":                 issuer,
			"authorization_endpoint": issuer + "/authorize",
			"token_endpoint":         issuer + "/token",
			"jwks_uri":               issuer + "/jwks",
		})
	})
	mux.HandleFunc("/jwks", func(w http.ResponseWriter, _ *http.Request) {
		send(w, map[string]any{
			"keys": []any{map[string]string{
				"kty": "RSA",
				"kid": "k1",
				"use": "sig",
				"alg": "RS256",
				"n":   encode(key.N.Bytes()),
				"e":   encode(big.NewInt(int64(key.E)).Bytes()),
			}},
		})
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		now := time.Now().Unix()
		claims := fmt.Sprintf(`{"iss":%q,"sub":"user","aud":"load","exp":%d,"iat":%d,"nonce":%q,"name":"Load User","email":"load@example.com"}`,
			issuer, now+3600, now, r.PostFormValue("code"))
		idToken, err := signRS256(key, claims)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		send(w, map[string]any{
			"access_token":  access,
			"token_type":    "bearer",
			"expires_in":    3600,
			"refresh_token": "refresh",
			"scope":         "openid profile email",
			"id_token":      idToken,
		})
	})
	return mux, nil
}

// signRS256 signs claims as an ID token.
func signRS256(key *rsa.PrivateKey, claims string) (string, error) {
	signed := encode([]byte(`{"alg":"RS256","kid":"k1"}`)) + "." + encode([]byte(claims))
	hash := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, hash[:])
	return signed + "." + encode(signature), err
}

// Baseline does only what the protocol requires: random state, nonce and verifier, one POST, the verification of the ID
// token, the response. It omits everything else, even security.
func Baseline(issuer, base string) (http.Handler, error) {
	key, err := fetchKey(issuer)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	type begun struct{ nonce, verifier string }
	var pending sync.Map // state to begun
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
		state, b := rand.Text(), begun{rand.Text(), rand.Text() + rand.Text()}
		pending.Store(state, b)
		hash := sha256.Sum256([]byte(b.verifier))
		q := url.Values{"response_type": {"code"}, "client_id": {"load"}, "redirect_uri": {base + "/oauth_callback"}, "scope": {"openid profile email"},
			"state": {state}, "nonce": {b.nonce}, "code_challenge": {encode(hash[:])}, "code_challenge_method": {"S256"}}
		http.Redirect(w, r, issuer+"/authorize?"+q.Encode(), http.StatusFound)
	})
	mux.HandleFunc("GET /oauth_callback", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		found, ok := pending.LoadAndDelete(q.Get("state"))
		if !ok {
			http.Error(w, "state", http.StatusBadRequest)
			return
		}
		b := found.(begun)
		body, err := redeem(client, issuer, url.Values{
			"grant_type":    {"authorization_code"},
			"code":          {q.Get("code")},
			"redirect_uri":  {base + "/oauth_callback"},
			"code_verifier": {b.verifier},
		})
		var t struct {
			ID string `json:"id_token"`
		}
		if err != nil || json.Unmarshal(body, &t) != nil || !verified(key, t.ID, issuer, b.nonce) {
			http.Error(w, "token", http.StatusBadGateway)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write(body)
	})
	return mux, nil
}

// redeem sends a token request and returns the answer.
func redeem(client *http.Client, issuer string, form url.Values) ([]byte, error) {
	req, err := http.NewRequest(http.MethodPost, issuer+"/token", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth("load", "load-secret")
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body)
}

func fetchKey(issuer string) (*rsa.PublicKey, error) {
	resp, err := http.Get(issuer + "/jwks")
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var set struct{ Keys []struct{ N, E string } }
	if err := json.NewDecoder(resp.Body).Decode(&set); err != nil {
		return nil, err
	}
	n, _ := base64.RawURLEncoding.DecodeString(set.Keys[0].N) // our own stub's
	e, _ := base64.RawURLEncoding.DecodeString(set.Keys[0].E)
	return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}, nil
}

func verified(key *rsa.PublicKey, raw, issuer, nonce string) bool {
	signed, signature, _ := strings.Cut(raw[strings.Index(raw, ".")+1:], ".")
	signed = raw[:strings.Index(raw, ".")+1] + signed
	sig, err := base64.RawURLEncoding.DecodeString(signature)
	hash := sha256.Sum256([]byte(signed))
	if err != nil || rsa.VerifyPKCS1v15(key, crypto.SHA256, hash[:], sig) != nil {
		return false
	}
	payload, err := base64.RawURLEncoding.DecodeString(signed[strings.Index(signed, ".")+1:])
	var c struct {
		Iss, Aud, Nonce string
		Exp             int64
	}
	return err == nil && json.Unmarshal(payload, &c) == nil && c.Iss == issuer && c.Aud == "load" && c.Nonce == nonce && c.Exp > time.Now().Unix()
}
