package wire

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// certificate is one of its own authority, for 127.0.0.1.
func certificate(t *testing.T, from, to time.Time) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test Authority"}, NotBefore: from, NotAfter: to,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

// serveTLS starts a server with a certificate that is valid in a time, and returns its address.
func serveTLS(t *testing.T, from, to time.Time) (string, *x509.CertPool) {
	t.Helper()
	cert, roots := certificate(t, from, to)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	s.Config.ErrorLog = nil
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL, roots
}

// Why a server could not be asked is one sentence that helps.
func TestFault_OneSentence(t *testing.T) {
	now := time.Now()
	good, roots := serveTLS(t, now.Add(-time.Hour), now.Add(time.Hour))
	expired, expiredRoots := serveTLS(t, time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC), time.Date(2021, 3, 4, 0, 0, 0, 0, time.UTC))
	plain := serve(t, func(http.ResponseWriter, *http.Request) {})
	dies := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, row := range []struct {
		name, address string
		roots         *x509.CertPool
		ctx           context.Context
		words         string
		untrusted     bool
	}{
		{"in order", good, roots, t.Context(), "", false},
		{"an unknown authority", good, nil, t.Context(), `authority that this machine does not know (issued by "Test Authority"); name a file`, true},
		{
			"another name",
			strings.Replace(good, "127.0.0.1", "app.localhost", 1),
			roots,
			t.Context(),
			`has a certificate for other names than "app.localhost"`,
			true,
		},
		{"an old certificate", expired, expiredRoots, t.Context(), "valid from 2020-01-02 to 2021-03-04 only", true},
		{"http for https", strings.Replace(plain, "http:", "https:", 1), nil, t.Context(), "speaks plain http, not https", false},
		{"nobody there", "http://127.0.0.1:1", nil, t.Context(), "refused the connection: nothing listens there", false},
		{"one that dies", dies, nil, t.Context(), "closed the connection before its answer was complete", false},
		{"no such host", "http://no-such-host.invalid/", nil, t.Context(), "there is no host of that name", false},
		{"given up", plain, nil, cancelled, "was not asked: the request was given up", false},
	} {
		e, err := New(row.roots, time.Now).Get(row.ctx, row.address)
		if row.words == "" {
			if err != nil || e.CertExpires.Unix() != now.Add(time.Hour).Unix() {
				t.Errorf("%s: %v; %+v", row.name, err, e)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), row.words) || strings.Contains(err.Error(), row.address) {
			t.Errorf("%s: %v; want %q, without the address", row.name, err, row.words)
		}
		if Untrusted(err) != row.untrusted {
			t.Errorf("%s: untrusted is %v", row.name, !row.untrusted)
		}
	}
	for err, want := range map[error]string{
		&url.Error{Op: "Get", URL: "https://a/?secret", Err: errors.New("odd")}: "no result: odd",
		io.ErrUnexpectedEOF: "closed the connection before its answer was complete",
		errTooLong:          "sent an answer of more than 1 MB",
		x509.CertificateInvalidError{Reason: x509.NotAuthorizedToSign}: "no result: x509",
		context.DeadlineExceeded: "did not answer in time",
	} {
		if got := Fault(err); !strings.HasPrefix(got, want) {
			t.Errorf("Fault(%v) = %q; want %q", err, got, want)
		}
	}
}

// What is sent is recorded as it is sent, and a caller's own Accept is kept.
func TestRecord_WhatIsSent(t *testing.T) {
	var body, accept string
	address := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		body, accept = string(b), r.Header.Get("Accept")
	})
	c := New(nil, time.Now)
	req, _ := http.NewRequest(http.MethodPost, address, strings.NewReader("a=b&c=d"))
	e, err := c.Do(req)
	if err != nil || e.RequestBody != "a=b&c=d" || body != "a=b&c=d" || accept != "application/json" ||
		e.RequestHeader.Get("Accept") != accept || req.Header.Get("Accept") != "" {
		t.Errorf("sent %q for %q, recorded %+v (%v); the caller's header is %v", body, accept, e, err, req.Header)
	}
	req, _ = http.NewRequest(http.MethodPost, address, io.MultiReader(strings.NewReader("a="), strings.NewReader("b"))) // of unknown length
	req.Header.Set("Accept", "text/plain")
	if e, err := c.Do(req); err != nil || body != "a=b" || accept != "text/plain" || e.RequestBody != "" {
		t.Errorf("sent %q for %q, recorded %+v (%v)", body, accept, e, err)
	}
}

// A visit looks like a browser's, as some servers answer only browsers.
func TestVisit_LooksLikeBrowser(t *testing.T) {
	var got http.Header
	address := serve(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Header })
	if _, err := New(nil, time.Now).Visit(t.Context(), address, ""); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Sec-Fetch-Mode":            "navigate",
		"Sec-Fetch-Dest":            "document",
		"Sec-Fetch-Site":            "cross-site",
		"Sec-Fetch-User":            "?1",
		"Upgrade-Insecure-Requests": "1",
	} {
		if got.Get(name) != want {
			t.Errorf("%s is %q; want %q", name, got.Get(name), want)
		}
	}
	if !strings.HasPrefix(got.Get("Accept"), "text/html") || !strings.HasPrefix(got.Get("User-Agent"), "Mozilla/5.0") {
		t.Errorf("the visit sent %v", got)
	}
}
