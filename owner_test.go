package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"oauth-test-client/internal/testserver"
)

// runChecks makes all checks, and returns the report: a run of those that the program makes by itself may be under way.
func (r *rereading) runChecks() testserver.Reply {
	r.t.Helper()
	for deadline := time.Now().Add(testserver.Patience); ; time.Sleep(10 * time.Millisecond) {
		r.Post("/check", nil)
		got := r.GetJSON("/check")
		if strings.Contains(got.Body, `"revocation"`) && strings.Contains(got.Body, `"running": false`) {
			return got
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("the checks end with %s", got.Body)
		}
	}
}

// If the API names a different server while the program runs, and .env is saved with any other change, no login and no
// check sends the client secret to the new server, nor that of the second client.
func TestOwner_AfterTheAPIMoved(t *testing.T) {
	t.Parallel()
	api, other := testserver.StartAPI(t), testserver.StartAPI(t)
	var mu sync.Mutex
	var sent strings.Builder
	for _, route := range []string{"POST /demo/token", "POST /demo/introspect", "POST /demo/revoke", "POST /demo/par"} {
		other.At(route, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			mu.Lock()
			defer mu.Unlock()
			_, password, _ := r.BasicAuth()
			sent.WriteString(r.URL.Path + " " + password + " " + string(body) + "\n")
			testserver.SendBody(400, "application/json", `{"error":"invalid_request"}`)(w, r)
		})
	}
	settings := "RESOURCE_URL=" + api.URL + "\nOTHER_CLIENT_ID=other\nOTHER_CLIENT_SECRET=a-secret-of-the-other\n"
	r := startRereading(t, settings)
	answer, err := http.Post(api.Issuer+"/register", "application/json", strings.NewReader(
		`{"redirect_uris":["`+r.App.Cfg.BaseURL+`/oauth_callback"],"application_type":"native"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var client struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	if json.NewDecoder(answer.Body).Decode(&client) != nil || client.Secret == "" {
		t.Fatalf("the registration answered %d", answer.StatusCode)
	}
	settings += "CLIENT_ID=" + client.ID + "\nCLIENT_SECRET=" + client.Secret + "\n"
	r.write(settings)
	if got := r.signIn(); got.StatusCode != http.StatusOK {
		t.Fatalf("the login was answered %d %s", got.StatusCode, got.Body)
	}
	if got := r.runChecks(); !strings.Contains(got.Body, "ID and secret are accepted") {
		t.Errorf("at its own server the checks say %s", got.Body)
	}
	if got := r.GetJSON("/api"); got.StatusCode != http.StatusOK {
		t.Errorf("the API answered %d %s", got.StatusCode, got.Body)
	}
	api.At(testserver.ResourceMetadataRoute, testserver.SendBody(200, "application/json", `{"resource":"`+api.URL+`","authorization_servers":["`+other.Issuer+`"]}`))
	r.write(settings + "SCOPES=profile\n")
	r.GetJSON("/")
	if got := r.runChecks(); !strings.Contains(got.Body, "belongs to "+api.Issuer) {
		t.Errorf("at another server the checks say %s", got.Body)
	}
	if got := r.GetJSON("/login"); !strings.Contains(got.Body, "belongs to "+api.Issuer) {
		t.Errorf("a login was answered %d %s", got.StatusCode, got.Body)
	}
	r.write("ISSUER=" + other.Issuer + "\nCLIENT_ID=another\nCLIENT_SECRET=a-secret-of-another\n")
	r.GetJSON("/")
	api.At(testserver.ResourceMetadataRoute, nil)
	r.write("RESOURCE_URL=" + api.URL + "\nCLIENT_ID=another\nCLIENT_SECRET=a-secret-of-another\n")
	if got := r.GetJSON("/login"); !strings.Contains(got.Body, "belongs to "+other.Issuer) {
		t.Errorf("without its ISSUER a client is sent to %d %s", got.StatusCode, got.Body)
	}
	mu.Lock()
	defer mu.Unlock()
	if sent := sent.String(); strings.Contains(sent, client.Secret) || strings.Contains(sent, url.QueryEscape(client.Secret)) {
		t.Errorf("the other server was sent\n%s", sent)
	}
}
