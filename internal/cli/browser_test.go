package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"oauth-test-client/internal/testserver"
)

// machine is a machine whose programs are real scripts: each writes down its name and arguments, and returns its exit code.
type machine struct {
	Browser
	called string
}

func newMachine(t *testing.T, system string, env map[string]string, files []string, programs map[string]int) machine {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "a path")
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	m := machine{called: filepath.Join(bin, "called.txt")}
	for name, code := range programs {
		script := fmt.Sprintf("#!/bin/sh\n{ printf %%s %s; printf ' <%%s>' \"$@\"; echo; } >> '%s'\nexit %d\n", name, m.called, code)
		syscall.ForkLock.RLock() // a program that another test starts now would keep the file open: "text file busy"
		err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o700)
		syscall.ForkLock.RUnlock()
		if err != nil {
			t.Fatal(err)
		}
	}
	root := fstest.MapFS{"proc/version": {Data: []byte("Linux version 6.8.0-generic (buildd@host)")}}
	for _, file := range files {
		name, text, _ := strings.Cut(file, "=")
		root[name] = &fstest.MapFile{Data: []byte(text)}
	}
	m.Browser = Browser{func(name string) string {
		return strings.ReplaceAll(map[string]string{"PATH": bin}[name]+env[name], "BIN", bin)
	}, root, system, testserver.Patience}
	return m
}

// calls returns what the programs were called with, in order.
func (m machine) calls(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(m.called)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// Each environment opens the browser by the command that works there, or opens nothing and prints the address.
func TestBrowser_EachEnvironment(t *testing.T) {
	t.Parallel()
	const address = "http://localhost:3000/login?run=A&organization=b"
	all := map[string]int{"xdg-open": 0, "wslview": 0, "powershell.exe": 0, "firefox": 0, "lynx": 0, "fails": 1, "open": 0}
	without := func(names ...string) map[string]int {
		some := map[string]int{}
		for name, code := range all {
			if !slices.Contains(names, name) {
				some[name] = code
			}
		}
		return some
	}
	desktop := func(more ...string) map[string]string {
		env := map[string]string{"DISPLAY": ":0"}
		for i := 0; i < len(more); i += 2 {
			env[more[i]] = more[i+1]
		}
		return env
	}
	const wsl = "proc/version=Linux version 5.15.153.1-microsoft-standard-WSL2"
	const here, elsewhere = false, true
	for _, row := range []struct {
		name      string
		env       map[string]string
		files     []string
		programs  map[string]int
		want      string // the calls, in order
		elsewhere bool
	}{
		{"a desktop", desktop(), nil, all, "xdg-open <" + address + ">", here},
		{"Wayland", map[string]string{"WAYLAND_DISPLAY": "wayland-0"}, nil, all, "xdg-open <" + address + ">", here},
		{"no screen", nil, nil, all, "", here},
		{"a desktop without xdg-open", desktop(), nil, without("xdg-open"), "", here},

		{"$BROWSER", desktop("BROWSER", "firefox"), nil, all, "firefox <" + address + ">", here},
		{"$BROWSER without a screen", map[string]string{"BROWSER": "lynx"}, nil, all, "lynx <" + address + ">", here},
		{"$BROWSER with its place", desktop("BROWSER", "firefox --url=%s --new-tab %s"), nil, all, "firefox <--url=" + address + "> <--new-tab> <" + address + ">", here},
		{"$BROWSER with an argument and no place", desktop("BROWSER", "firefox -P test"), nil, all, "firefox <-P> <test> <" + address + ">", here},
		{"$BROWSER in the background", desktop("BROWSER", "firefox %s &"), nil, all, "firefox <" + address + ">", here},
		{"$BROWSER by its path, with a space", desktop("BROWSER", "BIN/firefox"), nil, all, "firefox <" + address + ">", here},
		{"$BROWSER of which the first is missing", desktop("BROWSER", "chrome:firefox %s:lynx"), nil, all, "firefox <" + address + ">", here},
		{"$BROWSER of which the first fails", desktop("BROWSER", "fails:firefox"), nil, all, "fails <" + address + ">\nfirefox <" + address + ">", here},
		{"$BROWSER of which none works", desktop("BROWSER", "chrome:fails"), nil, all, "fails <" + address + ">", here},
		{"$BROWSER with a command for a shell", desktop("BROWSER", "firefox;lynx"), nil, all, "", here},
		{"an empty $BROWSER", desktop("BROWSER", " : "), nil, all, "xdg-open <" + address + ">", here},

		{"WSL", map[string]string{"WSL_DISTRO_NAME": "Ubuntu"}, nil, all, "wslview <" + address + ">", here},
		{"WSL by its kernel", nil, []string{wsl}, all, "wslview <" + address + ">", here},
		{"WSL with a screen", desktop(), []string{wsl}, all, "wslview <" + address + ">", here},
		{"WSL made of an image", map[string]string{"WSL_DISTRO_NAME": "Ubuntu"}, []string{wsl, ".dockerenv"}, all, "wslview <" + address + ">", here},
		{"WSL without wslview", nil, []string{wsl}, without("wslview"), "powershell.exe <-NoProfile> </c> <start> <'" + address + "'>", here},
		{"WSL without interop", nil, []string{wsl}, without("wslview", "powershell.exe"), "", here},
		{"WSL over SSH", map[string]string{"WSL_DISTRO_NAME": "Ubuntu", "SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}, []string{wsl}, all, "", elsewhere},

		{"CI", desktop("CI", "true"), nil, all, "", elsewhere},
		{"CI with $BROWSER", desktop("CI", "true", "BROWSER", "firefox"), nil, all, "", elsewhere},
		{"SSH", desktop("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22"), nil, all, "", elsewhere},
		{"SSH by its terminal", desktop("SSH_TTY", "/dev/pts/0"), nil, all, "", elsewhere},
		{"SSH of an editor that says how", desktop("SSH_CONNECTION", "x", "BROWSER", "firefox"), nil, all, "firefox <" + address + ">", elsewhere},
		{"Docker", desktop(), []string{".dockerenv"}, all, "", elsewhere},
		{"Docker on WSL", nil, []string{wsl, ".dockerenv"}, all, "", elsewhere},
		{"Podman", desktop(), []string{"run/.containerenv"}, all, "", elsewhere},
		{"systemd-nspawn", desktop("container", "systemd-nspawn"), nil, all, "", elsewhere},
		{"Kubernetes", desktop("KUBERNETES_SERVICE_HOST", "10.0.0.1"), nil, all, "", elsewhere},
		{"a container of an editor that says how", map[string]string{"BROWSER": "BIN/firefox"}, []string{".dockerenv"}, all, "firefox <" + address + ">", elsewhere},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, "linux", row.env, row.files, row.programs)
			var out strings.Builder
			m.OpenOrPrint(&out, address)
			if got := m.calls(t); got != row.want {
				t.Errorf("it calls\n%s\nwant\n%s", got, row.want)
			}
			printed := ""
			if row.want == "" || row.name == "$BROWSER of which none works" {
				printed = "open: " + address + "\n"
			}
			if out.String() != printed {
				t.Errorf("it prints %q; want %q", out.String(), printed)
			}
			if m.IsElsewhere() != row.elsewhere {
				t.Errorf("elsewhere: %t", m.IsElsewhere())
			}
		})
	}
}

// Other systems have a command of their own, but not at a remote shell.
func TestBrowser_OtherSystems(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		system, ssh, want string
	}{
		{"darwin", "", "open ADDRESS"},
		{"windows", "", "rundll32 url.dll,FileProtocolHandler ADDRESS"},
		{"darwin", "10.0.0.1 1 10.0.0.2 22", ""},
		{"windows", "10.0.0.1 1 10.0.0.2 22", ""},
	} {
		m := newMachine(t, row.system, map[string]string{"SSH_CONNECTION": row.ssh}, nil, nil)
		got := ""
		for _, words := range m.commands("ADDRESS") {
			got += strings.Join(words, " ")
		}
		if got != row.want || m.Opens() != (row.want != "") {
			t.Errorf("%s, SSH %q: %q; want %q", row.system, row.ssh, got, row.want)
		}
	}
}

// PowerShell gets no address that could end the string in which it stands.
func TestBrowser_PowerShell(t *testing.T) {
	t.Parallel()
	for address, safe := range map[string]bool{
		"http://[::1]:3000/login?run=A&b=%20":   true,
		"http://localhost:3000/'; calc; '":      false,
		"http://localhost:3000/\u2019; calc":    false, // PowerShell takes the typographic one for a quote, too
		"http://localhost:3000/\n":              false,
		"http://localhost:3000/$(calc)`calc`":   false,
		"http://localhost:3000/login|calc;calc": false,
	} {
		m := newMachine(t, "linux", map[string]string{"WSL_DISTRO_NAME": "Ubuntu"}, nil, map[string]int{"powershell.exe": 0})
		if opened := m.Open(address); opened != safe || (m.calls(t) != "") != safe {
			t.Errorf("%q is opened: %t", address, opened)
		}
	}
}

// Only a program in an absolute folder of PATH is started, not one of the folder in which the user is.
func TestBrowser_RelativePath(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "linux", map[string]string{"DISPLAY": ":0"}, nil, map[string]int{"xdg-open": 0})
	relative, err := filepath.Rel(mustGetwd(t), filepath.Dir(m.called))
	if err != nil {
		t.Fatal(err)
	}
	inner := m.getenv
	m.getenv = func(name string) string {
		if name == "PATH" {
			return relative
		}
		return inner(name)
	}
	if m.Open("http://localhost:3000/") || m.calls(t) != "" {
		t.Errorf("it calls %s", m.calls(t))
	}
}

func mustGetwd(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
