package wire

import (
	"encoding/json"
	"net/http"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

const jsonType, formType, pageType = "application/json", "application/x-www-form-urlencoded", "text/html; charset=utf-8"

func answerOf(status int, mediaType, body string) *Exchange {
	return &Exchange{Status: status, ResponseBody: body, ResponseHeader: NewHeader(http.Header{"Content-Type": {mediaType}})}
}

// A refusal is read however a server writes it, the standard's members first.
func TestRefusal_StandardMembersFirst(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		mediaType, body string
		status          int
		want            Refusal // without its format and its text
	}{
		{jsonType, `{"error":"invalid_grant","error_description":"It is spent."}`, 400, Refusal{Code: "invalid_grant", Words: "It is spent."}},
		{jsonType, `{"error":"c","error_description":"d","error_uri":"https://a.example/"}`, 400, Refusal{Code: "c", Words: "d", URI: "https://a.example/"}},
		{jsonType, `{"message":"m","error_description":"d","detail":"x"}`, 400, Refusal{Words: "d", Details: []string{"m", "x"}}},
		{jsonType, `{"code":42,"msg":"m"}`, 400, Refusal{Code: "42", Words: "m"}},
		{jsonType, `{"code":-1,"error":""}`, 400, Refusal{Code: "-1"}},
		{jsonType, `{"errorCode":"c","errorMessage":"m"}`, 400, Refusal{Code: "c", Words: "m"}},
		{jsonType, `{"errorCode":"E","errorSummary":"s","errorCauses":[{"errorSummary":"why"}]}`, 400,
			Refusal{Code: "E", Words: "s", Details: []string{"why"}}},
		{jsonType, `{"Error":"c","Error_Description":"d","ERROR":"x"}`, 400, Refusal{Code: "c", Words: "d"}},
		{jsonType, `{"errcode":40029,"errmsg":"invalid code"}`, 200, Refusal{Code: "40029", Words: "invalid code"}},
		{jsonType, `{"ok":false,"error":"bad_client_secret"}`, 200, Refusal{Code: "bad_client_secret"}},
		{jsonType, `{"errcode":0,"errmsg":"ok"}`, 200, Refusal{Words: "ok"}},
		{jsonType, `{"errors":[{"errorType":"invalid_client","message":"Invalid authorization header."}],"success":false}`, 401,
			Refusal{Code: "invalid_client", Words: "Invalid authorization header."}},
		{jsonType, `{"error_type":"OAuthException","code":400,"error_message":"Matching code was not found"}`, 400,
			Refusal{Code: "OAuthException", Words: "Matching code was not found", Status: 400}},
		{jsonType, `{"error_type":"t","code":190,"error":"e"}`, 400, Refusal{Code: "e"}},
		{jsonType, `{"status":"BAD_CLIENT_SECRET","message":"missing or invalid client secret"}`, 400,
			Refusal{Code: "BAD_CLIENT_SECRET", Words: "missing or invalid client secret"}},
		{jsonType, `{"status":"BAD_REFRESH_TOKEN","error":"invalid_grant"}`, 400, Refusal{Code: "invalid_grant"}},
		{jsonType, `{"status":"BAD_REQUEST","message":"m"}`, 400, Refusal{Words: "m"}},
		{jsonType, `{"status":"NOT_FOUND","statusCode":404,"message":"m"}`, 400, Refusal{Words: "m", Status: 404}},
		{jsonType, `{"status":"error","message":"m"}`, 400, Refusal{Words: "m"}},
		{jsonType, `{"status":"it is not_found","message":"m"}`, 400, Refusal{Words: "m"}},
		{jsonType, `{"code":0,"message":"ok"}`, 200, Refusal{Words: "ok"}},
		{jsonType, `{"code":"0"}`, 200, Refusal{}},

		// Hints.
		{jsonType, `{"error":"c","error_description":"d","error_hint":"h"}`, 400, Refusal{Code: "c", Words: "d", Hint: "h"}},
		{jsonType, `{"error":"c","hint":"h"}`, 400, Refusal{Code: "c", Words: "h", Hint: "h"}},
		{jsonType, `{"error":"c","reason":"r","hint":"h"}`, 400, Refusal{Code: "c", Words: "h", Hint: "h", Details: []string{"r"}}},
		{jsonType, `{"message":"m","field":"redirect_uri"}`, 400, Refusal{Words: "m", Field: "redirect_uri"}},

		// Numbers and the names of statuses are no codes.
		{jsonType, `{"message":"Unauthorized","error":401}`, 401, Refusal{Words: "Unauthorized", Status: 401}},
		{jsonType, `{"status":401,"error":"Unauthorized","path":"/token"}`, 401, Refusal{Words: "Unauthorized", Status: 401}},
		{jsonType, `{"error":"Unauthorized"}`, 401, Refusal{Words: "Unauthorized"}},
		{jsonType, `{"error":"unauthorized"}`, 401, Refusal{Code: "unauthorized"}},
		{jsonType, `{"statusCode":400,"error":"Bad Request","message":["redirect_uri must be a URL","code is missing"]}`, 400,
			Refusal{Words: "redirect_uri must be a URL; code is missing", Status: 400, Details: []string{"Bad Request"}}},
		{jsonType, `{"error":"Invalid client secret"}`, 401, Refusal{Words: "Invalid client secret"}},
		{jsonType, `{"error":5}`, 400, Refusal{}},
		{jsonType, `{"errors":["c"],"error":true}`, 400, Refusal{Words: "c"}},

		// Errors inside the error.
		{jsonType, `{"error":{"code":"c","message":"m","error":{"detail":"x"}}}`, 400, Refusal{Code: "c", Words: "m", Details: []string{"x"}}},
		{jsonType, `{"errors":[{"error":"c","title":"t"},{"error":"d"}]}`, 400, Refusal{Code: "c", Words: "t"}},
		{jsonType, `{"errors":{"message":"m"},"error":"c"}`, 400, Refusal{Code: "c", Words: "m"}},
		{jsonType, `{"errors":{"redirect_uri":["is invalid"],"client_id":"is blank"}}`, 422,
			Refusal{Words: "client_id: is blank", Field: "client_id", Details: []string{"redirect_uri: is invalid"}}},
		{jsonType, `{"errors":[],"message":"m","error":"c"}`, 400, Refusal{Code: "c", Words: "m"}},
		{jsonType, `{"error":{"message":"inner","code":"i"},"message":"outer","code":"o"}`, 400,
			Refusal{Code: "o", Words: "outer", Details: []string{"inner"}}},
		{jsonType, `{"error":{"code":401,"message":"No credentials.","status":"UNAUTHENTICATED"}}`, 401, Refusal{Words: "No credentials.", Status: 401}},
		{jsonType, `{"error":{"message":"m","type":"OAuthException","code":190}}`, 400, Refusal{Code: "190", Words: "m"}},
		{jsonType, `{"error":"c","error_description":{"message":"m"}}`, 400, Refusal{Code: "c", Words: "m"}},
		{jsonType, `{"error":"c","error_description":["a","b"]}`, 400, Refusal{Code: "c", Words: "a; b"}},
		{jsonType, `{"error":"c","error_description":7}`, 400, Refusal{Code: "c"}},
		{jsonType, `{"client_id":["Value \"a\" is not snowflake."],"client_secret":"s"}`, 400,
			Refusal{Words: `client_id: Value "a" is not snowflake.`, Field: "client_id"}},
		{jsonType, `{"detail":[{"loc":["body","client_id"],"msg":"field required","type":"missing"}]}`, 422,
			Refusal{Code: "missing", Words: "field required", Field: "client_id"}},
		{jsonType, `{"detail":{"error":"c","error_description":"d"}}`, 400, Refusal{Code: "c", Words: "d"}},
		{jsonType, `[{"errorCode":"c","message":"m"}]`, 401, Refusal{Code: "c", Words: "m"}},
		{jsonType, `{"a":{"error":"c"}}`, 400, Refusal{}},

		// Problem documents, JSON-RPC and MCP.
		{"application/problem+json", `{"type":"https://a.example/bad","title":"t","detail":"d","status":403}`, 403,
			Refusal{Words: "d", Status: 403, Details: []string{"t"}}},
		{"application/problem+json", `{"type":"about:blank","title":"t","status":400}`, 400, Refusal{Words: "t", Status: 400}},
		{jsonType, `{"jsonrpc":"2.0","id":1,"error":{"code":-32001,"message":"m"}}`, 200, Refusal{Code: "-32001", Words: "m"}},
		{"text/event-stream", "event: message\ndata: {\"error\":{\"code\":1,\"message\":\"m\"}}\n\n", 200, Refusal{Code: "1", Words: "m"}},
		{jsonType, `{"jsonrpc":"2.0","id":1,"result":{"isError":true,"content":[{"type":"text","text":"no such tool"}]}}`, 200, Refusal{Words: "no such tool"}},
		{jsonType, `{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"fine"}]}}`, 200, Refusal{}},

		// Forms.
		{formType, "error=c&error_description=d+e&error_uri=u", 200, Refusal{Code: "c", Words: "d e", URI: "u"}},
		{formType + "; charset=utf-8", "error=c", 200, Refusal{Code: "c"}},
		{"Application/X-WWW-Form-Urlencoded", "error=c", 200, Refusal{Code: "c"}},
		{"text/plain", "error=c&error_description=d", 400, Refusal{Code: "c", Words: "d"}},
		{formType, "error=%zz", 400, Refusal{}},
		{formType, "<h1>no", 400, Refusal{Words: "no"}},
		{formType, `{"error":"c"}`, 400, Refusal{Code: "c"}},
		{formType, "access_token=t&token_type=bearer", 200, Refusal{}},

		// Anything else.
		{"text/plain", " not an \n error=c ", 400, Refusal{Words: "not an error=c"}},
		{"text/html", "Invalid client", 400, Refusal{Words: "Invalid client"}},
		{jsonType, `{"error":"c"`, 400, Refusal{Words: `{"error":"c"`}},
		{"application/xml", `<?xml version="1.0"?><Error><Code>c</Code><Message>m</Message></Error>`, 403, Refusal{Words: "c m"}},
		{jsonType, "", 400, Refusal{}},
		{jsonType, "\ufeff{\"error\":\"c\"}", 400, Refusal{Code: "c"}},
	} {
		got := answerOf(row.status, row.mediaType, row.body).Refusal()
		got.Format, got.Text = "", ""
		if !equal(got, row.want) {
			t.Errorf("%s %s: %+v; want %+v", row.mediaType, row.body, got, row.want)
		}
	}
}

func equal(a, b Refusal) bool {
	return a.Format == b.Format && a.Code == b.Code && a.Words == b.Words && a.Hint == b.Hint && a.Field == b.Field && a.URI == b.URI &&
		a.Status == b.Status && a.Text == b.Text && strings.Join(a.Details, "|") == strings.Join(b.Details, "|")
}

// What the body leaves out is in the challenge, and nothing else is taken from there.
func TestRefusal_Challenge(t *testing.T) {
	t.Parallel()
	const challenge = `Bearer realm="a", error="invalid_token", error_description="It has expired."`
	for body, want := range map[string]Refusal{
		"":                {Code: "invalid_token", Words: "It has expired."},
		`{"error":"c"}`:   {Code: "c", Format: FormatJSON},
		`{"message":"m"}`: {Words: "m", Format: FormatJSON},
	} {
		e := &Exchange{Status: 401, ResponseBody: body, ResponseHeader: NewHeader(http.Header{"Www-Authenticate": {`Basic realm="b"`, challenge}})}
		if got := e.Refusal(); !equal(got, want) {
			t.Errorf("%q: %+v; want %+v", body, got, want)
		}
	}
}

// A format is told by what is there, more than by what the answer says that it is.
func TestRefusal_Format(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		mediaType, body string
		want            Format
	}{
		{jsonType, `{"error":"c"}`, FormatJSON},
		{pageType, ` {"error":"c"}`, FormatJSON},
		{jsonType, "<!doctype html><p>no", FormatPage},
		{"", "\n<HTML><body>no", FormatPage},
		{pageType, "<p>no", FormatPage},
		{pageType, "no <b>way</b>", FormatPage},
		{pageType, "a < b", FormatText},
		{"text/plain", "no <b>way</b>", FormatText},
		{"application/xml", "<Error/>", FormatText},
		{"application/xhtml+xml", "<?xml version='1.0'?><html>", FormatPage},
		{formType, "a=b", FormatForm},
		{pageType, " \n", FormatNone},
	} {
		if got := answerOf(400, row.mediaType, row.body).Refusal().Format; got != row.want {
			t.Errorf("%s %q is %q; want %q", row.mediaType, row.body, got, row.want)
		}
	}
}

// The sentence is the hint where the words fit many causes, and these say nothing about which one it is.
func TestRefusal_Sentence(t *testing.T) {
	t.Parallel()
	const (
		client  = "Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method)."
		request = "The request is missing a required parameter, includes an invalid parameter value, includes a parameter more than once, or is otherwise malformed."
		grant   = "The provided authorization grant (e.g., authorization code, resource owner credentials) or refresh token is invalid, expired, revoked, " +
			"does not match the redirection URI used in the authorization request, or was issued to another client."
	)
	for _, row := range []struct{ body, sentence, specific string }{
		{`{"error":"invalid_client","error_description":"` + client + `","error_hint":"The client does not exist."}`,
			"The client does not exist.", "invalid_client; ; the client does not exist."},
		{`{"error":"invalid_client","error_description":"` + client + ` The requested OAuth 2.0 Client does not exist."}`,
			client + " The requested OAuth 2.0 Client does not exist.", "invalid_client; the requested oauth 2.0 client does not exist."},
		{`{"error":"invalid_request","error_description":"` + request + `","hint":"Check the code parameter"}`,
			"Check the code parameter", "invalid_request; ; check the code parameter"},
		{`{"error":"invalid_grant","error_description":"` + grant + `"}`, grant, "invalid_grant; "},
		{`{"error":"invalid_client","error_description":"Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method."}`,
			"Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.", "invalid_client; "},
		{`{"error":"c","error_description":"The code is Unknown.","hint":"h"}`, "The code is Unknown.", "c; the code is unknown.; h"},
		{`{"error":"c"}`, "", "c"},
	} {
		got := answerOf(400, jsonType, row.body).Refusal()
		specific := strings.Join(strings.Fields(got.Specific()), " ")
		if got.Sentence() != row.sentence || specific != strings.TrimSpace(row.specific) {
			t.Errorf("%s:\nsentence %q; want %q\nspecific %q; want %q", row.body, got.Sentence(), row.sentence, specific, row.specific)
		}
	}
}

// Of a page the sentence that says what is wrong is quoted, and the rest is there for comparing.
func TestRefusal_Page(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, body, words, text string }{
		{"heading and text", "<html><head><title>Acme</title></head><body><nav>Home Help</nav><h1>Bad&nbsp;Request</h1><p>The <b>redirect_uri</b>, it is wrong.</p>",
			"Bad Request: The redirect_uri, it is wrong.", "Home Help Bad Request The redirect_uri, it is wrong."},
		{"a second-level heading", "<p>Acme</p><h2>No</h2><p>because</p>", "No: because", "Acme No because"},
		{"two alerts, a heading that ends", `<h1>Sorry!</h1><p class="error">One</p><p class="error">Two.</p><p class="error">Three</p>`, "Sorry! One. Two. Three", "Sorry! One Two. Three"},
		{"an element of class error", `<h1>We are sorry...</h1><p>Help</p><div id="kc-error-message"><p class="instruction">Invalid parameter: redirect_uri</p></div><p>Imprint</p>`,
			"We are sorry... Invalid parameter: redirect_uri", "We are sorry... Help Invalid parameter: redirect_uri Imprint"},
		{"an alert", `<p>Acme</p><div role="alert">It is <i>wrong</i>.</div><p>Imprint</p>`, "It is wrong.", "Acme It is wrong. Imprint"},
		{"an error in an error page", `<div class="errorPage"><p>Menu</p><p class="error-text">The client is unknown</p></div>`, "The client is unknown", "Menu The client is unknown"},
		{"an icon in an alert", `<div class="alert alert-danger"><span class="error-mark">!</span> Wrong URI</div>`, "! Wrong URI", "! Wrong URI"},
		{"a message", `<p>Menu</p><p class="form_message">It is wrong</p>`, "It is wrong", "Menu It is wrong"},
		{"a success", `<h1>Hello</h1><div class="alert alert-success">Signed out</div><p>again</p>`, "Hello: Signed out again", "Hello Signed out again"},
		{"a banner", `<h1>No</h1><p>because</p><div class="cookie-message">We use cookies</div>`, "No: because We use cookies", "No because We use cookies"},
		{"an empty alert", `<h1>No</h1><div role="alert"></div>because`, "No: because", "No because"},
		{"a title that tells", `<title>403 Forbidden</title><p>nginx</p>`, "403 Forbidden: nginx", "nginx"},
		{"a title alone", `<title>T &amp; U</title><script>x()</script>`, "T & U", ""},
		{"what is not shown", `<style>a</style><script>b</script><noscript>c</noscript><template>d<template>e</template>f</template><!-- g --><svg><text>h</text></svg>` +
			`<p hidden>i</p><p style="display: none">j</p><div aria-hidden="true">k<div>l</div></div><select><option>m</select><script/>n</script>o`, "o", "o"},
		{"a hidden alert", `<h1>No</h1><div role="alert" hidden>Wrong password</div>because`, "No: because", "No because"},
		{"a tag of many attributes", "<p>a</p><p" + strings.Repeat(" a=b", 1000) + " class=error>why it is so<script " + strings.Repeat("x", 600) + ">s</script></p>", "why it is so", "a why it is so"},
		{"a tag that never ends", `<p>a</p><p class="error`, "a", "a"},
		{"no end tags", `<p class=error>it is wrong<p>and more`, "it is wrong and more", "it is wrong and more"},
	} {
		got := answerOf(400, pageType, row.body).Refusal()
		if got.Words != row.words || got.Text != row.text {
			t.Errorf("%s: %q of %q; want %q of %q", row.name, got.Words, got.Text, row.words, row.text)
		}
	}
}

// Half of a long word is not kept: it might be half of a secret.
func TestRefusal_PageIsCutBetweenWords(t *testing.T) {
	t.Parallel()
	const secret = "a-secret-of-thirty-characters-"
	for n := maxText - 40; n < maxText; n += 3 {
		body := "<p>" + strings.Repeat("b ", n/2) + strings.Repeat("b", n%2) + secret + strings.Repeat(" c", maxText)
		r := answerOf(400, pageType, body).Refusal()
		for _, text := range []string{r.Words, r.Text, answerOf(400, "text/plain", body).Refusal().Text} {
			if len(text) > maxText || len(text) < maxText-100 || strings.Contains(text, secret[:5]) && !strings.Contains(text, secret) {
				t.Fatalf("at %d: %d bytes, …%q", n, len(text), text[len(text)-50:])
			}
		}
	}
}

// hostile returns bodies of a megabyte that are expensive for a careless reader.
func hostile() map[string]string {
	fill := func(head, unit, tail string) string {
		return head + strings.Repeat(unit, max(0, (maxBody-len(head)-len(tail))/len(unit))) + tail
	}
	var attributes strings.Builder
	for i := range 50_000 {
		attributes.WriteString(" a" + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676%26)) + string(rune('a'+i/17576)))
	}
	nested := strings.Repeat(`{"error":{"detail":[`, 70)
	return map[string]string{
		"an unclosed script":              fill("<html><script>", "a</scrip ", ""),
		"an unclosed title":               fill("<html><title>", "a ", ""),
		"an unclosed comment":             fill("<html><!--", "--", ""),
		"nested elements":                 fill("<html>", "<div>", ""),
		"nested errors":                   fill("<html>", "<div class=error>", ""),
		"nested headings":                 fill("<html>", "<h1>a", ""),
		"hidden elements":                 fill("<html>", "<p hidden><p>", ""),
		"end tags":                        fill("<html>"+strings.Repeat("<p class=error>", 10), "</p>", ""),
		"opening brackets":                fill("<html>", "<", ""),
		"ampersands":                      fill("<html>", "&", ""),
		"an entity":                       fill("<html>&", "a", ""),
		"many attributes":                 fill("<html><p", " a", ""),
		"many attributes, then many tags": fill("<html><p"+attributes.String()+">", "<p a>", ""),
		"a long attribute":                fill("<html><p class='", "error ", "'>"),
		"a long word":                     fill("<html>", "a", ""),
		"blanks":                          fill("<html>", "\u00a0", "a"),
		"a long text":                     fill("", "The client is unknown. ", ""),
		"generic sentences":               fill(`{"error_description":"`, "the provided authorization grant (e.g.", `"}`),
		"nested JSON":                     fill(strings.Repeat("[", 5000), "0,", "0"+strings.Repeat("]", 5000)),
		"nested errors in JSON":           fill(nested+`"`, "a", `"`+strings.Repeat(`]}}`, 70)),
		"nested errors and members":       fill(nested, `{"a":1},`, `1`+strings.Repeat(`]}}`, 70)),
		"many members":                    fill(`{"a":1`, `,"b":1`, "}"),
		"many errors":                     fill(`{"errors":[{}`, `,{"message":"m"}`, "]}"),
		"a form":                          fill("error=c", "&a=b", ""),
		"a form of escapes":               fill("error=", "%41", ""),
	}
}

// No answer costs more than a moment, whatever is in it: anything that is not linear costs minutes. The time is this
// thread's, so that a busy machine doesn't matter.
func TestRefusal_Cost(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the CPU time of one thread is missing: only Linux tells it")
	}
	const rusageThread = 1
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	spent := func() time.Duration {
		var usage syscall.Rusage
		if err := syscall.Getrusage(rusageThread, &usage); err != nil {
			t.Fatal(err)
		}
		return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	for name, body := range hostile() {
		e := answerOf(400, "", body)
		before := spent()
		r := e.Refusal()
		r.Specific()
		took := spent() - before
		t.Logf("%-34s %v", name, took)
		if took > 3*time.Second { // a tenth of a second without the race detector
			t.Errorf("%s: %v of CPU time", name, took)
		}
		if len(r.Text) > maxText || len(r.Details) > maxDetails {
			t.Errorf("%s: %d bytes of text and %d details are kept", name, len(r.Text), len(r.Details))
		}
	}
}

// Any answer is read without a panic, with the same result each time, and within the limits.
func FuzzRefusal(f *testing.F) {
	for _, body := range []string{`{"error":"c","error_description":"d","errors":{"a":["b"]}}`, "error=c&hint=h", "<h1>a</h1><p class=error>b", `[{"loc":["a"]}]`,
		`<title>403</title><div id=aError hidden>x</div>`, "data: {\"error\":{\"code\":1}}\n\n", "<script/>a<select></select>&amp;", `{"type":"a","title":"b"}`} {
		f.Add(400, jsonType, body)
		f.Add(200, pageType, body)
	}
	f.Add(401, formType, "error=c")
	f.Add(401, "text/event-stream", "data: {\"result\":{\"isError\":true,\"content\":[{\"text\":\"a\"}]}}\n\n")
	f.Fuzz(func(t *testing.T, status int, mediaType, body string) {
		e := answerOf(status, mediaType, body)
		r := e.Refusal()
		if again := e.Refusal(); !equal(r, again) {
			t.Errorf("%+v, then %+v", r, again)
		}
		if len(r.Code) > maxCode || strings.ContainsAny(r.Code, " \n") && r.Format != FormatNone || len(r.Text) > maxText || len(r.Details) > maxDetails {
			t.Errorf("%+v", r)
		}
		if r.Sentence() != "" && r.All() == "" || strings.Contains(r.Text, "\n") {
			t.Errorf("%+v: %q", r, r.All())
		}
		r.Specific()
		e.Words()
		e.ErrorInside()
	})
}

// Each exchange is recorded with what it was for, what was sent and what came, byte for byte.
func TestRecord_ByteForByte(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X", "one")
		w.Header().Add("X", "two")
		w.WriteHeader(http.StatusTeapot)
		w.Write([]byte("short\n"))
	})
	ctx, rec := Record(t.Context())
	if again, same := Record(ctx); again != ctx || same != rec {
		t.Error("the context has a second recorder")
	}
	if rec.Last() != nil || len(rec.Exchanges()) != 0 {
		t.Error("something is recorded before anything was asked")
	}
	clock := time.Unix(1000, 0)
	c := New(nil, func() time.Time { clock = clock.Add(time.Second); return clock })
	if _, err := c.Get(For(ctx, Keys), address+"/a?b=c"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Get(For(ctx, Userinfo), "http://127.0.0.1:1/"); err == nil {
		t.Fatal("something listens on port 1")
	}
	list := rec.Exchanges()
	if len(list) != 2 || rec.Last() != list[1] {
		t.Fatalf("recorded are %v", list)
	}
	e := list[0]
	if e.Purpose != Keys || e.Method != "GET" || e.URL != address+"/a?b=c" ||
		e.Status != http.StatusTeapot || e.ResponseBody != "short\n" || e.Proto != "HTTP/1.1" ||
		e.RequestHeader.Get("accept") != "application/json" || e.ResponseHeader.Get("x") != "one" || len(e.ResponseHeader.Values("x")) != 2 ||
		e.Took != time.Second || !e.Began.Equal(time.Unix(1001, 0)) {
		t.Errorf("recorded is %+v", e)
	}
	if e.StatusLine() != "418 I'm a teapot" || !e.Failed() || e.Fault != "" {
		t.Errorf("it is said to be %q, %v, %q", e.StatusLine(), e.Failed(), e.Fault)
	}
	if failed := list[1]; failed.Purpose != Userinfo || failed.Status != 0 || !failed.Failed() ||
		failed.Fault != "refused the connection: nothing listens there" {
		t.Errorf("the failed one is %+v", failed)
	}
	if (&Exchange{Status: 200}).Failed() {
		t.Error("a 200 is no failure")
	}
}

// A refusal of an attempt is no failure. A missing answer is one.
func TestExchange_FailedTry(t *testing.T) {
	answer := &Exchange{Purpose: TokenRequest, Status: 400}
	if answer.Name() != "token request" || !answer.Failed() {
		t.Errorf("a refusal is %q, failed: %v", answer.Name(), answer.Failed())
	}
	tried := &Exchange{Purpose: TokenRequest, Status: 400, Try: "No code verifier"}
	if tried.Name() != "token request: No code verifier" || tried.Failed() {
		t.Errorf("a refused try is %q, failed: %v", tried.Name(), tried.Failed())
	}
	silent := &Exchange{Fault: "did not answer in time", Try: "No code verifier"}
	if silent.Name() != "No code verifier" || !silent.Failed() {
		t.Errorf("a try without an answer is %q, failed: %v", silent.Name(), silent.Failed())
	}
}

// Words returns what a person would read in an answer.
func TestExchange_Words(t *testing.T) {
	for body, want := range map[string]string{
		`{"error":"c","error_description":"d"}`: "d",
		`{"message":"m","error":"c"}`:           "m",
		`{"error":"c"}`:                         "c",
		"  plain\n text ":                       "plain text",
		`{"a":1}`:                               `{"a":1}`,
		"<html><title>T</title><script>x()</script></html>":                                                        "T",
		"<!doctype html><html><head><title>T</title></head><body><p>a &amp; b</p><style>c</style> d</body></html>": "a & b d",
		"<p>a</p>": "a",
	} {
		if got := (&Exchange{ResponseBody: body}).Words(); got != want {
			t.Errorf("%q reads %q; want %q", body, got, want)
		}
	}
}

func TestWithoutQuery(t *testing.T) {
	for address, want := range map[string]string{"https://a/b?c=d?e": "https://a/b", "https://a/b": "https://a/b"} {
		if got := WithoutQuery(address); got != want {
			t.Errorf("WithoutQuery(%q) = %q", address, got)
		}
	}
}

// A link of a server's is followed only where that does no harm.
func TestSafeLink(t *testing.T) {
	for address, safe := range map[string]bool{"https://a.example/b?c=d": true, "http://a.example/": true,
		"javascript:alert(1)": false, "//a.example/": false, "/a": false, "https:///a": false, "https://u:p@a.example/": false, "https://u@a.example/": false,
		"data:text/html,x": false, "https://a.example/\u202e": false, "%zz": false} {
		if got := SafeLink(address); (got == address) != safe || got != "" && got != address {
			t.Errorf("SafeLink(%q) = %q", address, got)
		}
	}
}

// A note is added to the newest exchange of the record, and doesn't change an exchange that a caller already has.
func TestNote_NewestExchange(t *testing.T) {
	ctx, rec := Record(t.Context())
	Note(t.Context(), "for nobody")
	Note(ctx, "too early")
	if Recorded(t.Context()) != nil || len(Recorded(ctx)) != 0 {
		t.Error("a note is an exchange")
	}
	rec.add(&Exchange{URL: "a"})
	rec.add(&Exchange{URL: "b"})
	before := rec.Last()
	Note(ctx, "the note")
	if list := Recorded(ctx); len(list) != 2 || list[0].Note != "" || list[1].Note != "the note" || list[1].URL != "b" || before.Note != "" {
		t.Errorf("recorded are %+v and %+v", list[0], list[1])
	}
	WasProbe(t.Context())
	WasProbe(ctx)
	if list := Recorded(ctx); list[0].Purpose != "" || list[1].Purpose != APIProbe || list[1].Note != "the note" {
		t.Errorf("recorded are %+v and %+v", list[0], list[1])
	}
}

// What is matched against patterns is as long as a page that is read, and no longer.
func TestSpecific_Long(t *testing.T) {
	t.Parallel()
	r := Refusal{Code: "c", Words: strings.Repeat("word ", maxText)}
	if got := r.Specific(); len(got) > maxText || !strings.HasPrefix(got, "c; word word") {
		t.Errorf("it has %d bytes, and begins with %.20q", len(got), got)
	}
}

// An object with too many members counts as none, whatever its members contain.
func TestHasManyMembers(t *testing.T) {
	t.Parallel()
	object := func(n int) string {
		return `{"a\",":[1,2]` + strings.Repeat(`,"b":{"c":[1,2,{"d":","}],"e":"\","}`, n-1) + "}"
	}
	for n, want := range map[int]bool{1: false, 2: false, maxMembers: false, maxMembers + 1: true, 10 * maxMembers: true} {
		if got := hasManyMembers([]byte(object(n))); got != want || !json.Valid([]byte(object(n))) {
			t.Errorf("of %d members it says %v", n, got)
		}
	}
	if r := answerOf(400, jsonType, `{"error":"c"`+strings.Repeat(`,"a":1`, maxMembers)+"}").Refusal(); r.Code != "" {
		t.Errorf("of too many members the code is read: %q", r.Code)
	}
}
