package wire

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// IsLocalName reports whether a host name means this machine, whatever a DNS server says of it (RFC 6761
// section 6.3).
func IsLocalName(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// MayBeLocal reports whether a host may be this machine, by any spelling that some system connects to it with. It
// is for refusing an address, and must not miss one; what allows plain http has to be sure (config.IsLoopback).
// A name that a DNS server leads here is not found.
func MayBeLocal(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		ip = ip.Unmap()
		return ip.IsLoopback() || ip.IsUnspecified() // who connects to 0.0.0.0 or [::] ends here
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return IsLocalName(host) || slices.Contains(hostsFileNames, host) || isLooseLoopback(host)
}

// hostsFileNames are names of this machine in the hosts file that Linux systems come with.
var hostsFileNames = []string{"localhost.localdomain", "localhost4", "localhost4.localdomain4", "localhost6", "localhost6.localdomain6",
	"ip6-localhost", "ip6-loopback", "loopback"}

// isLooseLoopback reports a loopback or unspecified IPv4 address as inet_aton of the C library reads it, and with
// it the resolver of most systems: one to four numbers, decimal, octal or hexadecimal, the last of which fills
// what is left. 127.1, 0x7f.1 and 2130706433 are 127.0.0.1.
func isLooseLoopback(host string) bool {
	parts := strings.Split(host, ".")
	if len(parts) > 4 {
		return false
	}
	var first, all uint64
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 0, 64)
		if err != nil {
			return false
		}
		if i == 0 {
			first = n
		}
		all |= n
	}
	if len(parts) == 1 {
		first, all = uint64(uint32(first))>>24, uint64(uint32(all)) // some systems cut a longer number off
	}
	return first == 127 || all == 0
}

// IsASCII reports that a host is what is connected to. Of any other, net/http makes ASCII first (UTS #46): localhost
// in full-width letters becomes localhost.
func IsASCII(host string) bool {
	return !strings.ContainsFunc(host, func(r rune) bool { return r > '~' })
}
