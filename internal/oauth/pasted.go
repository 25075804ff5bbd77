package oauth

import (
	"net"
	"net/url"
	"strings"

	"oauth-test-client/internal/wire"
)

// maxPasted is more than any browser shows of an authorization response.
const maxPasted = 8 << 10

// ReadPasted returns the query of the address at which a browser stopped, when that is the redirect URI with an
// authorization response (RFC 6749 section 4.1.2). Nothing of the address is ever quoted: it holds the code. The
// error is an *Error.
func (c *Client) ReadPasted(address string) (query string, err error) {
	address = strings.TrimSpace(address)
	switch {
	case address == "":
		return "", badPaste("No address was pasted.")
	case len(address) > maxPasted:
		return "", badPaste("The address has more than 8 KB: that is too long for an authorization response.")
	case strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return "", badPaste("The address has a blank or a line break in it. Copy it again, in one piece.")
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" {
		return "", badPaste("This is not a whole address. It begins with " + c.cfg.RedirectURI() + ".")
	}
	if part := c.differs(u); part != "" {
		return "", badPaste("The address has another " + part + " than the redirect URI " + c.cfg.RedirectURI() + ".")
	}
	return responseIn(u)
}

// differs names the first part in which an address is not the redirect URI, or "". A browser writes some of it
// in its own way: the host in small letters, no default port, a / for an empty path.
func (c *Client) differs(u *url.URL) string {
	want, err := url.Parse(c.cfg.RedirectURI())
	switch {
	case err != nil || u.Scheme != want.Scheme:
		return "scheme"
	case u.User != nil || !strings.EqualFold(hostOf(u), hostOf(want)):
		return "host or port"
	case pathOf(u) != pathOf(want):
		return "path"
	}
	has := u.Query()
	for name := range want.Query() {
		if has.Get(name) != want.Query().Get(name) {
			return "query"
		}
	}
	return ""
}

func hostOf(u *url.URL) string {
	port := u.Port()
	if port == "" || u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		return u.Hostname()
	}
	return net.JoinHostPort(u.Hostname(), port)
}

func pathOf(u *url.URL) string {
	if u.Host != "" && u.Path == "" {
		return "/"
	}
	return u.EscapedPath()
}

// responseIn is the query of an address, if that is where the response is.
func responseIn(u *url.URL) (string, error) {
	inFragment, _ := url.ParseQuery(u.EscapedFragment()) // what cannot be read holds nothing
	switch query := u.Query(); {
	case query.Has("code") || query.Has("error") || query.Has("state"):
		return u.RawQuery, nil
	case inFragment.Has("code") || inFragment.Has("error") || inFragment.Has("access_token") || inFragment.Has("id_token"):
		return "", badPaste("The server put its response behind a #, where no client of the authorization code grant can read it " +
			"(RFC 6749 section 4.1.2 wants it in the query). The server must not use response_mode=fragment for this application.")
	}
	return "", badPaste("The address has neither a code nor an error. Either the page there has removed them from the address already, " +
		"or the server sends its response as a form (response_mode=form_post), which leaves nothing in the address to paste.")
}

func badPaste(description string) *Error {
	return &Error{Step: wire.Response, Code: CodeInvalidAddress, Description: description}
}
