package diagnose

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"oauth-test-client/internal/wire"
)

// checkUserinfo asks userinfo without a token, which must be refused the way RFC 6750 says.
func (c *checker) checkUserinfo(ctx context.Context) Finding {
	if c.md.Userinfo == "" {
		return skipped("the server names no userinfo endpoint")
	}
	e, err := c.wire.Get(ctx, c.md.Userinfo)
	switch {
	case err != nil:
		return warning("%s %v", c.md.Userinfo, err)
	case e.Status == http.StatusUnauthorized && len(e.Challenges()) > 0:
		return proved("refuses a request without a token")
	case e.Status == http.StatusUnauthorized:
		return warning("refuses a request without a token, but names no scheme: WWW-Authenticate is missing (RFC 6750)")
	}
	return warning("answers a request without a token with %s, not with 401 (RFC 6750 section 3)", c.status(e))
}

// checkIntrospection asks about a token that was made up.
func (c *checker) checkIntrospection(ctx context.Context) Finding {
	if c.md.Introspection == "" {
		return skipped("the server names no introspection endpoint")
	}
	e, err := c.oauth.PostAs(ctx, c.oauth.Credentials(c.md), c.md.Introspection, url.Values{"token": {madeUp()}})
	if err != nil {
		return warning("%s %v", c.md.Introspection, err)
	}
	var state struct {
		Active *bool `json:"active"`
	}
	if e.Status == http.StatusOK && json.Unmarshal([]byte(e.ResponseBody), &state) == nil && state.Active != nil {
		if *state.Active {
			return warning("says that a made-up token is active")
		}
		return proved("says that a made-up token is not active")
	}
	if c.cfg.ClientSecret == "" && (e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden || e.Status == http.StatusBadRequest) {
		return proved("is closed to a client without a secret, as it should be (RFC 7662 section 2.1)")
	}
	f := warning("answers %s about a made-up token, not 200 with active: false (RFC 7662 section 2.2)", c.status(e))
	f.Server = c.said(e.Words(), 200)
	return f
}

// checkRevocation revokes a token that was made up, which RFC 7009 section 2.2 calls a success.
func (c *checker) checkRevocation(ctx context.Context) Finding {
	if c.md.Revocation == "" {
		return skipped("the server names no revocation endpoint")
	}
	e, err := c.oauth.PostAs(ctx, c.oauth.Credentials(c.md), c.md.Revocation, url.Values{"token": {madeUp()}})
	switch {
	case err != nil:
		return warning("%s %v", c.md.Revocation, err)
	case e.Status == http.StatusOK && !e.ErrorInside():
		return proved("says that a made-up token is revoked, as it should")
	}
	f := warning("answers %s to a made-up token, not 200 (RFC 7009 section 2.2)", c.status(e))
	if e.ErrorInside() {
		f = warning("answers %s to a made-up token, with an error in the body (RFC 7009 section 2.2)", c.status(e))
	}
	f.Server = c.said(e.Words(), 200)
	return f
}

// checkAPI asks RESOURCE_URL without a token and with a made-up one.
func (c *checker) checkAPI(ctx context.Context) Finding {
	if c.cfg.ResourceURL == "" {
		return skipped("RESOURCE_URL is not set")
	}
	if c.await("connection").Result == Fail && hostOf(c.cfg.ResourceURL) == hostOf(c.cfg.Issuer) {
		return skipped("not asked: needs a server that answers first")
	}
	asAPI := wire.For(ctx, wire.API) // whose redirect is an answer
	var without, with *wire.Exchange
	var err, errWith error
	var both sync.WaitGroup
	both.Go(func() { without, err = c.oauth.AskAPI(asAPI, "") })
	both.Go(func() { with, errWith = c.oauth.AskAPI(asAPI, madeUp()) })
	both.Wait()
	if err = cmp.Or(err, errWith); err != nil {
		return failing("RESOURCE_URL", "check RESOURCE_URL", "", "%s %v", c.cfg.ResourceURL, err).as(APIUnreachable)
	}
	for _, asked := range []struct {
		how string
		e   *wire.Exchange
	}{{"without a token", without}, {"with a made-up token", with}} {
		if f, found := c.otherThanARefusal(asked.how, asked.e); found {
			return f
		}
	}
	challenges, _ := saidByAPI(without) // Bearer may be the second of them
	i := slices.IndexFunc(challenges, func(ch wire.Challenge) bool { return strings.EqualFold(ch.Scheme, "Bearer") })
	switch {
	case i < 0 && len(challenges) > 0:
		return warning("refuses a missing and a made-up token, and wants %s, not a bearer token (RFC 6750)",
			c.said(challenges[0].Scheme, 40)).as(APIWantsAnotherScheme)
	case i < 0:
		return warning("refuses a missing and a made-up token, but names no scheme: WWW-Authenticate is missing (RFC 6750)").as(APIChallengeMissing)
	}
	if address := challenges[i].Params["resource_metadata"]; address != "" {
		return c.checkResourceMetadata(ctx, address)
	}
	return proved("refuses a missing and a made-up token")
}

// otherThanARefusal finds whatever an API answers to a wrong token that is not 401 (RFC 6750 section 3.1).
func (c *checker) otherThanARefusal(how string, e *wire.Exchange) (Finding, bool) {
	switch to := apiAt(c.cfg.ResourceURL, e); {
	case e.Status == http.StatusUnauthorized:
		return Finding{}, false
	case e.Status/100 == 2 && isPage(e):
		return failing("RESOURCE_URL", "set RESOURCE_URL to the API itself", "",
			"a page answers %s, and no API (%s)", how, c.status(e)).as(APIBehindASignInPage), true
	case e.Succeeded():
		return failing("RESOURCE_URL", "the API must check the access token; look at its own settings", "",
			"opens %s (%s)", how, c.status(e)).as(APIOpen), true
	case slices.Contains(noAPI, e.Status):
		return failing("RESOURCE_URL", "set RESOURCE_URL to an address of the API that answers GET", "",
			"there is no API at %s (%s)", c.cfg.ResourceURL, c.status(e)).as(APIUnreachable), true
	case to != "":
		return movedTo(to), true
	}
	f := warning("answers %s %s, not 401 (RFC 6750 section 3.1)", c.status(e), how)
	switch {
	case e.Status/100 == 3:
		f = f.as(APIBehindASignInPage)
	case e.Status >= http.StatusInternalServerError:
		f = f.as(APIFailed)
		f.Fix = "look at the API's own log, or at what stands in front of it"
	}
	return f, true
}

// noAPI are statuses of an address where nothing is that could be called.
var noAPI = []int{http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone}

// checkResourceMetadata asks the API which authorization server it trusts (RFC 9728 section 2).
func (c *checker) checkResourceMetadata(ctx context.Context, address string) Finding {
	if fault := c.oauth.MayNotAsk(address); fault != "" {
		return warning("its resource_metadata %q %s", c.said(address, 200), fault)
	}
	e, err := c.wire.Get(ctx, address)
	if err != nil {
		return warning("its resource_metadata %s %v", address, err)
	}
	var document struct {
		Servers []string `json:"authorization_servers"`
	}
	if e.Status != http.StatusOK || wire.UnmarshalObject([]byte(e.ResponseBody), &document) != nil {
		return warning("its resource_metadata %s answered %s, without metadata", address, c.status(e))
	}
	if len(document.Servers) == 0 { // which is optional
		return proved("refuses a missing and a made-up token")
	}
	if !slices.Contains(document.Servers, c.cfg.Issuer) && c.await("metadata").Result == Fail {
		return skipped("refuses a missing and a made-up token; which server it trusts is not asked: needs the metadata first")
	}
	if !slices.Contains(document.Servers, c.cfg.Issuer) {
		return failing("RESOURCE_URL", "compare ISSUER and RESOURCE_URL: this API does not accept tokens of this server", "",
			"the API trusts %s, not %s", c.said(strings.Join(document.Servers, ", "), 200), c.cfg.Issuer).as(APIWantsAnotherIssuer)
	}
	return proved("refuses a missing and a made-up token").by("trusts %s", c.cfg.Issuer)
}
