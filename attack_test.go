package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
)

// attackFrom posts an attack on the login that waits on a page, and returns the answer.
func attackFrom(b *testserver.Browser, back testserver.Reply, do string, sure bool) testserver.Reply {
	b.T.Helper()
	form := back.StepForm()
	form.Set("do", do)
	if sure {
		form.Set("sure", "yes")
	}
	return b.Get(b.Location(b.Post("/step", form)))
}

// At the demo server a thief with the code gets nothing, and the honest exchange follows. A forged response is refused,
// and the login waits as before.
func TestAttack_Demo(t *testing.T) {
	t.Parallel()
	b := newBrowser(t, startApp(t, nil))
	back := b.Get(b.Authorize(b.BeginInSteps(""), "user_alice", "allow"))
	for _, row := range []struct{ do, heading, says, stopped, rest string }{
		{"steal", "The thief gets nothing", "invalid_grant</code> “the code_verifier doesn", "follow-pkce\">code verifier",
			"The demo keeps the code valid. Many other servers don’t"},
		{"forge", "The forged response is refused", "invalid_state</code> “", "follow-state\">state", "Your login is still waiting"},
	} {
		if !strings.Contains(back.Body, `value="`+row.do+`"`) {
			t.Errorf("step 3 has no button for %s:\n%s", row.do, back.Body)
		}
		page := attackFrom(b, back, row.do, false)
		for _, want := range []string{row.heading, row.says, row.stopped, row.rest, `class="actor thief"`, "✕ 400 "} {
			if !strings.Contains(page.Body, want) {
				t.Errorf("%s: the page lacks %q:\n%s", row.do, want, page.Body)
			}
		}
		if strings.Contains(page.Body, `value="`+row.do+`"`) || page.StepForm() == nil {
			t.Errorf("%s can be done again, or ends the login:\n%s", row.do, page.Body)
		}
	}
	if page := b.TakeStep(back); !strings.Contains(page.Body, "4. The token response") {
		t.Errorf("the honest exchange answered %d:\n%s", page.StatusCode, page.Body)
	}
}

// A server other than the demo is asked once, and only after a confirmation: with the login's code, as this client, with a
// different verifier.
func TestAttack_AskedFirst(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	l.Token = testserver.SendBody(400, "application/json", `{"error":"invalid_grant","error_description":"Wrong verifier."}`)
	a := startApp(t, l.Env())
	b, other := newBrowser(t, a), newBrowser(t, a)
	back := b.Get(l.Approve(t, b.BeginInSteps("")))
	if ask := "Try it at " + strings.TrimPrefix(l.Issuer, "http://"); !strings.Contains(back.Body, ask) {
		t.Errorf("the button doesn't say %q:\n%s", ask, back.Body)
	}
	form := back.StepForm()
	form.Set("do", "steal")
	if r := b.Post("/step", form); r.StatusCode != http.StatusBadRequest {
		t.Errorf("without the question it answered %d", r.StatusCode)
	}
	form.Set("sure", "yes")
	b.Get("/step?" + form.Encode())
	other.Post("/step", form)
	cross, _ := http.NewRequest(http.MethodPost, a.Address+"/step", strings.NewReader(form.Encode()))
	cross.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	cross.Header.Set("Sec-Fetch-Site", "cross-site")
	if r := b.Do(cross); r.StatusCode != http.StatusForbidden || l.Asked("POST /token") != 0 {
		t.Errorf("another site's form answered %d, and the server was asked %d times", r.StatusCode, l.Asked("POST /token"))
	}
	attackFrom(b, back, "forge", false)
	if l.Asked("POST /token") != 0 {
		t.Error("a forged response has the server asked")
	}
	for range 3 { // once, however often it is pressed
		page := attackFrom(b, back, "steal", true)
		if !strings.Contains(page.Body, "The thief gets nothing") || !strings.Contains(page.Body, "Your login may still work") ||
			!strings.Contains(page.Body, "Wrong verifier.") {
			t.Errorf("the page is\n%s", page.Body)
		}
	}
	if n := l.Asked("POST /token"); n != 1 {
		t.Fatalf("the server was asked %d times", n)
	}
	stolen := l.LastForm().PostForm
	l.Token = nil
	if page := b.TakeStep(back); !strings.Contains(page.Body, "4. The token response") {
		t.Errorf("the honest exchange answered %d:\n%s", page.StatusCode, page.Body)
	}
	honest := l.LastForm().PostForm
	if stolen.Get("code_verifier") == honest.Get("code_verifier") || len(stolen.Get("code_verifier")) < 43 {
		t.Error("the thief has the verifier of the login, or none")
	}
	stolen.Del("code_verifier")
	honest.Del("code_verifier")
	if stolen.Encode() != honest.Encode() {
		t.Errorf("the thief sent %s; the client %s", stolen.Encode(), honest.Encode())
	}
}

// What an answer to the thief means. Tokens are revoked where the server offers it, and are on no page.
func TestAttack_Answers(t *testing.T) {
	t.Parallel()
	const access, refresh = "thiefs-access-token-7c1e", "thiefs-refresh-token-90ab"
	for _, row := range []struct {
		name, contentType, body string
		status                  int
		noRevocation            bool
		heading, says           string
		revoked                 int
	}{
		{"tokens", "application/json", `{"access_token":"` + access + `","refresh_token":"` + refresh + `","token_type":"bearer"}`, 200, false,
			"The thief has tokens", "revoked at once", 2},
		{"tokens as a form", "application/x-www-form-urlencoded", "access_token=" + access + "&token_type=bearer", 200, false,
			"The thief has tokens", "revoked at once", 1},
		{"tokens within", "application/json", `{"authed_user":{"access_token":"` + access + `"}}`, 200, false, "The thief has tokens", "revoked at once", 1},
		{"no revocation", "application/json", `{"access_token":"` + access + `","token_type":"bearer"}`, 200, true,
			"The thief has tokens", "could not be revoked", 0},
		{"invalid_grant", "application/json", `{"error":"invalid_grant"}`, 400, false, "The thief gets nothing", "Your login may still work", 0},
		{"a refusal with 200", "application/json", `{"error":"invalid_grant","access_token":""}`, 200, false, "No result", "doesn’t show whether", 0},
		{"the client", "application/json", `{"error":"invalid_client"}`, 401, false, "No result", "doesn’t show whether", 0},
		{"out of order", "text/html", `<h1>Down</h1>`, 503, false, "No result", "doesn’t show whether", 0},
		{"a page", "text/html", `<p>` + access + `</p>`, 200, false, "No result", "doesn’t show whether", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := testserver.StartFakeServer(t)
			l.Token = testserver.SendBody(row.status, row.contentType, row.body)
			l.Other = func(http.ResponseWriter, *http.Request) {}
			if !row.noRevocation {
				l.Document = func(document map[string]any) { document["revocation_endpoint"] = l.Issuer + "/revoke" }
			}
			a := startApp(t, l.Env())
			b := newBrowser(t, a)
			back := b.Get(l.Approve(t, b.BeginInSteps("")))
			page := attackFrom(b, back, "steal", true)
			if !strings.Contains(page.Body, row.heading) || !strings.Contains(page.Body, row.says) {
				t.Errorf("the page lacks %q or %q:\n%s", row.heading, row.says, page.Body)
			}
			if n := l.Asked("POST /revoke"); n != row.revoked {
				t.Errorf("%d tokens were revoked; want %d", n, row.revoked)
			}
			for _, p := range []testserver.Reply{page, b.Get("/flow"), b.Get(back.Request.URL.String())} {
				if strings.Contains(p.Body, access) || strings.Contains(p.Body, refresh) || strings.Contains(p.Body, a.Cfg.ClientSecret) {
					t.Errorf("%s shows a token or the secret", p.Request.URL.Path)
				}
			}
			b.WantNothingKept()
		})
	}
}

// If the thief's attempt makes the server invalidate the code, the honest exchange fails. The page says so, and names no
// other cause.
func TestAttack_SpendsCode(t *testing.T) {
	t.Parallel()
	for _, attacked := range []bool{true, false} {
		l := testserver.StartFakeServer(t)
		l.Token = testserver.SendBody(400, "application/json", `{"error":"invalid_grant"}`)
		b := newBrowser(t, startApp(t, l.Env()))
		back := b.Get(l.Approve(t, b.BeginInSteps("")))
		if attacked {
			attackFrom(b, back, "steal", true)
		}
		failed := b.Post("/step", back.StepForm())
		if failed.StatusCode != http.StatusBadGateway || strings.Contains(failed.Body, "The code is no longer valid") != attacked {
			t.Errorf("attacked: %t; the exchange answered %d:\n%s", attacked, failed.StatusCode, failed.Body)
		}
	}
}

// The request is changed before the browser leaves, under the same state, and not after.
func TestSteps_Edit(t *testing.T) {
	t.Parallel()
	l := testserver.StartFakeServer(t)
	b := newBrowser(t, startApp(t, l.Env()))
	first := b.Location(b.Get("/login?step=1"))
	handle := first[strings.Index(first, "login=")+6:][:8]
	edit := func(form url.Values) testserver.Reply {
		t.Helper()
		form.Set("login", handle)
		form.Set("do", "edit")
		return b.Post("/step", form)
	}
	leaves := func() url.Values {
		t.Helper()
		u, err := url.Parse(b.Location(b.Get("/step?do=leave&login=" + handle)))
		if err != nil {
			t.Fatal(err)
		}
		return u.Query()
	}
	shown := b.Get(first).Body
	for name, form := range map[string]url.Values{
		"twice": {"prompt": {"login", "none"}}, "no scope": {"scope": {`a"b`}}, "no number": {"max_age": {"soon"}},
		"too long": {"login_hint": {strings.Repeat("x", 2000)}},
	} {
		if r := edit(form); r.StatusCode != http.StatusBadRequest || b.Get(first).Body != shown {
			t.Errorf("%s answered %d, or changed the request", name, r.StatusCode)
		}
	}
	page := b.Get(b.Location(edit(url.Values{"scope": {"openid email"}, "prompt": {" login "}, "evil": {"1"}, "redirect_uri": {"https://evil.example"}})))
	if n := strings.Count(page.Body, `class="touched"`); n != 4 { // two in the address, two in the form
		t.Errorf("%d parameters are marked:\n%s", n, page.Body)
	}
	sent := leaves()
	if sent.Get("scope") != "openid email" || sent.Get("prompt") != "login" || sent.Has("evil") || strings.Contains(sent.Get("redirect_uri"), "evil") ||
		!strings.Contains(shown, sent.Get("state")) || !strings.Contains(shown, sent.Get("code_challenge")) || !strings.Contains(shown, sent.Get("nonce")) {
		t.Errorf("the browser leaves with %v, shown was\n%s", sent, shown)
	}
	edit(url.Values{"scope": {"profile"}})
	if again := leaves(); again.Encode() != sent.Encode() {
		t.Errorf("after it has left, the request is changed to %v", again)
	}
}
