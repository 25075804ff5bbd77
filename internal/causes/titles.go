package causes

// titles say what is wrong, one sentence for each cause: the heading of a page.
var titles = map[Name]string{
	ClerkKeyWrong:       "The publishable key is wrong",
	ClientSecretMangled: "The client secret in .env needs quotes",
	ClientSecretIsAHash: "CLIENT_SECRET holds a hash, not the secret",
	ClientSecretIsItsID: "CLIENT_SECRET holds the ID of the secret",
	PortInUse:           "The port is in use",

	ServerUnreachable:     "The authorization server does not answer",
	CertificateNotTrusted: "The server’s certificate is not trusted",
	ClockDiffers:          "The clocks differ",
	ServerNotFound:        "There is no authorization server at this address",
	IssuerDiffers:         "The server has another issuer",
	TwoHostNames:          "The server calls itself by another host name",
	EndpointsNotHTTPS:     "The server’s endpoints are not https",
	EndpointsHere:         "The server names an endpoint on this machine",
	JWKSUnusable:          "The server has no key that can be used",

	RedirectURINotRegistered: "The redirect URI is not registered",
	RedirectURIIPAddress:     "The server wants localhost, not an IP address",
	RedirectURINotHTTPS:      "The server wants an https redirect URI",

	ClientIDUnknown:        "The server does not know the client ID",
	ClientSecretWrong:      "The client secret is wrong",
	ClientSecretNotDecoded: "The server does not decode the client secret",
	ClientSecretMissing:    "The client secret is missing",
	ClientIsPublic:         "This is a public client: it has no secret",
	ClientTypeWrong:        "The application is registered as a single-page app",
	AuthMethodWrong:        "The client authentication method is wrong",

	GrantNotEnabled:   "The authorization code grant is not enabled",
	PKCERequired:      "The server wants PKCE",
	PKCERefused:       "The server refuses PKCE",
	PARRequired:       "The server wants a pushed authorization request",
	PARNowhere:        "The server’s metadata contradicts itself",
	ScopeNotEnabled:   "A scope is not enabled",
	OpenIDMissing:     "The scope openid is missing",
	ResourceUnknown:   "The server does not know this API",
	AccessTokenOpaque: "The access token is not a JWT",
	NoRefreshToken:    "There is no refresh token",

	UserNotAllowed:          "This user may not use the application",
	AccessDenied:            "Access was denied",
	LoginNeverCameBack:      "The login did not come back",
	FormActionBlocksReturn:  "The server’s page blocks the way back",
	HostChangedOnTheWayBack: "The browser came back on another host name",
	LoginNotKnown:           "This login is not known here",
	ResponseIssuerDiffers:   "The response comes from another server",
	CodeExpiredOrUsed:       "The code has expired or was used before",

	IDTokenSignature:      "The ID token’s signature cannot be verified",
	IDTokenEncrypted:      "The ID token is encrypted",
	TokenResponseUnusable: "The token response cannot be used",
	ServerFailed:          "The server failed",
	RateLimited:           "The server asks us to wait",

	APIMetadataMissing:         "The API names no authorization server",
	APIMetadataUnusable:        "The API’s metadata cannot be used",
	APIMetadataOfAnother:       "The API’s metadata is about another API",
	APIServersUnusable:         "The API names no usable authorization server",
	RegistrationNotOffered:     "The server registers no clients by itself",
	RegistrationRefused:        "The server registers no client for this program",
	RegistrationUnusable:       "The registration cannot be used",
	ClientDocumentNotSupported: "The server reads no client ID metadata documents",
	ClientOfAnotherServer:      "The API has moved to another authorization server",
	APIUnreachable:             "The API does not answer",
	APIFailed:                  "The API is out of order",
	APIOpen:                    "The API opens to everybody",
	APIIgnoresSignature:        "The API opens to an altered token",
	APIAcceptsIDToken:          "The API takes the ID token",
	APIWantsAnotherAudience:    "The API wants a token for another audience",
	APIWantsAnotherIssuer:      "The API trusts another issuer",
	APIScopeMissing:            "The API wants a scope that the token lacks",
	APITokenExpired:            "To the API, the token has expired",
	APIWantsAJWT:               "The API wants a JWT",
	APIWantsAnOpaqueToken:      "The API cannot use this kind of token",
	APIBehindASignInPage:       "Something answers before the API does",
	APIChallengeMissing:        "The API does not say why it refuses",
	APIWantsAnotherScheme:      "The API wants another scheme than Bearer",
	APITokenNotVerifiable:      "Only the API can verify this token",
}

// Title says what is wrong in one sentence, or "" when no cause is known.
func (n Name) Title() string { return titles[n] }

// Title says what a finding is about in one sentence.
func (f Finding) Title() string {
	if title := f.Name.Title(); title != "" {
		return title
	}
	switch f.Result {
	case Fail:
		return "A problem with " + f.Label()
	case Warn:
		return "A warning about " + f.Label()
	}
	return f.Label()
}

// Label is the name of a check as a person reads it.
func (f Finding) Label() string { return Label(f.Check) }
