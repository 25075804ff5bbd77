package resource

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// What is asked of a registration endpoint, to the byte.
func TestRegistration_Request(t *testing.T) {
	for _, row := range []struct {
		name   string
		env    map[string]string
		server map[string]any
		want   string
	}{
		{
			"on localhost",
			nil,
			nil,
			`{"client_name":"OAuth Test Client","application_type":"native","redirect_uris":["http://localhost:3000/oauth_callback"],` +
				`"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"client_secret_basic",` +
				`"scope":"notes profile"}`,
		},
		{
			"on a public host",
			map[string]string{"BASE_URL": "https://app.example", "SCOPES": "a"},
			nil,
			`{"client_name":"OAuth Test Client","application_type":"web","redirect_uris":["https://app.example/oauth_callback"],` +
				`"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"client_secret_basic",` +
				`"scope":"a notes profile"}`,
		},
		{"a server of public clients", nil, map[string]any{"token_endpoint_auth_methods_supported": []string{"none", "private_key_jwt"}},
			`{"client_name":"OAuth Test Client","application_type":"native","redirect_uris":["http://localhost:3000/oauth_callback"],` +
				`"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"none","scope":"notes profile"}`},
		{
			"a server where users sign out",
			nil,
			map[string]any{"end_session_endpoint": "https://auth.example/out", "token_endpoint_auth_methods_supported": []string{"none", "client_secret_post"}},
			`{"client_name":"OAuth Test Client","application_type":"native","redirect_uris":["http://localhost:3000/oauth_callback"],` +
				`"post_logout_redirect_uris":["http://localhost:3000/"],` +
				`"grant_types":["authorization_code","refresh_token"],"response_types":["code"],"token_endpoint_auth_method":"client_secret_post",` +
				`"scope":"notes profile"}`,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, row.env)
			w.document("GET "+theServerMetadata, serverDocument(row.server))
			w.begin(t)
			if got := w.posted[len(w.posted)-1]; got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
}

// A client is registered once: looking registers none, logins at the same time share one, and the next login still has it.
func TestDiscovery_RegistersOnce(t *testing.T) {
	w := newWorld(t, nil)
	c, err := w.Client(t.Context(), w.cfg, w.wire, time.Now, false)
	if err != nil || c.Config().ClientID != "" || c.Config().Issuer != "https://auth.example" || w.Asked("POST ") != 0 {
		t.Fatalf("found %v, %v after %q", c, err, w.Requests())
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { w.begin(t) })
	}
	all.Wait()
	c, err = w.begin(t)
	if err != nil || w.Asked("POST https://auth.example/register") != 1 || c.Config().ClientID != "client-1" ||
		c.Config().ClientSecret != "a-secret-of-the-client-1" || !c.Config().Registered() {
		t.Errorf("%v, %v; registered %d times", c, err, w.Asked("POST https://auth.example/register"))
	}
	if found, err := w.Client(t.Context(), c.Config(), w.wire, time.Now, false); err != nil || found.Config().ClientID != "client-1" {
		t.Errorf("whoever looks then does not see the client: %v", err)
	}
	if again, err := NewDiscovery(c.Config()).Client(t.Context(), c.Config(), w.wire, time.Now, false); err != nil || again.Config().ClientID != "client-1" {
		t.Errorf("settings that hold the client do not bring it: %v", err)
	}
}

// However many logins start at once, only one of them asks the API, as each search costs a dozen requests, and any visitor
// can start one.
func TestDiscovery_OneSearch(t *testing.T) {
	w := newWorld(t, nil)
	var begun, asking, most atomic.Int64
	w.At("GET https://api.example/v1/notes", func(rw http.ResponseWriter, _ *http.Request) {
		most.Store(max(most.Load(), asking.Add(1)))
		for begun.Load() < 8 {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(20 * time.Millisecond) // for another one to ask, if it does
		asking.Add(-1)
		rw.Header().Set("WWW-Authenticate", `Bearer resource_metadata="`+theAPIMetadata+`"`)
		rw.WriteHeader(http.StatusUnauthorized)
	})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			ctx, recorder := wire.Record(t.Context())
			begun.Add(1)
			c, err := w.Client(ctx, w.cfg, w.wire, time.Now, true)
			if err != nil || c.Config().ClientID != "client-1" || len(recorder.Exchanges()) < 3 {
				t.Errorf("a login begins with %+v, %v, and shows %d steps", c, err, len(recorder.Exchanges()))
			}
		})
	}
	all.Wait()
	if most.Load() != 1 {
		t.Errorf("the API was asked by %d logins at once", most.Load())
	}
}

// A login that stops waiting for the API gets an error of that step, and the next login starts.
func TestDiscovery_SearchGivenUp(t *testing.T) {
	w := newWorld(t, nil)
	asked, release := make(chan bool, 1), make(chan bool)
	w.At("GET https://api.example/v1/notes", func(rw http.ResponseWriter, _ *http.Request) {
		asked <- true
		<-release
		rw.Header().Set("WWW-Authenticate", `Bearer resource_metadata="`+theAPIMetadata+`"`)
		rw.WriteHeader(http.StatusUnauthorized)
	})
	gone, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := w.Client(gone, w.cfg, w.wire, time.Now, true)
		failed <- err
	}()
	<-asked
	cancel()
	err := <-failed
	wantError(t, err, oauth.CodeUnreachable, "The API https://api.example/v1/notes")
	if e, ok := errors.AsType[*oauth.Error](err); !ok || e.Step != wire.APIAsked {
		t.Errorf("it failed at another step: %v", err)
	}
	close(release)
	if c, err := w.begin(t); err != nil || c.Config().ClientID != "client-1" {
		t.Errorf("the next login begins with %+v, %v", c, err)
	}
}

// A client is good for the redirect URI that it was registered with, so another one means another client.
func TestRegistration_ForItsRedirectURI(t *testing.T) {
	const elsewhere = "https://app.example.com/callback"
	w := newWorld(t, nil)
	begin := func(redirectURI, id string) {
		t.Helper()
		w.document("POST https://auth.example/register", registrationAnswer(map[string]any{"client_id": id, "redirect_uris": []string{redirectURI}}))
		c, err := w.begin(t)
		if err != nil || c.Config().ClientID != id {
			t.Errorf("for %s the client is %+v, %v", redirectURI, c, err)
		}
	}
	begin("http://localhost:3000/oauth_callback", "client-1")
	w.cfg.RedirectOverride = elsewhere
	begin(elsewhere, "client-2")
	if n := w.Asked("POST https://auth.example/register"); n != 2 || !strings.Contains(w.posted[len(w.posted)-1], elsewhere) {
		t.Errorf("%d clients were registered, the last with %s", n, w.posted[len(w.posted)-1])
	}
	w.cfg.RedirectOverride = "" // and back
	if c, err := w.begin(t); err != nil || c.Config().ClientID != "client-1" || w.Asked("POST https://auth.example/register") != 2 {
		t.Errorf("the first client is not used again: %+v, %v", c, err)
	}
}

// A secret that has expired is replaced by registering again, and not before.
func TestRegistration_SecretExpires(t *testing.T) {
	now := time.Now()
	for _, row := range []struct {
		later time.Duration
		want  int
	}{{59 * time.Minute, 1}, {61 * time.Minute, 2}} {
		w := newWorld(t, nil)
		w.document("POST https://auth.example/register", registrationAnswer(map[string]any{"client_secret_expires_at": now.Add(time.Hour).Unix()}))
		w.begin(t)
		w.document("POST https://auth.example/register", registrationAnswer(map[string]any{"client_secret_expires_at": now.Add(3 * time.Hour).Unix()}))
		if _, err := w.Client(t.Context(), w.cfg, w.wire, func() time.Time { return now.Add(row.later) }, true); err != nil {
			t.Error(err)
		}
		if got := w.Asked("POST https://auth.example/register"); got != row.want {
			t.Errorf("after %v: registered %d times; want %d", row.later, got, row.want)
		}
	}
}

// An API that moves to another server means another client there. What belongs to one issuer is sent to no
// other, and is there again when the API comes back.
func TestDiscovery_ServerMoves(t *testing.T) {
	w := newWorld(t, nil)
	first, err := w.begin(t)
	if err != nil {
		t.Fatal(err)
	}
	w.document("GET https://new.example/.well-known/openid-configuration", map[string]any{
		"issuer":                 "https://new.example",
		"authorization_endpoint": "https://new.example/authorize",
		"token_endpoint":         "https://new.example/token",
		"registration_endpoint":  "https://new.example/register",
	})
	w.At("POST https://new.example/register", func(rw http.ResponseWriter, r *http.Request) {
		json.NewEncoder(rw).Encode(registrationAnswer(map[string]any{"client_id": "client-2", "client_secret": "a-secret-of-the-client-2"}))
	})
	w.document("GET "+theAPIMetadata, apiDocument(map[string]any{"authorization_servers": []string{"https://new.example"}}))
	if found, err := w.Client(t.Context(), first.Config(), w.wire, time.Now, false); err != nil || found.Config().ClientID != "" || found.Config().ClientSecret != "" {
		t.Errorf("at the new server the client is %q, %v", found.Config().ClientID, err)
	}
	second, err := w.Client(t.Context(), first.Config(), w.wire, time.Now, true)
	if err != nil || second.Config().ClientID != "client-2" || second.Config().ClientSecret != "a-secret-of-the-client-2" {
		t.Fatalf("got %v, %v", second, err)
	}
	for i, name := range w.Requests() {
		if strings.Contains(name, "https://new.example") && strings.Contains(name+w.posted[i], "client-1") {
			t.Errorf("the first client went to the new server: %s %s", name, w.posted[i])
		}
	}
	if md1, _ := first.Known(); first.CheckServer(t.Context(), &oauth.Request{Binding: md1.Binding}) != nil ||
		second.CheckServer(t.Context(), &oauth.Request{Binding: md1.Binding}) == nil {
		t.Error("a login of the first server is one of the second")
	}
	w.document("GET "+theAPIMetadata, apiDocument(nil))
	if back, err := w.begin(t); err != nil || back.Config().ClientID != "client-1" || w.Asked("POST https://auth.example/register") != 1 {
		t.Errorf("back at the first server: %v, %v", back, err)
	}
}

// A configured client is sent to the first server that the API names, and to no other. A client ID metadata
// document belongs to none.
func TestDiscovery_ConfiguredClientStays(t *testing.T) {
	for _, row := range []struct {
		env  map[string]string
		want string // the check that refuses
	}{
		{map[string]string{"CLIENT_ID": "mine", "CLIENT_SECRET": "a-secret-of-mine"}, CheckOtherServer},
		{map[string]string{"CLIENT_ID": "mine"}, CheckOtherServer},
		{map[string]string{"CLIENT_ID": "https://client.example/document"}, ""},
	} {
		w := newWorld(t, row.env)
		documents := map[string]any{"client_id_metadata_document_supported": true}
		w.document("GET "+theServerMetadata, serverDocument(documents))
		w.document("GET https://new.example/.well-known/openid-configuration",
			spoilt(serverDocument(documents), map[string]any{"issuer": "https://new.example"}))
		for range 2 {
			if _, err := w.begin(t); err != nil {
				t.Fatal(err)
			}
		}
		w.document("GET "+theAPIMetadata, apiDocument(map[string]any{"authorization_servers": []string{"https://new.example"}}))
		_, err := w.begin(t)
		e, _ := errors.AsType[*oauth.Error](err)
		if got := check(e); got != row.want {
			t.Errorf("%v: at another server: %v", row.env, err)
		}
		if e != nil && (!strings.Contains(e.Description, "https://new.example") || !strings.Contains(e.Description, "https://auth.example")) {
			t.Errorf("it does not name both servers: %s", e.Description)
		}
	}
}

func check(e *oauth.Error) string {
	if e == nil {
		return ""
	}
	return e.Check
}

// Whether a server reads a client ID metadata document is its own to say: Clerk reads one that was allowed explicitly, and does not
// say so in its metadata.
func TestClientDocument_NotAdvertised(t *testing.T) {
	for _, supported := range []any{nil, false} {
		w := newWorld(t, map[string]string{"CLIENT_ID": "https://client.example/document"})
		w.document("GET "+theServerMetadata, serverDocument(map[string]any{"client_id_metadata_document_supported": supported}))
		client, err := w.begin(t)
		if err != nil || client.Config().ClientID != "https://client.example/document" {
			t.Errorf("%v: %v", supported, err)
		}
	}
}

// Clients are kept at so many servers, and the newest are.
func TestRegistration_Bounded(t *testing.T) {
	w := newWorld(t, nil)
	for i := range maxRegistered + 3 {
		host := fmt.Sprintf("https://n%d.example", i)
		w.document("GET "+host+"/.well-known/openid-configuration", serverDocument(map[string]any{"issuer": host}))
		w.document("GET "+theAPIMetadata, apiDocument(map[string]any{"authorization_servers": []string{host}}))
		if _, err := w.begin(t); err != nil {
			t.Fatal(err)
		}
	}
	newest := fmt.Sprintf("https://n%d.example", maxRegistered+2)
	if len(w.clients) != maxRegistered || !slices.ContainsFunc(w.clients, func(r registered) bool { return r.issuer == newest }) {
		t.Errorf("%d clients are kept", len(w.clients))
	}
}

// The steps of a start are recorded in their order, and a resource that is more than the API is noted.
func TestDiscovery_StepsRecorded(t *testing.T) {
	for resource, noted := range map[string]bool{"https://api.example/v1/notes": false, "https://api.example/v1": true} {
		w := newWorld(t, nil)
		w.document("GET "+theAPIMetadata, apiDocument(map[string]any{"resource": resource}))
		ctx, recorder := wire.Record(t.Context())
		if _, err := w.Client(ctx, w.cfg, w.wire, time.Now, true); err != nil {
			t.Fatal(err)
		}
		var got []wire.Purpose
		for _, e := range recorder.Exchanges() {
			got = append(got, e.Purpose)
			if e.Failed() || (e.Note != "") != (noted && e.Purpose == wire.ResourceMetadata) {
				t.Errorf("%s: failed %v, note %q", e.Purpose, e.Failed(), e.Note)
			}
		}
		if want := []wire.Purpose{wire.APIAsked, wire.ResourceMetadata, wire.Metadata, wire.Registration}; !slices.Equal(got, want) {
			t.Errorf("got %q; want %q", got, want)
		}
	}
}

// The resource goes into the authorization request, the token request and the refresh of a login that began
// at the API, and into none of another login.
func TestResource_SentInThreeRequests(t *testing.T) {
	w := newWorld(t, nil)
	w.document("POST https://auth.example/token", map[string]any{"access_token": "t", "token_type": "bearer", "refresh_token": "r"})
	c, err := w.begin(t)
	if err != nil {
		t.Fatal(err)
	}
	cfg := c.Config()
	cfg.Found.Resource, cfg.AtAPI = "", false
	plain := oauth.New(cfg, w.wire, time.Now)
	for _, row := range []struct {
		c    *oauth.Client
		want bool
	}{{c, true}, {plain, false}} {
		r, err := row.c.NewRequest(nil)
		if err != nil {
			t.Fatal(err)
		}
		to, err := row.c.AuthorizationURL(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		const resource = "resource=https%3A%2F%2Fapi.example%2Fv1%2Fnotes"
		response, err := row.c.Exchange(t.Context(), r, "a-code")
		if err != nil {
			t.Fatal(err)
		}
		redeemed := w.posted[len(w.posted)-1]
		row.c.Refresh(t.Context(), response.Tokens, r, nil)
		refreshed := w.posted[len(w.posted)-1]
		for what, sent := range map[string]string{"authorization request": to, "token request": redeemed, "refresh": refreshed} {
			if strings.Contains(sent, resource) != row.want {
				t.Errorf("%s: %s; want a resource: %v", what, sent, row.want)
			}
		}
		if redeemed == refreshed {
			t.Error("nothing was refreshed")
		}
	}
}

// A token is for the API that its login began at: with another one in RESOURCE_URL it is sent nowhere, though
// the server and the client are the same.
func TestTokens_StayWithTheirAPI(t *testing.T) {
	const other, otherMetadata = "https://api.example/v2/other", "https://api.example/.well-known/oauth-protected-resource/v2/other"
	w := newWorld(t, nil)
	w.document("GET "+otherMetadata, apiDocument(map[string]any{"resource": other}))
	first, err := w.begin(t)
	if err != nil {
		t.Fatal(err)
	}
	r := new(oauth.Request)
	if _, err := first.AuthorizationURL(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if again, err := w.begin(t); err != nil || again.CheckServer(t.Context(), r) != nil {
		t.Errorf("at the same API the login does not go on: %v", err)
	}
	w.cfg.ResourceURL = other
	second, err := w.begin(t)
	if err != nil || second.Config().ClientID != first.Config().ClientID || second.Config().Found.Resource != other {
		t.Fatalf("at the other API: %v", err)
	}
	wantError(t, second.CheckServer(t.Context(), r), oauth.CodeOtherServer, "or the API has changed since")
}

// The secret of a client that was registered is hidden in what the API says at a later login, too.
func TestRegistration_SecretIsHidden(t *testing.T) {
	const secret = "a-secret-of-the-client-1"
	w := newWorld(t, nil)
	c, err := w.begin(t)
	if err != nil || c.Config().ClientSecret != secret {
		t.Fatalf("%v", err)
	}
	w.cfg = c.Config() // which the program goes on with
	for _, row := range []struct {
		address string
		said    map[string]any
	}{
		{theAPIMetadata, apiDocument(map[string]any{"resource": "https://evil.example/" + secret})},
		{theAPIMetadata, apiDocument(map[string]any{"authorization_servers": []string{"http://evil.example/" + secret}})},
		{theServerMetadata, serverDocument(map[string]any{"issuer": "https://evil.example/" + secret})},
	} {
		w.document("GET "+theAPIMetadata, apiDocument(nil))
		w.document("GET "+row.address, row.said)
		_, err := w.begin(t)
		failed, ok := errors.AsType[*oauth.Error](err)
		if !ok {
			t.Fatalf("of %v nothing is said", row.said)
		}
		if told := fmt.Sprintf("%+v", *failed); strings.Contains(told, secret) || !strings.Contains(told, "evil.example") {
			t.Errorf("of %v is said %s", row.said, told)
		}
	}
}

// A client for looking has no registered secret. The secret stays hidden in what the server says to it.
func TestDiscovery_LookingHidesTheRegisteredSecret(t *testing.T) {
	const secret = "a-secret-of-the-client-1"
	w := newWorld(t, nil)
	c, err := w.begin(t)
	if err != nil {
		t.Fatal(err)
	}
	w.Discovery = NewDiscovery(w.cfg) // which has registered nothing
	for _, row := range []struct {
		cfg  config.Effective
		want string
	}{{c.Config(), "say [redacted]"}, {w.cfg, "say " + secret}} {
		looks, err := w.Client(t.Context(), row.cfg, w.wire, time.Now, false)
		if err != nil || looks.Config().ClientID != "" {
			t.Fatalf("got %+v, %v", looks, err)
		}
		if got := looks.Sanitized("say "+secret, 100); got != row.want {
			t.Errorf("the server is shown with %q; want %q", got, row.want)
		}
	}
}

// What a start may cost has limits of its own.
func TestLimits_OfStart(t *testing.T) {
	t.Parallel()
	if maxRegistered > 16 || maxServers > 3 || startTimeout > 20*time.Second || maxClientID > 2000 || maxClientSecret > 4000 {
		t.Errorf("they are %d, %d, %v, %d and %d", maxRegistered, maxServers, startTimeout, maxClientID, maxClientSecret)
	}
}
