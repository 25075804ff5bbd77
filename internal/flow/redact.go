package flow

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"oauth-test-client/internal/redact"
	"oauth-test-client/internal/wire"
)

// secretNames are the parameters and JSON members whose value must not leave the page of the browser that
// earned it, besides those that end as isToken says.
var secretNames = []string{"code", "state", "nonce", "code_verifier", "session_state", "assertion", "client_assertion", "subject_token", "password",
	"device_code", "user_code", "registration_client_uri"}

// harmlessNames are what a file may keep of a token endpoint's answer (RFC 6749 sections 5.1 and 5.2, RFC 8693
// section 2.2.1). Whatever else a server puts there, it puts there because it is worth something.
var harmlessNames = []string{"token_type", "expires_in", "scope", "error", "error_description", "error_uri", "issued_token_type",
	"refresh_token_expires_in", "refresh_expires_in", "ext_expires_in", "expires_on", "not-before-policy"}

// isToken recognises the name of something that a page shows on request only, in any spelling: access_token,
// mfa_token, device_secret, accessToken.
func isToken(name string) bool {
	return redact.IsToken(name) || strings.EqualFold(name, "id_token_hint")
}

// isSecret recognises the name of something that no file may hold.
func isSecret(name string) bool {
	return isToken(name) || slices.Contains(secretNames, strings.ToLower(name))
}

// isCredential recognises what a registration brings and no page shows: it is the client's for as long as it
// lives (RFC 7591 section 3.2.1, RFC 7592 section 3).
func isCredential(name string) bool {
	return slices.Contains([]string{"client_secret", "registration_access_token", "registration_client_uri"}, strings.ToLower(name))
}

var (
	// The names of isSecret once more, for text that is cut short or malformed, as far as it looks like JSON
	// or like parameters.
	anySecret     = `[\w-]*token|[\w-]*secret|id_token_hint|` + strings.Join(secretNames, "|")
	secretInJSON  = redact.InJSON(anySecret)
	secretInQuery = redact.InQuery(anySecret)

	// A JWT, signed or encrypted: its header is an object, which begins with {" or with white space after the {.
	jwt = regexp.MustCompile(`\b(?:eyJ|eyA|ewo|ewk|ew0)[\w-]*\.[\w-]*\.[\w-]*(?:\.[\w-]*\.[\w-]*)?`)
)

// redactor takes secrets out of text: by the name in front of them, and by their value wherever
// else it turns up, as in a server's error message that repeats what it was sent.
type redactor struct {
	client Secrets
	file   bool // for a file that leaves the browser: everything secret goes
	full   bool // for a page: tokens stay
	values []string
	issued []string          // what a registration brought
	tokens map[string]string // a token's value to the shell variable that stands for it
}

// newRedactor makes a redactor for pages: the client secret goes, tokens are cut short unless full.
func newRedactor(s Secrets, flow []*wire.Exchange, full bool) *redactor {
	r := &redactor{client: s, full: full, issued: issuedIn(flow, s.Issued), tokens: tokenVariables(flow)}
	if !full {
		r.values = valuesOf(flow, isToken)
	}
	return r
}

// newFileRedactor makes a redactor for files: every secret, code and token goes.
func newFileRedactor(s Secrets, flow []*wire.Exchange) *redactor {
	return &redactor{client: s, file: true, issued: issuedIn(flow, s.Issued), values: valuesOf(flow, isSecret)}
}

// issuedIn collects what the registrations of a flow brought, besides what is known from an earlier one.
func issuedIn(flow []*wire.Exchange, known []string) []string {
	issued := known
	for _, e := range flow {
		if e.Purpose == wire.Registration {
			values, _ := redact.Secrets(e.ResponseBody)
			issued = slices.Concat(issued, values)
		}
	}
	return issued
}

// valuesOf collects the values of everything in a flow whose name is secret.
func valuesOf(flow []*wire.Exchange, secret func(name string) bool) []string {
	seen := map[string]bool{}
	sent := func(name, value string) {
		if secret(name) {
			seen[value] = true
		}
	}
	came := func(name, value string) { // an answer has codes and states of other kinds too
		if isToken(name) {
			seen[value] = true
		}
	}
	for _, e := range flow {
		_, query, _ := strings.Cut(e.URL, "?")
		for _, raw := range []string{query, formOf(e)} {
			eachParameter(raw, sent)
		}
		if _, isJSON := redact.RewriteMembers(e.ResponseBody, func(level int, name string, value json.RawMessage) string {
			var text string
			if json.Unmarshal(value, &text) == nil {
				came(name, text)
			}
			return ""
		}); !isJSON && atTokenEndpoint(e) {
			eachParameter(e.ResponseBody, came)
		}
		if _, token, ok := strings.Cut(e.RequestHeader.Get("Authorization"), " "); ok {
			seen[token] = true
		}
	}
	return sortedKeys(seen)
}

// atTokenEndpoint reports whether the answer is one of the token endpoint.
func atTokenEndpoint(e *wire.Exchange) bool {
	return e.Purpose == wire.TokenRequest || e.Purpose == wire.Refresh
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

func sortedKeys(m map[string]bool) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// text redacts a text of any kind.
func (r *redactor) text(s string) string { return r.marked(s).String() }

// marked is a text in which everything secret is marked.
func (r *redactor) marked(s string) *redact.Text {
	t := redact.Read(s)
	t.ReplaceClient(r.client.ClientID, r.client.ClientSecret, r.standIn("$CLIENT_SECRET"))
	for _, value := range r.issued {
		t.Replace(value, redact.Redacted)
	}
	for _, value := range r.values {
		t.Replace(value, r.standIn(Shorten(value)))
	}
	if r.file {
		t.ReplaceMatches(secretInJSON, 1, redact.Redacted)
		t.ReplaceMatches(secretInQuery, 1, redact.Redacted)
		t.ReplaceMatches(jwt, 0, redact.Redacted)
	}
	return t
}

// standIn is what stands in place of a secret: in a file nothing tells it from another.
func (r *redactor) standIn(onPage string) string {
	if r.file {
		return redact.Redacted
	}
	return onPage
}

// body redacts the body of an answer.
func (r *redactor) body(e *wire.Exchange) string {
	body := strings.ToValidUTF8(e.ResponseBody, "\uFFFD")
	rewritten, isJSON := redact.RewriteMembers(body, func(level int, name string, value json.RawMessage) string { return r.member(e, level, name, value) })
	isObject := isJSON && strings.HasPrefix(strings.TrimSpace(body), "{")
	if e.Purpose == wire.Registration {
		_, all := redact.Secrets(body)
		if !all || !isObject && e.Status < http.StatusBadRequest { // a client that nobody can use may be in it
			return fmt.Sprintf("[redacted: %d bytes that are no registered client]", len(body))
		}
		t := r.marked(rewritten)
		t.ReplaceNamed(redact.Redacted) // a refusal may be text of any kind
		return t.String()
	}
	if r.file && atTokenEndpoint(e) && !isObject {
		return r.tokenBody(e, body)
	}
	return r.text(rewritten)
}

// member is what stands in place of a member's value, or "" when it may stay. A file keeps of a token
// endpoint's answer what is known to be harmless.
func (r *redactor) member(e *wire.Exchange, level int, name string, value json.RawMessage) string {
	var text string
	isText := json.Unmarshal(value, &text) == nil && value[0] == '"'
	switch {
	case isCredential(name), e.Purpose == wire.Registration && redact.IsSecret(name):
		return `"` + redact.Redacted + `"`
	case r.full:
		return ""
	case r.file && atTokenEndpoint(e) && level == 0 && !slices.Contains(harmlessNames, name),
		r.file && isText && isSecret(name):
		return `"` + redact.Redacted + `"`
	case isText && isToken(name): // on a page
		short, _ := json.Marshal(Shorten(text)) // a string always can
		return string(short)
	}
	return ""
}

// tokenBody is what a file keeps of a token endpoint's answer that is no JSON object: of a form what is
// harmless, and the page that a server in trouble answers with.
func (r *redactor) tokenBody(e *wire.Exchange, body string) string {
	if e.MediaType() == "application/x-www-form-urlencoded" {
		var kept []string
		for pair := range strings.SplitSeq(body, "&") {
			name, _, _ := strings.Cut(pair, "=")
			if !slices.Contains(harmlessNames, name) {
				pair = name + "=" + redact.Redacted
			}
			kept = append(kept, r.text(pair))
		}
		return strings.Join(kept, "&")
	}
	if e.Status >= http.StatusBadRequest {
		return r.text(body)
	}
	return fmt.Sprintf("[redacted: %d bytes that are no token response]", len(body))
}

// parameter redacts the value of a named parameter.
func (r *redactor) parameter(name, value string) string {
	switch {
	case r.file && isSecret(name):
		return redact.Redacted
	case name == "client_secret":
		return "$CLIENT_SECRET"
	case !r.full && !r.file && isToken(name):
		return Shorten(value)
	}
	return r.text(value)
}

// header redacts the value of a header field. Cookies go, and so do credentials; of a bearer token
// a page shows what it shows of tokens.
func (r *redactor) header(name, value string) string {
	switch strings.ToLower(name) {
	case "cookie", "set-cookie", "mcp-session-id":
		return redact.Redacted
	case "authorization", "proxy-authorization":
		scheme, token, _ := strings.Cut(value, " ")
		switch {
		case scheme != "Basic" && scheme != "Bearer":
			return redact.Redacted
		case r.file || scheme == "Basic":
			return scheme + " " + redact.Redacted
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
