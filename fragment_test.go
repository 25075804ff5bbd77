package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/chromium"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/testserver"
)

// A callback without a query explains the fragment, even without a script. A callback with a query does not, and neither
// does one to which no server returns.
func TestCallback_ExplainsFragment(t *testing.T) {
	t.Parallel()
	for entrance, env := range testserver.Entrances(testserver.StartFakeServer(t).Env()) {
		b := newBrowser(t, startApp(t, env))
		for query, explained := range map[string]bool{"": entrance == "", "?": entrance == "", "?state=x": false, "?code=x": false, "?error=x": false} {
			r := b.Ask(config.CallbackPath+query, true)
			if r.StatusCode != http.StatusBadRequest || strings.Contains(r.Body, "Is there a <code>#</code> in the address bar?") != explained ||
				strings.Contains(r.Body, `<a href="/problems/response-in-fragment">`) != explained {
				t.Errorf("/oauth_callback%s%s answered %d; the fragment should be explained: %t\n%s", query, entrance, r.StatusCode, explained, r.Body)
			}
		}
	}
}

// The script names the setting, and neither reads nor keeps what the fragment holds. A fragment that is no response changes nothing.
func TestCallback_FragmentInChromium(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	a.Log.Secret("the-secret")
	title := causes.ResponseInFragment.Title()
	for fragment, shows := range map[string]string{
		"access_token=the-secret&state=the-secret":      "implicit or the hybrid flow",
		"id_token=the-secret&code=the-secret":           "implicit or the hybrid flow",
		"state=the-secret&code=the-secret":              "response_mode=fragment",
		"error=the-secret&error_description=the-secret": "the server refused the request",
		"top": "", "_=_": "", "state=" + url.QueryEscape("code=the-secret"): "",
	} {
		page := chromium.Open(t)
		page.Go(a.Address + config.CallbackPath + "#" + fragment)
		page.WaitFor("What to do")
		text, at := page.Text(), chromium.Perform(page, chromedp.Location())
		if red := chromium.Evaluate[bool](page, `document.querySelector(".verdict").classList.contains("bad")`); red != (shows != "") { // nothing is wrong where a person opened the page by hand
			t.Errorf("#%s: the page is red: %t", fragment, red)
		}
		for _, words := range []string{"implicit or the hybrid flow", "response_mode=fragment", "the server refused the request"} {
			if want := shows == "" || shows == words; strings.Contains(text, words) != want {
				t.Errorf("#%s: the page shows %q: %t\n%s", fragment, words, !want, text)
			}
		}
		if explained := shows != ""; strings.Contains(text, title) != explained || strings.Contains(text, "its response is missing") == explained || strings.Contains(text, "the-secret") {
			t.Errorf("#%s: the page says\n%s", fragment, text)
		}
		if strings.Contains(at, "#") != (shows == "") {
			t.Errorf("#%s: the address bar has %s", fragment, at)
		}
		asked := chromium.Evaluate[[]string](page, `performance.getEntriesByType("resource").map((e) => e.name)`)
		if strings.Contains(strings.Join(asked, " "), "the-secret") {
			t.Errorf("#%s: the page asked for %q", fragment, asked)
		}
	}
}
