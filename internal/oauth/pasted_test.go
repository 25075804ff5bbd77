package oauth

import (
	"errors"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
)

// The address must be the redirect URI with a response behind it. What is refused is refused for its own reason,
// and nothing of the address is said.
func TestReadPasted_RedirectURIOnly(t *testing.T) {
	const web, app, port = "https://app.example.com/cb", "com.example.app:/cb", "http://localhost:8080/cb"
	const query, bare = "https://app.example.com/cb?tenant=a", "https://app.example.com"
	const response = "code=the-code&state=the-state"
	for _, row := range []struct{ name, uri, address, want string }{ // want is the query, or a part of the error
		{"as it is", web, web + "?" + response, response},
		{"blanks and line breaks around it", web, "\r\n\t " + web + "?" + response + " \n", response},
		{"as a browser writes it", bare, bare + "/?" + response, response},
		{"host in capitals, and the port of https", web, "https://App.Example.COM:443/cb?" + response, response},
		{"an error", web, web + "?error=access_denied&state=the-state", "error=access_denied&state=the-state"},
		{"a state alone, for the callback to refuse", web, web + "?state=the-state", "state=the-state"},
		{"a fragment behind the query", web, web + "?" + response + "#_=_", response},
		{"a scheme of an app's", app, app + "?" + response, response},
		{"another port of this machine", port, port + "?" + response, response},
		{"a query of its own", query, query + "&" + response, "tenant=a&" + response},
		{"8 KB", web, web + "?code=" + strings.Repeat("x", maxPasted-len(web+"?code=")), "code=" + strings.Repeat("x", maxPasted-len(web+"?code="))},

		{"nothing", web, " \n ", "No address was pasted"},
		{"more than 8 KB", web, web + "?code=the-code" + strings.Repeat("x", maxPasted), "more than 8 KB"},
		{"a line break in it", web, web + "?code=the-\ncode&state=the-state", "line break in it"},
		{"a blank in it", web, web + "?code=the-code &state=the-state", "a space or a line break"},
		{"a character that deletes in it", web, web + "?code=the-\x7fcode&state=the-state", "a space or a line break"},
		{"the code alone", web, "the-code", "This URL is incomplete"},
		{"without its scheme", web, "app.example.com/cb?" + response, "This URL is incomplete"},
		{"no address at all", web, "http://[the-code", "This URL is incomplete"},
		{"a different scheme", web, "http://app.example.com/cb?" + response, "a different scheme"},
		{"another host", web, "https://app.example.com.the-code.example/cb?" + response, "a different host or port"},
		{"another port", web, "https://app.example.com:8443/cb?" + response, "a different host or port"},
		{"a user before the host", web, "https://the-code@app.example.com/cb?" + response, "a different host or port"},
		{"a different path", web, "https://app.example.com/cb/the-code?" + response, "a different path"},
		{"the path in other letters", web, "https://app.example.com/CB?" + response, "a different path"},
		{"a slash too many", web, web + "/?" + response, "a different path"},
		{"a path behind none", bare, bare + "/cb?" + response, "a different path"},
		{"an app's scheme without its slash", app, "com.example.app:cb?" + response, "a different path"},
		{"another app's", app, "com.example.other:/cb?" + response, "a different scheme"},
		{"a different query", query, "https://app.example.com/cb?tenant=b&" + response, "a different query"},
		{"the query of its own missing", query, "https://app.example.com/cb?" + response, "a different query"},
		{"the fragment", web, web + "#" + response, "after a #"},
		{"a token in the fragment", web, web + "#access_token=the-code&state=the-state", "after a #"},
		{"nothing behind it", web, web, "form_post"},
		{"nothing that belongs to OAuth", web, web + "?lang=the-code#top", "form_post"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := New(config.Config{BaseURL: "http://localhost:3000", RedirectOverride: row.uri}.Effective(), wire.New(nil, time.Now), time.Now)
			got, err := c.ReadPasted(row.address)
			if err == nil {
				if got != row.want {
					t.Errorf("read %q; want %q", got, row.want)
				}
				return
			}
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Step != wire.Response || e.Code != CodeInvalidAddress || got != "" || !strings.Contains(e.Description, row.want) {
				t.Fatalf("read %q, %v; want %q", got, err, row.want)
			}
			if strings.Contains(err.Error(), "the-code") || strings.Contains(err.Error(), "the-state") {
				t.Errorf("the error quotes the address: %v", err)
			}
		})
	}
}

// Where the browser comes back to this machine over http, its https twin is accepted, and nothing else.
func TestReadPasted_HTTPSTwin(t *testing.T) {
	const local, response = "http://localhost:3000", "code=the-code&state=the-state"
	for _, row := range []struct {
		name, base, override, address string
		accepted                      bool
	}{
		{"https", local, "", "https://localhost:3000/oauth_callback", true},
		{"http", local, "", "http://localhost:3000/oauth_callback", true},
		{"an IP address", "http://[::1]:3000", "", "https://[::1]:3000/oauth_callback", true},
		{"the default ports", "http://localhost", "", "https://localhost/oauth_callback", true},

		{"another port", local, "", "https://localhost:3001/oauth_callback", false},
		{"no port", local, "", "https://localhost/oauth_callback", false},
		{"another name of this machine", local, "", "https://127.0.0.1:3000/oauth_callback", false},
		{"another host", local, "", "https://app.example.com:3000/oauth_callback", false},
		{"a different path", local, "", "https://localhost:3000/", false},
		{"a different scheme", local, "", "ftp://localhost:3000/oauth_callback", false},
		{"http for https", "https://localhost:3000", "", "http://localhost:3000/oauth_callback", false},
		{"beyond this machine", "http://devbox:3000", "", "https://devbox:3000/oauth_callback", false},
		{"a redirect URI elsewhere", local, "http://localhost:8080/cb", "https://localhost:8080/cb", false},
		{"our own address, with a redirect URI elsewhere", local, "http://localhost:8080/cb", "https://localhost:3000/oauth_callback", false},
	} {
		c := New(config.Config{BaseURL: row.base, RedirectOverride: row.override}.Effective(), wire.New(nil, time.Now), time.Now)
		got, err := c.ReadPasted(row.address + "?" + response)
		if (err == nil) != row.accepted || (got == response) != row.accepted {
			t.Errorf("%s: read %q, %v; accepted should be %t", row.name, got, err, row.accepted)
		}
		if err != nil && strings.Contains(err.Error(), "the-") {
			t.Errorf("%s: the error quotes the address: %v", row.name, err)
		}
	}
}

// An address has 8 KB at most, blanks around it not counted.
func TestReadPasted_Limit(t *testing.T) {
	t.Parallel()
	c := New(config.Config{BaseURL: "http://localhost:3000"}.Effective(), wire.New(nil, time.Now), time.Now)
	const begin = "http://localhost:3000/oauth_callback?code="
	for size, want := range map[int]bool{8192: true, 8193: false} {
		if _, err := c.ReadPasted("  " + begin + strings.Repeat("x", size-len(begin)) + "\n"); (err == nil) != want || err != nil && !strings.Contains(err.Error(), "more than 8 KB") {
			t.Errorf("an address of %d bytes: %v", size, err)
		}
	}
}
