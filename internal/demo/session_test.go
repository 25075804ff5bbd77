package demo

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// The session cookie is out of reach for scripts, for other sites and for other paths, and over
// https for plain http.
func TestSession_CookieAttributes(t *testing.T) {
	for _, row := range []struct {
		issuer, name string
		secure       bool
	}{
		{"http://localhost:3000/demo", "demo_session_3000", false},
		{"https://demo.example/demo", "demo_session", true},
	} {
		s, err := New(Config{Issuer: row.issuer, Clients: []Client{{ID: "web", RedirectURIs: []string{redirectURI}}}})
		if err != nil {
			t.Fatal(err)
		}
		req := httptest.NewRequest("POST", row.issuer+"/authorize?"+authorizeQuery().Encode(), strings.NewReader("user=user_alice"))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, req)
		cookies := w.Result().Cookies()
		if len(cookies) != 1 {
			t.Fatalf("the sign-in answered %d with the cookies %v", w.Code, cookies)
		}
		c := cookies[0]
		if c.Name != row.name || len(c.Value) < 26 || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/demo/" ||
			c.Domain != "" || c.Secure != row.secure {
			t.Errorf("at %s the cookie is %v", row.issuer, c)
		}
	}
}

// AskAnew ends the browser's session for the request with a state, and asks for consent again, once and for no other
// request. Pushed requests have states, too.
func TestAskAnew_OnceForItsRequest(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, state  string
		pushed, asks bool
	}{
		{"the request", "some-state", false, true},
		{"the request, pushed", "some-state", true, true},
		{"another request", "another-state", false, false},
		{"no request", "", false, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := start(t)
			h.code(authorizeQuery()) // signed in, and allowed
			if row.state != "" {
				h.now = h.now.Add(time.Second)
				h.server.AskAnew(row.state)
				h.now = h.now.Add(time.Second)
			}
			q := authorizeQuery()
			if row.pushed {
				a := h.do("POST", "/par", q, basic("web", "s3cret"))
				q = url.Values{"client_id": {"web"}, "request_uri": {a.json["request_uri"].(string)}}
			}
			a := h.do("GET", "/authorize?"+q.Encode(), nil, nil)
			if !row.asks {
				if h.response(a).Get("code") == "" {
					t.Errorf("answered %d to %v, without a code", a.StatusCode, a.Header.Get("Location"))
				}
				return
			}
			if !strings.Contains(a.body, `name="user"`) || !strings.Contains(h.do("GET", "/", nil, nil).body, "Sign in to see") {
				t.Errorf("the session goes on:\n%s", a.body)
			}
			if page := h.signIn(q, "user_alice"); !strings.Contains(page.body, "wants to access") {
				t.Fatalf("the consent is not asked for:\n%s", page.body)
			}
			if code := h.response(h.do("POST", "/authorize?"+q.Encode(), url.Values{"decision": {"allow"}}, nil)).Get("code"); code == "" {
				t.Error("after the consent there is no code")
			}
			if code := h.response(h.do("GET", "/authorize?"+authorizeQuery().Encode(), nil, nil)).Get("code"); code == "" {
				t.Error("the same request asks once more, although all of it happened after AskAnew")
			}
		})
	}
}

// A page that was open before cannot answer for the request: the sign-in that it stands for has ended.
func TestAskAnew_EarlierSession(t *testing.T) {
	t.Parallel()
	h := start(t)
	q := authorizeQuery()
	h.code(q)
	h.now = h.now.Add(time.Second)
	h.server.AskAnew(q.Get("state"))
	a := h.do("POST", "/authorize?"+q.Encode(), url.Values{"decision": {"allow"}}, nil)
	if to, err := a.Location(); err != nil || to.Path != "/demo/authorize" {
		t.Errorf("Allow was answered %d to %v; want the sign-in", a.StatusCode, to)
	}
}
