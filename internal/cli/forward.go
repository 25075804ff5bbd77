package cli

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"oauth-test-client/internal/config"
)

// forwarding is the service that forwards the user's browser to this program's port.
type forwarding struct {
	name string // the label of the printed line
	base string // the BASE_URL that goes with it
	note string
}

// hostName matches the characters of a host name.
var hostName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]*$`)

// forwardingOf returns the service that forwards a port: GitHub Codespaces names its host in the environment, and an
// editor's dev container says that it is one. It returns nil if there is no sign of either.
func forwardingOf(port string, getenv func(string) string) *forwarding {
	name, domain := getenv("CODESPACE_NAME"), getenv("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN")
	switch {
	case hostName.MatchString(name) && hostName.MatchString(domain):
		return &forwarding{"Codespaces", "https://" + name + "-" + port + "." + domain,
			"If VS Code on your own machine has opened the codespace, http://localhost:" + port + " works without that."}
	case getenv("REMOTE_CONTAINERS") != "":
		return &forwarding{"dev container", "http://localhost:" + port,
			"That is the default. If the editor's list of ports shows a different local port, write that one."}
	}
	return nil
}

// AnnounceForwarding says which BASE_URL to set if an editor or a host forwards the port, and which redirect URI to
// register then. It says nothing if BASE_URL is set.
func AnnounceForwarding(out io.Writer, cfg config.Config, getenv func(string) string) {
	f := forwardingOf(cfg.Port, getenv)
	if f == nil || cfg.BaseURL != "http://localhost:"+cfg.Port {
		return
	}
	pad := strings.Repeat(" ", 16)
	say(out, fmt.Sprintf("  %-14s", f.name), "The browser reaches this app at the address of a forwarded port. Add this line to .env:")
	say(out, pad, "BASE_URL="+f.base)
	say(out, pad, "Then register this redirect URI with your server:")
	say(out, pad, f.base+config.CallbackPath)
	say(out, pad, f.note)
}
