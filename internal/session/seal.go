package session

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
)

// keys are derived from the session secret, one for each use (RFC 5869 section 3.2).
type keys struct{ pending, cookie, values []byte }

func newKeys(secret string) keys {
	derive := func(use string) []byte {
		key, _ := hkdf.Key(sha256.New, []byte(secret), nil, use, 32) // fails for far longer keys only
		return key
	}
	return keys{pending: derive("pending login"), cookie: derive("session cookie"), values: derive("session store")}
}

// seal encrypts and authenticates. What it closes under a name opens under that name only.
type seal struct{ aead cipher.AEAD }

func newSeal(key []byte) (seal, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return seal{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return seal{aead}, err
}

func (s seal) close(plain []byte, name string) []byte {
	return s.aead.Seal(nil, nil, plain, []byte(name))
}

func (s seal) open(closed []byte, name string) ([]byte, error) {
	return s.aead.Open(nil, nil, closed, []byte(name))
}
