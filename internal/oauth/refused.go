package oauth

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"oauth-test-client/internal/wire"
)

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
