package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
	"time"
)

// outcome of a check.
type verdictWord string

const (
	isOK   verdictWord = "ok"   // proved
	isWarn verdictWord = "warn" // a weakness, or not to be decided; the flow goes on
	isFail verdictWord = "fail" // a setting is wrong
	isSkip verdictWord = "skip" // an earlier failure, or a setting, makes the question meaningless
)

// finding is the line that a check prints.
type finding struct {
	Check   string      `json:"check"` // stable names, as in the README
	Result  verdictWord `json:"result"`
	Found   string      `json:"found"`
	Setting string      `json:"setting,omitempty"`     // the variable in .env
	Fix     string      `json:"fix,omitempty"`         // what to change, and where
	Server  string      `json:"server_says,omitempty"` // its own words
}

func ok(format string, args ...any) finding {
	return finding{Result: isOK, Found: fmt.Sprintf(format, args...)}
}
func warn(format string, args ...any) finding {
	return finding{Result: isWarn, Found: fmt.Sprintf(format, args...)}
}
func skip(format string, args ...any) finding {
	return finding{Result: isSkip, Found: fmt.Sprintf(format, args...)}
}

// failing is a fail that names the setting, what to do about it, and the server's words if any.
func failing(setting, fix, words, format string, args ...any) finding {
	return finding{Result: isFail, Found: fmt.Sprintf(format, args...), Setting: setting, Fix: fix, Server: words}
}

// String is the finding as one line, which ends in its result.
func (f finding) String() string {
	line := f.Check + ": " + f.Found
	if f.Server != "" {
		line += fmt.Sprintf("; the server says %q", f.Server)
	}
	if f.Fix != "" {
		line += "; " + f.Fix
	}
	return line + " … " + string(f.Result)
}

// checker asks everything that can be known without a user. Nothing it sends changes anything.
type checker struct {
	cfg      config.Config
	provider *provider
	now      func() time.Time
	results  map[string]verdictWord
	md       *metadata // once found
	landed   landing   // where an honest authorization request ended
	stranger bool      // the server does not know the client ID
}

func newChecker(cfg config.Config, w *wire.Client, now func() time.Time) *checker {
	return &checker{cfg: cfg, provider: newProvider(cfg, w), now: now, results: map[string]verdictWord{}}
}

// run makes every check, in order, and reports each as it is done. A check is skipped when the one
// that it needs has failed, and cannot be decided when the time is over.
func (c *checker) run(ctx context.Context, begin func(name string), report func(finding)) {
	for _, step := range []struct {
		name, needs string
		check       func(context.Context) finding
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
		var f finding
		switch needed := c.results[step.needs]; {
		case needed == isFail || needed == isSkip:
			f = skip("cannot be known while %s is not in order", step.needs)
		case ctx.Err() != nil:
			f = warn("was not decided in time; allow more with -timeout")
		default:
			f = step.check(ctx)
			if ctx.Err() != nil && f.Result == isFail && step.needs != "" && c.md != nil {
				f = warn("was not decided in time; allow more with -timeout") // the failure may be our own haste
			}
		}
		f.Check = step.name
		f.Found, f.Fix, f.Server = c.provider.hide.Replace(f.Found), c.provider.hide.Replace(f.Fix), c.provider.hide.Replace(f.Server)
		c.results[step.name] = f.Result
		report(f)
	}
}

// report is the outcome of all checks, for programs.
type report struct {
	Result      verdictWord `json:"result"` // the worst: fail, warn or ok
	Issuer      string      `json:"issuer,omitempty"`
	ClientID    string      `json:"client_id"`
	RedirectURI string      `json:"redirect_uri"`
	Checks      []finding   `json:"checks"`
}

// checkAll makes every check within the time and returns the report.
func checkAll(ctx context.Context, c *checker, timeout time.Duration, begin func(name string), each func(finding)) report {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r := report{Result: isOK, Issuer: c.cfg.Issuer, ClientID: c.cfg.ClientID, RedirectURI: c.cfg.RedirectURI()}
	c.run(ctx, begin, func(f finding) {
		r.Checks = append(r.Checks, f)
		if f.Result == isFail || f.Result == isWarn && r.Result == isOK {
			r.Result = f.Result
		}
		each(f)
	})
	return r
}

// printChecks is the command: one line per check, or one JSON document. The exit code is 1 when
// something failed.
func printChecks(ctx context.Context, c *checker, timeout time.Duration, asJSON, terminal bool, out io.Writer) int {
	begin, each := func(string) {}, func(finding) {}
	if !asJSON {
		fmt.Fprintln(out, "Nothing that is asked here changes anything at the server.")
		each = func(f finding) { fmt.Fprintln(out, f.String()) }
	}
	if !asJSON && terminal { // the line shows what is being asked until it is known
		const back = "\r\x1b[K"
		begin = func(name string) { fmt.Fprint(out, "… "+name) }
		each = func(f finding) { fmt.Fprintln(out, back+f.String()) }
	}
	r := checkAll(ctx, c, timeout, begin, each)
	if asJSON {
		document, err := marshal(r)
		if err != nil {
			fmt.Fprintln(out, err)
			return 1
		}
		out.Write(document)
	}
	if r.Result == isFail {
		return 1
	}
	return 0
}

// checkPage is the data of check.html.
type checkPage struct {
	page
	Report report
}

// handleCheck makes the same checks on request.
func (s *server) handleCheck(w http.ResponseWriter, r *http.Request) error {
	result := checkAll(r.Context(), newChecker(s.cfg, s.provider.wire, s.now), checkTimeout, func(string) {}, func(finding) {})
	document, err := marshal(result)
	if err != nil {
		return err
	}
	return s.respond(w, r, http.StatusOK, "check.html", checkPage{s.page("Check the settings"), result}, document)
}

// checkTimeout bounds all checks together.
const checkTimeout = 15 * time.Second
