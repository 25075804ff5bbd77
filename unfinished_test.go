package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/testserver"
)

// A login that was begun and has not come back is said at /, with its usual causes in order; for ten
// minutes, in this browser only, and not when a later one has come back.
func TestLoginThatNeverCameBack(t *testing.T) {
	const words = "A login was begun and has not come back"
	l := testserver.StartLiar(t)
	clock := time.Now()
	a := startAppOn(t, listenLoopback(t), l.Env(), func() time.Time { return clock })
	b := newBrowser(t, a)
	says := func(who *testserver.Browser, want bool, when string) {
		t.Helper()
		page, document := who.Get("/").Body, who.GetJSON("/").Body
		if strings.Contains(page, words) != want || strings.Contains(document, `"unfinished"`) != want {
			t.Errorf("%s / says so: want %v\n%s\n%s", when, want, page, document)
		}
	}
	says(b, false, "before any login")
	first := b.Begin("")
	clock = clock.Add(30 * time.Second)
	says(b, true, "after a login was begun")
	says(newBrowser(t, a), false, "in another browser")
	page := b.Get("/").Body
	last := 0
	for _, cause := range []string{"30s ago", "redirect URI is not registered", "blocks the way back", "another host name", "closed the tab"} {
		at := strings.Index(page, cause)
		if at < last {
			t.Errorf("%q stands at %d, before what comes first:\n%s", cause, at, page)
		}
		last = at
	}
	var document struct {
		Unfinished struct{ Causes []struct{ Name string } }
	}
	if err := json.Unmarshal([]byte(b.GetJSON("/").Body), &document); err != nil || len(document.Unfinished.Causes) != 4 || document.Unfinished.Causes[0].Name != "redirect-uri-not-registered" {
		t.Errorf("the document has %+v, %v", document, err)
	}
	if r := b.GetJSON(l.Approve(t, first)); r.StatusCode != 200 {
		t.Fatalf("the login was answered %d", r.StatusCode)
	}
	says(b, false, "after it came back")

	b.Begin("")
	clock = clock.Add(time.Second)
	second := b.Begin("")
	says(b, true, "after two more were begun")
	clock = clock.Add(time.Second)
	b.GetJSON(l.Approve(t, second))
	says(b, false, "after the newer one came back")
	b.Begin("")
	clock = clock.Add(11 * time.Minute)
	says(b, false, "after eleven minutes")
}
