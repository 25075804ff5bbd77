package causes

import "oauth-test-client/internal/config"

// Advice for a cause that is one of two, or only likely. The fix of its row would claim too much.
const (
	PasteSecretToo    = "The server refuses these credentials by that method, too: paste CLIENT_SECRET again as well."
	ReadTheServer     = "Read what the server says, and compare the application's settings in its dashboard."
	RenewCertificate  = "Renew the server's certificate."
	NotRevoked        = "A token that is not revoked stays valid until it expires. That is a limit of the server: no login needs revocation."
	RemovePAR         = "Remove PAR from .env: this server offers no pushed authorization requests."
	NamedAlready      = "The login has named the API already (resource), and the server ignored it. Sign in with the API's identifier from the server's dashboard: /login?audience= or /login?resource=. Or let the API accept this audience."
	ValidCertificate  = "The server needs a certificate that is valid now and for this host."
	FixOnTheServer    = "Fix this on the server."
	APIThatAnswersGET = "Set RESOURCE_URL to an address of the API that answers GET."
	IfYoursDoes       = "If yours does: "           // before the fix of what some servers refuse
	IfItRefuses       = "If it refuses the login: " // before the fix of what a server may refuse
)

// CertificateOf says what to do about a certificate that has expired or is for a different host than a variable names.
func CertificateOf(variable string) string {
	return "Check the host in " + variable + ". " + ValidCertificate
}

// CompareID says what to compare if a server fails, as some do on a client ID that they don't recognize.
func CompareID(cfg config.Effective) string { return "Compare CLIENT_ID" + failsOnUnknown(cfg) }

// TryAgainAndCompareID says the same for a failure that may be temporary.
func TryAgainAndCompareID(cfg config.Effective) string {
	return "Try again. If it fails again, compare CLIENT_ID" + failsOnUnknown(cfg)
}

func failsOnUnknown(cfg config.Effective) string {
	return " (" + ProviderOf(cfg).At(ClientID) + "): some servers fail on one that they don't recognize."
}

// CompareIDAndRedirectURI says what to compare if either is wrong.
func CompareIDAndRedirectURI(cfg config.Effective) string {
	p := ProviderOf(cfg)
	return "Compare CLIENT_ID (" + p.At(ClientID) + ") and the redirect URI " + cfg.RedirectURI() + " (" + p.At(RedirectURI) + ")."
}

// PasteBoth says what to do if the client ID or the secret is wrong.
func PasteBoth(cfg config.Effective) string {
	p := ProviderOf(cfg)
	return "In .env, paste CLIENT_ID again (" + p.At(ClientID) + "), and CLIENT_SECRET (" + p.At(ClientSecret) + ")."
}

// PublicOrNot says what to do if a server accepts the client only without its secret.
func PublicOrNot(cfg config.Effective) string {
	return "If the application is public, remove CLIENT_SECRET. If it is confidential, paste the secret again (" + ProviderOf(cfg).At(ClientSecret) + ")."
}

// RemoveSecret says what to do if a server accepts any secret.
func RemoveSecret(cfg config.Effective) string {
	return "Remove CLIENT_SECRET: a public client has none (" + ProviderOf(cfg).At(AuthMethod) + ")."
}

// UseBasic says what to do if a server accepts neither way of sending a secret.
func UseBasic(cfg config.Effective) string {
	return "Set this client's authentication method to client_secret_basic (" + ProviderOf(cfg).At(AuthMethod) + ")."
}
