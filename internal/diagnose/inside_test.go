package diagnose

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

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
func TestErrorWith200(t *testing.T) {
	const good, warned, open = OK, Warn, Fail
	for _, row := range []struct {
		name                  string
		opens                 func(good string) func(token string) bool
		token, others, beside Result
	}{
		{"it opens to the token", func(good string) func(string) bool { return func(token string) bool { return token == good } }, good, warned, good},
		{"it opens to nothing", func(string) func(string) bool { return func(string) bool { return false } }, warned, warned, warned},
		{"it opens to anything", func(string) func(string) bool { return func(string) bool { return true } }, good, open, open},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := startAPI(t, "/api/me")
			srv := httptest.NewServer(jsonRPC(row.opens(c.Tokens.Access)))
			t.Cleanup(srv.Close)
			c.Cfg.ResourceURL, c.Cfg.AtAPI, c.Cfg.ByPost = srv.URL, true, true
			c.Client = oauth.New(c.Cfg, wire.New(nil, time.Now), time.Now)
			got := c.ask(c.Tokens.Access)
			if got.Result != row.token || got.Name != "" || row.token == warned && (got.Server != "this is not for you" || got.Fix == "") {
				t.Errorf("the token: %s %q: %s (%q)", got.Result, got.Name, got.Found, got.Server)
			}
			for which, token := range map[WrongToken]string{NoTokenAtAll: "", AlteredToken: oauth.Altered(c.Tokens.Access)} {
				e, err := c.Client.CallAPI(t.Context(), token)
				if err != nil {
					t.Fatal(err)
				}
				if got := JudgeWrongToken(which, e, row.token == good); got.Result != row.beside {
					t.Errorf("%s: %s", which, got)
				}
			}
			r := Run(t.Context(), c.Cfg, wire.New(nil, time.Now), time.Now, func(string) {}, func(Finding) {})
			if f := r.Line("api"); f.Result != row.others || (f.Name == APIOpen) != (row.others == open) {
				t.Errorf("check: %s", f)
			}
			e, err := c.Client.AskAPI(t.Context(), madeUp())
			if err != nil {
				t.Fatal(err)
			}
			if opened, _ := opensTo(e, nil); opened != (row.others == open) {
				t.Errorf("misuse: a made-up token opens it: %v", opened)
			}
		})
	}
}
