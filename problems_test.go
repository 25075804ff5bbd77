package main

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"oauth-test-client/internal/causes"
)

// sampleProblem has everything that a problem may have.
var sampleProblem = problem{
	Name: "redirect-uri-not-registered", Group: "The redirect URI", Sees: "the server shows its own error page", Write: "register `http://localhost:3000/cb`",
	Title: "The redirect URI is not registered", Setting: "redirect_uri",
	Explanation: "A slash at the end, `https` for `http`: each is another URI. See [redirect.md](redirect.md), [the name](#two-host-names) and [RFC 9700](https://www.rfc-editor.org/rfc/rfc9700).\n\nSome **differ**:\n- `a`\n- b",
	Looks: []look{
		{Server: "Auth0", Says: "Callback URL mismatch.", Source: "[auth0-samples/auth0-nodejs-webapp-sample#80]"},
		{Server: "Clerk, with a custom domain", Says: "The 'redirect_uri' <does> not match.", Source: "[higgsfield-ai/cli#35]"},
		{Server: "Keycloak", Says: "Invalid parameter: redirect_uri"},
	},
	Wrong: []string{"registered: `http://localhost:3000/cb/`"}, Right: []string{"registered: `http://localhost:3000/cb`"},
	ToldBy: "`check`, and the page of a failed login", SeenIn: "[coder/coder#29014], [a/b#1]",
}

var (
	markupTags = regexp.MustCompile(`<[^>]*>`)
	spaces     = regexp.MustCompile(`\s+`)
)

// words returns the text of a page, from its main element on.
func words(html string) string {
	_, html, _ = strings.Cut(html, "<main>")
	return strings.TrimSpace(spaces.ReplaceAllString(markupTags.ReplaceAllString(html, " "), " "))
}

// page renders a page with its layout.
func page(t *testing.T, name string, data any) string {
	t.Helper()
	var b strings.Builder
	if err := parsed(t)[name].Execute(&b, data); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The page of a problem has all that is known of it: the user's own server first, and links where the texts have them.
func TestProblemPage_OwnServerFirst(t *testing.T) {
	t.Parallel()
	html := page(t, "problem.html", newProblemPage(layout{Title: "x"}, sampleProblem, "Clerk", link{"Back to Check", "/check"}))
	for _, want := range []string{
		`<h1>The redirect URI is not registered</h1>`,
		`<code>https</code> for <code>http</code>`,
		`See <code>docs/redirect.md</code>, <a href="/problems/two-host-names">the name</a> and <a href="https://www.rfc-editor.org/rfc/rfc9700" rel="noreferrer noopener">RFC 9700</a>`,
		`<p class="more-of">Some <strong>differ</strong>:</p><ul class="plain more-of"><li><code>a</code></li><li>b</li></ul>`,
		`<a href="https://github.com/higgsfield-ai/cli/issues/35" rel="noreferrer noopener">higgsfield-ai/cli#35</a>`,
		`The &#39;redirect_uri&#39; &lt;does&gt; not match.`,
		`<dt>Wrong: registered</dt><dd class="have"><code>http://localhost:3000<wbr>/cb<mark>/</mark></code></dd>`,
		`<dt>Right: registered</dt><dd class="want"><code>http://localhost:3000<wbr>/cb</code></dd>`,
		`<h2>Found by</h2><p><code>check</code>, and the page of a failed login</p>`,
		`<a href="/problems">Problems</a>`,
		`<a class="button plain" href="/check">Back to Check</a>`,
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %s:\n%s", want, html)
		}
	}
	if text := words(html); strings.Contains(text, "`") || strings.Contains(text, "](") {
		t.Errorf("the page shows markup:\n%s", text)
	}
	clerk, auth0 := strings.Index(html, "Clerk"), strings.Index(html, "Auth0")
	if clerk < 0 || auth0 < clerk || strings.Count(html, "your server") != 1 {
		t.Errorf("the user's own server is not the first row:\n%s", html)
	}
}

// A problem with few details has a page, too, without empty boxes.
func TestProblemPage_Bare(t *testing.T) {
	t.Parallel()
	html := page(t, "problem.html", newProblemPage(layout{}, problem{Name: "a-name", Title: "A title"}, "Clerk", link{"Home", "/"}))
	for _, absent := range []string{"What it looks like", "Wrong and right", "Found by", "Also seen"} {
		if strings.Contains(html, absent) {
			t.Errorf("the page has an empty %s:\n%s", absent, html)
		}
	}
}

// The list has a heading for each group, and what is seen beside the name.
func TestProblemsPage_Groups(t *testing.T) {
	t.Parallel()
	other := sampleProblem
	other.Name, other.Group = "client-id-unknown", "The client"
	html := page(t, "problems.html", newProblemsPage(layout{}, []problem{sampleProblem, sampleProblem, other}))
	if n := strings.Count(html, "<h2>"); n != 2 {
		t.Errorf("the list has %d headings; want 2", n)
	}
	if !strings.Contains(words(html), "the server shows its own error page client-id-unknown register http://localhost:3000/cb") {
		t.Errorf("the list reads:\n%s", words(html))
	}
}

// Texts are taken apart and nothing is lost: code, issues and links, and all that only looks like them.
func TestInlines_LoseNothing(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                   "",
		"plain":                              "plain",
		"a `b` c":                            "a <b> c",
		"`a``b`":                             "<a><b>",
		"a ` b":                              "a ` b",
		"[owner/repo.x#12]":                  "{owner/repo.x#12 https://github.com/owner/repo.x/issues/12}",
		"[a/b#1], [c/d#2]":                   "{a/b#1 https://github.com/a/b/issues/1}, {c/d#2 https://github.com/c/d/issues/2}",
		"[words](#name)":                     "{words /problems/name}",
		"[words](https://a.example/b?c=d)":   "{words https://a.example/b?c=d}",
		"[words](redirect.md)":               "words",
		"[words](javascript:alert(1))":       "words)",
		"[words](http://a.example)":          "words",
		"[not a link] (at all)":              "[not a link] (at all)",
		"[-r FILE] and [a/b] and [a/b#x]":    "[-r FILE] and [a/b] and [a/b#x]",
		"**a** and **b":                      "!a! and **b",
		"`[a/b#1]` is code":                  "<[a/b#1]> is code",
		"code_challenge=`…`&[state](#state)": "code_challenge=<…>&{state /problems/state}",
	} {
		got := ""
		for _, piece := range inlines(text) {
			switch {
			case piece.Link != "":
				got += "{" + piece.Text + " " + piece.Link + "}"
			case piece.Strong:
				got += "!" + piece.Text + "!"
			case piece.Code:
				got += "<" + piece.Text + ">"
			default:
				got += piece.Text
			}
		}
		if got != want {
			t.Errorf("%q is taken apart into %s; want %s", text, got, want)
		}
	}
}

// Each wrong line is followed by its right one, unless there are more of the wrong ones.
func TestLinesOf_RightBelowWrong(t *testing.T) {
	t.Parallel()
	var got []string
	for _, row := range linesOf([]string{"`A=1`", "words `b` and more", "`C`"}, []string{"`A=2`", "`B`", "no code"}) {
		text := row.Label + "|" + render(row.Text)
		for _, piece := range row.Words {
			text += piece.Text
		}
		if row.Right {
			text = "+" + text
		}
		got = append(got, text)
	}
	want := "|A=[1] +|A=[2] |words b and more +|B |C +|no code"
	if strings.Join(got, " ") != want {
		t.Errorf("the lines are %q; want %q", got, want)
	}
	if rows := linesOf([]string{"500 without `A`"}, []string{"registered: `A`"}); rows[0].Text != nil || rows[0].Words == nil || rows[1].Label != "registered" {
		t.Errorf("words that end in code are not kept whole, or a label is not split: %+v", rows)
	}
	if rows := linesOf([]string{"`A=1`"}, []string{"`A=2`", "`A=3`"}); len(rows) != 3 || render(rows[0].Text) != "A=[1]" || render(rows[2].Text) != "A=3" {
		t.Errorf("with another right line: %+v", rows)
	}
	if rows := linesOf([]string{"`A=1`", "`A=2`"}, []string{"`A=3`"}); len(rows) != 3 || render(rows[1].Text) != "A=2" || rows[1].Right || !rows[2].Right {
		t.Errorf("without counterparts: %+v", rows)
	}
}

// Every name has a page, as HTML and as JSON; another name has none. The way back leads to the page from which the
// browser came, and to no other site.
func TestProblems_PageForEachName(t *testing.T) {
	t.Parallel()
	a := startApp(t, nil)
	b := newBrowser(t, a)
	list := b.Get("/problems").Body
	for _, c := range causes.Table {
		path := "/problems/" + string(c.Name)
		if !strings.Contains(list, `href="`+path+`"`) {
			t.Errorf("the list has no link to %s", path)
		}
		r := b.Get(path)
		if r.StatusCode != http.StatusOK || !strings.Contains(r.Body, "<h1>") || !strings.Contains(r.Body, string(c.Name)) {
			t.Errorf("%s answered %d", path, r.StatusCode)
		}
		if strings.Contains(r.Body, "localhost:3000") {
			t.Errorf("%s has the port of a different app", path)
		}
		for _, markup := range []string{"`", "](", "**", "\n- ", " - "} {
			if text := words(r.Body); strings.Contains(text, markup) {
				t.Errorf("%s shows %q:\n%s", path, markup, text)
			}
		}
	}
	var document struct{ Problem struct{ Name, Title string } }
	if r := b.GetJSON("/problems/client-secret-wrong"); json.Unmarshal([]byte(r.Body), &document) != nil || document.Problem.Name != "client-secret-wrong" || document.Problem.Title == "" {
		t.Errorf("as JSON: %s", r.Body)
	}
	var all struct{ Problems []struct{ Name string } }
	if r := b.GetJSON("/problems"); json.Unmarshal([]byte(r.Body), &all) != nil || len(all.Problems) != len(causes.Table) {
		t.Errorf("as JSON: %s", r.Body)
	}
	for _, path := range []string{"/problems/", "/problems/no-such-name", "/problems/client-secret-wrong/"} {
		b.GetJSON(path).WantError(t, http.StatusNotFound, "not_found", "")
	}
	for referer, want := range map[string]string{
		a.URL + "/check":              `href="/check">Back to Check<`,
		a.URL + "/problems":           `href="/problems">All problems<`,
		a.URL + "/oauth_callback?a=b": `href="/">Home<`,
		"https://evil.example/check":  `href="/">Home<`,
		"":                            `href="/">Home<`,
	} {
		req, _ := http.NewRequest(http.MethodGet, a.URL+"/problems/client-secret-wrong", nil)
		req.Header.Set("Referer", referer)
		if r := b.Do(req); !strings.Contains(r.Body, want) || strings.Contains(r.Body, "evil") {
			t.Errorf("from %q the page has no %s:\n%s", referer, want, r.Body)
		}
	}
}
