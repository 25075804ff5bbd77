package main

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
)

// With PAR=on everything that begins a login works as without: the login itself, the one step by step, and
// the tries of /misuse. No address of the browser's carries more than client_id and request_uri.
func TestPAR_EveryLogin(t *testing.T) {
	t.Parallel()
	a := startApp(t, map[string]string{"PAR": "on"})
	b := newBrowser(t, a)
	wantPushed(t, b.Begin(""))
	if r := b.Login(); r.StatusCode != 200 || !strings.Contains(r.Body, "It works") {
		t.Fatalf("the login answered %d:\n%.2000s", r.StatusCode, r.Body)
	}
	if page := b.Get("/flow"); page.StatusCode != 200 || !strings.Contains(page.Body, "request_uri") || strings.Contains(page.Body, "code_challenge=") {
		t.Errorf("the flow shows another address than the one that the browser went to: %d", page.StatusCode)
	}
	steps := newBrowser(t, a)
	var first struct {
		To string `json:"authorization_uri"`
	}
	if r := steps.GetJSON("/login?step=1"); json.Unmarshal([]byte(r.Body), &first) != nil || first.To == "" {
		t.Fatalf("the first step answered %d %s", r.StatusCode, r.Body)
	}
	wantPushed(t, first.To)
	if page := steps.Get(steps.Authorize(first.To, "user_alice", "allow")); page.StatusCode != 200 || !strings.Contains(page.Body, "The browser is back") {
		t.Errorf("the third step answered %d:\n%s", page.StatusCode, page.Body)
	}
	denied := newBrowser(t, a)
	denied.GetJSON(denied.Authorize(denied.Begin(""), "user_bob", "deny")).WantError(t, 400, "access_denied", "")
	refused := newBrowser(t, a)
	refused.GetJSON("/login?scope=openid+nobody-has-this").WantError(t, 400, "invalid_scope", "")
	misusePushed(t, b)
}

// A server that demands pushed requests and does not say where: the page says that it contradicts itself, and offers
// no line of .env.
func TestPAR_NowhereToPush(t *testing.T) {
	t.Parallel()
	for _, par := range []string{"", "on"} {
		l := testserver.StartFakeServer(t)
		l.Document = func(d map[string]any) { d["require_pushed_authorization_requests"] = true }
		env := l.Env()
		env["PAR"] = par
		b := newBrowser(t, startApp(t, env))
		if r := b.GetJSON("/login"); r.Cause(t) != "par-endpoint-missing" || strings.Contains(r.Body, "remedy") || !strings.Contains(r.Body, "Fix the server's metadata") {
			t.Errorf("PAR=%s: the login was answered %d %s", par, r.StatusCode, r.Body)
		}
		page := b.Get("/login").Body
		if !strings.Contains(page, "<h1>The server&#39;s metadata contradicts itself</h1>") || strings.Contains(page, "PAR=on") ||
			!strings.Contains(page, "names no pushed_authorization_request_endpoint") {
			t.Errorf("PAR=%s: the page says\n%s", par, page)
		}
	}
}

// wantPushed checks what the browser carries.
func wantPushed(t *testing.T, address string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	if q := u.Query(); len(q) != 2 || q.Get("client_id") == "" || !strings.HasPrefix(q.Get("request_uri"), "urn:ietf:params:oauth:request_uri:") {
		t.Errorf("the browser carries %s", u.RawQuery)
	}
}

// misusePushed plays a run of /misuse. The login without PKCE is refused where it is pushed.
func misusePushed(t *testing.T, b *testserver.Browser) {
	t.Helper()
	run := b.PlayMisuse(func(address string) string {
		wantPushed(t, address)
		return b.Authorize(address, "user_alice", "allow")
	})
	if run.Played != 7 || run.Result != "ok" ||
		!slices.ContainsFunc(run.Findings, func(f testserver.MisuseFinding) bool {
			return f.Check == "without_pkce" && f.Control == "with PKCE it starts"
		}) {
		t.Errorf("after %d logins the report is %+v", run.Played, run)
	}
}
