package config

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"oauth-test-client/internal/wire"
)

// endpoint reads a variable that holds the full address of an endpoint.
func (s *settings) endpoint(name string) string {
	value := s.get(name)
	if value == "" {
		return ""
	}
	if err := CheckEndpoint(value); err != nil {
		s.wrong(name, "%v", err)
	}
	return value
}

// CheckEndpoint refuses an address to which no code, token or secret may be sent
// (RFC 6749 sections 3.1 and 3.2: no fragment, and TLS).
func CheckEndpoint(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "":
		return fmt.Errorf("%q is not the full address of an endpoint, such as https://auth.example.com/oauth/token", address)
	case u.User != nil:
		return errors.New("has a user name or password in its address; remove them")
	case u.Fragment != "" || strings.HasSuffix(address, "#"):
		return fmt.Errorf("%q has a fragment, which an endpoint may not have (RFC 6749 section 3.1); remove it", address)
	case !IsSecure(u):
		return fmt.Errorf("%q %w; http is allowed on localhost only", address, ErrNotHTTPS)
	}
	return nil
}

// ErrNotHTTPS is why CheckEndpoint refuses an address that would do with TLS.
var ErrNotHTTPS = errors.New("is not https")

// address returns BASE_URL and PORT. Each follows from the other where only one is set.
func (s *settings) address() (baseURL, port string) {
	base, port := s.get("BASE_URL"), s.get("PORT")
	if port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			s.wrong("PORT", "%q is not a port; write a number from 1 to 65535", port)
			return "", port
		}
	}
	if base == "" {
		port = cmp.Or(port, "3000")
		return "http://" + hostPort("localhost", "http", port), port
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.User != nil || (u.Scheme != "http" && u.Scheme != "https") {
		s.wrong("BASE_URL", "%q is not the address of a server; write one such as http://localhost:3000", base)
		return "", port
	}
	if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		s.wrong("BASE_URL", "%q has more than scheme, host and port; write BASE_URL=%s://%s (the redirect URI adds %s)", base, u.Scheme, u.Host, CallbackPath)
		return "", port
	}
	if IsLoopback(u.Hostname()) {
		port = cmp.Or(port, u.Port())
	} else if u.Scheme == "http" && !s.yes("ALLOW_PLAIN_HTTP") {
		s.wrong("BASE_URL", "%q is neither https nor on localhost, so everybody on the way can read codes, tokens and cookies; "+
			"use https, or set ALLOW_PLAIN_HTTP=true if that is meant", base)
	}
	return u.Scheme + "://" + hostPort(strings.ToLower(u.Hostname()), u.Scheme, u.Port()), cmp.Or(port, "3000")
}

// yes reads a variable that switches something on.
func (s *settings) yes(name string) bool {
	switch value := s.get(name); value {
	case "true", "1", "yes", "on":
		return true
	case "", "false", "0", "no", "off":
	default:
		s.wrong(name, "%q is neither on (true) nor off (false)", value)
	}
	return false
}

// hostPort is the host as a browser writes it: without the port that the scheme has anyway.
func hostPort(host, scheme, port string) string {
	if port == "" || scheme == "http" && port == "80" || scheme == "https" && port == "443" {
		if strings.Contains(host, ":") {
			return "[" + host + "]"
		}
		return host
	}
	return net.JoinHostPort(host, port)
}

// WithoutUser is a URL without what may be secret in it.
func WithoutUser(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "the address" // the configuration has been checked
	}
	return u.Scheme + "://" + u.Host + u.Path
}

// IsSecure reports https, or http that does not leave this machine (RFC 8252 section 8.3).
func IsSecure(u *url.URL) bool {
	return u.Scheme == "https" || u.Scheme == "http" && IsLoopback(u.Hostname())
}

// IsLoopback reports whether a host name without its port can only be this machine: it is for allowing, and knows
// no spelling that a resolver might read otherwise. What may be this machine is wire.MayBeLocal.
func IsLoopback(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.IsLoopback()
	}
	return wire.IsLocalName(host)
}

// OwnHosts are the values of the Host header that we answer to: BASE_URL's, and the loopback
// names with our port. Anything else is a page that points its own name at us (DNS rebinding).
func (c Config) OwnHosts() []string {
	return append([]string{strings.TrimPrefix(strings.TrimPrefix(c.BaseURL, "https://"), "http://")}, c.loopbackHosts()...)
}

func (c Config) loopbackHosts() []string {
	var hosts []string
	for _, name := range []string{"localhost", "127.0.0.1", "::1"} {
		hosts = append(hosts, hostPort(name, "http", c.Port))
	}
	return hosts
}

// IsOwnOrigin reports the Origin of a page of ours: BASE_URL, or one of the loopback names with our port. The
// host of BASE_URL by another scheme is somebody else: over plain http anybody on the way may answer for it.
func (c Config) IsOwnOrigin(origin string) bool {
	host, plain := strings.CutPrefix(origin, "http://")
	return origin == c.BaseURL || plain && slices.Contains(c.loopbackHosts(), host)
}

// IsPublicHTTPS reports that the browser reaches us over https and by a name that is not this machine's: a
// promise made for localhost would bind every other program on it (RFC 6797 section 8.3).
func (c Config) IsPublicHTTPS() bool {
	base, err := url.Parse(c.BaseURL)
	return err == nil && base.Scheme == "https" && !IsLoopback(base.Hostname())
}
