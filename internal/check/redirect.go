package check

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
)

// What the authorization endpoint says about the redirect URI, the client ID, the scopes and PKCE, before a user signs in.

// concludeRedirect finds out whether the redirect URI is registered: an invented one must get a different answer.
func (o *Observer) concludeRedirect(ctx context.Context) causes.Finding {
	pair := o.Logins(ctx, Login{}, Login{RedirectURI: anInvention})
	real, control := pair[0], pair[1]
	uri := o.cfg.RedirectURI()
	if f, ok := o.notAuthorizationEndpoint(real); ok {
		return f
	}
	switch {
	case real.Kind == NoAnswer:
		return o.failedAtOnce(real)
	case control.Kind == NoAnswer:
		return causes.Warning("no result: for an invented redirect URI the authorization endpoint %s", o.whatItDid(control))
	case real.Refuses():
		return o.explainRedirect(ctx, real, control)
	case control.Refuses():
		return causes.Proved("registered").By("%s; an invented one is refused", uri)
	case control.Kind == ComesBack:
		return causes.Warning("the server accepts any redirect URI, an invented one too: that is a weakness of the server")
	case !control.Same(real) && control.Same(o.Login(ctx, Login{RedirectURI: anInvention, Again: 1})):
		return causes.Proved("registered").By("%s; for an invented one the server shows a different page", uri)
	}
	return o.redirectAtTokens(ctx)
}

// redirectAtTokens asks the token endpoint: some servers compare the redirect URI there, before they look up the code.
func (o *Observer) redirectAtTokens(ctx context.Context) causes.Finding {
	uri := o.cfg.RedirectURI()
	undecided := causes.Warning("needs a sign-in: for %s and for an invented redirect URI the server shows the same page", uri)
	if o.noInventions {
		return undecided
	}
	as := o.ours()
	answer := o.askClient(ctx, as)
	if answer.yes != anInventedCode {
		return undecided
	}
	ours := tokenQuestion{kind: anInventedCode, as: as}
	theirs := ours
	theirs.redirectURI = anInvention
	pair := o.tokens(ctx, ours, theirs)
	theirs.again = 1
	refusesOther := pair[1].Cause() == causes.RedirectURINotRegistered
	switch {
	case answer.also == causes.RedirectURINotRegistered && refusesOther:
		return o.finding(causes.RedirectURINotRegistered, answer.reply.said(), causes.Facts{}).By("the token endpoint accepts the client, and gives the same answer for an invented redirect URI")
	case refusesOther && answer.also == "" && pair[1].print == o.token(ctx, theirs).print:
		return causes.Proved("registered").By("%s; the token endpoint refuses an invented one", uri)
	}
	return undecided
}

// failedAtOnce returns the finding that the correct request got no usable answer. A server that fails may do so because of
// the request.
func (o *Observer) failedAtOnce(real ProbeResult) causes.Finding {
	// In a container this app can't reach the browser's localhost, and calls the server by a different name.
	onlyBrowser := isLocal(o.md.Authorization) && !isLocal(o.md.Token)
	if f, ok := o.noServer(authorizationEndpoint, real.failed); ok && !onlyBrowser {
		return f
	}
	f := causes.Warning("no result: the authorization endpoint %s", o.whatItDid(real))
	if real.Status >= http.StatusInternalServerError {
		f.Name, f.Server = causes.ServerFailed, real.Words
		f.Fix = causes.TryAgainAndCompareID(o.cfg)
	}
	return f
}

// isLocal reports whether an address is on this machine.
func isLocal(address string) bool {
	u, err := url.Parse(address)
	return err == nil && config.IsLoopback(u.Hostname())
}

// whatItDid describes an answer of the authorization endpoint that tells nothing.
func (o *Observer) whatItDid(p ProbeResult) string {
	if p.Page == nil {
		return p.Words
	}
	return "returned " + o.sanitized(p.Page.StatusLine(), 300)
}

// notAuthorizationEndpoint returns the finding that AUTHORIZATION_ENDPOINT names a different endpoint of the server, or an API:
// only an API asks for an access token (RFC 6750 section 3).
func (o *Observer) notAuthorizationEndpoint(real ProbeResult) (causes.Finding, bool) {
	other, certain := o.other(authorizationEndpoint)
	isAPI := real.Status == http.StatusUnauthorized && real.Page != nil &&
		slices.ContainsFunc(real.Page.Challenges(), func(c wire.Challenge) bool { return strings.EqualFold(c.Scheme, "Bearer") })
	f := o.finding(causes.AuthorizationEndpointUnusable, real.quote(), causes.Facts{})
	switch {
	case !o.overrides(authorizationEndpoint):
		return f, false
	case other != "" && (certain || !real.signsIn()):
		f.Found = authorizationEndpoint.isOther(other)
	case isAPI:
		f.Found = "AUTHORIZATION_ENDPOINT asks for an access token, as an API does"
	default:
		return f, false
	}
	return o.orMetadata(f, authorizationEndpoint), true
}

// explainRedirect finds out what a refusal of the correct request is about: the client ID, the redirect URI, or
// neither. A value is wrong if an invented one in its place gets the same answer.
func (o *Observer) explainRedirect(ctx context.Context, real, control ProbeResult) causes.Finding {
	if o.client.Pushes(o.md) && o.noAuthorizationEndpoint(ctx, real) { // the controls may have been refused where they were pushed
		return o.nothingThere(real)
	}
	if o.refusesParameters(ctx, real.said.Cause()) {
		return causes.Proved("the server refuses something other than the redirect URI")
	}
	unknown := o.Login(ctx, Login{NoClient: true})
	likeUnknown := unknown.Kind == NoAnswer || real.Same(unknown)
	likeControl := real.Same(control)
	cause := real.said.Cause()
	switch {
	case causes.IsNotSpoken(cause):
		return causes.Proved("the server refuses something other than the redirect URI")
	case likeControl && cause == causes.ScopeNotEnabled:
		f := causes.Warning("no result: the server looks at the scopes first")
		f.Server = real.Words
		return f
	case cause == causes.ScopeNotEnabled && !likeUnknown:
		return causes.Proved("registered").By("%s; an invented one gets a different answer", o.cfg.RedirectURI())
	case likeControl && likeUnknown:
		return o.explainSameRefusal(ctx, real)
	case likeUnknown:
		return o.unknownClient(real)
	case aboutRedirect(cause):
		return o.notRegistered(ctx, real)
	case likeControl && !o.refusesFirst(ctx, real):
		return o.notRegistered(ctx, real)
	}
	return causes.Proved("the server refuses something other than the redirect URI")
}

// aboutRedirect reports whether a cause is about the redirect URI.
func aboutRedirect(cause causes.Name) bool {
	return causes.Of(cause).Setting == causes.RedirectURI
}

// refusesFirst reports whether the server refuses something that it may check before the redirect URI.
func (o *Observer) refusesFirst(ctx context.Context, real ProbeResult) bool {
	switch real.said.Cause() {
	case causes.PKCERefused, causes.PKCERequired, causes.PARRequired, causes.ResourceUnknown, causes.ScopeNotEnabled, causes.ParameterMissing:
		return true
	case causes.GrantNotEnabled: // servers send unauthorized_client for a redirect URI, too
		return real.said.Refusal.Words != "" || !o.noInventions && o.askClient(ctx, o.ours()).also == causes.GrantNotEnabled
	}
	return false
}

// explainSameRefusal concludes about a server that gives the same answer to an invented client ID, to an invented redirect
// URI and to ours. Its other answers decide: those to other redirect URIs, or at its token endpoint.
func (o *Observer) explainSameRefusal(ctx context.Context, real ProbeResult) causes.Finding {
	if o.noAuthorizationEndpoint(ctx, real) {
		return o.nothingThere(real)
	}
	if accepted := o.acceptedVariant(ctx); accepted != "" {
		return o.registeredIs(ctx, accepted, real)
	}
	if real.said.Cause() == causes.ParameterMissing {
		return causes.Proved("the server refuses something other than the redirect URI")
	}
	if name := o.kindOfRedirect(ctx, real); name != causes.RedirectURINotRegistered {
		return o.finding(name, real.quote(), causes.Facts{}) // the form of the URI is refused, for any client
	}
	var answer clientAnswer
	if !o.noInventions {
		answer = o.askClient(ctx, o.ours())
	}
	cause := real.said.Cause()
	switch {
	case isFirewall(real) && !(answer.yes != "" && real.isBare() && o.sameHost()):
		return o.refusesEverything(real)
	case o.noInventions && cause == causes.GrantNotEnabled: // osin sends this for any client ID that it doesn't recognize
		f := o.finding(causes.ClientRefused, real.quote(), causes.Facts{}).By("an invented client ID gets the same answer")
		f.Found = "the server refuses the client"
		return f
	case (answer.yes != "" || o.noInventions) && o.refusesFirst(ctx, real):
		return causes.Proved("the server refuses something other than the redirect URI")
	case answer.yes != "" && real.isBare():
		return causes.Proved("the server gives no reason: see authorization")
	case answer.yes != "", answer.no == "" && aboutRedirect(cause):
		return o.notRegistered(ctx, real)
	case o.noInventions && !o.tokensRefuse(ctx):
		return o.idOrRedirect(real)
	case answer.no != "" && o.knowsID(ctx):
		return o.notRegistered(ctx, real)
	case answer.no != "", cause == causes.ClientIDUnknown, cause == causes.ClientRefused, cause == causes.ClientSecretWrong:
		return o.unknownClient(real)
	}
	return o.idOrRedirect(real)
}

// tokensRefuse reports whether the token endpoint refuses the client, asked once and as in a login. It isn't asked if
// the secret is withheld.
func (o *Observer) tokensRefuse(ctx context.Context) bool {
	withheld := o.cfg.ClientSecret != o.client.Config().ClientSecret
	return !withheld && o.token(ctx, tokenQuestion{kind: anInventedCode, as: o.ours()}).aboutClient()
}

// noAuthorizationEndpoint reports whether nothing is at the path that the user has set. A server that sends the same
// 404 for what it doesn't recognize may have its endpoint there, so its own metadata is not doubted.
func (o *Observer) noAuthorizationEndpoint(ctx context.Context, real ProbeResult) bool {
	nothing := real.Kind == Refused && real.Code == "" && (real.Status == http.StatusNotFound || real.Status == http.StatusGone)
	return nothing && o.overrides(authorizationEndpoint) && real.Same(o.Login(ctx, Login{NoPage: true}))
}

// nothingThere returns the finding that there is no page at AUTHORIZATION_ENDPOINT.
func (o *Observer) nothingThere(real ProbeResult) causes.Finding {
	f := o.finding(causes.AuthorizationEndpointUnusable, real.quote(), causes.Facts{}).By("an invented path gets the same answer")
	f.Found = "there is no page at AUTHORIZATION_ENDPOINT (" + o.sanitized(real.Page.StatusLine(), 300) + ")"
	return o.orMetadata(f, authorizationEndpoint)
}

// idOrRedirect returns the finding of a server that gives the same answer to an unknown client ID and to an unknown
// redirect URI.
func (o *Observer) idOrRedirect(real ProbeResult) causes.Finding {
	f := o.finding(causes.ClientIDUnknown, real.quote(), causes.Facts{}).By("invented ones get the same answer")
	f.Found = "the client ID or the redirect URI is wrong"
	f.Fix = causes.CompareIDAndRedirectURI(o.cfg)
	return f
}

// sameHost reports whether the token endpoint is on the host of the authorization endpoint: what stands in front of one
// stands in front of both.
func (o *Observer) sameHost() bool {
	return causes.HostOf(o.md.Token) == causes.HostOf(o.md.Authorization)
}

// firewall lists statuses that say nothing about OAuth if they come without an OAuth error.
var firewall = []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusNotAcceptable}

// isFirewall reports whether a refusal says nothing about OAuth, neither by its status nor by an error.
func isFirewall(p ProbeResult) bool {
	return p.Code == "" && p.said.Cause() == "" && slices.Contains(firewall, p.Status)
}

// refusesEverything returns the finding that something in front of the server may have answered.
func (o *Observer) refusesEverything(real ProbeResult) causes.Finding {
	f := causes.Warning("no result: the server refuses everything that this app asks (%s); a browser may get a different answer",
		o.sanitized(real.Page.StatusLine(), 300))
	f.Server = real.Words
	if fix := causes.Satellite(o.cfg, real.Status); fix != "" {
		f = f.Look(fix)
	}
	return f
}

// unknownClient returns the finding that the server does not recognize the client ID.
func (o *Observer) unknownClient(real ProbeResult) causes.Finding {
	if o.cfg.IsClientDocument() {
		return o.finding(causes.ClientDocumentNotSupported, real.quote(), causes.Facts{}).By("an ID that this app invented gets the same answer")
	}
	return o.finding(causes.ClientIDUnknown, real.quote(), causes.Facts{}).By("an ID that this app invented gets the same answer")
}

// notRegistered returns the finding that the redirect URI is not registered, with the registered one if it can be found.
func (o *Observer) notRegistered(ctx context.Context, real ProbeResult) causes.Finding {
	if accepted := o.acceptedVariant(ctx); accepted != "" {
		return o.registeredIs(ctx, accepted, real)
	}
	return o.finding(o.kindOfRedirect(ctx, real), real.quote(), causes.Facts{})
}

// registeredIs returns the finding that the server accepts a different redirect URI.
func (o *Observer) registeredIs(ctx context.Context, accepted string, real ProbeResult) causes.Finding {
	name := causes.RedirectURINotRegistered
	switch cause := real.said.Cause(); {
	case cause == causes.RedirectURINotHTTPS && accepted == withLoopbackIP(o.cfg.RedirectURI()):
		name = causes.RedirectURILocalhost
	case cause == causes.RedirectURINotHTTPS, cause == causes.RedirectURIIPAddress:
		name = cause
	}
	f := o.finding(name, real.quote(), causes.Facts{Value: accepted})
	f.Accepts, f.Control = accepted, cmp.Or(o.loopbackRule(ctx, accepted), "the server accepts "+accepted)
	return f
}

// loopbackRule returns the server's rule for loopback addresses, if it accepts the IP address and not the name.
func (o *Observer) loopbackRule(ctx context.Context, accepted string) string {
	u, err := url.Parse(accepted)
	if err != nil || u.Scheme != "http" || u.Hostname() != "127.0.0.1" || !strings.Contains(o.cfg.RedirectURI(), "//localhost") {
		return ""
	}
	rule := "the server accepts 127.0.0.1, not localhost"
	if u.Host = "127.0.0.1:" + unregisteredPort(u.Port()); o.Login(ctx, Login{RedirectURI: u.String()}).Continues() {
		rule += ", on any port (RFC 8252 section 7.3)"
	}
	return rule
}

// unregisteredPort returns a port that is not registered.
func unregisteredPort(port string) string {
	if port == "49731" {
		return "49732"
	}
	return "49731"
}

// kindOfRedirect tells a redirect URI that is not registered from one that can't be: a server that refuses localhost gives
// 127.0.0.1 a different answer, and one that refuses http gives https a different answer.
func (o *Observer) kindOfRedirect(ctx context.Context, real ProbeResult) causes.Name {
	uri, cause := o.cfg.RedirectURI(), real.said.Cause()
	if !strings.HasPrefix(uri, "http://") {
		return causes.RedirectURINotRegistered
	}
	if cause != causes.RedirectURINotHTTPS && cause != causes.RedirectURIIPAddress {
		return causes.RedirectURINotRegistered
	}
	if ip := withLoopbackIP(uri); ip != uri && cause == causes.RedirectURINotHTTPS {
		if there := o.Login(ctx, Login{RedirectURI: ip}); there.Continues() || there.Refuses() && there.said.Cause() == causes.RedirectURINotRegistered {
			return causes.RedirectURILocalhost
		}
	}
	return cause
}

// withLoopbackIP returns a redirect URI with the IP address for the name.
func withLoopbackIP(uri string) string { return strings.Replace(uri, "//localhost", "//127.0.0.1", 1) }

// acceptedVariant returns the redirect URI that the server accepts in place of ours, or "" if none was found.
func (o *Observer) acceptedVariant(ctx context.Context) string {
	list := variants(o.cfg.RedirectURI())
	var questions []Login
	for _, variant := range list {
		questions = append(questions, Login{RedirectURI: variant})
	}
	for i, p := range o.Logins(ctx, questions...) {
		if p.Continues() {
			return list[i]
		}
	}
	return ""
}

// variants lists the redirect URIs that users register when they mean this one.
func variants(uri string) []string {
	list := []string{uri + "/"}
	swap := func(from, to string) {
		if strings.Contains(uri, from) {
			list = append(list, strings.Replace(uri, from, to, 1), strings.Replace(uri, from, to, 1)+"/")
		}
	}
	swap("//localhost", "//127.0.0.1")
	swap("//127.0.0.1", "//localhost")
	swap("//[::1]", "//localhost")
	swap("http://", "https://")
	swap("https://", "http://")
	return list
}

// concludeLogin says how the server would continue a correct request.
func (o *Observer) concludeLogin(ctx context.Context) causes.Finding {
	pair := o.Logins(ctx, Login{}, Login{RedirectURI: anInvention})
	real, control := pair[0], pair[1]
	switch {
	case real.Kind == NoAnswer:
		return causes.Warning("no result: the authorization endpoint %s", o.whatItDid(real))
	case real.Refuses():
		return o.explainRefusedLogin(ctx, real, control)
	case real.Coded:
		return causes.Warning("the server sent a code without a sign-in, and issues a code in each check")
	case real.Same(control):
		return causes.Warning("needs a sign-in: the server shows the same page for an invented redirect URI")
	case real.Kind == ComesBack && real.Code != "" && o.cfg.Parameters["prompt"] == "none":
		f := causes.Warning("ends with %s for a user who isn't signed in: AUTHORIZATION_PARAMS has prompt=none, so the server can't ask", real.Code)
		f.Setting = "AUTHORIZATION_PARAMS"
		return f.Look("Remove prompt=none from AUTHORIZATION_PARAMS, unless every user is signed in already.")
	case real.Kind == ComesBack:
		return causes.Proved("the login would start").By("the server says %s", real.Code)
	}
	if policy := o.blockingPolicy(real.Page); policy != "" {
		f := causes.Found(causes.Warn, causes.FormActionBlocksReturn, causes.Facts{Cfg: o.cfg})
		f.Server = policy
		return f
	}
	return causes.Proved("the login would start").By("at %s", o.sanitized(real.At, 200))
}

// refusesParameters reports whether the login would start without AUTHORIZATION_PARAMS and no better cause is known.
func (o *Observer) refusesParameters(ctx context.Context, cause causes.Name) bool {
	known := cause == causes.ResourceUnknown || cause == causes.ScopeNotEnabled || aboutRedirect(cause)
	return len(o.cfg.Parameters) > 0 && !known && o.Login(ctx, Login{NoParams: true}).Continues()
}

// explainRefusedLogin names what the server refuses in a correct request with a redirect URI that it knows.
func (o *Observer) explainRefusedLogin(ctx context.Context, real, control ProbeResult) causes.Finding {
	cause := real.said.Cause()
	if o.refusesParameters(ctx, cause) {
		return o.finding(causes.ParameterRefused, real.quote(), causes.Facts{}).By("without AUTHORIZATION_PARAMS, the login would start")
	}
	switch cause {
	case causes.ScopeNotEnabled:
		return o.explainScope(ctx, o.cfg.Scopes, "", real.quote())
	case "", causes.PKCERequired, causes.PKCERefused:
		if o.Login(ctx, Login{NoPKCE: true}).Continues() {
			return o.finding(causes.PKCERefused, real.quote(), causes.Facts{}).By("without it, the login would start")
		}
	}
	if cause == "" && real.isBare() && o.sameHost() && o.tokensProveClient(ctx) {
		f := o.finding(causes.RedirectURINotRegistered, real.quote(), causes.Facts{})
		f.Found = "the server refuses the login (" + o.sanitized(real.Page.StatusLine(), 300) + ") without a reason: the redirect URI is probably not registered"
		return f.By("the token endpoint accepts the client, and every redirect URI gets the same empty answer")
	}
	if isFirewall(real) && real.Same(control) {
		return o.refusesEverything(real)
	}
	if cause == "" {
		f := causes.Failing("", causes.ReadTheServer, real.quote(), "the server refuses the login with the error %q", real.Code)
		if real.Code == "" {
			f.Found = "the server refuses the login (" + o.sanitized(real.Page.StatusLine(), 300) + ")"
		}
		return f
	}
	f := o.finding(cause, real.quote(), causes.Facts{})
	if cause == causes.GrantNotEnabled || cause == causes.ClientIDUnknown {
		f.Setting = "CLIENT_ID"
	}
	if real.Code != "" {
		f.Found = "the server refuses the login with the error \"" + real.Code + "\""
	}
	return f
}

// tokensProveClient reports whether the token endpoint accepts the client. A token endpoint that gives every request
// the same answer proves nothing, whatever the other endpoints say.
func (o *Observer) tokensProveClient(ctx context.Context) bool {
	if o.noInventions {
		return false
	}
	answer := o.askClient(ctx, o.ours())
	if _, other := o.notTokenEndpoint(answer.reply, answer.yes == anInventedCode); other || answer.yes == "" {
		return false
	}
	_, useless := o.useless(ctx, o.ours())
	return !useless
}

// explainScope finds out which scope is refused, by asking for each separately.
func (o *Observer) explainScope(ctx context.Context, scopes []string, prompt, words string) causes.Finding {
	if len(scopes) == 0 {
		f := o.finding(causes.ScopeNotEnabled, words, causes.Facts{})
		f.Found = "the server refuses a login that asks for no scope"
		return f
	}
	return o.finding(causes.ScopeNotEnabled, words, causes.Facts{Refused: o.refusedScopes(ctx, scopes, prompt)})
}

// refusedScopes returns the scopes of a list that the server refuses when it is asked for each separately, or nil if that
// doesn't tell.
func (o *Observer) refusedScopes(ctx context.Context, scopes []string, prompt string) []string {
	asked := scopes[:min(len(scopes), maxScopes)]
	var questions []Login
	for _, scope := range asked {
		if slices.Contains(scopes, "openid") && scope != "openid" { // some servers require openid with any other scope
			scope = "openid " + scope
		}
		questions = append(questions, Login{Scope: scope, Prompt: prompt})
	}
	refused := make([]bool, len(asked))
	for i, p := range o.Logins(ctx, questions...) {
		refused[i] = p.refusesScopes()
	}
	var off []string
	for i, scope := range asked {
		if refused[i] && (scope != "openid" || !slices.Contains(refused, false)) {
			off = append(off, scope)
		}
	}
	if len(off) == len(asked) && len(asked) > 1 {
		return nil
	}
	return off
}

// maxScopes is the number of scopes that are asked for one by one.
const maxScopes = 20

// refusesScopes reports whether the scopes are refused.
func (p ProbeResult) refusesScopes() bool {
	return p.Refuses() && p.said.Cause() == causes.ScopeNotEnabled
}

// concludePKCE asks without a challenge. A refusal proves that PKCE is enforced. The lack of one proves nothing, as many
// servers refuse later.
func (o *Observer) concludePKCE(ctx context.Context) causes.Finding {
	p := o.Login(ctx, Login{NoPKCE: true})
	switch {
	case p.Kind == NoAnswer:
		return causes.Warning("no result: without PKCE the authorization endpoint %s", o.whatItDid(p))
	case p.Refuses():
		return causes.Proved("a login without PKCE is refused")
	}
	return causes.Warning("a login without PKCE is not refused here; some servers refuse it later, others don't require it")
}

// concludeScopes asks for one scope more, which no client has. If the server refuses that, it checks scopes here. It did
// not refuse the correct request, so all of its scopes are enabled.
func (o *Observer) concludeScopes(ctx context.Context) causes.Finding {
	if len(o.cfg.Scopes) == 0 {
		return causes.Skipped("SCOPES is empty, so the server decides; the token response will say")
	}
	control := o.Login(ctx, Login{MoreScope: true})
	switch {
	case control.Kind == NoAnswer:
		return causes.Warning("no result: for an invented scope the authorization endpoint %s", o.whatItDid(control))
	case control.Refuses():
		return causes.Proved("enabled: %s", strings.Join(o.cfg.Scopes, " ")).By("an invented one is refused")
	}
	return o.scopesWithoutUser(ctx)
}

// scopesWithoutUser asks a server that signs the user in before it checks scopes. With prompt=none it must not sign the
// user in, and some servers check the scopes then. A refusal of the scopes counts only if openid alone gets a different
// answer. If the metadata lists every scope, nothing is in doubt, and it asks nothing more.
func (o *Observer) scopesWithoutUser(ctx context.Context) causes.Finding {
	const none = "none"
	undecided := causes.Warning("needs a sign-in: without one, this app can't tell which scopes are enabled")
	unlisted := slices.ContainsFunc(o.cfg.Scopes, func(scope string) bool { return !slices.Contains(o.md.Scopes, scope) })
	if !unlisted || !slices.Contains(o.cfg.Scopes, "openid") { // prompt belongs to OpenID Connect
		return undecided
	}
	if !o.Login(ctx, Login{Prompt: none, MoreScope: true}).refusesScopes() {
		return undecided
	}
	switch real := o.Login(ctx, Login{Prompt: none}); {
	case real.Continues():
		return causes.Proved("enabled: %s", strings.Join(o.cfg.Scopes, " ")).By("with prompt=none, an invented one is refused")
	case real.refusesScopes() && !o.Login(ctx, Login{Prompt: none, Scope: "openid"}).refusesScopes():
		return o.explainScope(ctx, o.cfg.Scopes, none, real.quote())
	}
	return undecided
}
