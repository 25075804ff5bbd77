package config

import (
	"io"
	"os"
	"syscall"
)

// Origin says where a variable is set.
type Origin struct {
	Line            int  // of the file; 0 when the file has no line for the variable, or cannot be read
	FromEnvironment bool // set in the environment, which wins over the file
}

// Origin finds out where a variable is set, in the file as it is now. It never waits, and doesn't open a pipe.
func (s *Source) Origin(getenv func(string) string, variable string) Origin {
	raw := ""
	if s.once != nil {
		raw = *s.once
	} else {
		raw = readRegular(s.Path)
	}
	_, line := lineIn(raw, variable)
	return Origin{Line: line, FromEnvironment: getenv(variable) != ""}
}

// readRegular returns the beginning of a file, or "" if there is none or if it is a pipe. A pipe could replace the file
// after the first look, so it opens the file without waiting, and looks again.
func readRegular(path string) string {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return ""
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return ""
	}
	text, err := io.ReadAll(io.LimitReader(file, maxFile))
	if err != nil {
		return ""
	}
	return string(text)
}

// NeedsRestart reports whether a variable takes effect only after a restart of the program (Config.Reread).
func NeedsRestart(variable string) bool {
	switch variable {
	case "PORT", "BASE_URL", "SESSION_SECRET", "SESSION_STORE":
		return true
	}
	return false
}
