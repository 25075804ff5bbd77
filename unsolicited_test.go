package main

import (
	"net/url"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
)

// Some servers send an error back without state. A browser that waits for a login sees it, marked as unverified, as an
// attacker could have written it. Nothing else happens, and the login can still come back.
func TestCallback_ErrorWithoutState(t *testing.T) {
	t.Parallel()
	const remark, words = "Anyone could have written this error", "Unregistered redirect_uri"
	for _, row := range []struct {
		name    string
		waiting bool // this browser has begun a login
		query   string
		code    string // shown
		words   string // shown
	}{
		{"an error without state", true, "error=invalid_request&error_description=" + url.QueryEscape(words), "invalid_request", words},
		{"with a state that is not this browser's", true, "error=access_denied&state=AAAAAAAAAAAAAAAAAAAAAAAAAA", "access_denied", ""},
		{"with this server's iss", true, "error=invalid_scope&iss=ISSUER", "invalid_scope", ""},
		{"a code that nobody has registered", true, "error=call-555-0100&error_description=" + url.QueryEscape(words), "", words},
		{"words with markup", true, "error=invalid_request&error_description=" + url.QueryEscape("<b>"+words+"</b>"), "invalid_request", "&lt;b&gt;" + words},
		{"with another server's iss", true, "error=invalid_request&error_description=" + url.QueryEscape(words) + "&iss=https://evil.example", "", ""},
		{"nobody waits", false, "error=invalid_request&error_description=" + url.QueryEscape(words), "", ""},
		{"a code without state", true, "code=abc", "", ""},
	} {
		for entrance := range testserver.Entrances(nil) {
			t.Run(row.name+entrance, func(t *testing.T) {
				l := testserver.StartFakeServer(t)
				a := startApp(t, testserver.Entrances(l.Env())[entrance])
				b := newBrowser(t, a)
				begun := ""
				if row.waiting {
					begun = b.Begin("")
				} else { // the server is known all the same
					newBrowser(t, a).Begin("")
				}
				page := b.Get(a.Cfg.ReturnedTo("?" + strings.ReplaceAll(row.query, "ISSUER", url.QueryEscape(l.Issuer))))
				if page.StatusCode != 400 {
					t.Errorf("answered %d", page.StatusCode)
				}
				shown := row.code != "" || row.words != ""
				if strings.Contains(page.Body, remark) != shown {
					t.Errorf("the remark is wanted: %v; the page:\n%s", shown, page.Body)
				}
				for _, text := range []string{"invalid_request", "invalid_scope", "access_denied", "call-555", words} {
					wanted := text == row.code || row.words != "" && strings.Contains(row.words, text)
					if strings.Contains(page.Body, text) != wanted {
						t.Errorf("%q on the page: want %v\n%s", text, wanted, page.Body)
					}
				}
				if row.words != "" && !strings.Contains(page.Body, row.words) {
					t.Errorf("the page lacks %q:\n%s", row.words, page.Body)
				}
				if n := l.Asked("POST /token"); n != 0 {
					t.Errorf("the token endpoint was asked %d times", n)
				}
				if row.waiting { // the login that it waits for is still there
					if r := b.GetJSON(l.Approve(t, begun)); r.StatusCode != 200 {
						t.Errorf("afterwards the login itself was answered %d %s", r.StatusCode, r.Body)
					}
				}
			})
		}
	}
}
