package check

import (
	"cmp"
	"context"
	"errors"
	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
	"strings"
)

// checkStart asks the API which authorization server issues its tokens. No client is registered for that. What
// it finds is what every other check goes on with.
func (c *Checker) checkStart(ctx context.Context) causes.Finding {
	found, err := oauth.NewStarter(c.cfg).Client(ctx, c.cfg, c.wire, c.now, false)
	if err != nil {
		e, ok := errors.AsType[*oauth.Error](err)
		if !ok {
			return tooLate()
		}
		return c.startFailed(e)
	}
	c.cfg = found.Config()
	c.Oauth = oauth.New(c.cfg, c.wire, c.now) // the next checks ask the server anew
	if md, _ := found.Known(); c.cfg.ClientID == "" && md.Registration == "" {
		return c.startFailed(&oauth.Error{Step: wire.Registration, Code: oauth.CodeNotRegistered, Check: oauth.CheckNotOffered,
			Description: "the authorization server " + c.cfg.Issuer + " registers no clients by itself, and CLIENT_ID is not set"})
	}
	f := causes.Proved("the API names %s", c.cfg.Issuer).By("tokens are for %s, scopes: %s",
		c.said(c.cfg.Resource, 200), cmp.Or(strings.Join(c.cfg.Scopes, " "), "none, the server decides"))
	if c.cfg.Resource != c.cfg.ResourceURL {
		f.Found += ", for " + c.said(c.cfg.Resource, 200) + ", which contains this API"
	}
	return f
}

// startFailed is the finding of an API with which no login can begin.
func (c *Checker) startFailed(e *oauth.Error) causes.Finding {
	setting, words := "RESOURCE_URL", ""
	if e.Step == wire.Registration {
		setting = "CLIENT_ID"
	}
	if e.Theirs {
		words = e.Description
	}
	found := strings.TrimSuffix(e.Description, ".")
	if rest, ok := strings.CutPrefix(found, "The "); ok {
		found = "the " + rest
	}
	if len(e.Tried) > 0 {
		last := e.Tried[len(e.Tried)-1]
		found += ": " + last.URL + " " + last.Answer
	}
	return causes.Failing(setting, cmp.Or(causes.Hint(c.cfg, "", c.cfg.Scopes, e), "see that the API runs"), words, "%s", found).As(causes.NameOf(c.cfg, "", e))
}

// noClient reports that the login begins at an API and that no client is configured or registered.
func (c *Checker) noClient() bool { return c.cfg.AtAPI && c.cfg.ClientID == "" }

// noClientYet is the finding of a question that a client is needed for, where none is registered yet.
func noClientYet() causes.Finding {
	f := causes.Skipped("not asked: no client is registered yet; the first login registers one")
	f.NoClient = true
	return f
}
