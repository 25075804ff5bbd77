package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/testserver"
)

// Each row spoils one thing in an authorization response, and names the refusal.
func TestCallback_Refuses(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		spoil  func(q url.Values)
		status int
		code   string
		words  string
	}{
		{"state missing", func(q url.Values) { q.Del("state") }, 400, "invalid_state", "has no state"},
		{"state empty", func(q url.Values) { q.Set("state", "") }, 400, "invalid_state", "has no state"},
		{"state unknown", func(q url.Values) { q.Set("state", "AAAAAAAAAAAAAAAAAAAAAAAAAA") }, 400, "invalid_state", "not started in this browser"},
		{"state twice", func(q url.Values) { q.Add("state", "x") }, 400, "invalid_request", "state appears more than once"},
		{"code missing", func(q url.Values) { q.Del("code") }, 400, "invalid_request", "neither a code nor an error"},
		{"code empty", func(q url.Values) { q.Set("code", "") }, 400, "invalid_request", "neither a code nor an error"},
		{"code twice", func(q url.Values) { q.Add("code", "x") }, 400, "invalid_request", "code appears more than once"},
		{"code and error", func(q url.Values) { q.Set("error", "access_denied") }, 400, "access_denied", ""},
		{"iss of another server", func(q url.Values) { q.Set("iss", "https://evil.example") }, 400, "invalid_issuer", `"https://evil.example"`},
		{"iss with a slash", func(q url.Values) { q.Set("iss", q.Get("iss")+"/") }, 400, "invalid_issuer", "comes from the issuer"},
		{"iss empty", func(q url.Values) { q.Set("iss", "") }, 400, "invalid_issuer", "comes from the issuer"},
		{"iss twice", func(q url.Values) { q.Add("iss", q.Get("iss")) }, 400, "invalid_request", "iss appears more than once"},
		{"iss missing though promised", func(q url.Values) { q.Del("iss") }, 400, "invalid_issuer", "promises one"},
		{"an error", func(q url.Values) {
			q.Del("code")
			q.Set("error", "invalid_scope")
			q.Set("error_description", "The OAuth 2.0 Client is not allowed to request scope 'x'.")
		}, 400, "invalid_scope", "not allowed to request scope 'x'"},
		{"an error of no standard", func(q url.Values) { q.Del("code"); q.Set("error", "weird_thing") }, 400, "weird_thing", "gave no description"},
	} {
		for way, begin := range map[string]func(*testserver.Browser) string{
			"":               func(b *testserver.Browser) string { return b.Begin("") },
			", step by step": func(b *testserver.Browser) string { return b.BeginInSteps("") },
		} {
			l := testserver.StartFakeServer(t)
			for entrance, env := range testserver.Entrances(l.Env()) {
				t.Run(row.name+way+entrance, func(t *testing.T) {
					a := startApp(t, env)
					b := newBrowser(t, a)
					u, _ := url.Parse(l.Approve(t, begin(b)))
					q := u.Query()
					row.spoil(q)
					u.RawQuery = q.Encode()
					before := l.Asked("POST /token")
					b.GetJSON(u.String()).WantError(t, row.status, row.code, row.words)
					if n := l.Asked("POST /token") - before; n != 0 {
						t.Errorf("the token endpoint was asked %d times", n)
					}
					b.WantNothingKept()
					wantHonest(t, l, a)
				})
			}
		}
	}
}

// For a response from a different issuer, the page shows both names and nothing else of it, whether the server was known
// before or is found in the middle of the flow, by a process that took over from another.
func TestCallback_IssuerMismatchShowsNothingElse(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	env := l.Env()
	env["SESSION_SECRET"] = "0123456789abcdef"
	for entrance, values := range testserver.Entrances(env) {
		begins := startApp(t, values)
		values["BASE_URL"], values["PORT"] = begins.Cfg.BaseURL, begins.Cfg.Port
		for name, finishes := range map[string]*app{"the same process": begins, "another process": startApp(t, values)} {
			t.Run(name+entrance, func(t *testing.T) { testIssuerMismatch(t, l, begins, finishes) })
		}
	}
}

func testIssuerMismatch(t *testing.T, l *testserver.FakeServer, begins, finishes *app) {
	b, other := newBrowser(t, begins), newBrowser(t, finishes)
	u, _ := url.Parse(l.Approve(t, b.Begin("")))
	q := u.Query()
	q.Set("iss", "https://evil.example")
	q.Set("error", "from_elsewhere")
	q.Set("error_description", "Call 0123 to win")
	u.RawQuery = q.Encode()
	here, _ := url.Parse(begins.URL)
	other.Client.Jar.SetCookies(here, b.Client.Jar.Cookies(here))
	other.Host = here.Host
	r := other.Get(strings.Replace(u.String(), begins.URL, finishes.URL, 1))
	if r.StatusCode != 400 || !strings.Contains(r.Body, "https://evil.example") || !strings.Contains(r.Body, l.Issuer) {
		t.Errorf("answered %d without both issuers:\n%s", r.StatusCode, r.Body)
	}
	if strings.Contains(r.Body, "from_elsewhere") || strings.Contains(r.Body, "0123") || !strings.Contains(r.Body, "<strong>authorization response:</strong>") {
		t.Errorf("the page shows what came from elsewhere, or blames another step:\n%s", r.Body)
	}
}

// A server's words are data: escaped, limited, without invisible characters.
func TestCallback_ServersWordsAreData(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, field, value, absent string }{
		{"markup", "error_description", `<script>alert(1)</script><img src=x onerror=alert(1)>`, "<script>alert"},
		{"an attribute", "error", `"><a href="https://evil.example">`, `<a href="https://evil.example">`},
		{"a script link", "error_uri", "javascript:alert(1)", `href="javascript:`},
		{"a link that reads backwards", "error_uri", "https://docs.example/\u202eabc", `href="https://docs`},
		{"a data link", "error_uri", "data:text/html,hello", `href="data:`},
		{"a link with a password", "error_uri", "https://user:pass@evil.example/", `href="https://user`},
		{"right to left", "error_description", "abc\u202edef", "\u202e"},
		{"a zero width space", "error", "in\u200bvalid", "\u200b"},
		{"control characters", "error_description", "a\x00b\x1b[31mc", "\x1b"},
		{"no UTF-8", "error_description", "a\xffb", "\xff"},
		{"far too long", "error_description", strings.Repeat("x", 100_000), strings.Repeat("x", 10_000)},
	} {
		l := testserver.StartFakeServer(t)
		for entrance, env := range testserver.Entrances(l.Env()) {
			a := startApp(t, env)
			for _, accept := range []string{"text/html", "application/json"} {
				b := newBrowser(t, a)
				b.Accept = accept
				u, _ := url.Parse(l.Approve(t, b.Begin("")))
				q := u.Query()
				q.Del("code")
				q.Set("error", "server_error")
				q.Set(row.field, row.value)
				u.RawQuery = q.Encode()
				r := b.Get(u.String())
				if r.StatusCode != 400 {
					t.Errorf("%s%s: answered %d %s", row.name, entrance, r.StatusCode, r.Body)
				}
				if accept == "text/html" && strings.Contains(r.Body, row.absent) || len(r.Body) > 30_000 {
					t.Errorf("%s%s: the page holds %q:\n%.2000s", row.name, entrance, row.absent, r.Body)
				}
			}
		}
	}
	l := testserver.StartFakeServer(t)
	b := newBrowser(t, startApp(t, l.Env()))
	r := b.Get(l.Approve(t, b.Begin("")) + "&error=server_error&error_uri=https://docs.example/errors%3Fa%3Db")
	if !strings.Contains(r.Body, `<a href="https://docs.example/errors?a=b" rel="noreferrer noopener">`) {
		t.Errorf("an honest error_uri is no link:\n%s", r.Body)
	}
}

// An error of the token endpoint is explained: the page names the wrong setting, nothing is kept, and the state is used.
func TestCallback_ExplainsTokenError(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, body string
		status     int
		code       string
		words      string
	}{
		{"invalid_client", `{"error":"invalid_client"}`, 401, "invalid_client", "CLIENT_SECRET"},
		{
			"unauthorized_client as Keycloak says it",
			`{"error":"unauthorized_client","error_description":"Invalid client or Invalid client credentials"}`,
			401,
			"unauthorized_client",
			"CLIENT_SECRET",
		},
		{
			"the grant is off, as Auth0 says it",
			`{"error":"unauthorized_client","error_description":"Grant type 'authorization_code' not allowed for the client."}`,
			403,
			"unauthorized_client",
			"authorization code grant",
		},
		{
			"a single-page application, as Entra says it",
			`{"error":"invalid_request","error_description":"AADSTS9002327: Tokens issued for the 'Single-Page Application' ` +
				`client-type may only be redeemed via cross-origin requests."}`,
			400,
			"invalid_request",
			"Remove the redirect URI from Single-page application first",
		},
		{"invalid_scope", `{"error":"invalid_scope"}`, 400, "invalid_scope", "SCOPES"},
		{"invalid_target", `{"error":"invalid_target"}`, 400, "invalid_target", "resource"},
	} {
		l := testserver.StartFakeServer(t)
		for entrance, env := range testserver.Entrances(l.Env()) {
			t.Run(row.name+entrance, func(t *testing.T) {
				l.Token = testserver.SendBody(row.status, "application/json", row.body)
				a := startApp(t, env)
				b := newBrowser(t, a)
				callback := l.Approve(t, b.Begin(""))
				b.GetJSON(callback).WantError(t, http.StatusBadGateway, row.code, row.words)
				b.WantNothingKept()
				b.GetJSON(callback).WantError(t, http.StatusBadRequest, "invalid_state", "")
				wantHonest(t, l, a)
			})
		}
	}
}

// The answer is the token response to the byte, whatever is in it.
func TestCallback_TokenResponseUntouched(t *testing.T) {
	t.Parallel()
	const body = "{ \"scope\" :\"email\",\n\t" + `"access_token":"a\u0062c", "expires_in":"3600","big":12345678901234567890.10, ` +
		`"token_type":"Bearer", "x":[{}, null], "html":"<&>" }` + "\n"
	l := testserver.StartFakeServer(t)
	l.Token = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Write([]byte(body))
	}
	for _, env := range testserver.Entrances(l.Env()) {
		a := startApp(t, env)
		b := newBrowser(t, a)
		callback := l.Approve(t, b.Begin(""))
		if r := b.GetJSON(callback); r.StatusCode != 200 || r.Body != body {
			t.Errorf("answered %d\n%s\nwant\n%s", r.StatusCode, r.Body, body)
		}
		page := b.Get(callback)
		for _, want := range []string{"12345678901234567890.10", `a\u0062c`, "&lt;&amp;&gt;", "plain OAuth login", "Requested, not granted"} {
			if !strings.Contains(page.Body, want) {
				t.Errorf("the page lacks %q:\n%s", want, page.Body)
			}
		}
	}
}

// Warnings about the token response and the ID token are on the page of the result. A correct login has none.
func TestCallback_Warnings(t *testing.T) {
	l := testserver.StartFakeServer(t)
	for _, entrance := range testserver.Entrances(l.Env()) {
		a := startApp(t, entrance)
		for _, spoilt := range []bool{false, true} {
			l.Reset()
			if spoilt {
				l.Response = func(response map[string]any) { response["scope"] = []string{"openid", "<b>"} }
				l.Claims = func(claims map[string]any) { claims["email_verified"] = "true" }
			}
			b := newBrowser(t, a)
			page := b.Get(l.Approve(t, b.Begin("")))
			session := b.GetJSON("/session")
			for where, body := range map[string]string{"the page": page.Body, "/session": session.Body} {
				for _, words := range []string{"scope is a list, and should be a string", "email_verified in the ID token is a string"} {
					if strings.Contains(body, words) != spoilt {
						t.Errorf("spoilt %t: %s says %q: %t\n%s", spoilt, where, words, !spoilt, body)
					}
				}
			}
			if strings.Contains(session.Body, `"warnings"`) != spoilt || page.StatusCode != http.StatusOK || !strings.Contains(page.Body, "<h1>It works</h1>") {
				t.Errorf("spoilt %t: %d, /session is\n%s", spoilt, page.StatusCode, session.Body)
			}
		}
	}
}

// GitHub's way: no metadata, no OpenID Connect, and a form for an answer.
func TestCallback_ServerWithoutMetadata(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	l.Token = func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept") != "application/json" {
			t.Errorf("Accept is %q", r.Header.Get("Accept"))
		}
		w.Header().Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
		w.Write([]byte("access_token=gho_abc&scope=read%3Auser&token_type=bearer"))
	}
	a := startApp(t, map[string]string{"AUTHORIZATION_ENDPOINT": l.Issuer + "/authorize", "TOKEN_ENDPOINT": l.Issuer + "/token",
		"CLIENT_ID": testserver.FakeClientID, "CLIENT_SECRET": testserver.FakeClientSecret, "SCOPES": "read:user"})
	b := newBrowser(t, a)
	r := b.GetJSON(l.Approve(t, b.Begin("")))
	if want := `{"access_token":"gho_abc","scope":"read:user","token_type":"bearer"}`; r.StatusCode != 200 || r.Body != want {
		t.Errorf("answered %d %s; want %s", r.StatusCode, r.Body, want)
	}
	if n := l.Asked("GET /.well-known/openid-configuration"); n != 0 {
		t.Errorf("metadata was asked for %d times, with no issuer to ask", n)
	}
}

// How the client proves who it is, and what goes over the wire.
func TestCallback_AuthenticatesClient(t *testing.T) {
	t.Parallel()
	const secret = "p@ss word/+%&=ü"
	for _, row := range []struct {
		name, configured, secret string
		advertised               any
		want                     string
	}{
		{"nothing advertised", "", secret, nil, "basic"},
		{"both advertised", "", secret, []string{"client_secret_post", "client_secret_basic"}, "basic"},
		{"only post advertised", "", secret, []string{"client_secret_post", "private_key_jwt"}, "post"},
		{"none of ours advertised", "", secret, []string{"private_key_jwt"}, "basic"},
		{"post configured", "client_secret_post", secret, []string{"client_secret_basic"}, "post"},
		{"basic configured", "client_secret_basic", secret, []string{"client_secret_post"}, "basic"},
		{"a public client", "", "", []string{"client_secret_basic"}, "none"},
		{"none configured", "none", "", nil, "none"},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := testserver.StartFakeServer(t)
			l.Document = func(d map[string]any) {
				if row.advertised != nil {
					d["token_endpoint_auth_methods_supported"] = row.advertised
				}
			}
			a := startApp(t, map[string]string{
				"ISSUER":                     l.Issuer,
				"CLIENT_ID":                  testserver.FakeClientID,
				"CLIENT_SECRET":              row.secret,
				"TOKEN_ENDPOINT_AUTH_METHOD": row.configured,
			})
			b := newBrowser(t, a)
			if r := b.GetJSON(l.Approve(t, b.Begin(""))); r.StatusCode != 200 {
				t.Fatalf("answered %d %s", r.StatusCode, r.Body)
			}
			form := l.LastForm()
			user, password, basic := form.BasicAuth()
			got := "none"
			switch {
			case basic && form.PostForm.Has("client_secret"):
				got = "both"
			case basic && user == testserver.FakeClientID && password == url.QueryEscape(secret) && !form.PostForm.Has("client_id"):
				got = "basic"
			case form.PostForm.Get("client_secret") == secret && form.PostForm.Get("client_id") == testserver.FakeClientID:
				got = "post"
			case basic || form.PostForm.Has("client_secret") || form.PostForm.Get("client_id") != testserver.FakeClientID:
				got = fmt.Sprintf("%q %v", form.Header.Get("Authorization"), form.PostForm)
			}
			if got != row.want {
				t.Errorf("the client went by %s; want %s", got, row.want)
			}
			if n := l.Asked("POST /token"); n != 1 {
				t.Errorf("%d token requests; want 1", n)
			}
		})
	}
}

// An unknown error code may contain anything, so the log does not have it.
func TestLog_KnownCodesOnly(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	l.Token = func(w http.ResponseWriter, r *http.Request) {
		testserver.SendBody(400, "application/json", `{"error":"`+r.PostForm.Get("code")+`"}`)(w, r)
	}
	for _, env := range testserver.Entrances(l.Env()) {
		a := startApp(t, env)
		b := newBrowser(t, a)
		callback, _ := url.Parse(l.Approve(t, b.Begin("")))
		a.Log.Secret(callback.Query().Get("code"))
		b.GetJSON(callback.String()).WantError(t, 502, callback.Query().Get("code"), "")
		if !strings.Contains(a.Log.String(), "502") || !strings.Contains(a.Log.String(), "server_refused") {
			t.Errorf("the log is\n%s", a.Log)
		}
	}
}

// Credentials in the body follow no redirect either, not even on the same origin. The target is asked later, without a
// secret, to suggest it if it is the token endpoint.
func TestCallback_PostFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	var mu sync.Mutex
	followed := ""
	l.Other = func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		r.ParseForm()
		followed += r.Form.Encode() + r.Header.Get("Authorization")
		testserver.SendBody(404, "text/plain", "none")(w, r)
	}
	l.Token = func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/userinfo", http.StatusTemporaryRedirect)
	}
	values := l.Env()
	values["TOKEN_ENDPOINT_AUTH_METHOD"] = "client_secret_post"
	b := newBrowser(t, startApp(t, values))
	callback := l.Approve(t, b.Begin(""))
	b.GetJSON(callback).WantError(t, 502, "server_error", "307 Temporary Redirect")
	mu.Lock()
	defer mu.Unlock()
	for _, secret := range []string{testserver.FakeClientSecret, testserver.FakeClientID, "code-"} {
		if strings.Contains(followed, secret) {
			t.Errorf("%s went where the redirect leads: %s", secret, followed)
		}
	}
}

// The code verifier fits the challenge of the same login, and the resource is named twice.
func TestCallback_SendsVerifierAndResource(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	for _, env := range testserver.Entrances(l.Env()) {
		a := startApp(t, env)
		b := newBrowser(t, a)
		authorize := b.Begin("?resource=https://api.example/")
		request, _ := url.Parse(authorize)
		callback := l.Approve(t, authorize)
		b.GetJSON(callback)
		form := l.LastForm().PostForm
		if got, want := pkceChallenge(form.Get("code_verifier")), request.Query().Get("code_challenge"); got != want {
			t.Errorf("the verifier hashes to %q; want %q", got, want)
		}
		for name, want := range map[string]string{"grant_type": "authorization_code", "redirect_uri": a.Cfg.RedirectURI(), "resource": "https://api.example/"} {
			if form.Get(name) != want {
				t.Errorf("%s is %q; want %q", name, form.Get(name), want)
			}
		}
		a.Log.Secret(form.Get("code_verifier"))
	}
}

// The authorization request has what OAuth, PKCE and OpenID Connect ask for, and the query's parameters.
func TestLogin_AuthorizationRequest(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	b := newBrowser(t, a)
	query := func(path string) url.Values {
		u, _ := url.Parse(b.Begin(path))
		return u.Query()
	}
	q := query("")
	for name, want := range map[string]string{"response_type": "code", "client_id": "demo-client", "redirect_uri": a.Cfg.RedirectURI(),
		"scope": "openid profile email", "code_challenge_method": "S256"} {
		if q.Get(name) != want {
			t.Errorf("%s is %q; want %q", name, q.Get(name), want)
		}
	}
	for _, name := range []string{"state", "nonce", "code_challenge"} {
		if other := query(""); len(q.Get(name)) < 26 || q.Get(name) == other.Get(name) {
			t.Errorf("%s is %q, and then %q; want 26 characters or more, fresh each time", name, q.Get(name), other.Get(name))
		}
	}
	if len(q) != 8 {
		t.Errorf("the request has %d parameters; want 8: %v", len(q), q)
	}
	q = query("?scope=email&prompt=consent&login_hint=bob&max_age=60&acr_values=a&resource=r&audience=d&ui_locales=de" +
		"&foo=bar")
	for name, want := range map[string]string{
		"scope":        "email",
		"prompt":       "consent",
		"login_hint":   "bob",
		"max_age":      "60",
		"acr_values":   "a",
		"resource":     "r",
		"audience":     "d",
		"ui_locales":   "de",
		"redirect_uri": a.Cfg.RedirectURI(),
		"foo":          "bar",
		"nonce":        "",
	} {
		if q.Get(name) != want {
			t.Errorf("%s is %q; want %q", name, q.Get(name), want)
		}
	}
	for path, words := range map[string]string{
		"/login?scope=a&scope=b": "more than once",
		"/login?max_age=soon":    "not a number",
		"/login?scope=%22":       "no scope may have",
	} {
		b.GetJSON(path).WantError(t, http.StatusBadRequest, "invalid_request", words)
	}
}

// A hundred logins discover once and fetch the keys once.
func TestLogin_DiscoversOnce(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	a := startApp(t, l.Env())
	for range 100 {
		b := newBrowser(t, a)
		if r := b.Get(l.Approve(t, b.Begin(""))); r.StatusCode != http.StatusOK {
			t.Fatalf("the callback answered %d %s", r.StatusCode, r.Body)
		}
	}
	if n, keys := l.Asked("GET /.well-known/openid-configuration"), l.Asked("GET /jwks"); n != 1 || keys != 1 {
		t.Errorf("%d requests for metadata and %d for keys; want 1 and 1", n, keys)
	}
}

// parrot returns a handler that repeats the client's credentials, after the given number of other characters, like a server
// in debug mode.
func parrot(status, lead int, form bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		said := strings.Repeat("-", lead) + "secret " + testserver.FakeClientSecret + " header " + r.Header.Get("Authorization")
		w.Header().Set("WWW-Authenticate", `Basic realm="`+said+`"`)
		if form { // as GitHub does
			body := url.Values{"error": {"invalid_client"}, "error_description": {said}}
			testserver.SendBody(status, "application/x-www-form-urlencoded", body.Encode())(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(map[string]string{"error": "invalid_client", "error_description": said, testserver.FakeClientSecret: said})
	}
}

// holdsSecret reports whether a text holds the fake server's client secret, half of it, or the credentials as
// HTTP Basic sends them.
func holdsSecret(text string) bool {
	basic := base64.StdEncoding.EncodeToString([]byte(testserver.FakeClientID + ":" + testserver.FakeClientSecret))
	return strings.Contains(text, testserver.FakeClientSecret[:len(testserver.FakeClientSecret)/2]) || strings.Contains(text, basic[:30])
}

// The client secret is in nothing that is shown of a server's answers, even when the server repeats it,
// whole or where the text is cut off.
func TestPages_HideRepeatedSecret(t *testing.T) {
	t.Parallel()
	for name, page := range map[string]func(l *testserver.FakeServer, repeat http.HandlerFunc){
		"a server that refuses":  func(l *testserver.FakeServer, repeat http.HandlerFunc) { l.Page = repeat },
		"a server that sends on": func(l *testserver.FakeServer, _ http.HandlerFunc) { l.Honest() },
		"a server that sends back": func(l *testserver.FakeServer, _ http.HandlerFunc) {
			l.Page = func(w http.ResponseWriter, r *http.Request) {
				q := url.Values{
					"error":             {testserver.FakeClientSecret},
					"error_description": {"no " + testserver.FakeClientSecret},
					"state":             {r.URL.Query().Get("state")},
				}
				http.Redirect(w, r, r.URL.Query().Get("redirect_uri")+"?"+q.Encode(), http.StatusFound)
			}
		},
	} {
		for _, answer := range []struct {
			status int
			form   bool
		}{{400, false}, {400, true}, {500, false}} {
			for i, lead := range []int{0, 183, 283, 975} { // before the limits of 200, 300 and 1000
				l := testserver.StartFakeServer(t)
				repeat := parrot(answer.status, lead, answer.form)
				page(l, repeat)
				l.Token, l.Other = nil, repeat
				l.Document = func(d map[string]any) {
					d["introspection_endpoint"], d["revocation_endpoint"] = l.Issuer+"/introspect", l.Issuer+"/revoke"
				}
				env := testserver.Entrances(l.Env())[[]string{"", ", pasted"}[i%2]] // by turns, as each costs a second
				env["RESOURCE_URL"] = l.Issuer + "/api"
				b := newBrowser(t, startApp(t, env))
				b.GetJSON(l.Approve(t, b.Begin("")))
				l.Lock()
				l.Token = repeat
				l.Unlock()
				texts := map[string]string{}
				for _, path := range []string{"/refresh", "/tokeninfo", "/userinfo", "/api", "/flow", "/flow?tokens=full", "/flow.har", "/check", "/revoke"} {
					texts[path] = b.Ask(path, false).Body + b.Ask(path, true).Body
				}
				texts["a failed login"] = b.GetJSON(l.Approve(t, b.Begin(""))).Body + b.Get(l.Approve(t, b.Begin(""))).Body
				l.Lock()
				l.Token, l.Claims = nil, func(c map[string]any) { c["iss"] = strings.Repeat("-", lead) + testserver.FakeClientSecret }
				l.Unlock()
				texts["an ID token"] = b.GetJSON(l.Approve(t, b.Begin(""))).Body + b.Get(l.Approve(t, b.Begin(""))).Body
				for path, text := range texts {
					if holdsSecret(text) {
						t.Errorf("%s, %v after %d characters: %s holds the secret:\n%.4000s", name, answer, lead, path, text)
					}
				}
			}
		}
	}
}

// startAppAtClerk starts the client with the three values of the Clerk guide. Each of the two has to
// know the other's address, so the client's listener is made first.
func startAppAtClerk(t *testing.T) *app {
	t.Helper()
	listener := listenLoopback(t)
	c := testserver.StartClerk(t, listener.Addr().String())
	return startAppOn(t, listener, c.Env(), time.Now)
}

// Servers that fail later in the flow than at their first request.
func TestCallback_ServerDies(t *testing.T) {
	t.Parallel()
	t.Run("keys gone at the callback", func(t *testing.T) {
		l := testserver.StartFakeServer(t)
		a := startApp(t, l.Env())
		b := newBrowser(t, a)
		callback := l.Approve(t, b.Begin(""))
		l.JWKS = http.NotFound
		b.GetJSON(callback).WantError(t, 502, "invalid_id_token", "404 Not Found")
		b.WantNothingKept()
		wantHonest(t, l, a)
	})
	t.Run("dead at the callback, and back again", func(t *testing.T) {
		for range 5 { // another program may take the port meanwhile
			if diesAndComesBack(t) {
				return
			}
		}
		t.Error("its port was taken five times")
	})
	t.Run("dead at the start", func(t *testing.T) {
		l := testserver.StartFakeServer(t)
		l.Metadata = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
		a := startApp(t, l.Env())
		newBrowser(t, a).GetJSON("/login").WantError(t, 502, "server_not_found", "")
		wantHonest(t, l, a)
	})
}

// diesAndComesBack plays a login whose server is gone at the callback, and one after the server is back. It reports whether
// the server could come back to its port.
func diesAndComesBack(t *testing.T) bool {
	t.Helper()
	l := testserver.StartFakeServer(t)
	a := startApp(t, l.Env())
	b := newBrowser(t, a)
	callback := l.Approve(t, b.Begin(""))
	address, handler := l.Listener.Addr().String(), l.Config.Handler
	l.CloseClientConnections()
	l.Close()
	b.GetJSON(callback).WantError(t, 502, "server_unreachable", "the connection")
	b.WantNothingKept()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return false
	}
	again := &httptest.Server{Listener: listener, Config: &http.Server{Handler: handler}}
	again.Start()
	t.Cleanup(again.Close)
	wantHonest(t, l, a)
	return true
}

// A scope that was asked for and not granted is in the sentence below "It works", once.
func TestLead_NamesUngrantedScope(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		asked, granted string
		signedIn       bool
		want, not      string
	}{
		"everything granted": {"openid notes", "openid notes", true, "passed every check.", "Not granted"},
		"a scope missing":    {"openid notes", "openid", true, "every check. Not granted: notes.", "openid"},
		"openid missing":     {"openid notes", "notes", false, "the server did not grant openid.", "Not granted"},
		"both missing":       {"openid notes", "", false, "the server did not grant openid. Not granted: notes.", "Not granted: openid"},
	} {
		l := loginHolding(oauth.Tokens{}, strings.Fields(row.asked)...)
		l.Response.Scope, l.Response.ScopeSent = row.granted, true
		if row.signedIn {
			l.IDToken = &oauth.IDToken{Raw: "a.b.c"}
		}
		if got := sessionLead(l); strings.Contains(got, "Not granted") != strings.Contains(row.want, "Not granted") {
			t.Errorf("%s: the session page says %q", name, got)
		}
		if got := lead(l); !strings.HasSuffix(got, row.want) || strings.Contains(got, row.not) {
			t.Errorf("%s: %q; want %q at its end, and no %q", name, got, row.want, row.not)
		}
	}
}

// The pieces of a document, joined again, are the document. Only text that a reader skips is marked.
func TestPieces_LoseNothing(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("eyJ.-_9", 20)
	document := `{"access_token": "` + long + `", "scope": "openid profile", "refresh_token": "short"}`
	whole, marked := "", ""
	for _, p := range pieces(document) {
		whole += p.Text
		if p.Token {
			marked += p.Text
		}
	}
	if whole != document || marked != long {
		t.Errorf("the pieces are %q together, and %q is marked", whole, marked)
	}
}
