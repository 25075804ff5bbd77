package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"oauth-test-client/internal/wire"
)

// Userinfo asks who the user is (OpenID Connect Core section 5.3). The answer must be about the user of the ID token, which
// is nil for a plain OAuth login. The error is an *Error.
func (c *Client) Userinfo(ctx context.Context, access string, id *IDToken) (*wire.Exchange, error) {
	md, err := c.Metadata(ctx)
	if err != nil {
		return nil, err
	}
	if md.Userinfo == "" {
		return nil, notOffered(wire.Userinfo)
	}
	e, err := c.getAs(wire.For(ctx, wire.Userinfo), md.Userinfo, access)
	if e, err = c.Answered(wire.Userinfo, "userinfo endpoint", md.Userinfo, e, err); err != nil {
		return nil, err
	}
	if e.Status == http.StatusOK {
		err = c.checkUserinfo(ctx, md, id, e)
	}
	return e, err
}

// checkUserinfo refuses an answer about a different user: its sub must be the ID token's (OpenID Connect Core section
// 5.3.2). It verifies a signed answer first.
func (c *Client) checkUserinfo(ctx context.Context, md *Metadata, id *IDToken, e *wire.Exchange) error {
	body := []byte(e.ResponseBody)
	if e.MediaType() == "application/jwt" {
		payload, err := c.verifyUserinfo(ctx, md, e.ResponseBody)
		if err != nil {
			return c.badUserinfo(UserinfoUnverifiable, e, c.Sanitized(err.Error(), 500))
		}
		body = payload
	}
	if id == nil {
		return nil // a plain OAuth login: nothing to compare with, and perhaps no OpenID Connect
	}
	var claims struct {
		Subject *string `json:"sub"`
	}
	if err := wire.UnmarshalObject(body, &claims); err != nil {
		failed := c.badUserinfo(UserinfoMalformed, e, c.Sanitized(err.Error(), 500))
		if wrong, ok := errors.AsType[*wire.MemberError](err); ok {
			failed.Member = wrong.Name
		}
		return failed
	}
	if claims.Subject == nil {
		return c.badUserinfo(SubjectAbsent, e, "sub is missing, so it does not say who the user is (OpenID Connect Core section 5.3.2)")
	}
	if *claims.Subject != id.Subject {
		return c.badUserinfo(SubjectDiffers, e, fmt.Sprintf("it is about a different user: its sub is %q, the ID token's is %q (OpenID Connect Core "+
			"section 5.3.2)", c.Sanitized(*claims.Subject, 100), c.Sanitized(id.Subject, 100)))
	}
	return nil
}

func (c *Client) badUserinfo(kind Kind, e *wire.Exchange, what string) *Error {
	return &Error{Step: wire.Userinfo, Kind: kind, Answer: c.AnswerOf(e), Code: CodeInvalidUserinfo,
		Description: "The userinfo response cannot be used: " + what + "."}
}

// verifyUserinfo verifies a signed userinfo response, including iss and aud if they are present.
func (c *Client) verifyUserinfo(ctx context.Context, md *Metadata, raw string) ([]byte, error) {
	header, claims, err := parseIDToken(raw)
	if err != nil {
		return nil, errors.New("it " + err.Error())
	}
	if !slices.Contains(SigningAlgorithms, header.Algorithm) {
		return nil, fmt.Errorf("it is signed with %q, which proves nothing", header.Algorithm)
	}
	jws, err := jose.ParseSignedCompact(raw, joseAlgs)
	if err != nil {
		return nil, errors.New("it is not a signed JWT")
	}
	payload, _, fault := c.keys.verify(ctx, md.JWKS, jws)
	switch {
	case fault != nil:
		return nil, fault
	case claims.Issuer != nil && *claims.Issuer != md.Issuer:
		return nil, fmt.Errorf("it comes from the issuer %q", *claims.Issuer)
	case claims.hasAudience && !slices.Contains(claims.Audience, c.cfg.ClientID):
		return nil, errors.New("it is for a different client")
	}
	return payload, nil
}

// Introspect asks the server about a token (RFC 7662 section 2). The kind is access_token or refresh_token. The error is an
// *Error.
func (c *Client) Introspect(ctx context.Context, kind, token string) (*wire.Exchange, error) {
	md, err := c.Metadata(ctx)
	if err != nil {
		return nil, err
	}
	if md.Introspection == "" {
		return nil, notOffered(wire.Introspection)
	}
	e, err := c.post(wire.For(ctx, wire.Introspection), md, md.IntrospectionAuthMethods, md.Introspection, kind, token)
	return c.Answered(wire.Introspection, "introspection endpoint", md.Introspection, e, err)
}

// Revoke revokes a token (RFC 7009 section 2). The kind is access_token or refresh_token. The error is an *Error.
func (c *Client) Revoke(ctx context.Context, kind, token string) (*wire.Exchange, error) {
	md, err := c.Metadata(ctx)
	if err != nil {
		return nil, err
	}
	if md.Revocation == "" {
		return nil, notOffered(wire.Revocation)
	}
	e, err := c.post(wire.For(ctx, wire.Revocation), md, md.RevocationAuthMethods, md.Revocation, kind, token)
	return c.Answered(wire.Revocation, "revocation endpoint", md.Revocation, e, err)
}

// Refresh exchanges the refresh token for new tokens (RFC 6749 section 6), and verifies an ID token that comes with them.
// If the server refused, the token response is nil, and RefusedRefresh reads the answer. The error is an *Error.
func (c *Client) Refresh(ctx context.Context, held Tokens, r *Request, id *IDToken) (*wire.Exchange, *TokenResponse, error) {
	md, err := c.metadataFor(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {held.Refresh}}
	if resource := r.parameter("resource"); resource != "" && c.cfg.AtAPI { // RFC 8707 section 2.2
		form.Set("resource", resource)
	}
	e, err := c.PostAs(wire.For(ctx, wire.Refresh), c.Credentials(md), md.Token, form)
	if e, err = c.Answered(wire.Refresh, "token endpoint", md.Token, e, err); err != nil {
		return nil, nil, err
	}
	response, fault := parseTokenResponse(e, md.MaySendAsForm)
	if refusesTokens(e, fault) {
		return e, nil, nil
	}
	if fault != nil {
		return nil, nil, c.badTokenResponse(wire.Refresh, e, fault)
	}
	response.splitScope(r.Scopes)
	response.Warnings = c.NoteWarnings(ctx, e, response.Warnings)
	if response.ID != "" {
		if err := c.checkRefreshedIDToken(ctx, r, id, response); err != nil {
			return nil, nil, err
		}
	}
	return e, response, nil
}

// RefusedRefresh returns the error in an answer that refused a refresh (RFC 6749 section 5.2), of the kind Refused or
// ErrorMisspelled.
func (c *Client) RefusedRefresh(e *wire.Exchange) *Error { return c.tokenRefused(wire.Refresh, e) }

// checkRefreshedIDToken fully verifies an ID token from a refresh. It must be about the same user and the same sign-in
// (OpenID Connect Core section 12.2). It may lack nonce and auth_time, but they must not differ.
func (c *Client) checkRefreshedIDToken(ctx context.Context, r *Request, id *IDToken, response *TokenResponse) error {
	want := expected{MaxAge: -1, AccessToken: response.Access, Refresh: true}
	if id != nil {
		want.Nonce, want.Subject = r.Nonce, id.Subject
		if _, first, err := parseIDToken(id.Raw); err == nil {
			want.AuthTime = first.AuthTime
		}
	}
	_, err := c.verifyIDToken(ctx, response.ID, want)
	return err
}

// ReplacedBy returns the tokens after a refresh: those of the response, and the old ones that it does not replace.
func (t Tokens) ReplacedBy(response *TokenResponse) Tokens {
	next := t
	next.Access, next.Expires = response.Access, response.Expires
	if response.Refresh != "" {
		next.Refresh = response.Refresh
	}
	if response.ID != "" {
		next.ID = response.ID
	}
	if response.ScopeSent {
		next.Scope = response.Scope
	}
	return next
}

// Without returns the tokens that remain after those of gone were revoked. A token that has come from a refresh since is a
// different one, and stays.
func (t Tokens) Without(gone Tokens) Tokens {
	if t.Refresh == gone.Refresh {
		t.Refresh = ""
	}
	if t.Access == gone.Access {
		t.Access, t.Expires = "", time.Time{}
	}
	return t
}

// ProtectedResource returns the address where an access token can be tried: RESOURCE_URL, or else the server's userinfo
// endpoint, or "" if there is neither.
func (c *Client) ProtectedResource() string {
	md, _ := c.Known()
	if c.cfg.ResourceURL != "" || md == nil {
		return c.cfg.ResourceURL
	}
	return md.Userinfo
}

// TryResource calls the protected resource with the access token, then without it, then with an altered one: success with
// the token means something only if the other calls fail (RFC 6750 section 3). The results are in the context's record. It
// sends no token of a different server's login, and none if the server can't be found.
func (c *Client) TryResource(ctx context.Context, r *Request, access string) error {
	if err := c.CheckServer(ctx, r); err != nil {
		return err
	}
	address := c.ProtectedResource()
	if address == "" {
		return notConfigured()
	}
	for _, try := range []struct {
		purpose wire.Purpose
		token   string
	}{{wire.API, access}, {wire.APIWithout, ""}, {wire.APIAltered, Altered(access)}} {
		ctx := wire.For(ctx, try.purpose)
		if c.cfg.ResourceURL != "" {
			c.AskAPI(ctx, try.token) // a failure is in the record, as every answer is
		} else {
			c.getAs(ctx, address, try.token)
		}
	}
	return nil
}

// EndSessionURL returns the address that ends the session at the server (OpenID Connect RP-Initiated Logout section 2), or
// "" if the login's server offers none or can't be found. The ID token tells the server who signs out, and the state comes
// back with the browser.
func (c *Client) EndSessionURL(ctx context.Context, r *Request, idToken, state string) string {
	md, err := c.metadataFor(ctx, r)
	if err != nil {
		return ""
	}
	query := url.Values{"client_id": {c.cfg.ClientID}, "post_logout_redirect_uri": {c.cfg.AfterLogout()}, "state": {state}}
	if idToken != "" {
		query.Set("id_token_hint", idToken)
	}
	return md.EndSessionWith(query)
}

// EndSessionWith returns the address of the end_session_endpoint with parameters, or "" if there is none. It keeps the
// endpoint's own query.
func (md *Metadata) EndSessionWith(parameters url.Values) string {
	u, err := url.Parse(md.EndSession)
	if err != nil || md.EndSession == "" {
		return "" // the metadata has been checked
	}
	query := u.Query()
	for name := range parameters {
		query.Set(name, parameters.Get(name))
	}
	u.RawQuery = query.Encode()
	return u.String()
}
