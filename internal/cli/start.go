package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
)

// Announce says in a few lines what runs where, before any request is sent.
func Announce(out io.Writer, cfg config.Config, listeners []net.Listener) {
	if cfg.Demo {
		say(out, "", "OAuth Test Client: no settings found. Running in demo mode with a built-in authorization server.")
	} else {
		say(out, "", "OAuth Test Client")
	}
	where := cfg.BaseURL
	if len(listeners) == 1 {
		at := listeners[0].Addr().String()
		if host, port, err := net.SplitHostPort(at); err == nil && net.ParseIP(host).IsUnspecified() {
			at = "every interface, port " + port
		}
		where += "  (listening on " + at + ")"
	}
	say(out, "  home page     ", where)
	note := "register exactly this"
	switch {
	case cfg.Demo:
		note = "already registered"
	case cfg.CallbackIsPasted():
		note = "the browser stops there: paste its full URL into this app"
	case cfg.AtAPI && cfg.ClientID == "":
		note = "the first sign-in registers it"
	}
	say(out, "  redirect URI  ", cfg.RedirectURI()+"  ("+note+")")
	switch {
	case cfg.Demo:
	case cfg.AtAPI:
		say(out, "  API           ", cfg.ResourceURL+"  (this app asks it for its authorization server)")
	default:
		say(out, "  server        ", cmp.Or(cfg.Issuer, cfg.Endpoints.Authorization))
	}
	if cfg.SessionStore != "" {
		say(out, "  sessions      ", config.WithoutUser(cfg.SessionStore))
	}
}

// alreadyRunning returns an error that says where, if the program on the port is a copy of this one, else nil.
func alreadyRunning(ctx context.Context, port string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	client := wire.New(nil, time.Now)
	defer client.CloseIdleConnections()
	for _, host := range []string{"localhost", "127.0.0.1"} { // it may redirect one name to the other
		e, err := client.Get(ctx, "http://"+net.JoinHostPort(host, port)+"/")
		if err != nil {
			continue
		}
		var home struct { // the start page, as programs get it
			RedirectURI string `json:"redirect_uri"`
			LoginURI    string `json:"login_uri"`
			ServerFound *bool  `json:"server_found"`
			ClientID    string `json:"client_id"`
			Issuer      string `json:"issuer"`
			Demo        bool   `json:"demo"`
		}
		base, found := "", json.Unmarshal([]byte(e.ResponseBody), &home) == nil
		if found {
			base, found = strings.CutSuffix(home.LoginURI, "/login")
		}
		if found && home.RedirectURI != "" && home.ServerFound != nil {
			what := ""
			switch {
			case home.Demo:
				what = ", in demo mode"
			case home.ClientID != "":
				what = ", with the client ID " + Harmless(wire.Clip(home.ClientID, 100))
				if home.Issuer != "" {
					what += " at " + Harmless(wire.Clip(home.Issuer, 200))
				}
			}
			return fmt.Errorf("already running at %s%s; for a second one, set PORT=%s", Harmless(wire.Clip(base, 200)), what, portAfter(port))
		}
	}
	return nil
}

// portAfter returns the next port, which is probably free.
func portAfter(port string) string {
	if n, err := strconv.Atoi(port); err == nil && n < 65_535 {
		return strconv.Itoa(n + 1)
	}
	return "3001"
}

// MaxWait is the time that the browser waits for the checks at the start.
const MaxWait = 3 * time.Second

// StartURL returns the address that the browser opens: the login itself, unless the checks found something that would leave
// the user on the server's error page. The demo starts with an explanation. The channel receives whether a login can start.
func StartURL(cfg config.Config, checked <-chan bool, wait time.Duration) string {
	if cfg.Demo {
		return Entrance(cfg)
	}
	select {
	case fine := <-checked:
		if !fine {
			return cfg.BaseURL + "/"
		}
	case <-time.After(wait):
	}
	return Entrance(cfg)
}

// Entrance returns the address for a browser that doesn't wait for the checks.
func Entrance(cfg config.Config) string {
	if cfg.Demo {
		return cfg.BaseURL + "/"
	}
	return cfg.BaseURL + "/login"
}
