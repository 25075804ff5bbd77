package testserver

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// PublicName is a host that is not this machine, to whoever knows no more than its name.
const PublicName = "auth.example"

// StartPublic serves at https://auth.example, and returns the environment with which a program comes there: through
// a proxy, which leads every host to this one server, and with the authority of its certificate.
func StartPublic(t *testing.T, handler http.Handler) map[string]string {
	t.Helper()
	authority := NewAuthority(t)
	server := httptest.NewUnstartedServer(handler)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{authority.Issue(t, time.Now().Add(time.Hour))}}
	server.StartTLS()
	t.Cleanup(server.Close)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		there, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil || r.Method != http.MethodConnect {
			http.Error(w, "this proxy only connects", http.StatusBadGateway)
			return
		}
		defer there.Close()
		w.WriteHeader(http.StatusOK)
		here, read, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer here.Close()
		go io.Copy(there, read) // which may have the first byte already
		io.Copy(here, there)
	}))
	t.Cleanup(proxy.Close)
	return map[string]string{"HTTPS_PROXY": proxy.URL, "SSL_CERT_FILE": authority.File}
}
