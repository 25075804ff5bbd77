package misuse

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/check"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// jsonRPC is an API that speaks MCP and has every answer 200: to a token that opens says so, a result, to any other
// the error of JSON-RPC.
func jsonRPC(opens func(token string) bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			http.Error(w, "POST alone", http.StatusMethodNotAllowed)
			return
		}
		answer := map[string]any{"jsonrpc": "2.0", "id": 1, "error": map[string]any{"code": -32001, "message": "this is not for you"}}
		if opens(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")) {
			answer = map[string]any{"jsonrpc": "2.0", "id": 1, "result": map[string]any{"tools": []any{}}}
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(answer)
	}
}

// An error that comes with 200 shows neither that the token is good nor that the API opens to a wrong one. Beside a
// token that opens it is a refusal.
func TestMisuse_ErrorWith200(t *testing.T) {
	const good, warned, open = causes.OK, causes.Warn, causes.Fail
	for _, row := range []struct {
		name                   string
		opens                  func(good string) func(token string) bool
		token, others, control causes.Result
	}{
		{"it opens to the token", func(good string) func(string) bool { return func(token string) bool { return token == good } }, good, warned, good},
		{"it opens to nothing", func(string) func(string) bool { return func(string) bool { return false } }, warned, warned, warned},
		{"it opens to anything", func(string) func(string) bool { return func(string) bool { return true } }, good, open, open},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := startAPI(t, "/api/me")
			srv := httptest.NewServer(jsonRPC(row.opens(c.Tokens.Access)))
			t.Cleanup(srv.Close)
			c.Cfg.ResourceURL, c.Cfg.AtAPI, c.Cfg.Found.ByPost = srv.URL, true, true
			c.Client = oauth.New(c.Cfg, wire.New(nil, time.Now), time.Now)
			answer, err := c.Client.CallAPI(t.Context(), c.Tokens.Access)
			if err != nil {
				t.Fatal(err)
			}
			got := causes.ExplainAPI(c.Cfg, answer, c.Client.Inspect(t.Context(), c.Tokens.Access), strings.Fields(c.Tokens.Scope), time.Now())
			if got.Result != row.token || got.Name != "" || row.token == warned && (got.Server != "this is not for you" || got.Fix == "") {
				t.Errorf("the token: %s %q: %s (%q)", got.Result, got.Name, got.Found, got.Server)
			}
			for which, token := range map[causes.WrongToken]string{causes.NoTokenAtAll: "", causes.AlteredToken: oauth.Altered(c.Tokens.Access)} {
				e, err := c.Client.CallAPI(t.Context(), token)
				if err != nil {
					t.Fatal(err)
				}
				if got := causes.JudgeWrongToken(which, e, row.token == good); got.Result != row.control {
					t.Errorf("%s: %s", which, got)
				}
			}
			cfg := c.Cfg
			cfg.AtAPI = false // the start at an API is another check
			r := check.Run(t.Context(), cfg, wire.New(nil, time.Now), time.Now, func(string) {}, func(causes.Finding) {})
			if f := r.Line("api"); f.Result != row.others || (f.Name == causes.APIOpen) != (row.others == open) {
				t.Errorf("check: %s", f)
			}
			e, err := c.Client.AskAPI(t.Context(), wire.Invented())
			if err != nil {
				t.Fatal(err)
			}
			if opened, _ := opensTo(e, nil); opened != (row.others == open) {
				t.Errorf("misuse: a invented token opens it: %v", opened)
			}
		})
	}
}
