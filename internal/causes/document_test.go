package causes

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"oauth-test-client/internal/testserver"
)

// docs/problems.md is the table, for people.
func TestDocument_IsProblemsFile(t *testing.T) {
	t.Parallel()
	testserver.Golden(t, "../../docs/problems.md", document())
}

const intro = `# Problems, and what fixes each

Find what you see in the tables and follow the link. Most entries have the server's own words, a wrong line and a right one. Each heading is the stable name of one cause; the app has the same page at ` + "`/problems/NAME`" + `. For the fields of your dashboard see [providers.md](providers.md).

"Found by" says where the app reports the problem: when it reads the settings, when it starts, in ` + "`check`" + `, on the page after a login, or at a URL such as ` + "`/api`" + `.

The table of server messages in an entry quotes public threads, linked in its last column. If your server is missing there, we found no public source for its words.
`

// document is the table as Markdown.
func document() string {
	var b strings.Builder
	b.WriteString(intro)
	group := ""
	for _, c := range Table {
		if c.Group != group {
			group = c.Group
			title, rest, _ := strings.Cut(group, " (")
			if rest != "" {
				rest = " (" + rest
			}
			fmt.Fprintf(&b, "\n**%s**%s\n\n| what you see | cause | what to change |\n|---|---|---|\n", title, rest)
		}
		fmt.Fprintf(&b, "| %s | [%s](#%s) | %s |\n", c.Sees, c.Name, c.Name, c.Write)
	}
	for _, c := range Table {
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n\n%s\n", c.Name, c.Title, c.Explanation)
		if len(c.Looks) > 0 {
			b.WriteString("\n| server | says | seen in |\n|---|---|---|\n")
			for _, l := range c.Looks {
				fmt.Fprintf(&b, "| %s | %s | %s |\n", l.Server, l.Says, l.Source)
			}
		}
		b.WriteString("\n")
		for _, w := range c.Wrong {
			fmt.Fprintf(&b, "- Wrong: %s\n", w)
		}
		for _, r := range c.Right {
			fmt.Fprintf(&b, "- Right: %s\n", r)
		}
		fmt.Fprintf(&b, "- Found by: %s\n", c.ToldBy)
		if c.SeenIn != "" {
			fmt.Fprintf(&b, "- Seen in: %s\n", c.SeenIn)
		}
	}
	b.WriteString("\n")
	threads := regexp.MustCompile(`\[([\w.-]+/[\w.-]+)#(\d+)\]`).FindAllStringSubmatch(b.String(), -1)
	slices.SortFunc(threads, func(a, b []string) int {
		return cmp.Compare(strings.ToLower(a[0]), strings.ToLower(b[0]))
	})
	for _, thread := range slices.CompactFunc(threads, func(a, b []string) bool { return a[0] == b[0] }) {
		fmt.Fprintf(&b, "%s: https://github.com/%s/issues/%s\n", thread[0], thread[1], thread[2])
	}
	return b.String()
}

// Every cause has a row, every row is whole, and no fix holds a secret.
func TestTable_RowsAreWhole(t *testing.T) {
	t.Parallel()
	var names []string
	for _, c := range Table {
		names = append(names, string(c.Name))
		if c.Title == "" || len(c.Title) > 72 || strings.HasSuffix(c.Title, ".") || c.Explanation == "" || c.Sees == "" || c.Write == "" || c.ToldBy == "" || c.Fix == nil {
			t.Errorf("the row of %s is not whole: %q", c.Name, c.Title)
		}
	}
	declared := declaredNames(t)
	for _, name := range declared {
		if !slices.Contains(names, name) {
			t.Errorf("%s has no row", name)
		}
	}
	if len(names) != len(declared) {
		t.Errorf("the table has %d rows, for %d names", len(names), len(declared))
	}
}
