package check

import (
	"testing"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/testserver"
)

// What every login sends may end each of them, although the server is sound.
func TestRun_AuthorizationParams(t *testing.T) {
	t.Parallel()
	env := testserver.DemoEnv(testserver.ServeDemo(t, testserver.DemoClient()))
	for params, want := range map[string]causes.Result{"": causes.OK, "prompt=consent": causes.OK, "prompt=none": causes.Warn} {
		env["AUTHORIZATION_PARAMS"] = params
		if f := checksOf(t, env).Line("authorization"); f.Result != want || want == causes.Warn && f.Setting != "AUTHORIZATION_PARAMS" {
			t.Errorf("with %q: %s", params, f)
		}
	}
	env["AUTHORIZATION_PARAMS"] = "resource=https://api.example.com/nowhere"
	if f := checksOf(t, env).Line("authorization"); f.Name != causes.ResourceUnknown || f.Remedy.Variable != "AUTHORIZATION_PARAMS" {
		t.Errorf("with an unknown resource: %s", f)
	}
}
