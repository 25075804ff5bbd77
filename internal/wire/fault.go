package wire

import (
	"crypto/tls"
	"errors"
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
