package misuse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// Attempt is one thing that a server must not let pass.
type Attempt string

const (
	CodeTwice        Attempt = "code_used_twice"
	WrongVerifier    Attempt = "wrong_verifier"
	NoVerifier       Attempt = "no_verifier"
	OtherRedirectURI Attempt = "other_redirect_uri"
	OtherClient      Attempt = "other_client"
	OldRefreshToken  Attempt = "old_refresh_token"
	RevokedToken     Attempt = "revoked_token"
	WithoutPKCE      Attempt = "without_pkce"
	PromptNone       Attempt = "prompt_none"
)

// Rule is a try with what it is about, where the rule is written, and what the server has to do.
type Rule struct {
	Attempt Attempt
	About   string
	Section string
	Fix     string
}

// Rules are all tries, in the order in which they are made. The first exchanges a code as it should be:
// it is the control of those whose code is spent by the refusal.
var Rules = []Rule{
	{CodeTwice, "The code used twice", "RFC 6749 section 4.1.2, RFC 9700 section 4.2.4",
		"the server has to accept a code once, and should revoke its tokens when it comes again"},
	{WrongVerifier, "A wrong code verifier", "RFC 7636 section 4.6, RFC 9700 section 2.1.1",
		"the server has to compare the code verifier with the code challenge"},
	{NoVerifier, "No code verifier", "RFC 9700 section 2.1.1",
		"the server has to ask for the code verifier when the login had a code challenge"},
	{OtherRedirectURI, "Another redirect URI at the token endpoint", "RFC 6749 section 4.1.3",
		"the server has to compare the redirect URI with that of the authorization request"},
	{OtherClient, "The code from another client", "RFC 6749 section 4.1.3",
		"the server has to give the tokens of a code to the client that it was issued to"},
	{OldRefreshToken, "The old refresh token after a refresh", "RFC 9700 section 4.14.2",
		"the server should refuse a refresh token that was replaced, and revoke the newer ones when it comes again"},
	{RevokedToken, "A token that was revoked", "RFC 7009 section 2.1",
		"the token has to be refused from the moment at which it is revoked"},
	{WithoutPKCE, "A login without PKCE", "RFC 9700 section 2.1.1, RFC 8252 section 8.1",
		"set the server, or the OAuth application there, to require PKCE"},
	{PromptNone, "prompt=none without a session", "OpenID Connect Core section 3.1.2.1",
		"the server has to answer login_required, and show no page"},
}

// rule is the rule of a try.
func (t Attempt) rule() Rule {
	i := slices.IndexFunc(Rules, func(r Rule) bool { return r.Attempt == t })
	if i < 0 {
		return Rule{Attempt: t}
	}
	return Rules[i]
}

// Cost says what a try costs the user.
func (r Rule) Cost() string {
	switch r.Attempt {
	case OtherClient:
		return "a login, if OTHER_CLIENT_ID is set"
	case WithoutPKCE:
		return "a login, unless the server refuses at once"
	case PromptNone:
		return "no login: two requests"
	}
	return "a login"
}

// Logins is the number of logins that a run costs at most.
func Logins(cfg config.Effective) int {
	if cfg.OtherClientID == "" {
		return len(Rules) - 2
	}
	return len(Rules) - 1
}

// MisuseFinding is what came of a try.
type MisuseFinding struct {
	causes.Finding
	Section   string `json:"section"`             // where the rule is written
	Undecided bool   `json:"undecided,omitempty"` // the server was not seen to keep the rule, nor to break it
}

// About is what was tried, for a person.
func (f MisuseFinding) About() string { return Attempt(f.Check).rule().About }

// refused, passes, weak, notAsked and undecided are the results of a try.
func refused(format string, args ...any) MisuseFinding {
	return MisuseFinding{Finding: causes.Proved(format, args...)}
}

func passes(format string, args ...any) MisuseFinding {
	return MisuseFinding{Finding: causes.Finding{Result: causes.Fail, Found: fmt.Sprintf(format, args...)}}
}

func weak(format string, args ...any) MisuseFinding {
	return MisuseFinding{Finding: causes.Warning(format, args...)}
}

func notAsked(format string, args ...any) MisuseFinding {
	return MisuseFinding{Finding: causes.Skipped("not asked: "+format, args...)}
}

func undecided(format string, args ...any) MisuseFinding {
	return MisuseFinding{Finding: causes.Warning("not decided: "+format, args...), Undecided: true}
}

// by adds the control: what shows that the try itself was answered, and nothing else.
func (f MisuseFinding) by(format string, args ...any) MisuseFinding {
	f.Finding = f.Finding.By(format, args...)
	return f
}

// ReadMisuse reads a report; nil is none.
func ReadMisuse(report []byte) []MisuseFinding {
	var found []MisuseFinding
	json.Unmarshal(report, &found) // it is our own
	return found
}

// Misuse asks a server what it lets pass, with codes and tokens of logins that are made for it. A run
// stops at each login, and goes on with what it has found so far.
type Misuse struct {
	cfg    config.Effective
	wire   *wire.Client
	now    func() time.Time
	client *oauth.Client
	found  []MisuseFinding
	within time.Duration // for one try with all its requests
}

// tryTime is how long a try may take: with two that need no login behind it, a page is still in time.
const tryTime = 15 * time.Second

// NewMisuse goes on with a run, of which a report is what was found; nil begins another.
func NewMisuse(cfg config.Effective, w *wire.Client, client *oauth.Client, now func() time.Time, report []byte) *Misuse {
	return &Misuse{cfg: cfg, wire: w, now: now, client: client, found: ReadMisuse(report), within: tryTime}
}

// Report is what was found so far.
func (m *Misuse) Report() []byte {
	report, err := json.Marshal(m.found)
	if err != nil {
		return nil // strings and numbers always can be written
	}
	return report
}

// add notes what came of a try.
func (m *Misuse) add(try Attempt, findings ...MisuseFinding) {
	rule := try.rule()
	for _, f := range findings {
		f.Check, f.Section = string(try), rule.Section
		if f.Result == causes.Fail || f.Result == causes.Warn && !f.Undecided {
			f.Fix = rule.Fix
		}
		m.found = append(m.found, f)
	}
}

// Untried are the tries of which nothing was found yet.
func Untried(found []MisuseFinding) []Rule {
	made := func(r Rule) bool {
		return slices.ContainsFunc(found, func(f MisuseFinding) bool { return f.Check == string(r.Attempt) })
	}
	return slices.DeleteFunc(slices.Clone(Rules), made)
}

// TryState begins the state of a login that is made for a try, so that no other login is looked at for it.
const TryState = "try-"

// Begin begins the login of the next try, and returns where the browser goes for it. What can be asked
// without a login is asked on the way. The request is nil at the end of the run. The error is an
// *oauth.Error.
func (m *Misuse) Begin(ctx context.Context) (*oauth.Request, string, error) {
	for _, rule := range Untried(m.found) {
		ctx := wire.ForTry(ctx, rule.About)
		if m.withoutLogin(ctx, rule.Attempt) {
			continue
		}
		r, err := m.client.NewRequest(nil)
		if err != nil {
			return nil, "", err
		}
		r.State, r.Try, r.NoChallenge = TryState+r.State, string(rule.Attempt), rule.Attempt == WithoutPKCE
		to, err := m.client.AuthorizationURL(ctx, r)
		if e, ok := errors.AsType[*oauth.Error](err); ok && e.Step == wire.PushedRequest { // RFC 9126 section 2.3
			m.add(rule.Attempt, m.noLogin(rule.Attempt, e))
			continue
		}
		if err != nil {
			return nil, "", err
		}
		return r, to, nil
	}
	return nil, "", nil
}

// withoutLogin makes a try that costs no login here, and reports whether it did.
func (m *Misuse) withoutLogin(ctx context.Context, try Attempt) bool {
	ctx, cancel := context.WithTimeout(ctx, m.within)
	defer cancel()
	switch {
	case try == OtherClient && m.cfg.OtherClientID == "":
		m.add(try, notAsked("no second client is configured (OTHER_CLIENT_ID, OTHER_CLIENT_SECRET)"))
	case try == OtherClient && m.cfg.Found.OtherBelongsTo != "":
		m.add(try, notAsked("OTHER_CLIENT_ID belongs to %s, and is sent nowhere else", m.cfg.Found.OtherBelongsTo))
	case try == WithoutPKCE:
		return m.refusedAtOnce(ctx)
	case try == PromptNone:
		m.add(try, m.promptNone(ctx))
	default:
		return false
	}
	return true
}

// LeaveOut goes on without the login of the next try, which did not come back.
func (m *Misuse) LeaveOut() {
	if rules := Untried(m.found); len(rules) > 0 {
		m.add(rules[0].Attempt, undecided("its login was left out"))
	}
}

// Answer makes the try that a login was begun for, with the response to it.
func (m *Misuse) Answer(ctx context.Context, r *oauth.Request, response url.Values) {
	try := Attempt(r.Try)
	if !slices.Contains(Untried(m.found), try.rule()) {
		return // it is made already: two windows
	}
	ctx, cancel := context.WithTimeout(wire.ForTry(ctx, try.rule().About), m.within)
	defer cancel()
	code, err := m.client.CheckResponse(ctx, r, response)
	if e, failed := errors.AsType[*oauth.Error](err); failed {
		m.add(try, m.noLogin(try, e))
		return
	}
	m.add(try, m.run(ctx, try, r, code)...)
}

// noLogin is what came of a try whose login failed. Only a refusal that is about PKCE is an answer to a
// login without it (RFC 7636 section 4.4.1); a user who presses Deny gets a refusal too.
func (m *Misuse) noLogin(try Attempt, e *oauth.Error) MisuseFinding {
	words := strings.ToLower(e.Description)
	aboutPKCE := e.Code == "invalid_request" || strings.Contains(words, "pkce") || strings.Contains(words, "code_challenge")
	code := wire.Clip(m.cfg.Redact(e.Code), 60)
	if try == WithoutPKCE && e.Theirs && aboutPKCE && m.controlled() {
		return refused("the login is refused (%s)", code).by("the logins with PKCE were accepted")
	}
	return undecided("the login for it failed (%s)", code)
}

// run makes one try with the code of a login.
func (m *Misuse) run(ctx context.Context, try Attempt, r *oauth.Request, code string) []MisuseFinding {
	switch try {
	case CodeTwice:
		return m.codeTwice(ctx, r, code)
	case WrongVerifier:
		return m.spoiled(ctx, r, code, func(form url.Values) { form.Set("code_verifier", oauth.NewVerifier()) })
	case NoVerifier:
		return m.spoiled(ctx, r, code, func(form url.Values) { form.Del("code_verifier") })
	case OtherRedirectURI:
		return m.spoiled(ctx, r, code, func(form url.Values) { form.Set("redirect_uri", m.cfg.RedirectURI()+"/other") })
	case OtherClient:
		return m.otherClient(ctx, r, code)
	case OldRefreshToken:
		return m.oldRefreshToken(ctx, r, code)
	case RevokedToken:
		return m.revokedToken(ctx, r, code)
	}
	return m.withoutPKCE(ctx, r, code)
}

// controlled reports whether the run has seen an honest exchange that was accepted.
func (m *Misuse) controlled() bool {
	return slices.ContainsFunc(m.found, func(f MisuseFinding) bool {
		return f.Check == string(CodeTwice) && (!f.Undecided || f.Control != "")
	})
}
