package cli

import (
	"strings"
	"testing"

	"oauth-test-client/internal/config"
)

// Where the port is forwarded, the start says which line to copy and which redirect URI to register.
func TestAnnounceForwarding(t *testing.T) {
	t.Parallel()
	codespace := map[string]string{"CODESPACES": "true", "CODESPACE_NAME": "fluffy-guide-7x9", "GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN": "app.github.dev"}
	with := func(more ...string) map[string]string {
		env := map[string]string{}
		for name, value := range codespace {
			env[name] = value
		}
		for i := 0; i < len(more); i += 2 {
			env[more[i]] = more[i+1]
		}
		return env
	}
	const here, there = "http://localhost:3000", "https://fluffy-guide-7x9-3000.app.github.dev"
	for _, row := range []struct {
		name    string
		env     map[string]string
		baseURL string
		want    string // the BASE_URL that is advised, or ""
	}{
		{"a codespace", codespace, here, there},
		{"a codespace, in a dev container as they are", with("REMOTE_CONTAINERS", "true"), here, there},
		{"a codespace with BASE_URL", codespace, there, ""},
		{"a dev container", map[string]string{"REMOTE_CONTAINERS": "true"}, here, here},
		{"a dev container with BASE_URL", map[string]string{"REMOTE_CONTAINERS": "true"}, "http://localhost:3001", ""},
		{"neither", nil, here, ""},
		{"no domain", with("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN", ""), here, ""},
		{"a name that is none", with("CODESPACE_NAME", "evil.example/"), here, ""},
	} {
		var out strings.Builder
		AnnounceForwarding(&out, config.Config{BaseURL: row.baseURL, Port: "3000"}, func(name string) string { return row.env[name] })
		var lines []string
		for line := range strings.Lines(out.String()) {
			lines = append(lines, strings.TrimSpace(line))
		}
		printed := strings.Join(lines, "\n")
		switch {
		case row.want == "" && printed != "":
			t.Errorf("%s: it prints\n%s", row.name, printed)
		case row.want != "" && (!strings.Contains(printed, "\nBASE_URL="+row.want+"\n") || !strings.Contains(printed, "\n"+row.want+"/oauth_callback\n")):
			t.Errorf("%s: it prints\n%s", row.name, printed)
		}
	}
}
