package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/check"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/testserver"
)

// startQuiet returns the program after its checks at the start, with a server that is then replaced.
func startQuiet(t *testing.T, metadata http.HandlerFunc) (*app, *testserver.Browser) {
	t.Helper()
	l := testserver.StartFakeServer(t)
	a := startProgram(t, l.Env())
	a.process.WaitFor(t, "checked  ")
	l.Lock()
	l.Metadata = metadata
	l.Unlock()
	return a, newBrowser(t, a)
}

// countingServer returns a server that counts its requests, and the program that uses it.
func countingServer(t *testing.T) (*atomic.Int64, *app, *testserver.Browser) {
	t.Helper()
	asked := new(atomic.Int64)
	a, b := startQuiet(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	return asked, a, b
}

// runChecks lets the program run its checks, and waits for what they find.
func runChecks(t *testing.T, b *testserver.Browser) check.Report {
	t.Helper()
	program := *b
	program.Accept = "*/*"
	r := program.Post("/check", nil)
	var report check.Report
	if err := json.Unmarshal([]byte(r.Body), &report); err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("POST /check answered %d %s", r.StatusCode, r.Body)
	}
	return report
}

// Looking at a page never sends a request to the server: not a page, a HEAD, a prefetch or a program. A POST does.
func TestCheckPage_OpeningAsksNothing(t *testing.T) {
	t.Parallel()
	asked, a, b := countingServer(t)
	for _, path := range []string{"/", "/check"} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			for _, accept := range []string{"text/html", "*/*"} {
				req, _ := http.NewRequest(method, a.Address+path, nil)
				req.Header.Set("Accept", accept)
				req.Header.Set("Sec-Purpose", "prefetch")
				b.Do(req)
			}
			b.Get(path)
		}
	}
	b.GetJSON("/check") // which waits for a run that was begun
	if n := asked.Load(); n > 0 {
		t.Errorf("looking made the server be asked %d times", n)
	}
	if r := b.Post("/check", nil); r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != "/check" {
		t.Errorf("POST /check answered %d to %q", r.StatusCode, r.Header.Get("Location"))
	}
	b.GetJSON("/check")
	if asked.Load() == 0 {
		t.Error("POST /check asked nothing")
	}
}

// Another site can make the browser neither run the checks nor read what they found.
func TestCheckPage_CrossSite(t *testing.T) {
	t.Parallel()
	asked, a, b := countingServer(t)
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		req, _ := http.NewRequest(method, a.Address+"/check", nil)
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		if r := b.Do(req); r.StatusCode != http.StatusForbidden {
			t.Errorf("%s /check from another site answered %d", method, r.StatusCode)
		}
	}
	b.GetJSON("/check") // which waits for a run that was begun
	if asked.Load() > 0 {
		t.Error("another site began a run")
	}
	if runChecks(t, b); asked.Load() == 0 {
		t.Error("our own page began none")
	}
}

// During a run, the page shows the results so far and reloads by itself, without a script. When the run is over, it stops
// reloading.
func TestCheckPage_RunUnderWay(t *testing.T) {
	t.Parallel()
	held := make(chan bool)
	release := sync.OnceFunc(func() { close(held) })
	_, b := startQuiet(t, func(w http.ResponseWriter, _ *http.Request) {
		<-held
		w.WriteHeader(http.StatusNotFound)
	})
	t.Cleanup(release) // the server waits for its answers when it closes
	b.Post("/check", nil)
	for _, path := range []string{"/", "/check"} {
		if r := b.Get(path); r.Header.Get("Refresh") != "1" || !strings.Contains(r.Body, "Checking the settings") || !strings.Contains(r.Body, "disabled") {
			t.Errorf("during the run %s answered with Refresh %q:\n%s", path, r.Header.Get("Refresh"), r.Body)
		}
	}
	release()
	b.GetJSON("/check") // which waits for the run
	for _, path := range []string{"/", "/check"} {
		if r := b.Get(path); r.Header.Get("Refresh") != "" || !strings.Contains(r.Body, "Checked ") || strings.Contains(r.Body, "disabled") {
			t.Errorf("after the run %s answered with Refresh %q:\n%s", path, r.Header.Get("Refresh"), r.Body)
		}
	}
}

// The heading names the problem, the line to write is below it, and what passed is a list. With everything right there
// is the list alone.
func TestCheckPage_NamesProblem(t *testing.T) {
	t.Parallel()
	right := startProgram(t, nil)
	right.process.WaitFor(t, "checked  ")
	b := newBrowser(t, right)
	runChecks(t, b)
	page := b.Get("/check").Body
	if !strings.Contains(page, "<h1>Ready to sign in</h1>") || !strings.Contains(page, "<h2>17 checks passed</h2>") ||
		strings.Contains(page, "Change this line") {
		t.Errorf("with everything right /check shows:\n%s", page)
	}
	var r struct {
		check.Report
		Running bool
		Ended   *time.Time
	}
	answer := b.GetJSON("/check")
	if err := json.Unmarshal([]byte(answer.Body), &r); err != nil || len(r.Checks) != 17 || r.Result != causes.OK || r.Ended == nil || r.Running {
		t.Errorf("as JSON /check answered %v %s", err, answer.Body)
	}

	wrong := startProgram(t, map[string]string{"BASE_URL": "http://localhost:PORT", "ISSUER": right.Cfg.Issuer, "CLIENT_ID": right.Cfg.ClientID, "CLIENT_SECRET": "wrong-secret-41c8"})
	wrong.process.WaitFor(t, "checked  ")
	b = newBrowserAt(t, wrong, wrong.Cfg.BaseURL)
	runChecks(t, b)
	for _, path := range []string{"/", "/check"} {
		page := b.Get(path).Body
		title := strings.Index(page, "<h1>The redirect URI is not registered</h1>")
		line := strings.Index(page, `<code id="line-0">BASE_URL=http://<mark>127.0.0.1</mark>:`+wrong.Cfg.Port+`</code>`) // as any port of it is registered
		if title < 0 || line < title {
			t.Errorf("%s does not say what is wrong and then which line mends it:\n%s", path, page)
		}
	}
}

// The page neither doubts what the checks have proved, nor names it as a cause of a login that didn't come back. A server
// that refuses everything for a different reason proves nothing about the redirect URI.
func TestHome_WhatTheChecksProved(t *testing.T) {
	t.Parallel()
	demo := func(registered bool) func(base string) map[string]string {
		return func(base string) map[string]string {
			issuer := testserver.StartDemo(t, map[bool]string{true: base, false: "https://app.example"}[registered]+config.CallbackPath)
			return map[string]string{"ISSUER": issuer, "CLIENT_ID": "a-client", "CLIENT_SECRET": testserver.CheckSecret}
		}
	}
	refuses := func(string) map[string]string {
		l := testserver.StartFakeServer(t)
		l.Page = testserver.SendBody(400, "application/json", `{"error":"invalid_request","error_description":"Missing required parameter: acr_values"}`)
		return l.Env()
	}
	for _, row := range []struct {
		name       string
		env        func(base string) map[string]string
		registered bool
	}{
		{"registered", demo(true), true},
		{"not registered", demo(false), false},
		{"refused for a different reason", refuses, false},
	} {
		listener := listenLoopback(t)
		base := "http://" + listener.Addr().String()
		env := row.env(base)
		env["BASE_URL"] = base
		b := newBrowser(t, startAppOn(t, listener, env, time.Now))
		says := func(proved, found bool) {
			t.Helper()
			page := b.Get("/").Body
			if got := !strings.Contains(page, "Redirect URI to register"); got != proved {
				t.Errorf("%s: the redirect URI is shown as registered: %t\n%s", row.name, got, page)
			}
			if strings.Contains(page, "not contacted yet") == found {
				t.Errorf("%s: the server is found: %t; the page says\n%s", row.name, found, page)
			}
		}
		says(false, false)
		runChecks(t, b)
		says(row.registered, true)
		b.Begin("")
		var document homePage
		if err := json.Unmarshal([]byte(b.GetJSON("/").Body), &document); err != nil {
			t.Fatal(err)
		}
		list := document.Unfinished.Causes
		blamed := slices.ContainsFunc(list, func(c causes.Unfinished) bool { return c.Name == causes.RedirectURINotRegistered })
		if len(list) < 3 || blamed == row.registered {
			t.Errorf("%s: the causes are %+v", row.name, list)
		}
	}
}
