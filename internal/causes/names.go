package causes

// Name is the stable name of one cause. Its meaning never changes; docs/problems.md has a heading for each.
type Name string

// Found before any request is sent.
const (
	ClerkKeyWrong       Name = "clerk-key-wrong"
	ClientSecretMangled Name = "client-secret-mangled"
	ClientSecretIsAHash Name = "client-secret-is-a-hash"
	ClientSecretIsItsID Name = "client-secret-is-its-id"
	PortInUse           Name = "port-in-use"
)

// The server.
const (
	ServerUnreachable     Name = "server-unreachable"
	CertificateNotTrusted Name = "certificate-not-trusted"
	ClockDiffers          Name = "clock-differs"
	ServerNotFound        Name = "server-not-found"
	IssuerDiffers         Name = "issuer-differs"
	TwoHostNames          Name = "two-host-names"
	EndpointsNotHTTPS     Name = "endpoints-not-https"
	EndpointsHere         Name = "endpoints-on-this-machine"
	EndpointsUnusable     Name = "endpoints-unusable"
	JWKSUnusable          Name = "jwks-unusable"

	IssuerMissing                 Name = "issuer-missing"
	AuthorizationEndpointUnusable Name = "authorization-endpoint-unusable"
)

// The redirect URI.
const (
	RedirectURINotRegistered Name = "redirect-uri-not-registered"
	RedirectURIIPAddress     Name = "redirect-uri-ip-address"
	RedirectURINotHTTPS      Name = "redirect-uri-not-https"
	RedirectURILocalhost     Name = "redirect-uri-localhost"
)

// The client.
const (
	ClientIDUnknown        Name = "client-id-unknown"
	ClientSecretWrong      Name = "client-secret-wrong"
	ClientSecretNotDecoded Name = "client-secret-not-decoded"
	ClientSecretMissing    Name = "client-secret-missing"
	ClientIsPublic         Name = "client-is-public"
	ClientTypeWrong        Name = "client-type-wrong"
	AuthMethodWrong        Name = "auth-method-wrong"
	ClientRefused          Name = "client-refused"
	TokenEndpointUnusable  Name = "token-endpoint-unusable"
)

// What this app doesn't support.
const (
	DPoPRequired            Name = "dpop-required"
	MTLSRequired            Name = "mtls-required"
	ClientAssertionRequired Name = "client-assertion-required"
	ParametersRenamed       Name = "parameters-renamed"
	RequestObjectRequired   Name = "request-object-required"
	FormPostRequired        Name = "form-post-required"
	ResponseInFragment      Name = "response-in-fragment"
)

// Grants and scopes.
const (
	GrantNotEnabled   Name = "grant-not-enabled"
	RefreshNotEnabled Name = "refresh-not-enabled"
	PKCERequired      Name = "pkce-required"
	PKCERefused       Name = "pkce-refused"
	PARRequired       Name = "par-required"
	ParameterMissing  Name = "parameter-missing"
	ParameterRefused  Name = "parameter-refused"
	PARNowhere        Name = "par-endpoint-missing"
	ScopeNotEnabled   Name = "scope-not-enabled"
	OpenIDMissing     Name = "openid-missing"
	ResourceUnknown   Name = "resource-unknown"
	AccessTokenOpaque Name = "access-token-opaque"
	NoRefreshToken    Name = "no-refresh-token"
)

// IsUnknownID reports whether a cause says only that the server doesn't recognize the client ID.
func IsUnknownID(name Name) bool {
	return name == ClientIDUnknown || name == ClientDocumentNotSupported
}

// The user, and the return to this app.
const (
	UserNotAllowed          Name = "user-not-allowed"
	AccessDenied            Name = "access-denied"
	LoginNeverCameBack      Name = "login-never-came-back"
	FormActionBlocksReturn  Name = "form-action-blocks-return"
	HostChangedOnTheWayBack Name = "host-changed-on-the-way-back"
	LoginNotKnown           Name = "login-not-known"
	ResponseIssuerDiffers   Name = "response-issuer-differs"
	CodeMissing             Name = "code-missing"
	CodeExpiredOrUsed       Name = "code-expired-or-used"
	LogoutURINotRegistered  Name = "logout-uri-not-registered"
	PKCEVerifierRefused     Name = "pkce-verifier-refused"
)

// The tokens.
const (
	IDTokenSignature      Name = "id-token-signature"
	IDTokenEncrypted      Name = "id-token-encrypted"
	TokenResponseUnusable Name = "token-response-unusable"
	AccessTokenMissing    Name = "access-token-missing"
	AccessTokenNested     Name = "access-token-nested"
	IDTokenAlgorithm      Name = "id-token-algorithm"
	IDTokenTimes          Name = "id-token-milliseconds"
	IDTokenClaimMissing   Name = "id-token-claim-missing"
	IDTokenIssuerDiffers  Name = "id-token-issuer-differs"
	IDTokenForAnother     Name = "id-token-for-another"
	RefreshTokenRefused   Name = "refresh-token-refused"
	UserinfoUnusable      Name = "userinfo-unusable"
	TokenNotActive        Name = "token-not-active"
	ServerFailed          Name = "server-failed"
	RateLimited           Name = "rate-limited"
)

// The start at an API.
const (
	APIMetadataMissing         Name = "api-metadata-missing"
	APIMetadataUnusable        Name = "api-metadata-unusable"
	APIMetadataOfAnother       Name = "api-metadata-of-another"
	APIServersUnusable         Name = "api-servers-unusable"
	RegistrationNotOffered     Name = "registration-not-offered"
	RegistrationRefused        Name = "registration-refused"
	RegistrationUnusable       Name = "registration-unusable"
	ClientDocumentNotSupported Name = "client-document-not-supported"
	ClientOfAnotherServer      Name = "client-of-another-server"
)

// The API.
const (
	APIUnreachable          Name = "api-unreachable"
	APIFailed               Name = "api-failed"
	APIOpen                 Name = "api-open"
	APIIgnoresSignature     Name = "api-ignores-signature"
	APIAcceptsIDToken       Name = "api-accepts-id-token"
	APIWantsAnotherAudience Name = "api-wants-another-audience"
	APIWantsAnotherIssuer   Name = "api-wants-another-issuer"
	APIScopeMissing         Name = "api-scope-missing"
	APITokenExpired         Name = "api-token-expired"
	APIWantsAJWT            Name = "api-wants-a-jwt"
	APIWantsAnOpaqueToken   Name = "api-wants-an-opaque-token"
	APIBehindASignInPage    Name = "api-behind-a-sign-in-page"
	APIChallengeMissing     Name = "api-challenge-missing"
	APIWantsAnotherScheme   Name = "api-wants-another-scheme"
	APITokenNotVerifiable   Name = "api-token-not-verifiable"
)
