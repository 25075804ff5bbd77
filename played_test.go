package main

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
)

// startPlayed is the program with its demo server, and a browser.
func startPlayed(t *testing.T) (*app, *testserver.Browser) {
	t.Helper()
	a := startApp(t, map[string]string{"BASE_URL": "http://localhost:PORT"})
	return a, newBrowserAt(t, a, a.Cfg.BaseURL)
}

// turnOn presses the button with the words on the demo's page.
func turnOn(t *testing.T, b *testserver.Browser, words string) {
	t.Helper()
	button := regexp.MustCompile(`<button name="setup" value="([^"]+)"[^>]*>` + regexp.QuoteMeta(html.EscapeString(words)) + `</button>`)
	found := button.FindStringSubmatch(b.Get("/demo/").Body)
	if found == nil {
		t.Fatalf("the demo's page has no button %q", words)
	}
	b.Post("/demo/setup", url.Values{"setup": found[1:]})
}

// mend presses the button of the banner.
func mend(b *testserver.Browser) { b.Post("/demo/setup", url.Values{"setup": {""}}) }

// Each fault of the server is turned on at the demo's page, and /misuse names it and nothing else. Once it is fixed,
// /misuse names nothing.
func TestMisusePage_EachDemoFault(t *testing.T) {
	t.Parallel()
	_, b := startPlayed(t)
	named := func() string {
		t.Helper()
		if r := b.Login(); r.StatusCode != http.StatusOK {
			t.Fatalf("the login answered %d %s", r.StatusCode, r.Body)
		}
		var lines []string
		for _, f := range b.PlayMisuse(func(address string) string { return b.Authorize(address, "user_alice", "allow") }).Findings {
			if f.Result != "ok" {
				lines = append(lines, f.Result+" "+f.Check)
			}
		}
		return strings.Join(lines, ", ")
	}
	for _, row := range []struct{ button, line string }{
		{"It accepts a code twice.", "fail code_used_twice"},
		{"It refuses a code the second time, but its tokens stay valid.", "warn code_used_twice"},
		{"It accepts a wrong code verifier.", "fail wrong_verifier"},
		{"It accepts a code without its verifier.", "fail no_verifier"},
		{"It accepts a different redirect URI with the code.", "fail other_redirect_uri"},
		{"It accepts the code from a different client.", "fail other_client"},
		{"It accepts a replaced refresh token.", "warn old_refresh_token"},
		{"It refuses a replaced refresh token, but the newer one stays valid.", "warn old_refresh_token"},
		{"It doesn't replace refresh tokens.", "skip old_refresh_token"}, // as the button says: this client has a secret
		{"Userinfo accepts a revoked token.", "fail revoked_token"},
		{"Introspection calls a revoked token active.", "fail revoked_token"},
		{"The API accepts a revoked token.", "warn revoked_token"},
		{"It accepts a login without PKCE.", "warn without_pkce"},
		{"It shows a page for prompt=none.", "warn prompt_none"},
		{"It issues a code for prompt=none, although no user is signed in.", "fail prompt_none"},
	} {
		turnOn(t, b, row.button)
		if got := named(); got != row.line {
			t.Errorf("%s /misuse names %q; want %q", row.button, got, row.line)
		}
	}
	mend(b)
	if got := named(); got != "" {
		t.Errorf("mended, /misuse names %q", got)
	}
}

// wrongAtTheAPI names what Try wrong tokens finds on the page of the API, the real token first.
func wrongAtTheAPI(t *testing.T, b *testserver.Browser) string {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, b.Base+"/api", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "*/*")
	r := b.Do(req)
	var answers map[string]struct{ Why struct{ Result, Name string } }
	if err := json.Unmarshal([]byte(r.Body), &answers); err != nil || len(answers) != 4 {
		t.Fatalf("answered %d %s", r.StatusCode, r.Body)
	}
	var names []string
	for _, token := range []string{"access_token", "no_token", "altered_token", "id_token"} {
		if why := answers[token].Why; why.Result == "fail" && !slices.Contains(names, why.Name) {
			names = append(names, why.Name)
		}
	}
	return strings.Join(names, ", ")
}

// Each fault of the API is turned on at the demo's page, and the page of the API names it. Sound variants are not blamed,
// and neither is the API once it is fixed.
func TestAPI_EachDemoFault(t *testing.T) {
	t.Parallel()
	_, b := startPlayed(t)
	for _, row := range []struct {
		button string // the banner's where it is empty
		names  string
		sound  bool
	}{
		{"It expects tokens for a different API.", "api-wants-another-audience", false},
		{"It trusts a different issuer.", "api-wants-another-issuer", false},
		{"Its clock is wrong: every token has expired.", "clock-differs", false},
		{"It wants a scope that no token has.", "api-scope-missing", false},
		{"It wants the ID token.", "api-accepts-id-token", false},
		{"It wants a JWT, but the server's tokens are opaque.", "api-wants-a-jwt", false},
		{"It wants an opaque token, but the server's are JWTs.", "api-wants-an-opaque-token", false},
		{"It redirects to a sign-in page.", "api-behind-a-sign-in-page", false},
		{"It returns a sign-in page.", "api-behind-a-sign-in-page", false},
		{"A firewall blocks it.", "api-behind-a-sign-in-page", false},
		{"It wants a user name and password.", "api-wants-another-scheme", false},
		{"It refuses GET.", "api-unreachable", false},
		{"It accepts calls without a token.", "api-open, api-ignores-signature, api-accepts-id-token", false},
		{"It doesn't check the signature.", "api-ignores-signature", false},
		{"It accepts the ID token, too.", "api-accepts-id-token", false},
		{"Access tokens are opaque.", "", true},
		{"Every authorization request has to be pushed.", "", true},
		{"The API's challenge doesn't name its metadata.", "", true},
		{"The API offers DPoP, too.", "", true},
		{"", "", true},
	} {
		if mend(b); row.button != "" {
			turnOn(t, b, row.button)
		}
		if broken := strings.Contains(b.Get("/").Body, "broken on purpose"); broken == row.sound {
			t.Errorf("%s The start page says broken: %t", row.button, broken)
		}
		if r := b.Login(); r.StatusCode != http.StatusOK {
			t.Fatalf("%s The login answered %d %s", row.button, r.StatusCode, r.Body)
		}
		if got := wrongAtTheAPI(t, b); got != row.names {
			t.Errorf("%s It is called %q; want %q", row.button, got, row.names)
		}
		if got := firstFinding(t, b); row.sound && got != "" {
			t.Errorf("%s check says %q", row.button, got)
		}
		page := b.Get("/api").Body
		refused := !strings.Contains(page, "The API accepted the token")
		if strings.Contains(page, inDemo) != refused || strings.Contains(page, "Sign in for this API") {
			t.Errorf("%s The page offers what can't help in the demo, or calls a refusal by a sound API one:\n%s", row.button, page)
		}
	}
	turnOn(t, b, "It refuses without saying why.")
	if got := firstFinding(t, b); got != "warn api api-challenge-missing" {
		t.Errorf("of an API without a challenge check says %q", got)
	}
}

// Each mistake that keeps a login from starting at the API is turned on at the demo's page. A second program that knows
// only the API's URL names it. Once it is fixed, that program signs in.
func TestAtAPI_EachDemoFault(t *testing.T) {
	t.Parallel()
	a, b := startPlayed(t)
	start := func() *testserver.Browser {
		return newBrowser(t, startAtAPI(t, map[string]string{"RESOURCE_URL": a.Cfg.BaseURL + "/demo/api/me"}))
	}
	other := start()
	for _, row := range []struct{ button, name, check string }{
		{"Its metadata describes a different API.", "api-metadata-of-another", "fail start api-metadata-of-another"},
		{"Its metadata redirects forever.", "api-metadata-unusable", "fail start api-metadata-unusable"},
		{"Its metadata names fifty servers.", "api-servers-unusable", "fail start api-servers-unusable"},
		{"Its metadata names a server without https.", "api-servers-unusable", "fail start api-servers-unusable"},
		{"The server registers a different redirect URI.", "registration-unusable", ""},
		{"The server registers a client without a client ID.", "registration-unusable", ""},
	} {
		turnOn(t, b, row.button)
		if r := other.GetJSON("/login"); r.Cause(t) != row.name {
			t.Errorf("%s The login is answered %d %s", row.button, r.StatusCode, r.Body)
		}
		if got := firstFinding(t, other); got != row.check {
			t.Errorf("%s check says %q; want %q", row.button, got, row.check)
		}
		if row.name == "registration-unusable" { // which is asked for once in a process
			other = start()
		}
	}
	mend(b)
	if r := other.Login(); r.StatusCode != http.StatusOK {
		t.Errorf("mended, the login is answered %d %s", r.StatusCode, r.Body)
	}
}
