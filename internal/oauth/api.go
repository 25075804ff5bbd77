package oauth

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"oauth-test-client/internal/wire"
)

// An API that answers only POST is treated as one that speaks the Model Context Protocol (MCP). Listing its tools
// changes nothing. The first request follows the version without sessions; the fallback is the version before it.
const (
	mcpVersion        = "2026-07-28"
	mcpSessionVersion = "2025-06-18"
)

// MaxToolName is the maximum length of a tool's name, in bytes. The name is also sent in a header.
const MaxToolName = 200

// ByPost reports whether the API is known to answer only POST.
func (c *Client) ByPost() bool { return c.cfg.Found.ByPost || c.byPost.Load() }

// AskAPI calls RESOURCE_URL with an access token (RFC 6750 section 2.1), or without one if it is empty. It uses GET or, if
// the login started at an API that answers only POST, a POST that only reads. The error is one of wire's.
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

// wantsRPC reports whether an API speaks JSON-RPC and doesn't understand this GET, or any. Many APIs that speak MCP
// answer 400 (no session) or 406 (no event stream) once they have accepted a token.
func wantsRPC(e *wire.Exchange) bool {
	return (e.Status == http.StatusBadRequest || e.Status == http.StatusNotAcceptable) && e.SpeaksRPC()
}

// ListTools asks an API that speaks MCP for its tools, with an access token or without. The error is one of wire's.
func (c *Client) ListTools(ctx context.Context, token string) (*wire.Exchange, error) {
	return c.askMCP(ctx, "tools/list", nil, token)
}

// CallTool calls a tool of an API that speaks MCP, without arguments. As in CallAPI, a redirect is returned as an answer.
// The error is an *Error.
func (c *Client) CallTool(ctx context.Context, name, token string) (*wire.Exchange, error) {
	if !c.cfg.AtAPI && !c.ByPost() || len(name) > MaxToolName || !VisibleASCII(name) {
		return nil, &Error{Step: wire.API, Kind: BadParameter, Member: "tool", Code: CodeInvalidRequest, Description: "This API has no tool of that name."}
	}
	e, err := c.askMCP(wire.For(ctx, wire.API), "tools/call", map[string]any{"name": name, "arguments": map[string]any{}}, token)
	return c.apiAnswered(e, err)
}

// CallAPI calls RESOURCE_URL with a token (RFC 6750 section 2.1), or without one if it is empty. A redirect is returned as
// an answer, as a sign-in page may be in front of the API. The error is an *Error.
func (c *Client) CallAPI(ctx context.Context, token string) (*wire.Exchange, error) {
	return c.CallAPIFor(ctx, wire.API, token)
}

// CallAPIFor calls the API as CallAPI does, for a given purpose: to show that the API rejects a wrong token.
func (c *Client) CallAPIFor(ctx context.Context, purpose wire.Purpose, token string) (*wire.Exchange, error) {
	if c.cfg.ResourceURL == "" {
		return nil, notConfigured()
	}
	e, err := c.AskAPI(wire.For(ctx, purpose), token)
	return c.apiAnswered(e, err)
}

// apiAnswered is Answered for the API, except that it returns a redirect as an answer.
func (c *Client) apiAnswered(e *wire.Exchange, err error) (*wire.Exchange, error) {
	if err == nil && e.Status/100 == 3 {
		return e, nil
	}
	return c.Answered(wire.API, "API", c.cfg.ResourceURL, e, err)
}

// mcpSession holds the protocol version and the session ID for calls to an API.
type mcpSession struct{ version, id string }

// askMCP sends an MCP request, and repeats it in a session if the API doesn't understand it without one.
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

// initialize opens a session, as MCP versions with sessions require.
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

// rpc sends a JSON-RPC message to RESOURCE_URL. The error is one of wire's.
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
		m.ID = 0 // a notification asks for no answer
	}
	body, _ := json.Marshal(m) // cannot fail for these values
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

// notConfigured returns the error of an API call if no API is configured.
func notConfigured() *Error {
	return &Error{Step: wire.API, Kind: NotSupported, Code: CodeNotSupported, Description: "No API is configured."}
}

// notOffered returns the error of a request for something that the server doesn't offer.
func notOffered(step wire.Purpose) *Error {
	return &Error{Step: step, Kind: NotSupported, Code: CodeNotSupported, Description: fmt.Sprintf("The authorization server names no %s endpoint.", step)}
}
