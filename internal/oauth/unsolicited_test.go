package oauth

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
)

// Of an error that belongs to no login the registered code and the bounded words are shown, unless it names
// another server, or a server while none is known.
func TestUnsolicitedError_CodeAndBoundedWords(t *testing.T) {
	l := testserver.StartFakeServer(t)
	known, unknown := clientAt(t, l.Env()), clientAt(t, l.Env())
	if _, err := known.Metadata(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name        string
		client      *Client
		response    url.Values
		shown       bool
		code, words string
	}{
		{"an error", known, url.Values{"error": {"invalid_scope"}, "error_description": {"no such scope"}}, true, "invalid_scope", "no such scope"},
		{"before the server is known", unknown, url.Values{"error": {"invalid_scope"}}, true, "invalid_scope", ""},
		{"of the token endpoint", known, url.Values{"error": {"invalid_client"}}, true, "invalid_client", ""},
		{"this server's", known, url.Values{"error": {"invalid_scope"}, "iss": {l.Issuer}}, true, "invalid_scope", ""},
		{"another server's", known, url.Values{"error": {"invalid_scope"}, "iss": {l.Issuer + "/"}}, false, "", ""},
		{"nobody's", known, url.Values{"error": {"invalid_scope"}, "iss": {""}}, false, "", ""},
		{"this server's, before it is known", unknown, url.Values{"error": {"invalid_scope"}, "iss": {l.Issuer}}, false, "", ""},
		{"a code that nobody has registered", known, url.Values{"error": {"call_us"}, "error_description": {"call us"}}, true, "", "call us"},
		{"and no words", known, url.Values{"error": {"call_us"}}, false, "", ""},
		{"words without an error", known, url.Values{"error_description": {"call us"}}, false, "", ""},
		{
			"words with the secret",
			known,
			url.Values{"error": {"invalid_client"}, "error_description": {"not " + testserver.FakeClientSecret}},
			true,
			"invalid_client",
			"not [redacted]",
		},
		{
			"words without end",
			known,
			url.Values{"error": {"invalid_client"}, "error_description": {strings.Repeat("x", 5000)}},
			true,
			"invalid_client",
			strings.Repeat("x", 300) + "…",
		},
	} {
		got := row.client.UnsolicitedError(row.response)
		if (got != nil) != row.shown || row.shown && *got != (UnsolicitedError{row.code, row.words}) {
			t.Errorf("%s: %+v", row.name, got)
		}
	}
}

// An error code of OAuth's own is shown though the client secret is a part of it; any other loses the secret.
func TestErrorCode_LikeSecret(t *testing.T) {
	l := testserver.StartFakeServer(t)
	env := l.Env()
	env["CLIENT_SECRET"] = "invalid"
	c := clientAt(t, env)
	for code, want := range map[string]string{
		"invalid_grant":  "invalid_grant",
		"invalid_target": "invalid_target",
		"invalid_secret": "[redacted]_secret",
		"weird":          "weird",
	} {
		if got := c.errorCode(code); got != want {
			t.Errorf("%s is shown as %q; want %q", code, got, want)
		}
	}
	if !IsRegisteredError("login_required") || IsRegisteredError("") || IsRegisteredError("Invalid_Grant") {
		t.Error("IsRegisteredError takes one for another")
	}
}

// What a server says in an error is cut where it is taken in.
func TestError_Bounded(t *testing.T) {
	long := strings.Repeat("x", 5000)
	twice := `{"` + long + `":1,"` + long + `":2}`
	l := pushingServer(t, true)
	l.Other = testserver.SendBody(201, "application/json", twice)
	pushed, _ := clientAt(t, l.Env()).NewRequest(nil)
	_, err := clientAt(t, l.Env()).AuthorizationURL(t.Context(), pushed)
	wantBounded(t, err, CodeServerError, "names \"xxx")

	l = testserver.StartFakeServer(t)
	l.Token = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/"+long)
		w.WriteHeader(http.StatusSeeOther)
	}
	_, _, err = signIn(t, clientAt(t, l.Env()), l, nil)
	wantBounded(t, err, CodeServerError, "returned 303 See Other to /xxx")

	l.Token = testserver.SendBody(400, "text/plain", long)
	_, _, err = signIn(t, clientAt(t, l.Env()), l, nil)
	wantBounded(t, err, CodeRefused, "xxx")

	l = testserver.StartFakeServer(t)
	l.Metadata = testserver.SendBody(200, "application/json", twice)
	_, err = clientAt(t, l.Env()).Metadata(t.Context())
	wantBounded(t, err, CodeNotFound, "")
}

// wantBounded checks an error, and that neither it nor what was tried is long.
func wantBounded(t *testing.T, err error, code, words string) {
	t.Helper()
	wantError(t, err, code, words)
	failed, ok := err.(*Error)
	if !ok {
		return
	}
	if n := len(failed.Description); n > 800 {
		t.Errorf("the description has %d bytes", n)
	}
	for _, tried := range failed.Tried {
		if n := len(tried.Answer); n > 600 {
			t.Errorf("an answer is shown with %d bytes", n)
		}
	}
}
