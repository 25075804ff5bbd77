package cli

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/check"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
)

// Format is the form in which the checks are printed.
type Format string

const (
	Text     Format = ""     // for a person at a terminal
	JSON     Format = "json" // one document
	Markdown Format = "md"   // a report for an issue or a chat
)

// PrintOptions say how to print the checks.
type PrintOptions struct {
	Format  Format
	Verbose bool                         // every check, and what proves it
	Width   int                          // of the terminal; 0 where there is no terminal
	Color   bool                         // the results stand out
	Actions bool                         // a failure or a warning is also an annotation of GitHub Actions
	Summary string                       // a file that the report is appended to as Markdown: a job's summary; may be empty
	JUnit   string                       // a file for the report as JUnit's XML; may be empty
	Again   string                       // the command that makes these checks
	SignIn  string                       // the command that signs in
	Place   func(variable string) string // where a variable is set: a file, or causes.Environment
	Timeout time.Duration
}

// Print runs the command check. It returns 1 if something failed.
func Print(ctx context.Context, cfg config.Config, w *wire.Client, now func() time.Time, o PrintOptions, out, errs io.Writer) int {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	begin, each := func(string) {}, func(causes.Finding) {}
	p := newPrinter(o, out)
	if o.Format == Text {
		p.header(cfg)
		begin = p.begin
		each = func(f causes.Finding) { p.finding(f.In(o.Place)) }
	}
	if err := o.writeFiles(check.Report{Result: causes.Fail, Checks: []causes.Finding{{Check: "configuration", Result: causes.Fail, Found: "the checks did not end"}}}); err != nil {
		say(errs, "", err.Error())
		return 1
	}
	r := check.Run(ctx, cfg.Effective(), w, now, begin, each).In(o.Place)
	if o.Format == Text {
		p.verdict(r)
	}
	return finish(r, o, out, errs)
}

// PrintConfigErrors prints the mistakes in the settings in the form of the checks.
func PrintConfigErrors(err error, o PrintOptions, out, errs io.Writer) {
	if o.Format == Text {
		newPrinter(o, out).unreadable(unreadable(err))
	}
	finish(unreadable(err), o, out, errs)
}

// finish prints the parts of a report that are for programs, and returns the exit code.
func finish(r check.Report, o PrintOptions, out, errs io.Writer) int {
	switch o.Format {
	case JSON:
		var document strings.Builder
		e := json.NewEncoder(&document)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(struct {
			check.Report
			Counts  check.Counts `json:"counts"`
			Program string       `json:"program"` // and its version
		}{r, r.Counts(), wire.UserAgent()}); err != nil {
			return 1
		}
		sayJSON(out, document.String())
	case Markdown:
		Say(out, MarkdownOf(r))
	}
	if o.Actions {
		annotate(r, errs)
	}
	o.appendSummary(MarkdownOf(r))
	if err := o.writeFiles(r); err != nil {
		say(errs, "", err.Error())
		return 1
	}
	if r.Result == causes.Fail {
		return 1
	}
	return 0
}

// unreadable returns the report for settings with mistakes: no check could run.
func unreadable(err error) check.Report {
	r := check.Report{Result: causes.Fail}
	problems, ok := err.(config.Problems)
	if !ok {
		problems = config.Problems{{What: err.Error()}}
	}
	for _, p := range problems {
		found := p
		found.Fix = ""
		r.Checks = append(r.Checks, causes.Finding{Check: "configuration", Result: causes.Fail, Found: found.String(), Name: causes.Name(p.Cause), Help: causes.Name(p.Cause).Help(), Setting: p.Setting, Fix: strings.ToUpper(p.Fix[:min(1, len(p.Fix))]) + p.Fix[min(1, len(p.Fix)):]})
	}
	return r
}

// annotate writes each failure and each warning as a command of GitHub's runner, which shows it beside the commit.
func annotate(r check.Report, out io.Writer) {
	for _, f := range r.Checks {
		switch f.Result {
		case causes.Fail:
			annotation(out, "error", f.Tag(), f.Sentence())
		case causes.Warn:
			annotation(out, "warning", f.Tag(), f.Sentence())
		}
	}
}

// annotation writes one command of GitHub's runner.
func annotation(out io.Writer, kind, title, text string) {
	escape := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	say(out, "::"+kind+" title="+property.Replace(Harmless(title))+"::", escape.Replace(Harmless(text)))
}
