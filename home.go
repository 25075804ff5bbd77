package main

import (
	"context"
	"net/http"
	"time"

	"oauth-test-client/internal/diagnose"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/session"
)

// homePage is the data of home.html.
type homePage struct {
	page
	DemoMode    bool          `json:"demo"`
	Issuer      string        `json:"issuer,omitempty"`
	ClientID    string        `json:"client_id"`
	Scopes      []string      `json:"scopes"`
	RedirectURI string        `json:"redirect_uri"`
	LoginURI    string        `json:"login_uri"`
	IsFound     bool          `json:"server_found"`
	Source      string        `json:"metadata_uri,omitempty"`
	Tried       []oauth.Tried `json:"tried,omitempty"`
	Unfinished  *unfinished   `json:"unfinished,omitempty"` // a login that this browser has not come back from

	Public   bool            `json:"-"` // the client has no secret
	Found    *oauth.Metadata `json:"-"` // nil when the server has not been found
	Failure  *failure        `json:"-"` // why not; nil before the first attempt has ended
	Session  bool            `json:"-"` // this browser has signed in
	SignedIn string          `json:"-"` // who signed in from this browser, if anybody
}

// handleHome shows what is configured, whether the server was found, and the button that begins.
func (s *server) handleHome(w http.ResponseWriter, r *http.Request) error {
	logins, err := s.sessions.Logins(w, r)
	if err != nil {
		return err
	}
	found, missing := s.oauth.Known()
	data := homePage{
		page:        s.page("Test an OAuth application"),
		DemoMode:    s.cfg.Demo,
		Issuer:      s.cfg.Issuer,
		ClientID:    s.cfg.ClientID,
		Scopes:      s.cfg.Scopes,
		RedirectURI: s.cfg.RedirectURI(),
		LoginURI:    s.cfg.BaseURL + "/login",
		IsFound:     found != nil,
		Public:      s.cfg.ClientSecret == "",
		Found:       found,
	}
	if found != nil {
		data.Source = found.Source
	}
	if missing != nil {
		data.Failure, data.Tried = s.explain(missing, s.cfg.Scopes), missing.Tried
	}
	data.Unfinished = s.unfinished(r, logins)
	if len(logins) > 0 {
		data.Session, data.SignedIn = true, logins[0].Who()
	}
	return s.respond(w, r, http.StatusOK, "home.html", data)
}

// unfinished is a login that was begun and has not come back, and the usual causes.
type unfinished struct {
	Began  time.Time        `json:"began"`
	Ago    time.Duration    `json:"-"`
	Causes []diagnose.Cause `json:"causes"`
}

// unfinished returns the newest login that this browser has begun and not come back from, unless one has
// been finished since: then nothing is wrong.
func (s *server) unfinished(r *http.Request, logins []*session.Login) *unfinished {
	begun := s.sessions.Unfinished(r)
	if len(begun) == 0 || len(logins) > 0 && logins[0].Arrived.After(begun[0]) {
		return nil
	}
	return &unfinished{Began: begun[0], Ago: s.now().Sub(begun[0]).Round(time.Second), Causes: diagnose.NeverCameBack(s.cfg)}
}

// checkPage is the data of check.html.
type checkPage struct {
	page
	diagnose.Report
}

// handleCheck asks the server everything that can be known without a user.
func (s *server) handleCheck(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), diagnose.Timeout)
	defer cancel()
	report := diagnose.Run(ctx, s.cfg, s.wire, s.now, func(string) {}, func(diagnose.Finding) {})
	return s.respond(w, r, http.StatusOK, "check.html", checkPage{s.page("Check the settings"), report})
}
