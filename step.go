package main

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/flow"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/session"
	"oauth-test-client/internal/wire"
	"slices"
	"strings"
	"time"
)

// A login step by step is the login of login.go and callback.go with a pause before the browser leaves,
// before the code is exchanged and before the API is called, and a page at each. The pages of the
// authorization server in between are the second of the five steps.

// stepPage is the data of step.html: where a login step by step has come to. The names of the fields that a
// program gets are those of RFC 6749.
type stepPage struct {
	layout
	Number int    `json:"step"`
	Login  string `json:"login,omitempty"`             // names the login at /step
	To     string `json:"authorization_uri,omitempty"` // where the browser goes next

	Server   string         `json:"-"` // the authorization server's host
	Flow     flow.Page      `json:"-"`
	Speaks   []flow.Step    `json:"-"` // the steps that this page is about
	Next     flow.Step      `json:"-"` // the request that is sent next
	Asks     url.Values     `json:"-"` // what the login asks for, as /login takes it
	Straight string         `json:"-"` // the same login without a pause
	Fields   []string       `json:"-"` // the parameters that can be changed
	Waited   string         `json:"-"` // how long the code has been waiting
	Arrived  string         `json:"-"`
	Tokens   *session.Login `json:"-"`
	Resource string         `json:"-"` // what the token is tried at; may be empty
	StandsIn bool           `json:"-"` // for an API: the userinfo endpoint
	Opens    bool           `json:"-"` // with the token, and with nothing else
	Refused  bool           `json:"-"` // the token did not open it
}

// stepPage prepares the step with a number, in the scene of its flow.
func (s *server) stepPage(number int, title string, request *oauth.Request, scene flow.Scene) stepPage {
	v := stepPage{layout: s.page(title), Number: number, Login: session.Handle(request.State), Flow: flow.Stage(scene, s.secrets(), false)}
	v.Speaks = v.Flow.Speaks()
	return v
}

// addChecks adds the checks of the ID token to the step that made them.
func (v *stepPage) addChecks(verdicts []oauth.Verdict) {
	v.Flow.AddChecks(flowChecks(verdicts))
	v.Speaks = v.Flow.Speaks()
}

// triedAt says what the token is tried at, which may be empty.
func (v *stepPage) triedAt(cfg config.Config, resource string) {
	v.Resource, v.StandsIn = resource, cfg.ResourceURL == ""
}

// judgeCalls says whether the token opens the API, and nothing else does. The newest call of each kind counts.
func (v *stepPage) judgeCalls() {
	v.Speaks = v.Speaks[max(0, len(v.Speaks)-3):]
	v.Opens = !slices.ContainsFunc(v.Speaks, func(step flow.Step) bool { return step.Failed || step.Response == "" })
	v.Refused = slices.ContainsFunc(v.Speaks, func(step flow.Step) bool { return step.Name == string(wire.API) && step.Failed })
}

// afterToken are the steps of a login that follow the token request.
func afterToken(request *oauth.Request) []wire.Purpose {
	if request.Nonce == "" {
		return []wire.Purpose{wire.API}
	}
	return []wire.Purpose{wire.Keys, wire.IDTokenCheck, wire.API}
}

// waited is how long a code has been waiting, in words.
func waited(d time.Duration) string {
	if d < time.Second {
		return "less than a second"
	}
	return flow.Duration(d.Truncate(time.Second))
}

// stepLogin is the first step of /login?step=1: the request, before the browser takes it anywhere.
func (s *server) stepLogin(next func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if !strings.Contains(r.URL.RawQuery, "step=") { // costs a login without steps nothing
			return next(w, r)
		}
		params, err := parseQueryOnce(r.URL.RawQuery)
		if err != nil {
			return err
		}
		request, err := s.oauth.NewRequest(params) // state, nonce, code verifier (RFC 7636 section 4.1)
		if err != nil {
			return err
		}
		if err := s.hintSession(w, r, request); err != nil {
			return err
		}
		request.Run = s.runOf(r)
		to, err := s.oauth.AuthorizationURL(r.Context(), request) // RFC 6749 section 4.1.1, RFC 7636 section 4.3
		if err != nil {
			s.tell(request.Run, nil, err)
			return err
		}
		if err := s.sessions.BeginSteps(w, r, request); err != nil {
			return err
		}
		if s.anew != nil {
			s.anew(request.State) // the second step is worth seeing every time
		}
		return s.showRequest(w, r, request, to)
	}
}

func (s *server) showRequest(w http.ResponseWriter, r *http.Request, request *oauth.Request, to string) error {
	front := flow.FrontChannel(to, "", request.Began, request.Began)
	coming := append([]wire.Purpose{wire.Consent, wire.Response, wire.TokenRequest}, afterToken(request)...)
	scene := flow.Scene{Past: s.told(request.Before, false), Next: append(front[:1], flow.Coming(coming...)...), Now: []wire.Purpose{wire.AuthorizationRequest}}
	data := s.stepPage(1, "Before the redirect", request, scene)
	data.To, data.Server = to, causes.HostOf(to)
	data.Asks, data.Fields = request.Asks(), fieldsOf(request)
	again := request.Again()
	if request.Run != "" {
		data.Asks.Set("run", request.Run)
		again.Set("run", request.Run)
	}
	data.Straight = loginPath(again)
	return s.respond(w, r, http.StatusOK, "step.html", data)
}

// fieldsOf are the parameters that a login has a field for: the usual ones, and what else it asks for.
func fieldsOf(request *oauth.Request) []string {
	usual := slices.Concat([]string{"scope"}, oauth.ExtraParameters)
	others := slices.DeleteFunc(slices.Sorted(maps.Keys(request.Extra)), func(name string) bool { return slices.Contains(usual, name) })
	return append(usual, others...)
}

// stepCallback is the third step: the browser is back, and the code waits. Any other login's response is
// next's, and so is whatever does not belong to a login of this browser.
func (s *server) stepCallback(next func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if !s.sessions.AnySteps(r) {
			return next(w, r)
		}
		if err := rejectPrefetch(r); err != nil {
			return err
		}
		response, err := parseQueryOnce(r.URL.RawQuery)
		if err != nil {
			return err
		}
		if !s.sessions.InSteps(r, response.Get("state")) {
			return next(w, r)
		}
		handle := session.Handle(response.Get("state"))
		l, err := s.inSteps(w, r, handle)
		if err != nil {
			return err
		}
		if l != nil { // Back, from a later step
			return s.showTokens(w, r, l)
		}
		if p := s.sessions.Waiting(r, handle); p != nil { // a reload
			return s.showBack(w, r, p)
		}
		request := s.sessions.Begun(r, response.Get("state"))
		if request == nil {
			return next(w, r)
		}
		p, err := s.sessions.KeepWaiting(w, r, request, func(ctx context.Context) (*session.WaitingLogin, error) {
			return s.arrive(ctx, request, response, r.URL.RequestURI())
		})
		if errors.Is(err, session.ErrUsed) || errors.Is(err, session.ErrTooLong) { // the latter goes on without a pause
			return next(w, r)
		}
		if err != nil {
			s.tell(request.Run, nil, err)
			return err
		}
		return s.showBack(w, r, p)
	}
}

// arrive checks the response. The error is a *failure.
func (s *server) arrive(ctx context.Context, request *oauth.Request, response url.Values, callback string) (*session.WaitingLogin, error) {
	ctx, recorder := wire.Record(ctx)
	p := &session.WaitingLogin{Request: request, Callback: callback, Arrived: s.now()}
	code, err := s.oauth.CheckResponse(ctx, request, response) // RFC 9207, RFC 6749 section 4.1.2.1
	if err != nil {
		return nil, s.failedLogin(ctx, err, request, callback, p.Arrived, nil)
	}
	p.Code, p.Steps = code, recorder.Exchanges()
	return p, nil
}

func (s *server) showBack(w http.ResponseWriter, r *http.Request, p *session.WaitingLogin) error {
	if r.Method == http.MethodPost && wantsHTML(r) { // a reload must not send the pasted address again
		http.Redirect(w, r, "/step?login="+url.QueryEscape(session.Handle(p.Request.State)), http.StatusSeeOther)
		return nil
	}
	unsent, err := s.oauth.TokenRequest(r.Context(), p.Request, p.Code)
	if err != nil {
		return err
	}
	past := s.steps(&session.Login{Request: p.Request, Callback: p.Callback, Arrived: p.Arrived, Steps: p.Steps})
	next := append([]*wire.Exchange{unsent}, flow.Coming(afterToken(p.Request)...)...)
	data := s.stepPage(3, "The browser is back", p.Request, flow.Scene{Past: s.told(past, false), Next: next, Now: []wire.Purpose{wire.Response}})
	data.Next = data.Flow.ComingStep(wire.TokenRequest)
	data.Waited, data.Arrived = waited(s.now().Sub(p.Arrived)), p.Arrived.UTC().Format("15:04:05")
	return s.respond(w, r, http.StatusOK, "step.html", data)
}

// handleStep shows a login where it stands.
func (s *server) handleStep(w http.ResponseWriter, r *http.Request) error {
	handle := r.URL.Query().Get("login")
	l, err := s.inSteps(w, r, handle)
	switch {
	case err != nil:
		return err
	case l != nil && r.URL.Query().Get("show") == "api":
		return s.showResource(w, r, l)
	case l != nil:
		return s.showTokens(w, r, l)
	}
	if p := s.sessions.Waiting(r, handle); p != nil {
		return s.showBack(w, r, p)
	}
	return stepGone()
}

// stepGone is the error of a step whose login is over.
func stepGone() error {
	f := refuse(http.StatusNotFound, "step_gone",
		"There is no login at this step: it was left for more than ten minutes, it failed, or it was begun in another browser.", "Begin again.")
	f.Heading, f.Retry = "This login is over", true
	return f
}

// inSteps returns the login of this browser with a handle, at the server that is configured, or nil.
func (s *server) inSteps(w http.ResponseWriter, r *http.Request, handle string) (*session.Login, error) {
	logins, err := s.sessions.Logins(w, r)
	for _, l := range logins {
		if session.Handle(l.Request.State) != handle {
			continue
		}
		if err := s.oauth.CheckServer(r.Context(), l.Request); oauth.IsOtherServer(err) {
			return nil, err
		}
		return l, nil
	}
	return nil, err
}

// handleNextStep takes the step that the button names: it exchanges the code, or calls the API.
func (s *server) handleNextStep(w http.ResponseWriter, r *http.Request) error {
	handle := r.PostFormValue("login")
	to := "/step?login=" + url.QueryEscape(handle)
	switch r.PostFormValue("do") {
	case "exchange":
		p := s.sessions.Waiting(r, handle)
		if p == nil {
			break // it is done: a second press
		}
		l, err := s.sessions.Exchange(w, r, p, func(ctx context.Context) (*session.Login, error) { return s.exchange(ctx, p) })
		s.tell(p.Request.Run, l, err)
		if err != nil && !errors.Is(err, session.ErrUsed) {
			return err
		}
	case "api":
		to += "&show=api"
		if err := s.tryResource(w, r, handle); err != nil {
			return err
		}
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// exchange redeems the code that waits, and verifies what comes: the rest of the protocol, as callback.go
// has it. The error is a *failure.
func (s *server) exchange(ctx context.Context, p *session.WaitingLogin) (*session.Login, error) {
	ctx, recorder := wire.Record(ctx)
	l := &session.Login{Request: p.Request, Callback: p.Callback, Arrived: p.Arrived}
	var err error
	if l.Response, err = s.oauth.Exchange(ctx, p.Request, p.Code); err == nil { // RFC 6749 section 4.1.3, RFC 7636 section 4.5
		l.IDToken, err = s.oauth.VerifyIDToken(ctx, p.Request, l.Response) // OpenID Connect Core section 3.1.3.7
	}
	l.Steps = slices.Concat(p.Steps, recorder.Exchanges())
	if err != nil {
		return nil, s.failedLogin(ctx, err, p.Request, p.Callback, p.Arrived, p.Steps)
	}
	l.Held = l.Response.Tokens
	return l, nil
}

func (s *server) showTokens(w http.ResponseWriter, r *http.Request, l *session.Login) error {
	scene := flow.Scene{Past: s.told(s.steps(l), l.IDToken != nil), Now: []wire.Purpose{wire.TokenRequest, wire.Keys, wire.IDTokenCheck}}
	if !slices.ContainsFunc(l.Steps, func(e *wire.Exchange) bool { return e.Purpose == wire.API }) {
		scene.Next = flow.Coming(wire.API)
	}
	data := s.stepPage(4, "The token response", l.Request, scene)
	data.Tokens = l
	data.triedAt(s.cfg, s.oauth.ProtectedResource())
	if l.IDToken != nil {
		data.addChecks(l.IDToken.Verdicts)
	}
	return s.respond(w, r, http.StatusOK, "step.html", data)
}

// tryResource calls the API with the token, without it and with it altered.
func (s *server) tryResource(w http.ResponseWriter, r *http.Request, handle string) error {
	l, err := s.inSteps(w, r, handle)
	switch {
	case err != nil:
		return err
	case l == nil:
		return stepGone()
	case l.Held.Access == "":
		return noAccessToken()
	}
	ctx, recorder := wire.Record(r.Context())
	if err := s.oauth.TryResource(ctx, l.Request, l.Held.Access); err != nil { // RFC 6750 section 2.1
		return err
	}
	return s.sessions.Change(w, r, l.Request.State, func(next session.Login) session.Login {
		next.Record(recorder.Exchanges())
		return next
	})
}

func (s *server) showResource(w http.ResponseWriter, r *http.Request, l *session.Login) error {
	scene := flow.Scene{Past: s.told(s.steps(l), l.IDToken != nil), Now: []wire.Purpose{wire.API, wire.APIWithout, wire.APIAltered}}
	data := s.stepPage(5, "The API", l.Request, scene)
	data.triedAt(s.cfg, s.oauth.ProtectedResource())
	data.judgeCalls()
	return s.respond(w, r, http.StatusOK, "step.html", data)
}
