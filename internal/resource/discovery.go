// Package resource starts a login at an API alone: the API names its authorization server (RFC 9728), and that server
// registers a client (RFC 7591). The result is an ordinary oauth.Client. A client's credentials are sent only to the server
// that it belongs to.
package resource

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// startTimeout limits all requests before a login that starts at the API.
const startTimeout = 20 * time.Second

// maxRegistered is the maximum number of servers on which a process keeps a registered client.
const maxRegistered = 16

// Discovery starts at an API that names its authorization server (RFC 9728), and keeps the clients that it has registered
// there. It keeps each for its issuer, never on disk, and no longer than the process runs.
type Discovery struct {
	finding     oauth.Singleflight[search]     // by settings
	registering oauth.Singleflight[registered] // by issuer and redirect URI

	mu       sync.Mutex // guards the fields below
	clients  []registered
	unusable []unusable
	owners   map[string]string // the issuer that a configured client belongs to, by its ID
}

// NewDiscovery returns a discovery that has the client that was registered for the settings, if any.
func NewDiscovery(cfg config.Effective) *Discovery {
	d := &Discovery{owners: map[string]string{}}
	if cfg.Registered() {
		d.clients = []registered{{RegisteredClient: cfg.Found.Client, issuer: cfg.Issuer, redirectURI: cfg.RedirectURI()}}
	}
	d.Configured(cfg)
	return d
}

// Client asks the API which authorization server issues its tokens, and returns a client of that server. If no client ID is
// configured and none was registered, it registers a client (RFC 7591), but only if register is set, as for a login.
// If register is not set, such a client has no ID. The error is an *Error.
func (d *Discovery) Client(ctx context.Context, cfg config.Effective, w *wire.Client, now func() time.Time, register bool) (*oauth.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	unknown := newClient(cfg.With(config.Found{}), w, now, cfg) // the secret of a registered client stays hidden, too
	found, err := d.finding.Do(ctx, fmt.Sprintf("%+v %p", unknown.cfg, w), func(ctx context.Context) (search, error) {
		found, err := unknown.findServer(ctx)
		if err == nil {
			found.client = found.client.withOther(d.otherOwner(found.client.cfg)) // before anyone else has the client
		}
		return found, err
	})
	wire.Keep(ctx, found.asked)
	if err != nil {
		return nil, unknown.notInTime(wire.APIAsked, "API", cfg.ResourceURL, err)
	}
	c := found.client
	client := c.Client
	switch {
	case c.cfg.IsClientDocument(): // any server may read it, so it belongs to none; a server that doesn't announce support may still read it
	case c.cfg.ClientID != "":
		err = d.checkOwner(c)
	default:
		client, err = d.withRegistration(ctx, c, register)
	}
	if err == nil && register {
		d.claim(client.Config())
	}
	return client, err
}

// client is an oauth.Client with its settings and dependencies.
type client struct {
	*oauth.Client
	cfg       config.Effective
	wire      *wire.Client
	now       func() time.Time
	redacting config.Effective // whose secrets are taken out of what a server says
	scopes    []string         // what the API that the client was found at may want; see newRegistration
}

func newClient(cfg config.Effective, w *wire.Client, now func() time.Time, redacting config.Effective) *client {
	c := &client{Client: oauth.New(cfg, w, now), cfg: cfg, wire: w, now: now, redacting: redacting}
	c.RedactFor(redacting)
	return c
}

// withOther returns the client with the issuer that the second client belongs to.
func (c *client) withOther(owner string) *client {
	next := *c
	found := c.cfg.Found
	found.OtherBelongsTo = owner
	next.cfg = c.cfg.With(found)
	next.Client = c.With(next.cfg)
	next.RedactFor(c.redacting)
	return &next
}

// search is the result of asking an API, for every caller that waited for it.
type search struct {
	client *client // of the server that the API names
	asked  []*wire.Exchange
}

// findServer asks the API which server issues its tokens. Logins that wait for it share one search, as each costs a dozen
// requests or more, and any visitor can start one. The error is an *Error.
func (c *client) findServer(ctx context.Context) (found search, err error) {
	ctx, recorder := wire.RecordApart(ctx)
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	named, err := c.findResource(ctx)
	if err == nil {
		found.client, err = c.serverOf(ctx, named)
	}
	found.asked = recorder.Exchanges()
	return found, err
}

// withRegistration returns the client with the credentials that were registered on its server.
func (d *Discovery) withRegistration(ctx context.Context, c *client, register bool) (*oauth.Client, error) {
	known, ok := d.known(c)
	if !ok && !register {
		return c.Client, nil
	}
	if !ok {
		once := func(ctx context.Context) (registered, error) { return d.registerOnce(ctx, c) }
		var err error
		if known, err = d.registering.Do(ctx, c.cfg.Issuer+" "+c.cfg.RedirectURI(), once); err != nil {
			return nil, c.notInTime(wire.Registration, "registration endpoint", c.cfg.Issuer, err)
		}
	}
	found := c.cfg.Found
	found.Client = known.RegisteredClient
	return c.With(c.cfg.With(found)), nil
}

// registerOnce registers a client and keeps it, unless another caller has done so meanwhile. After an unusable answer it
// returns the same error again, without asking the server again.
func (d *Discovery) registerOnce(ctx context.Context, c *client) (registered, error) {
	if known, ok := d.known(c); ok {
		return known, nil
	}
	if err := d.unusableAt(c); err != nil {
		return registered{}, err
	}
	client, err := c.register(wire.For(ctx, wire.Registration))
	d.mu.Lock()
	defer d.mu.Unlock()
	if e, ok := errors.AsType[*oauth.Error](err); ok && e.Kind == oauth.RegistrationUnusable {
		d.unusable = append(d.unusable, unusable{c.cfg.Issuer, c.cfg.RedirectURI(), e})
		d.unusable = d.unusable[max(0, len(d.unusable)-maxRegistered):]
	}
	if err != nil {
		return registered{}, err
	}
	d.clients = slices.DeleteFunc(d.clients, func(other registered) bool { return other.isAt(c.cfg) })
	d.clients = append(d.clients, client)
	d.clients = d.clients[max(0, len(d.clients)-maxRegistered):]
	return client, nil
}

// known returns the client that was registered on a server, while its secret is valid.
func (d *Discovery) known(c *client) (registered, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := slices.IndexFunc(d.clients, func(other registered) bool { return other.isAt(c.cfg) })
	if i < 0 || !d.clients[i].expires.IsZero() && c.now().After(d.clients[i].expires) {
		return registered{}, false
	}
	return d.clients[i], true
}

// unusableAt returns the error of an earlier registration that the server answered with something unusable, or nil.
func (d *Discovery) unusableAt(c *client) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, other := range d.unusable {
		if other.issuer == c.cfg.Issuer && other.redirectURI == c.cfg.RedirectURI() {
			return other.err
		}
	}
	return nil
}

// AskAgain lets the next login register a client again after an unusable answer: the user says that the server has been
// fixed.
func (d *Discovery) AskAgain() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.unusable = nil
}

// notInTime converts a context error of shared work into an *Error.
func (c *client) notInTime(step wire.Purpose, what, address string, err error) error {
	if _, ok := errors.AsType[*oauth.Error](err); ok {
		return err
	}
	return c.Unreachable(step, what, address, err)
}

// notRegistered returns the error of a login without a client for the server.
func (c *client) notRegistered(kind oauth.Kind, check, format string, args ...any) *oauth.Error {
	return &oauth.Error{Step: wire.Registration, Kind: kind, Code: oauth.CodeNotRegistered, Check: check, Description: fmt.Sprintf(format, args...)}
}
