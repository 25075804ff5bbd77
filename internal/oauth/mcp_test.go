package oauth

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// mcpAPI is an API that answers POST alone, and GET with a status and a body, in sessions or without, or one that is no
// such API at all.
func mcpAPI(speaks, sessions bool, get int, body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		var m struct{ Method string }
		err := json.NewDecoder(r.Body).Decode(&m)
		status := 200
		switch {
		case r.Method == http.MethodGet:
			testserver.SendBody(get, "application/json", body)(w, r)
			return
		case !speaks || err != nil:
			status = 405
		case sessions && m.Method == "initialize":
			w.Header().Set("Mcp-Session-Id", "s1")
		case sessions && r.Header.Get("Mcp-Session-Id") != "s1":
			status = 400
		case m.Method == "notifications/initialized":
			status = 202
		}
		testserver.SendBody(status, "application/json", "{}")(w, r)
	}
}

// An API that has nothing at GET is asked by POST where the login began there, in a session where it knows nothing
// else. What was only tried is no call that failed.
func TestCallAPI_FindsMethod(t *testing.T) {
	const (
		tried    = "how to call the API, "
		rpcError = `{"jsonrpc":"2.0","error":{"code":-32000,"message":"Not acceptable"},"id":null}`
	)
	for _, row := range []struct {
		name                    string
		atAPI, speaks, sessions bool
		get                     int
		body                    string
		status                  int
		steps, methods          string
	}{
		{"without sessions", true, true, false, 405, "{}", 200, tried + "API call", "GET tools/list"},
		{"in a session", true, true, true, 405, "{}", 200, tried + tried + tried + tried + "API call", "GET tools/list initialize notifications/initialized tools/list"},
		{"GET is for streams of events", true, true, false, 406, rpcError, 200, tried + "API call", "GET tools/list"},
		{"GET is for sessions", true, true, true, 400, rpcError, 200, tried + tried + tried + tried + "API call", "GET tools/list initialize notifications/initialized tools/list"},
		{"a call that is wrong otherwise", true, true, false, 400, "{}", 400, "API call", "GET"},
		{"no API of that kind", true, false, false, 405, "{}", 405, tried + "API call", "GET tools/list"},
		{"a login that began elsewhere", false, true, false, 405, "{}", 405, "API call", "GET"},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := testserver.StartFakeServer(t)
			l.Other = mcpAPI(row.speaks, row.sessions, row.get, row.body)
			env := l.Env()
			env["RESOURCE_URL"] = l.Issuer + "/api"
			c := clientAt(t, env)
			c.cfg.AtAPI = row.atAPI
			ctx, recorder := wire.Record(t.Context())
			e, err := c.CallAPI(ctx, "a-token")
			if err != nil || e.Status != row.status {
				t.Fatalf("answered %+v, %v", e, err)
			}
			var steps, methods []string
			for _, e := range recorder.Exchanges() {
				var m struct{ Method string }
				json.Unmarshal([]byte(e.RequestBody), &m) // a GET has none
				steps, methods = append(steps, string(e.Purpose)), append(methods, cmp.Or(m.Method, e.Method))
			}
			if strings.Join(steps, ", ") != row.steps || strings.Join(methods, " ") != row.methods {
				t.Errorf("the steps are %q, the methods %q", steps, methods)
			}
			if c.ByPost() != (row.status == 200) {
				t.Errorf("by POST from now on: %t", c.ByPost())
			}
		})
	}
}

// A message of MCP is what both of its versions say, to the byte: the newer one has no session, the older one opens one.
func TestRPC_Messages(t *testing.T) {
	l := testserver.StartFakeServer(t)
	l.Other = mcpAPI(true, true, 405, "{}")
	env := l.Env()
	env["RESOURCE_URL"] = l.Issuer + "/api"
	c := clientAt(t, env)
	c.cfg.AtAPI = true
	ctx, recorder := wire.Record(t.Context())
	if _, err := c.CallTool(ctx, "read_notes", "a-token"); err != nil {
		t.Fatal(err)
	}
	const call = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{`
	const arguments = `"arguments":{},"name":"read_notes"}}`
	want := []struct{ body, version, session, method, tool string }{
		{call + `"_meta":{"io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/protocolVersion":"` + mcpVersion + `"},` + arguments,
			mcpVersion, "", "tools/call", "read_notes"},
		{`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{},"clientInfo":{"name":"oauth-test-client","version":"1"},"protocolVersion":"` +
			mcpSessionVersion + `"}}`, "", "", "", ""},
		{`{"jsonrpc":"2.0","method":"notifications/initialized"}`, mcpSessionVersion, "s1", "", ""},
		{call + arguments, mcpSessionVersion, "s1", "", ""},
	}
	sent := recorder.Exchanges()
	if len(sent) != len(want) {
		t.Fatalf("sent were %d messages; want %d", len(sent), len(want))
	}
	for i, e := range sent {
		h := e.RequestHeader
		if w := want[i]; e.RequestBody != w.body || h.Get("MCP-Protocol-Version") != w.version || h.Get("Mcp-Session-Id") != w.session || h.Get("Mcp-Method") != w.method ||
			h.Get("Mcp-Name") != w.tool || h.Get("Authorization") != "Bearer a-token" || h.Get("Content-Type") != "application/json" ||
			h.Get("Accept") != "application/json, text/event-stream" {
			t.Errorf("message %d: %+v; want %+v", i, e, w)
		}
	}
	c.cfg.AtAPI = false
	_, err := c.CallTool(t.Context(), "read_notes", "a-token")
	if e, ok := errors.AsType[*Error](err); !ok && c.ByPost() || ok && (e.Member != "tool" || e.Kind != BadParameter || e.Step != wire.API) {
		t.Errorf("a tool of no such API: %v", err)
	}
	_, err = c.CallTool(t.Context(), "a\nb", "a-token")
	if e, ok := errors.AsType[*Error](err); !ok || e.Member != "tool" || e.Kind != BadParameter || e.Step != wire.API {
		t.Errorf("a tool that no header can carry: %v", err)
	}
}

// An API that opens no session is asked no further.
func TestAskMCP_NoSession(t *testing.T) {
	t.Parallel()
	for _, status := range []int{403, 500} {
		l := testserver.StartFakeServer(t)
		l.Other = func(w http.ResponseWriter, r *http.Request) {
			var m struct{ Method string }
			json.NewDecoder(r.Body).Decode(&m) // a GET has none
			switch {
			case r.Method == http.MethodGet:
				w.WriteHeader(http.StatusMethodNotAllowed)
			case m.Method == "initialize":
				w.Header().Set("Mcp-Session-Id", "s1")
				w.WriteHeader(status)
			default:
				w.WriteHeader(http.StatusBadRequest)
			}
		}
		env := l.Env()
		env["RESOURCE_URL"] = l.Issuer + "/api"
		c := clientAt(t, env)
		c.cfg.AtAPI = true
		if e, err := c.CallAPI(t.Context(), "a-token"); err != nil || e.Status != http.StatusBadRequest || l.Asked("POST /api") != 2 {
			t.Errorf("after %d: %+v, %v, asked %d times", status, e, err, l.Asked("POST /api"))
		}
	}
}
