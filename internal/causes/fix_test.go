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

// Each fix has the form that fits what is known: a line to write, a value to add, or a place to look at.
func TestFix_FormFitsFacts(t *testing.T) {
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
func TestFixByHand_OnlyWhereOff(t *testing.T) {
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

// with returns settings that differ in something.
func with(change func(*config.Effective)) config.Effective {
	cfg := settingsForFixes()
	change(&cfg)
	return cfg
}

// Each situation gets its own advice, and never that of another.
func TestFix_Situations(t *testing.T) {
	t.Parallel()
	const pasted = "http://localhost:8080/cb"
	plain := settingsForFixes()
	demo := with(func(c *config.Effective) { c.Demo, c.Issuer = true, "http://localhost:3000/demo" })
	atAPI := with(func(c *config.Effective) { c.AtAPI = true })
	atClerk := with(func(c *config.Effective) { c.Clerk = true })
	google := with(func(c *config.Effective) { c.Issuer = "https://accounts.google.com" })
	spotify := with(func(c *config.Effective) {
		c.Issuer, c.Endpoints.Authorization = "", "https://accounts.spotify.com/authorize"
	})
	spotifyByIP := with(func(c *config.Effective) {
		c.Issuer, c.Endpoints.Authorization, c.BaseURL = "", "https://accounts.spotify.com/authorize", "http://127.0.0.1:3000"
	})
	elsewhere := with(func(c *config.Effective) { c.RedirectOverride = pasted })
	spotifyElsewhere := with(func(c *config.Effective) {
		c.Issuer, c.Endpoints.Authorization, c.RedirectOverride = "", "https://accounts.spotify.com/authorize", pasted
	})
	registered := with(func(c *config.Effective) { c.Found.Client = new(config.RegisteredClient) })
	noIssuer := with(func(c *config.Effective) { c.Issuer = "" })
	jwks := with(func(c *config.Effective) { c.Endpoints.JWKS = "https://id.example.com/jwks" })
	token := with(func(c *config.Effective) { c.Endpoints.Token = "https://id.example.com/token" })
	userinfo := with(func(c *config.Effective) { c.Endpoints.Userinfo = "https://id.example.com/userinfo" })
	openID := with(func(c *config.Effective) { c.Scopes = []string{"openid", "email"} })
	offline := with(func(c *config.Effective) { c.Scopes = []string{"offline_access"} })
	noScopes := with(func(c *config.Effective) { c.Scopes = nil })
	unset := with(func(c *config.Effective) { c.ScopesUnset = true })
	fixesServer := func(f Facts) Fix { return chooseServer(f, "Nothing better.") }
	for _, row := range []struct {
		name  string
		fix   func(Facts) Fix
		facts Facts
		line  string // of a change or an addition
		text  string // some of the sentence
	}{
		{"a server that an API names", fixesServer, Facts{Cfg: atAPI, Value: "https://b.example"}, "", "No line in .env changes that"},
		{"the demo", fixesServer, Facts{Cfg: demo, Found: "https://b.example"}, "", "In demo mode"},
		{"the demo, with a slash", fixesServer, Facts{Cfg: demo, Found: "http://localhost:3000/demo/"}, "", "Nothing better."},
		{"Clerk, known", fixesServer, Facts{Cfg: atClerk, Value: "https://b.example"}, "", "write ISSUER=https://b.example"},
		{"Clerk", fixesServer, Facts{Cfg: atClerk}, "", "paste CLERK_PUBLISHABLE_KEY again"},
		{"known", fixesServer, Facts{Cfg: plain, Value: "https://b.example"}, "ISSUER=https://b.example", ""},
		{"an endpoint", fixesServer, Facts{Cfg: plain, Kind: oauth.EndpointMissing, Member: "token_endpoint"}, "", "write TOKEN_ENDPOINT= and"},
		{"a tenant", fixesServer, Facts{Cfg: plain, Found: "https://login.microsoftonline.com/{tenantid}/v2.0"}, "", "your tenant's ID"},
		{"401", fixesServer, Facts{Cfg: plain, Status: 401}, "", "refuses this app there (401)"},
		{"403", fixesServer, Facts{Cfg: plain, Status: 403}, "", "refuses this app there (403)"},
		{"404", fixesServer, Facts{Cfg: plain, Status: 404}, "", "Nothing better."},
		{"no issuer", fixesServer, Facts{Cfg: noIssuer}, "", "Check the host in AUTHORIZATION_ENDPOINT"},

		{"no issuer for the ID token", fixNoIssuer, Facts{Cfg: noIssuer}, "", "If the server has metadata, set ISSUER. Otherwise "},
		{"keys nowhere", fixKeys, Facts{Cfg: plain, Member: "jwks_uri"}, "", "write JWKS_URI="},
		{"keys of no server", fixKeys, Facts{Cfg: noIssuer, Member: "x"}, "", "RSA or EC signing key"},
		{"private keys", fixKeys, Facts{Cfg: plain, Kind: oauth.IDTokenKeyPrivate}, "", "Replace the server's signing keys"},
		{"keys with 500", fixKeys, Facts{Cfg: plain, Kind: oauth.IDTokenKeys, Status: 500}, "", "Try again."},
		{"keys with 499", fixKeys, Facts{Cfg: plain, Kind: oauth.IDTokenKeys, Status: 499}, "", "Fix this on the server: its metadata"},
		{"keys at JWKS_URI", fixKeys, Facts{Cfg: jwks, Kind: oauth.IDTokenKeys}, "", "Check JWKS_URI: the server's keys"},
		{"a key too few", fixKeys, Facts{Cfg: jwks, Kind: oauth.IDTokenKeyNotFound}, "", "RSA or EC signing key"},

		{"redirect", fixRedirect, Facts{Cfg: plain}, "http://localhost:3000/oauth_callback", "Add http"},
		{"redirect, registered by us", fixRedirect, Facts{Cfg: registered}, "", "Restart this app"},
		{"redirect, known", fixRedirect, Facts{Cfg: plain, Value: "http://127.0.0.1:3000/oauth_callback"}, "BASE_URL=http://127.0.0.1:3000", "or add http://localhost:3000"},
		{"redirect, known elsewhere", fixRedirect, Facts{Cfg: elsewhere, Value: "http://127.0.0.1:8080/cb"}, "REDIRECT_URI=http://127.0.0.1:8080/cb", "or add " + pasted},
		{"redirect, another path", fixRedirect, Facts{Cfg: plain, Value: "http://127.0.0.1:3000/other"}, "http://localhost:3000/oauth_callback", ""},
		{"redirect, no localhost", fixRedirect, Facts{Cfg: spotify}, "BASE_URL=http://127.0.0.1:3000", "and add http://127.0.0.1:3000/oauth_callback"},
		{"redirect, an address", fixRedirect, Facts{Cfg: spotifyByIP}, "http://127.0.0.1:3000/oauth_callback", ""},
		{"localhost elsewhere", fixLocalhost, Facts{Cfg: spotifyElsewhere}, "REDIRECT_URI=http://127.0.0.1:8080/cb",
			"Write REDIRECT_URI=http://127.0.0.1:8080/cb in .env, and add http://127.0.0.1:8080/cb ("},
		{"localhost, registered there", fixLocalhost, Facts{Cfg: spotify, Value: "http://127.0.0.1:3000/oauth_callback"}, "BASE_URL=http://127.0.0.1:3000", "in .env."},
		{"an IP address, known", fixIPAddress, Facts{Cfg: plain, Value: "http://127.0.0.1:3000/oauth_callback"}, "BASE_URL=http://127.0.0.1:3000", ""},
		{"an IP address", fixIPAddress, Facts{Cfg: spotifyByIP}, "BASE_URL=http://localhost:3000", ""},
		{"http, known", fixHTTPS, Facts{Cfg: plain, Value: "https://a.example/oauth_callback"}, "BASE_URL=https://a.example", ""},
		{"http", fixHTTPS, Facts{Cfg: plain}, "", "Use an https address in BASE_URL"},
		{"http elsewhere", fixHTTPS, Facts{Cfg: elsewhere}, "", "Use an https address in REDIRECT_URI"},
		{"http, no localhost", fixHTTPS, Facts{Cfg: spotify}, "BASE_URL=http://127.0.0.1:3000", ""},
		{"http, an address", fixHTTPS, Facts{Cfg: spotifyByIP}, "", "Use an https address in BASE_URL"},

		{"the secret", fixSecret, Facts{Cfg: plain}, "", "paste CLIENT_SECRET again from your server's dashboard. If it was shown only once, make a new one there."},
		{"the secret at Google", fixSecret, Facts{Cfg: google}, "", "paste CLIENT_SECRET again from Google ("},
		{"the secret, registered by us", fixSecret, Facts{Cfg: registered}, "", "Restart this app"},
		{"credentials, registered by us", fixCredentials, Facts{Cfg: registered}, "", "Restart this app"},
		{"credentials", fixCredentials, Facts{Cfg: plain}, "", "CLIENT_ID: "},
		{"credentials, after a code", fixCredentials, Facts{Cfg: plain, Returned: true}, "", "application. TOKEN_ENDPOINT_AUTH_METHOD: "},
		{"the method, registered by us", fixMethod, Facts{Cfg: registered}, "", "Restart this app"},
		{"the method at Clerk", fixMethod, Facts{Cfg: atClerk}, "", "paste CLIENT_SECRET again"},

		{"scopes, none", fixScopes, Facts{Cfg: noScopes}, "", "no default scope"},
		{"scopes, unknown", fixScopes, Facts{Cfg: plain}, "", "Remove the scopes that this client doesn't have from SCOPES, or enable them for this client (" + ProviderOf(plain).At(Scopes) + ")."},
		{"offline_access, and nothing named", fixScopes, Facts{Cfg: with(func(c *config.Effective) { c.Scopes = []string{"openid", "offline_access"} })}, "", "Remove the scopes that this client doesn't have"},
		{"scopes of one login", fixScopes, Facts{Cfg: plain, Refused: []string{"x", "y"}}, "", "This login asked for x and y, which SCOPES doesn't have. Sign in without them, or enable them"},
		{"scopes of one login, unknown", fixScopes, Facts{Cfg: plain, Scopes: []string{"profile", "x"}}, "", "This login asked for x, which SCOPES doesn't have. Sign in without it. If that fails too, a scope in SCOPES is not enabled"},
		{"scopes of one login, named", fixScopes, Facts{Cfg: plain, Scopes: []string{"email", "x"}, Words: "no 'email'"}, "SCOPES='profile'", "Remove email from SCOPES"},
		{"scopes of one login, as configured", fixScopes, Facts{Cfg: plain, Scopes: []string{"email", "profile"}}, "", "Remove the scopes that this client doesn't have from SCOPES"},
		{"scopes of one login, none", fixScopes, Facts{Cfg: plain, Scopes: []string{}}, "", "no default scope"},
		{"SCOPES unset, unknown", fixScopes, Facts{Cfg: unset}, "", "Write SCOPES= and the scopes that this client has in .env, or enable them"},
		{"SCOPES unset, one", fixScopes, Facts{Cfg: unset, Refused: []string{"profile"}}, "SCOPES='email'", "Write SCOPES='email' in .env. This signs in without profile. To keep it, enable it for this client"},
		{"scopes, all", fixScopes, Facts{Cfg: plain, Refused: []string{"profile", "email"}}, "", "Replace profile and email in SCOPES"},
		{"scopes, one", fixScopes, Facts{Cfg: plain, Refused: []string{"profile"}}, "SCOPES='email'", "or enable it for this client (" + ProviderOf(plain).At(Scopes) + ")."},
		{"scopes, supported", fixScopes, Facts{Cfg: plain, Refused: []string{"email"}, Listed: []string{"mail"}}, "SCOPES='profile mail'", "Did you mean mail?"},
		{"scopes with commas", fixScopes, Facts{Cfg: with(func(c *config.Effective) { c.Scopes = []string{"openid,profile", "read+write"} })}, "SCOPES='openid profile read+write'", "Scopes are separated by spaces"},
		{"scopes with commas, listed", fixScopes, Facts{Cfg: with(func(c *config.Effective) { c.Scopes = []string{"openid,profile"} }), Listed: []string{"openid,profile"}}, "", "Remove the scopes"},
		{"scopes, capitals", fixScopes, Facts{Cfg: with(func(c *config.Effective) { c.Scopes = []string{"OpenID", "email"} }), Refused: []string{"OpenID"}}, "SCOPES='openid email'", "Did you mean openid?"},
		{"offline_access at Google", fixScopes, Facts{Cfg: with(func(c *config.Effective) {
			c.Issuer, c.Scopes = "https://accounts.google.com", []string{"openid", "offline_access"}
		})},
			"SCOPES='openid'", "Remove offline_access"},

		{"openid, asked for", fixOpenID, Facts{Cfg: openID}, "openid", ", or remove openid from SCOPES. A server"},
		{"openid", fixOpenID, Facts{Cfg: plain}, "SCOPES='openid profile email'", ""},
		{"the token endpoint, known", fixTokenEndpoint, Facts{Cfg: token, Value: "https://a"}, "TOKEN_ENDPOINT=https://a", ""},
		{"the token endpoint, redirected", fixTokenEndpoint, Facts{Cfg: token, Found: "https://a"}, "", "set TOKEN_ENDPOINT to it"},
		{"the token endpoint of the metadata", fixTokenEndpoint, Facts{Cfg: plain}, "", "The server's metadata names this address"},
		{"the token endpoint, refused at Clerk", fixTokenEndpoint, Facts{Cfg: atClerk, Status: 403}, "", ""},
		{"the token endpoint, refused", fixTokenEndpoint, Facts{Cfg: plain, Status: 403}, "", "Something in front of the token endpoint"},
		{"the token endpoint, refused with 401", fixTokenEndpoint, Facts{Cfg: plain, Status: 401}, "", "Something in front of the token endpoint"},
		{"the token endpoint", fixTokenEndpoint, Facts{Cfg: token}, "", "Check TOKEN_ENDPOINT"},
		{"no refresh at GitHub", fixOffline, Facts{Cfg: with(func(c *config.Effective) { c.Issuer = "https://github.com" })}, "", "issue no refresh tokens"},
		{"no refresh at Kinde", fixOffline, Facts{Cfg: with(func(c *config.Effective) {
			c.Issuer, c.Scopes = "https://a.kinde.com", []string{"openid", "offline_access"}
		})},
			"SCOPES='openid offline'", ""},
		{"no refresh, asked for", fixOffline, Facts{Cfg: offline}, "", "offline_access was asked for"},
		{"opaque at Clerk", fixOpaque, Facts{Cfg: atClerk}, "", "Turn on JWTs"},
		{"userinfo of another", fixUserinfo, Facts{Cfg: plain, Kind: oauth.SubjectDiffers}, "", "Don't use this response"},
		{"userinfo of none", fixUserinfo, Facts{Cfg: plain, Kind: oauth.SubjectAbsent}, "", "userinfo has to have sub"},
		{"userinfo", fixUserinfo, Facts{Cfg: plain}, "", "see what answers"},
		{"userinfo, set", fixUserinfo, Facts{Cfg: userinfo}, "", "Check USERINFO_ENDPOINT"},
		{"introspection elsewhere", fixIntrospection, Facts{Cfg: with(func(c *config.Effective) { c.Endpoints.Introspection = "https://b.example/i" })},
			"INTROSPECTION_ENDPOINT=", "is on a different host than the issuer, id.example.com"},
		{"introspection there", fixIntrospection, Facts{Cfg: with(func(c *config.Effective) { c.Endpoints.Introspection = "https://id.example.com/i" })}, "", "If the token was revoked, sign in again."},
		{"introspection, no issuer", fixIntrospection, Facts{Cfg: with(func(c *config.Effective) { c.Issuer, c.Endpoints.Introspection = "", "https://b.example/i" })}, "", "If the token was revoked, sign in again."},
		{"introspection", fixIntrospection, Facts{Cfg: plain}, "", "If the token was revoked, sign in again."},
		{"HS256, too short", fixAlgorithm, Facts{Cfg: plain, Found: "HS256", Expected: "HS256"}, "", "client secret of at least 32 bytes"},
		{"HS256", fixAlgorithm, Facts{Cfg: plain, Found: "HS256", Expected: "RS256"}, "", "choose an asymmetric one"},
		{"one algorithm", fixAlgorithm, Facts{Cfg: google, Found: "none"}, "", "To sign in without an ID token, remove openid from SCOPES."},
		{"an algorithm, openid of one login", fixAlgorithm, Facts{Cfg: plain, Scopes: []string{"openid"}, Value: "fixed"}, "", "To sign in without an ID token, sign in without openid."},
		{"an algorithm, SCOPES unset", fixAlgorithm, Facts{Cfg: with(func(c *config.Effective) { c.Scopes, c.ScopesUnset = []string{"openid", "email"}, true }), Value: "fixed"}, "",
			"To sign in without an ID token, write SCOPES='email'."},
		{"a fixed algorithm", fixAlgorithm, Facts{Cfg: plain, Value: "fixed"}, "", "To sign in without an ID token, remove openid from SCOPES."},
		{"a fixed algorithm where it can be chosen", fixAlgorithm, Facts{Cfg: spotify, Value: "fixed"}, "", "choose an asymmetric one"},
	} {
		fix := row.fix(row.facts)
		if fix.Line != row.line || (fix.Kind == Look) != (row.line == "") || !strings.Contains(fix.Text, row.text) || !strings.HasSuffix(fix.Text, ".") ||
			fix.Variable != "" && (strings.Trim(fix.Variable, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != "" || fix.Where != "In .env") {
			t.Errorf("%s: %s %q, %q; want %q, %q", row.name, fix.Kind, fix.Line, fix.Text, row.line, row.text)
		}
	}
}

// A line of .env is shown as it is, without what is secret, and only where it is in .env.
func TestCurrentLine_HidesSecrets(t *testing.T) {
	t.Parallel()
	full := with(func(c *config.Effective) {
		c.AuthMethod, c.RedirectOverride, c.PAR = "none", "https://a/cb", true
		c.Endpoints = config.Endpoints{Token: "https://a/t", Authorization: "https://a/a", JWKS: "https://a/j", Introspection: "https://a/i"}
		c.Parameters = config.Parameters{"hd": "a&b"}
	})
	for variable, want := range map[string]string{
		"ISSUER": "https://id.example.com", "CLIENT_ID": "c", "CLIENT_SECRET": masked, "TOKEN_ENDPOINT_AUTH_METHOD": "none", "SCOPES": "'profile email'",
		"BASE_URL": "http://localhost:3000", "REDIRECT_URI": "https://a/cb", "RESOURCE_URL": "https://api.example.com/me", "TOKEN_ENDPOINT": "https://a/t",
		"AUTHORIZATION_ENDPOINT": "https://a/a", "JWKS_URI": "https://a/j", "INTROSPECTION_ENDPOINT": "https://a/i", "AUTHORIZATION_PARAMS": "hd=a%26b", "PAR": "on",
	} {
		if got := currentLine(full, variable); got != variable+"="+want {
			t.Errorf("it is %s; want %s=%s", got, variable, want)
		}
		if got := currentLine(config.Config{}.Effective(), variable); got != "" {
			t.Errorf("unset it is %s", got)
		}
	}
	for _, row := range []struct {
		variable string
		cfg      config.Effective
		want     string
	}{
		{"ISSUER", with(func(c *config.Effective) { c.Clerk = true }), ""},
		{"ISSUER", with(func(c *config.Effective) { c.Demo = true }), ""},
		{"ISSUER", with(func(c *config.Effective) { c.AtAPI = true }), ""},
		{"CLIENT_ID", with(func(c *config.Effective) { c.Demo = true }), ""},
		{"CLIENT_ID", with(func(c *config.Effective) { c.Found.Client = new(config.RegisteredClient) }), ""},
		{"SCOPES", with(func(c *config.Effective) { c.ScopesUnset = true }), ""},
		{"SCOPES", with(func(c *config.Effective) { c.AtAPI = true }), "SCOPES='profile email'"},
		{"AUTHORIZATION_PARAMS", with(func(c *config.Effective) { c.Parameters = config.Parameters{"login_ticket": "secret-1"} }), "AUTHORIZATION_PARAMS=" + masked},
	} {
		if got := currentLine(row.cfg, row.variable); got != row.want {
			t.Errorf("it is %q; want %q", got, row.want)
		}
	}
	for _, key := range []string{"sk_live_1", "rk_live_1", "ghp_1", "gho_1", "GOCSPX-1", "eyJ1", "xoxb-1", "xoxp-1"} {
		if got := currentLine(with(func(c *config.Effective) { c.ClientID = key }), "CLIENT_ID"); got != "CLIENT_ID="+masked {
			t.Errorf("%s is shown: %s", key, got)
		}
	}
}

// A value is quoted where a shell or the reader of .env would make something else of it.
func TestQuoted(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{"": "", "a": "a", "a b": "'a b'", "a#b": "'a#b'", "a$b": "'a$b'", "a'b": "'ab'", `a"b`: `'a"b'`, "a&b": "'a&b'"} {
		if got := quoted("ISSUER", value); got != want {
			t.Errorf("%q becomes %s; want %s", value, got, want)
		}
	}
	if got := quoted("SCOPES", "a"); got != "'a'" {
		t.Errorf("one scope is %s", got)
	}
}

// The scopes that a server's words name are known by their quotes, or as words of their own.
func TestNamedScopes(t *testing.T) {
	t.Parallel()
	for words, want := range map[string][]string{
		`the scope "email" is not enabled, nor is profile`: {"email"}, "‘email’": {"email"}, "’email’": {"email"}, "”email”": {"email"}, "“email”": {"email"}, "`email`": {"email"},
		"scope: email": {"email"}, "(email),[x]": {"email"}, "a email;": {"email"}, "emails": nil, "profile, email": nil, "": nil,
	} {
		if got := NamedScopes([]string{"profile", "email"}, words); !slices.Equal(got, want) {
			t.Errorf("%s names %q; want %q", words, got, want)
		}
	}
	if got := NamedScopes([]string{"email"}, "no email"); !slices.Equal(got, []string{"email"}) {
		t.Errorf("the only one is %q", got)
	}
}

// A scope that is compared, and a list that it is compared with, have a limit.
func TestNearScope_Limits(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", maxScope)
	for _, row := range []struct {
		scope     string
		supported []string
		want      string
	}{
		{long[1:], []string{long}, long},
		{long, []string{long + "a"}, ""},
		{long + "a", []string{long}, ""},
		{"abcdef", append(make([]string, maxScopes-1), "abcdeg"), "abcdeg"},
		{"abcdef", append(make([]string, maxScopes), "abcdeg"), ""},
		{"oflline_access", nil, "offline_access"},
		{"phon", nil, "phone"},
		{"adress", nil, "address"},
		{"opneid", nil, "openid"},
		{"emial", nil, "email"},
	} {
		if got := nearScope(row.scope, row.supported); got != row.want {
			t.Errorf("near %s is %q; want %q", row.scope, got, row.want)
		}
	}
}

// Both issuers are named, and what differs; and so is an algorithm.
func TestCause_SaysIssuerAndAlgorithm(t *testing.T) {
	t.Parallel()
	slash := with(func(c *config.Effective) { c.Issuer = "https://id.example.com/" })
	for _, row := range []struct {
		says  func(Facts) string
		facts Facts
		want  string
	}{
		{saysIssuer, Facts{Cfg: settingsForFixes(), Value: "https://b"}, "the server is at https://b, not at https://id.example.com"},
		{saysIssuer, Facts{Cfg: settingsForFixes()}, "the server has a different issuer"},
		{saysIssuer, Facts{Cfg: slash, Found: "https://id.example.com"}, "ISSUER has a trailing slash that the server's issuer, https://id.example.com, doesn't have"},
		{saysIssuer, Facts{Cfg: settingsForFixes(), Found: "https://id.example.com/"}, "the server's issuer, https://id.example.com/, has a trailing slash that ISSUER doesn't have"},
		{saysIssuer, Facts{Cfg: settingsForFixes(), Found: "https://b", Value: "https://b"}, "the server's issuer is https://b, not https://id.example.com"},
		{saysAlgorithm, Facts{}, "the server signs ID tokens with an algorithm that this app can't verify here"},
		{saysAlgorithm, Facts{Found: "HS256", Expected: "HS256"},
			"the server signs ID tokens with HS256 only, and the client secret is shorter than the 32 bytes that it needs"},
		{saysAlgorithm, Facts{Found: "HS256", Expected: "RS256"}, "the server signs ID tokens with HS256 only, which this app can't verify here"},
	} {
		if got := row.says(row.facts); got != row.want {
			t.Errorf("it says %s; want %s", got, row.want)
		}
	}
}

// A finding is one line, which ends in its result, and a name that people read.
func TestFinding_Words(t *testing.T) {
	t.Parallel()
	f := Finding{Check: "client", Found: "wrong", Control: "asked twice", Accepts: "b", Server: `no "a"`, Fix: "mend it"}
	for result, word := range map[Result]string{OK: "ok", Warn: "warn", Fail: "fail", Skip: "skip"} {
		f.Result = result
		if got, want := f.String(), `client: wrong; asked twice; the server accepts b; the server says "no \"a\""; mend it … `+word; got != want {
			t.Errorf("it is %s; want %s", got, want)
		}
	}
	if got := (Finding{Check: "keys", Found: "a", Result: OK}).String(); got != "keys: a … ok" {
		t.Errorf("the shortest is %s", got)
	}
	for check, want := range map[string]string{"pkce": "PKCE", "api": "API", "redirect_uri": "redirect URI", "response_issuer": "response issuer", "keys": "keys"} {
		if got := Label(check); got != want {
			t.Errorf("%s is %q; want %q", check, got, want)
		}
	}
	for result, want := range map[Result]string{OK: "API", Warn: "A warning about API", Fail: "A problem with API", Skip: "API"} {
		if got := (Finding{Check: "api", Result: result}).Title(); got != want {
			t.Errorf("the title is %q; want %q", got, want)
		}
	}
	unknown := Finding{Check: "redirect_uri", Result: Fail, Name: ClientIDUnknown}
	if unknown.Title() != Of(ClientIDUnknown).Title || unknown.About() != "client ID" || unknown.Tag() != string(ClientIDUnknown) || (Finding{Check: "api"}).Tag() != "API" {
		t.Errorf("a named one is %q, %q, %q", unknown.Title(), unknown.About(), unknown.Tag())
	}
	if got := Number(1, "check") + ", " + Number(0, "check") + ", " + Number(12, "check"); got != "1 check, 0 checks, 12 checks" {
		t.Errorf("counted they are %s", got)
	}
}

// A fix that is a sentence alone adds nothing to it in JSON.
func TestFix_IsZero(t *testing.T) {
	t.Parallel()
	for want, fixes := range map[bool][]Fix{true: {{}, {Kind: Look, Text: "a", Old: "b"}}, false: {{Where: "a"}, {Line: "a"}, {Variable: "a"}}} {
		for _, fix := range fixes {
			if fix.IsZero() != want {
				t.Errorf("%+v adds nothing: %t", fix, !want)
			}
		}
	}
}

// A misspelled name is the fix if only its value is missing. It is added to a fix that says more about its variable, and
// doesn't change any other.
func TestFix_Misspelled(t *testing.T) {
	t.Parallel()
	const instead = "In .env.local:3, write "
	unset := settingsForFixes()
	unset.BaseURLUnset, unset.ClientSecret, unset.ScopesUnset = true, "", true
	withBaseURL, withRedirect := unset, unset
	withBaseURL.BaseURLUnset, withRedirect.RedirectOverride = false, "https://app.example/cb"
	for _, row := range []struct {
		cause       Name
		cfg         config.Effective
		facts       Facts
		name, meant string
		mend        bool    // the name is the fix
		want        FixKind // of a fix that the name stands beside; empty where it is not mentioned
	}{
		{cause: ClientSecretMissing, cfg: unset, name: "CLIENT_SECERT", meant: "CLIENT_SECRET", mend: true},
		{cause: ClientSecretWrong, cfg: unset, name: "CLIENT_SECERT", meant: "CLIENT_SECRET", mend: true},
		{cause: ServerNotFound, cfg: unset, facts: Facts{Kind: oauth.EndpointMissing, Member: "token_endpoint"}, name: "TOKEN_ENDPONT", meant: "TOKEN_ENDPOINT", mend: true},
		{cause: ClientRefused, cfg: unset, name: "CLIENT_SECERT", meant: "CLIENT_SECRET", want: Look},
		{cause: ClientSecretMissing, cfg: unset, name: "SCOPE", meant: "SCOPES"},
		{cause: MTLSRequired, cfg: unset, name: "TOKEN_ENDPOINT_AUTH_METOD", meant: "TOKEN_ENDPOINT_AUTH_METHOD"},

		{cause: ScopeNotEnabled, cfg: unset, facts: Facts{Refused: []string{"email"}}, name: "SCOPE", meant: "SCOPES", want: Change},
		{cause: ScopeNotEnabled, cfg: unset, name: "SCOPE", meant: "SCOPES", want: Look},
		{cause: AuthMethodWrong, cfg: unset, facts: Facts{Method: config.MethodBasic}, name: "TOKEN_ENDPOINT_AUTH_METOD", meant: "TOKEN_ENDPOINT_AUTH_METHOD", want: Change},

		{cause: RedirectURINotRegistered, cfg: unset, name: "REDIRECT_URL", meant: "REDIRECT_URI", want: Add},
		{cause: RedirectURINotRegistered, cfg: unset, name: "BASEURL", meant: "BASE_URL", want: Add},
		{cause: RedirectURINotRegistered, cfg: unset, name: "PROT", meant: "PORT", want: Add},
		{cause: RedirectURINotRegistered, cfg: withBaseURL, name: "REDIRECT_URL", meant: "REDIRECT_URI", want: Add},
		{cause: RedirectURINotRegistered, cfg: withBaseURL, name: "PROT", meant: "PORT"},
		{cause: RedirectURINotRegistered, cfg: withRedirect, name: "BASEURL", meant: "BASE_URL"},
		{cause: RedirectURINotRegistered, cfg: unset, facts: Facts{Value: "http://127.0.0.1:3000/oauth_callback"}, name: "PROT", meant: "PORT"},
	} {
		foreign := config.Typo{Name: "AUTH_" + row.meant, Meant: row.meant, Where: ".env.local:2", Foreign: true}
		misspelled := config.Typo{Name: row.name, Meant: row.meant, Where: ".env.local:3"}
		fix := func(typos ...config.Typo) Fix {
			row.facts.Cfg = row.cfg
			row.facts.Cfg.Typos = typos
			return Of(row.cause).fix(row.facts).In(".env.local")
		}
		beside := func(typo config.Typo) Fix {
			plain := fix()
			if row.want != "" || row.mend {
				plain.Text += " If " + typo.Name + " (" + typo.Where + ") is meant for this app, write " + row.meant + " instead."
			}
			return plain
		}
		want := beside(misspelled)
		if row.mend {
			want = Fix{Kind: Look, Where: "In .env.local:3", Variable: row.meant, Text: instead + row.meant + " instead of " + row.name + "."}
		}
		if got := fix(foreign, misspelled); got != want || row.want != "" && got.Kind != row.want {
			t.Errorf("%s with %s:\n%+v; want %s\n%+v", row.cause, row.name, got, row.want, want)
		}
		if got := fix(foreign); got != beside(foreign) {
			t.Errorf("%s with %s:\n%+v; want\n%+v", row.cause, foreign.Name, got, beside(foreign))
		}
	}
}

// The fix for a misspelled name names only the file if the line is not found.
func TestFix_MisspelledWithoutLine(t *testing.T) {
	t.Parallel()
	cfg := settingsForFixes()
	cfg.Typos = []config.Typo{{Name: "CLIENT_SECERT", Meant: "CLIENT_SECRET", Where: ".env.local"}}
	got := Of(ClientSecretMissing).fix(Facts{Cfg: cfg}).In(".env.local")
	if want := "In .env.local, write CLIENT_SECRET instead of CLIENT_SECERT."; got.Text != want || got.Where != "In .env.local" {
		t.Errorf("%+v; want %s", got, want)
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
