package check

import (
	"cmp"
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
	"slices"
	"sync"
)

// A question to a server proves something only beside its control: the same question with a value
// that cannot be right. Servers differ too much for an answer alone to mean anything; two answers
// that differ do. The same answer to both: nothing was learnt.

// madeUp is a value that no server has issued.
func MadeUp() string { return "made-up-" + rand.Text() }

// tokenReply is an answer of the token endpoint or one like it, as far as two can be compared.
type tokenReply struct {
	status int
	code   string
	words  string
	print  string // the words without what differs from one answer to the next
	known  bool   // false when nothing came, or the server was out of order
}

// refusesClient reports a no to the client itself. Servers invent codes, but they end in _client. A 401
// alone is about the client too; beside another code, such as invalid_grant, it is not.
func (r tokenReply) refusesClient() bool {
	if causes.RefusesClient(r.code) || r.code == "" && r.status == http.StatusUnauthorized {
		return true
	}
	about := causes.Suspect("", r.words)
	if r.code == "invalid_request" && about == causes.ClientID {
		return false // it found no client ID, so it looked elsewhere for the credentials
	}
	return r.code != "invalid_grant" && r.status/100 == 4 && (about == causes.ClientSecret || about == causes.AuthMethod || about == causes.ClientID)
}

// alike reports the same status and code, of a server that was there.
func (r tokenReply) alike(other tokenReply) bool {
	return r.status == other.status && r.code == other.code && r.status != 0 && r.status != http.StatusTooManyRequests
}

// unread reports a no to a request in which the server found no credentials.
func (r tokenReply) unread() bool { return r.code != "invalid_grant" && r.status/100 == 4 }

// grantOff reports that the client may not use this grant.
func (r tokenReply) grantOff() bool {
	return r.code == "unsupported_grant_type" || r.code == "unauthorized_client" && causes.Suspect("", r.words) != causes.ClientSecret
}

// overloaded are codes of servers that answer something else than they were asked.
var overloaded = []string{"slow_down", "temporarily_unavailable", "too_many_requests", "rate_limited", "server_error"}

func (c *Checker) readTokenReply(e *wire.Exchange, err error, sent []string) tokenReply {
	if err != nil {
		return tokenReply{words: err.Error()}
	}
	refusal := e.Refusal()
	code, words := refusal.Code, cmp.Or(refusal.Text, refusal.Words)
	if words == "" && code == "" {
		words = e.Words()
	}
	words = c.cfg.Hide(words)
	r := tokenReply{status: e.Status, code: c.errorCode(code), words: wire.Clip(words, 300), print: likeness(words, sent...)}
	r.known = e.Status/100 != 3 && e.Status < 500 && e.Status != http.StatusTooManyRequests && !slices.Contains(overloaded, r.code)
	return r
}

// clientQuestion is one way of finding out whether a client's credentials are right.
type clientQuestion struct {
	name     string
	endpoint string
	form     url.Values
	decides  bool // a no is about the client: it is the token endpoint that says it
}

// codeQuestion is what a login asks, with a code that nobody has issued.
func (c *Checker) codeQuestion() clientQuestion {
	return clientQuestion{"a made-up code", c.Md.Token, url.Values{"grant_type": {"authorization_code"}, "code": {MadeUp()},
		"redirect_uri": {c.cfg.RedirectURI()}, "code_verifier": {oauth.NewVerifier()}}, true}
}

// refreshQuestion asks for a refresh, with a refresh token that nobody has issued.
func (c *Checker) refreshQuestion() clientQuestion {
	return clientQuestion{"a made-up refresh token", c.Md.Token, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {MadeUp()}}, true}
}

// revokeQuestion asks to revoke a token that nobody has issued (RFC 7009 section 2.1).
func (c *Checker) revokeQuestion() clientQuestion {
	return clientQuestion{"a made-up token to revoke", c.Md.Revocation, url.Values{"token": {MadeUp()}}, false}
}

// otherQuestions are for servers that look the code up before they look at the client. Introspection is
// closed to a client without a secret (RFC 7662 section 2.1), so there it tells nothing.
func (c *Checker) otherQuestions(method string) []clientQuestion {
	list := []clientQuestion{c.refreshQuestion()}
	if c.Md.Introspection != "" && method != config.MethodNone {
		list = append(list, clientQuestion{"a made-up token to introspect", c.Md.Introspection, url.Values{"token": {MadeUp()}}, false})
	}
	if c.Md.Revocation != "" {
		list = append(list, c.revokeQuestion())
	}
	return list
}

// clientAnswer is what all questions together say of some credentials.
type clientAnswer struct {
	yes      string     // the question whose answer proved that they are right
	no       string     // the question whose answer refused them
	decides  bool       // it is the token endpoint that said so
	grantOff bool       // the client may not exchange a code
	reply    tokenReply // the answer that decided; else the answer to a made-up code
	unasked  bool       // every question failed: the server was out of order
	passed   bool       // the control was refused as a client; ours was not, but the server failed then
}

// accepts reports that the credentials are right, or at least not what the server refuses.
func (a clientAnswer) accepts() bool { return a.yes != "" || a.passed }

// askClient asks with the credentials and with those of the control: a made-up code first, and the rest,
// side by side, only if that tells nothing. A yes is an answer that differs from its control's, and
// nothing else.
func (c *Checker) askClient(ctx context.Context, real, control oauth.Credentials) clientAnswer {
	first := c.askPair(ctx, real, control, c.codeQuestion())
	if first.yes != "" || first.no != "" || first.grantOff {
		return first
	}
	questions := c.otherQuestions(real.Method)
	answers := make([]clientAnswer, len(questions))
	var all sync.WaitGroup
	for i, q := range questions {
		all.Go(func() { answers[i] = c.askPair(ctx, real, control, q) })
	}
	all.Wait()
	for _, told := range answers {
		first.unasked = first.unasked && told.unasked
		if told.yes != "" || told.no != "" {
			return told
		}
	}
	return first
}

// askPair asks one question and, beside it, its control.
func (c *Checker) askPair(ctx context.Context, real, control oauth.Credentials, q clientQuestion) clientAnswer {
	var got, wrong tokenReply
	var both sync.WaitGroup
	both.Go(func() { got = c.ask(ctx, real, q) })
	both.Go(func() { wrong = c.ask(ctx, control, q) })
	both.Wait()
	answer := clientAnswer{reply: got, decides: q.decides}
	codeGrant := q.form.Get("grant_type") == "authorization_code"
	switch {
	case got.known && got.code == "invalid_client" && q.decides && wrong.status >= 500: // it fails on a client that it does not know
		answer.no = q.name
	case !got.known || !wrong.known:
		answer.unasked = true
		answer.passed = got.status >= 500 && wrong.known && wrong.refusesClient()
	case got.alike(wrong) && !c.differInWords(ctx, got, wrong, real, control, q):
		if got.grantOff() && !(got.code == "unauthorized_client" && got.status == http.StatusUnauthorized) {
			answer.grantOff = codeGrant && causes.Suspect("", got.words) == causes.Grant
		} else if got.refusesClient() && (q.decides || got.code == "invalid_client") {
			answer.no = q.name
		}
	case got.grantOff() && (wrong.refusesClient() || !wrong.grantOff()):
		answer.yes, answer.grantOff = q.name, codeGrant
	case got.refusesClient():
		answer.no = q.name
	default:
		answer.yes = q.name
	}
	return answer
}

// differInWords reports two answers that differ in their words alone, and do so again when asked again.
func (c *Checker) differInWords(ctx context.Context, got, wrong tokenReply, real, control oauth.Credentials, q clientQuestion) bool {
	if got.print == wrong.print {
		return false
	}
	var again, wrongAgain tokenReply
	var both sync.WaitGroup
	both.Go(func() { again = c.ask(ctx, real, q) })
	both.Go(func() { wrongAgain = c.ask(ctx, control, q) })
	both.Wait()
	return again.print == got.print && wrongAgain.print == wrong.print
}

func (c *Checker) ask(ctx context.Context, as oauth.Credentials, q clientQuestion) tokenReply {
	e, err := c.Oauth.PostAs(ctx, as, q.endpoint, q.form)
	return c.readTokenReply(e, err, append(sentIn(q.form), as.ID, as.Secret))
}

// credentials are ours, and beside them those of the control, which cannot be right.
func (c *Checker) credentials() (real, control oauth.Credentials, what string) {
	real = c.Oauth.Credentials(c.Md)
	control = real
	if real.Method == config.MethodNone {
		control.ID = MadeUp()
		return real, control, "a made-up client ID"
	}
	control.Secret = MadeUp()
	return real, control, "a made-up secret"
}

// clientAnswer is what the server says of our credentials, asked once. It is empty where no wrong secret
// may be sent.
func (c *Checker) clientAnswer(ctx context.Context) clientAnswer {
	if c.polite {
		return clientAnswer{}
	}
	c.askedClient.Do(func() {
		real, control, _ := c.credentials()
		c.client = c.askClient(ctx, real, control)
	})
	return c.client
}

// checkClient finds out whether client ID, secret and method are right, without a user.
func (c *Checker) checkClient(ctx context.Context) causes.Finding {
	answer := c.clientAnswer(ctx)
	authorization := c.await("authorization") // what is wrong with the client ID, or with its grant, is said there
	real, control, what := c.credentials()
	switch {
	case c.stranger:
		return causes.Skipped("not asked: needs the client ID first")
	case answer.grantOff && authorization.Result == causes.Fail:
		return causes.Proved("the server knows the client; that it may not exchange a code is said above")
	case answer.grantOff:
		return causes.Failing("CLIENT_ID", "enable the authorization code grant ("+c.field(causes.Grant)+")", answer.reply.words,
			"the server knows the client, but does not let it exchange a code").As(causes.GrantNotEnabled)
	case answer.yes != "":
		return causes.Proved("%s", right(real.Method)).By("%s gets another answer to %s", what, answer.yes)
	case answer.passed:
		return causes.Warning("only a login can tell: the server does not refuse the client, but fails on %s (%d)", "a made-up code", answer.reply.status).As(causes.ServerFailed)
	case answer.yes == "" && answer.no == "" && c.failsOnStrangers(ctx, real, answer.reply):
		f := causes.Warning("the token endpoint fails (500), and does the same for a made-up client ID").As(causes.ServerFailed)
		f.Setting, f.Server = "CLIENT_ID", answer.reply.words
		f.Fix = "compare CLIENT_ID (" + c.field(causes.ClientID) + "): some servers fail on one that they do not know"
		return f
	case answer.unasked:
		f := causes.Warning("could not be asked: the token endpoint is out of order").As(causes.ServerFailed)
		f.Server = answer.reply.words
		return f
	case answer.no == "":
		return c.explainSilence(ctx, real, control, answer, what)
	case !answer.decides && c.anySecretWill(ctx, real):
		return c.secretIgnored()
	}
	return c.explainRefusal(ctx, real, control, answer)
}

// right says what is proved of a client that authenticates by a method.
func right(method string) string {
	if method == config.MethodNone {
		return "the client ID is accepted, without a secret"
	}
	return "ID and secret are accepted (" + method + ")"
}
