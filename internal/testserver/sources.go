package testserver

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Sources parses the files that match a pattern, except tests.
func Sources(t testing.TB, pattern string) []*ast.File {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// UsedIn returns the names that files use. A declaration of a constant or a variable does not count as a use of it.
func UsedIn(files []*ast.File) map[string]bool {
	used := map[string]bool{}
	var visit func(n ast.Node) bool
	visit = func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ValueSpec:
			for _, value := range n.Values {
				ast.Inspect(value, visit)
			}
			return false
		case *ast.Ident:
			used[n.Name] = true
		}
		return true
	}
	for _, file := range files {
		ast.Inspect(file, visit)
	}
	return used
}

// ConstantsOf returns the names of the constants of a type, by their values. No two may have the same value.
func ConstantsOf(t testing.TB, files []*ast.File, typeName string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if of, ok := spec.Type.(*ast.Ident); !ok || of.Name != typeName {
				return true
			}
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			if other := found[value]; other != "" {
				t.Errorf("%s is the same as %s", spec.Names[0].Name, other)
			}
			found[value] = spec.Names[0].Name
			return true
		})
	}
	return found
}

// WantErrorKinds checks that every Error in the code has a Kind, and that there are at least the given number of them.
func WantErrorKinds(t testing.TB, files []*ast.File, least int) {
	t.Helper()
	made := 0
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			name := ""
			switch of := literal.Type.(type) {
			case *ast.Ident:
				name = of.Name
			case *ast.SelectorExpr:
				name = of.Sel.Name
			}
			if name != "Error" {
				return true
			}
			made++
			for _, element := range literal.Elts {
				if pair, ok := element.(*ast.KeyValueExpr); ok && pair.Key.(*ast.Ident).Name == "Kind" {
					return true
				}
			}
			t.Errorf("%s makes an error without a kind", file.Name)
			return true
		})
	}
	if made < least {
		t.Errorf("%d errors are made: this test looks at nothing", made)
	}
}
