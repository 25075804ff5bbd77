package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// sessionPage is the data of session.html.
type sessionPage struct {
	page
	Login   *login
	Who     string
	Held    []heldToken
	Actions []action
	Access  *decodedToken // nil when no access token is held
}

// heldToken is a token as the session page lists it.
type heldToken struct {
	Name    string     `json:"name"`
	Held    bool       `json:"held"`
	Expires *time.Time `json:"expires,omitempty"`
	Note    string     `json:"note,omitempty"`
}

// action is a button of the session page.
type action struct {
	Name     string `json:"name"`
	About    string `json:"about"`
	Method   string `json:"method"`
	Path     string `json:"path"`
	Disabled string `json:"disabled,omitempty"` // why; empty when it can be used
}

// handleSession shows who signed in, what is held, and what can be done with it.
func (s *server) handleSession(w http.ResponseWriter, r *http.Request) error {
	l, err := s.current(r)
	if err != nil {
		return err
	}
	md, _ := s.provider.metadata(r.Context()) // nil when another process found it and this one cannot
	data := sessionPage{page: s.page("Your session"), Login: l, Who: l.who(), Held: l.held(), Actions: s.actions(md, l), Access: decodeAccessToken(l.Held.Access)}
	document, err := marshal(struct {
		SignedIn string      `json:"signed_in,omitempty"`
		Subject  string      `json:"sub,omitempty"`
		Tokens   []heldToken `json:"tokens"`
		Actions  []action    `json:"actions"`
	}{l.who(), l.subject(), data.Held, data.Actions})
	if err != nil {
		return err
	}
	// No form-action: the form of /logout is answered with a redirect to the authorization server,
	// and on from there to wherever it signs people out.
	w.Header().Set("Content-Security-Policy", strings.Replace(w.Header().Get("Content-Security-Policy"), "form-action 'self'; ", "", 1))
	return s.respond(w, r, http.StatusOK, "session.html", data, document)
}

// held lists the three kinds of token.
func (l *login) held() []heldToken {
	access := heldToken{Name: "Access token", Held: l.Held.Access != "", Note: "opens the API"}
	if !l.Held.Expires.IsZero() {
		access.Expires = &l.Held.Expires
	}
	refresh := heldToken{Name: "Refresh token", Held: l.Held.Refresh != "", Note: "brings a new access token; the server does not say when it expires"}
	if !refresh.Held {
		refresh.Note = noRefreshToken
	}
	id := heldToken{Name: "ID token", Held: l.Held.ID != "", Note: "says who signed in"}
	if _, claims, err := parseIDToken(l.Held.ID); err == nil && claims.Expires != nil {
		expires := numericDate(*claims.Expires)
		id.Expires = &expires
	}
	if !id.Held {
		id.Note = "There is none: openid was not granted."
	}
	return []heldToken{access, refresh, id}
}

// actions lists what can be done, each with the reason if it cannot. The metadata is nil while the
// server cannot be found.
func (s *server) actions(md *metadata, l *login) []action {
	missing := md == nil
	if missing {
		md = &metadata{}
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
	if s.cfg.ResourceURL == "" {
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
	return []action{
		{"Ask userinfo", "who signed in, by the access token", http.MethodGet, "/userinfo", reason(offered(md.Userinfo, "userinfo"), noAccess)},
		{"Call the API", "with the access token", http.MethodGet, "/api", reason(resource, noAccess)},
		{"Inspect the tokens", "what the server knows of them", http.MethodGet, "/tokeninfo", reason(offered(md.Introspection, "introspection"), nothing)},
		{"Refresh", "get a new access token", http.MethodGet, "/refresh", noRefresh},
		{"Revoke", "end the tokens at the server", http.MethodPost, "/revoke", reason(offered(md.Revocation, "revocation"), nothing)},
		{"Sign out", "here, and at the server if it offers that", http.MethodPost, "/logout", ""},
	}
}

// subject is the user's identifier, or "" when no ID token said it.
func (l *login) subject() string {
	if l.IDToken == nil {
		return ""
	}
	return l.IDToken.Subject
}

// decodedToken is an access token as far as anybody can read it. What it says is between the two
// servers (RFC 6749 section 1.4): a client shows it and draws nothing from it.
type decodedToken struct {
	Opaque  bool
	Header  string // JSON, indented
	Claims  string
	Profile bool // it says that it follows RFC 9068
}

// decodeAccessToken reads a JWT access token without verifying it, which only the API can and must.
func decodeAccessToken(raw string) *decodedToken {
	if raw == "" {
		return nil
	}
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return &decodedToken{Opaque: true}
	}
	header, okHeader := indentPart(parts[0])
	claims, okClaims := indentPart(parts[1])
	if !okHeader || !okClaims {
		return &decodedToken{Opaque: true}
	}
	var h struct {
		Type string `json:"typ"`
	}
	json.Unmarshal([]byte(header), &h) // without a typ it is no RFC 9068 token
	kind := strings.TrimPrefix(strings.ToLower(h.Type), "application/")
	return &decodedToken{Header: header, Claims: claims, Profile: kind == "at+jwt"}
}
