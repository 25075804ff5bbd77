package diagnose

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"oauth-test-client/internal/oauth"
)

// checkPAR finds out whether the server takes a pushed authorization request (RFC 9126), where logins begin
// with one. A no to its redirect URI or its scopes is what the checks that follow are about.
func (c *checker) checkPAR(ctx context.Context) Finding {
	switch {
	case !c.oauth.Pushes(c.md):
		return proved("pushed authorization requests are not required")
	case c.md.PAR == "" && c.md.RequiresPAR:
		return failing("", "this has to be mended at the server", "", "the server's metadata contradicts itself: it requires pushed authorization "+
			"requests, and names no pushed_authorization_request_endpoint (RFC 9126 section 5)").as(PARNowhere)
	case c.md.PAR == "":
		return failing("PAR", "remove PAR", "", "PAR is on, and the server's metadata names no pushed_authorization_request_endpoint")
	case c.noClient():
		return noClientYet()
	}
	_, err := c.oauth.AddressOf(ctx, c.md, c.request())
	e, refused := errors.AsType[*oauth.Error](err)
	switch {
	case !refused:
		return proved("the server accepts a pushed authorization request")
	case !e.Theirs:
		f := failing("", "this has to be mended at the server", e.Said, "%s", e.Description)
		return f.as(nameOf(c.cfg, c.method(), e))
	case !refusesClient(e.Code) && e.Status != http.StatusUnauthorized:
		return proved("the server answers a pushed authorization request")
	case c.clientAnswer(ctx).no != "":
		return skipped("not asked: needs the client's ID and secret first")
	}
	return failing("CLIENT_SECRET", "compare CLIENT_ID, CLIENT_SECRET and TOKEN_ENDPOINT_AUTH_METHOD with the "+
		"OAuth application ("+c.field(ClientSecret)+")", e.Description,
		"the server refuses the client where the authorization request is pushed (%s)", e.Code).as(nameOf(c.cfg, c.method(), e))
}

// notPushed is where a request ended that the server did not take (RFC 9126 section 2.3).
func (c *checker) notPushed(err error, sent []string) landing {
	e, ok := errors.AsType[*oauth.Error](err)
	if !ok || !e.Theirs || e.Status == http.StatusTooManyRequests {
		return landing{words: c.said(err.Error(), 300)}
	}
	l := landing{kind: wasRefused, status: e.Status, at: c.md.PAR, code: e.Code, words: e.Description}
	l.print = fmt.Sprint(l.kind, l.status, l.code, "|", likeness(l.words, sent...))
	return l
}
