package main

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/misuse"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/session"
	"oauth-test-client/internal/wire"
)

// misusePage is the data of misuse.html: the verdict first, then one row per attack.
type misusePage struct {
	layout
	Result causes.Result    `json:"result,omitempty"` // the worst; only of a whole run
	Says   string           `json:"verdict"`
	Tried  int              `json:"tried"`
	Of     int              `json:"of"`
	Logins int              `json:"logins"` // what a whole run costs at most
	Found  []misuse.Finding `json:"findings"`
	Next   string           `json:"next_login_uri,omitempty"` // the login of the next attack, while a run goes on

	Lead, Mood string      `json:"-"`
	Where      string      `json:"-"` // the authorization server's host
	Rows       []misuseRow `json:"-"`
}

// misuseRow is one attack and its outcome.
type misuseRow struct {
	misuse.Rule
	State    attackState
	Findings []misuse.Finding
}

// attackState is the outcome of an attack, or that it has not been run. The worst comes first.
type attackState int

const (
	accepted attackState = iota
	undecided
	weak // refused, and something is left to say
	rejected
	notAsked
	toRun
)

// String returns the text of the row.
func (s attackState) String() string {
	return [...]string{"accepted", "undecided", "warning", "rejected", "not run", "not run yet"}[s]
}

// Mood returns the color of the row.
func (s attackState) Mood() string {
	return [...]string{"bad", "warn", "warn", "good", "", ""}[s]
}

// stateOf returns the worst outcome of one attack.
func stateOf(found []misuse.Finding) attackState {
	state := toRun
	for _, f := range found {
		s := rejected
		switch {
		case f.Undecided:
			s = undecided
		case f.Result == causes.Fail:
			s = accepted
		case f.Result == causes.Warn:
			s = weak
		case f.Result == causes.Skip:
			s = notAsked
		}
		state = min(state, s)
	}
	return state
}

// showMisuse shows the progress of a run. From the callback, the browser continues by itself, and not by a redirect: it
// follows at most twenty in a row, and each would count as sent by the server's site.
func (s *server) showMisuse(w http.ResponseWriter, r *http.Request, found []misuse.Finding, next string) error {
	if r.URL.Path == config.CallbackPath && (next == "" || !s.cfg.CallbackIsPasted()) {
		w.Header().Set("Refresh", "0; url="+cmp.Or(next, s.cfg.BaseURL+"/misuse"))
	}
	return s.respond(w, r, http.StatusOK, "misuse.html", newMisusePage(s.page(r, "Nine attacks"), s.cfg, found, next))
}

// handleMisuse shows what a run found so far. It runs nothing.
func (s *server) handleMisuse(w http.ResponseWriter, r *http.Request) error {
	l, err := s.current(w, r)
	if err != nil {
		return err
	}
	return s.showMisuse(w, r, misuse.Read(l.Misuse), "")
}

// handleBeginMisuse starts a run, or continues one whose login did not come back. The login starts with a link, as Chromium
// blocks a form that ends at a different server (form-action).
func (s *server) handleBeginMisuse(w http.ResponseWriter, r *http.Request) error {
	if err := rejectPrefetch(r); err != nil {
		return err
	}
	l, err := s.current(w, r)
	if err != nil {
		return err
	}
	run := misuse.New(s.cfg, s.wire, s.oauth, s.now, nil)
	if do := r.PostFormValue("do"); do != "" {
		run = misuse.New(s.cfg, s.wire, s.oauth, s.now, l.Misuse)
		if do == "leave-out" {
			run.LeaveOut()
		}
	}
	ctx, recorder := wire.Record(r.Context())
	return s.nextAttempt(w, r.WithContext(ctx), l, run, recorder)
}

// misuseCallback handles the response to a login that was made for an attack, and passes every other response to next.
func (s *server) misuseCallback(next func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if !strings.HasPrefix(oauth.StateOf(r.URL.RawQuery), misuse.AttemptState) {
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

// finishAttempt runs the attack that a login was started for, and starts the next one.
func (s *server) finishAttempt(w http.ResponseWriter, r *http.Request, request *oauth.Request, response url.Values) error {
	l, err := s.current(w, r)
	if err != nil {
		return err
	}
	if !s.sessions.MarkUsed(w, request) {
		return s.showMisuse(w, r, misuse.Read(l.Misuse), "")
	}
	ctx, recorder := wire.Record(r.Context())
	run := misuse.New(s.cfg, s.wire, s.oauth, s.now, l.Misuse)
	run.Answer(ctx, request, response)
	return s.nextAttempt(w, r.WithContext(ctx), l, run, recorder)
}

// nextAttempt starts the login of the next attack, and stores the findings so far and what went over the wire for them.
func (s *server) nextAttempt(w http.ResponseWriter, r *http.Request, l *session.Login, run *misuse.Run, recorder *wire.Recorder) error {
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
	return s.showMisuse(w, r, misuse.Read(run.Report()), to)
}

// newMisusePage prepares the findings of a run. Next is the URL of the next login, if one was started.
func newMisusePage(page layout, cfg config.Effective, found []misuse.Finding, next string) misusePage {
	v := misusePage{layout: page, Found: found, Of: len(misuse.Rules), Logins: misuse.Logins(cfg), Next: next}
	v.Where = causes.HostOf(cmp.Or(cfg.Issuer, cfg.Endpoints.Authorization))
	v.Tried = v.Of - len(misuse.Untried(found))
	if v.Found == nil {
		v.Found = []misuse.Finding{}
	}
	for _, rule := range misuse.Rules {
		row := misuseRow{Rule: rule}
		for _, f := range found {
			if f.Check == string(rule.Attempt) {
				row.Findings = append(row.Findings, f)
			}
		}
		row.State = stateOf(row.Findings)
		v.Rows = append(v.Rows, row)
	}
	if v.Tried < v.Of {
		v.progress(misuse.Untried(found)[0])
	} else {
		slices.SortStableFunc(v.Rows, func(a, b misuseRow) int { return cmp.Compare(a.State, b.State) })
		v.judge()
	}
	return v
}

// Begun reports whether a run is under way.
func (v misusePage) Begun() bool { return v.Tried < v.Of && (v.Next != "" || v.Tried > 0) }

// Whole reports whether every attack was run.
func (v misusePage) Whole() bool { return v.Tried == v.Of }

// progress says what a run costs, or how far it is.
func (v *misusePage) progress(next misuse.Rule) {
	switch {
	case !v.Begun():
		v.Says = "Nine attacks your server should reject"
		v.Lead = fmt.Sprintf("None has been run yet. A run costs up to %d logins at %s. Your own session stays as it is.", v.Logins, v.Where)
		return
	case v.Next != "":
		v.Lead = fmt.Sprintf("Next attack: %s. Each time the server asks, sign in and press Allow. The page continues by itself.", lowerFirst(next.About))
	default:
		v.Lead = fmt.Sprintf("Next attack: %s. The browser hasn’t come back from it.", lowerFirst(next.About))
	}
	v.Says = fmt.Sprintf("%d of %d attacks run", v.Tried, v.Of)
}

// count returns the number of attacks with this outcome.
func (v *misusePage) count(state attackState) int {
	n := 0
	for _, row := range v.Rows {
		if row.State == state {
			n++
		}
	}
	return n
}

// judge says what a whole run found. An undecided attack never counts as rejected.
func (v *misusePage) judge() {
	worst := v.Rows[0] // they are sorted
	open, warnings := v.count(undecided), v.count(weak)
	v.Lead = worst.sentence()
	switch worst.State {
	case accepted:
		v.Result, v.Mood = causes.Fail, "bad"
		v.Says = fmt.Sprintf("The server accepts %d of %d attacks", v.count(accepted), v.Of)
	case undecided:
		v.Result, v.Mood = causes.Warn, "warn"
		v.Says = fmt.Sprintf("No attack was accepted, but %d of %d are undecided", open, v.Of)
		if open == 1 {
			v.Says = fmt.Sprintf("No attack was accepted, but 1 of %d is undecided", v.Of)
		}
		if warnings+v.count(rejected) == 0 {
			v.Says = "No attack could be decided"
		}
	case weak:
		v.Result, v.Mood = causes.Warn, "warn"
		v.Says = "No attack was accepted, with " + causes.Number(warnings, "warning")
	case rejected:
		v.Result, v.Mood = causes.OK, "good"
		v.Says, v.Lead = fmt.Sprintf("The server rejects all %d attacks", v.Of), "Every answer was compared with the answer to an honest request."
		if n := v.count(notAsked); n > 0 {
			v.Says = fmt.Sprintf("The server rejects all %d attacks that were run", v.count(rejected))
			v.Lead = fmt.Sprintf("%d could not be run. %s", n, v.Lead)
		}
	default:
		v.Result, v.Says = causes.Warn, "No attack could be run"
	}
}

// sentence returns the worst finding about an attack.
func (r misuseRow) sentence() string {
	for _, f := range r.Findings {
		if stateOf([]misuse.Finding{f}) == r.State {
			return r.About + ": " + f.Found + "."
		}
	}
	return ""
}

// Results returns the findings about an attack, each to be shown as a sentence of its own.
func (r misuseRow) Results() []misuse.Finding {
	results := slices.Clone(r.Findings)
	for i, f := range results {
		results[i].Found = capital(f.Found)
	}
	return results
}

// Fix returns what to do if the attack is not rejected.
func (r misuseRow) Fix() string {
	for _, f := range r.Findings {
		if f.Fix != "" {
			return sentence(f.Fix)
		}
	}
	return ""
}

// lowerFirst makes the first letter of a phrase small, for the middle of a sentence, unless the phrase starts with a name.
func lowerFirst(s string) string {
	if s == "" || s[0] < 'A' || s[0] > 'Z' {
		return s
	}
	return string(s[0]+'a'-'A') + s[1:]
}
