package resource

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// maxServers limits how many of the authorization servers that an API names are tried.
const maxServers = 3

// The rules that an API's metadata can break: the Check of an *Error at the step wire.ResourceMetadata.
const (
	CheckAbsent   = "absent"   // there is none
	CheckDocument = "document" // it cannot be read
	CheckResource = "resource" // it is about something else
	CheckServers  = "servers"  // none of the servers that it names may be used
	CheckScopes   = "scopes"   // a client can't request the scopes that the API wants
)

// resource is an API that names its authorization servers (RFC 9728 section 2).
type resource struct {
	Identifier string
	Servers    []string // those that issue its tokens
	Scopes     []string
	byPost     bool     // it answers POST alone
	wanted     []string // the scopes of a call
}

// readResourceMetadata reads a document. Its members about the API and its servers must have the right type.
func readResourceMetadata(document string) (found *resource, warnings []string, err error) {
	o, err := wire.ParseObject(document)
	if err != nil {
		return nil, nil, err
	}
	r := &oauth.Reader{Object: o}
	if kind := o.Kind("authorization_servers"); kind != "" && kind != "array" {
		o.Refuse("authorization_servers")
	}
	found = &resource{Identifier: o.Text("resource"), Servers: r.StrictList("authorization_servers"), Scopes: r.List("scopes_supported")}
	return found, r.Warnings, o.Err()
}

// findResource asks the API which servers issue its tokens. The error is an *Error.
func (c *client) findResource(ctx context.Context) (*resource, error) {
	a, err := c.askWithout(wire.For(ctx, wire.APIAsked))
	if err != nil {
		return nil, err
	}
	found, err := c.resourceMetadata(wire.For(ctx, wire.ResourceMetadata), a)
	if e, ok := errors.AsType[*oauth.Error](err); ok && a.fault != nil && e.Kind == oauth.ResourceMetadataAbsent { // the API's own fault says more
		a.fault.Tried = e.Tried
		return nil, a.fault
	}
	if err != nil {
		return nil, err
	}
	found.byPost = a.byPost
	found.Scopes = oauth.Union(strings.Fields(strings.Join(found.Scopes, " ")))
	found.wanted = found.Scopes
	if scope := a.challenge["scope"]; scope != "" { // what this call needs; the metadata lists what any call may need
		found.wanted = oauth.Union(strings.Fields(scope))
	}
	if asked := strings.Join(found.wanted, " "); c.cfg.ScopesUnset && (!config.ValidScope(asked) || len(asked) > oauth.MaxScopeBytes) {
		return nil, c.badResource(oauth.ResourceScopes, CheckScopes, "The API wants scopes that no login can ask for: %s.", c.Sanitized(asked, 200))
	}
	return found, nil
}

// asked holds the API's answer to a call without a token.
type asked struct {
	challenge map[string]string // the parameters of its challenge (RFC 6750 section 3)
	byPost    bool              // it answers POST alone
	fault     *oauth.Error      // what is wrong with the API itself; it counts only if there is no metadata
	tried     []oauth.Tried
}

// noMetadata reports whether an address has no metadata, by the status of its answer, or 0 if there was none. If the
// API is out of order, any status other than 200 counts as none.
func (a *asked) noMetadata(status int) bool {
	outOfOrder := a.fault != nil && a.fault.Kind != oauth.APINotFound
	return wire.NoRoute(status) || status == http.StatusGone || outOfOrder && status != http.StatusOK
}

// askWithout calls the API without a token. An API that speaks MCP has nothing at GET, but answers a POST that only reads.
// The error is an *Error.
func (c *client) askWithout(ctx context.Context) (asked, error) {
	e, err := c.wire.Get(ctx, c.cfg.ResourceURL)
	if err != nil {
		return asked{}, c.Unreachable(wire.APIAsked, "API", c.cfg.ResourceURL, err)
	}
	a := asked{tried: []oauth.Tried{c.triedAPI("GET", e)}}
	if wire.NoRoute(e.Status) {
		if answered, err := c.ListTools(ctx, ""); err == nil && !wire.NoRoute(answered.Status) {
			e, a.byPost = answered, true
			a.tried = append(a.tried, c.triedAPI("POST", e))
		}
	}
	switch {
	case wire.NoRoute(e.Status):
		a.fault = &oauth.Error{Step: wire.APIAsked, Kind: oauth.APINotFound, Answer: c.AnswerOf(e), Code: oauth.CodeNotFound,
			Description: fmt.Sprintf("There is no API at %s: nothing answers GET or POST there.", wire.WithoutQuery(c.cfg.ResourceURL))}
	case e.Status >= http.StatusInternalServerError:
		a.fault = c.outOfOrder(oauth.CodeServerError, e)
	case e.Status == http.StatusTooManyRequests:
		a.fault = c.outOfOrder(oauth.CodeRateLimited, e)
	case e.Status == http.StatusUnauthorized:
		a.challenge = challengeOf(e)
	}
	return a, nil
}

// outOfOrder returns the error of an API that can't answer at present.
func (c *client) outOfOrder(code string, e *wire.Exchange) *oauth.Error {
	return &oauth.Error{Step: wire.APIAsked, Kind: oauth.FailureKind(e), Answer: c.AnswerOf(e), Code: code, Said: c.Sanitized(e.Words(), 300),
		Description: fmt.Sprintf("The API %s returned %s for a call without a token.", wire.WithoutQuery(c.cfg.ResourceURL), c.Sanitized(e.StatusLine(), 300))}
}

// challengeOf returns the parameters of a challenge: the one that names metadata, else the first that names scopes.
func challengeOf(e *wire.Exchange) map[string]string {
	var first map[string]string
	for _, challenge := range e.Challenges() {
		if challenge.Params["resource_metadata"] != "" {
			return challenge.Params
		}
		if first["scope"] == "" {
			first = challenge.Params
		}
	}
	return first
}

func (c *client) triedAPI(method string, e *wire.Exchange) oauth.Tried {
	return oauth.Tried{URL: c.cfg.ResourceURL, Answer: fmt.Sprintf("names no resource_metadata: without a token, %s returned %s", method, c.Sanitized(e.StatusLine(), 300))}
}

// resourceMetadata reads the API's metadata: from the address in its challenge (RFC 9728 section 5.1), else from the
// well-known addresses (section 3.1).
func (c *client) resourceMetadata(ctx context.Context, a asked) (*resource, error) {
	addresses, tried := wellKnownResource(c.cfg.ResourceURL), a.tried
	named := a.challenge["resource_metadata"]
	if named != "" {
		if fault := MayNotAsk(named, c.cfg.ResourceURL); fault != "" {
			return nil, c.badResource(oauth.ResourceMetadataUnusable, CheckDocument, "The API says that its metadata is at %q, which %s.", c.Sanitized(named, 300), fault)
		}
		addresses, tried = []string{named}, nil
	}
	kind, check := oauth.ResourceMetadataAbsent, CheckAbsent
	for _, address := range addresses {
		found, why, status := c.readResource(ctx, address)
		if found != nil {
			return found, c.checkResource(ctx, found)
		}
		tried = append(tried, oauth.Tried{URL: c.Sanitized(address, 500), Answer: c.Sanitized(why, 1000)})
		if named != "" || !a.noMetadata(status) {
			kind, check = oauth.ResourceMetadataUnusable, CheckDocument
		}
	}
	failure := c.badResource(kind, check, "The API %s does not say which authorization server issues its tokens.", wire.WithoutQuery(c.cfg.ResourceURL))
	if kind == oauth.ResourceMetadataUnusable {
		last := tried[len(tried)-1]
		failure.Description = fmt.Sprintf("The API's metadata at %s can't be used: it %s.", wire.WithoutQuery(last.URL), last.Answer)
	}
	failure.Tried = tried
	if named != "" {
		failure.Member = "resource_metadata" // the challenge named the address, so this is an API and no website
	}
	return nil, failure
}

// readResource reads one address. If it finds no metadata, it returns the reason, and the status of the answer if there was
// one.
func (c *client) readResource(ctx context.Context, address string) (found *resource, why string, status int) {
	e, err := c.wire.Get(ctx, address)
	if err != nil {
		return nil, err.Error(), 0
	}
	if e.Status != http.StatusOK {
		return nil, "returned " + e.StatusLine(), e.Status
	}
	found, warnings, err := readResourceMetadata(e.ResponseBody)
	if err != nil {
		return nil, "returned 200, but not with metadata: " + err.Error(), e.Status
	}
	c.NoteWarnings(ctx, e, warnings)
	return found, "", e.Status
}

// wellKnownResource returns the addresses of an API's metadata (RFC 9728 section 3.1): the one with its path first.
func wellKnownResource(address string) []string {
	const wellKnown = "/.well-known/oauth-protected-resource"
	u, err := url.Parse(address)
	if err != nil {
		return nil // the configuration has been checked
	}
	path := strings.TrimSuffix(u.EscapedPath(), "/")
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	root := wire.Origin(u) + wellKnown
	if path == "" {
		return []string{root}
	}
	return []string{root + path, root}
}

// checkResource compares the resource of the metadata with the API that was asked (RFC 9728 section 3.3): it must be the
// API's URL or, as APIs that speak MCP write it, a path on the same origin that contains it by whole segments.
func (c *client) checkResource(ctx context.Context, found *resource) error {
	if found.Identifier == "" {
		return c.badResource(oauth.ResourceMetadataUnusable, CheckDocument, "The API's metadata does not say what it is about: it has no resource (RFC 9728 section 2).")
	}
	if found.Identifier == c.cfg.ResourceURL {
		return nil
	}
	if !contains(found.Identifier, c.cfg.ResourceURL) {
		return c.badResource(oauth.ResourceMetadataOfAnother, CheckResource, "The metadata is about %q, but this app called %q.", c.Sanitized(found.Identifier, 300), c.cfg.ResourceURL)
	}
	wire.Note(ctx, fmt.Sprintf("The metadata is about %s, which contains the API that this app called. Tokens are for all of it.", c.Sanitized(found.Identifier, 300)))
	return nil
}

// contains reports whether an address is on the origin of a resource, and at or below its path.
func contains(resource, address string) bool {
	whole, err := url.Parse(resource)
	part, errPart := url.Parse(address)
	if err != nil || errPart != nil || whole.User != nil || strings.ContainsAny(resource, "#?") {
		return false
	}
	if whole.Scheme != part.Scheme || !strings.EqualFold(wire.HostPort(whole), wire.HostPort(part)) {
		return false
	}
	above := strings.TrimSuffix(whole.EscapedPath(), "/")
	return strings.HasPrefix(strings.TrimSuffix(part.EscapedPath(), "/")+"/", above+"/")
}

// MayNotAsk says why an address that an API names must not be asked, or returns "". The address must be https, and may be
// on this machine only if the API is too.
func MayNotAsk(address, api string) string {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.User != nil || strings.Contains(address, "#") || len(address) > oauth.MaxAddress:
		return "is not a URL that this app can request"
	case !config.IsSecure(u):
		return "is not https; http is allowed on localhost only"
	}
	if where := oauth.LeadsHere(address, api); where != "" {
		return where + ", and the API is not"
	}
	return ""
}

// serverOf returns a client of the first usable authorization server that the API names. The error is an *Error.
func (c *client) serverOf(ctx context.Context, found *resource) (*client, error) {
	if len(found.Servers) == 0 {
		return nil, c.badResource(oauth.ResourceServers, CheckServers, "The API's metadata names no authorization server (authorization_servers, RFC 9728 section 2).")
	}
	var tried []oauth.Tried
	var only error
	for _, issuer := range found.Servers[:min(len(found.Servers), maxServers)] {
		fault := MayNotAsk(issuer, c.cfg.ResourceURL)
		if strings.Contains(issuer, "?") {
			fault = "is not an issuer: it has a query (RFC 8414 section 2)"
		}
		if fault != "" {
			tried = append(tried, oauth.Tried{URL: c.Sanitized(issuer, 300), Answer: fault})
			continue
		}
		next := newClient(c.cfg.With(config.Found{Issuer: issuer, Resource: found.Identifier, ByPost: found.byPost, Scope: strings.Join(found.wanted, " ")}),
			c.wire, c.now, c.redacting)
		next.scopes = found.Scopes
		_, err := next.Metadata(ctx)
		if err == nil {
			return next, nil
		}
		only = err
		tried = append(tried, oauth.TriedOf(err)...)
	}
	if len(found.Servers) == 1 && only != nil {
		return nil, only // the error of the only server says more
	}
	failure := c.badResource(oauth.ResourceServers, CheckServers, "The API names %d authorization servers, and none of the first %d can be used.",
		len(found.Servers), min(len(found.Servers), maxServers))
	if len(found.Servers) == 1 {
		failure.Description = fmt.Sprintf("The API names the authorization server %q, which %s.", tried[0].URL, tried[0].Answer)
	}
	failure.Tried = tried
	return nil, failure
}

// badResource returns the error of an API whose metadata cannot be used.
func (c *client) badResource(kind oauth.Kind, check, format string, args ...any) *oauth.Error {
	return &oauth.Error{Step: wire.ResourceMetadata, Kind: kind, Code: oauth.CodeInvalidResource, Check: check, Description: fmt.Sprintf(format, args...)}
}
