package cli

import (
	"fmt"
	"strings"

	"oauth-test-client/internal/causes"
	"oauth-test-client/internal/check"
	"oauth-test-client/internal/wire"
)

// MarkdownOf returns the report for an issue or a chat: the verdict, each failure with the server's words, and the other
// checks folded. A finding never contains a secret.
func MarkdownOf(r check.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s** %s\n", r.Verdict(), sentence(r.Numbers()))
	if r.Issuer != "" {
		fmt.Fprintf(&b, "\nServer %s, redirect URI %s\n", code(r.Issuer), code(r.RedirectURI))
	}
	for _, f := range r.Checks {
		if f.Result != causes.Fail {
			continue
		}
		fmt.Fprintf(&b, "\n**FAIL %s**: %s\n\n", f.About(), code(f.Found))
		if f.Server != "" {
			fmt.Fprintf(&b, "- the server said: %s\n", code(f.Server))
		}
		if f.Fix != "" {
			fmt.Fprintf(&b, "- fix: %s\n", code(f.Fix))
		}
		if f.Line != "" && !strings.Contains(f.Fix, f.Line) {
			fmt.Fprintf(&b, "- line: %s\n", code(f.Line))
		}
		if f.Name != "" {
			fmt.Fprintf(&b, "- cause: %s, explained in %s\n", code(string(f.Name)), code(f.Help))
		}
	}
	fmt.Fprintf(&b, "\n%s\n", code(wire.UserAgent()))
	b.WriteString("\n<details><summary>Every check</summary>\n\n| result | check | found |\n|---|---|---|\n")
	for _, f := range r.Checks {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", f.Result, f.About(), cell.Replace(code(f.Found)))
	}
	b.WriteString("\n</details>\n")
	return b.String()
}

// cell escapes a code span for a table cell. Only a bar would end the cell, and a backslash before one would escape the
// other.
var cell = strings.NewReplacer(`\|`, `\ \|`, "|", `\|`)

// code returns a text as a code span: in it, no sign has a meaning, no address is a link, and no user is mentioned. Only a
// backtick would end it.
func code(text string) string {
	return "`" + strings.ReplaceAll(Harmless(text), "`", "'") + "`"
}
