package main

import (
	"net/http"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/check"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/session"
)

// homePage is the data of home.html: what is configured, and what is known of the server. As JSON it is for programs.
type homePage struct {
	layout
	DemoMode    bool          `json:"demo"`
	Issuer      string        `json:"issuer,omitempty"`
	ClientID    string        `json:"client_id"`
	Scopes      []string      `json:"scopes"`
	RedirectURI string        `json:"redirect_uri"`
	LoginURI    string        `json:"login_uri"`
	IsFound     bool          `json:"server_found"`
	Source      string        `json:"metadata_uri,omitempty"`
	Tried       []oauth.Tried `json:"tried,omitempty"`

	AtAPI bool   `json:"begins_at_the_api,omitempty"` // which names its authorization server
	API   string `json:"resource_url,omitempty"`

	Unfinished *unfinished `json:"unfinished,omitempty"` // a login that this browser has not come back from
	SignedOut  bool        `json:"signed_out,omitempty"` // the browser is back from signing out at the server

	Resource   string          `json:"-"` // what the API calls itself, where that is not its address
	Registered bool            `json:"-"` // this process has registered the client
	Registers  bool            `json:"-"` // this process has registered the client, or will
	Public     bool            `json:"-"` // the client has no secret
	Found      *oauth.Metadata `json:"-"` // nil when no login or page has looked for the server yet
	Accepted   bool            `json:"-"` // the server accepts the redirect URI, as a check has proved
	Failure    *failure        `json:"-"` // why the server was not found; nil before the first attempt has ended
	Session    bool            `json:"-"` // this browser has signed in
	SignedIn   string          `json:"-"` // who signed in from this browser; may be empty
	Checked    checkVerdict    `json:"-"`
	SignIn     signIn          `json:"-"`
}

// handleHome shows the configuration, what the checks have found, and the button that starts a login.
func (s *server) handleHome(w http.ResponseWriter, r *http.Request) error {
	logins, err := s.sessions.Logins(w, r)
	if err != nil {
		return err
	}
	state := r.URL.Query().Get("state")
	begun, right := s.sessions.EndLogout(r, state)
	if state != "" && begun && !right { // OpenID Connect RP-Initiated Logout section 3
		f := refuse(http.StatusBadRequest, "invalid_state", "The state of this sign-out is not the one that this browser was given.",
			"You are signed out here. You may still be signed in on the server: sign out there, too.")
		f.Heading = "This sign-out was not started here"
		return f
	}
	found, missing := s.oauth.Known() // both are nil before the first attempt to find the server has ended
	checks := s.checks.State()
	data := homePage{
		layout:      s.page(r, "Test an OAuth application"),
		DemoMode:    s.cfg.Demo,
		Issuer:      s.cfg.Issuer,
		ClientID:    s.cfg.ClientID,
		Scopes:      s.cfg.Scopes,
		RedirectURI: s.cfg.RedirectURI(),
		LoginURI:    s.cfg.BaseURL + "/login",
		IsFound:     found != nil || missing == nil && checks.Passed("metadata"),
		Found:       found,
		Accepted:    !checks.Registered().IsZero(),
		Public:      s.cfg.ClientSecret == "",
		Unfinished:  newUnfinished(s.cfg, checks, s.sessions.Unfinished(r), logins, s.now()),
		SignedOut:   state != "" && right,
		Checked:     s.checkVerdict(checks),
		SignIn:      s.signIn("Sign in to the demo server"),
	}
	data.SignIn.Steps = true
	if found != nil {
		data.Source = found.Source
	}
	if missing != nil {
		data.Tried, data.Failure = missing.Tried, s.explain(missing, s.cfg.Scopes)
	}
	if s.cfg.AtAPI {
		data.addAPI(s.cfg)
	}
	if len(logins) > 0 {
		data.Session, data.SignedIn = true, logins[0].Who()
	}
	if !s.cfg.Demo {
		refreshWhile(w, data.Checked.Running)
	}
	return s.respond(w, r, http.StatusOK, "home.html", data)
}

// addAPI adds the API and the client's registration, for a login that starts at the API.
func (p *homePage) addAPI(cfg config.Effective) {
	p.AtAPI, p.API, p.Registered, p.Registers = true, cfg.ResourceURL, cfg.Registered(), cfg.Registered() || cfg.ClientID == ""
	if cfg.Found.Resource != cfg.ResourceURL {
		p.Resource = cfg.Found.Resource
	}
}

// unfinished is a login that was started and has not come back, and the usual causes.
type unfinished struct {
	Began  time.Time           `json:"began"`
	Ago    string              `json:"-"`
	Causes []causes.Unfinished `json:"causes"`
	Twin   *pasteForm          `json:"-"` // for a server that sends the browser to https
}

// wayBlocked returns the finding that explains why a login doesn't come back, or an empty one.
func wayBlocked(checks check.State) causes.Finding {
	if f := checks.Line("redirect_uri"); f.Result == causes.Fail {
		return f
	}
	if f := checks.Line("authorization"); f.Result == causes.Fail || f.Name == causes.FormActionBlocksReturn {
		return f
	}
	return causes.Finding{}
}

// newUnfinished prepares the newest login that a browser has started and not come back from. If a login was finished since,
// nothing is wrong, and it returns nil. Both lists have the newest first.
func newUnfinished(cfg config.Effective, checks check.State, begun []time.Time, logins []*session.Login, now time.Time) *unfinished {
	if len(begun) == 0 || len(logins) > 0 && logins[0].Arrived.After(begun[0]) {
		return nil
	}
	return &unfinished{Began: begun[0], Ago: ago(now.Sub(begun[0])), Causes: causes.NeverCameBack(cfg, begun[0], checks.Registered(), wayBlocked(checks)), Twin: newTwinForm(cfg)}
}
