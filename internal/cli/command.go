// Package cli is the command line: its flags, and everything that the terminal prints.
package cli

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"oauth-test-client/internal/check"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
)

// usage is the text that -h prints, with the name of a built program in place of go run.
const usage = `OAuth Test Client tells you whether your OAuth application works and, if not, which setting is wrong.

usage: go run . [-env FILE] [-listen ADDRESS] [-open=false]
       go run . check [-env FILE] [-v] [-json | -md] [-junit FILE] [-timeout 15s]
       go run . login [-env FILE] [-listen ADDRESS] [-open=false] [-json] [-timeout 5m] [-param NAME=VALUE]

  go run .                        sign in with the settings in .env; without settings, run the demo
  go run . check -env other.env   check the settings without a sign-in; changes nothing on the server
  go run . login                  wait for one login, and say whether it works

  -env FILE         read FILE instead of .env
  -listen ADDRESS   listen on ADDRESS (host:port), not on 127.0.0.1:PORT and [::1]:PORT
  -open=false       don't open the browser; print "open: URL" instead. This is the default without a
                    terminal, in CI, and (unless $BROWSER is set) over SSH and in a container
  -v                print every check with its evidence
  -json, -md        print the checks as a JSON document, or as Markdown for an issue or a chat;
                    login -json prints the token response, with all tokens
  -junit FILE       also write the checks to FILE as JUnit XML
  -param NAME=VALUE also send this with the login; you can repeat it
  -timeout 15s      the time limit for all checks together; for login, the time to wait (5m if unset)
  -version          print the name and version that the app sends as User-Agent

exit codes of a built program (go run turns every failure into 1)
  0   stopped with Ctrl-C; check: no check failed; login: it works
  1   the app can't listen; check: a check failed; login: it failed, or the browser didn't come back
  2   a setting is missing or malformed, or a flag is wrong; nothing was sent

README.md and .env.sample list the settings.
`

// Options are the options of the command line.
type Options struct {
	Check    bool
	Login    bool
	Env      string // the file to read instead of .env; empty for .env
	Listen   string
	Open     bool
	Verbose  bool
	JSON     bool
	Markdown bool
	JUnit    string // a file for the checks as JUnit's XML; may be empty
	Timeout  time.Duration

	Parameters config.Parameters // of the command login
}

// File returns the name of the settings file.
func (o Options) File() string { return cmp.Or(o.Env, ".env") }

// Printing returns how to print the checks.
func (o Options) Printing(getenv func(string) string, stdout io.Writer) PrintOptions {
	p := PrintOptions{Verbose: o.Verbose, Timeout: o.Timeout, Width: Width(stdout), Actions: getenv("GITHUB_ACTIONS") != "", Summary: getenv("GITHUB_STEP_SUMMARY"), JUnit: o.JUnit}
	if Is(stdout) {
		p.Width = cmp.Or(p.Width, 80)
		p.Color = getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
	}
	p.Place = func(string) string { return filepath.Base(o.File()) }
	switch {
	case o.JSON:
		p.Format = JSON
	case o.Markdown:
		p.Format = Markdown
	}
	p.Again, p.SignIn = o.Command("check"), o.Command("")
	return p
}

// Command returns the command line that runs this program again, with the same settings: a built one by the name that it
// was called by.
func (o Options) Command(verb string) string {
	words := program()
	if verb != "" {
		words += " " + verb
	}
	if o.Env != "" {
		words += " -env " + Quote(o.Env)
	}
	return words
}

func program() string {
	if name := os.Args[0]; !strings.Contains(name, "go-build") && !strings.HasSuffix(name, ".test") {
		return name
	}
	return "go run ."
}

// errUsage is the error of an invalid command line. What is wrong has been printed.
var errUsage = errors.New("usage")

// Parse reads the command line. The flags may stand before or after the word check or login.
func Parse(args []string, stdout, stderr io.Writer) (Options, error) {
	var o Options
	var version bool
	flags := flag.NewFlagSet("oauth-test-client", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.Env, "env", "", "")
	flags.StringVar(&o.Listen, "listen", "", "")
	flags.BoolVar(&o.Open, "open", true, "")
	flags.BoolVar(&o.Verbose, "v", false, "")
	flags.BoolVar(&o.JSON, "json", false, "")
	flags.BoolVar(&o.Markdown, "md", false, "")
	flags.StringVar(&o.JUnit, "junit", "", "")
	flags.BoolVar(&version, "version", false, "")
	flags.DurationVar(&o.Timeout, "timeout", check.Timeout, "")
	params := url.Values{}
	flags.Func("param", "", func(pair string) error {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return errors.New("write -param name=value")
		}
		params.Add(name, value)
		return nil
	})
	err := flags.Parse(args)
	if word := flags.Arg(0); err == nil && (word == "check" || word == "login") {
		o.Check, o.Login = word == "check", word == "login"
		err = flags.Parse(flags.Args()[1:])
	}
	if o.Login && !isSet(flags, "timeout") {
		o.Timeout = loginTimeout
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		Say(stdout, strings.ReplaceAll(usage, "go run .", program()))
		return o, err
	case err == nil && flags.NArg() > 0:
		err = fmt.Errorf("unknown argument %q%s", flags.Arg(0), didYouMean(flags.Arg(0), "check", "login"))
	case err == nil && version:
		fmt.Fprintln(stdout, wire.UserAgent())
		return o, flag.ErrHelp // all that was asked for has been printed
	case err == nil && o.JSON && o.Markdown:
		err = errors.New("use either -json or -md")
	case err == nil && o.Timeout <= 0:
		err = fmt.Errorf("-timeout %v is too short", o.Timeout)
	case err == nil && len(params) > 0 && !o.Login:
		err = errors.New("-param works only with login; AUTHORIZATION_PARAMS in .env has the parameters of every login")
	case err == nil && o.Login && (o.Markdown || o.Verbose):
		err = errors.New("login accepts neither -md nor -v")
	case err == nil && o.JUnit != "" && !o.Check:
		err = errors.New("-junit works only with check")
	case err != nil:
		err = fmt.Errorf("%w%s", err, unknownFlag(flags, args))
	default:
		if o.Parameters, err = config.CommonParameters(params.Encode()); err == nil {
			return o, nil
		}
		err = fmt.Errorf("-param: %w", err)
	}
	Say(stderr, err.Error()+"\nRun `"+program()+" -h` for usage.\n")
	return o, errUsage
}

// isSet reports whether the command line sets a flag.
func isSet(flags *flag.FlagSet, name string) bool {
	set := false
	flags.Visit(func(f *flag.Flag) { set = set || f.Name == name })
	return set
}

// unknownFlag returns a suggestion for the first unknown flag.
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

// didYouMean returns the end of a sentence about an unknown word.
func didYouMean(word string, known ...string) string {
	if nearest := config.Nearest(word, known...); nearest != "" {
		return "; did you mean " + nearest + "?"
	}
	return ""
}
