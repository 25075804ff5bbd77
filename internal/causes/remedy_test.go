package causes

import (
	"strings"
	"testing"

	"oauth-test-client/internal/config"
)

// Every cause has a title that fits a heading and says no name of ours.
func TestEveryNameHasATitle(t *testing.T) {
	for name, title := range titles {
		if len(title) > 60 || strings.HasSuffix(title, ".") {
			t.Errorf("%s: the title %q is no heading", name, title)
		}
		if name.Title() != title {
			t.Errorf("%s: Title() = %q", name, name.Title())
		}
	}
	for _, name := range declaredNames(t) {
		if Name(name).Title() == "" {
			t.Errorf("%s has no title", name)
		}
	}
}

// The line to write is whole, names a variable of ours or is the redirect URI, and holds no secret.
func TestRemedy(t *testing.T) {
	cfg := config.Config{Issuer: "https://id.example.com", BaseURL: "http://localhost:3000", Port: "3000", ClientID: "c",
		ClientSecret: "a-secret-of-ours-51", Scopes: []string{"profile", "email"}, ResourceURL: "https://api.example.com/me"}
	for name, want := range map[Name]string{
		RedirectURINotRegistered: "http://localhost:3000/oauth_callback",
		RedirectURIIPAddress:     "BASE_URL=http://localhost:3000",
		ClientIDUnknown:          "CLIENT_ID=",
		ClientSecretWrong:        "CLIENT_SECRET=",
		ClientIsPublic:           "CLIENT_SECRET=",
		ClientSecretNotDecoded:   "TOKEN_ENDPOINT_AUTH_METHOD=client_secret_post",
		ScopeNotEnabled:          "SCOPES='profile email'",
		OpenIDMissing:            "SCOPES='openid profile email'",
		IssuerDiffers:            "ISSUER=https://id.example.com",
		APIUnreachable:           "RESOURCE_URL=https://api.example.com/me",
		AccessDenied:             "",
		"":                       "",
	} {
		if got := RemedyOf(cfg, "client_secret_post", name); got.Line != want || (want != "") != (got.Where != "") {
			t.Errorf("%q: %+v; want the line %q", name, got, want)
		}
	}
	for method, want := range map[string]string{"client_secret_post": "client_secret_basic", "client_secret_basic": "client_secret_post"} {
		if got := RemedyOf(cfg, method, AuthMethodWrong).Line; got != "TOKEN_ENDPOINT_AUTH_METHOD="+want {
			t.Errorf("the other method of %s: %s", method, got)
		}
	}
	for clerk, want := range map[bool]string{false: "ISSUER=https://id.example.com", true: "CLERK_PUBLISHABLE_KEY="} {
		at := cfg
		at.Clerk = clerk // then .env has the key, and no issuer
		if got := RemedyOf(at, "", ServerNotFound); got.Line != want {
			t.Errorf("no server found, at Clerk %v: %+v; want the line %q", clerk, got, want)
		}
	}
	for _, name := range declaredNames(t) {
		if r := RemedyOf(cfg, "", Name(name)); strings.Contains(r.Where+r.Line, cfg.ClientSecret) {
			t.Errorf("%s: the line holds the secret", name)
		}
	}
}
