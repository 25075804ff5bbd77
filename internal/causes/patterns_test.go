package causes

import (
	"net/http"
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
func TestPatterns(t *testing.T) {
	t.Parallel()
	for i, p := range patterns {
		if Of(p.cause).Name == "" || p.seen == "" {
			t.Errorf("pattern %d names %q, seen at %q", i, p.cause, p.seen)
		}
	}
}
