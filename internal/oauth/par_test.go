package oauth

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// pushingServer offers pushed authorization requests, and demands them if asked to.
func pushingServer(t *testing.T, demands bool) *testserver.FakeServer {
	l := testserver.StartFakeServer(t)
	l.Document = func(d map[string]any) {
		d["pushed_authorization_request_endpoint"], d["require_pushed_authorization_requests"] = l.Issuer+"/par", demands
	}
	return l
}

const aRequestURI = "urn:ietf:params:oauth:request_uri:a-value"

// A pushed request carries what the browser would have carried, by the client's authentication; the browser
// carries client_id and request_uri alone (RFC 9126 sections 2 and 4).
func TestPush_CarriesParameters(t *testing.T) {
	for _, row := range []struct {
		name    string
		demands bool
		env     map[string]string
		pushed  bool
	}{
		{"offered only", false, nil, false},
		{"demanded", true, nil, true},
		{"switched on", false, map[string]string{"PAR": "on"}, true},
		{"by client_secret_post", true, map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_post"}, true},
		{"a public client", true, map[string]string{"CLIENT_SECRET": ""}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := pushingServer(t, row.demands)
			var got *http.Request
			l.Other = func(w http.ResponseWriter, r *http.Request) {
				r.ParseForm()
				got = r
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusCreated)
				w.Write([]byte(`{"request_uri":"` + aRequestURI + `","expires_in":60}`))
			}
			env := l.Env()
			maps.Copy(env, row.env)
			c := clientAt(t, env)
			r, err := c.NewRequest(url.Values{"prompt": {"login"}})
			if err != nil {
				t.Fatal(err)
			}
			to, err := c.AuthorizationURL(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			u, _ := url.Parse(to)
			query := u.Query()
			if c.KnownAuthorizationURL(r) != to {
				t.Errorf("the flow shows %s; sent was %s", c.KnownAuthorizationURL(r), to)
			}
			if !row.pushed {
				if got != nil || query.Get("state") != r.State {
					t.Errorf("it was pushed, or lacks its state: %s", to)
				}
				return
			}
			if want := "client_id=" + testserver.FakeClientID + "&request_uri=" + url.QueryEscape(aRequestURI); u.RawQuery != want {
				t.Errorf("the browser carries %s; want %s", u.RawQuery, want)
			}
			form := got.PostForm
			for name, want := range map[string]string{
				"response_type":         "code",
				"client_id":             testserver.FakeClientID,
				"redirect_uri":          c.cfg.RedirectURI(),
				"scope":                 "openid profile email",
				"state":                 r.State,
				"nonce":                 r.Nonce,
				"code_challenge":        Challenge(r.Verifier),
				"code_challenge_method": "S256",
				"prompt":                "login",
			} {
				if !slices.Equal(form[name], []string{want}) {
					t.Errorf("%s is %q; want %q", name, form[name], want)
				}
			}
			id, secret, basic := got.BasicAuth()
			switch c.Credentials(&Metadata{}).Method {
			case "client_secret_basic":
				if id != testserver.FakeClientID || secret != testserver.FakeClientSecret || form.Has("client_secret") {
					t.Errorf("the credentials were %q, %q and the form %v", id, secret, form)
				}
			case "client_secret_post":
				if basic || form.Get("client_secret") != testserver.FakeClientSecret {
					t.Errorf("the form was %v", form)
				}
			default:
				if basic || form.Has("client_secret") {
					t.Errorf("a public client sent credentials: %v", form)
				}
			}
		})
	}
}

// What a server answers that no login can go on with.
func TestPush_Refused(t *testing.T) {
	send := testserver.SendBody
	const j = "application/json"
	for _, row := range []struct {
		name        string
		answer      http.HandlerFunc
		code, words string // empty when the login goes on
	}{
		{"honest", send(201, j, `{"request_uri":"`+aRequestURI+`","expires_in":60}`), "", ""},
		{"200 instead of 201", send(200, j, `{"request_uri":"`+aRequestURI+`"}`), "", ""},
		{
			"a redirect URI that is not registered",
			send(400, j, `{"error":"invalid_request","error_description":"redirect_uri is not registered"}`),
			"invalid_request",
			"redirect_uri is not registered",
		},
		{"a wrong secret", send(401, j, `{"error":"invalid_client"}`), "invalid_client", "returned 401"},
		{
			"it repeats the secret",
			send(400, j, `{"error":"invalid_request","error_description":"no `+testserver.FakeClientSecret+`"}`),
			"invalid_request",
			"no [redacted]",
		},
		{"refused with 200", send(200, j, `{"error":"invalid_request","error_description":"No."}`), "invalid_request", "No."},
		{"a page", send(403, "text/html", `<p>not here</p>`), CodeRefused, "not here"},
		{"out of order", send(500, "text/plain", "broken"), CodeServerError, "returned 500"},
		{"elsewhere", send(307, "text/plain", ""), CodeServerError, "307"},
		{"too many requests", send(429, j, `{}`), "rate_limited", ""},
		{"too many requests, and the secret as a code", send(429, j, `{"error":"`+testserver.FakeClientSecret+`"}`), "[redacted]", ""},
		{
			"a long code with the secret where it is cut",
			send(400, j, `{"error":"`+strings.Repeat("x", 55)+testserver.FakeClientSecret+`"}`),
			wire.Clip(strings.Repeat("x", 55)+"[redacted]", 60),
			"returned 400",
		},
		{"no request_uri", send(201, j, `{"expires_in":60}`), CodeServerError, "without a request_uri"},
		{"an empty request_uri", send(201, j, `{"request_uri":""}`), CodeServerError, "without a request_uri"},
		{"a request_uri of no text", send(201, j, `{"request_uri":1}`), CodeServerError, `"request_uri" in its JSON is a number`},
		{"a request_uri twice", send(201, j, `{"request_uri":"a","request_uri":"b"}`), CodeServerError, "twice"},
		{"a request_uri without end", send(201, j, `{"request_uri":"`+strings.Repeat("x", maxRequestURI+1)+`"}`), CodeServerError, "can't be sent in a URL"},
		{"a request_uri with a line break", send(201, j, `{"request_uri":"a\nb"}`), CodeServerError, "can't be sent in a URL"},
		{"no JSON", send(201, j, `nothing`), CodeServerError, "returned 201, but"},
		{"it hangs up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, CodeUnreachable, "closed the connection"},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := pushingServer(t, true)
			l.Other = row.answer
			c := clientAt(t, l.Env())
			r, err := c.NewRequest(nil)
			if err != nil {
				t.Fatal(err)
			}
			to, err := c.AuthorizationURL(t.Context(), r)
			if row.code == "" {
				if err != nil || !strings.Contains(to, url.QueryEscape(aRequestURI)) {
					t.Errorf("the login goes to %q: %v", to, err)
				}
				return
			}
			wantError(t, err, row.code, row.words)
			if to != "" || r.Pushed != "" || strings.Contains(err.Error(), testserver.FakeClientSecret) {
				t.Errorf("something is kept: %q, %q, %v", to, r.Pushed, err)
			}
		})
	}
}

// A server that demands pushed requests and does not say where is at fault; PAR where it is not offered is
// the user's.
func TestPush_NotOffered(t *testing.T) {
	for _, row := range []struct {
		demands bool
		par     string
	}{{true, ""}, {false, "on"}} {
		l := testserver.StartFakeServer(t)
		l.Document = func(d map[string]any) { d["require_pushed_authorization_requests"] = row.demands }
		env := l.Env()
		env["PAR"] = row.par
		_, _, err := signIn(t, clientAt(t, env), l, nil)
		wantError(t, err, CodeInvalidRequest, "names no pushed_authorization_request_endpoint")
	}
}

// A login without a challenge is asked for by the one question that is about it.
func TestAuthorizationURL_NoChallenge(t *testing.T) {
	l := testserver.StartFakeServer(t)
	c := clientAt(t, l.Env())
	for _, without := range []bool{true, false} {
		r, err := c.NewRequest(nil)
		if err != nil {
			t.Fatal(err)
		}
		r.NoChallenge = without
		to, err := c.AuthorizationURL(t.Context(), r)
		if err != nil || strings.Contains(to, "code_challenge") == without {
			t.Errorf("no challenge %t: %s, %v", without, to, err)
		}
	}
}

// An exchange of a pushed request has a purpose of its own.
func TestPush_Recorded(t *testing.T) {
	l := pushingServer(t, true)
	l.Other = testserver.SendBody(201, "application/json", `{"request_uri":"`+aRequestURI+`"}`)
	c := clientAt(t, l.Env())
	r, err := c.NewRequest(nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, recorder := wire.Record(t.Context())
	if _, err := c.AuthorizationURL(ctx, r); err != nil {
		t.Fatal(err)
	}
	if e := recorder.Last(); e == nil || e.Purpose != wire.PushedRequest || e.Method != http.MethodPost {
		t.Errorf("recorded was %+v", e)
	}
}

// A pushed request is sent as the client in it, which check replaces by an invented one.
func TestPush_AsNamedClient(t *testing.T) {
	for _, method := range []string{"client_secret_basic", "client_secret_post"} {
		l := pushingServer(t, true)
		var got []string
		l.Other = func(w http.ResponseWriter, r *http.Request) {
			id, _, _ := r.BasicAuth()
			got = append(got, id+r.PostFormValue("client_id"))
			testserver.SendBody(201, "application/json", `{"request_uri":"`+aRequestURI+`"}`)(w, r)
		}
		env := l.Env()
		env["TOKEN_ENDPOINT_AUTH_METHOD"] = method
		c := clientAt(t, env)
		md, err := c.Metadata(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.AddressOf(t.Context(), md, url.Values{"client_id": {"another"}}); err != nil {
			t.Fatal(err)
		}
		if want := map[string]string{"client_secret_basic": "anotheranother", "client_secret_post": "another"}[method]; !slices.Equal(got, []string{want}) {
			t.Errorf("by %s it was sent as %q; want %q", method, got, want)
		}
	}
}

// The query that the authorization endpoint has of its own stays (RFC 6749 section 3.1), also where the request is pushed.
func TestAuthorizationURL_OwnQuery(t *testing.T) {
	for own, want := range map[string]string{"": "", "?tenant=a%20b": "a b"} {
		for _, pushed := range []bool{false, true} {
			l := pushingServer(t, pushed)
			l.Other = testserver.SendBody(http.StatusCreated, "application/json", `{"request_uri":"`+aRequestURI+`","expires_in":60}`)
			env := l.Env()
			env["AUTHORIZATION_ENDPOINT"] = l.Issuer + "/authorize" + own
			c := clientAt(t, env)
			r, err := c.NewRequest(nil)
			if err != nil {
				t.Fatal(err)
			}
			md, err := c.Metadata(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			made, err := c.AuthorizationURL(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			other, err := c.AddressOf(t.Context(), md, url.Values{"client_id": {testserver.FakeClientID}}) // which the checks use
			if err != nil {
				t.Fatal(err)
			}
			for _, to := range []string{made, other} {
				u, err := url.Parse(to)
				if err != nil {
					t.Fatal(err)
				}
				query := u.Query()
				if query.Get("tenant") != want || query.Has("tenant") != (own != "") || query.Get("client_id") != testserver.FakeClientID {
					t.Errorf("with %q, pushed: %t, the browser goes to %s", own, pushed, to)
				}
			}
		}
	}
}

// The address of a query that is no login's is pushed where that is demanded, and only there.
func TestAddressOf_PushesWhereDemanded(t *testing.T) {
	t.Parallel()
	for _, demands := range []bool{false, true} {
		l := pushingServer(t, demands)
		l.Other = testserver.SendBody(http.StatusCreated, "application/json", `{"request_uri":"`+aRequestURI+`","expires_in":60}`)
		c := clientAt(t, l.Env())
		md, err := c.Metadata(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		to, err := c.AddressOf(t.Context(), md, url.Values{"client_id": {"a"}, "scope": {"b"}})
		if err != nil {
			t.Fatal(err)
		}
		want := url.Values{"client_id": {"a"}, "scope": {"b"}}
		if demands {
			want = url.Values{"client_id": {"a"}, "request_uri": {aRequestURI}}
		}
		if to != md.Authorization+"?"+want.Encode() || (l.Asked("POST /par") == 1) != demands {
			t.Errorf("demanded: %t: %s after %d requests", demands, to, l.Asked("POST /par"))
		}
	}
}
