package resource

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// TestKind has a row for every kind of error of this package: what an API or a server does, and what is said of it. At the
// end no kind may be left without one.
func TestKind(t *testing.T) {
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
			w.route("GET https://api.example/v1/notes", nil)
			w.route("GET "+theAPIMetadata, nil)
		}), oauth.Error{Step: wire.APIAsked, Kind: oauth.APINotFound, Answer: oauth.Answer{URL: "https://api.example/v1/notes", Status: 404}}},
		{"an API that fails", begin(nil, func(w *world) {
			w.at("GET https://api.example/v1/notes", 500, `{"message":"m"}`)
			w.route("GET "+theAPIMetadata, nil)
		}), oauth.Error{Step: wire.APIAsked, Kind: oauth.ServerFailed, Answer: oauth.Answer{Status: 500, Refusal: wire.Refusal{Words: "m"}}}},
		{"an API that wants fewer requests", begin(nil, func(w *world) {
			w.at("GET https://api.example/v1/notes", 429, "")
			w.route("GET "+theAPIMetadata, nil)
		}), oauth.Error{Step: wire.APIAsked, Kind: oauth.Refused, Answer: oauth.Answer{Status: 429}}},
		{"no resource metadata", begin(nil, func(w *world) {
			w.at("GET https://api.example/v1/notes", 401, "")
			w.route("GET "+theAPIMetadata, nil)
		}), oauth.Error{Step: wire.ResourceMetadata, Kind: oauth.ResourceMetadataAbsent}},
		{"resource metadata that is named, and not there", begin(nil, func(w *world) { w.route("GET "+theAPIMetadata, nil) }),
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
		{"a document for a client", begin(map[string]string{"CLIENT_ID": "https://b.example/client.json"}, func(*world) {}),
			oauth.Error{Step: wire.Registration, Kind: oauth.ClientDocumentUnsupported}},
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
	for kind, name := range kinds(t) {
		if !seen[kind] {
			t.Errorf("%s has no row", name)
		}
	}
}

// kinds returns the kinds of package oauth that nothing there names, and checks that this package names each.
func kinds(t *testing.T) map[oauth.Kind]string {
	t.Helper()
	declared, there, here := map[oauth.Kind]string{}, map[string]bool{}, map[string]bool{}
	for _, file := range parsed(t, "../oauth/*.go") {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				if of, ok := n.Type.(*ast.Ident); !ok || of.Name != "Kind" {
					return true
				}
				value, err := strconv.Unquote(n.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				declared[oauth.Kind(value)] = n.Names[0].Name
				return false
			case *ast.Ident:
				there[n.Name] = true
			}
			return true
		})
	}
	for _, file := range parsed(t, "*.go") {
		ast.Inspect(file, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				here[id.Name] = true
			}
			return true
		})
	}
	for kind, name := range declared {
		if there[name] {
			delete(declared, kind)
		} else if !here[name] {
			t.Errorf("nothing names %s", name)
		}
	}
	if len(declared) < 10 {
		t.Errorf("%d kinds are this package's: this test looks at nothing", len(declared))
	}
	return declared
}

// parsed returns the files of a pattern that are no tests.
func parsed(t *testing.T, pattern string) []*ast.File {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	var list []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, file)
	}
	return list
}

// No error is made without a kind.
func TestKind_OfEveryError(t *testing.T) {
	t.Parallel()
	made := 0
	for _, file := range parsed(t, "*.go") {
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			if of, ok := literal.Type.(*ast.SelectorExpr); !ok || of.Sel.Name != "Error" {
				return true
			}
			made++
			for _, element := range literal.Elts {
				if pair, ok := element.(*ast.KeyValueExpr); ok && pair.Key.(*ast.Ident).Name == "Kind" {
					return true
				}
			}
			t.Errorf("%s makes an error without a kind", file.Name)
			return true
		})
	}
	if made < 4 {
		t.Errorf("%d errors are made: this test looks at nothing", made)
	}
}
