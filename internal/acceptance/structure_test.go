package acceptance

import (
	"bytes"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mayImport says which of our packages and of other people's modules each package may import; the
// standard library is free. The arrows go down only: see docs/house.md.
var mayImport = map[string][]string{
	".": {
		"internal/causes",
		"internal/check",
		"internal/cli",
		"internal/config",
		"internal/demo",
		"internal/flow",
		"internal/misuse",
		"internal/oauth",
		"internal/resource",
		"internal/session",
		"internal/wire",
	},
	"internal/wire":     {"golang.org/x/net/html"},
	"internal/redact":   {},
	"internal/config":   {"internal/redact", "internal/wire", "github.com/joho/godotenv"},
	"internal/oauth":    {"internal/config", "internal/wire", "golang.org/x/oauth2", "github.com/go-jose/go-jose/v4"},
	"internal/resource": {"internal/config", "internal/oauth", "internal/wire"},
	"internal/session": {
		"internal/config",
		"internal/oauth",
		"internal/wire",
		"github.com/gorilla/",
		"github.com/boj/redistore",
		"github.com/gomodule/redigo/redis",
	},
	"internal/flow":   {"internal/redact", "internal/wire"},
	"internal/causes": {"internal/config", "internal/oauth", "internal/wire"},
	"internal/check":  {"internal/causes", "internal/config", "internal/oauth", "internal/resource", "internal/wire"},
	"internal/misuse": {"internal/causes", "internal/check", "internal/config", "internal/oauth", "internal/wire"},
	"internal/cli":    {"internal/causes", "internal/check", "internal/config", "internal/wire"},
	"internal/demo":   {"github.com/go-jose/go-jose/v4"},
}

const module = "oauth-test-client"

// goList asks the go command about the program's packages, from the root.
func goList(t *testing.T, args ...string) []string {
	t.Helper()
	command := exec.Command("go", append([]string{"list"}, args...)...)
	command.Dir = root
	var failure bytes.Buffer
	command.Stderr = &failure
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &failure)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// Each package imports what it may, and nothing that tests alone may import is compiled by go run.
func TestImports(t *testing.T) {
	t.Parallel()
	for _, line := range goList(t, "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./...") {
		fields := strings.Fields(line)
		name := strings.TrimPrefix(strings.TrimPrefix(fields[0], module), "/")
		if name == "" {
			name = "."
		}
		allowed, known := mayImport[name]
		if !known {
			if !strings.HasPrefix(name, "internal/testserver") && name != "internal/chromium" && name != "internal/acceptance" && name != "internal/mutants" {
				t.Errorf("the package %s is in no drawing", name)
			}
			continue
		}
		for _, imported := range fields[1:] {
			ours, isOurs := strings.CutPrefix(imported, module+"/")
			if !isOurs && !strings.Contains(strings.SplitN(imported, "/", 2)[0], ".") {
				continue // the standard library
			}
			if !slices.ContainsFunc(allowed, func(a string) bool { return strings.TrimSuffix(a, "/") == ours || strings.HasPrefix(imported, a) }) {
				t.Errorf("%s imports %s", name, imported)
			}
		}
	}
}

// The environment is read, but by tests, and the process ended, in main.go alone; answers are written at the root, by
// the session's cookies and by the demo server.
func TestWhoMayCall(t *testing.T) {
	t.Parallel()
	for _, rule := range []struct {
		pkg, name string
		allowed   func(file string) bool
	}{
		{"os", "Getenv", func(file string) bool { return file == "main.go" || strings.HasPrefix(file, "internal/chromium/") }},
		{"os", "LookupEnv", func(string) bool { return false }},
		{"os", "Environ", func(string) bool { return false }},
		{"os", "Exit", func(file string) bool { return file == "main.go" }},
		{"http", "ResponseWriter", func(file string) bool {
			return !strings.Contains(file, "/") || strings.HasPrefix(file, "internal/session/") ||
				strings.HasPrefix(file, "internal/demo/") || strings.HasPrefix(file, "internal/testserver/")
		}},
	} {
		seen := false
		for file, syntax := range sources(t) {
			ast.Inspect(syntax, func(n ast.Node) bool {
				selector, ok := n.(*ast.SelectorExpr)
				if !ok || selector.Sel.Name != rule.name {
					return true
				}
				if id, ok := selector.X.(*ast.Ident); ok && id.Name == rule.pkg {
					seen = true
					if !rule.allowed(file) {
						t.Errorf("%s names %s.%s", file, rule.pkg, rule.name)
					}
				}
				return true
			})
		}
		if !seen && rule.name != "LookupEnv" && rule.name != "Environ" {
			t.Errorf("%s.%s is nowhere: this test looks at nothing", rule.pkg, rule.name)
		}
	}
}

// sources are the program's files that are no tests, by their path from the root.
func sources(t *testing.T) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	for _, line := range goList(t, "-f", `{{$dir := .Dir}}{{range .GoFiles}}{{$dir}}/{{.}}{{"\n"}}{{end}}`, "./...") {
		if line == "" {
			continue
		}
		top, err := filepath.Abs(root)
		if err != nil {
			t.Fatal(err)
		}
		path, err := filepath.Rel(top, line)
		if err != nil {
			t.Fatal(err)
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), line, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files[path] = syntax
	}
	return files
}

// floors are the files of a package, from the top down. A file names nothing that one above it or beside it
// defines: a page knows no other page, except that home shows what the checks have found.
var floors = map[string][][]string{
	".": {
		{"main.go"},
		{"live.go"},
		{"home.go"},
		{"login.go", "callback.go", "step.go", "session.go", "tokens.go", "flow.go", "check.go", "misuse.go", "problems.go", "present.go"},
		{"timeline.go"},
		{"attack.go"},
		{"confirm.go"},
		{"guard.go"},
		{"failure.go"},
		{"server.go"},
		{"fix.go"},
		{"parts.go", "diff.go"},
	},
	"internal/causes": {
		{"wayback.go"},
		{"api.go"},
		{"explain.go"},
		{"finding.go"},
		{"patterns.go"},
		{"answer.go"},
		{"table.go"},
		{"fix.go"},
		{"providers.go"},
		{"names.go"},
	},
	"internal/check": {
		{"runner.go"},
		{"check.go"},
		{"server.go", "withheld.go", "refused.go"},
		{"redirect.go"},
		{"client.go", "checker.go", "policy.go"},
		{"observe.go"},
		{"limiter.go", "report.go"},
	},
	"internal/misuse": {
		{"misuse.go"},
		{"codes.go", "tokens.go"},
		{"run.go"},
		{"rules.go"},
	},
	"internal/oauth": {
		{"attack.go"},
		{"use.go"},
		{"api.go", "idtoken.go"},
		{"token.go"},
		{"request.go"},
		{"discovery.go"},
		{"client.go"},
		{"keys.go"},
		{"errors.go", "metadata.go", "singleflight.go"},
		{"reader.go", "kind.go"},
	},
}

func TestFilesPointDown(t *testing.T) {
	t.Parallel()
	for pkg, from := range floors {
		t.Run(pkg, func(t *testing.T) {
			t.Parallel()
			pointDown(t, pkg, from)
		})
	}
}

// pointDown checks the files of a package: each is on a floor, and names only what stands below.
func pointDown(t *testing.T, pkg string, floors [][]string) {
	t.Helper()
	floorOf := func(file string) int {
		return slices.IndexFunc(floors, func(floor []string) bool { return slices.Contains(floor, file) })
	}
	set := token.NewFileSet()
	var files []*ast.File
	for _, name := range goList(t, "-f", `{{$dir := .Dir}}{{range .GoFiles}}{{$dir}}/{{.}}{{"\n"}}{{end}}`, "./"+pkg) {
		if floorOf(filepath.Base(name)) < 0 {
			t.Errorf("%s is on no floor", filepath.Base(name))
		}
		syntax, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, syntax)
	}
	for _, floor := range floors {
		for _, name := range floor {
			if !slices.ContainsFunc(files, func(f *ast.File) bool { return filepath.Base(set.Position(f.Pos()).Filename) == name }) {
				t.Errorf("there is no %s", name)
			}
		}
	}
	exports := map[string]string{}
	for _, line := range goList(t, "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", "./"+pkg) {
		path, file, _ := strings.Cut(line, " ")
		exports[path] = file
	}
	open := func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) }
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	checked, err := (&types.Config{Importer: importer.ForCompiler(set, "gc", open)}).Check(module+"/"+pkg, set, files, info)
	if err != nil {
		t.Fatal(err)
	}
	uses := 0
	for id, object := range info.Uses {
		if object.Pkg() != checked || !object.Pos().IsValid() {
			continue
		}
		from, to := filepath.Base(set.Position(id.Pos()).Filename), filepath.Base(set.Position(object.Pos()).Filename)
		if from == to {
			continue
		}
		uses++
		if floorOf(from) >= floorOf(to) {
			t.Errorf("%s names %s, which %s defines", from, object.Name(), to)
		}
	}
	if uses == 0 {
		t.Error("no file uses another: this test looks at nothing")
	}
}

// Each page of templates/ has one struct, named after it, in the file of its handler. Parts have theirs in parts.go.
func TestPageStructs(t *testing.T) {
	t.Parallel()
	templates, err := filepath.Glob(root + "/templates/*.html")
	if err != nil || len(templates) == 0 {
		t.Fatalf("there are no templates: %v", err)
	}
	files := map[string]*ast.File{}
	for path, file := range sources(t) {
		if !strings.Contains(path, "/") {
			files[path] = file
		}
	}
	for _, file := range templates {
		name := strings.TrimSuffix(filepath.Base(file), ".html")
		if name == "layout" || strings.HasPrefix(name, "part-") {
			continue
		}
		declares, shows := "", []string{}
		for path, syntax := range files {
			ast.Inspect(syntax, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.TypeSpec:
					if _, isStruct := n.Type.(*ast.StructType); isStruct && n.Name.Name == name+"Page" {
						declares = path
					}
				case *ast.BasicLit:
					if n.Value == `"`+name+`.html"` {
						shows = append(shows, path)
					}
				}
				return true
			})
		}
		slices.Sort(shows)
		if shows = slices.Compact(shows); declares == "" || len(shows) != 1 || shows[0] != declares {
			t.Errorf("%s.html is shown by %q, and the struct %sPage is in %q", name, shows, name, declares)
		}
	}
}

// The README is short enough to be read: what only some need is in docs/.
func TestReadmeIsShort(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(root + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	if words := len(strings.Fields(string(text))); words > 1300 || words < 500 {
		t.Errorf("README.md has %d words; want at most 1300", words)
	}
}
