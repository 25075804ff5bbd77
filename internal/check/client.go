package check

import (
	"cmp"
	"context"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
)

// What is known about the client's credentials without a user: whether the server accepts the ID, the secret and the method
// and, if not, which of them is wrong. The server never says (ory/hydra#2140), but its answers to similar questions tell.

// clientAnswer holds what the answers to one question and its control say about some credentials.
type clientAnswer struct {
	yes     tokenKind   // the question whose answer proved that they are right
	no      tokenKind   // the question whose answer refused them
	also    causes.Name // what the server refuses of a client that it accepts: the grant, the redirect URI, PKCE
	reply   tokenAnswer // ours
	unasked bool        // it was not answered: the server was out of order
	passed  bool        // the control was refused as a client; ours got a server error instead
}

// accepts reports whether the credentials are right, or at least not the reason for a refusal.
func (a clientAnswer) accepts() bool { return a.yes != "" || a.passed }

// ours returns the configured credentials.
func (o *Observer) ours() credentials { return credentials{method: o.client.AuthMethod(o.md)} }

// controlOf returns the same credentials with a wrong part: an invented secret or, for a client without one, an invented
// ID.
func controlOf(as credentials) credentials {
	if as.method == config.MethodNone {
		as.noID = true
	} else {
		as.noSecret = true
	}
	return as
}

// inventedPart names the wrong part of a control, in the words of a finding.
func inventedPart(method string) string {
	if method == config.MethodNone {
		return "an invented client ID"
	}
	return "an invented secret"
}

// askClient asks with the credentials and with those of the control. It asks about an invented code first, and only if that
// is inconclusive asks the other questions, all at the same time. Only an answer that differs from its control's counts as
// a yes.
func (o *Observer) askClient(ctx context.Context, as credentials) clientAnswer {
	first := o.askPair(ctx, tokenQuestion{kind: anInventedCode, as: as}, controlOf(as))
	if first.yes != "" || first.no != "" || first.also != "" {
		return first
	}
	answers := make(chan clientAnswer)
	questions := o.otherQuestions(as.method)
	for _, kind := range questions {
		go func() { answers <- o.askPair(ctx, tokenQuestion{kind: kind, as: as}, controlOf(as)) }()
	}
	var told []clientAnswer
	for range questions {
		told = append(told, <-answers)
	}
	unasked := first.unasked
	var no clientAnswer
	for _, kind := range questions { // in their order, whatever came first
		for _, a := range told {
			switch {
			case a.yes == kind:
				return a
			case a.no == kind && no.no == "" && (kind != anInventedRefresh || !causes.IsAboutCode(first.reply.Cause()) || a.reply.Cause() != causes.ClientRefused):
				no = a // beside an answer about the code, a refusal without a word may be about the token: goiabada
			}
		}
	}
	for _, a := range told {
		unasked = unasked && a.unasked
	}
	if no.no != "" {
		return no
	}
	first.unasked = unasked
	return first
}

// otherQuestions lists questions for servers that look up the code before they look at the client. Introspection is closed
// to a client without a secret (RFC 7662 section 2.1), so it is not asked for one.
func (o *Observer) otherQuestions(method string) []tokenKind {
	list := []tokenKind{anInventedRefresh}
	answers := func(e *endpoint, methods []string) bool {
		other, _ := o.other(e)
		return e.of(o.md.Endpoints) != "" && other == "" && (len(methods) == 0 || slices.Contains(methods, method))
	}
	if method != config.MethodNone && answers(introspectionEndpoint, o.md.IntrospectionAuthMethods) {
		list = append(list, toIntrospect)
	}
	if answers(revocationEndpoint, o.md.RevocationAuthMethods) {
		list = append(list, toRevoke)
	}
	return list
}

// decides reports whether a question asks the token endpoint for tokens: its refusal is about the client.
func (k tokenKind) decides() bool { return k == anInventedCode || k == anInventedRefresh }

// askPair asks a question and its control at the same time.
func (o *Observer) askPair(ctx context.Context, q tokenQuestion, control credentials) clientAnswer {
	c := q
	c.as = control
	pair := o.tokens(ctx, q, c)
	got, wrong := pair[0], pair[1]
	answer := clientAnswer{reply: got}
	switch {
	case got.aboutClient() && q.kind.decides() && wrong.Status >= 500: // it fails on a client that it does not know
		answer.no = q.kind
	case !inOrder(got) || !inOrder(wrong):
		answer.unasked = true
		answer.passed = got.Status >= 500 && wrong.aboutClient()
	case causes.IsNotSpoken(got.Cause()):
		answer.also = got.Cause()
	case got.like(wrong) && !o.differInWords(ctx, q, c):
		answer.sameAsControl(q.kind)
	case q.kind == toIntrospect && got.aboutClient(): // it may not introspect, which is no fault of its credentials
		if causes.IsClientCode(wrong.Answer) && !causes.IsClientCode(got.Answer) {
			answer.yes = q.kind
		}
	case got.aboutClient() && !ambiguous(got):
		answer.no = q.kind
	case q.as.method == config.MethodNone && !refusesClient(wrong): // accepting an invented ID proves nothing about ours
		answer.sameAsControl(q.kind)
	default:
		answer.yes = q.kind
		if q.kind == anInventedCode {
			answer.also = besideTheCode(got.Cause())
		}
	}
	return answer
}

// sameAsControl judges an answer that the control got too.
func (a *clientAnswer) sameAsControl(kind tokenKind) {
	switch cause := a.reply.Cause(); {
	case wordlessGrant(a.reply):
		a.no = kind // osin sends this to any client that it does not accept
	case kind == anInventedCode && (cause == causes.GrantNotEnabled || cause == causes.PKCERefused): // it names no fault of the credentials
		a.also = cause
	case kind == toIntrospect: // many servers open introspection only to APIs, which have credentials of their own
	case refusesClient(a.reply) && (kind.decides() || causes.IsClientCode(a.reply.Answer)):
		a.no = kind
	}
}

// refusesClient reports whether the client is refused, including by unauthorized_client, which is about its grants.
func refusesClient(a tokenAnswer) bool {
	return a.aboutClient() || a.came() && strings.EqualFold(a.Refusal.Code, "unauthorized_client")
}

// acceptsClient reports whether the server refuses something other than the client: the code, or what is checked before
// it.
func acceptsClient(a tokenAnswer) bool {
	return !refusesClient(a) && (a.Refusal.Code == "invalid_grant" || causes.IsAboutCode(a.Cause()) || besideTheCode(a.Cause()) != "")
}

// besideTheCode returns the cause if the server accepts the client and refuses something else, before it looks at the code.
func besideTheCode(cause causes.Name) causes.Name {
	switch cause {
	case causes.GrantNotEnabled, causes.RedirectURINotRegistered, causes.PKCERefused, causes.ResourceUnknown:
		return cause
	}
	return ""
}

// inOrder reports whether an answer can tell something: a server that is overloaded, fails, or has no endpoint there
// says nothing about the client.
func inOrder(a tokenAnswer) bool {
	return a.came() && a.Status != 0 && a.Cause() != causes.ServerFailed && !a.EndsEveryLogin()
}

// differInWords reports whether two answers differ in their words, and do so again when the questions are repeated.
func (o *Observer) differInWords(ctx context.Context, q, control tokenQuestion) bool {
	got, wrong := o.token(ctx, q), o.token(ctx, control)
	if got.print == wrong.print {
		return false
	}
	q.again, control.again = q.again+1, control.again+1
	again := o.tokens(ctx, q, control)
	return again[0].print == got.print && again[1].print == wrong.print
}

// noTokenEndpoint returns the finding that no request can reach the token endpoint. Other endpoints may accept the
// client, but they issue no tokens.
func (o *Observer) noTokenEndpoint(ctx context.Context, as credentials) (causes.Finding, bool) {
	err := o.token(ctx, tokenQuestion{kind: anInventedCode, as: as}).failed
	return o.noServer(tokenEndpoint, err)
}

// notTokenEndpoint returns the finding that TOKEN_ENDPOINT names a different endpoint of the server. Introspection and revocation
// authenticate the client, too, and so accept it. Without metadata, an endpoint that works like a token endpoint is one.
func (o *Observer) notTokenEndpoint(answer tokenAnswer, works bool) (causes.Finding, bool) {
	other, certain := o.other(tokenEndpoint)
	if o.set(tokenEndpoint) == "" || other == "" || !certain && works {
		return causes.Finding{}, false
	}
	f := o.finding(causes.TokenEndpointUnusable, answer.said(), causes.Facts{})
	f.Found = tokenEndpoint.isOther(other)
	return o.orMetadata(f, tokenEndpoint), true
}

// concludeClient concludes from the questions about the client.
func (o *Observer) concludeClient(ctx context.Context) causes.Finding {
	as := o.ours()
	answer := o.askClient(ctx, as)
	if f, ok := o.noTokenEndpoint(ctx, as); ok {
		return f
	}
	if f, ok := o.notTokenEndpoint(answer.reply, answer.yes == anInventedCode); ok {
		return f
	}
	what := inventedPart(as.method)
	switch {
	case causes.IsNotSpoken(answer.also):
		return o.finding(answer.also, answer.reply.said(), causes.Facts{Method: as.method})
	case answer.also == causes.GrantNotEnabled:
		return o.finding(answer.also, answer.reply.said(), causes.Facts{})
	case answer.also == causes.PKCERefused:
		return o.finding(answer.also, answer.reply.said(), causes.Facts{})
	case answer.yes == anInventedCode && answer.reply.succeeded():
		f := o.finding(causes.TokenEndpointUnusable, "", causes.Facts{})
		f.Result, f.Found = causes.Warn, "the token endpoint accepts an invented code ("+statusLine(answer.reply)+"): it may be a different endpoint"
		return f
	case answer.yes != "" && answer.yes != anInventedCode:
		if f, useless := o.useless(ctx, as); useless { // the other endpoints accept the client, but issue no tokens
			return f
		}
		fallthrough
	case answer.yes != "":
		proof := "%s gets a different answer"
		if answer.yes != anInventedCode {
			proof += " (to " + string(answer.yes) + ")"
		}
		return causes.Proved("%s", right(as.method)).By(proof, what)
	case answer.passed:
		f := causes.Warning("needs a sign-in: the server doesn't refuse the client, but fails on an invented code (%d)", answer.reply.Status).As(causes.ServerFailed)
		f.Server = answer.reply.quote
		return f
	case answer.no == "":
		if f, useless := o.useless(ctx, as); useless {
			return f
		}
		if answer.unasked || !inOrder(answer.reply) {
			return o.outOfOrder(ctx, as, answer.reply)
		}
		return o.explainNoDifference(ctx, as, answer, what)
	case !answer.no.decides() && o.anySecretWill(ctx, as):
		return o.secretIgnored()
	}
	return o.explainRefusal(ctx, as, answer.reply, false)
}

// concludeClientAlone asks as a login would, once and without a control: a refusal of the client counts as one, and any
// other answer proves nothing yet.
func (o *Observer) concludeClientAlone(ctx context.Context) causes.Finding {
	as := o.ours()
	if f, ok := o.noTokenEndpoint(ctx, as); ok {
		return f
	}
	got := o.token(ctx, tokenQuestion{kind: anInventedCode, as: as})
	if f, ok := o.notTokenEndpoint(got, inOrder(got) && !got.aboutClient() && !got.succeeded()); ok {
		return f
	}
	switch cause := got.Cause(); {
	case got.aboutClient() && methodNotSpoken(o.md.AuthMethods) != "":
		return o.finding(methodNotSpoken(o.md.AuthMethods), got.said(), causes.Facts{Method: as.method})
	case cause == causes.ClientIDUnknown && o.showsID(ctx):
		return o.finding(causes.ClientRefused, got.said(), causes.Facts{Method: as.method})
	case cause == causes.ClientSecretMissing && !o.showsID(ctx) && got.like(o.token(ctx, tokenQuestion{kind: anInventedCode, as: controlOf(as)})):
		return o.idOrNoSecret(got)
	case cause == causes.ClientSecretWrong && as.method == config.MethodNone: // Slack calls a missing secret wrong
		return o.finding(causes.ClientSecretMissing, got.said(), causes.Facts{Method: as.method})
	case causes.IsNotSpoken(cause), got.aboutClient() && !ambiguous(got):
		return o.finding(cause, got.said(), causes.Facts{Method: as.method})
	case !inOrder(got):
		if f, useless := o.useless(ctx, as); useless {
			return f
		}
		return o.outOfOrder(ctx, as, got)
	}
	f := notYet()
	if as.method != config.MethodNone {
		f.Found = "the secret is not tested yet: run all checks"
	}
	return f
}

// ambiguous reports whether a refusal of the client has a code that a server uses for its grants and for the
// authorization code too (Gitea).
func ambiguous(a tokenAnswer) bool {
	return strings.EqualFold(a.Refusal.Code, "unauthorized_client") && a.Cause() == causes.ClientRefused
}

// wordlessGrant reports whether an answer has the code for a client without the grant, and no words. Some servers use
// that code for any client that they don't accept.
func wordlessGrant(a tokenAnswer) bool {
	return strings.EqualFold(a.Refusal.Code, "unauthorized_client") && a.Refusal.Words == ""
}

// outOfOrder returns the finding of a token endpoint that fails on these questions, but may not fail on a login.
func (o *Observer) outOfOrder(ctx context.Context, as credentials, reply tokenAnswer) causes.Finding {
	unknown := as
	unknown.noID = true
	if reply.Status == http.StatusInternalServerError && reply.like(o.token(ctx, tokenQuestion{kind: anInventedCode, as: unknown})) {
		f := causes.Warning("the token endpoint fails (500), and does the same for an invented client ID").As(causes.ServerFailed)
		f.Setting, f.Server = "CLIENT_ID", reply.quote
		f.Fix = causes.CompareID(o.cfg)
		return f
	}
	f := causes.Warning("no result: the token endpoint fails").As(causes.ServerFailed)
	f.Server = reply.quote
	if reply.fault != "" {
		f.Server, f.Found = "", "no result: the token endpoint "+reply.fault
	}
	return f
}

// useless reports whether the token endpoint gives every question the same status or page, and so can't finish any
// login. Such an answer says nothing about the client.
func (o *Observer) useless(ctx context.Context, as credentials) (causes.Finding, bool) {
	got := o.token(ctx, tokenQuestion{kind: anInventedCode, as: as})
	forbidden := got.Status == http.StatusForbidden && !causes.IsAboutClient(got.Cause()) && !causes.IsAboutCode(got.Cause())
	if !got.came() || !got.EndsEveryLogin() && !forbidden && !got.succeeded() && got.Cause() != causes.TokenEndpointUnusable {
		return causes.Finding{}, false
	}
	unknown := as
	unknown.noID = true
	questions := []tokenQuestion{{kind: anInventedRefresh, as: as}, {kind: nothingAtAll, as: as}}
	if !o.noInventions {
		questions = append(questions, tokenQuestion{kind: anInventedCode, as: controlOf(as)}, tokenQuestion{kind: anInventedCode, as: unknown})
	}
	for _, other := range o.tokens(ctx, questions...) {
		if !got.like(other) || got.To != other.To || got.succeeded() && got.print != other.print {
			return causes.Finding{}, false
		}
	}
	facts := causes.Facts{Value: o.moved(ctx, got.To), Status: got.Status}
	name := causes.TokenEndpointUnusable
	if got.Status >= http.StatusInternalServerError {
		name = causes.ServerFailed
	}
	if f, ok := o.notTokenEndpoint(got, false); ok {
		return f, true
	}
	f := o.finding(name, got.said(), facts)
	f.Found = "the token endpoint gives every request the same answer"
	f.Found += " (" + o.sanitized(statusLine(got), 200) + ")"
	return o.orMetadata(f, tokenEndpoint), true
}

// moved returns the address that a token endpoint redirects to on its own host, if a token endpoint answers there: the app
// tries a line before it suggests it. It sends nothing secret there.
func (o *Observer) moved(ctx context.Context, to string) string {
	if to == "" || to == o.md.Token || config.CheckEndpoint(to) != nil || causes.HostOf(to) != causes.HostOf(o.md.Token) {
		return ""
	}
	if there := o.token(ctx, tokenQuestion{kind: anInventedCode, as: credentials{method: config.MethodNone, noID: true}, at: to}); !inOrder(there) {
		return ""
	}
	return to
}

func statusLine(a tokenAnswer) string {
	text := strings.TrimSpace(http.StatusText(a.Status))
	line := strings.TrimSpace(strings.Join([]string{strconv.Itoa(a.Status), text}, " "))
	if a.To != "" {
		line += " to " + a.To
	}
	return line
}

// explainRefusal finds out which of client ID, secret and method is wrong. If no secret may be invented, it compares
// the answers to the configured credentials, sent in other ways. In that case a code has come back, which shows that
// the server knows the ID, unless noCode says otherwise.
func (o *Observer) explainRefusal(ctx context.Context, as credentials, refused tokenAnswer, nothingInvented bool) causes.Finding {
	found := func(name causes.Name, facts causes.Facts) causes.Finding {
		facts.Method = as.method
		return o.finding(name, refused.said(), facts)
	}
	accepts := func(other credentials, noVerifier bool) bool {
		q := tokenQuestion{kind: anInventedCode, as: other, noVerifier: noVerifier}
		if nothingInvented {
			a := o.token(ctx, q)
			return inOrder(a) && !a.like(refused) && acceptsClient(a)
		}
		if noVerifier {
			return o.askPair(ctx, q, controlOf(other)).accepts()
		}
		return o.askClient(ctx, other).accepts()
	}
	if f, ok := o.notTokenEndpoint(refused, false); ok {
		return f
	}
	if name := methodNotSpoken(o.md.AuthMethods); name != "" {
		return found(name, causes.Facts{})
	}
	if as.method == config.MethodNone {
		if !nothingInvented && !o.knowsID(ctx) || o.noCode && !o.tellsIDs(ctx, config.MethodNone) {
			return o.idOrNoSecret(refused)
		}
		return found(causes.ClientSecretMissing, causes.Facts{})
	}
	other := credentials{method: causes.OtherMethod(as.method)}
	byOther := !causes.ProviderOf(o.cfg).MethodsAlike && accepts(other, false)
	raw := as
	raw.raw = true
	switch {
	case !unreserved.MatchString(o.cfg.ClientSecret) && as.method == config.MethodBasic && accepts(raw, false):
		facts := causes.Facts{}
		if byOther {
			facts.Value = other.method
		}
		return found(causes.ClientSecretNotDecoded, facts)
	case byOther:
		return found(causes.AuthMethodWrong, causes.Facts{}).By("the server accepts this ID and secret with %s", other.method)
	case accepts(as, true):
		return found(causes.PKCERefused, causes.Facts{}).By("the server accepts the same credentials without code_verifier")
	case refused.Refusal.Code == "" && o.acceptsElsewhere(ctx, as, nothingInvented):
		f := found(causes.TokenEndpointUnusable, causes.Facts{Status: refused.Status})
		f.Found = "the token endpoint refuses every request (" + o.sanitized(statusLine(refused), 200) + "), and the server accepts the client elsewhere"
		return f
	case nothingInvented:
		return o.byElimination(ctx, as, refused)
	case o.worksWithoutSecret(ctx):
		return o.acceptedWithout(as, refused)
	case !o.knowsID(ctx):
		if refused.Cause() == causes.ClientIDUnknown {
			return found(causes.ClientIDUnknown, causes.Facts{}).By("an invented client ID gets the same answer")
		}
		return o.idOrSecret(as, refused)
	}
	if refused.Cause() == causes.AuthMethodWrong {
		return o.bothWrong(ctx, as, refused)
	}
	f := found(causes.ClientSecretWrong, causes.Facts{})
	f.Found = "the server recognizes the client ID, and rejects the secret" + byBoth(o.cfg)
	return f
}

// byBoth names the methods by which a secret was sent. If the server treats them alike, one of them is enough.
func byBoth(cfg config.Effective) string {
	if causes.ProviderOf(cfg).MethodsAlike {
		return ""
	}
	return " with both client_secret_basic and client_secret_post"
}

// acceptedWithout returns the finding that the server refuses the configured secret, and accepts the client without one.
func (o *Observer) acceptedWithout(as credentials, refused tokenAnswer) causes.Finding {
	name := causes.ClientIsPublic
	if !slices.Contains(o.md.AuthMethods, config.MethodNone) && len(o.md.AuthMethods) > 0 {
		name = causes.ClientSecretWrong
	}
	f := o.finding(name, refused.said(), causes.Facts{Method: as.method})
	f.Found = "the server refuses the client with this secret, and accepts it without one"
	f.Fix = causes.PublicOrNot(o.cfg)
	return f
}

// idOrSecret returns the finding of a server that gives the same answer to an unknown client ID and to a wrong secret.
func (o *Observer) idOrSecret(as credentials, refused tokenAnswer) causes.Finding {
	f := o.finding(causes.ClientRefused, refused.said(), causes.Facts{Method: as.method}).By("an invented client ID gets the same answer")
	f.Found, f.Setting = "the client ID or the secret is wrong", "CLIENT_ID"
	return f.Look(causes.PasteBoth(o.cfg))
}

// idOrNoSecret returns the finding of a server that gives the same answer to an unknown client ID and to a client that
// lacks its secret.
func (o *Observer) idOrNoSecret(refused tokenAnswer) causes.Finding {
	f := o.finding(causes.ClientIDUnknown, refused.said(), causes.Facts{Method: config.MethodNone}).By("an invented client ID gets the same answer")
	set := "set CLIENT_SECRET."
	if typo := o.cfg.TypoOf("CLIENT_SECRET"); typo.Name != "" && !typo.Foreign {
		set = "write CLIENT_SECRET instead of " + typo.Name + " (" + typo.Where + ")."
	}
	f.Fix += " If the client ID is right, the application isn't public: " + set
	f.Remedy.Text = f.Fix // the page has it from there
	if refused.Cause() != causes.ClientIDUnknown {
		// The server's words name neither.
		f = f.As(causes.ClientRefused)
		f.Found = "the client ID is wrong, or the application has a secret and CLIENT_SECRET isn't set"
	}
	return f
}

// bothWrong returns the finding if the server blames the method, and refuses the credentials by the other method too. If it
// blames that one as well, it wants a third.
func (o *Observer) bothWrong(ctx context.Context, as credentials, refused tokenAnswer) causes.Finding {
	f := o.finding(causes.AuthMethodWrong, refused.said(), causes.Facts{Method: as.method})
	other := o.token(ctx, tokenQuestion{kind: anInventedCode, as: credentials{method: causes.OtherMethod(as.method)}})
	if other.Cause() == causes.AuthMethodWrong {
		f.Found = "the server accepts the client's credentials neither with client_secret_basic nor with client_secret_post"
		return f.Look(causes.UseBasic(o.cfg))
	}
	f.Fix += " " + causes.PasteSecretToo
	return f
}

// acceptsElsewhere reports whether introspection or revocation accepts the credentials and refuses those of the
// control. Then a refusal by the token endpoint without an OAuth error is not about the credentials.
func (o *Observer) acceptsElsewhere(ctx context.Context, as credentials, nothingInvented bool) bool {
	if as.method == config.MethodNone {
		return false
	}
	control := controlOf(as)
	if nothingInvented {
		control = credentials{method: config.MethodNone, noID: true}
	}
	for _, kind := range o.otherQuestions(as.method)[1:] {
		if a := o.askPair(ctx, tokenQuestion{kind: kind, as: as}, control); a.yes != "" && a.reply.succeeded() {
			return true
		}
	}
	return false
}

// byElimination concludes that the secret is wrong: the server knows the ID, as a code came back, but accepts the
// client neither with the other method nor without a secret.
func (o *Observer) byElimination(ctx context.Context, as credentials, refused tokenAnswer) causes.Finding {
	other := o.token(ctx, tokenQuestion{kind: anInventedCode, as: credentials{method: causes.OtherMethod(as.method)}})
	public := o.token(ctx, tokenQuestion{kind: anInventedCode, as: credentials{method: config.MethodNone}})
	switch {
	case refused.Cause() == "", refused.Cause() == causes.ClientIDUnknown, !refusesClient(other), !inOrder(public):
		return causes.Finding{}
	case causes.IsAboutCode(public.Cause()):
		if unknown := o.token(ctx, tokenQuestion{kind: anInventedCode, as: credentials{method: config.MethodNone, noID: true}}); !refusesClient(unknown) {
			return causes.Finding{} // it accepts anyone without a secret, as it looks at the code first
		}
		return o.acceptedWithout(as, refused)
	case refused.Cause() == causes.AuthMethodWrong:
		return o.bothWrong(ctx, as, refused)
	case o.noCode && !o.tellsIDs(ctx, config.MethodNone):
		return causes.Finding{}
	}
	f := o.finding(causes.ClientSecretWrong, refused.said(), causes.Facts{Method: as.method})
	return f.By("the server recognizes the client ID; it rejects the secret with both client_secret_basic and client_secret_post, " +
		"and a request without a secret too")
}

// showsID reports whether the authorization endpoint has shown that the server knows our client ID.
func (o *Observer) showsID(ctx context.Context) bool {
	return o.Login(ctx, Login{}).Continues() && o.Login(ctx, Login{RedirectURI: anInvention}).Refuses()
}

// knowsID reports whether the server knows our client ID: the authorization endpoint has shown it, or the token
// endpoint does, with a wrong secret or with none.
func (o *Observer) knowsID(ctx context.Context) bool {
	return o.showsID(ctx) || o.tellsIDs(ctx, config.MethodNone) || o.tellsIDs(ctx, config.MethodPost) || o.tellsIDs(ctx, config.MethodBasic)
}

// tellsIDs reports whether the token endpoint gives an invented client ID a different answer than ours, both with an
// invented secret or, by the method none, without one.
func (o *Observer) tellsIDs(ctx context.Context, method string) bool {
	ours := tokenQuestion{kind: anInventedCode, as: credentials{method: method, noSecret: method != config.MethodNone}}
	theirs := ours
	theirs.as.noID = true
	pair := o.tokens(ctx, ours, theirs)
	theirs.again = 1
	return pair[0].came() && !pair[0].like(pair[1]) && pair[1].like(o.token(ctx, theirs)) // a failure counts too, if it repeats
}

// anySecretWill reports whether the server accepts our client ID and not an invented one. If an invented secret got the
// same answer as ours, the server ignores the secret.
func (o *Observer) anySecretWill(ctx context.Context, as credentials) bool {
	if as.method == config.MethodNone {
		return false
	}
	unknown := as
	unknown.noID = true
	return o.askPair(ctx, tokenQuestion{kind: anInventedCode, as: as}, unknown).yes != ""
}

// secretIgnored returns the finding of a server that ignores the secret.
func (o *Observer) secretIgnored() causes.Finding {
	f := causes.Warning("the server recognizes the client ID and accepts any secret, an invented one too: the application is public").As(causes.ClientIsPublic)
	f.Setting = "CLIENT_SECRET"
	f.Fix = causes.RemoveSecret(o.cfg)
	return f
}

// explainNoDifference concludes about a server that gives the right secret and an invented one the same answer, and says
// nothing about the client. It may not have found the credentials where they were sent.
func (o *Observer) explainNoDifference(ctx context.Context, as credentials, same clientAnswer, what string) causes.Finding {
	if as.method == config.MethodNone {
		return causes.Warning("needs a sign-in: the server gives %s the same answer", what)
	}
	if o.anySecretWill(ctx, as) {
		return o.secretIgnored()
	}
	unread := same.reply.Refused && !causes.IsAboutCode(same.reply.Cause())
	method := causes.OtherMethod(as.method)
	switch other := o.askClient(ctx, credentials{method: method}); {
	case other.accepts() && unread:
		return o.finding(causes.AuthMethodWrong, same.reply.said(), causes.Facts{Method: as.method}).By("the server accepts this ID and secret with %s", method)
	case other.yes != "":
		return causes.Warning("client ID and secret are right with %s; testing %s needs a sign-in", method, as.method)
	case other.no != "" && unread:
		f := o.finding(causes.ClientSecretWrong, other.reply.said(), causes.Facts{Method: as.method})
		f.Found = "the server doesn't read the secret with " + as.method + ", and refuses it with " + method
		f.Fix = strings.TrimSuffix(f.Fix, ".") + ", and write TOKEN_ENDPOINT_AUTH_METHOD=" + method + "."
		return f
	}
	if unread && o.worksWithoutSecret(ctx) {
		return o.finding(causes.ClientIsPublic, same.reply.said(), causes.Facts{Method: as.method})
	}
	return causes.Warning("needs a sign-in: the server gives %s the same answer", what)
}

// worksWithoutSecret reports whether the server accepts the client without a secret for a code or a revocation, and
// doesn't refuse it a refresh for that reason. One question is not enough: some servers require no secret if PKCE comes
// with the code, some look up the code before the client, and some require no secret for a refresh.
func (o *Observer) worksWithoutSecret(ctx context.Context) bool {
	public := credentials{method: config.MethodNone}
	if causes.IsClientCode(o.token(ctx, tokenQuestion{kind: anInventedRefresh, as: public}).Answer) {
		return false
	}
	return o.askPair(ctx, tokenQuestion{kind: anInventedCode, as: public}, controlOf(public)).yes != "" ||
		o.md.Revocation != "" && o.askPair(ctx, tokenQuestion{kind: toRevoke, as: public}, controlOf(public)).yes != ""
}

// unreserved matches a text that form-encoding leaves as it is.
var unreserved = regexp.MustCompile(`^[A-Za-z0-9._~-]*$`)

// right says what is proved about a client that authenticates by a method.
func right(method string) string {
	if method == config.MethodNone {
		return "the client ID is accepted, without a secret"
	}
	return "ID and secret are accepted (" + method + ")"
}

// methodNotSpoken returns the cause if this app supports none of the authentication methods that a server lists.
func methodNotSpoken(methods []string) causes.Name {
	var name causes.Name
	for _, method := range methods {
		switch method {
		case "private_key_jwt", "client_secret_jwt":
			name = causes.ClientAssertionRequired
		case "tls_client_auth", "self_signed_tls_client_auth":
			name = cmp.Or(name, causes.MTLSRequired)
		default:
			return ""
		}
	}
	return name
}
