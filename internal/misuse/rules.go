package misuse

import (
	"encoding/json"
	"fmt"
	"slices"

	"oauth-test-client/internal/causes"
)

// The nine attacks, the rule that each would break, and the possible results.

// Attempt is an attack that a server must reject.
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

// Rule is an attempt, its title, the section of its rule, and what the server has to do.
type Rule struct {
	Attempt Attempt
	About   string
	Section string
	Fix     string
}

// Rules lists all attempts, in the order in which they are made. The first makes a correct exchange too. That is the
// control for attempts whose code is invalid after the refusal.
var Rules = []Rule{
	{CodeTwice, "A code used twice", "RFC 6749 section 4.1.2, RFC 9700 section 4.2.4",
		"the server must accept a code only once, and should revoke its tokens if the code comes again"},
	{WrongVerifier, "A wrong code verifier", "RFC 7636 section 4.6, RFC 9700 section 2.1.1",
		"the server has to compare the code verifier with the code challenge"},
	{NoVerifier, "No code verifier", "RFC 9700 section 2.1.1",
		"the server has to ask for the code verifier when the login had a code challenge"},
	{OtherRedirectURI, "A different redirect URI at the token endpoint", "RFC 6749 section 4.1.3",
		"the server has to compare the redirect URI with that of the authorization request"},
	{OtherClient, "A code sent by a different client", "RFC 6749 section 4.1.3",
		"the server has to give the tokens only to the client that got the code"},
	{OldRefreshToken, "The old refresh token after a refresh", "RFC 9700 section 4.14.2",
		"the server should reject a refresh token that was replaced, and revoke the newer ones when it comes again"},
	{RevokedToken, "A token that was revoked", "RFC 7009 section 2.1",
		"the server has to reject a token as soon as it is revoked; a JWT that an API verifies by itself stays valid until it expires"},
	{WithoutPKCE, "A login without PKCE", "RFC 9700 section 2.1.1, RFC 8252 section 8.1",
		"set the server, or the OAuth application there, to require PKCE"},
	{PromptNone, "prompt=none without a session", "OpenID Connect Core section 3.1.2.1",
		"the server has to answer login_required, and show no page"},
}

// rule returns the rule of an attempt.
func (a Attempt) rule() Rule {
	i := slices.IndexFunc(Rules, func(r Rule) bool { return r.Attempt == a })
	if i < 0 {
		return Rule{Attempt: a}
	}
	return Rules[i]
}

// Cost says what an attempt costs the user.
func (r Rule) Cost() string {
	switch r.Attempt {
	case OtherClient:
		return "needs a login, if a second client is set"
	case WithoutPKCE:
		return "needs a login, unless the server rejects it at once"
	case PromptNone:
		return "needs no login: two requests"
	}
	return "needs a login"
}

// Finding is the result of an attempt.
type Finding struct {
	causes.Finding
	Section   string `json:"section"`             // where the rule is written
	Undecided bool   `json:"undecided,omitempty"` // the server was not seen to keep the rule, nor to break it
}

// About returns the title of the attempt.
func (f Finding) About() string { return Attempt(f.Check).rule().About }

// refused, passes, weak, notAsked and undecided return the results of an attempt.
func refused(format string, args ...any) Finding {
	return Finding{Finding: causes.Proved(format, args...)}
}

func passes(format string, args ...any) Finding {
	return Finding{Finding: causes.Finding{Result: causes.Fail, Found: fmt.Sprintf(format, args...)}}
}

func weak(format string, args ...any) Finding {
	return Finding{Finding: causes.Warning(format, args...)}
}

func notAsked(format string, args ...any) Finding {
	return Finding{Finding: causes.Skipped("not run: "+format, args...)}
}

func undecided(format string, args ...any) Finding {
	return Finding{Finding: causes.Warning("undecided: "+format, args...), Undecided: true}
}

// by adds the control, which shows that the answer is about the attempt and nothing else.
func (f Finding) by(format string, args ...any) Finding {
	f.Finding = f.Finding.By(format, args...)
	return f
}

// Read reads a report, which may be nil.
func Read(report []byte) []Finding {
	var found []Finding
	json.Unmarshal(report, &found) // it is our own
	return found
}

// Untried lists the attempts without a finding.
func Untried(found []Finding) []Rule {
	made := func(r Rule) bool {
		return slices.ContainsFunc(found, func(f Finding) bool { return f.Check == string(r.Attempt) })
	}
	return slices.DeleteFunc(slices.Clone(Rules), made)
}
