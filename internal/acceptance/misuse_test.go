package acceptance

import (
	"encoding/json"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

var continueLink = regexp.MustCompile(`<a class="button[^"]*" href="(http[^"]*)"`)

// The server's rules are tried only when asked for, each with a login of its own, and the demo's server
// is accused of nothing. The session stays as it was, and everything is in the flow, redacted.
func TestMisuseOnRequest(t *testing.T) {
	a := startApp(t, nil)
	b := newBrowser(t, a)
	b.Login()
	for name, header := range map[string]string{"Sec-Purpose": "prefetch", "Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
		req, _ := http.NewRequest(http.MethodPost, a.Address+"/misuse", nil)
		req.Header.Set(name, header)
		if r := b.Do(req); r.StatusCode < 400 {
			t.Errorf("with %s: %s it answered %d", name, header, r.StatusCode)
		}
	}
	if r := b.GetJSON("/misuse"); r.StatusCode != 200 || !strings.Contains(r.Body, `"findings": null`) {
		t.Errorf("before a run it answered %d %s", r.StatusCode, r.Body)
	}
	held := b.GetJSON("/session").Body

	begun := b.Post("/misuse", nil)
	link := continueLink.FindStringSubmatch(begun.Body)
	if link == nil {
		t.Fatalf("no link leads on:\n%s", begun.Body)
	}
	to, logins := html.UnescapeString(link[1]), 0
	for ; !strings.HasSuffix(to, "/misuse"); logins++ {
		if logins > 10 {
			t.Fatal("the run does not end")
		}
		to = b.Location(b.Get(b.Authorize(to, "user_alice", "allow")))
	}
	if logins != 8 {
		t.Errorf("%d logins; want 8", logins)
	}
	var report struct {
		Findings []struct{ Check, Result, Found, Section string }
	}
	r := b.GetJSON("/misuse")
	if err := json.Unmarshal([]byte(r.Body), &report); err != nil || len(report.Findings) < 9 {
		t.Fatalf("the report is %v %s", err, r.Body)
	}
	for _, f := range report.Findings {
		ok := f.Result == "ok" || f.Check == "revoked_token" && f.Result == "warn" // a JWT at the API
		if !ok || f.Section == "" {
			t.Errorf("%s %s: %s (%s)", f.Result, f.Check, f.Found, f.Section)
		}
	}
	if page := b.Get("/misuse"); !strings.Contains(page.Body, "RFC 7636 section 4.6") {
		t.Errorf("the page lacks the rules:\n%s", page.Body)
	}
	if now := b.GetJSON("/session").Body; now != held {
		t.Errorf("the session was\n%s\nand is\n%s", held, now)
	}
	har := b.GetJSON("/flow.har").Body
	if strings.Count(har, "/demo/token\"") < 9 || regexp.MustCompile(`"code(_verifier)?",\s+"value": "[^\[]`).MatchString(har) {
		t.Error("the flow lacks the tries, or holds a code of theirs")
	}
}
