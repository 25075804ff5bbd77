package resource

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
)

// atNew makes the API name a different server, which registers clients too.
func (w *world) atNew() {
	w.document("GET https://new.example/.well-known/openid-configuration", spoilt(serverDocument(nil), map[string]any{"issuer": "https://new.example",
		"registration_endpoint": "https://new.example/register"}))
	w.At("POST https://new.example/register", func(rw http.ResponseWriter, r *http.Request) {
		json.NewEncoder(rw).Encode(registrationAnswer(map[string]any{"client_id": "client-2", "client_secret": "a-secret-of-the-client-2"}))
	})
	w.document("GET "+theAPIMetadata, apiDocument(map[string]any{"authorization_servers": []string{"https://new.example"}}))
}

// wantOwner looks at the API as the checks do.
func (w *world) wantOwner(t *testing.T, cfg config.Effective, refused, mine bool) *oauth.Client {
	t.Helper()
	c, err := w.Client(t.Context(), cfg, w.wire, time.Now, false)
	e, _ := errors.AsType[*oauth.Error](err)
	if check(e) == CheckOtherServer != refused {
		t.Errorf("the client of another server: %v; want a refusal: %v", err, refused)
	}
	if err == nil && w.MaySendSecret(c.Config()) != mine {
		t.Errorf("at %s the secret may be sent: %v; want %v", c.Config().Issuer, !mine, mine)
	}
	return c
}

var mine = map[string]string{"CLIENT_ID": "mine", "CLIENT_SECRET": "a-secret-of-mine"}

// Looking at an API does not tie a client to its server: only a login does, and ISSUER.
func TestDiscovery_LookingClaimsNothing(t *testing.T) {
	w := newWorld(t, mine)
	w.wantOwner(t, w.cfg, false, false)
	w.atNew()
	w.wantOwner(t, w.cfg, false, false)
	if _, err := w.begin(t); err != nil {
		t.Fatal(err)
	}
	w.wantOwner(t, w.cfg, false, true)
	w.document("GET "+theAPIMetadata, apiDocument(nil))
	w.wantOwner(t, w.cfg, true, false)
}

// A configured client keeps its server when another one was configured meanwhile.
func TestDiscovery_OwnerSurvivesOtherSettings(t *testing.T) {
	w := newWorld(t, mine)
	if _, err := w.begin(t); err != nil {
		t.Fatal(err)
	}
	w.atNew()
	other := w.cfg
	other.ClientID, other.ClientSecret = "another", "a-secret-of-another"
	if _, err := w.Client(t.Context(), other, w.wire, time.Now, true); err != nil {
		t.Fatal(err)
	}
	w.wantOwner(t, other, false, true)
	w.wantOwner(t, w.cfg, true, false)
}

// Settings that hold what was found keep the client at that server.
func TestNewDiscovery_OwnerOfWhatWasFound(t *testing.T) {
	w := newWorld(t, mine)
	c, err := w.begin(t)
	if err != nil {
		t.Fatal(err)
	}
	w.Discovery = NewDiscovery(c.Config())
	w.wantOwner(t, c.Config(), false, true)
	w.atNew()
	w.wantOwner(t, c.Config(), true, false)
}

// What ISSUER says counts, also after the line is gone.
func TestDiscovery_Configured(t *testing.T) {
	w := newWorld(t, mine)
	named := w.cfg
	named.AtAPI, named.Issuer = false, "https://auth.example"
	w.Configured(named)
	w.wantOwner(t, w.cfg, false, true)
	w.atNew()
	w.wantOwner(t, w.cfg, true, false)
	named.Issuer = "https://new.example"
	w.Configured(named)
	w.wantOwner(t, w.cfg, false, true)
}

// What ISSUER says counts for the second client, too.
func TestDiscovery_ConfiguredOtherClient(t *testing.T) {
	w := newWorld(t, nil)
	w.cfg.OtherClientID, w.cfg.OtherClientSecret = "other", "a-secret-of-the-other"
	named := w.cfg
	named.AtAPI, named.Issuer, named.ClientID = false, "https://auth.example", "mine"
	w.Configured(named)
	w.atNew()
	if c, err := w.begin(t); err != nil || c.Config().Found.OtherBelongsTo != "https://auth.example" {
		t.Errorf("at another server it belongs to %q, %v", c.Config().Found.OtherBelongsTo, err)
	}
	w.document("GET "+theAPIMetadata, apiDocument(nil))
	if c, err := w.begin(t); err != nil || c.Config().Found.OtherBelongsTo != "" {
		t.Errorf("at its own it belongs to %q, %v", c.Config().Found.OtherBelongsTo, err)
	}
}

// A client that was registered belongs to its server when its lines are in .env, whatever ID another server gives out.
func TestDiscovery_RegisteredClientInSettings(t *testing.T) {
	w := newWorld(t, nil)
	w.atNew()
	w.At("POST https://new.example/register", func(rw http.ResponseWriter, r *http.Request) {
		json.NewEncoder(rw).Encode(registrationAnswer(map[string]any{"client_secret": "a-secret-of-another-client"}))
	})
	cfg := w.cfg
	cfg.ClientID, cfg.ClientSecret = "client-1", "a-secret-of-the-client-1"
	for range 2 {
		if _, err := w.begin(t); err != nil {
			t.Fatal(err)
		}
		w.document("GET "+theAPIMetadata, apiDocument(nil))
	}
	w.wantOwner(t, cfg, false, true)
	w.atNew()
	w.wantOwner(t, cfg, true, false)
}

// The second client belongs to the server of the first login, whether the first client was registered there or not.
func TestDiscovery_OtherClient(t *testing.T) {
	for name, env := range map[string]map[string]string{"registered": {}, "configured": {"CLIENT_ID": "mine"}} {
		w := newWorld(t, env)
		w.cfg.OtherClientID, w.cfg.OtherClientSecret = "other", "a-secret-of-the-other"
		first, err := w.begin(t)
		if err != nil || first.Config().Found.OtherBelongsTo != "" {
			t.Fatalf("%s: at its own server: %q, %v", name, first.Config().Found.OtherBelongsTo, err)
		}
		w.atNew()
		if w.cfg.ClientID != "" { // which may not go there either
			w.cfg.ClientID = "another"
		}
		second, err := w.begin(t)
		if err != nil || second.Config().Found.OtherBelongsTo != "https://auth.example" {
			t.Errorf("%s: at another server it belongs to %q, %v", name, second.Config().Found.OtherBelongsTo, err)
		}
		w.document("GET "+theAPIMetadata, apiDocument(nil))
		if w.cfg.ClientID != "" {
			w.cfg.ClientID = "mine"
		}
		if back, err := w.begin(t); err != nil || back.Config().Found.OtherBelongsTo != "" {
			t.Errorf("%s: back at its own: %q, %v", name, back.Config().Found.OtherBelongsTo, err)
		}
	}
}
