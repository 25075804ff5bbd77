package main

import (
	"fmt"
	"net/http"
	"net/url"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/testserver"
	"strings"
	"testing"
)

// Each row spoils one thing of an authorization response, and says which refusal comes.
func TestCallbackRefuses(t *testing.T) {
	for _, row := range []struct {
		name   string
		spoil  func(q url.Values)
		status int
		code   string
		words  string
	}{
		{"state missing", func(q url.Values) { q.Del("state") }, 400, "invalid_state", "has no state"},
		{"state empty", func(q url.Values) { q.Set("state", "") }, 400, "invalid_state", "has no state"},
		{"state unknown", func(q url.Values) { q.Set("state", "AAAAAAAAAAAAAAAAAAAAAAAAAA") }, 400, "invalid_state", "not begun in this browser"},
		{"state twice", func(q url.Values) { q.Add("state", "x") }, 400, "invalid_request", "state is there more than once"},
		{"code missing", func(q url.Values) { q.Del("code") }, 400, "invalid_request", "neither a code nor an error"},
		{"code empty", func(q url.Values) { q.Set("code", "") }, 400, "invalid_request", "neither a code nor an error"},
		{"code twice", func(q url.Values) { q.Add("code", "x") }, 400, "invalid_request", "code is there more than once"},
		{"code and error", func(q url.Values) { q.Set("error", "access_denied") }, 400, "access_denied", ""},
		{"iss of another server", func(q url.Values) { q.Set("iss", "https://evil.example") }, 400, "invalid_issuer", `"https://evil.example"`},
		{"iss with a slash", func(q url.Values) { q.Set("iss", q.Get("iss")+"/") }, 400, "invalid_issuer", "comes from the issuer"},
		{"iss empty", func(q url.Values) { q.Set("iss", "") }, 400, "invalid_issuer", "comes from the issuer"},
		{"iss twice", func(q url.Values) { q.Add("iss", q.Get("iss")) }, 400, "invalid_request", "iss is there more than once"},
		{"iss missing though promised", func(q url.Values) { q.Del("iss") }, 400, "invalid_issuer", "promises one"},
		{"an error", func(q url.Values) {
			q.Del("code")
			q.Set("error", "invalid_scope")
			q.Set("error_description", "The OAuth 2.0 Client is not allowed to request scope 'x'.")
		}, 400, "invalid_scope", "not allowed to request scope 'x'"},
		{"an error of no standard", func(q url.Values) { q.Del("code"); q.Set("error", "weird_thing") }, 400, "weird_thing", "gave no description"},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := testserver.StartLiar(t)
			a := startApp(t, l.Env())
			b := newBrowser(t, a)
			u, _ := url.Parse(l.Approve(t, b.Begin("")))
			q := u.Query()
			row.spoil(q)
			u.RawQuery = q.Encode()
			b.GetJSON(u.String()).WantError(t, row.status, row.code, row.words)
			if n := l.Asked("POST /token"); n != 0 {
				t.Errorf("the token endpoint was asked %d times", n)
			}
			wantNothingKept(t, b)
			wantHonest(t, l, a)
		})
	}
}

// wantNothingKept checks that no login is remembered.
func wantNothingKept(t *testing.T, b *testserver.Browser) {
	t.Helper()
	if home := b.Get("/"); strings.Contains(home.Body, "Signed in last") {
		t.Error("the home page says that somebody signed in")
	}
	u, _ := url.Parse(b.App.Address)
	for _, c := range b.Client.Jar.Cookies(u) {
		t.Errorf("the browser has the cookie %s", c.Name)
	}
}

// On another issuer's response, both names are shown and nothing else of it, whether the server was
// known before or is found in the middle of the flow, by a process that took over from another.
func TestIssuerMismatchShowsNothingElse(t *testing.T) {
	l := testserver.StartLiar(t)
	values := l.Env()
	values["SESSION_SECRET"] = "0123456789abcdef"
	begins := startApp(t, values)
	values["BASE_URL"], values["PORT"] = begins.Cfg.BaseURL, begins.Cfg.Port
	for name, finishes := range map[string]*app{"the same process": begins, "another process": startApp(t, values)} {
		t.Run(name, func(t *testing.T) {
			b := newBrowser(t, begins)
			u, _ := url.Parse(l.Approve(t, b.Begin("")))
			q := u.Query()
			q.Set("iss", "https://evil.example")
			q.Set("error", "from_elsewhere")
			q.Set("error_description", "Call 0123 to win")
			req, _ := http.NewRequest(http.MethodGet, finishes.URL+config.CallbackPath+"?"+q.Encode(), nil)
			req.Host = u.Host
			for _, c := range b.Client.Jar.Cookies(u) {
				req.AddCookie(c)
			}
			r := newBrowser(t, finishes).Do(req)
			if r.StatusCode != 400 || !strings.Contains(r.Body, "https://evil.example") || !strings.Contains(r.Body, l.Issuer) {
				t.Errorf("answered %d without both issuers:\n%s", r.StatusCode, r.Body)
			}
			if strings.Contains(r.Body, "from_elsewhere") || strings.Contains(r.Body, "0123") || !strings.Contains(r.Body, "Step 3, authorization response") {
				t.Errorf("the page shows what came from elsewhere, or blames another step:\n%s", r.Body)
			}
		})
	}
}

// What a server says is data: escaped, bounded, with nothing invisible in it.
func TestServersWordsAreData(t *testing.T) {
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
		t.Run(row.name, func(t *testing.T) {
			l := testserver.StartLiar(t)
			a := startApp(t, l.Env())
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
					t.Errorf("answered %d %s", r.StatusCode, r.Body)
				}
				if accept == "text/html" && strings.Contains(r.Body, row.absent) || len(r.Body) > 20_000 {
					t.Errorf("the page holds %q:\n%.2000s", row.absent, r.Body)
				}
			}
		})
	}
	l := testserver.StartLiar(t)
	b := newBrowser(t, startApp(t, l.Env()))
	r := b.Get(l.Approve(t, b.Begin("")) + "&error=server_error&error_uri=https://docs.example/errors%3Fa%3Db")
	if !strings.Contains(r.Body, `<a href="https://docs.example/errors?a=b" rel="noreferrer noopener">`) {
		t.Errorf("an honest error_uri is no link:\n%s", r.Body)
	}
}

// What the token endpoint says is explained: the setting at fault is named, nothing is kept, and the
// state is spent.
func TestTokenRequestExplained(t *testing.T) {
	for _, row := range []struct {
		name, body string
		status     int
		code       string
		words      string
	}{
		{"invalid_client", `{"error":"invalid_client"}`, 401, "invalid_client", "CLIENT_SECRET"},
		{"unauthorized_client as Keycloak says it", `{"error":"unauthorized_client","error_description":"Invalid client or Invalid client credentials"}`, 401, "unauthorized_client", "CLIENT_SECRET"},
		{"the grant is off, as Auth0 says it", `{"error":"unauthorized_client","error_description":"Grant type 'authorization_code' not allowed for the client."}`, 403, "unauthorized_client", "authorization code grant"},
		{"a single-page application, as Entra says it", `{"error":"invalid_request","error_description":"AADSTS9002326: Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type."}`, 400, "invalid_request", "web application"},
		{"invalid_scope", `{"error":"invalid_scope"}`, 400, "invalid_scope", "SCOPES"},
		{"invalid_target", `{"error":"invalid_target"}`, 400, "invalid_target", "resource"},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := testserver.StartLiar(t)
			l.Token = testserver.SendBody(row.status, "application/json", row.body)
			a := startApp(t, l.Env())
			b := newBrowser(t, a)
			callback := l.Approve(t, b.Begin(""))
			b.GetJSON(callback).WantError(t, http.StatusBadGateway, row.code, row.words)
			wantNothingKept(t, b)
			b.GetJSON(callback).WantError(t, http.StatusBadRequest, "invalid_state", "")
			wantHonest(t, l, a)
		})
	}
}

// The answer is the token response to the byte, whatever is in it.
func TestTokenResponseUntouched(t *testing.T) {
	const body = "{ \"scope\" :\"email\",\n\t\"access_token\":\"a\\u0062c\", \"expires_in\":\"3600\",\"big\":12345678901234567890.10, \"token_type\":\"Bearer\", \"x\":[{}, null], \"html\":\"<&>\" }\n"
	l := testserver.StartLiar(t)
	l.Token = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Write([]byte(body))
	}
	a := startApp(t, l.Env())
	b := newBrowser(t, a)
	callback := l.Approve(t, b.Begin(""))
	if r := b.GetJSON(callback); r.StatusCode != 200 || r.Body != body {
		t.Errorf("answered %d\n%s\nwant\n%s", r.StatusCode, r.Body, body)
	}
	page := b.Get(callback)
	for _, want := range []string{"12345678901234567890.10", `a\u0062c`, "&lt;&amp;&gt;", "plain OAuth login", "Asked for, not granted"} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("the page lacks %q:\n%s", want, page.Body)
		}
	}
}

// GitHub's way: no metadata, no OpenID Connect, and a form for an answer.
func TestServerWithoutMetadata(t *testing.T) {
	l := testserver.StartLiar(t)
	l.Token = func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept") != "application/json" {
			t.Errorf("Accept is %q", r.Header.Get("Accept"))
		}
		w.Header().Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
		w.Write([]byte("access_token=gho_abc&scope=read%3Auser&token_type=bearer"))
	}
	a := startApp(t, map[string]string{"AUTHORIZATION_ENDPOINT": l.Issuer + "/authorize", "TOKEN_ENDPOINT": l.Issuer + "/token",
		"CLIENT_ID": testserver.LiarClientID, "CLIENT_SECRET": testserver.LiarClientSecret, "SCOPES": "read:user"})
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
func TestClientAuthentication(t *testing.T) {
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
			l := testserver.StartLiar(t)
			l.Document = func(d map[string]any) {
				if row.advertised != nil {
					d["token_endpoint_auth_methods_supported"] = row.advertised
				}
			}
			a := startApp(t, map[string]string{"ISSUER": l.Issuer, "CLIENT_ID": testserver.LiarClientID, "CLIENT_SECRET": row.secret, "TOKEN_ENDPOINT_AUTH_METHOD": row.configured})
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
			case basic && user == testserver.LiarClientID && password == url.QueryEscape(secret) && !form.PostForm.Has("client_id"):
				got = "basic"
			case form.PostForm.Get("client_secret") == secret && form.PostForm.Get("client_id") == testserver.LiarClientID:
				got = "post"
			case basic || form.PostForm.Has("client_secret") || form.PostForm.Get("client_id") != testserver.LiarClientID:
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

// An error code that is no code may be anything, so the log does not have it.
func TestLogHasKnownCodesOnly(t *testing.T) {
	l := testserver.StartLiar(t)
	l.Token = func(w http.ResponseWriter, r *http.Request) {
		testserver.SendBody(400, "application/json", `{"error":"`+r.PostForm.Get("code")+`"}`)(w, r)
	}
	a := startApp(t, l.Env())
	b := newBrowser(t, a)
	callback, _ := url.Parse(l.Approve(t, b.Begin("")))
	a.Log.Secret(callback.Query().Get("code"))
	b.GetJSON(callback.String()).WantError(t, 502, callback.Query().Get("code"), "")
	if !strings.Contains(a.Log.String(), "502") || !strings.Contains(a.Log.String(), "server_refused") {
		t.Errorf("the log is\n%s", a.Log)
	}
}

// Credentials in the body follow no redirect either, not even on the same origin.
func TestPostFollowsNoRedirect(t *testing.T) {
	l := testserver.StartLiar(t)
	l.Token = func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/userinfo", http.StatusTemporaryRedirect)
	}
	values := l.Env()
	values["TOKEN_ENDPOINT_AUTH_METHOD"] = "client_secret_post"
	b := newBrowser(t, startApp(t, values))
	b.GetJSON(l.Approve(t, b.Begin(""))).WantError(t, 502, "server_error", "307 Temporary Redirect")
	if n := l.Asked("POST /userinfo"); n != 0 {
		t.Errorf("the redirect was followed %d times", n)
	}
}

// The code verifier fits the challenge of the same login, and the resource is named twice.
func TestExchangeCarries(t *testing.T) {
	l := testserver.StartLiar(t)
	a := startApp(t, l.Env())
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
