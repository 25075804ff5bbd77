package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"oauth-test-client/internal/wire"
)

// Tokens are the tokens that a login holds. Each is empty when it is not, or no longer, held.
type Tokens struct {
	Access, Refresh, ID string
	Expires             time.Time // of the access token; zero when not known
	Scope               string    // as granted
}

// Of returns the token of a kind, named as in RFC 7009 section 2.1.
func (t Tokens) Of(kind string) string {
	if kind == "refresh_token" {
		return t.Refresh
	}
	return t.Access
}

// Set sets the access token or the refresh token, as Of names them.
func (t *Tokens) Set(kind, token string) {
	if kind == "refresh_token" {
		t.Refresh = token
		return
	}
	t.Access = token
}

// TokenResponse is a successful answer of the token endpoint (RFC 6749 section 5.1).
type TokenResponse struct {
	JSON      string // as the server sent it, to the byte; a form is rewritten as JSON in its order
	Tokens           // what it brought
	ScopeSent bool   // the server named the scope; if not, it is the one asked for
}

// Exchange redeems the authorization code with the code verifier (RFC 6749 section 4.1.3, RFC 7636
// section 4.5). The error is an *Error.
func (c *Client) Exchange(ctx context.Context, r *Request, code string) (*TokenResponse, error) {
	md, err := c.metadataFor(ctx, r)
	if err != nil {
		return nil, err
	}
	req, err := c.tokenRequest(md, r, code)
	if err != nil {
		return nil, err
	}
	e, err := c.wire.Do(req.WithContext(wire.For(ctx, wire.TokenRequest)))
	if err != nil {
		return nil, c.unreachable(wire.TokenRequest, "token endpoint", md.Token, err)
	}
	response, fault := parseTokenResponse(e, md.MaySendAsForm)
	if refusesTokens(e, fault) {
		return nil, c.tokenRefused(e)
	}
	if fault != nil {
		return nil, c.badTokenResponse(wire.TokenRequest, e, fault)
	}
	return response, nil
}

// TokenRequest is the request that Exchange would send now, byte for byte. It is not sent. The error is
// an *Error.
func (c *Client) TokenRequest(ctx context.Context, r *Request, code string) (*wire.Exchange, error) {
	md, err := c.metadataFor(ctx, r)
	if err != nil {
		return nil, err
	}
	req, err := c.tokenRequest(md, r, code)
	if err != nil {
		return nil, err
	}
	ctx, rec := wire.Record(wire.For(context.Background(), wire.TokenRequest)) // no part of the login's own record
	c.wire.Unsent().Do(req.WithContext(ctx))
	e := rec.Last()
	return &wire.Exchange{Purpose: e.Purpose, Method: e.Method, URL: e.URL, RequestHeader: e.RequestHeader, RequestBody: e.RequestBody}, nil
}

// tokenRequest is the request for the code's tokens, with the client's authentication and the code verifier. x/oauth2
// makes it, and hands it over instead of sending it: what comes back is read as strictly as RFC 6749 section 5.1 asks,
// and once. The error is an *Error.
func (c *Client) tokenRequest(md *Metadata, r *Request, code string) (*http.Request, error) {
	var made handedOver
	ctx := context.WithValue(context.Background(), oauth2.HTTPClient, &http.Client{Transport: &made})
	options := []oauth2.AuthCodeOption{oauth2.VerifierOption(r.Verifier)}
	if resource := r.Extra["resource"]; resource != "" { // RFC 8707 section 2.2
		options = append(options, oauth2.SetAuthURLParam("resource", resource))
	}
	c.oauth2Config(md, nil).Exchange(ctx, code, options...)
	if made.request == nil {
		return nil, &Error{Step: wire.TokenRequest, Code: CodeServerError, Description: "The token request cannot be made."}
	}
	return made.request, nil
}

// handedOver is where a library's request ends: it is kept, and not sent.
type handedOver struct{ request *http.Request }

func (h *handedOver) RoundTrip(req *http.Request) (*http.Response, error) {
	h.request = req
	return nil, errHandedOver
}

var errHandedOver = errors.New("the request is sent elsewhere")

// parseTokenResponse reads and checks a token response. The error completes "the token endpoint
// answered 200, but …".
func parseTokenResponse(e *wire.Exchange, formAllowed bool) (*TokenResponse, error) {
	body, err := tokenBody(e, formAllowed)
	if err != nil {
		return nil, err
	}
	o, err := wire.ParseObject(body)
	if err != nil {
		return nil, err
	}
	t := &TokenResponse{JSON: body, ScopeSent: o.Has("scope"), Tokens: Tokens{Access: o.Text("access_token"), Refresh: o.Text("refresh_token"),
		ID: o.Text("id_token"), Scope: o.Text("scope")}}
	if err := t.check(o); err != nil {
		return nil, err
	}
	seconds, err := parseExpiresIn(o.Raw("expires_in"))
	if err != nil {
		return nil, err
	}
	if seconds > 0 {
		t.Expires = e.Began.Add(e.Took).Add(time.Duration(seconds) * time.Second)
	}
	return t, nil
}

// check refuses a token response that is an error, or has a token that cannot be used.
func (t *TokenResponse) check(o *wire.Object) error {
	const inToken = "with a token that has characters no token may have (RFC 6749 appendix A.12)"
	refusal, kind := o.Text("error"), o.Text("token_type")
	switch {
	case o.Err() != nil:
		return o.Err()
	case refusal != "":
		return faulty("error", "with an error (RFC 6749 section 5.2)")
	case t.Access == "":
		return withoutAccessToken(t.JSON)
	case !visibleASCII(t.Access):
		return faulty("access_token", inToken)
	case !visibleASCII(t.Refresh):
		return faulty("refresh_token", inToken)
	case !o.Has("token_type"):
		return faulty("token_type", "without a token_type (RFC 6749 section 5.1)")
	case !strings.EqualFold(kind, "bearer"):
		return faulty("token_type", "with the token_type %q, which this client cannot use (RFC 6749 section 7.1)", kind)
	}
	return nil
}

// withoutAccessToken says what a token response writes instead of an access token.
func withoutAccessToken(body string) error {
	if other := wire.Misspelled([]byte(body), "access_token"); other != "" {
		return faulty("access_token", "without an access_token: it writes %q, and names are case sensitive (RFC 6749 section 5.1), "+
			"so most clients cannot use it", other)
	}
	return faulty("access_token", "without an access_token (RFC 6749 section 5.1)")
}

// tokenBody returns the token response as a JSON object.
func tokenBody(e *wire.Exchange, formAllowed bool) (string, error) {
	mediaType := e.MediaType()
	switch {
	case mediaType == "application/json", strings.HasSuffix(mediaType, "+json"):
		return e.ResponseBody, nil
	case mediaType == "application/x-www-form-urlencoded" && formAllowed:
		return formAsJSON(e.ResponseBody)
	}
	return "", fmt.Errorf("with the content type %q instead of application/json (RFC 6749 section 5.1)", mediaType)
}

// formAsJSON rewrites a form as a JSON object of strings, in the same order.
func formAsJSON(form string) (string, error) {
	var out strings.Builder
	for i, pair := range strings.Split(form, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			return "", fmt.Errorf("with a form that cannot be read")
		}
		value, err = url.QueryUnescape(value)
		if err != nil {
			return "", fmt.Errorf("with a form that cannot be read")
		}
		quotedName, _ := json.Marshal(name) // a string always can
		quotedValue, _ := json.Marshal(value)
		if i > 0 {
			out.WriteByte(',')
		}
		out.Write(quotedName)
		out.WriteByte(':')
		out.Write(quotedValue)
	}
	return "{" + out.String() + "}", nil
}

// parseExpiresIn reads the lifetime in seconds, which some servers send as a string.
func parseExpiresIn(raw string) (int64, error) {
	text := strings.Trim(raw, `"`)
	if text == "" {
		return 0, nil
	}
	seconds, err := json.Number(text).Int64()
	if err != nil || seconds < 0 {
		return 0, faulty("expires_in", "with an expires_in of %s, which is not a number of seconds (RFC 6749 section 5.1)", raw)
	}
	return min(seconds, 100*365*24*3600), nil // beyond a century a time.Duration would overflow
}

// visibleASCII reports whether a token has only the characters that RFC 6749 appendix A allows.
func visibleASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

// granted reports whether the response grants a scope that was asked for.
func (t *TokenResponse) granted(scope string, asked []string) bool {
	if !t.ScopeSent {
		return slices.Contains(asked, scope) // RFC 6749 section 5.1: omitted means as asked
	}
	return slices.Contains(strings.Fields(t.Scope), scope)
}
