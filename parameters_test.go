package main

import (
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"oauth-test-client/internal/testserver"
)

// The parameters of a login, and those of the settings for every login, arrive at the server: straight and step by step, if
// the request is pushed, if the address is pasted, and if the login starts at an API.
func TestParameters_Arrive(t *testing.T) {
	t.Parallel()
	given := url.Values{"organization": {"org 1&2"}, "claims": {`{"id_token":{"auth_time":{"essential":true}}}`}, "kc_idp_hint": {"é"}, "login_hint": {"alice"}}
	const settings = "access_type=offline&login_hint=bob"
	want := url.Values{"access_type": {"offline"}}
	for name, values := range given {
		want[name] = values
	}
	check := func(t *testing.T, name string, got url.Values) {
		t.Helper()
		for name, values := range want {
			if len(got[name]) != 1 || got[name][0] != values[0] {
				t.Errorf("%s arrives as %q; want %q", name, got[name], values)
			}
		}
		if got.Has("step") || got.Has("params") || got.Get("code_challenge") == "" {
			t.Errorf("%s: the request is %v", name, got)
		}
	}
	queryOf := func(address string) url.Values {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		return u.Query()
	}
	inField := url.Values{"params": {given.Encode()}}.Encode()
	for entrance, env := range testserver.Entrances(testserver.StartFakeServer(t).Env()) {
		env["AUTHORIZATION_PARAMS"] = settings
		b := newBrowser(t, startApp(t, env))
		check(t, "straight"+entrance, queryOf(b.Begin("?"+given.Encode())))
		check(t, "in the free field"+entrance, queryOf(b.Begin("?"+inField)))
		check(t, "step by step"+entrance, queryOf(b.BeginInSteps("&"+given.Encode())))
	}

	l := testserver.StartFakeServer(t)
	pushed := make(chan url.Values, 2)
	l.Document = func(d map[string]any) { d["pushed_authorization_request_endpoint"] = l.Issuer + "/par" }
	l.Around(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/par" {
				next.ServeHTTP(w, r)
				return
			}
			r.ParseForm()
			pushed <- r.PostForm
			w.WriteHeader(http.StatusCreated)
			w.Write([]byte(`{"request_uri":"urn:ietf:params:oauth:request_uri:1","expires_in":60}`))
		})
	})
	env := l.Env()
	env["AUTHORIZATION_PARAMS"], env["PAR"] = settings, "on"
	b := newBrowser(t, startApp(t, env))
	wantPushed(t, b.Begin("?"+given.Encode()))
	check(t, "pushed", <-pushed)
	wantPushed(t, b.BeginInSteps("&"+given.Encode()))
	check(t, "pushed, step by step", <-pushed)

	api := testserver.StartAPI(t)
	b = newBrowser(t, startAtAPI(t, map[string]string{"RESOURCE_URL": api.URL, "AUTHORIZATION_PARAMS": settings}))
	check(t, "at an API", queryOf(b.Begin("?"+given.Encode())))
}

// After a login its parameters are in the flow and in its files, and "Sign in again" asks for those that the login
// named; what the settings had is for the settings to say again. A JWT among them is in no file.
func TestParameters_Again(t *testing.T) {
	t.Parallel()
	const token = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1c2VyXzEyMzQ1Njc4OTAifQ.c2lnbmF0dXJlLXNpZ25hdHVyZS1zaWduYXR1cmU"
	l := testserver.StartFakeServer(t)
	env := l.Env()
	env["AUTHORIZATION_PARAMS"] = "access_type=offline&hd=example.com"
	b := newBrowser(t, startApp(t, env))
	given := url.Values{"organization": {"org_1"}, "login_ticket": {token}, "x": {"before " + token + " after"}}
	done := b.Get(l.Approve(t, b.Begin("?"+given.Encode())))
	for name, page := range map[string]string{"the result": done.Body, "/session": b.Get("/session").Body} {
		again := regexp.MustCompile(`href="(/login[^"]*)">Sign in again`).FindStringSubmatch(page)
		if again == nil || html.UnescapeString(again[1]) != "/login?"+given.Encode() {
			t.Errorf("%s: sign in again leads to %q; want %s", name, again, given.Encode())
		}
	}
	flow := b.Get("/flow?step=1").Body
	for _, word := range []string{"org_1", "access_type", "offline", "example.com"} {
		if !strings.Contains(flow, word) {
			t.Errorf("the flow lacks %s", word)
		}
	}
	for name, text := range map[string]string{"the flow": flow, "the HAR": b.GetJSON("/flow.har").Body, "the Markdown": b.GetJSON("/flow.md").Body} {
		if strings.Contains(text, token) || strings.Contains(text, "c2lnbmF0dXJlLXNpZ25hdHVyZS1zaWduYXR1cmU") {
			t.Errorf("%s has the JWT", name)
		}
		if name != "the Markdown" && !strings.Contains(text, "org_1") { // which has no parameters
			t.Errorf("%s lacks the organization", name)
		}
	}
	if full := b.Get("/flow?tokens=full&step=1").Body; !strings.Contains(full, token) {
		t.Error("in full the flow lacks the JWT")
	}
}

// id_token_hint=session sends the ID token of the session, to its own server alone. It is in no address of this app, and
// in the flow cut short.
func TestParameters_HintOfSession(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	a := startApp(t, l.Env())
	b := newBrowser(t, a)
	b.GetJSON("/login?id_token_hint=session").WantError(t, http.StatusUnauthorized, "no_token", "Sign in first")
	b.GetJSON("/login?id_token_hint=session&step=1").WantError(t, http.StatusUnauthorized, "no_token", "Sign in first")
	var answer struct {
		ID string `json:"id_token"`
	}
	if r := b.GetJSON(l.Approve(t, b.Begin(""))); json.Unmarshal([]byte(r.Body), &answer) != nil {
		t.Fatal(r.Body)
	}
	to, err := url.Parse(b.Begin("?id_token_hint=session&prompt=none"))
	if err != nil || to.Query().Get("id_token_hint") != answer.ID || answer.ID == "" {
		t.Fatalf("the request is %s; want the hint %s", to, answer.ID)
	}
	steps, err := url.Parse(b.BeginInSteps("&id_token_hint=session"))
	if err != nil || steps.Query().Get("id_token_hint") != answer.ID {
		t.Errorf("step by step the request is %s", steps)
	}
	a.Log.Secret(answer.ID)
	done := b.Get(l.Approve(t, to.String()))
	if !strings.Contains(done.Body, "id_token_hint=session") || strings.Contains(done.Body, "id_token_hint="+answer.ID) {
		t.Errorf("sign in again does not ask for the same:\n%s", done.Body)
	}
	for name, text := range map[string]string{"the flow": b.Get("/flow?tokens=full&step=1").Body, "the HAR": b.GetJSON("/flow.har").Body,
		"the Markdown": b.GetJSON("/flow.md").Body} {
		if strings.Contains(text, "id_token_hint="+answer.ID) || name != "the Markdown" && !strings.Contains(text, "id_token_hint") {
			t.Errorf("%s has the ID token, or no hint at all", name)
		}
	}

	for name, status := range map[string]int{"the same server": http.StatusFound, "another server": http.StatusUnauthorized, "another server that fails at first": http.StatusBadRequest} {
		cfg := a.server.cfg
		if name != "the same server" {
			other := testserver.StartFakeServer(t)
			cfg.Issuer = other.Issuer
			var asked atomic.Int32
			other.Around(func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if name != "another server" && asked.Add(1) == 1 {
						w.WriteHeader(http.StatusServiceUnavailable)
						return
					}
					next.ServeHTTP(w, r)
				})
			})
		}
		r := httptest.NewRequest(http.MethodGet, a.Cfg.BaseURL+"/login?id_token_hint=session", nil)
		here, _ := url.Parse(a.Address)
		for _, c := range b.Client.Jar.Cookies(here) {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		next := *a.server
		next.configure(cfg.Effective(), nil)
		next.handler(nil).ServeHTTP(w, r)
		if w.Code != status || strings.Contains(w.Header().Get("Location"), "id_token_hint=eyJ") != (status == http.StatusFound) {
			t.Errorf("%s: the login is answered %d %s %s", name, w.Code, w.Header().Get("Location"), w.Body)
		}
	}
}

// Step by step the page shows a JWT cut short, the browser leaves with all of it, and so it does when the request was
// changed. What is changed to what the settings say is for the settings to say again.
func TestParameters_TokensInSteps(t *testing.T) {
	t.Parallel()
	const token = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ1c2VyXzEyMzQ1Njc4OTAifQ.c2lnbmF0dXJlLXNpZ25hdHVyZS1zaWduYXR1cmU"
	l := testserver.StartFakeServer(t)
	env := l.Env()
	env["AUTHORIZATION_PARAMS"] = "hd=example.com"
	b := newBrowser(t, startApp(t, env))
	var answer struct {
		ID string `json:"id_token"`
	}
	if r := b.GetJSON(l.Approve(t, b.Begin(""))); json.Unmarshal([]byte(r.Body), &answer) != nil || answer.ID == "" {
		t.Fatal(r.Body)
	}
	first := b.Location(b.Get("/login?step=1&id_token_hint=session&ticket=" + token))
	handle := first[strings.Index(first, "login=")+6:][:8]
	page := b.Get(first).Body
	if shown := regexp.MustCompile(`(?s)<pre class="address">.*?</pre>`).FindString(page); strings.Contains(shown, token) || !strings.Contains(shown, "ticket=eyJhbGci…") {
		t.Errorf("the address that is shown has a token whole, or lacks it:\n%s", shown)
	}
	if strings.Contains(page, answer.ID) {
		t.Error("the page has the ID token of the session")
	}
	b.Location(b.Post("/step", url.Values{"login": {handle}, "do": {"edit"}, "id_token_hint": {"session"}, "ticket": {token}, "hd": {"example.com"},
		"prompt": {"login"}, "params": {"organization=org_1"}}))
	to := b.Location(b.Get("/step?do=leave&login=" + handle))
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"id_token_hint": answer.ID, "ticket": token, "hd": "example.com", "prompt": "login", "organization": "org_1"} {
		if got := u.Query()[name]; len(got) != 1 || got[0] != want {
			t.Errorf("%s is %q; want %q", name, got, want)
		}
	}
	b.TakeStep(b.Get(l.Approve(t, to)))
	again := regexp.MustCompile(`href="(/login[^"]*)">Sign in again`).FindStringSubmatch(b.Get("/session").Body)
	if again == nil || !strings.Contains(again[1], "organization=org_1") || strings.Contains(again[1], "hd=") {
		t.Errorf("sign in again leads to %q", again)
	}
}

// A parameter that can't be sent is refused with the reason. Then no request goes to the server, no login waits, and no
// client is registered.
func TestParameters_Refused(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	env := l.Env()
	env["PAR"] = "on"
	l.Document = func(d map[string]any) { d["pushed_authorization_request_endpoint"] = l.Issuer + "/par" }
	api := testserver.StartAPI(t)
	apps := map[string]*testserver.Browser{"pushed": newBrowser(t, startApp(t, env)), "at an API": newBrowser(t, startAtAPI(t, map[string]string{"RESOURCE_URL": api.URL}))}
	registered := api.Asked("POST ")
	many := url.Values{}
	for i := range 300 {
		many.Set("p"+strings.Repeat("i", i%90)+string(rune('a'+i%26)), "x")
	}
	for _, row := range []struct{ name, query, words string }{
		{"a protocol's own", "redirect_uri=https%3A%2F%2Fevil.example", "Set BASE_URL or REDIRECT_URI"},
		{"in the free field", "params=state%3Dx", "The parameter state can't be set in a login: it ties the response to this browser"},
		{"twice", "hd=a&hd=b", "The parameter hd appears more than once"},
		{"without a name", "=x", "The parameters include one without a name"},
		{"a control character", "hd=a%0Ab", "The parameter hd has a control character"},
		{"300 of them", many.Encode(), "The parameters are more than 30"},
		{"100 KB", "a=" + strings.Repeat("x", 100<<10), "The parameters have more than 1 KB together"},
		{"with the scopes too long", "a=" + strings.Repeat("x", 1010), "The parameters have more than 1 KB together"},
	} {
		for name, b := range apps {
			if strings.HasPrefix(row.name, "with the scopes") && name == "at an API" {
				continue // which has to be asked for its scopes first
			}
			for _, step := range []string{"", "&step=1"} {
				r := b.GetJSON("/login?" + row.query + step)
				r.WantError(t, http.StatusBadRequest, "invalid_request", row.words)
				if len(r.Cookies()) > 0 {
					t.Errorf("%s, %s: cookies %v", name, row.name, r.Cookies())
				}
			}
		}
	}
	if n := l.Asked("POST ") + api.Asked("POST ") - registered; n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}
