package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
)

// A login belongs to the issuer, token endpoint, client ID and redirect URI that it started with (RFC 9700 section 4.4.2).
// If one of them has changed before the callback, the code is sent nowhere. Each row is a second process with the same
// SESSION_SECRET, as after a restart with other settings.
func TestCallback_CodeStaysWithItsServer(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		change func(env map[string]string, other *testserver.FakeServer)
		status int
	}{
		{"nothing", func(map[string]string, *testserver.FakeServer) {}, 200},
		{"another issuer", func(env map[string]string, other *testserver.FakeServer) {
			env["TOKEN_ENDPOINT"] = env["ISSUER"] + "/token" // the same one
			env["ISSUER"] = other.Issuer
		}, 400},
		{"another token endpoint", func(env map[string]string, other *testserver.FakeServer) {
			env["TOKEN_ENDPOINT"] = other.Issuer + "/token"
		}, 400},
		{"another client ID", func(env map[string]string, _ *testserver.FakeServer) { env["CLIENT_ID"] = "other-client" }, 400},
		{"another redirect URI", func(env map[string]string, _ *testserver.FakeServer) { env["BASE_URL"] = "http://127.0.0.1:PORT" }, 400},
	} {
		t.Run(row.name, func(t *testing.T) {
			first, second := testserver.StartFakeServer(t), testserver.StartFakeServer(t)
			env := first.Env()
			env["SESSION_SECRET"] = "0123456789abcdef"
			one := startApp(t, env)
			env["BASE_URL"] = one.Cfg.BaseURL
			row.change(env, second)
			two := startApp(t, env)
			b := newBrowser(t, one)
			callback, _ := url.Parse(first.Approve(t, b.Begin("")))
			q := callback.Query()
			q.Set("iss", two.Cfg.Issuer) // a server that goes for the other's codes names itself right
			callback.RawQuery = q.Encode()
			req, _ := http.NewRequest(http.MethodGet, two.Address+callback.RequestURI(), nil)
			req.Host = strings.TrimPrefix(two.Cfg.BaseURL, "http://")
			for _, c := range b.Client.Jar.Cookies(callback) {
				c.Name = strings.Replace(c.Name, "_"+portOf(t, one.Cfg.BaseURL)+"_", "_"+portOf(t, two.Cfg.BaseURL)+"_", 1)
				req.AddCookie(c)
			}
			req.Header.Set("Accept", "*/*")
			r := newBrowser(t, two).Do(req)
			sent := first.Asked("POST /token") + second.Asked("POST /token")
			if row.status == 200 {
				if r.StatusCode != 200 || sent != 1 {
					t.Errorf("with the same settings the callback answered %d %s", r.StatusCode, r.Body)
				}
				return
			}
			if r.StatusCode != row.status || sent != 0 {
				t.Errorf("answered %d and sent %d codes: %s", r.StatusCode, sent, r.Body)
			}
			if row.name != "another redirect URI" { // there the cookie does not even open
				r.WantError(t, 400, "other_server", "You started this login with different settings")
			}
		})
	}
}

func portOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Port()
}
