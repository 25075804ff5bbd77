// Package wire sends all requests of this process: every request has a deadline, every answer a size limit, no redirect
// leaves its origin, and every exchange is recorded exactly.
package wire

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// The most that a server may cost us.
const (
	Timeout      = 10 * time.Second // for a request as a whole, its answer's last byte included
	maxBody      = 1 << 20          // bytes of a response body, after decompression
	maxRedirects = 5                // on one origin, for requests without credentials
)

// errTooLong is the error of an answer that did not end within maxBody.
var errTooLong = errors.New("sent an answer of more than 1 MB")

// Client sends requests and records the exchanges.
type Client struct {
	http    *http.Client
	timeout time.Duration // for a request as a whole
}

// New returns a client that trusts the given authorities or, if roots is nil, the system's (and those of SSL_CERT_FILE).
// Verification can't be turned off.
func New(roots *x509.CertPool, now func() time.Time) *Client {
	return NewWithTimeout(roots, now, Timeout)
}

// NewWithTimeout returns a client like New, with a different time limit for the whole answer.
func NewWithTimeout(roots *x509.CertPool, now func() time.Time, timeout time.Duration) *Client {
	return &Client{timeout: timeout, http: &http.Client{
		CheckRedirect: checkRedirect,
		Transport: &recording{now: now, next: &http.Transport{
			Proxy:                  proxyFor,
			DialContext:            dial,
			TLSClientConfig:        &tls.Config{RootCAs: roots},
			ForceAttemptHTTP2:      true,
			MaxIdleConnsPerHost:    64,
			IdleConnTimeout:        90 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
		}},
	}}
}

// proxyFor returns the proxy of the environment, but none for requests to this machine.
func proxyFor(req *http.Request) (*url.URL, error) {
	if IsLocalName(req.URL.Hostname()) {
		return nil, nil
	}
	return http.ProxyFromEnvironment(req)
}

// dial connects. It asks no DNS server for a local name.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: Timeout, KeepAlive: 30 * time.Second}
	host, port, _ := net.SplitHostPort(address) // it comes from net/http
	if !IsLocalName(host) {
		return dialer.DialContext(ctx, network, address)
	}
	conn, err := dialer.DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return dialer.DialContext(ctx, network, net.JoinHostPort("::1", port))
	}
	return conn, nil
}

// SetTransport replaces the transport. Requests are still limited and recorded.
func (c *Client) SetTransport(next http.RoundTripper) { c.http.Transport.(*recording).next = next }

// CloseIdleConnections closes the connections that are kept for later requests.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }

// checkRedirect follows a redirect only if that is harmless: a GET without credentials that stays on its origin. Otherwise
// the redirect itself is the answer, for the caller to refuse. An API's redirect is always an answer, with or without a
// token, as its target is not part of the API.
func checkRedirect(req *http.Request, via []*http.Request) error {
	first := via[0]
	purpose := first.Context().Value(purposeKey)
	switch {
	case purpose == API || purpose == APIWithout,
		first.Method != http.MethodGet || first.Header.Get("Authorization") != "",
		Origin(req.URL) != Origin(first.URL) || len(via) > maxRedirects:
		return http.ErrUseLastResponse
	}
	return nil
}

// Origin returns the scheme, host and port of a URL.
func Origin(u *url.URL) string { return u.Scheme + "://" + u.Host }

// HostPort returns the host and port of an address, without the default port of its scheme.
func HostPort(u *url.URL) string {
	port := u.Port()
	if port == "" || u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		return u.Hostname()
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// NoRoute reports whether a status says that the address doesn't exist, or not for this method.
func NoRoute(status int) bool {
	return status == http.StatusNotFound || status == http.StatusMethodNotAllowed
}

// UserAgent returns the name and version that this app sends with every request (RFC 9110 section 10.1.5): some
// servers answer the default name of a library with 429.
func UserAgent() string { return product() }

var product = sync.OnceValue(func() string {
	info, _ := debug.ReadBuildInfo()
	return productOf(info)
})

// productOf returns the user agent of a build. A build without a version, such as that of `go run`, is devel.
func productOf(info *debug.BuildInfo) string {
	version := "devel"
	if info != nil && info.Main.Version != "" && leadingToken(info.Main.Version) == info.Main.Version {
		version = info.Main.Version
	}
	return "OAuth-Test-Client/" + version
}

// Get fetches a JSON document.
func (c *Client) Get(ctx context.Context, address string) (*Exchange, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	return c.Do(req)
}

// Do sends a request and returns the answer, whatever its status. The error, if any, is one sentence about the server
// without its name: "refused the connection".
func (c *Client) Do(req *http.Request) (*Exchange, error) {
	return c.send(c.http, req)
}

// send sends a request with one deadline for it and all its redirects, up to the last byte of the answer.
func (c *Client) send(client *http.Client, req *http.Request) (*Exchange, error) {
	ctx, cancel := context.WithTimeout(req.Context(), c.timeout)
	defer cancel()
	req = req.WithContext(ctx)
	req.Header = req.Header.Clone()
	if req.Header.Get("Accept") == "" { // GitHub answers with a form unless asked for JSON
		req.Header.Set("Accept", "application/json")
	}
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", UserAgent())
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, &fault{err}
	}
	return ExchangeOf(resp), nil
}

// navigation holds the headers that a browser sends when it follows a link from a different site. Without them, some
// servers return JSON, or a refusal.
var navigation = map[string]string{
	"Accept":                    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
	"Accept-Language":           "en",
	"Sec-Fetch-Dest":            "document",
	"Sec-Fetch-Mode":            "navigate",
	"Sec-Fetch-Site":            "cross-site",
	"Sec-Fetch-User":            "?1",
	"Upgrade-Insecure-Requests": "1",
}

// Through returns the same client with a wrapped transport: the wrapper sees every request, and every redirect that is
// followed.
func (c *Client) Through(wrap func(http.RoundTripper) http.RoundTripper) *Client {
	inner := *c.http
	inner.Transport = wrap(inner.Transport)
	return &Client{&inner, c.timeout}
}

// ExchangeOf returns the exchange of a response from a client's transport.
func ExchangeOf(resp *http.Response) *Exchange { return resp.Body.(*keptBody).exchange }

// Visit opens a page as a browser without scripts would: with its own cookies, and through redirects on the same origin, up
// to the address stop, which it never opens.
func (c *Client) Visit(ctx context.Context, address, stop string) (*Exchange, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	for name, value := range navigation {
		req.Header.Set(name, value)
	}
	req.Header.Set("User-Agent", "Mozilla/5.0 (compatible; "+UserAgent()+")")
	browser := &http.Client{Transport: c.http.Transport, Jar: jar, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if WithoutQuery(req.URL.String()) == stop {
			return http.ErrUseLastResponse
		}
		return checkRedirect(req, via)
	}}
	return c.send(browser, req)
}

// recording is a RoundTripper that reads the whole answer at once and records it.
type recording struct {
	next http.RoundTripper
	now  func() time.Time
}

// DryRun returns a client that sends nothing: it records each request as it would be sent, and fails.
func (c *Client) DryRun() *Client {
	t := *c.http.Transport.(*recording)
	t.next = dryRun{}
	return &Client{&http.Client{Transport: &t}, c.timeout}
}

// dryRun fails instead of sending a request.
type dryRun struct{}

func (dryRun) RoundTrip(*http.Request) (*http.Response, error) { return nil, errDryRun }

var errDryRun = errors.New("was not asked: the request is only looked at")

// keptBody is a response body that has been read already, with its exchange.
type keptBody struct {
	strings.Reader
	exchange *Exchange
}

func (*keptBody) Close() error { return nil }

// RoundTrip sends the request and records the exchange, failed or not.
func (t *recording) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	e := &Exchange{Method: req.Method, URL: req.URL.String(), RequestHeader: NewHeader(req.Header), Began: t.now()}
	e.Purpose, _ = ctx.Value(purposeKey).(Purpose)
	e.Try, _ = ctx.Value(tryKey).(string)
	if req.GetBody != nil {
		body, _ := req.GetBody() // our bodies are in memory: this cannot fail
		var sent strings.Builder
		sent.Grow(int(max(req.ContentLength, 0)))
		io.Copy(&sent, body)
		e.RequestBody = sent.String()
	}
	resp, err := t.next.RoundTrip(req)
	if err == nil {
		e.Proto, e.Status, e.ResponseHeader = resp.Proto, resp.StatusCode, NewHeader(resp.Header)
		if resp.TLS != nil { // a server always has a certificate
			e.CertExpires = resp.TLS.PeerCertificates[0].NotAfter
		}
		e.ResponseBody, err = readLimited(resp)
	}
	e.Took = t.now().Sub(e.Began)
	if err != nil {
		e.Fault = Fault(err)
	}
	if r, ok := ctx.Value(recorderKey).(*Recorder); ok {
		r.add(e)
	}
	if err != nil {
		return nil, err
	}
	kept := &keptBody{exchange: e}
	kept.Reset(e.ResponseBody)
	resp.Body = kept
	return resp, nil
}

// readLimited reads a body to its end, which must come within maxBody.
func readLimited(resp *http.Response) (string, error) {
	defer resp.Body.Close()
	if resp.ContentLength > maxBody {
		return "", errTooLong
	}
	if resp.ContentLength >= 0 {
		data := make([]byte, resp.ContentLength)
		_, err := io.ReadFull(resp.Body, data)
		return string(data), err
	}
	buffer := bytes.NewBuffer(make([]byte, 0, 4<<10)) // most answers fit
	if _, err := buffer.ReadFrom(io.LimitReader(resp.Body, maxBody+1)); err != nil {
		return "", err
	}
	if buffer.Len() > maxBody {
		return "", errTooLong
	}
	return buffer.String(), nil
}

// fault says why a server gave no result: one sentence for people, and the cause for programs.
type fault struct{ cause error }

func (f *fault) Error() string { return Fault(f.cause) }
func (f *fault) Unwrap() error { return f.cause }

// Untrusted reports whether a request failed because the server's certificate did not verify.
func Untrusted(err error) bool {
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	return ok
}

// UnknownAuthority reports whether a request failed because the certificate's authority is unknown. A file with its
// certificate fixes that.
func UnknownAuthority(err error) bool {
	_, ok := errors.AsType[x509.UnknownAuthorityError](err)
	return ok
}

// NoServer reports whether a failure lasts until the server or its address changes: no such host, nothing listens
// there, a certificate that did not verify, or a different protocol. A timeout may pass.
func NoServer(err error) bool {
	dns, ok := errors.AsType[*net.DNSError](err)
	return ok && dns.IsNotFound || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, http.ErrSchemeMismatch) || Untrusted(err)
}

// Fault says in one plain sentence why a server could not be asked, and what helps.
func Fault(err error) string {
	if urlErr, ok := errors.AsType[*url.Error](err); ok {
		err = urlErr.Err // the URL may carry parameters; the caller names the host
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return "does not resolve: there is no host of that name"
	}
	if unknown, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		name := ""
		if unknown.Cert != nil {
			name = fmt.Sprintf(" (issued by %q)", unknown.Cert.Issuer.CommonName)
		}
		return "has a certificate from an authority that this machine does not know" + name + "; name a file with the authority's certificate in SSL_CERT_FILE"
	}
	if invalid, _ := errors.AsType[x509.CertificateInvalidError](err); invalid.Reason == x509.Expired {
		from, to := invalid.Cert.NotBefore.Format(time.DateOnly), invalid.Cert.NotAfter.Format(time.DateOnly)
		return fmt.Sprintf("has a certificate that is valid from %s to %s only", from, to)
	}
	if wrong, ok := errors.AsType[x509.HostnameError](err); ok {
		return fmt.Sprintf("has a certificate for other names than %q", wrong.Host)
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return "did not answer in time"
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused the connection: nothing listens there"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "closed the connection before its answer was complete"
	case errors.Is(err, errTooLong):
		return errTooLong.Error()
	case errors.Is(err, context.Canceled):
		return "was not asked: the request was given up"
	case errors.Is(err, http.ErrSchemeMismatch):
		return "speaks plain http, not https"
	}
	return "no result: " + err.Error()
}

// IsLocalName reports whether a host name means this machine, regardless of DNS (RFC 6761 section 6.3).
func IsLocalName(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// MayBeLocal reports whether a host may be this machine, in any spelling that some system accepts. It errs on the side of
// true: use it to refuse. To allow plain http, use config.IsLoopback, which errs on the side of false. It does not
// recognize a public name whose DNS entry points here.
func MayBeLocal(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		ip = ip.Unmap()
		return ip.IsLoopback() || ip.IsUnspecified() // connections to 0.0.0.0 or [::] end here
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return IsLocalName(host) || slices.Contains(hostsFileNames, host) || isLooseLoopback(host)
}

// hostsFileNames lists names of this machine in the hosts file of Linux systems.
var hostsFileNames = []string{"localhost.localdomain", "localhost4", "localhost4.localdomain4", "localhost6", "localhost6.localdomain6",
	"ip6-localhost", "ip6-loopback", "loopback"}

// isLooseLoopback reports whether inet_aton of the C library, and so most resolvers, read a host as a loopback or
// unspecified IPv4 address: one to four numbers, decimal, octal or hexadecimal, where the last fills the remaining
// bytes. 127.1, 0x7f.1 and 2130706433 are 127.0.0.1.
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
		first, all = uint64(uint32(first))>>24, uint64(uint32(all)) // some systems truncate a longer number
	}
	return first == 127 || all == 0
}

// IsASCII reports whether a host is ASCII, and so is connected to as it is. net/http first converts any other host to
// ASCII (UTS #46): localhost in full-width letters becomes localhost.
func IsASCII(host string) bool {
	return !strings.ContainsFunc(host, func(r rune) bool { return r > '~' })
}
