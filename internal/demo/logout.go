package demo

import (
	"net/http"
	"net/url"
	"slices"
)

// logoutPage is the data of logout.html.
type logoutPage struct {
	page
	Action string
	User   *user
}

// handleLogout ends the session at this server (OpenID Connect RP-Initiated Logout section 2). With
// an ID token of the user who is signed in it happens at once; otherwise the user is asked, as any
// page could have sent them here.
func (s *Server) handleLogout(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || repeatedName(r.Form) != "" {
		s.showError(w, r, "invalid_request", "the parameters cannot be read, or one is there more than once")
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
			s.showError(w, r, "invalid_request", "the client_id is not the one that the id_token_hint was issued to")
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
		s.render(w, http.StatusOK, "logout.html", logoutPage{s.page("Sign out?"), s.base + "/logout?" + query.Encode(), userByID(here.user)})
		return
	}
	s.signOut(w, r)
	if target == "" {
		s.render(w, http.StatusOK, "message.html", messagePage{page: s.page("You are signed out"), Text: "This browser is no longer signed in at the demo server."})
		return
	}
	http.Redirect(w, r, target, http.StatusSeeOther)
}

// postLogoutTarget is where the browser goes afterwards: nowhere, or exactly where the client may.
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
