package display

import (
	"fmt"
	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/check"
	"slices"
	"strings"
	"time"
)

// Checks is the outcome of the checks as a page shows it: the verdict first, what is wrong next.
type Checks struct {
	check.State
	Heading, Lead string
	Mood          string // good, bad or empty
	Mark          string
	Failed        []causes.Finding
	Warned        []causes.Finding
	Passed        []causes.Finding
	Skipped       []causes.Finding
	SignIn        SignIn
}

// NewChecks prepares what is known of the checks.
func NewChecks(state check.State, signIn SignIn, now time.Time) Checks {
	v := Checks{State: state, SignIn: signIn}
	v.SignIn.Steps = true
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
	v.Heading, v.Mood, v.Mark = "Not checked yet", "", "–"
	v.Lead = "The checks ask the server everything that can be known without a user. They change nothing there."
	switch {
	case len(v.Failed) > 0:
		v.Heading, v.Mood, v.Mark, v.Lead = v.Failed[0].Title(), "bad", "✕", v.counts()+"."
		v.SignIn.Label, v.SignIn.Second = "Sign in anyway", true
	case state.Running:
		v.Heading, v.Mark = "Checking the settings …", "…"
	case !state.Ended.IsZero():
		v.Heading, v.Mood, v.Mark, v.Lead = "Ready to sign in", "good", "✓", v.counts()+". Only a login can test the rest."
		untried := "The client secret has"
		if slices.ContainsFunc(v.Skipped, func(f causes.Finding) bool { return f.Check == "redirect_uri" }) { // there is no client yet
			untried = "A made-up token has"
		}
		if state.Few {
			v.Lead = v.counts() + ". " + untried + " not been tried yet: press Check again."
		}
	}
	switch {
	case state.Running:
		v.Lead = count(len(state.Checks), "check") + " done."
		if state.Asking != "" {
			v.Lead += " Asking now: " + causes.Finding{Check: state.Asking}.Label() + "."
		}
	case !state.Ended.IsZero():
		v.Lead += " Checked " + ago(now.Sub(state.Ended)) + "."
	}
	return v
}

// Beside is the outcome below a notice. Where that names mistakes in the settings, what was checked are those from
// before, and not what somebody has just written.
func (v Checks) Beside(n *Notice) Checks {
	if n != nil && len(n.Lines) > 0 && v.Mood == "good" {
		v.Heading, v.Mood, v.Mark = "With the settings from before: ready to sign in", "", "–"
	}
	return v
}

// counts says how many checks ended how: "1 problem, 10 passed, 1 warning, 3 not asked".
func (v Checks) counts() string {
	var parts []string
	add := func(n int, one, many string) {
		switch {
		case n == 1:
			parts = append(parts, "1 "+one)
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %s", n, many))
		}
	}
	add(len(v.Failed), "problem", "problems")
	add(len(v.Passed), "check passed", "checks passed")
	add(len(v.Warned), "warning", "warnings")
	add(len(v.Skipped), "not asked", "not asked")
	return strings.Join(parts, ", ")
}

// CheckReport is the outcome of the checks, for programs the report with its age.
type CheckReport struct {
	check.Report
	Running bool       `json:"running"`
	Ended   *time.Time `json:"ended,omitempty"` // when the run ended; absent when none has

	Checked Checks `json:"-"`
}

// NewCheckReport prepares what is known of the checks.
func NewCheckReport(state check.State, signIn SignIn, now time.Time) CheckReport {
	v := CheckReport{Report: state.Report, Running: state.Running, Checked: NewChecks(state, signIn, now)}
	if v.Checks == nil {
		v.Checks = []causes.Finding{} // an empty list for programs, and not null
	}
	if !state.Ended.IsZero() {
		v.Ended = &state.Ended
	}
	return v
}

// Beside is the report below a notice.
func (v CheckReport) Beside(n *Notice) CheckReport {
	v.Checked = v.Checked.Beside(n)
	return v
}
