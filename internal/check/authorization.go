package check

import (
	"context"
	"net/url"
	"oauth-test-client/internal/causes"
	"slices"
	"strings"
	"sync"
)

// checkAuthorization says how the server would go on with an honest request.
func (c *Checker) checkAuthorization(ctx context.Context) causes.Finding {
	l := c.landed
	switch {
	case l.Kind == didNotTell && c.await("redirect_uri").Name == causes.RateLimited:
		return stopped()
	case l.Kind == didNotTell:
		return causes.Warning("could not be asked: the authorization endpoint %s", c.outOfOrder(l))
	case l.Refuses():
		return c.explainRefusedLogin(ctx)
	case l.Coded:
		return causes.Warning("the server needs nobody to sign in: it sent a code at once, and makes codes whenever it is checked")
	case l.Same(c.unregistered):
		return causes.Warning("only a login can tell: the server shows the same page for a made-up redirect URI")
	case l.Kind == ComesBack:
		return causes.Proved("the login would begin").By("the server says %s", l.Code)
	}
	if policy := c.blockingPolicy(l.page); policy != "" {
		f := causes.Warning("the login would begin, but the page's Content-Security-Policy lets no form on it lead to the redirect URI").As(causes.FormActionBlocksReturn)
		f.Fix = "in Chromium and Safari nothing happens when the user presses the button: add " + causes.ReturnOrigin(c.cfg) + " to form-action at the server"
		f.Server = policy
		return f
	}
	return causes.Proved("the login would begin").By("at %s", c.said(l.at, 200))
}

// explainRefusedLogin names what the server will not have, in an honest request with a redirect URI that
// it knows.
func (c *Checker) explainRefusedLogin(ctx context.Context) causes.Finding {
	l := c.landed
	name := causes.RefusalName(l.Code, l.words)
	switch name {
	case causes.ScopeNotEnabled:
		return c.explainScope(ctx)
	case "", causes.PKCERequired, causes.PKCERefused:
		if c.Land(ctx, WithoutPKCE).Begins() {
			return causes.Failing("", "allow PKCE with S256 for the OAuth application", l.said(), "the server refuses the login because of PKCE: "+
				"without it, it would begin").As(causes.PKCERefused)
		}
	}
	f := causes.Failing("", causes.RefusalHint(c.cfg, c.cfg.Scopes, l.Code), l.said(), "the server refuses the login with the error %q", l.Code).As(name)
	if l.Code == "" {
		f.Found = "the server refuses the login (" + c.status(l.page) + ")"
	}
	if at := causes.Suspect(l.Code, l.words); at != "" {
		f.Fix += " (" + c.field(at) + ")"
	}
	if name == causes.GrantNotEnabled || name == causes.ClientIDUnknown {
		f.Setting = "CLIENT_ID"
	}
	return f
}

// explainScope finds out which scope is refused, by leaving out each in turn.
func (c *Checker) explainScope(ctx context.Context) causes.Finding {
	if len(c.cfg.Scopes) == 0 {
		return causes.Failing("SCOPES", "the server has no default: name the scopes in SCOPES", c.landed.said(),
			"the server refuses a login that asks for no scope").As(causes.ScopeNotEnabled)
	}
	scopes := c.cfg.Scopes[:min(len(c.cfg.Scopes), 20)]
	refused := make([]bool, len(scopes))
	var all sync.WaitGroup
	for i, scope := range scopes {
		all.Go(func() { refused[i] = c.withScope(ctx, scope).Code == c.landed.Code })
	}
	all.Wait()
	var off []string
	for i, scope := range scopes {
		if refused[i] && (scope != "openid" || !slices.Contains(refused, false)) {
			off = append(off, scope)
		}
	}
	if len(off) == 0 || len(off) == len(scopes) && len(scopes) > 1 {
		return causes.Failing("SCOPES", "enable the scopes for the OAuth application ("+c.field(causes.Scopes)+"), or remove what it does not have from SCOPES", c.landed.said(),
			"the server refuses the scopes %s", strings.Join(c.cfg.Scopes, " ")).As(causes.ScopeNotEnabled)
	}
	rest := slices.DeleteFunc(slices.Clone(c.cfg.Scopes), func(scope string) bool { return slices.Contains(off, scope) })
	f := causes.Failing("SCOPES", "enable "+strings.Join(off, " and ")+" for the OAuth application ("+c.field(causes.Scopes)+"), or remove it from SCOPES", c.landed.said(),
		"not enabled: %s", strings.Join(off, " ")).As(causes.ScopeNotEnabled)
	if len(rest) > 0 {
		f.Line = "SCOPES='" + strings.Join(rest, " ") + "'"
	}
	return f
}

// withScope asks for one scope alone; beside openid where that is asked for, as some servers want it.
func (c *Checker) withScope(ctx context.Context, scope string) landing {
	if slices.Contains(c.cfg.Scopes, "openid") && scope != "openid" {
		scope = "openid " + scope
	}
	return c.Land(ctx, func(q url.Values) { q.Set("scope", scope) })
}

func WithoutPKCE(q url.Values) {
	q.Del("code_challenge")
	q.Del("code_challenge_method")
}

// checkPKCE asks without a challenge. A refusal proves that PKCE is enforced; its absence proves
// nothing, as many servers refuse later.
func (c *Checker) checkPKCE(ctx context.Context) causes.Finding {
	l := c.Land(ctx, WithoutPKCE)
	switch {
	case l.Kind == didNotTell && c.await("redirect_uri").Name == causes.RateLimited:
		return stopped()
	case l.Kind == didNotTell:
		return causes.Warning("could not be asked: without PKCE the authorization endpoint %s", c.outOfOrder(l))
	case l.Refuses():
		return causes.Proved("a login without PKCE is refused")
	}
	return causes.Warning("a login without PKCE is not refused here; some servers refuse it later, others do not require it")
}

// checkScopes asks for one scope more, which nobody has. If that is refused, the server looks at scopes
// here, and all of the honest request, which was not, are enabled.
func (c *Checker) checkScopes(ctx context.Context) causes.Finding {
	if len(c.cfg.Scopes) == 0 {
		return causes.Skipped("SCOPES is empty, so the server decides; the token response will say")
	}
	control := c.Land(ctx, func(q url.Values) { q.Set("scope", q.Get("scope")+" "+MadeUp()) })
	switch {
	case control.Kind == didNotTell:
		return causes.Warning("could not be asked: for a made-up scope the authorization endpoint %s", c.outOfOrder(control))
	case control.Refuses():
		return causes.Proved("enabled: %s", strings.Join(c.cfg.Scopes, " ")).By("a made-up one is refused")
	}
	return causes.Warning("only a login can tell which scopes are enabled; the token response will say")
}
