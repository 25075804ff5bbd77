package misuse

import (
	"context"
	"net/url"
	"slices"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/check"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// The attempts with tokens, and the attempt that needs no user.

// oldRefreshToken refreshes with a replaced token. Only for public clients must a server replace refresh tokens. A
// confidential client has to authenticate (RFC 9700 section 4.14.2).
func (m *Run) oldRefreshToken(ctx context.Context, r *oauth.Request, code string) []Finding {
	as := m.credentials(ctx)
	public := as.Method == config.MethodNone
	refresh := func(token string) tokenResult {
		return m.redeem(ctx, as, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
	}
	first := m.redeem(ctx, as, m.honest(r, code))
	switch {
	case !first.accepted():
		return []Finding{undecided("the exchange was rejected (%s)", first)}
	case first.Refresh == "":
		return []Finding{notAsked("the server issues no refresh token")}
	}
	second := refresh(first.Refresh)
	switch replaced := second.Refresh != "" && second.Refresh != first.Refresh; {
	case !second.accepted():
		return []Finding{undecided("the first refresh was rejected (%s)", second)}
	case !replaced && public:
		return []Finding{passes("the refresh tokens of a public client are not replaced")}
	case !replaced:
		return []Finding{notAsked("the server doesn't replace refresh tokens, and doesn't have to: this client has a secret (RFC 9700 section 4.14.2)")}
	}
	again := refresh(first.Refresh)
	switch {
	case again.accepted() && public:
		return []Finding{passes("the old refresh token of a public client is accepted right after it was replaced")}
	case again.accepted():
		f := weak("the old refresh token is accepted right after it was replaced, so its theft is not noticed; a thief needs the client secret as well")
		return []Finding{f}
	case again.unclear():
		return []Finding{undecided("the old refresh token was answered with %s", again)}
	}
	old := refused("the old refresh token is rejected after it was replaced (%s)", again).by("before, it was accepted")
	switch newer := refresh(second.Refresh); {
	case newer.accepted():
		return []Finding{old, weak("the newer refresh token still works after the old one was used again")}
	case newer.unclear():
		return []Finding{old, undecided("the newer refresh token was answered with %s", newer)}
	}
	return []Finding{old, refused("using the old refresh token again also invalidated the new one").by("the refresh that issued it was accepted")}
}

func (m *Run) revokedToken(ctx context.Context, r *oauth.Request, code string) []Finding {
	tokens := m.redeem(ctx, m.credentials(ctx), m.honest(r, code))
	if !tokens.accepted() {
		return []Finding{undecided("the exchange was rejected (%s)", tokens)}
	}
	md, err := m.client.Metadata(ctx)
	if err != nil || md.Revocation == "" {
		return []Finding{notAsked("the server does not offer revocation")}
	}
	before := m.acceptedAt(ctx, m.endpoints(ctx), tokens.Access)
	if len(before) == 0 {
		return []Finding{notAsked("no endpoint was found that accepts the access token and rejects an altered one")}
	}
	e, err := m.client.Revoke(ctx, "access_token", tokens.Access)
	switch {
	case err != nil:
		return []Finding{undecided("the revocation endpoint did not answer")}
	case !e.Succeeded(): // some refuse with 200
		return []Finding{m.notRevoked(ctx, e)}
	}
	var findings []Finding
	for _, e := range before {
		findings = append(findings, m.afterRevocation(ctx, e, tokens.Access))
	}
	return findings
}

// notRevoked returns the finding about a refused revocation. A server need not revoke access tokens, and returns
// unsupported_token_type then (RFC 7009 section 2.2.1).
func (m *Run) notRevoked(ctx context.Context, e *wire.Exchange) Finding {
	a := causes.Read(wire.Revocation, m.credentials(ctx).Method, e)
	code := wire.Clip(m.cfg.Redact(a.Refusal.Code), 60)
	if causes.IsAboutClient(a.Cause()) || a.Cause() == causes.RateLimited {
		return undecided("the revocation endpoint returned %d %s", e.Status, code)
	}
	return notAsked("the server does not revoke access tokens (%d %s)", e.Status, code)
}

// afterRevocation tries a revoked access token at an endpoint that accepted it before. An API may accept a JWT without
// asking the server, until it expires.
func (m *Run) afterRevocation(ctx context.Context, e endpoint, access string) Finding {
	switch open, told := e.ask(ctx, access); {
	case !told:
		return undecided("%s didn't show whether the revoked token still works", e.name)
	case !open:
		return refused("rejected at %s after its revocation", e.name).by("accepted before it was revoked")
	case e.name == theAPI && m.client.Inspect(ctx, access).JWT:
		return weak("still accepted at %s after its revocation: it is a JWT, and stays valid until it expires", e.name)
	}
	return passes("still accepted at %s after its revocation", e.name)
}

// promptNone asks with prompt=none, as a browser without a signed-in user. The control is the same request without
// prompt=none.
func (m *Run) promptNone(ctx context.Context) Finding {
	if !slices.Contains(m.cfg.Scopes, "openid") {
		return notAsked("prompt belongs to OpenID Connect, and SCOPES has no openid")
	}
	o, err := m.observer(ctx)
	if err != nil {
		return undecided("the server cannot be found")
	}
	control, got := o.Login(ctx, check.Login{}), o.Login(ctx, check.Login{Prompt: "none"})
	switch {
	case !control.Continues():
		return undecided("the login without prompt=none doesn't start")
	case control.Coded:
		return undecided("the server needs no sign-in: it sends a code without prompt=none, too")
	case got.Coded:
		return passes("the server sends a code although no user is signed in")
	case got.Kind == check.ComesBack && got.Continues() && got.Code != "":
		return refused("rejected (%s)", got.Code).by("without prompt=none the sign-in starts")
	case got.Kind == check.ShowsPage && got.Same(control):
		return weak("the server shows the same page as without prompt=none, and must not show any")
	case got.Kind == check.GoesElsewhere:
		return undecided("the server sends the browser on to a different host, which may reject it")
	case got.Kind == check.ShowsPage:
		return undecided("the server shows a page, but not the one without prompt=none: a script on it may send the browser back")
	}
	return undecided("the server returned %s", wire.Clip(m.cfg.Redact(got.Answer()), 60))
}
