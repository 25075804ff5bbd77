package main

import (
	"crypto/x509"
	"fmt"
	"log"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"oauth-test-client/internal/check"
	"oauth-test-client/internal/cli"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/demo"
	"oauth-test-client/internal/oauth"
)

// live answers with the settings of the moment. When their file has changed, the next request to /, /login
// or /check reads it, and the wiring is made anew. A request keeps to its end what it began with.
type live struct {
	options cli.Options
	getenv  func(string) string
	log     *log.Logger
	now     func() time.Time
	current atomic.Pointer[wiring]
	routes  func(s *server, demo http.Handler) http.Handler

	mu         sync.Mutex // guards the fields below
	source     config.Source
	demo       *demo.Server
	demoConfig config.Config // with our clients there; the demo server survives, so they do
}

// wiring is the client with its routes, and the demo server's when there is one.
type wiring struct {
	*server
	http.Handler
}

// read reads the settings, and the authorities to trust besides the system's.
func (l *live) read() (config.Config, *x509.CertPool, error) {
	cfg, err := l.source.Load(l.getenv)
	if err != nil {
		return config.Config{}, nil, err
	}
	if given := l.options.Parameters; len(given) > 0 {
		cfg.Parameters = cfg.Parameters.With(given)
		if err := cfg.Parameters.Check(cfg.Scopes); err != nil {
			return config.Config{}, nil, fmt.Errorf("-param: %w", err)
		}
	}
	roots, err := config.TrustedRoots(cfg.CertFile)
	return cfg, roots, err
}

// begin makes the first wiring.
func (l *live) begin(cfg config.Config, roots *x509.CertPool) error {
	s, err := newServer(cfg, roots, l.log, l.now)
	if err != nil {
		return err
	}
	s.found = l.at
	if l.getenv != nil {
		s.file = newSettingsFile(cfg, l.options.File(), l.origin)
	}
	return l.use(s)
}

// origin looks up where a variable is set.
func (l *live) origin(variable string) config.Origin {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.source.Origin(l.getenv, variable)
}

// at is the server with what was found at the API. From now on it answers, unless the settings are others by now.
func (l *live) at(c *oauth.Client) *server {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.current.Load().server
	found := s.at(c)
	if reflect.DeepEqual(s.cfg.AsConfigured(), c.Config().AsConfigured()) {
		l.use(found) // which fails with a demo server only
	}
	return found
}

// use answers with a server from now on.
func (l *live) use(s *server) error {
	if !s.cfg.Demo {
		s.anew = nil
		l.current.Store(&wiring{s, l.routes(s, nil)})
		return nil
	}
	if l.demo == nil {
		demo, err := newDemo(s.cfg, l.now, l.setUp)
		if err != nil {
			return err
		}
		l.demo, l.demoConfig = demo, s.cfg
	}
	s.anew = l.demo.AskAnew
	l.current.Store(&wiring{s, l.routes(s, l.demo)})
	return nil
}

// ServeHTTP answers with the wiring of the moment.
func (l *live) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/", "/login", "/check":
		l.reread()
	}
	l.current.Load().ServeHTTP(w, r)
}

// reread reads the settings again if their file has changed. With a mistake in them the program goes on
// with what it had, and says so on every page.
func (l *live) reread() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.source.Changed() {
		return
	}
	s := l.current.Load().server
	cfg, roots, err := l.read()
	if err != nil {
		s = s.noting(mistakes(l.options.File(), err))
	} else {
		s = l.renew(s, cfg, roots)
	}
	if err := l.use(s); err != nil {
		l.log.Print(err)
	}
	if s.notice != nil {
		l.log.Print(s.notice.String())
	}
}

// renew is the server with settings that have been read again.
func (l *live) renew(s *server, fresh config.Config, roots *x509.CertPool) *server {
	s.discovery.AskAgain()
	next, waiting := s.cfg.AsConfigured().Reread(fresh)
	if next.Demo && l.demo != nil {
		next = atDemo(next, l.demo.Issuer(), l.demoConfig)
	}
	next = next.After(s.cfg)
	if !reflect.DeepEqual(next, s.cfg.AsConfigured()) {
		l.log.Printf("%s has changed: its settings are in use now", l.options.File())
		s = s.with(next, roots)
		s.checks.AfterChange() // a file that was saved half way would send the old secret to the new server
	}
	return s.noting(needsRestart(l.options.File(), waiting))
}

// setUp follows the demo server to the set-up that its page has turned on.
func (l *live) setUp(current demo.SetUp, issuer string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.use(l.current.Load().follow(issuer, current.Broken())) // which fails without a demo server only
}

// newDemo is the authorization server of the demo, with our client registered.
func newDemo(cfg config.Config, now func() time.Time, onSetUp func(demo.SetUp, string)) (*demo.Server, error) {
	return demo.New(demo.Config{Issuer: cfg.Issuer, Clients: []demo.Client{{
		ID:                     cfg.ClientID,
		Secret:                 cfg.ClientSecret,
		Name:                   "OAuth Test Client",
		RedirectURIs:           []string{cfg.RedirectURI()},
		PostLogoutRedirectURIs: []string{cfg.BaseURL + "/"},
	}, {
		ID:           cfg.OtherClientID,
		Secret:       cfg.OtherClientSecret,
		Name:         "Another client, for /misuse",
		RedirectURIs: []string{cfg.RedirectURI()},
	}}, Now: now, OnSetUp: onSetUp})
}

// atDemo are the settings for the demo server where it is at present: one of its set-ups moves it to
// another name of this machine, and it knows our clients by their first secrets.
func atDemo(cfg config.Config, issuer string, known config.Config) config.Config {
	if path, ours := strings.CutPrefix(cfg.ResourceURL, cfg.Issuer); ours {
		cfg.ResourceURL = issuer + path
	}
	cfg.Issuer, cfg.ClientSecret, cfg.OtherClientSecret = issuer, known.ClientSecret, known.OtherClientSecret
	return cfg
}

// follow is the server for a demo server that has changed. What was known of it is forgotten.
func (s *server) follow(issuer string, broken bool) *server {
	next := *s
	next.cfg = atDemo(s.cfg, issuer, s.cfg)
	next.oauth = oauth.New(next.cfg, s.wire, s.now)
	next.checks = check.NewRunner(next.cfg, s.discovery, s.wire, s.now).AfterChange()
	next.broken = broken
	return &next
}
