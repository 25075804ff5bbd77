package demo

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// register sends a client's metadata.
func (h *harness) register(body string, header map[string]string) answer {
	h.t.Helper()
	req, err := http.NewRequest("POST", h.issuer+"/register", strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for name, value := range header {
		req.Header.Set(name, value)
	}
	resp, err := h.client.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, _ := io.ReadAll(resp.Body)
	a := answer{Response: resp, body: string(data)}
	json.Unmarshal(data, &a.json)
	return a
}

// The server decides the secret and the method, and holds the client to its answer.
func TestRegister_DecidesSecretAndMethod(t *testing.T) {
	for _, row := range []struct {
		method, got string
		accepted    []string
	}{
		{"", "client_secret_basic", []string{"client_secret_basic"}},
		{"client_secret_basic", "client_secret_basic", []string{"client_secret_basic"}},
		{"client_secret_post", "client_secret_post", []string{"client_secret_post"}},
		{"none", "none", []string{"none"}},
	} {
		for _, used := range []string{"client_secret_basic", "client_secret_post", "none"} {
			h := start(t)
			asked, _ := json.Marshal(map[string]any{"client_name": "New", "redirect_uris": []string{redirectURI}, "token_endpoint_auth_method": row.method})
			a := h.register(string(asked), nil)
			id, _ := a.json["client_id"].(string)
			secret, _ := a.json["client_secret"].(string)
			if a.StatusCode != 201 || id == "" || (secret == "") != (row.got == "none") || a.json["token_endpoint_auth_method"] != row.got ||
				a.json["application_type"] != "web" {
				t.Fatalf("the method %q: answered %d %s", row.method, a.StatusCode, a.body)
			}
			q := authorizeQuery()
			q.Set("client_id", id)
			form, header := redeem(h.code(q)), map[string]string{}
			switch used {
			case "client_secret_basic":
				header = basic(id, cmp.Or(secret, "x"))
			case "client_secret_post":
				form.Set("client_id", id)
				form.Set("client_secret", cmp.Or(secret, "x"))
			default:
				form.Set("client_id", id)
			}
			want := 401
			if used == row.got {
				want = 200
			}
			if a := h.do("POST", "/token", form, header); a.StatusCode != want {
				t.Errorf("registered with %q, used with %s: answered %d %s", row.got, used, a.StatusCode, a.body)
			}
		}
	}
}

var envLines = regexp.MustCompile(`(?s)<pre[^>]*>(.*?)</pre>`)

// The lines for .env are those of a client that can sign in, from another browser's session or process.
func TestRegisterSecond_LinesSignIn(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ registered, used, base string }{
		{"http://localhost:3001/callback", "http://localhost:3001/callback", "http://localhost:3001"},
		{" http://127.0.0.1:3001/callback ", "http://127.0.0.1:61023/callback", "http://127.0.0.1:3001"},
		{"https://app.example/callback", "https://app.example/callback", ""},
		{"http://localhost:8080/auth/back", "http://localhost:8080/auth/back", ""},
	} {
		h := start(t)
		page := h.do("POST", "/client", url.Values{"redirect_uri": {row.registered}}, nil)
		found := envLines.FindStringSubmatch(page.body)
		if page.StatusCode != 200 || found == nil {
			t.Fatalf("%s: answered %d\n%s", row.registered, page.StatusCode, page.body)
		}
		env := map[string]string{}
		for line := range strings.Lines(found[1]) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			env[name] = value
		}
		if env["ISSUER"] != h.issuer || env["BASE_URL"] != row.base || (row.base != "") != strings.Contains(page.body, "go run . -env second.env") {
			t.Errorf("%s: the page is\n%s", row.registered, page.body)
		}
		q := authorizeQuery()
		q.Set("client_id", env["CLIENT_ID"])
		q.Set("redirect_uri", row.used)
		if page := h.signIn(q, "user_alice"); !strings.Contains(page.body, "The second client</strong> wants") || !strings.Contains(page.body, "Not verified") {
			t.Errorf("%s: the consent page is\n%s", row.registered, page.body)
		}
		to, err := h.do("POST", "/authorize?"+q.Encode(), url.Values{"decision": {"allow"}}, nil).Location()
		if err != nil {
			t.Fatal(err)
		}
		form := redeem(to.Query().Get("code"))
		form.Set("redirect_uri", row.used)
		if a := h.do("POST", "/token", form, basic(env["CLIENT_ID"], env["CLIENT_SECRET"])); a.StatusCode != 200 {
			t.Errorf("%s: the token endpoint answered %d %s", row.registered, a.StatusCode, a.body)
		}
	}
	for issuer, want := range map[string]string{
		"http://localhost:3000/demo": "http://localhost:3001/callback",
		"http://localhost:3001/demo": "http://localhost:3002/callback",
		"https://demo.example/demo":  "http://localhost:3001/callback",
	} {
		s, err := New(Config{Issuer: issuer, Clients: []Client{{ID: "web", RedirectURIs: []string{redirectURI}}}})
		if err != nil {
			t.Fatal(err)
		}
		if got := s.secondRedirectURI(); got != want {
			t.Errorf("at %s the page offers %s; want %s", issuer, got, want)
		}
	}
}

// A second client is registered by this server's own page alone, for a redirect URI to which a code may go.
func TestRegisterSecond_Refuses(t *testing.T) {
	t.Parallel()
	h := start(t)
	before := len(h.server.clients.entries)
	good := url.Values{"redirect_uri": {redirectURI}}
	for _, uri := range []string{"", "http://public.example/", "javascript:alert(1)", "https://a.example/#x", "com.example.app:/callback", "%"} {
		h.do("POST", "/client", url.Values{"redirect_uri": {uri}}, nil).want(t, 400, "invalid_redirect_uri")
	}
	h.do("POST", "/client", good, map[string]string{"Sec-Fetch-Site": "cross-site"}).want(t, 403, "access_denied")
	if a := h.do("GET", "/client?"+good.Encode(), nil, nil); a.StatusCode != 405 {
		t.Errorf("GET was answered %d", a.StatusCode)
	}
	if after := len(h.server.clients.entries); after != before {
		t.Errorf("%d clients are registered by requests that were refused", after-before)
	}
	if a := h.do("POST", "/client", good, nil); a.StatusCode != 200 || len(h.server.clients.entries) != before+1 { // the twin
		t.Errorf("the page's own form was answered %d", a.StatusCode)
	}
}

// Each row is a registration and what comes of it: an error, or nothing.
func TestRegister_Refuses(t *testing.T) {
	const loopback = `"redirect_uris":["` + redirectURI + `"]`
	long := strings.Repeat("x", 500)
	for body, code := range map[string]string{
		`{` + loopback + `}`:                                                                          "",
		`{` + loopback + `,"application_type":"native"}`:                                              "",
		`{` + loopback + `,"application_type":"desktop"}`:                                             "invalid_client_metadata",
		`{"redirect_uris":[]}`:                                                                        "invalid_redirect_uri",
		`{"redirect_uris":["https://a.example/"]}`:                                                    "",
		`{"redirect_uris":["https://a.example/` + long + `"]}`:                                        "invalid_redirect_uri",
		`{"redirect_uris":["http://public.example/"]}`:                                                "invalid_redirect_uri",
		`{"redirect_uris":["com.example.app:/callback"]}`:                                             "invalid_redirect_uri",
		`{"redirect_uris":["com.example.app:/callback"],"application_type":"native"}`:                 "",
		`{"redirect_uris":["javascript:alert(1)"],"application_type":"native"}`:                       "invalid_redirect_uri",
		`{` + loopback + `,"post_logout_redirect_uris":["https://a.example/"]}`:                       "",
		`{` + loopback + `,"post_logout_redirect_uris":["https://a.example/#x"]}`:                     "invalid_redirect_uri",
		`{"redirect_uris":["https://a.example/"` + strings.Repeat(`,"https://a.example/"`, 19) + `]}`: "",
		`{"redirect_uris":["https://a.example/"` + strings.Repeat(`,"https://a.example/"`, 20) + `]}`: "invalid_redirect_uri",
		`{` + loopback + `,"token_endpoint_auth_method":"private_key_jwt"}`:                           "invalid_client_metadata",
		`{` + loopback + `,"client_name":"` + long + `"}`:                                             "invalid_client_metadata",
		`nonsense`: "invalid_client_metadata",
	} {
		h := start(t)
		a := h.register(body, nil)
		if code == "" && a.StatusCode != 201 {
			t.Errorf("%s was answered %d %s", body, a.StatusCode, a.body)
		} else if code != "" {
			a.want(t, 400, code)
		}
	}
	h := start(t)
	good := `{` + loopback + `}`
	h.register(good, map[string]string{"Content-Type": "text/plain"}).want(t, 400, "invalid_client_metadata")
	h.register(good, map[string]string{"Sec-Fetch-Site": "cross-site"}).want(t, 403, "access_denied")
	if a := h.register(good[:len(good)-1]+strings.Repeat(" ", 70<<10)+"}", nil); a.StatusCode != 400 {
		t.Errorf("a body of 70 KB was answered %d", a.StatusCode)
	}
}

// What is registered with scopes may ask for those alone.
func TestRegister_Scopes(t *testing.T) {
	h := start(t)
	a := h.register(`{"redirect_uris":["`+redirectURI+`"],"scope":"profile admin notes"}`, nil)
	if a.json["scope"] != "profile notes" {
		t.Fatalf("the registration answered %s", a.body)
	}
	for scope, good := range map[string]bool{"profile": true, "profile notes": true, "openid profile": false} {
		q := authorizeQuery()
		q.Set("client_id", a.json["client_id"].(string))
		q.Set("scope", scope)
		answer := h.do("GET", "/authorize?"+q.Encode(), nil, nil)
		if good != (answer.StatusCode == 200) {
			t.Errorf("the scope %q was answered %d", scope, answer.StatusCode)
		}
		if !good && h.response(answer).Get("error") != "invalid_scope" {
			t.Errorf("the scope %q was refused with %v", scope, h.response(answer))
		}
	}
}

// An app on a phone comes back through its own scheme.
func TestRegister_OwnScheme(t *testing.T) {
	h := start(t)
	const back = "com.example.app:/callback"
	a := h.register(`{"redirect_uris":["`+back+`"],"application_type":"native","token_endpoint_auth_method":"none"}`, nil)
	q := authorizeQuery()
	q.Set("client_id", a.json["client_id"].(string))
	q.Set("redirect_uri", back)
	h.signIn(q, "user_alice")
	to, err := url.Parse(h.do("POST", "/authorize?"+q.Encode(), url.Values{"decision": {"allow"}}, nil).Header.Get("Location"))
	if err != nil || to.Scheme != "com.example.app" || to.Path != "/callback" || to.Query().Get("code") == "" {
		t.Errorf("the browser is sent to %v", to)
	}
}

// Each row is a redirect URI as a client of the web would register it.
func TestMayRedirectTo(t *testing.T) {
	for uri, may := range map[string]bool{
		"https://app.example/callback":              true,
		"https://user:password@app.example/":        false,
		"https://user@app.example/":                 false,
		"https://app.example/#part":                 false,
		"https:///callback":                         false,
		"http://app.example/":                       false,
		"http://localhost:3000/callback":            true,
		"http://user:password@localhost:3000/":      false,
		"http://localhost.evil.example/":            false,
		"http://127.0.0.1:1/":                       true,
		"http://127.0.0.1.evil.example/":            false,
		"http://[::1]:3000/":                        true,
		"http://[::2]:3000/":                        false,
		"javascript:alert(1)":                       false,
		"data:text/html,x":                          false,
		"//app.example/":                            false,
		"http://localhost@evil.example/":            false,
		"https://app.example/callback?with=a+query": true,
		"com.example.app:/callback":                 false,
	} {
		if got := mayRedirectTo(uri, false); got != may {
			t.Errorf("mayRedirectTo(%q) is %t", uri, got)
		}
	}
	for uri, may := range map[string]bool{
		"com.example.app:/callback": true,
		"example:/callback":         false,
		"javascript:alert(1.0)":     false,
		"com.example.app:callback":  false,
	} {
		if got := mayRedirectTo(uri, true); got != may {
			t.Errorf("for a native app mayRedirectTo(%q) is %t", uri, got)
		}
	}
}
