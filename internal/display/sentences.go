package display

import "strings"

// Sentences takes a long hint apart, so that alternatives are a list. It returns nil for a short one.
func Sentences(hint string) []string {
	list := strings.SplitAfter(hint, ". ")
	if len(list) < 3 {
		return nil // a paragraph is short enough
	}
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list
}
