package main

import (
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// The progress of a failed login follows from the step at which it ended, and from who ended it.
func TestWayOf_EndsAtFailedStep(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		f      failure
		denied bool
		stop   int // the step, counted from one; 0 for none
		note   string
	}{
		{"the request", failure{At: wire.AuthorizationRequest}, false, 1, "failed"},
		{"a pushed request", failure{At: wire.PushedRequest, Theirs: true}, false, 1, "refused"},
		{"the server sends an error", failure{At: wire.Response, Theirs: true}, false, 2, "refused"},
		{"the server refuses the scope", failure{At: wire.Response, Theirs: true, Code: "invalid_scope"}, false, 1, "refused"},
		{"the server wants a sign-in", failure{At: wire.Response, Theirs: true, Code: "login_required"}, false, 2, "refused"},
		{"the user denies", failure{At: wire.Response, Theirs: true}, true, 2, "denied"},
		{"a response of another server", failure{At: wire.Response}, false, 3, "failed"},
		{"the token endpoint", failure{At: wire.TokenRequest, Theirs: true}, false, 4, "refused"},
		{"the ID token", failure{At: wire.IDTokenCheck}, false, 4, "failed"},
		{"no step of a login", failure{At: wire.Metadata}, false, 0, ""},
		{"no login", failure{}, false, 0, ""},
	} {
		way := wayOf(&row.f, row.denied)
		if row.stop == 0 {
			if way != nil {
				t.Errorf("%s: the way is %+v", row.name, way)
			}
			continue
		}
		if len(way) != 5 {
			t.Errorf("%s: the way has %d steps", row.name, len(way))
			continue
		}
		for i, step := range way {
			want, note := "done", ""
			if i+1 == row.stop {
				want, note = "stop", row.note
			} else if i+1 > row.stop {
				want = ""
			}
			if step.Number != i+1 || step.State != want || step.Note != note {
				t.Errorf("%s: step %d is %+v; want %q, %q", row.name, i+1, step, want, note)
			}
		}
	}
}

// If only the checks can tell why the server refuses the client, the page lists the possible reasons, the likeliest first,
// and its first button runs the checks. If a code came back, the client ID is not one of them.
func TestErrorPage_FindOutWhich(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	a := startApp(t, l.Env())
	l.Token = testserver.SendBody(401, "application/json", `{"error":"invalid_client"}`)
	b := newBrowser(t, a)
	link := from(b, "/login", map[string]string{"Accept": "text/html", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"})
	page := b.Get(l.Approve(t, b.Leaves(link))).Body // it asks nothing by itself
	for _, want := range []string{"<h1>The server refused the client&#39;s credentials</h1>",
		`<div class="go"><form method="post" action="/check"><button class="button">Find out which</button></form>`,
		"<li>CLIENT_SECRET: mistyped, expired, or from a different application.</li><li>TOKEN_ENDPOINT_AUTH_METHOD: "} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s:\n%s", want, page)
		}
	}
	l.Reset()
	if page := b.Get(l.Approve(t, b.Begin(""))).Body; strings.Contains(page, "Find out which") {
		t.Errorf("a login that works offers to find out what is wrong:\n%s", page)
	}
}
