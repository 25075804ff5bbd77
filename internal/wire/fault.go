package wire

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"
)

// fault is why a server could not be asked: one sentence for people, and the cause for programs.
type fault struct{ cause error }

func (f *fault) Error() string { return Fault(f.cause) }
func (f *fault) Unwrap() error { return f.cause }

// Untrusted reports whether a server could not be asked because its certificate did not verify.
func Untrusted(err error) bool {
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	return ok
}

// UnknownAuthority reports the one such reason that a file with an authority's certificate mends.
func UnknownAuthority(err error) bool {
	_, ok := errors.AsType[x509.UnknownAuthorityError](err)
	return ok
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
	case errors.Is(err, http.ErrSchemeMismatch):
		return "speaks plain http, not https"
	}
	return "could not be asked: " + err.Error()
}
