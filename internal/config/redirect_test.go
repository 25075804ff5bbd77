package config

import (
	"strings"
	"testing"
)

// What is registered is used exactly as written, and what cannot work is refused with what to write instead.
func TestLoad_RedirectURI(t *testing.T) {
	const refused = "REDIRECT_URI (environment): "
	const inTheClear = " is plain http beyond this machine, so anyone on the network can read the code; " +
		"register https, or http on localhost (RFC 8252 section 7.3)"
	const here = " leads to this app, which answers only at /oauth_callback; remove this line and "
	const another = " or, if that redirect URI is a different app's, set PORT to a different port"
	const noApp = "write https, http on localhost, or a scheme of an app such as com.example.app:/callback"
	for _, row := range []struct{ name, base, value, want string }{ // want is the redirect URI, or the error
		{"unset", "", "", "http://localhost:3000/oauth_callback"},
		{"as it would be anyway", "", "http://localhost:3000/oauth_callback", "http://localhost:3000/oauth_callback"},
		{"a production host", "", "https://app.example.com/callback", "https://app.example.com/callback"},
		{"no path", "", "https://app.example.com", "https://app.example.com"},
		{"a query of its own", "", "https://app.example.com/cb?tenant=a", "https://app.example.com/cb?tenant=a"},
		{"another port of this machine", "", "http://localhost:8080/callback", "http://localhost:8080/callback"},
		{"https on our own port, where nobody speaks TLS", "", "https://localhost:3000/callback", "https://localhost:3000/callback"},
		{"a scheme of an app's", "", "com.example.app:/callback", "com.example.app:/callback"},
		{"a scheme of an app's with a host", "", "com.example.app://callback", "com.example.app://callback"},
		{"our own port by another BASE_URL", "http://localhost:8080", "http://localhost:3000/oauth_callback", "http://localhost:3000/oauth_callback"},

		{"no scheme", "", "app.example.com/callback",
			refused + `"app.example.com/callback" is not a full address; write what is registered, such as https://app.example.com/callback`},
		{"a space", "", "https://app.example.com/a b",
			refused + `"https://app.example.com/a b" is not a full address; write what is registered, such as https://app.example.com/callback`},
		{"no host", "", "https:///callback", refused + `"https:///callback" has no host; write what is registered, such as https://app.example.com/callback`},
		{"a fragment", "", "https://app.example.com/#cb",
			refused + `"https://app.example.com/#cb" has a fragment, which a redirect URI may not have (RFC 6749 section 3.1.2); remove it`},
		{"an empty fragment", "", "https://app.example.com/#",
			refused + `"https://app.example.com/#" has a fragment, which a redirect URI may not have (RFC 6749 section 3.1.2); remove it`},
		{"a password", "", "https://user:hidden@app.example.com/", "REDIRECT_URI (environment) has a user name or password in its address; remove them"},
		{"a pattern", "", "https://*.example.com/cb", refused + `"https://*.example.com/cb" is a pattern; write one address that it allows`},
		{"a state of its own", "", "https://app.example.com/cb?state=a",
			refused + `"https://app.example.com/cb?state=a" has the parameter state in its query, but it appears twice or belongs to the server's response; remove it`},
		{"a parameter twice", "", "https://app.example.com/cb?a=1&a=2",
			refused + `"https://app.example.com/cb?a=1&a=2" has the parameter a in its query, but it appears twice or belongs to the server's response; remove it`},
		{"plain http beyond this machine", "", "http://app.example.com/cb",
			refused + `"http://app.example.com/cb"` + inTheClear},
		{"plain http on a name that only looks like this machine's", "", "http://localhost.example.com/cb",
			refused + `"http://localhost.example.com/cb"` + inTheClear},
		{"our own server, where nothing answers", "", "http://localhost:3000/api/auth/callback",
			refused + `"http://localhost:3000/api/auth/callback"` + here + `register http://localhost:3000/oauth_callback` + another},
		{"our own server, with a slash at the end", "https://test.example.com", "https://test.example.com:443/oauth_callback/",
			refused + `"https://test.example.com:443/oauth_callback/"` + here + `register https://test.example.com/oauth_callback` + another},
		{"our own server by another name", "", "http://127.0.0.1:3000/oauth_callback",
			refused + `"http://127.0.0.1:3000/oauth_callback" leads to this app under a different host name than BASE_URL; remove it, and write BASE_URL=http://127.0.0.1:3000`},
		{"a script", "", "javascript:alert(1)",
			refused + `"javascript:alert(1)" can't be a redirect URI: no app opens for javascript:; ` + noApp},
		{"a script in capitals", "", "JavaScript://a/%0aalert(1)",
			refused + `"JavaScript://a/%0aalert(1)" can't be a redirect URI: no app opens for javascript:; ` + noApp},
		{"a document in the address", "", "data:text/html,x",
			refused + `"data:text/html,x" can't be a redirect URI: no app opens for data:; ` + noApp},
		{"a file", "", "file:///etc/passwd",
			refused + `"file:///etc/passwd" can't be a redirect URI: no app opens for file:; ` + noApp},
		{"out of band", "", "urn:ietf:wg:oauth:2.0:oob",
			refused + `"urn:ietf:wg:oauth:2.0:oob" can't be a redirect URI: no app opens for urn:; ` + noApp},
		{"no slash", "", "com.example.app:callback",
			refused + `"com.example.app:callback" has no / after its scheme; write it as it is registered, such as com.example.app:/callback`},
	} {
		t.Run(row.name, func(t *testing.T) {
			cfg, err := Load(env(map[string]string{"BASE_URL": row.base, "REDIRECT_URI": row.value}), "does-not-exist.env", false)
			got := cfg.RedirectURI()
			if err != nil {
				got = err.Error()
			}
			if got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
			if elsewhere := err == nil && row.want != "http://localhost:3000/oauth_callback" || row.base == "http://localhost:8080"; cfg.CallbackIsPasted() != elsewhere {
				t.Errorf("pasted: %v; want %v", cfg.CallbackIsPasted(), elsewhere)
			}
		})
	}
}

// A scheme without a dot is used by real applications, and refused by some servers.
func TestLoad_SchemeWithoutDot(t *testing.T) {
	for value, note := range map[string]bool{"myapp://callback": true, "com.example.app:/callback": false} {
		cfg, err := Load(env(map[string]string{"REDIRECT_URI": value}), "does-not-exist.env", false)
		if err != nil || cfg.RedirectURI() != value {
			t.Errorf("%s: %q, %v", value, cfg.RedirectURI(), err)
		}
		if got := strings.Contains(strings.Join(cfg.Notes, "\n"), "RFC 8252 section 7.1"); got != note {
			t.Errorf("%s: the notes are %q", value, cfg.Notes)
		}
	}
}

// A response is shown at the address to which the browser was sent.
func TestReturnedTo(t *testing.T) {
	for elsewhere, want := range map[string]string{
		"":                                   "http://localhost:3000/oauth_callback?code=a&state=b",
		"https://app.example.com/cb":         "https://app.example.com/cb?code=a&state=b",
		"https://app.example.com/cb?tenant=": "https://app.example.com/cb?code=a&state=b",
		"com.example.app:/callback":          "com.example.app:/callback?code=a&state=b",
	} {
		if got := (Config{BaseURL: "http://localhost:3000", RedirectOverride: elsewhere}).ReturnedTo("/oauth_callback?code=a&state=b"); got != want {
			t.Errorf("got %s; want %s", got, want)
		}
	}
}
