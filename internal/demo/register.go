package demo

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// registration is a client's metadata (RFC 7591 section 2, OpenID Connect Dynamic Client Registration
// section 2), as asked for and as answered.
type registration struct {
	ClientID        string   `json:"client_id,omitempty"`
	ClientSecret    string   `json:"client_secret,omitempty"`
	IssuedAt        int64    `json:"client_id_issued_at,omitempty"`
	SecretExpires   *int64   `json:"client_secret_expires_at,omitempty"`
	ClientName      string   `json:"client_name,omitempty"`
	ApplicationType string   `json:"application_type,omitempty"`
	RedirectURIs    []string `json:"redirect_uris"`
	PostLogoutURIs  []string `json:"post_logout_redirect_uris,omitempty"`
	AuthMethod      string   `json:"token_endpoint_auth_method,omitempty"`
	GrantTypes      []string `json:"grant_types,omitempty"`
	ResponseTypes   []string `json:"response_types,omitempty"`
	Scope           string   `json:"scope,omitempty"`
}

// handleRegister is dynamic client registration (RFC 7591 section 3), open to this machine. What the
// client asks for is a wish; the answer is what holds.
func (s *Server) handleRegister(w http.ResponseWriter, r *http.Request) {
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	var asked registration
	if mediaType != "application/json" || json.NewDecoder(r.Body).Decode(&asked) != nil {
		s.writeError(w, http.StatusBadRequest, "invalid_client_metadata", "the body must be a JSON object (application/json)")
		return
	}
	if refused := asked.refusal(); refused != nil {
		s.writeError(w, http.StatusBadRequest, refused.Code, refused.Description)
		return
	}
	answer := asked.granted()
	if s.breaks(RegisteredOtherURI) {
		answer.RedirectURIs = mapped(answer.RedirectURIs, func(uri string) string { return uri + "/other" })
	}
	now := s.now()
	client := &Client{ID: "client_" + rand.Text(), Name: answer.ClientName, RedirectURIs: answer.RedirectURIs,
		PostLogoutRedirectURIs: answer.PostLogoutURIs, AuthMethod: answer.AuthMethod, Scopes: parseScope(answer.Scope), registered: now}
	answer.ClientID, answer.IssuedAt = client.ID, now.Unix()
	if client.AuthMethod != "none" {
		client.Secret = rand.Text() + rand.Text()
		answer.ClientSecret, answer.SecretExpires = client.Secret, new(int64) // never
	}
	s.mu.Lock()
	s.clients.put(now, client.ID, client)
	s.mu.Unlock()
	if s.breaks(RegisteredWithoutClientID) {
		answer.ClientID = ""
	}
	s.writeJSON(w, http.StatusCreated, answer)
}

// clientPage is the data of client.html.
type clientPage struct {
	page
	Lines       string // for .env
	RedirectURI string
	Ours        bool // the redirect URI is that of another copy of this program's client
}

// handleRegisterSecond registers a client for the person at the demo's page, and shows the lines for its .env. They are
// in the answer to the form alone, as they hold the secret.
func (s *Server) handleRegisterSecond(w http.ResponseWriter, r *http.Request) {
	uri := strings.TrimSpace(r.PostFormValue("redirect_uri"))
	u, err := url.Parse(uri)
	if err != nil || !mayRedirectTo(uri, false) {
		s.showError(w, r, "invalid_redirect_uri", "the redirect URI must be https, or http on a loopback host, and have no fragment")
		return
	}
	now := s.now()
	client := &Client{ID: "client_" + rand.Text(), Secret: rand.Text(), Name: "The second client", RedirectURIs: []string{uri}, registered: now}
	lines := []string{"ISSUER=" + s.issuer(), "CLIENT_ID=" + client.ID, "CLIENT_SECRET=" + client.Secret}
	ours := s.callback != "" && u.Path == s.callback && u.RawQuery == "" && u.Scheme == "http"
	if ours {
		base := u.Scheme + "://" + u.Host
		lines = append(lines, "BASE_URL="+base)
		client.PostLogoutRedirectURIs = []string{base + "/"}
	}
	s.mu.Lock()
	s.clients.put(now, client.ID, client)
	s.mu.Unlock()
	data := clientPage{s.page("The second client is registered"), strings.Join(lines, "\n"), uri, ours}
	data.Class = "ask"
	s.render(w, http.StatusOK, "client.html", data)
}

// secondRedirectURI is a redirect URI for another copy of the client, on the next port.
func (s *Server) secondRedirectURI() string {
	port := "3001"
	if u, err := url.Parse(s.mount); err == nil && u.Port() == port {
		port = "3002"
	}
	return "http://localhost:" + port + s.callback
}

// refusal returns what cannot be registered (RFC 7591 section 3.2.2).
func (asked *registration) refusal() *oauthError {
	uris := slices.Concat(asked.RedirectURIs, asked.PostLogoutURIs)
	switch {
	case !slices.Contains([]string{"", "web", "native"}, asked.ApplicationType):
		return &oauthError{"invalid_client_metadata", "the application_type must be web or native"}
	case !slices.Contains([]string{"", "none", "client_secret_basic", "client_secret_post"}, asked.AuthMethod):
		return &oauthError{"invalid_client_metadata", "this token_endpoint_auth_method is not supported"}
	case len(asked.ClientName) > 200:
		return &oauthError{"invalid_client_metadata", "the client_name is too long"}
	case len(asked.RedirectURIs) == 0 || len(uris) > 20:
		return &oauthError{"invalid_redirect_uri", "at least one redirect URI is needed, and twenty are the most"}
	}
	for _, uri := range uris {
		if !mayRedirectTo(uri, asked.ApplicationType == "native") {
			return &oauthError{"invalid_redirect_uri",
				"a redirect URI must be https, or http on a loopback host, or a native app's own scheme, without a fragment"}
		}
	}
	return nil
}

// granted is what the client gets: its wishes, with the defaults for what it left open.
func (asked *registration) granted() registration {
	g := registration{ClientName: asked.ClientName, ApplicationType: asked.ApplicationType, RedirectURIs: asked.RedirectURIs,
		PostLogoutURIs: asked.PostLogoutURIs, AuthMethod: asked.AuthMethod,
		GrantTypes: []string{"authorization_code", "refresh_token"}, ResponseTypes: []string{"code"}}
	if g.ClientName == "" {
		g.ClientName = "An application without a name"
	}
	if g.ApplicationType == "" {
		g.ApplicationType = "web" // OpenID Connect Dynamic Client Registration section 2
	}
	if g.AuthMethod == "" {
		g.AuthMethod = "client_secret_basic" // RFC 7591 section 2
	}
	scopes := slices.DeleteFunc(parseScope(asked.Scope), func(scope string) bool { return !slices.Contains(scopesSupported, scope) })
	if len(scopes) == 0 {
		scopes = scopesSupported
	}
	g.Scope = strings.Join(scopes, " ")
	return g
}

// mayRedirectTo refuses addresses to which a code must not go. An app's own scheme has a dot, as it is a
// domain name turned round (RFC 8252 section 7.1).
func mayRedirectTo(uri string, native bool) bool {
	u, err := url.Parse(uri)
	if err != nil || len(uri) > 500 || u.Fragment != "" || u.User != nil || u.Opaque != "" {
		return false
	}
	switch u.Scheme {
	case "https":
		return u.Host != ""
	case "http":
		ip := net.ParseIP(u.Hostname())
		return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	}
	return native && strings.Contains(u.Scheme, ".")
}

// Group is set-ups that are found in the same place. They are offered by their mistakes: these are no riddles.
type Group struct {
	Name    string
	Looks   string // where each is seen, unless it says so itself
	Command string // to do that with
	Fix     string // what has to be changed, unless it says so itself
	SetUps  []SetUp
}

// Groups are those of the demo's page, in its order. With the ten riddles they hold every fault once.
func (s *Server) Groups() []Group {
	groups := []Group{letsPass(), redirectMistakes(), apiMistakes(), s.startMistakes(), soundVariants()}
	for _, g := range groups {
		for i, o := range g.SetUps {
			g.SetUps[i].Looks, g.SetUps[i].Fix = cmp.Or(o.Looks, g.Looks), cmp.Or(o.Fix, g.Fix)
		}
	}
	return groups
}

func letsPass() Group {
	return Group{
		Name:  "What the server lets pass",
		Looks: "Sign in, then press Try to misuse it on the session page (/misuse). One line says FAIL or warn.",
		Fix:   "Nothing at the client: the server has to keep the rule. The line names its section.",
		SetUps: []SetUp{
			{Fault: CodeUsedTwice, Mistake: "A code can be used twice."},
			{Fault: CodeReuseTokensLive, Mistake: "A code used twice is refused, but its tokens stay good."},
			{Fault: WrongVerifier, Mistake: "A wrong code verifier is accepted."},
			{Fault: MissingVerifier, Mistake: "A missing code verifier is accepted."},
			{Fault: OtherRedirectURI, Mistake: "Another redirect URI is accepted with the code."},
			{Fault: OtherClientsCode, Mistake: "Another client can use the code."},
			{Fault: OldRefreshToken, Mistake: "A replaced refresh token is accepted."},
			{Fault: RefreshReuseFamilyLives, Mistake: "A replaced refresh token is refused, but the newer one stays good."},
			{Fault: RefreshNotRotated, Mistake: "Refresh tokens are not replaced.",
				Looks: "Sign in, then press Try to misuse it on the session page (/misuse). The line says ok: only those of a public client have to be replaced.",
				Fix:   "Nothing for this client, which has a secret. For a public client the server has to replace them (RFC 9700 section 4.14.2)."},
			{Fault: RevokedAtUserinfo, Mistake: "A revoked token is still good at userinfo."},
			{Fault: RevokedAtIntrospection, Mistake: "A revoked token is still active at introspection."},
			{Fault: RevokedAtAPI, Mistake: "A revoked token is still good at the API."},
			{Fault: NoPKCE, Mistake: "A login without PKCE is accepted."},
			{Fault: PromptNonePage, Mistake: "A page is shown for prompt=none."},
			{Fault: PromptNoneCode, Mistake: "A code is given for prompt=none, although nobody is signed in."},
		},
	}
}

func redirectMistakes() Group {
	const second = "Register a second client on this page for http://%s:3001/oauth_callback. Start it on another port: " +
		"BASE_URL=http://%[1]s:3002 go run . -env second.env"
	return Group{
		Name: "Where the browser may come back",
		SetUps: []SetUp{
			{Fault: LoopbackPortFixed, Mistake: "Only the registered port of 127.0.0.1 and [::1] is accepted.",
				Looks: fmt.Sprintf(second, "127.0.0.1") + ". The sign-in ends here: the redirect URI isn't registered.",
				Fix:   "Nothing in the client: the server has to accept any port of a loopback IP address (RFC 8252 section 7.3)."},
			{Fault: LocalhostAnyPort, Sound: true, Mistake: "Any port of localhost is accepted, too.",
				Looks: fmt.Sprintf(second, "localhost") + ". The sign-in works.",
				Fix:   "Nothing has to change. A client should still use 127.0.0.1 (RFC 8252 section 8.3)."},
		},
	}
}

func apiMistakes() Group {
	return Group{
		Name:  "What the API gets wrong",
		Looks: "Sign in, call the API (/api), then press Try wrong tokens there. The page says what is wrong.",
		Fix:   "Nothing at the client: the API has to be changed.",
		SetUps: []SetUp{
			{Fault: APIOtherAudience, Mistake: "It wants tokens for another API."},
			{Fault: APIOtherIssuer, Mistake: "It trusts another issuer."},
			{Fault: APITokenExpired, Mistake: "Its clock is wrong: every token has expired."},
			{Fault: APIOtherScope, Mistake: "It wants a scope that nobody has."},
			{Fault: APIWantsIDToken, Mistake: "It wants the ID token."},
			{Fault: APIWantsJWT, With: OpaqueAccessTokens, Mistake: "It wants a JWT, and the server's tokens are opaque."},
			{Fault: APIWantsOpaque, Mistake: "It wants an opaque token, and the server's are JWTs."},
			{Fault: APIRedirectsToSignIn, Mistake: "A sign-in stands in front of it, by redirect."},
			{Fault: APISignInPage, Mistake: "A sign-in page stands in front of it."},
			{Fault: APIFirewall, Mistake: "A firewall stands in front of it."},
			{Fault: APIOtherScheme, Mistake: "It wants user and password."},
			{Fault: APINoChallenge, Mistake: "It refuses without saying why.",
				Looks: "Check the settings (/check): the API refuses a call without a token, and has no WWW-Authenticate."},
			{Fault: APIMethod, Mistake: "It does not answer GET."},
			{Fault: APIOpen, Mistake: "It opens to everybody."},
			{Fault: APIOpenToAltered, Mistake: "It does not check the signature."},
			{Fault: APIOpenToIDToken, Mistake: "It opens to the ID token too."},
			{Fault: APIIgnoresExpiry, Mistake: "It opens to a token that has expired.",
				Looks: "Sign in, and call the API (/api) again when the access token has expired, after two hours. It still opens."},
		},
	}
}

// startMistakes are seen by a client that knows nothing but the API's URL.
func (s *Server) startMistakes() Group {
	const signIn = "Start the application once more, with the API's URL alone, and sign in there. The error page names the mistake."
	return Group{
		Name:    "An API that cannot be started at",
		Looks:   "Start the application once more, with the API's URL alone. It says at once what is wrong.",
		Command: "PORT=3001 RESOURCE_URL=" + s.root() + "/api/me go run .",
		Fix:     "Nothing at the client: the API's metadata has to be right. Or set ISSUER, so that nobody asks it.",
		SetUps: []SetUp{
			{Fault: ResourceMetadataLies, Mistake: "Its metadata is another API's."},
			{Fault: ResourceMetadataLoops, Mistake: "Its metadata is a redirect without end."},
			{Fault: ResourceFiftyServers, Mistake: "Its metadata names fifty servers."},
			{Fault: ResourcePlainHTTP, Mistake: "Its metadata names a server without https."},
			{Fault: RegisteredOtherURI, Mistake: "The server registers another redirect URI.", Looks: signIn,
				Fix: "The server has to register what it was sent. Or set CLIENT_ID to an OAuth application made by hand."},
			{Fault: RegisteredWithoutClientID, Mistake: "The server registers a client without a client ID.", Looks: signIn,
				Fix: "The server has to answer with a client ID. Or set CLIENT_ID to an OAuth application made by hand."},
		},
	}
}

func soundVariants() Group {
	return Group{
		Name:  "Sound, but different",
		Looks: "Sign in, and try everything. It works, and nothing is called wrong.",
		Fix:   "Nothing has to be changed.",
		SetUps: []SetUp{
			{Fault: OpaqueAccessTokens, Sound: true, Mistake: "Access tokens are opaque."},
			{Fault: RequirePAR, Sound: true, Mistake: "Every authorization request has to be pushed."},
			{Fault: APIPlainChallenge, Sound: true, Mistake: "The API's challenge does not name its metadata."},
			{Fault: APIOffersDPoP, Sound: true, Mistake: "The API offers DPoP, too."},
		},
	}
}
