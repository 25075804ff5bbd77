package oauth

import (
	"slices"

	"oauth-test-client/internal/config"
)

// A configured client belongs to one authorization server: to that of ISSUER or, where an API names the server, to
// the one of its first login. Its secret goes nowhere else. The second client, for /misuse, belongs to the same one.

// Configured notes the server that ISSUER names: the user says that the clients belong to it.
func (s *Starter) Configured(cfg config.Config) {
	if cfg.Issuer == "" || cfg.Registered {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range []string{cfg.ClientID, cfg.OtherClientID} {
		if id != "" {
			s.owners[id] = cfg.Issuer
		}
	}
}

// claim notes the server of a login for the clients of which none is known. Looking at an API claims nothing.
func (s *Starter) claim(cfg config.Config) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := []string{cfg.OtherClientID}
	if !cfg.Registered && !cfg.IsClientDocument() {
		ids = append(ids, cfg.ClientID)
	}
	for _, id := range ids {
		if id != "" && s.owners[id] == "" {
			s.owners[id] = cfg.Issuer
		}
	}
}

// owner returns the issuer that the configured client belongs to, or "" where none is known. A client that was
// registered here, and is configured since, is known by its secret: another server may give out the same ID.
func (s *Starter) owner(cfg config.Config) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	same := func(r registered) bool { return r.id == cfg.ClientID && r.secret == cfg.ClientSecret }
	if i := slices.IndexFunc(s.clients, same); i >= 0 && s.owners[cfg.ClientID] == "" {
		return s.clients[i].issuer
	}
	return s.owners[cfg.ClientID]
}

// checkOwner refuses a configured client at another server than its own.
func (s *Starter) checkOwner(c *Client) error {
	if owner := s.owner(c.cfg); owner != "" && owner != c.cfg.Issuer {
		return c.notRegistered(ClientOfAnotherServer, CheckOtherServer, "The API names another authorization server now, %s. CLIENT_ID belongs to %s, and is "+
			"sent nowhere else.", c.cfg.Issuer, owner)
	}
	return nil
}

// otherOwner returns the issuer that the second client belongs to, if that is another one.
func (s *Starter) otherOwner(cfg config.Config) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if owner := s.owners[cfg.OtherClientID]; owner != cfg.Issuer {
		return owner
	}
	return ""
}

// MaySendSecret reports that the client secret, if there is one, belongs to the server: an API alone that names a
// server is no reason to send it there.
func (s *Starter) MaySendSecret(cfg config.Config) bool {
	return cfg.ClientSecret == "" || !cfg.AtAPI || cfg.Registered || s.owner(cfg) == cfg.Issuer
}

// WithoutSecret returns the client of a server with what is known of it, and without the secret: whatever it is asked
// to send, none goes out.
func (c *Client) WithoutSecret() *Client {
	cfg := c.cfg
	md, _ := c.Known()
	if md != nil {
		cfg.AuthMethod = c.AuthMethod(md)
	}
	cfg.ClientSecret = ""
	next := New(cfg, c.wire, c.now)
	next.hideFor(c.hiding)
	next.opens = c.opens
	next.found, next.foundAt = md, c.now()
	return next
}
