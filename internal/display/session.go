package display

import (
	"net/http"
	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/session"
	"oauth-test-client/internal/wire"
	"time"
)

// Session is what is held of a login, and what can be done with it. As JSON it is for programs.
type Session struct {
	Who     string      `json:"signed_in,omitempty"`
	Subject string      `json:"sub,omitempty"`
	Held    []HeldToken `json:"tokens"`
	Actions []Action    `json:"actions"`

	Lead   string  `json:"-"`
	Facts  []Fact  `json:"-"`
	Tokens []Token `json:"-"` // those that are held
}

// NewSession prepares a login. The metadata is nil while the server cannot be found; the API's address may
// be empty.
func NewSession(l *session.Login, md *oauth.Metadata, resourceURL string, now time.Time) Session {
	v := Session{Who: l.Who(), Subject: l.Subject(), Held: held(l), Actions: actions(md, l, resourceURL), Facts: facts(l, now), Tokens: tokens(l, l.Held, now)}
	v.Lead = "A plain OAuth login: " + noIDToken(l) + ", so nothing says who signed in."
	if l.IDToken != nil {
		v.Lead = "The ID token says so: " + wire.Clip(l.Subject(), 100) + " at " + l.IDToken.Issuer + "."
	}
	v.Lead += notGranted(l)
	return v
}

// HeldToken is a token as the session page lists it.
type HeldToken struct {
	Name    string     `json:"name"`
	Held    bool       `json:"held"`
	Expires *time.Time `json:"expires,omitempty"`
	Note    string     `json:"note,omitempty"`

	See causes.Name `json:"see,omitempty"` // a heading of docs/problems.md, for whoever misses something; no fault by itself
}

// Action is a button of the session page.
type Action struct {
	Name     string `json:"name"`
	About    string `json:"about"`
	Method   string `json:"method"`
	Path     string `json:"path"`
	Disabled string `json:"disabled,omitempty"` // why; empty when it can be used
}

// NoRefreshToken says why a login has none.
const NoRefreshToken = "The server issued none. Most servers do when the scope offline_access is asked for and enabled for the " +
	"OAuth application; Google also wants /login?prompt=consent."

// held lists the three kinds of token, each with what it is good for or why it is not held.
func held(l *session.Login) []HeldToken {
	access := HeldToken{Name: "Access token", Held: l.Held.Access != "", Note: "opens the API"}
	if !l.Held.Expires.IsZero() {
		access.Expires = &l.Held.Expires
	}
	switch {
	case !access.Held:
		access.Note = "It was revoked."
	case oauth.Decode(l.Held.Access).Opaque:
		access.Note, access.See = "opens the API; it is opaque, so an API that wants a JWT refuses it", causes.AccessTokenOpaque
	}
	refresh := HeldToken{Name: "Refresh token", Held: l.Held.Refresh != "", Note: "brings a new access token; the server does not say when it expires"}
	switch {
	case !refresh.Held && l.Response.Refresh != "":
		refresh.Note = "It was revoked."
	case !refresh.Held:
		refresh.Note, refresh.See = NoRefreshToken, causes.NoRefreshToken
	}
	id := HeldToken{Name: "ID token", Held: l.Held.ID != "", Note: "says who signed in"}
	if expires := oauth.ExpiryOf(l.Held.ID); !expires.IsZero() {
		id.Expires = &expires
	}
	if !id.Held {
		id.Note, id.See = "There is none: "+noIDToken(l)+".", causes.OpenIDMissing
	}
	return []HeldToken{access, refresh, id}
}

// actions lists what can be done with a login, each with the reason if it cannot. The metadata is nil while the
// server cannot be found.
func actions(md *oauth.Metadata, l *session.Login, resourceURL string) []Action {
	missing := md == nil
	if missing {
		md = &oauth.Metadata{}
	}
	noAccess, noRefresh, nothing := "", "", ""
	if l.Held.Access == "" {
		noAccess = "no access token is held"
	}
	if l.Held.Refresh == "" {
		noRefresh = "no refresh token is held"
	}
	if noAccess != "" && noRefresh != "" {
		nothing = "no token is held"
	}
	offered := func(endpoint, what string) string {
		switch {
		case missing:
			return "the server cannot be found"
		case endpoint == "":
			return "the server names no " + what + " endpoint"
		}
		return ""
	}
	resource := ""
	if resourceURL == "" {
		resource = "RESOURCE_URL is not set"
	}
	reason := func(reasons ...string) string {
		for _, r := range reasons {
			if r != "" {
				return r
			}
		}
		return ""
	}
	return []Action{
		{"Ask userinfo", "who signed in, by the access token", http.MethodGet, "/userinfo", reason(offered(md.Userinfo, "userinfo"), noAccess)},
		{"Call the API", "with the access token", http.MethodGet, "/api", reason(resource, noAccess)},
		{"Try wrong tokens", "three tokens that must not open the API, beside the one that should", http.MethodPost, "/api", reason(resource, noAccess)},
		{"Inspect the tokens", "what the server knows of them", http.MethodGet, "/tokeninfo", reason(offered(md.Introspection, "introspection"), nothing)},
		{"Refresh", "get a new access token", http.MethodPost, "/refresh", noRefresh},
		{"Revoke", "end the tokens at the server", http.MethodPost, "/revoke", reason(offered(md.Revocation, "revocation"), nothing)},
		{"Try to misuse it", "what the server lets pass: nine tries, most with a login of their own", http.MethodGet, "/misuse", ""},
		{"Sign out", "here, and at the server if it offers that", http.MethodPost, "/logout", ""},
	}
}
