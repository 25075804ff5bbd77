package redact

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// The most secrets of one answer that are looked for: each is in all that is said of it.
const maxSecrets = 64

// secretNames are the names of IsSecret, for text that is cut short, malformed or no JSON.
const secretNames = `[\w-]*token|[\w-]*secret|registration_client_uri`

var (
	secretInJSON  = InJSON(secretNames)
	secretInQuery = InQuery(secretNames)
)

// InJSON matches what looks like a member of JSON with one of the names; its first group is the value.
func InJSON(names string) *regexp.Regexp {
	return regexp.MustCompile(`"(?i:` + names + `)"\s*:\s*"((?:[^"\\]|\\.)*)`)
}

// InQuery matches what looks like a parameter with one of the names; its first group is the value.
func InQuery(names string) *regexp.Regexp {
	return regexp.MustCompile(`(?:^|[^\w-])(?i:` + names + `)=([^&#;<\s"]*)`)
}

// IsToken recognises the name of a token or a secret, in any spelling: access_token, device_secret, accessToken.
func IsToken(name string) bool {
	name = strings.ToLower(name)
	return strings.HasSuffix(name, "token") || strings.HasSuffix(name, "secret")
}

// IsSecret recognises the name of what no sentence may repeat: a token, a secret, or the address at which a
// registration is managed (RFC 7592 section 3).
func IsSecret(name string) bool {
	return IsToken(name) || strings.EqualFold(name, "registration_client_uri")
}

// ReplaceNamed marks the values that the text itself names as secrets, in any spelling.
func (t *Text) ReplaceNamed(standIn string) {
	t.ReplaceMatches(secretInJSON, 1, standIn)
	t.ReplaceMatches(secretInQuery, 1, standIn)
}

// Secrets are the values that an answer names as secrets: of members at any depth, and of what looks like a member
// or a parameter in text of any other kind. It reports false when there are more than are looked for.
func Secrets(answer string) (values []string, all bool) {
	keep := func(value string) {
		if len(value) >= Shortest && len(values) <= maxSecrets && !slices.Contains(values, value) {
			values = append(values, value)
		}
	}
	RewriteMembers(answer, func(_ int, name string, value json.RawMessage) string {
		if IsSecret(name) {
			eachScalar(value, keep)
		}
		return ""
	})
	for _, l := range Read(answer).layers {
		for _, expression := range []*regexp.Regexp{secretInJSON, secretInQuery} {
			for _, found := range expression.FindAllStringSubmatch(l.text, -1) {
				keep(found[1])
				keep(strings.TrimRight(found[1], ".,:)'")) // what ends the sentence around it
			}
		}
	}
	return values, len(values) <= maxSecrets
}

// eachScalar visits the strings and the numbers in a valid JSON value, with the names in it.
func eachScalar(value json.RawMessage, visit func(text string)) {
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	for {
		token, err := d.Token()
		if err != nil {
			return // at its end
		}
		switch token := token.(type) {
		case string:
			visit(token)
		case json.Number:
			visit(token.String())
		}
	}
}
