package check

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/testserver"
)

// recorded is an answer as a server that we did not write gives it (recordings_test.go).
type recorded struct {
	status      int
	contentType string
	header      string // WWW-Authenticate, or Location of a redirect
	body        string
}

func (a recorded) send(w http.ResponseWriter) {
	if a.contentType != "" {
		w.Header().Set("Content-Type", a.contentType)
	}
	switch {
	case a.status/100 == 3:
		w.Header().Set("Location", a.header)
	case a.header != "":
		w.Header().Set("WWW-Authenticate", a.header)
	}
	w.WriteHeader(a.status)
	fmt.Fprint(w, a.body)
}

const (
	jsonType = "application/json"
	signIn   = `<html><head><title>Sign in</title></head><body><form method="post"><input name="user"><button>Sign in</button></form></body></html>`
)

// asked is a question to one of the two endpoints, as far as servers look at it.
type asked struct {
	*http.Request
	clientID, redirectURI, scope string
	grant                        string
	method                       string // none, client_secret_basic, client_secret_post
	ours, right                  bool   // the client ID is the registered one; and so is the secret
}

func askedOf(r *http.Request) asked {
	q := r.URL.Query()
	a := asked{Request: r, clientID: q.Get("client_id"), redirectURI: q.Get("redirect_uri"), scope: q.Get("scope"), method: "none"}
	if r.Method == http.MethodPost {
		a.grant, a.clientID = r.PostForm.Get("grant_type"), r.PostForm.Get("client_id")
		secret := r.PostForm.Get("client_secret")
		if secret != "" {
			a.method = "client_secret_post"
		}
		if id, basic, ok := r.BasicAuth(); ok {
			a.method = "client_secret_basic"
			a.clientID, _ = url.QueryUnescape(id)
			secret, _ = url.QueryUnescape(basic)
		}
		a.right = a.clientID == testserver.FakeClientID && secret == testserver.FakeClientSecret
	}
	a.ours = a.clientID == testserver.FakeClientID
	return a
}

// server is a pair of endpoints that answer as recorded. What is nil is in order.
type server struct {
	authorize func(asked) recorded
	token     func(asked) recorded
	document  func(map[string]any)
}

// soundServer answers as most servers do.
var soundServer = server{
	authorize: func(a asked) recorded {
		switch {
		case !a.ours:
			return recorded{400, jsonType, "", `{"error":"invalid_client","error_description":"unknown client"}`}
		case a.redirectURI != testserver.CheckedURI:
			return recorded{400, jsonType, "", `{"error":"invalid_request","error_description":"redirect_uri is not registered"}`}
		}
		return recorded{200, "text/html", "", signIn}
	},
	token: func(a asked) recorded {
		if !a.right {
			return recorded{401, jsonType, "Basic", `{"error":"invalid_client"}`}
		}
		return recorded{400, jsonType, "", `{"error":"invalid_grant"}`}
	},
}

// ask makes every check at a server, with some variables changed.
func (s server) ask(t *testing.T, change map[string]string) Report {
	t.Helper()
	l := testserver.StartFakeServer(t)
	l.Honest()
	l.Document = s.document
	l.Page = func(w http.ResponseWriter, r *http.Request) {
		orElse(s.authorize, soundServer.authorize)(askedOf(r)).send(w)
	}
	l.Token = func(w http.ResponseWriter, r *http.Request) { orElse(s.token, soundServer.token)(askedOf(r)).send(w) }
	values := l.Env()
	values["PORT"] = "3999"
	for name, value := range change {
		values[name] = value
	}
	return checksOf(t, values)
}

func orElse[T any](f, other func(asked) T) func(asked) T {
	if f != nil {
		return f
	}
	return other
}

// What real servers answer, and what follows. Each row is a server, as it was set up, and one line of the
// check; a row that must not fail has no line that fails, and one that fails has one line alone.
func TestRun_RecordedAnswers(t *testing.T) {
	wrongSecret := map[string]string{"CLIENT_SECRET": "another-secret"}
	unknownID := map[string]string{"CLIENT_ID": "nobody-0123"}
	elsewhere := map[string]string{"PORT": "3998"}
	for _, row := range []struct {
		point, what string
		server      server
		change      map[string]string
		check       string
		result      causes.Result
		name        causes.Name
		words       string
	}{
		{"1", "right", lemonBrowser, nil, "redirect_uri", causes.OK, "", "registered"},
		{"1", "redirect URI not registered", lemonBrowser, elsewhere, "redirect_uri", causes.Fail, causes.RedirectURINotRegistered, "3998"},
		{"1", "right", betterAuth, nil, "redirect_uri", causes.OK, "", "registered"},
		{"1", "redirect URI not registered", betterAuth, elsewhere, "redirect_uri", causes.Fail, causes.RedirectURINotRegistered, "invalid redirect uri"},
		{"1", "unknown client ID", betterAuth, unknownID, "redirect_uri", causes.Fail, causes.ClientIDUnknown, "nobody-0123"},

		{"2", "right", goOAuth2, nil, "client", causes.OK, "", "accepted"},
		{"2", "secret wrong", goOAuth2, wrongSecret, "client", causes.Fail, causes.ClientSecretWrong, "paste CLIENT_SECRET again"},
		{"2", "secret missing", goOAuth2, map[string]string{"CLIENT_SECRET": ""}, "client", causes.Fail, causes.ClientSecretMissing, "paste CLIENT_SECRET from"},
		{"2", "unknown client ID", goOAuth2, unknownID, "client", causes.Warn, causes.ServerFailed, "Compare CLIENT_ID"},
		{"2", "right", doorkeeper, nil, "client", causes.OK, "", "an invented secret gets a different answer …"},
		{"2", "secret wrong", doorkeeper, wrongSecret, "client", causes.Fail, causes.ClientSecretWrong, ""},

		{"3", "right", ownMembers, nil, "client", causes.OK, "", "accepted"},
		{"3", "secret wrong", ownMembers, wrongSecret, "client", causes.Fail, causes.ClientSecretWrong, "invalid client credentials"},
		{"3", "right", plainUnauthorized, nil, "client", causes.OK, "", "accepted"},
		{"3", "secret wrong", plainUnauthorized, wrongSecret, "client", causes.Fail, causes.ClientSecretWrong, "Unauthorized"},

		{"4", "right secret, method wrong", formOnly, nil, "client", causes.Fail, causes.AuthMethodWrong, "Write TOKEN_ENDPOINT_AUTH_METHOD=client_secret_post"},
		{"4", "right", formOnly, map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_post"}, "client", causes.OK, "", "accepted"},
		{"4", "secret and method wrong", formOnly, wrongSecret, "client", causes.Fail, causes.ClientSecretWrong, "paste CLIENT_SECRET again"},
		{
			"4",
			"right secret, method wrong, and it fails on made-up codes",
			formOnlyFails,
			nil,
			"client",
			causes.Fail,
			causes.AuthMethodWrong,
			"Write TOKEN_ENDPOINT_AUTH_METHOD=client_secret_post",
		},
		{
			"9",
			"right, but it fails on made-up codes",
			formOnlyFails,
			map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_post"},
			"client",
			causes.Warn,
			causes.ServerFailed,
			"doesn't refuse the client",
		},
		{
			"9",
			"secret wrong, and it fails on made-up codes",
			formOnlyFails,
			map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_post", "CLIENT_SECRET": "another-secret"},
			"client",
			causes.Fail,
			causes.ClientSecretWrong,
			"Invalid client_secret",
		},
		{"4", "a secret where the client is public", lemonPublic, nil, "client", causes.Warn, causes.ClientIsPublic, "Remove CLIENT_SECRET"},
		{"4", "right", lemonPublic, map[string]string{"CLIENT_SECRET": ""}, "client", causes.OK, "", "without a secret"},

		{"5", "right", sendsAnywhere, nil, "redirect_uri", causes.OK, "", "registered"},
		{"5", "redirect URI not registered", sendsAnywhere, elsewhere, "redirect_uri", causes.Fail, causes.RedirectURINotRegistered, "Unregistered redirect_uri"},
		{"5", "unknown client ID", authlibBack, unknownID, "redirect_uri", causes.Fail, causes.ClientIDUnknown, "nobody-0123"},
		{"5", "redirect URI not registered", authlibBack, elsewhere, "redirect_uri", causes.Fail, causes.RedirectURINotRegistered, "3998"},

		{"6", "right", refreshTells, nil, "client", causes.OK, "", "an invented refresh token"},
		{"6", "secret wrong", refreshTells, wrongSecret, "client", causes.Fail, causes.ClientSecretWrong, "paste CLIENT_SECRET again"},

		{"7", "unknown client ID", echoes, unknownID, "redirect_uri", causes.Fail, causes.ClientIDUnknown, "Invalid client id"},
		{
			"7",
			"unknown client ID, which is a word",
			echoes,
			map[string]string{"CLIENT_ID": "nobody"},
			"redirect_uri",
			causes.Fail,
			causes.ClientIDUnknown,
			"Invalid client id",
		},
		{"7", "redirect URI not registered", echoes, elsewhere, "redirect_uri", causes.Fail, causes.RedirectURINotRegistered, "3998"},
		{"7", "right", echoes, nil, "redirect_uri", causes.OK, "", "registered"},

		{"9", "a code at once", server{authorize: func(a asked) recorded {
			return recorded{302, "", a.redirectURI + "?code=abc&state=" + a.URL.Query().Get("state"), ""}
		}}, nil, "authorization", causes.Warn, "", "issues a code in each check"},
		{
			"9",
			"the sign-in page comes first",
			server{authorize: func(asked) recorded { return recorded{200, "text/html", "", signIn} }},
			nil,
			"authorization",
			causes.Warn,
			"",
			"needs a sign-in",
		},
		{"9", "out of order for the control alone", server{authorize: func(a asked) recorded {
			if a.redirectURI != testserver.CheckedURI {
				return recorded{500, "text/html", "", "<html>oops</html>"}
			}
			return soundServer.authorize(a)
		}}, nil, "redirect_uri", causes.Warn, "", "no result"},
		{"9", "HS256 only, no keys", server{document: func(d map[string]any) {
			d["id_token_signing_alg_values_supported"] = []string{"HS256"}
			delete(d, "jwks_uri")
		}}, nil, "keys", causes.Fail, causes.IDTokenAlgorithm, "HS256 only"},
		{
			"9",
			"introspection refuses a client without a secret",
			withIntrospection(lemonPublic),
			map[string]string{"CLIENT_SECRET": ""},
			"introspection",
			causes.OK,
			"",
			"closed to a client without a secret",
		},
		{
			"9",
			"the secret is a common word",
			soundServer,
			map[string]string{"CLIENT_SECRET": "client"},
			"client",
			causes.Fail,
			causes.ClientSecretWrong,
			"rejects the secret with both client_secret_basic and client_secret_post",
		},
		{"9", "the code grant is off", betterAuthNoGrant, nil, "authorization", causes.Fail, causes.GrantNotEnabled, "authorization_code grant"},
		{"9", "client ID unknown where the sign-in page comes first", authlibFirst, unknownID, "client", causes.Fail, causes.ClientRefused, "paste CLIENT_ID again"},
		{"9", "secret wrong where the sign-in page comes first", authlibFirst, wrongSecret, "client", causes.Fail, causes.ClientSecretWrong, "paste CLIENT_SECRET again"},
		{"9", "right where the sign-in page comes first", authlibFirst, nil, "client", causes.OK, "", "accepted"},
	} {
		t.Run(row.point+" "+row.check+" "+row.what, func(t *testing.T) {
			r := row.server.ask(t, row.change)
			f := r.Line(row.check)
			if f.Result != row.result || f.Name != row.name || !strings.Contains(f.String(), row.words) {
				t.Errorf("got %q\n%s\nwant %s, %q and %q; all:\n%s", f.Name, f, row.result, row.name, row.words, r)
			}
			for _, other := range r.Checks {
				if other.Result == causes.Fail && other.Check != row.check {
					t.Errorf("this fails too: %s", other)
				}
			}
			if row.point == "6" && strings.Contains(f.Fix, "Remove CLIENT_SECRET") {
				t.Errorf("it advises to drop authentication: %s", f)
			}
		})
	}
}

// withIntrospection adds the endpoint, which the fake server answers with 401.
func withIntrospection(s server) server {
	s.document = func(d map[string]any) { d["introspection_endpoint"] = d["issuer"].(string) + "/introspect" }
	return s
}
