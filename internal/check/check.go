// Package diagnose says which setting is wrong: asked in advance (check), or explained after a failure. It also
// tries what a server lets pass (/misuse).
package check

import (
	"cmp"
	"context"
	"net/http"
	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
	"sync"
	"time"
)

// Timeout bounds all checks together.
const Timeout = 15 * time.Second

// checker asks everything that can be known without a user. Nothing it sends changes anything. Checks
// run side by side; what one finds out for another is written before it is done, and read after await.
type Checker struct {
	cfg    config.Config
	wire   *wire.Client
	Oauth  *oauth.Client
	now    func() time.Time
	gate   *gate
	polite bool // no wrong secret is sent
	runs   map[string]*run

	Md           *oauth.Metadata // by metadata
	failed       *oauth.Error    // by connection: why there is no metadata
	landed       landing         // by redirect_uri: where an honest authorization request ended
	unregistered landing         // by redirect_uri: the same with a made-up redirect URI
	stranger     bool            // by redirect_uri: the server does not know the client ID

	askedClient sync.Once
	client      clientAnswer // after askedClient
}

// run is one check under way.
type run struct {
	done    chan struct{} // closed when the finding is there
	finding causes.Finding
	root    string // the check whose failure makes this one a skip, itself if it failed
}

func NewChecker(cfg config.Config, w *wire.Client, now func() time.Time) *Checker {
	c := &Checker{cfg: cfg, now: now, runs: map[string]*run{}}
	c.wire = w.Through(func(next http.RoundTripper) http.RoundTripper {
		c.gate = newGate(next)
		return c.gate
	})
	c.Oauth = oauth.New(cfg, c.wire, now)
	return c
}

// said is a text of the server's as it may be shown: without the client secret, at most n bytes.
func (c *Checker) said(text string, n int) string { return wire.Clip(c.cfg.Hide(text), n) }

// errorCode is a server's error code as it may be shown: one of OAuth's own is no secret.
func (c *Checker) errorCode(code string) string {
	if oauth.IsRegisteredError(code) {
		return code
	}
	return c.said(code, 60)
}

// status is the status of an answer as it may be shown.
func (c *Checker) status(e *wire.Exchange) string { return c.said(e.StatusLine(), 300) }

// step is one check.
type step struct {
	name  string
	needs string // the check without whose success this question makes no sense
	start bool   // the program asks it when it starts
	as    bool   // it is asked as the client, so that there has to be one
	check func(context.Context) causes.Finding
}

// steps are all checks in the order in which they are read, which is that in which a login meets them.
func (c *Checker) steps() []step {
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
		{"redirect_uri", "pushed_authorization", begin, client, c.checkRedirectURI},
		{"authorization", "redirect_uri", begin, client, c.checkAuthorization},
		{"client", "metadata", false, client, c.checkClient},
		{"pkce", "authorization", false, client, c.checkPKCE},
		{"scopes", "authorization", false, client, c.checkScopes},
		{"userinfo", "metadata", false, false, c.checkUserinfo},
		{"introspection", "client", false, client, c.checkIntrospection},
		{"revocation", "client", false, client, c.checkRevocation},
		{"api", "", false, false, c.checkAPI},
	}
	if !c.cfg.AtAPI {
		return list
	}
	for i := range list { // what it finds, each of the others needs
		list[i].needs = cmp.Or(list[i].needs, "start")
	}
	return append([]step{{"start", "", begin, false, c.checkStart}}, list...)
}

// run makes the checks, those that do not depend on each other side by side, and reports each in order.
func (c *Checker) run(ctx context.Context, steps []step, begin func(name string), report func(causes.Finding)) {
	for _, s := range steps {
		c.runs[s.name] = &run{done: make(chan struct{})}
	}
	for _, s := range steps {
		go func() {
			r := c.runs[s.name]
			defer close(r.done)
			r.finding, r.root = c.make(ctx, s)
			r.finding.Check = s.name
			r.finding.Remedy = c.remedy(r.finding)
		}()
	}
	for _, s := range steps {
		begin(s.name)
		report(c.await(s.name))
	}
}

// await waits for another check and returns its finding.
func (c *Checker) await(name string) causes.Finding {
	r := c.runs[name]
	if r == nil {
		return causes.Finding{} // it is not asked today
	}
	<-r.done
	return r.finding
}

// tooLate is the finding of a question that the time did not suffice for.
func tooLate() causes.Finding {
	return causes.Warning("was not decided in time; allow more with -timeout")
}

// stopped is the finding of a question that a 429 came before.
func stopped() causes.Finding {
	return causes.Skipped("not asked: the server wants fewer requests (429)")
}

// make makes a check once the one that it needs is done, unless that failed. The second value is the
// check that failed first, if any.
func (c *Checker) make(ctx context.Context, s step) (causes.Finding, string) {
	if s.needs != "" {
		if needed := c.await(s.needs); needed.Result == causes.Fail || needed.Result == causes.Skip && c.runs[s.needs].root != "" {
			root := c.runs[s.needs].root
			return causes.Skipped("not asked: needs %s first", neededWords[root]), root
		}
	}
	if s.as && c.noClient() {
		return noClientYet(), ""
	}
	if ctx.Err() != nil {
		return tooLate(), ""
	}
	watchedCtx, limit := watched(ctx)
	f := s.check(watchedCtx)
	switch met, got, words := limit.seen(); {
	case got && s.name == "start": // it says so itself, and without it nothing can be asked
	case got:
		f = causes.Warning("the server wants fewer requests (429): wait a minute and check again").As(causes.RateLimited)
		f.Server = c.said(words, 200)
	case met:
		f = stopped()
	case ctx.Err() != nil && f.Result == causes.Fail && s.name != "configuration" && s.name != "connection":
		f = tooLate() // the failure may be our own haste
	}
	switch {
	case f.Result == causes.Fail && s.name == "redirect_uri" && c.stranger, f.Result == causes.Skip && s.name == "client":
		return f, "client_id"
	case f.Result == causes.Skip && s.name == "pushed_authorization" && !c.noClient():
		return f, "client"
	case f.Result == causes.Fail:
		return f, s.name
	}
	return f, ""
}

// neededWords is what a check stands for in a sentence, for those that others need.
var neededWords = map[string]string{
	"start":                "an API that names its authorization server",
	"connection":           "a server that answers",
	"metadata":             "the metadata",
	"pushed_authorization": "a pushed authorization request",
	"redirect_uri":         "the redirect URI",
	"authorization":        "a login that begins",
	"client_id":            "the client ID",
	"client":               "the client's ID and secret",
}

// Run makes every check and returns the report. It calls begin with the name of a check before it waits
// for it, and each with what it found, both in order. It takes no longer than the context.
func Run(ctx context.Context, cfg config.Config, w *wire.Client, now func() time.Time, begin func(name string), each func(causes.Finding)) Report {
	c := NewChecker(cfg, w, now)
	return c.report(ctx, c.steps(), begin, each)
}

// RunAtStart makes the checks that cost the server next to nothing: is it there, has it keys, is the
// redirect URI registered. No wrong secret is sent.
func RunAtStart(ctx context.Context, cfg config.Config, w *wire.Client, now func() time.Time) Report {
	c := NewChecker(cfg, w, now)
	c.polite = true
	var few []step
	for _, s := range c.steps() {
		if s.start {
			few = append(few, s)
		}
	}
	return c.report(ctx, few, func(string) {}, func(causes.Finding) {})
}

func (c *Checker) report(ctx context.Context, steps []step, begin func(name string), each func(causes.Finding)) Report {
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
		r.Checks = append(r.Checks, f)
		if f.Result == causes.Fail || f.Result == causes.Warn && r.Result == causes.OK {
			r.Result = f.Result
		}
		each(f)
	})
	r.Issuer, r.ClientID = c.cfg.Issuer, c.cfg.ClientID // found at the API, perhaps
	return r
}

// remedy is the line to change for what a check has found: the one that it names, else that of its cause.
func (c *Checker) remedy(f causes.Finding) causes.Remedy {
	switch {
	case f.Result != causes.Fail && f.Result != causes.Warn, f.NoLine:
		return causes.Remedy{}
	case f.Line != "":
		return causes.Remedy{Where: causes.InEnv, Line: f.Line}
	}
	return causes.RemedyOf(c.cfg, c.method(), f.Name)
}

// method is how the client authenticates, or "" while the server is not known.
func (c *Checker) method() string {
	md, _ := c.Oauth.Known()
	if md == nil {
		return ""
	}
	return c.Oauth.AuthMethod(md)
}
