package check

import (
	"testing"

	"oauth-test-client/internal/causes"
)

// A server that wants fewer requests from the first one on is asked once, and nothing is concluded from what it was not asked.
func TestRun_LimitedAtTheMetadata(t *testing.T) {
	t.Parallel()
	p := (&played{}).start(t)
	p.handle = func(q) (reply, bool) { return plain(429, "Too Many Requests"), true }
	report := p.checks(t, p.env(map[string]string{"RESOURCE_URL": "https://id.example.com/api"}))
	for _, f := range report.Checks {
		switch {
		case f.Check == "connection" && (f.Result != causes.Warn || f.Name != causes.RateLimited):
			t.Errorf("the first check says %s", f)
		case f.Check != "connection" && f.Check != "configuration" && f.Result != causes.Skip:
			t.Errorf("concluded from nothing: %s", f)
		}
	}
	if len(p.requests) != 1 {
		t.Errorf("it was asked %d times:\n%s", len(p.requests), p)
	}
}
