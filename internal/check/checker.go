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

// checker has what the checks of one run share. The checks write nothing here: the server is looked for once and each check
// concludes once, at the first call.
type checker struct {
	cfg          config.Effective
	discovery    *resource.Discovery // knows which server the client belongs to
	wire         *wire.Client
	now          func() time.Time
	noInventions bool                         // no wrong secret is sent; set for the checks at the start
	conclusions  map[string]func() conclusion // by check
	server       func(context.Context) *found // finds the server and asks for its metadata
}

// conclusion holds the finding of a check, and the check that failed first, if any.
type conclusion struct {
	finding causes.Finding
	root    string // the check that failed first: this one, or one that it needs; empty if none did
}

func newChecker(cfg config.Effective, discovery *resource.Discovery, w *wire.Client, now func() time.Time) *checker {
	c := &checker{cfg: cfg, discovery: discovery, now: now, conclusions: map[string]func() conclusion{}}
	c.server = once(c.find)
	c.wire = w.Through(func(next http.RoundTripper) http.RoundTripper { return newLimiter(next) })
	return c
}

// once returns a function that calls f the first time, and returns the same value from then on. It waits on a channel, as
// testing/synctest counts a goroutine that waits for a mutex as busy.
func once[A, T any](f func(A) T) func(A) T {
	var began atomic.Bool
	done := make(chan struct{})
	var value T
	return func(arg A) T {
		if began.CompareAndSwap(false, true) {
			value = f(arg)
			close(done)
		}
		<-done
		return value
	}
}

// find finds the server. If the login starts at an API, it asks the API first.
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

// concluded returns the finding of another check, and runs that check if it has not started yet.
func (c *checker) concluded(name string) causes.Finding {
	if conclude := c.conclusions[name]; conclude != nil {
		return conclude().finding
	}
	return causes.Finding{} // this run doesn't have the check
}

// sanitized returns a text of the server in a form that is safe to show: without the client secret, at most n bytes.
func (c *checker) sanitized(text string, n int) string { return wire.Clip(c.cfg.Redact(text), n) }

// status returns the status of an answer in a form that is safe to show.
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

// noClient reports whether the login begins at an API and no client is configured or registered.
func noClient(cfg config.Effective) bool { return cfg.AtAPI && cfg.ClientID == "" }
