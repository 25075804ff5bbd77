package resource

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
)

// The server's answer decides the secret and how it is sent.
func TestRegistration_AnswerDecides(t *testing.T) {
	const secret = " a-secret-of-the-client-1"
	for _, row := range []struct {
		answer map[string]any
		want   string
	}{
		{nil, "client_secret_basic" + secret},
		{map[string]any{"token_endpoint_auth_method": "client_secret_post"}, "client_secret_post" + secret},
		{map[string]any{"token_endpoint_auth_method": nil}, "client_secret_basic" + secret},
		{map[string]any{"token_endpoint_auth_method": nil, "client_secret": nil}, "none "},
		{map[string]any{"token_endpoint_auth_method": "none"}, "none "}, // though it sent a secret
		{map[string]any{"client_secret": strings.Repeat("x", maxClientSecret)}, "client_secret_basic " + strings.Repeat("x", maxClientSecret)},
		{map[string]any{"client_secret": strings.Repeat("x", maxClientSecret+1)}, "refused"},
	} {
		w := newWorld(t, nil)
		w.document("POST https://auth.example/register", registrationAnswer(row.answer))
		got := "refused"
		if c, err := w.begin(t); err == nil {
			got = c.Config().AuthMethod + " " + c.Config().ClientSecret
		}
		if got != row.want {
			t.Errorf("%v: %s; want %s", row.answer, got, row.want)
		}
	}
}

// A redirect URI of an app's own scheme is a native client's, as one on localhost is.
func TestRegistration_ApplicationType(t *testing.T) {
	for redirect, want := range map[string]string{"com.example.app:/callback": "native", "https://app.example/callback": "web", "https://localhost/callback": "native"} {
		w := newWorld(t, map[string]string{"REDIRECT_URI": redirect})
		w.begin(t)
		if sent := w.posted[len(w.posted)-1]; !strings.Contains(sent, `"application_type":"`+want+`"`) || !strings.Contains(sent, `"redirect_uris":["`+redirect+`"]`) {
			t.Errorf("%s: %s; want %s", redirect, sent, want)
		}
	}
}

// A client that only looked at the API finds the client that a login has registered since, and logins are tied to that.
func TestDiscovery_RegisteredSince(t *testing.T) {
	w := newWorld(t, nil)
	c, err := w.begin(t)
	if err != nil {
		t.Fatal(err)
	}
	md, _ := c.Known()
	if again, _ := c.With(c.Config()).Known(); md.Binding != again.Binding {
		t.Error("logins of the registered client are tied to another one")
	}
	if again, err := w.registerOnce(wire.For(t.Context(), wire.Registration), &client{Client: c, cfg: c.Config(), wire: w.wire, now: time.Now}); err != nil || again.ID != "client-1" || w.Asked("POST https://auth.example/register") != 1 {
		t.Errorf("registered are %+v, %v", again, err)
	}
}

// A resource that was asked for in one login is named at its refresh only where the login began at the API.
func TestRefresh_ResourceOfOneLogin(t *testing.T) {
	w := newWorld(t, nil)
	w.document("POST https://auth.example/token", map[string]any{"access_token": "t", "token_type": "bearer", "refresh_token": "r"})
	c, err := w.begin(t)
	if err != nil {
		t.Fatal(err)
	}
	for _, atAPI := range []bool{true, false} {
		cfg := c.Config()
		cfg.AtAPI = atAPI
		c := c.With(cfg)
		r, err := c.NewRequest(url.Values{"resource": {"https://api.example/other"}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.AuthorizationURL(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		c.Refresh(t.Context(), oauth.Tokens{Refresh: "r"}, r, nil)
		sent := w.posted[len(w.posted)-1]
		if strings.Contains(sent, "resource=https%3A%2F%2Fapi.example%2Fother") != atAPI || !strings.Contains(sent, "grant_type=refresh_token") {
			t.Errorf("begun at the API: %t; the refresh is %s", atAPI, sent)
		}
	}
}
