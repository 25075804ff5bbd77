package testserver

import (
	"net/http"
	"net/url"
	"strings"
)

// SessionCookie is the one of them that opens a session, or nil.
func SessionCookie(cookies []*http.Cookie) *http.Cookie {
	for _, c := range cookies {
		if strings.HasPrefix(strings.TrimPrefix(c.Name, "__Host-"), "oauth_test_client_") && c.MaxAge >= 0 {
			return c
		}
	}
	return nil
}

// WantNothingKept checks that no login of the browser is remembered.
func (b *Browser) WantNothingKept() {
	b.T.Helper()
	if home := b.Get("/"); strings.Contains(home.Body, "Last signed in") {
		b.T.Error("the home page says that somebody signed in")
	}
	u, err := url.Parse(b.App.Address)
	if err != nil {
		b.T.Fatal(err)
	}
	if cookie := SessionCookie(b.Client.Jar.Cookies(u)); cookie != nil {
		b.T.Errorf("the browser has the session %s", cookie.Name)
	}
}
