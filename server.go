package main

import (
	"context"
	"crypto/x509"
	"embed"
	"fmt"
	"html/template"
	"log"
	"net/http"
	"sync/atomic"
	"time"
)

// server is the client of the protocol: it begins logins and finishes them. Everything that it
// needs comes in through newServer.
type server struct {
	cfg       config
	provider  *provider
	browsers  *browsers
	refreshes shared[*refreshed] // by the state of the login
	pages     map[string]*template.Template
	log       *log.Logger
	now       func() time.Time
	busy      atomic.Int64 // requests that a handler of ours is working on
}

// newServer wires the client together. Nothing is asked of the authorization server yet.
func newServer(cfg config, roots *x509.CertPool, log *log.Logger, now func() time.Time) (*server, error) {
	browsers, err := newBrowsers(cfg, roots, now)
	if err != nil {
		return nil, err
	}
	pages, err := parsePages()
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	return &server{cfg: cfg, provider: newProvider(cfg, newWire(roots, now)), browsers: browsers, pages: pages, log: log, now: now}, nil
}

//go:embed static
var static embed.FS

// handler returns everything that this process answers: the client's routes, and those of the demo
// server when there is one (it may be nil).
func (s *server) handler(demo http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.canonicalHost(s.handle(s.handleHome)))
	mux.HandleFunc("GET /login", s.canonicalHost(s.handle(s.handleLogin)))
	mux.HandleFunc("GET "+callbackPath, s.handle(s.handleCallback))
	mux.HandleFunc("GET /session", s.handle(s.handleSession))
	mux.HandleFunc("GET /userinfo", s.handle(s.handleUserinfo))
	mux.HandleFunc("GET /api", s.handle(s.handleAPI))
	mux.HandleFunc("GET /tokeninfo", s.handle(s.handleTokeninfo))
	mux.HandleFunc("GET /refresh", s.handle(s.handleRefresh))
	mux.HandleFunc("POST /revoke", s.handle(s.handleRevoke))
	mux.HandleFunc("POST /logout", s.handle(s.handleLogout))
	mux.HandleFunc("GET /flow", s.handle(s.handleFlow))
	mux.HandleFunc("GET /flow.har", s.handle(s.handleHAR))
	mux.HandleFunc("GET /check", s.handle(s.handleCheck))
	mux.HandleFunc("GET /static/{file}", handleStatic)
	mux.HandleFunc("/", s.handle(s.handleUnknown))
	if demo != nil {
		mux.Handle("/demo/", demo)
		mux.Handle("/.well-known/", demo) // an issuer with a path has metadata here too (RFC 8414 section 3.1)
	}
	return s.logged(s.guard(mux))
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
	switch r.URL.Path {
	case "/revoke", "/logout":
		return &failure{Status: http.StatusMethodNotAllowed, Code: "method_not_allowed", Description: "This address answers POST only.", Allow: http.MethodPost,
			Hint: "Use the button on the session page."}
	case "/", "/login", callbackPath, "/session", "/userinfo", "/api", "/tokeninfo", "/refresh", "/flow", "/flow.har", "/check":
		return &failure{Status: http.StatusMethodNotAllowed, Code: "method_not_allowed", Description: "This address answers GET only.", Allow: http.MethodGet}
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
		line := fmt.Sprintf("%s %s %d %v", clip(r.Method, 16), clip(r.URL.EscapedPath(), 120), note.status, took)
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
