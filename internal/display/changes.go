package display

import (
	"time"

	"oauth-test-client/internal/flow"
	"oauth-test-client/internal/oauth"
)

// Changes lists what a refresh changed.
func Changes(t, next oauth.Tokens) []flow.Change {
	changed := func(name, old, new string, show func(string) string) flow.Change {
		return flow.Change{Name: name, Old: show(old), New: show(new), Changed: old != new}
	}
	whole := func(s string) string { return s }
	return []flow.Change{
		changed("access_token", t.Access, next.Access, flow.Shorten),
		changed("refresh_token", t.Refresh, next.Refresh, flow.Shorten),
		changed("id_token", t.ID, next.ID, flow.Shorten),
		changed("scope", t.Scope, next.Scope, whole),
		changed("expires", showExpiry(t.Expires), showExpiry(next.Expires), whole),
	}
}

func showExpiry(t time.Time) string {
	if t.IsZero() {
		return "not known"
	}
	return t.UTC().Format(time.RFC3339)
}
