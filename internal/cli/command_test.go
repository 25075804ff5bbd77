package cli

import (
	"io"
	"testing"
)

// What to run next names the file with the settings. It is go run, unless the program was built and named
// by somebody: a test's binary was not.
func TestWhatToRunNext(t *testing.T) {
	for _, row := range []struct{ env, again, signIn string }{
		{"", "go run . check", "go run ."},
		{"other.env", "go run . check -env other.env", "go run . -env other.env"},
		{"my file.env", "go run . check -env 'my file.env'", "go run . -env 'my file.env'"},
	} {
		p := Options{Env: row.env}.Printing(func(string) string { return "" }, io.Discard)
		if p.Again != row.again || p.SignIn != row.signIn {
			t.Errorf("with %q it says %q and %q; want %q and %q", row.env, p.Again, p.SignIn, row.again, row.signIn)
		}
	}
}
