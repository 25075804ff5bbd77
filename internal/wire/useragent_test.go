package wire

import (
	"net/http"
	"regexp"
	"runtime/debug"
	"testing"
	"time"
)

// The version is the module's, where the build has one that a header can carry.
func TestUserAgent_Version(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{
		"v1.2.3": "OAuth-Test-Client/v1.2.3",
		"v0.0.0-20260101000000-abcdefabcdef+dirty": "OAuth-Test-Client/v0.0.0-20260101000000-abcdefabcdef+dirty",
		"(devel)":        "OAuth-Test-Client/devel",
		"":               "OAuth-Test-Client/devel",
		"v1 (evil)\r\nA": "OAuth-Test-Client/devel",
	} {
		if got := productOf(&debug.BuildInfo{Main: debug.Module{Version: version}}); got != want {
			t.Errorf("%q: %q; want %q", version, got, want)
		}
	}
	if got := productOf(nil); got != "OAuth-Test-Client/devel" {
		t.Errorf("without build information: %q", got)
	}
	if !regexp.MustCompile(`^OAuth-Test-Client/[\w.+-]+$`).MatchString(UserAgent()) {
		t.Errorf("this one is %q", UserAgent())
	}
}

// Every request carries it, a redirect that is followed too, and it is in the record. One that has another keeps it.
func TestUserAgent_Sent(t *testing.T) {
	t.Parallel()
	var got []string
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("User-Agent"))
		if r.URL.Path == "/moved" {
			http.Redirect(w, r, "/there", http.StatusFound)
		}
	})
	c := New(nil, time.Now)
	request := func(header string) *http.Request {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		if header != "" {
			r.Header.Set("User-Agent", header)
		}
		return r
	}
	for name, row := range map[string]struct {
		send func() (*Exchange, error)
		want []string
	}{
		"a GET":             {func() (*Exchange, error) { return c.Get(t.Context(), address) }, []string{UserAgent()}},
		"a redirect":        {func() (*Exchange, error) { return c.Get(t.Context(), address+"/moved") }, []string{UserAgent(), UserAgent()}},
		"a POST":            {func() (*Exchange, error) { return c.Do(request("")) }, []string{UserAgent()}},
		"one of the caller": {func() (*Exchange, error) { return c.Do(request("other")) }, []string{"other"}},
		"a visit": {func() (*Exchange, error) { return c.Visit(t.Context(), address+"/moved", "") },
			[]string{"Mozilla/5.0 (compatible; " + UserAgent() + ")", "Mozilla/5.0 (compatible; " + UserAgent() + ")"}},
	} {
		got = nil
		e, err := row.send()
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(row.want) || got[0] != row.want[0] || got[len(got)-1] != row.want[0] || e.RequestHeader.Get("User-Agent") != row.want[0] {
			t.Errorf("%s sent %q, and %q is in the record; want %q", name, got, e.RequestHeader.Get("User-Agent"), row.want)
		}
	}
	r := request("")
	if _, err := c.Do(r); err != nil || len(r.Header) > 0 {
		t.Errorf("the caller's request is changed: %v, %v", r.Header, err)
	}
}
