// Package signedin plays a login at a demo server, for tests of what comes after it.
package signedin

import (
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/demo"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// Case is a login on the demo server, whose API a test can change.
type Case struct {
	T      *testing.T
	Demo   *demo.Server
	Cfg    config.Effective
	Client *oauth.Client
	Tokens oauth.Tokens
}

// Start signs in at a demo server with faults. api is the path of RESOURCE_URL below the issuer.
func Start(t *testing.T, api string, faults ...demo.Fault) *Case {
	t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	issuer := "http://" + srv.Listener.Addr().String() + "/demo"
	first := testserver.DemoClient()
	env := map[string]string{"ISSUER": issuer, "CLIENT_ID": first.ID, "CLIENT_SECRET": first.Secret, "PORT": "3999", "RESOURCE_URL": issuer + api,
		"OTHER_CLIENT_ID": "b-client", "OTHER_CLIENT_SECRET": "other-secret-77aa"}
	d, err := demo.New(demo.Config{Issuer: issuer, Clients: []demo.Client{first,
		{ID: "b-client", Secret: "other-secret-77aa", Name: "Another", RedirectURIs: first.RedirectURIs},
		{ID: "public-client", Name: "Public", RedirectURIs: first.RedirectURIs},
		{ID: "other-public-client", Name: "Another public one", RedirectURIs: first.RedirectURIs}}})
	if err != nil {
		t.Fatal(err)
	}
	srv.Config.Handler = d
	srv.Start()
	t.Cleanup(srv.Close)
	d.SetFaults(faults...)
	c := &Case{T: t, Demo: d, Cfg: testserver.ConfigOf(t, env)}
	c.Client = oauth.New(c.Cfg, wire.New(nil, time.Now), time.Now)
	c.Tokens = c.SignIn()
	return c
}

// Browser returns a browser for the case's client.
func (c *Case) Browser() *testserver.Browser {
	return testserver.NewBrowser(c.T, &testserver.App{Address: "http://localhost:3999", Cfg: c.Cfg.Config, Log: new(testserver.Logbook)})
}

// SignIn runs another login and returns its tokens.
func (c *Case) SignIn() oauth.Tokens {
	c.T.Helper()
	request, err := c.Client.NewRequest(nil)
	if err != nil {
		c.T.Fatal(err)
	}
	to, err := c.Client.AuthorizationURL(c.T.Context(), request)
	if err != nil {
		c.T.Fatal(err)
	}
	back, err := url.Parse(c.Browser().Authorize(to, "user_alice", "allow"))
	if err != nil {
		c.T.Fatal(err)
	}
	response, err := c.Client.Exchange(c.T.Context(), request, back.Query().Get("code"))
	if err != nil {
		c.T.Fatal(err)
	}
	return response.Tokens
}

// Public makes both clients of a case public.
func (c *Case) Public() {
	c.Cfg.ClientID, c.Cfg.ClientSecret = "public-client", ""
	c.Cfg.OtherClientID, c.Cfg.OtherClientSecret = "other-public-client", ""
	c.Client = oauth.New(c.Cfg, wire.New(nil, time.Now), time.Now)
}
