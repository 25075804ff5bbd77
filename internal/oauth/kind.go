package oauth

// Kind is the kind of a failure, in terms of the protocol. It doesn't say which setting is wrong.
type Kind string

// Failures of any endpoint. The Error's Step says which.
const (
	NoAnswer     Kind = "no answer"     // Cause says why
	ServerFailed Kind = "server failed" // a status of 500 or more, without an OAuth error
	Redirected   Kind = "redirected"    // to Answer.Location, which is not followed
	Refused      Kind = "refused"       // Answer.Refusal has the code and the words; 429 means too many requests
	NotSupported Kind = "not supported" // the server has no such endpoint, or no API is configured
	BadParameter Kind = "bad parameter" // Member, of a request to this app
)

// Faults of an authorization server's metadata (RFC 8414, RFC 9126). If its address answers with a status other than
// 200, the Kind is one of those above.
const (
	MetadataNotFound Kind = "metadata not found"    // there is nothing at any of the addresses
	MetadataUnusable Kind = "metadata unusable"     // no JSON object, or a member of the wrong type: Member
	ServerNotNamed   Kind = "server not named"      // the login begins at the API, which has not named its server yet
	IssuerAbsent     Kind = "issuer absent"         // the metadata names none
	IssuerDiffers    Kind = "issuer differs"        // it names Issuer
	EndpointMissing  Kind = "endpoint missing"      // Member, as in the next three
	EndpointNotHTTPS Kind = "endpoint not https"    // it is plain http, and not on this machine
	EndpointOnLocal  Kind = "endpoint on localhost" // it may be on this machine, and the server is not
	EndpointAddress  Kind = "endpoint address"      // it is not a usable address
	PARNotOffered    Kind = "PAR not offered"       // the settings want it
	PARNowhere       Kind = "PAR nowhere"           // the server demands it, and names no endpoint for it
	PARUnusable      Kind = "PAR response unusable" // it has no request_uri that can be used
)

// Faults of an authorization response (RFC 6749 section 4.1.2, RFC 9207).
const (
	ResponseIssuerDiffers Kind = "response issuer differs" // iss is Issuer
	ResponseIssuerAbsent  Kind = "response issuer absent"  // the metadata promises one
	ResponseWithoutCode   Kind = "response without code"
	PastedAddress         Kind = "pasted address"  // it is not where the browser stopped
	PastedFragment        Kind = "pasted fragment" // the response is in its fragment
	OtherServer           Kind = "other server"    // the settings have changed since the login was begun
)

// Faults that make a token response unusable (RFC 6749 section 5.1). Received has its members.
const (
	TokenResponsePage      Kind = "token response is a page"
	TokenResponseText      Kind = "token response is no JSON"
	TokenResponseMediaType Kind = "token response of another media type" // JSON that says it is something else
	TokenResponseMalformed Kind = "token response malformed"
	TokenResponseMember    Kind = "token response member"   // Member is of the wrong type, or has a value that means nothing
	AccessTokenAbsent      Kind = "access token absent"     // but an ID token came
	TokensAbsent           Kind = "tokens absent"           // neither an access token nor an ID token
	AccessTokenNested      Kind = "access token nested"     // inside the member Inside
	AccessTokenMisspelled  Kind = "access token misspelled" // spelled as Member; names are case sensitive
	TokenCharacters        Kind = "token characters"        // Member has some that no token may have
	TokenTypeOther         Kind = "token type other"        // Found is not used like a bearer token: DPoP, mac
	ErrorMisspelled        Kind = "error misspelled"        // spelled as Member, in a refusal
)

// Faults of an ID token (OpenID Connect Core section 3.1.3.7).
const (
	IDTokenAbsent        Kind = "ID token absent"        // though openid was granted
	IDTokenUnverifiable  Kind = "ID token unverifiable"  // no issuer is configured
	IDTokenEncrypted     Kind = "ID token encrypted"     // a JWE
	IDTokenMalformed     Kind = "ID token malformed"     // no JWT, or one that two readers could read differently; perhaps Member
	IDTokenAlgorithm     Kind = "ID token algorithm"     // Claim.Found is one that is not accepted
	IDTokenKeys          Kind = "ID token keys"          // the server's keys could not be had: Answer, or Cause
	IDTokenKeyPrivate    Kind = "ID token key private"   // the server publishes a private key
	IDTokenKeyNotFound   Kind = "ID token key not found" // none of the server's keys matches
	IDTokenSignature     Kind = "ID token signature"     // the server's key did not make it
	IDTokenSecret        Kind = "ID token secret"        // HS256, and not made with the client secret
	IDTokenClaim         Kind = "ID token claim"         // Claim says which, and how
	UserinfoMalformed    Kind = "userinfo malformed"
	UserinfoUnverifiable Kind = "userinfo unverifiable" // it is signed, but can't be verified
	SubjectAbsent        Kind = "subject absent"        // from userinfo
	SubjectDiffers       Kind = "subject differs"       // userinfo is about another user
)

// Faults of an API at which a login starts (RFC 9728), or of a client registration (RFC 7591).
const (
	APINotFound               Kind = "API not found"
	ResourceMetadataAbsent    Kind = "resource metadata absent"
	ResourceMetadataUnusable  Kind = "resource metadata unusable"
	ResourceMetadataOfAnother Kind = "resource metadata of another" // it is about a different API
	ResourceScopes            Kind = "resource scopes"              // it wants scopes that no login can ask for
	ResourceServers           Kind = "resource servers"             // none of the servers that it names may be used
	RegistrationNotOffered    Kind = "registration not offered"     // and no client is configured
	RegistrationEndpoint      Kind = "registration endpoint"        // it must not be called
	RegistrationUnusable      Kind = "registration unusable"        // the answer; the server may have made a client
	ClientOfAnotherServer     Kind = "client of another server"     // the API names another one now
)

// ClaimFault describes what is wrong with one claim of an ID token, or with its algorithm.
type ClaimFault struct {
	Name            string // iss, aud, exp …; alg
	State           ClaimState
	Expected, Found string // as its Verdict shows them; for alg, Expected is the list in the metadata, or RS256
}

// ClaimState is the way in which a claim is wrong.
type ClaimState string

// The ways in which a claim is wrong.
const (
	ClaimAbsent       ClaimState = "absent"
	ClaimUnreadable   ClaimState = "unreadable"   // of another type, or empty
	ClaimDiffers      ClaimState = "differs"      // a valid value, but not the expected one
	ClaimUnexpected   ClaimState = "unexpected"   // a nonce, where none was sent
	ClaimMilliseconds ClaimState = "milliseconds" // a time that is right, if it is in milliseconds
	ClaimPast         ClaimState = "past"         // a time that is too early
	ClaimFuture       ClaimState = "future"       // a time that is too late
	ClaimSecretShort  ClaimState = "secret short" // alg is HS256, as the metadata allows, but the client secret is shorter than MinHS256Secret
)
