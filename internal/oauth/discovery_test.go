package oauth

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

func TestMetadataURLs(t *testing.T) {
	for issuer, want := range map[string][]string{
		"https://a.example":  {"https://a.example/.well-known/openid-configuration", "https://a.example/.well-known/oauth-authorization-server"},
		"https://a.example/": {"https://a.example/.well-known/openid-configuration", "https://a.example/.well-known/oauth-authorization-server"},
		"https://a.example/x/y": {
			"https://a.example/x/y/.well-known/openid-configuration",
			"https://a.example/.well-known/oauth-authorization-server/x/y",
			"https://a.example/x/y/.well-known/oauth-authorization-server",
			"https://a.example/.well-known/openid-configuration/x/y",
		},
	} {
		if got := MetadataURLs(issuer); !slices.Equal(got, want) {
			t.Errorf("MetadataURLs(%q) = %q; want %q", issuer, got, want)
		}
	}
}

// Each row spoils the metadata in one way; /login says what was tried and what it answered.
func TestMetadata_Refuses(t *testing.T) {
	document := func(name string, value any) func(*testserver.FakeServer) {
		return func(l *testserver.FakeServer) {
			l.Document = func(d map[string]any) {
				if d[name] = value; value == nil {
					delete(d, name)
				}
			}
		}
	}
	answer := func(status int, body string) func(*testserver.FakeServer) {
		return func(l *testserver.FakeServer) {
			l.Metadata = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status); w.Write([]byte(body)) }
		}
	}
	for _, row := range []struct {
		name  string
		spoil func(*testserver.FakeServer)
		words string
	}{
		{"another issuer", document("issuer", "https://other.example"), `it says "https://other.example"`},
		{"the issuer with a slash", func(l *testserver.FakeServer) { l.Document = func(d map[string]any) { d["issuer"] = l.Issuer + "/" } }, "names a different issuer"},
		{"the issuer in capitals", func(l *testserver.FakeServer) {
			l.Document = func(d map[string]any) { d["issuer"] = strings.ToUpper(l.Issuer) }
		}, "names a different issuer"},
		{"no issuer", document("issuer", nil), "names no issuer"},
		{"no authorization endpoint", document("authorization_endpoint", nil), "has no authorization_endpoint; set AUTHORIZATION_ENDPOINT"},
		{"no token endpoint", document("token_endpoint", ""), "has no token_endpoint; set TOKEN_ENDPOINT"},
		{"a token endpoint without TLS", document("token_endpoint", "http://a.example/token"), "is not https"},
		{"a token endpoint of another scheme", document("token_endpoint", "file:///etc/passwd"), "is not a full address"},
		{"an endpoint that runs script", document("authorization_endpoint", "javascript:alert(1)//x"), "is not a full address"},
		{"an endpoint with a password", document("jwks_uri", "https://u:p@a.example/keys"), "user name or password"},
		{"an endpoint with a fragment", document("userinfo_endpoint", "https://a.example/u#x"), "has a fragment"},
		{"the endpoint is a number", document("token_endpoint", 7), "in its JSON is a number"},
		{"a page", answer(200, "<!doctype html>"), "an HTML page"},
		{"not found", answer(404, "Realm does not exist"), "returned 404 Not Found"},
		{"forbidden", answer(403, ""), "returned 403 Forbidden"},
		{"a name twice", answer(200, `{"issuer":"a","issuer":"b"}`), "its JSON names"},
		{"without end", func(l *testserver.FakeServer) {
			l.Metadata = func(w http.ResponseWriter, _ *http.Request) {
				for range 40 {
					w.Write([]byte(strings.Repeat(" ", 64<<10)))
				}
			}
		}, "more than 1 MB"},
		{"a redirect elsewhere", func(l *testserver.FakeServer) {
			l.Metadata = func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://elsewhere.example/x?secret=y", http.StatusFound)
			}
		}, "302 Found to https://elsewhere.example/x, which is not followed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := testserver.StartFakeServer(t)
			row.spoil(l)
			c := clientAt(t, l.Env())
			_, err := c.Metadata(t.Context())
			wantError(t, err, CodeNotFound, row.words)
			wantError(t, err, CodeNotFound, l.Issuer+"/.well-known/openid-configuration")
			if strings.Contains(err.Error(), `""`) {
				t.Errorf("it names nothing: %v", err)
			}
			if md, failed := c.Known(); md != nil || failed == nil {
				t.Errorf("known are %v and %v", md, failed)
			}
			wantHonest(t, l, c) // the next login tries again
		})
	}
}

// A member with a wrong type is a warning, if a login doesn't need it. A member that decides something is refused.
func TestReadMetadata_Warnings(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, member string
		want         Metadata // beside its endpoints; of it what the member is about
		words        string   // of the warning; empty for none
		refused      bool
	}{
		{"a list", `"scopes_supported":["a","b"]`, Metadata{Scopes: []string{"a", "b"}}, "", false},
		{"null", `"scopes_supported":null,"userinfo_endpoint":null,"require_pushed_authorization_requests":null`, Metadata{}, "", false},
		{"a string for a list", `"scopes_supported":"a b"`, Metadata{Scopes: []string{"a", "b"}}, "scopes_supported is a string", false},
		{"a number for a list", `"grant_types_supported":7`, Metadata{}, "grant_types_supported is a number", false},
		{"a number in a list", `"code_challenge_methods_supported":["S256",7,null]`, Metadata{ChallengeMethods: []string{"S256"}}, "not everything is a string", false},
		{"an object for an endpoint", `"userinfo_endpoint":{}`, Metadata{}, "userinfo_endpoint is an object, and should be a string. It is ignored.", false},
		{"a list for the registration", `"registration_endpoint":["https://a.example"]`, Metadata{}, "registration_endpoint is a list", false},
		{"true", `"require_pushed_authorization_requests":true`, Metadata{RequiresPAR: true}, "", false},
		{"true in words", `"require_pushed_authorization_requests":"True"`, Metadata{RequiresPAR: true}, "is the string", false},
		{"false in words", `"require_pushed_authorization_requests":"false"`, Metadata{}, "is the string", false},
		{"a number for a flag", `"client_id_metadata_document_supported":1`, Metadata{}, "should be a boolean. It is ignored.", false},

		{"iss is promised", `"authorization_response_iss_parameter_supported":true`, Metadata{ResponseIss: true}, "", false},
		{"iss is promised in words", `"authorization_response_iss_parameter_supported":"true"`, Metadata{ResponseIss: true}, "is the string", false},
		{"iss is promised in a number", `"authorization_response_iss_parameter_supported":1`, Metadata{}, "", true},
		{"algorithms", `"id_token_signing_alg_values_supported":["RS256","HS256"]`, Metadata{IDTokenAlgs: []string{"RS256", "HS256"}}, "", false},
		{"algorithms in a string", `"id_token_signing_alg_values_supported":"HS256"`, Metadata{}, "is a string, and should be a list of strings. It is ignored.", false},
		{"a number for the issuer", `"issuer":1`, Metadata{}, "", true},
		{"a list for the keys", `"jwks_uri":[]`, Metadata{}, "", true},
	} {
		md, err := readMetadata(`{"token_endpoint":"https://a.example/token",` + row.member + `}`)
		if (err != nil) != row.refused {
			t.Errorf("%s: %v", row.name, err)
		}
		if err != nil {
			continue
		}
		row.want.Token = "https://a.example/token"
		warnings := strings.Join(md.Warnings, "|")
		if md.Warnings = nil; !reflect.DeepEqual(*md, row.want) {
			t.Errorf("%s: %+v; want %+v", row.name, *md, row.want)
		}
		if (warnings == "") != (row.words == "") || !strings.Contains(warnings, row.words) {
			t.Errorf("%s: the warnings are %q; want %q", row.name, warnings, row.words)
		}
	}
}

// A login continues, with the warnings beside the metadata.
func TestMetadata_Warnings(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	l.Document = func(d map[string]any) {
		d["scopes_supported"], d["userinfo_endpoint"] = "openid", 7
		d["require_pushed_authorization_requests"] = "FALSE"
	}
	ctx, recorder := wire.Record(t.Context())
	c := clientAt(t, l.Env())
	md, err := c.Metadata(ctx)
	if err != nil || len(md.Warnings) != 3 || md.Userinfo != "" || recorder.Last().Note != strings.Join(md.Warnings, " ") {
		t.Fatalf("%+v, %v, noted is %q", md, err, recorder.Last().Note)
	}
	if _, _, err := signIn(t, c, l, nil); err != nil {
		t.Errorf("no login comes of it: %v", err)
	}
}

// Metadata on its own origin may be redirected; RFC 8414's places are tried after OpenID Connect's.
func TestMetadata_FoundAtEachPlace(t *testing.T) {
	l := testserver.StartFakeServer(t)
	l.Metadata = func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/moved", http.StatusFound) }
	good := func(w http.ResponseWriter, issuer string) {
		testserver.SendJSON(w, map[string]any{
			"issuer":                 issuer,
			"authorization_endpoint": l.Issuer + "/authorize",
			"token_endpoint":         l.Issuer + "/token",
			"jwks_uri":               l.Issuer + "/jwks",
		})
	}
	path := ""
	issuer := l.Issuer
	l.Around(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path == path:
				good(w, issuer)
			case issuer != l.Issuer:
				http.NotFound(w, r)
			default:
				next.ServeHTTP(w, r)
			}
		})
	})
	for _, row := range []struct{ name, path, suffix string }{
		{"a redirect on the same origin", "/moved", ""},
		{"OpenID Connect, appended", "/x/y/.well-known/openid-configuration", "/x/y"},
		{"RFC 8414, inserted", "/.well-known/oauth-authorization-server/x/y", "/x/y"},
		{"RFC 8414, appended", "/x/y/.well-known/oauth-authorization-server", "/x/y"},
		{"OpenID Connect, inserted", "/.well-known/openid-configuration/x/y", "/x/y"},
	} {
		t.Run(row.name, func(t *testing.T) {
			path, issuer = row.path, l.Issuer+row.suffix
			env := l.Env()
			env["ISSUER"] = issuer
			if _, err := clientAt(t, env).Metadata(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// Overrides beat the metadata, and alone they serve a server that has none.
func TestMetadata_Overrides(t *testing.T) {
	l := testserver.StartFakeServer(t)
	env := l.Env()
	env["AUTHORIZATION_ENDPOINT"] = l.Issuer + "/other"
	c := clientAt(t, env)
	if to, err := c.AuthorizationURL(t.Context(), new(Request)); err != nil || !strings.HasPrefix(to, l.Issuer+"/other?") {
		t.Errorf("the login went to %s (%v)", to, err)
	}
	env["TOKEN_ENDPOINT"], env["JWKS_URI"] = l.Issuer+"/token", l.Issuer+"/jwks"
	l.Metadata = http.NotFound
	if _, _, err := signIn(t, clientAt(t, env), l, nil); err != nil {
		t.Errorf("without metadata: %v", err)
	}
	l.Metadata = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }
	_, err := clientAt(t, env).Metadata(t.Context())
	wantError(t, err, CodeNotFound, "")
}

// However many requests wait, one attempt runs, and all of them get its result.
func TestMetadata_OneAttempt(t *testing.T) {
	l := testserver.StartFakeServer(t)
	release := make(chan bool)
	honest := l.Issuer
	l.Metadata = func(w http.ResponseWriter, _ *http.Request) {
		<-release
		testserver.SendJSON(w, map[string]any{"issuer": honest, "authorization_endpoint": honest + "/authorize", "token_endpoint": honest + "/token"})
	}
	c := clientAt(t, l.Env())
	var waiting atomic.Int64
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			waiting.Add(1)
			if _, err := c.Metadata(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	for waiting.Load() < 50 {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(20 * time.Millisecond) // for the last of them to join
	close(release)
	wg.Wait()
	if n := l.Asked("GET /.well-known/openid-configuration"); n != 1 {
		t.Errorf("%d requests for metadata; want 1", n)
	}
}

// The error for a server that can't be reached.
func TestMetadata_Unreachable(t *testing.T) {
	ca := testserver.NewAuthority(t)
	for _, row := range []struct {
		name  string
		env   func(t *testing.T) map[string]string
		words string
	}{
		{"nothing listens", func(*testing.T) map[string]string { return map[string]string{"ISSUER": "http://127.0.0.1:1"} }, "refused the connection"},
		{"no such host", func(*testing.T) map[string]string { return map[string]string{"ISSUER": "https://nowhere.invalid"} }, "there is no host of that name"},
		{"a private authority", func(t *testing.T) map[string]string {
			return map[string]string{"ISSUER": testserver.StartClerk(t, "127.0.0.1:1").Issuer}
		}, "SSL_CERT_FILE"},
		{"an expired certificate", func(t *testing.T) map[string]string {
			c := testserver.StartClerk(t, "127.0.0.1:1")
			c.Renew(t, time.Now().Add(-time.Hour))
			return map[string]string{"ISSUER": c.Issuer, "SSL_CERT_FILE": c.Authority.File}
		}, "has a certificate that is valid from"},
		{"a certificate for another name", func(t *testing.T) map[string]string {
			c := testserver.StartClerk(t, "127.0.0.1:1")
			return map[string]string{"ISSUER": strings.Replace(c.Issuer, "localhost", "[::1]", 1), "SSL_CERT_FILE": c.Authority.File}
		}, "refused the connection"},
		{"http behind https", func(t *testing.T) map[string]string {
			return map[string]string{"ISSUER": strings.Replace(testserver.StartFakeServer(t).Issuer, "http:", "https:", 1)}
		}, "speaks plain http, not https"},
		{"another authority", func(t *testing.T) map[string]string {
			return map[string]string{"ISSUER": testserver.StartClerk(t, "127.0.0.1:1").Issuer, "SSL_CERT_FILE": ca.File}
		}, "authority that this machine does not know"},
	} {
		t.Run(row.name, func(t *testing.T) {
			values := row.env(t)
			values["CLIENT_ID"] = "a"
			roots, err := config.TrustedRoots(values["SSL_CERT_FILE"])
			if err != nil {
				t.Fatal(err)
			}
			cfg, err := config.Load(func(name string) string { return values[name] }, "does-not-exist.env", false)
			if err != nil {
				t.Fatal(err)
			}
			_, err = New(cfg.Effective(), wire.New(roots, time.Now), time.Now).Metadata(t.Context())
			wantError(t, err, CodeNotFound, row.words)
		})
	}
}

// What .env says of an endpoint comes before the metadata, and that before what is known of Clerk.
func TestOverride_BeforeMetadata(t *testing.T) {
	t.Parallel()
	named := config.Endpoints{Authorization: "a", Token: "t", Userinfo: "u", Introspection: "i", Revocation: "r", EndSession: "e", PAR: "p", JWKS: "j"}
	set := config.Endpoints{Authorization: "A", Token: "T", Userinfo: "U", Introspection: "I", Revocation: "R", JWKS: "J"}
	c := clientAt(t, testserver.StartFakeServer(t).Env())
	c.cfg.Endpoints = config.Endpoints{}
	if got := c.override(named); got.Authorization != "a" || got.Token != "t" || got.Userinfo != "u" || got.Introspection != "i" || got.Revocation != "r" || got.EndSession != "e" || got.PAR != "p" || got.JWKS != "j" {
		t.Errorf("without lines in .env they are %+v", got)
	}
	c.cfg.Clerk, c.cfg.Issuer = true, "https://clerk.example"
	if got := c.override(named); got.Userinfo != "u" || got.Introspection != "i" || got.Revocation != "r" {
		t.Errorf("at Clerk they are %+v", got)
	}
	if got := c.override(config.Endpoints{}); got.Userinfo != "https://clerk.example/oauth/userinfo" || got.Introspection != "https://clerk.example/oauth/token_info" ||
		got.Revocation != "https://clerk.example/oauth/token/revoke" {
		t.Errorf("at Clerk, of metadata that names none, they are %+v", got)
	}
	c.cfg.Endpoints = set
	if got := c.override(named); got.Authorization != "A" || got.Token != "T" || got.Userinfo != "U" || got.Introspection != "I" || got.Revocation != "R" || got.JWKS != "J" {
		t.Errorf("with lines in .env they are %+v", got)
	}
}

// One address has metadata that a login can begin with, or says why not.
func TestFetchMetadata_UsableOrWhyNot(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	c := clientAt(t, l.Env())
	if md, err := c.FetchMetadata(t.Context(), l.Issuer+"/.well-known/openid-configuration"); err != nil || md == nil || md.Issuer != l.Issuer {
		t.Errorf("the metadata is %+v, %v", md, err)
	}
	if md, err := c.FetchMetadata(t.Context(), l.Issuer+"/nothing"); err == nil || md != nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("where there is none it is %+v, %v", md, err)
	}
}
