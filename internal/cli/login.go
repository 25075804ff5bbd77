package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/wire"
)

// loginTimeout is the time that the command login waits for the browser, unless -timeout is set.
const loginTimeout = 5 * time.Minute

// Verdict is the outcome of a login. Only the token response can tell who signed in, and it is printed only on request:
// many people read CI logs.
type Verdict struct {
	Works    bool
	Answer   string   // the token response, as the server sent it
	Scope    string   // granted; empty for none
	OpenID   bool     // the login asked for openid
	Checks   int      // of the ID token, all passed; 0 without an ID token
	Refresh  bool     // there is a refresh token
	Warnings []string // what other clients may refuse

	Heading, Code, Description string // what failed; the texts may be the server's
	Theirs                     bool
	Name, Hint, Where, Line    string // the cause as in docs/problems.md, and what to change
}

// AskToSignIn prints the address to open in the browser.
func AskToSignIn(out io.Writer, address string, within time.Duration) {
	PrintOpen(out, address)
	say(out, "", fmt.Sprintf("Sign in there. Waiting for %v.", within))
}

// First returns a function that sends the first verdict, and drops later ones.
func First(to chan<- Verdict) func(Verdict) {
	return func(v Verdict) {
		select {
		case to <- v:
		default: // one is there already
		}
	}
}

// Interrupted is the verdict if the user stopped the command before a login came back.
var Interrupted = Verdict{Heading: "Stopped before a login came back", Code: "interrupted", Description: "The settings are not tested."}

// NobodyCame returns the verdict if no login came back in time, with the command that checks the settings.
func NobodyCame(within time.Duration, check string) Verdict {
	return Verdict{Heading: "No login came back within " + within.String(), Code: "login_never_came_back", Name: string(causes.LoginNeverCameBack),
		Description: "The address above was not opened, or the browser didn't come back from the authorization server.", Hint: "Run `" + check + "`: it finds most causes. The page in the browser may say more."}
}

// Print prints a verdict and returns the exit code. For programs it prints the token response, or the error in the form of
// RFC 6749 section 5.2.
func (v Verdict) Print(out io.Writer, asJSON bool) int {
	switch {
	case asJSON && v.Works:
		sayJSON(out, v.Answer)
	case asJSON:
		document, err := json.Marshal(map[string]string{"error": v.Code, "error_description": v.Description, "name": v.Name})
		if err != nil {
			return 1 // strings always can be written
		}
		sayJSON(out, string(document))
	case v.Works:
		v.printWorks(out)
	default:
		v.printFailed(out)
	}
	if v.Works {
		return 0
	}
	return 1
}

// Annotate writes a verdict as a command of GitHub's runner, as check does.
func (v Verdict) Annotate(out io.Writer) {
	if v.Works {
		for _, warning := range v.Warnings {
			annotation(out, "warning", "login", warning)
		}
		return
	}
	annotation(out, "error", cmp.Or(v.Name, wire.Clip(v.Code, 60)), v.Heading+"; "+v.Hint)
}

func (v Verdict) printWorks(out io.Writer) {
	id, refresh := "none: openid was not requested", "none"
	if v.OpenID {
		id = "none: openid was not granted"
	}
	if v.Checks > 0 {
		id = fmt.Sprintf("verified, %d checks passed", v.Checks)
	}
	if v.Refresh {
		refresh = "issued"
	}
	scope := wire.Clip(v.Scope, 500)
	if scope == "" {
		scope = "none named by the server"
	}
	say(out, "  ok    ", "The login works.")
	for _, detail := range [][2]string{{"scopes", scope}, {"ID token", id}, {"refresh token", refresh}} {
		v.printDetail(out, detail[0], detail[1])
	}
	for _, warning := range v.Warnings {
		v.printDetail(out, "warning", warning)
	}
}

func (v Verdict) printFailed(out io.Writer) {
	heading := v.Heading
	if v.Name != "" {
		heading += " [" + v.Name + "]"
	}
	say(out, "  FAIL  ", heading)
	who := "what"
	if v.Theirs {
		who = "server said"
	}
	what := wire.Clip(v.Description, 500)
	if v.Theirs || v.Name == "" { // else the heading has the name already
		what = wire.Clip(v.Code, 60) + ": " + what
	}
	v.printDetail(out, who, what)
	if v.Line != "" {
		v.printDetail(out, "line", strings.TrimSpace(v.Where)+": "+v.Line)
	}
	v.printDetail(out, "fix", v.Hint)
}

// printDetail prints a text with a name beside it, unless it is empty.
func (Verdict) printDetail(out io.Writer, name, text string) {
	if text != "" {
		say(out, fmt.Sprintf("        %-13s  ", name), text)
	}
}
