package oauth

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
)

// Request is a login that was begun: the secrets that tie the response to it, and what it asks for.
type Request struct {
	State    string            // ties the response to the browser (RFC 6749 section 10.12)
	Nonce    string            // ties the ID token to the login; empty without openid
	Verifier string            // ties the code to the login (RFC 7636 section 4.1)
	Scopes   []string          // asked for
	Extra    map[string]string // the parameters of ExtraParameters that were given
	Try      string            // what the login was made for, when it is no login of a user's (see diagnose.Try)
	Binding  string            // ties the login to its server; set when it is sent there
	Pushed   string            // the request_uri that stands for the request, when the server was sent it (RFC 9126)
	Began    time.Time
	Steps    bool // each step is shown before it is taken
	StepUp   int  // how many times in a row the API wanted more scopes before this login

	NoChallenge bool             // no code challenge is sent: to see whether the server asks for one
	Before      []*wire.Exchange // what was asked before the browser left; only while the process that asked runs
}

// NewVerifier makes a code verifier (RFC 7636 section 4.1).
func NewVerifier() string { return oauth2.GenerateVerifier() }

// Challenge is the code challenge of a verifier, by S256 (RFC 7636 section 4.2).
func Challenge(verifier string) string { return oauth2.S256ChallengeFromVerifier(verifier) }

// Asks is what the login asks for, as /login takes it.
func (r *Request) Asks() url.Values {
	asks := url.Values{"scope": {strings.Join(r.Scopes, " ")}}
	for name, value := range r.Extra {
		asks.Set(name, value)
	}
	return asks
}

// ExtraParameters are the parameters of a login that are passed on to the authorization endpoint.
var ExtraParameters = []string{"prompt", "login_hint", "max_age", "acr_values", "resource", "audience", "ui_locales"}

// NewRequest makes the secrets of a login, each of 130 bits at least, and takes over the parameters
// that were given for it. The error is an *Error.
func (c *Client) NewRequest(params url.Values) (*Request, error) {
	scopes := c.cfg.Scopes
	if asked := params.Get("scope"); asked != "" {
		scopes = strings.Fields(asked)
	}
	if !config.ValidScope(params.Get("scope")) {
		return nil, badParameter("scope", "has a character that no scope may have (RFC 6749 section 3.3)")
	}
	if maxAge := params.Get("max_age"); maxAge != "" {
		if _, err := strconv.ParseUint(maxAge, 10, 31); err != nil {
			return nil, badParameter("max_age", "is not a number of seconds")
		}
	}
	stepUp, err := strconv.Atoi(cmp.Or(params.Get("step_up"), "0"))
	if err != nil || stepUp < 0 || stepUp > maxStepUps {
		return nil, badParameter("step_up", fmt.Sprintf("is not a number up to %d", maxStepUps))
	}
	r := &Request{StepUp: stepUp, State: rand.Text(), Verifier: NewVerifier(), Scopes: scopes, Began: c.now()}
	if slices.Contains(r.Scopes, "openid") {
		r.Nonce = rand.Text()
	}
	for _, name := range ExtraParameters {
		value := params.Get(name)
		if name == "resource" {
			value = cmp.Or(value, c.cfg.Resource) // RFC 8707 section 2
		}
		if value != "" {
			if r.Extra == nil {
				r.Extra = map[string]string{}
			}
			r.Extra[name] = value
		}
	}
	return r, nil
}

// maxStepUps is how many times in a row a login may be offered for more scopes: an API that wants others each
// time would have its user sign in without end.
const maxStepUps = 2

// union is lists of scopes as one, each scope once, in their order.
func union(lists ...[]string) []string {
	var union []string
	for _, scope := range slices.Concat(lists...) {
		if !slices.Contains(union, scope) {
			union = append(union, scope)
		}
	}
	return union
}

// maxAge is the max_age that was asked for, negative when none was.
func (r *Request) maxAge() time.Duration {
	seconds, err := strconv.ParseUint(r.Extra["max_age"], 10, 31)
	if err != nil {
		return -1
	}
	return time.Duration(seconds) * time.Second
}

// AuthorizationURL is the authorization request (RFC 6749 section 4.1.1, RFC 7636 section 4.3, OpenID
// Connect Core section 3.1.2.1): the address to send the browser to. The error is an *Error.
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

// KnownAuthorizationURL is the same without asking anybody, or "" while the login's server is not known.
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
	return c.oauth2Config(md, r.Scopes).AuthCodeURL(r.State, c.options(r)...)
}

// CheckResponse looks at the authorization response (RFC 6749 section 4.1.2) to a request, in the order
// in which its parts can be believed, and returns the code. The error is an *Error.
func (c *Client) CheckResponse(ctx context.Context, r *Request, response url.Values) (code string, err error) {
	md, err := c.metadataFor(ctx, r)
	if err != nil {
		return "", err
	}
	if err := c.checkResponseIssuer(md, response); err != nil {
		return "", err
	}
	if response.Has("error") {
		return "", c.refusedResponse(response)
	}
	if response.Get("code") == "" {
		return "", &Error{Step: wire.Response, Code: CodeInvalidRequest, Check: "code",
			Description: "The authorization response has neither a code nor an error."}
	}
	return response.Get("code"), nil
}

// checkResponseIssuer compares iss, against mix-up of servers (RFC 9207 section 2.4). On a mismatch
// the response comes from somewhere else, and nothing but the two names is said of it.
func (c *Client) checkResponseIssuer(md *Metadata, response url.Values) error {
	if md.Issuer == "" {
		return nil // a server without metadata has no name to compare
	}
	switch theirs := response.Get("iss"); {
	case response.Has("iss") && theirs != md.Issuer:
		return &Error{Step: wire.Response, Code: CodeInvalidIssuer, Check: "iss", Issuer: c.said(theirs, 200),
			Description: fmt.Sprintf("The authorization response comes from the issuer %q (its iss parameter), but the login was begun at "+
				"%q (the configured issuer).", c.said(theirs, 200), md.Issuer)}
	case !response.Has("iss") && md.ResponseIss:
		return &Error{Step: wire.Response, Code: CodeInvalidIssuer, Check: "iss",
			Description: "The authorization response has no iss parameter, though the server's metadata promises one (RFC 9207 section 2.4)."}
	}
	return nil
}

// refusedResponse is the error that an authorization response carries (RFC 6749 section 4.1.2.1,
// OpenID Connect Core section 3.1.2.6).
func (c *Client) refusedResponse(response url.Values) *Error {
	return &Error{Step: wire.Response, Theirs: true,
		Code:        c.errorCode(response.Get("error")),
		Description: cmp.Or(c.hide(response.Get("error_description")), "The authorization server gave no description."),
		URI:         c.hide(response.Get("error_uri")),
	}
}

// StateOf is the state of an authorization response, without reading the rest of it.
func StateOf(rawQuery string) string {
	for pair := range strings.SplitSeq(rawQuery, "&") {
		if value, found := strings.CutPrefix(pair, "state="); found {
			state, _ := url.QueryUnescape(value) // one that cannot be read is none of ours
			return state
		}
	}
	return ""
}
