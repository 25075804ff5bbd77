package demo

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
)

// Fault is one thing that the server gets wrong when asked to, so that it can be seen what that looks
// like and shown that it is noticed. The rule itself stands where it is decided, beside the question
// whether it is broken: s.breaks(WrongVerifier). The values are stable names.
type Fault string

// The set-ups of the demo's page (broken.go): one setting does not fit.
const (
	RedirectURISlash    Fault = "redirect-uri-slash"       // registered with a slash too many
	RedirectURIHost     Fault = "redirect-uri-host"        // registered with 127.0.0.1 for localhost
	SecretWrong         Fault = "client-secret-wrong"      // another secret is registered
	AuthMethodWrong     Fault = "auth-method-wrong"        // the client may only use the other method
	ClientUnknown       Fault = "client-id-unknown"        // no such client
	ScopeNotEnabled     Fault = "scope-not-enabled"        // email is not enabled for the client
	IssuerSlash         Fault = "issuer-slash"             // the server calls itself by a name with a slash at its end
	IDTokenSignature    Fault = "id-token-signature"       // signed with another key than the published one
	AccessTokenAudience Fault = "access-token-audience"    // issued for another API
	ConsentNoWayBack    Fault = "consent-cannot-come-back" // form-action 'self' blocks the redirect after the form
)

// Where a client may send the browser back to.
const (
	LoopbackPortFixed Fault = "loopback-port-fixed" // only the registered port of a loopback IP address is accepted
	LocalhostAnyPort  Fault = "localhost-any-port"  // any port of localhost is accepted, too
)

// What a server lets pass (RFC 9700): one rule each.
const (
	CodeUsedTwice           Fault = "code-used-twice"            // accepted
	CodeReuseTokensLive     Fault = "code-reuse-tokens-live"     // refused, but what came of the code stays good
	WrongVerifier           Fault = "wrong-verifier"             // accepted
	MissingVerifier         Fault = "missing-verifier"           // accepted
	OtherRedirectURI        Fault = "other-redirect-uri"         // accepted at the token endpoint
	OtherClientsCode        Fault = "other-clients-code"         // accepted from a client that it was not issued to
	OldRefreshToken         Fault = "old-refresh-token"          // accepted after it has been rotated
	RefreshReuseFamilyLives Fault = "refresh-reuse-family-lives" // refused, but the newer tokens stay good
	RefreshNotRotated       Fault = "refresh-not-rotated"        // the same token comes back
	RevokedAtUserinfo       Fault = "revoked-at-userinfo"        // a revoked token is still good there
	RevokedAtIntrospection  Fault = "revoked-at-introspection"   // and there
	RevokedAtAPI            Fault = "revoked-at-api"             // and there
	NoPKCE                  Fault = "no-pkce"                    // a login without a challenge begins
	PromptNonePage          Fault = "prompt-none-page"           // shows a page where it must not
	PromptNoneCode          Fault = "prompt-none-code"           // gives a code although nobody is signed in
)

// What an API gets wrong: it refuses a right token, or opens to a wrong one.
const (
	APIOtherAudience     Fault = "api-other-audience"       // wants the audience of another API
	APIOtherIssuer       Fault = "api-other-issuer"         // trusts another issuer
	APITokenExpired      Fault = "api-token-expired"        // its clock is wrong: every token has expired
	APIOtherScope        Fault = "api-other-scope"          // wants a scope that nobody has
	APIWantsIDToken      Fault = "api-wants-id-token"       // opens to the ID token, and to nothing else
	APIWantsJWT          Fault = "api-wants-jwt"            // refuses opaque tokens; goes with OpaqueAccessTokens
	APIWantsOpaque       Fault = "api-wants-opaque"         // refuses JWTs
	APIRedirectsToSignIn Fault = "api-redirects-to-sign-in" // a sign-in in front of it, by redirect
	APISignInPage        Fault = "api-sign-in-page"         // the same as a page, status 200
	APIFirewall          Fault = "api-firewall"             // a firewall in front of it: 403 as HTML
	APIOtherScheme       Fault = "api-other-scheme"         // wants Basic
	APINoChallenge       Fault = "api-no-challenge"         // refuses without WWW-Authenticate
	APIMethod            Fault = "api-method"               // answers GET with 405
	APIOpen              Fault = "api-open"                 // opens to everybody
	APIOpenToAltered     Fault = "api-open-to-altered"      // does not check the signature
	APIOpenToIDToken     Fault = "api-open-to-id-token"     // opens to the ID token too
	APIIgnoresExpiry     Fault = "api-ignores-expiry"       // opens to a token that has expired
)

// What stands between a client and the server when it knows nothing but the API's URL.
const (
	ResourceMetadataLies      Fault = "resource-metadata-lies"       // it is another API's
	ResourceMetadataLoops     Fault = "resource-metadata-loops"      // a redirect without end
	ResourceFiftyServers      Fault = "resource-fifty-servers"       // of which the last is right
	ResourcePlainHTTP         Fault = "resource-plain-http"          // its server is at http, and not on this machine
	RegisteredOtherURI        Fault = "registered-other-uri"         // the answer has another redirect URI
	RegisteredWithoutClientID Fault = "registered-without-client-id" // the answer has none
)

// These are no faults: a sound server may be like this too.
const (
	OpaqueAccessTokens Fault = "opaque-access-tokens" // access tokens are no JWTs
	RequirePAR         Fault = "require-par"          // a request that was not pushed is refused (RFC 9126 section 5)
	APIPlainChallenge  Fault = "api-plain-challenge"  // the challenge does not name the metadata
	APIOffersDPoP      Fault = "api-offers-dpop"      // a second challenge, for DPoP (RFC 9449 section 7.1)
)

// SetFaults replaces the faults of the configuration. A set-up that was chosen stays.
func (s *Server) SetFaults(faults ...Fault) {
	set := map[Fault]bool{}
	for _, f := range faults {
		set[f] = true
	}
	s.faults.Store(&set)
}

// breaks is the question at each rule that can be broken on purpose.
func (s *Server) breaks(f Fault) bool {
	on := s.setUp.Load()
	return (*s.faults.Load())[f] || f != "" && (on.Fault == f || on.With == f)
}

// SetUp is this server with one mistake in it, to be found by whoever tries to sign in. The zero value
// is the sound one.
type SetUp struct {
	Fault   Fault  // also its stable name
	With    Fault  // what else is on, where the fault does not show without it
	Sound   bool   // no mistake: a server may be like this, too
	Mistake string // what is wrong
	Looks   string // what is seen of it
	Fix     string // what has to be changed
}

// Broken reports a mistake.
func (o SetUp) Broken() bool { return o.Fault != "" && !o.Sound }

// SetUps are the riddles of the demo's page, in its order. They are numbered from one.
func SetUps() []SetUp {
	return []SetUp{
		{Fault: RedirectURISlash, Mistake: "The redirect URI is registered with a slash at its end.",
			Looks: "The server shows an error page and never comes back.",
			Fix:   "Register the redirect URI exactly as the client sends it."},
		{Fault: RedirectURIHost, Mistake: "The redirect URI is registered with another name of this machine, such as 127.0.0.1 for localhost.",
			Looks: "The server shows an error page and never comes back.", Fix: "Register the redirect URI exactly as the client sends it, or set BASE_URL."},
		{Fault: SecretWrong, Mistake: "The server has another client secret.",
			Looks: "Sign-in and consent work. Then the token endpoint answers 401 invalid_client.",
			Fix:   "Copy CLIENT_SECRET again."},
		{Fault: AuthMethodWrong, Mistake: "The client is registered for the other authentication method. The metadata does not say so.",
			Looks: "Sign-in and consent work. Then the token endpoint answers 401 invalid_client.", Fix: "Set TOKEN_ENDPOINT_AUTH_METHOD to the other method."},
		{Fault: ClientUnknown, Mistake: "The server has no client with this client ID.",
			Looks: "The server shows an error page, and the token endpoint answers 401 invalid_client.",
			Fix:   "Copy CLIENT_ID again."},
		{Fault: ScopeNotEnabled, Mistake: "The scope email is not enabled for the client.",
			Looks: "The browser comes back with invalid_scope, before anybody has signed in.",
			Fix:   "Enable the scope at the server, or take email out of SCOPES."},
		{Fault: IssuerSlash, Mistake: "The server's issuer has a slash at its end. The client's does not.",
			Looks: "The client finds the metadata and refuses it.",
			Fix:   "Write ISSUER exactly as the metadata has it."},
		{Fault: IDTokenSignature, Mistake: "The ID token is signed with another key than the published one.",
			Looks: "The client gets an ID token and refuses its signature.",
			Fix:   "Nothing at the client: the server has to publish the key that it signs with."},
		{Fault: AccessTokenAudience, Mistake: "The access token is for another API.",
			Looks: "The login works. The API answers 401 invalid_token.",
			Fix:   "Ask for a token for this API: its audience (aud) has to name it."},
		{Fault: ConsentNoWayBack,
			Mistake: "The consent page has the Content-Security-Policy form-action 'self'. The server is on 127.0.0.1, the client on localhost.",
			Looks:   "After Allow nothing happens. Chromium and Safari block the redirect that follows the form.",
			Fix:     "Nothing at the client: the server has to add its clients' origins to form-action, or leave it out."},
	}
}

// SetUp returns the set-up that is on: the zero value when the server is sound.
func (s *Server) SetUp() SetUp { return *s.setUp.Load() }

// Issuer is what a client has to be configured with at present. One set-up moves the server to another
// name of this machine.
func (s *Server) Issuer() string { return s.root() }

// Break turns the set-up of a fault on, and no fault mends the server. Everything that users have done is
// forgotten, and Config.OnSetUp is told. The choice is the whole process's.
func (s *Server) Break(f Fault) error {
	var chosen SetUp
	if f != "" {
		offered := s.offered()
		for _, g := range s.Groups() {
			offered = append(offered, g.SetUps...)
		}
		i := slices.IndexFunc(offered, func(o SetUp) bool { return o.Fault == f })
		if i < 0 {
			return fmt.Errorf("there is no set-up %q here", f)
		}
		chosen = offered[i]
	}
	s.choosing.Lock() // what OnSetUp is told last is what is on
	defer s.choosing.Unlock()
	s.setUp.Store(&chosen)
	s.forget()
	if s.onSetUp != nil {
		s.onSetUp(chosen, s.Issuer())
	}
	return nil
}

// offered are the riddles that are possible here: one needs a second name of this machine for the server, another
// for the client's redirect URI, which may be anywhere.
func (s *Server) offered() []SetUp {
	return slices.DeleteFunc(SetUps(), func(o SetUp) bool {
		return o.Fault == RedirectURIHost && !s.local || o.Fault == ConsentNoWayBack && otherLoopback(s.mount) == s.mount
	})
}

// handleSetUp takes the forms that break the server and mend it.
func (s *Server) handleSetUp(w http.ResponseWriter, r *http.Request) {
	if err := s.Break(Fault(r.PostFormValue("setup"))); err != nil {
		s.showError(w, r, "invalid_request", "there is no such set-up")
		return
	}
	http.Redirect(w, r, s.base+"/#broken", http.StatusSeeOther)
}

// misregister returns a client as a set-up has registered it.
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

// otherLoopback writes an address of this machine with another of its names. Any other address stays.
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
