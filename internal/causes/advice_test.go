package causes

import (
	"strings"
	"testing"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// The setting at fault is known from the words of servers.
func TestSuspect(t *testing.T) {
	for _, row := range []struct {
		name, code, words string
		want              Setting
	}{
		{
			"Clerk and Ory: redirect URI",
			"invalid_request",
			"The 'redirect_uri' parameter does not match any of the OAuth 2.0 Client's pre-registered redirect urls.",
			RedirectURI,
		},
		{"Clerk and Ory: scope", "invalid_scope", "The OAuth 2.0 Client is not allowed to request scope 'x'.", Scopes},
		{
			"Clerk and Ory: secret",
			"invalid_client",
			"Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method).",
			ClientSecret,
		},
		{"Keycloak: secret", "unauthorized_client", "Invalid client or Invalid client credentials", ClientSecret},
		{"Keycloak: scope", "invalid_scope", "Invalid scopes: openid foo", Scopes},
		{"Entra: secret", "invalid_client", "AADSTS7000215: Invalid client secret provided.", ClientSecret},
		{"Entra: redirect URI", "invalid_request", "AADSTS50011: The redirect URI specified does not match", RedirectURI},
		{
			"Entra: single page",
			"invalid_request",
			"AADSTS9002326: Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type.",
			AuthMethod,
		},
		{"Google: redirect URI", "redirect_uri_mismatch", "Bad Request: redirect", RedirectURI},
		{"GitHub: secret", "incorrect_client_credentials", "The client_id and/or client_secret passed are incorrect.", ClientSecret},
		{"Auth0: grant", "unauthorized_client", "Grant type 'authorization_code' not allowed for the client.", Grant},
		{
			"Authelia: method",
			"invalid_client",
			"The request was determined to be using 'token_endpoint_auth_method' method 'client_secret_post', however the OAuth 2.0 client " +
				"registration does not allow this method.",
			AuthMethod,
		},
		{"Okta: policy", "access_denied", "Policy evaluation failed for this request, please check the policy configurations.", Users},
		{"Google: testers", "access_denied", "The app can only be accessed by developer-approved testers", Users},
		{"nothing known", "weird", "What?", ""},
	} {
		if got := Suspect(row.code, row.words); got != row.want {
			t.Errorf("%s: suspect is %q; want %q", row.name, got, row.want)
		}
	}
}

// Metadata that names another issuer: one line, and nothing beside it that contradicts it.
func TestAdviceForAnotherIssuer(t *testing.T) {
	for _, row := range []struct {
		name, theirs string
		demo         bool
		line, hint   string
	}{
		{"a slash too many", "http://localhost:3000/demo/", false, "ISSUER=http://localhost:3000/demo/", "Check ISSUER: "},
		{"a slash too many, in the demo", "http://localhost:3000/demo/", true, "ISSUER=http://localhost:3000/demo/", "Check ISSUER: "},
		{"another program in the demo's place", "http://localhost:3000", true, "BASE_URL=http://localhost:3000", "In demo mode "},
	} {
		cfg := config.Config{Issuer: "http://localhost:3000/demo", BaseURL: "http://localhost:3000", Demo: row.demo}
		a := Advise(cfg, "", nil, &oauth.Error{Step: wire.Metadata, Code: oauth.CodeNotFound, Issuer: row.theirs})
		if a.Remedy.Line != row.line || !strings.HasPrefix(a.Hint, row.hint) || a.Heading != IssuerDiffers.Title() {
			t.Errorf("%s: %q, %q, %q", row.name, a.Heading, a.Remedy.Line, a.Hint)
		}
	}
}

// The line to write leaves out the scope that the server names, and only that.
func TestScopeLineWithoutTheNamedScope(t *testing.T) {
	for words, want := range map[string]string{
		`the scope "email" is not enabled for this client`: "SCOPES='openid profile'",
		"not allowed to request scope 'profile'.":          "SCOPES='openid email'",
		"The profile of this user has no email.":           "SCOPES='openid profile email'",
		"'openid' 'profile' 'email'":                       "SCOPES='openid profile email'",
		"":                                                 "SCOPES='openid profile email'",
	} {
		cfg := config.Config{Issuer: "https://a.example", Scopes: []string{"openid", "profile", "email"}}
		a := Advise(cfg, "", cfg.Scopes, &oauth.Error{Step: wire.Response, Code: "invalid_scope", Description: words, Theirs: true})
		if a.Remedy.Line != want {
			t.Errorf("after %q the line is %s; want %s", words, a.Remedy.Line, want)
		}
	}
}

func TestDashboards(t *testing.T) {
	for issuer, want := range map[string]string{
		"https://tenant.eu.auth0.com/":             "Auth0",
		"https://dev-1.okta.com/oauth2/default":    "Okta",
		"https://login.microsoftonline.com/x/v2.0": "Microsoft Entra",
		"https://accounts.google.com":              "Google",
		"https://sso.example.com/realms/a":         "Keycloak",
		"https://evilauth0.com":                    "the authorization server",
		"https://x.example":                        "the authorization server",
	} {
		if got := DashboardOf(config.Config{Issuer: issuer}).Name; got != want {
			t.Errorf("the dashboard of %s is %s; want %s", issuer, got, want)
		}
	}
	if got := DashboardOf(config.Config{Clerk: true}).Name; got != "Clerk" {
		t.Errorf("Clerk's dashboard is %s", got)
	}
	if got := DashboardOf(config.Config{Endpoints: config.Endpoints{Authorization: "https://github.com/login/oauth/authorize"}}).Name; got != "GitHub" {
		t.Errorf("GitHub's dashboard is %s", got)
	}
	for _, d := range []dashboard{clerk, auth0, okta, entra, google, keycloak, github} {
		for s := range AnyDashboard.Fields {
			if d.Fields[s] == "" {
				t.Errorf("%s has no word for %s", d.Name, s)
			}
		}
	}
}

// Who did not answer is said once, and as the cause says it.
func TestHeadingOfSilence(t *testing.T) {
	for step, want := range map[wire.Purpose]Name{wire.API: APIUnreachable, wire.APIAsked: APIUnreachable, wire.Metadata: ServerUnreachable,
		wire.TokenRequest: ServerUnreachable} {
		e := &oauth.Error{Step: step, Code: oauth.CodeUnreachable}
		if got := Advise(config.Config{AtAPI: true}, "", nil, e); got.Heading != want.Title() {
			t.Errorf("%s: %q", step, got.Heading)
		}
	}
}

// What was sent is compared with .env: not what the server itself gave to a client that it registered.
func TestSentOfRegistered(t *testing.T) {
	cfg := config.Config{AtAPI: true, ClientID: "client-1", BaseURL: "http://localhost:3000"}
	for registered, want := range map[bool]int{false: 5, true: 2} {
		cfg.Registered = registered
		a := Advise(cfg, config.MethodBasic, nil, &oauth.Error{Step: wire.Response, Code: "weird", Theirs: true})
		if len(a.Sent) != want || a.Sent[0].Setting != RedirectURI || a.Sent[want-1].Setting != Scopes {
			t.Errorf("registered: %v: %+v", registered, a.Sent)
		}
	}
}

// A refusal of a pushed request is explained as one at the authorization endpoint is, and one of the client
// as at the token endpoint.
func TestAdvicePushed(t *testing.T) {
	cfg := testserver.ConfigOf(t, map[string]string{"ISSUER": "https://auth.example", "CLIENT_ID": "a", "CLIENT_SECRET": "a-secret"})
	for _, row := range []struct {
		step              wire.Purpose
		code, description string
		name              Name
		line              string
	}{
		{wire.PushedRequest, "invalid_scope", "", ScopeNotEnabled, "SCOPES='openid profile email'"},
		{wire.PushedRequest, "invalid_request", "redirect_uri is not registered", RedirectURINotRegistered, "http://localhost:3000/oauth_callback"},
		{wire.PushedRequest, "invalid_client", "", ClientSecretWrong, "CLIENT_SECRET="},
		{wire.Response, "invalid_request", "Pushed Authorization Request is only allowed.", PARRequired, "PAR=on"}, // Keycloak's
	} {
		a := Advise(cfg, config.MethodBasic, cfg.Scopes, &oauth.Error{Step: row.step, Theirs: true, Code: row.code, Description: row.description})
		if a.Name != row.name || a.Remedy.Line != row.line || a.Heading != "The authorization server refused the login" || a.Hint == "" || len(a.Sent) == 0 {
			t.Errorf("%s %s: %+v", row.code, row.description, a)
		}
	}
}

// Who has registered nothing usable is told what makes the program ask again; where nothing was asked, nothing keeps
// it from asking at the next login.
func TestUnusableRegistrationHint(t *testing.T) {
	cfg := config.Config{AtAPI: true, BaseURL: "http://localhost:3000"}
	for check, again := range map[string]bool{oauth.CheckAnswer: true, oauth.CheckEndpoint: false} {
		a := Advise(cfg, "", nil, &oauth.Error{Step: wire.Registration, Code: oauth.CodeNotRegistered, Check: check})
		if a.Name != RegistrationUnusable || strings.Contains(a.Hint, "save .env again or start this program again") != again ||
			!strings.Contains(a.Hint, "set CLIENT_ID") {
			t.Errorf("%s: %q %q", check, a.Name, a.Hint)
		}
	}
}
