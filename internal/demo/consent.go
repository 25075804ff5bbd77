package demo

import (
	"net/http"
	"net/url"
	"slices"
)

// consentPage is the data of consent.html.
type consentPage struct {
	page
	Action, Client, Host string
	User                 *user
	Scopes               []scopeChoice
}

// scopeChoice is a scope as the consent page shows it.
type scopeChoice struct {
	Name, Words string
	Stays       bool // cannot be left out
}

func (s *Server) showConsent(w http.ResponseWriter, r *http.Request, req *authorizeRequest, here session) {
	data := consentPage{page: s.page("Allow access?"), Action: r.URL.RequestURI(), Client: req.client.Name, User: userByID(here.user)}
	if u, err := url.Parse(req.redirectURI); err == nil {
		data.Host = u.Host
	}
	for _, scope := range req.scopes {
		data.Scopes = append(data.Scopes, scopeChoice{scope, scopeWords[scope], scope == "openid"})
	}
	s.render(w, http.StatusOK, "consent.html", data)
}

// allow remembers what the user allows, and goes back to the client with a code for just that.
func (s *Server) allow(w http.ResponseWriter, r *http.Request, req *authorizeRequest, here session) {
	granted := grantedScopes(req.scopes, r.PostForm)
	if len(granted) == 0 {
		s.redirectError(w, r, req, "access_denied", "the user left out every scope")
		return
	}
	s.mu.Lock()
	s.consents.put(s.now(), here.user+" "+req.client.ID, granted)
	s.mu.Unlock()
	s.redirectCode(w, r, req, here, granted)
}

// grantedScopes are those that were asked for and not left out. A form without the field "choice"
// has no boxes to tick, and allows what was asked for.
func grantedScopes(asked []string, form url.Values) []string {
	if !form.Has("choice") {
		return asked
	}
	return slices.DeleteFunc(slices.Clone(asked), func(scope string) bool {
		return scope != "openid" && !slices.Contains(form["scope"], scope)
	})
}

// consented reports whether the user has allowed the client everything it asks for.
func (s *Server) consented(user string, req *authorizeRequest) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	allowed, ok := s.consents.get(s.now(), user+" "+req.client.ID)
	return ok && containsAll(allowed, req.scopes)
}
