package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"oauth-test-client/internal/wire"
	"slices"
	"strings"
	"time"
)

// The most that a login remembers; the oldest steps go first.
const (
	maxSteps = 40
	maxFlow  = 4 << 20 // bytes
)

// Steps that do not go over our own wire: the browser's part of the flow, and our own check.
const (
	forAuthorization = "authorization request"
	forConsent       = "sign-in and consent"
	forResponse      = "authorization response"
	forIDToken       = "ID token check"
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
func between(purpose string) (from, to party) {
	switch purpose {
	case forAuthorization, forConsent:
		return theBrowser, theAuthorizationServer
	case forResponse:
		return theBrowser, theClient
	case forIDToken:
		return theClient, theClient
	case wire.ForAPI:
		return theClient, theResourceServer
	}
	return theClient, theAuthorizationServer
}

// flow is everything that a login consists of so far, in order.
func (s *server) flow(l *login) []*wire.Exchange {
	return append(s.frontChannel(l.Begun, l.Callback, l.Arrived), l.Steps...)
}

// frontChannel is what the browser carried: the authorization request, what the user did at the
// authorization server, of which we know how long it took, and the authorization response.
func (s *server) frontChannel(begun *pendingLogin, callback string, arrived time.Time) []*wire.Exchange {
	began := time.UnixMilli(begun.Began)
	request := &wire.Exchange{Purpose: forAuthorization, Method: http.MethodGet, Began: began}
	if md, _ := s.provider.known(); md != nil {
		request.URL = s.provider.authorizationRequest(md, begun)
	}
	consent := &wire.Exchange{Purpose: forConsent, Began: began, Took: arrived.Sub(began)}
	response := &wire.Exchange{Purpose: forResponse, Method: http.MethodGet, URL: s.cfg.BaseURL + callback, Began: arrived}
	return []*wire.Exchange{request, consent, response}
}

// failedFlow marks the step at which a flow failed: the authorization response when it was at fault,
// our own check of the ID token, or else the last one.
func failedFlow(flow []*wire.Exchange, err error) []*wire.Exchange {
	if err == nil || len(flow) == 0 {
		return flow
	}
	f := asFailure(err)
	if f.Code == "access_denied" {
		return flow // the user's answer: no step failed
	}
	at := len(flow) - 1
	if response := slices.IndexFunc(flow, func(e *wire.Exchange) bool { return e.Purpose == forResponse }); f.Status == http.StatusBadRequest && response >= 0 {
		at = response
	}
	failed := *flow[at]
	if f.Code == "invalid_id_token" && failed.Fault == "" && failed.Status < 400 {
		return append(flow, &wire.Exchange{Purpose: forIDToken, Began: failed.Began.Add(failed.Took), Fault: f.Description})
	}
	if failed.Fault == "" {
		failed.Fault = f.Description
	}
	if f.Code == "invalid_issuer" {
		failed.URL = "" // what came from somewhere else is not shown
	}
	flow = slices.Clone(flow)
	flow[at] = &failed
	return flow
}

// boundedSteps adds steps, and drops the oldest beyond maxSteps and maxFlow.
func boundedSteps(steps, more []*wire.Exchange) []*wire.Exchange {
	steps = slices.Concat(steps, more)
	size := 0
	for i, e := range slices.Backward(steps) {
		if size += e.Bytes(); size > maxFlow || len(steps)-i > maxSteps {
			return steps[i+1:]
		}
	}
	return steps
}

// flowView is the data of part-flow.html: a flow as a diagram and as a list.
type flowView struct {
	Steps   []stepView
	Diagram diagram
	Full    bool // tokens are shown whole
}

// stepView is a step as the list shows it.
type stepView struct {
	Number    int
	ID        string
	Name      string
	About     string
	Outcome   string // "200, 12 ms"
	Failed    bool
	Fault     string
	Request   string // "POST https://…"
	Params    []parameter
	Headers   []header // of the request
	Response  string   // "200 OK"
	RespHdrs  []header
	Body      string // of the response, JSON indented
	Curl      string
	StartedAt string
	Duration  string
}

// parameter is one parameter of a request with what it is for.
type parameter struct {
	Name, Value, About, Section string
}

// header is one header field.
type header struct {
	Name, Value string
}

// viewFlow prepares a flow for a page. The client secret is never in it; tokens only when full.
func (s *server) viewFlow(flow []*wire.Exchange, full bool) flowView {
	hide := newRedactor(s.cfg, flow, full)
	view := flowView{Full: full}
	for i, e := range flow {
		view.Steps = append(view.Steps, s.viewStep(i+1, e, hide))
	}
	view.Diagram = draw(view.Steps, flow)
	return view
}

func (s *server) viewStep(number int, e *wire.Exchange, hide *redactor) stepView {
	v := stepView{
		Number:    number,
		ID:        fmt.Sprintf("step-%d", number),
		Name:      e.Purpose,
		About:     stepWords[e.Purpose],
		Failed:    e.Failed(),
		Fault:     wire.Clip(hide.text(e.Fault), 1000),
		StartedAt: e.Began.UTC().Format("15:04:05.000"),
		Duration:  showDuration(e.Took),
	}
	v.Outcome = outcome(e)
	if e.URL == "" {
		return v
	}
	v.Request = e.Method + " " + wire.Clip(hide.text(wire.WithoutQuery(e.URL)), 500)
	v.Params = explain(e, hide)
	v.Headers = showHeaders(e.RequestHeader, hide)
	v.Curl = s.curl(e, hide)
	if e.Status > 0 {
		v.Response = fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))
		v.RespHdrs = showHeaders(e.ResponseHeader, hide)
		v.Body = clipBody(hide.text(pretty(e.ResponseBody)))
	}
	return v
}

// outcome is how a step ended, in a few characters.
func outcome(e *wire.Exchange) string {
	switch {
	case e.Purpose == forIDToken, e.Purpose == forResponse && e.Fault != "":
		return "refused"
	case e.Purpose == forConsent:
		return showDuration(e.Took)
	case e.Status > 0:
		return fmt.Sprintf("%d, %s", e.Status, showDuration(e.Took))
	case e.Fault != "":
		return "no answer"
	}
	return ""
}

// showDuration rounds to what a person can tell apart.
func showDuration(d time.Duration) string {
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

// pretty indents JSON and leaves anything else as it is.
func pretty(body string) string {
	var out bytes.Buffer
	if json.Indent(&out, []byte(body), "", "  ") == nil {
		return out.String()
	}
	return strings.ToValidUTF8(body, "\uFFFD")
}

// indentPart decodes one part of a JWT into indented JSON.
func indentPart(part string) (string, bool) {
	decoded, err := base64.RawURLEncoding.DecodeString(part)
	var out bytes.Buffer
	if err != nil || json.Indent(&out, decoded, "", "  ") != nil {
		return "", false
	}
	return out.String(), true
}

// clipBody bounds what a page shows of a body.
func clipBody(s string) string {
	const most = 20_000
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "\n… and more"
}

// showHeaders lists header fields by name, without what is secret.
func showHeaders(h wire.Header, hide *redactor) []header {
	var list []header
	for name, value := range h.All() {
		list = append(list, header{hide.text(name), wire.Clip(hide.header(name, value), 1000)})
	}
	return list
}

// explain lists the parameters of a request, each with what it is for.
func explain(e *wire.Exchange, hide *redactor) []parameter {
	raw := e.RequestBody
	if e.Method == http.MethodGet {
		_, raw, _ = strings.Cut(e.URL, "?")
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil
	}
	var list []parameter
	for name, vs := range values {
		words := parameterWords[name]
		for _, value := range vs {
			list = append(list, parameter{wire.Clip(hide.text(name), 60), wire.Clip(hide.parameter(name, value), 4000), words.about, words.section})
		}
	}
	slices.SortFunc(list, func(a, b parameter) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// stepWords says what each step is for.
var stepWords = map[string]string{
	wire.ForMetadata:      "The client reads where the server's endpoints are (RFC 8414 section 3).",
	forAuthorization:      "The client sends the browser to the authorization server, with what it asks for (RFC 6749 section 4.1.1).",
	forConsent:            "The user signs in there and allows, or denies, what is asked for. The client sees nothing of it.",
	forResponse:           "The authorization server sends the browser back with a code, or an error (RFC 6749 section 4.1.2).",
	wire.ForToken:         "The client exchanges the code for tokens, and proves that it began this login (RFC 6749 section 4.1.3, RFC 7636 section 4.5).",
	wire.ForKeys:          "The client fetches the keys that the ID token's signature is verified with (RFC 7517 section 5).",
	forIDToken:            "The client checks the ID token before it believes it (OpenID Connect Core section 3.1.3.7).",
	wire.ForRefresh:       "The client exchanges the refresh token for a new access token (RFC 6749 section 6).",
	wire.ForUserinfo:      "The client asks who the user is (OpenID Connect Core section 5.3).",
	wire.ForIntrospection: "The client asks what the server knows of a token (RFC 7662 section 2).",
	wire.ForRevocation:    "The client ends a token (RFC 7009 section 2).",
	wire.ForAPI:           "The client calls the API with the access token (RFC 6750 section 2.1).",
}

type wordsOf struct{ about, section string }

// parameterWords says what each parameter is for, in one line, and where that is written.
var parameterWords = map[string]wordsOf{
	"response_type":            {"what should come back: a code", "RFC 6749 section 3.1.1"},
	"client_id":                {"which OAuth application asks", "RFC 6749 section 2.2"},
	"client_secret":            {"proves that the application asks, and nobody else", "RFC 6749 section 2.3.1"},
	"redirect_uri":             {"where the browser is sent back to; registered to the letter", "RFC 6749 section 3.1.2"},
	"scope":                    {"what is asked for", "RFC 6749 section 3.3"},
	"state":                    {"ties the response to this browser's login", "RFC 6749 section 10.12"},
	"nonce":                    {"ties the ID token to this login", "OpenID Connect Core section 3.1.2.1"},
	"code_challenge":           {"the hash of a secret that is shown later, with the code", "RFC 7636 section 4.2"},
	"code_challenge_method":    {"how it was hashed", "RFC 7636 section 4.3"},
	"code_verifier":            {"the secret behind the challenge: who has the code but not this gets nothing", "RFC 7636 section 4.5"},
	"code":                     {"good once, and for a short time, for tokens", "RFC 6749 section 4.1.2"},
	"iss":                      {"which server sends this response", "RFC 9207 section 2"},
	"error":                    {"what went wrong, as a code", "RFC 6749 section 4.1.2.1"},
	"error_description":        {"what went wrong, in words", "RFC 6749 section 4.1.2.1"},
	"error_uri":                {"where more is said about it", "RFC 6749 section 4.1.2.1"},
	"grant_type":               {"what is exchanged for tokens", "RFC 6749 section 4.1.3"},
	"refresh_token":            {"brings a new access token", "RFC 6749 section 6"},
	"token":                    {"the token that this is about", "RFC 7662 section 2.1, RFC 7009 section 2.1"},
	"token_type_hint":          {"which kind of token it is", "RFC 7009 section 2.1"},
	"prompt":                   {"whether the server asks again", "OpenID Connect Core section 3.1.2.1"},
	"login_hint":               {"who is likely to sign in", "OpenID Connect Core section 3.1.2.1"},
	"max_age":                  {"how many seconds ago the user may have signed in", "OpenID Connect Core section 3.1.2.1"},
	"acr_values":               {"how strongly the user should sign in", "OpenID Connect Core section 3.1.2.1"},
	"ui_locales":               {"the languages of the server's pages", "OpenID Connect Core section 3.1.2.1"},
	"resource":                 {"the API that the access token is for", "RFC 8707 section 2"},
	"audience":                 {"the API that the access token is for, as Auth0 names it", "Auth0"},
	"session_state":            {"whether the user is still signed in", "OpenID Connect Session Management section 2"},
	"id_token_hint":            {"who signs out", "OpenID Connect RP-Initiated Logout section 2"},
	"post_logout_redirect_uri": {"where the browser goes after signing out", "OpenID Connect RP-Initiated Logout section 2"},
}

// flowPage is the data of flow.html.
type flowPage struct {
	page
	Flow flowView
}

// handleFlow shows every exchange of this session: as a diagram and a list, or for programs as HAR.
func (s *server) handleFlow(w http.ResponseWriter, r *http.Request) error {
	l, document, err := s.currentHAR(r)
	if err != nil {
		return err
	}
	full := r.URL.Query().Get("tokens") == "full"
	return s.respond(w, r, http.StatusOK, "flow.html", flowPage{s.page("What went over the wire"), s.viewFlow(s.flow(l), full)}, document)
}

// handleHAR is the same as a file to keep, or to add to a bug report.
func (s *server) handleHAR(w http.ResponseWriter, r *http.Request) error {
	_, document, err := s.currentHAR(r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", `attachment; filename="oauth-flow.har"`)
	write(w, http.StatusOK, "application/json", document)
	return nil
}

func (s *server) currentHAR(r *http.Request) (*login, []byte, error) {
	l, err := s.current(r)
	if err != nil {
		return nil, nil, err
	}
	s.provider.metadata(r.Context()) // for the first step's address, when another process began the login
	document, err := s.har(s.flow(l))
	return l, document, err
}
