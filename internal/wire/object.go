package wire

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

// Object is a JSON object whose members are read one by one, each under exactly its name. Strings are parts of the
// text that they were read from, so that a long one is kept once and not twice.
type Object struct {
	text  string
	names []memberName
	err   error
}

// ParseObject reads a JSON object as strictly as UnmarshalObject does.
func ParseObject(text string) (*Object, error) {
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

// mustBeObject refuses what is no JSON object from its beginning.
func mustBeObject(data []byte) error {
	if !utf8.Valid(data) {
		return errors.New("its JSON is not UTF-8")
	}
	if start := bytes.TrimLeft(data, " \t\r\n"); len(start) == 0 || start[0] != '{' {
		return errors.New("it sent " + describeBody(data) + " instead of a JSON object")
	}
	return nil
}

// Raw is the value of a member as it stands in the text, or "" where there is none, or null.
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

// Has reports a member that is not null.
func (o *Object) Has(name string) bool { return o.Raw(name) != "" }

// Text is the string that a member is, or "" where there is none. What is no string is an error, for Err.
func (o *Object) Text(name string) (text string) {
	raw := o.Raw(name)
	switch {
	case raw == "":
		return ""
	case raw[0] != '"':
		o.err = cmp.Or(o.err, wrongKind(name, kindOf(raw)))
		return ""
	case !strings.Contains(raw, `\`):
		return raw[1 : len(raw)-1]
	}
	o.err = cmp.Or(o.err, json.Unmarshal([]byte(raw), &text))
	return text
}

// Err is what was wrong with the first member that was no string.
func (o *Object) Err() error { return o.err }

// kindOf is the kind of a JSON value that is no string, as encoding/json calls it.
func kindOf(raw string) string {
	switch raw[0] {
	case '{':
		return "object"
	case '[':
		return "array"
	case 't', 'f':
		return "bool"
	}
	return "number"
}
