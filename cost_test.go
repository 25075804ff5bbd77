//go:build cost && unix

package main

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/cli"
	"oauth-test-client/internal/flow"
	"oauth-test-client/internal/oauth"
	"oauth-test-client/internal/redact"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// What an answer of 1 MB may cost in CPU time, and how much more than one of 256 KB. Below the floor a comparison
// measures nothing but the garbage collector.
const (
	longAnswer, shortAnswer = 1 << 20, 256 << 10
	mostCPU                 = 500 * time.Millisecond
	mostTimes               = 6 // linear work costs 4 to 5.9 times as much, as memory is slower than caches; quadratic work 16 times
	costFloor               = 20 * time.Millisecond
	costTries               = 20
)

const costSecret = "fake-secret-7d2c9a"

// shape is a kind of answer that a careless reader reads at great cost: a beginning, a numbered part that is repeated, and
// an end.
type shape struct {
	name, head, part, tail string
}

// of returns an answer of at most n bytes.
func (s shape) of(n int) string {
	var out strings.Builder
	out.WriteString(s.head)
	for i := 0; ; i++ {
		part := s.part
		if strings.Contains(part, "#") {
			part = strings.ReplaceAll(part, "#", fmt.Sprintf("%06d", i))
		}
		if out.Len()+len(part)+len(s.tail) > n {
			break
		}
		out.WriteString(part)
	}
	return out.String() + s.tail
}

// isJSON reports whether an answer is a JSON object, so that it can continue an honest one.
func (s shape) isJSON() bool { return strings.HasPrefix(s.head, "{") }

func (s shape) mediaType() string {
	switch {
	case s.head != "" && strings.ContainsAny(s.head[:1], "{["):
		return "application/json"
	case strings.HasPrefix(s.head, "error="):
		return "application/x-www-form-urlencoded"
	case strings.HasPrefix(s.head, "data:"):
		return "text/event-stream"
	}
	return "text/html"
}

// costShapes are the rows of the table.
func costShapes() []shape {
	jwt := "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
	encoded := base64.StdEncoding.EncodeToString([]byte("fake-client:" + costSecret))
	deep := func(levels int) (string, string) {
		return strings.Repeat(`{"a":[`, levels), strings.Repeat(`]}`, levels)
	}
	begin60, end60 := deep(30)
	return []shape{
		{"script without an end", "<html><script>", "a</scrip ", ""},
		{"scripts without an end", "<html>", "<script>", ""},
		{"titles", "<html>", "<title>a", ""},
		{"only <", "<", "<", ""},
		{"entities", "<html>", "&", ""},
		{"named entities", "<html>", "&amp;", ""},
		{"elements named token", "<html>", "<token a=b>", ""},
		{"elements named token that end", "<html>", "<token a=b>x</token>", ""},
		{"base64 of members", "", base64.StdEncoding.EncodeToString([]byte(`{"token":"abcdefgh","x":1,"y":2}`)) + " ", ""},
		{"elements", "<html>", "<p class=error>a", ""},
		{"comment without an end", "<html><!--", "--", ""},
		{"a line without spaces", "<html>", "a", ""},
		{"control characters", "<html>", "\x1b[31m", ""},
		{"right-to-left marks", "<html>", "\u202e", ""},
		{"bytes that are no UTF-8", "<html>", "\xff", ""},
		{"runner's commands", "", "\n::error::##[x]", ""},
		{"a long JWT", "eyJhbGciOiJSUzI1NiJ9.", "eyJz", ".c2lnbmF0dXJl"},
		{"many JWTs", "", jwt + " ", ""},
		{"JWTs with points alone", "", "eyJh.", ""},
		{"the beginnings of JWTs", "", "eyJ", ""},
		{"base64 of the secret", "", encoded + " ", ""},
		{"base64 in one word", "", strings.TrimRight(encoded, "="), ""},
		{"the secret", "", costSecret + " ", ""},
		{"nearly the secret", "", costSecret[:len(costSecret)-1], ""},
		{"names without values", "", "token=", ""},
		{"names and quotes", "", `token="`, ""},
		{"names and brackets", "", `token:{`, ""},
		{"backslashes", "", `\`, ""},
		{"escapes in escapes", "", `%25`, ""},
		{"a form", "error=c", "&a#=b", ""},
		{"a form of tokens", "error=c", "&token#=abcdefghi#", ""},
		{"events", "data: {}", "\n\ndata: {\"a\":1}", ""},
		{"scopes", `{"scope":"a`, " s#", `"}`},
		{"scopes, listed", `{"scopes_supported":["a"`, `,"s#"`, `]}`},
		{"members named token", `{"a":1`, `,"token":"abcdefghi#"`, `}`},
		{"tokens in a list", `{"a":[1`, `,{"token":"abcdefghi#"}`, `]}`},
		{"members named secret", `{"a":1`, `,"client_secret#":"abcdefghi#"`, `}`},
		{"one name twice", `{"a":1`, `,"a":1`, `}`},
		{"short members", `{"a":1`, `,"b#":1`, `}`},
		{"nested 60 deep", `{"x":` + begin60, `"a",`, `"a"` + end60 + `}`},
		{"nested 60 deep, many times", `{"x":[1`, `,` + begin60 + end60, `]}`},
		{"nested to the end", `{"x":`, `[`, ``},
		{"nested members to the end", `{"x":1`, `,"x":{"x":1`, ``},
		{"objects", `[{}`, `,{}`, `]`},
		{"numbers", `[1`, `,1`, `]`},
		{"a long number", `{"expires_in":1`, `0`, `}`},
		{"a long fraction", `{"expires_in":0.1`, `1`, `}`},
		{"escaped letters", `{"error_description":"`, `\u0041`, `"}`},
		{"escaped quotes", `{"error_description":"`, `\"`, `"}`},
		{"surrogates", `{"error_description":"`, `\ud83d`, `"}`},
		{"a sentence", `{"error":"invalid_client","error_description":"`, `the client is unknown: `, `"}`},
		{"generic sentences", `{"error":"invalid_grant","error_description":"`, "the provided authorization grant (e.g.", `"}`},
		{"errors", `{"errors":[{}`, `,{"message":"m#"}`, `]}`},
		{"keys", `{"keys":[{}`, `,{"kty":"EC","kid":"k#","crv":"P-256","x":"a","y":"b"}`, `]}`},
		{"keys of RSA", `{"keys":[{}`, `,{"kty":"RSA","kid":"k#","n":"AQAB","e":"AQAB"}`, `]}`},
		{"one long key", `{"keys":[{"kty":"RSA","kid":"k1","e":"AQAB","n":"`, `AQAB`, `"}]}`},
		{"servers", `{"authorization_servers":["http://127.0.0.1/a"`, `,"http://127.0.0.1/s#"`, `]}`},
		{"a long token", `{"access_token":"`, `a`, `"}`},
		{"claims", `{"sub":"a"`, `,"c#":"d"`, `}`},
		{"audiences", `{"active":true,"aud":["a"`, `,"a#"`, `]}`},
		{"addresses", `{"error_uri":"http://a.example/`, `a/`, `"}`},
	}
}

// spent returns the CPU time of some work.
func spent(work func()) time.Duration {
	before := usedCPU()
	work()
	return usedCPU() - before
}

func usedCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// spentAlone returns the CPU time of some work without garbage collection, which may start at any time and for the garbage
// of others.
func spentAlone(work func()) time.Duration {
	runtime.GC()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	return spent(work)
}

// cost is one cell of the table: the CPU time for 1 MB, and without garbage collection for 1 MB and for 256 KB.
type cost struct {
	what               string
	long, alone, short time.Duration
}

// growth returns the cost of 1 MB divided by that of 256 KB.
func (c cost) growth() float64 { return float64(c.alone) / float64(max(c.short, 1)) }

// tooMuch reports whether a cell breaks the promise.
func (c cost) tooMuch() bool {
	return c.long > mostCPU || min(c.long, c.alone) > costFloor && c.growth() > mostTimes
}

// costOf measures a cell. It measures again what seems too much, as other programs on the machine empty the caches and only
// add cost. So the least time for 1 MB counts and, of the two lengths measured one right after the other, the least growth.
func costOf(what string, long, short func()) cost {
	c := cost{what: what, long: spent(long)}
	for range costTries {
		if c.long > costFloor && short != nil {
			const runs = longAnswer / shortAnswer // as many as make as much garbage
			again := cost{alone: spentAlone(long)}
			again.short = spentAlone(func() {
				for range runs {
					short()
				}
			}) / runs
			if c.short == 0 || again.growth() < c.growth() {
				c.alone, c.short = again.alone, again.short
			}
		}
		if !c.tooMuch() {
			break
		}
		c.long = min(c.long, spent(long))
	}
	return c
}

// costs lists the measured cells.
type costs []cost

// judge fails for each cell that costs too much, and logs the most expensive one.
func (c costs) judge(t *testing.T) {
	t.Helper()
	slices.SortFunc(c, func(a, b cost) int { return cmp.Compare(b.long, a.long) })
	for i, one := range c {
		if i < 5 {
			t.Logf("%v, for 256 KB %v: %s", one.long, one.short, one.what)
		}
		if one.tooMuch() {
			t.Errorf("%s: an answer of 1 MB costs %v; without garbage collection %v, and one of 256 KB %v", one.what, one.long, one.alone, one.short)
		}
	}
	t.Logf("%d cells", len(c))
}

// consumer is one column of the table: what is done with an answer.
type consumer struct {
	name  string
	shows bool // it depends on what was asked
	do    func(e *wire.Exchange)
}

// readers read an answer, explain it, and show it.
func readers(t *testing.T) []consumer {
	cfg := testserver.ConfigOf(t, map[string]string{"ISSUER": "http://127.0.0.1:1", "CLIENT_ID": testserver.FakeClientID, "CLIENT_SECRET": costSecret})
	secrets := flow.Secrets{Client: cfg.Client(), Other: redact.Credentials{ID: "other", Secret: "other-secret"}}
	now := time.Now()
	return []consumer{
		{"the refusal", false, func(e *wire.Exchange) { e.Refusal().Specific(); e.Words() }},
		{"the error inside", false, func(e *wire.Exchange) { e.ErrorInside(); e.SpeaksRPC(); e.JSONMessage() }},
		{"the members", false, func(e *wire.Exchange) {
			if o, err := wire.ParseObject(e.ResponseBody); err == nil {
				for name := range o.Names() {
					o.Kind(name)
				}
			}
			wire.UnmarshalObject([]byte(e.ResponseBody), new(struct{ Scope any }))
			wire.Misspelled([]byte(e.ResponseBody), "access_token")
		}},
		{"the text", false, func(e *wire.Exchange) {
			wire.Pretty(e.ResponseBody)
			wire.Clip(e.ResponseBody, 100)
			wire.Limit(e.ResponseBody)
		}},
		{"its cause", false, func(e *wire.Exchange) {
			a := causes.Read(e.Purpose, "client_secret_basic", e, costSecret)
			a.Cause()
			a.EndsEveryLogin()
			a.IsPage()
		}},
		{"the API's refusal", false, func(e *wire.Exchange) {
			causes.ExplainAPI(cfg, e, new(oauth.AccessToken), []string{"openid"}, now)
			causes.JudgeWrongToken(causes.TheIDToken, e, true)
		}},
		{"other refusals", false, func(e *wire.Exchange) {
			causes.ExplainIntrospection(cfg, e)
			causes.ExplainRefresh(cfg, "client_secret_basic", e)
			causes.ExplainUserinfo(cfg, e, []string{"openid"})
		}},
		{"a token", false, func(e *wire.Exchange) {
			oauth.Decode(e.ResponseBody)
			oauth.ExpiryOf(e.ResponseBody)
			oauth.Altered(e.ResponseBody)
		}},
		{"the secrets", false, func(e *wire.Exchange) { redact.Secrets(e.ResponseBody) }},
		{"our secret", false, func(e *wire.Exchange) { cfg.Redact(e.ResponseBody) }},
		{"an answer", true, func(e *wire.Exchange) { flow.NewAnswer(e, cfg.Redact) }},
		{"the flow", true, func(e *wire.Exchange) { flow.View([]*wire.Exchange{e}, secrets, false) }},
		{"the flow in full", true, func(e *wire.Exchange) { flow.View([]*wire.Exchange{e}, secrets, true) }},
		{"the HAR file", true, func(e *wire.Exchange) { flow.HAR([]*wire.Exchange{e}, secrets) }},
		{"the report", true, func(e *wire.Exchange) { flow.Markdown([]*wire.Exchange{e}, secrets) }},
		{"the terminal", false, func(e *wire.Exchange) {
			cli.Say(io.Discard, e.ResponseBody)
			cli.Wrap(cli.Harmless(e.ResponseBody), 80)
		}},
	}
}

// No reader of an answer takes longer than a moment, whatever the answer is, and whatever it was requested for.
func TestCost_Readers(t *testing.T) {
	columns := readers(t)
	var table costs
	for _, s := range costShapes() {
		long, short := s.of(longAnswer), s.of(shortAnswer)
		for i, asked := range []struct {
			purpose wire.Purpose
			status  int
		}{{wire.API, 200}, {wire.TokenRequest, 400}, {wire.TokenRequest, 200}, {wire.Registration, 201}, {wire.Registration, 400}} {
			answer := func(body string) *wire.Exchange {
				return &wire.Exchange{Purpose: asked.purpose, Method: http.MethodPost, URL: "http://127.0.0.1:1/token", Status: asked.status,
					ResponseBody: body, ResponseHeader: wire.Header("Content-Type: " + s.mediaType() + "\r\n"), Began: time.Now(), Took: time.Second}
			}
			for _, c := range columns {
				if i > 1 && !c.shows {
					continue
				}
				what := fmt.Sprintf("%s, %s %d: %s", s.name, asked.purpose, asked.status, c.name)
				table = append(table, costOf(what, func() { c.do(answer(long)) }, func() { c.do(answer(short)) }))
			}
		}
	}
	table.judge(t)
}

// A header field is as long as the client accepts, and so is an address.
func TestCost_Headers(t *testing.T) {
	columns := readers(t)
	var table costs
	for _, s := range append(costShapes(), shape{"challenges", "Bearer", " a=b, Bearer", ""}, shape{"cookies", "", "a#=b; ", ""}) {
		value := strings.NewReplacer("\r", " ", "\n", " ").Replace(s.of(60 << 10))
		for _, field := range []string{"WWW-Authenticate", "X-Api-Key"} {
			e := &wire.Exchange{Purpose: wire.API, Method: http.MethodGet, URL: "http://127.0.0.1:1/api?token=" + url.QueryEscape(value), Status: 401,
				ResponseHeader: wire.Header(field + ": " + value + "\r\nLocation: " + value + "\r\n"), Began: time.Now()}
			for _, c := range columns {
				what := fmt.Sprintf("%s, in %s: %s", s.name, field, c.name)
				table = append(table, costOf(what, func() { e.Challenges(); e.StatusLine(); c.do(e) }, nil))
			}
		}
	}
	table.judge(t)
}

// wholeShapes are the ones that the whole program is asked with: each row that once was dear, and one of each kind.
var wholeShapes = []string{"script without an end", "entities", "control characters", "a long JWT", "many JWTs", "base64 in one word", "scopes", "scopes, listed",
	"members named token", "members named secret", "short members", "nested 60 deep, many times", "nested to the end", "numbers", "escaped letters", "keys",
	"keys of RSA", "one long key", "servers", "claims"}

// checkShapes are the ones that a whole run of the checks is asked with: one takes many answers.
var checkShapes = []string{"entities", "many JWTs", "scopes", "members named secret", "numbers"}

// hostileAnswer is a shape at a place of an honest server: JSON continues the honest answer, and all else is a refusal. It
// counts its requests.
func hostileAnswer(s shape, n int, honest http.Handler, asked *int) http.HandlerFunc {
	body := s.of(n)
	return func(w http.ResponseWriter, r *http.Request) {
		*asked++
		kept := new(keptAnswer)
		if honest != nil {
			honest.ServeHTTP(kept, r)
		}
		head, isObject := strings.CutSuffix(strings.TrimSpace(string(kept.body)), "}")
		switch {
		case s.isJSON() && isObject && len(head) > 1:
			testserver.SendBody(kept.status, "application/json", (head + "," + body[1:])[:min(n, len(head)+len(body))])(w, r)
		case s.isJSON() && kept.status != 0:
			testserver.SendBody(kept.status, "application/json", body)(w, r)
		default:
			testserver.SendBody(http.StatusBadRequest, s.mediaType(), body)(w, r)
		}
	}
}

// The whole program reads, explains, stores, shows and exports an answer from any address at a low cost. What seems too
// much is measured again, and the least counts, as a busy machine adds CPU time.
func TestCost_Program(t *testing.T) {
	var table costs
	for _, s := range costShapes() {
		if !slices.Contains(wholeShapes, s.name) {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			for _, at := range hostileRoutes {
				cells := costsOfProgram(t, s, at.route, at.method, at.path)
				for range 2 {
					if !slices.ContainsFunc(cells, cost.tooMuch) {
						break
					}
					for i, again := range costsOfProgram(t, s, at.route, at.method, at.path) {
						cells[i].long = min(cells[i].long, again.long)
					}
				}
				table = append(table, cells...)
			}
		})
	}
	table.judge(t)
}

// costsOfProgram measures each page of a login and of its tokens' uses, if a route answers with a shape: each page at the
// path, or at the login if the path is empty.
func costsOfProgram(t *testing.T, s shape, route, method, path string) costs {
	t.Helper()
	var cells costs
	asked := 0
	api := testserver.StartAPI(t)
	env := map[string]string{"RESOURCE_URL": api.URL, "SCOPES": "openid profile offline_access"}
	if route == pushRoute {
		env["PAR"] = "on"
	}
	a := startApp(t, env)
	b := newBrowser(t, a)
	measure := func(method, path string) (r testserver.Reply) {
		before := asked
		path = strings.TrimPrefix(path, a.Address)
		c := cost{what: fmt.Sprintf("%s, %s: %s %s", s.name, route, method, strings.SplitN(path, "?", 2)[0])}
		req, err := http.NewRequest(method, a.Address+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header = http.Header{"Accept": {"text/html"}, "Sec-Fetch-Site": {"same-origin"}}
		c.long = spent(func() { // without the checks of Browser.Do, which have a price of their own
			if r.Response, err = b.Client.Do(req); err != nil {
				t.Fatal(err)
			}
			defer r.Response.Body.Close()
			io.Copy(io.Discard, r.Response.Body)
		})
		c.long /= time.Duration(max(1, asked-before))
		cells = append(cells, c)
		return r
	}
	hostile := hostileAnswer(s, longAnswer, api.Server, &asked)
	if path == "" {
		api.At(route, hostile)
	}
	begun := measure(http.MethodGet, "/login")
	if begun.StatusCode != http.StatusFound {
		if measure(http.MethodPost, "/check"); asked == 0 {
			t.Errorf("nothing was asked at %s", route)
		}
		return cells
	}
	measure(http.MethodGet, b.Authorize(b.Location(begun), "user_alice", "allow"))
	if path != "" {
		api.At(route, hostile)
		measure(method, path)
	}
	for _, path := range []string{"/session", "/flow", "/flow?tokens=full", "/flow.har", "/flow.md", "/"} {
		measure(http.MethodGet, path)
	}
	if asked == 0 {
		t.Errorf("nothing was asked at %s", route)
	}
	return cells
}

// The command check asks a server that always answers so, and prints the result in each form, at a low cost.
func TestCost_Check(t *testing.T) {
	var table costs
	for _, s := range costShapes() {
		if !slices.Contains(checkShapes, s.name) {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			for _, format := range []cli.Format{cli.Text, cli.JSON, cli.Markdown} {
				asked := 0
				l := testserver.StartFakeServer(t)
				l.Honest()
				answer := hostileAnswer(s, longAnswer, nil, &asked)
				l.Token, l.Page, l.Other, l.JWKS = answer, answer, answer, answer
				env := l.Env()
				env["RESOURCE_URL"] = l.Issuer + "/api"
				cfg := testserver.ConfigOf(t, env)
				c := cost{what: fmt.Sprintf("%s: check %q", s.name, format)}
				c.long = spent(func() {
					cli.Print(t.Context(), cfg.Config, wire.New(nil, time.Now), time.Now, cli.PrintOptions{Format: format, Verbose: true, Width: 80, Actions: true,
						Timeout: testserver.Patience}, io.Discard, io.Discard)
				})
				if asked == 0 {
					t.Errorf("nothing was asked")
				}
				c.long /= time.Duration(max(1, asked))
				table = append(table, c)
			}
		})
	}
	table.judge(t)
}
