package main

import (
	"net/http"
	"strings"
)

// homePage is the data of home.html.
type homePage struct {
	page
	Issuer      string
	ClientID    string
	Public      bool // the client has no secret
	Scopes      string
	RedirectURI string
	Found       *metadata // nil when the server has not been found
	Failure     *failure  // why not; nil before the first attempt has ended
	Session     bool      // this browser has signed in
	SignedIn    string    // who signed in from this browser, if anybody
}

// homeDocument is the home page for programs.
type homeDocument struct {
	Demo        bool     `json:"demo"`
	Issuer      string   `json:"issuer,omitempty"`
	ClientID    string   `json:"client_id"`
	Scopes      []string `json:"scopes"`
	RedirectURI string   `json:"redirect_uri"`
	LoginURI    string   `json:"login_uri"`
	Found       bool     `json:"server_found"`
	Metadata    string   `json:"metadata_uri,omitempty"`
	Tried       []tried  `json:"tried,omitempty"`
}

// handleHome shows what is configured, whether the server was found, and the button that begins.
func (s *server) handleHome(w http.ResponseWriter, r *http.Request) error {
	found, missing := s.provider.known()
	data := homePage{
		page:        s.page("Test an OAuth application"),
		Issuer:      s.cfg.Issuer,
		ClientID:    s.cfg.ClientID,
		Public:      s.cfg.ClientSecret == "",
		Scopes:      strings.Join(s.cfg.Scopes, " "),
		RedirectURI: s.cfg.RedirectURI(),
		Found:       found,
	}
	document := homeDocument{Demo: s.cfg.Demo, Issuer: s.cfg.Issuer, ClientID: s.cfg.ClientID, Scopes: s.cfg.Scopes,
		RedirectURI: data.RedirectURI, LoginURI: s.cfg.BaseURL + "/login", Found: found != nil}
	if found != nil {
		document.Metadata = found.Source
	}
	if missing != nil {
		data.Failure = notDiscovered(s.cfg, missing)
		document.Tried = missing.Tried
	}
	logins, err := s.browsers.logins(r)
	if err != nil {
		return err
	}
	if len(logins) > 0 {
		data.Session, data.SignedIn = true, logins[0].who()
	}
	body, err := marshal(document)
	if err != nil {
		return err
	}
	return s.respond(w, r, http.StatusOK, "home.html", data, body)
}
