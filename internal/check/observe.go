package check

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// A question to a server proves something only with its control: the same question with a deliberately wrong value. Servers
// differ too much for a single answer to mean anything, but two different answers do. If both get the same answer, nothing
// was learned.

// Observer asks an authorization server questions that change nothing there, each once, and keeps the answers. A check that
// asks the same question again gets the same answer, so the result doesn't depend on the order of the checks.
type Observer struct {
	cfg    config.Effective
	client *oauth.Client
	md     *oauth.Metadata
	wire   *wire.Client

	noInventions bool // no wrong secret is sent
	noCode       bool // the login failed before a code came back, which would have shown that the server knows the client ID

	mu    sync.Mutex // guards asked
	asked map[any]*observation
}

// observation is the answer to a question, once done is closed.
type observation struct {
	done   chan struct{}
	answer any
}

// NewObserver returns an observer of a server with known metadata. It asks nothing yet.
func NewObserver(cfg config.Effective, client *oauth.Client, md *oauth.Metadata, w *wire.Client) *Observer {
	return &Observer{cfg: cfg, client: client, md: md, wire: w, asked: map[any]*observation{}}
}

// ask returns the answer to a question. It sends the question only the first time.
func ask[Q comparable, A interface{ wasLimited() bool }](ctx context.Context, o *Observer, question Q, send func(context.Context, Q) A) A {
	o.mu.Lock()
	one, before := o.asked[question]
	if !before {
		one = &observation{done: make(chan struct{})}
		o.asked[question] = one
	}
	o.mu.Unlock()
	if !before {
		one.answer = send(ctx, question)
		close(one.done)
	}
	<-one.done
	answer := one.answer.(A)
	if answer.wasLimited() {
		limitOf(ctx).note(false, "")
	}
	return answer
}

// numbered matches the client IDs whose form servers check before they look the client up: UUIDs (supabase/auth), snowflakes
// (Discord), object IDs. An ID that is much shorter may exist.
var numbered = regexp.MustCompile(`^(?:[0-9a-fA-F]{16,}|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})$`)

// inventedID returns a client ID that no server has issued, in the form of ours: otherwise a server may refuse the form, and
// the answer would not be the one to an unknown client. The first character of each group stays, as it holds the version of a
// UUID (RFC 9562 section 4).
func inventedID(like string) string {
	if !numbered.MatchString(like) {
		return wire.Invented()
	}
	random := make([]byte, len(like))
	rand.Read(random)
	id := []byte(like)
	for i, c := range id {
		switch {
		case i == 0 || c == '-' || id[i-1] == '-':
		case c <= '9':
			id[i] = '0' + random[i]%10
		default:
			id[i] = c&^7 + 1 + random[i]%6 // a to f, in its case
		}
	}
	return string(id)
}

// sanitized returns a text of the server in a form that is safe to show: without the client secret, at most n bytes.
func (o *Observer) sanitized(text string, n int) string { return wire.Clip(o.cfg.Redact(text), n) }

// errorCode returns a server's error code in a form that is safe to show: a registered OAuth code is no secret.
func (o *Observer) errorCode(code string) string {
	if oauth.IsRegisteredError(code) {
		return code
	}
	return o.sanitized(code, 60)
}

// finding returns the finding of a cause on this server.
func (o *Observer) finding(name causes.Name, words string, facts causes.Facts) causes.Finding {
	facts.Cfg, facts.Words = o.cfg, words
	facts.Listed = o.md.Scopes
	if facts.Method == "" {
		facts.Method = o.client.AuthMethod(o.md)
	}
	f := causes.Found(causes.Fail, name, facts)
	f.Server = words
	return f
}

// Login is a question to the authorization endpoint: a correct authorization request with some changes.
type Login struct {
	RedirectURI string // another one; anInvention is one that no client has registered
	Scope       string // another list of scopes
	MoreScope   bool   // and one scope more, which does not exist
	NoClient    bool   // a client ID that does not exist
	NoPKCE      bool   // no code challenge
	NoParams    bool   // without AUTHORIZATION_PARAMS
	NoPage      bool   // a path that does not exist
	Prompt      string
	Again       int // the same question once more
}

// anInvention stands for a redirect URI that is invented when it is sent.
const anInvention = "invented"

// ProbeResult holds where an authorization request ended, in a form that can be compared with another.
type ProbeResult struct {
	Kind    Ending
	Status  int
	At      string         // without the query
	Code    string         // an OAuth error code, if there is one, as it may be shown
	Words   string         // the server's, as they may be shown
	Coded   bool           // an authorization code came back at once
	Page    *wire.Exchange // the last answer; nil when none came
	said    causes.Answer  // what a cause is read from
	print   string         // what it looks like, without what differs from one answer to the next
	failed  error          // why no answer came
	limited bool
}

// Ending is the way in which an authorization request ended.
type Ending int

// The ways in which an authorization request can end.
const (
	NoAnswer      Ending = iota // nothing came, or the server was out of order
	Refused                     // an error page, JSON, or a redirect elsewhere that carries an error
	ShowsPage                   // a page: sign-in, most likely
	GoesElsewhere               // sign-in on another host
	ComesBack                   // at the redirect URI, perhaps with an error
)

func (p ProbeResult) wasLimited() bool { return p.limited }

// Continues reports whether the server would continue the login.
func (p ProbeResult) Continues() bool {
	return p.Kind == ShowsPage || p.Kind == GoesElsewhere || p.Kind == ComesBack && (p.Code == "" || slices.Contains(needsUser, p.Code))
}

// needsUser lists the errors that say only that a user is needed.
var needsUser = []string{"login_required", "interaction_required", "consent_required", "account_selection_required"}

// signsIn reports whether the answer is a page, or a way to one, on which a user could sign in.
func (p ProbeResult) signsIn() bool { return p.Continues() && (p.Kind != ShowsPage || p.said.IsPage()) }

// Refuses reports whether the request was refused, on the server or at a callback.
func (p ProbeResult) Refuses() bool {
	return p.Kind == Refused || p.Kind == ComesBack && !p.Continues()
}

// Same reports whether two requests got the same answer: then their difference did not matter.
func (p ProbeResult) Same(other ProbeResult) bool { return p.print == other.print }

// quote returns what the server said.
func (p ProbeResult) quote() string {
	if p.Words == "" {
		return p.Code
	}
	return p.Words
}

// Answer returns the error of a refusal, or its status.
func (p ProbeResult) Answer() string {
	if p.Code == "" {
		return fmt.Sprint(p.Status)
	}
	return p.Code
}

// isBare reports whether a refusal has no code, no words and no challenge, which would say what is missing.
func (p ProbeResult) isBare() bool {
	return p.Kind == Refused && p.Code == "" && strings.TrimSpace(p.Words) == "" && p.Page != nil && strings.TrimSpace(p.Page.ResponseBody) == "" &&
		len(p.Page.Challenges()) == 0
}

// Login asks the authorization endpoint, and returns where the request ended.
func (o *Observer) Login(ctx context.Context, q Login) ProbeResult { return ask(ctx, o, q, o.probe) }

// Logins asks several questions at the same time.
func (o *Observer) Logins(ctx context.Context, questions ...Login) []ProbeResult {
	results := make([]ProbeResult, len(questions))
	var all sync.WaitGroup
	for i, q := range questions {
		all.Go(func() { results[i] = o.Login(ctx, q) })
	}
	all.Wait()
	return results
}

// request returns the authorization request of a question.
func (o *Observer) request(q Login) url.Values {
	scopes := strings.Join(o.cfg.Scopes, " ")
	if q.Scope != "" {
		scopes = q.Scope
	}
	if q.MoreScope {
		scopes = strings.TrimSpace(scopes + " " + wire.Invented())
	}
	values := url.Values{"response_type": {"code"}, "client_id": {o.cfg.ClientID}, "redirect_uri": {o.cfg.RedirectURI()}, "scope": {scopes}, "state": {rand.Text()},
		"code_challenge": {oauth.Challenge(oauth.NewVerifier())}, "code_challenge_method": {"S256"}}
	if scopes == "" {
		values.Del("scope")
	}
	if slices.Contains(strings.Fields(scopes), "openid") {
		values.Set("nonce", rand.Text())
	}
	if o.cfg.Found.Resource != "" {
		values.Set("resource", o.cfg.Found.Resource) // RFC 8707 section 2
	}
	for name, value := range o.cfg.Parameters { // as every login sends them
		if !q.NoParams && value != "" && value != config.HintOfSession {
			values.Set(name, value)
		}
	}
	if q.NoPKCE {
		values.Del("code_challenge")
		values.Del("code_challenge_method")
	}
	if q.NoClient {
		values.Set("client_id", inventedID(o.cfg.ClientID))
	}
	if q.RedirectURI == anInvention {
		values.Set("redirect_uri", "https://"+strings.ToLower(rand.Text())+".invalid/oauth_callback")
	} else if q.RedirectURI != "" {
		values.Set("redirect_uri", q.RedirectURI)
	}
	if q.Prompt != "" {
		values.Set("prompt", q.Prompt)
	}
	return values
}

func (o *Observer) probe(ctx context.Context, question Login) ProbeResult {
	q := o.request(question)
	md := *o.md
	if question.NoPage {
		md.Authorization = withPath(md.Authorization, "-"+wire.Invented())
	}
	sent := append(sentIn(q), causes.HostOf(q.Get("redirect_uri")), pathOf(o.md.Authorization))
	address, err := o.client.AddressOf(ctx, &md, q)
	if err != nil {
		return o.notPushed(err, sent)
	}
	e, err := o.wire.Visit(ctx, address, q.Get("redirect_uri"))
	if err != nil {
		return ProbeResult{Words: err.Error(), failed: err, limited: errors.Is(err, errStopped)}
	}
	p := o.readProbe(e, q.Get("redirect_uri"), sent)
	at, words := p.At, p.Words
	if p.Kind == ComesBack {
		at = "the redirect URI"
	}
	if question.NoPage {
		real := strings.NewReplacer(pathOf(md.Authorization), pathOf(o.md.Authorization)) // the path counts as the real one
		at, words = real.Replace(at), real.Replace(words)
	}
	p.print = fmt.Sprint(p.Kind, p.Status, p.Coded, p.Code, "|", normalize(at, sent...), "|", normalize(words, sent...))
	p.Words = wire.Clip(p.Words, 300)
	p.limited = e.Status == http.StatusTooManyRequests
	return p
}

// notPushed returns the ending of a request that the server refused when it was pushed (RFC 9126 section 2.3).
func (o *Observer) notPushed(err error, sent []string) ProbeResult {
	e, ok := errors.AsType[*oauth.Error](err)
	if !ok || !e.Theirs || e.Status == http.StatusTooManyRequests {
		return ProbeResult{Words: o.sanitized(err.Error(), 300), limited: errors.Is(err, errStopped) || ok && e.Status == http.StatusTooManyRequests}
	}
	p := ProbeResult{Kind: Refused, Status: e.Status, At: o.md.PAR, Code: e.Code, Words: e.Description}
	p.said = causes.Refusal(e, "").Without(sent...)
	p.print = fmt.Sprint(p.Kind, p.Status, p.Code, "|", normalize(p.Words, sent...))
	return p
}

// inError matches an address that names itself an error page.
var inError = regexp.MustCompile(`(?i)(?:^|[/?&_-])(?:auth)?error(?:$|[/=?&_.-])`)

// refusing matches a page that is only a refusal, although its status is 200.
var refusing = regexp.MustCompile(`(?i)\b(?:redirect|callback|client|application|scope)\b.{0,60}` +
	`\b(?:invalid|unknown|unregistered|mismatch|does not match|(?:not|isn.t) (?:found|valid|registered|allowed|match|white-?listed|authorized|permitted|recogni[sz]ed|configured|included)|(?:does not|doesn.t|not) exist)` +
	`|\b(?:invalid|unknown|unregistered|mismatching|illegal)\b.{0,30}(?:redirect|callback|client|application|scope)`)

// readProbe reads the last answer to a request. The sent values that it repeats are not the server's words.
func (o *Observer) readProbe(e *wire.Exchange, redirectURI string, sent []string) ProbeResult {
	p := ProbeResult{Status: e.Status, At: wire.WithoutQuery(e.URL), Page: e, said: causes.Read(wire.AuthorizationRequest, "", e, sent...)}
	if to := redirectIn(e); to != "" {
		return o.readRedirect(e, to, redirectURI, p, sent)
	}
	refusal := p.said.Refusal
	code, words := refusal.Code, refusal.Words
	if at, err := url.Parse(e.URL); err == nil && code == "" && at.Query().Get("error") != "" { // an error page at an address that says which
		code, words = at.Query().Get("error"), oauth.ErrorWords(at.Query())
		p.said = causes.Said(wire.AuthorizationRequest, e.Status, code, words).Without(sent...)
	}
	p.Code, p.Words = o.errorCode(code), o.cfg.Redact(words)
	if p.Words == "" && code == refusal.Code { // an address that names the error has one page for all errors
		p.Words = o.cfg.Redact(e.Words())
	}
	switch {
	case e.Status >= 500 || e.Status == http.StatusTooManyRequests || e.Status/100 == 3:
		p.Kind = NoAnswer
	case e.Status >= 400, p.Code != "", inError.MatchString(pathAndQuery(e.URL)), isRefusal(e, normalize(p.Words, sent...)):
		p.Kind = Refused
	default:
		p.Kind = ShowsPage
	}
	return p
}

// isRefusal reports whether a page refuses although its status is 200: it says so, is short, and has no form to sign in
// with.
func isRefusal(e *wire.Exchange, words string) bool {
	return !strings.Contains(strings.ToLower(e.ResponseBody), "<form") && !strings.Contains(words, "javascript") &&
		len(words) < 1000 && refusing.MatchString(words)
}

// redirectIn returns the address to which an answer sends the browser: by its status and Location or, from a server that
// treats every client as a script, by a member of its JSON.
func redirectIn(e *wire.Exchange) string {
	if e.Status/100 == 3 {
		return e.ResponseHeader.Get("Location")
	}
	var document map[string]any
	if e.Status != http.StatusOK || json.Unmarshal([]byte(e.ResponseBody), &document) != nil {
		return ""
	}
	for _, name := range []string{"url", "redirect_url", "redirect_to", "redirectTo", "redirect_uri", "redirectUri", "location", "redirect"} {
		if to, ok := document[name].(string); ok && (strings.HasPrefix(to, "/") || strings.Contains(to, "://")) {
			return to
		}
	}
	return ""
}

func (o *Observer) readRedirect(e *wire.Exchange, location, redirectURI string, p ProbeResult, sent []string) ProbeResult {
	base, errBase := url.Parse(e.URL)
	to, errTo := url.Parse(location)
	if errBase != nil || errTo != nil {
		return p // no browser could follow it
	}
	to = base.ResolveReference(to)
	query := to.Query()
	if fragment, err := url.ParseQuery(to.Fragment); err == nil && query.Get("error") == "" && fragment.Get("error") != "" {
		query = fragment
	}
	to.Fragment = ""
	p.At = wire.WithoutQuery(to.String())
	code, words := query.Get("error"), oauth.ErrorWords(query)
	p.said = causes.Said(wire.AuthorizationRequest, e.Status, code, words).Without(sent...)
	p.Code, p.Words = o.errorCode(code), o.cfg.Redact(words)
	switch {
	case p.At == wire.WithoutQuery(redirectURI):
		p.Kind, p.Coded = ComesBack, query.Get("code") != ""
	case p.Code != "" || inError.MatchString(pathAndQuery(to.String())):
		p.Kind = Refused
	default:
		p.Kind = GoesElsewhere
	}
	return p
}

func pathAndQuery(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.RequestURI()
}

// tokenQuestion is a question to the token endpoint or a similar one, sent as a client, about an invented code or token.
type tokenQuestion struct {
	kind        tokenKind
	as          credentials
	noVerifier  bool
	redirectURI string // anInvention, or ours
	at          string // another address
	again       int    // the same question once more
}

// tokenKind is the subject of a tokenQuestion.
type tokenKind string

// The subjects of questions, in the words of a finding.
const (
	anInventedCode    tokenKind = "an invented code"
	anInventedRefresh tokenKind = "an invented refresh token"
	toIntrospect      tokenKind = "an invented token to introspect"
	toRevoke          tokenKind = "an invented token to revoke"
	nothingAtAll      tokenKind = "a request without anything"
)

// credentials are the client's credentials for a question. The ID or the secret may be invented.
type credentials struct {
	method         string
	noID, noSecret bool // it is invented
	raw            bool // not form-encoded before base64, as a broken server may want it
}

// tokenAnswer is the answer to a tokenQuestion.
type tokenAnswer struct {
	causes.Answer
	quote   string // the server's words, as they may be shown
	fault   string // why no answer came
	failed  error  // the same, as the network reported it
	print   string // what was said, without what differs from one answer to the next
	limited bool
}

func (a tokenAnswer) wasLimited() bool { return a.limited }

// came reports whether an answer came that is not about a rate limit.
func (a tokenAnswer) came() bool { return a.fault == "" && !a.limited }

// aboutClient reports whether the client itself is refused.
func (a tokenAnswer) aboutClient() bool { return a.came() && causes.IsAboutClient(a.Cause()) }

// like reports whether both answers came, with the same status and error code.
func (a tokenAnswer) like(other tokenAnswer) bool {
	return a.came() && other.came() && a.Status == other.Status && a.Refusal.Code == other.Refusal.Code
}

// succeeded reports whether an answer came without an error and without a word. No token endpoint accepts a code that
// it has not issued.
func (a tokenAnswer) succeeded() bool {
	return a.came() && !a.Refused && a.Refusal.Code+a.Refusal.Words == ""
}

// token asks the token endpoint, or the endpoint that a question is for.
func (o *Observer) token(ctx context.Context, q tokenQuestion) tokenAnswer {
	return ask(ctx, o, q, o.sendToken)
}

// tokens asks several questions at the same time.
func (o *Observer) tokens(ctx context.Context, questions ...tokenQuestion) []tokenAnswer {
	answers := make([]tokenAnswer, len(questions))
	var all sync.WaitGroup
	for i, q := range questions {
		all.Go(func() { answers[i] = o.token(ctx, q) })
	}
	all.Wait()
	return answers
}

func (o *Observer) sendToken(ctx context.Context, q tokenQuestion) tokenAnswer {
	endpoint, step, form := o.md.Token, wire.TokenRequest, url.Values{}
	switch q.kind {
	case anInventedCode:
		form = url.Values{"grant_type": {"authorization_code"}, "code": {wire.Invented()}, "redirect_uri": {o.cfg.RedirectURI()}, "code_verifier": {oauth.NewVerifier()}}
	case anInventedRefresh:
		form = url.Values{"grant_type": {"refresh_token"}, "refresh_token": {wire.Invented()}}
		step = wire.Refresh
	case toIntrospect:
		endpoint, step, form = o.md.Introspection, wire.Introspection, url.Values{"token": {wire.Invented()}}
	case toRevoke:
		endpoint, step, form = o.md.Revocation, wire.Revocation, url.Values{"token": {wire.Invented()}}
	}
	if q.noVerifier {
		form.Del("code_verifier")
	}
	if q.redirectURI == anInvention {
		form.Set("redirect_uri", "https://"+strings.ToLower(rand.Text())+".invalid/oauth_callback")
	}
	if q.at != "" {
		endpoint = q.at
	}
	as := o.client.Credentials(o.md)
	as.Method, as.Raw = q.as.method, q.as.raw
	if q.as.noID {
		as.ID = inventedID(o.cfg.ClientID)
	}
	if q.as.noSecret {
		as.Secret = wire.Invented()
	}
	if as.Method == config.MethodNone {
		as.Secret = ""
	}
	sent := append(sentIn(form), as.ID, as.Secret)
	e, err := o.client.PostAs(wire.For(ctx, step), as, endpoint, form)
	if err != nil {
		return tokenAnswer{fault: err.Error(), failed: err, limited: errors.Is(err, errStopped)}
	}
	a := tokenAnswer{Answer: causes.Read(step, as.Method, e, sent...)}
	words := a.Refusal.Words
	if words == "" && a.Refusal.Code == "" {
		words = e.Words()
	}
	a.quote = o.sanitized(words, 300)
	a.limited = a.Cause() == causes.RateLimited
	a.print = normalize(strings.Join(append([]string{words, a.Refusal.Hint}, a.Refusal.Details...), " "), sent...)
	return a
}

// said returns the server's code and words, as a finding shows them.
func (a tokenAnswer) said() string {
	if a.quote == "" {
		return wire.Clip(a.Refusal.Code, 60)
	}
	return a.quote
}

var (
	part      = regexp.MustCompile(`[\w.~:+-]+`)
	errorCode = regexp.MustCompile(`^[A-Za-z]{2,}[0-9]{1,8}$`) // AADSTS50011
)

// changing reports whether a part of a text looks like one that differs each time: a date, the ID of a request, a
// token.
func changing(part string) bool {
	return len(part) >= 20 || len(part) >= 8 && strings.ContainsAny(part, "0123456789") && !errorCode.MatchString(part)
}

// withPath adds something to the path of an address.
func withPath(address, more string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address // the metadata has been checked
	}
	u.Path, u.RawPath = u.Path+more, ""
	return u.String()
}

// pathOf returns the path of an address.
func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "" // as above
	}
	return u.EscapedPath()
}

// normalize replaces sent values and random parts by #, so that two answers can be compared.
func normalize(text string, sent ...string) string {
	sent = slices.Clone(sent)
	slices.SortFunc(sent, func(a, b string) int { return len(b) - len(a) }) // a long one may hold a short one
	for _, value := range sent {
		for _, form := range []string{value, url.QueryEscape(value), url.PathEscape(value)} {
			if len(form) > 2 {
				text = strings.ReplaceAll(text, form, "#")
			}
		}
	}
	text = part.ReplaceAllStringFunc(text, func(part string) string {
		if changing(part) {
			return "#"
		}
		return part
	})
	return strings.ToLower(strings.Join(strings.Fields(text), " "))
}

// sentIn lists the values in forms, and each of their words.
func sentIn(forms ...url.Values) []string {
	var sent []string
	for _, form := range forms {
		for _, values := range form {
			for _, value := range values {
				sent = append(sent, value)
				if words := strings.Fields(value); len(words) > 1 {
					sent = append(sent, words...)
				}
			}
		}
	}
	return sent
}
