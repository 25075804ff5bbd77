package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/check"
	"oauth-test-client/internal/testserver"
)

// The worst comes first: a failure before the checks that passed, and those that were not made at the start.
func TestCheckVerdict_WorstFirst(t *testing.T) {
	t.Parallel()
	passed := causes.Finding{Check: "keys", Result: causes.OK}
	failed := causes.Finding{Check: "client", Result: causes.Fail, Name: causes.ClientSecretWrong}
	notYet := causes.Finding{Check: "client", Result: causes.Skip, NotYet: true}
	state := func(few bool, checks ...causes.Finding) check.State {
		return check.State{Report: check.Report{Checks: checks}, Few: few, Ended: testTime.Add(-20 * time.Second)}
	}
	for _, row := range []struct {
		name                string
		state               check.State
		heading, mood, lead string
	}{
		{"never", check.State{}, "Not checked yet", "", "A check that a server could fool runs twice"},
		{"right", state(false, passed), "Ready to sign in", "good", "1 check passed. Sign in to test the login itself. Checked 20 seconds ago."},
		{"right at the start", state(true, passed, notYet), "1 of 2 checks done", "", "Nothing is wrong so far."},
		{"only a sign-in can tell", state(false, passed, causes.Finding{Check: "redirect_uri", Result: causes.Warn}), "Sign in to test the rest", "warn",
			"1 check passed, 1 warning."},
		{"a login worked", check.State{Report: check.Report{Checks: []causes.Finding{notYet}}, Few: true, Worked: true, Ended: testTime},
			"A login with these settings worked", "good", ""},
		{"a login worked, and all is checked", check.State{Report: check.Report{Checks: []causes.Finding{passed}}, Worked: true, Ended: testTime},
			"A login with these settings worked", "good", "1 check passed. Checked"},
		{"changed", check.State{Changed: true}, "The settings have changed", "", "The new settings haven't been checked yet."},
		{"wrong", state(false, passed, failed), "The client secret is wrong", "bad", "1 problem, 1 check passed. Checked 20 seconds ago."},
		{"running", check.State{Running: true, Asking: "pkce"}, "Checking the settings …", "", "0 checks done. Now: PKCE."},
		{"running, and nothing asked yet", check.State{Running: true}, "Checking the settings …", "", "0 checks done."},
		{"the demo changed", check.State{Changed: true}, "The demo server has changed", "", "It hasn't been checked again yet."},
	} {
		v := newCheckVerdict(row.state, row.name == "the demo changed", testTime)
		if v.Heading != row.heading || v.Mood != row.mood || !strings.HasPrefix(v.Lead, row.lead) || strings.Contains(v.Lead, ": .") {
			t.Errorf("%s: %q %q %q; want %q %q %q", row.name, v.Heading, v.Mood, v.Lead, row.heading, row.mood, row.lead)
		}
	}
}

// The button names the purpose of the checks. The page of a login has the same button if only the checks can tell the
// cause.
func TestCheckVerdict_Again(t *testing.T) {
	t.Parallel()
	failed := func(name causes.Name) []causes.Finding {
		return []causes.Finding{{Check: "client", Result: causes.Fail, Name: name}}
	}
	for _, row := range []struct {
		want   string
		checks []causes.Finding
		few    bool
	}{
		{"Run all checks", nil, true},
		{"Find out which", failed(causes.ClientRefused), true},
		{"Check again", failed(causes.ClientRefused), false},
		{"Run all checks", failed(causes.ClientIDUnknown), true},
		{"Check again", failed(causes.ClientIDUnknown), false},
	} {
		v := newCheckVerdict(check.State{Report: check.Report{Checks: row.checks}, Few: row.few, Ended: testTime}, false, testTime)
		if got := v.Again(); got != row.want {
			t.Errorf("%v, few %t: %q; want %q", row.checks, row.few, got, row.want)
		}
	}
}

// Checks from before a mistake in the settings don't make the page say that the app is ready.
func TestCheckVerdict_Notice(t *testing.T) {
	t.Parallel()
	state := check.State{Report: check.Report{Checks: []causes.Finding{{Check: "keys", Result: causes.OK}}}, Ended: testTime}
	for _, row := range []struct {
		name          string
		notice        *notice
		heading, mood string
	}{
		{"no notice", nil, "Ready to sign in", "good"},
		{"a restart is needed", &notice{Heading: "PORT changed"}, "Ready to sign in, with the previous settings", ""},
		{"a mistake", &notice{Heading: "a mistake", Lines: []string{"PORT"}}, "Ready to sign in, with the previous settings", ""},
	} {
		s := &server{notice: row.notice, now: func() time.Time { return testTime }}
		if v := s.checkVerdict(state); v.Heading != row.heading || v.Mood != row.mood {
			t.Errorf("beside %s: %q, %q", row.name, v.Heading, v.Mood)
		}
	}
}

// The document of /check counts as check -json does.
func TestCheckPage_Counts(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	l.Honest()
	b := newBrowser(t, startApp(t, l.Env()))
	var got struct {
		Counts check.Counts
		Checks []causes.Finding
	}
	if err := json.Unmarshal([]byte(b.Ask("/check", false).Body), &got); err != nil || got.Counts != (check.Counts{}) {
		t.Fatalf("before a run: %+v, %v", got, err)
	}
	b.Accept = "*/*"
	err := json.Unmarshal([]byte(b.Post("/check", nil).Body), &got)
	if err != nil || got.Counts.OK < 5 || got.Counts != (check.Report{Checks: got.Checks}).Counts() {
		t.Errorf("after a run: %+v, %v", got, err)
	}
}
