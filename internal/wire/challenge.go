package wire

import (
	"strings"
	"unicode/utf8"
)

// Challenge is one challenge of a WWW-Authenticate header (RFC 9110 section 11.6.1).
type Challenge struct {
	Scheme string            `json:"scheme"`
	Params map[string]string `json:"params,omitempty"`
}

// Challenges are those of the answer, of all its WWW-Authenticate headers.
func (e *Exchange) Challenges() []Challenge {
	var list []Challenge
	for _, value := range e.ResponseHeader.Values("WWW-Authenticate") {
		list = append(list, ParseChallenges(value)...)
	}
	return list
}

// ParseChallenges reads a WWW-Authenticate header as far as it can be read.
func ParseChallenges(s string) []Challenge {
	const most = 4096
	s = s[:min(len(s), most)]
	var list []Challenge
	for s = strings.TrimLeft(s, " \t,"); s != ""; s = strings.TrimLeft(s, " \t,") {
		word := leadingToken(s)
		if word == "" {
			break
		}
		rest := strings.TrimLeft(s[len(word):], " \t")
		if value, after, ok := parseParam(rest); ok && len(list) > 0 {
			params := list[len(list)-1].Params
			if _, twice := params[strings.ToLower(word)]; !twice {
				params[strings.ToLower(word)] = value
			}
			s = after
			continue
		}
		list = append(list, Challenge{word, map[string]string{}})
		s = rest
	}
	return list
}

// parseParam reads what follows a parameter's name: "=" and a token or a quoted string.
func parseParam(s string) (value, rest string, ok bool) {
	s, ok = strings.CutPrefix(s, "=")
	if !ok {
		return "", s, false
	}
	s = strings.TrimLeft(s, " \t")
	if !strings.HasPrefix(s, `"`) {
		value = leadingToken(s)
		return value, s[len(value):], value != ""
	}
	var out strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return Visible(out.String()), s[i+1:], true
		case '\\':
			if i++; i < len(s) {
				out.WriteByte(s[i])
			}
		default:
			out.WriteByte(s[i])
		}
	}
	return "", "", false
}

// leadingToken is the token at the beginning of s (RFC 9110 section 5.6.2), with the characters of
// URLs, which servers forget to quote.
func leadingToken(s string) string {
	for i, r := range s {
		if r >= utf8.RuneSelf || r <= ' ' || strings.ContainsRune(`",=;()<>[]{}@\`, r) {
			return s[:i]
		}
	}
	return s
}
