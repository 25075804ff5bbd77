package acceptance

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"oauth-test-client/internal/testserver"
)

// A login belongs to the issuer, token endpoint, client ID and redirect URI that it was begun with (RFC
// 9700 section 4.4.2). Where one of them has changed by the callback, the code is sent nowhere. Each row
// is a second process with the same SESSION_SECRET, as after a restart with other settings.
func TestCodeStaysWithItsServer(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(env map[string]string, other *testserver.Liar)
		status int
	}{
		{"nothing", func(map[string]string, *testserver.Liar) {}, 200},
		{"another issuer", func(env map[string]string, other *testserver.Liar) {
			env["TOKEN_ENDPOINT"] = env["ISSUER"] + "/token" // the same one
			env["ISSUER"] = other.Issuer
		}, 400},
		{"another token endpoint", func(env map[string]string, other *testserver.Liar) { env["TOKEN_ENDPOINT"] = other.Issuer + "/token" }, 400},
		{"another client ID", func(env map[string]string, _ *testserver.Liar) { env["CLIENT_ID"] = "other-client" }, 400},
		{"another redirect URI", func(env map[string]string, _ *testserver.Liar) { env["BASE_URL"] = "http://127.0.0.1:PORT" }, 400},
	} {
		t.Run(row.name, func(t *testing.T) {
			first, second := testserver.StartLiar(t), testserver.StartLiar(t)
			env := first.Env()
			env["SESSION_SECRET"] = "0123456789abcdef"
			one := startApp(t, env)
			env["BASE_URL"] = one.Cfg.BaseURL
			row.change(env, second)
			two := startApp(t, env)
			b := newBrowser(t, one)
			callback, _ := url.Parse(first.Approve(t, b.Begin("")))
			q := callback.Query()
			q.Set("iss", two.Cfg.Issuer) // a server that goes for the other's codes names itself right
			callback.RawQuery = q.Encode()
			req, _ := http.NewRequest(http.MethodGet, two.Address+callback.RequestURI(), nil)
			req.Host = strings.TrimPrefix(two.Cfg.BaseURL, "http://")
			for _, c := range b.Client.Jar.Cookies(callback) {
				c.Name = strings.Replace(c.Name, "_"+portOf(t, one.Cfg.BaseURL)+"_", "_"+portOf(t, two.Cfg.BaseURL)+"_", 1)
				req.AddCookie(c)
			}
			req.Header.Set("Accept", "*/*")
			r := newBrowser(t, two).Do(req)
			sent := first.Asked("POST /token") + second.Asked("POST /token")
			if row.status == 200 {
				if r.StatusCode != 200 || sent != 1 {
					t.Errorf("with the same settings the callback answered %d %s", r.StatusCode, r.Body)
				}
				return
			}
			if r.StatusCode != row.status || sent != 0 {
				t.Errorf("answered %d and sent %d codes: %s", r.StatusCode, sent, r.Body)
			}
			if row.name != "another redirect URI" { // there the cookie does not even open
				r.WantError(t, 400, "other_server", "begun with other settings")
			}
		})
	}
}

func portOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Port()
}

// Tokens of one server go to no other, whatever is asked for, though the session is still there: two
// processes share a Redis, and the second has other settings.
func TestTokensStayWithTheirServer(t *testing.T) {
	redis := startRedis(t, freePort(t))
	first, second := testserver.StartLiar(t), testserver.StartLiar(t)
	for _, l := range []*testserver.Liar{first, second} {
		l.Other = testserver.SendBody(200, "application/json", `{"sub":"user-1","active":true}`)
		l.Document = func(d map[string]any) {
			d["introspection_endpoint"], d["revocation_endpoint"], d["end_session_endpoint"] = l.Issuer+"/introspect", l.Issuer+"/revoke", l.Issuer+"/logout"
		}
	}
	env := redis.onRedis(first.Env())
	env["RESOURCE_URL"] = first.Issuer + "/api"
	one := startApp(t, env)
	env["BASE_URL"], env["ISSUER"], env["RESOURCE_URL"] = one.Cfg.BaseURL, second.Issuer, second.Issuer+"/api"
	two := startApp(t, env)
	b := newBrowser(t, one)
	callback := first.Approve(t, b.Begin(""))
	if r := b.GetJSON(callback); r.StatusCode != 200 {
		t.Fatalf("the login answered %d %s", r.StatusCode, r.Body)
	}
	first.Response = func(response map[string]any) { delete(response, "id_token") } // the liar's has a nonce only at a login
	at := func(a *app) *testserver.Browser {                                        // the same browser, after a restart
		other := newBrowser(t, a)
		u, _ := url.Parse(a.Address)
		other.Client.Jar.SetCookies(u, b.Client.Jar.Cookies(u))
		other.Host = strings.TrimPrefix(one.Cfg.BaseURL, "http://")
		return other
	}
	for _, path := range []string{"/session", "/userinfo", "/api", "/tokeninfo", "/refresh", "/flow", "/flow.har", "/revoke"} {
		at(two).Ask(path, false).WantError(t, 401, "no_token", "issued with other settings")
		if r := at(one).Ask(path, false); r.StatusCode != 200 {
			t.Errorf("%s at its own server answered %d %s", path, r.StatusCode, r.Body)
		}
	}
	reload := at(two)
	u, _ := url.Parse(callback)
	reload.GetJSON(two.Address+u.RequestURI()).WantError(t, 400, "other_server", "")
	steps := stepsAt(t, one, b, first)
	for _, address := range []string{"/step?login=" + steps, "/step?show=api&login=" + steps} {
		at(two).GetJSON(two.Address+address).WantError(t, 400, "other_server", "")
		if r := at(one).GetJSON(one.Address + address); r.StatusCode != 200 {
			t.Errorf("%s at its own server answered %d %s", address, r.StatusCode, r.Body)
		}
	}
	for a, want := range map[*app]int{one: 303, two: 400} {
		if r := at(a).Post("/step", url.Values{"login": {steps}, "do": {"api"}}); r.StatusCode != want {
			t.Errorf("the step to the API answered %d %s; want %d", r.StatusCode, r.Body, want)
		}
	}
	for _, request := range []string{"GET /userinfo", "GET /api", "POST /introspect", "POST /revoke", "POST /token"} {
		if n := second.Asked(request); n != 0 {
			t.Errorf("the second server was sent %d times %s", n, request)
		}
		if first.Asked(request) == 0 {
			t.Errorf("the first server was not asked %s", request)
		}
	}
	if r := at(two).Ask("/logout", false); r.StatusCode != 200 || strings.Contains(r.Body, "end_session_uri") {
		t.Errorf("the logout sends the ID token to another server: %d %s", r.StatusCode, r.Body)
	}
}

// While the server of the settings cannot be found it is not known whether the tokens are its own, so they go
// nowhere, and not to its API either; not even when it is found in the middle of a request.
func TestTokensStayWhileTheServerIsAway(t *testing.T) {
	redis := startRedis(t, freePort(t))
	first, second := testserver.StartLiar(t), testserver.StartLiar(t)
	for _, l := range []*testserver.Liar{first, second} {
		l.Other = testserver.SendBody(200, "application/json", `{"sub":"user-1"}`)
		l.Response = func(response map[string]any) { delete(response, "id_token") }
	}
	var away atomic.Int64 // so many more requests
	second.Metadata = func(w http.ResponseWriter, _ *http.Request) {
		if away.Add(-1) >= 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		testserver.SendJSON(w, map[string]any{
			"issuer":                 second.Issuer,
			"authorization_endpoint": second.Issuer + "/authorize",
			"token_endpoint":         second.Issuer + "/token",
			"userinfo_endpoint":      second.Issuer + "/userinfo",
		})
	}
	env := redis.onRedis(first.Env())
	env["RESOURCE_URL"] = first.Issuer + "/api"
	one := startApp(t, env)
	b := newBrowser(t, one)
	steps := stepsAt(t, one, b, first)
	env["BASE_URL"], env["ISSUER"], env["RESOURCE_URL"] = one.Cfg.BaseURL, second.Issuer, second.Issuer+"/api"
	for _, row := range []struct {
		name   string
		times  int64 // that it is not found
		status int
	}{{"away", 1 << 40, 502}, {"away at first", 1, 400}} {
		away.Store(1 << 40)
		two := startApp(t, env)
		two.process.waitFor(t, "checked  ")
		other := newBrowser(t, two)
		u, _ := url.Parse(two.Address)
		other.Client.Jar.SetCookies(u, b.Client.Jar.Cookies(u))
		other.Host = strings.TrimPrefix(one.Cfg.BaseURL, "http://")
		other.Accept = "*/*"
		for name, ask := range map[string]func() testserver.Reply{
			"/api":      func() testserver.Reply { return other.Ask("/api", false) },
			"/userinfo": func() testserver.Reply { return other.Ask("/userinfo", false) },
			"/step":     func() testserver.Reply { return other.Post("/step", url.Values{"login": {steps}, "do": {"api"}}) },
		} {
			away.Store(row.times)
			if r := ask(); r.StatusCode != row.status && r.StatusCode != 401 {
				t.Errorf("the server is %s, and %s answered %d %s", row.name, name, r.StatusCode, r.Body)
			}
		}
	}
	if n := second.Asked("GET /api") + second.Asked("GET /userinfo"); n > 0 {
		t.Errorf("the first server's token went to the second one %d times", n)
	}
	if r := b.Post("/step", url.Values{"login": {steps}, "do": {"api"}}); r.StatusCode != 303 || first.Asked("GET /api") != 3 {
		t.Errorf("at its own server the step to the API answered %d %s", r.StatusCode, r.Body)
	}
}

// stepsAt finishes a login step by step, and returns what names it at /step.
func stepsAt(t *testing.T, a *app, b *testserver.Browser, l *testserver.Liar) string {
	t.Helper()
	var step struct {
		To    string `json:"authorization_uri"`
		Login string `json:"login"`
	}
	if r := b.GetJSON("/login?step=1&scope=email"); json.Unmarshal([]byte(r.Body), &step) != nil || step.To == "" {
		t.Fatalf("the first step answered %d %s", r.StatusCode, r.Body)
	}
	if r := b.GetJSON(l.Approve(t, step.To)); r.StatusCode != 200 {
		t.Fatalf("the third step answered %d %s", r.StatusCode, r.Body)
	}
	if r := b.Post("/step", url.Values{"login": {step.Login}, "do": {"exchange"}}); r.StatusCode != http.StatusSeeOther {
		t.Fatalf("the exchange answered %d %s", r.StatusCode, r.Body)
	}
	return step.Login
}
