package flow

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"text/template"
	"time"

	"oauth-test-client/internal/redact"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// golden compares a text with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	testserver.Golden(t, filepath.Join("testdata", name), got)
}

// sampleFlow is a login, a userinfo request, an API call and a refresh that failed, at fixed times.
func sampleFlow() []*wire.Exchange {
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	at := func(ms int) time.Time { return began.Add(time.Duration(ms) * time.Millisecond) }
	jsonHeader := wire.NewHeader(http.Header{"Content-Type": {"application/json"}, "Set-Cookie": {"sid=server-cookie-value"}})
	form := wire.NewHeader(http.Header{
		"Content-Type":  {"application/x-www-form-urlencoded"},
		"Accept":        {"application/json"},
		"Authorization": {"Basic YS1jbGllbnQ6cyUyRmVjcmV0JTI3cw=="},
	})
	bearer := wire.NewHeader(http.Header{"Authorization": {"Bearer access-token-0123456789abcdefghijklmnopqrstuvwxyz"}, "Accept": {"application/json"}})
	return []*wire.Exchange{
		{
			Purpose: wire.AuthorizationRequest,
			Method:  "GET",
			URL: "https://auth.example/authorize?client_id=a-client&state=state-value&nonce=nonce-value" +
				"&code_challenge=GPXfFfmq30W8w5PWMLNtzZR2q9pxnxZ4FkY2A8xIsF4&code_challenge_method=S256&scope=openid",
			Began: at(0),
		},
		{Purpose: wire.Consent, Began: at(0), Took: 12 * time.Second},
		{Purpose: wire.Response, Method: "GET", URL: "http://localhost:3000/oauth_callback?code=code-value&state=state-value", Began: at(12000)},
		{
			Purpose:        wire.TokenRequest,
			Method:         "POST",
			URL:            "https://auth.example/token",
			RequestHeader:  form,
			RequestBody:    "code=code-value&code_verifier=verifier-value&grant_type=authorization_code",
			Status:         200,
			ResponseHeader: jsonHeader,
			ResponseBody: `{"access_token":"access-token-0123456789abcdefghijklmnopqrstuvwxyz",` +
				`"refresh_token":"refresh-token-0123456789abcdefghijklmnopqrstuvwxyz","token_type":"bearer"}`,
			Began: at(12001),
			Took:  34 * time.Millisecond,
		},
		{
			Purpose:        wire.Userinfo,
			Method:         "GET",
			URL:            "https://auth.example/userinfo",
			RequestHeader:  bearer,
			Status:         200,
			ResponseHeader: jsonHeader,
			ResponseBody:   `{"sub":"user-1"}`,
			Began:          at(13000),
			Took:           5 * time.Millisecond,
		},
		{
			Purpose:        wire.API,
			Method:         "GET",
			URL:            "https://api.example/me?fields=all",
			RequestHeader:  bearer,
			Status:         200,
			ResponseHeader: jsonHeader,
			ResponseBody:   `{"hello":"it's me"}`,
			Began:          at(14000),
			Took:           1500 * time.Millisecond,
		},
		{
			Purpose:        wire.Refresh,
			Method:         "POST",
			URL:            "https://auth.example/token",
			RequestHeader:  form,
			RequestBody:    "grant_type=refresh_token&refresh_token=refresh-token-0123456789abcdefghijklmnopqrstuvwxyz",
			Status:         400,
			ResponseHeader: jsonHeader,
			ResponseBody:   `{"error":"invalid_grant","error_description":"refresh-token-0123456789abcdefghijklmnopqrstuvwxyz is spent, s/ecret's"}`,
			Began:          at(15000),
			Took:           8 * time.Millisecond,
			Fault:          "invalid_grant",
		},
	}
}

// flowTemplate is the part of the pages that shows a flow.
func flowTemplate(t *testing.T) *template.Template {
	t.Helper()
	parsed, err := template.ParseFiles("../../templates/part-flow.html")
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// sampleClient are the credentials in the sample flow.
var sampleClient = Secrets{Client: redact.Credentials{ID: "a-client", Secret: "s/ecret's"}}

func TestDiagram_Golden(t *testing.T) {
	var page bytes.Buffer
	if err := flowTemplate(t).ExecuteTemplate(&page, "flow", View(sampleFlow(), sampleClient, false)); err != nil {
		t.Fatal(err)
	}
	svg := regexp.MustCompile(`(?s)<svg class="diagram".*?</a>\n</svg>`).FindString(page.String())
	golden(t, "diagram.svg", svg+"\n")
	for _, secret := range []string{"s/ecret", "s%2Fecret", "YS1jbGllbnQ6", "access-token-0123456789", "refresh-token-0123456789"} {
		if strings.Contains(page.String(), secret) {
			t.Errorf("the page shows %q", secret)
		}
	}
	page.Reset()
	if err := flowTemplate(t).ExecuteTemplate(&page, "flow", View(sampleFlow(), sampleClient, true)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page.String(), "access-token-0123456789") || strings.Contains(page.String(), "s/ecret") {
		t.Error("in full, the page must show the tokens and never the secret")
	}
}

func TestCurl_Golden(t *testing.T) {
	var out strings.Builder
	for _, full := range []bool{false, true} {
		for _, step := range View(sampleFlow(), sampleClient, full).Steps {
			if step.Curl != "" {
				out.WriteString("# " + step.Name + "\n" + step.Curl + "\n\n")
			}
		}
	}
	golden(t, "curl.sh", out.String())
}

func TestHAR_Golden(t *testing.T) {
	document, err := HAR(sampleFlow(), sampleClient)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "flow.har", string(document))
	for _, secret := range sampleSecrets {
		if bytes.Contains(document, []byte(secret)) {
			t.Errorf("the file holds %q", secret)
		}
	}
}

func TestShellQuote(t *testing.T) {
	_, err := exec.LookPath("sh")
	testserver.Needs(t, os.Getenv, "sh", err)
	for _, s := range []string{"", "plain", "it's", `$HOME "x" \ !`, "a\nb", "`id`", "ü'ü"} {
		out, err := exec.Command("sh", "-c", "printf %s "+shellQuote(s)).Output()
		if err != nil || string(out) != s {
			t.Errorf("the shell reads %q as %q (%v)", s, out, err)
		}
	}
}

// sampleSecrets are everything secret in the sample flow.
var sampleSecrets = []string{
	"state-value",
	"nonce-value",
	"code-value",
	"verifier-value",
	"access-token-0123456789",
	"refresh-token-0123456789",
	"server-cookie-value",
	"s/ecret's",
	"s%2Fecret",
	"YS1jbGllbnQ6cyUyRmVjcmV0JTI3cw",
}

// A redactor that meets a secret by its value alone, in the words of a server that repeats it.
func TestRedactor_ByValue(t *testing.T) {
	hide := newFileRedactor(sampleClient, sampleFlow())
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
}

// A flow on a page is cut off at many places, and none of them leaves half of the secret.
func TestView_SecretCutOff(t *testing.T) {
	secrets := Secrets{Client: redact.Credentials{ID: "fake-client", Secret: "fake-secret-7d2c9a"}}
	for lead := 0; lead < 4100; lead += 5 { // a cut that leaves half of it is hit once at least
		text := strings.Repeat("-", lead) + secrets.Client.Secret
		e := &wire.Exchange{Method: "POST", URL: "https://a.example/" + text, RequestBody: text + "=" + text, Fault: text, Status: 200,
			RequestHeader: wire.NewHeader(http.Header{"X": {text}}), ResponseHeader: wire.NewHeader(http.Header{"X": {text}, text: {"x"}}), ResponseBody: text}
		step := View([]*wire.Exchange{e}, secrets, false).Steps[0]
		step.Curl = "" // what we sent ourselves
		if shown := fmt.Sprint(step); strings.Contains(shown, secrets.Client.Secret[:9]) {
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
		secrets := Secrets{Client: redact.Credentials{Secret: secret}}
		e := &wire.Exchange{
			Method:         "POST",
			URL:            address,
			RequestBody:    body,
			ResponseBody:   answer,
			Status:         200,
			Fault:          answer,
			RequestHeader:  wire.NewHeader(http.Header{"Authorization": {header}, "X": {header}}),
			ResponseHeader: wire.NewHeader(http.Header{"Location": {address}, "Content-Type": {answer}, "Y": {answer}, answer: {"z"}}),
		}
		document, err := HAR([]*wire.Exchange{e}, secrets)
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

// The words of a command, read by the rules of single and double quotes, are those of the request.
func FuzzCurl(f *testing.F) {
	f.Add("https://a.example/token", "code=a%27b&x=$HOME", "it's")
	f.Add("https://a.example/?a=`id`&b='", "client_secret=x&refresh_token=y", "\"$(id)\"")
	f.Fuzz(func(t *testing.T, address, body, accept string) {
		secrets := Secrets{Client: redact.Credentials{ID: "a'b", Secret: "a-very-secret/value"}}
		e := &wire.Exchange{
			Method:        "POST",
			URL:           address,
			RequestBody:   body,
			RequestHeader: wire.NewHeader(http.Header{"Accept": {accept}, "Authorization": {"Basic eDp5"}}),
		}
		command := curl(e, secrets, newRedactor(secrets, []*wire.Exchange{e}, false))
		if strings.Contains(command, "a-very-secret") && !strings.Contains(address+body+accept, "a-very-secret") {
			t.Errorf("the command holds the secret: %s", command)
		}
		if command == "" || strings.ContainsRune(command, 0) {
			return
		}
		rest, quoted := command, ""
		for rest != "" { // outside quotes there is nothing that a shell acts on but spaces and line ends
			switch {
			case strings.HasPrefix(rest, `'`):
				end := strings.Index(rest[1:], `'`)
				if end < 0 {
					t.Fatalf("a quote never ends: %s", command)
				}
				quoted, rest = rest[1:end+1], rest[end+2:]
			case strings.HasPrefix(rest, `"`): // ours: the variable, or the pipeline that encodes it
				end := strings.LastIndex(strings.SplitN(rest, "\n", 2)[0], `"`)
				if inside := rest[1:end]; !regexp.MustCompile(`^(?:client_secret=)?\$CLIENT_SECRET$|^\$\(printf %s "\$CLIENT_SECRET" \| od -An -v ` +
					`-tx1 \| tr -d ' \\n' \| sed 's/\.\./%&/g'\)$`).MatchString(inside) {
					t.Fatalf("in double quotes stands %q", inside)
				}
				rest = rest[end+1:]
			case strings.HasPrefix(rest, `\'`), strings.HasPrefix(rest, "\\\n"):
				rest = rest[2:]
			case regexp.MustCompile(`^[-a-zA-Z ]`).MatchString(rest):
				rest = rest[1:]
			default:
				t.Fatalf("outside quotes stands %q after %q in\n%s", rest[:1], quoted, command)
			}
		}
	})
}

// What an attack sends is described as the attack's, and the same parameters of an honest step as the protocol's.
func TestView_AttackWords(t *testing.T) {
	t.Parallel()
	form := wire.NewHeader(http.Header{"Content-Type": {"application/x-www-form-urlencoded"}})
	about := func(purpose wire.Purpose, query, body string) map[string]string {
		e := &wire.Exchange{Purpose: purpose, Method: "POST", URL: "https://auth.example/token" + query, RequestHeader: form, RequestBody: body}
		words := map[string]string{}
		for _, p := range View([]*wire.Exchange{e}, sampleClient, false).Steps[0].Params {
			words[p.Name] = p.About
		}
		return words
	}
	const request, response = "code=c-value&code_verifier=v-value&grant_type=authorization_code", "?code=c-value&state=s-value&iss=i"
	for _, row := range []struct {
		attack, honest wire.Purpose
		query, body    string
		same           string // the parameters that are what they are in the honest step
	}{
		{wire.StolenCode, wire.TokenRequest, "", request, "grant_type"},
		{wire.ForgedResponse, wire.Response, response, "", ""},
	} {
		attack, honest := about(row.attack, row.query, row.body), about(row.honest, row.query, row.body)
		if len(attack) != 3 || len(honest) != 3 {
			t.Fatalf("%s: %v; %s: %v", row.attack, attack, row.honest, honest)
		}
		for name, words := range attack {
			if words == "" || honest[name] == "" || (words == honest[name]) != (name == row.same) {
				t.Errorf("%s: %s is %q; in the honest step %q", row.attack, name, words, honest[name])
			}
		}
	}
}

// The first step has one name, in the picture and beside it.
func TestView_MetadataHasOneName(t *testing.T) {
	t.Parallel()
	for _, known := range []bool{false, true} {
		e := &wire.Exchange{Purpose: wire.Metadata, Method: "GET", URL: "https://auth.example/.well-known/openid-configuration", Status: 200, Began: time.Unix(1, 0)}
		if known {
			e.Status, e.Began = 0, time.Time{}
		}
		view := View([]*wire.Exchange{e}, Secrets{}, false)
		words, _, _ := strings.Cut(view.Diagram.Arrows[0].Lines[0].Words, ",")
		if name := view.Steps[0].Name; !strings.EqualFold(words, name) {
			t.Errorf("known %t: the picture says %q, the step beside it %q", known, words, name)
		}
	}
}

// The values of a line stand behind its words, also where the number of the step has two digits.
func TestNewLine_Number(t *testing.T) {
	l := line{from: theClient, to: theAPI, words: "GET /demo/api/me", values: []Value{{Name: "token", Text: "tN6A"}}}
	one, two := wideFrame.newLine(l, "9", 0).Pills[0].X, wideFrame.newLine(l, "10", 0).Pills[0].X
	if two <= one {
		t.Errorf("behind 9 the value stands at %v, and behind 10 at %v", one, two)
	}
}
