package demo

import (
	"strings"
	"testing"
)

func TestMetadata_AtEachAddress(t *testing.T) {
	h := start(t)
	root := strings.TrimSuffix(h.issuer, "/demo")
	want := h.do("GET", "/.well-known/openid-configuration", nil, nil)
	for _, path := range []string{"/demo/.well-known/oauth-authorization-server", "/.well-known/oauth-authorization-server/demo",
		"/.well-known/openid-configuration/demo"} {
		if a := h.do("GET", root+path, nil, nil); a.StatusCode != 200 || a.body != want.body {
			t.Errorf("%s answered %d", path, a.StatusCode)
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
