package demo

import (
	"cmp"
	"crypto/rand"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// handleAuthorize is the authorization endpoint: sign-in, then consent, then a code.
func (s *Server) handleAuthorize(w http.ResponseWriter, r *http.Request) {
	req, ok := s.parseAuthorize(w, r)
	if !ok {
		return
	}
	here, signedIn := s.sessionFor(w, r, req)
	if signedIn && req.maxAge >= 0 && s.now().Sub(here.authTime) > req.maxAge {
		signedIn = false // too long ago
	}
	none := slices.Contains(req.prompt, "none") && !s.breaks(PromptNonePage)
	switch {
	case none && s.breaks(PromptNoneCode):
		s.redirectCode(w, r, req, session{users[0].Subject, s.now()}, req.scopes)
	case none && !signedIn:
		s.redirectError(w, r, req, "login_required", "no user is signed in")
	case !signedIn || slices.Contains(req.prompt, "login") || slices.Contains(req.prompt, "select_account"):
		s.showSignIn(w, r, req)
	case s.consented(here.user, req) && !slices.Contains(req.prompt, "consent"):
		s.redirectCode(w, r, req, here, req.scopes)
	case none:
		s.redirectError(w, r, req, "consent_required", "the user hasn't allowed this yet")
	default:
		s.showConsent(w, r, req, here)
	}
}

// handleDecision handles the forms of the two pages. The request stays in the query and is checked again.
func (s *Server) handleDecision(w http.ResponseWriter, r *http.Request) {
	req, ok := s.parseAuthorize(w, r)
	if !ok {
		return
	}
	if chosen := userByID(r.PostFormValue("user")); chosen != nil {
		s.signIn(w, chosen)
		s.again(w, r, req, slices.DeleteFunc(slices.Clone(req.prompt), func(p string) bool { return p == "login" || p == "select_account" }))
		return
	}
	here, signedIn := s.sessionFor(w, r, req)
	switch decision := r.PostFormValue("decision"); {
	case !signedIn:
		http.Redirect(w, r, r.URL.RequestURI(), http.StatusSeeOther)
	case decision == "switch":
		s.again(w, r, req, append(slices.Clone(req.prompt), "select_account"))
	case decision == "allow":
		s.allow(w, r, req, here)
	default:
		s.redirectError(w, r, req, "access_denied", "the user denied access")
	}
}

// sessionFor returns who is signed in, for a request. A sign-in before AskAnew ends here.
func (s *Server) sessionFor(w http.ResponseWriter, r *http.Request, req *authorizeRequest) (session, bool) {
	here, signedIn := s.session(r)
	if signedIn && !here.authTime.After(req.anew) {
		s.signOut(w, r)
		return session{}, false
	}
	return here, signedIn
}

// again repeats a request after a sign-in, with the rest of its prompt. It drops max_age, as max_age=0 would ask for a
// sign-in forever.
func (s *Server) again(w http.ResponseWriter, r *http.Request, req *authorizeRequest, prompt []string) {
	query := url.Values(http.Header(req.query).Clone())
	query.Del("max_age")
	query.Del("prompt")
	if len(prompt) > 0 {
		query.Set("prompt", strings.Join(prompt, " "))
	}
	if req.pushed != "" {
		s.repush(req.pushed, query)
		query = url.Values{"client_id": {req.client.ID}, "request_uri": {req.pushed}}
	}
	http.Redirect(w, r, s.base+"/authorize?"+query.Encode(), http.StatusSeeOther)
}

// signinPage is the data of signin.html.
type signinPage struct {
	page
	Action, Client string
	Users          []*user
	Hint           string
}

func (s *Server) showSignIn(w http.ResponseWriter, r *http.Request, req *authorizeRequest) {
	s.render(w, http.StatusOK, "signin.html", signinPage{s.page(r, "Sign in"), r.URL.RequestURI(), req.client.Name, users, req.loginHint})
}

// redirectCode sends the browser back to the client with a code for the scopes that were granted.
func (s *Server) redirectCode(w http.ResponseWriter, r *http.Request, req *authorizeRequest, here session, scopes []string) {
	now := s.now()
	value := rand.Text()
	s.mu.Lock()
	s.codes.put(now, value, &code{
		grant:       &grant{user: here.user, client: req.client.ID, scopes: scopes, resources: req.resources, authTime: here.authTime},
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
	if !s.useRequestURI(req) {
		s.showError(w, r, "invalid_request_uri", "the request_uri has already been used")
		return
	}
	if req.state != "" {
		response.Set("state", req.state)
	}
	response.Set("iss", s.issuer())
	to, err := url.Parse(req.redirectURI)
	if err != nil {
		s.showError(w, r, "invalid_request", "the redirect_uri can't be parsed")
		return
	}
	query := to.Query()
	for name, values := range response {
		query[name] = values
	}
	to.RawQuery = query.Encode()
	http.Redirect(w, r, to.String(), http.StatusSeeOther)
}

// authorizeRequest is an authorization request with a known client and a registered redirect URI.
type authorizeRequest struct {
	client      *Client
	redirectURI string
	state       string
	scopes      []string
	resources   []string // RFC 8707 section 2
	nonce       string
	challenge   string
	prompt      []string
	maxAge      time.Duration // negative if not requested
	loginHint   string
	anew        time.Time // sign-ins and consents before it do not count; zero for all
	query       url.Values
	pushed      string // its request_uri, if it was pushed
}

// maxRequest limits an authorization request, as codes and pushed requests stay in memory.
const maxRequest = 8 << 10

// parseAuthorize checks an authorization request. It shows an error here until the client and its redirect URI are
// known to be right, and sends it to the redirect URI after that (RFC 6749 section 4.1.2.1).
func (s *Server) parseAuthorize(w http.ResponseWriter, r *http.Request) (*authorizeRequest, bool) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		s.showError(w, r, "invalid_request", "the query can't be parsed")
		return nil, false
	}
	if repeated := repeatedName(query); repeated != "" {
		s.showError(w, r, "invalid_request", "the parameter "+strconv.Quote(repeated)+" is repeated")
		return nil, false
	}
	omitEmpty(query)
	pushed := ""
	if isPushed(query) {
		var refused *oauthError
		pushed = query.Get("request_uri")
		if query, refused = s.pushedQuery(pushed, query.Get("client_id")); refused != nil {
			s.showError(w, r, refused.Code, refused.Description)
			return nil, false
		}
	}
	req, refused := s.readRequest(query, pushed != "")
	if req == nil {
		s.showError(w, r, refused.Code, refused.Description)
		return nil, false
	}
	req.pushed = pushed
	s.mu.Lock()
	req.anew, _ = s.anew.get(s.now(), req.state)
	s.mu.Unlock()
	if refused != nil {
		s.redirectError(w, r, req, refused.Code, refused.Description)
		return nil, false
	}
	return req, true
}

// readRequest reads the parameters of an authorization request. It returns a request along with an error only if the
// client and its redirect URI are right.
func (s *Server) readRequest(query url.Values, pushed bool) (*authorizeRequest, *oauthError) {
	if len(query.Encode()) > maxRequest {
		return nil, &oauthError{"invalid_request", "the request is too long"}
	}
	client, known := s.client(query.Get("client_id"))
	if !known {
		return nil, &oauthError{"invalid_client", "there is no client with this client_id"}
	}
	req := &authorizeRequest{
		client:      client,
		redirectURI: query.Get("redirect_uri"),
		state:       query.Get("state"),
		scopes:      parseScope(cmp.Or(query.Get("scope"), defaultScope)),
		resources:   query["resource"],
		nonce:       query.Get("nonce"),
		challenge:   query.Get("code_challenge"),
		prompt:      strings.Fields(query.Get("prompt")),
		maxAge:      -1,
		loginHint:   query.Get("login_hint"),
		query:       query,
	}
	if !s.registered(client, req.redirectURI) {
		return nil, &oauthError{"invalid_request", "the redirect_uri does not match any that is registered for this client"}
	}
	if !pushed && s.breaks(RequirePAR) {
		return req, &oauthError{"invalid_request", "a pushed authorization request is required (RFC 9126)"}
	}
	if code, description := s.refusal(req); code != "" {
		return req, &oauthError{code, description}
	}
	return req, nil
}

// registered reports whether a redirect URI is one of the client's: exactly, but for the port of a loopback IP
// address. A native app learns its port only when it starts (RFC 8252 section 7.3, OAuth 2.1 section 8.4.2).
func (s *Server) registered(client *Client, uri string) bool {
	return slices.ContainsFunc(client.RedirectURIs, func(known string) bool { return s.withoutPort(uri) == s.withoutPort(known) })
}

// withoutPort cuts the port out of a loopback redirect URI, and leaves any other as it is. It compares text, as a URL
// parser accepts more spellings than are registered.
func (s *Server) withoutPort(uri string) string {
	hosts := []string{"127.0.0.1", "[::1]"}
	if s.breaks(LoopbackPortFixed) {
		hosts = nil
	}
	if s.breaks(LocalhostAnyPort) {
		hosts = append(hosts, "localhost")
	}
	for _, host := range hosts {
		port, ok := strings.CutPrefix(uri, "http://"+host+":")
		path := strings.TrimLeft(port, "0123456789")
		n, err := strconv.ParseUint(strings.TrimSuffix(port, path), 10, 16)
		if ok && err == nil && n > 0 && (path == "" || path[0] == '/' || path[0] == '?') {
			return "http://" + host + path
		}
	}
	return uri
}

// refusal returns the first error of a request with the right client and redirect URI.
func (s *Server) refusal(req *authorizeRequest) (code, description string) {
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
	case req.challenge == "" && !s.breaks(NoPKCE):
		return "invalid_request", "PKCE is required: code_challenge is missing"
	case req.challenge != "" && q.Get("code_challenge_method") != "S256":
		return "invalid_request", "the code_challenge_method must be S256"
	case req.challenge != "" && len(req.challenge) != 43 || strings.ContainsFunc(req.challenge, notUnreserved):
		return "invalid_request", "the code_challenge is not a base64url-encoded SHA-256 hash"
	case slices.Contains(req.prompt, "none") && len(req.prompt) > 1:
		return "invalid_request", "prompt=none can't be combined with another value"
	}
	for _, scope := range req.scopes {
		if !slices.Contains(req.client.scopes(), scope) {
			return "invalid_scope", "the scope " + strconv.Quote(scope) + " is not enabled for this client"
		}
	}
	if !containsAll(s.knownResources(), req.resources) {
		return "invalid_target", "the resource is unknown"
	}
	for _, prompt := range req.prompt {
		if !slices.Contains([]string{"none", "login", "consent", "select_account"}, prompt) {
			return "invalid_request", "the prompt " + strconv.Quote(prompt) + " is not supported"
		}
	}
	if maxAge := q.Get("max_age"); maxAge != "" {
		seconds, err := strconv.ParseUint(maxAge, 10, 31)
		if err != nil {
			return "invalid_request", "max_age is not a number of seconds"
		}
		req.maxAge = time.Duration(seconds) * time.Second
	}
	return "", ""
}

// notUnreserved reports whether a character is outside those of RFC 7636 section 4.1.
func notUnreserved(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._~", r))
}

// repeatedName returns a parameter that is repeated (RFC 6749 section 3.1), or "". Only resource may be (RFC 8707
// section 2).
func repeatedName(values url.Values) string {
	for name, v := range values {
		if len(v) > 1 && name != "resource" {
			return name
		}
	}
	return ""
}

// omitEmpty removes the parameters without a value: they count as omitted (RFC 6749 section 3.1).
func omitEmpty(values url.Values) {
	maps.DeleteFunc(values, func(_ string, v []string) bool { return strings.Join(v, "") == "" })
}

// pushedRequest is an authorization request that the client has sent to the server itself (RFC 9126).
type pushedRequest struct {
	query url.Values
	until time.Time // the browser has to arrive by then
	begun bool      // the browser has arrived
}

const (
	requestURIPrefix = "urn:ietf:params:oauth:request_uri:" // RFC 9126 section 2.2
	pushedLife       = 60 * time.Second
)

// handlePush is the pushed authorization request endpoint (RFC 9126 section 2). It refuses what the authorization
// endpoint would refuse.
func (s *Server) handlePush(w http.ResponseWriter, r *http.Request) {
	client, form, ok := s.authenticate(w, r)
	if !ok {
		return
	}
	if form.Has("request_uri") {
		s.writeError(w, http.StatusBadRequest, "invalid_request", "a pushed request can't have a request_uri")
		return
	}
	form.Del("client_secret")
	form.Set("client_id", client.ID)
	if _, refused := s.readRequest(form, true); refused != nil {
		s.writeError(w, http.StatusBadRequest, refused.Code, refused.Description)
		return
	}
	uri, now := requestURIPrefix+rand.Text(), s.now()
	s.mu.Lock()
	s.pushed.put(now, uri, &pushedRequest{query: form, until: now.Add(pushedLife)})
	s.mu.Unlock()
	s.writeJSON(w, http.StatusCreated, struct {
		RequestURI string `json:"request_uri"`
		ExpiresIn  int    `json:"expires_in"`
	}{uri, int(pushedLife.Seconds())})
}

// pushedQuery returns the request that a request_uri stands for.
func (s *Server) pushedQuery(uri, client string) (url.Values, *oauthError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.pushed.get(s.now(), uri)
	switch {
	case !ok || p.query.Get("client_id") != client:
		return nil, &oauthError{"invalid_request_uri", "the request_uri is unknown, has already been used, or belongs to a different client"}
	case !p.begun && s.now().After(p.until):
		return nil, &oauthError{"invalid_request_uri", "the request_uri has expired"}
	}
	p.begun = true // reloads and later pages find it until there is a response
	return url.Values(http.Header(p.query).Clone()), nil
}

// repush stores the rest of a pushed request after a sign-in.
func (s *Server) repush(uri string, query url.Values) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, ok := s.pushed.get(s.now(), uri); ok {
		p.query = query
	}
}

// useRequestURI reports whether a request_uri is unused, and marks it as used: it gets one response (RFC 9126 section
// 4).
func (s *Server) useRequestURI(req *authorizeRequest) bool {
	if req.pushed == "" {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.pushed.get(s.now(), req.pushed)
	s.pushed.remove(req.pushed)
	return ok
}

// isPushed reports whether the request_uri is one that this server issues; any other is the address of a request
// object.
func isPushed(query url.Values) bool {
	return strings.HasPrefix(query.Get("request_uri"), requestURIPrefix)
}

// logoutPage is the data of logout.html.
type logoutPage struct {
	page
	Action string
	User   *user
}

// handleLogout ends the session on this server (OpenID Connect RP-Initiated Logout section 2). It asks the user first,
// as any page can link here, unless the request has an ID token of the user who is signed in.
func (s *Server) handleLogout(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || repeatedName(r.Form) != "" {
		s.showError(w, r, "invalid_request", "the parameters can't be parsed, or one is repeated")
		return
	}
	omitEmpty(r.Form)
	hint, hinted := s.readIDToken(r.Form.Get("id_token_hint")) // expired or not: section 2
	var clientID string
	if hinted {
		clientID = hint.Audience[0]
	}
	if r.Form.Has("client_id") {
		if hinted && clientID != r.Form.Get("client_id") {
			s.showError(w, r, "invalid_request", "the id_token_hint was issued to a different client_id")
			return
		}
		clientID = r.Form.Get("client_id")
	}
	target, ok := s.postLogoutTarget(clientID, r.Form)
	if !ok {
		s.showError(w, r, "invalid_request", "the post_logout_redirect_uri does not match any that is registered for this client")
		return
	}
	here, signedIn := s.session(r)
	confirmed := r.Method == http.MethodPost && r.PostForm.Get("confirm") == "yes"
	if signedIn && !confirmed && !(hinted && here.user == hint.Subject) {
		query := url.Values{}
		for name, values := range r.Form {
			if name != "confirm" && name != "id_token_hint" {
				query[name] = values
			}
		}
		if hinted {
			query.Set("client_id", clientID)
		}
		s.render(w, http.StatusOK, "logout.html", logoutPage{s.page(r, "Sign out?"), s.base + "/logout?" + query.Encode(), userByID(here.user)})
		return
	}
	s.signOut(w, r)
	if target == "" {
		s.render(w, http.StatusOK, "message.html", messagePage{page: s.page(r, "You are signed out"),
			Text: "This browser is no longer signed in to the demo server."})
		return
	}
	http.Redirect(w, r, target, http.StatusSeeOther)
}

// postLogoutTarget returns where the browser goes afterwards: a registered URI, or "" for nowhere.
func (s *Server) postLogoutTarget(clientID string, form url.Values) (string, bool) {
	uri := form.Get("post_logout_redirect_uri")
	if uri == "" {
		return "", true
	}
	client, known := s.client(clientID)
	u, err := url.Parse(uri)
	if !known || err != nil || !slices.Contains(client.PostLogoutRedirectURIs, uri) {
		return "", false
	}
	if state := form.Get("state"); state != "" {
		query := u.Query()
		query.Set("state", state)
		u.RawQuery = query.Encode()
	}
	return u.String(), true
}
