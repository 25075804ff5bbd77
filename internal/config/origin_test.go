package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The line is the one that counts, and the environment wins over it.
func TestSource_Origin(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), ".env")
	text := "# CLIENT_ID=a-comment\nISSUER=https://auth.example\r\nexport CLIENT_ID='first'\n\nCLIENT_ID=second\nSCOPES=\n" +
		strings.Repeat("# a long comment\n", maxFile/17) + "RESOURCE_URL=https://api.example\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	environment := func(name string) string { return map[string]string{"SCOPES": "openid", "PORT": "3001"}[name] }
	s := &Source{Path: file}
	for variable, want := range map[string]Origin{
		"ISSUER":       {Line: 2},
		"CLIENT_ID":    {Line: 5},
		"SCOPES":       {Line: 6, FromEnvironment: true},
		"PORT":         {FromEnvironment: true},
		"CLIENT":       {},
		"RESOURCE_URL": {}, // beyond what is read
	} {
		if got := s.Origin(environment, variable); got != want {
			t.Errorf("%s comes from %+v; want %+v", variable, got, want)
		}
	}
	for _, other := range []string{"", t.TempDir(), file + ".not-there"} {
		if got := (&Source{Path: other}).Origin(environment, "ISSUER"); got != (Origin{}) {
			t.Errorf("in %q ISSUER is in line %d", other, got.Line)
		}
	}
}

// What waits for a restart when the file is read again is what NeedsRestart says.
func TestNeedsRestart(t *testing.T) {
	t.Parallel()
	before := Config{}
	changes := map[string]Config{
		"PORT":           {Port: "3001"},
		"BASE_URL":       {BaseURL: "https://app.example"},
		"SESSION_SECRET": {SessionSecret: "another"},
		"SESSION_STORE":  {SessionStore: "redis://store.example"},
		"ISSUER":         {Issuer: "https://auth.example"},
		"CLIENT_ID":      {ClientID: "another"},
		"SCOPES":         {Scopes: []string{"openid"}},
	}
	for variable, fresh := range changes {
		_, waiting := before.Reread(fresh)
		if got := NeedsRestart(variable); got != (len(waiting) > 0) {
			t.Errorf("NeedsRestart(%s) is %t; a change of it waits: %q", variable, got, waiting)
		}
	}
}
