package causes

import (
	"fmt"
	"net/http"
	"strings"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// hint says what to do, by the step that failed.
func Hint(cfg config.Config, method string, scopes []string, e *oauth.Error) string {
	switch {
	case e.Code == oauth.CodeNotSupported:
		return unsupportedHint(e.Step)
	case ofRegistered(cfg, NameOf(cfg, method, e)):
		return "The server refuses the client that it registered itself. " + registerAgain
	case NameOf(cfg, method, e) == ResourceUnknown:
		return "The server knows no such API, or not with these scopes: compare audience or resource in the address of /login with the " +
			"API's identifier at the server."
	case hasToWait(e):
		return "Wait a minute, then begin a new login." + ownWords(e)
	case apiFailed(e):
		return apiFailedHint(e) + ownWords(e)
	case e.Said != "":
		return strings.TrimSpace(ownWords(e))
	case e.Code == oauth.CodeInvalidResponse:
		return "Either the authorization server is at fault, or TOKEN_ENDPOINT is not its token endpoint."
	}
	switch e.Step {
	case wire.APIAsked:
		return "Check RESOURCE_URL: the login begins at this API."
	case wire.ResourceMetadata, wire.Registration:
		return startHint(cfg, e)
	case wire.Metadata:
		return MetadataHint(cfg, e)
	case wire.Response:
		return responseHint(cfg, scopes, e)
	case wire.PushedRequest:
		if RefusesClient(e.Code) || e.Status == http.StatusUnauthorized {
			return tokenHint(cfg, method, e) // the client is authenticated there as at the token endpoint
		}
		return RefusalHint(cfg, scopes, e.Code)
	case wire.TokenRequest:
		return tokenHint(cfg, method, e)
	case wire.IDTokenCheck:
		return idTokenHint(e.Check)
	}
	return ""
}

// ownWords are what an answer that was no OAuth error says to people, as a sentence after others.
func ownWords(e *oauth.Error) string {
	if e.Said == "" {
		return ""
	}
	return " Its own words: " + e.Said
}

func apiFailedHint(e *oauth.Error) string {
	const look = "Look at the API’s own log, or at what stands in front of it."
	if e.Step == wire.APIAsked {
		return look + " A call without a token is to be refused with 401 (RFC 6750 section 3.1)."
	}
	return look
}

// unsupportedHint names the variable that says where an endpoint is.
func unsupportedHint(step wire.Purpose) string {
	if step == wire.API {
		return "Set RESOURCE_URL to one that the access token opens."
	}
	return "If it has one, set " + strings.ToUpper(string(step)) + "_ENDPOINT."
}

func MetadataHint(cfg config.Config, e *oauth.Error) string {
	switch {
	case e.Check == oauth.CheckPARNotOffered:
		return "Remove PAR from .env: this server offers no pushed authorization requests."
	case e.Check == oauth.CheckPARNowhere:
		return "One of the two is wrong, and that has to be mended at the server: no setting of this program helps."
	case e.Check == oauth.CheckOnLocal && !cfg.AtAPI:
		return "The server is at fault: whatever listens on this machine is not asked in its name. If that is meant, set the endpoint " +
			"itself, such as TOKEN_ENDPOINT."
	case cfg.AtAPI:
		return "The API names this server, so one of the two is at fault: what the API’s metadata says, or what the server says of itself."
	case notTheDemo(cfg, e):
		return "In demo mode this program is the server, too: BASE_URL must be an address at which it reaches itself."
	case cfg.Clerk:
		return "Check CLERK_PUBLISHABLE_KEY: it must come from the instance that has the OAuth application."
	}
	return "Check ISSUER: scheme, host, path and a slash at the end must be exactly the server's."
}

// notTheDemo reports that the demo does not answer where it should: nobody does, or another program. With a slash too
// many it is the demo, and that is one of its mistakes.
func notTheDemo(cfg config.Config, e *oauth.Error) bool {
	return cfg.Demo && strings.TrimSuffix(e.Issuer, "/") != cfg.Issuer
}

// responseHint explains an authorization response.
func responseHint(cfg config.Config, scopes []string, e *oauth.Error) string {
	switch {
	case e.Code == oauth.CodeOtherServer:
		return "Begin a new login."
	case e.Code == oauth.CodeInvalidAddress:
		return "Copy the whole address from the address bar of the tab in which you signed in, and paste it. The login still waits for it."
	case e.Check == "code":
		return "The server must answer with response_type code in the query; an implicit or form_post application does not."
	case e.Code == oauth.CodeInvalidIssuer && e.Issuer != "":
		return "Either this response belongs to another server, or the server uses two names for itself. The rest of the response is " +
			"not shown, as it may not come from this server."
	case e.Code == oauth.CodeInvalidIssuer:
		return "The response may come from another server, so the rest of it is not shown."
	}
	return RefusalHint(cfg, scopes, e.Code)
}

// refusalHint explains an error code of the authorization endpoint (RFC 6749 section 4.1.2.1, OpenID
// Connect Core section 3.1.2.6).
func RefusalHint(cfg config.Config, scopes []string, code string) string {
	switch code {
	case "access_denied":
		return "Access was denied, by the user or by a policy of the server. If somebody pressed Deny, nothing is wrong with the setup. " +
			"If nobody did, a rule keeps this user out: a list of testers, an assignment to the application, or a sign-on policy."
	case "invalid_scope":
		if len(scopes) == 0 {
			return "Asked for: no scope, and the server has no default. Name the scopes in SCOPES."
		}
		return fmt.Sprintf("Asked for: %s. Enable the missing one in the OAuth application's scopes, or remove it from SCOPES.", strings.Join(scopes, " "))
	case "unauthorized_client":
		return "The OAuth application may not use the authorization code grant: enable it (and check that CLIENT_ID is this application's)."
	case "unsupported_response_type":
		return "Enable the authorization code grant for the OAuth application."
	case "invalid_request":
		return "The server refused a parameter of the request. Its words above name it; usually it is PKCE (code_challenge) or " +
			"the redirect URI " + cfg.RedirectURI() + "."
	case "invalid_target":
		return "The server does not know this resource or audience: check the parameter of /login."
	case "login_required", "interaction_required", "consent_required", "account_selection_required":
		return "With prompt=none the server may show no page, and it needs one. Sign in without prompt=none."
	case "server_error", "temporarily_unavailable":
		return "The authorization server failed. Try again; if that does not help, ask whoever runs it."
	}
	return ""
}

// tokenHint explains an error of the token endpoint: by the setting that the server's words name, else
// by the code. Some servers invent codes that end in the standard one (GitHub's
// incorrect_client_credentials), and Keycloak says unauthorized_client.
func tokenHint(cfg config.Config, method string, e *oauth.Error) string {
	other := config.MethodPost
	if method == config.MethodPost {
		other = config.MethodBasic
	}
	at := suspectOf(e)
	switch at {
	case Grant:
		return "Enable the authorization code grant in the OAuth application."
	case AuthMethod:
		return fmt.Sprintf("The credentials went by %s; TOKEN_ENDPOINT_AUTH_METHOD=%s is the other one. The OAuth application must be a "+
			"web application, not a single-page or native one.", method, other)
	}
	switch {
	case e.Code == oauth.CodeServerError && !e.Theirs:
		return "Try again later, or ask whoever runs the server; if TOKEN_ENDPOINT is set, check it."
	case e.Status == http.StatusNotFound, e.Status == http.StatusMethodNotAllowed:
		return "Nothing answers token requests at this address: check TOKEN_ENDPOINT, or what the server's metadata says."
	case e.Status == http.StatusTooManyRequests:
		return "The server wants fewer requests: wait a minute, then begin a new login."
	case RefusesClient(e.Code), e.Status != 0 && at == ClientSecret:
		if method == config.MethodNone {
			return "The client sent no secret, as CLIENT_SECRET is empty. Either CLIENT_ID is wrong, or the OAuth application is not a " +
				"public client: then set CLIENT_SECRET."
		}
		return fmt.Sprintf("CLIENT_SECRET is the likely cause: mistyped, rotated, or that of another application. If it is right, "+
			"compare CLIENT_ID, then the method: the credentials went by %s; TOKEN_ENDPOINT_AUTH_METHOD=%s is the other one. If it is a "+
			"public client, remove CLIENT_SECRET.", method, other)
	case e.Code == "invalid_grant" && cfg.IsPasted():
		return "The code was already used or has expired: it works once, for about a minute. The application at " + cfg.RedirectURI() +
			" may have used it first: stop that one, then begin a new login and paste its address at once."
	case e.Code == "invalid_grant":
		return "The code was already used or has expired (a code works once, for about a minute), or the redirect URI differs from the " +
			"registered one. Begin a new login; if it fails again, compare " + cfg.RedirectURI() + " with the OAuth application."
	case e.Code == "invalid_scope":
		return "Enable the scope in the OAuth application, or remove it from SCOPES."
	}
	return ""
}

// idTokenHint names the setting that most often makes a check of the ID token fail.
func idTokenHint(check string) string {
	switch check {
	case "presence":
		return "Enable openid for the OAuth application, or remove it from SCOPES. A server without OpenID Connect never sends one."
	case "issuer":
		return "Set ISSUER to the server's issuer (and JWKS_URI if it publishes no metadata), or remove openid from SCOPES."
	case "signature":
		return "Set the OAuth application's ID token signature to RS256 or another asymmetric algorithm. If JWKS_URI is set, it must belong to this issuer."
	case "iss":
		return "The server's tokens name another issuer than its metadata: look for the setting of its public address."
	case "aud", "azp":
		return "The token is for another client: compare CLIENT_ID with the OAuth application."
	case "exp", "iat", "nbf":
		return "Compare the clocks of this machine and of the server; they may be a minute apart."
	case "auth_time":
		return "max_age was asked for, and the server did not make the user sign in again, or does not say when they did."
	case "encryption":
		return "The ID token is encrypted, which this client cannot read: turn that off for the OAuth application."
	case "":
		return ""
	}
	return "The authorization server is at fault: what it sent does not belong to this login."
}
