package resource

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// An API that gives no answer is named, with what came of it, at the step of asking it.
func TestFindResource_Unreachable(t *testing.T) {
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
func TestRegistration_TooManyScopes(t *testing.T) {
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

// The metadata of an API is at the well-known address with its path and its query, then without.
func TestWellKnownResource(t *testing.T) {
	t.Parallel()
	const wellKnown = "https://api.example/.well-known/oauth-protected-resource"
	for address, want := range map[string][]string{
		"https://api.example":          {wellKnown},
		"https://api.example/":         {wellKnown},
		"https://api.example/v1/a%2fb": {wellKnown + "/v1/a%2fb", wellKnown},
		"https://api.example/v1/?a=b":  {wellKnown + "/v1?a=b", wellKnown},
		"https://api.example?a=b":      {wellKnown + "?a=b", wellKnown},
		"http://[":                     nil,
	} {
		if got := wellKnownResource(address); !slices.Equal(got, want) {
			t.Errorf("of %s it is at %q; want %q", address, got, want)
		}
	}
}

// Metadata that does not say what it is about cannot be used; a refusal names the endpoint that refused.
func TestFindResource_NamesEndpoint(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.document("GET "+theAPIMetadata, apiDocument(map[string]any{"resource": nil}))
	_, err := w.begin(t)
	if e, ok := errors.AsType[*oauth.Error](err); !ok || e.Kind != oauth.ResourceMetadataUnusable || e.Step != wire.ResourceMetadata || e.Check != CheckDocument {
		t.Errorf("metadata about nothing: %+v", err)
	}
	w = newWorld(t, nil)
	w.at(theRegistration, 400, "")
	_, err = w.begin(t)
	if e, ok := errors.AsType[*oauth.Error](err); !ok || !strings.Contains(e.Description, "registration endpoint") || e.Kind != oauth.Refused {
		t.Errorf("a registration refused: %+v", err)
	}
	w.At(theRegistration, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	_, err = w.begin(t)
	wantError(t, err, oauth.CodeUnreachable, "The registration endpoint https://auth.example/register closed the connection")
}

// An address that an API names may be asked where it is a plain one, on https, and no nearer to us than the API.
func TestMayNotAsk(t *testing.T) {
	t.Parallel()
	const none, notHTTPS = "is not a URL that this app can request", "is not https"
	for _, row := range []struct{ address, api, want string }{
		{"https://a.example/b?c=d", "https://api.example", ""},
		{"https://a.example/b#", "https://api.example", none},
		{"https://u@a.example", "https://api.example", none},
		{"http://[", "https://api.example", none},
		{"https:///b", "https://api.example", none},
		{"https://a.example/" + strings.Repeat("x", 2000-len("https://a.example/")), "https://api.example", ""},
		{"https://a.example/" + strings.Repeat("x", 2001-len("https://a.example/")), "https://api.example", none},
		{"http://a.example", "https://api.example", notHTTPS},
		{"ftp://a.example", "https://api.example", notHTTPS},
		{"http://localhost:1/b", "http://localhost:2", ""},
		{"http://localhost:1/b", "https://api.example", ", and the API is not"},
	} {
		if got := MayNotAsk(row.address, row.api); !strings.Contains(got, row.want) || (got == "") != (row.want == "") {
			t.Errorf("%.40s, named by %s: %q; want %q", row.address, row.api, got, row.want)
		}
	}
	w := newWorld(t, nil)
	w.at("GET https://api.example/v1/notes", 401, "", "WWW-Authenticate", `Bearer resource_metadata="http://a.example/b"`)
	_, err := w.begin(t)
	if e, ok := errors.AsType[*oauth.Error](err); !ok || e.Kind != oauth.ResourceMetadataUnusable || e.Check != CheckDocument || !strings.Contains(e.Description, notHTTPS) {
		t.Errorf("metadata on http: %+v", err)
	}
	for _, issuer := range []string{"https://auth.example?y", "https://auth.example?"} {
		w = newWorld(t, nil)
		w.document("GET "+theAPIMetadata, apiDocument(map[string]any{"authorization_servers": []string{issuer}}))
		_, err = w.begin(t)
		wantError(t, err, oauth.CodeInvalidResource, "is not an issuer: it has a query")
	}
}

// If a registration succeeds with an answer that is too long, the error has its status.
func TestRegistration_TooLong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.At(theRegistration, func(rw http.ResponseWriter, _ *http.Request) {
		rw.WriteHeader(http.StatusCreated)
		rw.Write([]byte(strings.Repeat("x", 1<<20+1)))
	})
	_, err := w.begin(t)
	wantError(t, err, oauth.CodeNotRegistered, "The authorization server https://auth.example returned 201 for the registration, but ")
}
