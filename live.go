package main

import (
	"crypto/x509"
	"fmt"
	"log"
	"net/http"
	"slices"
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

// live answers with the current settings. When their file has changed, the next request reads it, and the wiring is made
// anew. A request keeps the settings that it started with.
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
	demoConfig config.Config // with our clients' credentials, which are valid as long as the demo server runs
}

// wiring is the client with its routes, and the demo server's when there is one.
type wiring struct {
	*server
	http.Handler
}

// read reads the settings and the authorities to trust besides the system's.
func (l *live) read() (config.Config, *x509.CertPool, error) {
	cfg, err := l.source.Load(l.getenv)
	if err != nil {
		return config.Config{}, nil, err
	}
	if given := l.options.Parameters.With(nil); len(given) > 0 {
		delete(given, "scope") // which is in the address, as it takes the place of SCOPES
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
	s.found = l.found
	if l.getenv != nil {
		s.file = newSettingsFile(s.cfg, l.options.File(), l.origin)
	}
	l.current.Store(&wiring{server: s})
	_, err = l.swap(func(*server) bool { return true })
	return err
}

// origin looks up where a variable is set.
func (l *live) origin(variable string) config.Origin {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.source.Origin(l.getenv, variable)
}

// swap copies the current server and changes the copy, which answers from now on unless change returns false. The caller
// holds the lock, or is the first.
func (l *live) swap(change func(next *server) bool) (*server, error) {
	next := *l.current.Load().server
	if !change(&next) {
		return &next, nil
	}
	if !next.cfg.Demo {
		next.anew = nil
		l.current.Store(&wiring{&next, l.routes(&next, nil)})
		return &next, nil
	}
	if l.demo == nil {
		demo, err := newDemo(next.cfg.Config, l.now, l.setUp)
		if err != nil {
			return &next, err
		}
		l.demo, l.demoConfig = demo, next.cfg.Config
	}
	next.anew = l.demo.AskAnew
	l.current.Store(&wiring{&next, l.routes(&next, l.demo)})
	return &next, nil
}

// found returns the server with what was found at the API. It answers from now on, unless the settings have changed
// meanwhile.
func (l *live) found(c *oauth.Client) *server {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, _ := l.swap(func(next *server) bool { // which fails with a demo server only
		late := !next.cfg.With(c.Config().Found).Equal(c.Config())
		next.discovered(c)
		return !late
	})
	return s
}

// ServeHTTP answers with the current wiring.
func (l *live) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if rereads(r.URL.Path) && l.current.Load().accepts(r) { // a request that the guard refuses must have no effect
		l.reread()
	}
	l.current.Load().ServeHTTP(w, r)
}

// rereads reports whether a page reads the settings again first. A login that has started ends with the settings it
// started with.
func rereads(path string) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return !slices.Contains([]string{"oauth_callback", "step", "static", "demo", ".well-known"}, first)
}

// reread reads the settings again if their file has changed. If they have a mistake, the program keeps the old settings,
// and says so on every page.
func (l *live) reread() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.source.Changed() {
		return
	}
	cfg, roots, mistake := l.read()
	s, err := l.swap(func(next *server) bool {
		if mistake != nil {
			next.notice, next.file.Mistaken = mistakes(l.options.File(), mistake), true
		} else {
			l.renew(next, cfg, roots)
		}
		return true
	})
	if err != nil {
		l.log.Print(err)
	}
	if s.notice != nil {
		l.log.Print(s.notice.String())
	}
}

// renew gives a server the settings that were read again.
func (l *live) renew(next *server, fresh config.Config, roots *x509.CertPool) {
	next.discovery.AskAgain()
	old := next.cfg.Written()
	cfg, waiting := old.Reread(fresh)
	if cfg.Demo && l.demo != nil {
		cfg = atDemo(cfg, l.demo.Issuer(), l.demoConfig)
	}
	if !cfg.Equal(old) {
		l.log.Printf("%s has changed: its settings are in use now", l.options.File())
		for _, note := range cfg.Notes {
			if !slices.Contains(old.Notes, note) {
				l.log.Print(note)
			}
		}
		next.configure(cfg.Effective().After(next.cfg), roots)
		next.checks.AfterChange() // a file that was saved half way would send the old secret to the new server
	}
	next.notice, next.file.Mistaken, next.file.Restart = needsRestart(l.options.File(), waiting), false, waiting
}

// setUp follows the demo server to the set-up that its page has turned on, and forgets what was known of the server.
func (l *live) setUp(current demo.SetUp, issuer string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.swap(func(next *server) bool { // which fails without a demo server only
		next.cfg.Config = atDemo(next.cfg.Config, issuer, next.cfg.Config)
		next.oauth = oauth.New(next.cfg, next.wire, next.now)
		next.checks = check.NewRunner(next.cfg, next.discovery, next.wire, next.now).AfterChange()
		next.broken = current.Broken()
		return true
	})
}

// newDemo makes the authorization server of the demo, with our client registered.
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

// atDemo returns the settings for the demo server at its current address: one of its set-ups moves it to a different name
// of this machine. The demo knows our clients by their first secrets.
func atDemo(cfg config.Config, issuer string, known config.Config) config.Config {
	if path, ours := strings.CutPrefix(cfg.ResourceURL, cfg.Issuer); ours {
		cfg.ResourceURL = issuer + path
	}
	cfg.Issuer, cfg.ClientSecret, cfg.OtherClientSecret = issuer, known.ClientSecret, known.OtherClientSecret
	return cfg
}
