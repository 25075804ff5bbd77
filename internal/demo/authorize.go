package demo

import (
	"crypto/rand"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// authorizeRequest is an authorization request that has passed its checks.
type authorizeRequest struct {
	client      *Client
	redirectURI string
	state       string
	scopes      []string
	nonce       string
	challenge   string
	prompt      []string
	maxAge      time.Duration // negative when not asked
	loginHint   string
	query       url.Values
}

// session is somebody who has signed in with this browser.
type session struct {
	user     string
	authTime time.Time
}

// grant is what a user allowed a client once. Every token that comes of it belongs to the family,
// and is worthless once the grant is revoked.
type grant struct {
	user, client string
	scopes       []string
	authTime     time.Time
	revoked      bool
}

// code is an authorization code (RFC 6749 section 4.1.2). A used one is kept, to notice its reuse.
type code struct {
	grant       *grant
	redirectURI string
	challenge   string
	nonce       string
	issued      time.Time
	used        bool
}

func has(list []string, s string) bool { return slices.Contains(list, s) }

// handleAuthorize is the authorization endpoint: sign-in, consent, code, whichever comes next.
func (s *Server) handleAuthorize(w http.ResponseWriter, r *http.Request) {
	req, ok := s.parseAuthorize(w, r)
	if !ok {
		return
	}
	here, signedIn := s.session(r)
	now := s.now()
	stale := req.maxAge >= 0 && now.Sub(here.authTime) > req.maxAge
	switch {
	case has(req.prompt, "none") && (!signedIn || stale):
		s.redirectError(w, r, req, "login_required", "nobody is signed in")
	case !signedIn || stale || has(req.prompt, "login") || has(req.prompt, "select_account"):
		s.render(w, http.StatusOK, "signin.html", signinPage{s.base, "Sign in", r.URL.RequestURI(), req.client.Name, users, req.loginHint})
	case !s.consented(here.user, req) || has(req.prompt, "consent"):
		if has(req.prompt, "none") {
			s.redirectError(w, r, req, "consent_required", "the user has not allowed this yet")
			return
		}
		s.showConsent(w, r, req, here)
	default:
		s.redirectCode(w, r, req, here)
	}
}

// signinPage is the data of signin.html.
type signinPage struct {
	Base, Title, Action, Client string
	Users                       []user
	Hint                        string
}

// consentPage is the data of consent.html.
type consentPage struct {
	Base, Title, Action, Switch, Client, Host string
	User                                      *user
	Scopes                                    []string // in plain words
}

func (s *Server) showConsent(w http.ResponseWriter, r *http.Request, req *authorizeRequest, here session) {
	data := consentPage{Base: s.base, Title: "Allow access?", Action: r.URL.RequestURI(), Client: req.client.Name, User: userByID(here.user)}
	data.Switch = s.authorizeURL(req.query, []string{"select_account"})
	if u, err := url.Parse(req.redirectURI); err == nil {
		data.Host = u.Host
	}
	for _, scope := range req.scopes {
		data.Scopes = append(data.Scopes, scopeWords[scope])
	}
	s.render(w, http.StatusOK, "consent.html", data)
}

// authorizeURL is the same request with another prompt.
func (s *Server) authorizeURL(query url.Values, prompt []string) string {
	query = url.Values(http.Header(query).Clone())
	query.Del("prompt")
	if len(prompt) > 0 {
		query.Set("prompt", strings.Join(prompt, " "))
	}
	return s.base + "/authorize?" + query.Encode()
}

// handleDecision takes the forms of the two pages. The request itself stays in the query and is
// checked again.
func (s *Server) handleDecision(w http.ResponseWriter, r *http.Request) {
	req, ok := s.parseAuthorize(w, r)
	if !ok {
		return
	}
	if chosen := userByID(r.PostFormValue("user")); chosen != nil {
		s.signIn(w, chosen)
		done := slices.DeleteFunc(slices.Clone(req.prompt), func(p string) bool { return p == "login" || p == "select_account" })
		req.query.Del("max_age") // this sign-in has fulfilled it; max_age=0 would ask for another one without end
		http.Redirect(w, r, s.authorizeURL(req.query, done), http.StatusSeeOther)
		return
	}
	here, signedIn := s.session(r)
	switch {
	case !signedIn:
		http.Redirect(w, r, r.URL.RequestURI(), http.StatusSeeOther)
	case r.PostFormValue("decision") == "allow":
		s.mu.Lock()
		s.consents.put(s.now(), here.user+" "+req.client.ID, req.scopes)
		s.mu.Unlock()
		s.redirectCode(w, r, req, here)
	default:
		s.redirectError(w, r, req, "access_denied", "the user denied access")
	}
}

// parseAuthorize checks an authorization request. Until client and redirect URI are known to be
// right, an error is shown here; after that it goes to the redirect URI (RFC 6749 section 4.1.2.1).
func (s *Server) parseAuthorize(w http.ResponseWriter, r *http.Request) (*authorizeRequest, bool) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		s.showError(w, r, "invalid_request", "the query cannot be read")
		return nil, false
	}
	if repeated := repeatedName(query); repeated != "" {
		s.showError(w, r, "invalid_request", "the parameter "+strconv.Quote(repeated)+" is there more than once")
		return nil, false
	}
	omitEmpty(query)
	s.mu.Lock()
	client, known := s.clients.get(s.now(), query.Get("client_id"))
	s.mu.Unlock()
	if !known {
		s.showError(w, r, "invalid_client", "there is no client with this client_id")
		return nil, false
	}
	req := &authorizeRequest{
		client:      client,
		redirectURI: query.Get("redirect_uri"),
		state:       query.Get("state"),
		scopes:      strings.Fields(query.Get("scope")),
		nonce:       query.Get("nonce"),
		challenge:   query.Get("code_challenge"),
		prompt:      strings.Fields(query.Get("prompt")),
		maxAge:      -1,
		loginHint:   query.Get("login_hint"),
		query:       query,
	}
	if !has(client.RedirectURIs, req.redirectURI) {
		s.showError(w, r, "invalid_request", "the redirect_uri does not match any that is registered for this client")
		return nil, false
	}
	if code, description := req.fault(); code != "" {
		s.redirectError(w, r, req, code, description)
		return nil, false
	}
	return req, true
}

// fault returns the first error of a request whose client and redirect URI are right.
func (req *authorizeRequest) fault() (code, description string) {
	q := req.query
	switch {
	case q.Has("request"):
		return "request_not_supported", "request objects are not supported"
	case q.Has("request_uri"):
		return "request_uri_not_supported", "request objects are not supported"
	case q.Get("response_type") == "":
		return "invalid_request", "response_type is missing"
	case q.Get("response_type") != "code":
		return "unsupported_response_type", "only the response_type code is supported"
	case q.Has("response_mode") && q.Get("response_mode") != "query":
		return "invalid_request", "only the response_mode query is supported"
	case req.challenge == "":
		return "invalid_request", "PKCE is required: code_challenge is missing"
	case q.Get("code_challenge_method") != "S256":
		return "invalid_request", "the code_challenge_method must be S256"
	case len(req.challenge) != 43 || strings.ContainsFunc(req.challenge, notUnreserved):
		return "invalid_request", "the code_challenge is not a base64url SHA-256 hash"
	case has(req.prompt, "none") && len(req.prompt) > 1:
		return "invalid_request", "prompt=none goes with no other value"
	}
	for _, scope := range req.scopes {
		if !has(scopesSupported, scope) {
			return "invalid_scope", "the scope " + strconv.Quote(scope) + " is not enabled for this client"
		}
	}
	for _, prompt := range req.prompt {
		if !has([]string{"none", "login", "consent", "select_account"}, prompt) {
			return "invalid_request", "the prompt " + strconv.Quote(prompt) + " is not supported"
		}
	}
	if maxAge := q.Get("max_age"); maxAge != "" {
		seconds, err := strconv.ParseUint(maxAge, 10, 31)
		if err != nil {
			return "invalid_request", "max_age is no number of seconds"
		}
		req.maxAge = time.Duration(seconds) * time.Second
	}
	return "", ""
}

// notUnreserved reports a character outside those of RFC 7636 section 4.1.
func notUnreserved(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._~", r))
}

// repeatedName returns a parameter that is there more than once (RFC 6749 section 3.1), or "".
func repeatedName(values url.Values) string {
	for name, v := range values {
		if len(v) > 1 {
			return name
		}
	}
	return ""
}

// omitEmpty takes out the parameters without a value: they count as omitted (RFC 6749 section 3.1).
func omitEmpty(values url.Values) {
	maps.DeleteFunc(values, func(_ string, v []string) bool { return strings.Join(v, "") == "" })
}

// session returns who is signed in with this browser.
func (s *Server) session(r *http.Request) (session, bool) {
	cookie, err := r.Cookie(s.cookieName())
	if err != nil {
		return session{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions.get(s.now(), cookie.Value)
}

// cookieName has the issuer's port in it, as cookies of localhost go to every port.
func (s *Server) cookieName() string {
	u, err := url.Parse(s.issuer)
	if err != nil || u.Port() == "" {
		return "demo_session"
	}
	return "demo_session_" + u.Port()
}

func (s *Server) signIn(w http.ResponseWriter, u *user) {
	id := rand.Text()
	s.mu.Lock()
	s.sessions.put(s.now(), id, session{u.Subject, s.now()})
	s.mu.Unlock()
	s.setCookie(w, id, 0)
}

func (s *Server) setCookie(w http.ResponseWriter, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{Name: s.cookieName(), Value: value, Path: s.base + "/", MaxAge: maxAge,
		HttpOnly: true, Secure: strings.HasPrefix(s.issuer, "https://"), SameSite: http.SameSiteLaxMode})
}

// consented reports whether the user has allowed the client everything it asks for.
func (s *Server) consented(user string, req *authorizeRequest) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	allowed, ok := s.consents.get(s.now(), user+" "+req.client.ID)
	return ok && !slices.ContainsFunc(req.scopes, func(scope string) bool { return !has(allowed, scope) })
}

// redirectCode sends the browser back to the client with a code.
func (s *Server) redirectCode(w http.ResponseWriter, r *http.Request, req *authorizeRequest, here session) {
	now := s.now()
	value := rand.Text()
	s.mu.Lock()
	s.codes.put(now, value, &code{
		grant:       &grant{user: here.user, client: req.client.ID, scopes: req.scopes, authTime: here.authTime},
		redirectURI: req.redirectURI,
		challenge:   req.challenge,
		nonce:       req.nonce,
		issued:      now,
	})
	s.mu.Unlock()
	s.redirectBack(w, r, req, url.Values{"code": {value}})
}

// redirectError sends the browser back to the client with an error.
func (s *Server) redirectError(w http.ResponseWriter, r *http.Request, req *authorizeRequest, code, description string) {
	s.redirectBack(w, r, req, url.Values{"error": {code}, "error_description": {description}})
}

// redirectBack adds state and iss (RFC 9207 section 2) to the response.
func (s *Server) redirectBack(w http.ResponseWriter, r *http.Request, req *authorizeRequest, response url.Values) {
	if req.state != "" {
		response.Set("state", req.state)
	}
	response.Set("iss", s.issuer)
	to, err := url.Parse(req.redirectURI)
	if err != nil {
		s.showError(w, r, "invalid_request", "the redirect_uri cannot be read")
		return
	}
	query := to.Query()
	for name, values := range response {
		query[name] = values
	}
	to.RawQuery = query.Encode()
	http.Redirect(w, r, to.String(), http.StatusSeeOther)
}
