package config

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"oauth-test-client/internal/redact"
)

// Found holds what was found for a login that starts at an API (RFC 9728). The zero Found means that nothing was.
type Found struct {
	Issuer         string            // of the authorization server that the API names
	Resource       string            // what the API calls itself (RFC 8707)
	ByPost         bool              // the API answers POST alone, as one that speaks MCP does
	Scope          string            // the scopes that the API wants (RFC 6749 section 3.3)
	Client         *RegisteredClient // nil where the configured client is used, or none is registered yet
	OtherBelongsTo string            // the issuer of the second client, if it is a different one; empty otherwise
}

// RegisteredClient is a client that this process has registered on a server (RFC 7591). It is never on disk.
type RegisteredClient struct {
	ID, Secret, Method string
	Issued             []string // what else came with the registration and is secret
}

// Effective holds the settings that a login uses: the user's, completed by what was found at the API.
type Effective struct {
	Config // completed: its issuer, scopes and client may be those that were found
	Found  Found
	Former []redact.Credentials // clients of earlier settings of this process, whose secrets stay hidden

	written *Config // as the user wrote it; nil while it is not completed
}

// Effective returns the settings before anything was found.
func (c Config) Effective() Effective { return Effective{Config: c} }

// Written returns the user's settings.
func (c Effective) Written() Config {
	if c.written == nil {
		return c.Config
	}
	return *c.written
}

// With returns the user's settings, completed by what was found. It drops earlier findings.
func (c Effective) With(found Found) Effective {
	written := c.Written()
	c.Config, c.Found, c.written = written, found, &written
	if found == (Found{}) {
		c.written = nil
		return c
	}
	u, err := url.Parse(found.Issuer)
	c.Issuer, c.Clerk = found.Issuer, err == nil && isClerkHost(u.Hostname())
	if c.AtAPI && c.ScopesUnset && found.Scope != "" {
		c.Scopes = strings.Fields(found.Scope)
	}
	if client := found.Client; client != nil {
		c.ClientID, c.ClientSecret, c.AuthMethod = client.ID, client.Secret, client.Method
	}
	return c
}

// Registered reports whether this process has registered the client.
func (c Effective) Registered() bool { return c.Found.Client != nil }

// Issued returns what came with the registration and is as secret as the client secret.
func (c Effective) Issued() []string {
	if c.Found.Client == nil {
		return nil
	}
	return c.Found.Client.Issued
}

// Equal reports whether the settings, the findings and the clients of earlier settings are the same.
func (c Effective) Equal(d Effective) bool {
	return c.Found == d.Found && slices.Equal(c.Former, d.Former) && c.Written().Equal(d.Written())
}

// Equal reports whether the settings are the same.
func (c Config) Equal(d Config) bool {
	return c.single() == d.single() && slices.Equal(c.Scopes, d.Scopes) && maps.Equal(c.Parameters, d.Parameters) && slices.Equal(c.Notes, d.Notes) &&
		slices.Equal(c.Typos, d.Typos)
}

// single lists the fields with a single value.
func (c Config) single() [20]any {
	return [...]any{c.Demo, c.Clerk, c.Issuer, c.ClientID, c.ClientSecret, c.AuthMethod, c.Endpoints, c.PAR, c.Port, c.BaseURL, c.RedirectOverride,
		c.SessionSecret, c.SessionStore, c.ResourceURL, c.AtAPI, c.ScopesUnset, c.BaseURLUnset, c.OtherClientID, c.OtherClientSecret, c.CertFile}
}

// Redact removes the client secret, and the secrets of its registration, from a server's words, which may repeat what we
// sent. Apply it to server text only, before the text is cut: a secret such as "secret" would mangle our own messages.
func (c Effective) Redact(text string) string { return c.Redactor()(text) }

// Redactor returns Redact, prepared once for any number of texts.
func (c Effective) Redactor() func(text string) string {
	hidden := c.secrets()
	hidden.Compile()
	return func(text string) string {
		t := redact.Read(text)
		t.Replace(hidden)
		return t.String()
	}
}

// RedactNamed returns a Redact for texts about an answer. It also removes what the answer names as a secret. If the answer
// names more secrets than are looked for, it removes the whole text.
func (c Effective) RedactNamed(answer string) func(text string) string {
	values, all := redact.Secrets(answer)
	hidden := c.secrets()
	for _, value := range values {
		hidden.Add(value, redact.Redacted)
	}
	return func(text string) string {
		if !all && text != "" {
			return redact.Redacted
		}
		t := redact.Read(text)
		t.Replace(hidden)
		t.ReplaceNamed(redact.IsSecret, redact.Always(redact.Redacted))
		return t.String()
	}
}

// secrets returns our secrets.
func (c Effective) secrets() *redact.Values {
	hidden := new(redact.Values)
	for _, client := range append([]redact.Credentials{c.Client(), c.OtherClient()}, c.Former...) {
		hidden.AddClient(client, redact.Redacted)
	}
	for _, value := range c.Issued() {
		hidden.AddSecret(value, redact.Redacted)
	}
	return hidden
}

// Client returns the credentials of the client.
func (c Config) Client() redact.Credentials {
	return redact.Credentials{ID: c.ClientID, Secret: c.ClientSecret}
}

// OtherClient returns the credentials of the second client.
func (c Config) OtherClient() redact.Credentials {
	return redact.Credentials{ID: c.OtherClientID, Secret: c.OtherClientSecret}
}

// maxFormer is the number of clients from earlier settings that are kept.
const maxFormer = 16

// After returns the settings with the clients of earlier ones, as what was recorded with those settings may contain their
// secrets.
func (c Effective) After(earlier Effective) Effective {
	c.Former = slices.Clone(earlier.Former)
	former := []redact.Credentials{earlier.OtherClient()}
	if !earlier.Registered() { // the exchange that registered a client is recorded itself
		former = append(former, earlier.Client())
	}
	for _, client := range former {
		if client.Secret != "" && client != c.Client() && client != c.OtherClient() && !slices.Contains(c.Former, client) {
			c.Former = append(c.Former, client)
		}
	}
	c.Former = c.Former[max(0, len(c.Former)-maxFormer):]
	return c
}

// Issued returns the secrets in the answer to a registration. It returns false if there are too many to keep.
func Issued(answer string) (secrets []string, all bool) {
	const maxBytes = 16 << 10
	secrets, all = redact.Secrets(answer)
	return secrets, all && len(strings.Join(secrets, "")) <= maxBytes
}
