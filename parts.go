package main

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/flow"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/session"
	"oauth-test-client/internal/wire"
)

// This file has the data of templates/part-*.html, which several pages show. It asks no server, and decides nothing.

// link is a button's label and its target.
type link struct {
	Label string `json:"label"`
	Path  string `json:"path"`
}

// signIn is the data of part-signin.html: the button that starts a login, and its options.
type signIn struct {
	Label  string
	Second bool       // another button of the page comes first
	Steps  bool       // step by step is a button beside it, not an option
	Folded bool       // it is an option itself
	Asks   url.Values // what it asks for
	Prompt string     // the prompt that it asks for, unless Asks has one
	Fields []field
}

// Path returns the target of the button.
func (v signIn) Path() string {
	if v.Prompt == "" || v.Asks.Has("prompt") {
		return loginPath(v.Asks)
	}
	asks := maps.Clone(v.Asks)
	asks.Set("prompt", v.Prompt)
	return loginPath(asks)
}

// StepsPath returns the same login step by step. The demo server always asks for consent in such a login.
func (v signIn) StepsPath() string {
	if len(v.Asks) == 0 {
		return "/login?step=1"
	}
	return "/login?step=1&" + v.Asks.Encode()
}

// loginPath returns the address of a login.
func loginPath(asks url.Values) string {
	if len(asks) == 0 {
		return "/login"
	}
	return "/login?" + asks.Encode()
}

// field is a parameter of /login in the form of its options, with an example of its value.
type field struct{ Name, Example string }

// newSignIn makes the button with its options. Their form leads to the first step of a step-by-step login, which shows the
// request and a plain link. Directly after a form, the browser would apply our form-action to a redirect to the server, and
// block it.
func newSignIn(label string, cfg config.Effective) signIn {
	v := signIn{Label: label, Asks: url.Values{}, Fields: []field{
		{"scope", strings.Join(cfg.Scopes, " ")},
		{"prompt", "login consent"},
		{"login_hint", "alice@example.com"},
		{"max_age", "seconds, such as 60"},
		{"resource", "https://api.example.com"},
		{"audience", "https://api.example.com"},
		{"acr_values", "mfa"},
		{"ui_locales", "de fr"},
	}}
	if cfg.Demo {
		v.Prompt = "consent" // every time, as that is what the demo shows
	}
	return v
}

// keep makes the button repeat what a login was given. The settings, which may have changed, decide the rest.
func (v *signIn) keep(r *oauth.Request) { maps.Copy(v.Asks, r.Again()) }

// pasteForm is the data of part-paste.html: the form that takes the address at which the browser stopped.
type pasteForm struct {
	RedirectURI string
	Example     string // what such an address looks like
	Own         bool   // it is our own address with https, where no application answers
	App         string // the scheme, when it is one that an app opens: no address bar shows the address then
}

// newPasteForm makes the form, or returns nil where the browser comes back to this program.
func newPasteForm(cfg config.Effective) *pasteForm {
	if !cfg.CallbackIsPasted() {
		return nil
	}
	p := &pasteForm{RedirectURI: cfg.RedirectURI(), Example: cfg.ReturnedTo("?code=…&state=…")}
	if u, err := url.Parse(p.RedirectURI); err == nil && u.Scheme != "https" && u.Scheme != "http" {
		p.App = u.Scheme
	}
	return p
}

// newTwinForm makes the form for a server that sends the browser to https, or returns nil if the redirect URI has no https
// twin.
func newTwinForm(cfg config.Effective) *pasteForm {
	twin := cfg.HTTPSTwin()
	if twin == "" {
		return nil
	}
	return &pasteForm{RedirectURI: twin, Example: twin + "?code=…&state=…", Own: true}
}

// said is the data of part-said.html: a server's words, with the first sentence apart.
type said struct {
	First string
	All   string // empty where that is all
}

// maxSaid is the number of characters of a server's words that a page shows at first.
const maxSaid = 300

// newSaid prepares the words of a server, or returns nil where it has none.
func newSaid(words string) *said {
	words = strings.TrimSpace(wire.Clip(words, 2000))
	if words == "" {
		return nil
	}
	first := firstSentence(words)
	if runes := []rune(first); len(runes) > maxSaid {
		first = string(runes[:maxSaid])
		if at := strings.LastIndexByte(first, ' '); at > maxSaid/2 {
			first = first[:at]
		}
		first += " …"
	}
	if first == words {
		return &said{First: first}
	}
	return &said{First: first, All: words}
}

var (
	endOfSentence = regexp.MustCompile(`[.!?][)"'”’]*\s|[。！？]|[\r\n]`)
	abbreviated   = regexp.MustCompile(`(?:^|[\s("'])(?:(?:\p{L}\.)*\p{L}|etc|vs|No|Mr|Ms|Dr)\.$`) // what ends in a period but is no sentence
)

// firstSentence returns the first sentence of a text, or all of it.
func firstSentence(text string) string {
	for _, end := range endOfSentence.FindAllStringIndex(text, -1) {
		if sentence := strings.TrimSpace(text[:end[1]]); !abbreviated.MatchString(sentence) {
			return sentence
		}
	}
	return text
}

// flowChecks prepares the checks of an ID token for part-flow.html.
func flowChecks(verdicts []oauth.Verdict) []flow.Check {
	var list []flow.Check
	for _, v := range verdicts {
		list = append(list, flow.Check{Name: v.Check, Expected: wire.Clip(v.Expected, 300), Found: wire.Clip(v.Found, 300), Section: v.Section, OK: v.OK})
	}
	return list
}

// fact is one of the few facts that matter about a login (part-tokens.html).
type fact struct {
	Name, Value string
	Note        string
	Good        bool
	Expires     *time.Time // counted down; nil for a fact that does not change
}

// facts lists the few facts that matter about a login, as they are now.
func facts(l *session.Login, now time.Time) []fact {
	user := fact{Name: "User", Value: "not known", Note: noIDToken(l)}
	checks := fact{Name: "ID token", Value: "none", Note: noIDToken(l)}
	if l.IDToken != nil {
		user.Value, user.Note = l.Who(), ""
		if email := claimOf(l.IDToken.Raw, "email"); email != "" && email != user.Value {
			user.Note = email
		} else if user.Value != l.Subject() {
			user.Note = wire.Clip(l.Subject(), 60)
		}
		n := len(l.IDToken.Verdicts)
		checks.Value, checks.Note, checks.Good = fmt.Sprintf("%d of %d checks", n, n), "", true
		if l.Held.ID != l.IDToken.Raw {
			checks.Note = "at sign-in; the refreshed one is verified too"
		}
	}
	scopes := fact{Name: "Scopes granted", Value: cmp.Or(wire.Clip(l.Response.Scope, 300), "none")}
	if !l.Response.ScopeSent {
		scopes.Value, scopes.Note = strings.Join(l.Request.Scopes, " "), "as asked: the server names none"
	}
	return []fact{user, scopes, accessFact(l, now), refreshFact(l), checks}
}

// accessFact says whether the access token still works.
func accessFact(l *session.Login, now time.Time) fact {
	f := fact{Name: "Access token", Value: "stored", Note: "the server doesn't say when it expires"}
	switch expires := l.Held.Expires; {
	case l.Held.Access == "":
		f.Value, f.Note = "revoked", ""
	case !expires.IsZero() && expires.After(now):
		f.Value, f.Note, f.Expires = relative(expires, now), clock(expires), &expires
	case !expires.IsZero():
		f.Value, f.Note = "expired "+relative(expires, now), clock(expires)
	}
	if l.Held.Access != "" && l.Held.Access != l.Response.Access {
		f.Note = "a new one, from a refresh"
	}
	return f
}

// refreshFact says what happened to the refresh token.
func refreshFact(l *session.Login) fact {
	f := fact{Name: "Refresh token", Value: "yes"}
	switch {
	case l.Held.Refresh == "" && l.Response.Refresh == "":
		f.Value, f.Note = "no", "the server issued none"
	case l.Held.Refresh == "":
		f.Value = "revoked"
	case l.Held.Refresh != l.Response.Refresh:
		f.Note = "a new one, from a refresh"
	}
	return f
}

// notGranted names the scopes that a login lacks, as a sentence after the one about its ID token.
func notGranted(l *session.Login) string {
	missing := slices.DeleteFunc(l.Missing(), func(scope string) bool { return scope == "openid" && l.IDToken == nil }) // said there
	if len(missing) == 0 {
		return ""
	}
	return " Not granted: " + strings.Join(missing, " ") + "."
}

// noIDToken says why there is no ID token.
func noIDToken(l *session.Login) string {
	if slices.Contains(l.Request.Scopes, "openid") {
		return "the server did not grant openid"
	}
	return "the login did not ask for openid"
}

// noRefreshToken says why a login has no refresh token, and how to get one from this server.
func noRefreshToken(cfg config.Effective) string {
	return "The server issued none. " + causes.Found(causes.Warn, causes.NoRefreshToken, causes.Facts{Cfg: cfg}).Fix
}

// shownToken is a token as part-tokens.html shows it: decoded where it can be, and whole, to be copied.
type shownToken struct {
	ID, Title, Note string
	Raw             string
	Claims, Header  []claim
}

// claim is a member of a token, with its meaning for a reader.
type claim struct {
	Name, Value string
	Time        *time.Time // of a claim that is a time
	Words       string     // that time in words
	Coming      bool       // it is still to come
	Checked     bool       // it was verified
	About       string
}

// shownTokens prepares the tokens, the ID token first: it says who signed in.
func shownTokens(l *session.Login, tokens oauth.Tokens, now time.Time) []shownToken {
	var list []shownToken
	if tokens.ID != "" {
		v := newShownToken("id-token", "ID token: who signed in", tokens.ID, now)
		if l.IDToken != nil && l.IDToken.Raw == tokens.ID {
			v.markChecked(l.IDToken.Verdicts)
		}
		list = append(list, v)
	}
	if tokens.Access != "" {
		v := newShownToken("access-token", "Access token: authorizes calls to the API", tokens.Access, now)
		v.Note = "It is opaque: only the server knows what it means. That is fine."
		if d := oauth.Decode(tokens.Access); !d.Opaque {
			v.Note = "A JWT" + map[bool]string{true: " as in RFC 9068"}[d.Profile] + ". The API has to verify it; this app only reads it."
		}
		list = append(list, v)
	}
	if tokens.Refresh != "" {
		list = append(list, shownToken{ID: "refresh-token", Title: "Refresh token: gets a new access token", Raw: tokens.Refresh})
	}
	return list
}

func newShownToken(id, title, raw string, now time.Time) shownToken {
	d := oauth.Decode(raw)
	return shownToken{ID: id, Title: title, Raw: raw, Claims: claims(d.Claims, now), Header: claims(d.Header, now)}
}

// markChecked marks what was verified. The signature is checked with the algorithm of the header.
func (v shownToken) markChecked(verdicts []oauth.Verdict) {
	for _, verdict := range verdicts {
		for i := range v.Claims {
			v.Claims[i].Checked = v.Claims[i].Checked || v.Claims[i].Name == verdict.Check && verdict.OK
		}
		for i := range v.Header {
			v.Header[i].Checked = v.Header[i].Checked || v.Header[i].Name == "alg" && verdict.Check == "signature" && verdict.OK
		}
	}
}

func claims(members []oauth.Claim, now time.Time) []claim {
	var list []claim
	for _, c := range members {
		v := claim{Name: c.Name, Value: c.Value, About: claimWords[c.Name]}
		if !c.Time.IsZero() {
			v.Time, v.Words, v.Coming = &c.Time, relative(c.Time, now), c.Time.After(now)
		}
		list = append(list, v)
	}
	return list
}

// claimWords say what a claim means, where its name does not.
var claimWords = map[string]string{
	"sub": "the user’s identifier", "iss": "who issued it", "aud": "who it is for", "azp": "the client that asked", "nonce": "ties it to this login",
	"at_hash": "ties it to the access token", "sid": "the session on the server", "jti": "its unique ID", "amr": "how the user signed in",
	"acr": "how strong the sign-in was", "scope": "what it allows", "client_id": "the client that asked", "alg": "how it is signed", "kid": "the server’s key",
	"auth_time": "when the user signed in", "exp": "when it expires", "iat": "when it was issued", "nbf": "when it becomes valid",
}

// claimOf returns a claim of a JWT, or "" when it has none.
func claimOf(raw, name string) string {
	for _, c := range oauth.Decode(raw).Claims {
		if c.Name == name {
			return wire.Clip(c.Value, 100)
		}
	}
	return ""
}

// sentence turns a text that starts with a small letter, such as an error's, into a sentence.
func sentence(text string) string { return capital(text) + "." }

// capital makes the first letter of a text a capital, unless the text starts with a URL, a host with its port or a name
// from the code.
func capital(text string) string {
	first, _, _ := strings.Cut(text, " ")
	if text == "" || strings.ContainsAny(first, "/_=") || strings.Contains(strings.TrimRight(first, "."), ".") || strings.Contains(strings.TrimSuffix(first, ":"), ":") {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// relative returns a time in words, seen from now: "in 1 h 59 min", "3 minutes ago".
func relative(t, now time.Time) string {
	if t.After(now) {
		return "in " + span(t.Sub(now))
	}
	return ago(now.Sub(t))
}

// ago says how long ago something was.
func ago(d time.Duration) string {
	if d < 2*time.Second {
		return "just now"
	}
	return span(d) + " ago"
}

// span returns a duration as people say it.
func span(d time.Duration) string {
	switch {
	case d < 2*time.Second:
		return "1 second"
	case d < time.Minute:
		return fmt.Sprintf("%d seconds", d/time.Second)
	case d < 2*time.Minute:
		return "1 minute"
	case d < time.Hour:
		return fmt.Sprintf("%d minutes", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%d days", d/(24*time.Hour))
}

// clock returns a time in a format for comparing with another clock.
func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") + " UTC" }
