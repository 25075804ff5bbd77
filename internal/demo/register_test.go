package demo

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestRegister(t *testing.T) {
	h := start(t)
	register := func(body string, header map[string]string) answer {
		req, _ := http.NewRequest("POST", h.issuer+"/register", strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		for name, value := range header {
			req.Header.Set(name, value)
		}
		resp, err := h.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		data, _ := io.ReadAll(resp.Body)
		a := answer{Response: resp, body: string(data)}
		json.Unmarshal(data, &a.json)
		return a
	}
	good := register(`{"client_name":"New","redirect_uris":["`+redirectURI+`"]}`, nil)
	if good.StatusCode != 201 || good.json["client_secret"] == nil || good.json["token_endpoint_auth_method"] != "client_secret_basic" {
		t.Fatalf("the registration answered %d %s", good.StatusCode, good.body)
	}
	q := authorizeQuery()
	q.Set("client_id", good.json["client_id"].(string))
	a := h.do("POST", "/token", redeem(h.code(q)), basic(good.json["client_id"].(string), good.json["client_secret"].(string)))
	if a.StatusCode != 200 {
		t.Errorf("the new client's tokens: %d %s", a.StatusCode, a.body)
	}
	if a := register(`{"redirect_uris":["`+redirectURI+`"],"token_endpoint_auth_method":"none"}`, nil); a.StatusCode != 201 || a.json["client_secret"] != nil {
		t.Errorf("a public client was answered %d %s", a.StatusCode, a.body)
	}
	register(`{"redirect_uris":[]}`, nil).want(t, 400, "invalid_redirect_uri")
	register(`{"redirect_uris":["http://public.example/"]}`, nil).want(t, 400, "invalid_redirect_uri")
	register(`{"redirect_uris":["javascript:alert(1)"]}`, nil).want(t, 400, "invalid_redirect_uri")
	register(`{"redirect_uris":["https://a.example/#x"]}`, nil).want(t, 400, "invalid_redirect_uri")
	register(`{"redirect_uris":["https://a.example/"],"token_endpoint_auth_method":"private_key_jwt"}`, nil).want(t, 400, "invalid_client_metadata")
	register(`nonsense`, nil).want(t, 400, "invalid_client_metadata")
	register(`{"redirect_uris":["https://a.example/"]}`, map[string]string{"Content-Type": "text/plain"}).want(t, 400, "invalid_client_metadata")
	register(`{"redirect_uris":["https://a.example/"]}`, map[string]string{"Sec-Fetch-Site": "cross-site"}).want(t, 403, "access_denied")
}
