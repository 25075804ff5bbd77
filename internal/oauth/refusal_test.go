package oauth

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
)

// Refusals of the token endpoint that are no OAuth errors, as real servers write them: a 4xx is about
// the request, and its words are passed on.
func TestExchange_RefusedWithoutOAuthError(t *testing.T) {
	for _, row := range []struct {
		server            string
		status            int
		contentType, body string
		code, words       string
	}{
		{
			"members of its own",
			400,
			"application/json",
			`{"code":400,"error_code":"invalid_credentials","msg":"invalid client credentials"}`,
			"invalid_credentials",
			"invalid client credentials",
		},
		{
			"problem details (RFC 9457)",
			400,
			"application/problem+json",
			`{"title":"Bad Request","status":400,"detail":"client_id is not valid"}`,
			CodeRefused,
			"client_id is not valid",
		},
		{"a proxy", 401, "text/plain; charset=utf-8", "Unauthorized\n", CodeRefused, "Unauthorized"},
		{"nothing at all", 403, "text/plain", "", CodeRefused, "403 Forbidden and said no more"},
		{"an error inside an object", 422, "application/json", `{"error":{"code":"bad_client","message":"no such client"}}`, "bad_client", "no such client"},
		{"the twin: out of order", 503, "text/html", "<html><body>Upstream is down</body></html>", CodeServerError, "503"},
	} {
		t.Run(row.server, func(t *testing.T) {
			l := testserver.StartFakeServer(t)
			l.Token = testserver.SendBody(row.status, row.contentType, row.body)
			_, _, err := signIn(t, clientAt(t, l.Env()), l, nil)
			wantError(t, err, row.code, row.words)
			if e, _ := errors.AsType[*Error](err); e.Theirs != (row.status < 500) || e.Status != row.status {
				t.Errorf("the error is %+v", e)
			}
		})
	}
}

// What a refusal repeats of the secret is not passed on.
func TestExchange_RefusalHidesSecret(t *testing.T) {
	l := testserver.StartFakeServer(t)
	l.Token = testserver.SendBody(400, "text/plain", "what is "+testserver.FakeClientSecret+"?")
	_, _, err := signIn(t, clientAt(t, l.Env()), l, nil)
	if err == nil || strings.Contains(err.Error(), testserver.FakeClientSecret) || !strings.Contains(err.Error(), "what is [redacted]?") {
		t.Errorf("the error is %v", err)
	}
}

// A token response that is refused is shown: names, types and what is no secret, and the line at fault.
func TestTokenResponse_RefusedIsShown(t *testing.T) {
	for _, row := range []struct {
		name, contentType, body string
		want                    []Member
	}{
		{"no access_token", "application/json", `{"id_token":"top-secret","expires_in":3600,"scope":"openid email"}`, []Member{
			{"id_token", "string", "10 characters, not shown", ""}, {"expires_in", "number", "3600", ""}, {"scope", "string", "openid email", ""},
			{"access_token", "missing", "", "without an access_token (RFC 6749 section 5.1)"}}},
		{"another token_type", "application/json", `{"access_token":"top-secret","token_type":"mac"}`, []Member{
			{"access_token", "string", "10 characters, not shown", ""},
			{"token_type", "string", "mac", `with the token_type "mac", which this client cannot use (RFC 6749 section 7.1)`}}},
		{"words that repeat the token", "application/json", `{"access_token":"top-secret","error_description":"no type for top-secret","token_type":"mac"}`, []Member{
			{"access_token", "string", "10 characters, not shown", ""}, {"error_description", "string", "no type for [redacted]", ""},
			{"token_type", "string", "mac", `with the token_type "mac", which this client cannot use (RFC 6749 section 7.1)`}}},
		{"a list where a string belongs", "application/json", `{"access_token":["top-secret"],"token_type":"bearer","new":null,"yes":true}`, []Member{
			{"access_token", "array", "", `"access_token" in its JSON is an array`}, {"token_type", "string", "bearer", ""}, {"new", "null", "null", ""}, {"yes", "boolean", "true", ""}}},
		{"a form", "application/x-www-form-urlencoded", `access_token=top-secret&token_type=bearer`, []Member{
			{"access_token", "string", "10 characters, not shown", ""}, {"token_type", "string", "bearer", ""}}},
		{"a page", "text/html", `<html>top-secret a=b</html>`, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := testserver.StartFakeServer(t)
			l.Token = testserver.SendBody(http.StatusOK, row.contentType, row.body)
			response, _, err := signIn(t, clientAt(t, l.Env()), l, nil)
			e, ok := errors.AsType[*Error](err)
			if !ok || response != nil || e.Code != CodeInvalidResponse {
				t.Fatalf("got %v, %v", response, err)
			}
			if len(e.Received) != len(row.want) {
				t.Fatalf("received %+v; want %+v", e.Received, row.want)
			}
			for i, m := range e.Received {
				if m != row.want[i] {
					t.Errorf("member %d is %+v; want %+v", i, m, row.want[i])
				}
				if strings.Contains(m.Value, "top-secret") {
					t.Errorf("a token is shown: %+v", m)
				}
			}
		})
	}
}

// A refused token request may have tokens in its answer. What is said of it does not repeat them.
func TestExchange_RefusalHidesTokens(t *testing.T) {
	const token = "a-token-of-nobody"
	for _, row := range []struct {
		status int
		body   string
		words  string
	}{
		{400, `{"error":"invalid_grant","error_description":"no ` + token + `","access_token":"` + token + `"}`, "no [redacted]"},
		{400, `{"error":"no ` + token + `","access_token":"` + token + `"}`, "no [redacted]"},
		{400, `{"error":"invalid_grant","error_uri":"https://a.example/` + token + `","access_token":"` + token + `"}`, "https://a.example/[redacted]"},
		{400, `{"message":"no ` + token + `","access_token":"` + token + `"}`, "no [redacted]"},
		{400, `{"code":"` + token + `","access_token":"` + token + `"}`, "[redacted]"},
		{400, "refresh_token=" + token, "refresh_token=[redacted]"},
		{503, `{"message":"no ` + token + `","access_token":"` + token + `"}`, "no [redacted]"},
	} {
		l := testserver.StartFakeServer(t)
		l.Token = testserver.SendBody(row.status, "application/json", row.body)
		_, _, err := signIn(t, clientAt(t, l.Env()), l, nil)
		e, ok := errors.AsType[*Error](err)
		if !ok {
			t.Fatalf("of %s: %v", row.body, err)
		}
		if said := fmt.Sprintf("%+v", *e); strings.Contains(said, token) || !strings.Contains(said, row.words) {
			t.Errorf("of %d %s is said\n%s", row.status, row.body, said)
		}
	}
}
