// OAuth Test Client tests an OAuth application: it sends a browser through sign-in and consent at
// an authorization server and shows the token response that comes back. With no settings at all it
// runs in demo mode: it brings an authorization server and an API of its own, below /demo/.
//
// go run . -h prints the manual; README.md lists the settings.
package main

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/demo"
	"oauth-test-client/internal/diagnose"
	"oauth-test-client/internal/wire"
)

const usage = `OAuth Test Client tells whether an OAuth application works, and if not, which setting is wrong.

usage: go run . [-env FILE] [-listen ADDRESS] [-open=false]
       go run . check [-env FILE] [-v] [-json | -md] [-timeout 15s]

  go run .                        sign in with the settings in .env; without any, try the demo
  go run . check -env other.env   ask the server everything that needs no user, and change nothing

  -env FILE         read FILE instead of .env
  -listen ADDRESS   listen there instead of on 127.0.0.1 and [::1] with PORT
  -open=false       do not open the browser (it is opened only at a terminal, and never in CI)
  -v                print every check, and what proves it
  -json, -md        print the checks as a JSON document, or as Markdown for an issue or a chat
  -timeout 15s      how long all checks together may take

exit codes
  0   stopped by an interrupt; with check: no check failed
  1   the program cannot listen; with check: a check failed
  2   a setting or a flag is wrong

The settings are in README.md and .env.sample.
`

func main() {
	limitMemory()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

// options are what the command line says.
type options struct {
	check    bool
	env      string // the file to read instead of .env; empty for .env
	listen   string
	open     bool
	verbose  bool
	json     bool
	markdown bool
	timeout  time.Duration
}

// file is the file with the settings.
func (o options) file() string { return cmp.Or(o.env, ".env") }

// errUsage is a command line that cannot be understood; what is wrong has been said.
var errUsage = errors.New("usage")

// parseArgs reads the command line. The flags may stand before or behind the word check.
func parseArgs(args []string, stdout, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("oauth-test-client", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.env, "env", "", "")
	flags.StringVar(&o.listen, "listen", "", "")
	flags.BoolVar(&o.open, "open", true, "")
	flags.BoolVar(&o.verbose, "v", false, "")
	flags.BoolVar(&o.json, "json", false, "")
	flags.BoolVar(&o.markdown, "md", false, "")
	flags.DurationVar(&o.timeout, "timeout", diagnose.Timeout, "")
	err := flags.Parse(args)
	if err == nil && flags.Arg(0) == "check" {
		o.check = true
		err = flags.Parse(flags.Args()[1:])
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage)
		return o, err
	case err == nil && flags.NArg() > 0:
		err = fmt.Errorf("unknown argument %q%s", flags.Arg(0), didYouMean(flags.Arg(0), "check"))
	case err == nil && o.json && o.markdown:
		err = errors.New("-json and -md exclude each other")
	case err != nil:
		err = fmt.Errorf("%w%s", err, unknownFlag(flags, args))
	default:
		return o, nil
	}
	fmt.Fprintf(stderr, "%v\ngo run . -h lists what can be written\n", err)
	return o, errUsage
}

// unknownFlag suggests a flag for the first one that is none of ours.
func unknownFlag(flags *flag.FlagSet, args []string) string {
	var known []string
	flags.VisitAll(func(f *flag.Flag) { known = append(known, "-"+f.Name) })
	for _, arg := range args {
		name, _, _ := strings.Cut("-"+strings.TrimLeft(arg, "-"), "=")
		if strings.HasPrefix(arg, "-") && !slices.Contains(known, name) {
			return didYouMean(name, known...)
		}
	}
	return ""
}

// didYouMean is the end of a sentence about a word that is not known.
func didYouMean(word string, known ...string) string {
	if nearest := config.Nearest(word, known...); nearest != "" {
		return "; did you mean " + nearest + "?"
	}
	return ""
}

// run is the program with the operating system as its parameters. It serves, or checks, until it is
// done or the context ends, and returns the exit code.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	o, err := parseArgs(args, stdout, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		return 2
	}
	cfg, roots, err := readSettings(o, getenv)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	for _, note := range cfg.Notes {
		fmt.Fprintln(stderr, note)
	}
	if o.check && !cfg.Demo {
		return runChecks(ctx, o, cfg, roots, stdout)
	}
	listeners, err := listenAll(o.listen, cfg.Port)
	if err != nil {
		if o.listen == "" {
			err = cmp.Or(alreadyRunning(ctx, cfg.Port), err)
		}
		fmt.Fprintln(stderr, err)
		return 1
	}
	logger := log.New(stderr, "", log.LstdFlags)
	if o.check {
		logger.SetOutput(io.Discard) // the checks are what is printed
	}
	s, handler, err := assemble(cfg, roots, logger, time.Now)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	if o.check { // the demo server has to run to be checked
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		go serve(ctx, s, handler, listeners, logger)
		return runChecks(ctx, o, cfg, roots, stdout)
	}
	announce(stdout, cfg, listeners)
	if o.open && getenv("CI") == "" && isTerminal(os.Stdin) && isTerminal(stdout) {
		openBrowser(startURL(cfg), getenv, stderr)
	}
	go announceServer(ctx, stdout, s)
	if err := serve(ctx, s, handler, listeners, logger); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

// readSettings reads the configuration, and the authorities to trust besides the system's.
func readSettings(o options, getenv func(string) string) (config.Config, *x509.CertPool, error) {
	cfg, err := config.Load(getenv, cmp.Or(o.env, ".env"), o.env != "")
	if err != nil {
		return config.Config{}, nil, err
	}
	roots, err := config.TrustedRoots(getenv("SSL_CERT_FILE"))
	return cfg, roots, err
}

// runChecks is the command check.
func runChecks(ctx context.Context, o options, cfg config.Config, roots *x509.CertPool, stdout io.Writer) int {
	if cfg.Demo && !o.json {
		fmt.Fprintln(stdout, "Nothing is configured, so the demo server is what is checked.")
	}
	return diagnose.Print(ctx, cfg, wire.New(roots, time.Now), time.Now,
		diagnose.PrintOptions{JSON: o.json, Terminal: isTerminal(stdout), Timeout: o.timeout}, stdout)
}

// assemble makes the client and, in demo mode, the server that it talks to.
func assemble(cfg config.Config, roots *x509.CertPool, log *log.Logger, now func() time.Time) (*server, http.Handler, error) {
	s, err := newServer(cfg, roots, log, now)
	if err != nil {
		return nil, nil, err
	}
	if !cfg.Demo {
		return s, s.handler(nil), nil
	}
	authorizationServer, err := demo.New(demo.Config{Issuer: cfg.Issuer, Clients: []demo.Client{{
		ID:                     cfg.ClientID,
		Secret:                 cfg.ClientSecret,
		Name:                   "OAuth Test Client",
		RedirectURIs:           []string{cfg.RedirectURI()},
		PostLogoutRedirectURIs: []string{cfg.BaseURL + "/"},
	}}, Now: now})
	if err != nil {
		return nil, nil, err
	}
	return s, s.handler(authorizationServer), nil
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

// handleUnknown says which method an address answers, or that there is nothing.
func (s *server) handleUnknown(_ http.ResponseWriter, r *http.Request) error {
	for _, route := range s.routes() {
		if strings.TrimSuffix(route.path, "{$}") == r.URL.Path {
			f := refuse(http.StatusMethodNotAllowed, "method_not_allowed", "This address answers "+route.method+" only.", "")
			f.Allow = route.method
			return f
		}
	}
	return refuse(http.StatusNotFound, "not_found", "There is nothing at this address.", "")
}
