package flow

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/redact"
	"oauth-test-client/internal/wire"
)

// shownOf is everything that is shown of a flow: on a page, on one that shows tokens, in the file and in the report.
func shownOf(t *testing.T, s Secrets, steps ...*wire.Exchange) map[string]string {
	t.Helper()
	har, err := HAR(steps, s)
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{"the file": string(har), "the report": Markdown(steps, s)}
	for name, full := range map[string]bool{"the page": false, "the page with tokens": true} {
		view := View(steps, s, full)
		shown[name] = fmt.Sprintf("%+v", view)
		for _, step := range view.Steps {
			shown[name] += step.Body.String() // in one piece
		}
	}
	return shown
}

// A refusal may hold a client all the same, in whatever form. What it names as a secret is shown nowhere, and the rest is.
func TestView_HidesRefusedRegistration(t *testing.T) {
	const secret, token = "refused-secret-1", "refused-token-2"
	for _, body := range []string{
		`{"error":"x","error_description":"no ` + secret + `","client_secret":"` + secret + `","access_token":"` + token + `","client_id":"c1"}`,
		`{"client_id":"c1","client":{"client_secret":["` + secret + `"],"registration_access_token":"` + token + `"}}`,
		`{"client_id":"c1","client_secret":"` + secret + `","registration_access_token":"` + token,
		`{"client_id":"c1","inside":"{\"client_secret\":\"` + secret + `\",\"a_token\":\"` + token + `\"}"}`,
		`<p>c1 &quot;client_secret&quot;: &quot;` + secret + `&quot;, and ` + secret + `</p>`,
		"client_id=c1&client_secret=" + secret + "&registration_access_token=" + token,
		`{"client_id":"c1","client_secret":"ab1"`, // which is looked for by its name alone
		`{"client_id":"c1","client_secret":"ab1"}`,
		`{"client_id":"c1","access_token":["ab1"]}`,
	} {
		e := answerOf(wire.Registration, 400, "text/plain", body)
		e.Fault = "no " + secret
		e.ResponseHeader += "Location: https://a.example/" + secret + "\r\n"
		e.ResponseHeader += "X-Token: " + token + "\r\n"
		for where, text := range shownOf(t, Secrets{}, e) {
			known := strings.Contains(body, secret)
			if known && (strings.Contains(text, secret) || strings.Contains(body, token) && strings.Contains(text, token)) || strings.Contains(text, "ab1") {
				t.Errorf("of %s %s shows\n%s", body, where, text)
			}
			if where != "the report" && !strings.Contains(text, "c1") {
				t.Errorf("of %s %s lacks the client ID:\n%s", body, where, text)
			}
		}
	}
	many := answerOf(wire.Registration, 400, "application/json", `["c1"`+strings.Repeat(`,{"a_token":"`+token+`"}`, 3)+"]")
	if page := View([]*wire.Exchange{many}, Secrets{}, true).Steps[0].Body.String(); !strings.Contains(page, "c1") {
		t.Errorf("of three tokens is shown %s", page)
	}
	var all strings.Builder
	for i := range 100 {
		all.WriteString("&a_token=a-token-" + strings.Repeat("x", i))
	}
	many = answerOf(wire.Registration, 400, "text/plain", all.String())
	for where, text := range shownOf(t, Secrets{}, many) {
		if strings.Contains(text, "a-token-") {
			t.Errorf("of more tokens than anybody looks for %s shows\n%s", where, text)
		}
	}
}

// What an earlier registration brought is hidden in the flow of a later login.
func TestView_HidesIssued(t *testing.T) {
	const token = "registration-token-4711"
	const callback = "http://localhost:3000/oauth_callback?error=x&error_description=no+" + token
	front := FrontChannel("https://a.example/authorize?state=s", callback, time.Now(), time.Now())
	refused := answerOf(wire.TokenRequest, 400, "application/json", `{"error":"invalid_grant","error_description":"no `+token+`"}`)
	refused.Fault = "no " + token
	refused.ResponseHeader += "Warning: " + token + "\r\n"
	steps := append(front, refused)
	for _, s := range []Secrets{{Issued: []string{token}}, {Client: redact.Credentials{ID: "c1", Secret: token}}} {
		for where, text := range shownOf(t, s, steps...) {
			if strings.Contains(text, token) {
				t.Errorf("%s shows\n%s", where, text)
			}
		}
	}
	for where, text := range shownOf(t, Secrets{}, steps...) { // the twin
		if !strings.Contains(text, token) && where != "the report" {
			t.Errorf("%s does not show what is no secret:\n%s", where, text)
		}
	}
}
