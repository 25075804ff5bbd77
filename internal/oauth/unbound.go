package oauth

import (
	"net/url"
	"slices"
)

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
