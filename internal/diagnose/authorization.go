package diagnose

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// checkAuthorization says how the server would go on with an honest request.
func (c *checker) checkAuthorization(ctx context.Context) Finding {
	l := c.landed
	switch {
	case l.kind == didNotTell && c.await("redirect_uri").Name == RateLimited:
		return stopped()
	case l.kind == didNotTell:
		return warning("could not be asked: the authorization endpoint %s", c.outOfOrder(l))
	case l.refuses():
		return c.explainRefusedLogin(ctx)
	case l.coded:
		return warning("the server needs nobody to sign in: it sent a code at once, and makes codes whenever it is checked")
	case l.same(c.unregistered):
		return warning("only a login can tell: the server shows the same page for a made-up redirect URI")
	case l.kind == comesBack:
		return proved("the login would begin").by("the server says %s", l.code)
	}
	if policy := c.blockingPolicy(l.page); policy != "" {
		f := warning("the login would begin, but the page's Content-Security-Policy lets no form on it lead to the redirect URI").as(FormActionBlocksReturn)
		f.Fix = "in Chromium and Safari nothing happens when the user presses the button: add " + returnOrigin(c.cfg) + " to form-action at the server"
		f.Server = policy
		return f
	}
	return proved("the login would begin").by("at %s", c.said(l.at, 200))
}

// explainRefusedLogin names what the server will not have, in an honest request with a redirect URI that
// it knows.
func (c *checker) explainRefusedLogin(ctx context.Context) Finding {
	l := c.landed
	name := refusalName(l.code, l.words)
	switch name {
	case ScopeNotEnabled:
		return c.explainScope(ctx)
	case "", PKCERequired, PKCERefused:
		if c.land(ctx, withoutPKCE).begins() {
			return failing("", "allow PKCE with S256 for the OAuth application", l.said(), "the server refuses the login because of PKCE: "+
				"without it, it would begin").as(PKCERefused)
		}
	}
	f := failing("", refusalHint(c.cfg, c.cfg.Scopes, l.code), l.said(), "the server refuses the login with the error %q", l.code).as(name)
	if l.code == "" {
		f.Found = "the server refuses the login (" + c.status(l.page) + ")"
	}
	if at := suspect(l.code, l.words); at != "" {
		f.Fix += " (" + c.field(at) + ")"
	}
	if name == GrantNotEnabled || name == ClientIDUnknown {
		f.Setting = "CLIENT_ID"
	}
	return f
}

// explainScope finds out which scope is refused, by leaving out each in turn.
func (c *checker) explainScope(ctx context.Context) Finding {
	if len(c.cfg.Scopes) == 0 {
		return failing("SCOPES", "the server has no default: name the scopes in SCOPES", c.landed.said(),
			"the server refuses a login that asks for no scope").as(ScopeNotEnabled)
	}
	scopes := c.cfg.Scopes[:min(len(c.cfg.Scopes), 20)]
	refused := make([]bool, len(scopes))
	var all sync.WaitGroup
	for i, scope := range scopes {
		all.Go(func() { refused[i] = c.withScope(ctx, scope).code == c.landed.code })
	}
	all.Wait()
	var off []string
	for i, scope := range scopes {
		if refused[i] && (scope != "openid" || !slices.Contains(refused, false)) {
			off = append(off, scope)
		}
	}
	if len(off) == 0 || len(off) == len(scopes) && len(scopes) > 1 {
		return failing("SCOPES", "enable the scopes for the OAuth application ("+c.field(Scopes)+"), or remove what it does not have from SCOPES", c.landed.said(),
			"the server refuses the scopes %s", strings.Join(c.cfg.Scopes, " ")).as(ScopeNotEnabled)
	}
	rest := slices.DeleteFunc(slices.Clone(c.cfg.Scopes), func(scope string) bool { return slices.Contains(off, scope) })
	f := failing("SCOPES", "enable "+strings.Join(off, " and ")+" for the OAuth application ("+c.field(Scopes)+"), or remove it from SCOPES", c.landed.said(),
		"not enabled: %s", strings.Join(off, " ")).as(ScopeNotEnabled)
	if len(rest) > 0 {
		f.Line = "SCOPES='" + strings.Join(rest, " ") + "'"
	}
	return f
}

// withScope asks for one scope alone; beside openid where that is asked for, as some servers want it.
func (c *checker) withScope(ctx context.Context, scope string) landing {
	if slices.Contains(c.cfg.Scopes, "openid") && scope != "openid" {
		scope = "openid " + scope
	}
	return c.land(ctx, func(q url.Values) { q.Set("scope", scope) })
}

func withoutPKCE(q url.Values) {
	q.Del("code_challenge")
	q.Del("code_challenge_method")
}

// checkPKCE asks without a challenge. A refusal proves that PKCE is enforced; its absence proves
// nothing, as many servers refuse later.
func (c *checker) checkPKCE(ctx context.Context) Finding {
	l := c.land(ctx, withoutPKCE)
	switch {
	case l.kind == didNotTell && c.await("redirect_uri").Name == RateLimited:
		return stopped()
	case l.kind == didNotTell:
		return warning("could not be asked: without PKCE the authorization endpoint %s", c.outOfOrder(l))
	case l.refuses():
		return proved("a login without PKCE is refused")
	}
	return warning("a login without PKCE is not refused here; some servers refuse it later, others do not require it")
}

// checkScopes asks for one scope more, which nobody has. If that is refused, the server looks at scopes
// here, and all of the honest request, which was not, are enabled.
func (c *checker) checkScopes(ctx context.Context) Finding {
	if len(c.cfg.Scopes) == 0 {
		return skipped("SCOPES is empty, so the server decides; the token response will say")
	}
	control := c.land(ctx, func(q url.Values) { q.Set("scope", q.Get("scope")+" "+madeUp()) })
	switch {
	case control.kind == didNotTell:
		return warning("could not be asked: for a made-up scope the authorization endpoint %s", c.outOfOrder(control))
	case control.refuses():
		return proved("enabled: %s", strings.Join(c.cfg.Scopes, " ")).by("a made-up one is refused")
	}
	return warning("only a login can tell which scopes are enabled; the token response will say")
}
