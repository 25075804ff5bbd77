package resource

import (
	"errors"
	"strings"
	"testing"

	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// TestKind_EachHasRow has a row for every kind of error of this package: what an API or a server does, and what is said of it. At the
// end no kind may be left without one.
func TestKind_EachHasRow(t *testing.T) {
	begin := func(env map[string]string, spoil func(w *world)) func(t *testing.T) error {
		return func(t *testing.T) error {
			w := newWorld(t, env)
			spoil(w)
			_, err := w.begin(t)
			return err
		}
	}
	rows := []struct {
		name string
		do   func(t *testing.T) error
		want oauth.Error
	}{
		{"no API there", begin(nil, func(w *world) {
			w.At("GET https://api.example/v1/notes", nil)
			w.At("GET "+theAPIMetadata, nil)
		}), oauth.Error{Step: wire.APIAsked, Kind: oauth.APINotFound, Answer: oauth.Answer{URL: "https://api.example/v1/notes", Status: 404}}},
		{"an API that fails", begin(nil, func(w *world) {
			w.at("GET https://api.example/v1/notes", 500, `{"message":"m"}`)
			w.At("GET "+theAPIMetadata, nil)
		}), oauth.Error{Step: wire.APIAsked, Kind: oauth.ServerFailed, Answer: oauth.Answer{Status: 500, Refusal: wire.Refusal{Words: "m"}}}},
		{"an API that wants fewer requests", begin(nil, func(w *world) {
			w.at("GET https://api.example/v1/notes", 429, "")
			w.At("GET "+theAPIMetadata, nil)
		}), oauth.Error{Step: wire.APIAsked, Kind: oauth.Refused, Answer: oauth.Answer{Status: 429}}},
		{"no resource metadata", begin(nil, func(w *world) {
			w.at("GET https://api.example/v1/notes", 401, "")
			w.At("GET "+theAPIMetadata, nil)
		}), oauth.Error{Step: wire.ResourceMetadata, Kind: oauth.ResourceMetadataAbsent}},
		{"resource metadata that is named, and not there", begin(nil, func(w *world) { w.At("GET "+theAPIMetadata, nil) }),
			oauth.Error{Step: wire.ResourceMetadata, Kind: oauth.ResourceMetadataUnusable}},
		{"resource metadata of another", begin(nil, func(w *world) {
			w.document("GET "+theAPIMetadata, apiDocument(map[string]any{"resource": "https://b.example"}))
		}), oauth.Error{Step: wire.ResourceMetadata, Kind: oauth.ResourceMetadataOfAnother}},
		{"scopes without end", begin(nil, func(w *world) {
			w.document("GET "+theAPIMetadata, apiDocument(map[string]any{"scopes_supported": []string{strings.Repeat("a", 2000)}}))
		}), oauth.Error{Step: wire.ResourceMetadata, Kind: oauth.ResourceScopes}},
		{"no servers", begin(nil, func(w *world) {
			w.document("GET "+theAPIMetadata, apiDocument(map[string]any{"authorization_servers": nil}))
		}), oauth.Error{Step: wire.ResourceMetadata, Kind: oauth.ResourceServers}},
		{"no registration", begin(nil, func(w *world) {
			w.document("GET "+theServerMetadata, serverDocument(map[string]any{"registration_endpoint": nil}))
		}), oauth.Error{Step: wire.Registration, Kind: oauth.RegistrationNotOffered}},
		{"registration on http", begin(nil, func(w *world) {
			w.document("GET "+theServerMetadata, serverDocument(map[string]any{"registration_endpoint": "http://b.example/"}))
		}), oauth.Error{Step: wire.Registration, Kind: oauth.RegistrationEndpoint}},
		{"registration without a client", begin(nil, func(w *world) { w.at("POST https://auth.example/register", 201, `{}`) }),
			oauth.Error{Step: wire.Registration, Kind: oauth.RegistrationUnusable, Answer: oauth.Answer{Status: 201}}},
		{"registration is refused", begin(nil, func(w *world) {
			w.at("POST https://auth.example/register", 422, `{"errors":{"redirect_uris":["must be https"]}}`)
		}),
			oauth.Error{Step: wire.Registration, Kind: oauth.Refused, Answer: oauth.Answer{Status: 422, Refusal: wire.Refusal{Words: "redirect_uris: must be https", Field: "redirect_uris"}}}},
		{"a client of another server", func(t *testing.T) error {
			w := newWorld(t, map[string]string{"CLIENT_ID": "a", "CLIENT_SECRET": "b"})
			if _, err := w.begin(t); err != nil {
				return err
			}
			w.document("GET "+theAPIMetadata, apiDocument(map[string]any{"authorization_servers": []string{"https://b.example"}}))
			w.document("GET https://b.example/.well-known/openid-configuration", serverDocument(map[string]any{"issuer": "https://b.example"}))
			_, err := w.begin(t)
			return err
		}, oauth.Error{Step: wire.Registration, Kind: oauth.ClientOfAnotherServer}},
	}
	seen := map[oauth.Kind]bool{}
	for _, row := range rows {
		seen[row.want.Kind] = true
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			err := row.do(t)
			e, ok := errors.AsType[*oauth.Error](err)
			if !ok {
				t.Fatalf("the error is %v", err)
			}
			if e.Step != row.want.Step || e.Kind != row.want.Kind {
				t.Errorf("%q at %q; want %q at %q", e.Kind, e.Step, row.want.Kind, row.want.Step)
			}
			got, want := e.Answer, row.want.Answer
			if want.URL != "" && got.URL != want.URL || want.Status != 0 && got.Status != want.Status ||
				want.Refusal.Words != "" && got.Refusal.Words != want.Refusal.Words || want.Refusal.Field != "" && got.Refusal.Field != want.Refusal.Field {
				t.Errorf("the answer is %+v; want %+v", got, want)
			}
		})
	}
	files := testserver.Sources(t, "../oauth/*.go")
	there, here := testserver.UsedIn(files), testserver.UsedIn(testserver.Sources(t, "*.go"))
	ours := 0
	for kind, name := range testserver.ConstantsOf(t, files, "Kind") {
		if there[name] {
			continue // it has its row there
		}
		if ours++; !here[name] || !seen[oauth.Kind(kind)] {
			t.Errorf("nothing names %s, or it has no row", name)
		}
	}
	if ours < 10 {
		t.Errorf("%d kinds are this package's: this test looks at nothing", ours)
	}
}

// No error is made without a kind.
func TestKind_OfEveryError(t *testing.T) {
	t.Parallel()
	testserver.WantErrorKinds(t, testserver.Sources(t, "*.go"), 4)
}
