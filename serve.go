package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/check"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/demo"
	"oauth-test-client/internal/oauth"
	"runtime/debug"
	"strings"
	"time"
)

// limitMemory makes the garbage collector wait while there is little to keep, as it would otherwise
// run at every few megabytes, and work harder towards a bound that leaves maxBytes room to spare.
func limitMemory() {
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(144 << 20)
}

// httpServer is a server that no client can keep busy without end.
func httpServer(handler http.Handler, log *log.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      60 * time.Second, // a login may wait for several answers of wire.Timeout each
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    128 << 10, // as many cookies as a browser keeps for a host
		ErrorLog:          log,
	}
}

// serve answers until the context ends. Then it lets requests in flight finish, for 15 seconds at most, and
// refuses new ones.
func serve(ctx context.Context, s *server, handler http.Handler, listeners []net.Listener, log *log.Logger) error {
	srv := httpServer(handler, log)
	failed := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { failed <- srv.Serve(l) }()
	}
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	s.traffic.Drain(ctx)
	ctx, cancel = context.WithTimeout(ctx, time.Second)
	defer cancel()
	if srv.Shutdown(ctx) != nil { // browsers open connections ahead, on which nothing was asked yet
		srv.Close()
	}
	return nil
}

// checkAtStart asks what a login would trip over at once and what costs the server next to nothing: is it
// there, has it keys, is the redirect URI registered. It says in one line what came of that, and reports
// whether a login can be begun.
func checkAtStart(ctx context.Context, out io.Writer, s *server) bool {
	ctx, cancel := context.WithTimeout(ctx, check.Timeout)
	defer cancel()
	if s.cfg.AtAPI {
		if c, err := s.starter.Client(ctx, s.cfg, s.wire, s.now, false); err == nil { // what is wrong is said below
			s = s.found(c)
		}
	}
	done := s.checks.StartFew() // what it finds is kept, for the pages
	s.oauth.Metadata(ctx)       // for the pages, too; what is wrong with it is said below
	select {
	case <-done:
	case <-ctx.Done():
	}
	r := s.checks.State()
	if ctx.Err() != context.Canceled {
		fmt.Fprintf(out, "  checked       %s\n", r.Report.Summary(s.cfg.BaseURL))
	}
	return r.Result != causes.Fail
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
// another name of this machine.
func atDemo(cfg config.Config, issuer, secret string) config.Config {
	if path, ours := strings.CutPrefix(cfg.ResourceURL, cfg.Issuer); ours {
		cfg.ResourceURL = issuer + path
	}
	cfg.Issuer, cfg.ClientSecret = issuer, secret
	return cfg
}

// follow is the server for a demo server that has changed. What was known of it is forgotten.
func (s *server) follow(issuer string, broken bool) *server {
	next := *s
	next.cfg = atDemo(s.cfg, issuer, s.cfg.ClientSecret)
	next.oauth = oauth.New(next.cfg, s.wire, s.now)
	next.checks = check.NewRunner(next.cfg, s.wire, s.now)
	next.broken = broken
	return &next
}
