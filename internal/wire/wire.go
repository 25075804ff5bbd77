package wire

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"time"
)

// What a server may cost us at most.
const (
	Timeout       = 10 * time.Second // for a request as a whole, its answer's last byte included
	wireBodyLimit = 1 << 20          // bytes of a response body, after decompression
	wireRedirects = 5                // on one origin, for requests without credentials
)

// errTooLong is the answer that did not end within wireBodyLimit.
var errTooLong = errors.New("sent an answer of more than 1 MB")

// exchange is one request and its answer, byte for byte. It is complete once the request is, and
// is not changed after that.
type Exchange struct {
	Purpose        string // what the request is for, as a page names it: "token request"
	Method         string
	URL            string
	RequestHeader  Header
	RequestBody    string
	Proto          string // of the answer: HTTP/1.1 or HTTP/2.0
	Status         int    // 0 when no answer came
	ResponseHeader Header
	ResponseBody   string
	Began          time.Time
	Took           time.Duration
	CertExpires    time.Time // of the server's certificate; zero without TLS
	Fault          string    // why this step failed, in a sentence; empty when it did not
}

// bytes is about what an exchange costs in memory.
func (e *Exchange) Bytes() int {
	return 512 + len(e.URL) + len(e.RequestHeader) + len(e.RequestBody) + len(e.ResponseHeader) + len(e.ResponseBody)
}

// head is the header of a message as it went over the wire: lines of "Name: value", by name. Exchanges
// are kept by the ten thousand, and the garbage collector looks at each part of an http.Header.
type Header string

func HeadOf(h http.Header) Header {
	lines := bytes.NewBuffer(make([]byte, 0, 512)) // most fit
	h.Write(lines)                                 // a buffer takes everything
	return Header(lines.String())
}

// all yields each name with each of its values.
func (h Header) All() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for line := range strings.Lines(string(h)) {
			name, value, _ := strings.Cut(line, ":")
			if !yield(name, strings.TrimSpace(value)) {
				return
			}
		}
	}
}

// Values returns the values of a field.
func (h Header) Values(name string) []string {
	var values []string
	for n, value := range h.All() {
		if strings.EqualFold(n, name) {
			values = append(values, value)
		}
	}
	return values
}

// Get returns the first value of a field, or "".
func (h Header) Get(name string) string {
	for n, value := range h.All() {
		if strings.EqualFold(n, name) {
			return value
		}
	}
	return ""
}

// recorder collects the exchanges of one request to us. It travels in the context.
type Recorder struct {
	mu        sync.Mutex // guards exchanges
	exchanges []*Exchange
}

// all returns the exchanges so far, in the order in which they ended.
func (r *Recorder) All() []*Exchange {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]*Exchange(nil), r.exchanges...)
}

// last returns the newest exchange, or nil.
func (r *Recorder) Last() *Exchange {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.exchanges) == 0 {
		return nil
	}
	return r.exchanges[len(r.exchanges)-1]
}

func (r *Recorder) add(e *Exchange) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.exchanges = append(r.exchanges, e)
}

type wireKey int

const (
	recorderKey wireKey = iota
	purposeKey
)

// record returns a context whose exchanges are collected by the recorder.
func Record(ctx context.Context) (context.Context, *Recorder) {
	r := new(Recorder)
	return context.WithValue(ctx, recorderKey, r), r
}

// recorderOf returns the context with its recorder, or with a new one where it has none.
func RecorderOf(ctx context.Context) (context.Context, *Recorder) {
	if r, ok := ctx.Value(recorderKey).(*Recorder); ok {
		return ctx, r
	}
	return Record(ctx)
}

// What a request is for, as pages and diagrams name it.
const (
	ForMetadata      = "metadata"
	ForKeys          = "keys"
	ForToken         = "token request"
	ForRefresh       = "refresh"
	ForUserinfo      = "userinfo"
	ForIntrospection = "introspection"
	ForRevocation    = "revocation"
	ForAPI           = "API call"
)

// purpose names the requests made in the context.
func For(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, purposeKey, name)
}

// wire is the only way out of this process: every request has a deadline, every answer a limit,
// nothing is redirected to another origin, and what was said is kept exactly.
type Client struct {
	Client *http.Client
}

// newWire returns a wire that trusts the given authorities, or the system's (and those of
// SSL_CERT_FILE) when roots is nil. There is no switch that turns verification off.
func New(roots *x509.CertPool, now func() time.Time) *Client {
	return &Client{&http.Client{
		CheckRedirect: checkRedirect,
		Transport: &Recording{now: now, Timeout: Timeout, Next: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			TLSClientConfig:        &tls.Config{RootCAs: roots},
			ForceAttemptHTTP2:      true,
			MaxIdleConnsPerHost:    64,
			IdleConnTimeout:        90 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
		}},
	}}
}

// checkRedirect follows a redirect only where it can do no harm: a GET without credentials that
// stays on its origin. Otherwise the redirect itself is the answer, for the caller to refuse.
func checkRedirect(req *http.Request, via []*http.Request) error {
	first := via[0]
	if first.Method != http.MethodGet || first.Header.Get("Authorization") != "" ||
		Origin(req.URL) != Origin(first.URL) || len(via) > wireRedirects {
		return http.ErrUseLastResponse
	}
	return nil
}

// origin is the scheme, host and port of a URL.
func Origin(u *url.URL) string { return u.Scheme + "://" + u.Host }

// get fetches a JSON document.
func (w *Client) Get(ctx context.Context, address string) (*Exchange, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	return w.Do(req)
}

// do sends a request and returns what came back, whatever its status. The error, if any, is one
// sentence about the server without its name: "refused the connection".
func (w *Client) Do(req *http.Request) (*Exchange, error) {
	return send(w.Client, req)
}

// send gives a request and all its redirects together one deadline.
func send(client *http.Client, req *http.Request) (*Exchange, error) {
	ctx, cancel := context.WithTimeout(req.Context(), Timeout)
	defer cancel()
	resp, err := client.Do(req.WithContext(ctx))
	if err != nil {
		return nil, errors.New(Fault(err))
	}
	return resp.Body.(*keptBody).exchange, nil
}

// visit goes to a page as a browser without scripts would: with cookies of its own, and through
// redirects that stay on the origin, up to the address stop, which is never opened.
func (w *Client) Visit(ctx context.Context, address, stop string) (*Exchange, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "text/html,application/json;q=0.9")
	browser := &http.Client{Transport: w.Client.Transport, Jar: jar, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if WithoutQuery(req.URL.String()) == stop {
			return http.ErrUseLastResponse
		}
		return checkRedirect(req, via)
	}}
	return send(browser, req)
}

// recording is a RoundTripper that reads the whole answer at once and keeps it.
type Recording struct {
	Next    http.RoundTripper
	now     func() time.Time
	Timeout time.Duration // for an answer to its last byte
}

// keptBody is a response body that has been read already, with the exchange it belongs to.
type keptBody struct {
	strings.Reader
	exchange *Exchange
}

func (*keptBody) Close() error { return nil }

// RoundTrip sends the request and records the exchange, failed or not. The deadline is set here,
// where the answer is read to its end, so that it holds for x/oauth2 too.
func (t *Recording) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), t.Timeout)
	defer cancel()
	req = req.Clone(ctx)
	if req.Header.Get("Accept") == "" {
		// x/oauth2 names no format; GitHub answers a form unless asked for JSON.
		req.Header.Set("Accept", "application/json")
	}
	e := &Exchange{Method: req.Method, URL: req.URL.String(), RequestHeader: HeadOf(req.Header), Began: t.now()}
	e.Purpose, _ = ctx.Value(purposeKey).(string)
	if req.GetBody != nil {
		body, _ := req.GetBody() // our bodies are in memory: this cannot fail
		sent, _ := io.ReadAll(body)
		e.RequestBody = string(sent)
	}
	resp, err := t.Next.RoundTrip(req)
	if err == nil {
		e.Proto, e.Status, e.ResponseHeader = resp.Proto, resp.StatusCode, HeadOf(resp.Header)
		if resp.TLS != nil && len(resp.TLS.PeerCertificates) > 0 {
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

// readLimited reads a body to its end, which must come within wireBodyLimit.
func readLimited(resp *http.Response) (string, error) {
	defer resp.Body.Close()
	if resp.ContentLength > wireBodyLimit {
		return "", errTooLong
	}
	if resp.ContentLength >= 0 {
		data := make([]byte, resp.ContentLength)
		_, err := io.ReadFull(resp.Body, data)
		return string(data), err
	}
	buffer := bytes.NewBuffer(make([]byte, 0, 4<<10)) // most answers fit
	if _, err := buffer.ReadFrom(io.LimitReader(resp.Body, wireBodyLimit+1)); err != nil {
		return "", err
	}
	if buffer.Len() > wireBodyLimit {
		return "", errTooLong
	}
	return buffer.String(), nil
}

// wireFault says in one plain sentence why a server could not be asked, and what helps.
func Fault(err error) string {
	if urlErr, ok := errors.AsType[*url.Error](err); ok {
		err = urlErr.Err // the URL may carry parameters; the caller names the host
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return fmt.Sprintf("does not resolve: no host named %q (is the key or issuer of a deleted instance, or cut short?)", dns.Name)
	}
	if unknown, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		name := ""
		if unknown.Cert != nil {
			name = fmt.Sprintf(" (issued by %q)", unknown.Cert.Issuer.CommonName)
		}
		return "has a certificate from an authority that this machine does not know" + name + "; name a file with the authority's certificate in SSL_CERT_FILE"
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return fmt.Sprintf("has a certificate that is valid from %s to %s only", invalid.Cert.NotBefore.Format(time.DateOnly), invalid.Cert.NotAfter.Format(time.DateOnly))
	}
	if wrong, ok := errors.AsType[x509.HostnameError](err); ok {
		return fmt.Sprintf("has a certificate for other names than %q", wrong.Host)
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return fmt.Sprintf("did not answer within %v", Timeout)
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
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return "speaks plain http, not https"
	}
	return "could not be asked: " + err.Error()
}

// failed reports whether a step is shown in red.
func (e *Exchange) Failed() bool { return e.Fault != "" || e.Status >= 400 }
