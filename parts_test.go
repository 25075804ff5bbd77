package main

import (
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/session"
)

var testTime = time.Unix(1_800_000_000, 0)

// Times are in the words that people use, future and past.
func TestRelative(t *testing.T) {
	t.Parallel()
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
		if got := relative(testTime.Add(row.from), testTime); got != row.want {
			t.Errorf("%v from now is %q; want %q", row.from, got, row.want)
		}
	}
}

// loginHolding returns a login that got every token, with its current tokens.
func loginHolding(held oauth.Tokens, scopes ...string) *session.Login {
	issued := oauth.Tokens{Access: "a", Refresh: "r", Expires: testTime.Add(time.Hour)}
	return &session.Login{Request: &oauth.Request{Scopes: scopes}, Response: &oauth.TokenResponse{Tokens: issued}, Held: held}
}

// The facts about the tokens are true now: present, expired, replaced, revoked, or never issued.
func TestFacts_TrueNow(t *testing.T) {
	t.Parallel()
	held := oauth.Tokens{Access: "a", Refresh: "r", Expires: testTime.Add(time.Hour)}
	never := loginHolding(oauth.Tokens{Access: "a"})
	never.Response.Refresh = ""
	expired := held
	expired.Expires = testTime.Add(-3 * time.Minute)
	for _, row := range []struct {
		name            string
		login           *session.Login
		access, refresh string
	}{
		{"held", loginHolding(held), "in 1 h 0 min", "yes"},
		{"expired", loginHolding(expired), "expired 3 minutes ago", "yes"},
		{
			"refreshed",
			loginHolding(oauth.Tokens{Access: "a2", Refresh: "r2", Expires: testTime.Add(time.Hour)}),
			"in 1 h 0 min (a new one, from a refresh)",
			"yes (a new one, from a refresh)",
		},
		{"revoked", loginHolding(oauth.Tokens{}), "revoked", "revoked"},
		{"no refresh token", never, "stored (the server doesn't say when it expires)", "no (the server issued none)"},
	} {
		got := map[string]string{}
		for _, f := range facts(row.login, testTime) {
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
	for id, want := range map[string]string{"i": "", "i2": "at sign-in; the refreshed one is verified too"} {
		l := loginHolding(oauth.Tokens{ID: id})
		l.IDToken = &oauth.IDToken{Raw: "i"}
		all := facts(l, testTime)
		if got := all[len(all)-1]; got.Name != "ID token" || got.Note != want {
			t.Errorf("with the ID token %s: %+v; want %q", id, got, want)
		}
	}
	for want, scopes := range map[string][]string{"the login did not ask for openid": {"profile"}, "the server did not grant openid": {"openid", "profile"}} {
		if got := noIDToken(loginHolding(held, scopes...)); got != want {
			t.Errorf("asked for %v: %q; want %q", scopes, got, want)
		}
	}
}

// The form is there if the browser does not come back, and says where an app's address is.
func TestNewPasteForm_WhereNeeded(t *testing.T) {
	t.Parallel()
	for elsewhere, app := range map[string]string{"https://app.example.com/cb": "", "http://localhost:8080/cb": "", "com.example.app:/cb": "com.example.app"} {
		p := newPasteForm(config.Config{BaseURL: "http://localhost:3000", RedirectOverride: elsewhere}.Effective())
		if p == nil || p.RedirectURI != elsewhere || p.Example != elsewhere+"?code=…&state=…" || p.App != app {
			t.Errorf("%s: %+v", elsewhere, p)
		}
	}
	if p := newPasteForm(config.Config{BaseURL: "http://localhost:3000"}.Effective()); p != nil {
		t.Errorf("where the browser comes back there is the form %+v", p)
	}
}

// The first sentence is shown, at most 300 characters of it, and all of it only where that is more.
func TestNewSaid_FirstSentence(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("word ", 100)
	for _, row := range []struct{ words, first, all string }{
		{"One sentence.", "One sentence.", ""},
		{"no point at its end", "no point at its end", ""},
		{"One. Two.", "One.", "One. Two."},
		{"Is it? Yes.", "Is it?", "Is it? Yes."},
		{"AADSTS7000215: Invalid client secret provided. Ensure that … Trace ID: 1", "AADSTS7000215: Invalid client secret provided.", "all"},
		{"Client authentication failed (e.g., unknown client, or unsupported method).", "Client authentication failed (e.g., unknown client, or unsupported method).", ""},
		{"A redirect, e.g. Http ones, is refused. Ask.", "A redirect, e.g. Http ones, is refused.", "all"},
		{"You can't reach login.example.com. Ask the owner.", "You can't reach login.example.com.", "all"},
		{"Version 1.2 is too old.", "Version 1.2 is too old.", ""},
		{"(It said “no.”) Then more.", "(It said “no.”)", "all"},
		{"無効です。もう一度。", "無効です。", "all"},
		{long, strings.TrimSpace(strings.Repeat("word ", 60)) + " …", "all"},
		{strings.Repeat("x", 400), strings.Repeat("x", 300) + " …", "all"},
	} {
		got := newSaid(row.words)
		if row.all == "all" {
			row.all = strings.TrimSpace(row.words)
		}
		if got == nil || got.First != row.first || got.All != row.all {
			t.Errorf("%.60q is shown as %+v; want %q and %q", row.words, got, row.first, row.all)
		}
	}
	if got := newSaid("  "); got != nil {
		t.Errorf("no words are shown as %+v", got)
	}
}
