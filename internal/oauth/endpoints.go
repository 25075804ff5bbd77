package oauth

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
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

// The rules that an endpoint in metadata can break: the Check of an *Error at the step wire.Metadata.
const (
	CheckNotHTTPS = "endpoint_not_https" // it is plain http, and not on this machine
	CheckOnLocal  = "endpoint_on_local"  // it may be on this machine, and the server is not
	CheckAddress  = "endpoint_address"   // it is no address that may be asked
)

// fault says what makes metadata unusable, and which rule that breaks: an endpoint that is missing, or to which
// nothing secret may be sent. It returns "" for none.
func (md *Metadata) fault() (fault, check string) {
	for _, e := range endpointsOf(md.Endpoints) {
		if e.address == "" && e.required {
			return fmt.Sprintf("its metadata has no %s; set %s", e.name, strings.ToUpper(e.name)), ""
		}
		if e.address == "" {
			continue
		}
		if err := config.CheckEndpoint(e.address); err != nil {
			check := CheckAddress
			if errors.Is(err, config.ErrNotHTTPS) {
				check = CheckNotHTTPS
			}
			return fmt.Sprintf("its %s %v", e.name, err), check
		}
	}
	return "", ""
}

// localFault names an endpoint on this machine that a server elsewhere wants us to ask: whatever listens
// here is none of its business. A server on this machine may, and so may the user. It returns "" for none.
func (c *Client) localFault(md *Metadata) (fault, check string) {
	set := endpointsOf(c.cfg.Endpoints)
	for i, e := range endpointsOf(md.Endpoints) {
		if set[i].address != "" {
			continue
		}
		if where := leadsHere(e.address, c.cfg.Issuer); where != "" {
			return fmt.Sprintf("its %s %q %s, and the issuer is not", e.name, e.address, where), CheckOnLocal
		}
	}
	return "", ""
}

// leadsHere says how an address leads to this machine, or may. It returns "" for one that does not, and for every one
// that somebody on this machine names. Letters beyond ASCII may spell this machine, except in the name of the host
// that names the address: elsewhere a host is written as xn--… (RFC 3986 section 3.2.2).
func leadsHere(address, namedBy string) string {
	to, from := hostname(address), hostname(namedBy)
	switch {
	case to == from, wire.MayBeLocal(from):
		return ""
	case wire.MayBeLocal(to):
		return "is on this machine"
	case !wire.IsASCII(to):
		return "may be this machine, in letters beyond ASCII (write its host as xn--…)"
	}
	return ""
}

// hostname is the host of an address, without its port; of what is no address it is empty.
func hostname(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
