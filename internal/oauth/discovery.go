package oauth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
)

// Metadata returns the server's metadata, which this call or an earlier one found. It caches only a success: after a
// failure, the next call tries again. Concurrent calls share one attempt. The error is an *Error.
func (c *Client) Metadata(ctx context.Context) (*Metadata, error) {
	if md := c.fresh(); md != nil {
		return md, nil
	}
	md, err := c.discovery.Do(ctx, c.cfg.Issuer, c.findAndKeep)
	if err != nil && ctx.Err() != nil { // the caller's context ended first
		return nil, &Error{Step: wire.Metadata, Kind: NoAnswer, Answer: Answer{URL: c.cfg.Issuer}, Code: CodeNotFound, Description: c.notFoundAt(), Said: wire.Fault(err)}
	}
	return md, err
}

// findAndKeep makes one attempt to find the metadata.
func (c *Client) findAndKeep(ctx context.Context) (*Metadata, error) {
	if md := c.fresh(); md != nil { // found since the caller looked
		return md, nil
	}
	found, failed := c.discover(wire.For(ctx, wire.Metadata))
	if found != nil {
		found.Binding = c.binding(found)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.found, c.failed, c.foundAt = found, failed, c.now()
	if failed != nil { // a nil *Error in an error would not be nil
		return nil, failed
	}
	return found, nil
}

func (c *Client) notFoundAt() string {
	return fmt.Sprintf("No authorization server was found at %s.", c.cfg.Issuer)
}

// fresh returns the metadata, unless it is too old.
func (c *Client) fresh() *Metadata {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now().Sub(c.foundAt) >= freshFor {
		return nil
	}
	return c.found
}

// discover asks each possible address of the metadata, in order, and applies the overrides.
func (c *Client) discover(ctx context.Context) (*Metadata, *Error) {
	set := c.cfg.Endpoints
	complete := set.Authorization != "" && set.Token != ""
	if c.cfg.AtAPI && c.cfg.Issuer == "" {
		return nil, &Error{Step: wire.ResourceMetadata, Kind: ServerNotNamed, Code: CodeNotFound, Description: "No authorization server is known yet: the API has not named one."}
	}
	if c.cfg.Issuer == "" {
		return &Metadata{Endpoints: set, MaySendAsForm: true}, nil
	}
	failure := &Error{Step: wire.Metadata, Kind: MetadataNotFound, Code: CodeNotFound, Description: c.notFoundAt()}
	published := false // something other than "not here" was answered
	for _, address := range MetadataURLs(c.cfg.Issuer) {
		md, answer := c.fetchMetadata(ctx, address)
		if md != nil {
			return md, nil
		}
		failure.Tried = append(failure.Tried, Tried{c.Sanitized(address, 500), c.Sanitized(answer.text, 1000)})
		if failure.Kind == MetadataNotFound || answer.found != "" && !failure.found() {
			failure.Kind, failure.Member, failure.Answer = answer.kind, answer.member, answer.from
		}
		if answer.found != "" && failure.Issuer+failure.Check == "" {
			failure.Description = answer.found
		}
		failure.Issuer = cmp.Or(failure.Issuer, answer.issuer)
		failure.Check = cmp.Or(failure.Check, answer.check)
		published = published || !answer.absent
		if answer.fault != nil {
			failure.Cause = answer.fault
			break // the other addresses are on the same host
		}
	}
	if complete && !published {
		return &Metadata{Issuer: c.cfg.Issuer, Endpoints: set, MaySendAsForm: true}, nil
	}
	return nil, failure
}

// MetadataURLs lists where an issuer's metadata may be: OpenID Connect Discovery section 4 appends to the issuer, RFC
// 8414 section 3.1 inserts before its path, and real servers use either position for both names.
func MetadataURLs(issuer string) []string {
	u, err := url.Parse(issuer)
	if err != nil {
		return nil // the configuration has been checked
	}
	base, path := wire.Origin(u), strings.TrimSuffix(u.EscapedPath(), "/")
	const oidc, oauth = "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"
	urls := []string{base + path + oidc, base + oauth + path}
	if path != "" {
		urls = append(urls, base+path+oauth, base+oidc+path)
	}
	return urls
}

// found reports whether metadata was found that can't be used.
func (e *Error) found() bool {
	switch e.Kind {
	case IssuerDiffers, EndpointNotHTTPS, EndpointOnLocal, EndpointAddress:
		return true
	}
	return false
}

// answer says why an address returned no metadata.
type answer struct {
	text   string
	kind   Kind
	member string // that is at fault
	from   Answer
	found  string // a sentence about metadata that is there and cannot be used
	issuer string // what the server calls itself there, when that is the mistake
	check  string // the rule that an endpoint breaks, when the metadata is there
	absent bool   // there is nothing at this address
	fault  error  // the host could not be asked
}

// FetchMetadata asks one address for metadata, and accepts only metadata that a login could start with.
func (c *Client) FetchMetadata(ctx context.Context, address string) (*Metadata, error) {
	md, answer := c.fetchMetadata(ctx, address)
	if md == nil {
		return nil, errors.New(answer.text)
	}
	return md, nil
}

func (c *Client) fetchMetadata(ctx context.Context, address string) (*Metadata, answer) {
	e, err := c.wire.Get(ctx, address)
	if err != nil {
		return nil, answer{kind: NoAnswer, from: Answer{URL: address}, text: err.Error(), fault: err}
	}
	if e.Status != http.StatusOK {
		absent := e.Status == http.StatusNotFound || e.Status == http.StatusGone || e.Status == http.StatusMethodNotAllowed
		kind := FailureKind(e)
		switch {
		case absent:
			kind = MetadataNotFound
		case e.Status/100 == 2:
			kind = MetadataUnusable
		}
		text := "returned " + c.Sanitized(e.StatusLine(), 300)
		if words := c.SanitizedIn(e)(e.Refusal().Words, 300); words != "" && !absent { // as for an unknown tenant, or from a firewall
			text += fmt.Sprintf(" and said %q", words)
		}
		return nil, answer{kind: kind, from: c.AnswerOf(e), text: text, absent: absent}
	}
	md, err := readMetadata(e.ResponseBody)
	if err != nil {
		a := answer{kind: MetadataUnusable, from: c.AnswerOf(e), text: "returned 200, but not with metadata: " + c.Sanitized(err.Error(), 300)}
		if wrong, ok := errors.AsType[*wire.MemberError](err); ok {
			a.member = c.Sanitized(wrong.Name, 80)
		}
		return nil, a
	}
	md.Source = address
	if md.Issuer != c.cfg.Issuer {
		a := c.wrongIssuer(c.Sanitized(md.Issuer, 300))
		a.from = c.AnswerOf(e)
		return nil, a
	}
	md.Named = md.Endpoints
	md.Endpoints = c.override(md.Endpoints)
	fault := md.fault()
	if fault == nil {
		fault = c.localFault(md)
	}
	if fault != nil {
		a := answer{kind: fault.kind, member: fault.name, from: c.AnswerOf(e), text: "returned 200, but " + c.Sanitized(fault.text, 300), check: checksOf[fault.kind]}
		if a.check != "" {
			a.found = "The server was found, but " + c.Sanitized(fault.text, 300) + "."
		}
		return nil, a
	}
	md.Warnings = c.NoteWarnings(ctx, e, md.Warnings)
	return md, answer{}
}

// checksOf maps the faults of an endpoint to the rules that it breaks.
var checksOf = map[Kind]string{EndpointNotHTTPS: CheckNotHTTPS, EndpointOnLocal: CheckOnLocal, EndpointAddress: CheckAddress}

// wrongIssuer returns the answer for metadata that names a different issuer than the configured one, or no issuer. Both
// must be equal, character for character (RFC 8414 section 3.3).
func (c *Client) wrongIssuer(theirs string) answer {
	if theirs == "" {
		return answer{kind: IssuerAbsent, member: "issuer", text: "returned 200, but its metadata names no issuer"}
	}
	return answer{kind: IssuerDiffers, member: "issuer", text: "names a different issuer: " + c.compareIssuers(theirs), issuer: theirs,
		found: fmt.Sprintf("The metadata names the issuer %q, and not %q.", theirs, c.cfg.Issuer)}
}

// compareIssuers says which issuer each side names, and why they differ, if that is known.
func (c *Client) compareIssuers(theirs string) string {
	if c.cfg.Demo && strings.TrimSuffix(theirs, "/") != c.cfg.Issuer { // else it is the demo, with a slash too many on purpose
		return fmt.Sprintf("%q, but this app is %q; another program listens at BASE_URL", theirs, c.cfg.Issuer)
	}
	if c.cfg.AtAPI {
		return fmt.Sprintf("it says that it is %q, and the API names %q (RFC 8414 section 3.3); one of the two is wrong", theirs, c.cfg.Issuer)
	}
	variable := "ISSUER"
	if c.cfg.Clerk {
		variable = "the issuer from CLERK_PUBLISHABLE_KEY"
	}
	return fmt.Sprintf("it says %q, and %s is %q", theirs, variable, c.cfg.Issuer)
}

// override replaces endpoints by the configured ones, and adds those that a Clerk instance has but doesn't always list.
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

// endpoint is an endpoint and its name in the metadata.
type endpoint struct {
	name, address string
	required      bool
}

// endpointsOf lists endpoints in a fixed order.
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
	CheckAddress  = "endpoint_address"   // it is not a usable address
)

// endpointFault describes what is wrong with an endpoint in the metadata.
type endpointFault struct {
	kind Kind
	name string // of the endpoint
	text string
}

// fault returns what makes the metadata unusable: an endpoint that is missing, or to which nothing secret may be sent. It
// returns nil if there is no fault.
func (md *Metadata) fault() *endpointFault {
	for _, e := range endpointsOf(md.Endpoints) {
		if e.address == "" && e.required {
			return &endpointFault{EndpointMissing, e.name, fmt.Sprintf("its metadata has no %s; set %s", e.name, strings.ToUpper(e.name))}
		}
		if e.address == "" {
			continue
		}
		if err := config.CheckEndpoint(e.address); err != nil {
			kind := EndpointAddress
			if errors.Is(err, config.ErrNotHTTPS) {
				kind = EndpointNotHTTPS
			}
			return &endpointFault{kind, e.name, fmt.Sprintf("its %s %v", e.name, err)}
		}
	}
	return nil
}

// localFault returns an endpoint on this machine that a server elsewhere names: that server must not make us send requests
// to local programs. A server on this machine may name one, and so may the user. It returns nil if there is none.
func (c *Client) localFault(md *Metadata) *endpointFault {
	set := endpointsOf(c.cfg.Endpoints)
	for i, e := range endpointsOf(md.Endpoints) {
		if set[i].address != "" {
			continue
		}
		if where := LeadsHere(e.address, c.cfg.Issuer); where != "" {
			return &endpointFault{EndpointOnLocal, e.name, fmt.Sprintf("its %s %q %s, and the issuer is not", e.name, e.address, where)}
		}
	}
	return nil
}

// LeadsHere says how an address leads to this machine, or may. It returns "" if it does not, and for any address that was
// named from this machine. Non-ASCII letters may spell this machine, so they are accepted only if both hosts are the same:
// other hosts are written as xn--… (RFC 3986 section 3.2.2).
func LeadsHere(address, namedBy string) string {
	to, from := hostname(address), hostname(namedBy)
	switch {
	case to == from, wire.MayBeLocal(from):
		return ""
	case wire.MayBeLocal(to):
		return "is on this machine"
	case !wire.IsASCII(to):
		return "may be on this machine, as its host has non-ASCII letters (write it as xn--…)"
	}
	return ""
}

// hostname returns the host of an address without its port, or "" for an invalid address.
func hostname(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
