package main

import (
	"encoding/json"
	"fmt"
	"html"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
)

// The commands of the page work in a real shell.
func TestCurl_WorksInShell(t *testing.T) {
	t.Parallel()
	_, err := exec.LookPath("curl")
	testserver.Needs(t, os.Getenv, "curl", err)
	for _, method := range []string{"client_secret_basic", "client_secret_post"} {
		t.Run(method, func(t *testing.T) {
			port := testserver.FreePort(t)
			c := testserver.StartClerk(t, "127.0.0.1:"+port)
			values := c.Env()
			values["TOKEN_ENDPOINT_AUTH_METHOD"] = method
			b := newBrowser(t, startAppAt(t, port, values))
			b.Login()
			b.Ask("/userinfo", false)
			b.Ask("/tokeninfo", false)
			first := accessToken(t, b) // which the commands were sent with
			var refreshed struct{ Body map[string]any }
			if err := json.Unmarshal([]byte(b.Ask("/refresh", false).Body), &refreshed); err != nil {
				t.Fatal(err)
			}
			access, refresh := fmt.Sprint(refreshed.Body["access_token"]), fmt.Sprint(refreshed.Body["refresh_token"])
			environment := append(os.Environ(), "CLIENT_SECRET="+testserver.ClerkClientSecret,
				"ACCESS_TOKEN="+access, "REFRESH_TOKEN="+refresh, "CURL_CA_BUNDLE="+c.Authority.File)
			paste := func(full bool, words string) string {
				t.Helper()
				command := newestCommand(t, b, full, words)
				shown := strings.Contains(command, first) || strings.Contains(command, access)
				if strings.Contains(command, testserver.ClerkClientSecret) || shown && !full {
					t.Errorf("the command holds what it should not:\n%s", command)
				}
				shell := exec.CommandContext(t.Context(), "sh", "-c", command)
				shell.Env = environment
				out, err := shell.CombinedOutput()
				if err != nil {
					t.Errorf("%s\n%v\n%s", command, err, out)
				}
				return string(out)
			}
			for _, full := range []bool{false, true} {
				if out := paste(full, "/oauth/userinfo"); !strings.Contains(out, "alice@example.com") {
					t.Errorf("userinfo by curl (full: %t):\n%s", full, out)
				}
				if out := paste(full, "/oauth/token_info"); !strings.Contains(out, `"active"`) || strings.Contains(out, "invalid_client") {
					t.Errorf("introspection by curl (full: %t):\n%s", full, out)
				}
			}
			if out := paste(false, "/oauth/authorize?"); !strings.Contains(out, "Choose any user") && !strings.Contains(out, "200 OK") {
				t.Errorf("the authorization request by curl:\n%s", out)
			}
			if out := paste(false, "authorization_code"); !strings.Contains(out, "invalid_grant") || strings.Contains(out, "invalid_client") {
				t.Errorf("the token request by curl: the code is spent, and the client authenticates:\n%s", out)
			}
		})
	}
}

var curlCommand = regexp.MustCompile(`(?s)<code id="curl-\d+">(.*?)</code>`)

// newestCommand returns the last curl command of the flow's page that contains the words.
func newestCommand(t *testing.T, b *testserver.Browser, full bool, words string) string {
	t.Helper()
	address := "/flow"
	if full {
		address = "/flow?tokens=full"
	}
	newest, page := "", b.Get(address).Body
	for _, found := range curlCommand.FindAllStringSubmatch(page, -1) {
		if command := html.UnescapeString(found[1]); strings.Contains(command, words) {
			newest = command
		}
	}
	if newest == "" {
		t.Fatalf("no command of %s has %q:\n%s", address, words, page)
	}
	return newest
}
