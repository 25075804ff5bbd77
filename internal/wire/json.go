package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// UnmarshalObject decodes a JSON object into v, a pointer to a struct whose members have names in lower
// case. encoding/json does less than a security protocol needs: it takes null for an object, replaces
// bytes that are no UTF-8, lets the last of two equal names win, and takes Access_Token for access_token,
// so that two readers of one document can disagree about it. Here names are compared exactly (RFC 8259
// section 8.3).
func UnmarshalObject(data []byte, v any) error {
	if err := mustBeObject(data); err != nil {
		return err
	}
	var room [32]memberName // for most objects
	names, err := uniqueNames(data, room[:0])
	if err != nil && !json.Valid(data) { // which alone is worth saying then
		return errCutShort
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(withoutOthers(data, names), v); err != nil {
		if typeErr, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return wrongKind(typeErr.Field[strings.LastIndex(typeErr.Field, ".")+1:], typeErr.Value)
		}
		return errCutShort
	}
	return nil
}

// wrongKind is the error of a member that is another kind of JSON value than it should be.
func wrongKind(name, kind string) error {
	article := "a"
	if strings.ContainsAny(kind[:1], "ao") { // an array, an object
		article = "an"
	}
	return fmt.Errorf("%q in its JSON is %s %s", name, article, kind)
}

var errCutShort = errors.New("its JSON is cut short or malformed")

// The most members that an object may have.
const maxMembers = 1000

// memberName is the name of a member: what it says, and where it stands with its quotes.
type memberName struct {
	name     []byte
	from, to int
}

// uniqueNames adds the members of an object to a list, which must be empty, and refuses an object that names
// one twice. Of data that is no JSON object the list says nothing.
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

// withoutOthers is an object in which encoding/json cannot mistake a name for one in lower case: of a name
// with anything else in it nothing is left.
func withoutOthers(data []byte, names []memberName) []byte {
	copied := false
	for _, n := range names {
		// Beyond ASCII there are two more that it takes for others: the long s and the sign for kelvin.
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

// Misspelled is a member of an object whose name differs from the one that is meant in nothing but the case
// of its letters, or "".
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

// unescaped is what a JSON string says, which is what stands between its quotes unless something is
// escaped there.
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

// stringEnd is the length of the JSON string that data begins with, its quotes included.
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

// What indenting may cost: each level adds two bytes to each line, so that an answer of some kilobytes,
// nested deep, would become gigabytes.
const (
	maxLevels = 64
	maxPretty = 256 << 10 // bytes
)

// Pretty indents JSON, and leaves anything else as it is: also what is nested deeper than anybody reads,
// or would be longer than anybody is shown.
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

// indentedSize is how long JSON can be at most once it is indented, and how many levels it has, without
// making it any longer.
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
