package check

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/resource"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// played is a correct authorization server with one client, on its own host and without a network. A test replaces what a
// different server does differently.
type played struct {
	base     string                   // of its endpoints
	issuer   string                   // base when empty
	id       string                   // of its client; playedID when empty
	paths    map[string]string        // of its endpoints, by name; the name when missing
	redirect []string                 // registered; that of the settings when nil
	anyPort  bool                     // of a loopback IP address, as RFC 8252 section 7.3 has it
	scopes   []string                 // of the client; nil for any
	methods  []string                 // how its client may authenticate; nil for basic and post
	public   bool                     // its client has no secret
	document func(map[string]any)     // spoils the metadata
	noDoc    bool                     // there is no metadata
	metadata string                   // its path below the issuer
	iss      string                   // in its authorization responses; empty for none
	hosts    []string                 // at which it answers, besides those of base and issuer
	at       map[string]func(q) reply // whole answers, by path
	handle   func(q) (reply, bool)    // before anything else, at any path

	unknownClient func(q) reply               // at the authorization endpoint
	wrongRedirect func(q) reply               //
	badScope      func(q, string) reply       //
	authorize     func(q) (reply, bool)       // before anything else is looked at there
	enter         func(q) (reply, bool)       // once the request is found right
	badClient     func(q) reply               // at the token endpoint and those like it
	badCode       func(q) reply               //
	badRefresh    func(q) reply               //
	wrongThere    func(q) reply               // another redirect URI than the registered one, before the code is looked up
	token         func(q) (reply, bool)       // before anything else is looked at there
	asClient      func(q) (reply, bool)       // once the client has authenticated
	response      func(map[string]any)        // spoils the token response
	issued        func(q) reply               // instead of it
	sends         func(reply) reply           // what becomes of it on its way
	claims        func(map[string]any)        // spoils the ID token
	sign          func(map[string]any) string // signs it in another way
	jwks          func(q) reply
	userinfo      func(q) reply
	introspect    func(q) reply
	revoke        func(q) reply
	par           func(q) (reply, bool)
	api           func(q) reply // at /api

	key *ecdsa.PrivateKey

	mu       sync.Mutex // guards the fields below
	codes    map[string]url.Values
	pushed   map[string]url.Values
	requests []string
}

// The credentials of its client.
const (
	playedID     = "client-4711"
	playedSecret = "s3cr3t-of-this-application-0815x"
)

// What it issues.
const (
	playedToken   = "played-access-token"
	playedRefresh = "played-refresh-token"
)

// q is a request to the server, with the parts that servers read.
type q struct {
	*http.Request
	url.Values        // of the query, or of the form
	id, secret string // of the client
	method     string // how it authenticates
	signedIn   bool   // a user's browser, not the check's
}

// reply is an answer.
type reply = recorded

func jsonOf(status int, document any) reply {
	body, _ := json.Marshal(document)
	return reply{status, jsonType, "", string(body)}
}

func refusal(status int, code, words string) reply {
	document := map[string]any{"error": code}
	if words != "" {
		document["error_description"] = words
	}
	return jsonOf(status, document)
}

func page(status int, words string) reply {
	return reply{status, "text/html; charset=utf-8", "", "<!doctype html><html><head><title>Error</title></head><body><h1>Error</h1><p>" + html.EscapeString(words) + "</p></body></html>"}
}

func plain(status int, words string) reply {
	return reply{status, "text/plain; charset=utf-8", "", words}
}

func to(address string) reply { return reply{302, "", address, ""} }

// back sends a browser back with an error.
func (r q) back(code, words string) reply {
	answer := url.Values{"error": {code}}
	if words != "" {
		answer.Set("error_description", words)
	}
	if r.Has("state") {
		answer.Set("state", r.Get("state"))
	}
	return to(r.Get("redirect_uri") + "?" + answer.Encode())
}

func (p *played) path(name string) string { return cmp.Or(p.paths[name], "/"+name) }

// start completes the server for the registered redirect URI.
func (p *played) start(t *testing.T) *played {
	p.base = cmp.Or(p.base, "https://id.example.com")
	p.issuer = cmp.Or(p.issuer, p.base)
	p.id = cmp.Or(p.id, playedID)
	p.metadata = cmp.Or(p.metadata, "/.well-known/openid-configuration")
	p.key = testserver.NewKey(t)
	p.codes, p.pushed = map[string]url.Values{}, map[string]url.Values{}
	if p.methods == nil {
		p.methods = []string{config.MethodBasic, config.MethodPost}
	}
	return p
}

func (p *played) env(changes map[string]string) map[string]string {
	env := map[string]string{"ISSUER": p.issuer, "CLIENT_ID": p.id, "CLIENT_SECRET": playedSecret, "PORT": "3999"}
	if p.noDoc {
		delete(env, "ISSUER")
		env["AUTHORIZATION_ENDPOINT"], env["TOKEN_ENDPOINT"], env["SCOPES"] = p.base+p.path("authorize"), p.base+p.path("token"), "read"
	}
	if p.public {
		delete(env, "CLIENT_SECRET")
	}
	maps.Copy(env, changes)
	return onlySet(env)
}

// onlySet takes the empty settings out of an environment, and returns it.
func onlySet(env map[string]string) map[string]string {
	maps.DeleteFunc(env, func(_, value string) bool { return value == "" })
	return env
}

// RoundTrip answers without a network, and only for its own hosts. Other hosts don't exist.
func (p *played) RoundTrip(r *http.Request) (*http.Response, error) {
	if host := r.URL.Host; !slices.Contains(p.hosts, host) && host != causes.HostOf(p.base) && host != causes.HostOf(p.issuer) {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	answer := httptest.NewRecorder()
	if r.Body == nil {
		r.Body = http.NoBody
	}
	p.mu.Lock()
	p.requests = append(p.requests, r.Method+" "+r.URL.Path)
	p.mu.Unlock()
	p.answer(r).send(answer)
	response := answer.Result()
	response.Request = r
	return response, nil
}

func (p *played) answer(r *http.Request) reply {
	r.ParseForm()
	asked := q{Request: r, Values: r.URL.Query(), method: config.MethodNone, signedIn: r.Header.Get("Cookie") == "user=alice"}
	if r.Method == http.MethodPost {
		asked.Values = r.PostForm
	}
	asked.id, asked.secret = asked.Get("client_id"), asked.Get("client_secret")
	if asked.secret != "" {
		asked.method = config.MethodPost
	}
	if id, secret, ok := r.BasicAuth(); ok {
		asked.method = config.MethodBasic
		asked.id, _ = url.QueryUnescape(id)
		asked.secret, _ = url.QueryUnescape(secret)
	}
	if p.handle != nil {
		if answer, done := p.handle(asked); done {
			return answer
		}
	}
	if f := p.at[r.URL.Path]; f != nil {
		return f(asked)
	}
	base, _ := url.Parse(p.base)
	issuer, _ := url.Parse(p.issuer)
	switch name := r.URL.Path; {
	case !p.noDoc && name == strings.TrimSuffix(issuer.Path, "/")+p.metadata:
		return jsonOf(200, p.documentOf())
	case name == base.Path+p.path("authorize"):
		return p.authorizes(asked)
	case name == base.Path+p.path("token"):
		return p.tokens(asked)
	case name == base.Path+p.path("jwks"):
		return orReply(p.jwks, func(q) reply {
			return jsonOf(200, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: p.key.Public(), KeyID: "k1", Use: "sig", Algorithm: "ES256"}}})
		})(asked)
	case name == base.Path+p.path("userinfo"):
		return orReply(p.userinfo, refusesBearer)(asked)
	case name == base.Path+p.path("introspect"):
		return orReply(p.introspect, p.knows(jsonOf(200, map[string]any{"active": asked.Get("token") == playedToken})))(asked)
	case name == base.Path+p.path("revoke"):
		return orReply(p.revoke, p.knows(reply{status: 200}))(asked)
	case name == base.Path+p.path("par"):
		return p.pushes(asked)
	case name == "/api" && p.api != nil:
		return p.api(asked)
	}
	return page(404, "Not found")
}

func orReply(f, other func(q) reply) func(q) reply {
	if f != nil {
		return f
	}
	return other
}

func refusesBearer(r q) reply {
	if strings.HasPrefix(r.Header.Get("Authorization"), "Bearer "+playedToken) {
		return jsonOf(200, map[string]any{"sub": "user-1"})
	}
	return reply{401, jsonType, "Bearer", `{"error":"invalid_token"}`}
}

func (p *played) documentOf() map[string]any {
	document := map[string]any{"issuer": p.issuer, "authorization_endpoint": p.base + p.path("authorize"), "token_endpoint": p.base + p.path("token"),
		"jwks_uri": p.base + p.path("jwks"), "userinfo_endpoint": p.base + p.path("userinfo"), "introspection_endpoint": p.base + p.path("introspect"),
		"revocation_endpoint": p.base + p.path("revoke"), "response_types_supported": []string{"code"}, "code_challenge_methods_supported": []string{"S256"},
		"id_token_signing_alg_values_supported": []string{"ES256"}, "token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"},
		"authorization_response_iss_parameter_supported": false}
	if p.document != nil {
		p.document(document)
	}
	return document
}

func (p *played) registered(uri string) bool {
	if p.anyPort && strings.HasPrefix(uri, "http://127.0.0.1:") && strings.HasSuffix(uri, "/oauth_callback") {
		return true
	}
	if p.redirect == nil {
		return uri == testserver.CheckedURI
	}
	return slices.Contains(p.redirect, uri)
}

func (p *played) authorizes(r q) reply {
	p.mu.Lock()
	pushed := p.pushed[r.Get("request_uri")]
	p.mu.Unlock()
	if pushed != nil {
		r.Values = pushed
	}
	if p.authorize != nil {
		if answer, done := p.authorize(r); done {
			return answer
		}
	}
	var unknown []string
	for _, scope := range strings.Fields(r.Get("scope")) {
		if p.scopes != nil && !slices.Contains(p.scopes, scope) {
			unknown = append(unknown, scope)
		}
	}
	switch {
	case r.Get("client_id") != p.id:
		return orReply(p.unknownClient, func(q) reply { return page(400, "invalid_client: the client is not known") })(r)
	case !p.registered(r.Get("redirect_uri")):
		return orReply(p.wrongRedirect, func(q) reply { return page(400, "The redirect_uri does not match a registered one.") })(r)
	case unknown != nil && p.badScope != nil:
		return p.badScope(r, unknown[0])
	case unknown != nil:
		return r.back("invalid_scope", "unknown scope "+unknown[0])
	}
	if p.enter != nil {
		if answer, done := p.enter(r); done {
			return answer
		}
	}
	if r.Get("prompt") == "none" && !r.signedIn {
		return r.back("login_required", "")
	}
	if !r.signedIn {
		return reply{200, "text/html", "", signIn}
	}
	code := "code-" + rand.Text()
	p.mu.Lock()
	p.codes[code] = r.Values
	p.mu.Unlock()
	back := url.Values{"code": {code}, "state": {r.Get("state")}}
	if p.iss != "" {
		back.Set("iss", p.iss)
	}
	return to(r.Get("redirect_uri") + "?" + back.Encode())
}

// isClient reports whether the client has authenticated.
func (p *played) isClient(r q) bool {
	if p.public {
		return r.id == p.id && r.method == config.MethodNone
	}
	return r.id == p.id && r.secret == playedSecret && slices.Contains(p.methods, r.method)
}

// refuses returns the answer to a client that has not authenticated.
func (p *played) refuses(r q) reply {
	return orReply(p.badClient, func(q) reply { return refusal(401, "invalid_client", "Client authentication failed") })(r)
}

func (p *played) knows(answer reply) func(q) reply {
	return func(r q) reply {
		if !p.isClient(r) {
			return p.refuses(r)
		}
		return answer
	}
}

func (p *played) pushes(r q) reply {
	if p.par != nil {
		if answer, done := p.par(r); done {
			return answer
		}
	}
	if !p.isClient(r) {
		return p.refuses(r)
	}
	uri := "urn:ietf:params:oauth:request_uri:" + rand.Text()
	p.mu.Lock()
	p.pushed[uri] = r.Values
	p.mu.Unlock()
	return jsonOf(201, map[string]any{"request_uri": uri, "expires_in": 60})
}

func (p *played) tokens(r q) reply {
	if p.token != nil {
		if answer, done := p.token(r); done {
			return answer
		}
	}
	if !p.isClient(r) {
		return p.refuses(r)
	}
	if p.asClient != nil {
		if answer, done := p.asClient(r); done {
			return answer
		}
	}
	if r.Get("grant_type") == "refresh_token" && p.badRefresh == nil && r.Get("refresh_token") == playedRefresh {
		return jsonOf(200, map[string]any{"access_token": playedToken, "token_type": "Bearer"})
	}
	if r.Get("grant_type") == "refresh_token" {
		return orReply(p.badRefresh, func(q) reply { return refusal(400, "invalid_grant", "The refresh token is not valid.") })(r)
	}
	if p.wrongThere != nil && !p.registered(r.Get("redirect_uri")) {
		return p.wrongThere(r)
	}
	p.mu.Lock()
	asked := p.codes[r.Get("code")]
	delete(p.codes, r.Get("code"))
	p.mu.Unlock()
	if asked == nil || asked.Get("redirect_uri") != r.Get("redirect_uri") || oauth.Challenge(r.Get("code_verifier")) != asked.Get("code_challenge") {
		return orReply(p.badCode, func(q) reply { return refusal(400, "invalid_grant", "The code is not valid.") })(r)
	}
	response := map[string]any{"access_token": playedToken, "token_type": "Bearer", "expires_in": 3600, "scope": asked.Get("scope"), "refresh_token": playedRefresh}
	if slices.Contains(strings.Fields(asked.Get("scope")), "openid") {
		response["id_token"] = p.idToken(asked)
	}
	if p.response != nil {
		p.response(response)
	}
	if p.issued != nil {
		return p.issued(r)
	}
	answer := jsonOf(200, response)
	if p.sends != nil {
		answer = p.sends(answer)
	}
	return answer
}

func (p *played) idToken(asked url.Values) string {
	now := time.Now()
	claims := map[string]any{"iss": p.issuer, "sub": "user-1", "aud": p.id, "exp": now.Add(time.Hour).Unix(), "iat": now.Unix(), "nonce": asked.Get("nonce")}
	if p.claims != nil {
		p.claims(claims)
	}
	if p.sign != nil {
		return p.sign(claims)
	}
	return testserver.SignClaims(jose.ES256, jose.JSONWebKey{Key: p.key, KeyID: "k1"}, claims)
}

// client returns a client of the server, with settings.
func (p *played) client(t *testing.T, env map[string]string) (config.Effective, *wire.Client) {
	w := wire.New(nil, time.Now)
	w.SetTransport(p)
	return testserver.ConfigOf(t, env), w
}

// checks runs every check against the server.
func (p *played) checks(t *testing.T, env map[string]string) Report {
	cfg, w := p.client(t, env)
	return Run(t.Context(), cfg, w, time.Now, func(string) {}, func(causes.Finding) {})
}

// checksAtStart runs the checks that the program makes unasked.
func (p *played) checksAtStart(t *testing.T, env map[string]string) Report {
	cfg, w := p.client(t, env)
	return RunAtStart(t.Context(), cfg, w, time.Now)
}

// stays is the result of a login that leaves the browser on the server.
const stays causes.Name = "the browser stays on the server"

// login runs a login with a signed-in user, as the root does, and then a use of its tokens, if any. It returns what the
// page says: nothing if everything works.
func (p *played) login(t *testing.T, env map[string]string, use string) (causes.Advice, string) {
	cfg, w := p.client(t, env)
	ctx := t.Context()
	client := oauth.New(cfg, w, time.Now)
	discovery := resource.NewDiscovery(cfg)
	var scopes []string
	told := func(err error) (causes.Advice, string) {
		e, ok := errors.AsType[*oauth.Error](err)
		if !ok {
			t.Fatal(err)
		}
		method := ""
		if md, _ := client.Known(); md != nil {
			method = client.AuthMethod(md)
		}
		advice := causes.Explain(cfg, method, scopes, e)
		if e.Step == wire.Metadata {
			if f := NoMetadata(ctx, cfg, w, time.Now, e); e.Cause == nil && f.Remedy.Kind == causes.Change {
				advice = advice.With(cfg, f)
			}
		}
		if f, ok := NewRunner(cfg, discovery, w, time.Now).FindOut(ctx, client, scopes, e); ok {
			advice = advice.With(cfg, f)
		}
		return advice, e.Description
	}
	if cfg.AtAPI {
		at, err := discovery.Client(ctx, cfg, w, time.Now, true)
		if err != nil {
			return told(err)
		}
		client, cfg = at, at.Config()
	}
	request, err := client.NewRequest(nil)
	if err != nil {
		return told(err)
	}
	scopes = request.Scopes
	address, err := client.AuthorizationURL(ctx, request)
	if err != nil {
		return told(err)
	}
	response, came := p.browse(ctx, address, cfg.RedirectURI())
	if !came {
		return causes.Advice{Name: stays}, ""
	}
	code, err := client.CheckResponse(ctx, request, response)
	if err != nil {
		return told(err)
	}
	token, err := client.Exchange(ctx, request, code)
	if err != nil {
		return told(err)
	}
	id, err := client.VerifyIDToken(ctx, request, token)
	if err != nil {
		return told(err)
	}
	why, err := p.use(ctx, use, cfg, client, request, token, id)
	switch {
	case err != nil:
		return told(err)
	case why == nil || why.Result == causes.OK:
		return causes.Advice{}, ""
	}
	return causes.Advice{Name: why.Name, Heading: why.Name.Title(), Hint: why.Fix, Remedy: why.Remedy}, why.Found
}

// use is one of the pages on which tokens are used, by its path.
func (p *played) use(ctx context.Context, path string, cfg config.Effective, client *oauth.Client, request *oauth.Request, token *oauth.TokenResponse, id *oauth.IDToken) (*causes.APIAnswer, error) {
	switch path {
	case "/userinfo":
		e, err := client.Userinfo(ctx, token.Access, id)
		if err != nil {
			return nil, err
		}
		return causes.ExplainUserinfo(cfg, e, request.Scopes), nil
	case "/refresh":
		e, _, err := client.Refresh(ctx, token.Tokens, request, id)
		if err != nil {
			return nil, err
		}
		return causes.ExplainRefresh(cfg, config.MethodBasic, e), nil
	case "/tokeninfo":
		e, err := client.Introspect(ctx, "access_token", token.Access)
		if err != nil {
			return nil, err
		}
		return causes.ExplainIntrospection(cfg, e), nil
	case "/logout":
		if _, came := p.browse(ctx, client.EndSessionURL(ctx, request, token.ID, "the-state-of-the-logout"), cfg.BaseURL+"/"); !came {
			return &causes.APIAnswer{Finding: causes.Finding{Result: causes.Fail, Name: stays}}, nil
		}
		return nil, nil
	case "/api":
		e, err := client.CallAPI(ctx, token.Access)
		if err != nil {
			return nil, err
		}
		why := causes.ExplainAPI(cfg, e, client.Inspect(ctx, token.Access), request.Scopes, time.Now())
		return &why, nil
	}
	return nil, nil
}

// browse plays a browser with a signed-in user: it follows the server until that sends it back.
func (p *played) browse(ctx context.Context, address, redirectURI string) (response url.Values, came bool) {
	for range 5 {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return nil, false
		}
		r.Header.Set("Cookie", "user=alice")
		answer := p.answer(r)
		location, err := r.URL.Parse(answer.header)
		if answer.status/100 != 3 || err != nil {
			return nil, false
		}
		if wire.WithoutQuery(location.String()) == redirectURI {
			return location.Query(), true
		}
		address = location.String()
	}
	return nil, false
}

func (p *played) String() string { return fmt.Sprint(strings.Join(p.requests, "\n")) }
