package main

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"oauth-test-client/internal/chromium"
	"oauth-test-client/internal/demo"
	"oauth-test-client/internal/testserver"
)

// The page of a login that starts at the API names the cause. Nothing is kept of a refused login: without the mistake, the
// same program signs in.
func TestCauses_LoginTellsAPIServer(t *testing.T) {
	t.Parallel()
	json := func(status int, body string) http.HandlerFunc {
		return testserver.SendBody(status, "application/json", body)
	}
	metadata := func(a *testserver.API, issuer string) string {
		return `{"issuer":"` + issuer + `","authorization_endpoint":"` + a.Issuer + `/authorize","token_endpoint":"` + a.Issuer + `/token"}`
	}
	for _, row := range []struct {
		name  string
		spoil func(*testserver.API)
		env   map[string]string
		words string // of who is at fault
	}{
		{"api-metadata-missing", func(a *testserver.API) {
			a.At(testserver.APIRoute, json(401, `{"error":"invalid_request"}`))
			a.At(testserver.ResourceMetadataRoute, http.NotFound)
		}, nil, "The API "},
		{"api-unreachable", func(a *testserver.API) {
			a.At(testserver.APIRoute, http.NotFound)
			a.At(testserver.ResourceMetadataRoute, http.NotFound)
		}, nil, "There is no API at"},
		{"api-failed", func(a *testserver.API) {
			a.At(testserver.APIRoute, testserver.SendBody(502, "text/html", "<h1>Bad Gateway</h1>"))
			a.At(testserver.ResourceMetadataRoute, testserver.SendBody(502, "text/html", "<h1>Bad Gateway</h1>"))
		}, nil, "returned 502 Bad Gateway for a call without a token"},
		{"rate-limited", func(a *testserver.API) {
			a.At(testserver.APIRoute, json(429, `{}`))
			a.At(testserver.ResourceMetadataRoute, json(429, `{}`))
		}, nil, "returned 429 Too Many Requests for a call without a token"},
		{"api-metadata-unusable", func(a *testserver.API) { a.SetFaults(demo.ResourceMetadataLoops) }, nil, "Fix the API"},
		{"api-metadata-of-another", func(a *testserver.API) { a.SetFaults(demo.ResourceMetadataLies) }, nil, "fix the API"},
		{"api-servers-unusable", func(a *testserver.API) { a.SetFaults(demo.ResourcePlainHTTP) }, nil, "Fix the API"},
		{"api-servers-unusable", func(a *testserver.API) { a.SetFaults(demo.ResourceFiftyServers) }, nil, "names 50 authorization servers"},
		{"registration-not-offered", func(a *testserver.API) { a.At(testserver.MetadataRoute, json(200, metadata(a, a.Issuer))) }, nil, "/oauth_callback"},
		{"registration-refused", func(a *testserver.API) {
			a.At(testserver.RegisterRoute, json(400, `{"error":"invalid_redirect_uri","error_description":"Value of one or more redirect_uris is invalid."}`))
		}, nil, "Value of one or more redirect_uris is invalid."},
		{"registration-unusable", func(a *testserver.API) { a.SetFaults(demo.RegisteredOtherURI) }, nil, "Create an OAuth application"},
		{"registration-unusable", func(a *testserver.API) { a.SetFaults(demo.RegisteredWithoutClientID) }, nil, "Create an OAuth application"},
		{"server-failed", func(a *testserver.API) { a.At(testserver.RegisterRoute, json(500, `{}`)) }, nil, "registration endpoint"},
	} {
		t.Run(row.name, func(t *testing.T) {
			api := testserver.StartAPI(t)
			env := map[string]string{"RESOURCE_URL": api.URL}
			for name, value := range row.env {
				env[name] = value
			}
			b := newBrowser(t, startAtAPI(t, env))
			if row.spoil != nil {
				row.spoil(api)
			}
			r := b.GetJSON("/login")
			if r.Cause(t) != row.name || !strings.Contains(r.Body, row.words) {
				t.Errorf("the failure is called %q: %s", r.Cause(t), r.Body)
			}
			page := b.Get("/login").Body
			if !strings.Contains(page, row.words) && !strings.Contains(page, strings.ReplaceAll(row.words, "'", "&#39;")) ||
				!strings.Contains(page, "The flow, step by step") {
				t.Errorf("the page lacks %q, or the steps:\n%s", row.words, page)
			}
			if row.spoil == nil {
				return
			}
			api.SetFaults()
			for _, route := range []string{testserver.APIRoute, testserver.ResourceMetadataRoute, testserver.MetadataRoute, testserver.RegisterRoute} {
				api.At(route, nil)
			}
			if row.name == "registration-unusable" { // which is asked for once in a process
				b = newBrowser(t, startAtAPI(t, env))
			}
			if r := b.Login(); r.StatusCode != http.StatusOK {
				t.Errorf("the sound login was answered %d %s", r.StatusCode, r.Body)
			}
		})
	}
}

// A server whose metadata doesn't mention client ID metadata documents is asked anyway. Only its refusal ends the login.
func TestCauses_LoginTellsClientDocument(t *testing.T) {
	t.Parallel()
	api := testserver.StartAPI(t)
	b := newBrowser(t, startAtAPI(t, map[string]string{"RESOURCE_URL": api.URL, "CLIENT_ID": "https://client.example/document"}))
	r := b.GetJSON("/login")
	sent, err := r.Location()
	if err != nil || sent.Query().Get("client_id") != "https://client.example/document" {
		t.Fatalf("the login was answered %d %s", r.StatusCode, r.Body)
	}
	back := url.Values{"error": {"invalid_client"}, "error_description": {"The client is not known."}, "state": {sent.Query().Get("state")}, "iss": {api.Issuer}}
	if r := b.GetJSON("/oauth_callback?" + back.Encode()); r.Cause(t) != "client-document-not-supported" {
		t.Errorf("the failure is called %q: %s", r.Cause(t), r.Body)
	}
}

// If the API moves to a different server, the configured client, which does not belong there, is not sent to it.
func TestCauses_LoginTellsOtherServer(t *testing.T) {
	t.Parallel()
	first, second := testserver.StartAPI(t), testserver.StartAPI(t)
	b := newBrowser(t, startAtAPI(t, map[string]string{"RESOURCE_URL": first.URL, "CLIENT_ID": "configured-client"}))
	if r := b.GetJSON("/login"); r.StatusCode != http.StatusFound {
		t.Fatalf("at the first server the login was answered %d %s", r.StatusCode, r.Body)
	}
	first.At(testserver.ResourceMetadataRoute, testserver.SendBody(200,
		"application/json", `{"resource":"`+first.URL+`","authorization_servers":["`+second.Issuer+`"]}`))
	if r := b.GetJSON("/login"); r.Cause(t) != "client-of-another-server" || !strings.Contains(r.Body, second.Issuer) {
		t.Errorf("at the second the failure is called %q: %s", r.Cause(t), r.Body)
	}
	if n := second.Asked("GET /demo/authorize") + second.Asked("POST /"); n > 0 {
		t.Errorf("the second server was sent the client %d times", n)
	}
}

// With only RESOURCE_URL, the program finds the server, registers, signs in, calls the API, refreshes and shows each step.
// Its new secret appears only in "Show for .env".
func TestAtAPI_RegistersAndSignsIn(t *testing.T) {
	t.Parallel()
	api := testserver.StartAPI(t)
	secret := ""
	api.At(testserver.RegisterRoute, func(w http.ResponseWriter, r *http.Request) {
		kept := new(keptAnswer)
		api.Server.ServeHTTP(kept, r)
		var answer struct {
			Secret string `json:"client_secret"`
		}
		json.Unmarshal(kept.body, &answer)
		secret = answer.Secret
		testserver.SendBody(kept.status, "application/json", strings.Replace(string(kept.body),
			"{", `{"registration_access_token":"registration-token-9c1f","registration_client_uri":"https://a.example/manage-me-77",`, 1))(w, r)
	})
	a := startAtAPI(t, map[string]string{"RESOURCE_URL": api.URL})
	a.process.WaitFor(t, "the first sign-in registers a client")
	b := newBrowser(t, a)
	if n := api.Asked("POST "); n != 0 {
		t.Fatalf("%d clients were registered by a start", n)
	}
	if r := b.GetJSON("/login?scope=a&scope=b"); r.StatusCode != http.StatusBadRequest || api.Asked("POST ") != 0 {
		t.Errorf("a login that cannot begin was answered %d, and registered %d clients", r.StatusCode, api.Asked("POST "))
	}
	if home := b.Get("/").Body; !strings.Contains(home, "Starts at an API") || !strings.Contains(home, api.Issuer) ||
		!strings.Contains(home, "the first sign-in registers one") {
		t.Errorf("the start page does not say what was found:\n%s", home)
	}
	to, err := url.Parse(b.Begin(""))
	if err != nil || to.Query().Get("resource") != api.URL || to.Query().Get("scope") != "profile" {
		t.Fatalf("the authorization request is %s", to)
	}
	if r := b.Get(b.Authorize(to.String(), "user_alice", "allow")); r.StatusCode != http.StatusOK || !strings.Contains(r.Body, "It works") {
		t.Fatalf("the login was answered %d %s", r.StatusCode, r.Body)
	}
	if r := b.GetJSON("/api"); r.StatusCode != http.StatusOK || !strings.Contains(r.Body, "Hello, Alice") {
		t.Errorf("the API answered %d %s", r.StatusCode, r.Body)
	}
	b.Ask("/refresh", false)
	wantRegisteredFlow(t, b, api, secret)
	b.Login()
	if n := api.Asked(testserver.RegisterRoute); n != 1 {
		t.Errorf("%d clients were registered by two logins", n)
	}
}

// keptAnswer records an answer before it is sent.
type keptAnswer struct {
	header http.Header
	status int
	body   []byte
}

func (k *keptAnswer) Header() http.Header {
	if k.header == nil {
		k.header = http.Header{}
	}
	return k.header
}
func (k *keptAnswer) WriteHeader(status int)      { k.status = status }
func (k *keptAnswer) Write(p []byte) (int, error) { k.body = append(k.body, p...); return len(p), nil }

// wantRegisteredFlow checks how a registration is shown, and that its secrets are not.
func wantRegisteredFlow(t *testing.T, b *testserver.Browser, api *testserver.API, secret string) {
	t.Helper()
	if secret == "" {
		t.Fatal("the server registered no secret")
	}
	for _, path := range []string{"/", "/session", "/api", "/flow", "/flow?tokens=full", "/flow.har", "/flow.md", "/check"} {
		page := b.Get(path).Body
		shown := strings.Replace(page, "CLIENT_SECRET=&#39;"+secret+"&#39;", "", 1) // the line for .env
		if (shown != page) != (path == "/session") {
			t.Errorf("%s has the line for .env: %v", path, shown != page)
		}
		for _, hidden := range []string{secret, secret[:12], "registration-token-9c1f", "manage-me-77"} {
			if strings.Contains(shown, hidden) {
				t.Errorf("%s shows %q", path, hidden)
			}
		}
	}
	if strings.Contains(b.GetJSON("/session").Body, secret) {
		t.Error("programs are told the secret")
	}
	md := b.Get("/flow.md").Body
	steps := regexp.MustCompile(`(?m)^\d+\. \*\*(.*?)\*\*`).FindAllStringSubmatch(md, -1)
	var names []string
	for _, step := range steps {
		names = append(names, step[1])
	}
	want := "API asked who issues its tokens, API metadata, metadata, client registration, authorization request, sign-in and consent, " +
		"authorization response, token request, API call, refresh"
	if got := strings.Join(names, ", "); !strings.HasPrefix(got, want) {
		t.Errorf("the steps are %s", got)
	}
	har := b.GetJSON("/flow.har").Body
	if n := strings.Count(har, "resource="+url.QueryEscape(api.URL)); n < 3 {
		t.Errorf("resource is in %d requests", n)
	}
}

// The pages of a start at an API, in a real browser: before a login, after it, one step up, and after a failure.
func TestAtAPI_PagesInChromium(t *testing.T) {
	t.Parallel()
	api := testserver.StartAPI(t)
	a := startAtAPI(t, map[string]string{"RESOURCE_URL": api.URL})
	a.process.WaitFor(t, "the first sign-in registers a client")
	c := chromium.Open(t)
	look := func(name, path, words string) {
		t.Helper()
		c.Go(a.Address + path)
		c.WaitFor(words)
		c.Shoot("api-" + name)
		c.Audit("api-" + name)
	}
	look("home-before", "/", "none yet: the first sign-in registers one")
	c.Go(a.Address + "/login")
	c.WaitFor("Alice")
	c.Press("button[value=user_alice]", "Allow")
	c.Press("button[value=allow]", "It works")
	c.Shoot("api-callback")
	look("flow", "/flow?step=4", "application_type")
	look("step", "/login?step=1", "Before the redirect")
	look("home-after", "/", "registered")
	look("check", "/check", "A login with these settings worked")
	c.Go(a.Address + "/session")
	c.Press("details.card summary", "CLIENT_SECRET=")
	c.Shoot("api-session")
	api.At(testserver.APIRoute, refusesForScope("notes"))
	look("step-up", "/api", "Sign in with profile notes")
	api.At(testserver.APIRoute, nil)
	for name, fault := range map[string]demo.Fault{"fifty": demo.ResourceFiftyServers, "lies": demo.ResourceMetadataLies, "other-uri": demo.RegisteredOtherURI} {
		api.SetFaults(fault)
		if fault == demo.RegisteredOtherURI { // of a program that has no client yet
			a = startAtAPI(t, map[string]string{"RESOURCE_URL": api.URL})
		}
		look(name, "/login", "flow, step by step")
	}
}

// refusesForScope returns a handler for an API that requires one more scope.
func refusesForScope(scope string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer error="insufficient_scope", scope="`+scope+`"`)
		testserver.SendBody(http.StatusForbidden, "application/json", `{"error":"insufficient_scope"}`)(w, r)
	}
}

// One more scope is offered while that can help: the login for it asks for all scopes. An API that always wants more does
// not cause endless logins.
func TestStepUp_AsksForAllScopes(t *testing.T) {
	t.Parallel()
	api := testserver.StartAPI(t)
	api.At(testserver.ResourceMetadataRoute, testserver.SendBody(200, "application/json",
		`{"resource":"`+api.URL+`","authorization_servers":["`+api.Issuer+`"],"scopes_supported":["notes","openid","email"]}`))
	b := newBrowser(t, startAtAPI(t, map[string]string{"RESOURCE_URL": api.URL, "SCOPES": "profile"}))
	b.Login()
	next := func() string {
		t.Helper()
		var answer struct {
			Status int
			Next   struct{ Path string }
		}
		if r := b.GetJSON("/api"); json.Unmarshal([]byte(r.Body), &answer) != nil || answer.Status == 0 {
			t.Fatalf("the API's answer is %d %s", r.StatusCode, r.Body)
		}
		return answer.Next.Path
	}
	if got := next(); got != "" {
		t.Errorf("an API that opens leads to %s", got)
	}
	var asked []string
	for _, scope := range []string{"notes", "openid", "email"} {
		api.At(testserver.APIRoute, refusesForScope(scope))
		path := next()
		if path == "" {
			break
		}
		to, err := url.Parse(b.Location(b.Get(path)))
		if err != nil {
			t.Fatal(err)
		}
		asked = append(asked, to.Query().Get("scope"))
		if to.Query().Get("resource") != api.URL {
			t.Errorf("a step up asks for the resource %q", to.Query().Get("resource"))
		}
		api.At(testserver.APIRoute, nil)
		b.Get(b.Authorize(to.String(), "user_alice", "allow"))
	}
	if got := strings.Join(asked, ", "); got != "profile notes, profile notes openid" {
		t.Errorf("the steps up asked for %q", got)
	}
}

// Several processes with one SESSION_SECRET start and finish each other's logins. A process that has not asked the API yet
// asks it on the way back, and registers nothing.
func TestAtAPI_FinishedByOtherProcess(t *testing.T) {
	t.Parallel()
	api := testserver.StartAPI(t)
	port := testserver.FreePort(t)
	answer, err := http.Post(api.Issuer+"/register", "application/json", strings.NewReader(
		`{"redirect_uris":["http://127.0.0.1:`+port+`/oauth_callback"],"application_type":"native","token_endpoint_auth_method":"none"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var client struct {
		ID string `json:"client_id"`
	}
	if json.NewDecoder(answer.Body).Decode(&client) != nil || client.ID == "" {
		t.Fatalf("the registration answered %d", answer.StatusCode)
	}
	env := map[string]string{"RESOURCE_URL": api.URL, "CLIENT_ID": client.ID, "SESSION_SECRET": "a secret of several processes"}
	first := startAppAt(t, port, env)
	api.At(testserver.APIRoute, testserver.SendBody(500, "text/plain", "down"))
	api.At(testserver.ResourceMetadataRoute, testserver.SendBody(500, "text/plain", "down"))
	env["BASE_URL"] = first.Address
	second := startAtAPI(t, env)
	second.process.WaitFor(t, "checked")
	api.At(testserver.APIRoute, nil)
	api.At(testserver.ResourceMetadataRoute, nil)
	b := newBrowser(t, first)
	back := strings.Replace(b.Authorize(b.Begin(""), "user_alice", "allow"), first.Address, second.Address, 1)
	b.Host = strings.TrimPrefix(first.Address, "http://")
	if r := b.Get(back); r.StatusCode != http.StatusOK || !strings.Contains(r.Body, "It works") {
		t.Errorf("the other process answered %d:\n%s", r.StatusCode, r.Body)
	}
	if n := api.Asked(testserver.RegisterRoute); n != 1 {
		t.Errorf("%d clients were registered; the test registered one", n)
	}
}

// The README's example, in a real browser: the demo runs, and a second program knows only its API.
func TestAtAPI_DemoInChromium(t *testing.T) {
	t.Parallel()
	running := startApp(t, map[string]string{"BASE_URL": "http://localhost:PORT"})
	a := startAtAPI(t, map[string]string{"BASE_URL": "http://localhost:PORT", "RESOURCE_URL": running.Cfg.BaseURL + "/demo/api/me"})
	a.process.WaitFor(t, "the first sign-in registers a client")
	c := chromium.Open(t)
	c.Go(a.Cfg.BaseURL + "/")
	c.Press(".verdict .go a.button", "Alice")
	c.Press("button[value=user_alice]", "Allow")
	c.Press("button[value=allow]", "It works")
	c.Press(".verdict .go a.button", "Hello, Alice")
}

var envLine = regexp.MustCompile(`<code id="env">([^<]*)</code>`)

// A change of .env that is none keeps the client that was registered. The lines that keep it for good make it a
// configured one, and the session goes on.
func TestReread_KeepsRegisteredClient(t *testing.T) {
	t.Parallel()
	api := testserver.StartAPI(t)
	settings := "RESOURCE_URL=" + api.URL + "\n"
	r := startRereading(t, settings)
	if got := r.signIn(); got.StatusCode != http.StatusOK {
		t.Fatalf("the login was answered %d %s", got.StatusCode, got.Body)
	}
	r.write(settings)
	if got := r.signIn(); got.StatusCode != http.StatusOK || api.Asked(testserver.RegisterRoute) != 1 {
		t.Errorf("after a change that is none: %d, %d clients", got.StatusCode, api.Asked(testserver.RegisterRoute))
	}
	lines := envLine.FindStringSubmatch(r.Get("/session").Body)
	if lines == nil {
		t.Fatal("the session page has no lines for .env")
	}
	r.write(settings + html.UnescapeString(lines[1]) + "\n")
	if got := r.signIn(); got.StatusCode != http.StatusOK || api.Asked(testserver.RegisterRoute) != 1 {
		t.Errorf("with the lines in .env: %d, %d clients\n%s", got.StatusCode, api.Asked(testserver.RegisterRoute), got.Body)
	}
	if page := r.Get("/session").Body; envLine.MatchString(page) || !strings.Contains(page, "Your session") {
		t.Error("a configured client is shown for .env")
	}
	if got := r.GetJSON("/api"); !strings.Contains(got.Body, "Hello, Alice") {
		t.Errorf("the API answered %s", got.Body)
	}
}

// If the server has forgotten the client that it registered, the page says so: no line of .env is wrong.
func TestCallback_ForgottenClient(t *testing.T) {
	t.Parallel()
	api := testserver.StartAPI(t)
	b := newBrowser(t, startAtAPI(t, map[string]string{"RESOURCE_URL": api.URL}))
	back := b.Authorize(b.Begin(""), "user_alice", "allow")
	api.At("POST /demo/token", testserver.SendBody(401, "application/json", `{"error":"invalid_client"}`))
	r := b.GetJSON(back)
	if r.Cause(t) != "client-secret-wrong" || !strings.Contains(r.Body, "Restart this app") || strings.Contains(r.Body, "CLIENT_SECRET") {
		t.Errorf("the login was answered %d %s", r.StatusCode, r.Body)
	}
	b.Begin("")
	if page := b.Get("/").Body; !strings.Contains(page, "lost this client") || strings.Contains(page, "The redirect URI is not registered") {
		t.Errorf("the start page says\n%s", page)
	}
}

// What /misuse tries after a login that began at an API names the API, too: nothing dangerous gets through at the
// sound demo server, and every control is accepted.
func TestMisusePage_AtAPI(t *testing.T) {
	t.Parallel()
	api := testserver.StartAPI(t)
	b := newBrowser(t, startAtAPI(t, map[string]string{"RESOURCE_URL": api.URL}))
	b.Login()
	run := b.PlayMisuse(func(address string) string { return b.Authorize(address, "user_alice", "allow") })
	if run.Played != 6 || run.Result != "ok" {
		t.Errorf("after %d logins the report is %+v", run.Played, run)
	}
	har := b.GetJSON("/flow.har").Body
	if asked, named := strings.Count(har, "grant_type="), strings.Count(har, "&resource="+url.QueryEscape(api.URL)); asked < 9 || named < asked {
		t.Errorf("of %d token requests %d name the API", asked, named)
	}
}

// startAtAPI is the program once its search at the start is over: a login that comes earlier shares it, and what
// a test changes meanwhile would not be seen.
func startAtAPI(t *testing.T, env map[string]string) *app {
	t.Helper()
	a := startProgram(t, env)
	a.process.WaitFor(t, "checked  ")
	return a
}
