package acceptance

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	fencedBlock  = regexp.MustCompile("(?ms)^```.*?^```$")
	relativeLink = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading      = regexp.MustCompile(`(?m)^#+ (.*)$`)
	notInAnchor  = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// anchors are the anchors of a document's headings, as GitHub makes them.
func anchors(document string) map[string]bool {
	found := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(fencedBlock.ReplaceAllString(document, ""), -1) {
		text := relativeLink.ReplaceAllString(m[1], "]")
		found[strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(text), ""), " ", "-")] = true
	}
	return found
}

// brokenLinks are the relative links of a document that lead to no file, or to no heading of it.
func brokenLinks(name, document string) (broken []string, links int) {
	for _, m := range relativeLink.FindAllStringSubmatch(fencedBlock.ReplaceAllString(document, ""), -1) {
		path, anchor, hasAnchor := strings.Cut(m[1], "#")
		if strings.Contains(path, "://") || strings.HasPrefix(path, "mailto:") {
			continue
		}
		links++
		target := name
		if path != "" {
			target = filepath.Join(filepath.Dir(name), path)
		}
		text, err := os.ReadFile(target)
		if err != nil || hasAnchor && !anchors(string(text))[anchor] {
			broken = append(broken, m[1])
		}
	}
	return broken, links
}

// Every relative link of a document leads to a file, and to a heading that is there.
func TestDocuments_LinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob(root + "/*.md")
	if err != nil {
		t.Fatal(err)
	}
	docs, err := filepath.Glob(root + "/docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	links := 0
	for _, name := range append(names, docs...) {
		document, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		broken, n := brokenLinks(name, string(document))
		links += n
		for _, link := range broken {
			t.Errorf("%s links to %s, which is not there", strings.TrimPrefix(name, root+"/"), link)
		}
	}
	if links < 100 {
		t.Errorf("%d links: this test looks at nothing", links)
	}
}

func TestBrokenLinks_Found(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "page.md")
	const page = "# A `page`, of links\n\n[a](#a-page-of-links) [b](#b) [c](no-such.md) [d](https://example.com/no-such.md)\n\n```\n# b\n[e](f.md)\n```\n" +
		"[g](page.md#a-page-of-links) [h](page.md#h)\n"
	if err := os.WriteFile(name, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	if broken, links := brokenLinks(name, page); strings.Join(broken, " ") != "#b no-such.md page.md#h" || links != 5 {
		t.Errorf("%d links, broken: %q", links, broken)
	}
}
