//go:build interop

package acceptance

import (
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
)

// With third-party servers, a redirect URI that does not lead here is checked, and the login goes through the form.
func TestInterop_Pasted(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, configuration string
		start               func(t *testing.T, configuration, redirectURI string) foreign
		uri                 string
	}{
		{"oidc-provider, a production redirect URI", "basic-only", startOIDCProvider, "https://app.example.com/callback"},
		{"oidc-provider, pushed, with a query of its own", "par-required", startOIDCProvider, "https://app.example.com/callback?tenant=a"},
		{"oidc-provider, a scheme of an app's", "public", startOIDCProvider, "com.example.app:/callback"},
		{"Ory fosite, https on localhost", "", startFosite, "https://localhost:3000/callback"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if row.configuration != "" {
				needsNode(t, "oidc-provider")
			}
			f := row.start(t, row.configuration, row.uri)
			f.env["REDIRECT_URI"] = row.uri
			f.whole(t, testserver.FreePort(t))
		})
	}
}

// check reports whether the configured redirect URI is registered, and names its variable.
func TestInterop_CheckElsewhere(t *testing.T) {
	t.Parallel()
	needsNode(t, "oidc-provider")
	f := startOIDCProvider(t, "basic-only", "https://app.example.com/callback")
	f.env["REDIRECT_URI"] = "https://app.example.com/callback"
	r := checksOf(t, f.env)
	if text := checkText(r); !strings.Contains(text, "redirect_uri: registered; https://app.example.com/callback") {
		t.Errorf("the redirect URI is registered, and check says\n%s", text)
	}
	f.env["REDIRECT_URI"] = "http://app.localhost:8080/callback"
	wantFails(t, checksOf(t, f.env), "redirect_uri", "REDIRECT_URI", "Add http://app.localhost:8080/callback")

	f = startOIDCProvider(t, "basic-only", "https://app.example.com/callback/")
	f.env["REDIRECT_URI"] = "https://app.example.com/callback"
	wantFails(t, checksOf(t, f.env), "redirect_uri", "REDIRECT_URI", "Write REDIRECT_URI=https://app.example.com/callback/")
}
