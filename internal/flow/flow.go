// Package flow shows what went over the wire: as a page, as a picture, as commands and as a file, each
// without what must not be in it.
package flow

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"oauth-test-client/internal/wire"
)

// Pasted is the note of an authorization response that no browser brought.
const Pasted = "The redirect URI does not lead to this program. The browser stopped there, and its address was pasted."

// FrontChannel is what the browser carried: the authorization request, what the user did at the
// authorization server, of which we know how long it took, and the authorization response. An address
// may be empty when it is not known.
func FrontChannel(authorizationURL, callbackURL string, began, arrived time.Time) []*wire.Exchange {
	return []*wire.Exchange{
		{Purpose: wire.AuthorizationRequest, Method: http.MethodGet, URL: authorizationURL, Began: began},
		{Purpose: wire.Consent, Began: began, Took: arrived.Sub(began)},
		{Purpose: wire.Response, Method: http.MethodGet, URL: callbackURL, Began: arrived},
	}
}

// Failed marks the newest step of a kind as the one at which a flow failed, and adds it when it is not
// there: some steps show only when they fail.
func Failed(steps []*wire.Exchange, at wire.Purpose, why string) []*wire.Exchange {
	steps = slices.Clone(steps)
	for i, e := range slices.Backward(steps) {
		if e.Purpose != at {
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

// known is a step that this login did not need, as what it asks for was known from before: discovery, or
// the keys. It has an address and no time.
func known(purpose wire.Purpose, address string) *wire.Exchange {
	return &wire.Exchange{Purpose: purpose, Method: http.MethodGet, URL: address}
}

// Tell completes a flow with the steps that went over no wire of this login: what was known from before,
// and that the ID token was verified. An address may be empty when it is not known.
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

// Coming are steps of which nothing is known yet.
func Coming(purposes ...wire.Purpose) []*wire.Exchange {
	var list []*wire.Exchange
	for _, p := range purposes {
		list = append(list, &wire.Exchange{Purpose: p})
	}
	return list
}

// Scene is a flow at one moment: what has happened, what is to come, and what is spoken of now.
type Scene struct {
	Past, Next []*wire.Exchange
	Now        []wire.Purpose
}

// Page is the data of part-flow.html: a flow as a picture and as a list.
type Page struct {
	Steps   []Step
	Diagram Diagram
	Legend  []LegendLine
	Full    bool // tokens are shown whole
	Shown   int  // the number of the step whose details are shown
}

// Step is a step as the list shows it.
type Step struct {
	Number   int
	ID       string
	Name     string
	About    string
	Outcome  string // "200, 12 ms"
	Failed   bool
	Coming   bool // it has not happened yet
	Now      bool // it is spoken of
	Fault    string
	Note     string // what is worth a word about a good answer
	Request  string // "POST https://…"
	Params   []Parameter
	Headers  []Header // of the request
	Response string   // "200 OK"
	RespHdrs []Header
	Body     Text // of the response, JSON indented
	Curl     string
	Checks   []Check // of the ID token
	Began    string  // empty for what was known from before
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

// Secrets are what must not be in anything that is shown.
type Secrets struct {
	ClientID, ClientSecret string
	Issued                 []string // what came with a registered client and is as secret
}

// View prepares a flow for a page. The client secret is never in it; tokens only when full.
func View(steps []*wire.Exchange, s Secrets, full bool) Page {
	return Stage(Scene{Past: steps}, s, full)
}

// Stage is View for a flow that is under way.
func Stage(scene Scene, s Secrets, full bool) Page {
	all := slices.Concat(scene.Past, scene.Next)
	hide := newRedactor(s, all, full)
	tell := newTeller(all, hide)
	view := Page{Full: full, Legend: legend, Shown: 1}
	for i, e := range all {
		step := viewStep(i+1, e, s, tell)
		if i >= len(scene.Past) {
			step.Outcome = ""
		}
		step.Coming, step.Now = i >= len(scene.Past), slices.Contains(scene.Now, e.Purpose)
		if step.Prev = i; i+1 < len(all) {
			step.Next = i + 2
		}
		if step.Failed && !step.Coming {
			view.Shown = step.Number
		}
		view.Steps = append(view.Steps, step)
	}
	view.Diagram = draw(view.Steps, all, tell)
	return view
}

// ShowAt makes each step a page of its own, at the address and its number, and shows the one with a
// number that there is.
func (p *Page) ShowAt(address, number string) {
	for i := range p.Steps {
		s := &p.Steps[i]
		s.Link = fmt.Sprintf("%s%d#%s", address, s.Number, s.ID)
		p.Diagram.Arrows[i].Step.Link = s.Link
		if number == strconv.Itoa(s.Number) {
			p.Shown = s.Number
		}
	}
	p.Diagram.Arrows[p.Shown-1].Step.Now = true
}

// AddChecks puts the checks of the ID token into the step that made them.
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

// At is the step with a number.
func (p Page) At(number int) Step { return p.Steps[number-1] }

// Speaks are the steps that are spoken of now.
func (p Page) Speaks() []Step {
	return slices.DeleteFunc(slices.Clone(p.Steps), func(s Step) bool { return !s.Now })
}

// ComingStep is the step of a purpose that has not been taken yet, or none.
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
		About:  stepWords[e.Purpose],
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

// outcome is how a step ended, in a few characters.
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

// Duration rounds to what a person can tell apart.
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

// clipBody bounds what a page shows of a body.
func clipBody(s string) string {
	const most = 20_000
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "\n… and more"
}
