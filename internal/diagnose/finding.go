package diagnose

import "fmt"

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

	noClient bool // it was not asked, as no client is registered yet
	noLine   bool // no line of .env mends it
}

func proved(format string, args ...any) Finding {
	return Finding{Result: OK, Found: fmt.Sprintf(format, args...)}
}

func warning(format string, args ...any) Finding {
	return Finding{Result: Warn, Found: fmt.Sprintf(format, args...)}
}

func skipped(format string, args ...any) Finding {
	return Finding{Result: Skip, Found: fmt.Sprintf(format, args...)}
}

// failing is a fail that names the setting, what to do about it, and the server's words if any.
func failing(setting, fix, words, format string, args ...any) Finding {
	return Finding{Result: Fail, Found: fmt.Sprintf(format, args...), Setting: setting, Fix: fix, Server: words}
}

// by adds what proves a finding.
func (f Finding) by(format string, args ...any) Finding {
	f.Control = fmt.Sprintf(format, args...)
	return f
}

// as gives a finding the name of its cause.
func (f Finding) as(name Name) Finding {
	f.Name = name
	return f
}
