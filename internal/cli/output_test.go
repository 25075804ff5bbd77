package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"log"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/check"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/redact"
)

// hostile are words that a terminal or a runner of a CI service would obey, in every way in which they may come.
var hostile = []string{
	"::stop-commands::x", ":::stop-commands::x", "::::warning::x", " ::error::x", "\t::error::x", "\u00a0::error::x", "\u2003::error::x", "x\n::error::y", "x\r::error::y",
	"x\u2028::error::y", "x\u0085::error::y", strings.Repeat("x", 300) + "::error::y", strings.Repeat("x:", 200) + ":error::y", strings.Repeat(":", 500),
	strings.Repeat("x ", 60) + "::error::y", strings.Repeat("ab ", 60) + ":::error::y", "[::error::]", "[::1]::error::x", strings.Repeat("[::1]", 60),
	"##[error]x", "x##[group]y", "###[error]x", "####[error]x", "##vso[task.setvariable]x", "x ##teamcity[x]",
	"\x1b[2J", "\x1b]0;title\x07", "\u009b2J", "\u202eabc\u202c", "\u2066abc\u2069", "\u200b\u2060\ufeff", "\x00\x07\x08\x7f", "\xff\xfe\x9b", "\U000e0041",
}

// checkObeyed reports what a terminal or a runner would obey in what was printed, besides lines that begin as ours may.
func checkObeyed(t *testing.T, where, printed, ours string) {
	t.Helper()
	for line := range strings.SplitSeq(printed, "\n") {
		if ours != "" {
			line = strings.TrimPrefix(line, ours)
		}
		if strings.HasPrefix(strings.TrimSpace(line), "::") {
			t.Errorf("%s: a line begins like a command of GitHub's: %q", where, line)
		}
		if strings.Contains(line, "##[") || strings.Contains(line, "##v") || strings.Contains(line, "##t") {
			t.Errorf("%s: a line has a command in it: %q", where, line)
		}
		for _, r := range line {
			if r != '\ufffd' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)) {
				t.Errorf("%s: a line has %U in it: %q", where, r, line)
			}
		}
	}
}

// printers lists all functions of this package that print, each with a foreign text in every place that one can reach.
// TestPrinters_NoOtherWrites keeps the list complete.
func printers(text string) map[string]func(out io.Writer) (ours string) {
	finding := causes.Finding{Check: "client", Result: causes.Fail, Name: causes.ClientSecretWrong, Found: text, Control: text, Server: text, Accepts: text,
		Fix: text, Setting: text}
	skipped := finding
	skipped.Result, skipped.Check, skipped.Found = causes.Skip, "keys", waiting+text
	report := check.Report{Result: causes.Fail, Issuer: text, RedirectURI: text, Checks: []causes.Finding{finding, skipped}}
	cfg := config.Config{Issuer: text, ClientID: text, ResourceURL: text, BaseURL: text}
	atAPI := cfg
	atAPI.AtAPI = true
	failed := Verdict{Heading: text, Code: text, Description: text, Theirs: true, Name: text, Hint: text, Where: text, Line: text}
	answer, _ := json.MarshalIndent(map[string]string{"scope": text, text: "x"}, "", " ")
	works := Verdict{Works: true, Answer: string(answer), Scope: text, Checks: 3}
	broken := works
	broken.Answer = text
	options := PrintOptions{Verbose: true, Again: "check", SignIn: "sign-in", Width: 60}

	print := func(show func(out io.Writer)) func(io.Writer) string {
		return func(out io.Writer) string { show(out); return "" }
	}
	return map[string]func(io.Writer) string{
		"Say":    print(func(out io.Writer) { Say(out, text) }),
		"Lines":  print(func(out io.Writer) { log.New(Lines(out), "", 0).Print(text) }),
		"header": print(func(out io.Writer) { newPrinter(options, out).header(cfg); newPrinter(options, out).header(atAPI) }),
		"line":   print(func(out io.Writer) { newPrinter(options, out).line(finding) }),
		"verdict": print(func(out io.Writer) {
			p := newPrinter(options, out)
			p.skipped = []causes.Finding{skipped}
			p.verdict(report)
		}),
		"unreadable":        print(func(out io.Writer) { newPrinter(options, out).unreadable(report) }),
		"PrintConfigErrors": print(func(out io.Writer) { PrintConfigErrors(errors.New(text), options, out, io.Discard) }),
		"finish, JSON":      print(func(out io.Writer) { finish(report, PrintOptions{Format: JSON}, out, io.Discard) }),
		"finish, Markdown":  print(func(out io.Writer) { finish(report, PrintOptions{Format: Markdown}, out, io.Discard) }),
		"annotate":          func(out io.Writer) string { annotate(report, out); return "::error title=client-secret-wrong::" },
		"Annotate":          func(out io.Writer) string { failed.Annotate(out); return "::error title=" },
		"Annotate, works": func(out io.Writer) string {
			Verdict{Works: true, Warnings: []string{text}}.Annotate(out)
			return "::warning title=login::"
		},
		"Announce":          print(func(out io.Writer) { Announce(out, cfg, nil); Announce(out, atAPI, nil) }),
		"AskToSignIn":       print(func(out io.Writer) { AskToSignIn(out, text, time.Second) }),
		"PrintOpen":         print(func(out io.Writer) { PrintOpen(out, text) }),
		"Verdict, works":    print(func(out io.Writer) { works.Print(out, false) }),
		"Verdict, failed":   print(func(out io.Writer) { failed.Print(out, false) }),
		"Verdict, answer":   print(func(out io.Writer) { works.Print(out, true) }),
		"Verdict, no JSON":  print(func(out io.Writer) { broken.Print(out, true) }),
		"Verdict, an error": print(func(out io.Writer) { failed.Print(out, true) }),
		"Parse":             print(func(out io.Writer) { Parse([]string{text}, io.Discard, out) }),
	}
}

// Nothing that is printed is obeyed by a terminal or a runner, whatever a server says and wherever it says it.
func TestPrinters_HostileWords(t *testing.T) {
	t.Parallel()
	for _, words := range hostile {
		for where, show := range printers(words) {
			var out bytes.Buffer
			ours := show(&out)
			if out.Len() == 0 {
				t.Errorf("%s prints nothing", where)
			}
			checkObeyed(t, where, out.String(), ours)
		}
	}
	const harmless = `a sentence: it has "quotes", http://[::1]:3000/ and a#b`
	for where, show := range printers(harmless) { // the twin
		if where == "Parse" || where == "annotate" || where == "Annotate" {
			continue
		}
		var out bytes.Buffer
		show(&out)
		for _, word := range []string{"[::1]", "a#b"} {
			if !strings.Contains(out.String(), word) {
				t.Errorf("%s changes %s:\n%s", where, word, &out)
			}
		}
	}
}

// The one place that writes to a stream is output.go, so that no printer can go past it. What is allowed besides is
// ours alone.
func TestPrinters_NoOtherWrites(t *testing.T) {
	ours := []string{"begin", "finding", "Parse"} // a word of ours, an escape sequence of ours, and the version
	for _, dir := range []string{".", "../.."} {
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "output.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range file.Decls {
				f, ok := d.(*ast.FuncDecl)
				if !ok {
					continue
				}
				found++
				ast.Inspect(f, func(n ast.Node) bool {
					if call := writes(n); call != "" && !slices.Contains(ours, f.Name.Name) {
						t.Errorf("%s: %s calls %s", name, f.Name.Name, call)
					}
					return true
				})
			}
		}
		if found < 20 {
			t.Errorf("in %s there are only %d functions", dir, found)
		}
	}
}

// writes names a call that writes to a stream: of fmt with something else than a buffer of its own, of io or os.
func writes(n ast.Node) string {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return ""
	}
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	from, _ := selector.X.(*ast.Ident)
	name := selector.Sel.Name
	if from == nil {
		return ""
	}
	switch {
	case from.Name == "fmt" && strings.HasPrefix(name, "Print"), from.Name == "io" && name == "WriteString", from.Name == "os" && name == "Stdout":
		return from.Name + "." + name
	case from.Name == "fmt" && strings.HasPrefix(name, "Fprint"):
		if address, ok := call.Args[0].(*ast.UnaryExpr); ok && address.Op == token.AND {
			return "" // a buffer
		}
		return "fmt." + name
	case from.Name == "json" && name == "NewEncoder", from.Name == "log" && name == "New":
		if _, ok := call.Args[0].(*ast.UnaryExpr); ok {
			return ""
		}
		if inner, ok := call.Args[0].(*ast.CallExpr); ok && len(inner.Args) == 1 {
			return ""
		}
		return from.Name + "." + name
	}
	return ""
}

// A JSON document says the same after what would be obeyed has been escaped in it.
func TestSayJSON_SameDocument(t *testing.T) {
	for _, words := range hostile {
		document, _ := json.Marshal(map[string]string{"a": words})
		raw := strings.NewReplacer(`\u003c`, "<", `\ufffd`, "\ufffd").Replace(string(document))
		var out bytes.Buffer
		sayJSON(&out, raw)
		var before, after any
		if json.Unmarshal([]byte(raw), &before) != nil || json.Unmarshal(out.Bytes(), &after) != nil {
			t.Fatalf("%q is no JSON any more: %s", words, &out)
		}
		if a, b := before.(map[string]any)["a"], after.(map[string]any)["a"]; a != b {
			t.Errorf("%q says %q", a, b)
		}
	}
}

// What is harmless is printed as it is.
func TestHarmless(t *testing.T) {
	for text, want := range map[string]string{
		"a::b, ::c, :::d":             "a: :b, : :c, : : :d",
		"##[x] ### a#b":               "# #[x] # # # a#b",
		"http://[::1]:80/, [fe80::1]": "http://[::1]:80/, [fe80::1]",
		"[::1]":                       "[::1]",
		"[::error::]":                 "[: :error: :]",
		"a\nb":                        "a b",
		"\u202ea\u009b":               "\ufffda\ufffd",
		"plain: text, 日本語 é":          "plain: text, 日本語 é",
		redact.Redacted:               redact.Redacted,
	} {
		if got := Harmless(text); got != want {
			t.Errorf("%q becomes %q; want %q", text, got, want)
		}
	}
}

// A log is told that all of it was written, and each of its lines is a line.
func TestLines_CountsWritten(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if n, err := Lines(&out).Write([]byte("a \n::b\n")); n != 7 || err != nil || out.String() != "a\n: :b\n" {
		t.Errorf("written are %d, %v: %q", n, err, &out)
	}
}
