package display

import (
	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/check"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/flow"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/session"
	"oauth-test-client/internal/wire"
	"strings"
	"testing"
	"time"
)

var now = time.Unix(1_800_000_000, 0)

// Times are said as a person says them, to come and past.
func TestRelative(t *testing.T) {
	for _, row := range []struct {
		from time.Duration
		want string
	}{
		{119*time.Minute + 59*time.Second, "in 1 h 59 min"},
		{time.Second, "in 1 second"},
		{90 * time.Second, "in 1 minute"},
		{72 * time.Hour, "in 3 days"},
		{0, "just now"},
		{-time.Second, "just now"},
		{-12 * time.Second, "12 seconds ago"},
		{-3 * time.Minute, "3 minutes ago"},
		{-25 * time.Hour, "25 h 0 min ago"},
	} {
		if got := relative(now.Add(row.from), now); got != row.want {
			t.Errorf("%v from now is %q; want %q", row.from, got, row.want)
		}
	}
}

// login is a login that brought every token, with what is held now.
func login(held oauth.Tokens, scopes ...string) *session.Login {
	issued := oauth.Tokens{Access: "a", Refresh: "r", Expires: now.Add(time.Hour)}
	return &session.Login{Request: &oauth.Request{Scopes: scopes}, Response: &oauth.TokenResponse{Tokens: issued}, Held: held}
}

// A scope that was asked for and not granted is in the sentence below "It works", once.
func TestLead(t *testing.T) {
	for name, row := range map[string]struct {
		asked, granted string
		signedIn       bool
		want, not      string
	}{
		"everything granted": {"openid notes", "openid notes", true, "passed every check.", "Not granted"},
		"a scope missing":    {"openid notes", "openid", true, "every check. Not granted: notes.", "openid"},
		"openid missing":     {"openid notes", "notes", false, "openid was asked for and not granted.", "Not granted"},
		"both missing":       {"openid notes", "", false, "not granted. Not granted: notes.", "Not granted: openid"},
	} {
		l := login(oauth.Tokens{}, strings.Fields(row.asked)...)
		l.Response.Scope, l.Response.ScopeSent = row.granted, true
		if row.signedIn {
			l.IDToken = &oauth.IDToken{Raw: "a.b.c"}
		}
		if got := NewSession(l, nil, "", now).Lead; strings.Contains(got, "Not granted") != strings.Contains(row.want, "Not granted") {
			t.Errorf("%s: the session page says %q", name, got)
		}
		if got := lead(l); !strings.HasSuffix(got, row.want) || strings.Contains(got, row.not) {
			t.Errorf("%s: %q; want %q at its end, and no %q", name, got, row.want, row.not)
		}
	}
}

// Every token that is tried has a heading of its own.
func TestAnswerAbout(t *testing.T) {
	seen := map[string]string{}
	kinds := []string{"", "access_token", "refresh_token"}
	for _, wrong := range causes.WrongTokens {
		kinds = append(kinds, string(wrong))
	}
	for _, kind := range kinds {
		about := Answer{Kind: kind}.About()
		if other, twice := seen[about]; twice || strings.Contains(about, "_") {
			t.Errorf("%q is headed %q, as is %q", kind, about, other)
		}
		seen[about] = kind
	}
}

// What a page says of the tokens is true now: held, expired, replaced, revoked, or never there.
func TestFacts(t *testing.T) {
	held := oauth.Tokens{Access: "a", Refresh: "r", Expires: now.Add(time.Hour)}
	never := login(oauth.Tokens{Access: "a"})
	never.Response.Refresh = ""
	expired := held
	expired.Expires = now.Add(-3 * time.Minute)
	for _, row := range []struct {
		name            string
		login           *session.Login
		access, refresh string
	}{
		{"held", login(held), "in 1 h 0 min", "yes"},
		{"expired", login(expired), "expired 3 minutes ago", "yes"},
		{
			"refreshed",
			login(oauth.Tokens{Access: "a2", Refresh: "r2", Expires: now.Add(time.Hour)}),
			"in 1 h 0 min (a new one, from a refresh)",
			"yes (a new one, from a refresh)",
		},
		{"revoked", login(oauth.Tokens{}), "revoked", "revoked"},
		{"no refresh token", never, "held (the server does not say when it expires)", "no (the server issued none)"},
	} {
		got := map[string]string{}
		for _, f := range facts(row.login, now) {
			got[f.Name] = f.Value
			if f.Note != "" && !strings.HasSuffix(f.Note, "UTC") {
				got[f.Name] += " (" + f.Note + ")"
			}
		}
		if got["Access token"] != row.access || got["Refresh token"] != row.refresh {
			t.Errorf("%s: the access token is %q and the refresh token %q; want %q and %q",
				row.name, got["Access token"], got["Refresh token"], row.access, row.refresh)
		}
	}
	for want, scopes := range map[string][]string{"openid was not asked for": {"profile"}, "openid was asked for and not granted": {"openid", "profile"}} {
		if got := noIDToken(login(held, scopes...)); got != want {
			t.Errorf("asked for %v: %q; want %q", scopes, got, want)
		}
	}
}

// A document that was taken apart is whole when it is put together, and only what nobody reads is marked.
func TestPieces(t *testing.T) {
	long := strings.Repeat("eyJ.-_9", 20)
	document := `{"access_token": "` + long + `", "scope": "openid profile", "refresh_token": "short"}`
	whole, marked := "", ""
	for _, p := range pieces(document) {
		whole += p.Text
		if p.Token {
			marked += p.Text
		}
	}
	if whole != document || marked != long {
		t.Errorf("the pieces are %q together, and %q is marked", whole, marked)
	}
}

// judged is what an API's answer was found to be.
func judged(result causes.Result) *causes.APIAnswer {
	return &causes.APIAnswer{Finding: causes.Finding{Result: result}}
}

// A refusal is bad, except of a wrong token; an API that opens to one is bad.
func TestAnswersAreGood(t *testing.T) {
	for _, row := range []struct {
		name string
		a    Answer
		good bool
	}{
		{"an answer", Answer{Answer: flow.Answer{Status: 200}}, true},
		{"a refusal", Answer{Answer: flow.Answer{Status: 401, Refused: true}}, false},
		{"a refusal with 200", Answer{Answer: flow.Answer{Status: 200, Refused: true}}, false},
		{"a wrong token refused", Answer{Answer: flow.Answer{Status: 401}, Why: judged(causes.OK)}, true},
		{"a wrong token that never got there", Answer{Answer: flow.Answer{Status: 302}, Why: judged(causes.Warn)}, false},
		{"a wrong token accepted", Answer{Answer: flow.Answer{Status: 200}, Why: judged(causes.Fail)}, false},
	} {
		if got := (Answers{{Answer: flow.Answer{Status: 200}}, row.a}).Good(); got != row.good {
			t.Errorf("%s: good is %t", row.name, got)
		}
	}
}

// The heading of the answers is the cause, where one is known.
func TestVerdictOfAnswers(t *testing.T) {
	refused := Answer{Answer: flow.Answer{Status: 401, Refused: true}}
	explained := refused
	explained.Why = &causes.APIAnswer{Finding: causes.Finding{Result: causes.Fail, Name: causes.APIScopeMissing, Found: "the token lacks the scope notes"}}
	unknown := refused
	unknown.Why = &causes.APIAnswer{Finding: causes.Finding{Result: causes.Fail, Found: "the API does not say why"}}
	for _, row := range []struct {
		list          Answers
		heading, lead string
	}{
		{Answers{{Answer: flow.Answer{Status: 200}}}, "Good", ""},
		{Answers{refused}, "Bad", ""},
		{Answers{refused, explained}, "The API wants a scope that the token lacks", "Bad."},
		{Answers{explained}, "The API wants a scope that the token lacks", "The token lacks the scope notes."},
		{Answers{unknown}, "Bad", "The API does not say why."},
	} {
		if heading, lead := row.list.Verdict("Good", "Bad"); heading != row.heading || lead != row.lead {
			t.Errorf("it says %q, %q; want %q, %q", heading, lead, row.heading, row.lead)
		}
	}
}

// A status is as good or bad as the answer, and no colour contradicts the reason beside it.
func TestMoodOfAnswer(t *testing.T) {
	for _, row := range []struct {
		name string
		a    Answer
		want string
	}{
		{"an answer", Answer{Answer: flow.Answer{Status: 200}}, "good"},
		{"a refusal", Answer{Answer: flow.Answer{Status: 401, Refused: true}}, "bad"},
		{"an error inside a 200", Answer{Answer: flow.Answer{Status: 200}, Why: judged(causes.Warn)}, "bad"},
		{"a wrong token refused", Answer{Answer: flow.Answer{Status: 401}, Why: judged(causes.OK), Kind: "no_token"}, ""},
		{"a wrong token accepted", Answer{Answer: flow.Answer{Status: 200}, Why: judged(causes.Fail), Kind: "no_token"}, ""},
	} {
		if got := row.a.Mood(); got != row.want {
			t.Errorf("%s: %q; want %q", row.name, got, row.want)
		}
	}
}

// What was checked before a mistake in the settings is not called ready as it stands.
func TestChecksBesideANotice(t *testing.T) {
	state := check.State{Report: check.Report{Checks: []causes.Finding{{Check: "keys", Result: causes.OK}}}, Ended: now}
	for _, row := range []struct {
		name          string
		notice        *Notice
		heading, mood string
	}{
		{"no notice", nil, "Ready to sign in", "good"},
		{"a restart is needed", &Notice{Heading: "PORT changed"}, "Ready to sign in", "good"},
		{"a mistake", &Notice{Heading: "a mistake", Lines: []string{"PORT"}}, "With the settings from before: ready to sign in", ""},
	} {
		if v := NewCheckReport(state, SignIn{}, now).Beside(row.notice).Checked; v.Heading != row.heading || v.Mood != row.mood {
			t.Errorf("beside %s: %q, %q", row.name, v.Heading, v.Mood)
		}
	}
}

// The worst is said first: a failure before what passed, and what was not tried at the start.
func TestChecks(t *testing.T) {
	passed := causes.Finding{Check: "keys", Result: causes.OK}
	failed := causes.Finding{Check: "client", Result: causes.Fail, Name: causes.ClientSecretWrong}
	state := func(few bool, checks ...causes.Finding) check.State {
		return check.State{Report: check.Report{Checks: checks}, Few: few, Ended: now.Add(-20 * time.Second)}
	}
	for _, row := range []struct {
		name                string
		state               check.State
		heading, mood, lead string
	}{
		{"never", check.State{}, "Not checked yet", "", "The checks ask"},
		{"right", state(false, passed), "Ready to sign in", "good", "1 check passed. Only a login can test the rest. Checked 20 seconds ago."},
		{"right at the start", state(true, passed), "Ready to sign in", "good", "1 check passed. The client secret has not been tried yet"},
		{"right at the start, before a client is registered", state(true, passed, causes.Finding{Check: "redirect_uri", Result: causes.Skip}), "Ready to sign in", "good",
			"1 check passed, 1 not asked. A made-up token has not been tried yet: press Check again."},
		{"wrong", state(false, passed, failed), "The client secret is wrong", "bad", "1 problem, 1 check passed. Checked 20 seconds ago."},
		{"running", check.State{Running: true, Asking: "pkce"}, "Checking the settings …", "", "0 checks done. Asking now: PKCE."},
		{"running, and nothing asked yet", check.State{Running: true}, "Checking the settings …", "", "0 checks done."},
	} {
		v := NewChecks(row.state, SignIn{}, now)
		if v.Heading != row.heading || v.Mood != row.mood || !strings.HasPrefix(v.Lead, row.lead) || strings.Contains(v.Lead, ": .") {
			t.Errorf("%s: %q %q %q; want %q %q %q", row.name, v.Heading, v.Mood, v.Lead, row.heading, row.mood, row.lead)
		}
	}
}

// The form is there where the browser does not come back, and says where an app's address is.
func TestPaste(t *testing.T) {
	for elsewhere, app := range map[string]string{"https://app.example.com/cb": "", "http://localhost:8080/cb": "", "com.example.app:/cb": "com.example.app"} {
		p := NewPaste(config.Config{BaseURL: "http://localhost:3000", Elsewhere: elsewhere})
		if p == nil || p.RedirectURI != elsewhere || p.Example != elsewhere+"?code=…&state=…" || p.App != app {
			t.Errorf("%s: %+v", elsewhere, p)
		}
	}
	if p := NewPaste(config.Config{BaseURL: "http://localhost:3000"}); p != nil {
		t.Errorf("where the browser comes back there is the form %+v", p)
	}
}

// A token that was not revoked is said to be good still, and whose fault that is.
func TestRevocationNote(t *testing.T) {
	for _, row := range []struct {
		name, body string
		status     int
		want       string
	}{
		{"revoked", "", 200, "accepted it"},
		{"revoked without a body", "", 204, "accepted it"},
		{"refused with 200", `{"error":"unsupported_token_type"}`, 200, "a limit of the server"},
		{"our own secret is wrong", `{"error":"invalid_client"}`, 401, "this app's own credentials"},
		{"our own secret is wrong, with 400", `{"error":"invalid_client"}`, 400, "this app's own credentials"},
		{"the client may not", `{"error":"unauthorized_client"}`, 400, "this app's own credentials"},
		{"a 401 without a word", "", 401, "this app's own credentials"},
		{"a kind that is not revoked", `{"error":"unsupported_token_type"}`, 400, "a limit of the server"},
		{"out of order", `{"error":"server_error"}`, 503, "stays valid until it expires. Its answer says why."},
	} {
		e := &wire.Exchange{Status: row.status, ResponseBody: row.body, ResponseHeader: "Content-Type: application/json\r\n"}
		if got := RevocationNote(e); !strings.Contains(got, row.want) {
			t.Errorf("%s: %q; want %q", row.name, got, row.want)
		}
	}
}
