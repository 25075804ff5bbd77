package demo

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
)

// Fault is one mistake that the server makes on purpose, to show what it looks like and that it is found. The code that
// enforces a rule asks whether to break it: s.breaks(WrongVerifier). The values are stable names.
type Fault string

// The numbered set-ups of the demo's page: one setting is wrong.
const (
	RedirectURISlash    Fault = "redirect-uri-slash"       // registered with a trailing slash
	RedirectURIHost     Fault = "redirect-uri-host"        // registered with 127.0.0.1 for localhost
	SecretWrong         Fault = "client-secret-wrong"      // a different secret is registered
	AuthMethodWrong     Fault = "auth-method-wrong"        // the client has to use the other method
	ClientUnknown       Fault = "client-id-unknown"        // no such client
	ScopeNotEnabled     Fault = "scope-not-enabled"        // email is not enabled for the client
	IssuerSlash         Fault = "issuer-slash"             // the server's issuer has a trailing slash
	IDTokenSignature    Fault = "id-token-signature"       // signed with a key that isn't published
	AccessTokenAudience Fault = "access-token-audience"    // issued for a different API
	ConsentNoWayBack    Fault = "consent-cannot-come-back" // form-action 'self' blocks the redirect after the form
)

// Where a client may send the browser back to.
const (
	LoopbackPortFixed Fault = "loopback-port-fixed" // only the registered port of a loopback IP address is accepted
	LocalhostAnyPort  Fault = "localhost-any-port"  // any port of localhost is accepted, too
)

// Rules that a server should enforce (RFC 9700), one each.
const (
	CodeUsedTwice           Fault = "code-used-twice"            // accepted
	CodeReuseTokensLive     Fault = "code-reuse-tokens-live"     // refused, but the tokens stay valid
	WrongVerifier           Fault = "wrong-verifier"             // accepted
	MissingVerifier         Fault = "missing-verifier"           // accepted
	OtherRedirectURI        Fault = "other-redirect-uri"         // accepted at the token endpoint
	OtherClientsCode        Fault = "other-clients-code"         // accepted from a client that it was not issued to
	OldRefreshToken         Fault = "old-refresh-token"          // accepted after it has been rotated
	RefreshReuseFamilyLives Fault = "refresh-reuse-family-lives" // refused, but the newer tokens stay valid
	RefreshNotRotated       Fault = "refresh-not-rotated"        // the same token comes back
	RevokedAtUserinfo       Fault = "revoked-at-userinfo"        // a revoked token is accepted there
	RevokedAtIntrospection  Fault = "revoked-at-introspection"   // and there
	RevokedAtAPI            Fault = "revoked-at-api"             // and there
	NoPKCE                  Fault = "no-pkce"                    // a login without a challenge is accepted
	PromptNonePage          Fault = "prompt-none-page"           // shows a page where it must not
	PromptNoneCode          Fault = "prompt-none-code"           // issues a code although no user is signed in
)

// Mistakes of an API: it refuses the right token, or accepts a wrong one.
const (
	APIOtherAudience     Fault = "api-other-audience"       // wants the audience of a different API
	APIOtherIssuer       Fault = "api-other-issuer"         // trusts a different issuer
	APITokenExpired      Fault = "api-token-expired"        // its clock is wrong: every token has expired
	APIOtherScope        Fault = "api-other-scope"          // wants a scope that no token has
	APIWantsIDToken      Fault = "api-wants-id-token"       // accepts the ID token, and nothing else
	APIWantsJWT          Fault = "api-wants-jwt"            // refuses opaque tokens; goes with OpaqueAccessTokens
	APIWantsOpaque       Fault = "api-wants-opaque"         // refuses JWTs
	APIRedirectsToSignIn Fault = "api-redirects-to-sign-in" // redirects to a sign-in page
	APISignInPage        Fault = "api-sign-in-page"         // returns a sign-in page, status 200
	APIFirewall          Fault = "api-firewall"             // a firewall in front of it: 403 as HTML
	APIOtherScheme       Fault = "api-other-scheme"         // wants Basic
	APINoChallenge       Fault = "api-no-challenge"         // refuses without WWW-Authenticate
	APIMethod            Fault = "api-method"               // answers GET with 405
	APIOpen              Fault = "api-open"                 // accepts calls without a token
	APIOpenToAltered     Fault = "api-open-to-altered"      // does not check the signature
	APIOpenToIDToken     Fault = "api-open-to-id-token"     // accepts the ID token, too
	APIIgnoresExpiry     Fault = "api-ignores-expiry"       // accepts an expired token
)

// Mistakes that stop a client that knows only the API's URL.
const (
	ResourceMetadataLies      Fault = "resource-metadata-lies"       // it describes a different API
	ResourceMetadataLoops     Fault = "resource-metadata-loops"      // a redirect that never ends
	ResourceFiftyServers      Fault = "resource-fifty-servers"       // only the last is right
	ResourcePlainHTTP         Fault = "resource-plain-http"          // its server uses http, and is not on this machine
	RegisteredOtherURI        Fault = "registered-other-uri"         // the answer has a different redirect URI
	RegisteredWithoutClientID Fault = "registered-without-client-id" // the answer has no client ID
)

// Variants that are no mistakes.
const (
	OpaqueAccessTokens Fault = "opaque-access-tokens" // access tokens are no JWTs
	RequirePAR         Fault = "require-par"          // a request that was not pushed is refused (RFC 9126 section 5)
	APIPlainChallenge  Fault = "api-plain-challenge"  // the challenge does not name the metadata
	APIOffersDPoP      Fault = "api-offers-dpop"      // a second challenge, for DPoP (RFC 9449 section 7.1)
)

// SetFaults replaces the faults of the configuration. The chosen set-up stays.
func (s *Server) SetFaults(faults ...Fault) {
	set := map[Fault]bool{}
	for _, f := range faults {
		set[f] = true
	}
	s.faults.Store(&set)
}

// breaks reports whether the server breaks a rule on purpose.
func (s *Server) breaks(f Fault) bool {
	on := s.setUp.Load()
	return (*s.faults.Load())[f] || f != "" && (on.Fault == f || on.With == f)
}

// SetUp is one way to run this server, mostly with a mistake in it for the user to find. The zero value is the correct
// server.
type SetUp struct {
	Fault   Fault  // also its stable name
	With    Fault  // another fault that is on, too, as the first doesn't show without it
	Sound   bool   // no mistake: a correct server may do this
	Mistake string // what is wrong
	Looks   string // what the user sees
	Fix     string // what has to change
}

// Broken reports whether the set-up has a mistake.
func (o SetUp) Broken() bool { return o.Fault != "" && !o.Sound }

// SetUps returns the numbered set-ups of the demo's page in order. Their numbers start at one.
func SetUps() []SetUp {
	return []SetUp{
		{Fault: RedirectURISlash, Mistake: "The registered redirect URI has a trailing slash.",
			Looks: "The server shows an error page, and the browser doesn't come back.",
			Fix:   "Register the redirect URI exactly as the client sends it."},
		{Fault: RedirectURIHost,
			Mistake: "The redirect URI is registered with a different name of this machine, such as 127.0.0.1 for localhost.",
			Looks:   "The server shows an error page, and the browser doesn't come back.",
			Fix:     "Register the redirect URI exactly as the client sends it, or set BASE_URL to the registered name."},
		{Fault: SecretWrong, Mistake: "The server has a different client secret.",
			Looks: "Sign-in and consent work. Then the token endpoint returns 401 invalid_client.",
			Fix:   "Paste the client secret again."},
		{Fault: AuthMethodWrong,
			Mistake: "The client has to use the other authentication method. The metadata doesn't say so.",
			Looks:   "Sign-in and consent work. Then the token endpoint returns 401 invalid_client.",
			Fix:     "Set TOKEN_ENDPOINT_AUTH_METHOD to the other method."},
		{Fault: ClientUnknown, Mistake: "The server doesn't recognize the client ID.",
			Looks: "The server shows an error page, and the token endpoint returns 401 invalid_client.",
			Fix:   "Paste the client ID again."},
		{Fault: ScopeNotEnabled, Mistake: "The scope email isn't enabled for the client.",
			Looks: "The browser comes back with invalid_scope before you sign in.",
			Fix:   "Enable the scope on the server, or remove email from SCOPES."},
		{Fault: IssuerSlash, Mistake: "The server's issuer has a trailing slash. The client's doesn't.",
			Looks: "The client reads the metadata and rejects it.",
			Fix:   "Write ISSUER exactly as the metadata has it."},
		{Fault: IDTokenSignature, Mistake: "The ID token is signed with a key that isn't published.",
			Looks: "The client gets an ID token and rejects its signature.",
			Fix:   "Nothing in the client. The server has to publish the key that it signs with."},
		{Fault: AccessTokenAudience, Mistake: "The access token is for a different API.",
			Looks: "The login works. The API returns 401 invalid_token.",
			Fix:   "Here, nothing: the demo server ignores resource. On other servers, name the API in the login with resource or audience."},
		{Fault: ConsentNoWayBack,
			Mistake: "The consent page has the Content-Security-Policy form-action 'self'. The server is on 127.0.0.1, the client on localhost.",
			Looks:   "After Allow, nothing happens. Chromium and Safari block the redirect that follows the form.",
			Fix:     "Nothing in the client. The server has to add its clients' origins to form-action, or leave it out."},
	}
}

// Group is a list of set-ups that show in the same place. The page offers them by name.
type Group struct {
	Name    string
	Looks   string // where each shows, unless it says so itself
	Command string // that shows them; may be empty
	Fix     string // what has to change, unless it says so itself
	SetUps  []SetUp
}

// Groups returns the groups of the demo's page in order. With SetUps they name every fault once.
func (s *Server) Groups() []Group {
	groups := []Group{acceptedMistakes(), redirectMistakes(), apiMistakes(), s.startMistakes(), soundVariants()}
	for _, g := range groups {
		for i, o := range g.SetUps {
			g.SetUps[i].Looks, g.SetUps[i].Fix = cmp.Or(o.Looks, g.Looks), cmp.Or(o.Fix, g.Fix)
		}
	}
	return groups
}

func acceptedMistakes() Group {
	return Group{
		Name:  "What the server accepts",
		Looks: "Sign in, then run the attacks on /misuse. The row about the mistake says accepted or warning.",
		Fix:   "Nothing in the client. The server has to follow the rule, and the row names its section.",
		SetUps: []SetUp{
			{Fault: CodeUsedTwice, Mistake: "It accepts a code twice."},
			{Fault: CodeReuseTokensLive, Mistake: "It refuses a code the second time, but its tokens stay valid."},
			{Fault: WrongVerifier, Mistake: "It accepts a wrong code verifier."},
			{Fault: MissingVerifier, Mistake: "It accepts a code without its verifier."},
			{Fault: OtherRedirectURI, Mistake: "It accepts a different redirect URI with the code."},
			{Fault: OtherClientsCode, Mistake: "It accepts the code from a different client."},
			{Fault: OldRefreshToken, Mistake: "It accepts a replaced refresh token."},
			{Fault: RefreshReuseFamilyLives, Mistake: "It refuses a replaced refresh token, but the newer one stays valid."},
			{Fault: RefreshNotRotated, Mistake: "It doesn't replace refresh tokens.",
				Looks: "Sign in, then start the attacks on /misuse. The row says not run: only a public client's refresh tokens have to be replaced.",
				Fix:   "Nothing for this client, which has a secret. For a public client, the server has to replace them (RFC 9700 section 4.14.2)."},
			{Fault: RevokedAtUserinfo, Mistake: "Userinfo accepts a revoked token."},
			{Fault: RevokedAtIntrospection, Mistake: "Introspection calls a revoked token active."},
			{Fault: RevokedAtAPI, Mistake: "The API accepts a revoked token."},
			{Fault: NoPKCE, Mistake: "It accepts a login without PKCE."},
			{Fault: PromptNonePage, Mistake: "It shows a page for prompt=none."},
			{Fault: PromptNoneCode, Mistake: "It issues a code for prompt=none, although no user is signed in."},
		},
	}
}

func redirectMistakes() Group {
	const second = "Register a second client on this page for http://%s:3001/oauth_callback. Start it on a different port: " +
		"BASE_URL=http://%[1]s:3002 go run . -env second.env"
	return Group{
		Name: "Where the browser may come back",
		SetUps: []SetUp{
			{Fault: LoopbackPortFixed, Mistake: "Only the registered port of 127.0.0.1 and [::1] is accepted.",
				Looks: fmt.Sprintf(second, "127.0.0.1") + ". The sign-in ends here: the redirect URI isn't registered.",
				Fix:   "Nothing in the client. The server has to accept any port of a loopback IP address (RFC 8252 section 7.3)."},
			{Fault: LocalhostAnyPort, Sound: true, Mistake: "Any port of localhost is accepted, too.",
				Looks: fmt.Sprintf(second, "localhost") + ". The sign-in works.",
				Fix:   "Nothing has to change. A client should still use 127.0.0.1 (RFC 8252 section 8.3)."},
		},
	}
}

func apiMistakes() Group {
	return Group{
		Name:  "What the API gets wrong",
		Looks: "Sign in, then press Call the API and Try wrong tokens on the session page. The results name the mistake.",
		Fix:   "Nothing in the client: this API has to change. The page says what helps in your own setup.",
		SetUps: []SetUp{
			{Fault: APIOtherAudience, Mistake: "It expects tokens for a different API."},
			{Fault: APIOtherIssuer, Mistake: "It trusts a different issuer."},
			{Fault: APITokenExpired, Mistake: "Its clock is wrong: every token has expired."},
			{Fault: APIOtherScope, Mistake: "It wants a scope that no token has."},
			{Fault: APIWantsIDToken, Mistake: "It wants the ID token."},
			{Fault: APIWantsJWT, With: OpaqueAccessTokens, Mistake: "It wants a JWT, but the server's tokens are opaque."},
			{Fault: APIWantsOpaque, Mistake: "It wants an opaque token, but the server's are JWTs."},
			{Fault: APIRedirectsToSignIn, Mistake: "It redirects to a sign-in page."},
			{Fault: APISignInPage, Mistake: "It returns a sign-in page."},
			{Fault: APIFirewall, Mistake: "A firewall blocks it."},
			{Fault: APIOtherScheme, Mistake: "It wants a user name and password."},
			{Fault: APINoChallenge, Mistake: "It refuses without saying why.",
				Looks: "Run the checks (/check): the API refuses a call without a token, and its answer has no WWW-Authenticate."},
			{Fault: APIMethod, Mistake: "It refuses GET.",
				Fix: "The API has to answer GET. Or set RESOURCE_URL to an address that does."},
			{Fault: APIOpen, Mistake: "It accepts calls without a token."},
			{Fault: APIOpenToAltered, Mistake: "It doesn't check the signature."},
			{Fault: APIOpenToIDToken, Mistake: "It accepts the ID token, too."},
			{Fault: APIIgnoresExpiry, Mistake: "It accepts an expired token.",
				Looks: "Sign in. Call the API (/api) again after two hours, when the access token has expired. It still answers."},
		},
	}
}

// startMistakes returns the mistakes that show in a client that knows only the API's URL.
func (s *Server) startMistakes() Group {
	const signIn = "Start this app a second time, with only the API's URL, and sign in there. The error page names the mistake."
	return Group{
		Name:    "Starting with only the API's URL",
		Looks:   "Start this app a second time, with only the API's URL. It says at once what is wrong.",
		Command: "PORT=3001 RESOURCE_URL=" + s.root() + "/api/me go run .",
		Fix:     "Nothing in the client. The API's metadata has to be right. Or set ISSUER and CLIENT_ID: the client then doesn't read the metadata.",
		SetUps: []SetUp{
			{Fault: ResourceMetadataLies, Mistake: "Its metadata describes a different API."},
			{Fault: ResourceMetadataLoops, Mistake: "Its metadata redirects forever."},
			{Fault: ResourceFiftyServers, Mistake: "Its metadata names fifty servers."},
			{Fault: ResourcePlainHTTP, Mistake: "Its metadata names a server without https."},
			{Fault: RegisteredOtherURI, Mistake: "The server registers a different redirect URI.", Looks: signIn,
				Fix: "The server has to register what the client sent. Or set CLIENT_ID to an OAuth application that you registered yourself."},
			{Fault: RegisteredWithoutClientID, Mistake: "The server registers a client without a client ID.", Looks: signIn,
				Fix: "The server has to return a client ID. Or set CLIENT_ID to an OAuth application that you registered yourself."},
		},
	}
}

func soundVariants() Group {
	return Group{
		Name:  "Correct, but different",
		Looks: "Sign in, and try everything. It works, and no check complains.",
		Fix:   "Nothing has to change.",
		SetUps: []SetUp{
			{Fault: OpaqueAccessTokens, Sound: true, Mistake: "Access tokens are opaque."},
			{Fault: RequirePAR, Sound: true, Mistake: "Every authorization request has to be pushed."},
			{Fault: APIPlainChallenge, Sound: true, Mistake: "The API's challenge doesn't name its metadata."},
			{Fault: APIOffersDPoP, Sound: true, Mistake: "The API offers DPoP, too."},
		},
	}
}

// SetUp returns the chosen set-up: the zero value for the correct server.
func (s *Server) SetUp() SetUp { return *s.setUp.Load() }

// Issuer returns the issuer that clients have to use now. One set-up moves the server to a different name of this
// machine.
func (s *Server) Issuer() string { return s.root() }

// Break chooses the set-up with a fault; "" chooses the correct server. It forgets what users have done and calls
// Config.OnSetUp. The choice holds for the whole process.
func (s *Server) Break(f Fault) error {
	var chosen SetUp
	if f != "" {
		offered := s.offered()
		for _, g := range s.Groups() {
			offered = append(offered, g.SetUps...)
		}
		i := slices.IndexFunc(offered, func(o SetUp) bool { return o.Fault == f })
		if i < 0 {
			return fmt.Errorf("there is no set-up %q", f)
		}
		chosen = offered[i]
	}
	s.choosing.Lock() // the last call of OnSetUp is about the set-up that is chosen
	defer s.choosing.Unlock()
	s.setUp.Store(&chosen)
	s.forget()
	if s.onSetUp != nil {
		s.onSetUp(chosen, s.Issuer())
	}
	return nil
}

// offered returns the numbered set-ups that work here. One needs a second name of this machine for the server, another
// one for the client's redirect URI.
func (s *Server) offered() []SetUp {
	return slices.DeleteFunc(SetUps(), func(o SetUp) bool {
		return o.Fault == RedirectURIHost && !s.local || o.Fault == ConsentNoWayBack && otherLoopback(s.mount) == s.mount
	})
}

// handleSetUp chooses a set-up by the forms of the demo's page.
func (s *Server) handleSetUp(w http.ResponseWriter, r *http.Request) {
	if err := s.Break(Fault(r.PostFormValue("setup"))); err != nil {
		s.showError(w, r, "invalid_request", "there is no set-up with this name")
		return
	}
	http.Redirect(w, r, s.base+"/#broken", http.StatusSeeOther)
}

// misregister returns a client as the chosen set-up registers it.
func (s *Server) misregister(registered *Client) *Client {
	c := *registered
	switch {
	case s.breaks(RedirectURISlash):
		c.RedirectURIs = mapped(c.RedirectURIs, func(uri string) string { return uri + "/" })
	case s.breaks(RedirectURIHost):
		c.RedirectURIs = mapped(c.RedirectURIs, otherLoopback)
	case s.breaks(SecretWrong) && c.Secret != "":
		c.Secret += "-rotated"
	case s.breaks(AuthMethodWrong) && c.Secret != "":
		c.AuthMethod = otherMethod(cmp.Or(c.AuthMethod, "client_secret_basic"))
	case s.breaks(ScopeNotEnabled):
		c.Scopes = slices.DeleteFunc(slices.Clone(c.scopes()), func(scope string) bool { return scope == "email" })
	}
	return &c
}

func mapped(list []string, f func(string) string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = f(s)
	}
	return out
}

func otherMethod(method string) string {
	if method == "client_secret_basic" {
		return "client_secret_post"
	}
	return "client_secret_basic"
}

// otherLoopback replaces the host of a loopback address by another name of this machine. It keeps any other address.
func otherLoopback(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	name := "localhost"
	if u.Hostname() == name {
		name = "127.0.0.1"
	} else if ip := net.ParseIP(u.Hostname()); ip == nil || !ip.IsLoopback() {
		return address
	}
	if port := u.Port(); port != "" {
		name = net.JoinHostPort(name, port)
	}
	u.Host = name
	return u.String()
}
