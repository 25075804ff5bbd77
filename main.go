// OAuth Test Client tests an OAuth application: it sends a browser through sign-in and consent at
// an authorization server and shows the token response that comes back.
//
// Usage:
//
//	go run . [-env FILE] [-listen ADDRESS] [-open=false]
//	go run . check [-env FILE] [-json] [-timeout 15s]
//
// check asks the server everything that can be known without a user, and says which setting is
// wrong. It needs no browser and changes nothing.
//
// The settings come from the environment and from .env; README.md lists them, .env.sample holds
// them with one line of explanation each. With none at all the program runs in demo mode: it brings
// an authorization server and an API of its own, below /demo/.
//
//	-env FILE         read FILE instead of .env
//	-listen ADDRESS   listen there instead of on 127.0.0.1 and [::1] with PORT
//	-open=false       do not open the browser (it is opened only at a terminal, and never in CI)
//	-json             print the checks as a JSON document
//	-timeout 15s      how long all checks together may take
//
// The exit code is 0 after an interrupt or when no check failed, 1 when the program cannot listen or
// a check failed, and 2 when a setting or a flag is wrong.
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
	"net"
	"net/http"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"oauth-test-client/internal/demo"
)

const usage = `usage: go run . [-env FILE] [-listen ADDRESS] [-open=false]
       go run . check [-env FILE] [-json] [-timeout 15s]

check asks the server everything that can be known without a user, and says which setting is wrong.

  -env FILE         read FILE instead of .env
  -listen ADDRESS   listen there instead of on 127.0.0.1 and [::1] with PORT
  -open=false       do not open the browser
  -json             print the checks as a JSON document
  -timeout 15s      how long all checks together may take

The settings are in README.md and .env.sample. Without any, the app runs in demo mode.
`

func main() {
	limitMemory()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

// limitMemory makes the garbage collector wait while there is little to keep, as it would otherwise
// run at every few megabytes, and work harder towards a bound that leaves maxBytes room to spare.
func limitMemory() {
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(144 << 20)
}

// options are what the command line says.
type options struct {
	check   bool
	env     string // the file to read instead of .env; empty for .env
	listen  string
	open    bool
	json    bool
	timeout time.Duration
}

// parseArgs reads the command line. The flags may stand before or behind the word check.
func parseArgs(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("oauth-test-client", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { fmt.Fprint(stderr, usage) }
	flags.StringVar(&o.env, "env", "", "")
	flags.StringVar(&o.listen, "listen", "", "")
	flags.BoolVar(&o.open, "open", true, "")
	flags.BoolVar(&o.json, "json", false, "")
	flags.DurationVar(&o.timeout, "timeout", checkTimeout, "")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.Arg(0) == "check" {
		o.check = true
		if err := flags.Parse(flags.Args()[1:]); err != nil {
			return o, err
		}
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "unknown argument %q\n%s", flags.Arg(0), usage)
		return o, errors.New("unknown argument")
	}
	return o, nil
}

// run is the program with the operating system as its parameters. It serves, or checks, until it is
// done or the context ends, and returns the exit code.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	o, err := parseArgs(args, stderr)
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
	roots, err := trustedRoots(getenv("SSL_CERT_FILE"))
	return cfg, roots, err
}

// runChecks is the command check.
func runChecks(ctx context.Context, o options, cfg config.Config, roots *x509.CertPool, stdout io.Writer) int {
	if cfg.Demo && !o.json {
		fmt.Fprintln(stdout, "Nothing is configured, so the demo server is what is checked.")
	}
	c := newChecker(cfg, wire.New(roots, time.Now), time.Now)
	return printChecks(ctx, c, o.timeout, o.json, isTerminal(stdout), stdout)
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

// trustedRoots adds the certificates in SSL_CERT_FILE to the system's. Go reads that variable on
// some systems only; here it works on all of them. Without it the result is nil: the system's.
func trustedRoots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("SSL_CERT_FILE: %s cannot be read (%w); name a file with the authority's certificate in PEM", file, errors.Unwrap(err))
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("SSL_CERT_FILE: %s holds no certificate; name a file with the authority's certificate in PEM", file)
	}
	return roots, nil
}

// listenAll listens on the given address, or on both loopback addresses. It never takes another
// port than the one that was asked for: the redirect URI has it.
func listenAll(address, port string) ([]net.Listener, error) {
	if address != "" {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return nil, fmt.Errorf("-listen: cannot listen on %s: %w", address, errors.Unwrap(err))
		}
		return []net.Listener{l}, nil
	}
	var listeners []net.Listener
	for _, host := range []string{"127.0.0.1", "::1"} {
		l, err := net.Listen("tcp", net.JoinHostPort(host, port))
		switch {
		case err == nil:
			listeners = append(listeners, l)
		case errors.Is(err, syscall.EADDRINUSE):
			for _, l := range listeners {
				l.Close()
			}
			return nil, fmt.Errorf("PORT: %s is in use by another program; stop that, or set PORT to a free port and register the redirect URI that goes with it", port)
		case host == "127.0.0.1":
			return nil, fmt.Errorf("PORT: cannot listen on %s: %w", net.JoinHostPort(host, port), errors.Unwrap(err))
		} // a machine without IPv6 has no ::1
	}
	return listeners, nil
}

// announce says in a few lines what runs where, before anything is asked of anybody.
func announce(out io.Writer, cfg config.Config, listeners []net.Listener) {
	if cfg.Demo {
		fmt.Fprintln(out, "OAuth Test Client in demo mode: nothing is configured, so it plays the authorization server too.")
	} else {
		fmt.Fprintln(out, "OAuth Test Client")
	}
	fmt.Fprintf(out, "  open          %s", cfg.BaseURL)
	if len(listeners) == 1 {
		fmt.Fprintf(out, "  (listening on %s)", listeners[0].Addr())
	}
	fmt.Fprintf(out, "\n  redirect URI  %s  (register exactly this)\n", cfg.RedirectURI())
	if cfg.SessionStore != "" {
		fmt.Fprintf(out, "  sessions      %s\n", config.WithoutUser(cfg.SessionStore))
	}
}

// announceServer makes the first attempt to find the authorization server and says what came of it.
func announceServer(ctx context.Context, out io.Writer, s *server) {
	md, err := s.provider.metadata(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		f := notDiscovered(s.cfg, err)
		lines := []string{"  server        not found: " + s.cfg.Issuer}
		for _, t := range f.Tried {
			lines = append(lines, "                "+t.URL+" "+t.Answer)
		}
		fmt.Fprintln(out, strings.Join(append(lines, "                "+f.Hint+" The next login tries again."), "\n"))
	case md.Source == "":
		fmt.Fprintf(out, "  server        %s (as configured, without metadata)\n", md.Authorization)
	default:
		fmt.Fprintf(out, "  server        %s (found)\n", s.cfg.Issuer)
	}
}

// serve answers until the context ends, and then lets requests in flight finish.
func serve(ctx context.Context, s *server, handler http.Handler, listeners []net.Listener, log *log.Logger) error {
	srv := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      60 * time.Second, // a login may wait for several answers of wireTimeout each
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    128 << 10, // as many cookies as a browser keeps for a host
		ErrorLog:          log,
	}
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
	s.drain(ctx)
	ctx, cancel = context.WithTimeout(ctx, time.Second)
	defer cancel()
	if srv.Shutdown(ctx) != nil { // browsers open connections ahead, on which nothing was asked yet
		srv.Close()
	}
	return nil
}

// startURL is where the browser begins: at the login itself when a server is configured, at the
// page that explains the demo otherwise.
func startURL(cfg config.Config) string {
	if cfg.Demo {
		return cfg.BaseURL + "/"
	}
	return cfg.BaseURL + "/login"
}

// isTerminal reports whether a person is at the other end.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

// openBrowser starts the system's browser. Where there is none the address is in the terminal.
func openBrowser(address string, getenv func(string) string, stderr io.Writer) {
	var command *exec.Cmd
	switch {
	case runtime.GOOS == "darwin":
		command = exec.Command("open", address)
	case runtime.GOOS == "windows":
		command = exec.Command("rundll32", "url.dll,FileProtocolHandler", address)
	case getenv("DISPLAY") != "" || getenv("WAYLAND_DISPLAY") != "":
		command = exec.Command("xdg-open", address)
	default:
		return // a remote shell: there is nothing to open a window on
	}
	if err := command.Start(); err != nil {
		fmt.Fprintf(stderr, "the browser could not be opened; open %s\n", address)
		return
	}
	go command.Wait()
}
