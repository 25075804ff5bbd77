package demo

import "cmp"

// Group is set-ups that are found in the same place. They are offered by their mistakes: these are no riddles.
type Group struct {
	Name    string
	Looks   string // where each is seen, unless it says so itself
	Command string // to do that with
	Fix     string // what has to be changed, unless it says so itself
	SetUps  []SetUp
}

// Groups are those of the demo's page, in its order. With the ten riddles they hold every fault once.
func (s *Server) Groups() []Group {
	groups := []Group{letsPass(), apiMistakes(), s.startMistakes(), soundVariants()}
	for _, g := range groups {
		for i, o := range g.SetUps {
			g.SetUps[i].Looks, g.SetUps[i].Fix = cmp.Or(o.Looks, g.Looks), cmp.Or(o.Fix, g.Fix)
		}
	}
	return groups
}

func letsPass() Group {
	return Group{
		Name:  "What the server lets pass",
		Looks: "Sign in, then press Try to misuse it on the session page (/misuse). One line says FAIL or warn.",
		Fix:   "Nothing at the client: the server has to keep the rule. The line names its section.",
		SetUps: []SetUp{
			{Fault: CodeUsedTwice, Mistake: "A code can be used twice."},
			{Fault: CodeReuseTokensLive, Mistake: "A code used twice is refused, but its tokens stay good."},
			{Fault: WrongVerifier, Mistake: "A wrong code verifier is accepted."},
			{Fault: MissingVerifier, Mistake: "A missing code verifier is accepted."},
			{Fault: OtherRedirectURI, Mistake: "Another redirect URI is accepted with the code."},
			{Fault: OtherClientsCode, Mistake: "Another client can use the code."},
			{Fault: OldRefreshToken, Mistake: "A replaced refresh token is accepted."},
			{Fault: RefreshReuseFamilyLives, Mistake: "A replaced refresh token is refused, but the newer one stays good."},
			{Fault: RefreshNotRotated, Mistake: "Refresh tokens are not replaced.",
				Looks: "Sign in, then press Try to misuse it on the session page (/misuse). The line says ok: only those of a public client have to be replaced.",
				Fix:   "Nothing for this client, which has a secret. For a public client the server has to replace them (RFC 9700 section 4.14.2)."},
			{Fault: RevokedAtUserinfo, Mistake: "A revoked token is still good at userinfo."},
			{Fault: RevokedAtIntrospection, Mistake: "A revoked token is still active at introspection."},
			{Fault: RevokedAtAPI, Mistake: "A revoked token is still good at the API."},
			{Fault: NoPKCE, Mistake: "A login without PKCE is accepted."},
			{Fault: PromptNonePage, Mistake: "A page is shown for prompt=none."},
			{Fault: PromptNoneCode, Mistake: "A code is given for prompt=none, although nobody is signed in."},
		},
	}
}

func apiMistakes() Group {
	return Group{
		Name:  "What the API gets wrong",
		Looks: "Sign in, call the API (/api), then press Try wrong tokens there. The page says what is wrong.",
		Fix:   "Nothing at the client: the API has to be changed.",
		SetUps: []SetUp{
			{Fault: APIOtherAudience, Mistake: "It wants tokens for another API."},
			{Fault: APIOtherIssuer, Mistake: "It trusts another issuer."},
			{Fault: APITokenExpired, Mistake: "Its clock is wrong: every token has expired."},
			{Fault: APIOtherScope, Mistake: "It wants a scope that nobody has."},
			{Fault: APIWantsIDToken, Mistake: "It wants the ID token."},
			{Fault: APIWantsJWT, With: OpaqueAccessTokens, Mistake: "It wants a JWT, and the server's tokens are opaque."},
			{Fault: APIWantsOpaque, Mistake: "It wants an opaque token, and the server's are JWTs."},
			{Fault: APIRedirectsToSignIn, Mistake: "A sign-in stands in front of it, by redirect."},
			{Fault: APISignInPage, Mistake: "A sign-in page stands in front of it."},
			{Fault: APIFirewall, Mistake: "A firewall stands in front of it."},
			{Fault: APIOtherScheme, Mistake: "It wants user and password."},
			{Fault: APINoChallenge, Mistake: "It refuses without saying why.",
				Looks: "Check the settings (/check): the API refuses a call without a token, and has no WWW-Authenticate."},
			{Fault: APIMethod, Mistake: "It does not answer GET."},
			{Fault: APIOpen, Mistake: "It opens to everybody."},
			{Fault: APIOpenToAltered, Mistake: "It does not check the signature."},
			{Fault: APIOpenToIDToken, Mistake: "It opens to the ID token too."},
			{Fault: APIIgnoresExpiry, Mistake: "It opens to a token that has expired.",
				Looks: "Sign in, and call the API (/api) again when the access token has expired, after two hours. It still opens."},
		},
	}
}

// startMistakes are seen by a client that knows nothing but the API's URL.
func (s *Server) startMistakes() Group {
	const signIn = "Start the application once more, with the API's URL alone, and sign in there. The error page names the mistake."
	return Group{
		Name:    "An API that cannot be started at",
		Looks:   "Start the application once more, with the API's URL alone. It says at once what is wrong.",
		Command: "PORT=3001 RESOURCE_URL=" + s.root() + "/api/me go run .",
		Fix:     "Nothing at the client: the API's metadata has to be right. Or set ISSUER, so that nobody asks it.",
		SetUps: []SetUp{
			{Fault: ResourceMetadataLies, Mistake: "Its metadata is another API's."},
			{Fault: ResourceMetadataLoops, Mistake: "Its metadata is a redirect without end."},
			{Fault: ResourceFiftyServers, Mistake: "Its metadata names fifty servers."},
			{Fault: ResourcePlainHTTP, Mistake: "Its metadata names a server without https."},
			{Fault: RegisteredOtherURI, Mistake: "The server registers another redirect URI.", Looks: signIn,
				Fix: "The server has to register what it was sent. Or set CLIENT_ID to an OAuth application made by hand."},
			{Fault: RegisteredWithoutClientID, Mistake: "The server registers a client without a client ID.", Looks: signIn,
				Fix: "The server has to answer with a client ID. Or set CLIENT_ID to an OAuth application made by hand."},
		},
	}
}

func soundVariants() Group {
	return Group{
		Name:  "Sound, but different",
		Looks: "Sign in, and try everything. It works, and nothing is called wrong.",
		Fix:   "Nothing has to be changed.",
		SetUps: []SetUp{
			{Fault: OpaqueAccessTokens, Sound: true, Mistake: "Access tokens are opaque."},
			{Fault: RequirePAR, Sound: true, Mistake: "Every authorization request has to be pushed."},
			{Fault: APIPlainChallenge, Sound: true, Mistake: "The API's challenge does not name its metadata."},
			{Fault: APIOffersDPoP, Sound: true, Mistake: "The API offers DPoP, too."},
		},
	}
}
