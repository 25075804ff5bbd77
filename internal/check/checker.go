package check

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/resource"
	"oauth-test-client/internal/wire"
)

// checker makes the checks of one run.
type checker struct {
	cfg          config.Effective
	discovery    *resource.Discovery // knows which server the client belongs to
	wire         *wire.Client
	now          func() time.Time
	noInventions bool // no wrong secret is sent: what the program does unasked
	runs         map[string]*run

	finding atomic.Bool // the server is being looked for
	isFound chan struct{}
	found   *found // once isFound is closed; see server
}

// run is one check under way.
type run struct {
	done    chan struct{} // closed when the finding is there
	finding causes.Finding
	root    string // the check whose failure makes this one a skip, itself if it failed
}

func newChecker(cfg config.Effective, discovery *resource.Discovery, w *wire.Client, now func() time.Time) *checker {
	c := &checker{cfg: cfg, discovery: discovery, now: now, runs: map[string]*run{}, isFound: make(chan struct{})}
	c.wire = w.Through(func(next http.RoundTripper) http.RoundTripper { return newLimiter(next) })
	return c
}

// server finds the server and asks for its metadata, once. Where the login begins at an API, that is asked first.
func (c *checker) server(ctx context.Context) *found {
	if c.finding.CompareAndSwap(false, true) {
		c.found = c.find(ctx)
		close(c.isFound)
	}
	<-c.isFound
	return c.found
}

func (c *checker) find(ctx context.Context) *found {
	s := &found{cfg: c.cfg}
	if c.cfg.AtAPI {
		at, err := c.discovery.Client(ctx, c.cfg, c.wire, c.now, false)
		if err != nil {
			s.failed = err
			return s
		}
		s.cfg = at.Config()
	}
	s.client = oauth.New(s.cfg, c.wire, c.now)
	ctx, recorder := wire.RecordApart(ctx)
	if s.cfg.Issuer == "" {
		s.first, s.failed = c.wire.Get(ctx, s.cfg.Endpoints.Authorization)
		s.md, _ = s.client.Metadata(ctx) // that of the configuration
	} else {
		s.md, s.failed = s.client.Metadata(ctx)
		if exchanges := recorder.Exchanges(); len(exchanges) > 0 && exchanges[0].Fault == "" {
			s.first = exchanges[0]
		}
	}
	if s.md != nil {
		if s.withheld = !c.discovery.MaySendSecret(s.cfg); s.withheld {
			s.client = s.client.WithoutSecret()
		}
		s.o = NewObserver(s.cfg, s.client, s.md, c.wire)
		s.o.noInventions = c.noInventions || s.withheld
	}
	return s
}

// await waits for another check and returns its finding.
func (c *checker) await(name string) causes.Finding {
	r := c.runs[name]
	if r == nil {
		return causes.Finding{} // it is not asked today
	}
	<-r.done
	return r.finding
}

// sanitized is a text of the server's as it may be shown: without the client secret, at most n bytes.
func (c *checker) sanitized(text string, n int) string { return wire.Clip(c.cfg.Redact(text), n) }

// status is the status of an answer as it may be shown.
func (c *checker) status(e *wire.Exchange) string { return c.sanitized(e.StatusLine(), 300) }

// found is the server of a run: the settings with what was found at the API, and its metadata.
type found struct {
	cfg    config.Effective
	client *oauth.Client
	md     *oauth.Metadata
	failed error          // why there is no metadata
	first  *wire.Exchange // the first answer of the server; nil when none came

	withheld bool      // nothing says that the client secret belongs to this server; it is not sent
	o        *Observer // nil without metadata
}

// noClient reports that the login begins at an API and that no client is configured or registered.
func noClient(cfg config.Effective) bool { return cfg.AtAPI && cfg.ClientID == "" }
