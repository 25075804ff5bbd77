// Package oauth is the protocol: it finds the authorization server, asks it, and believes only what
// verifies. It knows no page, no cookie, and gives no advice.
package oauth

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
)

// Client is an OAuth client and what it knows of its authorization server.
type Client struct {
	cfg    config.Config
	wire   *wire.Client
	now    func() time.Time
	hiding config.Config // whose secrets are taken out of what a server says
	keys   keySet
	byPost atomic.Bool // the API answers POST alone, as was found out since
	opens  []string    // what the API that this client was found at may want; see newRegistration

	discovery Shared[*Metadata]

	mu      sync.Mutex // guards the fields below
	found   *Metadata  // nil until discovery has succeeded
	failed  *Error     // why the last attempt did not, nil before the first
	foundAt time.Time  // when that was
}

// New returns a client. Nothing is asked of the server yet.
func New(cfg config.Config, w *wire.Client, now func() time.Time) *Client {
	c := &Client{cfg: cfg, wire: w, now: now, hiding: cfg}
	c.keys.wire, c.keys.said, c.keys.now = w, c.said, now
	return c
}

// said is a text of the server's as it may be shown: without the client secret, which a server may
// repeat, with nothing invisible in it, and at most n bytes long.
func (c *Client) said(text string, n int) string { return wire.Clip(c.hide(text), n) }

// hide takes the client secret out of what a server says.
func (c *Client) hide(text string) string { return c.hiding.Hide(text) }

// saidIn returns said for what an answer says: it takes out the secrets that the answer names, too.
func (c *Client) saidIn(e *wire.Exchange) func(text string, n int) string {
	hide := c.hiding.HideNamed(e.ResponseBody)
	return func(text string, n int) string { return wire.Clip(hide(text), n) }
}

// AuthMethod is how the client proves who it is at the token endpoint: as configured, none without
// a secret, else the server's preference, else the default of RFC 8414 section 2.
func (c *Client) AuthMethod(md *Metadata) string { return c.authMethod(md.AuthMethods) }

// authMethod is the same for an endpoint that supports the methods.
func (c *Client) authMethod(supported []string) string {
	switch {
	case c.cfg.AuthMethod != "":
		return c.cfg.AuthMethod
	case c.cfg.ClientSecret == "":
		return config.MethodNone
	case slices.Contains(supported, config.MethodPost) && !slices.Contains(supported, config.MethodBasic):
		return config.MethodPost
	}
	return config.MethodBasic
}

// oauth2Config is the client for x/oauth2. AuthStyle is always set: left to itself, the package tries one style after
// the other, and would hand over the second (tokenRequest).
func (c *Client) oauth2Config(md *Metadata, scopes []string) *oauth2.Config {
	style := oauth2.AuthStyleInParams // for none too: client_id alone (RFC 6749 section 3.2.1)
	if c.AuthMethod(md) == config.MethodBasic {
		style = oauth2.AuthStyleInHeader // form-encoded before base64 (RFC 6749 section 2.3.1)
	}
	return &oauth2.Config{
		ClientID:     c.cfg.ClientID,
		ClientSecret: c.cfg.ClientSecret,
		RedirectURL:  c.cfg.RedirectURI(),
		Scopes:       scopes,
		Endpoint:     oauth2.Endpoint{AuthURL: md.Authorization, TokenURL: md.Token, AuthStyle: style},
	}
}

// Credentials are what a client proves who it is with.
type Credentials struct {
	ID, Secret, Method string
	Raw                bool // leave out the form-encoding before base64, as a broken server may want
}

// Credentials are the configured ones.
func (c *Client) Credentials(md *Metadata) Credentials {
	return Credentials{ID: c.cfg.ClientID, Secret: c.cfg.ClientSecret, Method: c.AuthMethod(md)}
}

// post sends a form about a token to an endpoint that has methods of its own (RFC 8414 section 2), or else
// the token endpoint's.
func (c *Client) post(ctx context.Context, md *Metadata, supported []string, endpoint, kind, token string) (*wire.Exchange, error) {
	as := c.Credentials(md)
	if len(supported) > 0 {
		as.Method = c.authMethod(supported)
	}
	return c.PostAs(ctx, as, endpoint, url.Values{"token": {token}, "token_type_hint": {kind}})
}

// PostAs sends a form with the given credentials (RFC 6749 section 2.3.1). The error is one of wire's.
func (c *Client) PostAs(ctx context.Context, as Credentials, endpoint string, form url.Values) (*wire.Exchange, error) {
	form = url.Values(http.Header(form).Clone())
	if as.Method != config.MethodBasic {
		form.Set("client_id", as.ID)
	}
	if as.Method == config.MethodPost {
		form.Set("client_secret", as.Secret)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	switch {
	case as.Method == config.MethodBasic && as.Raw:
		req.SetBasicAuth(as.ID, as.Secret)
	case as.Method == config.MethodBasic:
		req.SetBasicAuth(url.QueryEscape(as.ID), url.QueryEscape(as.Secret))
	}
	return c.wire.Do(req)
}

// getAs fetches an address with an access token (RFC 6750 section 2.1), or without one when it is empty. The error is
// one of wire's.
func (c *Client) getAs(ctx context.Context, address, accessToken string) (*wire.Exchange, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	if accessToken != "" {
		req.Header.Set("Authorization", "Bearer "+accessToken)
	}
	return c.wire.Do(req)
}
