package oauth

import (
	"net/http"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// One more login is offered for what the API wants, while that can help.
func TestStepUp_WhileItHelps(t *testing.T) {
	for _, row := range []struct {
		name      string
		status    int
		challenge string
		stepUps   int
		want      string
	}{
		{"a scope more", 403, `Bearer error="insufficient_scope", scope="write"`, 0, "read list write"},
		{"after one", 403, `Bearer error="insufficient_scope", scope="write"`, 1, "read list write"},
		{"after as many as there may be", 403, `Bearer error="insufficient_scope", scope="write"`, maxStepUps, ""},
		{"what was asked for again", 403, `Bearer error="insufficient_scope", scope="list write"`, 0, "read list write"},
		{"nothing new", 403, `Bearer error="insufficient_scope", scope="list"`, 0, ""},
		{"no scope", 403, `Bearer error="insufficient_scope"`, 0, ""},
		{"another error", 403, `Bearer error="invalid_token", scope="write"`, 0, ""},
		{"not refused", 200, `Bearer error="insufficient_scope", scope="write"`, 0, ""},
		{"no token at all", 401, `Bearer error="insufficient_scope", scope="write"`, 0, ""},
		{"the second challenge", 403, `DPoP algs="ES256", Bearer error="insufficient_scope", scope="write"`, 0, "read list write"},
		{"no scope that anybody can ask for", 403, `Bearer error="insufficient_scope", scope="wri\"te"`, 0, ""},
		{"scopes without end", 403, `Bearer error="insufficient_scope", scope="` + strings.Repeat("x", 1001) + `"`, 0, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			e := &wire.Exchange{Status: row.status, ResponseHeader: wire.NewHeader(http.Header{"Www-Authenticate": {row.challenge}})}
			if got := strings.Join(StepUp(&Request{Scopes: []string{"read", "list"}, StepUp: row.stepUps}, e), " "); got != row.want {
				t.Errorf("got %q; want %q", got, row.want)
			}
		})
	}
}

func stepOf(r *Request) int {
	if r == nil {
		return -1
	}
	return r.StepUp
}

// The number of the step goes along, and has a bound.
func TestStepUp_Bounded(t *testing.T) {
	client := clientAt(t, testserver.StartFakeServer(t).Env())
	for value, want := range map[string]int{"": 0, "1": 1, "2": 2, "3": -1, "-1": -1, "x": -1} {
		r, err := client.NewRequest(map[string][]string{"step_up": {value}})
		if got := stepOf(r); got != want || (err == nil) != (want >= 0) {
			t.Errorf("step_up=%s: %d, %v; want %d", value, got, err, want)
		}
	}
}
