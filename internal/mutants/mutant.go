package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
)

// mutant is one change of one file.
type mutant struct {
	file     string
	line     int
	nth      int // of those with the same text
	old, new string
	source   []byte // the changed file
}

func (m mutant) String() string {
	return fmt.Sprintf("%s:%d: %s", m.file, m.line, strings.Join(strings.Fields(m.old+" → "+m.new), " "))
}

// mutator collects the mutants of a file.
type mutator struct {
	set    *token.FileSet
	file   string
	source []byte
	seen   map[string]int
	list   []mutant
}

// mutantsOf lists every mutant of a file.
func mutantsOf(file string) ([]mutant, error) {
	source, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	m := &mutator{set: token.NewFileSet(), file: file, source: source, seen: map[string]int{}}
	syntax, err := parser.ParseFile(m.set, file, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	ast.Inspect(syntax, m.visit)
	return m.list, nil
}

func (m *mutator) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.ImportSpec, *ast.StructType, *ast.ArrayType:
		return false // a path, a tag, a size
	case *ast.IfStmt:
		m.condition(n.Cond)
	case *ast.SwitchStmt:
		for _, clause := range n.Body.List {
			for _, cond := range clause.(*ast.CaseClause).List {
				if n.Tag == nil {
					m.condition(cond)
				}
			}
		}
	case *ast.BinaryExpr:
		m.binary(n)
	case *ast.BasicLit:
		m.constant(n)
	case *ast.Ident:
		if n.Name == "true" || n.Name == "false" {
			m.replace(n, strconv.FormatBool(n.Name != "true"))
		}
	case *ast.CallExpr:
		return m.call(n)
	case *ast.ExprStmt:
		m.statement(n)
	}
	return true
}

// condition adds mutants that negate a condition, and that drop it.
func (m *mutator) condition(cond ast.Expr) {
	m.replace(cond, "!("+m.text(cond)+")")
	m.replace(cond, "("+m.text(cond)+") && false")
}

// binary adds mutants that drop one side of && and ||, and that turn a comparison around.
func (m *mutator) binary(n *ast.BinaryExpr) {
	switch n.Op {
	case token.LAND, token.LOR:
		neutral := strconv.FormatBool(n.Op == token.LAND)
		m.replace(n, "(("+m.text(n.X)+") == "+neutral+" || true) == true && "+m.text(n.Y))
		m.replace(n, m.text(n.X)+" && (("+m.text(n.Y)+") == "+neutral+" || true)")
	case token.EQL:
		m.replace(n, m.text(n.X)+" != "+m.text(n.Y))
	case token.NEQ:
		m.replace(n, m.text(n.X)+" == "+m.text(n.Y))
	}
}

// constant adds mutants that change a number, or a text that isn't a sentence.
func (m *mutator) constant(n *ast.BasicLit) {
	switch n.Kind {
	case token.INT:
		if n.Value == "0" {
			m.replace(n, "1")
			return
		}
		m.replace(n, n.Value+"*10")
	case token.STRING:
		text, err := strconv.Unquote(n.Value)
		if err == nil && text != "" && !strings.ContainsAny(text, " \n") {
			m.replace(n, strconv.Quote(text+"x"))
		}
	}
}

// call adds mutants that empty each argument that isn't a literal. It skips capacities, and text that is only printed.
func (m *mutator) call(n *ast.CallExpr) bool {
	name := m.text(n.Fun)
	if name == "make" || strings.HasPrefix(name, "fmt.") || strings.HasPrefix(name, "errors.") || strings.HasPrefix(name, "log.") {
		return false
	}
	for _, arg := range n.Args {
		switch arg.(type) {
		case *ast.BasicLit, *ast.FuncLit, *ast.CompositeLit, *ast.ArrayType, *ast.MapType, *ast.StructType:
			continue
		}
		if text := m.text(arg); text == "ctx" || text == "nil" || strings.HasSuffix(text, "Context()") {
			continue
		}
		m.replace(arg, `""`)  // the compiler accepts
		m.replace(arg, "nil") // at most one of these two
	}
	return true
}

// statement adds a mutant without a call that has only side effects.
func (m *mutator) statement(n *ast.ExprStmt) {
	text := m.text(n)
	if strings.HasSuffix(text, "Lock()") || strings.HasPrefix(text, "panic(") {
		return // what only the race detector would see
	}
	m.replace(n, "_ = func() { "+text+" }")
}

func (m *mutator) text(n ast.Node) string {
	return string(m.source[m.set.Position(n.Pos()).Offset:m.set.Position(n.End()).Offset])
}

func (m *mutator) replace(n ast.Node, text string) {
	at := m.set.Position(n.Pos())
	from, to := at.Offset, m.set.Position(n.End()).Offset
	old := m.text(n)
	key := old + "\x00" + text
	m.seen[key]++
	source := slices.Concat(m.source[:from], []byte(text), m.source[to:])
	m.list = append(m.list, mutant{m.file, at.Line, m.seen[key], old, text, source})
}
