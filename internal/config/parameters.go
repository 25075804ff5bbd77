package config

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"oauth-test-client/internal/redact"
)

// Parameters are the additional parameters of a login, by name. One without a value counts as omitted (RFC 6749 section
// 3.1).
type Parameters map[string]string

// The limits of what one login may ask for: the cookie of the login contains all of it until the browser comes back.
const (
	maxParameters     = 30
	maxParameterName  = 100     // bytes
	maxParameterBytes = 1 << 10 // names and values together, as JSON writes them
)

// reserved lists the parameters that no login can set: why, and what to change instead. Names are compared as a careless
// server might (see plainName).
var reserved = map[string]struct{ why, fix string }{
	"client_id":             {"names the application", "set CLIENT_ID"},
	"client_secret":         {"must never be in an address (RFC 6749 section 2.3.1)", "set CLIENT_SECRET"},
	"client_assertion":      {"authenticates an application that has a key, and this app uses a secret", "set CLIENT_SECRET and TOKEN_ENDPOINT_AUTH_METHOD"},
	"client_assertion_type": {"authenticates an application that has a key, and this app uses a secret", "set CLIENT_SECRET and TOKEN_ENDPOINT_AUTH_METHOD"},
	"redirect_uri":          {"is the address to which the browser returns", "set BASE_URL or REDIRECT_URI"},
	"response_type":         {"is always code: this app speaks the authorization code flow only", "remove it"},
	"response_mode":         {"is not sent: this app reads the response from the query of the redirect URI only", "remove it"},
	"state":                 {"ties the response to this browser, and this app creates a new one for each login", "remove it"},
	"nonce":                 {"ties the ID token to the login, and this app creates a new one for each login", "remove it"},
	"code":                  {"comes from the server, after sign-in", "remove it"},
	"code_challenge":        {"is the hash of a secret that this app makes for each login (RFC 7636)", "remove it"},
	"code_challenge_method": {"is always S256 (RFC 7636)", "remove it"},
	"code_verifier":         {"is the secret behind code_challenge, and belongs in the token request only", "remove it"},
	"request":               {"would take the place of all other parameters (RFC 9101)", "remove it"},
	"request_uri":           {"would take the place of all other parameters (RFC 9101)", "to push the request to the server, set PAR=on"},
	"access_token":          {"is a token, and a token must not be in an address", "remove it"},
	"refresh_token":         {"is a token, and a token must not be in an address", "remove it"},
	"id_token":              {"is a token, and a token must not be in an address", "to send the ID token of your session, sign in with id_token_hint=session"},
	"token":                 {"is a token, and a token must not be in an address", "remove it"},
	"assertion":             {"is a token, and a token must not be in an address", "remove it"},
	"subject_token":         {"is a token, and a token must not be in an address", "remove it"},
	"actor_token":           {"is a token, and a token must not be in an address", "remove it"},
	"device_code":           {"belongs to a different grant (RFC 8628)", "remove it"},
}

// ownParameters lists the parameters of /login that are for this app and are never sent.
var ownParameters = []string{"step", "step_up", "run", "shown", "params"}

// HintOfSession is the value of id_token_hint that stands for the session's ID token.
const HintOfSession = "session"

// ParameterError says why a login can't send a parameter.
type ParameterError struct {
	Name string // as it can be shown; empty for all of them together
	What string // what is wrong with it
	Fix  string // may be empty
}

// Error returns the error as the rest of a sentence that starts with a name.
func (e *ParameterError) Error() string {
	text := cmp.Or(e.Name, "its parameters") + " " + e.What
	if e.Fix != "" {
		text += "; " + e.Fix
	}
	return text
}

// ReadParameters reads the parameters in a query string. It also refuses the parameters for this app. The error is a
// *ParameterError.
func ReadParameters(query string) (Parameters, error) {
	values, err := url.ParseQuery(strings.TrimPrefix(query, "?"))
	if err != nil {
		return nil, &ParameterError{What: "cannot be read", Fix: "write name=value&name=value, with %26 for an & inside of a value"}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if slices.Contains(ownParameters, name) {
			return nil, &ParameterError{Name: name, What: "is a parameter of this app's own address /login, and is not sent", Fix: "remove it"}
		}
	}
	return newParameters(values)
}

// CommonParameters reads the parameters that every login sends, including the first. The error is a *ParameterError.
func CommonParameters(query string) (Parameters, error) {
	p, err := ReadParameters(query)
	if err == nil && p["id_token_hint"] == HintOfSession {
		return nil, &ParameterError{Name: "id_token_hint", What: "can have the value session only after a sign-in", Fix: "write it in the address: /login?id_token_hint=session"}
	}
	return p, err
}

// LoginParameters reads the parameters of /login, without those for this app. The field params may contain more, as the
// form has one field for all others. The error is a *ParameterError.
func LoginParameters(query url.Values) (Parameters, error) {
	if len(query) == 0 {
		return nil, nil
	}
	values := maps.Clone(query)
	for _, name := range ownParameters {
		delete(values, name)
	}
	given, err := newParameters(values)
	if err != nil || query.Get("params") == "" {
		return given, err
	}
	more, err := ReadParameters(query.Get("params"))
	if err != nil {
		return nil, err
	}
	for name, value := range more {
		if given[name] != "" {
			return nil, twice(name)
		}
		given[name] = value
	}
	return given, given.Check(nil)
}

// newParameters checks each parameter, and leaves out those without a value.
func newParameters(values url.Values) (Parameters, error) {
	p := Parameters{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if err := checkName(name); err != nil {
			return nil, err
		}
		if len(values[name]) > 1 { // RFC 6749 section 3.1
			return nil, twice(name)
		}
		value := values.Get(name)
		if fault := faultOf(name, value); fault != "" {
			return nil, &ParameterError{Name: shownName(name), What: fault}
		}
		if value != "" {
			p[name] = value
		}
	}
	return p, p.Check(nil)
}

// faultOf says what is wrong with the value of a parameter, or returns "".
func faultOf(name, value string) string {
	switch {
	case !isPlainText(value):
		return "has a control character or a line break in its value"
	case name == "scope" && !ValidScope(value):
		return "has a character that no scope may have (RFC 6749 section 3.3)"
	case name == "max_age" && value != "":
		if _, err := strconv.ParseUint(value, 10, 31); err != nil {
			return "is not a number of seconds"
		}
	}
	return ""
}

func twice(name string) error {
	return &ParameterError{Name: shownName(name), What: "appears more than once (RFC 6749 section 3.1)"}
}

// checkName refuses an invalid name, and the names that no login can set.
func checkName(name string) error {
	switch {
	case name == "":
		return &ParameterError{What: "include one without a name", Fix: "write name=value"}
	case len(name) > maxParameterName:
		return &ParameterError{What: fmt.Sprintf("include a name of more than %d bytes", maxParameterName)}
	case !isPlainText(name) || strings.ContainsFunc(name, unicode.IsSpace):
		return &ParameterError{Name: shownName(name), What: "has a blank or a control character in its name"}
	}
	if r, ok := reserved[plainName(name)]; ok {
		return &ParameterError{Name: shownName(name), What: "can't be set in a login: it " + r.why, Fix: r.fix}
	}
	return nil
}

// plainName returns a name as a careless server may read it: some ignore case, and PHP reads . as _ and drops what is in
// brackets.
func plainName(name string) string {
	name, _, _ = strings.Cut(name, "[")
	return strings.NewReplacer(".", "_", "-", "_").Replace(strings.ToLower(name))
}

// isPlainText reports whether a text is valid UTF-8, without characters that a page would not show or that JSON would
// write far longer.
func isPlainText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp) })
}

// shownName returns a name in a form that an error can contain.
func shownName(name string) string {
	const longest = 40
	if len(name) > longest {
		name = name[:longest] + "…"
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' && r != '…' }) {
		return strconv.QuoteToASCII(name)
	}
	return name
}

// Check enforces the limits of what one login may ask for: these parameters, and scopes.
func (p Parameters) Check(scopes []string) error {
	size := 0
	for _, scope := range scopes {
		size += len(scope) + len(`"",`)
	}
	for name, value := range p {
		size += jsonLen(name) + jsonLen(value)
	}
	switch {
	case len(p) > maxParameters:
		return &ParameterError{What: fmt.Sprintf("are more than %d", maxParameters)}
	case size > maxParameterBytes:
		return &ParameterError{What: "have more than 1 KB together"}
	}
	return nil
}

// jsonLen returns the length of a text in JSON.
func jsonLen(s string) int { return len(s) + strings.Count(s, `"`) + strings.Count(s, `\`) }

// With returns the parameters, with others that take precedence.
func (p Parameters) With(first Parameters) Parameters {
	all := Parameters{}
	maps.Copy(all, p)
	maps.Copy(all, first)
	return all
}

// Encode returns the parameters as a query string, sorted by name.
func (p Parameters) Encode() string {
	values := url.Values{}
	for name, value := range p {
		values.Set(name, value)
	}
	return values.Encode()
}

// HasSecret reports whether there are parameters that no page may show.
func (p Parameters) HasSecret() bool {
	for name, value := range p {
		if redact.IsSecret(name) || strings.Contains(value, "eyJ") { // the beginning of a JWT
			return true
		}
	}
	return false
}

// authorizationParameters reads AUTHORIZATION_PARAMS, which every login sends.
func (s *settings) authorizationParameters() Parameters {
	const name = "AUTHORIZATION_PARAMS"
	query := strings.TrimPrefix(s.get(name), "?")
	p, err := CommonParameters(query)
	for part := range strings.SplitSeq(query, "&") {
		if err == nil && part != "" && !strings.Contains(part, "=") {
			err = &ParameterError{Name: part, What: "has no value", Fix: "write " + part + "= and its value"}
		}
	}
	if err == nil && p["scope"] != "" { // one setting says what is asked for, and is checked
		err = &ParameterError{Name: "scope", What: "is set by SCOPES", Fix: "write SCOPES='" + p["scope"] + "' and remove scope here"}
	}
	if err != nil {
		s.wrong(name, "%v", err)
	}
	if len(p) == 0 {
		return nil
	}
	return p
}
