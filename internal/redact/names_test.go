package redact

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// What an answer names as a secret is found in JSON at any depth, in a form, in a page, and in text that is cut short.
func TestSecrets_EachFormat(t *testing.T) {
	for answer, want := range map[string][]string{
		`{"client_secret":"secret-1","client_id":"client-1","a":[{"Access_Token":"token-2"}]}`:     {"secret-1", "token-2"},
		`{"client_secret":"first-1","client_secret":"second-2"}`:                                   {"first-1", "second-2"},
		`{"registration_access_token":{"is":["nested-1",12345678]},"registration_client_uri":"a"}`: {"nested-1", "12345678"},
		`{"registration_client_uri":"https://a.example/1","token_endpoint_auth_method":"none"}`:    {"https://a.example/1"},
		`{"client_secret":"sec\/ret-1"`:                                                         {`sec\/ret-1`, "sec/ret-1"},
		`{"error_description":"{\"client_secret\":\"inside-1\"}"}`:                              {"inside-1"},
		`<pre>{&quot;client_secret&quot;:&quot;page-123&quot;}`:                                 {"page-123"},
		`<p>client_secret=page-123</p>`:                                                         {"page-123"},
		`error=x&client_secret=form%2D123&client_id=client-1`:                                   {"form%2D123", "form-123"},
		`The client_secret=plain-123.`:                                                          {"plain-123.", "plain-123"},
		`{"client_secret":"short","client_secret_expires_at":12345678,"error":"invalid_token"}`: nil,
		`client_secret is required, and no token was sent`:                                      nil,
	} {
		if got, all := Secrets(answer); !slices.Equal(got, want) || !all {
			t.Errorf("%s: %q, %t; want %q", answer, got, all, want)
		}
	}
}

// Each value is looked for in all that is said of an answer, so their number is limited, and a caller never gets only some
// of them.
func TestSecrets_Bounded(t *testing.T) {
	for _, n := range []int{maxSecrets, maxSecrets + 1, 50_000} {
		var answer strings.Builder
		for i := range n {
			fmt.Fprintf(&answer, `{"a_token":"token-%d"}`, i)
		}
		got, all := Secrets("[" + strings.ReplaceAll(answer.String(), "}{", "},{") + "]")
		if all != (n == maxSecrets) || len(got) > maxSecrets+1 {
			t.Errorf("of %d are found %d, and all: %t", n, len(got), all)
		}
	}
}

// A text is rid of the values that it names itself, in any spelling, however short they are.
func TestReplaceNamed_EachSpelling(t *testing.T) {
	for text, want := range map[string]string{
		`{"client_secret":"ab1","client_id":"c"}`: `{"client_secret":"X","client_id":"c"}`,
		`{\"client_secret\":\"ab1\"}`:             `{\"client_secret\":\"X\"}`,
		`?Access_Token=ab1&x=1`:                   `?Access_Token=X&x=1`,
		`the token is bad`:                        `the token is bad`,
	} {
		read := Read(text)
		read.ReplaceNamed(IsSecret, Always("X"))
		if got := read.String(); got != want {
			t.Errorf("%s becomes %s; want %s", text, got, want)
		}
	}
}

// A name means a credential in any spelling, but not if it continues to something about one.
func TestIsSecret_EachSpelling(t *testing.T) {
	for _, name := range strings.Fields(`token access_token accessToken AccessToken ACCESS_TOKEN x-access-token X-Refresh-Token refresh_tokens
		idToken id_token_hint mfaToken token2 tokenValue secret client_secret clientSecret clientsecret secrets api_key apiKey apikey API-Key APIKey
		x-api-key xApiKey key keys accesskey accessKey access_key_id private_key secretKey session sessionId session_id JSESSIONID PHPSESSID ASP.NET_SessionId
		sessions session_state connect.sid sid cookie Set-Cookie set_cookie2 cookies authorization Authorization Proxy-Authorization auth x-auth
		Authentication-Info password Password passwd userPassword user[password] db_pass pwd passphrase passcode pin otp credential credentials
		Credential X-Amz-Credential signature Signature X-Amz-Signature sig client_assertion SAMLAssertion bearer csrfmiddlewaretoken _csrf jwt
		registration_access_token registration_client_uri ticket auth0 authcode encryption-key public_key_secret`) {
		if !IsSecret(name) {
			t.Errorf("%q is taken for something harmless", name)
		}
	}
	for _, name := range strings.Fields(`token_type tokenType token_endpoint token_endpoint_auth_methods_supported authorization_endpoint
		authorization_servers authorization_details id_token_signing_alg_values_supported end_session_endpoint check_session_iframe
		frontchannel_logout_session_supported session_expires_at refresh_token_expires_in client_secret_expires_at auth_time token_type_hint
		client_assertion_type subject_token_type bearer_methods_supported public_key publishableKey PublicKey cookie_name
		name email sub author authority authenticated WWW-Authenticate Proxy-Authenticate Content-Type client_id kid nonce state code keyword keyboard
		passenger passed`) {
		if IsSecret(name) {
			t.Errorf("%q is taken for a credential", name)
		}
	}
	if IsSecret("") || !IsSecret(strings.Repeat("x_", 100_000)+"token") {
		t.Error("a name of no length, or a very long one")
	}
}

// What a text of any kind names as a secret is found, with its value to the end and nothing beside it.
func TestReplaceNamed_AnyKindOfText(t *testing.T) {
	for text, want := range map[string]string{
		`{"api_key":"a b","x":1}`:                          `{"api_key":"X","x":1}`,
		`{"session":{"id":"a","b":["}"]},"x":1`:            `{"session":X,"x":1`,
		`{"cookies":["a","b"]`:                             `{"cookies":X`,
		`{"pin": 1234, "x":1`:                              `{"pin": X, "x":1`,
		`{"token": null, "session": true, "key":"a"`:       `{"token": null, "session": true, "key":"X"`,
		`{'accessToken': 'a\'b', 'x': 'c'}`:                `{'accessToken': 'X', 'x': 'c'}`,
		`{:api_key=>"abc", :x=>"y"}`:                       `{:api_key=>"X", :x=>"y"}`,
		`?api-key=abc&x=y&session=d%20e#f`:                 `?api-key=X&x=y&session=X#f`,
		`user[password]=abc&user[name]=d`:                  `user[password]=X&user[name]=d`,
		`x_token=abc; Path=/`:                              `x_token=X; Path=/`,
		`<access_token>a b</access_token><x>c</x>`:         `<access_token>X</access_token><x>c</x>`,
		`<input name="csrf_token" value="ab"> value="c"`:   `<input name="csrf_token" value="X"> value="c"`,
		`[{"name":"X-Api-Key","value":"a"},{"value":"b"}]`: `[{"name":"X-Api-Key","value":"X"},{"value":"b"}]`,
		"X-Api-Key: abcdef1\r\nX-Other: abcdef2":           "X-Api-Key: X\r\nX-Other: abcdef2",
		"Authorization: Digest abcdef1 xyz":                "Authorization: X",
		"postgres://user:pa:ss@host/db https://host:80/@":  "postgres://user:X@host/db https://host:80/@",
		"invalid token: it has expired":                    "invalid token: it has expired",
		"the key is lost, no session, token_type=bearer":   "the key is lost, no session, token_type=bearer",
		`{"token_type":"bearer","error":"invalid_token"}`:  `{"token_type":"bearer","error":"invalid_token"}`,
		`token=`:                                 `token=`,
		`secret="abc`:                            `secret="X`,
		`{\"api_key\":\"a1\",\"x\":\"b\"}`:       `{\"api_key\":\"X\",\"x\":\"b\"}`,
		`&quot;api_key&quot;: &quot;a1&quot;, b`: `&quot;api_key&quot;: &quot;X&quot;, b`,
	} {
		read := Read(text)
		read.ReplaceNamed(IsSecret, Always("X"))
		if got := read.String(); got != want {
			t.Errorf("%s\nbecomes\n%s\nwant\n%s", text, got, want)
		}
	}
}

// A number behind the code of an error stays; behind the name of a credential it does not.
func TestReplaceNamed_Numbers(t *testing.T) {
	isSecret := func(name string) bool { return IsSecret(name) || name == "code" }
	read := Read(`"code":-32600,"code":"a1","otp":123456}`)
	read.ReplaceNamed(isSecret, Always("X"))
	if got, want := read.String(), `"code":-32600,"code":"X","otp":X}`; got != want {
		t.Errorf("it becomes %s; want %s", got, want)
	}
}

// A JWT is found anywhere, whatever stands around it, and a host name is none.
func TestReplaceJWTs(t *testing.T) {
	const header, rest = "eyJhbGciOiJSUzI1NiJ9", ".eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
	for text, want := range map[string]string{
		header + rest:                          "X",
		"sess_" + header + rest + ", x":        "sess_X, x",
		"v1." + header + rest:                  "v1.X",
		"Id" + header + rest + ".":             "IdX.",
		"x=" + header + ".a.b.c.d&y":           "x=X&y",
		`"\u0065` + (header + rest)[1:] + `"`:  `"X"`,
		"ewogImFsZyI6ICJIUzI1NiIKfQ.e30.x (a)": "X (a)",
		header + ".only-two":                   header + ".only-two",
		"eyes.example.com they.are.here":       "eyes.example.com they.are.here",
		"":                                     "",
	} {
		read := Read(text)
		read.ReplaceJWTs(Always("X"))
		if got := read.String(); got != want {
			t.Errorf("%s becomes %s; want %s", text, got, want)
		}
	}
}

// Each word that means a credential does so alone, and inside a longer word where a part is enough.
func TestIsSecret_EveryWord(t *testing.T) {
	t.Parallel()
	for _, name := range strings.Fields(`mytoken mysecret passwd sshpassphrase mypasscode credentials cookiejar sessionid phpsessid signature assertion
		authorization authorisation authentication bearer csrf xsrf jwt apikeys keys key hostkey auth authcode pass pwd pw psw cred creds sess sid sig pin
		otp totp ticket saml hmac registration_client_uri Registration_Client_URI psk tgt macaroon`) {
		if !IsSecret(name) {
			t.Errorf("%q is taken for something harmless", name)
		}
	}
}

// A name that ends in what is only said about a credential is none; without the end it is one.
func TestIsSecret_EveryAspect(t *testing.T) {
	t.Parallel()
	for _, name := range strings.Fields(`token_type token_types token_endpoint token_endpoints token_uri cookie_uris token_url session_urls session_iframe
		session_supported password_required session_enabled auth_method auth_methods auth_scheme auth_schemes key_alg key_algs signature_algorithm
		signature_algorithms key_enc auth_mode auth_modes key_ops token_format session_version token_kind password_policy token_expires password_expired
		token_expiry token_expiration token_exp token_lifetime token_ttl token_age token_issued key_created key_updated auth_time token_count key_length
		key_size token_limit session_status authorization_server authorization_servers authorization_details cookie_name key_names key_usage
		authentication_class authentication_context authentication_level auth_provider auth_providers token_source`) {
		if credential, _, _ := strings.Cut(name, "_"); IsSecret(name) || !IsSecret(credential) {
			t.Errorf("%q is taken for a credential, or %q for none", name, credential)
		}
	}
}

// The values of members are replaced, and everything else stays to the byte. What cannot be read is left, with the reason.
func TestRewriteMembers(t *testing.T) {
	t.Parallel()
	replace := func(_ int, name, _ string) string {
		if name == "a" {
			return "X"
		}
		return ""
	}
	tooDeep := strings.Repeat("[", 66)
	deep := strings.Repeat("[", 65) + strings.Repeat("]", 65)
	for _, row := range []struct {
		body, want string
		err        error
	}{
		{`{"a":1,"b":2}`, `{"a":X,"b":2}`, nil},
		{` {"b" : {"a" : "x\"}" , "c":["a"]}} `, ` {"b" : {"a" : X , "c":["a"]}} `, nil},
		{`[{"a":[{}]},{"\u0061":{"a":[]},"b":[]},"a"]`, `[{"a":X},{"\u0061":X,"b":[]},"a"]`, nil},
		{`"a"`, `"a"`, nil},
		{`{"a":1`, `{"a":1`, ErrNotJSON},
		{``, ``, ErrNotJSON},
		{deep, deep, nil},
		{" " + tooDeep, " " + tooDeep, ErrTooDeep},
		{"log: " + tooDeep, "log: " + tooDeep, ErrNotJSON}, // no member of this one is searched
	} {
		if got, err := RewriteMembers(row.body, replace); got != row.want || err != row.err {
			t.Errorf("%s becomes %s, %v; want %s, %v", row.body, got, err, row.want, row.err)
		}
	}
}

// Strings are visited as what they say, wherever they stand, and numbers as they are written; names are not.
func TestEachScalar(t *testing.T) {
	t.Parallel()
	const value = `{"name":["a\u002fb",-12.5e3,true,{"x":"c"}],"y":""}`
	var got []string
	EachScalar(value, func(text string) { got = append(got, text) })
	if want := []string{"a/b", "-12.5e3", "c", ""}; !slices.Equal(got, want) {
		t.Errorf("visited are %q; want %q", got, want)
	}
	const want = `{"name":["<a/b>",-12.5e3,true,{"x":"<c>"}],"y":"<>"}`
	rewritten := RewriteStrings(value, func(text string) string { return "<" + text + ">" })
	if rewritten = strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(rewritten); rewritten != want {
		t.Errorf("it becomes %s; want %s", rewritten, want)
	}
}

// A value ends where its own kind of text says so, and at no letter before.
func TestReplaceNamed_Ends(t *testing.T) {
	t.Parallel()
	isSecret := func(name string) bool { return IsSecret(name) || name == "code" }
	const words = "Sphinx of black quartz, judge my vow 0123456789"
	for text, want := range map[string]string{
		"<password>" + words + "</password><x>":   "<password>X</password><x>",
		`{"password":"` + words + `","x":1}`:      `{"password":"X","x":1}`,
		"user[code]=12345&x=1":                    "user[code]=X&x=1",
		"password=sphinxofblackquartzjudgevow&x=": "password=X&x=",
	} {
		read := Read(text)
		read.ReplaceNamed(isSecret, Always("X"))
		if got := read.String(); got != want {
			t.Errorf("%s becomes %s; want %s", text, got, want)
		}
	}
}

// What a text cut short names as a list of secrets, or as an object, is each of them.
func TestSecrets_Inside(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string][]string{
		`{"client_secrets":["secret-11",{"a":"secret-22"}],"x`: {"secret-11", "secret-22"},
		`{"client_secret":{"value":"secret-11"},"x`:            {"secret-11"},
		`{"client secret (new)!":["secret-11"]}`:               {"secret-11"},
	} {
		if got, all := Secrets(answer); !slices.Equal(got, want) || !all {
			t.Errorf("%s: %q; want %q", answer, got, want)
		}
	}
}
