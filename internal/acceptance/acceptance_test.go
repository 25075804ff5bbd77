// Package acceptance runs the built program: its exit codes and signals, several at once, with a real Redis and, with
// the build tag interop, at other people's servers. It holds tests only.
package acceptance

import (
	"fmt"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"oauth-test-client/internal/testserver"
)

// The folders that the tests read from, as this package sees them.
const (
	root    = "../.."
	interop = "testdata/interop"
)

// build makes the program once for all tests, in the folder that TestMain made.
var build = sync.OnceValues(func() (string, error) {
	if err := lookAtSources(); err != nil {
		return "", err
	}
	binary := filepath.Join(folder, "oauth-test-client")
	command := exec.Command("go", "build", "-o", binary, ".")
	command.Dir = root
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return binary, nil
})

// lookAtSources opens every source file of the program. The go command remembers which files a test has opened: without
// this, it would take a cached result of a different program.
func lookAtSources() error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := entry.Name(); entry.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "testdata") {
			return filepath.SkipDir
		}
		_, err = os.Stat(path)
		return err
	})
}

var folder string // for what the tests build; removed at the end

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "oauth-test-client"); err != nil {
		log.Fatal(err)
	}
	code := m.Run()
	os.RemoveAll(folder)
	os.Exit(code)
}

// process is the program, built and running.
type process struct {
	testserver.Process
	command *exec.Cmd
}

// startProcess starts the program with nothing but the given environment, in an empty folder. It ends
// with the test.
func startProcess(t *testing.T, env map[string]string, args ...string) *process {
	t.Helper()
	return startLogging(t, new(testserver.Logbook), env, args...)
}

func startLogging(t *testing.T, stderr *testserver.Logbook, env map[string]string, args ...string) *process {
	t.Helper()
	return startIn(t, t.TempDir(), stderr, env, args...)
}

// startIn starts the program in a folder.
func startIn(t *testing.T, folder string, stderr *testserver.Logbook, env map[string]string, args ...string) *process {
	t.Helper()
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{command: exec.Command(binary, args...)}
	p.Out, p.Err = new(testserver.Logbook), stderr
	p.Interrupt = func() { p.command.Process.Signal(os.Interrupt) }
	p.Kill = func() { p.command.Process.Kill() }
	p.command.Dir, p.command.Stdout, p.command.Stderr = folder, p.Out, p.Err
	for name, value := range env {
		p.command.Env = append(p.command.Env, name+"="+value)
	}
	// The test's changes to its servers happened before the program asks them. The race detector does not see that across
	// processes, but it sees that a write comes before a read.
	if err := os.WriteFile(filepath.Join(p.command.Dir, "started-by"), []byte(t.Name()), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	p.Start(t, func() int {
		p.command.Wait()
		return p.command.ProcessState.ExitCode()
	})
	return p
}

// app is the program, built and serving on a port of its own.
type app struct {
	testserver.App
	process *process
}

// startApp serves with an environment on a free port (see testserver.NewApp).
func startApp(t *testing.T, env map[string]string) *app {
	t.Helper()
	return startAppAt(t, testserver.FreePort(t), env)
}

func startAppAt(t *testing.T, port string, env map[string]string) *app {
	t.Helper()
	own, full := testserver.NewApp(t, port, env)
	a := &app{own, startLogging(t, own.Log, full, "-open=false")}
	a.process.WaitForPort(t, full["PORT"])
	return a
}

func newBrowser(t *testing.T, a *app) *testserver.Browser { return testserver.NewBrowser(t, &a.App) }

func newBrowserAt(t *testing.T, a *app, base string) *testserver.Browser {
	return testserver.NewBrowserAt(t, &a.App, base)
}

// launch starts a third-party program and waits until it listens on the port. It is killed at the end of the test, or by
// stop, without a chance to tidy up.
func launch(t *testing.T, program *exec.Cmd, port string) (stop func()) {
	t.Helper()
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	p := &testserver.Process{Out: new(testserver.Logbook), Err: new(testserver.Logbook), Kill: func() { program.Process.Kill() }}
	p.Start(t, func() int {
		program.Wait()
		return program.ProcessState.ExitCode()
	})
	p.WaitForPort(t, port)
	return p.End
}
