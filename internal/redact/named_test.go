package redact

import "testing"

// What a text names is found in each way in which texts name something, and what stands beside it stays.
func TestReplaceNamed_Structures(t *testing.T) {
	t.Parallel()
	const secret = "Zq8vT3xYw9Kd5mRb"
	for text, want := range map[string]string{
		// pairs of a name and a value
		`[{"value":"` + secret + `","name":"api_key"},{"value":"kept"}]`:                  `[{"value":"X","name":"api_key"},{"value":"kept"}]`,
		`[{"key":"api_token","value":"` + secret + `"},{"key":"a","value":"b"}]`:          `[{"key":"X","value":"X"},{"key":"X","value":"b"}]`,
		`[{"header":"Authorization","value":"` + secret + `"},{"header":"A","value":1}]`:  `[{"header":"Authorization","value":"X"},{"header":"A","value":1}]`,
		`[{"name":"token","more":{"name":"a","value":"b"},"value":"` + secret + `"}]`:     `[{"name":"token","more":{"name":"a","value":"b"},"value":"X"}]`,
		`[{"key":"[redacted]","value":"` + secret + `"}]`:                                 `[{"key":"X","value":"X"}]`,
		`<input value="` + secret + `" name="csrf_token"><input value="kept" name="a">`:   `<input value="X" name="csrf_token"><input value="kept" name="a">`,
		`<meta content="` + secret + `" name="csrf-token">`:                               `<meta content="X" name="csrf-token">`,
		`<add key="apiKey" value="` + secret + `"/><add key="page" value="kept"/>`:        `<add key="X" value="X"/><add key="X" value="kept"/>`,
		`["Authorization","Bearer ` + secret + `"]`:                                       `["Authorization","Bearer X"]`,
		`Bearer ` + secret + `== is refused`:                                              `Bearer X is refused`,
		`Bearer realm="R1", error=invalid_token1, resource_metadata="https://a1.example"`: `Bearer realm="R1", error=invalid_token1, resource_metadata="https://a1.example"`,
		`Bearer authentication-is-required here`:                                          `Bearer authentication-is-required here`,
		// elements
		`<a><token type="x">` + secret + `</token><b>kept</b></a>`:  `<a><token type="x">X</token><b>kept</b></a>`,
		`<x:AccessToken y:z="1">` + secret + `</x:AccessToken>kept`: `<x:AccessToken y:z="1">X</x:AccessToken>kept`,
		`<token><![CDATA[` + secret + `]]></token>kept`:             `<token>X</token>kept`,
		`<token><value>` + secret + `</value></token>kept`:          `<token>X</token>kept`,
		`<token/>kept`: `<token/>kept`,
		`Send Bearer <token> to https://a1.example/`:                      `Send Bearer <token> to https://a1.example/`,
		`<token>` + secret + ` and no end`:                                `<token>X and no end`,
		`<textarea rows=1 name="token">` + secret + `</textarea>kept`:     `<textarea rows=1 name="token">X</textarea>kept`,
		`<textarea rows=1 name="text">kept-1</textarea>`:                  `<textarea rows=1 name="text">kept-1</textarea>`,
		`<tr><th>API key:</th> <td><b>` + secret + `</b></td><td>kept-1`:  `<tr><th>API key:</th> <td><b>X</b></td><td>kept-1`,
		`<dt>Access token</dt><dd>` + secret + `</dd><dt>kept-1`:          `<dt>Access token</dt><dd>X</dd><dt>kept-1`,
		`<key>accessToken</key><string>` + secret + `</string>`:           `<key>X</key><string>X</string>`,
		`<h1>Invalid token</h1><p>Request req-1 to https://a1.example`:    `<h1>Invalid token</h1><p>Request req-1 to https://a1.example`,
		`<h1>Invalid token</h1><p>It is not the one that was expected.</`: `<h1>Invalid token</h1><p>It is not the one that was expected.</`,
		// forms
		"--b\r\nContent-Disposition: form-data; name=\"token\"\r\nContent-Type: text/plain\r\n\r\n" + secret + "\r\n--b--": "--b\r\nContent-Disposition: form-data; name=\"token\"\r\nContent-Type: text/plain\r\n\r\nX\r\n--b--",
		"Content-Disposition: form-data; name=\"a\"\r\n\r\nkept-1\r\n":                                                     "Content-Disposition: form-data; name=\"a\"\r\n\r\nkept-1\r\n",
		`token[0]=` + secret + `&a[token]=` + secret + `&token%5Bvalue%5D=` + secret + `&a[0]=kept`:                        `token[0]=X&a[token]=X&token%5Bvalue%5D=X&a[0]=kept`,
		// what programs print
		"access_token: |\n  " + secret + "\nnext: kept-1":                              "access_token: |\n  X\nnext: kept-1",
		`["token"]=> string(16) "` + secret + `" ["a"]=> string(4) "kept"`:             `["token"]=> string(16) "X" ["a"]=> string(4) "kept"`,
		`a:2:{s:5:"token";s:16:"` + secret + `";s:1:"a";s:4:"kept";}`:                  `a:2:{s:5:"token";s:16:"X";s:1:"a";s:4:"kept";}`,
		`Token[value=` + secret + `, x=1] AccessToken(value=` + secret + `) A[b=c1d2]`: `Token[X] AccessToken(X) A[b=c1d2]`,
	} {
		read := Read(text)
		read.ReplaceNamed(IsSecret, Always("X"))
		if got := read.String(); got != want {
			t.Errorf("%s\nbecomes\n%s\nwant\n%s", text, got, want)
		}
	}
}

// A name that was cut short before named a secret, and an address may have a password without a user.
func TestReplaceNamed_CutShort(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`[{"name":"abcdefgh…wxyz","value":"hidden-1"},{"name":"abc","value":"kept-1"}]`: `[{"name":"abcdefgh…wxyz","value":"X"},{"name":"abc","value":"kept-1"}]`,
		"redis://:hidden-1@a1.example/0": "redis://:X@a1.example/0",
		"redis://u:@a1.example/0":        "redis://u:@a1.example/0",
		"X-Api-Key: xxxxx1":              "X-Api-Key: X",
		"X-Api-Key: |hidden-1":           "X-Api-Key: X",
		"token: |\r\n  hidden-1\r\na: b": "token: |\r\n  X\r\na: b",
		"token: >\n  hidden-1\na: b":     "token: >\n  X\na: b",
		"Content-Disposition: form-data; name=token\r\n\r\nhidden-1\r\n--b": "Content-Disposition: form-data; name=token\r\n\r\nX\r\n--b",
	} {
		read := Read(text)
		read.ReplaceNamed(IsSecret, Always("X"))
		if got := read.String(); got != want {
			t.Errorf("%s becomes %s; want %s", text, got, want)
		}
	}
}
