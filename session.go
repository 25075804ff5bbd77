package main

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"oauth-test-client/internal/flow"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/session"
)

// sessionPage is the data of session.html.
type sessionPage struct {
	page
	Who     string      `json:"signed_in,omitempty"`
	Subject string      `json:"sub,omitempty"`
	Held    []heldToken `json:"tokens"`
	Actions []action    `json:"actions"`

	Login  *session.Login `json:"-"`
	Access *oauth.Decoded `json:"-"` // nil when no access token is held
}

// heldToken is a token as the session page lists it.
type heldToken struct {
	Name    string     `json:"name"`
	Held    bool       `json:"held"`
	Expires *time.Time `json:"expires,omitempty"`
	Note    string     `json:"note,omitempty"`
}

// action is a button of the session page.
type action struct {
	Name     string `json:"name"`
	About    string `json:"about"`
	Method   string `json:"method"`
	Path     string `json:"path"`
	Disabled string `json:"disabled,omitempty"` // why; empty when it can be used
}

// handleSession shows who signed in, what is held, and what can be done with it.
func (s *server) handleSession(w http.ResponseWriter, r *http.Request) error {
	l, err := s.current(w, r)
	if err != nil {
		return err
	}
	md, _ := s.oauth.Metadata(r.Context()) // nil when another process found it and this one cannot
	data := sessionPage{page: s.page("Your session"), Login: l, Who: l.Who(), Subject: l.Subject(), Held: heldTokens(l.Held), Actions: s.actions(md, l),
		Access: oauth.Decode(l.Held.Access)}
	// No form-action: the form of /logout is answered with a redirect to the authorization server,
	// and on from there to wherever it signs people out.
	w.Header().Set("Content-Security-Policy", strings.Replace(w.Header().Get("Content-Security-Policy"), "form-action 'self'; ", "", 1))
	return s.respond(w, r, http.StatusOK, "session.html", data)
}

// heldTokens lists the three kinds of token.
func heldTokens(held oauth.Tokens) []heldToken {
	access := heldToken{Name: "Access token", Held: held.Access != "", Note: "opens the API"}
	if !held.Expires.IsZero() {
		access.Expires = &held.Expires
	}
	refresh := heldToken{Name: "Refresh token", Held: held.Refresh != "", Note: "brings a new access token; the server does not say when it expires"}
	if !refresh.Held {
		refresh.Note = noRefreshToken
	}
	id := heldToken{Name: "ID token", Held: held.ID != "", Note: "says who signed in"}
	if expires := oauth.ExpiryOf(held.ID); !expires.IsZero() {
		id.Expires = &expires
	}
	if !id.Held {
		id.Note = "There is none: openid was not granted."
	}
	return []heldToken{access, refresh, id}
}

// actions lists what can be done, each with the reason if it cannot. The metadata is nil while the
// server cannot be found.
func (s *server) actions(md *oauth.Metadata, l *session.Login) []action {
	missing := md == nil
	if missing {
		md = &oauth.Metadata{}
	}
	noAccess, noRefresh, nothing := "", "", ""
	if l.Held.Access == "" {
		noAccess = "no access token is held"
	}
	if l.Held.Refresh == "" {
		noRefresh = "no refresh token is held"
	}
	if noAccess != "" && noRefresh != "" {
		nothing = "no token is held"
	}
	offered := func(endpoint, what string) string {
		switch {
		case missing:
			return "the server cannot be found"
		case endpoint == "":
			return "the server names no " + what + " endpoint"
		}
		return ""
	}
	resource := ""
	if s.cfg.ResourceURL == "" {
		resource = "RESOURCE_URL is not set"
	}
	reason := func(reasons ...string) string {
		for _, r := range reasons {
			if r != "" {
				return r
			}
		}
		return ""
	}
	return []action{
		{"Ask userinfo", "who signed in, by the access token", http.MethodGet, "/userinfo", reason(offered(md.Userinfo, "userinfo"), noAccess)},
		{"Call the API", "with the access token", http.MethodGet, "/api", reason(resource, noAccess)},
		{"Try wrong tokens", "three tokens that must not open the API, beside the one that should", http.MethodPost, "/api", reason(resource, noAccess)},
		{"Inspect the tokens", "what the server knows of them", http.MethodGet, "/tokeninfo", reason(offered(md.Introspection, "introspection"), nothing)},
		{"Refresh", "get a new access token", http.MethodPost, "/refresh", noRefresh},
		{"Revoke", "end the tokens at the server", http.MethodPost, "/revoke", reason(offered(md.Revocation, "revocation"), nothing)},
		{"Try to misuse it", "what the server lets pass: nine tries, each with a login of its own", http.MethodGet, "/misuse", ""},
		{"Sign out", "here, and at the server if it offers that", http.MethodPost, "/logout", ""},
	}
}

// handleAskRefresh shows the button that refreshes, as opening an address must change nothing: a link, a
// reload or a restored tab would spend the refresh token.
func (s *server) handleAskRefresh(w http.ResponseWriter, r *http.Request) error {
	if err := spendsNothing(r); err != nil {
		return err
	}
	if !wantsHTML(r) {
		return wrongMethod(http.MethodPost)
	}
	if _, err := s.current(w, r); err != nil {
		return err
	}
	return s.respond(w, r, http.StatusOK, "refresh.html", s.page("Refresh"))
}

// logoutAnswer is what a program gets from /logout.
type logoutAnswer struct {
	SignedOut  bool   `json:"signed_out"`
	EndSession string `json:"end_session_uri,omitempty"`
}

// handleLogout forgets the tokens and, when the server offers it, signs the user out there too
// (OpenID Connect RP-Initiated Logout section 2).
func (s *server) handleLogout(w http.ResponseWriter, r *http.Request) error {
	logins, err := s.sessions.Logins(w, r)
	if err != nil {
		return err
	}
	if len(logins) == 0 {
		return notSignedIn()
	}
	if err := s.sessions.Forget(w, r); err != nil {
		return err
	}
	to := s.oauth.EndSessionURL(r.Context(), logins[0].Request, logins[0].Held.ID) // a server that is gone ends no session
	if wantsHTML(r) {
		http.Redirect(w, r, cmp.Or(to, s.cfg.BaseURL+"/"), http.StatusSeeOther)
		return nil
	}
	return s.respond(w, r, http.StatusOK, "", logoutAnswer{SignedOut: true, EndSession: to})
}

// flowPage is the data of flow.html.
type flowPage struct {
	page
	Flow flow.Page
}

// handleFlow shows every exchange of this session: as a diagram and a list, or for programs as HAR.
func (s *server) handleFlow(w http.ResponseWriter, r *http.Request) error {
	l, err := s.current(w, r)
	if err != nil {
		return err
	}
	s.oauth.Metadata(r.Context()) // for the first step's address, when another process began the login
	if !wantsHTML(r) {
		w.Header().Set("Vary", "Accept")
		return s.writeHAR(w, l)
	}
	query := r.URL.Query()
	full := query.Get("tokens") == "full"
	address := "/flow?step="
	if full {
		address = "/flow?tokens=full&step="
	}
	view := flow.View(s.told(s.steps(l), l.IDToken != nil), s.secrets(), full)
	if l.IDToken != nil {
		view.AddChecks(shownChecks(l.IDToken.Verdicts))
	}
	view.ShowAt(address, query.Get("step"))
	return s.respond(w, r, http.StatusOK, "flow.html", flowPage{s.page("What went over the wire"), view})
}

// handleHAR is the same as a file to keep, or to add to a bug report.
func (s *server) handleHAR(w http.ResponseWriter, r *http.Request) error {
	l, err := s.current(w, r)
	if err != nil {
		return err
	}
	s.oauth.Metadata(r.Context())
	w.Header().Set("Content-Disposition", `attachment; filename="oauth-flow.har"`)
	return s.writeHAR(w, l)
}

// handleReport is the same as Markdown, with the picture as Mermaid draws it.
func (s *server) handleReport(w http.ResponseWriter, r *http.Request) error {
	l, err := s.current(w, r)
	if err != nil {
		return err
	}
	s.oauth.Metadata(r.Context())
	report := flow.Markdown(s.told(s.steps(l), l.IDToken != nil), s.secrets())
	write(w, http.StatusOK, "text/markdown; charset=utf-8", []byte(report))
	return nil
}

func (s *server) writeHAR(w http.ResponseWriter, l *session.Login) error {
	document, err := flow.HAR(s.steps(l), s.secrets())
	if err != nil {
		return err
	}
	write(w, http.StatusOK, "application/json", document)
	return nil
}
