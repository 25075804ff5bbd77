package main

import (
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/session"
	"oauth-test-client/internal/wire"
)

// guard decides who may talk to us, before any handler runs, and sets the headers that every answer
// carries.
func (s *server) guard(next http.Handler) http.Handler {
	onlyHTTPS := s.cfg.IsPublicHTTPS()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		maps.Copy(w.Header(), securityHeaders)
		if onlyHTTPS {
			w.Header().Set("Strict-Transport-Security", "max-age=2592000") // 30 days; not for subdomains
		}
		at := s.traffic.Enter(s.isDemo(r))
		if at == nil {
			w.Header().Set("Connection", "close")
			s.fail(w, r, refuse(http.StatusServiceUnavailable, "stopping", "This app is stopping.", "Start it again."))
			return
		}
		defer at.Add(-1)
		if !s.isOwnHost(r) {
			s.fail(w, r, refuse(http.StatusMisdirectedRequest, "misdirected_request", "This app does not answer to that host name.",
				"Open "+s.cfg.BaseURL+", or set BASE_URL to the address that the browser uses."))
			return
		}
		if !s.allowedSite(r) {
			if s.isFormPost(r) {
				s.fail(w, r, s.formPosted())
				return
			}
			s.fail(w, r, refuse(http.StatusForbidden, "cross_site_request", "This request was sent by another site.",
				"Open "+s.cfg.BaseURL+" in the browser itself. A login starts with a link or a redirect to /login, not with a fetch or a frame."))
			return
		}
		if len(r.TransferEncoding) > 0 && !s.isDemo(r) {
			w.Header().Set("Connection", "close")
			s.fail(w, r, refuse(http.StatusLengthRequired, "length_required", "A request to this app must have a Content-Length, or no body.", ""))
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		next.ServeHTTP(w, r)
	})
}

// accepts reports whether a request uses one of our host names and allowedSite doesn't refuse it.
func (s *server) accepts(r *http.Request) bool { return s.isOwnHost(r) && s.allowedSite(r) }

// isOwnHost reports whether a request is to one of our host names (against DNS rebinding).
func (s *server) isOwnHost(r *http.Request) bool {
	return s.cfg.IsOwnHost(r.Host)
}

// securityHeaders forbid everything a page of ours has no use for: foreign content, inline scripts,
// frames, referrers, caches. Every answer carries them; the values are shared and never changed.
var securityHeaders = http.Header{
	"Content-Security-Policy": {"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; " +
		"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"},
	"X-Content-Type-Options":       {"nosniff"},
	"Referrer-Policy":              {"same-origin"}, // under no-referrer our own forms would send "Origin: null"
	"Cross-Origin-Opener-Policy":   {"same-origin"},
	"Cross-Origin-Resource-Policy": {"same-origin"},
	"Cache-Control":                {"no-store"},
}

// allowedSite refuses what a different site makes the browser send. Sec-Fetch-Site decides. Without that header, as on
// plain http beyond this machine, Origin does. With neither, the request isn't from a browser, or is a GET, which changes
// nothing. Another port of localhost is a different site here, and an opaque origin ("null") is never ours. Below /demo/
// the demo server decides for itself.
func (s *server) allowedSite(r *http.Request) bool {
	if strings.HasPrefix(r.URL.Path, "/demo/") {
		return true
	}
	from := r.Header.Get("Origin")
	if from == "null" {
		return false
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return true
	case "":
		return from == "" || s.cfg.IsOwnOrigin(from)
	}
	return r.Method == http.MethodGet && isNavigation(r) && slices.Contains([]string{"/", "/login", config.CallbackPath}, r.URL.Path)
}

// isFormPost reports whether another site sent a form to the callback, which is how a server responds with form_post
// (OAuth 2.0 Form Post Response Mode section 2). An old browser does not say whether it was a form, so the type of the
// body decides. Where the redirect URI leads elsewhere, no server sends its response here.
func (s *server) isFormPost(r *http.Request) bool {
	if r.Method != http.MethodPost || r.URL.Path != config.CallbackPath || s.cfg.CallbackIsPasted() {
		return false
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return false
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "cross-site", "same-site":
		return isNavigation(r)
	case "":
		return true
	}
	return false // an origin that our own page would not have
}

// formPosted explains a response that was sent as a form. It reads nothing in the form: the sender is unknown, and the
// login's cookie did not come with it.
func (s *server) formPosted() *failure {
	advice, description := causes.FormPosted(s.cfg)
	return &failure{Status: http.StatusBadRequest, Code: "unsupported_response_mode", Description: description, Advice: advice, Retry: true}
}

// isNavigation reports whether the browser opens a page in a tab, not in a frame.
func isNavigation(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}

// canonicalHost redirects from one of our other names, such as 127.0.0.1 for localhost, to BASE_URL: the cookie must be set
// where the callback will arrive. If BASE_URL is elsewhere, it is a proxy's. A proxy may send us any of our names, so a
// redirect might never end.
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

// rejectPrefetch refuses a request that the user did not make: a code works once, as many refresh tokens do, and a prefetch
// or a HEAD would use it up (streamlit/streamlit#15589). A failing status keeps the browser from showing the prefetched
// answer later.
func rejectPrefetch(r *http.Request) error {
	if strings.Contains(r.Header.Get("Sec-Purpose"), "prefetch") || r.Header.Get("Purpose") == "prefetch" || r.Header.Get("X-Moz") == "prefetch" {
		return refuse(http.StatusServiceUnavailable, "prefetch", "This app ignores prefetches.", "")
	}
	if r.Method == http.MethodHead {
		f := refuse(http.StatusMethodNotAllowed, "method_not_allowed", "This URL does not accept HEAD requests.", "")
		f.Allow = http.MethodGet
		return f
	}
	return nil
}

// parseQueryOnce parses a query in which no parameter may occur twice (RFC 6749 section 3.1), as two readers could each
// choose a different value.
func parseQueryOnce(rawQuery string) (url.Values, error) {
	query, err := url.ParseQuery(rawQuery)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, oauth.CodeInvalidRequest, "The query string cannot be read.", "")
	}
	for name, values := range query {
		if len(values) > 1 {
			description := "The parameter " + wire.Clip(name, 40) + " appears more than once (RFC 6749 section 3.1)."
			return nil, refuse(http.StatusBadRequest, oauth.CodeInvalidRequest, description, "")
		}
	}
	return query, nil
}

// callbackOf returns the path and query of a response, or its whole address if it was pasted.
func callbackOf(r *http.Request) string {
	if r.Method == http.MethodPost { // by pasted, which has set the URL
		return r.URL.String()
	}
	return r.URL.RequestURI()
}

// current returns the newest login of this browser on the configured server, or a 401. It skips logins on a different
// server, so that nothing of them is shown or sent.
func (s *server) current(w http.ResponseWriter, r *http.Request) (*session.Login, error) {
	logins, err := s.sessions.Logins(w, r)
	if err != nil {
		return nil, err
	}
	for _, l := range logins {
		if !oauth.IsOtherServer(s.oauth.CheckServer(r.Context(), l.Request)) {
			return l, nil
		}
	}
	if len(logins) > 0 {
		return nil, noToken("The settings have changed", "The tokens of this browser were issued with other settings: the issuer, its token endpoint, "+
			"the client ID, the redirect URI or the API has changed since.", "Sign in again. The old tokens are sent nowhere.")
	}
	if s.sessions.Ambiguous(r) {
		return nil, noToken("Two programs use the same cookie",
			"The browser sent two session cookies, so a different program on this host name has set one. This app uses neither.",
			"Reload this page: the cookie that was set for this path alone has been removed. If that does not help, delete the cookies of this host.")
	}
	return nil, notSignedIn()
}

// hintSession sets the ID token of this browser's session for a login that sends it (OpenID Connect Core section 3.1.2.1).
// An ID token of a different server is never sent, nor is any other than the one that the login started with.
func (s *server) hintSession(w http.ResponseWriter, r *http.Request, request *oauth.Request) error {
	if !request.HintsSession() {
		return nil
	}
	l, err := s.current(w, r)
	if err != nil {
		return err
	}
	if request.Hint != "" && !request.IsHint(l.Held.ID) { // a cookie has brought the login back
		return noToken("Your session has changed", "This login was started to send an ID token that your session no longer has.", "Start a new login.")
	}
	if l.Held.ID == "" {
		return noToken("Your session has no ID token", "id_token_hint=session sends the ID token of your session, and it has none: "+noIDToken(l)+".",
			"Sign in with the scope openid first.")
	}
	if err := s.oauth.CheckServer(r.Context(), l.Request); err != nil {
		return err
	}
	request.SetHint(l.Held.ID)
	return nil
}

func notSignedIn() *failure {
	return noToken("You are not signed in", "This app has no tokens for this browser.",
		"Sign in first. Tokens are kept for up to 12 hours. Without SESSION_STORE they are lost when the program stops.")
}

// noToken returns the 401 for the use of a token that the login doesn't have.
func noToken(heading, description, hint string) *failure {
	f := refuse(http.StatusUnauthorized, "no_token", description, hint)
	f.Heading, f.Retry = heading, true
	return f
}

func noAccessToken() *failure {
	return noToken("The access token was revoked", "This app has no access token.", "Sign in again.")
}

// startedHere reports whether the user started a login: a link from a different site says where it comes from.
func startedHere(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "" || site == "none" || site == "same-origin"
}
