package command

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
	"strings"
	"time"
)

// Announce says in a few lines what runs where, before anything is asked of anybody.
func Announce(out io.Writer, cfg config.Config, listeners []net.Listener) {
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

// AlreadyRunning is an error that says where, when it is this same program that listens on the port, or nil.
func AlreadyRunning(ctx context.Context, port string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	client := wire.New(nil, time.Now)
	defer client.HTTP().CloseIdleConnections()
	for _, host := range []string{"localhost", "127.0.0.1"} { // it may send one name to the other
		e, err := client.Get(ctx, "http://"+net.JoinHostPort(host, port)+"/")
		if err != nil {
			continue
		}
		var home struct { // the start page, as programs get it
			RedirectURI string `json:"redirect_uri"`
			LoginURI    string `json:"login_uri"`
		}
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
