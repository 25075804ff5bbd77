package causes

import (
	"cmp"
	"slices"
	"strings"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// Advice is what helps to fix a failure.
type Advice struct {
	Hint    string  `json:"hint,omitempty"`    // what to do
	Setting Setting `json:"setting,omitempty"` // most likely at fault; empty when none is suspected
	Field   string  `json:"field,omitempty"`   // what the server's dashboard calls it
	Sent    []Sent  `json:"sent,omitempty"`    // what a login sent, what is suspected first
	Name    Name    `json:"name,omitempty"`    // of the cause, as in docs/problems.md; empty when none is known
	Remedy  Fix     `json:"remedy,omitzero"`   // the line to change
	Heading string  `json:"-"`                 // the fact
	Server  string  `json:"-"`                 // the server's name, as its dashboard says it
}

// Explain says why a login, or a use of its tokens, failed. The method is how the client authenticated, "" while the server is not
// known; the scopes are those that were asked for.
func Explain(cfg config.Config, method string, scopes []string, e *oauth.Error) Advice {
	name := OfError(cfg, method, e)
	row := Of(name)
	facts := Facts{Cfg: cfg, Method: method, Words: e.Description, Found: e.Issuer}
	a := Advice{Name: name, Heading: cmp.Or(row.Title, headingWithoutCause(e)), Setting: row.Setting, Remedy: row.fix(facts), Server: ProviderOf(cfg).The()}
	if name == CertificateNotTrusted && !wire.UnknownAuthority(e.Cause) {
		a.Remedy = facts.look("", "The server needs a certificate that is valid now and for this host.")
	}
	a.Hint = cmp.Or(a.Remedy.Text, hintWithoutCause(cfg, e))
	if e.Said != "" {
		a.Hint = strings.TrimSpace(a.Hint + " Its own words: " + e.Said)
	}
	if e.Step == wire.IDTokenCheck {
		a.Setting = cmp.Or(a.Setting, IDToken)
	}
	a.Field = ProviderOf(cfg).Fields[a.Setting]
	if method != "" && compared(e) && !(cfg.Registered && slices.Contains([]Setting{ClientID, ClientSecret, AuthMethod, RedirectURI}, a.Setting)) {
		a.Sent = whatWeSent(cfg, method, scopes, a.Setting)
	}
	return a
}

// With returns the advice of a finding that was made since: a cause that was proved, and its fix.
func (a Advice) With(cfg config.Config, f Finding) Advice {
	row := Of(f.Name)
	a.Name, a.Heading, a.Remedy, a.Hint = f.Name, row.Title, f.Remedy, f.Fix
	a.Setting = row.Setting
	a.Field = ProviderOf(cfg).Fields[a.Setting]
	for i := range a.Sent {
		a.Sent[i].Suspect = a.Sent[i].Setting == a.Setting
	}
	return a
}

// Refusal returns the answer that an error was made of. The method is how the client authenticated.
func Refusal(e *oauth.Error, method string) Answer {
	return Said(e.Step, e.Status, e.Code, e.Description).by(method)
}

// Said returns the answer of a server with a code and words, as a redirect carries them.
func Said(step wire.Purpose, status int, code, words string) Answer {
	return Answer{Step: step, Status: status, Refused: true, Refusal: wire.Refusal{Code: code, Words: words}}.Without()
}

func (a Answer) by(method string) Answer {
	a.Method = method
	return a
}

// OfError returns the cause of an error, or "" when none is known. The method is how the client authenticated.
func OfError(cfg config.Config, method string, e *oauth.Error) Name {
	switch {
	case apiFailed(e):
		return APIFailed
	case hasToWait(e):
		return RateLimited
	case e.Cause != nil && e.Step == wire.API, e.Step == wire.APIAsked && (e.Cause == nil || !wire.Untrusted(e.Cause)):
		return APIUnreachable
	case e.Cause != nil:
		return Unreachable(e.Cause)
	}
	switch e.Step {
	case wire.ResourceMetadata, wire.Registration:
		return ofStart(e)
	case wire.Metadata:
		return ofMetadata(cfg, e)
	case wire.IDTokenCheck:
		return ofIDToken(e)
	case wire.Response:
		if e.Code == oauth.CodeInvalidIssuer {
			return ResponseIssuerDiffers
		}
	}
	switch {
	case e.Code == oauth.CodeInvalidResponse:
		return TokenResponseUnusable
	case e.Theirs:
		return Refusal(e, method).Without(SentBy(cfg)...).Cause()
	case e.Code == oauth.CodeServerError:
		return ServerFailed
	}
	return ""
}

// Unreachable returns why no answer came.
func Unreachable(err error) Name {
	if wire.Untrusted(err) {
		return CertificateNotTrusted
	}
	return ServerUnreachable
}

// apiFailed reports an API that answered with a failure of its own, with a token or without.
func apiFailed(e *oauth.Error) bool {
	return e.Code == oauth.CodeServerError && !e.Theirs && (e.Step == wire.API || e.Step == wire.APIAsked)
}

// hasToWait reports that the API or the registration wants fewer requests: nothing is wrong with a setting.
func hasToWait(e *oauth.Error) bool {
	return e.Step == wire.APIAsked && e.Code == oauth.CodeRateLimited || e.Step == wire.Registration && e.Status == 429
}

// ofMetadata is why there is no metadata that could be used.
func ofMetadata(cfg config.Config, e *oauth.Error) Name {
	switch {
	case e.Check == oauth.CheckPARNowhere:
		return PARNowhere
	case e.Check == oauth.CheckPARNotOffered:
		return "" // the settings want it, and not the server
	case e.Issuer != "" && HostOf(e.Issuer) != HostOf(cfg.Issuer):
		return TwoHostNames
	case e.Issuer != "":
		return IssuerDiffers
	case e.Check == oauth.CheckNotHTTPS:
		return EndpointsNotHTTPS
	case e.Check == oauth.CheckOnLocal:
		return EndpointsHere
	case e.Check == oauth.CheckAddress:
		return "" // the server is there
	}
	return ServerNotFound
}

// ofIDToken is why an ID token was refused.
func ofIDToken(e *oauth.Error) Name {
	switch e.Check {
	case "presence":
		return OpenIDMissing
	case "signature":
		return IDTokenSignature
	case "iss":
		return IDTokenIssuerDiffers
	case "issuer":
		return IssuerDiffers
	case "exp", "iat", "nbf":
		return ClockDiffers
	case "encryption":
		return IDTokenEncrypted
	case "aud", "azp", "nonce":
		return IDTokenForAnother
	}
	return ""
}

// ofStart is why a login could not start at the API.
func ofStart(e *oauth.Error) Name {
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

// compared reports whether what we sent has to agree with the OAuth application for this step.
func compared(e *oauth.Error) bool {
	switch e.Code {
	case oauth.CodeInvalidIssuer, oauth.CodeOtherServer, oauth.CodeInvalidAddress, oauth.CodeUnreachable, oauth.CodeInvalidResponse:
		return false // no setting of the OAuth application is to blame
	}
	return e.Step == wire.Response || e.Step == wire.TokenRequest || e.Step == wire.PushedRequest
}

// headingWithoutCause says in a few words what happened, where no cause is known.
func headingWithoutCause(e *oauth.Error) string {
	switch {
	case e.Check == oauth.CheckPARNotOffered:
		return "The server offers no pushed authorization requests"
	case e.Code == oauth.CodeNotFound, e.Step == wire.Metadata:
		return "The server's metadata can't be used"
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
	}
	return "The authorization server's answer can't be used"
}

// hintWithoutCause says what to do where no cause is known.
func hintWithoutCause(cfg config.Config, e *oauth.Error) string {
	switch {
	case e.Code == oauth.CodeNotSupported && e.Step == wire.API:
		return "Set RESOURCE_URL to one that the access token is for."
	case e.Code == oauth.CodeNotSupported:
		return "If it has one, set " + strings.ToUpper(string(e.Step)) + "_ENDPOINT."
	case e.Check == oauth.CheckPARNotOffered:
		return "Remove PAR from .env: this server offers no pushed authorization requests."
	case e.Code == oauth.CodeOtherServer:
		return "Start a new login."
	case e.Code == oauth.CodeInvalidAddress:
		return "Copy the whole address from the address bar of the tab in which you signed in, and paste it. The login still waits for it."
	case e.Check == "code":
		return "The server has to answer with response_type code in the query; an implicit or form_post application does not."
	case e.Theirs && slices.Contains([]string{"login_required", "interaction_required", "consent_required", "account_selection_required"}, e.Code):
		return "With prompt=none the server may show no page, and it needs one. Sign in without prompt=none."
	case e.Theirs && e.Step != wire.TokenRequest:
		return "The server's words above name what it refused. Compare it with the application's settings there."
	}
	return ""
}

// Sent is a value that we sent, with the place in the dashboard that it must agree with.
type Sent struct {
	Setting  Setting `json:"setting"`
	Name     string  `json:"name"`  // in words
	Value    string  `json:"value"` // as sent; never a secret
	Variable string  `json:"variable"`
	Field    string  `json:"field"`   // what the server's dashboard calls it
	Suspect  bool    `json:"suspect"` // the likely one
}

// whatWeSent lists the values of a login that the OAuth application must agree with, the suspect first.
func whatWeSent(cfg config.Config, method string, scopes []string, suspect Setting) []Sent {
	secret := "none: a public client"
	if cfg.ClientSecret != "" {
		secret = "not shown"
	}
	list := []Sent{
		{Setting: RedirectURI, Name: "Redirect URI", Value: cfg.RedirectURI()},
		{Setting: ClientID, Name: "Client ID", Value: cfg.ClientID},
		{Setting: ClientSecret, Name: "Client secret", Value: secret},
		{Setting: AuthMethod, Name: "Authentication method", Value: method},
		{Setting: Scopes, Name: "Scopes", Value: cmp.Or(strings.Join(scopes, " "), "none")},
	}
	if cfg.Registered { // the client's own values are the server's, and in no line of .env
		list = slices.DeleteFunc(list, func(s Sent) bool { return slices.Contains([]Setting{ClientID, ClientSecret, AuthMethod}, s.Setting) })
	}
	fields := ProviderOf(cfg).Fields
	for i := range list {
		list[i].Variable = variableOf(cfg, list[i].Setting)
		list[i].Field = fields[list[i].Setting]
		list[i].Suspect = list[i].Setting == suspect
	}
	if i := slices.IndexFunc(list, func(s Sent) bool { return s.Suspect }); i > 0 {
		suspected := list[i]
		copy(list[1:], list[:i])
		list[0] = suspected
	}
	return list
}
