package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/flow"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/session"
	"oauth-test-client/internal/wire"
)

// While the code of a step-by-step login waits, the user can attack that login in two ways: redeem the code as a thief who
// has copied it, or send this app a forged response. Each attack is made once.

// attack is one attack as the page of the third step offers it, with its result once it has been made.
type attack struct {
	Do       string // names it in a form and in an address
	Label    string // of its button
	Asks     string // what it does to the server, to be confirmed; empty where it needs no confirmation
	purpose  wire.Purpose
	Heading  string
	Opened   bool // it got through
	Said     flow.Step
	Reply    string // the code of the refusal
	Words    string // its description
	Who      string // heads the answer
	Stopped  flow.Mark
	Stopper  string
	Why      string
	Rest     string // heading for what happens to the login now
	RestText string
	Spent    bool // the login is over
}

// attacks lists the attacks that can be made, in order.
var attacks = []attack{
	{Do: "steal", Label: "Try it as a thief", purpose: wire.StolenCode},
	{Do: "forge", Label: "Forge the response", purpose: wire.ForgedResponse},
}

// attackNamed returns the attack with a name, or nil.
func attackNamed(do string) *attack {
	for i := range attacks {
		if attacks[i].Do == do {
			return &attacks[i]
		}
	}
	return nil
}

// attacksLeft lists the attacks that have not been made yet. On the user's own server, a theft may use up the code, so
// the page asks before it starts one.
func (s *server) attacksLeft(of *oauth.Request) []attack {
	var left []attack
	for _, a := range attacks {
		if _, made := s.sessions.Attempted(of, a.Do); made {
			continue
		}
		if a.purpose == wire.StolenCode && !s.cfg.Demo {
			a.Asks = "This sends one token request with a wrong code verifier to your server, with the credentials of your client. " +
				"Many servers then reject the code, and you have to sign in again."
		}
		left = append(left, a)
	}
	return left
}

// makeAttack makes an attack on a login whose code waits, unless it was made before.
func (s *server) makeAttack(r *http.Request, p *session.Login, a attack, callback func(http.ResponseWriter, *http.Request) error) error {
	if a.purpose == wire.StolenCode && !s.cfg.Demo && r.PostFormValue("sure") != "yes" {
		return refuse(http.StatusBadRequest, oauth.CodeInvalidRequest, "An attack on your own server needs your confirmation.", "")
	}
	ctx := context.WithoutCancel(r.Context()) // it is made once, whether the browser waits or not
	err := s.sessions.Attempt(ctx, p.Request, a.Do, func(ctx context.Context) (*wire.Exchange, error) {
		if a.purpose == wire.ForgedResponse {
			return s.forge(r, callback)
		}
		return s.steal(ctx, p)
	})
	if errors.Is(err, session.ErrUsed) {
		return nil
	}
	return err
}

// steal redeems the code with a wrong verifier.
func (s *server) steal(ctx context.Context, p *session.Login) (*wire.Exchange, error) {
	theft, err := s.oauth.StealCode(ctx, p.Request, p.Code)
	if err != nil {
		return nil, err
	}
	e := theft.Exchange
	switch {
	case theft.Tokens && theft.Revoked:
		e.Note = "The tokens were revoked at once, and are not kept."
	case theft.Tokens:
		e.Note = "The tokens could not be revoked. They are not kept."
	}
	return e, nil
}

// forge sends this app a response with an invented code and state, as this browser would from a thief's link, and returns
// how it was refused.
func (s *server) forge(r *http.Request, callback func(http.ResponseWriter, *http.Request) error) (*wire.Exchange, error) {
	query := url.Values{"code": {rand.Text()}, "state": {rand.Text()}}
	if md, _ := s.oauth.Known(); md != nil && md.Issuer != "" {
		query.Set("iss", md.Issuer)
	}
	forged := r.Clone(r.Context())
	forged.Method, forged.URL, forged.Body = http.MethodGet, &url.URL{Path: config.CallbackPath, RawQuery: query.Encode()}, http.NoBody
	e := &wire.Exchange{Purpose: wire.ForgedResponse, Method: http.MethodGet, URL: s.cfg.ReturnedTo(forged.URL.RequestURI()), Began: s.now()}
	err := callback(unheard{}, forged)
	e.Took = s.now().Sub(e.Began)
	if err == nil {
		e.Status, e.Fault = http.StatusOK, "This app accepted a response that belongs to no login of this browser."
		return e, nil
	}
	f := s.explain(err, s.cfg.Scopes)
	body, err := json.Marshal(map[string]string{"error": f.Code, "error_description": f.Description})
	if err != nil {
		return nil, err
	}
	e.Status, e.ResponseHeader, e.ResponseBody = f.Status, "Content-Type: application/json\r\n", string(body)
	return e, nil
}

// unheard is a ResponseWriter that discards the response.
type unheard struct{}

func (unheard) Header() http.Header         { return http.Header{} }
func (unheard) Write(b []byte) (int, error) { return len(b), nil }
func (unheard) WriteHeader(int)             {}

// tellTheft says what the answer to a stolen code means. For the demo server, the verifier is known to have stopped the
// thief. For any other server, this is known only once the honest exchange accepts the same code.
func (a *attack) tellTheft(demo bool, answer *wire.Exchange) {
	a.Who, a.Stopped, a.Stopper = "The server said", flow.PKCEMark, "code verifier"
	switch {
	case a.Opened:
		a.Heading, a.Spent = "The thief has tokens", true
		a.Reply, a.Words = "", "The server does not enforce PKCE: it accepted a wrong code verifier."
		a.Stopped, a.Stopper, a.Why = "", "Nothing", answer.Note
		a.Rest, a.RestText = "The code has been used", "Start the login again. Turn PKCE on in the server’s settings."
	case !oauth.RefusesCode(answer):
		a.Heading, a.Stopped, a.Stopper = "No result", "", "Not known"
		a.Why = "The answer isn’t about the code, so it doesn’t show whether the server checks the verifier."
		a.Rest, a.RestText = "Your login may still work", "Exchange the code to see."
	case demo:
		a.Heading, a.Why = "The thief gets nothing", "The thief has the code and this app’s credentials, but not the secret behind the challenge."
		a.Rest, a.RestText = "Your login still works", "The demo keeps the code valid. Many other servers don’t: there, you would have to sign in again."
	default:
		a.Heading = "The thief gets nothing"
		a.Why = "The thief has the code and this app’s credentials, but not the verifier. If your exchange works now, the verifier stopped the thief."
		a.Rest, a.RestText = "Your login may still work", "Some servers keep the code valid after this, many do not. Exchange the code to see."
	}
}

// tellForgery says what the answer to a forged response means.
func (a *attack) tellForgery() {
	a.Who, a.Stopped, a.Stopper, a.Why = "This app said", flow.StateMark, "state", "This browser was never given that state."
	a.Heading, a.Rest, a.RestText = "The forged response is refused", "Your login is still waiting", "This app used nothing from the forged response."
	if a.Opened {
		a.Heading, a.Stopped, a.Stopper, a.Why = "The forged response was accepted", "", "Nothing", "This is a fault of this app. Report it."
	}
}

// afterTheft explains a failed exchange by an earlier theft of the code, if that may be the reason.
func (s *server) afterTheft(f *failure, p *session.Login) *failure {
	answer, made := s.sessions.Attempted(p.Request, attacks[0].Do)
	if !made || f.Name != causes.CodeExpiredOrUsed && f.Name != causes.PKCEVerifierRefused {
		return f
	}
	f.Heading, f.Name, f.Lead = "The code is no longer valid", "", "You pressed “"+attacks[0].Label+"”, which sent the code with a wrong verifier"
	f.Hint = "Many servers refuse a code after it was sent with a wrong verifier. Start the login again, and exchange the code without the thief."
	if answer != nil && answer.Fault != "" {
		f.Hint = "The thief got tokens for it, and a code works once. Start the login again."
	}
	return f
}
