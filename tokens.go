package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/flow"
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

// remember adds what went over the wire, and any other change, to the login's flow. If the exchange had an error, it stores
// that first, and returns it.
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
type question func(context.Context, *session.Login) ([]answer, error)

// uses asks a server with the tokens of this browser's login, records the requests and the changes that change makes (it
// may be nil), and shows the answers.
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
	return s.uses(w, r, "Userinfo answered", "Userinfo refused the token", func(ctx context.Context, l *session.Login) ([]answer, error) {
		if l.Held.Access == "" {
			return nil, noAccessToken()
		}
		e, err := s.oauth.Userinfo(ctx, l.Held.Access, l.IDToken)
		if err != nil {
			return nil, err
		}
		view := s.answerOf("", e)
		view.Why = causes.ExplainUserinfo(s.cfg, e, l.Granted())
		return []answer{view}, nil
	}, nil)
}

// handleAPI calls the API at RESOURCE_URL with the access token (RFC 6750 section 2.1), and says why if the API refuses
// it.
func (s *server) handleAPI(w http.ResponseWriter, r *http.Request) error {
	return s.callAPI(w, r, s.oauth.CallAPI)
}

func (s *server) callAPI(w http.ResponseWriter, r *http.Request, call func(ctx context.Context, access string) (*wire.Exchange, error)) error {
	return s.uses(w, r, "The API accepted the token", "The API rejected the token", func(ctx context.Context, l *session.Login) ([]answer, error) {
		if l.Held.Access == "" {
			return nil, noAccessToken()
		}
		e, err := call(ctx, l.Held.Access)
		if err != nil {
			return nil, err
		}
		return []answer{s.explainedAnswer(r.Context(), "", l, e)}, nil
	}, nil)
}

// explainedAnswer returns the API's answer to the access token, with the reason if the API refuses it.
func (s *server) explainedAnswer(ctx context.Context, kind string, l *session.Login, e *wire.Exchange) answer {
	view := s.answerOf(kind, e)
	why := causes.ExplainAPI(s.cfg, e, s.oauth.Inspect(ctx, l.Held.Access), l.Granted(), s.now())
	if kind != "" || why.Result != causes.OK {
		view.Why = &why
	}
	view.offerNext(s.cfg, s.oauth.ByPost(), l.Request, e)
	return view
}

// handleCallTool calls a tool of an API that speaks MCP, or tries wrong tokens if the form names no tool.
func (s *server) handleCallTool(w http.ResponseWriter, r *http.Request) error {
	tool := r.PostFormValue("tool")
	if tool == "" {
		return s.handleWrongTokens(w, r)
	}
	return s.callAPI(w, r, func(ctx context.Context, access string) (*wire.Exchange, error) {
		return s.oauth.CallTool(ctx, tool, access)
	})
}

// handleWrongTokens makes two or three calls that the API must reject, and one that it should accept.
func (s *server) handleWrongTokens(w http.ResponseWriter, r *http.Request) error {
	tryAll := func(ctx context.Context, l *session.Login) ([]answer, error) {
		if l.Held.Access == "" {
			return nil, noAccessToken()
		}
		e, err := s.oauth.CallAPI(ctx, l.Held.Access)
		if err != nil {
			return nil, err
		}
		answers := []answer{s.explainedAnswer(r.Context(), "access_token", l, e)}
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
	return s.uses(w, r, "The API rejects wrong tokens", "Some answers are wrong", tryAll, nil)
}

// handleTokeninfo asks the server about the login's tokens (RFC 7662).
func (s *server) handleTokeninfo(w http.ResponseWriter, r *http.Request) error {
	return s.uses(w, r, "What the server says about the tokens", "The server didn't say whether the tokens are active",
		func(ctx context.Context, l *session.Login) ([]answer, error) {
			explain := func(kind string, e *wire.Exchange) *causes.APIAnswer {
				if kind != "access_token" || !l.Held.Expires.IsZero() && s.now().After(l.Held.Expires) {
					return nil // some servers look up only access tokens; and an expired one may well be inactive
				}
				return causes.ExplainIntrospection(s.cfg, e)
			}
			return s.each(ctx, l, s.oauth.Introspect, explain, "access_token", "refresh_token")
		}, nil)
}

// each asks about every token that the login has, of these kinds and in this order.
func (s *server) each(ctx context.Context, l *session.Login, ask func(ctx context.Context, kind, token string) (*wire.Exchange, error),
	explain func(kind string, e *wire.Exchange) *causes.APIAnswer, kinds ...string) ([]answer, error) {
	if l.Held.Access == "" && l.Held.Refresh == "" {
		return nil, noToken("The tokens were revoked", "This app has no tokens.", "Sign in again.")
	}
	var answers []answer
	for _, kind := range kinds {
		token := l.Held.Of(kind)
		if token == "" {
			continue
		}
		e, err := ask(ctx, kind, token)
		if err != nil {
			return nil, err
		}
		view := s.answerOf(kind, e)
		if explain != nil {
			view.Why = explain(kind, e)
		}
		answers = append(answers, view)
	}
	return answers, nil
}

// handleRevoke revokes the tokens on the server (RFC 7009), the refresh token first: if that revokes the others too, their
// own revocation does no harm.
func (s *server) handleRevoke(w http.ResponseWriter, r *http.Request) error {
	var gone oauth.Tokens // what the server revoked, even when it failed at the next one
	var notes []string
	revoke := func(ctx context.Context, kind, token string) (*wire.Exchange, error) {
		e, err := s.oauth.Revoke(ctx, kind, token)
		if err != nil {
			return nil, err
		}
		notes = append(notes, causes.RevocationNote(s.cfg, s.method(), e))
		if e.Succeeded() {
			gone.Set(kind, token)
		}
		return e, nil
	}
	return s.uses(w, r, "The tokens are revoked", "The server did not revoke every token", func(ctx context.Context, l *session.Login) ([]answer, error) {
		answers, err := s.each(ctx, l, revoke, nil, "refresh_token", "access_token")
		for i := range answers {
			answers[i].Note = notes[i]
		}
		return answers, err
	}, func(next *session.Login) { next.Held = next.Held.Without(gone) })
}

// handleRefresh exchanges the refresh token for new tokens (RFC 6749 section 6). Of several requests at once, only one asks
// the server: to a server that rotates refresh tokens, two would look like theft.
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
	if view.Refused = result.response == nil; view.Refused {
		view.Why = causes.ExplainRefresh(s.cfg, s.method(), result.answer)
	}
	if result.response != nil {
		view.Changes = changes(result.before, result.after)
		if result.response.Refresh == "" {
			view.Note = "The server sent no new refresh token, so the old one is kept (RFC 6749 section 6)."
		}
	}
	return s.showAnswers(w, r, "The server issued new tokens", "The server refused to refresh", view)
}

// refresh asks for new tokens and stores them, before another request refreshes. It reads the current tokens here and not
// earlier, as a refresh that has just ended may have replaced them.
func (s *server) refresh(r *http.Request, state string) (*refreshed, error) {
	l, err := s.sessions.Login(session.NoCookies{}, r, state)
	if err != nil {
		return nil, err
	}
	if err := s.noRefresh(l); err != nil {
		return nil, err
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
	// The session's cookie stays as it is: each request that waits for the answer has it.
	if err := s.remember(session.NoCookies{}, r, l, recorder, err, keep); err != nil {
		return nil, err
	}
	return result, nil
}

// noRefresh returns the error of a login that has no refresh token, and nil for any other.
func (s *server) noRefresh(l *session.Login) error {
	const description = "This app has no refresh token."
	switch {
	case l == nil || l.Held.Refresh == "" && l.Response.Refresh == "":
		return noToken("There is no refresh token", description, noRefreshToken(s.cfg))
	case l.Held.Refresh == "":
		return noToken("The refresh token was revoked", description, "Sign in again to get a new one.")
	}
	return nil
}

// refreshPage is the data of refresh.html.
type refreshPage struct{ layout }

// handleAskRefresh shows the button that refreshes. Opening an address must change nothing: a link, a reload or a restored
// tab would use up the refresh token.
func (s *server) handleAskRefresh(w http.ResponseWriter, r *http.Request) error {
	if err := rejectPrefetch(r); err != nil {
		return err
	}
	if !wantsHTML(r) {
		return wrongMethod(http.MethodPost)
	}
	l, err := s.current(w, r)
	if err != nil {
		return err
	}
	if err := s.noRefresh(l); err != nil {
		return err
	}
	return s.respond(w, r, http.StatusOK, "refresh.html", refreshPage{s.page(r, "Refresh")})
}

// answerOf prepares an exchange to be shown, without the client secret.
func (s *server) answerOf(kind string, e *wire.Exchange) answer {
	return answer{Answer: flow.NewAnswer(e, s.cfg.Redact), Kind: kind}
}

// answersPage is the data of answers.html.
type answersPage struct {
	layout
	Heading string
	Lead    string
	Answers answers
}

// HasNext reports whether a login comes next: then there are enough buttons.
func (p answersPage) HasNext() bool {
	return slices.ContainsFunc(p.Answers, func(a answer) bool { return a.Next != nil })
}

// MarshalJSON writes the answers alone.
func (p answersPage) MarshalJSON() ([]byte, error) { return json.Marshal(p.Answers) }

// showAnswers shows the server's answers below a heading that says what they mean: the first if every answer is what it
// should be, else the second.
func (s *server) showAnswers(w http.ResponseWriter, r *http.Request, good, bad string, list ...answer) error {
	for i := range list {
		list[i].addFix(s.cfg, s.broken, s.file, i)
	}
	heading, lead := answers(list).verdict(good, bad)
	return s.respond(w, r, http.StatusOK, "answers.html", answersPage{s.page(r, heading), heading, lead, list})
}

// answer is a server's answer as it was sent, with its meaning.
type answer struct {
	flow.Answer
	Kind string            `json:"-"` // which token it is about, when there are several; else empty
	Why  *causes.APIAnswer `json:"why,omitempty"`
	Next *link             `json:"next,omitempty"` // a login for a token that the API may accept
	Fix  *fixBox           `json:"-"`
	Said *said             `json:"-"` // the API's words, where it refused

	CanCall bool     `json:"-"`               // a tool of the API can be called
	Tools   []string `json:"tools,omitempty"` // those that it lists
}

// addFix adds what to do about an answer that is not what it should be. The demo's API may be broken on purpose.
func (a *answer) addFix(cfg config.Effective, broken bool, file settingsFile, i int) {
	if a.Why == nil {
		return
	}
	a.Said = newSaid(a.Why.Server)
	if fix := fixOf(a.Why.Finding); fix.Kind != "" {
		a.Fix = newFixBox(cfg, fix, fmt.Sprintf("line-%d", i), file)
		a.Fix.Name = a.Why.Name
		if broken && a.Why.Name != causes.APITokenExpired { // only the demo's own page can turn its mistake off
			a.Fix.Then = inDemo
		}
	}
}

// About returns the heading of the answer: what was sent.
func (a answer) About() string {
	switch a.Kind {
	case "access_token":
		return "With the access token"
	case "refresh_token":
		return "With the refresh token"
	case string(causes.NoTokenAtAll):
		return "Without a token"
	case string(causes.AlteredToken):
		return "With one character of the access token changed"
	case string(causes.TheIDToken):
		return "With the ID token instead"
	}
	return "The server’s answer"
}

// bad reports whether the answer is not what it should be. A refusal is right for a wrong token.
func (a answer) bad() bool {
	if a.Why != nil {
		return a.Why.Result != causes.OK
	}
	return a.Refused
}

// Mood returns the color of the status: none where the reason beside it has one, as a 401 is right for a wrong token.
func (a answer) Mood() string {
	switch {
	case a.Kind != "" && a.Why != nil:
		return ""
	case a.bad():
		return "bad"
	}
	return "good"
}

// answers are the answers of a server, for one page.
type answers []answer

// Good reports whether every answer is what it should be.
func (list answers) Good() bool {
	for _, a := range list {
		if a.bad() {
			return false
		}
	}
	return true
}

// verdict returns the heading of a page of answers and the sentence below it: good if every answer is what it should be,
// else what is wrong, or bad if no cause is known. For a single answer, the sentence is its finding. Several answers have
// one each.
func (list answers) verdict(good, bad string) (heading, lead string) {
	if list.Good() {
		return good, ""
	}
	if len(list) == 1 && list[0].Why != nil {
		lead = sentence(list[0].Why.Found)
	}
	for _, a := range list {
		if a.bad() && a.Why != nil && a.Why.Name != "" {
			return a.Why.Name.Title(), cmp.Or(lead, sentence(a.Why.Found))
		}
		if a.bad() && a.Kind == "" && a.Why != nil && a.Why.Result == causes.Warn { // of the API
			if a.Status < http.StatusBadRequest {
				return "The answer is an error", lead // in the body of a 200
			}
			return "The API does not understand the call", lead
		}
	}
	return bad, lead
}

// MarshalJSON writes one answer as it is, and several by their kind.
func (list answers) MarshalJSON() ([]byte, error) {
	if len(list) == 1 && list[0].Kind == "" {
		return json.Marshal(list[0])
	}
	byKind := map[string]answer{}
	for _, a := range list {
		byKind[a.Kind] = a
	}
	return json.Marshal(byKind)
}

// maxTools is the number of an API's tools that are offered by name.
const maxTools = 50

// offerNext adds to the API's answer what can be done next: a login for the scopes that the API wants, a new login that
// starts at the API, a login that names the API where none did (RFC 8707) or, at an API that speaks MCP, the call of a
// tool.
func (a *answer) offerNext(cfg config.Effective, byPost bool, r *oauth.Request, e *wire.Exchange) {
	switch scopes := strings.Join(oauth.StepUp(r, e), " "); {
	case scopes != "":
		query := url.Values{"scope": {scopes}, "step_up": {strconv.Itoa(r.StepUp + 1)}}
		a.Next = &link{"Sign in with " + wire.Clip(scopes, 100), "/login?" + query.Encode()}
	case e.Status == http.StatusUnauthorized && cfg.AtAPI:
		a.Next = &link{"Sign in again", "/login"}
	case cfg.Demo: // whose API accepts no other token
	case a.Why != nil && a.Why.Name == causes.APIWantsAnotherAudience && a.Why.Setting != "" && r.Extra()["resource"] == "":
		a.Next = &link{"Sign in for this API", "/login?" + url.Values{"resource": {cfg.ResourceURL}}.Encode()}
	case a.Why != nil && a.Why.Name == causes.APIWantsAnotherAudience && a.Why.Setting != "": // the login named the API already
		a.Why.Finding = a.Why.Look(causes.NamedAlready)
	}
	if a.CanCall = byPost; byPost {
		a.Tools = toolsIn(e.JSONMessage())
	}
}

// toolsIn returns the names of the tools in a message of JSON-RPC.
func toolsIn(message string) []string {
	var answer struct {
		Result struct {
			Tools []struct {
				Name string `json:"name"`
			} `json:"tools"`
		} `json:"result"`
	}
	if json.Unmarshal([]byte(message), &answer) != nil {
		return nil
	}
	var names []string
	for _, tool := range answer.Result.Tools[:min(len(answer.Result.Tools), maxTools)] {
		names = append(names, wire.Clip(tool.Name, oauth.MaxToolName))
	}
	return names
}

// changes lists what a refresh changed.
func changes(t, next oauth.Tokens) []flow.Change {
	changed := func(name, old, new string, show func(string) string) flow.Change {
		return flow.Change{Name: name, Old: show(old), New: show(new), Changed: old != new}
	}
	whole := func(s string) string { return s }
	return []flow.Change{
		changed("access_token", t.Access, next.Access, flow.Shorten),
		changed("refresh_token", t.Refresh, next.Refresh, flow.Shorten),
		changed("id_token", t.ID, next.ID, flow.Shorten),
		changed("scope", t.Scope, next.Scope, whole),
		changed("expires", showExpiry(t.Expires), showExpiry(next.Expires), whole),
	}
}

func showExpiry(t time.Time) string {
	if t.IsZero() {
		return "not known"
	}
	return t.UTC().Format(time.RFC3339)
}
