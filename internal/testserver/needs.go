package testserver

import "testing"

// Needs skips a test whose tool is missing, which is when err is not nil; but never in CI, where .ci/run
// installs it.
func Needs(t testing.TB, getenv func(string) string, what string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if getenv("CI") == "true" {
		t.Fatalf("%s is missing, and in CI it must be there: %v", what, err)
	}
	t.Skipf("%s is missing: %v", what, err)
}
