package oauth

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
)

// Request is a login that was started: the secrets that tie the response to it, and what it asks for. It is stored as JSON,
// without the fields marked "-", in the browser's cookie, which has little room.
type Request struct {
	State    string            `json:"-"`           // ties the response to the browser (RFC 6749 section 10.12); the cookie's name has it
	Nonce    string            `json:"n,omitempty"` // ties the ID token to the login; empty without openid
	Verifier string            `json:"v"`           // ties the code to the login (RFC 7636 section 4.1)
	Scopes   []string          `json:"s"`           // asked for
	Scoped   bool              `json:"z,omitempty"` // they were given for this login
	Given    config.Parameters `json:"x,omitempty"` // what else was given for this login; id_token_hint may be config.HintOfSession
	Settings config.Parameters `json:"y,omitempty"` // what else the settings send
	Hint     string            `json:"h,omitempty"` // the ID token that id_token_hint=session stands for, cut short; see SetHint
	Own      bool              `json:"o,omitempty"` // it was started from a page of this program or the address bar, and not by a link of another site
	Try      string            `json:"t,omitempty"` // the misuse.Attempt that the login is for; empty for a user's own login
	Run      string            `json:"r,omitempty"` // the run of the command login that waits for it; empty for any other login
	Binding  string            `json:"a"`           // ties the login to its server; set when it is sent there
	Pushed   string            `json:"u,omitempty"` // the request_uri that stands for the request, if it was pushed (RFC 9126)
	Began    time.Time         `json:"b"`
	Steps    bool              `json:"p,omitempty"` // each step is shown before it is taken
	StepUp   int               `json:"g,omitempty"` // how many times in a row the API wanted more scopes before this login

	hint        string           // the whole ID token of Hint; only during the HTTP request that called SetHint
	NoChallenge bool             `json:"-"` // no code challenge is sent: to see whether the server asks for one
	Before      []*wire.Exchange `json:"-"` // what was asked before the browser left; only while the process that asked runs
}

// Extra returns the parameters of the login, besides the scopes and what the protocol needs.
func (r *Request) Extra() config.Parameters { return r.Settings.With(r.Given) }

// parameter returns one value of Extra.
func (r *Request) parameter(name string) string { return cmp.Or(r.Given[name], r.Settings[name]) }

// NewVerifier returns a new code verifier (RFC 7636 section 4.1).
func NewVerifier() string { return oauth2.GenerateVerifier() }

// Challenge returns the code challenge of a verifier, by S256 (RFC 7636 section 4.2).
func Challenge(verifier string) string { return oauth2.S256ChallengeFromVerifier(verifier) }

// Asks returns what the login asks for, as parameters of /login.
func (r *Request) Asks() url.Values {
	asks := url.Values{"scope": {strings.Join(r.Scopes, " ")}}
	for name, value := range r.Extra() {
		asks.Set(name, value)
	}
	return asks
}

// Again returns what was given for this login, as parameters of /login. The settings decide the rest again.
func (r *Request) Again() url.Values {
	again := url.Values{}
	if r.Scoped {
		again.Set("scope", strings.Join(r.Scopes, " "))
	}
	for name, value := range r.Given {
		again.Set(name, value)
	}
	return again
}

// ExtraParameters lists the parameters with a field in a login's form, besides scope.
var ExtraParameters = []string{"prompt", "login_hint", "max_age", "acr_values", "resource", "audience", "ui_locales"}

// NewRequest makes the secrets of a login, each of at least 130 bits. It takes the given parameters, and the others from
// the settings. The error is an *Error.
func (c *Client) NewRequest(params url.Values) (*Request, error) {
	given, err := config.LoginParameters(params)
	if err != nil {
		return nil, badParameters(err)
	}
	stepUp, err := strconv.Atoi(cmp.Or(params.Get("step_up"), "0"))
	if err != nil || stepUp < 0 || stepUp > maxStepUps {
		return nil, badParameter("step_up", fmt.Sprintf("is not a number up to %d", maxStepUps))
	}
	r := &Request{StepUp: stepUp, State: rand.Text(), Verifier: NewVerifier(), Scopes: c.cfg.Scopes, Scoped: given["scope"] != "", Given: given,
		Settings: c.settingsBeside(given), Began: c.now()}
	if scope := given["scope"]; scope != "" {
		r.Scopes = strings.Fields(scope)
	}
	delete(given, "scope")
	if err := r.Extra().Check(r.Scopes); err != nil {
		return nil, badParameters(err)
	}
	if slices.Contains(r.Scopes, "openid") {
		r.Nonce = rand.Text()
	}
	return r, nil
}

// settingsBeside returns the parameters from the settings that were not given for the login.
func (c *Client) settingsBeside(given config.Parameters) config.Parameters {
	all := c.cfg.Parameters.With(nil)
	if resource := cmp.Or(all["resource"], c.cfg.Found.Resource); resource != "" { // RFC 8707 section 2
		all["resource"] = resource
	}
	maps.DeleteFunc(all, func(name, _ string) bool { return given[name] != "" })
	return all
}

// GivenParameters returns the parameters that /login was given to send. It refuses those that NewRequest refuses, before
// any request is sent. The error is an *Error.
func GivenParameters(params url.Values) (config.Parameters, error) {
	given, err := config.LoginParameters(params)
	if err != nil {
		return nil, badParameters(err)
	}
	return given, nil
}

// HintsSession reports whether the login sends the ID token of the session (OpenID Connect Core section 3.1.2.1).
func (r *Request) HintsSession() bool { return r.parameter("id_token_hint") == config.HintOfSession }

// SetHint sets the ID token of the session. It is too long for a cookie, so only its two ends are stored, for the pages.
func (r *Request) SetHint(idToken string) {
	r.hint, r.Hint = idToken, shortHint(idToken)
}

// IsHint reports whether an ID token is the one that SetHint was called with.
func (r *Request) IsHint(idToken string) bool { return r.Hint != "" && shortHint(idToken) == r.Hint }

func shortHint(token string) string {
	const begin, end = 8, 8
	if len(token) < 4*(begin+end) {
		return "…"
	}
	return token[:begin] + "…" + token[len(token)-end:]
}

// maxStepUps is the number of times in a row that a login may be offered for more scopes. Without a limit, an API that
// wants different scopes each time would make the user sign in forever.
const maxStepUps = 2

// Union returns lists of scopes as one list, each scope once, in order.
func Union(lists ...[]string) []string {
	var union []string
	for _, scope := range slices.Concat(lists...) {
		if !slices.Contains(union, scope) {
			union = append(union, scope)
		}
	}
	return union
}

// maxAge returns the max_age of the login, or a negative value if there is none.
func (r *Request) maxAge() time.Duration {
	seconds, err := strconv.ParseUint(r.parameter("max_age"), 10, 31)
	if err != nil {
		return -1
	}
	return time.Duration(seconds) * time.Second
}

// AuthorizationURL returns the authorization request (RFC 6749 section 4.1.1, RFC 7636 section 4.3, OpenID Connect Core
// section 3.1.2.1): the address for the browser. The error is an *Error.
func (c *Client) AuthorizationURL(ctx context.Context, r *Request) (string, error) {
	md, err := c.Metadata(ctx)
	if err != nil {
		return "", err
	}
	if c.Pushes(md) {
		if r.Pushed, err = c.push(ctx, md, c.parameters(md, r)); err != nil {
			return "", err
		}
	}
	r.Binding = md.Binding
	return c.authorizationURL(md, r), nil
}

// KnownAuthorizationURL returns the same without sending a request, or "" if the login's server is not known.
func (c *Client) KnownAuthorizationURL(r *Request) string {
	md, _ := c.Known()
	if md == nil || r.Binding != md.Binding {
		return ""
	}
	return c.authorizationURL(md, r)
}

func (c *Client) authorizationURL(md *Metadata, r *Request) string {
	if r.Pushed != "" {
		return pushedAddress(md, c.cfg.ClientID, r.Pushed)
	}
	if !strings.Contains(md.Authorization, "?") {
		return c.oauth2Config(md, r.Scopes).AuthCodeURL(r.State, c.options(r)...)
	}
	return withQuery(md.Authorization, c.parameters(md, r)) // if a parameter is in both, the login's value counts
}

// CheckResponse checks the authorization response (RFC 6749 section 4.1.2) to a request, and returns the code. It checks
// first what makes the rest trustworthy. The error is an *Error.
func (c *Client) CheckResponse(ctx context.Context, r *Request, response url.Values) (code string, err error) {
	md, err := c.metadataFor(ctx, r)
	if err != nil {
		return "", err
	}
	if err := c.checkResponseIssuer(md, response); err != nil {
		return "", err
	}
	if response.Has("error") {
		refused := c.refusedResponse(response)
		prompt := r.parameter("prompt")
		if endpoint, err := url.Parse(md.Authorization); err == nil {
			prompt = cmp.Or(prompt, endpoint.Query().Get("prompt"))
		}
		refused.Silent = prompt == "none"
		return "", refused
	}
	if response.Get("code") == "" {
		return "", &Error{Step: wire.Response, Kind: ResponseWithoutCode, Code: CodeInvalidRequest, Check: "code",
			Description: "The authorization response has neither a code nor an error."}
	}
	return response.Get("code"), nil
}

// checkResponseIssuer checks iss, to prevent a mix-up of servers (RFC 9207 section 2.4). On a mismatch, the response comes
// from a different server, and the error shows only the two names.
func (c *Client) checkResponseIssuer(md *Metadata, response url.Values) error {
	if md.Issuer == "" {
		return nil // a server without metadata has no name to compare
	}
	switch theirs := response.Get("iss"); {
	case response.Has("iss") && theirs != md.Issuer:
		return &Error{Step: wire.Response, Kind: ResponseIssuerDiffers, Code: CodeInvalidIssuer, Check: "iss", Issuer: c.Sanitized(theirs, 200),
			Description: fmt.Sprintf("The authorization response comes from the issuer %q (its iss parameter), but you started the login at "+
				"%q (the configured issuer).", c.Sanitized(theirs, 200), md.Issuer)}
	case !response.Has("iss") && md.ResponseIss:
		return &Error{Step: wire.Response, Kind: ResponseIssuerAbsent, Code: CodeInvalidIssuer, Check: "iss",
			Description: "The authorization response has no iss parameter, though the server's metadata promises one (RFC 9207 section 2.4)."}
	}
	return nil
}

// refusedResponse returns the error in an authorization response (RFC 6749 section 4.1.2.1, OpenID Connect Core section
// 3.1.2.6).
func (c *Client) refusedResponse(response url.Values) *Error {
	words := ErrorWords(response)
	refusal := wire.Refusal{Code: response.Get("error"), Words: words, URI: response.Get("error_uri"),
		Hint: cmp.Or(response.Get("error_hint"), response.Get("error_reason"))}
	return &Error{Step: wire.Response, Kind: Refused, Answer: Answer{Refusal: c.sanitize(refusal, c.Sanitized)}, Theirs: true,
		Code:        c.errorCode(response.Get("error")),
		Description: cmp.Or(c.redact(words), "The authorization server gave no description."),
		URI:         c.redact(response.Get("error_uri")),
	}
}

// ErrorWords returns the description of the error in an authorization response. Some servers write error_message (Facebook,
// SATOSA).
func ErrorWords(response url.Values) string {
	return cmp.Or(response.Get("error_description"), response.Get("error_message"))
}

// StateOf returns the state of an authorization response. It ignores the rest of it.
func StateOf(rawQuery string) string {
	for pair := range strings.SplitSeq(rawQuery, "&") {
		if value, found := strings.CutPrefix(pair, "state="); found {
			state, _ := url.QueryUnescape(value) // one that cannot be decoded is not ours
			return state
		}
	}
	return ""
}

// maxRequestURI is the maximum length of a request_uri, in bytes, as it goes into the browser's address and the cookie
// of the login.
const maxRequestURI = 512

// The reasons why a request can't be pushed: the Check of an *Error at the step wire.Metadata.
const (
	CheckPARNotOffered = "pushed_authorization"         // the settings want it, and the server does not offer it
	CheckPARNowhere    = "pushed_authorization_nowhere" // the server demands it, and does not say where
)

// Pushes reports whether authorization requests are first sent to the server by POST (RFC 9126), as the server or the
// settings require.
func (c *Client) Pushes(md *Metadata) bool { return md.RequiresPAR || c.cfg.PAR }

// AddressOf returns where the browser goes with an authorization request: the authorization endpoint with all of its
// parameters or, if requests are pushed, with client_id and request_uri alone (RFC 9126 section 4). The error is an *Error.
func (c *Client) AddressOf(ctx context.Context, md *Metadata, query url.Values) (string, error) {
	if !c.Pushes(md) {
		return withQuery(md.Authorization, query), nil
	}
	uri, err := c.push(ctx, md, query)
	if err != nil {
		return "", err
	}
	return pushedAddress(md, query.Get("client_id"), uri), nil
}

func pushedAddress(md *Metadata, clientID, uri string) string {
	return withQuery(md.Authorization, url.Values{"client_id": {clientID}, "request_uri": {uri}})
}

// withQuery adds parameters to an address, and keeps its own query (RFC 6749 section 3.1).
func withQuery(address string, query url.Values) string {
	u, err := url.Parse(address)
	if err != nil {
		return address // the metadata has been checked
	}
	all := u.Query()
	for name, values := range query {
		all[name] = values
	}
	u.RawQuery = all.Encode()
	return u.String()
}

// push sends an authorization request to the server, as the client that the request names (RFC 9126 section 2), and
// returns its request_uri. The error is an *Error.
func (c *Client) push(ctx context.Context, md *Metadata, query url.Values) (string, error) {
	const what = "pushed authorization request endpoint"
	if md.PAR == "" {
		return "", NowhereToPush(md)
	}
	as := c.Credentials(md)
	as.ID = query.Get("client_id")
	e, err := c.PostAs(wire.For(ctx, wire.PushedRequest), as, md.PAR, query)
	if e, err = c.Answered(wire.PushedRequest, what, md.PAR, e, err); err != nil {
		return "", err
	}
	if !e.Succeeded() { // some refuse with 200
		return "", c.notPushed(what, e)
	}
	var response struct {
		RequestURI string `json:"request_uri"`
	}
	fault := ""
	if err := wire.UnmarshalObject([]byte(e.ResponseBody), &response); err != nil {
		fault = c.Sanitized(err.Error(), 300)
	} else if uri := response.RequestURI; uri == "" {
		fault = "without a request_uri"
	} else if len(uri) > maxRequestURI || !VisibleASCII(uri) || strings.Contains(uri, " ") {
		fault = "with a request_uri that can't be sent in a URL"
	}
	if fault != "" {
		return "", &Error{Step: wire.PushedRequest, Kind: PARUnusable, Answer: c.AnswerOf(e), Code: CodeServerError,
			Description: fmt.Sprintf("The %s returned %d, but %s (RFC 9126 section 2.2).", what, e.Status, fault)}
	}
	return response.RequestURI, nil
}

// NowhereToPush returns the error of a request if the metadata names no endpoint for it (RFC 9126 section 5).
func NowhereToPush(md *Metadata) *Error {
	e := &Error{Step: wire.Metadata, Kind: PARNotOffered, Code: CodeInvalidRequest, Check: CheckPARNotOffered,
		Description: "The server’s metadata names no pushed_authorization_request_endpoint (RFC 9126 section 5)."}
	if md.RequiresPAR {
		e.Kind, e.Check = PARNowhere, CheckPARNowhere
		e.Description = "The server’s metadata requires pushed authorization requests (require_pushed_authorization_requests), " +
			"and names no pushed_authorization_request_endpoint (RFC 9126 section 5)."
	}
	return e
}

// notPushed returns the error of a pushed request that the server refused (RFC 9126 section 2.3).
func (c *Client) notPushed(what string, e *wire.Exchange) *Error {
	refused := c.RefusedBy(wire.PushedRequest, what, e)
	if e.Status == http.StatusTooManyRequests && refused.Code == CodeRefused {
		refused.Code = CodeRateLimited
	}
	return refused
}

// parameters returns the parameters of the authorization request (RFC 6749 section 4.1.1, RFC 7636 section 4.3, OpenID
// Connect Core section 3.1.2.1).
func (c *Client) parameters(md *Metadata, r *Request) url.Values {
	only := *md
	only.Authorization = ""
	u, err := url.Parse(c.oauth2Config(&only, r.Scopes).AuthCodeURL(r.State, c.options(r)...))
	if err != nil {
		return nil // x/oauth2 has written it
	}
	return u.Query()
}

// options returns the parameters that x/oauth2 does not add by itself.
func (c *Client) options(r *Request) []oauth2.AuthCodeOption {
	var options []oauth2.AuthCodeOption
	if !r.NoChallenge {
		options = append(options, oauth2.S256ChallengeOption(r.Verifier))
	}
	if r.Nonce != "" {
		options = append(options, oauth2.SetAuthURLParam("nonce", r.Nonce))
	}
	for name, value := range r.Extra() {
		if name == "id_token_hint" && r.HintsSession() {
			value = cmp.Or(r.hint, r.Hint)
		}
		options = append(options, oauth2.SetAuthURLParam(name, value))
	}
	return options
}

// StepUp returns the scopes that a new login should ask for after an API refused a token (RFC 6750 section 3.1): the
// earlier ones and those of the challenge. It returns nil if such a login would not help: the challenge names nothing new,
// or there were maxStepUps such logins already.
func StepUp(r *Request, refused *wire.Exchange) []string {
	if refused.Status != http.StatusForbidden || r.StepUp >= maxStepUps {
		return nil
	}
	for _, challenge := range refused.Challenges() {
		wanted := challenge.Params["scope"]
		if challenge.Params["error"] != "insufficient_scope" || !config.ValidScope(wanted) || len(wanted) > MaxScopeBytes {
			continue
		}
		if all := Union(r.Scopes, strings.Fields(wanted)); len(all) > len(r.Scopes) {
			return all
		}
	}
	return nil
}

// maxPasted is the maximum length of a pasted address, longer than a browser shows.
const maxPasted = 8 << 10

// ReadPasted returns the query of the address at which a browser stopped, if that is the redirect URI with an authorization
// response (RFC 6749 section 4.1.2). If the redirect URI leads to this app, https in place of http is accepted too. It
// never quotes the address, which contains the code. The error is an *Error.
func (c *Client) ReadPasted(address string) (query string, err error) {
	address = strings.TrimSpace(address)
	switch {
	case address == "":
		return "", badPaste("No address was pasted.")
	case len(address) > maxPasted:
		return "", badPaste("The URL has more than 8 KB: that is too long for an authorization response.")
	case strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return "", badPaste("The URL has a space or a line break in it. Copy it again, in one piece.")
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" {
		return "", badPaste("This URL is incomplete. Paste the whole URL, which starts with " + c.cfg.RedirectURI() + ".")
	}
	if part := c.differs(u); part != "" {
		return "", badPaste("The URL has a different " + part + " than the redirect URI " + c.cfg.RedirectURI() + ".")
	}
	return responseIn(u)
}

// differs returns the first part in which an address differs from the redirect URI, or "". It allows for the spelling of
// browsers: the host in lower case, no default port, a / for an empty path.
func (c *Client) differs(u *url.URL) string {
	uri := c.cfg.RedirectURI()
	if twin := c.cfg.HTTPSTwin(); twin != "" && u.Scheme == "https" {
		uri = twin
	}
	want, err := url.Parse(uri)
	switch {
	case err != nil || u.Scheme != want.Scheme:
		return "scheme"
	case u.User != nil || !strings.EqualFold(wire.HostPort(u), wire.HostPort(want)):
		return "host or port"
	case pathOf(u) != pathOf(want):
		return "path"
	}
	has := u.Query()
	for name := range want.Query() {
		if has.Get(name) != want.Query().Get(name) {
			return "query"
		}
	}
	return ""
}

func pathOf(u *url.URL) string {
	if u.Host != "" && u.Path == "" {
		return "/"
	}
	return u.EscapedPath()
}

// responseIn returns the query of an address, if it contains the response.
func responseIn(u *url.URL) (string, error) {
	inFragment, _ := url.ParseQuery(u.EscapedFragment()) // an unreadable fragment holds nothing
	switch query := u.Query(); {
	case query.Has("code") || query.Has("error") || query.Has("state"):
		return u.RawQuery, nil
	case inFragment.Has("code") || inFragment.Has("error") || inFragment.Has("access_token") || inFragment.Has("id_token"):
		e := badPaste("The server put its response after a #, where this app can't use it " +
			"(RFC 6749 section 4.1.2 wants it in the query). Turn off response_mode=fragment for this client.")
		e.Kind = PastedFragment
		return "", e
	}
	return "", badPaste("The URL has neither a code nor an error. Either the page there has already removed them, " +
		"or the server sends its response as a form (response_mode=form_post), which leaves nothing to paste.")
}

func badPaste(description string) *Error {
	return &Error{Step: wire.Response, Kind: PastedAddress, Code: CodeInvalidAddress, Description: description}
}

// metadataFor returns the metadata of the server that a login was started with.
func (c *Client) metadataFor(ctx context.Context, r *Request) (*Metadata, error) {
	md, err := c.Metadata(ctx)
	if err != nil {
		return nil, err
	}
	if r.Binding != md.Binding {
		return nil, &Error{Step: wire.Response, Kind: OtherServer, Code: CodeOtherServer,
			Description: "You started this login with different settings: the issuer, its token endpoint, the client ID, the redirect URI or the API has " +
				"changed since. Nothing from this login is sent to the server that is configured now."}
	}
	return md, nil
}

// CheckServer refuses a login that was started with a different server or client than the settings name now, or whose
// server can't be found. The error is an *Error.
func (c *Client) CheckServer(ctx context.Context, r *Request) error {
	_, err := c.metadataFor(ctx, r)
	return err
}

// IsOtherServer reports whether a login belongs to a different server than the configured one. It is false if the
// server could not be found.
func IsOtherServer(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Kind == OtherServer
}

// UnsolicitedError is the error in an authorization response that belongs to no login. Some servers return errors without
// state, and then this is the only clue. But an attacker may have written it, so it is shown as unverified, and never acted
// on.
type UnsolicitedError struct {
	Code  string `json:"error,omitempty"` // a registered one
	Words string `json:"error_description,omitempty"`
}

// UnsolicitedError returns the error in a response. It returns nil if there is none, or if the response names a different
// issuer (RFC 9207 section 2.4).
func (c *Client) UnsolicitedError(response url.Values) *UnsolicitedError {
	if !response.Has("error") {
		return nil
	}
	if md, _ := c.Known(); response.Has("iss") && (md == nil || response.Get("iss") != md.Issuer) {
		return nil
	}
	unsolicited := &UnsolicitedError{Words: c.Sanitized(ErrorWords(response), 300)}
	if code := response.Get("error"); IsRegisteredError(code) {
		unsolicited.Code = code
	}
	if *unsolicited == (UnsolicitedError{}) {
		return nil
	}
	return unsolicited
}
