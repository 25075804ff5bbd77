package redact

import (
	"bytes"
	"encoding/json"
	"errors"
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

// The most levels of JSON that are looked into; below, nobody reads.
const maxLevels = 64

// cut is a part of a text with what is to stand there.
type cut struct {
	from, to int
	standIn  string
}

// memberWalk goes through the members of a JSON text.
type memberWalk struct {
	*json.Decoder
	// visit says what is to stand in place of a member's value, or "" to leave it, or to look inside.
	visit func(level int, name string, value json.RawMessage) (standIn string)
	cuts  []cut
}

// RewriteMembers replaces the values of members, and leaves everything else to the byte. It reports false
// for a text that is no JSON.
func RewriteMembers(body string, visit func(level int, name string, value json.RawMessage) string) (string, bool) {
	if !json.Valid([]byte(body)) {
		return body, false
	}
	w := &memberWalk{Decoder: json.NewDecoder(strings.NewReader(body)), visit: visit}
	if err := w.value(0); err != nil {
		return body, false
	}
	var out strings.Builder
	end := 0
	for _, c := range w.cuts {
		out.WriteString(body[end:c.from])
		out.WriteString(c.standIn)
		end = c.to
	}
	out.WriteString(body[end:])
	return out.String(), true
}

// value goes through the value that comes next.
func (w *memberWalk) value(level int) error {
	if level > maxLevels {
		return errors.New("nested too deep")
	}
	token, err := w.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('{'):
		err = w.members(level)
	case json.Delim('['):
		for err == nil && w.More() {
			err = w.value(level + 1)
		}
	default:
		return nil
	}
	if err != nil {
		return err
	}
	_, err = w.Token() // what closes it
	return err
}

// members goes through the members of an object.
func (w *memberWalk) members(level int) error {
	for w.More() {
		token, err := w.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string) // the text is valid
		var raw json.RawMessage
		if err := w.Decode(&raw); err != nil {
			return err
		}
		to := int(w.InputOffset())
		from := to - len(raw)
		if standIn := w.visit(level, name, raw); standIn != "" {
			w.cuts = append(w.cuts, cut{from, to, standIn})
			continue
		}
		if first := raw[0]; first != '{' && first != '[' {
			continue
		}
		inside := &memberWalk{Decoder: json.NewDecoder(bytes.NewReader(raw)), visit: w.visit}
		if err := inside.value(level + 1); err != nil {
			return err
		}
		for _, c := range inside.cuts {
			w.cuts = append(w.cuts, cut{from + c.from, from + c.to, c.standIn})
		}
	}
	return nil
}
