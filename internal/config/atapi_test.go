package config

import (
	"path/filepath"
	"strings"
	"testing"
)

// RESOURCE_URL is where the login begins when nothing else says which server is meant.
func TestLoad_AtAPI(t *testing.T) {
	const (
		api       = "RESOURCE_URL=https://api.example.com/mcp\n"
		document  = "CLIENT_ID=https://client.example/document\n"
		issuer    = "ISSUER=https://auth.example.com\n"
		endpoints = "AUTHORIZATION_ENDPOINT=https://a.example/a\nTOKEN_ENDPOINT=https://a.example/t\n"
		clerkKey  = "CLERK_PUBLISHABLE_KEY=pk_test_Y2xlcmsuZXhhbXBsZS5jb20k\n"
		store     = "SESSION_STORE=redis://localhost\nSESSION_SECRET=0123456789abcdefgh\n"
	)
	for _, row := range []struct{ name, file, want string }{
		{"alone", api, "at the API, asks for what the API wants"},
		{"with scopes", api + "SCOPES='a b'\n", "at the API, asks for [a b]"},
		{"with no scopes", api + "SCOPES=\n", "at the API, asks for []"},
		{"with a client", api + "CLIENT_ID=a\nCLIENT_SECRET='a-secret-0123'\n", "at the API, asks for what the API wants"},
		{"with a client's document", api + document, "at the API, asks for what the API wants, reads a document"},
		{"with an issuer", api + issuer + "CLIENT_ID=a\n", "at https://auth.example.com, asks for [openid profile email]"},
		{"an https client ID at an issuer", api + issuer + document, "at https://auth.example.com, asks for [openid profile email]"},
		{"with endpoints", api + endpoints + "CLIENT_ID=a\n", "at , asks for [openid profile email]"},
		{"with a Clerk key", api + clerkKey + "CLIENT_ID=a\n", "at https://clerk.example.com, asks for [openid profile email]"},
		{"of the demo itself", "RESOURCE_URL=http://localhost:3000/demo/api/notes\n", "at http://localhost:3000/demo, asks for [openid profile email]"},
		{"of another demo", "PORT=3001\nRESOURCE_URL=http://localhost:3000/demo/api/notes\n", "at the API, asks for what the API wants"},
		{"a secret without its ID", api + "CLIENT_SECRET=a-secret-0123\n", "refused: CLIENT_ID"},
		{"a method without an ID", api + "TOKEN_ENDPOINT_AUTH_METHOD=none\n", "refused: TOKEN_ENDPOINT_AUTH_METHOD"},
		{"a document with a secret", api + document + "CLIENT_SECRET='a-secret-0123'\n", "refused: CLIENT_SECRET"},
		{"a store without a client", api + store, "refused: CLIENT_ID"},
		{"a store with a client", api + "CLIENT_ID=a\n" + store, "at the API, asks for what the API wants"},
		{"a placeholder", api + "CLIENT_ID=your-client-id\n", "refused: CLIENT_ID"},
		{"an issuer that is misspelt", "ISUER=https://auth.example.com\n" + api, "refused: test.env"},
		{"plain http", "RESOURCE_URL=http://api.example.com/\n", "refused: RESOURCE_URL"},
	} {
		t.Run(row.name, func(t *testing.T) {
			cfg, err := Load(env(nil), writeFile(t, "test.env", row.file), true)
			got := saysWhere(cfg)
			if err != nil {
				name, _, _ := strings.Cut(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == ' ' || r == ':' })[0], " ")
				got = "refused: " + filepath.Base(name)
			}
			if got != row.want {
				t.Errorf("got %q (%v); want %q", got, err, row.want)
			}
		})
	}
}

func saysWhere(cfg Config) string {
	says := "at " + cfg.Issuer + ", asks for [" + strings.Join(cfg.Scopes, " ") + "]"
	if cfg.AtAPI {
		says = "at the API, asks for [" + strings.Join(cfg.Scopes, " ") + "]"
	}
	if cfg.AtAPI && cfg.ScopesUnset {
		says = "at the API, asks for what the API wants"
	}
	if cfg.IsClientDocument() {
		says += ", reads a document"
	}
	return says
}
