package misuse

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/demo"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/testserver/signedin"
	"oauth-test-client/internal/wire"
)

// apiCase is a login at the demo server, whose API can be spoiled.
type apiCase struct{ *signedin.Case }

func startAPI(t *testing.T, api string, faults ...demo.Fault) *apiCase {
	t.Helper()
	return &apiCase{signedin.Start(t, api, faults...)}
}

// misuse plays a whole run at the demo server: a login for each attempt that needs one. Each step starts from the report of
// the step before, as on the pages.
func (c *apiCase) misuse() []Finding {
	c.T.Helper()
	b := testserver.NewBrowser(c.T, &testserver.App{Address: "http://localhost:3999", Cfg: c.Cfg.Config, Log: new(testserver.Logbook)})
	var report []byte
	for range len(Rules) + 1 {
		m := New(c.Cfg, wire.New(nil, time.Now), c.Client, time.Now, report)
		request, to, err := m.Begin(c.T.Context())
		if err != nil {
			c.T.Fatal(err)
		}
		if request == nil {
			return m.found
		}
		back, err := url.Parse(b.Authorize(to, "user_alice", "allow"))
		if err != nil {
			c.T.Fatal(err)
		}
		m.Answer(c.T.Context(), request, back.Query())
		report = m.Report()
	}
	c.T.Fatal("the run does not end")
	return nil
}

// The demo server has a fault for each rule. Each fault is found, and nothing else: every other finding is right, as all
// are with the sound server.
func TestMisuse_OneFaultEach(t *testing.T) {
	const confidential, public = false, true
	for _, row := range []struct {
		name    string
		fault   demo.Fault
		public  bool
		attempt Attempt
		result  causes.Result
		words   string
	}{
		{"sound", "", confidential, "", "", ""},
		{"sound, public client", "", public, "", "", ""},
		{"a code twice", demo.CodeUsedTwice, confidential, CodeTwice, causes.Fail, "accepts a code twice"},
		{"the tokens of a code that came twice", demo.CodeReuseTokensLive, confidential, CodeTwice, causes.Warn, "after its code was used twice"},
		{"a wrong verifier", demo.WrongVerifier, confidential, WrongVerifier, causes.Fail, "the server accepts it"},
		{"no verifier", demo.MissingVerifier, confidential, NoVerifier, causes.Fail, "the server accepts it"},
		{"another redirect URI", demo.OtherRedirectURI, confidential, OtherRedirectURI, causes.Fail, "the server accepts it"},
		{"another client", demo.OtherClientsCode, confidential, OtherClient, causes.Fail, "a different client the tokens"},
		{"another public client", demo.OtherClientsCode, public, OtherClient, causes.Fail, "a different client the tokens"},
		{"an old refresh token", demo.OldRefreshToken, public, OldRefreshToken, causes.Fail, "accepted right after it was replaced"},
		{"an old refresh token that takes the secret too", demo.OldRefreshToken, confidential, OldRefreshToken, causes.Warn, "accepted right after it was replaced"},
		{"the family of an old refresh token", demo.RefreshReuseFamilyLives, confidential, OldRefreshToken, causes.Warn, "still works"},
		{"refresh tokens of a public client that stay", demo.RefreshNotRotated, public, OldRefreshToken, causes.Fail, "are not replaced"},
		{"refresh tokens of a confidential client that stay", demo.RefreshNotRotated, confidential, OldRefreshToken, causes.Skip, "doesn't have to"},
		{"revoked at userinfo", demo.RevokedAtUserinfo, confidential, RevokedToken, causes.Fail, "still accepted at userinfo"},
		{"revoked at introspection", demo.RevokedAtIntrospection, confidential, RevokedToken, causes.Fail, "still accepted at introspection"},
		{"revoked at the API", demo.RevokedAtAPI, confidential, RevokedToken, causes.Warn, "it is a JWT"},
		{"no PKCE", demo.NoPKCE, confidential, WithoutPKCE, causes.Warn, "can sign in without PKCE"},
		{"no PKCE of a public client", demo.NoPKCE, public, WithoutPKCE, causes.Fail, "can sign in without PKCE"},
		{"prompt=none shows a page", demo.PromptNonePage, confidential, PromptNone, causes.Warn, "shows the same page"},
		{"prompt=none sends a code", demo.PromptNoneCode, confidential, PromptNone, causes.Fail, "sends a code"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := startAPI(t, "/api/me")
			if row.public {
				c.Public()
			}
			c.Demo.SetFaults(row.fault)
			found, seen := c.misuse(), false
			for _, f := range found {
				named := f.Check == string(row.attempt) && f.Result == row.result && strings.Contains(f.Found, row.words)
				seen = seen || named
				if !named && f.Result != causes.OK {
					t.Errorf("%s %s: %s", f.Result, f.Check, f.Found)
				}
				if f.Section == "" || f.Undecided || (f.Result == causes.OK || f.Result == causes.Skip) != (f.Fix == "") {
					t.Errorf("%s lacks its section, is undecided, or has no fix: %+v", f.Check, f)
				}
				if f.Result == causes.OK && f.Control == "" || strings.Contains(f.Found+f.Control, "%") {
					t.Errorf("%s is called right without a control: %+v", f.Check, f)
				}
			}
			if !seen && row.attempt != "" {
				t.Errorf("not found: %s %s %q in\n%+v", row.result, row.attempt, row.words, found)
			}
			if left := Untried(found); len(left) > 0 {
				t.Errorf("not tried: %v", left)
			}
		})
	}
}

// An opaque token that an API still takes after its revocation is worse than a JWT.
func TestMisuse_OpaqueTokenAtAPI(t *testing.T) {
	c := startAPI(t, "/api/me")
	c.Demo.SetFaults(demo.RevokedAtAPI, demo.OpaqueAccessTokens)
	wantFinding(t, c.misuse(), RevokedToken, causes.Fail, "still accepted at the API")
}

// An API that accepts any token, or has a sign-in page in front, shows nothing about a revoked token. That is a different
// mistake, and not the server's.
func TestMisuse_APIOpenToAll(t *testing.T) {
	for _, fault := range []demo.Fault{demo.APIOpen, demo.APIOpenToAltered, demo.APISignInPage} {
		c := startAPI(t, "/api/me")
		c.Demo.SetFaults(fault)
		found := c.misuse()
		for _, f := range found {
			if f.Result != causes.OK {
				t.Errorf("%s: %s %s: %s", fault, f.Result, f.Check, f.Found)
			}
		}
		wantFinding(t, found, RevokedToken, causes.OK, "rejected at userinfo after its revocation")
	}
}

func wantFinding(t *testing.T, found []Finding, attempt Attempt, result causes.Result, words string) {
	t.Helper()
	if !slices.ContainsFunc(found, func(f Finding) bool {
		return f.Check == string(attempt) && f.Result == result && strings.Contains(f.Found, words)
	}) {
		t.Errorf("not found: %s %s %q in\n%+v", result, attempt, words, found)
	}
}

// An attempt that can't be made costs no login, and accuses no server.
func TestMisuse_NotAsked(t *testing.T) {
	c := startAPI(t, "/api/me")
	with := Logins(c.Cfg)
	c.Cfg.OtherClientID, c.Cfg.OtherClientSecret, c.Cfg.Scopes = "", "", []string{"profile", "email"}
	c.Client = oauth.New(c.Cfg, wire.New(nil, time.Now), time.Now)
	found := c.misuse()
	wantFinding(t, found, OtherClient, causes.Skip, "OTHER_CLIENT_ID")
	c.Cfg.OtherClientID, c.Cfg.Found.OtherBelongsTo = "other", "https://auth.example"
	wantFinding(t, c.misuse(), OtherClient, causes.Skip, "OTHER_CLIENT_ID belongs to https://auth.example, and is sent nowhere else")
	c.Cfg.OtherClientID, c.Cfg.Found.OtherBelongsTo = "", ""
	wantFinding(t, found, PromptNone, causes.Skip, "openid")
	if without := Logins(c.Cfg); with != 8 || without != 7 {
		t.Errorf("a run costs %d logins with a second client and %d without", with, without)
	}
}

// answering puts a real server before the token endpoint, userinfo and revocation of the demo server. It
// refuses the requests that a test picks with a code, and words behind a colon; the demo server gets the others.
func (c *apiCase) answering(status int, code string, picks func(path string, form url.Values) bool) {
	c.T.Helper()
	issuer, err := url.Parse(c.Cfg.Issuer)
	if err != nil {
		c.T.Fatal(err)
	}
	behind := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: issuer.Scheme, Host: issuer.Host}) }}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			c.T.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		form, _ := url.ParseQuery(string(body))
		if picks(r.URL.Path, form) {
			if status == 0 {
				panic(http.ErrAbortHandler) // the connection ends without an answer
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			code, words, _ := strings.Cut(code, ": ")
			fmt.Fprintf(w, `{"error":%q,"error_description":%q}`, code, words)
			return
		}
		behind.ServeHTTP(w, r)
	}))
	c.T.Cleanup(srv.Close)
	for endpoint, address := range map[*string]string{
		&c.Cfg.Endpoints.Token:      "/demo/token",
		&c.Cfg.Endpoints.Userinfo:   "/demo/userinfo",
		&c.Cfg.Endpoints.Revocation: "/demo/revoke",
	} {
		*endpoint = srv.URL + address
	}
	c.Client = oauth.New(c.Cfg, wire.New(nil, time.Now), time.Now)
}

// A refusal that may be about something else proves nothing: neither that the server follows a rule, nor that it breaks it.
func TestMisuse_Undecided(t *testing.T) {
	seen := map[string]int{} // by what a request holds
	again := func(key string) bool { seen[key]++; return seen[key] > 1 }
	is := func(grant string) func(string, url.Values) bool {
		return func(_ string, form url.Values) bool { return form.Get("grant_type") == grant }
	}
	for _, row := range []struct {
		name     string
		status   int
		code     string
		picks    func(path string, form url.Values) bool
		attempts []Attempt
	}{
		{"every code is refused", 400, "invalid_grant", is("authorization_code"),
			[]Attempt{CodeTwice, WrongVerifier, NoVerifier, OtherRedirectURI, OtherClient, OldRefreshToken, RevokedToken}},
		{"the client is refused", 401, "invalid_client", is("authorization_code"),
			[]Attempt{CodeTwice, WrongVerifier, NoVerifier, OtherRedirectURI, OtherClient, OldRefreshToken, RevokedToken}},
		{"a code that comes again is too much", 429, "slow_down", func(_ string, form url.Values) bool {
			return form.Get("code") != "" && again(form.Get("code"))
		}, []Attempt{CodeTwice}},
		{"a request without a verifier is an accident", 500, "server_error", func(_ string, form url.Values) bool {
			return form.Get("grant_type") == "authorization_code" && !form.Has("code_verifier")
		}, []Attempt{NoVerifier}},
		{"a request without a verifier gets no answer", 0, "", func(_ string, form url.Values) bool {
			return form.Get("grant_type") == "authorization_code" && !form.Has("code_verifier")
		}, []Attempt{NoVerifier}},
		{"a refresh is an accident", 503, "temporarily_unavailable", is("refresh_token"), []Attempt{OldRefreshToken}},
		{"an old refresh token is an accident", 503, "temporarily_unavailable", func(_ string, form url.Values) bool {
			return form.Get("grant_type") == "refresh_token" && again(form.Get("refresh_token"))
		}, []Attempt{OldRefreshToken}},
		{
			"revocation is an accident",
			503,
			"temporarily_unavailable",
			func(path string, _ url.Values) bool { return path == "/demo/revoke" },
			[]Attempt{RevokedToken},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := startAPI(t, "/api/me")
			c.answering(row.status, row.code, row.picks)
			for _, f := range c.misuse() {
				if slices.Contains(row.attempts, Attempt(f.Check)) != f.Undecided || f.Undecided && (f.Result != causes.Warn || f.Fix != "") {
					t.Errorf("%s %s: %s (undecided: %v, fix %q)", f.Result, f.Check, f.Found, f.Undecided, f.Fix)
				}
			}
		})
	}
}

// A refusal doesn't count if its control fails: the second client itself is refused, or with any secret alike, and no
// correct code was accepted before.
func TestMisuse_ControlFails(t *testing.T) {
	invented := func(_ string, form url.Values) bool { return strings.HasPrefix(form.Get("code"), "invented-") }
	every := func(_ string, form url.Values) bool { return form.Get("grant_type") == "authorization_code" }
	for _, row := range []struct {
		name    string
		status  int
		code    string
		picks   func(path string, form url.Values) bool
		attempt Attempt
		fault   demo.Fault
	}{
		{"the second client is refused", 401, "invalid_client", invented, OtherClient, ""},
		{"the second client is refused, whatever its secret", 400, "unauthorized_client: invalid client credentials", invented, OtherClient, ""},
		{"the server is out of order for the second client", 503, "temporarily_unavailable", invented, OtherClient, ""},
		{"no code is accepted, with PKCE or without", 400, "invalid_grant", every, WithoutPKCE, demo.NoPKCE},
	} {
		t.Run(row.name, func(t *testing.T) {
			faults := []demo.Fault{row.fault}
			if row.fault == "" {
				faults = nil
			}
			c := startAPI(t, "/api/me", faults...)
			c.answering(row.status, row.code, row.picks)
			found := c.misuse()
			if !slices.ContainsFunc(found, func(f Finding) bool { return f.Check == string(row.attempt) && f.Undecided }) {
				t.Errorf("%s is decided: %+v", row.attempt, found)
			}
		})
	}
}

// The response to an attempt that has been made asks nothing and changes nothing.
func TestMisuse_AnswerTwice(t *testing.T) {
	c := startAPI(t, "/api/me")
	asked := 0
	c.answering(400, "invalid_grant", func(path string, _ url.Values) bool {
		if path == "/demo/token" {
			asked++
		}
		return false
	})
	b := testserver.NewBrowser(t, &testserver.App{Address: "http://localhost:3999", Cfg: c.Cfg.Config, Log: new(testserver.Logbook)})
	m := New(c.Cfg, wire.New(nil, time.Now), c.Client, time.Now, nil)
	request, to, err := m.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	back, err := url.Parse(b.Authorize(to, "user_alice", "allow"))
	if err != nil {
		t.Fatal(err)
	}
	m.Answer(t.Context(), request, back.Query())
	report, before := string(m.Report()), asked
	m.Answer(t.Context(), request, back.Query())
	if before == 0 || asked != before || string(m.Report()) != report {
		t.Errorf("the first answer asks %d times, and the second %d; the report was %s and is %s", before, asked-before, report, m.Report())
	}
}

// A server that refuses without invalidating the code has its control at once: the same code in a correct request. Other
// controls name what was accepted before.
func TestMisuse_Controls(t *testing.T) {
	c := startAPI(t, "/api/me")
	c.answering(400, "invalid_grant", func(_ string, form url.Values) bool {
		return form.Get("grant_type") == "authorization_code" && !form.Has("code_verifier")
	})
	found := c.misuse()
	for attempt, control := range map[Attempt]string{
		CodeTwice: "before, it worked at userinfo, introspection, the API", NoVerifier: "the honest request with the same code is accepted",
		WrongVerifier: "the honest request with the same code is accepted", OtherClient: "the honest request with the same code is accepted",
		OtherRedirectURI: "the code is void after that; an honest exchange of a different code was accepted",
		WithoutPKCE:      "with PKCE it starts", PromptNone: "without prompt=none the sign-in starts",
	} {
		if !slices.ContainsFunc(found, func(f Finding) bool {
			return f.Check == string(attempt) && f.Result == causes.OK && f.Control == control
		}) {
			t.Errorf("%s is not beside %q: %+v", attempt, control, found)
		}
	}
}

// A refusal that names the mistake decides, whatever its code. A sentence that names everything, the same words for the
// correct request, and a server error decide nothing.
func TestMisuse_TheRefusalNamesIt(t *testing.T) {
	const pkce, redirect = "failed PKCE code challenge", "unexpected redirect URI"
	const all = "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client. code_verifier"
	for _, row := range []struct {
		name, words, honest string
		status              int
		code                string
		attempt             Attempt
		decides             bool
	}{
		{"Gitea, PKCE", pkce, "", 400, "unauthorized_client", WrongVerifier, true},
		{"Gitea, redirect URI", redirect, "", 400, "unauthorized_client", OtherRedirectURI, true},
		{"as a refused client", pkce, "", 401, "invalid_client", NoVerifier, true},
		{"as a refused client, redirect URI", redirect, "", 401, "invalid_client", OtherRedirectURI, true},
		{"the code is spent by it", pkce, "the code was used", 401, "invalid_client", WrongVerifier, true},
		{"the same of the honest one", pkce, pkce, 401, "invalid_client", WrongVerifier, false},
		{"everything is named", all, all, 401, "invalid_client", WrongVerifier, false},
		{"another thing is named", redirect, "the code was used", 401, "invalid_client", WrongVerifier, false},
		{"an accident", pkce, "", 500, "server_error", WrongVerifier, false},
		{"too many requests", pkce, "", 429, "slow_down", WrongVerifier, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := startAPI(t, "/api/me")
			m := New(c.Cfg, wire.New(nil, time.Now), c.Client, time.Now, nil)
			as, good := m.credentials(t.Context()), "a-code"
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				spoiled := r.PostFormValue("code_verifier") != "the-verifier" || r.PostFormValue("redirect_uri") != c.Cfg.RedirectURI()
				w.Header().Set("Content-Type", "application/json")
				switch {
				case spoiled:
					w.WriteHeader(row.status)
					fmt.Fprintf(w, `{"error":%q,"error_description":%q}`, row.code, row.words)
				case row.honest != "":
					w.WriteHeader(row.status)
					fmt.Fprintf(w, `{"error":%q,"error_description":%q}`, row.code, row.honest)
				default:
					fmt.Fprint(w, `{"access_token":"t","token_type":"Bearer"}`)
				}
			}))
			t.Cleanup(srv.Close)
			c.Cfg.Endpoints.Token = srv.URL
			m.client = oauth.New(c.Cfg, wire.New(nil, time.Now), time.Now)
			request := &oauth.Request{Verifier: "the-verifier", Try: string(row.attempt)}
			form := m.honest(request, good)
			switch row.attempt {
			case WrongVerifier:
				form.Set("code_verifier", "another")
			case NoVerifier:
				form.Del("code_verifier")
			case OtherRedirectURI:
				form.Set("redirect_uri", "https://elsewhere.example/cb")
			}
			f := m.withControl(t.Context(), request, good, m.redeem(t.Context(), as, form))
			if f.Undecided == row.decides || row.decides && (f.Result != causes.OK || f.Control == "") {
				t.Errorf("%s: %s", f.Result, f.Finding)
			}
		})
	}
}

// A server that does not answer costs one wait for each attempt, and decides nothing.
func TestMisuse_SilentServer(t *testing.T) {
	c := startAPI(t, "/api/me")
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // only then is it seen that the client gives up
		<-r.Context().Done()
	}))
	t.Cleanup(silent.Close)
	c.Cfg.Endpoints.Token = silent.URL
	c.Client = oauth.New(c.Cfg, wire.New(nil, time.Now), time.Now)
	m := New(c.Cfg, wire.New(nil, time.Now), c.Client, time.Now, nil)
	request, _, err := m.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m.within = 100 * time.Millisecond
	m.Answer(t.Context(), request, url.Values{"code": {"a-code"}, "iss": {c.Cfg.Issuer}})
	wantFinding(t, m.found, CodeTwice, causes.Warn, "no answer")
}

// A server need not revoke access tokens; whose client is refused has not said that.
func TestMisuse_NotRevoked(t *testing.T) {
	for _, row := range []struct {
		status int
		code   string
		want   causes.Result
		words  string
	}{
		{400, "unsupported_token_type", causes.Skip, "not run: the server does not revoke access tokens (400 unsupported_token_type)"},
		{200, "unsupported_token_type", causes.Skip, "not run: the server does not revoke access tokens (200 unsupported_token_type)"},
		{401, "invalid_client", causes.Warn, "undecided: the revocation endpoint returned 401 invalid_client"},
	} {
		c := startAPI(t, "/api/me")
		c.answering(row.status, row.code, func(path string, _ url.Values) bool { return path == "/demo/revoke" })
		found := c.misuse()
		wantFinding(t, found, RevokedToken, row.want, row.words)
		for _, f := range found {
			if f.Check == string(RevokedToken) && f.Result == causes.Fail {
				t.Errorf("a token that was not revoked is held against the server: %s", f.Found)
			}
		}
	}
}

// Userinfo that is out of order after a revocation has not refused the token.
func TestMisuse_OutOfOrderAfterRevocation(t *testing.T) {
	c := startAPI(t, "/api/me")
	revoked := false
	c.answering(503, "temporarily_unavailable", func(path string, _ url.Values) bool {
		revoked = revoked || path == "/demo/revoke"
		return revoked && path == "/demo/userinfo"
	})
	found := c.misuse()
	wantFinding(t, found, RevokedToken, causes.Warn, "userinfo didn't show")
	wantFinding(t, found, RevokedToken, causes.OK, "rejected at introspection")
}

// Nor is a newer refresh token dead because the server is out of order when it is tried.
func TestMisuse_OutOfOrderAtNewerToken(t *testing.T) {
	c := startAPI(t, "/api/me")
	refreshes := 0
	c.answering(503, "temporarily_unavailable", func(_ string, form url.Values) bool {
		if form.Get("grant_type") == "refresh_token" {
			refreshes++
		}
		return refreshes == 3 && form.Get("grant_type") == "refresh_token"
	})
	found := c.misuse()
	wantFinding(t, found, OldRefreshToken, causes.OK, "rejected after it was replaced")
	wantFinding(t, found, OldRefreshToken, causes.Warn, "undecided: the newer refresh token was answered with 503")
}

// A login that the user denies, or that does not come back, decides nothing; the run goes on without it.
func TestMisuse_LoginFails(t *testing.T) {
	c := startAPI(t, "/api/me")
	m := New(c.Cfg, wire.New(nil, time.Now), c.Client, time.Now, nil)
	for _, want := range []Attempt{CodeTwice, WrongVerifier} {
		request, _, err := m.Begin(t.Context())
		if err != nil || request.Try != string(want) {
			t.Fatalf("the next login is for %v, %v; want %s", request, err, want)
		}
		if want == CodeTwice {
			m.Answer(t.Context(), request, url.Values{"error": {"access_denied"}, "iss": {c.Cfg.Issuer}})
		} else {
			m.LeaveOut()
		}
	}
	wantFinding(t, m.found, CodeTwice, causes.Warn, "access_denied")
	wantFinding(t, m.found, WrongVerifier, causes.Warn, "left out")
	if m.controlled() {
		t.Error("no honest exchange was accepted, but one is taken for the control")
	}
}

// A server that cannot be found is no finding: the page says why, and the run waits.
func TestMisuse_ServerGone(t *testing.T) {
	c := startAPI(t, "/api/me")
	c.Cfg.Issuer = "http://127.0.0.1:1"
	m := New(c.Cfg, wire.New(nil, time.Now), oauth.New(c.Cfg, wire.New(nil, time.Now), time.Now), time.Now, nil)
	request, _, err := m.Begin(t.Context())
	if e, ok := errors.AsType[*oauth.Error](err); !ok || e.Step != wire.Metadata || request != nil || len(m.found) > 0 {
		t.Errorf("it begins with %v, %v, and found %+v", request, err, m.found)
	}
}

// Deny is no answer to a login without PKCE; a refusal that is about PKCE is one, once a login with it was
// accepted.
func TestMisuse_RefusedLogin(t *testing.T) {
	accepted := []Finding{{Finding: causes.Finding{Check: string(CodeTwice), Result: causes.OK}}}
	for _, row := range []struct {
		name  string
		found []Finding
		e     oauth.Error
		want  causes.Result
	}{
		{"about PKCE", accepted, oauth.Error{Theirs: true, Code: "invalid_request"}, causes.OK},
		{"about PKCE, in words", accepted, oauth.Error{Theirs: true, Code: "unauthorized_client", Description: "PKCE is required"}, causes.OK},
		{"denied", accepted, oauth.Error{Theirs: true, Code: "access_denied"}, causes.Warn},
		{"out of order", accepted, oauth.Error{Theirs: true, Code: "server_error"}, causes.Warn},
		{"ours", accepted, oauth.Error{Code: "invalid_request"}, causes.Warn},
		{"without a control", nil, oauth.Error{Theirs: true, Code: "invalid_request"}, causes.Warn},
	} {
		m := &Run{found: row.found}
		if got := m.noLogin(WithoutPKCE, &row.e); got.Result != row.want || got.Undecided != (row.want == causes.Warn) {
			t.Errorf("%s: %s %s", row.name, got.Result, got.Found)
		}
	}
}
