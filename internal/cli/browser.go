package cli

import (
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"
)

// Browser opens the user's browser, or reports that there is none to open.
type Browser struct {
	getenv func(string) string
	root   fs.FS // of the file system
	system string

	failsWithin time.Duration // how long a command may take to fail; one that still runs then is the browser itself
}

// NewBrowser returns the browser of this machine, for an environment.
func NewBrowser(getenv func(string) string) Browser {
	return Browser{getenv, os.DirFS("/"), runtime.GOOS, 5 * time.Second}
}

// Opens reports whether there is a command to try.
func (b Browser) Opens() bool { return len(b.commands("")) > 0 }

// IsElsewhere reports whether the user sits at a different machine, or there is no user. A browser opened here may not
// be visible, so the address is printed too.
func (b Browser) IsElsewhere() bool {
	return b.getenv("CI") != "" || b.isRemote() || b.isContainer()
}

// Open opens an address with the first command that works, and reports whether one did.
func (b Browser) Open(address string) bool {
	for _, words := range b.commands(address) {
		if b.run(words) {
			return true
		}
	}
	return false
}

// commands lists the commands that may open an address, in the order in which they are tried. $BROWSER is the user's
// choice, so it counts in a remote shell and in a container too: editors set it there, to a command that opens the user's
// browser.
func (b Browser) commands(address string) [][]string {
	switch {
	case b.getenv("CI") != "":
		return nil
	case strings.Trim(b.getenv("BROWSER"), ": ") != "":
		return b.named(address)
	case b.IsElsewhere():
		return nil
	case b.system == "darwin":
		return [][]string{{"open", address}}
	case b.system == "windows":
		return [][]string{{"rundll32", "url.dll,FileProtocolHandler", address}}
	case b.isWSL():
		return onWindows(address)
	case b.getenv("DISPLAY") != "" || b.getenv("WAYLAND_DISPLAY") != "":
		return [][]string{{"xdg-open", address}}
	}
	return nil
}

// named reads $BROWSER as xdg-open does: commands separated by colons, with %s in place of the address. A command without
// %s gets the address at its end. No shell reads the address.
func (b Browser) named(address string) [][]string {
	var list [][]string
	for part := range strings.SplitSeq(b.getenv("BROWSER"), string(os.PathListSeparator)) {
		words := strings.Fields(strings.TrimSuffix(strings.TrimSpace(part), "&"))
		if whole := strings.TrimSpace(part); b.find(whole) != "" { // a path with spaces
			words = []string{whole}
		}
		if len(words) == 0 {
			continue
		}
		placed := false
		for i, word := range words[1:] {
			if strings.Contains(word, "%s") {
				words[i+1], placed = strings.ReplaceAll(word, "%s", address), true
			}
		}
		if !placed {
			words = append(words, address)
		}
		list = append(list, words)
	}
	return list
}

// inert matches an address without a character that PowerShell would read as the end of a single-quoted string.
var inert = regexp.MustCompile(`^[A-Za-z0-9.:/?&=%+~_\[\]-]*$`)

// onWindows opens an address in the Windows browser, from a Linux inside Windows. PowerShell reads what follows /c as a
// script, so the address is a string there: outside of a string, & is an operator.
func onWindows(address string) [][]string {
	list := [][]string{{"wslview", address}}
	if inert.MatchString(address) {
		list = append(list, []string{"powershell.exe", "-NoProfile", "/c", "start", "'" + address + "'"})
	}
	return list
}

// isRemote reports whether this is a remote shell: a window would open on a screen that the user doesn't see.
func (b Browser) isRemote() bool {
	return b.getenv("SSH_CONNECTION") != "" || b.getenv("SSH_TTY") != ""
}

// isContainer reports whether this is a container, by what Docker, Podman, systemd-nspawn and Kubernetes leave in it. A
// distribution of WSL may have been made of an image, and then has the image's file.
func (b Browser) isContainer() bool {
	if b.getenv("container") != "" || b.getenv("KUBERNETES_SERVICE_HOST") != "" {
		return true
	}
	return b.getenv("WSL_DISTRO_NAME") == "" && (b.has(".dockerenv") || b.has("run/.containerenv"))
}

// isWSL reports whether this is the Windows Subsystem for Linux. sudo drops the variable; the kernel's name stays.
func (b Browser) isWSL() bool {
	if b.getenv("WSL_DISTRO_NAME") != "" {
		return true
	}
	version, err := fs.ReadFile(b.root, "proc/version")
	return err == nil && strings.Contains(strings.ToLower(string(version)), "microsoft")
}

func (b Browser) has(file string) bool {
	_, err := fs.Stat(b.root, file)
	return err == nil
}

// run starts a command, and reports whether it works.
func (b Browser) run(words []string) bool {
	path := b.find(words[0])
	if path == "" {
		return false
	}
	command := exec.Command(path, words[1:]...)
	if command.Start() != nil {
		return false
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	select {
	case err := <-ended:
		return err == nil
	case <-time.After(b.failsWithin):
		return true
	}
}

// find returns the file of a command in the environment's PATH, or "".
func (b Browser) find(name string) string {
	if b.system == "windows" {
		path, err := exec.LookPath(name)
		if err != nil {
			return ""
		}
		return path
	}
	candidates := []string{name}
	if !strings.Contains(name, "/") {
		candidates = nil
		for _, dir := range filepath.SplitList(b.getenv("PATH")) {
			candidates = append(candidates, filepath.Join(dir, name))
		}
	}
	for _, path := range candidates {
		info, err := os.Stat(path)
		if err == nil && filepath.IsAbs(path) && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path
		}
	}
	return ""
}

// PrintOpen says where the browser has to go, in a line that always starts the same: scripts read it.
func PrintOpen(out io.Writer, address string) { say(out, "open: ", address) }

// OpenOrPrint opens an address in the browser, and prints it where that fails.
func (b Browser) OpenOrPrint(out io.Writer, address string) {
	if !b.Open(address) {
		PrintOpen(out, address)
	}
}
