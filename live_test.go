package main

import (
	"io"
	"log"
	"net/http"
	"testing"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/redact"
	"oauth-test-client/internal/testserver"
)

// A search at the API that ends after the settings have changed answers only the login that started it, and restores
// nothing.
func TestLive_LateDiscovery(t *testing.T) {
	t.Parallel()
	const api = "https://api.example/"
	cfg := testserver.ConfigOf(t, map[string]string{"RESOURCE_URL": api + "old"})
	for _, row := range []struct {
		name, later string
		former      []redact.Credentials // clients of settings in between, whose secrets stay hidden
		want        string
	}{
		{"the same settings", api + "old", nil, "https://found.example"},
		{"other settings", api + "new", nil, ""},
		{"the same settings again", api + "old", []redact.Credentials{{ID: "between", Secret: "secret-0001"}}, ""},
	} {
		l := &live{log: log.New(io.Discard, "", 0), now: time.Now, routes: (*server).handler}
		if err := l.begin(cfg.Config, nil); err != nil {
			t.Fatal(err)
		}
		began := l.current.Load().server
		if row.later != cfg.ResourceURL || row.former != nil {
			later := testserver.ConfigOf(t, map[string]string{"RESOURCE_URL": row.later})
			later.Former = row.former
			if _, err := l.swap(func(next *server) bool { next.configure(later, nil); return true }); err != nil {
				t.Fatal(err)
			}
		}
		found := cfg.With(config.Found{Issuer: "https://found.example", Client: &config.RegisteredClient{ID: "found-client"}})
		answers := l.found(oauth.New(found, began.wire, time.Now))
		if answers.cfg.Issuer != found.Issuer || answers.cfg.ResourceURL != cfg.ResourceURL {
			t.Errorf("%s: the login goes on with %q for %q", row.name, answers.cfg.Issuer, answers.cfg.ResourceURL)
		}
		if now := l.current.Load().cfg; len(now.Former) != len(row.former) || now.ResourceURL != row.later || now.Issuer != row.want {
			t.Errorf("%s: in use are now %q and the server %q", row.name, now.ResourceURL, now.Issuer)
		}
	}
}

// A prefetch and a HEAD of /login send no request to the API, and register no client.
func TestLogin_PrefetchRegistersNothing(t *testing.T) {
	t.Parallel()
	api := testserver.StartAPI(t)
	b := newBrowser(t, startApp(t, map[string]string{"RESOURCE_URL": api.URL}))
	for _, row := range []struct {
		name, method, field, value string
		status                     int
	}{
		{"a prefetch", http.MethodGet, "Sec-Purpose", "prefetch;prerender", http.StatusServiceUnavailable},
		{"a prefetch of an old browser", http.MethodGet, "Purpose", "prefetch", http.StatusServiceUnavailable},
		{"a HEAD", http.MethodHead, "", "", http.StatusMethodNotAllowed},
		{"a click", http.MethodGet, "", "", http.StatusFound}, // the twin, and the last
	} {
		req, err := http.NewRequest(row.method, b.App.Address+"/login", nil)
		if err != nil {
			t.Fatal(err)
		}
		if row.field != "" {
			req.Header.Set(row.field, row.value)
		}
		r := b.Do(req)
		registered := 0
		if row.status == http.StatusFound {
			registered = 1
		}
		if got := api.Asked(testserver.RegisterRoute); r.StatusCode != row.status || got != registered {
			t.Errorf("%s is answered %d, and %d clients are registered", row.name, r.StatusCode, got)
		}
		if asked := api.Asked(""); registered == 0 && asked != 0 {
			t.Errorf("%s asks %d times at the API or its server", row.name, asked)
		}
	}
}
