package main

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/misuse"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/session"
	"oauth-test-client/internal/wire"
	"slices"
	"strings"
)

// misusePage is the data of misuse.html: the verdict first, what the server lets pass next.
type misusePage struct {
	layout
	Result causes.Result          `json:"result,omitempty"` // the worst; only of a whole run
	Says   string                 `json:"verdict"`
	Tried  int                    `json:"tried"`
	Of     int                    `json:"of"`
	Logins int                    `json:"logins"` // what a whole run costs at most
	Found  []misuse.MisuseFinding `json:"findings"`
	Next   string                 `json:"next_login_uri,omitempty"` // the login of the next try, while a run goes on

	Lead, Mood, Mark string                 `json:"-"`
	Where            string                 `json:"-"` // the authorization server's host
	Left             []misuse.Rule          `json:"-"` // what is still to be tried
	Failed           []misuse.MisuseFinding `json:"-"`
	Warned           []misuse.MisuseFinding `json:"-"`
	Undecided        []misuse.MisuseFinding `json:"-"`
	NotAsked         []misuse.MisuseFinding `json:"-"`
	Passed           []misuse.MisuseFinding `json:"-"`
}

// showMisuse shows how far a run has come. From the callback a browser goes on by itself, and by no redirect:
// it takes no more than twenty in a row, and each would count as sent by the server's site.
func (s *server) showMisuse(w http.ResponseWriter, r *http.Request, found []misuse.MisuseFinding, next string) error {
	if r.URL.Path == config.CallbackPath && (next == "" || !s.cfg.IsPasted()) {
		w.Header().Set("Refresh", "0; url="+cmp.Or(next, s.cfg.BaseURL+"/misuse"))
	}
	return s.respond(w, r, http.StatusOK, "misuse.html", newMisusePage(s.page("What the server lets pass"), s.cfg, found, next))
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
	return s.nextAttempt(w, r.WithContext(ctx), l, run, recorder)
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
		return s.finishAttempt(w, r, request, response)
	}
}

// finishAttempt makes the try that a login was begun for, and begins the next one.
func (s *server) finishAttempt(w http.ResponseWriter, r *http.Request, request *oauth.Request, response url.Values) error {
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
	return s.nextAttempt(w, r.WithContext(ctx), l, run, recorder)
}

// nextAttempt begins the login of the next try, and remembers what was found so far, and what went over the
// wire for it.
func (s *server) nextAttempt(w http.ResponseWriter, r *http.Request, l *session.Login, run *misuse.Misuse, recorder *wire.Recorder) error {
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

// newMisusePage prepares what a run has found. Next is the address of the login that comes next, if one was
// begun.
func newMisusePage(page layout, cfg config.Config, found []misuse.MisuseFinding, next string) misusePage {
	v := misusePage{layout: page, Found: found, Of: len(misuse.Rules), Logins: misuse.Logins(cfg), Next: next,
		Left: misuse.Untried(found), Mark: "–"}
	v.Where = causes.HostOf(cmp.Or(cfg.Issuer, cfg.Endpoints.Authorization))
	v.Tried = v.Of - len(v.Left)
	if v.Found == nil {
		v.Found = []misuse.MisuseFinding{}
	}
	for _, f := range found {
		switch {
		case f.Undecided:
			v.Undecided = append(v.Undecided, f)
		case f.Result == causes.Fail:
			v.Failed = append(v.Failed, f)
		case f.Result == causes.Warn:
			v.Warned = append(v.Warned, f)
		case f.Result == causes.Skip:
			v.NotAsked = append(v.NotAsked, f)
		default:
			v.Passed = append(v.Passed, f)
		}
	}
	if len(v.Left) > 0 {
		v.progress()
	} else {
		v.judge()
	}
	return v
}

// Begun reports whether a run is under way.
func (v misusePage) Begun() bool { return len(v.Left) > 0 && (v.Next != "" || v.Tried > 0) }

// progress says what a run costs, or how far it has come.
func (v *misusePage) progress() {
	if !v.Begun() {
		v.Says = "Not tried yet"
		v.Lead = fmt.Sprintf("Nine tries show what the server lets pass. They cost up to %d logins at %s. Your own session stays as it is.", v.Logins, v.Where)
		return
	}
	v.Says, v.Mark = fmt.Sprintf("%d of %d tries done", v.Tried, v.Of), "…"
	if v.Next != "" {
		v.Lead = fmt.Sprintf("Next: %s. Sign in and allow it, as often as the server asks. The page goes on by itself.", lowerFirst(v.Left[0].About))
		return
	}
	v.Lead = fmt.Sprintf("Next: %s. Its login has not come back.", lowerFirst(v.Left[0].About))
}

// judge says what a whole run came to. Nothing is called safe that was not decided.
func (v *misusePage) judge() {
	switch {
	case len(v.Failed) > 0:
		v.Result, v.Mood, v.Mark = causes.Fail, "bad", "✕"
		v.Says, v.Lead = "The server lets "+causes.Number(tries(v.Failed), "thing")+" pass", findingSentence(v.Failed[0])
	case len(v.Undecided) > 0 && len(v.Passed)+len(v.Warned) == 0:
		v.Result, v.Says, v.Lead = causes.Warn, "Nothing could be decided", findingSentence(v.Undecided[0])
	case len(v.Undecided) > 0:
		v.Result, v.Says = causes.Warn, "Nothing dangerous was seen, but not everything could be tried"
		v.Lead = fmt.Sprintf("Not decided: %d of %d. %s", tries(v.Undecided), v.Of, findingSentence(v.Undecided[0]))
	case len(v.Warned) > 0:
		v.Result, v.Mood, v.Mark = causes.Warn, "good", "✓"
		v.Says, v.Lead = "Nothing dangerous gets through", causes.Number(len(v.Warned), "warning")+". "+findingSentence(v.Warned[0])
	default:
		v.Result, v.Mood, v.Mark = causes.OK, "good", "✓"
		v.Says, v.Lead = "Nothing dangerous gets through", "Every answer was compared with the answer to an honest request."
	}
}

// tries counts the tries that findings are about.
func tries(found []misuse.MisuseFinding) int {
	var names []string
	for _, f := range found {
		names = append(names, f.Check)
	}
	return len(slices.Compact(names)) // those of a try stand together
}

// findingSentence makes a sentence of a finding.
func findingSentence(f misuse.MisuseFinding) string { return f.About() + ": " + f.Found + "." }

// lowerFirst begins a phrase in the middle of a sentence, unless it begins with a name.
func lowerFirst(s string) string {
	if s == "" || s[0] < 'A' || s[0] > 'Z' {
		return s
	}
	return string(s[0]+'a'-'A') + s[1:]
}
