package acceptance

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
)

// misuseRun is the JSON of /misuse.
type misuseRun struct {
	Result, Verdict   string
	Tried, Of, Logins int
	Findings          []misuseFinding
	logins            int // that were played
}

type misuseFinding struct {
	Check, Result, Found, Control, Section, Fix string
	Undecided                                   bool
}

var (
	continueLink = regexp.MustCompile(`<a class="button[^"]*" href="(http[^"]*)"`)
	refreshURL   = regexp.MustCompile(`^0; url=(http.*)$`)
)

// readMisuse is what /misuse has found.
func readMisuse(t *testing.T, b *testserver.Browser) misuseRun {
	t.Helper()
	var run misuseRun
	if r := b.GetJSON("/misuse"); json.Unmarshal([]byte(r.Body), &run) != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("/misuse answered %d %s", r.StatusCode, r.Body)
	}
	return run
}

// playMisuse plays a whole run: the person signs in as often as it takes.
func playMisuse(t *testing.T, b *testserver.Browser, person func(address string) (back string)) misuseRun {
	t.Helper()
	r := b.Post("/misuse", url.Values{})
	link := continueLink.FindStringSubmatch(r.Body)
	if link == nil || r.Header.Get("Refresh") != "" {
		t.Fatalf("the first login is not begun by a link (refresh %q):\n%s", r.Header.Get("Refresh"), r.Body)
	}
	to := html.UnescapeString(link[1])
	for logins := 1; ; logins++ {
		r = b.Get(person(to))
		if r.StatusCode == http.StatusSeeOther && strings.HasSuffix(b.Location(r), "/misuse") {
			run := readMisuse(t, b)
			run.logins = logins
			return run
		}
		next := refreshURL.FindStringSubmatch(r.Header.Get("Refresh"))
		link = continueLink.FindStringSubmatch(r.Body)
		if next == nil || link == nil || html.UnescapeString(link[1]) != next[1] || logins > 10 {
			t.Fatalf("after login %d the page leads nowhere (%d, refresh %q):\n%s", logins, r.StatusCode, r.Header.Get("Refresh"), r.Body)
		}
		to = next[1]
	}
}

// The server's rules are tried only when asked for, each with a login of its own, and the demo's server
// is accused of nothing. The session stays as it was, and everything is in the flow, redacted.
func TestMisuseOnRequest(t *testing.T) {
	a := startApp(t, nil)
	b := newBrowser(t, a)
	b.Login()
	held := b.GetJSON("/session").Body
	if run := readMisuse(t, b); run.Verdict != "Not tried yet" || run.Tried != 0 || run.Of != 9 || run.Logins != 8 || len(run.Findings) != 0 {
		t.Errorf("before a run it says %+v", run)
	}
	run := playMisuse(t, b, func(address string) string { return b.Authorize(address, "user_alice", "allow") })
	if run.logins != 7 || run.Result != "ok" || run.Verdict != "Nothing dangerous gets through" || run.Tried != 9 {
		t.Errorf("after %d logins it says %+v", run.logins, run)
	}
	for _, f := range run.Findings {
		if f.Result != "ok" || f.Section == "" || f.Fix != "" {
			t.Errorf("%+v", f)
		}
	}
	if page := b.Get("/misuse"); !strings.Contains(page.Body, "<h1>Nothing dangerous gets through</h1>") || !strings.Contains(page.Body, "RFC 7636 section 4.6") {
		t.Errorf("the page lacks the verdict or the rules:\n%s", page.Body)
	}
	if now := b.GetJSON("/session").Body; now != held {
		t.Errorf("the session was\n%s\nand is\n%s", held, now)
	}
}
