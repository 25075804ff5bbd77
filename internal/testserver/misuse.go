package testserver

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// MisuseRun is the JSON of /misuse, and the record of the run.
type MisuseRun struct {
	Result, Verdict   string
	Tried, Of, Logins int
	Findings          []MisuseFinding
	Played            int `json:"-"` // logins
}

// MisuseFinding is one line of the run.
type MisuseFinding struct {
	Check, Result, Found, Control, Section, Fix string
	Undecided                                   bool
}

// ContinueLink matches the link of a page that leads to the server.
var ContinueLink = regexp.MustCompile(`<a class="button[^"]*" href="(http[^"]*)"`)

var refreshURL = regexp.MustCompile(`^0; url=(http.*)$`)

// ReadMisuse returns the findings of /misuse.
func (b *Browser) ReadMisuse() MisuseRun {
	b.T.Helper()
	var run MisuseRun
	if r := b.GetJSON("/misuse"); json.Unmarshal([]byte(r.Body), &run) != nil || r.StatusCode != http.StatusOK {
		b.T.Fatalf("/misuse answered %d %s", r.StatusCode, r.Body)
	}
	return run
}

// PlayMisuse plays a whole run: person signs in as often as needed.
func (b *Browser) PlayMisuse(person func(address string) (back string)) MisuseRun {
	b.T.Helper()
	r := b.Post("/misuse", url.Values{})
	link := ContinueLink.FindStringSubmatch(r.Body)
	if link == nil || r.Header.Get("Refresh") != "" {
		b.T.Fatalf("the first login is not begun by a link (refresh %q):\n%s", r.Header.Get("Refresh"), r.Body)
	}
	to := html.UnescapeString(link[1])
	for logins := 1; ; logins++ {
		r = b.Do(b.FromTheServer(person(to)))
		next := refreshURL.FindStringSubmatch(r.Header.Get("Refresh"))
		if next != nil && strings.HasSuffix(next[1], "/misuse") {
			run := b.ReadMisuse()
			run.Played = logins
			return run
		}
		link = ContinueLink.FindStringSubmatch(r.Body)
		if next == nil || link == nil || html.UnescapeString(link[1]) != next[1] || logins > 10 {
			b.T.Fatalf("after login %d the page leads nowhere (%d, refresh %q):\n%s", logins, r.StatusCode, r.Header.Get("Refresh"), r.Body)
		}
		to = next[1]
	}
}

// FromTheServer returns the request of a browser that comes back from a server on a different site.
func (b *Browser) FromTheServer(address string) *http.Request {
	b.T.Helper()
	req, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		b.T.Fatal(err)
	}
	for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"} {
		req.Header.Set(name, value)
	}
	return req
}
