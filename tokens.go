package main

import (
	"context"
	"net/http"
	"time"

	"oauth-test-client/internal/diagnose"
	"oauth-test-client/internal/display"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/session"
	"oauth-test-client/internal/wire"
)

// begin returns what every use of a token needs: the login, and a context that records.
func (s *server) begin(w http.ResponseWriter, r *http.Request) (context.Context, *wire.Recorder, *session.Login, error) {
	if err := spendsNothing(r); err != nil {
		return nil, nil, nil, err
	}
	l, err := s.current(w, r)
	if err != nil {
		return nil, nil, nil, err
	}
	ctx, recorder := wire.Record(r.Context())
	if err := s.oauth.CheckServer(ctx, l.Request); err != nil {
		return nil, nil, nil, err
	}
	return ctx, recorder, l, nil
}

// remember adds what went over the wire to the login's flow, and whatever else changed. It returns the
// error of the exchange, if there is one, once that is remembered too.
func (s *server) remember(w http.ResponseWriter, r *http.Request, l *session.Login, recorder *wire.Recorder, err error, change func(*session.Login)) error {
	steps := recorder.Exchanges()
	if len(steps) > 0 {
		steps = failed(steps, err)
	}
	saved := s.sessions.Change(w, r, l.Request.State, func(next session.Login) session.Login {
		next.Record(steps)
		if change != nil {
			change(&next)
		}
		return next
	})
	if saved != nil {
		return saved
	}
	return err
}

// handleUserinfo asks who the user is (OpenID Connect Core section 5.3).
func (s *server) handleUserinfo(w http.ResponseWriter, r *http.Request) error {
	ctx, recorder, l, err := s.begin(w, r)
	if err != nil {
		return err
	}
	if l.Held.Access == "" {
		return noToken("No access token is held.", "It was revoked. Sign in again.")
	}
	e, err := s.oauth.Userinfo(ctx, l.Held.Access, l.IDToken)
	if err := s.remember(w, r, l, recorder, err, nil); err != nil {
		return err
	}
	return s.showAnswers(w, r, "Userinfo answered", "Userinfo refused the token", s.answerOf("", e))
}

// handleAPI calls RESOURCE_URL, the resource server's, with the access token (RFC 6750 section 2.1), and
// says why the API refuses it, if it does.
func (s *server) handleAPI(w http.ResponseWriter, r *http.Request) error {
	ctx, recorder, l, err := s.begin(w, r)
	if err != nil {
		return err
	}
	if l.Held.Access == "" {
		return noToken("No access token is held.", "It was revoked. Sign in again.")
	}
	e, err := s.oauth.CallAPI(ctx, l.Held.Access)
	if err := s.remember(w, r, l, recorder, err, nil); err != nil {
		return err
	}
	return s.showAnswers(w, r, "The API accepted the token", "The API refused the token", s.explainedAnswer(r.Context(), "", l, e))
}

// explainedAnswer is the API's answer to the access token, with the reason where it is a no.
func (s *server) explainedAnswer(ctx context.Context, kind string, l *session.Login, e *wire.Exchange) display.Answer {
	view := s.answerOf(kind, e)
	why := diagnose.ExplainAPI(s.cfg, e, s.oauth.Inspect(ctx, l.Held.Access), l.Granted(), s.now())
	if kind != "" || why.Result != diagnose.OK {
		view.Why = &why
	}
	return view
}

// handleWrongTokens calls the API with three tokens that must not open it, beside the one that should.
func (s *server) handleWrongTokens(w http.ResponseWriter, r *http.Request) error {
	ctx, recorder, l, err := s.begin(w, r)
	if err != nil {
		return err
	}
	if l.Held.Access == "" {
		return noToken("No access token is held.", "It was revoked. Sign in again.")
	}
	var answers []display.Answer
	for _, try := range []struct{ kind, token string }{
		{"access_token", l.Held.Access},
		{string(diagnose.NoTokenAtAll), ""},
		{string(diagnose.AlteredToken), oauth.Altered(l.Held.Access)},
		{string(diagnose.TheIDToken), l.Held.ID},
	} {
		if try.token == "" && try.kind == string(diagnose.TheIDToken) {
			continue // none is held
		}
		var e *wire.Exchange
		if e, err = s.oauth.CallAPI(ctx, try.token); err != nil {
			break
		}
		view := s.explainedAnswer(r.Context(), try.kind, l, e)
		if try.kind != "access_token" {
			view.Why = &diagnose.APIAnswer{Finding: diagnose.JudgeWrongToken(diagnose.WrongToken(try.kind), e)}
		}
		answers = append(answers, view)
	}
	if err := s.remember(w, r, l, recorder, err, nil); err != nil {
		return err
	}
	return s.showAnswers(w, r, "The API refuses wrong tokens", "The API does not do what it should", answers...)
}

// handleTokeninfo asks the server what it knows of the tokens held (RFC 7662).
func (s *server) handleTokeninfo(w http.ResponseWriter, r *http.Request) error {
	ctx, recorder, l, err := s.begin(w, r)
	if err != nil {
		return err
	}
	if l.Held.Access == "" && l.Held.Refresh == "" {
		return noToken("No token is held.", "They were revoked. Sign in again.")
	}
	var answers []display.Answer
	for _, kind := range []string{"access_token", "refresh_token"} {
		token := l.Held.Of(kind)
		if token == "" {
			continue
		}
		var e *wire.Exchange
		if e, err = s.oauth.Introspect(ctx, kind, token); err != nil {
			break
		}
		answers = append(answers, s.answerOf(kind, e))
	}
	if err := s.remember(w, r, l, recorder, err, nil); err != nil {
		return err
	}
	return s.showAnswers(w, r, "What the server knows of the tokens", "The server did not say what it knows of the tokens", answers...)
}

// handleRevoke ends the tokens at the server (RFC 7009), the refresh token first: where it takes
// the others with it, their own revocation does no harm.
func (s *server) handleRevoke(w http.ResponseWriter, r *http.Request) error {
	ctx, recorder, l, err := s.begin(w, r)
	if err != nil {
		return err
	}
	if l.Held.Access == "" && l.Held.Refresh == "" {
		return noToken("No token is held.", "They were revoked already. Sign in again.")
	}
	var answers []display.Answer
	gone := oauth.Tokens{} // what the server revoked
	for _, kind := range []string{"refresh_token", "access_token"} {
		token := l.Held.Of(kind)
		if token == "" {
			continue
		}
		var e *wire.Exchange
		if e, err = s.oauth.Revoke(ctx, kind, token); err != nil {
			break
		}
		view := s.answerOf(kind, e)
		view.Note = revocationNote(e)
		switch {
		case e.Status/100 != 2:
		case kind == "refresh_token":
			gone.Refresh = token
		default:
			gone.Access = token
		}
		answers = append(answers, view)
	}
	forget := func(next *session.Login) { // unless a refresh has replaced them meanwhile
		if gone.Refresh != "" && next.Held.Refresh == gone.Refresh {
			next.Held.Refresh = ""
		}
		if gone.Access != "" && next.Held.Access == gone.Access {
			next.Held.Access, next.Held.Expires = "", time.Time{}
		}
	}
	if err := s.remember(w, r, l, recorder, err, forget); err != nil {
		return err
	}
	return s.showAnswers(w, r, "The tokens are revoked", "The server did not revoke every token", answers...)
}

// revocationNote says what an answer of the revocation endpoint means (RFC 7009 section 2.2).
func revocationNote(e *wire.Exchange) string {
	code, _ := e.Refusal()
	switch {
	case e.Status/100 == 2: // some answer 204
		return "The server accepted it: this app no longer holds the token."
	case e.Status == http.StatusUnauthorized, code == "invalid_client", code == "unauthorized_client":
		return "The server refused this app's own credentials, so the token was not revoked. Check CLIENT_ID, CLIENT_SECRET and TOKEN_ENDPOINT_AUTH_METHOD."
	case code == "unsupported_token_type":
		return "The server does not revoke this kind of token; it stays valid until it expires. That is a limit of the server, not a fault of the setup."
	}
	return "The server did not revoke the token, which stays valid until it expires. Its answer says why."
}

// handleRefresh exchanges the refresh token for new tokens (RFC 6749 section 6). Of several requests
// at once only one asks the server: to one that rotates refresh tokens, two would look like theft.
func (s *server) handleRefresh(w http.ResponseWriter, r *http.Request) error {
	_, _, l, err := s.begin(w, r)
	if err != nil {
		return err
	}
	result, err := s.refreshes.Do(r.Context(), l.Request.State, func(ctx context.Context) (*refreshed, error) {
		return s.refresh(r.WithContext(ctx), l.Request.State)
	})
	if err != nil {
		return err
	}
	view := s.answerOf("", result.answer)
	if result.response != nil {
		view.Changes = display.Changes(result.before, result.after)
		if result.response.Refresh == "" {
			view.Note = "The server sent no new refresh token, so the old one is kept (RFC 6749 section 6)."
		}
	}
	return s.showAnswers(w, r, "There are new tokens", "The server refused to refresh", view)
}

// refresh asks for new tokens and keeps them, before anybody else refreshes. What is held is read
// here and not earlier: a refresh that has just ended may have replaced it.
func (s *server) refresh(r *http.Request, state string) (*refreshed, error) {
	l, err := s.sessions.Login(session.NoCookies{}, r, state)
	if err != nil {
		return nil, err
	}
	if l == nil || l.Held.Refresh == "" {
		return nil, noToken("No refresh token is held.", display.NoRefreshToken)
	}
	ctx, recorder := wire.Record(r.Context())
	result := &refreshed{before: l.Held, after: l.Held}
	result.answer, result.response, err = s.oauth.Refresh(ctx, l.Held, l.Request, l.IDToken)
	if result.response != nil {
		result.after = l.Held.ReplacedBy(result.response)
	}
	keep := func(next *session.Login) {
		if next.Held.Refresh == l.Held.Refresh { // it was not revoked meanwhile
			next.Held = result.after
		}
	}
	// The session's cookie stays as it is: whoever waits for the answer has it.
	if err := s.remember(session.NoCookies{}, r, l, recorder, err, keep); err != nil {
		return nil, err
	}
	return result, nil
}
