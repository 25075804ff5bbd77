package flow

import (
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
	"oauth-test-client/internal/wire"
)

func TestMarkdownGolden(t *testing.T) {
	report := Markdown(Tell(sampleFlow(), "https://auth.example/.well-known/openid-configuration", "", true), sampleClient)
	golden(t, "flow.md", report)
	for _, secret := range sampleSecrets {
		if strings.Contains(report, secret) {
			t.Errorf("the report holds %q", secret)
		}
	}
	if got := parseMermaid(t, report); got != "sequence 19" {
		t.Errorf("Mermaid reads %q; want a sequence of 19 lines", got)
	}
}

// parseMermaid returns what Mermaid's own parser finds in a report.
func parseMermaid(t *testing.T, report string) string {
	t.Helper()
	node, err := exec.LookPath("node")
	if _, missing := os.Stat("../acceptance/testdata/interop/node_modules/mermaid"); err == nil {
		err = missing
	}
	testserver.Needs(t, os.Getenv, "Node or the npm packages (npm ci in internal/acceptance/testdata/interop)", err)
	parser := exec.CommandContext(t.Context(), node, "mermaid-parse.mjs")
	parser.Dir, parser.Stdin = "../acceptance/testdata/interop", strings.NewReader(report)
	out, err := parser.CombinedOutput()
	if err != nil {
		t.Fatalf("Mermaid cannot read the picture: %v\n%s\n%s", err, out, report)
	}
	return strings.TrimSpace(string(out))
}

// codeSpans are the parts of Markdown in which nothing is markup.
var codeSpans = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")

// Whatever a server says or is called, the picture is one that Mermaid can read, with the same number
// of lines, and the Markdown around it has no markup of theirs.
func TestMarkdownOfOthersWords(t *testing.T) {
	var reports strings.Builder
	hostile := []string{
		"plain", "; end", "#quot; #59;", "```\n# heading", "%%{init: {'theme':'dark'}}%%", "%% comment", "A->>B: hello", "<script>alert(1)</script>",
		"wrap: x", "end", "\\", "`code` *bold* [a](https://evil.example) @someone", "note over A: x", "{}", "—ü \u202e", ": : :", "::icon(x)", "\"'",
	}
	for _, said := range hostile {
		flow := sampleFlow()
		last := flow[len(flow)-1]
		last.Fault = said
		flow[0].URL = "https://auth.example/" + url.PathEscape(said) + "?state=state-value&scope=" + url.QueryEscape(said)
		flow[5].URL = "https://api.example/" + url.PathEscape(said)
		report := Markdown(flow, sampleClient)
		reports.WriteString(report)
		for _, markup := range []string{"<script", "[a](", "\n# heading", " @someone", " *bold*"} {
			outside := codeSpans.ReplaceAllString(report, "")
			if strings.Contains(outside, markup) {
				t.Errorf("with %q the report holds %q:\n%s", said, markup, report)
			}
		}
	}
	for i, got := range strings.Split(parseMermaid(t, reports.String()), "\n") {
		if got != "sequence 16" || i >= len(hostile) {
			t.Errorf("with %q Mermaid reads %q; want a sequence of 16 lines", hostile[min(i, len(hostile)-1)], got)
		}
	}
}

// The verdict is the first thing that is read, so it must be right.
func TestVerdict(t *testing.T) {
	good := func() []*wire.Exchange { return Tell(sampleFlow()[:6], "", "", true) }
	for _, row := range []struct {
		name  string
		steps []*wire.Exchange
		want  string
	}{
		{"all went well", good(), "# The login works\n"},
		{"the token request failed", Failed(good()[:4], wire.TokenRequest, "Nope"), "# The login failed. Step 4, token request, failed: Nope\n"},
		{"the ID token failed", Failed(good()[:4], wire.IDTokenCheck, "No nonce"), "# The login failed. Step 5, ID token check, failed: No nonce\n"},
		{"the refresh failed later", sampleFlow(), "# The login works. Step 7, refresh, failed: invalid\\_grant\n"},
		{
			"the API opens without a token",
			append(good(), &wire.Exchange{Purpose: wire.APIWithout, Status: 200}),
			"# The login works. Step 8, API call without the token, failed: 200, 0 ms\n",
		},
		{"the API refuses the altered token", append(good(), &wire.Exchange{Purpose: wire.APIAltered, Status: 401}), "# The login works\n"},
	} {
		if report := Markdown(row.steps, sampleClient); !strings.HasPrefix(report, row.want) {
			t.Errorf("%s: the report begins with %q; want %q", row.name, strings.SplitAfter(report, "\n")[0], row.want)
		}
	}
}
