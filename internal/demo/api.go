package demo

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"
)

// handleMe is the API's first route: it greets the user of the access token.
func (s *Server) handleMe(w http.ResponseWriter, r *http.Request) {
	a, ok := s.openAPI(w, r, "/api/me", "profile")
	if !ok {
		return
	}
	u := userByID(a.grant.user)
	s.writeJSON(w, http.StatusOK, struct {
		Message  string `json:"message"`
		Subject  string `json:"sub"`
		Username string `json:"username"`
		Client   string `json:"client_id"`
		Scope    string `json:"scope"`
	}{"Hello, " + u.GivenName + ". The API accepted the access token.", u.Subject, u.Username, a.grant.client, strings.Join(a.scopes, " ")})
}

// handleNotes is the API's second route. It needs a scope of its own.
func (s *Server) handleNotes(w http.ResponseWriter, r *http.Request) {
	a, ok := s.openAPI(w, r, "/api/notes", "notes")
	if !ok {
		return
	}
	s.writeJSON(w, http.StatusOK, struct {
		Subject string   `json:"sub"`
		Notes   []string `json:"notes"`
	}{a.grant.user, userByID(a.grant.user).Notes})
}

// openAPI authorizes a call of one of the API's routes. If ok is false, it has written the error.
func (s *Server) openAPI(w http.ResponseWriter, r *http.Request, path, scope string) (a *accessToken, ok bool) {
	d := s.apiDoor(path, scope)
	if a, done := s.brokenAPI(w, r, &d); done {
		return a, a != nil
	}
	return s.bearer(w, r, d)
}

// apiDoor returns what a route of the API expects: a token from this server, for the route or the whole API, with the
// scope. Its challenge names the metadata, from which a client learns which server that is (RFC 9728 section 5.1).
func (s *Server) apiDoor(path, scope string) door {
	d := door{expects: s.expect(RevokedAtAPI), scope: scope}
	d.expects.AnyAudience = jwt.Audience{s.root() + path, s.root() + "/api"}
	d.challenge = fmt.Sprintf(`realm="demo", resource_metadata=%q`, s.resourceMetadataURL(path))
	return d
}

// resource is something that access tokens can be for: a route of the API, or the API as a whole.
type resource struct {
	path   string // below the server's root
	scopes []string
}

var resources = []resource{
	{"/api", []string{"profile", "notes"}},
	{"/api/me", []string{"profile"}},
	{"/api/notes", []string{"notes"}},
}

// wellKnownResource precedes the path of a resource in the address of its metadata (RFC 9728 section 3.1).
const wellKnownResource = "/.well-known/oauth-protected-resource"

// resourceMetadata tells a client that knows only the API which server issues tokens for it (RFC 9728 section 2).
type resourceMetadata struct {
	Resource string   `json:"resource"` // exactly the URL that the client started with: section 3.3
	Name     string   `json:"resource_name"`
	Servers  []string `json:"authorization_servers"`
	Scopes   []string `json:"scopes_supported"`
	Methods  []string `json:"bearer_methods_supported"`
}

func (s *Server) handleResourceMetadata(w http.ResponseWriter, r *http.Request) {
	if s.breaks(ResourceMetadataLoops) {
		http.Redirect(w, r, r.URL.Path+"?"+strconv.Itoa(len(r.URL.RawQuery)+1), http.StatusFound)
		return
	}
	path := strings.TrimPrefix(r.URL.Path, wellKnownResource+s.base)
	i := slices.IndexFunc(resources, func(known resource) bool { return known.path == path })
	if i < 0 {
		http.NotFound(w, r)
		return
	}
	md := resourceMetadata{s.root() + path, "The demo API", []string{s.issuer()}, resources[i].scopes, []string{"header"}}
	if s.breaks(ResourceMetadataLies) {
		md.Resource = "https://another-api.example/"
	}
	if s.breaks(ResourcePlainHTTP) {
		md.Servers = []string{"http://authorization.example"}
	}
	if s.breaks(ResourceFiftyServers) {
		for n := range 49 {
			md.Servers = slices.Insert(md.Servers, n, fmt.Sprintf("%s/another/%d", s.root(), n+1))
		}
	}
	s.writeJSON(w, http.StatusOK, md)
}

// resourceMetadataURL returns the address of a resource's metadata.
func (s *Server) resourceMetadataURL(path string) string {
	return strings.TrimSuffix(s.root(), s.base) + wellKnownResource + s.base + path
}

// knownResources returns the values that the parameter resource may have (RFC 8707 section 2).
func (s *Server) knownResources() []string {
	var known []string
	for _, r := range resources {
		known = append(known, s.root()+r.path)
	}
	return known
}

// audience returns what a token of a grant is for: what this request asks for, else what the authorization request asked
// for, else the whole API. It is never more than the grant allows.
func (s *Server) audience(g *grant, asked []string) ([]string, *oauthError) {
	allowed := g.resources
	if len(allowed) == 0 {
		allowed = s.knownResources()
	}
	switch {
	case !containsAll(allowed, asked):
		return nil, &oauthError{"invalid_target", "the resource is unknown, or wasn't in the authorization request"}
	case s.breaks(AccessTokenAudience):
		return []string{"https://another-api.example/"}, nil
	case len(asked) > 0:
		return asked, nil
	case len(g.resources) > 0:
		return g.resources, nil
	}
	return []string{s.root() + "/api"}, nil
}

// door holds what an endpoint for access tokens expects, and how it refuses.
type door struct {
	expects   expectation
	scope     string   // that the token must have
	challenge string   // the parameters of its Bearer challenge; empty for none at all
	schemes   []string // challenges of other schemes
}

// bearer authorizes a call by its access token. If ok is false, it has written an error of RFC 6750 section 3.1. A request
// without a token learns only how to send one.
func (s *Server) bearer(w http.ResponseWriter, r *http.Request, d door) (a *accessToken, ok bool) {
	raw := bearerToken(r)
	if raw == "" {
		d.refuse(w, "")
		s.writeError(w, http.StatusUnauthorized, "invalid_request", "the request has no access token; send it as Authorization: Bearer")
		return nil, false
	}
	a, err := s.verifyAccessToken(raw, d.expects)
	if err != nil {
		d.refuse(w, fmt.Sprintf(`, error="invalid_token", error_description=%q`, err.Error()))
		s.writeError(w, http.StatusUnauthorized, "invalid_token", err.Error())
		return nil, false
	}
	return a, s.hasScope(w, a, d)
}

// hasScope reports whether the token has the door's scope. If not, it has written insufficient_scope.
func (s *Server) hasScope(w http.ResponseWriter, a *accessToken, d door) bool {
	if slices.Contains(a.scopes, d.scope) {
		return true
	}
	description := "the access token lacks the scope " + d.scope
	d.refuse(w, fmt.Sprintf(`, error="insufficient_scope", error_description=%q, scope=%q`, description, d.scope))
	s.writeError(w, http.StatusForbidden, "insufficient_scope", description)
	return false
}

// refuse sets the challenges of a refusal (RFC 6750 section 3).
func (d door) refuse(w http.ResponseWriter, why string) {
	for _, scheme := range d.schemes {
		w.Header().Add("WWW-Authenticate", scheme)
	}
	if d.challenge != "" {
		w.Header().Add("WWW-Authenticate", "Bearer "+d.challenge+why)
	}
}

// bearerToken returns the access token of a request (RFC 6750 section 2.1), or "".
func bearerToken(r *http.Request) string {
	scheme, raw, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(raw)
}

// handleUserinfo implements OpenID Connect Core section 5.3.
func (s *Server) handleUserinfo(w http.ResponseWriter, r *http.Request) {
	a, ok := s.bearer(w, r, door{expects: s.expect(RevokedAtUserinfo), scope: "openid", challenge: `realm="demo"`})
	if !ok {
		return
	}
	s.writeJSON(w, http.StatusOK, struct {
		Subject string `json:"sub"`
		profileClaims
	}{a.grant.user, s.profileOf(userByID(a.grant.user), a.scopes)})
}

// brokenAPI plays the faults of an API. If done is true, the fault has answered the request, or accepted it with the
// returned token. The other faults change what the door expects.
func (s *Server) brokenAPI(w http.ResponseWriter, r *http.Request, d *door) (a *accessToken, done bool) {
	s.breakDoor(d)
	raw := bearerToken(r)
	isJWT := strings.Contains(raw, ".")
	switch {
	case s.inFront(w, r):
		return nil, true
	case s.breaks(APIOpen):
		return s.tokenOf(users[0].Subject, ""), true
	case s.breaks(APIWantsIDToken), s.breaks(APIOpenToIDToken):
		if claims, ok := s.readIDToken(raw); ok && s.now().Before(claims.Expiry.Time()) {
			return s.tokenOf(claims.Subject, claims.Audience[0]), true
		}
		if s.breaks(APIWantsIDToken) && raw != "" {
			s.refuseShape(w, d, "the token is not an ID token")
			return nil, true
		}
	case s.breaks(APIWantsJWT) && raw != "" && !isJWT:
		s.refuseShape(w, d, "the access token must be a JWT")
		return nil, true
	case s.breaks(APIWantsOpaque) && isJWT:
		s.refuseShape(w, d, "the access token is not known")
		return nil, true
	}
	return nil, false
}

// breakDoor changes what the door expects, and how it refuses.
func (s *Server) breakDoor(d *door) {
	if s.breaks(APIOtherAudience) {
		d.expects.AnyAudience = jwt.Audience{"https://another-api.example/"}
	}
	if s.breaks(APIOtherIssuer) {
		d.expects.Issuer = "https://another-issuer.example"
	}
	if s.breaks(APITokenExpired) {
		d.expects.Time = d.expects.Time.Add(accessLife + time.Hour)
	}
	if s.breaks(APIOtherScope) {
		d.scope = "admin"
	}
	if s.breaks(APIOpenToAltered) {
		d.expects.signed = false
	}
	if s.breaks(APIIgnoresExpiry) {
		d.expects.expires = false
	}
	if s.breaks(APIPlainChallenge) {
		d.challenge = `realm="demo"`
	}
	if s.breaks(APIOffersDPoP) {
		d.schemes = []string{`DPoP algs="ES256"`}
	}
	if s.breaks(APINoChallenge) {
		d.challenge = ""
	}
}

// inFront answers as something in front of the API does, so that no token reaches the API. It reports whether it has.
func (s *Server) inFront(w http.ResponseWriter, r *http.Request) bool {
	switch {
	case s.breaks(APIRedirectsToSignIn):
		http.Redirect(w, r, s.base+"/", http.StatusFound)
	case s.breaks(APISignInPage):
		writeHTML(w, http.StatusOK, "Sign in", "<form method=post><input name=email><input name=password type=password></form>")
	case s.breaks(APIFirewall):
		writeHTML(w, http.StatusForbidden, "Access denied", "<p>Your request was blocked. Reference 1f0c7.</p>")
	case s.breaks(APIOtherScheme):
		w.Header().Set("WWW-Authenticate", `Basic realm="demo"`)
		s.writeError(w, http.StatusUnauthorized, "unauthorized", "send a user name and password")
	case s.breaks(APIMethod):
		w.Header().Set("Allow", http.MethodPost)
		s.writeError(w, http.StatusMethodNotAllowed, "invalid_request", "this API only accepts POST")
	default:
		return false
	}
	return true
}

func writeHTML(w http.ResponseWriter, status int, title, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<!doctype html><html lang=en><title>%[1]s</title><h1>%[1]s</h1>%[2]s", title, body)
}

// refuseShape refuses a token because of its format.
func (s *Server) refuseShape(w http.ResponseWriter, d *door, description string) {
	d.refuse(w, `, error="invalid_token", error_description="`+description+`"`)
	s.writeError(w, http.StatusUnauthorized, "invalid_token", description)
}

// tokenOf returns an access token for a caller that didn't need one.
func (s *Server) tokenOf(subject, client string) *accessToken {
	return &accessToken{grant: &grant{user: subject, client: client}, scopes: scopesSupported}
}
