package testserver

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"oauth-test-client/internal/demo"
)

// API is the demo server to somebody who knows nothing but the address of its API. Its answers can be replaced.
type API struct {
	*demo.Server
	Issuer string
	URL    string // of the API

	mu     sync.Mutex // guards the fields below
	routes map[string]http.HandlerFunc
	asked  []string
}

// StartAPI starts one. Nobody is registered there.
func StartAPI(t testing.TB) *API {
	t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	a := &API{Issuer: "http://" + srv.Listener.Addr().String() + "/demo", routes: map[string]http.HandlerFunc{}}
	a.URL = a.Issuer + "/api/me"
	server, err := demo.New(demo.Config{Issuer: a.Issuer})
	if err != nil {
		t.Fatal(err)
	}
	a.Server = server
	srv.Config.Handler = http.HandlerFunc(a.serve)
	srv.Start()
	t.Cleanup(srv.Close)
	return a
}

func (a *API) serve(w http.ResponseWriter, r *http.Request) {
	name := r.Method + " " + r.URL.Path
	a.mu.Lock()
	a.asked = append(a.asked, name)
	handler := a.routes[name]
	a.mu.Unlock()
	if handler == nil {
		handler = a.Server.ServeHTTP
	}
	handler(w, r)
}

// At replaces an answer, such as that of APIRoute.
func (a *API) At(route string, handler http.HandlerFunc) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.routes[route] = handler
}

// Asked counts the requests that begin so.
func (a *API) Asked(route string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := 0
	for _, name := range a.asked {
		if strings.HasPrefix(name, route) {
			n++
		}
	}
	return n
}

// The addresses of the demo server that a start at its API asks.
const (
	APIRoute              = "GET /demo/api/me"
	ResourceMetadataRoute = "GET /.well-known/oauth-protected-resource/demo/api/me"
	MetadataRoute         = "GET /demo/.well-known/openid-configuration"
	RegisterRoute         = "POST /demo/register"
)
