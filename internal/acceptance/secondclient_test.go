package acceptance

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
)

// The lines that the demo's page gives for a second client are all that another copy of the program needs. On
// 127.0.0.1 it may take any port, as its redirect URI may (RFC 8252 section 7.3).
func TestRegisterSecond_LinesSuffice(t *testing.T) {
	first := startApp(t, map[string]string{"BASE_URL": "http://localhost:PORT"})
	for name, row := range map[string]struct {
		registered string // the host of the redirect URI, with PORT for the port that the second copy takes
		base       string
	}{
		"the port of the lines": {"localhost:PORT", ""},
		"another port":          {"127.0.0.1:3001", "http://127.0.0.1:PORT"},
	} {
		t.Run(name, func(t *testing.T) {
			port := testserver.FreePort(t)
			host := strings.Replace(row.registered, "PORT", port, 1)
			page := newBrowserAt(t, first, first.Cfg.BaseURL).Post("/demo/client", url.Values{"redirect_uri": {"http://" + host + "/oauth_callback"}})
			env := map[string]string{}
			for _, line := range regexp.MustCompile(`(?m)(ISSUER|CLIENT_ID|CLIENT_SECRET|BASE_URL)=([^\s<]+)`).FindAllStringSubmatch(page.Body, -1) {
				env[line[1]] = line[2]
			}
			if len(env) != 4 || env["BASE_URL"] != "http://"+host {
				t.Fatalf("the lines are %v on\n%s", env, page.Body)
			}
			if row.base != "" {
				env["BASE_URL"] = row.base
			}
			second := startAppAt(t, port, env)
			b := newBrowserAt(t, second, second.Cfg.BaseURL)
			if r := b.Login(); !strings.Contains(r.Body, "access_token") {
				t.Errorf("the second client's login ended on %d:\n%s", r.StatusCode, r.Body)
			}
		})
	}
}
