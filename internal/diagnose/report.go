package diagnose

import (
	"fmt"
	"strings"
)

// markdown is the report for an issue or a chat: the verdict, each failure with the server's words, and
// the other checks folded. Nothing that is secret ever gets into a finding.
func markdown(r Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s** %s\n", r.verdict(), r.numbers())
	if r.Issuer != "" {
		fmt.Fprintf(&b, "\nServer %s, redirect URI %s\n", code(r.Issuer), code(r.RedirectURI))
	}
	for _, f := range r.Checks {
		if f.Result != Fail {
			continue
		}
		fmt.Fprintf(&b, "\n**FAIL %s**: %s\n\n", f.label(), code(f.Found))
		if f.Server != "" {
			fmt.Fprintf(&b, "- the server said: %s\n", code(f.Server))
		}
		if f.Fix != "" {
			fmt.Fprintf(&b, "- fix: %s\n", code(f.Fix))
		}
		if f.Name != "" {
			fmt.Fprintf(&b, "- cause: %s\n", code(string(f.Name)))
		}
	}
	b.WriteString("\n<details><summary>Every check</summary>\n\n| result | check | found |\n|---|---|---|\n")
	for _, f := range r.Checks {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", f.Result, label(f.Check), strings.ReplaceAll(code(f.Found), "|", "\\|"))
	}
	b.WriteString("\n</details>\n")
	return b.String()
}

// code is a text in a code span, where nothing has a meaning, no address is a link and nobody is
// mentioned. Only the backtick would end it.
func code(text string) string {
	return "`" + strings.NewReplacer("`", "'", "\n", " ", "\r", " ").Replace(text) + "`"
}
