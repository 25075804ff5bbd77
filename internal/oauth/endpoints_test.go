package oauth

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
)

// Endpoints on this machine are accepted from a server on this machine, and from the user. A public server could use them
// to make us send requests to local programs.
func TestMetadata_LoopbackEndpoints(t *testing.T) {
	public := func(t *testing.T, env map[string]string, spoil func(d map[string]any)) (*testserver.FakeServer, *Client) {
		l := testserver.StartFakeServer(t)
		address := l.Listener.Addr().String()
		l.Issuer = "https://auth.example"
		l.Document = spoil
		full := map[string]string{"ISSUER": l.Issuer, "CLIENT_ID": testserver.FakeClientID, "CLIENT_SECRET": testserver.FakeClientSecret}
		for name, value := range env {
			full[name] = value
		}
		c := clientAt(t, full)
		c.wire.SetTransport(&http.Transport{DialTLSContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address) // the public name leads to the fake server, without TLS
		}})
		return l, c
	}
	names := map[string]string{
		"authorization_endpoint":                "AUTHORIZATION_ENDPOINT",
		"token_endpoint":                        "TOKEN_ENDPOINT",
		"jwks_uri":                              "JWKS_URI",
		"userinfo_endpoint":                     "USERINFO_ENDPOINT",
		"introspection_endpoint":                "INTROSPECTION_ENDPOINT",
		"revocation_endpoint":                   "REVOCATION_ENDPOINT",
		"end_session_endpoint":                  "",
		"pushed_authorization_request_endpoint": "",
	}
	for name, variable := range names {
		for _, address := range []string{
			"http://127.0.0.1:6379/x", "https://localhost/x", "http://[::1]:80/x", "http://admin.localhost/x",
			"http://127.1.2.3/x", "https://127.1/x", "https://2130706433/x", "https://0.0.0.0/x", "https://[::ffff:127.0.0.1]/x", "https://localhost./x",
		} {
			_, c := public(t, nil, func(d map[string]any) { d[name] = address })
			_, err := c.Metadata(t.Context())
			wantError(t, err, CodeNotFound, "its "+name+` "`+address+`" is on this machine, and the issuer is not`)
			if variable == "" {
				continue
			}
			_, c = public(t, map[string]string{variable: address}, func(d map[string]any) { d[name] = "https://auth.example/x" })
			if _, err := c.Metadata(t.Context()); err != nil {
				t.Errorf("%s=%s, set by the user: %v", variable, address, err)
			}
		}
	}
	const mapped = "https://ｌｏｃａｌｈｏｓｔ/x" // net/http connects to localhost
	_, c := public(t, nil, func(d map[string]any) { d["token_endpoint"] = mapped })
	_, err := c.Metadata(t.Context())
	wantError(t, err, CodeNotFound, `its token_endpoint "`+mapped+`" may be on this machine, as its host has non-ASCII letters`)
	l, c := public(t, nil, nil)
	wantHonest(t, l, c) // the same public name, with its own endpoints
	for _, elsewhere := range []string{"https://evillocalhost/x", "https://localhost.evil.example/x", "https://127.0.0.1.evil.example/x"} {
		_, c := public(t, nil, func(d map[string]any) { d["userinfo_endpoint"] = elsewhere })
		if _, err := c.Metadata(t.Context()); err != nil {
			t.Errorf("%s is not this machine: %v", elsewhere, err)
		}
	}
}

// Every endpoint is looked at: http beyond this machine, and what is no address, spoils all of the metadata.
func TestMetadata_ChecksEveryEndpoint(t *testing.T) {
	for _, name := range []string{
		"authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint", "introspection_endpoint",
		"revocation_endpoint", "end_session_endpoint", "pushed_authorization_request_endpoint",
	} {
		for address, words := range map[string]string{
			"http://a.example/x":     "is not https",
			"http://evillocalhost/x": "is not https",
			"javascript:alert(1)":    "full address",
			"https://u@a.example/":   "user name",
			"https://a.example/#x":   "fragment",
		} {
			l := testserver.StartFakeServer(t)
			l.Document = func(d map[string]any) { d[name] = address }
			c := clientAt(t, l.Env())
			_, err := c.Metadata(t.Context())
			wantError(t, err, CodeNotFound, "its "+name)
			wantError(t, err, CodeNotFound, words)
			l.Reset()
			l.Document = func(d map[string]any) { d[name] = l.Issuer + "/twin" }
			if _, err := c.Metadata(t.Context()); err != nil {
				t.Errorf("the honest twin of %s: %v", name, err)
			}
		}
	}
}

// The introspection and the revocation endpoint may want another authentication than the token endpoint.
func TestAuthMethod_OfEachEndpoint(t *testing.T) {
	for _, row := range []struct {
		name                              string
		token, introspection, revocation  []string
		configured                        string
		wantIntrospection, wantRevocation string // basic or post
	}{
		{"nothing said", nil, nil, nil, "", "basic", "basic"},
		{"as the token endpoint", []string{"client_secret_post"}, nil, nil, "", "post", "post"},
		{"each its own", []string{"client_secret_basic"}, []string{"client_secret_post"}, []string{"client_secret_basic"}, "", "post", "basic"},
		{
			"and the other way round",
			[]string{"client_secret_post"},
			[]string{"client_secret_basic"},
			[]string{"client_secret_post", "private_key_jwt"},
			"",
			"basic",
			"post",
		},
		{"the user decides", nil, []string{"client_secret_post"}, []string{"client_secret_post"}, "client_secret_basic", "basic", "basic"},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := testserver.StartFakeServer(t)
			l.Document = func(d map[string]any) {
				d["introspection_endpoint"], d["revocation_endpoint"] = l.Issuer+"/introspect", l.Issuer+"/revoke"
				for name, methods := range map[string][]string{
					"token_endpoint":         row.token,
					"introspection_endpoint": row.introspection,
					"revocation_endpoint":    row.revocation,
				} {
					if methods != nil {
						d[name+"_auth_methods_supported"] = methods
					}
				}
			}
			var method string
			l.Other = func(w http.ResponseWriter, r *http.Request) {
				method = "post"
				if id, secret, ok := r.BasicAuth(); ok && id == testserver.FakeClientID && secret == testserver.FakeClientSecret {
					method = "basic"
				}
				if inBody := r.PostFormValue("client_secret") == testserver.FakeClientSecret; inBody == (method == "basic") {
					method = "both or none"
				}
				if r.PostFormValue("token") != "a-token" || r.PostFormValue("token_type_hint") != "access_token" {
					method = "another token"
				}
			}
			env := l.Env()
			env["TOKEN_ENDPOINT_AUTH_METHOD"] = row.configured
			c := clientAt(t, env)
			if _, err := c.Introspect(t.Context(), "access_token", "a-token"); err != nil || method != row.wantIntrospection {
				t.Errorf("introspection: %s (%v); want %s", method, err, row.wantIntrospection)
			}
			if _, err := c.Revoke(t.Context(), "access_token", "a-token"); err != nil || method != row.wantRevocation {
				t.Errorf("revocation: %s (%v); want %s", method, err, row.wantRevocation)
			}
		})
	}
}

// An override helps with a server that publishes nothing. It does not help if the server can't be reached or answers
// something else: that may be a different server, or one in trouble.
func TestMetadata_OverridesNeedAnswer(t *testing.T) {
	l := testserver.StartFakeServer(t)
	env := l.Env()
	env["AUTHORIZATION_ENDPOINT"], env["TOKEN_ENDPOINT"] = l.Issuer+"/authorize", l.Issuer+"/token"
	for _, row := range []struct {
		name   string
		status int
		found  bool
	}{{"not found", 404, true}, {"gone", 410, true}, {"forbidden", 403, false}, {"failed", 500, false}, {"unauthorized", 401, false}} {
		l.Lock()
		l.Metadata = testserver.SendBody(row.status, "text/plain", "")
		l.Unlock()
		if _, err := clientAt(t, env).Metadata(t.Context()); (err == nil) != row.found {
			t.Errorf("%s: %v", row.name, err)
		}
	}
	l.Close()
	_, err := clientAt(t, env).Metadata(t.Context())
	wantError(t, err, CodeNotFound, "refused the connection")
}

// Who is on this machine may name it, and a host with non-ASCII letters may name itself.
func TestLeadsHere(t *testing.T) {
	for _, row := range []struct{ address, namedBy, want string }{
		{"http://localhost:1/", "https://a.example", "is on this machine"},
		{"https://127.1", "https://a.example", "is on this machine"},
		{"http://[::1]/", "https://köln.example", "is on this machine"},
		{"http://localhost:1/", "%zz", "is on this machine"},
		{"http://localhost:1/", "http://127.0.0.1:2", ""},
		{"https://köln.example/token", "https://köln.example:8443", ""},
		{"https://localhoſt/", "https://a.example", "may be on this machine, as its host has non-ASCII letters (write it as xn--…)"},
		{"https://a.example/", "https://b.example", ""},
		{"", "https://b.example", ""},
		{"%zz", "https://b.example", ""},
	} {
		if got := LeadsHere(row.address, row.namedBy); got != row.want {
			t.Errorf("%s, named by %s: %q; want %q", row.address, row.namedBy, got, row.want)
		}
	}
}

// An error about an endpoint says so, and another issuer is explained by where the issuer came from.
func TestMetadata_ErrorNamesEndpoint(t *testing.T) {
	l := testserver.StartFakeServer(t)
	l.Document = func(d map[string]any) { d["userinfo_endpoint"] = "http://a.example/" }
	c := clientAt(t, l.Env())
	_, err := c.Metadata(t.Context())
	if failed, ok := err.(*Error); !ok || failed.Check != CheckNotHTTPS || !strings.HasPrefix(failed.Description, "The server was found, but its userinfo_endpoint") {
		t.Errorf("%+v", err)
	}
	l.Document = func(d map[string]any) { delete(d, "token_endpoint") }
	_, err = c.Metadata(t.Context())
	if failed, ok := err.(*Error); !ok || failed.Check != "" {
		t.Errorf("%+v", err)
	}
	for words, change := range map[string]func(){
		"The metadata names the issuer \"https": func() {},
		"another program listens at BASE_URL":   func() { c.cfg.Demo = true },
		"the issuer from CLERK_PUBLISHABLE_KEY": func() { c.cfg.Demo, c.cfg.Clerk = false, true },
		"ISSUER is \"" + l.Issuer + "\"":        func() { c.cfg.Clerk = false },
	} {
		l.Document = func(d map[string]any) { d["issuer"] = "https://other.example" }
		c.cfg.Demo, c.cfg.Clerk = false, false
		change()
		_, err := c.Metadata(t.Context())
		wantError(t, err, CodeNotFound, words)
	}
	l.Document = func(d map[string]any) { d["issuer"] = l.Issuer + "/" } // the demo's own mistake: no other program is there
	c.cfg.Demo = true
	if _, err = c.Metadata(t.Context()); strings.Contains(fmt.Sprintf("%+v", err.(*Error).Tried), "another program") {
		t.Errorf("the demo with a slash too many is called another program: %v", err)
	}
}
