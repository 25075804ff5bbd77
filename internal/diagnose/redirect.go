package diagnose

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
	"regexp"
	"slices"
	"strings"
)

// landing is where an authorization request ended, as far as two can be compared.
type landing struct {
	kind   landingKind
	status int
	at     string // without the query
	code   string // an OAuth error code, if there is one
	words  string // the server's, if any
}

type landingKind int

const (
	didNotTell    landingKind = iota // nothing came, or the server was out of order
	wasRefused                       // an error page, JSON, or a redirect elsewhere that carries an error
	showsPage                        // a page: sign-in, most likely
	goesElsewhere                    // sign-in at another host
	comesBack                        // at the redirect URI, perhaps with an error
)

// begins reports whether the server would go on with the login.
func (l landing) begins() bool {
	return l.kind == showsPage || l.kind == goesElsewhere || l.kind == comesBack && (l.code == "" || slices.Contains(needsUser, l.code))
}

// needsUser are the errors that say no more than that a user is needed.
var needsUser = []string{"login_required", "interaction_required", "consent_required", "account_selection_required"}

// refuses reports a no, at the server or at a callback.
func (l landing) refuses() bool { return l.kind == wasRefused || l.kind == comesBack && !l.begins() }

func (l landing) same(other landing) bool {
	return l.kind == other.kind && l.status == other.status && l.at == other.at && l.code == other.code
}

// request is an honest authorization request, in which each probe changes one thing.
func (c *checker) request() url.Values {
	scopes := strings.Join(c.cfg.Scopes, " ")
	q := url.Values{"response_type": {"code"}, "client_id": {c.cfg.ClientID}, "redirect_uri": {c.cfg.RedirectURI()}, "scope": {scopes}, "state": {rand.Text()},
		"code_challenge": {oauth.Challenge(oauth.NewVerifier())}, "code_challenge_method": {"S256"}}
	if slices.Contains(c.cfg.Scopes, "openid") {
		q.Set("nonce", rand.Text())
	}
	return q
}

// land asks the authorization endpoint, with one thing changed, and says where it ended.
func (c *checker) land(ctx context.Context, change func(url.Values)) landing {
	q := c.request()
	change(q)
	u, err := url.Parse(c.md.Authorization)
	if err != nil {
		return landing{words: err.Error()}
	}
	own := u.Query()
	for name, values := range q {
		own[name] = values
	}
	u.RawQuery = own.Encode()
	e, err := c.wire.Visit(ctx, u.String(), q.Get("redirect_uri"))
	if err != nil {
		return landing{words: err.Error()}
	}
	return c.readLanding(e, q.Get("redirect_uri"))
}

// inError finds an address that says of itself that it is an error page.
var inError = regexp.MustCompile(`(?i)(?:^|[/?&_-])(?:auth)?error(?:$|[/=?&_.-])`)

func (c *checker) readLanding(e *wire.Exchange, redirectURI string) landing {
	l := landing{status: e.Status, at: wire.WithoutQuery(e.URL)}
	if e.Status/100 == 3 {
		return c.readRedirect(e, redirectURI, l)
	}
	var body struct {
		Code        string `json:"error"`
		Description string `json:"error_description"`
	}
	json.Unmarshal([]byte(e.ResponseBody), &body) // a page is no JSON
	l.code, l.words = body.Code, c.said(body.Description, 300)
	if l.words == "" {
		l.words = c.said(e.Words(), 200)
	}
	switch {
	case e.Status >= 500 || e.Status == http.StatusTooManyRequests:
		l.kind = didNotTell
	case e.Status >= 400, l.code != "", inError.MatchString(pathAndQuery(e.URL)):
		l.kind = wasRefused
	default:
		l.kind = showsPage
	}
	return l
}

func (c *checker) readRedirect(e *wire.Exchange, redirectURI string, l landing) landing {
	base, errBase := url.Parse(e.URL)
	to, errTo := url.Parse(e.ResponseHeader.Get("Location"))
	if errBase != nil || errTo != nil || e.ResponseHeader.Get("Location") == "" {
		l.kind = didNotTell
		return l
	}
	to = base.ResolveReference(to)
	query := to.Query()
	if fragment, err := url.ParseQuery(to.Fragment); err == nil && query.Get("error") == "" && fragment.Get("error") != "" {
		query = fragment
	}
	to.Fragment = ""
	l.at = wire.WithoutQuery(to.String())
	l.code, l.words = query.Get("error"), c.said(query.Get("error_description"), 300)
	switch {
	case l.at == redirectURI:
		l.kind = comesBack
	case l.code != "" || inError.MatchString(pathAndQuery(to.String())):
		l.kind = wasRefused
	default:
		l.kind = goesElsewhere
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

// checkRedirectURI finds out whether the redirect URI is registered.
func (c *checker) checkRedirectURI(ctx context.Context) Finding {
	real := c.land(ctx, func(url.Values) {})
	control := c.land(ctx, func(q url.Values) {
		q.Set("redirect_uri", "https://"+strings.ToLower(rand.Text())+".invalid/oauth_callback")
	})
	c.landed = real
	uri := c.cfg.RedirectURI()
	switch {
	case real.kind == didNotTell || control.kind == didNotTell:
		return warning("the authorization endpoint did not answer in a way that tells anything (%s)", c.said(real.words+control.words, 200))
	case real.kind == wasRefused:
		return c.explainRedirect(ctx, real, control)
	case control.kind == wasRefused:
		return proved("%s is taken, and another one is refused", uri)
	case control.kind == comesBack:
		return warning("the server takes any redirect URI, a made-up one too: that is a weakness of the server")
	}
	return warning("the server shows the same for %s and for a made-up redirect URI, so nothing was learnt; only a login can tell", uri)
}

// explainRedirect finds out what is meant by a no: the client ID, or the redirect URI, and which
// redirect URI would be right.
func (c *checker) explainRedirect(ctx context.Context, real, control landing) Finding {
	if suspect(real.code, real.words) == Scopes && real.code == "invalid_scope" {
		f := warning("the server refuses the scopes before it looks at the redirect URI")
		f.Server = real.words
		return f
	}
	nobody := c.land(ctx, func(q url.Values) { q.Set("client_id", madeUp()) })
	alike := func(other landing) bool { return real.same(other) && real.words == other.words }
	if c.stranger = alike(nobody); c.stranger && alike(control) { // the server words every no alike
		c.stranger = c.checkClient(ctx).Result != OK
	}
	if c.stranger {
		return failing("CLIENT_ID", "compare CLIENT_ID with the OAuth application ("+c.field(ClientID)+")", real.words, "the server says the same of a made-up client ID: it does not know %s", c.cfg.ClientID).as(ClientIDUnknown)
	}
	fix := "register " + c.cfg.RedirectURI() + ", to the letter (" + c.field(RedirectURI) + ")"
	for _, variant := range variants(c.cfg.RedirectURI()) {
		if l := c.land(ctx, func(q url.Values) { q.Set("redirect_uri", variant) }); l.begins() {
			fix = "the server takes " + variant + ": " + fix
			if base, ok := strings.CutSuffix(variant, config.CallbackPath); ok {
				fix = "the server takes " + variant + ": write BASE_URL=" + base + ", or " + "register " + c.cfg.RedirectURI() + " too (" + c.field(RedirectURI) + ")"
			}
			break
		}
	}
	return failing("BASE_URL", fix, real.words, "the redirect URI %s is refused", c.cfg.RedirectURI()).as(RedirectURINotRegistered)
}

// variants are the redirect URIs that people register when they mean this one.
func variants(uri string) []string {
	list := []string{uri + "/"}
	swap := func(from, to string) {
		if strings.Contains(uri, from) {
			list = append(list, strings.Replace(uri, from, to, 1), strings.Replace(uri, from, to, 1)+"/")
		}
	}
	swap("//localhost", "//127.0.0.1")
	swap("//127.0.0.1", "//localhost")
	swap("http://", "https://")
	swap("https://", "http://")
	return list
}

// checkAuthorization says how the server would go on with an honest request.
func (c *checker) checkAuthorization(context.Context) Finding {
	l := c.landed
	switch {
	case l.kind == comesBack && l.begins():
		return proved("the server would begin the login (it says %s)", l.code)
	case l.begins():
		return proved("the server would begin the login, at %s", c.said(l.at, 200))
	case l.kind == comesBack:
		at := suspect(l.code, l.words)
		f := failing("", refusalHint(c.cfg, c.cfg.Scopes, l.code), l.words, "the server sends the browser back with the error %s", c.said(l.code, 60)).as(refusalName(l.code, l.words))
		if at != "" {
			f.Fix += " (" + c.field(at) + ")"
		}
		if at == Scopes {
			f.Setting = "SCOPES"
		}
		return f
	}
	return warning("what the server would do is not known")
}

// checkPKCE asks without a challenge. A refusal proves that PKCE is enforced; its absence proves
// nothing, as many servers refuse later.
func (c *checker) checkPKCE(ctx context.Context) Finding {
	l := c.land(ctx, func(q url.Values) { q.Del("code_challenge"); q.Del("code_challenge_method") })
	if l.refuses() && c.landed.begins() {
		return proved("a login without PKCE is refused")
	}
	return warning("a login without PKCE is not refused at this point; some servers refuse it later, others do not demand it")
}

// checkScopes asks for the scopes one by one, where the server tells at this point.
func (c *checker) checkScopes(ctx context.Context) Finding {
	withScope := func(scope string) landing {
		return c.land(ctx, func(q url.Values) {
			if slices.Contains(c.cfg.Scopes, "openid") && scope != "openid" {
				scope = "openid " + scope
			}
			q.Set("scope", scope)
		})
	}
	control := withScope(madeUp())
	if !control.refuses() {
		return warning("the server does not say at this point which scopes are enabled; the token response will")
	}
	var enabled, missing []string
	var words string
	for _, scope := range c.cfg.Scopes[:min(len(c.cfg.Scopes), 20)] {
		switch l := withScope(scope); {
		case l.refuses() && l.code == control.code:
			missing = append(missing, scope)
			words = l.words
		case l.begins():
			enabled = append(enabled, scope)
		default:
			return warning("what the server thinks of the scope %s is not clear", scope)
		}
	}
	if len(missing) > 0 {
		return failing("SCOPES", fmt.Sprintf("enable %s for the OAuth application (%s), or remove it from SCOPES", strings.Join(missing, " and "), c.field(Scopes)), words,
			"not enabled: %s", strings.Join(missing, " ")).as(ScopeNotEnabled)
	}
	return proved("enabled: %s; a made-up one is refused", strings.Join(enabled, " "))
}
