package diagnose

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
	"slices"
	"strings"
	"time"
)

// field is the place of a setting in the server's dashboard.
func (c *checker) field(s Setting) string {
	words := dashboardOf(c.cfg)
	return words.Name + ": " + words.Fields[s]
}

// checkConfiguration has nothing left to find wrong: a configuration with mistakes is never made.
func (c *checker) checkConfiguration(context.Context) Finding {
	kind := "a confidential client"
	if c.cfg.ClientSecret == "" {
		kind = "a public client"
	}
	base, err := url.Parse(c.cfg.BaseURL)
	switch {
	case err != nil:
	case base.Scheme == "http" && !config.IsLoopback(base.Hostname()):
		f := warning("the redirect URI %s is http on a public host, which most servers refuse", c.cfg.RedirectURI()).as(RedirectURINotHTTPS)
		f.Setting, f.Fix = "BASE_URL", "use https, or http://localhost"
		return f
	case base.Hostname() == "127.0.0.1" || base.Hostname() == "::1":
		f := warning("the redirect URI %s has an IP address; several servers (Entra, Google, Cognito) take localhost only", c.cfg.RedirectURI()).as(RedirectURIIPAddress)
		f.Setting, f.Fix = "BASE_URL", "if yours refuses it, write BASE_URL=http://localhost:"+c.cfg.Port
		return f
	}
	return proved("%s, client ID %s, redirect URI %s", kind, c.cfg.ClientID, c.cfg.RedirectURI())
}

// checkConnection asks the server for anything at all.
func (c *checker) checkConnection(ctx context.Context) Finding {
	address := c.cfg.Endpoints.Authorization
	if c.cfg.Issuer != "" {
		address = oauth.MetadataURLs(c.cfg.Issuer)[0]
	}
	u, err := url.Parse(address)
	if err != nil {
		return warning("%v", err)
	}
	e, err := c.wire.Get(ctx, address)
	if err != nil {
		variable := "ISSUER"
		if c.cfg.Clerk {
			variable = "CLERK_PUBLISHABLE_KEY"
		} else if c.cfg.Issuer == "" {
			variable = "AUTHORIZATION_ENDPOINT"
		}
		return failing(variable, "check "+variable, "", "%s %v", u.Host, err).as(unreachableName(err))
	}
	found := u.Host + " answers"
	if e.CertExpires.IsZero() {
		found += " over plain http on this machine"
	} else {
		days := int(e.CertExpires.Sub(c.now()).Hours() / 24)
		found += fmt.Sprintf(" over TLS, with a certificate that is valid for %d more days", days)
		if days < 7 {
			f := warning("%s", found).as(CertificateNotTrusted)
			f.Fix = "have it renewed"
			return f
		}
	}
	difference, known := clockDifference(e)
	if known && difference.Abs() > oauth.Leeway {
		f := warning("%s, but its clock and this machine's are %v apart, more than the minute that ID tokens are allowed", found, difference.Abs().Round(time.Second)).as(ClockDiffers)
		f.Fix = "set this machine's clock, or the server's"
		return f
	}
	if known {
		found += "; the clocks agree"
	}
	return proved("%s", found)
}

// clockDifference compares the server's Date header with our clock. A cached answer has an old one.
func clockDifference(e *wire.Exchange) (time.Duration, bool) {
	date, err := http.ParseTime(e.ResponseHeader.Get("Date"))
	if err != nil || e.ResponseHeader.Get("Age") != "" {
		return 0, false
	}
	return date.Sub(e.Began.Add(e.Took / 2)), true
}

// checkMetadata looks for the metadata wherever it may be, with the issuer exactly as configured.
func (c *checker) checkMetadata(ctx context.Context) Finding {
	md, err := c.oauth.Metadata(ctx)
	if err == nil {
		c.md = md
		if md.Source == "" {
			return proved("none is needed: the endpoints are those of the configuration")
		}
		return proved("%s, with the issuer %s and every endpoint on https or this machine", md.Source, md.Issuer)
	}
	failed, ok := errors.AsType[*oauth.Error](err)
	if !ok {
		return warning("%v", err)
	}
	var lines []string
	for _, t := range failed.Tried {
		lines = append(lines, t.URL+" "+t.Answer)
	}
	f := failing("ISSUER", metadataHint(c.cfg, failed), "", "not found: %s", strings.Join(lines, "; ")).as(metadataName(c.cfg, failed))
	if c.cfg.Clerk {
		f.Setting = "CLERK_PUBLISHABLE_KEY"
	}
	if issuer := c.otherIssuer(ctx, failed); issuer != "" {
		f.Fix = "write ISSUER=" + issuer
	}
	return f
}

// otherIssuer returns the issuer that would be right: the one that the server says it is, or Keycloak's
// path with or without its old /auth. It returns "" when none is known.
func (c *checker) otherIssuer(ctx context.Context, failed *oauth.Error) string {
	if failed.Issuer != "" {
		return failed.Issuer
	}
	u, err := url.Parse(c.cfg.Issuer)
	if err != nil || !strings.Contains(u.Path, "/realms/") {
		return ""
	}
	other := *u
	if without, had := strings.CutPrefix(u.Path, "/auth"); had {
		other.Path = without
	} else {
		other.Path = "/auth" + u.Path
	}
	cfg := c.cfg
	cfg.Issuer = other.String()
	if _, err := oauth.New(cfg, c.wire, c.now).Metadata(ctx); err != nil {
		return ""
	}
	return cfg.Issuer
}

// checkFlavours compares OpenID Connect's metadata with RFC 8414's, where a server has both.
func (c *checker) checkFlavours(ctx context.Context) Finding {
	if c.md.Source == "" {
		return skipped("there is no metadata")
	}
	var found []*oauth.Metadata
	for _, address := range oauth.MetadataURLs(c.cfg.Issuer) {
		if md, _ := c.oauth.FetchMetadata(ctx, address); md != nil {
			found = append(found, md)
		}
	}
	for _, md := range found {
		if md.Endpoints != found[0].Endpoints {
			return warning("%s and %s name different endpoints; %s is believed", found[0].Source, md.Source, c.md.Source)
		}
	}
	if len(found) < 2 {
		return proved("there is one document, and nothing to disagree with it")
	}
	return proved("%d documents name the same endpoints", len(found))
}

// checkResponseIss looks for the protection against a mix-up of servers (RFC 9207).
func (c *checker) checkResponseIss(context.Context) Finding {
	switch {
	case c.md.Source == "":
		return skipped("there is no metadata")
	case !c.md.ResponseIss:
		return warning("the server does not promise iss in its responses (RFC 9207), so a client of several servers could be confused")
	}
	return proved("the server promises iss in its responses (RFC 9207)")
}

// checkPAR fails on the one demand that this client cannot meet.
func (c *checker) checkPAR(context.Context) Finding {
	if c.md.RequiresPAR {
		return failing("", "switch that demand off for this OAuth application (require_pushed_authorization_requests)", "",
			"the server demands pushed authorization requests (RFC 9126), which this client does not support yet").as(PARRequired)
	}
	return proved("pushed authorization requests are not demanded")
}

// checkAdvertised compares the lists in the metadata with what will be asked for. Real servers grant
// and enforce what they do not list, so a list only ever warns.
func (c *checker) checkAdvertised(context.Context) Finding {
	if c.md.Source == "" {
		return skipped("there is no metadata")
	}
	var missing []string
	need := func(list []string, name, value string) {
		if len(list) > 0 && !slices.Contains(list, value) {
			missing = append(missing, value+" in "+name)
		}
	}
	need(c.md.ResponseTypes, "response_types_supported", "code")
	need(c.md.GrantTypes, "grant_types_supported", "authorization_code")
	need(c.md.AuthMethods, "token_endpoint_auth_methods_supported", c.oauth.AuthMethod(c.md))
	for _, scope := range c.cfg.Scopes {
		need(c.md.Scopes, "scopes_supported", scope)
	}
	if !slices.Contains(c.md.ChallengeMethods, "S256") {
		missing = append(missing, "S256 in code_challenge_methods_supported")
	}
	if len(missing) > 0 {
		return warning("the metadata does not list %s; many servers support what they do not list", strings.Join(missing, ", "))
	}
	return proved("the metadata lists everything that will be asked for")
}

// checkKeys fetches the keys that ID tokens are verified with.
func (c *checker) checkKeys(ctx context.Context) Finding {
	if !slices.Contains(c.cfg.Scopes, "openid") {
		return skipped("openid is not asked for, so there is no ID token to verify")
	}
	if c.md.JWKS == "" {
		return failing("SCOPES", "remove openid from SCOPES, or set ISSUER and JWKS_URI", "", "openid is asked for, but the server names no jwks_uri, so no ID token could be verified").as(JWKSUnusable)
	}
	keys, err := c.oauth.LoadKeys(ctx)
	if err != nil {
		return failing("JWKS_URI", "this is the server's to mend, unless JWKS_URI is set", "", "%v", err).as(JWKSUnusable)
	}
	usable := 0
	for _, key := range keys {
		if (key.Use == "" || key.Use == "sig") && (key.Algorithm == "" || slices.Contains(oauth.SigningAlgorithms, key.Algorithm)) {
			usable++
		}
	}
	if usable == 0 {
		return failing("", "choose an asymmetric ID token signature, such as RS256 ("+c.field(IDToken)+")", "", "none of the %d keys at %s can verify an ID token", len(keys), c.md.JWKS).as(JWKSUnusable)
	}
	if algs := c.md.IDTokenAlgs; len(algs) > 0 && !slices.ContainsFunc(algs, func(alg string) bool { return slices.Contains(oauth.SigningAlgorithms, alg) }) {
		f := warning("%d keys can be used, but the server lists only %s for ID tokens, which this client refuses", usable, c.said(strings.Join(algs, ", "), 100)).as(IDTokenSignature)
		f.Fix = "choose RS256 for this OAuth application (" + c.field(IDToken) + ")"
		return f
	}
	return proved("%d usable at %s", usable, c.md.JWKS)
}

// checkUserinfo asks userinfo without a token, which must be refused the way RFC 6750 says.
func (c *checker) checkUserinfo(ctx context.Context) Finding {
	if c.md.Userinfo == "" {
		return skipped("the server names no userinfo endpoint")
	}
	e, err := c.wire.Get(ctx, c.md.Userinfo)
	switch {
	case err != nil:
		return warning("%s %v", c.md.Userinfo, err)
	case e.Status == http.StatusUnauthorized && len(wire.ParseChallenges(e.ResponseHeader.Get("WWW-Authenticate"))) > 0:
		return proved("refuses a request without a token, and says how to bring one")
	case e.Status == http.StatusUnauthorized:
		return warning("refuses a request without a token, but without WWW-Authenticate (RFC 6750 section 3)")
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
	case e.Status == http.StatusOK:
		return proved("takes a made-up token for revoked, as it should")
	}
	f := warning("answers %s to a made-up token, not 200 (RFC 7009 section 2.2)", c.status(e))
	f.Server = c.said(e.Words(), 200)
	return f
}

// checkAPI asks RESOURCE_URL without a token and with a made-up one.
func (c *checker) checkAPI(ctx context.Context) Finding {
	if c.cfg.ResourceURL == "" {
		return skipped("RESOURCE_URL is not set")
	}
	without, err := c.wire.Get(ctx, c.cfg.ResourceURL)
	if err != nil {
		return failing("RESOURCE_URL", "check RESOURCE_URL", "", "%s %v", c.cfg.ResourceURL, err).as(APIUnreachable)
	}
	with, err := c.oauth.GetAs(ctx, c.cfg.ResourceURL, madeUp())
	if err != nil {
		return failing("RESOURCE_URL", "check RESOURCE_URL", "", "%s %v", c.cfg.ResourceURL, err).as(APIUnreachable)
	}
	for _, asked := range []struct {
		how string
		e   *wire.Exchange
	}{{"without a token", without}, {"with a made-up token", with}} {
		if asked.e.Status/100 == 2 {
			return failing("RESOURCE_URL", "the API must check the access token; look at its own settings", "", "opens %s (%s)", asked.how, c.status(asked.e)).as(APIOpen)
		}
		if asked.e.Status != http.StatusUnauthorized {
			return warning("answers %s %s, not 401 (RFC 6750 section 3.1)", c.status(asked.e), asked.how)
		}
	}
	challenges := wire.ParseChallenges(without.ResponseHeader.Get("WWW-Authenticate"))
	i := slices.IndexFunc(challenges, func(ch wire.Challenge) bool { return strings.EqualFold(ch.Scheme, "Bearer") })
	if i < 0 {
		return warning("refuses both, but without a WWW-Authenticate: Bearer (RFC 6750 section 3)").as(APIChallengeMissing)
	}
	if address := challenges[i].Params["resource_metadata"]; address != "" {
		return c.checkResourceMetadata(ctx, address)
	}
	return proved("refuses a missing and a made-up token, and says how to bring one")
}

// checkResourceMetadata asks the API which authorization server it trusts (RFC 9728 section 2).
func (c *checker) checkResourceMetadata(ctx context.Context, address string) Finding {
	if err := config.CheckEndpoint(address); err != nil {
		return warning("its resource_metadata %v", err)
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
	if !slices.Contains(document.Servers, c.cfg.Issuer) {
		return failing("RESOURCE_URL", "tokens of this server will not open it: compare ISSUER and RESOURCE_URL", "",
			"the API trusts %s, not %s", c.said(strings.Join(document.Servers, ", "), 200), c.cfg.Issuer).as(APIWantsAnotherIssuer)
	}
	return proved("refuses a missing and a made-up token, and trusts %s", c.cfg.Issuer)
}
