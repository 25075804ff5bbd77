package causes

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
	challenges, said := SaidByAPI(e)
	r := refusal{cfg: cfg, exchange: e, challenges: challenges, token: token, granted: granted, words: strings.ToLower(said), now: now}
	f := r.explain()
	f.Check = "api"
	if f.Result != OK {
		f.Server = wire.Clip(cfg.Hide(said), 300)
	}
	return APIAnswer{Finding: f, RuledOut: r.ruledOut(f), Untold: r.untold(f)}
}

// saidByAPI is what an API says in an answer: its challenges, and all its words, the code first.
func SaidByAPI(e *wire.Exchange) (challenges []wire.Challenge, said string) {
	challenges, said = e.Challenges(), strings.TrimSpace(e.Words())
	for _, challenge := range challenges {
		if more := challenge.Params["error_description"]; !strings.Contains(said, more) { // most APIs say it twice
			said = strings.TrimSpace(said + " " + more)
		}
		if code := challenge.Params["error"]; !strings.Contains(said, code) {
			said = strings.TrimSuffix(code+": "+said, ": ")
		}
	}
	return challenges, said
}

// explain looks for what stands in front of the API first, then at what the API says, then at the token.
func (r *refusal) explain() Finding {
	if f, found := r.inFront(); found {
		return f
	}
	if r.exchange.ErrorInside() {
		f := Warning("the API answers %d with an error of its own, so nothing shows that the token is good", r.exchange.Status)
		f.Fix = "its own words say what it wants; the token may be fine"
		return f
	}
	if r.exchange.Status/100 == 2 {
		return Proved("the API opened")
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
	isPage := IsPage(e)
	const fix = "set RESOURCE_URL to an address that goes to the API itself, or let this route through"
	switch to := ApiAt(r.cfg.ResourceURL, e); {
	case to != "":
		return MovedTo(to), true
	case e.Status/100 == 3:
		return refusedBecause(APIBehindASignInPage, fix, "a redirect answers before the API does: the token never reached it")
	case isPage && e.Status/100 == 2:
		return refusedBecause(APIBehindASignInPage, fix, "a page answers, not an API: a sign-in page, most likely")
	case isPage && len(r.challenges) == 0 && (e.Status == http.StatusForbidden || e.Status == http.StatusUnauthorized):
		return refusedBecause(APIBehindASignInPage, fix,
			"a page with %d and without a challenge answers: a firewall or a sign-in page is in front of the API", e.Status)
	}
	return Finding{}, false
}

// isPage reports an answer for people, which no API gives to a program.
func IsPage(e *wire.Exchange) bool {
	return strings.Contains(strings.ToLower(e.ResponseHeader.Get("Content-Type")), "html")
}

// apiAt is where a redirect leads to the API itself, under another scheme or host name or but for a slash at
// the end; "" when it leads elsewhere, or when there is none.
func ApiAt(address string, e *wire.Exchange) string {
	from, err := url.Parse(address)
	location := e.ResponseHeader.Get("Location")
	if err != nil || e.Status/100 != 3 || location == "" {
		return ""
	}
	to, err := from.Parse(location)
	if err != nil || wire.WithoutQuery(to.String()) == wire.WithoutQuery(from.String()) {
		return ""
	}
	path := strings.TrimSuffix(from.Path, "/")
	if strings.TrimSuffix(to.Path, "/") != path || path == "" && to.Hostname() != from.Hostname() { // which may be a sign-in's
		return ""
	}
	return wire.Clip(wire.WithoutQuery(to.String()), 200)
}

// movedTo is the finding that the API is there.
func MovedTo(address string) Finding {
	f := Failing("RESOURCE_URL", "write RESOURCE_URL="+address, "", "the API is at another address: %s", address).As(APIUnreachable)
	f.Line = "RESOURCE_URL=" + address
	return f
}

// moved finds an address or a method that the API does not know.
func (r *refusal) moved() (Finding, bool) {
	switch r.exchange.Status {
	case http.StatusNotFound, http.StatusGone:
		return refusedBecause(APIUnreachable, "check the path of RESOURCE_URL", "there is no API at this path (%d)", r.exchange.Status)
	case http.StatusMethodNotAllowed:
		return refusedBecause(APIUnreachable, "set RESOURCE_URL to an address that answers GET", "the API does not answer GET here (405)")
	case http.StatusBadRequest:
		if r.exchange.Method == http.MethodPost && len(r.challenges) == 0 { // with a challenge it is about the token
			f := Warning("the API does not understand the call (400), which says nothing about the token")
			f.Fix = "its own words say what it wants instead; the token may be fine"
			return f, true
		}
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
		return refusedBecause(APIScopeMissing, "ask for the scope that the API wants: add it to SCOPES and sign in again",
			"the access token lacks a scope")
	}
	list := wire.Clip(strings.Join(missing, " "), 200)
	fix := "add " + list + " to SCOPES, enable it for the OAuth application, and sign in again"
	if r.cfg.AtAPI {
		fix = "sign in for it, too, where this page offers that; the server decides whether this user may have it"
	}
	f, found := refusedBecause(APIScopeMissing, fix, "the access token lacks the scope %s", list)
	f.Setting = "SCOPES"
	if !r.cfg.AtAPI {
		f.Line = wire.Clip(scopesLine(slices.Concat(r.cfg.Scopes, missing)), 300)
	}
	return f, found
}

// scheme finds an API that wants no bearer token.
func (r *refusal) scheme() (Finding, bool) {
	if len(r.challenges) == 0 || slices.ContainsFunc(r.challenges, func(c wire.Challenge) bool { return strings.EqualFold(c.Scheme, "Bearer") }) {
		return Finding{}, false
	}
	return refusedBecause(APIWantsAnotherScheme, "the API must take bearer tokens (RFC 6750), or this is not the API",
		"the API wants %s, not a bearer token", wire.Clip(r.challenges[0].Scheme, 40))
}
