package demo

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// pushedRequest is an authorization request that its client has sent ahead (RFC 9126).
type pushedRequest struct {
	query url.Values
	until time.Time // the browser has to arrive before
	begun bool      // it has, and is at the pages
}

const (
	requestURIPrefix = "urn:ietf:params:oauth:request_uri:" // RFC 9126 section 2.2
	pushedLife       = 60 * time.Second
)

// handlePush is the pushed authorization request endpoint (RFC 9126 section 2). What would be refused at
// the authorization endpoint is refused here.
func (s *Server) handlePush(w http.ResponseWriter, r *http.Request) {
	client, form, ok := s.authenticate(w, r)
	if !ok {
		return
	}
	if form.Has("request_uri") {
		s.writeError(w, http.StatusBadRequest, "invalid_request", "a pushed request cannot have a request_uri")
		return
	}
	form.Del("client_secret")
	form.Set("client_id", client.ID)
	if _, refused := s.readRequest(form, true); refused != nil {
		s.writeError(w, http.StatusBadRequest, refused.Code, refused.Description)
		return
	}
	uri, now := requestURIPrefix+rand.Text(), s.now()
	s.mu.Lock()
	s.pushed.put(now, uri, &pushedRequest{query: form, until: now.Add(pushedLife)})
	s.mu.Unlock()
	s.writeJSON(w, http.StatusCreated, struct {
		RequestURI string `json:"request_uri"`
		ExpiresIn  int    `json:"expires_in"`
	}{uri, int(pushedLife.Seconds())})
}

// pushedQuery returns the request that a browser brings the request_uri of.
func (s *Server) pushedQuery(uri, client string) (url.Values, *oauthError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.pushed.get(s.now(), uri)
	switch {
	case !ok || p.query.Get("client_id") != client:
		return nil, &oauthError{"invalid_request_uri", "the request_uri is not known, has been used, or is another client's"}
	case !p.begun && s.now().After(p.until):
		return nil, &oauthError{"invalid_request_uri", "the request_uri has expired"}
	}
	p.begun = true // a reload, and the pages that follow, find it until there is a response
	return url.Values(http.Header(p.query).Clone()), nil
}

// repush keeps what is left of a pushed request after a sign-in.
func (s *Server) repush(uri string, query url.Values) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, ok := s.pushed.get(s.now(), uri); ok {
		p.query = query
	}
}

// spend uses a request_uri up, and reports whether it was still good: it gets one response (RFC 9126
// section 4).
func (s *Server) spend(req *authorizeRequest) bool {
	if req.pushed == "" {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.pushed.get(s.now(), req.pushed)
	s.pushed.remove(req.pushed)
	return ok
}

// isPushed reports a request_uri of this server's; any other would be a request object's address.
func isPushed(query url.Values) bool {
	return strings.HasPrefix(query.Get("request_uri"), requestURIPrefix)
}
