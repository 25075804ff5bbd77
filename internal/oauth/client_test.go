package oauth

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// clientAt is a client with an environment, as the program would make it.
func clientAt(t *testing.T, env map[string]string) *Client {
	t.Helper()
	return clientWithin(t, env, wire.Timeout)
}

// clientWithin is clientAt, for a server that is slower than the client's patience.
func clientWithin(t *testing.T, env map[string]string, timeout time.Duration) *Client {
	t.Helper()
	cfg, err := config.Load(func(name string) string { return env[name] }, "does-not-exist.env", false)
	if err != nil {
		t.Fatal(err)
	}
	w := wire.NewWithTimeout(nil, time.Now, timeout)
	t.Cleanup(w.CloseIdleConnections)
	return New(cfg.Effective(), w, time.Now)
}

// signIn runs a whole login at a server whose user allows everything.
func signIn(t *testing.T, c *Client, l *testserver.FakeServer, params url.Values) (*TokenResponse, *IDToken, error) {
	t.Helper()
	request, err := c.NewRequest(params)
	if err != nil {
		return nil, nil, err
	}
	to, err := c.AuthorizationURL(t.Context(), request)
	if err != nil {
		return nil, nil, err
	}
	back, err := url.Parse(l.Approve(t, to))
	if err != nil {
		t.Fatal(err)
	}
	code, err := c.CheckResponse(t.Context(), request, back.Query())
	if err != nil {
		return nil, nil, err
	}
	response, err := c.Exchange(t.Context(), request, code)
	if err != nil {
		return nil, nil, err
	}
	id, err := c.VerifyIDToken(t.Context(), request, response)
	return response, id, err
}

// wantError checks an error's code, and words of what happened.
func wantError(t *testing.T, err error, code, words string) {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("the error is %v; want %s", err, code)
	}
	said := []string{e.Description, e.Said}
	for _, tried := range e.Tried {
		said = append(said, tried.URL+" "+tried.Answer)
	}
	if e.Code != code || !strings.Contains(strings.Join(said, "\n"), words) {
		t.Errorf("the error is %q at %q: %q; want %q and %q", e.Code, e.Step, said, code, words)
	}
	if e.Step == "" {
		t.Error("the error names no step")
	}
}

// wantHonest is the control of a case: with nothing spoiled, the same client and the same server finish
// a login.
func wantHonest(t *testing.T, l *testserver.FakeServer, c *Client) {
	t.Helper()
	l.Reset()
	if _, _, err := signIn(t, c, l, nil); err != nil {
		t.Errorf("the honest control: %v", err)
	}
}

// A client without its secret is asked nothing as a public one, and whatever it sends, the secret is not in it.
func TestClient_WithoutSecret(t *testing.T) {
	c := clientAt(t, testserver.StartFakeServer(t).Env())
	if _, err := c.Metadata(t.Context()); err != nil {
		t.Fatal(err)
	}
	bare := c.WithoutSecret()
	md, _ := bare.Known()
	if md == nil || c.Credentials(md).Secret == "" {
		t.Fatalf("the client is %+v", c.Credentials(md))
	}
	if got := bare.Credentials(md); got.Secret != "" || got.Method != config.MethodBasic || got.ID != testserver.FakeClientID {
		t.Errorf("its credentials are %+v", got)
	}
	if got := bare.Sanitized(testserver.FakeClientSecret, 100); got != "[redacted]" {
		t.Errorf("a server that repeats the secret is shown with %q", got)
	}
	if again, err := bare.Metadata(t.Context()); err != nil || again.Issuer != md.Issuer {
		t.Errorf("it finds %+v, %v", again, err)
	}
}

// A client with other settings has found the same server, and its logins are tied to the settings.
func TestClient_With(t *testing.T) {
	c := clientAt(t, testserver.StartFakeServer(t).Env())
	cfg := c.Config()
	if md, _ := c.With(cfg).Known(); md != nil {
		t.Errorf("before anything was found: %+v", md)
	}
	if _, err := c.Metadata(t.Context()); err != nil {
		t.Fatal(err)
	}
	md, _ := c.Known()
	if same, _ := c.With(cfg).Known(); same == nil || same.Issuer != md.Issuer || same.Binding != md.Binding {
		t.Errorf("with the same settings: %+v", same)
	}
	cfg.ClientID = "another"
	next := c.With(cfg)
	other, _ := next.Known()
	if other == nil || other.Issuer != md.Issuer || other.Binding == md.Binding || next.Config().ClientID != "another" {
		t.Errorf("as another client: %+v", other)
	}
}

// What was found is there for a request that is over, and where an API has named the server.
func TestMetadata_Known(t *testing.T) {
	t.Parallel()
	c := clientAt(t, testserver.StartFakeServer(t).Env())
	c.cfg.AtAPI = true
	md, err := c.Metadata(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 { // a client that began anew would find it by chance
		if again, err := c.Metadata(over); err != nil || again != md {
			t.Fatalf("after the request it is %+v, %v", again, err)
		}
	}
	c = clientAt(t, testserver.StartFakeServer(t).Env())
	c.cfg.AtAPI, c.cfg.Issuer = true, ""
	if _, err := c.Metadata(t.Context()); err == nil || err.(*Error).Kind != ServerNotNamed {
		t.Errorf("of an API that has named none: %v", err)
	}
}

// The codes of OAuth are known exactly: RFC 6749, OpenID Connect Core, RFC 8707 and RFC 9101.
func TestIsRegisteredError_All(t *testing.T) {
	t.Parallel()
	for _, code := range strings.Fields(`invalid_client invalid_grant unsupported_grant_type invalid_request unauthorized_client access_denied
		unsupported_response_type invalid_scope server_error temporarily_unavailable interaction_required login_required account_selection_required
		consent_required invalid_request_uri invalid_request_object request_not_supported request_uri_not_supported registration_not_supported invalid_target
		unmet_authentication_requirements`) {
		if !IsRegisteredError(code) || IsRegisteredError(code+"s") {
			t.Errorf("%s is taken for another one", code)
		}
	}
}
