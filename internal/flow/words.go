package flow

import "oauth-test-client/internal/wire"

// stepWords says what each step is for.
var stepWords = map[wire.Purpose]string{
	wire.APIAsked:             "The client calls the API without a token. Its refusal says where to learn who issues tokens for it (RFC 9728 section 5.1).",
	wire.ResourceMetadata:     "The API says which authorization servers issue its tokens, and what it calls itself (RFC 9728 section 2).",
	wire.Registration:         "The server gives this client an ID, and a secret if it wants one (RFC 7591 section 3). Once; the next login uses the same.",
	wire.Metadata:             "The client reads where the server's endpoints are (RFC 8414 section 3).",
	wire.PushedRequest:        "The client sends the authorization request to the server itself, and gets a request_uri that stands for it (RFC 9126 section 2).",
	wire.AuthorizationRequest: "The client sends the browser to the authorization server, with what it asks for (RFC 6749 section 4.1.1).",
	wire.Consent:              "The user signs in there and allows, or denies, what is asked for. The client sees nothing of it.",
	wire.Response:             "The authorization server sends the browser back with a code, or an error (RFC 6749 section 4.1.2).",
	wire.TokenRequest:         "The client exchanges the code for tokens, and proves that it began this login (RFC 6749 section 4.1.3, RFC 7636 section 4.5).",
	wire.Keys:                 "The client fetches the keys that the ID token's signature is verified with (RFC 7517 section 5).",
	wire.IDTokenCheck: "The client checks the ID token before it believes it: signature, issuer, audience, times and nonce " +
		"(OpenID Connect Core section 3.1.3.7).",
	wire.Refresh:        "The client exchanges the refresh token for a new access token (RFC 6749 section 6).",
	wire.Userinfo:       "The client asks who the user is (OpenID Connect Core section 5.3).",
	wire.Introspection:  "The client asks what the server knows of a token (RFC 7662 section 2).",
	wire.Revocation:     "The client ends a token (RFC 7009 section 2).",
	wire.APIProbe:       "The client finds out how this API is called: by POST, and within a session if it wants one.",
	wire.API:            "The client calls the API with the access token (RFC 6750 section 2.1).",
	wire.APIWithout:     "The same call without a token. The API has to refuse it (RFC 6750 section 3).",
	wire.APIAltered:     "The same call with one character of the token changed. The API has to refuse it (RFC 6750 section 3.1).",
	wire.APIWithIDToken: "The same call with the ID token, which is for the client. The API has to refuse it (RFC 9068 section 2).",
}

type wordsOf struct{ about, section string }

// parameterWords says what each parameter is for, in one line, and where that is written.
var parameterWords = map[string]wordsOf{
	"response_type":              {"what should come back: a code", "RFC 6749 section 3.1.1"},
	"client_id":                  {"which OAuth application asks", "RFC 6749 section 2.2"},
	"client_secret":              {"proves that the application asks, and nobody else", "RFC 6749 section 2.3.1"},
	"request_uri":                {"stands for the request that the client has sent to the server itself", "RFC 9126 section 4"},
	"redirect_uri":               {"where the browser is sent back to; registered exactly like this", "RFC 6749 section 3.1.2"},
	"scope":                      {"what is asked for", "RFC 6749 section 3.3"},
	"state":                      {"ties the response to this browser's login", "RFC 6749 section 10.12"},
	"nonce":                      {"ties the ID token to this login", "OpenID Connect Core section 3.1.2.1"},
	"code_challenge":             {"the hash of a secret that is shown later, with the code", "RFC 7636 section 4.2"},
	"code_challenge_method":      {"how it was hashed", "RFC 7636 section 4.3"},
	"code_verifier":              {"the secret behind the challenge: who has the code but not this gets nothing", "RFC 7636 section 4.5"},
	"code":                       {"good once, and for a short time, for tokens", "RFC 6749 section 4.1.2"},
	"iss":                        {"which server sends this response", "RFC 9207 section 2"},
	"error":                      {"what went wrong, as a code", "RFC 6749 section 4.1.2.1"},
	"error_description":          {"what went wrong, in words", "RFC 6749 section 4.1.2.1"},
	"error_uri":                  {"where more is said about it", "RFC 6749 section 4.1.2.1"},
	"grant_type":                 {"what is exchanged for tokens", "RFC 6749 section 4.1.3"},
	"refresh_token":              {"brings a new access token", "RFC 6749 section 6"},
	"token":                      {"the token that this is about", "RFC 7662 section 2.1, RFC 7009 section 2.1"},
	"token_type_hint":            {"which kind of token it is", "RFC 7009 section 2.1"},
	"prompt":                     {"whether the server asks again", "OpenID Connect Core section 3.1.2.1"},
	"login_hint":                 {"who is likely to sign in", "OpenID Connect Core section 3.1.2.1"},
	"max_age":                    {"how many seconds ago the user may have signed in", "OpenID Connect Core section 3.1.2.1"},
	"acr_values":                 {"how strongly the user should sign in", "OpenID Connect Core section 3.1.2.1"},
	"ui_locales":                 {"the languages of the server's pages", "OpenID Connect Core section 3.1.2.1"},
	"resource":                   {"the API that the access token is for", "RFC 8707 section 2"},
	"audience":                   {"the API that the access token is for, as Auth0 names it", "Auth0"},
	"client_name":                {"what the server's pages call the application", "RFC 7591 section 2"},
	"application_type":           {"native: it runs on the user's own machine; web: on a server", "OpenID Connect Dynamic Client Registration section 2"},
	"redirect_uris":              {"where the browser may be sent back to: exactly here", "RFC 7591 section 2"},
	"grant_types":                {"what the client may exchange for tokens", "RFC 7591 section 2"},
	"response_types":             {"what may come back with the browser: a code", "RFC 7591 section 2"},
	"token_endpoint_auth_method": {"how the client wants to prove who it is", "RFC 7591 section 2"},
	"post_logout_redirect_uris":  {"where the browser may go after signing out", "OpenID Connect RP-Initiated Logout section 3.1"},
	"session_state":              {"whether the user is still signed in", "OpenID Connect Session Management section 2"},
	"id_token_hint":              {"who signs out", "OpenID Connect RP-Initiated Logout section 2"},
	"post_logout_redirect_uri":   {"where the browser goes after signing out", "OpenID Connect RP-Initiated Logout section 2"},
}
