package demo

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"strings"
)

// client returns the client with an ID.
func (s *Server) client(id string) (*Client, bool) {
	s.mu.Lock()
	registered, known := s.clients.get(s.now(), id)
	s.mu.Unlock()
	if !known || s.breaks(ClientUnknown) {
		return nil, false
	}
	return s.misregister(registered), true
}

// authenticate reads the form and finds out which client sent it (RFC 6749 section 2.3). It has
// answered when ok is false.
func (s *Server) authenticate(w http.ResponseWriter, r *http.Request) (client *Client, form url.Values, ok bool) {
	if err := r.ParseForm(); err != nil || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		s.writeError(w, http.StatusBadRequest, "invalid_request", "the body must be application/x-www-form-urlencoded")
		return nil, nil, false
	}
	form = r.PostForm
	if repeated := repeatedName(form); repeated != "" {
		s.writeError(w, http.StatusBadRequest, "invalid_request", "a parameter is there more than once")
		return nil, nil, false
	}
	omitEmpty(form)
	id, secret, method := form.Get("client_id"), form.Get("client_secret"), "client_secret_post"
	if user, password, basic := r.BasicAuth(); basic {
		if form.Has("client_secret") {
			s.writeError(w, http.StatusBadRequest, "invalid_request", "the client must not use more than one authentication method")
			return nil, nil, false
		}
		method = "client_secret_basic"
		var errID, errSecret error // form-encoded before base64
		id, errID = url.QueryUnescape(user)
		secret, errSecret = url.QueryUnescape(password)
		if errID != nil || errSecret != nil || form.Has("client_id") && form.Get("client_id") != id {
			s.refuseClient(w)
			return nil, nil, false
		}
	}
	if secret == "" {
		method = "none"
	}
	client, known := s.client(id)
	if !known || subtle.ConstantTimeCompare([]byte(secret), []byte(client.Secret)) != 1 || client.AuthMethod != "" && method != client.AuthMethod {
		s.refuseClient(w)
		return nil, nil, false
	}
	return client, form, true
}

// refuseClient never says whether it is the ID, the secret or the method.
func (s *Server) refuseClient(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", `Basic realm="demo"`)
	s.writeError(w, http.StatusUnauthorized, "invalid_client",
		"client authentication failed: unknown client, wrong secret, or a method that this client may not use")
}
