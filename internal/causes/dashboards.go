package causes

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"oauth-test-client/internal/config"
)

// Setting is a setting of an OAuth application that can be at fault.
type Setting string

const (
	RedirectURI  Setting = "redirect_uri"
	ClientID     Setting = "client_id"
	ClientSecret Setting = "client_secret"
	Scopes       Setting = "scope"
	AuthMethod   Setting = "token_endpoint_auth_method"
	Grant        Setting = "grant_type"
	Users        Setting = "users"
	IDToken      Setting = "id_token"
)

// Sent is a value that we sent, with the place in the dashboard that it must agree with.
type Sent struct {
	Setting  Setting `json:"setting"`
	Name     string  `json:"name"`  // in words
	Value    string  `json:"value"` // as sent; never a secret
	Variable string  `json:"variable"`
	Field    string  `json:"field"`   // what the server's dashboard calls it
	Suspect  bool    `json:"suspect"` // the likely one
}

// dashboard is what a server calls the settings of an OAuth application.
type dashboard struct {
	Name   string
	Fields map[Setting]string
}

var clerk = dashboard{"Clerk", map[Setting]string{
	RedirectURI:  "OAuth applications → Redirect URIs",
	ClientID:     "OAuth applications → Client ID",
	ClientSecret: "OAuth applications → Client Secret (Regenerate)",
	Scopes:       "OAuth applications → Scopes",
	AuthMethod:   "OAuth applications → Public",
	Grant:        "OAuth applications",
	Users:        "Users",
	IDToken:      "OAuth applications → Scopes → openid",
}}

var auth0 = dashboard{"Auth0", map[Setting]string{
	RedirectURI:  "Applications → Settings → Allowed Callback URLs",
	ClientID:     "Applications → Settings → Client ID",
	ClientSecret: "Applications → Settings → Client Secret",
	Scopes:       "APIs → Permissions",
	AuthMethod:   "Applications → Credentials → Authentication Method",
	Grant:        "Applications → Settings → Advanced → Grant Types",
	Users:        "Actions → Triggers, and the application's Connections",
	IDToken:      "Applications → Settings → Advanced → OAuth → JSON Web Token Signature Algorithm",
}}

var okta = dashboard{"Okta", map[Setting]string{
	RedirectURI:  "Applications → General → Sign-in redirect URIs",
	ClientID:     "Applications → General → Client ID",
	ClientSecret: "Applications → General → Client secrets",
	Scopes:       "Security → API → Authorization Servers → Scopes",
	AuthMethod:   "Applications → General → Client authentication",
	Grant:        "Applications → General → Grant type",
	Users:        "Applications → Assignments, and the access policy of the authorization server",
	IDToken:      "Security → API → Authorization Servers",
}}

var entra = dashboard{"Microsoft Entra", map[Setting]string{
	RedirectURI:  "App registrations → Authentication → Web → Redirect URIs",
	ClientID:     "App registrations → Overview → Application (client) ID",
	ClientSecret: "App registrations → Certificates & secrets → Client secrets → Value",
	Scopes:       "App registrations → API permissions",
	AuthMethod:   "App registrations → Authentication → platform (Web, not Single-page) and Allow public client flows",
	Grant:        "App registrations → Authentication",
	Users:        "Enterprise applications → Users and groups",
	IDToken:      "App registrations → Token configuration",
}}

var google = dashboard{"Google", map[Setting]string{
	RedirectURI:  "Google Auth Platform → Clients → Authorized redirect URIs",
	ClientID:     "Google Auth Platform → Clients → Client ID",
	ClientSecret: "Google Auth Platform → Clients → Client secrets",
	Scopes:       "Google Auth Platform → Data Access",
	AuthMethod:   "Google Auth Platform → Clients → Application type (Web application)",
	Grant:        "Google Auth Platform → Clients → Application type",
	Users:        "Google Auth Platform → Audience → Test users",
	IDToken:      "Google Auth Platform → Clients",
}}

var keycloak = dashboard{"Keycloak", map[Setting]string{
	RedirectURI:  "Clients → Settings → Valid redirect URIs",
	ClientID:     "Clients → Settings → Client ID",
	ClientSecret: "Clients → Credentials → Client Secret",
	Scopes:       "Clients → Client scopes",
	AuthMethod:   "Clients → Settings → Client authentication, and Credentials → Client Authenticator",
	Grant:        "Clients → Settings → Standard flow",
	Users:        "Authentication → Flows, and the user's role mappings",
	IDToken:      "Clients → Advanced → ID token signature and encryption algorithms",
}}

var github = dashboard{"GitHub", map[Setting]string{
	RedirectURI:  "Developer settings → OAuth Apps → Authorization callback URL",
	ClientID:     "Developer settings → OAuth Apps → Client ID",
	ClientSecret: "Developer settings → OAuth Apps → Client secrets",
	Scopes:       "the scope names (GitHub needs no registration of scopes)",
	AuthMethod:   "Developer settings → OAuth Apps",
	Grant:        "Developer settings → OAuth Apps",
	Users:        "the organization's OAuth app policy",
	IDToken:      "GitHub issues no ID tokens",
}}

// anyDashboard has the words of the RFCs, for servers that we do not know.
var AnyDashboard = dashboard{"the authorization server", map[Setting]string{
	RedirectURI:  "redirect URIs of the client",
	ClientID:     "client ID",
	ClientSecret: "client secret",
	Scopes:       "scopes of the client",
	AuthMethod:   "client authentication method",
	Grant:        "grant types of the client",
	Users:        "who may use the client",
	IDToken:      "ID token settings of the client",
}}

// dashboardHosts are the hosts at which the issuers of a provider are, with everything below them.
var dashboardHosts = []struct {
	host string
	dashboard
}{
	{"auth0.com", auth0},
	{"okta.com", okta},
	{"oktapreview.com", okta},
	{"okta-emea.com", okta},
	{"login.microsoftonline.com", entra},
	{"microsoftonline.us", entra},
	{"ciamlogin.com", entra},
	{"sts.windows.net", entra},
	{"accounts.google.com", google},
	{"github.com", github},
}

// dashboardOf chooses the words by the host of the issuer, or of the authorization endpoint.
func DashboardOf(cfg config.Config) dashboard {
	if cfg.Clerk {
		return clerk
	}
	u, err := url.Parse(cmp.Or(cfg.Issuer, cfg.Endpoints.Authorization))
	if err != nil {
		return AnyDashboard
	}
	for _, known := range dashboardHosts {
		if host := u.Hostname(); host == known.host || strings.HasSuffix(host, "."+known.host) {
			return known.dashboard
		}
	}
	if strings.Contains(u.Path, "/realms/") {
		return keycloak
	}
	return AnyDashboard
}

// whatWeSent lists the values of a login that the OAuth application must agree with, the suspect first.
func whatWeSent(cfg config.Config, method string, scopes []string, suspect Setting) []Sent {
	secret := "none: a public client"
	if cfg.ClientSecret != "" {
		secret = "not shown"
	}
	list := []Sent{
		{Setting: RedirectURI, Name: "Redirect URI", Value: cfg.RedirectURI(), Variable: cfg.RedirectVariable()},
		{Setting: ClientID, Name: "Client ID", Value: cfg.ClientID, Variable: "CLIENT_ID"},
		{Setting: ClientSecret, Name: "Client secret", Value: secret, Variable: "CLIENT_SECRET"},
		{Setting: AuthMethod, Name: "Authentication method", Value: method, Variable: "TOKEN_ENDPOINT_AUTH_METHOD"},
		{Setting: Scopes, Name: "Scopes", Value: cmp.Or(strings.Join(scopes, " "), "none"), Variable: "SCOPES"},
	}
	if cfg.Registered { // the client's own values are the server's, and in no line of .env
		list = slices.DeleteFunc(list, func(s Sent) bool { return slices.Contains([]Setting{ClientID, ClientSecret, AuthMethod}, s.Setting) })
	}
	words := DashboardOf(cfg)
	for i := range list {
		list[i].Field = words.Fields[list[i].Setting]
		list[i].Suspect = list[i].Setting == suspect
	}
	if i := slices.IndexFunc(list, func(s Sent) bool { return s.Suspect }); i > 0 {
		suspected := list[i]
		copy(list[1:], list[:i])
		list[0] = suspected
	}
	return list
}
