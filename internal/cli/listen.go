package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"syscall"

	"oauth-test-client/internal/causes"
)

// Listen listens on the given address, or on both loopback addresses. It never uses a different port than the one that
// was asked for, as the redirect URI contains the port. If another copy of this program already has the port, the error
// says so.
func Listen(ctx context.Context, address, port string) ([]net.Listener, error) {
	if address != "" {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return nil, fmt.Errorf("-listen: cannot listen on %s: %w", address, errors.Unwrap(err))
		}
		return []net.Listener{l}, nil
	}
	var listeners []net.Listener
	for _, host := range []string{"127.0.0.1", "::1"} {
		l, err := net.Listen("tcp", net.JoinHostPort(host, port))
		switch {
		case err == nil:
			listeners = append(listeners, l)
		case host == "::1" && isMissing(err): // a machine without IPv6
		default: // a browser may try either, so a program that listens on one of them would get the code
			for _, l := range listeners {
				l.Close()
			}
			return nil, cmp.Or(alreadyRunning(ctx, port), cannotListen(host, port, err))
		}
	}
	return listeners, nil
}

func cannotListen(host, port string, err error) error {
	if isTaken(err) {
		return fmt.Errorf("PORT: %s is in use by another program; stop that, or set PORT to a free port and register the redirect URI "+
			"that goes with it [%s]", port, causes.PortInUse)
	}
	return fmt.Errorf("PORT: cannot listen on %s: %w", net.JoinHostPort(host, port), errors.Unwrap(err))
}

// Windows has its own numbers for socket errors, and package syscall has different ones.
const (
	windowsAddressInUse     = syscall.Errno(10048)
	windowsNoSuchAddress    = syscall.Errno(10049)
	windowsNoSuchFamily     = syscall.Errno(10047)
	windowsExclusiveAddress = syscall.Errno(10013) // in use by a program that does not share it
)

// isTaken reports whether listening failed because another program uses the address.
func isTaken(err error) bool {
	return isAny(err, syscall.EADDRINUSE, windowsAddressInUse, windowsExclusiveAddress)
}

// isMissing reports whether listening failed because this machine does not have the address.
func isMissing(err error) bool {
	return isAny(err, syscall.EADDRNOTAVAIL, syscall.EAFNOSUPPORT, windowsNoSuchAddress, windowsNoSuchFamily)
}

func isAny(err error, numbers ...syscall.Errno) bool {
	return slices.ContainsFunc(numbers, func(n syscall.Errno) bool { return errors.Is(err, n) })
}

// WithPortOf returns an environment whose PORT is that of the address to listen on, if it has one: BASE_URL and our host
// names follow from it.
func WithPortOf(listen string, getenv func(string) string) func(string) string {
	_, port, err := net.SplitHostPort(listen)
	if err != nil || port == "0" {
		return getenv
	}
	return func(name string) string {
		if name == "PORT" {
			return port
		}
		return getenv(name)
	}
}
