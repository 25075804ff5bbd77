package demo

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// push sends an authorization request ahead.
func (h *harness) push(form url.Values) answer {
	h.t.Helper()
	return h.do("POST", "/par", form, basic("web", "s3cret"))
}

// pushed pushes a request, and returns the query for the browser.
func (h *harness) pushed(form url.Values) url.Values {
	h.t.Helper()
	a := h.push(form)
	uri, _ := a.json["request_uri"].(string)
	if a.StatusCode != 201 || !strings.HasPrefix(uri, "urn:ietf:params:oauth:request_uri:") || a.json["expires_in"] != 60.0 ||
		a.Header.Get("Cache-Control") != "no-store" {
		h.t.Fatalf("the pushed request was answered %d %s", a.StatusCode, a.body)
	}
	return url.Values{"client_id": {"web"}, "request_uri": {uri}}
}

// A pushed request does what the same request in the address does, and its address says nothing of it.
func TestPush_SameAsInAddress(t *testing.T) {
	h := start(t)
	form := authorizeQuery()
	form.Set("prompt", "login consent")
	form.Set("max_age", "0")
	q := h.pushed(form)
	page := h.signIn(q, "user_alice")
	if !strings.Contains(page.body, "wants to access") || strings.Contains(page.body, form.Get("nonce")) ||
		strings.Contains(page.Request.URL.String(), "state") {
		t.Fatalf("after the sign-in comes %s\n%s", page.Request.URL, page.body)
	}
	r := h.response(h.do("POST", "/authorize?"+q.Encode(), url.Values{"decision": {"allow"}}, nil))
	if r.Get("state") != "some-state" || r.Get("iss") != h.issuer {
		t.Errorf("the response is %v", r)
	}
	tokens := h.do("POST", "/token", redeem(r.Get("code")), basic("web", "s3cret"))
	if tokens.StatusCode != 200 || tokens.json["scope"] != "openid profile email" {
		t.Fatalf("the token endpoint answered %d %s", tokens.StatusCode, tokens.body)
	}
	if _, claims := decode(t, tokens.json["id_token"].(string)); claims["nonce"] != "some-nonce" {
		t.Errorf("the nonce is %v", claims["nonce"])
	}
	h.do("GET", "/authorize?"+q.Encode(), nil, nil).want(t, 400, "invalid_request_uri") // one response
	h.do("POST", "/authorize?"+q.Encode(), url.Values{"decision": {"allow"}}, nil).want(t, 400, "invalid_request_uri")
}

// Whatever ends a request uses its request_uri up; a reload before that does not.
func TestPush_UsedOnce(t *testing.T) {
	h := start(t)
	q := h.pushed(authorizeQuery())
	for range 2 {
		if page := h.do("GET", "/authorize?"+q.Encode(), nil, nil); page.StatusCode != 200 {
			t.Errorf("the sign-in page was answered %d", page.StatusCode)
		}
	}
	h.signIn(q, "user_alice")
	if r := h.response(h.do("POST", "/authorize?"+q.Encode(), url.Values{"decision": {"deny"}}, nil)); r.Get("error") != "access_denied" {
		t.Errorf("the response is %v", r)
	}
	h.do("GET", "/authorize?"+q.Encode(), nil, nil).want(t, 400, "invalid_request_uri")
}

// Two presses on Allow that arrive at once both find the request; the second one gets no code.
func TestPush_AllowPressedTwice(t *testing.T) {
	h := start(t)
	q := h.pushed(authorizeQuery())
	for i, status := range []int{http.StatusSeeOther, http.StatusBadRequest} {
		w, r := httptest.NewRecorder(), httptest.NewRequest("POST", "/demo/authorize", nil)
		req := &authorizeRequest{client: &Client{ID: "web"}, redirectURI: redirectURI, pushed: q.Get("request_uri")}
		h.server.redirectCode(w, r, req, session{user: "user_alice"}, nil)
		if w.Code != status {
			t.Errorf("press %d was answered %d %s", i+1, w.Code, w.Body)
		}
	}
}

// A client that says who it is by Basic need not say it again.
func TestPush_WithoutClientID(t *testing.T) {
	h := start(t)
	form := authorizeQuery()
	form.Del("client_id")
	if page := h.do("GET", "/authorize?"+h.pushed(form).Encode(), nil, nil); page.StatusCode != 200 {
		t.Errorf("the sign-in page was answered %d", page.StatusCode)
	}
}

// The browser has a minute to arrive. At the pages people take their time.
func TestPush_Life(t *testing.T) {
	for _, row := range []struct {
		before, at time.Duration
		status     int
	}{
		{58 * time.Second, 0, 200},
		{62 * time.Second, 0, 400},
		{30 * time.Second, 5 * time.Minute, 200},
	} {
		h := start(t)
		q := h.pushed(authorizeQuery())
		h.now = h.now.Add(row.before)
		if row.at > 0 {
			h.do("GET", "/authorize?"+q.Encode(), nil, nil)
			h.now = h.now.Add(row.at)
		}
		if a := h.do("GET", "/authorize?"+q.Encode(), nil, nil); a.StatusCode != row.status {
			t.Errorf("after %s and %s at the pages it was answered %d", row.before, row.at, a.StatusCode)
		}
	}
}

// Each row spoils one thing of a pushed request, or of what the browser brings, that is otherwise right.
func TestPush_Refuses(t *testing.T) {
	for _, row := range []struct {
		name   string
		spoil  func(form url.Values, header map[string]string)
		status int
		code   string
	}{
		{"wrong secret", func(_ url.Values, header map[string]string) {
			header["Authorization"] = basic("web", "x")["Authorization"]
		}, 401, "invalid_client"},
		{"another client's ID inside", func(form url.Values, _ map[string]string) { form.Set("client_id", "other") }, 401, "invalid_client"},
		{"another redirect URI", func(form url.Values, _ map[string]string) { form.Set("redirect_uri", redirectURI+"/") }, 400, "invalid_request"},
		{"no PKCE", func(form url.Values, _ map[string]string) { form.Del("code_challenge") }, 400, "invalid_request"},
		{"an unknown scope", func(form url.Values, _ map[string]string) { form.Set("scope", "admin") }, 400, "invalid_scope"},
		{"an unknown resource", func(form url.Values, _ map[string]string) { form.Set("resource", "https://other.example/") }, 400, "invalid_target"},
		{"a request_uri", func(form url.Values, _ map[string]string) { form.Set("request_uri", requestURIPrefix+"x") }, 400, "invalid_request"},
		{"state twice", func(form url.Values, _ map[string]string) { form.Add("state", "x") }, 400, "invalid_request"},
		{"too long", func(form url.Values, _ map[string]string) { form.Set("nonce", strings.Repeat("x", maxRequest)) }, 400, "invalid_request"},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := start(t)
			form, header := authorizeQuery(), basic("web", "s3cret")
			row.spoil(form, header)
			h.do("POST", "/par", form, header).want(t, row.status, row.code)
		})
	}
	for name, spoil := range map[string]func(q url.Values){
		"":                         func(url.Values) {},
		"another client's ID":      func(q url.Values) { q.Set("client_id", "other") },
		"no client ID":             func(q url.Values) { q.Del("client_id") },
		"an invented request_uri":  func(q url.Values) { q.Set("request_uri", requestURIPrefix+"AAAA") },
		"a request_uri of another": func(q url.Values) { q.Set("request_uri", "https://client.example/request") },
	} {
		h := start(t)
		q := h.pushed(authorizeQuery())
		spoil(q)
		if a := h.do("GET", "/authorize?"+q.Encode(), nil, nil); (a.StatusCode == 200) != (name == "") || name != "" && a.StatusCode != 400 {
			t.Errorf("%q: answered %d %s", name, a.StatusCode, a.body)
		}
	}
}

// What the address adds to a pushed request does not count.
func TestPush_AddressAddsNothing(t *testing.T) {
	h := start(t)
	q := h.pushed(authorizeQuery())
	q.Set("redirect_uri", "https://evil.example/")
	q.Set("scope", "notes")
	q.Set("state", "another-state")
	h.signIn(q, "user_alice")
	r := h.response(h.do("POST", "/authorize?"+q.Encode(), url.Values{"decision": {"allow"}}, nil))
	if r.Get("state") != "some-state" || r.Get("code") == "" {
		t.Errorf("the response is %v", r)
	}
	if tokens := h.do("POST", "/token", redeem(r.Get("code")), basic("web", "s3cret")); tokens.json["scope"] != "openid profile email" {
		t.Errorf("the tokens are %s", tokens.body)
	}
}

// A server may want every request pushed (RFC 9126 section 5), and says so.
func TestRequirePAR_RefusesOthers(t *testing.T) {
	for _, required := range []bool{false, true} {
		h := start(t)
		if required {
			h.server.SetFaults(RequirePAR)
		}
		md := h.do("GET", "/.well-known/openid-configuration", nil, nil)
		if md.json["require_pushed_authorization_requests"] != required || md.json["pushed_authorization_request_endpoint"] != h.issuer+"/par" {
			t.Errorf("required: %t; the metadata is %s", required, md.body)
		}
		a := h.do("GET", "/authorize?"+authorizeQuery().Encode(), nil, nil)
		if required != (a.StatusCode == 303) {
			t.Errorf("required: %t; a request that was not pushed is answered %d", required, a.StatusCode)
		} else if required && (h.response(a).Get("error") != "invalid_request" || h.response(a).Get("state") != "some-state") {
			t.Errorf("the response is %v", h.response(a))
		}
		if a := h.do("GET", "/authorize?"+h.pushed(authorizeQuery()).Encode(), nil, nil); a.StatusCode != 200 {
			t.Errorf("required: %t; a pushed request is answered %d", required, a.StatusCode)
		}
	}
}
