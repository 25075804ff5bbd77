package check

import (
	"maps"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/testserver"
)

// behavior holds the answers of one kind of server, and what this app must conclude: the cause that check names, the one on
// the page of the failed login, and the fix. The same server with the right settings, or mended, has no fail and lets the
// user in.
type behavior struct {
	name   string
	seen   string         // the standard, or a public report that shows it
	server func() *played // which is sound but for this
	set    map[string]string
	wrong  map[string]string // settings that are wrong; without them everything is right
	mend   func(*played)     // or the server without its demand
	check  causes.Name       // of the first line that fails; empty for none
	page   causes.Name       // of the login; empty for one that works
	use    string            // or of a page on which tokens are used after it
	kind   causes.FixKind    // of that line's fix or, where none fails, of the page's
	fix    string            // a part of it
	says   string            // a part of what is said about it
	never  []string          // what nothing may say
}

// What the rows share.
var (
	wrongSecret = map[string]string{"CLIENT_SECRET": "an-old-secret-of-this-application"}
	unknownID   = map[string]string{"CLIENT_ID": "client-4712"}
	otherPort   = map[string]string{"PORT": "3998"}

	wrongSecretAndPort = map[string]string{"CLIENT_SECRET": wrongSecret["CLIENT_SECRET"], "PORT": otherPort["PORT"]}

	otherwise     = func(r reply) func(q) reply { return func(q) reply { return r } }
	always        = func(r reply) func(q) (reply, bool) { return func(q) (reply, bool) { return r, true } }
	noSecretWrong = []string{"client secret is wrong", string(causes.ClientSecretWrong)}
)

// onlyMethods makes a server list only these authentication methods.
func onlyMethods(methods ...string) func(map[string]any) {
	return func(d map[string]any) { d["token_endpoint_auth_methods_supported"] = methods }
}

// lacks takes members out of the metadata.
func lacks(names ...string) func(map[string]any) {
	return func(d map[string]any) {
		for _, name := range names {
			delete(d, name)
		}
	}
}

// gitea checks one thing after the other at the token endpoint.
func gitea() *played {
	p := &played{base: "https://gitea.example.com", paths: map[string]string{"authorize": "/login/oauth/authorize", "token": "/login/oauth/access_token"},
		document: lacks("revocation_endpoint"),
		badCode:  otherwise(refusal(400, "unauthorized_client", "client is not authorized")),
		unknownClient: func(r q) reply {
			return page(400, "Client ID not registered")
		},
		wrongRedirect: otherwise(page(400, "Unregistered Redirect URI")),
		wrongThere:    otherwise(refusal(400, "unauthorized_client", "unexpected redirect URI")),
		badRefresh:    otherwise(refusal(400, "unauthorized_client", "unable to parse refresh token"))}
	p.badClient = func(r q) reply {
		if r.id != playedID {
			return refusal(400, "invalid_client", "cannot load client with client id: \""+r.id+"\"")
		}
		return refusal(400, "unauthorized_client", "invalid client secret")
	}
	return p
}

// giteaSignInFirst shows its sign-in page before it looks at anything, as Gitea does for a visitor.
func giteaSignInFirst() *played {
	p := gitea()
	p.authorize = func(r q) (reply, bool) { return reply{200, "text/html", "", signIn}, !r.signedIn }
	return p
}

// goiabada refuses with pages of 200, and looks up the code before the secret.
func goiabada() *played {
	p := &played{base: "https://goiabada.example.com", paths: map[string]string{"authorize": "/auth/authorize", "token": "/auth/token"},
		unknownClient: otherwise(page(200, "Invalid client_id parameter. The client does not exist. You have not been sent anywhere.")),
		wrongRedirect: otherwise(page(200, "Invalid redirect_uri parameter. The client does not have this redirect URI registered. You have not been sent anywhere.")),
		enter:         func(r q) (reply, bool) { return to("https://goiabada.example.com/auth/pwd"), !r.signedIn },
		document:      lacks("introspection_endpoint", "revocation_endpoint"),
	}
	p.at = map[string]func(q) reply{"/auth/pwd": otherwise(reply{200, "text/html", "", signIn})}
	p.token = func(r q) (reply, bool) {
		if r.Get("grant_type") == "refresh_token" {
			return refusal(400, "invalid_client", ""), true
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		return refusal(400, "invalid_grant", "Code is invalid."), p.codes[r.Get("code")] == nil
	}
	p.badClient = otherwise(refusal(400, "invalid_client", "Client authentication failed. Please review your client_secret."))
	return p
}

// osin answers as openshift/osin does.
func osin() *played {
	return &played{noDoc: true, badClient: func(r q) reply {
		if r.method == config.MethodNone {
			return refusal(400, "invalid_request", "The request is missing a required parameter, includes an invalid parameter value, includes a parameter more than once, or is otherwise malformed.")
		}
		return refusal(400, "unauthorized_client", "The client is not authorized to request a token using this method.")
	}, unknownClient: otherwise(refusal(200, "unauthorized_client", "The client is not authorized to request a token using this method.")),
		wrongRedirect: otherwise(refusal(200, "invalid_request", "The request is missing a required parameter, includes an invalid parameter value, includes a parameter more than once, or is otherwise malformed.")),
		badCode:       otherwise(refusal(400, "invalid_grant", "The provided authorization grant (e.g., authorization code, resource owner credentials) or refresh token is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client."))}
}

// glewlwyd refuses with an empty 403.
func glewlwyd() *played {
	p := &played{base: "https://glewlwyd.example.com/api/glwd", paths: map[string]string{"authorize": "/auth"},
		unknownClient: otherwise(reply{status: 403}), wrongRedirect: otherwise(reply{status: 403}),
		badClient: otherwise(refusal(403, "unauthorized_client", "")), badCode: otherwise(refusal(403, "invalid_code", ""))}
	p.introspect = func(r q) reply {
		if !p.isClient(r) {
			return reply{status: 401}
		}
		return jsonOf(200, map[string]any{"active": false})
	}
	p.revoke = func(r q) reply {
		if !p.isClient(r) {
			return reply{status: 401}
		}
		return reply{status: 200}
	}
	return p
}

// fosite refuses as Ory, Clerk, Authelia and Pocket ID do.
func fosite() *played {
	const sentence = "Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method)."
	return &played{base: "https://slug.projects.oryapis.com", paths: map[string]string{"authorize": "/oauth2/auth", "token": "/oauth2/token"},
		unknownClient: func(r q) reply {
			return to("https://slug.projects.oryapis.com/ui/error?" + url.Values{"error": {"invalid_client"}, "error_description": {sentence + " The requested OAuth 2.0 Client does not exist."}}.Encode())
		},
		wrongRedirect: func(r q) reply {
			return to("https://slug.projects.oryapis.com/ui/error?" + url.Values{"error": {"invalid_request"}, "error_description": {"The request is missing a required parameter, includes an invalid parameter value, includes a parameter more than once, or is otherwise malformed. The 'redirect_uri' parameter does not match any of the OAuth 2.0 Client's pre-registered redirect urls."}}.Encode())
		},
		badScope: func(r q, scope string) reply {
			return r.back("invalid_scope", "The requested scope is invalid, unknown, or malformed. The OAuth 2.0 Client is not allowed to request scope '"+scope+"'.")
		},
		badClient: func(r q) reply {
			if r.id != playedID {
				return refusal(401, "invalid_client", sentence+" The requested OAuth 2.0 Client does not exist.")
			}
			return refusal(401, "invalid_client", sentence)
		},
		badCode: otherwise(refusal(400, "invalid_grant", "The provided authorization grant (e.g., authorization code, resource owner credentials) or refresh token is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client. Could not find the requested resource(s)."))}
}

// doorkeeper2 gives every refused client the same sentence.
func doorkeeper2() *played {
	return &played{base: "https://gitlab.example.org", paths: map[string]string{"authorize": "/oauth/authorize", "token": "/oauth/token"}, document: lacks("revocation_endpoint"),
		unknownClient: otherwise(page(401, "Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.")),
		wrongRedirect: otherwise(page(400, "The requested redirect URI is malformed or doesn't match the client redirect URI.")),
		badClient:     otherwise(refusal(401, "invalid_client", "Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.")),
		badCode:       otherwise(refusal(400, "invalid_grant", "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client."))}
}

// spotify refuses localhost.
func spotify() *played {
	return &played{noDoc: true, base: "https://accounts.spotify.com", paths: map[string]string{"token": "/api/token"}, redirect: []string{"http://127.0.0.1:3999/oauth_callback"},
		unknownClient: otherwise(plain(400, "INVALID_CLIENT: Invalid client")),
		wrongRedirect: func(r q) reply {
			uri := r.Get("redirect_uri")
			if strings.HasPrefix(uri, "http://") && !strings.HasPrefix(uri, "http://127.0.0.1:") && !strings.HasPrefix(uri, "http://[::1]:") {
				return plain(400, "INVALID_CLIENT: Insecure redirect URI")
			}
			return plain(400, "INVALID_CLIENT: Invalid redirect URI")
		},
		badClient: otherwise(refusal(400, "invalid_client", "Invalid client secret"))}
}

// cognito has its endpoints on another host than its issuer, and says what is wrong in the address of its error page.
func cognito() *played {
	const domain = "https://shop.auth.eu-west-1.amazoncognito.com"
	return &played{base: domain, issuer: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf",
		paths:    map[string]string{"authorize": "/oauth2/authorize", "token": "/oauth2/token"},
		document: lacks("introspection_endpoint", "code_challenge_methods_supported"),
		scopes:   []string{"openid", "email", "profile"},
		unknownClient: func(r q) reply {
			return to(domain + "/error?client_id=" + url.QueryEscape(r.Get("client_id")) + "&error=invalid_request")
		},
		wrongRedirect: otherwise(to(domain + "/error?error=redirect_mismatch&client_id=" + playedID)),
		badScope:      func(r q, _ string) reply { return r.back("invalid_request", "invalid_scope") },
		badClient:     otherwise(refusal(400, "invalid_client", "")),
		badCode:       otherwise(refusal(400, "invalid_grant", "")),
		at:            map[string]func(q) reply{"/error": otherwise(page(400, "An error was encountered with the requested page."))}}
}

// linkedIn refuses a client that sends a code verifier.
func linkedIn() *played {
	return &played{base: "https://www.linkedin.com/oauth", paths: map[string]string{"authorize": "/v2/authorization", "token": "/v2/accessToken"}, methods: []string{config.MethodPost},
		document: func(d map[string]any) {
			onlyMethods("client_secret_post")(d)
			lacks("introspection_endpoint", "revocation_endpoint", "code_challenge_methods_supported")(d)
		},
		badClient: otherwise(refusal(401, "invalid_client", "Client authentication failed")),
		badCode:   otherwise(refusal(400, "invalid_request", "Unable to retrieve access token: appid/redirect uri/code verifier does not match authorization code. Or authorization code expired. Or external member binding exists"))}
}

// okta wants a proof of possession.
func okta() *played {
	return &played{base: "https://dev-4711.okta.com/oauth2/default", paths: map[string]string{"authorize": "/v1/authorize", "token": "/v1/token"},
		badClient: otherwise(refusal(401, "invalid_client", "The client secret supplied for a confidential client is invalid.")),
		asClient:  always(refusal(400, "invalid_dpop_proof", "The DPoP proof JWT header is missing."))}
}

// auth0 writes access_denied where others write invalid_client.
func auth0() *played {
	return &played{base: "https://dev-4711.eu.auth0.com", issuer: "https://dev-4711.eu.auth0.com/", paths: map[string]string{"token": "/oauth/token"}, metadata: "/.well-known/openid-configuration",
		unknownClient: otherwise(page(400, "unauthorized_client: Unknown client")),
		wrongRedirect: otherwise(page(403, "Callback URL mismatch. The provided redirect_uri is not in the list of allowed callback URLs.")),
		badClient:     otherwise(refusal(401, "access_denied", "Unauthorized")), badCode: otherwise(refusal(403, "invalid_grant", "Invalid authorization code")),
		document: lacks("introspection_endpoint")}
}

// slack refuses with 200.
func slack() *played {
	refuses := func(code string) reply { return jsonOf(200, map[string]any{"ok": false, "error": code}) }
	return &played{noDoc: true, base: "https://slack.com", paths: map[string]string{"authorize": "/oauth/v2/authorize", "token": "/api/oauth.v2.access"},
		badClient: func(r q) reply {
			if r.id == playedID {
				return refuses("bad_client_secret")
			}
			return refuses("invalid_client_id")
		}, badCode: otherwise(refuses("invalid_code"))}
}

// bodyOnly reads the client's credentials from the body, and misses them elsewhere.
func bodyOnly(missing reply) *played {
	p := &played{methods: []string{config.MethodPost}, document: lacks("token_endpoint_auth_methods_supported", "introspection_endpoint", "revocation_endpoint")}
	p.badClient = func(r q) reply {
		if r.method != config.MethodPost {
			return missing
		}
		return refusal(401, "invalid_client", "Invalid client_secret")
	}
	return p
}

// codeFirst looks the code up before it looks at the client.
func codeFirst() *played {
	p := &played{}
	p.token = func(r q) (reply, bool) {
		p.mu.Lock()
		defer p.mu.Unlock()
		return refusal(400, "invalid_grant", ""), p.codes[r.Get("code")] == nil
	}
	return p
}

// spa is a page that a script fills, whatever is asked.
func spa(r q) (reply, bool) {
	return reply{200, "text/html", "", "<html><head><title>Discord</title></head><body><div id=app-mount></div><script src=/a.js></script></body></html>"}, !r.signedIn
}

// strava answers as its documentation and public reports have it.
func strava() *played {
	return &played{noDoc: true, base: "https://www.strava.com/oauth", methods: []string{"client_secret_post"},
		unknownClient: otherwise(jsonOf(400, map[string]any{"message": "Bad Request", "errors": []any{map[string]any{"resource": "Application", "field": "client_id", "code": "invalid"}}})),
		wrongRedirect: otherwise(jsonOf(400, map[string]any{"message": "Bad Request", "errors": []any{map[string]any{"resource": "Application", "field": "redirect_uri", "code": "invalid"}}})),
		badClient: func(r q) reply {
			switch {
			case r.Get("client_id") == "":
				return jsonOf(400, map[string]any{"message": "Bad Request", "errors": []any{map[string]any{"resource": "Application", "field": "client_id", "code": "missing"}}})
			case r.id != playedID:
				return jsonOf(400, map[string]any{"message": "Bad Request", "errors": []any{map[string]any{"resource": "Application", "field": "client_id", "code": "invalid"}}})
			}
			return jsonOf(401, map[string]any{"message": "Authorization Error", "errors": []any{map[string]any{"resource": "Application", "field": "", "code": "invalid"}}})
		},
		badCode: otherwise(jsonOf(400, map[string]any{"message": "Bad Request", "errors": []any{map[string]any{"resource": "AuthorizationCode", "field": "code", "code": "invalid"}}}))}
}

// discord answers as its documentation and public reports have it.
func discord() *played {
	return &played{noDoc: true, base: "https://discord.com/oauth2", authorize: spa, unknownClient: otherwise(page(200, "Unknown Application")), badClient: func(r q) reply {
		if r.id != playedID {
			return refusal(401, "invalid_client", "")
		}
		return refusal(401, "invalid_client", "")
	}, wrongThere: otherwise(refusal(400, "invalid_request", `Invalid "redirect_uri" in request.`)), badCode: otherwise(refusal(400, "invalid_grant", `Invalid "code" in request.`))}
}

// facebook answers as its documentation and public reports have it.
func facebook() *played {
	e := func(m string, c int) reply {
		return jsonOf(400, map[string]any{"error": map[string]any{"message": m, "type": "OAuthException", "code": c, "fbtrace_id": "AbCdEfGhIjKlMnOpQrSt"}})
	}
	return &played{noDoc: true, base: "https://graph.facebook.com/v19.0", methods: []string{"client_secret_post"}, paths: map[string]string{"token": "/oauth/access_token", "authorize": "/dialog/oauth"},
		wrongRedirect: otherwise(page(200, "URL blocked This redirect failed because the redirect URI is not white-listed in the app's client OAuth settings. Make sure that the client and web OAuth logins are on and add all your app domains as valid OAuth redirect URIs.")),
		unknownClient: otherwise(page(200, "Invalid App ID The provided app ID does not look like a valid app ID.")),
		badClient: func(r q) reply {
			if r.Get("client_id") == "" {
				return e("Missing client_id parameter.", 101)
			}
			if r.id != playedID {
				return e("Error validating application. Cannot get application info due to a system error.", 101)
			}
			return e("Error validating client secret.", 1)
		}, badCode: otherwise(e("Invalid verification code format.", 100))}
}

// hubspot answers as its documentation and public reports have it.
func hubspot() *played {
	e := func(s, m string) reply {
		return jsonOf(400, map[string]any{"status": s, "message": m, "correlationId": "0c8a8a10-1111-2222-3333-444444444444", "requestId": "a"})
	}
	return &played{noDoc: true, base: "https://api.hubapi.com/oauth/v1", methods: []string{"client_secret_post"}, authorize: func(r q) (reply, bool) { return to("https://app.hubspot.com/login?loginRedirectUrl=x"), !r.signedIn },
		at: map[string]func(q) reply{"/login": otherwise(reply{200, "text/html", "", signIn})},
		badClient: func(r q) reply {
			if r.Get("client_id") == "" {
				return e("BAD_CLIENT_ID", "missing or unknown client id")
			}
			if r.id != playedID {
				return e("BAD_CLIENT_ID", "missing or unknown client id")
			}
			return e("BAD_CLIENT_SECRET", "missing or invalid client secret")
		}, badCode: otherwise(e("BAD_AUTH_CODE", "missing or unknown auth code"))}
}

// keycloak answers as its documentation and public reports have it.
func keycloak() *played {
	return &played{base: "https://kc.example.com/realms/shop/protocol/openid-connect", issuer: "https://kc.example.com/realms/shop", unknownClient: otherwise(page(400, "We are sorry... Client not found.")),
		wrongRedirect: otherwise(page(400, "We are sorry... Invalid parameter: redirect_uri")),
		badScope:      func(r q, s string) reply { return r.back("invalid_scope", "Invalid scopes: "+r.Get("scope")) },
		badClient: func(r q) reply {
			switch {
			case r.id != playedID:
				return refusal(401, "invalid_client", "Invalid client or Invalid client credentials")
			case r.method == config.MethodNone:
				return refusal(401, "unauthorized_client", "Client secret not provided in request")
			}
			return refusal(401, "unauthorized_client", "Invalid client or Invalid client credentials")
		}, badCode: otherwise(refusal(400, "invalid_grant", "Code not valid")), badRefresh: nil}
}

// idserver answers as its documentation and public reports have it.
func idserver() *played {
	p := &played{base: "https://demo.duendesoftware.com/connect", issuer: "https://demo.duendesoftware.com"}
	e := func(q) reply {
		return to("https://demo.duendesoftware.com/home/error?errorId=CfDJ8NrAkS0123456789abcdefghijklmnop")
	}
	p.unknownClient, p.wrongRedirect = func(q) reply {
		return to("https://demo.duendesoftware.com/home/error?errorId=CfDJ8NrAkS0123456789abcdefghijklmnopunknown")
	}, e
	p.badScope = func(r q, s string) reply {
		return to("https://demo.duendesoftware.com/home/error?errorId=CfDJ8NrAkS0123456789abcdefghijklmnopscope")
	}
	p.at = map[string]func(q) reply{"/home/error": func(r q) reply {
		id := r.URL.Query().Get("errorId")
		switch {
		case strings.HasSuffix(id, "unknown"):
			return page(200, "Sorry, there was an error : unauthorized_client Unknown client or client not enabled Request Id: 0HN4:00000001")
		case strings.HasSuffix(id, "scope"):
			return page(200, "Sorry, there was an error : invalid_scope Invalid scope Request Id: 0HN4:00000001")
		}
		return page(200, "Sorry, there was an error : unauthorized_client Invalid redirect_uri Request Id: 0HN4:00000001")
	}}
	return p
}

// googleServer answers as its documentation and public reports have it.
func googleServer() *played {
	e := func(code, words string) func(q) reply {
		return func(q) reply {
			return to("https://accounts.google.com/signin/oauth/error?authError=Chl" + code + "&client_id=x&flowName=GeneralOAuthFlow")
		}
	}
	p := &played{base: "https://accounts.google.com", unknownClient: e("id", ""), wrongRedirect: e("redirect", "")}
	p.at = map[string]func(q) reply{"/signin/oauth/error": func(r q) reply {
		if strings.Contains(r.URL.RawQuery, "Chlid") {
			return page(200, "Access blocked: Authorization Error The OAuth client was not found. If you are a developer of this app, see error details. Error 401: invalid_client")
		}
		return page(200, "Access blocked: This app's request is invalid You can't sign in because this app sent an invalid request. Error 400: redirect_uri_mismatch")
	}}
	p.badClient = func(r q) reply {
		if r.id != playedID {
			return refusal(401, "invalid_client", "The OAuth client was not found.")
		}
		return refusal(401, "invalid_client", "Unauthorized")
	}
	p.badCode = otherwise(refusal(400, "invalid_grant", "Malformed auth code."))
	return p
}

// zitadel answers as its documentation and public reports have it.
func zitadel() *played {
	return &played{base: "https://x.zitadel.cloud/oauth/v2", issuer: "https://x.zitadel.cloud", unknownClient: otherwise(refusal(400, "invalid_request", "Errors.App.NotFound")),
		wrongRedirect: otherwise(refusal(400, "invalid_request", "The requested redirect_uri is missing in the client configuration. If you have any questions, you may contact the administrator of the application.")),
		badClient: func(r q) reply {
			if r.id != playedID {
				return refusal(400, "invalid_client", "no active client not found")
			}
			if r.method != config.MethodPost {
				return refusal(401, "invalid_client", "auth_method basic not supported")
			}
			return refusal(401, "invalid_client", "invalid secret")
		}, badCode: otherwise(refusal(400, "invalid_grant", "invalid code"))}
}

// twitter answers as its documentation and public reports have it.
func twitter() *played {
	return &played{noDoc: true, base: "https://api.x.com/2/oauth2", methods: []string{"client_secret_basic"}, authorize: spa, badClient: func(r q) reply {
		if r.method != config.MethodBasic {
			return refusal(401, "unauthorized_client", "Missing valid authorization header")
		}
		return refusal(401, "unauthorized_client", "Missing valid authorization header")
	}, badCode: otherwise(refusal(400, "invalid_request", "Value passed for the authorization code was invalid."))}
}

// kakao answers as its documentation and public reports have it.
func kakao() *played {
	e := func(s int, c, w, k string) reply {
		return jsonOf(s, map[string]any{"error": c, "error_description": w, "error_code": k})
	}
	return &played{base: "https://kauth.kakao.com", methods: []string{"client_secret_post"}, unknownClient: otherwise(page(401, "Admin Settings Issue (KOE101)")), wrongRedirect: otherwise(page(400, "Admin Settings Issue (KOE006)")),
		badClient: func(r q) reply {
			if r.Get("client_id") == "" {
				return e(401, "invalid_client", "Not exist client_id [null]", "KOE101")
			}
			if r.id != playedID {
				return e(401, "invalid_client", "Not exist client_id ["+r.id+"]", "KOE101")
			}
			return e(401, "invalid_client", "Bad client credentials", "KOE010")
		}, badCode: otherwise(e(400, "invalid_grant", "authorization code not found for code=abc", "KOE320"))}
}

// dex answers as its documentation and public reports have it.
func dex() *played {
	return &played{base: "https://dex.example.com/dex", unknownClient: otherwise(page(400, `Bad Request Invalid client_id ("abc").`)), wrongRedirect: otherwise(page(400, `Bad Request Unregistered redirect_uri ("http://x").`)),
		badClient: otherwise(refusal(401, "invalid_client", "Invalid client credentials.")), badCode: otherwise(refusal(400, "invalid_request", "Invalid or expired code parameter."))}
}

// authentik answers as its documentation and public reports have it.
func authentik() *played {
	return &played{base: "https://ak.example.com/application/o", issuer: "https://ak.example.com/application/o/app/", metadata: "/.well-known/openid-configuration",
		unknownClient: otherwise(page(400, "Client ID Error The client identifier (client_id) is missing or invalid.")),
		wrongRedirect: otherwise(page(400, "Redirect URI Error The request fails due to a missing, invalid, or mismatching redirection URI (redirect_uri).")),
		badClient:     otherwise(refusal(400, "invalid_client", "Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method)")),
		badCode:       otherwise(refusal(400, "invalid_grant", "The provided authorization grant or refresh token is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client"))}
}

// nextcloud answers as its documentation and public reports have it.
func nextcloud() *played {
	return &played{noDoc: true, base: "https://cloud.example.com/apps/oauth2", unknownClient: otherwise(page(200, "Your client is not authorized to connect. Please inform the administrator of your client.")),
		wrongRedirect: func(r q) reply { return to("https://cloud.example.com/login/flow?clientIdentifier=x") }, at: map[string]func(q) reply{"/login/flow": otherwise(reply{200, "text/html", "", signIn})},
		enter: func(r q) (reply, bool) {
			return to("https://cloud.example.com/login/flow?clientIdentifier=x"), !r.signedIn
		},
		badClient: otherwise(refusal(400, "invalid_client", "")), token: func(r q) (reply, bool) { return reply{}, false },
		badCode: otherwise(refusal(400, "invalid_request", ""))}
}

// franceConnect refuses a request without a parameter before it looks at anything else.
func franceConnect(parameter string) func() *played {
	return func() *played {
		return &played{base: "https://fc.example.com/api/v2", authorize: func(r q) (reply, bool) {
			return jsonOf(400, map[string]any{"status": "fail", "message": "The following fields are missing or empty : " + parameter}), r.Get(parameter) == ""
		}}
	}
}

// endsSessions signs the user out where the request is as it wants it, and sends the browser back.
func endsSessions(wants func(q) bool) func() *played {
	return func() *played {
		return &played{document: func(d map[string]any) { d["end_session_endpoint"] = "https://id.example.com/logout" }, at: map[string]func(q) reply{
			"/logout": func(r q) reply {
				if !wants(r) {
					return page(400, "invalid_request: post_logout_redirect_uri not registered")
				}
				return to(r.Get("post_logout_redirect_uri") + "?state=" + r.Get("state"))
			}}}
	}
}

// formFirst looks at the form of a client ID before it looks the client up, and has one answer for everything else.
func formFirst(id string, form *regexp.Regexp, malformed reply) func() *played {
	unless := func(unknown reply) func(q) reply {
		return func(r q) reply {
			if !form.MatchString(r.id) {
				return malformed
			}
			return unknown
		}
	}
	return func() *played {
		return &played{id: id, unknownClient: unless(page(404, "This request is not valid.")), wrongRedirect: otherwise(page(404, "This request is not valid.")),
			badClient: unless(refusal(401, "invalid_client", ""))}
	}
}

// mcp is an API that speaks MCP with its authorization server on the same host. Its metadata is at one path, and names the API.
func mcp(path, named string) func() *played {
	return func() *played {
		p := &played{base: "https://mcp.example.com"}
		p.at = map[string]func(q) reply{
			"/mcp": func(r q) reply {
				if r.Header.Get("Authorization") == "Bearer "+playedToken {
					return jsonOf(200, map[string]any{"jsonrpc": "2.0", "id": 1, "result": map[string]any{}})
				}
				return reply{401, jsonType, "Bearer", `{"error":"invalid_token"}`}
			},
		}
		if path != "" {
			p.at[path] = otherwise(jsonOf(200, map[string]any{"resource": named, "authorization_servers": []string{"https://mcp.example.com"}}))
		}
		return p
	}
}

// atAPI are the settings of a login that begins there.
var atAPI = map[string]string{"ISSUER": "", "RESOURCE_URL": "https://mcp.example.com/mcp"}

var rows = []behavior{
	// Reports of failed logins, by provider.
	{name: "Twitch: scope is an array", seen: "dart-lang/tools#370, logto-io/logto#6980", server: func() *played {
		return &played{base: "https://id.twitch.tv/oauth2", response: func(r map[string]any) { r["scope"] = strings.Fields(r["scope"].(string)) }}
	}},
	{name: "Entra: the issuer of v1", seen: "DuendeArchive/IdentityModel.OidcClient#18", server: func() *played {
		const tenant = "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555"
		return &played{base: tenant + "/oauth2/v2.0", issuer: tenant + "/v2.0", at: map[string]func(q) reply{
			"/11111111-2222-3333-4444-555555555555/.well-known/openid-configuration": func(q) reply {
				return jsonOf(200, map[string]any{"issuer": "https://sts.windows.net/11111111-2222-3333-4444-555555555555/", "authorization_endpoint": tenant + "/oauth2/authorize", "token_endpoint": tenant + "/oauth2/token"})
			}}}
	}, wrong: map[string]string{"ISSUER": "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555"},
		check: causes.IssuerDiffers, page: causes.IssuerDiffers, kind: causes.Change, fix: "ISSUER=https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0"},
	{name: "Azure AD B2C: an ID token and no access token", seen: "MicrosoftDocs/azure-docs#64582", server: func() *played {
		return &played{base: "https://contoso.b2clogin.com/t/b2c_1_susi", scopes: []string{"openid", playedID}, document: lacks("userinfo_endpoint"), response: func(r map[string]any) {
			if !strings.Contains(r["scope"].(string), playedID) {
				delete(r, "access_token")
			}
		}}
	}, set: map[string]string{"SCOPES": "openid " + playedID}, wrong: map[string]string{"SCOPES": "openid"},
		page: causes.AccessTokenMissing, kind: causes.Change, fix: "SCOPES='openid " + playedID + "'"},
	{name: "LinkedIn: PKCE is off", seen: "nextauthjs/next-auth#8831", server: func() *played {
		p := linkedIn()
		p.token = func(r q) (reply, bool) { return p.refuses(r), r.Has("code_verifier") }
		return p
	}, mend: func(p *played) { p.token = nil }, check: causes.PKCERefused, page: causes.PKCERefused, kind: causes.Look, fix: "PKCE", never: noSecretWrong},
	{name: "Okta: DPoP", seen: "okta/okta-sdk-dotnet#697", server: okta, mend: func(p *played) { p.asClient = nil },
		check: causes.DPoPRequired, page: causes.DPoPRequired, kind: causes.Look, fix: "Require Demonstrating Proof of Possession", never: noSecretWrong},
	{name: "World ID: milliseconds", seen: "CZ-NIC/pyoidc#864", server: func() *played {
		return &played{claims: func(c map[string]any) { c["iat"] = time.Now().UnixMilli() }}
	}, mend: func(p *played) { p.claims = nil }, page: causes.IDTokenTimes, kind: causes.Look, says: "milliseconds", never: []string{"clocks"}},
	{name: "ADFS: email is a list", seen: "PatchMon/PatchMon#805", server: func() *played {
		return &played{claims: func(c map[string]any) { c["email"] = []string{"a@example.org", "b@example.org"} }}
	}},
	{name: "LINE: HS256 that the metadata does not list", seen: "supabase/auth#2578", server: func() *played {
		return &played{base: "https://access.line.me", sign: func(c map[string]any) string {
			return testserver.SignClaims(jose.HS256, []byte(playedSecret), c)
		}}
	}, mend: func(p *played) { p.sign = nil }, page: causes.IDTokenAlgorithm, kind: causes.Look, says: "HS256", never: []string{"choose RS256"}},
	{name: "Django: the token endpoint without its slash", seen: "django-oauth/django-oauth-toolkit#1851", server: func() *played {
		return &played{noDoc: true, base: "https://www.courtlistener.com/o", paths: map[string]string{"authorize": "/authorize/", "token": "/token/"}, at: map[string]func(q) reply{
			"/o/token": otherwise(to("/o/token/"))}}
	}, wrong: map[string]string{"TOKEN_ENDPOINT": "https://www.courtlistener.com/o/token"}, check: causes.TokenEndpointUnusable, page: causes.TokenEndpointUnusable,
		kind: causes.Change, fix: "TOKEN_ENDPOINT=https://www.courtlistener.com/o/token/"},
	{name: "Okta: the host of the console", seen: "oktadev/okta-spring-boot-oauth-example#5", server: func() *played {
		return &played{noDoc: true, base: "https://dev-123.okta.com/oauth2"}
	}, wrong: map[string]string{"AUTHORIZATION_ENDPOINT": "https://dev-123.okta.com/oauth2/default/v1/authorise"}, check: causes.AuthorizationEndpointUnusable, page: stays,
		kind: causes.Look, fix: "Check AUTHORIZATION_ENDPOINT", never: []string{"not registered", string(causes.ClientIDUnknown)}},
	{name: "a 404 for a redirect URI that is not registered", seen: "spring-attic/spring-security-oauth#158", server: func() *played {
		return &played{noDoc: true, base: "https://id.example.com/o", wrongRedirect: otherwise(page(404, "Whitelabel Error Page")), unknownClient: otherwise(page(404, "Whitelabel Error Page"))}
	}, wrong: otherPort, check: causes.RedirectURINotRegistered, page: stays, kind: causes.Add, fix: "http://localhost:3998/oauth_callback", never: []string{"AUTHORIZATION_ENDPOINT"}},
	{name: "Cognito: offline_access", seen: "manfredsteyer/angular-oauth2-oidc#1253", server: cognito, wrong: map[string]string{"SCOPES": "openid email profile offline_access"},
		check: causes.ScopeNotEnabled, page: causes.ScopeNotEnabled, kind: causes.Change, fix: "SCOPES='openid email profile'", never: []string{"PKCE"}},
	{name: "Cognito: redirect URI not registered", seen: "docs.aws.amazon.com, authorization-endpoint", server: cognito, wrong: otherPort,
		check: causes.RedirectURINotRegistered, page: stays, kind: causes.Add, fix: "http://localhost:3998/oauth_callback", says: "redirect_mismatch"},
	{name: "Auth0: wrong secret", seen: "auth0-samples/auth0-python-web-app#62", server: auth0, wrong: wrongSecret,
		check: causes.ClientSecretWrong, page: causes.ClientSecretWrong, kind: causes.Look, fix: "paste CLIENT_SECRET again", never: []string{"Access was denied", "Connections"}},
	{name: "MCP Python SDK: client_id only in the body", seen: "modelcontextprotocol/python-sdk#3545", server: func() *played { return bodyOnly(refusal(401, "invalid_client", "Missing client_id")) },
		set: map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": config.MethodPost}, wrong: map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": ""},
		check: causes.AuthMethodWrong, page: causes.AuthMethodWrong, kind: causes.Change, fix: "TOKEN_ENDPOINT_AUTH_METHOD=client_secret_post", never: noSecretWrong},
	{name: "Solid: iss has a slash too many", seen: "nodeSolidServer/node-solid-server#1609", server: func() *played {
		p := &played{base: "https://solidcommunity.example"}
		p.claims = func(c map[string]any) { c["iss"] = p.issuer + "/" }
		return p
	}, mend: func(p *played) { p.claims = nil }, page: causes.IDTokenIssuerDiffers, kind: causes.Look, fix: "on the server", never: []string{"ISSUER=https"}},
	{name: "Slack: wrong secret", seen: "docs.slack.dev, oauth.v2.access", server: slack, wrong: wrongSecret,
		check: causes.ClientSecretWrong, page: causes.ClientSecretWrong, kind: causes.Look, fix: "paste CLIENT_SECRET again"},
	{name: "Slack: unknown client ID", seen: "docs.slack.dev, oauth.v2.access", server: func() *played {
		p := slack()
		p.unknownClient = otherwise(page(200, "Invalid client_id parameter"))
		return p
	}, wrong: unknownID, check: causes.ClientIDUnknown, page: stays, kind: causes.Look, fix: "paste CLIENT_ID again"},
	{name: "Slack: the token is inside authed_user", seen: "slackapi/java-slack-sdk#1565", server: func() *played {
		p := slack()
		p.issued = otherwise(jsonOf(200, map[string]any{"ok": true, "app_id": "A1", "authed_user": map[string]any{"id": "U1", "access_token": "xoxp-1", "token_type": "user"}}))
		return p
	}, mend: func(p *played) { p.issued = nil }, page: causes.AccessTokenNested, kind: causes.Look, fix: "bot scope"},
	{name: "Spotify: localhost", seen: "kraxarn/spotify-qt#286", server: spotify, set: map[string]string{"BASE_URL": "http://127.0.0.1:3999"}, wrong: map[string]string{"BASE_URL": ""},
		check: causes.RedirectURILocalhost, page: stays, kind: causes.Change, fix: "BASE_URL=http://127.0.0.1:3999", never: []string{"add http://localhost", string(causes.ClientIDUnknown)}},
	{name: "Spotify: unknown client ID", seen: "kraxarn/spotify-qt#286", server: spotify, set: map[string]string{"BASE_URL": "http://127.0.0.1:3999"}, wrong: unknownID,
		check: causes.ClientIDUnknown, page: stays, kind: causes.Look, fix: "paste CLIENT_ID again"},

	{name: "Keycloak: introspection under another host name", seen: "keycloak/keycloak#15694, #21820", server: func() *played {
		p := &played{base: "https://auth.company.example/realms/shop", hosts: []string{"internal.company.example"}}
		p.at = map[string]func(q) reply{"/realms/inner/introspect": p.knows(jsonOf(200, map[string]any{"active": false}))}
		return p
	}, wrong: map[string]string{"INTROSPECTION_ENDPOINT": "https://internal.company.example/realms/inner/introspect"}, use: "/tokeninfo", page: causes.TokenNotActive,
		kind: causes.Change, fix: "different host"},
	{name: "GitLab: the refresh token was used", seen: "oidc-wp/openid-connect-generic#109", server: func() *played {
		p := doorkeeper2()
		p.badRefresh = otherwise(refusal(400, "invalid_grant", "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client."))
		return p
	}, mend: func(p *played) { p.badRefresh = nil }, use: "/refresh", page: causes.RefreshTokenRefused, kind: causes.Look, fix: "Sign in again", never: []string{"code has expired"}},
	{name: "the refresh grant is off", seen: "FriendsOfSymfony/FOSOAuthServerBundle#246", server: func() *played {
		return &played{badRefresh: otherwise(refusal(400, "unauthorized_client", "The grant type is unauthorized for this client_id"))}
	}, mend: func(p *played) { p.badRefresh = nil }, use: "/refresh", page: causes.RefreshNotEnabled, kind: causes.Look, fix: "refresh token grant"},
	{name: "Reddit: 429 for a library's User-Agent", seen: "r-lib/httr#482", server: func() *played {
		return &played{api: func(r q) reply {
			if strings.HasPrefix(r.UserAgent(), "Go-http-client") {
				return jsonOf(429, map[string]any{"message": "Too Many Requests", "error": 429})
			}
			return refusesBearer(r)
		}}
	}, set: map[string]string{"RESOURCE_URL": "https://id.example.com/api"}, use: "/api"},
	{name: "429 at the API", seen: "RFC 6585 section 4", server: func() *played {
		return &played{api: func(r q) reply {
			if r.Header.Get("Authorization") == "Bearer "+playedToken {
				return plain(429, "Too Many Requests")
			}
			return refusesBearer(r)
		}}
	}, mend: func(p *played) { p.api = refusesBearer }, set: map[string]string{"RESOURCE_URL": "https://id.example.com/api"}, use: "/api", page: causes.RateLimited, kind: causes.Look, fix: "Wait", never: []string{"own log"}},
	{name: "Apple: form_post", seen: "oauth-io/oauth-js#104", server: func() *played {
		return &played{base: "https://appleid.apple.com/auth", enter: func(r q) (reply, bool) {
			return r.back("invalid_request", "response_mode must be form_post when name or email scope is requested."), strings.Contains(r.Get("scope"), "email")
		}}
	}, set: map[string]string{"SCOPES": "openid"}, wrong: map[string]string{"SCOPES": "openid email"}, check: causes.FormPostRequired, page: causes.FormPostRequired, kind: causes.Look, fix: "no scope"},
	{name: "an ID token for another client", seen: "FormidableLabs/react-native-app-auth#760", server: func() *played {
		return &played{claims: func(c map[string]any) { c["aud"] = "https://app.example.com" }}
	}, mend: func(p *played) { p.claims = nil }, page: causes.IDTokenForAnother, kind: causes.Look},
	{name: "the client is refused, and nothing tells why", seen: "ory/hydra#2140", server: func() *played {
		p := &played{}
		p.token = func(r q) (reply, bool) { // it looks the code up first
			p.mu.Lock()
			defer p.mu.Unlock()
			return refusal(400, "invalid_grant", ""), p.codes[r.Get("code")] == nil
		}
		p.document = lacks("introspection_endpoint", "revocation_endpoint")
		return p
	}, wrong: wrongSecret, page: causes.ClientRefused, kind: causes.Look, fix: "Run all checks"},

	// Gitea checks one thing after the other.
	{name: "Gitea: right", seen: "go-gitea/gitea, routers/web/auth/oauth2_provider.go", server: gitea},
	{name: "Gitea: right, the sign-in page first", seen: "as above", server: giteaSignInFirst},
	{name: "Gitea: unknown client ID", seen: "as above", server: giteaSignInFirst, wrong: unknownID, check: causes.ClientIDUnknown, page: stays, kind: causes.Look, fix: "paste CLIENT_ID again"},
	{name: "Gitea: wrong secret", seen: "as above", server: giteaSignInFirst, wrong: wrongSecret, check: causes.ClientSecretWrong, page: causes.ClientSecretWrong, kind: causes.Look, fix: "paste CLIENT_SECRET again"},
	{name: "Gitea: redirect URI not registered", seen: "as above", server: giteaSignInFirst, wrong: otherPort, check: causes.RedirectURINotRegistered, page: stays, kind: causes.Add, fix: "http://localhost:3998/oauth_callback"},

	// goiabada refuses with a page of 200.
	{name: "goiabada: right", seen: "leodip/goiabada", server: goiabada},
	{name: "goiabada: redirect URI not registered", seen: "as above", server: goiabada, wrong: otherPort, check: causes.RedirectURINotRegistered, page: stays, kind: causes.Add, fix: "http://localhost:3998/oauth_callback"},
	{name: "goiabada: unknown client ID", seen: "as above", server: goiabada, wrong: unknownID, check: causes.ClientIDUnknown, page: stays, kind: causes.Look, fix: "paste CLIENT_ID again"},
	{name: "goiabada: wrong secret", seen: "as above", server: goiabada, wrong: wrongSecret, page: causes.ClientSecretWrong, kind: causes.Look, fix: "paste CLIENT_SECRET again"},

	// osin has one code for a wrong secret and an unknown client.
	{name: "osin: right", seen: "openshift/osin, access.go", server: osin},
	{name: "osin: wrong secret", seen: "as above", server: osin, wrong: wrongSecret, check: causes.ClientSecretWrong, page: causes.ClientSecretWrong, kind: causes.Look, fix: "paste CLIENT_SECRET again"},
	{name: "osin: credentials not found", seen: "as above", server: func() *played {
		p := osin()
		p.methods = []string{config.MethodBasic}
		refuses := p.badClient
		p.badClient = func(r q) reply {
			if r.method == config.MethodPost {
				r.method = config.MethodNone
			}
			return refuses(r)
		}
		return p
	}, wrong: map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": config.MethodPost}, check: causes.AuthMethodWrong, page: causes.AuthMethodWrong, kind: causes.Change, fix: "TOKEN_ENDPOINT_AUTH_METHOD=client_secret_basic"},

	// Glewlwyd gives no reason.
	{name: "Glewlwyd: right", seen: "babelouest/glewlwyd", server: glewlwyd},
	{name: "Glewlwyd: redirect URI not registered", seen: "as above", server: glewlwyd, wrong: otherPort, check: causes.RedirectURINotRegistered, page: stays, kind: causes.Add, fix: "http://localhost:3998/oauth_callback", says: "probably not registered"},
	{name: "Glewlwyd: unknown client ID", seen: "as above", server: glewlwyd, wrong: unknownID, check: causes.ClientRefused, page: stays, kind: causes.Look, fix: "paste CLIENT_ID again", says: "the client ID or the secret is wrong"},
	{name: "Glewlwyd: wrong secret", seen: "as above", server: glewlwyd, wrong: wrongSecret, check: causes.ClientSecretWrong, page: causes.ClientSecretWrong, kind: causes.Look, fix: "paste CLIENT_SECRET again"},
	{name: "a firewall in front of the authorization endpoint", seen: "Cloudflare", server: func() *played {
		return &played{authorize: func(r q) (reply, bool) { return page(403, "Sorry, you have been blocked"), !r.signedIn }}
	}},
	{name: "a firewall without a word, on another host", seen: "RFC 9110 section 15.5.4", server: func() *played {
		p := &played{hosts: []string{"tokens.example.com"}, authorize: func(r q) (reply, bool) { return reply{status: 403}, !r.signedIn }}
		p.document = func(d map[string]any) { d["token_endpoint"] = "https://tokens.example.com/token" }
		return p
	}},

	// django-oauth-toolkit, a public client.
	{name: "django-oauth-toolkit: public client, unknown client ID", seen: "django-oauth/django-oauth-toolkit, oauth2_validators.py", server: func() *played {
		return &played{public: true, unknownClient: otherwise(page(400, "Error: invalid_request Invalid client_id parameter value.")), wrongRedirect: otherwise(page(400, "Error: invalid_request Mismatching redirect URI.")),
			badClient: otherwise(refusal(401, "invalid_client", ""))}
	}, wrong: unknownID, check: causes.ClientIDUnknown, page: stays, kind: causes.Look, fix: "paste CLIENT_ID again"},
	{name: "django-oauth-toolkit: public client, unknown client ID, the sign-in page first", seen: "as above", server: func() *played {
		return &played{public: true, authorize: func(r q) (reply, bool) { return reply{200, "text/html", "", signIn}, !r.signedIn }, badClient: otherwise(refusal(401, "invalid_client", ""))}
	}, wrong: unknownID, check: causes.ClientRefused, page: stays, kind: causes.Look, fix: "paste CLIENT_ID again", says: "or the application has a secret"},
	{name: "django-oauth-toolkit: no secret, the sign-in page first", seen: "as above", server: func() *played {
		return &played{authorize: func(r q) (reply, bool) { return reply{200, "text/html", "", signIn}, !r.signedIn }, badClient: otherwise(refusal(401, "invalid_client", ""))}
	}, wrong: map[string]string{"CLIENT_SECRET": ""}, check: causes.ClientRefused, page: causes.ClientSecretMissing, kind: causes.Look, fix: "the application isn't public: set CLIENT_SECRET"},

	// fosite: Ory, Clerk, Authelia, Pocket ID.
	{name: "Ory: right", seen: "ory/fosite, errors.go", server: fosite},
	{name: "Ory: unknown client ID", seen: "as above", server: fosite, wrong: unknownID, check: causes.ClientIDUnknown, page: stays, kind: causes.Look, fix: "paste CLIENT_ID again"},
	{name: "Ory: wrong secret", seen: "as above", server: fosite, wrong: wrongSecret, check: causes.ClientSecretWrong, page: causes.ClientSecretWrong, kind: causes.Look, fix: "paste CLIENT_SECRET again"},
	{name: "Ory: redirect URI not registered", seen: "as above", server: fosite, wrong: otherPort, check: causes.RedirectURINotRegistered, page: stays, kind: causes.Add, fix: "redirect_uris"},
	{name: "Ory: scope", seen: "as above", server: func() *played { p := fosite(); p.scopes = []string{"openid", "email"}; return p }, set: map[string]string{"SCOPES": "openid email"}, wrong: map[string]string{"SCOPES": "openid email groups"},
		check: causes.ScopeNotEnabled, page: causes.ScopeNotEnabled, kind: causes.Change, fix: "SCOPES='openid email'"},
	{name: "Ory: another authentication method", seen: "cirrusidentity/simplesamlphp-module-authoauth2#50", server: func() *played {
		p := fosite()
		p.methods = []string{config.MethodPost}
		sentence := p.badClient
		p.badClient = func(r q) reply {
			if r.id == playedID && r.method != config.MethodPost {
				return jsonOf(401, map[string]any{"error": "invalid_client", "error_description": "Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method).",
					"error_hint": "The OAuth 2.0 Client supports client authentication method 'client_secret_post', but method 'client_secret_basic' was requested."})
			}
			return sentence(r)
		}
		return p
	}, set: map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": config.MethodPost}, wrong: map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": ""},
		check: causes.AuthMethodWrong, page: causes.AuthMethodWrong, kind: causes.Change, fix: "TOKEN_ENDPOINT_AUTH_METHOD=client_secret_post", never: noSecretWrong},

	// The words are in error_hint or hint.
	{name: "hint: a pushed request is demanded", seen: "RFC 9126 section 5", server: func() *played {
		p := &played{}
		p.document = func(d map[string]any) { d["pushed_authorization_request_endpoint"] = p.base + "/par" }
		p.authorize = func(r q) (reply, bool) {
			return jsonOf(400, map[string]any{"error": "invalid_request", "error_description": "The request is missing a required parameter, includes an invalid parameter value, includes a parameter more than once, or is otherwise malformed.",
				"error_hint": "The OAuth 2.0 Client must use a pushed authorization request."}), r.URL.Query().Get("request_uri") == ""
		}
		return p
	}, set: map[string]string{"PAR": "on"}, wrong: map[string]string{"PAR": ""}, check: causes.PARRequired, page: stays, kind: causes.Change, fix: "PAR=on"},
	{name: "hint: a secret is missing", seen: "ory/fosite, client_authentication.go", server: func() *played {
		return &played{badClient: otherwise(jsonOf(401, map[string]any{"error": "invalid_client", "error_description": "Client authentication failed", "hint": "The client secret is missing."}))}
	}, wrong: map[string]string{"CLIENT_SECRET": ""}, check: causes.ClientSecretMissing, page: causes.ClientSecretMissing, kind: causes.Look, fix: "paste CLIENT_SECRET"},
	{name: "hint: the client does not exist", seen: "league/oauth2-server", server: func() *played {
		return &played{authorize: func(r q) (reply, bool) { return reply{200, "text/html", "", signIn}, !r.signedIn }, badClient: func(r q) reply {
			if r.id != playedID {
				return jsonOf(401, map[string]any{"error": "invalid_client", "error_description": "Client authentication failed", "hint": "The requested client does not exist."})
			}
			return refusal(401, "invalid_client", "Client authentication failed")
		}}
	}, wrong: unknownID, check: causes.ClientIDUnknown, page: stays, kind: causes.Look, fix: "paste CLIENT_ID again"},

	// Two metadata documents. One of them lacks members.
	{name: "RFC 8414's metadata lacks members", seen: "clerk/openapi-specs, fapi WellKnown", server: func() *played {
		p := &played{}
		p.at = map[string]func(q) reply{"/.well-known/oauth-authorization-server": func(q) reply {
			d := p.documentOf()
			lacks("userinfo_endpoint", "introspection_endpoint", "jwks_uri")(d)
			return jsonOf(200, d)
		}}
		return p
	}, never: []string{"name different endpoints"}},

	// Refusals at the token endpoint, in all their forms.
	{name: "unauthorized, 401", seen: "Bitbucket, Reddit", server: func() *played {
		return &played{badClient: otherwise(jsonOf(401, map[string]any{"message": "Unauthorized", "error": 401}))}
	},
		wrong: wrongSecret, check: causes.ClientSecretWrong, page: causes.ClientSecretWrong, kind: causes.Look, fix: "paste CLIENT_SECRET again"},
	{name: "a 401 as a page", seen: "Apache", server: func() *played { return &played{badClient: otherwise(page(401, "Unauthorized"))} },
		wrong: wrongSecret, check: causes.ClientSecretWrong, page: causes.ClientSecretWrong, kind: causes.Look, fix: "paste CLIENT_SECRET again"},
	{name: "access_denied with 403", seen: "Auth0, Kong", server: func() *played { return &played{badClient: otherwise(refusal(403, "access_denied", "Invalid client"))} },
		wrong: wrongSecret, check: causes.ClientSecretWrong, page: causes.ClientSecretWrong, kind: causes.Look, fix: "paste CLIENT_SECRET again", never: []string{"Access was denied"}},
	{name: "bad_client_secret with 200", seen: "Slack", server: func() *played {
		return &played{badClient: otherwise(jsonOf(200, map[string]any{"ok": false, "error": "bad_client_secret"}))}
	},
		wrong: wrongSecret, check: causes.ClientSecretWrong, page: causes.ClientSecretWrong, kind: causes.Look, fix: "paste CLIENT_SECRET again"},
	{name: "invalid_request: missing client_id", seen: "Twitch, metatool-ai/metamcp#342", server: func() *played {
		return bodyOnly(jsonOf(400, map[string]any{"status": 400, "message": "missing client id"}))
	},
		set: map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": config.MethodPost}, wrong: map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": ""},
		check: causes.AuthMethodWrong, page: causes.AuthMethodWrong, kind: causes.Change, fix: "TOKEN_ENDPOINT_AUTH_METHOD=client_secret_post", never: noSecretWrong},
	{name: "GitHub: one sentence for ID and secret", seen: "rwth-acis/VIAProMa#186", server: func() *played {
		return &played{noDoc: true, base: "https://github.com", paths: map[string]string{"authorize": "/login/oauth/authorize", "token": "/login/oauth/access_token"},
			badClient: otherwise(jsonOf(200, map[string]any{"error": "incorrect_client_credentials", "error_description": "The client_id and/or client_secret passed are incorrect."})),
			badCode:   otherwise(jsonOf(200, map[string]any{"error": "bad_verification_code", "error_description": "The code passed is incorrect or expired."})),
			wrongRedirect: func(r q) reply {
				return to("https://app.example.com/cb?" + url.Values{"error": {"redirect_uri_mismatch"}, "error_description": {"The redirect_uri MUST match the registered callback URL for this application."}}.Encode())
			}}
	}, wrong: wrongSecret, check: causes.ClientSecretWrong, page: causes.ClientSecretWrong, kind: causes.Look, fix: "paste CLIENT_SECRET again"},
	{name: "GitHub: redirect URI not registered", seen: "joemccann/dillinger#705", server: func() *played {
		return &played{noDoc: true, base: "https://github.com", paths: map[string]string{"authorize": "/login/oauth/authorize", "token": "/login/oauth/access_token"},
			wrongRedirect: func(r q) reply {
				return to("https://app.example.com/cb?" + url.Values{"error": {"redirect_uri_mismatch"}, "error_description": {"The redirect_uri MUST match the registered callback URL for this application."}}.Encode())
			}}
	}, wrong: otherPort, check: causes.RedirectURINotRegistered, page: stays, kind: causes.Add, fix: "http://localhost:3998/oauth_callback"},
	{name: "GitLab: wrong secret", seen: "doorkeeper-gem/doorkeeper, config/locales/en.yml", server: doorkeeper2, wrong: wrongSecret,
		check: causes.ClientSecretWrong, page: causes.ClientSecretWrong, kind: causes.Look, fix: "paste CLIENT_SECRET again"},
	{name: "GitLab: unknown client ID", seen: "as above", server: doorkeeper2, wrong: unknownID, check: causes.ClientIDUnknown, page: stays, kind: causes.Look, fix: "paste CLIENT_ID again"},
	{name: "Clerk: unknown client ID", seen: "crafter-station/petdex#169", server: func() *played {
		p := fosite()
		p.base, p.issuer = "https://clerk.example.com", ""
		p.unknownClient = otherwise(refusal(401, "invalid_client", "Client authentication failed (e.g., unknown client, no client authentication included, or unsupported client authentication method). The requested OAuth 2.0 Client does not exist."))
		p.wrongRedirect = otherwise(refusal(400, "invalid_request", "The 'redirect_uri' parameter does not match any of the OAuth 2.0 Client's pre-registered redirect urls."))
		return p
	}, wrong: unknownID, check: causes.ClientIDUnknown, page: stays, kind: causes.Look, fix: "paste CLIENT_ID again"},
	{name: "Okta: the grant is off", seen: "RFC 6749 section 5.2", server: func() *played {
		p := okta()
		p.asClient = always(refusal(400, "unauthorized_client", "The client is not authorized to use the provided grant type. Configured grant types: [implicit]."))
		return p
	}, mend: func(p *played) { p.asClient = nil }, check: causes.GrantNotEnabled, page: causes.GrantNotEnabled, kind: causes.Look, fix: "Grant type"},

	// Answers that make every login fail.
	{name: "415 to everything", seen: "RFC 9110 section 15.5.16", server: func() *played {
		return &played{token: always(reply{415, jsonType, "", `{"title":"Unsupported Media Type","status":415}`})}
	}, mend: func(p *played) { p.token = nil },
		check: causes.TokenEndpointUnusable, page: causes.TokenEndpointUnusable, kind: causes.Look, says: "415", never: append(noSecretWrong, "No problem")},
	{name: "404 to everything", seen: "RFC 9110 section 15.5.5", server: func() *played { return &played{token: always(page(404, "Cannot POST /token"))} }, mend: func(p *played) { p.token = nil },
		check: causes.TokenEndpointUnusable, page: causes.TokenEndpointUnusable, kind: causes.Look, says: "404", never: noSecretWrong},
	{name: "a firewall's 403 to everything", seen: "Cloudflare", server: func() *played { return &played{token: always(page(403, "Sorry, you have been blocked"))} }, mend: func(p *played) { p.token = nil },
		check: causes.TokenEndpointUnusable, page: causes.TokenEndpointUnusable, kind: causes.Look, says: "403", never: noSecretWrong},
	{name: "502 to everything", seen: "RFC 9110 section 15.6.3", server: func() *played { return &played{token: always(page(502, "Bad Gateway"))} }, mend: func(p *played) { p.token = nil },
		check: causes.ServerFailed, page: causes.ServerFailed, kind: causes.Look, says: "502", never: noSecretWrong},
	{name: "a page with 200 to everything", seen: "go-gitea/gitea#10836", server: func() *played { return &played{token: always(page(200, "Welcome"))} }, mend: func(p *played) { p.token = nil },
		check: causes.TokenEndpointUnusable, page: causes.TokenResponseUnusable, kind: causes.Look, never: noSecretWrong},
	{name: "a page with 200 for the tokens", seen: "go-gitea/gitea#10836", server: func() *played { return &played{issued: otherwise(page(200, "Welcome"))} }, mend: func(p *played) { p.issued = nil },
		page: causes.TokenResponseUnusable, kind: causes.Look},
	{name: "text with 200 for the tokens", seen: "RFC 6749 section 5.1", server: func() *played { return &played{issued: otherwise(plain(200, "OK"))} }, mend: func(p *played) { p.issued = nil },
		page: causes.TokenResponseUnusable, kind: causes.Look},
	{name: "token_type in another spelling", seen: "RFC 6749 section 5.1", server: func() *played { return &played{response: func(r map[string]any) { r["token_type"] = "BearerToken" }} }},

	// ID tokens.
	{name: "iat is missing", seen: "OpenID Connect Core section 2", server: func() *played { return &played{claims: func(c map[string]any) { delete(c, "iat") }} }, mend: func(p *played) { p.claims = nil },
		page: causes.IDTokenClaimMissing, kind: causes.Look, says: "iat"},
	{name: "nonce is missing", seen: "OpenID Connect Core section 3.1.3.7 (11)", server: func() *played { return &played{claims: func(c map[string]any) { delete(c, "nonce") }} }, mend: func(p *played) { p.claims = nil },
		page: causes.IDTokenClaimMissing, kind: causes.Look, says: "nonce"},
	{name: "sub is missing", seen: "OpenID Connect Core section 2", server: func() *played { return &played{claims: func(c map[string]any) { delete(c, "sub") }} }, mend: func(p *played) { p.claims = nil },
		page: causes.IDTokenClaimMissing, kind: causes.Look, says: "sub", never: []string{"a different user"}},
	{name: "two audiences, one of them ours, and azp", seen: "OpenID Connect Core section 3.1.3.7 (3) to (5)", server: func() *played {
		return &played{claims: func(c map[string]any) { c["aud"], c["azp"] = []string{playedID, "https://api.example.com"}, playedID }}
	}},
	{name: "HS256 that the metadata lists, and a long secret", seen: "OpenID Connect Core section 3.1.3.7 (8)", server: func() *played {
		return &played{document: func(d map[string]any) { d["id_token_signing_alg_values_supported"] = []string{"HS256"} }, sign: func(c map[string]any) string {
			return testserver.SignClaims(jose.HS256, []byte(playedSecret), c)
		}}
	}},
	{name: "the ID token is encrypted", seen: "christiaangoossens/hass-oidc-auth#77", server: func() *played {
		return &played{response: func(r map[string]any) { r["id_token"] = "eyJhbGciOiJSU0EtT0FFUC0yNTYiLCJlbmMiOiJBMjU2R0NNIn0.a.b.c.d" }}
	}, mend: func(p *played) { p.response = nil }, page: causes.IDTokenEncrypted, kind: causes.Look, fix: "encryption"},
	{name: "a key of a type that is not known yet", seen: "RFC 7517 section 5", server: func() *played {
		return &played{jwks: otherwise(jsonOf(200, map[string]any{"keys": []any{map[string]any{"kty": "AKP", "kid": "pq-1", "alg": "ML-DSA-44"}}}))}
	}, mend: func(p *played) { p.jwks = nil }, check: causes.JWKSUnusable, page: causes.IDTokenSignature, kind: causes.Look,
		says: `1 key, unreadable: "pq-1" has the unknown type (kty) "AKP"`, never: []string{"none of the", "there is no key"}},
	{name: "metadata members of other types", seen: "RFC 8414 section 2", server: func() *played {
		return &played{document: func(d map[string]any) { d["service_documentation"], d["scopes_supported"] = 1, "openid email profile" }}
	}, says: "scopes_supported is a string, and should be a list"},
	{name: "no key, as Supabase with HS256", seen: "supabase/auth#2578", server: func() *played {
		return &played{base: "https://ref.supabase.co/auth/v1", jwks: otherwise(jsonOf(200, map[string]any{"keys": []any{}}))}
	}, mend: func(p *played) { p.jwks = nil }, check: causes.JWKSUnusable, page: causes.IDTokenSignature, kind: causes.Look, fix: "RS256 or ES256", never: []string{"none of the 0"}},

	// What this app doesn't support.
	{name: "DPoP in words", seen: "Bluesky", server: func() *played {
		return &played{asClient: always(refusal(400, "invalid_request", "DPoP proof required"))}
	}, mend: func(p *played) { p.asClient = nil },
		check: causes.DPoPRequired, page: causes.DPoPRequired, kind: causes.Look, fix: "Turn off DPoP", never: noSecretWrong},
	{name: "use_dpop_nonce before the client is looked at", seen: "RFC 9449 section 8", server: func() *played {
		return &played{token: always(refusal(400, "use_dpop_nonce", "Authorization server requires nonce in DPoP proof"))}
	}, mend: func(p *played) { p.token = nil },
		check: causes.DPoPRequired, page: causes.DPoPRequired, kind: causes.Look, fix: "Turn off DPoP", never: noSecretWrong},
	{name: "private_key_jwt in words", seen: "RFC 7523 section 2.2", server: func() *played {
		return &played{badClient: otherwise(refusal(401, "invalid_client", "The client must authenticate with private_key_jwt.")), methods: []string{}}
	}, mend: func(p *played) { p.methods, p.badClient = []string{config.MethodBasic}, nil },
		check: causes.ClientAssertionRequired, page: causes.ClientAssertionRequired, kind: causes.Look, fix: "client_secret_basic", never: noSecretWrong},
	{name: "private_key_jwt is the only method", seen: "RFC 8414 section 2", server: func() *played {
		return &played{document: onlyMethods("private_key_jwt"), methods: []string{}, badClient: otherwise(refusal(401, "invalid_client", "client authentication failed"))}
	}, mend: func(p *played) { p.methods, p.badClient, p.document = []string{config.MethodBasic}, nil, nil },
		check: causes.ClientAssertionRequired, page: causes.ClientAssertionRequired, kind: causes.Look, fix: "client_secret_basic", never: noSecretWrong},
	{name: "client_secret_jwt is the only method", seen: "OpenID Connect Core section 9", server: func() *played {
		return &played{document: onlyMethods("client_secret_jwt"), methods: []string{}, badClient: otherwise(refusal(401, "invalid_client", ""))}
	}, mend: func(p *played) { p.methods, p.badClient, p.document = []string{config.MethodBasic}, nil, nil },
		check: causes.ClientAssertionRequired, page: causes.ClientAssertionRequired, kind: causes.Look, fix: "client_secret_basic", never: noSecretWrong},
	{name: "mTLS is the only method", seen: "RFC 8705 section 2.1.1", server: func() *played {
		return &played{document: onlyMethods("tls_client_auth"), methods: []string{}, badClient: otherwise(refusal(401, "invalid_client", ""))}
	}, mend: func(p *played) { p.methods, p.badClient, p.document = []string{config.MethodBasic}, nil, nil },
		check: causes.MTLSRequired, page: causes.MTLSRequired, kind: causes.Look, fix: "client_secret_basic", never: noSecretWrong},
	{name: "WSO2: a transport certificate", seen: "wso2/financial-services-accelerator#118", server: func() *played {
		return &played{token: always(refusal(400, "invalid_request", "Transport certificate not found in the request"))}
	}, mend: func(p *played) { p.token = nil }, check: causes.MTLSRequired, page: causes.MTLSRequired, kind: causes.Look, fix: "client_secret_basic", never: noSecretWrong},
	{name: "mTLS in words", seen: "RFC 8705 section 2", server: func() *played {
		return &played{badClient: otherwise(refusal(401, "invalid_client", "mutual TLS client certificate is required")), methods: []string{}}
	}, mend: func(p *played) { p.methods, p.badClient = []string{config.MethodBasic}, nil },
		check: causes.MTLSRequired, page: causes.MTLSRequired, kind: causes.Look, fix: "client_secret_basic", never: noSecretWrong},
	{name: "TikTok: client_key", seen: "expo/expo#28639", server: func() *played {
		return &played{noDoc: true, base: "https://www.tiktok.com/v2", token: always(jsonOf(200, map[string]any{"error": "invalid_request", "error_description": "The request parameters are malformed: client_key is missing."}))}
	}, mend: func(p *played) { p.token = nil }, check: causes.ParametersRenamed, page: causes.ParametersRenamed, kind: causes.Look, fix: "No setting of this app", never: noSecretWrong},
	{name: "Keycloak: a signed request", seen: "RFC 9101 section 10.5", server: func() *played {
		return &played{base: "https://kc.example.com/realms/shop", enter: func(r q) (reply, bool) {
			return r.back("invalid_request", "Missing parameter: 'request' or 'request_uri'"), true
		}}
	}, mend: func(p *played) { p.enter = nil }, check: causes.RequestObjectRequired, page: causes.RequestObjectRequired, kind: causes.Look, fix: "Request object required"},

	// More providers, as they answer.
	{name: "Strava: right", seen: "developers.strava.com, authentication", server: strava, set: map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_post"}},
	{name: "Strava: client_secret_basic", seen: "developers.strava.com, authentication", server: strava, set: map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_post"}, wrong: map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_basic"}, check: causes.AuthMethodWrong, page: causes.AuthMethodWrong, kind: causes.Change, fix: "="},
	{name: "Strava: wrong secret", seen: "developers.strava.com, authentication", server: strava, set: map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_post"}, wrong: wrongSecret, check: causes.ClientSecretWrong, page: causes.ClientSecretWrong, kind: causes.Look, fix: "paste CLIENT_SECRET again"},
	{name: "Strava: unknown client ID", seen: "developers.strava.com, authentication", server: strava, set: map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_post"}, wrong: unknownID, check: causes.ClientIDUnknown, page: stays, kind: causes.Look, fix: "paste CLIENT_ID again"},
	{name: "Strava: redirect URI not registered", seen: "developers.strava.com, authentication", server: strava, set: map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_post"}, wrong: otherPort, check: causes.RedirectURINotRegistered, page: stays, kind: causes.Add, fix: "http://localhost:3998/oauth_callback"},
	{name: "Discord: right", seen: "discord/discord-api-docs, oauth2.mdx", server: discord},
	{name: "Discord: wrong secret", seen: "discord/discord-api-docs, oauth2.mdx", server: discord, wrong: wrongSecret, check: causes.ClientRefused, page: causes.ClientSecretWrong, kind: causes.Look},
	{name: "Discord: unknown client ID", seen: "discord/discord-api-docs, oauth2.mdx", server: discord, wrong: unknownID, check: causes.ClientRefused, page: stays, kind: causes.Look},
	{name: "Discord: redirect URI not registered", seen: "discord/discord-api-docs, oauth2.mdx", server: discord, wrong: otherPort, check: causes.RedirectURINotRegistered, page: stays, kind: causes.Add, fix: "http://localhost:3998/oauth_callback"},
	{name: "Facebook: right", seen: "developers.facebook.com, manually build a login flow", server: facebook, set: map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_post"}},
	{name: "Facebook: client_secret_basic", seen: "developers.facebook.com, manually build a login flow", server: facebook, set: map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_post"}, wrong: map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_basic"}, check: causes.AuthMethodWrong, page: causes.AuthMethodWrong, kind: causes.Change, fix: "="},
	{name: "Facebook: wrong secret", seen: "developers.facebook.com, manually build a login flow", server: facebook, set: map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_post"}, wrong: wrongSecret, check: causes.ClientSecretWrong, page: causes.ClientSecretWrong, kind: causes.Look, fix: "paste CLIENT_SECRET again"},
	{name: "Facebook: redirect URI not registered", seen: "developers.facebook.com, manually build a login flow", server: facebook, set: map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_post"}, wrong: otherPort, check: causes.RedirectURINotRegistered, page: stays, kind: causes.Add, fix: "http://localhost:3998/oauth_callback"},
	{name: "HubSpot: client_secret_basic", seen: "developers.hubspot.com, working with OAuth", server: hubspot, set: map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_post"}, wrong: map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_basic"}, check: causes.AuthMethodWrong, page: causes.AuthMethodWrong, kind: causes.Change, fix: "="},
	{name: "HubSpot: wrong secret", seen: "developers.hubspot.com, working with OAuth", server: hubspot, set: map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_post"}, wrong: wrongSecret, check: causes.ClientSecretWrong, page: causes.ClientSecretWrong, kind: causes.Look, fix: "paste CLIENT_SECRET again"},
	{name: "Keycloak: right", seen: "keycloak/keycloak, ClientIdAndSecretAuthenticator", server: keycloak},
	{name: "Keycloak: unknown client ID", seen: "keycloak/keycloak, ClientIdAndSecretAuthenticator", server: keycloak, wrong: unknownID, check: causes.ClientIDUnknown, page: stays, kind: causes.Look, fix: "paste CLIENT_ID again"},
	{name: "Keycloak: redirect URI not registered", seen: "keycloak/keycloak, ClientIdAndSecretAuthenticator", server: keycloak, wrong: otherPort, check: causes.RedirectURINotRegistered, page: stays, kind: causes.Add, fix: "http://localhost:3998/oauth_callback"},
	{name: "Keycloak: wrong secret", seen: "keycloak/keycloak, ClientIdAndSecretAuthenticator", server: keycloak, wrong: wrongSecret, check: causes.ClientSecretWrong, page: causes.ClientSecretWrong, kind: causes.Look, fix: "paste CLIENT_SECRET again"},
	{name: "Keycloak: no secret", seen: "keycloak/keycloak, ClientIdAndSecretAuthenticator", server: keycloak, wrong: map[string]string{"CLIENT_SECRET": ""}, check: causes.ClientSecretMissing, page: causes.ClientSecretMissing, kind: causes.Look},
	{name: "IdentityServer: right", seen: "DuendeArchive/IdentityModel.OidcClient.Samples#86", server: idserver},
	{name: "IdentityServer: unknown client ID", seen: "DuendeArchive/IdentityModel.OidcClient.Samples#86", server: idserver, wrong: unknownID, check: causes.ClientIDUnknown, page: stays, kind: causes.Look, fix: "paste CLIENT_ID again"},
	{name: "IdentityServer: redirect URI not registered", seen: "DuendeArchive/IdentityModel.OidcClient.Samples#86", server: idserver, wrong: otherPort, check: causes.RedirectURINotRegistered, page: stays, kind: causes.Add, fix: "http://localhost:3998/oauth_callback"},
	{name: "IdentityServer: scope", seen: "DuendeArchive/IdentityModel.OidcClient.Samples#86", server: func() *played { p := idserver(); p.scopes = []string{"openid", "profile", "email"}; return p }, wrong: map[string]string{"SCOPES": "openid groups"}, check: causes.ScopeNotEnabled, page: stays, kind: causes.Change, fix: "="},
	{name: "Google: unknown client ID", seen: "aldacco/drive-login#34, hybridauth/hybridauth#973", server: googleServer, wrong: unknownID, check: causes.ClientIDUnknown, page: stays, kind: causes.Look, fix: "paste CLIENT_ID again"},
	{name: "Google: redirect URI not registered", seen: "aldacco/drive-login#34, hybridauth/hybridauth#973", server: googleServer, wrong: otherPort, check: causes.RedirectURINotRegistered, page: stays, kind: causes.Add, fix: "http://localhost:3998/oauth_callback"},
	{name: "Google: wrong secret", seen: "aldacco/drive-login#34, hybridauth/hybridauth#973", server: googleServer, wrong: wrongSecret, check: causes.ClientSecretWrong, page: causes.ClientSecretWrong, kind: causes.Look, fix: "paste CLIENT_SECRET again"},
	{name: "Zitadel: redirect URI not registered", seen: "zitadel/zitadel#6955", server: zitadel, wrong: otherPort, check: causes.RedirectURINotRegistered, page: stays, kind: causes.Add, fix: "http://localhost:3998/oauth_callback"},
	{name: "Zitadel: unknown client ID", seen: "zitadel/zitadel#6955", server: zitadel, wrong: unknownID, check: causes.ClientIDUnknown, page: stays, kind: causes.Look, fix: "paste CLIENT_ID again"},
	{name: "Zitadel: method", seen: "zitadel/zitadel#6955", server: func() *played { p := zitadel(); p.methods = []string{"client_secret_post"}; return p }, set: map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_post"}, wrong: map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": ""}, check: causes.AuthMethodWrong, page: causes.AuthMethodWrong, kind: causes.Change, fix: "="},
	{name: "X: client_secret_post", seen: "docs.x.com, OAuth 2.0", server: twitter, wrong: map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_post"}, check: causes.AuthMethodWrong, page: causes.AuthMethodWrong, kind: causes.Change, fix: "="},
	{name: "X: wrong secret", seen: "docs.x.com, OAuth 2.0", server: twitter, wrong: wrongSecret, check: causes.ClientRefused, page: causes.ClientSecretWrong, kind: causes.Look},
	{name: "Kakao: client_secret_basic", seen: "developers.kakao.com, error codes", server: kakao, set: map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_post"}, wrong: map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": ""}, check: causes.AuthMethodWrong, page: causes.AuthMethodWrong, kind: causes.Change, fix: "="},
	{name: "Kakao: wrong secret", seen: "developers.kakao.com, error codes", server: kakao, set: map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_post"}, wrong: wrongSecret, check: causes.ClientSecretWrong, page: causes.ClientSecretWrong, kind: causes.Look, fix: "paste CLIENT_SECRET again"},
	{name: "dex", seen: "dexidp/dex, server/handlers.go", server: dex, wrong: wrongSecret, check: causes.ClientSecretWrong, page: causes.ClientSecretWrong, kind: causes.Look, fix: "paste CLIENT_SECRET again"},
	{name: "dex: unknown client ID", seen: "dexidp/dex, server/handlers.go", server: dex, wrong: unknownID, check: causes.ClientIDUnknown, page: stays, kind: causes.Look, fix: "paste CLIENT_ID again"},
	{name: "dex: redirect URI not registered", seen: "dexidp/dex, server/handlers.go", server: dex, wrong: otherPort, check: causes.RedirectURINotRegistered, page: stays, kind: causes.Add, fix: "http://localhost:3998/oauth_callback"},
	{name: "authentik: redirect URI not registered", seen: "goauthentik/authentik, providers/oauth2", server: authentik, wrong: otherPort, check: causes.RedirectURINotRegistered, page: stays, kind: causes.Add, fix: "http://localhost:3998/oauth_callback"},
	{name: "authentik: unknown client ID", seen: "goauthentik/authentik, providers/oauth2", server: authentik, wrong: unknownID, check: causes.ClientIDUnknown, page: stays, kind: causes.Look, fix: "paste CLIENT_ID again"},
	{name: "authentik: wrong secret", seen: "goauthentik/authentik, providers/oauth2", server: authentik, wrong: wrongSecret, check: causes.ClientSecretWrong, page: causes.ClientSecretWrong, kind: causes.Look, fix: "paste CLIENT_SECRET again"},
	{name: "Nextcloud: unknown client ID", seen: "nextcloud/server, apps/oauth2", server: nextcloud, wrong: unknownID, check: causes.ClientIDUnknown, page: stays, kind: causes.Look, fix: "paste CLIENT_ID again"},
	{name: "Nextcloud: wrong secret", seen: "nextcloud/server, apps/oauth2", server: nextcloud, wrong: wrongSecret, check: causes.ClientRefused, page: causes.ClientSecretWrong, kind: causes.Look},
	{name: "Entra: the secret has expired", seen: "MicrosoftDocs, AADSTS7000222", server: func() *played {
		return &played{base: "https://login.microsoftonline.com/t/oauth2/v2.0", issuer: "https://login.microsoftonline.com/t/v2.0", badClient: otherwise(refusal(401, "invalid_client", "AADSTS7000222: The provided client secret keys for app '4711' are expired."))}
	}, wrong: wrongSecret, check: causes.ClientSecretWrong, page: causes.ClientSecretWrong, kind: causes.Look, fix: "paste CLIENT_SECRET again"},
	{name: "Keycloak: the code was used", seen: "oauth2-proxy/oauth2-proxy#2097", server: func() *played {
		p := &played{}
		p.issued = otherwise(refusal(400, "invalid_grant", "Code not valid"))
		return p
	}, mend: func(p *played) { p.issued = nil }, page: causes.CodeExpiredOrUsed, kind: causes.Look},
	{name: "S256 is refused", seen: "RFC 7636 section 4.4.1", server: func() *played {
		p := &played{}
		p.enter = func(r q) (reply, bool) {
			return r.back("invalid_request", "code_challenge_method=S256 not supported"), r.Has("code_challenge")
		}
		return p
	}, mend: func(p *played) { p.enter = nil }, check: causes.PKCERefused, page: causes.PKCERefused, kind: causes.Look},
	{name: "server_error for every login", seen: "RFC 6749 section 4.1.2.1", server: func() *played {
		p := &played{}
		p.enter = func(r q) (reply, bool) { return r.back("server_error", "Internal"), true }
		return p
	}, mend: func(p *played) { p.enter = nil }, check: causes.ServerFailed, page: causes.ServerFailed, kind: causes.Look},
	// Loopback redirect URIs.
	{name: "any port of 127.0.0.1", seen: "RFC 8252 section 7.3", server: func() *played {
		return &played{anyPort: true, redirect: []string{}}
	}, set: map[string]string{"BASE_URL": "http://127.0.0.1:3999"}, wrong: map[string]string{"BASE_URL": ""}, check: causes.RedirectURINotRegistered, page: stays, kind: causes.Change,
		fix: "BASE_URL=http://127.0.0.1:3999", says: "the server accepts 127.0.0.1, not localhost, on any port"},
	{name: "the IP address with one port", seen: "RFC 9700 section 2.1", server: func() *played {
		return &played{redirect: []string{"http://127.0.0.1:3999/oauth_callback"}}
	}, set: map[string]string{"BASE_URL": "http://127.0.0.1:3999"}, wrong: map[string]string{"BASE_URL": ""}, check: causes.RedirectURINotRegistered, page: stays, kind: causes.Change,
		fix: "BASE_URL=http://127.0.0.1:3999", says: "the server accepts 127.0.0.1, not localhost", never: []string{"any port"}},

	// The scope that a login was refused for, where the server's words don't name it.
	{name: "Keycloak: all scopes are listed", seen: "keycloak/keycloak, AuthorizationEndpointChecker", server: func() *played {
		p := keycloak()
		p.scopes = []string{"openid", "email", "profile"}
		return p
	}, wrong: map[string]string{"SCOPES": "openid email reports.read"}, check: causes.ScopeNotEnabled, page: causes.ScopeNotEnabled, kind: causes.Change, fix: "SCOPES='openid email'", says: "Remove reports.read from SCOPES"},
	{name: "invalid_scope without a word", seen: "RFC 6749 section 4.1.2.1", server: func() *played {
		return &played{scopes: []string{"openid", "email", "profile"}, badScope: func(r q, _ string) reply { return r.back("invalid_scope", "") }}
	}, wrong: map[string]string{"SCOPES": "openid email reports.read"}, check: causes.ScopeNotEnabled, page: causes.ScopeNotEnabled, kind: causes.Change, fix: "SCOPES='openid email'", says: "Remove reports.read from SCOPES"},
	{name: "goiabada: a scope that is looked at after the sign-in", seen: "leodip/goiabada", server: func() *played {
		p := goiabada()
		p.scopes = []string{"openid", "email", "profile"}
		p.badScope = func(r q, _ string) reply {
			if !r.signedIn && r.Get("prompt") != "none" {
				return to("https://goiabada.example.com/auth/pwd")
			}
			return r.back("invalid_scope", "A scope is not valid.")
		}
		return p
	}, wrong: map[string]string{"SCOPES": "openid email reports.read"}, check: causes.ScopeNotEnabled, page: causes.ScopeNotEnabled, kind: causes.Change, fix: "SCOPES='openid email'", says: "Remove reports.read from SCOPES"},
	{name: "prompt=none is refused with the words of a scope, whatever is asked", seen: "OpenID Connect Core section 3.1.2.1", server: func() *played {
		return &played{authorize: func(r q) (reply, bool) {
			return r.back("invalid_scope", "A scope is not valid."), r.Get("prompt") == "none" && !r.signedIn
		}}
	}},
	{name: "a scope that only the user's sign-in refuses", seen: "RFC 6749 section 4.1.2.1", server: func() *played {
		return &played{enter: func(r q) (reply, bool) {
			return r.back("invalid_scope", ""), r.signedIn && strings.Contains(r.Get("scope"), "reports")
		}}
	}, wrong: map[string]string{"SCOPES": "openid email reports.read"}, page: causes.ScopeNotEnabled, kind: causes.Look, fix: "Remove the scopes that this client doesn't have"},

	// The endpoints beside the login. None of them accuses the client, which a login proves right.
	{name: "userinfo is a page", seen: "camunda/camunda#55732", server: func() *played {
		return &played{userinfo: otherwise(page(200, "Sign in"))}
	}, mend: func(p *played) { p.userinfo = nil }, use: "/userinfo", page: causes.UserinfoUnusable, kind: causes.Look, fix: "see what answers at its userinfo endpoint", says: "an HTML page"},
	{name: "USERINFO_ENDPOINT is a page", seen: "as above", server: func() *played {
		return &played{at: map[string]func(q) reply{"/profile": otherwise(page(200, "Sign in"))}}
	}, wrong: map[string]string{"USERINFO_ENDPOINT": "https://id.example.com/profile"}, use: "/userinfo", page: causes.UserinfoUnusable, kind: causes.Look, fix: "Check USERINFO_ENDPOINT"},
	{name: "userinfo is about another user", seen: "gravitee-io/gravitee-access-management#394", server: func() *played {
		return &played{userinfo: otherwise(jsonOf(200, map[string]any{"sub": "user-2"}))}
	}, mend: func(p *played) { p.userinfo = nil }, use: "/userinfo", page: causes.UserinfoUnusable, kind: causes.Look, fix: "Don't use this response"},
	{name: "userinfo has no sub", seen: "IdentityServer/IdentityServer3#3578", server: func() *played {
		return &played{userinfo: otherwise(jsonOf(200, map[string]any{"name": "Alice"}))}
	}, mend: func(p *played) { p.userinfo = nil }, use: "/userinfo", page: causes.UserinfoUnusable, kind: causes.Look, fix: "userinfo has to have sub", says: "sub is missing", never: []string{"a different user"}},
	{name: "userinfo fails", seen: "RFC 9110 section 15.6", server: func() *played {
		return &played{userinfo: otherwise(page(503, "Service Unavailable"))}
	}, mend: func(p *played) { p.userinfo = nil }, use: "/userinfo", page: causes.ServerFailed, kind: causes.Look, fix: "Try again"},
	{name: "introspection wants credentials of an API, and the code is looked up first", seen: "DuendeArchive/IdentityServer4#5223", server: func() *played {
		p := codeFirst()
		p.document = lacks("revocation_endpoint")
		p.introspect = otherwise(refusal(401, "invalid_client", "Client authentication failed"))
		return p
	}, says: "Some servers answer only an API", never: noSecretWrong},
	{name: "introspection is not allowed to this client", seen: "mitreid-connect/OpenID-Connect-Java-Spring-Server#1244", server: func() *played {
		p := codeFirst()
		p.introspect = func(r q) reply {
			if !p.isClient(r) {
				return refusal(401, "invalid_client", "Client authentication failed")
			}
			return refusal(403, "access_denied", "The client may not introspect tokens")
		}
		return p
	}, says: "ID and secret are accepted", never: noSecretWrong},
	{name: "introspection has a method of its own", seen: "RFC 8414 section 2", server: func() *played {
		p := codeFirst()
		p.methods = []string{config.MethodPost}
		p.document = func(d map[string]any) {
			onlyMethods("client_secret_post")(d)
			d["introspection_endpoint_auth_methods_supported"] = []string{"client_secret_basic"}
			lacks("revocation_endpoint")(d)
		}
		p.introspect = func(r q) reply {
			if r.method != config.MethodBasic || r.secret != playedSecret {
				return refusal(401, "invalid_client", "Client authentication failed")
			}
			return jsonOf(200, map[string]any{"active": r.Get("token") == playedToken})
		}
		return p
	}, use: "/tokeninfo", says: "an invented token is not active", never: append([]string{string(causes.AuthMethodWrong)}, noSecretWrong...)},
	{name: "a firewall in front of introspection", seen: "RFC 9110 section 15.5.4", server: func() *played {
		return &played{introspect: otherwise(page(403, "Request blocked."))}
	}, says: "A firewall or a sign-in page in front of the introspection endpoint may answer", never: noSecretWrong},
	{name: "Clerk's older provider", seen: "clerk/openapi-specs, fapi 2026-05-12", server: func() *played {
		return &played{introspect: otherwise(jsonOf(422, map[string]any{"errors": []any{map[string]any{"message": "You are currently using the legacy OAuth 2.0 provider, please migrate to the new one via Clerk Dashboard."}}}))}
	}, says: "Migrate the instance"},
	{name: "revocation is out of order", seen: "RFC 9110 section 15.6", server: func() *played {
		return &played{revoke: otherwise(page(503, "Service Unavailable"))}
	}, says: "the revocation endpoint returned 503", never: noSecretWrong},
	{name: "JWT access tokens are not revoked", seen: "RFC 7009 section 2.2.1, Clerk", server: func() *played {
		return &played{revoke: func(r q) reply { return refusal(400, "unsupported_token_type", "") }}
	}, says: "does not revoke this kind of token"},
	{name: "revocation answers 204", seen: "RFC 9110 section 15.3.5", server: func() *played {
		return &played{revoke: otherwise(reply{status: 204})}
	}, says: "accepts an invented token, as it should"},

	// The metadata.
	{name: "the metadata is a page", seen: "H2CK/oidc#474", server: func() *played {
		return &played{at: map[string]func(q) reply{"/app/.well-known/openid-configuration": otherwise(page(200, "Welcome"))}}
	}, wrong: map[string]string{"ISSUER": "https://id.example.com/app"}, check: causes.ServerNotFound, page: causes.ServerNotFound, kind: causes.Look, fix: "Check the host and the path of ISSUER", says: "an HTML page instead"},
	{name: "the metadata redirects to the right host", seen: "RFC 9110 section 15.4", server: func() *played {
		p := &played{base: "https://www.example.com", hosts: []string{"example.com"}}
		p.handle = func(r q) (reply, bool) {
			return to("https://www.example.com" + r.URL.Path), r.URL.Host == "example.com"
		}
		return p
	}, wrong: map[string]string{"ISSUER": "https://example.com"}, check: causes.IssuerDiffers, page: causes.IssuerDiffers, kind: causes.Change, fix: "ISSUER=https://www.example.com"},
	{name: "the metadata redirects to http", seen: "RFC 9700 section 2.6", server: func() *played {
		return &played{at: map[string]func(q) reply{"/.well-known/openid-configuration": otherwise(to("http://id.example.com/.well-known/openid-configuration"))}}
	}, mend: func(p *played) { p.at = nil }, check: causes.ServerNotFound, page: causes.ServerNotFound, kind: causes.Look, says: "which is not followed", never: []string{"ISSUER=http://"}},
	{name: "the metadata fails", seen: "RFC 9110 section 15.6", server: func() *played {
		return &played{handle: func(r q) (reply, bool) {
			return page(503, "Maintenance"), strings.Contains(r.URL.Path, "/.well-known/")
		}}
	}, mend: func(p *played) { p.handle = nil }, check: causes.ServerFailed, page: causes.ServerFailed, kind: causes.Look, fix: "Try again", never: []string{"Check the host and the path of ISSUER"}},
	{name: "a firewall in front of the metadata", seen: "RFC 9110 section 15.5.4", server: func() *played {
		return &played{handle: func(r q) (reply, bool) { return page(403, "Blocked"), strings.Contains(r.URL.Path, "/.well-known/") }}
	}, mend: func(p *played) { p.handle = nil }, check: causes.ServerNotFound, page: causes.ServerNotFound, kind: causes.Look, fix: "a firewall"},
	{name: "the metadata lacks token_endpoint", seen: "RFC 8414 section 2", server: func() *played {
		return &played{document: lacks("token_endpoint")}
	}, mend: func(p *played) { p.document = nil }, check: causes.ServerNotFound, page: causes.ServerNotFound, kind: causes.Look, fix: "TOKEN_ENDPOINT= and its address", never: []string{"that the server is running"}},
	{name: "Entra: the issuer of common", seen: "coreos/go-oidc#344, learn.microsoft.com", server: func() *played {
		const host = "https://login.microsoftonline.com"
		return &played{base: host + "/common/oauth2/v2.0", issuer: host + "/11111111-2222-3333-4444-555555555555/v2.0", at: map[string]func(q) reply{
			"/common/v2.0/.well-known/openid-configuration": otherwise(jsonOf(200, map[string]any{"issuer": host + "/{tenantid}/v2.0", "authorization_endpoint": host + "/common/oauth2/v2.0/authorize", "token_endpoint": host + "/common/oauth2/v2.0/token"}))}}
	}, wrong: map[string]string{"ISSUER": "https://login.microsoftonline.com/common/v2.0"}, check: causes.IssuerDiffers, page: causes.IssuerDiffers, kind: causes.Look,
		fix: "Directory (tenant) ID", never: []string{"ISSUER=https://login.microsoftonline.com/{"}},

	// The keys.
	{name: "the keys are not found", seen: "MarcelCoding/jitsi-openid#193", server: func() *played {
		return &played{jwks: otherwise(page(404, "Not found"))}
	}, mend: func(p *played) { p.jwks = nil }, check: causes.JWKSUnusable, page: causes.JWKSUnusable, kind: causes.Look, fix: "has to name an address that has its keys", never: []string{"Give the server"}},
	{name: "JWKS_URI is wrong", seen: "MarcelCoding/jitsi-openid#193", server: func() *played { return &played{} },
		wrong: map[string]string{"JWKS_URI": "https://id.example.com/certs"}, check: causes.JWKSUnusable, page: causes.JWKSUnusable, kind: causes.Look, fix: "Check JWKS_URI"},
	{name: "the keys fail", seen: "RFC 9110 section 15.6", server: func() *played {
		return &played{jwks: otherwise(page(503, "Service Unavailable"))}
	}, mend: func(p *played) { p.jwks = nil }, check: causes.JWKSUnusable, page: causes.JWKSUnusable, kind: causes.Look, fix: "Try again"},
	{name: "the metadata names no keys", seen: "OpenID Connect Discovery section 3", server: func() *played {
		return &played{document: lacks("jwks_uri")}
	}, mend: func(p *played) { p.document = nil }, check: causes.JWKSUnusable, page: causes.JWKSUnusable, kind: causes.Look, fix: "write JWKS_URI=", never: []string{"set ISSUER"}},
	{name: "HS256 for a client without a secret", seen: "RFC 7518 section 3.2", server: func() *played {
		return &played{public: true, document: func(d map[string]any) { d["id_token_signing_alg_values_supported"] = []string{"HS256"} }, jwks: otherwise(jsonOf(200, map[string]any{"keys": []any{}})),
			sign: func(c map[string]any) string { return testserver.SignClaims(jose.HS256, []byte(playedSecret), c) }}
	}, mend: func(p *played) { p.document, p.jwks, p.sign = nil, nil, nil }, check: causes.IDTokenAlgorithm, page: causes.IDTokenAlgorithm, kind: causes.Look, fix: "at least 32 bytes", never: []string{"choose RS256"}},
	{name: "HS256 with a different secret", seen: "OpenID Connect Core section 3.1.3.7 (8)", server: func() *played {
		return &played{document: func(d map[string]any) { d["id_token_signing_alg_values_supported"] = []string{"HS256"} }, jwks: otherwise(jsonOf(200, map[string]any{"keys": []any{}})),
			sign: func(c map[string]any) string {
				return testserver.SignClaims(jose.HS256, []byte(playedSecret+playedSecret), c)
			},
		}
	}, mend: func(p *played) { p.document, p.jwks, p.sign = nil, nil, nil }, page: causes.IDTokenSignature, kind: causes.Look, fix: "a different secret than CLIENT_SECRET"},
	{name: "the ID token is no JWT", seen: "RFC 7519 section 7.2", server: func() *played {
		return &played{response: func(r map[string]any) { r["id_token"] = "opaque" }}
	}, mend: func(p *played) { p.response = nil }, page: causes.TokenResponseUnusable, kind: causes.Look, fix: "its id_token isn't a readable JWT"},
	{name: "no issuer, and openid is asked for", seen: "OpenID Connect Core section 3.1.3.7 (2)", server: func() *played {
		p := &played{noDoc: true}
		return p
	}, wrong: map[string]string{"SCOPES": "openid"}, check: causes.IssuerMissing, page: causes.IssuerMissing, kind: causes.Look, fix: "set ISSUER. Otherwise remove openid"},
	{name: "no issuer, and keys", seen: "jaredhanson/passport-openidconnect#47", server: func() *played { return &played{noDoc: true} },
		wrong: map[string]string{"SCOPES": "openid", "JWKS_URI": "https://id.example.com/jwks"}, check: causes.IssuerMissing, page: causes.IssuerMissing, kind: causes.Look, fix: "set ISSUER. Otherwise remove openid"},
	{name: "TOKEN_ENDPOINT is the introspection endpoint", seen: "RFC 7662 section 2", server: func() *played { return &played{} },
		wrong: map[string]string{"TOKEN_ENDPOINT": "https://id.example.com/introspect"}, check: causes.TokenEndpointUnusable, page: causes.TokenEndpointUnusable, kind: causes.Look, fix: "Check TOKEN_ENDPOINT", never: noSecretWrong},
	{name: "TOKEN_ENDPOINT is the userinfo endpoint", seen: "OpenID Connect Core section 5.3", server: func() *played { return &played{} },
		wrong: map[string]string{"TOKEN_ENDPOINT": "https://id.example.com/userinfo"}, check: causes.TokenEndpointUnusable, page: causes.TokenEndpointUnusable, kind: causes.Look, fix: "Check TOKEN_ENDPOINT", never: noSecretWrong},
	{name: "AUTHORIZATION_ENDPOINT is the token endpoint", seen: "RFC 6749 section 3.1", server: func() *played { return &played{} },
		wrong: map[string]string{"AUTHORIZATION_ENDPOINT": "https://id.example.com/token"}, check: causes.AuthorizationEndpointUnusable, page: stays, kind: causes.Look, fix: "Check AUTHORIZATION_ENDPOINT", never: []string{"not registered"}},
	{name: "AUTHORIZATION_ENDPOINT is an API", seen: "RFC 6750 section 3", server: func() *played { return &played{noDoc: true, api: refusesBearer} },
		wrong: map[string]string{"AUTHORIZATION_ENDPOINT": "https://id.example.com/api"}, check: causes.AuthorizationEndpointUnusable, page: stays,
		kind: causes.Look, fix: "Check AUTHORIZATION_ENDPOINT", never: []string{"not registered"}},
	{name: "TOKEN_ENDPOINT answers everything with 200", seen: "RFC 6749 section 5.2", server: func() *played {
		return &played{at: map[string]func(q) reply{"/hook": otherwise(jsonOf(200, map[string]any{"received": true}))}}
	}, wrong: map[string]string{"TOKEN_ENDPOINT": "https://id.example.com/hook"}, check: causes.TokenEndpointUnusable, page: causes.TokenResponseUnusable,
		kind: causes.Look, fix: "Check TOKEN_ENDPOINT", never: noSecretWrong},
	{name: "one page for ID and redirect URI, and a token endpoint that tells IDs apart", seen: "RFC 6749 sections 4.1.2.1 and 5.2", server: func() *played {
		same := otherwise(page(400, "This request is not valid."))
		return &played{unknownClient: same, wrongRedirect: same, badClient: func(r q) reply {
			if r.id != playedID {
				return refusal(400, "invalid_request", "")
			}
			return refusal(401, "invalid_client", "")
		}}
	}, wrong: wrongSecretAndPort, check: causes.RedirectURINotRegistered, page: stays, kind: causes.Add, fix: "http://localhost:3998/oauth_callback"},
	{name: "Discord: the form of the ID comes first", seen: "fuma-nama/discord-bot-dashboard-next#33",
		server: formFirst("1123501710464258158", regexp.MustCompile(`^[0-9]{17,20}$`), jsonOf(400, map[string]any{"client_id": []string{"Value is not snowflake."}})),
		wrong:  map[string]string{"CLIENT_ID": "1123501710464258159", "CLIENT_SECRET": wrongSecret["CLIENT_SECRET"]},
		check:  causes.ClientIDUnknown, page: stays, kind: causes.Look, fix: "paste CLIENT_ID again", never: []string{"not registered"}},
	{name: "the form of the ID comes first, a UUID", seen: "supabase/auth, internal/api/oauthserver",
		server: formFirst("9f1c2c1e-6a58-4b1c-9d3e-0a7b5c2f4e11", regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`),
			refusal(400, "invalid_request", "invalid client_id format")),
		wrong: map[string]string{"CLIENT_ID": "9f1c2c1e-6a58-4b1c-9d3e-0a7b5c2f4e12", "CLIENT_SECRET": wrongSecret["CLIENT_SECRET"]},
		check: causes.ClientIDUnknown, page: stays, kind: causes.Look, fix: "paste CLIENT_ID again", never: []string{"not registered"}},
	{name: "an error in a 200, as ret and msg", seen: "wiki.connect.qq.com, public return codes", server: func() *played {
		return &played{badCode: otherwise(jsonOf(200, map[string]any{"ret": 100019, "msg": "the code is no longer there"})),
			badClient: otherwise(jsonOf(200, map[string]any{"ret": 100008, "msg": "invalid client secret"}))}
	}, says: "ID and secret are accepted"},
	{name: "an error in a 200, as error_response", seen: "opendocs.alipay.com, common errors", server: func() *played {
		refused := func(code string) func(q) reply {
			return otherwise(jsonOf(200, map[string]any{"error_response": map[string]any{"code": "40002", "msg": "Invalid Arguments", "sub_code": code}}))
		}
		return &played{badCode: refused("isv.code-invalid"), badClient: refused("isv.invalid-app-id")}
	}, says: "ID and secret are accepted"},
	{name: "a challenge from an authorization endpoint, at the address that the metadata names", seen: "RFC 6750 section 3", server: func() *played {
		return &played{authorize: func(r q) (reply, bool) { return reply{401, "", "Bearer", ""}, !r.signedIn }}
	}, set: map[string]string{"AUTHORIZATION_ENDPOINT": "https://id.example.com/authorize"},
		says: "a browser may get a different answer", never: []string{"AUTHORIZATION_ENDPOINT asks", string(causes.AuthorizationEndpointUnusable), "not registered"}},
	{name: "a parameter that the server refuses", seen: "RFC 6749 section 4.1.2.1", server: func() *played {
		return &played{authorize: func(r q) (reply, bool) {
			return page(400, "Something went wrong."), r.URL.Query().Get("display") == "wapp"
		}}
	}, set: map[string]string{"AUTHORIZATION_PARAMS": "display=page"}, wrong: map[string]string{"AUTHORIZATION_PARAMS": "display=wapp"}, check: causes.ParameterRefused, page: stays, kind: causes.Look, says: "refuses a parameter in AUTHORIZATION_PARAMS", never: []string{"not registered"}},
	{name: "TOKEN_ENDPOINT has a host that is not there", seen: "RFC 8499 section 3", server: func() *played { return &played{} },
		wrong: map[string]string{"TOKEN_ENDPOINT": "https://internal.example.com/token"}, check: causes.ServerUnreachable, page: causes.ServerUnreachable, kind: causes.Look, fix: "Check TOKEN_ENDPOINT",
		never: []string{"Check ISSUER"}},
	{name: "AUTHORIZATION_ENDPOINT has a host that is not there", seen: "RFC 8499 section 3", server: func() *played { return &played{} },
		wrong: map[string]string{"AUTHORIZATION_ENDPOINT": "https://internal.example.com/authorize"}, check: causes.ServerUnreachable, kind: causes.Look, fix: "Check AUTHORIZATION_ENDPOINT",
		never: []string{"Check ISSUER", "not registered"}},
	{name: "INTROSPECTION_ENDPOINT has a host that is not there", seen: "RFC 8499 section 3", server: func() *played { return &played{} },
		wrong: map[string]string{"INTROSPECTION_ENDPOINT": "https://internal.example.com/introspect"}, use: "/tokeninfo", page: causes.ServerUnreachable, kind: causes.Look, fix: "Check INTROSPECTION_ENDPOINT",
		never: []string{"Check ISSUER"}},

	{name: "Clerk: a satellite domain", seen: "clerk/openapi-specs, fapi 2026-05-12", server: func() *played {
		return &played{base: "https://clerk.satellite.example/oauth", issuer: "https://clerk.satellite.example", authorize: always(reply{status: 403}), token: always(reply{status: 403})}
	}, set: map[string]string{"ISSUER": "", "CLERK_PUBLISHABLE_KEY": "pk_live_Y2xlcmsuc2F0ZWxsaXRlLmV4YW1wbGUk"}, mend: func(p *played) { p.authorize, p.token = nil, nil },
		check: causes.TokenEndpointUnusable, page: stays, kind: causes.Look, fix: "the publishable key of the primary domain", never: append([]string{"Check TOKEN_ENDPOINT"}, noSecretWrong...)},

	{name: "the metadata names an endpoint without a host", seen: "RFC 8414 section 2", server: func() *played {
		return &played{document: func(d map[string]any) { d["token_endpoint"] = "/token" }}
	}, mend: func(p *played) { p.document = nil }, check: causes.EndpointsUnusable, page: causes.EndpointsUnusable, kind: causes.Look, fix: "TOKEN_ENDPOINT= and the right address"},
	{name: "the browser comes back without a code", seen: "RFC 6749 section 4.1.2", server: func() *played {
		return &played{enter: func(r q) (reply, bool) {
			return to(r.Get("redirect_uri") + "?" + url.Values{"state": {r.Get("state")}, "access_token": {"a"}}.Encode()), r.signedIn
		}}
	}, mend: func(p *played) { p.enter = nil }, page: causes.CodeMissing, kind: causes.Look, fix: "authorization code flow"},

	// The logout, and logins that begin at an API.
	{name: "logout: id_token_hint is wanted", seen: "panva/node-oidc-provider#464", server: endsSessions(func(r q) bool { return r.Has("id_token_hint") }), use: "/logout"},
	{name: "logout: client_id is wanted", seen: "zitadel/zitadel#8480", server: endsSessions(func(r q) bool { return r.Get("client_id") == playedID }), use: "/logout"},
	{name: "logout: the way back is compared", seen: "DuendeArchive/IdentityServer4#3893", server: endsSessions(func(r q) bool { return r.Get("post_logout_redirect_uri") == "http://localhost:3998/" }),
		mend: func(p *played) {
			p.at = endsSessions(func(r q) bool { return r.Get("post_logout_redirect_uri") == "http://localhost:3999/" })().at
		}, use: "/logout", page: stays},
	{name: "MCP: the metadata is at the API's path", seen: "RFC 9728 section 3.1", server: mcp("/.well-known/oauth-protected-resource/mcp", "https://mcp.example.com/mcp"), set: atAPI, use: "/api"},
	{name: "MCP: the metadata is at the root alone", seen: "tontinton/maki#726", server: mcp("/.well-known/oauth-protected-resource", "https://mcp.example.com/mcp"), set: atAPI, use: "/api"},
	{name: "MCP: the resource is the origin", seen: "PrimeIntellect-ai/prime-agent#2357, modelcontextprotocol/python-sdk#1264", server: mcp("/.well-known/oauth-protected-resource", "https://mcp.example.com"), set: atAPI, use: "/api"},
	{name: "MCP: the resource lacks a slash", seen: "microsoft/vscode#259251", server: mcp("/.well-known/oauth-protected-resource/mcp", "https://mcp.example.com/mcp/"), set: atAPI, use: "/api"},
	{name: "MCP: the resource is the authorization server", seen: "NapthaAI/http-oauth-mcp-server#2", server: mcp("/.well-known/oauth-protected-resource", "https://dev-4711.us.auth0.com/"),
		set: atAPI, mend: func(p *played) {
			p.at["/.well-known/oauth-protected-resource"] = otherwise(jsonOf(200, map[string]any{"resource": "https://mcp.example.com/mcp", "authorization_servers": []string{"https://mcp.example.com"}}))
		}, check: causes.APIMetadataOfAnother, page: causes.APIMetadataOfAnother, kind: causes.Look, fix: "fix the API"},
	{name: "MCP: no metadata of the API", seen: "logiscape/mcp-sdk-php#56", server: mcp("", ""), set: atAPI, mend: func(p *played) {
		p.at["/.well-known/oauth-protected-resource"] = otherwise(jsonOf(200, map[string]any{"resource": "https://mcp.example.com/mcp", "authorization_servers": []string{"https://mcp.example.com"}}))
	}, check: causes.APIMetadataMissing, page: causes.APIMetadataMissing, kind: causes.Look, fix: "ISSUER"},

	// Further public reports.
	{name: "Kick: a bot check in front of the token endpoint", seen: "KickEngineering/KickDevDocs#148, router-for-me/CLIProxyAPI#1659", server: func() *played {
		return &played{noDoc: true, base: "https://id.kick.example", token: always(reply{403, "text/html; charset=UTF-8", "", "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body></body></html>"})}
	}, mend: func(p *played) { p.token = nil }, check: causes.TokenEndpointUnusable, page: causes.TokenEndpointUnusable, kind: causes.Look, fix: "a firewall or a check for browsers",
		says: "Just a moment", never: append([]string{"Check TOKEN_ENDPOINT"}, noSecretWrong...)},
	{name: "Doorkeeper without PKCE", seen: "deeplay-io/verdaccio-openid-connect#2", server: func() *played {
		return &played{token: func(r q) (reply, bool) {
			return refusal(400, "invalid_request", "Invalid code_verifier parameter. Server does not support pkce."), r.Has("code_verifier")
		}}
	}, mend: func(p *played) { p.token = nil }, check: causes.PKCERefused, page: causes.PKCERefused, kind: causes.Look, fix: "Allow PKCE", never: append([]string{"has expired"}, noSecretWrong...)},
	{name: "a sign-in in front of the token endpoint: 401 to everything", seen: "RFC 9110 section 15.5.2", server: func() *played {
		return &played{token: always(reply{401, "text/html", "Negotiate", "<html><head><title>401</title></head><body><h2>401 - Unauthorized: Access is denied due to invalid credentials.</h2></body></html>"})}
	}, mend: func(p *played) { p.token = nil }, check: causes.TokenEndpointUnusable, page: causes.TokenEndpointUnusable, kind: causes.Look, fix: "in front of the token endpoint", never: noSecretWrong},
	{name: "Kong: 401 to everything", seen: "Kong, key-auth", server: func() *played {
		return &played{token: always(jsonOf(401, map[string]any{"message": "No API key found in request"}))}
	}, mend: func(p *played) { p.token = nil }, check: causes.TokenEndpointUnusable, page: causes.TokenEndpointUnusable, kind: causes.Look, fix: "in front of the token endpoint", never: noSecretWrong},
	{name: "the token endpoint wants JSON", seen: "RFC 6749 section 4.1.3", server: func() *played {
		return &played{token: always(refusal(400, "invalid_request", "Content-Type must be application/json"))}
	}, mend: func(p *played) { p.token = nil }, check: causes.TokenEndpointUnusable, page: causes.TokenEndpointUnusable, kind: causes.Look, fix: "OAuth sends a form", never: noSecretWrong},
	{name: "resource is demanded", seen: "RFC 8707 section 2", server: func() *played {
		return &played{enter: func(r q) (reply, bool) {
			return r.back("invalid_target", "Missing resource parameter"), r.Get("resource") == ""
		}}
	}, set: map[string]string{"AUTHORIZATION_PARAMS": "resource=https://api.example.com"}, wrong: map[string]string{"AUTHORIZATION_PARAMS": ""},
		check: causes.ResourceUnknown, page: causes.ResourceUnknown, kind: causes.Look, fix: "AUTHORIZATION_PARAMS='resource=…'"},
	{name: "IndieAuth: the server loses the challenge", seen: "indieweb/wordpress-indieauth#262", server: func() *played {
		return &played{issued: otherwise(refusal(400, "invalid_grant", "Failed PKCE Validation"))}
	}, mend: func(p *played) { p.issued = nil }, page: causes.PKCEVerifierRefused, kind: causes.Look, fix: "fix PKCE on the server", never: []string{"has expired"}},
	{name: "Salesforce: the network is restricted", seen: "sfdx-actions/setup-sfdx#17", server: func() *played {
		return &played{issued: otherwise(refusal(400, "invalid_grant", "ip restricted"))}
	}, mend: func(p *played) { p.issued = nil }, page: causes.UserNotAllowed, kind: causes.Look, fix: "Allow this user", never: []string{"has expired"}},
	{name: "Salesforce: the user is not approved", seen: "nextauthjs/next-auth#1028", server: func() *played {
		return &played{enter: func(r q) (reply, bool) {
			return r.back("OAUTH_APP_ACCESS_DENIED", "user is not admin approved to access this app"), r.signedIn
		}}
	}, mend: func(p *played) { p.enter = nil }, page: causes.UserNotAllowed, kind: causes.Look, fix: "Allow this user"},
	{name: "FranceConnect: acr_values is demanded", seen: "InseeFr/Keycloak-FranceConnect#53", server: franceConnect("acr_values"),
		set: map[string]string{"AUTHORIZATION_PARAMS": "acr_values=eidas1"}, wrong: map[string]string{"AUTHORIZATION_PARAMS": ""}, check: causes.ParameterMissing, page: stays,
		kind: causes.Look, fix: "AUTHORIZATION_PARAMS='acr_values=…'", never: []string{string(causes.RedirectURINotRegistered), string(causes.ClientIDUnknown)}},
	{name: "FranceConnect: nonce is demanded", seen: "oidc-wp/openid-connect-generic#532", server: franceConnect("nonce"),
		wrong: map[string]string{"SCOPES": "profile email"}, check: causes.ParameterMissing, page: stays, kind: causes.Change, fix: "SCOPES='openid profile email'",
		never: []string{string(causes.RedirectURINotRegistered), string(causes.ClientIDUnknown)}},
	{name: "nonce is demanded, and said at the callback", seen: "france-connect/sources#4", server: func() *played {
		return &played{enter: func(r q) (reply, bool) { return r.back("invalid_request", "Missing nonce"), r.Get("nonce") == "" }}
	}, wrong: map[string]string{"SCOPES": "profile email"}, check: causes.ParameterMissing, page: causes.ParameterMissing, kind: causes.Change, fix: "SCOPES='openid profile email'"},
	{name: "authentik: one issuer for all providers", seen: "9p4/jellyfin-plugin-sso#291", server: func() *played {
		return &played{base: "https://ak.example.com/application/o/shop", issuer: "https://ak.example.com/application/o/shop/", document: func(d map[string]any) { d["issuer"] = "https://ak.example.com/" }}
	}, mend: func(p *played) { p.document = nil }, check: causes.IssuerDiffers, page: causes.IssuerDiffers, kind: causes.Look, fix: "fix this on the server", never: []string{"ISSUER=https://ak.example.com/", "that the server is running"}},
	{name: "Nextcloud: the issuer is below index.php", seen: "Flowfin/jellyfin-plugin-sso#1811", server: func() *played {
		p := &played{base: "https://cloud.example.net/nextcloud/index.php"}
		p.at = map[string]func(q) reply{"/nextcloud/.well-known/openid-configuration": func(q) reply { return jsonOf(200, p.documentOf()) }}
		return p
	}, wrong: map[string]string{"ISSUER": "https://cloud.example.net/nextcloud"}, check: causes.IssuerDiffers, page: causes.IssuerDiffers, kind: causes.Change, fix: "ISSUER=https://cloud.example.net/nextcloud/index.php"},
	{name: "Entra: a tenant that does not exist", seen: "learn.microsoft.com, AADSTS90002", server: func() *played {
		const host = "https://login.microsoftonline.com"
		return &played{base: host + "/contoso.example/oauth2/v2.0", issuer: host + "/contoso.example/v2.0", handle: func(r q) (reply, bool) {
			return refusal(400, "invalid_tenant", "AADSTS90002: Tenant 'contosso.example' not found."), strings.Contains(r.URL.Path, "contosso")
		}}
	}, wrong: map[string]string{"ISSUER": "https://login.microsoftonline.com/contosso.example/v2.0"}, check: causes.ServerNotFound, page: causes.ServerNotFound, kind: causes.Look, fix: "ISSUER", says: "Tenant 'contosso.example' not found"},
	{name: "Entra: not enabled for personal accounts", seen: "microsoftgraph/msgraph-sample-nodeexpressapp#152, O365/python-o365#514", server: func() *played {
		const words = "The client does not exist or is not enabled for consumers. If you are the application developer, configure a new application through the App Registrations in the Azure Portal."
		return &played{base: "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/oauth2/v2.0", issuer: "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
			unknownClient: otherwise(page(400, "unauthorized_client: "+words)), badClient: otherwise(refusal(400, "unauthorized_client", "AADSTS700016: Application not found. "+words))}
	}, wrong: unknownID, check: causes.ClientIDUnknown, page: stays, kind: causes.Look, fix: "Application (client) ID", never: []string{string(causes.GrantNotEnabled)}},
	{name: "SATOSA: the unknown client is sent back", seen: "IdentityPython/SATOSA#498", server: func() *played {
		return &played{base: "https://satosa.example.org", unknownClient: func(r q) reply {
			return to(r.Get("redirect_uri") + "?" + url.Values{"error": {"unauthorized_client"}, "error_message": {"Unknown client_id"}, "state": {r.Get("state")}}.Encode())
		}}
	}, wrong: unknownID, check: causes.ClientIDUnknown, page: causes.ClientIDUnknown, kind: causes.Look, fix: "paste CLIENT_ID again", says: "Unknown client_id", never: []string{string(causes.GrantNotEnabled)}},
	{name: "the iss of the response has no slash", seen: "JavaScriptSolidServer/JavaScriptSolidServer#524", server: func() *played {
		p := &played{base: "https://pod.example.com", issuer: "https://pod.example.com/"}
		p.iss = "https://pod.example.com"
		return p
	}, mend: func(p *played) { p.iss = p.issuer }, page: causes.ResponseIssuerDiffers, kind: causes.Look, fix: "Fix this on the server", never: []string{"Compare ISSUER"}},
	{name: "Feishu: the tokens are in data", seen: "larksuite/lark-openapi-mcp#27", server: func() *played {
		return &played{noDoc: true, base: "https://open.feishu.example", issued: otherwise(jsonOf(200, map[string]any{"code": 0, "msg": "success", "data": map[string]any{"access_token": "u-1", "token_type": "Bearer"}}))}
	}, mend: func(p *played) { p.issued = nil }, page: causes.AccessTokenNested, kind: causes.Look, fix: "at the top of the response", never: []string{"Slack", "bot scope"}},
	{name: "kanidm: authentication_required, as text", seen: "kanidm/kanidm#4470", server: func() *played {
		text := func(code string) func(q) reply { return otherwise(plain(400, `{"error":"`+code+`"}`)) }
		return &played{base: "https://idm.example.com", badClient: text("authentication_required"), badCode: text("invalid_request")}
	}, wrong: wrongSecret, check: causes.ClientSecretWrong, page: causes.ClientSecretWrong, kind: causes.Look, fix: "paste CLIENT_SECRET again"},
	{name: "Harvest: tokens with 201", seen: "pow-auth/assent#112, openhab/openhab-core#5284", server: func() *played {
		return &played{sends: func(r reply) reply { r.status = 201; return r }}
	}},
	{name: "a byte order mark before the tokens", seen: "RFC 8259 section 8.1", server: func() *played {
		return &played{sends: func(r reply) reply { r.body = "\ufeff" + r.body; return r }}
	}},
	{name: "Casdoor: 200 with status error", seen: "casdoor/casdoor#3162", server: func() *played {
		return &played{badClient: otherwise(jsonOf(200, map[string]any{"status": "error", "msg": "Incorrect client secret for application: shop", "data": nil, "data2": nil}))}
	}, wrong: wrongSecret, check: causes.ClientSecretWrong, page: causes.ClientSecretWrong, kind: causes.Look, fix: "paste CLIENT_SECRET again"},
	{name: "Casdoor: 200 with status error by Basic alone", seen: "casdoor/casdoor#3162", server: func() *played {
		return &played{badClient: func(r q) reply {
			if r.method == config.MethodBasic {
				return jsonOf(200, map[string]any{"status": "error", "msg": "Incorrect client secret for application: shop", "data": nil, "data2": nil})
			}
			return refusal(401, "invalid_client", "client_secret is invalid for application: [admin/shop]")
		}}
	}, wrong: wrongSecret, check: causes.ClientSecretWrong, page: causes.ClientSecretWrong, kind: causes.Look, fix: "paste CLIENT_SECRET again"},
	{name: "QQ: JSONP", seen: "spring-guides/tut-spring-boot-oauth2#66", server: func() *played {
		jsonp := func(words string) func(q) reply {
			return otherwise(reply{200, "text/html", "", `callback( {"error":100012,"error_description":"` + words + `"} );`})
		}
		return &played{noDoc: true, badClient: jsonp("client secret is illegal"), badCode: jsonp("code to access token error")}
	}, wrong: wrongSecret, check: causes.ClientSecretWrong, page: causes.ClientSecretWrong, kind: causes.Look, fix: "paste CLIENT_SECRET again"},
	{name: "Passport: one answer for the ID and the redirect URI", seen: "laravel/passport#1133, #68", server: func() *played {
		none := otherwise(jsonOf(401, map[string]any{"error": "invalid_client", "error_description": "Client authentication failed", "message": "Client authentication failed"}))
		return &played{noDoc: true, unknownClient: none, wrongRedirect: none, badClient: none, badCode: otherwise(jsonOf(400, map[string]any{"error": "invalid_request", "hint": "Cannot decrypt the authorization code"}))}
	}, wrong: otherPort, check: causes.RedirectURINotRegistered, page: stays, kind: causes.Add, fix: "http://localhost:3998/oauth_callback", never: append([]string{string(causes.ClientIDUnknown)}, noSecretWrong...)},
	{name: "H2CK/oidc: something in front reads Basic for itself", seen: "H2CK/oidc#457", server: func() *played {
		return &played{token: func(r q) (reply, bool) {
			return jsonOf(401, map[string]any{"message": "Current user is not logged in"}), r.method == config.MethodBasic
		}}
	}, set: map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": config.MethodPost}, wrong: map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": ""},
		check: causes.AuthMethodWrong, page: causes.AuthMethodWrong, kind: causes.Change, fix: "TOKEN_ENDPOINT_AUTH_METHOD=client_secret_post", never: noSecretWrong},
	{name: "userinfo wants openid", seen: "juanifioren/django-oidc-provider#417, DuendeArchive/IdentityServer4#1194", server: func() *played {
		return &played{userinfo: otherwise(reply{403, "text/html", `error="insufficient_scope", error_description="The request requires higher privileges than provided by the access token"`, ""})}
	}, mend: func(p *played) { p.userinfo = nil }, set: map[string]string{"SCOPES": "profile"}, use: "/userinfo", page: causes.OpenIDMissing, kind: "", fix: "add openid to SCOPES", never: noSecretWrong},
	{name: "userinfo wants a scope more", seen: "oktadeveloper/okta-blog-archive#1653", server: func() *played {
		return &played{userinfo: otherwise(reply{403, jsonType, `Bearer error="insufficient_scope", error_description="The access token must provide access to at least one of these scopes - profile, email, address or phone"`, ""})}
	}, mend: func(p *played) { p.userinfo = nil }, use: "/userinfo", page: causes.APIScopeMissing, kind: causes.Look, fix: "Add the scope that userinfo wants", never: noSecretWrong},
	{name: "Planning Center: Bad Scope", seen: "planningcenter/developers#123", server: func() *played {
		return &played{api: func(r q) reply {
			if r.Header.Get("Authorization") != "Bearer "+playedToken {
				return jsonOf(401, map[string]any{"errors": []any{map[string]any{"status": "401", "title": "Unauthorized"}}})
			}
			return jsonOf(403, map[string]any{"errors": []any{map[string]any{"status": "403", "title": "Forbidden", "detail": "Bad Scope. The API credentials do not have access to the application check-ins."}}})
		}}
	}, mend: func(p *played) { p.api = refusesBearer }, set: map[string]string{"RESOURCE_URL": "https://id.example.com/api"}, use: "/api", page: causes.APIScopeMissing, kind: "", fix: "add it to SCOPES", never: []string{"own log"}},
	{name: "a firewall that refuses this token's call alone", seen: "anthropics/claude-ai-mcp#968", server: func() *played {
		return &played{api: func(r q) reply {
			if r.Header.Get("Authorization") != "Bearer "+playedToken {
				return reply{401, jsonType, "Bearer", `{"error":"invalid_token"}`}
			}
			return plain(403, "Your request was blocked.")
		}}
	}, set: map[string]string{"RESOURCE_URL": "https://id.example.com/api"}, use: "/api", says: "such as a firewall"},
}

// The answers of servers, and what this app concludes: on the terminal, and on the page of the login that fails.
func TestRun_ServerBehaviors(t *testing.T) {
	t.Parallel()
	if len(rows) < 40 {
		t.Errorf("there are %d rows", len(rows))
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			row.run(t)
		})
	}
}

// agree lists what check and the page of a login may say of one server, as both are true. That the credentials are refused
// contradicts no cause.
var agree = map[[2]causes.Name]bool{
	{causes.ClientRefused, causes.ClientSecretWrong}:             true, // a code came back, so that the ID is right
	{causes.ClientRefused, causes.ClientSecretMissing}:           true, // as above
	{causes.JWKSUnusable, causes.IDTokenSignature}:               true, // no key, so that no signature can be verified
	{causes.TokenEndpointUnusable, causes.TokenResponseUnusable}: true,
}

func (row behavior) run(t *testing.T) {
	negative := row.check != "" || row.page != ""
	if negative && row.wrong == nil && row.mend == nil {
		t.Fatal("a server that is only wrong proves nothing: it has no twin")
	}
	if row.seen == "" {
		t.Error("the row has no source")
	}
	p := row.server().start(t)
	env := p.env(row.set)
	if negative {
		row.isSound(t)
		maps.Copy(env, row.wrong)
		onlySet(env)
	}
	report := p.checks(t, env)
	failing := report.firstFailing()
	advice, description := row.server().start(t).login(t, env, row.use)
	all := report.String() + "\nlogin: " + string(advice.Name) + " " + advice.Heading + ": " + description + "; " + advice.Hint + " " + advice.Remedy.Line
	if failing.Name != row.check || row.check == "" && failing.Check != "" {
		t.Errorf("check names %q (%s); want %q", failing.Name, failing.Check, row.check)
	}
	atStart := row.server().start(t).checksAtStart(t, env).firstFailing()
	neutral := atStart.Name == causes.ClientRefused || atStart.Found == "the client ID or the redirect URI is wrong"
	if atStart.Name != "" && atStart.Name != failing.Name && (!neutral || failing.Name == "") {
		t.Errorf("at the start the checks name %q, which all of them contradict: %q", atStart.Name, failing.Name)
	}
	if advice.Name != row.page || row.page == "" && advice.Heading != "" {
		t.Errorf("the login's page names %q; want %q", advice.Name, row.page)
	}
	if row.check != "" && row.page != "" && row.page != stays && row.page != row.check && !agree[[2]causes.Name{row.check, row.page}] && row.page != causes.ClientRefused {
		t.Errorf("the login's page says %q, which check contradicts: %q", row.page, row.check)
	}
	if negative {
		kind, fix := failing.Remedy.Kind, failing.Fix+" "+failing.Remedy.Where+" "+failing.Remedy.Line
		if row.check == "" {
			kind, fix = advice.Remedy.Kind, advice.Hint+" "+advice.Remedy.Where+" "+advice.Remedy.Line
		}
		if kind != row.kind || !strings.Contains(fix, row.fix) {
			t.Errorf("the fix is %s %q; want %s with %q", kind, fix, row.kind, row.fix)
		}
		if row.check != "" && row.page == row.check && advice.Remedy.Line != failing.Remedy.Line {
			t.Errorf("the page advises %q, check %q", advice.Remedy.Line, failing.Remedy.Line)
		}
	}
	if !strings.Contains(all, row.says) {
		t.Errorf("nothing says %q", row.says)
	}
	for _, words := range row.never {
		if strings.Contains(all, words) {
			t.Errorf("it says %q", words)
		}
	}
	if t.Failed() {
		t.Logf("%s", all)
	}
}

// sound returns a row's server with everything right, and its settings.
func (row behavior) sound(t *testing.T) (*played, map[string]string) {
	p := row.server()
	if row.mend != nil {
		row.mend(p)
	}
	env := p.start(t).env(row.set)
	if row.mend != nil {
		maps.Copy(env, row.wrong)
	}
	return p, onlySet(env)
}

// isSound is the other half of a row: with the right settings, or mended, nothing fails.
func (row behavior) isSound(t *testing.T) {
	p, env := row.sound(t)
	if r := p.checks(t, env); r.firstFailing().Check != "" {
		t.Errorf("with everything right this fails: %s\n%s", r.firstFailing(), r)
	}
	if advice, description := p.login(t, env, row.use); advice.Heading != "" || advice.Name != "" {
		t.Errorf("with everything right the login says %s %q: %s", advice.Name, advice.Heading, description)
	}
}
