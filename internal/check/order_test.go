package check

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/demo"
	"oauth-test-client/internal/resource"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// Each check concludes the same, in whatever order the checks are made: side by side, from the last to the first, and at random.
// Where one reads what another wrote, the order shows, or the race detector sees it.
func TestChecks_AnyOrder(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		client func(c *demo.Client)
		env    func(e map[string]string)
	}{
		{name: "in order"},
		{name: "wrong secret", env: func(e map[string]string) { e["CLIENT_SECRET"] = "another-secret" }},
		{name: "unknown client ID", env: func(e map[string]string) { e["CLIENT_ID"] = "a-clietn" }},
		{name: "redirect URI not registered", client: func(c *demo.Client) { c.RedirectURIs = []string{"https://other.example/callback"} }},
		{name: "scope not enabled", env: func(e map[string]string) { e["SCOPES"] = "openid profile admin" }},
		{name: "no metadata", env: func(e map[string]string) { e["ISSUER"] += "/elsewhere"; delete(e, "RESOURCE_URL") }},
		{name: "pushed", env: func(e map[string]string) { e["PAR"] = "on"; e["CLIENT_SECRET"] = "another-secret" }},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			client := testserver.DemoClient()
			if row.client != nil {
				row.client(&client)
			}
			values := testserver.DemoEnv(testserver.ServeDemo(t, client))
			if row.env != nil {
				row.env(values)
			}
			cfg := testserver.ConfigOf(t, values)
			w := wire.New(nil, time.Now)
			t.Cleanup(w.CloseIdleConnections)
			start := func() *checker {
				c := newChecker(cfg, resource.NewDiscovery(cfg), w, time.Now)
				c.prepare(t.Context(), c.steps())
				return c
			}
			want := Run(t.Context(), cfg, w, time.Now, func(string) {}, func(causes.Finding) {})
			var names []string
			for _, f := range want.Checks {
				names = append(names, f.Check)
			}
			same := func(how string, c *checker) {
				for _, f := range want.Checks {
					if got := c.concluded(f.Check); got.String() != f.String() || got.Name != f.Name {
						t.Errorf("%s:\n%s\nside by side:\n%s", how, got, f)
					}
				}
			}
			slices.Reverse(names)
			for n := range 6 {
				c := start()
				for _, name := range names {
					c.concluded(name)
				}
				same(fmt.Sprintf("one after the other, %q", names), c)
				c = start()
				for _, name := range names {
					go c.concluded(name)
				}
				same(fmt.Sprintf("side by side, started as %q", names), c)
				rand.New(rand.NewPCG(uint64(n), 0)).Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
			}
		})
	}
}
