package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"oauth-test-client/internal/wire"
	"slices"
	"strings"
	"time"

	jose "github.com/go-jose/go-jose/v4"
)

// current returns the newest login of this browser, or a 401.
func (s *server) current(r *http.Request) (*login, error) {
	logins, err := s.browsers.logins(r)
	if err != nil {
		return nil, err
	}
	if len(logins) > 0 {
		return logins[0], nil
	}
	return nil, &failure{Status: http.StatusUnauthorized, Code: "no_token", Retry: true,
		Description: "No token is held for this browser.", Hint: "Sign in first. Tokens are kept for twelve hours and, without SESSION_STORE, until this program stops."}
}

// noToken is the 401 of a login that lacks one kind of token.
func noToken(kind, hint string) *failure {
	return &failure{Status: http.StatusUnauthorized, Code: "no_token", Retry: true, Description: "No " + kind + " is held.", Hint: hint}
}

const noRefreshToken = "The server issued none. Most servers do when the scope offline_access is asked for and enabled for the OAuth application; Google also wants /login?prompt=consent."

// unsupported is the failure of asking for what the server does not offer.
func unsupported(what, variable string) *failure {
	return &failure{Status: http.StatusNotFound, Code: "not_supported",
		Description: "The authorization server names no " + what + " endpoint.", Hint: "If it has one all the same, set " + variable + "."}
}

// ready returns what every use of a token needs: the login, the metadata, and a context that records.
func (s *server) ready(r *http.Request) (context.Context, *wire.Recorder, *login, *metadata, error) {
	if err := spendsNothing(r); err != nil {
		return nil, nil, nil, nil, err
	}
	l, err := s.current(r)
	if err != nil {
		return nil, nil, nil, nil, err
	}
	ctx, rec := wire.Record(r.Context())
	md, err := s.provider.metadata(ctx)
	if err != nil {
		return nil, nil, nil, nil, notDiscovered(s.cfg, err)
	}
	return ctx, rec, l, md, nil
}

// remember adds what went over the wire to the login's flow, and whatever else changed.
func (s *server) remember(w http.ResponseWriter, r *http.Request, l *login, steps []*wire.Exchange, change func(*login)) error {
	return s.browsers.change(w, r, l.Begun.State, func(next login) login {
		next.Steps = boundedSteps(next.Steps, steps)
		if change != nil {
			change(&next)
		}
		return next
	})
}

// answered turns an exchange into the server's answer, or into a failure when it is none: nothing
// came, or a 5xx. A 4xx is an answer, to be shown.
func answered(what, address string, e *wire.Exchange, err error) (*wire.Exchange, error) {
	if err != nil {
		return nil, &failure{Status: http.StatusBadGateway, Code: "server_unreachable",
			Description: fmt.Sprintf("The %s %s %v.", what, wire.WithoutQuery(address), err)}
	}
	if e.Status >= 500 || e.Status/100 == 3 {
		f := &failure{Status: http.StatusBadGateway, Code: "server_error", Description: fmt.Sprintf("The %s answered %s.", what, describeAnswer(e))}
		if words := wordsOfBody(e); words != "" {
			f.Hint = "Its own words: " + words
		}
		return nil, f
	}
	return e, nil
}

// handleUserinfo asks who the user is (OpenID Connect Core section 5.3).
func (s *server) handleUserinfo(w http.ResponseWriter, r *http.Request) error {
	ctx, rec, l, md, err := s.ready(r)
	if err != nil {
		return err
	}
	if md.Userinfo == "" {
		return unsupported("userinfo", "USERINFO_ENDPOINT")
	}
	if l.Held.Access == "" {
		return noToken("access token", "It was revoked. Sign in again.")
	}
	e, err := s.provider.getAs(wire.For(ctx, wire.ForUserinfo), md.Userinfo, l.Held.Access)
	e, err = answered("userinfo endpoint", md.Userinfo, e, err)
	if err == nil && e.Status == http.StatusOK {
		err = s.checkUserinfo(ctx, md, l, e)
	}
	if saved := s.remember(w, r, l, failedFlow(rec.All(), err), nil); saved != nil {
		return saved
	}
	if err != nil {
		return err
	}
	return s.showAnswers(w, r, "Userinfo", s.answerOf("", e))
}

// checkUserinfo refuses an answer about somebody else: its sub must be the ID token's (OpenID
// Connect Core section 5.3.2). A signed answer is verified first.
func (s *server) checkUserinfo(ctx context.Context, md *metadata, l *login, e *wire.Exchange) error {
	body := []byte(e.ResponseBody)
	if strings.HasPrefix(strings.ToLower(e.ResponseHeader.Get("Content-Type")), "application/jwt") {
		payload, err := s.verifyUserinfo(ctx, md, e.ResponseBody)
		if err != nil {
			return badUserinfo(err.Error())
		}
		body = payload
	}
	var claims struct {
		Subject string `json:"sub"`
	}
	if l.IDToken == nil {
		return nil // a plain OAuth login: nothing to compare with, and perhaps no OpenID Connect
	}
	if err := wire.UnmarshalObject(body, &claims); err != nil {
		return badUserinfo(err.Error())
	}
	if claims.Subject != l.IDToken.Subject {
		return badUserinfo(fmt.Sprintf("it is about another user: its sub is %q, the ID token's is %q (OpenID Connect Core section 5.3.2)", wire.Clip(claims.Subject, 100), wire.Clip(l.IDToken.Subject, 100)))
	}
	return nil
}

func badUserinfo(what string) *failure {
	return &failure{Status: http.StatusBadGateway, Code: "invalid_userinfo", Description: "The userinfo response cannot be used: " + what + "."}
}

// verifyUserinfo checks a signed userinfo response, and iss and aud where they are there.
func (s *server) verifyUserinfo(ctx context.Context, md *metadata, raw string) ([]byte, error) {
	header, claims, err := parseIDToken(raw)
	if err != nil {
		return nil, errors.New("it " + err.Error())
	}
	if !slices.Contains(signingAlgs, header.Algorithm) {
		return nil, fmt.Errorf("it is signed with %q, which proves nothing", wire.Clip(header.Algorithm, 20))
	}
	jws, err := jose.ParseSignedCompact(raw, joseAlgs)
	if err != nil {
		return nil, errors.New("it is no signed JWT")
	}
	payload, _, err := s.provider.keys.verify(ctx, md.JWKS, jws)
	switch {
	case err != nil:
		return nil, err
	case claims.Issuer != nil && *claims.Issuer != md.Issuer:
		return nil, fmt.Errorf("it comes from the issuer %q", wire.Clip(*claims.Issuer, 200))
	case claims.Audience != nil && !slices.Contains(claims.audience(), s.cfg.ClientID):
		return nil, errors.New("it is for another client")
	}
	return payload, nil
}

// handleTokeninfo asks the server what it knows of the tokens held (RFC 7662).
func (s *server) handleTokeninfo(w http.ResponseWriter, r *http.Request) error {
	ctx, rec, l, md, err := s.ready(r)
	if err != nil {
		return err
	}
	if md.Introspection == "" {
		return unsupported("introspection", "INTROSPECTION_ENDPOINT")
	}
	if l.Held.Access == "" && l.Held.Refresh == "" {
		return noToken("token", "They were revoked. Sign in again.")
	}
	var answers []answerView
	for _, kind := range []string{"access_token", "refresh_token"} {
		token := l.Held.of(kind)
		if token == "" {
			continue
		}
		var e *wire.Exchange
		e, err = s.provider.post(wire.For(ctx, wire.ForIntrospection), md, md.Introspection, url.Values{"token": {token}, "token_type_hint": {kind}})
		if e, err = answered("introspection endpoint", md.Introspection, e, err); err != nil {
			break
		}
		answers = append(answers, s.answerOf(kind, e))
	}
	if saved := s.remember(w, r, l, failedFlow(rec.All(), err), nil); saved != nil {
		return saved
	}
	if err != nil {
		return err
	}
	return s.showAnswers(w, r, "What the server knows of the tokens", answers...)
}

// of returns the token of a kind, named as in RFC 7009 section 2.1.
func (t tokens) of(kind string) string {
	if kind == "refresh_token" {
		return t.Refresh
	}
	return t.Access
}

// handleRevoke ends the tokens at the server (RFC 7009), the refresh token first: where it takes
// the others with it, their own revocation does no harm.
func (s *server) handleRevoke(w http.ResponseWriter, r *http.Request) error {
	ctx, rec, l, md, err := s.ready(r)
	if err != nil {
		return err
	}
	if md.Revocation == "" {
		return unsupported("revocation", "REVOCATION_ENDPOINT")
	}
	if l.Held.Access == "" && l.Held.Refresh == "" {
		return noToken("token", "They were revoked already. Sign in again.")
	}
	var answers []answerView
	var revoked []string
	for _, kind := range []string{"refresh_token", "access_token"} {
		token := l.Held.of(kind)
		if token == "" {
			continue
		}
		var e *wire.Exchange
		e, err = s.provider.post(wire.For(ctx, wire.ForRevocation), md, md.Revocation, url.Values{"token": {token}, "token_type_hint": {kind}})
		if e, err = answered("revocation endpoint", md.Revocation, e, err); err != nil {
			break
		}
		view := s.answerOf(kind, e)
		if e.Status == http.StatusOK {
			revoked = append(revoked, kind)
			view.Note = "The server accepted it: this app no longer holds the token."
		} else {
			view.Note = "The server does not revoke this token; it stays valid until it expires. That is a limit of the server, not a fault of the setup."
		}
		answers = append(answers, view)
	}
	forget := func(next *login) {
		for _, kind := range revoked {
			if kind == "refresh_token" && next.Held.Refresh == l.Held.Refresh {
				next.Held.Refresh = ""
			}
			if kind == "access_token" && next.Held.Access == l.Held.Access {
				next.Held.Access, next.Held.Expires = "", time.Time{}
			}
		}
	}
	if saved := s.remember(w, r, l, failedFlow(rec.All(), err), forget); saved != nil {
		return saved
	}
	if err != nil {
		return err
	}
	return s.showAnswers(w, r, "Revocation", answers...)
}

// refreshed is what came of a refresh, for everyone who waited for it.
type refreshed struct {
	answer        *wire.Exchange
	response      *tokenResponse // nil when the server refused
	before, after tokens
}

// handleRefresh exchanges the refresh token for new tokens (RFC 6749 section 6). Of several requests
// at once only one asks the server: to one that rotates refresh tokens, two would look like theft.
func (s *server) handleRefresh(w http.ResponseWriter, r *http.Request) error {
	_, _, l, md, err := s.ready(r)
	if err != nil {
		return err
	}
	result, err := s.refreshes.do(r.Context(), l.Begun.State, func(ctx context.Context) (*refreshed, error) {
		return s.refresh(r.WithContext(ctx), md, l.Begun.State)
	})
	if err != nil {
		return err
	}
	view := s.answerOf("", result.answer)
	if result.response != nil {
		view.Changes = result.before.compare(result.after)
		if result.response.RefreshToken == "" {
			view.Note = "The server sent no new refresh token, so the old one is kept (RFC 6749 section 6)."
		}
	}
	return s.showAnswers(w, r, "Refresh", view)
}

// refresh asks for new tokens and keeps them, before anybody else refreshes. What is held is read
// here and not earlier: a refresh that has just ended may have replaced it.
func (s *server) refresh(r *http.Request, md *metadata, state string) (*refreshed, error) {
	l, err := s.browsers.login(r, state)
	if err != nil {
		return nil, err
	}
	if l == nil || l.Held.Refresh == "" {
		return nil, noToken("refresh token", noRefreshToken)
	}
	ctx, rec := wire.Record(r.Context())
	result := &refreshed{before: l.Held, after: l.Held}
	err = s.askForRefresh(ctx, md, l, result)
	keep := func(next *login) {
		if next.Held.Refresh == l.Held.Refresh { // it was not revoked meanwhile
			next.Held = result.after
		}
	}
	// The session's cookie stays as it is: whoever waits for the answer has it.
	if saved := s.remember(discardedCookies{}, r, l, failedFlow(rec.All(), err), keep); saved != nil {
		return nil, saved
	}
	return result, err
}

// askForRefresh sends the refresh token and fills in what came of it, after verifying it.
func (s *server) askForRefresh(ctx context.Context, md *metadata, l *login, result *refreshed) error {
	e, err := s.provider.post(wire.For(ctx, wire.ForRefresh), md, md.Token, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {l.Held.Refresh}})
	if result.answer, err = answered("token endpoint", md.Token, e, err); err != nil {
		return err
	}
	var refusal errorDocument
	if e.Status/100 != 2 || json.Unmarshal([]byte(e.ResponseBody), &refusal) == nil && refusal.Error != "" {
		return nil // the server's answer, with its own words; some refuse with 200
	}
	response, fault := parseTokenResponse(e, md.MaySendAsForm)
	if fault != nil {
		return badTokenResponse(fault)
	}
	if response.IDToken != "" {
		if err := s.checkRefreshedIDToken(ctx, md, l, response); err != nil {
			return err
		}
	}
	result.response, result.after = response, l.Held.replacedBy(response)
	return nil
}

// checkRefreshedIDToken verifies an ID token that came with a refresh: in full, and about the same
// user (OpenID Connect Core section 12.2). A nonce may be left out there, but not be another.
func (s *server) checkRefreshedIDToken(ctx context.Context, md *metadata, l *login, response *tokenResponse) error {
	want := expected{Issuer: md.Issuer, ClientID: s.cfg.ClientID, MaxAge: -1, AccessToken: response.AccessToken, Now: s.now(), Refresh: true}
	if l.IDToken != nil {
		want.Nonce, want.Subject = l.Begun.Nonce, l.IDToken.Subject
	}
	_, err := s.provider.verifyIDToken(ctx, md, response.IDToken, want)
	return err
}

// replacedBy is what is held after a refresh: what came is new, what did not stays.
func (t tokens) replacedBy(response *tokenResponse) tokens {
	next := t
	next.Access, next.Expires = response.AccessToken, response.Expires
	if response.RefreshToken != "" {
		next.Refresh = response.RefreshToken
	}
	if response.IDToken != "" {
		next.ID = response.IDToken
	}
	if response.ScopeSent {
		next.Scope = response.Scope
	}
	return next
}

// change is one token, or fact about it, before and after a refresh.
type change struct {
	Name     string `json:"name"`
	Old, New string `json:"-"`
	Changed  bool   `json:"changed"`
}

func (t tokens) compare(next tokens) []change {
	token := func(name, old, new string) change { return change{name, shortToken(old), shortToken(new), old != new} }
	plain := func(name, old, new string) change { return change{name, old, new, old != new} }
	return []change{
		token("access_token", t.Access, next.Access),
		token("refresh_token", t.Refresh, next.Refresh),
		token("id_token", t.ID, next.ID),
		plain("scope", t.Scope, next.Scope),
		plain("expires", showExpiry(t.Expires), showExpiry(next.Expires)),
	}
}

func showExpiry(t time.Time) string {
	if t.IsZero() {
		return "not known"
	}
	return showTime(t)
}
