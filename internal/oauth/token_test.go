package oauth

import (
	"compress/gzip"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/redact"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// Each row spoils one thing of the token response. Nothing of it is believed.
func TestTokenResponse_Refused(t *testing.T) {
	send := func(status int, contentType, body string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			w.Write([]byte(body))
		}
	}
	const good = `"access_token":"a","token_type":"bearer","scope":"email"`
	for _, row := range []struct {
		name  string
		token func(http.ResponseWriter, *http.Request)
		code  string
		words string
	}{
		{"invalid_client", send(401, "application/json", `{"error":"invalid_client","error_description":"Nope."}`), "invalid_client", "Nope."},
		{"invalid_client names the secret", send(401, "application/json", `{"error":"invalid_client"}`), "invalid_client", ""},
		{"invalid_grant", send(400, "application/json", `{"error":"invalid_grant","error_description":"expired"}`), "invalid_grant", "expired"},
		{
			"unauthorized_client as Keycloak says it",
			send(401, "application/json", `{"error":"unauthorized_client","error_description":"Invalid client or Invalid client credentials"}`),
			"unauthorized_client",
			"",
		},
		{
			"the grant is off, as Auth0 says it",
			send(403, "application/json", `{"error":"unauthorized_client","error_description":"Grant type 'authorization_code' not allowed for the client."}`),
			"unauthorized_client",
			"",
		},
		{
			"a single-page application, as Entra says it",
			send(400, "application/json", `{"error":"invalid_request","error_description":"AADSTS9002326: Cross-origin token redemption is `+
				`permitted only for the 'Single-Page Application' client-type."}`),
			"invalid_request",
			"",
		},
		{
			"an error with 200, as GitHub sends it",
			send(200, "application/json", `{"error":"incorrect_client_credentials","error_description":"The client_id and/or client_secret passed `+
				`are incorrect."}`),
			"incorrect_client_credentials",
			"passed are incorrect",
		},
		{"500 with a page", send(500, "text/html", `<h1>oops</h1>`), "server_error", "500 Internal Server Error"},
		{"a page", send(200, "text/html", `<h1>hello</h1>`), "invalid_token_response", "text/html"},
		{"a page that says JSON", send(200, "application/json", `<h1>hello</h1>`), "invalid_token_response", "an HTML page"},
		{"nothing", send(200, "application/json", ``), "invalid_token_response", "nothing"},
		{"half", send(200, "application/json", `{"access_token":"a","token_ty`), "invalid_token_response", "cut short"},
		{"a list", send(200, "application/json", `[1]`), "invalid_token_response", "a list"},
		{"null", send(200, "application/json", `null`), "invalid_token_response", "a single value"},
		{"a name twice", send(200, "application/json", `{`+good+`,"access_token":"b"}`), "invalid_token_response", `"access_token" twice`},
		{
			"names in another case",
			send(200, "application/json", `{"Access_Token":"b","Token_Type":"bearer"}`),
			"invalid_token_response",
			`without an access_token: it writes "Access_Token", and names are case sensitive`,
		},
		{
			"an error in another case",
			send(400, "application/json", `{"Error":"invalid_grant"}`),
			"server_error",
			`returned 400 with "Error" instead of "error"`,
		},
		{
			"a form",
			send(200, "application/x-www-form-urlencoded", `access_token=a&token_type=bearer`),
			"invalid_token_response",
			"application/x-www-form-urlencoded",
		},
		{"text", send(200, "text/plain", `access_token=a&token_type=bearer`), "invalid_token_response", "text/plain"},
		{"no access_token", send(200, "application/json", `{"token_type":"bearer"}`), "invalid_token_response", "without an access_token"},
		{
			"an empty access_token",
			send(200, "application/json", `{"access_token":"","token_type":"bearer"}`),
			"invalid_token_response",
			"without an access_token",
		},
		{
			"access_token is a number",
			send(200, "application/json", `{"access_token":1,"token_type":"bearer"}`),
			"invalid_token_response",
			`"access_token" in its JSON is a number`,
		},
		{
			"a line break in the access_token",
			send(200, "application/json", `{"access_token":"a\nb","token_type":"bearer"}`),
			"invalid_token_response",
			"characters no token may have",
		},
		{"another token_type", send(200, "application/json", `{"access_token":"a","token_type":"mac"}`), "invalid_token_response", `"mac"`},
		{"a token that needs a proof", send(200, "application/json", `{"access_token":"a","token_type":"DPoP"}`), "invalid_token_response", `"DPoP"`},
		{"a token_type that is a number", send(200, "application/json", `{"access_token":"a","token_type":1}`), "invalid_token_response", `"token_type" in its JSON`},
		{"an ID token that is a number", send(200, "application/json", `{`+good+`,"id_token":1}`), "invalid_token_response", `"id_token" in its JSON`},
		{"it says that it failed", send(200, "application/json", `{"success":false,"message":"Unknown client."}`), CodeRefused, "Unknown client."},
		{"a code of its own with 200", send(200, "application/json", `{"errcode":40029,"errmsg":"invalid code"}`), "40029", "invalid code"},
		{"an error that is an object, with 200", send(200, "application/json", `{"error":{"message":"Unknown client."}}`), CodeRefused, "Unknown client."},
		{"invalid_request", send(400, "application/json", `{"error":"invalid_request"}`), "invalid_request", "said no more"},
		{"unsupported_grant_type", send(400, "application/json", `{"error":"unsupported_grant_type"}`), "unsupported_grant_type", ""},
		{"invalid_scope", send(400, "application/json", `{"error":"invalid_scope"}`), "invalid_scope", ""},
		{"invalid_target", send(400, "application/json", `{"error":"invalid_target"}`), "invalid_target", ""},
		{"an error that is no string", send(400, "application/json", `{"error":{"code":7}}`), "7", "400 Bad Request"},
		{"an error with 200 beside a token", send(200, "application/json", `{"error":"access_denied",`+good+`}`), "access_denied", "returned 200"},
		{"an error in a form with 200", send(200, "application/x-www-form-urlencoded", `error=access_denied&error_description=No.`), "access_denied", "No."},
		{"an error that is called text, with 200", send(200, "text/plain", `{"error":"access_denied","error_description":"No."}`), "access_denied", "No."},
		{"an error that is a number, beside a token", send(200, "application/json", `{"error":5,`+good+`}`), "invalid_token_response", `"error" in its JSON is a number`},
		{"an error that repeats the secret", send(400, "application/json", `{"error":"`+testserver.FakeClientSecret+`"}`), redact.Redacted, "said no more"},
		{
			"a description that repeats the code and the verifier",
			func(w http.ResponseWriter, r *http.Request) {
				said := r.PostForm.Get("code") + " " + r.PostForm.Get("code_verifier")
				send(400, "application/json", `{"error":"invalid_grant","error_description":"`+said+`"}`)(w, r)
			},
			"invalid_grant",
			"code-",
		},
		{
			"a description that repeats the secret",
			send(400, "application/json", `{"error":"invalid_client","error_description":"no `+testserver.FakeClientSecret+`!"}`),
			"invalid_client",
			"no [redacted]!",
		},
		{"nested without end", send(200, "application/json", `{"access_token":`+strings.Repeat("[", 200_000)), "invalid_token_response", "malformed"},
		{"a gzip bomb", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Encoding", "gzip")
			zip := gzip.NewWriter(w)
			for range 100 {
				zip.Write(make([]byte, 1<<20))
			}
			zip.Close()
		}, "server_unreachable", "more than 1 MB"},
		{"one byte at a time", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			for { // until the client gives up
				w.Write([]byte(" "))
				w.(http.Flusher).Flush()
				select {
				case <-time.After(50 * time.Millisecond):
				case <-r.Context().Done():
					return
				}
			}
		}, "server_unreachable", "did not answer in time"},
		{"never an answer", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "server_unreachable", "did not answer in time"},
		{"a redirect to another origin", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.example/token", http.StatusPermanentRedirect)
		}, "server_error", "308 Permanent Redirect"},
		{
			"a token of another encoding",
			send(200, "application/json", `{"access_token":"ä","token_type":"bearer"}`),
			"invalid_token_response",
			"characters no token may have",
		},
		{"no UTF-8", send(200, "application/json", "{\"access_token\":\"a\xff\",\"token_type\":\"bearer\"}"), "invalid_token_response", "not UTF-8"},
		{"no content type", send(200, "", `{`+good+`}`), "invalid_token_response", "content type"},
		{"a thousand members", send(200, "application/json", `{"a":1`+manyMembers(1001)+`}`), "invalid_token_response", "more than 1000"},
		{"no end", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			for range 40 {
				if _, err := w.Write([]byte(strings.Repeat(" ", 64<<10))); err != nil {
					return
				}
			}
		}, "server_unreachable", "more than 1 MB"},
		{"a reset", func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }, "server_unreachable", "closed the connection"},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, "server_error", "307 Temporary Redirect"},
		{
			"no id_token",
			send(200, "application/json", `{"access_token":"a","token_type":"bearer"}`),
			"invalid_id_token",
			"is missing, though the scope openid was granted",
		},
		{
			"no id_token with openid granted",
			send(200, "application/json", `{"access_token":"a","token_type":"bearer","scope":"email openid"}`),
			"invalid_id_token",
			"is missing",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := testserver.StartFakeServer(t)
			l.Token = row.token
			timeout := wire.Timeout
			if row.words == "did not answer in time" {
				timeout = 300 * time.Millisecond
			}
			c := clientWithin(t, l.Env(), timeout)
			response, id, err := signIn(t, c, l, nil)
			if wantError(t, err, row.code, row.words); id != nil {
				t.Errorf("%v is believed", response)
			}
			if l.Asked("POST /elsewhere") > 0 {
				t.Error("the credentials followed a redirect")
			}
			wantHonest(t, l, c)
		})
	}
}

// What is only shown does not have to be right: the login works, with a warning that says what other clients may refuse.
func TestTokenResponse_Warnings(t *testing.T) {
	t.Parallel()
	const good = `"access_token":"a","token_type":"Bearer","scope":"email"`
	for _, row := range []struct {
		name, body string
		scope      string        // empty when the server did not name it
		lives      time.Duration // 0 when it is not known
		want       []string      // of each warning, some words
	}{
		{"nothing", `{` + good + `,"expires_in":60,"refresh_token":"r"}`, "email", time.Minute, nil},
		{"bearer", `{"access_token":"a","token_type":"bearer"}`, "", 0, nil},
		{"BEARER", `{"access_token":"a","token_type":"BEARER"}`, "", 0, nil},
		{"a string of digits", `{` + good + `,"expires_in":"60"}`, "email", time.Minute, nil},
		{"nulls", `{"access_token":"a","token_type":"Bearer","scope":null,"expires_in":null,"refresh_token":null,"error":null,"id_token":null}`, "", 0, nil},
		{"an error that says nothing", `{` + good + `,"error":"","errors":[]}`, "email", 0, nil},
		{"an error that is false", `{` + good + `,"error":false}`, "email", 0, nil},

		{"a list of scopes", `{"access_token":"a","token_type":"Bearer","scope":["email","user:read"]}`, "email user:read", 0, []string{"scope is a list"}},
		{"a list of no scopes", `{"access_token":"a","token_type":"Bearer","scope":[]}`, "", 0, []string{"scope is a list"}},
		{"a list of anything", `{"access_token":"a","token_type":"Bearer","scope":["email",1]}`, "", 0, []string{"scope is a list that cannot be read"}},
		{"a list of null", `{"access_token":"a","token_type":"Bearer","scope":[null]}`, "", 0, []string{"scope is a list that cannot be read"}},
		{"an object for a scope", `{"access_token":"a","token_type":"Bearer","scope":{"email":true}}`, "", 0, []string{"scope is an object that cannot be read"}},

		{"no token_type", `{"access_token":"a"}`, "", 0, []string{"no token_type"}},
		{"an empty token_type", `{"access_token":"a","token_type":""}`, "", 0, []string{"no token_type"}},
		{"a token_type in another case", `{"access_token":"a","Token_Type":"mac"}`, "", 0, []string{"no token_type"}},
		{"two words", `{"access_token":"a","token_type":"Bearer token"}`, "", 0, []string{`token_type is "Bearer token", and should be Bearer`}},
		{"one word", `{"access_token":"a","token_type":"BearerToken"}`, "", 0, []string{`"BearerToken"`}},
		{"a space", `{"access_token":"a","token_type":"bearer "}`, "", 0, []string{`"bearer "`}},
		{"Slack's", `{"access_token":"a","token_type":"bot"}`, "", 0, []string{`"bot"`}},
		{"a token type of another registry", `{"access_token":"a","token_type":"urn:ietf:params:oauth:token-type:access_token"}`, "", 0, []string{"should be Bearer"}},

		{"a word for a lifetime", `{` + good + `,"expires_in":"soon"}`, "email", 0, []string{`expires_in is "soon", which is not a number`}},
		{"a lifetime below zero", `{` + good + `,"expires_in":-1}`, "email", 0, []string{"expires_in is -1"}},
		{"a lifetime beyond any number", `{` + good + `,"expires_in":1e400}`, "email", 0, []string{"expires_in is 1e400"}},
		{"a lifetime without end", `{` + good + `,"expires_in":"Inf"}`, "email", 0, []string{"not a number"}},
		{"a list for a lifetime", `{` + good + `,"expires_in":[60]}`, "email", 0, []string{"expires_in is [60]"}},
		{"a lifetime with a fraction", `{` + good + `,"expires_in":60.5}`, "email", time.Minute, []string{"should be a whole number"}},
		{"a lifetime of a century", `{` + good + `,"expires_in":1e300}`, "email", 100 * 365 * 24 * time.Hour, nil},

		{"a number for a refresh token", `{` + good + `,"refresh_token":7}`, "email", 0, []string{"refresh_token is a number, and should be a string. It is ignored."}},
		{"much at once", `{"access_token":"a","scope":["email"],"expires_in":true}`, "email", 0, []string{"no token_type", "scope is a list", "expires_in is true"}},
		{"the secret", `{` + good + `,"expires_in":"` + testserver.FakeClientSecret + `"}`, "email", 0, []string{"expires_in is \"[redacted]\""}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			l := testserver.StartFakeServer(t)
			l.Token = testserver.SendBody(200, "application/json", row.body)
			ctx, recorder := wire.Record(t.Context())
			c := clientAt(t, l.Env())
			request, err := c.NewRequest(nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.AuthorizationURL(ctx, request); err != nil {
				t.Fatal(err)
			}
			response, err := c.Exchange(ctx, request, "a-code")
			if err != nil {
				t.Fatalf("it is refused: %v", err)
			}
			if response.Access != "a" || response.JSON != row.body || response.Scope != row.scope || response.Refresh != "" && response.Refresh != "r" {
				t.Errorf("it is read as %+v", response)
			}
			if sent := row.scope != "" || strings.Contains(row.name, "no scopes"); response.ScopeSent != sent {
				t.Errorf("the scope is said to be sent: %t", response.ScopeSent)
			}
			if known := !response.Expires.IsZero(); known != (row.lives > 0) || known && (time.Until(response.Expires)-row.lives).Abs() > 30*time.Second {
				t.Errorf("it expires %v; want in %v", response.Expires, row.lives)
			}
			if len(response.Warnings) != len(row.want) {
				t.Fatalf("the warnings are %q; want %q", response.Warnings, row.want)
			}
			for i, words := range row.want {
				if !strings.Contains(response.Warnings[i], words) {
					t.Errorf("warning %q; want %q", response.Warnings[i], words)
				}
			}
			if note := recorder.Last().Note; note != strings.Join(response.Warnings, " ") {
				t.Errorf("beside the answer stands %q", note)
			}
		})
	}
}

// Commas between the scopes are read as what they stand for, unless a scope that was asked for has one.
func TestTokenResponse_SplitScope(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		scope string
		asked []string
		want  string
	}{
		{"repo,user:email", []string{"repo", "user:email"}, "repo user:email"},
		{"repo, gist,", []string{"repo"}, "repo gist"},
		{"repo user:email", []string{"repo"}, "repo user:email"},
		{"a,b", []string{"a,b"}, "a,b"},
		{"a,b c", []string{"c", "a,b"}, "a,b c"},
		{"", []string{"a"}, ""},
	} {
		r := &TokenResponse{Tokens: Tokens{Scope: row.scope}}
		if r.splitScope(row.asked); r.Scope != row.want || (len(r.Warnings) > 0) != (row.scope != row.want) {
			t.Errorf("%q is read as %q with the warnings %q; want %q", row.scope, r.Scope, r.Warnings, row.want)
		}
	}
	l := testserver.StartFakeServer(t)
	l.Token = testserver.SendBody(200, "application/json", `{"access_token":"a","token_type":"bearer","scope":"email,profile"}`)
	c := clientAt(t, l.Env())
	response, _, err := signIn(t, c, l, url.Values{"scope": {"profile email"}})
	if err != nil || response.Scope != "email profile" || len(response.Warnings) != 1 {
		t.Errorf("of a login: %+v, %v", response, err)
	}
}

// A type of token that has a definition of its own is no spelling of Bearer.
func TestIsOtherTokenType(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]bool{"DPoP": true, "dpop": true, " DPoP ": true, "PoP": true, "mac": true, "MAC": true, "N_A": true, "Bearer, DPoP": true,
		"mac-sha256": true, "https://a.example/type": true, "urn:ietf:params:oauth:token-type:saml2": true, "urn:ietf:params:oauth:token-type:id_token": true,
		"Bearer token": false, "BearerToken": false, "bearer_token": false, "user": false, "JWT": false, "machine": false, "popular": false,
		"urn:ietf:params:oauth:token-type:jwt": false, "URN:ietf:params:oauth:token-type:access_token": false} {
		if got := isOtherTokenType(kind); got != want {
			t.Errorf("%q: %t", kind, got)
		}
	}
}

func manyMembers(n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, `,"m%d":1`, i)
	}
	return out.String()
}

// A lifetime of nothing is a number, and one that is none is repeated no longer than a line.
func TestReader_ExpiresIn(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]struct {
		lives time.Duration
		words string // of the warning; none without
	}{
		"0": {0, ""}, "1": {time.Second, ""}, "0.5": {0, "whole number"}, "-1": {0, "not a number"}, `"` + strings.Repeat("x", 500) + `"`: {0, "not a number"},
	} {
		o, err := wire.ParseObject(`{"expires_in":` + raw + `}`)
		if err != nil {
			t.Fatal(err)
		}
		r := &Reader{Object: o}
		lives := r.expiresIn()
		warned := strings.Join(r.Warnings, " ")
		if lives != want.lives || (warned == "") != (want.words == "") || !strings.Contains(warned, want.words) || len(warned) > 300 {
			t.Errorf("%.20s lives for %v, with the warning %q", raw, lives, warned)
		}
	}
}

// What a response has in the place of an access token decides which error it is: an error of its own, a name in other letters,
// or a member that has the token inside.
func TestTokenResponse_Faults(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]struct {
		kind   Kind
		member string
	}{
		`{"Access_Token":"a"}`:                         {AccessTokenMisspelled, "Access_Token"},
		`{}`:                                           {TokensAbsent, "access_token"},
		`{"id_token":"a"}`:                             {AccessTokenAbsent, "access_token"},
		`{"authed_user":{"access_token":"a"}}`:         {AccessTokenNested, "access_token"},
		`{"error":{"a":"b"},"access_token":"a"}`:       {TokenResponseMember, "error"},
		`{"error":{"a":"b"},"access_token":7}`:         {TokenResponseMember, "access_token"},
		`{"error":{"a":"b"}}`:                          {Refused, ""},
		`{"error":"invalid_grant","access_token":"a"}`: {Refused, ""},
	} {
		l := testserver.StartFakeServer(t)
		c := clientAt(t, l.Env())
		l.Token = testserver.SendBody(200, "application/json", body)
		r, err := c.NewRequest(nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.AuthorizationURL(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		_, err = c.Exchange(t.Context(), r, "a-code")
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Kind != want.kind || want.member != "" && e.Member != want.member {
			t.Fatalf("%s: %q of %q (%v); want %q of %q", body, e.Kind, e.Member, err, want.kind, want.member)
		}
		missing := slices.ContainsFunc(e.Received, func(m Member) bool { return m.Name == "access_token" && m.Type == "missing" && m.Fault != "" })
		if missing != (want.kind == AccessTokenMisspelled || want.kind == AccessTokenAbsent || want.kind == TokensAbsent || want.kind == AccessTokenNested) {
			t.Errorf("%s: received was %+v", body, e.Received)
		}
	}
}
