package config

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
)

// CallbackPath is where the authorization response arrives, below BASE_URL.
const CallbackPath = "/oauth_callback"

// RedirectURI is the address to register at the authorization server, exactly.
func (c Config) RedirectURI() string { return cmp.Or(c.Elsewhere, c.BaseURL+CallbackPath) }

// IsPasted reports that the redirect URI does not lead to this program: a person brings the address at which
// the browser stopped.
func (c Config) IsPasted() bool { return c.Elsewhere != "" }

// RedirectVariable is the variable that says what the redirect URI is.
func (c Config) RedirectVariable() string {
	if c.IsPasted() {
		return "REDIRECT_URI"
	}
	return "BASE_URL"
}

// ReturnedTo is the whole address of an authorization response that came to a path and query of ours. A query
// of the redirect URI's own is part of the response's (RFC 6749 section 3.1.2).
func (c Config) ReturnedTo(callback string) string {
	address, _, _ := strings.Cut(c.RedirectURI(), "?")
	_, query, _ := strings.Cut(callback, "?")
	return address + "?" + query
}

// redirectURI reads REDIRECT_URI, which is empty where the browser comes back to this program.
func (s *settings) redirectURI(baseURL string) string {
	const name = "REDIRECT_URI"
	value := s.get(name)
	base, errBase := url.Parse(baseURL)
	if value == "" || errBase != nil || base.Host == "" || value == baseURL+CallbackPath {
		return "" // what is wrong with BASE_URL is said
	}
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Scheme == "" || strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		s.wrong(name, "%q is not a whole address; write what is registered, such as https://app.example.com/callback", value)
	case u.User != nil:
		s.wrong(name, "has a user name or password in its address; remove them")
	case strings.Contains(value, "#"):
		s.wrong(name, "%q has a fragment, which a redirect URI may not have (RFC 6749 section 3.1.2); remove it", value)
	case strings.Contains(value, "*"):
		s.wrong(name, "%q is a pattern; write one address that it allows", value)
	case responseParameter(u) != "":
		s.wrong(name, "%q has the parameter %s in its query twice, or as the server's response will have it; remove it", value, responseParameter(u))
	case u.Scheme == "https" || u.Scheme == "http":
		s.checkWebRedirect(value, u, base)
	default:
		s.checkAppRedirect(value, u)
	}
	return value
}

// checkWebRedirect refuses what a browser would bring back in the clear, and what leads to this program where
// nothing answers.
func (s *settings) checkWebRedirect(value string, u, base *url.URL) {
	const name = "REDIRECT_URI"
	switch {
	case u.Hostname() == "":
		s.wrong(name, "%q has no host; write what is registered, such as https://app.example.com/callback", value)
	case !IsSecure(u):
		s.wrong(name, "%q is plain http beyond this machine, so everybody on the way can read the code; "+
			"register https, or http on localhost (RFC 8252 section 7.3)", value)
	case !isSameServer(u, base):
	case u.Path == CallbackPath && u.RawQuery == "":
		s.wrong(name, "%q leads to this program by another name than BASE_URL; remove it, and write BASE_URL=%s://%s", value, u.Scheme, u.Host)
	default:
		s.wrong(name, "%q leads to this program, which answers at %s only; register %s, or write another PORT so that it leads elsewhere",
			value, CallbackPath, base.String()+CallbackPath)
	}
}

// isSameServer reports two addresses at which the same program answers: this machine has several names.
func isSameServer(a, b *url.URL) bool {
	at := func(u *url.URL) string {
		host := strings.ToLower(u.Hostname())
		if IsLoopback(host) {
			host = "localhost"
		}
		return u.Scheme + "://" + hostPort(host, u.Scheme, u.Port())
	}
	return at(a) == at(b)
}

// browserSchemes are never an app's: the browser itself opens them, runs them or keeps them.
var browserSchemes = []string{"about", "blob", "chrome", "content", "data", "edge", "file", "filesystem", "ftp", "intent", "javascript", "mailto",
	"resource", "tel", "urn", "vbscript", "view-source", "ws", "wss"}

// checkAppRedirect checks an address of a scheme that an app registers with the system (RFC 8252 section 7.1).
func (s *settings) checkAppRedirect(value string, u *url.URL) {
	const name = "REDIRECT_URI"
	switch {
	case slices.Contains(browserSchemes, u.Scheme):
		s.wrong(name, "%q cannot be a redirect URI: no app is opened by %s:; "+
			"write https, http on localhost, or a scheme of an app such as com.example.app:/callback", value, u.Scheme)
	case u.Opaque != "" || u.Host == "" && u.Path == "":
		s.wrong(name, "%q has no / behind its scheme; write it as it is registered, such as com.example.app:/callback", value)
	case !strings.Contains(u.Scheme, "."):
		s.note(name, "the scheme "+u.Scheme+" has no dot, as RFC 8252 section 7.1 asks of an app's (com.example.app); a server may refuse it")
	}
}

// responseParameter is a parameter of a redirect URI that would leave it open what the response says, or "".
func responseParameter(u *url.URL) string {
	for name, values := range u.Query() {
		if len(values) > 1 || slices.Contains([]string{"code", "state", "iss", "error", "error_description", "error_uri"}, name) {
			return name
		}
	}
	return ""
}
