// Package redact removes secrets from text, in any spelling. A server may repeat what it was sent as PHP writes JSON (\/),
// as .NET does (\u002B), in a page (&#43;) or in a URL (%2b).
package redact

import (
	"encoding/base64"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Redacted replaces a secret.
const Redacted = "[redacted]"

// Shortest is the minimum length of a value that is looked for in text: removing every "a" from a text would reveal more
// than it hides.
const Shortest = 6

// maxEscapes is the maximum number of nested escapes: JSON in a page, in a parameter of a URL.
const maxEscapes = 5

// Text is a text with its secrets marked, to be replaced together.
type Text struct {
	source string
	first  [1]layer // most texts have no more than this
	layers []layer  // as it stands, then with one escape after the other undone
	inside []run    // what is encoded in it
	marks  []mark
}

// layer is the text after some escapes were undone.
type layer struct {
	text string
	at   []int32 // where each byte stands in the source, and where it ends; nil for the source itself
}

// mark is a part of the source, with its replacement.
type mark struct {
	from, to int
	standIn  string
}

// Read prepares a text: it undoes the escapes, and decodes the base64 or hexadecimal parts.
func Read(source string) *Text { return read(source, maxEncodings) }

func read(source string, encodings int) *Text {
	t := &Text{source: source}
	t.layers = layersOf(t.first[:], source)
	if encodings > 0 {
		for i := range t.layers {
			t.inside = append(t.inside, t.runsIn(&t.layers[i], encodings-1)...)
		}
	}
	return t
}

// layersOf undoes the escapes of a text one after the other. The first layer is the text itself.
func layersOf(layers []layer, source string) []layer {
	layers = append(layers[:0], layer{text: source})
	for range maxEscapes {
		next, changed := layers[len(layers)-1].unescaped()
		if !changed {
			break
		}
		layers = append(layers, next)
	}
	return layers
}

func (t *Text) mark(l *layer, from, to int, standIn string) {
	t.marks = append(t.marks, mark{int(l.place(from)), int(l.place(to)), standIn})
}

// String returns the text with the marked parts replaced. Overlapping marks become one, with the stand-in of the mark that
// starts first or, if several start together, of the longest.
func (t *Text) String() string {
	if len(t.marks) == 0 {
		return t.source
	}
	slices.SortStableFunc(t.marks, func(a, b mark) int {
		if a.from != b.from {
			return a.from - b.from
		}
		return b.to - a.to
	})
	var out strings.Builder
	end := 0
	for _, m := range t.marks {
		if m.from >= end {
			out.WriteString(t.source[end:m.from])
			out.WriteString(m.standIn)
		}
		end = max(end, m.to)
	}
	out.WriteString(t.source[end:])
	return out.String()
}

// unescaped undoes the outermost escapes.
func (l *layer) unescaped() (next layer, changed bool) {
	if !strings.ContainsAny(l.text, "\\%&+\x00") {
		return layer{}, false
	}
	out := make([]byte, 0, len(l.text))
	at := make([]int32, 0, len(l.text)+1)
	for i := 0; i < len(l.text); {
		text, length := unescape(l.text[i:])
		changed = changed || text != l.text[i:i+length]
		from := l.place(i)
		for j := range len(text) {
			out, at = append(out, text[j]), append(at, from)
		}
		i += length
	}
	return layer{string(out), append(at, l.place(len(l.text)))}, changed
}

// place returns the place of a byte in the source. The source is always short enough for an int32.
func (l *layer) place(i int) int32 {
	if l.at == nil {
		return int32(i)
	}
	return l.at[i]
}

// unescape returns the first character of a text, and its length in the text: more than one byte if it is escaped. A zero
// byte stands for no character: UTF-16 has one in each ASCII letter, and UTF-32 has three.
func unescape(s string) (text string, length int) {
	switch s[0] {
	case 0:
		return "", 1
	case '+':
		return " ", 1
	case '%':
		if n, ok := hexNumber(s, 1, 2); ok {
			return string([]byte{byte(n)}), 3
		}
		if n, ok := hexNumber(s, 2, 4); ok && s[1] == 'u' { // escape() of JavaScript
			return string(rune(n)), 6
		}
	case '&':
		if text, length := numericEntity(s); length > 0 {
			return text, length
		}
		if name, _, ok := strings.Cut(s[:min(len(s), 12)], ";"); ok {
			return html.UnescapeString(name + ";"), len(name) + 1
		}
	case '\\':
		return unescapeBackslash(s)
	}
	return s[:1], 1
}

// numericEntity reads a numeric character reference: it may have leading zeros, and no semicolon (HTML section 13.2.5.80).
func numericEntity(s string) (text string, length int) {
	const longest = 64
	digits, base := strings.TrimPrefix(s[:min(len(s), longest)], "&#"), 10
	if len(digits) == min(len(s), longest) {
		return "", 0
	}
	if digits != "" && digits[0]|0x20 == 'x' {
		digits, base = digits[1:], 16
	}
	end := len(digits) - len(strings.TrimLeft(digits, "0123456789abcdefABCDEF"[:base+base/16*6]))
	n, err := strconv.ParseUint(digits[:end], base, 21)
	if err != nil {
		return "", 0
	}
	length = min(len(s), longest) - len(digits) + end
	if length < len(s) && s[length] == ';' {
		length++
	}
	return string(rune(n)), length
}

// unescapeBackslash reads a JSON or JavaScript escape.
func unescapeBackslash(s string) (text string, length int) {
	if len(s) < 2 {
		return s, 1
	}
	switch s[1] {
	case 'u':
		if end := strings.IndexByte(s[:min(len(s), 10)], '}'); end > 3 && s[2] == '{' { // of JavaScript
			if n, ok := hexNumber(s, 3, end-3); ok {
				return string(rune(n)), end + 1
			}
		}
		n, ok := hexNumber(s, 2, 4)
		if !ok {
			return s[:1], 1
		}
		if low, ok := hexNumber(s, 8, 4); ok && s[6:8] == `\u` {
			if r := utf16.DecodeRune(rune(n), rune(low)); r != utf8.RuneError {
				return string(r), 12
			}
		}
		return string(rune(n)), 6
	case 'x':
		if n, ok := hexNumber(s, 2, 2); ok {
			return string(rune(n)), 4
		}
	case 'b', 'f', 'n', 'r', 't':
		return string(" "), 2
	case '"', '\\', '/', '\'':
		return s[1:2], 2
	}
	return s[:1], 1
}

// hexNumber reads a hexadecimal number with the given number of digits.
func hexNumber(s string, from, digits int) (uint64, bool) {
	if len(s) < from+digits {
		return 0, false
	}
	n, err := strconv.ParseUint(s[from:from+digits], 16, 32)
	return n, err == nil
}

// Credentials are the ID and the secret of a client.
type Credentials struct{ ID, Secret string }

// FromBasic returns the credentials in an Authorization header (RFC 6749 section 2.3.1): as they are written, and with the
// form-encoding undone. It returns none for any other scheme.
func FromBasic(authorization string) []Credentials {
	scheme, encoded, _ := strings.Cut(authorization, " ")
	pair, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	id, secret, ok := strings.Cut(string(pair), ":")
	if !strings.EqualFold(scheme, "Basic") || err != nil || !ok {
		return nil
	}
	list := []Credentials{{id, secret}}
	plainID, errID := url.QueryUnescape(id)
	plainSecret, errSecret := url.QueryUnescape(secret)
	if errID == nil && errSecret == nil && plainID+plainSecret != id+secret {
		list = append(list, Credentials{plainID, plainSecret})
	}
	return list
}
