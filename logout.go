package main

import (
	"net/http"
	"net/url"
	"oauth-test-client/internal/config"
)

// handleLogout forgets the tokens and, when the server offers it, signs the user out there too
// (OpenID Connect RP-Initiated Logout section 2). The ID token goes along as the hint of who it is.
func (s *server) handleLogout(w http.ResponseWriter, r *http.Request) error {
	l, err := s.current(r)
	if err != nil {
		return err
	}
	if err := s.browsers.forget(w, r); err != nil {
		return err
	}
	to, atServer := s.cfg.BaseURL+"/", false
	if md, err := s.provider.metadata(r.Context()); err == nil && md.EndSession != "" { // a server that is gone ends no session
		if to, err = endSessionRequest(md.EndSession, s.cfg, l.Held.ID); err != nil {
			return err
		}
		atServer = true
	}
	if wantsHTML(r) {
		http.Redirect(w, r, to, http.StatusSeeOther)
		return nil
	}
	document := struct {
		SignedOut  bool   `json:"signed_out"`
		EndSession string `json:"end_session_uri,omitempty"`
	}{SignedOut: true}
	if atServer {
		document.EndSession = to
	}
	body, err := marshal(document)
	if err != nil {
		return err
	}
	write(w, http.StatusOK, "application/json", body)
	return nil
}

// endSessionRequest is the address that ends the session at the server. It keeps a query that the
// endpoint may have of its own.
func endSessionRequest(endpoint string, cfg config.Config, idToken string) (string, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "", err
	}
	query := u.Query()
	query.Set("client_id", cfg.ClientID)
	query.Set("post_logout_redirect_uri", cfg.BaseURL+"/")
	if idToken != "" {
		query.Set("id_token_hint", idToken)
	}
	u.RawQuery = query.Encode()
	return u.String(), nil
}
