package main

import (
	"encoding/json"
	"net/url"
	"oauth-test-client/internal/flow"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// The HAR of a real session is valid, and holds nothing that is secret.
func TestHARValid(t *testing.T) {
	a := startAppAtClerk(t)
	b := newBrowser(t, a)
	callback := b.Authorize(b.Begin(""), "user_alice", "allow")
	tokens := b.GetJSON(callback)
	a.NoteTokens(tokens.Body)
	for _, path := range []string{"/userinfo", "/tokeninfo", "/refresh", "/revoke"} {
		if r := b.Ask(path, false); r.StatusCode != 200 {
			t.Fatalf("%s answered %d %s", path, r.StatusCode, r.Body)
		}
	}
	r := b.Ask("/flow.har", false)
	if r.StatusCode != 200 || !strings.Contains(r.Header.Get("Content-Disposition"), "oauth-flow.har") {
		t.Fatalf("/flow.har answered %d %v", r.StatusCode, r.Header)
	}
	secrets := a.Log.Secrets()
	form, _ := url.Parse(callback)
	for _, secret := range append(secrets, url.QueryEscape(testserver.ClerkClientSecret), form.Query().Get("code")) {
		if secret == "" || isChallenge(secret, r.Body) {
			continue
		}
		if strings.Contains(r.Body, secret) {
			t.Errorf("the file holds %q", secret)
		}
	}
	for _, e := range a.server.steps(keptLogins(t, a, b)[0]) {
		values, _ := url.ParseQuery(e.RequestBody)
		for _, name := range []string{"code_verifier", "refresh_token", "token", "code"} {
			if v := values.Get(name); v != "" && strings.Contains(r.Body, v) {
				t.Errorf("the file holds the %s", name)
			}
		}
		if v := e.RequestHeader.Get("Authorization"); v != "" && strings.Contains(r.Body, strings.Fields(v)[1]) {
			t.Error("the file holds credentials")
		}
	}
	if strings.Count(r.Body, `"comment"`) < 9 {
		t.Errorf("the file has too few entries:\n%s", r.Body)
	}

	_, err := exec.LookPath("node")
	needs(t, "Node", err)
	_, err = os.Stat("interop/node_modules/har-validator")
	needs(t, "interop/node_modules (npm ci in interop)", err)
	node := exec.CommandContext(t.Context(), "node", "validate-har.cjs")
	node.Dir, node.Stdin = "interop", strings.NewReader(r.Body)
	if out, err := node.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "ok" {
		t.Errorf("the HAR schema: %v\n%s", err, out)
	}
}

// isChallenge: the code challenge is noted with the secrets of a login request, but it is public.
func isChallenge(value, har string) bool {
	return strings.Contains(har, `"code_challenge",`+"\n"+`              "value": "`+value+`"`) || strings.Contains(har, "code_challenge="+value)
}

// Commands that the page gives are pasted into a real shell and do what they say.
func TestCurlWorks(t *testing.T) {
	_, err := exec.LookPath("curl")
	needs(t, "curl", err)
	for _, method := range []string{"client_secret_basic", "client_secret_post"} {
		t.Run(method, func(t *testing.T) {
			listener := listenLoopback(t)
			c := testserver.StartClerk(t, listener.Addr().String())
			values := c.Env()
			values["TOKEN_ENDPOINT_AUTH_METHOD"] = method
			a := startAppOn(t, listener, values, time.Now)
			b := newBrowser(t, a)
			b.Login()
			for _, path := range []string{"/userinfo", "/tokeninfo", "/refresh"} {
				b.Ask(path, false)
			}
			l := keptLogins(t, a, b)[0]
			environment := append(os.Environ(), "CLIENT_SECRET="+testserver.ClerkClientSecret, "ACCESS_TOKEN="+l.Held.Access, "REFRESH_TOKEN="+l.Held.Refresh, "CURL_CA_BUNDLE="+c.Authority.File)
			paste := func(full bool, purpose wire.Purpose) string {
				var command string
				for _, step := range flow.View(a.server.steps(l), a.server.secrets(), full).Steps {
					if step.Name == string(purpose) {
						command = step.Curl // the newest
					}
				}
				if strings.Contains(command, testserver.ClerkClientSecret) || !full && strings.Contains(command, l.Held.Access) {
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
				if out := paste(full, wire.Userinfo); !strings.Contains(out, "alice@example.com") {
					t.Errorf("userinfo by curl (full: %t):\n%s", full, out)
				}
				if out := paste(full, wire.Introspection); !strings.Contains(out, `"active"`) || strings.Contains(out, "invalid_client") {
					t.Errorf("introspection by curl (full: %t):\n%s", full, out)
				}
			}
			if out := paste(false, wire.AuthorizationRequest); !strings.Contains(out, "Choose anybody") && !strings.Contains(out, "200 OK") {
				t.Errorf("the authorization request by curl:\n%s", out)
			}
			if out := paste(false, wire.TokenRequest); !strings.Contains(out, "invalid_grant") || strings.Contains(out, "invalid_client") {
				t.Errorf("the token request by curl: the code is spent, and the client authenticates:\n%s", out)
			}
		})
	}
}

// Programs get the flow as HAR.
func TestFlowJSON(t *testing.T) {
	a := startApp(t, nil)
	b := newBrowser(t, a)
	b.Login()
	var file struct {
		Log struct {
			Version string
			Entries []any
		}
	}
	r := b.Ask("/flow", false)
	if err := json.Unmarshal([]byte(r.Body), &file); err != nil || file.Log.Version != "1.2" || len(file.Log.Entries) < 4 {
		t.Errorf("/flow answered %v %s", err, r.Body)
	}
}
