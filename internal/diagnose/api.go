package diagnose

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// APIAnswer is why an API refused an access token, or that it did not.
type APIAnswer struct {
	Finding
	RuledOut []string `json:"ruled_out,omitempty"` // what was looked at, and is in order
	Untold   []string `json:"not_known,omitempty"` // what nobody but the API or the server can look at
}

// refusal is an API's no, and the token that it was said to.
type refusal struct {
	cfg        config.Config
	exchange   *wire.Exchange
	challenges []wire.Challenge
	token      *oauth.AccessToken
	granted    []string // the scopes of the login
	words      string   // the API's, in lower case
	now        time.Time
}

// ExplainAPI says why the API answered as it did to the access token. A 2xx needs no explanation, unless
// it is a page where an API should be.
func ExplainAPI(cfg config.Config, e *wire.Exchange, token *oauth.AccessToken, granted []string, now time.Time) APIAnswer {
	challenges, said := saidByAPI(e)
	r := refusal{cfg: cfg, exchange: e, challenges: challenges, token: token, granted: granted, words: strings.ToLower(said), now: now}
	f := r.explain()
	f.Check = "api"
	if f.Result != OK {
		f.Server = wire.Clip(cfg.Hide(said), 300)
	}
	return APIAnswer{Finding: f, RuledOut: r.ruledOut(f), Untold: r.untold(f)}
}

// saidByAPI is what an API says in an answer: its challenges, and all its words.
func saidByAPI(e *wire.Exchange) (challenges []wire.Challenge, said string) {
	for _, value := range e.ResponseHeader.Values("WWW-Authenticate") {
		challenges = append(challenges, wire.ParseChallenges(value)...)
	}
	said = e.Words()
	for _, challenge := range challenges {
		said += " " + challenge.Params["error"] + " " + challenge.Params["error_description"]
	}
	return challenges, strings.TrimSpace(said)
}

// explain looks for what stands in front of the API first, then at what the API says, then at the token.
func (r *refusal) explain() Finding {
	if f, found := r.inFront(); found {
		return f
	}
	if r.exchange.Status/100 == 2 {
		return proved("the API opened")
	}
	for _, look := range []func() (Finding, bool){r.moved, r.scope, r.scheme, r.said, r.fromToken} {
		if f, found := look(); found {
			return f
		}
	}
	return r.unknown()
}

func refusedBecause(name Name, fix, format string, args ...any) (Finding, bool) {
	return Finding{Result: Fail, Name: name, Found: fmt.Sprintf(format, args...), Setting: "RESOURCE_URL", Fix: fix}, true
}

// inFront finds a page, or a redirect to one, where the API should answer.
func (r *refusal) inFront() (Finding, bool) {
	e := r.exchange
	isPage := isPage(e)
	const fix = "call an address that goes to the API itself, or let this route through"
	switch {
	case e.Status/100 == 3 && r.sameButScheme(e.ResponseHeader.Get("Location")):
		return r.movedTo(e.ResponseHeader.Get("Location"))
	case e.Status/100 == 3:
		return refusedBecause(APIBehindASignInPage, fix, "a redirect answers before the API does: the token never reached it")
	case isPage && e.Status/100 == 2:
		return refusedBecause(APIBehindASignInPage, fix, "a page answers, not an API: a sign-in page, most likely")
	case isPage && len(r.challenges) == 0 && (e.Status == http.StatusForbidden || e.Status == http.StatusUnauthorized):
		return refusedBecause(APIBehindASignInPage, fix, "a page with %d and without a challenge answers: a firewall or a sign-in page is in front of the API", e.Status)
	}
	return Finding{}, false
}

// isPage reports an answer for people, which no API gives to a program.
func isPage(e *wire.Exchange) bool {
	return strings.HasPrefix(strings.ToLower(e.ResponseHeader.Get("Content-Type")), "text/html")
}

// sameButScheme reports a redirect to the API itself, under another scheme or host name.
func (r *refusal) sameButScheme(location string) bool {
	from, errFrom := url.Parse(r.cfg.ResourceURL)
	to, errTo := url.Parse(location)
	return errFrom == nil && errTo == nil && to.Host != "" && (to.Scheme != from.Scheme || to.Host != from.Host) &&
		strings.TrimSuffix(to.Path, "/") == strings.TrimSuffix(from.Path, "/")
}

func (r *refusal) movedTo(location string) (Finding, bool) {
	f, found := refusedBecause(APIUnreachable, "write RESOURCE_URL="+wire.Clip(wire.WithoutQuery(location), 200), "the API is at another scheme or host: %s", wire.Clip(wire.WithoutQuery(location), 200))
	f.Line = "RESOURCE_URL=" + wire.Clip(wire.WithoutQuery(location), 200)
	return f, found
}

// moved finds an address or a method that the API does not know.
func (r *refusal) moved() (Finding, bool) {
	switch r.exchange.Status {
	case http.StatusNotFound, http.StatusGone:
		return refusedBecause(APIUnreachable, "check the path of RESOURCE_URL", "there is no API at this path (%d)", r.exchange.Status)
	case http.StatusMethodNotAllowed:
		return refusedBecause(APIUnreachable, "set RESOURCE_URL to an address that answers GET", "the API does not answer GET here (405)")
	}
	return Finding{}, false
}

// scope finds a scope that is missing (RFC 6750 section 3.1).
func (r *refusal) scope() (Finding, bool) {
	wanted := ""
	insufficient := strings.Contains(r.words, "insufficient") && strings.Contains(r.words, "scope")
	for _, challenge := range r.challenges {
		if challenge.Params["error"] == "insufficient_scope" {
			insufficient, wanted = true, challenge.Params["scope"]
		}
	}
	if !insufficient {
		return Finding{}, false
	}
	missing := slices.DeleteFunc(strings.Fields(wanted), func(s string) bool { return slices.Contains(r.granted, s) })
	if len(missing) == 0 {
		return refusedBecause(APIScopeMissing, "ask for the scope that the API wants: add it to SCOPES and sign in again", "the access token lacks a scope")
	}
	list := wire.Clip(strings.Join(missing, " "), 200)
	f, found := refusedBecause(APIScopeMissing, "add "+list+" to SCOPES, enable it for the OAuth application, and sign in again", "the access token lacks the scope %s", list)
	f.Setting = "SCOPES"
	return f, found
}

// scheme finds an API that wants no bearer token.
func (r *refusal) scheme() (Finding, bool) {
	if len(r.challenges) == 0 || slices.ContainsFunc(r.challenges, func(c wire.Challenge) bool { return strings.EqualFold(c.Scheme, "Bearer") }) {
		return Finding{}, false
	}
	return refusedBecause(APIWantsAnotherScheme, "the API must take bearer tokens (RFC 6750), or this is not the API", "the API wants %s, not a bearer token", wire.Clip(r.challenges[0].Scheme, 40))
}

// apiWords are what APIs say about a token that they refuse, and what it means.
var apiWords = []struct {
	words []string // any of them
	name  Name
}{
	{[]string{"audience", "aud claim", "for another api", "'aud'", `"aud"`, "idx10214"}, APIWantsAnotherAudience},
	{[]string{"issuer", "iss claim", "'iss'", `"iss"`, "idx10205"}, APIWantsAnotherIssuer},
	{[]string{"expired", "idx10223", "exp claim"}, APITokenExpired},
	{[]string{" id token", " id_token"}, APIAcceptsIDToken},
	{[]string{"invalid compact jws", "not a jwt", "malformed", "number of segments", "idx12741", "is no jwt", "must be a jwt", "wants a jwt", "jwt is expected"}, APIWantsAJWT},
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
		return refusedBecause(APIWantsAnotherAudience, "the server sent an ID token where an access token belongs: name the API in the login (audience or resource)", "the access token is an ID token, for this client and not for the API")
	case t.ForItsAPI && hostOf(r.cfg.ResourceURL) != "graph.microsoft.com":
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
		if audience == "" {
			audience = "nobody: it has no aud"
		}
		return refusedBecause(name, "name the API in the login: /login?resource="+wire.Clip(r.cfg.ResourceURL, 200)+", or audience= at Auth0", "the access token is for %s, not for this API", audience)
	case APIWantsAnotherIssuer:
		return refusedBecause(name, "configure "+wire.Clip(r.cfg.Issuer, 200)+" as the issuer in the API, or sign in at the server that it trusts", "the API trusts another issuer than %s", wire.Clip(t.Issuer, 200))
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
		return refusedBecause(name, "have access tokens issued as JWTs, or let the API ask the server (introspection)", "the access token is opaque, and the API wants a JWT")
	}
	return refusedBecause(APIWantsAnOpaqueToken, "let the API verify JWTs, or have opaque access tokens issued; if the token was revoked, sign in again",
		"the access token is a JWT, and the API looks tokens up instead")
}

// unknown is a refusal that nothing explains.
func (r *refusal) unknown() Finding {
	f := Finding{Result: Fail, Found: fmt.Sprintf("the API refuses the token (%s)", wire.Clip(r.cfg.Hide(r.exchange.StatusLine()), 200)), Setting: "RESOURCE_URL",
		Fix: "look at the API's own log: what can be seen from here is in order"}
	switch {
	case r.token.Signature == oauth.SignatureWrong:
		f.Found, f.Fix = "the token's signature is not of this server's keys: "+r.token.Why, "that is the authorization server's to mend: it has to publish the key that it signs with"
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
