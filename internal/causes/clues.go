package causes

import (
	"net/http"
	"strings"

	"oauth-test-client/internal/oauth"
)

// refusesClient reports a code that is about the client itself. Servers invent codes, but those end in
// _client, too.
func RefusesClient(code string) bool {
	return strings.HasSuffix(code, "_client") || code == "incorrect_client_credentials"
}

// singlePage is what Entra says, whatever the number, where the redirect URI is registered for a browser alone.
const singlePage = "'single-page application' client-type"

// clues are words that servers use, and the setting that they mean.
var clues = []struct {
	words   string
	setting Setting
}{
	{"unknown client, no client authentication", ClientSecret}, // Ory's and Clerk's words for any invalid_client
	{"redirect", RedirectURI},
	{"callback", RedirectURI},
	{"aadsts50011", RedirectURI},
	{"aadsts7000215", ClientSecret},
	{"aadsts9002326", AuthMethod}, // registered as a single-page application
	{"aadsts9002325", AuthMethod},
	{singlePage, AuthMethod},
	{"authentication method", AuthMethod},
	{"not allow this method", AuthMethod},
	{"client_secret", ClientSecret},
	{"client secret", ClientSecret},
	{"client credentials", ClientSecret},
	{"invalid_credentials", ClientSecret},
	{"grant type", Grant},
	{"grant_type", Grant},
	{"response_type", Grant},
	{"response type", Grant},
	{"authorization_code grant", Grant},
	{"authorization code grant", Grant},
	{"code flow", Grant},
	{"unknown client", ClientID},
	{"aadsts700016", ClientID},
	{"client not found", ClientID},
	{"client_id", ClientID},
	{"scope", Scopes},
	{"tester", Users},
	{"not assigned", Users}, // Entra's AADSTS50105, and Okta
	{"policy", Users},
}

// suspect is the setting that most likely made a server say this: by its words where they name one,
// else by the code. It returns "" when nothing is known.
func Suspect(code, words string) Setting {
	words = strings.ToLower(words)
	for _, clue := range clues {
		if strings.Contains(words, clue.words) {
			return clue.setting
		}
	}
	switch {
	case RefusesClient(code):
		return ClientSecret
	case code == "invalid_scope":
		return Scopes
	case code == "access_denied":
		return Users
	case code == "unsupported_grant_type", code == "unsupported_response_type":
		return Grant
	case code == "invalid_grant":
		return RedirectURI
	}
	return ""
}

// suspectOf is the setting that most likely made the server refuse. A 401 without any code of OAuth is
// about the client.
func suspectOf(e *oauth.Error) Setting {
	if at := Suspect(e.Code, e.Description); at != "" || e.Status != http.StatusUnauthorized {
		return at
	}
	return ClientSecret
}
