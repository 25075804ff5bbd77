package causes

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// APIAnswer says why an API refused an access token, or that it accepted the token.
type APIAnswer struct {
	Finding
	RuledOut []string `json:"ruled_out,omitempty"` // what was looked at, and is in order
	Untold   []string `json:"not_known,omitempty"` // what only the API or the server can look at
}

// refusal holds an API's refusal, and the token that it refused.
type refusal struct {
	cfg        config.Effective
	exchange   *wire.Exchange
	challenges []wire.Challenge
	token      *oauth.AccessToken
	granted    []string // the scopes of the login
	words      string   // the API's, in lower case
	now        time.Time
}

// ExplainAPI says why the API answered as it did to the access token. A 2xx needs no explanation, unless
// it is a page where an API should be.
func ExplainAPI(cfg config.Effective, e *wire.Exchange, token *oauth.AccessToken, granted []string, now time.Time) APIAnswer {
	challenges, said := SaidByAPI(e)
	r := refusal{cfg: cfg, exchange: e, challenges: challenges, token: token, granted: granted, words: strings.ToLower(said), now: now}
	f := r.explain()
	f.Check = "api"
	if f.Result != OK {
		f.Server = wire.Clip(cfg.Redact(said), 300)
	}
	return APIAnswer{Finding: f, RuledOut: r.ruledOut(f), Untold: r.untold(f)}
}

// SaidByAPI returns an API's challenges and all its words, the code first.
func SaidByAPI(e *wire.Exchange) (challenges []wire.Challenge, said string) {
	challenges, said = e.Challenges(), strings.TrimSpace(e.Words())
	for _, challenge := range challenges {
		if more := challenge.Params["error_description"]; !strings.Contains(said, more) { // most APIs say it twice
			said = strings.TrimSpace(said + " " + more)
		}
		if code := challenge.Params["error"]; !strings.Contains(said, code) {
			said = strings.TrimSuffix(code+": "+said, ": ")
		}
	}
	return challenges, said
}

// explain looks first at what answers in front of the API, then at what the API says, then at the token.
func (r *refusal) explain() Finding {
	if r.exchange.Status == http.StatusTooManyRequests {
		f := Found(Warn, RateLimited, Facts{Cfg: r.cfg})
		f.Found = "the API limits requests (429), so the token is not tested"
		return f.Look("Wait a minute, then call the API again. Some APIs refuse programs without a User-Agent of their own; this app sends one.")
	}
	if f, found := r.inFront(); found {
		return f
	}
	if r.exchange.ErrorInside() {
		f := Warning("the API returns %d with an error of its own, so the token is not tested", r.exchange.Status)
		f.Fix = "read the API's message; the token may be fine"
		return f
	}
	if r.exchange.Status/100 == 2 {
		return Proved("accepted")
	}
	for _, look := range []func() (Finding, bool){r.moved, r.scope, r.scheme, r.said, r.fromToken} {
		if f, found := look(); found {
			return f
		}
	}
	return r.unknown()
}

func refusedBecause(name Name, fix, format string, args ...any) (Finding, bool) {
	return Finding{Result: Fail, Name: name, Found: fmt.Sprintf(format, args...), Setting: "RESOURCE_URL", Fix: fix}, true
}

// inFront returns the finding if a page, or a redirect to one, answers in place of the API.
func (r *refusal) inFront() (Finding, bool) {
	e := r.exchange
	isPage := IsPage(e)
	const fix = "set RESOURCE_URL to an address that goes to the API itself, or let this route through"
	switch to := APIAt(r.cfg.ResourceURL, e); {
	case to != "":
		return MovedTo(r.cfg, to), true
	case e.Status/100 == 3:
		return refusedBecause(APIBehindASignInPage, fix, "a redirect answers before the API does: the token never reached it")
	case isPage && e.Status/100 == 2:
		return refusedBecause(APIBehindASignInPage, fix, "a page answers, not an API: a sign-in page, most likely")
	case isPage && len(r.challenges) == 0 && (e.Status == http.StatusForbidden || e.Status == http.StatusUnauthorized):
		return refusedBecause(APIBehindASignInPage, fix,
			"an HTML page (%d) without WWW-Authenticate answers: a firewall or a sign-in page is in front of the API", e.Status)
	}
	return Finding{}, false
}

// IsPage reports whether an answer is one for people, which no API gives to a program.
func IsPage(e *wire.Exchange) bool {
	return strings.Contains(strings.ToLower(e.ResponseHeader.Get("Content-Type")), "html")
}

// APIAt returns the address to which a redirect moves the API itself: one that differs only in the scheme, the host name or
// a trailing slash. It returns "" if the redirect leads elsewhere, or if there is none.
func APIAt(address string, e *wire.Exchange) string {
	from, err := url.Parse(address)
	location := e.ResponseHeader.Get("Location")
	if err != nil || e.Status/100 != 3 || location == "" {
		return ""
	}
	to, err := from.Parse(location)
	if err != nil || wire.WithoutQuery(to.String()) == wire.WithoutQuery(from.String()) {
		return ""
	}
	path := strings.TrimSuffix(from.Path, "/")
	if strings.TrimSuffix(to.Path, "/") != path || path == "" && to.Hostname() != from.Hostname() { // another host's root may be a sign-in page
		return ""
	}
	return wire.Clip(wire.WithoutQuery(to.String()), 200)
}

// MovedTo returns the finding that the API is at a different address.
func MovedTo(cfg config.Effective, address string) Finding {
	f := Found(Fail, APIUnreachable, Facts{Cfg: cfg, Value: address})
	f.Found = "the API is at a different address: " + address
	return f
}

// moved returns the finding that the API doesn't know the address or the method.
func (r *refusal) moved() (Finding, bool) {
	switch r.exchange.Status {
	case http.StatusNotFound, http.StatusGone:
		return refusedBecause(APIUnreachable, "check the path of RESOURCE_URL", "there is no API at this path (%d)", r.exchange.Status)
	case http.StatusMethodNotAllowed:
		return refusedBecause(APIUnreachable, "set RESOURCE_URL to an address that answers GET", "the API doesn't answer GET here (405)")
	case http.StatusBadRequest:
		if r.exchange.Method == http.MethodPost && len(r.challenges) == 0 { // with a challenge it is about the token
			f := Warning("the API doesn't understand the call (400), so the token is not tested")
			f.Fix = "read the API's message; the token may be fine"
			return f, true
		}
	}
	return Finding{}, false
}

// scopeWords lists the words, besides insufficient, with which APIs say that a token lacks a scope (Planning Center, Slack,
// Stripe).
var scopeWords = []string{"bad scope", "missing scope", "missing_scope", "missing required scope", "required scope", "lacks", "not have the required", "does not have scope", "scope is required", "scopes are required", "out of scope"}

// scope returns the finding that a scope is missing (RFC 6750 section 3.1).
func (r *refusal) scope() (Finding, bool) {
	wanted := ""
	insufficient := strings.Contains(r.words, "scope") && (strings.Contains(r.words, "insufficient") ||
		r.exchange.Status == http.StatusForbidden && slices.ContainsFunc(scopeWords, func(w string) bool { return strings.Contains(r.words, w) }))
	for _, challenge := range r.challenges {
		if challenge.Params["error"] == "insufficient_scope" {
			insufficient, wanted = true, challenge.Params["scope"]
		}
	}
	if !insufficient {
		return Finding{}, false
	}
	missing := slices.DeleteFunc(strings.Fields(wanted), func(s string) bool { return slices.Contains(r.granted, s) })
	if len(missing) == 0 {
		return refusedBecause(APIScopeMissing, "ask for the scope that the API wants: add it to SCOPES and sign in again",
			"the access token lacks a scope")
	}
	list := wire.Clip(strings.Join(missing, " "), 200)
	f, found := refusedBecause(APIScopeMissing, "", "the access token lacks the scope %s", list)
	f.Setting = "SCOPES"
	if r.cfg.AtAPI {
		f.Fix = "if this page offers the scope, sign in for it; the server decides whether this user gets it"
		return f, found
	}
	return f.askFor(r.cfg, missing), found
}

// askFor adds the fix for scopes that the access token lacks. SCOPES may have them all: then the server did not grant them, or
// the login asked for others.
func (f Finding) askFor(cfg config.Effective, lacked []string) Finding {
	unasked := slices.DeleteFunc(slices.Clone(lacked), func(s string) bool { return slices.Contains(cfg.Scopes, s) })
	if len(unasked) == 0 {
		list := wire.Clip(strings.Join(lacked, " "), 200)
		return f.Look("Sign in again and allow " + list + ", which SCOPES has already. If the consent page doesn't offer it, enable it for the OAuth application (" +
			ProviderOf(cfg).At(Scopes) + ").")
	}
	f.Fix = "add " + wire.Clip(strings.Join(unasked, " "), 200) + " to SCOPES, enable it for the OAuth application, and sign in again"
	f.Line = wire.Clip("SCOPES="+quoted("SCOPES", strings.Join(slices.Concat(cfg.Scopes, unasked), " ")), 300)
	return f
}

// scheme returns the finding that the API doesn't want a bearer token.
func (r *refusal) scheme() (Finding, bool) {
	if len(r.challenges) == 0 || slices.ContainsFunc(r.challenges, func(c wire.Challenge) bool { return strings.EqualFold(c.Scheme, "Bearer") }) {
		return Finding{}, false
	}
	return refusedBecause(APIWantsAnotherScheme, "make the API accept bearer tokens (RFC 6750), or set RESOURCE_URL to one that does",
		"the API wants %s, not a bearer token", wire.Clip(r.challenges[0].Scheme, 40))
}

// apiWords lists words with which APIs refuse a token, and the cause that they name.
var apiWords = []struct {
	words []string // any of them
	name  Name
}{
	{[]string{"audience", "aud claim", "for another api", "for a different api", "'aud'", `"aud"`, "idx10214"}, APIWantsAnotherAudience},
	{[]string{"issuer", "iss claim", "'iss'", `"iss"`, "idx10205"}, APIWantsAnotherIssuer},
	{[]string{"expired", "idx10223", "exp claim"}, APITokenExpired},
	{[]string{" id token", " id_token"}, APIAcceptsIDToken},
	{[]string{"invalid compact jws", "not a jwt", "malformed", "number of segments", "idx12741",
		"is no jwt", "must be a jwt", "wants a jwt", "jwt is expected"}, APIWantsAJWT},
	{[]string{"not active", "inactive", "introspect", "unknown token", "not known", "opaque"}, APIWantsAnOpaqueToken},
}

// revoked says what to do about a token that its server no longer accepts.
const revoked = "Sign in again to get a new token."

// said returns the cause that the API's own words name, if it can be true of this token.
func (r *refusal) said() (Finding, bool) {
	if strings.Contains(r.words, "has been revoked") || strings.Contains(r.words, "was revoked") || strings.Contains(r.words, "is revoked") {
		f, found := refusedBecause("", "", "the API says that the token was revoked")
		return f.Look(revoked), found
	}
	for _, known := range apiWords {
		if slices.ContainsFunc(known.words, func(w string) bool { return strings.Contains(r.words, w) }) && r.possible(known.name) {
			return r.because(known.name)
		}
	}
	return Finding{}, false
}

// possible reports whether a cause can be true of this token.
func (r *refusal) possible(name Name) bool {
	switch name {
	case APIWantsAJWT:
		return !r.token.JWT
	case APIWantsAnotherAudience, APIWantsAnotherIssuer:
		return r.token.JWT
	case APIWantsAnOpaqueToken:
		return r.token.JWT && !r.expired()
	case APIAcceptsIDToken:
		return !r.token.IDToken // otherwise the API complains about the ID token
	}
	return true
}

// expired reports whether the token's exp has passed.
func (r *refusal) expired() bool { return !r.token.Expires.IsZero() && r.now.After(r.token.Expires) }

// fromToken returns the cause that the token alone shows, for an API that doesn't say: only what is certainly wrong.
func (r *refusal) fromToken() (Finding, bool) {
	t := r.token
	switch {
	case r.expired():
		return r.because(APITokenExpired)
	case t.IDToken:
		return refusedBecause(APIWantsAnotherAudience, "the server sent an ID token where an access token belongs: name the API in the login (audience or resource)",
			"the access token is an ID token, for this client and not for the API")
	case t.ForItsAPI && HostOf(r.cfg.ResourceURL) != "graph.microsoft.com":
		return refusedBecause(APITokenNotVerifiable, "ask for a scope of your own API", "the API cannot verify this token: %s", t.Why)
	case t.JWT && len(t.Audience) > 0 && !r.audienceFits():
		return r.because(APIWantsAnotherAudience)
	}
	return Finding{}, false
}

// audienceFits reports whether the token's audience may mean the API: the API's address, or the start of it. A name that
// isn't an address may mean anything.
func (r *refusal) audienceFits() bool {
	return slices.ContainsFunc(r.token.Audience, func(aud string) bool {
		u, err := url.Parse(aud)
		return err != nil || u.Host == "" || strings.HasPrefix(r.cfg.ResourceURL, aud)
	})
}

// because returns the finding of a cause, in words.
func (r *refusal) because(name Name) (Finding, bool) {
	t := r.token
	audience := wire.Clip(strings.Join(t.Audience, ", "), 200)
	switch name {
	case APIWantsAnotherAudience:
		if slices.Contains(t.Audience, r.cfg.ResourceURL) {
			f, found := refusedBecause(name, "let the API accept its own address as the audience, or sign in for the audience that it wants: /login?audience=",
				"the access token is for this API, %s, and the API wants a different audience", audience)
			f.Setting = "" // RESOURCE_URL is right
			return f, found
		}
		found := "the access token names no audience (aud)"
		if audience != "" {
			found = "the access token is for " + audience + ", and the API wants a different audience"
		}
		return refusedBecause(name, "name the API in the login: /login?resource="+wire.Clip(r.cfg.ResourceURL, 200)+", or audience= at Auth0", "%s", found)
	case APIWantsAnotherIssuer:
		return refusedBecause(name, "configure "+wire.Clip(r.cfg.Issuer, 200)+" as the issuer in the API, or sign in to the server that it trusts",
			"the API trusts a different issuer than %s", wire.Clip(t.Issuer, 200))
	case APITokenExpired:
		if t.Expires.IsZero() {
			return refusedBecause(name, "refresh the token, or sign in again", "the API says that the access token has expired")
		}
		if !r.expired() {
			return refusedBecause(ClockDiffers, "set the clock of the API's machine", "the API says that the token has expired, but it has not: the clocks differ")
		}
		return refusedBecause(name, "refresh the token, or sign in again", "the access token expired at %s", t.Expires.UTC().Format(time.RFC3339))
	case APIAcceptsIDToken:
		return refusedBecause(name, "the API must accept access tokens: an ID token is for the client (RFC 9068 section 2)", "the API wants an ID token")
	case APIWantsAJWT:
		return refusedBecause(name, "have the server issue JWTs as access tokens, or let the API ask the server "+
			"(introspection)", "the access token is opaque, and the API wants a JWT")
	}
	return refusedBecause(APIWantsAnOpaqueToken, "let the API verify JWTs, or have the server issue opaque access tokens; if the token was revoked, sign in again",
		"the access token is a JWT, and the API looks tokens up instead")
}

// unknown returns the finding of a refusal without a known cause.
func (r *refusal) unknown() Finding {
	f := Finding{Result: Fail, Setting: "RESOURCE_URL", Fix: "look at the API's own log: this app found nothing wrong with the token",
		Found: fmt.Sprintf("the API refuses the token (%s)", wire.Clip(r.cfg.Redact(r.exchange.StatusLine()), 200))}
	switch {
	case r.token.Signature == oauth.SignatureWrong:
		f.Found = "no key of this server made the token's signature: " + r.token.Why
		f.Fix = "the authorization server has to publish the key that it signs with"
	case r.exchange.Status == http.StatusForbidden && len(r.challenges) == 0 && r.exchange.Refusal().Format != wire.FormatJSON:
		f.Fix = "look at the API's own log: if this call is not in it, something in front of the API refuses it, such as a firewall"
	case len(r.challenges) == 0 && r.exchange.Status == http.StatusUnauthorized:
		f.Name, f.Found = APIChallengeMissing, "the API refuses the token and does not say why"
		f.Fix = "let the API return 401 with WWW-Authenticate: Bearer and the error (RFC 6750 section 3)"
	}
	return f
}

// ruledOut lists what was checked and is in order, except for the cause itself.
func (r *refusal) ruledOut(f Finding) []string {
	if f.Result == OK {
		return nil
	}
	var list []string
	add := func(holds bool, about Name, words string) {
		if holds && about != f.Name {
			list = append(list, words)
		}
	}
	t := r.token
	isOurs := func(aud string) bool { return aud != "" && strings.HasPrefix(r.cfg.ResourceURL, aud) }
	add(t.Signature == oauth.SignatureGood, APITokenNotVerifiable, "a key of the server signed it")
	add(!t.Expires.IsZero() && !r.expired(), APITokenExpired, "it has not expired")
	add(t.JWT && t.Issuer == r.cfg.Issuer, APIWantsAnotherIssuer, "iss is the server's")
	add(t.JWT && slices.ContainsFunc(t.Audience, isOurs), APIWantsAnotherAudience, "aud is this API's")
	add(t.JWT && !t.IDToken, APIAcceptsIDToken, "it is an access token, not an ID token")
	return list
}

// untold lists what can't be checked from here. That is no fault, so it names no cause.
func (r *refusal) untold(f Finding) []string {
	if f.Result == OK || f.Name == APITokenNotVerifiable || r.token.Signature != oauth.SignatureUnknown {
		return nil
	}
	return []string{"This app can't tell whether the server issued the token: " + r.token.Why}
}

// ExplainUserinfo says why userinfo refused the token, and warns of an error that came with 200. If no cause is known, it
// says where to look. It returns nil for an answer that isn't a refusal.
func ExplainUserinfo(cfg config.Effective, e *wire.Exchange, granted []string) *APIAnswer {
	challenges, said := SaidByAPI(e)
	words := strings.ToLower(said + " " + e.ResponseHeader.Get("WWW-Authenticate"))
	var f Finding
	switch {
	case e.ErrorInside(): // at a plain OAuth server; OpenID Connect demands a sub
		f = Warning("userinfo returns %d with an error, so the token is not tested", e.Status)
		f.Fix = "read userinfo's message"
	case wire.NoRoute(e.Status):
		f = Finding{Result: Fail, Name: UserinfoUnusable, Found: fmt.Sprintf("there is no userinfo at this address (%d)", e.Status)}
		f = f.Look(noUserinfo(cfg))
	case e.Status != http.StatusUnauthorized && e.Status != http.StatusForbidden:
		return nil
	case !slices.Contains(granted, "openid") && strings.Contains(words, "openid"):
		f = Finding{Result: Fail, Name: OpenIDMissing, Setting: "SCOPES", Found: "userinfo wants the scope openid, and the access token lacks it"}.
			askFor(cfg, []string{"openid"})
	case strings.Contains(words, "revoked"):
		f = Finding{Result: Fail, Found: "userinfo says that the token was revoked"}.Look(revoked)
	case strings.Contains(words, "insufficient_scope") && !slices.Contains(granted, "openid"):
		f = Finding{Result: Fail, Name: OpenIDMissing, Setting: "SCOPES", Found: "userinfo says that the access token lacks a scope, and openid was not granted"}.
			askFor(cfg, []string{"openid"})
	case strings.Contains(words, "insufficient_scope"):
		f = Finding{Result: Fail, Name: APIScopeMissing, Setting: "SCOPES", Found: "userinfo says that the access token lacks a scope"}.
			Look("Add the scope that userinfo wants to SCOPES (often profile or email), and enable it for this client (" + ProviderOf(cfg).At(Scopes) + ").")
	case len(challenges) == 0 && IsPage(e):
		f = Finding{Result: Fail, Found: fmt.Sprintf("a page answers instead of userinfo (%d): a firewall or a sign-in", e.Status)}
		f = f.Look(userinfoPlace(cfg))
	default:
		f = Finding{Result: Fail, Found: fmt.Sprintf("userinfo refuses the access token that the server issued (%d)", e.Status)}
		f = f.Look(userinfoPlace(cfg))
		if cfg.Found.Resource != "" || cfg.Parameters["resource"] != "" || cfg.Parameters["audience"] != "" {
			f = f.Look("Sign in without resource and audience: a token for an API may not be one for userinfo.")
		}
	}
	f.Check, f.Server = "userinfo", wire.Clip(cfg.Redact(said), 300)
	return &APIAnswer{Finding: f}
}

// noUserinfo says what to do about a userinfo endpoint that is not there.
func noUserinfo(cfg config.Effective) string {
	if cfg.Endpoints.Userinfo != "" {
		return "Check USERINFO_ENDPOINT: it has to be the server's userinfo endpoint."
	}
	return "Fix this on the server: its metadata has to name its userinfo endpoint. Until then, set USERINFO_ENDPOINT. The login itself is in order."
}

// userinfoPlace says where to look if userinfo refuses a token.
func userinfoPlace(cfg config.Effective) string {
	if cfg.Endpoints.Userinfo != "" {
		return "Check USERINFO_ENDPOINT: it has to belong to the server that issued the token."
	}
	return "Look at the server's log: it issued the token, and its userinfo endpoint refuses it. The login itself is in order."
}

// WrongToken is a token that an API must reject.
type WrongToken string

const (
	NoTokenAtAll WrongToken = "no_token"
	AlteredToken WrongToken = "altered_token"
	TheIDToken   WrongToken = "id_token"
)

// WrongTokens lists all wrong tokens, in the order in which they are tried.
var WrongTokens = []WrongToken{NoTokenAtAll, AlteredToken, TheIDToken}

// Of returns the wrong token, made from the tokens of a login. It is empty for TheIDToken if there is no ID token.
func (w WrongToken) Of(held oauth.Tokens) string {
	switch w {
	case AlteredToken:
		return oauth.Altered(held.Access)
	case TheIDToken:
		return held.ID
	}
	return ""
}

// Purpose returns the purpose that a call with the token is recorded under.
func (w WrongToken) Purpose() wire.Purpose {
	switch w {
	case AlteredToken:
		return wire.APIAltered
	case TheIDToken:
		return wire.APIWithIDToken
	}
	return wire.APIWithout
}

// JudgeWrongToken says what an API's answer to a wrong token means. Only a refusal by the API itself is a success:
// something in front of the API, or an address without an API, answers too. An error in the body counts as a refusal
// only if the API accepted the access token.
func JudgeWrongToken(which WrongToken, e *wire.Exchange, opened bool) Finding {
	challenges, _ := SaidByAPI(e)
	switch {
	case slices.Contains(refusals, e.Status) && (!IsPage(e) || len(challenges) > 0):
		return Proved("rejected (%d)", e.Status)
	case e.Status == http.StatusMethodNotAllowed:
		f := Warning("undecided: the API doesn't answer GET here (405)")
		f.Setting, f.Fix = "RESOURCE_URL", "set RESOURCE_URL to an address that answers GET, and try again"
		return f
	case e.Status == http.StatusNotFound || e.Status == http.StatusGone:
		f := Warning("undecided: there is no API at this path (%d)", e.Status)
		f.Setting, f.Fix = "RESOURCE_URL", "check the path of RESOURCE_URL, and try again"
		return f
	case e.Status/100 != 2 || IsPage(e):
		f := Warning("undecided: something answers before the API does, or there is no API (%d)", e.Status)
		f.Setting, f.Fix = "RESOURCE_URL", "set RESOURCE_URL to the API itself, and try again"
		return f
	case e.ErrorInside() && opened:
		return Proved("rejected, by an error in the body (%d); it should return 401 (RFC 6750 section 3.1)", e.Status)
	case e.ErrorInside():
		f := Warning("undecided: the API returns %d with an error of its own, which may be a refusal", e.Status)
		f.Setting, f.Fix = "RESOURCE_URL", "compare its message with the one for the access token; an API should refuse with 401 (RFC 6750 section 3.1)"
		return f
	}
	f := Finding{Result: Fail, Setting: "RESOURCE_URL", Fix: "the API must check every access token: see docs/verify.md"}
	switch which {
	case NoTokenAtAll:
		f.Name, f.Found = APIOpen, "the API accepts calls without a token"
	case AlteredToken:
		f.Name, f.Found = APIIgnoresSignature, "the API accepts a token that no server issued: it doesn't check the signature"
	case TheIDToken:
		f.Name, f.Found = APIAcceptsIDToken, "the API accepts the ID token, which is only for the client"
	}
	return f
}

// refusals lists the statuses with which an API refuses a token (RFC 6750 section 3.1).
var refusals = []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden}

// ExplainRefresh says why a refresh was refused, or returns nil where it was not.
func ExplainRefresh(cfg config.Effective, method string, e *wire.Exchange) *APIAnswer {
	a := Read(wire.Refresh, method, e, SentBy(cfg)...)
	if !a.Refused {
		return nil
	}
	name := a.Cause()
	if IsAboutCode(name) || name == "" && a.Status/100 == 4 {
		name = RefreshTokenRefused
	}
	f := Found(Fail, name, Facts{Cfg: cfg, Method: method, Words: a.Refusal.Words})
	if name == GrantNotEnabled { // the row is about a different grant
		f = Finding{Result: Fail, Found: "the server doesn't let this client refresh"}.Look("Enable the refresh token grant for this client (" + ProviderOf(cfg).At(Grant) + ").")
	}
	f.Check, f.Server = "refresh", wire.Clip(cfg.Redact(a.Refusal.Words), 300)
	return &APIAnswer{Finding: f}
}

// ExplainIntrospection says why introspection calls a token inactive, although it was issued and not revoked (RFC 7662
// section 2.2), or doesn't say whether the token is active. It returns nil if introspection answers as it should, or if
// only the server's own words tell why.
func ExplainIntrospection(cfg config.Effective, e *wire.Exchange) *APIAnswer {
	a := Read(wire.Introspection, "", e, SentBy(cfg)...)
	var state struct {
		Active *bool `json:"active"`
	}
	silent := e.Status != http.StatusOK || json.Unmarshal([]byte(e.ResponseBody), &state) != nil || state.Active == nil
	var f Finding
	switch {
	case !silent && *state.Active:
		return nil
	case !silent:
		f = Found(Fail, TokenNotActive, Facts{Cfg: cfg})
	case a.Says("legacy oauth"): // Clerk, with 422
		f = Warning("the server's older OAuth provider has no introspection").Look("Migrate the instance to the new OAuth provider in Clerk's dashboard.")
	case a.IsPage(), a.Status == http.StatusNotFound, a.Status == http.StatusMethodNotAllowed:
		f = Warning("no introspection endpoint answers there (%d)", a.Status).Look(introspectionPlace(cfg))
	case a.Status == http.StatusUnauthorized, a.Status == http.StatusForbidden, IsAboutClient(a.Cause()):
		f = Warning("the server doesn't let this client introspect tokens (%d)", a.Status).
			Look("Allow this client to introspect, if the server has a setting for it. Some servers answer only an API that has its own credentials. A login needs no introspection.")
	default:
		return nil
	}
	f.Check = "introspection"
	return &APIAnswer{Finding: f}
}

// RevocationNote says what an answer of the revocation endpoint means (RFC 7009 section 2.2). The server issued the token
// to this client, so a refusal of the client does not prove that its secret is wrong.
func RevocationNote(cfg config.Effective, method string, e *wire.Exchange) string {
	a := Read(wire.Revocation, method, e, SentBy(cfg)...)
	switch about := IsAboutClient(a.Cause()); {
	case e.Succeeded(): // some answer 204
		return "The server accepted it: this app has deleted the token."
	case a.Says("unsupported_token_type"):
		return "The server does not revoke this kind of token; it stays valid until it expires. That is a limit of the server, not a fault of the setup."
	case a.IsPage():
		return "A page answered, so the token was not revoked. Something in front of the revocation endpoint may answer, such as a firewall."
	case about && method == config.MethodPost:
		return "The server refused the client here, though it issued the token to it, so the token was not revoked. " +
			"Some servers accept the client by client_secret_basic only here: write TOKEN_ENDPOINT_AUTH_METHOD=client_secret_basic, sign in, and try again."
	case about:
		return "The server refused the client here, though it issued the token to it, so the token was not revoked. " +
			"Allow this client to revoke tokens, if the server has a setting for it. If you changed .env since the login, sign in again."
	}
	return "The server did not revoke the token, which stays valid until it expires. Its answer says why."
}

// introspectionPlace says what to do if something else answers at the introspection endpoint.
func introspectionPlace(cfg config.Effective) string {
	if cfg.Endpoints.Introspection != "" {
		return "Check INTROSPECTION_ENDPOINT, and any proxy or firewall in front of it."
	}
	return "A firewall or a sign-in page in front of the introspection endpoint may answer. A login needs no introspection."
}
