package causes

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// Advice holds what helps to fix a failure.
type Advice struct {
	Hint    string  `json:"hint,omitempty"`    // what to do
	Setting Setting `json:"setting,omitempty"` // the one most likely at fault; empty when none is
	Field   string  `json:"field,omitempty"`   // what the server's dashboard calls it
	Sent    []Sent  `json:"sent,omitempty"`    // what a login sent, the most likely mistake first
	Name    Name    `json:"name,omitempty"`    // of the cause, as in docs/problems.md; empty when none is known
	Remedy  Fix     `json:"remedy,omitzero"`   // the line to change
	Heading string  `json:"-"`                 // the fact
	Server  string  `json:"-"`                 // the server's name, as its dashboard says it
}

// Explain says why a login, or a use of its tokens, failed. The method is how the client authenticated, or "" if the server
// is not known. The scopes are those that the login asked for.
func Explain(cfg config.Effective, method string, scopes []string, e *oauth.Error) Advice {
	name := OfError(cfg, method, e)
	row := Of(name)
	facts := FactsOf(cfg, e)
	facts.Method, facts.Scopes = method, append([]string{}, scopes...) // nil would be those of the settings
	a := Advice{Name: name, Heading: cmp.Or(row.Title, headingWithoutCause(e)), Setting: row.Setting, Remedy: row.fix(facts), Server: ProviderOf(cfg).The()}
	if name == CertificateNotTrusted && !wire.UnknownAuthority(e.Cause) {
		a.Remedy = facts.look("", ValidCertificate)
	}
	a.Hint = cmp.Or(a.Remedy.Text, hintWithoutCause(cfg, e))
	if e.Kind == oauth.RegistrationUnusable { // it is not asked again, as it may make a client each time
		a.Hint += " Once the server is fixed, restart this app, or save .env again."
	}
	if e.Said != "" {
		a.Hint = strings.TrimSpace(a.Hint + " The server said: " + e.Said)
	}
	if e.Step == wire.IDTokenCheck {
		a.Setting = cmp.Or(a.Setting, IDToken)
	}
	a.Field = ProviderOf(cfg).Fields[a.Setting]
	if method != "" && compared(e) && !(cfg.Registered() && slices.Contains([]Setting{ClientID, ClientSecret, AuthMethod, RedirectURI}, a.Setting)) {
		a.Sent = whatWeSent(cfg, method, scopes, a.Setting)
	}
	return a
}

// FactsOf returns the facts about a cause that an error contains.
func FactsOf(cfg config.Effective, e *oauth.Error) Facts {
	facts := Facts{Cfg: cfg, Words: e.Description, Found: e.Issuer, Kind: e.Kind, Member: e.Member, Status: cmp.Or(e.Answer.Status, e.Status), Returned: e.Step == wire.TokenRequest}
	switch {
	case e.Kind == oauth.NoAnswer:
		facts.Member, facts.HTTP = configuredAs(cfg, e.Answer.URL), errors.Is(e.Cause, http.ErrSchemeMismatch)
	case e.Kind == oauth.Redirected:
		facts.Found = e.Answer.Location
	case e.Kind == oauth.IDTokenKeys && e.Answer.URL == "" && e.Cause == nil:
		facts.Member = "jwks_uri"
	case e.Claim != nil && e.Claim.State == oauth.ClaimSecretShort:
		facts.Found, facts.Expected = e.Claim.Found, e.Claim.Found
	case e.Claim != nil:
		facts.Found, facts.Expected = e.Claim.Found, e.Claim.Expected
	}
	return facts
}

// configuredAs returns the line of .env that sets an endpoint, or "" if the metadata does.
func configuredAs(cfg config.Effective, address string) string {
	set := cfg.Endpoints
	for variable, endpoint := range map[string]string{"USERINFO_ENDPOINT": set.Userinfo, "INTROSPECTION_ENDPOINT": set.Introspection, "REVOCATION_ENDPOINT": set.Revocation,
		"TOKEN_ENDPOINT": set.Token, "JWKS_URI": set.JWKS} {
		if endpoint != "" && wire.WithoutQuery(endpoint) == address {
			return variable
		}
	}
	return ""
}

// In returns the advice with the place at which its variable is set (see Fix.In).
func (a Advice) In(place func(variable string) string) Advice {
	at := place(a.Remedy.Variable)
	a.Remedy, a.Hint = a.Remedy.In(at), in(at, a.Hint)
	return a
}

// With returns the advice, changed by a finding made since: the proved cause, and its fix.
func (a Advice) With(cfg config.Effective, f Finding) Advice {
	row := Of(f.Name)
	a.Name, a.Heading, a.Remedy, a.Hint = f.Name, row.Title, f.Remedy, f.Fix
	a.Setting = row.Setting
	a.Field = ProviderOf(cfg).Fields[a.Setting]
	for i := range a.Sent {
		a.Sent[i].Suspect = a.Sent[i].Setting == a.Setting
	}
	return a
}

// Refusal returns the answer that an error is about. The method is how the client authenticated.
func Refusal(e *oauth.Error, method string) Answer {
	a := Answer{Step: e.Step, Method: cmp.Or(e.Answer.AuthMethod, method), Status: cmp.Or(e.Answer.Status, e.Status), Refusal: e.Answer.Refusal, To: e.Answer.Location, Refused: true}
	if e.Theirs && a.Refusal.Code == "" && a.Refusal.Words == "" && a.Refusal.Text == "" {
		a.Refusal.Code, a.Refusal.Words = e.Code, e.Description
	}
	return a.Without()
}

// Said returns an Answer with a server's code and words, as a redirect carries them.
func Said(step wire.Purpose, status int, code, words string) Answer {
	return Answer{Step: step, Status: status, Refused: true, Refusal: wire.Refusal{Code: code, Words: words}}.Without()
}

// kinds maps the errors that oauth recognizes by itself to their causes.
var kinds = map[oauth.Kind]Name{
	oauth.MetadataNotFound: ServerNotFound, oauth.MetadataUnusable: ServerNotFound, oauth.IssuerAbsent: ServerNotFound, oauth.EndpointMissing: ServerNotFound,
	oauth.EndpointNotHTTPS: EndpointsNotHTTPS, oauth.EndpointOnLocal: EndpointsHere, oauth.EndpointAddress: EndpointsUnusable, oauth.PARNowhere: PARNowhere,
	oauth.ResponseIssuerDiffers: ResponseIssuerDiffers, oauth.ResponseIssuerAbsent: ResponseIssuerDiffers, oauth.PastedFragment: ResponseInFragment, oauth.ResponseWithoutCode: CodeMissing,
	oauth.AccessTokenAbsent: AccessTokenMissing, oauth.TokensAbsent: TokenResponseUnusable, oauth.AccessTokenNested: AccessTokenNested,
	oauth.TokenResponsePage: TokenResponseUnusable, oauth.TokenResponseText: TokenResponseUnusable, oauth.TokenResponseMediaType: TokenResponseUnusable,
	oauth.TokenResponseMalformed: TokenResponseUnusable, oauth.TokenResponseMember: TokenResponseUnusable, oauth.AccessTokenMisspelled: TokenResponseUnusable,
	oauth.TokenCharacters: TokenResponseUnusable, oauth.TokenTypeOther: TokenResponseUnusable,
	oauth.ErrorMisspelled: TokenResponseUnusable, oauth.IDTokenMalformed: TokenResponseUnusable,
	oauth.IDTokenUnverifiable: IssuerMissing, oauth.IDTokenSecret: IDTokenSignature, oauth.PARUnusable: ServerFailed,
	oauth.UserinfoMalformed: UserinfoUnusable, oauth.UserinfoUnverifiable: UserinfoUnusable, oauth.SubjectAbsent: UserinfoUnusable, oauth.SubjectDiffers: UserinfoUnusable,
	oauth.IDTokenAbsent: OpenIDMissing, oauth.IDTokenEncrypted: IDTokenEncrypted, oauth.IDTokenAlgorithm: IDTokenAlgorithm,
	oauth.IDTokenKeys: JWKSUnusable, oauth.IDTokenKeyPrivate: JWKSUnusable, oauth.IDTokenKeyNotFound: IDTokenSignature, oauth.IDTokenSignature: IDTokenSignature,
	oauth.ResourceMetadataAbsent: APIMetadataMissing, oauth.ResourceMetadataUnusable: APIMetadataUnusable, oauth.ResourceScopes: APIMetadataUnusable,
	oauth.ResourceMetadataOfAnother: APIMetadataOfAnother, oauth.ResourceServers: APIServersUnusable,
	oauth.RegistrationNotOffered: RegistrationNotOffered, oauth.RegistrationEndpoint: RegistrationUnusable, oauth.RegistrationUnusable: RegistrationUnusable,
	oauth.ClientOfAnotherServer: ClientOfAnotherServer,
}

// OfError returns the cause of an error, or "" if none is known. The method is how the client authenticated.
func OfError(cfg config.Effective, method string, e *oauth.Error) Name {
	atAPI := e.Step == wire.API || e.Step == wire.APIAsked
	limited := e.Answer.Status == http.StatusTooManyRequests || e.Status == http.StatusTooManyRequests || e.Code == oauth.CodeRateLimited
	switch {
	case e.Cause != nil && atAPI && !wire.Untrusted(e.Cause):
		return APIUnreachable
	case e.Cause != nil && e.Kind != oauth.IDTokenKeys:
		return Unreachable(e.Cause)
	case limited:
		return RateLimited
	case e.Kind == oauth.ServerFailed && atAPI:
		return APIFailed
	case e.Step == wire.APIAsked:
		return APIUnreachable
	case e.Kind == oauth.IssuerDiffers && HostOf(e.Issuer) != HostOf(cfg.Issuer):
		return TwoHostNames
	case e.Kind == oauth.IssuerDiffers:
		return IssuerDiffers
	case e.Kind == oauth.IDTokenClaim:
		return ofClaim(e.Claim)
	case e.Kind == oauth.Redirected && e.Step == wire.TokenRequest:
		return TokenEndpointUnusable
	case e.Step == wire.Registration && e.Theirs:
		return RegistrationRefused
	case e.Step == wire.Metadata && (e.Kind == oauth.Refused || e.Kind == oauth.Redirected):
		return ServerNotFound
	case e.Kind == oauth.ServerFailed:
		return ServerFailed
	case e.Theirs:
		name := Refusal(e, method).Without(SentBy(cfg)...).Cause()
		if name == ClientIDUnknown && cfg.IsClientDocument() {
			return ClientDocumentNotSupported
		}
		return name
	}
	return kinds[e.Kind]
}

// Denied reports whether the user said no (RFC 6749 section 4.1.2.1), which is not a failure of a step.
func Denied(e *oauth.Error) bool { return e.Code == "access_denied" }

// WantsPKCE reports whether a server may have refused a login because it lacks PKCE (RFC 7636 section 4.4.1).
func WantsPKCE(e *oauth.Error) bool {
	words := strings.ToLower(e.Description)
	return e.Code == "invalid_request" || strings.Contains(words, "pkce") || strings.Contains(words, "code_challenge")
}

// ofClaim returns the cause of a refused claim of an ID token, by what is wrong with it, not by its name alone.
func ofClaim(claim *oauth.ClaimFault) Name {
	switch {
	case claim == nil:
		return ""
	case claim.State == oauth.ClaimAbsent, claim.State == oauth.ClaimUnreadable:
		return IDTokenClaimMissing
	case claim.State == oauth.ClaimMilliseconds:
		return IDTokenTimes
	case claim.State == oauth.ClaimPast, claim.State == oauth.ClaimFuture:
		if claim.Name == "auth_time" {
			return ""
		}
		return ClockDiffers
	case claim.Name == "iss":
		return IDTokenIssuerDiffers
	case claim.Name == "aud", claim.Name == "azp", claim.Name == "nonce":
		return IDTokenForAnother
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

// compared reports whether this step compares what we sent with the OAuth application.
func compared(e *oauth.Error) bool {
	switch e.Step {
	case wire.Response, wire.TokenRequest, wire.PushedRequest:
		return e.Theirs
	}
	return false
}

// headingWithoutCause says in a few words what happened, if no cause is known.
func headingWithoutCause(e *oauth.Error) string {
	switch {
	case e.Kind == oauth.PARNotOffered:
		return "The server offers no pushed authorization requests"
	case e.Step == wire.Metadata:
		return "The server's metadata can't be used"
	case e.Kind == oauth.PastedAddress:
		return "The pasted URL can't finish the login"
	case e.Kind == oauth.NotSupported && e.Step == wire.API:
		return "RESOURCE_URL is not set"
	case e.Kind == oauth.NotSupported:
		return "The server has no such endpoint"
	case e.Kind == oauth.BadParameter && e.Step == wire.AuthorizationRequest:
		return "The login can't start with these parameters"
	case e.Step == wire.AuthorizationRequest, e.Step == wire.Response && !e.Theirs:
		return "This login cannot be finished"
	case e.Step == wire.Response, e.Step == wire.PushedRequest && e.Theirs:
		return "The authorization server refused the login"
	case e.Theirs:
		return "The authorization server refused the token request"
	}
	return "The authorization server's answer can't be used"
}

// hintWithoutCause says what to do if no cause is known.
func hintWithoutCause(cfg config.Effective, e *oauth.Error) string {
	switch {
	case e.Kind == oauth.NotSupported && e.Step == wire.API:
		return "Set RESOURCE_URL to the API that the access token is for."
	case e.Kind == oauth.Redirected && e.Answer.Location != "" && (e.Step == wire.Userinfo || e.Step == wire.Introspection || e.Step == wire.Revocation):
		return "This app follows no redirect with a token. Look at where it leads: if that is the server's " + string(e.Step) + " endpoint, the metadata or " + strings.ToUpper(string(e.Step)) + "_ENDPOINT has to name it."
	case e.Kind == oauth.NotSupported:
		return "If the server has this endpoint, set " + strings.ToUpper(string(e.Step)) + "_ENDPOINT."
	case e.Kind == oauth.PARNotOffered:
		return RemovePAR
	case e.Kind == oauth.OtherServer:
		return "Start a new login."
	case e.Kind == oauth.PastedAddress:
		return "Copy the whole address from the address bar of the tab in which you signed in, and paste it. The login is still waiting for it."
	case e.Theirs && slices.Contains([]string{"login_required", "interaction_required", "consent_required", "account_selection_required"}, e.Code):
		return needsUser(cfg, e)
	case e.Theirs && e.Step == wire.TokenRequest && e.Code == oauth.CodeRefused:
		return "Run all checks: they find out whether the token endpoint refuses every request."
	case e.Theirs && e.Step != wire.TokenRequest:
		return "Read what the server said, then compare that setting in its dashboard."
	}
	return ""
}

// needsUser says what to do if the server did not ask the user (OpenID Connect Core section 3.1.2.6).
func needsUser(cfg config.Effective, e *oauth.Error) string {
	without := "Sign in without prompt=none."
	if endpoint, err := url.Parse(cfg.Endpoints.Authorization); cfg.Parameters["prompt"] == "none" {
		without = "Every login sends it: remove it from AUTHORIZATION_PARAMS in .env."
	} else if err == nil && endpoint.Query().Get("prompt") == "none" {
		without = "Every login sends it: remove it from AUTHORIZATION_ENDPOINT in .env."
	}
	switch {
	case e.Silent && e.Code == "login_required":
		return "No user is signed in on the server, and prompt=none forbids it to ask. " + without
	case e.Silent:
		return "The server has to ask the user, and prompt=none forbids that. " + without
	case e.Step != wire.Response:
		return "Read what the server said."
	}
	return "This login lets the server ask the user: it was sent without prompt=none. Read what the server said."
}

// Sent is a value that we sent, and the place in the dashboard where the same value belongs.
type Sent struct {
	Setting  Setting `json:"setting"`
	Name     string  `json:"name"`  // in words
	Value    string  `json:"value"` // as sent; never a secret
	Variable string  `json:"variable"`
	Field    string  `json:"field"`   // what the server's dashboard calls it
	Suspect  bool    `json:"suspect"` // the likely one
}

// whatWeSent lists the values of a login that the OAuth application must have too, the most likely mistake first.
func whatWeSent(cfg config.Effective, method string, scopes []string, likely Setting) []Sent {
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
	if cfg.Registered() { // the server chose the client's own values, and no line of .env has them
		list = slices.DeleteFunc(list, func(s Sent) bool { return slices.Contains([]Setting{ClientID, ClientSecret, AuthMethod}, s.Setting) })
	}
	fields := ProviderOf(cfg).Fields
	for i := range list {
		if list[i].Setting != Scopes || slices.Equal(scopes, cfg.Scopes) { // else the login named its own
			list[i].Variable = variableOf(cfg, list[i].Setting)
		}
		list[i].Field = fields[list[i].Setting]
		list[i].Suspect = list[i].Setting == likely
	}
	if i := slices.IndexFunc(list, func(s Sent) bool { return s.Suspect }); i > 0 {
		first := list[i]
		copy(list[1:], list[:i])
		list[0] = first
	}
	return list
}
