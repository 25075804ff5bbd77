package oauth

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"

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
	code, words := e.Refusal()
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
