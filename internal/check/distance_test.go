package check

import (
	"crypto/x509"
	"io"
	"net"
	"net/http/httptest"
	"testing"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// BenchmarkCheckConnecting measures a check as a user has it: with new connections, to a server from which each packet
// takes 50 ms each way.
func BenchmarkCheckConnecting(b *testing.B) {
	for _, row := range []struct {
		name, scheme string
		start        func(srv *httptest.Server)
	}{
		{"http", "http", (*httptest.Server).Start},
		{"TLS", "https", (*httptest.Server).StartTLS},
		{"TLS-HTTP2", "https", func(srv *httptest.Server) { srv.EnableHTTP2 = true; srv.StartTLS() }},
	} {
		b.Run(row.name, func(b *testing.B) {
			srv := httptest.NewUnstartedServer(nil)
			issuer := row.scheme + "://" + farAway(b, srv.Listener.Addr().String(), 100*time.Millisecond) + "/demo"
			srv.Config.Handler = demoHandler(b, issuer)
			row.start(srv)
			b.Cleanup(srv.Close)
			roots := x509.NewCertPool()
			if srv.TLS != nil {
				roots.AddCert(srv.Certificate())
			}
			cfg, err := config.Load(func(name string) string { return testserver.DemoEnv(issuer)[name] }, "does-not-exist.env", false)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if r := Run(b.Context(), cfg.Effective(), wire.New(roots, time.Now), time.Now, func(string) {}, func(causes.Finding) {}); r.Result != causes.OK {
					b.Fatalf("not everything is right:\n%s", r)
				}
			}
		})
	}
}

// farAway returns the address of a relay to a server that is a round trip away.
func farAway(b *testing.B, server string, roundTrip time.Duration) string {
	b.Helper()
	relay, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { relay.Close() })
	go func() {
		for {
			near, err := relay.Accept()
			if err != nil {
				return
			}
			go func() {
				time.Sleep(roundTrip) // TCP's own handshake, before the first byte
				far, err := net.Dial("tcp", server)
				if err != nil {
					near.Close()
					return
				}
				go carry(far, near, roundTrip/2)
				carry(near, far, roundTrip/2)
			}()
		}
	}()
	return relay.Addr().String()
}

// carry copies what one end sends to the other, and delivers each packet after the delay.
func carry(to io.WriteCloser, from io.Reader, delay time.Duration) {
	type packet struct {
		due  time.Time
		data []byte
	}
	under := make(chan packet, 1000)
	go func() {
		defer to.Close()
		for p := range under {
			time.Sleep(time.Until(p.due))
			if _, err := to.Write(p.data); err != nil {
				break
			}
		}
		for range under { // so that the reader never waits for us
		}
	}()
	defer close(under)
	for {
		data := make([]byte, 16<<10)
		n, err := from.Read(data)
		if n > 0 {
			under <- packet{time.Now().Add(delay), data[:n]}
		}
		if err != nil {
			return
		}
	}
}
