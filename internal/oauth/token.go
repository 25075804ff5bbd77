package oauth

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"

	"oauth-test-client/internal/wire"
)

// Tokens are the tokens of a login. A token that the login doesn't have, or no longer has, is empty.
type Tokens struct {
	Access, Refresh, ID string
	Expires             time.Time // of the access token; zero when not known
	Scope               string    // as granted
}

// Of returns the token of a kind, named as in RFC 7009 section 2.1.
func (t Tokens) Of(kind string) string {
	if kind == "refresh_token" {
		return t.Refresh
	}
	return t.Access
}

// Set sets the access token or the refresh token, as Of names them.
func (t *Tokens) Set(kind, token string) {
	if kind == "refresh_token" {
		t.Refresh = token
		return
	}
	t.Access = token
}

// TokenResponse is a successful answer of the token endpoint (RFC 6749 section 5.1).
type TokenResponse struct {
	JSON      string   // as the server sent it, to the byte; a form is rewritten as JSON in its order
	Tokens             // what it brought
	ScopeSent bool     // the server named the scope; if not, it is the one asked for
	Warnings  []string // what other clients may refuse, in sentences
}

// Exchange redeems the authorization code with the code verifier (RFC 6749 section 4.1.3, RFC 7636
// section 4.5). The error is an *Error.
func (c *Client) Exchange(ctx context.Context, r *Request, code string) (*TokenResponse, error) {
	md, err := c.metadataFor(ctx, r)
	if err != nil {
		return nil, err
	}
	req, err := c.tokenRequest(md, r, code)
	if err != nil {
		return nil, err
	}
	e, err := c.wire.Do(req.WithContext(wire.For(ctx, wire.TokenRequest)))
	if err != nil {
		return nil, c.Unreachable(wire.TokenRequest, "token endpoint", md.Token, err)
	}
	response, fault := parseTokenResponse(e, md.MaySendAsForm)
	if refusesTokens(e, fault) {
		return nil, c.tokenRefused(wire.TokenRequest, e)
	}
	if fault != nil {
		return nil, c.badTokenResponse(wire.TokenRequest, e, fault)
	}
	response.splitScope(r.Scopes)
	response.Warnings = c.NoteWarnings(ctx, e, response.Warnings)
	return response, nil
}

// TokenRequest returns the request that Exchange would send now, byte for byte, without sending it. The error is an *Error.
func (c *Client) TokenRequest(ctx context.Context, r *Request, code string) (*wire.Exchange, error) {
	md, err := c.metadataFor(ctx, r)
	if err != nil {
		return nil, err
	}
	req, err := c.tokenRequest(md, r, code)
	if err != nil {
		return nil, err
	}
	ctx, rec := wire.Record(wire.For(context.Background(), wire.TokenRequest)) // no part of the login's own record
	c.wire.DryRun().Do(req.WithContext(ctx))
	e := rec.Last()
	return &wire.Exchange{Purpose: e.Purpose, Method: e.Method, URL: e.URL, RequestHeader: e.RequestHeader, RequestBody: e.RequestBody}, nil
}

// tokenRequest returns the request for the code's tokens, with the client's authentication and the code verifier. x/oauth2
// builds the request but doesn't send it: our own code reads the response, once and as strictly as RFC 6749 section 5.1
// requires. The error is an *Error.
func (c *Client) tokenRequest(md *Metadata, r *Request, code string) (*http.Request, error) {
	var made dryRun
	ctx := context.WithValue(context.Background(), oauth2.HTTPClient, &http.Client{Transport: &made})
	options := []oauth2.AuthCodeOption{oauth2.VerifierOption(r.Verifier)}
	if resource := r.parameter("resource"); resource != "" { // RFC 8707 section 2.2
		options = append(options, oauth2.SetAuthURLParam("resource", resource))
	}
	c.oauth2Config(md, nil).Exchange(ctx, code, options...)
	if made.request == nil {
		return nil, &Error{Step: wire.TokenRequest, Kind: EndpointAddress, Member: "token_endpoint", Code: CodeServerError,
			Description: "The token request cannot be made."}
	}
	return made.request, nil
}

// dryRun records a library's request and fails instead of sending it.
type dryRun struct{ request *http.Request }

func (h *dryRun) RoundTrip(req *http.Request) (*http.Response, error) {
	h.request = req
	return nil, errDryRun
}

var errDryRun = errors.New("the request is sent elsewhere")

// parseTokenResponse reads and checks a token response. A wrong value that is only shown is a warning, which is not
// sanitized yet.
func parseTokenResponse(e *wire.Exchange, formAllowed bool) (*TokenResponse, *tokenFault) {
	body, fault := tokenBody(e, formAllowed)
	if fault != nil {
		return nil, fault
	}
	o, err := wire.ParseObject(body)
	if err != nil {
		return nil, &tokenFault{kind: notAnObject(e), text: err.Error()}
	}
	r := &Reader{Object: o}
	t := &TokenResponse{JSON: body, Tokens: Tokens{Access: o.Text("access_token"), ID: o.Text("id_token"), Refresh: r.optional("refresh_token")}}
	if fault := t.check(r); fault != nil {
		return nil, fault
	}
	t.Scope, t.ScopeSent = r.scope()
	if seconds := r.expiresIn(); seconds > 0 {
		t.Expires = e.Began.Add(e.Took).Add(seconds)
	}
	if strings.HasPrefix(body, "\ufeff") {
		r.warn("The token response begins with a byte order mark, which JSON must not have (RFC 8259 section 8.1). Other clients may refuse it.")
	}
	t.Warnings = r.Warnings
	return t, nil
}

// check refuses a token response with an error, or with an unusable token.
func (t *TokenResponse) check(r *Reader) *tokenFault {
	const inToken = "with a token that has characters no token may have (RFC 6749 appendix A.12)"
	kind := r.Text("token_type")
	if r.Says("error") && (r.Kind("error") == "string" || r.Err() == nil && t.Access == "") {
		return faulty(Refused, "error", "with an error (RFC 6749 section 5.2)")
	}
	if r.Says("error") {
		r.Refuse("error")
	}
	switch {
	case r.Err() != nil:
		fault := &tokenFault{kind: TokenResponseMember, text: r.Err().Error()}
		if wrong, ok := errors.AsType[*wire.MemberError](r.Err()); ok {
			fault.member = wrong.Name
		}
		return fault
	case t.Access == "":
		return withoutAccessToken(t.JSON, r.Object)
	case !VisibleASCII(t.Access):
		return faulty(TokenCharacters, "access_token", inToken)
	case !VisibleASCII(t.Refresh):
		return faulty(TokenCharacters, "refresh_token", inToken)
	}
	return r.tokenType(kind)
}

// tokenType refuses a token type that is not used like a bearer token (RFC 6749 section 7.1). Upper and lower case are
// the same (section 5.1). A server that sends no type, or an undefined one, means a bearer token.
func (r *Reader) tokenType(kind string) *tokenFault {
	const used = "This app uses the token as a bearer token; other clients may refuse it."
	switch {
	case strings.EqualFold(kind, "Bearer"):
	case kind == "":
		r.warn("The token response has no token_type, which RFC 6749 section 5.1 requires. %s", used)
	case isOtherTokenType(kind):
		fault := faulty(TokenTypeOther, "token_type", "with the token_type %q, which this client cannot use (RFC 6749 section 7.1)", kind)
		fault.found = kind
		return fault
	default:
		r.warn("token_type is %q, and should be Bearer (RFC 6750 section 6.1.1). %s", kind, used)
	}
	return nil
}

// otherTokenTypes lists the defined types besides Bearer: those of the registry (RFC 6749 section 11.1), in lower case, and
// mac, which was never registered (section 7.1).
var otherTokenTypes = []string{"dpop", "pop", "n_a", "mac"}

// isOtherTokenType reports whether a token type has its own definition: it is one of those, or a URI (RFC 6749 section
// 8.1), except the URIs of RFC 8693 section 3 for kinds of token that may be bearer tokens.
func isOtherTokenType(kind string) bool {
	kind = strings.ToLower(strings.TrimSpace(kind))
	if what, ok := strings.CutPrefix(kind, "urn:ietf:params:oauth:token-type:"); ok {
		return what != "access_token" && what != "jwt"
	}
	words := strings.FieldsFunc(kind, func(r rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789_", r) })
	return strings.Contains(kind, ":") || slices.ContainsFunc(words, func(word string) bool { return slices.Contains(otherTokenTypes, word) })
}

// scope returns the granted scope, and whether the server sent one. Some send a list (Twitch).
func (r *Reader) scope() (scope string, sent bool) {
	switch kind := r.Kind("scope"); kind {
	case "", "string":
		return r.Text("scope"), kind != ""
	case "array":
		if list, all := stringsIn(r.Raw("scope")); all {
			r.warn("scope is a list, and should be a string (RFC 6749 section 5.1). Other clients may refuse it.")
			return strings.Join(list, " "), true
		}
		fallthrough
	default:
		r.warn("scope is %s that cannot be read, and should be a string (RFC 6749 section 5.1). This app doesn't know what was granted.", kindWords(kind))
		return "", false
	}
}

// expiresIn returns the lifetime of the access token, or 0 if it is not known. Some servers send it as a string.
func (r *Reader) expiresIn() time.Duration {
	const century = 100 * 365 * 24 * 3600 // beyond it a time.Duration would overflow
	raw := r.Raw("expires_in")
	text := strings.Trim(raw, `"`)
	if text == "" {
		return 0
	}
	seconds, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil, seconds < 0, strings.Trim(text, "0123456789.eE+-") != "":
		r.warn("expires_in is %s, which is not a number of seconds (RFC 6749 section 5.1). This app doesn't know when the access token expires.", wire.Clip(raw, 60))
		return 0
	case seconds != math.Trunc(seconds):
		r.warn("expires_in is %s, and should be a whole number (RFC 6749 section 5.1). Other clients may refuse it.", wire.Clip(raw, 60))
	}
	return time.Duration(min(seconds, century)) * time.Second
}

// withoutAccessToken says what a token response without an access token contains.
func withoutAccessToken(body string, o *wire.Object) *tokenFault {
	if other := wire.Misspelled([]byte(body), "access_token"); other != "" {
		fault := faulty(AccessTokenMisspelled, "access_token", "without an access_token: it writes %q, and names are case sensitive "+
			"(RFC 6749 section 5.1), so most clients cannot use it", other)
		fault.written = other
		return fault
	}
	fault := faulty(AccessTokenAbsent, "access_token", "without an access_token (RFC 6749 section 5.1)")
	if o.Text("id_token") == "" {
		fault.kind = TokensAbsent
	}
	for name := range o.Names() { // Slack's tokens of a user are in its authed_user
		inner, err := wire.ParseObject(o.Raw(name))
		if err == nil && inner.Text("access_token") != "" {
			fault.kind, fault.inside = AccessTokenNested, name
			break
		}
	}
	return fault
}

// tokenBody returns the token response as a JSON object.
func tokenBody(e *wire.Exchange, formAllowed bool) (string, *tokenFault) {
	mediaType := e.MediaType()
	switch {
	case mediaType == "application/json", strings.HasSuffix(mediaType, "+json"):
		return e.ResponseBody, nil
	case mediaType == "application/x-www-form-urlencoded" && formAllowed:
		body, err := formAsJSON(e.ResponseBody)
		if err != nil {
			return "", &tokenFault{kind: TokenResponseMalformed, text: err.Error()}
		}
		return body, nil
	}
	fault := faulty(notAnObject(e), "", "with the content type %q instead of application/json (RFC 6749 section 5.1)", mediaType)
	if format := e.Refusal().Format; format == wire.FormatJSON || format == wire.FormatForm {
		fault.kind = TokenResponseMediaType
	}
	return "", fault
}

// notAnObject returns the kind of an answer that should have been a JSON object.
func notAnObject(e *wire.Exchange) Kind {
	switch e.Refusal().Format {
	case wire.FormatPage:
		return TokenResponsePage
	case wire.FormatJSON:
		return TokenResponseMalformed
	}
	if strings.HasPrefix(strings.TrimSpace(e.ResponseBody), "{") {
		return TokenResponseMalformed
	}
	return TokenResponseText
}

// formAsJSON converts a form to a JSON object of strings, in the same order.
func formAsJSON(form string) (string, error) {
	var out strings.Builder
	for i, pair := range strings.Split(form, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			return "", fmt.Errorf("with a form that cannot be read")
		}
		value, err = url.QueryUnescape(value)
		if err != nil {
			return "", fmt.Errorf("with a form that cannot be read")
		}
		quotedName, _ := json.Marshal(name) // a string always can
		quotedValue, _ := json.Marshal(value)
		if i > 0 {
			out.WriteByte(',')
		}
		out.Write(quotedName)
		out.WriteByte(':')
		out.Write(quotedValue)
	}
	return "{" + out.String() + "}", nil
}

// splitScope splits a scope at commas, as GitHub and Slack write it. If the login asked for a scope with a comma in it
// (RFC 6749 section 3.3 allows one), splitScope changes nothing.
func (t *TokenResponse) splitScope(asked []string) {
	if !strings.Contains(t.Scope, ",") || strings.Contains(strings.Join(asked, ""), ",") {
		return
	}
	t.Scope = strings.Join(strings.FieldsFunc(t.Scope, func(r rune) bool { return r == ',' || r == ' ' }), " ")
	t.Warnings = append(t.Warnings, "scope is separated by commas, and should be by spaces (RFC 6749 section 3.3).")
}

// granted reports whether the response grants a requested scope.
func (t *TokenResponse) granted(scope string, asked []string) bool {
	if !t.ScopeSent {
		return slices.Contains(asked, scope) // RFC 6749 section 5.1: omitted means as asked
	}
	return slices.Contains(strings.Fields(t.Scope), scope)
}

// tokenFault describes what is wrong with a token response. Its text completes "the token endpoint returned 200, but …".
type tokenFault struct {
	kind    Kind
	member  string // the one at fault
	written string // how the server spells it, if differently
	found   string // its value, if that is not secret
	inside  string // the member that contains the access token
	text    string
}

func (f *tokenFault) Error() string { return f.text }

// faulty returns the fault of a member.
func faulty(kind Kind, member, format string, args ...any) *tokenFault {
	return &tokenFault{kind: kind, member: member, text: fmt.Sprintf(format, args...)}
}

const maxReceived = 30 // members that are shown

// shownValues lists the members of a token response that contain no secret (RFC 6749 section 5.1).
var shownValues = []string{"token_type", "expires_in", "scope", "issued_token_type", "refresh_expires_in", "ext_expires_in", "not-before-policy",
	"error", "error_description"}

// received lists the members of a token response as the server sent it, and marks the faulty one. It sanitizes every text.
func received(e *wire.Exchange, fault *tokenFault, sanitized func(text string, n int) string) []Member {
	body := e.ResponseBody
	if form, err := formAsJSON(body); err == nil && !json.Valid([]byte(body)) && strings.Contains(body, "=") && !strings.HasPrefix(strings.TrimSpace(body), "<") {
		body = form
	}
	var members []Member
	decoder := json.NewDecoder(strings.NewReader(body))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return nil
	}
	for decoder.More() && len(members) < maxReceived {
		name, err := decoder.Token()
		text, ok := name.(string)
		var value json.RawMessage
		if err != nil || !ok || decoder.Decode(&value) != nil {
			break
		}
		members = append(members, member(text, value, sanitized))
	}
	if fault.member == "" {
		return members
	}
	i := slices.IndexFunc(members, func(m Member) bool { return m.Name == fault.member })
	if i < 0 {
		i, members = len(members), append(members, Member{Name: fault.member, Type: "missing"})
	}
	members[i].Fault = sanitized(fault.text, 300)
	return members
}

// member describes one member. It hides the value, unless the name is known to be harmless.
func member(name string, value json.RawMessage, sanitized func(text string, n int) string) Member {
	m := Member{Name: sanitized(name, 80), Type: typeOf(value)}
	switch {
	case m.Type == "object", m.Type == "array":
	case slices.Contains(shownValues, name):
		m.Value = sanitized(strings.Trim(string(value), `"`), 200)
	case m.Type == "string":
		m.Value = fmt.Sprintf("%d characters, not shown", max(0, len(value)-2))
	case m.Type == "null", m.Type == "boolean":
		m.Value = string(value)
	}
	return m
}

// typeOf returns the type of a JSON value.
func typeOf(value json.RawMessage) string {
	switch value[0] {
	case '"':
		return "string"
	case '{':
		return "object"
	case '[':
		return "array"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number"
}

// Decoded is a token, decoded but not verified. The content of an access token is between the two servers (RFC 6749 section
// 1.4): a client shows it and concludes nothing from it.
type Decoded struct {
	Opaque  bool // it is not a JWT
	Header  []Claim
	Claims  []Claim
	Profile bool // it says that it follows RFC 9068
}

// Claim is one member of a JWT's header or claims.
type Claim struct {
	Name  string
	Value string    // a string without its quotes, anything else as JSON
	Time  time.Time // of a NumericDate (RFC 7519 section 2); zero for any other
}

// times lists the claims that are a NumericDate (RFC 7519 section 4.1, OpenID Connect Core sections 2 and 5.1).
var times = map[string]bool{"exp": true, "iat": true, "nbf": true, "auth_time": true, "updated_at": true}

// The maximum number of members of a token that are shown, and of bytes of each.
const (
	maxShownClaims = 200
	maxShownValue  = 4000
)

// Decode decodes a JWT without verifying it. It returns nil for an empty token.
func Decode(token string) *Decoded {
	if token == "" {
		return nil
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return &Decoded{Opaque: true}
	}
	header, readableHeader := members(parts[0])
	claims, readableClaims := members(parts[1])
	if !readableHeader || !readableClaims {
		return &Decoded{Opaque: true}
	}
	d := &Decoded{Header: header, Claims: claims}
	for _, c := range header {
		if c.Name == "typ" {
			d.Profile = strings.TrimPrefix(strings.ToLower(c.Value), "application/") == "at+jwt"
		}
	}
	return d
}

// members reads one part of a JWT, a JSON object in base64url, in order. It returns false if it is not one.
func members(part string) ([]Claim, bool) {
	document, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil || !json.Valid(document) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(document))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, false
	}
	var list []Claim
	for d.More() && len(list) < maxShownClaims {
		name, err := d.Token()
		var value json.RawMessage
		if err != nil || d.Decode(&value) != nil {
			return nil, false
		}
		text, _ := name.(string) // the name of a member always is one
		list = append(list, newClaim(text, value))
	}
	return list, true
}

func newClaim(name string, value json.RawMessage) Claim {
	c := Claim{Name: wire.Clip(name, 200), Value: wire.Clip(string(value), maxShownValue)}
	var text string
	if json.Unmarshal(value, &text) == nil && string(value) != "null" {
		c.Value = wire.Clip(text, maxShownValue)
	}
	if seconds, err := strconv.ParseFloat(string(value), 64); err == nil && times[name] {
		c.Time = numericDate(seconds)
	}
	return c
}

// AccessToken holds what an API could check about an access token. A client concludes nothing from it (RFC 6749 section
// 1.4); it serves to say why an API refuses the token.
type AccessToken struct {
	JWT       bool
	IDToken   bool     // it has the shape of an ID token: it speaks of a login, and of no scope
	Issuer    string   // iss
	Audience  []string // aud
	Scopes    []string // scope, or scp
	Expires   time.Time
	Signature Signature
	ForItsAPI bool   // its header says that only the API that it is for can verify it
	Why       string // what is wrong with the signature, or why it cannot be verified
}

// Signature is the result of verifying a JWT's signature with the server's keys.
type Signature string

const (
	SignatureGood    Signature = "good"
	SignatureWrong   Signature = "wrong"   // no key of the server made it
	SignatureUnknown Signature = "unknown" // it cannot be verified by others
)

// accessClaims holds the claims of an access token that are compared (RFC 9068 section 2.2).
type accessClaims struct {
	Issuer   string          `json:"iss"`
	Audience json.RawMessage `json:"aud"`
	Scope    json.RawMessage `json:"scope"` // a string; a list at some servers
	SCP      json.RawMessage `json:"scp"`   // Entra's and Okta's
	Expires  float64         `json:"exp"`
	Nonce    string          `json:"nonce"`
	AtHash   string          `json:"at_hash"`
}

// Inspect reads an access token, and verifies its signature with the server's keys.
func (c *Client) Inspect(ctx context.Context, access string) *AccessToken {
	jws, err := jose.ParseSignedCompact(access, joseAlgs)
	if err != nil {
		return &AccessToken{Signature: SignatureUnknown, Why: "it is opaque, so only the server can say (RFC 7662)"}
	}
	t := &AccessToken{JWT: true}
	var claims accessClaims
	if json.Unmarshal(jws.UnsafePayloadWithoutVerification(), &claims) == nil {
		t.Issuer, t.Audience = claims.Issuer, stringsOf(claims.Audience)
		t.Scopes = append(stringsOf(claims.Scope), stringsOf(claims.SCP)...)
		t.IDToken = len(t.Scopes) == 0 && (claims.Nonce != "" || claims.AtHash != "") && slices.Contains(t.Audience, c.cfg.ClientID)
		if claims.Expires > 0 {
			t.Expires = numericDate(claims.Expires)
		}
	}
	t.Signature, t.Why = c.signatureOf(ctx, jws)
	t.ForItsAPI = t.Signature == SignatureUnknown && jws.Signatures[0].Protected.Nonce != ""
	return t
}

// signatureOf verifies a signature with the server's keys. A nonce in the header means that only the API can verify the
// token (Microsoft Graph), which is not a fault.
func (c *Client) signatureOf(ctx context.Context, jws *jose.JSONWebSignature) (Signature, string) {
	md, err := c.Metadata(ctx)
	if err != nil {
		return SignatureUnknown, "the authorization server cannot be found"
	}
	if md.JWKS == "" {
		return SignatureUnknown, "the server publishes no keys"
	}
	_, _, fault := c.keys.verify(wire.For(ctx, wire.Keys), md.JWKS, jws)
	if fault == nil {
		return SignatureGood, ""
	}
	if jws.Signatures[0].Protected.Nonce != "" {
		return SignatureUnknown, "its header holds a nonce, as Microsoft Graph's do, so only the API that it is for can verify it"
	}
	if !c.keys.known() {
		return SignatureUnknown, c.Sanitized(fault.text, 300)
	}
	return SignatureWrong, c.Sanitized(fault.text, 300)
}

// stringsOf reads a claim that is a list of strings, or one string of words.
func stringsOf(raw json.RawMessage) []string {
	var words string
	if json.Unmarshal(raw, &words) == nil {
		return strings.Fields(words)
	}
	var list []string
	json.Unmarshal(raw, &list) // anything else is no such claim
	return list
}

// Altered returns a token that was never issued: it changes the middle of the signature, or of an opaque token.
func Altered(token string) string {
	at := strings.LastIndexByte(token, '.') + 1
	at += (len(token) - at) / 2
	if at >= len(token) {
		return token + "x"
	}
	other := byte('A')
	if token[at] == 'A' {
		other = 'B'
	}
	return token[:at] + string(other) + token[at+1:]
}

// refusesTokens reports whether the token endpoint refuses: by the status or, as some do, by an error in a 200. The
// fault says why the answer is not a token response, or is nil.
func refusesTokens(e *wire.Exchange, fault *tokenFault) bool {
	switch {
	case e.Status/100 != 2:
		return true
	case fault == nil:
		return false
	case fault.kind == AccessTokenNested: // a member beside it may look like an error code
		return e.ErrorInside()
	case fault.kind == TokenResponseMember:
		return e.Refusal().Code != ""
	}
	return e.ErrorInside() || e.Refusal().Code != ""
}

// tokenRefused returns the error of a token request that the server answered with an error (RFC 6749 section 5.2).
func (c *Client) tokenRefused(step wire.Purpose, e *wire.Exchange) *Error {
	refused := e.Refusal()
	if refused.Code == "" || refused.Format != wire.FormatJSON && refused.Format != wire.FormatForm {
		return c.refusedOtherwise(step, e)
	}
	if other := wire.Misspelled([]byte(e.ResponseBody), "error"); other != "" {
		return &Error{Step: step, Kind: ErrorMisspelled, Member: other, Answer: c.AnswerOf(e), Code: CodeServerError,
			Description: fmt.Sprintf(`The token endpoint returned %d with %q instead of "error"; names are case sensitive (RFC 6749 section 5.2).`,
				e.Status, other)}
	}
	hide := c.redacting.RedactNamed(e.ResponseBody)
	if !IsRegisteredError(refused.Code) {
		refused.Code = hide(refused.Code)
	}
	said := fmt.Sprintf("The token endpoint returned %s and said no more.", c.SanitizedIn(e)(e.StatusLine(), 300))
	return &Error{Step: step, Kind: Refused, Answer: c.AnswerOf(e), Theirs: true, Status: e.Status, Code: refused.Code,
		Description: cmp.Or(hide(refused.Words), said), URI: hide(refused.URI)}
}

// refusedOtherwise returns the error of a token request that was refused without an OAuth error: by the status, or by a
// refusal in a 200. A 4xx is still about the request, and the server's words say why.
func (c *Client) refusedOtherwise(step wire.Purpose, e *wire.Exchange) *Error {
	if e.Status/100 != 4 && e.Status/100 != 2 {
		sanitized := c.SanitizedIn(e)
		return &Error{Step: step, Kind: FailureKind(e), Answer: c.AnswerOf(e), Code: CodeServerError, Status: e.Status, Said: sanitized(e.Words(), 300),
			Description: fmt.Sprintf("The token endpoint returned %s without an OAuth error.", sanitized(e.StatusLine(), 300))}
	}
	return c.RefusedBy(step, "token endpoint", e)
}

// badTokenResponse returns the error of an unusable token response. The error lists the members, without secret values.
func (c *Client) badTokenResponse(step wire.Purpose, e *wire.Exchange, fault *tokenFault) *Error {
	sanitized := c.SanitizedIn(e)
	return &Error{Step: step, Kind: fault.kind, Member: sanitized(cmp.Or(fault.written, fault.member), 80), Found: sanitized(fault.found, 80),
		Inside: sanitized(fault.inside, 80), Answer: c.AnswerOf(e),
		Code: CodeInvalidResponse, Description: "The token endpoint returned 200, but " + sanitized(fault.text, 500) + ".", Received: received(e, fault, sanitized)}
}

// numericDate returns the time of a NumericDate: seconds since 1970, possibly with a fraction.
func numericDate(seconds float64) time.Time {
	seconds = max(min(seconds, year9999), -year9999)
	return time.Unix(int64(seconds), 0)
}

// year9999 is the end of the year 9999, in seconds since 1970. Beyond it, or its negative, the arithmetic would overflow.
const year9999 = 253402300799
