package config

import (
	"io"
	"os"
	"syscall"
)

// Origin says where the value of a variable comes from.
type Origin struct {
	Line            int  // of the file; 0 when the file has no line for the variable, or cannot be read
	FromEnvironment bool // set in the environment, which wins over the file
}

// Origin looks up where the value of a variable comes from, as the file is now. It never waits, and leaves a pipe alone.
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

// readRegular returns the beginning of a file, or "" where there is none or a pipe. A pipe could take the file's place
// after the first look, so the file is opened without waiting, and looked at again.
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

// NeedsRestart reports a variable whose change in the file waits for a restart of the program (Config.Reread).
func NeedsRestart(variable string) bool {
	switch variable {
	case "PORT", "BASE_URL", "SESSION_SECRET", "SESSION_STORE":
		return true
	}
	return false
}
