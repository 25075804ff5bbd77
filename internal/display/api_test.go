package display

import (
	"fmt"
	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/wire"
	"strings"
	"testing"

	"github.com/joho/godotenv"
)

// The tools that an API lists are offered, and only so many.
func TestToolsIn(t *testing.T) {
	for body, want := range map[string]string{
		`{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"add"},{"name":"remove"}]}}`: "[add remove]",
		`{"error":{"code":-32001}}`: "[]",
		"<html>":                    "[]",
		"":                          "[]",
		`{"result":{"tools":[` + strings.Repeat(`{"name":"a"},`, 60) + `{"name":"b"}]}}`: fmt.Sprint(strings.Split(strings.Repeat("a ", maxTools-1)+"a", " ")),
	} {
		if got := fmt.Sprint(toolsIn(body)); got != want {
			t.Errorf("%.60s: %s; want %s", body, got, want)
		}
	}
}

// Where a token is for somebody else, the login that names the API is offered, unless this one did.
func TestNextForThisAPI(t *testing.T) {
	for _, row := range []struct {
		name     causes.Name
		setting  string // at fault; none where the token names this API already
		resource string
		want     string
	}{
		{causes.APIWantsAnotherAudience, "RESOURCE_URL", "", "/login?resource=https%3A%2F%2Fapi.example%2Fa%3Fb%3Dc%26d"},
		{causes.APIWantsAnotherAudience, "", "", ""},
		{causes.APIWantsAnotherAudience, "RESOURCE_URL", "https://api.example/a", ""},
		{causes.APIWantsAnotherIssuer, "RESOURCE_URL", "", ""},
	} {
		a := Answer{Why: &causes.APIAnswer{Finding: causes.Finding{Name: row.name, Setting: row.setting}}}
		a.OfferNext(config.Config{ResourceURL: "https://api.example/a?b=c&d"}, false,
			&oauth.Request{Extra: map[string]string{"resource": row.resource}}, &wire.Exchange{Status: 401})
		got := ""
		if a.Next != nil {
			got = a.Next.Path
		}
		if got != row.want {
			t.Errorf("%s after a login for %q: %q; want %q", row.name, row.resource, got, row.want)
		}
	}
}

// What the API's answer leads to: more scopes, the API's server anew, or nothing.
func TestNextAtAPI(t *testing.T) {
	for _, row := range []struct {
		cfg    config.Config
		status int
		header string
		want   string
	}{
		{config.Config{AtAPI: true}, 200, "", ""},
		{config.Config{AtAPI: true}, 401, "", "/login"},
		{config.Config{}, 401, "", ""},
		{config.Config{AtAPI: true}, 403, "", ""},
		{config.Config{}, 403, "Www-Authenticate: Bearer error=\"insufficient_scope\", scope=\"b&c\"\r\n", "/login?scope=a+b%26c&step_up=1"},
	} {
		var a Answer
		a.OfferNext(row.cfg, false, &oauth.Request{Scopes: []string{"a"}}, &wire.Exchange{Status: row.status, ResponseHeader: wire.Header(row.header)})
		got := ""
		if a.Next != nil {
			got = a.Next.Path
		}
		if got != row.want || a.CanCall {
			t.Errorf("%d: %q; want %q", row.status, got, row.want)
		}
	}
}

// The lines that keep a client are read from .env as they were meant, and there are none where nothing was registered.
func TestEnvLines(t *testing.T) {
	for _, secret := range []string{"a-plain-secret", `a"b$c\d`, "it's", `it's "$HOME" \ #`, ""} {
		cfg := config.Config{Registered: true, ClientID: "client", ClientSecret: secret, Issuer: "https://a.example"}
		values, err := godotenv.Unmarshal(EnvLines(cfg))
		if err != nil || values["CLIENT_ID"] != "client" || values["CLIENT_SECRET"] != secret {
			t.Errorf("%q is read as %q, %v", secret, values["CLIENT_SECRET"], err)
		}
	}
	for _, method := range []string{config.MethodBasic, config.MethodPost} { // the server's choice, where it takes both
		got := EnvLines(config.Config{Registered: true, ClientID: "client", ClientSecret: "a-secret", AuthMethod: method})
		if strings.Contains(got, "\nTOKEN_ENDPOINT_AUTH_METHOD=client_secret_post\n") != (method == config.MethodPost) {
			t.Errorf("for %s the lines are %s", method, got)
		}
	}
	if got := EnvLines(config.Config{ClientID: "client", ClientSecret: "configured"}); got != "" {
		t.Errorf("a configured client is shown: %s", got)
	}
}
