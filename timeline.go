package main

import (
	"context"
	"slices"

	"oauth-test-client/internal/flow"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/session"
	"oauth-test-client/internal/wire"
)

// A step-by-step login has a timeline: what has happened, what is to come, and which steps are current. The pages of
// its steps show it, and so does the flow while the login waits.

// stepLogin is a step-by-step login in its current state: the browser has not left or has not come back, the code
// waits, or the login is finished.
type stepLogin struct {
	request *oauth.Request
	waits   *session.Login // nil before the response has come, and once the login is finished
	login   *session.Login // nil until it is finished
	left    bool
}

// reached returns the step that the login has reached.
func (l *stepLogin) reached() int {
	switch {
	case l.login != nil && slices.ContainsFunc(l.login.Steps, func(e *wire.Exchange) bool { return e.Purpose == wire.APIWithout }):
		return 5
	case l.login != nil:
		return 4
	case l.waits != nil:
		return 3
	}
	return 1
}

// afterToken returns the steps of a login that follow the token request.
func afterToken(request *oauth.Request) []wire.Purpose {
	if request.Nonce == "" {
		return []wire.Purpose{wire.API}
	}
	return []wire.Purpose{wire.Keys, wire.IDTokenCheck, wire.API}
}

// requestTimeline returns the flow of a login that has not come back.
func (s *server) requestTimeline(l *stepLogin, to string) flow.Timeline {
	front := flow.FrontChannel(to, "", l.request.Began, l.request.Began)[:1]
	coming := flow.Coming(append([]wire.Purpose{wire.Consent, wire.Response, wire.TokenRequest}, afterToken(l.request)...)...)
	timeline := flow.Timeline{Current: []wire.Purpose{wire.AuthorizationRequest}}
	if l.left || l.reached() > 1 {
		timeline.Past, timeline.Next = s.sequence(slices.Concat(l.request.Before, front), false), coming
		return timeline
	}
	timeline.Past, timeline.Next = s.sequence(l.request.Before, false), slices.Concat(front, coming)
	return timeline
}

// addressOf returns the authorization request of a login that was started before.
func (s *server) addressOf(ctx context.Context, request *oauth.Request) (string, error) {
	if err := s.oauth.CheckServer(ctx, request); err != nil {
		return "", err
	}
	return s.oauth.KnownAuthorizationURL(request), nil
}

// backTimeline returns the flow of a login whose code waits, or waited, with the attacks of a thief meanwhile.
func (s *server) backTimeline(ctx context.Context, l *stepLogin) (flow.Timeline, error) {
	p, sent := l.waits, (*wire.Exchange)(nil)
	if p == nil {
		p = &session.Login{Request: l.request, Callback: l.login.Callback, Arrived: l.login.Arrived}
		for _, e := range l.login.Steps {
			if e.Purpose == wire.TokenRequest && sent == nil {
				sent = &wire.Exchange{Purpose: e.Purpose, Method: e.Method, URL: e.URL, RequestHeader: e.RequestHeader, RequestBody: e.RequestBody}
			}
		}
	} else {
		var err error
		if sent, err = s.oauth.TokenRequest(ctx, p.Request, p.Code); err != nil {
			return flow.Timeline{}, err
		}
	}
	past := s.steps(&session.Login{Request: p.Request, Callback: p.Callback, Arrived: p.Arrived, Steps: p.Steps})
	for _, a := range attacks {
		if answer, _ := s.sessions.Attempted(l.request, a.Do); answer != nil {
			past = append(past, answer)
		}
	}
	next := flow.Coming(afterToken(p.Request)...)
	if sent != nil {
		next = append([]*wire.Exchange{sent}, next...)
	}
	return flow.Timeline{Past: s.sequence(past, false), Next: next, Current: []wire.Purpose{wire.Response}}, nil
}

// waitingTimeline returns the flow of a login that waits.
func (s *server) waitingTimeline(ctx context.Context, waiting *session.StepLogin) (flow.Timeline, error) {
	l := &stepLogin{request: waiting.Request, waits: waiting.Waits, left: waiting.Left}
	if l.waits != nil {
		return s.backTimeline(ctx, l)
	}
	to, err := s.addressOf(ctx, l.request)
	return s.requestTimeline(l, to), err
}
