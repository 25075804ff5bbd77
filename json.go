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
	names, err := objectNames(data)
	if err != nil {
		return err
	}
	seen := make(map[string]bool, len(names))
	for _, name := range names {
		if folded := strings.ToLower(name); !seen[folded] {
			seen[folded] = true
			continue
		}
		return fmt.Errorf("its JSON names %q twice", clip(name, 40))
	}
	if err := json.Unmarshal(data, v); err != nil {
		if typeErr, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return fmt.Errorf("%q in its JSON is a %s", typeErr.Field[strings.LastIndex(typeErr.Field, ".")+1:], typeErr.Value)
		}
		return errors.New("its JSON cannot be read")
	}
	return nil
}

// objectNames returns the names of a JSON object's members, in order.
func objectNames(data []byte) ([]string, error) {
	what := describeBody(data)
	d := json.NewDecoder(bytes.NewReader(data))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, errors.New("it sent " + what + " instead of a JSON object")
	}
	var names []string
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, errors.New("its JSON is cut short or malformed")
		}
		names = append(names, name.(string))
		if len(names) > 1000 {
			return nil, errors.New("its JSON has more than 1000 members")
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return nil, errors.New("its JSON is cut short or malformed")
		}
	}
	if !json.Valid(data) { // the end of the object, and nothing behind it
		return nil, errors.New("its JSON is cut short or malformed")
	}
	return names, nil
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
