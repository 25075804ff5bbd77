package main

import (
	"bytes"
	"encoding/json"
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"oauth-test-client/internal/chromium"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/demo"
	"oauth-test-client/internal/testserver"
)

// watchedDemo is the demo server on a different site, with a record of everything that went in and out.
type watchedDemo struct {
	issuer string
	mu     sync.Mutex // guards the fields below
	asked  []string   // the paths of the requests of the client's own
	codes  []string   // and verifiers
	tokens []string
}

const otherSecret = "other-secret-77aa"

func startWatchedDemo(t *testing.T, redirectURI string, faults ...demo.Fault) *watchedDemo {
	t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	w := &watchedDemo{issuer: "http://" + srv.Listener.Addr().String() + "/demo"}
	behind, err := demo.New(demo.Config{Issuer: w.issuer, Faults: faults, Clients: []demo.Client{
		{ID: "a-client", Secret: "check-secret-1c9d", Name: "Checked", RedirectURIs: []string{redirectURI}},
		{ID: "b-client", Secret: otherSecret, Name: "Another", RedirectURIs: []string{redirectURI}}}})
	if err != nil {
		t.Fatal(err)
	}
	srv.Config.Handler = http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer := httptest.NewRecorder()
		behind.ServeHTTP(answer, r)
		w.note(r.URL.Path, body, answer.Body.Bytes())
		maps.Copy(out.Header(), answer.Header())
		out.WriteHeader(answer.Code)
		out.Write(answer.Body.Bytes())
	})
	srv.Start()
	t.Cleanup(srv.Close)
	return w
}

// note remembers a request, and what must not be shown of it.
func (w *watchedDemo) note(path string, sent, answered []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if path == "/demo/token" || path == "/demo/revoke" || path == "/demo/introspect" || path == "/demo/userinfo" || path == "/demo/api/me" {
		w.asked = append(w.asked, path)
	}
	form, _ := url.ParseQuery(string(sent))
	w.codes = append(w.codes, form["code"]...)
	w.codes = append(w.codes, form["code_verifier"]...)
	var issued map[string]any
	json.Unmarshal(answered, &issued)
	for _, name := range []string{"refresh_token", "access_token", "id_token"} {
		if token, ok := issued[name].(string); ok {
			w.tokens = append(w.tokens, token)
		}
	}
}

// count returns how often the client itself sent a request to the server.
func (w *watchedDemo) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.asked)
}

// startMisuse signs in at a watched demo server.
func startMisuse(t *testing.T, faults ...demo.Fault) (*watchedDemo, *app, *testserver.Browser) {
	t.Helper()
	port := testserver.FreePort(t)
	base := "http://localhost:" + port
	w := startWatchedDemo(t, base+config.CallbackPath, faults...)
	a := startAppAt(t, port, map[string]string{"BASE_URL": base, "ISSUER": w.issuer, "CLIENT_ID": "a-client", "CLIENT_SECRET": "check-secret-1c9d",
		"OTHER_CLIENT_ID": "b-client", "OTHER_CLIENT_SECRET": otherSecret, "RESOURCE_URL": w.issuer + "/api/me"})
	b := newBrowserAt(t, a, base)
	if r := b.Login(); r.StatusCode != http.StatusOK {
		t.Fatalf("the login answered %d %s", r.StatusCode, r.Body)
	}
	return w, a, b
}

// The attacks run only on request, each with its own login, and a sound server is not accused. The session stays as it was.
// Everything is in the flow, where a rejected attack is not a failed login, and no code, verifier, token or secret is shown
// anywhere.
func TestMisusePage_OnlyOnRequest(t *testing.T) {
	t.Parallel()
	w, a, b := startMisuse(t)
	w.codes, w.tokens = nil, nil // of the login itself
	held := b.GetJSON("/session").Body
	if run := b.ReadMisuse(); run.Verdict != "Nine attacks your server should reject" || run.Tried != 0 || run.Of != 9 || run.Logins != 8 || len(run.Findings) != 0 {
		t.Errorf("before a run it says %+v", run)
	}
	run := b.PlayMisuse(func(address string) string { return b.Authorize(address, "user_alice", "allow") })
	if run.Played != 7 || run.Result != "ok" || run.Verdict != "The server rejects all 9 attacks" || run.Tried != 9 {
		t.Errorf("after %d logins it says %+v", run.Played, run)
	}
	for _, f := range run.Findings {
		if f.Result != "ok" || f.Section == "" || f.Fix != "" {
			t.Errorf("%+v", f)
		}
	}
	page := b.Get("/misuse").Body
	if !strings.Contains(page, "<h1>The server rejects all 9 attacks</h1>") || !strings.Contains(page, "RFC 7636 section 4.6") {
		t.Errorf("the page lacks the verdict or the rules:\n%s", page)
	}
	if now := b.GetJSON("/session").Body; now != held {
		t.Errorf("the session was\n%s\nand is\n%s", held, now)
	}
	har, report := b.GetJSON("/flow.har").Body, b.GetJSON("/flow.md").Body
	for _, words := range []string{
		"token request: A wrong code verifier", "refresh: The old refresh token after a refresh",
		"revocation: A token that was revoked",
	} {
		if !strings.Contains(har, words) || !strings.Contains(report, words) {
			t.Errorf("the flow lacks %q", words)
		}
	}
	if !strings.HasPrefix(report, "# The login works\n") {
		t.Errorf("a refused try is taken for a failure of the login: %.100s", report)
	}
	codes, tokens := append(w.codes, otherSecret, a.Cfg.ClientSecret), w.tokens
	a.Log.Secret(append(codes, tokens...)...)
	files := har + report + page + b.GetJSON("/misuse").Body + b.GetJSON("/session").Body + b.Get("/session").Body
	flow, full := b.Get("/flow").Body, b.Get("/flow?tokens=full").Body
	for _, code := range codes {
		if strings.Contains(files, code) {
			t.Errorf("a page or a file holds the code, verifier or secret %q", code)
		}
	}
	for _, token := range tokens {
		if strings.Contains(files+flow, token) || !strings.Contains(full, token) { // this finds what there is
			t.Errorf("a page or a file holds the token %q, or the whole flow does not", token)
		}
	}
	if len(codes) < 20 || len(tokens) < 10 {
		t.Errorf("%d codes and %d tokens were made: this test looks at nothing", len(codes), len(tokens))
	}
}

// The verdict names first what the server wrongly accepts, and counts by rules.
func TestMisusePage_FaultsFirst(t *testing.T) {
	t.Parallel()
	_, _, b := startMisuse(t, demo.WrongVerifier, demo.RevokedAtUserinfo, demo.RevokedAtIntrospection, demo.PromptNonePage)
	run := b.PlayMisuse(func(address string) string { return b.Authorize(address, "user_alice", "allow") })
	if run.Result != "fail" || run.Verdict != "The server accepts 2 of 9 attacks" {
		t.Errorf("it says %+v", run)
	}
	if page := b.Get("/misuse").Body; !strings.Contains(page, "<h1>The server accepts 2 of 9 attacks</h1><p>A wrong code verifier: the server accepts it.</p>") {
		t.Errorf("the page is\n%s", page)
	}
}

// Nothing runs by itself, or because of a prefetch or a different site: neither the start of a run nor the answer to one of
// its logins. Each row has an honest twin.
func TestMisusePage_NeverByItself(t *testing.T) {
	t.Parallel()
	w, _, b := startMisuse(t)
	refused := func(what, method, address string, header map[string]string) {
		t.Helper()
		before := w.count()
		req, err := http.NewRequest(method, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range header {
			req.Header.Set(name, value)
		}
		if r := b.Do(req); r.StatusCode < 400 || len(r.Header.Values("Set-Cookie")) > 0 || w.count() != before {
			t.Errorf("%s was answered %d, and the server was asked %d times", what, r.StatusCode, w.count()-before)
		}
	}
	anotherSite := map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
	prefetch := map[string]string{"Sec-Purpose": "prefetch", "Sec-Fetch-Site": "same-origin"}
	refused("a run that a prefetch begins", "POST", b.Base+"/misuse", prefetch)
	refused("a run that a form of another site begins", "POST", b.Base+"/misuse", map[string]string{
		"Sec-Fetch-Site": "cross-site",
		"Sec-Fetch-Mode": "navigate",
		"Sec-Fetch-Dest": "document",
	})
	refused("a run that an older browser begins from another site", "POST", b.Base+"/misuse", map[string]string{"Origin": "https://evil.example"})
	refused("the report, from another site", "GET", b.Base+"/misuse", anotherSite)
	before := w.count()
	for range 2 {
		if run := b.ReadMisuse(); run.Tried != 0 || w.count() != before {
			t.Errorf("the report alone tries something: %+v", run)
		}
	}

	begun := testserver.ContinueLink.FindStringSubmatch(b.Post("/misuse", nil).Body) // the twin of the first three
	if begun == nil || w.count() != before {
		t.Fatalf("a run does not begin with a link, or asks before it is followed (%d)", w.count()-before)
	}
	if home := b.Get("/").Body; strings.Contains(home, "The browser hasn’t come back from sign-in") {
		t.Errorf("before the browser has left, home misses a login:\n%s", home)
	}
	back := b.Authorize(html.UnescapeString(begun[1]), "user_alice", "allow")
	refused("a try's answer that is prefetched", "GET", back, prefetch)
	refused("a try's answer by HEAD", "HEAD", back, nil)
	refused("a try's answer as an image of another site", "GET", back, anotherSite)
	stranger := testserver.NewBrowser(t, b.App)
	if r := stranger.Do(b.FromTheServer(back)); r.StatusCode != http.StatusBadRequest || w.count() != before {
		t.Errorf("in another browser a try's answer gets %d, and the server is asked %d times", r.StatusCode, w.count()-before)
	}
	replayed := testserver.NewBrowser(t, b.App) // with the cookies from before the answer
	address, err := url.Parse(b.Base)
	if err != nil {
		t.Fatal(err)
	}
	old := b.Client.Jar.Cookies(address)
	replayed.Client.Jar.SetCookies(address, old)
	if r := b.Do(b.FromTheServer(back)); r.StatusCode != http.StatusOK || w.count() == before { // their twin
		t.Errorf("a try's answer gets %d, and the server is asked %d times", r.StatusCode, w.count()-before)
	}
	if run := b.ReadMisuse(); run.Tried != 1 {
		t.Errorf("one login came back, and it says %+v", run)
	}
	refused("a try's answer that comes again", "GET", back, map[string]string{"Sec-Fetch-Site": "none"})
	before = w.count()
	if r := replayed.Do(b.FromTheServer(back)); !strings.Contains(r.Body, "1 of 9 attacks run") || w.count() != before {
		t.Errorf("a try's answer that is replayed gets %d, and the server is asked %d times", r.StatusCode, w.count()-before)
	}
	b.Post("/misuse", nil)                                                                     // a new run, in which nothing has been tried yet
	replayed.Client.Jar.SetCookies(address, slices.Concat(old, b.Client.Jar.Cookies(address))) // of the same name the later one
	if r := replayed.Do(b.FromTheServer(back)); !strings.Contains(r.Body, "Nine attacks your server should reject") || w.count() != before {
		t.Errorf("the answer of an earlier run gets %d, and the server is asked %d times:\n%s", r.StatusCode, w.count()-before, r.Body)
	}
}

// A login that does not come back is started again, or left out. The findings stay.
func TestMisusePage_LoginNotBack(t *testing.T) {
	t.Parallel()
	_, _, b := startMisuse(t)
	begin := func(do, next string) string {
		t.Helper()
		form := url.Values{}
		if do != "" {
			form.Set("do", do)
		}
		r := b.Post("/misuse", form)
		link := testserver.ContinueLink.FindStringSubmatch(r.Body)
		if link == nil || !strings.Contains(r.Body, "Next attack: "+next) {
			t.Fatalf("%q does not begin the login for %s:\n%s", do, next, r.Body)
		}
		return html.UnescapeString(link[1])
	}
	b.Do(b.FromTheServer(b.Authorize(begin("", "a code used twice"), "user_alice", "allow")))
	if page := b.Get("/misuse").Body; !strings.Contains(page, "1 of 9 attacks run") || !strings.Contains(page, "Next attack: a wrong code verifier. The browser hasn’t come back from it.") {
		t.Errorf("while a login is out the page says\n%s", page)
	}
	begin("go-on", "a wrong code verifier")
	begin("leave-out", "no code verifier")
	run := b.ReadMisuse()
	if run.Tried != 2 || run.Result != "" || !strings.Contains(run.Findings[len(run.Findings)-1].Found, "left out") {
		t.Errorf("it says %+v", run)
	}
	begin("", "a code used twice") // from the beginning
	b.Accept = "*/*"
	var program struct {
		Verdict string
		Next    string `json:"next_login_uri"`
	}
	r := b.Post("/misuse", nil)
	if err := json.Unmarshal([]byte(r.Body), &program); err != nil || !strings.HasPrefix(program.Next, "http") || program.Verdict != "0 of 9 attacks run" {
		t.Errorf("to a program it says %s", r.Body)
	}
	wantMembers(t, r.Body, "verdict", "tried", "of", "logins", "findings", "next_login_uri")
	wantMembers(t, b.Get("/misuse").Body, "verdict", "tried", "of", "logins", "findings")
	if run := b.ReadMisuse(); run.Tried != 0 {
		t.Errorf("a new run begins with %+v", run)
	}
}

// wantMembers checks that a JSON object has exactly these members, as docs/misuse.md lists them.
func wantMembers(t *testing.T, body string, want ...string) {
	t.Helper()
	var document map[string]json.RawMessage
	if err := json.Unmarshal([]byte(body), &document); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(document)); !slices.Equal(got, want) {
		t.Errorf("the JSON has %q; want %q", got, want)
	}
}

// In a real browser, at a server of another site, a run ends at its page: no redirect of it counts as sent
// by that site, and there are not too many in a row.
func TestMisusePage_InChromium(t *testing.T) {
	t.Parallel()
	c := chromium.Open(t)
	port := testserver.FreePort(t)
	base := "http://localhost:" + port
	issuer := testserver.StartDemo(t, base+config.CallbackPath)
	startAppAt(t, port, map[string]string{
		"BASE_URL":      base,
		"ISSUER":        issuer,
		"CLIENT_ID":     "a-client",
		"CLIENT_SECRET": "check-secret-1c9d",
		"RESOURCE_URL":  issuer + "/api/me",
	})
	c.Go(base + "/login")
	c.Press("button[value=user_alice]", "Allow")
	c.Press("button[value=allow]", "It works")
	c.Go(base + "/misuse")
	c.WaitFor("up to 7 logins")
	c.Shot("misuse-before")
	c.Press(".go form button", "0 of 9 attacks run")
	c.Press(".go a.button", "The server rejects all 8 attacks that were run")
	c.WantPath("/misuse")
	c.Shot("misuse")
}
