package demo

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

const (
	redirectURI = "http://127.0.0.1:1/callback"
	verifier    = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7636 appendix B
)

// harness is a demo server behind a real listener, and a browser with a cookie jar.
type harness struct {
	t      *testing.T
	issuer string
	server *Server
	client *http.Client
	now    time.Time
}

func start(t *testing.T) *harness {
	t.Helper()
	h := &harness{t: t, now: time.Now()}
	srv := httptest.NewUnstartedServer(nil)
	h.issuer = "http://" + srv.Listener.Addr().String() + "/demo"
	server, err := New(Config{Issuer: h.issuer, Now: func() time.Time { return h.now }, Clients: []Client{
		{ID: "web", Secret: "s3cret", Name: "A web application", RedirectURIs: []string{redirectURI}, PostLogoutRedirectURIs: []string{"http://127.0.0.1:1/"}},
		{ID: "other", Secret: "other", Name: "Another", RedirectURIs: []string{redirectURI}},
		{ID: "native", Name: "A public client", RedirectURIs: []string{redirectURI}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	h.server, srv.Config.Handler = server, server
	srv.Start()
	t.Cleanup(srv.Close)
	jar, _ := cookiejar.New(nil)
	h.client = &http.Client{Jar: jar, Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return h
}

type answer struct {
	*http.Response
	body string
	json map[string]any
}

func (h *harness) do(method, path string, form url.Values, header map[string]string) answer {
	h.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	if strings.HasPrefix(path, "/") {
		path = h.issuer + path
	}
	req, err := http.NewRequest(method, path, body)
	if err != nil {
		h.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	resp, err := h.client.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	a := answer{Response: resp, body: string(data)}
	json.Unmarshal(data, &a.json)
	return a
}

// authorizeQuery is an honest authorization request.
func authorizeQuery() url.Values {
	hash := sha256.Sum256([]byte(verifier))
	return url.Values{"response_type": {"code"}, "client_id": {"web"}, "redirect_uri": {redirectURI}, "scope": {"openid profile email"}, "state": {"some-state"},
		"nonce": {"some-nonce"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(hash[:])}, "code_challenge_method": {"S256"}}
}

// response returns the parameters of the authorization response that a redirect carries.
func (h *harness) response(a answer) url.Values {
	h.t.Helper()
	to, err := a.Location()
	if err != nil || !strings.HasPrefix(to.String(), redirectURI) {
		h.t.Fatalf("answered %d to %v, not back to the client:\n%s", a.StatusCode, to, a.body)
	}
	return to.Query()
}

// signIn signs in and follows to the page after it.
func (h *harness) signIn(query url.Values, user string) answer {
	h.t.Helper()
	a := h.do("POST", "/authorize?"+query.Encode(), url.Values{"user": {user}}, nil)
	to, err := a.Location()
	if a.StatusCode != http.StatusSeeOther || err != nil {
		h.t.Fatalf("the sign-in answered %d:\n%s", a.StatusCode, a.body)
	}
	return h.do("GET", to.String(), nil, nil)
}

// code runs the pages and returns a code.
func (h *harness) code(query url.Values) string {
	h.t.Helper()
	a := h.signIn(query, "user_alice")
	if a.StatusCode == http.StatusOK {
		a = h.do("POST", "/authorize?"+query.Encode(), url.Values{"decision": {"allow"}}, nil)
	}
	return h.response(a).Get("code")
}

func basic(id, secret string) map[string]string {
	return map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))}
}

func redeem(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI}, "code_verifier": {verifier}}
}

// tokens runs a login and returns the token response.
func (h *harness) tokens(query url.Values) map[string]any {
	h.t.Helper()
	a := h.do("POST", "/token", redeem(h.code(query)), basic("web", "s3cret"))
	if a.StatusCode != http.StatusOK {
		h.t.Fatalf("the token endpoint answered %d %s", a.StatusCode, a.body)
	}
	return a.json
}

func bearer(token any) map[string]string {
	return map[string]string{"Authorization": "Bearer " + token.(string)}
}

func (a answer) want(t *testing.T, status int, code string) {
	t.Helper()
	if got, _ := a.json["error"].(string); a.StatusCode != status || got != code {
		t.Errorf("answered %d %s; want %d %s", a.StatusCode, a.body, status, code)
	}
}

// Each row spoils one parameter. Until client and redirect URI are right the error is shown here;
// from then on it goes to the redirect URI.
func TestAuthorizeRefuses(t *testing.T) {
	for _, row := range []struct {
		name  string
		spoil func(q url.Values)
		code  string
		back  bool // sent to the redirect URI
	}{
		{"no client", func(q url.Values) { q.Del("client_id") }, "invalid_client", false},
		{"another client", func(q url.Values) { q.Set("client_id", "nobody") }, "invalid_client", false},
		{"no redirect URI", func(q url.Values) { q.Del("redirect_uri") }, "invalid_request", false},
		{"another redirect URI", func(q url.Values) { q.Set("redirect_uri", "https://evil.example/") }, "invalid_request", false},
		{"a slash at its end", func(q url.Values) { q.Set("redirect_uri", redirectURI+"/") }, "invalid_request", false},
		{"localhost for 127.0.0.1", func(q url.Values) { q.Set("redirect_uri", strings.Replace(redirectURI, "127.0.0.1", "localhost", 1)) }, "invalid_request", false},
		{"state twice", func(q url.Values) { q.Add("state", "x") }, "invalid_request", false},
		{"no response type", func(q url.Values) { q.Del("response_type") }, "invalid_request", true},
		{"implicit", func(q url.Values) { q.Set("response_type", "token") }, "unsupported_response_type", true},
		{"fragment", func(q url.Values) { q.Set("response_mode", "fragment") }, "invalid_request", true},
		{"no PKCE", func(q url.Values) { q.Del("code_challenge") }, "invalid_request", true},
		{"plain PKCE", func(q url.Values) { q.Set("code_challenge_method", "plain") }, "invalid_request", true},
		{"no method, which means plain", func(q url.Values) { q.Del("code_challenge_method") }, "invalid_request", true},
		{"a short challenge", func(q url.Values) { q.Set("code_challenge", "abc") }, "invalid_request", true},
		{"an unknown scope", func(q url.Values) { q.Set("scope", "openid admin") }, "invalid_scope", true},
		{"an unknown prompt", func(q url.Values) { q.Set("prompt", "create") }, "invalid_request", true},
		{"none and more", func(q url.Values) { q.Set("prompt", "none login") }, "invalid_request", true},
		{"a word for max_age", func(q url.Values) { q.Set("max_age", "soon") }, "invalid_request", true},
		{"a request object", func(q url.Values) { q.Set("request", "a.b.c") }, "request_not_supported", true},
		{"nobody signed in", func(q url.Values) { q.Set("prompt", "none") }, "login_required", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := start(t)
			q := authorizeQuery()
			row.spoil(q)
			a := h.do("GET", "/authorize?"+q.Encode(), nil, nil)
			if !row.back {
				a.want(t, http.StatusBadRequest, row.code)
				return
			}
			if r := h.response(a); r.Get("error") != row.code || r.Get("state") != "some-state" || r.Get("iss") != h.issuer || r.Get("error_description") == "" || r.Has("code") {
				t.Errorf("the response is %v; want %s with state and iss", r, row.code)
			}
		})
	}
}

func TestConsent(t *testing.T) {
	h := start(t)
	q := authorizeQuery()
	page := h.do("GET", "/authorize?"+q.Encode(), nil, map[string]string{"Accept": "text/html"})
	if page.StatusCode != 200 || !strings.Contains(page.body, "A web application") || !strings.Contains(page.body, "Carol") {
		t.Errorf("the sign-in page answered %d:\n%s", page.StatusCode, page.body)
	}
	page = h.signIn(q, "user_bob")
	for _, want := range []string{"A web application", "Bob Example", "Your email address", "Your basic profile information", "Allow", "Deny"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the consent page lacks %q:\n%s", want, page.body)
		}
	}
	q.Set("prompt", "none")
	if r := h.response(h.do("GET", "/authorize?"+q.Encode(), nil, nil)); r.Get("error") != "consent_required" {
		t.Errorf("prompt=none before consent gives %v", r)
	}
	q.Del("prompt")
	if r := h.response(h.do("POST", "/authorize?"+q.Encode(), url.Values{"decision": {"deny"}}, nil)); r.Get("error") != "access_denied" || r.Has("code") {
		t.Errorf("Deny gives %v", r)
	}
	if r := h.response(h.do("POST", "/authorize?"+q.Encode(), url.Values{"decision": {"allow"}}, nil)); r.Get("code") == "" || r.Get("iss") != h.issuer {
		t.Errorf("Allow gives %v", r)
	}
	if r := h.response(h.do("GET", "/authorize?"+q.Encode(), nil, nil)); r.Get("code") == "" {
		t.Errorf("consent was not remembered: %v", r)
	}
	q.Set("prompt", "none")
	if r := h.response(h.do("GET", "/authorize?"+q.Encode(), nil, nil)); r.Get("code") == "" {
		t.Errorf("prompt=none after consent gives %v", r)
	}
	for prompt, words := range map[string]string{"consent": "wants to access", "login": "Choose anybody", "select_account": "Choose anybody"} {
		q.Set("prompt", prompt)
		if page := h.do("GET", "/authorize?"+q.Encode(), nil, nil); !strings.Contains(page.body, words) {
			t.Errorf("prompt=%s answered %d:\n%s", prompt, page.StatusCode, page.body)
		}
	}
	q.Del("prompt")
	q.Set("scope", "openid profile email offline_access")
	if page := h.do("GET", "/authorize?"+q.Encode(), nil, nil); !strings.Contains(page.body, "wants to access") {
		t.Errorf("a scope more than was allowed answered %d:\n%s", page.StatusCode, page.body)
	}
	q = authorizeQuery()
	q.Set("max_age", "60")
	h.now = h.now.Add(2 * time.Minute)
	if page := h.do("GET", "/authorize?"+q.Encode(), nil, nil); !strings.Contains(page.body, "Choose anybody") {
		t.Errorf("max_age answered %d:\n%s", page.StatusCode, page.body)
	}
}

// Each row spoils one thing of a token request that is otherwise right.
func TestTokenRefuses(t *testing.T) {
	for _, row := range []struct {
		name   string
		spoil  func(h *harness, form url.Values, header map[string]string)
		status int
		code   string
	}{
		{"wrong secret", func(_ *harness, _ url.Values, header map[string]string) {
			header["Authorization"] = basic("web", "x")["Authorization"]
		}, 401, "invalid_client"},
		{"no secret", func(_ *harness, form url.Values, header map[string]string) {
			delete(header, "Authorization")
			form.Set("client_id", "web")
		}, 401, "invalid_client"},
		{"nobody", func(_ *harness, _ url.Values, header map[string]string) { delete(header, "Authorization") }, 401, "invalid_client"},
		{"a secret for a public client", func(_ *harness, _ url.Values, header map[string]string) {
			header["Authorization"] = basic("native", "x")["Authorization"]
		}, 401, "invalid_client"},
		{"two methods", func(_ *harness, form url.Values, _ map[string]string) { form.Set("client_secret", "s3cret") }, 400, "invalid_request"},
		{"two clients", func(_ *harness, form url.Values, _ map[string]string) { form.Set("client_id", "other") }, 401, "invalid_client"},
		{"another client's code", func(_ *harness, _ url.Values, header map[string]string) {
			header["Authorization"] = basic("other", "other")["Authorization"]
		}, 400, "invalid_grant"},
		{"no grant type", func(_ *harness, form url.Values, _ map[string]string) { form.Del("grant_type") }, 400, "invalid_request"},
		{"another grant type", func(_ *harness, form url.Values, _ map[string]string) { form.Set("grant_type", "password") }, 400, "unsupported_grant_type"},
		{"a parameter twice", func(_ *harness, form url.Values, _ map[string]string) { form.Add("code", "x") }, 400, "invalid_request"},
		{"JSON", func(_ *harness, _ url.Values, header map[string]string) { header["Content-Type"] = "application/json" }, 400, "invalid_request"},
		{"no code", func(_ *harness, form url.Values, _ map[string]string) { form.Del("code") }, 400, "invalid_grant"},
		{"another redirect URI", func(_ *harness, form url.Values, _ map[string]string) { form.Set("redirect_uri", redirectURI+"/") }, 400, "invalid_grant"},
		{"no redirect URI", func(_ *harness, form url.Values, _ map[string]string) { form.Del("redirect_uri") }, 400, "invalid_grant"},
		{"no verifier", func(_ *harness, form url.Values, _ map[string]string) { form.Del("code_verifier") }, 400, "invalid_grant"},
		{"another verifier", func(_ *harness, form url.Values, _ map[string]string) {
			form.Set("code_verifier", strings.Repeat("x", 43))
		}, 400, "invalid_grant"},
		{"too late", func(h *harness, _ url.Values, _ map[string]string) { h.now = h.now.Add(codeLife + time.Second) }, 400, "invalid_grant"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := start(t)
			form, header := redeem(h.code(authorizeQuery())), basic("web", "s3cret")
			row.spoil(h, form, header)
			a := h.do("POST", "/token", form, header)
			a.want(t, row.status, row.code)
			if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Content-Type") != "application/json" {
				t.Errorf("the headers are %v", a.Header)
			}
			if row.status == 401 && !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Basic") {
				t.Error("a 401 without WWW-Authenticate")
			}
		})
	}
}

func TestTokenMethods(t *testing.T) {
	h := start(t)
	form := redeem(h.code(authorizeQuery()))
	form.Set("client_id", "web")
	form.Set("client_secret", "s3cret")
	if a := h.do("POST", "/token", form, nil); a.StatusCode != 200 {
		t.Errorf("client_secret_post answered %d %s", a.StatusCode, a.body)
	}
	q := authorizeQuery()
	q.Set("client_id", "native")
	form = redeem(h.code(q))
	form.Set("client_id", "native")
	if a := h.do("POST", "/token", form, nil); a.StatusCode != 200 {
		t.Errorf("a public client was answered %d %s", a.StatusCode, a.body)
	}
}

// A code that is used twice takes everything with it that came of it.
func TestCodeReuse(t *testing.T) {
	h := start(t)
	form := redeem(h.code(authorizeQuery()))
	first := h.do("POST", "/token", form, basic("web", "s3cret"))
	if a := h.do("GET", "/userinfo", nil, bearer(first.json["access_token"])); a.StatusCode != 200 {
		t.Fatalf("userinfo answered %d %s", a.StatusCode, a.body)
	}
	h.do("POST", "/token", form, basic("web", "s3cret")).want(t, 400, "invalid_grant")
	h.do("GET", "/userinfo", nil, bearer(first.json["access_token"])).want(t, 401, "invalid_token")
	refresh := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first.json["refresh_token"].(string)}}
	h.do("POST", "/token", refresh, basic("web", "s3cret")).want(t, 400, "invalid_grant")
}

func TestRefresh(t *testing.T) {
	h := start(t)
	tokens := h.tokens(authorizeQuery())
	refresh := func(token any) answer {
		return h.do("POST", "/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token.(string)}}, basic("web", "s3cret"))
	}
	second := refresh(tokens["refresh_token"])
	if second.StatusCode != 200 || second.json["refresh_token"] == tokens["refresh_token"] || second.json["id_token"] == nil {
		t.Fatalf("the refresh answered %d %s", second.StatusCode, second.body)
	}
	narrow := h.do("POST", "/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {second.json["refresh_token"].(string)}, "scope": {"email"}}, basic("web", "s3cret"))
	if narrow.StatusCode != 200 || narrow.json["scope"] != "email" || narrow.json["id_token"] != nil {
		t.Errorf("a narrower scope answered %d %s", narrow.StatusCode, narrow.body)
	}
	h.do("GET", "/api/me", nil, bearer(narrow.json["access_token"])).want(t, 403, "insufficient_scope")
	refresh(tokens["refresh_token"]).want(t, 400, "invalid_grant") // an old one: the family ends
	refresh(narrow.json["refresh_token"]).want(t, 400, "invalid_grant")
	h.do("GET", "/userinfo", nil, bearer(second.json["access_token"])).want(t, 401, "invalid_token")
}

func TestResponseShape(t *testing.T) {
	h := start(t)
	tokens := h.tokens(authorizeQuery())
	if tokens["expires_in"] != 7200.0 || tokens["token_type"] != "bearer" || tokens["scope"] != "openid profile email" {
		t.Errorf("the token response is %v", tokens)
	}
	header, claims := decode(t, tokens["access_token"].(string))
	for name, want := range map[string]any{"iss": h.issuer, "sub": "user_alice", "client_id": "web", "aud": h.issuer + "/api", "scope": "openid profile email"} {
		if claims[name] != want {
			t.Errorf("the access token's %s is %v; want %v", name, claims[name], want)
		}
	}
	if header["typ"] != "at+jwt" || claims["jti"] == nil || claims["exp"].(float64)-claims["iat"].(float64) != 7200 {
		t.Errorf("the access token is %v %v", header, claims)
	}
	_, claims = decode(t, tokens["id_token"].(string))
	hash := sha256.Sum256([]byte(tokens["access_token"].(string)))
	for name, want := range map[string]any{"iss": h.issuer, "sub": "user_alice", "aud": "web", "nonce": "some-nonce", "email": "alice@example.com",
		"at_hash": base64.RawURLEncoding.EncodeToString(hash[:16])} {
		if claims[name] != want {
			t.Errorf("the ID token's %s is %v; want %v", name, claims[name], want)
		}
	}
}

func decode(t *testing.T, raw string) (header, claims map[string]any) {
	t.Helper()
	parts := strings.Split(raw, ".")
	for i, into := range []*map[string]any{&header, &claims} {
		data, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(data, into) != nil {
			t.Fatalf("no JWT: %s", raw)
		}
	}
	return header, claims
}

func TestBearer(t *testing.T) {
	h := start(t)
	tokens := h.tokens(authorizeQuery())
	for _, path := range []string{"/userinfo", "/api/me"} {
		if a := h.do("GET", path, nil, bearer(tokens["access_token"])); a.StatusCode != 200 || a.json["sub"] != "user_alice" {
			t.Errorf("%s answered %d %s", path, a.StatusCode, a.body)
		}
		for name, header := range map[string]map[string]string{
			"no token": nil, "another scheme": basic("web", "s3cret"), "a made-up token": bearer("abc"), "the ID token": bearer(tokens["id_token"]),
			"an unsigned token": bearer("eyJhbGciOiJub25lIn0.e30."), "a changed token": bearer(tokens["access_token"].(string) + "A")} {
			a := h.do("GET", path, nil, header)
			if a.StatusCode != 401 || !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer ") {
				t.Errorf("%s with %s answered %d, WWW-Authenticate %q", path, name, a.StatusCode, a.Header.Get("WWW-Authenticate"))
			}
			if silent := name == "no token" || name == "another scheme"; silent == strings.Contains(a.Header.Get("WWW-Authenticate"), "error=") {
				t.Errorf("%s with %s: WWW-Authenticate is %q (RFC 6750 section 3.1)", path, name, a.Header.Get("WWW-Authenticate"))
			}
		}
	}
	h.now = h.now.Add(accessLife + time.Second)
	h.do("GET", "/api/me", nil, bearer(tokens["access_token"])).want(t, 401, "invalid_token")
}

func TestIntrospectAndRevoke(t *testing.T) {
	h := start(t)
	tokens := h.tokens(authorizeQuery())
	introspect := func(token any, header map[string]string) answer {
		return h.do("POST", "/introspect", url.Values{"token": {token.(string)}}, header)
	}
	for _, name := range []string{"access_token", "refresh_token"} {
		if a := introspect(tokens[name], basic("web", "s3cret")); a.json["active"] != true || a.json["sub"] != "user_alice" {
			t.Errorf("the %s is %s", name, a.body)
		}
		if a := introspect(tokens[name], basic("other", "other")); a.StatusCode != 200 || a.json["active"] != false || len(a.json) != 1 {
			t.Errorf("to another client the %s is %s", name, a.body)
		}
	}
	introspect(tokens["access_token"], nil).want(t, 401, "invalid_client")
	h.do("POST", "/introspect", url.Values{"token": {"x"}, "client_id": {"native"}}, nil).want(t, 401, "invalid_client")
	h.do("POST", "/introspect", url.Values{}, basic("web", "s3cret")).want(t, 400, "invalid_request")

	revoke := func(token any, header map[string]string) answer {
		return h.do("POST", "/revoke", url.Values{"token": {token.(string)}}, header)
	}
	revoke("x", nil).want(t, 401, "invalid_client")
	for _, row := range []struct {
		token  any
		header map[string]string
		active bool
	}{{"made-up", basic("web", "s3cret"), true}, {tokens["access_token"], basic("other", "other"), true}, {tokens["access_token"], basic("web", "s3cret"), false}} {
		if a := revoke(row.token, row.header); a.StatusCode != 200 {
			t.Errorf("the revocation answered %d %s", a.StatusCode, a.body)
		}
		if a := introspect(tokens["access_token"], basic("web", "s3cret")); a.json["active"] != row.active {
			t.Errorf("afterwards the access token is %s", a.body)
		}
	}
	if a := introspect(tokens["refresh_token"], basic("web", "s3cret")); a.json["active"] != true {
		t.Errorf("the refresh token went with the access token: %s", a.body)
	}
	again := h.tokens(authorizeQuery())
	revoke(again["refresh_token"], basic("web", "s3cret"))
	h.do("GET", "/userinfo", nil, bearer(again["access_token"])).want(t, 401, "invalid_token")
}

func TestRegister(t *testing.T) {
	h := start(t)
	register := func(body string, header map[string]string) answer {
		req, _ := http.NewRequest("POST", h.issuer+"/register", strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		for name, value := range header {
			req.Header.Set(name, value)
		}
		resp, err := h.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		data, _ := io.ReadAll(resp.Body)
		a := answer{Response: resp, body: string(data)}
		json.Unmarshal(data, &a.json)
		return a
	}
	good := register(`{"client_name":"New","redirect_uris":["`+redirectURI+`"]}`, nil)
	if good.StatusCode != 201 || good.json["client_secret"] == nil || good.json["token_endpoint_auth_method"] != "client_secret_basic" {
		t.Fatalf("the registration answered %d %s", good.StatusCode, good.body)
	}
	q := authorizeQuery()
	q.Set("client_id", good.json["client_id"].(string))
	a := h.do("POST", "/token", redeem(h.code(q)), basic(good.json["client_id"].(string), good.json["client_secret"].(string)))
	if a.StatusCode != 200 {
		t.Errorf("the new client's tokens: %d %s", a.StatusCode, a.body)
	}
	if a := register(`{"redirect_uris":["`+redirectURI+`"],"token_endpoint_auth_method":"none"}`, nil); a.StatusCode != 201 || a.json["client_secret"] != nil {
		t.Errorf("a public client was answered %d %s", a.StatusCode, a.body)
	}
	register(`{"redirect_uris":[]}`, nil).want(t, 400, "invalid_redirect_uri")
	register(`{"redirect_uris":["http://public.example/"]}`, nil).want(t, 400, "invalid_redirect_uri")
	register(`{"redirect_uris":["javascript:alert(1)"]}`, nil).want(t, 400, "invalid_redirect_uri")
	register(`{"redirect_uris":["https://a.example/#x"]}`, nil).want(t, 400, "invalid_redirect_uri")
	register(`{"redirect_uris":["https://a.example/"],"token_endpoint_auth_method":"private_key_jwt"}`, nil).want(t, 400, "invalid_client_metadata")
	register(`nonsense`, nil).want(t, 400, "invalid_client_metadata")
	register(`{"redirect_uris":["https://a.example/"]}`, map[string]string{"Content-Type": "text/plain"}).want(t, 400, "invalid_client_metadata")
	register(`{"redirect_uris":["https://a.example/"]}`, map[string]string{"Sec-Fetch-Site": "cross-site"}).want(t, 403, "access_denied")
}

func TestLogout(t *testing.T) {
	h := start(t)
	tokens := h.tokens(authorizeQuery())
	signedIn := func() bool {
		q := authorizeQuery()
		q.Set("prompt", "none")
		return h.response(h.do("GET", "/authorize?"+q.Encode(), nil, nil)).Get("error") != "login_required"
	}
	const back = "http://127.0.0.1:1/"
	page := h.do("GET", "/logout", nil, nil)
	if page.StatusCode != 200 || !strings.Contains(page.body, "Sign out?") || !signedIn() {
		t.Errorf("a logout without a hint answered %d, signed in: %t", page.StatusCode, signedIn())
	}
	h.do("GET", "/logout?post_logout_redirect_uri=https://evil.example/&client_id=web", nil, nil).want(t, 400, "invalid_request")
	h.do("GET", "/logout?post_logout_redirect_uri="+url.QueryEscape(back), nil, nil).want(t, 400, "invalid_request")
	query := url.Values{"id_token_hint": {tokens["id_token"].(string)}, "post_logout_redirect_uri": {back}, "state": {"s"}}
	a := h.do("GET", "/logout?"+query.Encode(), nil, nil)
	if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != back+"?state=s" || signedIn() {
		t.Errorf("a logout with a hint answered %d to %q, signed in: %t", a.StatusCode, a.Header.Get("Location"), signedIn())
	}
	h.signIn(authorizeQuery(), "user_bob") // somebody else: the hint is not his
	if page := h.do("GET", "/logout?"+query.Encode(), nil, nil); page.StatusCode != 200 || !signedIn() {
		t.Errorf("another user's hint answered %d, signed in: %t", page.StatusCode, signedIn())
	}
	if a := h.do("POST", "/logout?client_id=web&post_logout_redirect_uri="+url.QueryEscape(back), url.Values{"confirm": {"yes"}}, nil); a.Header.Get("Location") != back || signedIn() {
		t.Errorf("the confirmed logout answered %d to %q, signed in: %t", a.StatusCode, a.Header.Get("Location"), signedIn())
	}
}

func TestMetadata(t *testing.T) {
	h := start(t)
	root := strings.TrimSuffix(h.issuer, "/demo")
	want := h.do("GET", "/.well-known/openid-configuration", nil, nil)
	for _, address := range []string{h.issuer + "/.well-known/oauth-authorization-server", root + "/.well-known/oauth-authorization-server/demo", root + "/.well-known/openid-configuration/demo"} {
		if a := h.do("GET", address, nil, nil); a.StatusCode != 200 || a.body != want.body {
			t.Errorf("%s answered %d", address, a.StatusCode)
		}
	}
	if want.json["issuer"] != h.issuer {
		t.Errorf("the issuer is %v; want %s", want.json["issuer"], h.issuer)
	}
	keys := h.do("GET", "/.well-known/jwks.json", nil, nil)
	if strings.Contains(keys.body, `"d"`) || !strings.Contains(keys.body, `"RS256"`) {
		t.Errorf("the keys are %s", keys.body)
	}
}

// What the server holds is bounded in number and age.
func TestExpiring(t *testing.T) {
	now := time.Now()
	e := newExpiring[int](time.Minute, 3)
	for i, key := range []string{"a", "b", "c", "d"} {
		e.put(now, key, i)
	}
	if _, ok := e.get(now, "a"); ok || len(e.entries) != 3 {
		t.Errorf("the oldest of four is there, or %d entries instead of 3", len(e.entries))
	}
	if _, ok := e.get(now.Add(time.Minute+time.Second), "d"); ok {
		t.Error("an entry outlives its time")
	}
	e.put(now.Add(time.Second), "d", 9)
	e.put(now.Add(2*time.Second), "e", 10)
	e.put(now.Add(3*time.Second), "f", 11)
	if v, ok := e.get(now, "d"); !ok || v != 9 {
		t.Errorf("a value put again is %v %t; want the new one, with its new time", v, ok)
	}
	e.put(now.Add(time.Hour), "g", 12)
	if len(e.entries) != 1 || len(e.queue) != 1 {
		t.Errorf("%d entries and %d queued after all but one have expired", len(e.entries), len(e.queue))
	}
}
