package check

import (
	"context"
	"regexp"
	"slices"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
)

// withSecret lists the checks that send the client secret. whenPushed lists those that also do if the server requires
// pushed authorization requests (RFC 9126 section 2).
var (
	withSecret = []string{"client", "introspection", "revocation"}
	whenPushed = []string{"pushed_authorization", "redirect_uri", "authorization", "pkce", "scopes"}
)

// withholds reports whether a check would send the client secret to a server that only the API names.
func (c *checker) withholds(ctx context.Context, check string) bool {
	if !c.cfg.AtAPI || !slices.Contains(withSecret, check) && !slices.Contains(whenPushed, check) {
		return false
	}
	s := c.server(ctx)
	return s.withheld && (slices.Contains(withSecret, check) || s.client.Pushes(s.md) && s.md.PAR != "")
}

// ordinary matches an issuer that can stand in .env without quotes.
var ordinary = regexp.MustCompile(`^[A-Za-z0-9:/._~%@!+,;=\[\]-]+$`)

// notSent returns the finding of a check that withholds the secret, with the line of .env that would allow it.
func notSent(cfg config.Effective) causes.Finding {
	const found = "skipped: only the API says that CLIENT_SECRET belongs to this server"
	if !ordinary.MatchString(cfg.Issuer) {
		return causes.Skipped(found)
	}
	line := "ISSUER=" + cfg.Issuer
	f := causes.Skipped(found+"; to send the secret there, add this line to .env: %s", line)
	f.Setting, f.Line = "ISSUER", line
	return f
}
