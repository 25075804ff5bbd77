package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/wire"
	"strings"
	"testing"
)

// A redactor that meets a secret by its value alone, in the words of a server that repeats it.
func TestRedactByValue(t *testing.T) {
	cfg := config.Config{ClientID: "a-client", ClientSecret: "s/ecret's"}
	hide := newFileRedactor(cfg, sampleFlow())
	for _, row := range []struct{ text, absent string }{
		{"you sent s/ecret's", "s/ecret"},
		{"https://x/?y=s%2Fecret%27s", "s%2Fecret"},
		{`{"error_description":"code-value was used"}`, "code-value"},
		{`{"access_token" : "short"}`, "short"},
		{`{"nested":{"id_token":"a\"b"}}`, `a\"b`},
		{"code=xyz&state=abc", "xyz"},
		{"https://x/cb?a=b&code=xyz#state=abc", "abc"},
	} {
		if got := hide.text(row.text); strings.Contains(got, row.absent) {
			t.Errorf("text(%q) = %q, which holds %q", row.text, got, row.absent)
		}
	}
	for _, credentials := range []string{"a-client:s%2Fecret%27s", "a-client:s/ecret's"} { // as it should be sent, and as some do
		header := "Basic " + base64.StdEncoding.EncodeToString([]byte(credentials))
		if got := clientSecretReplacer(cfg).Replace(header); got != "Basic "+redacted {
			t.Errorf("%q is left of %q", got, header)
		}
	}
}

// parrot answers with the client's credentials, after as many other characters: a server in debug mode.
func parrot(status, lead int, form bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		said := strings.Repeat("-", lead) + "secret " + liarClientSecret + " header " + r.Header.Get("Authorization")
		w.Header().Set("WWW-Authenticate", `Basic realm="`+said+`"`)
		if form { // as GitHub does
			body := url.Values{"error": {"invalid_client"}, "error_description": {said}}
			sendBody(status, "application/x-www-form-urlencoded", body.Encode())(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(map[string]string{"error": "invalid_client", "error_description": said, liarClientSecret: said})
	}
}

// holdsSecret reports whether a text holds the liar's client secret, half of it, or the credentials as
// HTTP Basic sends them.
func holdsSecret(text string) bool {
	basic := base64.StdEncoding.EncodeToString([]byte(liarClientID + ":" + liarClientSecret))
	return strings.Contains(text, liarClientSecret[:len(liarClientSecret)/2]) || strings.Contains(text, basic[:30])
}

// The client secret is in nothing that is shown of a server's answers, even when the server repeats it,
// whole or where the text is cut off.
func TestSecretRepeated(t *testing.T) {
	t.Parallel()
	for name, page := range map[string]func(l *liar, repeat http.HandlerFunc){
		"a server that refuses":  func(l *liar, repeat http.HandlerFunc) { l.page = repeat },
		"a server that sends on": func(l *liar, _ http.HandlerFunc) { l.honest() },
		"a server that sends back": func(l *liar, _ http.HandlerFunc) {
			l.page = func(w http.ResponseWriter, r *http.Request) {
				q := url.Values{"error": {liarClientSecret}, "error_description": {"no " + liarClientSecret}, "state": {r.URL.Query().Get("state")}}
				http.Redirect(w, r, r.URL.Query().Get("redirect_uri")+"?"+q.Encode(), http.StatusFound)
			}
		},
	} {
		for _, answer := range []struct {
			status int
			form   bool
		}{{400, false}, {400, true}, {500, false}} {
			for _, lead := range []int{0, 183, 283, 975} { // before the limits of 200, 300 and 1000
				l := startLiar(t)
				repeat := parrot(answer.status, lead, answer.form)
				page(l, repeat)
				l.token, l.other = nil, repeat
				l.document = func(d map[string]any) {
					d["introspection_endpoint"], d["revocation_endpoint"] = l.issuer+"/introspect", l.issuer+"/revoke"
				}
				env := l.env()
				env["RESOURCE_URL"] = l.issuer + "/api"
				b := newBrowser(t, startApp(t, env))
				b.getJSON(l.approve(t, b.begin("")))
				l.mu.Lock()
				l.token = repeat
				l.mu.Unlock()
				env["PORT"] = "3999"
				texts := map[string]string{"check": checksOf(t, env).String()}
				for _, path := range []string{"/refresh", "/tokeninfo", "/userinfo", "/api", "/flow", "/flow?tokens=full", "/flow.har", "/check", "/revoke"} {
					texts[path] = b.ask(path, false).body + b.ask(path, true).body
				}
				texts["a failed login"] = b.getJSON(l.approve(t, b.begin(""))).body + b.get(l.approve(t, b.begin(""))).body
				l.mu.Lock()
				l.token, l.claims = nil, func(c map[string]any) { c["iss"] = strings.Repeat("-", lead) + liarClientSecret }
				l.mu.Unlock()
				texts["an ID token"] = b.getJSON(l.approve(t, b.begin(""))).body + b.get(l.approve(t, b.begin(""))).body
				for path, text := range texts {
					if holdsSecret(text) {
						t.Errorf("%s, %v after %d characters: %s holds the secret:\n%.4000s", name, answer, lead, path, text)
					}
				}
			}
		}
	}
}

// A flow on a page is cut off at many places, and none of them leaves half of the secret.
func TestSecretCutOff(t *testing.T) {
	s := &server{cfg: config.Config{ClientID: liarClientID, ClientSecret: liarClientSecret}}
	for lead := 0; lead < 4100; lead += 5 { // a cut that leaves half of it is hit once at least
		text := strings.Repeat("-", lead) + liarClientSecret
		e := &wire.Exchange{Method: "POST", URL: "https://a.example/" + text, RequestBody: text + "=" + text, Fault: text, Status: 200,
			RequestHeader: wire.HeadOf(http.Header{"X": {text}}), ResponseHeader: wire.HeadOf(http.Header{"X": {text}, text: {"x"}}), ResponseBody: text}
		step := s.viewFlow([]*wire.Exchange{e}, false).Steps[0]
		step.Curl = "" // what we sent ourselves
		if shown := fmt.Sprint(step); holdsSecret(shown) {
			t.Fatalf("after %d characters the page holds the secret:\n%s", lead, shown)
		}
	}
}

// Whatever goes over the wire, the file is JSON, and the secret is not in it.
func FuzzHAR(f *testing.F) {
	f.Add("https://a.example/?code=abc", "refresh_token=the-secret-value-1234", `{"access_token":"the-secret-value-1234"}`, "Bearer the-secret-value-1234")
	f.Add("https://a.example/", "a=b", "error: the-secret-value-1234", "x")
	f.Add("%zz", "%", "\xff", "")
	f.Fuzz(func(t *testing.T, address, body, answer, header string) {
		const secret = "the-secret-value-1234"
		s := &server{cfg: config.Config{ClientSecret: secret}}
		e := &wire.Exchange{Method: "POST", URL: address, RequestBody: body, ResponseBody: answer, Status: 200, Fault: answer,
			RequestHeader: wire.HeadOf(http.Header{"Authorization": {header}, "X": {header}}), ResponseHeader: wire.HeadOf(http.Header{"Location": {address}, "Content-Type": {answer}, "Y": {answer}, answer: {"z"}})}
		document, err := s.har([]*wire.Exchange{e})
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(document, []byte(secret)) {
			t.Errorf("the file holds the secret:\n%s", document)
		}
		if err := wire.UnmarshalObject(document, new(struct{})); err != nil {
			t.Errorf("the file is no JSON object: %v", err)
		}
	})
}
