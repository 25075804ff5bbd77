package main

import (
	"strings"
	"testing"
)

// render writes chunks as text: what differs in [], and | where a line may end.
func render(chunks []chunk) string {
	var b strings.Builder
	for _, s := range chunks {
		if s.Break {
			b.WriteString("|")
		}
		if s.Differs {
			b.WriteString("[" + s.Text + "]")
		} else {
			b.WriteString(s.Text)
		}
	}
	return b.String()
}

// What differs is marked, and nothing else: of a URI whole parts, of other text the characters.
func TestCompare(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, a, b, left, right string }{
		{"the port", "http://localhost:3000/cb", "http://localhost:3100/cb", "http://localhost:[3000]|/cb", "http://localhost:[3100]|/cb"},
		{"no port", "http://localhost/cb", "http://localhost:3100/cb", "http://localhost|/cb", "http://localhost[:3100]|/cb"},
		{"the host", "http://127.0.0.1:3000/cb", "http://localhost:3000/cb", "http://[127.0.0.1]:3000|/cb", "http://[localhost]:3000|/cb"},
		{"an IPv6 host", "http://[::1]:3000/cb", "http://[::2]:3000/cb", "http://[[::1]]:3000|/cb", "http://[[::2]]:3000|/cb"},
		{"the scheme", "http://a.example/cb", "https://a.example/cb", "[http://]a.example|/cb", "[https://]a.example|/cb"},
		{"a slash at the end", "https://a.example/cb/", "https://a.example/cb", "https://a.example|/cb[/]", "https://a.example|/cb"},
		{"the path", "https://a.example/oauth/cb", "https://a.example/cb", "https://a.example|[/oauth/cb]", "https://a.example|[/cb]"},
		{"no path", "https://a.example/", "https://a.example", "https://a.example|[/]", "https://a.example"},
		{"the query", "https://a.example/cb?a=1", "https://a.example/cb", "https://a.example|/cb[?a=1]", "https://a.example|/cb"},
		{"equal", "https://a.example/cb", "https://a.example/cb", "https://a.example|/cb", "https://a.example|/cb"},
		{"a line with a URI", "ISSUER=https://a.example/x/", "ISSUER=https://a.example/x", "ISSUER=https://a.example|/x[/]", "ISSUER=https://a.example|/x"},
		{"a typo", "SCOPES='openid profil email'", "SCOPES='openid profile email'", "SCOPES='openid profil email'", "SCOPES='openid profil[e] email'"},
		{"a scope less", "SCOPES='openid email'", "SCOPES='openid'", "SCOPES='openid[ email]'", "SCOPES='openid'"},
		{"another line", "PORT=3000", "BASE_URL=x", "PORT=3000", "BASE_URL=x"},
		{"more bytes than characters", "N=é", "N=è", "N=[é]", "N=[è]"},
		{"not a URI", "client_secret_basic", "client_secret_post", "client_secret_[basic]", "client_secret_[post]"},
		{"a custom scheme", "com.example.app:/cb", "com.example.app:/db", "com.example.app:/[c]b", "com.example.app:/[d]b"},
		{"user and password", "https://a:b@a.example/", "https://a.example/", "https://a[:b@a].example/", "https://a.example/"},
		{"nothing", "", "https://a.example", "", "https://a.example"},
	} {
		left, right := compare(row.a, row.b)
		if render(left) != row.left || render(right) != row.right {
			t.Errorf("%s: %s and %s; want %s and %s", row.name, render(left), render(right), row.left, row.right)
		}
	}
}

// FuzzCompare: put together, the parts are the texts, and equal texts have no marks.
func FuzzCompare(f *testing.F) {
	f.Add("http://localhost:3000/cb", "http://[::1]:3000/cb?x#y")
	f.Add("ISSUER=https://a.example:/", "ISSUER=//a.example/\xff")
	f.Fuzz(func(t *testing.T, a, b string) {
		a, b = strings.ToValidUTF8(a, "?"), strings.ToValidUTF8(b, "?") // as pages have it
		left, right := compare(a, b)
		for want, chunks := range map[string][]chunk{a: left, b: right} {
			text := ""
			for _, s := range chunks {
				text += s.Text
				if a == b && s.Differs {
					t.Errorf("%q differs from itself in %q", a, s.Text)
				}
			}
			if text != want {
				t.Errorf("the parts of %q are those of %q", want, text)
			}
		}
	})
}
