package demo

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The session cookie is out of reach for scripts, for other sites and for other paths, and over
// https for plain http.
func TestSessionCookie(t *testing.T) {
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
