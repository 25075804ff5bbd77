package config

import "strings"

// scopes are what a login asks for. A line of the file with nothing behind SCOPES= asks for none, so that
// the server decides (RFC 6749 section 3.3).
func (s *settings) scopes() []string {
	value := s.get("SCOPES")
	if value == "" && !s.leftEmpty("SCOPES") {
		value = "openid profile email"
	}
	if !ValidScope(value) {
		s.wrong("SCOPES", "%q has a character that no scope may have (RFC 6749 section 3.3)", value)
	}
	if strings.Contains(value, ",") {
		s.note("SCOPES", "contains a comma; scopes are separated by spaces")
	}
	return strings.Fields(value)
}

// ValidScope checks the characters of a scope (RFC 6749 section 3.3).
func ValidScope(scope string) bool {
	return !strings.ContainsFunc(scope, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' })
}
