package main

import (
	"html/template"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/config"
)

// parsed returns the templates of the pages.
func parsed(t *testing.T) map[string]*template.Template {
	t.Helper()
	pages, err := parsePages(templates)
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// rendered returns a part of a page.
func rendered(t *testing.T, part string, data any) string {
	t.Helper()
	var b strings.Builder
	if err := parsed(t)["error.html"].ExecuteTemplate(&b, part, data); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// inFile returns a settings file in which each variable is where the test says.
func inFile(lines map[string]config.Origin) settingsFile {
	return settingsFile{Path: "/home/you/.env", Origin: func(variable string) config.Origin { return lines[variable] }}
}

// shown returns the title of a fix box, and the marks of its form.
func shown(t *testing.T, box *fixBox) string {
	t.Helper()
	html := rendered(t, "fix", box)
	text := regexp.MustCompile(`<del>(.*?)</del>`).ReplaceAllString(html, "-$1-")
	text = strings.NewReplacer("<wbr>", "", "<mark>", "[", "</mark>", "]", ">Copy</button>", ">(Copy)").Replace(text)
	text = regexp.MustCompile(`<span class="hidden">[^<]*</span>|<svg.*?</svg>|<[^>]*>`).ReplaceAllString(text, " ")
	return strings.Join(strings.Fields(strings.NewReplacer("&#39;", "'", "&#43;", "+").Replace(text)), " ")
}

// Title and form tell the three kinds of fix apart. Only a value that is known to be right can be copied, the line has its
// number, and the differences are marked.
func TestFixBox_Forms(t *testing.T) {
	t.Parallel()
	cfg := config.Config{Issuer: "https://a.example"}.Effective()
	file := inFile(map[string]config.Origin{"ISSUER": {Line: 2}, "CLIENT_SECRET": {Line: 4}, "BASE_URL": {Line: 5}, "SCOPES": {FromEnvironment: true}})
	for _, row := range []struct {
		name string
		fix  causes.Fix
		want string
	}{
		{
			"a line changes",
			causes.Fix{Kind: causes.Change, Where: "In .env", Variable: "ISSUER", Old: "ISSUER=https://a.example/", Line: "ISSUER=https://a.example", Text: "Write ISSUER=https://a.example in .env."},
			"Change in .env /home/you/.env 2 − -ISSUER=https://a.example[/]- 2 + ISSUER=https://a.example (Copy) Save the file, then try again. No restart needed. About",
		},
		{
			"a line goes",
			causes.Fix{Kind: causes.Change, Where: "In .env", Variable: "CLIENT_SECRET", Old: "CLIENT_SECRET=••••••••", Line: "CLIENT_SECRET=", Text: "Remove CLIENT_SECRET from .env."},
			"Change in .env /home/you/.env 4 − -CLIENT_SECRET=[••••••••]- 4 + CLIENT_SECRET= (Copy) Remove CLIENT_SECRET from .env. Save",
		},
		{
			"a line is missing",
			causes.Fix{Kind: causes.Change, Where: "In .env", Variable: "PAR", Line: "PAR=on", Text: "Write PAR=on in .env, or ask for it."},
			"Change in .env /home/you/.env + PAR=on (Copy) Or ask for it. Add the line, save the file, then try again. No restart needed. About",
		},
		{
			"a change waits for a restart",
			causes.Fix{Kind: causes.Change, Where: "In .env", Variable: "BASE_URL", Old: "BASE_URL=http://127.0.0.1:3000", Line: "BASE_URL=http://localhost:3000"},
			"Change in .env /home/you/.env 5 − -BASE_URL=http://[127.0.0.1]:3000- 5 + BASE_URL=http://[localhost]:3000 (Copy) Save the file, then restart this app. About",
		},
		{
			"the environment wins",
			causes.Fix{Kind: causes.Change, Where: "In .env", Variable: "SCOPES", Old: "SCOPES='openid profil'", Line: "SCOPES='openid profile'"},
			"Change in the environment set in the environment, which overrides .env − -SCOPES='openid profil'- + SCOPES='openid profil[e]' (Copy) " +
				"Set the variable where you start this app, then restart the app. About",
		},
		{
			"a value to add",
			causes.Fix{Kind: causes.Add, Where: "In Clerk: Applications → Redirect URIs, add", Line: "http://localhost:3100/cb", Old: "http://localhost:3000/cb",
				Text: "Add http://localhost:3100/cb (in Clerk: Applications → Redirect URIs)."},
			"Add on the server a.example Applications Redirect URIs Registered http://localhost:[3000]/cb Add http://localhost:[3100]/cb (Copy) About",
		},
		{
			"a value to add, and nothing is known of what is there",
			causes.Fix{Kind: causes.Add, Where: "In the server's dashboard: redirect URIs of the client, add", Line: "http://localhost:3100/cb", Text: "Only so."},
			"Add on the server a.example In the server’s dashboard: redirect URIs of the client Add http://localhost:3100/cb (Copy) Only so. About",
		},
		{
			"a secret to look at",
			causes.Fix{Kind: causes.Look, Where: "In .env", Variable: "CLIENT_SECRET", Old: "CLIENT_SECRET=••••••••", Text: "Paste it again."},
			"Look at CLIENT_SECRET /home/you/.env 4 CLIENT_SECRET= value not shown Paste it again. About",
		},
		{
			"a secret that is not set",
			causes.Fix{Kind: causes.Look, Where: "In .env", Variable: "OTHER_CLIENT_SECRET", Text: "Paste it."},
			"Look at OTHER_CLIENT_SECRET /home/you/.env OTHER_CLIENT_SECRET= not set Paste it. About",
		},
		{
			"a value to look at",
			causes.Fix{Kind: causes.Look, Where: "In .env", Variable: "ISSUER", Old: "ISSUER=https://a.example/x", Text: "Check the host."},
			"Look at ISSUER /home/you/.env 2 ISSUER=https://a.example/x Check the host. About",
		},
		{
			"a switch on the server",
			causes.Fix{Kind: causes.Look, Where: "In Okta: Applications → General → Grant type", Text: "Enable it."},
			"Look at a.example Enable it. Applications General Grant type About",
		},
		{"a server to look at", causes.Fix{Kind: causes.Look, Text: "The server is at fault."}, "What to do The server is at fault. About"},
		{"the file to look at", causes.Finding{}.Look("In .env, paste both again.").Remedy, "Look at .env In .env, paste both again. About"},
	} {
		box := newFixBox(cfg, row.fix, "line", file)
		box.Name = "a-name"
		got := shown(t, box)
		if !strings.HasPrefix(got, row.want) {
			t.Errorf("%s:\n%s\nwant\n%s", row.name, got, row.want)
		}
		if canCopy := strings.Contains(got, "(Copy)"); canCopy == (row.fix.Kind == causes.Look) {
			t.Errorf("%s: a value can be copied: %t", row.name, canCopy)
		}
		if !strings.HasSuffix(got, "About this problem: a-name") || !strings.Contains(rendered(t, "fix", box), `href="/problems/a-name"`) {
			t.Errorf("%s: the box does not lead to the problem:\n%s", row.name, got)
		}
	}
}

// While the file has a mistake, none of its lines is shown, as the line may be right there already.
func TestFixBox_Mistaken(t *testing.T) {
	t.Parallel()
	cfg, mistaken := config.Config{Issuer: "https://a.example"}.Effective(), inFile(map[string]config.Origin{"ISSUER": {Line: 2}, "CLIENT_SECRET": {Line: 4}})
	mistaken.Mistaken = true
	for _, row := range []struct {
		fix  causes.Fix
		want string
	}{ // the line may be there already, and what is on the server is not in the file
		{causes.Fix{Kind: causes.Change, Variable: "ISSUER", Old: "ISSUER=a", Line: "ISSUER=b"}, "First fix the mistake in .env This result is for the previous settings, which"},
		{causes.Fix{Kind: causes.Look, Variable: "CLIENT_SECRET", Text: "Paste it."}, "First fix the mistake in .env"},
		{causes.Fix{Kind: causes.Add, Where: "In Clerk: URIs, add", Line: "http://localhost:3100/cb"}, "Add on the server a.example"},
		{causes.Fix{Kind: causes.Look, Text: "The server is at fault."}, "What to do The server is at fault."},
	} {
		if got := shown(t, newFixBox(cfg, row.fix, "line", mistaken)); !strings.HasPrefix(got, row.want) || strings.Contains(got, "ISSUER=") {
			t.Errorf("with a mistake in the file:\n%s\nwant\n%s", got, row.want)
		}
	}
}

// The demo has no file whose line could be changed, so its box says what to do instead.
func TestFixBox_Demo(t *testing.T) {
	t.Parallel()
	fix := causes.Fix{Kind: causes.Change, Variable: "ISSUER", Old: "ISSUER=https://a.example/x", Line: "ISSUER=https://a.example"}
	for demo, want := range map[bool]string{true: "The demo has no .env to change", false: "save the file, then try again"} {
		box := newFixBox(config.Config{Demo: demo}.Effective(), fix, "line", settingsFile{Path: "/home/you/.env"})
		if !strings.Contains(box.Then, want) || demo && box.Where != "" {
			t.Errorf("in the demo %t: %+v", demo, box)
		}
	}
	if box := newFixBox(config.Config{}.Effective(), fix, "line", settingsFile{Path: "/home/you/.env", Restart: []string{"ISSUER"}}); box.Title != "First restart this app" || box.New != nil {
		t.Errorf("with a change that waits for a restart: %+v", box)
	}
	if box := newFixBox(config.Config{}.Effective(), fix, "line", settingsFile{Path: "/home/you/.env", Once: true}); !strings.Contains(box.Then, "run the command again") {
		t.Errorf("at the command login: %+v", box)
	}
}

// What is copied is the line, with all of its parts.
func TestFixBox_Copies(t *testing.T) {
	t.Parallel()
	add := causes.Fix{Kind: causes.Add, Line: "http://localhost:3100/cb?a=<b>", Old: "http://localhost:3000/cb"}
	copied := regexp.MustCompile(`<code id="line-0">(.*?)</code>`).FindStringSubmatch(rendered(t, "fix", newFixBox(config.Config{}.Effective(), add, "line-0", settingsFile{})))
	if copied == nil || regexp.MustCompile(`<[^>]*>`).ReplaceAllString(copied[1], "") != "http://localhost:3100/cb?a=&lt;b&gt;" {
		t.Errorf("what is copied is %q", copied)
	}
}

// Every cause has a box, none offers an empty secret to copy or shows one, and a masked value is not shown as one.
func TestFixBox_Causes(t *testing.T) {
	t.Parallel()
	cfg := config.Config{Issuer: "https://tenant.auth0.com/", ClientID: "a-client", ClientSecret: "secret-5b0e", BaseURL: "http://127.0.0.1:3000", Port: "3000",
		Scopes: []string{"openid", "email"}, ResourceURL: "https://api.example/v1"}.Effective()
	kinds := map[causes.FixKind]int{}
	for _, c := range causes.Table {
		if c.Fix == nil {
			continue
		}
		f := c.Fix(causes.Facts{Cfg: cfg, Method: config.MethodBasic})
		if f.Kind == "" {
			continue
		}
		kinds[f.Kind]++
		if f.Kind != causes.Look && strings.HasPrefix(f.Line, "CLIENT_SECRET=") && c.Name != causes.ClientIsPublic {
			t.Errorf("%s: the line %s can be copied", c.Name, f.Line)
		}
		html := rendered(t, "fix", newFixBox(cfg, f, "line", settingsFile{}))
		if strings.Contains(html, cfg.ClientSecret) || f.Kind == causes.Look && strings.Contains(html, mask) {
			t.Errorf("%s: the fix shows the secret, or what stands for it:\n%s", c.Name, html)
		}
	}
	for _, kind := range []causes.FixKind{causes.Change, causes.Add, causes.Look} {
		if kinds[kind] == 0 {
			t.Errorf("no cause has a fix of the form %s: this test looks at nothing", kind)
		}
	}
	if wrong := causes.Of(causes.ClientSecretWrong).Fix(causes.Facts{Cfg: cfg}); !strings.HasSuffix(wrong.Old, mask) {
		t.Errorf("a secret is masked as %s: the box does not know that", wrong.Old)
	}
}

// The sentence leaves out what the box shows already.
func TestBesidesTheLine_RepeatsNothing(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Write A=b in .env.":                       "",
		"Write A=b in .env, or turn it on.":        "Or turn it on.",
		"Write A=b in .env. It is a beta.":         "It is a beta.",
		"Remove A from .env.":                      "Remove A from .env.",
		"Add A=b (in Okta: General → A).":          "",
		"Add A=b (in Okta: General → A). Save it.": "Save it.",
		"": "",
	} {
		if got := besidesTheLine(causes.Fix{Where: "In Okta: General → A, add", Line: "A=b", Text: text}, ".env"); got != want {
			t.Errorf("of %q the box says %q; want %q", text, got, want)
		}
	}
	if got := besidesTheLine(causes.Fix{Where: "In Okta: A → B", Text: "Enable it (in Okta: A → B), or not (in Okta)."}, ".env"); got != "Enable it, or not (in Okta)." {
		t.Errorf("the place is said twice: %q", got)
	}
	if got := besidesTheLine(causes.Fix{Text: "Write  in .env."}, ".env"); got != "Write  in .env." {
		t.Errorf("without a line: %q", got)
	}
}

// A finding that has a sentence only is something to look at.
func TestFixOf_SentenceIsLook(t *testing.T) {
	t.Parallel()
	add := causes.Fix{Kind: causes.Add, Line: "a"}
	for _, row := range []struct {
		name string
		f    causes.Finding
		want causes.Fix
	}{
		{"a fix", causes.Finding{Remedy: add, Fix: "add a"}, add},
		{"a sentence", causes.Finding{Fix: "ask the server"}, causes.Fix{Kind: causes.Look, Text: "Ask the server."}},
		{"a whole sentence", causes.Finding{Fix: "Ask the server."}, causes.Fix{Kind: causes.Look, Text: "Ask the server."}},
		{"nothing", causes.Finding{}, causes.Fix{}},
	} {
		if got := fixOf(row.f); got != row.want {
			t.Errorf("%s: %+v", row.name, got)
		}
	}
}

// The file has its whole path on the user's own machine, and nowhere else.
func TestNewSettingsFile_PathOnlyOnOwnMachine(t *testing.T) {
	t.Parallel()
	for base, whole := range map[string]bool{"http://localhost:3000": true, "http://127.0.0.1:3000": true, "https://app.example.com": false} {
		f := newSettingsFile(config.Config{BaseURL: base}.Effective(), "other.env", nil)
		if filepath.IsAbs(f.Path) != whole || f.name() != "other.env" {
			t.Errorf("at %s the file is %s, called %s", base, f.Path, f.name())
		}
		if box := newFixBox(config.Config{}.Effective(), causes.Fix{Kind: causes.Change, Variable: "PAR", Line: "PAR=on"}, "line", f); (box.Where == "") == whole || box.Title != "Change in other.env" {
			t.Errorf("at %s the box has the title %q and %q beside it", base, box.Title, box.Where)
		}
	}
}

// If one of several variables is wrong, no line is framed, as it would look like the wrong one.
func TestNewFixBox_SeveralVariables(t *testing.T) {
	t.Parallel()
	fix := causes.Fix{Kind: causes.Look, Where: "In .env", Variable: "CLIENT_SECRET", Old: "CLIENT_SECRET=••••••••",
		Text: "Run all checks. CLIENT_SECRET: mistyped. CLIENT_ID: a different one.", Several: true}
	file := settingsFile{Path: "/home/you/.env", Origin: func(string) config.Origin { return config.Origin{Line: 3} }}
	box := newFixBox(config.Config{}.Effective(), fix, "line", file)
	if box.Title != "One of these is wrong" || box.New != nil || box.Value != "" || box.Line != 0 || len(box.Text) != 2 || box.Text[0] != "CLIENT_SECRET: mistyped." {
		t.Errorf("the box is %+v", box)
	}
	fix.Several = false
	if box := newFixBox(config.Config{}.Effective(), fix, "line", file); box.Title != "Look at CLIENT_SECRET" || box.New == nil || box.Line != 3 {
		t.Errorf("for one variable, the box is %+v", box)
	}
}
