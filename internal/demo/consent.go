package demo

import (
	"cmp"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// consent is a user's consent to a client: the scopes, and the time.
type consent struct {
	scopes []string
	at     time.Time
}

func consentKey(user, client string) string { return user + " " + client }

// consented reports whether the user has allowed the client everything it asks for.
func (s *Server) consented(user string, req *authorizeRequest) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.consents.get(s.now(), consentKey(user, req.client.ID))
	return ok && c.at.After(req.anew) && containsAll(c.scopes, req.scopes)
}

// requester is a client as its users see it.
type requester struct {
	ID, Name   string
	Domain     string // where the browser goes next: a client can't invent this
	Verified   bool   // the configuration names it, not the client itself
	Registered string // how long ago it was registered
}

// requester describes a client by one of its redirect URIs.
func (s *Server) requester(c *Client, redirectURI string) requester {
	who := requester{ID: c.ID, Name: c.Name, Verified: c.registered.IsZero()}
	if !who.Verified {
		who.Registered = ago(s.now().Sub(c.registered))
	}
	if u, err := url.Parse(redirectURI); err == nil {
		who.Domain = cmp.Or(u.Host, u.Scheme) // a native app's own scheme is its domain (RFC 8252 section 7.1)
	}
	return who
}

// ago writes a duration as people say it.
func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return count(int(d.Minutes()), "minute") + " ago"
	case d < 24*time.Hour:
		return count(int(d.Hours()), "hour") + " ago"
	}
	return count(int(d.Hours())/24, "day") + " ago"
}

// count writes a number of things.
func count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return strconv.Itoa(n) + " " + thing
}

// permission is a scope as its users see it.
type permission struct {
	Name     string // the scope
	Words    string
	Value    string // what the client gets, for this user
	Required bool   // can't be cleared
}

// permissions explains scopes to a user.
func permissions(scopes []string, u *user) []permission {
	var list []permission
	for _, scope := range scopes {
		p := permission{Name: scope, Required: scope == "openid"}
		switch scope {
		case "openid":
			p.Words, p.Value = "Confirm who you are", "Your user ID: "+u.Subject
		case "profile":
			p.Words, p.Value = "See your name and picture", u.Name
		case "email":
			p.Words, p.Value = "See your email address", u.Email
		case "notes":
			p.Words, p.Value = "Read your notes", count(len(u.Notes), "note")
		case "offline_access":
			p.Words, p.Value = "Keep access while you're away", "Until you revoke it"
		}
		list = append(list, p)
	}
	return list
}

// consentPage is the data of consent.html.
type consentPage struct {
	page
	Action      string
	Client      requester
	User        *user
	Permissions []permission
	Last        string // how long ago the user allowed it; empty if never
	Host, Path  string // where the browser goes next
}

func (s *Server) showConsent(w http.ResponseWriter, r *http.Request, req *authorizeRequest, here session) {
	data := consentPage{page: s.page(r, "Allow access?"), Action: r.URL.RequestURI(), Client: s.requester(req.client, req.redirectURI),
		User: userByID(here.user)}
	data.Class = "ask"
	data.Permissions = permissions(req.scopes, data.User)
	s.mu.Lock()
	if last, ok := s.consents.get(s.now(), consentKey(here.user, req.client.ID)); ok {
		data.Last = ago(s.now().Sub(last.at))
	}
	s.mu.Unlock()
	if u, err := url.Parse(req.redirectURI); err == nil {
		if data.Host, data.Path = u.Host, u.EscapedPath(); u.Host == "" {
			data.Host = u.Scheme + ":"
		}
	}
	s.render(w, http.StatusOK, "consent.html", data)
}

// allow stores what the user allows, and sends the browser back with a code for it.
func (s *Server) allow(w http.ResponseWriter, r *http.Request, req *authorizeRequest, here session) {
	granted := grantedScopes(req.scopes, r.PostForm)
	if len(granted) == 0 {
		s.redirectError(w, r, req, "access_denied", "the user cleared every scope")
		return
	}
	now := s.now()
	s.mu.Lock()
	s.consents.put(now, consentKey(here.user, req.client.ID), consent{granted, now})
	s.mu.Unlock()
	s.redirectCode(w, r, req, here, granted)
}

// grantedScopes returns the requested scopes that the user didn't clear. A form without the field "choice" has no boxes,
// and allows them all.
func grantedScopes(asked []string, form url.Values) []string {
	if !form.Has("choice") {
		return asked
	}
	return slices.DeleteFunc(slices.Clone(asked), func(scope string) bool {
		return scope != "openid" && !slices.Contains(form["scope"], scope)
	})
}

// access lists what one client may do in a user's name.
type access struct {
	Client      requester
	Permissions []permission
	Allowed     string // how long ago
}

// granted returns the clients that have access to a user's account. Codes and tokens that are still valid count, too: a
// later consent to less doesn't end an earlier one.
func (s *Server) granted(u *user) []access {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	scopes, allowed := map[string][]string{}, map[string]time.Time{}
	for key, c := range s.consents.all(now) {
		if client, ok := strings.CutPrefix(key, consentKey(u.Subject, "")); ok {
			scopes[client], allowed[client] = append(scopes[client], c.scopes...), c.at
		}
	}
	for g := range s.liveGrants(u.Subject) {
		scopes[g.client] = append(scopes[g.client], g.scopes...)
	}
	var list []access
	for _, id := range slices.Sorted(maps.Keys(scopes)) {
		open := slices.DeleteFunc(slices.Clone(scopesSupported), func(scope string) bool { return !slices.Contains(scopes[id], scope) })
		a := access{Client: requester{ID: id, Name: "An application that is no longer registered"}, Permissions: permissions(open, u)}
		if client, known := s.clients.get(now, id); known {
			a.Client = s.requester(client, client.RedirectURIs[0])
		}
		if at, ok := allowed[id]; ok {
			a.Allowed = ago(now.Sub(at))
		}
		list = append(list, a)
	}
	return list
}

// liveGrants yields the grants of a user that still have a valid code or refresh token. Access tokens need no look, as
// the refresh token beside each lives longer. The caller holds s.mu.
func (s *Server) liveGrants(user string) iter.Seq[*grant] {
	return func(yield func(*grant) bool) {
		now := s.now()
		for _, c := range s.codes.all(now) {
			good := !c.used && now.Sub(c.issued) <= codeLife
			if good && !c.grant.revoked && c.grant.user == user && !yield(c.grant) {
				return
			}
		}
		for _, t := range s.refresh.all(now) {
			if !t.grant.revoked && t.grant.user == user && !yield(t.grant) {
				return
			}
		}
	}
}

// handleRevokeAccess ends a client's access to the account of the user who is signed in: the consent, and all codes and
// tokens.
func (s *Server) handleRevokeAccess(w http.ResponseWriter, r *http.Request) {
	client := r.PostFormValue("client")
	if here, signedIn := s.session(r); signedIn {
		s.mu.Lock()
		s.consents.remove(consentKey(here.user, client))
		for g := range s.liveGrants(here.user) {
			if g.client == client {
				g.revoked = true
			}
		}
		s.mu.Unlock()
	}
	http.Redirect(w, r, s.base+"/?done=revoked#granted", http.StatusSeeOther)
}
