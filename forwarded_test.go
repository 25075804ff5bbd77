package main

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
)

// forwarder carries a browser's requests to a program as a codespaces host does: it ends TLS, and puts the port's own
// address into Origin and, if set so, into Host.
type forwarder struct {
	to      *url.URL
	ownHost bool
}

func (f forwarder) RoundTrip(req *http.Request) (*http.Response, error) {
	forwarded := req.Clone(req.Context())
	forwarded.Host = req.URL.Host
	if f.ownHost {
		forwarded.Host = "localhost:" + f.to.Port()
	}
	forwarded.URL.Scheme, forwarded.URL.Host = f.to.Scheme, f.to.Host
	forwarded.Header.Set("X-Forwarded-Host", req.URL.Host)
	if req.Header.Get("Origin") != "" {
		forwarded.Header.Set("Origin", "http://localhost:"+f.to.Port())
	}
	return http.DefaultTransport.RoundTrip(forwarded)
}

// With the BASE_URL that the start names, a login works through the forwarded port of a codespace, whichever Host header
// arrives, and so do the forms of the pages.
func TestBaseURL_ForwardedPort(t *testing.T) {
	t.Parallel()
	const base = "https://fluffy-guide-7x9-3000.app.github.dev"
	for name, ownHost := range map[string]bool{"the browser's Host": false, "the port's Host": true} {
		l := testserver.StartFakeServer(t)
		env := l.Env()
		env["BASE_URL"] = base
		a := startApp(t, env)
		at, err := url.Parse(a.URL)
		if err != nil {
			t.Fatal(err)
		}
		b := newBrowserAt(t, a, base)
		b.Client.Transport = forwarder{at, ownHost}
		if b.Client.Jar, err = cookiejar.New(nil); err != nil {
			t.Fatal(err)
		}
		back := l.Approve(t, b.Begin(""))
		if !strings.HasPrefix(back, base+"/oauth_callback?") {
			t.Fatalf("%s: the server is asked to return to %s", name, back)
		}
		if r := b.Get(back); r.StatusCode != http.StatusOK || !strings.Contains(r.Body, "<h1>It works</h1>") {
			t.Fatalf("%s: the login is answered %d\n%s", name, r.StatusCode, r.Body)
		}
		for site, want := range map[string]int{"cross-site": http.StatusForbidden, "same-origin": http.StatusOK} {
			req, _ := http.NewRequest(http.MethodPost, base+"/logout", nil)
			req.Header = http.Header{"Origin": {base}, "Sec-Fetch-Site": {site}, "Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}}
			if r := b.Do(req); r.StatusCode != want {
				t.Errorf("%s: a form from %s is answered %d; want %d", name, site, r.StatusCode, want)
			}
		}
	}
}
