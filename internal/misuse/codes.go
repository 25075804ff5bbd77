package misuse

import (
	"context"
	"net/url"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/check"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// The attempts with a code: each spoils one thing in the token request.

func (m *Run) codeTwice(ctx context.Context, r *oauth.Request, code string) []Finding {
	as := m.credentials(ctx)
	first := m.redeem(ctx, as, m.honest(r, code))
	if !first.accepted() {
		return []Finding{undecided("the honest exchange was rejected (%s)", first)}
	}
	before := m.acceptedAt(ctx, m.endpoints(ctx), first.Access)
	second := m.redeem(ctx, as, m.honest(r, code))
	switch {
	case second.accepted():
		return []Finding{passes("the server accepts a code twice")}
	case second.unclear():
		return []Finding{undecided("the second exchange was answered with %s", second).by("the first was accepted")}
	}
	return []Finding{refused("the second use is rejected (%s)", second).by("the first was accepted"), m.afterReuse(ctx, before, first.Access)}
}

// afterReuse tries the access token of a code that was used twice, at the endpoints that accepted it before.
func (m *Run) afterReuse(ctx context.Context, before []endpoint, access string) Finding {
	if len(before) == 0 {
		return notAsked("no endpoint shows whether the access token still works")
	}
	for _, e := range before {
		switch open, told := e.ask(ctx, access); {
		case !told:
			return undecided("%s didn't show whether the access token still works", e.name)
		case open:
			return weak("the access token still works at %s after its code was used twice", e.name)
		}
	}
	return refused("the access token no longer works after its code was used twice").by("before, it worked at %s", names(before))
}

// spoiled sends the token request with one mistake.
func (m *Run) spoiled(ctx context.Context, r *oauth.Request, code string, spoil func(url.Values)) []Finding {
	form := m.honest(r, code)
	spoil(form)
	got := m.redeem(ctx, m.credentials(ctx), form)
	if got.accepted() {
		return []Finding{passes("the server accepts it")}
	}
	return []Finding{m.withControl(ctx, r, code, got)}
}

// withControl judges the refusal of a spoiled token request by its control: a correct request with the same code. A server
// may invalidate the code at the first mistake. Then it must have accepted a correct exchange before, or it must name the
// mistake and refuse the correct request for a different reason.
func (m *Run) withControl(ctx context.Context, r *oauth.Request, code string, got tokenResult) Finding {
	named := got.names(Attempt(r.Try))
	if got.unclear() && !named {
		return undecided("the server returned %s", got)
	}
	honest := m.redeem(ctx, m.credentials(ctx), m.honest(r, code))
	switch {
	case honest.accepted():
		return refused("rejected (%s)", got).by("the honest request with the same code is accepted")
	case m.controlled() && (named || !got.unclear()):
		return refused("rejected (%s)", got).by("the code is void after that; an honest exchange of a different code was accepted")
	case named && !honest.outOfOrder() && !honest.names(Attempt(r.Try)):
		return refused("rejected (%s)", got).by("the server names what is wrong, and gives a different reason for the honest request")
	}
	return undecided("it was rejected (%s), and no honest exchange was accepted", got)
}

// otherClient redeems the code as the second configured client.
func (m *Run) otherClient(ctx context.Context, r *oauth.Request, code string) []Finding {
	other := oauth.Credentials{ID: m.cfg.OtherClientID, Secret: m.cfg.OtherClientSecret, Method: m.credentials(ctx).Method}
	switch {
	case other.Secret == "":
		other.Method = config.MethodNone
	case other.Method == config.MethodNone:
		other.Method = config.MethodBasic // the default of RFC 8414 section 2
	}
	control := m.redeem(ctx, other, m.honest(r, wire.Invented()))
	if control.unclear() || control.Cause() == causes.ClientRefused && !m.acceptsOther(ctx, r, other, control) {
		return []Finding{undecided("the server does not accept the second client (%s)", control)}
	}
	got := m.redeem(ctx, other, m.honest(r, code))
	if got.accepted() {
		return []Finding{passes("the server gives a different client the tokens of the code")}
	}
	return []Finding{m.withControl(ctx, r, code, got)}
}

// acceptsOther reports whether the server tells the second client from one with an invented secret, even if it uses the
// same error code for a refused client and a refused authorization code (Gitea).
func (m *Run) acceptsOther(ctx context.Context, r *oauth.Request, other oauth.Credentials, control tokenResult) bool {
	wrong := other
	wrong.Secret = wire.Invented()
	return other.Method != config.MethodNone && m.redeem(ctx, wrong, m.honest(r, wire.Invented())).Refusal.Words != control.Refusal.Words
}

// refusedAtOnce asks for a login without PKCE, as a browser without a signed-in user. If the server refuses that at once,
// no login is needed.
func (m *Run) refusedAtOnce(ctx context.Context) bool {
	o, err := m.observer(ctx)
	if err != nil {
		return false
	}
	control, got := o.Login(ctx, check.Login{}), o.Login(ctx, check.Login{NoPKCE: true})
	if !control.Continues() || !got.Refuses() {
		return false
	}
	m.add(WithoutPKCE, refused("the login is rejected (%s)", wire.Clip(m.cfg.Redact(got.Answer()), 60)).by("with PKCE it starts"))
	return true
}

// withoutPKCE redeems a code from a login without a challenge.
func (m *Run) withoutPKCE(ctx context.Context, r *oauth.Request, code string) []Finding {
	as := m.credentials(ctx)
	form := m.honest(r, code)
	form.Del("code_verifier")
	got := m.redeem(ctx, as, form)
	switch {
	case got.accepted() && as.Method == config.MethodNone:
		return []Finding{passes("a public client can sign in without PKCE")}
	case got.accepted():
		return []Finding{weak("a confidential client can sign in without PKCE")}
	case got.unclear() || !m.controlled():
		return []Finding{undecided("the code was rejected (%s)", got)}
	}
	return []Finding{refused("the code is rejected (%s)", got).by("with PKCE a code was accepted before")}
}
