package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
)

// Three wrong tokens and the real one, at the demo's API, which is sound. They are sent only on request, never from another
// site or by a prefetch, and the flow shows them like everything else.
func TestWrongTokens_OnlyOnRequest(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	b := newBrowser(t, a)
	b.Login()
	for name, header := range map[string]string{"Sec-Purpose": "prefetch", "Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
		req, _ := http.NewRequest(http.MethodPost, a.Address+"/api", nil)
		req.Header.Set(name, header)
		if r := b.Do(req); r.StatusCode < 400 {
			t.Errorf("with %s: %s it answered %d", name, header, r.StatusCode)
		}
	}
	calls := func() int { return strings.Count(b.GetJSON("/flow.har").Body, "/demo/api/me\"") }
	before := calls()
	req, _ := http.NewRequest(http.MethodPost, a.Address+"/api", nil)
	req.Header.Set("Accept", "*/*")
	r := b.Do(req)
	var answers map[string]struct {
		Status int
		Why    struct{ Result, Found string }
	}
	if err := json.Unmarshal([]byte(r.Body), &answers); err != nil || r.StatusCode != 200 {
		t.Fatalf("answered %d %s", r.StatusCode, r.Body)
	}
	for kind, status := range map[string]int{"access_token": 200, "no_token": 401, "altered_token": 401, "id_token": 401} {
		if got := answers[kind]; got.Status != status || got.Why.Result != "ok" {
			t.Errorf("%s: %+v; want %d and ok", kind, got, status)
		}
	}
	if n := calls() - before; n != 4 {
		t.Errorf("the flow has %d calls more; want 4", n)
	}
	report := b.Get("/flow.md").Body // in which a refusal that is right is no failure
	b.WantNothingFailed()
	for _, want := range []string{"no token", "token altered", "ID token", "API call without the token", "API call with an altered token",
		"API call with the ID token"} {
		if !strings.Contains(report, want) {
			t.Errorf("the report lacks %q:\n%s", want, report)
		}
	}
}

// An API that accepts every call is reported, on the page too.
func TestAPI_OpenToEveryToken(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	l.Other = testserver.SendBody(http.StatusOK, "application/json", `{"hello":"everybody"}`)
	env := l.Env()
	env["RESOURCE_URL"] = l.Issuer + "/api"
	b := newBrowser(t, startApp(t, env))
	b.GetJSON(l.Approve(t, b.Begin("")))
	page := b.Post("/api", nil)
	for _, want := range []string{"accepts calls without a token", "api-open", "api-ignores-signature", "api-accepts-id-token", `class="state bad"`} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if report := b.Get("/flow.md").Body; !strings.Contains(report, "API call without the token, failed: 200") {
		t.Errorf("the report does not say that the API opens:\n%s", report)
	}
}

// A refusal is explained where it is shown.
func TestAPI_ExplainsRefusal(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	l.Other = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer error="insufficient_scope", scope="email notes"`)
		testserver.SendBody(http.StatusForbidden, "application/json", `{"error":"insufficient_scope"}`)(w, r)
	}
	env := l.Env()
	env["RESOURCE_URL"] = l.Issuer + "/api"
	b := newBrowser(t, startApp(t, env))
	b.GetJSON(l.Approve(t, b.Begin("")))
	if r := b.GetJSON("/api"); r.StatusCode != 200 || !strings.Contains(r.Body, `"name": "api-scope-missing"`) ||
		!strings.Contains(r.Body, "lacks the scope notes") {
		t.Errorf("answered %d %s", r.StatusCode, r.Body)
	}
	if page := b.Get("/api"); !strings.Contains(page.Body, "lacks the scope notes") || !strings.Contains(page.Body, "SCOPES") {
		t.Errorf("the page does not explain it:\n%s", page.Body)
	}
}

func TestAPI_WithAndWithoutScope(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	b := newBrowser(t, a)
	b.Login()
	if r := b.Ask("/api", false); r.StatusCode != 200 || !strings.Contains(r.Body, `"username": "alice"`) {
		t.Errorf("/api answered %d %s", r.StatusCode, r.Body)
	}
	b.Location(b.Get("/login?scope=email&prompt=login"))
	b.Get(b.Authorize(b.Begin("?scope=email"), "user_alice", "allow"))
	r := b.Ask("/api", false)
	if r.StatusCode != 200 || !strings.Contains(r.Body, `"status": 403`) || !strings.Contains(r.Body, `"scheme": "Bearer"`) ||
		!strings.Contains(r.Body, `"scope": "profile"`) {
		t.Errorf("without the scope /api answered %d %s", r.StatusCode, r.Body)
	}
	page := b.Ask("/api", true)
	for _, want := range []string{"403 Forbidden", "What it asks for: Bearer", "insufficient_scope", "the access token lacks the scope profile",
		"Sign in again and allow profile, which SCOPES has already."} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("the page of /api lacks %q:\n%s", want, page.Body)
		}
	}
	if strings.Contains(page.Body, inDemo) {
		t.Error("the page of /api says that its fix is for other setups, but it works here")
	}
	if told, _, _ := strings.Cut(page.Body, "<summary>The whole answer"); strings.Count(told, "insufficient_scope") != 1 {
		t.Errorf("above the whole answer the page of /api does not say the error once:\n%s", told)
	}
	l := testserver.StartFakeServer(t)
	other := newBrowser(t, startApp(t, l.Env()))
	other.GetJSON(l.Approve(t, other.Begin("")))
	other.Ask("/api", false).WantError(t, 404, "not_supported", "RESOURCE_URL")
}
