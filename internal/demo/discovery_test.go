package demo

import (
	"strings"
	"testing"
)

func TestMetadata(t *testing.T) {
	h := start(t)
	root := strings.TrimSuffix(h.issuer, "/demo")
	want := h.do("GET", "/.well-known/openid-configuration", nil, nil)
	for _, address := range []string{h.issuer + "/.well-known/oauth-authorization-server", root + "/.well-known/oauth-authorization-server/demo", root + "/.well-known/openid-configuration/demo"} {
		if a := h.do("GET", address, nil, nil); a.StatusCode != 200 || a.body != want.body {
			t.Errorf("%s answered %d", address, a.StatusCode)
		}
	}
	if want.json["issuer"] != h.issuer {
		t.Errorf("the issuer is %v; want %s", want.json["issuer"], h.issuer)
	}
	keys := h.do("GET", "/.well-known/jwks.json", nil, nil)
	if strings.Contains(keys.body, `"d"`) || !strings.Contains(keys.body, `"RS256"`) {
		t.Errorf("the keys are %s", keys.body)
	}
}
