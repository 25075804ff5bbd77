package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/flow"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/session"
	"oauth-test-client/internal/testserver"

	"github.com/joho/godotenv"
)

func TestTokenRoutes_WithoutToken(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	b := newBrowser(t, a)
	if r := b.Ask("/nothing-here", true); !strings.Contains(r.Body, "<h1>Page not found</h1>") || strings.Contains(r.Body, "not_found") ||
		strings.Contains(r.Body, "What happened") {
		t.Errorf("the page repeats what its heading says:\n%s", r.Body)
	}
	for path, marked := range map[string]string{"/session": "Session", "/flow": "Flow"} {
		if page := b.Ask(path, true).Body; !strings.Contains(page, "What you get after sign-in") || !strings.Contains(page, `aria-current="page">`+marked+`<`) {
			t.Errorf("%s does not say what it will show, or does not mark itself:\n%s", path, page)
		}
	}
	for path := range testserver.TokenRoutes {
		b.Ask(path, false).WantError(t, http.StatusUnauthorized, "no_token", "Sign in first")
		if r := b.Ask(path, true); r.StatusCode != 401 || !strings.Contains(r.Body, "This app has no tokens") ||
			!strings.Contains(r.Body, `href="/login?prompt=consent"`) {
			t.Errorf("the page of %s answered %d:\n%s", path, r.StatusCode, r.Body)
		}
	}
}

// Every route with a token that works, at the demo server and at one of Clerk's shape, which names
// its endpoints nowhere.
func TestTokenRoutes_DemoAndClerk(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T) *app{"demo": func(t *testing.T) *app { return startApp(t, nil) }, "Clerk over TLS": startAppAtClerk} {
		t.Run(name, func(t *testing.T) {
			a := start(t)
			b := newBrowser(t, a)
			b.Login()
			var answer struct {
				Status  int             `json:"status"`
				Headers map[string]any  `json:"headers"`
				Body    json.RawMessage `json:"body"`
				Changes []flow.Change   `json:"changes"`
			}
			for path, words := range map[string]string{
				"/userinfo":  `"email": "alice@example.com"`,
				"/tokeninfo": `"active": true`,
				"/refresh":   `"access_token"`,
			} {
				r := b.Ask(path, false)
				if r.StatusCode != 200 || !strings.Contains(r.Body, words) {
					t.Errorf("%s answered %d %s", path, r.StatusCode, r.Body)
				}
				if page := b.Ask(path, true); page.StatusCode != 200 || !strings.Contains(page.Body, "200 OK") {
					t.Errorf("the page of %s answered %d:\n%s", path, page.StatusCode, page.Body)
				}
			}
			r := b.Ask("/refresh", false)
			if err := json.Unmarshal([]byte(r.Body), &answer); err != nil || answer.Status != 200 || answer.Headers["Content-Type"] != "application/json" ||
				!answer.Changes[0].Changed || !answer.Changes[1].Changed {
				t.Errorf("/refresh answered %v %s", err, r.Body)
			}
			var tokens struct {
				Access string `json:"access_token"`
			}
			json.Unmarshal(answer.Body, &tokens)
			a.Log.Secret(tokens.Access)

			info := b.Ask("/tokeninfo", false)
			if !strings.Contains(info.Body, `"access_token": {`) || !strings.Contains(info.Body, `"refresh_token": {`) {
				t.Errorf("/tokeninfo answered %s", info.Body)
			}
			session := b.Ask("/session", false)
			if session.StatusCode != 200 || !strings.Contains(session.Body, `"sub": "user_alice"`) || strings.Contains(session.Body, tokens.Access) {
				t.Errorf("/session answered %d %s", session.StatusCode, session.Body)
			}
			page := b.Ask("/session", true)
			for _, want := range []string{"Signed in as Alice Example", "data-countdown", "Access token: authorizes calls to the API", "as in RFC 9068"} {
				if !strings.Contains(page.Body, want) {
					t.Errorf("the session page lacks %q", want)
				}
			}
			if !strings.Contains(page.Header.Get("Content-Security-Policy"), "form-action 'self'") {
				t.Error("the forms of the session page may go anywhere")
			}
			revoked := b.Ask("/revoke", false)
			if revoked.StatusCode != 200 || strings.Count(revoked.Body, "has deleted the token") != 2 {
				t.Errorf("/revoke answered %d %s", revoked.StatusCode, revoked.Body)
			}
			flow := keptLogins(t, a, b)[0].Steps
			if first := flow[len(flow)-2].RequestBody; !strings.Contains(first, "token_type_hint=refresh_token") {
				t.Errorf("the first revocation was %s; want the refresh token's", first)
			}
			for _, path := range []string{"/userinfo", "/refresh", "/tokeninfo", "/revoke"} {
				b.Ask(path, false).WantError(t, 401, "no_token", "")
			}
			for path, heading := range map[string]string{"/userinfo": "The access token was revoked", "/tokeninfo": "The tokens were revoked"} {
				if page := b.Ask(path, true); !strings.Contains(page.Body, "<h1>"+heading+"</h1>") || strings.Contains(page.Body, "verdict bad") {
					t.Errorf("the page of %s is not headed %q, or is called bad:\n%s", path, heading, page.Body)
				}
			}
			if page := b.Ask("/session", true); !strings.Contains(page.Body, "this app has no token") || !strings.Contains(page.Body, "disabled") {
				t.Errorf("the session page offers what cannot be done:\n%s", page.Body)
			}
		})
	}
}

// An expired access token is for the server to refuse, and the page shows the refusal.
func TestTokenRoutes_ExpiredToken(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var mu sync.Mutex
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	a := startAppOn(t, listenLoopback(t), nil, clock)
	b := newBrowser(t, a)
	b.Login()
	mu.Lock()
	now = now.Add(3 * time.Hour)
	mu.Unlock()
	for _, path := range []string{"/userinfo", "/api"} {
		r := b.Ask(path, false)
		if r.StatusCode != 200 || !strings.Contains(r.Body, `"status": 401`) ||
			!strings.Contains(r.Body, "invalid_token") || !strings.Contains(r.Body, "has expired") {
			t.Errorf("%s answered %d %s", path, r.StatusCode, r.Body)
		}
		if page := b.Ask(path, true); !strings.Contains(page.Body, "401 Unauthorized") {
			t.Errorf("the page of %s answered %d:\n%s", path, page.StatusCode, page.Body)
		}
	}
	if r := b.Ask("/tokeninfo", false); !strings.Contains(r.Body, `"active": false`) {
		t.Errorf("/tokeninfo answered %s", r.Body)
	}
	if r := b.Ask("/refresh", false); r.StatusCode != 200 || !strings.Contains(r.Body, `"status": 200`) {
		t.Errorf("/refresh answered %d %s", r.StatusCode, r.Body)
	}
	if r := b.Ask("/userinfo", false); !strings.Contains(r.Body, "alice@example.com") {
		t.Errorf("after the refresh /userinfo answered %s", r.Body)
	}
}

// startAtFakeServer signs in at a server whose answers to the uses of the token can be spoiled.
func startAtFakeServer(t *testing.T, spoil func(l *testserver.FakeServer)) (*testserver.FakeServer, *app, *testserver.Browser) {
	t.Helper()
	l := testserver.StartFakeServer(t)
	l.Document = func(d map[string]any) {
		d["introspection_endpoint"], d["revocation_endpoint"] = l.Issuer+"/introspect", l.Issuer+"/revoke"
	}
	env := l.Env()
	env["RESOURCE_URL"] = l.Issuer + "/api"
	a := startApp(t, env)
	b := newBrowser(t, a)
	if r := b.GetJSON(l.Approve(t, b.Begin(""))); r.StatusCode != 200 {
		t.Fatalf("the login answered %d %s", r.StatusCode, r.Body)
	}
	spoil(l)
	return l, a, b
}

// An answer of a server that fails or does not verify becomes a 502. A 4xx is passed on as the answer.
func TestTokenRoutes_BadAnswers(t *testing.T) {
	t.Parallel()
	const jsonType = "application/json"
	for _, row := range []struct {
		name, path string
		answer     func(http.ResponseWriter, *http.Request)
		status     int
		code       string // of our error; empty when it is an answer
		words      string
	}{
		{"userinfo fails", "/userinfo", testserver.SendBody(503, jsonType, `{}`), 502, "server_error", "503"},
		{
			"userinfo redirects",
			"/userinfo",
			func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/stolen", http.StatusFound) },
			502,
			"server_error",
			"not followed",
		},
		{
			"userinfo hangs up",
			"/userinfo",
			func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			502,
			"server_unreachable",
			"closed the connection",
		},
		{"userinfo is about another user", "/userinfo", testserver.SendBody(200, jsonType, `{"sub":"user-2"}`), 502, "invalid_userinfo", "a different user"},
		{"userinfo has no sub", "/userinfo", testserver.SendBody(200, jsonType, `{"name":"x"}`), 502, "invalid_userinfo", "sub is missing"},
		{"userinfo is a page", "/userinfo", testserver.SendBody(200, "text/html", `<p>`), 502, "invalid_userinfo", "an HTML page"},
		{"userinfo is right", "/userinfo", testserver.SendBody(200, jsonType, `{"sub":"user-1"}`), 200, "", `"sub": "user-1"`},
		{
			"userinfo refuses",
			"/userinfo",
			testserver.SendBody(403, jsonType, `{"error":"insufficient_scope","error_description":"Missing openid scope"}`),
			200,
			"",
			`"status": 403`,
		},
		{
			"userinfo with alg none",
			"/userinfo",
			testserver.SendBody(200, "application/jwt", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1c2VyLTEifQ."),
			502,
			"invalid_userinfo",
			"proves nothing",
		},
		{"introspection fails", "/tokeninfo", testserver.SendBody(500, jsonType, `{}`), 502, "server_error", "500"},
		{"introspection refuses", "/tokeninfo", testserver.SendBody(401, jsonType, `{"error":"invalid_client"}`), 200, "", `"status": 401`},
		{"introspection says no JSON", "/tokeninfo", testserver.SendBody(200, "text/plain", "yes"), 200, "", `"body": "yes"`},
		{
			"revocation refuses",
			"/revoke",
			testserver.SendBody(400, jsonType, `{"error":"unsupported_token_type","error_description":"JWTs cannot be revoked"}`),
			200,
			"",
			"a limit of the server",
		},
		{
			"revocation refuses our credentials",
			"/revoke",
			testserver.SendBody(401, jsonType, `{"error":"invalid_client"}`),
			200,
			"",
			"refused the client here, though it issued the token to it",
		},
		{
			"revocation refuses them with 400",
			"/revoke",
			testserver.SendBody(400, jsonType, `{"error":"invalid_client"}`),
			200,
			"",
			"refused the client here, though it issued the token to it",
		},
		{"revocation refuses for another reason", "/revoke", testserver.SendBody(400, jsonType, `{"error":"invalid_request"}`), 200, "", "Its answer says why"},
		{"revocation fails", "/revoke", testserver.SendBody(503, jsonType, `{}`), 502, "server_error", "503"},
		{"the API fails", "/api", testserver.SendBody(500, jsonType, `{}`), 502, "server_error", "500"},
		{"the API refuses", "/api", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="api", error="invalid_token"`)
			w.WriteHeader(401)
		}, 200, "", `"error": "invalid_token"`},
		{"the refresh fails", "/refresh", testserver.SendBody(500, jsonType, `{}`), 502, "server_error", "500"},
		{
			"the refresh is refused",
			"/refresh",
			testserver.SendBody(400, jsonType, `{"error":"invalid_grant","error_description":"Token is not active"}`),
			200,
			"",
			"Token is not active",
		},
		{"the refresh is refused with 200", "/refresh", testserver.SendBody(200, jsonType, `{"error":"bad_refresh_token"}`), 200, "", "bad_refresh_token"},
		{
			"the refresh has no access token",
			"/refresh",
			testserver.SendBody(200, jsonType, `{"token_type":"bearer"}`),
			502,
			"invalid_token_response",
			"without an access_token",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, _, b := startAtFakeServer(t, func(l *testserver.FakeServer) { l.Token, l.Other = row.answer, row.answer })
			r := b.Ask(row.path, false)
			if row.code != "" {
				r.WantError(t, row.status, row.code, row.words)
			} else if r.StatusCode != row.status || !strings.Contains(r.Body, row.words) {
				t.Errorf("answered %d %s; want %d and %q", r.StatusCode, r.Body, row.status, row.words)
			}
			if page := b.Ask(row.path, true); page.StatusCode != row.status {
				t.Errorf("the page answered %d", page.StatusCode)
			}
			if row.path == "/revoke" {
				if held := b.Ask("/session", false); strings.Count(held.Body, `"held": true`) != 3 {
					t.Errorf("tokens that were not revoked are gone: %s", held.Body)
				}
			}
			if flow := b.Ask("/flow", true); !strings.Contains(flow.Body, "failed") && (row.code != "" || strings.Contains(row.words, `"status": 4`)) {
				t.Error("the flow shows no failed step")
			}
		})
	}
}

// A token is deleted once the server says that it is revoked, with 200 or with 204.
func TestRevoke_DeletesToken(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusOK, http.StatusNoContent} {
		_, _, b := startAtFakeServer(t, func(l *testserver.FakeServer) {
			l.Other = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
		})
		if r := b.Ask("/revoke", false); r.StatusCode != http.StatusOK || strings.Count(r.Body, "has deleted the token") != 2 {
			t.Errorf("after %d, /revoke answered %d %s", status, r.StatusCode, r.Body)
		}
		if r := b.Ask("/session", false); strings.Count(r.Body, `"held": true`) != 1 { // the ID token
			t.Errorf("after %d, held are %s", status, r.Body)
		}
	}
}

// A refresh keeps the old refresh token when none came, and takes no ID token of another user.
func TestRefresh_EachResponse(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		spoil  func(claims map[string]any)
		drop   string // of the response
		status int
		words  string
	}{
		{"everything new", func(map[string]any) {}, "", 200, ""},
		{"no new refresh token", func(map[string]any) {}, "refresh_token", 200, "the old one is kept"},
		{"no ID token", func(map[string]any) {}, "id_token", 200, ""},
		{"an ID token without nonce", func(c map[string]any) { delete(c, "nonce") }, "", 200, ""},
		{"a different user", func(c map[string]any) { c["sub"] = "user-2" }, "", 502, "the check of sub"},
		{"another issuer", func(c map[string]any) { c["iss"] = "https://evil.example" }, "", 502, "the check of iss"},
		{"another client", func(c map[string]any) { c["aud"] = "other" }, "", 502, "the check of aud"},
		{"another nonce", func(c map[string]any) { c["nonce"] = "other" }, "", 502, "the check of nonce"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, a, b := startAtFakeServer(t, func(l *testserver.FakeServer) {
				l.Claims = func(c map[string]any) {
					delete(c, "nonce")
					c["at_hash"] = testserver.HalfHash("second-access-token")
					row.spoil(c)
				}
				l.Response = func(response map[string]any) {
					response["access_token"], response["refresh_token"] = "second-access-token", "second-refresh-token"
					delete(response, row.drop)
				}
			})
			r := b.Ask("/refresh", false)
			if r.StatusCode != row.status || !strings.Contains(r.Body, row.words) {
				t.Fatalf("answered %d %s; want %d and %q", r.StatusCode, r.Body, row.status, row.words)
			}
			logins := keptLogins(t, a, b)
			held := logins[0].Held
			want := oauth.Tokens{Access: "second-access-token", Refresh: "second-refresh-token"}
			if row.drop == "refresh_token" {
				want.Refresh = "fake-refresh-token"
			}
			if row.status != 200 {
				want = oauth.Tokens{Access: "fake-access-token", Refresh: "fake-refresh-token"}
			}
			if held.Access != want.Access || held.Refresh != want.Refresh || held.ID == "" {
				t.Errorf("held are %q and %q; want %q and %q, and an ID token", held.Access, held.Refresh, want.Access, want.Refresh)
			}
		})
	}
}

// An error in the body of a 200 is a refusal: nothing is replaced or revoked, and no page says so.
func TestTokenRoutes_RefusedWith200(t *testing.T) {
	t.Parallel()
	refusals := map[string]string{"application/json": `{"error":"unauthorized_client"}`, "application/x-www-form-urlencoded": "error=unauthorized_client"}
	for path, heading := range map[string]string{"/refresh": "The refresh token grant is not enabled", "/revoke": "The server did not revoke every token",
		"/tokeninfo": "say whether the tokens are active"} {
		for mediaType, body := range refusals {
			_, a, b := startAtFakeServer(t, func(l *testserver.FakeServer) {
				l.Token = testserver.SendBody(http.StatusOK, mediaType, body)
				l.Other = l.Token
			})
			if r := b.Ask(path, true); !strings.Contains(r.Body, heading+"</h1>") {
				t.Errorf("%s answered %d %s", path, r.StatusCode, r.Body)
			}
			if held := keptLogins(t, a, b)[0].Held; held.Access != "fake-access-token" || held.Refresh != "fake-refresh-token" {
				t.Errorf("after %s, held are %+v", path, held)
			}
		}
	}
}

func keptLogins(t *testing.T, a *app, b *testserver.Browser) []*session.Login {
	t.Helper()
	u, _ := url.Parse(b.App.Address)
	req, _ := http.NewRequest(http.MethodGet, b.App.Address, nil)
	for _, c := range b.Client.Jar.Cookies(u) {
		req.AddCookie(c)
	}
	logins, err := a.server.sessions.Logins(session.NoCookies{}, req)
	if err != nil || len(logins) == 0 {
		t.Fatal("no login is remembered")
	}
	return logins
}

// Two tabs that refresh at once send one request: to a server that rotates refresh tokens, two would look like theft.
func TestRefresh_TabsSendOneRequest(t *testing.T) {
	release := make(chan bool)
	l, a, b := startAtFakeServer(t, func(l *testserver.FakeServer) {
		l.Token = func(w http.ResponseWriter, r *http.Request) {
			<-release
			testserver.SendBody(200, "application/json", `{"access_token":"second-access-token","token_type":"bearer"}`)(w, r)
		}
	})
	before := l.Asked("POST /token")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if r := b.Ask("/refresh", false); r.StatusCode != 200 {
				t.Errorf("/refresh answered %d %s", r.StatusCode, r.Body)
			}
		})
	}
	waitForShared(8)
	close(release)
	wg.Wait()
	if n := l.Asked("POST /token") - before; n != 1 {
		t.Errorf("%d refreshes; want 1", n)
	}
	if n := len(keptLogins(t, a, b)[0].Steps); n != 3 { // token, keys, refresh
		t.Errorf("the flow has %d steps; want 3", n)
	}
}

// waitForShared waits until the given number of requests wait for shared work, or for their own.
func waitForShared(n int) {
	for range 10_000 {
		var stacks bytes.Buffer
		pprof.Lookup("goroutine").WriteTo(&stacks, 2)
		if strings.Count(stacks.String(), "oauth.(*Singleflight[...]).Do(") >= n {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// Two browsers that refresh at once each get their own tokens.
func TestRefresh_TwoBrowsers(t *testing.T) {
	l := testserver.StartFakeServer(t)
	var logins atomic.Int64
	l.Response = func(response map[string]any) { response["refresh_token"] = fmt.Sprint("refresh-", logins.Add(1)) }
	a := startApp(t, l.Env())
	browsers := []*testserver.Browser{newBrowser(t, a), newBrowser(t, a)}
	for _, b := range browsers {
		b.GetJSON(l.Approve(t, b.Begin("")))
	}
	release := make(chan bool)
	l.Lock()
	l.Token = func(w http.ResponseWriter, r *http.Request) {
		<-release
		testserver.SendBody(200, "application/json", `{"access_token":"access-by-`+r.PostForm.Get("refresh_token")+`","token_type":"bearer"}`)(w, r)
	}
	l.Unlock()
	var wg sync.WaitGroup
	for i, b := range browsers {
		wg.Go(func() {
			own, others := fmt.Sprintf("access-by-refresh-%d", i+1), fmt.Sprintf("access-by-refresh-%d", 2-i)
			if r := b.Ask("/refresh", false); r.StatusCode != 200 || !strings.Contains(r.Body, own) || strings.Contains(r.Body, others) {
				t.Errorf("browser %d was answered %d %s", i+1, r.StatusCode, r.Body)
			}
		})
	}
	waitForShared(2)
	close(release)
	wg.Wait()
}

// A revocation and a refresh that overlap do not undo each other: what the refresh brought stays, and what
// was revoked does not come back.
func TestRevoke_DuringRefresh(t *testing.T) {
	t.Parallel()
	const fresh = `{"access_token":"fresh-access","refresh_token":"fresh-refresh","token_type":"bearer"}`
	for _, row := range []struct{ slow, fast, access string }{
		{"/revoke", "/refresh", "fresh-access"},
		{"/refresh", "/revoke", ""},
	} {
		t.Run(row.slow+" ends last", func(t *testing.T) {
			var once sync.Once
			arrived, release := make(chan bool), make(chan bool)
			wait := func(path string) {
				if path == row.slow {
					once.Do(func() { close(arrived) })
					<-release
				}
			}
			_, a, b := startAtFakeServer(t, func(l *testserver.FakeServer) {
				l.Token = func(w http.ResponseWriter, r *http.Request) {
					wait("/refresh")
					testserver.SendBody(200, "application/json", fresh)(w, r)
				}
				l.Other = func(w http.ResponseWriter, r *http.Request) {
					wait(r.URL.Path)
					testserver.SendBody(200, "application/json", `{}`)(w, r)
				}
			})
			slow := make(chan testserver.Reply)
			go func() { slow <- b.Ask(row.slow, false) }()
			<-arrived
			if r := b.Ask(row.fast, false); r.StatusCode != 200 {
				t.Errorf("%s answered %d %s", row.fast, r.StatusCode, r.Body)
			}
			close(release)
			if r := <-slow; r.StatusCode != 200 {
				t.Errorf("%s answered %d %s", row.slow, r.StatusCode, r.Body)
			}
			held := keptLogins(t, a, b)[0].Held
			if held.Access != row.access || (held.Refresh == "") != (row.access == "") {
				t.Errorf("held are %q and %q; want the access token %q", held.Access, held.Refresh, row.access)
			}
		})
	}
}

// A missing endpoint is reported, on the page and on the route.
func TestTokenRoutes_NotOffered(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	l.Document = func(d map[string]any) { delete(d, "userinfo_endpoint") }
	a := startApp(t, l.Env())
	b := newBrowser(t, a)
	b.GetJSON(l.Approve(t, b.Begin("")))
	for path, variable := range map[string]string{"/userinfo": "USERINFO_ENDPOINT", "/tokeninfo": "INTROSPECTION_ENDPOINT", "/revoke": "REVOCATION_ENDPOINT"} {
		b.Ask(path, false).WantError(t, 404, "not_supported", variable)
	}
	page := b.Ask("/session", true)
	for _, want := range []string{
		"the server names no userinfo endpoint", "the server names no introspection endpoint",
		"the server names no revocation endpoint", "RESOURCE_URL is not set", "It is opaque",
	} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("the session page lacks %q", want)
		}
	}
}

// A failed login names the setting at fault, what was sent, and the field in the server's dashboard.
func TestErrorPage_NamesSetting(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	l.Token = testserver.SendBody(401, "application/json", `{"error":"invalid_client","error_description":"Client authentication failed."}`)
	b := newBrowser(t, startApp(t, l.Env()))
	r := b.GetJSON(l.Approve(t, b.Begin("")))
	for _, want := range []string{
		`"setting": "client_secret"`, `"field": "client secret"`, `"variable": "CLIENT_SECRET"`,
		b.App.Cfg.RedirectURI(), `"value": "not shown"`,
	} {
		if !strings.Contains(r.Body, want) {
			t.Errorf("the answer lacks %s:\n%s", want, r.Body)
		}
	}
	page := b.Get(l.Approve(t, b.Begin("")))
	for _, want := range []string{"look here", "Settings of this login", "Try again", "<strong>token request:</strong>", "Client authentication failed."} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page.Body, testserver.FakeClientSecret) {
		t.Error("the page shows the secret")
	}
}

// A prefetch, a HEAD, a reload, a second press and the Back button do no harm.
func TestSteps_PrefetchAndReload(t *testing.T) {
	t.Parallel()
	for entrance := range testserver.Entrances(nil) {
		t.Run(entrance, func(t *testing.T) { testStepsHarmless(t, entrance) })
	}
}

func testStepsHarmless(t *testing.T, entrance string) {
	l := testserver.StartFakeServer(t)
	a := startApp(t, testserver.Entrances(l.Env())[entrance])
	b := newBrowser(t, a)
	b.Get("/login?step=1")
	callback := l.Approve(t, b.BeginInSteps("")) // the page was reloaded: this is the second request
	for _, spoil := range []func(*http.Request){
		func(r *http.Request) { r.Header.Set("Sec-Purpose", "prefetch") },
		func(r *http.Request) { r.Method = http.MethodHead },
	} {
		req := b.Bring(callback)
		spoil(req)
		if r := b.Do(req); r.StatusCode < 400 {
			t.Errorf("a %s or a prefetch of the callback answered %d", req.Method, r.StatusCode)
		}
	}
	back := b.Get(callback)
	if again := b.Get(callback); back.StepForm() == nil || again.StepForm().Encode() != back.StepForm().Encode() {
		t.Errorf("a reload of the third step shows another page:\n%s", again.Body)
	}
	form := back.StepForm()
	var presses sync.WaitGroup
	for range 5 {
		presses.Go(func() { b.Post("/step", form) })
	}
	presses.Wait()
	tokens := b.Get(b.Location(b.Post("/step", form)))
	for name, page := range map[string]testserver.Reply{
		"another press": tokens,
		"its address":   b.Get("/step?login=" + form.Get("login")),
	} {
		if page.StatusCode != http.StatusOK || !strings.Contains(page.Body, "4. The token response") {
			t.Errorf("%s answered %d:\n%s", name, page.StatusCode, page.Body)
		}
	}
	past := b.Get(callback)
	if !strings.Contains(past.Body, "3. The browser is back") || !strings.Contains(past.Body, "Return to step 4") || past.StepForm() != nil {
		t.Errorf("Back answered %d:\n%s", past.StatusCode, past.Body)
	}
	if n := l.Asked("POST /token"); n != 1 {
		t.Errorf("the token endpoint was asked %d times", n)
	}
	if logins := keptLogins(t, a, b); len(logins) != 1 {
		t.Errorf("%d logins are kept", len(logins))
	}
}

// A login waits for ten minutes at a step, and not longer. What is left half way costs nothing but itself.
func TestSteps_WaitTenMinutes(t *testing.T) {
	t.Parallel()
	for minutes, want := range map[time.Duration]string{9: "4. The token response", 11: "This login is over"} {
		l := testserver.StartFakeServer(t)
		var passed time.Duration
		var mu sync.Mutex
		clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return time.Now().Add(passed) }
		l.Claims = func(claims map[string]any) { now := clock().Unix(); claims["iat"], claims["exp"] = now, now+60 }
		a := startAppOn(t, listenLoopback(t), l.Env(), clock)
		b := newBrowser(t, a)
		b.Get(l.Approve(t, b.Begin(""))) // a login that is finished, and stays
		back := b.Get(l.Approve(t, b.BeginInSteps("")))
		mu.Lock()
		passed = minutes * time.Minute
		mu.Unlock()
		if page := b.TakeStep(back); !strings.Contains(page.Body, want) {
			t.Errorf("after %d minutes the page lacks %q:\n%s", minutes, want, page.Body)
		}
		if kept := keptLogins(t, a, b); !slices.ContainsFunc(kept, func(l *session.Login) bool { return !l.Request.Steps }) {
			t.Error("the login from before is gone")
		}
	}
}

// The lines that keep a client are read from .env as they were meant, and there are none where nothing was registered.
func TestEnvLines_ReadBack(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"a-plain-secret", `a"b$c\d`, "it's", `it's "$HOME" \ #`, ""} {
		cfg := config.Config{}.Effective().With(config.Found{Issuer: "https://a.example", Client: &config.RegisteredClient{ID: "client", Secret: secret}})
		values, err := godotenv.Unmarshal(envLines(cfg))
		if err != nil || values["CLIENT_ID"] != "client" || values["CLIENT_SECRET"] != secret {
			t.Errorf("%q is read as %q, %v", secret, values["CLIENT_SECRET"], err)
		}
	}
	for _, method := range []string{config.MethodBasic, config.MethodPost} { // the server's choice, where it takes both
		got := envLines(config.Config{}.Effective().With(config.Found{Client: &config.RegisteredClient{ID: "client", Secret: "a-secret", Method: method}}))
		if strings.Contains(got, "\nTOKEN_ENDPOINT_AUTH_METHOD=client_secret_post\n") != (method == config.MethodPost) {
			t.Errorf("for %s the lines are %s", method, got)
		}
	}
	if got := envLines(config.Config{ClientID: "client", ClientSecret: "configured"}.Effective()); got != "" {
		t.Errorf("a configured client is shown: %s", got)
	}
}
