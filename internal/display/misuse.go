package display

import (
	"cmp"
	"fmt"
	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/misuse"
	"slices"
)

// Misuse is a run of /misuse as its page shows it: the verdict first, what the server lets pass next.
type Misuse struct {
	Result causes.Result          `json:"result,omitempty"` // the worst; only of a whole run
	Says   string                 `json:"verdict"`
	Tried  int                    `json:"tried"`
	Of     int                    `json:"of"`
	Logins int                    `json:"logins"` // what a whole run costs at most
	Found  []misuse.MisuseFinding `json:"findings"`
	Next   string                 `json:"next_login_uri,omitempty"` // the login of the next try, while a run goes on

	Lead, Mood, Mark string                 `json:"-"`
	Where            string                 `json:"-"` // the authorization server's host
	Left             []misuse.Rule          `json:"-"` // what is still to be tried
	Failed           []misuse.MisuseFinding `json:"-"`
	Warned           []misuse.MisuseFinding `json:"-"`
	Undecided        []misuse.MisuseFinding `json:"-"`
	NotAsked         []misuse.MisuseFinding `json:"-"`
	Passed           []misuse.MisuseFinding `json:"-"`
}

// NewMisuse prepares what a run has found. Next is the address of the login that comes next, if one was
// begun.
func NewMisuse(cfg config.Config, found []misuse.MisuseFinding, next string) Misuse {
	v := Misuse{Found: found, Of: len(misuse.Rules), Logins: misuse.Logins(cfg), Next: next, Left: misuse.Untried(found), Mark: "–"}
	v.Where = HostOf(cmp.Or(cfg.Issuer, cfg.Endpoints.Authorization))
	v.Tried = v.Of - len(v.Left)
	if v.Found == nil {
		v.Found = []misuse.MisuseFinding{}
	}
	for _, f := range found {
		switch {
		case f.Undecided:
			v.Undecided = append(v.Undecided, f)
		case f.Result == causes.Fail:
			v.Failed = append(v.Failed, f)
		case f.Result == causes.Warn:
			v.Warned = append(v.Warned, f)
		case f.Result == causes.Skip:
			v.NotAsked = append(v.NotAsked, f)
		default:
			v.Passed = append(v.Passed, f)
		}
	}
	if len(v.Left) > 0 {
		v.progress()
	} else {
		v.judge()
	}
	return v
}

// Begun reports whether a run is under way.
func (v Misuse) Begun() bool { return len(v.Left) > 0 && (v.Next != "" || v.Tried > 0) }

// progress says what a run costs, or how far it has come.
func (v *Misuse) progress() {
	if !v.Begun() {
		v.Says = "Not tried yet"
		v.Lead = fmt.Sprintf("Nine tries show what the server lets pass. They cost up to %d logins at %s. Your own session stays as it is.", v.Logins, v.Where)
		return
	}
	v.Says, v.Mark = fmt.Sprintf("%d of %d tries done", v.Tried, v.Of), "…"
	if v.Next != "" {
		v.Lead = fmt.Sprintf("Next: %s. Sign in and allow it, as often as the server asks. The page goes on by itself.", lowerFirst(v.Left[0].About))
		return
	}
	v.Lead = fmt.Sprintf("Next: %s. Its login has not come back.", lowerFirst(v.Left[0].About))
}

// judge is the verdict of a whole run. Nothing is called safe that was not decided.
func (v *Misuse) judge() {
	switch {
	case len(v.Failed) > 0:
		v.Result, v.Mood, v.Mark = causes.Fail, "bad", "✕"
		v.Says, v.Lead = "The server lets "+count(tries(v.Failed), "thing")+" pass", sentence(v.Failed[0])
	case len(v.Undecided) > 0 && len(v.Passed)+len(v.Warned) == 0:
		v.Result, v.Says, v.Lead = causes.Warn, "Nothing could be decided", sentence(v.Undecided[0])
	case len(v.Undecided) > 0:
		v.Result, v.Says = causes.Warn, "Nothing dangerous was seen, but not everything could be tried"
		v.Lead = fmt.Sprintf("Not decided: %d of %d. %s", tries(v.Undecided), v.Of, sentence(v.Undecided[0]))
	case len(v.Warned) > 0:
		v.Result, v.Mood, v.Mark = causes.Warn, "good", "✓"
		v.Says, v.Lead = "Nothing dangerous gets through", count(len(v.Warned), "warning")+". "+sentence(v.Warned[0])
	default:
		v.Result, v.Mood, v.Mark = causes.OK, "good", "✓"
		v.Says, v.Lead = "Nothing dangerous gets through", "Every answer was compared with the answer to an honest request."
	}
}

// tries is the number of tries that findings are about.
func tries(found []misuse.MisuseFinding) int {
	var names []string
	for _, f := range found {
		names = append(names, f.Check)
	}
	return len(slices.Compact(names)) // those of a try stand together
}

// sentence is a finding as a sentence of its own.
func sentence(f misuse.MisuseFinding) string { return f.About() + ": " + f.Found + "." }

// count is a number with what it counts.
func count(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return fmt.Sprintf("%d %ss", n, of)
}

// lowerFirst begins a phrase in the middle of a sentence, unless it begins with a name.
func lowerFirst(s string) string {
	if s == "" || s[0] < 'A' || s[0] > 'Z' {
		return s
	}
	return string(s[0]+'a'-'A') + s[1:]
}
