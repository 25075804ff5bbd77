package causes

import (
	"net/http"
	"net/url"
	"strings"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// nameOf is the name of the cause of a failed login, or of a failed use of its tokens. The method is how
// the client authenticated. It returns "" when no cause is known.
func NameOf(cfg config.Config, method string, e *oauth.Error) Name {
	switch {
	case apiFailed(e):
		return APIFailed
	case hasToWait(e):
		return RateLimited
	case e.Cause != nil && e.Step == wire.API, e.Step == wire.APIAsked && (e.Cause == nil || !wire.Untrusted(e.Cause)):
		return APIUnreachable
	case e.Cause != nil:
		return UnreachableName(e.Cause)
	case e.Code == oauth.CodeServerError && !e.Theirs:
		return ServerFailed
	}
	switch e.Step {
	case wire.ResourceMetadata, wire.Registration:
		return startName(e)
	case wire.Metadata:
		return MetadataName(cfg, e)
	case wire.Response:
		return responseName(e)
	case wire.PushedRequest:
		if RefusesClient(e.Code) || e.Status == http.StatusUnauthorized || e.Status == http.StatusTooManyRequests {
			return tokenName(method, e)
		}
		if name := RefusalName(e.Code, e.Description); name != PARRequired { // it was pushed
			return name
		}
	case wire.TokenRequest:
		return tokenName(method, e)
	case wire.IDTokenCheck:
		return idTokenName(e)
	case wire.Refresh:
		if e.Code == oauth.CodeInvalidResponse {
			return TokenResponseUnusable
		}
	}
	return ""
}

// apiFailed reports an API that answered with a failure of its own, with a token or without.
func apiFailed(e *oauth.Error) bool {
	return e.Code == oauth.CodeServerError && !e.Theirs && (e.Step == wire.API || e.Step == wire.APIAsked)
}

// hasToWait reports that the API or the registration wants fewer requests: nothing is wrong with a setting.
func hasToWait(e *oauth.Error) bool {
	return e.Step == wire.APIAsked && e.Code == oauth.CodeRateLimited || e.Step == wire.Registration && e.Status == http.StatusTooManyRequests
}

// unreachableName is why no answer came.
func UnreachableName(err error) Name {
	if wire.Untrusted(err) {
		return CertificateNotTrusted
	}
	return ServerUnreachable
}

// metadataName is why there is no metadata that could be used.
func MetadataName(cfg config.Config, e *oauth.Error) Name {
	switch {
	case e.Check == oauth.CheckPARNowhere:
		return PARNowhere
	case e.Check == oauth.CheckPARNotOffered:
		return "" // the settings want it, and not the server
	case e.Cause != nil:
		return UnreachableName(e.Cause)
	case e.Issuer != "" && HostOf(e.Issuer) != HostOf(cfg.Issuer):
		return TwoHostNames
	case e.Issuer != "":
		return IssuerDiffers
	case e.Check == oauth.CheckNotHTTPS:
		return EndpointsNotHTTPS
	case e.Check == oauth.CheckOnLocal:
		return EndpointsHere
	case e.Check == oauth.CheckAddress:
		return "" // the server is there
	}
	return ServerNotFound
}

func HostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// responseName is what is wrong with an authorization response.
func responseName(e *oauth.Error) Name {
	switch {
	case e.Code == oauth.CodeInvalidIssuer:
		return ResponseIssuerDiffers
	case e.Theirs:
		return RefusalName(e.Code, e.Description)
	}
	return ""
}

// refusalName is the cause of an error code of the authorization endpoint, by its words where they name
// one.
func RefusalName(code, words string) Name {
	switch {
	case strings.Contains(strings.ToLower(words), "pushed authorization request"), strings.Contains(strings.ToLower(words), "request_uri is required"):
		return PARRequired
	case code == "invalid_target", namesNoAPI(words):
		return ResourceUnknown
	case code == "access_denied" && Suspect("", words) == Users:
		return UserNotAllowed
	case code == "access_denied":
		return AccessDenied
	case strings.Contains(strings.ToLower(words), "code_challenge"), strings.Contains(strings.ToLower(words), "pkce"):
		return pkceName(words)
	}
	switch Suspect(code, words) {
	case RedirectURI:
		return RedirectURINotRegistered
	case ClientID:
		return ClientIDUnknown
	case Scopes:
		return ScopeNotEnabled
	case Grant:
		return GrantNotEnabled
	}
	switch {
	case code == "unauthorized_client":
		return GrantNotEnabled
	case RefusesClient(code):
		return ClientIDUnknown // nothing else of the client is known at the authorization endpoint
	case code == "server_error", code == "temporarily_unavailable":
		return ServerFailed
	}
	return ""
}

// namesNoAPI reports the words of servers that do not know the API of audience or resource, and have
// another code for it than RFC 8707's: Auth0 and Entra.
func namesNoAPI(words string) bool {
	words = strings.ToLower(words)
	return strings.HasPrefix(words, "service not found") || strings.Contains(words, "aadsts9010010") || strings.Contains(words, "aadsts901002:")
}

// pkceName tells a server that misses the challenge from one that will not have it.
func pkceName(words string) Name {
	for _, missing := range []string{"missing", "required", "must", "mandatory"} {
		if strings.Contains(strings.ToLower(words), missing) {
			return PKCERequired
		}
	}
	return PKCERefused
}

// tokenName is why the token endpoint refused, or why its answer cannot be used.
func tokenName(method string, e *oauth.Error) Name {
	if e.Code == oauth.CodeInvalidResponse {
		return TokenResponseUnusable
	}
	words := strings.ToLower(e.Description)
	switch {
	case e.Code == "invalid_target", namesNoAPI(words):
		return ResourceUnknown
	case strings.Contains(words, "aadsts700025"):
		return ClientIsPublic
	}
	at := suspectOf(e)
	switch at {
	case Grant:
		return GrantNotEnabled
	case AuthMethod:
		if strings.Contains(words, "aadsts900232") || strings.Contains(words, singlePage) {
			return ClientTypeWrong
		}
		return AuthMethodWrong
	case Scopes:
		return ScopeNotEnabled
	}
	refused := RefusesClient(e.Code) || e.Status != 0 && at == ClientSecret
	switch {
	case e.Status == http.StatusTooManyRequests:
		return RateLimited
	case refused && method == config.MethodNone:
		return ClientSecretMissing
	case refused:
		return ClientSecretWrong
	case e.Code == "server_error", e.Code == "temporarily_unavailable":
		return ServerFailed
	case e.Code == "invalid_grant", e.Code == "bad_verification_code": // the latter is GitHub's
		return CodeExpiredOrUsed
	case e.Code == "slow_down", e.Code == "too_many_requests", e.Code == "rate_limited":
		return RateLimited
	}
	return ""
}

// idTokenName is why an ID token was refused.
func idTokenName(e *oauth.Error) Name {
	switch e.Check {
	case "presence":
		return OpenIDMissing
	case "signature":
		return IDTokenSignature
	case "iss", "issuer":
		return IssuerDiffers
	case "exp", "iat", "nbf":
		return ClockDiffers
	case "encryption":
		return IDTokenEncrypted
	}
	return ""
}
