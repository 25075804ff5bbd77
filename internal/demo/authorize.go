package demo

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// handleAuthorize is the authorization endpoint: sign-in, consent, code, whichever comes next.
func (s *Server) handleAuthorize(w http.ResponseWriter, r *http.Request) {
	req, ok := s.parseAuthorize(w, r)
	if !ok {
		return
	}
	here, signedIn := s.session(r)
	if signedIn && req.maxAge >= 0 && s.now().Sub(here.authTime) > req.maxAge {
		signedIn = false // too long ago
	}
	none := slices.Contains(req.prompt, "none") && !s.breaks(PromptNonePage)
	switch {
	case none && s.breaks(PromptNoneCode):
		s.redirectCode(w, r, req, session{users[0].Subject, s.now()}, req.scopes)
	case none && !signedIn:
		s.redirectError(w, r, req, "login_required", "nobody is signed in")
	case !signedIn || slices.Contains(req.prompt, "login") || slices.Contains(req.prompt, "select_account"):
		s.showSignIn(w, r, req)
	case s.consented(here.user, req) && !slices.Contains(req.prompt, "consent"):
		s.redirectCode(w, r, req, here, req.scopes)
	case none:
		s.redirectError(w, r, req, "consent_required", "the user has not allowed this yet")
	default:
		s.showConsent(w, r, req, here)
	}
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
		s.again(w, r, req, slices.DeleteFunc(slices.Clone(req.prompt), func(p string) bool { return p == "login" || p == "select_account" }))
		return
	}
	here, signedIn := s.session(r)
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

// again repeats a request after a sign-in, with what is left of its prompt. max_age has been
// fulfilled: max_age=0 would ask for another sign-in without end.
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
	s.render(w, http.StatusOK, "signin.html", signinPage{s.page("Sign in"), r.URL.RequestURI(), req.client.Name, users, req.loginHint})
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
	if !s.spend(req) {
		s.showError(w, r, "invalid_request_uri", "the request_uri has been used")
		return
	}
	if req.state != "" {
		response.Set("state", req.state)
	}
	response.Set("iss", s.issuer())
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
