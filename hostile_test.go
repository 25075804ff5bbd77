package main

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"unicode"
	"unicode/utf16"

	"oauth-test-client/internal/testserver"
)

// pushRoute takes pushed authorization requests.
const pushRoute = "POST /demo/par"

// hostileRoutes lists the addresses of the demo server that return words, with the requests to us that ask them once a user
// has signed in. Without such a request, a login asks.
var hostileRoutes = []struct {
	route, method, path string
}{
	{testserver.APIRoute, "", ""},
	{testserver.ResourceMetadataRoute, "", ""},
	{testserver.MetadataRoute, "", ""},
	{testserver.RegisterRoute, "", ""},
	{pushRoute, "", ""},
	{"POST /demo/token", "", ""},
	{"GET /demo/.well-known/jwks.json", "", ""},
	{testserver.APIRoute, http.MethodGet, "/api"},
	{testserver.APIRoute, http.MethodPost, "/api"},
	{"GET /demo/userinfo", http.MethodGet, "/userinfo"},
	{"POST /demo/introspect", http.MethodGet, "/tokeninfo"},
	{"POST /demo/token", http.MethodPost, "/refresh"},
	{"POST /demo/revoke", http.MethodPost, "/revoke"},
}

// The content of a hostile answer: words that a page, a terminal or a report would obey, a harmless word, and a credential
// that the answer names.
const (
	hostileWords      = "</pre></title><script>alert(7)</script><img src=x onerror=alert(7)> \x1b[31m\u202e\u2028 ``` ](http://evil.example) @someone <!--"
	harmlessWord      = "kept4711"
	hostileCredential = "credential-0815-abcdefghijklmnopqrstuvwxyz-0123456789"
	padding           = 300 << 10 // bytes, more than any page shows of an answer
)

// hostileContent is one way in which an answer is written.
type hostileContent struct {
	name, mediaType string
	status          int
	continues       bool // an honest answer, if that is an object
	body            string
}

func hostileContents() []hostileContent {
	member := func(text string) string {
		quoted, _ := json.Marshal(text) // a string always can
		return string(quoted)
	}
	members := `"note":` + member(harmlessWord+" "+hostileWords) + `,"` + strings.ReplaceAll(hostileWords, `"`, "")[:40] + `":1,"api_key":` + member(hostileCredential) +
		`,"kept":true`
	members = strings.ReplaceAll(members, "\x1b", `\u001b`)
	object := "{" + members + "}"
	sentence := `{"error":"invalid_request","error_description":` + member(harmlessWord+" "+hostileWords) + "," + members + `,"padding":"` + strings.Repeat("x ", padding/2) + `"}`
	escape := strings.NewReplacer("<", "&#60;", ">", "&#62;") // as no template of ours does it
	page := "<html><title>" + escape.Replace(hostileWords) + "</title><h1>" + harmlessWord + " " + escape.Replace(hostileWords) + "</h1><script>alert(7)</script>" +
		`<input value="` + hostileCredential + `" name="csrf_token">`
	text := harmlessWord + " " + hostileWords + "\nX-Api-Key: " + hostileCredential + "\n" + strings.Repeat("x ", padding/2)
	var wide []byte
	for _, unit := range utf16.Encode([]rune(object)) {
		wide = append(wide, byte(unit), byte(unit>>8))
	}
	return []hostileContent{
		{"more members", "application/json", 200, true, object},
		{"an error", "application/json", 400, false, sentence},
		{"a page", "text/html", 400, false, page},
		{"a page as JSON", "application/json", 200, false, page},
		{"text", "text/plain", 400, false, text},
		{"a text of success", "text/plain", 200, false, strings.TrimRight(text, "x ")},
		{"a form", "application/x-www-form-urlencoded", 400, false, "error=invalid_request&error_description=" + harmlessWord + "+%3Cscript%3Ealert(7)&api_key=" + hostileCredential},
		{"a part of a form", "multipart/form-data; boundary=b", 400, false, "--b\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n" + hostileCredential + "\r\n--b--"},
		{"XML", "application/xml", 400, false, `<e><token kind="` + harmlessWord + `">` + hostileCredential + "</token>" + page},
		{"UTF-16", "application/json; charset=utf-16", 200, false, string(wide)},
		{"base64", "text/plain", 400, false, base64.StdEncoding.EncodeToString([]byte(`{"api_key":"` + hostileCredential + `"}`))},
		{"two documents", "application/json", 200, false, object + object},
		{"nested too deep", "application/json", 200, false, strings.Repeat(`{"a":`, 70) + object + strings.Repeat("}", 70)},
	}
}

// at returns a handler that answers with the content in place of an honest server. It counts its requests.
func (c hostileContent) at(honest http.Handler, asked *atomic.Int64) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		body, status := c.body, c.status
		if kept := new(keptAnswer); c.continues && honest != nil {
			honest.ServeHTTP(kept, r)
			if head, isObject := strings.CutSuffix(strings.TrimSpace(string(kept.body)), "}"); isObject && len(head) > 1 {
				body, status = head+","+body[1:], kept.status
			}
		}
		w.Header().Set("X-Refresh-Token", hostileCredential)
		w.Header().Set("X-Note", "<script>alert(7)</script> \u202e")
		testserver.SendBody(status, c.mediaType, body)(w, r)
	}
}

// Every address whose answer is read returns each content. All that is shown of it is escaped and limited, and no
// credential leaves the browser.
func TestPages_EscapeHostileAnswers(t *testing.T) {
	t.Parallel()
	for _, route := range hostileRoutes {
		t.Run(strings.TrimSpace(route.route+" "+route.path), func(t *testing.T) {
			t.Parallel()
			for _, content := range hostileContents() {
				var asked atomic.Int64
				api := testserver.StartAPI(t)
				env := map[string]string{"RESOURCE_URL": api.URL, "SCOPES": "openid profile offline_access"}
				if route.route == pushRoute {
					env["PAR"] = "on"
				}
				a := startApp(t, env)
				b := newBrowser(t, a)
				hostile := func() { api.At(route.route, content.at(api.Server, &asked)) }
				if route.path == "" {
					hostile()
				}
				said := ""
				look := func(r testserver.Reply) testserver.Reply {
					said += checkHarmless(t, content.name, r)
					return r
				}
				ask := func(method, path string, accepts ...string) {
					for _, accept := range accepts {
						req, err := http.NewRequest(method, a.Address+path, nil)
						if err != nil {
							t.Fatal(err)
						}
						req.Header = http.Header{"Accept": {accept}, "Sec-Fetch-Site": {"same-origin"}}
						look(b.Do(req))
					}
				}
				b.Accept = "text/html"
				if begun := look(b.Get("/login")); begun.StatusCode == http.StatusFound {
					look(b.Get(b.Authorize(b.Location(begun), "user_alice", "allow")))
				} else {
					ask(http.MethodPost, "/check", "text/html")
				}
				if route.path != "" {
					hostile()
					ask(route.method, route.path, "application/json", "text/html")
				}
				for _, path := range []string{"/session", "/flow", "/flow.har", "/flow.md"} {
					ask(http.MethodGet, path, "text/html")
				}
				if asked.Load() == 0 {
					t.Errorf("%s: nothing was asked", content.name)
				}
				if !strings.Contains(said, harmlessWord) {
					t.Logf("%s: nothing of it is shown", content.name)
				}
			}
		})
	}
}

var outsideCode = regexp.MustCompile("`[^`\n]*`|```mermaid(?s:.*?)```")

// checkHarmless reports what must not be in a response of ours, and returns its text.
func checkHarmless(t *testing.T, content string, r testserver.Reply) string {
	t.Helper()
	where := content + ": " + r.Request.Method + " " + r.Request.URL.Path
	mediaType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	fails := func(what string, bad bool) {
		if bad {
			t.Errorf("%s (%s, %d) %s:\n%.3000s", where, mediaType, r.StatusCode, what, r.Body)
		}
	}
	const longest = padding // of all steps together; each shows no more than 20 KB of an answer
	leaves := strings.HasPrefix(r.Request.URL.Path, "/flow")
	switch mediaType {
	case "text/html":
		fails("has markup of the server's", strings.Contains(r.Body, "<script>alert") || strings.Contains(r.Body, "<img src=x") || strings.Contains(r.Body, `href="http://evil`))
		fails("has what no reader sees", strings.ContainsFunc(r.Body, func(c rune) bool {
			return c != '\n' && c != '\r' && c != '\t' && (unicode.IsControl(c) || unicode.In(c, unicode.Cf, unicode.Zl, unicode.Zp))
		}))
		fails("is longer than a page may be", len(r.Body) > longest)
	case "application/json":
		fails("is no JSON", !json.Valid([]byte(r.Body)))
	case "text/markdown":
		outside := outsideCode.ReplaceAllString(r.Body, "")
		fails("has markup of the server's", strings.Contains(outside, "evil.example") || strings.Contains(outside, "@someone") || strings.Contains(outside, "<script") || strings.Contains(outside, "<!--"))
		fails("is longer than a report may be", len(r.Body) > longest)
	}
	fails("has a credential", leaves && strings.Contains(strings.ReplaceAll(r.Body, "\x00", ""), hostileCredential))
	fails("has a credential in UTF-16", leaves && strings.Contains(strings.ReplaceAll(r.Body, `\u0000`, ""), hostileCredential))
	fails("has a credential in base64", leaves && strings.Contains(r.Body, base64.StdEncoding.EncodeToString([]byte(hostileCredential[2:]))[:20]))
	return r.Body
}
