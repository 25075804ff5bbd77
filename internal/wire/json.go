package wire

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// UnmarshalObject decodes a JSON object into v, a pointer to a struct whose members have names in lower case. It is
// stricter than encoding/json, which accepts null as an object, replaces bytes that are not UTF-8, lets the last of two
// equal names win, and reads Access_Token as access_token. With such rules, two readers of one document can disagree about
// it. UnmarshalObject compares names exactly (RFC 8259 section 8.3).
func UnmarshalObject(data []byte, v any) error {
	if err := mustBeObject(data); err != nil {
		return err
	}
	var room [32]memberName // for most objects
	names, err := uniqueNames(data, room[:0])
	if err != nil && !json.Valid(data) { // then the malformed JSON is the mistake to report
		return errCutShort
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(withoutOthers(data, names), v); err != nil {
		if typeErr, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return &MemberError{typeErr.Field[strings.LastIndex(typeErr.Field, ".")+1:], typeErr.Value}
		}
		return errCutShort
	}
	return nil
}

// MemberError is the error of a member with the wrong kind of JSON value.
type MemberError struct {
	Name string // of the member, the innermost
	Kind string // what it is: string, number, bool, array or object
}

func (e *MemberError) Error() string {
	article := "a"
	if strings.ContainsAny(e.Kind[:1], "ao") { // an array, an object
		article = "an"
	}
	return fmt.Sprintf("%q in its JSON is %s %s", e.Name, article, e.Kind)
}

var errCutShort = errors.New("its JSON is cut short or malformed")

// maxMembers is the maximum number of members in an object.
const maxMembers = 1000

// memberName is the name of a member: its text, and its place including the quotes.
type memberName struct {
	name     []byte
	from, to int
}

// uniqueNames adds the members of an object to a list, which must be empty, and refuses an object with a duplicate name. If
// data is not a JSON object, the list means nothing.
func uniqueNames(data []byte, seen []memberName) ([]memberName, error) {
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
				name, err := unescaped(data[i:end])
				if err != nil {
					return nil, err
				}
				for _, other := range seen { // few names: looking at each costs less than a map
					if bytes.Equal(other.name, name) {
						return nil, fmt.Errorf("its JSON names %q twice", name)
					}
				}
				if seen = append(seen, memberName{name, i, end}); len(seen) > maxMembers {
					return nil, fmt.Errorf("its JSON has more than %d members", maxMembers)
				}
				expectName = false
			}
			i = end - 1
		}
	}
	return seen, nil
}

// withoutOthers returns an object in which encoding/json can't mistake a name for one in lower case: it blanks every name
// with any other character.
func withoutOthers(data []byte, names []memberName) []byte {
	copied := false
	for _, n := range names {
		// encoding/json also takes two characters beyond ASCII for lower case letters: the long s and the Kelvin
		// sign.
		if !bytes.ContainsFunc(n.name, func(r rune) bool { return 'A' <= r && r <= 'Z' || r >= utf8.RuneSelf }) {
			continue
		}
		if !copied {
			data, copied = bytes.Clone(data), true
		}
		for i := n.from + 1; i < n.to-1; i++ {
			data[i] = '-'
		}
	}
	return data
}

// Misspelled returns a member of an object whose name differs from the given one only in upper and lower case, or "".
func Misspelled(data []byte, name string) string {
	if !json.Valid(data) {
		return ""
	}
	names, err := uniqueNames(data, nil)
	if err != nil {
		return ""
	}
	for _, n := range names {
		if strings.EqualFold(string(n.name), name) && string(n.name) != name {
			return string(n.name)
		}
	}
	return ""
}

// unescaped returns the text of a JSON string. Without an escape, that is the text between its quotes.
func unescaped(quoted []byte) ([]byte, error) {
	if len(quoted) < 2 {
		return nil, errCutShort
	}
	if !bytes.Contains(quoted, []byte{'\\'}) {
		return quoted[1 : len(quoted)-1], nil
	}
	var text string
	if err := json.Unmarshal(quoted, &text); err != nil {
		return nil, errCutShort
	}
	return []byte(text), nil
}

// stringEnd returns the length of the JSON string at the start of data, including its quotes.
func stringEnd(data []byte) int {
	for end := 1; end < len(data); {
		quote := bytes.IndexByte(data[end:], '"')
		if quote < 0 {
			break
		}
		text := data[1 : end+quote]
		if backslashes := len(text) - len(bytes.TrimRight(text, `\`)); backslashes%2 == 0 {
			return end + quote + 1
		}
		end += quote + 1
	}
	return len(data)
}

// describeBody names the kind of a body that should have been a JSON object.
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

// The limits of indenting. Each level adds two bytes to each line, so an answer of some kilobytes with deep nesting would
// become gigabytes.
const (
	maxLevels = 64
	maxPretty = 256 << 10 // bytes
)

// Pretty indents JSON, and returns anything else unchanged. JSON that is nested too deep or would become too long is also
// unchanged.
func Pretty(body string) string {
	size, levels := indentedSize([]byte(body))
	if size > maxPretty || levels > maxLevels {
		return strings.ToValidUTF8(body, "\uFFFD")
	}
	var out bytes.Buffer
	if json.Indent(&out, []byte(body), "", "  ") == nil {
		return out.String()
	}
	return strings.ToValidUTF8(body, "\uFFFD")
}

// indentedSize returns an upper limit for the length of JSON after indenting, and its depth, without indenting it.
func indentedSize(body []byte) (size, levels int) {
	size = len(body)
	for depth, i := 0, 0; i < len(body); i++ {
		switch body[i] {
		case '{', '[':
			depth++
			levels = max(levels, depth)
		case '}', ']':
			depth--
		case '"':
			i += stringEnd(body[i:]) - 1
			continue
		case ',', ':':
		default:
			continue
		}
		size += 1 + 2*max(depth, 0)
	}
	return size, levels
}

// Object is a JSON object whose members are read one by one, each by its exact name. Strings are parts of the original
// text, so that a long one is stored only once.
type Object struct {
	text  string
	names []memberName
	err   error
}

// ParseObject parses a JSON object as strictly as UnmarshalObject does.
func ParseObject(text string) (*Object, error) {
	text = strings.TrimPrefix(text, "\ufeff") // a byte order mark, which a parser may ignore (RFC 8259 section 8.1)
	data := []byte(text)
	if err := mustBeObject(data); err != nil {
		return nil, err
	}
	if !json.Valid(data) {
		return nil, errCutShort
	}
	names, err := uniqueNames(data, make([]memberName, 0, 12))
	if err != nil {
		return nil, err
	}
	return &Object{text: text, names: names}, nil
}

// mustBeObject refuses data that doesn't start as a JSON object.
func mustBeObject(data []byte) error {
	if !utf8.Valid(data) {
		return errors.New("its JSON is not UTF-8")
	}
	if start := bytes.TrimLeft(data, " \t\r\n"); len(start) == 0 || start[0] != '{' {
		return errors.New("it sent " + describeBody(data) + " instead of a JSON object")
	}
	return nil
}

// Raw returns the value of a member as written in the text, or "" if it is missing or null.
func (o *Object) Raw(name string) string {
	i := slices.IndexFunc(o.names, func(n memberName) bool { return string(n.name) == name })
	if i < 0 {
		return ""
	}
	const space = " \t\r\n"
	value := o.text[o.names[i].to:]
	if i+1 < len(o.names) {
		value = value[:o.names[i+1].from-o.names[i].to]
	}
	value = strings.TrimRight(value, space)
	value = value[:len(value)-1] // the comma, or the end of the object
	_, value, _ = strings.Cut(value, ":")
	if value = strings.Trim(value, space); value == "null" {
		return ""
	}
	return value
}

// Names yields the names of the members, in order.
func (o *Object) Names() iter.Seq[string] {
	return func(yield func(name string) bool) {
		for _, n := range o.names {
			if !yield(string(n.name)) {
				return
			}
		}
	}
}

// Has reports whether a member is present and not null.
func (o *Object) Has(name string) bool { return o.Raw(name) != "" }

// Text returns a string member, or "" if it is missing. Another type is an error, which Err returns.
func (o *Object) Text(name string) string {
	raw := o.Raw(name)
	switch {
	case raw == "":
		return ""
	case raw[0] != '"':
		o.Refuse(name)
		return ""
	case !strings.Contains(raw, `\`):
		return raw[1 : len(raw)-1]
	}
	var text string // declared here, as it costs an allocation
	o.err = cmp.Or(o.err, json.Unmarshal([]byte(raw), &text))
	return text
}

// Number returns a number member, or nil if it is missing. Another type is an error, which Err returns.
func (o *Object) Number(name string) *float64 {
	raw := o.Raw(name)
	if raw == "" {
		return nil
	}
	number, err := strconv.ParseFloat(raw, 64)
	if err != nil || kindOf(raw) != "number" {
		o.Refuse(name)
		return nil
	}
	return &number
}

// Kind returns the kind of a member's JSON value, in the words of encoding/json, or "" if it is missing.
func (o *Object) Kind(name string) string {
	if raw := o.Raw(name); raw != "" {
		return kindOf(raw)
	}
	return ""
}

// Says reports whether a member is not empty. Many servers send an empty error with each success.
func (o *Object) Says(name string) bool { return says(json.RawMessage(o.Raw(name))) }

// Refuse records an error for a member with the wrong kind of value, which Err returns.
func (o *Object) Refuse(name string) {
	if o.err == nil {
		o.err = &MemberError{name, o.Kind(name)}
	}
}

// Err returns the error of the first refused member.
func (o *Object) Err() error { return o.err }

// kindOf returns the kind of a JSON value, in the words of encoding/json.
func kindOf(raw string) string {
	switch raw[0] {
	case '"':
		return "string"
	case '{':
		return "object"
	case '[':
		return "array"
	case 't', 'f':
		return "bool"
	}
	return "number"
}

// Clip makes text from outside safe to show in a line: at most n bytes, without invisible characters.
func Clip(s string, n int) string {
	s = Visible(s)
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// Visible replaces characters that a reader can't see, or that reorder the text: control characters, right-to-left marks
// and other format characters, fillers and selectors without a glyph, and bytes that are not UTF-8.
func Visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case isInvisible(r):
			return '\uFFFD'
		}
		return r
	}, s)
}

// VisibleLines is Visible for a page, but keeps the line breaks.
func VisibleLines(page []byte) []byte {
	hidden := func(r rune) bool { return isInvisible(r) && r != '\n' && r != '\r' && r != '\t' }
	if bytes.IndexFunc(page, hidden) < 0 {
		return page
	}
	return bytes.Map(func(r rune) rune {
		if hidden(r) {
			return '\uFFFD'
		}
		return r
	}, page)
}

// isInvisible reports whether Visible replaces a character. Bytes that are not UTF-8 are read as utf8.RuneError.
func isInvisible(r rune) bool {
	if r < utf8.RuneSelf {
		return unicode.IsControl(r)
	}
	return r == utf8.RuneError || unicode.IsControl(r) || unicode.In(r, invisible...)
}

// invisible lists the characters without a glyph (Unicode: Default_Ignorable_Code_Point, and all of Cf, Zl and Zp), and the
// blank Braille pattern, which is not a space.
var invisible = []*unicode.RangeTable{unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector,
	{R16: []unicode.Range16{{Lo: 0x2800, Hi: 0x2800, Stride: 1}}}}

// WithoutQuery returns an address without its query, which may contain anything.
func WithoutQuery(address string) string {
	before, _, _ := strings.Cut(address, "?")
	return before
}

// Limit limits the length of a text for a JSON document, and doesn't change it otherwise.
func Limit(s string) string {
	const most = 4096
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// SafeLink returns an address if it is safe to follow, else "".
func SafeLink(address string) string {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || Visible(address) != address {
		return ""
	}
	return address
}
