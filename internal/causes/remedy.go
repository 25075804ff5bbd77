package causes

import (
	"oauth-test-client/internal/config"
	"slices"
	"strings"
)

// Remedy is the one line to change.
type Remedy struct {
	Where string `json:"where,omitempty"` // in .env, or the field of the server's dashboard; completed by the line
	Line  string `json:"line,omitempty"`  // what to write there; empty when no one line mends it
}

// settings are what is at fault where a cause is known.
var settings = map[Name]Setting{
	RedirectURINotRegistered: RedirectURI, RedirectURIIPAddress: RedirectURI, RedirectURINotHTTPS: RedirectURI, ClientIDUnknown: ClientID,
	ClientSecretWrong: ClientSecret, ClientSecretNotDecoded: ClientSecret, ClientSecretMissing: ClientSecret, ClientIsPublic: ClientSecret,
	AuthMethodWrong: AuthMethod, ClientTypeWrong: AuthMethod, GrantNotEnabled: Grant, ScopeNotEnabled: Scopes, ResourceUnknown: "", // no field of the client
}

const (
	InEnv  = "In .env"
	nowEnv = "In .env, which says now" // the line is the one to change: nobody knows what belongs there
)

// remedyOf returns the line to change for a cause, with the method by which the client authenticated,
// "" when that is not known. A secret is never in it.
func RemedyOf(cfg config.Config, method string, name Name) Remedy {
	words := DashboardOf(cfg)
	at := func(setting Setting, verb string) string {
		return words.where() + ": " + words.Fields[setting] + ", " + verb
	}
	copied := func(variable string, setting Setting) Remedy {
		return Remedy{InEnv + ", copied again from " + words.Name + " (" + words.Fields[setting] + ")", variable + "="}
	}
	if remedy, ok := startRemedy(cfg, name); ok {
		return remedy
	}
	switch name {
	case ServerUnreachable, ServerNotFound, IssuerDiffers, TwoHostNames, CertificateNotTrusted:
		return serverRemedy(cfg, name)
	case RedirectURINotRegistered, ClientTypeWrong:
		return Remedy{at(RedirectURI, "add"), cfg.RedirectURI()}
	case RedirectURIIPAddress:
		return Remedy{InEnv, LocalhostLine(cfg)}
	case RedirectURINotHTTPS:
		return Remedy{InEnv, cfg.RedirectVariable() + "=https://"}
	case ClientIDUnknown:
		return copied("CLIENT_ID", ClientID)
	case ClientSecretWrong, ClientSecretMissing:
		return copied("CLIENT_SECRET", ClientSecret)
	case ClientIsPublic:
		return Remedy{InEnv + ", with nothing behind it", "CLIENT_SECRET="}
	case ClientSecretNotDecoded:
		return Remedy{InEnv, "TOKEN_ENDPOINT_AUTH_METHOD=" + config.MethodPost}
	case AuthMethodWrong:
		return Remedy{InEnv, "TOKEN_ENDPOINT_AUTH_METHOD=" + OtherMethod(method)}
	case ScopeNotEnabled:
		return Remedy{InEnv + ", without what is not enabled, or enable it: " + words.Name + ", " + words.Fields[Scopes], scopesLine(cfg.Scopes)}
	case OpenIDMissing:
		if slices.Contains(cfg.Scopes, "openid") {
			return Remedy{at(Scopes, "enable"), "openid"}
		}
		return Remedy{InEnv, scopesLine(append([]string{"openid"}, cfg.Scopes...))}
	case PARRequired:
		return Remedy{InEnv, "PAR=on"}
	case APIUnreachable:
		return Remedy{nowEnv, "RESOURCE_URL=" + cfg.ResourceURL}
	}
	return Remedy{}
}

// serverRemedy is the line that says which server is meant.
func serverRemedy(cfg config.Config, name Name) Remedy {
	switch {
	case name == CertificateNotTrusted:
		return Remedy{InEnv + ", the certificate of your own authority", "SSL_CERT_FILE=/path/to/ca.pem"}
	case cfg.Demo:
		return Remedy{InEnv, "BASE_URL=" + cfg.BaseURL}
	case cfg.Issuer == "":
		return Remedy{nowEnv, "TOKEN_ENDPOINT=" + cfg.Endpoints.Token}
	case cfg.Clerk:
		return Remedy{InEnv + ", copied again from Clerk (API keys → Publishable key)", "CLERK_PUBLISHABLE_KEY="}
	}
	return Remedy{nowEnv, "ISSUER=" + cfg.Issuer}
}

// localhostLine is the line of .env for the redirect URI with localhost instead of an IP address.
func LocalhostLine(cfg config.Config) string {
	if cfg.IsPasted() {
		return "REDIRECT_URI=" + strings.NewReplacer("//127.0.0.1", "//localhost", "//[::1]", "//localhost").Replace(cfg.RedirectURI())
	}
	return "BASE_URL=http://localhost:" + cfg.Port
}

// scopesLine is the line of .env that asks for the scopes.
func scopesLine(scopes []string) string { return "SCOPES='" + strings.Join(scopes, " ") + "'" }

// withoutNamed are the scopes but for those that the server's words name in quotes: of 'email' it says that it is not
// enabled. They are all of them where it names none, or every one.
func withoutNamed(scopes []string, words string) []string {
	quotes := strings.NewReplacer(`"`, "'", "`", "'", "‘", "'", "’", "'", "“", "'", "”", "'")
	words = quotes.Replace(words)
	rest := slices.DeleteFunc(slices.Clone(scopes), func(scope string) bool { return strings.Contains(words, "'"+scope+"'") })
	if len(rest) == 0 {
		return scopes
	}
	return rest
}

// where is the dashboard, at the beginning of a sentence.
func (d dashboard) where() string {
	if d.Name == AnyDashboard.Name {
		return "At " + d.Name
	}
	return "In " + d.Name
}

// otherMethod is the other way of sending a secret (RFC 6749 section 2.3.1).
func OtherMethod(method string) string {
	if method == config.MethodPost {
		return config.MethodBasic
	}
	return config.MethodPost
}
