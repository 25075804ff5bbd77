package main

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/check"
	"oauth-test-client/internal/cli"
	"oauth-test-client/internal/flow"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/session"
	"oauth-test-client/internal/wire"
)

// failure is an error as the user sees it: with which status, on which page, and what to do next. For programs it is an
// error as OAuth writes it (RFC 6749 section 5.2) with our additions.
type failure struct {
	Code        string                  `json:"error"`               // an OAuth error code, the server's or one like it
	Description string                  `json:"error_description"`   // the server's words, or ours where it sent none
	URI         string                  `json:"error_uri,omitempty"` // the server's
	Tried       []oauth.Tried           `json:"tried,omitempty"`     // when the server was not found
	Verdicts    []oauth.Verdict         `json:"checks,omitempty"`    // of an ID token that was refused
	Unsolicited *oauth.UnsolicitedError `json:"unbound,omitempty"`   // an error that came without a login of this browser; an attacker may have written it
	Received    []oauth.Member          `json:"received,omitempty"`  // of a token response that was refused
	causes.Advice

	Status int              `json:"-"` // of our own answer
	Kind   oauth.Kind       `json:"-"` // what went wrong at a server; empty for a request to us
	Theirs bool             `json:"-"` // Code and Description are the server's
	Lead   string           `json:"-"` // what proves the heading
	Retry  bool             `json:"-"` // beginning a new login makes sense
	Allow  string           `json:"-"` // the allowed method, for a 405
	Steps  []*wire.Exchange `json:"-"` // the flow up to here, the last step at fault
	At     wire.Purpose     `json:"-"` // the failed step of a login

	Bare *causes.Unfinished `json:"-"` // for a callback without a query: that the response may be in the fragment
}

func (f *failure) Error() string {
	if f.Description == "" {
		return f.Code
	}
	return f.Code + ": " + f.Description
}

// refuse returns a failure of a request to this app, not to a server.
func refuse(status int, code, description, hint string) *failure {
	return &failure{Status: status, Code: code, Description: description, Advice: causes.Advice{Heading: headingOf(status), Hint: hint}}
}

// headingOf says in a few words what is wrong with a request to this app.
func headingOf(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "You are not signed in"
	case http.StatusNotFound:
		return "Page not found"
	case http.StatusForbidden, http.StatusMisdirectedRequest, http.StatusMethodNotAllowed:
		return "This request is not allowed"
	case http.StatusBadRequest:
		return "This login cannot be finished"
	}
	return "Something went wrong here"
}

// wrongMethod refuses a method, and names the allowed one.
func wrongMethod(allowed string) *failure {
	hint := ""
	if allowed == http.MethodPost {
		hint = "Use the button for it on a page of this app."
	}
	f := refuse(http.StatusMethodNotAllowed, "method_not_allowed", "This URL accepts only "+allowed+".", hint)
	f.Allow = allowed
	return f
}

// explain turns an error into a failure, with advice for a login that asked for the scopes.
func (s *server) explain(err error, scopes []string) *failure {
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	if e, ok := errors.AsType[*oauth.Error](err); ok {
		return s.explainServer(e, scopes)
	}
	switch {
	case errors.Is(err, session.ErrUnavailable):
		f := refuse(http.StatusServiceUnavailable, "session_store_failed", sentence(err.Error()),
			"The sessions are in the Redis that SESSION_STORE names. Check that Redis is running, then reload this page.")
		f.Heading = "The session store cannot be used"
		return f
	case errors.Is(err, session.ErrTooLong):
		return refuse(http.StatusBadRequest, oauth.CodeInvalidRequest, sentence(err.Error()), "")
	}
	return refuse(http.StatusInternalServerError, oauth.CodeServerError, err.Error(), "") // a fault of this program
}

// method returns how the client authenticates, or "" while the server is not known.
func (s *server) method() string {
	md, _ := s.oauth.Known()
	if md == nil {
		return ""
	}
	return s.oauth.AuthMethod(md)
}

// explainServer turns an error of the authorization server into a failure.
func (s *server) explainServer(e *oauth.Error, scopes []string) *failure {
	method := s.method()
	f := &failure{Status: http.StatusBadGateway, Code: e.Code, Description: e.Description, URI: e.URI, Kind: e.Kind, Theirs: e.Theirs,
		Tried: e.Tried, Verdicts: e.Verdicts, Received: e.Received, At: e.Step, Advice: causes.Explain(s.cfg, method, scopes, e)}
	switch {
	case e.Kind == oauth.NotSupported:
		f.Status = http.StatusNotFound
	case e.Step == wire.Response || e.Step == wire.AuthorizationRequest || e.Step == wire.PushedRequest && e.Theirs: // the browser brought it, or would have
		f.Status = http.StatusBadRequest
	}
	switch e.Step {
	case wire.APIAsked, wire.ResourceMetadata, wire.Metadata, wire.Registration, wire.PushedRequest, wire.Response, wire.TokenRequest, wire.IDTokenCheck:
		f.Retry = true
	}
	return f
}

// errorPage is the data of error.html.
type errorPage struct {
	layout
	failure
	Here     string     `json:"-"` // the page in the navigation that this one stands for
	Way      []wayStep  `json:"-"` // how far a login came
	Fix      *fixBox    `json:"-"`
	Said     *said      `json:"-"` // the server's words
	Happened string     `json:"-"` // a sentence below the heading
	Proof    string     `json:"-"` // what proves the heading
	ShowCode bool       `json:"-"` // there is no better name for what happened
	Hints    []string   `json:"-"` // what to do, if there is no Fix
	Link     string     `json:"-"` // the server's error_uri, when it is one that may be followed
	Denied   bool       `json:"-"` // access_denied: nothing is wrong with the setup
	Flow     *flow.Page `json:"-"`
	Again    string     `json:"-"` // the label of the button that starts a login
	FindOut  string     `json:"-"` // the label of the one that runs the checks, where only they can tell what is wrong
	Preview  []string   `json:"-"` // what the page shows after sign-in
}

// fail turns an error into a status, a log line and a page.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	f := s.explain(err, s.cfg.Scopes)
	if n, ok := w.(*statusRecorder); ok {
		n.code = f.Code
		if f.Theirs { // a text from outside, which might hold anything
			n.code = "server_refused"
		}
	}
	data := s.errorPage(r, f)
	if f.Allow != "" {
		w.Header().Set("Allow", f.Allow)
	}
	if err := s.respond(w, r, f.Status, "error.html", data); err != nil {
		write(w, http.StatusInternalServerError, "application/json", []byte(`{"error": "server_error", "error_description": "the error could not be written"}`))
	}
}

// findOutWhich is the label of the button that lets the checks find out why the server refuses the credentials.
const findOutWhich = "Find out which"

// errorPage prepares the page that shows a failure.
func (s *server) errorPage(r *http.Request, f *failure) errorPage {
	data := errorPage{layout: s.page(r, f.Heading), failure: *f, Here: here(r.URL.Path), Link: wire.SafeLink(f.URI), Denied: f.Name == causes.AccessDenied,
		ShowCode: f.Theirs || f.Name == "", Again: "Try again"}
	data.Code, data.Description, data.URI = wire.Limit(f.Code), wire.Limit(f.Description), wire.Limit(f.URI)
	if title := f.Name.Title(); title != "" && title != f.Heading {
		data.Heading, data.Happened = title, f.Heading+"."
	}
	if !f.Theirs { // our own words say more
		data.Happened = data.Description
	}
	if f.Theirs {
		data.Said = newSaid(f.Description)
	}
	if f.Lead != "" {
		data.Proof = sentence(f.Lead)
	}
	data.Way = wayOf(f, data.Denied)
	if f.Name == causes.ClientRefused {
		data.FindOut = findOutWhich
	}
	if f.Remedy.Kind != "" && !data.Denied {
		remedy := f.Remedy
		remedy.Text = f.Hint // with what else is known
		data.Fix = newFixBox(s.cfg, remedy, "line", s.file)
		data.Fix.Name, data.Fix.NewTab = f.Name, true
	} else {
		data.Hints = sentences(s.file.advise(f.Advice).Hint)
	}
	advice := s.file.advise(f.Advice)
	data.Remedy, data.Hint = advice.Remedy, advice.Hint
	if data.Paste == nil && f.Kind == oauth.PastedAddress {
		data.Paste = newTwinForm(s.cfg)
	}
	if f.Status == http.StatusUnauthorized {
		data.Again, data.Preview, data.ShowCode = "Sign in", preview(r.URL.Path), false
	}
	if len(f.Steps) > 0 {
		view := flow.View(s.sequence(f.Steps, false), s.secrets(), false)
		view.AddChecks(flowChecks(f.Verdicts))
		data.Flow = &view
	}
	return data
}

// here returns the page of the navigation that a path belongs to.
func here(path string) string {
	switch first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/"); first {
	case "session", "userinfo", "api", "tokeninfo", "refresh", "revoke", "misuse", "logout":
		return "session"
	case "flow", "flow.har", "flow.md":
		return "flow"
	case "check", "problems":
		return "check"
	}
	return ""
}

// preview says what a page shows after sign-in, for a browser without a login.
func preview(path string) []string {
	page := here(path)
	if path == "/misuse" {
		page = "misuse"
	}
	switch page {
	case "misuse":
		return []string{
			"A button that runs nine attacks against your server, one at a time. Nothing is sent before you press it.",
			"For each attack, whether the server rejected it, and what the result was compared with.",
		}
	case "session":
		return []string{
			"Who signed in, and which scopes the server granted.",
			"The tokens, decoded, each with the time when it expires.",
			"What you can do with them: call the API and userinfo, refresh, inspect and revoke the tokens, and sign out.",
			"Nine attacks that your server should reject.",
		}
	case "flow":
		return []string{
			"Every request and response of your login, in order, as a picture and with each parameter explained.",
			"Where state, PKCE, nonce, code and token travel, each in its own color.",
			"The same as a HAR file or as Markdown for an issue. Secrets, codes and tokens are removed from both.",
		}
	}
	return nil
}

// wayStep is one of the five steps of a login.
type wayStep struct {
	Number int
	Name   string
	State  string // done, or stop where the login ended; empty for what did not happen
	Note   string // how it ended there
}

// requestErrors lists the errors that are about the request, and not about the user (RFC 6749 section 4.1.2.1, OpenID Connect
// Core section 3.1.2.6, RFC 8707 section 2).
var requestErrors = []string{
	"invalid_request", "unauthorized_client", "unsupported_response_type", "invalid_scope", "invalid_target",
	"invalid_request_uri", "invalid_request_object", "request_not_supported", "request_uri_not_supported", "registration_not_supported",
}

// wayOf returns how far a failed login came. It returns nil for every other failure.
func wayOf(f *failure, denied bool) []wayStep {
	stop := 0
	switch f.At {
	case wire.AuthorizationRequest, wire.PushedRequest:
		stop = 0
	case wire.Response:
		stop = 2
		switch {
		case f.Theirs && slices.Contains(requestErrors, f.Code):
			stop = 0
		case f.Theirs: // the server ended it before the browser was back
			stop = 1
		}
	case wire.TokenRequest, wire.Keys, wire.IDTokenCheck:
		stop = 3
	default:
		return nil
	}
	note := "failed"
	switch {
	case denied:
		note = "denied"
	case f.Theirs:
		note = "refused"
	}
	way := []wayStep{{1, "Request", "", ""}, {2, "Sign-in and consent", "", ""}, {3, "Back", "", ""}, {4, "Tokens", "", ""}, {5, "API", "", ""}}
	for i := range way[:stop] {
		way[i].State = "done"
	}
	way[stop].State, way[stop].Note = "stop", note
	return way
}

// failedLogin adds the flow to the failure of a login, up to the step that failed: what went over the wire before, and
// what the context has recorded. For a login that the user started, it first asks why the server refused.
func (s *server) failedLogin(ctx context.Context, err error, request *oauth.Request, callback string, arrived time.Time, before []*wire.Exchange) *failure {
	f := s.explain(err, request.Scopes)
	if e, ok := errors.AsType[*oauth.Error](err); ok && request.Own {
		s.findOut(ctx, f, request.Scopes, e)
	}
	steps := slices.Concat(before, wire.Recorded(ctx))
	returned := s.cfg.ReturnedTo(callback)
	if f.Kind == oauth.ResponseIssuerDiffers || f.Kind == oauth.ResponseIssuerAbsent {
		returned = "" // what came from somewhere else is not shown
	}
	f.Steps = failed(slices.Concat(request.Before, s.front(request, callback, returned, arrived), steps), err)
	return f
}

// front returns what the browser carried for a login. If the user pasted the address, a note on the last step says so.
func (s *server) front(request *oauth.Request, callback, returned string, arrived time.Time) []*wire.Exchange {
	front := flow.FrontChannel(s.oauth.KnownAuthorizationURL(request), returned, request.Began, arrived)
	switch last := front[len(front)-1]; {
	case s.cfg.CallbackIsPasted():
		last.Note = flow.Pasted
	case s.cfg.WasPasted(callback):
		last.Note = flow.PastedHere
	}
	return front
}

// findOutWithin bounds the questions that a failed login asks.
const findOutWithin = 8 * time.Second

// findOut puts at the top of a failure what further questions prove, once for these settings.
func (s *server) findOut(ctx context.Context, f *failure, scopes []string, e *oauth.Error) {
	ctx, cancel := context.WithTimeout(ctx, findOutWithin)
	defer cancel()
	if proved, ok := s.checks.FindOut(ctx, s.oauth, scopes, e); ok {
		f.Advice = f.Advice.With(s.cfg, proved)
		f.Lead = proved.Control
	}
}

// failedStart adds the requests of a login that starts at the API to its failure.
func (s *server) failedStart(err error, steps []*wire.Exchange) *failure {
	f := s.explain(err, s.cfg.Scopes)
	if len(f.Steps) == 0 {
		f.Steps = failed(steps, err)
	}
	return f
}

// notStarted adds what further questions prove to the failure of a login that could not start: the correct issuer, if
// one answers, or why the server refused the client's pushed request.
func (s *server) notStarted(ctx context.Context, err error, own bool) error {
	e, ok := errors.AsType[*oauth.Error](err)
	if !ok || !own {
		return err
	}
	f := s.explain(err, s.cfg.Scopes)
	switch e.Step {
	case wire.Metadata:
		ctx, cancel := context.WithTimeout(ctx, findOutWithin)
		defer cancel()
		if found := check.NoMetadata(ctx, s.cfg, s.wire, s.now, e); e.Cause == nil && found.Remedy.Kind == causes.Change {
			f.Advice = f.Advice.With(s.cfg, found)
		}
	case wire.PushedRequest:
		s.findOut(ctx, f, s.cfg.Scopes, e)
	}
	return f
}

// steps returns everything that went over the wire for a login so far, in order.
func (s *server) steps(l *session.Login) []*wire.Exchange {
	return slices.Concat(l.Request.Before, s.front(l.Request, l.Callback, s.cfg.ReturnedTo(l.Callback), l.Arrived), l.Steps)
}

// sequence completes the steps of a login with what was known before it.
func (s *server) sequence(steps []*wire.Exchange, verified bool) []*wire.Exchange {
	md, _ := s.oauth.Known()
	if md == nil {
		md = &oauth.Metadata{}
	}
	return flow.Tell(steps, md.Source, md.JWKS, verified)
}

// runOf returns the run of the command login that a request was made for, or "". Only the URL that the command printed has
// it: a login that a different site starts says nothing about the settings.
func (s *server) runOf(r *http.Request) string {
	if s.run == "" || r.URL.Query().Get("run") != s.run {
		return ""
	}
	return s.run
}

// tell records that a login worked, and tells the outcome to the command login if that waits for this login. Any other
// login is not the command's business.
func (s *server) tell(run string, l *session.Login, err error) {
	if err == nil && l != nil {
		s.checks.LoginWorked()
	}
	switch {
	case s.ended == nil, run != s.run, errors.Is(err, session.ErrUsed): // ErrUsed: the outcome was told before
	case err != nil:
		f := s.explain(err, s.cfg.Scopes)
		advice, description := s.file.advise(f.Advice), f.Description
		if len(f.Tried) > 0 && f.Tried[0].Answer != "" {
			description += " " + f.Tried[0].URL + " " + strings.TrimSuffix(f.Tried[0].Answer, ".") + "."
		}
		s.ended(cli.Verdict{Heading: cmp.Or(f.Name.Title(), f.Heading), Code: f.Code, Description: description, Theirs: f.Theirs,
			Name: string(f.Name), Hint: advice.Hint, Where: advice.Remedy.Where, Line: advice.Remedy.Line})
	default:
		v := cli.Verdict{Works: true, OpenID: slices.Contains(l.Request.Scopes, "openid"), Answer: l.Response.JSON, Scope: s.cfg.Redact(strings.Join(l.Granted(), " ")), Refresh: l.Held.Refresh != "",
			Warnings: l.Warnings()}
		if l.IDToken != nil {
			v.Checks = len(l.IDToken.Verdicts)
		}
		s.ended(v)
	}
}

// handle adapts a handler that returns an error.
func (s *server) handle(h func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			s.fail(w, r, err)
		}
	}
}

// failed marks the step of a flow at which an error arose. A denial is the user's answer, not a failed step.
func failed(steps []*wire.Exchange, err error) []*wire.Exchange {
	e, ok := errors.AsType[*oauth.Error](err)
	if !ok || causes.Denied(e) {
		return steps
	}
	return flow.Failed(steps, e.Step, cmp.Or(e.Description, e.Code))
}
