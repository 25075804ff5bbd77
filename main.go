// OAuth Test Client tests an OAuth application: it sends a browser through sign-in and consent at
// an authorization server and shows the token response that comes back. With no settings at all it
// runs in demo mode: it brings an authorization server and an API of its own, below /demo/.
//
// go run . -h prints the manual; README.md lists the settings.
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"flag"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"oauth-test-client/internal/cli"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
)

func main() {
	limitMemory()
	os.Exit(run(untilInterrupt(), os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

// untilInterrupt returns a context that ends at the first Ctrl-C or SIGTERM. The handler is gone before the context
// ends, so that a second Ctrl-C ends the program at once, however soon it comes.
func untilInterrupt() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		signal.Stop(signals)
		cancel()
	}()
	return ctx
}

// limitMemory makes the garbage collector wait while there is little to keep. Otherwise it would run every few
// megabytes. Near the limit, which is above maxBytes of package session, it works harder.
func limitMemory() {
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(144 << 20)
}

// run is main with its environment injected. It returns the exit code.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	o, err := cli.Parse(args, stdout, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	l := &live{options: o, source: config.Source{Path: o.File(), Required: o.Env != ""}, routes: (*server).handler, getenv: cli.WithPortOf(o.Listen, getenv),
		log: log.New(cli.Lines(stderr), "", log.LstdFlags), now: time.Now}
	cfg, roots, err := l.read()
	switch {
	case err != nil && o.Check:
		cli.PrintConfigErrors(err, o.Printing(getenv, stdout), stdout, stderr)
		return 2
	case err != nil:
		cli.Say(stderr, err.Error())
		return 2
	}
	for _, note := range cfg.Notes {
		cli.Say(stderr, note)
	}
	if o.Check {
		return l.check(ctx, cfg, roots, stdout, stderr)
	}
	listeners, err := cli.Listen(ctx, o.Listen, cfg.Port)
	if err != nil {
		cli.Say(stderr, err.Error())
		return 1
	}
	if err := l.begin(cfg, roots); err != nil {
		cli.Say(stderr, err.Error())
		return 1
	}
	browser := cli.NewBrowser(getenv)
	opens := o.Open && browser.Opens() && cli.Is(os.Stdin) && cli.Is(stdout)
	if o.Login {
		return l.login(ctx, opens, listeners, stdout, stderr)
	}
	cli.Announce(stdout, cfg, listeners)
	cli.AnnounceForwarding(stdout, cfg, getenv)
	if !opens || browser.IsElsewhere() {
		cli.PrintOpen(stdout, cli.Entrance(cfg))
	}
	checked := make(chan bool, 1)
	go func() { checked <- checkAtStart(ctx, stdout, l.current.Load().server) }()
	if opens {
		go func() { browser.OpenOrPrint(stdout, cli.StartURL(cfg, checked, cli.MaxWait)) }()
	}
	if err := serve(ctx, l.current.Load().server, l, listeners, l.log); err != nil {
		cli.Say(stderr, err.Error())
		return 1
	}
	return 0
}

// check runs the command check. Without settings it plays a demo server of its own, on a free port.
func (l *live) check(ctx context.Context, cfg config.Config, roots *x509.CertPool, stdout, stderr io.Writer) int {
	if cfg.Demo {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		demo, err := l.playDemo(ctx)
		if err != nil {
			cli.Say(stderr, err.Error())
			return 1
		}
		cfg = demo
	}
	o := l.options.Printing(l.getenv, stdout)
	o.Place = settingsFile{Path: l.options.File(), Origin: l.origin}.place
	return cli.Print(ctx, cfg, wire.New(roots, l.now), l.now, o, stdout, stderr)
}

// login runs the command login: it waits for one login, reports how that ended, and returns.
func (l *live) login(ctx context.Context, opens bool, listeners []net.Listener, stdout, stderr io.Writer) int {
	l.log.SetOutput(io.Discard) // only the verdict is printed
	words := stdout
	if l.options.JSON {
		words = stderr
	}
	ended := make(chan cli.Verdict, 1)
	s := l.current.Load().server
	s.ended, s.run, s.file.Once = cli.First(ended), rand.Text(), true
	address := s.cfg.BaseURL + "/login?run=" + s.run
	if scope := l.options.Parameters["scope"]; scope != "" {
		address += "&scope=" + url.QueryEscape(scope)
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx)) // until the verdict is known
	defer stop()
	served := make(chan error, 1)
	go func() { served <- serve(serving, s, l, listeners, l.log) }()
	cli.AskToSignIn(words, address, l.options.Timeout)
	if opens {
		go cli.NewBrowser(l.getenv).Open(address) // where that fails, the address has been printed
	}
	var verdict cli.Verdict
	select {
	case verdict = <-ended:
	case <-ctx.Done():
		verdict = cli.Interrupted
	case <-time.After(l.options.Timeout):
		verdict = cli.NobodyCame(l.options.Timeout, l.options.Command("check"))
	case err := <-served:
		cli.Say(stderr, err.Error())
		return 1
	}
	stop()
	<-served // the browser gets its page
	if l.getenv("GITHUB_ACTIONS") != "" {
		verdict.Annotate(stderr)
	}
	return verdict.Print(stdout, l.options.JSON)
}

// playDemo serves the demo on a free port until the context ends, and returns the settings for it.
func (l *live) playDemo(ctx context.Context) (config.Config, error) {
	listeners, err := cli.Listen(ctx, "127.0.0.1:0", "")
	if err != nil {
		return config.Config{}, err
	}
	_, port, err := net.SplitHostPort(listeners[0].Addr().String())
	if err != nil {
		return config.Config{}, err
	}
	own := map[string]string{"PORT": port, "BASE_URL": "http://localhost:" + port, "SESSION_STORE": ""}
	environment := l.getenv
	l.getenv = func(name string) string { return cmp.Or(own[name], environment(name)) }
	cfg, roots, err := l.read()
	if err != nil {
		return config.Config{}, err
	}
	l.log.SetOutput(io.Discard) // only the checks are printed
	if err := l.begin(cfg, roots); err != nil {
		return config.Config{}, err
	}
	go serve(ctx, l.current.Load().server, l, listeners, l.log)
	return cfg, nil
}

// route is one thing that a user can do.
type route struct {
	method, path string
	handle       func(http.ResponseWriter, *http.Request) error
}

// routes lists everything that a user can do, in the order of the README.
func (s *server) routes() []route {
	return []route{
		{"GET", "/{$}", s.canonicalHost(s.handleHome)},
		{"GET", "/login", s.canonicalHost(s.confirmLink(s.discoverFromAPI((*server).login)))},
		{"GET", config.CallbackPath, s.discoverFromAPI((*server).callback)},
		{"POST", config.CallbackPath, s.pasted(s.discoverFromAPI((*server).callback))},
		{"GET", "/step", s.handleStep},
		{"POST", "/step", s.handleNextStep(s.callback())},
		{"POST", "/present", s.handlePresent},
		{"GET", "/session", s.handleSession},
		{"GET", "/userinfo", s.handleUserinfo},
		{"GET", "/api", s.handleAPI},
		{"POST", "/api", s.handleCallTool},
		{"GET", "/misuse", s.handleMisuse},
		{"POST", "/misuse", s.handleBeginMisuse},
		{"GET", "/tokeninfo", s.handleTokeninfo},
		{"POST", "/refresh", s.handleRefresh},
		{"GET", "/refresh", s.handleAskRefresh},
		{"POST", "/revoke", s.handleRevoke},
		{"POST", "/logout", s.handleLogout},
		{"GET", "/flow", s.handleFlow},
		{"GET", "/flow.har", s.handleHAR},
		{"GET", "/flow.md", s.handleReport},
		{"GET", "/check", s.handleCheck},
		{"POST", "/check", s.handleRunChecks},
		{"GET", "/problems", s.handleProblems},
		{"GET", "/problems/{name}", s.handleProblem},
	}
}

// login returns the handler of /login, with a pause before each step or without.
func (s *server) login() func(http.ResponseWriter, *http.Request) error {
	return s.stepLogin(s.handleLogin)
}

// callback returns the handler of the way back, for a login in steps and for an attack too.
func (s *server) callback() func(http.ResponseWriter, *http.Request) error {
	return s.misuseCallback(s.stepCallback(s.handleCallback))
}

// handler returns the handler for everything that this process serves: the client's routes, and those of the demo server,
// which may be nil.
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

// handleUnknown says which method an address accepts, or that there is no such page.
func (s *server) handleUnknown(_ http.ResponseWriter, r *http.Request) error {
	for _, route := range s.routes() {
		if strings.TrimSuffix(route.path, "{$}") == r.URL.Path {
			return wrongMethod(route.method)
		}
	}
	return refuse(http.StatusNotFound, "not_found", "This app has no page at this URL.", "")
}
