package check

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// What the end_session_endpoint says about the address after sign-out, before a browser goes there (OpenID Connect
// RP-Initiated Logout section 2). These requests have no cookie and no ID token, so they end no session.

// logoutWithin limits these questions, as a user waits for the page.
const logoutWithin = 4 * time.Second

// Logout is a question to the end_session_endpoint.
type Logout struct {
	Address string // where the browser goes afterwards; anInvention is one that is registered nowhere, "" is none
	Again   int    // the same question once more
}

// AfterLogout finds out whether the address after sign-out is registered. The finding is empty if the server's answers
// don't tell. The server must have been found.
func (r *Runner) AfterLogout(ctx context.Context, client *oauth.Client, hinted bool) causes.Finding {
	md, _ := client.Known()
	if md == nil || md.EndSession == "" {
		return causes.Finding{}
	}
	ctx, cancel := context.WithTimeout(ctx, logoutWithin)
	defer cancel()
	apart, _ := wire.RecordApart(ctx)
	return NewObserver(r.cfg, client, md, r.wire).concludeLogout(apart, hinted)
}

// concludeLogout compares the answers to our address, to an invented one and to none. If hinted, the browser's request
// differs from these: it has an ID token. So a refusal counts only if it is about the address, and if the server accepts
// the same request without an address.
func (o *Observer) concludeLogout(ctx context.Context, hinted bool) causes.Finding {
	results := o.logouts(ctx, Logout{Address: o.cfg.AfterLogout()}, Logout{Address: anInvention}, Logout{})
	real, control, without := results[0], results[1], results[2]
	switch {
	case real.Continues() && control.Refuses():
		return causes.Proved("after sign-out, the server sends the browser to %s", o.cfg.AfterLogout()).By("it refuses an address that this app invented")
	case real.Refuses() && real.Same(control) && without.Continues() && aboutAddress(real) && !wantsHint(real):
		return o.finding(causes.LogoutURINotRegistered, real.quote(), causes.Facts{}).
			By("an address that this app invented gets the same answer, and without an address the server accepts the request")
	case real.Refuses() && !hinted && real.Same(o.logout(ctx, Logout{Address: o.cfg.AfterLogout(), Again: 1})):
		f := causes.Warning("the server refuses this sign-out")
		f.Server = real.quote()
		return f.By("this app asked for it in advance, as your browser would")
	}
	return causes.Finding{}
}

// aboutAddress reports whether a refusal names the address after sign-out.
func aboutAddress(p ProbeResult) bool {
	return aboutRedirect(p.said.Cause()) || p.said.Says("logout uri", "logout_uri", "logout url")
}

// wantsHint reports whether a refusal asks for the ID token, which no question has.
func wantsHint(p ProbeResult) bool {
	return p.said.Says("id_token_hint", "id token hint", "idtokenhint")
}

// logouts asks several questions at the same time.
func (o *Observer) logouts(ctx context.Context, questions ...Logout) []ProbeResult {
	results := make([]ProbeResult, len(questions))
	done := make(chan struct{})
	for i, q := range questions {
		go func() { results[i] = o.logout(ctx, q); done <- struct{}{} }()
	}
	for range questions {
		<-done
	}
	return results
}

// logout asks the end_session_endpoint, and returns where the request ended.
func (o *Observer) logout(ctx context.Context, q Logout) ProbeResult {
	return ask(ctx, o, q, o.probeLogout)
}

func (o *Observer) probeLogout(ctx context.Context, question Logout) ProbeResult {
	q := url.Values{"client_id": {o.cfg.ClientID}, "state": {rand.Text()}}
	switch question.Address {
	case "":
		q.Del("state") // nothing would bring it back
	case anInvention:
		q.Set("post_logout_redirect_uri", "https://"+strings.ToLower(rand.Text())+".invalid/")
	default:
		q.Set("post_logout_redirect_uri", question.Address)
	}
	back := q.Get("post_logout_redirect_uri")
	sent := append(sentIn(q), causes.HostOf(back))
	e, err := o.wire.Visit(ctx, o.md.EndSessionWith(q), back)
	if err != nil {
		return ProbeResult{Words: err.Error()}
	}
	p := o.readProbe(e, back, sent)
	p.print = fmt.Sprint(p.Kind, p.Status, p.Code, "|", normalize(p.Words, sent...))
	p.Words = wire.Clip(p.Words, 300)
	return p
}
