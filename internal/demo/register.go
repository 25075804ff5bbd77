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
// section 2), in the request and in the response.
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

// handleRegister is open dynamic client registration (RFC 7591 section 3): any caller may register a client. The
// response may differ from the request, and the response counts.
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
		PostLogoutRedirectURIs: answer.PostLogoutURIs, AuthMethod: answer.AuthMethod, Scopes: parseScope(answer.Scope), registered: now}
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

// clientPage is the data of client.html.
type clientPage struct {
	page
	Lines       string // for .env
	RedirectURI string
	Ours        bool // the redirect URI is one of a second copy of this program
}

// handleRegisterSecond registers a client by the form on the demo's page, and shows the lines for its .env. Only this
// answer has them, as they contain the secret.
func (s *Server) handleRegisterSecond(w http.ResponseWriter, r *http.Request) {
	uri := strings.TrimSpace(r.PostFormValue("redirect_uri"))
	u, err := url.Parse(uri)
	if err != nil || !mayRedirectTo(uri, false) {
		s.showError(w, r, "invalid_redirect_uri", "the redirect URI must be https, or http on a loopback host, and must not have a fragment")
		return
	}
	now := s.now()
	client := &Client{ID: "client_" + rand.Text(), Secret: rand.Text(), Name: "The second client", RedirectURIs: []string{uri},
		registered: now}
	lines := []string{"ISSUER=" + s.issuer(), "CLIENT_ID=" + client.ID, "CLIENT_SECRET=" + client.Secret}
	ours := s.callback != "" && u.Path == s.callback && u.RawQuery == "" && u.Scheme == "http"
	if ours {
		base := u.Scheme + "://" + u.Host
		lines = append(lines, "BASE_URL="+base)
		client.PostLogoutRedirectURIs = []string{base + "/"}
	}
	s.mu.Lock()
	s.clients.put(now, client.ID, client)
	s.mu.Unlock()
	data := clientPage{s.page(r, "The second client is registered"), strings.Join(lines, "\n"), uri, ours}
	data.Class = "ask"
	s.render(w, http.StatusOK, "client.html", data)
}

// secondRedirectURI returns a redirect URI for a second copy of the client, on the next port.
func (s *Server) secondRedirectURI() string {
	port := "3001"
	if u, err := url.Parse(s.mount); err == nil && u.Port() == port {
		port = "3002"
	}
	return "http://localhost:" + port + s.callback
}

// refusal returns why a client can't be registered, or nil (RFC 7591 section 3.2.2).
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
		return &oauthError{"invalid_redirect_uri", "register between one and twenty redirect URIs"}
	}
	for _, uri := range uris {
		if !mayRedirectTo(uri, asked.ApplicationType == "native") {
			return &oauthError{"invalid_redirect_uri",
				"a redirect URI must be https, or http on a loopback host, or use a native app's own scheme, and must not have a fragment"}
		}
	}
	return nil
}

// granted returns the client as it is registered: as requested, with defaults for what is missing.
func (asked *registration) granted() registration {
	g := registration{ClientName: asked.ClientName, ApplicationType: asked.ApplicationType, RedirectURIs: asked.RedirectURIs,
		PostLogoutURIs: asked.PostLogoutURIs, AuthMethod: asked.AuthMethod,
		GrantTypes: []string{"authorization_code", "refresh_token"}, ResponseTypes: []string{"code"}}
	if g.ClientName == "" {
		g.ClientName = "An unnamed application"
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

// mayRedirectTo reports whether a code may go to an address. A native app's own scheme has a dot, as it is a reversed
// domain name (RFC 8252 section 7.1).
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
