package session

import (
	"slices"
	"strings"
	"time"

	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// Login is a login that succeeded: what it asked for, and what it got. It is never changed: what
// happens to its tokens later makes a new one, under the same state.
type Login struct {
	Request  *oauth.Request
	Callback string               // path and query of the authorization response
	Arrived  time.Time            // when that came
	Response *oauth.TokenResponse // of the code exchange, as shown at the callback
	IDToken  *oauth.IDToken       // nil for a plain OAuth login
	Held     oauth.Tokens         // what is held now
	Steps    []*wire.Exchange     // what servers were asked, and what they answered
	Misuse   []byte               // what /misuse found, as JSON; nil when it was not asked
}

// Granted are the scopes as the server named them, or as asked for when it named none (RFC 6749 section
// 5.1).
func (l *Login) Granted() []string {
	if l.Held.Scope == "" {
		return l.Request.Scopes
	}
	return strings.Fields(l.Held.Scope)
}

// Who is the name of the user who signed in, or "" when no ID token said it.
func (l *Login) Who() string {
	if l.IDToken == nil {
		return ""
	}
	return wire.Clip(l.IDToken.Name, 100)
}

// Missing lists the scopes that were asked for and not granted.
func (l *Login) Missing() []string {
	if !l.Response.ScopeSent {
		return nil // as asked for (RFC 6749 section 5.1)
	}
	granted := strings.Fields(l.Response.Scope)
	return slices.DeleteFunc(slices.Clone(l.Request.Scopes), func(scope string) bool { return slices.Contains(granted, scope) })
}

// Added lists the scopes that were granted and not asked for.
func (l *Login) Added() []string {
	granted := strings.Fields(l.Response.Scope)
	return slices.DeleteFunc(granted, func(scope string) bool { return slices.Contains(l.Request.Scopes, scope) })
}

// Subject is the user's identifier, or "" when no ID token said it.
func (l *Login) Subject() string {
	if l.IDToken == nil {
		return ""
	}
	return l.IDToken.Subject
}

// The most that a login remembers of what went over the wire: itself, its tokens used, and a run of /misuse.
const (
	maxSteps     = 64
	maxStepsSize = 4 << 20 // bytes
)

// Record adds what went over the wire. Beyond the bounds the oldest tries of /misuse are dropped first: what
// the user did is what the flow is about.
func (l *Login) Record(more []*wire.Exchange) {
	steps, size := slices.Concat(l.Steps, more), 0
	for _, e := range steps {
		size += e.Size()
	}
	for len(steps) > maxSteps || size > maxStepsSize {
		oldest := max(0, slices.IndexFunc(steps, func(e *wire.Exchange) bool { return e.Try != "" }))
		size -= steps[oldest].Size()
		steps = slices.Delete(steps, oldest, oldest+1)
	}
	l.Steps = steps
}

// size is about what a login costs in memory, in bytes.
func (l *Login) size() int {
	n := 2048 + len(l.Callback)
	if !slices.ContainsFunc(l.Steps, func(e *wire.Exchange) bool { return e.ResponseBody == l.Response.JSON }) {
		n += len(l.Response.JSON) // which the tokens are parts of
	}
	for _, e := range slices.Concat(l.Steps, l.Request.Before) {
		n += e.Size()
	}
	return n
}
