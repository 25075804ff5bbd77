package misuse

import (
	"slices"
	"testing"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/demo"
)

// /misuse asks the same of a server that demands pushed requests, and a sound one is accused of nothing.
func TestMisuse_Pushed(t *testing.T) {
	c := startAPI(t, "/api/me", demo.RequirePAR)
	for _, f := range c.misuse() {
		if f.Result != causes.OK {
			t.Errorf("the sound server: %s %s: %s", f.Result, f.Check, f.Found)
		}
	}
	c = startAPI(t, "/api/me", demo.RequirePAR, demo.NoPKCE)
	if found := c.misuse(); !slices.ContainsFunc(found, func(f Finding) bool { return f.Check == string(WithoutPKCE) && f.Result == causes.Warn }) {
		t.Errorf("a login without PKCE that the server accepts is not found: %+v", found)
	}
}
