package oauth

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"oauth-test-client/internal/wire"
)

// Reader reads the members of an object from a server. The Object's methods read members that decide something: a wrong
// type is an error. The methods below read members that are only shown, or that a login doesn't need: a wrong type is a
// warning.
type Reader struct {
	*wire.Object
	Warnings []string // for people; not sanitized yet
}

// The maximum number of warnings about an answer, and the length of each in bytes.
const (
	maxWarnings = 20
	maxWarning  = 300
)

func (r *Reader) warn(format string, args ...any) {
	if len(r.Warnings) < maxWarnings {
		r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...))
	}
}

// optional returns a string member, or "" with a warning if it has another type.
func (r *Reader) optional(name string) string {
	if kind := r.Kind(name); kind != "" && kind != "string" {
		r.warn("%s is %s, and should be a string. It is ignored.", name, kindWords(kind))
		return ""
	}
	return r.Text(name)
}

// List returns the strings of a list. It reads a single string as a list of its words.
func (r *Reader) List(name string) []string {
	if r.Kind(name) == "string" {
		r.warn("%s is a string, and should be a list of strings. It is read as a list of its words.", name)
		return strings.Fields(r.Text(name))
	}
	return r.StrictList(name)
}

// StrictList returns the strings of a list, and accepts nothing else.
func (r *Reader) StrictList(name string) []string {
	kind := r.Kind(name)
	if kind != "" && kind != "array" {
		r.warn("%s is %s, and should be a list of strings. It is ignored.", name, kindWords(kind))
	}
	if kind != "array" {
		return nil
	}
	list, all := stringsIn(r.Raw(name))
	if !all {
		r.warn("%s is a list in which not everything is a string. The rest of it is ignored.", name)
	}
	return list
}

// flag reports whether a member is true. It also reads "true" and "false" as strings, with a warning. Any other type counts
// as false.
func (r *Reader) flag(name string) bool {
	kind, raw := r.Kind(name), r.Raw(name)
	switch {
	case kind == "", kind == "bool":
		return raw == "true"
	case isFlagInWords(raw):
		r.warn("%s is the string %s, and should be a boolean. It is read as one.", name, raw)
		return strings.EqualFold(raw, `"true"`)
	}
	r.warn("%s is %s, and should be a boolean. It is ignored.", name, kindWords(kind))
	return false
}

// strictFlag reads a flag that decides something: a value that it can't read is an error.
func (r *Reader) strictFlag(name string) bool {
	if kind := r.Kind(name); kind != "" && kind != "bool" && !isFlagInWords(r.Raw(name)) {
		r.Refuse(name)
		return false
	}
	return r.flag(name)
}

// isFlagInWords reports whether a JSON value is the string "true" or "false".
func isFlagInWords(raw string) bool {
	return strings.EqualFold(raw, `"true"`) || strings.EqualFold(raw, `"false"`)
}

// stringsIn returns the strings in a JSON list, and whether it contains nothing else.
func stringsIn(raw string) (list []string, all bool) {
	var elements []json.RawMessage
	json.Unmarshal([]byte(raw), &elements) // it is valid
	for _, element := range elements {
		var text string
		if element[0] == '"' && json.Unmarshal(element, &text) == nil {
			list = append(list, text)
		}
	}
	return slices.Clip(list), len(list) == len(elements)
}

// kindWords returns the name of a kind of JSON value, for a sentence.
func kindWords(kind string) string {
	switch kind {
	case "array":
		return "a list"
	case "object":
		return "an object"
	case "bool":
		return "a boolean"
	}
	return "a " + kind
}

// VisibleASCII reports whether a token has only characters that RFC 6749 appendix A allows.
func VisibleASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}
