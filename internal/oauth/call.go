package oauth

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"oauth-test-client/internal/wire"
)

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
		return c.askMCP(ctx, "tools/list", nil, token)
	}
	e, err := c.getAs(ctx, c.cfg.ResourceURL, token)
	if err != nil || !c.cfg.AtAPI || !noRoute(e) && !wantsRPC(e) {
		return e, err
	}
	wire.WasProbe(ctx)
	answered, err := c.askMCP(ctx, "tools/list", nil, token)
	if err != nil || noRoute(answered) {
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

// CallTool calls a tool of an API that speaks MCP, without arguments. A redirect is an answer here, as at
// CallAPI. The error is an *Error.
func (c *Client) CallTool(ctx context.Context, name, token string) (*wire.Exchange, error) {
	if !c.cfg.AtAPI && !c.ByPost() || len(name) > MaxToolName || !visibleASCII(name) {
		return nil, &Error{Step: wire.API, Code: CodeInvalidRequest, Description: "This API has no tool of that name."}
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
	if len(session.id) > 500 || !visibleASCII(session.id) {
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
