package display

import (
	"encoding/json"
	"net/http"
	"net/url"
	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
	"strconv"
	"strings"
)

// maxTools is how many tools of an API are offered by name.
const maxTools = 50

// OfferNext adds to the API's answer what can be done next: a login for the scopes that it wants, one that begins at
// the API anew, one that names it where none did (RFC 8707) and, at an API that speaks MCP, the call of a tool.
func (a *Answer) OfferNext(cfg config.Config, byPost bool, r *oauth.Request, e *wire.Exchange) {
	switch scopes := strings.Join(oauth.StepUp(r, e), " "); {
	case scopes != "":
		query := url.Values{"scope": {scopes}, "step_up": {strconv.Itoa(r.StepUp + 1)}}
		a.Next = &Next{"Sign in for " + wire.Clip(scopes, 100), "/login?" + query.Encode()}
	case e.Status == http.StatusUnauthorized && cfg.AtAPI:
		a.Next = &Next{"Sign in again", "/login"}
	case a.Why != nil && a.Why.Name == causes.APIWantsAnotherAudience && a.Why.Setting != "" && r.Extra["resource"] == "":
		a.Next = &Next{"Sign in for this API", "/login?" + url.Values{"resource": {cfg.ResourceURL}}.Encode()}
	}
	if a.CanCall = byPost; byPost {
		a.Tools = toolsIn(e.JSONMessage())
	}
}

// Next is the button that leads on.
type Next struct {
	Label string `json:"label"`
	Path  string `json:"path"`
}

// toolsIn are the names of the tools in a message of JSON-RPC.
func toolsIn(message string) []string {
	var answer struct {
		Result struct {
			Tools []struct {
				Name string `json:"name"`
			} `json:"tools"`
		} `json:"result"`
	}
	if json.Unmarshal([]byte(message), &answer) != nil {
		return nil
	}
	var names []string
	for _, tool := range answer.Result.Tools[:min(len(answer.Result.Tools), maxTools)] {
		names = append(names, wire.Clip(tool.Name, oauth.MaxToolName))
	}
	return names
}

// EnvLines are the lines of .env that keep a client that was registered, or "" where there is none to keep. The
// secret is in them: they are for the page that asks before it shows them.
func EnvLines(cfg config.Config) string {
	if !cfg.Registered {
		return ""
	}
	lines := "CLIENT_ID=" + quoted(cfg.ClientID)
	if cfg.ClientSecret != "" {
		lines += "\nCLIENT_SECRET=" + quoted(cfg.ClientSecret)
	}
	if cfg.AuthMethod == config.MethodPost { // unset, it is client_secret_basic wherever the server takes both
		lines += "\nTOKEN_ENDPOINT_AUTH_METHOD=" + cfg.AuthMethod
	}
	return lines + "\n# issued by " + cfg.Issuer
}

// quoted is a value as .env takes it whole.
func quoted(value string) string {
	if !strings.Contains(value, "'") {
		return "'" + value + "'"
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`).Replace(value) + `"`
}
