package command

import (
	"net"
	"os"
	"syscall"
	"testing"
)

// What went wrong with a socket is told by number, also by the numbers of Windows.
func TestSocketErrors(t *testing.T) {
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
