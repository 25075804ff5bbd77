package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"oauth-test-client/internal/wire"
	"slices"
	"strings"
)

// handleCallback finishes a login: the authorization response (RFC 6749 section 4.1.2) is checked
// in the order in which its parts can be believed, the code is redeemed, the ID token verified,
// and only what survived all of it is kept and shown.
func (s *server) handleCallback(w http.ResponseWriter, r *http.Request) error {
	if err := spendsNothing(r); err != nil {
		return err
	}
	query, err := singleValues(r.URL.RawQuery)
	if err != nil {
		return err
	}
	done, err := s.browsers.login(r, query.Get("state"))
	if err != nil {
		return err
	}
	if done != nil {
		return s.showResult(w, r, done) // a reload: the code is spent, the result is not
	}
	begun := s.browsers.take(w, r, query.Get("state"))
	if begun == nil {
		return s.unknownState(r, query.Get("state"))
	}
	ctx, rec := wire.Record(r.Context())
	arrived := s.now()
	done, err = s.finish(ctx, query, begun)
	if err != nil {
		return s.explain(err, begun, append(s.frontChannel(begun, r.URL.RequestURI(), arrived), rec.All()...))
	}
	done.Callback, done.Arrived, done.Steps = r.URL.RequestURI(), arrived, rec.All()
	if err := s.browsers.keep(w, r, done); err != nil {
		return err
	}
	return s.showResult(w, r, done)
}

// finish turns an authorization response whose state is right into a login.
func (s *server) finish(ctx context.Context, query url.Values, begun *pendingLogin) (*login, error) {
	md, err := s.provider.metadata(ctx)
	if err != nil {
		return nil, notDiscovered(s.cfg, err)
	}
	if err := checkResponseIssuer(md, query); err != nil {
		return nil, err
	}
	if query.Has("error") {
		return nil, authorizationRefused(s.cfg, query, begun.Scopes)
	}
	if query.Get("code") == "" {
		return nil, &failure{Status: http.StatusBadRequest, Code: "invalid_request", Retry: true,
			Description: "The authorization response has neither a code nor an error.",
			Hint:        "The server must answer with response_type code in the query; an implicit or form_post application does not."}
	}
	response, err := s.provider.exchange(ctx, md, query.Get("code"), begun)
	if err != nil {
		return nil, err
	}
	idToken, err := s.checkIDToken(ctx, md, begun, response)
	if err != nil {
		return nil, err
	}
	return &login{
		Begun:    begun,
		Response: response,
		IDToken:  idToken,
		Held:     tokens{response.AccessToken, response.RefreshToken, response.IDToken, response.Expires, response.Scope},
	}, nil
}

// explain adds to the failure of a login what helps to mend it: the flow up to the step that
// failed, the values that we sent, and which of them is the likely cause.
func (s *server) explain(err error, begun *pendingLogin, flow []*wire.Exchange) *failure {
	f := asFailure(err)
	f.Flow = failedFlow(flow, f)
	switch f.Code {
	case "invalid_issuer", "server_not_found", "server_unreachable", "invalid_token_response":
		return f // no setting of the OAuth application is to blame
	case "invalid_id_token":
		f.Setting = settingIDToken // which agrees with nothing that we sent
		return f
	}
	f.Setting = suspect(f.Code, f.Description)
	md, _ := s.provider.known()
	if md != nil {
		f.Sent = whatWeSent(s.cfg, s.provider.authMethod(md), begun.Scopes, f.Setting)
	}
	return f
}

// spendsNothing refuses a request that no person made: a code is good once, and so is many a refresh
// token, and a prefetch or a HEAD would use it up (streamlit/streamlit#15589). A failing status keeps
// the browser from showing the prefetched answer later.
func spendsNothing(r *http.Request) error {
	if strings.Contains(r.Header.Get("Sec-Purpose"), "prefetch") || r.Header.Get("Purpose") == "prefetch" {
		return &failure{Status: http.StatusServiceUnavailable, Code: "prefetch", Description: "A prefetch does nothing here."}
	}
	if r.Method == http.MethodHead {
		return &failure{Status: http.StatusMethodNotAllowed, Code: "method_not_allowed", Description: "A HEAD does nothing here.", Allow: http.MethodGet}
	}
	return nil
}

// unknownState refuses a response to a login that this browser has not begun, or has finished.
// Nothing of the response is shown: anybody may have written it.
func (s *server) unknownState(r *http.Request, state string) *failure {
	f := &failure{Status: http.StatusBadRequest, Code: "invalid_state", Retry: true,
		Description: "This login was not begun in this browser, was finished already, or is older than ten minutes.",
		Hint:        "A code is good once. Begin a new login."}
	_, host, _ := strings.Cut(s.cfg.BaseURL, "://")
	switch {
	case state == "":
		f.Description = "The authorization response has no state, so it cannot be told which login it belongs to."
		f.Hint = "Somebody opened the callback by hand, or the server does not return the state (RFC 6749 section 4.1.2)."
	case !strings.EqualFold(r.Host, host):
		f.Description = fmt.Sprintf("The login began on %s and came back on %s, where the cookie of the login is not sent.", host, wire.Clip(r.Host, 80))
		f.Hint = "Register the redirect URI " + s.cfg.RedirectURI() + ", to the letter, or set BASE_URL to the host that is registered."
	case len(r.Cookies()) == 0:
		f.Hint = "The browser sent no cookie at all: if cookies are blocked for this site, allow them. Then begin a new login."
	}
	return f
}

// checkResponseIssuer compares iss, against mix-up of servers (RFC 9207 section 2.4). On a
// mismatch the response comes from somewhere else, and nothing but the two names is shown of it.
func checkResponseIssuer(md *metadata, query url.Values) error {
	if md.Issuer == "" {
		return nil // a server without metadata has no name to compare
	}
	f := &failure{Status: http.StatusBadRequest, Code: "invalid_issuer", Retry: true}
	switch {
	case query.Has("iss") && query.Get("iss") != md.Issuer:
		f.Description = fmt.Sprintf("The authorization response comes from the issuer %q (its iss parameter), but the login was begun at %q (the configured issuer).", wire.Clip(query.Get("iss"), 200), md.Issuer)
		f.Hint = "Either the response was mixed up with that of another server, or the server calls itself by two names. Nothing else of the response is shown, as it comes from somewhere else."
		return f
	case !query.Has("iss") && md.ResponseIss:
		f.Description = "The authorization response has no iss parameter, though the server's metadata promises one (RFC 9207 section 2.4)."
		f.Hint = "The response may come from another server; nothing else of it is shown."
		return f
	}
	return nil
}

// checkIDToken verifies the ID token, which must be there when openid was granted. It returns nil
// for a plain OAuth login.
func (s *server) checkIDToken(ctx context.Context, md *metadata, begun *pendingLogin, response *tokenResponse) (*idToken, error) {
	if response.IDToken == "" {
		if response.granted("openid", begun.Scopes) && slices.Contains(begun.Scopes, "openid") {
			return nil, badIDToken("is missing, though the scope openid was granted",
				"Enable openid for the OAuth application, or remove it from SCOPES. A server that knows no OpenID Connect never sends one.")
		}
		return nil, nil
	}
	want := expected{Issuer: md.Issuer, ClientID: s.cfg.ClientID, Nonce: begun.Nonce, MaxAge: begun.maxAge(), AccessToken: response.AccessToken, Now: s.now()}
	return s.provider.verifyIDToken(ctx, md, response.IDToken, want)
}

// resultPage is the data of callback.html.
type resultPage struct {
	page
	Login      *login
	Who        string
	JSON       string   // the token response, indented
	Missing    []string // scopes asked for and not granted
	Added      []string // scopes granted and not asked for
	OpenIDGone bool     // openid was asked for and not granted
	Expires    string
	Access     *decodedToken
}

// showResult answers with the token response: as the server sent it, to the byte, or as a page
// with the same JSON, indented.
func (s *server) showResult(w http.ResponseWriter, r *http.Request, l *login) error {
	if !wantsHTML(r) {
		return s.respond(w, r, http.StatusOK, "", nil, []byte(l.Response.JSON))
	}
	data := resultPage{page: s.page("It works"), Login: l, Who: l.who(), JSON: pretty(l.Response.JSON), Access: decodeAccessToken(l.Response.AccessToken)}
	if l.Response.ScopeSent {
		data.Missing = without(l.Begun.Scopes, strings.Fields(l.Response.Scope))
		data.Added = without(strings.Fields(l.Response.Scope), l.Begun.Scopes)
	}
	data.OpenIDGone = l.IDToken == nil && slices.Contains(l.Begun.Scopes, "openid")
	if !l.Response.Expires.IsZero() {
		data.Expires = showTime(l.Response.Expires)
	}
	return s.respond(w, r, http.StatusOK, "callback.html", data, []byte(l.Response.JSON))
}

// who is the name of the user who signed in, or "" when no ID token said it.
func (l *login) who() string {
	if l.IDToken == nil {
		return ""
	}
	return wire.Clip(l.IDToken.Name, 100)
}

// without returns the elements of list that others does not have.
func without(list, others []string) []string {
	var rest []string
	for _, s := range list {
		if !slices.Contains(others, s) {
			rest = append(rest, wire.Clip(s, 100))
		}
	}
	return rest
}
