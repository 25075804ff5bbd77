package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
	"slices"
	"strings"

	"golang.org/x/oauth2"
)

// failure is an error as the user sees it: what happened, in the server's own words where there
// are some, which setting is likely to blame, and what to do next.
type failure struct {
	Status      int              // of our own answer
	Code        string           // an OAuth error code, the server's or one like it
	Description string           // the server's words, or ours where it sent none
	URI         string           // the server's error_uri
	Hint        string           // the likely cause and what to do; may be empty
	Theirs      bool             // Code and Description are the server's
	Tried       []tried          // when the server was not found
	Allow       string           // the method that would be answered, with a 405
	Retry       bool             // beginning a new login makes sense
	Setting     setting          // the setting most likely at fault
	Sent        []sent           // what we sent, by setting
	Verdicts    []verdict        // of an ID token that was refused
	Flow        []*wire.Exchange // the flow up to here, the last step at fault
}

func (f *failure) Error() string {
	if f.Description == "" {
		return f.Code
	}
	return f.Code + ": " + f.Description
}

// suspect is the setting that most likely made a server say this: by its words where they name one,
// else by the code. It returns "" when nothing is known.
func suspect(code, words string) setting {
	words = strings.ToLower(words)
	for _, clue := range []struct {
		words   string
		setting setting
	}{
		{"unknown client, no client authentication", settingSecret}, // Ory's and Clerk's words for any invalid_client
		{"redirect", settingRedirectURI},
		{"callback", settingRedirectURI},
		{"aadsts50011", settingRedirectURI},
		{"aadsts7000215", settingSecret},
		{"aadsts9002326", settingMethod}, // registered as a single-page application
		{"aadsts9002325", settingMethod},
		{"authentication method", settingMethod},
		{"not allow this method", settingMethod},
		{"grant type", settingGrant},
		{"grant_type", settingGrant},
		{"scope", settingScopes},
		{"tester", settingUsers},
		{"policy", settingUsers},
	} {
		if strings.Contains(words, clue.words) {
			return clue.setting
		}
	}
	switch {
	case code == "unauthorized_client", strings.HasSuffix(code, "_client"), code == "incorrect_client_credentials":
		return settingSecret
	case code == "invalid_scope":
		return settingScopes
	case code == "access_denied":
		return settingUsers
	case code == "unsupported_grant_type", code == "unsupported_response_type":
		return settingGrant
	case code == "invalid_grant":
		return settingRedirectURI
	}
	return ""
}

// asFailure makes a failure of any error. One that is none yet is a fault of this program.
func asFailure(err error) *failure {
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	return &failure{Status: http.StatusInternalServerError, Code: "server_error", Description: err.Error()}
}

// serverError returns the error that a token endpoint answered with, if it did.
func serverError(err error) (*oauth2.RetrieveError, bool) {
	return errors.AsType[*oauth2.RetrieveError](err)
}

// notDiscovered is the failure of a login whose server has not been found.
func notDiscovered(cfg config.Config, err error) *failure {
	f := &failure{Status: http.StatusBadGateway, Code: "server_not_found", Retry: true,
		Description: fmt.Sprintf("No authorization server was found at %s.", cfg.Issuer)}
	if missing, ok := errors.AsType[*notFound](err); ok {
		f.Tried = missing.Tried
	} else {
		f.Hint = err.Error()
		return f
	}
	f.Hint = "Check ISSUER: scheme, host, path and the slash at its end must be the server's own."
	if cfg.Clerk {
		f.Hint = "Check CLERK_PUBLISHABLE_KEY: it must be the one of the instance that has the OAuth application."
	}
	if cfg.Demo {
		f.Hint = "In demo mode the server is this very program: BASE_URL must be an address at which it reaches itself."
	}
	return f
}

// unreachable is the failure of an endpoint that gave no answer.
func unreachable(what, address string, err error) *failure {
	return &failure{Status: http.StatusBadGateway, Code: "server_unreachable", Retry: true,
		Description: fmt.Sprintf("%s %s %s.", what, wire.WithoutQuery(address), wire.Fault(err))}
}

// tokenRefused is the failure of a token request that the server answered with an error.
func (p *provider) tokenRefused(md *metadata, refused *oauth2.RetrieveError) *failure {
	f := &failure{
		Status:      http.StatusBadGateway,
		Code:        refused.ErrorCode,
		Description: refused.ErrorDescription,
		URI:         refused.ErrorURI,
		Theirs:      refused.ErrorCode != "",
		Retry:       true,
	}
	if f.Code == "" {
		f.Code = "server_error"
		answered := fmt.Sprintf("%d %s", refused.Response.StatusCode, http.StatusText(refused.Response.StatusCode))
		f.Description = fmt.Sprintf("The token endpoint answered %s without an OAuth error.", answered)
		f.Hint = "Try again later, or ask whoever runs the server; if TOKEN_ENDPOINT is set, check it."
		return f
	}
	if f.Description == "" {
		f.Description = fmt.Sprintf("The token endpoint answered %d and said no more.", refused.Response.StatusCode)
	}
	f.Hint = p.tokenHint(md, f.Code, suspect(f.Code, f.Description))
	return f
}

// tokenHint explains an error of the token endpoint: by the setting that the server's words name, else
// by the code. Some servers invent codes that end in the standard one (GitHub's
// incorrect_client_credentials), and Keycloak says unauthorized_client.
func (p *provider) tokenHint(md *metadata, code string, at setting) string {
	method := p.authMethod(md)
	other := config.MethodPost
	if method == config.MethodPost {
		other = config.MethodBasic
	}
	switch at {
	case settingGrant:
		return "Enable the authorization code grant in the OAuth application."
	case settingMethod:
		return fmt.Sprintf("The credentials went by %s; TOKEN_ENDPOINT_AUTH_METHOD=%s is the other one. The OAuth application must be a web application, not a single-page or native one.", method, other)
	}
	switch {
	case code == "unauthorized_client", strings.HasSuffix(code, "_client"), code == "incorrect_client_credentials":
		if method == config.MethodNone {
			return "The client sent no secret, as CLIENT_SECRET is empty. Either CLIENT_ID is wrong, or the OAuth application is not a public client: then set CLIENT_SECRET."
		}
		return fmt.Sprintf("CLIENT_SECRET is the likely cause: mistyped, rotated, or that of another application. If it is right, compare CLIENT_ID, then the method: the credentials went by %s; TOKEN_ENDPOINT_AUTH_METHOD=%s is the other one. A public client takes no secret: then remove CLIENT_SECRET.", method, other)
	case code == "invalid_grant":
		return "The code was already used or has expired (a code is good for one minute or so, and once), or the redirect URI differs from the registered one. Begin a new login; if it fails again, compare " + p.cfg.RedirectURI() + " with the OAuth application."
	case code == "invalid_scope":
		return "Enable the scope in the OAuth application, or remove it from SCOPES."
	case code == "invalid_target":
		return "The resource is not one that this server issues tokens for: check the resource parameter of /login."
	}
	return ""
}

// authorizationRefused is the failure of an authorization response that carries an error
// (RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6).
func authorizationRefused(cfg config.Config, query url.Values, scopes []string) *failure {
	f := &failure{
		Status:      http.StatusBadRequest,
		Code:        query.Get("error"),
		Description: query.Get("error_description"),
		URI:         query.Get("error_uri"),
		Theirs:      true,
		Retry:       true,
	}
	if f.Description == "" {
		f.Description = "The authorization server gave no description."
	}
	f.Hint = authorizationHint(cfg, f.Code, scopes)
	return f
}

func authorizationHint(cfg config.Config, code string, scopes []string) string {
	switch code {
	case "access_denied":
		return "Access was denied, by the user or by a policy of the server. If somebody pressed Deny, nothing is wrong with the setup. If nobody did, look for a rule that keeps this user out: testers to be listed, an assignment to the application, a sign-on policy."
	case "invalid_scope":
		return fmt.Sprintf("Asked for: %s. Enable the missing one in the OAuth application's scopes, or remove it from SCOPES.", strings.Join(scopes, " "))
	case "unauthorized_client":
		return "The OAuth application may not use the authorization code grant: enable it (and check that CLIENT_ID is this application's)."
	case "unsupported_response_type":
		return "The OAuth application must allow the response type code: enable the authorization code grant."
	case "invalid_request":
		return "The server found fault with the request. Its own words above name the parameter; PKCE (code_challenge) and the redirect URI " + cfg.RedirectURI() + " are the usual ones."
	case "invalid_target":
		return "The resource or audience is not one that this server knows: check the parameter given to /login."
	case "login_required", "interaction_required", "consent_required", "account_selection_required":
		return "The login was to go on without showing anything (prompt=none), and could not. Begin it without prompt=none."
	case "server_error", "temporarily_unavailable":
		return "The authorization server failed. Try again; if it stays, ask whoever runs it."
	}
	return ""
}

// knownCodes are the error codes that may stand in the log. Any other is a text from outside that
// might hold anything, a secret too.
var knownCodes = []string{
	"access_denied", "account_selection_required", "consent_required", "cross_site_request", "expired_state",
	"incorrect_client_credentials", "insufficient_scope", "interaction_required", "invalid_client", "invalid_grant",
	"invalid_id_token", "invalid_issuer", "invalid_request", "invalid_scope", "invalid_state", "invalid_target",
	"invalid_token", "invalid_token_response", "invalid_userinfo", "login_required", "method_not_allowed", "misdirected_request", "not_found",
	"no_token", "not_supported", "prefetch", "server_error", "server_not_found", "server_unreachable", "session_store_failed", "slow_down", "temporarily_unavailable",
	"unauthorized_client", "unsupported_grant_type", "unsupported_response_type", "unsupported_token_type",
}

// logCode is the error code as the log may show it.
func logCode(code string) string {
	if slices.Contains(knownCodes, code) {
		return code
	}
	return "other_error"
}
