package config

import (
	"encoding/base64"
	"os"
	"strings"
	"testing"
)

// env returns a getenv over a map.
func env(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func encodeKey(host string) string {
	return base64.RawStdEncoding.EncodeToString([]byte(host + "$"))
}

func TestIssuerFromKey(t *testing.T) {
	good := map[string]string{
		"pk_live_Y2xlcmsuY2xlcmsuZGV2JA==":                               "https://clerk.clerk.dev",
		"pk_live_Y2xlcmsuY2xlcmsuZGV2JA":                                 "https://clerk.clerk.dev",
		"pk_test_" + encodeKey("happy-hippo-1.clerk.accounts.dev"):       "https://happy-hippo-1.clerk.accounts.dev",
		"pk_test_" + encodeKey("localhost:8443"):                         "https://localhost:8443",
		"pk_live_" + encodeKey("clerk.example.com"):                      "https://clerk.example.com",
		"pk_test_" + encodeKey("foo.bar.lclclerk.com"):                   "https://foo.bar.lclclerk.com",
		"pk_test_" + encodeKey("UPPER.example.com"):                      "https://UPPER.example.com",
		"pk_test_" + encodeKey("1.example.com") + strings.Repeat("=", 2): "https://1.example.com",
	}
	for key, want := range good {
		if got, err := issuerFromKey(key); err != nil || got != want {
			t.Errorf("issuerFromKey(%q) = %q, %v; want %q", key, got, err, want)
		}
	}
	for _, row := range []struct{ name, key, words string }{
		{"a secret key", "sk_test_abcdef", "holds a secret key"},
		{"a live secret key", "sk_live_abcdef", "holds a secret key"},
		{"no prefix", "Y2xlcmsuY2xlcmsuZGV2JA", "does not begin with pk_test_ or pk_live_"},
		{"another prefix", "pk_prod_Y2xlcmsuY2xlcmsuZGV2JA", "does not begin with pk_test_ or pk_live_"},
		{"the sample's placeholder", "pk_test_your-publishable-key", "placeholder"},
		{"dots for a key", "pk_test_...", "placeholder"},
		{"cut in the middle", "pk_live_Y2xlcmsuY2xlcmsu", "is cut short or mistyped"},
		{"cut by one character", "pk_live_Y2xlcmsuY2xlcmsuZGV2J", "is cut short or mistyped"},
		{"nothing behind the prefix", "pk_test_", "is cut short or mistyped"},
		{"no base64", "pk_test_%%%%", "is cut short or mistyped"},
		{"only the dollar", "pk_test_" + encodeKey(""), "not a host name"},
		{"a path", "pk_test_" + encodeKey("example.com/path"), "not a host name"},
		{"a user", "pk_test_" + encodeKey("user@example.com"), "not a host name"},
		{"a query", "pk_test_" + encodeKey("example.com?x=y"), "not a host name"},
		{"two dollars", "pk_test_" + encodeKey("example.com$"), "not a host name"},
		{"a space", "pk_test_" + encodeKey("exa mple.com"), "not a host name"},
		{"a line break", "pk_test_" + encodeKey("example.com\n"), "not a host name"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := issuerFromKey(row.key)
			if err == nil || !strings.Contains(err.Error(), row.words) {
				t.Errorf("issuerFromKey(%q) = %q, %v; want the words %q", row.key, got, err, row.words)
			}
		})
	}
}

// Whatever a key decodes to is an https origin that survives being parsed, or an error.
func FuzzIssuerFromKey(f *testing.F) {
	for _, key := range []string{
		"pk_live_Y2xlcmsuY2xlcmsuZGV2JA==", "pk_test_" + encodeKey("localhost:1"), "pk_test_" + encodeKey("a/b"),
		"sk_test_x", "pk_test_%", "", "pk_test_" + encodeKey("[::1]:80"),
	} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		issuer, err := issuerFromKey(key)
		if err != nil {
			if issuer != "" {
				t.Errorf("issuerFromKey(%q) = %q with the error %v", key, issuer, err)
			}
			return
		}
		if err := CheckEndpoint(issuer); err != nil || !strings.HasPrefix(issuer, "https://") || strings.ContainsAny(issuer[len("https://"):], "/?#@ \n") {
			t.Errorf("issuerFromKey(%q) = %q, which is no https origin (%v)", key, issuer, err)
		}
	})
}

// Every mistake is one line: the variable, what is wrong, what to do.
func TestLoad_EveryMistake(t *testing.T) {
	const key = "pk_live_Y2xlcmsuY2xlcmsuZGV2JA"
	for _, row := range []struct {
		name string
		env  map[string]string
		want []string
	}{
		{
			"the sample as it is",
			map[string]string{"CLERK_PUBLISHABLE_KEY": "pk_test_your-publishable-key", "CLIENT_ID": "your-client-id", "CLIENT_SECRET": "your-client-secret"},
			[]string{
				"CLERK_PUBLISHABLE_KEY (environment) holds a placeholder; copy the publishable key from the dashboard's API " +
					"keys page, or set ISSUER instead for a server other than Clerk, or remove the three lines for demo mode",
				"CLIENT_ID (environment) holds a placeholder; copy the Client ID from the OAuth application's page in the dashboard",
				"CLIENT_SECRET (environment) holds a placeholder; copy the Client Secret (it is shown once, when the " +
					"application is made), or remove the line for a public client",
			},
		},
		{
			"the sample's key beside a server of your own",
			map[string]string{"CLERK_PUBLISHABLE_KEY": "pk_test_your-publishable-key", "ISSUER": "https://auth.example.com", "CLIENT_ID": "a"},
			[]string{"CLERK_PUBLISHABLE_KEY (environment) holds a placeholder; remove this line, as ISSUER is set"},
		},
		{
			"a client without a server",
			map[string]string{"CLIENT_ID": "a"},
			[]string{
				"ISSUER is missing; set it, or CLERK_PUBLISHABLE_KEY, or RESOURCE_URL, or both AUTHORIZATION_ENDPOINT and TOKEN_ENDPOINT (or remove every " +
					"setting for demo mode)",
			},
		},
		{
			"only a method",
			map[string]string{"TOKEN_ENDPOINT_AUTH_METHOD": "none"},
			[]string{
				"ISSUER is missing; set it, or CLERK_PUBLISHABLE_KEY, or RESOURCE_URL, or both AUTHORIZATION_ENDPOINT and TOKEN_ENDPOINT (or remove every " +
					"setting for demo mode)",
				"CLIENT_ID is missing; copy it from the OAuth application's page in the dashboard",
			},
		},
		{"a server without a client", map[string]string{"CLERK_PUBLISHABLE_KEY": key}, []string{
			"CLIENT_ID is missing; copy it from the OAuth application's page in the dashboard"}},
		{"two issuers", map[string]string{"CLERK_PUBLISHABLE_KEY": key, "ISSUER": "https://other.example.com", "CLIENT_ID": "a"}, []string{
			"ISSUER (environment) says https://other.example.com, but CLERK_PUBLISHABLE_KEY says https://clerk.clerk.dev; remove one of the two"}},
		{
			"a secret key for the publishable key",
			map[string]string{"CLERK_PUBLISHABLE_KEY": "sk_test_abc", "CLIENT_ID": "a"},
			[]string{
				"CLERK_PUBLISHABLE_KEY (environment) holds a secret key (sk_…); this app never needs it: copy the publishable key (pk_…) from the " +
					"dashboard's API keys page, and rotate the secret key if it was shared",
			},
		},
		{
			"Clerk's secret key for the client secret",
			map[string]string{"CLERK_PUBLISHABLE_KEY": key, "CLIENT_ID": "a", "CLIENT_SECRET": "sk_live_abc"},
			[]string{
				"CLIENT_SECRET (environment) holds Clerk's secret key for its backend API; the OAuth application has a Client Secret of its own"},
		},
		{"the publishable key for the client ID", map[string]string{"CLERK_PUBLISHABLE_KEY": key, "CLIENT_ID": key}, []string{
			"CLIENT_ID (environment) holds a publishable key; that belongs in CLERK_PUBLISHABLE_KEY, and the OAuth application's Client ID here"}},
		{
			"a hash for the secret",
			map[string]string{"ISSUER": "https://auth.example.com", "CLIENT_ID": "a", "CLIENT_SECRET": "pbkdf2_sha256$600000$salt$hash"},
			[]string{
				"CLIENT_SECRET (environment) is the hash of a secret, as a server stores it; paste the secret itself, or create a new one"},
		},
		{"an argon2 hash", map[string]string{"ISSUER": "https://auth.example.com", "CLIENT_ID": "a", "CLIENT_SECRET": "$argon2id$v=19$x"}, []string{
			"CLIENT_SECRET (environment) is the hash of a secret, as a server stores it; paste the secret itself, or create a new one"}},
		{"the ID for the secret", map[string]string{"ISSUER": "https://auth.example.com", "CLIENT_ID": "abc", "CLIENT_SECRET": "abc"}, []string{
			"CLIENT_SECRET (environment) is the same as CLIENT_ID; copy the Client Secret instead"}},
		{
			"the secret's ID at Entra",
			map[string]string{
				"ISSUER":        "https://login.microsoftonline.com/t/v2.0",
				"CLIENT_ID":     "abc",
				"CLIENT_SECRET": "0b2bb2d4-5b8e-4d4d-9d1f-0a1b2c3d4e5f",
			},
			[]string{
				"CLIENT_SECRET (environment) is the secret's ID; copy the column named Value instead"},
		},
		{"the discovery URL", map[string]string{"ISSUER": "https://auth.example.com/realms/a/.well-known/openid-configuration", "CLIENT_ID": "a"}, []string{
			"ISSUER (environment) is the address of the discovery document, not the issuer; write ISSUER=https://auth.example.com/realms/a"}},
		{
			"the metadata URL of RFC 8414",
			map[string]string{"ISSUER": "https://auth.example.com/.well-known/oauth-authorization-server/tenant", "CLIENT_ID": "a"},
			[]string{
				"ISSUER (environment) is the address of the discovery document, not the issuer; write ISSUER=https://auth.example.com/tenant"},
		},
		{"http on a public host", map[string]string{"ISSUER": "http://auth.example.com", "CLIENT_ID": "a"}, []string{
			`ISSUER (environment): "http://auth.example.com" is not https; http is allowed on localhost only`}},
		{"no scheme", map[string]string{"ISSUER": "auth.example.com", "CLIENT_ID": "a"}, []string{
			`ISSUER (environment): "auth.example.com" is not the address of a server; write one such as https://auth.example.com`}},
		{"a query", map[string]string{"ISSUER": "https://auth.example.com/?a=b", "CLIENT_ID": "a"}, []string{
			`ISSUER (environment): "https://auth.example.com/?a=b" has a query or a fragment, which an issuer never has (RFC 8414 section 2); remove it`}},
		{
			"an unknown method",
			map[string]string{"ISSUER": "https://auth.example.com", "CLIENT_ID": "a", "TOKEN_ENDPOINT_AUTH_METHOD": "private_key_jwt"},
			[]string{
				`TOKEN_ENDPOINT_AUTH_METHOD (environment): "private_key_jwt" is not supported; write client_secret_basic, client_secret_post or none`},
		},
		{
			"none with a secret",
			map[string]string{"ISSUER": "https://auth.example.com", "CLIENT_ID": "a", "CLIENT_SECRET": "b", "TOKEN_ENDPOINT_AUTH_METHOD": "none"},
			[]string{
				"TOKEN_ENDPOINT_AUTH_METHOD (environment): \"none\" is for a client without a secret; remove this line or CLIENT_SECRET"},
		},
		{
			"a method without a secret",
			map[string]string{"ISSUER": "https://auth.example.com", "CLIENT_ID": "a", "TOKEN_ENDPOINT_AUTH_METHOD": "client_secret_post"},
			[]string{
				"CLIENT_SECRET is missing, but TOKEN_ENDPOINT_AUTH_METHOD says client_secret_post; set the secret, or remove that line for a public client"},
		},
		{
			"one endpoint without an issuer",
			map[string]string{"TOKEN_ENDPOINT": "https://a.example/token", "CLIENT_ID": "a"},
			[]string{
				"ISSUER is missing; set it, or CLERK_PUBLISHABLE_KEY, or RESOURCE_URL, or both AUTHORIZATION_ENDPOINT and TOKEN_ENDPOINT (or remove every " +
					"setting for demo mode)",
			},
		},
		{
			"endpoints that are not safe",
			map[string]string{
				"ISSUER":              "https://a.example",
				"CLIENT_ID":           "a",
				"TOKEN_ENDPOINT":      "http://a.example/t",
				"JWKS_URI":            "keys",
				"USERINFO_ENDPOINT":   "https://u:p@a.example",
				"REVOCATION_ENDPOINT": "https://a.example#x",
			},
			[]string{
				`TOKEN_ENDPOINT (environment): "http://a.example/t" is not https; http is allowed on localhost only`,
				"USERINFO_ENDPOINT (environment) has a user name or password in its address; remove them",
				`REVOCATION_ENDPOINT (environment): "https://a.example#x" has a fragment, which an endpoint may not have (RFC 6749 section 3.1); remove it`,
				`JWKS_URI (environment): "keys" is not a full address that starts with https://`},
		},
		{"a port that is none", map[string]string{"PORT": "http"}, []string{`PORT (environment): "http" is not a port; write a number from 1 to 65535`}},
		{"a port beyond the last", map[string]string{"PORT": "65536"}, []string{`PORT (environment): "65536" is not a port; write a number from 1 to 65535`}},
		{
			"the redirect URI as BASE_URL",
			map[string]string{"BASE_URL": "http://localhost:3000/oauth_callback"},
			[]string{
				`BASE_URL (environment): "http://localhost:3000/oauth_callback" has more than scheme, host and port; write ` +
					`BASE_URL=http://localhost:3000 (the redirect URI adds /oauth_callback)`,
			},
		},
		{"a host for BASE_URL", map[string]string{"BASE_URL": "localhost:3000"}, []string{
			`BASE_URL (environment): "localhost:3000" is not the address of a server; write one such as http://localhost:3000`}},
		{
			"plain http beyond this machine",
			map[string]string{"ISSUER": "https://auth.example.com", "CLIENT_ID": "a", "BASE_URL": "http://devbox:3000"},
			[]string{
				`BASE_URL (environment): "http://devbox:3000" is neither https nor on localhost, so anyone on the network can read codes, tokens and ` +
					`cookies; use https, or set ALLOW_PLAIN_HTTP=true to allow this`,
			},
		},
		{
			"plain http that is half meant",
			map[string]string{"ISSUER": "https://auth.example.com", "CLIENT_ID": "a", "BASE_URL": "http://devbox:3000", "ALLOW_PLAIN_HTTP": "maybe"},
			[]string{
				`ALLOW_PLAIN_HTTP (environment): "maybe" is neither on (true) nor off (false)`,
				`BASE_URL (environment): "http://devbox:3000" is neither https nor on localhost, so anyone on the network can read codes, tokens and ` +
					`cookies; use https, or set ALLOW_PLAIN_HTTP=true to allow this`,
			},
		},
		{"the demo on a public host without TLS", map[string]string{"BASE_URL": "http://demo.example.com", "ALLOW_PLAIN_HTTP": "true"}, []string{
			"BASE_URL (environment): the demo server needs https, or http on localhost; configure a server of your own or change BASE_URL"}},
		{
			"a short session secret",
			map[string]string{"SESSION_SECRET": "short"},
			[]string{"SESSION_SECRET (environment) has fewer than 16 characters; make one with: openssl rand -base64 32"},
		},
		{
			"a session store without the secret",
			map[string]string{"SESSION_STORE": "redis://localhost"},
			[]string{
				"SESSION_STORE (environment) needs SESSION_SECRET, the same in every process, as the sessions are encrypted with it; make one " +
					"with: openssl rand -base64 32",
			},
		},
		{"a session store whose password is cut short", map[string]string{"SESSION_STORE": "redis://:p@ss/hidden@localhost:6379", "SESSION_SECRET": "0123456789abcdef"}, []string{
			"SESSION_STORE (environment) has a password with a /, ? or # in it; write those percent-encoded: %2F, %3F and %23"}},
		{"a password in the issuer", map[string]string{"ISSUER": "https://user:hid/den@auth.example.com", "CLIENT_ID": "a"}, []string{
			`ISSUER (environment): "https://…@auth.example.com" is not the address of a server; write one such as https://auth.example.com`}},
		{"a password in an endpoint that can't be read", map[string]string{"ISSUER": "https://auth.example.com", "CLIENT_ID": "a", "JWKS_URI": "https://user:hid%zz@auth.example.com/jwks"}, []string{
			`JWKS_URI (environment): "https://…@auth.example.com/jwks" is not a full address that starts with https://`}},
		{"the second client is the first", map[string]string{"ISSUER": "https://auth.example.com", "CLIENT_ID": "a", "OTHER_CLIENT_ID": "a"}, []string{
			"OTHER_CLIENT_ID (environment) is the same as CLIENT_ID; register a second client, and write its ID"}},
		{"a parameter without a value", map[string]string{"ISSUER": "https://auth.example.com", "CLIENT_ID": "a", "AUTHORIZATION_PARAMS": "?prompt=none&hd"}, []string{
			"AUTHORIZATION_PARAMS (environment): hd has no value; write hd= and its value"}},
		{"a session store that is no Redis", map[string]string{"SESSION_STORE": "localhost:6379", "SESSION_SECRET": "0123456789abcdef"}, []string{
			"SESSION_STORE (environment) is not the address of a Redis; write one such as redis://localhost:6379, or rediss:// for TLS"}},
		{
			"a session store with too much",
			map[string]string{"SESSION_STORE": "redis://user:hidden@localhost/a?db=1", "SESSION_SECRET": "0123456789abcdef"},
			[]string{
				"SESSION_STORE (environment): redis://localhost/a has more than host, port and the number of a database; write one such as " +
					"redis://localhost:6379/0",
			},
		},
		{
			"a scope with a quote",
			map[string]string{"SCOPES": `openid "x"`},
			[]string{`SCOPES (environment): "openid \"x\"" has a character that no scope may have (RFC 6749 section 3.3)`},
		},
		{"a line break inside a value", map[string]string{"CLIENT_ID": "a\nb", "ISSUER": "https://a.example"}, []string{
			"CLIENT_ID (environment) has a line break or another control character; copy it again"}},
		{
			"an API without TLS",
			map[string]string{"RESOURCE_URL": "http://api.example.com"},
			[]string{`RESOURCE_URL (environment): "http://api.example.com" is not https; http is allowed on localhost only`},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := Load(env(row.env), "does-not-exist.env", false)
			got := "no error"
			if err != nil {
				got = err.Error()
			}
			if want := strings.Join(row.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if secret := row.env["CLIENT_SECRET"]; len(secret) > 4 && secret != row.env["CLIENT_ID"] && strings.Contains(got, secret) {
				t.Errorf("the message quotes the secret")
			}
		})
	}
}

func TestLoad_Dotenv(t *testing.T) {
	const quoting = `write NAME=value. A value with a space, #, $ or " goes into 'single quotes', and one with ' into "double quotes"`
	const rest = "ISSUER=https://auth.example.com\nCLIENT_ID=a\n"
	for _, row := range []struct{ name, file, want string }{ // want is the error, or name=value, or a note
		{"plain", rest + "CLIENT_SECRET=abc\n", "secret=abc"},
		{"# without a space before it", rest + "CLIENT_SECRET=ab#c\n", "secret=ab#c"},
		{"a comment", rest + "CLIENT_SECRET=abc # from the dashboard\n", "secret=abc"},
		{"nothing but a comment", rest + "CLIENT_SECRET= # from the dashboard\n", "secret="},
		{"a quoted value that looks like a comment", rest + "CLIENT_SECRET='# from'\n", "secret=# from"},
		{"single quotes", rest + "CLIENT_SECRET='a #b $C'\n", "secret=a #b $C"},
		{"set but empty", rest + "CLIENT_SECRET=\n", "secret="},
		{"Windows line ends", strings.ReplaceAll(rest, "\n", "\r\n") + "CLIENT_SECRET=abc\r\n", "secret=abc"},
		{"another variable", "CLIENT_SECRET=abc\n" + rest + "PORT=4000\nBASE_URL=http://localhost:${PORT}\n", "secret=abc"},
		{
			"# cuts",
			rest + "CLIENT_SECRET=ab #cd\n",
			"CLIENT_SECRET (.env:3): an unquoted # cut the value short; put the value in single quotes (if it is a comment, put a space after the #)",
		},
		{
			"$ cuts",
			rest + "CLIENT_SECRET=ab$CD\n",
			"CLIENT_SECRET (.env:3): a $ in the value was read as a variable, which cut the value short; put the value in single quotes",
		},
		{
			"$ in double quotes cuts",
			rest + "CLIENT_SECRET=\"ab${CD}e\"\n",
			"CLIENT_SECRET (.env:3): a $ in the value was read as a variable, which cut the value short; put the value in single quotes",
		},
		{
			"$( cuts",
			rest + "CLIENT_SECRET=ab$(cd)\n",
			"CLIENT_SECRET (.env:3): a $ in the value was read as a variable, which cut the value short; put the value in single quotes",
		},
		{
			"no equals sign",
			rest + "CLIENT_SECRET abc\n",
			".env:3: CLIENT_SECRET has no =; write = between CLIENT_SECRET and its value",
		},
		{
			"no equals sign at the end",
			rest + "CLIENT_SECRET",
			".env:3: CLIENT_SECRET has no =; write CLIENT_SECRET=, then the value",
		},
		{
			"an address without an equals sign",
			"ISSUER https://auth.example.com\nCLIENT_ID=a\n",
			".env:1: ISSUER has no =; write = between ISSUER and its value",
		},
		{
			"the same of the API, with a tab",
			"export RESOURCE_URL\thttps://api.example.com\n",
			".env:1: RESOURCE_URL has no =; write = between RESOURCE_URL and its value",
		},
		{"the same of a different program", rest + "CLIENT_SECRET=abcdef\nFOO https://a.example\n", "secret=abcdef"},
		{"the same, and set in another line", "ISSUER https://a.example\n" + rest + "CLIENT_SECRET=abcdef\n", "secret=abcdef"},
		{"a colon for the equals sign", "ISSUER: https://auth.example.com\nCLIENT_ID: a\nCLIENT_SECRET: abcdef\n", "secret=abcdef"},
		{
			"a name of a different program without an equals sign",
			rest + "FOO bar\n",
			".env:3: this line cannot be read; " + quoting,
		},
		{
			"text after the closing quote",
			rest + "CLIENT_SECRET='abc'd\n",
			".env:3: this line cannot be read; " + quoting,
		},
		{
			"a quote that never ends, after what is no name",
			"FOO-BAR abc='def\n" + rest,
			".env:1: this line cannot be read; " + quoting,
		},
		{
			"a quote that never ends",
			"CLIENT_SECRET='abc\n" + rest,
			".env:1: the value starts with ' and doesn't end with it; write ' at the end of the value too",
		},
		{
			"a quote that ends too late",
			"CLIENT_SECRET='abc\nCLIENT_ID='a'\n",
			".env:1: the value starts with ' and doesn't end with it; write ' at the end of the value too",
		},
		{
			"a short secret",
			rest + "CLIENT_SECRET=short\n",
			"note=CLIENT_SECRET has fewer than 6 characters, which is easy to guess, and this app can't redact it from server responses; create a longer one",
		},
		{"a byte order mark", "\uFEFF" + rest + "CLIENT_SECRET=abcdef\n", "secret=abcdef"},
		{"white space", rest + "CLIENT_SECRET=  abcdef  \n", "note=CLIENT_SECRET (.env:3): the white space around the value was removed"},
		{"white space of a scope", rest + "CLIENT_SECRET=abcdef\nSCOPES=' openid '\n", "note=SCOPES (.env:4): the white space around the value was removed"},
		{"white space in quotes", rest + "CLIENT_SECRET=' abcdef '\n", "note=CLIENT_SECRET (.env:3): the white space around the value was removed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			file := writeFile(t, "test.env", row.file)
			cfg, err := Load(env(nil), file, true)
			got := "secret=" + cfg.ClientSecret
			if err != nil {
				got = strings.ReplaceAll(err.Error(), file, ".env")
			} else if strings.HasPrefix(row.want, "note=") {
				got = "note=" + strings.ReplaceAll(strings.Join(cfg.Notes, "\n"), file, ".env")
				if cfg.ClientSecret != "abcdef" && cfg.ClientSecret != "short" {
					t.Errorf("the secret is %q; want abcdef, or short", cfg.ClientSecret)
				}
			}
			if got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
}

func TestLoad_Precedence(t *testing.T) {
	file := writeFile(t, "test.env", "ISSUER=https://file.example\nCLIENT_ID=from-file\nCLIENT_SECRET=ab #cd\n")
	cfg, err := Load(env(map[string]string{"CLIENT_ID": " 'from-environment'\n", "ISSUER": "", "CLIENT_SECRET": "s3cr3t"}), file, true)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.ClientID != "from-environment" || cfg.Issuer != "https://file.example" || cfg.ClientSecret != "s3cr3t" {
		t.Errorf("got %q, %q, %q: a set variable wins, an empty one counts as unset", cfg.ClientID, cfg.Issuer, cfg.ClientSecret)
	}
	want := "CLIENT_ID (environment): the quotes around the value were removed\nCLIENT_ID (environment): the white space around the value was removed"
	if got := strings.Join(cfg.Notes, "\n"); got != want {
		t.Errorf("notes:\n%s\nwant\n%s", got, want)
	}
}

// What is allowed and weak is said at the start.
func TestLoad_Warnings(t *testing.T) {
	const good = "0123456789abcdef"
	for _, row := range []struct{ name, secret, store, want string }{
		{"nothing to say", good, "redis://localhost:6379", ""},
		{"TLS", good, "rediss://redis.example", ""},
		{"Redis elsewhere in the clear", good, "redis://user:hidden@redis.example:6379/1",
			"SESSION_STORE: redis://redis.example:6379/1 is on a different host, and the connection to it is not encrypted; write rediss:// for TLS"},
		{"a secret of one character", "aaaaaaaaaaaaaaaa", "",
			"SESSION_SECRET is one character again and again, which is easy to guess; make one with: openssl rand -base64 32"},
	} {
		cfg, err := Load(env(map[string]string{"SESSION_SECRET": row.secret, "SESSION_STORE": row.store}), "does-not-exist.env", false)
		if got := strings.Join(cfg.Notes, "\n"); err != nil || got != row.want {
			t.Errorf("%s: %q (%v); want %q", row.name, got, err, row.want)
		}
	}
}

func TestLoad_Defaults(t *testing.T) {
	for _, row := range []struct {
		name, redirectURI, port, issuer string
		env                             map[string]string
	}{
		{"nothing", "http://localhost:3000/oauth_callback", "3000", "http://localhost:3000/demo", nil},
		{"a port", "http://localhost:4000/oauth_callback", "4000", "http://localhost:4000/demo", map[string]string{"PORT": "4000"}},
		{"port 80", "http://localhost/oauth_callback", "80", "http://localhost/demo", map[string]string{"PORT": "80"}},
		{
			"a base URL on this machine",
			"http://127.0.0.1:5000/oauth_callback",
			"5000",
			"http://127.0.0.1:5000/demo",
			map[string]string{"BASE_URL": "http://127.0.0.1:5000/"},
		},
		{
			"a base URL behind a proxy",
			"https://demo.example.com/oauth_callback",
			"3000",
			"https://demo.example.com/demo",
			map[string]string{"BASE_URL": "https://Demo.example.com:443"},
		},
		{
			"a name below localhost",
			"http://app.localhost:5000/oauth_callback",
			"5000",
			"http://app.localhost:5000/demo",
			map[string]string{"BASE_URL": "http://app.localhost:5000"},
		},
		{"IPv6", "http://[::1]:5000/oauth_callback", "5000", "http://[::1]:5000/demo", map[string]string{"BASE_URL": "http://[::1]:5000"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			cfg, err := Load(env(row.env), "does-not-exist.env", false)
			if err != nil {
				t.Fatal(err)
			}
			if !cfg.Demo || cfg.RedirectURI() != row.redirectURI || cfg.Port != row.port ||
				cfg.Issuer != row.issuer || strings.Join(cfg.Scopes, " ") != "openid profile email" {
				t.Errorf("got %+v", cfg)
			}
		})
	}
}

// The sample names every variable, and is refused until its three values are filled in.
func TestLoad_Sample(t *testing.T) {
	_, err := Load(env(nil), "../../.env.sample", true)
	if err == nil || strings.Count(err.Error(), "holds a placeholder") != 3 {
		t.Errorf("the sample as it is gives %v; want three placeholders", err)
	}
	sample, err := os.ReadFile("../../.env.sample")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if !strings.Contains(string(sample), name+"=") {
			t.Errorf(".env.sample lacks %s", name)
		}
		if !strings.Contains(string(readme), "`"+name+"`") {
			t.Errorf("README.md lacks %s", name)
		}
	}
}

func TestLoad_MissingFile(t *testing.T) {
	if _, err := Load(env(nil), "no-such.env", true); err == nil || !strings.Contains(err.Error(), "no-such.env: cannot be read (no such file or directory)") {
		t.Errorf("a file that -env names and that is missing gives %v", err)
	}
	if _, err := Load(env(nil), t.TempDir(), false); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("a folder for .env gives %v", err)
	}
}

// writeFile writes a file that the test's end removes.
func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	file := t.TempDir() + "/" + name
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Clerk's development and staging hosts are known, and none that only looks like one.
func TestIsClerkHost(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{"happy-hippo-1.clerk.accounts.dev": true, "foo.bar.lclclerk.com": true, "clerk.foo.bar-13.lcl.dev": true,
		"clerk.foo.accountsstage.dev": true, "clerk.foo.lclstage.dev": true, "clerk.clerk.dev": true,
		"clerk.example.com": false, "clerk.lcl.dev.example.com": false, "evil-lcl.dev": false, "accounts.dev": false} {
		if got := isClerkHost(host); got != want {
			t.Errorf("isClerkHost(%q) = %v", host, got)
		}
	}
}
