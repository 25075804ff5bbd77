package causes

import (
	"cmp"
	"net/url"
	"strings"

	"oauth-test-client/internal/config"
)

// Setting is a setting of an OAuth application that can be at fault.
type Setting string

// The settings that a login depends on.
const (
	RedirectURI  Setting = "redirect_uri"
	ClientID     Setting = "client_id"
	ClientSecret Setting = "client_secret"
	Scopes       Setting = "scope"
	AuthMethod   Setting = "token_endpoint_auth_method"
	Grant        Setting = "grant_type"
	Users        Setting = "users"
	IDToken      Setting = "id_token"
	LogoutURI    Setting = "post_logout_redirect_uri" // where the browser goes after a logout; no login depends on it
)

// Provider is an authorization server known by name: what its dashboard calls the settings of an OAuth application, and its
// special rules. docs/providers.md has a section for each, with the sources.
type Provider struct {
	Name    string             // empty for a server that is not known
	Fields  map[Setting]string // where each setting is
	Switch  map[Name]string    // where a cause is turned off, if that is another place
	hosts   []string           // of its issuers; subdomains match too
	path    string             // or a part of the issuer's host and path
	Offline string             // the parameters that bring a refresh token; empty for the scope offline_access
	JWT     string             // what makes access tokens JWTs

	NoOffline        bool // it has no scope offline_access, and refuses it
	RefusesLocalhost bool // http redirect URIs need an IP address
	AcceptsIP        bool // http redirect URIs may have a loopback IP address
	MethodsAlike     bool // basic and post are one method
	OneSigningAlg    bool // the ID token's algorithm cannot be chosen
}

// anyProvider has the words of the RFCs, for all other servers.
var anyProvider = Provider{Fields: map[Setting]string{
	RedirectURI:  "redirect URIs of the client",
	ClientID:     "client ID",
	ClientSecret: "client secret",
	Scopes:       "scopes of the client",
	AuthMethod:   "authentication method of the client",
	Grant:        "grant types of the client",
	Users:        "who may use the client",
	IDToken:      "ID token settings of the client",
}}

var clerk = Provider{Name: "Clerk", MethodsAlike: true, AcceptsIP: true, OneSigningAlg: true, Fields: map[Setting]string{
	RedirectURI:  "OAuth applications → your application → Redirect URIs",
	ClientID:     "OAuth applications → your application → Application credentials → Client ID",
	ClientSecret: "OAuth applications → your application → Application credentials → Client Secret",
	Scopes:       "OAuth applications → your application → Scopes",
	AuthMethod:   "OAuth applications → your application → Public",
	Grant:        "OAuth applications → your application",
	Users:        "User & authentication → Access mode, and Protect → Rules",
	IDToken:      "OAuth applications → your application → Scopes → openid",
}, Switch: map[Name]string{
	RegistrationNotOffered:     "OAuth applications → Dynamic client registration",
	RegistrationRefused:        "OAuth applications → Dynamic client registration",
	ScopeNotEnabled:            "OAuth applications → Default scopes",
	ClientDocumentNotSupported: "OAuth applications → CIMD Clients → Pre-register, or Advertise CIMD support",
	AccessTokenOpaque:          "OAuth applications → Settings → Generate access tokens as JWTs (for every application of the instance)",
}, JWT: "OAuth applications → Settings → Generate access tokens as JWTs"}

// providers lists the servers that are recognized by their host.
var providers = []Provider{
	{Name: "Auth0", hosts: []string{"auth0.com"}, Fields: map[Setting]string{
		RedirectURI:  "Applications → your application → Settings → Allowed Callback URLs",
		ClientID:     "Applications → your application → Settings → Client ID",
		ClientSecret: "Applications → your application → Settings → Client Secret",
		Scopes:       "APIs → your API → Permissions",
		AuthMethod:   "Applications → your application → Credentials → Authentication Method",
		Grant:        "Applications → your application → Settings → Advanced Settings → Grant Types",
		Users:        "User Management → Users, Actions → Triggers, and the application's Connections",
		IDToken:      "Applications → your application → Settings → Advanced Settings → OAuth → JsonWebToken Signature Algorithm",
		LogoutURI:    "Applications → your application → Settings → Allowed Logout URLs",
	}},
	{Name: "Okta", hosts: []string{"okta.com", "oktapreview.com", "okta-emea.com", "okta-gov.com", "okta.mil"}, Fields: map[Setting]string{
		RedirectURI:  "Applications and Resources → Applications → your application → General → Sign-in redirect URIs",
		ClientID:     "Applications and Resources → Applications → your application → General → Client ID",
		ClientSecret: "Applications and Resources → Applications → your application → General → Client secrets",
		Scopes:       "Security → API → Authorization Servers → your server → Scopes",
		AuthMethod:   "Applications and Resources → Applications → your application → General → Client authentication",
		Grant:        "Applications and Resources → Applications → your application → General → Grant type",
		Users:        "Applications and Resources → Applications → your application → Assignments, and the access policy of the authorization server",
		IDToken:      "Security → API → Authorization Servers",
		LogoutURI:    "Applications and Resources → Applications → your application → General → Sign-out redirect URIs",
	}, Switch: map[Name]string{DPoPRequired: "Applications and Resources → Applications → your application → General → Require Demonstrating Proof of Possession (DPoP) header in token requests"}},
	{Name: "Microsoft Entra", OneSigningAlg: true,
		hosts: []string{"login.microsoftonline.com", "microsoftonline.us", "partner.microsoftonline.cn", "ciamlogin.com", "b2clogin.com", "sts.windows.net", "login.windows.net"},
		Fields: map[Setting]string{
			RedirectURI:  "App registrations → your app → Authentication → Web → Redirect URIs",
			ClientID:     "App registrations → your app → Overview → Application (client) ID",
			ClientSecret: "App registrations → your app → Certificates & secrets → Client secrets → Value",
			Scopes:       "App registrations → your app → API permissions",
			AuthMethod:   "App registrations → your app → Authentication → platform (Web, not Single-page) and Allow public client flows",
			Grant:        "App registrations → your app → Authentication",
			Users:        "Enterprise applications → your app → Users and groups",
			IDToken:      "App registrations → your app",
		}},
	{Name: "Google", hosts: []string{"accounts.google.com"}, OneSigningAlg: true, AcceptsIP: true, NoOffline: true, Offline: "access_type=offline&prompt=consent", Fields: map[Setting]string{
		RedirectURI:  "Google Auth Platform → Clients → your client → Authorized redirect URIs",
		ClientID:     "Google Auth Platform → Clients → your client → Client ID",
		ClientSecret: "Google Auth Platform → Clients → your client → Client secrets",
		Scopes:       "Google Auth Platform → Data Access",
		AuthMethod:   "Google Auth Platform → Clients → your client → Application type (Web application)",
		Grant:        "Google Auth Platform → Clients → your client → Application type",
		Users:        "Google Auth Platform → Audience → Test users",
		IDToken:      "Google Auth Platform → Clients",
	}},
	{Name: "GitHub", hosts: []string{"github.com"}, AcceptsIP: true, Fields: map[Setting]string{
		RedirectURI:  "Developer settings → OAuth Apps → your app → Authorization callback URL",
		ClientID:     "Developer settings → OAuth Apps → your app → Client ID",
		ClientSecret: "Developer settings → OAuth Apps → your app → Client secrets",
		Scopes:       "the scope names (GitHub needs no registration of scopes)",
		AuthMethod:   "Developer settings → OAuth Apps → your app",
		Grant:        "Developer settings → OAuth Apps → your app",
		Users:        "the organization's OAuth app policy",
		IDToken:      "GitHub issues no ID tokens",
	}},
	{Name: "Amazon Cognito", hosts: []string{"amazoncognito.com"}, path: "cognito-idp", OneSigningAlg: true, NoOffline: true, Fields: map[Setting]string{
		RedirectURI:  "User pools → your pool → App clients → your client → Login pages → Allowed callback URLs",
		ClientID:     "User pools → your pool → App clients → your client → Client ID",
		ClientSecret: "User pools → your pool → App clients → your client → Client secret",
		Scopes:       "User pools → your pool → App clients → your client → Login pages → OpenID Connect scopes",
		AuthMethod:   "User pools → your pool → App clients → your client",
		Grant:        "User pools → your pool → App clients → your client → Login pages → OAuth grant types",
		Users:        "User pools → your pool → Users",
		IDToken:      "User pools → your pool → App clients → your client",
	}},
	{Name: "GitLab", hosts: []string{"gitlab.com"}, OneSigningAlg: true, NoOffline: true, Fields: map[Setting]string{
		RedirectURI:  "User settings → Applications → your application → Redirect URI",
		ClientID:     "User settings → Applications → your application → Application ID",
		ClientSecret: "User settings → Applications → your application → Secret",
		Scopes:       "User settings → Applications → your application → Scopes",
		AuthMethod:   "User settings → Applications → your application → Confidential",
		Grant:        "User settings → Applications → your application",
		Users:        "the group's or the instance's sign-in rules",
		IDToken:      "User settings → Applications → your application → Scopes → openid",
	}},
	{Name: "Dropbox", hosts: []string{"dropbox.com"}, Offline: "token_access_type=offline", Fields: map[Setting]string{
		RedirectURI:  "App Console → your app → Settings → OAuth 2 → Redirect URIs",
		ClientID:     "App Console → your app → Settings → App key",
		ClientSecret: "App Console → your app → Settings → App secret",
		Scopes:       "App Console → your app → Permissions",
		AuthMethod:   "App Console → your app → Settings",
		Grant:        "App Console → your app → Settings → OAuth 2",
		Users:        "App Console → your app → Settings → Development users",
		IDToken:      "App Console → your app → Permissions → openid",
	}},
	{Name: "Kinde", hosts: []string{"kinde.com"}, Fields: map[Setting]string{
		RedirectURI:  "Settings → Applications → your application → Details → Allowed callback URLs",
		ClientID:     "Settings → Applications → your application → Details → Client ID",
		ClientSecret: "Settings → Applications → your application → Details → Client secret",
		Scopes:       "Settings → APIs → your API → Scopes",
		AuthMethod:   "Settings → Applications → your application → Details",
		Grant:        "Settings → Applications → your application → Details",
		Users:        "Settings → Applications → your application → Authentication",
		IDToken:      "Settings → Applications → your application → Tokens",
	}},
	{Name: "Ory", hosts: []string{"oryapis.com", "ory.sh"}, AcceptsIP: true, Fields: map[Setting]string{
		RedirectURI:  "OAuth 2 → OAuth2 Clients → your client → Redirect URIs (redirect_uris)",
		ClientID:     "OAuth 2 → OAuth2 Clients → your client → ID (client_id)",
		ClientSecret: "OAuth 2 → OAuth2 Clients → your client → Secret (client_secret)",
		Scopes:       "OAuth 2 → OAuth2 Clients → your client → Scope (scope)",
		AuthMethod:   "OAuth 2 → OAuth2 Clients → your client → Authentication method (token_endpoint_auth_method)",
		Grant:        "OAuth 2 → OAuth2 Clients → your client → Grant types (grant_types)",
		Users:        "your own sign-in and consent pages",
		IDToken:      "OAuth 2 → OAuth2 Clients → your client",
	}},
	{Name: "Spotify", hosts: []string{"spotify.com"}, RefusesLocalhost: true, AcceptsIP: true, Fields: map[Setting]string{
		RedirectURI:  "Dashboard → your app → Settings → Redirect URIs",
		ClientID:     "Dashboard → your app → Settings → Client ID",
		ClientSecret: "Dashboard → your app → Settings → Client secret",
		Scopes:       "the scope names (Spotify needs no registration of scopes)",
		AuthMethod:   "Dashboard → your app → Settings",
		Grant:        "Dashboard → your app → Settings",
		Users:        "Dashboard → your app → User Management",
		IDToken:      "Spotify issues no ID tokens",
	}},
	{Name: "Supabase", hosts: []string{"supabase.co"}, Fields: map[Setting]string{
		RedirectURI:  "Authentication → OAuth Apps → your client → Redirect URIs",
		ClientID:     "Authentication → OAuth Apps → your client → Client ID",
		ClientSecret: "Authentication → OAuth Apps → your client → Client Secret",
		Scopes:       "Authentication → OAuth Apps → your client",
		AuthMethod:   "Authentication → OAuth Apps → your client → token endpoint authentication method",
		Grant:        "Authentication → OAuth Apps → your client",
		Users:        "your own consent page: Authentication → OAuth Server → Authorization Path",
		IDToken:      "Project Settings → JWT Keys (RS256 or ES256)",
	}},
	{Name: "Keycloak", path: "/realms/", Fields: map[Setting]string{
		RedirectURI:  "Clients → your client → Settings → Valid redirect URIs",
		ClientID:     "Clients → your client → Settings → Client ID",
		ClientSecret: "Clients → your client → Credentials → Client Secret",
		Scopes:       "Clients → your client → Client scopes",
		AuthMethod:   "Clients → your client → Settings → Client authentication, and Credentials → Client Authenticator",
		Grant:        "Clients → your client → Settings → Standard flow",
		Users:        "Authentication → Flows, and the user's role mappings",
		IDToken:      "Clients → your client → Advanced → Fine grain OpenID Connect configuration",
		LogoutURI:    "Clients → your client → Settings → Valid post logout redirect URIs",
	}, Switch: map[Name]string{
		DPoPRequired:            "Clients → your client → Settings → Require DPoP bound tokens",
		RequestObjectRequired:   "Clients → your client → Advanced → Request object required",
		ClientAssertionRequired: "Clients → your client → Credentials → Client Authenticator: Client Id and Secret",
	}},
}

// gitHubIssuer is the issuer in GitHub's authorization responses (RFC 9207), since April 2026.
const gitHubIssuer = "https://github.com/login/oauth"

// ProviderOf returns the provider of the settings, by the host of the issuer or of the authorization endpoint.
func ProviderOf(cfg config.Effective) Provider {
	if cfg.Clerk {
		return clerk
	}
	u, err := url.Parse(cmp.Or(cfg.Issuer, cfg.Endpoints.Authorization))
	if err != nil {
		return anyProvider
	}
	for _, p := range providers {
		for _, known := range p.hosts {
			if host := u.Hostname(); host == known || strings.HasSuffix(host, "."+known) {
				return p
			}
		}
		if p.path != "" && strings.Contains(u.Host+u.Path, p.path) {
			return p
		}
	}
	return anyProvider
}

// Place returns where a setting is, as a path to follow: in Clerk: OAuth applications → … For most providers, the name of
// LogoutURI is not known.
func (p Provider) Place(s Setting) string {
	return p.in() + ": " + cmp.Or(p.Fields[s], "post-logout redirect URIs of the client")
}

// At returns the place for the middle of a sentence.
func (p Provider) At(s Setting) string { return LowerFirst(p.Place(s)) }

// in returns the dashboard, for the start of a path.
func (p Provider) in() string {
	if p.Name == "" {
		return "In the server's dashboard"
	}
	return "In " + p.Name
}

// The returns the provider's name for a sentence.
func (p Provider) The() string { return cmp.Or(p.Name, "the authorization server") }

// switchFor returns the place where a cause is turned off, or else that of its setting.
func (p Provider) switchFor(name Name, s Setting) string {
	return p.in() + ": " + cmp.Or(p.Switch[name], p.Fields[s])
}

// LowerFirst returns a sentence with a small first letter, for the middle of another one.
func LowerFirst(text string) string {
	if len(text) > 2 && text[1] >= 'a' && text[1] <= 'z' || strings.HasPrefix(text, "A ") {
		return strings.ToLower(text[:1]) + text[1:]
	}
	return text
}
