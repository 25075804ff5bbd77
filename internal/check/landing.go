package check

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
	"regexp"
	"slices"
	"strings"
)

// landing is where an authorization request ended, as far as two can be compared.
type landing struct {
	Kind   landingKind
	status int
	at     string         // without the query
	Code   string         // an OAuth error code, if there is one
	words  string         // the server's, if any
	Coded  bool           // an authorization code came back at once
	print  string         // what it looks like, without what differs from one answer to the next
	page   *wire.Exchange // the last answer; nil when none came
}

type landingKind int

const (
	didNotTell    landingKind = iota // nothing came, or the server was out of order
	wasRefused                       // an error page, JSON, or a redirect elsewhere that carries an error
	ShowsPage                        // a page: sign-in, most likely
	GoesElsewhere                    // sign-in at another host
	ComesBack                        // at the redirect URI, perhaps with an error
)

// begins reports whether the server would go on with the login.
func (l landing) Begins() bool {
	return l.Kind == ShowsPage || l.Kind == GoesElsewhere || l.Kind == ComesBack && (l.Code == "" || slices.Contains(needsUser, l.Code))
}

// needsUser are the errors that say no more than that a user is needed.
var needsUser = []string{"login_required", "interaction_required", "consent_required", "account_selection_required"}

// refuses reports a no, at the server or at a callback.
func (l landing) Refuses() bool { return l.Kind == wasRefused || l.Kind == ComesBack && !l.Begins() }

// same reports whether two requests were answered alike: then their difference did not matter.
func (l landing) Same(other landing) bool { return l.print == other.print }

// said is what the server said of it, as a finding shows it.
func (l landing) said() string {
	if l.words == "" {
		return l.Code
	}
	return l.words
}

// request is an honest authorization request, in which each question changes one thing.
func (c *Checker) request() url.Values {
	scopes := strings.Join(c.cfg.Scopes, " ")
	q := url.Values{"response_type": {"code"}, "client_id": {c.cfg.ClientID}, "redirect_uri": {c.cfg.RedirectURI()}, "scope": {scopes}, "state": {rand.Text()},
		"code_challenge": {oauth.Challenge(oauth.NewVerifier())}, "code_challenge_method": {"S256"}}
	if scopes == "" {
		q.Del("scope")
	}
	if slices.Contains(c.cfg.Scopes, "openid") {
		q.Set("nonce", rand.Text())
	}
	if c.cfg.Resource != "" {
		q.Set("resource", c.cfg.Resource) // RFC 8707 section 2
	}
	return q
}

// land asks the authorization endpoint, with one thing changed, and says where it ended.
func (c *Checker) Land(ctx context.Context, change func(url.Values)) landing {
	q := c.request()
	change(q)
	address, err := c.Oauth.AddressOf(ctx, c.Md, q)
	if err != nil {
		return c.notPushed(err, sentIn(q))
	}
	e, err := c.wire.Visit(ctx, address, q.Get("redirect_uri"))
	if err != nil {
		return landing{words: err.Error()}
	}
	sent := append(sentIn(q), causes.HostOf(q.Get("redirect_uri")))
	l := c.readLanding(e, q.Get("redirect_uri"), sent)
	at := l.at
	if l.Kind == ComesBack {
		at = "the redirect URI"
	}
	l.print = fmt.Sprint(l.Kind, l.status, l.Coded, l.Code, "|", likeness(at, sent...), "|", likeness(l.words, sent...))
	l.words = wire.Clip(l.words, 300)
	return l
}

// inError finds an address that says of itself that it is an error page.
var inError = regexp.MustCompile(`(?i)(?:^|[/?&_-])(?:auth)?error(?:$|[/=?&_.-])`)

// refusing finds a page that is no more than a refusal, though its status is 200.
var refusing = regexp.MustCompile(`(?i)\b(?:redirect|callback|client|application|scope)\b.{0,60}` +
	`\b(?:invalid|unknown|unregistered|mismatch|does not match|not (?:found|valid|registered|allowed|match)|(?:does not|doesn.t|not) exist)` +
	`|\b(?:invalid|unknown|unregistered|mismatching|illegal)\b.{0,30}(?:redirect|callback|client|application|scope)`)

// readLanding reads the last answer to a request with the values sent: what it repeats of them is not its
// own word.
func (c *Checker) readLanding(e *wire.Exchange, redirectURI string, sent []string) landing {
	l := landing{status: e.Status, at: wire.WithoutQuery(e.URL), page: e}
	if to := redirectIn(e); to != "" {
		return c.readRedirect(e, to, redirectURI, l)
	}
	refusal := e.Refusal()
	code, words := refusal.Code, cmp.Or(refusal.Text, refusal.Words)
	if at, err := url.Parse(e.URL); err == nil && code == "" && at.Query().Has("error") { // an error page at an address that says which
		code, words = at.Query().Get("error"), at.Query().Get("error_description")
	}
	l.Code, l.words = c.errorCode(code), c.cfg.Hide(words)
	if l.words == "" {
		l.words = c.cfg.Hide(e.Words())
	}
	switch {
	case e.Status >= 500 || e.Status == http.StatusTooManyRequests || e.Status/100 == 3:
		l.Kind = didNotTell
	case e.Status >= 400, l.Code != "", inError.MatchString(pathAndQuery(e.URL)), isRefusal(e, likeness(l.words, sent...)):
		l.Kind = wasRefused
	default:
		l.Kind = ShowsPage
	}
	return l
}

// isRefusal reports a page that refuses with a status of 200: it has no form, so nobody can sign in there.
func isRefusal(e *wire.Exchange, words string) bool {
	body := strings.ToLower(e.ResponseBody)
	return !strings.Contains(body, "<form") && !strings.Contains(body, "<script") && len(words) < 1000 && refusing.MatchString(words)
}

// redirectIn is where an answer sends the browser: by its status and Location, or, from a server that
// takes every client for a script, by a member of its JSON.
func redirectIn(e *wire.Exchange) string {
	if e.Status/100 == 3 {
		return e.ResponseHeader.Get("Location")
	}
	var document map[string]any
	if e.Status != http.StatusOK || json.Unmarshal([]byte(e.ResponseBody), &document) != nil {
		return ""
	}
	for _, name := range []string{"url", "redirect_url", "redirect_to", "redirectTo", "redirect_uri", "redirectUri", "location", "redirect"} {
		if to, ok := document[name].(string); ok && (strings.HasPrefix(to, "/") || strings.Contains(to, "://")) {
			return to
		}
	}
	return ""
}

func (c *Checker) readRedirect(e *wire.Exchange, location, redirectURI string, l landing) landing {
	base, errBase := url.Parse(e.URL)
	to, errTo := url.Parse(location)
	if errBase != nil || errTo != nil {
		return l // nobody could follow it
	}
	to = base.ResolveReference(to)
	query := to.Query()
	if fragment, err := url.ParseQuery(to.Fragment); err == nil && query.Get("error") == "" && fragment.Get("error") != "" {
		query = fragment
	}
	to.Fragment = ""
	l.at = wire.WithoutQuery(to.String())
	l.Code, l.words = c.errorCode(query.Get("error")), c.cfg.Hide(query.Get("error_description"))
	switch {
	case l.at == wire.WithoutQuery(redirectURI):
		l.Kind, l.Coded = ComesBack, query.Get("code") != ""
	case l.Code != "" || inError.MatchString(pathAndQuery(to.String())):
		l.Kind = wasRefused
	default:
		l.Kind = GoesElsewhere
	}
	return l
}

func pathAndQuery(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.RequestURI()
}

// answer is the error of a refusal, or its status.
func (l landing) Answer() string {
	if l.Code == "" {
		return fmt.Sprint(l.status)
	}
	return l.Code
}
