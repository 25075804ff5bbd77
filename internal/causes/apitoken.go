package causes

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// apiWords are what APIs say about a token that they refuse, and what it means.
var apiWords = []struct {
	words []string // any of them
	name  Name
}{
	{[]string{"audience", "aud claim", "for another api", "'aud'", `"aud"`, "idx10214"}, APIWantsAnotherAudience},
	{[]string{"issuer", "iss claim", "'iss'", `"iss"`, "idx10205"}, APIWantsAnotherIssuer},
	{[]string{"expired", "idx10223", "exp claim"}, APITokenExpired},
	{[]string{" id token", " id_token"}, APIAcceptsIDToken},
	{[]string{"invalid compact jws", "not a jwt", "malformed", "number of segments", "idx12741",
		"is no jwt", "must be a jwt", "wants a jwt", "jwt is expected"}, APIWantsAJWT},
	{[]string{"not active", "inactive", "introspect", "unknown token", "not known", "opaque"}, APIWantsAnOpaqueToken},
}

// said goes by the API's own words, where what they say can be true of this token.
func (r *refusal) said() (Finding, bool) {
	for _, known := range apiWords {
		if slices.ContainsFunc(known.words, func(w string) bool { return strings.Contains(r.words, w) }) && r.possible(known.name) {
			return r.because(known.name)
		}
	}
	return Finding{}, false
}

// possible reports whether a cause can be the cause with this token.
func (r *refusal) possible(name Name) bool {
	switch name {
	case APIWantsAJWT:
		return !r.token.JWT
	case APIWantsAnotherAudience, APIWantsAnotherIssuer:
		return r.token.JWT
	case APIWantsAnOpaqueToken:
		return r.token.JWT && !r.expired()
	case APIAcceptsIDToken:
		return !r.token.IDToken // else it is what the API does not want
	}
	return true
}

// expired reports that the token's exp has passed.
func (r *refusal) expired() bool { return !r.token.Expires.IsZero() && r.now.After(r.token.Expires) }

// fromToken goes by the token alone, where the API does not say: only what is certainly not in order.
func (r *refusal) fromToken() (Finding, bool) {
	t := r.token
	switch {
	case r.expired():
		return r.because(APITokenExpired)
	case t.IDToken:
		return refusedBecause(APIWantsAnotherAudience, "the server sent an ID token where an access token belongs: name the API in the login (audience or resource)",
			"the access token is an ID token, for this client and not for the API")
	case t.ForItsAPI && HostOf(r.cfg.ResourceURL) != "graph.microsoft.com":
		return refusedBecause(APITokenNotVerifiable, "ask for a scope of your own API", "the API cannot verify this token: %s", t.Why)
	case t.JWT && len(t.Audience) > 0 && !r.audienceFits():
		return r.because(APIWantsAnotherAudience)
	}
	return Finding{}, false
}

// audienceFits reports whether the token's audience may mean the API: its address, or the beginning of
// it. Names that are no addresses may mean anything.
func (r *refusal) audienceFits() bool {
	return slices.ContainsFunc(r.token.Audience, func(aud string) bool {
		u, err := url.Parse(aud)
		return err != nil || u.Host == "" || strings.HasPrefix(r.cfg.ResourceURL, aud)
	})
}

// because words a cause.
func (r *refusal) because(name Name) (Finding, bool) {
	t := r.token
	audience := wire.Clip(strings.Join(t.Audience, ", "), 200)
	switch name {
	case APIWantsAnotherAudience:
		if slices.Contains(t.Audience, r.cfg.ResourceURL) {
			f, found := refusedBecause(name, "let the API accept its own address as the audience, or sign in for the audience that it wants: /login?audience=",
				"the access token is for this API, %s, and the API wants another audience", audience)
			f.Setting = "" // RESOURCE_URL is right
			return f, found
		}
		if audience == "" {
			audience = "nobody: it has no aud"
		}
		return refusedBecause(name, "name the API in the login: /login?resource="+wire.Clip(r.cfg.ResourceURL, 200)+", or audience= at Auth0",
			"the access token is for %s, not for this API", audience)
	case APIWantsAnotherIssuer:
		return refusedBecause(name, "configure "+wire.Clip(r.cfg.Issuer, 200)+" as the issuer in the API, or sign in at the server that it trusts",
			"the API trusts another issuer than %s", wire.Clip(t.Issuer, 200))
	case APITokenExpired:
		if t.Expires.IsZero() {
			return refusedBecause(name, "refresh the token, or sign in again", "the API says that the access token has expired")
		}
		if !r.expired() {
			return refusedBecause(name, "set the clock of the API's machine", "the API says that the token has expired, and it has not: the clocks differ")
		}
		return refusedBecause(name, "refresh the token, or sign in again", "the access token expired at %s", t.Expires.UTC().Format(time.RFC3339))
	case APIAcceptsIDToken:
		return refusedBecause(name, "the API must take access tokens: an ID token is for the client (RFC 9068 section 2)", "the API wants an ID token")
	case APIWantsAJWT:
		return refusedBecause(name, "have access tokens issued as JWTs, or let the API ask the server "+
			"(introspection)", "the access token is opaque, and the API wants a JWT")
	}
	return refusedBecause(APIWantsAnOpaqueToken, "let the API verify JWTs, or have opaque access tokens issued; if the token was revoked, sign in again",
		"the access token is a JWT, and the API looks tokens up instead")
}

// unknown is a refusal that nothing explains.
func (r *refusal) unknown() Finding {
	f := Finding{Result: Fail, Setting: "RESOURCE_URL", Fix: "look at the API's own log: what can be seen from here is in order",
		Found: fmt.Sprintf("the API refuses the token (%s)", wire.Clip(r.cfg.Hide(r.exchange.StatusLine()), 200))}
	switch {
	case r.token.Signature == oauth.SignatureWrong:
		f.Found = "the token's signature is not of this server's keys: " + r.token.Why
		f.Fix = "the authorization server has to publish the key that it signs with"
	case len(r.challenges) == 0 && r.exchange.Status == http.StatusUnauthorized:
		f.Name, f.Found = APIChallengeMissing, "the API refuses the token and does not say why"
		f.Fix = "let the API answer 401 with WWW-Authenticate: Bearer and the error (RFC 6750 section 3)"
	}
	return f
}

// ruledOut lists what was looked at and is in order, but for the cause itself.
func (r *refusal) ruledOut(f Finding) []string {
	if f.Result == OK {
		return nil
	}
	var list []string
	add := func(holds bool, about Name, words string) {
		if holds && about != f.Name {
			list = append(list, words)
		}
	}
	t := r.token
	isOurs := func(aud string) bool { return aud != "" && strings.HasPrefix(r.cfg.ResourceURL, aud) }
	add(t.Signature == oauth.SignatureGood, APITokenNotVerifiable, "the signature is of the server's keys")
	add(!t.Expires.IsZero() && !r.expired(), APITokenExpired, "it has not expired")
	add(t.JWT && t.Issuer == r.cfg.Issuer, APIWantsAnotherIssuer, "iss is the server's")
	add(t.JWT && slices.ContainsFunc(t.Audience, isOurs), APIWantsAnotherAudience, "aud is this API's")
	add(t.JWT && !t.IDToken, APIAcceptsIDToken, "it is an access token, and no ID token")
	return list
}

// untold lists what cannot be looked at from here. Nothing is wrong with that, and nobody is accused of it.
func (r *refusal) untold(f Finding) []string {
	if f.Result == OK || f.Name == APITokenNotVerifiable || r.token.Signature != oauth.SignatureUnknown {
		return nil
	}
	return []string{"whether the server issued the token cannot be verified from here: " + r.token.Why}
}
