package oauth

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
)

// What is taken of a server's words, in bytes.
const (
	MaxScopeBytes = 1000 // of all scopes that an API wants; they go into the browser's address
	MaxAddress    = 2000 // of an address that it names
)

// Error is what failed at the authorization server, or in what it sent. It says what happened and at
// which step; which setting is at fault is for others to say.
type Error struct {
	Step        wire.Purpose // where it happened
	Kind        Kind         // what went wrong
	Answer      Answer       // that it is about
	Member      string       // the parameter, or the member of the answer, that is at fault
	Found       string       // what Member says, where that is at fault and no secret
	Inside      string       // the member of a token response that the access token is inside of
	Claim       *ClaimFault  // of an ID token, if one is at fault
	Code        string       // an OAuth error code, the server's or one like it
	Description string       // the server's words, or ours where it sent none
	URI         string       // the server's error_uri
	Theirs      bool         // Code and Description are the server's
	Check       string       // the rule that was broken, where a step has several
	Said        string       // what a person would read in an answer that was no OAuth error
	Tried       []Tried      // when the server was not found
	Issuer      string       // the one that the server says it is, when that is the mistake
	Verdicts    []Verdict    // of an ID token that was refused
	Status      int          // of an answer that refused
	Received    []Member     // of a token response that was refused
	Cause       error        // why no answer came, when none did
}

// Answer is the answer that an Error is about, as it may be shown: it holds no secret. Of an authorization response,
// which the browser brought, it is the Refusal alone.
type Answer struct {
	URL        string // that was asked, without its query; empty when nothing was
	Status     int    // 0 when no answer came
	MediaType  string
	Location   string // where it redirects to, without the query
	AuthMethod string // how the client proved who it is, as config names the methods; empty where it did not
	Refusal    wire.Refusal
}

// How much of an answer is kept in an Error, in bytes of each text.
const (
	maxSaidCode  = 200
	maxSaidWords = 2000
)

// answer is an answer as it may be shown.
func (c *Client) AnswerOf(e *wire.Exchange) Answer {
	sanitized := c.SanitizedIn(e)
	return Answer{URL: sanitized(wire.WithoutQuery(e.URL), MaxAddress), Status: e.Status, MediaType: sanitized(e.MediaType(), 100),
		Location: sanitized(location(e), MaxAddress), AuthMethod: authMethodOf(e), Refusal: c.sanitize(e.Refusal(), sanitized)}
}

// sanitize makes what an answer says fit to be shown.
func (c *Client) sanitize(r wire.Refusal, sanitized func(text string, n int) string) wire.Refusal {
	if !IsRegisteredError(r.Code) {
		r.Code = sanitized(r.Code, maxSaidCode)
	}
	for _, text := range []*string{&r.Words, &r.Hint, &r.Field, &r.URI, &r.Text} {
		*text = sanitized(*text, maxSaidWords)
	}
	for i, text := range r.Details {
		r.Details[i] = sanitized(text, maxSaidWords)
	}
	return r
}

// location is where an answer redirects to, without the query, or "".
func location(e *wire.Exchange) string {
	base, err := url.Parse(e.URL)
	if err != nil || e.Status/100 != 3 {
		return ""
	}
	to, err := base.Parse(e.ResponseHeader.Get("Location"))
	if err != nil || to.Host == "" || e.ResponseHeader.Get("Location") == "" {
		return ""
	}
	to.User, to.RawQuery, to.ForceQuery, to.Fragment, to.RawFragment = nil, "", false, "", ""
	return to.String()
}

// authMethodOf is how a request proved who the client is (RFC 6749 section 2.3.1), or "" where it did not.
func authMethodOf(e *wire.Exchange) string {
	if strings.HasPrefix(e.RequestHeader.Get("Authorization"), "Basic ") {
		return config.MethodBasic
	}
	form, err := url.ParseQuery(e.RequestBody)
	switch {
	case err != nil || e.Method != http.MethodPost:
		return ""
	case form.Has("client_secret"):
		return config.MethodPost
	case form.Has("client_id"):
		return config.MethodNone
	}
	return ""
}

// HasMember reports a member of a token response that was refused.
func (e *Error) HasMember(name string) bool {
	return slices.ContainsFunc(e.Received, func(m Member) bool { return m.Name == name && m.Type != "missing" })
}

// Tried is one step of discovery.
type Tried struct {
	URL    string `json:"url"`
	Answer string `json:"answer"`
}

func (e *Error) Error() string {
	if e.Description == "" {
		return e.Code
	}
	return e.Code + ": " + e.Description
}

// Unwrap returns why no answer came, if none did.
func (e *Error) Unwrap() error { return e.Cause }

// The codes of an Error that is not the server's own.
const (
	CodeNotFound        = "server_not_found"
	CodeUnreachable     = "server_unreachable"
	CodeServerError     = "server_error"
	CodeRefused         = "request_refused" // a 4xx without an OAuth error
	CodeRateLimited     = "rate_limited"
	CodeNotSupported    = "not_supported"
	CodeInvalidRequest  = "invalid_request"
	CodeInvalidIssuer   = "invalid_issuer"
	CodeOtherServer     = "other_server"
	CodeInvalidAddress  = "invalid_address" // a pasted one
	CodeInvalidResponse = "invalid_token_response"
	CodeInvalidIDToken  = "invalid_id_token"
	CodeInvalidUserinfo = "invalid_userinfo"
	CodeInvalidResource = "invalid_resource_metadata"
	CodeNotRegistered   = "client_not_registered"
)

// Unreachable returns the error of an endpoint that gave no answer.
func (c *Client) Unreachable(step wire.Purpose, what, address string, err error) *Error {
	return &Error{Step: step, Kind: NoAnswer, Answer: Answer{URL: wire.WithoutQuery(address)}, Code: CodeUnreachable,
		Description: fmt.Sprintf("The %s %s %s.", what, wire.WithoutQuery(address), wire.Fault(err)), Cause: err}
}

// Answered turns an exchange into the server's answer, or into an error when it is none: nothing came,
// or a 5xx, or a redirect. A 4xx is an answer, to be shown.
func (c *Client) Answered(step wire.Purpose, what, address string, e *wire.Exchange, err error) (*wire.Exchange, error) {
	if err != nil {
		return nil, c.Unreachable(step, what, address, err)
	}
	if e.Status >= http.StatusInternalServerError || e.Status/100 == 3 {
		sanitized := c.SanitizedIn(e)
		failed := &Error{Step: step, Kind: FailureKind(e), Answer: c.AnswerOf(e), Code: CodeServerError,
			Description: fmt.Sprintf("The %s answered %s.", what, sanitized(e.StatusLine(), 300))}
		if e.Status/100 != 3 { // what a redirect says is where it leads
			failed.Said = sanitized(e.Words(), 300)
		}
		return nil, failed
	}
	return e, nil
}

// FailureKind returns the kind of an answer whose status is none of success.
func FailureKind(e *wire.Exchange) Kind {
	switch {
	case e.Status/100 == 3:
		return Redirected
	case e.Status >= http.StatusInternalServerError:
		return ServerFailed
	}
	return Refused
}

// RefusedBy returns the error of a request that an endpoint refused: with the server's code and words, where it sent any.
func (c *Client) RefusedBy(step wire.Purpose, what string, e *wire.Exchange) *Error {
	refusal := e.Refusal()
	code, words := refusal.Code, refusal.Words
	if code == "" && words == "" {
		words = e.Words()
	}
	sanitized := c.SanitizedIn(e)
	if !IsRegisteredError(code) {
		code = sanitized(code, 60)
	}
	return &Error{Step: step, Kind: Refused, Answer: c.AnswerOf(e), Theirs: true, Status: e.Status, Code: cmp.Or(code, CodeRefused),
		Description: cmp.Or(sanitized(words, 300), fmt.Sprintf("The %s answered %s and said no more.", what, sanitized(e.StatusLine(), 300)))}
}

// TriedOf returns what was tried before an error.
func TriedOf(err error) []Tried {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return nil
	}
	return e.Tried
}

// badParameter is the error of a parameter that a login cannot be begun with.
func badParameter(name, what string) *Error {
	return &Error{Step: wire.AuthorizationRequest, Kind: BadParameter, Member: name, Code: CodeInvalidRequest,
		Description: fmt.Sprintf("The parameter %s %s.", name, what)}
}

// badParameters is the error of what /login was given.
func badParameters(err error) *Error {
	e, ok := errors.AsType[*config.ParameterError](err)
	if !ok {
		return badParameter("", err.Error())
	}
	bad := badParameter(e.Name, e.What)
	if e.Name == "" {
		bad.Description = "The parameters " + e.What + "."
	}
	if e.Fix != "" {
		bad.Description += " " + strings.ToUpper(e.Fix[:1]) + e.Fix[1:] + "."
	}
	return bad
}

// refusesTokens reports that the token endpoint says no: by the status or, as some do, by an error in a 200 where the
// tokens should be. The fault is why the answer is no token response, or nil.
func refusesTokens(e *wire.Exchange, fault *tokenFault) bool {
	switch {
	case e.Status/100 != 2:
		return true
	case fault == nil:
		return false
	case fault.kind == AccessTokenNested: // what stands beside it may be called a code
		return e.ErrorInside()
	case fault.kind == TokenResponseMember:
		return e.Refusal().Code != ""
	}
	return e.ErrorInside() || e.Refusal().Code != ""
}

// tokenRefused is the error of a token request that the server answered with one (RFC 6749 section 5.2).
func (c *Client) tokenRefused(step wire.Purpose, e *wire.Exchange) *Error {
	refused := e.Refusal()
	if refused.Code == "" || refused.Format != wire.FormatJSON && refused.Format != wire.FormatForm {
		return c.refusedOtherwise(step, e)
	}
	if other := wire.Misspelled([]byte(e.ResponseBody), "error"); other != "" {
		return &Error{Step: step, Kind: ErrorMisspelled, Member: other, Answer: c.AnswerOf(e), Code: CodeServerError,
			Description: fmt.Sprintf(`The token endpoint answered %d with %q instead of "error"; names are case sensitive (RFC 6749 section 5.2).`,
				e.Status, other)}
	}
	hide := c.redacting.RedactNamed(e.ResponseBody)
	if !IsRegisteredError(refused.Code) {
		refused.Code = hide(refused.Code)
	}
	said := fmt.Sprintf("The token endpoint answered %s and said no more.", c.SanitizedIn(e)(e.StatusLine(), 300))
	return &Error{Step: step, Kind: Refused, Answer: c.AnswerOf(e), Theirs: true, Status: e.Status, Code: refused.Code,
		Description: cmp.Or(hide(refused.Words), said), URI: hide(refused.URI)}
}

// refusedOtherwise is the error of a token request that was refused without an OAuth error: by the status, or by an answer
// with 200 that says so. A 4xx is about the request all the same, and the server's words say why.
func (c *Client) refusedOtherwise(step wire.Purpose, e *wire.Exchange) *Error {
	if e.Status/100 != 4 && e.Status/100 != 2 {
		sanitized := c.SanitizedIn(e)
		return &Error{Step: step, Kind: FailureKind(e), Answer: c.AnswerOf(e), Code: CodeServerError, Status: e.Status, Said: sanitized(e.Words(), 300),
			Description: fmt.Sprintf("The token endpoint answered %s without an OAuth error.", sanitized(e.StatusLine(), 300))}
	}
	return c.RefusedBy(step, "token endpoint", e)
}

// badTokenResponse is the error of a token response that cannot be used. What it holds is shown, and
// nothing of it is kept.
func (c *Client) badTokenResponse(step wire.Purpose, e *wire.Exchange, fault *tokenFault) *Error {
	sanitized := c.SanitizedIn(e)
	return &Error{Step: step, Kind: fault.kind, Member: sanitized(cmp.Or(fault.written, fault.member), 80), Found: sanitized(fault.found, 80),
		Inside: sanitized(fault.inside, 80), Answer: c.AnswerOf(e),
		Code: CodeInvalidResponse, Description: "The token endpoint answered 200, but " + sanitized(fault.text, 500) + ".", Received: received(e, fault, sanitized)}
}

// UnsolicitedError is the error of an authorization response that belongs to no login: some servers send errors
// back without state, and it is the only clue then. But anybody may have written it, so it is shown as
// what it is and never acted on.
type UnsolicitedError struct {
	Code  string `json:"error,omitempty"` // a registered one
	Words string `json:"error_description,omitempty"`
}

// registeredErrors are the error codes of OAuth: those of the authorization endpoint (RFC 6749 section
// 4.1.2.1, OpenID Connect Core section 3.1.2.6, RFC 8707 section 2, RFC 9101 section 6.2), and those of the
// token endpoint (RFC 6749 section 5.2).
var registeredErrors = []string{
	"invalid_client", "invalid_grant", "unsupported_grant_type", "invalid_request", "unauthorized_client", "access_denied",
	"unsupported_response_type", "invalid_scope", "server_error", "temporarily_unavailable", "interaction_required",
	"login_required", "account_selection_required", "consent_required", "invalid_request_uri", "invalid_request_object",
	"request_not_supported", "request_uri_not_supported", "registration_not_supported", "invalid_target",
	"unmet_authentication_requirements",
}

// IsRegisteredError reports an error code of OAuth's own. It is no secret, even if the client secret is a
// part of it.
func IsRegisteredError(code string) bool { return slices.Contains(registeredErrors, code) }

// errorCode is a server's error code as it may be shown.
func (c *Client) errorCode(code string) string {
	if IsRegisteredError(code) {
		return code
	}
	return c.redact(code)
}

// UnsolicitedError returns the error of a response, or nil: when it has none, or names an issuer that is not
// this server (RFC 9207 section 2.4).
func (c *Client) UnsolicitedError(response url.Values) *UnsolicitedError {
	if !response.Has("error") {
		return nil
	}
	if md, _ := c.Known(); response.Has("iss") && (md == nil || response.Get("iss") != md.Issuer) {
		return nil
	}
	unsolicited := &UnsolicitedError{Words: c.Sanitized(response.Get("error_description"), 300)}
	if code := response.Get("error"); IsRegisteredError(code) {
		unsolicited.Code = code
	}
	if *unsolicited == (UnsolicitedError{}) {
		return nil
	}
	return unsolicited
}
