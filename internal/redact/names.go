package redact

import (
	"slices"
	"strings"
)

// The parts, or whole words, of a name that make it the name of a credential.
var (
	secretParts = []string{"token", "secret", "passw", "passphrase", "passcode", "credential", "cookie", "session", "sessid", "signature", "assertion",
		"authorization", "authorisation", "authentication", "bearer", "csrf", "xsrf", "jwt", "apikey"}
	secretWords = []string{"keys", "auth", "authcode", "pass", "pwd", "pw", "psw", "cred", "creds", "sess", "sid", "sig", "pin", "otp", "totp",
		"ticket", "saml", "hmac", "psk", "tgt", "macaroon"}
	// aspects lists words that make a name one about a credential that is elsewhere.
	aspects = []string{"type", "types", "endpoint", "endpoints", "uri", "uris", "url", "urls", "iframe", "supported", "required", "enabled", "method",
		"methods", "scheme", "schemes", "alg", "algs", "algorithm", "algorithms", "enc", "mode", "modes", "ops", "format", "version", "kind", "policy",
		"expires", "expired", "expiry", "expiration", "exp", "lifetime", "ttl", "age", "issued", "created", "updated", "time", "count", "length", "size",
		"limit", "status", "server", "servers", "details", "name", "names", "usage", "class", "context", "level", "provider", "providers", "source"}
)

// IsSecret recognizes the name of a credential in any spelling: access_token, X-Api-Key, sessionId, Set-Cookie. A name of
// something about a credential does not count: token_type, session_expires_at, public_key. The address where a registration
// is managed counts as a credential (RFC 7592 section 3).
func IsSecret(name string) bool {
	if strings.EqualFold(name, "registration_client_uri") {
		return true
	}
	const longest = 256 // bytes; the end of a name says what it is
	name = name[max(0, len(name)-longest):]
	secret, public := false, false
	var lower [longest]byte
	for from := 0; from < len(name); {
		to := wordEnd(name, from)
		word := lower[:0]
		for i := from; i < to; i++ {
			if c := name[i]; 'A' <= c && c <= 'Z' {
				word = append(word, c+'a'-'A')
			} else if isAlphanumeric(c) || c >= 0x80 {
				word = append(word, c)
			}
		}
		from = to
		switch w := strings.TrimRight(string(word), "0123456789"); {
		case w == "":
		case meansSecret(w):
			secret = !public || !strings.HasPrefix(w, "key")
		case secret && slices.Contains(aspects, w):
			secret = false
		default:
			public = w == "public" || w == "publishable"
		}
	}
	return secret
}

// wordEnd returns the end of the word that starts at a place in a name: at a character that is neither a letter nor a
// digit, or at the next word of camelCase.
func wordEnd(name string, from int) int {
	upper := func(i int) bool { return i < len(name) && 'A' <= name[i] && name[i] <= 'Z' }
	lower := func(i int) bool {
		return i < len(name) && ('a' <= name[i] && name[i] <= 'z' || '0' <= name[i] && name[i] <= '9')
	}
	for i := from; i < len(name); i++ {
		switch {
		case !isAlphanumeric(name[i]) && name[i] < 0x80:
			return i + 1
		case upper(i+1) && (lower(i) || lower(i+2)): // accessToken, APIKey
			return i + 1
		}
	}
	return len(name)
}

func meansSecret(word string) bool {
	return slices.Contains(secretWords, word) || strings.HasSuffix(word, "key") ||
		slices.ContainsFunc(secretParts, func(part string) bool { return strings.Contains(word, part) })
}

// ReplaceNamed marks the values that the text itself names as secrets, in text of any kind: members of JSON, parameters,
// attributes, header fields, XML elements, or passwords in a URL.
func (t *Text) ReplaceNamed(isSecret func(name string) bool, standIn func(value string) string) {
	for _, l := range t.layers {
		eachNamed(l.text, isSecret, func(from, to int) { t.mark(&l, from, to, standIn(l.text[from:to])) })
	}
	t.markInside(func(inside *Text) { inside.ReplaceNamed(isSecret, standIn) })
}

// ReplaceJWTs marks every JWT, even with letters in front of it.
func (t *Text) ReplaceJWTs(standIn func(value string) string) {
	for _, l := range t.layers {
		eachJWT(l.text, func(from, to int) { t.mark(&l, from, to, standIn(l.text[from:to])) })
	}
	t.markInside(func(inside *Text) { inside.ReplaceJWTs(standIn) })
}

// Always returns a function that returns the same stand-in for every value.
func Always(standIn string) func(string) string { return func(string) string { return standIn } }

// eachJWT visits the signed and encrypted JWTs, by their start and their dots: the header is an object, which starts with
// {" or with white space after the {.
func eachJWT(text string, visit func(from, to int)) {
	for i := 0; i < len(text); i++ {
		if !isJWTByte(text[i]) {
			continue
		}
		begin := i
		for i < len(text) && isJWTByte(text[i]) {
			i++
		}
		run := strings.TrimRight(text[begin:i], ".")
		if from := beginningOfJWT(run); from >= 0 && strings.Count(text[begin+from:i], ".") >= 2 {
			visit(begin+from, begin+len(run))
		}
	}
}

// beginningOfJWT returns where the first possible header of a JWT starts, or -1.
func beginningOfJWT(s string) int {
	for i := 0; i+3 <= len(s); i++ {
		switch s[i : i+3] {
		case "eyJ", "eyA", "ewo", "ewk", "ew0":
			return i
		}
	}
	return -1
}
