package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/session"
	"oauth-test-client/internal/wire"
)

// handleCallback finishes a login: it checks the authorization response (RFC 6749 section 4.1.2), redeems the code and
// verifies the ID token. It stores and shows tokens only if all of that succeeds.
func (s *server) handleCallback(w http.ResponseWriter, r *http.Request) error {
	if err := rejectPrefetch(r); err != nil {
		return err
	}
	response, err := parseQueryOnce(r.URL.RawQuery)
	if err != nil {
		return err
	}
	state := response.Get("state")
	done, err := s.sessions.Login(w, r, state)
	if err != nil {
		return err
	}
	if done != nil { // a reload: the code is used, the result is still stored
		if err := s.oauth.CheckServer(r.Context(), done.Request); oauth.IsOtherServer(err) {
			return err
		}
		return s.showResult(w, r, done)
	}
	request := s.sessions.Begun(r, state)
	if request == nil {
		return s.unknownState(r, response)
	}
	login, err := s.sessions.Finish(w, r, request, func(ctx context.Context) (*session.Login, error) {
		return s.redeem(ctx, request, response, callbackOf(r))
	})
	if errors.Is(err, session.ErrUsed) {
		return s.unknownState(r, response)
	}
	s.tell(request.Run, login, err)
	if err != nil {
		return err
	}
	return s.showResult(w, r, login)
}

// pasted accepts the address at which the browser stopped, if the redirect URI doesn't lead to this app or the server
// sent the browser to https instead. It passes the response to next as if the browser had brought it.
func (s *server) pasted(next func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if !s.cfg.CallbackIsPasted() && s.cfg.HTTPSTwin() == "" {
			return wrongMethod(http.MethodGet)
		}
		err := r.ParseForm()
		if err == nil && !s.cfg.CallbackIsPasted() && !r.PostForm.Has("address") { // not the form of our own page
			return wrongMethod(http.MethodGet)
		}
		if err != nil || len(r.PostForm["address"]) > 1 {
			return refuse(http.StatusBadRequest, oauth.CodeInvalidRequest, "The form must have one field named address, and be at most 64 KB.", "")
		}
		address := r.PostForm.Get("address")
		query, err := s.oauth.ReadPasted(address)
		if err != nil {
			return err
		}
		arrived := *r
		if arrived.URL, err = s.pastedAt(address); err != nil {
			return err
		}
		arrived.URL.RawQuery = query
		return next(w, &arrived)
	}
}

// pastedAt returns where a pasted response arrived: the whole address if the redirect URI leads to this app, to tell it
// from a response that the browser brought.
func (s *server) pastedAt(address string) (*url.URL, error) {
	switch {
	case s.cfg.CallbackIsPasted():
		return &url.URL{Path: config.CallbackPath}, nil
	case strings.HasPrefix(strings.ToLower(strings.TrimSpace(address)), "https:"):
		return url.Parse(s.cfg.HTTPSTwin())
	}
	return url.Parse(s.cfg.RedirectURI())
}

// redeem finishes a login and records what went over the wire for it. The error is a *failure, which has the record too.
func (s *server) redeem(ctx context.Context, request *oauth.Request, response url.Values, callback string) (*session.Login, error) {
	ctx, recorder := wire.Record(ctx)
	arrived := s.now()
	login, err := s.finish(ctx, request, response)
	if err != nil {
		return nil, s.failedLogin(ctx, err, request, callback, arrived, nil)
	}
	login.Callback, login.Arrived, login.Steps = callback, arrived, recorder.Exchanges()
	return login, nil
}

// finish turns the authorization response into a login: the protocol, one line a step.
func (s *server) finish(ctx context.Context, request *oauth.Request, response url.Values) (*session.Login, error) {
	code, err := s.oauth.CheckResponse(ctx, request, response) // RFC 9207, RFC 6749 section 4.1.2.1
	if err != nil {
		return nil, err
	}
	token, err := s.oauth.Exchange(ctx, request, code) // RFC 6749 section 4.1.3, RFC 7636 section 4.5
	if err != nil {
		return nil, err
	}
	idToken, err := s.oauth.VerifyIDToken(ctx, request, token) // OpenID Connect Core section 3.1.3.7
	if err != nil {
		return nil, err
	}
	return &session.Login{Request: request, Response: token, IDToken: idToken, Held: token.Tokens}, nil
}

// unknownState refuses a response to a login that this browser has not started, or has finished. An attacker may have
// written the response, so nothing of it is shown. But for a browser that waits for a login, an error is a clue: it is
// shown, as unverified. The login that waits stays.
func (s *server) unknownState(r *http.Request, response url.Values) *failure {
	cause, description, hint := causes.UnknownState(s.cfg, r.Host, response, len(r.Cookies()) > 0)
	f := refuse(http.StatusBadRequest, "invalid_state", description, hint)
	f.Name, f.Retry = cause, true
	if len(response) == 0 && !s.cfg.CallbackIsPasted() {
		f.Bare = causes.InFragment(s.cfg)
	}
	if len(s.sessions.Unfinished(r)) > 0 {
		f.Unsolicited = s.oauth.UnsolicitedError(response)
	}
	return f
}

// callbackPage is the data of callback.html: the outcome of a login.
type callbackPage struct {
	layout
	Lead     string
	Next     link
	Facts    []fact
	Tokens   []shownToken
	JSON     []piece  // the token response, indented
	Missing  []string // scopes asked for and not granted
	Added    []string // scopes granted and not asked for
	Warnings []string // what other clients may refuse
	Verdicts []oauth.Verdict
	SignIn   signIn
}

// showResult answers with the token response: as the server sent it, to the byte, or as a page
// with the same JSON, indented.
func (s *server) showResult(w http.ResponseWriter, r *http.Request, l *session.Login) error {
	if !wantsHTML(r) {
		w.Header().Set("Vary", "Accept")
		write(w, http.StatusOK, "application/json", []byte(l.Response.JSON))
		return nil
	}
	if r.Method == http.MethodPost { // a reload must not send the form again
		http.Redirect(w, r, config.CallbackPath+"?"+url.Values{"state": {l.Request.State}}.Encode(), http.StatusSeeOther)
		return nil
	}
	data := callbackPage{
		layout:   s.page(r, "It works"),
		Lead:     lead(l),
		Next:     link{"Use the tokens", "/session"},
		Facts:    facts(l, s.now()),
		Tokens:   shownTokens(l, l.Response.Tokens, s.now()),
		JSON:     pieces(wire.Pretty(l.Response.JSON)),
		Missing:  l.Missing(),
		Added:    l.Added(),
		Warnings: l.Warnings(),
		SignIn:   s.signIn("Sign in again"),
	}
	data.SignIn.Folded = true
	data.SignIn.keep(l.Request)
	if s.cfg.ResourceURL != "" && l.Held.Access != "" {
		data.Next = link{"Call the API", "/api"}
	}
	if l.IDToken != nil {
		data.Verdicts = l.IDToken.Verdicts
	}
	return s.respond(w, r, http.StatusOK, "callback.html", data)
}

// lead says in a sentence or two how a login ended, and which scopes it lacks.
func lead(l *session.Login) string {
	says := "A plain OAuth login: the server issued an access token. Nothing says who signed in, because " + noIDToken(l) + "."
	if l.IDToken != nil {
		says = "Signed in as " + l.Who() + ". The code was exchanged, and the ID token passed every check."
	}
	return says + notGranted(l)
}

// piece is a part of a JSON document: a token, which only the style sheet shortens, or the text between two tokens.
type piece struct {
	Text  string
	Token bool
}

// longValue matches a token, a key or a hash: text that a reader skips.
var longValue = regexp.MustCompile(`[A-Za-z0-9._~+/=-]{60,}`)

// pieces splits a document. Joined again, its pieces are the document.
func pieces(document string) []piece {
	var list []piece
	at := 0
	for _, found := range longValue.FindAllStringIndex(document, -1) {
		list = append(list, piece{Text: document[at:found[0]]}, piece{Text: document[found[0]:found[1]], Token: true})
		at = found[1]
	}
	return append(list, piece{Text: document[at:]})
}
