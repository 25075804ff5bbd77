package oauth

import (
	"net/http"
	"strings"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
)

// StepUp returns what a login has to ask for that an API's refusal wants (RFC 6750 section 3.1): all that was
// asked for so far, and what the challenge names. It returns nil where no such login would help: the challenge
// names nothing new, or this login was the last of maxStepUps already.
func StepUp(r *Request, refused *wire.Exchange) []string {
	if refused.Status != http.StatusForbidden || r.StepUp >= maxStepUps {
		return nil
	}
	for _, challenge := range refused.Challenges() {
		wanted := challenge.Params["scope"]
		if challenge.Params["error"] != "insufficient_scope" || !config.ValidScope(wanted) || len(wanted) > maxScopeBytes {
			continue
		}
		if all := union(r.Scopes, strings.Fields(wanted)); len(all) > len(r.Scopes) {
			return all
		}
	}
	return nil
}
