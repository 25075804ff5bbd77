package config

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// TrustedRoots adds the certificates in SSL_CERT_FILE to the system's. Go reads that variable on
// some systems only; here it works on all of them. Without it the result is nil: the system's.
func TrustedRoots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read (%w); name a file with the authority's certificate in PEM", file, errors.Unwrap(err))
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

// certFile reads SSL_CERT_FILE, whose certificates must be there to be trusted.
func (s *settings) certFile() string {
	file := s.get("SSL_CERT_FILE")
	if _, err := TrustedRoots(file); err != nil {
		s.wrong("SSL_CERT_FILE", "%v", err)
	}
	return file
}
