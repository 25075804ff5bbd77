package causes

import (
	"slices"
	"strings"
	"testing"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
)

func settingsForFixes() config.Effective {
	return config.Config{Issuer: "https://id.example.com", BaseURL: "http://localhost:3000", Port: "3000", ClientID: "c",
		ClientSecret: "a-secret-of-ours-51", Scopes: []string{"profile", "email"}, ResourceURL: "https://api.example.com/me"}.Effective()
}

// Each fix has the form that what is known allows: a line to write, a value to add, or a place to look at.
func TestFix(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  Name
		facts Facts
		kind  FixKind
		line  string
	}{
		{RedirectURINotRegistered, Facts{}, Add, "http://localhost:3000/oauth_callback"},
		{RedirectURINotRegistered, Facts{Value: "http://127.0.0.1:3000/oauth_callback"}, Change, "BASE_URL=http://127.0.0.1:3000"},
		{RedirectURILocalhost, Facts{}, Change, "BASE_URL=http://127.0.0.1:3000"},
		{ClientIDUnknown, Facts{}, Look, ""},
		{ClientSecretWrong, Facts{}, Look, ""},
		{ClientIsPublic, Facts{}, Change, "CLIENT_SECRET="},
		{ClientSecretNotDecoded, Facts{Value: "client_secret_post"}, Change, "TOKEN_ENDPOINT_AUTH_METHOD=client_secret_post"},
		{AuthMethodWrong, Facts{Method: "client_secret_post"}, Change, "TOKEN_ENDPOINT_AUTH_METHOD=client_secret_basic"},
		{AuthMethodWrong, Facts{Method: "client_secret_basic"}, Change, "TOKEN_ENDPOINT_AUTH_METHOD=client_secret_post"},
		{ScopeNotEnabled, Facts{Refused: []string{"email"}}, Change, "SCOPES='profile'"},
		{ScopeNotEnabled, Facts{Words: `the scope "email" is not enabled`}, Change, "SCOPES='profile'"},
		{ScopeNotEnabled, Facts{}, Look, ""},
		{OpenIDMissing, Facts{}, Change, "SCOPES='openid profile email'"},
		{IssuerDiffers, Facts{Value: "https://id.example.com/"}, Change, "ISSUER=https://id.example.com/"},
		{IssuerDiffers, Facts{}, Look, ""},
		{IssuerDiffers, Facts{Value: "https://id.example.com"}, Look, ""}, // what it says already
		{PARRequired, Facts{}, Change, "PAR=on"},
		{AccessDenied, Facts{}, Look, ""},
	} {
		row.facts.Cfg = settingsForFixes()
		got := Of(row.name).fix(row.facts)
		if got.Kind != row.kind || got.Line != row.line || got.Text == "" {
			t.Errorf("%s with %+v: %+v; want %s %q", row.name, row.facts.Value, got, row.kind, row.line)
		}
	}
}

// No fix holds the secret, nor what looks like one in the wrong line.
func TestFix_HoldsNoSecret(t *testing.T) {
	t.Parallel()
	cfg := settingsForFixes()
	cfg.ClientID = "sk_test_of-the-wrong-line"
	for _, c := range Table {
		fix := c.fix(Facts{Cfg: cfg})
		if text := fix.Where + fix.Line + fix.Old + fix.Text; strings.Contains(text, cfg.ClientSecret) || c.Name != AccessTokenMissing && strings.Contains(text, cfg.ClientID) {
			t.Errorf("%s: %+v", c.Name, fix)
		}
	}
}

// A refused scope is corrected where one letter or two are wrong, and left out otherwise.
func TestFixScopes_NearMiss(t *testing.T) {
	t.Parallel()
	for refused, want := range map[string]string{"profil": "SCOPES='openid profile'", "porfile": "SCOPES='openid profile'", "read:everything": "SCOPES='openid'"} {
		cfg := settingsForFixes()
		cfg.Scopes = []string{"openid", refused}
		fix := Of(ScopeNotEnabled).fix(Facts{Cfg: cfg, Refused: []string{refused}})
		if fix.Line != want || strings.Contains(fix.Text, "Did you mean") != strings.Contains(want, "profile") {
			t.Errorf("%s: %s (%s); want %s", refused, fix.Line, fix.Text, want)
		}
	}
	if got := nearScope("email", nil); got != "" {
		t.Errorf("email is near %s", got)
	}
}

// The provider is known by its host, and has a word for each setting.
func TestProviderOf(t *testing.T) {
	t.Parallel()
	for issuer, want := range map[string]string{
		"https://tenant.eu.auth0.com/":                                 "Auth0",
		"https://dev-1.okta.com/oauth2/default":                        "Okta",
		"https://login.microsoftonline.com/x/v2.0":                     "Microsoft Entra",
		"https://accounts.google.com":                                  "Google",
		"https://sso.example.com/realms/a":                             "Keycloak",
		"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf": "Amazon Cognito",
		"https://evilauth0.com":                                        "",
		"https://x.example":                                            "",
	} {
		if got := ProviderOf(config.Config{Issuer: issuer}.Effective()).Name; got != want {
			t.Errorf("the provider of %s is %q; want %q", issuer, got, want)
		}
	}
	for address, want := range map[string]string{"https://github.com/login/oauth/authorize": "GitHub", "https://accounts.spotify.com/authorize": "Spotify"} {
		if got := ProviderOf(config.Config{Endpoints: config.Endpoints{Authorization: address}}.Effective()).Name; got != want {
			t.Errorf("the provider of %s is %q; want %q", address, got, want)
		}
	}
	for _, p := range slices.Concat(providers, []Provider{clerk, anyProvider}) {
		for s := range anyProvider.Fields {
			if p.Fields[s] == "" {
				t.Errorf("%s has no word for %s", p.Name, s)
			}
		}
	}
}

// What a server wants for a refresh token or a JWT is one line of .env, beside the parameters that are there. One that
// holds a secret is not repeated.
func TestFix_AuthorizationParams(t *testing.T) {
	t.Parallel()
	const jwt = "eyJhbGciOiJFUzI1NiJ9.e30.c2ln"
	for _, row := range []struct {
		name       Name
		issuer     string
		parameters config.Parameters
		line, text string
	}{
		{NoRefreshToken, "https://accounts.google.com", nil, "AUTHORIZATION_PARAMS='access_type=offline&prompt=consent'", ""},
		{NoRefreshToken, "https://accounts.google.com", config.Parameters{"hd": "example.com", "prompt": "none"},
			"AUTHORIZATION_PARAMS='access_type=offline&hd=example.com&prompt=consent'", ""},
		{NoRefreshToken, "https://www.dropbox.com", nil, "AUTHORIZATION_PARAMS=token_access_type=offline", ""},
		{NoRefreshToken, "https://www.dropbox.com", config.Parameters{"token_access_type": "offline"}, "", "Look at AUTHORIZATION_PARAMS in .env."},
		{NoRefreshToken, "https://accounts.google.com", config.Parameters{"login_ticket": "secret-ticket-1"}, "", "Add access_type=offline&prompt=consent to AUTHORIZATION_PARAMS in .env."},
		{NoRefreshToken, "https://accounts.google.com", config.Parameters{"x": jwt}, "", "Add access_type=offline&prompt=consent to AUTHORIZATION_PARAMS in .env."},
		{NoRefreshToken, "https://id.example.com", nil, "SCOPES='profile email offline_access'", ""},
		{AccessTokenOpaque, "https://tenant.eu.auth0.com/", nil, "", "Write AUTHORIZATION_PARAMS='audience=<API identifier>' in .env"},
		{AccessTokenOpaque, "https://id.example.com", nil, "", "AUTHORIZATION_PARAMS='audience=<API identifier>' in .env, or resource="},
	} {
		cfg := settingsForFixes()
		cfg.Issuer, cfg.Parameters = row.issuer, row.parameters
		fix := Of(row.name).fix(Facts{Cfg: cfg})
		all := fix.Line + fix.Old + fix.Text
		if fix.Line != row.line || !strings.Contains(fix.Text, row.text) || strings.Contains(all, jwt) || strings.Contains(all, "secret-ticket-1") {
			t.Errorf("%s at %s with %v: %+v", row.name, row.issuer, row.parameters, fix)
		}
	}
}

// A registration that is refused is turned on only where it was off, and not where the server wants a token or another request.
func TestFixByHand(t *testing.T) {
	t.Parallel()
	plain, atClerk := settingsForFixes(), settingsForFixes()
	atClerk.Clerk = true
	for _, row := range []struct {
		name   string
		cfg    config.Effective
		kind   oauth.Kind
		status int
		words  string
		turnOn bool
	}{
		{"an initial access token", plain, oauth.Refused, 401, "initial access token", false},
		{"not allowed", plain, oauth.Refused, 403, "initial access token", false},
		{"its redirect URI", plain, oauth.Refused, 400, "Create an OAuth application", false},
		{"not offered", plain, oauth.RegistrationNotOffered, 0, "Create an OAuth application", false},
		{"Clerk, off", atClerk, oauth.Refused, 422, "Dynamic client registration", true},
		{"Clerk, not offered", atClerk, oauth.RegistrationNotOffered, 0, "Dynamic client registration", true},
		{"Clerk, its redirect URI", atClerk, oauth.Refused, 400, "Create an OAuth application", false},
	} {
		fix := fixByHand(Facts{Cfg: row.cfg, Kind: row.kind, Status: row.status})
		if !strings.Contains(fix.Text, row.words) || strings.Contains(fix.Text, "Turn on") != row.turnOn {
			t.Errorf("%s: %s", row.name, fix.Text)
		}
	}
}

// GitHub names an issuer of its own since April 2026; what else comes back as iss is never advised.
func TestFix_ResponseIssuer(t *testing.T) {
	t.Parallel()
	cfg := settingsForFixes()
	cfg.Issuer = "https://github.com"
	for found, want := range map[string]FixKind{"https://github.com/login/oauth": Change, "https://evil.example": Look} {
		if fix := Of(ResponseIssuerDiffers).fix(Facts{Cfg: cfg, Found: found}); fix.Kind != want || strings.Contains(fix.Line, "evil") {
			t.Errorf("%s: %s %q", found, fix.Kind, fix.Line)
		}
	}
	cfg.Issuer = "https://id.example.com"
	if fix := Of(ResponseIssuerDiffers).fix(Facts{Cfg: cfg, Found: "https://github.com/login/oauth"}); fix.Kind != Look {
		t.Errorf("at another server: %s %q", fix.Kind, fix.Line)
	}
}

// A client that this app has registered at Clerk gets its scopes from the instance; one from the dashboard has its own.
func TestFixScopes_Registered(t *testing.T) {
	t.Parallel()
	cfg := settingsForFixes()
	cfg.Clerk, cfg.Found.Client = true, new(config.RegisteredClient)
	if fix := fixScopes(Facts{Cfg: cfg, Refused: []string{"email"}}); !strings.Contains(fix.Text, "Default scopes") || fix.Kind != Look {
		t.Errorf("registered: %s %s", fix.Kind, fix.Text)
	}
	cfg.Found.Client = nil
	if fix := fixScopes(Facts{Cfg: cfg, Refused: []string{"email"}}); strings.Contains(fix.Text, "Default scopes") || fix.Kind != Change {
		t.Errorf("from the dashboard: %s %s", fix.Kind, fix.Text)
	}
}

// A fix names the place where its variable is set, in its sentence and in its parts.
func TestFinding_In(t *testing.T) {
	t.Parallel()
	cfg := config.Config{Issuer: "https://a.example/", ClientSecret: "a-secret-of-ours"}.Effective()
	for place, want := range map[string][]string{
		".env":      {"Write ISSUER=https://a.example in .env.", "In .env", "In .env, paste CLIENT_SECRET again from your server's dashboard."},
		"other.env": {"Write ISSUER=https://a.example in other.env.", "In other.env", "In other.env, paste CLIENT_SECRET again from your server's dashboard."},
		Environment: {"Set ISSUER=https://a.example in the environment.", "In the environment", "In the environment, paste CLIENT_SECRET again from your server's dashboard."},
	} {
		asked := ""
		at := func(variable string) string { asked = variable; return place }
		f := Found(Fail, IssuerDiffers, Facts{Cfg: cfg, Value: "https://a.example"}).In(at)
		if f.Fix != want[0] || f.Remedy.Text != want[0] || f.Remedy.Where != want[1] || asked != "ISSUER" {
			t.Errorf("%s: %q, %+v of %s", place, f.Fix, f.Remedy, asked)
		}
		if f := Found(Fail, ClientSecretWrong, Facts{Cfg: cfg}).In(at); !strings.HasPrefix(f.Fix, want[2]) {
			t.Errorf("%s: %q; want %q", place, f.Fix, want[2])
		}
	}
	if f := Found(Fail, ClientSecretWrong, Facts{Cfg: cfg}); f.In(nil) != f {
		t.Error("without a place the finding is another one")
	}
}
