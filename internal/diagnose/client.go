package diagnose

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
	"regexp"
	"slices"
	"strings"
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
	return refusesClient(r.code) || r.status == http.StatusUnauthorized
}

// same reports whether two answers are alike. The words are left out: they may hold a time or an ID
// of the request.
func (r tokenReply) same(other tokenReply) bool {
	return r.status == other.status && r.code == other.code
}

// overloaded are codes of servers that answer something else than they were asked.
var overloaded = []string{"slow_down", "temporarily_unavailable", "too_many_requests", "rate_limited", "server_error"}

func (c *checker) readTokenReply(e *wire.Exchange, err error) tokenReply {
	if err != nil {
		return tokenReply{words: err.Error()}
	}
	var body struct {
		Code        json.RawMessage `json:"error"`
		Description string          `json:"error_description"`
	}
	json.Unmarshal([]byte(e.ResponseBody), &body) // what can be read of it
	r := tokenReply{status: e.Status, words: c.said(body.Description, 300)}
	json.Unmarshal(body.Code, &r.code)
	if r.words == "" {
		r.words = c.said(e.Words(), 200)
	}
	if strings.HasPrefix(e.ResponseHeader.Get("Content-Type"), "application/x-www-form-urlencoded") { // GitHub's
		if form, err := url.ParseQuery(e.ResponseBody); err == nil {
			r.code, r.words = form.Get("error"), c.said(form.Get("error_description"), 300)
		}
	}
	r.known = e.Status < 500 && e.Status != http.StatusTooManyRequests && !slices.Contains(overloaded, r.code)
	return r
}

// clientQuestion is one way of Finding out whether a client's credentials are taken.
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
		{"a made-up code", c.md.Token, url.Values{"grant_type": {"authorization_code"}, "code": {madeUp()}, "redirect_uri": {c.cfg.RedirectURI()}, "code_verifier": {oauth.NewVerifier()}}},
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
func (c *checker) askClient(ctx context.Context, real, control oauth.Credentials) clientAnswer {
	var answer clientAnswer
	for _, q := range c.clientQuestions(real.Method) {
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

func (c *checker) ask(ctx context.Context, as oauth.Credentials, q clientQuestion) tokenReply {
	return c.readTokenReply(c.oauth.PostAs(ctx, as, q.endpoint, q.form))
}

// checkClient finds out whether client ID, secret and method are right, without a user.
func (c *checker) checkClient(ctx context.Context) Finding {
	if c.results["redirect_uri"] != "" && c.stranger {
		return skipped("cannot be known while the client ID is not")
	}
	method := c.oauth.AuthMethod(c.md)
	real := c.oauth.Credentials(c.md)
	control := real
	what := "a made-up secret"
	if method == config.MethodNone {
		control.ID, what = madeUp(), "a made-up client ID"
	} else {
		control.Secret = madeUp()
	}
	answer := c.askClient(ctx, real, control)
	switch {
	case answer.no != "":
		return c.explainRefusal(ctx, real, control, answer)
	case answer.grantOff:
		return failing("CLIENT_ID", "enable the authorization code grant ("+c.field(Grant)+")", answer.reply.words, "the server knows the client, but does not let it exchange a code").as(GrantNotEnabled)
	case answer.yes != "":
		return proved("the credentials are taken by %s: %s is answered otherwise with %s", method, answer.yes, what)
	}
	return warning("the server answers the same to %s, so nothing was learnt; only a login can tell", what)
}

// explainRefusal finds out which of client ID, secret and method is the mistake. The server never
// says (ory/hydra#2140), but its answers to the neighbours of the question do.
func (c *checker) explainRefusal(ctx context.Context, real, control oauth.Credentials, refused clientAnswer) Finding {
	no := func(name Name, setting, fix, format string, args ...any) Finding {
		return failing(setting, fix, refused.reply.words, format, args...).as(name)
	}
	if real.Method == config.MethodNone {
		return no(ClientSecretMissing, "CLIENT_SECRET", "set CLIENT_SECRET if the OAuth application is not a public one ("+c.field(AuthMethod)+"), else check CLIENT_ID ("+c.field(ClientID)+")",
			"the server refuses the client without a secret (%s)", refused.no)
	}
	special := !unreserved.MatchString(real.Secret)
	if special && real.Method == config.MethodBasic {
		raw, rawControl := real, control
		raw.Raw, rawControl.Raw = true, true
		if c.askClient(ctx, raw, rawControl).yes != "" {
			return no(ClientSecretNotDecoded, "CLIENT_SECRET", "write TOKEN_ENDPOINT_AUTH_METHOD=client_secret_post, or have a secret made without special characters",
				"the server does not decode the secret's special characters (RFC 6749 section 2.3.1): it is taken as it is, and refused when form-encoded")
		}
	}
	other, otherControl := real, control
	other.Method = config.MethodPost
	if real.Method == config.MethodPost {
		other.Method = config.MethodBasic
	}
	otherControl.Method = other.Method
	if c.askClient(ctx, other, otherControl).yes != "" {
		return no(AuthMethodWrong, "TOKEN_ENDPOINT_AUTH_METHOD", "write TOKEN_ENDPOINT_AUTH_METHOD="+other.Method, "the secret is right, but the server does not take it by %s", real.Method)
	}
	public := oauth.Credentials{ID: real.ID, Method: config.MethodNone}
	unknown := oauth.Credentials{ID: madeUp(), Method: config.MethodNone}
	if c.askClient(ctx, public, unknown).yes != "" {
		return no(ClientIsPublic, "CLIENT_SECRET", "remove CLIENT_SECRET", "the OAuth application is a public client, which has no secret")
	}
	return no(ClientSecretWrong, "CLIENT_SECRET", "copy the secret again, or have a new one made ("+c.field(ClientSecret)+"); if it is right, compare CLIENT_ID ("+c.field(ClientID)+")",
		"the server refuses client ID and secret together, by either method")
}

// unreserved are the characters that form-encoding leaves as they are.
var unreserved = regexp.MustCompile(`^[A-Za-z0-9._~-]*$`)
