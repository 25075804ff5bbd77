package config

import "strings"

// scopes are what a login asks for. A line of the file with nothing behind SCOPES= asks for none, so that
// the server decides (RFC 6749 section 3.3). They are nil where the API says what it wants.
func (s *settings) scopes(atAPI bool) []string {
	value := s.get("SCOPES")
	switch {
	case value != "" || s.leftEmpty("SCOPES"):
	case atAPI:
		return nil
	default:
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
