package flow

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"oauth-test-client/internal/redact"
	"oauth-test-client/internal/wire"
)

// answerOf is one exchange whose answer is spoiled.
func answerOf(purpose wire.Purpose, status int, contentType, body string) *wire.Exchange {
	return &wire.Exchange{Purpose: purpose, Method: "POST", URL: "https://auth.example/x", Status: status, ResponseBody: body,
		ResponseHeader: wire.NewHeader(http.Header{"Content-Type": {contentType}})}
}

// harText is the body of the last answer in the file that is made of a flow.
func harText(t *testing.T, s Secrets, flow ...*wire.Exchange) string {
	t.Helper()
	document, err := HAR(flow, s)
	if err != nil {
		t.Fatal(err)
	}
	var file harFile
	if err := json.Unmarshal(document, &file); err != nil {
		t.Fatal(err)
	}
	return file.Log.Entries[len(flow)-1].Response.Content.Text
}

const someJWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"

// A file keeps of an answer what is harmless, and nothing else of a token endpoint's.
func TestHAR_KeepsHarmless(t *testing.T) {
	const jsonType, formType = "application/json", "application/x-www-form-urlencoded"
	for _, row := range []struct {
		name       string
		purpose    wire.Purpose
		status     int
		mediaType  string
		body, want string
	}{
		{"a token response", wire.TokenRequest, 200, jsonType, `{"access_token":"a1","token_type":"bearer","expires_in":60,"scope":"openid"}`,
			`{"access_token":"[redacted]","token_type":"bearer","expires_in":60,"scope":"openid"}`},
		{"a refreshed one, with white space", wire.Refresh, 200, jsonType, "{ \"refresh_token\" : \"a1\",\n \"token_type\": \"bearer\" }",
			"{ \"refresh_token\" : \"[redacted]\",\n \"token_type\": \"bearer\" }"},
		{
			"what nobody knows",
			wire.TokenRequest,
			200,
			jsonType,
			`{"device_secret":"d1","mfa_token":"m1","pin":1234,"user":{"mail":"a@b"},"Scope":"x","list":["a"],"yes":true}`,
			`{"device_secret":"[redacted]","mfa_token":"[redacted]","pin":"[redacted]","user":"[redacted]","Scope":"[redacted]","list":"[redacted]",` +
				`"yes":"[redacted]"}`,
		},
		{
			"a token under a harmless name",
			wire.TokenRequest,
			200,
			jsonType,
			`{"scope":{"access_token":"a1","x":"y"},"error_description":"` + someJWT + ` is spent"}`,
			`{"scope":{"access_token":"[redacted]","x":"y"},"error_description":"[redacted] is spent"}`,
		},
		{
			"an error",
			wire.TokenRequest,
			400,
			jsonType,
			`{"error":"invalid_grant","error_description":"The code is spent.","error_uri":"https://a/b","trace":"t"}`,
			`{"error":"invalid_grant","error_description":"The code is spent.","error_uri":"https://a/b","trace":"[redacted]"}`,
		},
		{"no object", wire.TokenRequest, 200, jsonType, `["a1"]`, `[redacted: 6 bytes that are not a token response]`},
		{"JSON that is cut short", wire.TokenRequest, 200, jsonType, `{"device_code":"d1"`, `[redacted: 19 bytes that are not a token response]`},
		{"a page in place of an error", wire.TokenRequest, 502, "text/html", `<p>Bad gateway</p>`, `<p>Bad gateway</p>`},
		{"a form", wire.TokenRequest, 200, formType, "access_token=a1&token_type=bearer&pin=1", "access_token=[redacted]&token_type=bearer&pin=[redacted]"},

		{"names in other letters", wire.Userinfo, 200, jsonType, `{"Password":"p1","STATE":"s1","Sub":"u"}`,
			`{"Password":"[redacted]","STATE":"[redacted]","Sub":"u"}`},
		{"userinfo", wire.Userinfo, 200, jsonType, `{"sub":"u","name":"N","email":"e@x"}`, `{"sub":"u","name":"N","email":"e@x"}`},
		{
			"tokens by name, in any spelling and at any depth",
			wire.API,
			200,
			jsonType,
			`{"a":[{"Access_Token":"a1","mfa_token":"m"}],"clientSecret":"c","\u0069d_token":"i","token_type":"t","state":"s","pin":1}`,
			`{"a":[{"Access_Token":"[redacted]","mfa_token":"[redacted]"}],"clientSecret":"[redacted]","\u0069d_token":"[redacted]",` +
				`"token_type":"t","state":"[redacted]","pin":"[redacted]"}`,
		},
		{
			"a JWT anywhere",
			wire.API,
			200,
			jsonType,
			`{"echo":"Bearer ` + someJWT + `","host":"eyes.example.com"}`,
			`{"echo":"Bearer [redacted]","host":"eyes.example.com"}`,
		},
		{"a JWT with escapes", wire.API, 200, jsonType, `{"echo":"\u0065` + someJWT[1:] + `"}`, `{"echo":"[redacted]"}`},
		{"a JWT alone", wire.Userinfo, 200, "application/jwt", someJWT, `[redacted]`},
		{"an encrypted one", wire.Userinfo, 200, "application/jwt", "eyJhbGciOiJSU0EifQ.a_1.b-2.c.d", `[redacted]`},
		{"text", wire.API, 200, "text/plain", "your access_token=a1, \"id_token\": \"i1\"", "your access_token=[redacted] \"id_token\": \"[redacted]\""},
		{"nested deeper than anybody looks", wire.API, 200, jsonType, `{"a":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `,"session":{"id":"i1"}}`,
			"[redacted: 168 bytes of JSON that is nested too deep to be looked into]"},
	} {
		if got := harText(t, Secrets{}, answerOf(row.purpose, row.status, row.mediaType, row.body)); got != row.want {
			t.Errorf("%s:\n%s\nbecomes\n%s; want\n%s", row.name, row.body, got, row.want)
		}
	}
}

// A value that was a token in one place is hidden in every other place, in any spelling.
func TestHAR_ForgetsValues(t *testing.T) {
	sent := &wire.Exchange{
		Purpose:      wire.TokenRequest,
		Method:       "POST",
		URL:          "https://auth.example/token?nonce=nonce%2Fvalue",
		RequestBody:  "code=co%2Fde-value&code_verifier=verifier-1",
		Status:       200,
		ResponseBody: `{"refresh_token":"re\/fresh-1","refresh_token":"re/fresh-2","mfa_token":"mfa/token-1"}`,
	}
	echo := answerOf(wire.API, 200, "text/plain", `co/de-value co\/de-value co%2fde-value nonce&#47;value verifier-1 re/fresh-1 re\u002ffresh-2 `+
		`mfa%2Ftoken-1 s\/ecret kept/value`)
	got := harText(t, Secrets{Client: redact.Credentials{ID: "c", Secret: "s/ecret"}}, sent, echo)
	if want := strings.Repeat("[redacted] ", 9) + "kept/value"; got != want {
		t.Errorf("the echo is %s; want %s", got, want)
	}
}

// POST parameters go by their names too: a value too short to be looked for, or one seen nowhere else.
func TestHAR_Parameters(t *testing.T) {
	e := &wire.Exchange{Purpose: wire.TokenRequest, Method: "POST", URL: "https://auth.example/token?state=s&a=b", Status: 200,
		RequestHeader: wire.NewHeader(http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}),
		RequestBody:   "grant_type=authorization_code&code=c1&code_verifier=v1&client_secret=x1&Refresh_Token=r1&client_assertion=j1&Password=p1"}
	document, err := HAR([]*wire.Exchange{e}, Secrets{})
	if err != nil {
		t.Fatal(err)
	}
	var file harFile
	if err := json.Unmarshal(document, &file); err != nil {
		t.Fatal(err)
	}
	request := file.Log.Entries[0].Request
	for _, p := range append(request.PostData.Params, request.Query...) {
		harmless := p.Name == "grant_type" || p.Name == "a"
		if (p.Value == "[redacted]") == harmless {
			t.Errorf("the parameter %s is %q", p.Name, p.Value)
		}
	}
	want := "grant_type=authorization_code&code=[redacted]&code_verifier=[redacted]&client_secret=[redacted]" +
		"&Refresh_Token=[redacted]&client_assertion=[redacted]&Password=[redacted]"
	if request.PostData.Text != want {
		t.Errorf("the text is %s; want %s", request.PostData.Text, want)
	}
	if want := "https://auth.example/token?state=[redacted]&a=b"; request.URL != want {
		t.Errorf("the URL is %s; want %s", request.URL, want)
	}
}

// A page shows the beginning and the end of a token, under any name and in any spelling, unless it is asked
// for all of it; the client secret it never shows.
func TestView_ShortensTokens(t *testing.T) {
	long := strings.Repeat("0123456789", 5) + "/x"
	body := `{"access_token":"` + long + `","MFA_Token":"short","echo":"` + strings.ReplaceAll(long, "/", `\/`) + `","you":"s\/ecret","n":1}`
	e := answerOf(wire.TokenRequest, 200, "application/json", body)
	secrets := Secrets{Client: redact.Credentials{ID: "c", Secret: "s/ecret"}}
	short := View([]*wire.Exchange{e}, secrets, false).Steps[0].Body.String()
	if want := "{\n  \"access_token\": \"01234567…89/x\",\n  \"MFA_Token\": \"…\",\n  \"echo\": \"01234567…89/x\",\n  \"you\": \"$CLIENT_SECRET\"," +
		"\n  \"n\": 1\n}"; short != want {
		t.Errorf("the page shows %s; want %s", short, want)
	}
	full := View([]*wire.Exchange{e}, secrets, true).Steps[0].Body.String()
	if !strings.Contains(full, long) || !strings.Contains(full, `"short"`) || strings.Contains(full, "ecret\"") {
		t.Errorf("in full, the page shows %s", full)
	}
}

// A page shows everything else as it came: values that are no text, lists, and answers that are no JSON.
func TestView_KeepsTheRest(t *testing.T) {
	for _, row := range []struct{ name, body, want string }{
		{"no text", `{"n_token":1,"token":{"a":[]},"code":"c"}`, "{\n  \"n_token\": 1,\n  \"token\": {\n    \"a\": []\n  },\n  \"code\": \"c\"\n}"},
		{"lists of lists", `[[{"id_token":"i1"}],"a",{"id_token":"i2"},[[]]]`,
			"[\n  [\n    {\n      \"id_token\": \"…\"\n    }\n  ],\n  \"a\",\n  {\n    \"id_token\": \"…\"\n  },\n  [\n    []\n  ]\n]"},
		{"a page", "<p>Hello</p>", "<p>Hello</p>"},
		{"nothing", "", ""},
	} {
		e := answerOf(wire.TokenRequest, 200, "text/html", row.body)
		if got := View([]*wire.Exchange{e}, Secrets{}, false).Steps[0].Body.String(); got != row.want {
			t.Errorf("%s: %s becomes %s; want %s", row.name, row.body, got, row.want)
		}
	}
}

// A token that is only in a header is a token all the same, and cookies and credentials are in no file.
func TestHAR_Headers(t *testing.T) {
	e := answerOf(wire.API, 200, "text/plain", "you sent opaque-token-1")
	e.RequestHeader = wire.NewHeader(http.Header{
		"Authorization":       {"Bearer opaque-token-1"},
		"Cookie":              {"a=cookie-1"},
		"Proxy-Authorization": {"Basic cHJveHk="},
		"X":                   {"opaque-token-1"},
	})
	e.ResponseHeader = wire.NewHeader(http.Header{"Set-Cookie": {"a=cookie-2"}, "Mcp-Session-Id": {"session-3"}, "Location": {"https://a.example/?code=c1&x=y"}})
	document, err := HAR([]*wire.Exchange{e}, Secrets{})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"opaque-token-1", "cookie-1", "cookie-2", "session-3", "cHJveHk=", "c1"} {
		if strings.Contains(string(document), secret) {
			t.Errorf("the file holds %q:\n%s", secret, document)
		}
	}
	for _, kept := range []string{"Bearer [redacted]", "Basic [redacted]", "https://a.example/?code=[redacted]&x=y", "you sent [redacted]"} {
		if !strings.Contains(string(document), kept) {
			t.Errorf("the file lacks %q:\n%s", kept, document)
		}
	}
	hide := newRedactor(Secrets{}, []*wire.Exchange{e}, false)
	for _, row := range [][3]string{
		{
			"Authorization",
			"Bearer short",
			"Bearer …",
		},
		{"authorization", "Basic abc", "Basic [redacted]"},
		{"Authorization", "Other abc", "[redacted]"},
		{"COOKIE", "a=b", "[redacted]"},
		{"X-Api-Key", "ab1", "…"},
		{"Access-Control-Allow-Credentials", "true", "true"},
		{"X", "you sent opaque-token-1", "you sent …"},
	} {
		if got := hide.header(row[0], row[1]); got != row[2] {
			t.Errorf("%s: %s becomes %s; want %s", row[0], row[1], got, row[2])
		}
	}
	if got := newFileRedactor(Secrets{}, nil).header("X-Api-Key", "ab1"); got != redact.Redacted {
		t.Errorf("in a file, a short key becomes %s", got)
	}
	if got := newRedactor(Secrets{}, nil, true).header("X-Api-Key", "ab1"); got != "ab1" {
		t.Errorf("in full, a short key becomes %s", got)
	}
	for name, want := range map[string]string{"refresh_token": "…", "Client_Secret": "…", "client_secret": "$CLIENT_SECRET", "scope": "short"} {
		if got := hide.parameter(name, "short"); got != want {
			t.Errorf("the parameter %s becomes %s; want %s", name, got, want)
		}
	}
	if got := newRedactor(Secrets{}, []*wire.Exchange{e}, true).parameter("refresh_token", "short"); got != "short" {
		t.Errorf("in full, a parameter becomes %s", got)
	}
	if got := newRedactor(Secrets{}, []*wire.Exchange{e}, true).header("Authorization", "Bearer short"); got != "Bearer short" {
		t.Errorf("in full, a token becomes %s", got)
	}
}

// A token of half a megabyte that almost repeats makes no page slow: by its length times the text's, this
// test would take minutes.
func TestView_LongToken(t *testing.T) {
	token := strings.Repeat("a", 500_000)
	e := answerOf(wire.TokenRequest, 200, "application/json", `{"access_token":"`+token+`b","other":"`+token+token+`"}`)
	flow := []*wire.Exchange{e}
	if body := View(flow, Secrets{Client: redact.Credentials{Secret: token + "c"}}, false).Steps[0].Body.String(); !strings.Contains(body, `aaaaaaaa…aaab`) {
		t.Errorf("the page shows %.100s", body)
	}
	if text := harText(t, Secrets{Client: redact.Credentials{Secret: token + "c"}}, e); text != `{"access_token":"[redacted]","other":"[redacted]"}` {
		t.Errorf("the file has %.100s", text)
	}
}

// What a server says in a signed answer loses the secret too, though it is another text in base64.
func TestNewAnswer_SignedClaims(t *testing.T) {
	hide := func(text string) string { return strings.ReplaceAll(text, "s/ecret", "[redacted]") }
	claims := base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"u","you":"s/ecret"}`))
	e := answerOf(wire.Userinfo, 200, "application/jwt", "eyJhbGciOiJFUzI1NiJ9."+claims+".c2ln")
	a := NewAnswer(e, hide)
	if want := `{"sub":"u","you":"[redacted]"}`; string(a.Claims) != want || strings.Contains(a.Shown, "s/ecret") {
		t.Errorf("the claims are %s, shown is %s; want %s", a.Claims, a.Shown, want)
	}
	if a := NewAnswer(answerOf(wire.Userinfo, 200, "application/json", `{"sub":"u"}`), hide); a.Claims != nil || !strings.Contains(a.Shown, `"sub": "u"`) {
		t.Errorf("an answer that is not signed: %+v", a)
	}
}

// JSON that is nested too deep is not searched, as each level is read once for every level above it. No token gets into a
// file that way.
func TestHAR_NestedMembers(t *testing.T) {
	for levels, rewritten := range map[int]bool{1: true, 65: true, 66: false, 5000: false} {
		body := strings.Repeat(`{"a":`, levels-1) + `{"access_token":"` + someJWT + `"}` + strings.Repeat("}", levels-1)
		visited := 0
		got, err := redact.RewriteMembers(body, func(_ int, name, _ string) string {
			if visited++; name == "access_token" {
				return `"x"`
			}
			return ""
		})
		if (err == nil) != rewritten || strings.Contains(got, someJWT) == rewritten || visited > 66 {
			t.Errorf("%d levels: %v, %d members visited", levels, err, visited)
		}
		for _, purpose := range []wire.Purpose{wire.TokenRequest, wire.Userinfo} {
			if text := harText(t, Secrets{}, answerOf(purpose, 200, "application/json", body)); strings.Contains(text, someJWT) {
				t.Errorf("%d levels of an answer at the step %s: the token is in the file", levels, purpose)
			}
		}
	}
}

// What a registration brings is the client's for as long as it lives: no page shows it, not even one that shows
// tokens, and no file, and nowhere it is repeated either. What else the answer says stays.
func TestView_HidesRegistration(t *testing.T) {
	const secret, token, address = "registered-secret", "registered-token-4711", "https://auth.example/register/4711"
	registration := answerOf(wire.Registration, 201, "application/json",
		`{"client_id":"c1","Client_Secret":"`+secret+`","registration_access_token":"`+token+`","registration_client_uri":"`+address+`","client_name":"N"}`)
	later := answerOf(wire.Userinfo, 400, "text/plain", "no client has "+secret+" or "+token+" at "+address+", says c1")
	flow := []*wire.Exchange{registration, later}
	shown := []string{harText(t, Secrets{}, registration), harText(t, Secrets{}, registration, later)}
	for _, full := range []bool{false, true} {
		for _, step := range View(flow, Secrets{}, full).Steps {
			shown = append(shown, step.Body.String())
		}
	}
	for i, text := range shown {
		for _, hidden := range []string{secret, token, address} {
			if strings.Contains(text, hidden) {
				t.Errorf("%d: %q is in %s", i, hidden, text)
			}
		}
		if !strings.Contains(text, "c1") {
			t.Errorf("%d: the client ID is not in %s", i, text)
		}
	}
	short := answerOf(wire.Registration, 201, "application/json", `{"client_secret":"ab1"}`) // which is looked for by its name alone
	for _, text := range []string{harText(t, Secrets{}, short), View([]*wire.Exchange{short}, Secrets{}, true).Steps[0].Body.String()} {
		if strings.Contains(text, "ab1") {
			t.Errorf("a short secret is in %s", text)
		}
	}
	for _, odd := range []string{"<p>client_secret=s3cret-a</p>", "client_id=c1&client_secret=s3cret-a", `{"client_id":"c1","client_secret":"s3cret-a"`,
		`["s3cret-a"]`, `{"client_secret":["s3cret-a"],"registration_access_token":{"a":"s3cret-a"}}`, `{"client\u005fsecret":{"a":["s3cret-a"]}}`} {
		e := answerOf(wire.Registration, 200, "text/html", odd)
		for _, text := range []string{harText(t, Secrets{}, e), View([]*wire.Exchange{e}, Secrets{}, true).Steps[0].Body.String()} {
			if strings.Contains(text, "s3cret-a") || !strings.Contains(text, "redacted") {
				t.Errorf("of %s is shown %s", odd, text)
			}
		}
	}
	refused := answerOf(wire.Registration, 403, "text/html", "<p>blocked by a firewall</p>") // which brings no client
	if text := View([]*wire.Exchange{refused}, Secrets{}, false).Steps[0].Body.String(); !strings.Contains(text, "firewall") {
		t.Errorf("why a registration is refused becomes %s", text)
	}
	another := answerOf(wire.Userinfo, 200, "application/json", `{"client_name":"N","sub":"u"}`) // the twin
	if text := harText(t, Secrets{}, another); text != another.ResponseBody {
		t.Errorf("what no registration brought becomes %s", text)
	}
}

// The tokens of an answer that is a form are known by their value, as those of JSON are.
func TestRedactor_TokensInForm(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	later := answerOf(wire.Userinfo, 401, "text/plain", "form-token-4711 is no token")
	for body, hidden := range map[string]bool{"access_token=form-token-4711&token_type=bearer": true, "scope=form-token-4711&token_type=bearer": false} {
		flow := []*wire.Exchange{answerOf(wire.TokenRequest, 200, form, body), later}
		for _, text := range []string{harText(t, Secrets{}, flow...), View(flow, Secrets{}, false).Steps[1].Body.String()} {
			if strings.Contains(text, "form-token-4711") == hidden {
				t.Errorf("after %s: %s", body, text)
			}
		}
	}
}

// The secret of every client is hidden on pages and in files: of the one that is configured, of the second one, of those
// of earlier settings, and of any that a request of the flow was sent as. What is no secret of theirs stays.
func TestSecrets_EveryClient(t *testing.T) {
	secrets := Secrets{
		Client: redact.Credentials{ID: "a", Secret: "client-secret-1"},
		Other:  redact.Credentials{ID: "b", Secret: "other-secret-2"},
		Former: []redact.Credentials{{ID: "a", Secret: "former-secret-3"}},
	}
	basic := base64.StdEncoding.EncodeToString([]byte("a:basic%2Fsecret-4"))
	byHeader := answerOf(wire.TokenRequest, 200, "application/json", `{"access_token":"t"}`)
	byHeader.RequestHeader = wire.NewHeader(http.Header{"Authorization": {"Basic " + basic}})
	byForm := answerOf(wire.TokenRequest, 400, "text/plain", "no")
	byForm.RequestBody = "client_id=c&client_secret=form%2Fsecret-5"
	hidden := []string{"client-secret-1", "other-secret-2", "former-secret-3", "basic/secret-4", "form/secret-5", basic,
		base64.StdEncoding.EncodeToString([]byte("b:other-secret-2")), base64.StdEncoding.EncodeToString([]byte("c:form/secret-5"))}
	words := strings.Join(hidden, " ") + " another-secret-6"
	echo := answerOf(wire.API, 200, "text/plain", words)
	echo.RequestHeader = wire.NewHeader(http.Header{"X": {words}})
	echo.Fault, echo.Note = words, words
	flow := []*wire.Exchange{byHeader, byForm, echo}
	for where, text := range shownOf(t, secrets, flow...) {
		for _, secret := range hidden {
			if strings.Contains(text, secret) {
				t.Errorf("%s: %q is in\n%s", where, secret, text)
			}
		}
		if !strings.Contains(text, "another-secret-6") {
			t.Errorf("%s: what is no secret is not in\n%s", where, text)
		}
	}
}

// A command names the secret of the client that its request was sent as.
func TestCurl_OtherClient(t *testing.T) {
	secrets := Secrets{Client: redact.Credentials{ID: "a", Secret: "client-secret-1"}, Other: redact.Credentials{ID: "b", Secret: "other-secret-2"}}
	for _, row := range []struct {
		header, form, want string
	}{
		{"Basic " + base64.StdEncoding.EncodeToString([]byte("a:client-secret-1")), "x=y", `-u 'a:'"$CLIENT_SECRET"`},
		{"Basic " + base64.StdEncoding.EncodeToString([]byte("b:other-secret-2")), "x=y", `-u 'b:'"$OTHER_CLIENT_SECRET"`},
		{"", "client_secret=client-secret-1", `--data-urlencode "client_secret=$CLIENT_SECRET"`},
		{"", "client_secret=other-secret-2", `--data-urlencode "client_secret=$OTHER_CLIENT_SECRET"`},
	} {
		e := &wire.Exchange{Method: "POST", URL: "https://auth.example/token", RequestBody: row.form,
			RequestHeader: wire.NewHeader(http.Header{"Authorization": {row.header}})}
		if command := curl(e, secrets, newRedactor(secrets, []*wire.Exchange{e}, false)); !strings.Contains(command, row.want) {
			t.Errorf("%s %s: the command is\n%s", row.header, row.form, command)
		}
	}
}

// Whatever names a credential, in a header, a query, a form or a body, is in no file and on no page that does not show
// tokens; nor is a JWT, wherever it begins, nor the client secret in base64 or in hexadecimal digits. The rest stays.
func TestRedactor_EveryKindOfCredential(t *testing.T) {
	n := 0
	var hidden []string
	secret := func() string {
		n++
		hidden = append(hidden, fmt.Sprintf("hidden-%04d-%s", n, strings.Repeat("x", 40)))
		return hidden[n-1]
	}
	client := redact.Credentials{ID: "c", Secret: "s/ecret+1?"}
	response, request := http.Header{}, http.Header{}
	for _, name := range []string{"X-Refresh-Token", "X-Auth-Token", "X-Api-Key", "Authentication-Info", "Proxy-Authentication-Info", "Set-Cookie2", "X-Session",
		"X-Amz-Security-Token", "DPoP-Key", "X-Csrf", "X-Password", "X-Signature"} {
		response.Set(name, secret())
		request.Set(name, secret())
	}
	response.Set("Location", "https://a.example/?api_key="+secret()+"&session="+secret()+"&page=kept-1")
	response.Set("Www-Authenticate", `Bearer realm="kept-2"`)
	response.Set("Access-Control-Allow-Credentials", "true")
	body := `{"api_key":"` + secret() + `","Session":{"id":"` + secret() + `"},"cookies":["` + secret() + `"],"kept-3":"kept-4",` +
		`"note":"sess_` + someJWT + `","basic":"` + base64.StdEncoding.EncodeToString([]byte(client.Secret)) + `",` +
		`"raw":"` + base64.RawURLEncoding.EncodeToString([]byte("{"+client.Secret+"}")) + `","hex":"` + hex.EncodeToString([]byte(client.Secret)) + `",` +
		`"inside":"{\"auth_key\":\"` + secret() + `\"}","token_type":"kept-5"}`
	call := answerOf(wire.API, 200, "application/json", body)
	call.URL = "https://api.example/?sessionId=" + secret() + "&x=kept-6&cookie=" + secret()
	call.RequestHeader, call.ResponseHeader = wire.NewHeader(request), wire.NewHeader(response)
	text := answerOf(wire.API, 500, "text/plain", "X-Api-Key: "+secret()+"\nhttps://u:"+secret()+"@h/ kept-7 <secretKey>"+secret()+"</secretKey> and again "+hidden[0])
	hidden = append(hidden, someJWT[20:40], base64.RawStdEncoding.EncodeToString([]byte(client.Secret))[:8], hex.EncodeToString([]byte(client.Secret)))

	shown := shownOf(t, Secrets{Client: client}, call, text)
	for _, where := range []string{"the file", "the report", "the page"} {
		for _, value := range hidden {
			if strings.Contains(shown[where], value) {
				t.Errorf("%s holds %q", where, value)
			}
		}
	}
	for i := 1; i <= 7; i++ {
		if kept := fmt.Sprintf("kept-%d", i); !strings.Contains(shown["the file"], kept) || !strings.Contains(shown["the page"], kept) {
			t.Errorf("%s is gone", kept)
		}
	}
	for _, value := range []string{hidden[0], hidden[len(response)], someJWT} {
		if !strings.Contains(shown["the page with tokens"], value) {
			t.Errorf("the page with tokens lacks %q", value)
		}
	}
	for _, value := range hidden[len(hidden)-2:] { // the client's
		if strings.Contains(shown["the page with tokens"], value) {
			t.Errorf("the page with tokens holds %q", value)
		}
	}
}

// The keys that a server publishes are shown, and those of an API's answer are not.
func TestHAR_ShowsPublicKeys(t *testing.T) {
	const body = `{"keys":[{"kty":"EC","kid":"k1"}]}`
	if text := harText(t, Secrets{}, answerOf(wire.Keys, 200, "application/json", body)); text != body {
		t.Errorf("the keys become %s", text)
	}
	if text := harText(t, Secrets{}, answerOf(wire.API, 200, "application/json", body)); text != `{"keys":"[redacted]"}` {
		t.Errorf("an API's keys become %s", text)
	}
}

// The values of cookies are in no file, also where they are repeated, and what is said about a cookie stays.
func TestHAR_ForgetsCookies(t *testing.T) {
	t.Parallel()
	e := answerOf(wire.API, 200, "text/plain", "sent cookie-value-1 cookie-value-2, set cookie-value-3 at /kept-path")
	e.RequestHeader = wire.NewHeader(http.Header{"Cookie": {"a=cookie-value-1; b=cookie-value-2"}})
	e.ResponseHeader = wire.NewHeader(http.Header{"Set-Cookie": {"c=cookie-value-3; Path=/kept-path"}})
	if got, want := harText(t, Secrets{}, e), "sent [redacted] [redacted], set [redacted] at /kept-path"; got != want {
		t.Errorf("the file has %s; want %s", got, want)
	}
}

// A page says whose secret was repeated, by the variable of .env; a file does not.
func TestView_SecretsByVariable(t *testing.T) {
	t.Parallel()
	secrets := Secrets{Client: redact.Credentials{ID: "a", Secret: "client-secret-1"}, Other: redact.Credentials{ID: "b", Secret: "other-secret-2"}}
	e := answerOf(wire.API, 200, "text/plain", "client-secret-1 other-secret-2")
	for _, full := range []bool{false, true} {
		if got := View([]*wire.Exchange{e}, secrets, full).Steps[0].Body.String(); got != "$CLIENT_SECRET $OTHER_CLIENT_SECRET" {
			t.Errorf("the page shows %s", got)
		}
	}
	if got := harText(t, secrets, e); got != "[redacted] [redacted]" {
		t.Errorf("the file has %s", got)
	}
}

// Of what a text names as a secret a page cuts words short, and leaves what is none.
func TestShortenText(t *testing.T) {
	t.Parallel()
	const long = "0123456789012345678901234567890123456789"
	for value, want := range map[string]string{
		"x" + long: "x0123456…6789", "y" + long[2:]: "…", "12": "12", "true": "true", "{" + long: "{" + long, "['" + long: "['" + long, "x…y": "x…y",
	} {
		if got := shortenText(value); got != want {
			t.Errorf("%s becomes %s; want %s", value, got, want)
		}
	}
}

// An answer is JSON to a program where it is JSON, else text; its headers have a limit.
func TestNewAnswer_JSONOrText(t *testing.T) {
	t.Parallel()
	keep := func(text string) string { return text }
	for body, want := range map[string]string{`{"a":1}`: `{"a":1}`, "<p>": `"\u003cp\u003e"`, "": `""`, "\xff": "\"\ufffd\""} {
		e := answerOf(wire.API, 401, "text/html", body)
		e.ResponseHeader = wire.NewHeader(http.Header{"Content-Type": {strings.Repeat("x", 5000)}, "Retry-After": {"7"}, "X": {"y"},
			"Www-Authenticate": {`Bearer error="invalid_token"`}})
		a := NewAnswer(e, keep)
		document, err := json.Marshal(a.Body)
		if err != nil || string(document) != want {
			t.Errorf("%q is %s, %v; want %s", body, document, err, want)
		}
		if n := len(a.Headers["Content-Type"]); n < 1000 || n > 1010 || a.Headers["Retry-After"] != "7" || len(a.Headers) != 3 {
			t.Errorf("the headers are %d bytes of %v", n, a.Headers)
		}
		if len(a.Challenges) != 1 || a.Challenges[0].Params["error"] != "invalid_token" || !a.Refused {
			t.Errorf("the answer is %+v", a)
		}
	}
}

// Every parameter that a login may send or get is explained, with where it is written; one that is written down nowhere
// is shown, too, and so is what can be read of a query that is cut short.
func TestParameters_EachExplained(t *testing.T) {
	t.Parallel()
	query := url.Values{"x-other": {"1"}}
	for _, name := range strings.Fields(`response_type client_id client_secret request_uri redirect_uri scope state nonce code_challenge code_challenge_method
		code_verifier code iss error error_description error_uri grant_type refresh_token token token_type_hint prompt login_hint max_age acr_values ui_locales
		resource audience client_name application_type redirect_uris grant_types response_types token_endpoint_auth_method post_logout_redirect_uris
		session_state id_token_hint post_logout_redirect_uri`) {
		query.Set(name, "1")
	}
	list := Parameters(query, Secrets{})
	if len(list) != len(query) {
		t.Errorf("of %d parameters, %d are listed", len(query), len(list))
	}
	for _, p := range list {
		if known := p.About != "" && p.Section != ""; known != (p.Name != "x-other") {
			t.Errorf("%s: %q, %q", p.Name, p.About, p.Section)
		}
	}
	cut := &wire.Exchange{URL: "https://auth.example/?prompt=none&scope=%"}
	if list := explain(cut, newTeller(nil, newRedactor(Secrets{}, nil, false))); len(list) != 1 || list[0].Value != "none" {
		t.Errorf("of a query that is cut short, %+v are listed", list)
	}
}

// The questions after a failed login are no part of it: a page says so, and calls their invented values invented.
func TestView_QuestionsAfterFailure(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		try, code    string
		about, words string
	}{
		{"", "a-code", "The client exchanges the code", "can be exchanged for tokens once"},
		{wire.WhichSetting, wire.Invented(), "The login has failed.", "invented by this app"},
	} {
		e := answerOf(wire.TokenRequest, 400, "application/json", "{}")
		e.Try, e.RequestHeader = row.try, wire.NewHeader(http.Header{"Content-Type": {"application/x-www-form-urlencoded"}})
		e.RequestBody = url.Values{"code": {row.code}}.Encode()
		step := View([]*wire.Exchange{e}, Secrets{}, false).Steps[0]
		if !strings.HasPrefix(step.About, row.about) || len(step.Params) != 1 || !strings.HasPrefix(step.Params[0].About, row.words) {
			t.Errorf("of the attempt %q it says %q and %+v", row.try, step.About, step.Params)
		}
	}
}

// A token of an answer is known by its name, whatever the other members are.
func TestTokenVariables_ByName(t *testing.T) {
	t.Parallel()
	flow := []*wire.Exchange{
		answerOf(wire.TokenRequest, 200, "", `{"access_token":"a1","refresh_token":"r1","id_token":"i1"}`),
		answerOf(wire.Refresh, 200, "", `{"access_token":"a2","id_token":7}`), answerOf(wire.API, 200, "", "no"),
	}
	want := map[string]string{"a1": "ACCESS_TOKEN", "r1": "REFRESH_TOKEN", "i1": "ID_TOKEN", "a2": "ACCESS_TOKEN"}
	if got := tokenVariables(flow); !maps.Equal(got, want) {
		t.Errorf("they are %v; want %v", got, want)
	}
}

// What makes a client is on no page, in whatever letters and of any answer; of a server's keys only the keys are public.
func TestView_CredentialsOfAnyAnswer(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"client_secret", "Client_Secret", "registration_access_token", "REGISTRATION_CLIENT_URI"} {
		e := answerOf(wire.Userinfo, 200, "application/json", `{"`+name+`":"ab1","sub":"u"}`)
		for _, full := range []bool{false, true} {
			if got := View([]*wire.Exchange{e}, Secrets{}, full).Steps[0].Body.String(); strings.Contains(got, "ab1") || !strings.Contains(got, `"u"`) {
				t.Errorf("%s, in full: %t: %s", name, full, got)
			}
		}
	}
	keys := answerOf(wire.Keys, 200, "application/json", `{"keys":[{"kid":"k1"}],"access_token":"ab1","KEYS":["cd2"]}`)
	if got, want := harText(t, Secrets{}, keys), `{"keys":[{"kid":"k1"}],"access_token":"[redacted]","KEYS":"[redacted]"}`; got != want {
		t.Errorf("of keys the file has %s; want %s", got, want)
	}
	hide := newFileRedactor(Secrets{}, nil)
	for value, want := range map[string]string{"true": "true", "false": "false", "maybe": "[redacted]"} {
		if got := hide.header("X-Session", value); got != want {
			t.Errorf("a header that says %s becomes %s", value, got)
		}
	}
}

// A request has a command of its own as long as a command line has room for its address.
func TestCurl_Length(t *testing.T) {
	t.Parallel()
	const begin = "https://auth.example/?a="
	for size, want := range map[int]bool{8000: true, 8001: false} {
		e := &wire.Exchange{Method: "GET", URL: begin + strings.Repeat("x", size-len(begin))}
		if command := curl(e, Secrets{}, newRedactor(Secrets{}, nil, false)); (command != "") != want {
			t.Errorf("an address of %d bytes: %.40q", size, command)
		}
	}
}

// A file says which version of HTTP was spoken, of a request and of its answer.
func TestHAR_Versions(t *testing.T) {
	t.Parallel()
	for proto, want := range map[string]string{"HTTP/2.0": "HTTP/2.0", "": "HTTP/1.1"} {
		e := answerOf(wire.API, 200, "text/plain", "")
		e.Proto = proto
		document, err := HAR([]*wire.Exchange{e}, Secrets{})
		if n := strings.Count(string(document), `"httpVersion": "`+want+`"`); err != nil || n != 2 {
			t.Errorf("%q is there %d times as %s, %v", proto, n, want, err)
		}
	}
}

// The members of a request that is JSON are explained in their order, without what is secret; and so are its constants.
func TestExplainMembers_InOrder(t *testing.T) {
	t.Parallel()
	e := &wire.Exchange{Method: "POST", URL: "https://auth.example/register?a=b", RequestHeader: wire.NewHeader(http.Header{"Content-Type": {"application/json"}}),
		RequestBody: `{"redirect_uris":["https://a.example/cb"],"client_name":"N\u0061me","client_secret":"secret-11","x":1}`}
	want := []Parameter{{"redirect_uris", `["https://a.example/cb"]`, "", "RFC 7591 section 2", ""}, {"client_name", "Name", "", "RFC 7591 section 2", ""},
		{"client_secret", "$CLIENT_SECRET", "", "RFC 6749 section 2.3.1", ""}, {"x", "1", "", "", ""}}
	got := explain(e, newTeller(nil, newRedactor(Secrets{}, nil, false)))
	for i := range got {
		if (got[i].About == "") != (got[i].Name == "x") {
			t.Errorf("%s is %q", got[i].Name, got[i].About)
		}
		got[i].About = ""
	}
	if !slices.Equal(got, want) {
		t.Errorf("they are %+v; want %+v", got, want)
	}
	const constants = `{"token":true,"session":false,"secret":null}`
	if kept := harText(t, Secrets{}, answerOf(wire.API, 200, "application/json", constants)); kept != constants {
		t.Errorf("of constants a file keeps %s", kept)
	}
}

// Of a form that a token endpoint sends, a file keeps the names of what it does not know; a parameter that cannot be read is in
// no list.
func TestHAR_Forms(t *testing.T) {
	t.Parallel()
	const form = "application/x-www-form-urlencoded"
	if got, want := harText(t, Secrets{}, answerOf(wire.TokenRequest, 200, form, "trace=t1&scope=a")), "trace=[redacted]&scope=a"; got != want {
		t.Errorf("it keeps %s; want %s", got, want)
	}
	var names []string
	eachParameter("a=%zz&%zz=b&&c=1&d", func(name, value string) { names = append(names, name+"="+value) })
	if want := []string{"c=1", "d="}; !slices.Equal(names, want) {
		t.Errorf("they are %q; want %q", names, want)
	}
}
