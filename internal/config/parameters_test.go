package config

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"testing"
)

// Every parameter is taken as given, but for those of the protocol, which are refused by name with the reason and the
// setting that changes them.
func TestLoginParameters_TakenAsGiven(t *testing.T) {
	many := url.Values{}
	for i := range 300 {
		many.Set(fmt.Sprintf("p%d", i), "x")
	}
	const claims = `{"id_token":{"auth_time":{"essential":true}}}`
	for _, row := range []struct{ name, query, want string }{
		{"any", "organization=org_1&kc_idp_hint=google&hd=example.com&connection=a+b&display=page", "connection=a+b&display=page&hd=example.com&kc_idp_hint=google&organization=org_1"},
		{"claims", url.Values{"claims": {claims}}.Encode(), url.Values{"claims": {claims}}.Encode()},
		{"as written", "x%5B0%5D=%26%3D%25%2B&%C3%A9=%E2%9C%93", "x%5B0%5D=%26%3D%25%2B&%C3%A9=%E2%9C%93"},
		{"none", "", ""},
		{"without a value", "prompt=&hd&login_hint=a", "login_hint=a"},
		{"for this app", "step=1&step_up=2&run=abc&shown=x&prompt=none", "prompt=none"},
		{"in one field", "prompt=&params=prompt%3Dnone%26claims%3D%257B%257D", "claims=%7B%7D&prompt=none"},
		{"the hint of the session", "id_token_hint=session", "id_token_hint=session"},
		{"as many as may be", many30().Encode(), many30().Encode()},
		{"1 KB", "a=" + strings.Repeat("x", 1023), "a=" + strings.Repeat("x", 1023)},

		{"twice", "hd=a&hd=b", "refused: hd appears more than once (RFC 6749 section 3.1)"},
		{"twice, once in the field", "hd=a&params=hd%3Db", "refused: hd appears more than once (RFC 6749 section 3.1)"},
		{"twice in the field", "params=hd%3Da%26hd%3Db", "refused: hd appears more than once (RFC 6749 section 3.1)"},
		{"without a name", "=a", "refused: its parameters include one without a name; write name=value"},
		{"a line break", "hd=a%0Ab", "refused: hd has a control character or a line break in its value"},
		{"NUL", "hd=a%00", "refused: hd has a control character or a line break in its value"},
		{"no UTF-8", "hd=%ff", "refused: hd has a control character or a line break in its value"},
		{"a line separator", "hd=a%E2%80%A8b", "refused: hd has a control character or a line break in its value"},
		{"a control character in a name", "h%00d=a", `refused: "h\x00d" has a blank or a control character in its name`},
		{"a blank before a name", "+redirect_uri=a", `refused: " redirect_uri" has a blank or a control character in its name`},
		{"a long name", strings.Repeat("n", 101) + "=a", "refused: its parameters include a name of more than 100 bytes"},
		{"300 of them", many.Encode(), "refused: its parameters are more than 30"},
		{"100 KB", "a=" + strings.Repeat("x", 100<<10), "refused: its parameters have more than 1 KB together"},
		{"1 KB and one byte", "a=" + strings.Repeat("x", 1024), "refused: its parameters have more than 1 KB together"},
		{"1 KB with the field", "a=" + strings.Repeat("x", 600) + "&params=b%3D" + strings.Repeat("x", 600), "refused: its parameters have more than 1 KB together"},
		{"a field that cannot be read", "params=a%3D%25", "refused: its parameters cannot be read; write name=value&name=value, with %26 for an & inside of a value"},
		{"for this app, in the field", "params=step%3D1", "refused: step is a parameter of this app's own address /login, and is not sent; remove it"},
		{"a scope", "scope=%22", "refused: scope has a character that no scope may have (RFC 6749 section 3.3)"},
		{"max_age", "max_age=soon", "refused: max_age is not a number of seconds"},
	} {
		query, err := url.ParseQuery(row.query)
		if err != nil {
			t.Fatal(err)
		}
		p, err := LoginParameters(query)
		got := p.Encode()
		if err != nil {
			got = "refused: " + err.Error()
		}
		if got != row.want {
			t.Errorf("%s: got %.200s; want %.200s", row.name, got, row.want)
		}
	}
}

func many30() url.Values {
	values := url.Values{}
	for i := range 30 {
		values.Set(fmt.Sprintf("p%d", i), "x")
	}
	return values
}

// What the protocol needs for itself cannot be set, in whatever way a server may read its name. Each is refused with
// what changes it instead.
func TestLoginParameters_Reserved(t *testing.T) {
	for _, name := range []string{"client_id", "client_secret", "client_assertion", "client_assertion_type", "redirect_uri", "response_type",
		"response_mode", "state", "nonce", "code", "code_challenge", "code_challenge_method", "code_verifier", "request", "request_uri",
		"access_token", "refresh_token", "id_token", "token"} {
		for _, spelled := range []string{name, strings.ToUpper(name), strings.ReplaceAll(name, "_", "."), name + "[]", name + "[0]"} {
			for _, query := range []url.Values{{spelled: {"x"}}, {spelled: {""}}, {"params": {url.QueryEscape(spelled) + "=x"}}} {
				_, err := LoginParameters(query)
				bad, ok := errors.AsType[*ParameterError](err)
				if !ok || bad.Name != spelled || bad.What == "" || bad.Fix == "" {
					t.Errorf("%v: %v", query, err)
				}
			}
		}
	}
	for _, name := range []string{"states", "code_hint", "request_type", "login_token_hint", "id_token_hint", "x_redirect_uri", "registration", "dpop_jkt"} {
		if p, err := LoginParameters(url.Values{name: {"x"}}); err != nil || p[name] != "x" {
			t.Errorf("%s is refused, though it is not the protocol's own: %v", name, err)
		}
	}
	for name, want := range map[string]string{"client_id": "CLIENT_ID", "redirect_uri": "REDIRECT_URI", "request_uri": "PAR=on", "client_secret": "CLIENT_SECRET"} {
		if _, err := LoginParameters(url.Values{name: {"x"}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want the setting %s", name, err, want)
		}
	}
}

// The first of two sources decides, parameter by parameter.
func TestParameters_With(t *testing.T) {
	settings := Parameters{"prompt": "consent", "access_type": "offline"}
	if got := settings.With(Parameters{"prompt": "none", "hd": "a"}).Encode(); got != "access_type=offline&hd=a&prompt=none" {
		t.Error(got)
	}
	if !maps.Equal(settings, Parameters{"prompt": "consent", "access_type": "offline"}) {
		t.Errorf("the settings have changed: %v", settings)
	}
}

// AUTHORIZATION_PARAMS has the parameters of every login; what is wrong in it is said with its place.
func TestLoad_AuthorizationParams(t *testing.T) {
	for _, row := range []struct{ name, line, want string }{
		{"none", "", ""},
		{"for a refresh token", "AUTHORIZATION_PARAMS='access_type=offline&prompt=consent'", "access_type=offline&prompt=consent"},
		{"without quotes", "AUTHORIZATION_PARAMS=audience=https://api.example/&claims=%7B%7D", "audience=https%3A%2F%2Fapi.example%2F&claims=%7B%7D"},
		{"scopes", "AUTHORIZATION_PARAMS='scope=openid+a'", "refused: AUTHORIZATION_PARAMS (.env:3): scope is set by SCOPES; write SCOPES='openid a' and remove scope here"},
		{"copied with its question mark", "AUTHORIZATION_PARAMS='?hd=a'", "hd=a"},
		{"one of the protocol", "AUTHORIZATION_PARAMS='redirect_uri=https://a.example/'",
			"refused: AUTHORIZATION_PARAMS (.env:3): redirect_uri can't be set in a login: it is the address to which the browser returns; set BASE_URL or REDIRECT_URI"},
		{"one of this app", "AUTHORIZATION_PARAMS='step=1'", "refused: AUTHORIZATION_PARAMS (.env:3): step is a parameter of this app's own address /login, and is not sent; remove it"},
		{"the session's ID token", "AUTHORIZATION_PARAMS='id_token_hint=session'",
			"refused: AUTHORIZATION_PARAMS (.env:3): id_token_hint can have the value session only after a sign-in; write it in the address: /login?id_token_hint=session"},
		{"twice", "AUTHORIZATION_PARAMS='hd=a&hd=b'", "refused: AUTHORIZATION_PARAMS (.env:3): hd appears more than once (RFC 6749 section 3.1)"},
		{"a semicolon", "AUTHORIZATION_PARAMS='hd=a;b=c'",
			"refused: AUTHORIZATION_PARAMS (.env:3): its parameters cannot be read; write name=value&name=value, with %26 for an & inside of a value"},
		{"max_age", "AUTHORIZATION_PARAMS='max_age=soon'", "refused: AUTHORIZATION_PARAMS (.env:3): max_age is not a number of seconds"},
	} {
		file := writeFile(t, "test.env", "ISSUER=https://auth.example.com\nCLIENT_ID=a\n"+row.line+"\n")
		cfg, err := Load(env(nil), file, true)
		got := cfg.Parameters.Encode()
		if err != nil {
			got = "refused: " + strings.ReplaceAll(err.Error(), file, ".env")
		}
		if got != row.want {
			t.Errorf("%s:\ngot  %s\nwant %s", row.name, got, row.want)
		}
	}
}
