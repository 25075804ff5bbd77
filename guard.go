package main

import (
	"maps"
	"net/http"
	"net/url"
	"oauth-test-client/internal/config"
	"slices"
	"strings"
)

// guard decides who may talk to us, before any handler runs, and sets the headers that every answer
// carries.
func (s *server) guard(next http.Handler) http.Handler {
	hosts := s.cfg.OwnHosts()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		maps.Copy(w.Header(), securityHeaders)
		if !slices.Contains(hosts, strings.ToLower(r.Host)) {
			s.fail(w, r, &failure{Status: http.StatusMisdirectedRequest, Code: "misdirected_request",
				Description: "This app does not answer to that host name.",
				Hint:        "Open " + s.cfg.BaseURL + ", or set BASE_URL to the address that the browser uses."})
			return
		}
		if !s.allowedSite(r) {
			s.fail(w, r, &failure{Status: http.StatusForbidden, Code: "cross_site_request",
				Description: "This request was sent by another site.",
				Hint:        "Open " + s.cfg.BaseURL + " in the browser itself. A login begins with a link or a redirect to /login, not with a fetch or a frame."})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		next.ServeHTTP(w, r)
	})
}

// securityHeaders forbid everything a page of ours has no use for: foreign content, inline scripts,
// frames, referrers, caches. Every answer carries them; the values are shared and never changed.
var securityHeaders = http.Header{
	"Content-Security-Policy":      {"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"},
	"X-Content-Type-Options":       {"nosniff"},
	"Referrer-Policy":              {"no-referrer"},
	"Cross-Origin-Opener-Policy":   {"same-origin"},
	"Cross-Origin-Resource-Policy": {"same-origin"},
	"Cache-Control":                {"no-store"},
}

// allowedSite refuses what another site makes the browser send. Sec-Fetch-Site decides; Origin does
// where that header is absent, as our own forms send "Origin: null" under Referrer-Policy
// no-referrer. With neither it is no browser. Another port of localhost is another site here.
// Below /demo/ the other party of the protocol decides for itself.
func (s *server) allowedSite(r *http.Request) bool {
	if strings.HasPrefix(r.URL.Path, "/demo/") {
		return true
	}
	site := r.Header.Get("Sec-Fetch-Site")
	switch site {
	case "same-origin", "none":
		return true
	case "":
		from := r.Header.Get("Origin")
		return from == "" || from == s.cfg.BaseURL || s.isOwnOrigin(from)
	}
	return isNavigation(r) && slices.Contains([]string{"/", "/login", config.CallbackPath}, r.URL.Path)
}

// isNavigation reports whether a person follows a link or a redirect, in a tab and not in a frame.
func isNavigation(r *http.Request) bool {
	return r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}

func (s *server) isOwnOrigin(from string) bool {
	u, err := url.Parse(from)
	return err == nil && u.Scheme == "http" && slices.Contains(s.cfg.OwnHosts(), u.Host)
}

// canonicalHost redirects to BASE_URL from another of our names, such as 127.0.0.1 for localhost:
// the cookie must be set where the callback will arrive. A BASE_URL elsewhere is a proxy's, which may
// send us any of our names: to redirect from there would never end.
func (s *server) canonicalHost(next func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	_, host, _ := strings.Cut(s.cfg.BaseURL, "://")
	base, err := url.Parse(s.cfg.BaseURL)
	proxied := err != nil || !config.IsLoopback(base.Hostname())
	return func(w http.ResponseWriter, r *http.Request) error {
		if proxied || strings.EqualFold(r.Host, host) {
			return next(w, r)
		}
		http.Redirect(w, r, s.cfg.BaseURL+r.URL.RequestURI(), http.StatusFound)
		return nil
	}
}
