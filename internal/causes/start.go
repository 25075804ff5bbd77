package causes

import (
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// A login that begins at the API finds its authorization server and its client on the way. What can go wrong
// there is the API's, the server's, or a line of .env.

// startName is why a login could not begin at the API.
func startName(e *oauth.Error) Name {
	switch {
	case e.Step == wire.Registration && e.Theirs:
		return RegistrationRefused
	case e.Check == oauth.CheckAbsent:
		return APIMetadataMissing
	case e.Check == oauth.CheckDocument, e.Check == oauth.CheckScopes:
		return APIMetadataUnusable
	case e.Check == oauth.CheckResource:
		return APIMetadataOfAnother
	case e.Check == oauth.CheckServers:
		return APIServersUnusable
	case e.Check == oauth.CheckNotOffered:
		return RegistrationNotOffered
	case e.Check == oauth.CheckEndpoint, e.Check == oauth.CheckAnswer:
		return RegistrationUnusable
	case e.Check == oauth.CheckClientDocument:
		return ClientDocumentNotSupported
	case e.Check == oauth.CheckOtherServer:
		return ClientOfAnotherServer
	}
	return ""
}

// startHint says what to do.
func startHint(cfg config.Config, e *oauth.Error) string {
	byHand := "make an OAuth application there with the redirect URI " + cfg.RedirectURI() + ", and set CLIENT_ID (and CLIENT_SECRET, if it has one)."
	switch startName(e) {
	case APIMetadataMissing:
		return `The API should answer 401 with WWW-Authenticate: Bearer resource_metadata="…" (RFC 9728 section 5.1). ` +
			`If you know its authorization server, set ISSUER and CLIENT_ID, and the API need not name it.`
	case APIMetadataUnusable:
		if e.Check == oauth.CheckScopes {
			return "Name the scopes to ask for in SCOPES."
		}
		return "The API is at fault: its metadata must be a JSON object at an https address (RFC 9728 section 3)."
	case APIMetadataOfAnother:
		return "Either RESOURCE_URL is not the API’s own address, or the API is at fault: resource in its metadata must be this " +
			"address, or one on the same origin that contains it (RFC 9728 section 3.3)."
	case APIServersUnusable:
		return "The API is at fault: authorization_servers in its metadata must name an https issuer that answers (RFC 9728 section 2). " +
			"If you know the right one, set ISSUER and CLIENT_ID."
	case RegistrationNotOffered:
		return "At the authorization server, " + byHand
	case RegistrationRefused:
		return "Allow dynamic registration for this redirect URI at the authorization server, or " + byHand
	case RegistrationUnusable:
		if e.Check == oauth.CheckEndpoint {
			return "The authorization server is at fault. To go on, " + byHand
		}
		return "The authorization server is at fault. Nothing of its answer is kept, and it is not asked again, as it may make another " +
			"client each time. Once it is mended, save .env again or start this program again. Or " + byHand
	case ClientDocumentNotSupported:
		return "Remove CLIENT_ID, and a client is registered at the first login. Or " + byHand
	case ClientOfAnotherServer:
		return "If the move is meant, " + byHand
	}
	return ""
}

// registerAgain is what to do about a client that was registered, and that the server does not know any more.
const registerAgain = "Start this program again, and the next login registers another client."

// ofRegistered reports a cause that no line of .env mends, as the client was registered and not configured.
func ofRegistered(cfg config.Config, name Name) bool {
	switch name {
	case ClientIDUnknown, ClientSecretWrong, ClientSecretMissing, ClientIsPublic, AuthMethodWrong, RedirectURINotRegistered:
		return cfg.Registered
	}
	return false
}

// startRemedy is the line to change for what went wrong at the start.
func startRemedy(cfg config.Config, name Name) (Remedy, bool) {
	if ofRegistered(cfg, name) {
		return Remedy{}, true
	}
	switch name {
	case APIMetadataMissing, APIServersUnusable:
		return Remedy{InEnv + ", if you know the API’s authorization server", "ISSUER="}, true
	case APIMetadataUnusable:
		return Remedy{}, true
	case APIMetadataOfAnother:
		return Remedy{InEnv + ", the API’s own address", "RESOURCE_URL="}, true
	case RegistrationNotOffered, RegistrationRefused, RegistrationUnusable, ClientOfAnotherServer:
		return Remedy{InEnv + ", from an OAuth application with the redirect URI " + cfg.RedirectURI(), "CLIENT_ID="}, true
	case ClientDocumentNotSupported:
		return Remedy{InEnv + ", with nothing behind it", "CLIENT_ID="}, true
	case ServerUnreachable, ServerNotFound, IssuerDiffers, TwoHostNames:
		return Remedy{}, cfg.AtAPI // no setting says which server it is
	}
	return Remedy{}, false
}
