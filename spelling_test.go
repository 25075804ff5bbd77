package main

import (
	"net/http"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
)

// However a server spells the client secret that it repeats, it is in nothing that is shown.
func TestPages_HideSpelledSecret(t *testing.T) {
	t.Parallel()
	const secret = "s/e+c&r'et-7d2c9a"
	spelled := []string{
		`s\/e+c&r'et-7d2c9a`, `s/e\u002Bc\u0026r\u0027et-7d2c9a`, "s/e&#43;c&amp;r&#39;et-7d2c9a",
		"s%2fe%2bc%26r%27et-7d2c9a", `\u0073/e+c&r'et-7d2c9a`,
	}
	for _, spelling := range spelled {
		l := testserver.StartFakeServer(t)
		repeat := testserver.SendBody(http.StatusBadRequest, "application/json", `{"error":"invalid_client","error_description":"you sent `+spelling+`"}`)
		l.Other = testserver.SendBody(http.StatusOK, "application/json", `{"sub":"user-1","you":"`+spelling+`"}`)
		env := l.Env()
		env["CLIENT_SECRET"], env["RESOURCE_URL"] = secret, l.Issuer+"/api"
		b := newBrowser(t, startApp(t, env))
		if r := b.GetJSON(l.Approve(t, b.Begin(""))); r.StatusCode != http.StatusOK {
			t.Fatalf("the login ended with %d %s", r.StatusCode, r.Body)
		}
		l.Lock()
		l.Token = repeat
		l.Unlock()
		for _, path := range []string{"/userinfo", "/api", "/refresh", "/flow", "/flow?tokens=full", "/flow.har"} {
			for _, html := range []bool{true, false} {
				r := b.Ask(path, html)
				if !strings.Contains(path, "flow") && !strings.Contains(r.Body, "[redacted]") {
					t.Errorf("%s does not show that the server repeats the secret:\n%s", path, r.Body)
				}
				for _, form := range append(spelled, secret, "7d2c9a") {
					if strings.Contains(r.Body, form) {
						t.Errorf("%s holds %q:\n%.2000s", path, form, r.Body)
					}
				}
			}
		}
	}
}
