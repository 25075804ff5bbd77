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

func TestMarkdown_Golden(t *testing.T) {
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

// hostileWords lists words that Markdown, a site that shows it, or Mermaid would treat as markup.
var hostileWords = []string{
	"plain", "; end", "#quot; #59;", "```\n# heading", "%%{init: {'theme':'dark'}}%%", "%% comment", "A->>B: hello", "<script>alert(1)</script>",
	"wrap: x", "nowrap:x", "end", "\\", "\\`", "`code` *bold* [a](https://evil.example)", "note over A: x", "{}", "—ü \u202e", ": : :", "::icon(x)",
	"\"'", "www.evil.example", "http://evil.example", "a@evil.example", "mailto:a@b.example", "@someone", "#1", "GH-1", "a/b#1", "!1", "~label", "$x$ $$y$$",
	"16c999e8c71134401a78d4d46435517b2271d6ac", ":smile:", "&amp; &#64;x", "[^1]", "<!--", "| a |", "- [ ] x", "\r\n---\r\n", "links A: {}", "<br>", "</details>",
	"", " ", "`", "``",
}

// Whatever a server says or is called, none of it is Markdown, and none of it is more than words in the picture.
func TestMarkdown_OthersWords(t *testing.T) {
	const word = "zq9" // by which their words are found
	mermaidBlock := regexp.MustCompile("(?s)```mermaid\n.*?```")
	lines := strings.Count(mermaidBlock.FindString(Markdown(sampleFlow(), sampleClient)), "\n")
	for _, said := range hostileWords {
		said = word + said + word
		flow := sampleFlow()
		last := flow[len(flow)-1]
		last.Fault, flow[5].Note = said, said
		flow[0].URL = "https://auth.example/?state=state-value&scope=" + url.QueryEscape(said)
		flow[5].URL = "https://api.example/" + url.PathEscape(said)
		report := Markdown(flow, sampleClient)
		outside := codeSpans.ReplaceAllString(report, "")
		if strings.Contains(outside, "`") || strings.Contains(outside, word) {
			t.Errorf("with %q the report has outside of code\n%s", said, outside)
		}
		if n := strings.Count(report, word); n < 2*4 {
			t.Errorf("%q is %d times in the report:\n%s", said, n, report)
		}
		picture := mermaidBlock.FindString(report)
		if !strings.Contains(picture, word) || strings.Count(picture, "\n") != lines {
			t.Errorf("%q is not in the picture, or it has other lines:\n%s", said, picture)
		}
	}
}

// A label has letters, digits and a few signs as they are, and everything else as a number.
func TestLabel(t *testing.T) {
	const plain = "GET /a_b.c, x=é…"
	if got := label(plain); got != plain {
		t.Errorf("%q becomes %q", plain, got)
	}
	for _, said := range hostileWords {
		if got := label(said); !regexp.MustCompile(`^(?:[\pL\pN ,._/=…-]|#[0-9]+;)*$`).MatchString(got) {
			t.Errorf("%q becomes the label %q", said, got)
		}
	}
	if got, want := label("a#b;c:d>e"), "a#35;b#59;c#58;d#62;e"; got != want {
		t.Errorf("it is %q; want %q", got, want)
	}
	if got, want := label(strings.Repeat("a", 200)+"b"), strings.Repeat("a", 200)+"…"; got != want {
		t.Errorf("a long one is %q; want %q", got, want)
	}
}

// Mermaid reads the picture, with the same number of lines, whatever a server says or is called.
func TestMarkdown_MermaidReadsOthersWords(t *testing.T) {
	var reports strings.Builder
	for _, said := range hostileWords {
		flow := sampleFlow()
		flow[0].URL = "https://auth.example/" + url.PathEscape(said) + "?state=state-value&scope=" + url.QueryEscape("a "+said)
		flow[5].URL = "https://api.example/" + url.PathEscape(said)
		reports.WriteString(Markdown(flow, sampleClient))
	}
	read := strings.Split(parseMermaid(t, reports.String()), "\n")
	if len(read) != len(hostileWords) {
		t.Errorf("Mermaid reads %d pictures; want %d", len(read), len(hostileWords))
	}
	for i, got := range read {
		if got != "sequence 16" {
			t.Errorf("with %q Mermaid reads %q; want a sequence of 16 lines", hostileWords[min(i, len(hostileWords)-1)], got)
		}
	}
}

// The verdict is the first thing that is read, so it must be right.
func TestVerdict_EachEnd(t *testing.T) {
	good := func() []*wire.Exchange { return Tell(sampleFlow()[:6], "", "", true) }
	for _, row := range []struct {
		name  string
		steps []*wire.Exchange
		want  string
	}{
		{"all went well", good(), "# The login works\n"},
		{"the token request failed", Failed(good()[:4], wire.TokenRequest, "Nope"), "# The login failed. Step 4, token request, failed: `Nope`\n"},
		{"the ID token failed", Failed(good()[:4], wire.IDTokenCheck, "No nonce"), "# The login failed. Step 5, ID token check, failed: `No nonce`\n"},
		{"the refresh failed later", sampleFlow(), "# The login works. Step 7, refresh, failed: `invalid_grant`\n"},
		{
			"the API accepts calls without a token",
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
