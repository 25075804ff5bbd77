package causes

import (
	"cmp"
	"fmt"
	"strings"
)

// Result is the outcome of a check.
type Result string

const (
	OK   Result = "ok"   // proved
	Warn Result = "warn" // a weakness, or not to be decided; the flow continues
	Fail Result = "fail" // a setting is wrong
	Skip Result = "skip" // an earlier failure, or a setting, makes the question meaningless
)

// Finding is the result of a check, as one line.
type Finding struct {
	Check   string `json:"check"` // stable names, as in the README
	Result  Result `json:"result"`
	Found   string `json:"found"`
	Control string `json:"control,omitempty"`     // what proves it, or where it was found
	Name    Name   `json:"name,omitempty"`        // of the cause, where one is known; as in docs/problems.md
	Help    string `json:"help,omitempty"`        // where the cause is explained
	Setting string `json:"setting,omitempty"`     // the variable in .env
	Accepts string `json:"accepts,omitempty"`     // what the server accepts instead
	Fix     string `json:"fix,omitempty"`         // what to change, and where
	Line    string `json:"line,omitempty"`        // the line to write in .env, where it is known
	Server  string `json:"server_says,omitempty"` // its own words
	Remedy  Fix    `json:"remedy,omitzero"`       // Fix in its parts

	NoClient bool `json:"-"` // it was not asked, as no client is registered yet
	NotYet   bool `json:"-"` // it was not asked yet, or without a control
}

// Proved returns a finding that something is right.
func Proved(format string, args ...any) Finding {
	return Finding{Result: OK, Found: fmt.Sprintf(format, args...)}
}

// Warning returns a finding that proves nothing, or that warns of a weakness.
func Warning(format string, args ...any) Finding {
	return Finding{Result: Warn, Found: fmt.Sprintf(format, args...)}
}

// Skipped returns the finding of a question that was not asked.
func Skipped(format string, args ...any) Finding {
	return Finding{Result: Skip, Found: fmt.Sprintf(format, args...)}
}

// Failing returns a failure with the setting, the fix, and the server's words, if any.
func Failing(setting, fix, words, format string, args ...any) Finding {
	return Finding{Result: Fail, Found: fmt.Sprintf(format, args...), Setting: setting, Fix: fix, Server: words}
}

// By adds the evidence for a finding.
func (f Finding) By(format string, args ...any) Finding {
	f.Control = fmt.Sprintf(format, args...)
	return f
}

// As sets the cause of a finding.
func (f Finding) As(name Name) Finding {
	f.Name = name
	return f
}

// Found returns the finding of a cause: what was found, the line that it is about, and what to do.
func Found(result Result, name Name, facts Facts) Finding {
	row := Of(name)
	f := Finding{Result: result, Name: name, Found: row.says(facts), Setting: variableOf(facts.Cfg, row.Setting)}
	return f.fixedBy(row.fix(facts))
}

// fixedBy adds the fix to a finding.
func (f Finding) fixedBy(fix Fix) Finding {
	f.Remedy, f.Fix, f.Line = fix, fix.Text, ""
	if fix.Variable != "" {
		f.Setting = fix.Variable
	}
	if fix.Kind == Change {
		f.Line = fix.Line
	}
	return f
}

// In returns the finding with the place at which its variable is set (see Fix.In); a nil place is .env.
func (f Finding) In(place func(variable string) string) Finding {
	if place == nil {
		return f
	}
	at := place(cmp.Or(f.Remedy.Variable, f.Setting))
	f.Remedy, f.Fix, f.Found = f.Remedy.In(at), in(at, f.Fix), in(at, f.Found)
	return f
}

// Look gives a finding a fix that names only the place.
func (f Finding) Look(text string) Finding {
	f.Fix, f.Line, f.Remedy = text, "", Fix{Kind: Look, Text: text}
	if strings.HasPrefix(text, "In .env") {
		f.Remedy.Where = "In .env"
	}
	return f
}

// Also adds a sentence to the fix of a finding.
func (f Finding) Also(text string) Finding {
	f.Fix += " " + text
	f.Remedy.Text = f.Fix
	return f
}

// Help returns where a cause is explained, or "" for none.
func (n Name) Help() string {
	if n == "" {
		return ""
	}
	return "docs/problems.md#" + string(n)
}

// Tag returns the name of the cause, or of the check where the cause has none.
func (f Finding) Tag() string {
	if f.Name != "" {
		return string(f.Name)
	}
	return f.About()
}

// Sentence returns what was found and what to do about it.
func (f Finding) Sentence() string {
	if f.Fix == "" {
		return f.Found
	}
	return f.Found + "; " + f.Fix
}

// String returns the finding as one line, which ends in its result.
func (f Finding) String() string {
	line := f.Check + ": " + f.Found
	if f.Control != "" {
		line += "; " + f.Control
	}
	if f.Accepts != "" {
		line += "; the server accepts " + f.Accepts
	}
	if f.Server != "" {
		line += fmt.Sprintf("; the server says %q", f.Server)
	}
	if f.Fix != "" {
		line += "; " + f.Fix
	}
	return line + " … " + string(f.Result)
}

// About returns the subject of a finding. The check of the redirect URI finds an unknown client ID and a wrong path, too.
func (f Finding) About() string {
	switch {
	case IsUnknownID(f.Name):
		return "client ID"
	case f.NoAuthorization():
		return Label("authorization")
	}
	return Label(f.Check)
}

// NoAuthorization reports whether the check of the redirect URI found no authorization endpoint to ask.
func (f Finding) NoAuthorization() bool {
	switch f.Name {
	case AuthorizationEndpointUnusable, ServerUnreachable, CertificateNotTrusted:
		return f.Check == "redirect_uri" && f.Result == Fail
	}
	return false
}

// Label returns the name of a check in words.
func Label(check string) string {
	switch check {
	case "pkce":
		return "PKCE"
	case "api":
		return "API"
	}
	return strings.ReplaceAll(strings.ReplaceAll(check, "_", " "), "uri", "URI")
}

// Number returns a number with its noun, such as "2 checks".
func Number(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return fmt.Sprintf("%d %ss", n, of)
}

// Title says in one sentence what a finding is about.
func (f Finding) Title() string {
	if title := f.Name.Title(); title != "" {
		return title
	}
	switch f.Result {
	case Fail:
		return "A problem with " + f.Label()
	case Warn:
		return "A warning about " + f.Label()
	}
	return f.Label()
}

// Label returns the name of the finding's check in words.
func (f Finding) Label() string { return Label(f.Check) }
