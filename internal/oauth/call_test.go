package oauth

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// An API is asked by GET, or by a request of MCP that only reads; the token goes into its header, and nothing does
// where there is none.
func TestAskAPI_GetOrMCP(t *testing.T) {
	l := testserver.StartFakeServer(t)
	env := l.Env()
	env["RESOURCE_URL"] = l.Issuer + "/api"
	for _, byPost := range []bool{false, true} {
		for token, want := range map[string]string{"a-token": "Bearer a-token", "": ""} {
			c := clientAt(t, env)
			c.cfg.Found.ByPost = byPost
			e, err := c.AskAPI(t.Context(), token)
			if err != nil {
				t.Fatal(err)
			}
			if got := e.RequestHeader.Get("Authorization"); got != want || (e.Method == http.MethodPost) != byPost {
				t.Errorf("by POST %t: %s with the authorization %q; want %q", byPost, e.Method, got, want)
			}
			var asked struct{ Method string }
			if byPost && (json.Unmarshal([]byte(e.RequestBody), &asked) != nil || asked.Method != "tools/list") {
				t.Errorf("asked was %s", e.RequestBody)
			}
		}
	}
}

// The name of a tool is the API's word: what no header can carry is called nowhere, and no tool where there are none.
func TestCallTool_BadName(t *testing.T) {
	l := testserver.StartFakeServer(t)
	l.Other = testserver.SendBody(200, "application/json", `{}`)
	env := l.Env()
	env["RESOURCE_URL"] = l.Issuer + "/api"
	for _, row := range []struct {
		name, tool string
		atAPI      bool
		called     bool
	}{
		{"a tool", "read_notes", true, true},
		{"a long name", strings.Repeat("x", MaxToolName), true, true},
		{"a longer name", strings.Repeat("x", MaxToolName+1), true, false},
		{"a line break", "read\r\nX-Evil: 1", true, false},
		{"non-ASCII letters", "löschen", true, false},
		{"no start at an API", "read_notes", false, false},
	} {
		c := clientAt(t, env)
		c.cfg.AtAPI = row.atAPI
		before := l.Asked("POST /api")
		e, err := c.CallTool(t.Context(), row.tool, "a-token")
		if called := l.Asked("POST /api") > before; called != row.called || (err == nil) != row.called {
			t.Errorf("%s: called %t, %v", row.name, called, err)
		}
		if !row.called {
			wantError(t, err, CodeInvalidRequest, "no tool of that name")
			continue
		}
		if err != nil || e.Purpose != wire.API || e.RequestHeader.Get("Mcp-Name") != row.tool || e.RequestHeader.Get("Authorization") != "Bearer a-token" {
			t.Errorf("%s: sent was %+v", row.name, e)
		}
	}
}

// The API is asked with the token, without it and with another, each known by its purpose: RESOURCE_URL, or else the
// userinfo endpoint.
func TestTryResource_ThreeCalls(t *testing.T) {
	l, c, r, _, _ := loginAt(t)
	for _, path := range []string{"/api", "/userinfo"} {
		if path == "/userinfo" {
			c.cfg.ResourceURL = ""
		}
		ctx, rec := wire.Record(t.Context())
		if err := c.TryResource(ctx, r, "a-token"); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range rec.Exchanges() {
			got = append(got, strings.TrimPrefix(e.URL, l.Issuer)+" "+string(e.Purpose)+" "+e.RequestHeader.Get("Authorization"))
		}
		want := []string{
			path + " " + string(wire.API) + " Bearer a-token",
			path + " " + string(wire.APIWithout) + " ",
			path + " " + string(wire.APIAltered) + " Bearer " + Altered("a-token"),
		}
		if !slices.Equal(got, want) {
			t.Errorf("asked was %q; want %q", got, want)
		}
	}
}
