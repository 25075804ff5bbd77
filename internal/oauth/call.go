package oauth

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"oauth-test-client/internal/wire"
)

// mcpVersion is the version of the Model Context Protocol in which an API is asked that answers POST alone.
const mcpVersion = "2026-07-28"

// AskAPI calls RESOURCE_URL with an access token (RFC 6750 section 2.1), or without one when it is empty: by
// GET or, where the API answers POST alone, by a request that only reads. The error is one of wire's.
func (c *Client) AskAPI(ctx context.Context, token string) (*wire.Exchange, error) {
	if c.cfg.ByPost {
		return c.rpc(ctx, "tools/list", nil, token)
	}
	return c.GetAs(ctx, c.cfg.ResourceURL, token)
}

// MaxToolName is how long the name of a tool may be, in bytes; it goes into a header, too.
const MaxToolName = 200

// CallTool calls a tool of an API that speaks MCP, without arguments. A redirect is an answer here, as at
// CallAPI. The error is an *Error.
func (c *Client) CallTool(ctx context.Context, name, token string) (*wire.Exchange, error) {
	if !c.cfg.ByPost || len(name) > MaxToolName || !visibleASCII(name) {
		return nil, &Error{Step: wire.API, Code: CodeInvalidRequest, Description: "This API has no tool of that name."}
	}
	e, err := c.rpc(wire.For(ctx, wire.API), "tools/call", map[string]any{"name": name, "arguments": map[string]any{}}, token)
	return c.apiAnswered(e, err)
}

// rpc sends one request of JSON-RPC to RESOURCE_URL, as the Model Context Protocol has it.
func (c *Client) rpc(ctx context.Context, method string, params map[string]any, token string) (*wire.Exchange, error) {
	type object = map[string]any
	if params == nil {
		params = object{}
	}
	params["_meta"] = object{"io.modelcontextprotocol/protocolVersion": mcpVersion, "io.modelcontextprotocol/clientCapabilities": object{},
		"io.modelcontextprotocol/clientInfo": object{"name": "oauth-test-client", "version": "1"}}
	body, err := json.Marshal(struct {
		Version string `json:"jsonrpc"`
		ID      int    `json:"id"`
		Method  string `json:"method"`
		Params  object `json:"params"`
	}{"2.0", 1, method, params})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.cfg.ResourceURL, strings.NewReader(string(body)))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	req.Header.Set("MCP-Protocol-Version", mcpVersion)
	req.Header.Set("Mcp-Method", method)
	if name, ok := params["name"].(string); ok {
		req.Header.Set("Mcp-Name", name)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return c.wire.Do(req)
}
