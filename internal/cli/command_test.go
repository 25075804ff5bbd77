package cli

import (
	"errors"
	"flag"
	"io"
	"strings"
	"testing"

	"oauth-test-client/internal/wire"
)

// The version is what every request says, and nothing else is done.
func TestParse_Version(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-version"}, {"check", "-version"}} {
		var out, errs strings.Builder
		if _, err := Parse(args, &out, &errs); !errors.Is(err, flag.ErrHelp) || out.String() != wire.UserAgent()+"\n" || errs.Len() > 0 {
			t.Errorf("%q: %q, %q, %v", args, out.String(), errs.String(), err)
		}
	}
	var out, errs strings.Builder
	if _, err := Parse([]string{"-version", "nonsense"}, &out, &errs); err == nil || errors.Is(err, flag.ErrHelp) || out.Len() > 0 {
		t.Errorf("beside an unknown argument: %q, %v", out.String(), err)
	}
}

// The next command names the settings file. It is go run, unless the user built and named the program, which is not so for
// a test's binary.
func TestOptions_PrintingNamesFile(t *testing.T) {
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

// The warnings of a login that works stand below what it brought.
func TestVerdict_Warnings(t *testing.T) {
	t.Parallel()
	for _, warnings := range [][]string{nil, {"scope is a list.", "There is no token_type."}} {
		var out strings.Builder
		code := Verdict{Works: true, Warnings: warnings}.Print(&out, false)
		want := ""
		for _, warning := range warnings {
			want += "        warning        " + warning + "\n"
		}
		if _, after, _ := strings.Cut(out.String(), "refresh token  none\n"); code != 0 || after != want {
			t.Errorf("%q: %d, %q", warnings, code, out.String())
		}
	}
}
