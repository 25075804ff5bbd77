package main

import (
	"net/http"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/wire"
)

// discoverFromAPI starts a login at the API if the settings name nothing else. For each login, it finds out which server
// issues the API's tokens, and which client to use (RFC 9728 section 5, RFC 7591 section 3). On the way back it does so
// only if this process doesn't know the server yet, as a different process started the login. It registers no client then.
func (s *server) discoverFromAPI(next func(*server) func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	here := next(s)
	return func(w http.ResponseWriter, r *http.Request) error {
		begins := r.URL.Path == "/login"
		if !s.cfg.AtAPI || !begins && s.cfg.Issuer != "" {
			return here(w, r)
		}
		if err := rejectPrefetch(r); err != nil { // it may register a client
			return err
		}
		if _, err := parseQueryOnce(r.URL.RawQuery); err != nil { // no login comes of it
			return err
		}
		ctx, recorder := wire.Record(r.Context())
		client, err := s.discovery.Client(ctx, s.cfg, s.wire, s.now, begins)
		if err != nil {
			err = s.failedStart(err, recorder.Exchanges())
			s.tell(s.runOf(r), nil, err)
			return err
		}
		at := s.found(client)
		if err = next(at)(w, r.WithContext(ctx)); err != nil {
			err = at.failedStart(err, recorder.Exchanges())
		}
		return err
	}
}

// handleLogin starts a login: it stores state, nonce and verifier in a cookie, and sends the browser to the authorization
// endpoint.
func (s *server) handleLogin(w http.ResponseWriter, r *http.Request) error {
	params, err := parseQueryOnce(r.URL.RawQuery) // RFC 6749 section 3.1
	if err != nil {
		return err
	}
	request, err := s.oauth.NewRequest(params) // state, nonce, code verifier (RFC 7636 section 4.1)
	if err != nil {
		return err
	}
	if err := s.hintSession(w, r, request); err != nil {
		return err
	}
	request.Own, request.Run = startedHere(r), s.runOf(r)
	to, err := s.oauth.AuthorizationURL(r.Context(), request) // RFC 6749 section 4.1.1, RFC 7636 section 4.3
	if err != nil {
		err = s.notStarted(r.Context(), err, request.Own)
		s.tell(request.Run, nil, err)
		return err
	}
	if err := s.sessions.Begin(w, r, request); err != nil {
		return err
	}
	return s.leave(w, r, to)
}

// pastePage is the data of paste.html.
type pastePage struct {
	layout
	To, Server string // the authorization request, and its host
}

// leave sends the browser to the authorization server. If the browser can't come back by itself, leave shows a page
// with a link and a form instead. That page must stay open: the address is pasted there.
func (s *server) leave(w http.ResponseWriter, r *http.Request, to string) error {
	if !s.cfg.CallbackIsPasted() || !wantsHTML(r) {
		http.Redirect(w, r, to, http.StatusFound)
		return nil
	}
	return s.respond(w, r, http.StatusOK, "paste.html", pastePage{s.page(r, "Sign in, then paste the URL"), to, causes.HostOf(to)})
}
