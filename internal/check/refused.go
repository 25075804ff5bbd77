package check

import (
	"context"
	"strings"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// Why a server refused the client or the scopes of a login: these questions are asked after the login has failed.

// FindOut concludes why a server refused the client in a login, or which scopes it refused. It asks a few more
// questions, with the configured credentials and an invented code, and none with an invented secret. It returns false
// if nothing is proved.
func FindOut(ctx context.Context, cfg config.Effective, client *oauth.Client, md *oauth.Metadata, w *wire.Client, scopes []string, refused *oauth.Error) (causes.Finding, bool) {
	o := NewObserver(cfg, client, md, w)
	o.noInventions, o.noCode = true, refused.Step == wire.PushedRequest
	as := o.ours()
	a := tokenAnswer{Answer: causes.Refusal(refused, as.method).Without(causes.SentBy(cfg)...), quote: refused.Description}
	if f, ok := o.notTokenEndpoint(a, false); ok && refused.Step == wire.TokenRequest {
		return f, true
	}
	var f causes.Finding
	switch cause := a.Cause(); cause {
	case causes.ScopeNotEnabled:
		f = o.explainScopeInLogin(ctx, scopes, a)
	case causes.ClientRefused, causes.ClientSecretWrong, causes.ClientSecretMissing, causes.ClientIDUnknown, causes.AuthMethodWrong, causes.GrantNotEnabled, "":
		if refused.Step == wire.Response || a.Status/100 == 5 || cause == "" && a.Refusal.Code != "invalid_request" {
			break
		}
		f = o.explainInLogin(ctx, as, a)
	case causes.TokenEndpointUnusable:
		if to := o.moved(ctx, a.To); to != "" {
			f = o.finding(cause, a.said(), causes.Facts{Value: to})
		}
	}
	return f, f.Name != ""
}

// explainInLogin finds out why the client was refused, without inventing a secret. It compares the answers to the
// configured credentials, sent in other ways. That proves something only if the question of the login, with an invented
// code, gets the same refusal. Otherwise the server looks at the code before it looks at the client.
func (o *Observer) explainInLogin(ctx context.Context, as credentials, refused tokenAnswer) causes.Finding {
	if name := methodNotSpoken(o.md.AuthMethods); name != "" {
		return o.finding(name, refused.said(), causes.Facts{})
	}
	ours := o.token(ctx, tokenQuestion{kind: anInventedCode, as: as})
	if !ours.like(refused) {
		return causes.Finding{}
	}
	if refused.Cause() == causes.GrantNotEnabled {
		unknown := o.token(ctx, tokenQuestion{kind: anInventedCode, as: credentials{method: config.MethodNone, noID: true}})
		if !wordlessGrant(refused) || !unknown.like(refused) {
			return causes.Finding{} // only this client gets that answer
		}
	}
	return o.explainRefusal(ctx, as, refused, true)
}

// explainScopeInLogin finds out which scope of a login was refused, if the server's words don't name it. Some servers check
// scopes only after the user has signed in, or if they must not ask the user to (prompt=none).
func (o *Observer) explainScopeInLogin(ctx context.Context, scopes []string, refused tokenAnswer) causes.Finding {
	if len(scopes) == 0 || len(causes.NamedScopes(scopes, refused.quote)) > 0 {
		return causes.Finding{}
	}
	off := scopes
	if all := strings.Join(scopes, " "); len(scopes) > 1 {
		prompt := ""
		if !o.Login(ctx, Login{Scope: all}).refusesScopes() {
			prompt = "none"
			if !o.Login(ctx, Login{Scope: all, Prompt: prompt}).refusesScopes() {
				return causes.Finding{}
			}
		}
		off = o.refusedScopes(ctx, scopes, prompt)
	}
	if len(off) == 0 {
		return causes.Finding{}
	}
	return o.finding(causes.ScopeNotEnabled, refused.said(), causes.Facts{Refused: off})
}
