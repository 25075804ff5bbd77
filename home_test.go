package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"oauth-test-client/internal/diagnose"
	"oauth-test-client/internal/display"
	"oauth-test-client/internal/testserver"
)

// countingLiar is a server that counts what it is asked, and an app configured for it.
func countingLiar(t *testing.T) (*atomic.Int64, *app, *testserver.Browser) {
	t.Helper()
	asked := new(atomic.Int64)
	l, a, b := startAtLiar(t, func(l *testserver.Liar) {})
	l.Metadata = func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	return asked, a, b
}

// Whoever looks makes the server be asked nothing: not by a page, a HEAD, a prefetch or a program. A
// POST does.
func TestLookingAsksNothing(t *testing.T) {
	asked, a, b := countingLiar(t)
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
	if n := asked.Load(); n > 0 {
		t.Errorf("looking made the server be asked %d times", n)
	}
	if r := b.Post("/check", nil); r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != "/check" {
		t.Errorf("POST /check answered %d to %q", r.StatusCode, r.Header.Get("Location"))
	}
	<-a.server.checks.Start()
	if asked.Load() == 0 {
		t.Error("POST /check asked nothing")
	}
}

// Another site can make the browser neither run the checks nor read what they found.
func TestChecksAreOurs(t *testing.T) {
	asked, a, b := countingLiar(t)
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		req, _ := http.NewRequest(method, a.Address+"/check", nil)
		req.Header.Set("Sec-Fetch-Site", "cross-site")
		if r := b.Do(req); r.StatusCode != http.StatusForbidden {
			t.Errorf("%s /check from another site answered %d", method, r.StatusCode)
		}
	}
	if asked.Load() > 0 || a.server.checks.State().Running {
		t.Error("another site began a run")
	}
}

// While a run is under way the page shows what is known and comes again by itself, without a script;
// when it is over it stops that.
func TestPageOfRunUnderWay(t *testing.T) {
	l, a, b := startAtLiar(t, func(*testserver.Liar) {})
	release := make(chan bool)
	l.Metadata = func(w http.ResponseWriter, _ *http.Request) {
		<-release
		w.WriteHeader(http.StatusNotFound)
	}
	b.Post("/check", nil)
	for _, path := range []string{"/", "/check"} {
		if r := b.Get(path); r.Header.Get("Refresh") != "1" || !strings.Contains(r.Body, "Checking the settings") || !strings.Contains(r.Body, "disabled") {
			t.Errorf("during the run %s answered with Refresh %q:\n%s", path, r.Header.Get("Refresh"), r.Body)
		}
	}
	close(release)
	<-a.server.checks.Start()
	for _, path := range []string{"/", "/check"} {
		if r := b.Get(path); r.Header.Get("Refresh") != "" || !strings.Contains(r.Body, "Checked just now") || strings.Contains(r.Body, "disabled") {
			t.Errorf("after the run %s answered with Refresh %q:\n%s", path, r.Header.Get("Refresh"), r.Body)
		}
	}
}

// The heading names the problem, the line to write is below it, and what passed is folded. With
// everything right nothing of it is there.
func TestCheckPage(t *testing.T) {
	right := startApp(t, nil)
	b := newBrowser(t, right)
	if page := b.Get("/check"); page.StatusCode != 200 || !strings.Contains(page.Body, "<h1>Not checked yet</h1>") {
		t.Errorf("before any run /check answered %d:\n%s", page.StatusCode, page.Body)
	}
	b.Post("/check", nil)
	<-right.server.checks.Start()
	if page := b.Get("/check"); !strings.Contains(page.Body, "<h1>Ready to sign in</h1>") || strings.Contains(page.Body, "Change this line") || !strings.Contains(page.Body, "<summary>17 checks passed</summary>") {
		t.Errorf("with everything right /check shows:\n%s", page.Body)
	}
	var r checkPage
	answer := b.GetJSON("/check")
	if err := json.Unmarshal([]byte(answer.Body), &r); err != nil || len(r.Checks) != 17 || r.Result != diagnose.OK || r.Ended == nil || r.Running {
		t.Errorf("as JSON /check answered %v %s", err, answer.Body)
	}

	wrong := startApp(t, map[string]string{"ISSUER": right.Cfg.Issuer, "CLIENT_ID": right.Cfg.ClientID, "CLIENT_SECRET": "wrong-secret-41c8"})
	b = newBrowser(t, wrong)
	b.Post("/check", nil)
	<-wrong.server.checks.Start()
	for _, path := range []string{"/", "/check"} {
		page := b.Get(path).Body
		title := strings.Index(page, "<h1>The redirect URI is not registered</h1>")
		line := strings.Index(page, `<code id="line-0">`+wrong.Cfg.RedirectURI()+`</code>`)
		if title < 0 || line < title {
			t.Errorf("%s does not say what is wrong and then which line mends it:\n%s", path, page)
		}
	}
}

// The age of a result is the time since its run, and other settings have no result.
func TestAgeOfTheChecks(t *testing.T) {
	clock := time.Unix(1_800_000_000, 0)
	a := startAppOn(t, listenLoopback(t), nil, func() time.Time { return clock })
	ended := clock.Add(-3 * time.Minute)
	v := display.NewChecks(diagnose.State{Report: diagnose.Report{Checks: []diagnose.Finding{{Check: "keys", Result: diagnose.OK}}}, Ended: ended}, display.SignIn{}, clock)
	if !strings.HasSuffix(v.Lead, " Checked 3 minutes ago.") {
		t.Errorf("the page says %q", v.Lead)
	}
	a.server.checks.Start()
	<-a.server.checks.Start()
	if next := a.server.with(a.Cfg, nil); !next.checks.State().Ended.IsZero() || a.server.checks.State().Ended.IsZero() {
		t.Error("what was found with other settings is shown")
	}
}
