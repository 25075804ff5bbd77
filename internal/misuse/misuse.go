// Package misuse runs nine attacks that an authorization server must reject, with logins of their own. Each attempt has a
// control, which shows that the answer is about the attempt itself. rules.go has the table, run.go the requests that all of
// them use.
package misuse

import (
	"context"
	"errors"
	"net/url"
	"slices"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// Logins returns the maximum number of logins of a run.
func Logins(cfg config.Effective) int {
	if cfg.OtherClientID == "" {
		return len(Rules) - 2
	}
	return len(Rules) - 1
}

// AttemptState is the prefix of the state of a login for an attempt, so that no other login is mistaken for one.
const AttemptState = "try-"

// Begin starts the login of the next attempt, and returns where the browser goes for it. On the way, it makes the attempts
// that need no login. The request is nil at the end of the run. The error is an *oauth.Error.
func (m *Run) Begin(ctx context.Context) (*oauth.Request, string, error) {
	for _, rule := range Untried(m.found) {
		ctx := wire.ForTry(ctx, rule.About)
		if m.withoutLogin(ctx, rule.Attempt) {
			continue
		}
		r, err := m.client.NewRequest(nil)
		if err != nil {
			return nil, "", err
		}
		r.State, r.Try, r.NoChallenge = AttemptState+r.State, string(rule.Attempt), rule.Attempt == WithoutPKCE
		to, err := m.client.AuthorizationURL(ctx, r)
		if e, ok := errors.AsType[*oauth.Error](err); ok && e.Step == wire.PushedRequest { // RFC 9126 section 2.3
			m.add(rule.Attempt, m.noLogin(rule.Attempt, e))
			continue
		}
		if err != nil {
			return nil, "", err
		}
		return r, to, nil
	}
	return nil, "", nil
}

// withoutLogin makes an attempt if it needs no login here, and reports whether it did.
func (m *Run) withoutLogin(ctx context.Context, attempt Attempt) bool {
	ctx, cancel := context.WithTimeout(ctx, m.within)
	defer cancel()
	switch {
	case attempt == OtherClient && m.cfg.OtherClientID == "":
		m.add(attempt, notAsked("no second client is configured (OTHER_CLIENT_ID, OTHER_CLIENT_SECRET)"))
	case attempt == OtherClient && m.cfg.Found.OtherBelongsTo != "":
		m.add(attempt, notAsked("OTHER_CLIENT_ID belongs to %s, and is sent nowhere else", m.cfg.Found.OtherBelongsTo))
	case attempt == WithoutPKCE:
		return m.refusedAtOnce(ctx)
	case attempt == PromptNone:
		m.add(attempt, m.promptNone(ctx))
	default:
		return false
	}
	return true
}

// LeaveOut continues without the login of the next attempt, which did not come back.
func (m *Run) LeaveOut() {
	if rules := Untried(m.found); len(rules) > 0 {
		m.add(rules[0].Attempt, undecided("its login was left out"))
	}
}

// Answer makes the attempt that a login was started for, with its response.
func (m *Run) Answer(ctx context.Context, r *oauth.Request, response url.Values) {
	attempt := Attempt(r.Try)
	if !slices.Contains(Untried(m.found), attempt.rule()) {
		return // it is made already: two windows
	}
	ctx, cancel := context.WithTimeout(wire.ForTry(ctx, attempt.rule().About), m.within)
	defer cancel()
	code, err := m.client.CheckResponse(ctx, r, response)
	if e, failed := errors.AsType[*oauth.Error](err); failed {
		m.add(attempt, m.noLogin(attempt, e))
		return
	}
	m.add(attempt, m.make(ctx, attempt, r, code)...)
}

// noLogin concludes from an attempt whose login failed. For a login without PKCE, only a refusal about PKCE is a result
// (RFC 7636 section 4.4.1), as a user who presses Deny also causes a refusal.
func (m *Run) noLogin(attempt Attempt, e *oauth.Error) Finding {
	code := wire.Clip(m.cfg.Redact(e.Code), 60)
	if attempt == WithoutPKCE && e.Theirs && causes.WantsPKCE(e) && m.controlled() {
		return refused("the login is rejected (%s)", code).by("the logins with PKCE were accepted")
	}
	return undecided("the login for it failed (%s)", code)
}

// make makes an attempt with the code of a login.
func (m *Run) make(ctx context.Context, attempt Attempt, r *oauth.Request, code string) []Finding {
	switch attempt {
	case CodeTwice:
		return m.codeTwice(ctx, r, code)
	case WrongVerifier:
		return m.spoiled(ctx, r, code, func(form url.Values) { form.Set("code_verifier", oauth.NewVerifier()) })
	case NoVerifier:
		return m.spoiled(ctx, r, code, func(form url.Values) { form.Del("code_verifier") })
	case OtherRedirectURI:
		return m.spoiled(ctx, r, code, func(form url.Values) { form.Set("redirect_uri", m.cfg.RedirectURI()+"/other") })
	case OtherClient:
		return m.otherClient(ctx, r, code)
	case OldRefreshToken:
		return m.oldRefreshToken(ctx, r, code)
	case RevokedToken:
		return m.revokedToken(ctx, r, code)
	}
	return m.withoutPKCE(ctx, r, code)
}
