package config

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is a mistake in the settings.
type Problem struct {
	Setting string // the variable; empty for a file that cannot be read
	Where   string // "environment", ".env:3", or "" for a variable that is set nowhere
	What    string // what is wrong
	Fix     string // what to do about it; may be empty
	Cause   string // its heading in docs/problems.md; may be empty
}

// String is the problem as one line: where, what is wrong, a semicolon, what to do.
func (p Problem) String() string {
	line := place(p.Setting, p.Where) + ": " + p.What
	if p.Fix != "" {
		line += "; " + p.Fix
	}
	return line
}

// Problems are all the mistakes in the settings.
type Problems []Problem

// Error has one line for each problem.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

// place names a variable and where its value comes from, as an editor can open it.
func place(name, where string) string {
	switch {
	case name == "":
		return where
	case where == "":
		return name
	}
	return name + " (" + where + ")"
}

// wrong notes a mistake: what is wrong, a semicolon, what to do. Only the first one of a variable
// is kept, as the rest follows from it.
func (s *settings) wrong(name, format string, args ...any) {
	s.wrongBecause("", name, format, args...)
}

// wrongBecause is wrong with the name of the cause.
func (s *settings) wrongBecause(cause, name, format string, args ...any) {
	if slices.ContainsFunc(s.problems, func(p Problem) bool { return p.Setting == name }) {
		return
	}
	p := Problem{Setting: name, Where: s.where(name), What: fmt.Sprintf(format, args...), Cause: cause}
	if i := strings.LastIndex(p.What, "; "); i >= 0 {
		p.What, p.Fix = p.What[:i], p.What[i+2:]
	}
	s.problems = append(s.problems, p)
}

// note keeps what was put right on the way in.
func (s *settings) note(name, text string) {
	s.notes = append(s.notes, place(name, s.where(name))+": "+text)
}

// where says from where a variable's value comes.
func (s *settings) where(name string) string {
	switch {
	case s.getenv(name) != "":
		return "environment"
	case s.values[name] != "":
		return s.inFile(name)
	}
	return ""
}

// inFile is the file and the line that sets a variable.
func (s *settings) inFile(name string) string {
	_, line := s.rawLine(name)
	if line == 0 {
		return s.file
	}
	return fmt.Sprintf("%s:%d", s.file, line)
}
