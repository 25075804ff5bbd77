package config

import (
	"cmp"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
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
	address = withoutCredentials(address) // for the errors
	switch {
	case err != nil || u.Host == "":
		return fmt.Errorf("%q is not a full address that starts with https://", address)
	case u.User != nil:
		return errors.New("has a user name or password in its address; remove them")
	case u.Fragment != "" || strings.HasSuffix(address, "#"):
		return fmt.Errorf("%q has a fragment, which an endpoint may not have (RFC 6749 section 3.1); remove it", address)
	case !IsSecure(u):
		return fmt.Errorf("%q %w; http is allowed on localhost only", address, ErrNotHTTPS)
	}
	return nil
}

// ErrNotHTTPS is the error of CheckEndpoint for an address that would be right with https.
var ErrNotHTTPS = errors.New("is not https")

// address returns BASE_URL and PORT. If only one is set, the other follows from it.
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
		s.wrong("BASE_URL", "%q is neither https nor on localhost, so anyone on the network can read codes, tokens and cookies; "+
			"use https, or set ALLOW_PLAIN_HTTP=true to allow this", base)
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

// hostPort returns the host as a browser writes it: without the default port of the scheme.
func hostPort(host, scheme, port string) string {
	if port == "" || scheme == "http" && port == "80" || scheme == "https" && port == "443" {
		if strings.Contains(host, ":") {
			return "[" + host + "]"
		}
		return host
	}
	return net.JoinHostPort(host, port)
}

// withoutCredentials returns an address without what may be a user name and password, even if it can't be parsed.
func withoutCredentials(address string) string {
	start, end := strings.Index(address, "//"), strings.LastIndex(address, "@")
	if start < 0 || end < start {
		return address
	}
	return address[:start] + "//…" + address[end:]
}

// WithoutUser returns a URL without its user name, password and query, which may be secret.
func WithoutUser(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "the address" // the configuration has been checked
	}
	return u.Scheme + "://" + u.Host + u.Path
}

// IsSecure reports whether an address is https, or http that does not leave this machine (RFC 8252 section 8.3).
func IsSecure(u *url.URL) bool {
	return u.Scheme == "https" || u.Scheme == "http" && IsLoopback(u.Hostname())
}

// IsLoopback reports whether a host name without its port can only be this machine. It errs on the side of false: use it to
// allow. To refuse an address, use wire.MayBeLocal, which errs on the side of true.
func IsLoopback(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.IsLoopback()
	}
	return wire.IsLocalName(host)
}

// IsOwnHost reports whether a Host header is ours: BASE_URL's, or one of the loopback names with our port. Any other
// may come from a page that points its own name at us (DNS rebinding).
func (c Config) IsOwnHost(host string) bool {
	host = strings.ToLower(host)
	_, base, _ := strings.Cut(c.BaseURL, "://")
	return host == base || c.isLoopbackHost(host)
}

func (c Config) isLoopbackHost(host string) bool {
	if c.Port != "80" { // which http leaves out
		name, ok := strings.CutSuffix(host, ":"+c.Port)
		if !ok {
			return false
		}
		host = name
	}
	return host == "localhost" || host == "127.0.0.1" || host == "[::1]"
}

// IsOwnOrigin reports whether an Origin is that of a page of ours: BASE_URL, or one of the loopback names with our
// port. The host of BASE_URL with a different scheme is a different origin: over plain http, an attacker on the network
// may answer for it.
func (c Config) IsOwnOrigin(origin string) bool {
	host, plain := strings.CutPrefix(origin, "http://")
	return origin == c.BaseURL || plain && c.isLoopbackHost(host)
}

// IsPublicHTTPS reports whether the browser reaches us over https and by a public name. For localhost,
// Strict-Transport-Security would bind every other program on it too (RFC 6797 section 8.3).
func (c Config) IsPublicHTTPS() bool {
	base, err := url.Parse(c.BaseURL)
	return err == nil && base.Scheme == "https" && !IsLoopback(base.Hostname())
}

// CallbackPath is the path of the authorization response, below BASE_URL.
const CallbackPath = "/oauth_callback"

// RedirectURI returns the address to register on the authorization server, exactly.
func (c Config) RedirectURI() string { return cmp.Or(c.RedirectOverride, c.BaseURL+CallbackPath) }

// CallbackIsPasted reports whether the redirect URI does not lead to this program. Then the user pastes the address at
// which the browser stopped.
func (c Config) CallbackIsPasted() bool { return c.RedirectOverride != "" }

// HTTPSTwin returns the redirect URI with https instead of http, if it is http on this machine, or "". Some servers
// send the browser there, although nothing answers.
func (c Config) HTTPSTwin() string {
	u, err := url.Parse(c.RedirectURI())
	if err != nil || c.CallbackIsPasted() || u.Scheme != "http" || !IsLoopback(u.Hostname()) {
		return ""
	}
	u.Scheme = "https"
	return u.String()
}

// AfterLogout returns the address to which the browser comes back from signing out on the server (OpenID Connect
// RP-Initiated Logout section 2).
func (c Config) AfterLogout() string { return c.BaseURL + "/" }

// RedirectVariable returns the variable that decides the redirect URI.
func (c Config) RedirectVariable() string {
	if c.CallbackIsPasted() {
		return "REDIRECT_URI"
	}
	return "BASE_URL"
}

// WasPasted reports whether the user pasted the response: a browser never sends a whole address.
func (c Config) WasPasted(callback string) bool {
	return c.CallbackIsPasted() || callback != "" && !strings.HasPrefix(callback, "/")
}

// ReturnedTo returns the whole address of an authorization response, from its path and query, or as it was pasted. If the
// redirect URI has a query of its own, the response's query includes it (RFC 6749 section 3.1.2).
func (c Config) ReturnedTo(callback string) string {
	address, _, _ := strings.Cut(c.RedirectURI(), "?")
	at, query, _ := strings.Cut(callback, "?")
	if twin := c.HTTPSTwin(); twin != "" && at == twin {
		address = twin
	}
	return address + "?" + query
}

// redirectURI reads REDIRECT_URI, which is empty if the browser comes back to this program.
func (s *settings) redirectURI(baseURL string) string {
	const name = "REDIRECT_URI"
	value := s.get(name)
	base, errBase := url.Parse(baseURL)
	if value == "" || errBase != nil || base.Host == "" || value == baseURL+CallbackPath {
		return "" // a wrong BASE_URL has been reported
	}
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Scheme == "" || strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		s.wrong(name, "%q is not a full address; write what is registered, such as https://app.example.com/callback", value)
	case u.User != nil:
		s.wrong(name, "has a user name or password in its address; remove them")
	case strings.Contains(value, "#"):
		s.wrong(name, "%q has a fragment, which a redirect URI may not have (RFC 6749 section 3.1.2); remove it", value)
	case strings.Contains(value, "*"):
		s.wrong(name, "%q is a pattern; write one address that it allows", value)
	case responseParameter(u) != "":
		s.wrong(name, "%q has the parameter %s in its query, but it appears twice or belongs to the server's response; remove it", value, responseParameter(u))
	case u.Scheme == "https" || u.Scheme == "http":
		s.checkWebRedirect(value, u, base)
	default:
		s.checkAppRedirect(value, u)
	}
	return value
}

// checkWebRedirect refuses a redirect URI that would carry the response in the clear, or that leads to this program at a
// path that it doesn't serve.
func (s *settings) checkWebRedirect(value string, u, base *url.URL) {
	const name = "REDIRECT_URI"
	switch {
	case u.Hostname() == "":
		s.wrong(name, "%q has no host; write what is registered, such as https://app.example.com/callback", value)
	case !IsSecure(u):
		s.wrong(name, "%q is plain http beyond this machine, so anyone on the network can read the code; "+
			"register https, or http on localhost (RFC 8252 section 7.3)", value)
	case !isSameServer(u, base):
	case u.Path == CallbackPath && u.RawQuery == "":
		s.wrong(name, "%q leads to this app under a different host name than BASE_URL; remove it, and write BASE_URL=%s://%s", value, u.Scheme, u.Host)
	default:
		s.wrong(name, "%q leads to this app, which answers only at %s; remove this line and register %s or, if that redirect URI is a different app's, set PORT to a different port",
			value, CallbackPath, base.String()+CallbackPath)
	}
}

// isSameServer reports whether two addresses are of the same program: this machine has several names.
func isSameServer(a, b *url.URL) bool {
	at := func(u *url.URL) string {
		host := strings.ToLower(u.Hostname())
		if IsLoopback(host) {
			host = "localhost"
		}
		return u.Scheme + "://" + hostPort(host, u.Scheme, u.Port())
	}
	return at(a) == at(b)
}

// browserSchemes lists schemes that the browser itself handles, and so never an app.
var browserSchemes = []string{"about", "blob", "chrome", "content", "data", "edge", "file", "filesystem", "ftp", "intent", "javascript", "mailto",
	"resource", "tel", "urn", "vbscript", "view-source", "ws", "wss"}

// checkAppRedirect checks an address with a scheme that an app registers with the system (RFC 8252 section 7.1).
func (s *settings) checkAppRedirect(value string, u *url.URL) {
	const name = "REDIRECT_URI"
	switch {
	case slices.Contains(browserSchemes, u.Scheme):
		s.wrong(name, "%q can't be a redirect URI: no app opens for %s:; "+
			"write https, http on localhost, or a scheme of an app such as com.example.app:/callback", value, u.Scheme)
	case u.Opaque != "" || u.Host == "" && u.Path == "":
		s.wrong(name, "%q has no / after its scheme; write it as it is registered, such as com.example.app:/callback", value)
	case !strings.Contains(u.Scheme, "."):
		s.note(name, "the scheme "+u.Scheme+" has no dot, but RFC 8252 section 7.1 asks for one in an app's scheme (com.example.app); a server may refuse it")
	}
}

// responseParameter returns a parameter of a redirect URI that could be mistaken for the response's, or "".
func responseParameter(u *url.URL) string {
	for name, values := range u.Query() {
		if len(values) > 1 || slices.Contains([]string{"code", "state", "iss", "error", "error_description", "error_uri"}, name) {
			return name
		}
	}
	return ""
}

// errPlaceholder is the error of the key in .env.sample.
var errPlaceholder = errors.New("holds a placeholder; copy the publishable key from the dashboard's API keys page, " +
	"or set ISSUER instead for a server other than Clerk, or remove the three lines for demo mode")

// issuerFromKey decodes a Clerk publishable key: pk_test_ or pk_live_, then base64 (padding
// optional) of the Frontend API host and a "$". The issuer is https:// and that host.
func issuerFromKey(key string) (string, error) {
	if strings.HasPrefix(key, "sk_") {
		return "", errors.New("holds a secret key (sk_…); this app never needs it: copy the publishable key (pk_…) from the dashboard's " +
			"API keys page, and rotate the secret key if it was shared")
	}
	encoded, ok := strings.CutPrefix(key, "pk_test_")
	if !ok {
		encoded, ok = strings.CutPrefix(key, "pk_live_")
	}
	if !ok {
		return "", errors.New("does not begin with pk_test_ or pk_live_; copy the publishable key from the dashboard's API keys page")
	}
	if isPlaceholder(encoded) {
		return "", errPlaceholder
	}
	decoded, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(encoded, "="))
	host, whole := strings.CutSuffix(string(decoded), "$")
	if err != nil || !whole {
		return "", errors.New("is cut short or mistyped: it does not decode to a host name; copy it again, to its last character")
	}
	if u, err := url.Parse("https://" + host); err != nil || u.Host != host || !hostname.MatchString(u.Hostname()) {
		return "", errors.New("decodes to something that is not a host name; copy it again from the dashboard's API keys page")
	}
	return "https://" + host, nil
}

// isClerkHost recognizes the hosts of Clerk's development instances. A production instance has its owner's host name, and
// only its publishable key shows that it is Clerk's.
func isClerkHost(host string) bool {
	for _, known := range []string{".clerk.accounts.dev", ".lclclerk.com", ".lcl.dev", ".accountsstage.dev", ".lclstage.dev"} {
		if strings.HasSuffix(host, known) {
			return true
		}
	}
	return host == "clerk.clerk.dev"
}

// TrustedRoots adds the certificates in SSL_CERT_FILE to the system's. Go reads that variable on
// some systems only; here it works on all of them. Without it the result is nil: the system's.
func TrustedRoots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := readCertificates(file)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read (%w); name a file with the authority's certificate in PEM", file, err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate; name a file with the authority's certificate in PEM", file)
	}
	return roots, nil
}

// readCertificates reads a file. It is read repeatedly, so it can't be a pipe.
func readCertificates(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, path.Err
	}
	if !info.Mode().IsRegular() && !info.IsDir() {
		return nil, errNotAFile
	}
	raw, err := readFile(file)
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = path.Err
	}
	return []byte(raw), err
}

// certFile reads SSL_CERT_FILE. A file without certificates is a mistake.
func (s *settings) certFile() string {
	file := s.get("SSL_CERT_FILE")
	if _, err := TrustedRoots(file); err != nil {
		s.wrong("SSL_CERT_FILE", "%v", err)
	}
	return file
}
