package oauth

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"oauth-test-client/internal/wire"
)

// Error is what failed at the authorization server, or in what it sent. It says what happened and at
// which step; which setting is at fault is for others to say.
type Error struct {
	Step        wire.Purpose // where it happened
	Code        string       // an OAuth error code, the server's or one like it
	Description string       // the server's words, or ours where it sent none
	URI         string       // the server's error_uri
	Theirs      bool         // Code and Description are the server's
	Check       string       // the rule that was broken, where a step has several
	Said        string       // what a person would read in an answer that was no OAuth error
	Tried       []Tried      // when the server was not found
	Issuer      string       // the one that the server says it is, when that is the mistake
	Verdicts    []Verdict    // of an ID token that was refused
	Status      int          // of an answer that refused; 0 for an OAuth error of the token endpoint, which its code tells
	Received    []Member     // of a token response that was refused
	Cause       error        // why no answer came, when none did
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

// unreachable is the error of an endpoint that gave no answer.
func (c *Client) unreachable(step wire.Purpose, what, address string, err error) *Error {
	return &Error{Step: step, Code: CodeUnreachable, Description: fmt.Sprintf("The %s %s %s.", what, wire.WithoutQuery(address), wire.Fault(err)), Cause: err}
}

// answered turns an exchange into the server's answer, or into an error when it is none: nothing came,
// or a 5xx, or a redirect. A 4xx is an answer, to be shown.
func (c *Client) answered(step wire.Purpose, what, address string, e *wire.Exchange, err error) (*wire.Exchange, error) {
	if err != nil {
		return nil, c.unreachable(step, what, address, err)
	}
	if e.Status >= http.StatusInternalServerError || e.Status/100 == 3 {
		said := c.saidIn(e)
		failed := &Error{Step: step, Code: CodeServerError, Description: fmt.Sprintf("The %s answered %s.", what, said(e.StatusLine(), 300))}
		if e.Status/100 != 3 { // what a redirect says is where it leads
			failed.Said = said(e.Words(), 300)
		}
		return nil, failed
	}
	return e, nil
}

// refusedBy is the error of a request that an endpoint refused: with the server's code and words, where it sent any.
func (c *Client) refusedBy(step wire.Purpose, what string, e *wire.Exchange) *Error {
	refusal := e.Refusal()
	code, words := refusal.Code, refusal.Words
	if code == "" && words == "" {
		words = e.Words()
	}
	said := c.saidIn(e)
	if !IsRegisteredError(code) {
		code = said(code, 60)
	}
	return &Error{Step: step, Theirs: true, Status: e.Status, Code: cmp.Or(code, CodeRefused),
		Description: cmp.Or(said(words, 300), fmt.Sprintf("The %s answered %s and said no more.", what, said(e.StatusLine(), 300)))}
}

// triedOf is what was tried before an error.
func triedOf(err error) []Tried {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return nil
	}
	return e.Tried
}

// badParameter is the error of a parameter that a login cannot be begun with.
func badParameter(name, what string) *Error {
	return &Error{Step: wire.AuthorizationRequest, Code: CodeInvalidRequest, Description: fmt.Sprintf("The parameter %s %s.", name, what)}
}

// oauthError is the error of an answer (RFC 6749 section 5.2), as it was sent.
type oauthError struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
	URI         string `json:"error_uri"`
}

// readOAuthError reads an error in JSON, whatever the answer says that it is, or in a form, as some servers send it.
// An answer without one has no code. Names are not compared exactly: what is refused is refused.
func readOAuthError(e *wire.Exchange) oauthError {
	var said oauthError
	if json.Unmarshal([]byte(e.ResponseBody), &said) == nil {
		return said
	}
	switch e.MediaType() {
	case "application/x-www-form-urlencoded", "text/plain":
		if form, err := url.ParseQuery(e.ResponseBody); err == nil {
			return oauthError{form.Get("error"), form.Get("error_description"), form.Get("error_uri")}
		}
	}
	return oauthError{}
}

// refusesTokens reports that the token endpoint says no: by the status or, as some do, by an error in a 200 where the
// tokens should be. The fault is why the answer is no token response, or nil.
func refusesTokens(e *wire.Exchange, fault error) bool {
	return e.Status/100 != 2 || fault != nil && readOAuthError(e).Code != ""
}

// tokenRefused is the error of a token request that the server answered with one (RFC 6749 section 5.2).
func (c *Client) tokenRefused(e *wire.Exchange) *Error {
	refused := readOAuthError(e)
	if refused.Code == "" {
		return c.refusedOtherwise(e)
	}
	if other := wire.Misspelled([]byte(e.ResponseBody), "error"); other != "" {
		return &Error{Step: wire.TokenRequest, Code: CodeServerError,
			Description: fmt.Sprintf(`The token endpoint answered %d with %q instead of "error"; names are case sensitive (RFC 6749 section 5.2).`,
				e.Status, other)}
	}
	hide := c.hiding.HideNamed(e.ResponseBody)
	if !IsRegisteredError(refused.Code) {
		refused.Code = hide(refused.Code)
	}
	said := fmt.Sprintf("The token endpoint answered %d and said no more.", e.Status)
	return &Error{Step: wire.TokenRequest, Theirs: true, Code: refused.Code,
		Description: cmp.Or(hide(refused.Description), said), URI: hide(refused.URI)}
}

// refusedOtherwise is the error of a token request that was answered with a status that says no, and
// without an OAuth error. A 4xx is about the request all the same, and the server's words say why.
func (c *Client) refusedOtherwise(e *wire.Exchange) *Error {
	if e.Status/100 != 4 {
		said := c.saidIn(e)
		return &Error{Step: wire.TokenRequest, Code: CodeServerError, Status: e.Status, Said: said(e.Words(), 300),
			Description: fmt.Sprintf("The token endpoint answered %s without an OAuth error.", said(e.StatusLine(), 300))}
	}
	return c.refusedBy(wire.TokenRequest, "token endpoint", e)
}

// badTokenResponse is the error of a token response that cannot be used. What it holds is shown, and
// nothing of it is kept.
func (c *Client) badTokenResponse(step wire.Purpose, e *wire.Exchange, fault error) *Error {
	field, _ := errors.AsType[*fieldFault](fault)
	said := c.saidIn(e)
	return &Error{Step: step, Code: CodeInvalidResponse, Description: "The token endpoint answered 200, but " + said(fault.Error(), 500) + ".",
		Received: received(e, field, said)}
}

// Unbound is the error of an authorization response that belongs to no login: some servers send errors
// back without state, and it is the only clue then. But anybody may have written it, so it is shown as
// what it is and never acted on.
type Unbound struct {
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
	return c.hide(code)
}

// UnboundError returns the error of a response, or nil: when it has none, or names an issuer that is not
// this server (RFC 9207 section 2.4).
func (c *Client) UnboundError(response url.Values) *Unbound {
	if !response.Has("error") {
		return nil
	}
	if md, _ := c.Known(); response.Has("iss") && (md == nil || response.Get("iss") != md.Issuer) {
		return nil
	}
	unbound := &Unbound{Words: c.said(response.Get("error_description"), 300)}
	if code := response.Get("error"); IsRegisteredError(code) {
		unbound.Code = code
	}
	if *unbound == (Unbound{}) {
		return nil
	}
	return unbound
}
