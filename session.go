package main

import (
	"net/http"
	"strings"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/session"
	"oauth-test-client/internal/wire"
)

// sessionPage is the data of session.html: the tokens of a login, and what can be done with them. As JSON it is for
// programs.
type sessionPage struct {
	layout
	Who      string      `json:"signed_in,omitempty"`
	Subject  string      `json:"sub,omitempty"`
	Held     []heldToken `json:"tokens"`
	Actions  []action    `json:"actions"`
	Warnings []string    `json:"warnings,omitempty"` // what other clients may refuse

	Lead   string       `json:"-"`
	Facts  []fact       `json:"-"`
	Tokens []shownToken `json:"-"` // those that are held
	SignIn signIn       `json:"-"`
	Env    string       `json:"-"` // the lines of .env that keep a registered client
}

// handleSession shows who signed in, the tokens, and what can be done with them.
func (s *server) handleSession(w http.ResponseWriter, r *http.Request) error {
	l, err := s.current(w, r)
	if err != nil {
		return err
	}
	md, _ := s.oauth.Metadata(r.Context()) // nil when another process found it and this one cannot
	data := sessionPage{
		layout:   s.page(r, "Your session"),
		Who:      l.Who(),
		Subject:  l.Subject(),
		Held:     held(l, s.cfg),
		Actions:  actions(md, l, s.cfg.ResourceURL),
		Warnings: l.Warnings(),
		Lead:     sessionLead(l),
		Facts:    facts(l, s.now()),
		Tokens:   shownTokens(l, l.Held, s.now()),
		SignIn:   s.signIn("Sign in again"),
		Env:      envLines(s.cfg),
	}
	data.SignIn.Second = true
	data.SignIn.keep(l.Request)
	return s.respond(w, r, http.StatusOK, "session.html", data)
}

// sessionLead says who signed in and how we know, and which scopes the login lacks.
func sessionLead(l *session.Login) string {
	says := "A plain OAuth login. Nothing says who signed in, because " + noIDToken(l) + "."
	if l.IDToken != nil {
		says = "From the ID token: subject " + wire.Clip(l.Subject(), 100) + ", issuer " + l.IDToken.Issuer + "."
	}
	return says + notGranted(l)
}

// heldToken is a token as the session page lists it.
type heldToken struct {
	Name    string     `json:"name"`
	Held    bool       `json:"held"`
	Expires *time.Time `json:"expires,omitempty"`
	Note    string     `json:"note,omitempty"`

	See causes.Name `json:"see,omitempty"` // a heading of docs/problems.md for a reader who misses something; no fault by itself
}

// action is a button of the session page.
type action struct {
	Name     string `json:"name"`
	About    string `json:"about"`
	Method   string `json:"method"`
	Path     string `json:"path"`
	Disabled string `json:"disabled,omitempty"` // why; empty when it can be used
}

// held lists the three kinds of token, each with its use or the reason why it is missing.
func held(l *session.Login, cfg config.Effective) []heldToken {
	access := heldToken{Name: "Access token", Held: l.Held.Access != "", Note: "authorizes calls to the API"}
	if !l.Held.Expires.IsZero() {
		access.Expires = &l.Held.Expires
	}
	switch {
	case !access.Held:
		access.Note = "It was revoked."
	case oauth.Decode(l.Held.Access).Opaque:
		access.Note, access.See = "authorizes calls to the API; it is opaque, so an API that wants a JWT refuses it. "+causes.Found(causes.Warn, causes.AccessTokenOpaque, causes.Facts{Cfg: cfg}).Fix, causes.AccessTokenOpaque
	}
	refresh := heldToken{Name: "Refresh token", Held: l.Held.Refresh != "", Note: "gets a new access token; the server doesn't say when it expires"}
	switch {
	case !refresh.Held && l.Response.Refresh != "":
		refresh.Note = "It was revoked."
	case !refresh.Held:
		refresh.Note, refresh.See = noRefreshToken(cfg), causes.NoRefreshToken
	}
	id := heldToken{Name: "ID token", Held: l.Held.ID != "", Note: "says who signed in"}
	if expires := oauth.ExpiryOf(l.Held.ID); !expires.IsZero() {
		id.Expires = &expires
	}
	if !id.Held {
		id.Note, id.See = "There is none: "+noIDToken(l)+".", causes.OpenIDMissing
	}
	return []heldToken{access, refresh, id}
}

// actions lists what can be done with a login, each with the reason if it cannot. The metadata is nil if the server can't
// be found.
func actions(md *oauth.Metadata, l *session.Login, resourceURL string) []action {
	missing := md == nil
	if missing {
		md = &oauth.Metadata{}
	}
	noAccess, noRefresh, nothing := "", "", ""
	if l.Held.Access == "" {
		noAccess = "this app has no access token"
	}
	if l.Held.Refresh == "" {
		noRefresh = "this app has no refresh token"
	}
	if noAccess != "" && noRefresh != "" {
		nothing = "this app has no token"
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
	wrong := "two"
	if l.Held.ID != "" {
		wrong = "three"
	}
	return []action{
		{"Call userinfo", "ask the server who signed in", http.MethodGet, "/userinfo", reason(offered(md.Userinfo, "userinfo"), noAccess)},
		{"Call the API", "with the access token", http.MethodGet, "/api", reason(resource, noAccess)},
		{"Try wrong tokens", wrong + " calls that the API must reject, and one that it should accept", http.MethodPost, "/api", reason(resource, noAccess)},
		{"Inspect the tokens", "what the server says about them", http.MethodGet, "/tokeninfo", reason(offered(md.Introspection, "introspection"), nothing)},
		{"Refresh", "get a new access token", http.MethodPost, "/refresh", noRefresh},
		{"Revoke", "end the tokens on the server", http.MethodPost, "/revoke", reason(offered(md.Revocation, "revocation"), nothing)},
		{"Run the attacks", "nine attacks that your server should reject; most need a login of their own", http.MethodGet, "/misuse", ""},
		{"Sign out", "here; the next page also offers the server’s sign-out, if it has one", http.MethodPost, "/logout", ""},
	}
}

// envLines returns the lines of .env that keep a registered client, or "" if there is none to keep. They contain the
// secret, so they are only for the page that asks before it shows them.
func envLines(cfg config.Effective) string {
	if !cfg.Registered() {
		return ""
	}
	lines := "CLIENT_ID=" + quoted(cfg.ClientID)
	if cfg.ClientSecret != "" {
		lines += "\nCLIENT_SECRET=" + quoted(cfg.ClientSecret)
	}
	if cfg.AuthMethod == config.MethodPost { // unset, it is client_secret_basic wherever the server takes both
		lines += "\nTOKEN_ENDPOINT_AUTH_METHOD=" + cfg.AuthMethod
	}
	return lines + "\n# issued by " + cfg.Issuer
}

// quoted quotes a value for .env.
func quoted(value string) string {
	if !strings.Contains(value, "'") {
		return "'" + value + "'"
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`).Replace(value) + `"`
}

// logoutPage is the data of logout.html. As JSON it is for programs.
type logoutPage struct {
	layout
	SignedOut  bool            `json:"signed_out"`
	EndSession string          `json:"end_session_uri,omitempty"`
	Address    string          `json:"post_logout_redirect_uri,omitempty"` // where the server should send the browser
	Asked      *causes.Finding `json:"after_sign_out,omitempty"`           // nil where the server's answers do not tell

	Held    bool    `json:"-"` // tokens were held, and have not been revoked
	Comes   bool    `json:"-"` // the server sends the browser back, as far as its answers tell
	Heading string  `json:"-"` // what is wrong, or empty
	Lead    string  `json:"-"`
	Proof   string  `json:"-"`
	Fix     *fixBox `json:"-"`
	Said    *said   `json:"-"`
}

// handleLogout deletes the tokens, says so, and shows the link to sign out on the server too, if the server offers that
// (OpenID Connect RP-Initiated Logout section 2). It is a link because the browser would apply our form-action to a
// redirect that answers a form. A server that doesn't know the address after sign-out keeps the browser, so this is found
// out first.
func (s *server) handleLogout(w http.ResponseWriter, r *http.Request) error {
	logins, err := s.sessions.Logins(w, r)
	if err != nil {
		return err
	}
	if len(logins) == 0 {
		return notSignedIn()
	}
	if err := s.sessions.Forget(w, r); err != nil {
		return err
	}
	l := logins[0]
	data := logoutPage{layout: s.page(r, "Signed out"), SignedOut: true, Held: l.Held.Access != "" || l.Held.Refresh != ""}
	data.EndSession = s.oauth.EndSessionURL(r.Context(), l.Request, l.Held.ID, s.sessions.BeginLogout(w)) // a server that is gone ends no session
	if data.EndSession != "" {
		data.Address = s.cfg.AfterLogout()
		data.addAnswer(s, s.checks.AfterLogout(r.Context(), s.oauth, l.Held.ID != ""))
	}
	return s.respond(w, r, http.StatusOK, "logout.html", data)
}

// addAnswer adds what the server says about the address after sign-out.
func (p *logoutPage) addAnswer(s *server, f causes.Finding) {
	if f.Result == "" {
		return
	}
	f.Check = "logout"
	p.Asked = &f
	if p.Comes = f.Result == causes.OK; p.Comes {
		return
	}
	p.Heading, p.Said, p.Proof = capital(f.Found), newSaid(f.Server), sentence(f.Control)
	if f.Name != "" {
		p.Heading, p.Lead = f.Name.Title(), sentence(f.Found)
	}
	if fix := fixOf(f); fix.Kind != "" {
		p.Fix = newFixBox(s.cfg, fix, "line", s.file)
		p.Fix.Name = f.Name
	}
}
