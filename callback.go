package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"oauth-test-client/internal/display"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/session"
	"oauth-test-client/internal/wire"
)

// handleCallback finishes a login: the authorization response (RFC 6749 section 4.1.2) is checked
// in the order in which its parts can be believed, the code is redeemed, the ID token verified,
// and only what survived all of it is kept and shown.
func (s *server) handleCallback(w http.ResponseWriter, r *http.Request) error {
	if err := spendsNothing(r); err != nil {
		return err
	}
	response, err := singleValues(r.URL.RawQuery)
	if err != nil {
		return err
	}
	state := response.Get("state")
	done, err := s.sessions.Login(w, r, state)
	if err != nil {
		return err
	}
	if done != nil { // a reload: the code is spent, the result is not
		if err := s.oauth.CheckServer(r.Context(), done.Request); isOtherServer(err) {
			return err
		}
		return s.showResult(w, r, done)
	}
	request := s.sessions.Begun(r, state)
	if request == nil {
		return s.unknownState(r, response)
	}
	login, err := s.sessions.Finish(w, r, request, func(ctx context.Context) (*session.Login, error) {
		return s.redeem(ctx, request, response, r.URL.RequestURI())
	})
	if errors.Is(err, session.ErrSpent) {
		return s.unknownState(r, response)
	}
	s.tell(login, err)
	if err != nil {
		return err
	}
	return s.showResult(w, r, login)
}

// redeem finishes a login, with what went over the wire for it. The error is a *failure that has that, too.
func (s *server) redeem(ctx context.Context, request *oauth.Request, response url.Values, callback string) (*session.Login, error) {
	ctx, recorder := wire.Record(ctx)
	arrived := s.now()
	login, err := s.finish(ctx, request, response)
	if err != nil {
		return nil, s.failedLogin(err, request, callback, arrived, recorder.Exchanges())
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

// unknownState refuses a response to a login that this browser has not begun, or has finished.
// Anybody may have written the response, so nothing of it is shown; but to a browser that waits for a
// login an error is a clue, and is shown as what it is. The login that it waits for stays.
func (s *server) unknownState(r *http.Request, response url.Values) *failure {
	state := response.Get("state")
	description := "This login was not begun in this browser, was finished already, or is older than ten minutes."
	hint := "A code is good once. Begin a new login."
	_, host, _ := strings.Cut(s.cfg.BaseURL, "://")
	switch {
	case state == "":
		description = "The authorization response has no state, so it cannot be told which login it belongs to."
		hint = "Somebody opened the callback by hand, or the server does not return the state (RFC 6749 section 4.1.2)."
	case !strings.EqualFold(r.Host, host):
		description = fmt.Sprintf("The login began on %s and came back on %s, where the cookie of the login is not sent.", host, wire.Clip(r.Host, 80))
		hint = "Register the redirect URI " + s.cfg.RedirectURI() + " exactly, or set BASE_URL to the host that is registered."
	case len(r.Cookies()) == 0:
		hint = "The browser sent no cookie at all: if cookies are blocked for this site, allow them. Then begin a new login."
	}
	f := refuse(http.StatusBadRequest, "invalid_state", description, hint)
	f.Retry = true
	if len(s.sessions.Unfinished(r)) > 0 {
		f.Unbound = s.oauth.UnboundError(response)
	}
	return f
}

// resultPage is the data of callback.html.
type resultPage struct {
	page
	Lead     string
	Next     link
	Facts    []display.Fact
	Tokens   []display.Token
	JSON     []display.Piece // the token response, indented
	Missing  []string        // scopes asked for and not granted
	Added    []string        // scopes granted and not asked for
	Verdicts []oauth.Verdict
	SignIn   display.SignIn
}

// link is where a button leads.
type link struct{ Label, Path string }

// showResult answers with the token response: as the server sent it, to the byte, or as a page
// with the same JSON, indented.
func (s *server) showResult(w http.ResponseWriter, r *http.Request, l *session.Login) error {
	if !wantsHTML(r) {
		w.Header().Set("Vary", "Accept")
		write(w, http.StatusOK, "application/json", []byte(l.Response.JSON))
		return nil
	}
	data := resultPage{page: s.page("It works"), Lead: display.Lead(l), Next: link{"Use the tokens", "/session"}, Facts: display.Facts(l, s.now()),
		Tokens: display.Tokens(l, l.Response.Tokens, s.now()), JSON: display.Pieces(wire.Pretty(l.Response.JSON)), SignIn: s.signIn("Sign in again")}
	if s.cfg.ResourceURL != "" && l.Held.Access != "" {
		data.Next = link{"Call the API", "/api"}
	}
	data.Missing, data.Added = l.Missing(), l.Added()
	if l.IDToken != nil {
		data.Verdicts = l.IDToken.Verdicts
	}
	data.SignIn.Second = true
	return s.respond(w, r, http.StatusOK, "callback.html", data)
}
