package cli

import (
	"context"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
)

// What went wrong with a socket is told by number, also by the numbers of Windows.
func TestIsTaken_SocketErrors(t *testing.T) {
	for _, row := range []struct {
		number         syscall.Errno
		taken, missing bool
	}{
		{syscall.EADDRINUSE, true, false},
		{10048, true, false},
		{10013, true, false},
		{syscall.EADDRNOTAVAIL, false, true},
		{syscall.EAFNOSUPPORT, false, true},
		{10049, false, true},
		{10047, false, true},
		{syscall.EACCES, false, false},
	} {
		err := &net.OpError{Op: "listen", Err: os.NewSyscallError("bind", row.number)}
		if isTaken(err) != row.taken || isMissing(err) != row.missing {
			t.Errorf("%d: taken %t, missing %t", row.number, isTaken(err), isMissing(err))
		}
	}
}

// Another program's listener on either loopback address would get the code of a browser that tries that address.
func TestListen_BothOrNeither(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // no listener is asked what it is
	for _, host := range []string{"127.0.0.1", "::1"} {
		taken, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			t.Skipf("%s is missing: %v", host, err)
		}
		_, port, _ := net.SplitHostPort(taken.Addr().String())
		if listeners, err := Listen(ctx, "", port); err == nil || !strings.Contains(err.Error(), "in use by another program") {
			t.Errorf("beside a listener on %s there are %d of ours (%v)", host, len(listeners), err)
		}
		taken.Close()
		listeners, err := Listen(ctx, "", port)
		if err != nil {
			t.Errorf("with nobody else there: %v", err)
		}
		for _, l := range listeners {
			l.Close()
		}
	}
}
