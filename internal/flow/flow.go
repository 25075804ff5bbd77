// Package flow shows what went over the wire: as a page, a diagram, shell commands and a file, each without secrets.
package flow

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"oauth-test-client/internal/redact"
	"oauth-test-client/internal/wire"
)

// Pasted is the note of an authorization response that the user pasted.
const Pasted = "The redirect URI does not lead to this app. The browser stopped there, and you pasted its URL."

// PastedHere is the note of a pasted response that the browser would have brought, had the server sent it to the redirect
// URI.
const PastedHere = "The browser did not come back by itself. You pasted the URL at which it stopped."

// FrontChannel returns what the browser carried: the authorization request, the user's time on the authorization server,
// and the authorization response. An address may be empty when it is not known.
func FrontChannel(authorizationURL, callbackURL string, began, arrived time.Time) []*wire.Exchange {
	return []*wire.Exchange{
		{Purpose: wire.AuthorizationRequest, Method: http.MethodGet, URL: authorizationURL, Began: began},
		{Purpose: wire.Consent, Began: began, Took: arrived.Sub(began)},
		{Purpose: wire.Response, Method: http.MethodGet, URL: callbackURL, Began: arrived},
	}
}

// Failed marks the newest step of a kind as the one at which a flow failed, and adds it if it is missing: some steps show
// only when they fail.
func Failed(steps []*wire.Exchange, at wire.Purpose, why string) []*wire.Exchange {
	steps = slices.Clone(steps)
	for i, e := range slices.Backward(steps) {
		if e.Purpose != at || e.Try != "" {
			continue
		}
		failed := *e
		failed.Fault = cmp.Or(e.Fault, why)
		steps[i] = &failed
		return steps
	}
	var ended time.Time
	if last := len(steps) - 1; last >= 0 {
		ended = steps[last].Began.Add(steps[last].Took)
	}
	return append(steps, &wire.Exchange{Purpose: at, Began: ended, Fault: why})
}

// known returns a step that this login skipped because its result was known already: discovery, or the keys. It has an
// address and no time.
func known(purpose wire.Purpose, address string) *wire.Exchange {
	return &wire.Exchange{Purpose: purpose, Method: http.MethodGet, URL: address}
}

// Tell completes a flow with the steps that sent no request in this login: what was known already, and the verification of
// the ID token. An address may be empty if it is not known.
func Tell(steps []*wire.Exchange, metadata, keys string, verified bool) []*wire.Exchange {
	has := func(p wire.Purpose) func(*wire.Exchange) bool {
		return func(e *wire.Exchange) bool { return e.Purpose == p }
	}
	if metadata != "" && !slices.ContainsFunc(steps, has(wire.Metadata)) {
		steps = append([]*wire.Exchange{known(wire.Metadata, metadata)}, steps...)
	}
	i := slices.IndexFunc(steps, has(wire.TokenRequest))
	if i < 0 || !verified {
		return steps
	}
	check := &wire.Exchange{Purpose: wire.IDTokenCheck, Began: steps[i].Began.Add(steps[i].Took)}
	if i+1 < len(steps) && steps[i+1].Purpose == wire.Keys {
		i++
		check.Began = steps[i].Began.Add(steps[i].Took)
	} else if keys != "" {
		i++
		steps = slices.Insert(slices.Clone(steps), i, known(wire.Keys, keys))
	}
	return slices.Insert(slices.Clone(steps), i+1, check)
}

// Coming returns steps that are still to come, without their content.
func Coming(purposes ...wire.Purpose) []*wire.Exchange {
	var list []*wire.Exchange
	for _, p := range purposes {
		list = append(list, &wire.Exchange{Purpose: p})
	}
	return list
}

// Timeline is a flow at one moment: what has happened, what is to come, and which steps are current.
type Timeline struct {
	Past, Next []*wire.Exchange
	Current    []wire.Purpose
}

// Page is the data of part-flow.html: a flow as a picture and as a list.
type Page struct {
	Steps   []Step
	Diagram Diagram
	Strip   Diagram // of the current steps
	Legend  []LegendLine
	Full    bool // tokens are shown whole
	Shown   int  // the number of the step whose details are shown

	strip func(shown func(Step) bool) Diagram
}

// Step is a step in the list.
type Step struct {
	Number   int
	ID       string
	Name     string
	About    string
	Outcome  string // "200, 12 ms"
	Failed   bool
	Coming   bool // it has not happened yet
	Current  bool // the page is about it
	Fault    string
	Note     string // a remark about a good answer
	Request  string // "POST https://…"
	Params   []Parameter
	Headers  []Header // of the request
	Response string   // "200 OK"
	RespHdrs []Header
	Body     Text // of the response, JSON indented
	Curl     string
	Checks   []Check // of the ID token
	Began    string  // empty for what was known already
	Took     string
	Prev     int // the number of the step before, 0 for none
	Next     int
	Link     string // to this step on its page
}

// Check is one check of the ID token.
type Check struct {
	Name, Expected, Found, Section string
	OK                             bool
	Mark                           Mark // of the value that was compared
}

// Secrets holds the values that must never be shown.
type Secrets struct {
	Client, Other redact.Credentials   // the second client is for /misuse
	Former        []redact.Credentials // clients of earlier settings
	Issued        []string             // what came with a registered client and is as secret
}

// View prepares a flow for a page. The client secret is never in it; tokens only when full.
func View(steps []*wire.Exchange, s Secrets, full bool) Page {
	return Timeline{Past: steps}.View(s, full)
}

// View prepares a flow that is under way, as the function View does.
func (t Timeline) View(s Secrets, full bool) Page {
	all := slices.Concat(t.Past, t.Next)
	hide := newRedactor(s, all, full)
	tell := newTeller(all, hide)
	view := Page{Full: full, Legend: legend, Shown: 1}
	for i, e := range all {
		step := viewStep(i+1, e, s, tell)
		if i >= len(t.Past) {
			step.Outcome = ""
		}
		step.Coming, step.Current = i >= len(t.Past), slices.Contains(t.Current, e.Purpose)
		if step.Prev = i; i+1 < len(all) {
			step.Next = i + 2
		}
		if step.Failed && !step.Coming {
			view.Shown = step.Number
		}
		view.Steps = append(view.Steps, step)
	}
	view.Diagram = draw(view.Steps, all, tell)
	view.strip = func(shown func(Step) bool) Diagram {
		var steps []Step
		var exchanges []*wire.Exchange
		for i, step := range view.Steps {
			if shown(step) {
				steps, exchanges = append(steps, step), append(exchanges, all[i])
			}
		}
		return drawStrip(steps, exchanges, tell)
	}
	view.Strip = view.strip(func(s Step) bool { return s.Current })
	return view
}

// ShowAt makes each step a page of its own, at the address and its number, and shows the step with the given number, if
// there is one. The page opens at the details of the step, or else at its top.
func (p *Page) ShowAt(address, number string, atDetails bool) {
	for i := range p.Steps {
		s := &p.Steps[i]
		s.Link = fmt.Sprintf("%s%d", address, s.Number)
		if atDetails {
			s.Link += "#" + s.ID
		}
		p.Diagram.Arrows[i].Step.Link = s.Link
		if number == strconv.Itoa(s.Number) {
			p.Shown = s.Number
		}
	}
	p.Diagram.Arrows[p.Shown-1].Step.Current = true
	p.Strip = p.strip(func(s Step) bool { return s.Number == p.Shown })
	p.Strip.Arrows[0].Step.Current = true
}

// AddChecks adds the checks of the ID token to the step that made them.
func (p *Page) AddChecks(checks []Check) {
	for i := range p.Steps {
		if p.Steps[i].Name != string(wire.IDTokenCheck) {
			continue
		}
		for _, c := range checks {
			if c.Name == "nonce" && c.OK {
				c.Mark = NonceMark
			}
			p.Steps[i].Checks = append(p.Steps[i].Checks, c)
		}
		return
	}
}

// At returns the step with a number.
func (p Page) At(number int) Step { return p.Steps[number-1] }

// Current returns the current steps.
func (p Page) Current() []Step {
	return slices.DeleteFunc(slices.Clone(p.Steps), func(s Step) bool { return !s.Current })
}

// ComingStep returns the step of a purpose that is still to come, or none.
func (p Page) ComingStep(purpose wire.Purpose) Step {
	i := slices.IndexFunc(p.Steps, func(s Step) bool { return s.Coming && s.Name == string(purpose) })
	if i < 0 {
		return Step{}
	}
	return p.Steps[i]
}

func viewStep(number int, e *wire.Exchange, s Secrets, tell *teller) Step {
	hide := tell.hide
	v := Step{
		Number: number,
		ID:     fmt.Sprintf("step-%d", number),
		Link:   fmt.Sprintf("#step-%d", number),
		Name:   e.Name(),
		About:  aboutStep(e),
		Failed: e.Purpose != wire.Consent && e.Failed() && (e.Status > 0 || e.Fault != ""),
		Fault:  wire.Clip(hide.text(e.Fault), 1000),
		Note:   wire.Clip(hide.text(e.Note), 1000),
		Took:   Duration(e.Took),
	}
	if e.Took == 0 && e.Status == 0 {
		v.Took = "" // not measured: the browser carried it
	}
	if !e.Began.IsZero() {
		v.Began = e.Began.UTC().Format("15:04:05.000")
	}
	v.Outcome = outcome(e)
	if e.URL == "" {
		return v
	}
	v.Request = e.Method + " " + wire.Clip(hide.text(wire.WithoutQuery(e.URL)), 500)
	v.Params = explain(e, tell)
	v.Headers = showHeaders(e.RequestHeader, hide)
	v.Curl = curl(e, s, hide)
	if e.Status > 0 {
		v.Response = fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))
		v.RespHdrs = showHeaders(e.ResponseHeader, hide)
		v.Body = tell.marks.runs(clipBody(wire.Pretty(hide.body(e))), hide)
	}
	return v
}

// outcome returns the result of a step, in a few characters.
func outcome(e *wire.Exchange) string {
	switch {
	case isKnown(e):
		return "known already"
	case e.Fault != "" && (e.Purpose == wire.IDTokenCheck || e.Purpose == wire.Response):
		return "refused"
	case e.Purpose == wire.IDTokenCheck && !e.Began.IsZero():
		return "verified"
	case e.Purpose == wire.Consent && e.Took >= glance:
		return Duration(e.Took)
	case e.Status > 0:
		return fmt.Sprintf("%d, %s", e.Status, Duration(e.Took))
	case e.Fault != "":
		return "no answer"
	}
	return ""
}

// Duration rounds a duration to what a reader can tell apart.
func Duration(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return fmt.Sprintf("%d s", d.Round(time.Second)/time.Second)
	case d >= time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d >= time.Millisecond:
		return fmt.Sprintf("%d ms", d.Round(time.Millisecond)/time.Millisecond)
	case d > 0:
		return "under 1 ms"
	}
	return "0 ms"
}

// clipBody limits how much of a body a page shows.
func clipBody(s string) string {
	const most = 20_000
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "\n… and more"
}

// Mark stands beside a value that returns later in the login. The same value has the same mark everywhere, so that a reader
// can follow it.
type Mark string

// The values that can be followed. The code challenge and its verifier share one mark, as one is the hash of the other.
const (
	StateMark Mark = "state"
	PKCEMark  Mark = "pkce"
	NonceMark Mark = "nonce"
	CodeMark  Mark = "code"
	TokenMark Mark = "token"
	WrongMark Mark = "wrong" // a value in the place of another
)

// Sign returns the mark as a character, for readers who can't tell colors apart, and for plain text.
func (m Mark) Sign() string {
	switch m {
	case StateMark:
		return "●"
	case PKCEMark:
		return "◆"
	case NonceMark:
		return "▲"
	case CodeMark:
		return "■"
	case TokenMark:
		return "★"
	case WrongMark:
		return "≠"
	}
	return ""
}

// LegendLine explains a mark.
type LegendLine struct {
	Mark  Mark
	Words string
}

// legend explains the marks, in the order of a login.
var legend = []LegendLine{
	{StateMark, "state: out and back, proves that this browser started the login"},
	{PKCEMark, "challenge, then verifier: proves that this client started the login"},
	{NonceMark, "nonce: out, and back inside the ID token"},
	{CodeMark, "code: arrives once, works once"},
	{TokenMark, "access token: authorizes calls to the API"},
}

// marks maps the recurring values of a flow to their marks.
type marks map[string]Mark

// paramMarks maps the parameters with such values to their marks.
var paramMarks = map[string]Mark{"state": StateMark, "nonce": NonceMark, "code_challenge": PKCEMark, "code_verifier": PKCEMark, "code": CodeMark}

// findMarks collects the values to follow where they appear first. A state that comes back changed has no mark. The
// verifier gets one only if it fits the challenge.
func findMarks(flow []*wire.Exchange) marks {
	m := marks{}
	for _, e := range flow {
		switch e.Purpose {
		case wire.AuthorizationRequest, wire.PushedRequest:
			for _, name := range []string{"state", "nonce", "code_challenge"} {
				m.note(param(e, name), paramMarks[name])
			}
		case wire.Response:
			m.note(param(e, "code"), CodeMark)
		case wire.TokenRequest, wire.Refresh:
			if verifier := param(e, "code_verifier"); m[challengeOf(verifier)] == PKCEMark {
				m.note(verifier, PKCEMark)
			}
			m.note(tokensOf(e).Access, TokenMark)
		}
	}
	return m
}

// shortestMark is the minimum length of a followed value, as a shorter one would appear inside other words.
const shortestMark = 6

func (m marks) note(value string, mark Mark) {
	if len(value) >= shortestMark {
		m[value] = mark
	}
}

// challengeOf returns the code challenge of a verifier (RFC 7636 section 4.2).
func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// param returns a parameter of a request, from the query of a GET or the form of a POST.
func param(e *wire.Exchange, name string) string {
	values, _ := url.ParseQuery(paramsOf(e)) // what can be read of it
	return values.Get(name)
}

// paramsOf returns the encoded parameters of a request.
func paramsOf(e *wire.Exchange) string {
	if e.RequestBody != "" {
		return formOf(e)
	}
	_, query, _ := strings.Cut(e.URL, "?")
	return query
}

// formOf returns the body of a request if it is a form, not JSON.
func formOf(e *wire.Exchange) string {
	if strings.HasPrefix(e.RequestHeader.Get("Content-Type"), "application/json") {
		return ""
	}
	return e.RequestBody
}

// tokensIn holds the tokens of a token response that the diagram shows.
type tokensIn struct {
	Access string `json:"access_token"`
	ID     string `json:"id_token"`
}

func tokensOf(e *wire.Exchange) tokensIn {
	var t tokensIn
	if json.Unmarshal([]byte(e.ResponseBody), &t) != nil {
		return tokensIn{}
	}
	return t
}

// nonceIn returns the nonce in an ID token, to show it. It verifies nothing.
func nonceIn(idToken string) string {
	parts := strings.Split(idToken, ".")
	if len(parts) != 3 {
		return ""
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		Nonce string `json:"nonce"`
	}
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return ""
	}
	return claims.Nonce
}

// Run is a piece of a text. If it is a value that can be followed, it has the mark of that value.
type Run struct {
	Text string
	Mark Mark
}

// Text is a text with its values marked.
type Text []Run

func (t Text) String() string {
	var out strings.Builder
	for _, run := range t {
		out.WriteString(run.Text)
	}
	return out.String()
}

// runs splits a text at the values that have marks. The text has gone through hide already, so runs looks for tokens in
// their shortened form.
func (m marks) runs(text string, hide *redactor) Text {
	shown := map[string]Mark{}
	for value, mark := range m {
		if v := hide.text(value); len(v) >= shortestMark {
			shown[v] = mark
		}
	}
	list := Text{{Text: text}}
	values := slices.SortedFunc(maps.Keys(shown), func(a, b string) int { // the longest first: one may be in another
		return cmp.Or(len(b)-len(a), strings.Compare(a, b))
	})
	for _, value := range values {
		var next Text
		for _, run := range list {
			if run.Mark != "" {
				next = append(next, run)
				continue
			}
			for i, part := range strings.Split(run.Text, value) {
				if i > 0 {
					next = append(next, Run{value, shown[value]})
				}
				next = append(next, Run{Text: part})
			}
		}
		list = next
	}
	return slices.DeleteFunc(list, func(r Run) bool { return r.Text == "" })
}

// party is a lifeline of the diagram, numbered from the left.
type party int

const (
	theBrowser party = iota
	theClient
	theAuthorizationServer
	theAPI
	theThief
)

var partyNames = []string{"Browser", "Client (this app)", "Authorization server", "API", "Thief"}

// line is one arrow of a step, or a note on a lifeline if it leads nowhere.
type line struct {
	from, to party
	words    string
	values   []Value
	answer   bool   // drawn dashed
	both     bool   // goes to and fro
	found    string // what was found right on arrival
}

// Value is a value on an arrow: shortened, with its mark. The text is empty if the value is not known yet.
type Value struct {
	Mark       Mark
	Name, Text string
}

func (v Value) String() string {
	text := v.Name
	if v.Text != "" {
		text += "=" + v.Text
	}
	return strings.TrimSpace(v.Mark.Sign() + " " + text)
}

// teller turns exchanges into arrows.
type teller struct {
	marks marks
	hide  *redactor
	nonce string // the one inside the ID token, once that is there
}

func newTeller(flow []*wire.Exchange, hide *redactor) *teller {
	t := &teller{marks: findMarks(flow), hide: hide}
	for _, e := range flow {
		if e.Purpose == wire.TokenRequest {
			t.nonce = nonceIn(tokensOf(e).ID)
		}
	}
	return t
}

// lines returns the arrows of a step. A step to come has no address, and only the names of its values.
func (t *teller) lines(e *wire.Exchange, coming bool) []line {
	switch e.Purpose {
	case wire.AuthorizationRequest:
		return []line{
			{from: theClient, to: theBrowser, words: "302, go to the server"},
			{from: theBrowser, to: theAuthorizationServer, words: t.request(e, "GET the authorization endpoint") + t.scope(e),
				values: t.values(e, "state", "code_challenge", "nonce")},
		}
	case wire.Consent:
		return []line{{from: theBrowser, to: theAuthorizationServer, words: consentWords(e, coming), both: true}}
	case wire.Response:
		back := line{from: theBrowser, to: theClient, words: t.request(e, "GET the redirect URI"), values: t.values(e, "code", "state")}
		to := "go back to the client"
		if e.Note == Pasted || e.Note == PastedHere {
			to, back.words = "go to the redirect URI", "its URL, pasted"
		}
		if !coming && e.Fault == "" && t.marks[param(e, "state")] == StateMark {
			back.found = "✓ the state that was sent"
		}
		return []line{{from: theAuthorizationServer, to: theBrowser, words: "302 or 303, " + to, answer: true}, back}
	case wire.IDTokenCheck:
		return []line{t.idTokenCheck(e, coming)}
	case wire.StolenCode:
		return []line{
			{from: theBrowser, to: theThief, values: []Value{{Mark: CodeMark, Name: "code"}}, answer: true},
			{from: theThief, to: theAuthorizationServer, words: t.request(e, "POST the token endpoint"), values: t.wrong(t.values(e, "code", "code_verifier"))},
			{from: theAuthorizationServer, to: theThief, words: t.refusal(e), answer: true},
		}
	case wire.ForgedResponse:
		return []line{
			{from: theThief, to: theBrowser, words: "a link"},
			{from: theBrowser, to: theClient, words: t.request(e, "GET the redirect URI"), values: t.wrong(t.values(e, "code", "state"))},
			{from: theClient, to: theBrowser, words: t.refusal(e), answer: true},
		}
	}
	return t.call(e, coming)
}

// wrong marks the values that don't belong to the login.
func (t *teller) wrong(values []Value) []Value {
	for i := range values {
		if values[i].Mark == "" {
			values[i].Mark = WrongMark
		}
	}
	return values
}

// refusal says how an attack was answered.
func (t *teller) refusal(e *wire.Exchange) string {
	switch {
	case e.Status == 0:
		return "no answer"
	case e.Fault != "":
		return fmt.Sprintf("✓ %d, tokens", e.Status)
	}
	return strings.TrimSpace(fmt.Sprintf("✕ %d %s", e.Status, wire.Clip(t.hide.text(e.Refusal().Code), 40)))
}

// call returns a request of the client and its answer.
func (t *teller) call(e *wire.Exchange, coming bool) []line {
	to := theAuthorizationServer
	if isAPI(e.Purpose) {
		to = theAPI
	}
	asked := line{from: theClient, to: to, words: t.request(e, callWords[e.Purpose])}
	answered := line{from: to, to: theClient, words: outcome(e), answer: true}
	switch e.Purpose {
	case wire.TokenRequest:
		asked.values = t.values(e, "code", "code_verifier")
		answered.values = t.tokens(e, coming)
	case wire.Refresh:
		asked.words = "Refresh, " + asked.words
		answered.values = t.tokens(e, coming)
	case wire.API, wire.APIProbe, wire.Userinfo:
		asked.values = t.bearer(e, coming)
	case wire.APIWithout, wire.APIAsked:
		asked.words += ", no token"
	case wire.APIAltered:
		asked.words += ", token altered"
	case wire.APIWithIDToken:
		asked.words += ", ID token"
	}
	switch {
	case isKnown(e) && !coming:
		asked.words = callWords[e.Purpose] + ", known already"
		return []line{asked}
	case coming:
		if answered.words = ""; len(answered.values) == 0 {
			return []line{asked}
		}
	case e.Status == 0 && e.Fault == "":
		return []line{asked}
	}
	return []line{asked, answered}
}

// callWords names the requests that have no address to show.
var callWords = map[wire.Purpose]string{
	wire.PushedRequest:    "POST the authorization request",
	wire.APIAsked:         "GET the API",
	wire.ResourceMetadata: "API metadata",
	wire.Registration:     "Registration",
	wire.Metadata:         "Metadata",
	wire.TokenRequest:     "POST the token endpoint",
	wire.Keys:             "Keys",
	wire.Userinfo:         "GET userinfo",
	wire.Introspection:    "Introspection",
	wire.Revocation:       "Revocation",
	wire.Refresh:          "POST the token endpoint",
	wire.API:              "GET the API",
	wire.APIWithout:       "GET the API",
	wire.APIAltered:       "GET the API",
	wire.APIWithIDToken:   "GET the API",
}

// isKnown reports whether this login skipped a step, as its result was known already.
func isKnown(e *wire.Exchange) bool { return e.Began.IsZero() && e.URL != "" && e.Status == 0 }

// isAPI reports whether a step is a call of the resource server.
func isAPI(p wire.Purpose) bool {
	switch p {
	case wire.API, wire.APIWithout, wire.APIAltered, wire.APIWithIDToken, wire.APIAsked, wire.APIProbe, wire.ResourceMetadata:
		return true
	}
	return false
}

// request returns a request line without its query, shortened for an arrow.
func (t *teller) request(e *wire.Exchange, otherwise string) string {
	u, err := url.Parse(e.URL)
	if err != nil || u.Path == "" || e.Purpose == wire.Metadata || e.Purpose == wire.ResourceMetadata || e.Purpose == wire.Keys {
		return otherwise
	}
	path := wire.Clip(t.hide.text(u.Path), 100)
	if runes := []rune(path); len(runes) > 20 {
		path = "…" + string(runes[len(runes)-19:])
	}
	return e.Method + " " + path
}

// scope returns the scope of an authorization request.
func (t *teller) scope(e *wire.Exchange) string {
	scope := param(e, "scope")
	if scope == "" {
		return ""
	}
	return ", scope=" + clipWords(wire.Visible(t.hide.text(scope)), 28)
}

// clipWords cuts a list of words before the first that is too much.
func clipWords(s string, n int) string {
	if len(s) <= n {
		return s
	}
	if at := strings.LastIndex(s[:n], " "); at > 0 {
		return s[:at] + " …"
	}
	return wire.Clip(s, n)
}

// valueNames maps parameters to their short names on an arrow.
var valueNames = map[string]string{"code_challenge": "challenge", "code_verifier": "verifier", "access_token": "token"}

// values returns the parameters of a request that can be followed. Once the request is known, it leaves out the missing
// ones.
func (t *teller) values(e *wire.Exchange, names ...string) []Value {
	var list []Value
	for _, name := range names {
		value, mark := param(e, name), paramMarks[name]
		switch {
		case value != "":
			mark = t.marks[value] // no mark if the value is not the one that went out
		case e.URL != "":
			continue
		}
		list = append(list, Value{mark, cmp.Or(valueNames[name], name), t.short(value)})
	}
	return list
}

// tokens returns the tokens of a token response.
func (t *teller) tokens(e *wire.Exchange, coming bool) []Value {
	in := tokensOf(e)
	if coming {
		return []Value{{Mark: TokenMark, Name: "token"}}
	}
	if in.Access == "" {
		return nil
	}
	return []Value{{TokenMark, "token", t.shortToken(in.Access)}}
}

// bearer returns the access token of a call.
func (t *teller) bearer(e *wire.Exchange, coming bool) []Value {
	_, token, _ := strings.Cut(e.RequestHeader.Get("Authorization"), " ")
	if coming || token == "" {
		return []Value{{Mark: TokenMark, Name: "token"}}
	}
	return []Value{{t.marks[token], "token", t.shortToken(token)}}
}

// idTokenCheck returns the step that the client does alone.
func (t *teller) idTokenCheck(e *wire.Exchange, coming bool) line {
	l := line{from: theClient, to: theClient, words: "the ID token is verified"}
	switch {
	case e.Fault != "":
		l.words = "the ID token is refused"
	case coming:
		l.words, l.values = "the ID token is checked", []Value{{Mark: NonceMark, Name: "nonce"}}
	}
	if t.nonce != "" && t.marks[t.nonce] == NonceMark {
		l.values = []Value{{NonceMark, "nonce", t.short(t.nonce)}}
	}
	return l
}

// short returns enough of a value to tell it from another. For a short value it returns only "…", as four characters
// could be most of it.
func (t *teller) short(value string) string {
	const shown = 4
	value = wire.Visible(t.hide.text(value))
	runes := []rune(value)
	switch {
	case value == "" || t.hide.file:
		return ""
	case len(runes) < 2*shown:
		return "…"
	}
	return string(runes[:shown]) + "…"
}

// shortToken returns the end of a token, as all JWTs start alike.
func (t *teller) shortToken(token string) string {
	const shown = 4
	short := Shorten(token)
	if t.hide.file || len(short) <= shown {
		return t.short(token)
	}
	return "…" + short[len(short)-shown:]
}

// glance is the least time in which a user can see a page and answer it. If it took less, a program signed in, or there was
// no page.
const glance = time.Second

// consentWords says how long the user took, if a user can have seen a page.
func consentWords(e *wire.Exchange, coming bool) string {
	switch {
	case coming:
		return "sign-in and consent"
	case e.Took < glance:
		return "on the server, " + Duration(e.Took)
	}
	return fmt.Sprintf("sign-in and consent, %s", Duration(e.Took))
}
