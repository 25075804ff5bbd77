package check

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/resource"
	"oauth-test-client/internal/wire"
)

// What the server says about itself, and how its other endpoints answer.

// checkConfiguration finds no mistakes, as settings with mistakes never get here. It warns of a redirect URI that many
// servers refuse, but only if this server doesn't show whether it does.
func (c *checker) checkConfiguration(context.Context) causes.Finding {
	kind := "a confidential client"
	if c.cfg.ClientSecret == "" {
		kind = "a public client"
	}
	uri, err := url.Parse(c.cfg.RedirectURI())
	said := c.concluded("redirect_uri").Result
	switch {
	case err != nil, said == causes.OK, said == causes.Fail:
	case uri.Scheme == "http" && !config.IsLoopback(uri.Hostname()):
		f := causes.Found(causes.Warn, causes.RedirectURINotHTTPS, causes.Facts{Cfg: c.cfg})
		f.Found = "the redirect URI " + c.cfg.RedirectURI() + " is http on a public host, which most servers refuse"
		return f
	case (uri.Hostname() == "127.0.0.1" || uri.Hostname() == "::1") && !causes.ProviderOf(c.cfg).AcceptsIP:
		f := causes.Found(causes.Warn, causes.RedirectURIIPAddress, causes.Facts{Cfg: c.cfg})
		f.Found = "the redirect URI " + c.cfg.RedirectURI() + " has an IP address, which some servers refuse"
		f.Fix = causes.IfYoursDoes + f.Fix
		return f
	}
	return causes.Proved("%s", kind).By("client ID %s, redirect URI %s", causes.Shortened(c.cfg.ClientID), c.cfg.RedirectURI())
}

// checkConnection asks the server for its metadata, or for its authorization endpoint if it has none.
func (c *checker) checkConnection(ctx context.Context) causes.Finding {
	s := c.server(ctx)
	address := s.cfg.Endpoints.Authorization
	if s.cfg.Issuer != "" {
		address = oauth.MetadataURLs(s.cfg.Issuer)[0]
	}
	host := causes.HostOf(address)
	if s.first == nil {
		err := s.failed
		if e, ok := errors.AsType[*oauth.Error](err); ok {
			err = e.Cause
		}
		if err == nil {
			err = errors.New("did not answer in time")
		}
		f := causes.Found(causes.Fail, causes.Unreachable(err), causes.Facts{Cfg: s.cfg, Kind: oauth.NoAnswer, HTTP: errors.Is(err, http.ErrSchemeMismatch)})
		f.Found = fmt.Sprintf("%s %v", host, err)
		f.Setting = serverVariable(s.cfg)
		if wire.Untrusted(err) && !wire.UnknownAuthority(err) {
			f = f.Look(causes.CertificateOf(f.Setting))
		}
		return f
	}
	found := "answers"
	if s.first.CertExpires.IsZero() {
		found += " over plain http, on this machine"
	} else {
		days := int(s.first.CertExpires.Sub(c.now()).Hours() / 24)
		found += " over TLS, certificate valid for " + causes.Number(days, "day")
		if days < 7 {
			f := causes.Warning("%s", found).As(causes.CertificateNotTrusted)
			return f.Look(causes.RenewCertificate)
		}
	}
	difference, known := clockDifference(s.first)
	if known && difference.Abs() > oauth.Leeway {
		f := causes.Found(causes.Warn, causes.ClockDiffers, causes.Facts{Cfg: s.cfg})
		f.Found = fmt.Sprintf("%s, but its clock and this machine's are %v apart; this app tolerates one minute", found, difference.Abs().Round(time.Second))
		return f
	}
	if known {
		found += ", clocks agree"
	}
	return causes.Proved("%s", found).By("%s", host)
}

// serverVariable returns the line of .env that says which server is meant.
func serverVariable(cfg config.Effective) string {
	switch {
	case cfg.Clerk:
		return "CLERK_PUBLISHABLE_KEY"
	case cfg.Issuer == "":
		return "AUTHORIZATION_ENDPOINT"
	}
	return "ISSUER"
}

// clockDifference compares the server's Date header with our clock. It ignores a cached answer, whose date is old.
func clockDifference(e *wire.Exchange) (time.Duration, bool) {
	date, err := http.ParseTime(e.ResponseHeader.Get("Date"))
	if err != nil || e.ResponseHeader.Get("Age") != "" {
		return 0, false
	}
	return date.Sub(e.Began.Add(e.Took / 2)), true
}

// checkMetadata looks for the metadata at every possible address, with the issuer exactly as configured.
func (c *checker) checkMetadata(ctx context.Context) causes.Finding {
	s := c.server(ctx)
	if s.md != nil && s.md.Source == "" {
		return causes.Proved("not needed: the endpoints are set")
	}
	if s.md != nil {
		return foundMetadata(s.md)
	}
	failed, ok := errors.AsType[*oauth.Error](s.failed)
	if !ok {
		return tooLate()
	}
	return NoMetadata(ctx, s.cfg, c.wire, c.now, failed)
}

// foundMetadata returns the finding of usable metadata, with what other clients may refuse in it.
func foundMetadata(md *oauth.Metadata) causes.Finding {
	f := causes.Proved("found, the issuer matches")
	if len(md.Warnings) > 0 {
		f = causes.Warning("found, the issuer matches; but %s", strings.TrimSuffix(strings.Join(md.Warnings, " "), "."))
	}
	return f.By("%s; every endpoint uses https or is on this machine", md.Source)
}

// NoMetadata concludes why none of the possible addresses has usable metadata. It suggests a different issuer only after
// trying it.
func NoMetadata(ctx context.Context, cfg config.Effective, w *wire.Client, now func() time.Time, failed *oauth.Error) causes.Finding {
	name := causes.OfError(cfg, "", failed)
	facts := causes.FactsOf(cfg, failed)
	if name != causes.RateLimited {
		facts.Value = otherIssuer(ctx, cfg, w, now, failed)
	}
	if name == causes.ServerNotFound && facts.Value != "" {
		name = causes.IssuerDiffers
	}
	if name == causes.TwoHostNames && facts.Value != "" {
		name = causes.IssuerDiffers // it answers there, under its own name
	}
	f := causes.Found(causes.Fail, name, facts)
	f.Setting = serverVariable(cfg)
	switch {
	case failed.Issuer != "":
	case len(failed.Tried) == 0 || failed.Kind == oauth.EndpointNotHTTPS || failed.Kind == oauth.EndpointOnLocal || failed.Kind == oauth.EndpointAddress:
		f.Found = failed.Description
	default:
		var lines []string
		for _, t := range failed.Tried {
			lines = append(lines, t.URL+" "+t.Answer)
		}
		f.Found = "not found: " + lines[0]
		f = f.By("%s", strings.Join(lines[1:], "; "))
	}
	return f
}

// otherIssuer returns the correct issuer, after its metadata was found with that very issuer: the one that the server
// names, or a common different spelling. It returns "" if none is known.
func otherIssuer(ctx context.Context, cfg config.Effective, w *wire.Client, now func() time.Time, failed *oauth.Error) string {
	if cfg.AtAPI || cfg.Demo && strings.TrimSuffix(failed.Issuer, "/") != cfg.Issuer {
		return ""
	}
	theirs := failed.Issuer
	if at, moved := strings.CutSuffix(failed.Answer.Location, "/.well-known/openid-configuration"); moved {
		theirs = at
	}
	for _, issuer := range issuersInsteadOf(cfg, theirs) {
		other := cfg
		other.Issuer = issuer
		u, err := url.Parse(issuer)
		if err != nil || !config.IsSecure(u) || issuer == cfg.Issuer {
			continue
		}
		if _, err := oauth.New(other, w, now).Metadata(ctx); err == nil {
			return issuer
		}
	}
	return ""
}

// issuersInsteadOf lists the issuers that may be meant, the likeliest first: the usual one of the provider, the one that
// the server names, and then common different spellings.
func issuersInsteadOf(cfg config.Effective, theirs string) []string {
	u, err := url.Parse(cfg.Issuer)
	if err != nil {
		return nil
	}
	path := strings.TrimRight(u.Path, "/")
	with := func(path string) string {
		other := *u
		other.Path = path
		return other.String()
	}
	var list []string
	switch p := causes.ProviderOf(cfg); {
	case p.Name == "Microsoft Entra" && !strings.HasSuffix(path, "/v2.0"):
		list = append(list, with(path+"/v2.0"))
	case p.Name == "Okta" && path == "":
		list = append(list, with("/oauth2/default"))
	case p.Name == "Okta":
		list = append(list, with(""))
	case p.Name == "GitHub":
		list = append(list, with("/login/oauth"))
	}
	if theirs != "" && !strings.ContainsAny(theirs, "{}") { // braces are a template's
		list = append(list, theirs)
	}
	if cfg.Clerk {
		return list
	}
	if path != u.Path {
		list = append(list, with(path))
	} else {
		list = append(list, with(path+"/"))
	}
	if strings.Contains(path, "/realms/") { // Keycloak's path with or without its old /auth
		if without, had := strings.CutPrefix(path, "/auth"); had {
			list = append(list, with(without))
		} else {
			list = append(list, with("/auth"+path))
		}
	}
	return list
}

// checkFlavours compares OpenID Connect's metadata with RFC 8414's, if a server has both. A member that only one of them
// has is no contradiction.
func (c *checker) checkFlavours(ctx context.Context) causes.Finding {
	s := c.server(ctx)
	if s.md.Source == "" {
		return causes.Skipped("there is no metadata")
	}
	addresses := oauth.MetadataURLs(s.cfg.Issuer)
	documents := make([]*oauth.Metadata, len(addresses))
	var all sync.WaitGroup
	for i, address := range addresses {
		if documents[i] = s.md; address != s.md.Source {
			all.Go(func() { documents[i], _ = s.client.FetchMetadata(ctx, address) })
		}
	}
	all.Wait()
	documents = slices.DeleteFunc(documents, func(md *oauth.Metadata) bool { return md == nil })
	for _, md := range documents {
		if contradict(md.Endpoints, documents[0].Endpoints) {
			return causes.Warning("%s and %s name different endpoints; this app uses %s", documents[0].Source, md.Source, s.md.Source)
		}
	}
	if len(documents) < 2 {
		return causes.Proved("there is one metadata document")
	}
	return causes.Proved("%d metadata documents name the same endpoints", len(documents))
}

// contradict reports whether two lists of endpoints have different addresses for the same endpoint.
func contradict(a, b config.Endpoints) bool {
	for _, pair := range [][2]string{{a.Authorization, b.Authorization}, {a.Token, b.Token}, {a.Userinfo, b.Userinfo}, {a.Introspection, b.Introspection},
		{a.Revocation, b.Revocation}, {a.EndSession, b.EndSession}, {a.PAR, b.PAR}, {a.JWKS, b.JWKS}} {
		if pair[0] != "" && pair[1] != "" && pair[0] != pair[1] {
			return true
		}
	}
	return false
}

// checkResponseIss checks whether the server protects against a mix-up of servers (RFC 9207).
func (c *checker) checkResponseIss(ctx context.Context) causes.Finding {
	switch md := c.server(ctx).md; {
	case md.Source == "":
		return causes.Skipped("there is no metadata")
	case !md.ResponseIss:
		return causes.Warning("the metadata doesn't promise iss in responses (RFC 9207): a client that uses several servers can mistake one for another")
	}
	return causes.Proved("the metadata promises iss in responses (RFC 9207)")
}

// checkAdvertised compares the lists in the metadata with what a login asks for. Real servers grant and enforce more than
// they list, so a list is only a warning, unless this app supports nothing in it.
func (c *checker) checkAdvertised(ctx context.Context) causes.Finding {
	s := c.server(ctx)
	if s.md.Source == "" {
		return causes.Skipped("there is no metadata")
	}
	if name := methodNotSpoken(s.md.AuthMethods); name != "" {
		f := s.o.finding(name, "", causes.Facts{}).By("token_endpoint_auth_methods_supported is %s", c.sanitized(strings.Join(s.md.AuthMethods, ", "), 200))
		return f
	}
	if name := modeNotSpoken(s.md.ResponseModes); name != "" {
		f := s.o.finding(name, "", causes.Facts{}).By("response_modes_supported is %s", c.sanitized(strings.Join(s.md.ResponseModes, ", "), 200))
		f.Result, f.Found = causes.Warn, "the metadata doesn't list the response mode query, which this app uses"
		return f
	}
	var missing []string
	need := func(list []string, name string, values ...string) {
		absent := slices.DeleteFunc(slices.Clone(values), func(v string) bool { return slices.Contains(list, v) })
		if len(list) > 0 && len(absent) > 0 {
			missing = append(missing, strings.Join(absent, ", ")+" in "+name)
		}
	}
	need(s.md.ResponseTypes, "response_types_supported", "code")
	need(s.md.ResponseModes, "response_modes_supported", "query")
	need(s.md.GrantTypes, "grant_types_supported", "authorization_code")
	need(s.md.AuthMethods, "token_endpoint_auth_methods_supported", s.client.AuthMethod(s.md))
	need(s.md.Scopes, "scopes_supported", s.cfg.Scopes...)
	if !slices.Contains(s.md.ChallengeMethods, "S256") {
		missing = append(missing, "S256 in code_challenge_methods_supported")
	}
	if len(missing) > 0 {
		return causes.Warning("the metadata doesn't list %s; many servers support what they don't list", strings.Join(missing, ", "))
	}
	return causes.Proved("the metadata lists everything that a login asks for")
}

// modeNotSpoken returns the cause if a server lists a single response mode, and this app doesn't read it. Signed or
// encrypted modes don't count. A server that lists two others may use either.
func modeNotSpoken(modes []string) causes.Name {
	form, fragment := slices.Contains(modes, "form_post"), slices.Contains(modes, "fragment")
	switch {
	case slices.Contains(modes, "query") || form == fragment:
		return ""
	case form:
		return causes.FormPostRequired
	}
	return causes.ResponseInFragment
}

// checkKeys fetches the keys for verifying ID tokens.
func (c *checker) checkKeys(ctx context.Context) causes.Finding {
	s := c.server(ctx)
	if !slices.Contains(s.cfg.Scopes, "openid") {
		return causes.Skipped("openid is not requested, so there is no ID token to verify")
	}
	if s.md.Issuer == "" {
		f := s.o.finding(causes.IssuerMissing, "", causes.Facts{})
		f.Found = "SCOPES has openid, and ISSUER is not set: no ID token could be verified"
		return f
	}
	accepts := func(alg string) bool { return s.client.Accepts(s.md, alg) }
	byKeys := slices.ContainsFunc(s.md.IDTokenAlgs, func(alg string) bool { return alg != oauth.HS256 && accepts(alg) })
	symmetric := len(s.md.IDTokenAlgs) > 0 && !byKeys
	keys, err := c.loadKeys(ctx, s)
	usable := s.usableKeys(keys)
	switch {
	case symmetric && accepts(oauth.HS256) && usable == 0:
		return causes.Proved("the client secret: the server signs ID tokens with HS256").By("the metadata lists %s", c.sanitized(strings.Join(s.md.IDTokenAlgs, ", "), 100))
	case symmetric:
		return c.symmetricOnly(s, usable)
	case s.md.JWKS == "":
		f := s.o.finding(causes.JWKSUnusable, "", causes.Facts{Member: "jwks_uri"})
		f.Found = "SCOPES has openid, but the server names no jwks_uri, so no ID token could be verified"
		return f
	case err != nil:
		fault, ok := errors.AsType[*oauth.Error](err)
		if !ok {
			return tooLate()
		}
		f := s.o.finding(causes.JWKSUnusable, "", causes.FactsOf(s.cfg, fault))
		f.Found, f.Server = fault.Description, ""
		return s.o.orMetadata(f, keySet)
	case usable == 0:
		f := s.o.finding(causes.JWKSUnusable, "", causes.Facts{})
		f.Found = keysWords(keys, s.md.JWKS)
		return s.o.orMetadata(f, keySet)
	}
	return causes.Proved("%s", causes.Number(usable, "key")).By("%s", s.md.JWKS)
}

// keysWords describes a set of keys in which none is usable.
func keysWords(keys *oauth.KeySet, at string) string {
	switch unreadable := keys.DescribeUnreadable(); {
	case unreadable != "" && len(keys.Keys) == 0:
		return "no key at " + at + " can verify an ID token (" + unreadable + ")"
	case unreadable != "":
		return fmt.Sprintf("none of the %d keys at %s can verify an ID token (%s)", len(keys.Keys)+len(keys.Unreadable), at, unreadable)
	case len(keys.Keys) == 0:
		return "there is no key at " + at
	case len(keys.Keys) == 1:
		return "the only key at " + at + " can't verify an ID token"
	}
	return fmt.Sprintf("none of the %d keys at %s can verify an ID token", len(keys.Keys), at)
}

// loadKeys fetches the keys, if they have an address.
func (c *checker) loadKeys(ctx context.Context, s *found) (*oauth.KeySet, error) {
	if s.md.JWKS == "" {
		return new(oauth.KeySet), nil
	}
	return s.client.LoadKeySet(ctx)
}

// usableKeys counts the keys that can verify an ID token.
func (s *found) usableKeys(keys *oauth.KeySet) int {
	usable := 0
	if keys == nil {
		return 0
	}
	for _, key := range keys.Keys {
		if (key.Use == "" || key.Use == "sig") && (key.Algorithm == "" || key.Algorithm != oauth.HS256 && s.client.Accepts(s.md, key.Algorithm)) {
			usable++
		}
	}
	return usable
}

// symmetricOnly returns the finding that, according to its metadata, the server signs ID tokens with a key that this app
// doesn't use. Then a login fails for that reason. If there are usable keys, the metadata may be wrong.
func (c *checker) symmetricOnly(s *found, usable int) causes.Finding {
	facts := causes.Facts{Found: c.sanitized(strings.Join(s.md.IDTokenAlgs, ", "), 100)}
	if slices.Contains(s.md.IDTokenAlgs, oauth.HS256) && len(s.cfg.ClientSecret) < oauth.MinHS256Secret {
		facts.Found, facts.Expected = oauth.HS256, oauth.HS256
	}
	f := s.o.finding(causes.IDTokenAlgorithm, "", facts)
	if usable > 0 {
		f.Result = causes.Warn
		f.Found = fmt.Sprintf("%s can be used, but according to the metadata, the server signs ID tokens only with %s", causes.Number(usable, "key"), c.sanitized(strings.Join(s.md.IDTokenAlgs, ", "), 100))
	}
	return f
}

// checkUserinfo asks userinfo without a token. The server must refuse that as in RFC 6750.
func (c *checker) checkUserinfo(ctx context.Context) causes.Finding {
	s := c.server(ctx)
	if s.md.Userinfo == "" {
		return causes.Skipped("the server names no userinfo endpoint")
	}
	if f, ok := s.o.swapped(userinfoEndpoint); ok {
		return f
	}
	e, err := c.wire.Get(ctx, s.md.Userinfo)
	switch {
	case err != nil:
		f := causes.Warning("%s %v", s.md.Userinfo, err)
		return s.o.look(f, userinfoEndpoint)
	case e.Status == http.StatusUnauthorized && len(e.Challenges()) > 0:
		return causes.Proved("refuses a request without a token")
	case e.Status == http.StatusUnauthorized:
		return causes.Warning("refuses a request without a token, but names no scheme: WWW-Authenticate is missing (RFC 6750)")
	}
	f := causes.Warning("returns %s for a request without a token, not 401 (RFC 6750 section 3)", c.status(e))
	return s.o.look(f, userinfoEndpoint)
}

// checkIntrospection asks about an invented token.
func (c *checker) checkIntrospection(ctx context.Context) causes.Finding {
	s := c.server(ctx)
	if s.md.Introspection == "" {
		return causes.Skipped("the server names no introspection endpoint")
	}
	if f, ok := s.o.swapped(introspectionEndpoint); ok {
		return f
	}
	e, err := s.client.Introspect(ctx, "access_token", wire.Invented())
	if err != nil {
		return s.o.look(notUsable(err), introspectionEndpoint)
	}
	var state struct {
		Active *bool `json:"active"`
	}
	if e.Status == http.StatusOK && json.Unmarshal([]byte(e.ResponseBody), &state) == nil && state.Active != nil {
		if *state.Active {
			return causes.Warning("says that an invented token is active")
		}
		return causes.Proved("says that an invented token is not active")
	}
	if s.cfg.ClientSecret == "" && (e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden || e.Status == http.StatusBadRequest) {
		return causes.Proved("is closed to a client without a secret, as it should be (RFC 7662 section 2.1)")
	}
	f := causes.Warning("returns %s for an invented token, not 200 with active: false (RFC 7662 section 2.2)", c.status(e))
	if why := causes.ExplainIntrospection(s.cfg, e); why != nil {
		f = f.Look(why.Fix)
	}
	f.Server = c.sanitized(e.Words(), 200)
	return f
}

// notUsable returns the finding of an endpoint that doesn't answer, fails, or redirects.
func notUsable(err error) causes.Finding {
	e, ok := errors.AsType[*oauth.Error](err)
	if !ok {
		return tooLate()
	}
	f := causes.Warning("%s", strings.TrimSuffix(causes.LowerFirst(e.Description), "."))
	if e.Kind == oauth.ServerFailed {
		f = f.As(causes.ServerFailed)
	}
	f.Server = e.Said
	return f
}

// checkRevocation revokes an invented token, which RFC 7009 section 2.2 calls a success.
func (c *checker) checkRevocation(ctx context.Context) causes.Finding {
	s := c.server(ctx)
	if s.md.Revocation == "" {
		return causes.Skipped("the server names no revocation endpoint")
	}
	if f, ok := s.o.swapped(revocationEndpoint); ok {
		return f
	}
	e, err := s.client.Revoke(ctx, "access_token", wire.Invented())
	switch {
	case err != nil:
		return s.o.look(notUsable(err), revocationEndpoint)
	case e.Succeeded(): // some answer 204
		return causes.Proved("accepts an invented token, as it should (RFC 7009 section 2.2)")
	case e.Refusal().Code == "unsupported_token_type":
		f := causes.Warning("does not revoke this kind of token (RFC 7009 section 2.2.1)")
		f.Server = c.sanitized(e.Words(), 200)
		return f.Look(causes.NotRevoked)
	}
	f := causes.Warning("returns %s for an invented token, not 200 (RFC 7009 section 2.2)", c.status(e))
	if e.ErrorInside() {
		f = causes.Warning("returns %s for an invented token, with an error in the body (RFC 7009 section 2.2)", c.status(e))
	}
	f.Server = c.sanitized(e.Words(), 200)
	return s.o.look(f, revocationEndpoint)
}

// checkPAR finds out whether the server accepts a pushed authorization request (RFC 9126), if logins start with one. The
// checks that follow handle a refusal of its redirect URI or its scopes.
func (c *checker) checkPAR(ctx context.Context) causes.Finding {
	s := c.server(ctx)
	switch {
	case !s.client.Pushes(s.md):
		return causes.Proved("pushed authorization requests are not required")
	case s.md.PAR == "" && s.md.RequiresPAR:
		f := s.o.finding(causes.PARNowhere, "", causes.Facts{})
		f.Found = "the server's metadata contradicts itself: it requires pushed authorization requests, and names no " +
			"pushed_authorization_request_endpoint (RFC 9126 section 5)"
		return f
	case s.md.PAR == "":
		return causes.Failing("PAR", causes.RemovePAR, "", "PAR is on, and the server's metadata names no pushed_authorization_request_endpoint")
	case noClient(s.cfg):
		return noClientYet()
	}
	_, err := s.client.AddressOf(ctx, s.md, s.o.request(Login{}))
	e, refused := errors.AsType[*oauth.Error](err)
	if !refused {
		return causes.Proved("the server accepts a pushed authorization request")
	}
	method := s.client.AuthMethod(s.md)
	name := causes.OfError(s.cfg, method, e)
	switch {
	case !e.Theirs:
		f := causes.Failing("", causes.FixOnTheServer, e.Said, "%s", e.Description)
		return f.As(name)
	case !causes.IsAboutClient(name):
		return causes.Proved("the server answers a pushed authorization request")
	case !c.noInventions && s.o.askClient(ctx, s.o.ours()).no != "":
		return causes.Skipped("skipped: needs a client ID and secret that the server accepts")
	}
	f := s.o.finding(name, e.Description, causes.Facts{})
	f.Found = "the server refuses the client at the pushed authorization request endpoint (" + e.Code + ")"
	return f
}

// checkAPI asks RESOURCE_URL without a token and with an invented one.
func (c *checker) checkAPI(ctx context.Context) causes.Finding {
	if c.cfg.ResourceURL == "" {
		return causes.Skipped("RESOURCE_URL is not set")
	}
	c.concluded("connection") // which looks for the server, and says why there is none
	s := c.server(ctx)
	if s.first == nil && causes.HostOf(s.cfg.ResourceURL) == causes.HostOf(s.cfg.Issuer) {
		return causes.Skipped("skipped: needs a server that answers")
	}
	asAPI := wire.For(ctx, wire.API) // whose redirect is an answer
	var without, with *wire.Exchange
	var err, errWith error
	var both sync.WaitGroup
	both.Go(func() { without, err = s.client.AskAPI(asAPI, "") })
	both.Go(func() { with, errWith = s.client.AskAPI(asAPI, wire.Invented()) })
	both.Wait()
	if err = cmp.Or(err, errWith); err != nil {
		f := causes.Found(causes.Fail, causes.APIUnreachable, causes.Facts{Cfg: s.cfg, HTTP: errors.Is(err, http.ErrSchemeMismatch)})
		f.Setting, f.Found = "RESOURCE_URL", fmt.Sprintf("%s %v", s.cfg.ResourceURL, err)
		return f
	}
	for _, asked := range []struct {
		how string
		e   *wire.Exchange
	}{{"without a token", without}, {"with an invented token", with}} {
		if f, found := c.otherThanARefusal(s, asked.how, asked.e); found {
			return f
		}
	}
	challenges := without.Challenges() // Bearer may be the second of them
	i := slices.IndexFunc(challenges, func(ch wire.Challenge) bool { return strings.EqualFold(ch.Scheme, "Bearer") })
	switch {
	case i < 0 && len(challenges) > 0:
		return causes.Warning("rejects calls without a token and with an invented one, and wants %s, not a bearer token (RFC 6750)",
			c.sanitized(challenges[0].Scheme, 40)).As(causes.APIWantsAnotherScheme)
	case i < 0:
		return causes.Warning("rejects calls without a token and with an invented one, but names no scheme: WWW-Authenticate is missing (RFC 6750)").As(causes.APIChallengeMissing)
	}
	if address := challenges[i].Params["resource_metadata"]; address != "" {
		return c.checkResourceMetadata(ctx, s, address)
	}
	return causes.Proved("rejects calls without a token and with an invented one")
}

// otherThanARefusal returns the finding if an API answers a wrong token with anything but 401 (RFC 6750 section 3.1).
func (c *checker) otherThanARefusal(s *found, how string, e *wire.Exchange) (causes.Finding, bool) {
	found := func(name causes.Name, format string, args ...any) (causes.Finding, bool) {
		f := causes.Found(causes.Fail, name, causes.Facts{Cfg: s.cfg})
		f.Setting, f.Found = "RESOURCE_URL", fmt.Sprintf(format, args...)
		return f, true
	}
	switch to := causes.APIAt(s.cfg.ResourceURL, e); {
	case e.Status == http.StatusUnauthorized:
		return causes.Finding{}, false
	case e.Status/100 == 2 && causes.IsPage(e):
		return found(causes.APIBehindASignInPage, "%s, a page answers, not an API (%s)", how, c.status(e))
	case e.Succeeded():
		return found(causes.APIOpen, "accepts a call %s (%s)", how, c.status(e))
	case slices.Contains(noAPI, e.Status):
		f, _ := found(causes.APIUnreachable, "the API doesn't answer GET at %s (%s)", s.cfg.ResourceURL, c.status(e))
		return f.Look(causes.APIThatAnswersGET), true
	case to != "":
		return causes.MovedTo(s.cfg, to), true
	}
	f := causes.Warning("%s it returns %s, instead of 401 (RFC 6750 section 3.1)", how, c.status(e))
	switch {
	case e.Status/100 == 3:
		f = f.As(causes.APIBehindASignInPage)
	case e.Status >= http.StatusInternalServerError:
		f = f.As(causes.APIFailed)
		f.Fix = causes.Of(causes.APIFailed).Fix(causes.Facts{Cfg: s.cfg}).Text
	}
	return f, true
}

// noAPI lists the statuses of an address without an API.
var noAPI = []int{http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone}

// checkResourceMetadata asks the API which authorization server it trusts (RFC 9728 section 2).
func (c *checker) checkResourceMetadata(ctx context.Context, s *found, address string) causes.Finding {
	if fault := resource.MayNotAsk(address, s.client.Config().ResourceURL); fault != "" {
		return causes.Warning("its resource_metadata %q %s", c.sanitized(address, 200), fault)
	}
	e, err := c.wire.Get(ctx, address)
	if err != nil {
		return causes.Warning("its resource_metadata %s %v", address, err)
	}
	var document struct {
		Servers []string `json:"authorization_servers"`
	}
	if e.Status != http.StatusOK || wire.UnmarshalObject([]byte(e.ResponseBody), &document) != nil {
		return causes.Warning("its resource_metadata %s returned %s, without metadata", address, c.status(e))
	}
	if len(document.Servers) == 0 { // which is optional
		return causes.Proved("rejects calls without a token and with an invented one")
	}
	if !slices.Contains(document.Servers, s.cfg.Issuer) && s.md == nil {
		return causes.Skipped("rejects calls without a token and with an invented one; which server it trusts isn't checked, as that needs the server's metadata")
	}
	if !slices.Contains(document.Servers, s.cfg.Issuer) {
		f := causes.Found(causes.Fail, causes.APIWantsAnotherIssuer, causes.Facts{Cfg: s.cfg})
		f.Setting = "RESOURCE_URL"
		f.Found = fmt.Sprintf("the API trusts %s, not %s", c.sanitized(strings.Join(document.Servers, ", "), 200), s.cfg.Issuer)
		return f
	}
	return causes.Proved("rejects calls without a token and with an invented one").By("trusts %s", s.cfg.Issuer)
}

// checkStart asks the API which authorization server issues its tokens, without registering a client. Every other check
// uses the result.
func (c *checker) checkStart(ctx context.Context) causes.Finding {
	s := c.server(ctx)
	if s.failed != nil && s.client == nil {
		e, ok := errors.AsType[*oauth.Error](s.failed)
		if !ok {
			return tooLate()
		}
		return c.startFailed(e)
	}
	if md, _ := s.client.Known(); s.cfg.ClientID == "" && md != nil && md.Registration == "" {
		return c.startFailed(&oauth.Error{Step: wire.Registration, Kind: oauth.RegistrationNotOffered, Code: oauth.CodeNotRegistered,
			Description: "the authorization server " + s.cfg.Issuer + " doesn't support dynamic client registration, and CLIENT_ID is not set"})
	}
	if md, _ := s.client.Known(); s.cfg.IsClientDocument() && md != nil && !md.ClientDocuments {
		f := causes.Found(causes.Warn, causes.ClientDocumentNotSupported, causes.Facts{Cfg: s.cfg})
		f.Found = "CLIENT_ID is the address of a client ID metadata document, and " + s.cfg.Issuer + " doesn't announce support for those"
		f.Fix = causes.IfItRefuses + f.Fix
		return f
	}
	f := causes.Proved("the API names %s", s.cfg.Issuer).By("tokens are for %s, scopes: %s",
		c.sanitized(s.cfg.Found.Resource, 200), cmp.Or(strings.Join(s.cfg.Scopes, " "), "none, the server decides"))
	if s.cfg.Found.Resource != s.cfg.ResourceURL {
		f.Found += ", for " + c.sanitized(s.cfg.Found.Resource, 200) + ", which contains this API"
	}
	return f
}

// startFailed returns the finding of an API at which no login can start.
func (c *checker) startFailed(e *oauth.Error) causes.Finding {
	f := causes.Found(causes.Fail, causes.OfError(c.cfg, "", e), causes.FactsOf(c.cfg, e))
	f.Setting = "RESOURCE_URL"
	if e.Step == wire.Registration {
		f.Setting = "CLIENT_ID"
	}
	if f.Server = e.Said; e.Theirs {
		f.Server = e.Description
	}
	f.Found = strings.TrimSuffix(e.Description, ".")
	f.Found = causes.LowerFirst(f.Found)
	if len(e.Tried) > 0 && e.Kind != oauth.APINotFound {
		if last := e.Tried[len(e.Tried)-1]; !strings.Contains(f.Found, last.Answer) {
			f.Found += ": " + last.URL + " " + last.Answer
		}
	}
	f.Fix = cmp.Or(f.Fix, "Check that the API is running.")
	return f
}
