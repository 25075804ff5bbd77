package demo

import (
	"slices"
	"strings"
)

// The scopes that can be asked for, and what the consent page says of each.
var scopeWords = map[string]string{
	"openid":         "Know that it is you, by an identifier",
	"profile":        "Your name and your picture",
	"email":          "Your email address",
	"notes":          "Read your notes",
	"offline_access": "Stay connected while you are away",
}

var scopesSupported = []string{"openid", "profile", "email", "notes", "offline_access"}

// defaultScope is what a request without a scope asks for (RFC 6749 section 3.3).
const defaultScope = "profile"

// parseScope reads a scope parameter (RFC 6749 section 3.3), each name once.
func parseScope(value string) []string {
	var scopes []string
	for _, scope := range strings.Fields(value) {
		if !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	return scopes
}

// containsAll reports whether nothing of part is missing in all.
func containsAll(all, part []string) bool {
	return !slices.ContainsFunc(part, func(s string) bool { return !slices.Contains(all, s) })
}
