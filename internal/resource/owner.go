package resource

import (
	"slices"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
)

// A configured client belongs to one authorization server: to that of ISSUER or, if an API names the server, to that of its
// first login. Its secret is sent nowhere else. The second client, for /misuse, belongs to the same server.

// Configured records the server of ISSUER: with that, the user says that the clients belong to it.
func (d *Discovery) Configured(cfg config.Effective) {
	if cfg.Issuer == "" || cfg.Registered() {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, id := range []string{cfg.ClientID, cfg.OtherClientID} {
		if id != "" {
			d.owners[id] = cfg.Issuer
		}
	}
}

// claim records the server of a login for the clients without a recorded one. Looking at an API claims nothing.
func (d *Discovery) claim(cfg config.Effective) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ids := []string{cfg.OtherClientID}
	if !cfg.Registered() && !cfg.IsClientDocument() {
		ids = append(ids, cfg.ClientID)
	}
	for _, id := range ids {
		if id != "" && d.owners[id] == "" {
			d.owners[id] = cfg.Issuer
		}
	}
}

// owner returns the issuer that the configured client belongs to, or "" if none is known. A client that was registered
// here, and was configured since, is recognized by its secret too, as a different server may issue the same ID.
func (d *Discovery) owner(cfg config.Effective) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	same := func(r registered) bool { return r.ID == cfg.ClientID && r.Secret == cfg.ClientSecret }
	if i := slices.IndexFunc(d.clients, same); i >= 0 && d.owners[cfg.ClientID] == "" {
		return d.clients[i].issuer
	}
	return d.owners[cfg.ClientID]
}

// checkOwner refuses a configured client on a different server than its own.
func (d *Discovery) checkOwner(c *client) error {
	if owner := d.owner(c.cfg); owner != "" && owner != c.cfg.Issuer {
		return c.notRegistered(oauth.ClientOfAnotherServer, CheckOtherServer, "The API names a different authorization server now, %s. CLIENT_ID belongs to %s, and is "+
			"sent nowhere else.", c.cfg.Issuer, owner)
	}
	return nil
}

// otherOwner returns the issuer of the second client, if that is a different one.
func (d *Discovery) otherOwner(cfg config.Effective) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if owner := d.owners[cfg.OtherClientID]; owner != cfg.Issuer {
		return owner
	}
	return ""
}

// MaySendSecret reports whether the client secret, if there is one, belongs to the server. That an API names the server
// is no reason to send it there.
func (d *Discovery) MaySendSecret(cfg config.Effective) bool {
	return cfg.ClientSecret == "" || !cfg.AtAPI || cfg.Registered() || d.owner(cfg) == cfg.Issuer
}
