package demo

import (
	"crypto/rand"
	"encoding/json"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// registration is a client's metadata (RFC 7591 section 2, OpenID Connect Dynamic Client Registration
// section 2), as asked for and as answered.
type registration struct {
	ClientID        string   `json:"client_id,omitempty"`
	ClientSecret    string   `json:"client_secret,omitempty"`
	IssuedAt        int64    `json:"client_id_issued_at,omitempty"`
	SecretExpires   *int64   `json:"client_secret_expires_at,omitempty"`
	ClientName      string   `json:"client_name,omitempty"`
	ApplicationType string   `json:"application_type,omitempty"`
	RedirectURIs    []string `json:"redirect_uris"`
	PostLogoutURIs  []string `json:"post_logout_redirect_uris,omitempty"`
	AuthMethod      string   `json:"token_endpoint_auth_method,omitempty"`
	GrantTypes      []string `json:"grant_types,omitempty"`
	ResponseTypes   []string `json:"response_types,omitempty"`
	Scope           string   `json:"scope,omitempty"`
}

// handleRegister is dynamic client registration (RFC 7591 section 3), open to this machine. What the
// client asks for is a wish; the answer is what holds.
func (s *Server) handleRegister(w http.ResponseWriter, r *http.Request) {
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	var asked registration
	if mediaType != "application/json" || json.NewDecoder(r.Body).Decode(&asked) != nil {
		s.writeError(w, http.StatusBadRequest, "invalid_client_metadata", "the body must be a JSON object (application/json)")
		return
	}
	if refused := asked.refusal(); refused != nil {
		s.writeError(w, http.StatusBadRequest, refused.Code, refused.Description)
		return
	}
	answer := asked.granted()
	if s.breaks(RegisteredOtherURI) {
		answer.RedirectURIs = mapped(answer.RedirectURIs, func(uri string) string { return uri + "/other" })
	}
	now := s.now()
	client := &Client{ID: "client_" + rand.Text(), Name: answer.ClientName, RedirectURIs: answer.RedirectURIs,
		PostLogoutRedirectURIs: answer.PostLogoutURIs, AuthMethod: answer.AuthMethod, Scopes: parseScope(answer.Scope)}
	answer.ClientID, answer.IssuedAt = client.ID, now.Unix()
	if client.AuthMethod != "none" {
		client.Secret = rand.Text() + rand.Text()
		answer.ClientSecret, answer.SecretExpires = client.Secret, new(int64) // never
	}
	s.mu.Lock()
	s.clients.put(now, client.ID, client)
	s.mu.Unlock()
	if s.breaks(RegisteredWithoutClientID) {
		answer.ClientID = ""
	}
	s.writeJSON(w, http.StatusCreated, answer)
}

// refusal returns what cannot be registered (RFC 7591 section 3.2.2).
func (asked *registration) refusal() *oauthError {
	uris := slices.Concat(asked.RedirectURIs, asked.PostLogoutURIs)
	switch {
	case !slices.Contains([]string{"", "web", "native"}, asked.ApplicationType):
		return &oauthError{"invalid_client_metadata", "the application_type must be web or native"}
	case !slices.Contains([]string{"", "none", "client_secret_basic", "client_secret_post"}, asked.AuthMethod):
		return &oauthError{"invalid_client_metadata", "this token_endpoint_auth_method is not supported"}
	case len(asked.ClientName) > 200:
		return &oauthError{"invalid_client_metadata", "the client_name is too long"}
	case len(asked.RedirectURIs) == 0 || len(uris) > 20:
		return &oauthError{"invalid_redirect_uri", "at least one redirect URI is needed, and twenty are the most"}
	}
	for _, uri := range uris {
		if !mayRedirectTo(uri, asked.ApplicationType == "native") {
			return &oauthError{"invalid_redirect_uri",
				"a redirect URI must be https, or http on a loopback host, or a native app's own scheme, without a fragment"}
		}
	}
	return nil
}

// granted is what the client gets: its wishes, with the defaults for what it left open.
func (asked *registration) granted() registration {
	g := registration{ClientName: asked.ClientName, ApplicationType: asked.ApplicationType, RedirectURIs: asked.RedirectURIs,
		PostLogoutURIs: asked.PostLogoutURIs, AuthMethod: asked.AuthMethod,
		GrantTypes: []string{"authorization_code", "refresh_token"}, ResponseTypes: []string{"code"}}
	if g.ClientName == "" {
		g.ClientName = "An application without a name"
	}
	if g.ApplicationType == "" {
		g.ApplicationType = "web" // OpenID Connect Dynamic Client Registration section 2
	}
	if g.AuthMethod == "" {
		g.AuthMethod = "client_secret_basic" // RFC 7591 section 2
	}
	scopes := slices.DeleteFunc(parseScope(asked.Scope), func(scope string) bool { return !slices.Contains(scopesSupported, scope) })
	if len(scopes) == 0 {
		scopes = scopesSupported
	}
	g.Scope = strings.Join(scopes, " ")
	return g
}

// mayRedirectTo refuses addresses to which a code must not go. An app's own scheme has a dot, as it is a
// domain name turned round (RFC 8252 section 7.1).
func mayRedirectTo(uri string, native bool) bool {
	u, err := url.Parse(uri)
	if err != nil || len(uri) > 500 || u.Fragment != "" || u.User != nil || u.Opaque != "" {
		return false
	}
	switch u.Scheme {
	case "https":
		return u.Host != ""
	case "http":
		ip := net.ParseIP(u.Hostname())
		return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	}
	return native && strings.Contains(u.Scheme, ".")
}
