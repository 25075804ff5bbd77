package diagnose

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
	"time"
)

// Result is the outcome of a check.
type Result string

const (
	OK   Result = "ok"   // proved
	Warn Result = "warn" // a weakness, or not to be decided; the flow goes on
	Fail Result = "fail" // a setting is wrong
	Skip Result = "skip" // an earlier failure, or a setting, makes the question meaningless
)

// Finding is the line that a check prints.
type Finding struct {
	Check   string `json:"check"` // stable names, as in the README
	Result  Result `json:"result"`
	Found   string `json:"found"`
	Setting string `json:"setting,omitempty"`     // the variable in .env
	Fix     string `json:"fix,omitempty"`         // what to change, and where
	Server  string `json:"server_says,omitempty"` // its own words
}

func proved(format string, args ...any) Finding {
	return Finding{Result: OK, Found: fmt.Sprintf(format, args...)}
}

func warning(format string, args ...any) Finding {
	return Finding{Result: Warn, Found: fmt.Sprintf(format, args...)}
}

func skipped(format string, args ...any) Finding {
	return Finding{Result: Skip, Found: fmt.Sprintf(format, args...)}
}

// failing is a fail that names the setting, what to do about it, and the server's words if any.
func failing(setting, fix, words, format string, args ...any) Finding {
	return Finding{Result: Fail, Found: fmt.Sprintf(format, args...), Setting: setting, Fix: fix, Server: words}
}

// String is the finding as one line, which ends in its result.
func (f Finding) String() string {
	line := f.Check + ": " + f.Found
	if f.Server != "" {
		line += fmt.Sprintf("; the server says %q", f.Server)
	}
	if f.Fix != "" {
		line += "; " + f.Fix
	}
	return line + " … " + string(f.Result)
}

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

// PrintOptions say how the checks are printed.
type PrintOptions struct {
	JSON     bool // one document instead of lines
	Terminal bool // a person watches
	Timeout  time.Duration
}

// Print is the command check: one line for each check, or one JSON document. The exit code is 1 when
// something failed.
func Print(ctx context.Context, cfg config.Config, w *wire.Client, now func() time.Time, o PrintOptions, out io.Writer) int {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	begin, each := func(string) {}, func(Finding) {}
	if !o.JSON {
		fmt.Fprintln(out, "Nothing that is asked here changes anything at the server.")
		each = func(f Finding) { fmt.Fprintln(out, f.String()) }
	}
	if !o.JSON && o.Terminal { // the line shows what is being asked until it is known
		const back = "\r\x1b[K"
		begin = func(name string) { fmt.Fprint(out, "… "+name) }
		each = func(f Finding) { fmt.Fprintln(out, back+f.String()) }
	}
	r := Run(ctx, cfg, w, now, begin, each)
	if o.JSON {
		e := json.NewEncoder(out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(r); err != nil {
			return 1
		}
	}
	if r.Result == Fail {
		return 1
	}
	return 0
}

// Timeout bounds all checks together.
const Timeout = 15 * time.Second
