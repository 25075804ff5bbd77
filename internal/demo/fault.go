package demo

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
