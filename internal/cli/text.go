package cli

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/check"
	"oauth-test-client/internal/config"
)

// The columns of a line: the result, the name, what was found.
const (
	nameColumn   = 8
	detailColumn = 10
	textColumn   = 24
	maxColumns   = 100
)

// back goes to the beginning of the line and empties it.
const back = "\r\x1b[K"

// printer writes the checks for a person: the result first, the names below each other.
type printer struct {
	o       PrintOptions
	out     io.Writer
	width   int
	skipped []causes.Finding // told together, at the end
}

func newPrinter(o PrintOptions, out io.Writer) *printer {
	width := maxColumns
	if o.Width > 0 {
		width = min(o.Width, maxColumns)
	}
	return &printer{o: o, out: out, width: max(width, textColumn+16)}
}

// header prints what is checked: which server, and as which client.
func (p *printer) header(cfg config.Config) {
	parts := []string{cmp.Or(cfg.Issuer, cfg.Endpoints.Authorization), "client ID " + causes.Shortened(cfg.ClientID)}
	if cfg.AtAPI {
		parts[0] = "The API " + cfg.ResourceURL
		if cfg.ClientID == "" {
			parts = parts[:1]
		}
	} else if cfg.Demo {
		parts = append([]string{"Demo server (no settings found)"}, parts...)
	} else if name := causes.ProviderOf(cfg.Effective()).Name; name != "" {
		parts = append([]string{name}, parts...)
	}
	p.lines("", strings.Join(parts, " · "))
	say(p.out, "", "")
}

// begin shows which check is running, until its result is known.
func (p *printer) begin(check string) {
	if p.o.Width > 0 {
		fmt.Fprint(p.out, "  …     "+causes.Label(check))
	}
}

// finding prints a check, unless the user could do nothing about it.
func (p *printer) finding(f causes.Finding) {
	if p.o.Width > 0 {
		fmt.Fprint(p.out, back)
	}
	switch {
	case p.o.Verbose:
	case f.Result == causes.Skip:
		p.skipped = append(p.skipped, f)
		return
	case f.Result != causes.Fail && background(f.Check) && (f.Result != causes.Warn || f.Check == "response_issuer"):
		// many servers lack response_issuer, and the user can do nothing about it
		return
	}
	p.line(f)
}

// background reports whether a check tells something about the server and nothing about the settings.
func background(check string) bool {
	return slices.Contains([]string{"configuration", "metadata_flavours", "response_issuer", "pushed_authorization", "advertised"}, check)
}

// words maps the results to the words that are printed.
var words = map[causes.Result]string{causes.OK: "ok", causes.Warn: "warn", causes.Fail: "FAIL", causes.Skip: "-"}

// colors maps the results to colors: green, yellow and bold red.
var colors = map[causes.Result]string{causes.OK: "\x1b[32m", causes.Warn: "\x1b[33m", causes.Fail: "\x1b[1;31m"}

func (p *printer) line(f causes.Finding) {
	found := f.Found
	if p.o.Verbose && f.Control != "" {
		found += "; " + f.Control
	}
	if f.Name != "" && f.Result != causes.OK {
		found += " [" + string(f.Name) + "]"
	}
	word := words[f.Result]
	status := fmt.Sprintf("  %-4s  ", word)
	if color := colors[f.Result]; p.o.Color && color != "" {
		status = strings.ReplaceAll(status, word, color+word+"\x1b[0m")
	}
	p.paragraph(status, nameColumn, f.About(), found)
	if f.Server != "" {
		p.detail("server said", fmt.Sprintf("%q", f.Server))
	}
	if f.Accepts != "" {
		p.detail("accepts", f.Accepts)
	}
	if p.o.Verbose && f.Help != "" && f.Result != causes.OK {
		defer p.detail("about", f.Help)
	}
	if f.Fix != "" {
		p.detail("fix", f.Fix)
	}
	if f.Line != "" && !strings.Contains(f.Fix, f.Line) {
		p.detail("line", f.Line)
	}
}

func (p *printer) detail(name, text string) {
	p.paragraph(strings.Repeat(" ", detailColumn), detailColumn, name, text)
}

// paragraph prints a name and a text beside it. The lead takes column columns.
func (p *printer) paragraph(lead string, column int, name, text string) {
	first := lead + name + strings.Repeat(" ", max(textColumn-column-len(name), 2))
	for _, line := range Wrap(Harmless(text), p.width-textColumn) {
		say(p.out, first, line)
		first = strings.Repeat(" ", textColumn)
	}
}

// lines prints a text over the whole width.
func (p *printer) lines(lead, text string) {
	for _, line := range Wrap(Harmless(text), p.width-len(lead)) {
		say(p.out, lead, line)
	}
}

// verdict ends the report: what was not asked, what is wrong, and the command that comes next.
func (p *printer) verdict(r check.Report) {
	lead, name := "  -     ", "skipped"
	for _, text := range foldSkips(p.skipped) {
		p.paragraph(lead, nameColumn, name, text)
		lead, name = strings.Repeat(" ", nameColumn), ""
	}
	say(p.out, "", "")
	p.lines("", r.Verdict()+" "+sentence(r.Numbers()))
	next := "Sign in: " + p.o.SignIn
	if r.Result == causes.Fail {
		next = "Fix it and run again: " + p.o.Again
	}
	more := fmt.Sprintf("Show all %d checks with evidence: %s -v", len(r.Checks), p.o.Again)
	switch {
	case p.o.Verbose:
		p.lines("", next)
	case len(next)+8+len(more) <= p.width:
		say(p.out, next+"        ", more)
	default:
		p.lines("", next)
		p.lines("", more)
	}
}

// unreadable prints the mistakes in the settings.
func (p *printer) unreadable(r check.Report) {
	for _, f := range r.Checks {
		p.line(f)
	}
	say(p.out, "", "")
	p.lines("", r.Verdict()+" "+sentence(r.Numbers()))
	p.lines("", "Fix it and run again: "+p.o.Again)
}

// waiting is the start of the finding of a check that waits for another to be fixed.
const waiting = "skipped: "

// foldSkips returns a line for each reason why checks were skipped, with its checks.
func foldSkips(skips []causes.Finding) []string {
	var reasons []string
	names := map[string][]string{}
	for _, f := range skips {
		reason := strings.TrimPrefix(f.Found, waiting)
		if names[reason] == nil {
			reasons = append(reasons, reason)
		}
		names[reason] = append(names[reason], causes.Label(f.Check))
	}
	var lines []string
	for _, reason := range reasons {
		who, needs := strings.Join(names[reason], ", "), "it needs "
		if n := len(names[reason]); n > 6 {
			who, needs = fmt.Sprintf("%d other checks", n), "they need "
		} else if n > 1 {
			needs = "they need "
		}
		if need, ok := strings.CutPrefix(reason, "needs "); ok {
			reason = needs + need
		}
		lines = append(lines, who+": "+reason)
	}
	return lines
}

// sentence begins a text with a capital letter and ends it with a full stop.
func sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] + "." }
