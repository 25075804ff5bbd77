package check

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"oauth-test-client/internal/testserver"
)

// The recordings. If a server and its version are named, the answers come from it, or from its source. The others were seen
// on servers whose names do not matter.

// LemonLDAP::NG 2.16.1 answers JSON to every client that doesn't ask as a browser.
var lemonBrowser = server{authorize: func(a asked) recorded {
	accept := a.Header.Get("Accept")
	if !strings.HasPrefix(accept, "text/html") || strings.Contains(accept, "json") {
		return recorded{401, jsonType, "", `{"result":0,"error":9}`}
	}
	if a.redirectURI != testserver.CheckedURI || !a.ours {
		return recorded{400, "text/html", "", "<html><body>redirect_uri is not allowed</body></html>"}
	}
	return recorded{200, "text/html", "", signIn}
}}

// Better Auth 1.7.5 sends the redirect in JSON, to every client.
var betterAuth = server{authorize: func(a asked) recorded {
	to := "/sign-in?client_id=" + url.QueryEscape(a.clientID)
	switch {
	case !a.ours:
		to = "http://" + a.Host + "/api/auth/error?error=invalid_client&error_description=client_id+is+required"
	case a.redirectURI != testserver.CheckedURI:
		to = "http://" + a.Host + "/api/auth/error?error=invalid_redirect&error_description=invalid+redirect+uri"
	}
	return recorded{200, jsonType, "", fmt.Sprintf(`{"redirect":true,"url":%q}`, to)}
}}

// Better Auth 1.7.5 with the code grant off: an error page, and its address says which error.
var betterAuthNoGrant = server{authorize: func(a asked) recorded {
	if a.URL.Query().Get("error") != "" {
		return recorded{200, "text/html", "", "<html><body>ERROR Something went wrong CODE: unauthorized_client</body></html>"}
	}
	to := "?error=unauthorized_client&error_description=client+is+not+authorized+to+use+the+authorization_code+grant"
	if !a.ours {
		to = "?error=invalid_client&error_description=client_id+is+required"
	}
	return recorded{302, "", "http://" + a.Host + "/authorize" + to, ""}
}}

// Doorkeeper (lib/doorkeeper/oauth/error_response.rb at 0800715) answers every error with 401.
var doorkeeper = server{
	token: func(a asked) recorded {
		if !a.right {
			return recorded{
				401,
				jsonType,
				`Bearer realm="Doorkeeper", error="invalid_client"`,
				`{"error":"invalid_client","error_description":"Client authentication failed due to unknown client, no client authentication ` +
					`included, or unsupported authentication method."}`,
			}
		}
		return recorded{
			401,
			jsonType,
			`Bearer realm="Doorkeeper", error="invalid_grant"`,
			`{"error":"invalid_grant","error_description":"The provided authorization grant is invalid, expired, revoked, does not match the ` +
				`redirection URI used in the authorization request, or was issued to another client."}`,
		}
	},
}

// A server that has members of its own for a wrong secret, and those of OAuth for the rest.
var ownMembers = server{token: func(a asked) recorded {
	if !a.right {
		return recorded{400, jsonType, "", `{"code":400,"error_code":"invalid_credentials","msg":"invalid client credentials"}`}
	}
	return recorded{400, jsonType, "", `{"error":"invalid_grant","error_description":"Invalid authorization code"}`}
}}

// A proxy in front of a token endpoint that checks the credentials itself.
var plainUnauthorized = server{token: func(a asked) recorded {
	if !a.right {
		return recorded{401, "text/plain", `Basic realm="token"`, "Unauthorized"}
	}
	return recorded{400, jsonType, "", `{"error":"invalid_grant"}`}
}}

// @modelcontextprotocol/sdk 1.32.2 reads form fields only.
var formOnly = server{
	token: func(a asked) recorded {
		switch {
		case a.method == "client_secret_basic":
			return recorded{
				400,
				jsonType,
				"",
				`{"error":"invalid_request","error_description":"[{\"expected\":\"string\",\"code\":\"invalid_type\",\"path\":[\"client_id\"],` +
					`\"message\":\"Invalid input: expected string, received undefined\"}]"}`,
			}
		case !a.right:
			return recorded{400, jsonType, "", `{"error":"invalid_client","error_description":"Invalid client_secret"}`}
		}
		return recorded{400, jsonType, "", `{"error":"invalid_grant"}`}
	},
}

// @modelcontextprotocol/sdk 1.32.2 with the provider of its examples, which fails on an invented code.
var formOnlyFails = server{token: func(a asked) recorded {
	if a.right && a.method == "client_secret_post" {
		return recorded{500, jsonType, "", `{"error":"server_error","error_description":"Internal Server Error"}`}
	}
	return formOnly.token(a)
}}

// LemonLDAP::NG 2.16.1 does not look at the secret of a public client.
var lemonPublic = server{token: func(a asked) recorded {
	switch {
	case !a.ours && a.method == "client_secret_basic":
		return recorded{401, jsonType, "Basic", `{"error":"invalid_client"}`}
	case !a.ours:
		return recorded{400, jsonType, "", `{"error":"invalid_client"}`}
	case a.grant == "refresh_token":
		return recorded{400, jsonType, "", `{"error":"invalid_request"}`}
	}
	return recorded{400, jsonType, "", `{"error":"invalid_grant"}`}
}}

// A server that sends the error to the redirect URI that it does not know, without state.
var sendsAnywhere = server{authorize: func(a asked) recorded {
	switch {
	case !a.ours:
		return recorded{404, "text/html", "", "<html><body>Invalid client_id.</body></html>"}
	case a.redirectURI != testserver.CheckedURI:
		return recorded{302, "", a.redirectURI + "?error=invalid_request&error_description=Unregistered+redirect_uri", ""}
	}
	return recorded{200, "text/html", "", signIn}
}}

// A server on Authlib 1.2.0 that hands every error to the library sends unauthorized_client back.
var authlibBack = server{authorize: func(a asked) recorded {
	if !a.ours || a.redirectURI != testserver.CheckedURI {
		return recorded{302, "", a.redirectURI + "?error=unauthorized_client", ""}
	}
	return recorded{200, "text/html", "", signIn}
}}

// A server on Authlib 1.2.0 that signs in first: only its token endpoint tells, and by the status alone.
var authlibFirst = server{
	authorize: func(asked) recorded { return recorded{200, "text/html", "", signIn} },
	token: func(a asked) recorded {
		switch {
		case a.right && a.method == "client_secret_basic":
			return recorded{400, jsonType, "", `{"error": "invalid_grant", "error_description": "Invalid \"code\" in request."}`}
		case !a.ours && a.method != "client_secret_basic":
			return recorded{400, jsonType, "", `{"error": "invalid_client"}`}
		}
		return recorded{401, jsonType, `Basic error="invalid_client", error_description=""`, `{"error": "invalid_client"}`}
	},
}

// github.com/go-oauth2/oauth2/v4 4.5.4 signs in first, and fails on a client that it does not know.
var goOAuth2 = server{
	authorize: func(asked) recorded { return recorded{200, "text/html", "", signIn} },
	token: func(a asked) recorded {
		switch {
		case a.grant == "refresh_token" && (a.right || !a.ours):
			return recorded{401, jsonType, "", `{"error":"invalid_grant"}`}
		case !a.ours:
			return recorded{
				500,
				jsonType,
				"",
				`{"error":"server_error","error_description":"The authorization server encountered an unexpected condition that prevented it from ` +
					`fulfilling the request"}`,
			}
		case !a.right:
			return recorded{401, jsonType, "", `{"error":"invalid_client","error_description":"Client authentication failed"}`}
		}
		return recorded{
			401,
			jsonType,
			"",
			`{"error":"invalid_grant","error_description":"The provided authorization grant (e.g., authorization code, resource owner credentials) ` +
				`or refresh token is invalid"}`,
		}
	},
}

// A server that looks the code up first, and takes no secret as well as the right one to refresh.
var refreshTells = server{token: func(a asked) recorded {
	if a.grant == "refresh_token" && (!a.ours || !a.right && a.method != "none") {
		return recorded{401, jsonType, "", `{"error":"invalid_client","error_description":"client_secret is invalid"}`}
	}
	return recorded{400, jsonType, "", `{"error":"invalid_grant"}`}
}}

// A server that repeats what it was sent, in pages with the status 200 (the words are Casdoor's).
var echoes = server{
	authorize: func(a asked) recorded {
		switch {
		case !a.ours:
			return recorded{http.StatusOK, "text/html", "", "<html><body>Invalid client id: " + a.clientID + "</body></html>"}
		case a.redirectURI != testserver.CheckedURI:
			return recorded{
				http.StatusOK,
				"text/html",
				"",
				"<html><body>Redirect URI: " + a.redirectURI + " doesn't exist in the allowed Redirect URI list</body></html>",
			}
		}
		return recorded{200, "text/html", "", signIn}
	},
}
