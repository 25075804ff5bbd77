package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/demo"
	"oauth-test-client/internal/testserver"
)

// Each broken set-up of the demo's page: the first line of check that shows it, and the result of a login. One click fixes
// it.
func TestSetUps_CheckAndLoginTell(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		fault  demo.Fault
		check  string // name and words of the first line that is not ok
		login  string // words of the page on which the login ends: ours, the demo's own, or the API's
		status int    // of the page on which the login ends
	}{
		{demo.RedirectURISlash, "fail redirect_uri redirect-uri-not-registered", "the redirect_uri does not match", 400},
		{demo.RedirectURIHost, "fail redirect_uri redirect-uri-not-registered", "the redirect_uri does not match", 400},
		{demo.SecretWrong, "fail client client-secret-wrong", "The client secret is wrong", 502},
		{demo.AuthMethodWrong, "fail client auth-method-wrong", "TOKEN_ENDPOINT_AUTH_METHOD", 502},
		{demo.ClientUnknown, "fail redirect_uri client-id-unknown", "no client with this client_id", 400},
		{demo.ScopeNotEnabled, "fail authorization scope-not-enabled", "the scope &#34;email&#34; is not enabled", 400},
		{demo.IssuerSlash, "fail metadata issuer-differs", "ISSUER=http:", 502},
		{demo.IDTokenSignature, "", "can&#39;t be verified", 502},
		{demo.AccessTokenAudience, "", "401 Unauthorized", 200},
		{demo.ConsentNoWayBack, "warn authorization form-action-blocks-return", "Signed in as Alice", 200}, // a browser that knows no form-action
	} {
		t.Run(string(row.fault), func(t *testing.T) {
			a := startApp(t, map[string]string{"BASE_URL": "http://localhost:PORT"})
			b := newBrowserAt(t, a, a.Cfg.BaseURL)
			b.Post("/demo/setup", url.Values{"setup": {string(row.fault)}})
			if home := b.Get("/"); !strings.Contains(home.Body, "broken on purpose") || strings.Contains(home.Body, string(row.fault)) {
				t.Errorf("the banner is missing, or says too much:\n%s", home.Body)
			}
			if got := firstFinding(t, b); !strings.HasPrefix(got, row.check) || row.check == "" && got != "" {
				t.Errorf("check says %q; want %q", got, row.check)
			}
			if end := endOfLogin(t, b); end.StatusCode != row.status || !strings.Contains(end.Body, row.login) {
				t.Errorf("the login ends on %d without %q:\n%s", end.StatusCode, row.login, end.Body)
			}
			b.Post("/demo/setup", url.Values{})
			if home := b.Get("/"); strings.Contains(home.Body, "broken on purpose") {
				t.Error("it is not mended")
			}
			if got := firstFinding(t, b); got != "" {
				t.Errorf("mended, check says %q", got)
			}
			if end := endOfLogin(t, b); end.StatusCode != http.StatusOK || strings.Contains(end.Body, "401 Unauthorized") {
				t.Errorf("mended, the login ends on %d:\n%s", end.StatusCode, end.Body)
			}
		})
	}
}

// firstFinding returns the first line of check that is not ok, with the current settings.
func firstFinding(t *testing.T, b *testserver.Browser) string {
	t.Helper()
	report := runChecks(t, b)
	for _, result := range []causes.Result{causes.Fail, causes.Warn} {
		for _, f := range report.Checks {
			if f.Result == result {
				return string(f.Result) + " " + f.Check + " " + string(f.Name)
			}
		}
	}
	return ""
}

// endOfLogin goes through a login as far as possible, calls the API if the mistake only shows there, and returns the page
// at the end.
func endOfLogin(t *testing.T, b *testserver.Browser) testserver.Reply {
	t.Helper()
	begun := b.Get("/login")
	if begun.StatusCode/100 != 3 {
		return begun
	}
	to := b.Location(begun)
	if page := b.Get(to); page.StatusCode >= 400 {
		return page
	}
	end := b.Get(b.Authorize(to, "user_alice", "allow"))
	if end.StatusCode == http.StatusOK {
		if api := b.Ask("/api", true); strings.Contains(api.Body, "401 Unauthorized") {
			return api
		}
	}
	return end
}

// Four addresses with the same answer get one sentence.
func TestErrorPage_TellsIssuerOnce(t *testing.T) {
	t.Parallel()
	a := startApp(t, map[string]string{"BASE_URL": "http://localhost:PORT"})
	b := newBrowserAt(t, a, a.Cfg.BaseURL)
	b.Post("/demo/setup", url.Values{"setup": {string(demo.IssuerSlash)}})
	if page := endOfLogin(t, b); strings.Count(page.Body, "names a different issuer") != 1 || strings.Count(page.Body, "the same</li>") != 3 {
		t.Errorf("the page repeats itself:\n%s", page.Body)
	}
}
