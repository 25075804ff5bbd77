package testserver

import (
	"os"
	"testing"
)

// Needs skips a test whose tool is missing, which is when err is not nil; but never in CI, where .ci/run
// installs it.
func Needs(t testing.TB, what string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is missing, and in CI it must be there: %v", what, err)
	}
	t.Skipf("%s is missing: %v", what, err)
}
