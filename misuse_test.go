package main

import (
	"strings"
	"testing"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/misuse"
)

// The verdict of a run names the first thing that the server lets pass, and calls nothing safe that was not
// decided.
func TestMisusePage_Verdict(t *testing.T) {
	t.Parallel()
	cfg := config.Config{Issuer: "https://auth.example", OtherClientID: "b-client"}
	whole := func(changes map[misuse.Attempt]misuse.MisuseFinding) []misuse.MisuseFinding {
		var found []misuse.MisuseFinding
		for _, rule := range misuse.Rules {
			f, changed := changes[rule.Attempt]
			if !changed {
				f.Result, f.Found = causes.OK, "refused"
			}
			f.Check = string(rule.Attempt)
			found = append(found, f)
		}
		return found
	}
	finding := func(result causes.Result, found string, undecided bool) misuse.MisuseFinding {
		return misuse.MisuseFinding{Finding: causes.Finding{Result: result, Found: found}, Undecided: undecided}
	}
	fail, warn := finding(causes.Fail, "the server accepts it", false), finding(causes.Warn, "it lives on", false)
	open, skip := finding(causes.Warn, "not decided: no answer", true), finding(causes.Skip, "not asked", false)
	all := map[misuse.Attempt]misuse.MisuseFinding{}
	for _, rule := range misuse.Rules {
		all[rule.Attempt] = open
	}
	twice := append(whole(map[misuse.Attempt]misuse.MisuseFinding{misuse.PromptNone: fail}), finding(causes.Fail, "and once more", false))
	twice[len(twice)-1].Check = string(misuse.PromptNone)
	for _, row := range []struct {
		name       string
		found      []misuse.MisuseFinding
		next       string
		says, lead string
		result     causes.Result
		mood       string
	}{
		{"nothing tried", nil, "", "Not tried yet", "up to 8 logins at auth.example", "", ""},
		{"begun", nil, "https://auth.example/authorize", "0 of 9 tries done", "Next: the code used twice.", "", ""},
		{"under way", whole(nil)[:3], "https://auth.example/authorize", "3 of 9 tries done", "Next: another redirect URI", "", ""},
		{"a login is out", whole(nil)[:8], "", "8 of 9 tries done", "Next: prompt=none without a session. Its login has not come back.", "", ""},
		{"sound", whole(nil), "", "Nothing dangerous gets through", "honest request", causes.OK, "good"},
		{
			"not all asked",
			whole(map[misuse.Attempt]misuse.MisuseFinding{misuse.OtherClient: skip}),
			"",
			"Nothing dangerous gets through",
			"honest request",
			causes.OK,
			"good",
		},
		{"a warning", whole(map[misuse.Attempt]misuse.MisuseFinding{misuse.CodeTwice: warn}), "",
			"Nothing dangerous gets through", "1 warning. The code used twice: it lives on.", causes.Warn, "good"},
		{"one thing", whole(map[misuse.Attempt]misuse.MisuseFinding{misuse.NoVerifier: fail, misuse.CodeTwice: warn, misuse.RevokedToken: open}), "",
			"The server lets 1 thing pass", "No code verifier: the server accepts it.", causes.Fail, "bad"},
		{"two things", whole(map[misuse.Attempt]misuse.MisuseFinding{misuse.NoVerifier: fail, misuse.PromptNone: fail}), "",
			"The server lets 2 things pass", "No code verifier: the server accepts it.", causes.Fail, "bad"},
		{"one thing in two places", twice, "", "The server lets 1 thing pass", "prompt=none without a session: the server accepts it.", causes.Fail, "bad"},
		{"one not decided", whole(map[misuse.Attempt]misuse.MisuseFinding{misuse.NoVerifier: open}), "",
			"Nothing dangerous was seen, but not everything could be tried", "1 of 9", causes.Warn, ""},
		{"none decided", whole(all), "", "Nothing could be decided", "no answer", causes.Warn, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			v := newMisusePage(layout{}, cfg, row.found, row.next)
			if v.Says != row.says || !strings.Contains(v.Lead, row.lead) || v.Result != row.result || v.Mood != row.mood {
				t.Errorf("it says %q, %q (%s, %s)", v.Says, v.Lead, v.Result, v.Mood)
			}
		})
	}
}
