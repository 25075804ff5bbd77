package cli

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/check"
	"oauth-test-client/internal/config"
	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

// printed runs the command check against an environment.
func printed(t *testing.T, values map[string]string, o PrintOptions) (out, errs string, code int) {
	t.Helper()
	roots, err := config.TrustedRoots(values["SSL_CERT_FILE"])
	if err != nil {
		t.Fatal(err)
	}
	w := wire.New(roots, time.Now)
	t.Cleanup(w.CloseIdleConnections)
	o.Timeout, o.Again, o.SignIn = check.Timeout, "go run . check", "go run ."
	var stdout, stderr bytes.Buffer
	code = Print(t.Context(), testserver.ConfigOf(t, values).Config, w, time.Now, o, &stdout, &stderr)
	return stdout.String(), stderr.String(), code
}

// situations lists set-ups, each with a different kind of report.
func situations(t *testing.T) map[string]map[string]string {
	slash := testserver.DemoClient()
	slash.RedirectURIs = []string{testserver.CheckedURI + "/"}
	wrong := testserver.DemoEnv(testserver.ServeDemo(t, testserver.DemoClient()))
	wrong["ISSUER"] += "/"
	delete(wrong, "RESOURCE_URL")
	fake := testserver.StartFakeServer(t)
	fake.Honest()
	warnings := fake.Env()
	warnings["PORT"] = "3999"
	clerk := testserver.StartClerk(t, "127.0.0.1:3999")
	clerk.Renew(t, time.Now().Add(61*24*time.Hour+time.Hour))
	unregistered := clerk.Env()
	unregistered["PORT"], unregistered["RESOURCE_URL"] = "3998", ""
	return map[string]map[string]string{
		"all-right":      testserver.DemoEnv(testserver.ServeDemo(t, testserver.DemoClient())),
		"one-wrong":      testserver.DemoEnv(testserver.ServeDemo(t, slash)),
		"dead-host":      {"ISSUER": "http://127.0.0.1:1", "CLIENT_ID": "a-client"},
		"wrong-issuer":   wrong,
		"warnings-only":  warnings,
		"clerk-redirect": unregistered,
	}
}

var ephemeralPort = regexp.MustCompile(`(127\.0\.0\.1|localhost):[0-9]{5}\b`)

// The report as a person reads it.
func TestPrint_Golden(t *testing.T) {
	all := situations(t)
	for name, values := range all {
		for _, verbose := range []bool{false, true} {
			if verbose && name != "all-right" && name != "one-wrong" {
				continue
			}
			out, errs, code := printed(t, values, PrintOptions{Verbose: verbose})
			wrong := name == "one-wrong" || name == "dead-host" || name == "wrong-issuer" || name == "clerk-redirect"
			if (code == 1) != wrong || errs != "" {
				t.Errorf("%s: exit code %d, %s", name, code, errs)
			}
			got := ephemeralPort.ReplaceAllString(out, "$1:PORT5")
			file := "testdata/" + name
			if verbose {
				file += "-verbose"
			}
			file += ".txt"
			testserver.Golden(t, file, got)
		}
	}
}

// No line is wider than the terminal, nor than 100 columns, whatever the server says; its words cannot
// paint, move the cursor or begin a line with a command of GitHub's runner.
func TestPrint_Width(t *testing.T) {
	l := testserver.StartFakeServer(t)
	said := strings.Repeat("wide 日本語 "+strings.Repeat("x", 150)+" ::stop-commands::all \x1b[31m\u202e "+strings.Repeat(":", 90)+" ", 3)
	l.Page = func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		if r.URL.Query().Get("redirect_uri") == testserver.CheckedURI {
			json.NewEncoder(w).Encode(map[string]string{"error": "invalid_request", "error_description": "redirect_uri " + said})
		} else {
			fmt.Fprint(w, `{"error":"invalid_request","error_description":"redirect_uri is wrong"}`)
		}
	}
	values := l.Env()
	values["PORT"] = "3999"
	for _, width := range []int{0, 60, 80, 300} {
		out, _, _ := printed(t, values, PrintOptions{Width: width, Actions: true})
		most := min(100, width)
		if width == 0 {
			most = 100
		}
		out = strings.ReplaceAll(out, back, "\n")
		for _, line := range strings.Split(out, "\n") {
			if Columns(line) > most {
				t.Errorf("%d columns at a width of %d: %s", Columns(line), width, line)
			}
			if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.ContainsAny(line, "\x1b\u202e") {
				t.Errorf("the server's words act: %q", line)
			}
		}
		if !strings.Contains(out, "日本語") {
			t.Errorf("the server's words are missing:\n%s", out)
		}
	}
}

// The results stand out in colours only when asked for.
func TestPrint_Color(t *testing.T) {
	values := situations(t)["dead-host"]
	plain, _, _ := printed(t, values, PrintOptions{})
	colored, _, _ := printed(t, values, PrintOptions{Color: true})
	if strings.Contains(plain, "\x1b") || !strings.Contains(colored, "\x1b[1;31mFAIL\x1b[0m") {
		t.Errorf("plain\n%q\ncolored\n%q", plain, colored)
	}
	if bare := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(colored, ""); bare != plain {
		t.Errorf("without the colors it is\n%s\nwant\n%s", bare, plain)
	}
}

// For programs: one document with the same names as ever, and how many checks ended how.
func TestPrint_JSON(t *testing.T) {
	out, _, code := printed(t, situations(t)["one-wrong"], PrintOptions{Format: JSON})
	var r struct {
		check.Report
		Counts map[string]int
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil || code != 1 {
		t.Fatalf("exit code %d, %v:\n%s", code, err, out)
	}
	sum := 0
	for _, n := range r.Counts {
		sum += n
	}
	f := r.Line("redirect_uri")
	if r.Result != causes.Fail || sum != 17 || r.Counts["fail"] != 1 || f.Check != "redirect_uri" ||
		f.Name != causes.RedirectURINotRegistered || f.Accepts != testserver.CheckedURI+"/" {
		t.Errorf("the document is\n%s", out)
	}
	for _, name := range []string{`"check"`, `"result"`, `"found"`, `"setting"`, `"server_says"`, `"fix"`, `"name"`} {
		if !strings.Contains(out, name) {
			t.Errorf("the document lacks %s", name)
		}
	}
}

// The report for an issue: the failure with the server's words, which no Markdown can act in.
func TestPrint_Markdown(t *testing.T) {
	out, _, code := printed(t, situations(t)["one-wrong"], PrintOptions{Format: Markdown})
	for _, want := range []string{
		"**1 problem: redirect URI.**", "**FAIL redirect URI**: `" + testserver.CheckedURI + " is not registered`",
		"- cause: `redirect-uri-not-registered`", "| ok | keys | `1 key` |",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the report lacks %q:\n%s", want, out)
		}
	}
	if code != 1 || strings.Contains(out, testserver.CheckSecret) {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	r := check.Report{Result: causes.Fail, Checks: []causes.Finding{{Check: "client", Result: causes.Fail, Found: "a|b\n# c \\| d", Server: "`<img src=x> @someone` [x](http://x) \n- y"}}}
	for _, line := range []string{
		"**FAIL client**: `a|b # c \\| d`", "- the server said: `'<img src=x> @someone' [x](http://x)  - y`",
		"| fail | client | `a\\|b # c \\ \\| d` |",
	} {
		if !strings.Contains(MarkdownOf(r), line+"\n") {
			t.Errorf("the report lacks %q:\n%s", line, MarkdownOf(r))
		}
	}
}

// A failure is an annotation in GitHub Actions, in one line, beside whatever is printed.
func TestPrint_Annotation(t *testing.T) {
	for _, format := range []Format{Text, JSON, Markdown} {
		_, errs, _ := printed(t, situations(t)["one-wrong"], PrintOptions{Format: format, Actions: true})
		if !strings.HasPrefix(errs, "::error title=redirect-uri-not-registered::"+testserver.CheckedURI+" is not registered; ") ||
			strings.Count(errs, "\n") != 1 {
			t.Errorf("%q: the annotation is %q", format, errs)
		}
	}
	if _, errs, _ := printed(t, situations(t)["all-right"], PrintOptions{Actions: true}); errs != "" {
		t.Errorf("without a failure there is %q", errs)
	}
	var b bytes.Buffer
	annotate(check.Report{Checks: []causes.Finding{{Check: "a:b,c", Result: causes.Fail, Found: "50%\n::x"}}}, &b)
	if b.String() != "::error title=a%3Ab%2Cc::50%25 : :x\n" {
		t.Errorf("the annotation is %q", b.String())
	}
}

// Settings that cannot be read are a document, too.
func TestPrintConfigErrors_EachFormat(t *testing.T) {
	var out, errs bytes.Buffer
	err := config.Problems{
		{Setting: "CLIENT_SECRET", Where: ".env:3", What: "is the hash of a secret", Fix: "paste the secret", Cause: "client-secret-is-a-hash"},
	}
	PrintConfigErrors(err, PrintOptions{Format: JSON}, &out, &errs)
	var r check.Report
	if json.Unmarshal(out.Bytes(), &r) != nil || r.Result != causes.Fail || len(r.Checks) != 1 || errs.Len() > 0 {
		t.Fatalf("the document is\n%s\n%s", &out, &errs)
	}
	want := causes.Finding{
		Check:   "configuration",
		Result:  causes.Fail,
		Found:   "CLIENT_SECRET (.env:3) is the hash of a secret",
		Name:    causes.ClientSecretIsAHash,
		Help:    "docs/problems.md#client-secret-is-a-hash",
		Setting: "CLIENT_SECRET",
		Fix:     "Paste the secret",
	}
	if r.Checks[0] != want {
		t.Errorf("got %+v", r.Checks[0])
	}
	out.Reset()
	PrintConfigErrors(err, PrintOptions{Again: "go run . check"}, &out, &errs)
	text := "  FAIL  configuration   CLIENT_SECRET (.env:3) is the hash of a secret [client-secret-is-a-hash]\n" +
		"          fix           Paste the secret\n\n1 problem: configuration. No check ran.\nFix it and run again: go run . check\n"
	if out.String() != text || errs.Len() > 0 {
		t.Errorf("as text it is\n%s%s", &out, &errs)
	}
}

// The XML is valid at any time, and says of each check what came of it.
func TestPrint_JUnit(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "junit.xml")
	for name, failures := range map[string]int{"one-wrong": 1, "all-right": 0} {
		_, _, code := printed(t, situations(t)[name], PrintOptions{JUnit: file})
		var suite junitSuite
		document, err := os.ReadFile(file)
		if err != nil || xml.Unmarshal(document, &suite) != nil || suite.Failures != failures || suite.Tests != 17 || len(suite.Cases) != 17 || (code == 1) != (failures > 0) {
			t.Errorf("%s: exit code %d, %v\n%s", name, code, err, document)
		}
	}
	PrintConfigErrors(config.Problems{{What: "<&\x1b", Setting: "ISSUER"}}, PrintOptions{JUnit: file, Format: JSON}, io.Discard, io.Discard)
	var suite junitSuite
	if document, err := os.ReadFile(file); err != nil || xml.Unmarshal(document, &suite) != nil || suite.Failures != 1 {
		t.Errorf("of settings that cannot be read it is %v\n%s", err, document)
	}
	if _, errs, code := printed(t, situations(t)["dead-host"], PrintOptions{JUnit: filepath.Join(t.TempDir(), "none", "junit.xml")}); code != 1 || !strings.Contains(errs, "-junit") {
		t.Errorf("a file that cannot be written: exit code %d, %q", code, errs)
	}
}

// The new file has a name that no other user can have taken, and nothing else is left behind.
func TestReplaceFile_LeavesNothingBehind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, other := filepath.Join(dir, "junit.xml"), filepath.Join(dir, "other")
	if err := os.WriteFile(other, []byte("another file"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, planted := range []string{file + ".new", file + ".tmp", file + "~"} {
		if err := os.Symlink(other, planted); err != nil {
			t.Skip("no symbolic links here: ", err)
		}
	}
	for range 2 {
		if err := replaceFile(file, []byte("report")); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "report" {
		t.Errorf("the file is %q, %v", got, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("the file is %v, %v", info.Mode(), err)
	}
	if got, err := os.ReadFile(other); err != nil || string(got) != "another file" {
		t.Errorf("another file is %q now, %v", got, err)
	}
	if all, err := os.ReadDir(dir); err != nil || len(all) != 5 {
		t.Errorf("there are %v, %v", all, err)
	}
}

// A job's summary gets the report once, whatever is printed; a warning is an annotation, too.
func TestPrint_Summary(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "summary.md")
	if err := os.WriteFile(file, []byte("before\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, errs, _ := printed(t, situations(t)["warnings-only"], PrintOptions{Summary: file, Actions: true})
	if summary, err := os.ReadFile(file); err != nil || strings.Count(string(summary), "**No problem found.**") != 1 || !strings.HasPrefix(string(summary), "before\n") {
		t.Errorf("the summary is %v\n%s", err, summary)
	}
	if !strings.Contains(errs, "::warning title=") {
		t.Errorf("the annotations are %q", errs)
	}
	missing := filepath.Join(t.TempDir(), "summary.md")
	printed(t, situations(t)["warnings-only"], PrintOptions{Summary: missing})
	if summary, err := os.ReadFile(missing); err != nil || !strings.HasPrefix(string(summary), "**No problem found.**") {
		t.Errorf("the summary that was not there is %v\n%s", err, summary)
	}
}

// The first line says what is checked, and as which client.
func TestPrinter_Header(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		cfg  config.Config
		want string
	}{
		{config.Config{Issuer: "https://auth.example", ClientID: "a"}, "https://auth.example · client ID a"},
		{config.Config{Endpoints: config.Endpoints{Authorization: "https://auth.example/a"}, ClientID: "12345678901234567890"},
			"https://auth.example/a · client ID 12345678901234567890"},
		{config.Config{Issuer: "https://auth.example", ClientID: "123456789012345678901"}, "https://auth.example · client ID 123456789012…"},
		{config.Config{Issuer: "https://accounts.google.com", ClientID: "a"}, "Google · https://accounts.google.com · client ID a"},
		{config.Config{Issuer: "http://localhost:1/demo", ClientID: "a", Demo: true}, "Demo server (no settings found) · http://localhost:1/demo · client ID a"},
		{config.Config{AtAPI: true, ResourceURL: "https://api.example"}, "The API https://api.example"},
		{config.Config{AtAPI: true, ResourceURL: "https://api.example", ClientID: "a"}, "The API https://api.example · client ID a"},
	} {
		var out bytes.Buffer
		newPrinter(PrintOptions{}, &out).header(row.cfg)
		if out.String() != row.want+"\n\n" {
			t.Errorf("it is %q; want %q", &out, row.want)
		}
	}
}

// Each result has its word, and its color where one is asked for.
func TestLine_Results(t *testing.T) {
	t.Parallel()
	for result, want := range map[causes.Result][2]string{
		causes.OK:   {"  ok    ", "  \x1b[32mok\x1b[0m    "},
		causes.Warn: {"  warn  ", "  \x1b[33mwarn\x1b[0m  "},
		causes.Fail: {"  FAIL  ", "  \x1b[1;31mFAIL\x1b[0m  "},
		causes.Skip: {"  -     ", "  -     "},
	} {
		for i, color := range []bool{false, true} {
			var out bytes.Buffer
			newPrinter(PrintOptions{Color: color}, &out).line(causes.Finding{Check: "keys", Result: result, Found: "a"})
			if out.String() != want[i]+"keys            a\n" {
				t.Errorf("%s is %q; want %q", result, &out, want[i])
			}
		}
	}
}

// What is being asked is shown at a terminal, and taken away again; a file gets neither.
func TestPrinter_ShowsWhatIsAsked(t *testing.T) {
	t.Parallel()
	for width, want := range map[int]string{0: "", 1: "  …     keys" + back, 80: "  …     keys" + back} {
		var out bytes.Buffer
		p := newPrinter(PrintOptions{Width: width}, &out)
		p.begin("keys")
		p.finding(causes.Finding{Check: "keys", Result: causes.Skip})
		if out.String() != want {
			t.Errorf("at a width of %d it is %q; want %q", width, &out, want)
		}
	}
}

// If a report can't be written, that is printed, even if the settings have mistakes. A report without a failure ends with
// success.
func TestFinish_UnwritableReport(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	nowhere := PrintOptions{JUnit: filepath.Join(t.TempDir(), "none", "junit.xml")}
	warned := check.Report{Result: causes.Warn, Checks: []causes.Finding{{Check: "keys", Result: causes.Warn, Found: "few", Fix: "add some"}}}
	if code := finish(warned, nowhere, &out, &errs); code != 1 || !strings.Contains(errs.String(), "-junit") || out.Len() != 0 {
		t.Errorf("a report that can't be written: exit code %d, %q, %q", code, &out, &errs)
	}
	errs.Reset()
	if code := finish(warned, PrintOptions{Actions: true}, &out, &errs); code != 0 || errs.String() != "::warning title=keys::few; add some\n" || out.Len() != 0 {
		t.Errorf("a warning: exit code %d, %q, %q", code, &out, &errs)
	}
	warned.Result = causes.Fail
	if code := finish(warned, PrintOptions{}, &out, &errs); code != 1 {
		t.Errorf("a failure: exit code %d", code)
	}
}

// While the checks run, the file for the report says that they did not end; it is XML then, and after.
func TestPrint_JUnitMeanwhile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "junit.xml")
	fake := testserver.StartFakeServer(t)
	fake.Honest()
	var meanwhile []byte
	fake.Document = func(map[string]any) { meanwhile, _ = os.ReadFile(file) }
	printed(t, fake.Env(), PrintOptions{JUnit: file})
	after, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var before junitSuite
	if err := xml.Unmarshal(meanwhile, &before); err != nil || before.Failures != 1 || len(before.Cases) != 1 || before.Cases[0].Name != "configuration" ||
		before.Cases[0].Class != "check" || before.Cases[0].Failure == nil || !strings.Contains(before.Cases[0].Failure.Text, "did not end") {
		t.Errorf("meanwhile it is %v\n%s", err, meanwhile)
	}
	for _, document := range [][]byte{meanwhile, after} {
		if !bytes.HasPrefix(document, []byte(`<?xml version="1.0" encoding="UTF-8"?>`+"\n<testsuite ")) || !bytes.HasSuffix(document, []byte("</testsuite>\n")) {
			t.Errorf("it is\n%s", document)
		}
	}
	left, err := filepath.Glob(file + "*")
	if err != nil || len(left) != 1 {
		t.Errorf("beside it are %q", left)
	}
}

// The new file is made beside the old one, which may be on a different file system than the working directory.
func TestReplaceFile_Elsewhere(t *testing.T) {
	t.Parallel()
	folder, err := os.MkdirTemp("/dev/shm", "report")
	if err != nil {
		t.Skip("This system has no /dev/shm.")
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	for _, content := range []string{"first", "second"} {
		if err := replaceFile(filepath.Join(folder, "junit.xml"), []byte(content)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(folder, "junit.xml")); err != nil || string(got) != content {
			t.Errorf("it is %q, %v", got, err)
		}
	}
}
