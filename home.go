package main

import (
	"cmp"
	"net/http"
	"net/url"
	"oauth-test-client/internal/check"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/display"
	"oauth-test-client/internal/misuse"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/session"
	"oauth-test-client/internal/wire"
	"strings"
)

// homePage is the data of home.html.
type homePage struct {
	display.Page
	display.Home
	Unfinished *display.Unfinished `json:"unfinished,omitempty"` // a login that this browser has not come back from
	SignedOut  bool                `json:"signed_out,omitempty"` // the browser is back from signing out at the server

	Failure  *failure       `json:"-"` // why the server was not found; nil before the first attempt has ended
	Session  bool           `json:"-"` // this browser has signed in
	SignedIn string         `json:"-"` // who signed in from this browser, if anybody
	Checked  display.Checks `json:"-"`
	SignIn   display.SignIn `json:"-"`
}

// handleHome shows what is configured, what the checks have found, and the button that begins.
func (s *server) handleHome(w http.ResponseWriter, r *http.Request) error {
	logins, err := s.sessions.Logins(w, r)
	if err != nil {
		return err
	}
	state := r.URL.Query().Get("state")
	begun, right := s.sessions.EndLogout(r, state)
	if state != "" && begun && !right { // OpenID Connect RP-Initiated Logout section 3
		f := refuse(http.StatusBadRequest, "invalid_state", "The state of this sign-out is not the one that this browser was given.",
			"You are signed out here. Sign out at the server itself if you are not there.")
		f.Heading = "This sign-out was not begun here"
		return f
	}
	found, missing := s.oauth.Known()
	data := homePage{
		Page:      s.page("Test an OAuth application"),
		Home:      display.NewHome(s.cfg, found, missing),
		SignedOut: state != "" && right,
		Checked:   display.NewChecks(s.checks.State(), s.signIn("Sign in"), s.now()).Beside(s.notice),
		SignIn:    s.signIn("Sign in at the demo server"),
	}
	if missing != nil {
		data.Failure = s.explain(missing, s.cfg.Scopes)
	}
	data.SignIn.Steps = true
	data.Unfinished = display.NewUnfinished(s.cfg, s.sessions.Unfinished(r), logins, s.now())
	if len(logins) > 0 {
		data.Session, data.SignedIn = true, logins[0].Who()
	}
	if !s.cfg.Demo {
		refreshWhile(w, data.Checked.Running)
	}
	return s.respond(w, r, http.StatusOK, "home.html", data)
}

// refreshWhile makes the browser ask again in a second, which needs no script.
func refreshWhile(w http.ResponseWriter, running bool) {
	if running {
		w.Header().Set("Refresh", "1")
	}
}

// checkPage is the data of check.html.
type checkPage struct {
	display.Page
	display.CheckReport
}

func (s *server) checkPage(state check.State) checkPage {
	return checkPage{s.page("Check the settings"), display.NewCheckReport(state, s.signIn("Sign in"), s.now()).Beside(s.notice)}
}

// handleCheck shows the last run of the checks, or how far the one under way has come. It asks the
// server nothing: whoever may read this page may not make us send two dozen requests.
func (s *server) handleCheck(w http.ResponseWriter, r *http.Request) error {
	if !wantsHTML(r) {
		return s.respond(w, r, http.StatusOK, "", s.checkPage(s.checks.Wait(r.Context())))
	}
	state := s.checks.State()
	refreshWhile(w, state.Running)
	return s.respond(w, r, http.StatusOK, "check.html", s.checkPage(state))
}

// handleRunChecks asks the server everything that can be known without a user. A browser sees the
// page of the run at once, a program gets what came of it.
func (s *server) handleRunChecks(w http.ResponseWriter, r *http.Request) error {
	s.checks.Start()
	if wantsHTML(r) {
		http.Redirect(w, r, "/check", http.StatusSeeOther)
		return nil
	}
	return s.respond(w, r, http.StatusOK, "", s.checkPage(s.checks.Wait(r.Context())))
}

// misusePage is the data of misuse.html.
type misusePage struct {
	display.Page
	display.Misuse
}

// showMisuse shows how far a run has come. From the callback a browser goes on by itself, and by no redirect:
// it takes no more than twenty in a row, and each would count as sent by the server's site.
func (s *server) showMisuse(w http.ResponseWriter, r *http.Request, found []misuse.MisuseFinding, next string) error {
	if r.URL.Path == config.CallbackPath && (next == "" || !s.cfg.IsPasted()) {
		w.Header().Set("Refresh", "0; url="+cmp.Or(next, s.cfg.BaseURL+"/misuse"))
	}
	return s.respond(w, r, http.StatusOK, "misuse.html", misusePage{s.page("What the server lets pass"), display.NewMisuse(s.cfg, found, next)})
}

// handleMisuse shows what a run found so far. It tries nothing.
func (s *server) handleMisuse(w http.ResponseWriter, r *http.Request) error {
	l, err := s.current(w, r)
	if err != nil {
		return err
	}
	return s.showMisuse(w, r, misuse.ReadMisuse(l.Misuse), "")
}

// handleBeginMisuse begins a run, or goes on with one whose login did not come back. The login begins with
// a link, as a form that ends at another server is one that Chromium stops (form-action).
func (s *server) handleBeginMisuse(w http.ResponseWriter, r *http.Request) error {
	if err := rejectPrefetch(r); err != nil {
		return err
	}
	l, err := s.current(w, r)
	if err != nil {
		return err
	}
	run := misuse.NewMisuse(s.cfg, s.wire, s.oauth, s.now, nil)
	if do := r.PostFormValue("do"); do != "" {
		run = misuse.NewMisuse(s.cfg, s.wire, s.oauth, s.now, l.Misuse)
		if do == "leave-out" {
			run.LeaveOut()
		}
	}
	ctx, recorder := wire.Record(r.Context())
	return s.nextTry(w, r.WithContext(ctx), l, run, recorder)
}

// misuseCallback handles the response to a login that was made for a try, and leaves every other to next.
func (s *server) misuseCallback(next func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if !strings.HasPrefix(oauth.StateOf(r.URL.RawQuery), misuse.TryState) {
			return next(w, r)
		}
		response, err := parseQueryOnce(r.URL.RawQuery)
		if err != nil {
			return err
		}
		request := s.sessions.Begun(r, response.Get("state"))
		if request == nil || request.Try == "" {
			return next(w, r)
		}
		if err := rejectPrefetch(r); err != nil {
			return err
		}
		return s.finishTry(w, r, request, response)
	}
}

// finishTry makes the try that a login was begun for, and begins the next one.
func (s *server) finishTry(w http.ResponseWriter, r *http.Request, request *oauth.Request, response url.Values) error {
	l, err := s.current(w, r)
	if err != nil {
		return err
	}
	if !s.sessions.Spend(w, request) {
		return s.showMisuse(w, r, misuse.ReadMisuse(l.Misuse), "")
	}
	ctx, recorder := wire.Record(r.Context())
	run := misuse.NewMisuse(s.cfg, s.wire, s.oauth, s.now, l.Misuse)
	run.Answer(ctx, request, response)
	return s.nextTry(w, r.WithContext(ctx), l, run, recorder)
}

// nextTry begins the login of the next try, and remembers what was found so far, and what went over the
// wire for it.
func (s *server) nextTry(w http.ResponseWriter, r *http.Request, l *session.Login, run *misuse.Misuse, recorder *wire.Recorder) error {
	request, to, failed := run.Begin(r.Context())
	note := func(login session.Login) session.Login {
		login.Misuse = run.Report()
		login.Record(recorder.Exchanges())
		return login
	}
	if err := s.sessions.Change(w, r, l.Request.State, note); err != nil {
		return err
	}
	if failed != nil {
		return failed
	}
	if request != nil {
		if err := s.sessions.Begin(w, r, request); err != nil {
			return err
		}
	}
	return s.showMisuse(w, r, misuse.ReadMisuse(run.Report()), to)
}
