package main

import (
	"net/http"

	"oauth-test-client/internal/display"
	"oauth-test-client/internal/flow"
	"oauth-test-client/internal/session"
)

// sessionPage is the data of session.html.
type sessionPage struct {
	display.Page
	display.Session
	SignIn display.SignIn `json:"-"`
	Env    string         `json:"-"` // the lines of .env that keep a registered client
}

// handleSession shows who signed in, what is held, and what can be done with it.
func (s *server) handleSession(w http.ResponseWriter, r *http.Request) error {
	l, err := s.current(w, r)
	if err != nil {
		return err
	}
	md, _ := s.oauth.Metadata(r.Context()) // nil when another process found it and this one cannot
	data := sessionPage{s.page("Your session"), display.NewSession(l, md, s.cfg.ResourceURL, s.now()), s.signIn("Sign in again"), display.EnvLines(s.cfg)}
	data.SignIn.Second = true
	return s.respond(w, r, http.StatusOK, "session.html", data)
}

// handleAskRefresh shows the button that refreshes, as opening an address must change nothing: a link, a
// reload or a restored tab would spend the refresh token.
func (s *server) handleAskRefresh(w http.ResponseWriter, r *http.Request) error {
	if err := rejectPrefetch(r); err != nil {
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

// logoutPage is the data of logout.html.
type logoutPage struct {
	display.Page
	SignedOut  bool   `json:"signed_out"`
	EndSession string `json:"end_session_uri,omitempty"`

	Held bool `json:"-"` // tokens were held, and have not been revoked
}

// handleLogout forgets the tokens, says so, and shows the way to sign out at the server too when it
// offers that (OpenID Connect RP-Initiated Logout section 2). That way is a link: the browser would
// apply our form-action to a redirect that answers a form.
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
	l := logins[0]
	to := s.oauth.EndSessionURL(r.Context(), l.Request, l.Held.ID, s.sessions.BeginLogout(w)) // a server that is gone ends no session
	return s.respond(w, r, http.StatusOK, "logout.html", logoutPage{Page: s.page("Signed out"), SignedOut: true, EndSession: to,
		Held: l.Held.Access != "" || l.Held.Refresh != ""})
}

// flowPage is the data of flow.html.
type flowPage struct {
	display.Page
	Flow flow.Page
}

// handleFlow shows every exchange of this session: as a diagram and a list, or for programs as HAR.
func (s *server) handleFlow(w http.ResponseWriter, r *http.Request) error {
	if !wantsHTML(r) {
		w.Header().Set("Vary", "Accept")
		return s.handleHAR(w, r)
	}
	l, err := s.recorded(w, r)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	full := query.Get("tokens") == "full"
	address := "/flow?step="
	if full {
		address = "/flow?tokens=full&step="
	}
	view := flow.View(s.told(s.steps(l), l.IDToken != nil), s.secrets(), full)
	if l.IDToken != nil {
		view.AddChecks(display.FlowChecks(l.IDToken.Verdicts))
	}
	view.ShowAt(address, query.Get("step"))
	return s.respond(w, r, http.StatusOK, "flow.html", flowPage{s.page("What went over the wire"), view})
}

// recorded is the newest login of this browser, with what it takes to tell its flow.
func (s *server) recorded(w http.ResponseWriter, r *http.Request) (*session.Login, error) {
	l, err := s.current(w, r)
	if err == nil {
		s.oauth.Metadata(r.Context()) // for the first step's address, when another process began the login
	}
	return l, err
}

// handleHAR is the same as a file to keep, or to add to a bug report.
func (s *server) handleHAR(w http.ResponseWriter, r *http.Request) error {
	l, err := s.recorded(w, r)
	if err != nil {
		return err
	}
	document, err := flow.HAR(s.steps(l), s.secrets())
	if err != nil {
		return err
	}
	if r.URL.Path != "/flow" { // where a program reads it
		w.Header().Set("Content-Disposition", `attachment; filename="oauth-flow.har"`)
	}
	write(w, http.StatusOK, "application/json", document)
	return nil
}

// handleReport is the same as Markdown, with the picture as Mermaid draws it.
func (s *server) handleReport(w http.ResponseWriter, r *http.Request) error {
	l, err := s.recorded(w, r)
	if err != nil {
		return err
	}
	report := flow.Markdown(s.told(s.steps(l), l.IDToken != nil), s.secrets())
	write(w, http.StatusOK, "text/markdown; charset=utf-8", []byte(report))
	return nil
}
