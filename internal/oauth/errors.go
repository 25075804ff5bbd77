package oauth

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
)

// The maximum length of a server's words, in bytes.
const (
	MaxScopeBytes = 1000 // of all scopes that an API wants; they go into the browser's address
	MaxAddress    = 2000 // of an address that it names
)

// Error describes a failure of the authorization server, or of an answer from it: what happened, and at which step. It
// doesn't say which setting is wrong; package causes does.
type Error struct {
	Step        wire.Purpose // where it happened
	Kind        Kind         // what went wrong
	Answer      Answer       // that it is about
	Member      string       // the parameter, or the member of the answer, that is at fault
	Found       string       // the value of Member, if that is at fault and not secret
	Inside      string       // the member of a token response that the access token is inside of
	Claim       *ClaimFault  // of an ID token, if one is at fault
	Code        string       // an OAuth error code, the server's or one like it
	Description string       // the server's words, or ours where it sent none
	URI         string       // the server's error_uri
	Theirs      bool         // Code and Description are the server's
	Check       string       // the rule that was broken, where a step has several
	Silent      bool         // the login was sent with prompt=none
	Said        string       // what a person would read in an answer that was no OAuth error
	Tried       []Tried      // when the server was not found
	Issuer      string       // the issuer that the server claims to be, if that is the mistake
	Verdicts    []Verdict    // of an ID token that was refused
	Status      int          // of an answer that refused
	Received    []Member     // of a token response that was refused
	Cause       error        // why no answer came, when none did
}

// Answer is the answer that an Error is about, in a form that is safe to show: it contains no secret. For an authorization
// response, which the browser brought, it has only the Refusal.
type Answer struct {
	URL        string // that was asked, without its query; empty when nothing was
	Status     int    // 0 when no answer came
	MediaType  string
	Location   string // where it redirects to, without the query
	AuthMethod string // how the client proved who it is, as config names the methods; empty where it did not
	Refusal    wire.Refusal
}

// HasMember reports whether a refused token response has a member.
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

// Unwrap returns the reason why no answer came, if none did.
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

// TriedOf returns the steps of discovery before an error.
func TriedOf(err error) []Tried {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return nil
	}
	return e.Tried
}

// badParameter returns the error of a parameter that a login can't start with.
func badParameter(name, what string) *Error {
	return &Error{Step: wire.AuthorizationRequest, Kind: BadParameter, Member: name, Code: CodeInvalidRequest,
		Description: fmt.Sprintf("The parameter %s %s.", name, what)}
}

// badParameters returns the error of invalid parameters for /login.
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

// registeredErrors lists the error codes of OAuth: those of the authorization endpoint (RFC 6749 section 4.1.2.1, OpenID
// Connect Core section 3.1.2.6, RFC 8707 section 2, RFC 9101 section 6.2), and those of the token endpoint (RFC 6749
// section 5.2).
var registeredErrors = []string{
	"invalid_client", "invalid_grant", "unsupported_grant_type", "invalid_request", "unauthorized_client", "access_denied",
	"unsupported_response_type", "invalid_scope", "server_error", "temporarily_unavailable", "interaction_required",
	"login_required", "account_selection_required", "consent_required", "invalid_request_uri", "invalid_request_object",
	"request_not_supported", "request_uri_not_supported", "registration_not_supported", "invalid_target",
	"unmet_authentication_requirements",
}

// IsRegisteredError reports whether OAuth defines an error code. Such a code is not secret, even if it contains the
// client secret.
func IsRegisteredError(code string) bool { return slices.Contains(registeredErrors, code) }

// Verdict is one check of an ID token, in a form that is safe to show.
type Verdict struct {
	Check    string `json:"check"`
	Expected string `json:"expected"`
	Found    string `json:"found"`
	OK       bool   `json:"ok"`
	Section  string `json:"section"` // where the rule comes from
}

// Member is one member of a refused token response. It is shown, so that the user sees which line is wrong, and never used.
type Member struct {
	Name  string `json:"name"`
	Type  string `json:"type"`            // as JSON calls it, or missing
	Value string `json:"value,omitempty"` // only where it is no secret
	Fault string `json:"fault,omitempty"` // what is wrong with this one
}
