package resource

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
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

// The reasons for having no client: the Check of an *Error at the step wire.Registration.
const (
	CheckNotOffered  = "offered"  // the server registers none, and none is configured
	CheckEndpoint    = "endpoint" // the server's registration endpoint must not be called
	CheckAnswer      = "answer"   // what the server answered cannot be used, and it may have made a client
	CheckOtherServer = "moved"    // the configured client belongs to another server
)

// The maximum size of what a server issues to a client, in bytes.
const (
	maxClientID     = 2000 // it goes into the browser's address
	maxClientSecret = 4000
)

// registered is a client that a server has registered for this process.
type registered struct {
	*config.RegisteredClient
	issuer, redirectURI string
	expires             time.Time // of the secret; zero for never
}

// isAt reports whether the client was registered with the issuer and the redirect URI. With another redirect URI, it is
// useless.
func (r registered) isAt(cfg config.Effective) bool {
	return r.issuer == cfg.Issuer && r.redirectURI == cfg.RedirectURI()
}

// unusable is a registration with an unusable answer. The server may have made a client anyway, and would make another each
// time that it is asked.
type unusable struct {
	issuer, redirectURI string
	err                 *oauth.Error
}

// registration holds the client metadata of a request (RFC 7591 section 2, OpenID Connect Dynamic Client Registration
// section 2).
type registration struct {
	Name            string   `json:"client_name"`
	ApplicationType string   `json:"application_type"`
	RedirectURIs    []string `json:"redirect_uris"`
	AfterLogout     []string `json:"post_logout_redirect_uris,omitempty"`
	GrantTypes      []string `json:"grant_types"`
	ResponseTypes   []string `json:"response_types"`
	AuthMethod      string   `json:"token_endpoint_auth_method"`
	Scope           string   `json:"scope,omitempty"`
}

// newRegistration returns a request for what our logins need, and no more.
func (c *client) newRegistration(md *oauth.Metadata) registration {
	asked := registration{Name: "OAuth Test Client", ApplicationType: "web", RedirectURIs: []string{c.cfg.RedirectURI()}, ResponseTypes: []string{"code"},
		GrantTypes: []string{"authorization_code", "refresh_token"}, AuthMethod: config.MethodBasic, Scope: strings.Join(c.cfg.Scopes, " ")}
	// The API may want another of its scopes later, and a login can only ask for registered ones.
	if all := strings.Join(oauth.Union(c.cfg.Scopes, c.scopes), " "); config.ValidScope(all) && len(all) <= oauth.MaxScopeBytes {
		asked.Scope = all
	}
	if u, err := url.Parse(c.cfg.RedirectURI()); err == nil && (u.Scheme != "https" || config.IsLoopback(u.Hostname())) {
		asked.ApplicationType = "native" // a web client's redirect URI is never on localhost
	}
	if md.EndSession != "" {
		asked.AfterLogout = []string{c.cfg.AfterLogout()} // OpenID Connect RP-Initiated Logout section 2.1
	}
	for _, method := range []string{config.MethodBasic, config.MethodPost, config.MethodNone} {
		if slices.Contains(md.AuthMethods, method) {
			asked.AuthMethod = method
			break
		}
	}
	return asked
}

// register registers a client (RFC 7591 section 3). It keeps nothing of an unusable answer. The error is an *Error.
func (c *client) register(ctx context.Context) (registered, error) {
	const what = "registration endpoint"
	md, _ := c.Known()
	if e := c.mayNotRegister(md); e != nil {
		return registered{}, e
	}
	body, err := json.Marshal(c.newRegistration(md))
	if err != nil {
		return registered{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, md.Registration, bytes.NewReader(body))
	if err != nil {
		return registered{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	apart, recorder := wire.RecordApart(ctx)
	e, err := c.wire.Do(req.WithContext(apart))
	wire.Keep(ctx, recorder.Exchanges())
	if last := recorder.Last(); err != nil && last != nil && last.Status/100 == 2 { // it accepted, but its answer broke off
		failed := c.notRegistered(oauth.RegistrationUnusable, CheckAnswer, "The authorization server %s returned %d for the registration, but %s.",
			md.Issuer, last.Status, wire.Fault(err))
		failed.Answer = c.AnswerOf(last)
		return registered{}, failed
	}
	if e, err = c.Answered(wire.Registration, what, md.Registration, e, err); err != nil {
		return registered{}, err
	}
	if refusesToRegister(e) {
		return registered{}, c.RefusedBy(wire.Registration, what, e) // RFC 7591 section 3.2.2
	}
	client, fault := c.readRegistered(e)
	if fault != nil {
		failed := c.notRegistered(oauth.RegistrationUnusable, CheckAnswer, "The authorization server %s answered the registration %s, so its response is not used.",
			md.Issuer, c.SanitizedIn(e)(fault.Error(), 500))
		failed.Answer = c.AnswerOf(e)
		return registered{}, failed
	}
	return client, nil
}

// refusesToRegister reports whether the server made no client: it says so by the status, or by an error in place of a
// client.
func refusesToRegister(e *wire.Exchange) bool {
	if e.Status/100 != 2 {
		return true
	}
	answer, err := wire.ParseObject(e.ResponseBody)
	return e.ErrorInside() && err == nil && !answer.Has("client_id")
}

// mayNotRegister says why a server is not asked to register a client, or returns nil.
func (c *client) mayNotRegister(md *oauth.Metadata) *oauth.Error {
	err := config.CheckEndpoint(md.Registration)
	switch {
	case c.Pushes(md) && md.PAR == "": // no login would come of it
		return oauth.NowhereToPush(md)
	case md.Registration == "":
		return c.notRegistered(oauth.RegistrationNotOffered, CheckNotOffered, "The authorization server %s doesn't support dynamic client registration, and CLIENT_ID is not set.", md.Issuer)
	case err != nil:
		return c.notRegistered(oauth.RegistrationEndpoint, CheckEndpoint, "The authorization server names a registration endpoint that can't be used: %s.", c.Sanitized(err.Error(), 300))
	}
	if where := oauth.LeadsHere(md.Registration, c.cfg.Issuer); where != "" {
		return c.notRegistered(oauth.RegistrationEndpoint, CheckEndpoint, "The authorization server's registration endpoint %s (%s), but the server itself is not.",
			where, c.Sanitized(md.Registration, 300))
	}
	return nil
}

// readRegistered reads what the server registered (RFC 7591 section 3.2.1). The server decides, and may have changed what
// was requested. The error completes "the server answered the registration …".
func (c *client) readRegistered(e *wire.Exchange) (registered, error) {
	var answer struct {
		ID           string   `json:"client_id"`
		Secret       string   `json:"client_secret"`
		Expires      float64  `json:"client_secret_expires_at"`
		AuthMethod   string   `json:"token_endpoint_auth_method"`
		RedirectURIs []string `json:"redirect_uris"`
	}
	if err := wire.UnmarshalObject([]byte(e.ResponseBody), &answer); err != nil {
		return registered{}, errors.New("with something else: " + err.Error())
	}
	issued, all := config.Issued(e.ResponseBody)
	client := registered{&config.RegisteredClient{ID: answer.ID, Secret: answer.Secret, Method: answer.AuthMethod, Issued: issued},
		c.cfg.Issuer, c.cfg.RedirectURI(), time.Time{}}
	if client.Method == "" {
		client.Method = config.MethodBasic // RFC 7591 section 2
		if client.Secret == "" {
			client.Method = config.MethodNone
		}
	}
	if answer.Expires > 0 {
		client.expires = time.Unix(int64(min(answer.Expires, 1<<40)), 0)
	}
	ours := c.cfg.RedirectURI()
	others := slices.DeleteFunc(answer.RedirectURIs, func(uri string) bool { return uri == ours }) // some servers send none
	switch {
	case client.ID == "":
		return registered{}, errors.New("without a client_id")
	case !oauth.VisibleASCII(client.ID) || len(client.ID) > maxClientID:
		return registered{}, errors.New("with a client_id that can't be sent in a URL")
	case !oauth.VisibleASCII(client.Secret) || len(client.Secret) > maxClientSecret:
		return registered{}, errors.New("with a client_secret that cannot be used")
	case !all:
		return registered{}, errors.New("with more secrets than this app stores for one client")
	case len(others) > 0:
		return registered{}, fmt.Errorf("with the redirect URI %q, and not with %q alone", others[0], ours)
	case client.Method == config.MethodNone:
		client.Secret, client.expires = "", time.Time{} // a public client has none
	case client.Method != config.MethodBasic && client.Method != config.MethodPost:
		return registered{}, fmt.Errorf("with the token_endpoint_auth_method %q, which this client cannot use", client.Method)
	case client.Secret == "":
		return registered{}, fmt.Errorf("with the token_endpoint_auth_method %s and without a client_secret", client.Method)
	case !client.expires.IsZero() && !client.expires.After(c.now()): // every login would register anew
		return registered{}, fmt.Errorf("with a client_secret that has expired: its client_secret_expires_at is %s", client.expires.UTC().Format(time.DateTime))
	}
	return client, nil
}
