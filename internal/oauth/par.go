package oauth

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/oauth2"

	"oauth-test-client/internal/wire"
)

// A request_uri goes into the browser's address and into the cookie of the login.
const maxRequestURI = 512

// Why a request cannot be pushed: the Check of an *Error at the step wire.Metadata.
const (
	CheckPARNotOffered = "pushed_authorization"         // the settings want it, and the server does not offer it
	CheckPARNowhere    = "pushed_authorization_nowhere" // the server demands it, and does not say where
)

// Pushes reports whether authorization requests are sent to the server by POST first (RFC 9126): it demands
// that, or the settings do.
func (c *Client) Pushes(md *Metadata) bool { return md.RequiresPAR || c.cfg.PAR }

// AddressOf is where the browser goes with an authorization request: the authorization endpoint with all of
// its parameters or, when requests are pushed, with client_id and request_uri alone (RFC 9126 section 4). The
// error is an *Error.
func (c *Client) AddressOf(ctx context.Context, md *Metadata, query url.Values) (string, error) {
	if !c.Pushes(md) {
		return withQuery(md.Authorization, query), nil
	}
	uri, err := c.push(ctx, md, query)
	if err != nil {
		return "", err
	}
	return pushedAddress(md, query.Get("client_id"), uri), nil
}

func pushedAddress(md *Metadata, clientID, uri string) string {
	return withQuery(md.Authorization, url.Values{"client_id": {clientID}, "request_uri": {uri}})
}

// withQuery adds parameters to an address. A query that it has of its own is kept (RFC 6749 section 3.1).
func withQuery(address string, query url.Values) string {
	u, err := url.Parse(address)
	if err != nil {
		return address // the metadata has been checked
	}
	all := u.Query()
	for name, values := range query {
		all[name] = values
	}
	u.RawQuery = all.Encode()
	return u.String()
}

// push sends an authorization request to the server, as the client that it names (RFC 9126 section 2), and
// returns what stands for it. The error is an *Error.
func (c *Client) push(ctx context.Context, md *Metadata, query url.Values) (string, error) {
	const what = "pushed authorization request endpoint"
	if md.PAR == "" {
		return "", nowhereToPush(md)
	}
	as := c.Credentials(md)
	as.ID = query.Get("client_id")
	e, err := c.PostAs(wire.For(ctx, wire.PushedRequest), as, md.PAR, query)
	if e, err = c.answered(wire.PushedRequest, what, md.PAR, e, err); err != nil {
		return "", err
	}
	if !e.Succeeded() { // some refuse with 200
		return "", c.notPushed(what, e)
	}
	var response struct {
		RequestURI string `json:"request_uri"`
	}
	fault := ""
	if err := wire.UnmarshalObject([]byte(e.ResponseBody), &response); err != nil {
		fault = c.said(err.Error(), 300)
	} else if uri := response.RequestURI; uri == "" {
		fault = "without a request_uri"
	} else if len(uri) > maxRequestURI || !visibleASCII(uri) || strings.Contains(uri, " ") {
		fault = "with a request_uri that no address can carry"
	}
	if fault != "" {
		return "", &Error{Step: wire.PushedRequest, Code: CodeServerError,
			Description: fmt.Sprintf("The %s answered %d, but %s (RFC 9126 section 2.2).", what, e.Status, fault)}
	}
	return response.RequestURI, nil
}

// nowhereToPush is the error of a request for which the metadata names no endpoint (RFC 9126 section 5).
func nowhereToPush(md *Metadata) *Error {
	e := &Error{Step: wire.Metadata, Code: CodeInvalidRequest, Check: CheckPARNotOffered,
		Description: "The server’s metadata names no pushed_authorization_request_endpoint (RFC 9126 section 5)."}
	if md.RequiresPAR {
		e.Check = CheckPARNowhere
		e.Description = "The server’s metadata requires pushed authorization requests (require_pushed_authorization_requests), " +
			"and names no pushed_authorization_request_endpoint (RFC 9126 section 5)."
	}
	return e
}

// notPushed is the error of a request that the server refused (RFC 9126 section 2.3).
func (c *Client) notPushed(what string, e *wire.Exchange) *Error {
	refused := c.refusedBy(wire.PushedRequest, what, e)
	if e.Status == http.StatusTooManyRequests && refused.Code == CodeRefused {
		refused.Code = CodeRateLimited
	}
	return refused
}

// parameters are those of the authorization request (RFC 6749 section 4.1.1, RFC 7636 section 4.3, OpenID
// Connect Core section 3.1.2.1).
func (c *Client) parameters(md *Metadata, r *Request) url.Values {
	only := *md
	only.Authorization = ""
	u, err := url.Parse(c.oauth2Config(&only, r.Scopes).AuthCodeURL(r.State, c.options(r)...))
	if err != nil {
		return nil // x/oauth2 has written it
	}
	return u.Query()
}

// options are the parameters that x/oauth2 does not know of.
func (c *Client) options(r *Request) []oauth2.AuthCodeOption {
	var options []oauth2.AuthCodeOption
	if !r.NoChallenge {
		options = append(options, oauth2.S256ChallengeOption(r.Verifier))
	}
	if r.Nonce != "" {
		options = append(options, oauth2.SetAuthURLParam("nonce", r.Nonce))
	}
	for name, value := range r.Extra {
		options = append(options, oauth2.SetAuthURLParam(name, value))
	}
	return options
}
