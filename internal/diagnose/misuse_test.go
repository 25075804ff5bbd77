package diagnose

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/demo"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// misuse plays a whole run at the demo server: a login for each try.
func (c *apiCase) misuse() []MisuseFinding {
	c.t.Helper()
	m := NewMisuse(c.cfg, wire.New(nil, time.Now), c.client, time.Now)
	b := testserver.NewBrowser(c.t, &testserver.App{Address: "http://localhost:3999", Cfg: c.cfg, Log: new(testserver.Logbook)})
	var found []MisuseFinding
	for try := NextLogin(""); try != ""; try = NextLogin(try) {
		request, err := c.client.NewRequest(nil)
		if err != nil {
			c.t.Fatal(err)
		}
		Prepare(try, request)
		address, err := c.client.AuthorizationURL(c.t.Context(), request)
		if refused := m.NotBegun(c.t.Context(), try, err); refused != nil {
			found = append(found, refused...)
			continue
		} else if err != nil {
			c.t.Fatal(err)
		}
		back, err := url.Parse(b.Authorize(address, "user_alice", "allow"))
		if err != nil {
			c.t.Fatal(err)
		}
		found = append(found, m.Answer(c.t.Context(), try, request, back.Query())...)
	}
	return found
}

// The demo server has one mutant for each rule. Each is found, and a sound server is accused of nothing.
func TestMisuse(t *testing.T) {
	for _, row := range []struct {
		fault  demo.Fault
		try    Try
		result Result
		words  string
	}{
		{"", "", "", ""},
		{demo.CodeUsedTwice, CodeTwice, Fail, "takes a code twice"},
		{demo.CodeReuseTokensLive, CodeTwice, Warn, "live on after its second use"},
		{demo.WrongVerifier, WrongVerifier, Fail, "accepted"},
		{demo.MissingVerifier, NoVerifier, Fail, "accepted"},
		{demo.OtherRedirectURI, OtherRedirectURI, Fail, "accepted"},
		{demo.OtherClientsCode, OtherClient, Fail, "another client the tokens"},
		{demo.OldRefreshToken, OldRefreshToken, Fail, "accepted after it was replaced"},
		{demo.RefreshReuseFamilyLives, OldRefreshToken, Warn, "lives on"},
		{demo.RefreshNotRotated, OldRefreshToken, OK, "a confidential client does not need"},
		{demo.RevokedAtUserinfo, RevokedToken, Fail, "still good at userinfo"},
		{demo.RevokedAtIntrospection, RevokedToken, Fail, "still good at introspection"},
		{demo.RevokedAtAPI, RevokedToken, Warn, "it is a JWT"},
		{demo.NoPKCE, WithoutPKCE, Warn, "without PKCE is accepted"},
		{demo.PromptNonePage, PromptNone, Warn, "shows a page"},
		{demo.PromptNoneCode, PromptNone, Fail, "sends a code"},
	} {
		t.Run(string(row.fault), func(t *testing.T) {
			c := startAPI(t, "/api/me", row.fault)
			found := c.misuse()
			if row.fault == "" {
				for _, f := range found {
					if f.Result != OK || f.Section == "" {
						t.Errorf("the sound server: %s %s: %s (%s)", f.Result, f.Check, f.Found, f.Section)
					}
				}
				if len(found) < len(Rules) {
					t.Errorf("%d findings for %d rules", len(found), len(Rules))
				}
				return
			}
			named := func(f MisuseFinding) bool {
				return f.Check == string(row.try) && f.Result == row.result && strings.Contains(f.Found, row.words)
			}
			if !slices.ContainsFunc(found, named) {
				for _, f := range found {
					t.Logf("%s %s: %s", f.Result, f.Check, f.Found)
				}
				t.Errorf("not found: %s %s %q", row.result, row.try, row.words)
			}
		})
	}
}

// Where nothing can be asked, nothing is accused.
func TestMisuseNotAsked(t *testing.T) {
	c := startAPI(t, "/api/me")
	c.cfg.OtherClientID = ""
	m := NewMisuse(c.cfg, wire.New(nil, time.Now), c.client, time.Now)
	if got := m.run(t.Context(), OtherClient, &oauth.Request{}, "code"); got[0].Result != Skip {
		t.Errorf("without a second client it says %+v", got)
	}
	if got := m.run(t.Context(), CodeTwice, &oauth.Request{}, "made-up"); got[0].Result != Warn || !strings.Contains(got[0].Found, "not decided") {
		t.Errorf("with a code that is refused it says %+v", got)
	}
	if got := m.refused(WrongVerifier, &oauth.Error{Code: "access_denied", Theirs: true}); got[0].Result != Warn {
		t.Errorf("a login that was denied says %+v", got)
	}
}
