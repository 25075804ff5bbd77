package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"net/url"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files in testdata anew")

// golden compares a text with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -run %s -update writes it anew):\n%s", file, t.Name(), got)
	}
}

// sampleFlow is a login, a userinfo request, an API call and a refresh that failed, at fixed times.
func sampleFlow() []*wire.Exchange {
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	at := func(ms int) time.Time { return began.Add(time.Duration(ms) * time.Millisecond) }
	jsonHeader := wire.HeadOf(http.Header{"Content-Type": {"application/json"}, "Set-Cookie": {"sid=server-cookie-value"}})
	form := wire.HeadOf(http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}, "Authorization": {"Basic YS1jbGllbnQ6cyUyRmVjcmV0JTI3cw=="}})
	bearer := wire.HeadOf(http.Header{"Authorization": {"Bearer access-token-0123456789abcdefghijklmnopqrstuvwxyz"}, "Accept": {"application/json"}})
	return []*wire.Exchange{
		{Purpose: forAuthorization, Method: "GET", URL: "https://auth.example/authorize?client_id=a-client&state=state-value&nonce=nonce-value&scope=openid", Began: at(0)},
		{Purpose: forConsent, Began: at(0), Took: 12 * time.Second},
		{Purpose: forResponse, Method: "GET", URL: "http://localhost:3000/oauth_callback?code=code-value&state=state-value", Began: at(12000)},
		{Purpose: wire.ForToken, Method: "POST", URL: "https://auth.example/token", RequestHeader: form, RequestBody: "code=code-value&code_verifier=verifier-value&grant_type=authorization_code",
			Status: 200, ResponseHeader: jsonHeader, ResponseBody: `{"access_token":"access-token-0123456789abcdefghijklmnopqrstuvwxyz","refresh_token":"refresh-token-0123456789abcdefghijklmnopqrstuvwxyz","token_type":"bearer"}`, Began: at(12001), Took: 34 * time.Millisecond},
		{Purpose: wire.ForUserinfo, Method: "GET", URL: "https://auth.example/userinfo", RequestHeader: bearer, Status: 200, ResponseHeader: jsonHeader, ResponseBody: `{"sub":"user-1"}`, Began: at(13000), Took: 5 * time.Millisecond},
		{Purpose: wire.ForAPI, Method: "GET", URL: "https://api.example/me?fields=all", RequestHeader: bearer, Status: 200, ResponseHeader: jsonHeader, ResponseBody: `{"hello":"it's me"}`, Began: at(14000), Took: 1500 * time.Millisecond},
		{Purpose: wire.ForRefresh, Method: "POST", URL: "https://auth.example/token", RequestHeader: form, RequestBody: "grant_type=refresh_token&refresh_token=refresh-token-0123456789abcdefghijklmnopqrstuvwxyz",
			Status: 400, ResponseHeader: jsonHeader, ResponseBody: `{"error":"invalid_grant","error_description":"refresh-token-0123456789abcdefghijklmnopqrstuvwxyz is spent, s/ecret's"}`, Began: at(15000), Took: 8 * time.Millisecond, Fault: "invalid_grant"},
	}
}

// sampleSecrets are everything secret in the sample flow.
var sampleSecrets = []string{"state-value", "nonce-value", "code-value", "verifier-value", "access-token-0123456789", "refresh-token-0123456789", "server-cookie-value",
	"s/ecret's", "s%2Fecret", "YS1jbGllbnQ6cyUyRmVjcmV0JTI3cw"}

func sampleServer(t *testing.T) *server {
	t.Helper()
	pages, err := parsePages()
	if err != nil {
		t.Fatal(err)
	}
	return &server{cfg: config.Config{ClientID: "a-client", ClientSecret: "s/ecret's", BaseURL: "http://localhost:3000"}, pages: pages}
}

func TestDiagramGolden(t *testing.T) {
	s := sampleServer(t)
	var page bytes.Buffer
	if err := s.pages["flow.html"].ExecuteTemplate(&page, "flow", s.viewFlow(sampleFlow(), false)); err != nil {
		t.Fatal(err)
	}
	svg := regexp.MustCompile(`(?s)<svg class="diagram".*?</svg>`).FindString(page.String())
	golden(t, "diagram.svg", svg+"\n")
	for _, secret := range []string{"s/ecret", "s%2Fecret", "YS1jbGllbnQ6", "access-token-0123456789", "refresh-token-0123456789"} {
		if strings.Contains(page.String(), secret) {
			t.Errorf("the page shows %q", secret)
		}
	}
	page.Reset()
	if err := s.pages["flow.html"].ExecuteTemplate(&page, "flow", s.viewFlow(sampleFlow(), true)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page.String(), "access-token-0123456789") || strings.Contains(page.String(), "s/ecret") {
		t.Error("in full, the page must show the tokens and never the secret")
	}
}

func TestCurlGolden(t *testing.T) {
	s := sampleServer(t)
	var out strings.Builder
	for _, full := range []bool{false, true} {
		for _, step := range s.viewFlow(sampleFlow(), full).Steps {
			if step.Curl != "" {
				out.WriteString("# " + step.Name + "\n" + step.Curl + "\n\n")
			}
		}
	}
	golden(t, "curl.sh", out.String())
}

func TestHARGolden(t *testing.T) {
	document, err := sampleServer(t).har(sampleFlow())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "flow.har", string(document))
	for _, secret := range sampleSecrets {
		if bytes.Contains(document, []byte(secret)) {
			t.Errorf("the file holds %q", secret)
		}
	}
}

// The HAR of a real session is valid, and holds nothing that is secret.
func TestHARValid(t *testing.T) {
	a := startAppAtClerk(t)
	b := newBrowser(t, a)
	callback := b.authorize(b.begin(""), "user_alice", "allow")
	tokens := b.getJSON(callback)
	a.noteTokens(tokens.body)
	for _, path := range []string{"/userinfo", "/tokeninfo", "/refresh", "/revoke"} {
		if r := b.ask(path, false); r.StatusCode != 200 {
			t.Fatalf("%s answered %d %s", path, r.StatusCode, r.body)
		}
	}
	r := b.ask("/flow.har", false)
	if r.StatusCode != 200 || !strings.Contains(r.Header.Get("Content-Disposition"), "oauth-flow.har") {
		t.Fatalf("/flow.har answered %d %v", r.StatusCode, r.Header)
	}
	a.log.mu.Lock()
	secrets := append([]string{}, a.log.secrets...)
	a.log.mu.Unlock()
	form, _ := url.Parse(callback)
	for _, secret := range append(secrets, url.QueryEscape(clerkClientSecret), form.Query().Get("code")) {
		if secret == "" || isChallenge(secret, r.body) {
			continue
		}
		if strings.Contains(r.body, secret) {
			t.Errorf("the file holds %q", secret)
		}
	}
	for _, e := range b.app.server.flow(keptLogins(t, b)[0]) {
		values, _ := url.ParseQuery(e.RequestBody)
		for _, name := range []string{"code_verifier", "refresh_token", "token", "code"} {
			if v := values.Get(name); v != "" && strings.Contains(r.body, v) {
				t.Errorf("the file holds the %s", name)
			}
		}
		if v := e.RequestHeader.Get("Authorization"); v != "" && strings.Contains(r.body, strings.Fields(v)[1]) {
			t.Error("the file holds credentials")
		}
	}
	if strings.Count(r.body, `"comment"`) < 9 {
		t.Errorf("the file has too few entries:\n%s", r.body)
	}

	_, err := exec.LookPath("node")
	needs(t, "Node", err)
	_, err = os.Stat("interop/node_modules/har-validator")
	needs(t, "interop/node_modules (npm ci in interop)", err)
	node := exec.CommandContext(t.Context(), "node", "validate-har.cjs")
	node.Dir, node.Stdin = "interop", strings.NewReader(r.body)
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
			c := startClerk(t, listener.Addr().String())
			values := c.env()
			values["TOKEN_ENDPOINT_AUTH_METHOD"] = method
			a := startAppOn(t, listener, values, time.Now)
			b := newBrowser(t, a)
			b.login()
			for _, path := range []string{"/userinfo", "/tokeninfo", "/refresh"} {
				b.ask(path, false)
			}
			l := keptLogins(t, b)[0]
			environment := append(os.Environ(), "CLIENT_SECRET="+clerkClientSecret, "ACCESS_TOKEN="+l.Held.Access, "REFRESH_TOKEN="+l.Held.Refresh, "CURL_CA_BUNDLE="+c.authority.file)
			paste := func(full bool, purpose string) string {
				var command string
				for _, step := range a.server.viewFlow(a.server.flow(l), full).Steps {
					if step.Name == purpose {
						command = step.Curl // the newest
					}
				}
				if strings.Contains(command, clerkClientSecret) || !full && strings.Contains(command, l.Held.Access) {
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
				if out := paste(full, wire.ForUserinfo); !strings.Contains(out, "alice@example.com") {
					t.Errorf("userinfo by curl (full: %t):\n%s", full, out)
				}
				if out := paste(full, wire.ForIntrospection); !strings.Contains(out, `"active"`) || strings.Contains(out, "invalid_client") {
					t.Errorf("introspection by curl (full: %t):\n%s", full, out)
				}
			}
			if out := paste(false, forAuthorization); !strings.Contains(out, "Choose anybody") && !strings.Contains(out, "200 OK") {
				t.Errorf("the authorization request by curl:\n%s", out)
			}
			if out := paste(false, wire.ForToken); !strings.Contains(out, "invalid_grant") || strings.Contains(out, "invalid_client") {
				t.Errorf("the token request by curl: the code is spent, and the client authenticates:\n%s", out)
			}
		})
	}
}

func TestShellQuote(t *testing.T) {
	for _, s := range []string{"", "plain", "it's", `$HOME "x" \ !`, "a\nb", "`id`", "ü'ü"} {
		out, err := exec.Command("sh", "-c", "printf %s "+shellQuote(s)).Output()
		if err != nil || string(out) != s {
			t.Errorf("the shell reads %q as %q (%v)", s, out, err)
		}
	}
}

// Programs get the flow as HAR.
func TestFlowJSON(t *testing.T) {
	a := startApp(t, nil)
	b := newBrowser(t, a)
	b.login()
	var file harFile
	r := b.ask("/flow", false)
	if err := json.Unmarshal([]byte(r.body), &file); err != nil || file.Log.Version != "1.2" || len(file.Log.Entries) < 4 {
		t.Errorf("/flow answered %v %s", err, r.body)
	}
}
