package check

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/demo"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/testserver/signedin"
	"oauth-test-client/internal/wire"
)

// apiCase is a login at the demo server, whose API can be spoiled.
type apiCase struct{ *signedin.Case }

func startAPI(t *testing.T, api string, faults ...demo.Fault) *apiCase {
	t.Helper()
	return &apiCase{signedin.Start(t, api, faults...)}
}

// The checks find nothing wrong with a sound API, whatever else it offers, and with one that has a fault they do.
func TestCheckAPI_EachFault(t *testing.T) {
	c := startAPI(t, "/api/me")
	for fault, want := range map[demo.Fault]causes.Result{"": causes.OK, demo.APIPlainChallenge: causes.OK, demo.APIOffersDPoP: causes.OK, demo.OpaqueAccessTokens: causes.OK,
		demo.APINoChallenge: causes.Warn, demo.APIOtherScheme: causes.Warn, demo.APIRedirectsToSignIn: causes.Warn, demo.APIOpen: causes.Fail, demo.APISignInPage: causes.Fail, demo.APIMethod: causes.Fail} {
		c.Demo.SetFaults(fault)
		r := Run(t.Context(), c.Cfg, wire.New(nil, time.Now), time.Now, func(string) {}, func(causes.Finding) {})
		if f := r.Line("api"); f.Result != want {
			t.Errorf("with %q: %s", fault, f)
		}
	}
}

// An API's metadata need not name its servers (RFC 9728 section 2). Where it does, ours must be among them.
func TestCheckResourceMetadata_NamesServer(t *testing.T) {
	c := startAPI(t, "/api/me")
	document := ""
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/metadata" {
			testserver.SendBody(200, "application/json", document)(w, r)
			return
		}
		w.Header().Set("WWW-Authenticate", `Bearer resource_metadata="http://`+r.Host+`/metadata"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(api.Close)
	c.Cfg.ResourceURL = api.URL
	for servers, want := range map[string]causes.Name{
		``: "", `,"authorization_servers":[]`: "", `,"authorization_servers":["https://a.example","` + c.Cfg.Issuer + `"]`: "",
		`,"authorization_servers":["https://a.example"]`: causes.APIWantsAnotherIssuer,
	} {
		document = `{"resource":"` + api.URL + `"` + servers + `}`
		r := Run(t.Context(), c.Cfg, wire.New(nil, time.Now), time.Now, func(string) {}, func(causes.Finding) {})
		if f := r.Line("api"); f.Name != want || (f.Result == causes.OK) != (want == "") {
			t.Errorf("%s: %s %q", document, f, f.Name)
		}
	}
}
