package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"oauth-test-client/internal/config"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
)

// limitMemory makes the garbage collector wait while there is little to keep, as it would otherwise
// run at every few megabytes, and work harder towards a bound that leaves maxBytes room to spare.
func limitMemory() {
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(144 << 20)
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
