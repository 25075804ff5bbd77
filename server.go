package main

import (
	"context"
	"crypto/x509"
	"embed"
	"fmt"
	"html/template"
	"log"
	"net/http"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
	"strings"
	"sync/atomic"
	"time"
)

// server is the client of the protocol: it begins logins and finishes them. Everything that it
// needs comes in through newServer.
type server struct {
	cfg       config.Config
	provider  *provider
	browsers  *browsers
	refreshes shared[*refreshed] // by the state of the login
	pages     map[string]*template.Template
	log       *log.Logger
	now       func() time.Time
	busy      atomic.Int64 // requests that a handler of ours is working on
}

// newServer wires the client together. Nothing is asked of the authorization server yet.
func newServer(cfg config.Config, roots *x509.CertPool, log *log.Logger, now func() time.Time) (*server, error) {
	browsers, err := newBrowsers(cfg, roots, now)
	if err != nil {
		return nil, err
	}
	pages, err := parsePages()
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	return &server{cfg: cfg, provider: newProvider(cfg, wire.New(roots, now)), browsers: browsers, pages: pages, log: log, now: now}, nil
}

//go:embed static
var static embed.FS

// handler returns everything that this process answers: the client's routes, and those of the demo
// server when there is one (it may be nil).
func (s *server) handler(demo http.Handler) http.Handler {
	mux := http.NewServeMux()
	for _, route := range s.routes() {
		mux.HandleFunc(route.method+" "+route.path, s.handle(route.handle))
	}
	mux.HandleFunc("GET /static/{file}", handleStatic)
	mux.HandleFunc("/", s.handle(s.handleUnknown))
	if demo != nil {
		mux.Handle("/demo/", demo)
		mux.Handle("/.well-known/", demo) // an issuer with a path has metadata here too (RFC 8414 section 3.1)
	}
	return s.logged(s.guard(mux))
}

// route is one thing that a user can do.
type route struct {
	method, path string
	handle       func(http.ResponseWriter, *http.Request) error
}

// routes are in the order of the README.
func (s *server) routes() []route {
	return []route{
		{"GET", "/{$}", s.canonicalHost(s.handleHome)},
		{"GET", "/login", s.canonicalHost(s.handleLogin)},
		{"GET", config.CallbackPath, s.handleCallback},
		{"GET", "/session", s.handleSession},
		{"GET", "/userinfo", s.handleUserinfo},
		{"GET", "/api", s.handleAPI},
		{"GET", "/tokeninfo", s.handleTokeninfo},
		{"GET", "/refresh", s.handleRefresh},
		{"POST", "/revoke", s.handleRevoke},
		{"POST", "/logout", s.handleLogout},
		{"GET", "/flow", s.handleFlow},
		{"GET", "/flow.har", s.handleHAR},
		{"GET", "/check", s.handleCheck},
	}
}

// handle adapts a handler that returns an error.
func (s *server) handle(h func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.busy.Add(1)
		defer s.busy.Add(-1)
		if err := h(w, r); err != nil {
			s.fail(w, r, err)
		}
	}
}

// drain waits until no handler of ours is at work. Unlike http.Server.Shutdown it leaves the
// listener open, as a callback may still need the demo server behind it.
func (s *server) drain(ctx context.Context) {
	for s.busy.Load() > 0 && ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
	}
}

func (s *server) handleUnknown(_ http.ResponseWriter, r *http.Request) error {
	for _, route := range s.routes() {
		if strings.TrimSuffix(route.path, "{$}") == r.URL.Path {
			return &failure{Status: http.StatusMethodNotAllowed, Code: "method_not_allowed", Description: "This address answers " + route.method + " only.", Allow: route.method}
		}
	}
	return &failure{Status: http.StatusNotFound, Code: "not_found", Description: "There is nothing at this address."}
}

// handleStatic serves what the pages load. The browser asks each time whether it has changed.
func handleStatic(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeFileFS(w, r, static, "static/"+r.PathValue("file"))
}

// logged writes one line per request. The line has no query string, cookie or token: the path is
// all that it takes from the URL.
func (s *server) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := s.now()
		note := &noted{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(note, r)
		took := s.now().Sub(began).Round(time.Millisecond)
		line := fmt.Sprintf("%s %s %d %v", wire.Clip(r.Method, 16), wire.Clip(r.URL.EscapedPath(), 120), note.status, took)
		if note.code != "" {
			line += " " + logCode(note.code)
		}
		s.log.Print(line)
	})
}

// noted remembers what was answered, for the log.
type noted struct {
	http.ResponseWriter
	status int
	code   string // the error code, if it was an error
}

func (n *noted) WriteHeader(status int) {
	n.status = status
	n.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (n *noted) Unwrap() http.ResponseWriter { return n.ResponseWriter }
