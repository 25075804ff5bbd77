package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/oauth2"
)

// A question to a server proves something only beside its control: the same question with a value
// that cannot be right. Servers differ too much for an answer alone to mean anything; two answers
// that differ do. The same answer to both: nothing was learnt.

// madeUp is a value that no server has issued.
func madeUp() string { return "made-up-" + rand.Text() }

// tokenReply is an answer of the token endpoint or one like it, as far as two can be compared.
type tokenReply struct {
	status int
	code   string
	words  string
	known  bool // false when nothing came, or the server was out of order
}

// refusesClient reports a no to the client itself. Servers invent codes, but they end in _client,
// whatever the status; a 401 at this endpoint is about the client too.
func (r tokenReply) refusesClient() bool {
	return strings.HasSuffix(r.code, "_client") || r.code == "incorrect_client_credentials" || r.status == http.StatusUnauthorized
}

// same reports whether two answers are alike. The words are left out: they may hold a time or an ID
// of the request.
func (r tokenReply) same(other tokenReply) bool {
	return r.status == other.status && r.code == other.code
}

// overloaded are codes of servers that answer something else than they were asked.
var overloaded = []string{"slow_down", "temporarily_unavailable", "too_many_requests", "rate_limited", "server_error"}

func readTokenReply(e *wire.Exchange, err error) tokenReply {
	if err != nil {
		return tokenReply{words: err.Error()}
	}
	var body struct {
		Code        json.RawMessage `json:"error"`
		Description string          `json:"error_description"`
	}
	json.Unmarshal([]byte(e.ResponseBody), &body) // what can be read of it
	r := tokenReply{status: e.Status, words: wire.Clip(body.Description, 300)}
	json.Unmarshal(body.Code, &r.code)
	if r.words == "" {
		r.words = wordsOfBody(e)
	}
	if strings.HasPrefix(e.ResponseHeader.Get("Content-Type"), "application/x-www-form-urlencoded") { // GitHub's
		if form, err := url.ParseQuery(e.ResponseBody); err == nil {
			r.code, r.words = form.Get("error"), wire.Clip(form.Get("error_description"), 300)
		}
	}
	r.known = e.Status < 500 && e.Status != http.StatusTooManyRequests && !slices.Contains(overloaded, r.code)
	return r
}

// clientQuestion is one way of finding out whether a client's credentials are taken.
type clientQuestion struct {
	name     string
	endpoint string
	form     url.Values
}

// clientQuestions lists them. Some servers look the code up before they look at the client, and
// some check the secret at one endpoint only, so all are asked. Introspection is closed to a client
// without a secret (RFC 7662 section 2.1), so there it tells nothing.
func (c *checker) clientQuestions(method string) []clientQuestion {
	list := []clientQuestion{
		{"a made-up code", c.md.Token, url.Values{"grant_type": {"authorization_code"}, "code": {madeUp()}, "redirect_uri": {c.cfg.RedirectURI()}, "code_verifier": {oauth2.GenerateVerifier()}}},
		{"a made-up refresh token", c.md.Token, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {madeUp()}}},
	}
	if c.md.Introspection != "" && method != config.MethodNone {
		list = append(list, clientQuestion{"a made-up token to introspect", c.md.Introspection, url.Values{"token": {madeUp()}}})
	}
	if c.md.Revocation != "" {
		list = append(list, clientQuestion{"a made-up token to revoke", c.md.Revocation, url.Values{"token": {madeUp()}}})
	}
	return list
}

// clientAnswer is what all questions together say of some credentials.
type clientAnswer struct {
	yes      string     // the question whose answer proved that they are taken
	no       string     // the question whose answer refused them
	grantOff bool       // the client is known, but may not exchange a code
	reply    tokenReply // the answer that decided
}

// askClient asks every question with the credentials and with those of the control. A no to any is a
// no; a yes is an answer that differs from its control's, and nothing else.
func (c *checker) askClient(ctx context.Context, real, control credentials) clientAnswer {
	var answer clientAnswer
	for _, q := range c.clientQuestions(real.method) {
		got := c.ask(ctx, real, q)
		wrong := c.ask(ctx, control, q)
		if !got.known {
			continue
		}
		differ := wrong.known && !got.same(wrong)
		if got.refusesClient() && !(differ && got.code == "unauthorized_client" && wrong.refusesClient()) {
			return clientAnswer{no: q.name, reply: got}
		}
		if differ && answer.yes == "" {
			answer.yes, answer.reply = q.name, got
			answer.grantOff = got.code == "unauthorized_client" && q.form.Get("grant_type") == "authorization_code"
		}
	}
	return answer
}

func (c *checker) ask(ctx context.Context, as credentials, q clientQuestion) tokenReply {
	return readTokenReply(c.provider.postAs(ctx, as, q.endpoint, q.form))
}

// checkClient finds out whether client ID, secret and method are right, without a user.
func (c *checker) checkClient(ctx context.Context) finding {
	if c.results["redirect_uri"] != "" && c.stranger {
		return skip("cannot be known while the client ID is not")
	}
	method := c.provider.authMethod(c.md)
	real := credentials{id: c.cfg.ClientID, secret: c.cfg.ClientSecret, method: method}
	control := real
	what := "a made-up secret"
	if method == config.MethodNone {
		control.id, what = madeUp(), "a made-up client ID"
	} else {
		control.secret = madeUp()
	}
	answer := c.askClient(ctx, real, control)
	switch {
	case answer.no != "":
		return c.explainRefusal(ctx, real, control, answer)
	case answer.grantOff:
		return failing("CLIENT_ID", "enable the authorization code grant ("+c.field(settingGrant)+")", answer.reply.words, "the server knows the client, but does not let it exchange a code")
	case answer.yes != "":
		return ok("the credentials are taken by %s: %s is answered otherwise with %s", method, answer.yes, what)
	}
	return warn("the server answers the same to %s, so nothing was learnt; only a login can tell", what)
}

// explainRefusal finds out which of client ID, secret and method is the mistake. The server never
// says (ory/hydra#2140), but its answers to the neighbours of the question do.
func (c *checker) explainRefusal(ctx context.Context, real, control credentials, refused clientAnswer) finding {
	no := func(setting, fix, format string, args ...any) finding {
		return failing(setting, fix, refused.reply.words, format, args...)
	}
	if real.method == config.MethodNone {
		return no("CLIENT_SECRET", "set CLIENT_SECRET if the OAuth application is not a public one ("+c.field(settingMethod)+"), else check CLIENT_ID ("+c.field(settingClientID)+")",
			"the server refuses the client without a secret (%s)", refused.no)
	}
	special := !unreserved.MatchString(real.secret)
	if special && real.method == config.MethodBasic {
		raw, rawControl := real, control
		raw.raw, rawControl.raw = true, true
		if c.askClient(ctx, raw, rawControl).yes != "" {
			return no("CLIENT_SECRET", "write TOKEN_ENDPOINT_AUTH_METHOD=client_secret_post, or have a secret made without special characters",
				"the server does not decode the secret's special characters (RFC 6749 section 2.3.1): it is taken as it is, and refused when form-encoded")
		}
	}
	other, otherControl := real, control
	other.method = config.MethodPost
	if real.method == config.MethodPost {
		other.method = config.MethodBasic
	}
	otherControl.method = other.method
	if c.askClient(ctx, other, otherControl).yes != "" {
		return no("TOKEN_ENDPOINT_AUTH_METHOD", "write TOKEN_ENDPOINT_AUTH_METHOD="+other.method, "the secret is right, but the server does not take it by %s", real.method)
	}
	public := credentials{id: real.id, method: config.MethodNone}
	unknown := credentials{id: madeUp(), method: config.MethodNone}
	if c.askClient(ctx, public, unknown).yes != "" {
		return no("CLIENT_SECRET", "remove CLIENT_SECRET", "the OAuth application is a public client, which has no secret")
	}
	return no("CLIENT_SECRET", "copy the secret again, or have a new one made ("+c.field(settingSecret)+"); if it is right, compare CLIENT_ID ("+c.field(settingClientID)+")",
		"the server refuses client ID and secret together, by either method")
}

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
		"code_challenge": {oauth2.S256ChallengeFromVerifier(oauth2.GenerateVerifier())}, "code_challenge_method": {"S256"}}
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
	e, err := c.provider.wire.Visit(ctx, u.String(), q.Get("redirect_uri"))
	if err != nil {
		return landing{words: err.Error()}
	}
	return readLanding(e, q.Get("redirect_uri"))
}

// inError finds an address that says of itself that it is an error page.
var inError = regexp.MustCompile(`(?i)(?:^|[/?&_-])(?:auth)?error(?:$|[/=?&_.-])`)

func readLanding(e *wire.Exchange, redirectURI string) landing {
	l := landing{status: e.Status, at: wire.WithoutQuery(e.URL)}
	if e.Status/100 == 3 {
		return readRedirect(e, redirectURI, l)
	}
	var body struct {
		Code        string `json:"error"`
		Description string `json:"error_description"`
	}
	json.Unmarshal([]byte(e.ResponseBody), &body) // a page is no JSON
	l.code, l.words = body.Code, wire.Clip(body.Description, 300)
	if l.words == "" {
		l.words = wordsOfBody(e)
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

func readRedirect(e *wire.Exchange, redirectURI string, l landing) landing {
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
	l.code, l.words = query.Get("error"), wire.Clip(query.Get("error_description"), 300)
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

var (
	markup = regexp.MustCompile(`(?is)<(script|style|head|svg)\b.*?</(?:script|style|head|svg)>|<[^>]*>`)
	title  = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	spaces = regexp.MustCompile(`\s+`)
)

// wordsOfBody is what a person would read in an answer, in one line.
func wordsOfBody(e *wire.Exchange) string {
	body := e.ResponseBody
	var document struct {
		Description string `json:"error_description"`
		Message     string `json:"message"`
		Code        string `json:"error"`
	}
	if json.Unmarshal([]byte(e.ResponseBody), &document) == nil {
		for _, words := range []string{document.Description, document.Message, document.Code} {
			if words != "" {
				return wire.Clip(words, 300)
			}
		}
	}
	if !strings.Contains(strings.ToLower(body), "<html") && !strings.HasPrefix(strings.TrimSpace(body), "<") {
		return wire.Clip(strings.TrimSpace(spaces.ReplaceAllString(body, " ")), 200)
	}
	text := strings.TrimSpace(spaces.ReplaceAllString(markup.ReplaceAllString(body, " "), " "))
	if m := title.FindStringSubmatch(body); m != nil && text == "" {
		text = strings.TrimSpace(m[1])
	}
	return wire.Clip(html.UnescapeString(text), 200)
}

// checkRedirectURI finds out whether the redirect URI is registered.
func (c *checker) checkRedirectURI(ctx context.Context) finding {
	real := c.land(ctx, func(url.Values) {})
	control := c.land(ctx, func(q url.Values) {
		q.Set("redirect_uri", "https://"+strings.ToLower(rand.Text())+".invalid/oauth_callback")
	})
	c.landed = real
	uri := c.cfg.RedirectURI()
	switch {
	case real.kind == didNotTell || control.kind == didNotTell:
		return warn("the authorization endpoint did not answer in a way that tells anything (%s)", wire.Clip(real.words+control.words, 200))
	case real.kind == wasRefused:
		return c.explainRedirect(ctx, real, control)
	case control.kind == wasRefused:
		return ok("%s is taken, and another one is refused", uri)
	case control.kind == comesBack:
		return warn("the server takes any redirect URI, a made-up one too: that is a weakness of the server")
	}
	return warn("the server shows the same for %s and for a made-up redirect URI, so nothing was learnt; only a login can tell", uri)
}

// explainRedirect finds out what is meant by a no: the client ID, or the redirect URI, and which
// redirect URI would be right.
func (c *checker) explainRedirect(ctx context.Context, real, control landing) finding {
	if suspect(real.code, real.words) == settingScopes && real.code == "invalid_scope" {
		f := warn("the server refuses the scopes before it looks at the redirect URI")
		f.Server = real.words
		return f
	}
	nobody := c.land(ctx, func(q url.Values) { q.Set("client_id", madeUp()) })
	alike := func(other landing) bool { return real.same(other) && real.words == other.words }
	if c.stranger = alike(nobody); c.stranger && alike(control) { // the server words every no alike
		c.stranger = c.checkClient(ctx).Result != isOK
	}
	if c.stranger {
		return failing("CLIENT_ID", "compare CLIENT_ID with the OAuth application ("+c.field(settingClientID)+")", real.words, "the server says the same of a made-up client ID: it does not know %s", c.cfg.ClientID)
	}
	fix := "register " + c.cfg.RedirectURI() + ", to the letter (" + c.field(settingRedirectURI) + ")"
	for _, variant := range variants(c.cfg.RedirectURI()) {
		if l := c.land(ctx, func(q url.Values) { q.Set("redirect_uri", variant) }); l.begins() {
			fix = "the server takes " + variant + ": " + fix
			if base, ok := strings.CutSuffix(variant, config.CallbackPath); ok {
				fix = "the server takes " + variant + ": write BASE_URL=" + base + ", or " + "register " + c.cfg.RedirectURI() + " too (" + c.field(settingRedirectURI) + ")"
			}
			break
		}
	}
	return failing("BASE_URL", fix, real.words, "the redirect URI %s is refused", c.cfg.RedirectURI())
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
func (c *checker) checkAuthorization(context.Context) finding {
	l := c.landed
	switch {
	case l.kind == comesBack && l.begins():
		return ok("the server would begin the login (it says %s)", l.code)
	case l.begins():
		return ok("the server would begin the login, at %s", wire.Clip(l.at, 200))
	case l.kind == comesBack:
		at := suspect(l.code, l.words)
		f := failing("", authorizationHint(c.cfg, l.code, c.cfg.Scopes), l.words, "the server sends the browser back with the error %s", wire.Clip(l.code, 60))
		if at != "" {
			f.Fix += " (" + c.field(at) + ")"
		}
		if at == settingScopes {
			f.Setting = "SCOPES"
		}
		return f
	}
	return warn("what the server would do is not known")
}

// checkPKCE asks without a challenge. A refusal proves that PKCE is enforced; its absence proves
// nothing, as many servers refuse later.
func (c *checker) checkPKCE(ctx context.Context) finding {
	l := c.land(ctx, func(q url.Values) { q.Del("code_challenge"); q.Del("code_challenge_method") })
	if l.refuses() && c.landed.begins() {
		return ok("a login without PKCE is refused")
	}
	return warn("a login without PKCE is not refused at this point; some servers refuse it later, others do not demand it")
}

// checkScopes asks for the scopes one by one, where the server tells at this point.
func (c *checker) checkScopes(ctx context.Context) finding {
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
		return warn("the server does not say at this point which scopes are enabled; the token response will")
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
			return warn("what the server thinks of the scope %s is not clear", scope)
		}
	}
	if len(missing) > 0 {
		return failing("SCOPES", fmt.Sprintf("enable %s for the OAuth application (%s), or remove it from SCOPES", strings.Join(missing, " and "), c.field(settingScopes)), words,
			"not enabled: %s", strings.Join(missing, " "))
	}
	return ok("enabled: %s; a made-up one is refused", strings.Join(enabled, " "))
}
