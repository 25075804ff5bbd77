package oauth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"

	"oauth-test-client/internal/wire"
)

// binding is a short hash of whom a login is with and as whom: the issuer, the token endpoint, the client ID, the
// redirect URI and, where it began at an API, that. A code and the tokens that came of it go to that server only
// (RFC 9700 section 4.4.2), whatever the settings say by the time they are used.
func (c *Client) binding(md *Metadata) string {
	parts := []string{md.Issuer, md.Token, c.cfg.ClientID, c.cfg.RedirectURI()}
	if c.cfg.Resource != "" { // the tokens are for that API alone (RFC 8707 section 2)
		parts = append(parts, c.cfg.Resource)
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// CheckServer refuses a login that was begun with another server or as another client than the settings
// now name. The error is an *Error, and so it is when the server cannot be found.
func (c *Client) CheckServer(ctx context.Context, r *Request) error {
	_, err := c.metadataFor(ctx, r)
	return err
}

// metadataFor is the metadata of the server that a login was begun with.
func (c *Client) metadataFor(ctx context.Context, r *Request) (*Metadata, error) {
	md, err := c.Metadata(ctx)
	if err != nil {
		return nil, err
	}
	if r.Binding != md.Binding {
		return nil, &Error{Step: wire.Response, Code: CodeOtherServer,
			Description: "This login was begun with other settings: the issuer, its token endpoint, the client ID, the redirect URI or the API has " +
				"changed since. Nothing of it is sent to the server that is configured now."}
	}
	return md, nil
}

// IsOtherServer reports that a login belongs to another server than the one that is configured. One that
// cannot be found is not known to be another.
func IsOtherServer(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Code == CodeOtherServer
}
