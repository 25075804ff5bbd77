package display

import (
	"net/url"

	"oauth-test-client/internal/config"
)

// Paste is the data of part-paste.html: the form that takes the address at which the browser stopped.
type Paste struct {
	RedirectURI string
	Example     string // what such an address looks like
	App         string // the scheme, when it is one that an app opens: no address bar shows the address then
}

// NewPaste is the form, or nil where the browser comes back to this program.
func NewPaste(cfg config.Config) *Paste {
	if !cfg.IsPasted() {
		return nil
	}
	p := &Paste{RedirectURI: cfg.RedirectURI(), Example: cfg.ReturnedTo("?code=…&state=…")}
	if u, err := url.Parse(p.RedirectURI); err == nil && u.Scheme != "https" && u.Scheme != "http" {
		p.App = u.Scheme
	}
	return p
}
