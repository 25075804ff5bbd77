package demo

import (
	"crypto/rand"
	"encoding/json"
	"mime"
	"net"
	"net/http"
	"net/url"
)

// registration is a client's metadata (RFC 7591 section 2), as asked for and as answered.
type registration struct {
	ClientID       string   `json:"client_id,omitempty"`
	ClientSecret   string   `json:"client_secret,omitempty"`
	IssuedAt       int64    `json:"client_id_issued_at,omitempty"`
	SecretExpires  *int64   `json:"client_secret_expires_at,omitempty"`
	ClientName     string   `json:"client_name,omitempty"`
	RedirectURIs   []string `json:"redirect_uris"`
	PostLogoutURIs []string `json:"post_logout_redirect_uris,omitempty"`
	AuthMethod     string   `json:"token_endpoint_auth_method,omitempty"`
	GrantTypes     []string `json:"grant_types,omitempty"`
	ResponseTypes  []string `json:"response_types,omitempty"`
	Scope          string   `json:"scope,omitempty"`
}

// handleRegister is dynamic client registration (RFC 7591 section 3), open to this machine.
func (s *Server) handleRegister(w http.ResponseWriter, r *http.Request) {
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	var asked registration
	if mediaType != "application/json" || json.NewDecoder(r.Body).Decode(&asked) != nil {
		s.writeError(w, http.StatusBadRequest, "invalid_client_metadata", "the body must be a JSON object (application/json)")
		return
	}
	if len(asked.RedirectURIs) == 0 || len(asked.RedirectURIs) > 10 {
		s.writeError(w, http.StatusBadRequest, "invalid_redirect_uri", "between one and ten redirect_uris are needed")
		return
	}
	for _, uri := range append(asked.RedirectURIs, asked.PostLogoutURIs...) {
		if !mayRedirectTo(uri) {
			s.writeError(w, http.StatusBadRequest, "invalid_redirect_uri", "a redirect URI must be https, or http on a loopback host, without a fragment")
			return
		}
	}
	now := s.now()
	never := int64(0)
	client := &Client{ID: "client_" + rand.Text(), Name: asked.ClientName, RedirectURIs: asked.RedirectURIs, PostLogoutRedirectURIs: asked.PostLogoutURIs}
	if client.Name == "" {
		client.Name = "An application without a name"
	}
	answer := registration{ClientID: client.ID, IssuedAt: now.Unix(), ClientName: client.Name, RedirectURIs: client.RedirectURIs,
		PostLogoutURIs: client.PostLogoutRedirectURIs, AuthMethod: asked.AuthMethod, Scope: asked.Scope,
		GrantTypes: []string{"authorization_code", "refresh_token"}, ResponseTypes: []string{"code"}}
	switch asked.AuthMethod {
	case "none":
	case "":
		answer.AuthMethod = "client_secret_basic" // the default of RFC 7591 section 2
		fallthrough
	case "client_secret_basic", "client_secret_post":
		client.Secret = rand.Text() + rand.Text()
		answer.ClientSecret, answer.SecretExpires = client.Secret, &never
	default:
		s.writeError(w, http.StatusBadRequest, "invalid_client_metadata", "this token_endpoint_auth_method is not supported")
		return
	}
	s.mu.Lock()
	s.clients.put(now, client.ID, client)
	s.mu.Unlock()
	s.writeJSON(w, http.StatusCreated, answer)
}

// mayRedirectTo refuses addresses to which a code must not go.
func mayRedirectTo(uri string) bool {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" || u.Fragment != "" || u.User != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}
