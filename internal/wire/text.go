package wire

import "strings"

func WithoutQuery(address string) string {
	before, _, _ := strings.Cut(address, "?")
	return before
}
