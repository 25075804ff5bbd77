package main

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"oauth-test-client/internal/testserver"
	"strings"
	"testing"
)

// parrot answers with the client's credentials, after as many other characters: a server in debug mode.
func parrot(status, lead int, form bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		said := strings.Repeat("-", lead) + "secret " + testserver.LiarClientSecret + " header " + r.Header.Get("Authorization")
		w.Header().Set("WWW-Authenticate", `Basic realm="`+said+`"`)
		if form { // as GitHub does
			body := url.Values{"error": {"invalid_client"}, "error_description": {said}}
			testserver.SendBody(status, "application/x-www-form-urlencoded", body.Encode())(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(map[string]string{"error": "invalid_client", "error_description": said, testserver.LiarClientSecret: said})
	}
}

// holdsSecret reports whether a text holds the liar's client secret, half of it, or the credentials as
// HTTP Basic sends them.
func holdsSecret(text string) bool {
	basic := base64.StdEncoding.EncodeToString([]byte(testserver.LiarClientID + ":" + testserver.LiarClientSecret))
	return strings.Contains(text, testserver.LiarClientSecret[:len(testserver.LiarClientSecret)/2]) || strings.Contains(text, basic[:30])
}

// The client secret is in nothing that is shown of a server's answers, even when the server repeats it,
// whole or where the text is cut off.
func TestSecretRepeated(t *testing.T) {
	t.Parallel()
	for name, page := range map[string]func(l *testserver.Liar, repeat http.HandlerFunc){
		"a server that refuses":  func(l *testserver.Liar, repeat http.HandlerFunc) { l.Page = repeat },
		"a server that sends on": func(l *testserver.Liar, _ http.HandlerFunc) { l.Honest() },
		"a server that sends back": func(l *testserver.Liar, _ http.HandlerFunc) {
			l.Page = func(w http.ResponseWriter, r *http.Request) {
				q := url.Values{"error": {testserver.LiarClientSecret}, "error_description": {"no " + testserver.LiarClientSecret}, "state": {r.URL.Query().Get("state")}}
				http.Redirect(w, r, r.URL.Query().Get("redirect_uri")+"?"+q.Encode(), http.StatusFound)
			}
		},
	} {
		for _, answer := range []struct {
			status int
			form   bool
		}{{400, false}, {400, true}, {500, false}} {
			for _, lead := range []int{0, 183, 283, 975} { // before the limits of 200, 300 and 1000
				l := testserver.StartLiar(t)
				repeat := parrot(answer.status, lead, answer.form)
				page(l, repeat)
				l.Token, l.Other = nil, repeat
				l.Document = func(d map[string]any) {
					d["introspection_endpoint"], d["revocation_endpoint"] = l.Issuer+"/introspect", l.Issuer+"/revoke"
				}
				env := l.Env()
				env["RESOURCE_URL"] = l.Issuer + "/api"
				b := newBrowser(t, startApp(t, env))
				b.GetJSON(l.Approve(t, b.Begin("")))
				l.Lock()
				l.Token = repeat
				l.Unlock()
				env["PORT"] = "3999"
				texts := map[string]string{"check": checkText(checksOf(t, env))}
				for _, path := range []string{"/refresh", "/tokeninfo", "/userinfo", "/api", "/flow", "/flow?tokens=full", "/flow.har", "/check", "/revoke"} {
					texts[path] = b.Ask(path, false).Body + b.Ask(path, true).Body
				}
				texts["a failed login"] = b.GetJSON(l.Approve(t, b.Begin(""))).Body + b.Get(l.Approve(t, b.Begin(""))).Body
				l.Lock()
				l.Token, l.Claims = nil, func(c map[string]any) { c["iss"] = strings.Repeat("-", lead) + testserver.LiarClientSecret }
				l.Unlock()
				texts["an ID token"] = b.GetJSON(l.Approve(t, b.Begin(""))).Body + b.Get(l.Approve(t, b.Begin(""))).Body
				for path, text := range texts {
					if holdsSecret(text) {
						t.Errorf("%s, %v after %d characters: %s holds the secret:\n%.4000s", name, answer, lead, path, text)
					}
				}
			}
		}
	}
}
