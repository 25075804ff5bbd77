package check

import (
	"context"
	"net/http"
	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"regexp"
	"slices"
)

// explainRefusal finds out which of client ID, secret and method is the mistake. The server never
// says (ory/hydra#2140), but its answers to the neighbours of the question do.
func (c *Checker) explainRefusal(ctx context.Context, real, control oauth.Credentials, refused clientAnswer) causes.Finding {
	no := func(name causes.Name, setting, fix, format string, args ...any) causes.Finding {
		return causes.Failing(setting, fix, refused.reply.words, format, args...).As(name)
	}
	if real.Method == config.MethodNone {
		if !c.knowsID(ctx, real) && (len(c.Md.AuthMethods) == 0 || slices.Contains(c.Md.AuthMethods, config.MethodNone)) {
			return no(causes.ClientIDUnknown, "CLIENT_ID", "compare CLIENT_ID ("+c.field(causes.ClientID)+"); if it is right, the OAuth application is not public: set CLIENT_SECRET",
				"the server refuses the client ID without a secret, and says the same of a made-up one")
		}
		return no(causes.ClientSecretMissing, "CLIENT_SECRET", "set CLIENT_SECRET; if the OAuth application is meant to be "+
			"public, make it so ("+c.field(causes.AuthMethod)+"); if it is, compare CLIENT_ID ("+c.field(causes.ClientID)+")",
			"the server refuses the client without a secret")
	}
	byOther := c.byOtherMethod(ctx, real, control).accepts()
	switch {
	case c.takenRaw(ctx, real, control):
		return c.notDecoded(byOther, refused.reply.words)
	case byOther:
		return c.wrongMethod(real.Method, refused.reply.words)
	}
	if c.worksWithoutSecret(ctx, real) {
		f := no(causes.ClientIsPublic, "CLIENT_SECRET", "if the OAuth application is public, remove CLIENT_SECRET; if it is confidential, copy "+
			"the secret again ("+c.field(causes.ClientSecret)+")",
			"the server refuses the client with this secret, and accepts it without one")
		if !slices.Contains(c.Md.AuthMethods, config.MethodNone) && len(c.Md.AuthMethods) > 0 {
			f = f.As(causes.ClientSecretWrong)
		}
		return f
	}
	if !c.knowsID(ctx, real) {
		return no(causes.ClientIDUnknown, "CLIENT_ID", "compare CLIENT_ID ("+c.field(causes.ClientID)+"); if it is right, copy the secret again, or "+
			"make a new one ("+c.field(causes.ClientSecret)+")",
			"client ID or secret is wrong: the server says the same of a made-up client ID")
	}
	return no(causes.ClientSecretWrong, "CLIENT_SECRET", "copy the secret again, or make a new one ("+c.field(causes.ClientSecret)+")",
		"the server refuses client ID and secret, by either method")
}

// takenRaw reports a server that does not decode the secret (RFC 6749 section 2.3.1): it is right as it is.
func (c *Checker) takenRaw(ctx context.Context, real, control oauth.Credentials) bool {
	if unreserved.MatchString(real.Secret) || real.Method != config.MethodBasic {
		return false
	}
	real.Raw, control.Raw = true, true
	return c.askClient(ctx, real, control).yes != ""
}

// notDecoded is the finding of such a server. As a form field the secret needs no decoding by its rules.
func (c *Checker) notDecoded(byPost bool, words string) causes.Finding {
	f := causes.Failing("CLIENT_SECRET", "have a secret made without special characters", words,
		"the server does not decode the special characters of the secret (RFC 6749 section 2.3.1)").As(causes.ClientSecretNotDecoded)
	if byPost {
		f.Setting, f.Line = "TOKEN_ENDPOINT_AUTH_METHOD", "TOKEN_ENDPOINT_AUTH_METHOD=client_secret_post"
		f.Fix = "write " + f.Line + ", or " + f.Fix
	}
	return f
}

// knowsID reports that the server answers another client ID otherwise, with a wrong secret or with none,
// or that it has shown at the authorization endpoint that it knows ours.
func (c *Checker) knowsID(ctx context.Context, real oauth.Credentials) bool {
	if c.landed.Begins() && c.unregistered.Refuses() {
		return true
	}
	for _, method := range []string{config.MethodNone, config.MethodPost, config.MethodBasic} {
		ours := oauth.Credentials{ID: real.ID, Secret: MadeUp(), Method: method}
		theirs := oauth.Credentials{ID: MadeUp(), Secret: MadeUp(), Method: method}
		q := c.codeQuestion()
		got, other := c.ask(ctx, ours, q), c.ask(ctx, theirs, q)
		if got.known && !got.alike(other) && other.alike(c.ask(ctx, theirs, q)) { // a failure tells too, if it stays
			return true
		}
	}
	return false
}

// failsOnStrangers reports that a made-up client ID gets the failure that ours gets.
func (c *Checker) failsOnStrangers(ctx context.Context, real oauth.Credentials, failure tokenReply) bool {
	stranger := real
	stranger.ID = MadeUp()
	return failure.status == http.StatusInternalServerError && failure.alike(c.ask(ctx, stranger, c.codeQuestion()))
}

// anySecretWill reports a server that knows the client ID and does not look at its secret.
func (c *Checker) anySecretWill(ctx context.Context, real oauth.Credentials) bool {
	if real.Method == config.MethodNone {
		return false
	}
	stranger := real
	stranger.ID = MadeUp()
	return c.askPair(ctx, real, stranger, c.codeQuestion()).yes != ""
}

// secretIgnored is the finding of such a server.
func (c *Checker) secretIgnored() causes.Finding {
	f := causes.Warning("the server knows the client ID and accepts any secret, a made-up one too: the OAuth application is public").As(causes.ClientIsPublic)
	f.Setting, f.Fix = "CLIENT_SECRET", "remove CLIENT_SECRET; a public client has none ("+c.field(causes.AuthMethod)+")"
	return f
}

// explainSilence is for a server that answers the right secret and a made-up one alike, without a word
// of the client. Perhaps it did not find the credentials where they were put.
func (c *Checker) explainSilence(ctx context.Context, real, control oauth.Credentials, silent clientAnswer, what string) causes.Finding {
	if real.Method != config.MethodNone {
		if c.anySecretWill(ctx, real) {
			return c.secretIgnored()
		}
		switch other := c.byOtherMethod(ctx, real, control); {
		case other.accepts() && silent.reply.unread():
			return c.wrongMethod(real.Method, silent.reply.words)
		case other.yes != "":
			return causes.Warning("client ID and secret are right, but the server tells so only by %s; by %s only a login can tell", causes.OtherMethod(real.Method), real.Method)
		case other.no != "" && silent.reply.unread():
			return causes.Failing("CLIENT_SECRET", "copy the secret again ("+c.field(causes.ClientSecret)+"), and write TOKEN_ENDPOINT_AUTH_METHOD="+causes.OtherMethod(real.Method),
				other.reply.words,
				"the server does not read the secret by %s, and refuses it by %s", real.Method, causes.OtherMethod(real.Method)).As(causes.ClientSecretWrong)
		}
		if c.worksWithoutSecret(ctx, real) && silent.reply.unread() {
			return causes.Failing("CLIENT_SECRET", "remove CLIENT_SECRET if the OAuth application is public", silent.reply.words,
				"the server accepts the client only without a secret").As(causes.ClientIsPublic)
		}
	}
	return causes.Warning("only a login can tell: the server gives %s the same answer", what)
}

// wrongMethod is the finding that the credentials are right and go by the wrong method.
func (c *Checker) wrongMethod(method, words string) causes.Finding {
	f := causes.Failing("TOKEN_ENDPOINT_AUTH_METHOD", "write TOKEN_ENDPOINT_AUTH_METHOD="+causes.OtherMethod(method), words,
		"the secret is right, but the server does not accept it by %s", method).As(causes.AuthMethodWrong)
	f.Line = "TOKEN_ENDPOINT_AUTH_METHOD=" + causes.OtherMethod(method)
	return f
}

// byOtherMethod asks with the same credentials, sent the other way.
func (c *Checker) byOtherMethod(ctx context.Context, real, control oauth.Credentials) clientAnswer {
	real.Method, control.Method = causes.OtherMethod(real.Method), causes.OtherMethod(real.Method)
	real.Raw, control.Raw = false, false
	return c.askClient(ctx, real, control)
}

// worksWithoutSecret reports that the server accepts the client without a secret for a code or a
// revocation, and refuses it no refresh for the want of one. One question alone does not tell: some
// servers ask for no secret where PKCE comes with the code, some look the code up before the client,
// and some ask nobody for a secret to refresh.
func (c *Checker) worksWithoutSecret(ctx context.Context, real oauth.Credentials) bool {
	public := oauth.Credentials{ID: real.ID, Method: config.MethodNone}
	stranger := oauth.Credentials{ID: MadeUp(), Method: config.MethodNone}
	if c.ask(ctx, public, c.refreshQuestion()).code == "invalid_client" {
		return false
	}
	return c.askPair(ctx, public, stranger, c.codeQuestion()).yes != "" ||
		c.Md.Revocation != "" && c.askPair(ctx, public, stranger, c.revokeQuestion()).yes != ""
}

// unreserved is what form-encoding leaves as it is.
var unreserved = regexp.MustCompile(`^[A-Za-z0-9._~-]*$`)
