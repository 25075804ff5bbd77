// Package display is what a page shows of a login, its tokens and the checks: the few facts first, times in
// words, tokens decoded. It asks nobody and decides nothing.
package display

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/session"
	"oauth-test-client/internal/wire"
)

// Fact is one of the few things that a result is about.
type Fact struct {
	Name, Value string
	Note        string
	Good        bool
	Expires     *time.Time // counted down; nil for a fact that does not change
}

// Result is what a login came to, as the page of the callback shows it.
type Result struct {
	Lead     string
	Next     Link
	Facts    []Fact
	Tokens   []Token
	JSON     []Piece  // the token response, indented
	Missing  []string // scopes asked for and not granted
	Added    []string // scopes granted and not asked for
	Verdicts []oauth.Verdict
}

// Link is where a button leads.
type Link struct{ Label, Path string }

// NewResult prepares a login. The API's address may be empty.
func NewResult(l *session.Login, resourceURL string, now time.Time) Result {
	v := Result{Lead: lead(l), Next: Link{"Use the tokens", "/session"}, Facts: facts(l, now), Tokens: tokens(l, l.Response.Tokens, now),
		JSON: pieces(wire.Pretty(l.Response.JSON)), Missing: l.Missing(), Added: l.Added()}
	if resourceURL != "" && l.Held.Access != "" {
		v.Next = Link{"Call the API", "/api"}
	}
	if l.IDToken != nil {
		v.Verdicts = l.IDToken.Verdicts
	}
	return v
}

// lead says what came of a login in a sentence or two, and which scopes it lacks.
func lead(l *session.Login) string {
	says := "A plain OAuth login: the server issued an access token. It does not say who signed in, as " + noIDToken(l) + "."
	if l.IDToken != nil {
		says = "Signed in as " + l.Who() + ". The code was exchanged, and the ID token passed every check."
	}
	return says + notGranted(l)
}

// notGranted names the scopes that a login lacks, as a sentence after the one about its ID token.
func notGranted(l *session.Login) string {
	missing := slices.DeleteFunc(l.Missing(), func(scope string) bool { return scope == "openid" && l.IDToken == nil }) // said there
	if len(missing) == 0 {
		return ""
	}
	return " Not granted: " + strings.Join(missing, " ") + "."
}

// noIDToken is why there is no ID token.
func noIDToken(l *session.Login) string {
	if slices.Contains(l.Request.Scopes, "openid") {
		return "openid was asked for and not granted"
	}
	return "openid was not asked for"
}

// facts are the few things that matter about a login, as they are now.
func facts(l *session.Login, now time.Time) []Fact {
	user := Fact{Name: "User", Value: "not known", Note: noIDToken(l)}
	checks := Fact{Name: "ID token", Value: "none", Note: noIDToken(l)}
	if l.IDToken != nil {
		user.Value, user.Note = l.Who(), ""
		if email := claimOf(l.IDToken.Raw, "email"); email != "" && email != user.Value {
			user.Note = email
		} else if user.Value != l.Subject() {
			user.Note = wire.Clip(l.Subject(), 60)
		}
		n := len(l.IDToken.Verdicts)
		checks.Value, checks.Note, checks.Good = fmt.Sprintf("%d of %d checks", n, n), "", true
	}
	scopes := Fact{Name: "Scopes granted", Value: cmp.Or(wire.Clip(l.Response.Scope, 300), "none")}
	if !l.Response.ScopeSent {
		scopes.Value, scopes.Note = strings.Join(l.Request.Scopes, " "), "as asked: the server names none"
	}
	return []Fact{user, scopes, accessFact(l, now), refreshFact(l), checks}
}

// accessFact is what has become of the access token.
func accessFact(l *session.Login, now time.Time) Fact {
	f := Fact{Name: "Access token", Value: "held", Note: "the server does not say when it expires"}
	switch expires := l.Held.Expires; {
	case l.Held.Access == "":
		f.Value, f.Note = "revoked", ""
	case !expires.IsZero() && expires.After(now):
		f.Value, f.Note, f.Expires = relative(expires, now), clock(expires), &expires
	case !expires.IsZero():
		f.Value, f.Note = "expired "+relative(expires, now), clock(expires)
	}
	if l.Held.Access != "" && l.Held.Access != l.Response.Access {
		f.Note = "a new one, from a refresh"
	}
	return f
}

// refreshFact is what has become of the refresh token.
func refreshFact(l *session.Login) Fact {
	f := Fact{Name: "Refresh token", Value: "yes"}
	switch {
	case l.Held.Refresh == "" && l.Response.Refresh == "":
		f.Value, f.Note = "no", "the server issued none"
	case l.Held.Refresh == "":
		f.Value = "revoked"
	case l.Held.Refresh != l.Response.Refresh:
		f.Note = "a new one, from a refresh"
	}
	return f
}
