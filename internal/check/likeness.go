package check

import (
	"net/url"
	"regexp"
	"sort"
	"strings"
)

var (
	part      = regexp.MustCompile(`[\w.~:+-]+`)
	errorCode = regexp.MustCompile(`^[A-Za-z]{2,}[0-9]{1,8}$`) // AADSTS50011
)

// changing reports a part of a text that is another each time: a date, an ID of the request, a token.
func changing(part string) bool {
	return len(part) >= 20 || len(part) >= 8 && strings.ContainsAny(part, "0123456789") && !errorCode.MatchString(part)
}

// likeness is a text as two answers can be compared by it: without the values that we sent, which a
// server may repeat, and without what differs from one answer to the next.
func likeness(text string, sent ...string) string {
	sort.Slice(sent, func(i, j int) bool { return len(sent[i]) > len(sent[j]) }) // a long one may hold a short one
	for _, value := range sent {
		for _, form := range []string{value, url.QueryEscape(value), url.PathEscape(value)} {
			if len(form) > 2 {
				text = strings.ReplaceAll(text, form, "#")
			}
		}
	}
	text = part.ReplaceAllStringFunc(text, func(part string) string {
		if changing(part) {
			return "#"
		}
		return part
	})
	return strings.ToLower(strings.Join(strings.Fields(text), " "))
}

// sentIn lists the values of forms, and each word of them.
func sentIn(forms ...url.Values) []string {
	var sent []string
	for _, form := range forms {
		for _, values := range form {
			for _, value := range values {
				sent = append(sent, value)
				if words := strings.Fields(value); len(words) > 1 {
					sent = append(sent, words...)
				}
			}
		}
	}
	return sent
}
