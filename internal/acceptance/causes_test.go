package acceptance

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"oauth-test-client/internal/misuse"
)

// tellers maps the tests of the causes to who tells a cause in them, in the words of docs/problems.md.
var tellers = map[string]map[string]string{
	"internal/check/causes_test.go": {
		"TestCauses_SettingsTell":           "the settings",
		"TestCauses_CheckTellsDemo":         "`check`",
		"TestCauses_CheckTellsFakeServer":   "`check`",
		"TestCauses_CheckTellsCertificate":  "`check`",
		"TestCauses_CheckTellsPublicServer": "`check`",
		"TestCauses_CheckWarns":             "a warning of `check`",
		"TestCauses_CheckWarnsOfLastDays":   "a warning of `check`",
	},
	"internal/check/start_test.go": {"TestCauses_CheckTellsAPIServer": "`check`"},
	"atapi_test.go": {
		"TestCauses_LoginTellsAPIServer":      "the page of a failed login",
		"TestCauses_LoginTellsOtherServer":    "the page of a failed login",
		"TestCauses_LoginTellsClientDocument": "the page of a failed login",
	},
	"internal/acceptance/publicserver_test.go": {"TestCauses_LoginTellsPublicServer": "the page of a failed login"},
	"causes_test.go": {
		"TestCauses_StartTells":            "the start",
		"TestCauses_LoginTellsAnswer":      "the page of a failed login",
		"TestCauses_LoginTellsServer":      "the page of a failed login",
		"TestCauses_LoginTellsCertificate": "the page of a failed login",
		"TestCauses_LoginTellsWayBack":     "the page of a failed login",
		"TestCauses_HomeTells":             "`/`",
		"TestCauses_LogoutTells":           "`/logout`",
		"TestCauses_SessionTells":          "`/session`",
		"TestCauses_UserinfoTells":         "`/userinfo`",
		"TestCauses_APITells":              "`/api`",
		"TestCauses_APITellsWrongTokens":   "`/api`",
		"TestCauses_ForeignAPITells":       "`/api`",
	},
}

// docs/problems.md lists for each cause who tells it. That list is exactly what these tests show: every cause has a row for
// each teller, and no row is missing there.
func TestProblems_EveryCauseHasTests(t *testing.T) {
	t.Parallel()
	documented := documentedTellers(t)
	shown := map[string][]string{}
	for file, tests := range tellers {
		for test, names := range namesIn(t, root+"/"+file, documented) {
			teller, known := tests[test]
			if !known {
				t.Errorf("%s: %s is no test of a teller", file, test)
			}
			for _, name := range names {
				shown[name] = append(shown[name], teller)
			}
		}
	}
	for name, by := range behaviorsIn(t) {
		shown[name] = append(shown[name], by...)
	}
	if len(documented) < 50 {
		t.Fatalf("docs/problems.md has %d causes: this test looks at nothing", len(documented))
	}
	for name, want := range documented {
		got := slices.Compact(slices.Sorted(slices.Values(shown[name])))
		if !slices.Equal(got, slices.Sorted(slices.Values(want))) {
			t.Errorf("docs/problems.md says that %s is told by %q; the tests have rows for %q", name, want, got)
		}
	}
}

// behaviorsIn returns the causes that the table of behaviors names, with who tells each: check, the login's page, or a page
// on which tokens are used.
func behaviorsIn(t *testing.T) map[string][]string {
	t.Helper()
	values := map[string]string{}
	for _, declaration := range parsed(t, root+"/internal/causes/names.go").Decls {
		ast.Inspect(declaration, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
				if literal, ok := spec.Values[0].(*ast.BasicLit); ok {
					values[spec.Names[0].Name], _ = strconv.Unquote(literal.Value)
				}
			}
			return true
		})
	}
	told := map[string][]string{}
	ast.Inspect(parsed(t, root+"/internal/check/behaviors_test.go"), func(n ast.Node) bool {
		row, ok := n.(*ast.CompositeLit)
		if !ok {
			return true
		}
		by := map[string]string{"check": "`check`", "page": "the page of a failed login"}
		members := map[string]ast.Expr{}
		for _, element := range row.Elts {
			if pair, ok := element.(*ast.KeyValueExpr); ok {
				if key, ok := pair.Key.(*ast.Ident); ok {
					members[key.Name] = pair.Value
				}
			}
		}
		if use, ok := members["use"].(*ast.BasicLit); ok {
			path, _ := strconv.Unquote(use.Value)
			by["page"] = "`" + path + "`"
		}
		for member, teller := range by {
			if selected, ok := members[member].(*ast.SelectorExpr); ok && values[selected.Sel.Name] != "" {
				told[values[selected.Sel.Name]] = append(told[values[selected.Sel.Name]], teller)
			}
		}
		return true
	})
	if len(told) < 20 {
		t.Errorf("the table of behaviors names %d causes: this looks at nothing", len(told))
	}
	return told
}

func parsed(t *testing.T, path string) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

var (
	link      = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	aside     = regexp.MustCompile(` ?\([^)]*\)`)
	conjoined = regexp.MustCompile(`,? and |, `)
)

// documentedTellers reads the line "Told by" below each heading: a list, with asides in parentheses.
func documentedTellers(t *testing.T) map[string][]string {
	t.Helper()
	document, err := os.ReadFile(root + "/docs/problems.md")
	if err != nil {
		t.Fatal(err)
	}
	found, heading := map[string][]string{}, ""
	for line := range strings.Lines(string(document)) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "## "); ok {
			heading = name
			found[heading] = nil
		}
		if list, ok := strings.CutPrefix(line, "- Found by: "); ok {
			found[heading] = append(found[heading], conjoined.Split(aside.ReplaceAllString(link.ReplaceAllString(list, "$1"), ""), -1)...)
		}
	}
	return found
}

var stableName = regexp.MustCompile(`[a-z]+(?:-[a-z]+)+`)

// namesIn returns the stable names in the literals of each test of the causes in a file.
func namesIn(t *testing.T, path string, known map[string][]string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for _, declaration := range parsed(t, path).Decls {
		f, ok := declaration.(*ast.FuncDecl)
		if !ok || !strings.HasPrefix(f.Name.Name, "TestCauses_") {
			continue
		}
		found[f.Name.Name] = []string{}
		ast.Inspect(f, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				text, _ := strconv.Unquote(literal.Value)
				for _, name := range stableName.FindAllString(text, -1) {
					if _, is := known[name]; is {
						found[f.Name.Name] = append(found[f.Name.Name], name)
					}
				}
			}
			return true
		})
	}
	if len(found) != len(tellers[strings.TrimPrefix(path, root+"/")]) {
		t.Errorf("%s has the tests %q", path, slices.Sorted(maps.Keys(found)))
	}
	return found
}

var (
	thread   = regexp.MustCompile(`\[([A-Za-z0-9._-]+/[A-Za-z0-9._-]+#[0-9]+)\]`)
	resolved = regexp.MustCompile(`(?m)^\[([^\]]+#[0-9]+)\]: https://github\.com/(\S+)/(?:issues|pull)/([0-9]+)$`)
)

// Every cause is in one of the tables, has a public thread, and no server's words are without one. Every thread has
// its address.
func TestProblems_EveryCauseHasThread(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile(root + "/docs/problems.md")
	if err != nil {
		t.Fatal(err)
	}
	addresses := map[string]bool{}
	for _, m := range resolved.FindAllStringSubmatch(string(document), -1) {
		if m[1] != m[2]+"#"+m[3] {
			t.Errorf("%s leads to %s#%s", m[1], m[2], m[3])
		}
		addresses[m[1]] = false
	}
	tables, sections, _ := strings.Cut(resolved.ReplaceAllString(string(document), ""), "\n## ")
	for section := range strings.SplitSeq(sections, "\n## ") {
		name, text, _ := strings.Cut(section, "\n")
		if !strings.Contains(tables, "["+name+"](#"+name+")") {
			t.Errorf("%s is in no table", name)
		}
		found := thread.FindAllStringSubmatch(text, -1)
		if len(found) == 0 {
			t.Errorf("%s has no public thread", name)
		}
		for _, m := range found {
			if _, known := addresses[m[1]]; !known {
				t.Errorf("%s: %s has no address", name, m[1])
			}
			addresses[m[1]] = true
		}
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "| server |") && !thread.MatchString(line) {
				t.Errorf("%s: no source has seen %s", name, line)
			}
		}
	}
	for address, used := range addresses {
		if !used {
			t.Errorf("%s is seen by no cause", address)
		}
	}
}

// docs/misuse.md lists each attempt by its stable name, with the section of its rule.
func TestMisuse_EveryAttackDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(root + "/docs/misuse.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	for _, rule := range misuse.Rules {
		row := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "| `"+string(rule.Attempt)+"` |") })
		if row < 0 || !strings.HasSuffix(lines[row], "| "+rule.Section+" |") {
			t.Errorf("%s (%s) has no row of its own there", rule.Attempt, rule.Section)
		}
	}
}
