//go:build unix && !aix && !solaris

package cli

import (
	"os"
	"syscall"
	"unsafe"
)

// columns asks the terminal for its width (ioctl_tty(2)).
func columns(file *os.File) int {
	var size struct{ rows, columns, x, y uint16 }
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, file.Fd(), syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&size)))
	if errno != 0 {
		return 0
	}
	return int(size.columns)
}
