package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// unmarshalObject decodes a JSON object into v, a pointer to a struct. encoding/json does less
// than a security protocol needs: it takes null for an object, replaces bytes that are no UTF-8,
// and lets the last of two equal names win (equal but for their case, even), so that two readers
// of one document can disagree about it.
func unmarshalObject(data []byte, v any) error {
	if !utf8.Valid(data) {
		return errors.New("its JSON is not UTF-8")
	}
	if start := bytes.TrimLeft(data, " \t\r\n"); len(start) == 0 || start[0] != '{' {
		return errors.New("it sent " + describeBody(data) + " instead of a JSON object")
	}
	if err := json.Unmarshal(data, v); err != nil {
		if typeErr, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return fmt.Errorf("%q in its JSON is a %s", typeErr.Field[strings.LastIndex(typeErr.Field, ".")+1:], typeErr.Value)
		}
		return errors.New("its JSON is cut short or malformed")
	}
	return uniqueNames(data)
}

// The most members that an object may have.
const maxMembers = 1000

// uniqueNames refuses an object that names a member twice. The data must be a valid JSON object.
func uniqueNames(data []byte) error {
	seen := make(map[string]bool, 16)
	depth, expectName := 0, false
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '{', '[':
			depth++
			expectName = depth == 1
		case '}', ']':
			depth--
		case ',':
			expectName = depth == 1
		case '"':
			end := i + stringEnd(data[i:])
			if expectName {
				name := string(data[i+1 : end-1])
				if strings.Contains(name, `\`) && json.Unmarshal(data[i:end], &name) != nil {
					return errors.New("its JSON is cut short or malformed")
				}
				if folded := strings.ToLower(name); seen[folded] {
					return fmt.Errorf("its JSON names %q twice", clip(name, 40))
				} else if seen[folded] = true; len(seen) > maxMembers {
					return fmt.Errorf("its JSON has more than %d members", maxMembers)
				}
				expectName = false
			}
			i = end - 1
		}
	}
	return nil
}

// stringEnd is the length of the JSON string that data begins with, its quotes included.
func stringEnd(data []byte) int {
	for i := 1; i < len(data); i++ {
		switch data[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(data)
}

// describeBody names what a body is that should have been a JSON object.
func describeBody(data []byte) string {
	text := strings.TrimSpace(string(data[:min(len(data), 200)]))
	switch {
	case text == "":
		return "nothing"
	case strings.HasPrefix(text, "<"):
		return "an HTML page"
	case strings.HasPrefix(text, "["):
		return "a list"
	case json.Valid(data):
		return "a single value"
	}
	return "text"
}

// clip makes text from outside fit to be shown in a line: at most n bytes, nothing invisible.
func clip(s string, n int) string {
	s = visible(s)
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// visible replaces what a reader cannot see or what reorders what he sees: control characters,
// right-to-left marks and other format characters, and bytes that are no UTF-8.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r):
			return '\uFFFD'
		}
		return r
	}, s)
}
