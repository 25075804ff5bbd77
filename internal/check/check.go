// Package check finds out which setting is wrong without a user. It asks an authorization server questions that change
// nothing there, each with a control that has a deliberately wrong value, and concludes from the answers alone.
//
// An Observer asks each question once and keeps the answer. A conclusion is a function of these answers, and is also made
// once. A check that needs another one's conclusion asks for it, and reads nothing that a check wrote. So the checks run at
// the same time, and in any order.
package check

import (
	"cmp"
	"context"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/resource"
	"oauth-test-client/internal/wire"
)

// Timeout limits all checks together.
const Timeout = 15 * time.Second

// step is one check.
type step struct {
	name  string
	needs string // the check that must succeed, or this one makes no sense
	start bool   // the program asks it when it starts
	as    bool   // it is asked as the client, so it needs one
	check func(context.Context) causes.Finding
}

// observed returns a check that concludes from answers of the authorization server.
func (c *checker) observed(conclude func(*Observer, context.Context) causes.Finding) func(context.Context) causes.Finding {
	return func(ctx context.Context) causes.Finding { return conclude(c.server(ctx).o, ctx) }
}

// steps lists all checks in the order of the report, which is that of a login.
func (c *checker) steps() []step {
	const begin, client = true, true
	list := []step{
		{"configuration", "", begin, client, c.checkConfiguration},
		{"connection", "", begin, false, c.checkConnection},
		{"metadata", "connection", begin, false, c.checkMetadata},
		{"metadata_flavours", "metadata", false, false, c.checkFlavours},
		{"response_issuer", "metadata", false, false, c.checkResponseIss},
		{"pushed_authorization", "metadata", begin, false, c.checkPAR},
		{"advertised", "metadata", false, client, c.checkAdvertised},
		{"keys", "metadata", begin, false, c.checkKeys},
		{"redirect_uri", "pushed_authorization", begin, client, c.observed((*Observer).concludeRedirect)},
		{"authorization", "redirect_uri", begin, client, c.observed((*Observer).concludeLogin)},
		{"client", "metadata", begin, client, c.checkClient},
		{"pkce", "authorization", false, client, c.observed((*Observer).concludePKCE)},
		{"scopes", "authorization", false, client, c.observed((*Observer).concludeScopes)},
		{"userinfo", "metadata", false, false, c.checkUserinfo},
		{"introspection", "client", false, client, c.checkIntrospection},
		{"revocation", "client", false, client, c.checkRevocation},
		{"api", "", false, false, c.checkAPI},
	}
	if !c.cfg.AtAPI {
		return list
	}
	for i := range list { // each of the others needs what it finds
		list[i].needs = cmp.Or(list[i].needs, "start")
	}
	return append([]step{{"start", "", begin, false, c.checkStart}}, list...)
}

// checkClient finds out whether the client ID, the secret and the method are right. The check of the login reports what is
// wrong with the client ID, or with its grant.
func (c *checker) checkClient(ctx context.Context) causes.Finding {
	s := c.server(ctx)
	ask, conclude := func() { s.o.askClient(ctx, s.o.ours()) }, s.o.concludeClient
	if c.noInventions {
		ask, conclude = func() { s.o.concludeClientAlone(ctx) }, s.o.concludeClientAlone
	}
	ask() // while the others ask
	if causes.IsUnknownID(c.concluded("redirect_uri").Name) {
		return causes.Skipped("skipped: needs a client ID that the server recognizes")
	}
	f := conclude(ctx)
	if f.Name == causes.GrantNotEnabled && c.concluded("authorization").Result == causes.Fail {
		return causes.Proved("the server recognizes the client; the authorization code grant is not enabled (see authorization)")
	}
	return f
}

// prepare sets how each check concludes. It asks nothing yet: a check runs when its conclusion is first needed.
func (c *checker) prepare(ctx context.Context, steps []step) {
	for _, s := range steps {
		concludes := once(func(ctx context.Context) conclusion {
			f, root := c.make(ctx, s)
			f.Check = s.name
			return conclusion{f, root}
		})
		c.conclusions[s.name] = func() conclusion { return concludes(ctx) } // not with the context of the check that asks
	}
}

// run runs the checks at the same time, and reports each in order.
func (c *checker) run(ctx context.Context, steps []step, begin func(name string), report func(causes.Finding)) {
	c.prepare(ctx, steps)
	for _, s := range steps {
		go c.conclusions[s.name]()
	}
	for _, s := range steps {
		begin(s.name)
		report(c.concluded(s.name))
	}
}

// make runs a check, unless the one that it needs failed. The second value is the check that failed first, if any.
func (c *checker) make(ctx context.Context, s step) (causes.Finding, string) {
	if s.needs != "" {
		switch root := c.conclusions[s.needs]().root; root {
		case "":
		case theLimit:
			return stopped(), root
		default:
			return causes.Skipped("skipped: needs %s", neededWords[root]), root
		}
	}
	if s.as && c.cfg.AtAPI && noClient(c.server(ctx).cfg) {
		return noClientYet(), ""
	}
	if c.withholds(ctx, s.name) {
		return notSent(c.server(ctx).cfg), ""
	}
	if ctx.Err() != nil {
		return tooLate(), ""
	}
	watchedCtx, limit := watched(ctx)
	f := s.check(watchedCtx)
	f.Check = s.name
	switch met, got, words := limit.seen(); {
	case got && s.name == "start": // it says so itself, and without it nothing can be asked
	case got:
		f = causes.Warning("the server limits requests (429): wait a minute, then check again").As(causes.RateLimited)
		f.Server = c.sanitized(words, 200)
		return f, theLimit
	case met:
		return stopped(), theLimit
	case ctx.Err() != nil && f.Result == causes.Fail && s.name != "configuration" && s.name != "connection":
		f = tooLate() // the failure may come from our own timeout
	}
	switch {
	case f.Result == causes.Fail && causes.IsUnknownID(f.Name) && s.name == "redirect_uri", f.Result == causes.Skip && s.name == "client":
		return f, "client_id"
	case f.NoAuthorization():
		return f, "authorization_endpoint"
	case f.Result == causes.Skip && s.name == "pushed_authorization" && !f.NoClient:
		return f, "client"
	case f.Result == causes.Fail:
		return f, s.name
	}
	return f, ""
}

// theLimit stands for the check that got a 429: no other check may rely on what it did not find out.
const theLimit = "the limit"

// neededWords names in a sentence each check that others need.
var neededWords = map[string]string{
	"start":                "an API that names its authorization server",
	"connection":           "a server that answers",
	"metadata":             "the server's metadata",
	"pushed_authorization": "a pushed authorization request",
	"redirect_uri":         "a registered redirect URI",

	"authorization_endpoint": "the server's authorization endpoint",
	"authorization":          "a login that starts",
	"client_id":              "a client ID that the server recognizes",
	"client":                 "a client ID and secret that the server accepts",
}

// Run runs every check, knowing only the settings, and returns the report. It calls begin with the name of a check
// before it waits for the finding, and each with the finding, both in order. It ends no later than the context.
func Run(ctx context.Context, cfg config.Effective, w *wire.Client, now func() time.Time, begin func(name string), each func(causes.Finding)) Report {
	return runAll(ctx, newChecker(cfg, resource.NewDiscovery(cfg), w, now), begin, each)
}

func runAll(ctx context.Context, c *checker, begin func(name string), each func(causes.Finding)) Report {
	return c.report(ctx, c.steps(), begin, each)
}

// RunAtStart runs the checks that cost the server next to nothing: whether it is there, has keys, knows the redirect URI,
// and refuses the client. It sends no wrong secret, so it can prove little. The report lists what it leaves out as not
// tested yet. If an API chose the server, it doesn't ask about the client.
func RunAtStart(ctx context.Context, cfg config.Effective, w *wire.Client, now func() time.Time) Report {
	return runFew(ctx, newChecker(cfg, resource.NewDiscovery(cfg), w, now))
}

func runFew(ctx context.Context, c *checker) Report {
	c.noInventions = true
	steps := c.steps()
	for i, s := range steps {
		if !s.start || s.name == "client" && c.cfg.AtAPI {
			steps[i].needs, steps[i].check = "", func(context.Context) causes.Finding { return notYet() }
		}
	}
	return c.report(ctx, steps, func(string) {}, func(causes.Finding) {})
}

func (c *checker) report(ctx context.Context, steps []step, begin func(name string), each func(causes.Finding)) Report {
	r := Report{Result: causes.OK, Issuer: c.cfg.Issuer, ClientID: c.cfg.ClientID, RedirectURI: c.cfg.RedirectURI()}
	limited := false
	c.run(ctx, steps, begin, func(f causes.Finding) {
		if f.Name == causes.RateLimited { // several checks may have met it at once; it is said once
			if limited {
				name := f.Check
				f = stopped()
				f.Check = name
			}
			limited = true
		}
		f.Help = f.Name.Help()
		r.Checks = append(r.Checks, f)
		r.Result = worse(r.Result, f)
		each(f)
	})
	s := c.server(ctx)
	r.Issuer, r.ClientID = s.cfg.Issuer, s.cfg.ClientID // found at the API, perhaps
	return r
}
