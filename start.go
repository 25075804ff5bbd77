package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
)

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
	md, err := s.oauth.Metadata(ctx)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		f := s.explain(err, nil)
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
