package display

import "strings"

// Notice is what the user should know of the settings while the program runs.
type Notice struct {
	Heading string   `json:"heading"`
	Lines   []string `json:"lines,omitempty"`
}

// Mistakes says what is wrong in a file that has been read again.
func Mistakes(file string, err error) *Notice {
	return &Notice{Heading: file + " has changed, and something in it is wrong. Until that is fixed, the settings from before are in use.",
		Lines: strings.Split(err.Error(), "\n")}
}

// NeedsRestart says which settings have changed that only a restart can apply, or is nil.
func NeedsRestart(file string, names []string) *Notice {
	if len(names) == 0 {
		return nil
	}
	return &Notice{Heading: strings.Join(names, ", ") + " changed in " + file + ". Restart the program to use that."}
}

// String is the notice as the terminal shows it.
func (n *Notice) String() string {
	return strings.Join(append([]string{n.Heading}, n.Lines...), "\n  ")
}
