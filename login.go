package main

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// loginParameters are the parameters of /login that are passed on to the authorization endpoint.
var loginParameters = []string{"prompt", "login_hint", "max_age", "acr_values", "resource", "audience", "ui_locales"}

// handleLogin begins a login: it remembers state, nonce and verifier in a cookie, and sends the
// browser to the authorization endpoint (RFC 6749 section 4.1.1, RFC 7636 section 4.3, OpenID
// Connect Core section 3.1.2.1).
func (s *server) handleLogin(w http.ResponseWriter, r *http.Request) error {
	query, err := singleValues(r.URL.RawQuery)
	if err != nil {
		return err
	}
	md, err := s.provider.metadata(r.Context())
	if err != nil {
		return notDiscovered(s.cfg, err)
	}
	if md.RequiresPAR {
		return &failure{Status: http.StatusBadGateway, Code: "invalid_request",
			Description: "The server demands pushed authorization requests (RFC 9126), which this client does not support yet.",
			Hint:        "Switch that demand off for this OAuth application or realm (require_pushed_authorization_requests)."}
	}
	l, err := s.newLogin(query)
	if err != nil {
		return err
	}
	if err := s.browsers.begin(w, l); err != nil {
		return &failure{Status: http.StatusBadRequest, Code: "invalid_request",
			Description: "The parameters of /login are too long to be remembered in a cookie."}
	}
	http.Redirect(w, r, s.provider.authorizationRequest(md, l), http.StatusFound)
	return nil
}

// newLogin makes the secrets of a login, each of 130 bits at least, and takes over the parameters
// that were given for it.
func (s *server) newLogin(query url.Values) (*pendingLogin, error) {
	scope := cmp.Or(query.Get("scope"), strings.Join(s.cfg.Scopes, " "))
	if !config.ValidScope(scope) {
		return nil, badParameter("scope", "has a character that no scope may have (RFC 6749 section 3.3)")
	}
	if maxAge := query.Get("max_age"); maxAge != "" {
		if _, err := strconv.ParseUint(maxAge, 10, 31); err != nil {
			return nil, badParameter("max_age", "is no number of seconds")
		}
	}
	l := &pendingLogin{State: rand.Text(), Verifier: oauth2.GenerateVerifier(), Scopes: strings.Fields(scope), Began: s.now().UnixMilli()}
	if slices.Contains(l.Scopes, "openid") {
		l.Nonce = rand.Text()
	}
	for _, name := range loginParameters {
		if value := query.Get(name); value != "" {
			if l.Extra == nil {
				l.Extra = map[string]string{}
			}
			l.Extra[name] = value
		}
	}
	return l, nil
}

// authorizationRequest is the address that begins a login at the authorization server.
func (p *provider) authorizationRequest(md *metadata, l *pendingLogin) string {
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(l.Verifier)}
	if l.Nonce != "" {
		options = append(options, oauth2.SetAuthURLParam("nonce", l.Nonce))
	}
	for name, value := range l.Extra {
		options = append(options, oauth2.SetAuthURLParam(name, value))
	}
	return p.oauth2Config(md, l.Scopes).AuthCodeURL(l.State, options...)
}

// maxAge is the max_age that the login asked for, negative when it asked for none.
func (l *pendingLogin) maxAge() time.Duration {
	seconds, err := strconv.ParseUint(l.Extra["max_age"], 10, 31)
	if err != nil {
		return -1
	}
	return time.Duration(seconds) * time.Second
}

func badParameter(name, what string) *failure {
	return &failure{Status: http.StatusBadRequest, Code: "invalid_request", Description: fmt.Sprintf("The parameter %s %s.", name, what)}
}

// singleValues parses a query in which no parameter may come twice (RFC 6749 section 3.1): two
// readers could each believe another one.
func singleValues(rawQuery string) (url.Values, error) {
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		return nil, &failure{Status: http.StatusBadRequest, Code: "invalid_request", Description: "The query string cannot be read."}
	}
	for name, values := range query {
		if len(values) > 1 {
			return nil, badParameter(wire.Clip(name, 40), "is there more than once (RFC 6749 section 3.1)")
		}
	}
	return query, nil
}
