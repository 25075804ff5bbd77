package main

import (
	"net/url"
	"oauth-test-client/internal/config"
	"strings"
)

// setting is a setting of an OAuth application that can be at fault.
type setting string

const (
	settingRedirectURI setting = "redirect_uri"
	settingClientID    setting = "client_id"
	settingSecret      setting = "client_secret"
	settingScopes      setting = "scope"
	settingMethod      setting = "token_endpoint_auth_method"
	settingGrant       setting = "grant_type"
	settingUsers       setting = "users"
	settingIDToken     setting = "id_token"
)

// sent is a value that we sent, with the place in the dashboard that it must agree with.
type sent struct {
	Setting  setting `json:"setting"`
	Name     string  `json:"name"`  // in words
	Value    string  `json:"value"` // as sent; never a secret
	Variable string  `json:"variable"`
	Field    string  `json:"field"`   // what the server's dashboard calls it
	Suspect  bool    `json:"suspect"` // the likely one
}

// dashboard is what a server calls the settings of an OAuth application.
type dashboard struct {
	Name   string
	Fields map[setting]string
}

// dashboards lists the servers that we know by their issuer's host.
var dashboards = map[string]dashboard{
	"clerk": {"Clerk", map[setting]string{settingRedirectURI: "OAuth applications → Redirect URIs", settingClientID: "OAuth applications → Client ID",
		settingSecret: "OAuth applications → Client Secret (Regenerate)", settingScopes: "OAuth applications → Scopes", settingMethod: "OAuth applications → Public",
		settingGrant: "OAuth applications", settingUsers: "Users", settingIDToken: "OAuth applications → Scopes → openid"}},
	"auth0": {"Auth0", map[setting]string{settingRedirectURI: "Applications → Settings → Allowed Callback URLs", settingClientID: "Applications → Settings → Client ID",
		settingSecret: "Applications → Settings → Client Secret", settingScopes: "APIs → Permissions", settingMethod: "Applications → Credentials → Authentication Method",
		settingGrant: "Applications → Settings → Advanced → Grant Types", settingUsers: "Actions → Triggers, and the application's Connections", settingIDToken: "Applications → Settings → Advanced → OAuth → JSON Web Token Signature Algorithm"}},
	"okta": {"Okta", map[setting]string{settingRedirectURI: "Applications → General → Sign-in redirect URIs", settingClientID: "Applications → General → Client ID",
		settingSecret: "Applications → General → Client secrets", settingScopes: "Security → API → Authorization Servers → Scopes", settingMethod: "Applications → General → Client authentication",
		settingGrant: "Applications → General → Grant type", settingUsers: "Applications → Assignments, and the access policy of the authorization server", settingIDToken: "Security → API → Authorization Servers"}},
	"entra": {"Microsoft Entra", map[setting]string{settingRedirectURI: "App registrations → Authentication → Web → Redirect URIs", settingClientID: "App registrations → Overview → Application (client) ID",
		settingSecret: "App registrations → Certificates & secrets → Client secrets → Value", settingScopes: "App registrations → API permissions", settingMethod: "App registrations → Authentication → platform (Web, not Single-page) and Allow public client flows",
		settingGrant: "App registrations → Authentication", settingUsers: "Enterprise applications → Users and groups", settingIDToken: "App registrations → Token configuration"}},
	"google": {"Google", map[setting]string{settingRedirectURI: "Google Auth Platform → Clients → Authorized redirect URIs", settingClientID: "Google Auth Platform → Clients → Client ID",
		settingSecret: "Google Auth Platform → Clients → Client secrets", settingScopes: "Google Auth Platform → Data Access", settingMethod: "Google Auth Platform → Clients → Application type (Web application)",
		settingGrant: "Google Auth Platform → Clients → Application type", settingUsers: "Google Auth Platform → Audience → Test users", settingIDToken: "Google Auth Platform → Clients"}},
	"keycloak": {"Keycloak", map[setting]string{settingRedirectURI: "Clients → Settings → Valid redirect URIs", settingClientID: "Clients → Settings → Client ID",
		settingSecret: "Clients → Credentials → Client Secret", settingScopes: "Clients → Client scopes", settingMethod: "Clients → Settings → Client authentication, and Credentials → Client Authenticator",
		settingGrant: "Clients → Settings → Standard flow", settingUsers: "Authentication → Flows, and the user's role mappings", settingIDToken: "Clients → Advanced → ID token signature and encryption algorithms"}},
	"github": {"GitHub", map[setting]string{settingRedirectURI: "Developer settings → OAuth Apps → Authorization callback URL", settingClientID: "Developer settings → OAuth Apps → Client ID",
		settingSecret: "Developer settings → OAuth Apps → Client secrets", settingScopes: "the scope names (GitHub needs no registration of scopes)", settingMethod: "Developer settings → OAuth Apps",
		settingGrant: "Developer settings → OAuth Apps", settingUsers: "the organization's OAuth app policy", settingIDToken: "GitHub issues no ID tokens"}},
}

// anyDashboard has the words of the RFCs, for servers that are not in the table.
var anyDashboard = dashboard{"the authorization server", map[setting]string{settingRedirectURI: "redirect URIs of the client", settingClientID: "client ID", settingSecret: "client secret",
	settingScopes: "scopes of the client", settingMethod: "client authentication method", settingGrant: "grant types of the client", settingUsers: "who may use the client", settingIDToken: "ID token settings of the client"}}

// dashboardOf chooses the words by the host of the issuer, or of the authorization endpoint.
func dashboardOf(cfg config.Config) dashboard {
	address := cfg.Issuer
	if address == "" {
		address = cfg.Endpoints.Authorization
	}
	u, err := url.Parse(address)
	if err != nil {
		return anyDashboard
	}
	host := u.Hostname()
	under := func(domains ...string) bool {
		for _, domain := range domains {
			if host == domain || strings.HasSuffix(host, "."+domain) {
				return true
			}
		}
		return false
	}
	switch {
	case cfg.Clerk:
		return dashboards["clerk"]
	case under("auth0.com"):
		return dashboards["auth0"]
	case under("okta.com", "oktapreview.com", "okta-emea.com"):
		return dashboards["okta"]
	case under("login.microsoftonline.com", "microsoftonline.us", "ciamlogin.com", "sts.windows.net"):
		return dashboards["entra"]
	case under("accounts.google.com"):
		return dashboards["google"]
	case under("github.com"):
		return dashboards["github"]
	case strings.Contains(u.Path, "/realms/"):
		return dashboards["keycloak"]
	}
	return anyDashboard
}

// whatWeSent lists the values of a login that the OAuth application must agree with, the suspect
// first.
func whatWeSent(cfg config.Config, method string, scopes []string, suspect setting) []sent {
	words := dashboardOf(cfg)
	secret := "none: a public client"
	if cfg.ClientSecret != "" {
		secret = "not shown"
	}
	list := []sent{
		{settingRedirectURI, "Redirect URI", cfg.RedirectURI(), "BASE_URL", "", false},
		{settingClientID, "Client ID", cfg.ClientID, "CLIENT_ID", "", false},
		{settingSecret, "Client secret", secret, "CLIENT_SECRET", "", false},
		{settingMethod, "Authentication method", method, "TOKEN_ENDPOINT_AUTH_METHOD", "", false},
		{settingScopes, "Scopes", strings.Join(scopes, " "), "SCOPES", "", false},
	}
	for i := range list {
		list[i].Field = words.Fields[list[i].Setting]
		list[i].Suspect = list[i].Setting == suspect
	}
	return list
}
