package causes

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
)

// pattern is one way in which servers say something, and its cause. Every member that is set has to match. The first
// pattern that matches an answer decides.
type pattern struct {
	at     []wire.Purpose // the step; nil is any
	status []int
	code   []string // the server's error code, one of these
	words  []string // one of these is in what the server says, in lower case
	and    []string // and one of these
	method []string // how the client authenticated, one of these
	when   func(Answer) bool
	cause  Name
	seen   string // the standard, or a server that says it
}

func (p pattern) fits(a Answer) bool {
	return (p.at == nil || slices.Contains(p.at, a.Step)) &&
		(p.status == nil || slices.Contains(p.status, a.Status)) &&
		(p.code == nil || slices.Contains(p.code, strings.ToLower(a.Refusal.Code))) &&
		(p.words == nil || a.Says(p.words...)) &&
		(p.and == nil || a.Says(p.and...)) &&
		(p.method == nil || slices.Contains(p.method, a.Method)) &&
		(p.when == nil || p.when(a))
}

// Cause returns the cause that an answer names, or "" for none. Without a control, it is only the likely one.
func (a Answer) Cause() Name {
	for _, p := range patterns {
		if p.fits(a) {
			return p.cause
		}
	}
	return ""
}

// clientCode reports whether the code of an answer is about the client itself. Most codes that servers invent for it
// end in _client. unauthorized_client is about the client's grants (RFC 6749 section 5.2), but not all servers use it
// so.
func clientCode(a Answer) bool {
	code := strings.ToLower(a.Refusal.Code)
	return code != "unauthorized_client" && (strings.HasSuffix(code, "_client") || strings.HasSuffix(code, "client_credentials"))
}

// present reports whether an answer's words call nothing missing.
func present(a Answer) bool { return !a.Says(absent...) }

// wordless reports whether a refusal has at most a code.
func wordless(a Answer) bool { return a.Refusal.Words == "" && a.Refusal.Hint == "" }

// clientRefusal reports whether an answer refuses the client itself: by a code about the client, by a 401 whose code,
// if it has one, isn't about the authorization code or the token, or by an access_denied or the like, which no user can
// have caused here.
func clientRefusal(a Answer) bool {
	switch code := strings.ToLower(a.Refusal.Code); {
	case clientCode(a), code == "unauthorized_client":
		return true
	case code == "access_denied", code == "unauthorized", code == "not_authorized", code == "authentication_failed", code == "forbidden", code == "authentication_required":
		return a.Status < 500
	}
	return a.Status == http.StatusUnauthorized && !a.Says("invalid_grant", "invalid_token", "unsupported_token_type")
}

// aboutTheCode reports whether a refusal names the parameter code.
func aboutTheCode(a Answer) bool { return a.Refusal.Field == "code" }

// namesAbsentParameter reports whether an answer's words call a request parameter missing.
func namesAbsentParameter(a Answer) bool {
	return absentParameter(cmp.Or(a.Refusal.Words, wire.Clip(a.Refusal.Text, 2000))) != ""
}

// aboutTheID reports whether a refusal names the parameter client_id.
func aboutTheID(a Answer) bool { return a.Refusal.Field == "client_id" }

// IsClientCode reports whether the code of an answer is about the client itself.
func IsClientCode(a Answer) bool { return clientCode(a) }

// IsAboutClient reports whether a cause is about the client itself: its ID, its secret, or how it authenticates.
func IsAboutClient(name Name) bool {
	switch name {
	case ClientRefused, ClientIDUnknown, ClientSecretWrong, ClientSecretMissing, ClientSecretNotDecoded, ClientIsPublic, ClientTypeWrong, AuthMethodWrong:
		return true
	}
	return false
}

// IsAboutCode reports whether a cause is about the authorization code: a server that names it has looked up the code,
// or what belongs to it.
func IsAboutCode(name Name) bool { return name == CodeExpiredOrUsed || name == PKCEVerifierRefused }

// IsNotSpoken reports whether a cause asks for something that this app doesn't support.
func IsNotSpoken(name Name) bool {
	switch name {
	case DPoPRequired, MTLSRequired, ClientAssertionRequired, RequestObjectRequired, FormPostRequired, ParametersRenamed:
		return true
	}
	return false
}

// The steps that patterns apply to.
var (
	toAuthorize = []wire.Purpose{wire.AuthorizationRequest, wire.Response, wire.PushedRequest}
	authorize   = []wire.Purpose{wire.AuthorizationRequest, wire.Response}
	asClient    = []wire.Purpose{wire.TokenRequest, wire.Refresh, wire.Introspection, wire.Revocation, wire.PushedRequest}
	forTokens   = []wire.Purpose{wire.TokenRequest, wire.Refresh}
	toRedeem    = []wire.Purpose{wire.TokenRequest}
	toRefresh   = []wire.Purpose{wire.Refresh}
)

var (
	withSecret = []string{config.MethodBasic, config.MethodPost}
	inBody     = []string{config.MethodPost}
	inHeader   = []string{config.MethodBasic}
	asPublic   = []string{config.MethodNone}
)

// serverErrors lists the statuses of a server that is out of order.
var serverErrors = []int{500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 529, 530}

// Words with many spellings.
var (
	clientIDs = []string{"client_id", "client id", "clientid", "client-id", "client identifier", "api_key", "consumer key", "client_key", "client key", "app id", "app_id", "appid"}
	secrets   = []string{"client_secret", "client secret", "clientsecret", "invalid secret", "wrong secret", "bad secret", "secret is", "secret mismatch", "or secret"}
	absent    = []string{"missing", "required", "not provided", "not sent", "not present", "must be provided", "must provide", "must contain", "is empty", "no client", "not specified", "blank", "[null]", "param error"}
	excluded  = []string{"has not consented", "aadsts65001", "aadsts50020", "aadsts50105", "aadsts90094", "aadsts90095", "admin consent", "does not exist in tenant", "within its organization", "policies within your organization", "app is blocked", "not permitted to access the relying party"}
	pkce      = []string{"pkce", "code_challenge", "code challenge", "code_verifier", "code verifier", "code-verifier"}
	keptOut   = []string{"ip restricted", "ip address is not", "inactive user", "user is disabled", "user disabled", "account disabled", "account is disabled", "account is not fully set up", "user is blocked", "user locked", "account is locked", "hasn't approved this consumer", "aadsts50076", "aadsts50079", "aadsts53003", "aadsts50057"}
	redirect  = []string{"redirect", "callback", "domain of this url", "reply url", "reply address", "return url", "aadsts50011", "koe006"}
	noSuch    = []string{"unknown", "not found", "does not exist", "doesn't exist", "not exist", "invalid", "no such", "not registered", "unregistered", "not recognized", "unrecognized", "not valid", "could not find", "cannot find", "disabled", "deleted", "mismatch", "wrong", "incorrect", "unauthorized"}
)

// patterns lists all patterns, in order. What a server says outright comes before what it may mean. What this app doesn't
// support comes before what the same server says to a client that uses it wrongly.
var patterns = []pattern{
	// The server asks for fewer requests.
	{status: []int{http.StatusTooManyRequests}, cause: RateLimited, seen: "RFC 6585 section 4"},
	{code: []string{"slow_down", "too_many_requests", "rate_limited", "rate_limit_exceeded", "ratelimited"}, cause: RateLimited, seen: "GitHub, Slack"},

	// What this app doesn't support.
	{code: []string{"invalid_dpop_proof", "use_dpop_nonce"}, cause: DPoPRequired, seen: "RFC 9449 sections 5 and 8"},
	{words: []string{"dpop"}, cause: DPoPRequired, seen: "Okta, Bluesky"},
	{at: toAuthorize, code: []string{"invalid_request_object"}, cause: RequestObjectRequired, seen: "Keycloak: this app sends none"},
	{words: []string{"mutual tls", "mutual-tls", "mtls", "client certificate", "tls certificate", "transport certificate", "tls_client_auth", "certificate-bound", "certificate bound", "x.509 cert"}, cause: MTLSRequired, seen: "RFC 8705 section 2"},
	{words: []string{"aadsts7000218"}, method: asPublic, cause: ClientSecretMissing, seen: "Entra"},
	{words: []string{"aadsts700025"}, cause: ClientIsPublic, seen: "Entra"},
	{at: asClient, words: []string{"private_key_jwt", "client_secret_jwt", "client_assertion", "client assertion", "signed jwt", "jwt assertion"}, cause: ClientAssertionRequired, seen: "RFC 7523 section 2.2, Keycloak"},
	{words: []string{"client_key", "appid", "app_id"}, and: absent, cause: ParametersRenamed, seen: "TikTok, WeChat"},
	{at: toAuthorize, words: []string{"form_post"}, and: []string{"response_mode", "response mode"}, cause: FormPostRequired, seen: "Apple"},
	{at: toAuthorize, words: []string{"request object", "request_object", "signed authorization request", "'request' or 'request_uri'", "signed request"}, cause: RequestObjectRequired, seen: "RFC 9101 section 10.5, Keycloak"},
	{at: authorize, words: []string{"pushed authorization request", "request_uri is required", "must be pushed", "pushed authorization is required", "use par", "par is required", "par required"}, cause: PARRequired, seen: "RFC 9126 section 5, Keycloak"},

	// The API that was asked for. Its words come without scope or client.
	{code: []string{"invalid_target"}, cause: ResourceUnknown, seen: "RFC 8707 section 2"},
	{at: toAuthorize, code: []string{"invalid_resource"}, cause: ResourceUnknown, seen: "ADFS"},
	{words: []string{"service not found", "aadsts9010010", "aadsts901002:", "aadsts500011", "resource principal"}, cause: ResourceUnknown, seen: "Auth0, Entra"},

	// The user.
	{at: toAuthorize, code: []string{"access_denied", "unauthorized"}, words: []string{"tester", "not assigned", "aadsts50105", "policy", "blocked", "not allowed", "not permitted", "not a member", "restricted", "suspended", "admin"}, cause: UserNotAllowed, seen: "Google, Entra, Okta, Auth0"},
	{words: excluded, cause: UserNotAllowed, seen: "Entra, Google, Salesforce, ADFS"},
	{at: toAuthorize, code: []string{"org_internal", "admin_policy_enforced", "unverified_user_email", "invalid_team_for_non_distributed_app", "oauth_app_access_denied", "oauth_app_blocked"}, cause: UserNotAllowed, seen: "Google, GitHub, Slack, Salesforce"},
	{at: toAuthorize, code: []string{"access_denied"}, words: []string{"with scope"}, cause: ScopeNotEnabled, seen: "ADFS"},
	{at: toAuthorize, code: []string{"access_denied", "user_denied", "user_cancelled_login", "user_cancelled_authorize"}, cause: AccessDenied, seen: "RFC 6749 section 4.1.2.1, LinkedIn"},

	// Entra's client types, whatever the words.
	{words: []string{"aadsts9002327", "'single-page application' client-type"}, cause: ClientTypeWrong, seen: "Entra"},

	// The authorization request.
	{at: toAuthorize, words: pkce, and: []string{"missing", "required", "requires", "must", "mandatory", "need"}, cause: PKCERequired, seen: "RFC 7636 section 4.4.1, OpenIddict"},
	{at: toAuthorize, words: pkce, cause: PKCERefused, seen: "servers without RFC 7636"},
	{at: toAuthorize, words: []string{"insecure redirect"}, cause: RedirectURINotHTTPS, seen: "Spotify"},
	{at: toAuthorize, words: redirect, and: []string{"https", "is http and"}, cause: RedirectURINotHTTPS, seen: "Entra AADSTS500117"},
	{at: toAuthorize, words: []string{"ip address", "raw ip", "private ip"}, cause: RedirectURIIPAddress, seen: "Google"},
	{at: toAuthorize, words: redirect, cause: RedirectURINotRegistered, seen: "Keycloak, Ory, Auth0, dex"},

	// The client, where it authenticates. First come the sentences that name every reason, and so tell nothing.
	{at: asClient, words: []string{"[null]"}, and: clientIDs, method: withSecret, cause: AuthMethodWrong, seen: "Kakao: it found none"},
	{words: []string{"client does not exist", "client doesn't exist"}, cause: ClientIDUnknown, seen: "Ory and Clerk, after the next sentence; Entra's personal accounts"},
	{at: asClient, words: []string{"no client authentication included"}, method: asPublic, cause: ClientSecretMissing, seen: "Ory, Clerk and Doorkeeper, of any invalid_client"},
	{at: asClient, words: []string{"no client authentication included"}, cause: ClientRefused, seen: "Ory, Clerk and Doorkeeper, of any invalid_client"},
	{at: asClient, words: []string{"unknown client"}, and: secrets, method: withSecret, cause: ClientRefused, seen: "the demo server"},
	{at: toRedeem, words: []string{"invalid, expired, revoked"}, cause: CodeExpiredOrUsed, seen: "Doorkeeper: the words of RFC 6749 section 5.2"},
	{at: toRefresh, words: []string{"invalid, expired, revoked"}, cause: RefreshTokenRefused, seen: "Doorkeeper: the words of RFC 6749 section 5.2"},
	{at: asClient, words: clientIDs, and: secrets, when: present, method: withSecret, cause: ClientRefused, seen: "GitHub, Dropbox, Zoom, Naver"},

	{at: asClient, words: []string{"missing or", "or missing"}, and: clientIDs, method: inHeader, cause: ClientRefused, seen: "HubSpot: it looks for the ID in the body alone"},

	// Then the codes that are clear.
	{at: asClient, code: []string{"bad_client_secret", "invalid_client_secret", "client_secret_mismatch"}, cause: ClientSecretWrong, seen: "Slack"},
	{code: []string{"bad_client_id", "invalid_client_id", "deleted_client", "client_id_not_found", "oauth_client_not_found", "unknown_client"}, cause: ClientIDUnknown, seen: "Slack, Salesforce, Supabase"},
	{at: asClient, words: []string{"aadsts7000215", "invalid_client_secret"}, cause: ClientSecretWrong, seen: "Entra, Cognito"},
	{words: []string{"aadsts700016", "koe101"}, cause: ClientIDUnknown, seen: "Entra, Kakao"},

	// How the credentials were sent: the server did not find them, or does not accept them there.
	{at: asClient, words: []string{"authentication method", "auth method", "auth_method", "not allow this method", "multiple authentication", "client_secret_basic", "client_secret_post"}, method: withSecret, cause: AuthMethodWrong, seen: "Authelia"},
	{at: asClient, words: []string{"http basic", "basic auth", "authorization header"}, method: inBody, cause: AuthMethodWrong, seen: "Notion, Fitbit, X"},
	{at: asClient, words: []string{"missing or", "or missing"}, method: withSecret, and: secrets, cause: ClientRefused, seen: "HubSpot"},
	{at: asClient, words: slices.Concat(clientIDs, secrets, []string{"credentials", "client authentication"}), and: slices.Concat(absent, []string{"credentials not found"}), method: withSecret, cause: AuthMethodWrong, seen: "the MCP Python SDK, osin, Twitch"},
	{at: asClient, words: slices.Concat(secrets, []string{"client authentication", "must authenticate", "confidential"}), method: asPublic, cause: ClientSecretMissing, seen: "Keycloak"},
	{at: asClient, words: secrets, cause: ClientSecretWrong, seen: "Gitea, Okta, Spotify, VK"},
	{at: asClient, words: []string{"client credentials", "invalid_credentials", "invalid credentials", "bad credentials", "invalid client or"}, cause: ClientRefused, seen: "Keycloak, Bitbucket, Box"},

	// Other refusals of the token endpoint.
	{at: toRedeem, words: redirect, cause: RedirectURINotRegistered, seen: "Gitea; RFC 6749 section 4.1.3"},
	{at: toRedeem, words: pkce, and: []string{"not enabled", "not allowed", "not supported", "unsupported", "unexpected", "unknown", "must not", "not expected", "unrecognized", "disabled", "extra", "not permitted", "should not exist", "not support", "doesn't support"}, cause: PKCERefused, seen: "servers without RFC 7636"},
	{at: toRedeem, words: pkce, cause: PKCEVerifierRefused, seen: "RFC 7636 section 4.6, IndieAuth for WordPress"},
	{at: toRedeem, code: []string{"invalid_grant"}, words: keptOut, cause: UserNotAllowed, seen: "Salesforce, Keycloak, Entra"},
	{at: toRefresh, words: []string{"grant type", "grant_type"}, cause: RefreshNotEnabled, seen: "FOSOAuthServerBundle"},
	{at: toRefresh, code: []string{"unauthorized_client", "unsupported_grant_type"}, when: wordless, cause: RefreshNotEnabled, seen: "RFC 6749 section 5.2"},
	{at: toRedeem, words: []string{"parameter scope", "parameter 'scope'", "requested scope"}, cause: ScopeNotEnabled, seen: "Entra AADSTS28000"},
	{words: []string{"bearer-only", "no connections enabled", "grant type", "grant_type", "authorization_code grant", "authorization code grant", "authorization grant '", "response_type", "response type", "code flow", "standard flow"}, cause: GrantNotEnabled, seen: "Auth0, Keycloak, Ory"},
	{code: []string{"unsupported_grant_type", "unsupported_response_type"}, cause: GrantNotEnabled, seen: "RFC 6749 section 5.2"},
	{at: toRedeem, code: []string{"invalid_grant", "bad_verification_code", "invalid_code", "bad_auth_code", "code_already_used", "code_expired", "bad_code"}, cause: CodeExpiredOrUsed, seen: "RFC 6749 section 5.2, GitHub, Slack"},
	{at: toRefresh, code: []string{"invalid_grant", "invalid_refresh_token", "bad_refresh_token", "token_expired", "token_revoked", "expired_token"}, cause: RefreshTokenRefused, seen: "RFC 6749 section 5.2, Slack"},
	{at: toRedeem, when: aboutTheCode, cause: CodeExpiredOrUsed, seen: "Strava"},

	// The client ID.
	{at: authorize, words: []string{"app.notfound", "client is not authorized to connect", "client disabled"}, cause: ClientIDUnknown, seen: "Zitadel, Nextcloud, Keycloak"},
	{words: []string{"unknown client", "error validating application", "client not found", "client was not found", "no client found", "no such client", "unknown application", "application not found", "app not found", "cannot_be_found", "application with identifier", "unregistered client", "client is not registered"}, cause: ClientIDUnknown, seen: "IdentityServer, Google, Auth0, Shopify"},
	{when: aboutTheID, cause: ClientIDUnknown, seen: "Discord"},
	{words: clientIDs, and: noSuch, cause: ClientIDUnknown, seen: "goiabada, Okta, Strava"},

	// A parameter that this login did not send.
	{at: toAuthorize, when: namesAbsentParameter, cause: ParameterMissing, seen: "FranceConnect"},

	// Scopes.
	{at: toAuthorize, words: []string{"scope"}, cause: ScopeNotEnabled, seen: "RFC 6749 section 4.1.2.1, Cognito"},
	{code: []string{"invalid_scope"}, cause: ScopeNotEnabled, seen: "RFC 6749 section 5.2"},

	{at: authorize, words: []string{"client_id", "client id", "invalid_client", "invalid client"}, cause: ClientIDUnknown, seen: "Spotify"},

	// The user again, with other codes.
	{at: authorize, words: []string{"tester", "not assigned", "policy"}, cause: UserNotAllowed, seen: "Google, Entra, Okta"},

	// Codes and statuses by themselves.
	{at: forTokens, words: []string{"authorization code", "auth code", "verification code", "code parameter", "code was not found", "matching code", "expired code", "invalid code", "code is invalid", "code expired", "code has expired", "already been used", "already redeemed"}, cause: CodeExpiredOrUsed, seen: "Twitch, Atlassian"},
	{at: toAuthorize, code: []string{"unauthorized_client"}, cause: GrantNotEnabled, seen: "RFC 6749 section 4.1.2.1"},
	{at: toRedeem, code: []string{"unauthorized_client"}, when: wordless, cause: GrantNotEnabled, seen: "RFC 6749 section 5.2"},
	{code: []string{"server_error", "temporarily_unavailable", "internal_error", "internal_server_error"}, cause: ServerFailed, seen: "RFC 6749 section 4.1.2.1"},
	{at: authorize, when: clientCode, cause: ClientIDUnknown, seen: "nothing else of the client is read there"},
	{at: asClient, words: []string{"csrf", "content-type must be", "content type must be", "must be application/json", "unsupported content", "unsupported media"}, cause: TokenEndpointUnusable, seen: "Laravel, NestJS"},
	{at: asClient, words: []string{"invalid client"}, method: asPublic, cause: ClientSecretMissing, seen: "Twitch"},
	{at: asClient, words: []string{"invalid client"}, cause: ClientRefused, seen: "Twitch"},
	{at: asClient, when: clientRefusal, method: asPublic, cause: ClientSecretMissing, seen: "RFC 6749 section 5.2"},
	{at: asClient, when: clientRefusal, cause: ClientRefused, seen: "RFC 6749 section 5.2, Auth0"},
	{at: toRedeem, when: Answer.EndsEveryLogin, status: serverErrors, cause: ServerFailed, seen: "RFC 9110 section 15.6"},
	{at: toRedeem, when: Answer.EndsEveryLogin, cause: TokenEndpointUnusable, seen: "RFC 9110 section 15.5"},
	{status: serverErrors, cause: ServerFailed, seen: "RFC 9110 section 15.6"},
}
