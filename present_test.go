package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Present mode is turned on and off by a form, which leads back to a page that can be presented, and nowhere else.
func TestPresent_LeadsBackHere(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	b := newBrowser(t, a)
	b.Login()
	const large = `<html lang="en" class="present">`
	for _, row := range []struct {
		present, at, want string
		large             bool
	}{
		{"on", "/flow?step=2", "/flow?step=2", true},
		{"on", "/flow?tokens=full&step=2", "/flow?step=2&tokens=full", true},
		{"off", "/flow", "/flow?", false},
		{"on", "/step?login=AAAAAAAA&do=leave", "/step?login=AAAAAAAA", true},
		{"on", "https://evil.example/flow", "/", true},
		{"on", "//evil.example/flow", "/", true},
		{"on", "/flow/../login", "/", true},
		{"on", "/flow?%zz", "/", true},
		{"on", "", "/", true},
	} {
		to := b.Location(b.Post("/present", url.Values{"present": {row.present}, "at": {row.at}}))
		if path := strings.TrimPrefix(to, a.Address); path != row.want {
			t.Errorf("%q leads to %s; want %s", row.at, path, row.want)
		}
		if page := b.Get("/flow"); strings.Contains(page.Body, large) != row.large {
			t.Errorf("after %q the flow is large: %t", row.present, !row.large)
		}
		if page := b.Get("/session"); strings.Contains(page.Body, large) != row.large || strings.Contains(page.Body, `action="/present"`) != row.large {
			t.Errorf("after %q a page beside the talk is large, with a way out: %t", row.present, !row.large)
		}
	}
	cross, _ := http.NewRequest(http.MethodPost, a.Address+"/present", strings.NewReader("present=on"))
	cross.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	cross.Header.Set("Sec-Fetch-Site", "cross-site")
	if r := b.Do(cross); r.StatusCode != http.StatusForbidden || len(r.Cookies()) > 0 {
		t.Errorf("another site's form answered %d", r.StatusCode)
	}
}
