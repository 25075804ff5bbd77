package acceptance

import (
	"bytes"
	"cmp"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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
func TestPackages_ImportOnlyAllowed(t *testing.T) {
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
func TestPackages_CallOnlyAllowed(t *testing.T) {
	t.Parallel()
	for _, rule := range []struct {
		pkg, name string
		allowed   func(file string) bool
	}{
		{"os", "Getenv", func(file string) bool {
			return file == "main.go" || strings.HasPrefix(file, "internal/chromium/") || strings.HasPrefix(file, "internal/testserver/")
		}},
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
		{"fix.go", "doubt.go"},
		{"providers.go"},
		{"names.go"},
	},
	"internal/check": {
		{"logout.go"},
		{"runner.go"},
		{"check.go"},
		{"server.go", "withheld.go", "refused.go"},
		{"redirect.go"},
		{"client.go", "checker.go", "policy.go"},
		{"endpoints.go"},
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

func TestFiles_PointDown(t *testing.T) {
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

// oldNames are names that types, functions, fields and package variables had, and what they are called since. The word of the
// field is the one that a reader searches for. What is ambiguous stands with its package. Missing are names that are ordinary
// words in a different sense: at, with, own, use, told, noted, said, spent, needs, layers, public, follow, noting and now.
var oldNames = map[string]string{
	"landing": "probeResult", "land": "probe", "likeness": "normalize", "gate": "limiter", "clues": "errorPatterns", "suspect": "settingFromError",
	"stranger": "clientUnknown", "polite": "noWrongSecrets", "madeUp": "invented", "tokenReply": "tokenResult", "beside": "withControl",
	"refusesAlike": "ambiguousRefusal", "explainSilence": "noDifference", "unbound": "unsolicitedError", "Pause": "a waiting login", "Resume": "Exchange",
	"session.kept": "result", "check.kept": "observation", "misuse.opened": "acceptedAt", "misuse.place": "endpoint", "misuse.places": "endpoints",
	"misuse.MisuseFinding": "Finding", "misuse.NewMisuse": "New", "misuse.Misuse": "Run", "oauth.Shared": "Singleflight", "session.once": "singleflight",
	"expiring": "ttlMap", "session.seal": "aead", "Hide": "Redact", "hiding": "sanitized", "flow.Scene": "Timeline", "flow.Stage": "View", "Speaks": "Current",
	"Floor": "Baseline", "Liar": "FakeServer", "atlas": "causes", "riddles": "setups", "strays": "typos", "pointOut": "typos", "Starter": "Discovery",
	"asRegistered": "withRegistration", "Elsewhere": "redirectOverride", "IsPasted": "CallbackIsPasted", "orTry": "misuseCallback",
	"fromAPI": "discoverFromAPI", "beginInSteps": "stepLogin", "returnInSteps": "stepCallback", "spendsNothing": "rejectPrefetch",
	"singleValues": "parseQueryOnce", "unsent": "dryRun", "handedOver": "dryRun", "PrintUnreadable": "PrintConfigErrors",
}

// No name of oldNames is declared again, in tests neither, and no file has one.
func TestOldNames_StayGone(t *testing.T) {
	t.Parallel()
	declared := 0
	for _, line := range goList(t, "-f", `{{$p := .}}{{range .GoFiles}}{{$p.Name}} {{$p.Dir}}/{{.}}{{"\n"}}{{end}}`+
		`{{range .TestGoFiles}}{{$p.Name}} {{$p.Dir}}/{{.}}{{"\n"}}{{end}}{{range .IgnoredGoFiles}}{{$p.Name}} {{$p.Dir}}/{{.}}{{"\n"}}{{end}}`, "./...") {
		pkg, path, ok := strings.Cut(line, " ")
		if !ok {
			continue
		}
		file := filepath.Base(path)
		for _, part := range strings.FieldsFunc(strings.TrimSuffix(file, ".go"), func(r rune) bool { return r == '_' }) {
			if name := oldNames[part]; name != "" || slices.Contains([]string{"floor", "liar", "inside", "seal", "hide"}, part) {
				t.Errorf("%s %s has an old name", pkg, file)
			}
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range declarations(syntax) {
			declared++
			if name := cmp.Or(oldNames[id.Name], oldNames[pkg+"."+id.Name]); name != "" {
				t.Errorf("%s %s declares %s, which is called %s", pkg, file, id.Name, name)
			}
		}
	}
	if declared < 2000 {
		t.Errorf("%d names are declared: this test looks at nothing", declared)
	}
}

// declarations returns what a file declares for more than one function: types, functions, methods, fields, and the variables and
// constants of the package.
func declarations(file *ast.File) []*ast.Ident {
	var list []*ast.Ident
	for _, declaration := range file.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			list = append(list, d.Name)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.ValueSpec:
					list = append(list, s.Names...)
				case *ast.TypeSpec:
					list = append(list, s.Name)
				}
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.StructType:
			for _, field := range n.Fields.List {
				list = append(list, field.Names...)
			}
		case *ast.InterfaceType:
			for _, method := range n.Methods.List {
				list = append(list, method.Names...)
			}
		}
		return true
	})
	return list
}

// fileName finds the files and packages that a document names: a path from the root, or the name of a file alone.
var fileName = regexp.MustCompile(`(?:[\w.-]+/)*[\w.-]*\w\.(?:go|md|html|sample)\b|\binternal/\w+`)

// Every file that the documents about the code name exists. A name alone is that of a file of the root, or one beside the last
// path on its line.
func TestDocuments_FilesExist(t *testing.T) {
	t.Parallel()
	for _, document := range []string{"docs/house.md", "docs/testing.md"} {
		text, err := os.ReadFile(filepath.Join(root, document))
		if err != nil {
			t.Fatal(err)
		}
		named := 0
		for line := range strings.Lines(string(text)) {
			beside := ""
			for _, name := range fileName.FindAllString(line, -1) {
				named++
				places := []string{name, filepath.Join(beside, name)}
				if strings.HasPrefix(name, "../") {
					places = []string{filepath.Join("docs", name)}
				}
				if !slices.ContainsFunc(places, func(path string) bool { _, err := os.Stat(filepath.Join(root, path)); return err == nil }) {
					t.Errorf("%s names %s, which does not exist: %s", document, name, line)
				}
				if strings.Contains(name, "/") && filepath.Ext(name) != "" {
					beside = filepath.Dir(name)
				}
			}
		}
		if named < 20 {
			t.Errorf("%s names %d files: this test looks at nothing", document, named)
		}
	}
}

// The drawing of docs/house.md has every file of the root, in the order of their floors, and its table every package.
func TestHouse_IsComplete(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "docs/house.md"))
	if err != nil {
		t.Fatal(err)
	}
	drawing, _, _ := strings.Cut(string(text), "──────")
	var drawn [][]string
	for line := range strings.Lines(drawing) {
		fields := strings.Fields(strings.TrimSuffix(strings.TrimSpace(line), "package main"))
		if len(fields) > 0 && !slices.ContainsFunc(fields, func(f string) bool { return filepath.Ext(f) != ".go" }) {
			drawn = append(drawn, fields)
		}
	}
	if !slices.EqualFunc(drawn, floors["."], slices.Equal) {
		t.Errorf("the drawing is\n%q\nand the floors are\n%q", drawn, floors["."])
	}
	for _, name := range goList(t, "-f", "{{.ImportPath}}", "./...") {
		name = strings.TrimPrefix(strings.TrimPrefix(name, module), "/")
		if strings.Count(name, "/") == 1 && !strings.Contains(string(text), "\n| `"+name+"` |") {
			t.Errorf("the table lacks %s", name)
		}
	}
}

// Each page of templates/ has one struct, named after it, in the file of its handler. Parts have theirs in parts.go.
func TestTemplates_OneStructEach(t *testing.T) {
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
func TestReadme_IsShort(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(root + "/README.md")
	if err != nil {
		t.Fatal(err)
	}
	if words := len(strings.Fields(string(text))); words > 1300 || words < 500 {
		t.Errorf("README.md has %d words; want at most 1300", words)
	}
}
