package diagnose

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
)

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
