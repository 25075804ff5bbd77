package check

import (
	"fmt"
	"slices"
	"strings"

	"oauth-test-client/internal/causes"
)

// Report is the outcome of all checks, as a program reads it.
type Report struct {
	Result      causes.Result    `json:"result"` // the worst: fail, warn or ok
	Issuer      string           `json:"issuer,omitempty"`
	ClientID    string           `json:"client_id"`
	RedirectURI string           `json:"redirect_uri"`
	Checks      []causes.Finding `json:"checks"`
}

// Verdict says in a few words what is wrong.
func (r Report) Verdict() string {
	var failed []string
	for _, f := range r.Checks {
		if f.Result == causes.Fail {
			failed = append(failed, f.About())
		}
	}
	if done, of := r.Done(); len(failed) == 0 && done < of {
		return fmt.Sprintf("No problem found so far: %d of %d checks done.", done, of)
	}
	if len(failed) == 0 {
		return "No problem found."
	}
	return causes.Number(len(failed), "problem") + ": " + strings.Join(slices.Compact(failed), ", ") + "."
}

// In returns the report with the places where the variables are set (see causes.Fix.In).
func (r Report) In(place func(variable string) string) Report {
	checks := make([]causes.Finding, len(r.Checks))
	for i, f := range r.Checks {
		checks[i] = f.In(place)
	}
	r.Checks = checks
	return r
}

// Numbers returns the number of checks by outcome, without the failed ones: "13 checks passed, 1 warning, 3 skipped". Every
// page and every printer uses it.
func (r Report) Numbers() string {
	n := r.Counts()
	var parts []string
	for _, part := range []struct {
		n     int
		words string
	}{{n.OK, causes.Number(n.OK, "check") + " passed"}, {n.Warn, causes.Number(n.Warn, "warning")}, {n.Skip, fmt.Sprintf("%d skipped", n.Skip)}} {
		if part.n > 0 {
			parts = append(parts, part.words)
		}
	}
	if len(parts) == 0 {
		return "no check ran"
	}
	return strings.Join(parts, ", ")
}

// Counts holds the number of checks by outcome.
type Counts struct {
	OK   int `json:"ok"`
	Warn int `json:"warn"`
	Fail int `json:"fail"`
	Skip int `json:"skip"`
}

// Counts counts the checks by outcome.
func (r Report) Counts() Counts {
	var n Counts
	for _, f := range r.Checks {
		switch f.Result {
		case causes.OK:
			n.OK++
		case causes.Warn:
			n.Warn++
		case causes.Fail:
			n.Fail++
		case causes.Skip:
			n.Skip++
		}
	}
	return n
}

// Done counts the checks that were made, and those that make sense here.
func (r Report) Done() (done, of int) {
	for _, f := range r.Checks {
		switch {
		case f.NotYet:
			of++
		case f.Result != causes.Skip:
			done++
			of++
		}
	}
	return done, of
}

// Proved reports whether every check that needs no sign-in was made with its control, and nothing is wrong. It is false
// if only a sign-in can show whether the redirect URI, the way back or the client is right, as a login fails on these.
func (r Report) Proved() bool {
	for _, f := range r.Checks {
		decides := f.Check == "redirect_uri" || f.Check == "authorization" || f.Check == "client" || f.Check == "start"
		if f.Result == causes.Fail || f.NotYet || decides && f.Result == causes.Warn {
			return false
		}
	}
	return len(r.Checks) > 0
}

// Summary returns in one line what the checks at the start have found. It claims nothing that has not been proved.
func (r Report) Summary(home string) string {
	for _, f := range r.Checks {
		if f.Result == causes.Fail {
			return f.Found + ". Details: " + home
		}
	}
	done, of := r.Done()
	text := fmt.Sprintf("%d of %d checks done, nothing is wrong so far", done, of)
	if done == of {
		text = fmt.Sprintf("%d checks done, nothing is wrong", done)
	}
	if start := r.Line("start"); start.Result == causes.OK && r.ClientID == "" {
		text += "; the first sign-in registers a client"
	}
	if done < of {
		text += "; run all of them at " + strings.TrimSuffix(home, "/") + "/check"
	}
	return text
}

// Line returns the finding of a check, or an empty one.
func (r Report) Line(check string) causes.Finding {
	for _, f := range r.Checks {
		if f.Check == check {
			return f
		}
	}
	return causes.Finding{}
}

// tooLate returns the finding of a check that ran out of time.
func tooLate() causes.Finding {
	return causes.Warning("didn't finish in time; set a longer -timeout")
}

// stopped returns the finding of a check that was not made because of a 429.
func stopped() causes.Finding {
	return causes.Skipped("skipped: the server limits requests (429)")
}

// notYet returns the finding of a check that needs a control, or that a run left out.
func notYet() causes.Finding {
	f := causes.Skipped("not tested yet: run all checks")
	f.NotYet = true
	return f
}

// worse returns the result of a report after one more finding. A check that is not tested yet is no success.
func worse(result causes.Result, f causes.Finding) causes.Result {
	switch {
	case f.Result == causes.Fail, result == causes.Fail:
		return causes.Fail
	case f.NotYet, result == causes.Skip:
		return causes.Skip
	case f.Result == causes.Warn, result == causes.Warn:
		return causes.Warn
	}
	return result
}

// noClientYet returns the finding of a check that needs a client, if none is registered yet.
func noClientYet() causes.Finding {
	f := causes.Skipped("skipped: no client is registered yet; the first sign-in registers one")
	f.NoClient = true
	return f
}
