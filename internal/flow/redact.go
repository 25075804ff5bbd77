package flow

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"oauth-test-client/internal/redact"
	"oauth-test-client/internal/wire"
)

// secretNames lists the parameters and JSON members whose value must not leave the browser's own page, besides those that
// redact.IsSecret recognizes: in lower case, without the signs between the words.
var secretNames = []string{"code", "state", "nonce", "codeverifier", "devicecode", "usercode", "authorizationcode", "authcode", "accesscode",
	"verificationcode", "recoverycode", "recoverycodes", "backupcode", "backupcodes", "onetimecode", "smscode", "mfacode", "oauthverifier", "requesturi"}

// harmlessNames lists the members of a token endpoint's answer that a file may keep (RFC 6749 sections 5.1 and 5.2, RFC
// 8693 section 2.2.1). Any other member may be a secret.
var harmlessNames = []string{"token_type", "expires_in", "scope", "error", "error_description", "error_uri", "issued_token_type",
	"refresh_token_expires_in", "refresh_expires_in", "ext_expires_in", "expires_on", "not-before-policy"}

// isSecret recognizes the name of a value that no file may contain.
func isSecret(name string) bool {
	const longest = 64
	if redact.IsSecret(name) || len(name) > longest {
		return redact.IsSecret(name)
	}
	return slices.Contains(secretNames, strings.ToLower(wordSigns.Replace(name)))
}

// wordSigns removes the signs between the words of a name: device_code, device-code.
var wordSigns = strings.NewReplacer("_", "", "-", "")

// isCredential recognizes a credential from a registration, which no page shows: it belongs to the client for its whole
// life (RFC 7591 section 3.2.1, RFC 7592 section 3).
func isCredential(name string) bool {
	return slices.Contains([]string{"client_secret", "registration_access_token", "registration_client_uri"}, strings.ToLower(name))
}

// redactor removes secrets from text: by the name in front of them, and by their value wherever it appears, such as in a
// server's error message that repeats the request.
type redactor struct {
	client Secrets
	file   bool // for a file that leaves the browser: everything secret goes
	full   bool // for a page: tokens stay
	values redact.Values
	tokens map[string]string // a token's value to the shell variable that stands for it
}

// newRedactor returns a redactor for pages: it removes the client secret, and shortens tokens unless full.
func newRedactor(s Secrets, flow []*wire.Exchange, full bool) *redactor {
	r := &redactor{client: s, full: full, tokens: tokenVariables(flow)}
	r.addSecrets(flow)
	if !full {
		r.addValues(flow, redact.IsSecret)
	}
	return r
}

// newFileRedactor returns a redactor for files: it removes every secret, code and token.
func newFileRedactor(s Secrets, flow []*wire.Exchange) *redactor {
	r := &redactor{client: s, file: true}
	r.addSecrets(flow)
	r.addValues(flow, isSecret)
	return r
}

// addSecrets adds the values that are removed from pages and files alike.
func (r *redactor) addSecrets(flow []*wire.Exchange) {
	r.values.AddClient(r.client.Client, r.standIn(clientVariable))
	r.values.AddClient(r.client.Other, r.standIn(otherVariable))
	for _, c := range slices.Concat(r.client.Former, credentialsIn(flow)) {
		r.values.AddClient(c, redact.Redacted)
	}
	for _, value := range issuedIn(flow, r.client.Issued) {
		r.values.AddSecret(value, redact.Redacted)
	}
}

// maxSent is the number of clients that are looked for in one flow. A flow has two, and those that /misuse invents.
const maxSent = 16

// credentialsIn collects the client credentials in the requests of a flow. The settings may have changed since.
func credentialsIn(flow []*wire.Exchange) []redact.Credentials {
	var list []redact.Credentials
	for _, e := range flow {
		sent := redact.FromBasic(e.RequestHeader.Get("Authorization"))
		if form := formOf(e); strings.Contains(form, "client_secret=") {
			sent = append(sent, redact.Credentials{ID: param(e, "client_id"), Secret: param(e, "client_secret")})
		}
		for _, c := range sent {
			if c.Secret != "" && !slices.Contains(list, c) && len(list) < maxSent {
				list = append(list, c)
			}
		}
	}
	return list
}

// issuedIn collects the credentials from the registrations of a flow, besides those known from an earlier one.
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

// addValues adds all values in a flow whose name is secret.
func (r *redactor) addValues(flow []*wire.Exchange, secret func(name string) bool) {
	add := func(value string) { r.values.Add(value, r.standIn(Shorten(value))) }
	sent := func(name, value string) {
		if secret(name) {
			add(value)
		}
	}
	came := func(name, value string) { // an answer has codes and states of other kinds too
		if redact.IsSecret(name) {
			add(value)
		}
	}
	for _, e := range flow {
		_, query, _ := strings.Cut(e.URL, "?")
		for _, raw := range []string{query, formOf(e)} {
			eachParameter(raw, sent)
		}
		_, err := redact.RewriteMembers(e.ResponseBody, func(_ int, name, value string) string {
			if !redact.IsSecret(name) || isPublic(e, name) {
				return ""
			}
			redact.EachScalar(value, add)
			return value // its parts have been added
		})
		if err != nil && atTokenEndpoint(e) {
			eachParameter(e.ResponseBody, came)
		}
		for _, h := range []wire.Header{e.RequestHeader, e.ResponseHeader} {
			for name, value := range h.All() {
				if redact.IsSecret(name) {
					eachCredential(name, value, add)
				}
			}
		}
	}
}

// eachCredential visits the possible credentials in a header field: all of it, what follows a scheme, and the values of
// cookies.
func eachCredential(name, value string, visit func(string)) {
	if strings.HasSuffix(strings.ToLower(name), "cookie") {
		for pair := range strings.SplitSeq(value, ";") {
			_, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			visit(value)
			if strings.EqualFold(name, "Set-Cookie") {
				return // the rest is about the cookie
			}
		}
		return
	}
	visit(value)
	if _, credentials, ok := strings.Cut(value, " "); ok {
		visit(credentials)
	}
}

// isPublic reports whether a member holds the keys that a server publishes, which are no secret (RFC 7517 section 5).
func isPublic(e *wire.Exchange, name string) bool {
	return e != nil && e.Purpose == wire.Keys && name == "keys"
}

// atTokenEndpoint reports whether the answer is one of the token endpoint.
func atTokenEndpoint(e *wire.Exchange) bool {
	return e.Purpose == wire.TokenRequest || e.Purpose == wire.Refresh || e.Purpose == wire.StolenCode
}

// tokenVariables maps the tokens of a flow to shell variables: every access token is ACCESS_TOKEN, so that a command for a
// refreshed token works with its successor.
func tokenVariables(flow []*wire.Exchange) map[string]string {
	names := map[string]string{}
	for _, e := range flow {
		var t struct {
			Access  string `json:"access_token"`
			Refresh string `json:"refresh_token"`
			ID      string `json:"id_token"`
		}
		json.Unmarshal([]byte(e.ResponseBody), &t) // what cannot be read names no token
		for name, value := range map[string]string{"ACCESS_TOKEN": t.Access, "REFRESH_TOKEN": t.Refresh, "ID_TOKEN": t.ID} {
			if value != "" {
				names[value] = name
			}
		}
	}
	return names
}

// text redacts a text of any kind.
func (r *redactor) text(s string) string { return r.marked(s, nil).String() }

// marked returns a text with all secrets marked. It may be the body of an exchange.
func (r *redactor) marked(s string, e *wire.Exchange) *redact.Text {
	private := func(isSecret func(string) bool) func(string) bool {
		return func(name string) bool { return isSecret(name) && !isPublic(e, name) }
	}
	t := redact.Read(s)
	t.Replace(&r.values)
	switch {
	case r.file:
		t.ReplaceNamed(private(isSecret), redact.Always(redact.Redacted))
		t.ReplaceJWTs(redact.Always(redact.Redacted))
	case !r.full:
		t.ReplaceNamed(private(redact.IsSecret), shortenText)
		t.ReplaceJWTs(Shorten)
	}
	return t
}

// The variables that stand for the secrets of the clients.
const (
	clientVariable = "$CLIENT_SECRET"
	otherVariable  = "$OTHER_CLIENT_SECRET"
)

// variableOf returns the variable that stands for the secret that a request was sent with.
func (s Secrets) variableOf(secret string) string {
	if secret != "" && secret == s.Other.Secret && secret != s.Client.Secret {
		return otherVariable
	}
	return clientVariable
}

// standIn returns the replacement for a secret. In a file, all secrets look the same.
func (r *redactor) standIn(onPage string) string {
	if r.file {
		return redact.Redacted
	}
	return onPage
}

// body redacts the body of an answer. If it is nested too deep to be checked, it shows only the length.
func (r *redactor) body(e *wire.Exchange) string {
	body := strings.ToValidUTF8(e.ResponseBody, "\uFFFD")
	rewritten, err := redact.RewriteMembers(body, func(level int, name, value string) string { return r.member(e, level, name, value) })
	isObject := err == nil && strings.HasPrefix(strings.TrimSpace(body), "{")
	if err == redact.ErrTooDeep {
		return fmt.Sprintf("[redacted: %d bytes of JSON that is nested too deep to be looked into]", len(body))
	}
	if e.Purpose == wire.Registration {
		_, all := redact.Secrets(body)
		if !all || !isObject && e.Status < http.StatusBadRequest { // it may contain a client in a form that this app can't read
			return fmt.Sprintf("[redacted: %d bytes that are not a registered client]", len(body))
		}
		t := r.marked(rewritten, e)
		t.ReplaceNamed(redact.IsSecret, redact.Always(redact.Redacted)) // a refusal may be text of any kind
		return t.String()
	}
	if r.file && atTokenEndpoint(e) && !isObject {
		return r.tokenBody(e, body)
	}
	return r.marked(rewritten, e).String()
}

// member returns the replacement for a member's value, or "" if it may stay. In a file, only harmless members of a token
// endpoint's answer stay.
func (r *redactor) member(e *wire.Exchange, level int, name, value string) string {
	const redacted = `"` + redact.Redacted + `"`
	isText, isConstant := value[0] == '"', value == "true" || value == "false" || value == "null"
	switch {
	case isCredential(name), e.Purpose == wire.Registration && redact.IsSecret(name):
		return redacted
	case r.full:
		return ""
	case r.file && atTokenEndpoint(e) && level == 0 && !slices.Contains(harmlessNames, name):
		return redacted
	case isConstant || isPublic(e, name):
		return ""
	case r.file && (redact.IsSecret(name) || isText && isSecret(name)):
		return redacted
	case redact.IsSecret(name): // on a page
		return redact.RewriteStrings(value, Shorten)
	}
	return ""
}

// tokenBody returns what a file keeps of a token endpoint's answer that isn't a JSON object: the harmless parts of a form,
// and the page of a server in trouble.
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
	return fmt.Sprintf("[redacted: %d bytes that are not a token response]", len(body))
}

// parameter redacts the value of a named parameter.
func (r *redactor) parameter(name, value string) string {
	switch {
	case r.file && isSecret(name):
		return redact.Redacted
	case name == "client_secret":
		return r.client.variableOf(value)
	case !r.full && !r.file && redact.IsSecret(name):
		return Shorten(value)
	}
	return r.text(value)
}

// header redacts the value of a header field. It removes cookies and credentials. On a page, a bearer token looks like
// other tokens.
func (r *redactor) header(name, value string) string {
	switch name := strings.ToLower(name); {
	case strings.HasSuffix(name, "cookie"), name == "mcp-session-id":
		return redact.Redacted
	case name == "authorization", name == "proxy-authorization":
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
	case !redact.IsSecret(name), value == "true", value == "false", r.full:
		return r.text(value)
	}
	return r.standIn(Shorten(value))
}

// shortenText shortens a value in a text. Numbers, objects, lists and short values stay.
func shortenText(value string) string {
	if strings.ContainsAny(value[:1], "{[") || strings.Contains(value, "…") || json.Valid([]byte(value)) {
		return value
	}
	return Shorten(value)
}

// Shorten returns enough of a token to tell it from another, but not enough to use it.
func Shorten(token string) string {
	if token == "" {
		return ""
	}
	if len(token) < 40 {
		return "…"
	}
	return token[:8] + "…" + token[len(token)-4:]
}

// Parameter is one parameter of a request, with its purpose.
type Parameter struct {
	Name, Value, About, Section string
	Mark                        Mark
}

// Header is one header field.
type Header struct {
	Name, Value string
}

// showHeaders lists header fields by name, without secrets.
func showHeaders(h wire.Header, hide *redactor) []Header {
	var list []Header
	for name, value := range h.All() {
		list = append(list, Header{hide.text(name), wire.Clip(hide.header(name, value), 1000)})
	}
	return list
}

// explain lists the parameters of a request, each with its purpose.
func explain(e *wire.Exchange, tell *teller) []Parameter {
	if e.RequestBody != formOf(e) {
		return explainMembers(e, tell)
	}
	values, _ := url.ParseQuery(paramsOf(e)) // as far as it can be read
	var list []Parameter
	for name, vs := range values {
		for _, value := range vs {
			words := wordsFor(e.Purpose, name)
			if wire.IsInvented(value) {
				words = wordsOf{about: "invented by this app; no server has issued it"}
			}
			shown := wire.Clip(tell.hide.parameter(name, value), 4000)
			list = append(list, Parameter{wire.Clip(tell.hide.text(name), 60), shown, words.about, words.section, tell.marks[value]})
		}
	}
	slices.SortFunc(list, func(a, b Parameter) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Shown returns a text as a page shows it: without secrets, and with tokens cut short.
func Shown(text string, s Secrets) string { return newRedactor(s, nil, false).text(text) }

// Parameters lists parameters that may be sent, each with its purpose.
func Parameters(query url.Values, s Secrets) []Parameter {
	e := &wire.Exchange{URL: "?" + query.Encode()}
	return explain(e, newTeller(nil, newRedactor(s, []*wire.Exchange{e}, false)))
}

// explainMembers lists the members of a request that is a JSON object, in order.
func explainMembers(e *wire.Exchange, tell *teller) []Parameter {
	var list []Parameter
	redact.RewriteMembers(e.RequestBody, func(_ int, name, value string) string {
		text := value
		if value[0] == '"' {
			json.Unmarshal([]byte(value), &text) // it is valid
		}
		words := parameterWords[name]
		shown := wire.Clip(tell.hide.parameter(name, text), 4000)
		list = append(list, Parameter{wire.Clip(tell.hide.text(name), 60), shown, words.about, words.section, ""})
		return value // not to look inside
	})
	return list
}

// eachParameter visits the parameters of a query or a form, in order, as far as they can be read.
func eachParameter(raw string, visit func(name, value string)) {
	for pair := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, errName := url.QueryUnescape(name)
		value, errValue := url.QueryUnescape(value)
		if pair != "" && errName == nil && errValue == nil {
			visit(name, value)
		}
	}
}

// Answer is one answer of a server, as it was sent, with the parts that matter for testing a token. As JSON it is for
// programs: the server's status in a field, its body unchanged.
type Answer struct {
	Request    string            `json:"request"`
	Status     int               `json:"status"`
	Headers    map[string]string `json:"headers"`
	Challenges []wire.Challenge  `json:"www_authenticate,omitempty"`
	Body       any               `json:"body"`
	Claims     json.RawMessage   `json:"claims,omitempty"` // of a signed userinfo answer, decoded
	Note       string            `json:"note,omitempty"`   // ours
	Changes    []Change          `json:"changes,omitempty"`

	Refused    bool   `json:"-"` // by the status, or by an error in the body
	StatusText string `json:"-"`
	Shown      string `json:"-"` // the body for a page: JSON indented
	Took       string `json:"-"`
}

// Change is a token, or a fact about it, before and after a refresh.
type Change struct {
	Name     string `json:"name"`
	Old, New string `json:"-"`
	Changed  bool   `json:"changed"`
}

// shownHeaders lists the header fields that matter for testing a token.
var shownHeaders = []string{"Content-Type", "WWW-Authenticate", "Cache-Control", "Retry-After"}

// NewAnswer prepares an exchange for a page, without what hide removes from a text.
func NewAnswer(e *wire.Exchange, hide func(string) string) Answer {
	raw := hide(e.ResponseBody)
	a := Answer{Request: e.Method + " " + e.URL, Status: e.Status, StatusText: http.StatusText(e.Status), Headers: map[string]string{},
		Refused: e.Status >= http.StatusBadRequest || e.ErrorInside(), Body: json.RawMessage(raw), Shown: clipBody(wire.Pretty(raw)), Took: Duration(e.Took)}
	if !json.Valid([]byte(raw)) {
		a.Body = strings.ToValidUTF8(raw, "\uFFFD")
	}
	if claims := hide(signedClaims(e, raw)); json.Valid([]byte(claims)) { // a secret looks different in base64
		a.Claims, a.Shown = json.RawMessage(claims), clipBody(wire.Pretty(claims))
		a.Note = "The answer is a signed JWT. Its signature has been verified; these are its claims."
	}
	for _, name := range shownHeaders {
		for _, value := range e.ResponseHeader.Values(name) {
			a.Headers[name] = wire.Clip(hide(value), 1000)
		}
	}
	for _, value := range e.ResponseHeader.Values("WWW-Authenticate") {
		a.Challenges = append(a.Challenges, wire.ParseChallenges(hide(value))...)
	}
	return a
}

// signedClaims returns the claims of a userinfo answer that is a JWT (OpenID Connect Core section 5.3.2), or
// "". It was verified before it got here.
func signedClaims(e *wire.Exchange, raw string) string {
	parts := strings.Split(raw, ".")
	if e.Purpose != wire.Userinfo || e.Status != http.StatusOK || e.MediaType() != "application/jwt" || len(parts) != 3 {
		return ""
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || !json.Valid(claims) {
		return ""
	}
	return string(claims)
}

// stepWords says what each step is for.
var stepWords = map[wire.Purpose]string{
	wire.APIAsked:             "The client calls the API without a token. The API's refusal says where to learn which server issues its tokens (RFC 9728 section 5.1).",
	wire.ResourceMetadata:     "The API says which authorization servers issue its tokens, and what it calls itself (RFC 9728 section 2).",
	wire.Registration:         "The server gives this client an ID, and a secret if the client wants one (RFC 7591 section 3). This happens once: the next login uses the same client.",
	wire.Metadata:             "The client reads where the server's endpoints are (RFC 8414 section 3).",
	wire.PushedRequest:        "The client sends the authorization request directly to the server, and gets a request_uri that stands for it (RFC 9126 section 2).",
	wire.AuthorizationRequest: "The client sends the browser to the authorization server, with what it asks for (RFC 6749 section 4.1.1).",
	wire.Consent:              "The user signs in on the server, and allows or denies what the client asks for. The client sees nothing of it.",
	wire.Response:             "The authorization server sends the browser back with a code, or an error (RFC 6749 section 4.1.2).",
	wire.StolenCode:           "A thief has copied the code, and sends it with a code verifier of their own. The server has to refuse it (RFC 7636 section 4.6).",
	wire.ForgedResponse:       "A thief sends the browser to the redirect URI with a code and a state of their own. The client has to refuse it (RFC 6749 section 10.12).",
	wire.TokenRequest:         "The client exchanges the code for tokens, and proves that it started this login (RFC 6749 section 4.1.3, RFC 7636 section 4.5).",
	wire.Keys:                 "The client fetches the keys that the ID token's signature is verified with (RFC 7517 section 5).",
	wire.IDTokenCheck: "The client checks the ID token before trusting it: signature, issuer, audience, times and nonce " +
		"(OpenID Connect Core section 3.1.3.7).",
	wire.Refresh:        "The client exchanges the refresh token for a new access token (RFC 6749 section 6).",
	wire.Userinfo:       "The client asks who the user is (OpenID Connect Core section 5.3).",
	wire.Introspection:  "The client asks whether a token is active (RFC 7662 section 2).",
	wire.Revocation:     "The client ends a token (RFC 7009 section 2).",
	wire.APIProbe:       "The client finds out how to call this API: by POST, and in a session if the API wants one.",
	wire.API:            "The client calls the API with the access token (RFC 6750 section 2.1).",
	wire.APIWithout:     "The same call without a token. The API has to refuse it (RFC 6750 section 3).",
	wire.APIAltered:     "The same call with one character of the token changed. The API has to refuse it (RFC 6750 section 3.1).",
	wire.APIWithIDToken: "The same call with the ID token, which is for the client. The API has to refuse it (RFC 9068 section 2).",
}

// aboutStep says what a step is for.
func aboutStep(e *wire.Exchange) string {
	if e.Try == wire.WhichSetting {
		return "The login has failed. From the answers to invented values, this app finds out which setting is wrong."
	}
	return stepWords[e.Purpose]
}

type wordsOf struct{ about, section string }

// wordsFor says what a parameter is for, or what an attack sends in its place.
func wordsFor(purpose wire.Purpose, name string) wordsOf {
	if words, ok := attackWords[purpose][name]; ok {
		return words
	}
	return parameterWords[name]
}

// attackWords says what an attack sends, if that differs from the parameter's purpose.
var attackWords = map[wire.Purpose]map[string]wordsOf{
	wire.StolenCode: {
		"code":          {"the code of your login, copied", "RFC 7636 section 1"},
		"code_verifier": {"invented by the thief; its hash is not the challenge", "RFC 7636 section 4.6"},
	},
	wire.ForgedResponse: {
		"code":  {"invented by the thief", "RFC 6749 section 10.12"},
		"state": {"invented by the thief; this browser was never given it", "RFC 6749 section 10.12"},
		"iss":   {"the server's issuer, which is no secret", "RFC 9207 section 2"},
	},
}

// parameterWords says what each parameter is for, in one line, and where that is specified.
var parameterWords = map[string]wordsOf{
	"response_type":              {"the kind of response: a code", "RFC 6749 section 3.1.1"},
	"client_id":                  {"the OAuth application", "RFC 6749 section 2.2"},
	"client_secret":              {"proves that the request comes from the application", "RFC 6749 section 2.3.1"},
	"request_uri":                {"stands for the request that the client has sent directly to the server", "RFC 9126 section 4"},
	"redirect_uri":               {"where the browser is sent back to; registered exactly like this", "RFC 6749 section 3.1.2"},
	"scope":                      {"what the application asks for", "RFC 6749 section 3.3"},
	"state":                      {"ties the response to this browser's login", "RFC 6749 section 10.12"},
	"nonce":                      {"ties the ID token to this login", "OpenID Connect Core section 3.1.2.1"},
	"code_challenge":             {"the hash of a secret that is shown later, with the code", "RFC 7636 section 4.2"},
	"code_challenge_method":      {"how it was hashed", "RFC 7636 section 4.3"},
	"code_verifier":              {"the secret behind the challenge; a stolen code is useless without it", "RFC 7636 section 4.5"},
	"code":                       {"can be exchanged for tokens once, within a short time", "RFC 6749 section 4.1.2"},
	"iss":                        {"which server sends this response", "RFC 9207 section 2"},
	"error":                      {"what went wrong, as a code", "RFC 6749 section 4.1.2.1"},
	"error_description":          {"what went wrong, in words", "RFC 6749 section 4.1.2.1"},
	"error_uri":                  {"where more is said about it", "RFC 6749 section 4.1.2.1"},
	"grant_type":                 {"what is exchanged for tokens", "RFC 6749 section 4.1.3"},
	"refresh_token":              {"gets a new access token", "RFC 6749 section 6"},
	"token":                      {"the token that this is about", "RFC 7662 section 2.1, RFC 7009 section 2.1"},
	"token_type_hint":            {"which kind of token it is", "RFC 7009 section 2.1"},
	"prompt":                     {"whether the server asks again", "OpenID Connect Core section 3.1.2.1"},
	"login_hint":                 {"who is likely to sign in", "OpenID Connect Core section 3.1.2.1"},
	"max_age":                    {"how many seconds old the sign-in may be", "OpenID Connect Core section 3.1.2.1"},
	"acr_values":                 {"how strongly the user should sign in", "OpenID Connect Core section 3.1.2.1"},
	"ui_locales":                 {"the languages of the server's pages", "OpenID Connect Core section 3.1.2.1"},
	"resource":                   {"the API that the access token is for", "RFC 8707 section 2"},
	"audience":                   {"the API that the access token is for, as Auth0 names it", "Auth0"},
	"client_name":                {"what the server's pages call the application", "RFC 7591 section 2"},
	"application_type":           {"native: it runs on the user's own machine; web: on a server", "OpenID Connect Dynamic Client Registration section 2"},
	"redirect_uris":              {"where the browser may be sent back to: exactly here", "RFC 7591 section 2"},
	"grant_types":                {"what the client may exchange for tokens", "RFC 7591 section 2"},
	"response_types":             {"what may come back with the browser: a code", "RFC 7591 section 2"},
	"token_endpoint_auth_method": {"how the client wants to prove who it is", "RFC 7591 section 2"},
	"post_logout_redirect_uris":  {"where the browser may go after signing out", "OpenID Connect RP-Initiated Logout section 3.1"},
	"session_state":              {"whether the user is still signed in", "OpenID Connect Session Management section 2"},
	"id_token_hint":              {"who should be signed in, as an earlier ID token says", "OpenID Connect Core section 3.1.2.1"},
	"post_logout_redirect_uri":   {"where the browser goes after signing out", "OpenID Connect RP-Initiated Logout section 2"},
}
