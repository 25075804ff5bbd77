// Package acceptance runs the built program: in a real browser, at other people's servers, several at
// once, and with a real Redis. It holds tests only.
package acceptance

import (
	"fmt"
	"io/fs"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"oauth-test-client/internal/config"
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

// lookAtSources looks at every file that the program is made of. The go command remembers which files a test
// has looked at: without this it would take a result from its cache that was another program's.
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

// process is the program, running.
type process struct {
	command *exec.Cmd
	out     *testserver.Logbook // stdout
	err     *testserver.Logbook // stderr
	code    chan int
	gone    chan struct{} // closed when it has ended
}

// startProcess starts the program with nothing but the given environment, in an empty folder. It ends
// with the test.
func startProcess(t *testing.T, env map[string]string, args ...string) *process {
	t.Helper()
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{
		command: exec.Command(binary, args...),
		out:     new(testserver.Logbook),
		err:     new(testserver.Logbook),
		code:    make(chan int, 1),
		gone:    make(chan struct{}),
	}
	p.command.Dir, p.command.Stdout, p.command.Stderr = t.TempDir(), p.out, p.err
	for name, value := range env {
		p.command.Env = append(p.command.Env, name+"="+value)
	}
	// What the test has set at its servers was set before the program asks them. The race detector does not see
	// that through another process; it sees a write before a read.
	if err := os.WriteFile(filepath.Join(p.command.Dir, "started-by"), []byte(t.Name()), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.command.Wait()
		p.code <- p.command.ProcessState.ExitCode()
		close(p.gone)
	}()
	t.Cleanup(p.kill)
	return p
}

// kill ends the program without any chance to tidy up. Nothing reaches it any more when kill returns.
func (p *process) kill() {
	p.command.Process.Kill()
	<-p.gone
}

// interrupt asks the program to stop, as Ctrl-C does.
func (p *process) interrupt() { p.command.Process.Signal(os.Interrupt) }

// wait returns the exit code, which must come soon.
func (p *process) wait(t *testing.T, within time.Duration) int {
	t.Helper()
	select {
	case code := <-p.code:
		return code
	case <-time.After(within):
		t.Fatalf("the program did not stop within %v\nstdout:\n%s\nstderr:\n%s", within, p.out, p.err)
		return -1
	}
}

// waitFor waits until the program has printed the words.
func (p *process) waitFor(t *testing.T, words string) {
	t.Helper()
	for range 500 {
		if strings.Contains(p.out.String(), words) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("the program did not print %q\nstdout:\n%s\nstderr:\n%s", words, p.out, p.err)
}

// app is the program serving on a port of its own.
type app struct {
	testserver.App
	process *process
}

// startApp serves with an environment on a free port. BASE_URL is http://127.0.0.1:PORT unless env says
// otherwise ("PORT" in a value stands for the port).
func startApp(t *testing.T, env map[string]string) *app {
	t.Helper()
	return startAppOn(t, freePort(t), env)
}

func startAppOn(t *testing.T, port string, env map[string]string) *app {
	t.Helper()
	full := map[string]string{"PORT": port, "BASE_URL": "http://127.0.0.1:" + port}
	for name, value := range env {
		full[name] = strings.ReplaceAll(value, "PORT", port)
	}
	cfg, err := config.Load(func(name string) string { return full[name] }, "does-not-exist.env", false)
	if err != nil {
		t.Fatalf("configuration: %v", err)
	}
	roots, err := config.TrustedRoots(full["SSL_CERT_FILE"])
	if err != nil {
		t.Fatal(err)
	}
	p := startProcess(t, full, "-open=false")
	waitForPort(t, full["PORT"])
	a := &app{App: testserver.App{Address: "http://127.0.0.1:" + full["PORT"], Cfg: cfg, Roots: roots, Log: p.err}, process: p}
	a.Log.Secret(cfg.SessionSecret, "liar-access-token", "liar-refresh-token")
	if !cfg.Demo { // whose secret is made by each process for itself
		a.Log.Secret(cfg.ClientSecret)
	}
	t.Cleanup(func() { a.Log.Check(t) })
	return a
}

func newBrowser(t *testing.T, a *app) *testserver.Browser { return testserver.NewBrowser(t, &a.App) }

// newBrowserAt is a browser for an app that is reached by another name than 127.0.0.1.
func newBrowserAt(t *testing.T, a *app, base string) *testserver.Browser {
	t.Helper()
	b := newBrowser(t, a)
	b.Base = base
	return b
}

func freePort(t *testing.T) string {
	t.Helper()
	l, port := takenPort(t)
	l.Close()
	return port
}

// takenPort is a port of 127.0.0.1 on which somebody else listens until the end of the test.
func takenPort(t *testing.T) (net.Listener, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return l, port
}

func waitForPort(t *testing.T, port string) {
	t.Helper()
	for range 1000 {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err == nil {
			conn.Close()
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("nothing listens on port %s", port)
}

// launch starts a program that is not ours and waits until it listens on the port. It is killed at the
// end of the test, or by stop, without any chance to tidy up.
func launch(t *testing.T, program *exec.Cmd, port string) (stop func()) {
	t.Helper()
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	stop = func() {
		program.Process.Kill()
		program.Wait() // twice at most, and the second time it has nothing to say
	}
	t.Cleanup(stop)
	waitForPort(t, port)
	return stop
}
