package wire

import (
	"net/http"
	"testing"
	"time"
)

// A refusal is read from what servers write, the standard's members first, and one level down at most.
func TestRefusal(t *testing.T) {
	const jsonType, formType = "application/json", "application/x-www-form-urlencoded"
	for _, row := range []struct{ mediaType, body, code, words string }{
		{jsonType, `{"error":"invalid_grant","error_description":"It is spent."}`, "invalid_grant", "It is spent."},
		{jsonType, `{"message":"m","error_description":"d","detail":"x"}`, "", "d"},
		{jsonType, `{"code":42,"msg":"m"}`, "42", "m"},
		{jsonType, `{"code":-1,"error":""}`, "-1", ""},
		{jsonType, `{"error":{"code":"c","message":"m","error":{"detail":"x"}}}`, "c", "m"},
		{jsonType, `{"errors":[{"error":"c","title":"t"},{"error":"d"}]}`, "c", "t"},
		{jsonType, `{"errors":{"message":"m"},"error":"c"}`, "c", "m"},
		{jsonType, `{"errors":[],"message":"m","error":"c"}`, "c", "m"},
		{jsonType, `{"error":{"message":"inner","code":"i"},"message":"outer","code":"o"}`, "o", "outer"},
		{jsonType, `{"errors":["c"],"error":true}`, "", ""},
		{jsonType, `{"a":{"error":"c"},"error":{"errors":[{"error":"c"}]}}`, "", ""},
		{jsonType, `[{"error":"c"}]`, "", ""},
		{jsonType, `<p>error`, "", ""},
		{jsonType, "error=c&error_description=d", "", ""},
		{formType, "error=c&error_description=d+e", "c", "d e"},
		{formType + "; charset=utf-8", "error=c", "c", ""},
		{"Application/X-WWW-Form-Urlencoded", "error=c", "c", ""},
		{formType, "error=%zz", "", ""},
		{formType, `{"error":"c"}`, "", ""},
		{"text/event-stream", "event: message\ndata: {\"error\":{\"code\":1,\"message\":\"m\"}}\n\n", "1", "m"},
	} {
		e := &Exchange{ResponseBody: row.body, ResponseHeader: NewHeader(http.Header{"Content-Type": {row.mediaType}})}
		if code, words := e.Refusal(); code != row.code || words != row.words {
			t.Errorf("%s %s: %q, %q; want %q, %q", row.mediaType, row.body, code, words, row.code, row.words)
		}
	}
}

// Each exchange is recorded with what it was for, what was sent and what came, byte for byte.
func TestRecord(t *testing.T) {
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

// What a server refuses when it is tried is no failure; that it does not answer is one.
func TestTry(t *testing.T) {
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

// Words are what a person would read in an answer.
func TestWords(t *testing.T) {
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

// A note goes to the newest exchange of the record, and changes none that somebody has already.
func TestNote(t *testing.T) {
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
