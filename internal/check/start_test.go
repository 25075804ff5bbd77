package check

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/demo"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// The checks tell it, of a login that begins at the API.
func TestCauses_CheckTellsAPIServer(t *testing.T) {
	nothing := func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }
	for _, row := range []struct {
		name  causes.Name
		spoil func(*testserver.API)
		env   []string
	}{
		{"api-metadata-missing", func(a *testserver.API) {
			a.At(testserver.APIRoute, testserver.SendBody(401, "application/json", `{"error":"invalid_request"}`))
			a.At(testserver.ResourceMetadataRoute, nothing)
		}, nil},
		{"api-metadata-unusable", func(a *testserver.API) { a.SetFaults(demo.ResourceMetadataLoops) }, nil},
		{"api-metadata-unusable", func(a *testserver.API) {
			a.At(testserver.ResourceMetadataRoute, testserver.SendBody(200, "text/html", "<!doctype html>"))
		}, nil},
		{"api-metadata-of-another", func(a *testserver.API) { a.SetFaults(demo.ResourceMetadataLies) }, nil},
		{"api-servers-unusable", func(a *testserver.API) { a.SetFaults(demo.ResourcePlainHTTP) }, nil},
		{"api-servers-unusable", func(a *testserver.API) { a.SetFaults(demo.ResourceFiftyServers) }, nil},
		{
			"registration-not-offered",
			func(a *testserver.API) {
				a.At(testserver.MetadataRoute, testserver.SendBody(200,
					"application/json", `{"issuer":"`+a.Issuer+`","authorization_endpoint":"`+a.Issuer+`/authorize","token_endpoint":"`+a.Issuer+`/token"}`))
			},
			nil,
		},
		{
			"par-endpoint-missing",
			func(a *testserver.API) {
				a.At(testserver.MetadataRoute, testserver.SendBody(200,
					"application/json", `{"issuer":"`+a.Issuer+`","authorization_endpoint":"`+a.Issuer+`/authorize","token_endpoint":"`+a.Issuer+`/token",`+
						`"registration_endpoint":"`+a.Issuer+`/register","require_pushed_authorization_requests":true}`))
			},
			nil,
		},
		{"client-document-not-supported", func(*testserver.API) {}, []string{"CLIENT_ID", "https://client.example/document"}},
		{"api-unreachable", func(a *testserver.API) {
			a.At(testserver.APIRoute, nothing)
			a.At(testserver.ResourceMetadataRoute, nothing)
		}, nil},
		{"api-failed", outOfOrder(500, 404), nil},
		{"api-failed", outOfOrder(502, 502), nil},
		{"rate-limited", outOfOrder(429, 429), nil},
		{"api-unreachable", func(*testserver.API) {}, []string{"RESOURCE_URL", "http://127.0.0.1:1/api"}},
	} {
		t.Run(string(row.name), func(t *testing.T) {
			a := testserver.StartAPI(t)
			env := map[string]string{"PORT": "3999", "RESOURCE_URL": a.URL}
			wantSound(t, env)
			row.spoil(a)
			wantTold(t, changed(env, row.env...), row.name)
			if n := a.Asked(testserver.RegisterRoute); n != 0 {
				t.Errorf("%d clients were registered by asking", n)
			}
		})
	}
}

// outOfOrder is an API that answers so, and beside it its metadata.
func outOfOrder(api, metadata int) func(*testserver.API) {
	return func(a *testserver.API) {
		a.At(testserver.APIRoute, testserver.SendBody(api, "text/html", "<h1>Oops</h1>"))
		a.At(testserver.ResourceMetadataRoute, testserver.SendBody(metadata, "text/html", "<h1>Oops</h1>"))
	}
}

// A start says what the API answered, and that this is what to look at. If the metadata is there, the start continues.
func TestCheckStart_APIOutOfOrder(t *testing.T) {
	a := testserver.StartAPI(t)
	env := map[string]string{"PORT": "3999", "RESOURCE_URL": a.URL}
	outOfOrder(500, 404)(a)
	if f := checksOf(t, env).firstFailing(); f.Check != "start" || !strings.Contains(f.Found, "returned 500 Internal Server Error for a call without a token") ||
		!strings.Contains(f.Fix, "Look at the API's own log") || !strings.Contains(f.Server, "Oops") || f.Remedy.Line != "" {
		t.Errorf("the first failure is %+v", f)
	}
	a.At(testserver.ResourceMetadataRoute, nil)
	r := checksOf(t, env)
	if f := r.Line("api"); r.Line("start").Result != causes.OK || f.Result != causes.Warn || f.Name != causes.APIFailed || !strings.Contains(f.Found, "500") {
		t.Errorf("with its metadata:\n%s", r)
	}
}

// The start calls the API only without a token, and claims no more than that. The checks find an API that accepts a wrong
// token.
func TestCheckStart_DoesNotPraiseAPI(t *testing.T) {
	a := testserver.StartAPI(t)
	a.At(testserver.APIRoute, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			testserver.SendBody(200, "application/json", `{"hello":"anybody"}`)(w, r)
			return
		}
		a.Server.ServeHTTP(w, r)
	})
	env := map[string]string{"PORT": "3999", "RESOURCE_URL": a.URL}
	w := wire.New(nil, time.Now)
	t.Cleanup(w.CloseIdleConnections)
	if got := RunAtStart(t.Context(), testserver.ConfigOf(t, env), w, time.Now).Summary("/"); !strings.Contains(got, "; the first sign-in registers a client") || strings.Contains(got, "run all") != true {
		t.Errorf("the start says %q", got)
	}
	if f := checksOf(t, env).firstFailing(); f.Name != causes.APIOpen || !strings.Contains(f.Found, "with an invented token") {
		t.Errorf("the first failure is %s", f)
	}
}

// Without a client, every question that needs none is asked, and the others say why they are skipped.
func TestRun_WithoutClient(t *testing.T) {
	a := testserver.StartAPI(t)
	r := checksOf(t, map[string]string{"PORT": "3999", "RESOURCE_URL": a.URL})
	if r.Result != causes.OK || r.Issuer != a.Issuer || r.ClientID != "" {
		t.Errorf("the result is %s, for %q at %q:\n%s", r.Result, r.ClientID, r.Issuer, r)
	}
	for _, check := range []string{"redirect_uri", "authorization", "client", "pkce", "scopes", "introspection", "revocation"} {
		if f := r.Line(check); f.Result != causes.Skip || f.Found != noClientYet().Found {
			t.Errorf("%s", f)
		}
	}
	for _, check := range []string{"start", "connection", "metadata", "api"} {
		if f := r.Line(check); f.Result != causes.OK {
			t.Errorf("%s", f)
		}
	}
	if got := r.Summary("/"); !strings.Contains(got, "; the first sign-in registers a client") || strings.Contains(got, "run all") != false {
		t.Errorf("the start says %q", got)
	}
}
