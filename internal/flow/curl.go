package flow

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"oauth-test-client/internal/wire"
)

// curl writes a request as a command that works when it is pasted into a shell. The client secret
// is "$CLIENT_SECRET", and so are tokens "$ACCESS_TOKEN" and the like unless they are shown whole.
// It returns "" for an address that is too long for a command line.
func curl(e *wire.Exchange, s Secrets, hide *redactor) string {
	if len(e.URL) > 8000 {
		return ""
	}
	var lines []string
	address := shellQuote(hide.text(e.URL)) // the callback's has the server's words in it
	line := "curl -sSi " + address
	if e.Method != http.MethodGet {
		line = "curl -sSi -X " + e.Method + " " + address
	}
	lines = append(lines, line)
	if accept := e.RequestHeader.Get("Accept"); accept != "" {
		lines = append(lines, "-H "+shellQuote("Accept: "+accept))
	}
	scheme, credentials, _ := strings.Cut(e.RequestHeader.Get("Authorization"), " ")
	switch {
	case strings.EqualFold(scheme, "Basic"):
		lines = append(lines, "-u "+shellQuote(url.QueryEscape(s.ClientID)+":")+secretArgument(s.ClientSecret))
	case strings.EqualFold(scheme, "Bearer"):
		lines = append(lines, "-H "+hide.shell("Authorization: Bearer ", credentials))
	}
	if e.RequestBody != formOf(e) {
		for _, name := range []string{"Content-Type", "MCP-Protocol-Version", "Mcp-Method", "Mcp-Name"} {
			if value := e.RequestHeader.Get(name); value != "" {
				lines = append(lines, "-H "+shellQuote(name+": "+hide.text(value)))
			}
		}
		lines = append(lines, "--data-raw "+shellQuote(hide.text(e.RequestBody)))
	}
	eachParameter(formOf(e), func(name, value string) {
		if name == "client_secret" {
			lines = append(lines, `--data-urlencode "client_secret=$CLIENT_SECRET"`)
			return
		}
		lines = append(lines, "--data-urlencode "+hide.shell(name+"=", value))
	})
	return strings.Join(lines, " \\\n  ")
}

var unreserved = regexp.MustCompile(`^[A-Za-z0-9._~-]*$`)

// secretArgument is the secret for curl's -u. One with special characters is form-encoded first, as
// RFC 6749 section 2.3.1 says; here every byte of it is, with tools that every system has.
func secretArgument(secret string) string {
	if unreserved.MatchString(secret) {
		return `"$CLIENT_SECRET"`
	}
	return `"$(printf %s "$CLIENT_SECRET" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g')"`
}

// shell quotes a prefix and a value, with the variable in place of a token.
func (r *redactor) shell(prefix, value string) string {
	if name := r.tokens[value]; name != "" && !r.full {
		return `"` + prefix + "$" + name + `"`
	}
	return shellQuote(prefix + value)
}

// shellQuote makes one word of a text, for any POSIX shell.
func shellQuote(s string) string {
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
