package command

import (
	"oauth-test-client/internal/config"
	"strings"
	"testing"
)

// Whatever the session store's address holds besides host and database is not announced.
func TestAnnounceWithoutPassword(t *testing.T) {
	var out strings.Builder
	Announce(&out, config.Config{BaseURL: "http://localhost:3000", SessionStore: "redis://user:hidden@redis.example:6379/2"}, nil)
	if !strings.Contains(out.String(), "redis://redis.example:6379/2") || strings.Contains(out.String(), "hidden") {
		t.Errorf("the terminal says\n%s", out.String())
	}
}
