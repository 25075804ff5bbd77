package flow

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"oauth-test-client/internal/wire"
	"regexp"
	"slices"
	"strings"
)

// secretNames are the parameters and JSON members whose value must not leave the page of the
// browser that earned it.
var secretNames = []string{"access_token", "refresh_token", "id_token", "token", "code", "state", "nonce", "code_verifier",
	"client_secret", "id_token_hint", "registration_access_token", "session_state", "assertion", "password"}

// tokenNames are those that a page may show on request.
var tokenNames = []string{"access_token", "refresh_token", "id_token", "token", "id_token_hint"}

var (
	secretInJSON  = regexp.MustCompile(`("(?:` + strings.Join(secretNames, "|") + `)"\s*:\s*)"(?:[^"\\]|\\.)*"`)
	secretInQuery = regexp.MustCompile(`((?:^|[?&#\s])(?:` + strings.Join(secretNames, "|") + `)=)[^&#\s"]*`)
)

// redactor takes secrets out of text: by the name in front of them, and by their value wherever
// else it turns up, as in a server's error message that repeats what it was sent.
type redactor struct {
	file   bool // for a file that leaves the browser: everything secret goes
	full   bool // for a page: tokens stay
	values *strings.Replacer
	tokens map[string]string // a token's value to the shell variable that stands for it
}

// redacted stands where a secret was.
const redacted = "[redacted]"

// newRedactor makes a redactor for pages: the client secret goes, tokens are cut short unless full.
func newRedactor(s Secrets, flow []*wire.Exchange, full bool) *redactor {
	r := &redactor{full: full, tokens: tokenVariables(flow)}
	pairs := replacing(clientSecretForms(s), "$CLIENT_SECRET")
	if !full {
		for _, value := range sortedKeys(r.tokens) {
			pairs = append(pairs, replacing(secretForms(value), Shorten(value))...)
		}
	}
	r.values = strings.NewReplacer(pairs...)
	return r
}

// newFileRedactor makes a redactor for files: every secret, code and token goes.
func newFileRedactor(s Secrets, flow []*wire.Exchange) *redactor {
	r := &redactor{file: true}
	pairs := replacing(clientSecretForms(s), redacted)
	for _, value := range secretValues(flow) {
		pairs = append(pairs, replacing(secretForms(value), redacted)...)
	}
	r.values = strings.NewReplacer(pairs...)
	return r
}

// clientSecretForms lists the client secret as it may stand in text: alone, and with the client ID as
// HTTP Basic sends them (RFC 6749 section 2.3.1).
func clientSecretForms(s Secrets) []string {
	forms := secretForms(s.ClientSecret)
	if forms == nil {
		return nil
	}
	basic := func(id, secret string) string { return base64.StdEncoding.EncodeToString([]byte(id + ":" + secret)) }
	return append(forms, basic(s.ClientID, s.ClientSecret), basic(url.QueryEscape(s.ClientID), url.QueryEscape(s.ClientSecret)))
}

// A shorter value is left to its name: taking every "a" out of a text would say more than it hides.
const shortestSecret = 6

// secretForms lists a secret as it may stand in text.
func secretForms(value string) []string {
	if len(value) < shortestSecret {
		return nil
	}
	forms := []string{value, url.QueryEscape(value), url.PathEscape(value)}
	if quoted, err := json.Marshal(value); err == nil {
		forms = append(forms, strings.Trim(string(quoted), `"`))
	}
	return forms
}

// replacing pairs each form with what stands for it, as strings.NewReplacer takes them.
func replacing(forms []string, replacement string) []string {
	var pairs []string
	for _, form := range forms {
		pairs = append(pairs, form, replacement)
	}
	return pairs
}

// secretValues collects the values of everything in a flow that has a secret name, longest first, as
// one may be the beginning of another.
func secretValues(flow []*wire.Exchange) []string {
	seen := map[string]bool{}
	for _, e := range flow {
		_, query, _ := strings.Cut(e.URL, "?")
		for _, raw := range []string{query, e.RequestBody} {
			values, _ := url.ParseQuery(raw) // what can be read of it
			for _, name := range secretNames {
				for _, v := range values[name] {
					seen[v] = true
				}
			}
		}
		var members map[string]json.RawMessage
		if json.Unmarshal([]byte(e.ResponseBody), &members) == nil {
			for _, name := range secretNames {
				var v string
				if json.Unmarshal(members[name], &v) == nil {
					seen[v] = true
				}
			}
		}
		if _, token, ok := strings.Cut(e.RequestHeader.Get("Authorization"), " "); ok {
			seen[token] = true
		}
	}
	delete(seen, "")
	return sortedKeys(seen)
}

// tokenVariables names the tokens of a flow as a shell would: every access token is ACCESS_TOKEN, so
// that a command for one that has been refreshed works with its successor.
func tokenVariables(flow []*wire.Exchange) map[string]string {
	names := map[string]string{}
	for _, e := range flow {
		var t struct {
			Access  string `json:"access_token"`
			Refresh string `json:"refresh_token"`
			ID      string `json:"id_token"`
		}
		if json.Unmarshal([]byte(e.ResponseBody), &t) != nil {
			continue
		}
		for name, value := range map[string]string{"ACCESS_TOKEN": t.Access, "REFRESH_TOKEN": t.Refresh, "ID_TOKEN": t.ID} {
			if value != "" {
				names[value] = name
			}
		}
	}
	return names
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return keys
}

// text redacts a text of any kind.
func (r *redactor) text(s string) string {
	if r.file {
		s = secretInJSON.ReplaceAllString(s, `$1"`+redacted+`"`)
		s = secretInQuery.ReplaceAllString(s, `${1}`+redacted)
	}
	return r.values.Replace(s)
}

// parameter redacts the value of a named parameter.
func (r *redactor) parameter(name, value string) string {
	switch {
	case r.file && slices.Contains(secretNames, name):
		return redacted
	case name == "client_secret":
		return "$CLIENT_SECRET"
	case !r.full && !r.file && slices.Contains(tokenNames, name):
		return Shorten(value)
	}
	return r.text(value)
}

// header redacts the value of a header field. Cookies go, and so do credentials; of a bearer token
// a page shows what it shows of tokens.
func (r *redactor) header(name, value string) string {
	switch strings.ToLower(name) {
	case "cookie", "set-cookie":
		return redacted
	case "authorization", "proxy-authorization":
		scheme, token, _ := strings.Cut(value, " ")
		switch {
		case scheme != "Basic" && scheme != "Bearer":
			return redacted
		case r.file || scheme == "Basic":
			return scheme + " " + redacted
		case !r.full:
			return scheme + " " + Shorten(token)
		}
		return value
	}
	return r.text(value)
}

// Shorten leaves enough of a token to tell it from another, and too little to use it.
func Shorten(token string) string {
	if token == "" {
		return ""
	}
	if len(token) < 40 {
		return "…"
	}
	return token[:8] + "…" + token[len(token)-4:]
}
