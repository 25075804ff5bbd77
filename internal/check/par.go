package check

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/oauth"
)

// checkPAR finds out whether the server takes a pushed authorization request (RFC 9126), where logins begin
// with one. A no to its redirect URI or its scopes is what the checks that follow are about.
func (c *Checker) checkPAR(ctx context.Context) causes.Finding {
	switch {
	case !c.Oauth.Pushes(c.Md):
		return causes.Proved("pushed authorization requests are not required")
	case c.Md.PAR == "" && c.Md.RequiresPAR:
		return causes.Failing("", "this has to be mended at the server", "", "the server's metadata contradicts itself: it requires pushed authorization "+
			"requests, and names no pushed_authorization_request_endpoint (RFC 9126 section 5)").As(causes.PARNowhere)
	case c.Md.PAR == "":
		return causes.Failing("PAR", "remove PAR", "", "PAR is on, and the server's metadata names no pushed_authorization_request_endpoint")
	case c.noClient():
		return noClientYet()
	}
	_, err := c.Oauth.AddressOf(ctx, c.Md, c.request())
	e, refused := errors.AsType[*oauth.Error](err)
	switch {
	case !refused:
		return causes.Proved("the server accepts a pushed authorization request")
	case !e.Theirs:
		f := causes.Failing("", "this has to be mended at the server", e.Said, "%s", e.Description)
		return f.As(causes.NameOf(c.cfg, c.method(), e))
	case !causes.RefusesClient(e.Code) && e.Status != http.StatusUnauthorized:
		return causes.Proved("the server answers a pushed authorization request")
	case c.clientAnswer(ctx).no != "":
		return causes.Skipped("not asked: needs the client's ID and secret first")
	}
	return causes.Failing("CLIENT_SECRET", "compare CLIENT_ID, CLIENT_SECRET and TOKEN_ENDPOINT_AUTH_METHOD with the "+
		"OAuth application ("+c.field(causes.ClientSecret)+")", e.Description,
		"the server refuses the client where the authorization request is pushed (%s)", e.Code).As(causes.NameOf(c.cfg, c.method(), e))
}

// notPushed is where a request ended that the server did not take (RFC 9126 section 2.3).
func (c *Checker) notPushed(err error, sent []string) landing {
	e, ok := errors.AsType[*oauth.Error](err)
	if !ok || !e.Theirs || e.Status == http.StatusTooManyRequests {
		return landing{words: c.said(err.Error(), 300)}
	}
	l := landing{Kind: wasRefused, status: e.Status, at: c.Md.PAR, Code: e.Code, words: e.Description}
	l.print = fmt.Sprint(l.Kind, l.status, l.Code, "|", likeness(l.words, sent...))
	return l
}
