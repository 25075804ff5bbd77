package misuse

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/check"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// The tries with a code: each spoils one thing in the token request.

// tokenResult is an answer of the token endpoint, as far as an attempt looks at it.
type tokenResult struct {
	causes.Answer
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	shown   string // the error code as it may be shown
}

func (r tokenResult) accepted() bool { return r.Status/100 == 2 && !r.Refused && r.Access != "" }

// outOfOrder reports a server that has not looked at the request: no answer, an accident, too many requests.
func (r tokenResult) outOfOrder() bool {
	return r.Status == 0 || r.Status >= 500 || r.Cause() == causes.RateLimited
}

// unclear reports an answer that is about something else than the attempt: the server is out of order, or does not accept the
// client. A code that servers have for a client and for its code is no refusal of the client.
func (r tokenResult) unclear() bool {
	cause := r.Cause()
	return r.outOfOrder() || causes.IsNotSpoken(cause) || causes.IsAboutClient(cause) && !strings.EqualFold(r.Refusal.Code, "unauthorized_client")
}

// everything are sentences that name all that may be wrong, and so nothing: RFC 6749 section 5.2, LinkedIn.
var everything = []string{"invalid, expired, revoked", "or authorization code expired"}

// names reports a refusal that names what an attempt has spoiled, whatever its code.
func (r tokenResult) names(what Attempt) bool {
	if !r.Refused || r.outOfOrder() || r.Says(everything...) {
		return false
	}
	switch what {
	case WrongVerifier, NoVerifier:
		return r.Says("code_verifier", "code verifier", "pkce", "code_challenge", "code challenge", "code verification")
	case OtherRedirectURI:
		return r.Says("redirect_uri", "redirect uri", "redirection uri", "callback url")
	case OtherClient:
		return r.Says("issued to another client", "different client", "another client", "client mismatch", "client_id mismatch", "client id mismatch")
	}
	return false
}

func (r tokenResult) String() string {
	switch {
	case r.Status == 0:
		return "no answer"
	case r.shown == "":
		return fmt.Sprint(r.Status)
	}
	return fmt.Sprintf("%d %s", r.Status, r.shown)
}

// redeem sends a token request as a client.
func (m *Misuse) redeem(ctx context.Context, as oauth.Credentials, form url.Values) tokenResult {
	if m.cfg.Found.Resource != "" { // RFC 8707 section 2.2
		form.Set("resource", m.cfg.Found.Resource)
	}
	md, err := m.client.Metadata(ctx)
	if err != nil {
		return tokenResult{}
	}
	e, err := m.client.PostAs(wire.For(ctx, purposeOf(form)), as, md.Token, form)
	if err != nil {
		return tokenResult{}
	}
	r := tokenResult{Answer: causes.Read(purposeOf(form), as.Method, e, as.ID, as.Secret, form.Get("code"), form.Get("redirect_uri"))}
	if !r.Refused {
		json.Unmarshal([]byte(e.ResponseBody), &r) // what is not there is not accepted
	}
	r.shown = wire.Clip(m.cfg.Redact(r.Refusal.Code), 60)
	return r
}

// purposeOf is what the flow calls a token request.
func purposeOf(form url.Values) wire.Purpose {
	if form.Get("grant_type") == "refresh_token" {
		return wire.Refresh
	}
	return wire.TokenRequest
}

// credentials are our own.
func (m *Misuse) credentials(ctx context.Context) oauth.Credentials {
	md, err := m.client.Metadata(ctx)
	if err != nil {
		return oauth.Credentials{}
	}
	return m.client.Credentials(md)
}

// honest is the token request as it should be (RFC 6749 section 4.1.3, RFC 7636 section 4.5).
func (m *Misuse) honest(r *oauth.Request, code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {m.cfg.RedirectURI()}, "code_verifier": {r.Verifier}}
}

func (m *Misuse) codeTwice(ctx context.Context, r *oauth.Request, code string) []MisuseFinding {
	as := m.credentials(ctx)
	first := m.redeem(ctx, as, m.honest(r, code))
	if !first.accepted() {
		return []MisuseFinding{undecided("the honest exchange was refused (%s)", first)}
	}
	before := m.opened(ctx, m.places(ctx), first.Access)
	second := m.redeem(ctx, as, m.honest(r, code))
	switch {
	case second.accepted():
		return []MisuseFinding{passes("the server accepts a code twice")}
	case second.unclear():
		return []MisuseFinding{undecided("the second exchange was answered %s", second).by("the first was accepted")}
	}
	return []MisuseFinding{refused("the second use is refused (%s)", second).by("the first was accepted"), m.afterReuse(ctx, before, first.Access)}
}

// afterReuse looks for the tokens of a code that came a second time, where they were good before.
func (m *Misuse) afterReuse(ctx context.Context, before []place, access string) MisuseFinding {
	if len(before) == 0 {
		return notAsked("nothing tells whether the access token still lives")
	}
	for _, p := range before {
		switch open, told := p.ask(ctx, access); {
		case !told:
			return undecided("%s did not tell whether the access token still lives", p.name)
		case open:
			return weak("the access token lives on after the second use of its code: it is still good at %s", p.name)
		}
	}
	return refused("the access token is dead after the second use of its code").by("before, it was good at %s", names(before))
}

// spoiled sends the token request with one thing wrong.
func (m *Misuse) spoiled(ctx context.Context, r *oauth.Request, code string, spoil func(url.Values)) []MisuseFinding {
	form := m.honest(r, code)
	spoil(form)
	got := m.redeem(ctx, m.credentials(ctx), form)
	if got.accepted() {
		return []MisuseFinding{passes("the server accepts it")}
	}
	return []MisuseFinding{m.withControl(ctx, r, code, got)}
}

// withControl judges the refusal of a spoiled token request by its control: the same code in an honest one. A
// server that spends the code at the first mistake has accepted an honest exchange before, or names what was spoiled, and says
// something else of the honest one.
func (m *Misuse) withControl(ctx context.Context, r *oauth.Request, code string, got tokenResult) MisuseFinding {
	named := got.names(Attempt(r.Try))
	if got.unclear() && !named {
		return undecided("the server answered %s", got)
	}
	honest := m.redeem(ctx, m.credentials(ctx), m.honest(r, code))
	switch {
	case honest.accepted():
		return refused("refused (%s)", got).by("the same code is accepted when all is right")
	case m.controlled() && (named || !got.unclear()):
		return refused("refused (%s)", got).by("the refusal spends the code; an honest exchange was accepted before")
	case named && !honest.outOfOrder() && !honest.names(Attempt(r.Try)):
		return refused("refused (%s)", got).by("the server names what is wrong, and says something else of the honest request")
	}
	return undecided("it was refused (%s), and no honest exchange was accepted", got)
}

// otherClient redeems the code as the second client that is configured.
func (m *Misuse) otherClient(ctx context.Context, r *oauth.Request, code string) []MisuseFinding {
	other := oauth.Credentials{ID: m.cfg.OtherClientID, Secret: m.cfg.OtherClientSecret, Method: m.credentials(ctx).Method}
	switch {
	case other.Secret == "":
		other.Method = config.MethodNone
	case other.Method == config.MethodNone:
		other.Method = config.MethodBasic // the default of RFC 8414 section 2
	}
	control := m.redeem(ctx, other, m.honest(r, invented()))
	if control.unclear() || control.Cause() == causes.ClientRefused && !m.acceptsOther(ctx, r, other, control) {
		return []MisuseFinding{undecided("the server does not accept the second client (%s)", control)}
	}
	got := m.redeem(ctx, other, m.honest(r, code))
	if got.accepted() {
		return []MisuseFinding{passes("the server gives another client the tokens of the code")}
	}
	return []MisuseFinding{m.withControl(ctx, r, code, got)}
}

// acceptsOther reports that the second client is told from one with an invented secret, where the server has one code for a
// client that it refuses and for a code that it refuses (Gitea).
func (m *Misuse) acceptsOther(ctx context.Context, r *oauth.Request, other oauth.Credentials, control tokenResult) bool {
	wrong := other
	wrong.Secret = invented()
	return other.Method != config.MethodNone && m.redeem(ctx, wrong, m.honest(r, invented())).Refusal.Words != control.Refusal.Words
}

// invented returns a value that no server has issued.
func invented() string { return "invented-" + rand.Text() }

// refusedAtOnce asks for a login without PKCE, as a browser that nobody has signed in with. A server that
// refuses it there needs no login to say so.
func (m *Misuse) refusedAtOnce(ctx context.Context) bool {
	o, err := m.observer(ctx)
	if err != nil {
		return false
	}
	control, got := o.Login(ctx, check.Login{}), o.Login(ctx, check.Login{NoPKCE: true})
	if !control.Continues() || !got.Refuses() {
		return false
	}
	m.add(WithoutPKCE, refused("the login is refused (%s)", wire.Clip(m.cfg.Redact(got.Answer()), 60)).by("with PKCE it starts"))
	return true
}

// withoutPKCE redeems a code that was asked for without a challenge.
func (m *Misuse) withoutPKCE(ctx context.Context, r *oauth.Request, code string) []MisuseFinding {
	as := m.credentials(ctx)
	form := m.honest(r, code)
	form.Del("code_verifier")
	got := m.redeem(ctx, as, form)
	switch {
	case got.accepted() && as.Method == config.MethodNone:
		return []MisuseFinding{passes("a public client can sign in without PKCE")}
	case got.accepted():
		return []MisuseFinding{weak("a confidential client can sign in without PKCE")}
	case got.unclear() || !m.controlled():
		return []MisuseFinding{undecided("the code was refused (%s)", got)}
	}
	return []MisuseFinding{refused("the code is refused (%s)", got).by("with PKCE a code was accepted before")}
}
