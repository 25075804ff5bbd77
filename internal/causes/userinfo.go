package causes

import (
	"net/http"
	"slices"
	"strings"

	"oauth-test-client/internal/wire"
)

// ExplainUserinfo says why userinfo refused the token of a login without openid, where its words are about
// that scope, and warns of an error that came with 200. Any other refusal speaks for itself, and nil is returned.
func ExplainUserinfo(e *wire.Exchange, granted []string) *APIAnswer {
	_, said := SaidByAPI(e)
	if e.ErrorInside() { // at a plain OAuth server; OpenID Connect demands a sub
		f := Warning("userinfo answers %d with an error, so nothing shows that the token is good", e.Status)
		f.Check, f.Fix = "userinfo", "look at its own words"
		return &APIAnswer{Finding: f}
	}
	refused := e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden
	if !refused || slices.Contains(granted, "openid") || !strings.Contains(strings.ToLower(said), "openid") {
		return nil
	}
	return &APIAnswer{Finding: Finding{Check: "userinfo", Result: Fail, Name: OpenIDMissing, Setting: "SCOPES",
		Found: "userinfo wants the scope openid, and the access token lacks it", Fix: "add openid to SCOPES, and sign in again"}}
}
