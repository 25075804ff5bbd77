package demo

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// Each row spoils one parameter. Until client and redirect URI are right the error is shown here;
// from then on it goes to the redirect URI.
func TestAuthorize_Refuses(t *testing.T) {
	for _, row := range []struct {
		name  string
		spoil func(q url.Values)
		code  string
		back  bool // sent to the redirect URI
	}{
		{"nothing", func(url.Values) {}, "", false},
		{"no client", func(q url.Values) { q.Del("client_id") }, "invalid_client", false},
		{"another client", func(q url.Values) { q.Set("client_id", "nobody") }, "invalid_client", false},
		{"no redirect URI", func(q url.Values) { q.Del("redirect_uri") }, "invalid_request", false},
		{"another redirect URI", func(q url.Values) { q.Set("redirect_uri", "https://evil.example/") }, "invalid_request", false},
		{"a slash at its end", func(q url.Values) { q.Set("redirect_uri", redirectURI+"/") }, "invalid_request", false},
		{"localhost for 127.0.0.1", func(q url.Values) { q.Set("redirect_uri", otherLoopback(redirectURI)) }, "invalid_request", false},
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
			if row.code == "" { // the honest twin
				if a.StatusCode != http.StatusOK || !strings.Contains(a.body, "Choose any user") {
					t.Errorf("the request as it is was answered %d %s", a.StatusCode, a.body)
				}
				return
			}
			if !row.back {
				a.want(t, http.StatusBadRequest, row.code)
				return
			}
			r := h.response(a)
			if r.Get("error") != row.code || r.Get("error_description") == "" || r.Get("state") != "some-state" || r.Get("iss") != h.issuer || r.Has("code") {
				t.Errorf("the response is %v; want %s with state and iss", r, row.code)
			}
		})
	}
}

// The port of a loopback IP address may differ from the registered one (RFC 8252 section 7.3), and nothing else
// may. Each row is a registered redirect URI and one that is asked for, at the sound server and at its variants.
func TestRegistered_LoopbackPort(t *testing.T) {
	t.Parallel()
	const sound, fixed, localhost = "", LoopbackPortFixed, LocalhostAnyPort
	for _, row := range []struct {
		name, registered, asked string
		accepts                 []Fault // the servers that accept it
	}{
		{"the same", "http://127.0.0.1:3000/cb", "http://127.0.0.1:3000/cb", []Fault{sound, fixed, localhost}},
		{"another port", "http://127.0.0.1:3000/cb", "http://127.0.0.1:61023/cb", []Fault{sound, localhost}},
		{"another port of IPv6", "http://[::1]:3000/cb", "http://[::1]:61023/cb", []Fault{sound, localhost}},
		{"a port where none is registered", "http://127.0.0.1/cb", "http://127.0.0.1:61023/cb", []Fault{sound, localhost}},
		{"no port", "http://127.0.0.1:3000/cb", "http://127.0.0.1/cb", []Fault{sound, localhost}},
		{"the highest port", "http://127.0.0.1:3000/cb", "http://127.0.0.1:65535/cb", []Fault{sound, localhost}},
		{"another port, with a query", "http://127.0.0.1:3000/cb?a=b", "http://127.0.0.1:1/cb?a=b", []Fault{sound, localhost}},
		{"another port, without a path", "http://127.0.0.1:3000", "http://127.0.0.1:1", []Fault{sound, localhost}},
		{"the same, on localhost", "http://localhost:3000/cb", "http://localhost:3000/cb", []Fault{sound, fixed, localhost}},
		{"another port of localhost", "http://localhost:3000/cb", "http://localhost:61023/cb", []Fault{localhost}},
		{"the same, on https", "https://app.example/cb", "https://app.example/cb", []Fault{sound, fixed, localhost}},
		{"another port on https", "https://127.0.0.1:3000/cb", "https://127.0.0.1:1/cb", nil},
		{"another port of another host", "http://app.example:3000/cb", "http://app.example:1/cb", nil},
		{"https for http", "http://127.0.0.1:3000/cb", "https://127.0.0.1:1/cb", nil},
		{"IPv6 for IPv4", "http://127.0.0.1:3000/cb", "http://[::1]:1/cb", nil},
		{"localhost for the address", "http://127.0.0.1:3000/cb", "http://localhost:3000/cb", nil},
		{"the address for localhost", "http://localhost:3000/cb", "http://127.0.0.1:3000/cb", nil},
		{"another loopback address", "http://127.0.0.1:3000/cb", "http://127.0.0.2:3000/cb", nil},
		{"a different path", "http://127.0.0.1:3000/cb", "http://127.0.0.1:1/cb/", nil},
		{"a different query", "http://127.0.0.1:3000/cb", "http://127.0.0.1:1/cb?a=b", nil},
		{"a fragment", "http://127.0.0.1:3000", "http://127.0.0.1:1#x", nil},
		{"port 0", "http://127.0.0.1:3000/cb", "http://127.0.0.1:0/cb", nil},
		{"no such port", "http://127.0.0.1:3000/cb", "http://127.0.0.1:65536/cb", nil},
		{"an empty port", "http://127.0.0.1:3000/cb", "http://127.0.0.1:/cb", nil},
		{"a signed port", "http://127.0.0.1:3000/cb", "http://127.0.0.1:+1/cb", nil},
		{"a host behind the port", "http://127.0.0.1:3000/cb", "http://127.0.0.1:1@evil.example/cb", nil},
		{"a host behind the address", "http://127.0.0.1:3000/cb", "http://127.0.0.1@evil.example/cb", nil},
		{"a host that goes on", "http://127.0.0.1.evil.example/cb", "http://127.0.0.1:80.evil.example/cb", nil},
		{"a longer host", "http://127.0.0.1:3000/cb", "http://127.0.0.1.evil.example/cb", nil},
		{"a backslash", "http://127.0.0.1:3000/cb", `http://127.0.0.1:1\@evil.example/cb`, nil},
		{"capitals", "http://127.0.0.1:3000/cb", "HTTP://127.0.0.1:1/cb", nil},
	} {
		for _, variant := range []Fault{sound, fixed, localhost} {
			s, err := New(Config{Issuer: "http://localhost:3000/demo", Faults: []Fault{variant}})
			if err != nil {
				t.Fatal(err)
			}
			got := s.registered(&Client{RedirectURIs: []string{"https://other.example/", row.registered}}, row.asked)
			if want := slices.Contains(row.accepts, variant); got != want {
				t.Errorf("%s, with the fault %q: %s for %s is accepted: %t; want %t", row.name, variant, row.asked, row.registered, got, want)
			}
		}
	}
}

// The code goes to the port that was asked for, and is redeemed with exactly that redirect URI.
func TestRedeemCode_LoopbackPort(t *testing.T) {
	t.Parallel()
	const other = "http://127.0.0.1:61023/callback"
	for sent, status := range map[string]int{other: 200, redirectURI: 400} {
		h := start(t)
		q := authorizeQuery()
		q.Set("redirect_uri", other)
		to, err := h.signInAndAllow(q).Location()
		if err != nil || to.Host != "127.0.0.1:61023" {
			t.Fatalf("the browser is sent to %v", to)
		}
		form := redeem(to.Query().Get("code"))
		form.Set("redirect_uri", sent)
		if a := h.do("POST", "/token", form, basic("web", "s3cret")); a.StatusCode != status {
			t.Errorf("redeemed with %s: answered %d %s", sent, a.StatusCode, a.body)
		}
	}
}

func TestConsent_AskedAndRemembered(t *testing.T) {
	h := start(t)
	q := authorizeQuery()
	page := h.do("GET", "/authorize?"+q.Encode(), nil, map[string]string{"Accept": "text/html"})
	if page.StatusCode != 200 || !strings.Contains(page.body, "A web application") || !strings.Contains(page.body, "Carol") {
		t.Errorf("the sign-in page answered %d:\n%s", page.StatusCode, page.body)
	}
	page = h.signIn(q, "user_bob")
	for _, want := range []string{
		"A web application", "127.0.0.1:1", "Verified by this server", "You haven't allowed it before", "Bob Example",
		"See your email address", "bob@example.com", "<code>email</code>", "See your name and picture", "user_bob. Required.",
		">Allow<", ">Deny<", "Either way, your browser goes to <code><strong>127.0.0.1:1</strong><wbr>/callback</code>", "You can revoke access at any time",
	} {
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
	for prompt, words := range map[string]string{"consent": "wants to access", "login": "Choose any user", "select_account": "Choose any user"} {
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
	if page := h.do("GET", "/authorize?"+q.Encode(), nil, nil); !strings.Contains(page.body, "Choose any user") {
		t.Errorf("max_age answered %d:\n%s", page.StatusCode, page.body)
	}
}

// max_age=0 asks for a sign-in of now (OpenID Connect Core section 3.1.2.1): once, and then it goes on.
func TestAuthorize_MaxAge(t *testing.T) {
	for _, row := range []struct {
		name, maxAge string
		later        time.Duration
		asks         bool
	}{
		{"zero", "0", time.Second, true},
		{"too long ago", "60", 2 * time.Minute, true},
		{"lately", "60", 30 * time.Second, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := start(t)
			h.code(authorizeQuery()) // signed in, and allowed
			h.now = h.now.Add(row.later)
			q := authorizeQuery()
			q.Set("max_age", row.maxAge)
			a := h.do("GET", "/authorize?"+q.Encode(), nil, nil)
			if asks := strings.Contains(a.body, "Choose any user"); asks != row.asks {
				t.Fatalf("asks for a sign-in: %t; want %t", asks, row.asks)
			}
			if row.asks {
				a = h.signIn(q, "user_alice")
			}
			if h.response(a).Get("code") == "" {
				t.Errorf("there is no code after the sign-in: %d %s", a.StatusCode, a.body)
			}
		})
	}
}

// A parameter without a value counts as omitted (RFC 6749 section 3.1): each row is answered as the
// request without the parameter is.
func TestAuthorize_EmptyParameters(t *testing.T) {
	for _, name := range []string{"scope", "prompt", "max_age", "response_mode", "request", "request_uri", "login_hint"} {
		h := start(t)
		q := authorizeQuery()
		q.Del(name)
		h.code(q)
		q.Set(name, "")
		if r := h.response(h.do("GET", "/authorize?"+q.Encode(), nil, nil)); r.Get("code") == "" {
			t.Errorf("an authorization request with an empty %s gives %v", name, r)
		}
	}
	h := start(t)
	form := redeem(h.code(authorizeQuery()))
	form.Set("client_secret", "")
	first := h.do("POST", "/token", form, basic("web", "s3cret"))
	if first.StatusCode != 200 {
		t.Errorf("an empty client_secret beside Basic answered %d %s", first.StatusCode, first.body)
	}
	form = url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first.json["refresh_token"].(string)}, "scope": {""}}
	if a := h.do("POST", "/token", form, basic("web", "s3cret")); a.StatusCode != 200 || a.json["scope"] != "openid profile email" {
		t.Errorf("a refresh with an empty scope answered %d %s", a.StatusCode, a.body)
	}
}
