package main

import (
	"strings"
	"testing"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/misuse"
)

// The verdict of a run names the first attack that the server accepts, and calls nothing safe that was not decided.
// There is one row an attack.
func TestMisusePage_Verdict(t *testing.T) {
	t.Parallel()
	cfg := config.Config{Issuer: "https://auth.example", OtherClientID: "b-client"}.Effective()
	whole := func(changes map[misuse.Attempt]misuse.Finding) []misuse.Finding {
		var found []misuse.Finding
		for _, rule := range misuse.Rules {
			f, changed := changes[rule.Attempt]
			if !changed {
				f.Result, f.Found = causes.OK, "rejected"
			}
			f.Check = string(rule.Attempt)
			found = append(found, f)
		}
		return found
	}
	finding := func(result causes.Result, found string, undecided bool) misuse.Finding {
		return misuse.Finding{Finding: causes.Finding{Result: result, Found: found}, Undecided: undecided}
	}
	fail, warn := finding(causes.Fail, "the server accepts it", false), finding(causes.Warn, "it lives on", false)
	open, skip := finding(causes.Warn, "undecided: no answer", true), finding(causes.Skip, "not run", false)
	all := map[misuse.Attempt]misuse.Finding{}
	for _, rule := range misuse.Rules {
		all[rule.Attempt] = open
	}
	twice := append(whole(map[misuse.Attempt]misuse.Finding{misuse.PromptNone: fail}), finding(causes.Fail, "and once more", false))
	twice[len(twice)-1].Check = string(misuse.PromptNone)
	for _, row := range []struct {
		name       string
		found      []misuse.Finding
		next       string
		says, lead string
		result     causes.Result
		mood       string
	}{
		{"nothing tried", nil, "", "Nine attacks your server should reject", "up to 8 logins at auth.example", "", ""},
		{"begun", nil, "https://auth.example/authorize", "0 of 9 attacks run", "Next attack: a code used twice.", "", ""},
		{"under way", whole(nil)[:3], "https://auth.example/authorize", "3 of 9 attacks run", "Next attack: a different redirect URI", "", ""},
		{"a login is out", whole(nil)[:8], "", "8 of 9 attacks run", "Next attack: prompt=none without a session. The browser hasn’t come back from it.", "", ""},
		{"sound", whole(nil), "", "The server rejects all 9 attacks", "honest request", causes.OK, "good"},
		{
			"not all asked",
			whole(map[misuse.Attempt]misuse.Finding{misuse.OtherClient: skip}),
			"",
			"The server rejects all 8 attacks that were run",
			"1 could not be run. Every answer was compared with the answer to an honest request.",
			causes.OK,
			"good",
		},
		{"a warning", whole(map[misuse.Attempt]misuse.Finding{misuse.CodeTwice: warn}), "",
			"No attack was accepted, with 1 warning", "A code used twice: it lives on.", causes.Warn, "warn"},
		{"one thing", whole(map[misuse.Attempt]misuse.Finding{misuse.NoVerifier: fail, misuse.CodeTwice: warn, misuse.RevokedToken: open}), "",
			"The server accepts 1 of 9 attacks", "No code verifier: the server accepts it.", causes.Fail, "bad"},
		{"two things", whole(map[misuse.Attempt]misuse.Finding{misuse.NoVerifier: fail, misuse.PromptNone: fail}), "",
			"The server accepts 2 of 9 attacks", "No code verifier: the server accepts it.", causes.Fail, "bad"},
		{"one thing in two places", twice, "", "The server accepts 1 of 9 attacks", "prompt=none without a session: the server accepts it.", causes.Fail, "bad"},
		{"one not decided", whole(map[misuse.Attempt]misuse.Finding{misuse.NoVerifier: open}), "",
			"No attack was accepted, but 1 of 9 is undecided", "No code verifier", causes.Warn, "warn"},
		{"two not decided", whole(map[misuse.Attempt]misuse.Finding{misuse.NoVerifier: open, misuse.PromptNone: open}), "",
			"No attack was accepted, but 2 of 9 are undecided", "No code verifier", causes.Warn, "warn"},
		{"none decided", whole(all), "", "No attack could be decided", "no answer", causes.Warn, "warn"},
	} {
		t.Run(row.name, func(t *testing.T) {
			v := newMisusePage(layout{}, cfg, row.found, row.next)
			if v.Says != row.says || !strings.Contains(v.Lead, row.lead) || v.Result != row.result || v.Mood != row.mood {
				t.Errorf("it says %q, %q (%s, %s)", v.Says, v.Lead, v.Result, v.Mood)
			}
			if len(v.Rows) != len(misuse.Rules) { // whatever came of them, and however many findings that is
				t.Errorf("%d rows for %d attacks", len(v.Rows), len(misuse.Rules))
			}
		})
	}
}

// The worst row comes first, with what to do; attacks that have not been run stay in their order.
func TestMisusePage_Rows(t *testing.T) {
	t.Parallel()
	var found []misuse.Finding
	for _, rule := range misuse.Rules {
		found = append(found, misuse.Finding{Finding: causes.Finding{Check: string(rule.Attempt), Result: causes.OK}})
	}
	found[8].Result, found[8].Fix = causes.Fail, "the server has to answer login_required"
	found[3].Undecided = true
	rows := newMisusePage(layout{}, config.Config{}.Effective(), found, "").Rows
	if first := rows[0]; first.Attempt != misuse.PromptNone || first.State != accepted || first.Fix() != "The server has to answer login_required." {
		t.Errorf("the first row is %s, %s: %q", first.Attempt, first.State, first.Fix())
	}
	if second := rows[1]; second.Attempt != misuse.OtherRedirectURI || second.State != undecided {
		t.Errorf("the second row is %s, %s", second.Attempt, second.State)
	}
	for i, row := range newMisusePage(layout{}, config.Config{}.Effective(), found[8:], "").Rows {
		want := toRun
		if i == 8 {
			want = accepted
		}
		if row.Attempt != misuse.Rules[i].Attempt || row.State != want {
			t.Errorf("row %d of a run under way is %s, %s", i, row.Attempt, row.State)
		}
	}
}
