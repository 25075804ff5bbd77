package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/check"
	"oauth-test-client/internal/cli"
	"strings"
	"time"
)

// checkPage is the data of check.html, and for programs the report with its age.
type checkPage struct {
	layout
	check.Report
	Running bool       `json:"running"`
	Ended   *time.Time `json:"ended,omitempty"` // when the run ended; absent when none has

	Checked checkVerdict `json:"-"`
}

func (s *server) checkPage(state check.State) checkPage {
	v := checkPage{layout: s.page("Check the settings"), Report: state.Report, Running: state.Running, Checked: s.checkVerdict(state)}
	if v.Checks == nil {
		v.Checks = []causes.Finding{} // an empty list for programs, and not null
	}
	if !state.Ended.IsZero() {
		v.Ended = &state.Ended
	}
	return v
}

// handleCheck shows the last run of the checks, or how far the one under way has come. It asks the
// server nothing: whoever may read this page may not make us send two dozen requests.
func (s *server) handleCheck(w http.ResponseWriter, r *http.Request) error {
	if !wantsHTML(r) {
		return s.respond(w, r, http.StatusOK, "", s.checkPage(s.checks.Wait(r.Context())))
	}
	state := s.checks.State()
	refreshWhile(w, state.Running)
	return s.respond(w, r, http.StatusOK, "check.html", s.checkPage(state))
}

// handleRunChecks asks the server everything that can be known without a user. A browser sees the
// page of the run at once, a program gets what came of it.
func (s *server) handleRunChecks(w http.ResponseWriter, r *http.Request) error {
	s.checks.Start()
	if wantsHTML(r) {
		http.Redirect(w, r, "/check", http.StatusSeeOther)
		return nil
	}
	return s.respond(w, r, http.StatusOK, "", s.checkPage(s.checks.Wait(r.Context())))
}

// refreshWhile makes the browser ask again in a second, which needs no script.
func refreshWhile(w http.ResponseWriter, running bool) {
	if running {
		w.Header().Set("Refresh", "1")
	}
}

// checkVerdict is the outcome of the checks as part-verdict.html shows it: the verdict first, what is wrong next.
type checkVerdict struct {
	check.State
	Heading, Lead string
	Mood          string // good, bad or empty
	Mark          string
	Failed        []causes.Finding
	Warned        []causes.Finding
	Passed        []causes.Finding
	Skipped       []causes.Finding
	SignIn        signIn
	RunAll        bool // the checks are what comes next, and not the sign-in
}

// checkVerdict prepares what is known of the checks. Where a notice names mistakes in the settings, those from before
// were checked, and not what the user has just written.
func (s *server) checkVerdict(state check.State) checkVerdict {
	v := newCheckVerdict(state, s.now())
	v.SignIn = s.signIn("Sign in")
	v.SignIn.Steps = true
	if len(v.Failed) > 0 {
		v.SignIn.Label, v.SignIn.Second = "Sign in anyway", true
	}
	v.RunAll = !state.Running && len(v.Failed) == 0 && (state.Few || state.Changed || state.Ended.IsZero()) && v.Mood != "good"
	v.SignIn.Second = v.SignIn.Second || v.RunAll
	if s.notice != nil && len(s.notice.Lines) > 0 && v.Mood == "good" {
		v.Heading, v.Mood, v.Mark = "With the settings from before: ready to sign in", "", "–"
	}
	return v
}

func newCheckVerdict(state check.State, now time.Time) checkVerdict {
	v := checkVerdict{State: state}
	for _, f := range state.Checks {
		switch f.Result {
		case causes.Fail:
			if f.Remedy.Line != "" && strings.HasSuffix(f.Fix, f.Remedy.Line) {
				f.Fix = "" // the line above it says the same
			}
			v.Failed = append(v.Failed, f)
		case causes.Warn:
			v.Warned = append(v.Warned, f)
		case causes.Skip:
			v.Skipped = append(v.Skipped, f)
		default:
			v.Passed = append(v.Passed, f)
		}
	}
	done, of := state.Done()
	v.Heading, v.Mood, v.Mark = "Not checked yet", "", "–"
	v.Lead = "Each check runs twice: once with your value, once with a deliberately wrong one. Checks never change anything on the server."
	switch {
	case len(v.Failed) > 0:
		v.Heading, v.Mood, v.Mark, v.Lead = v.Failed[0].Title(), "bad", "✕", v.counts()+"."
	case state.Running:
		v.Heading, v.Mark = "Checking the settings …", "…"
	case state.Changed:
		v.Heading, v.Lead = "Settings changed", "Nothing was checked since. "+v.Lead
	case state.Ended.IsZero():
	case state.Proved():
		v.Heading, v.Mood, v.Mark, v.Lead = "Ready to sign in", "good", "✓", v.counts()+". A sign-in tests the rest."
	case state.Worked:
		v.Heading, v.Mood, v.Mark, v.Lead = "A login worked", "good", "✓", "With these settings. "+v.counts()+"."
	case state.Few:
		v.Heading, v.Lead = fmt.Sprintf("%d of %d checks done", done, of), "Nothing is wrong so far. The client secret is not proved yet."
		if state.ClientID == "" {
			v.Lead = "Nothing is wrong so far. The first sign-in registers a client."
		}
	default:
		v.Heading, v.Mood, v.Mark, v.Lead = "Nothing is wrong, and a sign-in has to show the rest", "warn", "!", v.counts()+"."
	}
	switch {
	case state.Running:
		v.Lead = causes.Number(len(state.Checks), "check") + " done."
		if state.Asking != "" {
			v.Lead += " Asking now: " + causes.Finding{Check: state.Asking}.Label() + "."
		}
	case !state.Ended.IsZero():
		v.Lead += " Checked " + ago(now.Sub(state.Ended)) + "."
	}
	return v
}

// counts says how many checks ended how, as the terminal does.
func (v checkVerdict) counts() string {
	if len(v.Failed) == 0 {
		return v.Numbers()
	}
	return causes.Number(len(v.Failed), "problem") + ", " + v.Numbers()
}

// checkAtStart asks what a login would trip over at once and what costs the server next to nothing: is it
// there, has it keys, is the redirect URI registered. It says in one line what came of that, and reports
// whether a login can be begun.
func checkAtStart(ctx context.Context, out io.Writer, s *server) bool {
	ctx, cancel := context.WithTimeout(ctx, check.Timeout)
	defer cancel()
	if s.cfg.AtAPI {
		if c, err := s.starter.Client(ctx, s.cfg, s.wire, s.now, false); err == nil { // what is wrong is said below
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
