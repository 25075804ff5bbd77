package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"oauth-test-client/internal/demo"
	"oauth-test-client/internal/testserver"
)

const registrationToken = "registration-token-9c1f"

// withToken is the demo's registration, with a token that manages it in the answer (RFC 7592 section 3).
func withToken(api *testserver.API) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		kept := new(keptAnswer)
		api.Server.ServeHTTP(kept, r)
		body := strings.Replace(string(kept.body), "{", `{"registration_access_token":"`+registrationToken+`",`, 1)
		testserver.SendBody(kept.status, "application/json", body)(w, r)
	}
}

// A server repeats, at later logins, the token that came with the registration: as the code and in the words of an
// authorization response, at the token endpoint and at a refresh. It is on no page, in no file and not in the log.
func TestRegistration_RepeatedTokenIsHidden(t *testing.T) {
	t.Parallel()
	const tokenRoute = "POST /demo/token"
	api := testserver.StartAPI(t)
	api.At(testserver.RegisterRoute, withToken(api))
	a := startAtAPI(t, map[string]string{"RESOURCE_URL": api.URL, "SCOPES": "profile offline_access"})
	b := newBrowser(t, a)
	shows := func(what string, r testserver.Reply) {
		t.Helper()
		if strings.Contains(r.Body, registrationToken) || !strings.Contains(r.Body, "redacted") {
			t.Errorf("%s is answered %d:\n%s", what, r.StatusCode, r.Body)
		}
	}
	b.Login()
	b.Login() // its steps include no registration
	refused := testserver.SendBody(400, "application/json", `{"error":"invalid_grant","error_description":"no `+registrationToken+`"}`)
	api.At(tokenRoute, refused)
	shows("the refresh", b.Ask("/refresh", true))
	shows("the refresh, for programs,", b.Ask("/refresh", false))
	for _, path := range []string{"/flow", "/flow?tokens=full", "/flow.har"} {
		shows(path, b.Get(path))
	}
	if report := b.Get("/flow.md").Body; strings.Contains(report, registrationToken) {
		t.Errorf("the report is\n%s", report)
	}
	for _, get := range []func(string) testserver.Reply{b.Get, b.GetJSON} {
		shows("a code that is refused", get(b.Authorize(b.Begin(""), "user_alice", "allow")))
		to, err := url.Parse(b.Begin(""))
		if err != nil {
			t.Fatal(err)
		}
		response := url.Values{"state": {to.Query().Get("state")}, "iss": {api.Issuer}, "error": {registrationToken},
			"error_description": {"no " + registrationToken}, "error_uri": {"https://a.example/" + registrationToken}}
		state := response["state"]
		response.Del("state")
		shows("an error without a login", get("/oauth_callback?"+response.Encode()))
		response["state"] = state
		shows("a login that is refused", get("/oauth_callback?"+response.Encode()))
	}
	if log := a.process.Err.String() + a.process.Out.String(); strings.Contains(log, registrationToken) {
		t.Errorf("the log is\n%s", log)
	}
	if n := api.Asked(testserver.RegisterRoute); n != 1 {
		t.Errorf("%d clients were registered", n)
	}
}

// A refusal that has the client's secrets in it, and in its words: the page, programs and the command login are
// told the words alone.
func TestRegistration_RefusalHidesSecrets(t *testing.T) {
	t.Parallel()
	const secret = "a-secret-of-nobody"
	api := testserver.StartAPI(t)
	for _, body := range []string{
		`{"error":"invalid_client_metadata","error_description":"no ` + secret + `","client_id":"c1","client_secret":"` + secret + `"}`,
		`{"client_id":"c1","client_secret":"` + secret + `","registration_access_token":"` + registrationToken + `"}`,
		"c1 has client_secret=" + secret,
	} {
		api.At(testserver.RegisterRoute, testserver.SendBody(400, "application/json", body))
		a := startAtAPI(t, map[string]string{"RESOURCE_URL": api.URL})
		b := newBrowser(t, a)
		p, base := startLogin(t, map[string]string{"RESOURCE_URL": api.URL}, "-timeout", "1m")
		r, err := http.Get(base + "/login" + p.LoginQuery(t))
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if code := p.Wait(t); code != 1 {
			t.Errorf("the command ends with %d", code)
		}
		page, answer := b.Get("/login"), b.GetJSON("/login")
		for what, text := range map[string]string{"the page": page.Body, "the answer for programs": answer.Body, "the command": p.Out.String(),
			"the log": a.process.Err.String() + p.Err.String()} {
			if strings.Contains(text, secret) || strings.Contains(text, registrationToken) || what != "the log" && !strings.Contains(text, "redacted") && !strings.Contains(text, "client_id: c1") {
				t.Errorf("of %s %s shows\n%s", body, what, text)
			}
		}
		if !strings.Contains(page.Body, "c1") || answer.Cause(t) != "registration-refused" {
			t.Errorf("of %s the page is\n%s\nand programs are told %s", body, page.Body, answer.Body)
		}
	}
}

// A registration whose answer cannot be used is asked for once, until .env is saved again or the program is started
// again, and the page says so. Neither a start nor check asks for one.
func TestRegistration_UnusableAskedOnce(t *testing.T) {
	t.Parallel()
	api := testserver.StartAPI(t)
	api.SetFaults(demo.RegisteredWithoutClientID)
	settings := "RESOURCE_URL=" + api.URL + "\n"
	r := startRereading(t, settings)
	r.p.WaitFor(t, "checked  ")
	registered := func(want int) {
		t.Helper()
		if n := api.Asked(testserver.RegisterRoute); n != want {
			t.Errorf("%d clients were registered; want %d", n, want)
		}
	}
	r.Get("/")
	r.Get("/check")
	check := startRun(t, map[string]string{"RESOURCE_URL": api.URL}, "check")
	check.Wait(t)
	registered(0)
	for range 3 {
		page := r.Get("/login").Body
		if !strings.Contains(page, "without a client_id") || !strings.Contains(page, "restart this app, or save .env again") {
			t.Errorf("the page does not say what has to be done:\n%s", page)
		}
	}
	registered(1)
	api.SetFaults()
	if name := r.GetJSON("/login").Cause(t); name != "registration-unusable" {
		t.Errorf("once it is mended, the failure is called %q", name)
	}
	registered(1)
	r.write(settings)
	if got := r.signIn(); got.StatusCode != http.StatusOK {
		t.Errorf("once .env is saved, the login was answered %d %s", got.StatusCode, got.Body)
	}
	registered(2)
}
