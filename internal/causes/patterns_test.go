package causes

import (
	"net/http"
	"strings"
	"testing"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
)

// answerOf is the answer of a server with a body.
func answerOf(step wire.Purpose, method string, status int, contentType, body string) Answer {
	header := http.Header{}
	if contentType != "" {
		header.Set("Content-Type", contentType)
	}
	return Read(step, method, &wire.Exchange{Status: status, ResponseHeader: wire.NewHeader(header), ResponseBody: body, URL: "https://auth.example/token"})
}

const (
	asJSON = "application/json"
	asHTML = "text/html; charset=utf-8"
)

// What a token endpoint says names its cause, however the server writes it.
func TestCause_TokenEndpoint(t *testing.T) {
	t.Parallel()
	const basic, post, none = config.MethodBasic, config.MethodPost, config.MethodNone
	for _, row := range []struct {
		server, method string
		status         int
		body           string
		want           Name
	}{
		{"the RFC", basic, 401, `{"error":"invalid_client"}`, ClientRefused},
		{"the RFC, without a secret", none, 401, `{"error":"invalid_client"}`, ClientSecretMissing},
		{"the RFC: the code", basic, 400, `{"error":"invalid_grant"}`, CodeExpiredOrUsed},
		{"the RFC: the code, with a 401", basic, 401, `{"error":"invalid_grant"}`, CodeExpiredOrUsed},
		{"the RFC: the grant", basic, 400, `{"error":"unauthorized_client"}`, GrantNotEnabled},
		{"the RFC: no such grant", basic, 400, `{"error":"unsupported_grant_type"}`, GrantNotEnabled},
		{"Auth0: the secret", basic, 401, `{"error":"access_denied","error_description":"Unauthorized"}`, ClientRefused},
		{"Auth0: the grant", basic, 403, `{"error":"unauthorized_client","error_description":"Grant type 'authorization_code' not allowed for the client."}`, GrantNotEnabled},
		{"Auth0: the API", basic, 403, `{"error":"access_denied","error_description":"Service not found: https://api.example"}`, ResourceUnknown},
		{"Slack: the secret", basic, 200, `{"ok":false,"error":"bad_client_secret"}`, ClientSecretWrong},
		{"Slack: the ID", basic, 200, `{"ok":false,"error":"invalid_client_id"}`, ClientIDUnknown},
		{"Slack: the code", basic, 200, `{"ok":false,"error":"invalid_code"}`, CodeExpiredOrUsed},
		{"Gitea: the ID", post, 400, `{"error":"invalid_client","error_description":"cannot load client with client id: \"x\""}`, ClientIDUnknown},
		{"Gitea: the secret", post, 400, `{"error":"unauthorized_client","error_description":"invalid client secret"}`, ClientSecretWrong},
		{"Gitea: the redirect URI", post, 400, `{"error":"unauthorized_client","error_description":"unexpected redirect URI"}`, RedirectURINotRegistered},
		{"Gitea: the verifier", post, 400, `{"error":"unauthorized_client","error_description":"failed PKCE code challenge"}`, PKCEVerifierRefused},
		{"osin: the secret", basic, 200, `{"error":"unauthorized_client","error_description":"The client is not authorized to request a token using this method."}`, ClientRefused},
		{"osin: no credentials found", basic, 200, `{"error":"invalid_request","error_description":"Client authentication not sent: credentials not found"}`, AuthMethodWrong},
		{"Ory: any refusal of the client", basic, 401, `{"error":"invalid_client","error_description":"Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method)."}`, ClientRefused},
		{"Ory: the ID", basic, 401, `{"error":"invalid_client","error_description":"Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method). The requested OAuth 2.0 Client does not exist."}`, ClientIDUnknown},
		{"Ory: the ID, in the hint", basic, 401, `{"error":"invalid_client","error_description":"Client authentication failed.","error_hint":"The requested OAuth 2.0 Client does not exist."}`, ClientIDUnknown},
		{"Doorkeeper: the client", post, 401, `{"error":"invalid_client","error_description":"Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method."}`, ClientRefused},
		{"Doorkeeper: the code", post, 400, `{"error":"invalid_grant","error_description":"The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client."}`, CodeExpiredOrUsed},
		{"Keycloak: the client", basic, 401, `{"error":"unauthorized_client","error_description":"Invalid client or Invalid client credentials"}`, ClientRefused},
		{"Keycloak: no secret", none, 401, `{"error":"unauthorized_client","error_description":"Client secret not provided in request"}`, ClientSecretMissing},
		{"Keycloak: signed JWT", basic, 400, `{"error":"invalid_client","error_description":"Parameter client_assertion_type is missing"}`, ClientAssertionRequired},
		{"Authelia: the method", post, 401, `{"error":"invalid_client","error_description":"The request was determined to be using 'token_endpoint_auth_method' method 'client_secret_post', however the OAuth 2.0 client registration does not allow this method."}`, AuthMethodWrong},
		{"Entra: the secret", post, 401, `{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided."}`, ClientSecretWrong},
		{"Entra: no secret", none, 401, `{"error":"invalid_client","error_description":"AADSTS7000218: The request body must contain the following parameter: 'client_assertion' or 'client_secret'."}`, ClientSecretMissing},
		{"Entra: public", post, 401, `{"error":"invalid_client","error_description":"AADSTS700025: Client is public so neither 'client_assertion' nor 'client_secret' should be presented."}`, ClientIsPublic},
		{"Entra: the ID", post, 400, `{"error":"unauthorized_client","error_description":"AADSTS700016: Application with identifier 'x' was not found in the directory 'y'."}`, ClientIDUnknown},
		{"Entra: single-page", post, 400, `{"error":"invalid_request","error_description":"AADSTS9002327: Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests."}`, ClientTypeWrong},
		{"GitHub: the client", basic, 200, `{"error":"incorrect_client_credentials","error_description":"The client_id and/or client_secret passed are incorrect."}`, ClientRefused},
		{"GitHub: the code", basic, 200, `{"error":"bad_verification_code","error_description":"The code passed is incorrect or expired."}`, CodeExpiredOrUsed},
		{"Google: the ID", post, 401, `{"error":"invalid_client","error_description":"The OAuth client was not found."}`, ClientIDUnknown},
		{"Okta: DPoP", basic, 400, `{"error":"invalid_dpop_proof","error_description":"The DPoP proof JWT header is missing."}`, DPoPRequired},
		{"DPoP with another code", basic, 400, `{"error":"invalid_request","error_description":"DPoP header is required"}`, DPoPRequired},
		{"Okta: the secret", basic, 401, `{"error":"invalid_client","error_description":"The client secret supplied for a confidential client is invalid."}`, ClientSecretWrong},
		{"a client certificate", basic, 401, `{"error":"invalid_client","error_description":"mutual TLS client certificate required"}`, MTLSRequired},
		{"the MCP Python SDK: Basic alone", basic, 401, `{"error":"invalid_client","error_description":"Missing client_id"}`, AuthMethodWrong},
		{"everything that may be wrong", basic, 401, `{"error":"invalid_client","error_description":"client authentication failed: unknown client, wrong secret, or a method that isn't enabled for this client"}`, ClientRefused},
		{"an unknown client alone", basic, 401, `{"error":"invalid_client","error_description":"unknown client"}`, ClientIDUnknown},
		{"Twitch: Basic alone", basic, 400, `{"status":400,"message":"missing client id"}`, AuthMethodWrong},
		{"Twitch: the secret", post, 403, `{"status":403,"message":"invalid client secret"}`, ClientSecretWrong},
		{"Dropbox: either", post, 400, `{"error":"invalid_client: Invalid client_id or client_secret"}`, ClientRefused},
		{"Bitbucket: either", basic, 400, `{"error":"unauthorized_client","error_description":"Invalid OAuth client credentials"}`, ClientRefused},
		{"VK: the ID", post, 401, `{"error":"invalid_client","error_description":"client_id is incorrect"}`, ClientIDUnknown},
		{"Strava: the ID", post, 400, `{"message":"Bad Request","errors":[{"resource":"Application","field":"client_id","code":"invalid"}]}`, ClientIDUnknown},
		{"Strava: the code", post, 400, `{"message":"Bad Request","errors":[{"resource":"AuthorizationCode","field":"code","code":"invalid"}]}`, CodeExpiredOrUsed},
		{"Facebook: the secret", post, 400, `{"error":{"message":"Error validating client secret.","type":"OAuthException","code":1}}`, ClientSecretWrong},
		{"Zoom: either", basic, 401, `{"reason":"Invalid client_id or client_secret","error":"invalid_client"}`, ClientRefused},
		{"Logto", basic, 401, `{"code":"oidc.invalid_client","message":"Client authentication failed."}`, ClientRefused},
		{"Reddit", basic, 401, `{"message":"Unauthorized","error":401}`, ClientRefused},
		{"a problem document", basic, 401, `{"type":"about:blank","title":"Unauthorized","status":401,"detail":"The client secret is invalid."}`, ClientSecretWrong},
		{"LinkedIn", post, 401, `{"error":"invalid_client","error_description":"Client authentication failed"}`, ClientRefused},
		{"too many", basic, 429, `{"error":"invalid_client"}`, RateLimited},
		{"out of order", basic, 503, `{"error":"temporarily_unavailable"}`, ServerFailed},
		{"nothing known", basic, 400, `{"error":"weird","error_description":"What?"}`, ""},
	} {
		t.Run(row.server, func(t *testing.T) {
			t.Parallel()
			if got := answerOf(wire.TokenRequest, row.method, row.status, asJSON, row.body).Cause(); got != row.want {
				t.Errorf("is %q; want %q", got, row.want)
			}
		})
	}
}

// What is no token endpoint, or stands in front of it, is told from a refusal of the client.
func TestCause_NoTokenEndpoint(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, contentType, body string
		status                  int
		want                    Name
	}{
		{"no such path", asHTML, "<h1>Not Found</h1>", 404, TokenEndpointUnusable},
		{"only JSON", asJSON, `{"message":"Unsupported Media Type"}`, 415, TokenEndpointUnusable},
		{"moved", asHTML, "", 301, TokenEndpointUnusable},
		{"a firewall's page", asHTML, "<title>Attention Required!</title><h1>Sorry, you have been blocked</h1>", 403, TokenEndpointUnusable},
		{"a failure's page", asHTML, "<h1>Bad Gateway</h1>", 502, ServerFailed},
		{"a sign-in page", asHTML, "<form><input type=password></form>", 200, TokenEndpointUnusable},
	} {
		if got := answerOf(wire.TokenRequest, config.MethodBasic, row.status, row.contentType, row.body).Cause(); got != row.want {
			t.Errorf("%s is %q; want %q", row.name, got, row.want)
		}
	}
}

// What comes back from the authorization endpoint names its cause.
func TestCause_Authorization(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		server, code, words string
		want                Name
	}{
		{"Clerk and Ory: redirect URI", "invalid_request", "The 'redirect_uri' parameter does not match any of the OAuth 2.0 Client's pre-registered redirect urls.", RedirectURINotRegistered},
		{"Clerk and Ory: scope", "invalid_scope", "The OAuth 2.0 Client is not allowed to request scope 'x'.", ScopeNotEnabled},
		{"Cognito: scope", "invalid_request", "invalid_scope", ScopeNotEnabled},
		{"Cognito: redirect URI", "redirect_mismatch", "", RedirectURINotRegistered},
		{"Entra: redirect URI", "invalid_request", "AADSTS50011: The reply address specified does not match", RedirectURINotRegistered},
		{"Entra: http", "invalid_request", "AADSTS500117: The reply URI specified in the request isn't using a secure scheme: https.", RedirectURINotHTTPS},
		{"Google", "redirect_uri_mismatch", "Bad Request", RedirectURINotRegistered},
		{"Spotify: localhost", "", "INVALID_CLIENT: Insecure redirect URI", RedirectURINotHTTPS},
		{"Spotify: the ID", "", "INVALID_CLIENT: Invalid client", ClientIDUnknown},
		{"Auth0: the ID", "invalid_request", "Unknown client: abc", ClientIDUnknown},
		{"Keycloak: PAR", "invalid_request", "Pushed Authorization Request is only allowed.", PARRequired},
		{"OpenIddict: PKCE", "invalid_request", "The mandatory 'code_challenge' parameter is missing.", PKCERequired},
		{"no S256", "invalid_request", "code_challenge_method S256 is not supported", PKCERefused},
		{"Okta: policy", "access_denied", "Policy evaluation failed for this request, please check the policy configurations.", UserNotAllowed},
		{"Google: testers", "access_denied", "The app can only be accessed by developer-approved testers", UserNotAllowed},
		{"Auth0: blocked", "unauthorized", "user is blocked", UserNotAllowed},
		{"the user's no", "access_denied", "The resource owner denied the request.", AccessDenied},
		{"the grant", "unauthorized_client", "", GrantNotEnabled},
		{"the API", "invalid_target", "", ResourceUnknown},
		{"Auth0: the API", "access_denied", "Service not found: https://a.example", ResourceUnknown},
		{"Apple", "invalid_request", "response_mode must be form_post when name or email scope is requested.", FormPostRequired},
		{"a signed request", "invalid_request", "Request object is required for this client", RequestObjectRequired},
		{"nothing known", "weird", "What?", ""},
	} {
		if got := Said(wire.Response, 302, row.code, row.words).Cause(); got != row.want {
			t.Errorf("%s is %q; want %q", row.server, got, row.want)
		}
	}
}

// What we sent is no word of the server's, even if it repeats it.
func TestAnswer_Without(t *testing.T) {
	t.Parallel()
	a := Said(wire.Response, 400, "invalid_request", "Bad request for my-client-secret-app")
	if a.Without("my-client-secret-app").Says("client") {
		t.Error("a client ID that the server repeats is read as its words")
	}
	if !a.Says("client-secret") {
		t.Error("without it, the words are not read")
	}
}

// Every pattern names a cause of the table, and who says so.
func TestPatterns_NameCauses(t *testing.T) {
	t.Parallel()
	for i, p := range patterns {
		if Of(p.cause).Name == "" || p.seen == "" {
			t.Errorf("pattern %d names %q, seen at %q", i, p.cause, p.seen)
		}
	}
}

// Each word and each code that a pattern looks for decides by itself, whatever stands around it.
func TestCause_EveryWord(t *testing.T) {
	t.Parallel()
	const basic, post, none = config.MethodBasic, config.MethodPost, config.MethodNone
	at := map[string]wire.Purpose{"authorize": wire.Response, "push": wire.PushedRequest, "redeem": wire.TokenRequest, "refresh": wire.Refresh}
	for _, row := range []struct {
		at, method string
		want       Name
		codes      string // alone, between blanks
		around     string // with each word in the place of the star
		words      string // between bars
	}{
		{"redeem", basic, RateLimited, "slow_down too_many_requests rate_limited rate_limit_exceeded ratelimited", "", ""},
		{"redeem", basic, DPoPRequired, "invalid_dpop_proof use_dpop_nonce", "a * here", "dpop"},
		{"authorize", "", RequestObjectRequired, "invalid_request_object", "a * here", "request object|request_object|signed authorization request|'request' or 'request_uri'|signed request"},
		{"redeem", basic, MTLSRequired, "", "a * here", "mutual tls|mutual-tls|mtls|client certificate|tls certificate|transport certificate|tls_client_auth|certificate-bound|certificate bound|x.509 cert"},
		{"redeem", basic, ClientAssertionRequired, "", "a * here", "private_key_jwt|client_secret_jwt|client_assertion|client assertion|signed jwt|jwt assertion"},
		{"redeem", basic, ParametersRenamed, "", "* is missing", "client_key|appid|app_id"},
		{"authorize", "", FormPostRequired, "", "form_post for *", "response_mode|response mode"},
		{"authorize", "", PARRequired, "", "it says *", "pushed authorization request|request_uri is required|must be pushed|pushed authorization is required|use par|par is required|par required"},
		{"push", basic, ResourceUnknown, "invalid_target invalid_resource", "", ""},
		{"redeem", basic, ResourceUnknown, "", "it says * x", "service not found|aadsts9010010|aadsts901002:|aadsts500011|resource principal"},
		{"authorize", "", UserNotAllowed, "org_internal admin_policy_enforced unverified_user_email invalid_team_for_non_distributed_app", "it says * x",
			"has not consented|aadsts65001|aadsts50020|aadsts50105|aadsts90094|aadsts90095|admin consent|does not exist in tenant|within its organization|" +
				"policies within your organization|app is blocked|not permitted to access the relying party|tester|not assigned|policy"},
		{"authorize", "", AccessDenied, "access_denied user_denied user_cancelled_login user_cancelled_authorize", "", ""},
		{"redeem", basic, ClientTypeWrong, "", "it says * x", "aadsts9002327|'single-page application' client-type"},
		{"authorize", "", PKCERequired, "", "* is missing", "pkce|code_challenge|code challenge|code_verifier|code verifier|code-verifier"},
		{"authorize", "", PKCERequired, "", "pkce * x", "missing|required|requires|must|mandatory|need"},
		{"authorize", "", PKCERefused, "", "a * here", "pkce|code_challenge|code challenge|code_verifier|code verifier|code-verifier"},
		{"authorize", "", RedirectURIIPAddress, "", "a * here", "ip address|raw ip|private ip"},
		{"authorize", "", RedirectURINotRegistered, "", "a * here", "redirect|callback|domain of this url|reply url|reply address|return url|aadsts50011|koe006"},
		{"redeem", basic, RedirectURINotRegistered, "", "a * here", "redirect|callback|domain of this url|reply url|reply address|return url|aadsts50011|koe006"},
		{"redeem", basic, ClientIDUnknown, "bad_client_id invalid_client_id deleted_client client_id_not_found oauth_client_not_found unknown_client", "it says * x",
			"client does not exist|client doesn't exist|aadsts700016|koe101|unknown client|error validating application|client not found|client was not found|no client found|no such client|" +
				"unknown application|application not found|app not found|cannot_be_found|application with identifier|unregistered client|client is not registered"},
		{"authorize", "", ClientIDUnknown, "invalid_client", "it says * x", "app.notfound|client is not authorized to connect|client disabled|client_id|client id|invalid_client|invalid client"},
		{"redeem", basic, ClientIDUnknown, "", "* is unknown", "client_id|client id|clientid|client-id|client identifier|api_key|consumer key|client_key|client key|app id|app_id|appid"},
		{"redeem", basic, ClientIDUnknown, "", "client_id * x", "unknown|not found|does not exist|doesn't exist|not exist|invalid|no such|not registered|unregistered|not recognized|" +
			"unrecognized|not valid|could not find|cannot find|disabled|deleted|mismatch|wrong|incorrect|unauthorized"},
		{"redeem", basic, ClientSecretWrong, "bad_client_secret invalid_client_secret client_secret_mismatch", "it says * x",
			"client_secret|client secret|clientsecret|invalid secret|wrong secret|bad secret|secret is|secret mismatch|or secret|aadsts7000215|invalid_client_secret"},
		{"redeem", none, ClientSecretMissing, "", "it says * x", "client_secret|client secret|clientsecret|invalid secret|wrong secret|bad secret|secret is|secret mismatch|or secret|" +
			"client authentication|must authenticate|confidential|aadsts7000218|no client authentication included|invalid client"},
		{"redeem", post, ClientIsPublic, "", "it says * x", "aadsts700025"},
		{"redeem", basic, AuthMethodWrong, "", "it says * x", "authentication method|auth method|auth_method|not allow this method|multiple authentication|client_secret_basic|client_secret_post"},
		{"redeem", post, AuthMethodWrong, "", "it says * x", "http basic|basic auth|authorization header"},
		{"redeem", basic, AuthMethodWrong, "", "* is missing", "client_id|client id|clientid|client-id|client identifier|api_key|consumer key|client key|app id|credentials|client authentication"},
		{"redeem", basic, AuthMethodWrong, "", "credentials * x", "missing|required|not provided|not sent|not present|must be provided|must provide|must contain|is empty|no client|not specified|" +
			"blank|[null]|param error|credentials not found"},
		{"redeem", basic, AuthMethodWrong, "", "client_id or client_secret *", "missing|not sent"},
		{"redeem", basic, ClientRefused, "", "client_id or client_secret *", "wrong|bad"},
		{"redeem", basic, ClientRefused, "", "* client secret", "missing or|or missing"},
		{"redeem", basic, ClientRefused, "", "it says * x", "no client authentication included|client credentials|invalid_credentials|invalid credentials|bad credentials|invalid client or|invalid client"},
		{"redeem", basic, PKCERefused, "", "pkce * x", "not enabled|not allowed|not supported|unsupported|unexpected|unknown|must not|not expected|unrecognized|disabled|extra|not permitted|should not exist"},
		{"redeem", basic, CodeExpiredOrUsed, "invalid_grant bad_verification_code invalid_code bad_auth_code code_already_used code_expired bad_code", "it says * x",
			"invalid, expired, revoked|authorization code|auth code|verification code|code parameter|" +
				"code was not found|matching code|expired code|invalid code|code is invalid|code expired|code has expired|already been used|already redeemed"},
		{"redeem", basic, PKCEVerifierRefused, "", "it says * x", "pkce|code_challenge|code challenge|code_verifier|code verifier|code-verifier"},
		{"refresh", basic, RefreshTokenRefused, "invalid_grant invalid_refresh_token bad_refresh_token token_expired token_revoked expired_token", "it says * x", "invalid, expired, revoked"},
		{"refresh", basic, RefreshNotEnabled, "unauthorized_client unsupported_grant_type", "it says * x", "grant type|grant_type"},
		{"redeem", basic, ScopeNotEnabled, "invalid_scope", "it says * x", "parameter scope|parameter 'scope'|requested scope"},
		{"authorize", "", ScopeNotEnabled, "invalid_scope", "it says * x", "scope"},
		{"redeem", basic, GrantNotEnabled, "unsupported_grant_type unsupported_response_type unauthorized_client", "it says * x",
			"bearer-only|no connections enabled|grant type|grant_type|authorization_code grant|authorization code grant|authorization grant '|response_type|response type|code flow|standard flow"},
		{"redeem", basic, ClientRefused, "invalid_client bad_client access_denied unauthorized not_authorized authentication_failed forbidden wrong_client_credentials", "", ""},
		{"redeem", none, ClientSecretMissing, "invalid_client access_denied unauthorized not_authorized authentication_failed forbidden", "", ""},
		{"redeem", basic, ServerFailed, "server_error temporarily_unavailable internal_error internal_server_error", "", ""},
		{"redeem", basic, TokenEndpointUnusable, "", "it says * x", "csrf|content-type must be|content type must be|must be application/json|unsupported content|unsupported media"},
	} {
		is := func(code, words string) {
			a := Answer{Step: at[row.at], Method: row.method, Status: 400, Refused: true, Refusal: wire.Refusal{Code: code, Words: words}}
			if got := a.Without().Cause(); got != row.want {
				t.Errorf("%s with %q: %q %q is %q; want %q", row.at, row.method, code, words, got, row.want)
			}
		}
		for code := range strings.FieldsSeq(row.codes) {
			is(code, "")
		}
		for word := range strings.SplitSeq(row.words, "|") {
			if word != "" {
				is("weird", strings.ReplaceAll(row.around, "*", word))
			}
		}
	}
	for _, word := range strings.Split("tester|not assigned|aadsts50105|policy|blocked|not allowed|not permitted|not a member|restricted|suspended|admin", "|") {
		for _, code := range []string{"access_denied", "unauthorized"} {
			if got := Said(wire.Response, 302, code, "it says "+word+" x").Cause(); got != UserNotAllowed {
				t.Errorf("%s with %s is %q", code, word, got)
			}
		}
	}
}
