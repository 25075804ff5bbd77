package diagnose

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Every name has a heading in docs/problems.md, and every heading there is a name.
func TestNames(t *testing.T) {
	names := declaredNames(t)
	document, err := os.ReadFile("../../docs/problems.md")
	if err != nil {
		t.Fatal(err)
	}
	var headings []string
	for line := range strings.Lines(string(document)) {
		if heading, ok := strings.CutPrefix(strings.TrimSpace(line), "## "); ok {
			headings = append(headings, heading)
		}
	}
	if len(names) == 0 || len(headings) == 0 {
		t.Fatalf("%d names and %d headings were found", len(names), len(headings))
	}
	for _, name := range names {
		if !slices.Contains(headings, name) {
			t.Errorf("docs/problems.md has no heading for %s", name)
		}
	}
	for _, heading := range headings {
		if !slices.Contains(names, heading) {
			t.Errorf("docs/problems.md has a heading %q that is no name of names.go", heading)
		}
	}
}

// declaredNames are the constants of names.go.
func declaredNames(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "names.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	ast.Inspect(file, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			name, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, name)
		}
		return true
	})
	return names
}
