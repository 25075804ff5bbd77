// Package oauth is the protocol: it finds the authorization server, asks it, and believes only what
// verifies. It knows no page, no cookie, and gives no advice.
package oauth

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
)

// Client is an OAuth client and what it knows of its authorization server.
type Client struct {
	cfg       config.Config
	wire      *wire.Client
	now       func() time.Time
	redacting config.Config // whose secrets are taken out of what a server says; set by RedactFor
	redactor  func() func(text string) string
	keys      keySet
	byPost    atomic.Bool // the API answers POST alone, as was found out since

	discovery Singleflight[*Metadata]

	mu      sync.Mutex // guards the fields below
	found   *Metadata  // nil until discovery has succeeded
	failed  *Error     // why the last attempt did not, nil before the first
	foundAt time.Time  // when that was
}

// New returns a client. Nothing is asked of the server yet.
func New(cfg config.Config, w *wire.Client, now func() time.Time) *Client {
	c := &Client{cfg: cfg, wire: w, now: now}
	c.RedactFor(cfg)
	c.keys.wire, c.keys.sanitized, c.keys.shown, c.keys.now = w, c.Sanitized, c.AnswerOf, now
	return c
}

// Sanitized returns a text of the server's as it may be shown: without the client secret, which a server may
// repeat, with nothing invisible in it, and at most n bytes long.
func (c *Client) Sanitized(text string, n int) string { return wire.Clip(c.redact(text), n) }

// redact takes the client secret out of what a server says.
func (c *Client) redact(text string) string { return c.redactor()(text) }

// RedactFor sets whose secrets are taken out.
func (c *Client) RedactFor(cfg config.Config) {
	c.redacting, c.redactor = cfg, sync.OnceValue(cfg.Redactor)
}

// SanitizedIn returns Sanitized for what an answer says: it takes out the secrets that the answer names, too.
func (c *Client) SanitizedIn(e *wire.Exchange) func(text string, n int) string {
	redact := c.redacting.RedactNamed(e.ResponseBody)
	return func(text string, n int) string { return wire.Clip(redact(text), n) }
}

// Config returns the client's settings, with what was found.
func (c *Client) Config() config.Config { return c.cfg }

// With returns a client with other settings that has the metadata of this one. Logins are tied to the settings.
func (c *Client) With(cfg config.Config) *Client {
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

// WithoutSecret returns the client of a server with what is known of it, and without the secret: whatever it is asked
// to send, none goes out.
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

// AuthMethod is how the client proves who it is at the token endpoint: as configured, none without
// a secret, else the server's preference, else the default of RFC 8414 section 2.
func (c *Client) AuthMethod(md *Metadata) string { return c.authMethod(md.AuthMethods) }

// authMethod is the same for an endpoint that supports the methods.
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

// oauth2Config is the client for x/oauth2. AuthStyle is always set: left to itself, the package tries one style after
// the other, and would hand over the second (tokenRequest).
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

// Credentials are what a client proves who it is with.
type Credentials struct {
	ID, Secret, Method string
	Raw                bool // leave out the form-encoding before base64, as a broken server may want
}

// Credentials are the configured ones.
func (c *Client) Credentials(md *Metadata) Credentials {
	return Credentials{ID: c.cfg.ClientID, Secret: c.cfg.ClientSecret, Method: c.AuthMethod(md)}
}

// post sends a form about a token to an endpoint that has methods of its own (RFC 8414 section 2), or else
// the token endpoint's.
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

// An API that answers POST alone is taken for one that speaks the Model Context Protocol (MCP), and is asked what
// tools it has, which reads and changes nothing. It is spoken to as the version says that knows no sessions and,
// where the API knows none but these, as the one before.
const (
	mcpVersion        = "2026-07-28"
	mcpSessionVersion = "2025-06-18"
)

// MaxToolName is how long the name of a tool may be, in bytes; it goes into a header, too.
const MaxToolName = 200

// ByPost reports that the API answers POST alone, as far as it is known.
func (c *Client) ByPost() bool { return c.cfg.ByPost || c.byPost.Load() }

// AskAPI calls RESOURCE_URL with an access token (RFC 6750 section 2.1), or without one when it is empty: by
// GET or, where the login began at an API that answers POST alone, by a request that only reads. The error is
// one of wire's.
func (c *Client) AskAPI(ctx context.Context, token string) (*wire.Exchange, error) {
	if c.ByPost() {
		return c.ListTools(ctx, token)
	}
	e, err := c.getAs(ctx, c.cfg.ResourceURL, token)
	if err != nil || !c.cfg.AtAPI || !wire.NoRoute(e.Status) && !wantsRPC(e) {
		return e, err
	}
	wire.WasProbe(ctx)
	answered, err := c.ListTools(ctx, token)
	if err != nil || wire.NoRoute(answered.Status) {
		return e, nil // it is no API of that kind
	}
	c.byPost.Store(true)
	return answered, nil
}

// wantsRPC reports an API that speaks JSON-RPC and does not understand a GET, or not this one: of those that speak MCP
// many answer 400 (no session) or 406 (no stream of events) once a token has opened them.
func wantsRPC(e *wire.Exchange) bool {
	return (e.Status == http.StatusBadRequest || e.Status == http.StatusNotAcceptable) && e.SpeaksRPC()
}

// ListTools asks an API that speaks MCP what tools it has, with an access token or without. The error is one of wire's.
func (c *Client) ListTools(ctx context.Context, token string) (*wire.Exchange, error) {
	return c.askMCP(ctx, "tools/list", nil, token)
}

// CallTool calls a tool of an API that speaks MCP, without arguments. A redirect is an answer here, as at
// CallAPI. The error is an *Error.
func (c *Client) CallTool(ctx context.Context, name, token string) (*wire.Exchange, error) {
	if !c.cfg.AtAPI && !c.ByPost() || len(name) > MaxToolName || !VisibleASCII(name) {
		return nil, &Error{Step: wire.API, Kind: BadParameter, Member: "tool", Code: CodeInvalidRequest, Description: "This API has no tool of that name."}
	}
	e, err := c.askMCP(wire.For(ctx, wire.API), "tools/call", map[string]any{"name": name, "arguments": map[string]any{}}, token)
	return c.apiAnswered(e, err)
}

// mcpSession is how an API is spoken to.
type mcpSession struct{ version, id string }

// askMCP sends a request of MCP. What an API does not understand without a session, it is asked in one.
func (c *Client) askMCP(ctx context.Context, method string, params map[string]any, token string) (*wire.Exchange, error) {
	e, err := c.rpc(ctx, mcpSession{version: mcpVersion}, method, params, token)
	if err != nil || token == "" || e.Status != http.StatusBadRequest {
		return e, err
	}
	wire.WasProbe(ctx)
	session, ok := c.initialize(wire.For(ctx, wire.APIProbe), token)
	if !ok {
		return e, nil
	}
	return c.rpc(ctx, session, method, params, token)
}

// initialize opens a session, as MCP has it before the version without any.
func (c *Client) initialize(ctx context.Context, token string) (mcpSession, bool) {
	client := map[string]string{"name": "oauth-test-client", "version": "1"}
	e, err := c.rpc(ctx, mcpSession{}, "initialize", map[string]any{"protocolVersion": mcpSessionVersion, "capabilities": struct{}{}, "clientInfo": client}, token)
	if err != nil || e.Status != http.StatusOK {
		return mcpSession{}, false
	}
	session := mcpSession{mcpSessionVersion, e.ResponseHeader.Get("Mcp-Session-Id")}
	if len(session.id) > 500 || !VisibleASCII(session.id) {
		return mcpSession{}, false
	}
	e, err = c.rpc(ctx, session, "notifications/initialized", nil, token)
	return session, err == nil && e.Status/100 == 2
}

// rpc sends one message of JSON-RPC to RESOURCE_URL. The error is one of wire's.
func (c *Client) rpc(ctx context.Context, session mcpSession, method string, params map[string]any, token string) (*wire.Exchange, error) {
	type message struct {
		Version string         `json:"jsonrpc"`
		ID      int            `json:"id,omitempty"`
		Method  string         `json:"method"`
		Params  map[string]any `json:"params,omitempty"`
	}
	m := message{"2.0", 1, method, map[string]any{}}
	for name, value := range params {
		m.Params[name] = value
	}
	if session.version == mcpVersion {
		m.Params["_meta"] = map[string]any{"io.modelcontextprotocol/protocolVersion": mcpVersion, "io.modelcontextprotocol/clientCapabilities": struct{}{}}
	}
	if strings.HasPrefix(method, "notifications/") {
		m.ID = 0 // which asks for no answer
	}
	body, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.cfg.ResourceURL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	header := map[string]string{"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"MCP-Protocol-Version": session.version, "Mcp-Session-Id": session.id}
	if session.version == mcpVersion {
		header["Mcp-Method"] = method
		header["Mcp-Name"], _ = params["name"].(string)
	}
	if token != "" {
		header["Authorization"] = "Bearer " + token
	}
	for name, value := range header {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	return c.wire.Do(req)
}

// Singleflight lets any number of callers wait for one run of the same work.
type Singleflight[T any] struct {
	mu      sync.Mutex // guards running
	running map[string]*flight[T]
}

// flight is one run, and what came of it.
type flight[T any] struct {
	done  chan struct{} // closed when the fields below are set
	value T
	err   error
}

// Do joins the run under way for the key or begins one. A run goes on when the caller that began it
// is gone; each caller waits no longer than its own context.
func (s *Singleflight[T]) Do(ctx context.Context, key string, work func(context.Context) (T, error)) (T, error) {
	run, begun := s.join(key)
	if begun {
		go s.finish(ctx, key, run, work)
	}
	return run.wait(ctx)
}

// DoHere is Do in the goroutine of the caller, which costs none of its own. Whoever begins a run stays to its end, even
// when nobody waits for that caller any more.
func (s *Singleflight[T]) DoHere(ctx context.Context, key string, work func(context.Context) (T, error)) (T, error) {
	run, begun := s.join(key)
	if !begun {
		return run.wait(ctx)
	}
	s.finish(ctx, key, run, work)
	return run.value, run.err
}

// join returns the run of the key, and whether it begins with this caller.
func (s *Singleflight[T]) join(key string) (run *flight[T], begun bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if run = s.running[key]; run != nil {
		return run, false
	}
	if s.running == nil {
		s.running = map[string]*flight[T]{}
	}
	run = &flight[T]{done: make(chan struct{})}
	s.running[key] = run
	return run, true
}

// finish does the work of a run, which does not end with the context of its caller.
func (s *Singleflight[T]) finish(ctx context.Context, key string, run *flight[T], work func(context.Context) (T, error)) {
	defer func() {
		s.mu.Lock()
		delete(s.running, key)
		s.mu.Unlock()
		close(run.done)
	}()
	run.value, run.err = protected(context.WithoutCancel(ctx), work)
}

// wait returns what comes of the run, or the context's error if that ends first.
func (r *flight[T]) wait(ctx context.Context) (T, error) {
	select {
	case <-r.done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// protected turns a panic into an error: everybody who waits for the work gets it, and in a goroutine of its own
// it would end the process.
func protected[T any](ctx context.Context, work func(context.Context) (T, error)) (value T, err error) {
	defer func() {
		if p := recover(); p != nil {
			debug.PrintStack()
			err = fmt.Errorf("a fault of this program: %v", p)
		}
	}()
	return work(ctx)
}
