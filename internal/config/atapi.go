package config

import (
	"net/url"
	"strings"
)

// A login begins at the API when RESOURCE_URL is all that says where it is: the API names its authorization
// server (RFC 9728), and the client is registered there unless CLIENT_ID says which it is (RFC 7591).

// atAPI reports that the settings name an API and no authorization server.
func (c Config) atAPI(key, issuer string) bool {
	ownDemo := strings.HasPrefix(c.ResourceURL, c.BaseURL+"/demo/")
	return c.ResourceURL != "" && !ownDemo && key == "" && issuer == "" && c.Endpoints == Endpoints{}
}

// IsClientDocument reports that the client ID is the address of a client ID metadata document, where the
// server reads what another one has registered.
func (c Config) IsClientDocument() bool {
	return c.AtAPI && strings.HasPrefix(c.ClientID, "https://")
}

// FoundAt is the settings with what was found at the API: the authorization server that it names, what it
// calls itself, and the scopes that it wants where none are configured.
func (c Config) FoundAt(issuer, resource string, byPost bool, scopes []string) Config {
	u, err := url.Parse(issuer)
	c.Issuer, c.Clerk, c.Resource, c.ByPost = issuer, err == nil && isClerkHost(u.Hostname()), resource, byPost
	if c.AnyScopes {
		c.Scopes = scopes
	}
	return c
}

// AsClient is the settings with a client that was registered, and the secrets that came with it.
func (c Config) AsClient(id, secret, method string, issued []string) Config {
	c.Registered, c.ClientID, c.ClientSecret, c.AuthMethod, c.Issued = true, id, secret, method, issued
	return c
}

// AsConfigured is what the user told us, without what was found at the API since.
func (c Config) AsConfigured() Config {
	if !c.AtAPI {
		return c
	}
	c.Issuer, c.Clerk, c.Resource, c.ByPost = "", false, "", false
	if c.AnyScopes {
		c.Scopes = nil
	}
	if c.Registered {
		c.Registered, c.ClientID, c.ClientSecret, c.AuthMethod, c.Issued = false, "", "", "", nil
	}
	return c
}

// clientAtAPI checks the client's own values where the login begins at the API: there may be none.
func (s *settings) clientAtAPI(c Config) {
	switch {
	case c.ClientID == "" && c.ClientSecret != "":
		s.wrong("CLIENT_ID", "is missing, but CLIENT_SECRET is set; set both, or neither, and a client is registered at the first login")
	case c.ClientID == "" && c.AuthMethod != "":
		s.wrong("TOKEN_ENDPOINT_AUTH_METHOD", "needs CLIENT_ID; remove this line: the server says the method of a client that is registered")
	case c.ClientID == "" && c.SessionStore != "":
		s.wrong("CLIENT_ID", "is missing, but SESSION_STORE is set; make an OAuth application at the server and set CLIENT_ID, as a "+
			"client that one process registers is not known to the others")
	case c.IsClientDocument() && c.ClientSecret != "":
		s.wrong("CLIENT_SECRET", "belongs to no client ID metadata document, which everybody can read; remove it")
	case c.ClientID != "":
		s.client(c)
	}
}
