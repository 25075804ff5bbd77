package check

import (
	"errors"
	"net/http"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// A line of .env may name an endpoint. It may name a wrong one: a different endpoint of the server, a host that is not there.

// endpoint is an endpoint of the authorization server, and the line of .env that can set it.
type endpoint struct {
	variable string // empty for one that only the metadata names
	name     string // in a sentence
	of       func(config.Endpoints) string
}

// The endpoints that a line of .env can set.
var (
	authorizationEndpoint = &endpoint{"AUTHORIZATION_ENDPOINT", "authorization endpoint", func(e config.Endpoints) string { return e.Authorization }}
	tokenEndpoint         = &endpoint{"TOKEN_ENDPOINT", "token endpoint", func(e config.Endpoints) string { return e.Token }}
	userinfoEndpoint      = &endpoint{"USERINFO_ENDPOINT", "userinfo endpoint", func(e config.Endpoints) string { return e.Userinfo }}
	introspectionEndpoint = &endpoint{"INTROSPECTION_ENDPOINT", "introspection endpoint", func(e config.Endpoints) string { return e.Introspection }}
	revocationEndpoint    = &endpoint{"REVOCATION_ENDPOINT", "revocation endpoint", func(e config.Endpoints) string { return e.Revocation }}
	keySet                = &endpoint{"JWKS_URI", "key set (jwks_uri)", func(e config.Endpoints) string { return e.JWKS }}
)

// endpoints lists all endpoints that an address may be mistaken for.
var endpoints = []*endpoint{authorizationEndpoint, tokenEndpoint, userinfoEndpoint, introspectionEndpoint, revocationEndpoint, keySet,
	{"", "pushed authorization request endpoint", func(e config.Endpoints) string { return e.PAR }},
	{"", "logout endpoint", func(e config.Endpoints) string { return e.EndSession }},
}

// set returns the address that .env sets for an endpoint, or "".
func (o *Observer) set(e *endpoint) string { return e.of(o.cfg.Endpoints) }

// overrides reports whether .env sets an address for an endpoint, and not the one that the metadata names.
func (o *Observer) overrides(e *endpoint) bool { return o.set(e) != "" && o.set(e) != e.of(o.md.Named) }

// other returns the name of a different endpoint with the address of this one, or "" if there is none. That is certain
// if the metadata gives it that address. If another line of .env does, that line may be the wrong one.
func (o *Observer) other(own *endpoint) (name string, certain bool) {
	address := own.of(o.md.Endpoints)
	if address == "" || own.of(o.md.Named) == address { // IndieAuth servers may have one address for two endpoints
		return "", false
	}
	for _, e := range endpoints {
		if e.of(o.md.Named) == address {
			return e.name, true
		}
	}
	if o.md.Registration == address {
		return "registration endpoint", true
	}
	for _, e := range endpoints {
		if e != own && e.of(o.md.Endpoints) == address {
			return e.name, false
		}
	}
	return "", false
}

// isOther says in a finding that a line of .env names a different endpoint.
func (own *endpoint) isOther(other string) string {
	return own.variable + " is the address of the " + other
}

// swapped returns the warning that a line of .env names a different endpoint of the server.
func (o *Observer) swapped(own *endpoint) (causes.Finding, bool) {
	other, certain := o.other(own)
	if !certain {
		return causes.Finding{}, false
	}
	f := causes.Warning("%s", own.isOther(other)).Look("Check " + own.variable + ": it has to be the server's " + own.name + ".")
	f.Setting = own.variable
	return o.orMetadata(f, own), true
}

// orMetadata adds the address that the metadata names, if a finding is about an endpoint that .env overrides.
func (o *Observer) orMetadata(f causes.Finding, e *endpoint) causes.Finding {
	named := e.of(o.md.Named)
	if !o.overrides(e) || named == "" || f.Fix == "" {
		return f
	}
	return f.Also("The metadata names " + o.sanitized(named, 300) + ": without " + e.variable + ", this app uses that.")
}

// look adds the line of .env that names an endpoint to a warning about it, unless only the metadata names it.
func (o *Observer) look(f causes.Finding, e *endpoint) causes.Finding {
	if o.set(e) == "" {
		return f
	}
	f.Setting = e.variable
	return f.Look("Check " + e.variable + ", and any proxy or firewall in front of it.")
}

// noServer returns the finding that no request can reach an endpoint.
func (o *Observer) noServer(e *endpoint, err error) (causes.Finding, bool) {
	if !wire.NoServer(err) {
		return causes.Finding{}, false
	}
	facts := causes.Facts{Kind: oauth.NoAnswer, HTTP: errors.Is(err, http.ErrSchemeMismatch)}
	if o.set(e) != "" {
		facts.Member = e.variable
	}
	f := o.finding(causes.Unreachable(err), "", facts)
	f.Found = wire.WithoutQuery(e.of(o.md.Endpoints)) + " " + err.Error()
	switch {
	case wire.Untrusted(err) && !wire.UnknownAuthority(err):
		f = f.Look(causes.CertificateOf(e.variable))
	case o.set(e) == "" && !wire.Untrusted(err):
		f = f.Look("The server's metadata names this address. Check that the server is running there. If the address is wrong in the metadata, set " +
			e.variable + ".")
	}
	return o.orMetadata(f, e), true
}
