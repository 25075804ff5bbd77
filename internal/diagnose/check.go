package diagnose

import (
	"context"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// Timeout bounds all checks together.
const Timeout = 15 * time.Second

// said is a text of the server's as it may be shown: without the client secret, at most n bytes.
func (c *checker) said(text string, n int) string { return wire.Clip(c.cfg.Hide(text), n) }

// status is the status of an answer as it may be shown.
func (c *checker) status(e *wire.Exchange) string { return c.said(e.StatusLine(), 300) }

// checker asks everything that can be known without a user. Nothing it sends changes anything.
type checker struct {
	cfg      config.Config
	wire     *wire.Client
	oauth    *oauth.Client
	now      func() time.Time
	results  map[string]Result
	md       *oauth.Metadata // once found
	landed   landing         // where an honest authorization request ended
	stranger bool            // the server does not know the client ID
}

func newChecker(cfg config.Config, w *wire.Client, now func() time.Time) *checker {
	return &checker{cfg: cfg, wire: w, oauth: oauth.New(cfg, w, now), now: now, results: map[string]Result{}}
}

// run makes every check, in order, and reports each as it is done. A check is skipped when the one
// that it needs has failed, and cannot be decided when the time is over.
func (c *checker) run(ctx context.Context, begin func(name string), report func(Finding)) {
	for _, step := range []struct {
		name, needs string
		check       func(context.Context) Finding
	}{
		{"configuration", "", c.checkConfiguration},
		{"connection", "", c.checkConnection},
		{"metadata", "connection", c.checkMetadata},
		{"metadata_flavours", "metadata", c.checkFlavours},
		{"response_issuer", "metadata", c.checkResponseIss},
		{"pushed_authorization", "metadata", c.checkPAR},
		{"advertised", "metadata", c.checkAdvertised},
		{"keys", "metadata", c.checkKeys},
		{"redirect_uri", "pushed_authorization", c.checkRedirectURI},
		{"authorization", "redirect_uri", c.checkAuthorization},
		{"client", "metadata", c.checkClient},
		{"pkce", "authorization", c.checkPKCE},
		{"scopes", "redirect_uri", c.checkScopes},
		{"userinfo", "metadata", c.checkUserinfo},
		{"introspection", "client", c.checkIntrospection},
		{"revocation", "client", c.checkRevocation},
		{"api", "", c.checkAPI},
	} {
		begin(step.name)
		var f Finding
		switch needed := c.results[step.needs]; {
		case needed == Fail || needed == Skip:
			f = skipped("cannot be known while %s is not in order", step.needs)
		case ctx.Err() != nil:
			f = warning("was not decided in time; allow more with -timeout")
		default:
			f = step.check(ctx)
			if ctx.Err() != nil && f.Result == Fail && step.needs != "" && c.md != nil {
				f = warning("was not decided in time; allow more with -timeout") // the failure may be our own haste
			}
		}
		f.Check = step.name
		c.results[step.name] = f.Result
		report(f)
	}
}

// Report is the outcome of all checks, for programs.
type Report struct {
	Result      Result    `json:"result"` // the worst: fail, warn or ok
	Issuer      string    `json:"issuer,omitempty"`
	ClientID    string    `json:"client_id"`
	RedirectURI string    `json:"redirect_uri"`
	Checks      []Finding `json:"checks"`
}

// Run makes every check and returns the report. It calls begin with the name of a check before it is
// made, and each with what it found. It takes no longer than the context.
func Run(ctx context.Context, cfg config.Config, w *wire.Client, now func() time.Time, begin func(name string), each func(Finding)) Report {
	c := newChecker(cfg, w, now)
	r := Report{Result: OK, Issuer: c.cfg.Issuer, ClientID: c.cfg.ClientID, RedirectURI: c.cfg.RedirectURI()}
	c.run(ctx, begin, func(f Finding) {
		r.Checks = append(r.Checks, f)
		if f.Result == Fail || f.Result == Warn && r.Result == OK {
			r.Result = f.Result
		}
		each(f)
	})
	return r
}
