package main

import (
	"context"
	"net/http"
	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/display"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/session"
	"oauth-test-client/internal/wire"
)

// begin returns what every use of a token needs: the login, and a context that records.
func (s *server) begin(w http.ResponseWriter, r *http.Request) (context.Context, *wire.Recorder, *session.Login, error) {
	if err := rejectPrefetch(r); err != nil {
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

// question asks a server with the tokens of a login.
type question func(context.Context, *session.Login) ([]display.Answer, error)

// uses asks a server with the tokens of this browser's login, remembers what went over the wire and what
// change says of it, which may be nil, and shows the answers.
func (s *server) uses(w http.ResponseWriter, r *http.Request, good, bad string, ask question, change func(*session.Login)) error {
	ctx, recorder, l, err := s.begin(w, r)
	if err != nil {
		return err
	}
	answers, err := ask(ctx, l)
	if err := s.remember(w, r, l, recorder, err, change); err != nil {
		return err
	}
	return s.showAnswers(w, r, good, bad, answers...)
}

// handleUserinfo asks who the user is (OpenID Connect Core section 5.3).
func (s *server) handleUserinfo(w http.ResponseWriter, r *http.Request) error {
	return s.uses(w, r, "Userinfo answered", "Userinfo refused the token", func(ctx context.Context, l *session.Login) ([]display.Answer, error) {
		if l.Held.Access == "" {
			return nil, noAccessToken()
		}
		e, err := s.oauth.Userinfo(ctx, l.Held.Access, l.IDToken)
		if err != nil {
			return nil, err
		}
		view := s.answerOf("", e)
		view.Why = causes.ExplainUserinfo(e, l.Granted())
		return []display.Answer{view}, nil
	}, nil)
}

// handleAPI calls RESOURCE_URL, the resource server's, with the access token (RFC 6750 section 2.1), and
// says why the API refuses it, if it does.
func (s *server) handleAPI(w http.ResponseWriter, r *http.Request) error {
	return s.callAPI(w, r, s.oauth.CallAPI)
}

func (s *server) callAPI(w http.ResponseWriter, r *http.Request, call func(ctx context.Context, access string) (*wire.Exchange, error)) error {
	return s.uses(w, r, "The API accepted the token", "The API did not open to the token", func(ctx context.Context, l *session.Login) ([]display.Answer, error) {
		if l.Held.Access == "" {
			return nil, noAccessToken()
		}
		e, err := call(ctx, l.Held.Access)
		if err != nil {
			return nil, err
		}
		return []display.Answer{s.explainedAnswer(r.Context(), "", l, e)}, nil
	}, nil)
}

// explainedAnswer is the API's answer to the access token, with the reason where it is a no.
func (s *server) explainedAnswer(ctx context.Context, kind string, l *session.Login, e *wire.Exchange) display.Answer {
	view := s.answerOf(kind, e)
	why := causes.ExplainAPI(s.cfg, e, s.oauth.Inspect(ctx, l.Held.Access), l.Granted(), s.now())
	if kind != "" || why.Result != causes.OK {
		view.Why = &why
	}
	view.OfferNext(s.cfg, s.oauth.ByPost(), l.Request, e)
	return view
}

// handleCallTool calls a tool of an API that speaks MCP.
func (s *server) handleCallTool(w http.ResponseWriter, r *http.Request) error {
	tool := r.PostFormValue("tool")
	if tool == "" {
		return s.handleWrongTokens(w, r)
	}
	return s.callAPI(w, r, func(ctx context.Context, access string) (*wire.Exchange, error) {
		return s.oauth.CallTool(ctx, tool, access)
	})
}

// handleWrongTokens calls the API with three tokens that must not open it, beside the one that should.
func (s *server) handleWrongTokens(w http.ResponseWriter, r *http.Request) error {
	tryAll := func(ctx context.Context, l *session.Login) ([]display.Answer, error) {
		if l.Held.Access == "" {
			return nil, noAccessToken()
		}
		e, err := s.oauth.CallAPI(ctx, l.Held.Access)
		if err != nil {
			return nil, err
		}
		answers := []display.Answer{s.explainedAnswer(r.Context(), "access_token", l, e)}
		for _, kind := range causes.WrongTokens {
			if kind == causes.TheIDToken && l.Held.ID == "" {
				continue
			}
			if e, err = s.oauth.CallAPIFor(ctx, kind.Purpose(), kind.Of(l.Held)); err != nil {
				return nil, err
			}
			view := s.answerOf(string(kind), e)
			view.Why = &causes.APIAnswer{Finding: causes.JudgeWrongToken(kind, e, answers[0].Why.Result == causes.OK)}
			answers = append(answers, view)
		}
		return answers, nil
	}
	return s.uses(w, r, "The API refuses wrong tokens", "Not every answer is as it should be", tryAll, nil)
}

// handleTokeninfo asks the server what it knows of the tokens held (RFC 7662).
func (s *server) handleTokeninfo(w http.ResponseWriter, r *http.Request) error {
	return s.uses(w, r, "What the server knows of the tokens", "The server did not say what it knows of the tokens",
		func(ctx context.Context, l *session.Login) ([]display.Answer, error) {
			return s.each(ctx, l, s.oauth.Introspect, "access_token", "refresh_token")
		}, nil)
}

// each asks about every token of the kinds that is held, in their order.
func (s *server) each(ctx context.Context, l *session.Login, ask func(ctx context.Context, kind, token string) (*wire.Exchange, error),
	kinds ...string) ([]display.Answer, error) {
	if l.Held.Access == "" && l.Held.Refresh == "" {
		return nil, noToken("The tokens were revoked", "No token is held.", "Sign in again.")
	}
	var answers []display.Answer
	for _, kind := range kinds {
		token := l.Held.Of(kind)
		if token == "" {
			continue
		}
		e, err := ask(ctx, kind, token)
		if err != nil {
			return nil, err
		}
		answers = append(answers, s.answerOf(kind, e))
	}
	return answers, nil
}

// handleRevoke ends the tokens at the server (RFC 7009), the refresh token first: where it takes
// the others with it, their own revocation does no harm.
func (s *server) handleRevoke(w http.ResponseWriter, r *http.Request) error {
	var gone oauth.Tokens // what the server revoked, even when it failed at the next one
	var notes []string
	revoke := func(ctx context.Context, kind, token string) (*wire.Exchange, error) {
		e, err := s.oauth.Revoke(ctx, kind, token)
		if err != nil {
			return nil, err
		}
		notes = append(notes, display.RevocationNote(e))
		if e.Succeeded() {
			gone.Set(kind, token)
		}
		return e, nil
	}
	return s.uses(w, r, "The tokens are revoked", "The server did not revoke every token", func(ctx context.Context, l *session.Login) ([]display.Answer, error) {
		answers, err := s.each(ctx, l, revoke, "refresh_token", "access_token")
		for i := range answers {
			answers[i].Note = notes[i]
		}
		return answers, err
	}, func(next *session.Login) { next.Held = next.Held.Without(gone) })
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
	view.Refused = result.response == nil
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
		return nil, noToken("There is no refresh token", "No refresh token is held.", display.NoRefreshToken)
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
