package causes

import (
	"slices"
	"strings"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
)

// Cause is one reason why a login, or a use of its tokens, fails. Its row is the only place for its words: the terminal,
// the pages, /problems and docs/problems.md use it.
type Cause struct {
	Name        Name               // stable: it never changes its meaning
	Group       string             // the part of docs/problems.md
	Sees        string             // what a person sees
	Write       string             // what helps, in a few words
	Title       string             // the fact, as a heading
	Setting     Setting            // of the OAuth application; empty when it is none
	Explanation string             // what it means
	Looks       []Quote            // how servers say it
	Wrong       []string           // lines that are wrong
	Right       []string           // and right
	ToldBy      string             // who tells it
	SeenIn      string             // further public reports
	Says        func(Facts) string // the fact with its details, as a finding; nil for the title
	Fix         func(Facts) Fix    // what to do
}

// Quote is the words of one server, with the public report that shows them.
type Quote struct{ Server, Says, Source string }

// Of returns the row of a cause. It is empty for an unknown name.
func Of(name Name) Cause {
	i := slices.IndexFunc(Table, func(c Cause) bool { return c.Name == name })
	if i < 0 {
		return Cause{}
	}
	return Table[i]
}

// Title returns the heading of a cause, or "" for an unknown name.
func (n Name) Title() string { return Of(n).Title }

// says returns the fact with its details.
func (c Cause) says(f Facts) string {
	if c.Says == nil {
		return c.Title
	}
	return c.Says(f)
}

// fix returns what to do about the cause.
func (c Cause) fix(f Facts) Fix {
	if c.Fix == nil {
		return Fix{}
	}
	return f.spelled(c.Name, c.Setting, c.Fix(f))
}

// Table has a row for each cause.
var Table = []Cause{
	{
		Name: ClerkKeyWrong, Group: "Before the first request",
		Sees: "this app refuses `CLERK_PUBLISHABLE_KEY` at startup", Write: "`CLERK_PUBLISHABLE_KEY=pk_test_…`",
		Title:       "The publishable key is wrong",
		Explanation: "The publishable key holds the host of your Clerk instance, in base64 after `pk_test_` or `pk_live_`. People paste the secret key (`sk_test_…`), leave the sample's placeholder in, or lose the last characters.",
		Looks: []Quote{
			{"Clerk's SDK", "Publishable key not valid", "[clerk/clerk-docs#983]"},
		},
		Wrong:  []string{"`CLERK_PUBLISHABLE_KEY=sk_test_…`"},
		Right:  []string{"`CLERK_PUBLISHABLE_KEY=pk_test_…`, from API keys in Clerk's dashboard"},
		ToldBy: "the settings",
		Fix: func(f Facts) Fix {
			return f.look("CLERK_PUBLISHABLE_KEY", "Paste the publishable key again from Clerk (API keys → Publishable key).")
		},
	},
	{
		Name: ClientSecretMangled, Group: "Before the first request",
		Sees: "`invalid_client`, and the secret in `.env` holds ` #` or `$`", Write: "`CLIENT_SECRET='…'` in single quotes",
		Title:       "The client secret in .env needs quotes",
		Explanation: "The secret in the dashboard is right, but reading `.env` changes it: a `#` after a space starts a comment, and `$NAME` is replaced by the value of that variable.",
		Wrong:       []string{"`CLIENT_SECRET=ab #cd$EF`"},
		Right:       []string{"`CLIENT_SECRET='ab #cd$EF'`"},
		ToldBy:      "the settings",
		SeenIn:      "[mozilla/mozilla-django-oidc#281]",
		Fix:         func(f Facts) Fix { return f.look("CLIENT_SECRET", "Put single quotes around CLIENT_SECRET in .env.") },
	},
	{
		Name: ClientSecretIsAHash, Group: "Before the first request",
		Sees: "`invalid_client`, and the secret starts with `pbkdf2`, `$2a$` or `$argon2`", Write: "`CLIENT_SECRET=` the secret itself",
		Title:       "CLIENT_SECRET holds a hash, not the secret",
		Explanation: "Some servers show the secret once and store its hash. What they show later is the hash, which doesn't work as a secret.",
		Looks: []Quote{
			{"django-oauth-toolkit", "`{\"error\": \"invalid_client\"}`", "[django-oauth/django-oauth-toolkit#1193]"},
		},
		Wrong:  []string{"`CLIENT_SECRET='pbkdf2_sha256$320000$…'`"},
		Right:  []string{"make a new secret, and copy it before you save"},
		ToldBy: "the settings",
		SeenIn: "[PostHog/posthog#48434]",
		Fix: func(f Facts) Fix {
			return f.look("CLIENT_SECRET", "Make a new secret in the server's dashboard, and copy it before you save.")
		},
	},
	{
		Name: ClientSecretIsItsID, Group: "Before the first request",
		Sees: "Entra: AADSTS7000215, and the secret looks like a GUID", Write: "`CLIENT_SECRET=` the Value, not the Secret ID",
		Title:       "CLIENT_SECRET holds the ID of the secret",
		Explanation: "Entra lists two columns for a secret: Value and Secret ID. The Value is the secret; it can be read only once. The Secret ID is the one that stays on the page.",
		Looks: []Quote{
			{"Microsoft Entra", "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID", "[OfficeDev/microsoft-365-agents-toolkit#8621]"},
		},
		Wrong:  []string{"`CLIENT_SECRET=` the Secret ID, a GUID"},
		Right:  []string{"`CLIENT_SECRET=` the Value; if you didn't keep it: New client secret"},
		ToldBy: "the settings",
		Fix: func(f Facts) Fix {
			return f.look("CLIENT_SECRET", "Paste the Value into CLIENT_SECRET, not the Secret ID.")
		},
	},
	{
		Name: PortInUse, Group: "Before the first request",
		Sees: "this app doesn't start: the port is in use", Write: "`PORT=3001`",
		Title:       "The port is in use",
		Explanation: "Another program listens on the port. This app never switches to a different port by itself: its redirect URI would no longer be the registered one.",
		Wrong:       []string{"a second program on port 3000"},
		Right:       []string{"stop that program; or set `PORT=3001`, and register `http://localhost:3001/oauth_callback` too"},
		ToldBy:      "the start",
		SeenIn:      "[stackitcloud/stackit-cli#113], [zelytra/BetterFleet#829]",
		Fix: func(f Facts) Fix {
			return f.look("PORT", "Stop the other program, or write PORT=3001 and register that redirect URI too.")
		},
	},
	{
		Name: ServerUnreachable, Group: "The server is not found, or is a different one",
		Sees: "no answer: no such host, connection refused, timeout", Write: "`ISSUER=` a host that answers",
		Title:       "The authorization server doesn't answer",
		Explanation: "Nothing answers at the host of `ISSUER` (or of the publishable key). Check the spelling, the server, your VPN and your proxy.",
		Looks: []Quote{
			{"Go programs", "dial tcp: lookup keycloak-discovery on 10.43.0.10:53: no such host", "[keycloak/keycloak#13098]"},
		},
		Wrong:  []string{"`ISSUER=https://auth.exmaple.com`"},
		Right:  []string{"`ISSUER=https://auth.example.com`", "Clerk behind a Frontend API proxy: remove `CLERK_PUBLISHABLE_KEY`, and set `ISSUER=` to the proxy's address, such as `https://app.example.com/__clerk`. With a proxy, the host in the key doesn't have to answer"},
		ToldBy: "`check`, the page of a failed login, and `/tokeninfo`",
		Fix:    fixServer("Check ISSUER in .env, and that the server is running."),
	},
	{
		Name: CertificateNotTrusted, Group: "The server is not found, or is a different one",
		Sees: `"certificate signed by unknown authority"`, Write: "`SSL_CERT_FILE=/path/to/ca.pem`",
		Title:       "The server's certificate is not trusted",
		Explanation: "The server's certificate comes from a private authority or from a proxy that intercepts TLS, or it is for a different host. You can't turn this check off.",
		Looks: []Quote{
			{"Go programs", "x509: certificate signed by unknown authority", "[hashicorp/vault#18014]"},
		},
		Wrong:  []string{"a private authority, and `SSL_CERT_FILE` is not set"},
		Right:  []string{"`SSL_CERT_FILE=/path/to/ca.pem` with the authority's certificate in PEM, not the server's own. If the certificate has expired or is for a different host, the server needs a new certificate"},
		ToldBy: "`check`, a warning of `check` (within the certificate's last week), and the page of a failed login",
		SeenIn: "[Timshel/OIDCWarden#46]",
		Fix: func(f Facts) Fix {
			return f.change("SSL_CERT_FILE", "/path/to/ca.pem", "")
		},
	},
	{
		Name: ClockDiffers, Group: "The server is not found, or is a different one",
		Sees: `the ID token is "issued in the future" or expired at once`, Write: "set the clock of this machine",
		Title:       "The clocks differ",
		Explanation: "`exp`, `iat` and `nbf` are compared with this machine's clock, with a minute of leeway. `check` compares the clocks beforehand, by the server's `Date` header.",
		Looks: []Quote{
			{"IdentityServer's client", "iat is at a future date", "[DuendeArchive/IdentityServer4#1298]"},
			{"openid-client", "JWT not active yet, now 1642051718, nbf 1642051719", "[panva/openid-client#454]"},
		},
		Wrong:  []string{"a clock that is some minutes off"},
		Right:  []string{"turn on the time synchronization of this machine, or of the server"},
		ToldBy: "a warning of `check`, the page of a failed login, and `/api`",
		SeenIn: "[tailscale/tsidp#73]",
		Fix:    func(f Facts) Fix { return f.look("", "Set the clock of this machine, or of the server.") },
	},
	{
		Name: ServerNotFound, Group: "The server is not found, or is a different one",
		Sees: "404 where the metadata should be", Write: "`ISSUER=` with the right host and path",
		Title:       "No authorization server at this address",
		Explanation: "The host answers, but it has no metadata at this address. The realm or tenant may be misspelled, the path may be missing, or it may still have Keycloak's old `/auth`.",
		Looks: []Quote{
			{"Keycloak", "`{\"error\":\"Realm does not exist\"}`", "[oauth2-proxy/oauth2-proxy#1758]"},
			{"Keycloak 17 and newer, with `/auth`", "RESTEASY003210: Could not find resource for full path", "[d4rkstar/kong-konga-keycloak#13]"},
		},
		Wrong:  []string{"`ISSUER=https://id.example.com/auth/realms/shop`"},
		Right:  []string{"`ISSUER=https://id.example.com/realms/shop`", "Okta without API Access Management has no `/oauth2/default`: `ISSUER=https://<your Okta domain>`"},
		ToldBy: "`check`, and the page of a failed login",
		SeenIn: "[H2CK/oidc#474]",
		Fix:    fixServer("Check the host and the path of ISSUER in .env."),
	},
	{
		Name: IssuerDiffers, Group: "The server is not found, or is a different one",
		Sees: "the metadata is found and names a different issuer", Write: "`ISSUER=` exactly as the metadata says",
		Title:       "The server has a different issuer",
		Explanation: "The issuer is compared character by character (OpenID Connect Discovery section 4.3). A slash at the end makes it a different issuer. The URL of the metadata is not the issuer. Microsoft's `common` metadata has a placeholder in its issuer: `{tenantid}`.",
		Looks: []Quote{
			{"go-oidc (authentik as server)", `oidc: issuer did not match the issuer returned by provider, expected "…/application/o/exampleApplication" got "…/application/o/exampleApplication/"`, "[coreos/go-oidc#423]"},
		},
		Wrong:  []string{"`ISSUER=https://tenant.auth0.com`", "`ISSUER=https://login.microsoftonline.com/common/v2.0`"},
		Right:  []string{"`ISSUER=https://tenant.auth0.com/`", "`ISSUER=https://login.microsoftonline.com/<tenant ID>/v2.0`"},
		ToldBy: "`check`, and the page of a failed login",
		SeenIn: "[coreos/go-oidc#203], [coreos/go-oidc#338], [coreos/go-oidc#238]",
		Says:   saysIssuer,
		Fix:    fixServer("Compare ISSUER in .env with the issuer that the server's metadata names."),
	},
	{
		Name: TwoHostNames, Group: "The server is not found, or is a different one",
		Sees: `"expected http://keycloak:8080/…, found http://localhost:8080/…"`, Write: "use one name for the server everywhere",
		Title:       "The server uses a different host name",
		Explanation: "The browser and this app reach the same server under two names, often in containers. The server puts the host name of the request into its tokens and its metadata.",
		Looks: []Quote{
			{"Keycloak", "Invalid token issuer. Expected 'http://keycloak:8080/auth/realms/development', but was 'http://localhost:8180/auth/realms/development'", "[LandRegistry/common-dev-env#83]"},
			{"Spring", `The Issuer "http://localhost:18080/realms/microcks" provided in the configuration did not match the requested issuer "http://keycloak:8080/realms/microcks"`, "[microcks/microcks#943]"},
		},
		Wrong:  []string{"`ISSUER=http://keycloak:8080/realms/shop`, and the browser opens `localhost`"},
		Right:  []string{"a host name that both the browser and this app can reach (for Keycloak: `KC_HOSTNAME`)"},
		ToldBy: "`check`, and the page of a failed login",
		SeenIn: "[NikiforovAll/keycloak-authorization-services-dotnet#144]",
		Says:   saysIssuer,
		Fix:    fixServer("Compare the host in ISSUER with the host that the server's metadata names."),
	},
	{
		Name: EndpointsNotHTTPS, Group: "The server is not found, or is a different one",
		Sees: "the issuer is https, its endpoints are http", Write: "correct the server's proxy settings",
		Title:       "The server's endpoints are not https",
		Explanation: "The server stands behind a proxy that terminates TLS, and does not know that the browser uses https. So its metadata names `http` endpoints. No secret is sent there.",
		Looks: []Quote{
			{"panva's oidc-provider", "`issuer: \"https://example.com/\"`, `jwks_uri: \"http://example.com/jwks\"`", "[panva/node-oidc-provider#621]"},
			{"IdentityServer4", "`\"token_endpoint\":\"http://oauth.test.example.com/connect/token\"` with an https issuer", "[DuendeArchive/IdentityServer4#3966]"},
		},
		Wrong:  []string{"a proxy that does not send `X-Forwarded-Proto`, or a server that does not trust it"},
		Right:  []string{"let the proxy send it and the server trust that proxy"},
		ToldBy: "`check`, and the page of a failed login",
		SeenIn: "[goauthentik/authentik#9369]",
		Fix: func(f Facts) Fix {
			return f.look("", "The server is behind a proxy that terminates TLS. Let the proxy send X-Forwarded-Proto, and let the server trust it.")
		},
	},
	{
		Name: EndpointsHere, Group: "The server is not found, or is a different one",
		Sees: "the issuer is elsewhere, an endpoint is on `localhost`", Write: "set the server's public address",
		Title:       "The server names an endpoint on this machine",
		Explanation: "The metadata of a server elsewhere names an endpoint on `localhost`, `127.0.0.1` or a different spelling of this machine. The server published its internal address, not its public one. This app doesn't call that address, because any program could be listening there.",
		Wrong:       []string{"`\"token_endpoint\": \"http://localhost:8080/token\"` with an issuer that is elsewhere"},
		Right:       []string{"the server's public address in its own settings; or, if that endpoint is the right one, `TOKEN_ENDPOINT=` (and the like) in `.env`"},
		ToldBy:      "`check`, and the page of a failed login",
		SeenIn:      "[cloudfoundry/uaa#692]",
		Fix: func(f Facts) Fix {
			return f.look("", "Set the public address in the server's own settings. If that endpoint is the right one, set it in .env, such as TOKEN_ENDPOINT.")
		},
	},
	{
		Name: EndpointsUnusable, Group: "The server is not found, or is a different one",
		Sees: "an endpoint in the metadata isn't a valid URL, or contains a password", Write: "write a whole https address in the metadata",
		Title:       "The server names an endpoint that can't be used",
		Explanation: "The metadata names an endpoint that is a path without a host, contains a password, or isn't a URL at all (RFC 8414 section 2). This app sends nothing there.",
		Wrong:       []string{"`\"token_endpoint\": \"/oauth/token\"`"},
		Right:       []string{"`\"token_endpoint\": \"https://auth.example.com/oauth/token\"`; or, until the server is fixed, `TOKEN_ENDPOINT=` (and the like) in `.env`"},
		ToldBy:      "`check`, and the page of a failed login",
		SeenIn:      "[langfuse/langfuse#15897]",
		Fix: func(f Facts) Fix {
			variable := strings.ToUpper(f.Member)
			return f.look("", "Fix the server's metadata: it has to name whole https addresses. Until then, write "+variable+"= and the right address in .env.")
		},
	},
	{
		Name: AuthorizationEndpointUnusable, Group: "The server is not found, or is a different one",
		Sees: "404 instead of a sign-in page, with `AUTHORIZATION_ENDPOINT`", Write: "`AUTHORIZATION_ENDPOINT=` the right address",
		Title:       "AUTHORIZATION_ENDPOINT doesn't work",
		Explanation: "The host answers, but there is no authorization endpoint at that path. The path may be misspelled, or belong to a different endpoint or a different server. Or the address has a different host name of the same provider.",
		Looks: []Quote{
			{"Google, with a path of a different server", "URL /oauth/authorize was not found on this server", "[SohoHouse/nuxt-oauth#7]"},
		},
		Wrong:  []string{"`AUTHORIZATION_ENDPOINT=https://dev-123-admin.okta.com/oauth2/default/v1/authorize`"},
		Right:  []string{"`AUTHORIZATION_ENDPOINT=https://dev-123.okta.com/oauth2/default/v1/authorize`"},
		ToldBy: "`check`",
		SeenIn: "[oktadev/okta-spring-boot-oauth-example#5], [filsh/yii2-oauth2-server#119]",
		Fix: func(f Facts) Fix {
			return f.look("AUTHORIZATION_ENDPOINT", "Check AUTHORIZATION_ENDPOINT: it has to be the server's authorization endpoint.")
		},
	},
	{
		Name: IssuerMissing, Group: "The server is not found, or is a different one",
		Sees: "the ID token can't be verified, with `AUTHORIZATION_ENDPOINT` and no `ISSUER`", Write: "`ISSUER=…`, or `SCOPES=` without `openid`",
		Title:       "The ID token can't be verified: ISSUER is not set",
		Explanation: "An ID token is worth something only if its `iss` is the server's issuer (OpenID Connect Core section 3.1.3.7). With endpoints alone, this app doesn't know the issuer. A server without metadata can be tested without an ID token.",
		Wrong:       []string{"`AUTHORIZATION_ENDPOINT` and `TOKEN_ENDPOINT`, and `openid` in `SCOPES` (or no `SCOPES`)"},
		Right:       []string{"`ISSUER=https://auth.example.com`, if the server has metadata", "`SCOPES='profile email'`, if it has none"},
		ToldBy:      "`check`, and the page of a failed login",
		SeenIn:      "[jaredhanson/passport-openidconnect#47], [openid/AppAuth-iOS#371]",
		Fix:         fixNoIssuer,
	},
	{
		Name: JWKSUnusable, Group: "The server is not found, or is a different one",
		Sees: "no key to verify an ID token with", Write: "publish the server's signing key",
		Title:       "There is no usable signing key",
		Explanation: "The server names no `jwks_uri`, that address doesn't answer, or it has no RSA, EC or Ed25519 key for signatures.",
		Looks: []Quote{
			{"authentik without a signing key", "an empty JSON document", "[goauthentik/authentik#3909]"},
			{"FusionAuth without an RSA or EC key", "`{ \"keys\" : [ ] }`", "[FusionAuth/fusionauth-issues#744]"},
		},
		Wrong:  []string{"no signing key selected"},
		Right:  []string{"authentik: select a Signing Key in the provider", "Supabase: migrate the project's JWT signing keys to RS256 or ES256", "elsewhere: an RSA or EC key; remove `JWKS_URI` if you set it"},
		ToldBy: "`check`, and the page of a failed login (which says [id-token-signature](#id-token-signature) if the server has other keys)",
		SeenIn: "[MarcelCoding/jitsi-openid#193]",
		Fix:    fixKeys,
	},
	{
		Name: RedirectURINotRegistered, Group: "The redirect URI",
		Sees: "the server shows its own error page, and the browser doesn't come back", Write: "register `http://localhost:3000/oauth_callback`",
		Title:       "The redirect URI is not registered",
		Setting:     RedirectURI,
		Explanation: "The redirect URI is compared character by character (RFC 9700 section 2.1). A slash at the end, `https` for `http`, a different port, `127.0.0.1` for `localhost`: each is a different address. The server can't trust it, so it shows its own error page instead of redirecting.\n\nSome servers are less exact:\n- Ory ignores the port of `http://127.0.0.1` and `http://[::1]`, not that of `localhost`. Clerk is built on the same library; Clerk's documentation doesn't say whether Clerk does the same.\n- Entra ignores the port of `localhost`.\n- GitHub ignores the port of a loopback URL, and accepts a path below the registered one and a subdomain.\n- Keycloak accepts a `*` at the end of a registered URI. Kinde accepts one as the leftmost subdomain.\n- Spotify ignores the port of a loopback IP that is registered without one. It refuses `localhost`.",
		Looks: []Quote{
			{"Clerk", "The 'redirect_uri' parameter does not match any of the OAuth 2.0 Client's pre-registered redirect urls.", "[higgsfield-ai/cli#35]"},
			{"Auth0", "Callback URL mismatch. The provided redirect_uri is not in the list of allowed callback URLs.", "[auth0-samples/auth0-nodejs-webapp-sample#80]"},
			{"Keycloak", "Invalid parameter: redirect_uri", "[keycloak/keycloak#10528]"},
			{"Microsoft Entra", "AADSTS50011: The redirect URI '…' specified in the request does not match the redirect URIs configured for the application '…'.", "[unoplatform/uno.todo#180]"},
			{"Google", "Error 400: redirect_uri_mismatch", "[dissorial/doc-chatbot#10]"},
			{"Authelia", "The 'redirect_uri' parameter does not match any of the OAuth 2.0 Client's pre-registered 'redirect_uris'.", "[9p4/jellyfin-plugin-sso#284]"},
			{"Okta", "The 'redirect_uri' parameter must be a Login redirect URI in the client app settings", "[grafana/grafana#88362]"},
			{"GitHub", "`redirect_uri_mismatch`: The redirect_uri MUST match the registered callback URL for this application. (sent to the registered callback)", "[joemccann/dillinger#705]"},
			{"Zitadel", "The requested redirect_uri is missing in the client configuration.", "[zitadel/zitadel#6955]"},
			{"Spotify", "INVALID_CLIENT: Invalid redirect URI", "[kraxarn/spotify-qt#286]"},
			{"Spotify, with `localhost` or plain http", "INVALID_CLIENT: Insecure redirect URI", "[pckhib/node-red-contrib-spotify#36]"},
		},
		Wrong:  []string{"registered: `http://localhost:3000/oauth_callback/`"},
		Right:  []string{"registered: `http://localhost:3000/oauth_callback`", "Spotify: `BASE_URL=http://127.0.0.1:3000`, and registered: `http://127.0.0.1:3000/oauth_callback`", "if you can't register it, set `REDIRECT_URI=` to the registered one, and paste the address after sign-in: [redirect.md](redirect.md)"},
		ToldBy: "`check`, and the page of a failed login (where the server sends the error to a callback that is registered)",
		SeenIn: "[higgsfield-ai/cli#77], [coder/coder#29014]",
		Says:   func(f Facts) string { return f.Cfg.RedirectURI() + " is not registered" },
		Fix:    fixRedirect,
	},
	{
		Name: RedirectURILocalhost, Group: "The redirect URI",
		Sees: "Spotify: `INVALID_CLIENT: Insecure redirect URI`", Write: "`BASE_URL=http://127.0.0.1:3000`",
		Title:       "The server refuses localhost in the redirect URI",
		Setting:     RedirectURI,
		Explanation: "Some servers accept plain http for the loopback IP addresses only (RFC 8252 section 8.3). `localhost` can't be registered there.",
		Looks: []Quote{
			{"Spotify, with `localhost` or plain http", "INVALID_CLIENT: Insecure redirect URI", "[pckhib/node-red-contrib-spotify#36]"},
		},
		Wrong:  []string{"`BASE_URL=http://localhost:3000`"},
		Right:  []string{"`BASE_URL=http://127.0.0.1:3000`, and registered: `http://127.0.0.1:3000/oauth_callback`"},
		Says:   func(f Facts) string { return "The server refuses localhost in " + f.Cfg.RedirectURI() },
		ToldBy: "`check`",
		Fix:    fixLocalhost,
	},
	{
		Name: RedirectURIIPAddress, Group: "The redirect URI",
		Sees: "the server refuses an IP address in the redirect URI", Write: "`BASE_URL=http://localhost:3000`",
		Title:       "The server wants localhost, not an IP address",
		Setting:     RedirectURI,
		Explanation: "Some servers refuse an IP address. Google accepts `127.0.0.1` and `[::1]`, and no other. Cognito accepts plain http for `localhost` only. Entra's form refuses `http://127.0.0.1`; the manifest accepts it, and `[::1]` is not supported ([Microsoft's rules](https://learn.microsoft.com/en-us/entra/identity-platform/reply-url)). Spotify refuses `localhost` instead ([redirect-uri-localhost](#redirect-uri-localhost)).",
		Looks: []Quote{
			{"Google, with 192.168.1.10", "device_id and device_name are required for private IP: http://192.168.1.10:3000/auth/google/callback", "[jaredhanson/passport-google-oauth#38]"},
		},
		Wrong:  []string{"`BASE_URL=http://127.0.0.1:3000`"},
		Right:  []string{"`BASE_URL=http://localhost:3000`"},
		ToldBy: "`check` (if the server's words say so), and a warning of `check` (if they don't)",
		SeenIn: "[noobGB/snowpro-core-prep#119]",
		Says: func(f Facts) string {
			return "The server refuses an IP address in the redirect URI " + f.Cfg.RedirectURI()
		},
		Fix: fixIPAddress,
	},
	{
		Name: RedirectURINotHTTPS, Group: "The redirect URI",
		Sees: "the server refuses an `http` redirect URI", Write: "`BASE_URL=https://…`",
		Title:       "The server wants an https redirect URI",
		Setting:     RedirectURI,
		Explanation: "Most servers accept plain http for localhost only; some want a development mode for that too. Entra's number for it is AADSTS500117.",
		Looks: []Quote{
			{"Zitadel", "The requested redirect_uri is missing in the client configuration. (development mode is off)", "[netbirdio/android-client#83]"},
		},
		Wrong:  []string{"`BASE_URL=http://app.example.com`"},
		Right:  []string{"`BASE_URL=https://app.example.com`, with a proxy that terminates TLS", "`REDIRECT_URI=https://localhost:3000/oauth_callback`, registered exactly like this. This app doesn't serve https: [redirect.md](redirect.md)", "Zitadel with localhost: Development mode on"},
		ToldBy: "`check` (if the server's words say so), and a warning of `check` (if they don't)",
		SeenIn: "[zitadel/zitadel#9560], [zitadel/zitadel#7415], [netbirdio/docs#243]",
		Says: func(f Facts) string {
			return "The server refuses the redirect URI " + f.Cfg.RedirectURI() + ", because it is not https"
		},
		Fix: fixHTTPS,
	},
	{
		Name: ClientIDUnknown, Group: "The client",
		Sees: `"client not found", before you can sign in`, Write: "`CLIENT_ID=` copied again",
		Title:       "The server doesn't recognize the client ID",
		Setting:     ClientID,
		Explanation: "The client ID belongs to a different instance, tenant or realm, was deleted, or has a stray character at its end.",
		Looks: []Quote{
			{"Google", "Error 401: invalid_client. The OAuth client was not found.", "[aldacco/drive-login#34]"},
			{"Microsoft Entra", "AADSTS700016: Application with identifier '…' was not found in the directory '…'.", "[AzureADQuickStarts/AppModelv2-WebApp-OpenIDConnect-DotNet#50]"},
			{"Authelia", "The requested OAuth 2.0 Client does not exist.", "[authelia/authelia#2329]"},
			{"Clerk, as JSON in the browser", "`invalid_client`: Client authentication failed (e.g., unknown client, no client authentication included, or unsupported client authentication method). The requested OAuth 2.0 Client does not exist.", "[crafter-station/petdex#169]"},
			{"IdentityServer", "`unauthorized_client`: Unknown client or client not enabled", "[DuendeArchive/IdentityModel.OidcClient.Samples#86]"},
		},
		Wrong:  []string{"`CLIENT_ID=` from a different instance"},
		Right:  []string{"`CLIENT_ID=` from this application's page"},
		ToldBy: "`check`, and the page of a failed login (where the server sends the error back)",
		SeenIn: "[keycloak/keycloak#19731]",
		Says:   func(f Facts) string { return "The server doesn't recognize client ID " + Shortened(f.Cfg.ClientID) },
		Fix: func(f Facts) Fix {
			if f.Cfg.Registered() {
				return registerAgain(f)
			}
			return f.paste("CLIENT_ID", ClientID, "")
		},
	},
	{
		Name: ClientRefused, Group: "The client",
		Sees: "`invalid_client`, and nothing more", Write: "`go run . check`: it can usually tell which credential is wrong",
		Title:       "The server refused the client's credentials",
		Setting:     ClientSecret,
		Explanation: "The server doesn't say what is wrong with the credentials: the client secret, the client ID, or the way they were sent. `check` can usually tell by comparing answers. If `check` itself reports client-refused, the server gives the same answer for a wrong ID and for a wrong or missing secret: paste CLIENT_ID and CLIENT_SECRET again.",
		ToldBy:      "`check`, and the page of a failed login (when its own comparison is inconclusive)",
		SeenIn:      "[ory/hydra#2140]",
		Fix:         fixCredentials,
	},
	{
		Name: ClientSecretWrong, Group: "The client",
		Sees: "`invalid_client` after the user signed in", Write: "`CLIENT_SECRET=` copied again",
		Title:       "The client secret is wrong",
		Setting:     ClientSecret,
		Explanation: "The secret was mistyped, has expired, was rotated, or belongs to a different application. Most servers don't say whether ID, secret or method is wrong; `check` can usually tell by comparing answers. Clerk, Ory and Authelia say \"The requested OAuth 2.0 Client does not exist.\" when the ID is wrong. Without that sentence, the secret is wrong, or the client is public. With Clerk it is never the method: basic and post are treated alike.",
		Looks: []Quote{
			{"Keycloak", "`unauthorized_client`: Invalid client or Invalid client credentials", "[keycloak/keycloak#16923]"},
			{"Microsoft Entra", "AADSTS7000215: Invalid client secret provided.", "[MicrosoftDocs/azure-docs#33356]"},
			{"Google", "`invalid_client`: Unauthorized", "[hybridauth/hybridauth#973]"},
			{"GitHub", "`incorrect_client_credentials`: The client_id and/or client_secret passed are incorrect.", "[rwth-acis/VIAProMa#186]"},
		},
		Wrong:  []string{"`CLIENT_SECRET=` an old one"},
		Right:  []string{"make a new secret in the dashboard, and paste it"},
		ToldBy: "`check`, and the page of a failed login",
		SeenIn: "[code-specialist/fastapi-keycloak#65]",
		Fix:    fixSecret,
	},
	{
		Name: ClientSecretNotDecoded, Group: "The client",
		Sees: "`invalid_client`, and the secret is right but contains `+`, `/`, `=` or `%`", Write: "`TOKEN_ENDPOINT_AUTH_METHOD=client_secret_post`",
		Title:       "The server doesn't decode the client secret",
		Setting:     ClientSecret,
		Explanation: "RFC 6749 section 2.3.1 requires ID and secret to be URL-encoded in the Basic header. Some servers don't decode them. A form body is decoded everywhere.",
		Looks: []Quote{
			{"a server behind golang.org/x/oauth2", "`{\"code\":null,\"message\":\"Bad credentials\"}`", "[golang/oauth2#320]"},
		},
		Wrong:  []string{"`client_secret_basic` with such a secret"},
		Right:  []string{"`TOKEN_ENDPOINT_AUTH_METHOD=client_secret_post`, or a secret of letters and digits"},
		ToldBy: "`check` (a login says [client-secret-wrong](#client-secret-wrong))",
		SeenIn: "[golang/oauth2#783], [kyma-incubator/compass#866], [panva/openid-client#236], [spring-attic/spring-security-oauth#1826]",
		Says: func(Facts) string {
			return "The server doesn't decode the special characters of the secret (RFC 6749 section 2.3.1)"
		},
		Fix: func(f Facts) Fix {
			if f.Value == "" {
				return f.look("CLIENT_SECRET", "Make a secret without special characters in the server's dashboard.")
			}
			return f.change("TOKEN_ENDPOINT_AUTH_METHOD", f.Value, "make a secret without special characters")
		},
	},
	{
		Name: ClientSecretMissing, Group: "The client",
		Sees: "`invalid_client`: the client needs a secret", Write: "`CLIENT_SECRET=…`",
		Title:       "The client secret is missing",
		Setting:     ClientSecret,
		Explanation: "The application is confidential, and no secret is set.",
		Looks: []Quote{
			{"Keycloak", "`unauthorized_client`: Client secret not provided in request", "[keycloak/keycloak#16124]"},
			{"Microsoft Entra", "AADSTS7000218: The request body must contain the following parameter: 'client_assertion' or 'client_secret'.", "[Azure/azure-sdk-for-go#22386]"},
			{"GitHub", "`incorrect_client_credentials`: The client_id and/or client_secret passed are incorrect.", "[tianyaxiang/navsphere-extension#5]"},
		},
		Wrong:  []string{"`CLIENT_SECRET=`"},
		Right:  []string{"`CLIENT_SECRET=` the application's secret; or make the application public"},
		ToldBy: "`check`, and the page of a failed login",
		Says:   func(Facts) string { return "The server refuses the client without a secret" },
		Fix: func(f Facts) Fix {
			if f.Cfg.Registered() {
				return registerAgain(f)
			}
			fix := f.paste("CLIENT_SECRET", ClientSecret, "")
			fix.Text = strings.Replace(fix.Text, " again from ", " from ", 1)
			if f.Cfg.AuthMethod == config.MethodNone {
				fix.Text += " Remove TOKEN_ENDPOINT_AUTH_METHOD=none too."
			}
			fix.Text += " If the application is meant to be public, make it so (" + f.provider().At(AuthMethod) + ")."
			return fix
		},
	},
	{
		Name: ClientIsPublic, Group: "The client",
		Sees: "`invalid_client`: the client must not send a secret", Write: "remove `CLIENT_SECRET`",
		Title:       "This is a public client: it has no secret",
		Setting:     ClientSecret,
		Explanation: "The application is public: it uses PKCE instead of a secret, and the server refuses a secret.",
		Looks: []Quote{
			{"Microsoft Entra", "AADSTS700025: Client is public so neither 'client_assertion' nor 'client_secret' should be presented.", "[harishkrupo/oauth2ms#19]"},
		},
		Wrong:  []string{"`CLIENT_SECRET=…`"},
		Right:  []string{"remove the line; or, in Entra, register the redirect URI under Web"},
		ToldBy: "`check`, a warning of `check` (where the server accepts any secret), and the page of a failed login",
		Says:   func(Facts) string { return "The server accepts the client only without a secret" },
		Fix: func(f Facts) Fix {
			if f.Cfg.Registered() {
				return registerAgain(f)
			}
			return f.change("CLIENT_SECRET", "", "make the application confidential ("+f.provider().At(AuthMethod)+")")
		},
	},
	{
		Name: ClientTypeWrong, Group: "The client",
		Sees: `Entra: "Single-Page Application" in the error, AADSTS9002327`, Write: "move the redirect URI to the platform Web",
		Title:       "The application is registered as a single-page app",
		Setting:     AuthMethod,
		Explanation: "In Entra, each redirect URI belongs to a platform. Under Single-page application, only a browser may redeem the code; this app redeems it from the server side. Entra ignores the port of `localhost`, so an entry under Single-page application with the same path and a different port may be the one that Entra uses.\n\nAADSTS9002326 is the opposite: a browser redeems a code whose redirect URI is under Web. This app sends no `Origin`, so it can't get that error.",
		Looks: []Quote{
			{"Microsoft Entra", "AADSTS9002327: Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests.", "[clocked0ne/passport-outlook#16]"},
		},
		Wrong:  []string{"Authentication → Single-page application → Redirect URIs"},
		Right:  []string{"remove it there, then Authentication → Web → Redirect URIs"},
		ToldBy: "the page of a failed login",
		Fix: func(f Facts) Fix {
			fix := f.add(RedirectURI, f.Cfg.RedirectURI())
			fix.Text = "Remove the redirect URI from Single-page application first. " + fix.Text
			return fix
		},
	},
	{
		Name: AuthMethodWrong, Group: "The client",
		Sees: "`invalid_client`, and the same credentials work with the other method", Write: "`TOKEN_ENDPOINT_AUTH_METHOD=` the other method",
		Title:       "The client authentication method is wrong",
		Setting:     AuthMethod,
		Explanation: "The server allows only one method for this client. Some servers say so. Others read only the request body, and answer that `client_id` is missing.",
		Looks: []Quote{
			{"Ory (fosite)", "The OAuth 2.0 Client supports client authentication method 'client_secret_basic', but method 'client_secret_post' was requested.", "[cirrusidentity/simplesamlphp-module-authoauth2#50]"},
			{"Authelia", "The request was determined to be using 'token_endpoint_auth_method' method 'client_secret_post', however the OAuth 2.0 client registration does not allow this method.", "[authelia/authelia#10131]"},
		},
		Wrong:  []string{"`TOKEN_ENDPOINT_AUTH_METHOD=client_secret_basic`"},
		Right:  []string{"`TOKEN_ENDPOINT_AUTH_METHOD=client_secret_post` (or the other way round)"},
		ToldBy: "`check`, and the page of a failed login",
		SeenIn: "[ruby-oauth/oauth2#445]",
		Says:   func(f Facts) string { return "The server doesn't accept the client's credentials with " + f.Method },
		Fix:    fixMethod,
	},
	{
		Name: TokenEndpointUnusable, Group: "The client",
		Sees: "404, 405, 415, a redirect or a page from the token endpoint", Write: "`TOKEN_ENDPOINT=` the right address",
		Title:       "The token endpoint doesn't work",
		Explanation: "Either this address isn't a token endpoint, or something in front of it answers: every request gets the same status or page. No login can work, and the answer doesn't show whether the client is right.",
		ToldBy:      "`check`, and the page of a failed login",
		SeenIn:      "[freelawproject/courtlistener#7927], [django-oauth/django-oauth-toolkit#1851]",
		Fix:         fixTokenEndpoint,
	},
	{
		Name: GrantNotEnabled, Group: "Grants and scopes",
		Sees: `"grant type not allowed for the client"`, Write: "enable the authorization code grant",
		Title:       "The authorization code grant is not enabled",
		Setting:     Grant,
		Explanation: "The application may not use the authorization code grant.",
		Looks: []Quote{
			{"Auth0", "Grant type 'authorization_code' not allowed for the client.", "[auth0/auth0-spa-js#51]"},
			{"Keycloak", "`unauthorized_client`: Client is not allowed to initiate browser login with given response_type. Standard flow is disabled for the client.", "[camunda/camunda-distributions#405]"},
		},
		Wrong:  []string{"authorization code off"},
		Right:  []string{"Auth0: Settings → Advanced Settings → Grant Types → Authorization Code", "Keycloak: Settings → Standard flow"},
		ToldBy: "`check`, and the page of a failed login",
		SeenIn: "[datawire/ambassador-docs#143]",
		Says:   func(Facts) string { return "The server recognizes the client, but doesn't let it exchange a code" },
		Fix: func(f Facts) Fix {
			return f.turnOff(GrantNotEnabled, Grant, "Enable the authorization code grant for this client")
		},
	},
	{
		Name: RefreshNotEnabled, Group: "Grants and scopes",
		Sees: "`unauthorized_client` at `/refresh`", Write: "enable the refresh token grant",
		Title:       "The refresh token grant is not enabled",
		Setting:     Grant,
		Explanation: "The server issued a refresh token, but the application may not use the refresh token grant.",
		Looks: []Quote{
			{"FOSOAuthServerBundle", "`unauthorized_client`: The grant type is unauthorized for this client_id", "[FriendsOfSymfony/FOSOAuthServerBundle#246]"},
			{"a server behind openid-client", "`invalid_client`: Unauthorized grant type: refresh_token", "[panva/openid-client#380]"},
		},
		ToldBy: "`/refresh`",
		Fix: func(f Facts) Fix {
			return f.turnOff(RefreshNotEnabled, Grant, "Enable the refresh token grant for this client")
		},
	},
	{
		Name: PKCERequired, Group: "Grants and scopes",
		Sees: `"code_challenge" is missing`, Write: "what drops `code_challenge` on the way to the server",
		Title:       "The server wants PKCE",
		Explanation: "The server wants PKCE (RFC 7636). This app always sends `code_challenge` with S256, so a message like this means that something on the way drops it.",
		Looks: []Quote{
			{"Keycloak", "Missing parameter: code_challenge_method", "[react-keycloak/react-keycloak-examples#13]"},
			{"IdentityServer4", "code_challenge is missing", "[Clancey/simple_auth#92]"},
		},
		Wrong:  []string{"no `code_challenge` in the authorization request"},
		Right:  []string{"`code_challenge=…&code_challenge_method=S256`"},
		ToldBy: "`check`, and the page of a failed login",
		Fix: func(f Facts) Fix {
			return f.look("", "This app sends a code challenge with every login (S256). Check whether the client may use S256, and whether something in front of the server drops the code challenge.")
		},
	},
	{
		Name: PKCERefused, Group: "Grants and scopes",
		Sees: "the login fails only because of PKCE", Write: "allow PKCE for the client",
		Title:       "The server refuses PKCE",
		Explanation: "The server rejects PKCE for this client. A server without PKCE has to ignore its parameters (RFC 6749 section 3.1); some refuse the login instead. If S256 is merely missing from the metadata, nothing is wrong: Entra and Cognito support it without listing it.",
		Looks: []Quote{
			{"IdentityServer4, without PKCE for the client", "400 at the token endpoint", "[DuendeArchive/IdentityServer4#1228]"},
		},
		Wrong:  []string{"PKCE off for the client, or `plain` only"},
		Right:  []string{"allow S256 for the client"},
		ToldBy: "`check`, and the page of a failed login",
		SeenIn: "[teranetsrl/oauth2_client#35], [zed-industries/zed#60358]",
		Says: func(Facts) string {
			return "The server refuses the login because of PKCE: without it, the answer is different"
		},
		Fix: func(f Facts) Fix { return f.turnOff(PKCERefused, Grant, "Allow PKCE with S256 for this client") },
	},
	{
		Name: PARRequired, Group: "Grants and scopes",
		Sees: `"Pushed Authorization Request is only allowed"`, Write: "`PAR=on`",
		Title:       "The server wants a pushed authorization request",
		Explanation: "The server wants the authorization request by POST first (RFC 9126).\n\nThis app does so where the metadata demands it. Some servers demand it only for certain clients, and their metadata doesn't say so.",
		Looks: []Quote{
			{"Keycloak", "Pushed Authorization Request is only allowed.", "[l10178/idaas-book#226]"},
		},
		Wrong:  []string{"no `PAR`, and a server that requires it for this client"},
		Right:  []string{"`PAR=on`"},
		ToldBy: "`check`, and the page of a failed login",
		Fix:    func(f Facts) Fix { return f.change("PAR", "on", "") },
	},
	{
		Name: ParameterMissing, Group: "Grants and scopes",
		Sees: "the server says that a parameter is missing", Write: "`AUTHORIZATION_PARAMS='…'`",
		Title:       "The server wants a parameter that the login doesn't send",
		Explanation: "The server demands a parameter that other servers don't need: a level of assurance, an audience, a nonce. It refuses every login without that parameter, so its answer says nothing about the client or the redirect URI. This app sends `nonce` when SCOPES has `openid`.",
		Looks: []Quote{
			{"FranceConnect", "`{\"status\":\"fail\",\"message\":\"The following fields are missing or empty : nonce\"}`", "[oidc-wp/openid-connect-generic#532]"},
		},
		Wrong:  []string{"`AUTHORIZATION_PARAMS` is not set"},
		Right:  []string{"`AUTHORIZATION_PARAMS='acr_values=eidas1'`", "`SCOPES='openid …'` for nonce"},
		ToldBy: "`check`, and the page of a failed login",
		SeenIn: "[InseeFr/Keycloak-FranceConnect#53], [france-connect/sources#4]",
		Fix:    fixParameter,
	},
	{
		Name: ParameterRefused, Group: "Grants and scopes",
		Sees: "the server refuses the login, and accepts it without `AUTHORIZATION_PARAMS`", Write: "`AUTHORIZATION_PARAMS='…'` with values that the server supports",
		Title:       "The server refuses a parameter in AUTHORIZATION_PARAMS",
		Explanation: "A parameter that every login sends has a value that the server doesn't support. Entra accepts one value of `prompt` at a time; Google accepts several, separated by spaces.",
		Looks: []Quote{
			{"Microsoft Entra", "AADSTS90023: Unsupported 'prompt' value.", "[AzureAD/passport-azure-ad#331]"},
		},
		Wrong:  []string{"`AUTHORIZATION_PARAMS='prompt=consent select_account'` with Entra"},
		Right:  []string{"`AUTHORIZATION_PARAMS='prompt=select_account'`"},
		ToldBy: "`check`",
		SeenIn: "[opencloud-eu/desktop#871], [keycloak/keycloak#15092]",
		Fix:    func(f Facts) Fix { return f.look("AUTHORIZATION_PARAMS", "Check AUTHORIZATION_PARAMS, or remove it.") },
	},
	{
		Name: PARNowhere, Group: "Grants and scopes",
		Sees: "pushed requests are required, and the metadata has no endpoint for them", Write: "correct the server's metadata",
		Title:       "The server's metadata contradicts itself",
		Explanation: "The metadata contradicts itself: it demands pushed authorization requests and does not say where they go (RFC 9126 section 5). No line of `.env` helps.",
		Wrong:       []string{"`\"require_pushed_authorization_requests\": true`, and no `pushed_authorization_request_endpoint`"},
		Right:       []string{"both in the server's metadata, or neither"},
		ToldBy:      "`check`, and the page of a failed login",
		SeenIn:      "[wwWallet/wallet-frontend#598]",
		Fix: func(f Facts) Fix {
			return f.look("", "Fix the server's metadata: it requires pushed authorization requests and names no endpoint for them. No setting of this app helps.")
		},
	},
	{
		Name: ScopeNotEnabled, Group: "Grants and scopes",
		Sees: "`invalid_scope`", Write: "`SCOPES=` without that scope, or enable it",
		Title:       "A scope is not enabled",
		Setting:     Scopes,
		Explanation: "One of the scopes is not enabled for this application. `scopes_supported` in the metadata says what the server has, not what this client may ask for.\n\nWith Clerk, an application that was created through the API has `profile email`, without `openid`. A client that registered (RFC 7591) without naming scopes has the default scopes of that time (OAuth applications → Default scopes). A custom scope has to be assigned to the application; advertising it is not enough.",
		Looks: []Quote{
			{"Clerk", "The OAuth 2.0 Client is not allowed to request scope 'openid'.", "[alpic-ai/skybridge#694]"},
			{"Keycloak", "Invalid scopes: openid email profile groups", "[docmost/docmost#1703]"},
			{"Microsoft Entra", "AADSTS650053: The application '…' asked for scope '…' that doesn't exist on the resource '…'.", "[WPManageNinja/fluent-smtp#154]"},
			{"Amazon Cognito, of `offline_access`", "`error=invalid_request`, `error_description=invalid_scope`", "[manfredsteyer/angular-oauth2-oidc#1253]"},
		},
		Wrong:  []string{"`SCOPES='openid profile groups'`"},
		Right:  []string{"`SCOPES='openid profile'`, or enable `groups` in the application", "Clerk: OAuth applications → your application → Scopes", "Clerk, a registered client: OAuth applications → Default scopes, then register again"},
		ToldBy: "`check`, and the page of a failed login",
		Says: func(f Facts) string {
			refused := f.Refused
			if len(refused) == 0 {
				refused = NamedScopes(f.asked(), f.Words)
			}
			if len(refused) == 0 {
				return "The server refuses the scopes " + strings.Join(f.asked(), " ")
			}
			return "scopes not enabled: " + strings.Join(refused, " ")
		},
		Fix: fixScopes,
	},
	{
		Name: OpenIDMissing, Group: "Grants and scopes",
		Sees: "no ID token, or userinfo returns 403", Write: "`SCOPES='openid profile email'`",
		Title:       "The scope openid is missing",
		Explanation: "Without `openid` the request is plain OAuth: no ID token, and most userinfo endpoints refuse the access token. If the login requested `openid` and the server sends no ID token, `openid` is off for this application, or the server doesn't support OpenID Connect.",
		Looks: []Quote{
			{"Keycloak 20 and newer", "`error=\"insufficient_scope\", error_description=\"Missing openid scope\"`", "[cylab-tw/bluelight#44]"},
		},
		Wrong:  []string{"`SCOPES='profile email'`"},
		Right:  []string{"`SCOPES='openid profile email'`"},
		ToldBy: "`/session`, `/userinfo` (where it says so), and the page of a failed login (where openid was asked for and no ID token came)",
		SeenIn: "[keycloak/keycloak#16168]",
		Fix:    fixOpenID,
	},
	{
		Name: ResourceUnknown, Group: "Grants and scopes",
		Sees: "\"Service not found\", `invalid_target`", Write: "name an API that exists",
		Title:       "The server doesn't recognize this API",
		Explanation: "`audience` or `resource` names an API that the server doesn't have, or one that doesn't match the scopes. Auth0 reads `resource` only if the tenant's Resource Parameter Compatibility Profile is set.",
		Looks: []Quote{
			{"Auth0", "`access_denied`: Service not found: https://…", "[aws-samples/ask-around-me#2]"},
			{"Microsoft Entra", "AADSTS9010010: The resource parameter provided in the request doesn't match with the requested scopes.", "[TracecatHQ/tracecat#2466]"},
			{"Microsoft Entra", "AADSTS901002: The 'resource' request parameter is not supported.", "[microsoft/vscode#254009]"},
		},
		Wrong:  []string{"`/login?audience=https://api.example.com`, and no such API in the dashboard"},
		Right:  []string{"the API's identifier, copied; with Entra the scope `api://<client ID>/<scope>` and no `resource`"},
		ToldBy: "`check`, and the page of a failed login",
		Fix: func(f Facts) Fix {
			if f.Cfg.Found.Resource == "" && f.Cfg.Parameters["resource"] == "" && f.Cfg.Parameters["audience"] == "" && absentWords.MatchString(strings.ToLower(f.Words)) {
				return f.look("AUTHORIZATION_PARAMS", "The server wants the login to name an API. Write AUTHORIZATION_PARAMS='resource=…' in .env, with the API's identifier from the server's dashboard.")
			}
			if f.Cfg.Parameters["resource"] != "" || f.Cfg.Parameters["audience"] != "" {
				return f.look("AUTHORIZATION_PARAMS", "Compare audience or resource in AUTHORIZATION_PARAMS with the API's identifier in the server's dashboard.")
			}
			return f.look("", "Compare audience or resource in the address of /login with the API's identifier in the server's dashboard.")
		},
	},
	{
		Name: AccessTokenOpaque, Group: "Grants and scopes",
		Sees: `"jwt malformed": the access token is not a JWT`, Write: "`AUTHORIZATION_PARAMS='audience=<API identifier>'`",
		Title:       "The access token is not a JWT",
		Explanation: "Not every access token is a JWT. Auth0 issues an opaque one unless the login names an API by `audience`. With Clerk, JWT access tokens are a setting of the whole instance, on for instances created since January 2026. Turning it on or off changes the tokens of every application. An opaque token is verified by introspection (RFC 7662).",
		Looks: []Quote{
			{"Auth0's middleware", "InvalidTokenError: Invalid Compact JWS", "[auth0/node-oauth2-jwt-bearer#69]"},
		},
		Wrong:  []string{"`/login` without `audience`"},
		Right:  []string{"`AUTHORIZATION_PARAMS='audience=https://api.example.com'`, the identifier of an API in Auth0's dashboard", "Clerk: OAuth applications → Settings → Generate access tokens as JWTs"},
		ToldBy: "`/session` (`/api` says [api-wants-a-jwt](#api-wants-a-jwt) when the API refuses it)",
		SeenIn: "[auth0-samples/auth0-ios-swift-sample#39], [auth0/nextjs-auth0#1809]",
		Fix:    fixOpaque,
	},
	{
		Name: NoRefreshToken, Group: "Grants and scopes",
		Sees: "the token response has no `refresh_token`", Write: "`SCOPES='openid profile email offline_access'`",
		Title:       "There is no refresh token",
		Explanation: "Most servers want the scope `offline_access`, enabled for the application. The others:\n- Google wants `access_type=offline` instead, and sends a refresh token only when the user saw the consent page. While the app is in testing, the refresh token expires after 7 days.\n- Dropbox wants `token_access_type=offline`.\n- Kinde wants `offline`. It accepts `offline_access`, but sends no refresh token for it.\n- Auth0 also wants Allow Offline Access turned on for the API, if the login names one by `audience`.\n- GitLab, Discord, Supabase and Cognito always send one. Cognito has no `offline_access`.\n- GitHub's OAuth apps get none.\n- Clerk documents `offline_access`, but its examples also show a refresh token in responses without that scope.",
		Looks: []Quote{
			{"Google", "(no error: the field is missing from the second login on)", "[googleapis/google-api-nodejs-client#750]"},
		},
		Wrong:  []string{"`SCOPES='openid profile email'`"},
		Right:  []string{"`SCOPES='openid profile email offline_access'`", "Google: `AUTHORIZATION_PARAMS='access_type=offline&prompt=consent'`", "Dropbox: `AUTHORIZATION_PARAMS='token_access_type=offline'`", "Kinde: `SCOPES='openid profile email offline'`", "Auth0 with an `audience`: APIs → your API → Settings → Access Settings → Allow Offline Access"},
		ToldBy: "`/session`",
		SeenIn: "[googleapis/google-api-php-client#1686]",
		Fix:    fixOffline,
	},
	{
		Name: DPoPRequired, Group: "What this app doesn't support",
		Sees: "`invalid_dpop_proof`, `use_dpop_nonce`", Write: "turn off DPoP for the client",
		Title:       "The server wants DPoP, which this app doesn't support",
		Setting:     AuthMethod,
		Explanation: "The server issues this client only sender-constrained tokens (DPoP, RFC 9449). This app sends plain bearer tokens.",
		Looks: []Quote{
			{"Okta", "`invalid_dpop_proof`: The DPoP proof JWT header is missing.", "[okta/okta-sdk-dotnet#697]"},
		},
		ToldBy: "`check`, and the page of a failed login",
		Fix:    func(f Facts) Fix { return f.turnOff(DPoPRequired, AuthMethod, "Turn off DPoP for this client") },
	},
	{
		Name: MTLSRequired, Group: "What this app doesn't support",
		Sees: "a client certificate is required", Write: "choose a different authentication method for the client",
		Title:       "The server wants a client certificate, which this app doesn't send",
		Setting:     AuthMethod,
		Explanation: "The client has to authenticate by mutual TLS (RFC 8705). This app supports only client_secret_basic, client_secret_post and none.",
		Looks: []Quote{
			{"WSO2", "`invalid_request`: Transport certificate not found in the request", "[wso2/financial-services-accelerator#118]"},
			{"WSO2", "TLS certificate not found in the request.", "[wso2/financial-services-accelerator#387]"},
		},
		ToldBy: "`check`, and the page of a failed login",
		Fix: func(f Facts) Fix {
			return f.turnOff(MTLSRequired, AuthMethod, "Set this client's authentication method to client_secret_basic")
		},
	},
	{
		Name: ClientAssertionRequired, Group: "What this app doesn't support",
		Sees: "`client_assertion` is missing; only `private_key_jwt` is listed", Write: "choose a different authentication method for the client",
		Title:       "The server wants a signed client assertion, which this app doesn't send",
		Setting:     AuthMethod,
		Explanation: "The client has to authenticate with a JWT (private_key_jwt or client_secret_jwt, OpenID Connect Core section 9). This app supports only client_secret_basic, client_secret_post and none.",
		Looks: []Quote{
			{"ThunderID, of a client that sends no assertion", "`unauthorized_client`", "[thunder-id/thunderid#4483]"},
		},
		ToldBy: "`check`, and the page of a failed login",
		Fix: func(f Facts) Fix {
			return f.turnOff(ClientAssertionRequired, AuthMethod, "Set this client's authentication method to client_secret_basic")
		},
	},
	{
		Name: ParametersRenamed, Group: "What this app doesn't support",
		Sees: "`client_key` or `appid` is missing", Write: "use the provider's own client",
		Title:       "The server doesn't use OAuth's parameter names",
		Explanation: "The server calls the client ID `client_key` (TikTok) or `appid` (WeChat). RFC 6749 section 2.3.1 calls it `client_id`, and this app sends that.",
		ToldBy:      "`check`, and the page of a failed login",
		SeenIn:      "[expo/expo#28639], [n8n-io/n8n#11119]",
		Fix: func(f Facts) Fix {
			return f.look("", "No setting of this app changes the names of its parameters. Use the provider's own library, or a proxy that renames them.")
		},
	},
	{
		Name: RequestObjectRequired, Group: "What this app doesn't support",
		Sees: "a request object is required", Write: "turn off signed requests for the client",
		Title:       "The server wants a signed request, which this app doesn't send",
		Setting:     Grant,
		Explanation: "The client has to send its authorization request as a signed JWT (RFC 9101). This app sends plain parameters.",
		Looks: []Quote{
			{"Keycloak, of a pushed request", "`invalid_request_object`: invalidRequestMessage", "[keycloak/keycloak#41181]"},
		},
		ToldBy: "`check`, and the page of a failed login",
		Fix: func(f Facts) Fix {
			return f.turnOff(RequestObjectRequired, Grant, "Turn off signed request objects for this client")
		},
	},
	{
		Name: FormPostRequired, Group: "What this app doesn't support",
		Sees: "\"response_mode must be form_post\", or a POST to the callback", Write: "use the response mode `query`",
		Title:       "The server answers by form_post, which this app doesn't read",
		Setting:     Grant,
		Explanation: "The server sends its response as a form (OAuth 2.0 Form Post Response Mode). The browser sends no cookie of this app with a form from another site, so this app can't tell which login the form belongs to. This app doesn't read the form.",
		Looks: []Quote{
			{"Apple", "`invalid_request`: response_mode must be form_post when name or email scope is requested.", "[oauth-io/oauth-js#104]"},
		},
		ToldBy: "`check`, a warning of `check` (where the metadata lists no other response mode), and the page of a failed login",
		Fix: func(f Facts) Fix {
			return f.turnOff(FormPostRequired, Grant, "With Apple, request no scope. Otherwise, set the response mode of this client to query")
		},
	},
	{
		Name: ResponseInFragment, Group: "What this app doesn't support",
		Sees: "the callback's address has a `#` before `code`, `access_token` or `error`", Write: "use the response type `code` and the response mode `query`",
		Title:       "The server puts its response after a #",
		Explanation: "The server sends its response in the fragment of the address (OAuth 2.0 Multiple Response Type Encoding Practices section 2.1). A browser doesn't send the fragment, so no program on a server can read it. The implicit and the hybrid flow do this by default, and `response_mode=fragment` asks for it. This app asks for neither: its requests have `response_type=code` and no `response_mode`, for which the default is the query.",
		Looks: []Quote{
			{"oidc-client-ts", "Expected code in response", "[authts/oidc-client-ts#1284]"},
		},
		Wrong:  []string{"`http://localhost:3000/oauth_callback#code=…&state=…`"},
		Right:  []string{"`http://localhost:3000/oauth_callback?code=…&state=…`"},
		ToldBy: "a warning of `check` (where the metadata lists no other response mode), and the page of a failed login",
		SeenIn: "[openid/AppAuth-JS#172]",
		Fix: func(f Facts) Fix {
			return f.turnOff(ResponseInFragment, Grant, "Set the response type of this client to code, and its response mode to query")
		},
	},
	{
		Name: UserNotAllowed, Group: "The user, and the return to this app",
		Sees: "`access_denied`, and you did not press Deny", Write: "allow the user in the dashboard",
		Title:       "This user may not use the application",
		Explanation: "A rule of the server blocks this user: an app in testing, an assignment, a policy. Only a sign-in shows it.",
		Looks: []Quote{
			{"Google", "Error 403: access_denied. … The app is currently being tested, and can only be accessed by developer-approved testers.", "[googleworkspace/cli#853]"},
			{"Microsoft Entra", "AADSTS50105: The signed in user '…' is not assigned to a role for the application '…'.", "[microsoftgraph/microsoft-graph-explorer-v4#1333]"},
			{"Okta", "`access_denied`: Policy evaluation failed for this request, please check the policy configurations.", "[oktadev/okta-wordpress-sign-in-widget#35]"},
		},
		Wrong:  []string{"the user is not on the list"},
		Right:  []string{"Google: Audience → Test users", "Entra: Enterprise applications → Users and groups", "Okta: the app's Assignments, and the authorization server's Access Policies (also for `no_matching_policy`); with Federation Broker Mode no assignment is needed", "Auth0, `unauthorized`: user is blocked. Unblock the user", "GitHub, `unverified_user_email`: the user verifies an email address first", "Clerk: User & authentication → Access mode, and Protect → Rules and Blocklist"},
		ToldBy: "the page of a failed login",
		SeenIn: "[o365soa/soa#90]",
		Fix:    func(f Facts) Fix { return f.turnOff(UserNotAllowed, Users, "Allow this user") },
	},
	{
		Name: AccessDenied, Group: "The user, and the return to this app",
		Sees: "`access_denied`", Write: "nothing: sign in again and press Allow",
		Title:       "Access was denied",
		Explanation: "The user pressed Deny (RFC 6749 section 4.1.2.1). Nothing is wrong with the setup. If you did not press it, see [user-not-allowed](#user-not-allowed).",
		Looks: []Quote{
			{"GitHub", "`access_denied`: The user has denied your application access.", "[runteq/fledge-hub#298]"},
		},
		Right:  []string{"sign in again, and press Allow"},
		ToldBy: "the page of a failed login",
		Fix: func(f Facts) Fix {
			return f.look("", "If you pressed Deny, nothing is wrong: sign in again and press Allow. If you didn't, a rule of the server blocks this user ("+f.provider().At(Users)+").")
		},
	},
	{
		Name: LoginNeverCameBack, Group: "The user, and the return to this app",
		Sees: "the login was started, and the browser did not come back", Write: "what `go run . check` names",
		Title:       "The login did not come back",
		Explanation: "The login started and no response came. The usual causes, the most likely first:\n- The redirect URI is not registered, and the server keeps the browser ([redirect-uri-not-registered](#redirect-uri-not-registered)).\n- The consent page blocks the way back ([form-action-blocks-return](#form-action-blocks-return)).\n- The browser came back on a different host name ([host-changed-on-the-way-back](#host-changed-on-the-way-back)).\n- The tab was closed.",
		Looks: []Quote{
			{"Clerk, redirect URI not registered", "an error page on the server; the client \"hangs on `Waiting for approval...` — the callback never arrives\"", "[higgsfield-ai/cli#35]"},
		},
		Right:  []string{"`go run . check`, then fix what it names"},
		ToldBy: "`/` (and `go run . login`, when it times out)",
		Fix:    func(f Facts) Fix { return f.look("", "Sign in again, or finish in the other tab.") },
	},
	{
		Name: FormActionBlocksReturn, Group: "The user, and the return to this app",
		Sees: "the user presses Allow, and nothing happens", Write: "on the server, add the client's origin to `form-action`",
		Title:       "The server's page blocks the way back",
		Explanation: "The sign-in or consent page has a Content-Security-Policy with `form-action 'self'`. Chromium and Safari apply it to the redirect after the form too, and block the redirect back. Firefox does not. By the time of the block, the server has already issued the code.",
		Looks: []Quote{
			{"Chromium's console", `Sending form data to '…' violates the following Content Security Policy directive: "form-action 'self'". The request has been blocked.`, "[geteduroam/letswifi-portal#78]"},
		},
		Wrong:  []string{"`Content-Security-Policy: form-action 'self'`"},
		Right:  []string{"`Content-Security-Policy: form-action 'self' http://localhost:3000`"},
		ToldBy: "a warning of `check` (for the page that it can reach; the consent page lies behind the sign-in), and `/`",
		SeenIn: "[PrefectHQ/fastmcp#2302], [hexpm/hexpm#1413], [everruns/everruns#2918], [Umbrella-IT-Group/metamcp#170]",
		Says: func(Facts) string {
			return "The sign-in page's Content-Security-Policy stops its forms from redirecting to the redirect URI"
		},
		Fix: func(f Facts) Fix {
			return f.look("", "On the server, add "+returnOrigin(f.Cfg)+" to form-action in its Content-Security-Policy. Until then nothing happens in Chromium and Safari when you press Allow.")
		},
	},
	{
		Name: HostChangedOnTheWayBack, Group: "The user, and the return to this app",
		Sees: "the callback is on a different host than the start", Write: "`BASE_URL=http://localhost:3000`",
		Title:       "The browser came back on a different host name",
		Explanation: "The login was started on `localhost` and came back on `127.0.0.1`, or the other way round. A cookie belongs to one host name, so it stayed behind.",
		Looks: []Quote{
			{"go-oidc's example", "state not found", "[coreos/go-oidc#324]"},
			{"mod_auth_openidc", `the URL hostname (…) of the configured OIDCRedirectURI does not match the URL hostname of the URL being accessed (…): the "state" and "session" cookies will not be shared between the two!`, "[OpenIDC/mod_auth_openidc#478]"},
		},
		Wrong:  []string{"open `http://127.0.0.1:3000`, come back to `http://localhost:3000`"},
		Right:  []string{"open the address of `BASE_URL`"},
		ToldBy: "the page of a failed login",
		Fix: func(f Facts) Fix {
			return f.look("BASE_URL", "Register "+f.Cfg.RedirectURI()+" exactly, or set BASE_URL to the host that is registered.")
		},
	},
	{
		Name: LogoutURINotRegistered, Group: "The user, and the return to this app",
		Sees: "after **Sign out of the server too**: an error, or the browser doesn't come back", Write: "register `BASE_URL/` as a post-logout redirect URI",
		Title:       "The address after sign-out is not registered",
		Explanation: "After a sign-out the server sends the browser only to an address that is registered for it (OpenID Connect RP-Initiated Logout section 3). Most servers keep a separate list for that, beside the redirect URIs. If the address isn't on it, some servers show an error; others end the session and stay on their own page.",
		Looks: []Quote{
			{"Okta", "The 'post_logout_redirect_uri' parameter must be a Logout redirect URI in the client app settings", "[firezone/firezone#1159]"},
			{"FusionAuth", "The post_logout_redirect_uri is invalid. (invalid_post_logout_redirect_uri)", "[FusionAuth/fusionauth-issues#433]"},
			{"Gluu", "`post_logout_uri_not_associated_with_client`: The provided post logout uri is not associated with client.", "[GluuFederation/casa#65]"},
			{"Microsoft", "The provided value for the input parameter 'post_logout_redirect_uri' is not valid.", "[manfredsteyer/angular-oauth2-oidc#264]"},
		},
		Wrong:  []string{"only `http://localhost:3000/oauth_callback` is registered"},
		Right:  []string{"`http://localhost:3000/` in the list for sign-out, with the slash"},
		ToldBy: "`/logout` (before the browser goes to the server)",
		SeenIn: "[openid/AppAuth-Android#790], [DuendeArchive/IdentityServer4#209]",
		Says: func(f Facts) string {
			return "the server refuses " + f.Cfg.AfterLogout() + " as the address after sign-out"
		},
		Fix: func(f Facts) Fix {
			if f.Cfg.Registered() {
				return registerAgain(f)
			}
			return f.add(LogoutURI, f.Cfg.AfterLogout())
		},
	},
	{
		Name: LoginNotKnown, Group: "The user, and the return to this app",
		Sees: "a callback that belongs to no login in this browser", Write: "start the login again",
		Title:       "No sign-in in progress",
		Explanation: "The `state` in the callback doesn't belong to a login in this browser. The cookie is gone, the login expired or was already finished, or the callback reached a different browser.",
		Looks: []Quote{
			{"Auth0's SDK", "Missing state cookie from login request (check login URL, callback URL and cookie config).", "[auth0-samples/auth0-nextjs-samples#112]"},
		},
		Right:  []string{"start the login again, in one tab, at the address of `BASE_URL`"},
		ToldBy: "the page of a failed login",
		SeenIn: "[auth0/nextjs-auth0#1438]",
		Fix: func(f Facts) Fix {
			return f.look("", "Start a new login. If cookies are blocked for this site, allow them.")
		},
	},
	{
		Name: ResponseIssuerDiffers, Group: "The user, and the return to this app",
		Sees: "`iss` in the response is not the issuer", Write: "`ISSUER=` the server that answered",
		Title:       "The response comes from a different server",
		Explanation: "The authorization response comes from a different server than the one that you signed in at (RFC 9207 section 2.4), or the server writes its own issuer in two ways.",
		Looks: []Quote{
			{"panva's oidc-provider, two spellings", "discovery `http://host:port/`, callback `iss=http://host:port`", "[JavaScriptSolidServer/JavaScriptSolidServer#524]"},
			{"GitHub, since April 2026", "callback `iss=https://github.com/login/oauth`; other clients say: unexpected \"iss\" (issuer) response parameter value", "[nextauthjs/next-auth#13409]"},
		},
		Wrong:  []string{"a server whose `iss` and metadata differ by a slash", "`ISSUER=https://github.com`"},
		Right:  []string{"GitHub: `ISSUER=https://github.com/login/oauth`, or the two endpoints without `ISSUER`", "one spelling on the server, and the same in `ISSUER`"},
		ToldBy: "the page of a failed login",
		Fix: func(f Facts) Fix {
			if f.provider().Name == "GitHub" && f.Found == gitHubIssuer {
				return f.change("ISSUER", gitHubIssuer, "")
			}
			if strings.TrimSuffix(f.Found, "/") == strings.TrimSuffix(f.Cfg.Issuer, "/") {
				return f.look("", "Fix this on the server: its metadata and its responses have to name the same issuer, with or without the slash. No line in .env changes that.")
			}
			return f.look("ISSUER", "Either this response belongs to a different server, or the server uses two names for itself. Compare ISSUER with the server's metadata.")
		},
	},
	{
		Name: CodeMissing, Group: "The user, and the return to this app",
		Sees: "the browser comes back without `code` and without `error`", Write: "turn on the authorization code flow for the client",
		Title:       "The response has no authorization code",
		Setting:     Grant,
		Explanation: "This app asks for response_type=code, and the server sent the browser back with neither a code nor an error (RFC 6749 section 4.1.2). The application there may be set up for a different flow, such as the implicit one, or a page on the server sends the browser back by itself.",
		Wrong:       []string{"`/oauth_callback?state=…&access_token=…`"},
		Right:       []string{"`/oauth_callback?state=…&code=…`"},
		ToldBy:      "the page of a failed login",
		SeenIn:      "[zalando-stups/planb-provider#105], [titarenko/OAuth2#57]",
		Fix: func(f Facts) Fix {
			return f.turnOff(CodeMissing, Grant, "Allow the authorization code flow for this client")
		},
	},
	{
		Name: CodeExpiredOrUsed, Group: "The user, and the return to this app",
		Sees: "`invalid_grant` at the token endpoint", Write: "start the login again",
		Title:       "The code has expired or was used before",
		Explanation: "A code works once, for one to ten minutes (Okta: five; Clerk, GitHub and Supabase: ten). Clerk may send this error with 401. The code is used up when the callback is loaded twice: a reload, a second tab, a browser or scanner that prefetches.",
		Looks: []Quote{
			{"Keycloak", "`invalid_grant`: Code not valid", "[oauth2-proxy/oauth2-proxy#2097]"},
			{"Microsoft Entra", "AADSTS54005: OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.", "[AzureAD/microsoft-identity-web#2612]"},
			{"Google", "`invalid_grant`: Bad Request", "[MrBounty/streamlit-google-auth#15]"},
			{"GitHub", "`bad_verification_code`: The code passed is incorrect or expired.", "[lelylan/simple-oauth2#71]"},
		},
		Wrong:  []string{"reloading the callback; with `REDIRECT_URI`, an application that answers there and uses the code first"},
		Right:  []string{"sign in again; if it persists, look for what loads the callback first"},
		ToldBy: "the page of a failed login",
		SeenIn: "[streamlit/streamlit#15589], [mauriciovigolo/keycloak-angular#464]",
		Fix: func(f Facts) Fix {
			text := "Start a new login. If it fails again, compare " + f.Cfg.RedirectURI() + " with what is registered (" + f.provider().At(RedirectURI) + ")."
			if f.Cfg.CallbackIsPasted() {
				text = "The application at " + f.Cfg.RedirectURI() + " may have used the code first. Stop it, start a new login, and paste the address from the browser at once."
			}
			return f.look("", text)
		},
	},
	{
		Name: PKCEVerifierRefused, Group: "The user, and the return to this app",
		Sees: "the token endpoint's words name PKCE or the verifier", Write: "correct the server's PKCE check",
		Title:       "The server doesn't accept the code verifier",
		Explanation: "The server compares `code_verifier` with the `code_challenge` of the login (RFC 7636 section 4.6), and says that they don't match. This app sends the verifier of the same login, and the steps of the flow show both. Either the code belongs to a different login, or the server lost or changed the challenge.",
		Looks: []Quote{
			{"IndieAuth for WordPress", "`invalid_grant`: Failed PKCE Validation", "[indieweb/wordpress-indieauth#262]"},
		},
		Wrong:  []string{"a server that doesn't keep the challenge with the code"},
		Right:  []string{"start a new login; if it fails again, fix the server"},
		ToldBy: "the page of a failed login",
		Fix: func(f Facts) Fix {
			return f.look("", "Start a new login. If it fails again, fix PKCE on the server: it has to keep code_challenge with the code, and to compare it as S256.")
		},
	},
	{
		Name: IDTokenSignature, Group: "The tokens",
		Sees: "the ID token's signature doesn't verify", Write: "publish the server's signing key, or correct `CLIENT_SECRET`",
		Title:       "The ID token's signature cannot be verified",
		Explanation: "The token was signed with a key that is not published. Or it is signed with HS256, and with a secret other than CLIENT_SECRET: an older one, or one that the server decodes first.",
		ToldBy:      "the page of a failed login",
		SeenIn:      "[auth0-samples/auth0-golang-web-app#24]",
		Fix: func(f Facts) Fix {
			if f.Kind == oauth.IDTokenSecret {
				return f.look("CLIENT_SECRET", "The server signs ID tokens with a different secret than CLIENT_SECRET: an older one, or a decoded one. Choose RS256 or ES256 on the server, or "+f.withoutOpenID()+".")
			}
			if f.Cfg.Endpoints.JWKS != "" {
				return f.look("JWKS_URI", "Check JWKS_URI: it has to have the keys of this issuer.")
			}
			return f.look("", "The server has to publish the key that it signs with.")
		},
	},
	{
		Name: IDTokenAlgorithm, Group: "The tokens",
		Sees: "an ID token signed with HS256", Write: "choose an asymmetric algorithm, or a secret of at least 32 bytes",
		Title:       "The ID token is signed with an algorithm that this app can't verify here",
		Setting:     IDToken,
		Explanation: "HS256 uses the client secret as its key (OpenID Connect Core section 3.1.3.7 (8)). This app verifies it only where the server's metadata lists HS256 and the secret has at least 32 bytes (RFC 7518 section 3.2). Entra always signs with RS256. Supabase issues ID tokens only after the project's JWT signing keys are migrated; until then, it signs access tokens with HS256.",
		Looks: []Quote{
			{"Auth0", `Signature algorithm of "HS256" is not supported. Expected the ID token to be signed with "RS256"`, "[auth0/auth0-react#130]"},
			{"authentik without a signing key", `unexpected signature algorithm "HS256"; expected ["RS256"]`, "[lejianwen/rustdesk-api#240]"},
		},
		Wrong:  []string{"JsonWebToken Signature Algorithm: HS256"},
		Right:  []string{"JsonWebToken Signature Algorithm: RS256 (Auth0: Settings → Advanced Settings → OAuth)"},
		Says:   saysAlgorithm,
		ToldBy: "`check`, a warning of `check`, and the page of a failed login",
		SeenIn: "[supabase/auth#2578], [nextauthjs/next-auth#2917]",
		Fix:    fixAlgorithm,
	},
	{
		Name: IDTokenTimes, Group: "The tokens",
		Sees: "`exp` or `iat` has 13 digits", Write: "have the server send seconds",
		Title:       "The ID token's times are in milliseconds",
		Explanation: "exp, iat and nbf are seconds since 1970 (RFC 7519 section 2). The server writes milliseconds.",
		ToldBy:      "the page of a failed login",
		SeenIn:      "[CZ-NIC/pyoidc#864], [OpenIDC/mod_auth_openidc#99]",
		Fix: func(f Facts) Fix {
			return f.look("", "Fix the server: exp, iat and nbf have to be seconds, not milliseconds. No setting of this app helps.")
		},
	},
	{
		Name: IDTokenClaimMissing, Group: "The tokens",
		Sees: "an ID token without `iat`, `nonce`, `sub` or `aud`", Write: "have the server send the claim",
		Title:       "The ID token lacks a required claim",
		Explanation: "The server left out a claim that OpenID Connect Core section 2 requires, or the nonce that was sent.",
		ToldBy:      "the page of a failed login",
		SeenIn:      "[ferriskey/ferriskey#1124], [jumbojett/OpenID-Connect-PHP#163], [louketo/louketo-proxy#670]",
		Fix: func(f Facts) Fix {
			return f.look("", "Fix the server, or "+f.withoutOpenID()+". No other setting of this app helps.")
		},
	},
	{
		Name: IDTokenIssuerDiffers, Group: "The tokens",
		Sees: "`iss` in the ID token is not the metadata's issuer", Write: "set the server's public address",
		Title:       "The server's tokens name a different issuer than its metadata",
		Explanation: "The issuer in the ID token has to be the issuer of the metadata, character for character (OpenID Connect Core section 3.1.3.7 (2)). Here the server contradicts itself, so no ISSUER fits both.",
		ToldBy:      "the page of a failed login",
		SeenIn:      "[nodeSolidServer/node-solid-server#1609]",
		Fix: func(f Facts) Fix {
			return f.look("", "Fix this on the server: look for the setting of its public address. No ISSUER in .env helps.")
		},
	},
	{
		Name: IDTokenForAnother, Group: "The tokens",
		Sees: "`aud` or `nonce` is not this login's", Write: "compare `CLIENT_ID`, and start the login again",
		Title:       "The ID token is not for this login",
		Explanation: "The ID token names a different client, or the nonce of a different login. It must not be accepted (OpenID Connect Core section 3.1.3.7).",
		ToldBy:      "the page of a failed login",
		SeenIn:      "[FormidableLabs/react-native-app-auth#760], [openid/AppAuth-iOS#418]",
		Fix: func(f Facts) Fix {
			return f.look("CLIENT_ID", "Compare CLIENT_ID with the application in the server's dashboard, and start a new login.")
		},
	},
	{
		Name: IDTokenEncrypted, Group: "The tokens",
		Sees: "the ID token has five parts", Write: "turn off the encryption of ID tokens",
		Title:       "The ID token is encrypted",
		Explanation: "The ID token is encrypted (JWE). This app has no key to read it.",
		Looks: []Quote{
			{"authentik with an encryption key", "ID Token received signed with the wrong algorithm: RSA-OAEP-256, expected RS256", "[christiaangoossens/hass-oidc-auth#77]"},
		},
		Wrong:  []string{"an encryption key is selected"},
		Right:  []string{"Encryption key: none; Signing key: one of RS256"},
		ToldBy: "the page of a failed login",
		Fix: func(f Facts) Fix {
			return f.turnOff(IDTokenEncrypted, IDToken, "Turn off the encryption of ID tokens for this client")
		},
	},
	{
		Name: TokenResponseUnusable, Group: "The tokens",
		Sees: "200, and no token that could be used", Write: "correct the server's token endpoint",
		Title:       "The token response can't be used",
		Explanation: "The response isn't a JSON object, spells `access_token` differently, has a member of the wrong type, or has a `token_type` that this app can't use, such as `DPoP` (RFC 6749 section 5.1). Other clients can't use it either. Without a `token_type`, the login succeeds with a warning. Without an access token, see [access-token-missing](#access-token-missing).",
		Looks: []Quote{
			{"GitHub, to a request without `Accept: application/json`", "`access_token=…&scope=user%2Cgist&token_type=bearer`", "[classmethod/aurl#5]"},
		},
		Wrong:  []string{"`{\"Access_Token\":\"…\"}`"},
		Right:  []string{"`{\"access_token\":\"…\",\"token_type\":\"Bearer\"}`; this app asks GitHub for JSON"},
		ToldBy: "the page of a failed login",
		Fix: func(f Facts) Fix {
			if f.Kind == oauth.IDTokenMalformed {
				return f.look("SCOPES", "Fix the server: its id_token isn't a readable JWT, or a claim in it is of the wrong type. Without openid in SCOPES it sends none.")
			}
			return f.look("TOKEN_ENDPOINT", "The server is at fault, or TOKEN_ENDPOINT is not its token endpoint.")
		},
	},
	{
		Name: AccessTokenMissing, Group: "The tokens",
		Sees: "a token response without `access_token`", Write: "`SCOPES='openid <client ID>'`, or a scope of an API",
		Title:       "The token response has no access token",
		Setting:     Scopes,
		Explanation: "The server answered with an ID token and no access token. Azure AD B2C does this when only openid is asked for: it issues access tokens for a scope of an API, or for the client ID itself as a scope.",
		ToldBy:      "the page of a failed login",
		SeenIn:      "[MicrosoftDocs/azure-docs#64582]",
		Fix: func(f Facts) Fix {
			return f.change("SCOPES", strings.Join(append(slices.Clone(f.Cfg.Scopes), f.Cfg.ClientID), " "), "add a scope of an API")
		},
	},
	{
		Name: AccessTokenNested, Group: "The tokens",
		Sees: "the access token is inside another object", Write: "request a bot scope, or use the other endpoint",
		Title:       "The access token is inside another object",
		Setting:     Scopes,
		Explanation: "The token response has no access_token of its own, but one inside another object. Slack does this for user tokens: they are in authed_user.",
		Looks: []Quote{
			{"Slack, where only user scopes were asked for", "`\"authed_user\":{\"access_token\":\"xoxp-…\",\"token_type\":\"user\"}`", "[slackapi/java-slack-sdk#1565]"},
		},
		ToldBy: "the page of a failed login",
		Fix: func(f Facts) Fix {
			if HostOf(f.Cfg.Endpoints.Token) == "slack.com" {
				return f.look("SCOPES", "Add a bot scope to SCOPES, or use https://slack.com/api/openid.connect.token with the scope openid.")
			}
			return f.look("TOKEN_ENDPOINT", "This app reads the access token at the top of the response (RFC 6749 section 5.1). Look in the server's documentation for a token endpoint that follows the standard, and write it in TOKEN_ENDPOINT.")
		},
	},
	{
		Name: UserinfoUnusable, Group: "The tokens",
		Sees: "userinfo returns a page, or names a different `sub`", Write: "correct the server's userinfo endpoint",
		Title:       "The userinfo response can't be used",
		Explanation: "Userinfo has to answer with a JSON object, or a signed JWT, whose `sub` is that of the ID token (OpenID Connect Core section 5.3.2). A different `sub` may mean that the token belongs to a different user. If a page answers, a sign-in is in front of the endpoint, or the address is wrong.",
		Looks: []Quote{
			{"oidc-client.js (IdentityServer as server)", "sub from user info endpoint does not match sub in id_token", "[IdentityServer/IdentityServer3#3578]"},
			{"Spring, where a page came", "JSON parse error: Unexpected character ('<' (code 60))", "[camunda/camunda#55732]"},
		},
		ToldBy: "`/userinfo`",
		Fix:    fixUserinfo,
	},
	{
		Name: TokenNotActive, Group: "The tokens",
		Sees: "`{\"active\": false}` right after the login", Write: "use an introspection endpoint on the issuer's host",
		Title:       "The server says that the token is not active",
		Explanation: "The token was just issued, and introspection calls it inactive. Keycloak does this when introspection is called on a different host name than the one that issued the token. Some servers do it for tokens of a different type or for a different audience.",
		ToldBy:      "`/tokeninfo`",
		SeenIn:      "[keycloak/keycloak#15694], [keycloak/keycloak#21820]",
		Says:        func(Facts) string { return "the server answered active: false" },
		Fix:         fixIntrospection,
	},
	{
		Name: RefreshTokenRefused, Group: "The tokens",
		Sees: "`invalid_grant` at `/refresh`", Write: "sign in again",
		Title:       "The refresh token is no longer accepted",
		Explanation: "The refresh token was used, was revoked, or has expired. Many servers replace it with every use, and end the whole grant when an old one is used again.",
		ToldBy:      "`/refresh`",
		SeenIn:      "[oidc-wp/openid-connect-generic#109], [oauth2-proxy/oauth2-proxy#1473]",
		Fix:         func(f Facts) Fix { return f.look("", "Sign in again: a new sign-in brings a new refresh token.") },
	},
	{
		Name: ServerFailed, Group: "The tokens",
		Sees: "5xx, or an error page where JSON belongs", Write: "see the server's log",
		Title:       "The server failed",
		Explanation: "The server failed, or a proxy or a bot check in front of it answered.",
		Looks: []Quote{
			{"Gitea, as client", "invalid character '<' looking for beginning of value", "[go-gitea/gitea#10836]"},
		},
		Right:  []string{"try again; then look at the server's log, and at any proxy or firewall in front of it"},
		ToldBy: "`check`, a warning of `check`, the page of a failed login, and `/userinfo`",
		SeenIn: "[KickEngineering/KickDevDocs#148]",
		Fix:    func(f Facts) Fix { return f.look("", "Try again. If it fails again, look at the server's log.") },
	},
	{
		Name: RateLimited, Group: "The tokens",
		Sees: "429", Write: "wait, then ask again",
		Title:       "The server asks this app to wait",
		Explanation: "The server counts requests, and this was one too many.",
		Looks: []Quote{
			{"Auth0, in its log", "`api_limit`: Global limit has been reached", "[auth0/auth0-deploy-cli#386]"},
		},
		Right:  []string{"wait, then ask again; `check` stops at the first 429"},
		ToldBy: "`check` (where the login starts at the API), a warning of `check`, the page of a failed login, and `/api`",
		Fix:    func(f Facts) Fix { return f.look("", "Wait a minute, then start a new login.") },
	},
	{
		Name: APIMetadataMissing, Group: "The login starts at the API (`RESOURCE_URL` alone)",
		Sees: "the API does not say which server issues its tokens", Write: "`ISSUER=…`, or correct the API's challenge",
		Title:       "The API names no authorization server",
		Explanation: "The API answers without `resource_metadata` in its challenge, and has no metadata at the well-known addresses (RFC 9728 sections 3 and 5.1), so this app can't know which server issues its tokens.",
		Wrong:       []string{"`401` with nothing but an error"},
		Right:       []string{"`WWW-Authenticate: Bearer resource_metadata=\"https://api.example.com/.well-known/oauth-protected-resource/mcp\"`; or `ISSUER=` and `CLIENT_ID=` in `.env`: then the API doesn't have to name its server"},
		ToldBy:      "`check`, and the page of a failed login",
		SeenIn:      "[gavdilabs/cap-mcp-plugin#111], [modelcontextprotocol/csharp-sdk#1050]",
		Fix: func(f Facts) Fix {
			return f.look("", "Let the API return 401 with WWW-Authenticate: Bearer resource_metadata=\"…\" (RFC 9728 section 5.1). If you know its authorization server, set ISSUER and CLIENT_ID.")
		},
	},
	{
		Name: APIMetadataUnusable, Group: "The login starts at the API (`RESOURCE_URL` alone)",
		Sees: "the API's metadata is a page, a redirect, or 404", Write: "correct the API's metadata",
		Title:       "The API's metadata can't be used",
		Explanation: "The metadata URL returns something else: a page, a redirect that ends nowhere, more than 1 MB, or scopes that can't be requested.",
		Wrong:       []string{"an application that answers every unknown address with its start page"},
		Right:       []string{"a JSON object with `resource` and `authorization_servers` (RFC 9728 section 3.2)"},
		ToldBy:      "`check`, and the page of a failed login",
		SeenIn:      "[n8n-io/n8n#34571]",
		Fix: func(f Facts) Fix {
			const rule = "its metadata has to be a JSON object at an https address (RFC 9728 section 3)."
			if f.Kind == oauth.ResourceMetadataUnusable && f.Member == "" {
				return f.look("RESOURCE_URL", "Check RESOURCE_URL: a website may answer there, not the API. If the API answers there, "+rule)
			}
			return f.look("", "Fix the API: "+rule)
		},
	},
	{
		Name: APIMetadataOfAnother, Group: "The login starts at the API (`RESOURCE_URL` alone)",
		Sees: `"Protected resource … does not match expected …"`, Write: "`RESOURCE_URL=` the API's own address",
		Title:       "The API's metadata is about a different API",
		Explanation: "`resource` in the metadata must be the address that the client started with (RFC 9728 section 3.3). This app also accepts a parent path of it, as APIs that speak MCP write it. A proxy that turns https into http is the usual cause.",
		Looks: []Quote{
			{"VS Code, about a server of the Python SDK", `Protected Resource Metadata resource "http://localhost:8000/" does not match MCP server resolved resource "http://localhost:8000/mcp"`, "[modelcontextprotocol/python-sdk#1264]"},
			{"MCP's own client", "Protected resource http://api.e2a.dev does not match expected https://api.e2a.dev/mcp (or origin)", "[Mnexa-AI/e2a#635]"},
		},
		Wrong:  []string{"`\"resource\": \"http://api.example.com\"` for `RESOURCE_URL=https://api.example.com/mcp`"},
		Right:  []string{"`\"resource\": \"https://api.example.com/mcp\"`; this app also accepts `https://api.example.com`, with a warning"},
		ToldBy: "`check`, and the page of a failed login",
		SeenIn: "[exa-labs/exa-mcp-server#387]",
		Fix: func(f Facts) Fix {
			return f.look("RESOURCE_URL", "Set RESOURCE_URL to the API's own address. If it already is, fix the API: resource in its metadata has to be this address, or a parent path of it (RFC 9728 section 3.3).")
		},
	},
	{
		Name: APIServersUnusable, Group: "The login starts at the API (`RESOURCE_URL` alone)",
		Sees: "the API's metadata names no server that this app can use", Write: "`ISSUER=…`, or correct the API's metadata",
		Title:       "The API names no usable authorization server",
		Explanation: "The metadata names no authorization server, or only servers that this app can't use: http on another machine, localhost for an API elsewhere, or hosts that don't answer. This app tries the first three.",
		Wrong:       []string{"`\"authorization_servers\": [\"http://mcp.example.com\"]`"},
		Right:       []string{"`\"authorization_servers\": [\"https://auth.example.com\"]`, exactly as in the server's own metadata"},
		ToldBy:      "`check`, and the page of a failed login",
		SeenIn:      "[mesh/mesh-mcp#20]",
		Fix: func(f Facts) Fix {
			return f.look("", "Fix the API: authorization_servers in its metadata has to name an https issuer that answers (RFC 9728 section 2). If you know the right one, set ISSUER and CLIENT_ID.")
		},
	},
	{
		Name: RegistrationNotOffered, Group: "The login starts at the API (`RESOURCE_URL` alone)",
		Sees: `"does not support dynamic client registration"`, Write: "`CLIENT_ID=` of an OAuth application",
		Title:       "The server doesn't support dynamic client registration",
		Explanation: "The authorization server has no `registration_endpoint` in its metadata, so you have to create a client by hand.",
		Looks: []Quote{
			{"MCP's own client, about GitHub", "Incompatible auth server: does not support dynamic client registration", "[wong2/mcp-cli#23]"},
		},
		Right:  []string{"create an OAuth application there, and set `CLIENT_ID=` (and `CLIENT_SECRET=`) beside `RESOURCE_URL` in `.env`", "Clerk: OAuth applications → Dynamic client registration, on. Then anyone can register clients, and the consent page can't be turned off"},
		ToldBy: "`check`, and the page of a failed login",
		SeenIn: "[punkpeye/mcp-remote#53], [github/github-mcp-server#2532]",
		Fix:    fixByHand,
	},
	{
		Name: RegistrationRefused, Group: "The login starts at the API (`RESOURCE_URL` alone)",
		Sees: "`invalid_redirect_uri` at registration", Write: "`CLIENT_ID=` of an OAuth application",
		Title:       "The server refused to register this app",
		Explanation: "The authorization server registers clients, but refused this one, most often because of the redirect URI (RFC 7591 section 3.2.2).",
		Looks: []Quote{
			{"Gluu", "`{\"error\":\"invalid_redirect_uri\",\"error_description\":\"Value of one or more redirect_uris is invalid.\"}`", "[GluuFederation/oxAuth#496]"},
		},
		Right:  []string{"allow the redirect URI on the server, or create an OAuth application there and set `CLIENT_ID=`", "Clerk, 422: OAuth applications → Dynamic client registration is off"},
		ToldBy: "the page of a failed login",
		SeenIn: "[bytebase/bytebase#20033]",
		Fix:    fixByHand,
	},
	{
		Name: RegistrationUnusable, Group: "The login starts at the API (`RESOURCE_URL` alone)",
		Sees: "the server registered a different redirect URI, or no client ID", Write: "`CLIENT_ID=` of an OAuth application",
		Title:       "The registration can't be used",
		Explanation: "The server registered something different: a redirect URI that this app didn't send, no client ID, or an authentication method that this app doesn't support. This app discards the registration. (A different method that it does support is fine: RFC 7591 section 3.2.1.)\n\nThe server may still have created a client. So this app doesn't register again until you save `.env` or restart this app.",
		Looks: []Quote{
			{"Frappe, to a client that had asked for a different method", "`\"token_endpoint_auth_method\": \"client_secret_basic\"`", "[buildswithpaul/Frappe_Assistant_Core#65]"},
		},
		Right:  []string{"fix the registration on the server, then save `.env` again. Until then, create an OAuth application by hand and set `CLIENT_ID`"},
		ToldBy: "the page of a failed login",
		Fix:    fixByHand,
	},
	{
		Name: ClientDocumentNotSupported, Group: "The login starts at the API (`RESOURCE_URL` alone)",
		Sees: "`CLIENT_ID` is an https address", Write: "leave `CLIENT_ID` empty",
		Title:       "The server doesn't accept this client ID metadata document",
		Explanation: "`CLIENT_ID` is the address of a client ID metadata document. A server that doesn't read documents treats the URL as an unknown client ID. If its metadata doesn't say `client_id_metadata_document_supported`, `check` warns, but a login continues unless the server refuses it.\n\nClerk accepts a client that was allowed explicitly. Its metadata says that it reads these documents only while the setting Advertise CIMD support is on. Client ID metadata documents are in beta there: ask Clerk's support to enable them.",
		Wrong:       []string{"`CLIENT_ID=https://client.example.com/metadata.json`"},
		Right:       []string{"`CLIENT_ID` left empty: the first sign-in registers a client", "Clerk: OAuth applications → CIMD Clients → Pre-register, or Advertise CIMD support"},
		ToldBy:      "`check`, and the page of a failed login",
		SeenIn:      "[modelcontextprotocol/python-sdk#1801]",
		Fix: func(f Facts) Fix {
			if place := f.provider().Switch[ClientDocumentNotSupported]; place != "" {
				return f.look("CLIENT_ID", "Allow this client on the server ("+LowerFirst(f.provider().in())+": "+place+"), or remove CLIENT_ID and let the first sign-in register a client.")
			}
			return f.change("CLIENT_ID", "", "")
		},
	},
	{
		Name: ClientOfAnotherServer, Group: "The login starts at the API (`RESOURCE_URL` alone)",
		Sees: "the API names a different server than before", Write: "`CLIENT_ID=` of the new server",
		Title:       "The API has moved to a different authorization server",
		Explanation: "The API now names a different authorization server than the one that `CLIENT_ID` was used with. This app doesn't send a client's credentials to a different server, so the login stops here.",
		Right:       []string{"create an OAuth application on the new server, and set its `CLIENT_ID=`; or remove `CLIENT_ID` and `CLIENT_SECRET`: the next sign-in then registers a client there"},
		ToldBy:      "the page of a failed login",
		SeenIn:      "[modelcontextprotocol/ruby-sdk#439], [anomalyco/opencode#47814]",
		Fix:         fixByHand,
	},
	{
		Name: APIUnreachable, Group: "The API",
		Sees: "no answer at `RESOURCE_URL`, 404, 405", Write: "`RESOURCE_URL=` an address that answers GET",
		Title:       "RESOURCE_URL doesn't reach the API",
		Explanation: "Host, path, scheme or method is wrong. An API that speaks MCP returns 405 or 404 for GET. With `RESOURCE_URL` alone, this app uses POST. With `ISSUER` set, it uses GET.",
		Wrong:       []string{"`RESOURCE_URL=https://api.example.com/mcp`, which wants POST, beside `ISSUER`"},
		Right:       []string{"`RESOURCE_URL=` an address that answers GET, or `RESOURCE_URL` without `ISSUER`"},
		ToldBy:      "`check`, the page of a failed login (where the login starts at the API), and `/api`",
		SeenIn:      "[MicrosoftDocs/mcp#10]",
		Fix: func(f Facts) Fix {
			switch {
			case f.Value != "":
				return f.change("RESOURCE_URL", f.Value, "")
			case f.HTTP:
				return f.plainHTTP("RESOURCE_URL")
			}
			return f.look("RESOURCE_URL", "Check RESOURCE_URL in .env, and that the API is running.")
		},
	},
	{
		Name: APIFailed, Group: "The API",
		Sees: "the API returns 500, 502 or 503", Write: "see the API's log",
		Title:       "The API failed",
		Explanation: "The API fails, or a proxy in front of it can't reach it. Some APIs return 500 for a call without a token. If the metadata is at its well-known address, the login continues.",
		Wrong:       []string{"500 without `Authorization`"},
		Right:       []string{"401 with `WWW-Authenticate: Bearer` (RFC 6750 section 3.1)"},
		ToldBy:      "`check` and a warning of `check`, the page of a failed login (where the login starts at the API), and `/api`",
		SeenIn:      "[shopware/shopware#19689], [BerriAI/litellm#37080]",
		Fix: func(f Facts) Fix {
			return f.look("", "Look at the API's own log, and at any proxy or firewall in front of it.")
		},
	},
	{
		Name: APIOpen, Group: "The API",
		Sees: "the API answers without a token", Write: "require a token, in the API",
		Title:       "The API answers without a token",
		Explanation: "The API doesn't ask for a token, or accepts any token, on this route or on all of them.",
		Wrong:       []string{"200 without `Authorization`, or with an invented token"},
		Right:       []string{"401 with `WWW-Authenticate: Bearer`; see [verify.md](verify.md)"},
		ToldBy:      "`check`, and `/api`",
		SeenIn:      "[dadi/api#37]",
		Fix: func(f Facts) Fix {
			return f.look("", "Fix the API: it has to check the access token of every call (docs/verify.md).")
		},
	},
	{
		Name: APIIgnoresSignature, Group: "The API",
		Sees: "the API accepts an altered token", Write: "verify signatures, in the API",
		Title:       "The API accepts an altered token",
		Explanation: "The API decodes the token, but does not verify its signature, so anyone can forge a token.",
		Wrong:       []string{"`jwt.decode(access_token, verify=False)`"},
		Right:       []string{"verify the signature against the server's JWKS; see [verify.md](verify.md)"},
		ToldBy:      "`/api`",
		SeenIn:      "[conwetlab/ckanext-oauth2#37], [Tracer-Cloud/opensre#1204]",
		Fix: func(f Facts) Fix {
			return f.look("", "Fix the API: it has to check the signature of every access token (docs/verify.md).")
		},
	},
	{
		Name: APIAcceptsIDToken, Group: "The API",
		Sees: "the API accepts the ID token", Write: "reject ID tokens, in the API",
		Title:       "The API uses the ID token as an access token",
		Explanation: "An ID token tells the client who signed in. It doesn't authorize calls to an API.",
		Wrong:       []string{"the API accepts `Authorization: Bearer <ID token>`"},
		Right:       []string{"require `typ` `at+jwt` and the API's own `aud`; see [verify.md](verify.md)"},
		ToldBy:      "`/api`",
		SeenIn:      "[wso2/api-manager#2948], [qauth-labs/qauth#283]",
		Fix: func(f Facts) Fix {
			return f.look("", "Fix the API: an ID token is for the client, and no API may accept it (RFC 9068 section 2).")
		},
	},
	{
		Name: APIWantsAnotherAudience, Group: "The API",
		Sees: "401 `invalid_token`: audience", Write: "`/login?audience=…` or `?resource=…`",
		Title:       "The API wants a token for a different audience",
		Explanation: "`aud` of the access token is not the API's identifier. The login did not name the API, or named a different one.",
		Looks: []Quote{
			{"ASP.NET Core", "IDX10214: Audience validation failed. Audiences: 'http://localhost:50000/resources'. Did not match: validationParameters.ValidAudience: 'myapi'", "[DuendeArchive/IdentityServer4#1816]"},
			{"Microsoft Graph", "Access token validation failure. Invalid audience.", "[microsoftgraph/microsoft-graph-docs#16208]"},
		},
		Wrong:  []string{"`/login`"},
		Right:  []string{"`/login?audience=<API identifier>` (Auth0), `/login?resource=<API address>` (RFC 8707; Clerk sets `aud` only then), or a scope of that API (Entra)"},
		ToldBy: "`/api`",
		Fix: func(f Facts) Fix {
			return f.look("", "Name the API in the login: /login?resource="+f.Cfg.ResourceURL+", or /login?audience= at Auth0.")
		},
	},
	{
		Name: APIWantsAnotherIssuer, Group: "The API",
		Sees: "401 `invalid_token`: issuer", Write: "`ISSUER=` the server that the API trusts",
		Title:       "The API trusts a different issuer",
		Explanation: "The API trusts a different server, or a different spelling of this one.",
		Looks: []Quote{
			{"Keycloak, two host names", "`error=\"invalid_token\", error_description=\"The issuer 'http://localhost:8080/realms/my-realm' is invalid\"`", "[NikiforovAll/keycloak-authorization-services-dotnet#115]"},
			{"Entra, v1 token for a v2 API", "invalid claim value: 'iss'. expected=https://login.microsoftonline.com/{id}/v2.0, found=https://sts.windows.net/{id}/", "[AzureAD/microsoft-authentication-library-for-js#2109]"},
		},
		Wrong:  []string{"`ISSUER` of a different instance"},
		Right:  []string{"the same issuer in `ISSUER` and in the API's settings; Entra: the API's manifest decides the token's version"},
		ToldBy: "`check` (where the API names its servers, RFC 9728), and `/api`",
		SeenIn: "[AzureAD/microsoft-authentication-library-for-js#560]",
		Fix: func(f Facts) Fix {
			return f.look("", "Configure "+f.Cfg.Issuer+" as the issuer in the API, or sign in to the server that it trusts.")
		},
	},
	{
		Name: APIScopeMissing, Group: "The API",
		Sees: "403 `insufficient_scope`", Write: "`SCOPES=` with the scope of the API",
		Title:       "The API wants a scope that the token lacks",
		Explanation: "The access token lacks a scope (RFC 6750 section 3.1). The challenge often says which.",
		Looks: []Quote{
			{"Google", "403 `Request had insufficient authentication scopes.`, reason `ACCESS_TOKEN_SCOPE_INSUFFICIENT`", "[analogdotnow/Analog#296]"},
			{"Google", "`WWW-Authenticate: Bearer … error=\"insufficient_scope\", scope=\"…\"`", "[kwent/react-google-contacts#6]"},
		},
		Wrong:  []string{"`SCOPES='openid profile'`"},
		Right:  []string{"`SCOPES='openid profile <the scope>'`, then sign in again"},
		ToldBy: "`/api`, and `/userinfo`",
		Fix: func(f Facts) Fix {
			return f.look("SCOPES", "Add the scope that the API wants to SCOPES, enable it for this client, and sign in again.")
		},
	},
	{
		Name: APITokenExpired, Group: "The API",
		Sees: "401 `invalid_token`: expired", Write: "`/refresh`, or sign in again",
		Title:       "The access token has expired",
		Explanation: "`exp` has passed, or the API's clock is wrong. A token is often valid for an hour, however long the session lasts.",
		Looks: []Quote{
			{"WSO2", "`Bearer realm=\"WSO2 API Manager\", error=\"invalid_token\", error_description=\"The access token expired\"`", "[wso2/carbon-apimgt#9243]"},
			{"Azure Log Analytics", "403 `InvalidTokenError`: Could not validate the request. Challenge failed: TokenExpired", "[ballerina-platform/module-ballerina-oauth2#17]"},
		},
		Wrong:  []string{"an old token"},
		Right:  []string{"Refresh in the session, or sign in again"},
		ToldBy: "`/api`",
		SeenIn: "[medplum/medplum#9182]",
		Fix:    func(f Facts) Fix { return f.look("", "Refresh the token, or sign in again.") },
	},
	{
		Name: APIWantsAJWT, Group: "The API",
		Sees: "401, and the token is opaque", Write: "`/login?audience=…`",
		Title:       "The API wants a JWT",
		Explanation: "The API verifies JWTs, and the access token is an opaque string.",
		Looks: []Quote{
			{"Auth0's middleware", "InvalidTokenError: Invalid Compact JWS", "[auth0/node-oauth2-jwt-bearer#69]"},
		},
		Wrong:  []string{"an opaque token for an API that verifies JWTs"},
		Right:  []string{"Auth0: `/login?audience=<API identifier>`", "Clerk: OAuth applications → Settings → Generate access tokens as JWTs (for the whole instance)", "or introspection in the API; see [verify.md](verify.md)"},
		ToldBy: "`/api`",
		SeenIn: "[PrefectHQ/fastmcp#2048], [zuplo/zudoku#2206]",
		Fix: func(f Facts) Fix {
			return f.look("", "Have the server issue JWTs as access tokens, or let the API ask the server (introspection).")
		},
	},
	{
		Name: APIWantsAnOpaqueToken, Group: "The API",
		Sees: "401, and the token is a JWT", Write: "accept JWTs, in the API",
		Title:       "The API can't use this kind of token",
		Explanation: "The API looks tokens up, or asks the server about them, and doesn't know this one. Older versions of Clerk's SDK accept only opaque OAuth tokens.",
		Wrong:       []string{"a JWT for an API that accepts only opaque tokens"},
		Right:       []string{"a newer SDK in the API; or, in Clerk, turn off OAuth applications → Settings → Generate access tokens as JWTs (for the whole instance)"},
		ToldBy:      "`/api`",
		SeenIn:      "[clerk/javascript#7308]",
		Fix: func(f Facts) Fix {
			return f.look("", "Let the API verify JWTs, or have the server issue opaque access tokens. If the token was revoked, sign in again.")
		},
	},
	{
		Name: APIBehindASignInPage, Group: "The API",
		Sees: "HTML or a redirect to a sign-in page", Write: "`RESOURCE_URL=` the API itself",
		Title:       "Something responds before the API does",
		Explanation: "A sign-in page, a firewall or an identity-aware proxy responds before the API does. The token never reached it.",
		Looks: []Quote{
			{"Cloudflare Access", "302 to its own login page, instead of 401", "[stefanko-ch/Nexus-Stack#893]"},
			{"oauth2-proxy with nginx", "an HTML page with 401", "[oauth2-proxy/oauth2-proxy#1274]"},
		},
		Wrong:  []string{"`RESOURCE_URL=https://app.example.com/api`, behind the sign-in of the website"},
		Right:  []string{"`RESOURCE_URL=` a route that goes to the API itself, or a rule that exempts this route from the sign-in"},
		ToldBy: "`check` (a page), a warning of `check` (a redirect), and `/api`",
		SeenIn: "[RandallEric/AudraBooks-Feedback#118]",
		Fix: func(f Facts) Fix {
			return f.look("RESOURCE_URL", "Set RESOURCE_URL to an address that goes to the API itself, or let this route through.")
		},
	},
	{
		Name: APIChallengeMissing, Group: "The API",
		Sees: "401 without `WWW-Authenticate`", Write: "correct the API's answer",
		Title:       "The API doesn't say why it refuses",
		Explanation: "The API refuses the call, and doesn't say what is missing (RFC 6750 section 3). A client can't find the authorization server, and can't tell an expired token from a missing one.",
		Wrong:       []string{"`401` alone"},
		Right:       []string{"`401` with `WWW-Authenticate: Bearer error=\"invalid_token\"`, and `resource_metadata=\"…\"` for clients that start at the API (RFC 9728)"},
		ToldBy:      "a warning of `check`, and `/api`",
		SeenIn:      "[lightdash/lightdash#26726], [gavdilabs/cap-mcp-plugin#111], [medplum/medplum#9182]",
		Fix: func(f Facts) Fix {
			return f.look("", "Let the API return 401 with WWW-Authenticate: Bearer and the error (RFC 6750 section 3).")
		},
	},
	{
		Name: APIWantsAnotherScheme, Group: "The API",
		Sees: "401 with `WWW-Authenticate: Basic` or `DPoP`, and no `Bearer`", Write: "use an API that accepts bearer tokens",
		Title:       "The API wants a different scheme than Bearer",
		Explanation: "The challenge names a scheme that is not Bearer: Basic, DPoP alone, or Negotiate. The address isn't an API that accepts access tokens, or the API wants tokens bound to a key (RFC 9449).",
		Wrong:       []string{"`WWW-Authenticate: Basic realm=\"…\"`"},
		Right:       []string{"`WWW-Authenticate: Bearer`, beside any other scheme"},
		ToldBy:      "a warning of `check`, and `/api`",
		SeenIn:      "[joyent/conch-api#1042]",
		Fix: func(f Facts) Fix {
			return f.look("", "Let the API accept bearer tokens (RFC 6750), or set RESOURCE_URL to one that does.")
		},
	},
	{
		Name: APITokenNotVerifiable, Group: "The API",
		Sees: "the signature of a Graph token does not verify", Write: "use an API of your own",
		Title:       "Only the API can verify this token",
		Explanation: "Only Graph can verify an access token for Microsoft Graph. Its header has a `nonce`, and for any other API the signature doesn't verify.",
		Looks: []Quote{
			{"ASP.NET Core", "IDX10503: Signature validation failed.", "[AzureAD/azure-activedirectory-identitymodel-extensions-for-dotnet#853]"},
		},
		Wrong:  []string{"`SCOPES='openid User.Read'`, and the token sent to an API of your own"},
		Right:  []string{"`SCOPES='openid api://<client ID>/<scope>'`"},
		ToldBy: "`/api`",
		SeenIn: "[AzureAD/azure-activedirectory-identitymodel-extensions-for-dotnet#609], [MicrosoftDocs/azure-docs#80018]",
		Fix:    func(f Facts) Fix { return f.look("", "Ask for a scope of your own API.") },
	},
}
