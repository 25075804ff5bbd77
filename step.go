package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/flow"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/session"
	"oauth-test-client/internal/wire"
)

// A step-by-step login is the login of login.go and callback.go with a pause before the browser leaves, before the code is
// exchanged and before the API is called, and a page at each. The pages of the authorization server in between are the
// second of the five steps.

// stepPage is the data of step.html: how far a step-by-step login is. The JSON has the names of RFC 6749.
type stepPage struct {
	layout
	Number int    `json:"step"`
	Login  string `json:"login,omitempty"`             // names the login at /step
	To     string `json:"authorization_uri,omitempty"` // where the browser goes next

	Trail    []trailStep    `json:"-"`
	Back     string         `json:"-"` // where the login stands, on the page of a step that it has left behind
	At       string         `json:"-"` // the address of this page
	Server   string         `json:"-"` // the authorization server's host
	Flow     flow.Page      `json:"-"`
	Current  []flow.Step    `json:"-"` // the steps that this page is about
	Cards    []stepCard     `json:"-"` // what there is to see at this step
	Next     flow.Step      `json:"-"` // the request that is sent next
	Fields   []editField    `json:"-"` // the parameters that can be changed
	Address  addressParts   `json:"-"` // the authorization request as the browser asks for it
	Straight string         `json:"-"` // the same login without a pause
	Run      string         `json:"-"` // of the command login, that waits for this one
	Left     bool           `json:"-"` // the browser has been at the server
	Waited   string         `json:"-"` // how long the code has been waiting
	Arrived  string         `json:"-"`
	Pasted   bool           `json:"-"` // the response was, though the browser should have brought it
	Attacks  []attack       `json:"-"` // those that can be made
	Attack   *attack        `json:"-"` // the one that this page is about
	Tokens   *session.Login `json:"-"`
	Resource string         `json:"-"` // what the token is tried at; may be empty
	StandsIn bool           `json:"-"` // for an API: the userinfo endpoint
	Opens    bool           `json:"-"` // the API accepts the token, and nothing else
	Refused  bool           `json:"-"` // the API rejected the token
}

// trailStep is one of the five steps, in the trail on every page of a login.
type trailStep struct {
	Number  int
	Name    string
	Link    string // empty for what has not happened yet
	Current bool
	Next    bool
}

// stepNames are the five steps.
var stepNames = [...]string{"Request", "Sign-in and consent", "Back", "Tokens", "API"}

// stepCard shows one thing at a step, in a few words.
type stepCard struct {
	Mark  flow.Mark
	Name  string
	Value string
	Good  string // what was found right
	Bad   bool
	Words string
}

// stepPage prepares the page of a step, with its timeline.
func (s *server) stepPage(r *http.Request, number int, title string, l *stepLogin, timeline flow.Timeline) stepPage {
	v := stepPage{layout: s.stagePage(r, title), Number: number, Login: session.Handle(l.request.State), Flow: timeline.View(s.secrets(), false),
		Left: l.left}
	v.Current, v.At = v.Flow.Current(), stepLink(v.Login, number)
	v.Waits = nil // the trail says it
	reached := l.reached()
	for i, name := range stepNames {
		step := trailStep{Number: i + 1, Name: name, Current: i+1 == number, Next: i == reached}
		if i < reached {
			step.Link = stepLink(v.Login, i+1)
		}
		v.Trail = append(v.Trail, step)
	}
	if number < reached {
		v.Back = stepLink(v.Login, reached)
	}
	return v
}

// Stands returns the number of the step that the login has reached.
func (v stepPage) Stands() int {
	for _, step := range v.Trail {
		if step.Next {
			return step.Number - 1
		}
	}
	return len(v.Trail)
}

// Edited reports whether the request differs from that of a usual login.
func (v stepPage) Edited() bool {
	return slices.ContainsFunc(v.Fields, func(f editField) bool { return f.Touched })
}

// card shows a parameter of the page's step. A parameter that is missing has no card.
func (v *stepPage) card(mark flow.Mark, name, good, words string) {
	for _, step := range v.Current {
		for _, p := range step.Params {
			if p.Name == name {
				value := wire.Clip(p.Value, 40)
				if runes := []rune(value); mark != "" && len(runes) > 12 {
					value = string(runes[:10]) + "…"
				}
				v.Cards = append(v.Cards, stepCard{Mark: mark, Name: name, Value: value, Good: good, Words: words})
				return
			}
		}
	}
}

// addChecks adds the checks of the ID token to the step that made them.
func (v *stepPage) addChecks(verdicts []oauth.Verdict) {
	v.Flow.AddChecks(flowChecks(verdicts))
	v.Current = v.Flow.Current()
}

// triedAt sets the address where the token is tried, which may be empty.
func (v *stepPage) triedAt(cfg config.Effective, resource string) {
	v.Resource, v.StandsIn = resource, cfg.ResourceURL == ""
}

// judgeCalls decides whether the API accepts the token and rejects everything else. The newest call of each kind
// counts.
func (v *stepPage) judgeCalls() {
	v.Current = v.Current[max(0, len(v.Current)-3):]
	v.Opens = !slices.ContainsFunc(v.Current, func(step flow.Step) bool { return step.Failed || step.Response == "" })
	v.Refused = slices.ContainsFunc(v.Current, func(step flow.Step) bool { return step.Name == string(wire.API) && step.Failed })
}

// waited returns in words how long a code has been waiting.
func waited(d time.Duration) string {
	if d < time.Second {
		return "less than a second"
	}
	return flow.Duration(d)
}

// stepLogin shows the first step of /login?step=1: the request, before the browser leaves. Its page has its own address, so
// that a reload doesn't start a new login.
func (s *server) stepLogin(next func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if !strings.Contains(r.URL.RawQuery, "step=") { // costs a login without steps nothing
			return next(w, r)
		}
		params, err := parseQueryOnce(r.URL.RawQuery)
		if err != nil {
			return err
		}
		request, err := s.oauth.NewRequest(params) // state, nonce, code verifier (RFC 7636 section 4.1)
		if err != nil {
			return err
		}
		if err := s.hintSession(w, r, request); err != nil {
			return err
		}
		request.Own, request.Run = startedHere(r), s.runOf(r)
		to, err := s.oauth.AuthorizationURL(r.Context(), request) // RFC 6749 section 4.1.1, RFC 7636 section 4.3
		if err != nil {
			err = s.notStarted(r.Context(), err, request.Own)
			s.tell(request.Run, nil, err)
			return s.notStarted(r.Context(), err, request.Own)
		}
		if err := s.sessions.BeginSteps(w, r, request); err != nil {
			return err
		}
		if s.anew != nil {
			s.anew(request.State) // the second step is worth seeing every time
		}
		if wantsHTML(r) && startedHere(r) { // after another site's link, the redirect would be cross-site too
			http.Redirect(w, r, stepLink(session.Handle(request.State), 1), http.StatusSeeOther)
			return nil
		}
		return s.showRequest(w, r, &stepLogin{request: request}, to)
	}
}

func (s *server) showRequest(w http.ResponseWriter, r *http.Request, l *stepLogin, to string) error {
	title := "Before the redirect"
	data := s.stepPage(r, 1, title, l, s.requestTimeline(l, to))
	data.To, data.Server = to, causes.HostOf(to)
	again := l.request.Again()
	if data.Run = l.request.Run; data.Run != "" {
		again.Set("run", data.Run)
	}
	data.Fields, data.Straight = editFields(l.request, s.cfg), loginPath(again)
	data.Address = splitAddress(flow.Shown(to, s.secrets()), data.Fields)
	data.card("", "scope", "", "What this app asks for. The server asks you first.")
	data.card(flow.StateMark, "state", "", "A random value. It has to come back unchanged.")
	data.card(flow.PKCEMark, "code_challenge", "", "The hash of a secret that this app keeps to itself.")
	if len(data.Cards) == 0 {
		data.card("", "request_uri", "", "It stands for the request, which this app has sent directly to the server.")
	}
	return s.respond(w, r, http.StatusOK, "step.html", data)
}

// editField is a parameter of the request that the user can change.
type editField struct {
	Name, Value, Usual string
	Touched            bool // it differs from a usual login's
}

// editFields lists the parameters that can be changed, each with its value.
func editFields(request *oauth.Request, cfg config.Effective) []editField {
	extra := cfg.Parameters.With(nil)
	extra["resource"] = cmp.Or(extra["resource"], cfg.Found.Resource)
	asks, usual := request.Asks(), (&oauth.Request{Scopes: cfg.Scopes, Settings: extra}).Asks()
	var list []editField
	for _, name := range fieldsOf(request) {
		list = append(list, editField{name, asks.Get(name), usual.Get(name), asks.Get(name) != usual.Get(name)})
	}
	return list
}

// addressParts is an address, split into its parameters.
type addressParts struct {
	Start  string // up to the question mark
	Params []addressPart
}

// addressPart is a parameter as it stands in the address.
type addressPart struct {
	Name, Text string
	Touched    bool
}

// splitAddress splits an address into its parameters.
func splitAddress(address string, fields []editField) addressParts {
	start, query, _ := strings.Cut(address, "?")
	parts := addressParts{Start: start}
	for pair := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		touched := slices.ContainsFunc(fields, func(f editField) bool { return f.Name == name && f.Touched })
		parts.Params = append(parts.Params, addressPart{name, wire.Clip(pair, 500), touched})
	}
	return parts
}

// leaveInSteps sends the browser to the authorization server.
func (s *server) leaveInSteps(w http.ResponseWriter, r *http.Request, l *stepLogin) error {
	if err := rejectPrefetch(r); err != nil {
		return err
	}
	if err := s.hintSession(w, r, l.request); err != nil { // the cookie has only the ends of the ID token
		return err
	}
	to, err := s.addressOf(r.Context(), l.request)
	if err != nil {
		return err
	}
	leaves := *l.request
	leaves.Began = s.now() // the time at step 1 is not time on the server, and uses none of the ten minutes
	if err := s.sessions.ChangeSteps(w, r, &leaves); err != nil {
		return err
	}
	s.sessions.Leave(w, &leaves)
	http.Redirect(w, r, to, http.StatusFound)
	return nil
}

// editRequest changes what a login asks for, before the browser leaves. Its state, nonce and verifier stay.
func (s *server) editRequest(w http.ResponseWriter, r *http.Request, l *stepLogin) error {
	params := url.Values{"step_up": {strconv.Itoa(l.request.StepUp)}}
	for _, name := range append(fieldsOf(l.request), "params") {
		if values := r.PostForm[name]; len(values) > 1 {
			return refuse(http.StatusBadRequest, oauth.CodeInvalidRequest, "The parameter "+name+" appears more than once (RFC 6749 section 3.1).", "")
		}
		params.Set(name, strings.TrimSpace(r.PostForm.Get(name)))
	}
	for _, field := range editFields(l.request, s.cfg) {
		if params.Get(field.Name) == field.Usual {
			params.Del(field.Name) // left to the settings, even if they change
		}
	}
	changed, err := s.oauth.NewRequest(params)
	if err != nil {
		return err
	}
	if err := s.hintSession(w, r, changed); err != nil {
		return err
	}
	changed.State, changed.Verifier, changed.Began = l.request.State, l.request.Verifier, l.request.Began
	changed.Own, changed.Run = l.request.Own, l.request.Run
	if changed.Nonce != "" && l.request.Nonce != "" {
		changed.Nonce = l.request.Nonce
	}
	if _, err := s.oauth.AuthorizationURL(r.Context(), changed); err != nil {
		return err
	}
	return s.sessions.ChangeSteps(w, r, changed)
}

// fieldsOf returns the parameters that have a field for a login: the usual ones, and the others that it asks for.
func fieldsOf(request *oauth.Request) []string {
	usual := slices.Concat([]string{"scope"}, oauth.ExtraParameters)
	others := slices.DeleteFunc(slices.Sorted(maps.Keys(request.Extra())), func(name string) bool { return slices.Contains(usual, name) })
	return append(usual, others...)
}

// stepCallback shows the third step: the browser is back, and the code waits. It passes to next the response of any other
// login, and a response that belongs to no login of this browser.
func (s *server) stepCallback(next func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if !s.sessions.AnySteps(r) {
			return next(w, r)
		}
		if err := rejectPrefetch(r); err != nil {
			return err
		}
		response, err := parseQueryOnce(r.URL.RawQuery)
		if err != nil {
			return err
		}
		if !s.sessions.InSteps(r, response.Get("state")) {
			return next(w, r)
		}
		handle := session.Handle(response.Get("state"))
		l, err := s.inSteps(w, r, handle)
		if err != nil {
			return err
		}
		if l != nil && l.reached() >= 3 { // a reload, or Back from a later step
			return s.showBack(w, r, l)
		}
		request := s.sessions.Begun(r, response.Get("state"))
		if request == nil {
			return next(w, r)
		}
		p, err := s.sessions.KeepWaiting(w, r, request, func(ctx context.Context) (*session.Login, error) {
			return s.arrive(ctx, request, response, callbackOf(r))
		})
		if errors.Is(err, session.ErrUsed) || errors.Is(err, session.ErrTooLong) { // with ErrTooLong, the login goes on without a pause
			return next(w, r)
		}
		if err != nil {
			s.tell(request.Run, nil, err)
			return err
		}
		return s.showBack(w, r, &stepLogin{request: p.Request, waits: p})
	}
}

// arrive checks the response. The error is a *failure.
func (s *server) arrive(ctx context.Context, request *oauth.Request, response url.Values, callback string) (*session.Login, error) {
	ctx, recorder := wire.Record(ctx)
	p := &session.Login{Request: request, Callback: callback, Arrived: s.now()}
	code, err := s.oauth.CheckResponse(ctx, request, response) // RFC 9207, RFC 6749 section 4.1.2.1
	if err != nil {
		return nil, s.failedLogin(ctx, err, request, callback, p.Arrived, nil)
	}
	p.Code, p.Steps = code, recorder.Exchanges()
	return p, nil
}

func (s *server) showBack(w http.ResponseWriter, r *http.Request, l *stepLogin) error {
	if r.Method == http.MethodPost && wantsHTML(r) { // a reload must not send the pasted address again
		http.Redirect(w, r, stepLink(session.Handle(l.request.State), 3), http.StatusSeeOther)
		return nil
	}
	timeline, err := s.backTimeline(r.Context(), l)
	if err != nil {
		return err
	}
	data := s.stepPage(r, 3, "The browser is back", l, timeline)
	data.Next = data.Flow.ComingStep(wire.TokenRequest)
	if l.waits != nil {
		data.Waited, data.Arrived = waited(s.now().Sub(l.waits.Arrived)), l.waits.Arrived.UTC().Format("15:04:05")
		data.Attacks, data.Pasted = s.attacksLeft(l.request), s.cfg.WasPasted(l.waits.Callback)
		if md, _ := s.oauth.Known(); md != nil {
			data.Server = causes.HostOf(md.Token)
		}
	}
	data.card(flow.CodeMark, "code", "", "Anyone who sees the address bar has it now. It isn’t a token.")
	data.card(flow.StateMark, "state", "as sent", "The same as in the authorization request. This answer belongs to your login.")
	data.Cards = append(data.Cards, stepCard{Mark: flow.PKCEMark, Name: "code_verifier", Words: "Sent next. Only this app has it. Without it, a stolen code should be useless."})
	return s.respond(w, r, http.StatusOK, "step.html", data)
}

// showConsent shows the second step. This app sees nothing of that step until the browser is back.
func (s *server) showConsent(w http.ResponseWriter, r *http.Request, l *stepLogin) error {
	arrived, callback := time.Time{}, ""
	if l.waits != nil {
		arrived, callback = l.waits.Arrived, l.waits.Callback
	} else {
		arrived, callback = l.login.Arrived, l.login.Callback
	}
	past := slices.Concat(l.request.Before, s.front(l.request, callback, s.cfg.ReturnedTo(callback), arrived))
	coming := append([]wire.Purpose{wire.TokenRequest}, afterToken(l.request)...)
	timeline := flow.Timeline{Past: s.sequence(past, false), Next: flow.Coming(coming...), Current: []wire.Purpose{wire.Consent}}
	data := s.stepPage(r, 2, "Sign-in and consent", l, timeline)
	data.Cards = []stepCard{
		{Name: "The server asked", Words: "Who you are, and whether you allow the access. Your password stays there."},
		{Name: "This app saw nothing", Words: "Only that the browser was away for " + waited(arrived.Sub(l.request.Began)) + "."},
		{Name: "You decided", Words: "What you allowed is in the answer: step 4 shows the scopes that were granted."},
	}
	return s.respond(w, r, http.StatusOK, "step.html", data)
}

// handleStep shows a login at its current step, or a step that it has passed.
func (s *server) handleStep(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	l, err := s.inSteps(w, r, query.Get("login"))
	switch {
	case err != nil:
		return err
	case l == nil:
		if waits := newWaits(s.waiting(r)); waits != nil && !query.Has("login") { // the address names no login, and one waits
			http.Redirect(w, r, waits.Path, http.StatusFound)
			return nil
		}
		return stepGone()
	case query.Get("do") == "leave" && l.reached() == 1:
		return s.leaveInSteps(w, r, l)
	}
	number, err := strconv.Atoi(query.Get("show"))
	if reached := l.reached(); err != nil || number < 1 || number > reached {
		number = reached
	}
	a := attackNamed(query.Get("attack"))
	if theft, made := s.sessions.Attempted(l.request, attacks[0].Do); a == nil && l.waits != nil && made && theft != nil && theft.Fault != "" {
		a = &attacks[0] // the code is used: there is nothing left to exchange
	}
	if a != nil && number == 3 {
		if answer, made := s.sessions.Attempted(l.request, a.Do); made {
			return s.showAttack(w, r, l, *a, answer)
		}
	}
	switch number {
	case 1:
		s.hintSession(w, r, l.request) // where the session is over, what is left of its ID token is shown
		to, err := s.addressOf(r.Context(), l.request)
		if err != nil {
			return err
		}
		return s.showRequest(w, r, l, to)
	case 2:
		return s.showConsent(w, r, l)
	case 3:
		return s.showBack(w, r, l)
	case 4:
		return s.showTokens(w, r, l)
	}
	return s.showResource(w, r, l)
}

// stepGone returns the error of a step whose login is over.
func stepGone() error {
	f := refuse(http.StatusNotFound, "step_gone",
		"This login waited for more than ten minutes, failed, or was started in a different browser.", "Start the login again.")
	f.Heading, f.Retry = "This login is over", true
	return f
}

// inSteps returns the login of this browser with a handle, on the configured server, or nil.
func (s *server) inSteps(w http.ResponseWriter, r *http.Request, handle string) (*stepLogin, error) {
	logins, err := s.sessions.Logins(w, r)
	for _, l := range logins {
		if session.Handle(l.Request.State) != handle {
			continue
		}
		if err := s.oauth.CheckServer(r.Context(), l.Request); oauth.IsOtherServer(err) {
			return nil, err
		}
		return &stepLogin{request: l.Request, login: l, left: true}, nil
	}
	if waiting := s.sessions.StepLogin(r, handle); waiting != nil {
		return &stepLogin{request: waiting.Request, waits: waiting.Waits, left: waiting.Left}, nil
	}
	return nil, err
}

// handleNextStep does what the button says: it exchanges the code, calls the API, changes the request, or attacks. The
// callback handles a forged response like every other.
func (s *server) handleNextStep(callback func(http.ResponseWriter, *http.Request) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error { return s.takeStep(w, r, callback) }
}

func (s *server) takeStep(w http.ResponseWriter, r *http.Request, callback func(http.ResponseWriter, *http.Request) error) error {
	handle := r.PostFormValue("login")
	to := "/step?login=" + url.QueryEscape(handle)
	switch do := r.PostFormValue("do"); do {
	case "exchange":
		p := s.sessions.Waiting(r, handle)
		if p == nil {
			break // it is done: a second press
		}
		l, err := s.sessions.Exchange(w, r, p, func(ctx context.Context) (*session.Login, error) { return s.exchange(ctx, p) })
		s.tell(p.Request.Run, l, err)
		if err != nil && !errors.Is(err, session.ErrUsed) {
			return err
		}
		to = stepLink(handle, 4)
	case "api":
		to = stepLink(handle, 5)
		if err := s.tryResource(w, r, handle); err != nil {
			return err
		}
	case "edit":
		l, err := s.inSteps(w, r, handle)
		if err != nil {
			return err
		}
		if l != nil && l.reached() == 1 && !l.left {
			if err := s.editRequest(w, r, l); err != nil {
				return err
			}
			to = stepLink(handle, 1)
		}
	default:
		if a := attackNamed(do); a != nil {
			if p := s.sessions.Waiting(r, handle); p != nil {
				if err := s.makeAttack(r, p, *a, callback); err != nil {
					return err
				}
				to = stepLink(handle, 3) + "&attack=" + a.Do
			}
		}
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// exchange redeems the code that waits, and verifies the response: the rest of the protocol, as in callback.go. The error
// is a *failure.
func (s *server) exchange(ctx context.Context, p *session.Login) (*session.Login, error) {
	ctx, recorder := wire.Record(ctx)
	l := &session.Login{Request: p.Request, Callback: p.Callback, Arrived: p.Arrived}
	var err error
	if l.Response, err = s.oauth.Exchange(ctx, p.Request, p.Code); err == nil { // RFC 6749 section 4.1.3, RFC 7636 section 4.5
		l.IDToken, err = s.oauth.VerifyIDToken(ctx, p.Request, l.Response) // OpenID Connect Core section 3.1.3.7
	}
	l.Steps = slices.Concat(p.Steps, recorder.Exchanges())
	if err != nil {
		return nil, s.afterTheft(s.failedLogin(ctx, err, p.Request, p.Callback, p.Arrived, p.Steps), p)
	}
	l.Held = l.Response.Tokens
	return l, nil
}

func (s *server) showTokens(w http.ResponseWriter, r *http.Request, in *stepLogin) error {
	l := in.login
	timeline := flow.Timeline{Current: []wire.Purpose{wire.TokenRequest, wire.Keys, wire.IDTokenCheck}}
	past := s.steps(l)
	if i := slices.IndexFunc(past, isAPICall); i >= 0 { // the page of a step shows the flow as it was then
		past = past[:i]
	}
	timeline.Past, timeline.Next = s.sequence(past, l.IDToken != nil), flow.Coming(wire.API)
	data := s.stepPage(r, 4, "The token response", in, timeline)
	data.Tokens = l
	data.triedAt(s.cfg, s.oauth.ProtectedResource())
	if l.IDToken != nil {
		data.addChecks(l.IDToken.Verdicts)
	}
	data.Cards = tokenCards(l)
	return s.respond(w, r, http.StatusOK, "step.html", data)
}

// isAPICall reports whether an exchange is an API call that follows the fourth step.
func isAPICall(e *wire.Exchange) bool {
	return e.Purpose == wire.API || e.Purpose == wire.APIWithout || e.Purpose == wire.APIAltered || e.Purpose == wire.APIProbe
}

// tokenCards returns the cards for a token response.
func tokenCards(l *session.Login) []stepCard {
	cards := []stepCard{{Mark: flow.TokenMark, Name: "access token", Words: "It authorizes calls to the API, for anyone who has it."}}
	identity := stepCard{Name: "No ID token", Words: "Nothing says who signed in: " + noIDToken(l) + "."}
	if l.IDToken != nil {
		identity = stepCard{Name: "ID token", Good: fmt.Sprintf("%d checks", len(l.IDToken.Verdicts)), Words: "It says who signed in. This app believes it because every check passed."}
		if l.Request.Nonce != "" {
			identity.Mark, identity.Name = flow.NonceMark, "nonce"
			identity.Words = "Sent in the authorization request, and came back in the ID token, which says who signed in."
		}
	}
	scopes := stepCard{Name: "scope", Value: wire.Clip(strings.Join(l.Granted(), " "), 60), Words: "Granted as asked."}
	if missing := l.Missing(); len(missing) > 0 {
		scopes.Words = "Asked for and not granted: " + wire.Clip(strings.Join(missing, " "), 60) + "."
	}
	return append(cards, identity, scopes)
}

// showAttack shows how an attack was answered, in the picture of the login that it was made on.
func (s *server) showAttack(w http.ResponseWriter, r *http.Request, l *stepLogin, a attack, answer *wire.Exchange) error {
	if answer == nil { // it is under way, it got no answer, or another process made it
		return s.showBack(w, r, l)
	}
	timeline, err := s.backTimeline(r.Context(), l)
	if err != nil {
		return err
	}
	timeline.Current = []wire.Purpose{a.purpose}
	refusal := answer.Refusal()
	a.Reply, a.Words = wire.Clip(s.cfg.Redact(refusal.Code), 60), wire.Clip(s.cfg.Redact(refusal.Words), 200)
	a.Opened = answer.Fault != ""
	if a.purpose == wire.ForgedResponse {
		a.tellForgery()
	} else {
		a.tellTheft(s.cfg.Demo, answer)
	}
	data := s.stepPage(r, 3, a.Heading, l, timeline)
	data.At += "&attack=" + a.Do
	if len(data.Current) > 0 {
		a.Said = data.Current[0]
	}
	data.Attack = &a
	if l.waits != nil {
		data.Attacks = s.attacksLeft(l.request)
	} else {
		a.Rest, a.RestText = "The login is finished", "The honest exchange followed."
	}
	return s.respond(w, r, http.StatusOK, "step.html", data)
}

// tryResource calls the API with the token, without it and with it altered.
func (s *server) tryResource(w http.ResponseWriter, r *http.Request, handle string) error {
	l, err := s.inSteps(w, r, handle)
	switch {
	case err != nil:
		return err
	case l == nil || l.login == nil:
		return stepGone()
	case l.login.Held.Access == "":
		return noAccessToken()
	}
	ctx, recorder := wire.Record(r.Context())
	if err := s.oauth.TryResource(ctx, l.request, l.login.Held.Access); err != nil { // RFC 6750 section 2.1
		return err
	}
	return s.sessions.Change(w, r, l.request.State, func(next session.Login) session.Login {
		next.Record(recorder.Exchanges())
		return next
	})
}

func (s *server) showResource(w http.ResponseWriter, r *http.Request, l *stepLogin) error {
	verified := l.login.IDToken != nil
	timeline := flow.Timeline{Past: s.sequence(s.steps(l.login), verified), Current: []wire.Purpose{wire.API, wire.APIWithout, wire.APIAltered}}
	data := s.stepPage(r, 5, "The API", l, timeline)
	data.triedAt(s.cfg, s.oauth.ProtectedResource())
	data.judgeCalls()
	for _, step := range data.Current {
		c := stepCard{Name: "With the token", Value: cmp.Or(step.Response, "no answer"), Bad: step.Failed, Words: "The API answers."}
		switch {
		case step.Name == string(wire.APIWithout):
			c.Name, c.Words = "Without the token", "The same call without it is refused."
		case step.Name == string(wire.APIAltered):
			c.Name, c.Words = "One character changed", "The API checks the token itself, not only that one is there."
		}
		if data.Refused && step.Name != string(wire.API) {
			c.Words = "The call with the token was refused too, so this proves nothing."
		}
		if step.Failed {
			c.Words = cmp.Or(step.Fault, "This answer is wrong.")
		}
		data.Cards = append(data.Cards, c)
	}
	return s.respond(w, r, http.StatusOK, "step.html", data)
}
