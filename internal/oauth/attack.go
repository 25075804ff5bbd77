package oauth

import (
	"context"
	"net/url"

	"oauth-test-client/internal/wire"
)

// Theft is the outcome of the attempt to redeem a stolen code.
type Theft struct {
	Exchange *wire.Exchange // without the tokens, if it brought any
	Tokens   bool           // the thief got tokens
	Revoked  bool           // and all of them were revoked
}

// StealCode redeems the code of a login as a thief would: with a copied code and the client's credentials, but with a
// different code verifier (RFC 7636 section 1). If the thief gets tokens, StealCode revokes them where the server
// offers that, and returns none. The error is an *Error.
func (c *Client) StealCode(ctx context.Context, r *Request, code string) (*Theft, error) {
	md, err := c.metadataFor(ctx, r)
	if err != nil {
		return nil, err
	}
	stolen := *r
	stolen.Verifier = NewVerifier()
	req, err := c.tokenRequest(md, &stolen, code)
	if err != nil {
		return nil, err
	}
	e, err := c.wire.Do(req.WithContext(wire.For(ctx, wire.StolenCode)))
	if err != nil {
		return nil, c.Unreachable(wire.StolenCode, "token endpoint", md.Token, err)
	}
	tokens := tokensIn(e)
	given := tokens != Tokens{}
	kept := *e
	if e.Status/100 == 2 || len(kept.ResponseBody) > maxAttackBody {
		kept.ResponseBody, kept.ResponseHeader = "", "" // tokens are never kept, however they are written
	}
	theft := &Theft{Exchange: &kept, Tokens: given}
	if !given {
		return theft, nil
	}
	kept.Fault = "The server does not enforce PKCE: it answered a wrong code verifier with tokens (RFC 7636 section 4.6)."
	theft.Revoked = true
	for _, kind := range []string{"refresh_token", "access_token"} {
		if token := tokens.Of(kind); token != "" {
			e, err := c.Revoke(ctx, kind, token)
			theft.Revoked = theft.Revoked && err == nil && e.Succeeded()
		}
	}
	return theft, nil
}

// RefusesCode reports whether an answer refuses the code, for any reason (RFC 6749 section 5.2).
func RefusesCode(e *wire.Exchange) bool {
	return e.Status/100 == 4 && e.Refusal().Code == "invalid_grant"
}

// maxAttackBody is the number of bytes that are kept of an answer to an attack.
const maxAttackBody = 16 << 10

// tokensIn returns the tokens of a successful answer, or none.
func tokensIn(e *wire.Exchange) Tokens {
	if !e.Succeeded() {
		return Tokens{}
	}
	o, err := wire.ParseObject(e.ResponseBody)
	if err != nil {
		form, _ := url.ParseQuery(e.ResponseBody) // as much as can be parsed
		return Tokens{Access: form.Get("access_token"), Refresh: form.Get("refresh_token"), ID: form.Get("id_token")}
	}
	t := Tokens{Access: o.Text("access_token"), Refresh: o.Text("refresh_token"), ID: o.Text("id_token")}
	for name := range o.Names() { // Slack's tokens of a user are in its authed_user
		if inner, err := wire.ParseObject(o.Raw(name)); err == nil && t.Access == "" {
			t.Access, t.Refresh = inner.Text("access_token"), inner.Text("refresh_token")
		}
	}
	return t
}
