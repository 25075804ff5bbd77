package misuse

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/check"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// The tries with tokens, and the one that needs no user.

// place is somewhere that an access token is good for.
type place struct {
	name string
	ask  func(ctx context.Context, access string) (open, told bool)
}

// theAPI is the place that may take a JWT for what it says, without asking the server.
const theAPI = "the API"

// places are those that can be asked.
func (m *Misuse) places(ctx context.Context) []place {
	md, err := m.client.Metadata(ctx)
	if err != nil {
		return nil
	}
	var list []place
	if md.Userinfo != "" {
		list = append(list, place{"userinfo", func(ctx context.Context, access string) (open, told bool) {
			e, err := m.client.Userinfo(ctx, access, nil)
			return opensTo(e, err)
		}})
	}
	if md.Introspection != "" && m.cfg.ClientSecret != "" {
		list = append(list, place{"introspection", func(ctx context.Context, access string) (open, told bool) {
			e, err := m.client.Introspect(ctx, "access_token", access)
			var state struct{ Active *bool }
			if err != nil || e.Status != http.StatusOK || json.Unmarshal([]byte(e.ResponseBody), &state) != nil || state.Active == nil {
				return false, false
			}
			return *state.Active, true
		}})
	}
	if m.cfg.ResourceURL != "" {
		list = append(list, place{theAPI, func(ctx context.Context, access string) (open, told bool) {
			e, err := m.client.CallAPI(ctx, access)
			return opensTo(e, err)
		}})
	}
	return list
}

// opensTo reads the answer of a place that opens to access tokens. One that is out of order tells nothing.
func opensTo(e *wire.Exchange, err error) (open, told bool) {
	if err != nil || e.Status >= 500 || e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout {
		return false, false
	}
	return e.Succeeded(), true
}

// opened are the places that open to an access token and not to an altered one. A place that opens to both has
// nothing to say of a token: it has a sign-in page in front, or checks nothing.
func (m *Misuse) opened(ctx context.Context, places []place, access string) []place {
	return slices.DeleteFunc(places, func(p place) bool {
		if open, _ := p.ask(ctx, access); !open {
			return true
		}
		toAny, told := p.ask(ctx, oauth.Altered(access))
		return toAny || !told
	})
}

// names lists places.
func names(places []place) string {
	var list []string
	for _, p := range places {
		list = append(list, p.name)
	}
	return strings.Join(list, ", ")
}

// oldRefreshToken refreshes with a token that was replaced. That a token is replaced at all is asked of a
// server for public clients; a confidential one has to prove who it is (RFC 9700 section 4.14.2).
func (m *Misuse) oldRefreshToken(ctx context.Context, r *oauth.Request, code string) []MisuseFinding {
	as := m.credentials(ctx)
	public := as.Method == config.MethodNone
	refresh := func(token string) tokenResult {
		return m.redeem(ctx, as, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
	}
	first := m.redeem(ctx, as, m.honest(r, code))
	switch {
	case !first.accepted():
		return []MisuseFinding{undecided("the exchange was refused (%s)", first)}
	case first.Refresh == "":
		return []MisuseFinding{notAsked("the server issues no refresh token")}
	}
	second := refresh(first.Refresh)
	switch replaced := second.Refresh != "" && second.Refresh != first.Refresh; {
	case !second.accepted():
		return []MisuseFinding{undecided("the first refresh was refused (%s)", second)}
	case !replaced && public:
		return []MisuseFinding{passes("the refresh tokens of a public client are not replaced")}
	case !replaced:
		return []MisuseFinding{refused("refresh tokens are not replaced, and need not be: only this client can use them").by("the refresh was accepted")}
	}
	again := refresh(first.Refresh)
	switch {
	case again.accepted() && public:
		return []MisuseFinding{passes("the old refresh token of a public client is accepted right after it was replaced")}
	case again.accepted():
		f := weak("the old refresh token is accepted right after it was replaced, so its theft is not noticed; a thief needs the client secret as well")
		return []MisuseFinding{f}
	case again.unclear():
		return []MisuseFinding{undecided("the old refresh token was answered %s", again)}
	}
	old := refused("the old refresh token is refused after it was replaced (%s)", again).by("before, it was accepted")
	switch newer := refresh(second.Refresh); {
	case newer.accepted():
		return []MisuseFinding{old, weak("the newer refresh token lives on after the old one was used again")}
	case newer.unclear():
		return []MisuseFinding{old, undecided("the newer refresh token was answered %s", newer)}
	}
	return []MisuseFinding{old, refused("the newer refresh token is dead after the old one was used again").by("the refresh that brought it was accepted")}
}

func (m *Misuse) revokedToken(ctx context.Context, r *oauth.Request, code string) []MisuseFinding {
	tokens := m.redeem(ctx, m.credentials(ctx), m.honest(r, code))
	if !tokens.accepted() {
		return []MisuseFinding{undecided("the exchange was refused (%s)", tokens)}
	}
	md, err := m.client.Metadata(ctx)
	if err != nil || md.Revocation == "" {
		return []MisuseFinding{notAsked("the server does not offer revocation")}
	}
	before := m.opened(ctx, m.places(ctx), tokens.Access)
	if len(before) == 0 {
		return []MisuseFinding{notAsked("before, the access token was good at no place that refuses others")}
	}
	e, err := m.client.Revoke(ctx, "access_token", tokens.Access)
	switch {
	case err != nil:
		return []MisuseFinding{undecided("the revocation endpoint did not answer")}
	case !e.Succeeded(): // some refuse with 200
		return []MisuseFinding{m.notRevoked(ctx, e)}
	}
	var findings []MisuseFinding
	for _, p := range before {
		findings = append(findings, m.afterRevocation(ctx, p, tokens.Access))
	}
	return findings
}

// notRevoked is what came of a revocation that was refused: a server need not revoke access tokens, and says
// unsupported_token_type then (RFC 7009 section 2.2.1).
func (m *Misuse) notRevoked(ctx context.Context, e *wire.Exchange) MisuseFinding {
	a := causes.Read(wire.Revocation, m.credentials(ctx).Method, e)
	code := wire.Clip(m.cfg.Redact(a.Refusal.Code), 60)
	if causes.IsAboutClient(a.Cause()) || a.Cause() == causes.RateLimited {
		return undecided("the revocation endpoint answered %d %s", e.Status, code)
	}
	return notAsked("the server does not revoke access tokens (%d %s)", e.Status, code)
}

// afterRevocation shows a revoked access token at a place where it was good before. An API may take a JWT
// without asking the server, until it expires.
func (m *Misuse) afterRevocation(ctx context.Context, p place, access string) MisuseFinding {
	switch open, told := p.ask(ctx, access); {
	case !told:
		return undecided("%s did not tell whether the revoked token is still good", p.name)
	case !open:
		return refused("refused at %s after its revocation", p.name).by("before, it was good there")
	case p.name == theAPI && m.client.Inspect(ctx, access).JWT:
		return weak("still good at %s after its revocation: it is a JWT, and lives until it expires", p.name)
	}
	return passes("still good at %s after its revocation", p.name)
}

// observer asks the authorization endpoint.
func (m *Misuse) observer(ctx context.Context) (*check.Observer, error) {
	md, err := m.client.Metadata(ctx)
	if err != nil {
		return nil, err
	}
	return check.NewObserver(m.cfg, m.client, md, m.wire), nil
}

// promptNone asks as a browser that nobody has signed in with, beside the same without prompt=none.
func (m *Misuse) promptNone(ctx context.Context) MisuseFinding {
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
		return undecided("the login without prompt=none does not begin")
	case control.Coded:
		return undecided("the server needs no sign-in: it sends a code without prompt=none, too")
	case got.Coded:
		return passes("the server sends a code although no user is signed in")
	case got.Kind == check.ComesBack && got.Continues() && got.Code != "":
		return refused("refused (%s)", got.Code).by("without prompt=none the sign-in starts")
	case got.Kind == check.ShowsPage && got.Same(control):
		return weak("the server shows the same page as without prompt=none, and must not show any")
	case got.Kind == check.GoesElsewhere:
		return undecided("the server sends the browser on to a different host, which may refuse")
	case got.Kind == check.ShowsPage:
		return undecided("the server shows another page than without prompt=none, which may go back by a script")
	}
	return undecided("the server answered %s", wire.Clip(m.cfg.Redact(got.Answer()), 60))
}
