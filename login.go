package main

import "net/http"

// handleLogin begins a login: it remembers state, nonce and verifier in a cookie, and sends the browser
// to the authorization endpoint.
func (s *server) handleLogin(w http.ResponseWriter, r *http.Request) error {
	params, err := singleValues(r.URL.RawQuery) // RFC 6749 section 3.1
	if err != nil {
		return err
	}
	request, err := s.oauth.NewRequest(params) // state, nonce, code verifier (RFC 7636 section 4.1)
	if err != nil {
		return err
	}
	to, err := s.oauth.AuthorizationURL(r.Context(), request) // RFC 6749 section 4.1.1, RFC 7636 section 4.3
	if err != nil {
		s.tell(nil, err)
		return err
	}
	if err := s.sessions.Begin(w, r, request); err != nil {
		return err
	}
	return s.leave(w, r, to)
}
