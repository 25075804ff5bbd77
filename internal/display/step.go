package display

import (
	"net/url"
	"slices"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/flow"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/session"
	"oauth-test-client/internal/wire"
)

// LoginStep is the data of step.html: where a login step by step has come to. The names of the fields that a
// program gets are those of RFC 6749.
type LoginStep struct {
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

// NewLoginStep prepares the step with a number, in the scene of its flow.
func NewLoginStep(number int, request *oauth.Request, scene flow.Scene, s flow.Secrets) LoginStep {
	v := LoginStep{Number: number, Login: session.Handle(request.State), Flow: flow.Stage(scene, s, false)}
	v.Speaks = v.Flow.Speaks()
	return v
}

// AddChecks adds the checks of the ID token to the step that made them.
func (v *LoginStep) AddChecks(verdicts []oauth.Verdict) {
	v.Flow.AddChecks(FlowChecks(verdicts))
	v.Speaks = v.Flow.Speaks()
}

// TriedAt says what the token is tried at, which may be empty.
func (v *LoginStep) TriedAt(cfg config.Config, resource string) {
	v.Resource, v.StandsIn = resource, cfg.ResourceURL == ""
}

// JudgeCalls says whether the token opens the API, and nothing else does. The newest call of each kind counts.
func (v *LoginStep) JudgeCalls() {
	v.Speaks = v.Speaks[max(0, len(v.Speaks)-3):]
	v.Opens = !slices.ContainsFunc(v.Speaks, func(step flow.Step) bool { return step.Failed || step.Response == "" })
	v.Refused = slices.ContainsFunc(v.Speaks, func(step flow.Step) bool { return step.Name == string(wire.API) && step.Failed })
}

// AfterToken are the steps of a login that follow the token request.
func AfterToken(request *oauth.Request) []wire.Purpose {
	if request.Nonce == "" {
		return []wire.Purpose{wire.API}
	}
	return []wire.Purpose{wire.Keys, wire.IDTokenCheck, wire.API}
}

// Waited is how long a code has been waiting, in words.
func Waited(d time.Duration) string {
	if d < time.Second {
		return "less than a second"
	}
	return flow.Duration(d.Truncate(time.Second))
}

// HostOf is the host of an address, or "" when it has none.
func HostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}
