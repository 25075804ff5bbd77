package redact

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// maxLevels is the maximum depth of JSON that is searched.
const maxLevels = 64

// The errors for a text whose members can't be visited.
var (
	ErrNotJSON = errors.New("it is no JSON")
	ErrTooDeep = errors.New("its JSON is nested too deep to be looked into")
)

// RewriteMembers replaces the values of members by what visit returns, and leaves everything else to the byte. If visit
// returns "", the value stays, and its own members are visited. The error is ErrNotJSON or ErrTooDeep. Then the text is
// unchanged.
func RewriteMembers(body string, visit func(level int, name, value string) (standIn string)) (string, error) {
	ends, deep := containers(body)
	if deep {
		return body, ErrTooDeep
	}
	if !json.Valid([]byte(body)) {
		return body, ErrNotJSON
	}
	var out strings.Builder
	written, open := 0, 0 // how much of the body is in out, and how many lists and objects have begun
	var isObject []bool   // for each list and object around the place
	for i := 0; i < len(body); {
		switch body[i] {
		case '{', '[':
			isObject = append(isObject, body[i] == '{')
			open++
			i++
		case '}', ']':
			isObject = isObject[:len(isObject)-1]
			i++
		case '"':
			end := i + stringEnd(body[i:])
			from, isName := afterColon(body, end)
			if !isName || !isObject[len(isObject)-1] {
				i = end
				continue
			}
			to, inside := valueEnd(body, from, ends, open)
			standIn := visit(len(isObject)-1, unquoted(body[i:end]), body[from:to])
			if standIn == "" {
				i = from
				continue
			}
			out.WriteString(body[written:from])
			out.WriteString(standIn)
			i, written, open = to, to, open+inside
		default:
			i++
		}
	}
	out.WriteString(body[written:])
	return out.String(), nil
}

// container is a list or an object: its end, and the number of lists and objects in it, itself included.
type container struct{ end, size int32 }

// containers returns the lists and objects of a text that may be JSON, in the order in which they start. If they are nested
// too deep, it returns none, and true.
func containers(body string) (all []container, deep bool) {
	start := strings.TrimLeft(body, " \t\r\n")
	if start == "" || start[0] != '{' && start[0] != '[' {
		return nil, false
	}
	all = make([]container, 0, strings.Count(body, "{")+strings.Count(body, "[")) // growing the slice would cost more than counting
	var open []int
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '"':
			i += stringEnd(body[i:]) - 1
		case '{', '[':
			if open = append(open, len(all)); len(open) > maxLevels+1 {
				return nil, true
			}
			all = append(all, container{})
		case '}', ']':
			if len(open) > 0 {
				c := open[len(open)-1]
				all[c], open = container{int32(i + 1), int32(len(all) - c)}, open[:len(open)-1]
			}
		}
	}
	return all, false
}

// stringEnd returns the length of the JSON string at the start of a text, including its quotes.
func stringEnd(s string) int {
	for end := 1; end < len(s); end++ {
		switch s[end] {
		case '"':
			return end + 1
		case '\\':
			end++
		}
	}
	return len(s)
}

// afterColon returns the place after a colon, if that comes next.
func afterColon(body string, from int) (int, bool) {
	rest := strings.TrimLeft(body[from:], " \t\r\n")
	if !strings.HasPrefix(rest, ":") {
		return 0, false
	}
	return len(body) - len(strings.TrimLeft(rest[1:], " \t\r\n")), true
}

// valueEnd returns the end of the value that starts at a place in valid JSON, and the number of lists and objects in it.
func valueEnd(body string, from int, ends []container, next int) (end, inside int) {
	switch body[from] {
	case '{', '[':
		return int(ends[next].end), int(ends[next].size)
	case '"':
		return from + stringEnd(body[from:]), 0
	}
	return from + upTo(body[from:], ",}] \t\r\n"), 0
}

// unquoted returns the text of a JSON string, or the text between its quotes if it is not valid.
func unquoted(quoted string) string {
	text := strings.TrimSuffix(quoted[1:], `"`)
	if strings.Contains(text, `\`) {
		json.Unmarshal([]byte(quoted), &text)
	}
	return text
}

// EachScalar visits the strings and the numbers in a JSON value, at any depth, but not the names of members.
func EachScalar(value string, visit func(text string)) {
	eachScalar(value, func(from, to int) {
		if value[from] == '"' {
			visit(unquoted(value[from:to]))
			return
		}
		visit(value[from:to])
	})
}

// RewriteStrings replaces the strings in a valid JSON value, at any depth.
func RewriteStrings(value string, standIn func(text string) string) string {
	var out strings.Builder
	written := 0
	eachScalar(value, func(from, to int) {
		if value[from] != '"' {
			return
		}
		out.WriteString(value[written:from])
		quoted, _ := json.Marshal(standIn(unquoted(value[from:to]))) // a string always can
		out.Write(quoted)
		written = to
	})
	out.WriteString(value[written:])
	return out.String()
}

// eachScalar visits the places of strings and numbers.
func eachScalar(value string, visit func(from, to int)) {
	for i := 0; i < len(value); {
		switch c := value[i]; {
		case c == '"':
			end := i + stringEnd(value[i:])
			if next, isName := afterColon(value, end); isName {
				i = next
				continue
			}
			visit(i, end)
			i = end
		case c == '-' || '0' <= c && c <= '9':
			end := i + upTo(value[i:], ",}] \t\r\n")
			visit(i, end)
			i = end
		default:
			i++
		}
	}
}

// maxSecrets is the maximum number of secrets from one answer, as each is looked for in every text about it.
const maxSecrets = 64

// Secrets returns the values that an answer names as secrets: of members at any depth, and of what looks like a member or a
// parameter in text of any other kind. It returns false if there are too many.
func Secrets(answer string) (values []string, all bool) {
	keep := func(value string) {
		if len(value) >= Shortest && len(values) <= maxSecrets && !slices.Contains(values, value) {
			values = append(values, value)
		}
	}
	RewriteMembers(answer, func(_ int, name, value string) string {
		if !IsSecret(name) {
			return ""
		}
		EachScalar(value, keep)
		return value // its parts have been visited
	})
	for _, l := range Read(answer).layers {
		eachNamed(l.text, IsSecret, func(from, to int) {
			if l.text[from] == '{' || l.text[from] == '[' {
				EachScalar(l.text[from:to], keep)
				return
			}
			keep(l.text[from:to])
			keep(strings.TrimRight(l.text[from:to], ".,:)'")) // what ends the sentence around it
		})
	}
	return values, len(values) <= maxSecrets
}
