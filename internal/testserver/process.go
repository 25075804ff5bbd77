package testserver

import (
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Patience is the time that a test waits for something that must happen. It ends a test that hangs; a slow machine does not
// fail.
const Patience = 2 * time.Minute

// Process is the running program, in this process or in its own.
type Process struct {
	Out, Err  *Logbook
	Interrupt func() // asks it to end, as Ctrl-C does
	Kill      func() // ends it, with or without a chance to tidy up

	ended chan struct{} // closed when the program has ended
	code  int           // its exit code
}

// Start starts the program. run returns its exit code; the program ends with the test at the latest.
func (p *Process) Start(t *testing.T, run func() int) {
	p.ended = make(chan struct{})
	go func() {
		p.code = run()
		close(p.ended)
	}()
	t.Cleanup(p.End)
}

// End ends the program. When End returns, no request reaches it.
func (p *Process) End() {
	p.Kill()
	<-p.ended
}

// Wait waits until the program ends, and returns the exit code.
func (p *Process) Wait(t *testing.T) int {
	t.Helper()
	select {
	case <-p.ended:
		return p.code
	case <-time.After(Patience):
		t.Fatalf("the program does not stop\nstdout:\n%s\nstderr:\n%s", p.Out, p.Err)
		return -1
	}
}

// WaitFor waits until the program has printed the words.
func (p *Process) WaitFor(t *testing.T, words string) {
	t.Helper()
	p.until(t, "print "+words, func() bool { return strings.Contains(p.Out.String(), words) })
}

// LoginQuery returns the query of the address that the command login prints: only that login counts.
func (p *Process) LoginQuery(t *testing.T) string {
	t.Helper()
	address := ""
	p.until(t, "print where to sign in", func() bool {
		address = loginAddress.FindString(p.Out.String() + p.Err.String())
		return address != ""
	})
	return strings.TrimPrefix(address, "/login")
}

var loginAddress = regexp.MustCompile(`/login\?run=[A-Z2-7]{26}[^\s]*`)

// WaitForPort waits until the program listens on a port.
func (p *Process) WaitForPort(t *testing.T, port string) {
	t.Helper()
	p.until(t, "listen on port "+port, func() bool { return listens(port) })
}

// until waits for an event. It fails the test if the program ends first.
func (p *Process) until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(Patience); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if is() {
			return
		}
		select {
		case <-p.ended:
			if is() { // as the last thing that it did
				return
			}
			t.Fatalf("the program ended with %d and did not %s\nstdout:\n%s\nstderr:\n%s", p.code, what, p.Out, p.Err)
		default:
		}
	}
	t.Fatalf("the program does not %s\nstdout:\n%s\nstderr:\n%s", what, p.Out, p.Err)
}

// Until waits until a condition is true.
func Until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(Patience); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if is() {
			return
		}
	}
	t.Fatalf("it never came so far: %s", what)
}

func listens(port string) bool {
	conn, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err == nil {
		conn.Close()
	}
	return err == nil
}

// FreePort returns a port that is free on both loopback addresses, for a program that is told where to listen. No other
// test gets it before this one ends, as its UDP port stays taken. It is below the ports that the system assigns by itself.
func FreePort(t *testing.T) string {
	t.Helper()
	for range 1000 {
		port := strconv.Itoa(10_000 + rand.IntN(20_000))
		held, err := net.ListenPacket("udp4", "127.0.0.1:"+port)
		if err != nil {
			continue
		}
		if !isFree("127.0.0.1:"+port) || !isFree("[::1]:"+port) && isFree("[::1]:0") {
			held.Close()
			continue
		}
		t.Cleanup(func() { held.Close() })
		return port
	}
	t.Fatal("there is no free port")
	return ""
}

func isFree(address string) bool {
	l, err := net.Listen("tcp", address)
	if err == nil {
		l.Close()
	}
	return err == nil
}

// TakenPort returns a port of 127.0.0.1 that is in use until the end of the test.
func TakenPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// Top returns the root folder of the module, wherever the test's package is.
func Top(t testing.TB) string {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
		if folder == filepath.Dir(folder) {
			t.Fatal("no folder above the test has a go.mod")
		}
		folder = filepath.Dir(folder)
	}
}
