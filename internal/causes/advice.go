package causes

import (
	"cmp"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// Advice is what helps to mend a failure.
type Advice struct {
	Hint    string  `json:"hint,omitempty"`    // the likely cause and what to do
	Setting Setting `json:"setting,omitempty"` // most likely at fault; empty when none is suspected
	Field   string  `json:"field,omitempty"`   // what the server's dashboard calls it
	Sent    []Sent  `json:"sent,omitempty"`    // what a login sent, what is suspected first
	Name    Name    `json:"name,omitempty"`    // of the cause, as in docs/problems.md; empty when none is known
	Remedy  Remedy  `json:"remedy,omitzero"`   // the line to change
	Heading string  `json:"-"`                 // what happened, in a few words
	Server  string  `json:"-"`                 // the server's name, as its dashboard says it
}

// Advise explains an error of a login or of the use of its tokens. The method is how the client
// authenticated, "" while the server is not known; the scopes are those that were asked for.
func Advise(cfg config.Config, method string, scopes []string, e *oauth.Error) Advice {
	words := DashboardOf(cfg)
	a := Advice{Name: NameOf(cfg, method, e), Heading: heading(e), Hint: Hint(cfg, method, scopes, e), Setting: settingOf(e), Server: words.Name}
	if setting, known := settings[a.Name]; known {
		a.Setting = setting // one cause, one setting
	}
	a.Field = words.Fields[a.Setting]
	a.Remedy = RemedyOf(cfg, method, a.Name)
	if a.Name == CertificateNotTrusted && !wire.UnknownAuthority(e.Cause) {
		a.Remedy = Remedy{} // it has ended, or is for another host
	}
	if a.Name == ScopeNotEnabled {
		a.Remedy.Line = scopesLine(withoutNamed(cfg.Scopes, e.Description))
	}
	if e.Step == wire.Metadata && e.Issuer+e.Check != "" {
		a.Heading = cmp.Or(a.Name.Title(), a.Heading) // the error's own words say what was found
	}
	if e.Issuer != "" && e.Step == wire.Metadata && !cfg.AtAPI && !notTheDemo(cfg, e) {
		a.Remedy = Remedy{InEnv, "ISSUER=" + e.Issuer}
	}
	if method != "" && compared(e) && !ofRegistered(cfg, a.Name) {
		a.Sent = whatWeSent(cfg, method, scopes, a.Setting)
	}
	return a
}

// compared reports whether what we sent has to agree with the OAuth application for this step.
func compared(e *oauth.Error) bool {
	switch e.Code {
	case oauth.CodeInvalidIssuer, oauth.CodeOtherServer, oauth.CodeInvalidAddress, oauth.CodeUnreachable, oauth.CodeInvalidResponse:
		return false // no setting of the OAuth application is to blame
	}
	return e.Step == wire.Response || e.Step == wire.TokenRequest || e.Step == wire.PushedRequest
}

// settingOf is the setting that is most likely to blame.
func settingOf(e *oauth.Error) Setting {
	switch {
	case e.Step == wire.IDTokenCheck:
		return IDToken
	case compared(e):
		return suspectOf(e)
	}
	return ""
}

// heading says in a few words whose turn it is.
func heading(e *oauth.Error) string {
	switch {
	case e.Step == wire.Registration && hasToWait(e):
		return RateLimited.Title()
	case (e.Step == wire.ResourceMetadata || e.Step == wire.Registration) && startName(e) != "":
		return startName(e).Title()
	case apiFailed(e):
		return APIFailed.Title()
	case e.Step == wire.APIAsked && e.Code == oauth.CodeRateLimited:
		return "The API wants fewer requests"
	case e.Step == wire.APIAsked, e.Step == wire.API && e.Code == oauth.CodeUnreachable:
		return APIUnreachable.Title()
	case e.Code == "access_denied":
		return "Access was denied"
	case e.Code == oauth.CodeNotFound && e.Issuer != "":
		return "The metadata names another issuer"
	case e.Check == oauth.CheckNotHTTPS, e.Check == oauth.CheckOnLocal, e.Check == oauth.CheckAddress:
		return "The server’s metadata cannot be used"
	case e.Code == oauth.CodeNotFound:
		return "The authorization server was not found"
	case e.Check == oauth.CheckPARNowhere:
		return PARNowhere.Title()
	case e.Check == oauth.CheckPARNotOffered:
		return "The server offers no pushed authorization requests"
	case e.Code == oauth.CodeUnreachable:
		return ServerUnreachable.Title()
	case e.Code == oauth.CodeInvalidAddress:
		return "This address does not finish the login"
	case e.Code == oauth.CodeNotSupported:
		return "This server does not offer that"
	case e.Step == wire.AuthorizationRequest, e.Step == wire.Response && !e.Theirs:
		return "This login cannot be finished"
	case e.Step == wire.Response, e.Step == wire.PushedRequest && e.Theirs:
		return "The authorization server refused the login"
	case e.Theirs:
		return "The authorization server refused the token request"
	case e.Code == oauth.CodeServerError:
		return "The server failed"
	}
	return "The authorization server’s answer cannot be used"
}
