package causes

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
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

// The names that the settings tell stand in another room, which cannot see the constants: they are the same.
func TestNamesOfTheSettings(t *testing.T) {
	names := declaredNames(t)
	files, err := filepath.Glob("../config/*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			selector, isMethod := call.Fun.(*ast.SelectorExpr)
			cause, isLiteral := call.Args[0].(*ast.BasicLit)
			if !isMethod || selector.Sel.Name != "wrongBecause" || !isLiteral || cause.Value == `""` {
				return true
			}
			found++
			if name, _ := strconv.Unquote(cause.Value); !slices.Contains(names, name) {
				t.Errorf("%s names %s, which is no name of names.go", path, name)
			}
			return true
		})
	}
	if found < 3 {
		t.Errorf("%d names were found: this test looks at nothing", found)
	}
}
