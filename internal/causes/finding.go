package causes

import (
	"fmt"
	"strings"
)

// Result is the outcome of a check.
type Result string

const (
	OK   Result = "ok"   // proved
	Warn Result = "warn" // a weakness, or not to be decided; the flow goes on
	Fail Result = "fail" // a setting is wrong
	Skip Result = "skip" // an earlier failure, or a setting, makes the question meaningless
)

// Finding is the line that a check prints.
type Finding struct {
	Check   string `json:"check"` // stable names, as in the README
	Result  Result `json:"result"`
	Found   string `json:"found"`
	Control string `json:"control,omitempty"`     // what proves it, or where it was found
	Name    Name   `json:"name,omitempty"`        // of the cause, where one is known; as in docs/problems.md
	Setting string `json:"setting,omitempty"`     // the variable in .env
	Accepts string `json:"accepts,omitempty"`     // what the server accepts instead
	Fix     string `json:"fix,omitempty"`         // what to change, and where
	Line    string `json:"line,omitempty"`        // the line to write in .env, where there is one
	Server  string `json:"server_says,omitempty"` // its own words
	Remedy  Remedy `json:"remedy,omitzero"`       // the same, or the place in the server's dashboard

	NoClient bool `json:"-"` // it was not asked, as no client is registered yet
	NoLine   bool `json:"-"` // no line of .env mends it
}

func Proved(format string, args ...any) Finding {
	return Finding{Result: OK, Found: fmt.Sprintf(format, args...)}
}

func Warning(format string, args ...any) Finding {
	return Finding{Result: Warn, Found: fmt.Sprintf(format, args...)}
}

func Skipped(format string, args ...any) Finding {
	return Finding{Result: Skip, Found: fmt.Sprintf(format, args...)}
}

// failing is a fail that names the setting, what to do about it, and the server's words if any.
func Failing(setting, fix, words, format string, args ...any) Finding {
	return Finding{Result: Fail, Found: fmt.Sprintf(format, args...), Setting: setting, Fix: fix, Server: words}
}

// by adds what proves a finding.
func (f Finding) By(format string, args ...any) Finding {
	f.Control = fmt.Sprintf(format, args...)
	return f
}

// as gives a finding the name of its cause.
func (f Finding) As(name Name) Finding {
	f.Name = name
	return f
}

// Tag returns the name of the cause, or of the check where the cause has none.
func (f Finding) Tag() string {
	if f.Name != "" {
		return string(f.Name)
	}
	return f.About()
}

// sentence is what was found and what to do about it.
func (f Finding) Sentence() string {
	if f.Fix == "" {
		return f.Found
	}
	return f.Found + "; " + f.Fix
}

// String is the finding as one line, which ends in its result.
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

// About returns what a finding is about. An unknown client ID is found where the redirect URI is asked about.
func (f Finding) About() string {
	if f.Name == ClientIDUnknown {
		return "client ID"
	}
	return Label(f.Check)
}

// label is the name of a check as a person reads it.
func Label(check string) string {
	switch check {
	case "configuration":
		return "settings"
	case "start":
		return "start at API"
	case "metadata_flavours":
		return "both metadata"
	case "response_issuer":
		return "response iss"
	case "pushed_authorization":
		return "pushed request"
	case "advertised":
		return "metadata lists"
	case "authorization":
		return "login"
	case "pkce":
		return "PKCE"
	case "api":
		return "API"
	}
	return strings.ReplaceAll(strings.ReplaceAll(check, "_", " "), "uri", "URI")
}

// number is a number with what it counts.
func Number(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return fmt.Sprintf("%d %ss", n, of)
}
