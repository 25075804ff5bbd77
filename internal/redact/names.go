package redact

import (
	"slices"
	"strings"
)

// What a name has in it, as a part of a word or as a whole one, when it means a credential.
var (
	secretParts = []string{"token", "secret", "passw", "passphrase", "passcode", "credential", "cookie", "session", "sessid", "signature", "assertion",
		"authorization", "authorisation", "authentication", "bearer", "csrf", "xsrf", "jwt", "apikey"}
	secretWords = []string{"keys", "auth", "authcode", "pass", "pwd", "pw", "psw", "cred", "creds", "sess", "sid", "sig", "pin", "otp", "totp",
		"ticket", "saml", "hmac"}
	// aspects are what the rest of a name says about a credential that is somewhere else.
	aspects = []string{"type", "types", "endpoint", "endpoints", "uri", "uris", "url", "urls", "iframe", "supported", "required", "enabled", "method",
		"methods", "scheme", "schemes", "alg", "algs", "algorithm", "algorithms", "enc", "mode", "modes", "ops", "format", "version", "kind", "policy",
		"expires", "expired", "expiry", "expiration", "exp", "lifetime", "ttl", "age", "issued", "created", "updated", "time", "count", "length", "size",
		"limit", "status", "server", "servers", "details", "name", "names", "usage", "class", "context", "level", "provider", "providers", "source"}
)

// IsSecret recognises the name of a credential, in any spelling: access_token, X-Api-Key, sessionId, Set-Cookie. A name
// that goes on to something about the credential is none: token_type, session_expires_at, public_key. The address at
// which a registration is managed is as good as a credential (RFC 7592 section 3).
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

// wordEnd returns where the word of a name ends that begins at a place: at what is no letter and no digit, or where
// camelCase begins the next one.
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

// ReplaceNamed marks the values that the text itself names as secrets, in whatever kind of text: as members of JSON,
// parameters, attributes, header fields, elements of XML, or passwords in an address.
func (t *Text) ReplaceNamed(isSecret func(name string) bool, standIn func(value string) string) {
	for _, l := range t.layers {
		eachNamed(l.text, isSecret, func(from, to int) { t.mark(l, from, to, standIn(l.text[from:to])) })
	}
}

// ReplaceJWTs marks every JWT, also one that has letters before it.
func (t *Text) ReplaceJWTs(standIn func(value string) string) {
	for _, l := range t.layers {
		eachJWT(l.text, func(from, to int) { t.mark(l, from, to, standIn(l.text[from:to])) })
	}
}

// Always returns one stand-in for every value.
func Always(standIn string) func(string) string { return func(string) string { return standIn } }

// isNameByte reports a character that the name of a member, a parameter or a header field is made of.
func isNameByte(c byte) bool {
	return isAlphanumeric(c) || c == '_' || c == '-' || c == '.' || c >= 0x80
}

// eachNamed visits the values of what a text names as a secret. It reads the text once, and is no parser of any
// language: what a name is, and where its value ends, is the same in most of them.
func eachNamed(text string, isSecret func(name string) bool, visit func(from, to int)) {
	named := false // {"name": "api_key", "value": …
	for i := 0; i < len(text); {
		if !isNameByte(text[i]) {
			if text[i] == '}' || text[i] == '>' {
				named = false
			}
			if from, to, ok := passwordIn(text, i); ok {
				visit(from, to)
			}
			i++
			continue
		}
		begin := i
		for i < len(text) && isNameByte(text[i]) {
			i++
		}
		name := text[begin:i]
		v, ok := valueAfter(text, begin, i)
		if !ok {
			continue
		}
		switch {
		case v.isLiteral(text) && !IsSecret(name): // the code of an error, not that of a login
		case isSecret(name) || named && (strings.EqualFold(name, "value") || strings.EqualFold(name, "content")):
			if from, to := v.scalar(text); from < to {
				visit(from, to)
				i = to
			}
		case strings.EqualFold(name, "name") || strings.EqualFold(name, "id"):
			const longest = 128
			from, to := v.scalar(text[:min(len(text), v.from+longest)])
			named = isSecret(text[from:to])
		}
	}
}

// namedValue is where a value begins, and how it is written.
type namedValue struct {
	from  int
	quote byte // around the value; 0 for none
	sep   byte // between the name and the value: = or : or >
	bare  bool // the name has no quotes
}

// valueAfter finds the beginning of the value of what may be a name.
func valueAfter(text string, begin, end int) (namedValue, bool) {
	v := namedValue{bare: true}
	i := end
	for i < len(text) && i < end+2 && strings.IndexByte(`"'])`, text[i]) >= 0 {
		v.bare = false
		i++
	}
	const most = 64 // of white space on either side
	space := func() {
		for n := 0; i < len(text) && n < most && strings.IndexByte(" \t\r\n", text[i]) >= 0; n++ {
			i++
		}
	}
	space()
	if i == len(text) {
		return v, false
	}
	switch v.sep = text[i]; {
	case v.sep == '=' || v.sep == ':':
	case v.sep == '>' && begin > 0 && text[begin-1] == '<':
	default:
		return v, false
	}
	i++
	if v.sep == '=' && i < len(text) && text[i] == '>' { // of Ruby and PHP
		i++
	}
	space()
	if i < len(text) && (text[i] == '"' || text[i] == '\'') {
		v.quote = text[i]
		i++
	}
	v.from = i
	return v, true
}

// isLiteral reports a number, true, false or null of JSON.
func (v namedValue) isLiteral(text string) bool {
	return v.sep == ':' && !v.bare && v.quote == 0 && v.from < len(text) && text[v.from] != '{' && text[v.from] != '['
}

// scalar returns where a value stands. One that is an object or a list goes up to where that ends.
func (v namedValue) scalar(text string) (from, to int) {
	rest := text[v.from:]
	switch {
	case v.quote != 0:
		return v.from, v.from + quotedEnd(rest, v.quote)
	case v.sep == '>':
		return v.from, v.from + upTo(rest, "<")
	case rest != "" && (rest[0] == '{' || rest[0] == '['):
		return v.from, v.from + bracketEnd(rest)
	case v.sep == ':' && v.bare: // a header field, or a sentence
		const looked = 256 // bytes
		if stop := "\r\n<;,\""; looksRandom(rest[:upTo(rest[:min(len(rest), looked)], stop)]) {
			return v.from, v.from + len(strings.TrimRight(rest[:upTo(rest, stop)], " \t"))
		}
		return v.from, v.from
	case v.sep == ':':
		to = v.from + upTo(rest, ",}] \t\r\n\"<")
		if word := text[v.from:to]; word == "true" || word == "false" || word == "null" {
			return v.from, v.from
		}
		return v.from, to
	}
	return v.from, v.from + upTo(rest, "&#;< \t\r\n\"'")
}

// upTo returns how much of a text comes before any of the characters.
func upTo(s, stop string) int {
	if i := strings.IndexAny(s, stop); i >= 0 {
		return i
	}
	return len(s)
}

// quotedEnd returns where a quoted text ends, without its quote.
func quotedEnd(s string, quote byte) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case quote:
			return i
		case '\\':
			i++
		}
	}
	return len(s)
}

// bracketEnd returns where the object or list ends that a text begins with, whether or not it is valid.
func bracketEnd(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			i += stringEnd(s[i:]) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

// looksRandom tells a credential behind a colon from the words of a sentence: some word of it has a digit, a capital
// letter or a sign inside.
func looksRandom(value string) bool {
	for word := range strings.FieldsSeq(value) {
		word = strings.Trim(word, ".,:!?()'")
		if len(word) < Shortest {
			continue
		}
		if strings.ContainsAny(word, "0123456789_+/=~") || strings.ContainsAny(word[1:], "ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
			return true
		}
	}
	return false
}

// passwordIn finds a password in an address that begins at a place with ://, such as https://user:password@host.
func passwordIn(text string, at int) (from, to int, ok bool) {
	rest, ok := strings.CutPrefix(text[at:], "://")
	if !ok {
		return 0, 0, false
	}
	const longest = 512
	rest = rest[:min(len(rest), longest)]
	authority := rest[:upTo(rest, "/?# \t\r\n\"'<>")]
	end := strings.LastIndexByte(authority, '@')
	colon := strings.IndexByte(authority[:max(end, 0)], ':')
	if colon < 0 || colon+1 >= end {
		return 0, 0, false
	}
	begin := at + len("://")
	return begin + colon + 1, begin + end, true
}

// eachJWT visits what is a JWT, signed or encrypted, by its beginning and its dots: its header is an object, which
// begins with {" or with white space after the {.
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

func isJWTByte(c byte) bool { return isAlphanumeric(c) || c == '-' || c == '_' || c == '.' }

// beginningOfJWT returns where the first thing begins that may be the header of a JWT, or -1.
func beginningOfJWT(s string) int {
	for i := 0; i+3 <= len(s); i++ {
		switch s[i : i+3] {
		case "eyJ", "eyA", "ewo", "ewk", "ew0":
			return i
		}
	}
	return -1
}
