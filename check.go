package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/check"
	"oauth-test-client/internal/cli"
)

// checkPage is the data of check.html, and for programs the report with its age.
type checkPage struct {
	layout
	check.Report
	Total   check.Counts `json:"counts"` // as check -json has them
	Running bool         `json:"running"`
	Ended   *time.Time   `json:"ended,omitempty"` // when the run ended; absent when none has

	Checked  checkVerdict `json:"-"`
	Markdown string       `json:"-"` // the report for an issue; empty while there is none
}

func (s *server) checkPage(r *http.Request, state check.State) checkPage {
	v := checkPage{layout: s.page(r, "Check the settings"), Report: state.Report, Running: state.Running, Checked: s.checkVerdict(state)}
	v.Report, v.Total, v.Checked.Evidence = state.Report.In(s.file.place), state.Counts(), true
	if v.Checks == nil {
		v.Checks = []causes.Finding{} // an empty list for programs, and not null
	}
	if !state.Ended.IsZero() {
		v.Ended, v.Markdown = &state.Ended, cli.MarkdownOf(v.Report)
	}
	return v
}

// handleCheck shows the last run of the checks, or the progress of the current one. It asks the server nothing: opening
// this page must not make us send two dozen requests.
func (s *server) handleCheck(w http.ResponseWriter, r *http.Request) error {
	if !wantsHTML(r) {
		return s.respond(w, r, http.StatusOK, "", s.checkPage(r, s.checks.Wait(r.Context())))
	}
	state := s.checks.State()
	refreshWhile(w, state.Running)
	return s.respond(w, r, http.StatusOK, "check.html", s.checkPage(r, state))
}

// handleRunChecks runs every check that needs no sign-in. A browser gets the page of the run at once, a program gets
// its result.
func (s *server) handleRunChecks(w http.ResponseWriter, r *http.Request) error {
	s.checks.Start()
	if wantsHTML(r) {
		http.Redirect(w, r, "/check", http.StatusSeeOther)
		return nil
	}
	return s.respond(w, r, http.StatusOK, "", s.checkPage(r, s.checks.Wait(r.Context())))
}

// refreshWhile makes the browser ask again in a second, which needs no script.
func refreshWhile(w http.ResponseWriter, running bool) {
	if running {
		w.Header().Set("Refresh", "1")
	}
}

// checkVerdict is the outcome of the checks as part-verdict.html shows it: the verdict first, then what is wrong.
type checkVerdict struct {
	check.State
	Heading, Lead string
	Mood          string // good, bad or warn; empty where nothing is proved
	Failed        []failedCheck
	Warned        []causes.Finding
	Passed        []causes.Finding
	Skipped       []causes.Finding
	Waiting       []causes.Finding // not asked yet, or without a control
	SignIn        signIn
	RunAll        bool // the checks are what comes next, and not the sign-in
	Evidence      bool // each check is shown with what proves it
}

// failedCheck is a check that found something wrong, with what to do about it.
type failedCheck struct {
	causes.Finding
	Fix   *fixBox
	Said  *said
	Known []string // what was found, and what proves it, as sentences
}

// checkVerdict prepares what is known of the checks. If a notice names mistakes in the settings, the checks used the
// earlier settings, not what the user has just written.
func (s *server) checkVerdict(state check.State) checkVerdict {
	v := newCheckVerdict(state, s.cfg.Demo, s.now())
	for i, f := range v.Warned {
		v.Warned[i] = f.In(s.file.place)
	}
	for i := range v.Failed {
		f := &v.Failed[i]
		f.Fix = newFixBox(s.cfg, fixOf(f.Finding), fmt.Sprintf("line-%d", i), s.file)
		f.Fix.Name = f.Name
		if i > 0 {
			f.Fix.Problem = f.Title()
		}
	}
	v.SignIn = s.signIn("Sign in")
	v.RunAll = !state.Running && len(v.Failed) == 0 && (state.Few || state.Changed || state.Ended.IsZero()) && v.Mood != "good"
	v.SignIn.Second, v.SignIn.Steps = !v.Ready(), v.Ready()
	if len(v.Failed) > 0 {
		v.SignIn.Label, v.SignIn.Folded = "Sign in anyway", true
	}
	if s.notice != nil && v.Mood == "good" {
		v.Heading, v.Mood = "Ready to sign in, with the previous settings", ""
	}
	return v
}

func newCheckVerdict(state check.State, demo bool, now time.Time) checkVerdict {
	v := checkVerdict{State: state}
	for _, f := range state.Checks {
		switch {
		case f.NotYet:
			f.Found = strings.TrimPrefix(strings.TrimSuffix(f.Found, ": run all checks"), "not tested yet") // that is the heading of their list
			v.Waiting = append(v.Waiting, f)
		case f.Result == causes.Fail:
			failed := failedCheck{Finding: f, Said: newSaid(f.Server), Known: []string{sentence(f.Found)}}
			if f.Control != "" {
				failed.Known = append(failed.Known, sentence(f.Control))
			}
			v.Failed = append(v.Failed, failed)
		case f.Result == causes.Warn:
			v.Warned = append(v.Warned, f)
		case f.Result == causes.Skip:
			v.Skipped = append(v.Skipped, f)
		default:
			v.Passed = append(v.Passed, f)
		}
	}
	done, of := state.Done()
	v.Heading, v.Mood = "Not checked yet", ""
	v.Lead = "A check that a server could fool runs twice: once with your value, once with a deliberately wrong one. Checks never change anything on the server."
	switch {
	case len(v.Failed) > 0:
		v.Heading, v.Mood, v.Lead = v.Failed[0].Title(), "bad", v.Counts()+"."
	case state.Running:
		v.Heading = "Checking the settings …"
	case state.Changed:
		v.Heading, v.Lead = "The settings have changed", "The new settings haven't been checked yet. "+v.Lead
		if demo {
			v.Heading, v.Lead = "The demo server has changed", "It hasn't been checked again yet."
		}
	case state.Ended.IsZero():
	case state.Worked:
		v.Heading, v.Mood, v.Lead = "A login with these settings worked", "good", v.Counts()+"."
	case state.Proved():
		v.Heading, v.Mood, v.Lead = "Ready to sign in", "good", v.Counts()+". Sign in to test the login itself."
	case state.Few:
		v.Heading, v.Lead = fmt.Sprintf("%d of %d checks done", done, of), "Nothing is wrong so far. The client secret is not tested yet."
		if state.ClientID == "" {
			v.Lead = "Nothing is wrong so far. The first sign-in registers a client."
		}
	default:
		v.Heading, v.Mood, v.Lead = "Sign in to test the rest", "warn", v.Counts()+"."
	}
	switch {
	case state.Running:
		v.Lead = causes.Number(len(state.Checks), "check") + " done."
		if state.Asking != "" {
			v.Lead += " Now: " + causes.Finding{Check: state.Asking}.Label() + "."
		}
	case !state.Ended.IsZero():
		v.Lead += " Checked " + ago(now.Sub(state.Ended)) + "."
	}
	return v
}

// Again returns the label of the button that runs the checks.
func (v checkVerdict) Again() string {
	switch {
	case v.Running:
		return "Checking …"
	case v.Few && len(v.Failed) > 0 && v.Failed[0].Name == causes.ClientRefused:
		return findOutWhich
	case v.Few, v.RunAll:
		return "Run all checks"
	}
	return "Check again"
}

// Ready reports whether the sign-in is what comes next.
func (v checkVerdict) Ready() bool { return len(v.Failed) == 0 && !v.Running && !v.RunAll }

// Tally returns the result of each check that counts, for one segment each. If something is wrong, the checks that were not
// asked count too: it may be the reason.
func (v checkVerdict) Tally() []causes.Result {
	var list []causes.Result
	for _, f := range v.Checks {
		if f.Result != causes.Skip || f.NotYet || len(v.Failed) > 0 {
			list = append(list, f.Result)
		}
	}
	return list
}

// Counts returns the number of checks by outcome: "1 problem, 10 checks passed, 1 warning, 3 skipped".
func (v checkVerdict) Counts() string { return v.count(len(v.Failed), len(v.Warned), len(v.Waiting)) }

// Others returns the same for the checks that Listed returns.
func (v checkVerdict) Others() string {
	if len(v.Failed) > 0 {
		return v.count(0, 0, len(v.Waiting))
	}
	return v.count(0, 0, 0)
}

func (v checkVerdict) count(failed, warned, waiting int) string {
	var parts []string
	for _, part := range []struct {
		n     int
		words string
	}{
		{failed, causes.Number(failed, "problem")},
		{len(v.Passed), causes.Number(len(v.Passed), "check") + " passed"},
		{warned, causes.Number(warned, "warning")},
		{len(v.Skipped), fmt.Sprintf("%d skipped", len(v.Skipped))},
		{waiting, fmt.Sprintf("%d not done yet", waiting)},
	} {
		if part.n > 0 {
			parts = append(parts, part.words)
		}
	}
	return strings.Join(parts, ", ")
}

// Listed returns the checks that passed, then those that were not asked. The checks that are not done yet have a list of
// their own, unless something is wrong: running them is not the next step then.
func (v checkVerdict) Listed() []causes.Finding {
	if len(v.Failed) > 0 {
		return slices.Concat(v.Passed, v.Skipped, v.Waiting)
	}
	return slices.Concat(v.Passed, v.Skipped)
}

// checkAtStart makes the cheap checks for what would stop a login at once: whether the server is there, has keys, and
// knows the redirect URI. It prints the result in one line, and reports whether a login can start.
func checkAtStart(ctx context.Context, out io.Writer, s *server) bool {
	ctx, cancel := context.WithTimeout(ctx, check.Timeout)
	defer cancel()
	if s.cfg.AtAPI {
		if c, err := s.discovery.Client(ctx, s.cfg, s.wire, s.now, false); err == nil { // what is wrong is said below
			s = s.found(c)
		}
	}
	done := s.checks.StartFew() // what it finds is kept, for the pages
	s.oauth.Metadata(ctx)       // for the pages, too; what is wrong with it is said below
	select {
	case <-done:
	case <-ctx.Done():
	}
	r := s.checks.State()
	if ctx.Err() != context.Canceled {
		cli.Say(out, "  checked       "+r.Report.Summary(s.cfg.BaseURL))
	}
	return r.Result != causes.Fail
}
