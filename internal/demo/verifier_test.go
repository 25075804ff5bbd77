package demo

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
)

// A verifier has 43 to 128 unreserved characters, and is that of its challenge (RFC 7636 sections 4.1, 4.6).
func TestVerifierMatches(t *testing.T) {
	challengeOf := func(verifier string) string {
		sum := sha256.Sum256([]byte(verifier))
		return base64.RawURLEncoding.EncodeToString(sum[:])
	}
	for verifier, want := range map[string]bool{
		strings.Repeat("a", 43):       true,
		strings.Repeat("-._~A0", 21):  true,
		strings.Repeat("a", 128):      true,
		strings.Repeat("a", 42):       false,
		strings.Repeat("a", 129):      false,
		strings.Repeat("a", 43) + "+": false,
		strings.Repeat("a", 43) + "é": false,
		"":                            false,
	} {
		if got := verifierMatches(verifier, challengeOf(verifier)); got != want {
			t.Errorf("%d characters %.20s…: %v", len(verifier), verifier, got)
		}
	}
	if verifierMatches(strings.Repeat("a", 43), challengeOf(strings.Repeat("b", 43))) || verifierMatches(strings.Repeat("a", 43), strings.Repeat("a", 43)) {
		t.Error("another verifier fits")
	}
}
