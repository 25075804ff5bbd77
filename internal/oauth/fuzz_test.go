package oauth

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
)

// A token response is taken only whole: an object with a token that can go into a header.
func FuzzTokenResponse(f *testing.F) {
	for _, body := range []string{
		`{"access_token":"a","token_type":"bearer"}`,
		`{"access_token":"a","token_type":"Bearer","expires_in":"60","scope":"x","id_token":"y","refresh_token":"z"}`,
		`{"access_token":"a","access_token":"b"}`,
		`[]`,
		`null`,
		`{"expires_in":1e9}`,
		`{"access_token":"a","scope":["x","y"],"expires_in":1e400,"refresh_token":7}`,
		"access_token=a&token_type=bearer",
	} {
		f.Add([]byte(body), false)
		f.Add([]byte(body), true)
	}
	f.Fuzz(func(t *testing.T, body []byte, form bool) {
		e := &wire.Exchange{ResponseBody: string(body), ResponseHeader: "Content-Type: application/json\r\n"}
		if form {
			e.ResponseHeader = "Content-Type: application/x-www-form-urlencoded\r\n"
		}
		r, err := parseTokenResponse(e, true)
		if err != nil {
			return
		}
		if r.Access == "" || !VisibleASCII(r.Access) {
			t.Errorf("%q gave the access token %q", body, r.Access)
		}
		if err := wire.UnmarshalObject([]byte(r.JSON), new(struct{})); err != nil {
			t.Errorf("%q is shown as %q, which is no object: %v", body, r.JSON, err)
		}
		var said map[string]any
		document := json.NewDecoder(strings.NewReader(r.JSON))
		document.UseNumber() // some are beyond any float
		if err := document.Decode(&said); err != nil {
			t.Errorf("%q: %v", body, err)
		}
		for name, got := range map[string]string{"access_token": r.Access, "refresh_token": r.Refresh, "id_token": r.ID, "scope": r.Scope} {
			want, _ := said[name].(string)
			if list, ok := said[name].([]any); ok && name == "scope" && r.ScopeSent {
				want = strings.TrimSuffix(fmt.Sprintln(list...), "\n")
			}
			if got != want {
				t.Errorf("%q gave the %s %q, and encoding/json %q", body, name, got, want)
			}
		}
		if !form && r.JSON != string(body) {
			t.Errorf("%q is shown as %q", body, r.JSON)
		}
	})
}

// Metadata without a fault has nothing but endpoints to which a secret may be sent.
func FuzzMetadata(f *testing.F) {
	for _, document := range []string{
		`{"issuer":"https://a","authorization_endpoint":"https://a/x","token_endpoint":"https://a/y"}`,
		`{"token_endpoint":"javascript:x"}`,
		`{"authorization_endpoint":"//x","token_endpoint":"https://u:p@a"}`,
		`{"issuer":1}`,
		`{"authorization_endpoint":"https://a/x","token_endpoint":"https://a/y","userinfo_endpoint":7,"scopes_supported":"a b"}`,
		`{}`,
	} {
		f.Add([]byte(document))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		md, err := readMetadata(string(document))
		if err != nil || md.fault() != nil {
			return
		}
		for _, address := range []string{md.Authorization, md.Token, md.JWKS, md.Userinfo, md.Introspection, md.Revocation, md.EndSession} {
			u, err := url.Parse(address)
			if address != "" && (err != nil || u.User != nil || u.Fragment != "" || !config.IsSecure(u)) {
				t.Errorf("%q has the endpoint %q", document, address)
			}
		}
		if md.Authorization == "" || md.Token == "" {
			t.Errorf("%q is taken without its endpoints", document)
		}
	})
}
