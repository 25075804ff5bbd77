package diagnose

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// Try is one thing that a server must not let pass. Each costs a login of its own, but the last.
type Try string

const (
	CodeTwice        Try = "code_used_twice"
	WrongVerifier    Try = "wrong_verifier"
	NoVerifier       Try = "no_verifier"
	OtherRedirectURI Try = "other_redirect_uri"
	OtherClient      Try = "other_client"
	OldRefreshToken  Try = "old_refresh_token"
	RevokedToken     Try = "revoked_token"
	WithoutPKCE      Try = "without_pkce"
	PromptNone       Try = "prompt_none"
)

// Rule is a try with what it is about, and where the rule is written.
type Rule struct {
	Try     Try
	About   string
	Section string
}

// Rules are all tries, in the order in which they are made. The first exchanges a code as it should be:
// it is the control of the others.
var Rules = []Rule{
	{CodeTwice, "the code used twice", "RFC 6749 section 4.1.2, RFC 9700 section 2.1.1"},
	{WrongVerifier, "a wrong code verifier", "RFC 7636 section 4.6"},
	{NoVerifier, "no code verifier", "RFC 9700 section 2.1.1"},
	{OtherRedirectURI, "another redirect URI at the token endpoint", "RFC 6749 section 4.1.3"},
	{OtherClient, "the code from another client", "RFC 6749 section 4.1.3"},
	{OldRefreshToken, "the old refresh token after a refresh", "RFC 9700 section 4.14.2"},
	{RevokedToken, "a token that was revoked", "RFC 7009 section 2"},
	{WithoutPKCE, "a login without PKCE", "RFC 9700 section 2.1.1"},
	{PromptNone, "prompt=none without a session", "OpenID Connect Core section 3.1.2.1"},
}

// MisuseFinding is what came of a try.
type MisuseFinding struct {
	Finding
	Section string `json:"section"` // where the rule is written
}

// after are the tries after one, or all of them after none.
func after(try Try) []Rule {
	i := slices.IndexFunc(Rules, func(r Rule) bool { return r.Try == try })
	return Rules[i+1:]
}

// NextLogin is the next try after one, or after none, that costs a login; empty when there is none.
func NextLogin(try Try) Try {
	for _, rule := range after(try) {
		if rule.Try.needsLogin() {
			return rule.Try
		}
	}
	return ""
}

// needsLogin reports whether a try costs a login: the last one asks without a user.
func (t Try) needsLogin() bool { return t != PromptNone }

// ReadMisuse reads what AddMisuse wrote; nil is no report.
func ReadMisuse(report []byte) []MisuseFinding {
	var found []MisuseFinding
	json.Unmarshal(report, &found) // it is our own
	return found
}

// AddMisuse adds to a report, which may be nil.
func AddMisuse(report []byte, found []MisuseFinding) []byte {
	all, err := json.Marshal(append(ReadMisuse(report), found...))
	if err != nil {
		return report // strings and numbers always can be written
	}
	return all
}

// Misuse asks a server what it lets pass, with codes and tokens of logins that were made for it.
type Misuse struct {
	cfg    config.Config
	wire   *wire.Client
	now    func() time.Time
	client *oauth.Client
}

// NewMisuse asks as a client does.
func NewMisuse(cfg config.Config, w *wire.Client, client *oauth.Client, now func() time.Time) *Misuse {
	return &Misuse{cfg: cfg, wire: w, now: now, client: client}
}

// Prepare spoils the authorization request of a try: it is the honest one, but for a login without PKCE.
func Prepare(try Try, r *oauth.Request) {
	r.Try, r.Plain = string(try), try == WithoutPKCE
}

// refused is what came of a try whose login the server did not allow.
func (m *Misuse) refused(try Try, e *oauth.Error) []MisuseFinding {
	if try == WithoutPKCE && e.Theirs {
		return m.found(try, proved("refused (%s); the login with PKCE is accepted", wire.Clip(e.Code, 60)))
	}
	return m.found(try, warning("not decided: the login for it failed (%s)", wire.Clip(e.Code, 60)))
}

// Answer makes one try with the response to the login that was made for it, and those that follow it
// without a login of their own.
func (m *Misuse) Answer(ctx context.Context, try Try, r *oauth.Request, response url.Values) []MisuseFinding {
	var found []MisuseFinding
	code, err := m.client.CheckResponse(ctx, r, response)
	if e, refused := errors.AsType[*oauth.Error](err); refused {
		found = m.refused(try, e)
	} else {
		found = m.run(ctx, try, r, code)
	}
	return append(found, m.withoutLogin(ctx, try)...)
}

// NotBegun is what came of a try whose login could not be begun, as a server refuses what it is pushed
// (RFC 9126 section 2.3), and of those that follow it without a login of their own.
func (m *Misuse) NotBegun(ctx context.Context, try Try, err error) []MisuseFinding {
	e, ok := errors.AsType[*oauth.Error](err)
	if !ok {
		return nil
	}
	return append(m.refused(try, e), m.withoutLogin(ctx, try)...)
}

// withoutLogin makes the tries that follow one and cost no login.
func (m *Misuse) withoutLogin(ctx context.Context, try Try) []MisuseFinding {
	var found []MisuseFinding
	for _, rule := range after(try) {
		if rule.Try.needsLogin() {
			break
		}
		found = append(found, m.run(ctx, rule.Try, nil, "")...)
	}
	return found
}

// run makes one try with the code of a login.
func (m *Misuse) run(ctx context.Context, try Try, r *oauth.Request, code string) []MisuseFinding {
	switch try {
	case CodeTwice:
		return m.codeTwice(ctx, r, code)
	case WrongVerifier:
		return m.spoiled(ctx, try, r, code, func(form url.Values) { form.Set("code_verifier", oauth.NewVerifier()) })
	case NoVerifier:
		return m.spoiled(ctx, try, r, code, func(form url.Values) { form.Del("code_verifier") })
	case OtherRedirectURI:
		return m.spoiled(ctx, try, r, code, func(form url.Values) { form.Set("redirect_uri", m.cfg.RedirectURI()+"/other") })
	case OtherClient:
		return m.otherClient(ctx, r, code)
	case OldRefreshToken:
		return m.oldRefreshToken(ctx, r, code)
	case RevokedToken:
		return m.revokedToken(ctx, r, code)
	case WithoutPKCE:
		return m.withoutPKCE(ctx, r, code)
	}
	return m.promptNone(ctx)
}

// found puts a try's name and section to what was found.
func (m *Misuse) found(try Try, findings ...Finding) []MisuseFinding {
	var list []MisuseFinding
	for _, f := range findings {
		f.Check = string(try)
		for _, rule := range Rules {
			if rule.Try == try {
				list = append(list, MisuseFinding{f, rule.Section})
			}
		}
	}
	return list
}

func letsPass(format string, args ...any) Finding {
	return Finding{Result: Fail, Found: fmt.Sprintf(format, args...), Fix: "this is the server's to mend"}
}

// redeemed is an answer of the token endpoint, as far as a try looks at it.
type redeemed struct {
	status  int
	code    string // of an error
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

func (r redeemed) accepted() bool { return r.status/100 == 2 && r.Access != "" }

// unclear reports an answer that is about something else than the try.
func (r redeemed) unclear() bool {
	return r.status == 0 || r.status >= 500 || r.status == http.StatusTooManyRequests
}

func (r redeemed) String() string {
	if r.code == "" {
		return fmt.Sprint(r.status)
	}
	return fmt.Sprintf("%d %s", r.status, r.code)
}

// redeem sends a token request as a client.
func (m *Misuse) redeem(ctx context.Context, as oauth.Credentials, form url.Values) redeemed {
	md, err := m.client.Metadata(ctx)
	if err != nil {
		return redeemed{}
	}
	e, err := m.client.PostAs(wire.For(ctx, wire.TokenRequest), as, md.Token, form)
	if err != nil {
		return redeemed{}
	}
	var r redeemed
	if e.Status/100 == 2 {
		json.Unmarshal([]byte(e.ResponseBody), &r) // what is not there is not accepted
	}
	r.status = e.Status
	r.code, _ = e.Refusal()
	r.code = wire.Clip(m.cfg.Hide(r.code), 60)
	return r
}

// credentials are our own.
func (m *Misuse) credentials(ctx context.Context) oauth.Credentials {
	md, err := m.client.Metadata(ctx)
	if err != nil {
		return oauth.Credentials{}
	}
	return m.client.Credentials(md)
}

// honest is the token request as it should be (RFC 6749 section 4.1.3, RFC 7636 section 4.5).
func (m *Misuse) honest(r *oauth.Request, code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {m.cfg.RedirectURI()}, "code_verifier": {r.Verifier}}
}

func (m *Misuse) codeTwice(ctx context.Context, r *oauth.Request, code string) []MisuseFinding {
	as := m.credentials(ctx)
	first := m.redeem(ctx, as, m.honest(r, code))
	if !first.accepted() {
		return m.found(CodeTwice, warning("not decided: the honest exchange was refused (%s)", first))
	}
	before := m.alive(ctx, first.Access)
	second := m.redeem(ctx, as, m.honest(r, code))
	switch {
	case second.accepted():
		return m.found(CodeTwice, letsPass("the server takes a code twice"))
	case second.unclear():
		return m.found(CodeTwice, warning("not decided: the second exchange was answered %s", second))
	}
	findings := []Finding{proved("the second use is refused (%s), the first was accepted", second)}
	switch after := m.alive(ctx, first.Access); {
	case before == "":
		findings = append(findings, skipped("not asked: nothing tells whether a token lives"))
	case after != "":
		findings = append(findings, warning("the tokens of the code live on after its second use (they open %s)", after))
	default:
		findings = append(findings, proved("the tokens of the code are dead after its second use; before, they opened %s", before))
	}
	return m.found(CodeTwice, findings...)
}

// alive says where an access token is good, or "" where it is good nowhere.
func (m *Misuse) alive(ctx context.Context, access string) string {
	for _, place := range m.places(ctx) {
		if place.opens(access) {
			return place.name
		}
	}
	return ""
}

// place is somewhere that an access token is good for.
type place struct {
	name  string
	opens func(access string) bool
}

// places are those that can be asked. Each answer is a yes only when it is 200.
func (m *Misuse) places(ctx context.Context) []place {
	md, err := m.client.Metadata(ctx)
	if err != nil {
		return nil
	}
	var list []place
	if md.Userinfo != "" {
		list = append(list, place{"userinfo", func(access string) bool {
			e, err := m.client.Userinfo(ctx, access, nil)
			return err == nil && e.Status == http.StatusOK
		}})
	}
	if md.Introspection != "" && m.cfg.ClientSecret != "" {
		list = append(list, place{"introspection", func(access string) bool {
			e, err := m.client.Introspect(ctx, "access_token", access)
			var state struct{ Active bool }
			return err == nil && e.Status == http.StatusOK && json.Unmarshal([]byte(e.ResponseBody), &state) == nil && state.Active
		}})
	}
	if m.cfg.ResourceURL != "" {
		list = append(list, place{"the API", func(access string) bool {
			e, err := m.client.CallAPI(ctx, access)
			return err == nil && e.Status/100 == 2
		}})
	}
	return list
}

// spoiled sends the token request with one thing wrong.
func (m *Misuse) spoiled(ctx context.Context, try Try, r *oauth.Request, code string, spoil func(url.Values)) []MisuseFinding {
	as := m.credentials(ctx)
	form := m.honest(r, code)
	spoil(form)
	got := m.redeem(ctx, as, form)
	switch {
	case got.accepted():
		return m.found(try, letsPass("accepted: the server does not look at it"))
	case got.unclear() || refusesClient(got.code):
		return m.found(try, warning("not decided: answered %s", got))
	}
	control := m.redeem(ctx, as, m.honest(r, code))
	if control.accepted() {
		return m.found(try, proved("refused (%s); the same code is accepted when all is right", got))
	}
	return m.found(try, proved("refused (%s), and the code is spent by it; an honest exchange was accepted before", got))
}

// otherClient redeems the code as the second client that is configured.
func (m *Misuse) otherClient(ctx context.Context, r *oauth.Request, code string) []MisuseFinding {
	if m.cfg.OtherClientID == "" {
		return m.found(OtherClient, skipped("not asked: no second client is configured (OTHER_CLIENT_ID, OTHER_CLIENT_SECRET)"))
	}
	other := oauth.Credentials{ID: m.cfg.OtherClientID, Secret: m.cfg.OtherClientSecret, Method: m.credentials(ctx).Method}
	if other.Secret == "" {
		other.Method = config.MethodNone
	}
	control := m.redeem(ctx, other, m.honest(r, madeUp()))
	if refusesClient(control.code) || control.unclear() {
		return m.found(OtherClient, warning("not decided: the server does not accept the second client (%s)", control))
	}
	got := m.redeem(ctx, other, m.honest(r, code))
	if got.accepted() {
		return m.found(OtherClient, letsPass("the server gives another client the tokens of the code"))
	}
	return m.found(OtherClient, proved("refused (%s), although the second client is known", got))
}

func (m *Misuse) oldRefreshToken(ctx context.Context, r *oauth.Request, code string) []MisuseFinding {
	as := m.credentials(ctx)
	first := m.redeem(ctx, as, m.honest(r, code))
	if first.Refresh == "" {
		return m.found(OldRefreshToken, skipped("not asked: the server issues no refresh token"))
	}
	refresh := func(token string) redeemed {
		return m.redeem(ctx, as, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
	}
	second := refresh(first.Refresh)
	switch {
	case !second.accepted():
		return m.found(OldRefreshToken, warning("not decided: the first refresh was refused (%s)", second))
	case second.Refresh == "" || second.Refresh == first.Refresh:
		if as.Method == config.MethodNone {
			return m.found(OldRefreshToken, letsPass("refresh tokens of a public client are not rotated"))
		}
		return m.found(OldRefreshToken, proved("refresh tokens are not rotated, which a confidential client does not need"))
	}
	if refresh(first.Refresh).accepted() {
		return m.found(OldRefreshToken, letsPass("the old refresh token is accepted after it was replaced"))
	}
	findings := []Finding{proved("the old refresh token is refused after it was replaced; before, it was accepted")}
	if refresh(second.Refresh).accepted() {
		findings = append(findings, warning("the newer refresh token lives on after the old one was used again"))
	} else {
		findings = append(findings, proved("the newer refresh token is dead after the old one was used again"))
	}
	return m.found(OldRefreshToken, findings...)
}

func (m *Misuse) revokedToken(ctx context.Context, r *oauth.Request, code string) []MisuseFinding {
	tokens := m.redeem(ctx, m.credentials(ctx), m.honest(r, code))
	if !tokens.accepted() {
		return m.found(RevokedToken, warning("not decided: the exchange was refused (%s)", tokens))
	}
	var open []place
	for _, p := range m.places(ctx) {
		if p.opens(tokens.Access) {
			open = append(open, p)
		}
	}
	e, err := m.client.Revoke(ctx, "access_token", tokens.Access)
	switch {
	case err != nil:
		return m.found(RevokedToken, skipped("not asked: the server does not offer revocation"))
	case e.Status/100 != 2:
		return m.found(RevokedToken, skipped("not asked: the server does not revoke access tokens (%d)", e.Status))
	case len(open) == 0:
		return m.found(RevokedToken, skipped("not asked: the token was good nowhere before"))
	}
	isJWT := m.client.Inspect(ctx, tokens.Access).JWT
	var findings []Finding
	for _, p := range open {
		switch {
		case !p.opens(tokens.Access):
			findings = append(findings, proved("refused at %s after its revocation; before, it was good there", p.name))
		case p.name == "the API" && isJWT:
			findings = append(findings, warning("still good at %s after its revocation: it is a JWT, which lives until it expires", p.name))
		default:
			findings = append(findings, letsPass("still good at %s after its revocation", p.name))
		}
	}
	return m.found(RevokedToken, findings...)
}

// withoutPKCE redeems a code that was asked for without a challenge.
func (m *Misuse) withoutPKCE(ctx context.Context, r *oauth.Request, code string) []MisuseFinding {
	as := m.credentials(ctx)
	form := m.honest(r, code)
	form.Del("code_verifier")
	got := m.redeem(ctx, as, form)
	switch {
	case !got.accepted():
		return m.found(WithoutPKCE, proved("the code is refused (%s)", got))
	case as.Method == config.MethodNone:
		return m.found(WithoutPKCE, letsPass("a public client can log in without PKCE"))
	}
	f := warning("a login without PKCE is accepted; the server should demand it of every client")
	return m.found(WithoutPKCE, f)
}

// promptNone asks as a browser that nobody has signed in with, beside the same without prompt=none.
func (m *Misuse) promptNone(ctx context.Context) []MisuseFinding {
	c := newChecker(m.cfg, m.wire, m.now)
	md, err := c.oauth.Metadata(ctx)
	if err != nil {
		return m.found(PromptNone, warning("not decided: the server cannot be found"))
	}
	c.md = md
	control := c.land(ctx, func(url.Values) {})
	got := c.land(ctx, func(q url.Values) { q.Set("prompt", "none") })
	switch {
	case !control.begins():
		return m.found(PromptNone, warning("not decided: the login without prompt=none does not begin"))
	case got.kind == comesBack && got.code == "":
		return m.found(PromptNone, letsPass("the server sends a code although nobody is signed in"))
	case got.kind == comesBack && got.begins():
		return m.found(PromptNone, proved("refused (%s); without prompt=none the sign-in begins", got.code))
	case got.kind == showsPage || got.kind == goesElsewhere:
		return m.found(PromptNone, warning("the server shows a page, and must not show any"))
	}
	return m.found(PromptNone, warning("not decided: answered otherwise (%s)", wire.Clip(got.code, 60)))
}
