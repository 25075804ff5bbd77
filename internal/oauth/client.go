// Package oauth implements the protocol: it finds the authorization server, sends requests, and accepts only answers that
// it can verify. It has no pages and no cookies, and gives no advice.
package oauth

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
)

// Client is an OAuth client and what it has learned about its authorization server.
type Client struct {
	cfg       config.Effective
	wire      *wire.Client
	now       func() time.Time
	redacting config.Effective // whose secrets are taken out of what a server says; set by RedactFor
	redactor  func() func(text string) string
	keys      keySet
	byPost    atomic.Bool // set once the API turns out to answer only POST

	discovery Singleflight[*Metadata]

	mu      sync.Mutex // guards the fields below
	found   *Metadata  // nil until discovery has succeeded
	failed  *Error     // why the last attempt failed; nil if it did not, or before the first
	foundAt time.Time  // when the last attempt ended
}

// New returns a client. It sends no request yet.
func New(cfg config.Effective, w *wire.Client, now func() time.Time) *Client {
	c := &Client{cfg: cfg, wire: w, now: now}
	c.RedactFor(cfg)
	c.keys.wire, c.keys.sanitized, c.keys.shown, c.keys.now = w, c.Sanitized, c.AnswerOf, now
	return c
}

// Sanitized returns a server's text in a form that is safe to show: without the client secret, which a server may repeat,
// without invisible characters, and at most n bytes long.
func (c *Client) Sanitized(text string, n int) string { return wire.Clip(c.redact(text), n) }

// redact removes the client secret from a server's words.
func (c *Client) redact(text string) string { return c.redactor()(text) }

// RedactFor sets the settings whose secrets are removed.
func (c *Client) RedactFor(cfg config.Effective) {
	c.redacting, c.redactor = cfg, sync.OnceValue(cfg.Redactor)
}

// SanitizedIn returns a Sanitized for texts about an answer: it also removes the secrets that the answer names.
func (c *Client) SanitizedIn(e *wire.Exchange) func(text string, n int) string {
	redact := c.redacting.RedactNamed(e.ResponseBody)
	return func(text string, n int) string { return wire.Clip(redact(text), n) }
}

// Config returns the client's settings, completed by what was found.
func (c *Client) Config() config.Effective { return c.cfg }

// With returns a client with different settings and the same metadata. Logins are tied to the settings.
func (c *Client) With(cfg config.Effective) *Client {
	next := New(cfg, c.wire, c.now)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.found != nil {
		md := *c.found
		md.Binding = next.binding(&md)
		next.found, next.foundAt = &md, c.foundAt
	}
	return next
}

// WithoutSecret returns a client with the same metadata that has no secret to send.
func (c *Client) WithoutSecret() *Client {
	cfg := c.cfg
	md, _ := c.Known()
	if md != nil {
		cfg.AuthMethod = c.AuthMethod(md)
	}
	cfg.ClientSecret = ""
	next := New(cfg, c.wire, c.now)
	next.RedactFor(c.redacting)
	next.found, next.foundAt = md, c.now()
	return next
}

// AuthMethod returns how the client authenticates at the token endpoint: as configured, or none without a secret, or as the
// server prefers, or by the default of RFC 8414 section 2.
func (c *Client) AuthMethod(md *Metadata) string { return c.authMethod(md.AuthMethods) }

// authMethod returns the same for an endpoint that supports the given methods.
func (c *Client) authMethod(supported []string) string {
	switch {
	case c.cfg.AuthMethod != "":
		return c.cfg.AuthMethod
	case c.cfg.ClientSecret == "":
		return config.MethodNone
	case slices.Contains(supported, config.MethodPost) && !slices.Contains(supported, config.MethodBasic):
		return config.MethodPost
	}
	return config.MethodBasic
}

// oauth2Config returns the client for x/oauth2. AuthStyle is always set. Otherwise the package would try both styles, and
// tokenRequest would get the second.
func (c *Client) oauth2Config(md *Metadata, scopes []string) *oauth2.Config {
	style := oauth2.AuthStyleInParams // for none too: client_id alone (RFC 6749 section 3.2.1)
	if c.AuthMethod(md) == config.MethodBasic {
		style = oauth2.AuthStyleInHeader // form-encoded before base64 (RFC 6749 section 2.3.1)
	}
	return &oauth2.Config{
		ClientID:     c.cfg.ClientID,
		ClientSecret: c.cfg.ClientSecret,
		RedirectURL:  c.cfg.RedirectURI(),
		Scopes:       scopes,
		Endpoint:     oauth2.Endpoint{AuthURL: md.Authorization, TokenURL: md.Token, AuthStyle: style},
	}
}

// Credentials holds a client's ID and secret, and the method of sending them.
type Credentials struct {
	ID, Secret, Method string
	Raw                bool // leave out the form-encoding before base64, as a broken server may want
}

// Credentials returns the configured credentials.
func (c *Client) Credentials(md *Metadata) Credentials {
	return Credentials{ID: c.cfg.ClientID, Secret: c.cfg.ClientSecret, Method: c.AuthMethod(md)}
}

// post sends a form about a token to an endpoint, with the authentication methods that it supports (RFC 8414 section 2), or
// else those of the token endpoint.
func (c *Client) post(ctx context.Context, md *Metadata, supported []string, endpoint, kind, token string) (*wire.Exchange, error) {
	as := c.Credentials(md)
	if len(supported) > 0 {
		as.Method = c.authMethod(supported)
	}
	return c.PostAs(ctx, as, endpoint, url.Values{"token": {token}, "token_type_hint": {kind}})
}

// PostAs sends a form with the given credentials (RFC 6749 section 2.3.1). The error is one of wire's.
func (c *Client) PostAs(ctx context.Context, as Credentials, endpoint string, form url.Values) (*wire.Exchange, error) {
	form = url.Values(http.Header(form).Clone())
	if as.Method != config.MethodBasic {
		form.Set("client_id", as.ID)
	}
	if as.Method == config.MethodPost {
		form.Set("client_secret", as.Secret)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	switch {
	case as.Method == config.MethodBasic && as.Raw:
		req.SetBasicAuth(as.ID, as.Secret)
	case as.Method == config.MethodBasic:
		req.SetBasicAuth(url.QueryEscape(as.ID), url.QueryEscape(as.Secret))
	}
	return c.wire.Do(req)
}

// getAs fetches an address with an access token (RFC 6750 section 2.1), or without one when it is empty. The error is
// one of wire's.
func (c *Client) getAs(ctx context.Context, address, accessToken string) (*wire.Exchange, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	if accessToken != "" {
		req.Header.Set("Authorization", "Bearer "+accessToken)
	}
	return c.wire.Do(req)
}

// AnswerOf returns an answer in a form that is safe to show.
func (c *Client) AnswerOf(e *wire.Exchange) Answer {
	sanitized := c.SanitizedIn(e)
	return Answer{URL: sanitized(wire.WithoutQuery(e.URL), MaxAddress), Status: e.Status, MediaType: sanitized(e.MediaType(), 100),
		Location: sanitized(location(e), MaxAddress), AuthMethod: authMethodOf(e), Refusal: c.sanitize(e.Refusal(), sanitized)}
}

// sanitize makes the words of a refusal safe to show.
func (c *Client) sanitize(r wire.Refusal, sanitized func(text string, n int) string) wire.Refusal {
	if !IsRegisteredError(r.Code) {
		r.Code = sanitized(r.Code, maxSaidCode)
	}
	for _, text := range []*string{&r.Words, &r.Hint, &r.Field, &r.URI, &r.Text} {
		*text = sanitized(*text, maxSaidWords)
	}
	for i, text := range r.Details {
		r.Details[i] = sanitized(text, maxSaidWords)
	}
	return r
}

// location returns the target of a redirect, without the query, or "".
func location(e *wire.Exchange) string {
	base, err := url.Parse(e.URL)
	if err != nil || e.Status/100 != 3 {
		return ""
	}
	to, err := base.Parse(e.ResponseHeader.Get("Location"))
	if err != nil || to.Host == "" || e.ResponseHeader.Get("Location") == "" {
		return ""
	}
	to.User, to.RawQuery, to.ForceQuery, to.Fragment, to.RawFragment = nil, "", false, "", ""
	return to.String()
}

// authMethodOf returns the method by which a request authenticated the client (RFC 6749 section 2.3.1), or "" if it did
// not.
func authMethodOf(e *wire.Exchange) string {
	if strings.HasPrefix(e.RequestHeader.Get("Authorization"), "Basic ") {
		return config.MethodBasic
	}
	form, err := url.ParseQuery(e.RequestBody)
	switch {
	case err != nil || e.Method != http.MethodPost:
		return ""
	case form.Has("client_secret"):
		return config.MethodPost
	case form.Has("client_id"):
		return config.MethodNone
	}
	return ""
}

// The number of bytes that an Error keeps of each text.
const (
	maxSaidCode  = 200
	maxSaidWords = 2000
)

// Unreachable returns the error of an endpoint that did not answer.
func (c *Client) Unreachable(step wire.Purpose, what, address string, err error) *Error {
	return &Error{Step: step, Kind: NoAnswer, Answer: Answer{URL: wire.WithoutQuery(address)}, Code: CodeUnreachable,
		Description: fmt.Sprintf("The %s %s %s.", what, wire.WithoutQuery(address), wire.Fault(err)), Cause: err}
}

// Answered returns an exchange with a usable answer, or an error if there is none: no answer, a 5xx, or a redirect. A 4xx
// is an answer.
func (c *Client) Answered(step wire.Purpose, what, address string, e *wire.Exchange, err error) (*wire.Exchange, error) {
	if err != nil {
		return nil, c.Unreachable(step, what, address, err)
	}
	if e.Status >= http.StatusInternalServerError || e.Status/100 == 3 {
		sanitized := c.SanitizedIn(e)
		failed := &Error{Step: step, Kind: FailureKind(e), Answer: c.AnswerOf(e), Code: CodeServerError,
			Description: fmt.Sprintf("The %s returned %s.", what, sanitized(e.StatusLine(), 300))}
		if e.Status/100 != 3 { // a redirect has a target, and no message
			failed.Said = sanitized(e.Words(), 300)
		}
		return nil, failed
	}
	return e, nil
}

// FailureKind returns the kind of an answer without a success status.
func FailureKind(e *wire.Exchange) Kind {
	switch {
	case e.Status/100 == 3:
		return Redirected
	case e.Status >= http.StatusInternalServerError:
		return ServerFailed
	}
	return Refused
}

// RefusedBy returns the error of a request that an endpoint refused, with the server's code and words, if any.
func (c *Client) RefusedBy(step wire.Purpose, what string, e *wire.Exchange) *Error {
	refusal := e.Refusal()
	code, words := refusal.Code, refusal.Words
	if code == "" && words == "" {
		words = e.Words()
	}
	sanitized := c.SanitizedIn(e)
	if !IsRegisteredError(code) {
		code = sanitized(code, 60)
	}
	return &Error{Step: step, Kind: Refused, Answer: c.AnswerOf(e), Theirs: true, Status: e.Status, Code: cmp.Or(code, CodeRefused),
		Description: cmp.Or(sanitized(words, 300), fmt.Sprintf("The %s returned %s and said no more.", what, sanitized(e.StatusLine(), 300)))}
}

// errorCode returns a server's error code in a form that is safe to show.
func (c *Client) errorCode(code string) string {
	if IsRegisteredError(code) {
		return code
	}
	return c.redact(code)
}

// NoteWarnings returns warnings about an answer in a form that is safe to show. It also adds them to the answer, which must
// be the newest in the context's record.
func (c *Client) NoteWarnings(ctx context.Context, e *wire.Exchange, warnings []string) []string {
	if len(warnings) == 0 {
		return nil
	}
	shown := each(warnings, c.SanitizedIn(e))
	wire.Note(ctx, strings.Join(shown, " "))
	return shown
}

// sanitizedEach returns warnings about an ID token in a form that is safe to show.
func (c *Client) sanitizedEach(warnings []string) []string { return each(warnings, c.Sanitized) }

func each(warnings []string, sanitized func(text string, n int) string) []string {
	var shown []string
	for _, warning := range warnings {
		shown = append(shown, sanitized(warning, maxWarning))
	}
	return shown
}

// binding returns a short hash of the parties of a login: the issuer, the token endpoint, the client ID, the redirect URI
// and, if the login started at an API, the API. A code and its tokens are sent only to that server (RFC 9700 section
// 4.4.2), even if the settings have changed.
func (c *Client) binding(md *Metadata) string {
	parts := []string{md.Issuer, md.Token, c.cfg.ClientID, c.cfg.RedirectURI()}
	if c.cfg.Found.Resource != "" { // the tokens are for that API alone (RFC 8707 section 2)
		parts = append(parts, c.cfg.Found.Resource)
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// Known returns the result of earlier attempts, without a request: the metadata, or the reason why there is none, or
// neither before the first attempt has ended.
func (c *Client) Known() (*Metadata, *Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.found, c.failed
}
