// Package flow shows what went over the wire: as a page, as a picture, as commands and as a file, each
// without what must not be in it.
package flow

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"oauth-test-client/internal/wire"
	"slices"
	"strings"
	"time"
)

// party is a lifeline of the diagram, numbered from the left.
type party int

const (
	theBrowser party = iota
	theClient
	theAuthorizationServer
	theResourceServer
)

// between says who asks whom at a step.
func between(purpose wire.Purpose) (from, to party) {
	switch purpose {
	case wire.AuthorizationRequest, wire.Consent:
		return theBrowser, theAuthorizationServer
	case wire.Response:
		return theBrowser, theClient
	case wire.IDTokenCheck:
		return theClient, theClient
	case wire.API:
		return theClient, theResourceServer
	}
	return theClient, theAuthorizationServer
}

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

// Page is the data of part-flow.html: a flow as a diagram and as a list.
type Page struct {
	Steps   []Step
	Diagram Diagram
	Full    bool // tokens are shown whole
}

// Step is a step as the list shows it.
type Step struct {
	Number   int
	ID       string
	Name     string
	About    string
	Outcome  string // "200, 12 ms"
	Failed   bool
	Fault    string
	Request  string // "POST https://…"
	Params   []Parameter
	Headers  []Header // of the request
	Response string   // "200 OK"
	RespHdrs []Header
	Body     string // of the response, JSON indented
	Curl     string
	Began    string
	Took     string
}

// Parameter is one parameter of a request with what it is for.
type Parameter struct {
	Name, Value, About, Section string
}

// Header is one header field.
type Header struct {
	Name, Value string
}

// Secrets are what must not be in anything that is shown.
type Secrets struct {
	ClientID, ClientSecret string
}

// View prepares a flow for a page. The client secret is never in it; tokens only when full.
func View(steps []*wire.Exchange, s Secrets, full bool) Page {
	hide := newRedactor(s, steps, full)
	view := Page{Full: full}
	for i, e := range steps {
		view.Steps = append(view.Steps, viewStep(i+1, e, s, hide))
	}
	view.Diagram = draw(view.Steps, steps)
	return view
}

func viewStep(number int, e *wire.Exchange, s Secrets, hide *redactor) Step {
	v := Step{
		Number: number,
		ID:     fmt.Sprintf("step-%d", number),
		Name:   string(e.Purpose),
		About:  stepWords[e.Purpose],
		Failed: e.Failed(),
		Fault:  wire.Clip(hide.text(e.Fault), 1000),
		Began:  e.Began.UTC().Format("15:04:05.000"),
		Took:   Duration(e.Took),
	}
	v.Outcome = outcome(e)
	if e.URL == "" {
		return v
	}
	v.Request = e.Method + " " + wire.Clip(hide.text(wire.WithoutQuery(e.URL)), 500)
	v.Params = explain(e, hide)
	v.Headers = showHeaders(e.RequestHeader, hide)
	v.Curl = curl(e, s, hide)
	if e.Status > 0 {
		v.Response = fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))
		v.RespHdrs = showHeaders(e.ResponseHeader, hide)
		v.Body = ClipBody(wire.Pretty(hide.body(e)))
	}
	return v
}

// outcome is how a step ended, in a few characters.
func outcome(e *wire.Exchange) string {
	switch {
	case e.Purpose == wire.IDTokenCheck, e.Purpose == wire.Response && e.Fault != "":
		return "refused"
	case e.Purpose == wire.Consent:
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

// ClipBody bounds what a page shows of a body.
func ClipBody(s string) string {
	const most = 20_000
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "\n… and more"
}

// showHeaders lists header fields by name, without what is secret.
func showHeaders(h wire.Header, hide *redactor) []Header {
	var list []Header
	for name, value := range h.All() {
		list = append(list, Header{hide.text(name), wire.Clip(hide.header(name, value), 1000)})
	}
	return list
}

// explain lists the parameters of a request, each with what it is for.
func explain(e *wire.Exchange, hide *redactor) []Parameter {
	raw := e.RequestBody
	if e.Method == http.MethodGet {
		_, raw, _ = strings.Cut(e.URL, "?")
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil
	}
	var list []Parameter
	for name, vs := range values {
		words := parameterWords[name]
		for _, value := range vs {
			list = append(list, Parameter{wire.Clip(hide.text(name), 60), wire.Clip(hide.parameter(name, value), 4000), words.about, words.section})
		}
	}
	slices.SortFunc(list, func(a, b Parameter) int { return strings.Compare(a.Name, b.Name) })
	return list
}
