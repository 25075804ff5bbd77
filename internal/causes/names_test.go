package causes

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

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

// The names that the settings know are in a different package, which can't see the constants. They are the same.
func TestName_SameInConfig(t *testing.T) {
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
