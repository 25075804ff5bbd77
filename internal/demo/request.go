package demo

import (
	"cmp"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// authorizeRequest is an authorization request whose client and redirect URI are right.
type authorizeRequest struct {
	client      *Client
	redirectURI string
	state       string
	scopes      []string
	resources   []string // RFC 8707 section 2
	nonce       string
	challenge   string
	prompt      []string
	maxAge      time.Duration // negative when not asked
	loginHint   string
	query       url.Values
	pushed      string // the request_uri with which it came
}

// maxRequest is how long an authorization request may be: codes and pushed requests are kept.
const maxRequest = 8 << 10

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
	if refused != nil {
		s.redirectError(w, r, req, refused.Code, refused.Description)
		return nil, false
	}
	return req, true
}

// readRequest reads the parameters of an authorization request. With an error there is a request only if
// its client and redirect URI are right.
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
	if !slices.Contains(client.RedirectURIs, req.redirectURI) {
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

// refusal returns the first error of a request whose client and redirect URI are right.
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
		return "invalid_request", "the code_challenge is not a base64url SHA-256 hash"
	case slices.Contains(req.prompt, "none") && len(req.prompt) > 1:
		return "invalid_request", "prompt=none goes with no other value"
	}
	for _, scope := range req.scopes {
		if !slices.Contains(req.client.scopes(), scope) {
			return "invalid_scope", "the scope " + strconv.Quote(scope) + " is not enabled for this client"
		}
	}
	if !containsAll(s.knownResources(), req.resources) {
		return "invalid_target", "the resource is not known here"
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

// notUnreserved reports a character outside those of RFC 7636 section 4.1.
func notUnreserved(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-._~", r))
}

// repeatedName returns a parameter that is there more than once (RFC 6749 section 3.1), or "". Only
// resource may be (RFC 8707 section 2).
func repeatedName(values url.Values) string {
	for name, v := range values {
		if len(v) > 1 && name != "resource" {
			return name
		}
	}
	return ""
}

// omitEmpty takes out the parameters without a value: they count as omitted (RFC 6749 section 3.1).
func omitEmpty(values url.Values) {
	maps.DeleteFunc(values, func(_ string, v []string) bool { return strings.Join(v, "") == "" })
}
