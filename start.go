package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/diagnose"
	"oauth-test-client/internal/terminal"
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

// printing says how the checks are printed.
func (o options) printing(getenv func(string) string, stdout io.Writer) diagnose.PrintOptions {
	p := diagnose.PrintOptions{Verbose: o.verbose, Timeout: o.timeout, Width: terminal.Width(stdout), Actions: getenv("GITHUB_ACTIONS") != ""}
	if terminal.Is(stdout) {
		p.Width = cmp.Or(p.Width, 80)
		p.Color = getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
	}
	switch {
	case o.json:
		p.Format = diagnose.JSON
	case o.markdown:
		p.Format = diagnose.Markdown
	}
	program := "go run ."
	if name := os.Args[0]; !strings.Contains(name, "go-build") && !strings.HasSuffix(name, ".test") {
		program = name
	}
	p.Again, p.SignIn = program+" check", program
	if o.env != "" {
		file := " -env " + terminal.Quote(o.env)
		p.Again, p.SignIn = p.Again+file, p.SignIn+file
	}
	return p
}

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
	if !cfg.Demo {
		fmt.Fprintf(out, "  server        %s\n", cmp.Or(cfg.Issuer, cfg.Endpoints.Authorization))
	}
	if cfg.SessionStore != "" {
		fmt.Fprintf(out, "  sessions      %s\n", config.WithoutUser(cfg.SessionStore))
	}
}

// checkAtStart asks what a login would trip over at once and what costs the server next to nothing: is it
// there, has it keys, is the redirect URI registered. It says in one line what came of that, and reports
// whether a login can be begun.
func checkAtStart(ctx context.Context, out io.Writer, s *server) bool {
	ctx, cancel := context.WithTimeout(ctx, diagnose.Timeout)
	defer cancel()
	s.oauth.Metadata(ctx) // for the pages; what is wrong with it is said below
	select {
	case <-s.checks.StartFew(): // kept, for the pages
	case <-ctx.Done():
	}
	r := s.checks.State()
	if ctx.Err() != context.Canceled {
		fmt.Fprintf(out, "  checked       %s\n", summary(r.Report, s.cfg.BaseURL))
	}
	return r.Result != diagnose.Fail
}

// summary says in one line what the checks at the start have found. It praises nothing that has not been
// proved.
func summary(r diagnose.Report, home string) string {
	registered := false
	for _, f := range r.Checks {
		switch {
		case f.Result == diagnose.Fail && f.Name == diagnose.RedirectURINotRegistered:
			return "the redirect URI is not registered: see " + home
		case f.Result == diagnose.Fail:
			return f.Found + ": see " + home
		}
		registered = registered || f.Check == "redirect_uri" && f.Result == diagnose.OK
	}
	if registered {
		return "the server and the redirect URI are fine"
	}
	return "the server is fine; whether the redirect URI is registered, only a login can tell"
}

// maxWait is how long the browser waits for the checks at the start.
const maxWait = 3 * time.Second

// startURL is where the browser begins: at the login itself, unless something is wrong that would leave
// the user on the server's error page. The demo is explained first. The checks are at work until they send
// whether a login can be begun.
func startURL(cfg config.Config, checked <-chan bool, wait time.Duration) string {
	if cfg.Demo {
		return cfg.BaseURL + "/"
	}
	select {
	case fine := <-checked:
		if !fine {
			return cfg.BaseURL + "/"
		}
	case <-time.After(wait):
	}
	return cfg.BaseURL + "/login"
}

// mistakes says what is wrong in a file that has been read again.
func mistakes(file string, err error) *notice {
	return &notice{Heading: file + " has changed, and something in it is wrong. Until it is mended, the settings from before are in use.",
		Lines: strings.Split(err.Error(), "\n")}
}

// needsRestart says which settings have changed that only a restart can apply, or is nil.
func needsRestart(file string, names []string) *notice {
	if len(names) == 0 {
		return nil
	}
	return &notice{Heading: strings.Join(names, ", ") + " changed in " + file + ". Restart the program to use that."}
}

// String is the notice as the terminal shows it.
func (n *notice) String() string {
	return strings.Join(append([]string{n.Heading}, n.Lines...), "\n  ")
}

// alreadyRunning is an error that says where, when it is this same program that listens on the port, or nil.
func alreadyRunning(ctx context.Context, port string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	client := wire.New(nil, time.Now)
	defer client.HTTP().CloseIdleConnections()
	for _, host := range []string{"localhost", "127.0.0.1"} { // it may send one name to the other
		e, err := client.Get(ctx, "http://"+net.JoinHostPort(host, port)+"/")
		if err != nil {
			continue
		}
		var home homePage
		base, found := "", json.Unmarshal([]byte(e.ResponseBody), &home) == nil
		if found {
			base, found = strings.CutSuffix(home.LoginURI, "/login")
		}
		if found && home.RedirectURI == base+config.CallbackPath {
			return fmt.Errorf("already running at %s", wire.Clip(base, 200))
		}
	}
	return nil
}

// openBrowser opens the browser where there is a screen. Where there is none the address is in the terminal.
func openBrowser(address string, getenv func(string) string, stderr io.Writer) {
	if err := terminal.Browse(address, getenv("DISPLAY")+getenv("WAYLAND_DISPLAY") != ""); err != nil {
		fmt.Fprintf(stderr, "the browser could not be opened; open %s\n", address)
	}
}
