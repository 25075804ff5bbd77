package check

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
	"slices"
	"strings"
	"sync"
	"time"
)

// field is the place of a setting in the server's dashboard.
func (c *Checker) field(s causes.Setting) string {
	words := causes.DashboardOf(c.cfg)
	if words.Name == causes.AnyDashboard.Name {
		return "at the server: " + words.Fields[s]
	}
	return words.Name + ": " + words.Fields[s]
}

// at begins a sentence about a setting in the server's dashboard.
func (c *Checker) at(s causes.Setting) string {
	words := causes.DashboardOf(c.cfg)
	if words.Name == causes.AnyDashboard.Name {
		return "at the server, " + words.Fields[s]
	}
	return "in " + words.Name + ", " + words.Fields[s]
}

// checkConfiguration has nothing left to find wrong: a configuration with mistakes is never made. A redirect
// URI that many servers refuse is worth a word only where this server does not say what it thinks of it.
func (c *Checker) checkConfiguration(context.Context) causes.Finding {
	kind := "a confidential client"
	if c.cfg.ClientSecret == "" {
		kind = "a public client"
	}
	uri, err := url.Parse(c.cfg.RedirectURI())
	said := c.await("redirect_uri").Result
	switch {
	case err != nil, said == causes.OK, said == causes.Fail:
	case uri.Scheme == "http" && !config.IsLoopback(uri.Hostname()):
		f := causes.Warning("the redirect URI %s is http on a public host, which most servers refuse", c.cfg.RedirectURI()).As(causes.RedirectURINotHTTPS)
		f.Setting, f.Fix = c.cfg.RedirectVariable(), "use https, or http://localhost"
		return f
	case uri.Hostname() == "127.0.0.1" || uri.Hostname() == "::1":
		f := causes.Warning("the redirect URI %s has an IP address; several servers (Entra, Google, Cognito) take "+
			"localhost only", c.cfg.RedirectURI()).As(causes.RedirectURIIPAddress)
		f.Setting, f.Fix = c.cfg.RedirectVariable(), "if yours refuses it, write "+causes.LocalhostLine(c.cfg)
		return f
	}
	return causes.Proved("%s", kind).By("client ID %s, redirect URI %s", c.cfg.ClientID, c.cfg.RedirectURI())
}

// checkConnection asks the server for anything at all: for its metadata, if it has any.
func (c *Checker) checkConnection(ctx context.Context) causes.Finding {
	address := c.cfg.Endpoints.Authorization
	if c.cfg.Issuer != "" {
		address = oauth.MetadataURLs(c.cfg.Issuer)[0]
	}
	e, err := c.askFirst(ctx, address)
	if err != nil {
		variable := "ISSUER"
		if c.cfg.Clerk {
			variable = "CLERK_PUBLISHABLE_KEY"
		} else if c.cfg.Issuer == "" {
			variable = "AUTHORIZATION_ENDPOINT"
		}
		f := causes.Failing(variable, c.unreachableFix(variable), "", "%s %v", causes.HostOf(address), err).As(causes.UnreachableName(err))
		if wire.Untrusted(err) && !wire.UnknownAuthority(err) {
			f.Fix, f.NoLine = "check the host in "+variable+"; the server needs a certificate that is valid now and for this host", true
		}
		return f
	}
	found := "answers"
	if e.CertExpires.IsZero() {
		found += " over plain http, on this machine"
	} else {
		days := int(e.CertExpires.Sub(c.now()).Hours() / 24)
		found += " over TLS, certificate valid for " + causes.Number(days, "day")
		if days < 7 {
			f := causes.Warning("%s", found).As(causes.CertificateNotTrusted)
			f.Fix, f.NoLine = "renew the certificate", true
			return f
		}
	}
	difference, known := clockDifference(e)
	if known && difference.Abs() > oauth.Leeway {
		f := causes.Warning("%s, but its clock and this machine's are %v apart; ID tokens are "+
			"allowed one minute", found, difference.Abs().Round(time.Second)).As(causes.ClockDiffers)
		f.Fix = "set this machine's clock, or the server's"
		return f
	}
	if known {
		found += ", clocks agree"
	}
	return causes.Proved("%s", found).By("%s", causes.HostOf(address))
}

// unreachableFix says what to look at when nobody answers.
func (c *Checker) unreachableFix(variable string) string {
	if c.cfg.Clerk {
		return "copy " + variable + " again: it holds the host name"
	}
	return "check the host in " + variable + ", and that the server runs"
}

// askFirst asks for the metadata, which the next check reads, and returns the answer to the first
// question of it; of a server without an issuer it asks for an address.
func (c *Checker) askFirst(ctx context.Context, address string) (*wire.Exchange, error) {
	if c.cfg.Issuer == "" {
		e, err := c.wire.Get(ctx, address)
		c.Md, _ = c.Oauth.Metadata(ctx) // that of the configuration
		return e, err
	}
	ctx, recorder := wire.Record(ctx)
	md, err := c.Oauth.Metadata(ctx)
	c.Md = md
	exchanges := recorder.Exchanges()
	if len(exchanges) > 0 && exchanges[0].Fault == "" {
		c.failed, _ = errors.AsType[*oauth.Error](err)
		return exchanges[0], nil
	}
	if failed, ok := errors.AsType[*oauth.Error](err); ok && failed.Cause != nil {
		return nil, failed.Cause
	}
	return nil, errors.New("did not answer in time")
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
func (c *Checker) checkMetadata(ctx context.Context) causes.Finding {
	switch {
	case c.Md != nil && c.Md.Source == "":
		return causes.Proved("not needed: the endpoints are set")
	case c.Md != nil:
		return causes.Proved("found, the issuer matches").By("%s; every endpoint is on https or on this machine", c.Md.Source)
	case c.failed == nil:
		return tooLate()
	}
	f := c.noMetadata().As(causes.MetadataName(c.cfg, c.failed))
	if c.cfg.Clerk {
		f.Setting = "CLERK_PUBLISHABLE_KEY"
	}
	if issuer := c.otherIssuer(ctx, c.failed); issuer != "" {
		f.Line = "ISSUER=" + issuer
		f.Fix = "write " + f.Line
		if f.Name == causes.ServerNotFound {
			f.Name = causes.IssuerDiffers
		}
	}
	return f
}

// noMetadata says why none of the addresses at which metadata may be had any that can be used.
func (c *Checker) noMetadata() causes.Finding {
	const setting = "ISSUER"
	fix := causes.MetadataHint(c.cfg, c.failed)
	if c.failed.Issuer != "" {
		return causes.Failing(setting, fix, "", "the server's issuer is %s, not %s", c.said(c.failed.Issuer, 200), c.cfg.Issuer)
	}
	var lines []string
	for _, t := range c.failed.Tried {
		lines = append(lines, t.URL+" "+t.Answer)
	}
	if len(lines) == 0 {
		return causes.Failing(setting, fix, "", "not found: %s", c.failed.Description)
	}
	return causes.Failing(setting, fix, "", "not found: %s", lines[0]).By("%s", strings.Join(lines[1:], "; "))
}

// otherIssuer returns the issuer that would be right: the one that the server says it is, or Keycloak's
// path with or without its old /auth. It returns "" when none is known.
func (c *Checker) otherIssuer(ctx context.Context, failed *oauth.Error) string {
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
func (c *Checker) checkFlavours(ctx context.Context) causes.Finding {
	if c.Md.Source == "" {
		return causes.Skipped("there is no metadata")
	}
	addresses := oauth.MetadataURLs(c.cfg.Issuer)
	documents := make([]*oauth.Metadata, len(addresses))
	var all sync.WaitGroup
	for i, address := range addresses {
		if documents[i] = c.Md; address != c.Md.Source {
			all.Go(func() { documents[i], _ = c.Oauth.FetchMetadata(ctx, address) })
		}
	}
	all.Wait()
	found := slices.DeleteFunc(documents, func(md *oauth.Metadata) bool { return md == nil })
	for _, md := range found {
		if md.Endpoints != found[0].Endpoints {
			return causes.Warning("%s and %s name different endpoints; this program uses %s", found[0].Source, md.Source, c.Md.Source)
		}
	}
	if len(found) < 2 {
		return causes.Proved("there is one metadata document")
	}
	return causes.Proved("%d documents name the same endpoints", len(found))
}

// checkResponseIss looks for the protection against a mix-up of servers (RFC 9207).
func (c *Checker) checkResponseIss(context.Context) causes.Finding {
	switch {
	case c.Md.Source == "":
		return causes.Skipped("there is no metadata")
	case !c.Md.ResponseIss:
		return causes.Warning("the server does not promise iss in its responses (RFC 9207), so a client of several servers could be confused")
	}
	return causes.Proved("the server promises iss in its responses (RFC 9207)")
}

// checkAdvertised compares the lists in the metadata with what will be asked for. Real servers grant
// and enforce what they do not list, so a list only ever warns.
func (c *Checker) checkAdvertised(context.Context) causes.Finding {
	if c.Md.Source == "" {
		return causes.Skipped("there is no metadata")
	}
	var missing []string
	need := func(list []string, name, value string) {
		if len(list) > 0 && !slices.Contains(list, value) {
			missing = append(missing, value+" in "+name)
		}
	}
	need(c.Md.ResponseTypes, "response_types_supported", "code")
	need(c.Md.GrantTypes, "grant_types_supported", "authorization_code")
	need(c.Md.AuthMethods, "token_endpoint_auth_methods_supported", c.Oauth.AuthMethod(c.Md))
	for _, scope := range c.cfg.Scopes {
		need(c.Md.Scopes, "scopes_supported", scope)
	}
	if !slices.Contains(c.Md.ChallengeMethods, "S256") {
		missing = append(missing, "S256 in code_challenge_methods_supported")
	}
	if len(missing) > 0 {
		return causes.Warning("the metadata does not list %s; many servers support what they do not list", strings.Join(missing, ", "))
	}
	return causes.Proved("the metadata lists everything that a login asks for")
}
