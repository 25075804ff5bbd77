package config

import (
	"strings"
	"testing"
)

// A line of the file with nothing behind SCOPES= asks for no scope; an empty variable of the environment
// counts as unset.
func TestLoad_NoScopes(t *testing.T) {
	for _, row := range []struct{ name, file, environment, want string }{
		{"unset", "", "", "openid profile email"},
		{"nothing behind it", "SCOPES=\n", "", ""},
		{"quotes around nothing", "SCOPES=''\n", "", ""},
		{"quotes around nothing, in the environment", "", `""`, "openid profile email"},
		{"a comment", "#SCOPES=\n", "", "openid profile email"},
		{"in the file", "SCOPES=email\n", "", "email"},
		{"the environment wins", "SCOPES=\n", "openid", "openid"},
		{"the environment wins over a value", "SCOPES=email\n", "openid", "openid"},
		{"read as a variable of the file", "A=\nSCOPES=$A\n", "", "error: SCOPES:"},
	} {
		t.Run(row.name, func(t *testing.T) {
			cfg, err := Load(env(map[string]string{"SCOPES": row.environment}), writeFile(t, "test.env", row.file), true)
			got := strings.Join(cfg.Scopes, " ")
			if err != nil {
				got = "error: " + strings.SplitN(err.Error(), " ", 2)[0]
			}
			if unset := row.want == "openid profile email"; got != row.want || cfg.ScopesUnset != unset {
				t.Errorf("got %q, unset %t (%v); want %q, %t", got, cfg.ScopesUnset, err, row.want, unset)
			}
		})
	}
}
