package resource

import (
	"net/http"
	"strings"
	"testing"

	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// An API that gives no answer is named, with what came of it, at the step of asking it.
func TestAPIUnreachable(t *testing.T) {
	w := newWorld(t, nil)
	w.At("GET https://api.example/v1/notes", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	_, err := w.begin(t)
	wantError(t, err, oauth.CodeUnreachable, "The API https://api.example/v1/notes closed the connection")
	if failed, ok := err.(*oauth.Error); ok && failed.Step != wire.APIAsked {
		t.Errorf("the step is %q", failed.Step)
	}
}

// Of several challenges the one that names metadata counts, or else the first that names scopes.
func TestChallengeOf(t *testing.T) {
	const first, second, metadata = `Bearer scope="a"`, `Basic realm="b"`, `Bearer resource_metadata="https://api.example/m"`
	for _, row := range []struct {
		challenges  []string
		name, value string
	}{
		{[]string{first, second}, "scope", "a"},
		{[]string{second, first}, "scope", "a"},
		{[]string{second}, "realm", "b"},
		{[]string{first, metadata, second}, "resource_metadata", "https://api.example/m"},
		{[]string{first + ", " + metadata}, "resource_metadata", "https://api.example/m"},
	} {
		e := &wire.Exchange{ResponseHeader: wire.NewHeader(http.Header{"Www-Authenticate": row.challenges})}
		if got := challengeOf(e); got[row.name] != row.value {
			t.Errorf("%q: %v", row.challenges, got)
		}
	}
	if got := challengeOf(new(wire.Exchange)); got != nil {
		t.Errorf("without a challenge: %v", got)
	}
}

// Where an API has more scopes than a request can carry, a client is registered with those that are asked for.
func TestRegistrationOfTooManyScopes(t *testing.T) {
	for scopes, want := range map[string]string{"notes": `"scope":"a notes"}`, strings.Repeat("x", 5000): `"scope":"a"}`} {
		w := newWorld(t, map[string]string{"SCOPES": "a"})
		w.document("GET "+theAPIMetadata, apiDocument(map[string]any{"scopes_supported": []string{scopes}}))
		if _, err := w.begin(t); err != nil {
			t.Fatal(err)
		}
		if got := w.posted[len(w.posted)-1]; !strings.HasSuffix(got, want) {
			t.Errorf("asked was for %.300s; want %s", got, want)
		}
	}
}
