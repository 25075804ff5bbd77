package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
	"slices"
	"strings"
	"sync"

	"golang.org/x/oauth2"
)

// provider is the authorization server as we see it: what it says of itself, and what we ask of it.
type provider struct {
	cfg  config.Config
	wire *wire.Client
	keys *keySet
	hide *strings.Replacer // takes the client secret out of what the server says

	discovery shared[*metadata]

	mu     sync.Mutex // guards the fields below
	found  *metadata  // nil until discovery has succeeded
	failed *notFound  // why the last attempt did not, nil before the first
}

func newProvider(cfg config.Config, w *wire.Client) *provider {
	return &provider{cfg: cfg, wire: w, keys: &keySet{wire: w}, hide: clientSecretReplacer(cfg)}
}

// metadata is what an authorization server says of itself (RFC 8414 section 2, OpenID Connect
// Discovery section 3), after the overrides.
type metadata struct {
	config.Endpoints
	Issuer           string   `json:"issuer"`
	AuthMethods      []string `json:"token_endpoint_auth_methods_supported"`
	ResponseTypes    []string `json:"response_types_supported"`
	GrantTypes       []string `json:"grant_types_supported"`
	Scopes           []string `json:"scopes_supported"`
	ChallengeMethods []string `json:"code_challenge_methods_supported"`
	IDTokenAlgs      []string `json:"id_token_signing_alg_values_supported"`
	ResponseIss      bool     `json:"authorization_response_iss_parameter_supported"` // RFC 9207 section 3
	RequiresPAR      bool     `json:"require_pushed_authorization_requests"`          // RFC 9126 section 5
	Source           string   `json:"-"`                                              // the URL it was found at; empty when it was all configured
	MaySendAsForm    bool     `json:"-"`                                              // the token response may be a form: the server predates RFC 6749
}

// notFound is the failure of discovery: every URL that was tried, and what it answered.
type notFound struct {
	Tried []tried
}

// tried is one step of discovery.
type tried struct {
	URL    string `json:"url"`
	Answer string `json:"answer"`
}

func (e *notFound) Error() string {
	if len(e.Tried) == 1 {
		return e.Tried[0].URL + " " + e.Tried[0].Answer
	}
	lines := []string{"no metadata was found"}
	for _, t := range e.Tried {
		lines = append(lines, t.URL+" "+t.Answer)
	}
	return strings.Join(lines, "; ")
}

// metadata returns the server's metadata, found by this call or an earlier one. Only a success is
// kept: after a failure the next caller tries again, one attempt at a time.
func (p *provider) metadata(ctx context.Context) (*metadata, error) {
	if md, _ := p.known(); md != nil {
		return md, nil
	}
	return p.discovery.do(ctx, p.cfg.Issuer, func(ctx context.Context) (*metadata, error) {
		if md, _ := p.known(); md != nil { // found since we looked
			return md, nil
		}
		found, failed := p.discover(wire.For(ctx, wire.ForMetadata))
		p.mu.Lock()
		defer p.mu.Unlock()
		p.found, p.failed = found, failed
		if failed != nil { // a nil *notFound in an error would not be nil
			return nil, failed
		}
		return found, nil
	})
}

// known returns what earlier attempts came to, without asking anybody: the metadata, or why there
// is none, or neither before the first attempt has ended.
func (p *provider) known() (*metadata, *notFound) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.found, p.failed
}

// discover asks each address where metadata may be, in order, and applies the overrides.
func (p *provider) discover(ctx context.Context) (*metadata, *notFound) {
	set := p.cfg.Endpoints
	complete := set.Authorization != "" && set.Token != ""
	if p.cfg.Issuer == "" {
		return &metadata{Endpoints: set, MaySendAsForm: true}, nil
	}
	var failure notFound
	published := false // something other than "not here" was answered
	for _, address := range metadataURLs(p.cfg.Issuer) {
		md, answer := p.fetchMetadata(ctx, address)
		if md != nil {
			return md, nil
		}
		failure.Tried = append(failure.Tried, tried{address, answer.text})
		published = published || !answer.absent
		if answer.unreachable {
			break // the other addresses are on the same host
		}
	}
	if complete && !published {
		return &metadata{Issuer: p.cfg.Issuer, Endpoints: set, MaySendAsForm: true}, nil
	}
	return nil, &failure
}

// metadataURLs lists where an issuer's metadata may be: OpenID Connect Discovery section 4 appends
// to the issuer, RFC 8414 section 3.1 inserts before its path, and real servers do either with both.
func metadataURLs(issuer string) []string {
	u, err := url.Parse(issuer)
	if err != nil {
		return nil // the configuration has been checked
	}
	base, path := wire.Origin(u), strings.TrimSuffix(u.EscapedPath(), "/")
	const oidc, oauth = "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"
	urls := []string{base + path + oidc, base + oauth + path}
	if path != "" {
		urls = append(urls, base+path+oauth, base+oidc+path)
	}
	return urls
}

// answer says why an address gave no metadata.
type answer struct {
	text        string
	absent      bool // there is nothing at this address
	unreachable bool // the host could not be asked
}

func (p *provider) fetchMetadata(ctx context.Context, address string) (*metadata, answer) {
	e, err := p.wire.Get(ctx, address)
	if err != nil {
		return nil, answer{text: err.Error(), unreachable: true}
	}
	if e.Status != http.StatusOK {
		absent := e.Status == http.StatusNotFound || e.Status == http.StatusGone || e.Status == http.StatusMethodNotAllowed
		return nil, answer{text: "answered " + describeAnswer(e), absent: absent}
	}
	md := &metadata{Source: address}
	if err := wire.UnmarshalObject([]byte(e.ResponseBody), md); err != nil {
		return nil, answer{text: "answered 200, but not with metadata: " + err.Error()}
	}
	if md.Issuer != p.cfg.Issuer {
		return nil, answer{text: p.wrongIssuer(md.Issuer)}
	}
	md.Endpoints = p.override(md.Endpoints)
	if fault := md.fault(); fault != "" {
		return nil, answer{text: "answered 200, but " + fault}
	}
	return md, answer{}
}

// wrongIssuer explains metadata that names another issuer than the configured one. They must be
// the same, character for character (RFC 8414 section 3.3).
func (p *provider) wrongIssuer(theirs string) string {
	if theirs == "" {
		return "answered 200, but its metadata names no issuer"
	}
	if p.cfg.Demo {
		return fmt.Sprintf("names another issuer: %q, but this app is %q; another program listens at BASE_URL", theirs, p.cfg.Issuer)
	}
	variable := "ISSUER"
	if p.cfg.Clerk {
		variable = "the issuer from CLERK_PUBLISHABLE_KEY"
	}
	return fmt.Sprintf("names another issuer: the issuer says %q, you reached it as %q (%s); if that is the server you mean, write ISSUER=%s", theirs, p.cfg.Issuer, variable, theirs)
}

// override replaces endpoints by the configured ones, and fills in what a Clerk instance has but
// does not always list.
func (p *provider) override(e config.Endpoints) config.Endpoints {
	set, clerk := p.cfg.Endpoints, config.Endpoints{}
	if p.cfg.Clerk {
		clerk.Userinfo = p.cfg.Issuer + "/oauth/userinfo"
		clerk.Introspection = p.cfg.Issuer + "/oauth/token_info"
		clerk.Revocation = p.cfg.Issuer + "/oauth/token/revoke"
	}
	return config.Endpoints{
		Authorization: cmp.Or(set.Authorization, e.Authorization),
		Token:         cmp.Or(set.Token, e.Token),
		Userinfo:      cmp.Or(set.Userinfo, e.Userinfo, clerk.Userinfo),
		Introspection: cmp.Or(set.Introspection, e.Introspection, clerk.Introspection),
		Revocation:    cmp.Or(set.Revocation, e.Revocation, clerk.Revocation),
		EndSession:    e.EndSession,
		JWKS:          cmp.Or(set.JWKS, e.JWKS),
	}
}

// fault says what makes metadata unusable: an endpoint that is missing, or to which nothing
// secret may be sent. It returns "" for none.
func (md *metadata) fault() string {
	for _, e := range []struct {
		name, address string
		required      bool
	}{
		{"authorization_endpoint", md.Authorization, true},
		{"token_endpoint", md.Token, true},
		{"jwks_uri", md.JWKS, false},
		{"userinfo_endpoint", md.Userinfo, false},
		{"introspection_endpoint", md.Introspection, false},
		{"revocation_endpoint", md.Revocation, false},
		{"end_session_endpoint", md.EndSession, false},
	} {
		if e.address == "" && e.required {
			return fmt.Sprintf("its metadata has no %s; set %s", e.name, strings.ToUpper(e.name))
		}
		if e.address == "" {
			continue
		}
		if err := config.CheckEndpoint(e.address); err != nil {
			return fmt.Sprintf("its %s %v", e.name, err)
		}
	}
	return ""
}

// describeAnswer is a status as a person reads it, with the place it redirects to.
func describeAnswer(e *wire.Exchange) string {
	text := fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))
	if to := e.ResponseHeader.Get("Location"); to != "" && e.Status/100 == 3 {
		text += " to " + wire.Clip(wire.WithoutQuery(to), 200) + ", which is not followed"
	}
	return strings.TrimSpace(text)
}

// authMethod is how the client proves who it is at the token endpoint: as configured, none without
// a secret, else the server's preference, else the default of RFC 8414 section 2.
func (p *provider) authMethod(md *metadata) string {
	switch {
	case p.cfg.AuthMethod != "":
		return p.cfg.AuthMethod
	case p.cfg.ClientSecret == "":
		return config.MethodNone
	case slices.Contains(md.AuthMethods, config.MethodPost) && !slices.Contains(md.AuthMethods, config.MethodBasic):
		return config.MethodPost
	}
	return config.MethodBasic
}

// oauth2Config is the client for x/oauth2. AuthStyle is always set: left to itself, the package
// tries one style after the other, and the first failure would spend the code.
func (p *provider) oauth2Config(md *metadata, scopes []string) *oauth2.Config {
	style := oauth2.AuthStyleInParams // for none too: client_id alone (RFC 6749 section 3.2.1)
	if p.authMethod(md) == config.MethodBasic {
		style = oauth2.AuthStyleInHeader // form-encoded before base64 (RFC 6749 section 2.3.1)
	}
	return &oauth2.Config{
		ClientID:     p.cfg.ClientID,
		ClientSecret: p.cfg.ClientSecret,
		RedirectURL:  p.cfg.RedirectURI(),
		Scopes:       scopes,
		Endpoint:     oauth2.Endpoint{AuthURL: md.Authorization, TokenURL: md.Token, AuthStyle: style},
	}
}

// exchange redeems the authorization code with the code verifier (RFC 6749 section 4.1.3, RFC 7636
// section 4.5). The error is a *failure.
func (p *provider) exchange(ctx context.Context, md *metadata, code string, l *pendingLogin) (*tokenResponse, error) {
	ctx, rec := wire.RecorderOf(wire.For(ctx, wire.ForToken))
	ctx = context.WithValue(ctx, oauth2.HTTPClient, p.wire.Client)
	options := []oauth2.AuthCodeOption{oauth2.VerifierOption(l.Verifier)}
	if resource := l.Extra["resource"]; resource != "" { // RFC 8707 section 2.2
		options = append(options, oauth2.SetAuthURLParam("resource", resource))
	}
	_, err := p.oauth2Config(md, nil).Exchange(ctx, code, options...)
	if refused, ok := serverError(err); ok {
		return nil, p.tokenRefused(md, refused)
	}
	e := rec.Last()
	if e == nil || e.Fault != "" {
		return nil, unreachable("The token endpoint", md.Token, err)
	}
	// x/oauth2 looks at less than RFC 6749 section 5.1 asks, and its words name no field.
	response, fault := parseTokenResponse(e, md.MaySendAsForm)
	if fault != nil {
		return nil, badTokenResponse(fault)
	}
	if err != nil {
		return nil, &failure{Status: http.StatusBadGateway, Code: "invalid_token_response", Description: err.Error()}
	}
	return response, nil
}

// credentials are what a client proves who it is with.
type credentials struct {
	id, secret, method string
	raw                bool // leave out the form-encoding before base64, as a broken server may want
}

// post sends a form to an endpoint with the client's authentication: for everything but the
// exchange of the code, which is x/oauth2's.
func (p *provider) post(ctx context.Context, md *metadata, endpoint string, form url.Values) (*wire.Exchange, error) {
	return p.postAs(ctx, credentials{id: p.cfg.ClientID, secret: p.cfg.ClientSecret, method: p.authMethod(md)}, endpoint, form)
}

// postAs sends a form with the given credentials (RFC 6749 section 2.3.1).
func (p *provider) postAs(ctx context.Context, as credentials, endpoint string, form url.Values) (*wire.Exchange, error) {
	form = url.Values(http.Header(form).Clone())
	if as.method != config.MethodBasic {
		form.Set("client_id", as.id)
	}
	if as.method == config.MethodPost {
		form.Set("client_secret", as.secret)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	switch {
	case as.method == config.MethodBasic && as.raw:
		req.SetBasicAuth(as.id, as.secret)
	case as.method == config.MethodBasic:
		req.SetBasicAuth(url.QueryEscape(as.id), url.QueryEscape(as.secret))
	}
	return p.wire.Do(req)
}

// getAs fetches an address with an access token (RFC 6750 section 2.1).
func (p *provider) getAs(ctx context.Context, address, accessToken string) (*wire.Exchange, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+accessToken)
	return p.wire.Do(req)
}
