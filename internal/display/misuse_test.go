package display

import (
	"strings"
	"testing"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/diagnose"
)

// The verdict of a run names the first thing that the server lets pass, and calls nothing safe that was not
// decided.
func TestMisuseVerdict(t *testing.T) {
	cfg := config.Config{Issuer: "https://auth.example", OtherClientID: "b-client"}
	whole := func(changes map[diagnose.Try]diagnose.MisuseFinding) []diagnose.MisuseFinding {
		var found []diagnose.MisuseFinding
		for _, rule := range diagnose.Rules {
			f, changed := changes[rule.Try]
			if !changed {
				f.Result, f.Found = diagnose.OK, "refused"
			}
			f.Check = string(rule.Try)
			found = append(found, f)
		}
		return found
	}
	finding := func(result diagnose.Result, found string, undecided bool) diagnose.MisuseFinding {
		return diagnose.MisuseFinding{Finding: diagnose.Finding{Result: result, Found: found}, Undecided: undecided}
	}
	fail, warn := finding(diagnose.Fail, "the server accepts it", false), finding(diagnose.Warn, "it lives on", false)
	open, skip := finding(diagnose.Warn, "not decided: no answer", true), finding(diagnose.Skip, "not asked", false)
	all := map[diagnose.Try]diagnose.MisuseFinding{}
	for _, rule := range diagnose.Rules {
		all[rule.Try] = open
	}
	twice := append(whole(map[diagnose.Try]diagnose.MisuseFinding{diagnose.PromptNone: fail}), finding(diagnose.Fail, "and once more", false))
	twice[len(twice)-1].Check = string(diagnose.PromptNone)
	for _, row := range []struct {
		name       string
		found      []diagnose.MisuseFinding
		next       string
		says, lead string
		result     diagnose.Result
		mood       string
	}{
		{"nothing tried", nil, "", "Not tried yet", "up to 8 logins at auth.example", "", ""},
		{"begun", nil, "https://auth.example/authorize", "0 of 9 tries done", "Next: the code used twice.", "", ""},
		{"under way", whole(nil)[:3], "https://auth.example/authorize", "3 of 9 tries done", "Next: another redirect URI", "", ""},
		{"a login is out", whole(nil)[:8], "", "8 of 9 tries done", "Next: prompt=none without a session. Its login has not come back.", "", ""},
		{"sound", whole(nil), "", "Nothing dangerous gets through", "honest request", diagnose.OK, "good"},
		{
			"not all asked",
			whole(map[diagnose.Try]diagnose.MisuseFinding{diagnose.OtherClient: skip}),
			"",
			"Nothing dangerous gets through",
			"honest request",
			diagnose.OK,
			"good",
		},
		{"a warning", whole(map[diagnose.Try]diagnose.MisuseFinding{diagnose.CodeTwice: warn}), "",
			"Nothing dangerous gets through", "1 warning. The code used twice: it lives on.", diagnose.Warn, "good"},
		{"one thing", whole(map[diagnose.Try]diagnose.MisuseFinding{diagnose.NoVerifier: fail, diagnose.CodeTwice: warn, diagnose.RevokedToken: open}), "",
			"The server lets 1 thing pass", "No code verifier: the server accepts it.", diagnose.Fail, "bad"},
		{"two things", whole(map[diagnose.Try]diagnose.MisuseFinding{diagnose.NoVerifier: fail, diagnose.PromptNone: fail}), "",
			"The server lets 2 things pass", "No code verifier: the server accepts it.", diagnose.Fail, "bad"},
		{"one thing in two places", twice, "", "The server lets 1 thing pass", "prompt=none without a session: the server accepts it.", diagnose.Fail, "bad"},
		{"one not decided", whole(map[diagnose.Try]diagnose.MisuseFinding{diagnose.NoVerifier: open}), "",
			"Nothing dangerous was seen, but not everything could be tried", "1 of 9", diagnose.Warn, ""},
		{"none decided", whole(all), "", "Nothing could be decided", "no answer", diagnose.Warn, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			v := NewMisuse(cfg, row.found, row.next)
			if v.Says != row.says || !strings.Contains(v.Lead, row.lead) || v.Result != row.result || v.Mood != row.mood {
				t.Errorf("it says %q, %q (%s, %s)", v.Says, v.Lead, v.Result, v.Mood)
			}
		})
	}
}
