package oauth

import (
	"cmp"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"oauth-test-client/internal/config"
)

// override replaces endpoints by the configured ones, and fills in what a Clerk instance has but
// does not always list.
func (c *Client) override(e config.Endpoints) config.Endpoints {
	set, clerk := c.cfg.Endpoints, config.Endpoints{}
	if c.cfg.Clerk {
		clerk.Userinfo = c.cfg.Issuer + "/oauth/userinfo"
		clerk.Introspection = c.cfg.Issuer + "/oauth/token_info"
		clerk.Revocation = c.cfg.Issuer + "/oauth/token/revoke"
	}
	return config.Endpoints{
		Authorization: cmp.Or(set.Authorization, e.Authorization),
		Token:         cmp.Or(set.Token, e.Token),
		Userinfo:      cmp.Or(set.Userinfo, e.Userinfo, clerk.Userinfo),
		Introspection: cmp.Or(set.Introspection, e.Introspection, clerk.Introspection),
		Revocation:    cmp.Or(set.Revocation, e.Revocation, clerk.Revocation),
		EndSession:    e.EndSession,
		PAR:           e.PAR,
		JWKS:          cmp.Or(set.JWKS, e.JWKS),
	}
}

// endpoint is one endpoint with the name that metadata gives it.
type endpoint struct {
	name, address string
	required      bool
}

// endpointsOf lists endpoints, always in the same order.
func endpointsOf(e config.Endpoints) []endpoint {
	return []endpoint{
		{"authorization_endpoint", e.Authorization, true},
		{"token_endpoint", e.Token, true},
		{"jwks_uri", e.JWKS, false},
		{"userinfo_endpoint", e.Userinfo, false},
		{"introspection_endpoint", e.Introspection, false},
		{"revocation_endpoint", e.Revocation, false},
		{"end_session_endpoint", e.EndSession, false},
		{"pushed_authorization_request_endpoint", e.PAR, false},
	}
}

// fault says what makes metadata unusable: an endpoint that is missing, or to which nothing
// secret may be sent. It returns "" for none.
func (md *Metadata) fault() string {
	for _, e := range endpointsOf(md.Endpoints) {
		if e.address == "" && e.required {
			return fmt.Sprintf("its metadata has no %s; set %s", e.name, strings.ToUpper(e.name))
		}
		if e.address == "" {
			continue
		}
		if err := config.CheckEndpoint(e.address); err != nil {
			return fmt.Sprintf("its %s %v", e.name, err)
		}
	}
	return ""
}

// loopbackFault names an endpoint on this machine that a server elsewhere wants us to ask: whatever listens
// here is none of its business. A server on this machine may, and so may the user. It returns "" for none.
func (c *Client) loopbackFault(md *Metadata) string {
	if isLoopback(c.cfg.Issuer) {
		return ""
	}
	set := endpointsOf(c.cfg.Endpoints)
	for i, e := range endpointsOf(md.Endpoints) {
		if set[i].address == "" && isLoopback(e.address) {
			return fmt.Sprintf("its %s %q is on this machine, and the issuer is not", e.name, e.address)
		}
	}
	return ""
}

// isLoopback reports whether an address is on this machine. 0.0.0.0 and [::] are, to whoever connects there.
func isLoopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip, _ := netip.ParseAddr(u.Hostname()) // a name is no address, and none is unspecified
	return config.IsLoopback(u.Hostname()) || ip.Unmap().IsUnspecified()
}
