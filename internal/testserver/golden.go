package testserver

import (
	"os"
	"strings"
	"testing"
)

// Update reports whether the tests write their expected files anew, instead of comparing them: UPDATE=1 go test ./...
func Update() bool { return os.Getenv("UPDATE") != "" }

// Golden compares a text with a file, and shows the first line that differs.
func Golden(t *testing.T, file, got string) {
	t.Helper()
	if Update() {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	now, before := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	line := 0
	for line < min(len(now), len(before))-1 && now[line] == before[line] {
		line++
	}
	t.Errorf("%s differs from line %d on. UPDATE=1 go test -run %s writes it anew: read what changes. Got\n%s\nwant\n%s",
		file, line+1, t.Name(), now[line], before[line])
}
