package cli

import (
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/config"
)

// Whatever the session store's address holds besides host and database is not announced.
func TestAnnounce_HidesPassword(t *testing.T) {
	var out strings.Builder
	Announce(&out, config.Config{BaseURL: "http://localhost:3000", SessionStore: "redis://user:hidden@redis.example:6379/2"}, nil)
	if !strings.Contains(out.String(), "redis://redis.example:6379/2") || strings.Contains(out.String(), "hidden") {
		t.Errorf("the terminal says\n%s", out.String())
	}
}

// Nothing was asked of the API yet: that it names its server is not said.
func TestAnnounce_APINotAsked(t *testing.T) {
	var out strings.Builder
	Announce(&out, config.Config{BaseURL: "http://localhost:3000", AtAPI: true, ResourceURL: "https://api.example/mcp"}, nil)
	if !strings.Contains(out.String(), "https://api.example/mcp  (this app asks it for its authorization server)\n") {
		t.Errorf("the terminal says\n%s", out.String())
	}
}

// The browser begins at the login, unless something is known to be wrong.
func TestStartURL_LoginUnlessWrong(t *testing.T) {
	server := config.Config{BaseURL: "http://localhost:3000"}
	for _, row := range []struct {
		name    string
		cfg     config.Config
		checked []bool
		want    string
	}{
		{"the demo is explained first", config.Config{Demo: true, BaseURL: "http://localhost:3000"}, []bool{true}, "/"},
		{"nothing is wrong", server, []bool{true}, "/login"},
		{"something is wrong", server, []bool{false}, "/"},
		{"nothing is known yet", server, nil, "/login"},
	} {
		checked := make(chan bool, 1)
		for _, fine := range row.checked {
			checked <- fine
		}
		if got := StartURL(row.cfg, checked, 10*time.Millisecond); got != server.BaseURL+row.want {
			t.Errorf("%s: the browser opens %s", row.name, got)
		}
		printed := row.want
		if row.name == "something is wrong" { // which is not known yet
			printed = "/login"
		}
		if got := Entrance(row.cfg); got != server.BaseURL+printed {
			t.Errorf("%s: %s is printed", row.name, got)
		}
	}
}

// What has to be done about the redirect URI is said where there is something to do.
func TestAnnounce_RedirectURI(t *testing.T) {
	for want, cfg := range map[string]config.Config{
		"/oauth_callback  (register exactly this)\n":          {Issuer: "https://auth.example"},
		"/oauth_callback  (already registered)\n":             {Demo: true},
		"/oauth_callback  (the first sign-in registers it)\n": {AtAPI: true, ResourceURL: "https://api.example"},
		"/oauth_callback  (register exactly this)\n  API    ": {AtAPI: true, ResourceURL: "https://api.example", ClientID: "c"},
	} {
		var out strings.Builder
		cfg.BaseURL = "http://localhost:3000"
		if Announce(&out, cfg, nil); !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}
