package flow

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"
	"time"

	"oauth-test-client/internal/wire"
)

// party is a lifeline of the diagram, numbered from the left.
type party int

const (
	theBrowser party = iota
	theClient
	theAuthorizationServer
	theAPI
)

var partyNames = []string{"Browser", "Client (this app)", "Authorization server", "API"}

// line is one arrow of a step, or a note on a lifeline when it leads nowhere.
type line struct {
	from, to party
	words    string
	values   []Value
	answer   bool   // drawn dashed
	both     bool   // goes to and fro
	found    string // what was found right on arrival
}

// Value is a value on an arrow: short, with its mark. The text is empty while it is not known.
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

// lines are the arrows of a step. One that has not happened yet has no address, and shows what it will
// carry by name.
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
		if e.Note == Pasted {
			to, back.words = "go to the redirect URI", "its address, pasted"
		}
		if !coming && e.Fault == "" && t.marks[param(e, "state")] == StateMark {
			back.found = "✓ the state that was sent"
		}
		return []line{{from: theAuthorizationServer, to: theBrowser, words: "302 or 303, " + to, answer: true}, back}
	case wire.IDTokenCheck:
		return []line{t.idTokenCheck(e, coming)}
	}
	return t.call(e, coming)
}

// call is a request of the client's with its answer.
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

// callWords say what is asked, where there is no address to show.
var callWords = map[wire.Purpose]string{
	wire.PushedRequest:    "POST the authorization request",
	wire.APIAsked:         "GET the API",
	wire.ResourceMetadata: "Who issues its tokens?",
	wire.Registration:     "Registration",
	wire.Metadata:         "Discovery",
	wire.TokenRequest:     "POST the token endpoint",
	wire.Keys:             "Keys of the ID tokens",
	wire.Userinfo:         "GET userinfo",
	wire.Introspection:    "Introspection",
	wire.Revocation:       "Revocation",
	wire.Refresh:          "POST the token endpoint",
	wire.API:              "GET the API",
	wire.APIWithout:       "GET the API",
	wire.APIAltered:       "GET the API",
	wire.APIWithIDToken:   "GET the API",
}

// isKnown reports a step that this login did not need: its answer was known from before.
func isKnown(e *wire.Exchange) bool { return e.Began.IsZero() && e.URL != "" && e.Status == 0 }

// isAPI reports a call of the resource server.
func isAPI(p wire.Purpose) bool {
	switch p {
	case wire.API, wire.APIWithout, wire.APIAltered, wire.APIWithIDToken, wire.APIAsked, wire.APIProbe, wire.ResourceMetadata:
		return true
	}
	return false
}

// request is a request line without its query, short enough for an arrow.
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

// scope is what an authorization request asks for.
func (t *teller) scope(e *wire.Exchange) string {
	scope := param(e, "scope")
	if scope == "" {
		return ""
	}
	return ", scope=" + clipWords(wire.Visible(t.hide.text(scope)), 28)
}

// clipWords cuts a list of words before the one that is too much.
func clipWords(s string, n int) string {
	if len(s) <= n {
		return s
	}
	if at := strings.LastIndex(s[:n], " "); at > 0 {
		return s[:at] + " …"
	}
	return wire.Clip(s, n)
}

// valueNames are the parameters as an arrow names them.
var valueNames = map[string]string{"code_challenge": "challenge", "code_verifier": "verifier", "access_token": "token"}

// values are the parameters of a request that can be followed. One that is not there is left out once
// the request is known.
func (t *teller) values(e *wire.Exchange, names ...string) []Value {
	var list []Value
	for _, name := range names {
		value, mark := param(e, name), paramMarks[name]
		switch {
		case value != "":
			mark = t.marks[value] // none for another value than the one that went out
		case e.URL != "":
			continue
		}
		list = append(list, Value{mark, cmp.Or(valueNames[name], name), t.short(value)})
	}
	return list
}

// tokens are what a token response brings.
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

// bearer is the access token that a call carries.
func (t *teller) bearer(e *wire.Exchange, coming bool) []Value {
	_, token, _ := strings.Cut(e.RequestHeader.Get("Authorization"), " ")
	if coming || token == "" {
		return []Value{{Mark: TokenMark, Name: "token"}}
	}
	return []Value{{t.marks[token], "token", t.shortToken(token)}}
}

// idTokenCheck is what the client does alone.
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

// short leaves enough of a value to tell it from another. Of a short one nothing is left: it might be
// most of it.
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

// shortToken is the end of a token: JWTs all begin alike.
func (t *teller) shortToken(token string) string {
	const shown = 4
	short := Shorten(token)
	if t.hide.file || len(short) <= shown {
		return t.short(token)
	}
	return "…" + short[len(short)-shown:]
}

// glance is the least time in which a person can see a page and answer it.
const glance = time.Second

// consentWords say how long the user took, when somebody can have seen a page.
func consentWords(e *wire.Exchange, coming bool) string {
	switch {
	case coming:
		return "sign-in and consent"
	case e.Took < glance:
		return "the server sends the browser straight back"
	}
	return fmt.Sprintf("sign-in and consent, %s", Duration(e.Took))
}
