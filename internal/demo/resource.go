package demo

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

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

// wellKnownResource is put before the path of a resource to have that of its metadata (RFC 9728 section
// 3.1).
const wellKnownResource = "/.well-known/oauth-protected-resource"

// resourceMetadata tells a client that knows nothing but the API which server issues tokens for it (RFC
// 9728 section 2).
type resourceMetadata struct {
	Resource string   `json:"resource"` // exactly the URL that the client began with: section 3.3
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

// resourceMetadataURL is where the metadata of a resource is.
func (s *Server) resourceMetadataURL(path string) string {
	return strings.TrimSuffix(s.root(), s.base) + wellKnownResource + s.base + path
}

// knownResources are the values that the parameter resource may have (RFC 8707 section 2).
func (s *Server) knownResources() []string {
	var known []string
	for _, r := range resources {
		known = append(known, s.root()+r.path)
	}
	return known
}

// audience returns what a token of a grant will be for: what is asked for now, else what was asked for at
// the authorization endpoint, else the API as a whole. It is never more than the grant allows.
func (s *Server) audience(g *grant, asked []string) ([]string, *oauthError) {
	allowed := g.resources
	if len(allowed) == 0 {
		allowed = s.knownResources()
	}
	switch {
	case !containsAll(allowed, asked):
		return nil, &oauthError{"invalid_target", "the resource is not known here, or is not one of the authorization request's"}
	case s.breaks(AccessTokenAudience):
		return []string{"https://another-api.example/"}, nil
	case len(asked) > 0:
		return asked, nil
	case len(g.resources) > 0:
		return g.resources, nil
	}
	return []string{s.root() + "/api"}, nil
}
