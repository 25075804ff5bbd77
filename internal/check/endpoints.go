package check

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/wire"
	"slices"
	"strings"
	"sync"
)

// checkUserinfo asks userinfo without a token, which must be refused the way RFC 6750 says.
func (c *Checker) checkUserinfo(ctx context.Context) causes.Finding {
	if c.Md.Userinfo == "" {
		return causes.Skipped("the server names no userinfo endpoint")
	}
	e, err := c.wire.Get(ctx, c.Md.Userinfo)
	switch {
	case err != nil:
		return causes.Warning("%s %v", c.Md.Userinfo, err)
	case e.Status == http.StatusUnauthorized && len(e.Challenges()) > 0:
		return causes.Proved("refuses a request without a token")
	case e.Status == http.StatusUnauthorized:
		return causes.Warning("refuses a request without a token, but names no scheme: WWW-Authenticate is missing (RFC 6750)")
	}
	return causes.Warning("answers a request without a token with %s, not with 401 (RFC 6750 section 3)", c.status(e))
}

// checkIntrospection asks about a token that was made up.
func (c *Checker) checkIntrospection(ctx context.Context) causes.Finding {
	if c.Md.Introspection == "" {
		return causes.Skipped("the server names no introspection endpoint")
	}
	e, err := c.Oauth.PostAs(ctx, c.Oauth.Credentials(c.Md), c.Md.Introspection, url.Values{"token": {MadeUp()}})
	if err != nil {
		return causes.Warning("%s %v", c.Md.Introspection, err)
	}
	var state struct {
		Active *bool `json:"active"`
	}
	if e.Status == http.StatusOK && json.Unmarshal([]byte(e.ResponseBody), &state) == nil && state.Active != nil {
		if *state.Active {
			return causes.Warning("says that a made-up token is active")
		}
		return causes.Proved("says that a made-up token is not active")
	}
	if c.cfg.ClientSecret == "" && (e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden || e.Status == http.StatusBadRequest) {
		return causes.Proved("is closed to a client without a secret, as it should be (RFC 7662 section 2.1)")
	}
	f := causes.Warning("answers %s about a made-up token, not 200 with active: false (RFC 7662 section 2.2)", c.status(e))
	f.Server = c.said(e.Words(), 200)
	return f
}

// checkRevocation revokes a token that was made up, which RFC 7009 section 2.2 calls a success.
func (c *Checker) checkRevocation(ctx context.Context) causes.Finding {
	if c.Md.Revocation == "" {
		return causes.Skipped("the server names no revocation endpoint")
	}
	e, err := c.Oauth.PostAs(ctx, c.Oauth.Credentials(c.Md), c.Md.Revocation, url.Values{"token": {MadeUp()}})
	switch {
	case err != nil:
		return causes.Warning("%s %v", c.Md.Revocation, err)
	case e.Status == http.StatusOK && !e.ErrorInside():
		return causes.Proved("says that a made-up token is revoked, as it should")
	}
	f := causes.Warning("answers %s to a made-up token, not 200 (RFC 7009 section 2.2)", c.status(e))
	if e.ErrorInside() {
		f = causes.Warning("answers %s to a made-up token, with an error in the body (RFC 7009 section 2.2)", c.status(e))
	}
	f.Server = c.said(e.Words(), 200)
	return f
}

// checkAPI asks RESOURCE_URL without a token and with a made-up one.
func (c *Checker) checkAPI(ctx context.Context) causes.Finding {
	if c.cfg.ResourceURL == "" {
		return causes.Skipped("RESOURCE_URL is not set")
	}
	if c.await("connection").Result == causes.Fail && causes.HostOf(c.cfg.ResourceURL) == causes.HostOf(c.cfg.Issuer) {
		return causes.Skipped("not asked: needs a server that answers first")
	}
	asAPI := wire.For(ctx, wire.API) // whose redirect is an answer
	var without, with *wire.Exchange
	var err, errWith error
	var both sync.WaitGroup
	both.Go(func() { without, err = c.Oauth.AskAPI(asAPI, "") })
	both.Go(func() { with, errWith = c.Oauth.AskAPI(asAPI, MadeUp()) })
	both.Wait()
	if err = cmp.Or(err, errWith); err != nil {
		return causes.Failing("RESOURCE_URL", "check RESOURCE_URL", "", "%s %v", c.cfg.ResourceURL, err).As(causes.APIUnreachable)
	}
	for _, asked := range []struct {
		how string
		e   *wire.Exchange
	}{{"without a token", without}, {"with a made-up token", with}} {
		if f, found := c.otherThanARefusal(asked.how, asked.e); found {
			return f
		}
	}
	challenges, _ := causes.SaidByAPI(without) // Bearer may be the second of them
	i := slices.IndexFunc(challenges, func(ch wire.Challenge) bool { return strings.EqualFold(ch.Scheme, "Bearer") })
	switch {
	case i < 0 && len(challenges) > 0:
		return causes.Warning("refuses a missing and a made-up token, and wants %s, not a bearer token (RFC 6750)",
			c.said(challenges[0].Scheme, 40)).As(causes.APIWantsAnotherScheme)
	case i < 0:
		return causes.Warning("refuses a missing and a made-up token, but names no scheme: WWW-Authenticate is missing (RFC 6750)").As(causes.APIChallengeMissing)
	}
	if address := challenges[i].Params["resource_metadata"]; address != "" {
		return c.checkResourceMetadata(ctx, address)
	}
	return causes.Proved("refuses a missing and a made-up token")
}

// otherThanARefusal finds whatever an API answers to a wrong token that is not 401 (RFC 6750 section 3.1).
func (c *Checker) otherThanARefusal(how string, e *wire.Exchange) (causes.Finding, bool) {
	switch to := causes.ApiAt(c.cfg.ResourceURL, e); {
	case e.Status == http.StatusUnauthorized:
		return causes.Finding{}, false
	case e.Status/100 == 2 && causes.IsPage(e):
		return causes.Failing("RESOURCE_URL", "set RESOURCE_URL to the API itself", "",
			"a page answers %s, and no API (%s)", how, c.status(e)).As(causes.APIBehindASignInPage), true
	case e.Succeeded():
		return causes.Failing("RESOURCE_URL", "the API must check the access token; look at its own settings", "",
			"opens %s (%s)", how, c.status(e)).As(causes.APIOpen), true
	case slices.Contains(noAPI, e.Status):
		return causes.Failing("RESOURCE_URL", "set RESOURCE_URL to an address of the API that answers GET", "",
			"there is no API at %s (%s)", c.cfg.ResourceURL, c.status(e)).As(causes.APIUnreachable), true
	case to != "":
		return causes.MovedTo(to), true
	}
	f := causes.Warning("answers %s %s, not 401 (RFC 6750 section 3.1)", c.status(e), how)
	switch {
	case e.Status/100 == 3:
		f = f.As(causes.APIBehindASignInPage)
	case e.Status >= http.StatusInternalServerError:
		f = f.As(causes.APIFailed)
		f.Fix = "look at the API's own log, or at what stands in front of it"
	}
	return f, true
}

// noAPI are statuses of an address where nothing is that could be called.
var noAPI = []int{http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone}

// checkResourceMetadata asks the API which authorization server it trusts (RFC 9728 section 2).
func (c *Checker) checkResourceMetadata(ctx context.Context, address string) causes.Finding {
	if fault := c.Oauth.MayNotAsk(address); fault != "" {
		return causes.Warning("its resource_metadata %q %s", c.said(address, 200), fault)
	}
	e, err := c.wire.Get(ctx, address)
	if err != nil {
		return causes.Warning("its resource_metadata %s %v", address, err)
	}
	var document struct {
		Servers []string `json:"authorization_servers"`
	}
	if e.Status != http.StatusOK || wire.UnmarshalObject([]byte(e.ResponseBody), &document) != nil {
		return causes.Warning("its resource_metadata %s answered %s, without metadata", address, c.status(e))
	}
	if len(document.Servers) == 0 { // which is optional
		return causes.Proved("refuses a missing and a made-up token")
	}
	if !slices.Contains(document.Servers, c.cfg.Issuer) && c.await("metadata").Result == causes.Fail {
		return causes.Skipped("refuses a missing and a made-up token; which server it trusts is not asked: needs the metadata first")
	}
	if !slices.Contains(document.Servers, c.cfg.Issuer) {
		return causes.Failing("RESOURCE_URL", "compare ISSUER and RESOURCE_URL: this API does not accept tokens of this server", "",
			"the API trusts %s, not %s", c.said(strings.Join(document.Servers, ", "), 200), c.cfg.Issuer).As(causes.APIWantsAnotherIssuer)
	}
	return causes.Proved("refuses a missing and a made-up token").By("trusts %s", c.cfg.Issuer)
}
